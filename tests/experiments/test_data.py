"""Data: the penguins as published, and every way in which a table can be wrong."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

from experiments.data import SOURCES, DataError, load


def write(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_bytes(text.encode())
    return path


def test_the_penguins_are_all_there_and_two_are_incomplete() -> None:
    with SOURCES["penguins"].path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 344
    # The counts of the published table, by species.
    species = [row["species"] for row in rows]
    assert [species.count(s) for s in ("Adelie", "Gentoo", "Chinstrap")] == [152, 124, 68]
    penguins = load()
    assert (len(penguins.x), penguins.dropped) == (342, 2)


def test_columns_are_standardised_as_scikit_learn_does() -> None:
    penguins = load()
    with SOURCES["penguins"].path.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["bill_length_mm"] != "NA"]
    columns = [*penguins.inputs, *penguins.targets]
    table = np.array([[float(row[c]) for c in columns] for row in rows])
    expected = StandardScaler().fit_transform(table)
    np.testing.assert_allclose(np.hstack([penguins.x, penguins.y]), expected, atol=1e-12)
    back = penguins.y * penguins.y_std + penguins.y_mean
    np.testing.assert_allclose(back, table[:, 2:], rtol=1e-12)


def test_baselines_are_those_of_scikit_learn() -> None:
    penguins = load()
    fitted = LinearRegression().fit(penguins.x, penguins.y).predict(penguins.x)
    expected = np.mean((penguins.y - fitted) ** 2)
    assert penguins.least_squares_loss == pytest.approx(expected, rel=1e-12)
    assert round(penguins.least_squares_loss, 3) == 0.529
    assert penguins.mean_predictor_loss == pytest.approx(1, rel=1e-12)


def test_other_columns_can_be_chosen() -> None:
    chosen = load("penguins", ["flipper_length_mm"], ["bill_length_mm", "body_mass_g"])
    assert (chosen.x.shape[1], chosen.y.shape[1]) == (1, 2)
    assert chosen.targets == ("bill_length_mm", "body_mass_g")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_fields_may_be_separated_as_people_do(separator: str, tmp_path: Path) -> None:
    rows = ["a,b", "1,2", "3,5"]
    table = load(write(tmp_path, "\n".join(row.replace(",", separator) for row in rows)))
    assert (table.inputs, table.targets, len(table.x)) == (("a",), ("b",), 2)


def test_a_chosen_target_is_no_input() -> None:
    assert load("penguins", targets="bill_length_mm").inputs == ("bill_depth_mm",)


def test_a_file_is_read_with_its_last_column_as_the_target(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufeffa,b,price\r\n1,2,3\r\n3,2,7\r\n\r\n")
    table = load(path)
    assert (table.inputs, table.targets, table.name) == (("a", "b"), ("price",), "table.csv")
    np.testing.assert_allclose(table.x, [[-1, 0], [1, 0]])  # a constant column becomes 0


WRONG = {
    "empty": ("", "is empty"),
    "one row": ("a,b\n1,2\n", "1 complete rows"),
    "no rows": ("a,b\n", "0 complete rows"),
    "text": ("a,b\n1,2\n1,two\n", "line 3, column 'b': 'two' is not a number"),
    "blank": ("a,b\n1,\n", "line 2, column 'b': the value is missing"),
    "nan": ("a,b\n1,nan\n", "line 2, column 'b': the value is missing"),
    "inf": ("a,b\n1,inf\n", "line 2, column 'b': inf is not a finite number"),
    "overflow": ("a,b\n1,1e400\n", "line 2, column 'b': 1e400 is not a finite number"),
    "ragged": ("a,b\n1,2\n1,2,3\n", "line 3: 3 fields, but the header has 2"),
    "duplicate": ("a,a,b\n1,2,3\n", "2 columns called 'a'"),
    "constant target": ("a,b\n1,2\n2,2\n", "column 'b' is constant"),
    "one column": ("a\n1\n2\n", "no column left to learn from"),
    "too large": ("a,b\n1e300,2\n-1e300,3\n", "column 'a': its numbers are too large"),
    "NUL": ("a,b\n1,\x002\n", "line 2"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_table_is_one_sentence_with_its_place(name: str, tmp_path: Path) -> None:
    text, words = WRONG[name]
    path = write(tmp_path, text)
    with pytest.raises(DataError) as error:
        load(path)
    message = str(error.value)
    assert message.startswith(str(path))
    assert words in message
    assert "\n" not in message


def test_what_is_not_a_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.csv"
    path.write_bytes(b"\x89PNG\xff\xfe\x00")
    with pytest.raises(DataError, match="UTF-8"):
        load(path)
    with pytest.raises(DataError, match="did you mean 'penguins'"):
        load("penguin")
    with pytest.raises(DataError, match="did you mean 'bill_depth_mm'"):
        load("penguins", ["bill_dept_mm"])
    with pytest.raises(DataError, match="chosen twice"):
        load("penguins", ["year"], ["year"])


@given(
    st.lists(
        st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)), min_size=2, max_size=30
    ).filter(lambda rows: len({b for _, b in rows}) > 1)
)
def test_every_number_that_can_be_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, float]]
) -> None:
    text = "a,b\n" + "".join(f"{a!r},{b!r}\n" for a, b in rows)
    table = load(write(tmp_path_factory.mktemp("csv"), text))
    back = np.hstack([table.x * table.x_std + table.x_mean, table.y * table.y_std + table.y_mean])
    np.testing.assert_allclose(back, rows, rtol=1e-9, atol=1e-6)
