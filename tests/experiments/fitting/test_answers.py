"""Answers: those of the network that was saved, and whether it knew the rows before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.data import DataError, Scale, load, read
from experiments.fitting.answers import answers
from experiments.fitting.answers_text import text
from experiments.fitting.measure import begin, fit
from experiments.fitting.model import Model
from experiments.kit.settings import Settings
from mlp import MLP, Dense, activations
from tests.oracles import assert_one_line, assert_same


def by_hand() -> Model:
    """Return a network with one unit: ŷ = 100 (3 max(0, 1.5 (x - 10)/2 - 1) + 0.5) + 1000."""
    layers = [
        Dense(np.array([[1.5]]), np.array([[-1.0]]), activations.relu),
        Dense(np.array([[3.0]]), np.array([[0.5]]), activations.linear),
    ]
    table = read("penguins", "bill_length_mm", "body_mass_g")
    return replace(
        begin(table, Settings(hidden=(1,))),
        network=MLP.from_layers(layers),
        inputs=("in put",),
        targets=("out, put",),
        x_scale=Scale(np.array([10.0]), np.array([2.0])),
        y_scale=Scale(np.array([1000.0]), np.array([100.0])),
    )


def test_answers_are_those_worked_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('note;in put;"out, put"\nx;14;1450\ny;10;1050\nz;;7\n\n')
    with pytest.raises(DataError, match="line 4, column 'in put': the value is missing"):
        answers(by_hand(), path)
    given = answers(by_hand(), path, drop_missing=True)
    np.testing.assert_array_equal(given.values, [[1650], [1050], [np.nan]])
    assert (given.known, given.unanswered) == (2, 1)
    # Errors of 2 and 0 standard deviations, and 4.5 and 0.5 from the mean.
    assert given.loss == pytest.approx((2**2 + 0) / 2)
    assert given.mean_loss == pytest.approx((4.5**2 + 0.5**2) / 2)
    assert given.errors[0] == pytest.approx(200 / 2**0.5)


@pytest.mark.parametrize(
    ("text", "known"),
    [("in put\n14\n10\n", 0), ('in put;"out, put"\n14;\n10;1050\n', 1)],
)
def test_the_truth_may_be_unknown(text: str, known: int, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text)
    given = answers(by_hand(), path)
    np.testing.assert_array_equal(given.values, [[1650], [1050]])
    assert (given.known, np.isnan(given.loss)) == (known, not known)


def test_a_column_in_another_unit_is_told(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("in put\n14000\n10000\n")
    far = answers(by_hand(), path)
    assert far.far == ("in put",)
    assert "in put is far from what it learned from" in text(far, None)
    path.write_text("in put\n14000\n10\n12\n")
    assert answers(by_hand(), path).far == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("other\n1\n2\n", "has no column 'in put'"),
        ("in put\n1e308\n", "line 2: its numbers are too far"),
        ("in put\nx\n", "line 2, column 'in put': 'x' is not a number"),
        ("in put\n", "has no complete row"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    text: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text)
    model = by_hand()
    model.network.layers[0].W = [[1e10]]
    with pytest.raises(DataError, match="table") as error:
        answers(model, path)
    assert_one_line(error, words)


def test_answers_to_the_table_it_learned_from_are_those_of_the_library() -> None:
    settings = Settings(hidden=(4,), activation="tanh", epochs=10)
    table = read("penguins")
    model = fit(begin(table, settings, validation=0.0), table).model
    penguins = load()
    expected = model.network.predict(penguins.x) * penguins.y_std + penguins.y_mean
    given = answers(model, "penguins")
    assert (len(given.values), given.unanswered) == (344, 2)
    kept = given.values[~np.isnan(given.values[:, 0])]
    np.testing.assert_allclose(kept, expected, rtol=1e-12)
    assert given.loss == pytest.approx(model.loss[-1], rel=1e-12)
    assert_same([given.errors], [np.sqrt(model.loss[-1:]) * penguins.y_std], rtol=1e-12)


def test_rows_that_it_has_learned_from_are_known_in_any_file(tmp_path: Path) -> None:
    columns = ("bill_length_mm", "bill_depth_mm", "body_mass_g")
    table = read("penguins")
    f = fit(begin(table, Settings(hidden=(4,), epochs=3)), table)
    whole = answers(f.model, "penguins")
    assert (whole.known, whole.learned) == (342, 274)
    assert whole.new_loss == pytest.approx(f.judged_loss[0]), "the others were held out"

    def asked(rows: list[list[float]]) -> tuple[int, int, float]:
        lines = [",".join(map(str, row)) for row in rows]
        path = tmp_path / "rows.csv"
        path.write_text("\n".join(["body_mass_g,bill_depth_mm,other,bill_length_mm", *lines]))
        given = answers(f.model, path)
        return given.known, given.learned, given.new_loss

    assert table.inputs + table.targets == columns
    rows = [[mass, depth, 7.0, length] for length, depth, mass in table.values.tolist()]
    half = asked(rows[::-2])
    assert half[0] == 171
    assert 100 < half[1] < 171
    new = [[mass + 1, *rest] for mass, *rest in rows]
    assert asked(new)[:2] == (342, 0)
    assert asked(rows + new)[:2] == (684, 274)
    only_new = answers(f.model, tmp_path / "rows.csv")
    assert only_new.new_loss != only_new.loss
