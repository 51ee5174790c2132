"""Fitting: a table of the user's becomes a network that can be saved, gone on with and asked.

`begin` makes a `Model`, `fit` goes on training one, `answers` asks one. The columns are
standardised by the rows to learn from alone; the rows held out are drawn by a child of the seed
of their own. It prints and draws nothing.

Where to go next: ``text.py`` and ``figure.py``, which tell and draw it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from os import PathLike
from typing import Any, NamedTuple

import numpy as np

from experiments.data import SOURCES, DataError, Dataset, Scale, Table, column_names, read_gaps
from experiments.fitting.model import Layer, Model, look
from experiments.kit.claims import Verdict
from experiments.kit.starts import good_start, named_start
from experiments.kit.training import BATCHES, HELD_OUT, Setback, Settings, networks, setback
from experiments.kit.words import number
from mlp import mse, train
from mlp.arrays import Array
from mlp.network import child_rng

# How often a model is saved while it trains, in seconds, unless the user says it in epochs.
SAVE_EVERY = 30.0


class Finding(NamedTuple):
    """What is wrong in some layers, numbered from 1, and what to do about it."""

    layers: list[int]
    words: str
    remedy: str


@dataclass(frozen=True)
class Fit:
    """A model after some epochs, and what it learned from.

    Attributes
    ----------
    model : Model
        After the last whole epoch at which everything was finite.
    first_epoch : int
        How many epochs it had before.
    table : Table
        Without its incomplete rows.
    dataset : Dataset
        The rows to learn from.
    held_out_x, held_out_y : numpy.ndarray
        The rows held out, standardised like the others.
    moved : bool
        Whether any weight, biases left out, changed.
    layers : tuple of Layer
        The hidden layers now.
    diverged_at : int
        The epoch at which the loss or a weight was not finite; -1 for none.
    interrupted : bool
        Whether the user stopped it.
    saved : str or None
        The file that keeps the model.
    """

    model: Model
    first_epoch: int
    table: Table
    dataset: Dataset
    held_out_x: Array
    held_out_y: Array
    moved: bool
    layers: tuple[Layer, ...]
    diverged_at: int = -1
    interrupted: bool = False
    saved: str | None = None

    @property
    def worth_saving(self) -> bool:
        """Whether there is a finite network, and, after an interruption, a new one."""
        return len(self.model.loss) > 0 and not (
            self.interrupted and self.model.epoch == self.first_epoch
        )

    @property
    def held_out_mean_loss(self) -> float:
        """The loss on the rows held out of always answering the mean of the others; or NaN."""
        return float(np.square(self.held_out_y).mean()) if len(self.held_out_y) else np.nan

    def judged_rows(self) -> tuple[Array, Array]:
        """Return truth and answers in the units of the table: rows held out if there are any."""
        x, y = self.dataset.x, self.dataset.y
        if len(self.held_out_x):
            x, y = self.held_out_x, self.held_out_y
        scale = self.model.y_scale
        with np.errstate(over="ignore", invalid="ignore"):
            return scale.back(y), scale.back(self.model.network.forward(x).output)

    def typical_errors(self) -> Array:
        """√mean((ŷ - y)²) of each target over `judged_rows`, in the units of the table."""
        truth, answers = self.judged_rows()
        return _rms(answers - truth)

    @property
    def setback(self) -> Setback | None:
        """What is wrong with how the loss ended, if anything is."""
        return setback(self.model.loss, self.dataset.mean_predictor_loss)

    def verdict(self) -> Verdict:
        """Say in one word what became of the network, as for the cases of the notes."""
        loss, mean_loss = self.model.loss, self.dataset.mean_predictor_loss
        if self.diverged_at >= 0:
            reason = "A step was too large; use a smaller --learning-rate."
            if self.diverged_at == 0:
                reason = f"The start is too large; use --init {usual_start(self.model)}."
            return Verdict("diverged", f"not finite at epoch {self.diverged_at}", reason)
        if not self.moved:
            reason = "No gradient could change a weight, so only the output bias can move."
            return Verdict("stalled", "no weight moved (largest change 0)", reason)
        lowest, bad = float(loss.min()), self.setback
        if lowest > 0.99 * mean_loss:
            reason = f"Always answering the mean has a loss of {number(mean_loss)}."
            words = f"lowest loss {number(lowest)}"
            if bad:
                words, reason = f"{words}, at the end {number(loss[-1])}", bad.reason
            return Verdict("stalled", words, reason)
        numbers = f"loss {number(loss[0])} → {number(loss[-1])}"
        numbers += ", above the mean" if bad else ""
        units, distinct = (sum(int(layer[k]) for layer in self.layers) for k in (0, 1))
        if distinct < units:
            reason = "Units that are the same get the same gradient and stay the same."
            reason = bad.reason if bad else reason
            return Verdict("symmetric", f"{distinct} distinct of {units} units, {numbers}", reason)
        return Verdict("learning", numbers, bad.reason if bad else "")

    def findings(self) -> list[Finding]:
        """Return what the start did to the layers, then what training did to them."""
        began, now = _troubles(self.model.began), _troubles(self.layers)
        found = [
            Finding(layers, f"at the start {words}", _remedy(kind, self.model))
            for kind, (layers, words) in began.items()
        ]
        if "dead" in now and "dead" not in began:
            layers, words = now["dead"]
            remedy = "a smaller --learning-rate"
            if self.model.settings.activation == "relu":
                remedy += ", or --activation tanh"
            found.append(Finding(layers, f"after training {words}", remedy))
        return found


@dataclass(frozen=True)
class Answers:
    """What a model answers to the rows of a table.

    Attributes
    ----------
    targets : tuple of str
        The columns.
    values : numpy.ndarray, shape (n, targets)
        In the units of the table that it was trained on; NaN where an input is missing.
    loss, mean_loss : float
        Of the answers and of always answering the mean of the rows it learned from,
        standardised as in training; NaN where the truth is not known.
    errors : numpy.ndarray, shape (targets,)
        √mean((ŷ - y)²) of each target; NaN where the truth is not known.
    known : int
        For how many rows the truth is known.
    """

    targets: tuple[str, ...]
    values: Array
    loss: float
    mean_loss: float
    errors: Array
    known: int

    @property
    def unanswered(self) -> int:
        """How many rows lack an input."""
        return int(np.isnan(self.values).any(axis=1).sum())


def begin(
    table: Table,
    settings: Settings | None = None,
    *,
    start: str | None = None,
    validation: float = 0.2,
    drop_missing: bool = False,
) -> Model:
    """Return a model of a table before its first epoch.

    Parameters
    ----------
    table : Table
        Complete; from `experiments.data.read`.
    settings : Settings, optional
        The network and the training.
    start : str, optional
        A name of `experiments.kit.starts.named_start`; by default what suits the activation.
    validation : float
        Which part of the rows is held out.
    drop_missing : bool
        How the table was read.

    Raises
    ------
    DataError
        If there are too few rows, or a target is constant on those to learn from.
    ValueError
        If a setting is out of range or a name is unknown.

    Examples
    --------
    >>> from experiments.data import read
    >>> model = begin(read("penguins"), Settings(hidden=(4,), epochs=50))
    >>> fit(model, read("penguins")).verdict().word
    'learning'
    """
    settings = (settings or Settings()).filled_in()
    start = start or good_start(settings.activation).kernel.name
    dataset = _divided(table, validation, settings.seed)[0]
    sizes = [len(table.inputs), *settings.hidden, len(table.targets)]
    (network,) = networks(sizes, settings.activation, named_start(start), settings.seed, [0])
    return Model(
        network=network,
        inputs=table.inputs,
        targets=table.targets,
        x_scale=Scale(dataset.x_mean, dataset.x_std),
        y_scale=Scale(dataset.y_mean, dataset.y_std),
        settings=settings,
        start=start,
        validation=validation,
        rows=len(table.values),
        digest=_digest(table),
        drop_missing=drop_missing,
        loss=np.empty(0),
        held_out_loss=np.empty(0),
        began=look(network, dataset),
        memory=settings.new_optimizer().memory.state(),
    )


def fit(
    model: Model,
    table: Table,
    epochs: int | None = None,
    on_epoch: Callable[[Model], object] | None = None,
) -> Fit:
    """Go on training a model: N epochs and then M are bit for bit N + M.

    Parameters
    ----------
    model : Model
        From `begin` or `Model.load`; it is left as it is.
    table : Table
        The one that it began with.
    epochs : int, optional
        How many more; by default those that are left of the plan.
    on_epoch : callable (Model), optional
        Called with the model after each whole epoch at which everything was finite.

    Returns
    -------
    Fit
        A Ctrl-C and a divergence end the training; the last good epoch is kept.

    Raises
    ------
    DataError
        If the table is another one.
    """
    _check_same(model, table)
    epochs = model.epochs_left if epochs is None else epochs
    settings = replace(model.settings, epochs=model.epoch + epochs)
    dataset, held_out_x, held_out_y = _divided(table, model.validation, settings.seed)
    network, optimizer = model.network.copy(), settings.new_optimizer()
    optimizer.memory.restore(network.theta, model.memory)
    total = model.epoch + epochs + 1
    loss, held_out_loss = np.full((2, total), np.nan)
    loss[: len(model.loss)] = model.loss
    held_out_loss[: len(model.held_out_loss)] = model.held_out_loss
    kept = model = replace(model, settings=settings)

    def keep(epoch: int, new_loss: Any) -> None:
        nonlocal kept
        if not np.isfinite(new_loss) or not network.is_finite():
            return
        loss[epoch] = new_loss
        if len(held_out_x):
            held_out_loss[epoch] = mse(network.forward(held_out_x).output, held_out_y)[0]
        # In one assignment, so that an interruption finds the old state or the new one.
        kept = replace(
            model,
            network=network.copy(),
            memory=optimizer.memory.state(),
            loss=loss[: epoch + 1],
            held_out_loss=held_out_loss[: epoch + 1 if len(held_out_x) else 0],
        )
        if on_epoch is not None:
            on_epoch(kept)

    diverged_at, interrupted = -1, False
    try:
        history = train(
            network,
            dataset.x,
            dataset.y,
            optimizer=optimizer,
            epochs=epochs,
            batch_size=settings.batch_size,
            seed=np.random.SeedSequence(settings.seed, spawn_key=(BATCHES,)),
            on_epoch=keep,
            first_epoch=model.epoch,
        )
        diverged_at = int(history.diverged_at)
    except KeyboardInterrupt:
        interrupted = True
    pairs = zip(kept.network.layers, model.network.layers, strict=True)
    return Fit(
        model=kept,
        first_epoch=model.epoch,
        table=table,
        dataset=dataset,
        held_out_x=held_out_x,
        held_out_y=held_out_y,
        moved=any(not np.array_equal(new.W, old.W) for new, old in pairs),
        layers=look(kept.network, dataset),
        diverged_at=diverged_at,
        interrupted=interrupted,
    )


def answers(model: Model, source: str | PathLike[str], drop_missing: bool = False) -> Answers:
    """Ask a model about the rows of a table that has its inputs, and perhaps its targets.

    Parameters
    ----------
    model : Model
        From `Model.load` or a `Fit`.
    source : str or path-like
        As for `experiments.data.read`.
    drop_missing : bool
        Leave rows that lack an input unanswered; otherwise they are refused.

    Raises
    ------
    DataError
        If the table is wrong, or lacks a column.
    OSError
        If it cannot be read.
    """
    there = column_names(source)
    table = read_gaps(source, model.inputs, [name for name in model.targets if name in there])
    if not drop_missing and str(source) not in SOURCES:
        replace(table, targets=(), values=table.x).complete()
    answered = ~np.isnan(table.x).any(axis=1)
    if not answered.any():
        raise DataError(f"{source} has no complete row to answer")
    values = np.full((len(table.x), len(model.targets)), np.nan)
    values[answered] = model.answer(table.x[answered])
    wrong = answered & ~np.isfinite(values).all(axis=1)
    if wrong.any():
        raise DataError(
            f"{source}, line {table.lines[wrong.argmax()]}: its numbers are too far from those "
            "that the network has learned from; it has no finite answer"
        )
    truth = table.y if len(table.targets) == len(model.targets) else np.full_like(values, np.nan)
    known = answered & ~np.isnan(truth).any(axis=1)
    errors, from_mean = (values - truth)[known], (truth - model.y_scale.mean)[known]
    return Answers(
        targets=model.targets,
        values=values,
        loss=_mean_square(errors / model.y_scale.std),
        mean_loss=_mean_square(from_mean / model.y_scale.std),
        errors=_rms(errors) if len(errors) else np.full(len(model.targets), np.nan),
        known=int(known.sum()),
    )


def saving(
    path: str | PathLike[str],
    every: int | None = None,
    on_failure: Callable[[OSError], object] = print,
) -> Callable[[Model], None]:
    """Return an `on_epoch` that saves the model now and then, so that a killed run keeps most.

    Parameters
    ----------
    path : path-like
        Where to.
    every : int, optional
        Save after so many epochs; by default after `SAVE_EVERY` seconds.
    on_failure : callable (OSError)
        Called when the file could not be written; the training goes on.
    """
    saved_at = time.monotonic()

    def save(model: Model) -> None:
        nonlocal saved_at
        due = model.epoch % every == 0 if every else time.monotonic() - saved_at > SAVE_EVERY
        if due and model.epoch:
            try:
                model.save(path)
            except OSError as error:
                on_failure(error)
            saved_at = time.monotonic()

    return save


def _divided(table: Table, validation: float, seed: int) -> tuple[Dataset, Array, Array]:
    """Return the rows to learn from, and x and y of those held out, standardised like them."""
    if not 0 <= validation < 1:
        raise ValueError(f"validation must be at least 0 and below 1, not {validation}")
    rows = len(table.values)
    count = max(1, round(validation * rows)) if validation else 0
    if count and rows - count < 2:
        raise DataError(
            f"{table.source} has {rows} complete rows, too few to hold {count} of them out; use "
            "--validation 0"
        )
    order = child_rng(seed, HELD_OUT).permutation(rows)
    dataset, [(held_out_x, held_out_y)] = table.divided(
        np.sort(order[count:]), np.sort(order[:count])
    )
    return dataset, held_out_x, held_out_y


def _digest(table: Table) -> str:
    return sha256(np.ascontiguousarray(table.values).data).hexdigest()


def _check_same(model: Model, table: Table) -> None:
    wanted = "training goes on with the table that it began with, or begins anew without --resume"
    if (table.inputs, table.targets) != (model.inputs, model.targets):
        raise DataError(f"{table.source} has other columns than the model knows: {wanted}")
    if len(table.values) != model.rows:
        rows = f"{len(table.values)} complete rows, not {model.rows} as at the start"
        raise DataError(f"{table.source} has {rows}: {wanted}")
    if _digest(table) != model.digest:
        raise DataError(f"{table.source} has other numbers than at the start: {wanted}")


class Trouble(NamedTuple):
    """A way in which a layer can be bad: a value of it beyond a limit.

    Attributes
    ----------
    kind : str
        Its name.
    value : callable (layer, delta_std of the last layer) -> float
        What is looked at.
    worst : min or max
        Which end is bad: below the limit, or from the limit on.
    limit : float
        Where it begins.
    words : callable (value) -> str
        What is said of the worst value.
    """

    kind: str
    value: Callable[[Layer, float], float]
    worst: Callable[[Sequence[float]], float]
    limit: float
    words: Callable[[float], str]

    def has(self, value: float) -> bool:
        """Return whether that is bad; what is not a number counts as too large."""
        return value < self.limit if self.worst is min else not value < self.limit


TROUBLES = (
    Trouble(
        "the same", lambda layer, last: layer.distinct == 1 < layer.units, max, 0.5,
        lambda value: "all units are the same, so they get the same gradient",
    ),
    Trouble(
        "dead", lambda layer, last: layer.dead, max, 0.5,
        lambda value: f"{100 * value:.0f} % of the units are dead: they get no gradient",
    ),
    Trouble(
        "saturated", lambda layer, last: layer.saturated, max, 0.5,
        lambda value: f"{100 * value:.0f} % of all a are saturated: f' is near 0",
    ),
    Trouble(
        "vanishing", lambda layer, last: layer.a_std, min, 0.01,
        lambda value: f"the signal vanishes: std a is {number(value)}",
    ),
    Trouble(
        "exploding", lambda layer, last: layer.a_std, max, 100,
        lambda value: f"the signal explodes: std a is {number(value)}",
    ),
    Trouble(
        "vanishing gradient", lambda layer, last: layer.delta_std / last if last else 1, min, 0.01,
        lambda value: f"the gradient vanishes: delta is {number(value)} of the last layer's",
    ),
    Trouble(
        "exploding gradient", lambda layer, last: layer.delta_std / last if last else 1, max, 100,
        lambda value: f"the gradient explodes: delta is {number(value)} times the last layer's",
    ),
)  # fmt: skip


def _troubles(layers: Sequence[Layer]) -> dict[str, tuple[list[int], str]]:
    """Return by its kind what is wrong, in which layers, and in words with the worst value."""
    found = {}
    for trouble in TROUBLES:
        values = [trouble.value(layer, layers[-1].delta_std) for layer in layers]
        bad = [k for k, value in enumerate(values, start=1) if trouble.has(value)]
        if bad:
            found[trouble.kind] = bad, trouble.words(trouble.worst(values))
    return found


def usual_start(model: Model) -> str:
    """Return the start that a model has unless the user chooses another."""
    return good_start(model.settings.activation).kernel.name


def _remedy(kind: str, model: Model) -> str:
    """Return what to change about the start, or about the network if the start was right."""
    if model.start != usual_start(model):
        return f"--init {usual_start(model)}"
    if model.settings.activation == "sigmoid":
        return "--activation tanh or relu: Xavier does not rescue sigmoid in depth"
    relu = model.settings.activation == "relu"
    return "--activation tanh" if kind == "dead" and relu else "fewer hidden layers, or wider ones"


def _rms(errors: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        rms: Array = np.sqrt(np.square(errors).mean(axis=0))
    return rms


def _mean_square(errors: Array) -> float:
    with np.errstate(over="ignore"):
        return float(np.square(errors).mean()) if len(errors) else np.nan
