"""Data sets: a table of numbers becomes standardised inputs x and targets y.

Standardised means (value - mean) / standard deviation, column by column. Then the *mean
predictor*, which always answers the mean of y, has a loss of exactly Var(y) = 1, and every
loss in this project can be read as the part of the variance that is left to explain.

A teacher adds a data set with one entry in `SOURCES` and a CSV file in ``experiments/data/``.

Where to go next: ``cases.py``.
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from mlp.arrays import Array
from mlp.registry import Registry, suggestion

FOLDER = Path(__file__).parent / "data"
MISSING = frozenset({"", "NA", "N/A", "NaN", "nan", "null", "None", "?"})


class DataError(ValueError):
    """Something is wrong with a table; the sentence says what, where and what to do."""


@dataclass(frozen=True)
class Source:
    """A table that ships with the project.

    Attributes
    ----------
    path : pathlib.Path
        The CSV file.
    inputs, targets : tuple of str
        The columns to use unless the user chooses others.
    about : str
        One line for ``mlp-demo list``.
    """

    path: Path
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    about: str


SOURCES: Registry[Source] = Registry("data set")
SOURCES.add(
    "penguins",
    Source(
        FOLDER / "penguins.csv",
        inputs=("bill_length_mm", "bill_depth_mm"),
        targets=("body_mass_g",),
        about="344 penguins: bill, flipper, body mass (Gorman et al. 2014, CC0)",
    ),
)


@dataclass(frozen=True)
class Dataset:
    """Standardised examples, and the way back to the units of the table.

    Attributes
    ----------
    name : str
        The data set, or the name of the user's file.
    x, y : numpy.ndarray, shapes (n, inputs), (n, targets)
        Each column with mean 0 and standard deviation 1 (a constant column: all 0).
    inputs, targets : tuple of str
        Column names.
    x_mean, x_std, y_mean, y_std : numpy.ndarray
        What was subtracted and divided by, per column.
    dropped : int
        How many incomplete rows were left out.
    """

    name: str
    x: Array
    y: Array
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    x_mean: Array
    x_std: Array
    y_mean: Array
    y_std: Array
    dropped: int = 0

    @property
    def mean_predictor_loss(self) -> float:
        """The loss of always answering the mean of y: Var(y)."""
        return float(np.square(self.y - self.y.mean(axis=0)).mean())

    @property
    def least_squares_loss(self) -> float:
        """The loss of the best plane ŷ = x w + c: what no linear network can get below."""
        return float(np.square(self.y - best_plane(self.x, self.y)).mean())


def best_plane(x: Array, y: Array) -> Array:
    """Return ŷ = x w + c with the w and c of least squares."""
    design = np.column_stack([x, np.ones(len(x))])
    fitted: Array = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return fitted


def load(
    source: str | PathLike[str] = "penguins",
    inputs: Sequence[str] | str | None = None,
    targets: Sequence[str] | str | None = None,
) -> Dataset:
    """Read a table and standardise it: (value - mean) / standard deviation.

    Parameters
    ----------
    source : str or path-like
        The name of a data set, or a CSV file whose first line names the columns.
    inputs, targets : str or sequence of str, optional
        Columns. By default those of the data set; for a file the last column is the target
        and all others are inputs. The fields of a file are separated by commas, semicolons
        or tabs, whichever its first line has most of.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        If the file, a column or a value is wrong; it names file, line and column.
    OSError
        If the file cannot be read.

    Notes
    -----
    Incomplete rows of the project's own data sets are left out and counted. In a user's
    file a missing value is an error, because dropping data silently is worse.

    Examples
    --------
    >>> penguins = load("penguins")
    >>> penguins.x.shape, penguins.dropped
    ((342, 2), 2)
    """
    source = str(source)
    inputs = (inputs,) if isinstance(inputs, str) else inputs
    targets = (targets,) if isinstance(targets, str) else targets
    own = SOURCES[source] if source in SOURCES else None  # noqa: SIM401
    path = own.path if own else Path(source)
    if not path.exists():
        hint = suggestion(source, SOURCES)
        raise DataError(f"no data set and no file is called '{source}': {hint}")
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines: Any = None
        try:
            first_line = file.readline()
            file.seek(0)
            lines = csv.reader(file, delimiter=max(",;\t", key=first_line.count))
            header = [column.strip() for column in next(lines)]
            targets = tuple(targets or (own.targets if own else header[-1:]))
            usual = own.inputs if own else header
            inputs = tuple(inputs or [column for column in usual if column not in targets])
            if not inputs:
                raise DataError(f"{source} has no column left to learn from; name some inputs")
            columns = _positions(source, header, (*inputs, *targets))
            values, dropped = _numbers(source, lines, header, columns, bool(own))
        except StopIteration:
            raise DataError(f"{source} is empty; it needs a line of column names") from None
        except UnicodeDecodeError:
            raise DataError(f"{source} is not UTF-8 text; save it as CSV in UTF-8") from None
        except csv.Error as error:
            where = f"{source}, line {lines.line_num}"
            raise DataError(f"{where}: this is not a CSV file ({error})") from None
    if len(values) < 2:
        raise DataError(f"{source} has {len(values)} complete rows; training needs at least 2")
    x, x_mean, x_std = _standardised(source, inputs, values[:, : len(inputs)])
    y, y_mean, y_std = _standardised(source, targets, values[:, len(inputs) :])
    for name, constant in zip(targets, np.ptp(y, axis=0) == 0, strict=True):
        if constant:
            raise DataError(f"{source}, column '{name}' is constant: there is nothing to predict")
    name = source if own else path.name
    return Dataset(name, x, y, inputs, targets, x_mean, x_std, y_mean, y_std, dropped)


def _positions(source: str, header: list[str], wanted: Sequence[str]) -> list[int]:
    for column in wanted:
        if column not in header:
            raise DataError(f"{source} has no column '{column}': {suggestion(column, header)}")
        if header.count(column) > 1:
            raise DataError(f"{source} has {header.count(column)} columns called '{column}'")
        if list(wanted).count(column) > 1:
            raise DataError(f"column '{column}' is chosen twice")
    return [header.index(column) for column in wanted]


def _numbers(
    source: str,
    lines: Any,
    header: list[str],
    columns: list[int],
    drop_missing: bool,
) -> tuple[Array, int]:
    numbers, dropped = array("d"), 0
    for row in lines:
        if not row:
            continue
        if len(row) != len(header):
            raise DataError(
                f"{source}, line {lines.line_num}: {len(row)} fields, but the header has "
                f"{len(header)}"
            )
        fields = [row[c].strip() for c in columns]
        if drop_missing and any(field in MISSING for field in fields):
            dropped += 1
            continue
        for c, field in zip(columns, fields, strict=True):
            numbers.append(
                _number(field, f"{source}, line {lines.line_num}, column '{header[c]}'")
            )
    return np.frombuffer(numbers).reshape(-1, len(columns)), dropped


def _number(field: str, where: str) -> float:
    if field in MISSING:
        raise DataError(f"{where}: the value is missing; fill it in or remove the row")
    try:
        value = float(field)
    except ValueError:
        raise DataError(
            f"{where}: '{field}' is not a number; choose other columns with --inputs and --target"
        ) from None
    if not np.isfinite(value):
        raise DataError(f"{where}: {field} is not a finite number")
    return value


def _standardised(
    source: str, columns: Sequence[str], values: Array
) -> tuple[Array, Array, Array]:
    with np.errstate(over="ignore", invalid="ignore"):
        mean, std = values.mean(axis=0), values.std(axis=0)
    for column, usable in zip(columns, np.isfinite(mean) & np.isfinite(std), strict=True):
        if not usable:
            raise DataError(f"{source}, column '{column}': its numbers are too large")
    std = np.where(std > 0, std, 1.0)
    return (values - mean) / std, mean, std
