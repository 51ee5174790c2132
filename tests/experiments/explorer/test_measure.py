"""The state of the explorer: it is what the other commands measure, and follows the choice."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from experiments.data import load
from experiments.explorer.measure import (
    ROWS,
    STARTS,
    Choice,
    Explorer,
    depth_limit,
    depth_limits,
    start_names,
)
from experiments.kit.settings import Settings
from experiments.kit.starts import named_start
from experiments.kit.training import fit, networks
from mlp import MLP, initializers
from mlp.arrays import Array

PENGUINS = load()
SMALL = Choice(depth=3, width=8)


def explorer(**changes: Any) -> Explorer:
    made = Explorer(PENGUINS, SMALL)
    made.choose(**changes)
    return made


def drawn(choice: Choice) -> MLP:
    sizes = [2, *(choice.width,) * choice.depth, 1]
    (network,) = networks(sizes, choice.activation, named_start(choice.start), choice.seed, [0])
    return network


def test_it_trains_as_the_other_commands_do() -> None:
    """Bit for bit, however many epochs at a time."""
    choice = Choice(depth=3, width=8, optimizer="adam", seed=3)
    network = drawn(choice)
    settings = Settings("tanh", (8,) * 3, 7, 0.01, 32, "adam", 3)
    history = fit(network, PENGUINS.x, PENGUINS.y, settings=settings, on_epoch=None)
    made = Explorer(PENGUINS, choice)
    for epochs in (1, 4, 2):
        made.train(epochs)
    np.testing.assert_array_equal(made.sight.losses, history.loss)
    np.testing.assert_array_equal(made.sight.network.theta, network.theta)


def test_what_is_seen_is_what_numpy_says_of_the_pass() -> None:
    sight = explorer(depth=4, width=30).sight
    network = drawn(sight.choice)
    a, stds = PENGUINS.x, []
    for layer in network.layers[:-1]:
        a = np.tanh(a @ layer.W + layer.b)
        stds.append(a.std())
    np.testing.assert_allclose(sight.measured("a_std"), stds)
    error = a @ network.layers[-1].W - PENGUINS.y
    delta = error @ network.layers[-1].W.T * (1 - a**2)
    part = np.sqrt((delta**2).mean() / (error**2).mean())
    assert sight.measured("delta_std")[-1] == pytest.approx(part, rel=0.01)


@pytest.mark.parametrize(
    ("start", "activation"),
    [("small", "tanh"), ("he_normal", "relu"), ("large", "tanh"), ("lecun_normal", "sigmoid")],
)
def test_theory_lies_on_what_is_measured(start: str, activation: str) -> None:
    """On average over the networks: each has its own error at the output, and so its own dW."""
    choice = {"start": start, "activation": activation, "depth": 6, "width": 250}
    sights = [explorer(**choice, seed=seed).sight for seed in range(5)]
    for measure in ("a_std", "delta_std", "dW_rms"):
        ratio = [s.measured(measure) / np.array(s.theory(measure)) for s in sights]
        np.testing.assert_allclose(np.mean(ratio, axis=0), 1, atol=0.25)


def test_theory_is_silent_once_it_trains_and_where_it_knows_nothing() -> None:
    made = explorer(start="constant")
    assert made.sight.theory("a_std") is None
    made.choose(start="scaled")
    assert made.sight.theory("a_std") is not None
    assert made.sight.theory("dW_rms") is not None
    made.train(1)
    assert made.sight.theory("a_std") is None


@pytest.mark.parametrize(("sigma_w", "start"), [(1.0, "scaled"), (2**0.5, "he_normal")])
def test_the_slider_passes_through_the_named_starts(sigma_w: float, start: str) -> None:
    by_slider, by_name = (explorer(**c).sight for c in ({"sigma_w": sigma_w}, {"start": start}))
    np.testing.assert_allclose(by_slider.network.theta, by_name.network.theta, rtol=1e-12)
    assert by_slider.choice.at == pytest.approx(by_name.choice.at)


def test_a_named_start_takes_the_place_of_the_slider() -> None:
    made = explorer(sigma_w=3.0)
    made.choose(start="small")
    assert made.choice.sigma_w is None
    assert made.choice.at == pytest.approx(0.01 * 8**0.5)


def test_units_of_equal_weights_are_one_per_layer() -> None:
    made = explorer(start="zeros", activation="sigmoid")
    made.train(5)
    assert (made.sight.distinct, made.sight.units) == (3, 24)
    made.choose(start="scaled")
    assert made.sight.distinct == 24


@pytest.mark.parametrize(
    ("changes", "epochs", "word"),
    [
        ({"start": "small", "depth": 10, "width": 100}, 0, "signal vanishes"),
        ({"start": "small", "depth": 10, "width": 100}, 5, "stalled"),
        ({"start": "large", "depth": 10, "width": 100}, 0, "saturates"),
        ({"start": "zeros"}, 0, "no signal"),
        ({"start": "zeros"}, 5, "stalled"),
        ({"start": "scaled", "depth": 10, "width": 100}, 10, "learning"),
        ({"start": "constant"}, 50, "symmetric"),
        ({"activation": "relu", "learning_rate": 1e6}, 5, "diverged"),
    ],
)
def test_the_verdict(changes: dict[str, Any], epochs: int, word: str) -> None:
    made = explorer(**changes)
    made.train(epochs)
    assert made.sight.verdict == word


def test_of_another_network_a_moment_is_one_epoch_until_its_pace_is_known() -> None:
    """Else a small network's hundreds of epochs would hold up the controls of a large one."""
    made = explorer(depth=1, width=1)
    made.train_for(0.01)
    made.train_for(0.1)
    assert made.sight.epoch > 5
    made.choose(depth=2)
    made.train_for(0.1)
    assert made.sight.epoch == 1


def test_a_training_that_diverged_goes_no_further() -> None:
    made = explorer(activation="relu", learning_rate=1e6)
    made.train(5)
    epoch = made.sight.epoch
    assert made.sight.diverged
    made.train(5)
    assert made.sight.epoch == epoch
    made.reset()
    assert (made.sight.epoch, made.sight.diverged) == (0, False)


def test_reset_keeps_the_weights_and_a_seed_changes_them() -> None:
    made = explorer()
    before = made.sight.network.theta.copy()
    made.train(3)
    assert np.ptp(made.sight.network.theta - before) > 0
    made.reset()
    np.testing.assert_array_equal(made.sight.network.theta, before)
    made.choose(learning_rate=0.5)
    np.testing.assert_array_equal(made.sight.network.theta, before)
    made.choose(seed=1)
    assert not np.allclose(made.sight.network.theta, before)


def test_of_many_choices_only_the_last_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    made, calls = explorer(), []

    def coin(rng: np.random.Generator, fan_in: int, fan_out: int) -> Array:
        calls.append(fan_in)
        return np.asarray(rng.choice([-0.5, 0.5], size=(fan_in, fan_out)))

    initializers.register("counted")(coin)
    try:
        for depth in range(2, 40):
            made.choose(start="counted", depth=depth)
        assert calls == []
        assert made.sight.choice.depth == 39
        assert len(calls) == 40
    finally:
        initializers.INITIALIZERS.remove("counted")


def test_of_a_long_table_some_rows_are_taken() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5 * ROWS, 2))
    long = PENGUINS.__class__(**vars(PENGUINS) | {"x": x, "y": x[:, :1]})
    assert Explorer(long).dataset.x.shape == (ROWS, 2)
    assert Explorer(PENGUINS).dataset.x.shape == (342, 2)


def test_every_start_has_its_turn() -> None:
    names = start_names("scaled")
    assert tuple(names[: len(STARTS)]) == STARTS
    assert set(initializers.names()) <= set(names)
    for name in names:
        assert explorer(start=name).sight.epoch == 0


@pytest.mark.parametrize(("activation", "edge"), [("tanh", 1.0), ("relu", 2**0.5)])
def test_the_map_has_its_peak_at_the_edge_of_chaos(activation: str, edge: float) -> None:
    sigma_w, limits = depth_limits(activation)
    assert sigma_w[limits.argmax()] == pytest.approx(edge)
    assert (np.diff(limits[: limits.argmax()]) > 0).all()
    # ReLU, below the edge: q falls by σ_w²/2 per layer, so by e in 1/ln(2/σ_w²) layers.
    assert depth_limit("relu", 1.0) == pytest.approx(6 / np.log(2))


def test_the_state_knows_no_matplotlib() -> None:
    code = "import sys, experiments.explorer.measure; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
