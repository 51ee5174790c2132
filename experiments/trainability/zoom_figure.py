"""The picture of ``mlp-demo map --zoom``: the border of a network, and of a quadratic loss.

Where to go next: ``command.py``.
"""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.kit.style import CASE, INK, WELL, styled
from experiments.kit.words import number
from experiments.trainability.zoom import FACTOR, View, Zoom
from experiments.trainability.zoom_text import title
from mlp.arrays import Array


def figure(result: Zoom) -> Figure:
    """Draw the pictures of a network above those of a quadratic loss.

    Returns
    -------
    matplotlib.figure.Figure
        16:9, 1600 × 900 pixels when saved as PNG.
    """
    with styled():
        fig = Figure(figsize=(16, 9), dpi=100)
        count = len(result.views)
        for views, bottom, height in ((result.views, 0.4, 0.4), (result.quadratic, 0.06, 0.2)):
            for k, view in enumerate(views):
                left = 0.09 + k * 0.9 / count
                ax = fig.add_axes((left, bottom, 0.8 / count, height))
                border_panel(ax, view, views[k + 1] if k + 1 < count else None)
                ax.set_title(_title(k, view), size=18)
                if k == 0:
                    ax.set_xlabel("σ_w →", size=16)
        fig.text(0.02, 0.94, title(result), size=25, weight="bold")
        fig.text(0.98, 0.94, "converges", size=20, weight="bold", color=WELL, ha="right")
        fig.text(0.865, 0.94, "diverges", size=20, weight="bold", color=CASE, ha="right")
        for y, words in ((0.6, "a network\nη →"), (0.16, "quadratic\nloss  η →")):
            fig.text(
                0.045, y, words, size=18, rotation=90, ha="center", va="center", weight="bold"
            )
    return fig


def border_panel(ax: Axes, view: View, nearer: View | None = None) -> Axes:
    """Draw one view: blue converges, vermilion diverges, dark is fast; the next is framed."""
    scales, rates = (np.log(axis) for axis in view.window.axes())
    extent = (scales[0], scales[-1], rates[0], rates[-1])
    ax.imshow(
        _colours(view), origin="lower", extent=extent, aspect="auto", interpolation="nearest"
    )
    if nearer is not None:
        window = nearer.window
        corner = np.log(window.sigma_w) - window.half, np.log(window.rate) - window.half
        side = 2 * window.half
        for colour, width in (("white", 5), (INK, 2.5)):
            ax.add_patch(
                Rectangle(corner, side, side, fill=False, edgecolor=colour, linewidth=width)
            )
    ax.set(xticks=[], yticks=[])
    return ax


def _title(k: int, view: View) -> str:
    words = f"dimension {number(view.dimension)}" if view.border.any() else "no border"
    return f"×{FACTOR**k}: {words}"


def _colours(view: View) -> Array:
    """Return blue where it converges, vermilion where it diverges, darker where it is faster."""
    colours = np.empty((*view.pace.shape, 3))
    for of, shades, fast in (
        (view.converges, colormaps["Blues"], -view.pace),
        (~view.converges, colormaps["Oranges"], view.pace),
    ):
        if of.any():
            low, high = np.quantile(fast[of], [0.02, 0.98])
            shade = np.clip((fast - low) / max(high - low, 1e-9), 0, 1)
            colours[of] = shades(0.45 + 0.5 * shade)[of][:, :3]
    return colours
