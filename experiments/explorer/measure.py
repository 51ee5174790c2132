"""The state of the explorer: what is chosen, the network that follows from it, what it shows.

No matplotlib here: an `Explorer` is told what to change and how long to train, and answers with
a `Sight`, whatever draws it. A change begins again from the same seed, so that what is seen
follows from the `Choice` and the number of epochs alone, and a shell command can say it.

Where to go next: ``figure.py``, which draws a `Sight`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.data import Dataset
from experiments.explorer.predicted import predicted, rms
from experiments.kit.claims import Setback
from experiments.kit.settings import Default, Defaults, Settings, Step
from experiments.kit.sizes import of_training, require
from experiments.kit.starts import Named, Start, named_start
from experiments.kit.training import BATCHES, networks, setback, verdict_word
from experiments.propagation.measure import MEASURES, Journey
from mlp import MLP, diagnostics, initializers, mse, theory, train
from mlp.arrays import Array
from mlp.initializers import Initializer
from mlp.optimizers import Optimizer

# Where it begins, unless the user says otherwise.
DEFAULTS = Defaults(
    activation="tanh",
    hidden=Default((100,) * 10),
    epochs=Default(0),
    learning_rate=Default(0.01),
    batch_size=Default(32),
)
# The starts of the notes, in their order; any other has its turn after them.
STARTS = ("zeros", "constant", "small", "large", "scaled", "glorot_normal", "he_normal")
# Those of them that have a place on the axis of ranges, but for one: Xavier's is that of scaled.
MARKED = ("small", "scaled", "he_normal", "large")
# The axis of ranges.
SIGMA_W = (0.01, 100.0)
# How many depth scales deep a network trains.
DEPTH_SCALES = 6
# The most rows of a table that are used: enough to see everything, few enough to be quick.
ROWS = 400


@dataclass(frozen=True)
class Choice:
    """What the controls say.

    Attributes
    ----------
    start : str
        How the weights start: a name of ``mlp-demo list``, small, large or scaled.
    sigma_w : float or None
        If given, in place of `start`: w = randn · sigma_w / √fan_in.
    activation : str
        Of the hidden units.
    depth, width : int
        Hidden layers, and units of each.
    learning_rate : float
        η, per step.
    seed : int
        Everything random follows from it.
    batch_size : int
        Rows per step.
    optimizer : str
        A registered name.
    """

    start: str = "scaled"
    sigma_w: float | None = None
    activation: str = DEFAULTS.activation
    depth: int = len(DEFAULTS.hidden.usual)
    width: int = DEFAULTS.hidden.usual[0]
    learning_rate: float = DEFAULTS.learning_rate.usual
    seed: int = 0
    batch_size: int = DEFAULTS.batch_size.usual
    optimizer: str = DEFAULTS.optimizer

    @property
    def drawn(self) -> Start:
        """How weights and biases start."""
        if self.sigma_w is None:
            return named_start(self.start)
        scaling = {"scale": self.sigma_w**2, "mode": "fan_in", "distribution": "normal"}
        name = f"σ_w = {self.sigma_w:.3g}"
        words = f"w = randn · {self.sigma_w:.3g}/√fan_in, b = 0"
        return Start(Named("variance_scaling", scaling), Named("zeros"), words, name)

    @property
    def at(self) -> float | None:
        """σ_w of the hidden layers: where the start is on the axis of ranges.

        None where it has none: a start whose mean is not 0, that does not vary, or that does
        not declare its variance.

        Examples
        --------
        >>> [Choice(start).at for start in ("small", "large", "glorot_normal", "zeros")]
        [0.1, 10.0, 1.0, None]
        """
        return sigma_w_of(self.drawn, self.width)

    @property
    def settings(self) -> Settings:
        """The network and its training."""
        return Settings(
            activation=self.activation,
            hidden=(self.width,) * self.depth,
            epochs=0,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            optimizer=self.optimizer,
            seed=self.seed,
        )


def sigma_w_of(start: Start, width: int) -> float | None:
    """Return σ_w = √(width · Var[w]) of a start in layers of that width, if it has one."""
    draw = start.kernel.initializer()
    fans = width, width
    if not isinstance(draw, Initializer) or draw.variance is None or draw.mean(*fans) != 0:
        return None
    return float(np.sqrt(width * draw.variance(*fans))) or None


@dataclass(frozen=True)
class Sight:
    """What is to be seen of one network, at one moment.

    Attributes
    ----------
    choice : Choice
        What was chosen.
    network : MLP
        As it is now: training goes on with the same.
    journey : Journey
        Signals in every hidden layer now, and where theory puts them before training.
    losses : numpy.ndarray, shape (epochs + 1,)
        So far.
    groups : list of numpy.ndarray of int
        For each hidden layer and unit, the first unit that is the same.
    mean_loss : float
        Of always answering the mean of y.
    error_rms : float
        The root mean square of delta at the output.
    diverged : bool
        Whether a loss or a weight is not finite.
    """

    choice: Choice
    network: MLP
    journey: Journey
    losses: Array
    groups: list[NDArray[np.intp]]
    mean_loss: float
    error_rms: float
    diverged: bool

    @property
    def epoch(self) -> int:
        """How many epochs it has trained."""
        return len(self.losses) - 1

    @property
    def good(self) -> bool:
        """Whether nothing is wrong with it."""
        fine = self.verdict == "learning" or (not self.epoch and self.journey.keeps)
        return fine and not self.setback

    @property
    def units(self) -> int:
        """How many hidden units there are."""
        return self.choice.depth * self.choice.width

    @cached_property
    def distinct(self) -> int:
        """How many of them differ from one another."""
        return sum(len(np.unique(group)) for group in self.groups)

    def measured(self, measure: str) -> Array:
        """Return a measure in every hidden layer; delta_std as a part of the output's."""
        values: Array = self.journey.measured[measure][0]
        if measure != "delta_std" or self.error_rms == 0:
            return values
        with np.errstate(invalid="ignore", over="ignore"):
            return values / self.error_rms

    def theory(self, measure: str) -> Array | None:
        """Return what theory says of it before training; None where it is silent."""
        known = self.journey.theory(measure)
        return None if known is None or self.epoch else np.array(known)

    @property
    def setback(self) -> Setback | None:
        """What is wrong with how the training goes, if anything is."""
        return setback(self.losses, self.mean_loss) if self.epoch else None

    @property
    def verdict(self) -> str:
        """What became of it in one word: before training of the signal, then of the network."""
        if self.epoch or self.diverged:
            lowest = float(self.losses[np.isfinite(self.losses)].min(initial=np.inf))
            return verdict_word(self.diverged, lowest, self.mean_loss, self.distinct, self.units)
        return self.journey.word


class Explorer:
    """What is chosen, and the network that follows from it.

    Parameters
    ----------
    dataset : Dataset
        What is learned. Of a long table `ROWS` rows are taken, evenly.
    choice : Choice, optional
        Where to begin.
    source : sequence of str
        The options that name the data set, for the command that leads back to a state.

    Examples
    --------
    >>> from experiments.data import load
    >>> explorer = Explorer(load(), Choice("small"))
    >>> explorer.sight.verdict
    'signal vanishes'
    >>> explorer.choose(start="zeros")
    >>> explorer.sight.distinct, explorer.sight.units
    (10, 1000)
    """

    def __init__(
        self, dataset: Dataset, choice: Choice | None = None, source: Sequence[str] = ()
    ) -> None:
        rows = np.linspace(0, len(dataset.x) - 1, min(len(dataset.x), ROWS)).astype(int)
        self.dataset = replace(dataset, x=dataset.x[rows], y=dataset.y[rows])
        self.source = tuple(source)
        self.choice = choice or Choice()
        self.reset()

    def choose(self, **changes: Any) -> None:
        """Change what is chosen, and begin again."""
        if "start" in changes:
            changes["sigma_w"] = None
        self.choice = replace(self.choice, **changes)
        self.reset()

    def reset(self) -> None:
        """Begin again, from the same weights if nothing else was chosen.

        They are drawn when they are asked for: of many choices in a row only the last counts.
        """
        self._begun: Begun | None = None
        self._sight: Sight | None = None
        self._seconds = np.inf  # of an epoch, as far as is known

    def train(self, epochs: int = 1, step: Step | None = None) -> None:
        """Train some more epochs; nothing happens once it has diverged.

        Parameters
        ----------
        epochs : int
            How many.
        step : callable, optional
            Called before the first of them and after each.

        Raises
        ------
        InputError
            If the weights cannot be drawn.
        MemoryError
            If there is no room for them, or for the losses of so many epochs.
        """
        began, now = time.perf_counter(), self._training()
        if not epochs or now.diverged:
            return
        epoch = len(now.losses) - 1
        require(of_training(now.network.sizes, len(self.dataset.x), recorded=epochs))
        history = train(
            now.network,
            self.dataset.x,
            self.dataset.y,
            optimizer=now.optimizer,
            epochs=epochs,
            batch_size=self.choice.batch_size,
            seed=np.random.SeedSequence(self.choice.seed, spawn_key=(BATCHES,)),
            probes={},
            on_epoch=None if step is None else lambda epoch, loss: step(),
            first_epoch=epoch,
        )
        now.diverged = bool(history.diverged_at >= 0)
        last = int(history.diverged_at) - epoch if now.diverged else epochs
        now.losses += history.loss[1 : last + 1].tolist()
        self._seconds = (time.perf_counter() - began) / max(last, 1)
        self._sight = None

    def train_for(self, seconds: float) -> None:
        """Train for about so long, one epoch at least."""
        self.train(max(1, int(seconds / self._seconds)))

    @property
    def sight(self) -> Sight:
        """What is to be seen now; measured when it is asked for, and once.

        Raises
        ------
        InputError
            If the weights cannot be drawn.
        """
        if self._sight is None:
            self._sight = self._measured(self._training())
        return self._sight

    def _training(self) -> Begun:
        """Return the training; begin it, if it has not."""
        if self._begun is None:
            choice, settings = self.choice, self.choice.settings
            sizes = [self.dataset.x.shape[1], *settings.hidden, self.dataset.y.shape[1]]
            (network,) = networks(sizes, choice.activation, choice.drawn, choice.seed, [0])
            with np.errstate(over="ignore", invalid="ignore"):
                loss, error = mse(network.forward(self.dataset.x).output, self.dataset.y)
            diverged = not np.isfinite(loss)
            signal = None
            if not diverged:
                draw = choice.drawn.kernel.initializer()
                signal = predicted(sizes, choice.activation, draw, self.dataset.x, error)
            self._begun = Begun(network, settings.new_optimizer(), signal, [float(loss)], diverged)
        return self._begun

    def _measured(self, now: Begun) -> Sight:
        with np.errstate(over="ignore", invalid="ignore"):
            trace = now.network.forward(self.dataset.x)
            gradients = now.network.backward(trace, mse(trace.output, self.dataset.y)[1])
            hidden = slice(0, self.choice.depth)
            measured = {
                name: measure(now.network, trace, gradients)[np.newaxis, hidden]
                for name, measure in MEASURES.items()
            }
            groups = [diagnostics.same_unit_as(layer) for layer in now.network.layers[:-1]]
        return Sight(
            choice=self.choice,
            network=now.network,
            journey=Journey(self.choice.drawn, measured, now.predicted, trace.a[1:-1]),
            losses=np.array(now.losses),
            groups=groups,
            mean_loss=self.dataset.mean_predictor_loss,
            error_rms=rms(gradients.delta[-1]),
            diverged=now.diverged or not now.network.is_finite(),
        )


@dataclass
class Begun:
    """A training that has begun: what it has come to."""

    network: MLP
    optimizer: Optimizer
    predicted: theory.Signal | None
    losses: list[float]
    diverged: bool


@lru_cache
def depth_limits(activation: str) -> tuple[Array, Array]:
    """Return ranges σ_w, and how deep a network of theory trains from each.

    Returns
    -------
    numpy.ndarray
        σ_w, from 0.01 to 100, the edge of chaos among them.
    numpy.ndarray
        `depth_limit` of each.
    """
    sigma_w = np.geomspace(*SIGMA_W, 41)
    with suppress(ValueError):  # an activation of the user's may have no edge
        edge = theory.critical_sigma_w(activation)
        sigma_w = np.sort(np.append(sigma_w, edge * np.array([0.9, 0.98, 1, 1.02, 1.1])))
    return sigma_w, np.array([depth_limit(activation, sigma) for sigma in sigma_w])


@lru_cache(1000)
def depth_limit(activation: str, sigma_w: float) -> float:
    """Return how deep a network trains, 6 ξ_c; ∞ at the edge of chaos.

    References
    ----------
    Schoenholz et al. 2017, fig. 5, for the 6, which is measured.
    """
    return DEPTH_SCALES * theory.correlation_depth(activation, sigma_w)


def marked(width: int) -> dict[str, float]:
    """Return where the starts of the notes are on the axis of ranges.

    Examples
    --------
    >>> marked(100)
    {'small': 0.1, 'scaled': 1.0, 'he_normal': 1.4142135623730951, 'large': 10.0}
    """
    at = {start: Choice(start, width=width).at for start in MARKED}
    return {start: sigma_w for start, sigma_w in at.items() if sigma_w}


def start_names(chosen: str) -> list[str]:
    """Return all starts: those of the notes, and then any other, the chosen one included."""
    return list(dict.fromkeys([*STARTS, *initializers.names(), chosen]))
