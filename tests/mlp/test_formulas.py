"""Formulas: what is written, read again by Python as mathematics, gives what is evaluated."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser

from mlp.activations import ACTIVATIONS, Activation, register
from mlp.formulas import (
    Derivative,
    Formula,
    Function,
    Number,
    Symbol,
    a,
    cases,
    exp,
    maximum,
    z,
)

POWERS = {"²": "**2", "³": "**3"}
MEANING = {"__builtins__": {}, "exp": math.exp, "max": max}


def read_text(text: str) -> float:
    """Return what text with numbers put in says: · multiplies, ² squares, e^ is a power of e."""
    for sign, power in POWERS.items():
        text = text.replace(sign, power)
    text = text.replace("·", "*").replace(", else", " else")
    text = re.sub(r"e\^(-?[\d.]+(?:e-?\d+)?)", r"exp(\1)", text).replace("e^(", "exp(")
    return float(eval(text, MEANING))


def read_latex(text: str) -> float:
    """Return what LaTeX with numbers put in says, from the innermost braces outwards."""
    text = re.sub(r" \\times 10\^\{(-?\d+)\}", r"e\1", text)
    text = text.replace(r"\text{ if }", "if").replace(r"\text{, else }", "else")
    before = ""
    while before != text:
        before = text
        text = re.sub(r"e\^\{([^{}]*)\}", r"exp(\1)", text)
        text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", text)
    text = text.replace(r"\cdot", "*").replace("^", "**").replace(r"\max", "max")
    return float(eval(text, MEANING))


leaves = st.one_of(
    st.just(z),
    st.integers(-30, 30).map(lambda tenths: Number(tenths / 10)),
    st.sampled_from([1e-7, -2.5e-9]).map(Number),
)
trees = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.builds(lambda p, q: p + q, parts, parts),
        st.builds(lambda p, q: p - q, parts, parts),
        st.builds(lambda p, q: p * q, parts, parts),
        st.builds(lambda p, q: p / q, parts, parts),
        st.builds(lambda p, n: p**n, parts, st.sampled_from([2, 3])),
        st.builds(lambda p: -p, parts),
        st.builds(exp, parts),
        st.builds(maximum, parts, parts),
        st.builds(lambda p, q, r, t: cases(p > q, r, t), parts, parts, parts, parts),
    ),
    max_leaves=8,
)


@given(trees, st.sampled_from([-1.5, -0.3, 0.0, 0.25, 2.0]))
def test_what_is_written_is_what_is_evaluated(formula: Formula, at: float) -> None:
    try:
        expected = formula.evaluate({z: at})
    except (OverflowError, ZeroDivisionError):
        assume(False)
    assume(abs(expected) < 1e100)
    worked = formula.put_in({z: at})
    assert worked.symbols() == []
    for read, written in ((read_text, str(worked)), (read_latex, worked.latex())):
        assert read(written) == pytest.approx(expected, rel=1e-9, abs=1e-12), written


@settings(max_examples=30)
@given(trees)
def test_its_latex_renders_and_is_safe_in_markdown(formula: Formula) -> None:
    equation = formula.put_in({z: Symbol("z", "11")}).latex()
    MathTextParser("path").parse(f"${equation}$")
    assert not re.search(r"\\[^A-Za-z]", equation)
    assert not re.search(r"(?<![A-Za-z])_", equation)


@pytest.mark.parametrize(
    ("formula", "text", "latex"),
    [
        (z * (1 - z), "z (1 - z)", "z (1 - z)"),
        (z / 2 * z, "(z / 2) z", r"\frac{z}{2} z"),
        (1 / (2 * z), "1 / (2 z)", r"\frac{1}{2 z}"),
        ((-z) ** 2, "(-z)²", "(-z)^2"),
        (z**12, "z¹²", "z^{12}"),
        (Number(-2e-7) ** 2, "(-2e-7)²", r"(-2 \times 10^{-7})^2"),
        (exp(-z) ** 2, "(e^-z)²", "(e^{-z})^2"),
        (exp(-2 * z), "e^(-2 z)", "e^{-2 z}"),
        (exp(z**2), "e^(z²)", "e^{z^2}"),
        (z - (1 - z), "z - (1 - z)", "z - (1 - z)"),
        (0 + -z, "0 + (-z)", "0 + (-z)"),
        (2 * cases(z > 0, 1, 0), "2 (1 if z > 0, else 0)", None),
        (Symbol("ŷ") - Symbol("η"), "ŷ - η", r"\hat{y} - \eta"),
        (Symbol("w", "21", 2), "w''21", "w_{21}''"),
        (Derivative(Symbol("L"), z) * z, "∂L/∂z · z", r"\frac{\partial L}{\partial z} \cdot z"),
        (Function("my_f", abs)(z, 1), "my_f(z, 1)", r"\text{my f}(z, 1)"),
    ],
)
def test_it_is_written_as_a_person_would(formula: Formula, text: str, latex: str | None) -> None:
    assert str(formula) == text
    assert latex is None or formula.latex() == latex


@pytest.mark.parametrize(
    ("at", "text"),
    [(0.5, "e^(-2·0.5) + 3·0.5 - 0.5²"), (-0.5, "e^(-2·(-0.5)) + 3·(-0.5) - (-0.5)²")],
)
def test_numbers_are_put_in_with_the_signs_they_need(at: float, text: str) -> None:
    assert str((exp(-2 * z) + 3 * z - z**2).put_in({z: at})) == text


def test_as_many_digits_are_shown_as_asked_for_and_all_are_used() -> None:
    worked = (z * 3).put_in({z: 1 / 3}, digits=4)
    assert str(worked) == "0.3333·3"
    assert worked.evaluate({}) == 1.0


def test_what_is_no_symbol_of_the_formula_changes_nothing() -> None:
    assert (z + 1).put_in({a: 3.0}) == z + 1
    assert (Derivative(a, z) * z).put_in({z: 2.0, a: 3.0}) == Derivative(a, z) * Number(2.0)


def test_pythons_own_max_is_refused_as_it_would_choose_at_once() -> None:
    with pytest.raises(TypeError, match="`maximum` or `cases`"):
        max(0, z)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_formulas_of_an_activation_say_what_it_computes(name: str) -> None:
    f, points = ACTIVATIONS[name], np.array([-3.1, -1.0, 0.0, 0.2, 1.7, 4.0])
    out = f(points)
    for formula, computed in ((f.formula, out), (f.derivative_formula, f.derivative(points, out))):
        if isinstance(formula, Formula):
            said = [formula.evaluate({z: p, a: q}) for p, q in zip(points, out, strict=True)]
            np.testing.assert_allclose(said, computed, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"formula": z**2}, r"formula of 'wrong': z² is 5.29 at z = -2.3, but -12.17 is computed"),
        ({"derivative_formula": a}, r"derivative_formula of 'wrong': a is -12.17 .* but 15.87"),
        ({"formula": Symbol("x") ** 3}, r"unknown symbol, x; write it with the z and a"),
    ],
)
def test_a_formula_that_says_something_else_is_refused(
    change: dict[str, Formula], words: str
) -> None:
    cube = {"f": lambda z: z**3, "derivative": lambda z, a: 3 * z * z}
    with pytest.raises(ValueError, match=words):
        register(Activation("wrong", **cube, **change))  # type: ignore[arg-type]
    assert "wrong" not in ACTIVATIONS
