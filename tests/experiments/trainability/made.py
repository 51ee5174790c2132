"""Maps made by hand: losses that somebody thought of instead of training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from experiments.data import load
from experiments.trainability.lesson import MAPPED
from experiments.trainability.measure import Trainability, usual_scales

PENGUINS = load()


def made(
    held_out: ArrayLike,
    sigma_w: Sequence[float],
    depths: Sequence[int],
    activation: str = "tanh",
    against: str = "depth",
    rates: Sequence[float] = (0.1,),
) -> Trainability:
    """Return a map with these losses: rows, columns."""
    losses = np.array(held_out, dtype=float)[..., np.newaxis, np.newaxis]
    return Trainability(
        settings=MAPPED.settings(activation=activation, hidden=(50,) * depths[-1]),
        dataset=PENGUINS,
        against=against,
        sigma_w=np.array(sigma_w, dtype=float),
        depths=tuple(depths),
        rates=tuple(rates),
        runs=1,
        sigma_b=0.0,
        losses=losses / 2,
        held_out_losses=losses,
        seen=200,
        unseen=142,
    )


def by_theory(activation: str, multiple: float = 8.0) -> Trainability:
    """Return a map that trains to exactly so many depth scales, and diverges far above."""
    depths, scales = (3, 5, 10, 20, 40), usual_scales(activation, 50)
    empty = made(np.ones((len(depths), len(scales))), scales, depths, activation)
    deep = np.array(depths)[:, np.newaxis]
    losses = np.where(deep <= multiple * empty.depth_scale, 0.3, 1.0)
    losses[(losses == 1.0) & (empty.sigma_w > 2 * (empty.edge or 1))] = np.inf
    return made(losses, scales, depths, activation)
