"""Optimizers: how a parameter moves when its gradient is known.

Backward computes, the optimizer steps. θ is the vector of all parameters, `MLP.theta`, and g its
gradient, `Gradients.theta`: an optimizer is anything with ``update(theta, g)``, and knows nothing
else of the network. `SGD` is the update of the notes, w_new = w_old - η dL/dw; `Adam` is here
because every class asks whether it would help (it does not break symmetry: equal gradients make
equal steps).

Where to go next: ``training.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mlp.arrays import Array, InputError, as_floats, as_whole, in_blocks
from mlp.registry import Registry


class Optimizer(Protocol):
    """Anything that moves the parameters of a network by their gradient."""

    def update(self, theta: Array, g: Array) -> None:
        """Move theta, shape (..., P), one step, in place.

        g = dL/dtheta is lent: leave it as it is, and copy what you want to keep, as `mlp.train`
        writes the next gradient into the same array.
        """


class Resumable(Optimizer, Protocol):
    """An optimizer whose memory can be saved, so that another one can go on where it stopped."""

    @property
    def memory(self) -> Memory:
        """What it remembers of the steps it took."""


@dataclass
class Memory:
    """What an optimizer remembers of the one theta it updates.

    Parameters
    ----------
    count : int
        How many arrays like theta it keeps.

    Attributes
    ----------
    arrays : list of numpy.ndarray, shapes (..., P)
        What it keeps.
    steps : int
        How many updates are in them.
    """

    count: int
    theta: Array | None = None
    arrays: list[Array] = field(default_factory=list)
    steps: int = 0

    def step(self, theta: Array) -> list[Array]:
        """Count one step and return the arrays, all zero when theta is a new one."""
        if self.theta is not theta:
            self.theta, self.steps = theta, 0
            self.arrays = [np.zeros_like(theta) for _ in range(self.count)]
        self.steps += 1
        return self.arrays

    def state(self) -> dict[str, NDArray[Any]]:
        """Return a copy of the steps and arrays under names, for `restore`.

        Examples
        --------
        >>> sgd = SGD(0.1, momentum=0.9)
        >>> sgd.update(np.array([1.0, 0.0]), np.array([2.0, 0.5]))
        >>> sgd.memory.state()
        {'steps': array(1), '0': array([2. , 0.5])}
        """
        arrays = {str(i): array.copy() for i, array in enumerate(self.arrays)}
        return {"steps": np.array(self.steps)} | arrays

    def restore(self, theta: Array, state: Mapping[str, NDArray[Any]]) -> None:
        """Remember of theta what `state` says, as if these steps had been taken here.

        Raises
        ------
        ValueError
            If it is not the state of such an optimizer with such a theta.
        """
        try:
            steps = as_whole(state["steps"].item(), "steps", 0)
            count = self.count if steps else 0
            arrays = [as_floats(state[str(i)].copy(), "memory", theta.dtype) for i in range(count)]
            fits = all(array.shape == theta.shape for array in arrays)
        except (KeyError, ValueError):
            fits = False
        if not fits:
            raise ValueError("the memory of the optimizer does not fit the network")
        self.theta, self.arrays, self.steps = theta if steps else None, arrays, steps


@dataclass
class SGD:
    """v ← μ v + g, θ ← θ - η v; with μ = 0 plain gradient descent, θ ← θ - η g.

    Parameters
    ----------
    learning_rate : float or numpy.ndarray
        η, per step. L is a *mean* over the examples, so η does not grow with the batch. An
        array broadcasts over theta: (R, 1) is a rate for each member of a stack, (P,) one for
        each parameter.
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
    given another theta.

    References
    ----------
    Polyak 1964, "Some methods of speeding up the convergence of iteration methods", for the
    momentum; the notes, "weight update", for the rest.

    Examples
    --------
    >>> theta = np.array([1.0, 1.0])
    >>> SGD(0.1).update(theta, g=np.array([2.0, 0.0]))
    >>> theta
    array([0.8, 1. ])
    """

    learning_rate: float | Array = 0.1
    momentum: float = 0.0
    memory: Memory = field(
        default_factory=lambda: Memory(1), init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        _check_positive("learning_rate", self.learning_rate)
        _check_fraction("momentum", self.momentum)

    def update(self, theta: Array, g: Array) -> None:
        """Move theta, shape (..., P), one step, in place; g = dL/dtheta is left as it is."""
        if self.momentum:
            (v,) = self.memory.step(theta)
            v *= self.momentum
            v += g
            g = v
        whole = (theta, g, self.learning_rate)
        for theta, g, rate in in_blocks(*whole):
            theta -= rate * g


@dataclass
class Adam:
    """m ← β1 m + (1-β1) g, v ← β2 v + (1-β2) g², θ ← θ - η m̂ / (√v̂ + ε).

    m̂ = m / (1 - β1^t) and v̂ = v / (1 - β2^t) undo the start from zero; t counts the steps.

    Parameters
    ----------
    learning_rate : float or numpy.ndarray
        η: about the largest change of a parameter in one step, whatever the gradient. An
        array broadcasts over theta, as for `SGD`.
    beta1, beta2 : float
        How much of the past is kept, at least 0 and below 1.
    epsilon : float or numpy.ndarray
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
    >>> theta = np.array([1.0, 1.0])
    >>> Adam(0.1).update(theta, g=np.array([2.0, 0.0]))
    >>> theta.round(6)
    array([0.9, 1. ])
    """

    learning_rate: float | Array = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float | Array = 1e-8
    memory: Memory = field(
        default_factory=lambda: Memory(2), init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        _check_positive("learning_rate", self.learning_rate)
        _check_fraction("beta1", self.beta1)
        _check_fraction("beta2", self.beta2)
        _check_positive("epsilon", self.epsilon)

    def update(self, theta: Array, g: Array) -> None:
        """Move theta, shape (..., P), one step, in place; g = dL/dtheta is left as it is."""
        m, v = self.memory.step(theta)
        t = self.memory.steps
        whole = (theta, g, m, v, self.learning_rate, self.epsilon)
        for theta, g, m, v, rate, epsilon in in_blocks(*whole):
            m += (1 - self.beta1) * (g - m)
            v += (1 - self.beta2) * (g * g - v)
            m_hat = m / (1 - self.beta1**t)
            v_hat = v / (1 - self.beta2**t)
            theta -= rate * m_hat / (np.sqrt(v_hat) + epsilon)


OPTIMIZERS: Registry[Callable[..., Resumable]] = Registry("optimizer")
OPTIMIZERS.add("sgd", SGD)
OPTIMIZERS.add("adam", Adam)


def _check_positive(name: str, value: float | Array) -> None:
    good = isinstance(value, np.ndarray) or _is_number(value)
    if not good or not (np.all(value > 0) and np.all(value < np.inf)):
        raise InputError(f"{name} must be positive and finite, not {' '.join(str(value).split())}")


def _check_fraction(name: str, value: float) -> None:
    if not _is_number(value) or not 0 <= value < 1:
        raise InputError(f"{name} must be at least 0 and below 1, not {value}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating)
