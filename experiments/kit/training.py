"""Training: networks drawn and trained as the settings say, and what became of them.

Where to go next: the rooms, ``case/`` first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.kit.claims import LEARNED, Setback
from experiments.kit.settings import Settings, Step
from experiments.kit.sizes import of_training, require
from experiments.kit.starts import Start
from mlp import MLP, History, diagnostics, train
from mlp.arrays import Array
from mlp.optimizers import Optimizer

# A gradient below this is the rounding of a sum of numbers of about 1.
NO_GRADIENT = 1e-15


# The children of the seed: what draws from which. Changing one never changes another.
WEIGHTS, BATCHES = 0, 1
HELD_OUT = 2  # of train and compare: which rows are held out
DIRECTION = 2  # of symmetry: where ε points
INPUTS, ERRORS = 1, 2  # of propagate: what is sent in, and what is sent back


def setback(loss: Array, mean_loss: float) -> Setback | None:
    """Return what is wrong with how the loss ended; None if nothing is.

    Parameters
    ----------
    loss : numpy.ndarray, shape (epochs + 1,)
        Per epoch, before training and after each.
    mean_loss : float
        Of always answering the mean.

    Examples
    --------
    >>> setback(np.array([1.5, 0.8, 0.4]), 1.0)
    >>> setback(np.array([1.5, 0.8, 3.7]), 1.0).what
    'It ended above the mean (lowest 0.800 at epoch 1)'
    >>> setback(np.array([7.1, 9.0, 1e28]), 1.0).what
    'Exploding: loss 7.10 → 1.0e28'
    """
    if not len(loss) or not np.isfinite(loss).all():
        return None
    first, last, lowest = float(loss[0]), float(loss[-1]), float(loss.min())
    exploded = last > 1000 * max(mean_loss, first)
    if exploded or (last > mean_loss and lowest <= LEARNED * mean_loss):
        return Setback(exploded, first, lowest, int(loss.argmin()), last)
    return None


def verdict_word(
    diverged: bool, lowest_loss: float, mean_loss: float, distinct: int, units: int
) -> str:
    """Return what became of a network in one word.

    Examples
    --------
    >>> verdict_word(False, 0.3, 1.0, 1, 2), verdict_word(False, 0.3, 1.0, 2, 2)
    ('symmetric', 'learning')
    """
    if diverged:
        return "diverged"
    if lowest_loss > LEARNED * mean_loss:
        return "stalled"
    return "symmetric" if distinct < units else "learning"


def distinct_units(network: MLP) -> NDArray[np.intp]:
    """Return how many hidden units of each member differ from one another."""
    with np.errstate(over="ignore", invalid="ignore"):
        trace = network.forward(np.zeros((1, network.sizes[0])))
        gradients = network.backward(trace, np.zeros_like(trace.output))
        distinct: NDArray[np.intp] = diagnostics.distinct_units(network, trace, gradients).sum(-1)
    return distinct


def verdict_words(
    history: History, distinct: NDArray[np.intp], units: int, mean_loss: float
) -> NDArray[np.str_]:
    """Return what became of every member of a stack of networks with so many hidden units."""
    lowest = np.where(np.isfinite(history.loss), history.loss, np.inf).min(axis=0)
    words = [
        verdict_word(diverged >= 0, low, mean_loss, int(left), units)
        for diverged, low, left in zip(
            history.diverged_at.flat, lowest.flat, distinct.flat, strict=True
        )
    ]
    return np.array(words).reshape(history.diverged_at.shape)


def networks(
    sizes: Sequence[int], activation: str, start: Start, seed: int, members: Iterable[int]
) -> list[MLP]:
    """Return networks that start alike but for the seed: a child of `seed` for each member."""
    members = list(members)
    require(of_training(sizes, 0, len(members)))
    return [
        MLP(
            sizes,
            activation=activation,
            kernel_initializer=start.kernel.initializer(),
            bias_initializer=start.bias.initializer(),
            seed=np.random.SeedSequence(seed, spawn_key=(WEIGHTS, r)),
        )
        for r in members
    ]


def fit(
    network: MLP,
    x: Array,
    y: Array,
    *,
    settings: Settings,
    on_epoch: Step | None = None,
    optimizer: Optimizer | None = None,
    probes: Mapping[str, Any] | None = None,
) -> History:
    """Train a network or a stack as the settings say, and return its history."""
    sizes, members = network.sizes, int(np.prod(network.stack_shape))
    # Probes look at all members at once, and keep a few numbers of each layer, or of its units.
    each = 1 + (max(sizes) + 5 * (len(sizes) - 1) if probes else 0)
    kept = members * (settings.epochs + 1) * each
    require(of_training(sizes, x.shape[-2], members if probes else 1, kept))
    return train(
        network,
        x,
        y,
        optimizer=optimizer or settings.new_optimizer(),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        seed=np.random.SeedSequence(settings.seed, spawn_key=(BATCHES,)),
        probes=probes or {},
        on_epoch=None if on_epoch is None else lambda epoch, loss: on_epoch(),
    )


def median_run(final_losses: Array) -> int:
    """Return the index of the median; a run that diverged counts as the worst."""
    order = np.argsort(np.nan_to_num(final_losses, nan=np.inf), kind="stable")
    return int(order[(len(order) - 1) // 2])


def member(history: History, r: int) -> History:
    """Return the history of one member of a stack."""
    return History(
        loss=history.loss[:, r],
        probes={name: values[:, r] for name, values in history.probes.items()},
        diverged_at=history.diverged_at[r],
    )


def quantiles(values: Array, low: float, high: float) -> tuple[Array, Array, Array]:
    """Return the median of each row between two of its values; ∞ is a value like others.

    The low and the high one are the values at those parts of the sorted row, not between two.
    """
    order = np.sort(values, axis=-1)
    last = values.shape[-1] - 1
    lower, middle, upper = (order[..., round(q * last)] for q in (low, 0.5, high))
    if last % 2:
        with np.errstate(invalid="ignore"):
            middle = (order[..., last // 2] + order[..., last // 2 + 1]) / 2
    return lower, middle, upper
