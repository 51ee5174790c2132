"""Symmetry: the spread grows as the linearised update says, and the text tells what it did."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

from experiments.cli import main
from experiments.data import load
from experiments.kit.settings import Settings
from experiments.kit.starts import Start
from experiments.kit.training import networks
from experiments.symmetry import figure as pictures
from experiments.symmetry import text as words
from experiments.symmetry.measure import (
    APART,
    NEAR,
    Symmetry,
    Transversal,
    between_units,
    break_symmetry,
    equal_start,
    norm,
    symmetric_part,
)
from mlp import MLP, SGD, mse, train
from tests.oracles import gradients_by_loops, hessian_by_loops
from tests.pictures import assert_legible

PENGUINS = load()
TANH = Settings(activation="tanh", epochs=600)


@pytest.fixture(scope="module")
def tanh() -> Symmetry:
    return break_symmetry(PENGUINS, replace(TANH, epochs=2500), equal_start(0.5), runs=3)


# --- theory ----------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "linear"])
@pytest.mark.parametrize("hidden", [[2], [2, 2]])
def test_a_difference_moves_by_the_product_of_one_minus_eta_hessian(
    activation: str, hidden: list[int], rng: np.random.Generator
) -> None:
    """The Hessian of the oracle knows nothing of stacks, twins or backpropagation."""
    x, y, eta, epochs = rng.standard_normal((4, 2)), rng.standard_normal((4, 1)), 0.1, 3
    symmetric = MLP([2, *hidden, 1], activation, kernel_initializer="constant")
    v = between_units(MLP([2, *hidden, 1], activation, seed=2))
    v *= NEAR / norm(v)
    three = symmetric.with_theta(np.stack([symmetric.theta + sign * v for sign in (0, 1, -1)]))
    follow = Transversal(three, SGD(eta))
    train(three, x, y, optimizer=follow, epochs=epochs)

    expected = v / NEAR
    for _ in range(epochs):
        expected = expected - eta * hessian_by_loops(symmetric, x, y) @ expected
        for p, g in zip(symmetric.parameters(), gradients_by_loops(symmetric, x, y), strict=True):
            p -= eta * g
    assert follow.log_growth == pytest.approx(np.log(np.linalg.norm(expected)), abs=1e-4)
    found = between_units(three[1]) / NEAR
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=1e-4)


@pytest.mark.parametrize("activation", ["tanh", "linear"])
def test_from_zero_the_spread_grows_by_the_covariance_of_x_and_y(activation: str) -> None:
    """Saxe et al. 2013: about w = 0, where f(z) = z, L has the curvature ∓2 |mean(x y)|."""
    result = break_symmetry(PENGUINS, replace(TANH, epochs=150), equal_start(0.0), [1e-12], 1)
    covariance = np.linalg.norm(PENGUINS.x.T @ PENGUINS.y / len(PENGUINS.x))
    growth = result.growth(0)
    assert growth is not None
    assert growth[1] is not None
    assert growth[0] == pytest.approx(np.log(1 + 0.2 * covariance), rel=1e-3)
    assert growth[1] == pytest.approx(growth[0], rel=1e-4)


def test_it_is_the_bend_of_f_that_drives_equal_units_apart(tanh: Symmetry) -> None:
    """The part of H between units, worked out by hand for one hidden layer of tanh.

    Moving unit 1 by (u, α) and unit 2 by (-u, -α), u of (w, b) and α of the output weight a,
    changes L by uᵀ A u + 2 α gᵀ u with A = 2 a mean(e f'' x̃ x̃ᵀ), g = 2 mean(e f' x̃).
    """
    settings = replace(TANH, epochs=1500)
    (network,) = networks([2, 2, 1], "tanh", equal_start(0.5), 0, [0])
    train(network, PENGUINS.x, PENGUINS.y, optimizer=SGD(0.1), epochs=1500)
    trace = network.forward(PENGUINS.x)
    t, a = trace.a[1][:, :1], network.layers[1].W[0, 0]
    e = trace.output - PENGUINS.y
    inputs = np.column_stack([PENGUINS.x, np.ones(len(t))])
    A = 2 * a * (inputs.T @ (e * (-2 * t * (1 - t**2)) * inputs)) / len(t)
    g = 2 * (inputs.T @ (e * (1 - t**2))) / len(t)
    lowest = np.linalg.eigvalsh(np.block([[A, g], [g.T, np.zeros((1, 1))]]))[0]
    assert lowest < 0
    assert tanh.predicted is not None
    local = np.log(tanh.predicted[settings.epochs] / tanh.predicted[1490]) / 10
    assert local == pytest.approx(np.log(1 - 0.1 * lowest), rel=0.01)


def test_theory_and_measurement_agree_while_the_spread_is_small(tanh: Symmetry) -> None:
    for k, epsilon in enumerate(tanh.epsilons):
        if not epsilon:
            continue
        theory, measured = tanh.theory(k), tanh.spread[:, 0, k]
        small = theory < 1e-3
        tolerance = 1e-3 + 1e-16 / epsilon
        assert (np.abs(theory / measured - 1)[small] < tolerance).all()
        early, late = tanh.apart_at(k)[0], tanh.predicted_apart_at(k)
        assert early is not None
        assert late is not None
        assert abs(early - late) <= 1
        growth = tanh.growth(k)
        assert growth is not None
        assert growth[0] == pytest.approx(growth[1], rel=0.01)


def test_mini_batches_have_a_theory_too() -> None:
    result = break_symmetry(
        PENGUINS, replace(TANH, epochs=60, batch_size=50), equal_start(0.5), [1e-9], 1
    )
    np.testing.assert_allclose(result.theory(0), result.spread[:, 0, 0], rtol=1e-4)


@pytest.mark.parametrize(
    ("settings", "start", "said"),
    [
        (replace(TANH, optimizer="adam"), equal_start(0.5), "Adam has one"),
        (TANH, equal_start(0.0, "normal"), "not the same at the start"),
        (replace(TANH, activation="relu"), equal_start(0.0), "kink of relu"),
    ],
)
def test_where_there_is_no_theory_it_says_why(settings: Settings, start: Start, said: str) -> None:
    result = break_symmetry(PENGUINS, replace(settings, epochs=5), start, [1e-6], 1)
    assert result.predicted is None
    assert said in words.silence(result)
    with pytest.raises(ValueError, match="there is no theory"):
        result.theory(0)


# --- what the picture shows ------------------------------------------------------------


def test_any_difference_sets_tanh_units_apart_and_the_loss_drops() -> None:
    """Design, section 5: 1e-12 breaks away between epoch 1,000 and 3,000; 0.41 → 0.35."""
    result = break_symmetry(
        PENGUINS, replace(TANH, epochs=4000), equal_start(0.5), [0.0, 1e-12], 20
    )
    assert result.apart_at(0) == [None] * 20
    apart = [epoch for epoch in result.apart_at(1) if epoch is not None]
    assert len(apart) == 20
    assert 1000 < min(apart) <= max(apart) < 3000
    assert (result.spread[:, :, 0] == 0).all()
    assert (result.loss[-1, :, 0] > 0.405).all()
    assert (result.loss[-1, :, 1] < 0.355).all()
    assert (result.distinct == [1, 2]).all()
    assert result.word == "unstable"


@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_without_a_bend_small_differences_stay(activation: str) -> None:
    settings = replace(TANH, activation=activation, epochs=1500)
    result = break_symmetry(PENGUINS, settings, equal_start(0.5), [1e-12, 1e-9])
    for k in (0, 1):
        growth = result.growth(k)
        assert growth is not None
        assert abs(growth[0]) < 1e-6
        assert result.apart_at(k) == [None] * 5
    assert result.word == "neutral"
    assert "bend" in words.verdict(result).reason


def test_a_difference_that_began_apart_was_not_measured() -> None:
    result = break_symmetry(PENGUINS, replace(TANH, epochs=50), equal_start(0.5), [0.02])
    verdict = words.verdict(result)
    assert result.growth(0) is None
    assert (verdict.word, "began apart" in verdict.number) == ("apart", True)
    assert "grew" not in verdict.reason
    assert_legible(pictures.figure(result))


@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_neutral_is_said_of_the_second_half_and_kinks_of_what_theory_misses(
    activation: str,
) -> None:
    settings = replace(TANH, activation=activation, epochs=4000)
    result = break_symmetry(PENGUINS, settings, equal_start(0.5))
    reason = words.verdict(result).reason
    assert reason.startswith("In the second half of the training nothing drives")
    assert "grew while the weights were still on their way" in reason
    k = result.epsilons.index(1e-6)
    off = (result.spread[:, 0, k] / result.theory(k)).max()
    assert bool(off > 100) == (activation == "relu") == ("passes it in one unit" in reason)
    text = click.unstyle(words.text(result, "p.png"))
    assert max(map(len, text.splitlines())) <= 80
    early = result.growth(4)
    assert early is not None
    assert f"{100 * np.expm1(early[0]):.2f} %" in text, "three digits"


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_adam_does_not_help(activation: str) -> None:
    settings = replace(TANH, activation=activation, optimizer="adam", epochs=300)
    result = break_symmetry(PENGUINS, settings, equal_start(0.5), [0.0], 1)
    assert result.spread.max() <= 1e-12
    assert result.distinct.tolist() == [[1]]
    text = click.unstyle(words.text(result, "p.png"))
    assert "would Adam help?\nNo: " in text


def test_random_biases_make_different_tanh_units_but_dead_relu_units() -> None:
    start = equal_start(0.0, "normal")
    tanh, relu = (
        break_symmetry(PENGUINS, Settings(activation=activation, epochs=400), start)
        for activation in ("tanh", "relu")
    )
    assert tanh.epsilons == relu.epsilons == (0.0,)
    assert (tanh.distinct == 2).all()
    assert (tanh.loss[-1] < 0.53).all()
    assert tanh.word == "broken"
    biases = [n.layers[0].b[0] for n in networks([2, 2, 1], "relu", start, 0, range(20))]
    dead = np.array([(b <= 0).sum() for b in biases])
    assert 0 < (dead == 2).sum() < 20
    np.testing.assert_array_equal(relu.dead[:, 0], dead)
    np.testing.assert_array_equal(relu.loss[-1, :, 0] > 0.99, dead == 2)
    assert relu.word == "partly"
    assert f"{dead.sum()} of 40 units are dead" in words.verdict(relu).reason


def test_rounding_is_looked_for_at_every_width_and_is_no_more_than_rounding(
    tanh: Symmetry,
) -> None:
    assert list(tanh.rounding) == list(range(2, 33))
    assert all(0 <= spread < 1e-12 for spread in tanh.rounding.values())
    found = replace(
        tanh, rounding=dict.fromkeys(range(2, 33), 0.0) | {5: 1e-16, 6: 1e-16, 9: 1e-16}
    )
    assert "not the same any more: 5–6, 9; they differ" in words.text(found, "p.png")
    none = replace(tanh, rounding=dict.fromkeys(range(2, 33), 0.0))
    assert "not by one bit" in words.text(none, "p.png")


# --- the parts -------------------------------------------------------------------------


def test_the_symmetric_part_does_not_know_one_unit_from_another() -> None:
    network = MLP([2, 3, 4, 1], seed=3)
    symmetric = symmetric_part(network)
    for layer in symmetric.layers[:-1]:
        assert np.ptp(layer.W, axis=1).max() == np.ptp(layer.b) == 0
    x = PENGUINS.x[:5]
    shuffled = network.copy()
    shuffled.layers[0].W = network.layers[0].W[:, [2, 0, 1]]
    shuffled.layers[1].W = network.layers[1].W[[2, 0, 1]]
    np.testing.assert_allclose(shuffled.forward(x).output, network.forward(x).output)
    np.testing.assert_allclose(symmetric_part(shuffled).theta, symmetric.theta)
    assert norm(between_units(symmetric)) < 1e-15
    assert network.sizes == symmetric.sizes


def test_a_symmetric_network_has_no_gradient_between_its_units() -> None:
    """So the symmetric run stays symmetric, and its tangent can be split in two."""
    network = symmetric_part(MLP([2, 3, 2, 1], "tanh", seed=3)).copy()
    trace = network.forward(PENGUINS.x)
    gradients = network.backward(trace, mse(trace.output, PENGUINS.y)[1])
    network.theta = gradients.theta
    assert norm(between_units(network)) < 1e-15 * norm(network.theta)


def test_what_cannot_be_run_is_refused() -> None:
    with pytest.raises(ValueError, match="one unit has no other"):
        break_symmetry(PENGUINS, replace(TANH, hidden=(1,)), equal_start(0.5))
    with pytest.raises(ValueError, match="ε must be 0 or a positive"):
        break_symmetry(PENGUINS, TANH, equal_start(0.5), [-1.0])


# --- text, JSON, picture, command ------------------------------------------------------

RUNS = {
    "tanh": (TANH, 0.5, None),
    "relu": (replace(TANH, activation="relu"), 0.5, None),
    "sigmoid": (replace(TANH, activation="sigmoid"), 0.5, None),
    "linear": (replace(TANH, activation="linear"), 0.5, None),
    "zero": (TANH, 0.0, None),
    "zero relu": (replace(TANH, activation="relu"), 0.0, None),
    "biases": (replace(TANH, activation="relu"), 0.0, "normal"),
    "wide": (replace(TANH, hidden=(9,)), 0.5, None),
    "deep": (replace(TANH, hidden=(3, 3)), 0.5, None),
    "adam": (replace(TANH, optimizer="adam"), 0.5, None),
    "diverged": (replace(TANH, learning_rate=30.0, epochs=90), 0.5, None),
    "at once": (replace(TANH, learning_rate=1e300, epochs=3), 0.5, None),
    "large": (replace(TANH, epochs=20), 1e200, None),
    "one epoch": (replace(TANH, epochs=1), 0.5, None),
}


@pytest.fixture(scope="module", params=RUNS)
def any_run(request: pytest.FixtureRequest) -> Symmetry:
    settings, value, bias = RUNS[request.param]
    return break_symmetry(PENGUINS, settings, equal_start(value, bias))


def test_the_text_fits_eighty_columns_and_has_every_epsilon(any_run: Symmetry) -> None:
    text = click.unstyle(words.text(any_run, "picture.png"))
    assert max(map(len, text.splitlines())) <= 80
    assert str(words.verdict(any_run)) in text
    places = [text.index(w) for w in ("network", "start", "verdict", "picture.png", "next")]
    assert places == sorted(places)
    if any_run.alike:
        firsts = [line.split()[0] for line in text.splitlines() if line.strip()]
        assert {"0", "1e-12", "1e-9", "1e-6", "1e-3"} <= set(firsts)


def test_json_is_one_object_without_nan(any_run: Symmetry) -> None:
    data = json.loads(json.dumps(words.as_json(any_run, "p.png")), parse_constant=pytest.fail)
    assert len(data["results"]) == len(any_run.epsilons)
    for entry in data["results"].values():
        assert len(entry["spread"]) == len(entry["loss"]) == any_run.epochs + 1
        assert (entry["spread_by_theory"] is None) == (any_run.predicted is None)
        assert len(entry["apart_at"]) == len(entry["final_loss"]) == any_run.runs


def test_the_picture_is_legible(any_run: Symmetry) -> None:
    assert_legible(pictures.figure(any_run))


def test_dots_lie_on_lines(tanh: Symmetry) -> None:
    ax = pictures.figure(tanh).axes[0]
    lines = [line for line in ax.lines if line.get_linewidth() == 5]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert (len(lines), len(dots)) == (5, 4)
    for line, points in zip(lines[1:], dots, strict=True):
        xs = np.asarray(points.get_xdata(), dtype=int)
        ys, on = np.asarray(points.get_ydata()), np.asarray(line.get_ydata())[xs]
        assert len(xs) > 1
        np.testing.assert_allclose(ys[ys < APART], on[ys < APART], rtol=0.01)


def test_the_command_prints_and_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def demo(*words: str) -> Result:
        return CliRunner().invoke(main, ["symmetry", "--epochs", "30", *words])

    result = demo()
    assert result.exit_code == 0, result.output
    assert (tmp_path / "symmetry-tanh.png").exists()
    assert demo("-q").stdout == "growing: ε = 1e-12 is not apart by epoch 30\n"
    data = json.loads(
        demo(
            "--epsilon", "0", "--epsilon", "0.25", "--value", "-0.1", "--bias-init", "zeros",
            "--runs", "2", "--activation", "sigmoid", "--hidden", "3", "--json", "-o", "p.svg",
        ).stdout
    )  # fmt: skip
    assert list(data["results"]) == ["0", "0.25"]
    assert (data["sizes"], data["runs"], data["figure"]) == ([2, 3, 1], 2, "p.svg")
    assert data["start"] == "every w = -0.1 + ε · randn, every b = 0"
