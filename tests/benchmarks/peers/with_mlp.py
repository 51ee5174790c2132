"""Our own library."""

from __future__ import annotations

from collections.abc import Callable

from mlp import MLP, SGD, activations, mse
from mlp.network import Dense
from tests.benchmarks.peers import LEARNING_RATE, Weights, problem, weights


def step(
    sizes: list[int], rows: int, activation: str, dtype: str, steps: int
) -> Callable[[], None]:
    return _steps([_network(weights(sizes, dtype), activation)], sizes, rows, dtype, steps)


def stack(
    networks: int, sizes: list[int], rows: int, activation: str, dtype: str, steps: int
) -> Callable[[], None]:
    one = _network(weights(sizes, dtype, networks), activation)
    return _steps([one], sizes, rows, dtype, steps)


def loop(
    networks: int, sizes: list[int], rows: int, activation: str, dtype: str, steps: int
) -> Callable[[], None]:
    """Train the members of the stack one after the other."""
    stack = _network(weights(sizes, dtype, networks), activation)
    return _steps([stack[r] for r in range(networks)], sizes, rows, dtype, steps)


def _network(start: Weights, activation: str) -> MLP:
    names = [activation] * (len(start) - 1) + ["linear"]
    layers = [Dense(W, b, activations.get(f)) for (W, b), f in zip(start, names, strict=True)]
    return MLP.from_layers(layers)


def _steps(
    networks: list[MLP], sizes: list[int], rows: int, dtype: str, steps: int
) -> Callable[[], None]:
    x, y = problem(sizes, rows, dtype)
    optimizer = SGD(LEARNING_RATE)

    def run() -> None:
        for network in networks:
            for _ in range(steps):
                trace = network.forward(x)
                _loss, error = mse(trace.output, y)
                gradients = network.backward(trace, error)
                optimizer.update(network.theta, gradients.theta)

    return run
