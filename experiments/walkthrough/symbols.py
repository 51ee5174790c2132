"""The symbols of the notes, for one hidden layer and one output.

    w'ij    from input i to hidden unit j      layers[0].W[i - 1, j - 1]
    w''j1   from hidden unit j to the output   layers[1].W[j - 1, 0]

The notes have no name for the output weights; a second prime stands for the second layer, as
the 2 in a21 = ŷ does.

Where to go next: ``measure.py``, which reads the number of each off the real network.
"""

from __future__ import annotations

from dataclasses import dataclass

from mlp.formulas import Derivative, Formula, Symbol

y, answer, L, eta = Symbol("y"), Symbol("ŷ"), Symbol("L"), Symbol("η")
b_out = Symbol("b", "21")


def x(i: int) -> Formula:
    """Return xi, input i."""
    return Symbol("x", f"{i}")


def w(i: int, j: int) -> Formula:
    """Return w'ij, the weight from input i to hidden unit j."""
    return Symbol("w", f"{i}{j}", primes=1)


def b(j: int) -> Formula:
    """Return b1j, the bias of hidden unit j."""
    return Symbol("b", f"1{j}")


def z(j: int) -> Formula:
    """Return z1j, what comes into hidden unit j."""
    return Symbol("z", f"1{j}")


def a(j: int) -> Formula:
    """Return a1j, what comes out of it."""
    return Symbol("a", f"1{j}")


def w_out(j: int) -> Formula:
    """Return w''j1, the weight from hidden unit j to the output."""
    return Symbol("w", f"{j}1", primes=2)


def gradient(of: Formula) -> Formula:
    """Return ∂L/∂w of a parameter, or of the answer."""
    return Derivative(L, of)


def heard(j: int) -> Formula:
    """Return ∂ŷ/∂a1j, how much the answer listens to hidden unit j."""
    return Derivative(answer, a(j))


def slope(j: int) -> Formula:
    """Return ∂a1j/∂z1j, the slope of hidden unit j."""
    return Derivative(a(j), z(j))


@dataclass(frozen=True)
class New(Formula):
    """A parameter after the update: new w'11."""

    of: Formula

    def _write(self, latex: bool, first: bool) -> str:
        return rf"\text{{new }} {self.of.latex()}" if latex else f"new {self.of}"
