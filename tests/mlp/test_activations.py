"""Activations: f and f' against the mathematics module, limits and difference quotients."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from mlp import MLP, activations
from mlp.activations import ACTIVATIONS, Activation
from mlp.arrays import Array
from tests.oracles import SCALARS, assert_one_line

ALL = [ACTIVATIONS[name] for name in ACTIVATIONS]
each = pytest.mark.parametrize("f", ALL, ids=[f.name for f in ALL])

POINTS = np.array([-30.0, -5.0, -1.3, -0.2, -1e-8, 0.0, 1e-8, 0.2, 0.7, 1.3, 5.0, 30.0])
EXTREMES = np.array([-1e308, -1e4, -745.2, -710.0, 710.0, 745.2, 1e4, 1e308])


def test_the_four_of_the_notes_are_registered() -> None:
    assert {"linear", "relu", "tanh", "sigmoid"} <= set(ACTIVATIONS)


@pytest.mark.parametrize("name", SCALARS)
def test_f_and_its_derivative_agree_with_the_mathematics_module(name: str) -> None:
    f, (value, slope) = activations.get(name), SCALARS[name]
    a = f(POINTS)
    np.testing.assert_allclose(a, [value(z) for z in POINTS], rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(
        f.derivative(POINTS, a), [slope(z) for z in POINTS], rtol=1e-9, atol=1e-15
    )


@each
def test_the_derivative_is_the_slope_away_from_kinks(f: Activation) -> None:
    z = np.linspace(-4, 4, 161) + 0.013
    h = 1e-5
    assert all(np.abs(z - kink).min() > h for kink in f.kinks)
    np.testing.assert_allclose(
        f.derivative(z, f(z)), (f(z + h) - f(z - h)) / (2 * h), rtol=1e-7, atol=1e-9
    )


@each
def test_kinks_are_where_the_slope_jumps(f: Activation) -> None:
    for kink in f.kinks:
        z = np.array([kink - 1e-9, kink + 1e-9])
        assert abs(np.diff(f.derivative(z, f(z)))) > 0.1


def test_relu_has_slope_0_at_0() -> None:
    zero = np.array([0.0, -0.0])
    assert activations.relu.derivative(zero, activations.relu(zero)).tolist() == [0.0, 0.0]


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (4, 2, 3)])
def test_shape_and_type_are_kept(
    f: Activation, dtype: type[np.floating], shape: tuple[int, ...]
) -> None:
    z = np.full(shape, 0.3, dtype=dtype)
    a = f(z)
    for result in (a, f.derivative(z, a)):
        assert np.shape(result) == shape
        assert result.dtype == dtype


@each
def test_the_input_is_not_changed(f: Activation) -> None:
    z = POINTS.copy()
    f.derivative(z, f(z))
    assert z.tolist() == POINTS.tolist()


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_inputs_stay_finite_without_a_warning(
    f: Activation, dtype: type[np.floating]
) -> None:
    z = np.clip(EXTREMES, np.finfo(dtype).min, np.finfo(dtype).max).astype(dtype)
    a = f(z)
    assert np.isfinite(a).all()
    assert np.isfinite(f.derivative(z, a)).all()


@each
def test_the_bounds_hold_and_a_finite_one_is_approached(f: Activation) -> None:
    low, high = f.bounds
    a = f(np.linspace(-50, 50, 100_001))
    assert low <= a.min()
    assert a.max() <= high
    assert not np.isfinite(low) or a.min() == pytest.approx(low, abs=1e-6)
    assert not np.isfinite(high) or a.max() == pytest.approx(high, abs=1e-6)
    assert np.isfinite(low) or f(np.array(-1e6)) < -1e5
    assert np.isfinite(high) or f(np.array(1e6)) > 1e5


def test_sigmoid_is_symmetric_about_its_middle_to_the_last_bit_it_has() -> None:
    z = np.linspace(0, 30, 301)
    total = activations.sigmoid(z) + activations.sigmoid(-z)
    np.testing.assert_allclose(total, 1.0, rtol=0, atol=3e-16)


def test_sigmoid_keeps_its_left_tail() -> None:
    # 1 / (1 + e^700) is e^-700 to 300 digits; a form through 1 - sigmoid(-z) would be 0.
    assert activations.sigmoid(np.array(-700.0)) == pytest.approx(float(np.exp(-700)), rel=1e-12)


@each
def test_every_activation_is_found_by_its_name_and_passes_through(f: Activation) -> None:
    assert activations.get(f.name) is f
    assert activations.get(f) is f


def test_a_mistyped_name_gets_a_suggestion() -> None:
    with pytest.raises(ValueError, match="did you mean 'sigmoid'") as error:
        activations.get("sigmiod")
    assert_one_line(error, "activation 'sigmiod'")


@pytest.mark.parametrize("value", [None, 3, np.tanh, ["relu"]])
def test_neither_a_name_nor_an_activation_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError, match=type(value).__name__):
        activations.get(value)  # type: ignore[arg-type]


@pytest.fixture
def square() -> Iterator[Activation]:
    def double(z: Array, a: Array) -> Array:
        return 2 * z

    yield activations.register(Activation("square", lambda z: z * z, double))
    ACTIVATIONS.remove("square")


def test_a_registered_activation_works_by_name(square: Activation) -> None:
    assert MLP([2, 2, 1], activation="square").layers[0].activation is square
    with pytest.raises(ValueError, match="'square' is registered already"):
        activations.register(square)
