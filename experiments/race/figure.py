"""The pictures of the races ``random``, ``xavier`` and ``he``."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from experiments.kit.style import (
    CASE,
    INK,
    QUIET,
    WELL,
    Line,
    log_lines,
    start_colours,
    start_label,
    styled,
)
from experiments.kit.training import quantiles
from experiments.kit.words import ending, number, shape
from experiments.race.measure import Comparison, Rival
from mlp.arrays import Array


def figure(result: Comparison) -> Figure:
    """Draw how the rivals of a race train, how long each takes, and where their signals go.

    Returns
    -------
    matplotlib.figure.Figure
        16:9, 1600 × 900 pixels when saved as PNG.
    """
    with styled():
        fig = Figure(figsize=(16, 9), dpi=100)
        grid = fig.add_gridspec(
            2, 2, left=0.065, right=0.875, top=0.83, bottom=0.105, wspace=0.9, hspace=0.55
        )
        losses_panel(fig.add_subplot(grid[0, 0]), result)
        halfway_panel(fig.add_subplot(grid[0, 1]), result)
        over_epochs = result.race is not None and result.race.over == "epochs"
        panel = epochs_panel if over_epochs else layers_panel
        panel(fig.add_subplot(grid[1, 0]), result, "a_std")
        panel(fig.add_subplot(grid[1, 1]), result, "delta_std")
        title = result.race.title if result.race else "Comparison"
        heading = f"{title} ({shape(result.sizes)}, {result.settings.activation})"
        fig.text(0.02, 0.935, heading, size=23)
        word = result.verdict().word
        colour = WELL if word == "learning" else CASE
        fig.text(0.98, 0.935, word, size=30, weight="bold", ha="right", color=colour)
        if not over_epochs:
            fig.text(0.5, 0.025, "lines: measured, dots: theory", ha="center", color=QUIET)
    return fig


def losses_panel(ax: Axes, result: Comparison) -> Axes:
    """Draw the median loss of every rival over the epochs, and its band from 10 to 90 %."""
    epochs = np.arange(len(result.rivals[0].losses))
    mean_loss = result.dataset.mean_predictor_loss
    lines = []
    for rival, colour in _coloured(result.rivals):
        low, median, high = (_on_axis(losses, mean_loss) for losses in rival.band())
        name = f"{start_label(rival.start.name)}: {ending(rival.final_band()[1])}"
        lines.append(Line(name, colour, low, median, high))
    log_lines(ax, epochs, lines, gap=0.15)
    lowest = min(float(line.low.min()) for line in lines)
    ax.axhline(mean_loss, color=INK, linestyle=(0, (4, 3)), linewidth=1.6)
    ax.set(
        ylim=(min(0.8 * lowest, 0.5 * mean_loss), 12 * mean_loss),
        xlabel="epoch",
        title="Loss (dashed: the mean)",
    )
    _plain_ticks(ax)
    return ax


def halfway_panel(ax: Axes, result: Comparison) -> Axes:
    """Draw how many epochs each rival needs to a loss that all are asked to reach."""
    last = len(result.rivals[0].losses) - 1
    for k, (rival, colour) in enumerate(_coloured(result.rivals)):
        epochs = result.epochs_to_target(rival)
        reached = np.isfinite(epochs)
        ax.barh(k, epochs if reached else last, color=colour, alpha=1 if reached else 0.2)
        words = f"{epochs:.0f}" if reached else "never"
        if (
            not reached
            and rival.usual_end is not None
            and 2 * rival.count("diverged") > result.runs
        ):
            words = f"diverged at epoch {rival.usual_end}"
        at = epochs if reached else 0
        ax.text(at + 0.015 * last, k, words, va="center", weight="bold", size=17)
    names = [start_label(rival.start.name) for rival in result.rivals]
    ax.set_yticks(range(len(names)), names)
    for label, (_, colour) in zip(ax.get_yticklabels(), _coloured(result.rivals), strict=True):
        label.set(color=colour, weight="bold")
    ax.invert_yaxis()
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    title = (
        "No start learns" if result.nobody_learns else f"Epochs to loss {number(result.target)}"
    )
    ax.set(xlim=(0, 1.1 * last), xlabel="epochs", title=title)
    return ax


def epochs_panel(ax: Axes, result: Comparison, signal: str) -> Axes:
    """Draw a signal where it has come to the end of its way, over the epochs of training."""
    forward = signal.startswith("a")
    layer = -2 if forward else 0
    lines = []
    for rival, colour in _coloured(result.rivals):
        low, median, high = quantiles(rival.signals[signal][:, :, layer], 0.1, 0.9)
        last = float(np.nan_to_num(median[-1], nan=np.inf))
        name = start_label(rival.start.name) + {0.0: ": 0", np.inf: ": ∞"}.get(last, "")
        lines.append(Line(name, colour, low, median, high))
    log_lines(ax, np.arange(len(result.rivals[0].losses)), lines, limits=(1e-16, 1e16))
    where = "last" if forward else "first"
    ax.set(xlabel=f"epoch, in the {where} hidden layer", title=_title(signal))
    return ax


def layers_panel(ax: Axes, result: Comparison, signal: str) -> Axes:
    """Draw a signal over the layers before training, with dots where theory puts it.

    Theory says by what delta changes from layer to layer, not how large the error is: its
    dots start at the delta that is measured in the last hidden layer.
    """
    lines = []
    for rival, colour in _coloured(result.rivals):
        low, median, high = quantiles(rival.at_start(signal).T, 0.1, 0.9)
        predicted = result.predicted(rival)
        dots = None
        if predicted is not None:
            dots = np.array(getattr(predicted, signal)[:-1])
            if signal.startswith("delta"):
                with np.errstate(over="ignore"):
                    dots = dots * (median[-1] / dots[-1])
        lines.append(Line(start_label(rival.start.name), colour, low, median, high, dots))
    log_lines(ax, np.arange(1, len(lines[0].middle) + 1), lines)
    ax.set(xlabel="layer, before training", title=_title(signal))
    return ax


def _coloured(rivals: list[Rival]) -> list[tuple[Rival, str]]:
    return list(zip(rivals, start_colours([r.start.name for r in rivals]), strict=True))


def _on_axis(losses: Array, mean_loss: float) -> Array:
    """Return losses that a log axis up to 12 times the mean predictor's can show."""
    shown: Array = np.clip(np.nan_to_num(losses, nan=np.inf), 1e-12, 100 * mean_loss)
    return shown


def _title(signal: str) -> str:
    return "Signal: std of a" if signal.startswith("a") else "Gradient: std of δ"


def _plain_ticks(ax: Axes) -> None:
    """Write 0.1, 1, 10 for 10⁻¹, 10⁰, 10¹ on the axis of losses."""
    for axis in (ax.xaxis, ax.yaxis):
        if axis.get_scale() == "log":
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=12))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
