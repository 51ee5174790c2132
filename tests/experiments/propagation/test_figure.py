"""The picture of ``propagate``: nothing is piled up or cut, and nothing is drawn twice."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

from experiments.kit.starts import RANGES, named_start
from experiments.propagation import figure as pictures
from experiments.propagation.measure import propagate
from mlp.arrays import Array
from tests.pictures import assert_legible, texts


def bars(a: Array) -> Array:
    """Return the heights of the bars of a histogram of ReLU."""
    ax = pictures.histogram_panel(Figure().subplots(), a, (0, np.inf), "black")
    (patch,) = (p for p in ax.patches if isinstance(p, StepPatch))
    return np.asarray(patch.get_data()[0])


@pytest.mark.parametrize(
    ("a", "bounds", "words"),
    [
        ([0, 0, 1, 9], (0, np.inf), "50 % are 0\n25 % > 4"),
        ([-9, 1, 2, 3], (-np.inf, np.inf), "25 % |a| > 4"),
        ([np.inf, np.nan, 2, 3], (-np.inf, np.inf), "50 % |a| > 4"),
        ([-1, 0.5, 1], (-1, 1), ""),
        ([0, 0], (0, np.inf), "100 % are 0"),
    ],
)
def test_what_no_bar_shows_is_written(
    a: list[float], bounds: tuple[float, float], words: str
) -> None:
    ax = pictures.histogram_panel(Figure().subplots(), np.array(a, float), bounds, "black")
    assert [t.get_text() for t in ax.texts] == [words]


def test_every_value_is_in_a_bar_or_in_the_words() -> None:
    """Bars stand for parts of all values: those of half as many are half as high."""
    rng = np.random.default_rng(0)
    a = rng.uniform(0, 4, 400_000)
    np.testing.assert_allclose(bars(a), 1, rtol=0.1)
    np.testing.assert_allclose(bars(np.where(np.arange(len(a)) % 2, a, 100)), 0.5, rtol=0.1)


def test_starts_that_draw_the_same_are_one_row_and_one_line() -> None:
    """√(1/n) and √(2/(n + n)) are the same in a network of one width."""
    result = propagate([named_start(name) for name in RANGES], width=30, depth=6, runs=2)
    ax = pictures.signal_panel(Figure().subplots(), result, "a_std")
    assert len(ax.collections) == len(RANGES) - 1
    fig = pictures.figure(result)
    assert_legible(fig)
    words = [t.get_text() for t in texts(fig)]
    assert words.count("scaled √(1/n),\nglorot_normal") == 1 + 3


@pytest.mark.parametrize(
    ("activation", "heading"),
    [
        ("relu", "he_normal keeps signal and gradient (8 layers of 200, relu)"),
        ("sigmoid", "No start keeps signal and gradient (8 layers of 200, sigmoid)"),
        ("linear", "scaled and glorot_normal keep signal and gradient (8 layers of 200, linear)"),
    ],
)
def test_the_heading_says_who_keeps_the_signal(activation: str, heading: str) -> None:
    starts = [named_start(name) for name in RANGES]
    result = propagate(starts, activation=activation, width=200, depth=8, rows=30, runs=2)
    assert heading in [t.get_text() for t in pictures.figure(result).texts]
    for journey in result.journeys:
        assert journey.keeps == (journey.word == "keeps its size")
