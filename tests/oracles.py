"""Oracles: other ways to the same numbers, none of which uses the library's formulas."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from mlp import MLP
from mlp.arrays import Array

Scalar = Callable[[float], float]

# f and f' of one number, by the mathematics module and in other forms than the library's.
SCALARS: dict[str, tuple[Scalar, Scalar]] = {
    "linear": (lambda z: z, lambda z: 1.0),
    "relu": (lambda z: z if z > 0 else 0.0, lambda z: 1.0 if z > 0 else 0.0),
    "tanh": (math.tanh, lambda z: 1 / math.cosh(z) ** 2),
    "sigmoid": (lambda z: (1 + math.tanh(z / 2)) / 2, lambda z: 1 / (4 * math.cosh(z / 2) ** 2)),
}


class Watcher:
    """Watches a piece of work: how many steps it announced, and how many it took."""

    def __init__(self) -> None:
        self.announced = self.taken = 0

    def __call__(self, steps: int) -> Callable[[], None]:
        self.announced += steps
        return self._step

    def _step(self) -> None:
        self.taken += 1


def parameters_of(network: MLP) -> list[Array]:
    """Return copies of W[0], b[0], W[1], ..., so that training does not move them."""
    return [p.copy() for p in network.parameters()]


def activation_names(network: MLP) -> list[str]:
    return [layer.activation.name for layer in network.layers]


def assert_same(
    actual: Sequence[Array], expected: Sequence[Array], rtol: float = 0.0, atol: float = 0.0
) -> None:
    """Hold parameter arrays to others: shapes, dtypes and numbers."""
    assert [p.shape for p in actual] == [p.shape for p in expected]
    for p, q in zip(actual, expected, strict=True):
        assert p.dtype == q.dtype
        np.testing.assert_allclose(p, q, rtol=rtol, atol=atol)


def assert_one_line(error: pytest.ExceptionInfo[BaseException], *words: str) -> None:
    """Hold a message to one line that contains all `words`."""
    message = str(error.value)
    assert len(message.splitlines()) == 1, message
    for word in words:
        assert word in message


def dot(a: Sequence[float], b: Sequence[float]) -> float:
    return math.fsum(p * q for p, q in zip(a, b, strict=True))


def loss_by_loops(parameters: Sequence[Array], names: Sequence[str], x: Array, y: Array) -> float:
    """Return the mean squared error of a network, one scalar product at a time."""
    total, count = 0.0, 0
    for inputs, targets in zip(x.tolist(), y.tolist(), strict=True):
        a = inputs
        for k, name in enumerate(names):
            W, b = parameters[2 * k].tolist(), parameters[2 * k + 1].tolist()[0]
            z = [dot(a, column) + b[j] for j, column in enumerate(zip(*W, strict=True))]
            a = [SCALARS[name][0](value) for value in z]
        for answer, target in zip(a, targets, strict=True):
            total += (answer - target) ** 2
            count += 1
    return total / count


def gradients_by_loops(network: MLP, x: Array, y: Array, h: float = 1e-5) -> list[Array]:
    """Return central differences of `loss_by_loops`, one parameter at a time."""
    parameters, names = parameters_of(network), activation_names(network)
    gradients = []
    for p in parameters:
        gradient = np.empty_like(p)
        for index in np.ndindex(p.shape):
            before = p[index]
            p[index] = before + h
            plus = loss_by_loops(parameters, names, x, y)
            p[index] = before - h
            minus = loss_by_loops(parameters, names, x, y)
            p[index] = before
            gradient[index] = (plus - minus) / (2 * h)
        gradients.append(gradient)
    return gradients


def hessian_by_loops(network: MLP, x: Array, y: Array, h: float = 1e-3) -> Array:
    """Return ∂²L/∂θ∂θ' by differences of `loss_by_loops`, θ in the order of the parameters."""
    parameters, names = parameters_of(network), activation_names(network)
    entries = [(p, index) for p in parameters for index in np.ndindex(p.shape)]
    hessian = np.empty((len(entries), len(entries)))
    for i, (p, at) in enumerate(entries):
        for j, (q, to) in enumerate(entries):
            corners = 0.0
            for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
                p[at] += a * h
                q[to] += b * h
                corners += a * b * loss_by_loops(parameters, names, x, y)
                q[to] -= b * h
                p[at] -= a * h
            hessian[i, j] = corners / (2 * h) ** 2
    return hessian


def away_from_kinks(network: MLP, x: Array, rng: np.random.Generator, margin: float = 0.01) -> MLP:
    """Draw biases until no unit is within `margin` of a kink on any example."""
    for _ in range(1000):
        for layer in network.layers:
            layer.b = rng.normal(0.0, 0.7, layer.b.shape)
        z = network.forward(x).z
        if all(
            np.abs(z[k] - kink).min() > margin
            for k, layer in enumerate(network.layers)
            for kink in layer.activation.kinks
        ):
            return network
    raise AssertionError("no biases keep this network away from its kinks")


def one_unit_losses(
    name: str,
    w: Array,
    A: float,
    x: Array,
    y: Array,
    learning_rate: float,
    units: int,
    epochs: int,
) -> Array:
    """Train ŷ = A f(x w + b) + c so that it equals `units` identical units of rate η.

    With output weights a = A / H each unit receives 1/H of the pull on (w, b), and A, being
    the sum of H output weights that each learn at η, learns at H η.
    """
    f, slope = (np.vectorize(g, otypes=[float]) for g in SCALARS[name])
    w, b, c = w.copy(), 0.0, 0.0
    losses = []
    for _ in range(epochs + 1):
        z = x @ w + b
        a = f(z)
        difference = A * a + c - y[:, 0]
        losses.append(np.mean(difference**2))
        pull = 2 * difference / len(x)
        dz = pull * A * slope(z)
        A -= units * learning_rate * float(pull @ a)
        c -= learning_rate * float(pull.sum())
        w -= learning_rate / units * (x.T @ dz)
        b -= learning_rate / units * float(dz.sum())
    return np.array(losses)
