"""Theory: against closed forms, adaptive quadrature, plain iteration, and many real networks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad, solve_ivp
from scipy.special import digamma, erf, polygamma
from scipy.stats import binom, norm

from mlp import MLP, activations, diagnostics, initializers, mse, theory
from mlp.activations import Activation
from mlp.arrays import Array
from tests.oracles import SCALARS, assert_one_line

Floats = NDArray[np.float64]

# Two activations that the library does not have, but whose integrals have closed forms.
ERF = Activation("erf", f=erf, derivative=lambda z, a: 2 / math.sqrt(math.pi) * np.exp(-z * z))
HARD_TANH = Activation(
    "hard_tanh",
    f=lambda z: np.clip(z, -1, 1),
    derivative=lambda z, a: (np.abs(z) < 1).astype(z.dtype),
    kinks=(-1.0, 1.0),
)
VARIANCES = [1e-12, 1e-6, 1e-2, 0.3, 1.0, 7.0, 1e2, 1e4, 1e6]
NAMES = ["linear", "relu", "tanh", "sigmoid"]
bent = st.sampled_from(["tanh", "sigmoid"])
variances = st.floats(1e-6, 1e4)
sigmas = st.floats(0.01, 4.0)


def by_quad(g: Callable[[float], float], q: float) -> float:
    """E[g(√q z)], by SciPy's adaptive quadrature over z on panels around every scale of g."""
    scale = math.sqrt(q)
    bends = np.minimum(np.geomspace(1e-2, 1e2, 13) / scale, 10)
    total = 0.0
    edges = np.unique([0.0, *bends, 0.5, 1.0, 2.0, 4.0, 6.0, 10.0])
    for low, high in pairwise(edges):
        total += quad(
            lambda z: (g(scale * z) + g(-scale * z)) * norm.pdf(z),
            low,
            high,
            epsabs=0,
            epsrel=1e-12,
        )[0]
    return total


def assert_mean(samples: Array, expected: Any, errors: float = 5) -> None:
    """Hold the mean over the first axis to `expected`, within so many standard errors."""
    spread = samples.std(axis=0, ddof=1)
    assert (spread > 0).all()
    distance = (samples.mean(axis=0) - expected) / (spread / math.sqrt(len(samples)))
    assert np.abs(distance).max() < errors, distance


def inputs(rng: np.random.Generator, columns: int, q_x: Sequence[float]) -> Floats:
    """One row for each q_x, with exactly that mean square."""
    x = rng.standard_normal((len(q_x), columns))
    x *= np.sqrt(np.array(q_x) / (x * x).mean(axis=-1))[:, np.newaxis]
    return x


def test_the_mean_agrees_with_adaptive_quadrature() -> None:
    for name, q in [(name, q) for name in NAMES for q in VARIANCES]:
        f, slope = SCALARS[name]
        second = by_quad(lambda z, f=f: f(z) ** 2, q)  # type: ignore[misc]
        slope2 = by_quad(lambda z, slope=slope: slope(min(max(z, -300), 300)) ** 2, q)  # type: ignore[misc]
        assert theory.variance_map(q, name, 1.0) == pytest.approx(second, rel=1e-10, abs=0)
        assert theory.chi(q, name, 1.0) == pytest.approx(slope2, rel=1e-10, abs=0)


@pytest.mark.parametrize("q", [0.0, *VARIANCES])
def test_the_mean_of_powers_and_waves(q: float) -> None:
    for power, moment in ((0, 1), (1, 0), (2, 1), (4, 3), (6, 15)):
        mean = theory.gaussian_mean(lambda z, p=power: z**p, q)  # type: ignore[misc]
        scale = q ** (power / 2)
        assert mean == pytest.approx(moment * scale, abs=1e-13 * scale * math.factorial(power))
    if q <= 10:
        assert theory.gaussian_mean(np.cos, q) == pytest.approx(math.exp(-q / 2), abs=1e-13)


@pytest.mark.parametrize("q", VARIANCES)
def test_closed_forms_of_erf(q: float) -> None:
    second = 2 / math.pi * math.asin(2 * q / (1 + 2 * q))
    slope2 = 4 / math.pi / math.sqrt(1 + 4 * q)
    assert theory.variance_map(q, ERF, 1.5) == pytest.approx(2.25 * second, rel=1e-11, abs=0)
    assert theory.variance_map(q, ERF, 1.5, 0.5) == pytest.approx(2.25 * second + 0.25, rel=1e-11)
    assert theory.chi(q, ERF, 1.5) == pytest.approx(2.25 * slope2, rel=1e-11)


@pytest.mark.parametrize("q", [0.01, 0.3, 1.0, 7.0, 1e2, 1e4])
def test_kinks_away_from_zero(q: float) -> None:
    edge = 1 / math.sqrt(q)
    inside = 2 * norm.cdf(edge) - 1
    second = q * (inside - 2 * edge * norm.pdf(edge)) + 2 * norm.sf(edge)
    assert theory.chi(q, HARD_TANH, 1.0) == pytest.approx(inside, rel=1e-12)
    assert theory.variance_map(q, HARD_TANH, 1.0) == pytest.approx(second, rel=1e-11)
    both = [q, 2 * q]
    assert theory.chi(both, HARD_TANH, 1.0)[0] == theory.chi(q, HARD_TANH, 1.0)


@pytest.mark.parametrize("q", [1e-12, 1e-8, 1e-5])
def test_small_variances(q: float) -> None:
    # tanh z = z - z³/3 + ..., σ(z) = 1/2 + z/4 - z³/48 + ..., and E[z²ᵏ] = 1, 3, 15 times qᵏ.
    assert theory.variance_map(q, "tanh", 1.0) == pytest.approx(q - 2 * q**2, rel=1e-9, abs=0)
    assert theory.chi(q, "tanh", 1.0) == pytest.approx(1 - 2 * q + 7 * q**2, rel=1e-14)
    second = theory.variance_map(q, "sigmoid", 1.0)
    assert second == pytest.approx(1 / 4 + q / 16 - q**2 / 32, rel=1e-14)
    assert theory.chi(q, "sigmoid", 1.0) == pytest.approx((1 - q / 2) / 16, rel=1e-9)


@given(q=variances, sigma_w=sigmas, sigma_b=sigmas)
def test_relu_halves_and_a_sigmoid_is_a_tanh(q: float, sigma_w: float, sigma_b: float) -> None:
    w2, b2 = sigma_w**2, sigma_b**2
    assert theory.variance_map(q, "relu", sigma_w, sigma_b) == pytest.approx(w2 * q / 2 + b2)
    assert theory.chi(q, "relu", sigma_w) == pytest.approx(w2 / 2)
    # σ(z) = (1 + tanh(z/2)) / 2, and the mean of tanh is 0.
    halved = theory.variance_map(q / 4, "tanh", 1.0)
    assert theory.variance_map(q, "sigmoid", 1.0) == pytest.approx((1 + halved) / 4)
    assert theory.chi(q, "sigmoid", 1.0) == pytest.approx(theory.chi(q / 4, "tanh", 1.0) / 16)


def test_the_limits_of_no_and_of_infinite_variance() -> None:
    assert theory.variance_map(0.0, "tanh", 3.0, 0.5) == 0.25
    assert theory.variance_map(0.0, "sigmoid", 1.0) == pytest.approx(0.25, rel=1e-15)
    assert theory.variance_map(math.inf, "tanh", 3.0) == pytest.approx(9.0)
    assert theory.variance_map(math.inf, "relu", 1.0) == math.inf
    assert theory.chi(math.inf, "relu", math.sqrt(2)) == pytest.approx(1.0)
    assert theory.chi(math.inf, "sigmoid", 5.0) == 0


def test_an_array_of_variances_is_as_many_single_ones() -> None:
    q = np.array([[0.0, 1e-3, 2.0], [5.0, 1e3, 1e5]])
    functions: list[Callable[[Any], Any]] = [
        lambda q: theory.variance_map(q, "tanh", 1.5, 0.1),
        lambda q: theory.chi(q, "sigmoid", 1.5),
        lambda q: theory.chi(q, HARD_TANH, 1.5),
    ]
    for function in functions:
        together = function(q)
        assert together.shape == (2, 3)
        np.testing.assert_allclose(
            together, [[function(float(one)) for one in row] for row in q], rtol=1e-14
        )
        assert isinstance(function(1.0), float)


@given(name=bent, q=variances, sigma_w=sigmas, sigma_b=sigmas, factor=st.floats(1.01, 3.0))
def test_more_variance_in_gives_more_out(
    name: str, q: float, sigma_w: float, sigma_b: float, factor: float
) -> None:
    middle = theory.variance_map(q, name, sigma_w, sigma_b)
    assert theory.variance_map(q, name, sigma_w * factor, sigma_b) > middle
    assert theory.variance_map(q, name, sigma_w, sigma_b * factor) > middle
    assert theory.variance_map(q * factor, name, sigma_w, sigma_b) >= middle
    # ... and a flatter f: both have their steepest slope at 0.
    assert theory.chi(q * factor, name, sigma_w) < theory.chi(q, name, sigma_w)


@given(q=variances, sigma_w=sigmas, sigma_b=sigmas, factor=st.floats(0.01, 100.0))
def test_relu_knows_no_scale(q: float, sigma_w: float, sigma_b: float, factor: float) -> None:
    scaled = theory.variance_map(factor * q, "relu", sigma_w, math.sqrt(factor) * sigma_b)
    assert scaled == pytest.approx(factor * theory.variance_map(q, "relu", sigma_w, sigma_b))
    assert theory.chi(factor * q, "relu", sigma_w) == pytest.approx(theory.chi(q, "relu", sigma_w))


@given(st.floats(0.01, 0.99) | st.floats(1.01, 10.0))
def test_the_depth_scale_is_the_layers_to_a_factor_of_e(chi: float) -> None:
    assert chi ** theory.depth_scale(chi) == pytest.approx(1 / math.e)


def test_the_depth_scale_at_its_limits() -> None:
    assert theory.depth_scale([0.0, 1.0, math.inf]).tolist() == [0.0, math.inf, 0.0]
    assert theory.depth_scale(1 - 1e-9) > 1e8
    assert theory.depth_scale(1 + 1e-9) < -1e8


@given(name=bent, sigma_w=sigmas, sigma_b=st.floats(0.05, 3.0))
def test_a_fixed_point_is_fixed(name: str, sigma_w: float, sigma_b: float) -> None:
    q = theory.fixed_point(name, sigma_w, sigma_b)
    assert theory.variance_map(q, name, sigma_w, sigma_b) == pytest.approx(q, rel=1e-12)
    assert sigma_b**2 <= q <= sigma_w**2 + sigma_b**2


@pytest.mark.parametrize(
    ("f", "sigma_w", "sigma_b"),
    [
        ("tanh", 0.7, 0.05),
        ("tanh", 1.3, 0.0),
        ("tanh", 2.0, 0.3),
        ("tanh", 50.0, 0.0),
        ("sigmoid", 1.0, 0.0),
        ("sigmoid", 12.0, 1.0),
        ("relu", 1.2, 1e-3),
        (ERF, 3.0, 0.1),
        (HARD_TANH, 1.5, 0.01),
    ],
)
def test_a_deep_network_settles_to_the_fixed_point(
    f: str | Activation, sigma_w: float, sigma_b: float
) -> None:
    q = 1.0
    for _ in range(400):
        q = theory.variance_map(q, f, sigma_w, sigma_b)
    assert theory.fixed_point(f, sigma_w, sigma_b) == pytest.approx(q, rel=1e-9)


def test_signals_that_die_out_and_signals_that_grow_without_end() -> None:
    for sigma_w in (0.0, 0.5, 0.999, 1.0):
        assert theory.fixed_point("tanh", sigma_w) == 0
    # Just above the edge tanh settles where q - 2q² + ... = q / σ_w².
    assert theory.fixed_point("tanh", math.sqrt(1 + 1e-6)) == pytest.approx(5e-7, rel=1e-5)
    assert theory.fixed_point("sigmoid", 0.0, 0.7) == pytest.approx(0.49)
    for name, critical in (("relu", math.sqrt(2)), ("linear", 1.0)):
        assert theory.fixed_point(name, critical) == 1
        assert theory.fixed_point(name, critical, 0.1) == math.inf
        assert theory.fixed_point(name, 1.001 * critical) == math.inf
        assert theory.fixed_point(name, 0.999 * critical) == 0
    assert theory.fixed_point("relu", 1e200) == math.inf


@given(weight=st.floats(0.0, 0.999), sigma_b=st.sampled_from([1e-12, 1e-3, 0.5, 30.0, 1e12]))
def test_the_fixed_point_of_relu_with_bias(weight: float, sigma_b: float) -> None:
    q = theory.fixed_point("relu", math.sqrt(2 * weight), sigma_b)
    assert q == pytest.approx(sigma_b**2 / (1 - weight), rel=1e-10, abs=0)


def test_the_edge_of_chaos_without_bias() -> None:
    assert theory.critical_sigma_w("relu") == pytest.approx(math.sqrt(2), rel=1e-14)
    assert theory.critical_sigma_w("linear") == pytest.approx(1, rel=1e-14)
    assert theory.critical_sigma_w("tanh") == pytest.approx(1, rel=1e-13)
    assert theory.critical_sigma_w(ERF) == pytest.approx(math.sqrt(math.pi) / 2, rel=1e-13)
    assert theory.critical_sigma_w(HARD_TANH) == pytest.approx(1, rel=1e-13)


@given(q=st.floats(1e-3, 1e3))
def test_the_edge_of_chaos_of_erf_in_closed_form(q: float) -> None:
    # χ = 1 gives σ_w from q*, and then the map gives σ_b from both.
    w2 = math.pi / 4 * math.sqrt(1 + 4 * q)
    b2 = q - w2 * 2 / math.pi * math.asin(2 * q / (1 + 2 * q))
    assert theory.critical_sigma_w(ERF, math.sqrt(b2)) == pytest.approx(math.sqrt(w2), rel=1e-7)


@given(sigma_b=st.floats(1e-3, 100.0), name=bent)
def test_gradients_neither_grow_nor_shrink_at_the_edge(sigma_b: float, name: str) -> None:
    critical = theory.critical_sigma_w(name, sigma_b)

    def growth(sigma_w: float) -> float:
        return float(theory.chi(theory.fixed_point(name, sigma_w, sigma_b), name, sigma_w))

    assert growth(critical) == pytest.approx(1, abs=1e-9)
    assert growth(0.99 * critical) < 1 < growth(1.01 * critical)


def test_published_points_of_the_edge() -> None:
    # Schoenholz et al. 2017 work at σ_b² = 0.05, where tanh is critical near σ_w² = 1.76; for
    # little bias the edge starts as σ_w² = 1 + 2q with σ_b² = 4q³/3, from the series above.
    assert theory.critical_sigma_w("tanh", math.sqrt(0.05)) ** 2 == pytest.approx(1.76, abs=5e-3)
    q = 1e-5
    edge = theory.critical_sigma_w("tanh", math.sqrt(4 / 3 * q**3))
    assert edge**2 - 1 == pytest.approx(2 * q, rel=1e-4)
    # The design's measured trap: Xavier does not rescue a sigmoid in depth.
    settled = theory.fixed_point("sigmoid", 1.0)
    assert theory.chi(settled, "sigmoid", 1.0) == pytest.approx(0.056, abs=5e-4)
    assert theory.depth_scale(theory.chi(settled, "sigmoid", 1.0)) < 0.5


def test_no_edge_of_chaos_where_every_bias_adds_up_or_every_slope_is_steep() -> None:
    for name in ("relu", "linear"):
        for sigma_b in (1e-3, 0.1, 10.0):
            with pytest.raises(ValueError, match="no edge of chaos") as error:
                theory.critical_sigma_w(name, sigma_b)
            assert_one_line(error, name, f"{sigma_b:g}")
    shaky = Activation("shaky", f=lambda z: np.sin(1e9 * z), derivative=lambda z, a: 1e9 + 0 * z)
    with pytest.raises(ValueError, match="shaky has no edge of chaos"):
        theory.critical_sigma_w(shaky)


# Two examples ----------------------------------------------------------------------------

CORRELATIONS = [-1.0, -0.7, 0.0, 0.3, 0.9, 0.999, 1 - 1e-9, 1.0]


@pytest.mark.parametrize("q", [1e-8, 0.1, 1.0, 7.0, 1e2, 1e4, 1e6])
def test_the_mean_of_two_in_closed_form(q: float) -> None:
    c = np.array(CORRELATIONS)
    arcsine = 2 / math.pi * np.arcsin(2 * q * c / (1 + 2 * q))  # Williams 1997
    mean = theory.gaussian_mean_of_two(erf, q, c)
    np.testing.assert_allclose(mean, arcsine, atol=1e-12 * min(q, 1))
    angle = np.arccos(c)  # Cho & Saul 2009, the kernels of degree 0 and 1
    steps = theory.gaussian_mean_of_two(lambda z: np.heaviside(z, 0.0), q, c)
    np.testing.assert_allclose(steps, (math.pi - angle) / math.tau, atol=1e-13)
    ramps = theory.gaussian_mean_of_two(lambda z: np.maximum(z, 0), q, c)
    kernel = (np.sin(angle) + (math.pi - angle) * c) / math.tau
    np.testing.assert_allclose(ramps, q * kernel, atol=1e-14 * q)
    products = theory.gaussian_mean_of_two(lambda z: z, q, c)
    np.testing.assert_allclose(products, q * c, atol=1e-13 * q)


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
@pytest.mark.parametrize("c", [-0.5, 0.2, 0.95])
def test_the_mean_of_two_agrees_with_a_product_of_hermite_rules(name: str, c: float) -> None:
    f = np.vectorize(SCALARS[name][0])
    z, weights = np.polynomial.hermite_e.hermegauss(120)
    weights /= weights.sum()
    second = c * z[:, np.newaxis] + math.sqrt(1 - c * c) * z
    expected = weights @ (f(z)[:, np.newaxis] * f(second)) @ weights
    mean = theory.gaussian_mean_of_two(activations.get(name), 1.0, c)
    assert mean == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("q", "c"), [(0.3, 0.4), (4.0, -0.8), (50.0, 0.99)])
def test_the_mean_of_two_with_kinks_away_from_zero(q: float, c: float) -> None:
    spread = math.sqrt(q * (1 - c * c))

    def given_first(z: float) -> float:
        """E[f(u2)] for the u2 that are left to chance once u1 = √q z is known."""
        mean = c * math.sqrt(q) * z
        low, high = (-1 - mean) / spread, (1 - mean) / spread
        inside = norm.cdf(high) - norm.cdf(low)
        bent = mean * inside - spread * (norm.pdf(high) - norm.pdf(low))
        return float(bent + norm.sf(high) - norm.cdf(low))

    edges = np.unique([-10, *np.array([-1, 0, 1]) / math.sqrt(q), 10])
    expected = sum(
        quad(
            lambda z: float(np.clip(math.sqrt(q) * z, -1, 1)) * given_first(z) * norm.pdf(z),
            low,
            high,
            epsabs=1e-13,
        )[0]
        for low, high in pairwise(edges)
    )
    mean = theory.gaussian_mean_of_two(HARD_TANH, q, c, HARD_TANH.kinks)
    assert mean == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh"])
@pytest.mark.parametrize("q", [0.1, 1.0, 10.0])
def test_the_means_of_pairs_are_those_of_two(name: str, q: float) -> None:
    c = np.array([-0.9, 0.0, 0.5, 0.9, 0.999])
    f = activations.get(name)
    for g in (f, f.slope):
        steep = g is not f and name == "relu"
        for one in c:
            covariance = q * np.array([[1, one], [one, 1]])
            means = theory.gaussian_mean_of_pairs(g, covariance, f.kinks)
            expected = theory.gaussian_mean_of_two(g, q, one, f.kinks)
            assert (
                means[0, 1]
                == means[1, 0]
                == pytest.approx(expected, abs=(2e-2 if steep else 1e-3) * means[0, 0])
            )
            assert means[0, 0] == pytest.approx(theory.gaussian_mean(lambda z: g(z) ** 2, q))  # noqa: B023


def test_the_means_of_pairs_of_different_variances() -> None:
    """Cho & Saul 2009 for the ReLU, Williams 1997 for erf; one example is 0."""
    B = np.array([[0.3, 0.0], [-1.2, 2.0], [0.9, 1.1], [0.0, 0.0], [3.0, 0.1]])
    K = B @ B.T
    size = np.linalg.norm(B, axis=1)
    with np.errstate(invalid="ignore"):
        angle = np.arccos(np.clip(np.nan_to_num(K / np.outer(size, size)), -1, 1))
    kernel = np.outer(size, size) * (np.sin(angle) + (math.pi - angle) * np.cos(angle)) / math.tau
    ramps = theory.gaussian_mean_of_pairs(lambda z: np.maximum(z, 0), K)
    np.testing.assert_allclose(ramps, kernel, atol=1e-3)
    reach = np.sqrt(1 + 2 * size**2)
    arcsine = 2 / math.pi * np.arcsin(2 * K / np.outer(reach, reach))
    np.testing.assert_allclose(theory.gaussian_mean_of_pairs(erf, K), arcsine, atol=1e-3)
    hard = theory.gaussian_mean_of_pairs(HARD_TANH, K[:2, :2], HARD_TANH.kinks)
    assert hard[1, 1] == pytest.approx(by_quad(lambda z: np.clip(z, -1, 1) ** 2, K[1, 1]), 1e-5)


def test_equal_examples_stay_equal_and_the_limits_of_the_variance_are_taken() -> None:
    for name in NAMES:
        for q in (0.0, 1e-3, 1.0, 1e3, math.inf):
            for sigma_b in (0.0, 0.5):
                one = theory.correlation_map(1.0, q, name, 1.3, sigma_b)
                assert one == pytest.approx(1, abs=1e-12)
    # Of small signals tanh is linear; of large ones the sign, whose law is the arcsine.
    assert theory.correlation_map(0.3, 0.0, "tanh", 0.5) == pytest.approx(0.3)
    assert theory.correlation_map(0.3, math.inf, "tanh", 0.5) == pytest.approx(
        2 / math.pi * math.asin(0.3)
    )
    # ReLU knows no scale.
    relu = [theory.correlation_map(0.3, q, "relu", 1.0) for q in (0.0, 1.0, math.inf)]
    assert relu == pytest.approx([relu[1]] * 3)


@given(
    name=st.sampled_from(NAMES),
    q=st.floats(1e-3, 100.0),
    sigma_b=st.floats(0.0, 2.0),
    c=st.floats(-0.99, 0.99),
)
def test_the_slope_is_that_of_the_map(name: str, q: float, sigma_b: float, c: float) -> None:
    h = 1e-5
    low, high = theory.correlation_map([c - h, c + h], q, name, 1.5, sigma_b)
    slope = theory.chi(q, name, 1.5, c) * q / theory.variance_map(q, name, 1.5, sigma_b)
    assert slope == pytest.approx((high - low) / (2 * h), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(
    ("f", "sigma_w", "sigma_b"),
    [("tanh", 1.0, 0.3), ("tanh", 2.0, 0.2), ("tanh", 1.5, 0.0), ("sigmoid", 15.0, 0.0),
     ("sigmoid", 1.0, 0.5), (ERF, 2.0, 0.3), (HARD_TANH, 1.6, 0.1), ("relu", 1.2, 0.3)],
)  # fmt: skip
def test_two_examples_settle_at_the_rate_of_the_depth(
    f: str | Activation, sigma_w: float, sigma_b: float
) -> None:
    q = theory.fixed_point(f, sigma_w, sigma_b)
    fixed = theory.correlation_fixed_point(f, sigma_w, sigma_b)
    depth = theory.correlation_depth(f, sigma_w, sigma_b)
    c = 0.6
    away: list[float] = []
    while len(away) < 3 or (abs(away[-1]) > 1e-5 and len(away) < 300):
        c = theory.correlation_map(c, q, f, sigma_w, sigma_b)
        away.append(c - fixed)
    assert abs(away[-1]) <= 1e-5
    # ReLU comes to 1 by a root, not a line; the others have their rate to a few per cent.
    within = 0.1 if f == "relu" else 0.02
    assert -1 / math.log(away[-1] / away[-2]) == pytest.approx(depth, rel=within)


def test_published_depths_of_the_correlation() -> None:
    # Schoenholz et al. 2017 work at σ_b² = 0.05, where the edge is near σ_w² = 1.76.
    b = math.sqrt(0.05)
    for w2, depth in ((1.0, 3.63), (2.5, 11.80), (4.0, 6.98)):
        assert theory.correlation_depth("tanh", math.sqrt(w2), b) == pytest.approx(depth, abs=5e-3)
    # Beyond the edge it is not the gradient's: 1 / ln χ₁ would be about half of it.
    gradient = theory.chi(theory.fixed_point("tanh", 2.0, b), "tanh", 2.0)
    assert -theory.depth_scale(gradient) == pytest.approx(3.40, abs=5e-3)
    assert theory.correlation_depth("tanh", theory.critical_sigma_w("tanh", b), b) > 1e6


@settings(max_examples=30)
@given(name=bent, part=st.floats(0.05, 0.98), sigma_b=st.floats(0.05, 1.0))
def test_up_to_the_edge_it_is_the_gradients_depth(name: str, part: float, sigma_b: float) -> None:
    sigma_w = part * theory.critical_sigma_w(name, sigma_b)
    assert theory.correlation_fixed_point(name, sigma_w, sigma_b) == 1
    growth = theory.chi(theory.fixed_point(name, sigma_w, sigma_b), name, sigma_w)
    assert theory.correlation_depth(name, sigma_w, sigma_b) == pytest.approx(
        theory.depth_scale(growth)
    )
    beyond = theory.correlation_fixed_point(name, 1.05 / part * sigma_w, sigma_b)
    assert 0 < beyond < 1


@settings(max_examples=30)
@given(sigma_w=st.floats(0.05, 20.0))
def test_where_correlations_have_no_depth_it_is_the_size_that_has(sigma_w: float) -> None:
    for name, kept in (("relu", sigma_w**2 / 2), ("linear", sigma_w**2)):
        assert theory.correlation_fixed_point(name, sigma_w) == 1
        if abs(math.log(kept)) > 1e-3:
            depth = theory.correlation_depth(name, sigma_w)
            assert depth == pytest.approx(1 / abs(math.log(kept)))
            # With a bias the signal settles below the edge, and both depths are the same.
            assert theory.correlation_depth(name, sigma_w, 0.3) == pytest.approx(depth)
    if sigma_w < 0.99:
        depth = theory.correlation_depth("tanh", sigma_w)
        assert depth == pytest.approx(1 / abs(math.log(sigma_w**2)))


def test_at_the_edge_without_bias_there_is_no_depth_that_is_too_deep() -> None:
    for name, critical in (("relu", math.sqrt(2)), ("linear", 1.0), ("tanh", 1.0)):
        assert theory.correlation_depth(name, critical) == math.inf


def test_relu_closes_like_one_over_depth_squared() -> None:
    # 1 - c_l ≈ (9π²/2) / l², from 1 - C(1 - e) = e - (2√2 / 3π) e^{3/2} + ...
    c, layers = 0.0, 2000
    for _ in range(layers):
        c = theory.correlation_map(c, 1.0, "relu", math.sqrt(2))
    assert (1 - c) * layers**2 == pytest.approx(9 * math.pi**2 / 2, rel=0.02)


def test_the_gain_of_random_walk_initialization() -> None:
    # Sussillo & Abbott 2014: the g with which ln‖a‖ neither rises nor falls in a typical ReLU
    # network of width N is √2 exp(1.2 / (max(N, 6) - 2.4)), a fit; the exact one follows from
    # `relu_log_growth`.
    for width in (12, 20, 50, 100, 300, 1000):
        published = math.sqrt(2) * math.exp(1.2 / (max(width, 6) - 2.4))
        assert theory.relu_log_growth(width, published).mean == pytest.approx(0, abs=2 * 0.004)


@pytest.mark.parametrize(
    ("name", "sigma_w", "sigma_b"), [("tanh", 2.0, 0.3), ("relu", math.sqrt(2), 0.1)]
)
def test_two_examples_in_wide_networks_follow_the_map(
    name: str, sigma_w: float, sigma_b: float
) -> None:
    width, depth, count = 300, 5, 40
    rng = np.random.default_rng(6)
    q, c = 1.0, 0.2
    pair = rng.standard_normal((width, 2)) / math.sqrt(width)
    pair = np.linalg.qr(pair)[0] @ [[1, c], [0, math.sqrt(1 - c * c)]]
    x = math.sqrt(width) * pair.T
    net = MLP.stack(
        [
            MLP(
                [width] * (depth + 1),
                name,
                kernel_initializer=initializers.normal(sigma_w / math.sqrt(width)),
                bias_initializer=initializers.normal(sigma_b),
                seed=s,
            )
            for s in range(count)
        ]
    )
    z = net.forward(x).z
    products = np.stack([(v[:, 0] * v[:, 1]).mean(axis=-1) for v in z], axis=-1)
    expected = []
    q, product = sigma_w**2 + sigma_b**2, sigma_w**2 * c + sigma_b**2
    for _ in range(depth):
        expected.append(product)
        product = theory.correlation_map(product / q, q, name, sigma_w, sigma_b)
        q = theory.variance_map(q, name, sigma_w, sigma_b)
        product *= q
    assert_mean(products, expected)


# The signal in a network -----------------------------------------------------------------


def squares(net: MLP, x: Array, error: Array) -> dict[str, Array]:
    """Return what `theory.signal` predicts the roots of, one per network and layer."""
    trace = net.forward(x)
    gradients = net.backward(trace, error)
    both = (-2, -1)
    return {
        "z_std": np.stack([z.var(axis=both) for z in trace.z], axis=-1),
        "a_std": np.stack([a.var(axis=both) for a in trace.a[1:]], axis=-1),
        "a_rms": diagnostics.a_rms(net, trace, gradients) ** 2,
        "delta_std": diagnostics.delta_rms(net, trace, gradients) ** 2,
        "dW_rms": diagnostics.dW_rms(net, trace, gradients) ** 2,
    }


@pytest.mark.parametrize("name", ["relu", "linear"])
@pytest.mark.parametrize("initializer", ["he_uniform", "glorot_normal"])
def test_homogeneous_networks_follow_the_signal_at_any_width(name: str, initializer: str) -> None:
    # For these two the mean squares, averaged over draws of the weights, are exact.
    sizes, q_x, count = [3, 12, 20, 9, 5], [0.5, 2.0], 1200
    rng = np.random.default_rng(1)
    net = MLP.stack(
        [MLP(sizes, name, kernel_initializer=initializer, seed=s) for s in range(count)]
    )
    x = inputs(rng, 3, q_x)
    error = 0.1 * rng.standard_normal((count, 2, 5))
    expected = theory.signal(sizes, name, initializer, q_x, error_std=0.1)
    assert expected is not None
    measured = squares(net, x, error)
    second = np.stack([(z * z).mean(axis=(-2, -1)) for z in net.forward(x).z], axis=-1)
    assert_mean(second, np.square(expected.z_std))
    for field in ("a_rms", "delta_std", "dW_rms"):
        assert_mean(measured[field], np.square(getattr(expected, field)))


@pytest.mark.parametrize("initializer", ["he_normal", "lecun_uniform", "orthogonal"])
@pytest.mark.parametrize("name", NAMES)
def test_wide_networks_follow_the_signal(name: str, initializer: str) -> None:
    sizes, q_x, count = [100, 300, 200, 300, 10], [0.25, 1.0, 4.0], 30
    rng = np.random.default_rng(2)
    net = MLP.stack(
        [
            MLP(
                sizes,
                name,
                kernel_initializer=initializer,
                bias_initializer=initializers.normal(0.2),
                seed=s,
                dtype="float32",
            )
            for s in range(count)
        ]
    )
    x = inputs(rng, 100, q_x)
    expected = theory.signal(sizes, name, initializer, q_x, sigma_b=0.2)
    assert expected is not None
    measured = squares(net, x, rng.standard_normal((count, 3, 10)))
    for field, samples in measured.items():
        hidden = slice(None, -1) if field in ("z_std", "a_std") else slice(None)  # 10 is not wide
        log = np.log(samples.astype(float))[:, hidden]
        assert_mean(log, 2 * np.log(getattr(expected, field)[hidden]))


@pytest.mark.parametrize("initializer", ["he_normal", "lecun_uniform"])
@pytest.mark.parametrize("name", NAMES)
def test_the_gradients_of_wide_networks_add_up_as_predicted(name: str, initializer: str) -> None:
    """With a real loss, of examples some of which are alike."""
    sizes, count = [3, 300, 200, 300, 2], 30
    rng = np.random.default_rng(4)
    x = rng.standard_normal((3, 3)).repeat(4, axis=0) + 0.2 * rng.standard_normal((12, 3))
    y = 3 + x @ rng.standard_normal((3, 2))
    net = MLP.stack(
        [MLP(sizes, name, kernel_initializer=initializer, seed=s) for s in range(count)]
    )
    trace = net.forward(x)
    error = mse(trace.output, y)[1]
    measured = diagnostics.dW_rms(net, trace, net.backward(trace, error)) ** 2
    products: Any = np.mean(
        [np.array(theory.gradient_products(sizes, name, initializer, x, e)) for e in error], axis=0
    )
    hidden = slice(None, -1)  # of the last layer the error is not independent
    ratio = measured[:, hidden].mean(axis=0) / products.sum(axis=(-2, -1))[hidden]
    np.testing.assert_allclose(ratio, 1, atol=0.15)
    alone = np.trace(products, axis1=-2, axis2=-1)
    assert (products.sum(axis=(-2, -1)) > 1.5 * alone).all()


def test_an_output_activation_bends_the_error_too() -> None:
    sizes, count = [200, 200, 200], 60
    rng = np.random.default_rng(3)
    net = MLP.stack([MLP(sizes, "tanh", "sigmoid", "glorot_normal", seed=s) for s in range(count)])
    x = inputs(rng, 200, [3.0])
    expected = theory.signal(
        sizes, "tanh", "glorot_normal", 3.0, error_std=1e-3, output_activation="sigmoid"
    )
    assert expected is not None
    measured = squares(net, x, 1e-3 * rng.standard_normal((count, 1, 200)))
    for field, samples in measured.items():
        assert_mean(np.log(samples), 2 * np.log(getattr(expected, field)))


def test_standard_deviation_and_root_mean_square_of_a() -> None:
    relu = theory.signal([4, 50, 1], "relu", "he_normal", [1.0, 9.0])
    sigmoid = theory.signal([4, 50, 1], "sigmoid", "he_normal", [1.0, 9.0])
    assert relu is not None
    assert sigmoid is not None
    # z has the variances 2 and 18; the mean of max(0, z) is √(variance / 2π).
    mean = (math.sqrt(2) + math.sqrt(18)) / 2 / math.sqrt(2 * math.pi)
    assert relu.z_std[0] ** 2 == pytest.approx(10)
    assert relu.a_rms[0] ** 2 == pytest.approx(5)
    assert relu.a_std[0] ** 2 == pytest.approx(5 - mean**2)
    assert sigmoid.a_rms[0] ** 2 - sigmoid.a_std[0] ** 2 == pytest.approx(1 / 4)


@pytest.mark.parametrize("name", NAMES)
def test_zeros_give_what_a_network_of_zeros_gives(name: str) -> None:
    sizes = [3, 4, 4, 2]
    net = MLP(sizes, name, kernel_initializer="zeros")
    x = inputs(np.random.default_rng(0), 3, [1.0, 1.0])
    expected = theory.signal(sizes, name, "zeros", [1.0, 1.0])
    assert expected is not None
    # Two errors at a right angle: all that independent ones would have on average.
    error = np.array([[1.0, -1.0], [-1.0, -1.0]])
    for field, values in squares(net, x, error).items():
        np.testing.assert_allclose(values, np.square(getattr(expected, field)), atol=1e-30)


def test_theory_is_silent_where_it_knows_no_variance_or_the_mean_is_not_zero() -> None:
    def plain(rng: np.random.Generator, fan_in: int, fan_out: int) -> Floats:
        return rng.standard_normal((fan_in, fan_out))

    sizes = [2, 3, 1]
    assert theory.signal(sizes, "relu", "constant") is None
    assert theory.signal(sizes, "relu", "ones") is None
    assert theory.signal(sizes, "relu", plain) is None
    assert theory.signal(sizes, "relu", initializers.Initializer(plain)) is None
    known = initializers.Initializer(plain, variance=lambda fan_in, fan_out: 1.0)
    assert theory.signal(sizes, "relu", known) == theory.signal(
        sizes, "relu", initializers.normal(1.0)
    )


def test_a_signal_may_overflow_without_a_warning() -> None:
    for name in ("relu", "linear"):
        signal = theory.signal([100] * 300, name, initializers.normal(1.0))
        assert signal is not None
        assert signal.z_std[-1] == signal.a_std[-1] == signal.dW_rms[0] == math.inf


# Exact at any width ----------------------------------------------------------------------


@pytest.mark.parametrize("width", [1, 2, 3, 10, 101, 1000])
def test_the_moments_of_the_relu_growth(width: int) -> None:
    K = np.arange(1, width + 1)
    p = binom.pmf(K, width, 0.5)
    p /= p.sum()
    mean = digamma(K / 2) + math.log(2) + math.log(3 / width)
    average = (p * mean).sum()
    spread = (p * (polygamma(1, K / 2) + (mean - average) ** 2)).sum()
    growth = theory.relu_log_growth(width, math.sqrt(3))
    assert growth.mean == pytest.approx(average, abs=1e-12)
    assert growth.variance == pytest.approx(spread, rel=1e-12)


def test_the_relu_growth_of_wide_layers_and_of_a_single_unit() -> None:
    single = theory.relu_log_growth(1, 1.0)
    assert single.mean == pytest.approx(-np.euler_gamma - math.log(2))
    assert single.variance == pytest.approx(math.pi**2 / 2)
    wide = theory.relu_log_growth(5000)
    assert wide.mean == pytest.approx(-5 / 2 / 5000, rel=1e-3)
    assert wide.variance == pytest.approx(5 / 5000, rel=1e-3)


@given(width=st.integers(1, 300), sigma_w=sigmas)
def test_sigma_w_shifts_the_relu_growth_and_leaves_its_spread(width: int, sigma_w: float) -> None:
    he, other = theory.relu_log_growth(width), theory.relu_log_growth(width, sigma_w)
    assert other.mean - he.mean == pytest.approx(math.log(sigma_w**2 / 2), abs=1e-12)
    assert other.variance == he.variance


def test_narrow_relu_networks_grow_as_predicted_forward_and_backward() -> None:
    width, depth, count = 6, 8, 800
    rng = np.random.default_rng(4)
    net = MLP.stack(
        [
            MLP([width] * (depth + 1) + [3], "relu", kernel_initializer="he_normal", seed=s)
            for s in range(count)
        ]
    )
    trace = net.forward(inputs(rng, width, [1.0]))
    a2 = np.stack([np.ones(count), *((a * a).mean(axis=(-2, -1)) for a in trace.a[1:-1])], -1)
    alive = np.flatnonzero(a2[:, -1])
    assert len(alive) / count == pytest.approx(1 - theory.born_dead([width] * depth), abs=0.06)
    delta = net.backward(trace, rng.standard_normal((count, 1, 3))).delta[:-1]
    delta2 = np.stack([(d * d).mean(axis=(-2, -1)) for d in delta], axis=-1)
    expected = theory.relu_log_growth(width)
    for growth in (np.diff(np.log(a2[alive])), -np.diff(np.log(delta2[alive]))):
        assert growth.shape[-1] in (depth, depth - 1)
        sample = growth.ravel()
        assert_mean(sample, expected.mean)
        assert_mean((sample - expected.mean) ** 2, expected.variance)


@pytest.mark.parametrize("initializer", ["he_normal", "glorot_uniform", "orthogonal"])
def test_as_many_relu_networks_are_born_dead_as_predicted(initializer: str) -> None:
    widths, count = [2, 3, 2, 4], 1500
    net = MLP.stack(
        [
            MLP([3, *widths, 1], "relu", kernel_initializer=initializer, seed=s)
            for s in range(count)
        ]
    )
    x = np.random.default_rng(5).standard_normal((100, 3))
    dead = np.asarray(~net.forward(x).a[-2].any(axis=-1))
    expected = theory.born_dead(widths)
    error = math.sqrt(expected * (1 - expected) / count)
    assert dead[:, 0].mean() == pytest.approx(expected, abs=5 * error)
    # For every input at once it is rarer.
    assert 0 < dead.all(axis=-1).mean() < expected - 5 * error


def test_born_dead_in_numbers() -> None:
    assert theory.born_dead([]) == 0
    assert theory.born_dead([1]) == pytest.approx(1 / 2)
    assert theory.born_dead([1, 2]) == pytest.approx(1 - 1 / 2 * 3 / 4)
    assert theory.born_dead([60] * 10) == pytest.approx(10 / 2**60, rel=1e-12, abs=0)
    assert theory.born_dead([1] * 5000) == 1


@given(s=st.floats(0.1, 5.0), start=st.floats(1e-4, 2.0))
def test_a_mode_solves_its_differential_equation(s: float, start: float) -> None:
    t = np.linspace(0, 5 / s, 20)
    weights = solve_ivp(
        lambda t, w: [w[1] * (s - w[0] * w[1]), w[0] * (s - w[0] * w[1])],
        (0, t[-1]),
        [math.sqrt(start * s)] * 2,
        t_eval=t,
        rtol=1e-10,
        atol=1e-14,
    ).y
    expected = theory.saxe_mode(t, s, start * s)
    np.testing.assert_allclose(expected, weights[0] * weights[1], rtol=1e-7)


def test_a_mode_from_beginning_to_end() -> None:
    assert theory.saxe_mode(0.0, 2.0, 0.01) == pytest.approx(0.01)
    assert theory.saxe_mode(1e6, 2.0, 0.01) == 2
    assert theory.saxe_mode(math.log(2 / 0.01 - 1) / 4, 2.0, 0.01) == pytest.approx(1)


# Errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: theory.variance_map(-1.0, "tanh", 1.0), "q -1.0"),
        (lambda: theory.variance_map([1.0, math.nan], "tanh", 1.0), "q nan"),
        (lambda: theory.variance_map("much", "tanh", 1.0), "q 'much'"),
        (lambda: theory.variance_map(1.0, "tanh", -1.0), "sigma_w -1.0"),
        (lambda: theory.variance_map(1.0, "tanh", 1.0, math.nan), "sigma_b nan"),
        (lambda: theory.variance_map(1.0, "tahn", 1.0), "activation tanh"),
        (lambda: theory.gaussian_mean(np.cos, -2.0), "q -2.0"),
        (lambda: theory.chi(-1.0, "tanh", 1.0), "q -1.0"),
        (lambda: theory.chi(1.0, "tanh", math.inf), "sigma_w inf"),
        (lambda: theory.depth_scale([0.5, -0.5]), "chi -0.5"),
        (lambda: theory.chi(1.0, "tanh", 1.0, 1.5), "c 1.5"),
        (lambda: theory.gaussian_mean_of_two(np.cos, -2.0, 0.0), "q -2.0"),
        (lambda: theory.gaussian_mean_of_two(np.cos, 2.0, -1.1), "c -1.1"),
        (lambda: theory.correlation_map([0.5, math.nan], 1.0, "tanh", 1.0), "c nan"),
        (lambda: theory.correlation_map(0.5, -1.0, "tanh", 1.0), "q -1.0"),
        (lambda: theory.correlation_fixed_point("tanh", -0.1), "sigma_w -0.1"),
        (lambda: theory.correlation_depth("tanh", 1.0, math.inf), "sigma_b inf"),
        (lambda: theory.correlation_depth("relu", 1e150), "sigma_w 1e+150"),
        (lambda: theory.correlation_fixed_point("tanh", 1e-150), "sigma_w 1e-150"),
        (lambda: theory.correlation_map(0.5, 1.0, "tanh", 1.0, 1e80), "sigma_b 1e+80"),
        (lambda: theory.fixed_point("tanh", -0.1), "sigma_w -0.1"),
        (lambda: theory.fixed_point("tanh", 1.0, -0.1), "sigma_b -0.1"),
        (lambda: theory.critical_sigma_w("tanh", -0.1), "sigma_b -0.1"),
        (lambda: theory.signal([2], "tanh", "he_normal"), "sizes [2]"),
        (lambda: theory.signal([2, 0, 1], "tanh", "he_normal"), "size 0"),
        (lambda: theory.signal([2, 1], "tanh", "he_norml"), "initializer he_normal"),
        (lambda: theory.signal([2, 1], "tanh", "he_normal", -1.0), "q_x -1.0"),
        (lambda: theory.signal([2, 1], "tanh", "he_normal", sigma_b=-1.0), "sigma_b -1.0"),
        (lambda: theory.signal([2, 1], "tanh", "he_normal", error_std=-1.0), "error_std -1.0"),
        (
            lambda: theory.gradient_products([2, 1], "tanh", "zeros", [[1.0]], [[1.0]]),
            "x 2 columns",
        ),
        (
            lambda: theory.gradient_products([1, 2], "tanh", "zeros", [[1.0]], [[1.0]]),
            "error 2 columns",
        ),
        (lambda: theory.gaussian_mean_of_pairs(np.cos, [[-2.0]]), "q -2.0"),
        (lambda: theory.relu_log_growth(0), "width 0"),
        (lambda: theory.relu_log_growth(10, 0.0), "sigma_w positive"),
        (lambda: theory.born_dead([2, 2.5]), "width 2.5"),  # type: ignore[list-item]
        (lambda: theory.saxe_mode(1.0, 0.0, 0.1), "s 0.0"),
        (lambda: theory.saxe_mode(1.0, math.inf, 0.1), "s inf"),
        (lambda: theory.saxe_mode(1.0, 1.0, math.nan), "u0 nan"),
        (lambda: theory.saxe_mode(-1.0, 1.0, 0.1), "t -1.0"),
    ],
)
def test_a_wrong_argument_is_named_in_one_line(call: Callable[[], object], words: str) -> None:
    with pytest.raises(ValueError, match=words.split()[0]) as error:
        call()
    assert_one_line(error, *words.split())


@pytest.mark.parametrize("name", ["tanh", "relu", "sigmoid", "linear"])
def test_correlations_have_numbers_as_far_as_they_say(name: str) -> None:
    for sigma_w, sigma_b in product(
        (1e-75, 1e-20, 1.0, 1e20, 1e75), (0.0, 1e-300, 1e-90, 1.0, 1e75)
    ):
        assert 0 <= theory.correlation_fixed_point(name, sigma_w, sigma_b) <= 1
        assert theory.correlation_depth(name, sigma_w, sigma_b) >= 0


def test_every_registered_activation_has_a_theory() -> None:
    for name in activations.ACTIVATIONS:
        assert theory.variance_map(1.0, name, 1.0) > 0
        assert theory.chi(1.0, name, 1.0) > 0
        assert theory.correlation_depth(name, 1.2, 0.3) > 0
