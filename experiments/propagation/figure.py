"""The picture of ``mlp-demo propagate``: signals in every layer, and where theory puts them.

Where to go next: ``command.py``.
"""

from __future__ import annotations

from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from experiments.kit.style import (
    QUIET,
    Line,
    log_lines,
    plain,
    start_colours,
    start_label,
    styled,
)
from experiments.propagation.measure import Journey, Propagation
from experiments.propagation.text import title
from mlp.activations import ACTIVATIONS
from mlp.arrays import Array

# The most starts whose lines are named at their ends; of more, the histograms show the colours.
NAMED = 7
# Of every histogram.
BINS = 40


def figure(result: Propagation) -> Figure:
    """Draw histograms of a in some layers for every start, and a, delta, dW over all layers.

    Returns
    -------
    matplotlib.figure.Figure
        16:9, 1600 × 900 pixels when saved as PNG.
    """
    with styled():
        fig = Figure(figsize=(16, 9), dpi=100)
        left = fig.add_gridspec(1, 1, left=0.15, right=0.5, top=0.8, bottom=0.06)[0]
        right = fig.add_gridspec(3, 1, left=0.6, right=0.855, top=0.83, bottom=0.09, hspace=0.45)
        _histograms(fig, left, result)
        for k, (measure, name) in enumerate(
            (
                ("a_std", "std of a, forward →"),
                ("delta_std", "← std of delta, back"),
                ("dW_rms", "rms of ∂L/∂W"),
            )
        ):
            ax = signal_panel(fig.add_subplot(right[k]), result, measure)
            ax.set_title(name)
            if k == 2:
                ax.set_xlabel("layer")
        fig.text(0.02, 0.935, plain(title(result), 90), size=23)
        lines = "lines: measured, dots: theory"
        if len(_rows(result)) > NAMED:
            lines += "; colours as on the left"
        fig.text(0.98, 0.89, lines, size=16, ha="right", color=QUIET)
    return fig


def _rows(result: Propagation) -> list[tuple[str, str, Journey]]:
    """Return name, colour and journey of each start; those that drew the same are one."""
    alike: list[list[Journey]] = []
    for journey in result.journeys:
        for same in alike:
            pairs = zip(same[0].answers, journey.answers, strict=True)
            if all(np.allclose(a, b, equal_nan=True) for a, b in pairs):
                same.append(journey)
                break
        else:
            alike.append([journey])
    colours = start_colours([same[0].start for same in alike])
    return [(_label(same), colour, same[0]) for same, colour in zip(alike, colours, strict=True)]


def _label(alike: list[Journey]) -> str:
    """Return the names of starts that drew the same, two at most."""
    first, *others = dict.fromkeys(fill(start_label(j.start), 16) for j in alike)
    if len(others) > 1:
        return f"{first}\nand {len(others)} more"
    return ",\n".join([first, *others])


def signal_panel(ax: Axes, result: Propagation, measure: str) -> Axes:
    """Draw one measure over the layers: the median, its band, and dots where theory puts it."""
    rows = _rows(result)
    lines = [
        Line(
            label if len(rows) <= NAMED else "",
            colour,
            journey.band(measure)[0],
            journey.median(measure),
            journey.band(measure)[1],
            journey.theory(measure),
        )
        for label, colour, journey in rows
    ]
    return log_lines(ax, np.arange(1, result.depth + 1), lines)


def _histograms(fig: Figure, place: SubplotSpec, result: Propagation) -> None:
    """Draw how a is distributed, a row for each start, a column for each of some layers."""
    layers = sorted({round(k) for k in np.linspace(0, result.depth - 1, 4)})
    rows = _rows(result)
    grid = place.subgridspec(len(rows), len(layers), hspace=0.25, wspace=0.12)
    bounds = ACTIVATIONS[result.activation].bounds
    for i, (label, colour, journey) in enumerate(rows):
        for j, layer in enumerate(layers):
            ax = fig.add_subplot(grid[i, j])
            histogram_panel(ax, journey.answers[layer], bounds, colour)
            ticks = ax.get_xlim() if i == len(rows) - 1 else ()
            ax.set_xticks(ticks, [f"{t:.2g}" for t in ticks])
            if ticks:
                ax.get_xticklabels()[0].set_horizontalalignment("left")
                ax.get_xticklabels()[1].set_horizontalalignment("right")
            if i == 0:
                ax.set_title(f"layer {layer + 1}", loc="center", weight="normal", size=15)
            if j == 0:
                ax.set_ylabel(
                    label, rotation=0, ha="right", va="center", color=colour, weight="bold",
                    labelpad=10,
                )  # fmt: skip
    first = fig.axes[0].get_position()
    fig.text(first.x0, first.y1 + 0.045, "How a is distributed", size=19, weight="bold")


def histogram_panel(ax: Axes, a: Array, bounds: tuple[float, float], colour: str) -> Axes:
    """Draw how a is distributed between the bounds of f, or to ±4 where f has none.

    A unit of ReLU answers exactly 0 to about half of everything: one bar would dwarf all
    others, so its part is written over them, and so is that of what lies beyond ±4.
    """
    a = a.ravel()
    low, high = np.clip(bounds, -4, 4)
    zero, beyond = a == 0, ~((low <= a) & (a <= high))
    counts, edges = np.histogram(a[~zero & ~beyond], BINS, (low, high))
    # Where little is left between the bounds, all bars are low.
    ax.stairs(counts / max(counts.max(), a.size / BINS), edges, fill=True, color=colour)
    far = f"> {high:g}" if low == 0 else f"|a| > {high:g}"
    parts = [(zero.mean(), "are 0"), (beyond.mean(), far)]
    words = [f"{100 * part:.0f} % {what}" for part, what in parts if part >= 0.005]
    ax.text(0.97, 1, "\n".join(words), transform=ax.transAxes, size=12, ha="right", va="top")
    room = 1.1 if np.isfinite(bounds).all() else 1.5
    ax.set(yticks=[], ylim=(0, room), xlim=(low, high))
    ax.spines["left"].set_visible(False)
    return ax
