"""The moving picture of a case: network, gradients, surface and loss, in step over the epochs.

Every frame is drawn by the panels of the picture, from what is known at that epoch. The titles
say what became of it in the last frame only: before it, the class can still guess.

Where to go next: ``command.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.case.figure import (
    NEGATIVE,
    UNITS,
    four_panels,
    gradient_panel,
    loss_colours,
    loss_panel,
    page_heading,
    surface_panel,
    weights_panel,
)
from experiments.case.measure import Result
from experiments.kit import film as films
from experiments.kit.style import INK, QUIET


def frame_epochs(result: Result) -> list[int]:
    """Choose the epochs to show, by the change of ln L and of the gradients of the units."""
    past = slice(0, result.last_epoch + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_loss = np.log(result.history.loss[past])
    return films.moments(log_loss, result.history["unit_gradients"][past])


def draw_frame(fig: Figure, now: Result, whole: Result) -> None:
    """Draw one epoch of the finished run `whole`: what is known of it by `now`."""
    loss, gradients, network, surface = four_panels(fig)
    loss_panel(loss, now, whole)
    gradient_panel(gradients, now, whole)
    weights_panel(network, now, whole)
    surface_panel(surface, now, whole)
    page_heading(fig, whole)
    fig.text(0.98, 0.935, f"epoch {now.last_epoch}", size=30, ha="right", color=QUIET)


def film(whole: Result, path: Path) -> AbstractContextManager[Callable[[Result], None]]:
    """Return a context that yields a function for ``measure.replay``, which adds a frame.

    The axes of all frames are those of the finished run `whole`; see `experiments.kit.film.film`.
    """
    title = f"{whole.case.title}, {whole.settings.activation}"
    colours = [*loss_colours(whole), QUIET, INK, NEGATIVE, *UNITS[:3]]
    return films.film(path, title, colours, partial(draw_frame, whole=whole))
