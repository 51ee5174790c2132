"""Arrays at the door: what comes through unchanged, and what is met by one sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlp.arrays import as_examples, as_floats
from tests.oracles import assert_one_line

FLOAT64 = np.dtype(np.float64)
FLOAT32 = np.dtype(np.float32)


@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64]),
        hnp.array_shapes(min_dims=0, max_dims=4),
        elements={"allow_nan": False, "allow_infinity": False},
    )
)
def test_finite_floats_come_back_as_the_very_same_array(value: Any) -> None:
    assert as_floats(value, "x") is value


@given(hnp.arrays(hnp.integer_dtypes() | hnp.boolean_dtypes(), hnp.array_shapes(max_dims=3)))
def test_integers_and_bools_become_float64_of_the_same_value(value: Any) -> None:
    floats = as_floats(value, "x")
    assert floats.dtype == np.float64
    assert floats.shape == value.shape
    assert floats.tolist() == value.astype(float).tolist()


def test_float16_is_widened_where_a_type_is_asked_for() -> None:
    assert as_floats(np.ones(2, np.float16), "x", FLOAT32).dtype == np.float32


def test_the_caller_s_array_is_left_alone_by_a_conversion() -> None:
    value = np.array([[1, 2], [3, 4]])
    as_floats(value, "x")[:] = 9
    assert value.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_entry_that_is_not_finite_is_named(bad: float) -> None:
    value = np.zeros((3, 4))
    value[1, 2] = value[2, 0] = bad
    with pytest.raises(ValueError, match="finite") as error:
        as_floats(value, "y")
    assert_one_line(error, "y[1, 2]", str(bad))


def test_a_scalar_that_is_not_finite_is_named_without_an_index() -> None:
    with pytest.raises(ValueError, match=r"^y is nan;"):
        as_floats(float("nan"), "y")


@pytest.mark.parametrize("value", [1e300, -1e300, 3.5e38])
def test_a_number_too_large_for_float32_is_named_as_it_was_given(value: float) -> None:
    with pytest.raises(ValueError, match="finite") as error:
        as_floats([0.0, value], "x", FLOAT32)
    assert_one_line(error, "x[1]", str(value))
    assert as_floats([0.0, value], "x", FLOAT64).tolist() == [0.0, value]


BAD: dict[str, Any] = {
    "text": [["1.0", "2.0"]],
    "words": "words",
    "bytes": b"12",
    "None": None,
    "an object": [[object()]],
    "a dictionary": {"a": 1},
    "a hole": [[1.0, None]],
    "ragged rows": [[1.0, 2.0], [3.0]],
    "complex": [[1j]],
    "a date": np.array(["2020-01-01"], dtype="datetime64[D]"),
    "columns with names": np.zeros(2, dtype=[("a", float), ("b", float)]),
    "a huge integer": [[10**400]],
}


@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
def test_what_is_not_an_array_of_real_numbers_is_refused_by_name(value: Any) -> None:
    with pytest.raises(ValueError, match="numbers") as error:
        as_floats(value, "the thing")
    assert_one_line(error, "the thing")


@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64, np.int64]),
        hnp.array_shapes(min_dims=2, max_dims=4),
        elements=st.integers(-9, 9),
    )
)
def test_examples_keep_their_shape_and_take_the_type(value: Any) -> None:
    examples = as_examples(value, "x", value.shape[-1], FLOAT32)
    assert examples.dtype == np.float32
    assert examples.tolist() == value.tolist()


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=9))
def test_a_1_d_list_is_one_column(values: list[float]) -> None:
    assert as_examples(values, "y", 1, FLOAT64).tolist() == [[v] for v in values]


@given(
    shape=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
    columns=st.integers(1, 4),
)
def test_examples_are_rows_of_the_right_width_or_refused_with_their_shape(
    shape: tuple[int, ...], columns: int
) -> None:
    value = np.zeros(shape)
    is_column = len(shape) == 1 and columns == 1
    fits = is_column or (len(shape) >= 2 and shape[-1] == columns)
    if fits and 0 not in shape:
        assert as_examples(value, "x", columns, FLOAT64).shape == (
            (*shape, 1) if is_column else shape
        )
    else:
        with pytest.raises(ValueError, match="row") as error:
            as_examples(value, "x", columns, FLOAT64)
        assert_one_line(error, f"x has shape ({', '.join(map(str, shape))}")
