"""The moving picture of a race: losses, epochs needed and signals, in step over the epochs.

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

from experiments.kit import film as films
from experiments.kit.style import INK, QUIET, start_colours
from experiments.race.figure import race_panels
from experiments.race.measure import Standings


def frame_epochs(result: Standings) -> list[int]:
    """Choose the epochs to show, by the change of the logarithms of the median losses."""
    medians = np.stack([rival.band()[1] for rival in result.rivals], axis=-1)
    with np.errstate(divide="ignore"):
        return films.moments(np.log(medians))


def draw_frame(fig: Figure, epoch: int, whole: Standings) -> None:
    """Draw one epoch of the finished race `whole`."""
    race_panels(fig, whole, epoch)
    fig.text(0.98, 0.935, f"epoch {epoch}", size=30, ha="right", color=QUIET)


def film(whole: Standings, path: Path) -> AbstractContextManager[Callable[[int], None]]:
    """Return a context that yields a function which adds the frame of an epoch."""
    assert whole.race is not None
    title = f"{whole.race.title}, {whole.settings.activation}"
    colours = [*start_colours([rival.start for rival in whole.rivals]), QUIET, INK]
    return films.film(path, title, colours, partial(draw_frame, whole=whole))
