"""Optimizers: steps worked by hand, memories that start afresh, and rates out of range."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlp import MLP, SGD, Adam, train
from mlp.arrays import Array
from mlp.optimizers import OPTIMIZERS, Optimizer
from tests.conftest import Data
from tests.oracles import assert_one_line, assert_same


def one_weight(value: float = 1.0) -> MLP:
    network = MLP([1, 1])
    network.layers[0].W = [[value]]
    return network


def pull(W: float, b: float = 0.0) -> Array:
    return np.array([W, b])


def path(optimizer: Optimizer, *gradients: float) -> list[float]:
    """Return where a weight that starts at 1 goes."""
    network = one_weight()
    weights = []
    for g in gradients:
        optimizer.update(network.theta, pull(g))
        weights.append(float(network.layers[0].W[0, 0]))
    return weights


def test_sgd_steps_against_the_gradient() -> None:
    assert path(SGD(0.25), 2.0, -1.0) == [0.5, 0.75]


def test_momentum_worked_by_hand() -> None:
    # μ = 1/2, η = 1/4. v = 4, 1/2·4 - 2 = 0, 0 + 1 = 1: θ = 1 - 1 = 0, 0, 0 - 1/4.
    assert path(SGD(0.25, momentum=0.5), 4.0, -2.0, 1.0) == [0.0, 0.0, -0.25]


def test_adam_worked_by_hand_as_in_algorithm_1() -> None:
    # η = 1, β1 = 1/2, β2 = 3/4, ε = 1; g = 3, then 1/2, with t = 1, 2.
    #   m = 3/2          m̂ = (3/2) / (1/2) = 3     v = 9/4            v̂ = (9/4) / (1/4) = 9
    #     step 3 / (√9 + 1) = 3/4
    #   m = 3/4 + 1/4 = 1    m̂ = 1 / (3/4) = 4/3   v = 27/16 + 1/16 = 7/4
    #     v̂ = (7/4) / (7/16) = 4                   step (4/3) / (√4 + 1) = 4/9
    first, second = path(Adam(1.0, beta1=0.5, beta2=0.75, epsilon=1.0), 3.0, 0.5)
    assert first == pytest.approx(1 - 3 / 4, rel=1e-15)
    assert second == pytest.approx(1 - 3 / 4 - 4 / 9, rel=1e-14)


def test_adam_has_the_defaults_of_the_paper() -> None:
    adam = Adam()
    assert (adam.learning_rate, adam.beta1, adam.beta2, adam.epsilon) == (1e-3, 0.9, 0.999, 1e-8)


@pytest.mark.parametrize("gradient", [1e-3, 1.0, -1e6])
def test_the_first_step_of_adam_is_its_rate_whatever_the_gradient(gradient: float) -> None:
    (weight,) = path(Adam(0.01), gradient)
    assert weight == pytest.approx(1 - 0.01 * np.sign(gradient), rel=1e-6)


def test_adam_does_not_move_what_has_no_gradient() -> None:
    assert path(Adam(0.01), 0.0, 0.0) == [1.0, 1.0]


ALL: dict[str, tuple[Any, dict[str, float]]] = {
    **{name: (OPTIMIZERS[name], {}) for name in OPTIMIZERS},
    "momentum": (SGD, {"momentum": 0.9}),
}
each = pytest.mark.parametrize("name", ALL)


def make(name: str, **more: Any) -> Optimizer:
    factory, parameters = ALL[name]
    optimizer: Optimizer = factory(**parameters, **more)
    return optimizer


@each
def test_every_parameter_moves_in_place_against_its_own_gradient(name: str) -> None:
    network = MLP([2, 3, 1], bias_initializer="normal")
    before = network.theta.copy()
    signs = np.where(np.arange(len(before)) % 2, 1.0, -1.0)
    g = signs.copy()
    make(name, learning_rate=0.01).update(network.theta, g)
    assert np.sign(before - network.theta).tolist() == signs.tolist()
    assert g.tolist() == signs.tolist()


@each
def test_another_network_starts_afresh_and_so_does_coming_back(name: str) -> None:
    shared = make(name, learning_rate=0.1)
    for start, gradients in ((1.0, (3.0, -1.0)), (2.0, (0.5, 0.5)), (1.0, (2.0, -4.0))):
        fresh, one, other = make(name, learning_rate=0.1), one_weight(start), one_weight(start)
        for g in gradients:
            shared.update(one.theta, pull(g))
            fresh.update(other.theta, pull(g))
        assert_same(one.parameters(), other.parameters())


@pytest.mark.parametrize("name", ["momentum", "adam"])
def test_the_memory_lasts_while_the_network_is_the_same(name: str) -> None:
    # A memory that was lost at the second step would make it the first step of that gradient.
    first, second = path(make(name, learning_rate=0.1), 1.0, 3.0)
    (alone,) = path(make(name, learning_rate=0.1), 3.0)
    assert abs((first - second) - (1.0 - alone)) > 1e-3


STATES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "no arrays": {"steps": np.array(3)},
    "steps below 0": {"steps": np.array(-1)},
    "half a step": {"steps": np.array(0.5)},
    "many steps": {"steps": np.array([1, 2])},
    "another shape": {"steps": np.array(1), "0": np.ones(3)},
    "a hole": {"steps": np.array(1), "0": np.array([np.nan, 1.0])},
}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_a_memory_of_another_network_is_refused_and_the_own_one_kept(state: Any) -> None:
    network, optimizer = one_weight(1.0), SGD(0.1, momentum=0.9)
    optimizer.update(network.theta, pull(1.0))
    kept = optimizer.memory.state()
    with pytest.raises(ValueError, match="does not fit the network") as error:
        optimizer.memory.restore(network.theta, state)
    assert_one_line(error)
    assert {name: a.tolist() for name, a in optimizer.memory.state().items()} == {
        name: a.tolist() for name, a in kept.items()
    }


@each
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_type_of_the_network_is_kept(name: str, dtype: str) -> None:
    network = MLP([2, 1], dtype=dtype)
    g = np.ones(3, dtype)
    optimizer = make(name, learning_rate=0.1)
    for _ in range(2):
        optimizer.update(network.theta, g)
    assert {p.dtype for p in network.parameters()} == {np.dtype(dtype)}


@each
def test_a_rate_for_each_member_trains_each_as_if_alone_at_its_rate(name: str, data: Data) -> None:
    rates = [0.001, 0.01, 0.1]
    stack = MLP.stack([MLP([2, 3, 1], "tanh", seed=s) for s in range(3)])
    train(stack, *data, optimizer=make(name, learning_rate=np.array(rates)[:, None]), epochs=9)
    for seed, rate in enumerate(rates):
        alone = MLP([2, 3, 1], "tanh", seed=seed)
        train(alone, *data, optimizer=make(name, learning_rate=rate), epochs=9)
        np.testing.assert_allclose(stack[seed].theta, alone.theta, rtol=1e-13)


def test_a_rate_for_each_parameter_moves_each_at_its_rate() -> None:
    theta = np.zeros(3)
    SGD(np.array([1.0, 0.5, 0.25])).update(theta, np.array([-4.0, -4.0, -4.0]))
    assert theta.tolist() == [4.0, 2.0, 1.0]


RATES: dict[str, Any] = {
    "a number": lambda columns: 0.1,
    "one for each member": lambda columns: np.array([[0.1], [0.2]]),
    "one for each parameter": lambda columns: 0.1 + columns % 7,
}


@each
@pytest.mark.parametrize("rate", RATES.values(), ids=RATES)
def test_a_theta_beyond_the_cache_moves_as_its_parts_do(
    name: str, rate: Any, rng: np.random.Generator
) -> None:
    P, some = 70_000, 1000
    theta, columns = rng.standard_normal((2, P)), np.arange(P)
    whole = make(name, learning_rate=rate(columns))
    pieces = [theta[:, first : first + some].copy() for first in range(0, P, some)]
    parts = [make(name, learning_rate=rate(columns[k : k + some])) for k in range(0, P, some)]
    for _ in range(2):
        g = rng.standard_normal((2, P))
        whole.update(theta, g)
        for k, (piece, part) in enumerate(zip(pieces, parts, strict=True)):
            part.update(piece, g[:, k * some : (k + 1) * some])
    np.testing.assert_array_equal(theta, np.concatenate(pieces, axis=1))


@each
@pytest.mark.parametrize("entry", [0.0, -1.0, np.nan, np.inf])
def test_every_rate_of_an_array_is_positive_and_finite(name: str, entry: float) -> None:
    with pytest.raises(ValueError, match="learning_rate must be positive") as error:
        make(name, learning_rate=np.array([[0.1], [entry]]))
    assert_one_line(error)


@each
@pytest.mark.parametrize("rate", [0.0, -0.1, float("nan"), float("inf")])
def test_a_learning_rate_is_positive_and_finite(name: str, rate: float) -> None:
    with pytest.raises(ValueError, match="learning_rate must be positive") as error:
        make(name, learning_rate=rate)
    assert_one_line(error, str(rate))


@pytest.mark.parametrize("value", [-0.1, 1.0, 2.0, float("nan"), float("inf")])
@pytest.mark.parametrize(
    ("factory", "name"), [(SGD, "momentum"), (Adam, "beta1"), (Adam, "beta2")]
)
def test_a_share_of_the_past_is_from_0_to_below_1(factory: Any, name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be at least 0 and below 1") as error:
        factory(0.1, **{name: value})
    assert_one_line(error, str(value))


@pytest.mark.parametrize("value", [0.0, -1e-8, float("nan"), float("inf")])
def test_epsilon_is_positive_and_finite(value: float) -> None:
    with pytest.raises(ValueError, match="epsilon must be positive") as error:
        Adam(0.1, epsilon=value)
    assert_one_line(error, str(value))


def test_a_mistyped_optimizer_gets_a_suggestion() -> None:
    with pytest.raises(ValueError, match="did you mean 'adam'") as error:
        OPTIMIZERS["adm"]
    assert_one_line(error, "optimizer 'adm'")


@each
def test_an_optimizer_shows_and_compares_its_settings_not_its_memory(name: str) -> None:
    used, unused = make(name, learning_rate=0.5), make(name, learning_rate=0.5)
    used.update(one_weight().theta, pull(1.0))
    assert used == unused
    assert repr(used) == repr(unused)
    assert "learning_rate=0.5" in repr(used)
    assert used != make(name, learning_rate=0.25)
