"""The model's file: what was saved comes back, and nothing in it is trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.data import DataError, read
from experiments.fitting.measure import begin, fit
from experiments.fitting.model import Model
from experiments.kit.settings import Settings
from mlp import MLP
from mlp.files import as_text, from_text, read_npz, write_npz
from tests.oracles import assert_one_line, assert_same

PENGUINS = read("penguins")
MODEL = fit(
    begin(PENGUINS, Settings(hidden=(3, 2), epochs=4, optimizer="adam", batch_size=100)), PENGUINS
).model


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "net.npz"


def test_what_was_saved_comes_back(path: Path) -> None:
    MODEL.save(path)
    loaded = Model.load(path)
    for name in (
        "inputs",
        "targets",
        "settings",
        "start",
        "validation",
        "rows",
        "digest",
        "began",
    ):
        assert getattr(loaded, name) == getattr(MODEL, name), name
    assert_same(loaded.network.parameters(), MODEL.network.parameters())
    assert list(loaded.memory) == list(MODEL.memory)
    assert_same(list(loaded.memory.values()), list(MODEL.memory.values()))
    np.testing.assert_array_equal(loaded.loss, MODEL.loss)
    np.testing.assert_array_equal(loaded.held_out_loss, MODEL.held_out_loss)
    np.testing.assert_array_equal(loaded.answer(PENGUINS.x), MODEL.answer(PENGUINS.x))


def test_a_file_with_an_array_for_each_parameter_in_the_memory_is_read(path: Path) -> None:
    MODEL.save(path)
    arrays = read_npz(path)
    for i in "01":
        like_theta = MODEL.network.with_theta(arrays.pop(f"memory.{i}"))
        arrays |= {f"memory.{p}.{i}": a for p, a in enumerate(like_theta.parameters())}
    write_npz(path, arrays)
    loaded = Model.load(path)
    assert {name: a.tolist() for name, a in loaded.memory.items()} == {
        name: a.tolist() for name, a in MODEL.memory.items()
    }
    write_npz(path, arrays | {"memory.0.0": np.ones((1, 1))})
    assert_refused(path, "memory")


def test_a_file_that_does_not_say_which_rows_were_learned_is_read(path: Path) -> None:
    MODEL.save(path)
    assert Model.load(path).has_learned_from(PENGUINS.values).sum() == 274
    write_npz(path, {name: a for name, a in read_npz(path).items() if name != "learned"})
    assert not Model.load(path).has_learned_from(PENGUINS.values).any()


def test_the_library_reads_the_network_in_it(path: Path) -> None:
    MODEL.save(path)
    assert_same(MLP.load(path).parameters(), MODEL.network.parameters())


def assert_refused(path: Path, *words: str) -> None:
    with pytest.raises(DataError, match="net") as error:
        Model.load(path)
    assert_one_line(error, str(path), *words)
    assert str(error.value).isprintable()


def test_a_network_alone_is_not_enough(path: Path) -> None:
    MODEL.network.save(path)
    assert_refused(path, "not the columns", "mlp-demo train --save")


ABOUT: dict[str, Any] = {
    "a list": lambda about: [about],
    "nothing": lambda about: {},
    "no inputs": lambda about: about | {"inputs": []},
    "inputs of numbers": lambda about: about | {"inputs": [1, 2]},
    "an input too many": lambda about: about | {"inputs": ["a", "b", "c"]},
    "a name that paints the terminal": lambda about: about | {"targets": ["\x1b[31m"]},
    "a name of two lines": lambda about: about | {"start": "a\nb"},
    "no start": lambda about: about | {"start": None},
    "all held out": lambda about: about | {"validation": 1.0},
    "none of a number held out": lambda about: about | {"validation": float("nan")},
    "half a row": lambda about: about | {"rows": 0.5},
    "no settings": lambda about: about | {"settings": None},
    "an optimizer nobody knows": lambda about: changed(about, optimizer="adamm"),
    "another optimizer": lambda about: changed(about, optimizer="sgd"),
    "a list for an optimizer": lambda about: changed(about, optimizer=[1]),
    "a rate of text": lambda about: changed(about, learning_rate="0.1"),
    "an infinite rate": lambda about: changed(about, learning_rate=float("inf")),
    "no rows in a batch": lambda about: changed(about, batch_size=0),
    "a text for a batch": lambda about: changed(about, batch_size="all"),
    "a seed below 0": lambda about: changed(about, seed=-1),
    "an activation nobody knows": lambda about: changed(about, activation="rellu"),
    "endless epochs": lambda about: changed(about, epochs=float("inf")),
}


def changed(about: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return about | {"settings": about["settings"] | settings}


@pytest.mark.parametrize("change", ABOUT.values(), ids=ABOUT)
def test_words_that_are_those_of_no_model_are_refused(change: Any, path: Path) -> None:
    MODEL.save(path)
    arrays = read_npz(path)
    about = change(from_text(arrays["training"]))
    write_npz(path, arrays | {"training": as_text(about)})
    if about == changed(from_text(arrays["training"]), optimizer="sgd"):
        assert Model.load(path).settings.optimizer == "sgd", "its memory has room for one array"
    else:
        assert_refused(path)


ARRAYS: dict[str, Any] = {
    "no losses": {"loss": np.empty(0), "held_out_loss": np.empty(0)},
    "losses in a table": {"loss": np.ones((5, 1))},
    "a loss that is infinite": {"loss": np.array([1, 1, 1, 1, np.inf])},
    "other losses held out": {"held_out_loss": np.ones(3)},
    "a standard deviation of 0": {"x_std": np.array([1.0, 0.0])},
    "a mean of nothing": {"x_mean": np.array([1.0, np.nan])},
    "a mean too many": {"y_mean": np.ones(2)},
    "learned rows in a table": {"learned": np.ones((2, 2), np.int64)},
    "halves of learned rows": {"learned": np.full(3, 0.5)},
    "a layer too many": {"began": np.ones((3, 6))},
    "a memory of another shape": {"memory.0": np.ones((2, 2))},
    "a memory with a hole": {"memory.1": np.full(MODEL.network.theta.shape, np.nan)},
    "half a memory of an older file": {"memory.0.0": np.ones((2, 2))},
    "steps below 0": {"memory.steps": np.array(-1)},
}


@pytest.mark.parametrize("change", ARRAYS.values(), ids=ARRAYS)
def test_numbers_that_are_those_of_no_model_are_refused(change: Any, path: Path) -> None:
    MODEL.save(path)
    write_npz(path, read_npz(path) | change)
    assert_refused(path, "does not hold a model")


@pytest.mark.parametrize("name", ["training", "loss", "x_std", "began", "memory.steps", "W1"])
def test_a_member_that_is_missing_is_named(name: str, path: Path) -> None:
    MODEL.save(path)
    write_npz(path, {key: array for key, array in read_npz(path).items() if key != name})
    assert_refused(path)


def fuzz(path: Path, examples: int) -> None:
    """Load models with bytes replaced, cut off or put in."""
    MODEL.save(path)
    whole = path.read_bytes()
    place = st.integers(0, len(whole) - 1)
    change = st.tuples(place, st.binary(max_size=8), st.booleans())

    @settings(max_examples=examples)
    @given(st.lists(change, min_size=1, max_size=4), st.none() | place)
    def damaged(changes: list[tuple[int, bytes, bool]], end: int | None) -> None:
        content = bytearray(whole)
        for position, new, replaced in changes:
            content[position : position + (len(new) if replaced else 0)] = new
        path.write_bytes(content[:end])
        model = load_or_refuse(path)
        if model:
            assert_same(model.network.parameters(), MODEL.network.parameters())

    arrays = read_npz(path)
    words = arrays["training"].tobytes()

    @settings(max_examples=examples)
    @given(st.lists(st.tuples(st.integers(0, len(words) - 1), st.binary(max_size=3)), min_size=1))
    def forged(changes: list[tuple[int, bytes]]) -> None:
        text = bytearray(words)
        for position, new in changes:
            text[position : position + len(new)] = new
        write_npz(path, arrays | {"training": np.frombuffer(bytes(text), np.uint8)})
        load_or_refuse(path)

    damaged()
    forged()


def load_or_refuse(path: Path) -> Model | None:
    """Load a model that answers, or see it refused in one printable line that names the file."""
    try:
        model = Model.load(path)
    except DataError as error:
        message = str(error)
        assert message.startswith(str(path))
        assert message.isprintable(), message
        return None
    assert np.isfinite(model.answer(PENGUINS.x)).all()
    return model


def test_no_damage_is_met_by_anything_but_a_sentence(path: Path) -> None:
    fuzz(path, 100)


@pytest.mark.long
def test_no_damage_of_thousands_is_met_by_anything_else(path: Path) -> None:
    fuzz(path, 2500)
