"""Training: against scikit-learn, closed forms and a single unit; stacks; and the record."""

from __future__ import annotations

import re
import tracemalloc
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from mlp import (
    MLP,
    SGD,
    Adam,
    Dense,
    Gradients,
    Trace,
    activations,
    diagnostics,
    initializers,
    mse,
    train,
)
from mlp.activations import ACTIVATIONS
from mlp.arrays import Array
from mlp.optimizers import OPTIMIZERS, Optimizer, Resumable
from tests.conftest import Data
from tests.oracles import assert_one_line, assert_same, one_unit_losses, parameters_of

# scikit-learn -----------------------------------------------------------------------------------

THEIRS = {"linear": "identity", "relu": "relu", "tanh": "tanh", "sigmoid": "logistic"}


def trained_by_sklearn(network: MLP, x: Array, y: Array, epochs: int, **how: Any) -> list[Array]:
    """Return W[0], b[0], ... after scikit-learn trained from the same weights.

    A first short fit makes the arrays, which are then replaced; a warm start takes them from
    there with a new optimizer.
    """
    settings = {
        "hidden_layer_sizes": network.sizes[1:-1],
        "activation": THEIRS[network.layers[0].activation.name],
        "batch_size": len(x),
        "alpha": 0.0,
        "shuffle": False,
        "nesterovs_momentum": False,
        "momentum": 0.0,
        "learning_rate": "constant",
        "tol": 0.0,
        "n_iter_no_change": epochs + 1,
        "warm_start": True,
        "max_iter": 1,
    }
    theirs = MLPRegressor(**(settings | how))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs.fit(x, y[:, 0])
        theirs.coefs_ = [layer.W.copy() for layer in network.layers]
        theirs.intercepts_ = [layer.b[0].copy() for layer in network.layers]
        theirs.set_params(max_iter=epochs).fit(x, y[:, 0])
    return [
        p
        for W, b in zip(theirs.coefs_, theirs.intercepts_, strict=True)
        for p in (W, b[np.newaxis])
    ]


def start(activation: str, **how: Any) -> MLP:
    return MLP([2, 5, 4, 1], activation=activation, bias_initializer="normal", seed=2, **how)


@pytest.mark.parametrize("batch_size", [None, 6], ids=["all rows", "6 rows"])
@pytest.mark.parametrize("momentum", [0.0, 0.8])
@pytest.mark.parametrize("activation", THEIRS)
def test_two_hundred_steps_of_sgd_agree_with_scikit_learn(
    activation: str, momentum: float, batch_size: int | None, data: Data
) -> None:
    network, rate = start(activation), 0.05 * (1 - momentum)
    epochs = 200 if batch_size is None else 50  # 23 rows: batches of 6, 6, 6 and 5
    theirs = trained_by_sklearn(
        network,
        *data,
        epochs,
        solver="sgd",
        learning_rate_init=2 * rate,
        momentum=momentum,
        batch_size=batch_size or len(data[0]),
    )
    before = parameters_of(network)
    optimizer = SGD(rate, momentum)
    train(network, *data, optimizer=optimizer, epochs=epochs, batch_size=batch_size, shuffle=False)
    assert_same(network.parameters(), theirs, atol=1e-12)
    moved = zip(network.parameters(), before, strict=True)
    assert max(np.abs(p - q).max() for p, q in moved) > 0.1


@pytest.mark.parametrize("activation", ["linear", "tanh", "sigmoid"])
def test_adam_agrees_with_scikit_learn_where_epsilon_does_not_matter(
    activation: str, data: Data
) -> None:
    # They add ε before correcting for the start, we after, as in Algorithm 1; and their
    # gradient is half ours, of which only ε takes notice.
    network, epsilon = start(activation), 1e-200
    theirs = trained_by_sklearn(
        network, *data, 200, solver="adam", learning_rate_init=0.01, epsilon=epsilon
    )
    train(network, *data, optimizer=Adam(0.01, epsilon=epsilon), epochs=200)
    assert_same(network.parameters(), theirs, atol=1e-10)


# Closed forms and the single unit ---------------------------------------------------------------


@pytest.mark.parametrize("learning_rate", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("hidden", [[2], [3, 2], [4, 3, 2]], ids=str)
@pytest.mark.parametrize("activation", ["linear", "relu", "tanh"])
def test_from_zero_only_the_output_bias_learns_and_it_learns_the_mean(
    activation: str, hidden: list[int], learning_rate: float, data: Data
) -> None:
    x, y = data
    network = MLP([2, *hidden, 1], activation=activation, kernel_initializer="zeros")
    network.layers[-1].b = [[2.0]]
    c: list[float] = []
    train(
        network,
        x,
        y,
        optimizer=SGD(learning_rate),
        epochs=40,
        on_epoch=lambda epoch, loss: c.append(float(network.layers[-1].b[0, 0])),
    )
    k = np.arange(41)
    theorem = (1 - 2 * learning_rate) ** k * (2.0 - y.mean())
    np.testing.assert_allclose(c - y.mean(), theorem, rtol=1e-12, atol=1e-14)
    for p in network.parameters()[:-1]:
        assert not p.any()


@pytest.mark.parametrize("activation", ["linear", "relu", "tanh"])
def test_from_zero_a_standardised_target_stays_at_its_variance(
    activation: str, data: Data
) -> None:
    x, y = data
    y = (y - y.mean()) / y.std()
    network = MLP([2, 2, 1], activation=activation, kernel_initializer="zeros")
    np.testing.assert_allclose(train(network, x, y, epochs=50).loss, 1.0, rtol=1e-13)


def test_from_zero_sigmoid_wakes_one_layer_per_step_from_the_output_back(data: Data) -> None:
    network = MLP([2, 3, 3, 3, 1], activation="sigmoid", kernel_initializer="zeros")
    awake = []
    for _ in range(4):
        train(network, *data, epochs=1)
        awake.append([bool(layer.W.any()) for layer in network.layers])
    assert awake == [
        [False, False, False, True],
        [False, False, True, True],
        [False, True, True, True],
        [True, True, True, True],
    ]


@pytest.mark.parametrize("units", [2, 5, 9])
@pytest.mark.parametrize("activation", list(THEIRS))
def test_identical_units_learn_as_one_unit(activation: str, units: int, data: Data) -> None:
    x, y = data
    rate, epochs = 0.2 / units, 300
    network = MLP([2, units, 1], activation=activation, kernel_initializer="constant")
    history = train(network, x, y, optimizer=SGD(rate), epochs=epochs)
    one = one_unit_losses(
        activation, np.full(2, 0.5), units * 0.5, x, y, rate, units=units, epochs=epochs
    )
    np.testing.assert_allclose(history.loss, one, rtol=1e-12, atol=1e-12)
    assert history.loss[-1] < 0.9 * history.loss[0]


# Stacks -----------------------------------------------------------------------------------------

OPTIMIZER_CASES: dict[str, tuple[Any, dict[str, float]]] = {
    **{name: (OPTIMIZERS[name], {}) for name in OPTIMIZERS},
    "momentum": (SGD, {"momentum": 0.9}),
}


def make(name: str, learning_rate: float = 0.02) -> Optimizer:
    factory, parameters = OPTIMIZER_CASES[name]
    optimizer: Optimizer = factory(learning_rate=learning_rate, **parameters)
    return optimizer


@pytest.mark.parametrize("batch_size", [None, 5], ids=["all rows", "5 rows"])
@pytest.mark.parametrize(("dtype", "close"), [("float64", 1e-12), ("float32", 2e-5)])
@pytest.mark.parametrize("name", OPTIMIZER_CASES)
def test_every_member_of_a_stack_trains_as_if_alone(
    name: str, dtype: str, close: float, batch_size: int | None, data: Data
) -> None:
    kernels = ["he_normal", "orthogonal", "constant"]
    members = [
        MLP([2, 4, 3, 1], "tanh", kernel_initializer=kernel, seed=seed, dtype=dtype)
        for seed, kernel in enumerate(kernels)
    ]
    stack = MLP.stack(members)
    how: dict[str, Any] = {"epochs": 20, "batch_size": batch_size, "seed": 3}
    how["probes"] = diagnostics.CHEAP
    together = train(stack, *data, optimizer=make(name), **how)
    for r, member in enumerate(members):
        alone = train(member, *data, optimizer=make(name), **how)
        assert_same(stack[r].parameters(), member.parameters(), rtol=close, atol=close)
        np.testing.assert_allclose(together.loss[:, r], alone.loss, rtol=10 * close)
        for probe, values in alone.probes.items():
            np.testing.assert_allclose(
                together[probe][:, r], values, rtol=100 * close, atol=10 * close
            )


@pytest.mark.parametrize("batch_size", [None, 5], ids=["all rows", "5 rows"])
@pytest.mark.parametrize("own", [False, True], ids=["the same rows", "own rows"])
@pytest.mark.parametrize("nested", [False, True], ids=["a stack", "a stack of stacks"])
def test_going_through_the_members_in_parts_changes_no_bit(
    nested: bool,
    own: bool,
    batch_size: int | None,
    data: Data,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    members = [MLP([2, 4, 3, 1], "tanh", seed=seed) for seed in range(10)]
    stacks = [MLP.stack(members[:5]), MLP.stack(members[5:])]
    how: dict[str, Any] = {"epochs": 7, "batch_size": batch_size}
    x, y = data
    if own:
        shape = (2, 5) if nested else (5,)
        x, y = (a + 0.1 * rng.standard_normal((*shape, 1, 1)) for a in data)
    whole = MLP.stack(stacks) if nested else stacks[0]
    small, told = whole.copy(), []
    expected = train(whole, x, y, optimizer=Adam(0.01), **how)
    monkeypatch.setattr("mlp.training.IN_CACHE", 20_000)
    history = train(
        small, x, y, optimizer=Adam(0.01), on_epoch=lambda _, loss: told.append(loss.copy()), **how
    )
    np.testing.assert_array_equal(small.theta, whole.theta)
    np.testing.assert_array_equal(history.loss, expected.loss)
    np.testing.assert_array_equal(told, expected.loss)
    assert len(np.unique(history.loss[-1])) == whole.theta[..., 0].size


def test_large_stacks_need_little_more_memory_than_their_parameters(
    rng: np.random.Generator,
) -> None:
    x = rng.standard_normal((500, 2))

    def peak(networks: int) -> int:
        stack = MLP.stack([MLP([2, 20, 20, 1], "tanh", seed=s) for s in range(networks)])
        tracemalloc.start()
        train(stack, x, x[:, :1], epochs=1)
        high = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return high

    assert peak(400) < 2 * peak(40)


@pytest.mark.parametrize("batch_size", [None, 5], ids=["all rows", "5 rows"])
def test_what_a_probe_keeps_stays_as_it_was(batch_size: int | None, data: Data) -> None:
    kept: list[tuple[Gradients, list[Array]]] = []

    def keep(network: MLP, trace: Trace, gradients: Gradients) -> float:
        kept.append((gradients, [g.copy() for g in (gradients.theta, *gradients.delta)]))
        return 0.0

    network = MLP([2, 3, 1], "tanh")
    train(network, *data, epochs=3, batch_size=batch_size, probes={"keep": keep})
    assert len(kept) == 4
    for gradients, copies in kept:
        assert_same([gradients.theta, *gradients.delta], copies)


def test_a_stack_of_stacks_trains_every_network_as_if_alone(data: Data) -> None:
    members = [[MLP([2, 3, 1], "tanh", seed=2 * i + j) for j in range(2)] for i in range(3)]
    nested = MLP.stack([MLP.stack(row) for row in members])
    history = train(nested, *data, epochs=15, batch_size=7, probes=diagnostics.CHEAP)
    assert history.loss.shape == (16, 3, 2)
    assert history["a_rms"].shape == (16, 3, 2, 2)
    assert history.diverged_at.tolist() == [[-1, -1]] * 3
    for i, j in np.ndindex(3, 2):
        alone = train(members[i][j], *data, epochs=15, batch_size=7)
        assert_same(nested[i][j].parameters(), members[i][j].parameters(), atol=1e-12)
        np.testing.assert_allclose(history.loss[:, i, j], alone.loss, rtol=1e-11)


@pytest.mark.parametrize("batch_size", [None, 5], ids=["all rows", "5 rows"])
@pytest.mark.parametrize("name", OPTIMIZER_CASES)
def test_a_member_that_diverges_leaves_the_others_exactly_as_they_were(
    name: str, batch_size: int | None, data: Data
) -> None:
    stacks = []
    for sigma in (1e200, 0.5):
        members = [MLP([2, 3, 1], "tanh", seed=seed) for seed in range(3)]
        members[1] = MLP([2, 3, 1], "tanh", kernel_initializer=initializers.normal(sigma))
        stacks.append(MLP.stack(members))
    with_wild, without = (
        train(
            stack,
            *data,
            optimizer=make(name),
            epochs=10,
            batch_size=batch_size,
            probes=diagnostics.CHEAP,
        )
        for stack in stacks
    )
    assert (with_wild.diverged_at[1], without.diverged_at[1]) == (0, -1)
    for r in (0, 2):
        assert_same(stacks[0][r].parameters(), stacks[1][r].parameters())
        assert with_wild.loss[:, r].tolist() == without.loss[:, r].tolist()
        assert with_wild.diverged_at[r] == -1


def test_members_may_have_one_x_and_y_each(rng: np.random.Generator) -> None:
    x, y = rng.standard_normal((2, 9, 2)), rng.standard_normal((2, 9, 1))
    members = [MLP([2, 3, 1], "tanh", seed=s) for s in range(2)]
    stack = MLP.stack(members)
    history = train(stack, x, y, epochs=9, batch_size=4)
    for r, member in enumerate(members):
        alone = train(member, x[r], y[r], epochs=9, batch_size=4)
        np.testing.assert_allclose(history.loss[:, r], alone.loss, rtol=1e-12)
        assert_same(stack[r].parameters(), member.parameters(), atol=1e-12)


# The record -------------------------------------------------------------------------------------


def test_the_loss_is_recorded_before_training_and_after_every_epoch(data: Data) -> None:
    network = MLP([2, 3, 1], "tanh")
    losses = [float(mse(network.predict(data[0]), data[1])[0])]
    whole = MLP([2, 3, 1], "tanh")
    history = train(whole, *data, optimizer=SGD(0.2), epochs=5, batch_size=4, shuffle=False)
    for _ in range(5):
        train(network, *data, optimizer=SGD(0.2), epochs=1, batch_size=4, shuffle=False)
        losses.append(float(mse(network.predict(data[0]), data[1])[0]))
    assert history.loss.shape == (6,)
    assert history.epochs == 5
    np.testing.assert_allclose(history.loss, losses, rtol=1e-13)
    assert len(set(losses)) == 6
    assert history.diverged_at == -1


def test_training_goes_on_where_it_stopped(data: Data) -> None:
    once, twice = MLP([2, 3, 1], "tanh"), MLP([2, 3, 1], "tanh")
    optimizer = Adam(0.05)
    train(once, *data, optimizer=Adam(0.05), epochs=20)
    for _ in range(2):
        train(twice, *data, optimizer=optimizer, epochs=10)
    assert_same(twice.parameters(), once.parameters(), rtol=1e-14)


def test_no_epochs_only_measure(data: Data) -> None:
    network = MLP([2, 3, 1])
    before = parameters_of(network)
    history = train(network, *data, epochs=0, probes=diagnostics.CHEAP)
    assert_same(network.parameters(), before)
    assert history.loss.tolist() == [mse(network.predict(data[0]), data[1])[0]]
    assert all(len(values) == 1 for values in history.probes.values())


@pytest.mark.parametrize("batch_size", [23, 24, 1000])
def test_a_batch_as_large_as_the_data_is_the_whole(batch_size: int, data: Data) -> None:
    network, whole = MLP([2, 3, 1]), MLP([2, 3, 1])
    history = train(network, *data, epochs=9, batch_size=batch_size)
    assert history.loss.tolist() == train(whole, *data, epochs=9).loss.tolist()
    assert_same(network.parameters(), whole.parameters())


def test_sgd_of_a_tenth_is_the_default_optimizer(data: Data) -> None:
    network, explicit = MLP([2, 3, 1]), MLP([2, 3, 1])
    train(network, *data, epochs=3)
    train(explicit, *data, optimizer=SGD(0.1), epochs=3)
    assert_same(network.parameters(), explicit.parameters())


@pytest.mark.parametrize("batch_size", [None, 5])
def test_probes_see_the_network_and_a_pass_over_all_of_x(
    batch_size: int | None, data: Data
) -> None:
    x, y = data
    trained = MLP([2, 3, 1], "tanh")
    calls = 0

    def probe(network: MLP, trace: Trace, gradients: Gradients) -> Array:
        nonlocal calls
        calls += 1
        assert network is trained
        again = network.forward(x)
        assert_same(trace.z + trace.a, again.z + again.a)
        expected = network.backward(again, mse(again.output, y)[1])
        assert_same(gradients.parameters(), expected.parameters())
        assert_same(gradients.delta, expected.delta)
        return np.array([calls, network.layers[0].W[0, 0]])

    history = train(trained, x, y, epochs=4, batch_size=batch_size, probes={"mine": probe})
    assert list(history.probes) == ["mine"]
    assert history["mine"].shape == (5, 2)
    assert history["mine"][:, 0].tolist() == [1, 2, 3, 4, 5]
    assert history["mine"][-1, 1] == trained.layers[0].W[0, 0]


def test_probes_may_return_numbers_bools_and_integers(data: Data) -> None:
    history = train(
        MLP([2, 3, 1]),
        *data,
        epochs=2,
        probes={"f": lambda *_: 0.5, "i": lambda *_: 7, "b": lambda *_: [True, False]},
    )
    assert history["f"].tolist() == [0.5] * 3
    assert history["i"].tolist() == [7] * 3
    assert history["b"].tolist() == [[True, False]] * 3


def test_nothing_but_the_loss_is_recorded_unless_asked_for(data: Data) -> None:
    assert train(MLP([2, 4, 3, 1]), *data, epochs=2).probes == {}


def test_the_cheap_diagnostics_are_recorded_per_layer(data: Data) -> None:
    history = train(MLP([2, 4, 3, 1]), *data, epochs=2, probes=diagnostics.CHEAP)
    shapes = {name: values.shape for name, values in history.probes.items()}
    hidden, layers = (3, 2), (3, 3)
    assert shapes == {
        "gradient_spread": hidden,
        "weight_spread": hidden,
        "dead": hidden,
        "saturated": hidden,
        "a_rms": layers,
        "delta_rms": layers,
        "dW_rms": layers,
    }


def test_a_history_is_one_line(data: Data) -> None:
    history = train(MLP([2, 3, 1], "tanh"), *data, epochs=2000)
    first, last = (f"{loss:.3g}" for loss in history.loss[[0, -1]])
    assert repr(history) == f"History(2000 epochs, loss {first} -> {last})"
    history = train(MLP([2, 3, 1]), *data, optimizer=SGD(1e300), epochs=9)
    assert repr(history) == f"History(9 epochs, loss {history.loss[0]:.3g} -> nan, diverged at 1)"
    members = [MLP([2, 1], kernel_initializer="zeros") for _ in range(3)]
    members[1].layers[0].b = [[1e300]]
    history = train(MLP.stack(members), *data, epochs=9)
    first, last = (f"{loss:.3g}" for loss in history.loss[[0, -1], 0])
    words = f"9 epochs of 3 networks, median loss {first} -> {last}, 1 diverged"
    assert repr(history) == f"History({words})"


def test_on_epoch_is_told_every_loss_once(data: Data) -> None:
    told: list[tuple[int, float]] = []
    history = train(
        MLP([2, 3, 1]), *data, epochs=4, on_epoch=lambda epoch, loss: told.append((epoch, loss))
    )
    assert told == list(enumerate(history.loss))


def test_memory_grows_with_the_epochs_only_by_the_loss(data: Data) -> None:
    def peak(epochs: int) -> int:
        network = MLP([2, 8, 1], "tanh")
        tracemalloc.start()
        train(network, *data, epochs=epochs, batch_size=12)
        high = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return high

    peak(1500)
    assert peak(1500) - peak(100) < 1400 * 8 + 2000


@pytest.mark.parametrize("batch_size", [None, 100], ids=["all rows", "100 rows"])
def test_training_needs_no_more_memory_than_one_pass(
    batch_size: int | None, rng: np.random.Generator
) -> None:
    x = rng.standard_normal((2000, 3))
    network = MLP([3, 50, 50, 1])

    def one_pass() -> None:
        trace = network.forward(x)
        network.backward(trace, mse(trace.output, x[:, :1])[1])

    def peak(action: Callable[[], object]) -> int:
        tracemalloc.start()
        action()
        high = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return high

    training = peak(lambda: train(network, x, x[:, :1], epochs=3, batch_size=batch_size))
    assert training < 1.15 * peak(one_pass)


# In two parts -----------------------------------------------------------------------------------

RESUMED: dict[str, Callable[[], Resumable]] = {
    "sgd": lambda: SGD(0.1),
    "momentum": lambda: SGD(0.1, momentum=0.9),
    "adam": lambda: Adam(0.01),
}


@pytest.mark.parametrize("batch_size", [None, 5], ids=["all rows", "5 rows"])
@pytest.mark.parametrize("name", RESUMED)
@pytest.mark.parametrize("first", [0, 1, 6])
def test_training_in_two_parts_is_bit_for_bit_training_in_one(
    name: str, first: int, batch_size: int | None, data: Data
) -> None:
    how: dict[str, Any] = {"batch_size": batch_size, "seed": 3}
    whole, part = start("tanh"), start("tanh")
    expected = train(whole, *data, optimizer=RESUMED[name](), epochs=10, **how)
    before = RESUMED[name]()
    train(part, *data, optimizer=before, epochs=first, **how)
    part, after = part.copy(), RESUMED[name]()
    after.memory.restore(part.theta, before.memory.state())
    epochs: list[int] = []
    history = train(
        part, *data, optimizer=after, epochs=10 - first, first_epoch=first,
        on_epoch=lambda epoch, loss: epochs.append(epoch), **how,
    )  # fmt: skip
    assert_same(part.parameters(), whole.parameters())
    np.testing.assert_array_equal(history.loss, expected.loss[first:])
    assert epochs == list(range(first, 11))


def test_divergence_is_dated_from_the_first_epoch_of_all(data: Data) -> None:
    history = train(start("relu"), *data, optimizer=SGD(1e200), epochs=9, first_epoch=100)
    assert history.diverged_at == 101
    assert np.isfinite(history.loss[0])


# Batches ----------------------------------------------------------------------------------------


class Recorder(MLP):
    """A network that notes which rows it saw; x is the number of the row."""

    def __init__(self, kernel: str = "he_normal", dtype: str = "float64") -> None:
        super().__init__([1, 2, 1], "tanh", kernel_initializer=kernel, seed=0, dtype=dtype)
        self.seen: list[list[int]] = []

    def forward(self, x: Array) -> Trace:
        self.seen.append(x[:, 0].astype(int).tolist())
        return super().forward(x)


N, ROWS = 11, np.arange(11.0)[:, np.newaxis]


def batches_of(epochs: int = 3, batch_size: int = 4, **how: Any) -> list[list[list[int]]]:
    """Return the batches of every epoch, without the passes over everything."""
    kernel = how.pop("kernel", "he_normal")
    network = Recorder(kernel)
    train(network, ROWS, ROWS / N, epochs=epochs, batch_size=batch_size, **how)
    per_epoch = -(-N // batch_size) + 1
    passes = network.seen[1:]
    assert len(passes) == epochs * per_epoch
    assert all(len(rows) == N for rows in network.seen[::per_epoch])
    return [passes[k * per_epoch : (k + 1) * per_epoch - 1] for k in range(epochs)]


@pytest.mark.parametrize("batch_size", [1, 4, 10])
def test_every_epoch_sees_every_row_once_in_a_new_order(batch_size: int) -> None:
    epochs = batches_of(batch_size=batch_size)
    for batches in epochs:
        assert [len(b) for b in batches[:-1]] == [batch_size] * (len(batches) - 1)
        assert 1 <= len(batches[-1]) <= batch_size
        assert sorted(row for batch in batches for row in batch) == list(range(N))
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]


def test_without_shuffling_the_batches_follow_the_rows() -> None:
    rows = [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]
    assert batches_of(shuffle=False) == [rows] * 3


def test_the_seed_alone_decides_the_batches() -> None:
    assert batches_of(seed=5) == batches_of(seed=5)
    assert batches_of(seed=5) == batches_of(seed=5, kernel="zeros")
    assert batches_of(seed=5) == batches_of(seed=5, optimizer=Adam(0.1))
    assert batches_of(seed=5) != batches_of(seed=6)
    assert batches_of(seed=5) == batches_of(seed=np.random.SeedSequence(5))


@pytest.mark.parametrize("seed", [-1, 0.0, True, None, "0"])
def test_a_seed_is_a_whole_number_from_0(seed: Any, data: Data) -> None:
    with pytest.raises(ValueError, match="seed") as error:
        train(MLP([2, 1]), *data, seed=seed)
    assert_one_line(error, repr(seed))


# Divergence -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch_size", [None, 5], ids=["all rows", "5 rows"])
@pytest.mark.parametrize("optimizer", [SGD(1e300), SGD(1e300, 0.9), Adam(1e300)], ids=str)
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_a_rate_beyond_reason_diverges_at_epoch_1_without_a_warning(
    activation: str, optimizer: Optimizer, batch_size: int | None, dtype: str, data: Data
) -> None:
    told = []
    history = train(
        MLP([2, 3, 1], activation, dtype=dtype),
        *data,
        optimizer=optimizer,
        epochs=30,
        batch_size=batch_size,
        on_epoch=lambda epoch, loss: told.append(epoch),
        probes=diagnostics.CHEAP,
    )
    assert history.diverged_at == 1
    assert history.loss.shape == (31,)
    assert np.isfinite(history.loss[0])
    assert np.isnan(history.loss[2:]).all()
    assert told == [0, 1]
    for values in history.probes.values():
        assert len(values) == 31


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_epoch_at_which_each_member_diverged_is_told(dtype: str, data: Data) -> None:
    # A linear unit without hidden layers diverges geometrically: the larger start, the sooner.
    members = [MLP([2, 1], dtype=dtype) for _ in range(3)]
    members[1].layers[0].b = [[1e10]]
    members[2].layers[0].b = [[1e18]]
    history = train(MLP.stack(members), *data, optimizer=SGD(50.0), epochs=200)
    first = [int(np.argmin(np.isfinite(history.loss[:, r]))) for r in range(3)]
    assert history.diverged_at.tolist() == first
    assert 0 < first[2] < first[1] < first[0]


class Break:
    """An optimizer that makes one weight infinite at a chosen step."""

    learning_rate = 1.0

    def __init__(self, at: int) -> None:
        self.steps, self.at = 0, at

    def update(self, theta: Array, g: Array) -> None:
        self.steps += 1
        if self.steps == self.at:
            theta[1, 0] = np.inf


def test_an_infinite_weight_behind_a_finite_loss_is_noticed() -> None:
    stack = MLP.stack([MLP([1, 2, 1], "sigmoid", seed=s) for s in range(3)])
    history = train(stack, [[1.0], [2.0]], [0.0, 1.0], optimizer=Break(at=2), epochs=4)
    assert np.isfinite(history.loss).all()
    assert history.diverged_at.tolist() == [-1, 2, -1]


def test_a_network_that_is_infinite_from_the_start_diverged_at_epoch_0() -> None:
    layer = Dense(np.array([[np.inf]]), np.array([[0.0]]), activations.sigmoid)
    history = train(MLP.from_layers([layer]), [[1.0]], [0.0], epochs=3)
    assert history.diverged_at == 0
    assert history.loss[0] == 1.0
    assert np.isnan(history.loss[1:]).all()


# Arguments --------------------------------------------------------------------------------------

X, Y = np.ones((4, 2)), np.ones(4)

BAD_NUMBERS: list[Any] = [
    np.full((4, 2), np.nan),
    np.full((4, 2), np.inf),
    np.full((4, 2), 1e300),
    [["a", "b"]] * 4,
    [[1.0, 2.0]] * 3 + [[1.0]],
    [[1.0, None]] * 4,
    None,
    "text",
    np.zeros((4, 3)),
    np.zeros((0, 2)),
    [],
]


@pytest.mark.parametrize("value", BAD_NUMBERS, ids=str)
@pytest.mark.parametrize("name", ["x", "y"])
def test_data_that_are_not_rows_of_finite_numbers_are_refused_by_name(
    name: str, value: Any
) -> None:
    network = MLP([2, 3, 2], dtype="float32")
    before = parameters_of(network)
    with pytest.raises(ValueError, match=f"^{name}[ \\[]") as error:
        train(network, **({"x": X, "y": X} | {name: value}))
    assert_one_line(error)
    assert_same(network.parameters(), before)


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (X, np.ones(3), ("x has 4 rows", "y has 3")),
        (X, np.ones((5, 1)), ("x has 4 rows", "y has 5")),
        (X, np.ones((4, 2)), ("y has shape (4, 2)", "expected (n, 1)")),
        (X, np.ones((1, 4)), ("y has shape (1, 4)", "expected (n, 1)")),
        (np.ones(2), Y, ("x has shape (2,)", "expected (n, 2)")),
        (X.T, Y, ("x has shape (2, 4)", "expected (n, 2)")),
        (np.ones((3, 4, 2)), np.ones((3, 4, 1)), ("x", "(3, 4, 2)")),
        (np.ones((1, 4, 2)), np.ones((1, 4, 1)), ("x", "(1, 4, 2)")),
        (X, np.ones((3, 4, 1)), ("y", "(3, 4, 1)")),
    ],
)
def test_shapes_that_do_not_fit_are_named(x: Array, y: Array, words: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=re.escape(words[0])) as error:
        train(MLP([2, 1]), x, y)
    assert_one_line(error, *words)


def test_leading_axes_of_x_that_a_stack_does_not_have_are_named() -> None:
    with pytest.raises(ValueError, match="x") as error:
        train(MLP.stack([MLP([2, 1])] * 2), np.ones((3, 4, 2)), np.ones((3, 4, 1)))
    assert_one_line(error, "(3, 4, 2)")


@pytest.mark.parametrize("value", [-1, 1.5, float("nan"), float("inf"), None, "many"])
def test_epochs_are_a_whole_number_from_0(value: Any) -> None:
    with pytest.raises(ValueError, match="epochs must be a whole number") as error:
        train(MLP([2, 1]), X, Y, epochs=value)
    assert_one_line(error, str(value))


@pytest.mark.parametrize("value", [0, -1, 1.5, float("nan"), float("inf"), "all"])
def test_a_batch_size_is_a_whole_number_from_1(value: Any) -> None:
    with pytest.raises(ValueError, match="batch_size must be a whole number") as error:
        train(MLP([2, 1]), X, Y, batch_size=value)
    assert_one_line(error, str(value))


@pytest.mark.parametrize("how", [{"epochs": 2.0}, {"epochs": np.int64(2)}, {"batch_size": 2.0}])
def test_whole_numbers_of_any_type_are_whole_numbers(how: dict[str, Any]) -> None:
    history = train(MLP([2, 1]), X, Y, **({"epochs": 2} | how))
    assert history.loss.shape == (3,)
