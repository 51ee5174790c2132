"""The picture of ``mlp-demo map``: the valley, the notes' starts across it, theory around it.

Where to go next: ``command.py``.
"""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from experiments.kit.claims import LEARNED
from experiments.kit.starts import named_start
from experiments.kit.style import CASE, INK, QUIET, start_colours, start_label, styled
from experiments.trainability.measure import Trainability, sigma_of
from experiments.trainability.text import title
from mlp.arrays import Array

# No better than the mean; and from there down to the best, in blue.
FLAT = "#E3E3E3"
_BLUES = colormaps["Blues_r"]
_HALO = [withStroke(linewidth=5, foreground="white")]
# On which side of its line each start is named, and how many points from it; those first in the
# list stand lowest.
_PLACES = {
    "he_normal": ("left", 4),
    "glorot_normal": ("right", -4),
    "scaled": ("right", -4),
    "large": ("center", 0),
    "small": ("center", 0),
}
# How much of the axis a letter of these names takes, and how much of a name is left of its line.
_LETTER, _LEFT = 0.0128, {"left": 0.0, "center": 0.5, "right": 1.0}


def figure(result: Trainability, measure: str = "held-out") -> Figure:
    """Draw what became of every network of a map.

    Parameters
    ----------
    result : Trainability
        The map.
    measure : str
        "held-out" or "training": the rows whose loss is coloured.

    Returns
    -------
    matplotlib.figure.Figure
        16:9, 1600 × 900 pixels when saved as PNG.
    """
    with styled():
        fig = Figure(figsize=(16, 9), dpi=100)
        ax = fig.add_axes((0.085, 0.115, 0.69, 0.7))
        if result.against == "rate":
            rate_panel(ax, result, measure)
        else:
            depth_panel(ax, result, measure)
        # What trains, and so the lesson, is a matter of the rows not seen.
        heart = f"Learned by heart: the loss on the rows seen ({result.settings.activation})"
        words = title(result) if measure == "held-out" else heart
        fig.text(0.02, 0.945, words, size=26, weight="bold")
        _key(fig, result, measure)
    return fig


def depth_panel(ax: Axes, result: Trainability, measure: str = "held-out") -> Axes:
    """Draw the map against the depth, deep networks at the bottom, and theory over it."""
    depths = np.array(result.depths, dtype=float)
    _cells(ax, result, depths, measure)
    ax.invert_yaxis()
    ax.set_ylabel("← deeper      hidden layers", size=20)
    ax.yaxis.set_major_locator(FixedLocator(list(depths)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:.0f}"))
    low, high = ax.get_xlim()
    fine = np.geomspace(low, high, 120)
    xi = result.depth_scale_at(fine)
    bottom, top = ax.get_ylim()
    edge = result.edge or np.nan
    every = np.ones(len(fine), dtype=bool)
    sides = {"below": fine < edge, "above": fine > edge} if result.edge else {"both": every}
    for side, of in sides.items():
        multiple = result.multiple(side)
        curve = np.where(of, multiple * xi, np.nan)
        ax.plot(fine, curve, color=INK, linewidth=4.5, path_effects=_HALO)
    ax.plot(fine, 6 * xi, color=INK, linewidth=2.5, linestyle=(0, (2, 2)), path_effects=_HALO)
    ax.set_ylim(bottom, top)
    if low < edge < high:
        ax.plot([edge, edge], [bottom, top], color="white", linewidth=2.5, linestyle=":")
        ax.text(
            edge, np.exp(0.03 * np.log(bottom) + 0.97 * np.log(top)), " edge of chaos",
            size=16, weight="bold", rotation=90, va="top", ha="left", path_effects=_HALO,
        )  # fmt: skip
    left, right = _sides(result)
    at = np.log(edge / low) / np.log(high / low)  # from 0, the left side, to 1, the right
    for x, y, words, place in (
        (0.11, 0.1, left if at > 0.3 else "", "left"),
        (0.97, _right(result), right if at < 0.9 else "", "right"),
    ):
        ax.text(
            x, y, words, transform=ax.transAxes, size=19, va="bottom", ha=place,
            path_effects=_HALO,
        )  # fmt: skip
    return ax


def rate_panel(ax: Axes, result: Trainability, measure: str = "held-out") -> Axes:
    """Draw the map against the rate, large steps at the top, and what happens where."""
    rates = np.array(result.rates, dtype=float)
    _cells(ax, result, rates, measure)
    ax.set_ylabel("learning rate η", size=20)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"$10^{{{np.log10(y):.0f}}}$"))
    loss = _shown(result, measure)
    diverges, trains = ~np.isfinite(loss), result.trains
    slow = ~diverges & ~trains & (rates[:, np.newaxis] < np.median(rates))
    for words, where in (("diverges", diverges), ("trains", trains), ("slow", slow)):
        if where.sum() > 8:
            widths = np.diff(np.log(_edges(result.sigma_w)))
            area = np.cumsum(where.sum(axis=0) * widths)
            j = int(np.searchsorted(area, area[-1] / 2))  # with half of it on either side
            i = int(np.median(np.flatnonzero(where[:, j])))
            ax.text(
                result.sigma_w[j], rates[i], words, size=24, weight="bold", ha="center",
                va="center", path_effects=_HALO,
            )  # fmt: skip
    return ax


def _cells(ax: Axes, result: Trainability, rows: Array, measure: str) -> None:
    """Colour every network, and name the notes' starts over the columns."""
    loss = _shown(result, measure)
    colours = np.empty((*loss.shape, 3))
    colours[:] = _colour(loss, _lowest(loss))
    colours[loss > LEARNED] = to_rgb(FLAT)
    colours[~np.isfinite(loss)] = to_rgb(CASE)
    ax.pcolormesh(_edges(result.sigma_w), _edges(rows), colours)
    ax.set(xscale="log", yscale="log")
    ax.tick_params(labelsize=17)
    ax.minorticks_off()
    low, high = ax.get_xlim()
    ticks = [x for x in (0.01, 0.1, 0.3, 1, 3, 10, 30, 100) if low < x < high]
    few = result.sigma_w[:: 1 + len(result.sigma_w) // 8]
    ax.xaxis.set_major_locator(FixedLocator(ticks if len(ticks) > 2 else list(few)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.3g}"))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("σ_w: standard deviation of the weights × √n", size=20)
    for spine in ax.spines.values():
        spine.set_visible(False)
    placed: list[tuple[int, float, float]] = []
    starts = [named_start(name) for name in _PLACES]
    for start, colour in zip(starts, start_colours(starts), strict=True):
        sigma_w, (side, aside) = sigma_of(start.name, result.width), _PLACES[start.name]
        if not low < sigma_w < high:
            continue
        ax.axvline(sigma_w, color=INK, linewidth=1.8)
        words, level = start_label(start), 0
        begin = np.log(sigma_w / low) / np.log(high / low) - _LETTER * len(words) * _LEFT[side]
        end = begin + _LETTER * len(words)
        while any(on == level and begin < e and end > b for on, b, e in placed):
            level += 1  # above what it would cover
        placed.append((level, begin, end))
        ax.annotate(
            words, (sigma_w, 1), (aside, 10 + 22 * level), xycoords=("data", "axes fraction"),
            textcoords="offset points", ha=side, va="bottom", size=17, weight="bold", color=colour,
        )  # fmt: skip


def _shown(result: Trainability, measure: str) -> Array:
    return result.held_out_loss if measure == "held-out" else result.loss


def _lowest(loss: Array) -> float:
    """Return the loss that is darkest: the lowest, where any network has learned."""
    return min(0.9, float(loss.min()))


def _colour(loss: Array, best: float) -> Array:
    """Return blue, the darker the lower the loss."""
    shade = np.clip((loss - best) / (LEARNED - best), 0, 1)
    colours: Array = np.asarray(_BLUES(0.1 + 0.72 * shade))
    rgb: Array = colours[..., :3]
    return rgb


def _key(fig: Figure, result: Trainability, measure: str) -> None:
    """Say what the colours and the lines mean, at the right."""
    ax = fig.add_axes((0.8, 0.46, 0.03, 0.355))
    unseen = measure == "held-out"
    best, trains = _lowest(_shown(result, measure)), ":\nit trains" if unseen else ""
    losses = np.linspace(best, LEARNED, 100)
    ax.imshow(
        _colour(losses, best)[:, np.newaxis], aspect="auto", extent=(0, 1, LEARNED, losses[0])
    )
    ax.set_xticks([])
    ax.yaxis.tick_right()
    ax.set_yticks(
        [best, (1 + best) / 2, LEARNED],
        [f"{best:.2f}  the best", f"{(1 + best) / 2:.2f}  halfway{trains}", "1"],
        size=16,
    )
    for spine in ax.spines.values():
        spine.set_visible(False)
    rows = "not seen" if unseen else "seen"
    fig.text(0.8, 0.875, f"loss on rows {rows}", size=17, weight="bold")
    fig.text(0.8, 0.842, "(the mean predictor's: 1)", size=15)
    lines = fig.add_axes((0.8, 0.08, 0.03, 0.36))
    lines.axis("off")
    lines.set(xlim=(0, 1), ylim=(0, 1))
    entries = [(FLAT, "no better than\nthe mean")]
    if not np.isfinite(result.loss).all():
        entries.append((CASE, "diverged"))
    for k, (colour, words) in enumerate(entries):
        lines.add_patch(Rectangle((0, 0.86 - 0.17 * k), 1, 0.12, color=colour))
        lines.text(1.35, 0.92 - 0.17 * k, words, va="center", size=16, linespacing=1.1)
    if result.against == "depth":
        sides = {"below": " left", "above": " right"} if result.edge else {"both": ""}
        multiples = [(result.multiple(side), where) for side, where in sides.items()]
        known = [f"{m:.1f} ξ{where}" for m, where in multiples if np.isfinite(m)]
        measured = [("theory, measured:\n" + ", ".join(known), 4.5, "-")] if known else []
        published = ("6 ξ, as published\nfor tanh", 2.5, (0, (2, 2)))
        for k, (words, width, style) in enumerate((*measured, published)):
            y = 0.5 - 0.2 * k
            lines.plot([0, 1], [y, y], color=INK, linewidth=width, linestyle=style)
            lines.text(1.35, y, words, va="center", size=16, linespacing=1.1)
        units = f"{result.width} unit{'s' if result.width > 1 else ''}"
        fig.text(
            0.8, 0.03, "ξ: depth scale, in layers\n"
            f"{units}, {result.runs} run{'s' if result.runs > 1 else ''}",
            size=15, color=QUIET, linespacing=1.2,
        )  # fmt: skip


def _right(result: Trainability) -> float:
    """Return how high the words on the right stand: where the border leaves room for them."""
    return 0.77 if result.bounded else 0.1


def _sides(result: Trainability) -> tuple[str, str]:
    """Return what happens on the left and on the right of the edge of chaos."""
    if not result.bounded:
        return "vanishing\nsignals die out", "exploding\nsignals blow up"
    return "ordered\ninputs\nbecome alike", "chaotic\ninputs\ncome apart"


def _edges(values: Array) -> Array:
    """Return where the cells of ascending positive numbers meet on a log axis."""
    logs = np.log(values)
    steps = np.diff(logs) if len(logs) > 1 else np.array([0.4])
    between = (logs[1:] + logs[:-1]) / 2
    edges: Array = np.exp([logs[0] - steps[0] / 2, *between, logs[-1] + steps[-1] / 2])
    return edges
