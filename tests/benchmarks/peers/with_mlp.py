"""Our own library, as a user calls it: `train` with no argument that one would not type."""

from __future__ import annotations

from collections.abc import Callable

from mlp import MLP, SGD, activations, train
from mlp.network import Dense
from tests.benchmarks.peers import LEARNING_RATE, Weights, problem, weights


def step(
    sizes: list[int], rows: int, activation: str, dtype: str, steps: int
) -> Callable[[], None]:
    return _training([_network(weights(sizes, dtype), activation)], rows, steps)


def stack(
    networks: int, sizes: list[int], rows: int, activation: str, dtype: str, steps: int
) -> Callable[[], None]:
    return _training([_network(weights(sizes, dtype, networks), activation)], rows, steps)


def loop(
    networks: int, sizes: list[int], rows: int, activation: str, dtype: str, steps: int
) -> Callable[[], None]:
    """Train the members of the stack one after the other."""
    stack = _network(weights(sizes, dtype, networks), activation)
    return _training([stack[r] for r in range(networks)], rows, steps)


def _network(start: Weights, activation: str) -> MLP:
    names = [activation] * (len(start) - 1) + ["linear"]
    layers = [Dense(W, b, activations.get(f)) for (W, b), f in zip(start, names, strict=True)]
    return MLP.from_layers(layers)


def _training(networks: list[MLP], rows: int, steps: int) -> Callable[[], None]:
    x, y = problem(networks[0].sizes, rows, str(networks[0].dtype))

    def run() -> None:
        for network in networks:
            train(network, x, y, optimizer=SGD(LEARNING_RATE), epochs=steps)

    return run
