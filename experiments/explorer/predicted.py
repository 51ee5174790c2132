"""What theory says of a network before training, on the rows of a table.

The sizes of z, a and delta are those of `mlp.theory.signal`. dW is a sum over rows whose errors
and answers are much alike, and needs theory of their pairs: `mlp.theory.gradient_products`. Of
some rows that is enough, if each counts for those that are near it.

Where to go next: ``measure.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mlp import theory
from mlp.arrays import Array
from mlp.initializers import InitializerLike

# Of about how many rows theory is told: a table of them for each layer is quick.
ROWS = 50


def predicted(
    sizes: Sequence[int], activation: str, initializer: InitializerLike, x: Array, error: Array
) -> theory.Signal | None:
    """Predict the size of z, a, delta and dW in every layer, before training.

    Parameters
    ----------
    sizes, activation, initializer
        As for `mlp.theory.signal`.
    x : numpy.ndarray, shape (n, inputs)
        All rows.
    error : numpy.ndarray, shape (n, outputs)
        The gradient of the loss at the output, finite. dW is that of this error; delta is a
        part of its size.

    Returns
    -------
    mlp.theory.Signal or None
        None where theory is silent.
    """
    some = x[:: -(-len(x) // ROWS)]
    network = sizes, activation, initializer
    signal = theory.signal(*network, (some**2).mean(axis=-1))
    kernels = theory.gradient_products(*network, some, np.ones((len(some), sizes[-1])))
    if signal is None or kernels is None:
        return None
    near = ((x[:, np.newaxis] - some) ** 2).sum(axis=-1).argmin(axis=1)
    size = rms(error) or 1.0  # whose square may be too large
    return replace(signal, dW_rms=[size * rms_of_sum(k, near, error / size) for k in kernels])


def rms(values: Array) -> float:
    """Return the root of the mean square."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sqrt((values**2).mean()))


def rms_of_sum(kernel: Array, near: NDArray[np.intp], error: Array) -> float:
    """Return √E[(Σ_i error_i g_i)²] over all rows, of some of which E[g_i g_j] is known.

    Two rows near the same known one are taken to be as alike as it and the next known one.

    Parameters
    ----------
    kernel : numpy.ndarray, shape (n, n)
        E[g_i g_j] of the known rows.
    near : numpy.ndarray of int, shape (rows,)
        Which of them each row is nearest to.
    error : numpy.ndarray, shape (rows, outputs)
        What is summed; the outputs are averaged.

    Examples
    --------
    >>> near, error = np.array([0, 0, 1]), np.ones((3, 1))
    >>> [round(rms_of_sum(kernel, near, error) ** 2, 6) for kernel in (np.ones((2, 2)), np.eye(2))]
    [9.0, 3.0]
    """
    of = (near == np.arange(len(kernel))[:, np.newaxis]).astype(float)
    sums, squares = of @ error, of @ (error**2).sum(axis=1)
    own = kernel.diagonal()
    alike = kernel.copy()
    np.fill_diagonal(alike, -np.inf)
    np.fill_diagonal(alike, np.minimum(alike.max(axis=1), own) if len(own) > 1 else own)
    total = (alike * (sums @ sums.T)).sum() + (own - alike.diagonal()) @ squares
    return float(np.sqrt(max(total / error.shape[1], 0.0)))
