"""Compare: which start trains this network best, asked so that the answer holds.

Run r draws its own weights, its own order of batches, and its own split of the table into rows
to learn from, rows to choose the learning rate by, and rows to judge by. All starts share all
three, so that the runs can be compared in pairs. Every start is trained at several rates and
judged at the one that suits it. It prints and draws nothing.

Where to go next: ``text.py`` and ``figure.py``, which read the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import count
from math import comb
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.data import DataError, Dataset, Table
from experiments.kit.claims import LEARNED
from experiments.kit.settings import (
    USUAL,
    Default,
    Defaults,
    Expect,
    InWords,
    Settings,
    unwatched,
)
from experiments.kit.sizes import of_training, require
from experiments.kit.starts import Start, is_usual
from experiments.kit.sweep import Map, Tasks
from experiments.kit.training import (
    BATCHES,
    HELD_OUT,
    distinct_units,
    networks,
    quantiles,
    verdict_words,
)
from experiments.kit.words import listed
from mlp import MLP, mse, train
from mlp.arrays import Array, InputError
from mlp.network import child_rng
from mlp.optimizers import OPTIMIZERS

# The rates that every start is tried at, as multiples of what is usual for the optimizer.
GRID = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
# Of a large table fewer epochs are taken, as many as make about so many steps.
EPOCHS, STEPS, FEWEST_EPOCHS = 100, 1000, 3
COMPARED = Defaults(
    activation="tanh",
    hidden=Default((16, 16)),
    epochs=InWords(f"{EPOCHS}, fewer of a large table"),
    learning_rate=InWords("several, and the best of each start"),
    batch_size=Default(32),
)
# The parts of the rows that a run chooses its rate by, and that it is judged by.
CHOOSING, JUDGING = 0.2, 0.2
FEWEST_ROWS = 10
# The last part of the epochs, over which losses are averaged: one epoch may be a lucky one.
ENDING = 0.1
# A start that explains this much less than the best, as a part of what the best explains, does
# as well for practical purposes.
MARGIN = 0.2
# How often chance may be taken for a difference between starts.
NOISE = 0.05


class Rows(NamedTuple):
    """How many rows a run learns from, chooses its rate by, and is judged by."""

    learning: int
    choosing: int
    judging: int


class Task(NamedTuple):
    """One run: every start at every rate as one stack, and what it learns from.

    Attributes
    ----------
    network : MLP
        A stack of shape (starts, rates).
    dataset : Dataset
        The rows to learn from.
    held_out : sequence of (x, y)
        The rows to choose by and those to judge by, standardised like the others.
    rates : sequence of float
        η of each rate.
    settings : Settings
        The training.
    run : int
        Its number.
    """

    network: MLP
    dataset: Dataset
    held_out: Sequence[tuple[Array, Array]]
    rates: Sequence[float]
    settings: Settings
    run: int

    @property
    def x(self) -> Array:
        """Inputs of the rows to learn from."""
        return self.dataset.x

    @property
    def y(self) -> Array:
        """Targets of the rows to learn from."""
        return self.dataset.y


class Trained(NamedTuple):
    """What became of a task; every array has a value for each start and rate.

    Attributes
    ----------
    losses : numpy.ndarray, shape (epochs + 1, starts, rates)
        On the rows to learn from; NaN after a network has diverged.
    held_out : numpy.ndarray, shape (2, starts, rates)
        The loss at the end on the rows to choose by, and on those to judge by.
    mean_losses : numpy.ndarray, shape (2,)
        The same of always answering the mean of the rows to learn from.
    diverged_at : numpy.ndarray of int
        The epoch, or -1.
    words : numpy.ndarray of str
        The verdict.
    """

    losses: Array
    held_out: Array
    mean_losses: Array
    diverged_at: NDArray[np.intp]
    words: NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Candidate:
    """One start: how it did in every run, at every rate and at its best.

    Attributes
    ----------
    start : Start
        How weights and biases started.
    rates : tuple of float
        The rates that were tried.
    best : int
        Which of them it is judged at: the one at which it explains most of the rows to choose by,
        in the mean of all runs.
    losses : numpy.ndarray, shape (epochs + 1, runs)
        On the rows to learn from, at its best rate; NaN after a run has diverged.
    choosing, judging : numpy.ndarray, shapes (runs, rates)
        What it explains at the end of the variance of the rows to choose by, and of those to judge
        by: R², from 0 for no better than always the mean (or diverged) to 1.
    held_out_loss : numpy.ndarray, shape (runs,)
        At its best rate, on the rows to judge by, in the mean of the last epochs.
    diverged_at : numpy.ndarray of int, shape (runs, rates)
        The epoch, or -1.
    words : list of str
        The verdict on each run, at its best rate.
    """

    start: Start
    rates: tuple[float, ...]
    best: int
    losses: Array
    choosing: Array
    judging: Array
    held_out_loss: Array
    diverged_at: NDArray[np.intp]
    words: list[str]

    @property
    def name(self) -> str:
        """The name of the start."""
        return self.start.name

    @property
    def rate(self) -> float:
        """The learning rate that suits it."""
        return self.rates[self.best]

    @property
    def explained(self) -> Array:
        """What each run explains of the rows to judge by, at the best rate: shape (runs,)."""
        at_best: Array = self.judging[:, self.best]
        return at_best

    @property
    def mean(self) -> float:
        """The mean of that over the runs."""
        return float(self.explained.mean())

    def band(self) -> tuple[float, float]:
        """Return the 10 % and the 90 % quantile of what the runs explain."""
        low, _, high = quantiles(self.explained[np.newaxis], 0.1, 0.9)
        return float(low[0]), float(high[0])

    @property
    def final_losses(self) -> Array:
        """The loss of every run at the end, on the rows that it learned from; ∞: diverged."""
        ends = _ending(self.losses)
        return np.where(np.isfinite(ends), ends, np.inf)

    def losses_band(self) -> tuple[Array, Array, Array]:
        """Return the low, median and high loss per epoch; a run that diverged counts as ∞."""
        return quantiles(np.where(np.isfinite(self.losses), self.losses, np.inf), 0.1, 0.9)

    def count(self, word: str) -> int:
        """Return how many runs ended so: diverged, stalled, symmetric or learning."""
        return self.words.count(word)


@dataclass(frozen=True)
class Comparison:
    """All starts on one network and one table.

    Attributes
    ----------
    settings : Settings
        The network and the training, but for the rate.
    table : Table
        All rows.
    rows : Rows
        How every run splits it.
    runs : int
        How many runs there are.
    candidates : list of Candidate
        In the order in which they were asked for.
    margin : float
        What part of the best is as good as the best.
    """

    settings: Settings
    table: Table
    rows: Rows
    runs: int
    candidates: list[Candidate]
    margin: float = MARGIN

    def __getitem__(self, name: str) -> Candidate:
        return {candidate.name: candidate for candidate in self.candidates}[name]

    @cached_property
    def dataset(self) -> Dataset:
        """The whole table, standardised."""
        return self.table.standardised()

    @property
    def sizes(self) -> list[int]:
        """Inputs, hidden units, outputs."""
        return _sizes(self.table, self.settings)

    @property
    def rates(self) -> tuple[float, ...]:
        """The rates that every start was tried at."""
        return self.candidates[0].rates

    @cached_property
    def ranking(self) -> list[Candidate]:
        """The starts by what they explain, the best first; equal ones as they were given."""
        return sorted(self.candidates, key=lambda candidate: -candidate.mean)

    @property
    def best(self) -> Candidate:
        """The one that explains most."""
        return self.ranking[0]

    def is_worse(self, candidate: Candidate, margin: float) -> bool:
        """Return whether a start is worse than the best, by more than the margin and the noise.

        Runs are compared in pairs. A start is worse only if it explains less than ``1 - margin``
        of what the best explains in so many pairs, and by so much, that chance would hardly do
        it (`chance_of`, 5 % for all pairs of starts together: Bonferroni's correction). All
        pairs are counted because the best is chosen by looking. A start of which most runs
        diverge is worse in any case.
        """
        if candidate is self.best:
            return False
        if 2 * candidate.count("diverged") > self.runs:
            return True
        pairs = comb(len(self.candidates), 2)
        return chance_of((1 - margin) * self.best.explained, candidate.explained) * pairs < NOISE

    @cached_property
    def equals(self) -> list[Candidate]:
        """The starts that are as good as the best, itself included, in the order given."""
        return [c for c in self.candidates if not self.is_worse(c, self.margin)]

    @property
    def undecided(self) -> list[Candidate]:
        """Those of the equals that explain less than the margin, but within the noise."""
        good = (1 - self.margin) * self.best.mean
        return [candidate for candidate in self.equals if candidate.mean < good]

    @property
    def recommended(self) -> Candidate:
        """The start to take: the usual one of the activation if nothing tells it from the best."""
        activation = self.settings.activation
        usual = [c for c in self.equals if is_usual(c.name, activation)]
        return next((c for c in usual if not self.is_worse(c, margin=0)), self.best)

    @property
    def worse(self) -> list[Candidate]:
        """The others, in the order given."""
        return [c for c in self.candidates if c not in self.equals]

    @property
    def nobody_learns(self) -> bool:
        """Whether no start explains 1 % of the variance in the median."""
        return max(float(np.median(c.explained)) for c in self.candidates) < 1 - LEARNED

    @property
    def fewest_runs(self) -> int:
        """With how many runs a start that loses every pair can be told from chance."""
        pairs = comb(len(self.candidates), 2)
        return next(runs for runs in count(1) if 2 / 2**runs * pairs < NOISE)

    @property
    def too_few(self) -> bool:
        """Whether even a start that loses every pair could not be told from chance."""
        return self.runs < self.fewest_runs

    @property
    def judged(self) -> bool:
        """Whether some starts can be called equal, and others worse."""
        return len(self.candidates) > 1 and not self.too_few and not self.nobody_learns

    @property
    def at_the_edge(self) -> list[Candidate]:
        """The starts that train best at the smallest or the largest of several rates."""
        edges = (0, len(self.rates) - 1)
        return [
            candidate
            for candidate in self.candidates
            if len(self.rates) > 1
            and candidate.best in edges
            and self.works_at(candidate)[candidate.best]
        ]

    def works_at(self, candidate: Candidate) -> NDArray[np.bool_]:
        """Return at which rates a start trains: at least half of what the best explains.

        In the median of the runs, on the rows to choose by; shape (rates,).
        """
        most = max(float(np.median(c.choosing, axis=0).max()) for c in self.candidates)
        works: NDArray[np.bool_] = np.median(candidate.choosing, axis=0) >= max(
            most / 2, 1 - LEARNED
        )
        return works

    def answer(self) -> str:
        """Return one sentence: which start is best, or which are equally good, and which not."""
        best = self.best
        explained = f"{best.mean:.2f} of the variance of rows that it has not seen"
        if self.nobody_learns:
            words = "no start trains it: none explains, in most runs, rows that it has not seen."
        elif len(self.candidates) == 1:
            words = f"{best.name} explains {explained}."
        elif self.too_few:
            runs = "1 run is" if self.runs == 1 else f"{self.runs} runs are"
            words = (
                f"{best.name} explains most, {explained}; {runs} too few to judge by, "
                f"{self.fewest_runs} the fewest."
            )
        elif len(self.equals) == 1:
            words = f"{best.name}: it explains {explained}; all others are worse."
        else:
            alike = listed([c.name for c in self.equals])
            words = f"{alike} do equally well."
            if self.worse:
                names, verb = [c.name for c in self.worse], "are" if len(self.worse) > 1 else "is"
                words = f"{words[:-1]}; {listed(names)} {verb} worse."
        if len(self.rates) == 1:
            words += f" This holds for η = {self.rates[0]:g} only."
        return words


def compare(
    starts: Sequence[Start],
    table: Table,
    settings: Settings,
    *,
    rates: Sequence[float] | None = None,
    runs: int = 20,
    margin: float = MARGIN,
    map: Map = map,  # noqa: A002, what the built-in one does
    expect: Expect = unwatched,
) -> Comparison:
    """Train every start at several rates, `runs` times, and judge each at its best rate.

    Parameters
    ----------
    starts : sequence of Start
        How weights and biases start, such as ``[starts.named_start("he_normal")]``.
    table : Table
        From ``data.read``.
    settings : Settings
        The network and the training, but for the rate.
    rates : sequence of float, optional
        The learning rates that every start is tried at; by default `usual_rates`.
    runs : int
        How often, each time with other weights, batches and rows held out.
    margin : float
        From 0 and below 1: a start is as good if it explains ``1 - margin`` of what the best does.
    map : callable (function, tasks) -> results, optional
        Carries the runs out: the built-in ``map``, or that of `sweep.workers`. The results are
        the same to the last bit.
    expect : callable (steps) -> step, optional
        Told how many runs there will be; what it returns is called after each.

    Returns
    -------
    Comparison

    Raises
    ------
    DataError
        If the table has fewer than 10 rows, or its target is constant.
    InputError
        If there is no start, a setting is out of range or a name is unknown.
    MemoryError
        If memory has no room for that.

    Examples
    --------
    >>> from experiments.data import read
    >>> from experiments.kit.starts import named_start
    >>> starts = [named_start(name) for name in ("zeros", "glorot_normal")]
    >>> settings = Settings("tanh", (4,), epochs=50, batch_size=32)
    >>> result = compare(starts, read("penguins"), settings, runs=8)
    >>> result.answer()[-17:], result["zeros"].mean < 0.05
    ('others are worse.', True)
    """
    if not starts:
        raise InputError("there is nothing to compare: name at least one start")
    rows = _rows(table)
    rates = tuple(rates or usual_rates(settings.optimizer))
    members, sizes = len(starts) * len(rates), _sizes(table, settings)
    recorded = runs * members * (settings.epochs + 1)
    require(of_training(sizes, len(table.values), members, recorded))
    draw = partial(_task, starts, table, rows, settings, rates)
    step, trained = expect(runs), []
    for outcome in map(carry_out, Tasks(draw, range(runs))):
        trained.append(outcome)
        step()
    return Comparison(
        settings=settings,
        table=table,
        rows=rows,
        runs=runs,
        candidates=[_candidate(start, i, rates, trained) for i, start in enumerate(starts)],
        margin=margin,
    )


def usual_epochs(rows: int, batch_size: int | None) -> int:
    """Return how many epochs are taken of a table of so many rows, if the user does not say.

    Examples
    --------
    >>> usual_epochs(342, 32), usual_epochs(20_640, 32)
    (100, 3)
    """
    learning = int(rows * (1 - CHOOSING - JUDGING))
    steps = -(-learning // (batch_size or learning))
    return max(min(EPOCHS, STEPS // steps), FEWEST_EPOCHS)


def usual_rates(optimizer: str) -> tuple[float, ...]:
    """Return the rates that are tried, if the user does not say one.

    Examples
    --------
    >>> usual_rates("sgd")
    (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
    """
    usual = USUAL.learning_rate.of("tanh", optimizer)
    return tuple(float(f"{part * usual:.3g}") for part in GRID)


def chance_of(best: Array, other: Array) -> float:
    """Return how likely chance alone sets two equal starts so far apart: the signed-rank test.

    The gaps between the pairs are ranked by their size. If both starts were equal, each gap would
    have either sign with probability 1/2; the chance is that of the ranks of all gaps in favour of
    `other` adding up to no more than they do, doubled, as either start may be the lucky one.

    Parameters
    ----------
    best, other : numpy.ndarray, shape (runs,)
        The larger, the better. Pairs that are equal are left out.

    References
    ----------
    Wilcoxon 1945, "Individual comparisons by ranking methods".

    Examples
    --------
    >>> chance_of(np.full(6, 0.5), np.full(6, 0.4))
    0.03125
    """
    gaps = (best - other)[best != other]
    sizes = np.sort(np.abs(gaps))
    # Twice the rank, which is whole where equal sizes share their ranks.
    ranks = np.searchsorted(sizes, np.abs(gaps), "left") + np.searchsorted(
        sizes, np.abs(gaps), "right"
    ) + 1  # fmt: skip
    against, total = int(ranks[gaps < 0].sum()), int(ranks.sum())
    if 2 * against >= total:
        return 1.0
    chance = np.zeros(total + 1)  # of each sum of ranks
    chance[0] = 1.0
    for rank in ranks:
        chance /= 2
        chance[rank:] += chance[:-rank].copy()
    return float(2 * chance[: against + 1].sum())


def carry_out(task: Task) -> Trained:
    """Train all networks of a run; on any machine, as it needs nothing but the task."""
    stack, settings, x, y = task.network, task.settings, task.dataset.x, task.dataset.y
    epochs = settings.epochs
    first, held_out = epochs + 1 - _last(epochs), []

    def on_epoch(epoch: int, loss: Any) -> None:
        if epoch >= first:
            held_out.append([mse(stack.forward(x).output, y)[0] for x, y in task.held_out])

    history = train(
        stack,
        x,
        y,
        optimizer=OPTIMIZERS[settings.optimizer](np.array(task.rates)[:, np.newaxis]),
        epochs=epochs,
        batch_size=settings.batch_size,
        seed=np.random.SeedSequence(settings.seed, spawn_key=(BATCHES, task.run)),
        on_epoch=on_epoch,
    )
    with np.errstate(over="ignore", invalid="ignore"):
        none = np.full((1, 2, *stack.stack_shape), np.nan)  # where all diverged before
        ends = (np.array(held_out) if held_out else none).mean(axis=0)
    return Trained(
        losses=history.loss,
        held_out=ends,
        mean_losses=np.array([np.square(y).mean() for _, y in task.held_out]),
        diverged_at=history.diverged_at,
        words=verdict_words(
            history,
            distinct_units(stack),
            sum(settings.hidden),
            task.dataset.mean_predictor_loss,
        ),
    )


def _task(
    starts: Sequence[Start],
    table: Table,
    rows: Rows,
    settings: Settings,
    rates: Sequence[float],
    run: int,
) -> Task:
    """Draw a run: its split of the rows, and its weights, the same for every rate."""
    order = child_rng(settings.seed, HELD_OUT, run).permutation(len(table.values))
    first, second = rows.judging, rows.judging + rows.choosing
    dataset, held_out = table.divided(order[second:], order[first:second], order[:first])
    sizes = _sizes(table, settings)
    drawn = [
        network
        for start in starts
        for network in networks(sizes, settings.activation, start, settings.seed, [run])
    ]
    theta = np.stack([[network.theta] * len(rates) for network in drawn])
    return Task(drawn[0].with_theta(theta), dataset, held_out, rates, settings, run)


def _candidate(
    start: Start, i: int, rates: tuple[float, ...], trained: Sequence[Trained]
) -> Candidate:
    """Return what became of the i-th start."""
    choosing, judging = (
        np.array([_explained(t.held_out[part, i], t.mean_losses[part]) for t in trained])
        for part in (0, 1)
    )
    best = int(choosing.mean(axis=0).argmax())
    return Candidate(
        start=start,
        rates=rates,
        best=best,
        losses=np.stack([t.losses[:, i, best] for t in trained], axis=1),
        choosing=choosing,
        judging=judging,
        held_out_loss=np.array([t.held_out[1, i, best] for t in trained]),
        diverged_at=np.array([t.diverged_at[i] for t in trained]),
        words=[str(t.words[i, best]) for t in trained],
    )


def _explained(loss: Array, mean_loss: float) -> Array:
    """R² = 1 - loss / (loss of always the mean), and 0 for what is worse than that."""
    parts = 1 - loss / mean_loss if mean_loss > 0 else np.zeros_like(loss)
    explained: Array = np.clip(np.nan_to_num(parts, nan=0.0, neginf=0.0), 0, 1)
    return explained


def _sizes(table: Table, settings: Settings) -> list[int]:
    return [len(table.inputs), *settings.hidden, len(table.targets)]


def _rows(table: Table) -> Rows:
    n = len(table.values)
    if n < FEWEST_ROWS:
        raise DataError(
            f"{table.source} has {n} complete rows; compare needs at least {FEWEST_ROWS}, as it "
            "holds some out"
        )
    choosing, judging = round(CHOOSING * n), round(JUDGING * n)
    return Rows(n - choosing - judging, choosing, judging)


def _last(epochs: int) -> int:
    """Return how many epochs at the end are averaged."""
    return max(1, round(ENDING * epochs))


def _ending(losses: Array) -> Array:
    """Return the mean over the last epochs; NaN where one of them is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        ends: Array = losses[-_last(len(losses) - 1) :].mean(axis=0)
    return ends
