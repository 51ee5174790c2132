"""The outcome: what is found has a remedy, what is advised trains, rows held out decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.data import Table
from experiments.fitting.measure import begin, fit
from experiments.fitting.model import DEFAULTS, Model
from experiments.fitting.outcome import Fit
from experiments.kit.options import widths_of
from experiments.kit.settings import Settings
from mlp import MLP
from tests.experiments.fitting.test_measure import PENGUINS, fitted

# What the start did -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "activation", "hidden", "words", "remedy"),
    [
        ("zeros", "tanh", (4, 4), "all units are the same", "--init glorot_normal"),
        ("ones", "relu", (4,), "all units are the same", "--init he_normal"),
        ("zeros", "relu", (4, 4), "100 % of the units are dead", "--init he_normal"),
        ("large", "tanh", (200, 200), "are saturated", "--init glorot_normal"),
        ("small", "tanh", (50,) * 4, "the signal vanishes", "--init glorot_normal"),
        ("small", "relu", (50,) * 4, "the gradient vanishes", "--init he_normal"),
        ("large", "relu", (50,) * 4, "the signal explodes", "--init he_normal"),
        ("large", "relu", (50,) * 6, "the gradient explodes", "--init he_normal"),
        ("glorot_normal", "sigmoid", (50,) * 6, "the gradient vanishes", "--activation tanh"),
    ],
)
def test_what_a_bad_start_does_is_found_with_its_remedy(
    start: str, activation: str, hidden: tuple[int, ...], words: str, remedy: str
) -> None:
    settings = Settings(hidden=hidden, activation=activation, epochs=1, learning_rate=1e-9)
    found = fitted(settings=settings, start=start).findings()
    assert any(words in finding.words and remedy in finding.remedy for finding in found), found


@pytest.mark.parametrize("start", ["kaiming_normal", "variance_scaling:2,fan_in,normal"])
def test_the_start_that_it_has_by_another_name_is_not_advised(start: str) -> None:
    settings = Settings(hidden=(2,) * 10, epochs=1)
    f = fitted(settings=settings, start=start)
    assert "are dead" in f.findings()[0].words
    assert "--init" not in f.advice()


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_remedy_is_one_for_twenty_seeds(activation: str) -> None:
    for seed in range(20):
        settings = Settings(hidden=(50,) * 4, activation=activation, epochs=1, seed=seed)
        model = begin(PENGUINS, settings)
        now = fit(model, PENGUINS, 1)
        assert [f for f in now.findings() if "at the start" in f.words] == []


def test_units_that_die_in_training_are_found() -> None:
    settings = Settings(hidden=(8,), epochs=60, learning_rate=0.5)
    f = fitted(settings=settings)
    assert f.layers[0].dead > 0.5 > f.model.began[0].dead
    assert any("after training" in finding.words for finding in f.findings())


@pytest.mark.parametrize(
    ("start", "activation", "word"),
    [("zeros", "relu", "stalled"), ("ones", "tanh", "symmetric"), (None, "tanh", "learning")],
)
def test_the_verdict_is_one_of_the_words_of_the_cases(
    start: str | None, activation: str, word: str
) -> None:
    settings = Settings(hidden=(4,), activation=activation, epochs=300)
    assert fitted(settings=settings, start=start).verdict().word == word


def test_a_loss_that_comes_back_above_the_mean_is_told() -> None:
    verdict = fitted(settings=Settings(hidden=(16, 16), epochs=5), validation=0.0).verdict()
    assert "ended above the mean (lowest 0.615 at epoch 2)" in verdict.reason
    assert "--learning-rate" in verdict.reason
    assert fitted(settings=Settings(hidden=(16, 16), epochs=60)).setback is None


def test_an_explosion_that_stays_finite_is_told() -> None:
    settings = Settings(hidden=(50,) * 10, activation="tanh", epochs=20)
    f = fitted(settings=settings, start="large")
    assert f.diverged_at < 0
    assert "at the end" in f.verdict().number
    assert f.verdict().reason.startswith("Exploding: loss ")
    assert f.verdict().reason.endswith("use --init glorot_normal."), "not smaller steps"


def test_a_layer_of_dead_units_is_not_called_symmetric() -> None:
    f = fitted(settings=Settings("relu", (64, 64), 30, 0.5, 32))
    assert f.layers[1].dead == 1
    assert f.verdict().word == "stalled"
    assert "all units of layer 2 are dead" in f.verdict().number


def test_units_that_answer_1_or_minus_1_are_dead_but_not_silent() -> None:
    model = begin(PENGUINS, Settings("tanh", (16,), 20, 0.003, 32, "adam"))
    model.network.layers[0].W *= 1e9
    f = fit(model, PENGUINS)
    assert f.layers[0].dead == 1
    assert f.explained > 0.3
    assert f.verdict().word == "learning", "the output's weights do the work"


# Rows held out decide ---------------------------------------------------------------------------

BY_HEART = Settings("tanh", (32, 32), 120, 0.02, 20, "adam", 1)


@pytest.fixture(scope="module")
def table() -> Table:
    """Return so few rows, one of two inputs mere noise, that a network knows them by heart."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((60, 3))
    values[:, 2] = values[:, 0] + rng.standard_normal(60)
    return replace(PENGUINS, values=values, lines=np.arange(60))


def test_the_best_epoch_is_kept_and_a_loss_that_rises_is_found(
    table: Table, tmp_path: Path
) -> None:
    f = fitted(table, BY_HEART)
    held_out = f.model.held_out_loss
    assert f.model.kept_epoch == held_out.argmin() < 100
    loss, mean_loss = f.judged_loss
    assert loss == held_out.min() == pytest.approx(mse_of(f.model, f))
    truth, answer = f.judged_rows()
    assert f.explained == pytest.approx(1 - loss / mean_loss)
    assert f.typical_errors() == pytest.approx(np.sqrt(((truth - answer) ** 2).mean(axis=0)))
    finding = f.findings()[0]
    numbers = f"best {held_out.min():.3g} at epoch {held_out.argmin()}, now {held_out[-1]:.3g}"
    assert numbers in finding.words
    assert "by heart" in finding.words
    assert f"{held_out.min():.3g} at epoch {held_out.argmin()}" in f.verdict().number
    f.model.save(tmp_path / "net.npz")
    for kept in (Model.load(tmp_path / "net.npz").kept, MLP.load(tmp_path / "net.npz")):
        np.testing.assert_array_equal(kept.theta, f.model.best)


def mse_of(model: Model, f: Fit) -> float:
    return float(np.square(model.kept.predict(f.held_out_x) - f.held_out_y).mean())


def test_the_last_epoch_is_kept_if_one_wants_that(table: Table) -> None:
    f = fitted(table, BY_HEART, keep="last")
    assert f.model.kept_epoch == 120
    assert f.judged_loss[0] == f.model.held_out_loss[-1] == pytest.approx(mse_of(f.model, f))
    (finding,) = f.findings()
    assert finding.remedy == "--keep best"


def test_a_spike_at_the_end_is_not_learned_by_heart(table: Table) -> None:
    f = fitted(table, BY_HEART)
    best, loss = f.model.best_epoch, f.model.loss.copy()
    loss[-1] = 2 * loss[best]
    assert f.by_heart
    assert not replace(f, model=replace(f.model, loss=loss)).by_heart


def test_what_is_learned_well_is_not_called_memory() -> None:
    x = np.arange(50.0)
    line = replace(PENGUINS, values=np.column_stack([x, x**2, 3 * x]), lines=np.arange(50))
    f = fitted(line, Settings("relu", (16, 16), 100, 0.003, 32, "adam"))
    held_out = f.model.held_out_loss
    assert held_out[-1] > 1.1 * held_out.min() < 0.01
    assert f.findings() == []


def test_it_stops_when_no_epoch_is_better_for_long(table: Table) -> None:
    whole = fitted(table, BY_HEART)
    best = whole.model.best_epoch
    f = fit(begin(table, BY_HEART), table, patience=20)
    assert f.stopped
    assert f.model.epoch - f.model.best_epoch == 20
    assert f.model.best_epoch <= best
    np.testing.assert_array_equal(f.model.loss, whole.model.loss[: f.model.epoch + 1])
    resumed = fit(f.model, table, 90, patience=20)
    assert resumed.model.epoch - f.model.epoch == 20, "patience begins anew"
    assert resumed.moved


def test_what_never_beats_the_mean_on_rows_held_out_is_stalled(table: Table) -> None:
    noise = np.random.default_rng(11).standard_normal((60, 3))
    f = fitted(replace(table, values=noise), BY_HEART)
    assert f.model.loss.min() < 0.9
    assert f.model.held_out_loss.min() > 0.99 * f.held_out_mean_loss
    assert f.verdict().word == "stalled"
    assert "its own rows" in f.verdict().reason


def test_what_may_be_chance_is_told(table: Table) -> None:
    told = 0
    for seed in range(20):
        noise = np.random.default_rng(seed).standard_normal((100, 3))
        f = fitted(replace(table, values=noise), Settings("relu", (8,), 30, 0.01, 32, "adam"))
        if f.verdict().word == "learning":
            told += any("may be chance" in finding.words for finding in f.findings())
    assert told >= 5, "the best of many epochs is better than always the mean, by chance"
    one = fitted(replace(table, values=table.values[:5]), Settings("tanh", (2,), 300, 0.1))
    assert (len(one.held_out_x), str(one.explained_error)) == (1, "nan")
    assert not any("chance" in finding.words for finding in fitted().findings())


def test_the_standard_error_is_that_of_rows_drawn_again_and_again() -> None:
    f = fitted()
    y, answers = (values[:, 0] for values in f.judged_rows())
    gains = (y - f.model.y_scale.mean[0]) ** 2 - (y - answers) ** 2
    mean_loss = ((y - f.model.y_scale.mean[0]) ** 2).mean()
    rng = np.random.default_rng(0)
    drawn = [gains[rng.integers(len(y), size=len(y))].mean() / mean_loss for _ in range(3000)]
    assert f.explained == pytest.approx(np.mean(drawn), abs=0.01)
    assert f.explained_error == pytest.approx(np.std(drawn), rel=0.06)


def test_copies_among_the_rows_held_out_are_told(table: Table) -> None:
    few = np.random.default_rng(0).standard_normal((20, 3))
    f = fitted(replace(table, values=np.tile(few, (6, 1))))
    assert f.copies == len(f.held_out_x) == 24
    assert any("24 of 24 rows held out are copies" in found.words for found in f.findings())
    assert fitted().copies == 0


def test_a_loss_that_still_falls_is_given_more_epochs(table: Table) -> None:
    few = replace(table, values=table.values[:10])
    f = fitted(few, DEFAULTS.settings(epochs=5), validation=0.0)
    assert (f.verdict().word, f.advice()) == ("stalled", {"--epochs": None})
    assert fitted(few, DEFAULTS.settings(), validation=0.0).verdict().word == "learning"


def test_usual_settings_train_where_plain_descent_diverges() -> None:
    for hidden in ((64,), (64, 64, 64), (128, 128)):
        for optimizer in ("adam", "sgd"):
            chosen = DEFAULTS.settings(hidden=hidden, epochs=10, optimizer=optimizer)
            assert fitted(settings=chosen).verdict().word == "learning"
    f = fitted(settings=Settings(hidden=(64, 64, 64), epochs=10, learning_rate=0.1))
    assert (f.diverged_at > 0, f.model.settings.learning_rate) == (True, 0.1)
    assert f.advice() == {"--learning-rate": None}


STARTS = ("zeros", "constant", "normal", "small", "large", "orthogonal", "he_normal", "normal:5")
RATES = ("1e-8", "0.5", "3", "1000")
LONG = pytest.mark.long


@pytest.mark.parametrize("depth", [2, 5, pytest.param(20, marks=LONG)])
@pytest.mark.parametrize(
    "activation", ["relu", "tanh", "sigmoid", pytest.param("linear", marks=LONG)]
)
@pytest.mark.parametrize("optimizer", ["adam", pytest.param("sgd", marks=LONG)])
def test_advice_that_is_followed_leads_to_a_network_that_trains(
    optimizer: str, activation: str, depth: int
) -> None:
    network = {"--activation": activation, "--hidden": f"16x{depth}", "--optimizer": optimizer}
    changes = [("--init", start) for start in STARTS] + [("--learning-rate", r) for r in RATES]
    for change in changes:
        chosen = network | dict([change])
        f = typed(chosen)
        advised = [f.advice(), *(finding.options for finding in f.findings())]
        assert f.verdict().word == "learning" or advised[0], (change, f.verdict())
        for options in {
            tuple(options.items()): options for options in advised if options
        }.values():
            g = typed(chosen | dict(options))
            assert g.verdict().word == "learning", (change, f.verdict(), options, g.verdict())


def typed(options: Mapping[str, str | None]) -> Fit:
    """Train as the options of the command line say."""
    rate, epochs = options.get("--learning-rate"), options.get("--epochs", "30")
    settings = DEFAULTS.settings(
        activation=options["--activation"],
        hidden=widths_of(options["--hidden"] or "16,16"),
        epochs=int(epochs) if epochs else None,
        learning_rate=float(rate) if rate else None,
        optimizer=options["--optimizer"],
    )
    return fitted(settings=settings, start=options.get("--init"))
