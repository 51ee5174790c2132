"""Activations: what a unit makes of its input, a = f(z), and the slope f'(z).

Backpropagation multiplies by f' once per layer, so these four slopes decide how far a
gradient travels: 1 for linear, 0 or 1 for ReLU, at most 1 for tanh, at most 1/4 for sigmoid.
Every derivative is given both z and a = f(z), because tanh and sigmoid have theirs almost
for free from a.

Where to go next: ``initializers.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlp.arrays import Array
from mlp.registry import Registry


@dataclass(frozen=True)
class Activation:
    """An activation a = f(z), applied entry by entry.

    Parameters
    ----------
    name : str
        Its name in the registry, in files and on the command line.
    f : callable (z) -> a
        The function; shapes are kept.
    derivative : callable (z, a) -> f'(z)
        Its derivative, given z and a = f(z).
    formula, derivative_formula : str
        Both as a reader would write them.
    bounds : (float, float)
        The asymptotes of f. A unit *saturates* near a finite one on both-sided functions.
    kinks : tuple of float
        Where f' jumps; a finite difference across a kink means nothing.

    Examples
    --------
    >>> tanh(np.array([0.0]))
    array([0.])
    >>> tanh.derivative(np.array([0.0]), np.array([0.0]))
    array([1.])
    """

    name: str
    f: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]
    formula: str = ""
    derivative_formula: str = ""
    bounds: tuple[float, float] = (-np.inf, np.inf)
    kinks: tuple[float, ...] = ()

    def __call__(self, z: Array) -> Array:
        """Return a = f(z)."""
        return self.f(z)

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Pickle and copy a registered activation by its name, as its f may be a lambda."""
        if self.name in ACTIVATIONS and ACTIVATIONS[self.name] is self:
            return get, (self.name,)
        return super().__reduce__()


def _sigmoid(z: Array) -> Array:
    # exp only ever sees -|z|, so it cannot overflow.
    e = np.exp(-np.abs(z))
    a: Array = np.maximum(e, z >= 0) / (1 + e)
    return a


ACTIVATIONS: Registry[Activation] = Registry("activation")


def register(activation: Activation) -> Activation:
    """Register `activation` under its own name, so that ``MLP(activation=name)`` finds it.

    Raises
    ------
    ValueError
        If the name is taken.
    """
    return ACTIVATIONS.add(activation.name, activation)


def get(activation: str | Activation) -> Activation:
    """Return the activation of that name; an `Activation` passes through.

    Raises
    ------
    ValueError
        If no activation has that name; the nearest one is suggested.
    TypeError
        If it is neither a name nor an `Activation`.

    Examples
    --------
    >>> get("relu").formula
    'max(0, z)'
    >>> get("rellu")
    Traceback (most recent call last):
    mlp.arrays.InputError: unknown activation 'rellu': did you mean 'relu'?
    """
    if isinstance(activation, Activation):
        return activation
    if not isinstance(activation, str):
        raise TypeError(
            f"activation must be a name or an Activation, not {type(activation).__name__}"
        )
    return ACTIVATIONS[activation]


linear = register(
    Activation(
        "linear",
        f=lambda z: z,
        derivative=lambda z, a: np.ones_like(z),
        formula="z",
        derivative_formula="1",
    )
)

# NumPy compares with an array three times as fast as with the number 0.
relu = register(
    Activation(
        "relu",
        f=lambda z: np.maximum(z, np.zeros(z.shape, z.dtype)),
        derivative=lambda z, a: (z > 0).astype(z.dtype),
        formula="max(0, z)",
        derivative_formula="1 if z > 0, else 0",
        bounds=(0.0, np.inf),
        kinks=(0.0,),
    )
)

tanh = register(
    Activation(
        "tanh",
        f=np.tanh,
        derivative=lambda z, a: 1 - a * a,
        formula="(e^z - e^-z) / (e^z + e^-z)",
        derivative_formula="1 - a²",
        bounds=(-1.0, 1.0),
    )
)

sigmoid = register(
    Activation(
        "sigmoid",
        f=_sigmoid,
        derivative=lambda z, a: a * (1 - a),
        formula="1 / (1 + e^-z)",
        derivative_formula="a (1 - a)",
        bounds=(0.0, 1.0),
    )
)
