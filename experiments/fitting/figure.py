"""The picture of ``mlp-demo train``: the loss of both kinds of rows, and answers against truth.

Where to go next: ``command.py``.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from experiments.fitting.outcome import Fit
from experiments.fitting.text import describe_r2, loss_title
from experiments.kit.style import CASE, INK, QUIET, WELL, drawable, label_ends, plain, styled
from experiments.kit.words import number, shape

# The most rows that are drawn as dots.
DOTS = 2000
# How many times the loss of always the mean is the most that is drawn.
HIGHEST = 1e4
# How many times the first and the last loss is the most that is drawn of a spike between.
SPIKE = 2


def figure(fit: Fit) -> Figure:
    """Draw the loss over the epochs, and what the network answers against the truth.

    Returns
    -------
    matplotlib.figure.Figure
        16:9, 1600 × 900 pixels when saved as PNG.
    """
    with styled():
        fig = Figure(figsize=(16, 9), dpi=100)
        left = fig.add_gridspec(1, 1, left=0.07, right=0.47, top=0.8, bottom=0.11)
        right = fig.add_gridspec(1, 1, left=0.68, right=0.97, top=0.8, bottom=0.11)
        loss_panel(fig.add_subplot(left[0]), fit)
        answers_panel(fig.add_subplot(right[0]), fit)
        verdict = fit.verdict()
        model = fit.model
        settings = f"({shape(model.network.sizes)}, {model.settings.activation}, {model.start})"
        fig.text(0.02, 0.92, f"{plain(fit.table.name, 24)} {plain(settings, 44)}", size=23)
        fig.text(
            0.98, 0.92, verdict.word, size=30, weight="bold", ha="right",
            color=WELL if verdict.word == "learning" and not fit.setback else CASE,
        )  # fmt: skip
    return fig


def loss_panel(ax: Axes, fit: Fit) -> Axes:
    """Draw the loss on the rows to learn from and on those held out, and of always the mean.

    A dot marks the epoch that is kept. A spike leaves the axes, so that the rest is seen.
    """
    model, mean_loss = fit.model, fit.dataset.mean_predictor_loss
    lines = [("learned from", model.loss, CASE), ("held out", model.held_out_loss, WELL)]
    drawn = [(name, loss, colour) for name, loss, colour in lines if np.isfinite(loss).any()]
    values = np.concatenate([loss[np.isfinite(loss)] for _, loss, _ in drawn] + [[mean_loss]])
    positive = values[values > 0]
    ended = [float(loss[k]) for _, loss, _ in drawn for k in (0, -1) if np.isfinite(loss[k])]
    highest = min(float(values.max()), SPIKE * max([mean_loss, *ended]), HIGHEST * mean_loss)
    log = bool(highest > 30 * positive.min())
    top = highest * (1.5 if log else 1.1)
    last = max(len(model.loss) - 1, fit.diverged_at, 1)
    always = f"always the mean\n{number(mean_loss)}"
    if len(model.held_out_loss):
        always += f" (··· {number(fit.held_out_mean_loss)})"
    ends = [(mean_loss, always, QUIET)]
    for name, loss, colour in drawn:
        shown = drawable(np.where(loss > 0, loss, np.nan), top)
        ax.plot(shown, color=colour, linewidth=5, marker="o" if len(shown) < 3 else None)
        last_loss = float(loss[-1])
        ends.append((min(last_loss, top), f"{name}\n{number(last_loss)}", colour))
    ax.plot([0, last], [mean_loss] * 2, color=INK, linestyle=(0, (4, 3)), linewidth=1.6)
    ax.set(xlim=(0, last), xlabel="epoch", ylabel="loss L")
    if log:
        ax.set_yscale("log")
        ax.set_ylim(float(positive.min()) / 1.5, top)
        ax.yaxis.set_major_locator(LogLocator(numticks=6))
        ax.yaxis.set_major_formatter(lambda value, place: number(value))
        ax.yaxis.set_minor_formatter(NullFormatter())
    else:
        ax.set_ylim(0, top)
        ax.yaxis.set_major_locator(MaxNLocator(6))
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    if len(model.held_out_loss):
        _held_out_marks(ax, fit, last)
    if values.max() > top and fit.diverged_at < 0 and not fit.setback:
        words = f"▲ up to {number(values.max())}"
        ax.text(1.03, 1, words, color=QUIET, va="top", transform=ax.transAxes)
    if fit.diverged_at >= 0:
        ax.axvline(fit.diverged_at, color=CASE, linewidth=1.6)
        ax.text(
            0.5, 0.62, f"diverged at epoch {fit.diverged_at}", color=CASE, size=22, weight="bold",
            ha="center", transform=ax.transAxes, bbox={"facecolor": "white", "edgecolor": "none"},
        )  # fmt: skip
    label_ends(ax, ends)
    ax.set_title(loss_title(fit))
    return ax


def _held_out_marks(ax: Axes, fit: Fit, last: int) -> None:
    """Draw always the mean of the rows held out, and the epoch that is kept."""
    model, epoch = fit.model, fit.model.kept_epoch
    ax.plot([0, last], [fit.held_out_mean_loss] * 2, color=WELL, linestyle=(0, (1, 2)), lw=1.6)
    ax.plot(
        epoch, model.held_out_loss[epoch], "o", markersize=15, color="white",
        markeredgecolor=WELL, markeredgewidth=4, zorder=4, clip_on=False,
    )  # fmt: skip
    if fit.diverged_at < 0:
        side = "left" if epoch < last / 2 else "right"
        at = epoch, float(model.held_out_loss[epoch])
        height = ax.transAxes.inverted().transform(ax.transData.transform(at))[1]
        below = height > 0.15 and at[1] < model.loss[epoch]  # the other line is above it
        ax.annotate(
            f"kept: epoch {epoch}", at, (0, -36 if below else 36), va="center",
            textcoords="offset points", color=WELL, weight="bold", ha=side, size=14,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 2, "alpha": 0.8},
        )  # fmt: skip


def answers_panel(ax: Axes, fit: Fit) -> Axes:
    """Draw what the network answers against the truth, for the first target."""
    truth, answers = (values[:, 0] for values in fit.judged_rows())
    step = -(-len(truth) // DOTS)
    known = np.append(fit.model.y_scale.back(fit.dataset.y)[:, 0], truth)
    ends = [known.min(), known.max()]
    ax.plot(ends, ends, color=QUIET, linewidth=2)
    sensible = bool((np.abs(answers - truth) < 100 * np.ptp(ends)).all())
    if sensible:
        ax.scatter(
            truth[::step],
            answers[::step],
            s=30 if len(truth) > 20 else 150,
            color=CASE,
            alpha=0.6,
            linewidth=0,
        )
    name = plain(fit.model.targets[0], 30)
    ax.set(xlabel=f"{name}: the truth", ylabel="what it answers")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(4))
    title = "Rows held out" if len(fit.held_out_x) else "Rows learned from"
    if sensible and len(fit.model.targets) == 1:
        title += f": R² {describe_r2(fit.explained)}"
    ax.set_title(title if sensible else "No sensible answer is left")
    return ax
