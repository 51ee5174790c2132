"""Pictures: a `Result` as one figure, made for a projector.

Each panel is a function that takes axes and a result, draws, and returns the axes, so a
notebook can place any of them anywhere. Nothing here calls ``plt.show()`` or needs pyplot.

Colours are Okabe and Ito's, which colour-blind people can tell apart: vermilion is the case,
blue the same network started well, grey what to compare with. Weights are dark above zero and
pink below it.

Where to go next: ``cli.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from experiments.cases import number
from experiments.data import Dataset
from experiments.propagation import Journey, Propagation
from experiments.runner import NO_GRADIENT, Result
from mlp import MLP, diagnostics
from mlp.activations import ACTIVATIONS
from mlp.arrays import Array
from mlp.files import replacing

CASE, WELL, QUIET, INK = "#D55E00", "#0072B2", "#767676", "#222222"
UNITS = ("#56B4E9", "#E69F00", "#009E73", "#F0E442", "#999999", "#CC79A7")
POSITIVE, NEGATIVE = "#333333", "#CC79A7"
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
}
# For starts that are compared, in the order in which they are given.
STARTS = ("#009E73", "#D55E00", "#0072B2", "#56B4E9", "#CC79A7", "#E69F00", "#000000", "#999999")
# The formats of figures, and how to write the same bytes for the same picture: without dates.
# For PNG, level 1 takes half the time of matplotlib's 6 and makes files 8 % larger.
FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"pil_kwargs": {"compress_level": 1}},
    ".svg": {"metadata": {"Date": None}},
    ".pdf": {"metadata": {"CreationDate": None, "ModDate": None}},
}
# The most units of a layer that are drawn one by one.
SHOWN = 6


def styled() -> AbstractContextManager[None]:
    """Return a context in which matplotlib draws in the style of this project."""
    return mpl.rc_context(STYLE)  # type: ignore[arg-type]


def figure(result: Result) -> Figure:
    """Draw the four panels of a run: loss, gradients of the units, network, fitted surface.

    Returns
    -------
    matplotlib.figure.Figure
        16:9, 1600 × 900 pixels when saved as PNG.
    """
    with styled(), np.errstate(over="ignore", invalid="ignore"):
        fig = Figure(figsize=(16, 9), dpi=100)
        upper = fig.add_gridspec(1, 2, left=0.06, right=0.895, top=0.83, bottom=0.57, wspace=0.5)
        lower = fig.add_gridspec(
            1, 2, left=0.02, right=0.96, top=0.42, bottom=0.085, wspace=0.14, width_ratios=(1.2, 1)
        )
        loss_panel(fig.add_subplot(upper[0]), result)
        gradient_panel(fig.add_subplot(upper[1]), result)
        network_panel(fig.add_subplot(lower[0]), result)
        surface_panel(fig.add_subplot(lower[1]), result)
        for ax in fig.axes:
            ax.locator_params(nbins=5)
        verdict = result.verdict()
        sizes = "-".join(map(str, result.sizes))
        heading = f"{result.case.title} ({sizes}, {result.settings.activation})"
        fig.text(0.02, 0.935, heading, size=23)
        fig.text(
            0.98,
            0.935,
            verdict.word,
            size=30,
            weight="bold",
            ha="right",
            color=WELL if verdict.word == "learning" else CASE,
        )
    return fig


def loss_panel(ax: Axes, result: Result) -> Axes:
    """Draw the loss of the case, of the same network started well, and of the mean predictor."""
    loss, mean_loss = result.history.loss, result.dataset.mean_predictor_loss
    epochs = np.arange(len(loss))
    highest = float(loss[np.isfinite(loss)].max(initial=0))
    top = float(np.clip(1.1 * highest, 1.25 * mean_loss, 3 * mean_loss))
    ax.plot(epochs, _drawable(result.reference_losses, top), color=WELL)
    for other in result.all_losses.T if result.all_losses.shape[1] > 1 else ():
        ax.plot(epochs, _drawable(other, top), color=CASE, linewidth=1, alpha=0.3)
    ax.plot(epochs, _drawable(loss, top), color=CASE, linewidth=6)
    mean_line = np.full(len(loss), mean_loss)
    ax.plot(epochs, mean_line, color=INK, linestyle=(0, (4, 3)), linewidth=1.6)
    ax.set(xlim=(0, epochs[-1]), ylim=(0, top), xlabel="epoch", ylabel="loss L")

    good = result.reference_name.split("_")[0].capitalize()
    ends = [
        (mean_loss, f"always the\nmean {number(mean_loss)}", QUIET),
        _loss_end(result.reference_losses, top, f"{good} start", WELL),
        _loss_end(loss, top, "this start", CASE),
    ]
    word = result.verdict().word
    if word == "diverged":
        at = int(result.history.diverged_at)
        ax.text(
            0.5, 0.62, f"diverged at epoch {at}", color=CASE, size=22, weight="bold",
            ha="center", transform=ax.transAxes, bbox={"facecolor": "white", "edgecolor": "none"},
        )  # fmt: skip
    _label_ends(ax, ends, gap=0.29)
    one = result.distinct == len(result.settings.hidden)
    runs = result.all_losses.shape[1]
    title = {
        "diverged": "The loss explodes",
        "stalled": "Never better than the mean",
        "symmetric": f"It learns, but as {'one unit' if one else 'fewer units'} would",
        "learning": "The loss falls" + (f" ({runs} seeds)" if runs > 1 else ""),
    }[word]
    ax.set_title(title)
    return ax


def gradient_panel(ax: Axes, result: Result) -> Axes:
    """Draw the gradient of each hidden unit's first weight, ∂L/∂w'1j, over the epochs.

    Lines are drawn from thick to thin, so lines that lie on one another are seen as one.
    """
    gradients = result.history["unit_gradients"]
    finite = np.isfinite(gradients).all(axis=1)
    if not finite[0]:
        ax.set(xlim=(0, 1), ylim=(-1, 1), xlabel="epoch", title="The gradient is not finite")
        return ax
    gradients = gradients[: int(finite.argmin()) if not finite.all() else len(finite)]
    size = np.abs(gradients).max(axis=1)
    largest = float(size.max())
    until = int(np.flatnonzero(size >= 0.05 * largest)[-1]) if largest else len(gradients) - 1
    until = min(max(int(1.2 * until), 10), len(gradients) - 1)
    units = gradients.shape[1]
    alike = bool(result.largest([gradients - gradients[:, :1]]) <= 1e-9 * largest)
    names = []
    for j in range(units):
        width = max(16 * 0.42**j, 1.2) if alike else 3.5 if units <= SHOWN else 1.2
        colour = UNITS[j % len(UNITS)]
        points = gradients[: until + 1, j]
        marker = "o" if len(points) < 3 else None
        ax.plot(points, color=colour, linewidth=width, marker=marker, markersize=width + 4)
        names.append((float(gradients[until, j]), f"∂L/∂w'1{j + 1}", colour))
    ax.axhline(0, color=INK, linewidth=0.8, zorder=0)
    reach = 1.15 * float(np.abs(gradients[: until + 1]).max()) or 1.0
    shown = "epoch" if until == len(gradients) - 1 else f"epoch, the first {until}"
    ax.set(xlim=(0, max(until, 1)), ylim=(-reach, reach), xlabel=shown)
    if units > SHOWN:
        names = [(names[0][0], f"∂L/∂w'11 …\n∂L/∂w'1,{units}", INK)]
    _label_ends(ax, names)
    every = "Both" if units == 2 else f"All {units}"
    if largest <= NO_GRADIENT:
        title = "No hidden unit gets a gradient"
    elif units == 1:
        title = "The gradient of the one unit"
    elif alike:
        title = f"{every} units get the same gradient"
    else:
        title = "Each unit gets its own gradient"
    ax.set_title(title)
    return ax


def network_panel(ax: Axes, result: Result) -> Axes:
    """Draw the network at the start, and what it has become: identical units as one."""
    became, counts = result.became, result.stands_for
    ones = [np.ones(width, dtype=int) for width in result.sizes[1:-1]]
    before_groups = [diagnostics.same_unit_as(layer) for layer in result.before.layers[:-1]]
    after_groups = [np.arange(len(count)) for count in counts]
    weights = [layer.W for net in (result.before, became) for layer in net.layers]
    largest = max(float(np.abs(np.nan_to_num(W)).max()) for W in weights)
    _graph(ax, result.before, 0.0, before_groups, ones, largest)
    _graph(ax, became, 1.55, after_groups, counts, largest)
    diverged_at = int(result.history.diverged_at)
    epochs = result.settings.epochs if diverged_at < 0 else diverged_at
    for x, words in ((0.5, "at the start"), (2.05, f"what it is at epoch {epochs}")):
        ax.text(x, -0.55, words, ha="center", va="top", color=QUIET, size=16)
    ax.text(0.5, -0.7, "w > 0", ha="right", va="top", color=POSITIVE, size=15, weight="bold")
    ax.text(0.56, -0.7, "w < 0", ha="left", va="top", color=NEGATIVE, size=15, weight="bold")
    ax.annotate(
        "", (1.43, 0), (1.17, 0), arrowprops={"arrowstyle": "-|>", "color": QUIET, "lw": 3}
    )
    ax.set(xlim=(-0.14, 2.7), ylim=(-0.82, 0.66))
    ax.axis("off")
    units, left = result.hidden_units, result.distinct
    if result.verdict().word == "diverged":
        title = f"Its largest number: {number(result.largest(result.network.parameters()))}"
    elif result.largest_weight_change == 0:
        title = "No weight has moved"
    elif left < units:
        title = f"{units} hidden units act as {left}"
    else:
        title = f"{units} hidden units, all different"
    ax.set_title(title)
    return ax


def surface_panel(ax: Axes, result: Result) -> Axes:
    """Draw the answer over the two inputs, with the examples on it in the same colours.

    With another number of inputs, draw the answer against the truth.
    """
    dataset = result.dataset
    truth = dataset.y[:, 0] * dataset.y_std[0] + dataset.y_mean[0]
    if dataset.x.shape[1] != 2:
        return _answers_panel(ax, result, truth)
    points = dataset.x * dataset.x_std + dataset.x_mean
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.04 * (high - low)
    axes = [np.linspace(low[i] - margin[i], high[i] + margin[i], 140) for i in (0, 1)]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    answer = _answers(result.network, (grid - dataset.x_mean) / dataset.x_std, dataset)
    answer = answer.reshape(len(axes[1]), len(axes[0]))
    colours: dict[str, Any] = {"cmap": "cividis", "vmin": truth.min(), "vmax": truth.max()}
    image = ax.imshow(
        answer,
        extent=(axes[0][0], axes[0][-1], axes[1][0], axes[1][-1]),
        origin="lower",
        aspect="auto",
        **colours,
    )
    if np.ptp(answer) > 1e-6 * np.ptp(truth):
        ax.contour(*axes, answer, levels=9, colors="white", linewidths=1, alpha=0.8)
    ax.scatter(
        points[:, 0], points[:, 1], c=truth, s=42, edgecolors="white", linewidths=0.9, **colours
    )
    ax.set(xlabel=_pretty(dataset.inputs[0]), ylabel=_pretty(dataset.inputs[1]))
    ax.figure.colorbar(image, ax=ax, label=_pretty(dataset.targets[0]), pad=0.03)
    flat = np.ptp(answer) <= 1e-6 * np.ptp(truth)
    title = "What it answers (dots: the data)"
    if result.verdict().word == "diverged":
        title = "No sensible answer is left"
    elif flat:
        title = "One answer for everything"
    elif result.settings.activation == "linear":
        title = "Its answer is a plane"
    elif result.became.sizes[1] == 1:
        title = "Its answer changes in one direction only"
    ax.set_title(title)
    return ax


def propagation_figure(result: Propagation) -> Figure:
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
        fig.text(0.98, 0.935, "lines: measured, dots: theory", size=16, ha="right", color=QUIET)
    return fig


def signal_panel(ax: Axes, result: Propagation, measure: str) -> Axes:
    """Draw one measure over the layers: the median, its band, and dots where theory puts it."""
    layers = np.arange(1, result.depth + 1)
    ends = []
    tiny, huge = 1e-30, 1e30
    for k, journey in enumerate(result.journeys):
        colour, width = STARTS[k % len(STARTS)], max(9 * 0.6**k, 2.0)
        low, high = (
            np.clip(np.nan_to_num(v, nan=huge), tiny, huge) for v in journey.band(measure)
        )
        median = np.clip(np.nan_to_num(journey.median(measure), nan=huge), tiny, huge)
        ax.fill_between(layers, low, high, color=colour, alpha=0.25, linewidth=0)
        ax.plot(layers, median, color=colour, linewidth=width)
        predicted = journey.theory(measure)
        if predicted is not None:
            dots = np.clip(predicted, tiny, huge)
            ax.plot(
                layers, dots, "o", color="white", markeredgecolor=INK, markersize=5,
                markevery=-(-result.depth // 12),
            )  # fmt: skip
        ends.append((float(median[-1]), _short(journey), colour))
    ax.set_yscale("log")
    bottom, top = ax.get_ylim()
    if top / bottom < 100:
        middle = float(np.sqrt(bottom * top))
        bottom, top = middle / 10, middle * 10
    ax.set(xlim=(1, max(result.depth, 2)), ylim=(bottom, top))
    ax.yaxis.set_major_locator(LogLocator(numticks=4))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    _label_ends(ax, ends, gap=0.17)
    return ax


def _short(journey: Journey) -> str:
    """Return the name of a start that fits beside a line."""
    names = {
        "small": "randn · 0.01",
        "large": "randn · 1",
        "scaled": "√(1/n)",
        "glorot_normal": "Xavier",
        "lecun_normal": "√(1/n)",
        "glorot_uniform": "Xavier U",
        "he_normal": "He",
        "he_uniform": "He U",
    }
    return names.get(journey.start.name, journey.start.name.replace("_", " "))


def _histograms(fig: Figure, place: SubplotSpec, result: Propagation) -> None:
    """Draw how a is distributed, a row for each start, a column for each of some layers."""
    layers = sorted({round(k) for k in np.linspace(0, result.depth - 1, 5)})
    rows = place.subgridspec(len(result.journeys), len(layers), hspace=0.35, wspace=0.12)
    low, high = ACTIVATIONS[result.activation].bounds
    for i, journey in enumerate(result.journeys):
        colour = STARTS[i % len(STARTS)]
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
                    _short(journey), rotation=0, ha="right", va="center", color=colour,
                    weight="bold", labelpad=10,
                )  # fmt: skip
    first = fig.axes[0].get_position()
    fig.text(first.x0, first.y1 + 0.045, "How a is distributed", size=19, weight="bold")


def _edges(low: float, high: float) -> Array:
    """Return the bins of a histogram: the range of f, or ±4 where f has none."""
    left = low if np.isfinite(low) else -4.0
    right = high if np.isfinite(high) else 4.0
    return np.linspace(left, right, 41)


def check_path(path: Path) -> None:
    """Refuse a figure that could not be written, before anything is computed.

    Raises
    ------
    ValueError
        If matplotlib has no format of that suffix.
    OSError
        If the folder is missing.
    """
    if path.suffix.lower() not in FORMATS:
        raise ValueError(
            f"'{path.name}' does not end in a format of figures: {', '.join(FORMATS)}"
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(f"folder {path.parent} does not exist; make it first")


def save(fig: Figure, path: Path) -> None:
    """Write a figure, whole or not at all; the same figure makes the same bytes.

    Raises
    ------
    ValueError, OSError
        As for `check_path`, or if the disk is full.
    """
    check_path(path)
    kind = path.suffix.lower()
    with styled(), replacing(path) as file:
        fig.savefig(file, format=kind[1:], **FORMATS[kind])


def _answers(network: MLP, x: Array, dataset: Dataset) -> Array:
    """Return the first output in the units of the table."""
    with np.errstate(over="ignore", invalid="ignore"):
        answer: Array = network.predict(x)[:, 0] * dataset.y_std[0] + dataset.y_mean[0]
    return answer


def _answers_panel(ax: Axes, result: Result, truth: Array) -> Axes:
    answer = _answers(result.network, result.dataset.x, result.dataset)
    ends = [truth.min(), truth.max()]
    ax.plot(ends, ends, color=QUIET, linewidth=2)
    if np.isfinite(answer).all():
        ax.scatter(truth, answer, s=30, color=CASE, alpha=0.6)
    name = _pretty(result.dataset.targets[0])
    ax.set(xlabel=f"{name}: the truth", ylabel="what it answers")
    ax.set_title("The answer against the truth")
    return ax


def _graph(
    ax: Axes,
    network: MLP,
    x0: float,
    groups: Sequence[NDArray[np.intp]],
    counts: Sequence[NDArray[np.intp]],
    largest: float,
) -> None:
    """Draw a network as nodes and edges, from x0 to x0 + 1; units of one group look alike."""
    last = len(network.layers)
    places = []
    for k, width in enumerate(network.sizes):
        shown = min(width, SHOWN)
        heights = np.linspace(0.5, -0.5, 2 * shown + 1)[1::2] if shown > 1 else np.zeros(1)
        places.append([(x0 + k / last, float(y)) for y in heights])
    roomy = last == 2 and max(map(len, places)) <= 2
    for k, layer in enumerate(network.layers):
        for i, start in enumerate(places[k]):
            for j, end in enumerate(places[k + 1]):
                crossing = i != j and min(len(places[k]), len(places[k + 1])) > 1
                where = None if not roomy else 0.3 if crossing else 0.5
                _edge(ax, start, end, float(layer.W[i, j]), largest, where)
    named = last <= 3 and max(map(len, places)) <= 3
    radius = 36 if roomy else 30 if named else 20
    for k, column in enumerate(places):
        for j, (x, y) in enumerate(column):
            hidden = 0 < k < last
            colour = UNITS[groups[k - 1][j] % len(UNITS)] if hidden else "white"
            ax.plot(
                x, y, "o", markersize=radius, color=colour, markeredgecolor=INK, markeredgewidth=2
            )
            output = f"ŷ{j + 1}" if len(column) > 1 else "ŷ"
            name = f"x{j + 1}" if k == 0 else f"a{k}{j + 1}" if hidden else output
            if named:
                size = 16 if roomy else 13
                ax.text(x, y, name, ha="center", va="center_baseline", size=size)
            if hidden and counts[k - 1][j] > 1 and len(column) <= 3:
                count = f"×{counts[k - 1][j]}"
                ax.text(x, y + 0.18, count, ha="center", size=18 if last <= 3 else 13)
        if network.sizes[k] > SHOWN:
            ax.text(column[0][0], 0.53, f"{network.sizes[k]}", ha="center", va="bottom", size=16)


def _edge(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    w: float,
    largest: float,
    where: float | None,
) -> None:
    """Draw one weight as a line; `where` on its way it carries its number."""
    colour = POSITIVE if w > 0 else NEGATIVE
    style: dict[str, Any] = {"color": colour, "linewidth": 1 + 7 * abs(w) / (largest or 1)}
    if abs(w) <= 1e-9 * largest or not np.isfinite(w):
        style = {"color": QUIET, "linewidth": 1.6, "linestyle": (0, (1, 2.5))}
    (x1, y1), (x2, y2) = start, end
    ax.plot((x1, x2), (y1, y2), zorder=1, **style)
    if where is not None:
        ax.text(
            x1 + where * (x2 - x1),
            y1 + where * (y2 - y1),
            f"{w:.2g}" if abs(w) < 100 else number(w),
            ha="center",
            va="center",
            size=14,
            bbox={"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none"},
        )


def _label_ends(ax: Axes, ends: Sequence[tuple[float, str, str]], gap: float = 0.12) -> None:
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


def _loss_end(loss: Array, top: float, name: str, colour: str) -> tuple[float, str, str]:
    """Return where a loss ends, with its name and number, for `_label_ends`."""
    last = float(loss[-1])
    if not np.isfinite(last):
        return top, f"{name}\ndiverged", colour
    return last, f"{name}\n{number(last)}", colour


def _drawable(loss: Array, top: float) -> Array:
    """Return the loss with what no axis can hold clipped just above the top."""
    drawn: Array = np.where(np.isfinite(loss), np.minimum(loss, 2 * top), np.nan)
    return drawn


def _pretty(column: str) -> str:
    """Turn bill_length_mm into bill length (mm)."""
    words = column.replace("$", r"\$").split("_")
    if words[-1] in {"mm", "cm", "m", "g", "kg", "s"} and len(words) > 1:
        return f"{' '.join(words[:-1])} ({words[-1]})"
    return " ".join(words)
