"""PyTorch, eager."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch

from tests.benchmarks.peers import EPOCHS, LEARNING_RATE, Floats, problem, weights


def step(
    sizes: list[int], rows: int, activation: str, dtype: str, steps: int
) -> Callable[[], None]:
    x, y = map(torch.from_numpy, problem(sizes, rows, dtype))
    network = sequential(sizes, activation, getattr(torch, dtype))
    with torch.no_grad():
        for layer, (W, b) in zip(network[::2], weights(sizes, dtype), strict=True):
            layer.weight.copy_(torch.from_numpy(W.T))
            layer.bias.copy_(torch.from_numpy(b[0]))
    optimizer = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE)
    mse = torch.nn.MSELoss()

    def run() -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            mse(network(x), y).backward()
            optimizer.step()

    return run


def stack(
    networks: int, sizes: list[int], rows: int, activation: str, dtype: str, steps: int
) -> Callable[[], object]:
    x, y = map(torch.from_numpy, problem(sizes, rows, dtype))
    layers = parameters(weights(sizes, dtype, networks))
    return lambda: train_batched(layers, activation, x, y, LEARNING_RATE, steps)


def zero(x: Floats, y: Floats) -> dict[str, list[float]]:
    inputs, targets = map(torch.from_numpy, (x, y))
    losses: dict[str, list[float]] = {"zeros": [], "started well": []}
    for label, curve in losses.items():
        network = sequential([2, 2, 1], "relu", torch.float64)
        if label == "zeros":
            for p in network.parameters():
                torch.nn.init.zeros_(p)
        optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
        for _ in range(EPOCHS):
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(network(inputs), targets)
            loss.backward()
            optimizer.step()
            curve.append(loss.item())
    return losses


def compare(x: Floats, y: Floats, networks: int) -> dict[str, list[Floats]]:
    inputs, targets = map(torch.from_numpy, (x, y))
    layers = parameters(weights([2, 16, 16, 1], "float64", networks))
    losses = train_batched(layers, "tanh", inputs, targets, 0.1, EPOCHS)
    return {"all": [loss.numpy() for loss in losses]}


def sequential(sizes: Sequence[int], activation: str, dtype: Any) -> Any:
    modules: list[Any] = []
    for n, m in pairwise(sizes):
        f = torch.nn.ReLU() if activation == "relu" else torch.nn.Tanh()
        modules += [torch.nn.Linear(n, m, dtype=dtype), f]
    return torch.nn.Sequential(*modules[:-1])


def parameters(start: Any) -> list[Any]:
    return [[torch.from_numpy(p).requires_grad_() for p in layer] for layer in start]


def train_batched(
    layers: Any, activation: str, x: Any, y: Any, learning_rate: float, steps: int
) -> list[Any]:
    """Train all networks at once, with weights (networks, fan_in, fan_out)."""
    f = torch.relu if activation == "relu" else torch.tanh
    optimizer = torch.optim.SGD([p for layer in layers for p in layer], lr=learning_rate)
    losses = []
    for _ in range(steps):
        a = x.expand(len(layers[0][0]), *x.shape)
        for W, b in layers[:-1]:
            a = f(torch.baddbmm(b, a, W))
        W, b = layers[-1]
        loss = ((torch.baddbmm(b, a, W) - y) ** 2).mean(dim=(1, 2))
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        losses.append(loss.detach())
    return losses
