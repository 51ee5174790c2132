"""What the papers found, found again with networks of this library.

Every tolerance is five standard errors over draws of the weights, or a margin said where it
is used. Mean squares over networks have heavy tails, so their logarithms are compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
import pytest

from mlp import MLP, SGD, diagnostics, initializers, theory, train
from mlp.arrays import Array
from mlp.initializers import InitializerLike

Layers: TypeAlias = dict[str, Array]

# W ~ U[-1/√n, 1/√n], so n Var[W] = 1/3: what Glorot & Bengio call standard, eq. 1 and 15.
STANDARD = initializers.variance_scaling(1 / 3, "fan_in", "uniform")
# W ~ U[-√6/√(n + n'), √6/√(n + n')]: what they call normalized, eq. 16.
NORMALIZED = initializers.glorot_uniform
XAVIER, HE = initializers.lecun_normal, initializers.he_normal


def assert_log_mean(squares: Array, expected: Array | float) -> None:
    """Hold the mean of ln(squares), over the first axis, to ln(expected)."""
    log = np.log(squares.astype(float))
    error = log.std(axis=0, ddof=1) / math.sqrt(len(log))
    assert (error > 0).all()
    distance = (log.mean(axis=0) - np.log(expected)) / error
    assert np.abs(distance).max() < 5, distance


def on_a_sphere(rng: np.random.Generator, n: int, columns: int, q: float = 1.0) -> Array:
    """Return n examples, each of mean square q."""
    x = rng.standard_normal((n, columns))
    x *= np.sqrt(q / (x * x).mean(axis=-1, keepdims=True))
    return x


def mean_squares(arrays: Iterable[Array]) -> Array:
    """Return one number per network and array."""
    return np.stack([(v * v).mean(axis=(-2, -1)) for v in arrays], axis=-1)


def stack_of(
    count: int,
    sizes: Sequence[int],
    activation: str,
    initializer: InitializerLike,
    sigma_b: float = 0.0,
    dtype: str = "float32",
) -> MLP:
    biases = initializers.normal(sigma_b) if sigma_b else initializers.zeros
    return MLP.stack(
        [
            MLP(
                sizes,
                activation,
                kernel_initializer=initializer,
                bias_initializer=biases,
                seed=seed,
                dtype=dtype,
            )
            for seed in range(count)
        ]
    )


# Glorot & Bengio 2010, section 4.2.2 ------------------------------------------------------

GLOROT_SIZES = [*[1000] * 6, 100]
# Their argument is for small inputs, for which tanh is nearly linear (eq. 4), as images are.
GLOROT_Q = 0.1


@pytest.fixture(scope="module", params=["standard", "normalized"])
def glorot(request: pytest.FixtureRequest) -> tuple[str, Layers, theory.Signal]:
    """Five tanh layers of 1000 units: std per hidden layer in 12 networks, and in theory."""
    initializer = {"standard": STANDARD, "normalized": NORMALIZED}[request.param]
    x = on_a_sphere(np.random.default_rng(0), 4, 1000, GLOROT_Q)
    measured: dict[str, list[Array]] = {"a_std": [], "delta_std": [], "dW_rms": []}
    for seed in range(12):  # one after the other, because a stack of them would fill 400 MB
        net = MLP(GLOROT_SIZES, "tanh", kernel_initializer=initializer, seed=seed)
        trace = net.forward(x)
        error = np.random.default_rng([1, seed]).standard_normal((4, 100))
        gradients = net.backward(trace, error)
        measured["a_std"].append(np.array([a.std() for a in trace.a[1:-1]]))
        measured["delta_std"].append(diagnostics.delta_rms(net, trace, gradients)[:-1])
        measured["dW_rms"].append(diagnostics.dW_rms(net, trace, gradients)[:-1])
    expected = theory.signal(GLOROT_SIZES, "tanh", initializer, np.full(4, GLOROT_Q))
    assert expected is not None
    return request.param, {k: np.array(v) for k, v in measured.items()}, expected


def test_glorot_layers_measure_what_theory_says(
    glorot: tuple[str, Layers, theory.Signal],
) -> None:
    _, measured, expected = glorot
    for field, samples in measured.items():
        assert_log_mean(samples**2, np.square(getattr(expected, field)[:-1]))


def test_figure_6_activations_decay_under_standard_and_not_under_normalized(
    glorot: tuple[str, Layers, theory.Signal],
) -> None:
    name, measured, _ = glorot
    a = measured["a_std"]
    assert (np.diff(a) < 0).all()  # tanh shrinks either way
    last = a[:, -1] / a[:, 0]
    assert (last < 0.15).all() if name == "standard" else (last > 0.7).all()


def test_figure_7_gradients_shrink_backwards_under_standard_and_not_under_normalized(
    glorot: tuple[str, Layers, theory.Signal],
) -> None:
    name, measured, _ = glorot
    delta = measured["delta_std"]
    assert (np.diff(delta) > 0).all()  # from the first layer to the last
    first = delta[:, 0] / delta[:, -1]
    assert (first < 0.15).all() if name == "standard" else (first > 0.65).all()


def test_figure_8_the_weight_gradients_are_alike_in_all_layers(
    glorot: tuple[str, Layers, theory.Signal],
) -> None:
    # "Even though with standard initialization the back-propagated gradients get smaller, the
    # weight gradients do not!" (eq. 14)
    _, measured, _ = glorot
    dW = measured["dW_rms"]
    assert (dW.max(axis=-1) / dW.min(axis=-1) < 1.15).all()


@pytest.mark.parametrize(("initializer", "published"), [(STANDARD, 0.5), (NORMALIZED, 0.8)])
def test_the_average_singular_value_of_a_layer(
    initializer: InitializerLike, published: float
) -> None:
    # Section 4.2.2: "With our normalized initialization, this ratio is around 0.8 whereas with
    # the standard initialization, it drops down to 0.5."
    net = MLP([300] * 6, "tanh", "tanh", kernel_initializer=initializer, seed=0)
    trace = net.forward(on_a_sphere(np.random.default_rng(0), 1, 300, GLOROT_Q))
    average = [
        np.linalg.svd(layer.W * (1 - a**2), compute_uv=False).mean()
        for layer, a in zip(net.layers, trace.a[1:], strict=True)
    ]
    assert np.mean(average) == pytest.approx(published, abs=0.05)


# He et al. 2015 --------------------------------------------------------------------------


@pytest.mark.parametrize("initializer", [XAVIER, HE], ids=["xavier", "he"])
def test_xavier_halves_the_variance_in_every_relu_layer_and_he_keeps_it(
    initializer: InitializerLike,
) -> None:
    width, depth, count = 100, 30, 60
    net = stack_of(count, [width] * (depth + 1) + [50], "relu", initializer)
    rng = np.random.default_rng(2)
    trace = net.forward(on_a_sphere(rng, 1, width))
    delta = net.backward(trace, rng.standard_normal((count, 1, 50))).delta[:-1]
    sigma_w2 = 1.0 if initializer is XAVIER else 2.0
    mean, variance = theory.relu_log_growth(width, math.sqrt(sigma_w2))
    for squares in (mean_squares(trace.a[1:-1]), mean_squares(delta[::-1])):
        growth = (squares[:, 1:] / squares[:, :-1]).astype(float).ravel()
        # In wide layers, on average: 1/2 and 1 (eq. 9 and 13).
        assert growth.mean() == pytest.approx(sigma_w2 / 2, rel=0.05)
        # At this width, exactly (Hanin & Rolnick 2018).
        assert_log_mean(growth, math.exp(mean))
        assert_log_mean(np.exp((np.log(growth) - mean) ** 2), math.exp(variance))


def test_thirty_relu_layers_learn_from_he_and_not_from_xavier() -> None:
    # Fig. 3 of the paper, small: 20 networks of each kind on 16 examples, the same rate.
    rng = np.random.default_rng(0)
    x = rng.standard_normal((16, 8))
    y = np.tanh(x @ rng.standard_normal((8, 1)) / 2)
    y = (y - y.mean()) / y.std()  # so the mean predictor's loss is 1

    def final_losses(initializer: InitializerLike, learning_rate: float) -> Array:
        net = stack_of(20, [8, *[64] * 30, 1], "relu", initializer)
        history = train(net, x, y, optimizer=SGD(learning_rate), epochs=300)
        losses: Array = history.loss[-1]
        return losses

    # At this width one He network in a hundred or two starts so large that the rate is too.
    assert np.count_nonzero(final_losses(HE, 0.002) < 0.1) >= 19
    assert (final_losses(XAVIER, 0.002) > 0.9).all()
    # It is not the rate: at 15 times He's a lucky network escapes, but the typical one does not.
    assert np.median(final_losses(XAVIER, 0.03)) > 0.95


# Poole et al. 2016, Schoenholz et al. 2017 ------------------------------------------------

PHASES = {"ordered": 0.7, "critical": theory.critical_sigma_w("tanh", 0.3), "chaotic": 2.5}


@pytest.mark.parametrize("phase", PHASES)
def test_variances_and_gradients_follow_the_mean_field_maps(phase: str) -> None:
    sigma_w, sigma_b = PHASES[phase], 0.3
    width, depth, count = 400, 10, 20
    initializer = initializers.variance_scaling(sigma_w**2, "fan_in", "normal")
    net = stack_of(count, [width] * (depth + 2), "tanh", initializer, sigma_b)
    rng = np.random.default_rng(3)
    trace = net.forward(on_a_sphere(rng, 1, width, 4.0))
    measured = mean_squares(trace.z)
    q = [sigma_w**2 * 4.0 + sigma_b**2]
    for _ in range(depth):
        q.append(theory.variance_map(q[-1], "tanh", sigma_w, sigma_b))
    assert_log_mean(measured, np.array(q))
    # On the way back a layer multiplies by χ at its own q, from one hidden layer to the next.
    delta = net.backward(trace, rng.standard_normal((count, 1, width))).delta[:-1]
    growth = mean_squares(delta[:-1]) / mean_squares(delta[1:])
    assert_log_mean(growth, np.array([theory.chi(one, "tanh", sigma_w) for one in q[:-2]]))


@pytest.mark.parametrize("phase", PHASES)
def test_two_inputs_become_alike_in_order_and_part_in_chaos(phase: str) -> None:
    sigma_w, sigma_b = PHASES[phase], 0.3
    # A small difference between two inputs grows forward by the χ that gradients grow by
    # backward: this is what the phases have their names from.
    width, depth, count = 400, 12, 20
    initializer = initializers.variance_scaling(sigma_w**2, "fan_in", "normal")
    net = stack_of(count, [width] * (depth + 1), "tanh", initializer, sigma_b, "float64")
    rng = np.random.default_rng(4)
    q = theory.fixed_point("tanh", sigma_w, sigma_b)
    before = (q - sigma_b**2) / sigma_w**2  # the mean square of a that leads to q
    x = on_a_sphere(rng, 1, width, before)
    a_little = 1e-7 * rng.standard_normal(x.shape)
    distance = mean_squares(
        after - z for after, z in zip(net.forward(x + a_little).z, net.forward(x).z, strict=True)
    )
    growth = (distance[:, -1] / distance[:, 0]) ** (1 / (depth - 1))
    assert_log_mean(growth, theory.chi(q, "tanh", sigma_w))
    assert phase != "ordered" or (growth < 0.6).all()
    assert phase != "chaotic" or (growth > 1.3).all()


# Saxe, McClelland & Ganguli 2013 ----------------------------------------------------------


def learning_curve(s: float, u0: float, learning_rate: float, steps: int) -> Array:
    """u = w₁ w₂ after every step of gradient descent on y = s x; x = ±1, so biases stay 0."""
    x = np.array([[1.0], [-1.0]])
    weight = initializers.constant(math.sqrt(u0))
    net = MLP([1, 1, 1], "linear", kernel_initializer=weight)
    history = train(
        net,
        x,
        s * x,
        optimizer=SGD(learning_rate),
        epochs=steps,
        probes={"u": lambda net, trace, gradients: net.layers[0].W * net.layers[1].W},
    )
    assert [float(layer.b[0, 0]) for layer in net.layers] == [0, 0]
    u: Array = history["u"][:, 0, 0]
    return u


@pytest.mark.parametrize(("s", "u0"), [(1.0, 1e-3), (3.0, 1e-2)])
def test_a_small_network_learns_along_the_exact_curve(s: float, u0: float) -> None:
    worst = []
    for learning_rate in (1e-3 / s, 5e-4 / s):
        steps = round(6 / s / learning_rate / 2)
        t = 2 * learning_rate * np.arange(steps + 1)
        u = learning_curve(s, u0, learning_rate, steps)
        assert u[-1] == pytest.approx(s, rel=0.02)  # a whole curve: plateau, rise and end
        worst.append(np.abs(u - theory.saxe_mode(t, s, u0)).max() / s)
    assert worst[1] < 1e-3
    # The rest is the step: half the rate, half the difference.
    assert worst[0] / worst[1] == pytest.approx(2, rel=0.02)


def test_the_plateau_grows_with_the_logarithm_of_a_smaller_start() -> None:
    learning_rate, s = 2e-3, 1.0
    halfway = []
    for u0 in (1e-2, 1e-4, 1e-6, 1e-8):
        u = learning_curve(s, u0, learning_rate, 5500)
        halfway.append(int(np.argmax(u > s / 2)))
    # ln(1/u0) / 2s of time, two steps of learning_rate each: ln(100) / (4 s η) more per 1/100.
    expected = math.log(100) / (4 * s * learning_rate)
    np.testing.assert_allclose(np.diff(halfway), expected, rtol=0.01)


def test_orthogonal_matrices_neither_shrink_nor_stretch_over_a_hundred_layers() -> None:
    sizes, every_direction = [32] * 101, np.eye(32)
    singular_values = {
        name: np.linalg.svd(
            MLP(sizes, "linear", kernel_initializer=name).predict(every_direction),
            compute_uv=False,
        )
        for name in ("orthogonal", "glorot_normal")
    }
    np.testing.assert_allclose(singular_values["orthogonal"], 1, rtol=1e-12)
    gaussian = singular_values["glorot_normal"]
    assert gaussian[0] / gaussian[-1] > 1e10
