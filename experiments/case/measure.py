"""What is run: a case, a data set and seeds become a `Result`. It prints and draws nothing.

Beside the case itself it trains what the case must be compared with: the same network
started well, and one unit (see `Twin`). All of them see the same data and the same batches,
because data, weights and batches draw from separate children of one seed.

Where to go next: ``text.py`` and ``figure.py``, which read the result.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.case.cases import Case
from experiments.data import Dataset, best_plane
from experiments.kit.claims import ROUNDING, Outcome, Setback
from experiments.kit.settings import Expect, Settings, unwatched
from experiments.kit.starts import Start, good_start
from experiments.kit.training import (
    NO_GRADIENT,
    fit,
    median_run,
    member,
    networks,
    setback,
    verdict_word,
)
from mlp import MLP, Gradients, History, Trace, diagnostics, mse
from mlp.arrays import Array
from mlp.optimizers import OPTIMIZERS, Adam, Resumable

REFERENCE_RUNS = 4


@dataclass(frozen=True)
class Twin:
    """H identical units and the one unit that stands for them, trained side by side.

    Attributes
    ----------
    many, one : History
        Of the network of the case, and of the network with one unit per hidden layer.
    answers : numpy.ndarray, shape (2, n, targets)
        What both answer after training.
    target_mean : numpy.ndarray
        The mean of y in this comparison.
    bent : float
        The part of the variance of the answers that no plane over the inputs explains.
    """

    many: History
    one: History
    answers: Array
    target_mean: Array
    bent: float

    @property
    def flat(self) -> bool:
        """Whether the answer is the same for every row."""
        return float(np.ptp(self.answers[0], axis=0).max()) <= ROUNDING

    @property
    def difference(self) -> float:
        """The largest difference between the two: of losses at any epoch, of final answers.

        Each is relative to the largest loss and answer. Infinite if one of them diverged
        before the other.
        """
        if self.many.diverged_at != self.one.diverged_at:
            return float("inf")
        finite = np.isfinite(self.many.loss) & np.isfinite(self.one.loss)
        pairs = [(self.many.loss[finite], self.one.loss[finite])]
        if np.isfinite(self.answers).all():
            pairs.append((self.answers[0], self.answers[1]))
        sizes = [np.abs(many).max(initial=0) for many, _ in pairs]
        gaps = [np.abs(many - one).max(initial=0) for many, one in pairs]
        return max(
            float(gap / size) if size else 0.0 for gap, size in zip(gaps, sizes, strict=True)
        )


@dataclass(frozen=True)
class Result:
    """Everything that was measured; text, JSON and pictures are made from it alone.

    Attributes
    ----------
    case, options, settings, dataset
        What was run.
    start : Start
        How the weights started.
    before, network : MLP
        Before and after training. Of several seeds, the one with the median final loss.
    trace, gradients
        Its pass over all rows before training.
    history : History
        Its training.
    all_losses : numpy.ndarray, shape (epochs + 1, runs)
        Of every seed.
    reference_name : str
        The initializer of the same network started well.
    reference_losses : numpy.ndarray, shape (epochs + 1,)
        Of `REFERENCE_RUNS` runs, the one whose loss is lowest over all epochs.
    compared : Twin or None
        For a case whose units start identical.
    best_one_unit : float
        For the other cases: the lowest loss that one unit per layer reached over the seeds.
    became : MLP
        What the network has become: after training, with its identical units merged.
    stands_for : list of numpy.ndarray of int
        For each hidden layer, how many units each of the merged ones stands for.
    shown : int
        Which of the seeds is shown: the one with the median final loss.
    film : str or None
        The file in which its training is drawn as it happens.
    """

    case: Case
    options: Mapping[str, Any]
    settings: Settings
    dataset: Dataset
    start: Start
    before: MLP
    network: MLP
    trace: Trace
    gradients: Gradients
    history: History
    all_losses: Array
    reference_name: str
    reference_losses: Array
    became: MLP
    stands_for: list[NDArray[np.intp]]
    shown: int = 0
    compared: Twin | None = None
    best_one_unit: float = np.nan
    film: str | None = None

    @property
    def name(self) -> str:
        """The case."""
        return self.case.name

    @property
    def label(self) -> str:
        """The case, with the options that ``verify`` runs it with."""
        return " ".join([self.name, *(str(self.options[name]) for name in self.case.variants[0])])

    @property
    def sizes(self) -> list[int]:
        """Inputs, hidden units, outputs."""
        return self.network.sizes

    @property
    def hidden_units(self) -> int:
        """How many hidden units there are in all."""
        return sum(self.sizes[1:-1])

    @property
    def distinct(self) -> int:
        """How many hidden units differ from one another after training."""
        return sum(self.became.sizes[1:-1])

    @property
    def weight_spread(self) -> float:
        """How far apart the units of a layer start; of several layers, where that is least."""
        return float(diagnostics.weight_spread(self.before, self.trace, self.gradients).min())

    @property
    def gradient_spread(self) -> float:
        """The same of the first gradients of the units."""
        return float(diagnostics.gradient_spread(self.before, self.trace, self.gradients).min())

    @property
    def twin(self) -> Twin:
        """The comparison with one unit, which only a case of identical units has."""
        if self.compared is None:
            raise ValueError(f"case '{self.case.name}' does not start with identical units")
        return self.compared

    @property
    def lowest_loss(self) -> float:
        """The lowest loss of the run."""
        return self.lowest(self.history.loss)

    @staticmethod
    def lowest(losses: Array) -> float:
        """Return the lowest of the losses that are finite."""
        return float(losses[np.isfinite(losses)].min(initial=np.inf))

    @property
    def final_losses(self) -> Array:
        """The loss of every seed at the end; infinite where it diverged."""
        return np.where(np.isnan(self.all_losses[-1]), np.inf, self.all_losses[-1])

    @property
    def largest_weight_change(self) -> float:
        """The largest |w_new - w_old| of any weight at any epoch, biases left out."""
        return float(np.nanmax(self.history["weight_change"]))

    @property
    def dead(self) -> list[int]:
        """How many units of each hidden layer are dead at the end: f'(z) = 0 on every row."""
        with np.errstate(over="ignore", invalid="ignore"):
            trace = self.network.forward(self.dataset.x)
            parts = diagnostics.dead(self.network, trace, self.gradients)
        return [round(part * H) for part, H in zip(parts, self.settings.hidden, strict=True)]

    @property
    def dead_from(self) -> int | None:
        """The epoch from which no gradient reaches a layer that is dead as a whole, to the end.

        None if no layer is. Weights without a gradient do not move: it is dead since then.
        """
        pairs = enumerate(zip(self.dead, self.settings.hidden, strict=True))
        whole = [k for k, (dead, H) in pairs if dead == H]
        if not whole:
            return None
        reached = np.flatnonzero(self.history["dW_rms"][:, whole[-1]])
        return int(reached[-1]) + 1 if len(reached) else 0

    @property
    def frozen(self) -> bool:
        """Whether no weight moved."""
        return self.largest_weight_change == 0

    @property
    def word(self) -> str:
        """What became of the network; see `verdict_word`."""
        diverged = bool(self.history.diverged_at >= 0)
        if not diverged and self.frozen:
            return "stalled"
        mean_loss = self.dataset.mean_predictor_loss
        return verdict_word(
            diverged, self.lowest_loss, mean_loss, self.distinct, self.hidden_units
        )

    @property
    def setback(self) -> Setback | None:
        """What is wrong with how the loss ended, if anything is."""
        return setback(self.history.loss, self.dataset.mean_predictor_loss)

    @property
    def last_epoch(self) -> int:
        """The last epoch that was trained: where it diverged, if it did."""
        diverged_at = int(self.history.diverged_at)
        return self.history.epochs if diverged_at < 0 else diverged_at

    def until(self, epoch: int, network: MLP) -> Result:
        """Return what would be known had the training ended at that epoch, with that network."""
        with np.errstate(over="ignore", invalid="ignore"):
            became, stands_for = diagnostics.merged(network)
        past = slice(0, epoch + 1)
        history = History(
            loss=self.history.loss[past],
            probes={name: values[past] for name, values in self.history.probes.items()},
            diverged_at=self.history.diverged_at if epoch >= self.last_epoch else -1,
        )
        return replace(
            self,
            settings=replace(self.settings, epochs=epoch),
            network=network,
            history=history,
            all_losses=self.all_losses[past],
            reference_losses=self.reference_losses[past],
            became=became,
            stands_for=stands_for,
        )

    def first_epoch_below(self, loss: float) -> int | None:
        """Return the first epoch with a loss below this one, or None."""
        below = np.flatnonzero(self.history.loss < loss)
        return int(below[0]) if len(below) else None

    @staticmethod
    def largest(arrays: Iterable[Array]) -> float:
        """Return the largest |entry| of all of them."""
        return max(float(np.abs(values).max()) for values in arrays)

    def each_epoch(self, probe: str) -> Array:
        """Return the largest value over the layers, for each epoch that was finite."""
        values = self.history[probe].max(axis=-1)
        finite: Array = values[np.isfinite(values)]
        return finite

    def outcomes(self) -> list[Outcome]:
        """Measure every claim of the case."""
        return self.case.outcomes(self, self.settings.activation, self.options)


def run(
    case: Case,
    dataset: Dataset,
    settings: Settings | None = None,
    options: Mapping[str, Any] | None = None,
    expect: Expect = unwatched,
) -> Result:
    """Train the networks of a case and everything it is compared with.

    Parameters
    ----------
    case : Case
        From ``cases.CASES``, or a new one.
    dataset : Dataset
        From ``data.load``.
    settings : Settings, optional
        The network and the training.
    options : mapping, optional
        The options of the case, converted; those left out have their defaults.
    expect : callable (steps) -> callable, optional
        Told how many epochs there will be, it returns what to call after each.

    Returns
    -------
    Result

    Raises
    ------
    ValueError
        If a setting is out of range or a name is unknown.

    Examples
    --------
    >>> from experiments.case.cases import ZERO
    >>> from experiments.data import load
    >>> result = run(ZERO, load(), Settings(epochs=5))
    >>> result.word, result.largest_weight_change
    ('stalled', 0.0)
    """
    settings = settings or case.settings()
    options = case.chosen(options)
    start, good = case.start(**options), good_start(settings.activation)
    x, y = dataset.x, dataset.y
    sizes = [x.shape[1], *settings.hidden, y.shape[1]]
    # Two trainings: of all networks of this shape, and of the one unit that they are held to.
    trained = partial(fit, settings=settings, on_epoch=expect(2 * (settings.epochs + 1)))

    stack, targets = _all_networks(case, start, dataset, settings)
    before = stack.copy()
    histories = trained(stack, x, targets, probes=_probes(before))

    seeds = slice(0, case.runs)
    references = slice(case.runs, case.runs + REFERENCE_RUNS)
    shown = median_run(histories.loss[-1, seeds])
    reference_losses = histories.loss[:, references]
    total = reference_losses.sum(axis=0)
    best = np.argmin(np.where(np.isfinite(total), total, np.inf))
    with np.errstate(over="ignore", invalid="ignore"):
        trace = before[shown].forward(x)
        gradients = before[shown].backward(trace, mse(trace.output, y)[1])
        became, stands_for = diagnostics.merged(stack[shown])
    result = Result(
        case=case,
        options=options,
        settings=settings,
        dataset=dataset,
        start=start,
        before=before[shown],
        network=stack[shown],
        trace=trace,
        gradients=gradients,
        history=member(histories, shown),
        all_losses=histories.loss[:, seeds],
        reference_name=good.kernel.name,
        reference_losses=reference_losses[:, best],
        became=became,
        stands_for=stands_for,
        shown=shown,
    )
    if case.identical:
        with np.errstate(over="ignore"):
            small = diagnostics.merged(before[-1])[0]
        one = trained(small, x, targets[-1], optimizer=stand_in(settings, small))
        with np.errstate(over="ignore", invalid="ignore"):
            answers = np.stack([stack[-1].predict(x), small.predict(x)])
            bent = _bent(x, answers[0])
        twin = Twin(member(histories, -1), one, answers, targets[-1].mean(axis=0), bent)
        return replace(result, compared=twin)
    narrow = [sizes[0], *(1 for _ in settings.hidden), sizes[-1]]
    ones = networks(narrow, settings.activation, good, settings.seed, range(case.runs))
    return replace(result, best_one_unit=result.lowest(trained(MLP.stack(ones), x, y).loss))


def replay(result: Result, epochs: Collection[int], visit: Callable[[Result], object]) -> None:
    """Train once more, and call `visit` with what is known at each of the epochs, in order.

    The training is the same to the last bit: all networks of the run train again, as one
    stack. So nothing need be kept of a run to show it at any epoch.

    Parameters
    ----------
    result : Result
        Of `run`.
    epochs : collection of int
        Those to stop at, from 0 to ``result.last_epoch``.
    visit : callable (Result) -> object
        See `Result.until`.
    """
    stack, targets = _all_networks(result.case, result.start, result.dataset, result.settings)

    coming = count()

    def on_epoch() -> None:
        epoch = next(coming)
        if epoch in epochs:
            visit(result.until(epoch, stack[result.shown]))

    fit(stack, result.dataset.x, targets, settings=result.settings, on_epoch=on_epoch)


def _all_networks(
    case: Case, start: Start, dataset: Dataset, settings: Settings
) -> tuple[MLP, Array]:
    """Return all networks of one shape as a stack that trains in lockstep, and their targets.

    They are the seeds of the case, those of the good start and, last, for identical units the
    case once more, for the comparison with one unit.
    """
    x, y = dataset.x, dataset.y
    sizes = [x.shape[1], *settings.hidden, y.shape[1]]
    draw = partial(networks, sizes, settings.activation, seed=settings.seed)
    members = draw(start=start, members=range(case.runs))
    members += draw(start=good_start(settings.activation), members=range(REFERENCE_RUNS))
    targets = [y] * len(members)
    if case.identical:
        members.append(members[0])
        targets.append(y + case.target_shift)
    return MLP.stack(members), np.stack(targets)


def _bent(x: Array, answers: Array) -> float:
    """Return the part of the variance of the answers that no plane over x explains."""
    if not np.isfinite(answers).all():
        return float("nan")
    variance = answers.var(axis=0).mean()
    if variance <= 1e-24:
        return 0.0
    return float(np.square(answers - best_plane(x, answers)).mean() / variance)


# --- probes ----------------------------------------------------------------------------


def _probes(before: MLP) -> dict[str, Any]:
    """Return what is recorded at every epoch; `before` is the network before training."""

    def weight_change(network: MLP, trace: Trace, gradients: Gradients) -> Array:
        pairs = zip(network.layers, before.layers, strict=True)
        moved = [np.abs(d.W - d0.W).max(axis=(-2, -1)) for d, d0 in pairs]
        largest: Array = np.maximum.reduce(moved)
        return largest

    return {
        "unit_gradients": lambda network, trace, gradients: gradients.W[0][..., 0, :],
        "output_bias": lambda network, trace, gradients: network.layers[-1].b[..., 0, :],
        "gradient_spread": _relative_gradient_spread,
        "weight_change": weight_change,
        "unit_spread": _unit_spread,
        "dW_rms": diagnostics.dW_rms,
    }


def _relative_gradient_spread(network: MLP, trace: Trace, gradients: Gradients) -> Array:
    """Return the largest difference between two units' gradients, relative to their size."""
    size = _largest_per_layer(gradients.W[:-1])
    spread = diagnostics.gradient_spread(network, trace, gradients)
    return np.divide(spread, size, out=np.zeros_like(size), where=size > NO_GRADIENT)


def _unit_spread(network: MLP, trace: Trace, gradients: Gradients) -> Array:
    """Return how far z of any unit is from that of the first, relative to the largest z.

    As a = f(z) entry by entry, units with the same z have the same a.
    """
    z = trace.z[:-1]
    size, spread = _largest_per_layer(z), _largest_per_layer([v - v[..., :1] for v in z])
    return np.divide(spread, size, out=np.zeros_like(size), where=size > 0)


def _largest_per_layer(per_layer: Sequence[Array]) -> Array:
    return np.stack([np.abs(values).max(axis=(-2, -1)) for values in per_layer], axis=-1)


# --- one unit that stands for many -----------------------------------------------------


def stand_in(settings: Settings, one: MLP) -> Resumable:
    """Return an optimizer that trains one unit as if it were H identical ones.

    With n_in and n_out the units that the one stands for in the layer below and in its own,
    its weight is W = n_in · w, the gradient of one w is dW / n_out, and W moves n_in times as
    far as w: a rate of η n_in / n_out. For Adam, whose step does not grow with the gradient, the
    rate is η n_in, and n_out goes to the ε that the gradient is held against.

    Parameters
    ----------
    settings : Settings
        The H units of each hidden layer and what trains them.
    one : MLP
        The network with one unit in each hidden layer.
    """
    n_in, n_out = (one.with_theta(np.ones_like(one.theta)) for _ in range(2))
    for k, H in enumerate(settings.hidden):
        n_out.layers[k].W *= H
        n_out.layers[k].b *= H
        n_in.layers[k + 1].W *= H
    optimizer = OPTIMIZERS[settings.optimizer]
    with np.errstate(over="ignore"):
        rate = np.minimum(settings.learning_rate * n_in.theta, np.finfo(np.float64).max)
    if optimizer is Adam:
        return Adam(rate, epsilon=Adam.epsilon * n_out.theta)
    return optimizer(rate / n_out.theta)
