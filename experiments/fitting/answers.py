"""Answers: what a saved network says of the rows of a table, and how good that is.

Where to go next: ``answers_text.py``, which tells it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from os import PathLike

import numpy as np

from experiments.data import SOURCES, DataError, column_names, read_gaps
from experiments.fitting.model import Model, rms
from mlp.arrays import Array

# A column is far from what was learned if half of it is so many standard deviations away.
FAR = 4


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
        From how many of them the model has learned.
    new_loss : float
        Of the answers to the others; NaN if there are none.
    far : tuple of str
        The inputs of which half of the values are far from those that it learned from.
    """

    targets: tuple[str, ...]
    values: Array
    loss: float
    mean_loss: float
    errors: Array
    known: int
    learned: int = 0
    new_loss: float = np.nan
    far: tuple[str, ...] = ()

    @property
    def explained(self) -> float:
        """R² = 1 - loss / (loss of always the mean); NaN where the truth is not known."""
        return 1 - self.loss / self.mean_loss if self.mean_loss > 0 else np.nan

    @property
    def unanswered(self) -> int:
        """How many rows lack an input."""
        return int(np.isnan(self.values).any(axis=1).sum())


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
    distances = np.median(np.abs(model.x_scale.forth(table.x[answered])), axis=0)
    wrong = answered & ~np.isfinite(values).all(axis=1)
    if wrong.any():
        raise DataError(
            f"{source}, line {table.lines[wrong.argmax()]}: its numbers are too far from those "
            "that the network has learned from; it has no finite answer"
        )
    truth = table.y if len(table.targets) == len(model.targets) else np.full_like(values, np.nan)
    known = answered & ~np.isnan(truth).any(axis=1)
    errors, from_mean = (values - truth)[known], (truth - model.y_scale.mean)[known]
    learned = model.has_learned_from(table.values[known]) if len(errors) else np.empty(0, bool)
    return Answers(
        targets=model.targets,
        values=values,
        loss=_mean_square(errors / model.y_scale.std),
        mean_loss=_mean_square(from_mean / model.y_scale.std),
        errors=rms(errors) if len(errors) else np.full(len(model.targets), np.nan),
        known=int(known.sum()),
        learned=int(learned.sum()),
        new_loss=_mean_square(errors[~learned] / model.y_scale.std),
        far=tuple(np.array(model.inputs)[distances > FAR].tolist()),
    )


def _mean_square(errors: Array) -> float:
    with np.errstate(over="ignore"):
        return float(np.square(errors).mean()) if len(errors) else np.nan
