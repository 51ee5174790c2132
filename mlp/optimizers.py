"""Optimizers: how a parameter moves when its gradient is known.

Backward computes, the optimizer steps. `SGD` is the update of the notes,
w_new = w_old - η dL/dw; `Adam` is here because every class asks whether it would help (it
does not break symmetry: equal gradients make equal steps).

Where to go next: ``training.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mlp.arrays import Array, as_floats, as_whole
from mlp.network import MLP, Gradients
from mlp.registry import Registry


class Optimizer(Protocol):
    """Anything that updates a network in place from its gradients."""

    def update(self, network: MLP, gradients: Gradients) -> None:
        """Move every parameter of `network` one step, in place."""


class Resumable(Optimizer, Protocol):
    """An optimizer whose memory can be saved, so that another one can go on where it stopped."""

    @property
    def memory(self) -> Memory:
        """What it remembers of the steps it took."""


@dataclass
class Memory:
    """What an optimizer remembers of the one network it updates.

    Parameters
    ----------
    count : int
        How many arrays it keeps for each parameter, in the parameter's shape.

    Attributes
    ----------
    arrays : list of list of numpy.ndarray
        ``arrays[p][i]`` is the i-th of parameter p of `MLP.parameters`.
    steps : int
        How many updates are in them.
    """

    count: int
    network: MLP | None = None
    arrays: list[list[Array]] = field(default_factory=list)
    steps: int = 0

    def step(self, network: MLP) -> list[list[Array]]:
        """Count one step and return the arrays, all zero when the network is a new one."""
        if self.network is not network:
            self.network, self.steps = network, 0
            self.arrays = [
                [np.zeros_like(p) for _ in range(self.count)] for p in network.parameters()
            ]
        self.steps += 1
        return self.arrays

    def state(self) -> dict[str, NDArray[Any]]:
        """Return a copy of the steps and arrays under names, for `restore`.

        Examples
        --------
        >>> net = MLP([1, 1], kernel_initializer="ones")
        >>> sgd = SGD(0.1, momentum=0.9)
        >>> sgd.update(net, Gradients(W=[np.array([[2.0]])], b=[np.array([[0.0]])], delta=[]))
        >>> sgd.memory.state()
        {'steps': array(1), '0.0': array([[2.]]), '1.0': array([[0.]])}
        """
        arrays = {
            f"{p}.{i}": array.copy()
            for p, arrays in enumerate(self.arrays)
            for i, array in enumerate(arrays)
        }
        return {"steps": np.array(self.steps)} | arrays

    def restore(self, network: MLP, state: Mapping[str, NDArray[Any]]) -> None:
        """Remember of `network` what `state` says, as if these steps had been taken here.

        Raises
        ------
        ValueError
            If it is not the state of such an optimizer with such a network.
        """
        try:
            steps = as_whole(state["steps"].item(), "steps", 0)
            arrays = [
                [_shaped_like(theta, state[f"{p}.{i}"]) for i in range(self.count)]
                for p, theta in enumerate(network.parameters())
                if steps
            ]
        except (KeyError, ValueError):
            raise ValueError("the memory of the optimizer does not fit the network") from None
        self.network, self.arrays, self.steps = network if steps else None, arrays, steps


@dataclass
class SGD:
    """v ← μ v + g, θ ← θ - η v; with μ = 0 plain gradient descent, θ ← θ - η g.

    Parameters
    ----------
    learning_rate : float
        η, per step. L is a *mean* over the examples, so η does not grow with the batch.
    momentum : float
        μ, at least 0 and below 1.

    Raises
    ------
    ValueError
        If η is not positive and finite, or μ is out of range.

    Notes
    -----
    This is PyTorch's convention. scikit-learn keeps -η v instead of v, which is the same
    while η is constant. The velocity starts at zero, and starts afresh when the optimizer is
    given another network.

    References
    ----------
    Polyak 1964, "Some methods of speeding up the convergence of iteration methods", for the
    momentum; the notes, "weight update", for the rest.

    Examples
    --------
    >>> net = MLP([1, 1], kernel_initializer="ones")
    >>> SGD(0.1).update(net, Gradients(W=[np.array([[2.0]])], b=[np.array([[0.0]])], delta=[]))
    >>> net.layers[0].W
    array([[0.8]])
    """

    learning_rate: float = 0.1
    momentum: float = 0.0
    memory: Memory = field(
        default_factory=lambda: Memory(1), init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        _check_rate(self.learning_rate)
        _check_fraction("momentum", self.momentum)

    def update(self, network: MLP, gradients: Gradients) -> None:
        """Move every parameter of `network` one step, in place."""
        if not self.momentum:
            for theta, g in zip(network.parameters(), gradients.parameters(), strict=True):
                theta -= self.learning_rate * g
            return
        memory = self.memory.step(network)
        for theta, g, (v,) in zip(
            network.parameters(), gradients.parameters(), memory, strict=True
        ):
            v *= self.momentum
            v += g
            theta -= self.learning_rate * v


@dataclass
class Adam:
    """m ← β1 m + (1-β1) g, v ← β2 v + (1-β2) g², θ ← θ - η m̂ / (√v̂ + ε).

    m̂ = m / (1 - β1^t) and v̂ = v / (1 - β2^t) undo the start from zero; t counts the steps.

    Parameters
    ----------
    learning_rate : float
        η: about the largest change of a parameter in one step, whatever the gradient.
    beta1, beta2 : float
        How much of the past is kept, at least 0 and below 1.
    epsilon : float
        ε, positive. Gradients well below it hardly move anything.

    Raises
    ------
    ValueError
        If one of them is out of range.

    References
    ----------
    Kingma & Ba 2015, "Adam: A Method for Stochastic Optimization", Algorithm 1.

    Examples
    --------
    >>> net = MLP([1, 1], kernel_initializer="ones")
    >>> Adam(0.1).update(net, Gradients(W=[np.array([[2.0]])], b=[np.array([[0.0]])], delta=[]))
    >>> net.layers[0].W.round(6)
    array([[0.9]])
    """

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    memory: Memory = field(
        default_factory=lambda: Memory(2), init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        _check_rate(self.learning_rate)
        _check_fraction("beta1", self.beta1)
        _check_fraction("beta2", self.beta2)
        if not 0 < self.epsilon < np.inf:
            raise ValueError(f"epsilon must be positive and finite, not {self.epsilon}")

    def update(self, network: MLP, gradients: Gradients) -> None:
        """Move every parameter of `network` one step, in place."""
        memory = self.memory.step(network)
        t = self.memory.steps
        for theta, g, (m, v) in zip(
            network.parameters(), gradients.parameters(), memory, strict=True
        ):
            m += (1 - self.beta1) * (g - m)
            v += (1 - self.beta2) * (g * g - v)
            m_hat = m / (1 - self.beta1**t)
            v_hat = v / (1 - self.beta2**t)
            theta -= self.learning_rate * m_hat / (np.sqrt(v_hat) + self.epsilon)


OPTIMIZERS: Registry[Callable[..., Resumable]] = Registry("optimizer")
OPTIMIZERS.add("sgd", SGD)
OPTIMIZERS.add("adam", Adam)


def _shaped_like(theta: Array, value: NDArray[Any]) -> Array:
    array = np.array(as_floats(value, "memory", theta.dtype))
    if array.shape != theta.shape:
        raise ValueError(f"{array.shape} is not {theta.shape}")
    return array


def _check_rate(learning_rate: float) -> None:
    if not _is_number(learning_rate) or not 0 < learning_rate < np.inf:
        raise ValueError(f"learning_rate must be positive and finite, not {learning_rate}")


def _check_fraction(name: str, value: float) -> None:
    if not _is_number(value) or not 0 <= value < 1:
        raise ValueError(f"{name} must be at least 0 and below 1, not {value}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating)
