"""The race: which start trains this network? Many starts, many seeds, one stack.

All networks of a race have one shape and see the same data and the same batches; seed r draws
the same random numbers for every start. So what differs is the start alone. It prints and draws
nothing.

Where to go next: ``text.py`` and ``figure.py``, which read the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.case.cases import CASES
from experiments.data import Dataset
from experiments.kit.claims import LEARNED, Outcome
from experiments.kit.settings import Expect, Settings, unwatched
from experiments.kit.sizes import of_training, require
from experiments.kit.starts import Start
from experiments.kit.sweep import Map, Task, Tasks, groups, trained
from experiments.kit.training import distinct_units, networks, quantiles, verdict_words
from experiments.race.races import Race
from mlp import MLP, diagnostics, theory
from mlp.arrays import Array, InputError
from mlp.initializers import INITIALIZERS

# What a race records at every epoch, per layer.
SIGNALS = {
    "a_std": diagnostics.a_std,
    "a_rms": diagnostics.a_rms,
    "delta_std": diagnostics.delta_std,
    "saturated": diagnostics.saturated,
}


@dataclass(frozen=True)
class Drawn:
    """The weights of layers with the same fans, as promised and as drawn.

    Attributes
    ----------
    first, last : int
        The layers, from 1.
    fan_in, fan_out : int
        Inputs and units of each.
    expected : float or None
        The standard deviation that the initializer declares.
    sampled, largest : float
        The standard deviation and the largest |w| of the weights of all runs.
    off : float
        How far the sampled variance is from the declared one, in standard errors.
    """

    first: int
    last: int
    fan_in: int
    fan_out: int
    expected: float | None
    sampled: float
    largest: float
    off: float


@dataclass(frozen=True)
class Rival:
    """One start, with every seed.

    Attributes
    ----------
    start : Start
        How weights and biases started.
    losses : numpy.ndarray, shape (epochs + 1, runs)
        NaN after a run has diverged.
    diverged_at : numpy.ndarray of int, shape (runs,)
        The epoch, or -1.
    words : list of str
        What became of each run; see `verdict_word`.
    drawn : list of Drawn
        Its weights.
    signals : dict of numpy.ndarray, shapes (epochs + 1, runs, layers)
        `SIGNALS`, if they were asked for.
    """

    start: Start
    losses: Array
    diverged_at: NDArray[np.intp]
    words: list[str]
    drawn: list[Drawn]
    signals: Mapping[str, Array] = field(default_factory=dict)

    @property
    def final_losses(self) -> Array:
        """The loss of every run at the end; infinite where it diverged."""
        return np.where(self.diverged_at < 0, self.losses[-1], np.inf)

    def band(self, low: float = 0.1, high: float = 0.9) -> tuple[Array, Array, Array]:
        """Return the low, median and high loss per epoch; a run that diverged counts as ∞."""
        return quantiles(np.where(np.isfinite(self.losses), self.losses, np.inf), low, high)

    def final_band(self) -> tuple[float, float, float]:
        """Return the 10 %, 50 % and 90 % quantiles of the final losses."""
        low, median, high = quantiles(self.final_losses[np.newaxis], 0.1, 0.9)
        return float(low[0]), float(median[0]), float(high[0])

    @property
    def usual_end(self) -> int | None:
        """The epoch at which the runs that diverged did so, in the median; None without any."""
        when = np.sort(self.diverged_at[self.diverged_at >= 0])
        return int(when[(len(when) - 1) // 2]) if len(when) else None

    def epochs_to(self, loss: float) -> Array:
        """Return the first epoch with a loss at or below this one; ∞ for never."""
        below = np.nan_to_num(self.losses, nan=np.inf) <= loss
        return np.where(below.any(axis=0), below.argmax(axis=0), np.inf)

    @property
    def word(self) -> str:
        """What became of most of its runs."""
        return max(dict.fromkeys(self.words), key=self.count)

    def count(self, word: str) -> int:
        """Return how many runs ended so: diverged, stalled, symmetric or learning."""
        return self.words.count(word)

    def at_start(self, signal: str) -> Array:
        """Return a signal in the hidden layers before training, shape (runs, layers)."""
        hidden: Array = self.signals[signal][0, :, : self.layers]
        return hidden

    @property
    def layers(self) -> int:
        """How many hidden layers there are."""
        return self.drawn[-1].last - 1

    def travelled(self, signal: str) -> Array:
        """Return by what a signal has grown where it leaves the hidden layers, for each run.

        a on its way from the first to the last, delta on its way from the last to the first.
        """
        hidden = self.at_start(signal)
        first, last = hidden[:, 0], hidden[:, -1]
        if signal == "delta_std":
            first, last = last, first
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            total: Array = last / first
        return np.nan_to_num(total, nan=np.inf)

    def growth(self, signal: str) -> Array:
        """Return the same per layer: the geometric mean of the factor from each to the next."""
        per_layer: Array = self.travelled(signal) ** (1 / max(self.layers - 1, 1))
        return per_layer


@dataclass(frozen=True)
class Standings:
    """How a race ended: all rivals on one network.

    Attributes
    ----------
    settings : Settings
        The network and the training.
    dataset : Dataset
        What was learned.
    runs : int
        Seeds per rival.
    rivals : list of Rival
        In the order in which they were asked for.
    race : Race or None
        Which race of the notes it was.
    options : mapping
        The options of the race.
    film : str or None
        The file in which its training is drawn as it happens.
    """

    settings: Settings
    dataset: Dataset
    runs: int
    rivals: list[Rival]
    race: Race | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    film: str | None = None

    def __getitem__(self, name: str) -> Rival:
        return {rival.start.name: rival for rival in self.rivals}[name]

    @property
    def name(self) -> str:
        """The race, told from the case of the same name."""
        if self.race is None:
            return "compare"
        return f"{self.race.name}, deep" if self.race.name in CASES else self.race.name

    @property
    def label(self) -> str:
        """The same: ``verify`` runs a race as it comes."""
        return self.name

    @property
    def sizes(self) -> list[int]:
        """Inputs, hidden units, outputs."""
        return [self.dataset.x.shape[1], *self.settings.hidden, self.dataset.y.shape[1]]

    @property
    def shallow(self) -> bool:
        """Whether there is only one hidden layer, so that no signal goes from one to the next."""
        return len(self.settings.hidden) < 2

    @property
    def about(self) -> Rival:
        """The rival that the race is about: the first."""
        return self.rivals[0]

    @property
    def ranking(self) -> list[Rival]:
        """The rivals by median final loss, the best first; equal ones as they were given."""
        return sorted(self.rivals, key=lambda rival: rival.final_band()[1])

    @property
    def target(self) -> float:
        """The common target: half of what the best start explains of the variance of y.

        It lies halfway between the mean predictor's loss and the best median final loss.
        """
        mean_loss = self.dataset.mean_predictor_loss
        return (mean_loss + min(mean_loss, self.ranking[0].final_band()[1])) / 2

    def halfway(self, rival: Rival) -> Array:
        """Return the epochs that each run needs to the target; ∞ for never."""
        return rival.epochs_to(-np.inf if self.nobody_learns else self.target)

    def epochs_to_target(self, rival: Rival) -> float:
        """Return the median of them."""
        return float(quantiles(self.halfway(rival)[np.newaxis], 0.5, 0.5)[1][0])

    @property
    def nobody_learns(self) -> bool:
        """Whether no start gets below 99 % of the mean predictor's loss in the median."""
        return self.ranking[0].final_band()[1] > LEARNED * self.dataset.mean_predictor_loss

    def predicted(self, rival: Rival) -> theory.Signal | None:
        """Return what theory says of the signals of a rival before training."""
        draw = rival.start.kernel.initializer()
        q_x = np.square(self.dataset.x).mean(axis=-1)
        return theory.signal(self.sizes, self.settings.activation, draw, q_x[:100])

    @property
    def root_chi(self) -> float:
        """√χ: by what theory lets delta change per layer back, the mean over the layers."""
        signal, layers = self.predicted(self.about), len(self.settings.hidden)
        if signal is None or layers < 2:
            return 1.0
        return float((signal.delta_std[0] / signal.delta_std[-2]) ** (1 / (layers - 1)))

    def outcomes(self) -> list[Outcome]:
        """Measure every claim of the race; without one there is none."""
        if self.race is None:
            return []
        return self.race.outcomes(self, self.settings.activation, self.options)


def compare(
    starts: Sequence[Start],
    dataset: Dataset,
    settings: Settings,
    *,
    runs: int = 20,
    signals: bool = False,
    map: Map = map,  # noqa: A002, what the built-in one does
    expect: Expect = unwatched,
) -> Standings:
    """Train `runs` networks of every start on the same data and the same batches.

    Parameters
    ----------
    starts : sequence of Start
        How weights and biases start, such as ``[named_start("he_normal")]``.
    dataset : Dataset
        From ``data.load``.
    settings : Settings
        The network and the training.
    runs : int
        Seeds of every start.
    signals : bool
        Whether to record `SIGNALS` at every epoch.
    map : callable (function, tasks) -> results, optional
        Trains the stacks: the built-in ``map``, that of `sweep.workers` or of any executor, if
        it keeps the order. The results are the same to the last bit.
    expect : callable (steps) -> callable, optional
        Told how many epochs there will be, it returns what to call after each.

    Returns
    -------
    Standings

    Raises
    ------
    ValueError
        If there is no start, a setting is out of range or a name is unknown.

    Examples
    --------
    >>> from experiments.kit.starts import named_start
    >>> from experiments.data import load
    >>> starts = [named_start(name) for name in ("zeros", "glorot_normal")]
    >>> result = compare(starts, load(), Settings(activation="tanh", epochs=100), runs=3)
    >>> [rival.start.name for rival in result.ranking], result["zeros"].count("stalled")
    (['glorot_normal', 'zeros'], 3)
    """
    sizes = [dataset.x.shape[1], *settings.hidden, dataset.y.shape[1]]
    require(of_training(sizes, 0, runs, 3 * len(starts) * runs * (settings.epochs + 1)))
    members = [(start, r) for start in starts for r in range(runs)]
    if not members:
        raise InputError("there is nothing to compare: name at least one start")

    def drawn(start: Start, seeds: Iterable[int]) -> list[MLP]:
        return networks(sizes, settings.activation, start, settings.seed, seeds)

    def drawn_stack(group: range) -> Task:
        return Task(
            MLP.stack(
                [n for start, r in members[group.start : group.stop] for n in drawn(start, [r])]
            ),
            dataset.x,
            dataset.y,
            settings,
            probes=SIGNALS if signals else {},
            after=distinct_units,
        )

    cut = groups(len(members), sizes, len(dataset.x))
    units, mean_loss = sum(settings.hidden), dataset.mean_predictor_loss
    step, histories, words = expect(len(cut)), [], []
    for stack in map(trained, Tasks(drawn_stack, cut)):
        histories.append(stack.history)
        words += verdict_words(stack.history, stack.answer, units, mean_loss).tolist()
        step()
    losses = np.concatenate([history.loss for history in histories], axis=1)
    diverged_at = np.concatenate([history.diverged_at for history in histories])
    recorded = {
        name: np.concatenate([history[name] for history in histories], axis=1)
        for name in histories[0].probes
    }
    rivals = []
    for i, start in enumerate(starts):
        of = slice(i * runs, (i + 1) * runs)
        rivals.append(
            Rival(
                start=start,
                losses=losses[:, of],
                diverged_at=diverged_at[of],
                words=words[of],
                drawn=_drawn(start, MLP.stack(drawn(start, range(runs)))),
                signals={name: values[:, of] for name, values in recorded.items()},
            )
        )
    return Standings(settings, dataset, runs, rivals)


def race(
    race: Race,
    dataset: Dataset,
    settings: Settings | None = None,
    options: Mapping[str, Any] | None = None,
    *,
    rivals: Sequence[Start] = (),
    runs: int | None = None,
    map: Map = map,  # noqa: A002, what the built-in one does
    expect: Expect = unwatched,
) -> Standings:
    """Run a race of the notes: `compare`, with its starts, its network and its claims.

    Parameters
    ----------
    race : Race
        From ``races.RACES``.
    dataset : Dataset
        From ``data.load``.
    settings : Settings, optional
        By default its own.
    options : mapping, optional
        The options of the race.
    rivals : sequence of Start
        Further starts that race with those of the notes.
    runs : int, optional
        Seeds of every start; by default those of the race.
    map, expect : callable, optional
        As for `compare`.

    Returns
    -------
    Standings
    """
    settings = settings or race.settings()
    options = race.chosen(options)
    notes = race.starts(**options)
    known = {start.name for start in notes}
    result = compare(
        [*notes, *(rival for rival in rivals if INITIALIZERS.name_of(rival.name) not in known)],
        dataset,
        settings,
        runs=runs or race.runs,
        signals=True,
        map=map,
        expect=expect,
    )
    return replace(result, race=race, options=options)


def _drawn(start: Start, before: MLP) -> list[Drawn]:
    """Return the weights of all runs at the start, layers with the same fans together."""
    draw = start.kernel.initializer()
    variance = getattr(draw, "variance", None)
    alike: list[list[int]] = []
    fans = list(pairwise(before.sizes))
    for k, fan in enumerate(fans):
        if alike and fans[alike[-1][-1]] == fan:
            alike[-1].append(k)
        else:
            alike.append([k])
    found = []
    for layers in alike:
        W = np.stack([before.layers[k].W for k in layers])
        fan_in, fan_out = fans[layers[0]]
        promised = None if variance is None else variance(fan_in, fan_out)
        found.append(
            Drawn(
                first=layers[0] + 1,
                last=layers[-1] + 1,
                fan_in=fan_in,
                fan_out=fan_out,
                expected=None if promised is None else float(np.sqrt(promised)),
                sampled=float(np.sqrt(np.square(W).mean())),
                largest=float(np.abs(W).max()),
                off=_standard_errors(np.square(W), promised),
            )
        )
    return found


def _standard_errors(squares: Array, variance: float | None) -> float:
    """Return how far the mean of W² is from the variance that was promised."""
    error = float(squares.std() / np.sqrt(squares.size))
    if variance is None or error == 0:
        return 0.0
    return float(abs(squares.mean() - variance) / error)
