"""JAX: a training run is one compiled scan, and vmap makes it many."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tests.benchmarks.peers import EPOCHS, LEARNING_RATE, Floats, problem, weights

FUNCTIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh}


def stack(
    networks: int, sizes: list[int], rows: int, activation: str, dtype: str, steps: int
) -> Callable[[], object]:
    jax.config.update("jax_enable_x64", dtype == "float64")
    x, y = map(jnp.asarray, problem(sizes, rows, dtype))
    start = jax.tree.map(jnp.asarray, weights(sizes, dtype, networks))
    run = compiled(x, y, activation, LEARNING_RATE, steps)
    return lambda: jax.block_until_ready(run(start))


def zero(x: Floats, y: Floats) -> dict[str, Floats]:
    jax.config.update("jax_enable_x64", True)
    well = weights([2, 2, 1], "float64", 2)
    start = [(W * np.array([[[0]], [[1]]]), b) for W, b in well]
    _, losses = compiled(jnp.asarray(x), jnp.asarray(y), "relu", 0.1, EPOCHS)(start)
    return {"zeros": np.asarray(losses[0]), "started well": np.asarray(losses[1])}


def compare(x: Floats, y: Floats, networks: int) -> dict[str, Floats]:
    jax.config.update("jax_enable_x64", True)
    start = weights([2, 16, 16, 1], "float64", networks)
    _, losses = compiled(jnp.asarray(x), jnp.asarray(y), "tanh", 0.1, EPOCHS)(start)
    return {"all": np.asarray(losses).T}


def compiled(x: Any, y: Any, activation: str, learning_rate: float, steps: int) -> Any:
    f = FUNCTIONS[activation]

    def loss(layers: Any) -> Any:
        a = x
        for W, b in layers[:-1]:
            a = f(a @ W + b)
        W, b = layers[-1]
        return jnp.mean((a @ W + b - y) ** 2)

    def step(layers: Any, _: None) -> Any:
        value, gradients = jax.value_and_grad(loss)(layers)
        return jax.tree.map(lambda p, g: p - learning_rate * g, layers, gradients), value

    return jax.jit(jax.vmap(partial(jax.lax.scan, step, length=steps)))
