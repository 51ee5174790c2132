"""Initializers: moments within five standard errors, published values, and what is refused.

No test knows a drawn number: the streams of NumPy may change.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mlp import MLP, initializers
from mlp.arrays import Array
from mlp.initializers import INITIALIZERS, Initializer, InitializerLike
from tests.oracles import assert_one_line

Rng = np.random.Generator

N01 = NormalDist()
# The standard deviation of a standard normal cut at ±2, by the theorem for truncated normals.
CUT_STDDEV = sqrt(1 - 2 * 2 * N01.pdf(2) / (2 * N01.cdf(2) - 1))

# Standard deviations as published, for fan_in 50 and fan_out 200, so 125 on average.
PUBLISHED: dict[str, float] = {
    "zeros": 0.0,
    "ones": 0.0,
    "constant": 0.0,
    "normal": 0.05,
    "uniform": 0.05 / sqrt(3),
    "lecun_normal": sqrt(0.02),
    "lecun_uniform": sqrt(0.02),
    "glorot_normal": sqrt(0.008),
    "glorot_uniform": sqrt(0.008),
    "he_normal": 0.2,
    "he_uniform": 0.2,
    "orthogonal": sqrt(1 / 200),
    "variance_scaling": sqrt(0.02),
}
PUBLISHED_MEAN = {"ones": 1.0, "constant": 0.5}

# Half widths as published: √(6 / 250), √(6 / 50), √(3 / 50), and Keras' 0.05.
LIMITS = {
    "glorot_uniform": sqrt(0.024),
    "he_uniform": sqrt(0.12),
    "lecun_uniform": sqrt(0.06),
    "uniform": 0.05,
}


def get(name: str) -> Initializer:
    initializer = initializers.get(name)
    assert isinstance(initializer, Initializer)
    return initializer


def draws(
    initializer: InitializerLike, rng: Rng, fan_in: int, fan_out: int, times: int = 8
) -> Array:
    return np.concatenate([initializer(rng, fan_in, fan_out).ravel() for _ in range(times)])


def assert_moments(w: Array, mean: float, variance: float) -> None:
    """Hold a sample to its moments, each within five of its own standard errors."""
    spread = w - w.mean()
    second, fourth = np.mean(spread**2), np.mean(spread**4)
    rounding = 1e-12 * max(1.0, abs(mean))
    assert abs(w.mean() - mean) <= 5 * sqrt(second / w.size) + rounding
    assert abs(second - variance) <= 5 * sqrt((fourth - second**2) / w.size) + rounding


def assert_fraction(hits: NDArray[np.bool], probability: float) -> None:
    error = sqrt(probability * (1 - probability) / hits.size)
    assert abs(np.mean(hits) - probability) <= 5 * error


@pytest.mark.parametrize("name", initializers.names())
@given(fan_in=st.integers(1, 7), fan_out=st.integers(1, 7), seed=st.integers(0, 2**32))
def test_every_initializer_draws_a_finite_matrix_that_its_generator_decides(
    name: str, fan_in: int, fan_out: int, seed: int
) -> None:
    first, second = (
        initializers.sample(initializers.get(name), np.random.default_rng(seed), fan_in, fan_out)
        for _ in range(2)
    )
    assert first.shape == (fan_in, fan_out)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("fans", [(60, 150), (150, 60), (1, 2000)])
@pytest.mark.parametrize("name", [n for n in initializers.names() if get(n).variance])
def test_every_declared_moment_is_kept(name: str, fans: tuple[int, int], rng: Rng) -> None:
    initializer = get(name)
    assert initializer.variance is not None
    assert_moments(
        draws(initializer, rng, *fans), initializer.mean(*fans), initializer.variance(*fans)
    )


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_moments_are_the_published_ones(name: str, rng: Rng) -> None:
    variance, mean = PUBLISHED[name] ** 2, PUBLISHED_MEAN.get(name, 0.0)
    initializer = get(name)
    assert_moments(draws(initializer, rng, 50, 200), mean, variance)
    assert initializer.mean(50, 200) == mean
    assert initializer.variance is not None
    assert initializer.variance(50, 200) == pytest.approx(variance, rel=1e-12)


@pytest.mark.parametrize("name", LIMITS)
def test_a_uniform_one_fills_its_limits_evenly(name: str, rng: Rng) -> None:
    size = np.abs(draws(get(name), rng, 50, 200))
    assert 0.999 * LIMITS[name] < size.max() <= LIMITS[name]
    assert_fraction(size < LIMITS[name] / 2, 0.5)
    assert_fraction(size < LIMITS[name] / 4, 0.25)


@pytest.mark.parametrize("name", [n for n in PUBLISHED if PUBLISHED[n]])
def test_what_it_writes_of_its_spread_is_the_published_one(name: str) -> None:
    initializer = get(name)
    written, value = initializer.stddev, PUBLISHED[name]
    if name in LIMITS:
        written, value = initializer.limit, LIMITS[name]
    assert written is not None
    assert eval(written(50, 200).replace("√", "sqrt")) == pytest.approx(value, rel=1e-12)
    if written(50, 200) != written(1, 2):
        assert "fan_" in written("fan_in", "fan_out")


@pytest.mark.parametrize("name", ["normal", "lecun_normal", "glorot_normal", "he_normal"])
@pytest.mark.parametrize("sigmas", [0.5, 1, 2, 3])
def test_a_normal_one_has_the_tails_of_a_normal(name: str, sigmas: float, rng: Rng) -> None:
    size = np.abs(draws(get(name), rng, 50, 200)) / PUBLISHED[name]
    assert_fraction(size > sigmas, 2 * N01.cdf(-sigmas))


@pytest.mark.parametrize("value", [-2.0, 0.0, 0.25])
def test_a_constant_is_that_value_everywhere(value: float, rng: Rng) -> None:
    assert initializers.constant(value)(rng, 2, 3).tolist() == [[value] * 3] * 2


def test_the_constants_of_the_notes(rng: Rng) -> None:
    assert get("zeros")(rng, 1, 2).tolist() == [[0.0, 0.0]]
    assert get("ones")(rng, 1, 2).tolist() == [[1.0, 1.0]]
    assert get("constant")(rng, 1, 2).tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize("distribution", ["normal", "uniform", "truncated_normal"])
@pytest.mark.parametrize(
    ("mode", "variance"), [("fan_in", 3 / 50), ("fan_out", 3 / 200), ("fan_avg", 3 / 125)]
)
def test_variance_scaling_divides_the_scale_by_the_fan_of_its_mode(
    mode: Any, variance: float, distribution: Any, rng: Rng
) -> None:
    initializer = initializers.variance_scaling(3.0, mode, distribution)
    assert initializer.variance is not None
    assert initializer.variance(50, 200) == pytest.approx(variance, rel=1e-12)
    assert_moments(draws(initializer, rng, 50, 200), 0.0, variance)


def test_the_truncated_normal_is_cut_at_two_sigma_and_widened_to_make_up(rng: Rng) -> None:
    assert pytest.approx(CUT_STDDEV, rel=1e-14) == initializers.TRUNCATED_STDDEV
    w = draws(initializers.variance_scaling(1.0, "fan_in", "truncated_normal"), rng, 50, 200)
    sigma = sqrt(0.02) / CUT_STDDEV
    assert 0.99 * 2 * sigma < np.abs(w).max() <= 2 * sigma
    inside = (2 * N01.cdf(1) - 1) / (2 * N01.cdf(2) - 1)
    assert_fraction(np.abs(w) < sigma, inside)


@pytest.mark.parametrize("fans", [(1, 1), (6, 6), (9, 4), (4, 9), (1, 5), (5, 1)])
@pytest.mark.parametrize("gain", [1.0, 0.3])
def test_orthogonal_has_all_singular_values_equal_to_its_gain(
    fans: tuple[int, int], gain: float, rng: Rng
) -> None:
    W = initializers.orthogonal(gain)(rng, *fans)
    np.testing.assert_allclose(np.linalg.svd(W, compute_uv=False), gain, rtol=1e-13)


def test_orthogonal_favours_neither_rotations_nor_reflections(rng: Rng) -> None:
    matrices = np.array([get("orthogonal")(rng, 3, 3) for _ in range(2000)])
    assert_fraction(np.linalg.det(matrices) > 0, 0.5)
    for i, j in np.ndindex(3, 3):
        assert_fraction(matrices[:, i, j] > 0, 0.5)


@pytest.mark.parametrize(
    ("name", "fraction"),
    [
        ("lecun_normal", "1 / fan_in"),
        ("lecun_uniform", "√(3 / fan_in)"),
        ("glorot_normal", "2 / (fan_in + fan_out)"),
        ("glorot_uniform", "√(6 / (fan_in + fan_out))"),
        ("he_normal", "2 / fan_in"),
        ("he_uniform", "√(6 / fan_in)"),
        ("constant", "0.5"),
    ],
)
def test_the_formula_reads_as_published(name: str, fraction: str) -> None:
    assert fraction in get(name).formula


@pytest.mark.parametrize("kind", ["normal", "uniform"])
def test_xavier_is_glorot(kind: str) -> None:
    glorot = initializers.get(f"glorot_{kind}")
    assert initializers.get(f"xavier_{kind}") is glorot
    assert getattr(initializers, f"xavier_{kind}") is glorot
    assert f"xavier_{kind}" not in initializers.names()
    a, b = (
        MLP([3, 2, 1], kernel_initializer=f"{name}_{kind}", seed=4).layers[0].W
        for name in ("xavier", "glorot")
    )
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("constant", {"value": float("nan")}),
        ("constant", {"value": float("inf")}),
        ("normal", {"stddev": 0.0}),
        ("normal", {"stddev": -1.0}),
        ("normal", {"stddev": float("nan")}),
        ("uniform", {"limit": 0.0}),
        ("uniform", {"limit": float("inf")}),
        ("variance_scaling", {"scale": 0.0}),
        ("variance_scaling", {"scale": -2.0}),
        ("variance_scaling", {"mode": "fan"}),
        ("variance_scaling", {"distribution": "gaussian"}),
        ("orthogonal", {"gain": 0.0}),
        ("orthogonal", {"gain": float("nan")}),
    ],
)
def test_a_parameter_out_of_range_is_named(name: str, parameters: dict[str, Any]) -> None:
    ((key, value),) = parameters.items()
    with pytest.raises(ValueError, match=key) as error:
        initializers.get(name, **parameters)
    assert_one_line(error, f"{value:g}" if isinstance(value, float) else value)


@pytest.mark.parametrize("value", [None, 0.5, [1.0], np.ones((2, 2))])
def test_neither_a_name_nor_a_callable_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError, match=type(value).__name__):
        initializers.get(value)


@pytest.mark.parametrize("name", ["he_normal", "normal"])
def test_a_parameter_that_does_not_exist_is_a_type_error(name: str) -> None:
    with pytest.raises(TypeError, match="colour"):
        initializers.get(name, colour=1.0)


def test_a_mistyped_name_gets_a_suggestion_among_aliases_too() -> None:
    with pytest.raises(ValueError, match="did you mean 'xavier_normal'") as error:
        initializers.get("xavier_norml")
    assert_one_line(error, "initializer 'xavier_norml'")


def test_a_callable_passes_through() -> None:
    def mine(rng: Rng, fan_in: int, fan_out: int) -> Array:
        return np.ones((fan_in, fan_out))

    assert initializers.get(mine) is mine


def broken(returns: object) -> Callable[[Rng, int, int], Any]:
    def from_a_student(rng: Rng, fan_in: int, fan_out: int) -> Any:
        return returns

    return from_a_student


@pytest.mark.parametrize(
    "returns",
    [
        np.ones((3, 2)),
        np.ones(6),
        np.ones((1, 2, 3)),
        1.0,
        None,
        "W",
        np.full((2, 3), np.nan),
        np.full((2, 3), np.inf),
        [[1.0, 2.0], [3.0]],
        np.full((2, 3), 1j),
    ],
    ids=str,
)
def test_what_an_initializer_returns_is_checked_and_it_is_named(returns: object) -> None:
    with pytest.raises(ValueError, match="initializer") as error:
        MLP([2, 3], kernel_initializer=broken(returns))
    assert_one_line(error, "from_a_student")


def test_a_callable_without_a_name_is_named_by_its_type(rng: Rng) -> None:
    with pytest.raises(ValueError, match="initializer partial returned shape"):
        initializers.sample(partial(broken(np.ones(1))), rng, 2, 3)


def test_integers_and_lists_from_an_initializer_become_floats(rng: Rng) -> None:
    W = initializers.sample(broken([[1, 2, 3], [4, 5, 6]]), rng, 2, 3)
    assert W.dtype == np.float64
    assert W.tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]


@pytest.fixture
def coin() -> Iterator[Initializer]:
    @initializers.register("coin", formula="±1/2", variance=lambda fan_in, fan_out: 1 / 4)
    def coin(rng: Rng, fan_in: int, fan_out: int) -> Any:
        return rng.choice([-0.5, 0.5], size=(fan_in, fan_out))

    yield coin
    INITIALIZERS.remove("coin")


def test_what_is_registered_is_listed_and_works_by_name(coin: Initializer, rng: Rng) -> None:
    assert "coin" in initializers.names()
    assert initializers.get("coin") is coin
    assert coin.formula == "±1/2"
    assert set(MLP([20, 20], kernel_initializer="coin").layers[0].W.flat) == {-0.5, 0.5}
    assert_moments(draws(coin, rng, 50, 200), 0.0, 0.25)


def test_a_plain_function_is_told_by_its_call_and_its_docstring(rng: Rng) -> None:
    def thirds(rng: Rng, fan_in: int, fan_out: int) -> Any:
        """Give a third each.

        Not shown.
        """
        return np.full((fan_in, fan_out), 1 / 3)

    try:
        made = initializers.register("thirds")(thirds)
        assert (made.name, made.about) == ("thirds", "Give a third each.")
        assert made.formula == "thirds(rng, fan_in, fan_out)"
        assert made.variance is None
    finally:
        INITIALIZERS.remove("thirds")


def test_an_initializer_that_is_registered_keeps_what_it_promises() -> None:
    try:
        made = initializers.register("wide")(initializers.normal(3.0))
        assert (made.name, made.formula) == ("wide", "N(0, 3²)")
        assert made.variance is not None
        assert made.variance(1, 1) == 9.0
    finally:
        INITIALIZERS.remove("wide")


@pytest.mark.parametrize("other", ["he_normal", 3, None])
def test_what_is_no_function_is_not_registered(other: Any) -> None:
    with pytest.raises(TypeError, match="initializer"):
        initializers.register("mine")(other)
    assert "mine" not in INITIALIZERS


@pytest.mark.parametrize("kind", ["normal", "uniform"])
def test_kaiming_is_he(kind: str) -> None:
    assert initializers.get(f"kaiming_{kind}") is initializers.get(f"he_{kind}")
    assert f"kaiming_{kind}" not in initializers.names()


SPREAD = ["lecun", "glorot", "he"]


@pytest.mark.parametrize("fans", [(2, 16), (50, 10)], ids=str)
@pytest.mark.parametrize("name", [f"{n}_{kind}" for n in SPREAD for kind in ("normal", "uniform")])
def test_the_spread_is_written_so_that_a_calculator_gets_the_variance(
    name: str, fans: tuple[int, int]
) -> None:
    initializer = get(name)
    write = initializer.limit if name.endswith("uniform") else initializer.stddev
    assert write is not None
    assert (initializer.stddev is None) != (initializer.limit is None)
    assert "fan_" in write("fan_in", "fan_out")
    value = eval(write(*fans).replace("√", "sqrt"), {"sqrt": math.sqrt})
    assert initializer.variance is not None
    times = 3 if name.endswith("uniform") else 1
    assert value**2 / times == pytest.approx(initializer.variance(*fans), rel=1e-12)


def test_a_taken_name_is_refused(coin: Initializer) -> None:
    for name in ("coin", "he_normal", "xavier_normal"):
        with pytest.raises(ValueError, match=f"'{name}' is registered already"):
            initializers.register(name)(coin.draw)
