"""Fitting: a table of the user's becomes a network that can be saved and gone on with.

`begin` makes a `Model`, `fit` goes on training one; ``answers.py`` asks it. The columns are
standardised by the rows to learn from alone; the rows held out are drawn by a child of the seed
of their own. It prints and draws nothing.

Where to go next: ``text.py`` and ``figure.py``, which tell and draw it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.data import DataError, Dataset, Scale, Table
from experiments.fitting.model import DEFAULTS, Model, fingerprints, look
from experiments.fitting.outcome import Fit
from experiments.kit.settings import Settings
from experiments.kit.sizes import of_training, require
from experiments.kit.starts import good_start, named_start
from experiments.kit.training import BATCHES, HELD_OUT, networks
from mlp import mse, train
from mlp.arrays import Array, InputError
from mlp.network import child_rng

# How often a model is saved while it trains, in seconds, unless the user says it in epochs.
SAVE_EVERY = 30.0


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
        Stop after so many new epochs without a new lowest loss on the rows held out.

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
        if patience is not None and epoch - max(kept.best_epoch, model.epoch) >= patience:
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
