"""Formulas: what is computed, written so that a person can read it.

A formula is stated once, as one writes it in Python, and is a tree of sums, products, powers
and so on. The tree writes itself as text, with any symbol in the place of z, with numbers put
in, and as LaTeX; and it can be evaluated, so that what is written can be held to what is
computed.

Where to go next: ``activations.py``, which states f and f' with it.

Examples
--------
>>> formula = 1 / (1 + exp(-2 * z))
>>> print(formula)
1 / (1 + e^(-2 z))
>>> print(formula.put_in({z: 0.5}))
1 / (1 + e^(-2·0.5))
>>> print(formula.put_in({z: Symbol("z", "11")}).latex())
\\frac{1}{1 + e^{-2 z_{11}}}
>>> round(formula.evaluate({z: 0.5}), 4)
0.7311
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, TypeAlias

# How tightly a formula holds together: what is looser than its place stands in parentheses.
CASE, SUM, QUOTIENT, PRODUCT, POWER, ATOM = range(6)

SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
LETTERS = {"ŷ": r"\hat{y}", "η": r"\eta"}


class Formula:
    """A formula; arithmetic with formulas and numbers makes larger ones."""

    level: ClassVar[int] = ATOM

    def put_in(self, values: Mapping[Formula, Operand], digits: int = 15) -> Formula:
        """Return the formula with numbers, or other formulas, for some of its symbols.

        Parameters
        ----------
        values : mapping from symbol to float or Formula
            What to put in; symbols that are not among them stay.
        digits : int
            How many digits of a number are written. It is evaluated with all of them.
        """
        return _formula(values[self], digits) if self in values else self

    def symbols(self) -> list[Formula]:
        """Return its symbols in the order in which they are read, each once."""
        return [self]

    def evaluate(self, values: Mapping[Formula, float]) -> float:
        """Return what comes out, with these numbers for the symbols.

        Raises
        ------
        KeyError
            If a symbol has no number.
        """
        return values[self]

    def __str__(self) -> str:
        """Return it as text, in the symbols of the notes."""
        return self._write(False, True)

    def latex(self) -> str:
        """Return it as LaTeX.

        It keeps to what GitHub, Jupyter and matplotlib all understand: no backslash before
        punctuation, which Markdown would eat, and a prime after its subscript, so that no
        underscore can be taken for emphasis.
        """
        return self._write(True, True)

    def _write(self, latex: bool, first: bool) -> str:
        """Return it as LaTeX or as text; a minus that does not stand first is in parentheses."""
        raise NotImplementedError

    def _within(self, level: int, latex: bool, first: bool) -> str:
        """Return it as it stands where anything looser than `level` needs parentheses."""
        if self.level < level:
            return f"({self._write(latex, True)})"
        return self._write(latex, first)

    def __add__(self, other: Operand) -> Formula:
        return Sum((self, _formula(other)))

    def __radd__(self, other: Operand) -> Formula:
        return Sum((_formula(other), self))

    def __sub__(self, other: Operand) -> Formula:
        return Difference((self, _formula(other)))

    def __rsub__(self, other: Operand) -> Formula:
        return Difference((_formula(other), self))

    def __mul__(self, other: Operand) -> Formula:
        return Product((self, _formula(other)))

    def __rmul__(self, other: Operand) -> Formula:
        return Product((_formula(other), self))

    def __truediv__(self, other: Operand) -> Formula:
        return Quotient((self, _formula(other)))

    def __rtruediv__(self, other: Operand) -> Formula:
        return Quotient((_formula(other), self))

    def __pow__(self, exponent: int) -> Formula:
        return Power((self, Number(exponent)))

    def __neg__(self) -> Formula:
        return Negative((self,))

    def __gt__(self, other: Operand) -> Greater:
        return Greater((self, _formula(other)))


Operand: TypeAlias = Formula | float


def _formula(value: Operand, digits: int = 15) -> Formula:
    return value if isinstance(value, Formula) else Number(float(value), digits)


# --- what a formula is made of ---------------------------------------------------------


@dataclass(frozen=True)
class Number(Formula):
    """A number, written as one types it into a calculator.

    Examples
    --------
    >>> print(Number(0.123456, 4), Number(-0.0), Number(0.0000123456, 4), Number(123456, 4))
    0.1235 0 1.235e-5 1.235e5
    """

    value: float
    digits: int = 15

    def symbols(self) -> list[Formula]:
        """Return none."""
        return []

    def evaluate(self, values: Mapping[Formula, float]) -> float:
        """Return the number."""
        return self.value

    def _write(self, latex: bool, first: bool) -> str:
        text, _, exponent = f"{self.value + 0.0:.{self.digits}g}".partition("e")
        if exponent:
            text += rf" \times 10^{{{int(exponent)}}}" if latex else f"e{int(exponent)}"
        return f"({text})" if text.startswith("-") and not first else text


@dataclass(frozen=True)
class Symbol(Formula):
    """A letter with an index and primes: Symbol("w", "11", 1) is w'11."""

    letter: str
    index: str = ""
    primes: int = 0

    def _write(self, latex: bool, first: bool) -> str:
        primes = "'" * self.primes
        if not latex:
            return f"{self.letter}{primes}{self.index}"
        index = f"_{{{self.index}}}" if self.index else ""
        return f"{LETTERS.get(self.letter, self.letter)}{index}{primes}"


@dataclass(frozen=True)
class Derivative(Formula):
    """The derivative of one symbol by another, itself a symbol with a number: ∂L/∂w'11."""

    of: Formula
    by: Formula

    def _write(self, latex: bool, first: bool) -> str:
        if latex:
            return rf"\frac{{\partial {self.of.latex()}}}{{\partial {self.by.latex()}}}"
        return f"∂{self.of}/∂{self.by}"


@dataclass(frozen=True)
class Operation(Formula):
    """What is made of other formulas."""

    parts: tuple[Formula, ...]
    compute: ClassVar[Callable[..., float]]

    def put_in(self, values: Mapping[Formula, Operand], digits: int = 15) -> Formula:
        """Return the same of its parts, with numbers for their symbols."""
        return replace(self, parts=tuple(part.put_in(values, digits) for part in self.parts))

    def symbols(self) -> list[Formula]:
        """Return the symbols of its parts."""
        return list(dict.fromkeys(symbol for part in self.parts for symbol in part.symbols()))

    def evaluate(self, values: Mapping[Formula, float]) -> float:
        """Return what comes out of its parts."""
        return float(self.compute(*(part.evaluate(values) for part in self.parts)))


class Sum(Operation):
    """a + b."""

    level = SUM
    compute = staticmethod(operator.add)

    def _write(self, latex: bool, first: bool) -> str:
        a, b = self.parts
        return f"{a._within(SUM, latex, first)} + {b._within(SUM, latex, False)}"


class Difference(Operation):
    """a - b."""

    level = SUM
    compute = staticmethod(operator.sub)

    def _write(self, latex: bool, first: bool) -> str:
        a, b = self.parts
        return f"{a._within(SUM, latex, first)} - {b._within(QUOTIENT, latex, False)}"


class Product(Operation):
    """a b: a dot stands after a derivative, and before what has no symbol."""

    level = PRODUCT
    compute = staticmethod(operator.mul)

    def _write(self, latex: bool, first: bool) -> str:
        a, b = self.parts
        last = a.parts[-1] if isinstance(a, Product) else a
        dot = " "
        if isinstance(last, Derivative) or not b.symbols():
            dot = r" \cdot " if latex else " · " if b.symbols() else "·"
        return f"{a._within(PRODUCT, latex, first)}{dot}{b._within(PRODUCT, latex, False)}"


class Quotient(Operation):
    """a / b."""

    level = QUOTIENT
    compute = staticmethod(operator.truediv)

    def _write(self, latex: bool, first: bool) -> str:
        a, b = self.parts
        if latex:
            return rf"\frac{{{a.latex()}}}{{{b.latex()}}}"
        return f"{a._within(PRODUCT, latex, first)} / {b._within(POWER, latex, False)}"

    def _within(self, level: int, latex: bool, first: bool) -> str:
        # The bar of a fraction holds it together better than parentheses.
        return super()._within(QUOTIENT if latex and level <= PRODUCT else level, latex, first)


class Power(Operation):
    """a raised to a whole number."""

    level = POWER
    compute = staticmethod(operator.pow)

    def _write(self, latex: bool, first: bool) -> str:
        a, n = self.parts
        base, exponent = a._within(ATOM, latex, first=False), str(n)
        if isinstance(a, Number) and not str(a).replace(".", "").isdigit():
            base = f"({a._write(latex, first=True)})"  # a sign, or a power of ten
        if not latex:
            return base + exponent.translate(SUPERSCRIPTS)
        return base + (f"^{exponent}" if len(exponent) == 1 else f"^{{{exponent}}}")


class Negative(Operation):
    """-a."""

    level = PRODUCT
    compute = staticmethod(operator.neg)

    def _write(self, latex: bool, first: bool) -> str:
        (a,) = self.parts
        if isinstance(a, Number) and a.value < 0:
            return Number(-a.value, a.digits)._write(latex, first)
        text = f"-{a._within(PRODUCT, latex, False)}"
        return text if first else f"({text})"


class Exponential(Operation):
    """e to the power of a."""

    level = POWER
    compute = staticmethod(math.exp)

    def _write(self, latex: bool, first: bool) -> str:
        (a,) = self.parts
        if latex:
            return f"e^{{{a.latex()}}}"
        bare = a.parts[0] if isinstance(a, Negative) else a
        return f"e^{a}" if isinstance(bare, Number | Symbol) else f"e^({a})"


class Greater(Operation):
    """a > b, the condition of `cases`."""

    level = CASE
    compute = staticmethod(operator.gt)

    def _write(self, latex: bool, first: bool) -> str:
        a, b = self.parts
        return f"{a._within(SUM, latex, True)} > {b._within(SUM, latex, True)}"

    def __bool__(self) -> bool:
        raise TypeError(f"whether {self} is not known before z is; write `maximum` or `cases`")


class Cases(Operation):
    """One thing if a condition holds, else another."""

    level = CASE

    compute = staticmethod(lambda condition, then, otherwise: then if condition else otherwise)

    def _write(self, latex: bool, first: bool) -> str:
        condition, then, otherwise = (part._within(SUM, latex, True) for part in self.parts)
        condition = self.parts[0]._write(latex, True)
        if latex:
            return rf"{then} \text{{ if }} {condition} \text{{, else }} {otherwise}"
        return f"{then} if {condition}, else {otherwise}"


@dataclass(frozen=True)
class Function:
    """A function with a name, to be called with formulas: Function("ln", math.log)(z).

    Parameters
    ----------
    name : str
        As it is written.
    compute : callable (float, ...) -> float
        The function of numbers.
    latex : str, optional
        As it is written in LaTeX; by default the name, upright.

    Examples
    --------
    >>> ln = Function("ln", math.log, r"\\ln")
    >>> print(ln(1 + exp(z)))
    ln(1 + e^z)
    """

    name: str
    compute: Callable[..., float]
    latex: str = ""

    def __call__(self, *parts: Operand) -> Formula:
        """Return the function of these as a formula."""
        return Call(tuple(_formula(part) for part in parts), self)


@dataclass(frozen=True)
class Call(Operation):
    """A function of something."""

    function: Function

    @property
    def compute(self) -> Callable[..., float]:  # type: ignore[override]
        """The function of numbers."""
        return self.function.compute

    def _write(self, latex: bool, first: bool) -> str:
        upright = rf"\text{{{self.function.name.replace('_', ' ')}}}"
        name = (self.function.latex or upright) if latex else self.function.name
        return f"{name}({', '.join(part._write(latex, True) for part in self.parts)})"


def exp(exponent: Formula) -> Formula:
    """Return e to the power of a formula."""
    return Exponential((exponent,))


def cases(condition: Greater, then: Operand, otherwise: Operand) -> Formula:
    """Return one thing if the condition holds, else another.

    Examples
    --------
    >>> print(cases(z > 0, 1, 0))
    1 if z > 0, else 0
    """
    return Cases((condition, _formula(then), _formula(otherwise)))


maximum = Function("max", max, r"\max")

# What an activation's formulas are written in: the input and the output of a unit.
z, a = Symbol("z"), Symbol("a")
