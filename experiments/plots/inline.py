"""A figure as a notebook shows it: its picture, and one sentence for those who cannot see it.

Jupyter draws a bare figure only where pyplot is loaded, and then without the style of this
project. A `Picture` as the last value of a cell needs neither.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.plots.style import styled


@dataclass(frozen=True)
class Picture:
    """A figure with its text alternative.

    Attributes
    ----------
    fig : matplotlib.figure.Figure
        Of any function of ``experiments.plots``, or a reader's own.
    alt : str
        What is to be seen in it, in one sentence.

    Examples
    --------
    >>> data, metadata = Picture(Figure(), "An empty page.")._repr_mimebundle_()
    >>> data["text/plain"], metadata["image/png"]
    ('An empty page.', {'alt': 'An empty page.'})
    """

    fig: Figure
    alt: str

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[Any, Any]:
        """Return the picture and the sentence for IPython's display; see its `display`."""
        png = BytesIO()
        with styled():
            # It is committed: packed well, and without the version of matplotlib.
            self.fig.savefig(
                png,
                format="png",
                metadata={"Software": None, "Description": self.alt},
                pil_kwargs={"compress_level": 9},
            )
        data = {"image/png": png.getvalue(), "text/plain": self.alt}
        return data, {"image/png": {"alt": self.alt}}


def beside(*panels: Callable[[Axes], Axes], height: float = 5.0) -> Figure:
    """Draw panels side by side, each with a function that takes axes.

    Parameters
    ----------
    panels : callable (Axes) -> Axes
        Such as ``functools.partial(loss_panel, result=result)``.
    height : float
        Of the figure, in inches; it is 16 wide.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with styled():
        fig = Figure(figsize=(16, height), dpi=100)
        fig.set_layout_engine("constrained", w_pad=0.15, h_pad=0.12, wspace=0.04)
        for draw, ax in zip(panels, fig.subplots(1, len(panels), squeeze=False)[0], strict=True):
            draw(ax)
    return fig
