"""The picture of ``mlp-demo train``: the loss of both kinds of rows, and answers against truth."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from experiments.fitting.measure import Fit
from experiments.kit.style import CASE, INK, QUIET, WELL, drawable, label_ends, plain, styled
from experiments.kit.words import number, shape

# The most rows that are drawn as dots.
DOTS = 2000
# How many times the loss of always the mean is the most that is drawn.
HIGHEST = 1e4


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
    """Draw the loss on the rows to learn from, on those held out, and of always the mean."""
    lines = [("learned from", fit.model.loss, CASE), ("held out", fit.model.held_out_loss, WELL)]
    mean_loss = fit.dataset.mean_predictor_loss
    drawn = [(name, loss, colour) for name, loss, colour in lines if np.isfinite(loss).any()]
    values = np.concatenate([loss[np.isfinite(loss)] for _, loss, _ in drawn] + [[mean_loss]])
    positive = values[values > 0]
    log = bool(values.max() > 30 * positive.min())
    top = min(float(values.max()) * (1.5 if log else 1.1), HIGHEST * mean_loss)
    last = max(len(fit.model.loss) - 1, fit.diverged_at, 1)
    ends = [(mean_loss, f"always the\nmean {number(mean_loss)}", QUIET)]
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
    if fit.diverged_at >= 0:
        ax.axvline(fit.diverged_at, color=CASE, linewidth=1.6)
        ax.text(
            0.5, 0.62, f"diverged at epoch {fit.diverged_at}", color=CASE, size=22, weight="bold",
            ha="center", transform=ax.transAxes, bbox={"facecolor": "white", "edgecolor": "none"},
        )  # fmt: skip
    label_ends(ax, ends)
    title = {
        "diverged": "The loss explodes",
        "stalled": "Never better than the mean",
        "symmetric": "It learns, but as fewer units would",
        "learning": "The loss falls",
    }[fit.verdict().word]
    if fit.diverged_at < 0 and fit.setback:
        title = fit.setback.title
    elif fit.verdict().word == "learning" and _worse_than_the_mean(fit):
        title = "It learns its own rows only"
    ax.set_title(title)
    return ax


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
    which = "held out" if len(fit.held_out_x) else "it learned from"
    ax.set_title(f"On the rows {which}" if sensible else "No sensible answer is left")
    return ax


def _worse_than_the_mean(fit: Fit) -> bool:
    held_out = fit.model.held_out_loss
    return bool(len(held_out) and held_out[-1] > fit.held_out_mean_loss)
