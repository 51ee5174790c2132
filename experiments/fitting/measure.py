"""Fitting: a table of the user's becomes a network that can be saved, gone on with and asked.

`begin` makes a `Model`, `fit` goes on training one, `answers` asks one. The columns are
standardised by the rows to learn from alone; the rows held out are drawn by a child of the seed
of their own. It prints and draws nothing.

Where to go next: ``text.py`` and ``figure.py``, which tell and draw it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from os import PathLike
from typing import Any, NamedTuple

import numpy as np

from experiments.data import SOURCES, DataError, Dataset, Scale, Table, column_names, read_gaps
from experiments.fitting.model import Layer, Model, look
from experiments.kit.claims import LEARNED, Setback, Verdict
from experiments.kit.settings import Default, Defaults, PerLayer, Settings
from experiments.kit.sizes import of_training, require
from experiments.kit.starts import good_start, named_start
from experiments.kit.training import BATCHES, HELD_OUT, networks, setback
from experiments.kit.words import number
from mlp import mse, train
from mlp.arrays import Array, InputError
from mlp.network import child_rng

# The network is larger than those of the cases: it is not there to be looked at.
# Adam's steps do not grow with the gradient, so that an outlier in the table does no harm.
DEFAULTS = Defaults(
    hidden=Default((16, 16)),
    epochs=Default(100),
    learning_rate=Default(PerLayer(0.02), adam=0.003),
    batch_size=Default(32),
    optimizer="adam",
)
# How often a model is saved while it trains, in seconds, unless the user says it in epochs.
SAVE_EVERY = 30.0

# A loss on rows held out that is so much above its lowest has risen.
RISEN = 1.1
# A start whose loss is so many times that of always the mean is far too large.
FAR_TOO_LARGE = 10


class Finding(NamedTuple):
    """What is wrong, and what to do about it.

    Attributes
    ----------
    layers : list of int
        The hidden layers where it is, numbered from 1; none for the whole network.
    words : str
        What it is.
    options : mapping from str to str or None
        The options of ``mlp-demo train`` to change, None for one to leave out.
    """

    layers: list[int]
    words: str
    options: Mapping[str, str | None]

    @property
    def remedy(self) -> str:
        """What to type."""
        return remedy(self.options)


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
    stopped : bool
        Whether it stopped itself, as no epoch was better for long.
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
    stopped: bool = False
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
            return scale.back(y), scale.back(self.model.kept.forward(x).output)

    def typical_errors(self) -> Array:
        """√mean((ŷ - y)²) of each target over `judged_rows`, in the units of the table."""
        truth, answers = self.judged_rows()
        return _rms(answers - truth)

    @property
    def setback(self) -> Setback | None:
        """What is wrong with how the loss ended, if anything is."""
        return setback(self.model.loss, self.dataset.mean_predictor_loss)

    @property
    def judged_loss(self) -> tuple[float, float]:
        """The loss of the network that is kept, and of always the mean, over `judged_rows`."""
        model = self.model
        if len(model.held_out_loss):
            return float(model.held_out_loss[model.kept_epoch]), self.held_out_mean_loss
        return float(model.loss[model.kept_epoch]), self.dataset.mean_predictor_loss

    @property
    def explained(self) -> float:
        """R² = 1 - loss / (loss of always the mean): the part of the variance it explains."""
        loss, mean_loss = self.judged_loss
        return 1 - loss / mean_loss if mean_loss > 0 else np.nan

    @property
    def by_heart(self) -> bool:
        """Whether the loss on the rows held out has risen again: it learns its rows by heart."""
        held_out, best = self.model.held_out_loss, self.model.best_epoch
        return bool(len(held_out) and held_out[-1] > RISEN * held_out[best] and best > 0)

    def verdict(self) -> Verdict:
        """Say in one word what became of the network; the rows held out decide, if there are any.

        The words are those of the cases of the notes.
        """
        loss, mean_loss = self.model.loss, self.dataset.mean_predictor_loss
        held_out = self.model.held_out_loss
        if self.diverged_at >= 0:
            advice = self.advice()
            what = "The start" if "--init" in advice or self.diverged_at == 0 else "A step"
            reason = f"{what} was too large; use {remedy(advice)}."
            return Verdict("diverged", f"not finite at epoch {self.diverged_at}", reason)
        if not self.moved:
            reason = "No gradient could change a weight, so only the output bias can move."
            return Verdict("stalled", "no weight moved (largest change 0)", reason)
        lowest, bad = float(loss.min()), self.setback
        ended_badly = f"{bad.what}; use {remedy(self.advice())}." if bad else ""
        judged, mean = (held_out, self.held_out_mean_loss) if len(held_out) else (loss, mean_loss)
        if judged.min() > LEARNED * mean:
            words = f"lowest loss {number(lowest)}"
            reason = f"Always answering the mean has a loss of {number(mean_loss)}."
            if bad:
                words = f"{words}, at the end {number(loss[-1])}"
            elif lowest <= LEARNED * mean_loss:
                words = f"held out never below the mean, lowest loss {number(judged.min())}"
                reason = f"It learns its own rows (loss {number(lowest)}), not the rule."
            return Verdict("stalled", words, ended_badly or reason)
        numbers = f"loss {number(loss[0])} → {number(loss[-1])}"
        if len(held_out):
            k = self.model.kept_epoch
            numbers = f"held-out loss {number(held_out[0])} → {number(held_out[k])} at epoch {k}"
        numbers += ", above the mean" if bad and self.model.kept_epoch == self.model.epoch else ""
        units, distinct = (sum(int(layer[k]) for layer in self.layers) for k in (0, 1))
        if distinct < units:
            reason = "Units that are the same get the same gradient and stay the same."
            reason = ended_badly or reason
            return Verdict("symmetric", f"{distinct} distinct of {units} units, {numbers}", reason)
        return Verdict("learning", numbers, ended_badly)

    def findings(self) -> list[Finding]:
        """Return what the start did, then what training did, and what to do about it."""
        model, now = self.model, _troubles(self.layers)
        found = self._start_findings()
        if "dead" in now and "dead" not in _troubles(model.began):
            layers, words = now["dead"]
            options = _smaller_steps(model)
            if _is_relu(model) and options.get("--learning-rate"):  # its steps are not too large
                options = {"--activation": "tanh"}
            found.append(Finding(layers, f"after training {words}", options))
        if self.by_heart:
            best, last = model.held_out_loss[model.best_epoch], model.held_out_loss[-1]
            words = (
                f"held out: best {number(best)} at epoch {model.best_epoch}, now {number(last)}"
            )
            kept = f"; epoch {model.best_epoch} is kept" if model.keep == "best" else ""
            options = {} if model.keep == "best" else {"--keep": "best"}
            found.append(Finding([], f"{words}: it learns its rows by heart{kept}", options))
        if not found and not self.interrupted and self.moved and self.verdict().word == "stalled":
            if model.settings.learning_rate < usual_rate(model) / 3:
                found.append(Finding([], "the steps are very small", {"--learning-rate": None}))
            elif model.settings.activation == "sigmoid":
                found.append(Finding([], _FLAT, {"--activation": "tanh", "--init": None}))
        return found

    def advice(self) -> Mapping[str, str | None]:
        """Return the options to change so that the network trains; none if it does."""
        started = self._start_findings()
        if started and self.model.start != usual_start(self.model):
            return started[0].options
        if self.diverged_at == 0:
            return _other_start(self.model)
        if self.diverged_at > 0 or self.setback:
            return _smaller_steps(self.model)
        if self.verdict().word != "stalled":
            return {}
        return next((f.options for f in self.findings() if f.options), {})

    def _start_findings(self) -> list[Finding]:
        """Return what the start did to the layers, or to the loss."""
        model, loss, mean_loss = self.model, self.model.loss, self.dataset.mean_predictor_loss
        found = [
            Finding(layers, f"at the start {words}", _other_start(model, kind))
            for kind, (layers, words) in _troubles(model.began).items()
        ]
        unusual = model.start != usual_start(model)
        if not found and unusual and len(loss) and not loss[0] <= FAR_TOO_LARGE * mean_loss:
            words = f"at the start the answers are far too large: loss {number(loss[0])}"
            found.append(Finding([], words, _other_start(model)))
        return found


def remedy(options: Mapping[str, str | None]) -> str:
    """Return what to type: the options, or that one is to be left out."""
    return " ".join(
        f"{name} {value}" if value else f"the usual {name}" for name, value in options.items()
    )


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
    learned : int
        From how many of the rows the model has learned; 0 where the table is not the one that it
        was trained on.
    held_out_loss : float
        Its loss on rows that were held out in training; NaN if there were none.
    """

    targets: tuple[str, ...]
    values: Array
    loss: float
    mean_loss: float
    errors: Array
    known: int
    learned: int = 0
    held_out_loss: float = np.nan

    @property
    def explained(self) -> float:
        """R² = 1 - loss / (loss of always the mean); NaN where the truth is not known."""
        return 1 - self.loss / self.mean_loss if self.mean_loss > 0 else np.nan

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
    keep: str = "best",
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
    keep : {"best", "last"}
        Which epoch's network answers, see `Model.keep`.

    Raises
    ------
    DataError
        If there are too few rows, or a target is constant on those to learn from.
    InputError
        If a setting is out of range or a name is unknown.

    Examples
    --------
    >>> from experiments.data import read
    >>> model = begin(read("penguins"), Settings(hidden=(4,), epochs=50))
    >>> fit(model, read("penguins")).verdict().word
    'learning'
    """
    settings = settings or DEFAULTS.settings()
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
        keep=keep,
    )


class _EnoughError(Exception):
    """No epoch has been better for long."""


def fit(
    model: Model,
    table: Table,
    epochs: int | None = None,
    on_epoch: Callable[[Model], object] | None = None,
    patience: int | None = None,
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
    patience : int, optional
        Stop after so many epochs without a new lowest loss on the rows held out.

    Returns
    -------
    Fit
        A Ctrl-C and a divergence end the training, too; the last good epoch is not lost.

    Raises
    ------
    DataError
        If the table is another one.
    """
    _check_same(model, table)
    epochs = model.epochs_left if epochs is None else epochs
    settings = replace(model.settings, epochs=model.epoch + epochs)
    dataset, held_out_x, held_out_y = _divided(table, model.validation, settings.seed)
    require(of_training(model.network.sizes, len(dataset.x), 1, 2 * settings.epochs))
    network, optimizer = model.network.copy(), settings.new_optimizer()
    optimizer.memory.restore(network.theta, model.memory)
    total = model.epoch + epochs + 1
    loss, held_out_loss = np.full((2, total), np.nan)
    loss[: len(model.loss)] = model.loss
    held_out_loss[: len(model.held_out_loss)] = model.held_out_loss
    kept = model = replace(model, settings=settings)

    def lowest() -> float:
        return float(kept.held_out_loss.min(initial=np.inf))

    def keep(epoch: int, new_loss: Any) -> None:
        nonlocal kept
        if not np.isfinite(new_loss) or not network.is_finite():
            return
        loss[epoch] = new_loss
        if len(held_out_x):
            held_out_loss[epoch] = mse(network.forward(held_out_x).output, held_out_y)[0]
        theta = network.theta.copy()
        is_best = kept.best is None or not len(held_out_x) or held_out_loss[epoch] < lowest()
        # In one assignment, so that an interruption finds the old state or the new one.
        kept = replace(
            model,
            network=network.with_theta(theta),
            memory=optimizer.memory.state(),
            loss=loss[: epoch + 1],
            held_out_loss=held_out_loss[: epoch + 1 if len(held_out_x) else 0],
            best=theta if is_best else kept.best,
        )
        if on_epoch is not None:
            on_epoch(kept)
        if patience is not None and epoch - kept.best_epoch >= patience:
            raise _EnoughError

    diverged_at, interrupted, stopped = -1, False, False
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
    except _EnoughError:
        stopped = True
    pairs = zip(kept.network.layers, model.network.layers, strict=True)
    return Fit(
        model=kept,
        first_epoch=model.epoch,
        table=table,
        dataset=dataset,
        held_out_x=held_out_x,
        held_out_y=held_out_y,
        moved=any(not np.array_equal(new.W, old.W) for new, old in pairs),
        layers=look(kept.kept, dataset),
        diverged_at=diverged_at,
        interrupted=interrupted,
        stopped=stopped,
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
    held_out = float(model.held_out_loss[model.kept_epoch]) if len(model.held_out_loss) else np.nan
    errors, from_mean = (values - truth)[known], (truth - model.y_scale.mean)[known]
    return Answers(
        targets=model.targets,
        values=values,
        loss=_mean_square(errors / model.y_scale.std),
        mean_loss=_mean_square(from_mean / model.y_scale.std),
        errors=_rms(errors) if len(errors) else np.full(len(model.targets), np.nan),
        known=int(known.sum()),
        learned=_learned(model, table),
        held_out_loss=held_out,
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
        raise InputError(f"validation must be at least 0 and below 1, not {validation}")
    rows = len(table.values)
    count = _held_out_count(rows, validation)
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


def _learned(model: Model, table: Table) -> int:
    """Return from how many rows of a table the model has learned, if it is its own."""
    if table.targets != model.targets:
        return 0
    own = table.complete(drop_missing=True)
    if len(own.values) != model.rows or _digest(own) != model.digest:
        return 0
    return model.rows - _held_out_count(model.rows, model.validation)


def _held_out_count(rows: int, validation: float) -> int:
    return max(1, round(validation * rows)) if validation else 0


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


# Why a deep network of sigmoid units does not train from any usual start.
_FLAT = "σ' is at most 1/4, so the gradient shrinks from layer to layer"


def _is_relu(model: Model) -> bool:
    return model.settings.activation == "relu"


def _other_start(model: Model, kind: str = "") -> dict[str, str | None]:
    """Return what to change about the start, or about the network if the start was right."""
    hidden, activation = model.settings.hidden, model.settings.activation
    if activation == "sigmoid" and (len(hidden) > 2 or model.start == usual_start(model)):
        return {"--activation": "tanh", "--init": None}
    if model.start != usual_start(model):
        return {"--init": usual_start(model)}
    if activation == "relu" and kind == "dead":
        return {"--activation": "tanh"}
    return {"--hidden": ",".join(map(str, hidden[: max(1, len(hidden) // 2)]))}


def usual_rate(model: Model) -> float:
    """Return the learning rate that a model has unless the user chooses another."""
    settings = model.settings
    rate: float = DEFAULTS.learning_rate.of(
        settings.activation, settings.optimizer, len(settings.hidden)
    )
    return rate


def _smaller_steps(model: Model) -> dict[str, str | None]:
    """Return what to change about the steps: the usual ones, if these are larger."""
    settings = model.settings
    if settings.learning_rate > usual_rate(model):
        return {"--learning-rate": None}
    if settings.optimizer != DEFAULTS.optimizer:
        return {"--optimizer": DEFAULTS.optimizer, "--learning-rate": None}
    return {"--learning-rate": f"{settings.learning_rate / 10:.3g}"}


def _rms(errors: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        rms: Array = np.sqrt(np.square(errors).mean(axis=0))
    return rms


def _mean_square(errors: Array) -> float:
    with np.errstate(over="ignore"):
        return float(np.square(errors).mean()) if len(errors) else np.nan
