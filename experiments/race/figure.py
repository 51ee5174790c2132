"""The pictures of the races ``random``, ``xavier`` and ``he``.

Where to go next: ``command.py``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from experiments.kit.starts import Start
from experiments.kit.style import (
    CASE,
    INK,
    QUIET,
    WELL,
    Line,
    log_lines,
    plain,
    start_colours,
    start_label,
    styled,
)
from experiments.kit.training import quantiles
from experiments.kit.words import ending, number
from experiments.race.measure import Rival, Standings
from experiments.race.text import heading, way, what_becomes, who_is_there, who_learns
from mlp.arrays import Array

# By how many decades a signal may leave that of the start that the race is about on one axis.
NEAR = 7


def figure(result: Standings) -> Figure:
    """Draw how the rivals of a race train, how long each takes, and where their signals go.

    Returns
    -------
    matplotlib.figure.Figure
        16:9, 1600 × 900 pixels when saved as PNG.
    """
    with styled():
        fig = Figure(figsize=(16, 9), dpi=100)
        race_panels(fig, result)
        colour = WELL if result.about.word == "learning" else CASE
        fig.text(0.98, 0.935, result.about.word, size=30, weight="bold", ha="right", color=colour)
    return fig


def race_panels(fig: Figure, result: Standings, epoch: int | None = None) -> None:
    """Draw the heading and the panels of a race; with an epoch, what is known by then."""
    assert result.race is not None
    grid = {"left": 0.065, "right": 0.365}, {"left": 0.65, "right": 0.86}
    losses = fig.add_gridspec(1, 1, top=0.83, bottom=0.6, **grid[0])
    bars = fig.add_gridspec(1, 1, top=0.83, bottom=0.6, left=0.65, right=0.97)
    losses_panel(fig.add_subplot(losses[0]), result, epoch)
    halfway_panel(fig.add_subplot(bars[0]), result, epoch)
    over_epochs = result.race.over == "epochs"
    for place, signal in zip(grid, ("a_std", "delta_std"), strict=True):
        below = fig.add_gridspec(1, 1, top=0.46, bottom=0.105, **place)[0]
        if over_epochs:
            epochs_panel(fig.add_subplot(below), result, signal)
        else:
            _layers(fig, below, result, signal, epoch)
    if not over_epochs and not epoch:
        fig.text(0.5, 0.025, "lines: measured, dots: theory", ha="center", color=QUIET)
    fig.text(0.02, 0.935, heading(result), size=23)


def _layers(
    fig: Figure, place: SubplotSpec, result: Standings, signal: str, epoch: int | None
) -> None:
    """Draw a signal over the layers; starts that would flatten the others below, on their own."""
    near, far = _near_and_far(result, signal)
    if not far:
        layers_panel(fig.add_subplot(place), result, signal, epoch=epoch)
        return
    parts = place.subgridspec(2, 1, height_ratios=(1.5, 1), hspace=0.25)
    upper, lower = fig.add_subplot(parts[0]), fig.add_subplot(parts[1])
    layers_panel(upper, result, signal, near, epoch)
    layers_panel(lower, result, signal, far, epoch)
    lower.set_title("")
    upper.set_xlabel("")
    upper.tick_params(labelbottom=False)
    fig.align_ylabels([upper, lower])


def _near_and_far(result: Standings, signal: str) -> tuple[list[Rival], list[Rival]]:
    """Return the rivals that one axis can tell apart, and those that need another.

    Far is what leaves the start that the race is about by more than `NEAR` decades.
    """

    def decades(rival: Rival) -> Array:
        values = np.median(rival.at_start(signal), axis=0)
        return np.log10(np.clip(np.nan_to_num(values, nan=np.inf), 1e-60, 1e60))

    about = decades(result.about)
    far = [r for r in result.rivals if np.abs(decades(r) - about).max() > NEAR]
    near = [r for r in result.rivals if r not in far]
    return (near, far) if len(near) > 1 else (result.rivals, [])


def losses_panel(ax: Axes, result: Standings, epoch: int | None = None) -> Axes:
    """Draw the median loss of every rival over the epochs, and its band from 10 to 90 %.

    With an epoch, draw what is known by then, on the axes of all.
    """
    last = len(result.rivals[0].losses) - 1
    until = last if epoch is None else epoch
    mean_loss = result.dataset.mean_predictor_loss
    lines, lowest = [], mean_loss
    for rival, colour in _coloured(result.rivals):
        low, median, high = (_on_axis(losses, mean_loss) for losses in rival.band())
        lowest = min(lowest, float(low.min()))
        ended = ending(float(rival.band()[1][until])).replace("∞", "diverged")
        past = slice(0, until + 1)
        name = f"{_name(rival.start)}: {ended}"
        lines.append(Line(name, colour, low[past], median[past], high[past]))
    mean = (mean_loss, f"the mean: {number(mean_loss)}", QUIET)
    log_lines(ax, np.arange(until + 1), lines, also=[mean])
    ax.axhline(mean_loss, color=INK, linestyle=(0, (4, 3)), linewidth=1.6)
    ax.set(
        xlim=(0, last),
        ylim=(min(0.8 * lowest, 0.5 * mean_loss), 12 * mean_loss),
        xlabel="epoch",
        ylabel="loss L",
        title=who_learns(result) if until == last else "Who learns?",
    )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    _plain_ticks(ax)
    return ax


def halfway_panel(ax: Axes, result: Standings, epoch: int | None = None) -> Axes:
    """Draw how many epochs each rival needs to a loss that all are asked to reach.

    With an epoch, draw what is known by then, on the axes of all.
    """
    last = len(result.rivals[0].losses) - 1
    until = last if epoch is None else epoch
    for k, (rival, colour) in enumerate(_coloured(result.rivals)):
        epochs = result.epochs_to_target(rival)
        reached = epochs <= until
        ax.barh(k, epochs if reached else until, color=colour, alpha=1 if reached else 0.2)
        words = f"{epochs:.0f}" if reached else "never" if until == last else ""
        when = rival.usual_end
        mostly = 2 * rival.count("diverged") > result.runs
        if mostly and not reached and when is not None and when <= until:
            words = f"diverged at epoch {when}"
        at = epochs if reached else 0
        ax.text(at + 0.015 * last, k, words, va="center", weight="bold", size=17)
    names = [_name(rival.start) for rival in result.rivals]
    ax.set_yticks(range(len(names)), names)
    for label, (_, colour) in zip(ax.get_yticklabels(), _coloured(result.rivals), strict=True):
        label.set(color=colour, weight="bold")
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    to = "" if result.nobody_learns else f" to loss {number(result.target)}, halfway to the best"
    ax.set(xlim=(0, 1.1 * last), xlabel=f"epochs{to}")
    ax.set_title(who_is_there(result) if until == last else "Who is there first?")
    return ax


def epochs_panel(ax: Axes, result: Standings, signal: str) -> Axes:
    """Draw a signal where it has come to the end of its way, over the epochs of training."""
    layer = -2 if signal == "a_std" else 0
    lines = []
    for rival, colour in _coloured(result.rivals):
        low, median, high = quantiles(rival.signals[signal][:, :, layer], 0.1, 0.9)
        last = float(np.nan_to_num(median[-1], nan=np.inf))
        name = _name(rival.start) + {0.0: ": 0", np.inf: ": ∞"}.get(last, "")
        lines.append(Line(name, colour, low, median, high))
    log_lines(ax, np.arange(len(result.rivals[0].losses)), lines, limits=(1e-16, 1e16))
    where = "last" if signal == "a_std" else "first"
    ax.set(xlabel="epoch", ylabel=f"{_measure(signal)}, {where} layer")
    ax.set_title(what_becomes(result, signal))
    return ax


def layers_panel(
    ax: Axes,
    result: Standings,
    signal: str,
    rivals: Sequence[Rival] = (),
    epoch: int | None = None,
) -> Axes:
    """Draw a signal over the layers before training, with dots where theory puts it.

    Theory says by what delta changes from layer to layer, not how large the error is: its
    dots start at the delta that is measured in the last hidden layer. `rivals` are those to
    draw, all by default; with an epoch, draw the signal as it is then.
    """
    lines = []
    for rival, colour in _coloured(result.rivals):
        if rivals and rival not in rivals:
            continue
        now = rival.signals[signal][epoch or 0, :, : rival.layers]
        low, median, high = quantiles(now.T, 0.1, 0.9)
        predicted = None if epoch else result.predicted(rival)
        dots = None
        if predicted is not None:
            dots = np.array(getattr(predicted, signal)[:-1])
            if signal == "delta_std":
                with np.errstate(over="ignore"):
                    dots = dots * (median[-1] / dots[-1])
        lines.append(Line(_name(rival.start), colour, low, median, high, dots))
    layers = np.arange(1, len(lines[0].middle) + 1)
    ax.set(xlabel="layer, before training", ylabel=_measure(signal))
    if epoch is None:
        log_lines(ax, layers, lines)
        ax.set_title(what_becomes(result, signal))
        return ax
    # What explodes may leave the axis: it has three decades more than before training.
    ever = np.concatenate(
        [r.signals[signal][..., : r.layers] for r in rivals or result.rivals], axis=1
    )
    start = ever[0][np.isfinite(ever[0]) & (ever[0] > 0)]
    limits = float(start.min(initial=1)) / 1000, float(start.max(initial=1e-60)) * 1000
    log_lines(ax, layers, lines, limits, known=ever.ravel())
    ax.set(xlabel=f"layer, at epoch {epoch}", title=way(signal))
    return ax


def _measure(signal: str) -> str:
    return "std of a" if signal == "a_std" else "std of delta"


def _coloured(rivals: list[Rival]) -> list[tuple[Rival, str]]:
    return list(zip(rivals, start_colours([r.start for r in rivals]), strict=True))


def _on_axis(losses: Array, mean_loss: float) -> Array:
    """Return losses that a log axis up to 12 times the mean predictor's can show."""
    shown: Array = np.clip(np.nan_to_num(losses, nan=np.inf), 1e-12, 100 * mean_loss)
    return shown


def _name(start: Start) -> str:
    """Return a name for which there is room beside every panel: a long one without its middle."""
    if len(start.label) <= 14:
        return start_label(start)
    return plain(f"{start.label[:5]}…{start.label[-6:]}", 14)


def _plain_ticks(ax: Axes) -> None:
    """Write 0.1, 1, 10 for 10⁻¹, 10⁰, 10¹ on the axis of losses."""
    for axis in (ax.xaxis, ax.yaxis):
        if axis.get_scale() == "log":
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=12))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
