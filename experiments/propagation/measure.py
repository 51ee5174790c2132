"""Propagation: how far a signal travels through a deep network before any training.

One forward and one backward pass, in many networks at once as a stack. The inputs are
independent normal numbers and so is the gradient at the output, which does not depend on the
weights: then `mlp.theory` says exactly what a wide network must show, and the two stand side
by side. It prints and draws nothing.

Where to go next: ``text.py`` and ``figure.py``, which read the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.kit.settings import Expect, unwatched
from experiments.kit.sizes import of_training, require
from experiments.kit.starts import Start
from experiments.kit.training import ERRORS, INPUTS, networks
from mlp import MLP, diagnostics, theory
from mlp.arrays import Array
from mlp.network import child_rng

# What is measured in each hidden layer, in the order in which it is told.
MEASURES = {
    "z_std": diagnostics.z_std,
    "a_std": diagnostics.a_std,
    "delta_std": diagnostics.delta_std,
    "dW_rms": diagnostics.dW_rms,
    "saturated": diagnostics.saturated,
    "dead": diagnostics.dead,
}
# About how many numbers of one kind are held at once.
CHUNK = 10_000_000


@dataclass(frozen=True)
class Journey:
    """The signals of one start, layer by layer.

    Attributes
    ----------
    start : Start
        How the weights were drawn.
    measured : dict of numpy.ndarray, shapes (runs, depth)
        `MEASURES`, for every network and hidden layer.
    predicted : mlp.theory.Signal or None
        What theory says; None where the initializer declares no variance or has a mean.
    answers : list of numpy.ndarray
        a of every hidden layer of the first network, for histograms.
    """

    start: Start
    measured: dict[str, Array]
    predicted: theory.Signal | None
    answers: list[Array]

    def median(self, measure: str) -> Array:
        """Return the median over the networks, per layer."""
        median: Array = np.median(self.measured[measure], axis=0)
        return median

    def band(self, measure: str) -> tuple[Array, Array]:
        """Return the 10 % and 90 % quantiles over the networks, per layer."""
        low, high = np.quantile(self.measured[measure], [0.1, 0.9], axis=0)
        return low, high

    def theory(self, measure: str) -> list[float] | None:
        """Return what theory says of the hidden layers, or None where it is silent."""
        values = getattr(self.predicted, measure, None)
        return None if values is None else values[:-1]

    @property
    def forward(self) -> float:
        """By what a grows per layer, from the first hidden layer to the last; if there is but
        one, from the inputs, whose std is 1.
        """  # noqa: D205
        return _per_layer(self.median("a_std"))

    @property
    def backward(self) -> float:
        """By what delta grows per layer on its way back, from the last hidden layer to the
        first; if there is but one, from the output, where its std is 1.
        """  # noqa: D205
        return _per_layer(self.median("delta_std")[::-1])

    @property
    def lost_at(self) -> int | None:
        """The first layer, from 1, where std a is below a hundredth of the inputs' or
        a hundred times above it; None if it is nowhere.
        """  # noqa: D205
        a = self.median("a_std")
        lost = np.flatnonzero((a < 0.01) | (a > 100) | ~np.isfinite(a))
        return int(lost[0]) + 1 if len(lost) else None

    def _arrives(self, factor: float) -> bool:
        """Return whether a tenth is left, and no more than tenfold, of what changes so per layer.

        Of one layer a half is asked for: it tells where many would lead.
        """
        layers = len(self.median("a_std")) - 1
        least, total = (0.1, factor**layers) if layers else (0.5, factor)
        return least <= total <= 1 / least

    @property
    def saturation(self) -> float:
        """The part of all a that are saturated."""
        return float(self.median("saturated").mean())

    @property
    def silent_from(self) -> int | None:
        """The first layer, from 1, where std a is 0; None if it is nowhere."""
        silent = np.flatnonzero(self.median("a_std") == 0)
        return int(silent[0]) + 1 if len(silent) else None

    @property
    def still_below(self) -> int | None:
        """The last layer, from 1, where delta is 0, as it is below; None if it is nowhere."""
        still = np.flatnonzero(self.median("delta_std") == 0)
        return int(still[-1]) + 1 if len(still) else None

    @property
    def lost(self) -> tuple[str, float] | None:
        """The "signal" or the "gradient", if it does not arrive, with its factor per layer."""
        ways = (("signal", self.forward), ("gradient", self.backward))
        return next(((name, factor) for name, factor in ways if not self._arrives(factor)), None)

    @property
    def keeps(self) -> bool:
        """Whether signal and gradient both arrive, and most units are not saturated."""
        return self.saturation <= 0.5 and self.lost is None

    @property
    def word(self) -> str:
        """What becomes of the signal, in a word or two."""
        if self.silent_from:
            return "no signal"
        if self.saturation > 0.5:
            return "saturates"
        if self.still_below:
            return "no gradient"
        if self.lost is None:
            return "keeps its size"
        name, factor = self.lost
        less, more = ("vanishes", "explodes") if len(self.answers) > 1 else ("shrinks", "grows")
        return f"{name} {less if factor < 1 else more}"


@dataclass(frozen=True)
class Propagation:
    """All journeys through networks of one shape.

    Attributes
    ----------
    activation, width, depth, rows, runs, seed
        What was run: `depth` hidden layers of `width` units, `runs` networks.
    journeys : list of Journey
        One for each start.
    about : str
        What a paper says of it.
    """

    activation: str
    width: int
    depth: int
    rows: int
    runs: int
    seed: int
    journeys: list[Journey]
    about: str = ""


def propagate(
    starts: Sequence[Start],
    *,
    activation: str = "tanh",
    width: int = 250,
    depth: int = 10,
    rows: int = 100,
    runs: int = 20,
    seed: int = 0,
    expect: Expect = unwatched,
) -> Propagation:
    """Measure z, a, delta and dW in every layer, before training.

    Parameters
    ----------
    starts : sequence of Start
        How the weights are drawn, such as ``[named_start("small")]``.
    activation : str
        Of the hidden layers; the output is linear.
    width, depth : int
        Units of every layer, inputs and outputs too; number of hidden layers.
    rows : int
        How many inputs are sent through.
    runs : int
        How many networks.
    seed : int
        Weights, inputs and output gradients draw from separate children of it.
    expect : callable (steps) -> callable, optional
        Told how many stacks there will be, it returns what to call after each.

    Returns
    -------
    Propagation

    Raises
    ------
    ValueError
        If a number is out of range or a name is unknown.

    Examples
    --------
    >>> from experiments.kit.starts import named_start
    >>> small = propagate([named_start("small")], width=100, depth=4, runs=3)
    >>> small.journeys[0].word
    'signal vanishes'
    """
    require((depth + 1) * of_training([width, width], rows))
    sizes = [width] * (depth + 2)
    x = child_rng(seed, INPUTS).standard_normal((rows, width))
    error = child_rng(seed, ERRORS).standard_normal((rows, width))
    size = _chunk(width, depth, rows)
    step = expect(len(starts) * -(-runs // size))
    journeys = []
    for start in starts:
        draw = start.kernel.initializer()
        predicted = theory.signal(sizes, activation, draw, (x**2).mean(axis=-1))
        chunks: dict[str, list[Array]] = {name: [] for name in MEASURES}
        answers: list[Array] = []
        for first in range(0, runs, size):
            members = range(first, min(first + size, runs))
            stack = MLP.stack(networks(sizes, activation, start, seed, members))
            with np.errstate(over="ignore", invalid="ignore"):
                trace = stack.forward(x)
                gradients = stack.backward(trace, error)
                for name, measure in MEASURES.items():
                    chunks[name].append(measure(stack, trace, gradients)[:, :depth])
            answers = answers or [a[0] for a in trace.a[1:-1]]
            step()
        measured = {name: np.concatenate(values) for name, values in chunks.items()}
        journeys.append(Journey(start, measured, predicted, answers))
    return Propagation(activation, width, depth, rows, runs, seed, journeys)


def _chunk(width: int, depth: int, rows: int) -> int:
    return max(1, CHUNK // (width * (width + 3 * rows) * (depth + 1)))


def _per_layer(values: Array) -> float:
    """Return the geometric mean of the factor from each value to the next; of one, from 1."""
    if len(values) < 2:
        return float(values[0])
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return float((values[-1] / values[0]) ** (1 / (len(values) - 1)))
