"""Activations: what a unit makes of its input, a = f(z), and the slope f'(z).

Backpropagation multiplies by f' once per layer, so these four slopes decide how far a
gradient travels: 1 for linear, 0 or 1 for ReLU, at most 1 for tanh, at most 1/4 for sigmoid.
Every derivative is given both z and a = f(z), because tanh and sigmoid have theirs almost
for free from a. Beside what computes it stands the formula that a reader sees; `register` holds
the two to each other.

Where to go next: ``initializers.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlp.arrays import Array, InputError
from mlp.formulas import Formula, Function, Number, a, cases, exp, maximum, z
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
    formula, derivative_formula : Formula or str
        Both as a reader would write them: f in z, f' in z and a, of `mlp.formulas`. Mere text
        is shown as it is, and is left out where numbers are put in.
    bounds : (float, float)
        The infimum and the supremum of f. A unit *saturates* near them if both are finite.
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
    formula: Formula | str = ""
    derivative_formula: Formula | str = ""
    bounds: tuple[float, float] = (-np.inf, np.inf)
    kinks: tuple[float, ...] = ()

    def __call__(self, z: Array) -> Array:
        """Return a = f(z)."""
        return self.f(z)

    def formula_of(self, unit: Formula) -> Formula:
        """Return f of any unit's z as a formula; where there is none, ``name(z)``.

        Examples
        --------
        >>> from mlp.formulas import Symbol
        >>> print(sigmoid.formula_of(Symbol("z", "11")))
        1 / (1 + e^-z11)
        """
        if isinstance(self.formula, Formula):
            return self.formula.put_in({z: unit})
        return Function(self.name, lambda v: float(self.f(np.array(v))))(unit)

    def derivative_formula_of(self, unit: Formula, output: Formula) -> Formula:
        """Return f' of any unit's z and a as a formula; where there is none, ``name'(z)``."""
        if isinstance(self.derivative_formula, Formula):
            return self.derivative_formula.put_in({z: unit, a: output})
        named = Function(f"{self.name}'", lambda v: float(self.slope(np.array(v))))
        return named(unit)

    def slope(self, z: Array) -> Array:
        """Return f'(z), with a = f(z) computed on the way."""
        return self.derivative(z, self.f(z))

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
    InputError
        If the name is taken, or a formula says something else than what is computed.

    Examples
    --------
    >>> register(Activation("steep", lambda z: np.tanh(2 * z), lambda z, a: 2 - 2 * a * a,
    ...                     formula=1 / (1 + exp(-2 * z))))
    Traceback (most recent call last):
    mlp.arrays.InputError: formula of 'steep': 1 / (1 + e^(-2 z)) is 0.00995 ...
    """
    _check_formulas(activation)
    return ACTIVATIONS.add(activation.name, activation)


def _check_formulas(activation: Activation) -> None:
    at = np.array([-2.3, -0.7, 0.4, 1.9])  # where f of nobody has a kink
    for what, compute in (("formula", activation.f), ("derivative_formula", activation.slope)):
        formula = getattr(activation, what)
        if not isinstance(formula, Formula):
            continue
        if unknown := set(formula.symbols()) - {z, a}:
            raise InputError(
                f"{what} of '{activation.name}' has an unknown symbol, {unknown.pop()}; write it "
                "with the z and a of mlp.formulas"
            )
        for z_i, expected in zip(at.tolist(), compute(at).tolist(), strict=True):
            said = formula.evaluate({z: z_i, a: float(activation.f(np.array(z_i)))})
            if abs(said - expected) > 1e-6 * max(1.0, abs(expected)):
                raise InputError(
                    f"{what} of '{activation.name}': {formula} is {said:.4g} at z = {z_i}, but "
                    f"{expected:.4g} is computed"
                )


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
    >>> print(get("relu").formula)
    max(0, z)
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
        formula=z,
        derivative_formula=Number(1),
    )
)

# NumPy compares with an array three times as fast as with the number 0.
relu = register(
    Activation(
        "relu",
        f=lambda z: np.maximum(z, np.zeros(z.shape, z.dtype)),
        derivative=lambda z, a: (z > 0).astype(z.dtype),
        formula=maximum(0, z),
        derivative_formula=cases(z > 0, 1, 0),
        bounds=(0.0, np.inf),
        kinks=(0.0,),
    )
)

tanh = register(
    Activation(
        "tanh",
        f=np.tanh,
        derivative=lambda z, a: 1 - a * a,
        formula=(exp(z) - exp(-z)) / (exp(z) + exp(-z)),
        derivative_formula=1 - a**2,
        bounds=(-1.0, 1.0),
    )
)

sigmoid = register(
    Activation(
        "sigmoid",
        f=_sigmoid,
        derivative=lambda z, a: a * (1 - a),
        formula=1 / (1 + exp(-z)),
        derivative_formula=a * (1 - a),
        bounds=(0.0, 1.0),
    )
)

# What every process knows that imports this file. What is registered later only this one does.
KNOWN = frozenset(ACTIVATIONS)
