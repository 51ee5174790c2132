"""Style: the colours, sizes and file formats of every figure.

Colours are Okabe and Ito's, which colour-blind people can tell apart: vermilion is the case,
blue the same network started well, grey what to compare with.

Where to go next: ``case.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import BytesIO
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from experiments.kit.words import number
from mlp.arrays import Array
from mlp.files import check_writable, replacing

CASE, WELL, QUIET, INK = "#D55E00", "#0072B2", "#767676", "#222222"
# For starts that are compared: the ranges of the notes look the same in every picture, and
# the others take the colours that are left, in the order in which they are given.
COLOURS = {
    "small": "#009E73",
    "large": "#D55E00",
    "scaled": "#0072B2",
    "lecun": "#0072B2",
    "glorot": "#56B4E9",
    "xavier": "#56B4E9",
    "he": "#CC79A7",
    "zeros": "#000000",
    "ones": "#999999",
    "constant": "#B8860B",
    "normal": "#7A5195",
    "uniform": "#7A5195",
    "orthogonal": "#E69F00",
    "variance": "#8C564B",
}
OTHERS = ("#44AA99", "#882255", "#117733", "#999933", "#661100")
NAMES = {
    "small": "small ·0.01",
    "large": "large ·1",
    "scaled": "scaled √(1/n)",
    "lecun_normal": "lecun √(1/n)",
    "lecun_uniform": "lecun uniform",
    "glorot_normal": "Xavier",
    "glorot_uniform": "Xavier uniform",
    "he_normal": "He",
    "he_uniform": "He uniform",
}
STYLE: dict[str, Any] = {
    "font.size": 15,
    "axes.titlesize": 19,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.labelsize": 15,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "lines.linewidth": 3.5,
    "lines.solid_capstyle": "butt",
    "svg.hashsalt": "mlp-demo",
    "savefig.bbox": "standard",
}


class Format(NamedTuple):
    """How a format is written: the same bytes for the same picture, so without dates.

    Attributes
    ----------
    dates : dict
        The metadata that would hold a date.
    description : str
        The metadata that holds the text alternative.
    options : dict
        What else matplotlib is told.
    """

    dates: dict[str, None]
    description: str
    options: dict[str, Any]


# For PNG, level 1 takes half the time of matplotlib's 6 and makes files 8 % larger.
FORMATS = {
    ".png": Format({}, "Description", {"pil_kwargs": {"compress_level": 1}}),
    ".svg": Format({"Date": None}, "Description", {}),
    ".pdf": Format({"CreationDate": None, "ModDate": None}, "Subject", {}),
}


def styled(more: Mapping[str, Any] | None = None) -> AbstractContextManager[None]:
    """Return a context in which matplotlib draws in the style of this project."""
    return mpl.rc_context(STYLE | dict(more or {}))  # type: ignore[arg-type]


def check_path(path: Path, formats: Iterable[str] = tuple(FORMATS), kind: str = "figures") -> None:
    """Refuse a file that could not be written, before anything is computed.

    Raises
    ------
    ValueError
        If its suffix is not one of the formats.
    OSError
        If the folder is missing or read-only, or it is a folder itself.
    """
    if path.suffix.lower() not in formats:
        raise ValueError(f"'{path.name}' does not end in a format of {kind}: {', '.join(formats)}")
    check_writable(path)


def save(fig: Figure, path: Path, description: str = "") -> None:
    """Write a figure, whole or not at all; the same figure makes the same bytes.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        What to write.
    path : pathlib.Path
        Its suffix is the format.
    description : str
        One sentence for those who cannot see it, kept inside the file.

    Raises
    ------
    ValueError, OSError
        As for `check_path`, or if the disk is full.
    """
    check_path(path)
    kind = path.suffix.lower()
    form = FORMATS[kind]
    with styled(), replacing(path) as file:
        metadata = {**form.dates, **({form.description: description} if description else {})}
        fig.savefig(file, format=kind[1:], metadata=metadata, **form.options)


def start_colours(names: Sequence[str]) -> list[str]:
    """Return a colour for each start."""
    others = cycle(OTHERS)
    return [COLOURS.get(name.split("_")[0]) or next(others) for name in names]


def start_label(name: str) -> str:
    """Return the name of a start as it fits beside a line."""
    return NAMES.get(name, name.replace("_", " "))


@dataclass(frozen=True)
class Line:
    """One line for `log_lines`: a middle with its band, a name, and dots where theory puts it."""

    name: str
    colour: str
    low: Array
    middle: Array
    high: Array
    theory: Array | Sequence[float] | None = None


def log_lines(
    ax: Axes,
    x: NDArray[Any],
    lines: Sequence[Line],
    gap: float = 0.12,
    limits: tuple[float, float] = (1e-60, 1e60),
) -> Axes:
    """Draw lines with their bands over x on a log axis, each named at its right end.

    Lines are drawn from thick to thin, so lines that lie on one another are seen as one.
    What lies beyond the limits, or is not finite, is drawn at them; 0 has a tick of its own
    below all else. A line without a name gets none.
    """
    ends = []
    tiny, huge = limits
    known = np.concatenate([np.ravel(v) for line in lines for v in (line.low, line.middle)])
    positive = np.clip(known[np.isfinite(known) & (known > 0)], tiny, huge)
    least, most = (positive.min(), positive.max()) if len(positive) else (1.0, 1.0)
    zero = float(least / max(most / least, 1e4) ** 0.25)

    def drawn(values: Array | Sequence[float]) -> Array:
        clipped = np.clip(np.nan_to_num(values, nan=huge), tiny, huge)
        return np.where(np.equal(values, 0), zero, clipped)

    for k, line in enumerate(lines):
        low, middle, high = (drawn(v) for v in (line.low, line.middle, line.high))
        ax.fill_between(x, low, high, color=line.colour, alpha=0.25, linewidth=0)
        ax.plot(
            x, middle, color=line.colour, linewidth=max(9 * 0.6**k, 2.0),
            marker="o" if len(x) == 1 else None, markersize=max(18 * 0.8**k, 8.0),
        )  # fmt: skip
        if line.theory is not None:
            ax.plot(
                x, drawn(line.theory), "o", color="white", markeredgecolor=INK,
                markersize=5, markevery=-(-len(x) // 12), zorder=3,
            )  # fmt: skip
        if line.name:
            ends.append((float(middle[-1]), line.name, line.colour))
    ax.set_yscale("log")
    bottom, top = ax.get_ylim()
    if top / bottom < 100:
        middle_of_axis = float(np.sqrt(bottom * top))
        bottom, top = middle_of_axis / 10, middle_of_axis * 10
    ax.set(xlim=(x[0], x[-1]) if len(x) > 1 else (x[0] - 1, x[0] + 1), ylim=(bottom, top))
    ax.yaxis.set_major_locator(LogLocator(numticks=4))
    if (known == 0).any():
        powers = [t for t in LogLocator(numticks=4).tick_values(least, top) if least <= t <= top]
        names = [f"$10^{{{round(np.log10(t))}}}$" for t in powers]
        ax.set_ylim(min(bottom, zero / 1.5), max(top, most * 1.5))
        ax.yaxis.set_major_locator(FixedLocator([zero, *powers]))
        ax.yaxis.set_major_formatter(FixedFormatter(["0", *names]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    if len(x) == 1:
        ax.set_xticks(x)
    label_ends(ax, ends, gap)
    return ax


def label_ends(ax: Axes, ends: Sequence[tuple[float, str, str]], gap: float = 0.12) -> None:
    """Write each name at the right of the axes, at the height of its line, none overlapping."""
    axes_height = (ax.transData + ax.transAxes.inverted()).transform
    wanted = [float(np.clip(axes_height((1, y))[1], 0, 1)) for y, _, _ in ends]
    order = sorted(range(len(ends)), key=lambda k: wanted[k])
    heights = dict(enumerate(wanted))
    for below, k in pairwise(order):
        heights[k] = max(heights[k], heights[below] + gap)
    limit = 1.02
    for k in reversed(order):
        heights[k] = min(heights[k], limit)
        limit = heights[k] - gap
    for k, (_, words, colour) in enumerate(ends):
        ax.text(
            1.02,
            heights[k],
            words,
            color=colour,
            va="center",
            weight="bold",
            transform=ax.transAxes,
        )


def loss_end(loss: Array, top: float, name: str, colour: str) -> tuple[float, str, str]:
    """Return where a loss ends, with its name and number, for `label_ends`."""
    last = float(loss[-1])
    if not np.isfinite(last):
        return top, f"{name}\ndiverged", colour
    return last, f"{name}\n{number(last)}", colour


def drawable(loss: Array, top: float) -> Array:
    """Return the loss with what no axis can hold clipped just above the top."""
    drawn: Array = np.where(np.isfinite(loss), np.minimum(loss, 2 * top), np.nan)
    return drawn


def plain(words: str, length: int) -> str:
    """Return a user's words as they are, without mathematics, and cut to a length."""
    words = words if len(words) <= length else f"{words[: length - 1]}…"
    return words.replace("$", r"\$")


def pretty(column: str) -> str:
    """Turn bill_length_mm into bill length (mm)."""
    words = column.replace("$", r"\$").split("_")
    if words[-1] in {"mm", "cm", "m", "g", "kg", "s"} and len(words) > 1:
        return f"{' '.join(words[:-1])} ({words[-1]})"
    return " ".join(words)


@dataclass(frozen=True)
class Picture:
    """A figure with its text alternative.

    Attributes
    ----------
    fig : matplotlib.figure.Figure
        Of any ``figure.py``, or a reader's own.
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
