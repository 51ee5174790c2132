"""Data sets: a table of numbers becomes standardised inputs x and targets y.

Standardised means (value - mean) / standard deviation, column by column. Then the *mean
predictor*, which always answers the mean of y, has a loss of exactly Var(y) = 1, and every
loss in this project can be read as the part of the variance that is left to explain.

`read` makes a `Table` of the numbers as they stand in the file, and refuses what is no number
with file, line and column; `Table.standardised` makes of it the `Dataset` that a network sees.

A teacher adds a data set with one entry in `SOURCES` and a CSV file in ``experiments/datasets/``.

Where to go next: ``case/cases.py``.
"""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from math import isfinite, nan
from os import PathLike
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from mlp.arrays import Array, InputError
from mlp.registry import Registry, suggestion

FOLDER = Path(__file__).parent / "datasets"
# What people write where they have no number, in lower case.
MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "?"})
# What counts as a number: less than Python's float(), which also takes 1_000, inf and '١'.
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)


class DataError(InputError):
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
    header : bool
        Whether the file names its columns; otherwise they are called x1, x2, ...
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
    header: bool = True

    @property
    def mean_predictor_loss(self) -> float:
        """The loss of always answering the mean of y: Var(y)."""
        return float(np.square(self.y - self.y.mean(axis=0)).mean())

    @property
    def least_squares_loss(self) -> float:
        """The loss of the best plane ŷ = x w + c: what no linear network can get below."""
        return float(np.square(self.y - best_plane(self.x, self.y)).mean())


@dataclass(frozen=True)
class Scale:
    """How to standardise some columns, (value - mean) / std, and the way back.

    Attributes
    ----------
    mean, std : numpy.ndarray, shape (columns,)
        Of a column whose values are all alike std is 1, so that it becomes all 0.
    """

    mean: Array
    std: Array

    @classmethod
    def of(cls, values: Array) -> Scale:
        """Measure the columns of `values`, shape (n, columns)."""
        low, high = values.min(axis=0), values.max(axis=0)
        with np.errstate(over="ignore", invalid="ignore"):
            mean, std = values.mean(axis=0), values.std(axis=0)
        # The mean of equal numbers may differ from them by rounding.
        varies = (low < high) & (std > 0)
        return cls(np.where(low < high, mean, low), np.where(varies | np.isnan(std), std, 1.0))

    def forth(self, values: Array) -> Array:
        """(value - mean) / std."""
        standardised = values - self.mean
        standardised /= self.std
        return standardised

    def back(self, standardised: Array) -> Array:
        """Value = standardised · std + mean: back to the units of the table."""
        values: Array = standardised * self.std + self.mean
        return values


@dataclass(frozen=True)
class Table:
    """The chosen columns of a table, in its own units.

    Attributes
    ----------
    source : str
        What the user called it, for messages.
    name : str
        The data set, or the name of the user's file.
    inputs, targets : tuple of str
        Column names.
    values : numpy.ndarray, shape (n, inputs + targets)
        NaN where a value is missing.
    lines : numpy.ndarray of int, shape (n,)
        The line of the file on which each row ends.
    header : bool
        Whether the file names its columns; otherwise they are called x1, x2, ...
    dropped : int
        How many incomplete rows were left out.
    """

    source: str
    name: str
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    values: Array
    lines: NDArray[np.int64]
    header: bool = True
    dropped: int = 0

    @property
    def x(self) -> Array:
        """The inputs, shape (n, inputs)."""
        return self.values[:, : len(self.inputs)]

    @property
    def y(self) -> Array:
        """The targets, shape (n, targets)."""
        return self.values[:, len(self.inputs) :]

    @property
    def copies(self) -> int:
        """How many rows are the same as an earlier one."""
        return len(self.values) - len(np.unique(self.values, axis=0))

    def complete(self, drop_missing: bool = False) -> Table:
        """Return the table without its incomplete rows, which are counted; or refuse them.

        Raises
        ------
        DataError
            If a value is missing and `drop_missing` is False.
        """
        missing = np.isnan(self.values)
        incomplete = missing.any(axis=1)
        if not incomplete.any():
            return self
        if not drop_missing:
            row = int(incomplete.argmax())
            column = [*self.inputs, *self.targets][int(missing[row].argmax())]
            raise DataError(
                f"{self.source}, line {self.lines[row]}, column '{column}': the value is missing; "
                "fill it in, or leave out incomplete rows with --drop-missing"
            )
        kept = ~incomplete
        dropped = int(incomplete.sum())
        return replace(
            self, values=self.values[kept], lines=self.lines[kept], dropped=self.dropped + dropped
        )

    def standardised(self, rows: slice | NDArray[np.intp] = slice(None)) -> Dataset:
        """Return these rows with every column standardised by its mean and std over them.

        Raises
        ------
        DataError
            If there are fewer than two rows, a column is too large for that, or a target is
            constant.
        """
        x, y = self.x[rows], self.y[rows]
        if len(x) < 2:
            raise DataError(f"{self.source} has {len(x)} complete rows; training needs at least 2")
        x_scale, y_scale = Scale.of(x), Scale.of(y)
        for names, scale in ((self.inputs, x_scale), (self.targets, y_scale)):
            for name, usable in zip(names, np.isfinite(scale.mean + scale.std), strict=True):
                if not usable:
                    raise DataError(
                        f"{self.source}, column '{name}': its numbers are too large; use another "
                        "unit"
                    )
        for name, constant in zip(self.targets, np.ptp(y, axis=0) == 0, strict=True):
            if constant:
                raise DataError(
                    f"{self.source}, column '{name}' is constant: there is nothing to predict; "
                    "choose another --target"
                )
        return Dataset(
            name=self.name,
            x=x_scale.forth(x),
            y=y_scale.forth(y),
            inputs=self.inputs,
            targets=self.targets,
            x_mean=x_scale.mean,
            x_std=x_scale.std,
            y_mean=y_scale.mean,
            y_std=y_scale.std,
            dropped=self.dropped,
            header=self.header,
        )

    def divided(
        self, learning: NDArray[np.intp], *held_out: NDArray[np.intp]
    ) -> tuple[Dataset, list[tuple[Array, Array]]]:
        """Return the rows to learn from, and x and y of those held out, standardised alike.

        Parameters
        ----------
        learning, *held_out : numpy.ndarray of int
            Rows, counted from 0; what is held out is standardised by the mean and std of the rows
            to learn from.

        Raises
        ------
        DataError
            As for `standardised`.
        """
        dataset = self.standardised(learning)
        x_scale = Scale(dataset.x_mean, dataset.x_std)
        y_scale = Scale(dataset.y_mean, dataset.y_std)
        return dataset, [(x_scale.forth(self.x[r]), y_scale.forth(self.y[r])) for r in held_out]


def load(
    source: str | PathLike[str] = "penguins",
    inputs: Sequence[str] | str | None = None,
    targets: Sequence[str] | str | None = None,
    drop_missing: bool = False,
) -> Dataset:
    """Read a table and standardise it: (value - mean) / standard deviation.

    Parameters
    ----------
    source, inputs, targets
        As for `read`.
    drop_missing : bool
        Leave incomplete rows out, and count them. Those of the project's own data sets always
        are; in a user's file a missing value is otherwise an error, because dropping data
        silently is worse.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        If the file, a column or a value is wrong; it names file, line and column.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> penguins = load("penguins")
    >>> penguins.x.shape, penguins.dropped
    ((342, 2), 2)
    """
    return read(source, inputs, targets, drop_missing).standardised()


def read(
    source: str | PathLike[str] = "penguins",
    inputs: Sequence[str] | str | None = None,
    targets: Sequence[str] | str | None = None,
    drop_missing: bool = False,
) -> Table:
    """Read the numbers of some columns; incomplete rows are refused, or left out and counted.

    Parameters
    ----------
    source : str or path-like
        The name of a data set, or a CSV file in UTF-8. Its fields are separated by commas,
        semicolons or tabs, whichever cuts its first two lines alike. A first line of numbers
        is data, and the columns are then called x1, x2, ...
    inputs, targets : str or sequence of str, optional
        Columns. By default those of the data set; for a file the last column is the target
        and all others are inputs.
    drop_missing : bool
        As for `load`.

    Raises
    ------
    DataError, OSError
        As for `load`.

    Examples
    --------
    >>> read("penguins", ["year"], "body_mass_g").values[0]
    array([2007., 3750.])
    """
    own = _own(source)
    return read_gaps(source, inputs, targets).complete(drop_missing or own is not None)


def read_gaps(
    source: str | PathLike[str],
    inputs: Sequence[str] | str | None = None,
    targets: Sequence[str] | str | None = None,
) -> Table:
    """Read as `read` does, but keep incomplete rows: a missing value is NaN."""
    inputs = (inputs,) if isinstance(inputs, str) else inputs
    targets = (targets,) if isinstance(targets, str) else targets
    own = _own(source)
    with _rows(source) as (names, header, lines):
        chosen = tuple((own.targets if own else names[-1:]) if targets is None else targets)
        usual = own.inputs if own else [name for name in names if name not in chosen]
        learned = tuple(inputs or [name for name in usual if name not in chosen])
        if not learned:
            raise DataError(
                f"{source} has no column left to learn from; name some with --inputs (fields are "
                "separated by commas, semicolons or tabs)"
            )
        columns = _positions(source, names, (*learned, *chosen))
        values, ends = _numbers(source, lines, names, columns)
    name = str(source) if own else Path(source).name
    return Table(str(source), name, learned, chosen, values, ends, header)


def column_names(source: str | PathLike[str]) -> list[str]:
    """Return the names of all columns of a table.

    Raises
    ------
    DataError, OSError
        As for `load`.

    Examples
    --------
    >>> column_names("penguins")[:3]
    ['species', 'island', 'bill_length_mm']
    """
    with _rows(source) as (names, _, _):
        return names


def best_plane(x: Array, y: Array) -> Array:
    """Return ŷ = x w + c with the w and c of least squares."""
    design = np.column_stack([x, np.ones(len(x))])
    fitted: Array = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return fitted


def _own(source: str | PathLike[str]) -> Source | None:
    return SOURCES[str(source)] if str(source) in SOURCES else None  # noqa: SIM401


@contextmanager
def _rows(source: str | PathLike[str]) -> Iterator[tuple[list[str], bool, Any]]:
    """Open a table: its column names, whether they are its first line, and a reader of rows."""
    own = _own(source)
    path = own.path if own else Path(source)
    if not str(source) or not path.exists():
        hint = suggestion(str(source), SOURCES)
        raise DataError(f"no data set and no file is called {str(source)!r}: {hint}")
    if path.is_dir():
        raise DataError(f"{source} is a folder; name a CSV file in it")
    if not path.is_file():
        raise DataError(f"{source} is a pipe or a device; save the table as a file")
    lines: Any = None
    # What is not UTF-8 becomes characters that cannot be printed, and is met where it stands.
    with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        try:
            delimiter = _delimiter(file)
            lines = csv.reader(file, delimiter=delimiter, skipinitialspace=True, strict=True)
            first = next((row for row in lines if any(map(str.strip, row))), None)
            if first is None:
                raise DataError(f"{source} is empty; it needs a line of column names, then rows")
            header = not _is_data(first)
            if header:
                yield _header(source, first, lines.line_num), header, lines
            else:
                file.seek(0)
                lines = csv.reader(file, delimiter=delimiter, skipinitialspace=True, strict=True)
                yield [f"x{k + 1}" for k in range(len(first))], header, lines
        except csv.Error:
            where = f"{source}, line {lines.line_num}" if lines else f"{source}"
            raise DataError(
                f"{where}: this is not a CSV file, or its quotes are not right; close every "
                "quote, and double those inside a quoted field"
            ) from None
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(source)) from None


def _delimiter(file: TextIO) -> str:
    """Return the first of tab, semicolon and comma that cuts the first two rows alike.

    A comma comes last because in a table with semicolons it may stand inside a name or a
    number. Where no two rows are alike, it is the one that makes most of the first.
    """
    fields = {}
    for delimiter in "\t;,":
        file.seek(0)
        rows = csv.reader(file, delimiter=delimiter, skipinitialspace=True)
        fields[delimiter] = [len(row) for row in islice(filter(any, rows), 2)]
    file.seek(0)
    alike = [d for d, counts in fields.items() if counts and counts[0] == counts[-1] > 1]
    return alike[0] if alike else max(fields, key=lambda d: fields[d][:1])


def _is_data(first: Sequence[str]) -> bool:
    """Return whether a first line holds numbers, and missing values, and nothing else."""
    fields = [field.strip() for field in first]
    return all(map(_like_a_number, fields)) and not all(f.lower() in MISSING for f in fields)


def _like_a_number(field: str) -> bool:
    """Return whether somebody meant a number by it, if written as this program wants it or not."""
    try:
        float(field.replace(",", ".").replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        return field.lower() in MISSING
    return True


def _header(source: str | PathLike[str], first: Sequence[str], line: int) -> list[str]:
    names = [" ".join(field.split()) for field in first]
    for k, name in enumerate(names):
        if not name.isprintable():
            raise DataError(
                f"{source}, line {line}, column {k + 1}: its name is not UTF-8 text; save the "
                "table as CSV in UTF-8"
            )
    return names


def _positions(
    source: str | PathLike[str], names: Sequence[str], wanted: Sequence[str]
) -> list[int]:
    for column in wanted:
        if not column:
            raise DataError(
                f"{source}, column {names.index('') + 1} has no name; give it one, or choose "
                "others with --inputs and --target"
            )
        if column not in names:
            raise DataError(
                f"{source} has no column '{column}': {suggestion(column, filter(None, names))}"
            )
        if names.count(column) > 1:
            raise DataError(
                f"{source} has {names.count(column)} columns called '{column}'; rename one"
            )
        if list(wanted).count(column) > 1:
            raise DataError(f"column '{column}' is chosen twice; name each column once")
    return [names.index(column) for column in wanted]


def _numbers(
    source: str | PathLike[str], lines: Any, names: Sequence[str], columns: Sequence[int]
) -> tuple[Array, NDArray[np.int64]]:
    """Return the numbers of these columns, row by row, and the line on which each row ends."""
    numbers, ends = array("d"), array("q")
    for row in lines:
        if len(row) != len(names):
            if not any(map(str.strip, row)) and len(row) < 2:
                continue  # a blank line
            raise DataError(
                f"{source}, line {lines.line_num}: {len(row)} fields, but the first line has "
                f"{len(names)}; add or remove fields (text with a separator in it needs quotes)"
            )
        try:
            for c in columns:
                numbers.append(_number(row[c]))
        except ValueError as error:
            raise DataError(
                f"{source}, line {lines.line_num}, column '{names[c]}': {error}"
            ) from None
        ends.append(lines.line_num)
    values = np.frombuffer(numbers).reshape(-1, len(columns))
    return values, np.frombuffer(ends, dtype=np.int64)


def _number(field: str) -> float:
    """Return the number in a field, or NaN if there is none; refuse anything else."""
    field = field.strip()
    if NUMBER.fullmatch(field):
        number = float(field)
        if isfinite(number):
            return number
    elif field.lower() in MISSING:
        return nan
    raise ValueError(_what_is_wrong_with(field))


def _what_is_wrong_with(field: str) -> str:
    """Return a sentence for somebody who looks for this field in the table."""
    if not field.isprintable():
        return "it holds bytes that are not UTF-8 text; save the table as CSV in UTF-8"
    shown = f"'{field}'" if len(field) <= 40 else f"'{field[:37]}...'"
    if re.fullmatch(r"[-+]?\d[\d.]*,[\d.,]*", field):
        return f"{shown} has a comma; write 1234.5, with a point and nothing between thousands"
    if "\N{MINUS SIGN}" in field:
        return f"{shown} has a typographic minus sign; write it with -"
    if "_" in field and _like_a_number(field):
        return f"{shown} has an underscore; write the digits alone"
    if _like_a_number(field):
        return f"{field if len(field) <= 40 else shown} is not a finite number; correct it"
    return (
        f"{shown} is not a number; correct it, or choose other columns with --inputs and --target"
    )
