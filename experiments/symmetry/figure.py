"""The picture of ``mlp-demo symmetry``: the spread between units, and below it the loss.

Where to go next: ``command.py``.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator

from experiments.kit.style import CASE, INK, QUIET, WELL, drawable, label_ends, readable, styled
from experiments.kit.words import counted, end
from experiments.symmetry.measure import APART, Symmetry
from experiments.symmetry.text import named, spread_title, title
from mlp.arrays import Array

# The lowest spread that is drawn; what is smaller, such as 0, lies on it.
FLOOR = 1e-17
# Theory is drawn to where the first order is no longer all.
LINEAR = 0.1
# From the smallest ε on.
COLOURS = ("#009E73", "#0072B2", "#56B4E9", "#CC79A7", "#E69F00", "#000000")


def figure(result: Symmetry) -> Figure:
    """Draw the spread between units over the epochs, and under it the loss.

    Returns
    -------
    matplotlib.figure.Figure
        16:9, 1600 × 900 pixels when saved as PNG.
    """
    with styled(), np.errstate(over="ignore", invalid="ignore"):
        fig = Figure(figsize=(16, 9), dpi=100)
        places = fig.add_gridspec(
            2, 1, left=0.09, right=0.855, top=0.83, bottom=0.085, hspace=0.32,
            height_ratios=(1.7, 1),
        )  # fmt: skip
        upper = spread_panel(fig.add_subplot(places[0]), result)
        lower = loss_panel(fig.add_subplot(places[1]), result)
        for ax in (upper, lower):
            ax.set_xlim(0, shown_epochs(result))
            ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        fig.text(0.02, 0.935, title(result), size=23)
        colour = WELL if result.word in ("unstable", "apart", "broken") else CASE
        fig.text(0.98, 0.935, result.word, size=30, weight="bold", ha="right", color=colour)
    return fig


def spread_panel(ax: Axes, result: Symmetry) -> Axes:
    """Draw how far apart the units are, on a log axis; dots where theory puts them."""
    until = shown_epochs(result)
    spread = result.spread[: until + 1]
    epochs = np.arange(until + 1)
    finite = spread[np.isfinite(spread)]
    floor = FLOOR if (finite < 1e-6).any() else float(finite.min(initial=1)) / 10
    top = float(np.clip(10 * finite.max(initial=0), 1, 1e30))
    ax.set_yscale("log")
    ax.set(xlim=(0, until), ylim=(floor / 3, top))
    ax.axhline(APART, color=INK, linestyle=(0, (4, 3)), linewidth=1.6, zorder=0)
    ends = [(APART, "apart", QUIET)]
    for k, epsilon in enumerate(result.epsilons):
        colour, name = _colour(result, k), f"ε = {named(epsilon)}"
        for r in reversed(range(result.runs)):
            ax.plot(
                epochs, np.clip(spread[:, r, k], floor, top), color=colour, **_style(result, r)
            )
        if not result.alike:
            continue
        apart = result.apart_at(k)[0]
        level = 2 * float(np.sqrt(spread[0, 0, k]))  # half of the way to 1
        above = np.flatnonzero(spread[:, 0, k] > level)
        if (
            apart is None
            or apart < until / 100
            or not len(above)
            or result.diverged_at is not None
        ):
            known = spread[np.isfinite(spread[:, 0, k]), 0, k]
            last = known[-1] if len(known) else top
            ends.append((float(np.clip(last, floor, top)), name, colour))
        else:
            ax.annotate(
                name, (above[0], level), (20, -6), textcoords="offset points",
                color=readable(colour), weight="bold", va="center",
                bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none"},
            )  # fmt: skip
        if result.predicted is not None and epsilon > 0:
            theory = result.theory(k)[: until + 1]
            shown = np.flatnonzero(theory <= LINEAR)
            shown = shown[:: max(1, (until + 1) // 45)]
            ax.plot(shown, theory[shown], "o", color="white", markeredgecolor=INK, markersize=5)
    label_ends(ax, ends)
    powers = [p for p in range(-15, 31, 3 if top / floor > 1e9 else 1) if floor <= 10.0**p <= top]
    ticks = [*([floor] if floor == FLOOR else []), *(10.0**p for p in powers)]
    names = [*(["0"] if floor == FLOOR else []), *(f"$10^{{{p}}}$" for p in powers)]
    ax.yaxis.set_major_locator(FixedLocator(ticks))
    ax.yaxis.set_major_formatter(FixedFormatter(names))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set_ylabel("spread, max |w'i1 - w'i2|")
    lines = "lines: measured, dots: theory"
    if result.predicted is not None:
        ax.set_title(lines, loc="right", size=16, weight="normal", color=QUIET)
    ax.set_title(spread_title(result))
    return ax


def loss_panel(ax: Axes, result: Symmetry) -> Axes:
    """Draw the loss of the same networks over the same epochs."""
    until = shown_epochs(result)
    loss = result.loss[: until + 1]
    epochs = np.arange(until + 1)
    mean_loss = result.dataset.mean_predictor_loss
    last = loss[-1][np.isfinite(loss[-1])]
    highest = float(loss[np.isfinite(loss)].max(initial=0))
    highest_end = last.max() if len(last) else 3 * mean_loss
    top = float(np.clip(1.6 * highest_end, 0.5 * mean_loss, 3 * mean_loss))
    top = min(top, 1.1 * max(highest, mean_loss))
    ends: list[tuple[float, str, str]] = []
    for k in range(len(result.epsilons)):
        colour = _colour(result, k)
        for r in reversed(range(result.runs)):
            ax.plot(epochs, drawable(loss[:, r, k], top), color=colour, **_style(result, r))
        if not result.alike:
            ends += _counted(loss[-1, :, k], top, colour)
    if result.alike:
        ends = _ends(result, loss[-1, 0], top)
    bottom = 0.75 * float(last.min()) if len(last) else 0.0
    ax.set(xlim=(0, until), ylim=(bottom, top), ylabel="loss L")
    ax.set_xlabel("epoch" if until == result.epochs else f"epoch, the first {until}")
    ax.locator_params(axis="y", nbins=4)
    label_ends(ax, ends)
    return ax


def _ends(result: Symmetry, losses: Array, top: float) -> list[tuple[float, str, str]]:
    """Return where the loss of each ε ends; neighbours with the same number share a name."""
    order = sorted(range(len(losses)), key=lambda k: result.epsilons[k])
    ends = []
    for loss, same in groupby(order, key=lambda k: end(float(losses[k]))):
        first, *others = same
        height = float(losses[first]) if np.isfinite(losses[first]) else top
        words, colour = f"{named(result.epsilons[first])}: {loss}", _colour(result, first)
        if others:
            last = named(result.epsilons[others[-1]])
            words, colour = f"{named(result.epsilons[first])} to {last}:\n{loss}", INK
        ends.append((height, words, colour))
    return ends


def _counted(losses: Array, top: float, colour: str) -> list[tuple[float, str, str]]:
    """Return where several losses end, those that are nearly the same as one."""
    ends, counts = np.unique(losses[np.isfinite(losses)].round(2), return_counts=True)
    pairs = list(zip(ends, counts, strict=True))[:5]
    return [(min(loss, top), f"{counted(n, 'run')}: {loss:.2f}", colour) for loss, n in pairs]


def shown_epochs(result: Symmetry) -> int:
    """Return how many epochs the picture shows: all, or three times what the last ε takes."""
    apart = [a for k, e in enumerate(result.epsilons) if e > 0 for a in result.apart_at(k)]
    found = [epoch for epoch in apart if epoch is not None]
    if not result.alike or not found or len(found) < len(apart):
        return result.epochs
    return min(result.epochs, max(3 * max(found), 10))


def _colour(result: Symmetry, k: int) -> str:
    """Return vermilion for ε = 0, and one of the other colours for each other ε."""
    if result.epsilons[k] == 0:
        return CASE if result.alike else WELL
    rank = sum(0 < epsilon < result.epsilons[k] for epsilon in result.epsilons)
    return COLOURS[rank % len(COLOURS)]


def _style(result: Symmetry, r: int) -> dict[str, Any]:
    """Return how a network is drawn: the first one thick, unless it is one of many equals."""
    if not result.alike:
        return {"linewidth": 2.5, "alpha": 0.5}
    return {"linewidth": 5.0} if r == 0 else {"linewidth": 1.2, "alpha": 0.4}
