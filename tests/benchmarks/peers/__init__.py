"""The same work in several libraries: one file each, as a user of that library would write it.

    step(sizes, rows, activation, dtype, steps)              one network
    stack(networks, sizes, rows, activation, dtype, steps)   many in lockstep, if it can
    zero(x, y), compare(x, y, networks)                      the experiments of the shell

The first two return a call that takes `steps` training steps (forward, loss, backward, SGD)
on all rows; the other two return {label: losses}, in float64 as ours (Keras: in its float32).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Weights = list[tuple[Floats, Floats]]

# So small that nothing moves far: every step costs what the first one did.
LEARNING_RATE = 1e-5
EPOCHS = 500


def problem(sizes: list[int], rows: int, dtype: str) -> tuple[Floats, Floats]:
    """Return random x and y."""
    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=(rows, m)).astype(dtype) for m in (sizes[0], sizes[-1]))
    return x, y


def weights(sizes: list[int], dtype: str, *stack: int) -> Weights:
    """Return He's start for each layer: W (..., fan_in, fan_out) and b (..., 1, fan_out)."""
    rng = np.random.default_rng(1)
    return [
        (
            (rng.normal(size=(*stack, n, m)) * (2 / n) ** 0.5).astype(dtype),
            np.zeros((*stack, 1, m), dtype),
        )
        for n, m in pairwise(sizes)
    ]
