"""Diagnostics: tiny networks and passes whose answers can be counted on the fingers."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlp import MLP, Dense, Gradients, Trace, activations, diagnostics, mse
from mlp.arrays import Array
from tests.oracles import assert_one_line, assert_same, parameters_of

Probe = Callable[[MLP, Trace, Gradients], Any]


def network_of(*parameters: Any, activation: str = "relu") -> MLP:
    """Return a network of W0, b0, W1, b1, ...; all but the last layer have `activation`."""
    count = len(parameters) // 2
    return MLP.from_layers(
        [
            Dense(
                np.array(parameters[2 * k], float),
                np.array([parameters[2 * k + 1]], float),
                activations.get("linear" if k == count - 1 else activation),
            )
            for k in range(count)
        ]
    )


def passed(network: MLP, x: Any, y: Any = None) -> tuple[MLP, Trace, Gradients]:
    trace = network.forward(np.array(x, float))
    y = np.zeros_like(trace.output) if y is None else np.array(y, float)
    return network, trace, network.backward(trace, mse(trace.output, y)[1])


def gradients_of(*arrays: Any) -> Gradients:
    like = network_of(*arrays)  # its parameters stand for their gradients
    W, b = like.parameters()[::2], like.parameters()[1::2]
    return Gradients(like.theta, W, b, delta=[])


NO_TRACE = Trace(z=[], a=[])
NO_GRADIENTS = Gradients(np.empty(0), W=[], b=[], delta=[])

# Three units of weights (1, 2), (1, 2), (4, 0) and biases 0, 0.5, 0.
THREE = network_of([[1, 1, 4], [2, 2, 0]], [0, 0.5, 0], [[1], [1], [1]], [0])


# Symmetry -------------------------------------------------------------------------------------


def test_weight_spread_is_the_largest_range_along_a_row_of_weights_and_biases() -> None:
    assert diagnostics.weight_spread(THREE, NO_TRACE, NO_GRADIENTS).tolist() == [3.0]
    biased = network_of([[1, 1]], [-2, 5], [[1], [1]], [0])
    assert diagnostics.weight_spread(biased, NO_TRACE, NO_GRADIENTS).tolist() == [7.0]


def test_gradient_spread_is_the_same_of_the_gradients() -> None:
    gradients = gradients_of([[1, 1, 1], [2, 2, 9]], [0, 0, 0], [[5], [6], [7]], [1])
    assert diagnostics.gradient_spread(THREE, NO_TRACE, gradients).tolist() == [7.0]
    gradients = gradients_of([[1, 1, 1], [2, 2, 2]], [0, 0, -3], [[5], [6], [7]], [1])
    assert diagnostics.gradient_spread(THREE, NO_TRACE, gradients).tolist() == [3.0]


def test_identical_units_have_no_spread_and_are_pulled_alike() -> None:
    network = MLP([2, 2, 1], "tanh", kernel_initializer="constant")
    measured = passed(network, [[0.3, -1.2], [0.5, 0.1]], [[1], [2]])
    assert diagnostics.weight_spread(*measured).tolist() == [0.0]
    assert diagnostics.gradient_spread(*measured).tolist() == [0.0]
    assert diagnostics.distinct_units(*measured).tolist() == [1]


@pytest.mark.parametrize(
    ("W", "b", "distinct"),
    [
        ([[1, 1, 1]], [0, 0, 0], 1),
        ([[1, 2, 1]], [0, 0, 0], 2),
        ([[1, 2, 3]], [0, 0, 0], 3),
        ([[1, 1, 1]], [0, 1, 0], 2),
        ([[1, -1, 1]], [0, 0, 0], 2),
        ([[0, 0, 0]], [0, 0, 0], 1),
        ([[1, 1], [0, 1e-3]], [0, 0], 2),
        ([[5]], [1], 1),
    ],
)
def test_distinct_units_counts_columns_that_differ(W: Any, b: Any, distinct: int) -> None:
    network = network_of(W, b, [[1]] * len(b), [0])
    count = diagnostics.distinct_units(network, NO_TRACE, NO_GRADIENTS)
    assert count.tolist() == [distinct]
    assert np.issubdtype(count.dtype, np.integer)


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_distinct_units_measures_by_the_largest_weight_of_the_layer(scale: float) -> None:
    network = network_of([[100 * scale, 100.5 * scale, 0]], [0, 0, 0], [[1]] * 3, [0])
    count = partial(diagnostics.distinct_units, network, NO_TRACE, NO_GRADIENTS)
    assert count().tolist() == [3]
    assert count(tolerance=0.004).tolist() == [3]
    assert count(tolerance=0.006).tolist() == [2]


def test_distinct_units_measures_every_member_of_a_stack_by_its_own_weights() -> None:
    layers = [network_of([[c, 2 * c, 2 * c]], [0] * 3, [[1]] * 3, [0]) for c in (1e-9, 1e9)]
    count = diagnostics.distinct_units(MLP.stack(layers), NO_TRACE, NO_GRADIENTS)
    assert count.tolist() == [[2], [2]]


def test_units_apart_by_rounding_only_are_the_same_by_default() -> None:
    network = network_of([[0.1, np.nextafter(0.1, 1)]], [0, 0], [[1], [1]], [0])
    assert diagnostics.weight_spread(network, NO_TRACE, NO_GRADIENTS)[0] > 0
    assert diagnostics.distinct_units(network, NO_TRACE, NO_GRADIENTS).tolist() == [1]
    exact = partial(diagnostics.distinct_units, tolerance=0.0)
    assert exact(network, NO_TRACE, NO_GRADIENTS).tolist() == [2]


@given(seed=st.integers(0, 99), copies=st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_copies_of_units_count_once_each(seed: int, copies: list[int]) -> None:
    pool = np.random.default_rng(seed).standard_normal((3, 4))
    network = network_of(pool[:2, copies], pool[2, copies], [[1]] * len(copies), [0])
    count = diagnostics.distinct_units(network, NO_TRACE, NO_GRADIENTS)
    assert count.tolist() == [len(set(copies))]


@pytest.mark.parametrize(
    ("W", "first"),
    [([[1, 1, 1]], [0, 0, 0]), ([[1, 2, 1, 2]], [0, 1, 0, 1]), ([[3, 2, 1]], [0, 1, 2])],
)
def test_every_unit_points_to_the_first_that_is_the_same(W: Any, first: list[int]) -> None:
    network = network_of(W, [0] * len(first), [[1]] * len(first), [0])
    assert diagnostics.same_unit_as(network.layers[0]).tolist() == first


def test_merging_worked_by_hand() -> None:
    # Units 1 and 3 are the same; their outgoing weights 10 and 30 become 40.
    network = network_of([[1, 2, 1]], [5, 6, 5], [[10], [20], [30]], [7])
    small, counts = diagnostics.merged(network)
    assert [p.tolist() for p in small.parameters()] == [[[1, 2]], [[5, 6]], [[40], [20]], [[7]]]
    assert [c.tolist() for c in counts] == [[2, 1]]


def test_as_many_units_are_left_as_are_distinct_also_in_a_chain_of_near_ones() -> None:
    # With a tolerance of 1 % of 100 = 1: 0 is near 0.8, 0.8 is near 1.6, but 0 is not near 1.6.
    network = network_of([[0, 0.8, 1.6, 100]], [0] * 4, [[1]] * 4, [0])
    (distinct,) = diagnostics.distinct_units(network, NO_TRACE, NO_GRADIENTS, tolerance=0.01)
    small, ((*counts,),) = diagnostics.merged(network, tolerance=0.01)
    assert small.sizes == [1, distinct, 1]
    assert sum(counts) == 4


@given(
    seed=st.integers(0, 99),
    copies=st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6), max_size=3),
    activation=st.sampled_from(["linear", "relu", "tanh", "sigmoid"]),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_a_merged_network_is_smaller_and_answers_the_same(
    seed: int, copies: list[list[int]], activation: str, dtype: str
) -> None:
    # Copying columns of a layer, whatever leaves the copies, copies units.
    widths = [2, *(len(c) for c in copies), 1]
    network = MLP(widths, activation, bias_initializer="normal", seed=seed, dtype=dtype)
    for layer, copy in zip(network.layers, copies, strict=False):
        pool = MLP([layer.W.shape[0], 4], bias_initializer="normal", seed=seed).layers[0]
        layer.W, layer.b = pool.W[:, copy], pool.b[:, copy]
    before = parameters_of(network)
    small, counts = diagnostics.merged(network)
    # Twins in one layer make equal rows and no new twins in the next.
    assert small.sizes == [2, *(len(set(c)) for c in copies), 1]
    assert [sorted(c) for c in counts] == [
        sorted(copy.count(i) for i in set(copy)) for copy in copies
    ]
    assert {p.dtype for p in small.parameters()} == {np.dtype(dtype)}
    x = np.random.default_rng(seed).standard_normal((5, 2))
    close = {"float64": 1e-12, "float32": 1e-4}[dtype]
    np.testing.assert_allclose(small.predict(x), network.predict(x), rtol=close, atol=close)
    for p in small.parameters():
        p += 1
    assert_same(network.parameters(), before)


# Dead and saturated ---------------------------------------------------------------------------


def test_a_unit_is_dead_when_no_example_wakes_it() -> None:
    # z of unit 1: 1, -1; of unit 2: -1, -2; of unit 3: 0, 0; of unit 4: 3, 2.
    network = network_of([[2, 1, 0, 1]], [-1, -2, 0, 2], [[1]] * 4, [0])
    measured = passed(network, [[1], [0]])
    assert measured[1].z[0].tolist() == [[1, -1, 0, 3], [-1, -2, 0, 2]]
    assert diagnostics.dead(*measured).tolist() == [0.5]


def test_dead_is_told_layer_by_layer_and_not_of_the_output() -> None:
    network = network_of([[1, -1]], [0, 0], [[-1], [-1]], [0], [[1]], [0])
    assert diagnostics.dead(*passed(network, [[1], [2]])).tolist() == [0.5, 1.0]


@pytest.mark.parametrize(("activation", "fraction"), [("linear", 0.0), ("tanh", 0.5)])
def test_dead_means_a_slope_of_exactly_0(activation: str, fraction: float) -> None:
    network = network_of([[1, 1]], [0, 100], [[1], [1]], [0], activation=activation)
    assert diagnostics.dead(*passed(network, [[0.5], [-0.5]])).tolist() == [fraction]


@pytest.mark.parametrize(
    ("activation", "z", "fraction"),
    [
        # tanh z beyond ±0.98 is |z| > 2.2976; sigmoid z beyond 0.01 and 0.99 is |z| > 4.5951.
        ("tanh", [0.0, 2.29, -2.29, 2.30], 0.25),
        ("tanh", [-2.30, 2.30, 50.0, 0.0], 0.75),
        ("sigmoid", [0.0, 4.59, -4.59, 4.60], 0.25),
        ("sigmoid", [-4.60, 4.60, -50.0, 50.0], 1.0),
        ("relu", [0.0, -1.0, 50.0, 1e9], 0.0),
        ("linear", [0.0, -1.0, 50.0, 1e9], 0.0),
    ],
)
def test_saturated_counts_outputs_near_an_asymptote(
    activation: str, z: list[float], fraction: float
) -> None:
    two_units = network_of([[1, 0], [0, 1]], [0, 0], [[1], [1]], [0], activation=activation)
    measured = passed(two_units, [z[:2], z[2:]])
    assert diagnostics.saturated(*measured).tolist() == [fraction]


# Sizes ----------------------------------------------------------------------------------------


def test_sizes_are_root_mean_squares_per_layer() -> None:
    # 3 and 4 in halves: √((9 + 16) / 2) = √12.5; 6 and 8 in four with two zeros: √25 = 5.
    trace = Trace(
        z=[],
        a=[np.array([[99.0]]), np.array([[3.0, -4.0]]), np.array([[6.0], [0], [-8], [0]])],
    )
    assert diagnostics.a_rms(THREE, trace, NO_GRADIENTS).tolist() == [12.5**0.5, 5.0]
    gradients = Gradients(
        np.empty(0),
        W=[np.array([[3.0], [-4.0]]), np.array([[7.0]])],
        b=[np.array([[99.0]])] * 2,
        delta=[np.array([[6.0, -8, 0, 0]]), np.array([[0.0]])],
    )
    assert diagnostics.dW_rms(THREE, NO_TRACE, gradients).tolist() == [12.5**0.5, 7.0]
    assert diagnostics.delta_rms(THREE, NO_TRACE, gradients).tolist() == [5.0, 0.0]


def test_standard_deviations_leave_the_mean_out() -> None:
    # Mean 2 and deviations ±1, 0, 0 in four; mean -3 and deviations ±4; a lone number has none.
    values: list[Array] = [
        np.array([[1.0, 2.0], [2.0, 3.0]]),
        np.array([[1.0], [-7.0]]),
        np.array([[9.0]]),
    ]
    doubled: list[Array] = [2 * v for v in values]
    halved: list[Array] = [v / 2 for v in values]
    trace = Trace(z=values, a=[np.array([[99.0, -99.0]]), *doubled])
    gradients = Gradients(np.empty(0), W=[], b=[], delta=halved)
    expected = np.array([0.5**0.5, 4.0, 0.0])
    for std, factor in (
        (diagnostics.z_std, 1.0),
        (diagnostics.a_std, 2.0),
        (diagnostics.delta_std, 0.5),
    ):
        np.testing.assert_allclose(std(THREE, trace, gradients), factor * expected, rtol=1e-15)


def test_update_ratio_is_the_step_over_the_weights() -> None:
    network = network_of([[3, 4]], [9, 9], [[2], [2]], [9])
    gradients = gradients_of([[0.6, 0.8]], [5, 5], [[0], [0]], [5])
    ratio = diagnostics.update_ratio(network, NO_TRACE, gradients)
    np.testing.assert_allclose(ratio, [0.2, 0.0], rtol=1e-15)
    ratio = diagnostics.update_ratio(network, NO_TRACE, gradients, learning_rate=0.5)
    np.testing.assert_allclose(ratio, [0.1, 0.0], rtol=1e-15)


@pytest.mark.parametrize(("dW", "ratio"), [(1.0, np.inf), (0.0, 0.0)])
def test_update_ratio_of_zero_weights_is_inf_if_they_move(dW: float, ratio: float) -> None:
    gradients = gradients_of([[dW, 0]], [1, 1], [[dW], [dW]], [1])
    network = MLP([1, 2, 1], kernel_initializer="zeros")
    assert diagnostics.update_ratio(network, NO_TRACE, gradients).tolist() == [ratio, ratio]


@pytest.mark.parametrize("broken", ["weights", "gradients"])
def test_update_ratio_of_what_is_not_a_number_is_not_a_number(broken: str) -> None:
    network = network_of([[np.nan if broken == "weights" else 1.0]], [0])
    gradients = gradients_of([[np.nan if broken == "gradients" else 1.0]], [0])
    assert np.isnan(diagnostics.update_ratio(network, NO_TRACE, gradients)).all()


# All of them ----------------------------------------------------------------------------------

HIDDEN: dict[str, Probe] = {
    "gradient_spread": diagnostics.gradient_spread,
    "weight_spread": diagnostics.weight_spread,
    "distinct_units": diagnostics.distinct_units,
    "dead": diagnostics.dead,
    "saturated": diagnostics.saturated,
}
EVERY: dict[str, Probe] = {
    "z_std": diagnostics.z_std,
    "a_std": diagnostics.a_std,
    "delta_std": diagnostics.delta_std,
    "a_rms": diagnostics.a_rms,
    "delta_rms": diagnostics.delta_rms,
    "dW_rms": diagnostics.dW_rms,
    "update_ratio": diagnostics.update_ratio,
}
each = pytest.mark.parametrize("name", [*HIDDEN, *EVERY])


def members() -> list[MLP]:
    kernels = ["he_normal", "zeros", "constant", "normal"]
    return [
        MLP([2, 4, 3, 1], "tanh", kernel_initializer=kernel, bias_initializer="uniform", seed=s)
        for s, kernel in enumerate(kernels)
    ]


@each
def test_a_stack_is_diagnosed_member_by_member(name: str, rng: np.random.Generator) -> None:
    diagnose = (HIDDEN | EVERY)[name]
    x, y = rng.standard_normal((6, 2)), rng.standard_normal((6, 1))
    alone = [diagnose(*passed(network, x, y)) for network in members()]
    stack = MLP.stack(members())
    np.testing.assert_allclose(diagnose(*passed(stack, x, [y] * 4)), alone, rtol=1e-9, atol=1e-16)
    nested = MLP.stack([MLP.stack(members()[:2]), MLP.stack(members()[2:])])
    result = diagnose(*passed(nested, x, [[y] * 2] * 2))
    layers = 2 if name in HIDDEN else 3
    assert result.shape == (2, 2, layers)
    np.testing.assert_allclose(result.reshape(4, layers), alone, rtol=1e-9, atol=1e-16)


@each
@pytest.mark.parametrize("stacked", [False, True])
def test_a_network_without_a_hidden_layer_has_no_hidden_results(name: str, stacked: bool) -> None:
    network = MLP.stack([MLP([2, 1])] * 3) if stacked else MLP([2, 1])
    diagnose = (HIDDEN | EVERY)[name]
    result = diagnose(*passed(network, [[1, 2]]))
    assert result.shape == ((3,) if stacked else ()) + ((0,) if name in HIDDEN else (1,))
    assert result.dtype == diagnose(*passed(MLP([2, 3, 1]), [[1, 2]])).dtype


@each
def test_diagnosing_changes_nothing(name: str) -> None:
    network, trace, gradients = passed(members()[0], [[1, 2], [-1, 0]])
    records = [*network.parameters(), *trace.z, *trace.a, *gradients.parameters()]
    before = [array.copy() for array in records]
    (HIDDEN | EVERY)[name](network, trace, gradients)
    assert_same(records, before)


def test_what_is_recorded_by_default_are_diagnostics_under_their_own_names() -> None:
    assert {name: f.__name__ for name, f in diagnostics.CHEAP.items()} == {
        name: name for name in diagnostics.CHEAP
    }


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ([[1.0, np.nan]], [1.0], ("x[0, 1]", "nan")),
        ([[1.0, 2.0]], [np.inf], ("y[0]", "inf")),
        ([[1.0]], [1.0], ("x has shape (1, 1)",)),
        ([[1.0, 2.0]], [[1.0, 2.0]], ("y has shape (1, 2)",)),
        ([[1.0, 2.0]], [1.0, 2.0], ("y has shape (2, 1)", "(1, 1)")),
    ],
)
def test_the_gradient_check_refuses_what_train_refuses(
    x: Any, y: Any, words: tuple[str, ...]
) -> None:
    network = MLP([2, 1])
    before = parameters_of(network)
    with pytest.raises(ValueError, match=re.escape(words[0])) as error:
        diagnostics.gradient_check(network, x, y)
    assert_one_line(error, *words)
    assert_same(network.parameters(), before)


def test_the_gradient_check_of_a_wide_layer_reaches_every_entry(rng: np.random.Generator) -> None:
    # 600 weights in one layer; a derivative that is wrong for one large z only.
    x, y = rng.standard_normal((3, 20)), rng.standard_normal((3, 1))
    network = MLP([20, 30, 1], "tanh")
    assert diagnostics.gradient_check(network, x, y).error.max() <= 1e-7

    def slip(z: Array, a: Array) -> Array:
        slope = 1 - a * a
        slope[..., -1] *= 2
        return slope

    wrong = activations.Activation("slip", np.tanh, slip)
    network = MLP([20, 30, 1], wrong)
    assert diagnostics.gradient_check(network, x, y).error[0] > 1e-3
