"""The network: worked by hand, against central differences, and every seed and shape."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import minimize

from experiments.data import load
from mlp import MLP, SGD, Dense, activations, diagnostics, initializers, mse, train
from mlp.activations import ACTIVATIONS, Activation
from mlp.arrays import Array
from mlp.network import child_rng, one_per_layer
from tests.conftest import Data
from tests.oracles import (
    activation_names,
    assert_one_line,
    assert_same,
    away_from_kinks,
    gradients_by_loops,
    loss_by_loops,
    parameters_of,
)

each_activation = pytest.mark.parametrize("activation", list(ACTIVATIONS))


def two_two_one(activation: str, W0: Any, b0: Any, W1: Any, b1: float) -> MLP:
    f, g = activations.get(activation), activations.linear
    layers = [
        Dense(np.array(W0, float), np.array([b0], float), f),
        Dense(np.array(W1, float).reshape(2, 1), np.array([[b1]], float), g),
    ]
    return MLP.from_layers(layers)


def sent(network: MLP) -> MLP:
    """Return the network as another process gets it, and as it comes back."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        back: MLP = pool.apply(MLP.copy, (network,))
    return back


def saved(network: MLP) -> MLP:
    """Return the network as a file gives it back."""
    with tempfile.TemporaryDirectory() as folder:
        network.save(Path(folder) / "net.npz")
        return MLP.load(Path(folder) / "net.npz")


def backward(network: MLP, x: Array, y: Array) -> list[Array]:
    trace = network.forward(x)
    return network.backward(trace, mse(trace.output, y)[1]).parameters()


# Worked by hand -------------------------------------------------------------------------------


def test_relu_forward_backward_and_update_worked_by_hand() -> None:
    # Two examples, all numbers halves, quarters, ...: exact in binary.
    #   example 1: x = (1, 1/2)   z1 = (1/2 + 1/2, -1 + 1/2 + 1/4) = (1, -1/4)    a1 = (1, 0)
    #              ŷ = 2·1 + 4·0 - 1/2 = 3/2      y = 1
    #   example 2: x = (-1, 1)    z1 = (-1/2 + 1, 1 + 1 + 1/4) = (1/2, 9/4)       a1 = z1
    #              ŷ = 2·1/2 + 4·9/4 - 1/2 = 19/2  y = 9
    # L = ((1/2)² + (1/2)²) / 2 = 1/4, and each ∂L/∂ŷ = 2 · 1/2 / 2 = 1/2.
    #   ∂L/∂W2 = (1·1/2 + 1/2·1/2, 0·1/2 + 9/4·1/2) = (3/4, 9/8)    ∂L/∂b2 = 1
    #   delta1: example 1 (1/2·2·1, 1/2·4·0) = (1, 0), example 2 (1/2·2·1, 1/2·4·1) = (1, 2)
    #   ∂L/∂W1 = row 1: 1·(1, 0) - 1·(1, 2) = (0, -2), row 2: 1/2·(1, 0) + (1, 2) = (3/2, 2)
    #   ∂L/∂b1 = (2, 2)
    # With η = 1/4, W1 = ((1/2, -1/2), (5/8, 1/2)) and so on.
    network = two_two_one("relu", [[0.5, -1], [1, 1]], [0, 0.25], [2, 4], -0.5)
    x, y = np.array([[1, 0.5], [-1, 1]]), np.array([[1.0], [9.0]])

    trace = network.forward(x)
    assert [z.tolist() for z in trace.z] == [[[1, -0.25], [0.5, 2.25]], [[1.5], [9.5]]]
    assert [a.tolist() for a in trace.a] == [
        [[1, 0.5], [-1, 1]],
        [[1, 0], [0.5, 2.25]],
        [[1.5], [9.5]],
    ]
    loss, error = mse(trace.output, y)
    assert loss == 0.25
    assert error.tolist() == [[0.5], [0.5]]

    gradients = network.backward(trace, error)
    assert [d.tolist() for d in gradients.delta] == [[[1, 0], [1, 2]], [[0.5], [0.5]]]
    assert [g.tolist() for g in gradients.parameters()] == [
        [[0, -2], [1.5, 2]],
        [[2, 2]],
        [[0.75], [1.125]],
        [[1]],
    ]
    SGD(0.25).update(network.theta, gradients.theta)
    assert [p.tolist() for p in network.parameters()] == [
        [[0.5, -0.5], [0.625, 0.5]],
        [[-0.5, -0.25]],
        [[29 / 16], [119 / 32]],
        [[-0.75]],
    ]


def test_sigmoid_at_zero_forward_backward_and_update_worked_by_hand() -> None:
    # z1 = (0, 0), where sigmoid is 1/2 with slope 1/4: a1 = (1/2, 1/2).
    # ŷ = 2·1/2 + 4·1/2 - 1 = 2, y = 1: L = 1, ∂L/∂ŷ = 2.
    #   ∂L/∂W2 = (1, 1)   ∂L/∂b2 = 2   delta1 = (2·2·1/4, 2·4·1/4) = (1, 2)
    #   ∂L/∂W1 = ((1, 2), (1/2, 1))    ∂L/∂b1 = (1, 2); then η = 1/2.
    network = two_two_one("sigmoid", [[0, 0], [0, 0]], [0, 0], [2, 4], -1)
    trace = network.forward(np.array([[1, 0.5]]))
    assert trace.a[1].tolist() == [[0.5, 0.5]]
    assert trace.output.tolist() == [[2.0]]
    loss, error = mse(trace.output, [1.0])
    assert (loss, error.tolist()) == (1.0, [[2.0]])

    gradients = network.backward(trace, error)
    assert gradients.delta[0].tolist() == [[1, 2]]
    assert [g.tolist() for g in gradients.parameters()] == [
        [[1, 2], [0.5, 1]],
        [[1, 2]],
        [[1], [1]],
        [[2]],
    ]
    SGD(0.5).update(network.theta, gradients.theta)
    assert [p.tolist() for p in network.parameters()] == [
        [[-0.5, -1], [-0.25, -0.5]],
        [[-0.5, -1]],
        [[1.5], [3.5]],
        [[-2]],
    ]


# Against central differences ------------------------------------------------------------------


def random_network(rng: np.random.Generator, x: Array, sizes: list[int], **how: Any) -> MLP:
    return away_from_kinks(MLP(sizes, seed=11, **how), x, rng)


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
@pytest.mark.parametrize("initializer", initializers.names())
@each_activation
def test_every_gradient_is_the_slope_of_the_loss(
    activation: str, initializer: str, layers: int, rng: np.random.Generator
) -> None:
    x, y = rng.standard_normal((5, 3)), rng.standard_normal((5, 2))
    sizes = [3, 4, 4, 3][:layers] + [2]
    network = random_network(rng, x, sizes, activation=activation, kernel_initializer=initializer)
    check = diagnostics.gradient_check(network, x, y)
    assert check.skipped == 0
    assert check.error.shape == (layers,)
    assert check.error.max() <= 1e-7


MIXED: list[tuple[list[str], str]] = [
    (["tanh", "relu", "sigmoid"], "linear"),
    (["sigmoid", "linear", "relu"], "tanh"),
    (["relu", "tanh", "linear"], "sigmoid"),
    (["linear", "sigmoid", "tanh"], "relu"),
]


@pytest.mark.parametrize(("hidden", "output"), MIXED)
def test_forward_and_backward_agree_with_plain_loops(
    hidden: list[str], output: str, rng: np.random.Generator
) -> None:
    x, y = rng.standard_normal((4, 2)), rng.standard_normal((4, 3))
    network = random_network(rng, x, [2, 3, 3, 4, 3], activation=hidden, output_activation=output)
    loss = mse(network.forward(x).output, y)[0]
    by_loops = loss_by_loops(network.parameters(), activation_names(network), x, y)
    assert float(loss) == pytest.approx(by_loops, rel=1e-14)
    numeric = gradients_by_loops(network, x, y)
    largest = max(np.abs(g).max() for g in numeric)
    assert_same(backward(network, x, y), numeric, atol=1e-7 * largest)


def test_a_wrong_derivative_is_caught_by_the_check(rng: np.random.Generator) -> None:
    x, y = rng.standard_normal((5, 2)), rng.standard_normal((5, 1))
    f = activations.tanh
    for wrong in (lambda z, a: 1 - a, lambda z, a: 1.001 * (1 - a * a), lambda z, a: a * a):
        network = MLP([2, 3, 1], activation=Activation("mistake", f.f, wrong))
        assert diagnostics.gradient_check(network, x, y).error.max() > 1e-4


def test_the_check_leaves_the_network_as_it_was_and_agrees_on_a_stack(data: Data) -> None:
    members = [MLP([2, 3, 1], activation="tanh", seed=s) for s in range(3)]
    stack = MLP.stack(members)
    before = parameters_of(stack)
    check = diagnostics.gradient_check(stack, *data)
    assert_same(stack.parameters(), before)
    assert check.error.shape == (3, 2)
    assert check.error.max() <= 1e-7


def test_the_check_skips_only_what_moves_a_unit_across_a_kink() -> None:
    # z = x w + b = 0 exactly on the first example: w and b cross, the output's two do not.
    layers = [
        Dense(np.array([[1.0]]), np.array([[-1.0]]), activations.relu),
        Dense(np.array([[1.0]]), np.array([[0.0]]), activations.linear),
    ]
    check = diagnostics.gradient_check(MLP.from_layers(layers), [[1.0], [3.0]], [0.0, 0.0])
    assert check.skipped == 2
    assert check.error.max() <= 1e-9


def test_gradients_have_the_shapes_of_their_parameters_and_delta_one_row_each(data: Data) -> None:
    network = MLP([2, 4, 3, 1])
    trace = network.forward(data[0])
    gradients = network.backward(trace, mse(trace.output, data[1])[1])
    assert [g.shape for g in gradients.W] == [(2, 4), (4, 3), (3, 1)]
    assert [g.shape for g in gradients.b] == [(1, 4), (1, 3), (1, 1)]
    assert [d.shape for d in gradients.delta] == [(23, 4), (23, 3), (23, 1)]


# Shapes, types and leading axes ---------------------------------------------------------------

widths = st.lists(st.integers(1, 4), min_size=2, max_size=4)
stack_shapes = hnp.array_shapes(min_dims=0, max_dims=3, max_side=3)


def stacked(sizes: list[int], stack: tuple[int, ...], seed: int = 0, **how: Any) -> MLP:
    if not stack:
        return MLP(sizes, seed=seed, **how)
    return MLP.stack(
        [stacked(sizes, stack[1:], stack[0] * seed + r, **how) for r in range(stack[0])]
    )


@given(
    sizes=widths,
    stack=stack_shapes,
    n=st.integers(1, 4),
    own_x=st.booleans(),
    dtype=st.sampled_from(["float32", "float64"]),
    activation=st.sampled_from(list(ACTIVATIONS)),
)
def test_every_shape_follows_from_the_sizes_and_the_leading_axes(
    sizes: list[int], stack: tuple[int, ...], n: int, own_x: bool, dtype: str, activation: str
) -> None:
    network = stacked(sizes, stack, activation=activation, dtype=dtype)
    assert network.sizes == sizes
    assert network.stack_shape == stack
    assert network.dtype == dtype
    x = np.random.default_rng(0).standard_normal((*stack, n, sizes[0]) if own_x else (n, sizes[0]))
    trace = network.forward(x)
    loss, error = mse(trace.output, np.zeros((n, sizes[-1]), dtype))
    gradients = network.backward(trace, error)
    assert [z.shape for z in trace.z] == [(*stack, n, s) for s in sizes[1:]]
    assert [a.shape for a in trace.a] == [x.shape, *((*stack, n, s) for s in sizes[1:])]
    assert np.shape(loss) == stack
    assert [d.shape for d in gradients.delta] == [z.shape for z in trace.z]
    assert [g.shape for g in gradients.parameters()] == [p.shape for p in network.parameters()]
    everything = [*trace.z, *trace.a, *gradients.delta, *gradients.parameters(), np.array(loss)]
    assert {array.dtype for array in everything} == {np.dtype(dtype)}


@given(sizes=widths, stack=hnp.array_shapes(min_dims=1, max_dims=2, max_side=3))
def test_a_member_of_a_stack_answers_as_the_network_it_came_from(
    sizes: list[int], stack: tuple[int, ...]
) -> None:
    network = stacked(sizes, stack, activation="tanh", bias_initializer="normal")
    x = np.random.default_rng(0).standard_normal((3, sizes[0]))
    together = network.predict(x)
    for index in np.ndindex(stack):
        member = network
        for r in index:
            member = member[r]
        assert member.stack_shape == ()
        np.testing.assert_allclose(member.predict(x), together[index], rtol=1e-12, atol=1e-14)


def test_a_stack_may_see_one_x_each() -> None:
    members = [MLP([2, 3, 1], activation="tanh", seed=s) for s in range(3)]
    x = np.random.default_rng(0).standard_normal((3, 5, 2))
    together = MLP.stack(members).predict(x)
    for member, own_x, answer in zip(members, x, together, strict=True):
        np.testing.assert_allclose(member.predict(own_x), answer, rtol=1e-12)


def test_trace_starts_with_x_and_ends_with_the_output(data: Data) -> None:
    network = MLP([2, 3, 1], activation="tanh")
    trace = network.forward(data[0])
    np.testing.assert_array_equal(trace.a[0], data[0])
    assert trace.output is trace.a[-1]
    np.testing.assert_array_equal(network.predict(data[0]), trace.output)


@pytest.mark.parametrize("x", [np.zeros(2), np.zeros((3, 3)), np.zeros((2, 0)), np.zeros(())])
def test_forward_refuses_another_number_of_columns(x: Array) -> None:
    with pytest.raises(ValueError, match="expected") as error:
        MLP([2, 1]).forward(x)
    assert_one_line(error, str(x.shape), "(n, 2)")


# One network for many: stacks, members, copies ------------------------------------------------


def test_a_member_of_a_stack_has_arrays_of_its_own(data: Data) -> None:
    stack = MLP.stack([MLP([2, 3, 1], seed=s) for s in range(2)])
    before = parameters_of(stack)
    member = stack[1]
    for p in member.parameters():
        p += 1.0
    assert_same(stack.parameters(), before)
    for p in stack.parameters():
        p += 5.0
    assert_same(member.parameters(), [p[1] + 1.0 for p in before])


def test_stacking_and_copying_copy() -> None:
    network = MLP([2, 3, 1])
    before = parameters_of(network)
    for other in (MLP.stack([network]), network.copy()):
        for p in other.parameters():
            p += 1.0
    assert_same(network.parameters(), before)
    assert_same(network.copy().parameters(), before)


def test_a_negative_index_and_a_loop_reach_the_members() -> None:
    members = [MLP([2, 1], seed=s) for s in range(3)]
    stack = MLP.stack(members)
    assert_same(stack[-1].parameters(), members[2].parameters())
    seen = [member for member in stack]  # type: ignore[attr-defined]  # noqa: C416
    assert len(seen) == 3
    for member, network in zip(seen, members, strict=True):
        assert_same(member.parameters(), network.parameters())
    with pytest.raises(IndexError):
        stack[3]


def test_one_network_has_no_members() -> None:
    with pytest.raises(TypeError, match=r"MLP\(2-1, linear, float64\) is one network"):
        MLP([2, 1])[0]


def same_name(factor: float) -> Activation:
    return Activation("mine", lambda z: factor * z, lambda z, a: np.full_like(z, factor))


@pytest.mark.parametrize(
    "other",
    [
        MLP([2, 4, 1]),
        MLP([2, 3, 3, 1]),
        MLP([2, 3, 1], activation="tanh"),
        MLP([2, 3, 1], output_activation="tanh"),
        MLP([2, 3, 1], dtype="float32"),
        MLP.stack([MLP([2, 3, 1])]),
    ],
    ids=repr,
)
def test_networks_that_differ_in_more_than_numbers_are_not_stacked(other: MLP) -> None:
    with pytest.raises(ValueError, match="cannot stack") as error:
        MLP.stack([MLP([2, 3, 1]), other])
    assert_one_line(error, repr(other))


def test_activations_that_share_only_their_name_are_not_stacked() -> None:
    with pytest.raises(ValueError, match="cannot stack"):
        MLP.stack([MLP([1, 1], output_activation=same_name(c)) for c in (1.0, 2.0)])


def test_a_stack_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one network"):
        MLP.stack([])


@pytest.mark.parametrize(
    ("network", "text"),
    [
        (MLP([2, 1]), "MLP(2-1, linear, float64)"),
        (MLP([2, 5, 5, 1], activation="tanh"), "MLP(2-5-5-1, tanh, linear, float64)"),
        (
            MLP([2, 5, 5, 1], ["tanh", "relu"], "sigmoid", dtype="float32"),
            "MLP(2-5-5-1, tanh, relu, sigmoid, float32)",
        ),
        (MLP.stack([MLP([2, 1])] * 3), "MLP(2-1, linear, float64, stack (3,))"),
    ],
)
def test_repr_says_what_the_network_is(network: MLP, text: str) -> None:
    assert repr(network) == text


def test_finiteness_is_told_member_by_member() -> None:
    members = [MLP([2, 3, 1], seed=s) for s in range(4)]
    assert members[0].is_finite()
    members[1].layers[0].W[1, 2] = np.inf
    members[2].layers[1].b[0, 0] = np.nan
    assert not members[1].is_finite()
    assert MLP.stack(members).is_finite().tolist() == [True, False, False, True]


# Parameters -----------------------------------------------------------------------------------


def test_parameters_come_layer_by_layer_and_are_the_arrays_themselves() -> None:
    network = MLP([2, 3, 1])
    one, two = network.layers
    assert [id(p) for p in network.parameters()] == [id(p) for p in (one.W, one.b, two.W, two.b)]


def test_assigning_copies_and_takes_the_type_of_the_layer() -> None:
    network = MLP([2, 2], dtype="float32")
    value = np.array([[1, 2], [3, 4]])
    network.layers[0].W = value
    value[0, 0] = 9
    network.layers[0].b = [[5, 6]]
    assert network.layers[0].W.tolist() == [[1, 2], [3, 4]]
    assert network.layers[0].b.tolist() == [[5, 6]]
    assert {p.dtype for p in network.parameters()} == {np.dtype(np.float32)}


COPIES: dict[str, Any] = {
    "drawn": lambda network: network,
    "from layers": lambda network: MLP.from_layers(network.layers),
    "copied": MLP.copy,
    "copied by the library": copy.copy,
    "copied deeply": copy.deepcopy,
    "pickled": lambda network: pickle.loads(pickle.dumps(network)),
    "sent to another process": sent,
    "saved": saved,
    "stacked": lambda network: MLP.stack([network, network]),
    "stacked and copied deeply": lambda network: copy.deepcopy(MLP.stack([network, network])),
    "a member": lambda network: MLP.stack([network, network])[1],
    "given a theta": lambda network: network.with_theta(2 * network.theta),
    "cast": lambda network: network.with_theta(network.theta.astype("float32")),
    "merged": lambda network: diagnostics.merged(network)[0],
}


@pytest.mark.parametrize("made", COPIES.values(), ids=COPIES)
def test_however_a_network_was_made_W_and_b_are_views_of_its_theta(made: Any) -> None:
    network = made(MLP([2, 3, 2, 1], ["tanh", "relu"], bias_initializer="normal", seed=4))
    flat = [p.reshape(*network.stack_shape, -1) for p in network.parameters()]
    assert np.concatenate(flat, axis=-1).tolist() == network.theta.tolist()
    network.theta[...] = np.arange(network.theta.size).reshape(network.theta.shape)
    flat = [p.reshape(*network.stack_shape, -1) for p in network.parameters()]
    assert np.concatenate(flat, axis=-1).tolist() == network.theta.tolist()
    for layer in network.layers:
        layer.W = np.full(layer.W.shape, 0.5)
        layer.b[...] = 0.25
    assert set(network.theta.flat) == {0.5, 0.25}
    assert [layer.activation.name for layer in network.layers] == ["tanh", "relu", "linear"]


def test_a_subclass_keeps_what_it_has_of_its_own_when_it_is_copied() -> None:
    class Named(MLP):
        name = ""

    network = Named([2, 1])
    network.name = "mine"
    twin = copy.deepcopy(network)
    assert (type(twin), twin.name) == (Named, "mine")
    twin.theta[...] = 0.0
    assert network.theta.any()


def test_gradients_are_views_of_one_vector_in_the_order_of_theta(data: Data) -> None:
    network = MLP.stack([MLP([2, 3, 1], "tanh", seed=s) for s in range(2)])
    trace = network.forward(data[0])
    gradients = network.backward(trace, mse(trace.output, data[1])[1])
    assert gradients.theta.shape == network.theta.shape
    like = network.with_theta(gradients.theta)
    assert_same(gradients.parameters(), like.parameters())
    gradients.theta[...] = 0.0
    assert not any(g.any() for g in gradients.parameters())


def test_two_passes_share_no_memory(data: Data) -> None:
    network = MLP([2, 3, 1], "tanh")
    first = network.forward(data[0])
    one = network.backward(first, mse(first.output, data[1])[1])
    kept = [p.copy() for p in [*first.z, *first.a, one.theta, *one.delta]]
    second = network.forward(-data[0])
    network.backward(second, mse(second.output, data[1])[1])
    assert_same([*first.z, *first.a, one.theta, *one.delta], kept)


def test_a_pass_writes_over_the_gradients_that_it_is_given_and_nothing_else(data: Data) -> None:
    stack = MLP.stack([MLP([2, 3, 1], "tanh", seed=s) for s in range(2)])
    trace = stack.forward(data[0])
    error = mse(trace.output, data[1])[1]
    fresh = stack.backward(trace, error)
    out = stack.backward(stack.forward(-data[0]), error)
    kept = [p.copy() for p in [error, *trace.z, *trace.a]]
    theta = out.theta
    assert stack.backward(trace, error, out=out) is out
    assert out.theta is theta
    assert_same(
        [out.theta, *out.W, *out.b, *out.delta], [fresh.theta, *fresh.W, *fresh.b, *fresh.delta]
    )
    assert_same([error, *trace.z, *trace.a], kept)


def test_backward_leaves_the_error_and_the_trace_as_they_are(data: Data) -> None:
    network = MLP([2, 3, 1], "linear")
    trace = network.forward(data[0])
    error = mse(trace.output, data[1])[1]
    kept = [p.copy() for p in [error, *trace.z, *trace.a]]
    network.backward(trace, error)
    assert_same([error, *trace.z, *trace.a], kept)


@pytest.mark.parametrize("shape", [(), (12,), (13, 1), (2, 14)], ids=str)
def test_a_theta_of_another_network_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="theta has shape") as error:
        MLP([2, 3, 1]).with_theta(np.zeros(shape))
    assert_one_line(error, str(shape), "(..., 13)")


def test_layers_that_do_not_fit_make_no_network() -> None:
    one, other = MLP([2, 3]).layers[0], MLP([4, 1]).layers[0]
    with pytest.raises(ValueError, match="layer 1 do not fit"):
        MLP.from_layers([one, other])


def test_scipy_trains_the_network_through_theta() -> None:
    """The notes' 2-2-1 on the penguins, by BFGS: no update rule of ours, no learning rate."""
    penguins = load("penguins")
    network = MLP([2, 2, 1], "tanh", seed=0)

    def loss(theta: Array) -> tuple[float, Array]:
        network.theta = theta
        trace = network.forward(penguins.x)
        loss, error = mse(trace.output, penguins.y)
        return float(loss), network.backward(trace, error).theta

    found = minimize(loss, network.theta.copy(), jac=True, method="BFGS")
    assert mse(network.predict(penguins.x), penguins.y)[0] == pytest.approx(found.fun, rel=1e-6)
    assert found.fun < 0.26  # two tanh units started well: 0.254; the best plane: 0.529
    descent = train(MLP([2, 2, 1], "tanh", seed=0), penguins.x, penguins.y, epochs=500)
    assert found.fun < descent.loss[-1]


def test_a_float64_array_that_is_assigned_is_not_shared() -> None:
    network, value = MLP([2, 1]), np.ones((2, 1))
    network.layers[0].W = value
    value[:] = 9.0
    assert network.layers[0].W.tolist() == [[1.0], [1.0]]


@pytest.mark.parametrize(
    "value",
    [
        np.ones((3, 2)),
        np.ones(6),
        np.ones((1, 2, 3)),
        1.0,
        np.full((2, 3), np.nan),
        np.full((2, 3), 1e300),
        [["a"] * 3] * 2,
        [[1.0] * 3, [1.0] * 2],
        None,
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["W", "b", "theta"])
def test_assigning_what_does_not_fit_is_refused_and_changes_nothing(name: str, value: Any) -> None:
    network = MLP([2, 3], dtype="float32")
    before = parameters_of(network)
    with pytest.raises(ValueError, match=name) as error:
        setattr(network if name == "theta" else network.layers[0], name, value)
    assert_one_line(error)
    assert_same(network.parameters(), before)


# Seeds ----------------------------------------------------------------------------------------

SIZES = [3, 3, 3, 3]


@pytest.mark.parametrize("seed", [0, 7, np.int64(7), 2**100, np.random.SeedSequence(7)])
def test_the_same_seed_draws_the_same_network_every_time(seed: Any) -> None:
    first, again = (MLP(SIZES, bias_initializer="normal", seed=seed) for _ in range(2))
    assert_same(first.parameters(), again.parameters())


def test_a_seed_sequence_is_the_seed_it_was_made_of_and_its_children_are_others() -> None:
    seven, root = MLP(SIZES, seed=7), np.random.SeedSequence(7)
    assert_same(MLP(SIZES, seed=root).parameters(), seven.parameters())
    children = [MLP(SIZES, seed=child).layers[0].W for child in root.spawn(2)]
    assert not np.isin(children[0], [children[1], seven.layers[0].W]).any()


def test_every_array_has_a_stream_of_its_own() -> None:
    networks = [
        MLP(SIZES, kernel_initializer="normal", bias_initializer="normal", seed=seed)
        for seed in (0, 1)
    ]
    numbers = np.concatenate([p.ravel() for net in networks for p in net.parameters()])
    assert len(np.unique(numbers)) == len(numbers)


@pytest.mark.parametrize("kernel", initializers.names())
def test_another_kernel_initializer_changes_no_bias(kernel: str) -> None:
    network, other = (
        MLP(SIZES, kernel_initializer=name, bias_initializer="normal", seed=5)
        for name in ("glorot_uniform", kernel)
    )
    for layer, changed in zip(network.layers, other.layers, strict=True):
        np.testing.assert_array_equal(layer.b, changed.b)


@pytest.mark.parametrize("k", range(3))
def test_another_initializer_in_one_layer_changes_no_other_array(k: int) -> None:
    plain, changed = ["he_normal"] * 3, ["he_normal"] * 3
    changed[k] = "orthogonal"
    network, other_W, other_b = (
        MLP(SIZES, kernel_initializer=kernels, bias_initializer=biases, seed=5)
        for kernels, biases in ((plain, plain), (changed, plain), (plain, changed))
    )
    for other, moved in ((other_W, 2 * k), (other_b, 2 * k + 1)):
        pairs = zip(network.parameters(), other.parameters(), strict=True)
        assert [i for i, (p, q) in enumerate(pairs) if (p != q).any()] == [moved]


def test_another_width_downstream_changes_no_earlier_layer() -> None:
    narrow, wide = (MLP([3, 4, m], kernel_initializer="normal") for m in (1, 9))
    assert_same(narrow.parameters()[:2], wide.parameters()[:2])


def test_dtype_changes_only_the_rounding() -> None:
    double, single = (MLP(SIZES, seed=3, dtype=dtype) for dtype in ("float64", "float32"))
    assert_same(single.parameters(), [p.astype(np.float32) for p in double.parameters()])


@pytest.mark.parametrize("seed", [-1, 0.0, 1.5, True, False, None, "0", [1], np.bool_(True)])
def test_a_seed_is_a_whole_number_from_0(seed: Any) -> None:
    with pytest.raises(ValueError, match="seed") as error:
        MLP([2, 1], seed=seed)
    assert_one_line(error, repr(seed))


def test_a_child_is_what_spawning_makes() -> None:
    root = np.random.SeedSequence(42)
    child = root.spawn(3)[2].spawn(2)[1]
    expected = np.random.default_rng(child).random(4)
    np.testing.assert_array_equal(child_rng(42, 2, 1).random(4), expected)


def test_the_global_generator_is_never_touched(data: Data) -> None:
    before = np.random.get_state(legacy=False)  # noqa: NPY002
    for name in initializers.names():
        network = MLP([2, 3, 1], kernel_initializer=name, bias_initializer="normal")
        train(network, *data, epochs=2, batch_size=5)
        diagnostics.gradient_check(network, *data)
    after = np.random.get_state(legacy=False)  # noqa: NPY002
    assert repr(before) == repr(after)


# Arguments ------------------------------------------------------------------------------------


def test_initializers_see_the_fans_and_a_bias_is_the_weight_of_a_constant_input() -> None:
    fans: list[tuple[str, int, int]] = []

    def note(name: str) -> Any:
        def record(rng: np.random.Generator, fan_in: int, fan_out: int) -> Array:
            fans.append((name, fan_in, fan_out))
            return np.zeros((fan_in, fan_out))

        return record

    MLP([5, 4, 2], kernel_initializer=note("W"), bias_initializer=note("b"))
    assert sorted(fans) == [("W", 4, 2), ("W", 5, 4), ("b", 1, 2), ("b", 1, 4)]


def test_the_defaults_are_relu_linear_glorot_uniform_and_zero_biases() -> None:
    network = MLP([3, 4, 2])
    explicit = MLP([3, 4, 2], "relu", "linear", "glorot_uniform", "zeros", seed=0, dtype="float64")
    assert repr(network) == repr(explicit) == "MLP(3-4-2, relu, linear, float64)"
    assert_same(network.parameters(), explicit.parameters())


def test_one_of_everything_per_layer() -> None:
    network = MLP(
        [2, 3, 3, 1],
        activation=["tanh", activations.sigmoid],
        output_activation="relu",
        kernel_initializer=("ones", initializers.constant(2.0), "zeros"),
        bias_initializer=["zeros", "ones", initializers.constant(-1.0)],
    )
    assert activation_names(network) == ["tanh", "sigmoid", "relu"]
    assert [set(p.flat) for p in network.parameters()] == [{1}, {0}, {2}, {1}, {0}, {-1}]


@pytest.mark.parametrize(
    "sizes",
    [[], [2], [2, 0], [2, -1, 1], [2, 1.5], [2, None], [2, "3"], 5, None, "22"]
    + [[2, float("nan")], [2, float("inf")], [[2, 2], 1]],
    ids=repr,
)
def test_sizes_are_two_or_more_positive_whole_numbers(sizes: Any) -> None:
    with pytest.raises(ValueError, match="sizes must be two or more positive") as error:
        MLP(sizes)
    assert_one_line(error, repr(sizes))


@pytest.mark.parametrize("dtype", ["float16", "int64", "complex128", "object", "nonsense", ">f8"])
def test_dtype_is_one_of_two(dtype: str) -> None:
    with pytest.raises(ValueError, match="dtype must be 'float64' or 'float32'") as error:
        MLP([2, 1], dtype=dtype)
    assert_one_line(error, dtype)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"activation": ["relu"]}, ("activation", "1 entries", "expected 2", "hidden layer")),
        ({"kernel_initializer": ["zeros"] * 2}, ("kernel_initializer", "2 entries", "expected 3")),
        ({"bias_initializer": ["zeros"] * 4}, ("bias_initializer", "4 entries", "expected 3")),
        ({"activation": "rellu"}, ("'rellu'", "did you mean 'relu'")),
        ({"output_activation": "tan"}, ("'tan'", "did you mean 'tanh'")),
        ({"kernel_initializer": "he_norml"}, ("'he_norml'", "did you mean 'he_normal'")),
        ({"bias_initializer": "zero"}, ("'zero'", "did you mean 'zeros'")),
    ],
)
def test_a_wrong_argument_is_named(how: dict[str, Any], words: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=words[0]) as error:
        MLP([2, 3, 3, 1], **how)
    assert_one_line(error, *words)


@pytest.mark.parametrize("which", ["kernel_initializer", "bias_initializer"])
def test_weights_too_large_for_float32_are_refused(which: str) -> None:
    how: dict[str, Any] = {which: initializers.constant(1e300)}
    assert MLP([2, 1], **how).is_finite()
    with pytest.raises(ValueError, match=r"1e\+300") as error:
        MLP([2, 1], dtype="float32", **how)
    assert_one_line(error)


@pytest.mark.parametrize(
    "x",
    [
        [[1.0, np.nan]],
        [[np.inf, 1.0]],
        [["a", "b"]],
        [[1.0, 2.0], [3.0]],
        [[1.0, None]],
        [[1j, 1.0]],
        [[1.0, 2.0, 3.0]],
        [1.0, 2.0],
        [],
        [[]],
        np.empty((0, 2)),
        None,
        "12",
        [[1e300, 1.0]],
    ],
    ids=str,
)
def test_predict_refuses_what_is_not_rows_of_numbers_in_one_line(x: Any) -> None:
    with pytest.raises(ValueError, match="x") as error:
        MLP([2, 3, 1], dtype="float32").predict(x)
    assert_one_line(error)
    assert str(error.value).startswith(("x ", "x["))


def test_predict_takes_a_1_d_list_when_there_is_one_input() -> None:
    network = MLP([1, 1], kernel_initializer="ones")
    assert network.predict([1, 2, 3]).tolist() == [[1], [2], [3]]


@pytest.mark.parametrize("value", ["relu", None, np.tanh, {"a": 1}])
def test_what_is_no_list_holds_for_every_layer(value: Any) -> None:
    assert one_per_layer(value, 3, "thing", "layer") == [value] * 3
    assert one_per_layer(value, 0, "thing", "layer") == []
