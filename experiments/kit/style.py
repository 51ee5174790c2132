"""Style: the colours, sizes and file formats of every figure.

Every start has one colour and one name, in all pictures. The colours are dark enough to be
read as text on white, and colour-blind people can tell those apart that meet in one panel.
Lines are named at their ends, not in a legend.

Where to go next: the ``figure.py`` of a room, that of ``case/`` first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FixedLocator, LogLocator, MaxNLocator, NullLocator
from numpy.typing import ArrayLike, NDArray

from experiments.kit.starts import Start, named_start
from experiments.kit.words import end
from mlp.arrays import Array, InputError
from mlp.files import check_writable, replacing
from mlp.initializers import Initializer

# What went wrong, what went well, what to compare with, and text.
CASE, WELL, QUIET, INK = "#CD4401", "#0072B2", "#737373", "#222222"
# Starts whose weights have the same variance have one colour: normal or uniform, by the notes'
# name or by the libraries'.
COLOURS = {
    "zeros": CASE,
    "constant": "#8A6100",
    "small": "#167F56",
    "large": "#820A12",
    "scaled": "#A0508F",
    "glorot_normal": "#3D0F52",
    "he_normal": "#0047AB",
    "normal": "#4A6078",
    "uniform": "#C2185B",
    "orthogonal": "#4D6600",
}
# For all others, in the order in which they are given; the first differs from all of the notes'.
OTHERS = ("#7800F0", "#00788C", "#882255", "#117733", "#6B6B00")
# The fans of two layers in which no two of these variances are the same.
LAYERS = (3, 5), (5, 11)
# The least contrast of text on white: that of the Web Content Accessibility Guidelines.
CONTRAST = 4.5
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


@contextmanager
def styled(more: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Let matplotlib draw in the style of this project, whatever the user's settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE | dict(more or {}))  # type: ignore[arg-type]
        yield


def check_path(path: Path, formats: Iterable[str] = tuple(FORMATS), kind: str = "figures") -> None:
    """Refuse a file that could not be written, before anything is computed.

    Raises
    ------
    InputError
        If its suffix is not one of the formats.
    OSError
        If the folder is missing or read-only, or it is a folder itself.
    """
    if path.suffix.lower() not in formats:
        raise InputError(f"'{path.name}' does not end in a format of {kind}: {', '.join(formats)}")
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
    InputError, OSError
        As for `check_path`, or if the disk is full.
    """
    check_path(path)
    kind = path.suffix.lower()
    form = FORMATS[kind]
    with styled(), replacing(path) as file:
        metadata = {**form.dates, **({form.description: description} if description else {})}
        fig.savefig(file, format=kind[1:], metadata=metadata, **form.options)


def start_colours(starts: Sequence[Start]) -> list[str]:
    """Return a colour for each start."""
    others = cycle(OTHERS)
    known = {_spread(named_start(name)): colour for name, colour in COLOURS.items()}
    return [known.get(_spread(start)) or next(others) for start in starts]


def _spread(start: Start) -> tuple[float, ...] | None:
    """Return the variance of the weights in two layers, and whether their mean is 0, if stated."""
    draw = start.kernel.initializer()
    if not isinstance(draw, Initializer) or draw.variance is None:
        return None
    return (*(draw.variance(*fans) for fans in LAYERS), draw.mean(*LAYERS[0]) == 0)


def start_label(start: Start) -> str:
    """Return the name of a start as it stands in pictures."""
    return plain(start.label, 30)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour: 0 for black, 1 for white.

    0.2126 R + 0.7152 G + 0.0722 B of the linear parts of the colour, as in the Web Content
    Accessibility Guidelines 2.2. The contrast of a text on white is 1.05 / (luminance + 0.05).
    """
    return float(_linear(colour) @ (0.2126, 0.7152, 0.0722))


def readable(colour: str) -> str:
    """Return the colour, as dark as it must be to be read as text on white.

    Examples
    --------
    >>> readable("#E69F00"), readable("#222222")
    ('#9f6c00', '#222222')
    """
    share = (1.05 / CONTRAST - 0.05) / max(luminance(colour), 1e-9)
    if share >= 1:
        return colour
    parts = share * _linear(colour)
    encoded = np.where(parts > 0.0031308, 1.055 * parts ** (1 / 2.4) - 0.055, 12.92 * parts)
    return to_hex(np.floor(255 * encoded) / 255)


def _linear(colour: str) -> Array:
    """Return red, green and blue of a colour, in proportion to the light."""
    parts = np.array(to_rgb(colour))
    linear: Array = np.where(parts > 0.04045, ((parts + 0.055) / 1.055) ** 2.4, parts / 12.92)
    return linear


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
    limits: tuple[float, float] = (1e-60, 1e60),
    also: Sequence[tuple[float, str, str]] = (),
    known: Array | None = None,
) -> Axes:
    """Draw lines with their bands over x on a log axis, each named at its right end.

    Lines are drawn from thick to thin, so lines that lie on one another are seen as one.
    What lies beyond the limits, or is not finite, is drawn at them; 0 has a tick of its own
    below all else. A line without a name gets none. `also` are further names for `label_ends`,
    and `known` is what the axis has to show where that is not just these lines.
    """
    ends = [*also]
    tiny, huge = limits
    here = np.concatenate([np.ravel(v) for line in lines for v in (line.low, line.middle)])
    shown = here if known is None else known
    positive = np.clip(shown[np.isfinite(shown) & (shown > 0)], tiny, huge)
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
    bottom, top = ax.get_ylim() if known is None else (least / 1.5, most * 1.5)
    if top / bottom < 100:
        middle_of_axis = float(np.sqrt(bottom * top))
        bottom, top = middle_of_axis / 10, middle_of_axis * 10
    ax.set(xlim=(x[0], x[-1]) if len(x) > 1 else (x[0] - 1, x[0] + 1), ylim=(bottom, top))
    ax.yaxis.set_major_locator(LogLocator(numticks=4))
    if (shown == 0).any():
        powers = [t for t in LogLocator(numticks=4).tick_values(least, top) if least <= t <= top]
        names = [f"$10^{{{round(np.log10(t))}}}$" for t in powers]
        ax.set_ylim(min(bottom, zero / 1.5), max(top, most * 1.5))
        ax.yaxis.set_major_locator(FixedLocator([zero, *powers]))
        ax.yaxis.set_major_formatter(FixedFormatter(["0", *names]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    if len(x) == 1:
        ax.set_xticks(x)
    label_ends(ax, ends)
    return ax


def spread(wanted: ArrayLike, sizes: ArrayLike, low: float, high: float) -> Array:
    """Return places as near as can be to those wanted, with room for each, in the same order.

    Minimises Σ (place - wanted)² where neighbours must be half of both their sizes apart, and
    all of them lie from low to high; if they cannot, they stick out equally at both ends. With
    the room below each subtracted this is isotonic regression, which pooling adjacent violators
    solves exactly.

    Parameters
    ----------
    wanted, sizes : array_like
        Where the middle of each wants to be, and how much room it needs.
    low, high : float
        Where the first may begin, and the last end.

    Examples
    --------
    >>> spread([0.5, 0.5, 0.9], [0.2, 0.2, 0.2], 0, 1)
    array([0.4, 0.6, 0.9])

    References
    ----------
    Barlow et al. 1972, "Statistical inference under order restrictions".
    """
    order = np.argsort(wanted, kind="stable")
    size = np.asarray(sizes, dtype=float)[order]
    below = np.cumsum(size) - size / 2
    pools: list[tuple[float, int]] = []
    for mean in np.asarray(wanted, dtype=float)[order] - below:
        count = 1
        while pools and pools[-1][0] > mean:
            other, n = pools.pop()
            mean, count = (count * mean + n * other) / (count + n), count + n
        pools.append((mean, count))
    level = np.repeat([mean for mean, _ in pools], [count for _, count in pools])
    last = high - size.sum()
    if last < low:
        low = last = (low + last) / 2
    places = np.empty(len(order))
    places[order] = np.clip(level, low, last) + below
    return places


class Names(Artist):
    """The names at the ends of lines. They find their places when the axes are drawn.

    Only then are the limits, the size of the axes and the height of the names known.
    """

    # In points: at the left of a name, between two, and how far they may leave the axes.
    OFFSET, PADDING, MARGIN = 14, 4, 3
    PARTED = 0.3  # how far a name is from its line when a thin line joins them, in heights

    def __init__(self, ax: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
        super().__init__()
        self.set_zorder(-1)  # before what it moves is drawn
        self.set_in_layout(False)
        self.heights = [height for height, _, _ in ends]
        self.names = [
            ax.annotate(
                words, (1, 0.5), (self.OFFSET, 0), xycoords="axes fraction",
                textcoords="offset points", color=readable(colour), weight="bold", va="center",
                annotation_clip=False,
                arrowprops={
                    "arrowstyle": "-", "color": readable(colour), "linewidth": 1.5,
                    "relpos": (0, 0.5), "shrinkA": 0, "shrinkB": 2,
                },
            )
            for _, words, colour in ends
        ]  # fmt: skip

    def draw(self, renderer: RendererBase) -> None:
        """Place the names, each as near to the end of its line as the others let it be."""
        ax = self.axes
        assert isinstance(ax, Axes)
        box, right = ax.bbox, ax.get_xlim()[1]
        point = float(renderer.points_to_pixels(1))  # type: ignore[arg-type]
        ends = ax.transData.transform([(right, height) for height in self.heights])[:, 1]
        wanted = np.clip(np.nan_to_num(ends, nan=np.inf), box.y0, box.y1)
        # To the pixel: so that where a name was drawn before does not matter.
        sizes = np.round([Text.get_window_extent(n, renderer).height for n in self.names])
        margin = self.MARGIN * point
        room = sizes + self.PADDING * point
        places = spread(wanted, room, box.y0 - margin, box.y1 + margin)
        for name, line, place, size in zip(self.names, wanted, places, sizes, strict=True):
            name.xy = (1, (line - box.y0) / box.height)
            name.set_position((self.OFFSET, (place - line) / point))
            assert name.arrow_patch is not None
            name.arrow_patch.set_visible(abs(place - line) > self.PARTED * size)


def label_ends(ax: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Write names at the right of the axes: the height in data, the words and the colour of each.

    Names that would overlap are spread around their lines, in the order of their ends; where
    one had to leave its line, a thin line joins them.
    """
    if ends:
        ax.add_artist(Names(ax, ends))


def loss_end(loss: Array, top: float, name: str, colour: str) -> tuple[float, str, str]:
    """Return where a loss ends, with its name and then its number, for `label_ends`."""
    last = float(loss[-1])
    return last if np.isfinite(last) else top, f"{name}{end(last)}", colour


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
