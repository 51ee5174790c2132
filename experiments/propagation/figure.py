"""The picture of ``mlp-demo propagate``: signals in every layer, and where theory puts them."""

from __future__ import annotations

from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from experiments.kit.style import QUIET, Line, log_lines, start_colours, start_label, styled
from experiments.propagation.measure import Propagation
from mlp.activations import ACTIVATIONS
from mlp.arrays import Array

# The most starts whose lines are named at their ends; of more, the histograms show the colours.
NAMED = 7


def figure(result: Propagation) -> Figure:
    """Draw histograms of a in some layers for every start, and a, delta, dW over all layers.

    Returns
    -------
    matplotlib.figure.Figure
        16:9, 1600 × 900 pixels when saved as PNG.
    """
    with styled():
        fig = Figure(figsize=(16, 9), dpi=100)
        left = fig.add_gridspec(1, 1, left=0.11, right=0.5, top=0.83, bottom=0.06)[0]
        right = fig.add_gridspec(3, 1, left=0.6, right=0.87, top=0.86, bottom=0.09, hspace=0.42)
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
        fig.text(0.02, 0.935, f"How far a signal travels, {result.activation}", size=23)
        lines = "lines: measured, dots: theory"
        if len(result.journeys) > NAMED:
            lines += "; colours as on the left"
        fig.text(0.98, 0.935, lines, size=16, ha="right", color=QUIET)
    return fig


def signal_panel(ax: Axes, result: Propagation, measure: str) -> Axes:
    """Draw one measure over the layers: the median, its band, and dots where theory puts it."""
    named = len(result.journeys) <= NAMED
    colours = start_colours([journey.start.name for journey in result.journeys])
    lines = [
        Line(
            start_label(journey.start.name) if named else "",
            colour,
            journey.band(measure)[0],
            journey.median(measure),
            journey.band(measure)[1],
            journey.theory(measure),
        )
        for journey, colour in zip(result.journeys, colours, strict=True)
    ]
    return log_lines(ax, np.arange(1, result.depth + 1), lines, gap=0.17)


def _histograms(fig: Figure, place: SubplotSpec, result: Propagation) -> None:
    """Draw how a is distributed, a row for each start, a column for each of some layers."""
    layers = sorted({round(k) for k in np.linspace(0, result.depth - 1, 5)})
    rows = place.subgridspec(len(result.journeys), len(layers), hspace=0.35, wspace=0.12)
    low, high = ACTIVATIONS[result.activation].bounds
    colours = start_colours([journey.start.name for journey in result.journeys])
    for i, (journey, colour) in enumerate(zip(result.journeys, colours, strict=True)):
        for j, layer in enumerate(layers):
            ax = fig.add_subplot(rows[i, j])
            a = journey.answers[layer].ravel()
            finite = a[np.isfinite(a) & (np.abs(a) < 1e100)]
            edges = _edges(low, high)
            counts, _ = np.histogram(np.clip(finite, edges[0], edges[-1]), edges)
            # ReLU answers 0 to half of everything: that bar may leave the axes.
            inner = counts[1:-1].max()
            tallest = inner if inner > 0.01 * a.size else max(1, counts.max())
            ax.stairs(counts / tallest, edges, fill=True, color=colour)
            ax.set(yticks=[], ylim=(0, 1.1), xlim=(edges[0], edges[-1]))
            ax.spines["left"].set_visible(False)
            ticks = [edges[0], edges[-1]] if i == len(result.journeys) - 1 else []
            ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
            if ticks:
                ax.get_xticklabels()[0].set_horizontalalignment("left")
                ax.get_xticklabels()[1].set_horizontalalignment("right")
            if i == 0:
                ax.set_title(f"layer {layer + 1}", loc="center", weight="normal", size=15)
            if j == 0:
                ax.set_ylabel(
                    fill(start_label(journey.start.name), 13), rotation=0, ha="right", va="center",
                    color=colour, weight="bold", labelpad=10,
                )  # fmt: skip
    first = fig.axes[0].get_position()
    fig.text(first.x0, first.y1 + 0.045, "How a is distributed", size=19, weight="bold")


def _edges(low: float, high: float) -> Array:
    """Return the bins of a histogram: the range of f, or ±4 where f has none."""
    left = low if np.isfinite(low) else -4.0
    right = high if np.isfinite(high) else 4.0
    return np.linspace(left, right, 41)
