"""The picture of a case: loss, gradients of the units, network, fitted surface.

Weights are dark above zero and teal below it.

Where to go next: ``command.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from experiments.case.measure import REFERENCE_RUNS, Result
from experiments.case.text import (
    SURFACE,
    gradient_title,
    heading,
    loss_title,
    network_title,
    surface_title,
)
from experiments.data import Dataset
from experiments.kit.starts import Start, good_start
from experiments.kit.style import (
    CASE,
    INK,
    QUIET,
    WELL,
    drawable,
    label_ends,
    loss_end,
    pretty,
    start_colours,
    start_label,
    styled,
)
from experiments.kit.training import NO_GRADIENT
from experiments.kit.words import hidden_units, number
from mlp import MLP, diagnostics
from mlp.arrays import Array

UNITS = ("#56B4E9", "#E69F00", "#009E73", "#F0E442", "#999999", "#CC79A7")
POSITIVE, NEGATIVE = "#333333", "#00788C"
# The most units of a layer that are drawn one by one; of more, the last takes the sixth place.
SHOWN = 6
# How many numbers of one kind are held at once to draw the answers.
ROOM = 20_000_000


def figure(result: Result) -> Figure:
    """Draw the four panels of a run: loss, gradients of the units, network, fitted surface.

    Returns
    -------
    matplotlib.figure.Figure
        16:9, 1600 × 900 pixels when saved as PNG.
    """
    with styled(), np.errstate(over="ignore", invalid="ignore"):
        fig = Figure(figsize=(16, 9), dpi=100)
        loss, gradients, network, surface = four_panels(fig)
        loss_panel(loss, result)
        gradient_panel(gradients, result)
        network_panel(network, result)
        surface_panel(surface, result)
        page_heading(fig, result)
        fig.text(
            0.98,
            0.935,
            result.word,
            size=30,
            weight="bold",
            ha="right",
            color=WELL if result.word == "learning" and not result.setback else CASE,
        )
    return fig


def four_panels(fig: Figure) -> list[Axes]:
    """Return places for the loss, the gradients, the network and the surface."""
    upper = fig.add_gridspec(1, 2, left=0.06, right=0.895, top=0.83, bottom=0.57, wspace=0.75)
    lower = fig.add_gridspec(
        1, 2, left=0.02, right=0.96, top=0.42, bottom=0.085, wspace=0.14, width_ratios=(1.2, 1)
    )
    return [fig.add_subplot(place) for place in (upper[0], upper[1], lower[0], lower[1])]


def page_heading(fig: Figure, result: Result) -> None:
    """Write what was run over the picture; few ticks are enough on all of its axes."""
    for ax in fig.axes:
        ax.locator_params(nbins=5)
    fig.text(0.02, 0.945, heading(result), size=23)
    fig.text(0.02, 0.905, result.start.words, size=16, color=QUIET)


def _starts(result: Result) -> tuple[Start, Start]:
    """Return the start, and the one that suits the activation."""
    return result.start, good_start(result.settings.activation)


def loss_colours(result: Result) -> list[str]:
    """Return the colour of the start, and of the one that suits the activation."""
    return start_colours(_starts(result))


def loss_panel(ax: Axes, result: Result, whole: Result | None = None) -> Axes:
    """Draw the loss of the case, of the same network started well, and of the mean predictor.

    `whole` is the finished run that `result` is a part of, if it is: its axes are drawn.
    """
    loss, mean_loss = result.history.loss, result.dataset.mean_predictor_loss
    start, well = _starts(result)
    this, good = loss_colours(result)
    runs = result.all_losses.shape[1]
    epochs = np.arange(len(loss))
    in_all = (whole or result).history.loss
    highest = float(in_all[np.isfinite(in_all)].max(initial=0))
    top = float(np.clip(1.1 * highest, 1.25 * mean_loss, 3 * mean_loss))
    ax.plot(epochs, drawable(result.reference_losses, top), color=good)
    for other in result.all_losses.T if runs > 1 else ():
        ax.plot(epochs, drawable(other, top), color=this, linewidth=1, alpha=0.3)
    ax.plot(epochs, drawable(loss, top), color=this, linewidth=6)
    if whole is not None:
        now = drawable(loss[-1:], top)
        ax.plot(epochs[-1:], now, "o", color=this, markersize=12, clip_on=False)
    mean_line = np.full(len(in_all), mean_loss)
    ax.plot(np.arange(len(in_all)), mean_line, color=INK, linestyle=(0, (4, 3)), linewidth=1.6)
    ax.set(xlim=(0, len(in_all) - 1), ylim=(0, top), xlabel="epoch", ylabel="loss L")

    of_all = f"median of {runs}: " if runs > 1 else ""
    ends = [
        (mean_loss, f"always the\nmean: {number(mean_loss)}", QUIET),
        loss_end(
            result.reference_losses, top, f"{start_label(well)}\nbest of {REFERENCE_RUNS}: ", good
        ),
        loss_end(loss, top, f"{start_label(start)}\n{of_all}", this),
    ]
    if result.word == "diverged":
        at = int(result.history.diverged_at)
        ax.text(
            0.5, 0.62, f"diverged at epoch {at}", color=this, size=22, weight="bold",
            ha="center", transform=ax.transAxes, bbox={"facecolor": "white", "edgecolor": "none"},
        )  # fmt: skip
    label_ends(ax, ends)
    ax.set_title(loss_title(result) if _is_over(result, whole) else "The loss")
    return ax


def _is_over(result: Result, whole: Result | None) -> bool:
    """Return whether the training has come to its end, so that a title may say what became."""
    return whole is None or result.last_epoch == whole.last_epoch


def gradient_panel(ax: Axes, result: Result, whole: Result | None = None) -> Axes:
    """Draw the gradient of each hidden unit's first weight, ∂L/∂w'1j, over the epochs.

    Lines are drawn from thick to thin, so lines that lie on one another are seen as one.
    `whole` is the finished run that `result` is a part of, if it is: its axes are drawn.
    """
    gradients = (whole or result).history["unit_gradients"]
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
    past = gradients[: min(until + 1, len(result.history.loss))]
    names = []
    for j in range(units):
        width = max(16 * 0.42**j, 1.2) if alike else 3.5 if units <= SHOWN else 1.2
        colour = UNITS[j % len(UNITS)]
        marker = "o" if len(past) < 3 else None
        ax.plot(past[:, j], color=colour, linewidth=width, marker=marker, markersize=width + 4)
        names.append((float(past[-1, j]), f"∂L/∂w'1{j + 1}", colour))
    ax.axhline(0, color=INK, linewidth=0.8, zorder=0)
    reach = 1.15 * float(np.abs(gradients[: until + 1]).max()) if largest > NO_GRADIENT else 1.0
    shown = "epoch" if until == len(gradients) - 1 else f"epoch, the first {until}"
    ax.set(xlim=(0, max(until, 1)), ylim=(-reach, reach), xlabel=shown)
    if units > SHOWN:
        names = [(names[0][0], f"∂L/∂w'11 …\n∂L/∂w'1,{units}", INK)]
    label_ends(ax, names)
    title = gradient_title(units, largest, alike)
    ax.set_title(title if _is_over(result, whole) else "The gradient of each unit")
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
    ax.set_title(network_title(result))
    return ax


def weights_panel(ax: Axes, result: Result, whole: Result | None = None) -> Axes:
    """Draw the network with its weights as they are; units that are the same look the same."""
    network = result.network
    ones = [np.ones(width, dtype=int) for width in network.sizes[1:-1]]
    groups = [diagnostics.same_unit_as(layer) for layer in network.layers[:-1]]
    ends = [result.before, (whole or result).network]
    largest = result.largest([np.nan_to_num(d.W) for net in ends for d in net.layers])
    _graph(ax, network, 0.0, groups, ones, largest)
    ax.text(0.45, -0.62, "w > 0", ha="right", va="top", color=POSITIVE, size=15, weight="bold")
    ax.text(0.55, -0.62, "w < 0", ha="left", va="top", color=NEGATIVE, size=15, weight="bold")
    ax.set(xlim=(-0.14, 1.14), ylim=(-0.75, 0.66))
    ax.axis("off")
    distinct = sum(len(np.unique(group)) for group in groups)
    title = hidden_units(result.hidden_units, distinct)
    ax.set_title(title if _is_over(result, whole) else "The network")
    return ax


def surface_panel(ax: Axes, result: Result, whole: Result | None = None) -> Axes:
    """Draw the answer over the two inputs, with the examples on it in the same colours.

    With another number of inputs, draw the answer against the truth. `whole` is the finished
    run that `result` is a part of, if it is.
    """
    dataset = result.dataset
    truth = dataset.y[:, 0] * dataset.y_std[0] + dataset.y_mean[0]
    if dataset.x.shape[1] != 2:
        return _answers_panel(ax, result, truth)
    points, axes, grid = plane(dataset, 140)
    answer = answers(result.network, grid, dataset).reshape(140, 140)
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
    ax.set(xlabel=pretty(dataset.inputs[0]), ylabel=pretty(dataset.inputs[1]))
    ax.figure.colorbar(image, ax=ax, label=pretty(dataset.targets[0]), pad=0.03)
    flat = np.ptp(answer) <= 1e-6 * np.ptp(truth)
    ax.set_title(surface_title(result, flat) if _is_over(result, whole) else SURFACE)
    return ax


def plane(dataset: Dataset, places: int) -> tuple[Array, list[Array], Array]:
    """Return the two inputs of every example, axes around them, and all points of their grid.

    Examples and axes in the units of the table, the points standardised, as a network takes them.
    """
    points = dataset.x * dataset.x_std + dataset.x_mean
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.where(high > low, 0.04 * (high - low), 1.0)  # of an input that does not vary
    axes = [np.linspace(low[i] - margin[i], high[i] + margin[i], places) for i in (0, 1)]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    return points, axes, (grid - dataset.x_mean) / dataset.x_std


def answers(network: MLP, x: Array, dataset: Dataset) -> Array:
    """Return the first output in the units of the table."""
    at_once = max(1, ROOM // sum(network.sizes))
    blocks = [x[first : first + at_once] for first in range(0, len(x), at_once)]
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.concatenate([network.predict(block)[:, 0] for block in blocks])
        in_units: Array = found * dataset.y_std[0] + dataset.y_mean[0]
    return in_units


def _answers_panel(ax: Axes, result: Result, truth: Array) -> Axes:
    answer = answers(result.network, result.dataset.x, result.dataset)
    ends = [truth.min(), truth.max()]
    ax.plot(ends, ends, color=QUIET, linewidth=2)
    if np.isfinite(answer).all():
        ax.scatter(truth, answer, s=30, color=CASE, alpha=0.6)
    name = pretty(result.dataset.targets[0])
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
    units = [_drawn(width) for width in network.sizes]
    places = []
    for k, shown in enumerate(units):
        heights = np.linspace(0.5, -0.5, 2 * len(shown) + 1)[1::2]
        places.append([(x0 + k / last, float(y)) for y in heights])
    roomy = last == 2 and max(map(len, places)) <= 2
    for k, layer in enumerate(network.layers):
        for (i, start), (j, end) in product(
            zip(units[k], places[k], strict=True), zip(units[k + 1], places[k + 1], strict=True)
        ):
            if i is not None and j is not None:
                crossing = i != j and min(len(places[k]), len(places[k + 1])) > 1
                where = None if not roomy else 0.3 if crossing else 0.5
                _edge(ax, start, end, float(layer.W[i, j]), largest, where)
    named = last <= 3 and max(map(len, places)) <= 3
    radius = 36 if roomy else 30 if named else 20
    for k, column in enumerate(places):
        for j, (x, y) in zip(units[k], column, strict=True):
            if j is None:  # those that are not drawn
                ax.plot([x] * 3, y + np.array([-0.03, 0, 0.03]), "o", markersize=4, color=INK)
                continue
            hidden = 0 < k < last
            told = hidden and np.isfinite(network.layers[k - 1].W).all()
            colour = UNITS[groups[k - 1][j] % len(UNITS)] if told else "white"
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


def _drawn(width: int) -> list[int | None]:
    """Return the units of a layer that are drawn, None for the place of those that are not."""
    if width <= SHOWN:
        return list(range(width))
    return [*range(SHOWN - 2), None, width - 1]


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
    style: dict[str, Any] = {"color": colour, "linewidth": 1 + 7 * (abs(w) / (largest or 1))}
    if abs(w) <= 1e-9 * largest or not np.isfinite(w):
        style = {"color": QUIET, "linewidth": 1.6, "linestyle": (0, (1, 2.5))}
    (x1, y1), (x2, y2) = start, end
    ax.plot((x1, x2), (y1, y2), zorder=1, **style)
    if where is not None and np.isfinite(w):
        ax.text(
            x1 + where * (x2 - x1),
            y1 + where * (y2 - y1),
            _written(w),
            ha="center",
            va="center",
            size=14,
            zorder=1.5,  # above the lines, below the units
            bbox={"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none"},
        )


def _written(w: float) -> str:
    """Write a weight as short as can be."""
    if abs(w) < 100:
        return f"{w:.{2 if abs(w) >= 0.01 else 1}g}"
    return f"{w:.0f}" if abs(w) < 9999.5 else number(w)
