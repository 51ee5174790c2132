"""Fitting: nothing leaks from the rows held out, two parts make one run, nothing good is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from experiments.data import DataError, Table, read
from experiments.fitting.measure import Fit, begin, fit, saving
from experiments.fitting.model import DEFAULTS, Model
from experiments.kit.options import widths_of
from experiments.kit.settings import Settings
from mlp import MLP, initializers
from mlp.arrays import Array
from mlp.files import read_npz
from mlp.optimizers import OPTIMIZERS, SGD
from tests.oracles import assert_one_line

PENGUINS = read("penguins")
SHORT = Settings(hidden=(4,), activation="tanh", epochs=10, seed=3)


def fitted(table: Table = PENGUINS, settings: Settings = SHORT, **how: Any) -> Fit:
    return fit(begin(table, settings, **how), table)


def contents(model: Model, folder: Path) -> dict[str, Any]:
    model.save(folder / "contents.npz")
    return {name: array.tolist() for name, array in read_npz(folder / "contents.npz").items()}


def as_rows(*arrays: Array) -> list[tuple[float, ...]]:
    return sorted(tuple(row) for row in np.round(np.hstack(arrays), 6).tolist())


# Rows held out ----------------------------------------------------------------------------------


@pytest.mark.parametrize("validation", [0.0, 0.2, 0.5])
def test_the_rows_are_divided_and_only_those_to_learn_from_are_measured(validation: float) -> None:
    f = fitted(validation=validation)
    assert len(f.held_out_x) == round(validation * len(PENGUINS.x))
    parts = ((f.dataset.x, f.dataset.y), (f.held_out_x, f.held_out_y))
    x_scale, y_scale = f.model.x_scale, f.model.y_scale
    learned, held_out = (np.hstack([x_scale.back(x), y_scale.back(y)]) for x, y in parts)
    assert as_rows(np.vstack([learned, held_out])) == as_rows(PENGUINS.values)
    theirs = StandardScaler().fit(learned)
    np.testing.assert_allclose(np.hstack(parts[0]), theirs.transform(learned), atol=1e-9)
    if validation:
        np.testing.assert_allclose(np.hstack(parts[1]), theirs.transform(held_out), atol=1e-9)
        assert abs(f.held_out_x.mean()) > 1e-3, "their own mean is another one"


def test_the_seed_alone_decides_which_rows_are_held_out() -> None:
    first = fitted()
    same = fitted(settings=replace(SHORT, hidden=(7,), activation="relu"), start="zeros")
    other = fitted(settings=replace(SHORT, seed=4))
    np.testing.assert_array_equal(first.held_out_x, same.held_out_x)
    assert not np.array_equal(first.held_out_x, other.held_out_x)


def test_losses_are_those_of_the_network_on_both_kinds_of_rows() -> None:
    f = fitted()
    for x, y, loss in (
        (f.dataset.x, f.dataset.y, f.model.loss),
        (f.held_out_x, f.held_out_y, f.model.held_out_loss),
    ):
        assert loss.shape == (11,)
        assert loss[-1] == pytest.approx(np.mean((f.model.network.predict(x) - y) ** 2), rel=1e-12)
    truth, given = f.judged_rows()
    assert f.typical_errors()[0] == pytest.approx(np.sqrt(np.mean((truth - given) ** 2)))
    assert set(truth[:, 0]) <= set(PENGUINS.y[:, 0])


def test_too_few_rows_are_refused() -> None:
    few = replace(PENGUINS, values=PENGUINS.values[:2], lines=PENGUINS.lines[:2])
    with pytest.raises(DataError, match="too few to hold 1 of them out"):
        begin(few)
    assert fitted(few, validation=0.0).model.epoch == 10
    constant = replace(PENGUINS, values=PENGUINS.values * [0.0, 0.0, 1.0])
    with pytest.raises(DataError, match="no input that varies"):
        begin(constant)
    with pytest.raises(ValueError, match="validation"):
        begin(PENGUINS, validation=1.0)


# In two parts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [None, 50], ids=["all rows", "50 rows"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_run_that_is_resumed_is_bit_for_bit_an_uninterrupted_one(
    optimizer: str, batch_size: int | None, tmp_path: Path
) -> None:
    settings = replace(SHORT, optimizer=optimizer, batch_size=batch_size)
    whole = fitted(settings=settings).model
    part = fit(begin(PENGUINS, settings), PENGUINS, 4).model
    part.save(tmp_path / "part.npz")
    loaded = Model.load(tmp_path / "part.npz")
    assert (loaded.epoch, loaded.epochs_left) == (4, 0)
    resumed = fit(loaded, PENGUINS, 6)
    assert resumed.first_epoch == 4
    assert contents(resumed.model, tmp_path) == contents(whole, tmp_path)
    assert contents(loaded, tmp_path) == contents(part, tmp_path), "what was resumed is left alone"


def test_an_interruption_keeps_the_last_whole_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, update, calls = replace(SHORT, batch_size=50), SGD.update, 0

    def interrupted(self: SGD, *arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 6 * 4 + 3:  # 274 rows: six batches an epoch, so the fifth is half done
            raise KeyboardInterrupt
        update(self, *arguments)

    monkeypatch.setattr(SGD, "update", interrupted)
    stopped = fitted(settings=settings)
    monkeypatch.undo()
    assert (stopped.interrupted, stopped.model.epoch, stopped.model.epochs_left) == (True, 4, 6)
    resumed = fit(stopped.model, PENGUINS)
    assert contents(resumed.model, tmp_path) == contents(fitted(settings=settings).model, tmp_path)


def test_before_the_first_epoch_there_is_nothing_to_keep() -> None:
    def stop(model: Model) -> None:
        raise KeyboardInterrupt

    stopped = fit(begin(PENGUINS, SHORT), PENGUINS, on_epoch=stop)
    assert stopped.interrupted
    assert not stopped.worth_saving


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: replace(t, inputs=("a", "b")), "other columns"),
        (lambda t: replace(t, values=t.values[1:]), "341 complete rows, not 342"),
        (lambda t: replace(t, values=t.values[::-1]), "other numbers"),
    ],
)
def test_another_table_is_refused(change: Any, words: str) -> None:
    with pytest.raises(DataError, match="penguins") as error:
        fit(fitted().model, change(PENGUINS), 1)
    assert_one_line(error, words, "--resume")


# Divergence -------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [None, 50])
@pytest.mark.parametrize("rate", [3.0, 1e300])
def test_after_a_divergence_the_last_finite_network_is_kept(
    rate: float, batch_size: int | None, tmp_path: Path
) -> None:
    settings = replace(SHORT, activation="linear", learning_rate=rate, epochs=2000)
    f = fitted(settings=replace(settings, batch_size=batch_size))
    assert f.diverged_at == f.model.epoch + 1
    assert f.verdict().word == "diverged"
    assert f.verdict().number == f"not finite at epoch {f.diverged_at}"
    assert f.worth_saving
    f.model.save(tmp_path / "net.npz")
    assert Model.load(tmp_path / "net.npz").network.is_finite()
    assert np.isfinite(f.model.loss).all()


@pytest.fixture
def huge() -> Iterator[str]:
    initializers.register("huge")(lambda rng, fan_in, fan_out: np.full((fan_in, fan_out), 1e200))
    yield "huge"
    initializers.INITIALIZERS.remove("huge")


def test_a_start_that_is_not_finite_leaves_nothing_to_save(huge: str) -> None:
    f = fitted(settings=replace(SHORT, activation="relu"), start=huge)
    assert (f.diverged_at, f.worth_saving, len(f.model.loss)) == (0, False, 0)
    assert f.verdict().reason == "The start was too large; use --init he_normal."


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
    (finding,) = f.findings()
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


def test_what_never_beats_the_mean_on_rows_held_out_is_stalled(table: Table) -> None:
    noise = np.random.default_rng(11).standard_normal((60, 3))
    f = fitted(replace(table, values=noise), BY_HEART)
    assert f.model.loss.min() < 0.9
    assert f.model.held_out_loss.min() > 0.99 * f.held_out_mean_loss
    assert f.verdict().word == "stalled"
    assert "its own rows" in f.verdict().reason


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
    rate = options.get("--learning-rate")
    settings = DEFAULTS.settings(
        activation=options["--activation"],
        hidden=widths_of(options["--hidden"] or "16,16"),
        epochs=30,
        learning_rate=float(rate) if rate else None,
        optimizer=options["--optimizer"],
    )
    return fitted(settings=settings, start=options.get("--init"))


# Saving on the way ------------------------------------------------------------------------------


def test_it_is_saved_after_so_many_epochs_or_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, saved, clock = tmp_path / "net.npz", [], 0.0
    monkeypatch.setattr("time.monotonic", lambda: clock)
    monkeypatch.setattr(Model, "save", lambda self, path: saved.append(self.epoch))
    fit(begin(PENGUINS, SHORT), PENGUINS, on_epoch=saving(path, 4))
    assert saved == [4, 8]
    saved.clear()
    save = saving(path)

    def later(model: Model) -> None:
        nonlocal clock
        clock += 11.0
        save(model)

    fit(begin(PENGUINS, SHORT), PENGUINS, on_epoch=later)
    assert saved == [2, 5, 8], "every third of 11 seconds is after more than 30"


def test_a_disk_that_is_full_on_the_way_does_not_end_the_training(tmp_path: Path) -> None:
    failures: list[OSError] = []
    save = saving(tmp_path / "missing" / "net.npz", 3, failures.append)
    assert fit(begin(PENGUINS, SHORT), PENGUINS, on_epoch=save).model.epoch == 10
    assert len(failures) == 3
