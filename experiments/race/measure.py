"""Comparison: which start trains this network? Many starts, many seeds, one stack.

All networks have one shape and see the same data and the same batches; seed r draws the same
random numbers for every start. So what differs is the start alone. It prints and draws
nothing.

Where to go next: ``text.py`` and ``figure.py``, which read the
result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.case.cases import CASES
from experiments.data import Dataset
from experiments.kit.claims import LEARNED, Outcome
from experiments.kit.settings import Default, Defaults, Settings
from experiments.kit.starts import Start
from experiments.kit.sweep import Map, Task, Tasks, groups, trained
from experiments.kit.training import networks, quantiles, verdict_word
from experiments.kit.words import ending
from experiments.race.races import Race
from mlp import MLP, History, diagnostics, theory
from mlp.arrays import Array, InputError

# What a race records at every epoch, per layer.
SIGNALS = {
    "a_std": diagnostics.a_std,
    "a_rms": diagnostics.a_rms,
    "delta_std": diagnostics.delta_std,
    "saturated": diagnostics.saturated,
}
# How `mlp-demo compare` trains unless the user chooses otherwise: small steps, a few seconds.
COMPARED = Defaults(
    activation="tanh",
    hidden=Default((16, 16)),
    epochs=Default(100),
    batch_size=Default(32),
)
# How often chance may be taken for a difference between starts.
NOISE = 0.05


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
class Comparison:
    """All rivals on one network.

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
    """

    settings: Settings
    dataset: Dataset
    runs: int
    rivals: list[Rival]
    race: Race | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

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

    @property
    def tied(self) -> list[Rival]:
        """The rivals that the noise does not tell from the best, the best included.

        Seed r starts all rivals from the same random numbers, so the runs are compared in
        pairs: a rival is worse only if the best wins so many of the pairs that among as many
        fair coins as there are rivals, one would do it in fewer than 5 of 100 cases (the sign
        test, two-sided, ties left out, Bonferroni's correction). The batches are the same for
        all runs, so the noise is that of the start alone.
        """
        best, others = self.ranking[0], len(self.rivals) - 1
        return [
            rival
            for rival in self.ranking
            if rival is best or chance_of(best, rival) * others >= NOISE
        ]

    @property
    def too_few(self) -> bool:
        """Whether even a best start that wins every pair could not be told from chance."""
        return bool(2 / 2**self.runs * (len(self.rivals) - 1) >= NOISE)

    def answer(self) -> str:
        """Return one sentence: which start is best, and which the noise does not tell from it."""
        best, tied = self.ranking[0], [rival.start.name for rival in self.tied[1:]]
        name, median = best.start.name, ending(best.final_band()[1])
        if self.nobody_learns:
            return (
                "no start trains it in most of its runs: the median loss of none gets below that "
                "of always answering the mean."
            )
        if len(self.rivals) == 1:
            return f"{name} ends at a median loss of {median}."
        if self.too_few:
            runs = "1 run of each is" if self.runs == 1 else f"{self.runs} runs of each are"
            return (
                f"{name} has the lowest median loss, {median}; {runs} too few to tell it from "
                "the noise."
            )
        if not tied:
            return f"{name}, median loss {median}; all others are worse by more than the noise."
        names = tied[0] if len(tied) == 1 else f"{', '.join(tied[:-1])} and {tied[-1]}"
        return (
            f"{name}, median loss {median}; but {names} {'is' if len(tied) == 1 else 'are'} "
            "within the noise."
        )

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
    settings: Settings | None = None,
    *,
    runs: int = 20,
    signals: bool = False,
    map: Map = map,  # noqa: A002, what the built-in one does
) -> Comparison:
    """Train `runs` networks of every start on the same data and the same batches.

    Parameters
    ----------
    starts : sequence of Start
        How weights and biases start, such as ``[named_start("he_normal")]``.
    dataset : Dataset
        From ``data.load``.
    settings : Settings, optional
        The network and the training.
    runs : int
        Seeds of every start.
    signals : bool
        Whether to record `SIGNALS` at every epoch.
    map : callable (function, tasks) -> results, optional
        Trains the stacks: the built-in ``map``, that of `sweep.workers` or of any executor, if
        it keeps the order. The results are the same to the last bit.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
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
    settings = settings or COMPARED.settings()
    sizes = [dataset.x.shape[1], *settings.hidden, dataset.y.shape[1]]
    members = [(start, r) for start in starts for r in range(runs)]
    if not members:
        raise InputError("there is nothing to compare: name at least one start")

    def drawn(start: Start, seeds: Iterable[int]) -> list[MLP]:
        return networks(sizes, settings.activation, start, settings.seed, seeds)

    cut = groups(len(members), sizes, len(dataset.x))

    def task(k: int) -> Task:
        return Task(
            MLP.stack([n for i in cut[k] for n in drawn(members[i][0], [members[i][1]])]),
            dataset.x,
            dataset.y,
            settings,
            probes=SIGNALS if signals else {},
            after=partial(_distinct, x=dataset.x[:1]),
        )

    done = list(map(trained, Tasks(len(cut), task)))
    histories = [stack.history for stack in done]
    words = [
        word for stack in done for word in _words(stack.history, stack.answer, sizes, dataset)
    ]
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
    return Comparison(settings, dataset, runs, rivals)


def race(
    race: Race,
    dataset: Dataset,
    settings: Settings | None = None,
    options: Mapping[str, Any] | None = None,
    *,
    runs: int | None = None,
    map: Map = map,  # noqa: A002, what the built-in one does
) -> Comparison:
    """Run a race of the notes: `compare`, with its starts, its network and its claims.

    Parameters
    ----------
    race : Race
        From ``ranges.RACES``.
    dataset : Dataset
        From ``data.load``.
    settings : Settings, optional
        By default its own.
    options : mapping, optional
        The options of the race.
    runs : int, optional
        Seeds of every start; by default those of the race.
    map : callable, optional
        As for `compare`.

    Returns
    -------
    Comparison
    """
    settings = settings or race.settings()
    options = race.chosen(options)
    result = compare(
        race.starts(**options),
        dataset,
        settings,
        runs=runs or race.runs,
        signals=True,
        map=map,
    )
    return replace(result, race=race, options=options)


def _distinct(network: MLP, x: Array) -> Array:
    """Return how many units of each member differ from one another."""
    with np.errstate(over="ignore", invalid="ignore"):
        trace = network.forward(x)
        gradients = network.backward(trace, np.zeros_like(trace.output))
        distinct: Array = diagnostics.distinct_units(network, trace, gradients).sum(axis=-1)
    return distinct


def _words(history: History, distinct: Array, sizes: list[int], dataset: Dataset) -> list[str]:
    """Return the verdict on every member."""
    lowest = np.where(np.isfinite(history.loss), history.loss, np.inf).min(axis=0)
    return [
        verdict_word(diverged >= 0, low, dataset.mean_predictor_loss, left, sum(sizes[1:-1]))
        for diverged, low, left in zip(history.diverged_at, lowest, distinct, strict=True)
    ]


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


def chance_of(best: Rival, other: Rival) -> float:
    """Return how likely a fair coin would let `best` win so many pairs: the sign test.

    Examples
    --------
    >>> from experiments.kit.starts import named_start
    >>> runs = np.full(6, -1), ["learning"] * 6, []
    >>> losses = np.array([[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]])
    >>> best = Rival(named_start("he_normal"), losses, *runs)
    >>> chance_of(best, Rival(named_start("zeros"), losses + 1, *runs))
    0.03125
    """
    wins = int((best.final_losses < other.final_losses).sum())
    losses = int((best.final_losses > other.final_losses).sum())
    n = wins + losses
    if wins <= losses:
        return 1.0
    return float(2 * sum(comb(n, k) for k in range(wins, n + 1)) / 2**n)
