"""scikit-learn: one network at a time, its loss without our factor 2, so twice our rate."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neural_network import MLPRegressor

from tests.benchmarks.peers import EPOCHS, Floats, weights


def zero(x: Floats, y: Floats) -> dict[str, list[float]]:
    well = weights([2, 2, 1], "float64")
    return {
        "zeros": train(x, y, "relu", [(W * 0, b) for W, b in well]),
        "started well": train(x, y, "relu", well),
    }


def compare(x: Floats, y: Floats, networks: int) -> dict[str, Floats]:
    starts = weights([2, 16, 16, 1], "float64", networks)
    curves = [train(x, y, "tanh", [(W[r], b[r]) for W, b in starts]) for r in range(networks)]
    return {"all": np.transpose(curves)}


def train(x: Floats, y: Floats, activation: str, start: Any) -> list[float]:
    network = MLPRegressor(
        hidden_layer_sizes=[b.shape[-1] for _, b in start[:-1]],
        activation=activation,
        solver="sgd",
        alpha=0,
        momentum=0,
        batch_size=len(x),
        learning_rate_init=0.2,
    )
    network.partial_fit(x, y.ravel())  # makes the arrays
    network.coefs_ = [W.copy() for W, _ in start]
    network.intercepts_ = [b[0].copy() for _, b in start]
    losses = []
    for _ in range(EPOCHS):
        network.partial_fit(x, y.ravel())
        losses.append(2 * network.loss_)
    return losses
