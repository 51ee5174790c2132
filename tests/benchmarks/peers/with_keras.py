"""Keras 3: one network at a time, `fit` with all rows as one batch."""

from __future__ import annotations

import keras
import numpy as np

from tests.benchmarks.peers import EPOCHS, Floats


def zero(x: Floats, y: Floats) -> dict[str, list[float]]:
    return {
        "zeros": train(x, y, [2], "relu", "zeros"),
        "started well": train(x, y, [2], "relu", "he_normal"),
    }


def compare(x: Floats, y: Floats, networks: int) -> dict[str, Floats]:
    curves = [train(x, y, [16, 16], "tanh", "he_normal") for _ in range(networks)]
    return {"all": np.transpose(curves)}


def train(x: Floats, y: Floats, hidden: list[int], activation: str, start: str) -> list[float]:
    layers = [
        keras.layers.Dense(m, activation=activation, kernel_initializer=start) for m in hidden
    ]
    network = keras.Sequential(
        [*layers, keras.layers.Dense(1, kernel_initializer=start)],
    )
    network.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    history = network.fit(x, y, batch_size=len(x), epochs=EPOCHS, verbose=0, shuffle=False)
    losses: list[float] = history.history["loss"]
    return losses
