"""The picture of ``mlp-demo compare``: what each start explains, and at which rates it trains.

Where to go next: ``command.py``.
"""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.compare.measure import Candidate, Comparison
from experiments.compare.text import close_words, short_answer, title
from experiments.kit.style import CASE, INK, QUIET, WELL, plain, styled
from experiments.kit.words import counted

# How much of the variance is explained: from nothing, white, to all.
SHADES = LinearSegmentedColormap.from_list("explained", ["#FFFFFF", WELL])
# A name of more letters than this is set smaller, in lines that have the second number at most.
NAME, LONG = 17, 26


def figure(result: Comparison) -> Figure:
    """Draw what every run of every start explains, and beside it at which rates it trains.

    The best start is at the top; those that are as good are blue, those that are worse vermilion,
    and those that too few runs do not tell apart grey.

    Returns
    -------
    matplotlib.figure.Figure
        16:9, 1600 × 900 pixels when saved as PNG.
    """
    with styled():
        fig = Figure(figsize=(16, 9), dpi=100)
        rates = 0.041 * len(result.rates) if len(result.rates) > 1 else 0.0
        runs_panel(fig.add_axes((0.185, 0.1, 0.705 - rates, 0.68)), result)
        if rates:
            rates_panel(fig.add_axes((0.965 - rates, 0.1, rates, 0.68)), result)
        fig.text(0.02, 0.94, title(result), size=23)
        lines = textwrap.wrap(short_answer(result), 105)
        fig.text(0.02, 0.925, "\n".join(lines[:2]), size=17, va="top", color=INK, weight="bold")
    return fig


def runs_panel(ax: Axes, result: Comparison) -> Axes:
    """Draw what each run explains of the rows that it has not seen, a line for each start."""
    good = (1 - result.margin) * result.best.mean
    if result.margin and result.judged:
        ax.axvspan(good, result.best.mean, color=WELL, alpha=0.12, linewidth=0)
        ax.text(result.best.mean - 0.005, -0.62, close_words(result), color=WELL, size=13,
                ha="right", va="bottom")  # fmt: skip
    for k, candidate in enumerate(result.ranking):
        colour = _colour(result, candidate)
        ax.axhline(k, color="#E5E5E5", linewidth=1, zorder=0)
        spread = np.linspace(-0.2, 0.2, result.runs) if result.runs > 1 else [0.0]
        ax.plot(candidate.explained, k + np.asarray(spread), "o", color=colour, markersize=6,
                alpha=0.4, markeredgewidth=0, clip_on=False)  # fmt: skip
        ax.plot(candidate.mean, k, "|", color=colour, markersize=26, markeredgewidth=5,
                clip_on=False, zorder=3)  # fmt: skip
        name, size = _set(candidate.name)
        ax.text(-0.02, k, name, transform=ax.get_yaxis_transform(), ha="right", va="center",
                color=colour, weight="bold", size=size)  # fmt: skip
        ax.text(1.012, k, f"{candidate.mean:.2f}", transform=ax.get_yaxis_transform(),
                va="center", color=colour, weight="bold")  # fmt: skip
    ax.set(xlim=(0, 1), ylim=(len(result.ranking) - 0.4, -0.6))
    ax.set_xlabel("R²: the part of the variance that is explained (0: always the mean)")
    ax.set_title(f"On rows not seen: {counted(result.runs, 'run')}, and their mean", pad=28)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    return ax


def rates_panel(ax: Axes, result: Comparison) -> Axes:
    """Draw what each start explains at each rate; a frame where it is judged."""
    explained = np.array([np.median(c.choosing, axis=0) for c in result.ranking])
    diverges = np.array([(c.diverged_at >= 0).mean(axis=0) > 0.5 for c in result.ranking])
    ax.imshow(explained, cmap=SHADES, vmin=0, vmax=1, aspect="auto")
    for k, candidate in enumerate(result.ranking):
        for j in range(len(result.rates)):
            ax.add_patch(Rectangle((j - 0.5, k - 0.5), 1, 1, fill=False, edgecolor="white", lw=2))
            if diverges[k, j]:
                ax.plot(j, k, "x", color=QUIET, markersize=9, markeredgewidth=2.5)
        frame = Rectangle(
            (candidate.best - 0.46, k - 0.44), 0.92, 0.88, fill=False, edgecolor=INK, lw=2.5
        )
        ax.add_patch(frame)
    ax.set(xlim=(-0.5, len(result.rates) - 0.5), ylim=(len(result.ranking) - 0.4, -0.6))
    ax.set_xticks(range(len(result.rates)), [f"{rate:g}" for rate in result.rates], size=12)
    ax.set_yticks([])
    ax.set_xlabel("rate η (framed: its best)")
    if diverges.any():
        ax.set_xlabel("rate η (framed: its best, ×: diverges)", size=13)
    ax.set_title("… at every rate", pad=28)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def _set(name: str) -> tuple[str, float]:
    """Return a name and the size of its letters: a long one is small and broken at its colon."""
    if len(name) <= NAME:
        return plain(name, NAME), rcParams["font.size"]
    first, colon, second = name.partition(":")
    return "\n".join(plain(part, LONG) for part in (first + colon, second) if part), 12


def _colour(result: Comparison, candidate: Candidate) -> str:
    if result.nobody_learns or candidate in result.worse:
        return CASE
    return QUIET if result.too_few else WELL
