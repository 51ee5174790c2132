"""Style: the colours, sizes and file formats of every figure.

Colours are Okabe and Ito's, which colour-blind people can tell apart: vermilion is the case,
blue the same network started well, grey what to compare with.

Where to go next: ``case.py``.
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

from experiments.cases import number
from mlp.arrays import Array
from mlp.files import check_writable, replacing

CASE, WELL, QUIET, INK = "#D55E00", "#0072B2", "#767676", "#222222"
# For starts that are compared, in the order in which they are given.
STARTS = ("#009E73", "#D55E00", "#0072B2", "#56B4E9", "#CC79A7", "#E69F00", "#000000", "#999999")
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
# The formats of figures, and how to write the same bytes for the same picture: without dates.
# For PNG, level 1 takes half the time of matplotlib's 6 and makes files 8 % larger.
FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"pil_kwargs": {"compress_level": 1}},
    ".svg": {"metadata": {"Date": None}},
    ".pdf": {"metadata": {"CreationDate": None, "ModDate": None}},
}


def styled() -> AbstractContextManager[None]:
    """Return a context in which matplotlib draws in the style of this project."""
    return mpl.rc_context(STYLE)  # type: ignore[arg-type]


def check_path(path: Path) -> None:
    """Refuse a figure that could not be written, before anything is computed.

    Raises
    ------
    ValueError
        If matplotlib has no format of that suffix.
    OSError
        If the folder is missing or read-only, or it is a folder itself.
    """
    if path.suffix.lower() not in FORMATS:
        raise ValueError(
            f"'{path.name}' does not end in a format of figures: {', '.join(FORMATS)}"
        )
    check_writable(path)


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


def label_ends(ax: Axes, ends: Sequence[tuple[float, str, str]], gap: float = 0.12) -> None:
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


def loss_end(loss: Array, top: float, name: str, colour: str) -> tuple[float, str, str]:
    """Return where a loss ends, with its name and number, for `label_ends`."""
    last = float(loss[-1])
    if not np.isfinite(last):
        return top, f"{name}\ndiverged", colour
    return last, f"{name}\n{number(last)}", colour


def drawable(loss: Array, top: float) -> Array:
    """Return the loss with what no axis can hold clipped just above the top."""
    drawn: Array = np.where(np.isfinite(loss), np.minimum(loss, 2 * top), np.nan)
    return drawn


def plain(words: str, length: int) -> str:
    """Return a user's words as they are, without mathematics, and cut to a length."""
    words = words if len(words) <= length else f"{words[: length - 1]}…"
    return words.replace("$", r"\$")


def pretty(column: str) -> str:
    """Turn bill_length_mm into bill length (mm)."""
    words = column.replace("$", r"\$").split("_")
    if words[-1] in {"mm", "cm", "m", "g", "kg", "s"} and len(words) > 1:
        return f"{' '.join(words[:-1])} ({words[-1]})"
    return " ".join(words)
