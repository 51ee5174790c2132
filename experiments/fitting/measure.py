"""Fitting: a table of the user's becomes a network that can be saved and gone on with.

`begin` makes a `Model`, `fit` goes on training one; ``answers.py`` asks it. The columns are
standardised by the rows to learn from alone; the rows held out are drawn by a child of the seed
of their own. It prints and draws nothing.

Where to go next: ``text.py`` and ``figure.py``, which tell and draw it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.data import DataError, Dataset, Scale, Table
from experiments.fitting.findings import (
    FLAT,
    Finding,
    other_start,
    remedy,
    smaller_steps,
    troubles,
    unusual_steps,
    with_tanh,
)
from experiments.fitting.model import DEFAULTS, Layer, Model, fingerprints, look, rms
from experiments.kit.claims import LEARNED, Setback, Verdict
from experiments.kit.settings import Settings
from experiments.kit.sizes import of_training, require
from experiments.kit.starts import good_start, named_start
from experiments.kit.training import BATCHES, HELD_OUT, networks, setback
from experiments.kit.words import number
from mlp import mse, train
from mlp.arrays import Array, InputError
from mlp.network import child_rng

# How often a model is saved while it trains, in seconds, unless the user says it in epochs.
SAVE_EVERY = 30.0

# A loss on rows held out that is so much above its lowest has risen.
RISEN = 1.1
# A start whose loss is so many times that of always the mean is far too large.
FAR_TOO_LARGE = 10


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
    patience : int or None
        For how many epochs it would wait.
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
    patience: int | None = None
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
        return rms(answers - truth)

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
        """Whether it learns its rows by heart: their loss falls, that on rows held out rises.

        And by more than a hundredth of that of always the mean, below which all is well learned.
        """
        loss, held_out, best = self.model.loss, self.model.held_out_loss, self.model.best_epoch
        if not len(held_out) or not loss[-1] < loss[best]:
            return False
        little = (1 - LEARNED) * self.held_out_mean_loss
        return bool(held_out[-1] > max(RISEN * held_out[best], held_out[best] + little))

    @property
    def own_rows_only(self) -> bool:
        """Whether it is better than always the mean on its own rows, and on no others."""
        held_out, lowest = self.model.held_out_loss, self.model.loss.min(initial=np.inf)
        return bool(
            len(held_out)
            and held_out.min() > LEARNED * self.held_out_mean_loss
            and lowest <= LEARNED * self.dataset.mean_predictor_loss
        )

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
            elif self.own_rows_only:
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
        model, now = self.model, troubles(self.layers)
        found = self._start_findings()
        if "dead" in now and "dead" not in troubles(model.began):
            layers, words = now["dead"]
            options: Mapping[str, str | None] = smaller_steps(model)
            if found and model.start != model.usual_start:
                options = found[0].options
            elif model.settings.activation == "relu" and options.get("--learning-rate"):
                options = with_tanh(model)  # as its steps are not too large
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
            steps = unusual_steps(model)
            if model.settings.activation == "sigmoid" and (len(self.layers) > 2 or not steps):
                found.append(Finding([], FLAT, with_tanh(model)))
            elif steps:
                words = f"the steps are very {steps}"
                found.append(Finding([], words, {"--learning-rate": None}))
        return found

    def advice(self) -> Mapping[str, str | None]:
        """Return the options to change so that the network trains, or what was found is gone."""
        started = self._start_findings()
        if started and "--hidden" not in started[0].options:
            return started[0].options
        if self.diverged_at == 0:
            return other_start(self.model)
        if self.diverged_at > 0 or self.setback:
            return smaller_steps(self.model)
        return next((f.options for f in self.findings() if f.options), {})

    def _start_findings(self) -> list[Finding]:
        """Return what the start did to the layers, or to the loss."""
        model, loss, mean_loss = self.model, self.model.loss, self.dataset.mean_predictor_loss
        found = [
            Finding(layers, f"at the start {words}", other_start(model, kind))
            for kind, (layers, words) in troubles(model.began).items()
        ]
        unusual = model.start != model.usual_start
        if not found and unusual and len(loss) and not loss[0] <= FAR_TOO_LARGE * mean_loss:
            words = f"at the start the answers are far too large: loss {number(loss[0])}"
            found.append(Finding([], words, other_start(model)))
        return found


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
        If there are too few rows, or a target or every input is constant on those to learn from.
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
    learning, _ = _rows(table, validation, settings.seed)
    dataset = table.standardised(learning)
    if not dataset.x.any():
        raise DataError(
            f"{table.source} has no input that varies over the rows to learn from; choose others "
            "with --inputs"
        )
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
        learned=fingerprints(table.values[learning]),
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
        patience=patience,
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
    dataset, [(held_out_x, held_out_y)] = table.divided(*_rows(table, validation, seed))
    return dataset, held_out_x, held_out_y


def _rows(table: Table, validation: float, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which rows are learned from, and which are held out."""
    if not 0 <= validation < 1:
        raise InputError(f"validation must be at least 0 and below 1, not {validation}")
    rows = len(table.values)
    count = max(1, round(validation * rows)) if validation else 0
    if count and rows - count < 2:
        raise DataError(
            f"{table.source} has {rows} complete rows, too few to hold {count} of them out; use "
            "--validation 0"
        )
    order = child_rng(seed, HELD_OUT).permutation(rows)
    return np.sort(order[count:]), np.sort(order[:count])


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
