"""Fitting: nothing leaks from the rows held out, two parts make one run, nothing good is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from experiments.data import DataError, Table, read
from experiments.fitting.measure import begin, fit, saving
from experiments.fitting.model import Model
from experiments.fitting.outcome import Fit
from experiments.kit.settings import Settings
from mlp import initializers
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
