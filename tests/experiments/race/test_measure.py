"""A race: what it says of many networks is what each of them does alone."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import click
import numpy as np
import pytest

from experiments.data import load
from experiments.kit.settings import Settings
from experiments.kit.starts import named_start
from experiments.kit.training import BATCHES, WEIGHTS, quantiles
from experiments.race import figure as pictures
from experiments.race import text as words
from experiments.race.measure import Rival, Standings, compare, race
from experiments.race.races import HE, RACES, RANDOM_RACE, XAVIER, Race
from mlp import MLP, SGD, diagnostics, initializers, mse, train
from mlp.activations import ACTIVATIONS
from mlp.arrays import Array
from tests.oracles import Watcher
from tests.pictures import assert_legible

PENGUINS = load()
SMALL = Settings(activation="tanh", hidden=(4, 3), epochs=6, batch_size=40, seed=3)
RACING = [
    (r, r.settings(activation=activation)) for r in RACES.values() for activation in r.claims
]
IDS = [f"{r.name}-{s.activation}" for r, s in RACING]


def rival(name: str, finals: list[float], epochs: int = 3) -> Rival:
    """Return a rival whose runs go straight from a loss of 1 to these."""
    losses = np.linspace(1.0, np.array(finals), epochs + 1)
    ended = np.isfinite(finals)
    losses = np.where(ended | (np.arange(epochs + 1)[:, None] == 0), losses, np.nan)
    losses[0] = 1.0
    return Rival(
        start=named_start(name),
        losses=losses,
        diverged_at=np.where(ended, -1, 1),
        words=["learning" if e else "diverged" for e in ended],
        drawn=[],
    )


def standings(*rivals: Rival) -> Standings:
    return Standings(SMALL, PENGUINS, len(rivals[0].words), list(rivals))


# --- training ----------------------------------------------------------------------------


def test_each_run_equals_the_same_network_trained_alone() -> None:
    result = compare([named_start(n) for n in ("small", "he_uniform")], PENGUINS, SMALL, runs=3)
    for name in ("small", "he_uniform"):
        start = named_start(name)
        for r in range(3):
            net = MLP(
                [2, 4, 3, 1],
                "tanh",
                kernel_initializer=initializers.get(start.kernel.name, **start.kernel.parameters),
                seed=np.random.SeedSequence(3, spawn_key=(WEIGHTS, r)),
            )
            alone = train(
                net, PENGUINS.x, PENGUINS.y, optimizer=SGD(0.1), epochs=6, batch_size=40,
                seed=np.random.SeedSequence(3, spawn_key=(BATCHES,)),
            )  # fmt: skip
            np.testing.assert_allclose(result[name].losses[:, r], alone.loss, rtol=1e-12)


def test_groups_that_fit_into_memory_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = [named_start(n) for n in ("zeros", "small", "large")]
    together = compare(starts, PENGUINS, SMALL, runs=2)
    monkeypatch.setattr("experiments.kit.sweep.CHUNK", 1)
    apart = compare(starts, PENGUINS, SMALL, runs=2)
    for a, b in zip(together.rivals, apart.rivals, strict=True):
        np.testing.assert_allclose(a.losses, b.losses, rtol=1e-12)
        assert a.words == b.words


def test_seeds_start_all_rivals_from_the_same_random_numbers() -> None:
    result = race(HE, PENGUINS, HE.settings(epochs=1), runs=2)
    he, glorot = result["he_normal"], result["glorot_normal"]
    inner = next(d for d in he.drawn if d.fan_in == d.fan_out)
    other = next(d for d in glorot.drawn if d.fan_in == d.fan_out)
    assert inner.sampled / other.sampled == pytest.approx(np.sqrt(2), rel=1e-12)
    assert inner.largest / other.largest == pytest.approx(np.sqrt(2), rel=1e-12)


def test_progress_is_told_as_often_as_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.kit.sweep.CHUNK", 1)
    watcher = Watcher()
    compare([named_start("small")], PENGUINS, SMALL, runs=2, expect=watcher)
    assert watcher.taken == watcher.announced > 1


def test_nothing_to_compare_is_an_error() -> None:
    with pytest.raises(ValueError, match="name at least one start"):
        compare([], PENGUINS, SMALL)


# --- what the numbers mean ---------------------------------------------------------------


def test_quantiles_are_those_of_numpy_where_all_is_finite(rng: np.random.Generator) -> None:
    values = rng.standard_normal((5, 20))
    low, median, high = quantiles(values, 0.1, 0.9)
    np.testing.assert_allclose(median, np.median(values, axis=-1))
    np.testing.assert_allclose(
        [low, high], np.quantile(values, [0.1, 0.9], axis=-1, method="nearest")
    )


def test_a_run_that_diverged_counts_as_the_worst() -> None:
    low, median, high = rival("large", [0.5, 0.4, np.nan]).final_band()
    assert (low, median, high) == (0.4, 0.5, np.inf)
    assert rival("large", [0.5, np.nan]).final_band()[1] == np.inf


def test_the_target_is_halfway_and_its_epochs_are_counted() -> None:
    result = standings(rival("he_normal", [0.2, 0.2, 0.2]), rival("small", [1.0, 1.0, 1.0]))
    assert result.target == pytest.approx(0.6)
    # From 1 to 0.2 in three epochs: 1, 0.733, 0.467, 0.2.
    assert result.epochs_to_target(result["he_normal"]) == 2
    assert result.epochs_to_target(result["small"]) == np.inf
    assert standings(rival("small", [1.0])).nobody_learns


def test_growth_is_the_factor_from_layer_to_layer() -> None:
    result = race(XAVIER, PENGUINS, Settings("tanh", (5, 5, 5), 1, 0.01), runs=2)
    found = result["small"]
    net = MLP(
        [2, 5, 5, 5, 1],
        "tanh",
        kernel_initializer=initializers.normal(0.01),
        seed=np.random.SeedSequence(0, spawn_key=(WEIGHTS, 1)),
    )
    trace = net.forward(PENGUINS.x)
    gradients = net.backward(trace, mse(trace.output, PENGUINS.y)[1])
    a = [np.sqrt(np.mean(a**2)) for a in trace.a[1:-1]]
    assert found.travelled("a_rms")[1] == pytest.approx(a[2] / a[0])
    assert found.growth("a_rms")[1] == pytest.approx(np.sqrt(a[2] / a[0]))
    delta: Array = diagnostics.delta_std(net, trace, gradients)
    assert found.travelled("delta_std")[1] == pytest.approx(delta[0] / delta[2])


def test_weights_are_held_to_the_formula_of_the_paper() -> None:
    result = race(XAVIER, PENGUINS, Settings("tanh", (30, 30, 10), 1, 0.01), runs=20)
    by_hand = [(2, 30, np.sqrt(2 / 32)), (30, 30, np.sqrt(2 / 60)), (30, 10, np.sqrt(2 / 40)),
               (10, 1, np.sqrt(2 / 11))]  # fmt: skip
    assert [(d.fan_in, d.fan_out) for d in result.about.drawn] == [f[:2] for f in by_hand]
    for drawn, (_, _, std) in zip(result.about.drawn, by_hand, strict=True):
        assert drawn.expected == pytest.approx(std)
        assert drawn.sampled == pytest.approx(std, rel=0.15)
        assert drawn.off < 5
    false = replace(result["small"].drawn[1], off=9.0)
    lying = replace(result, rivals=[replace(result.about, drawn=[false]), *result.rivals[1:]])
    assert not lying.outcomes()[0].measured.holds


# --- the races ---------------------------------------------------------------------------


@pytest.mark.parametrize(("racing", "settings"), RACING, ids=IDS)
def test_every_claim_of_a_race_comes_out_as_documented(racing: Race, settings: Settings) -> None:
    result = race(racing, PENGUINS, settings, runs=1)
    assert [o.claim.text for o in result.outcomes() if not o.as_documented] == []


@pytest.mark.long
@pytest.mark.parametrize(("racing", "settings"), RACING, ids=IDS)
def test_the_lesson_holds_for_twenty_seeds_in_a_row(racing: Race, settings: Settings) -> None:
    result = race(racing, PENGUINS, settings, runs=20)
    assert [o.claim.text for o in result.outcomes() if not o.as_documented] == []
    for outcome in result.outcomes():
        if outcome.claim.expected and "seeds" in outcome.measured.text:
            assert outcome.measured.text.startswith("20 of 20 seeds")


def test_the_lesson_of_ranges_holds_for_twenty_seeds_in_a_row() -> None:
    settings = RANDOM_RACE.settings(activation="tanh")
    result = race(RANDOM_RACE, PENGUINS, settings, runs=20)
    assert [o.claim.text for o in result.outcomes() if not o.as_documented] == []
    assert result["small"].count("stalled") == result["scaled"].count("learning") == 20


def test_the_uniform_schemes_have_the_same_variance_and_their_own_limit() -> None:
    settings = HE.settings(hidden=(50, 50), epochs=1)
    uniform = race(HE, PENGUINS, settings, {"distribution": "uniform"}).about
    inner = uniform.drawn[1]
    assert inner.expected == pytest.approx(np.sqrt(2 / 50))
    assert 0.95 * np.sqrt(6 / 50) < inner.largest <= np.sqrt(6 / 50)


def test_settings_of_the_user_come_before_those_of_the_race() -> None:
    asked = Settings("relu", (7, 7), 3, 0.5, 11, "sgd", 4)
    assert HE.settings(**asdict(asked)) == asked
    usual = HE.settings(optimizer="adam")
    assert usual.learning_rate == 0.01
    assert (len(usual.hidden), usual.epochs) == (30, 20)


def test_one_hidden_layer_has_no_way_for_a_signal() -> None:
    result = race(XAVIER, PENGUINS, Settings("tanh", (5,), 2, 0.01))
    ways = [o for o in result.outcomes() if "only one hidden layer" in o.measured.text]
    assert [o.measured.holds for o in ways] == [False, False]
    assert_legible(pictures.figure(result))


def test_rivals_with_long_names_fit_the_picture() -> None:
    names = ("variance_scaling:2,fan_in,normal", "kaiming_uniform", "0.3")
    settings = HE.settings(hidden=(9,) * 6, epochs=5)
    rivals = [named_start(name) for name in names]
    known = named_start("kaiming_normal")  # it is there as he_normal
    result = race(HE, PENGUINS, settings, rivals=[*rivals, known])
    assert len(result.rivals) == 4 + 3
    assert_legible(pictures.figure(result))


def test_where_nobody_learns_it_is_said_so() -> None:
    result = race(XAVIER, PENGUINS, Settings("sigmoid", (5, 5), 1, 0.001))
    told = {o.claim.text: o.measured.text for o in result.outcomes()}
    assert told["small: slow convergence"] == "neither learns"


# --- what is read and seen ---------------------------------------------------------------


@pytest.mark.parametrize("racing", RACES.values(), ids=RACES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_story_of_a_race_fits_and_its_picture_is_legible(
    racing: Race, activation: str
) -> None:
    settings = racing.settings(activation=activation, hidden=(9,) * 12, epochs=4)
    result = race(racing, PENGUINS, settings)
    text = click.unstyle(words.text(result, "p.png"))
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "√" in text
    assert str(words.verdict(result)) in text
    assert_legible(pictures.figure(result))
    data = json.loads(json.dumps(words.as_json(result, "p.png")), parse_constant=pytest.fail)
    assert set(data["results"]) == {rival.start.name for rival in result.rivals}
    assert len(data["loss"]) == 5


def test_the_formula_is_shown_with_the_numbers_of_the_network() -> None:
    result = race(XAVIER, PENGUINS, Settings("tanh", (50, 50, 50), 1, 0.01))
    text = click.unstyle(words.text(result, "p.png"))
    assert "2–3    √(2 / (50 + 50))" in text
    assert "is a slip: √(1/2) is 0.707" in text
    uniform = race(
        XAVIER, PENGUINS, Settings("tanh", (50, 50), 1, 0.01), {"distribution": "uniform"}
    )
    assert "largest |w| = √(6 / (fan_in + fan_out))" in words.text(uniform, "p.png")


def test_the_verdicts_are_counted() -> None:
    starts = [named_start(name) for name in ("zeros", "ones", "he_normal")]
    result = compare(starts, PENGUINS, Settings("tanh", (4,), 300), runs=3)
    assert result["zeros"].count("stalled") == 3
    assert result["ones"].count("symmetric") == 3
    assert result["he_normal"].count("learning") == 3
