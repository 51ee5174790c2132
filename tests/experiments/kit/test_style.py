"""Style: colours that can be read and told apart, and names that stand by their lines."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from sklearn.isotonic import IsotonicRegression

from experiments.kit import style
from experiments.kit.options import known_starts
from experiments.kit.starts import RANGES, named_start
from experiments.kit.style import Line, Names, label_ends, log_lines, readable, spread
from mlp import initializers
from mlp.arrays import Array
from tests.pictures import assert_legible, contrast

WORDS = {*style.COLOURS.values(), *style.OTHERS, style.CASE, style.WELL, style.QUIET, style.INK}

# How people see colours who lack one kind of cone: Machado, Oliveira & Fernandes 2009, table 1,
# severity 1.0, for red, green and blue in proportion to the light.
VISIONS: dict[str, list[list[float]]] = {
    "all cones": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(colour: str) -> Array:
    """Return red, green and blue of #RRGGBB in proportion to the light, as in IEC 61966-2-1."""
    parts = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    found: Array = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return found


def lab(light: Array) -> Array:
    """Return CIELAB, in which a distance of 2.3 is just seen, under the light D65."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.array(to_xyz) @ light / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


# --- colours -----------------------------------------------------------------------------


def test_contrast_is_that_of_the_guidelines() -> None:
    """Values of the checker that the Web Content Accessibility Guidelines point to."""
    assert contrast("#000000") == pytest.approx(21)
    assert contrast("#ffffff") == pytest.approx(1)
    assert contrast("#777777") == pytest.approx(4.48, abs=0.005)
    assert contrast("#ff0000") == pytest.approx(4.00, abs=0.005)


@pytest.mark.parametrize("colour", sorted(WORDS))
def test_every_colour_of_a_word_can_be_read_on_white(colour: str) -> None:
    assert contrast(colour) >= 4.5
    assert readable(colour) == colour


@given(st.integers(0, 0xFFFFFF))
def test_a_colour_is_darkened_no_more_than_it_must_be(rgb: int) -> None:
    colour = f"#{rgb:06x}"
    dark = readable(colour)
    assert contrast(dark) >= 4.5
    if dark != colour:
        assert contrast(dark) < 4.8
        np.testing.assert_array_less(linear(dark), linear(colour) + 1e-9)


@pytest.mark.parametrize("vision", VISIONS)
def test_starts_that_meet_in_a_panel_can_be_told_apart(vision: str) -> None:
    named = dict.fromkeys(style.start_colours([named_start(n) for n in (*RANGES, "zeros", "0.3")]))
    seen = [lab(np.clip(np.array(VISIONS[vision]) @ linear(colour), 0, 1)) for colour in named]
    assert len(seen) == 7
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)) > 20


@pytest.mark.parametrize("name", known_starts())
def test_a_start_has_one_colour_and_a_name_that_can_be_typed(name: str) -> None:
    start = named_start(name)
    assert known_starts()[style.start_label(start).split()[0]] == known_starts()[name]
    (colour,) = style.start_colours([start])
    assert style.start_colours([named_start("0.3"), start])[1] == colour
    for alias in initializers.INITIALIZERS.aliases(name) if name in initializers.names() else ():
        assert style.start_colours([named_start(alias)]) == [colour]


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("1", "large"),
        ("lecun_uniform", "scaled"),
        ("variance_scaling:2,fan_in,uniform", "he_normal"),
        ("constant:0.1", "ones"),
    ],
)
def test_what_draws_weights_of_one_spread_has_one_colour(name: str, same: str) -> None:
    one, other = style.start_colours([named_start(name), named_start(same)])
    assert one == other


def test_starts_without_a_colour_of_their_own_get_different_ones() -> None:
    starts = [named_start(name) for name in ("0.3", "0.5", "1e-3", "he_normal")]
    assert len(set(style.start_colours(starts))) == 4


# --- names at the ends of lines ----------------------------------------------------------

places = st.floats(0, 1)
wishes = st.lists(st.tuples(places, st.floats(0.01, 0.3)), min_size=1, max_size=9)


@given(wishes)
def test_names_keep_their_order_and_never_overlap(wishes: list[tuple[float, float]]) -> None:
    wanted, sizes = (np.array(column) for column in zip(*wishes, strict=True))
    found = spread(wanted, sizes, 0, 1)
    order = np.argsort(wanted, kind="stable")
    room = (sizes[order][1:] + sizes[order][:-1]) / 2
    assert (np.diff(found[order]) >= room - 1e-9).all()
    below, above = found - sizes / 2, found + sizes / 2
    if sizes.sum() <= 1:
        assert below.min() >= -1e-9
        assert above.max() <= 1 + 1e-9
    else:
        assert below.min() == pytest.approx(1 - above.max())


@given(st.lists(places, min_size=2, max_size=9), st.floats(0.01, 0.1))
def test_names_go_no_farther_than_they_must(wanted: list[float], size: float) -> None:
    """Held to scikit-learn, of places less the room that is taken below each."""
    wanted = sorted(wanted)
    below = size * (np.arange(len(wanted)) + 0.5)
    oracle = IsotonicRegression(y_min=0, y_max=1 - size * len(wanted))
    best = oracle.fit_transform(np.arange(len(wanted)), wanted - below) + below
    np.testing.assert_allclose(spread(wanted, [size] * len(wanted), 0, 1), best, atol=1e-9)


def test_a_name_alone_stands_where_its_line_ends() -> None:
    assert spread([0.3], [0.1], 0, 1).tolist() == [pytest.approx(0.3)]
    np.testing.assert_allclose(spread([0.5, 0.5], [0.2, 0.2], 0, 1), [0.4, 0.6])


def names_of(fig: Figure) -> list[Annotation]:
    """Return the names at the ends of the lines of a figure that has been drawn."""
    fig.draw_without_rendering()
    (names,) = (a for ax in fig.axes for a in ax.get_children() if isinstance(a, Names))
    return names.names


def height(name: Text) -> float:
    box = Text.get_window_extent(name)
    return float(box.y0 + box.y1) / 2


def test_names_find_their_lines_whatever_the_axis_becomes_later() -> None:
    fig = Figure(figsize=(8, 5))
    ax = fig.add_axes((0.1, 0.1, 0.5, 0.8))
    label_ends(ax, [(0.07, "low", "red"), (0.33, "high", "blue"), (9.0, "out", "green")])
    ax.set(yscale="log", xlim=(0, 3), ylim=(0.01, 1))
    low, high, out = names_of(fig)
    for name, end in ((low, 0.07), (high, 0.33)):
        assert height(name) == pytest.approx(ax.transData.transform((3, end))[1], abs=1.5)
        assert name.arrow_patch is not None
        assert not name.arrow_patch.get_visible()
    assert height(out) == pytest.approx(ax.bbox.y1, abs=15)


def test_names_spread_both_ways_and_are_joined_to_their_line() -> None:
    with style.styled():
        fig = Figure(figsize=(8, 5))
        ax = fig.add_axes((0.1, 0.1, 0.5, 0.8))
        ax.set(xlim=(0, 1), ylim=(0, 1))
        label_ends(ax, [(0.5, f"line {k}", "black") for k in range(5)])
    names = names_of(fig)
    middle = ax.transData.transform((1, 0.5))[1]
    offsets = [height(name) - middle for name in names]
    assert offsets == sorted(offsets)
    assert sum(offsets) == pytest.approx(0, abs=1)
    joined = [n.arrow_patch.get_visible() for n in names if n.arrow_patch is not None]
    assert joined == [True, True, False, True, True]
    assert_legible(fig)


def test_a_log_axis_shows_what_is_known_beside_its_lines() -> None:
    ax = Figure().subplots()
    x, values = np.arange(3), np.array([1.0, 2.0, 3.0])
    line = Line("a", "black", values, values, values)
    log_lines(ax, x, [line], known=np.array([1e-4, 1e4, np.inf]))
    low, high = ax.get_ylim()
    assert 1e-5 < low < 1e-4
    assert 1e4 < high < 1e5
