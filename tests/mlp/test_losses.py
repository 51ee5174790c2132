"""Mean squared error: the average of scikit-learn, its slope, and shapes that must match."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import mean_squared_error

from mlp import mse
from tests.oracles import assert_one_line

sizes = st.integers(1, 5)
stacks = hnp.array_shapes(min_dims=0, max_dims=2, max_side=3)


def test_a_worked_example() -> None:
    # Differences 1, -2, 0, 3: squares 1 + 4 + 0 + 9 = 14, over 4 entries; slope 2 d / 4.
    loss, error = mse(np.array([[2.0, 0.0], [5.0, 4.0]]), np.array([[1.0, 2.0], [5.0, 1.0]]))
    assert loss == 3.5
    assert error.tolist() == [[0.5, -1.0], [0.0, 1.5]]


@given(n=sizes, m=sizes, seed=st.integers(0, 99))
def test_it_is_the_mean_of_scikit_learn_over_examples_and_outputs(
    n: int, m: int, seed: int
) -> None:
    output, y = np.random.default_rng(seed).standard_normal((2, n, m))
    loss, _ = mse(output, y)
    assert np.ndim(loss) == 0
    assert float(loss) == pytest.approx(mean_squared_error(y, output), rel=1e-14)


@given(stack=stacks, n=sizes, m=sizes, seed=st.integers(0, 99))
def test_the_error_is_the_slope_of_the_loss(
    stack: tuple[int, ...], n: int, m: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    output, y = rng.standard_normal((*stack, n, m)), rng.standard_normal((n, m))
    error = mse(output, y)[1]
    assert error.shape == output.shape
    for i, j in np.ndindex(n, m):
        step = np.zeros((n, m))
        step[i, j] = 1e-4
        # The loss is a parabola, for which a central difference is exact.
        slope = (mse(output + step, y)[0] - mse(output - step, y)[0]) / 2e-4
        np.testing.assert_allclose(error[..., i, j], slope, rtol=1e-9, atol=1e-10)


@given(stack=stacks, n=sizes, m=sizes, own_y=st.booleans())
def test_a_stack_has_one_loss_each_not_averaged(
    stack: tuple[int, ...], n: int, m: int, own_y: bool
) -> None:
    rng = np.random.default_rng(0)
    output = rng.standard_normal((*stack, n, m))
    y = rng.standard_normal((*stack, n, m) if own_y else (n, m))
    loss, error = mse(output, y)
    assert np.shape(loss) == stack
    for r in np.ndindex(stack):
        alone, alone_error = mse(output[r], y[r] if own_y else y)
        assert float(np.asarray(loss)[r]) == pytest.approx(float(alone), rel=1e-14)
        np.testing.assert_allclose(error[r], alone_error, rtol=1e-14)


@given(n=sizes, stack=stacks)
def test_a_1_d_y_is_one_column(n: int, stack: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    output, y = rng.standard_normal((*stack, n, 1)), rng.standard_normal(n)
    for flat, column in zip(mse(output, y), mse(output, y[:, np.newaxis]), strict=True):
        np.testing.assert_array_equal(flat, column)


@pytest.mark.parametrize(
    ("output", "y"),
    [
        ((4, 1), (3,)),
        ((4, 1), (3, 1)),
        ((4, 1), (4, 2)),
        ((4, 1), (1, 1)),
        ((4, 1), (1,)),
        ((4, 1), (1, 4)),
        ((4, 1), ()),
        ((4, 2), (4,)),
        ((4, 2), (2,)),
        ((4, 2), (4, 1)),
        ((4, 2), (2, 4)),
        ((3, 4, 1), (3, 1, 1)),
        ((3, 4, 1), (2, 4, 1)),
        ((3, 4, 1), (1, 4, 1)),
        ((4, 1), (3, 4, 1)),
        ((4, 1), (1, 4, 1)),
    ],
)
def test_nothing_is_broadcast_silently(output: tuple[int, ...], y: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="alike") as error:
        mse(np.zeros(output), np.zeros(y))
    assert_one_line(error, str(output), str(y).removesuffix(",)"))


@given(
    output=hnp.array_shapes(min_dims=2, max_dims=3, max_side=4),
    y=hnp.array_shapes(min_dims=0, max_dims=4, max_side=4),
)
def test_any_other_shape_of_y_is_an_error_that_names_both(
    output: tuple[int, ...], y: tuple[int, ...]
) -> None:
    assume(y not in (output, output[-2:]))
    assume((*y, 1) != output[-2:])
    with pytest.raises(ValueError, match="alike") as error:
        mse(np.zeros(output), np.zeros(y))
    assert_one_line(error, str(output), str(y).removesuffix(",)"))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_type_is_kept(dtype: Any) -> None:
    loss, error = mse(np.ones((3, 2), dtype), np.zeros((3, 2), dtype))
    assert loss.dtype == error.dtype == dtype


def test_integer_targets_are_numbers_too() -> None:
    assert mse(np.array([[0.5]]), [1])[0] == 0.25


def test_no_examples_at_all_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(0, 1\)"):
        mse(np.empty((0, 1)), np.empty((0, 1)))


def test_whole_numbers_are_answers_like_any_other() -> None:
    loss, error = mse([[1], [3]], [0.5, 2.5])
    assert loss == 0.25
    assert error.tolist() == [[0.5], [0.5]]
