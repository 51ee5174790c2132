"""Arrays at the door: what a user may hand in, and what to say when it is wrong.

What a user hands to a network, to `train` or to `predict` comes in through the functions
below, so a wrong shape, a text column or a hidden NaN is met by one clear sentence instead of
a silent broadcast three layers later. Nothing here knows about networks.

Where to go next: ``activations.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[np.floating[Any]]

# A pass asks for the same arrays as the last one, which has just given them back. The allocator
# of Linux (glibc) returns what is freed to the system, page by page, and a deep network then
# spends up to a third of its time on fetching it again, unless a block of nearly 32 MiB has come
# and gone before: mallopt(3), M_MMAP_THRESHOLD. So one does. Elsewhere the line does nothing.
np.empty(2**25 - 2**13, np.uint8)


class InputError(ValueError):
    """What a user handed in is wrong: a name, a file, an initializer of theirs, a setting.

    Any other ValueError out of ``mlp-demo`` is a fault of the program.
    """


def in_blocks(*arrays: Any, size: int = 2**15) -> Iterator[tuple[Any, ...]]:
    """Yield the same columns of all arrays, part by part, for work that goes entry by entry.

    What is made on the way then stays in the processor's cache, which is smaller than the θ of
    a wide network.

    Parameters
    ----------
    *arrays : numpy.ndarray or float
        Arrays of one last axis, the first of that length; what has one column or is a number
        comes along with every part.
    size : int
        Columns of a part.

    Examples
    --------
    >>> theta, g = np.zeros(5), np.arange(5.0)
    >>> for part, slope, rate in in_blocks(theta, g, 0.5, size=2):
    ...     part -= rate * slope
    >>> theta
    array([ 0. , -0.5, -1. , -1.5, -2. ])
    """
    columns = arrays[0].shape[-1]
    if columns <= size:
        yield arrays
        return
    for first in range(0, columns, size):
        part = slice(first, first + size)
        yield tuple(a[..., part] if np.shape(a)[-1:] == (columns,) else a for a in arrays)


def as_floats(value: ArrayLike, name: str, dtype: np.dtype[Any] | None = None) -> Array:
    """Return `value` as an array of finite floating-point numbers.

    Parameters
    ----------
    value : array_like
        Anything NumPy can turn into an array of real numbers.
    name : str
        What to call it in an error.
    dtype : numpy.dtype, optional
        Convert to this type; by default floats keep theirs and the rest become float64.

    Returns
    -------
    numpy.ndarray
        `value` itself where it already fits, otherwise a converted copy.

    Raises
    ------
    ValueError
        If it is not numeric, or if an entry is NaN or infinite: the first one is named.

    Examples
    --------
    >>> as_floats([[1, 2]], "x")
    array([[1., 2.]])
    >>> as_floats([[1.0, float("nan")]], "x")
    Traceback (most recent call last):
    ValueError: x[0, 1] is nan; every entry must be a finite number
    """
    try:
        raw = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name} is not an array of numbers: {error}") from None
    if raw.dtype.kind not in "buif":
        raise ValueError(
            f"{name} has dtype {raw.dtype}; it must hold real numbers (convert or drop the rest)"
        )
    if dtype is None:
        dtype = raw.dtype if raw.dtype.kind == "f" else np.dtype(np.float64)
    with np.errstate(over="ignore"):
        array: Array = raw.astype(dtype, copy=False)
    finite = np.isfinite(array)
    if not finite.all():
        index = tuple(int(i) for i in np.argwhere(~finite)[0])
        where = f"{name}[{', '.join(map(str, index))}]" if index else name
        raise ValueError(f"{where} is {raw[index]}; every entry must be a finite number")
    return array


def as_whole(value: Any, name: str, least: int) -> int:
    """Return `value` as an int, if it is a whole number and at least `least`.

    Raises
    ------
    ValueError
        If it is not.

    Examples
    --------
    >>> as_whole(3.0, "epochs", 0)
    3
    >>> as_whole("many", "epochs", 0)
    Traceback (most recent call last):
    ValueError: epochs must be a whole number, 0 or more, not 'many'
    """
    try:
        whole = int(value)
        good = bool(whole == value) and whole >= least
    except (TypeError, ValueError, OverflowError):
        good = False
    if not good:
        shown = " ".join(repr(value).split())
        raise ValueError(f"{name} must be a whole number, {least} or more, not {shown}")
    return whole


def as_examples(value: ArrayLike, name: str, columns: int, dtype: np.dtype[Any]) -> Array:
    """Return `value` as examples in rows: shape (..., n, `columns`).

    A 1-D array is taken as one column when one column is expected, because
    ``(n, 1) - (n,)`` would otherwise broadcast silently to ``(n, n)``.

    Parameters
    ----------
    value : array_like, shape (..., n, columns), or (n,) if `columns` is 1
    name : str
        What to call it in an error.
    columns : int
        How many columns it must have.
    dtype : numpy.dtype
        The type to convert to.

    Raises
    ------
    ValueError
        If it is not numeric and finite, has no rows, or has another number of columns.

    Examples
    --------
    >>> as_examples([1, 2, 3], "y", 1, np.dtype(float)).shape
    (3, 1)
    >>> as_examples([[1, 2, 3]], "x", 2, np.dtype(float))
    Traceback (most recent call last):
    ValueError: x has shape (1, 3); expected (n, 2), one row per example
    """
    array = as_floats(value, name, dtype)
    if array.ndim == 1 and columns == 1:
        array = array[:, np.newaxis]
    if array.ndim < 2 or array.shape[-1] != columns:
        raise ValueError(
            f"{name} has shape {array.shape}; expected (n, {columns}), one row per example"
        )
    if array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}; it needs at least one row")
    return array
