"""The cost function: mean squared error, and its gradient with respect to the output.

Where to go next: ``network.py``, where the gradient starts its way back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mlp.arrays import Array


def mse(output: ArrayLike, y: ArrayLike) -> tuple[Any, Array]:
    """L = mean((ŷ - y)²), and dL/dŷ = 2 (ŷ - y) / (n m).

    The mean is over the n examples *and* the m outputs, without a factor 1/2. (scikit-learn
    has the 1/2, so its learning rate is twice ours for the same step.)

    Parameters
    ----------
    output : array_like, shape (..., n, m)
        What the network answered, ŷ; the result has its type, float64 for whole numbers.
    y : array_like, shape (n, m), (..., n, m), or (n,) if m is 1
        What it should have answered. A 1-D y is taken as one column.

    Returns
    -------
    loss : float, or numpy.ndarray of shape (...)
        One number for each network of a stack; it is not averaged over the leading axes.
    error : numpy.ndarray, shape (..., n, m)
        dL/dŷ.

    Raises
    ------
    ValueError
        If the shapes do not match (both are named; nothing is broadcast silently) or there is
        no row.

    Examples
    --------
    >>> loss, error = mse(np.array([[1.0], [3.0]]), [0.0, 0.0])
    >>> float(loss)
    5.0
    >>> error
    array([[1.],
           [3.]])
    """
    output = np.asarray(output)
    if output.dtype.kind != "f":
        output = output.astype(np.float64)
    given = np.asarray(y, dtype=output.dtype)
    y = given[:, np.newaxis] if given.ndim == 1 and output.shape[-1] == 1 else given
    if y.shape != output.shape[-y.ndim :] or y.ndim < 2:
        raise ValueError(
            f"y has shape {given.shape} but the output has {output.shape}; they must be alike"
        )
    if y.size == 0:
        raise ValueError(f"y has shape {given.shape}; it needs at least one row")
    difference = output - y
    count = y.shape[-2] * y.shape[-1]
    loss = (difference * difference).sum(axis=(-2, -1)) / count
    difference *= 2 / count
    return loss, difference
