"""The bare matrix products of a step, into memory that is there: what no library can save."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.benchmarks.peers import weights


def step(
    sizes: list[int], rows: int, activation: str, dtype: str, steps: int
) -> Callable[[], None]:
    layers = [W for W, _ in weights(sizes, dtype)]
    rng = np.random.default_rng(0)
    a = [rng.normal(size=(rows, m)).astype(dtype) for m in sizes]
    z, delta, da = ([array.copy() for array in a] for _ in range(3))
    dW = [W.copy() for W in layers]

    def run() -> None:
        for _ in range(steps):
            for k, W in enumerate(layers):
                np.matmul(a[k], W, out=z[k + 1])
            for k, W in reversed(list(enumerate(layers))):
                np.matmul(a[k].T, delta[k + 1], out=dW[k])
                if k > 0:
                    np.matmul(delta[k + 1], W.T, out=da[k])

    return run
