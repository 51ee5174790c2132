"""Data: the penguins as published, and every way in which a table can be wrong."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

from experiments.data import SOURCES, DataError, Scale, column_names, load, read


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
@pytest.mark.parametrize("name", ["b", '"b, in EUR; gross"'])
def test_fields_may_be_separated_as_people_do(separator: str, name: str, tmp_path: Path) -> None:
    rows = [["a", name], ["1", "2"], ["3", "5"]]
    table = load(write(tmp_path, "\n".join(map(separator.join, rows))))
    assert (table.inputs, table.targets, len(table.x)) == (("a",), (name.strip('"'),), 2)


TABLES = {
    "a comma in a name": "a;b, in EUR\n1;2\n3;5\n",
    "a semicolon in a name": "a; in m,b\n1,2\n3,5\n",
    "spaces after commas": 'a, "b"\n1, 2\n3, "5"\n',
    "spaces around": " a ,b \n 1 ,2 \n\t3, 5\n",
    "a name of two lines": 'a,"b\r\nc"\r\n1,2\r\n3,5\r\n',
    "blank lines": "\n \na,b\n\n1,2\n \n3,5\n\n",
    "no line end": "a,b\n1,2\n3,5",
    "a mark of the byte order": "\ufeffa,b\n1,2\n3,5\n",
    "Windows": "a,b\r\n1,2\r\n3,5\r\n",
    "an old Macintosh": "a,b\r1,2\r3,5\r",
    "no header": "1,2\n3,5\n",
    "other ways to write a number": "a,b\n1.,+2.0\n.3e1,5E0\n",
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
def test_a_table_may_look_as_people_have_it(text: str, tmp_path: Path) -> None:
    table = read(write(tmp_path, text))
    np.testing.assert_array_equal(table.values, [[1, 2], [3, 5]])
    assert len(table.inputs) == len(table.targets) == 1


def test_a_name_has_its_white_space_as_one_blank(tmp_path: Path) -> None:
    path = write(tmp_path, '"size\n (m)";price $ \n1;2\n3;5\n')
    assert column_names(path) == ["size (m)", "price $"]


def test_a_first_line_of_numbers_is_data(tmp_path: Path) -> None:
    path = write(tmp_path, "1;2;3\n4;5;\n7;8;9\n")
    table = read(path, targets=["x1", "x3"], drop_missing=True)
    assert (table.inputs, table.targets, table.header) == (("x2",), ("x1", "x3"), False)
    np.testing.assert_array_equal(table.values, [[2, 1, 3], [8, 7, 9]])
    assert not load(path, drop_missing=True).header
    assert load().header


def test_incomplete_rows_are_dropped_and_counted_when_that_is_wanted(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b,c\n1,2,x\nNA,3,x\n4,,x\n5,#N/A,x\n\n6,9,\n")
    with pytest.raises(
        DataError, match=r"line 3, column 'a': the value is missing.*--drop-missing"
    ):
        read(path, "a", "b")
    table = read(path, "a", "b", drop_missing=True)
    assert table.dropped == 3
    np.testing.assert_array_equal(table.values, [[1, 2], [6, 9]])
    assert table.lines.tolist() == [2, 7]


@pytest.mark.parametrize("value", [0.1, 1e-300, -7.7, 0.0])
def test_a_constant_column_becomes_zero_whatever_its_mean_rounds_to(value: float) -> None:
    scale = Scale.of(np.full((3, 1), value))  # the mean of three 0.1 is not 0.1
    assert not scale.forth(np.full((5, 1), value)).any()
    np.testing.assert_array_equal(scale.back(np.zeros((1, 1))), value)


def test_only_the_chosen_rows_decide_how_to_standardise(tmp_path: Path) -> None:
    table = read(write(tmp_path, "a,b\n1,2\n3,5\n1000,2000\n"))
    chosen = table.standardised(np.array([0, 1]))
    np.testing.assert_array_equal([chosen.x_mean, chosen.x_std], [[2], [1]])
    np.testing.assert_array_equal([chosen.y_mean, chosen.y_std], [[3.5], [1.5]])


def test_a_chosen_target_is_no_input() -> None:
    assert load("penguins", targets="bill_length_mm").inputs == ("bill_depth_mm",)


def test_a_file_is_read_with_its_last_column_as_the_target(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufeffa,b,price\r\n1,2,3\r\n3,2,7\r\n\r\n")
    table = load(path)
    assert (table.inputs, table.targets, table.name) == (("a", "b"), ("price",), "table.csv")
    np.testing.assert_allclose(table.x, [[-1, 0], [1, 0]])  # a constant column becomes 0


WRONG = {
    "empty": ("", "is empty"),
    "blank": ("\n \n\n", "is empty"),
    "one row": ("a,b\n1,2\n", "1 complete rows"),
    "no rows": ("a,b\n", "0 complete rows"),
    "text": ("a,b\n1,2\n1,two\n", "line 3, column 'b': 'two' is not a number"),
    "text without header": ("1,2\n1,two\n", "line 2, column 'x2': 'two' is not a number"),
    "no value": ("a,b\n1,\n", "line 2, column 'b': the value is missing"),
    "only separators": ("a,b\n1,2\n,\n", "line 3, column 'a': the value is missing"),
    "nan": ("a,b\n1,nan\n", "line 2, column 'b': the value is missing"),
    "inf": ("a,b\n1,inf\n", "line 2, column 'b': inf is not a finite number"),
    "-Infinity": ("a,b\n1,-Infinity\n", "line 2, column 'b': -Infinity is not a finite number"),
    "overflow": ("a,b\n1,1e400\n", "line 2, column 'b': 1e400 is not a finite number"),
    "long": (f"a,b\n1,{'9' * 400}\n", "99...' is not a finite number"),
    "underscore": ("a,b\n1,1_000\n", "'1_000' has an underscore"),
    "decimal comma": ("a;b\n1;2,5\n", "line 2, column 'b': '2,5' has a comma; write 1234.5"),
    "thousands": ('a,b\n1,"1,234.5"\n', "'1,234.5' has a comma"),
    "minus": ("a,b\n1,\u22125\n", "a typographic minus sign"),
    "digits of another script": ("a,b\n1,\u0661\n", "line 2, column 'b'"),
    "hexadecimal": ("a,b\n1,0x10\n", "'0x10' is not a number"),
    "date": ("a,b\n1,2024-10-04\n", "'2024-10-04' is not a number"),
    "per cent": ("a,b\n1,5 %\n", "'5 %' is not a number"),
    "long text": (f"a,b\n1,{'no ' * 400}\n", "no n...' is not a number"),
    "ragged": ("a,b\n1,2\n1,2,3\n", "line 3: 3 fields, but the first line has 2"),
    "short": ("a,b,c\n1,2,3\n1,2\n", "line 3: 2 fields, but the first line has 3"),
    "duplicate": ("a,a,b\n1,2,3\n", "2 columns called 'a'"),
    "no name": (",a,b\n0,1,2\n", "column 1 has no name"),
    "constant target": ("a,b\n1,2\n2,2\n", "column 'b' is constant"),
    "constant target, rounded": ("a,b\n1,.1\n2,.1\n3,.1\n", "column 'b' is constant"),
    "one column": ("a\n1\n2\n", "no column left to learn from"),
    "blanks between fields": ("a b\n1 2\n", "commas, semicolons or tabs"),
    "too large": ("a,b\n1e300,2\n-1e300,3\n", "column 'a': its numbers are too large"),
    "NUL": ("a,b\n1,\x002\n", "line 2, column 'b': it holds bytes that are not UTF-8"),
    "NUL in a name": ("a,\x00b\n1,2\n", "line 1, column 2: its name is not UTF-8 text"),
    "open quote": ('a,b\n1,2\n3,"4\n5,6\n', "line 4: this is not a CSV file"),
    "text after a quote": ('a,b\n1,"2"3\n', "line 2: this is not a CSV file"),
    "endless field": ("a,b\n1," + "2" * 200_000 + "\n", "this is not a CSV file"),
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
    for content in (b"\x89PNG\xff\xfe\x00", "a,b\n1,2\n3,4\n".encode("utf-16"), bytes(1000)):
        path.write_bytes(content)
        with pytest.raises(DataError, match="UTF-8"):
            load(path)
    with pytest.raises(DataError, match="is a folder"):
        load(tmp_path)
    with pytest.raises(DataError, match="did you mean 'penguins'"):
        load("penguin")
    with pytest.raises(DataError, match="did you mean 'bill_depth_mm'"):
        load("penguins", ["bill_dept_mm"])
    with pytest.raises(DataError, match="chosen twice"):
        load("penguins", ["year"], ["year"])


def test_bytes_of_another_encoding_are_named_where_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes("größe,preis\n1,2\n3,4\n".encode("latin-1"))
    with pytest.raises(DataError, match="line 1, column 1: its name is not UTF-8"):
        load(path)
    path.write_bytes("a,ort,b\n1,Köln,2\n3,Bonn,4\n".encode("latin-1"))
    with pytest.raises(DataError, match="line 2, column 'ort': it holds bytes that are not UTF-8"):
        load(path)
    assert load(path, "a").targets == ("b",), "a column that is not chosen may be anything"


PIECES = st.sampled_from(
    ["a", "b", "1", "2.5", "-3e2", ",", ";", "\t", "\n", "\r\n", '"', " ", "\0", "1e999", "nan",
     "é", "\ufeff", "_", "\u2212", "inf", "NA", "1,2\n", "3;4\n", "x,y\n", "\x1b[31m"]
)  # fmt: skip


def read_or_refuse(content: bytes, path: Path) -> bool:
    """Read a table of finite numbers, or see it refused in one printable line with its name."""
    path.write_bytes(content)
    try:
        table = load(path, drop_missing=True)
    except DataError as error:
        message = str(error)
        assert str(path) in message
        assert message.isprintable(), message
        return False
    assert np.isfinite(table.x).all()
    assert np.isfinite(table.y).all()
    assert len(table.x) == len(table.y) >= 2
    assert (table.x.shape[1], table.y.shape[1]) == (len(table.inputs), len(table.targets))
    return True


def fuzz(folder: Path, examples: int) -> None:
    """Read made-up files: pieces of tables, and a sound table with bytes replaced."""
    path = folder / "table.csv"
    sound = '\ufeffa;b, c;"d\ne"\r\n1;2;3\r\n-4;;6e1\r\n7;"8";9\r\n'.encode()
    replaced = st.lists(st.tuples(st.integers(0, len(sound) - 1), st.integers(0, 255)), max_size=6)

    @settings(max_examples=examples)
    @given(st.lists(PIECES, max_size=30), st.binary(max_size=8))
    def pieces(found: list[str], tail: bytes) -> None:
        read_or_refuse("".join(found).encode() + tail, path)

    @settings(max_examples=examples)
    @given(replaced)
    def damaged(changes: list[tuple[int, int]]) -> None:
        content = bytearray(sound)
        for position, byte in changes:
            content[position] = byte
        read_or_refuse(bytes(content), path)

    assert read_or_refuse(sound, path)
    pieces()
    damaged()


def test_no_file_is_met_by_anything_but_a_table_or_a_sentence(tmp_path: Path) -> None:
    fuzz(tmp_path, 100)


@pytest.mark.long
def test_no_file_of_thousands_is_met_by_anything_else(tmp_path: Path) -> None:
    fuzz(tmp_path, 2000)


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
