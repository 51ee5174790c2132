"""The picture of a map: every network has its colour, every curve its place, every word room."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_rgb

from experiments.kit.starts import RANGES, named_start
from experiments.kit.style import CASE, start_colours
from experiments.trainability.figure import FLAT, depth_panel, figure
from experiments.trainability.measure import Trainability, usual_scales
from tests.experiments.trainability.made import by_theory, made
from tests.experiments.trainability.test_text import MAPS
from tests.pictures import assert_legible, texts


def colours(result: Trainability, measure: str = "held-out") -> np.ndarray:
    """Return the colours of the cells, as they are drawn: rows, columns, red green blue."""
    (mesh,) = (c for c in figure(result, measure).axes[0].collections if isinstance(c, QuadMesh))
    return np.asarray(mesh.get_array())


@pytest.mark.parametrize("result", MAPS.values(), ids=MAPS)
@pytest.mark.parametrize("measure", ["held-out", "training"])
def test_every_word_of_it_can_be_read(result: Trainability, measure: str) -> None:
    assert_legible(figure(result, measure))


@pytest.mark.parametrize("width", [1, 2, 3, 8, 300, 1000, 10_000])
def test_the_names_of_the_starts_keep_apart_at_every_width(width: int) -> None:
    scales = usual_scales("tanh", width)
    result = made(np.full((2, len(scales)), 0.3), scales, [3, 6])
    result = replace(result, settings=replace(result.settings, hidden=(width,) * 6))
    assert_legible(figure(result))


def test_diverged_is_one_colour_no_better_than_the_mean_another_and_the_rest_is_blue() -> None:
    result = MAPS["relu"]
    drawn, loss = colours(result), result.held_out_loss
    np.testing.assert_allclose(drawn[np.isinf(loss)], [to_rgb(CASE)] * int(np.isinf(loss).sum()))
    flat = np.isfinite(loss) & (loss > 0.99)
    np.testing.assert_allclose(drawn[flat], [to_rgb(FLAT)] * int(flat.sum()))
    red, _, blue = drawn[loss < 0.5].T
    assert (blue > red + 0.3).all()


def test_the_training_loss_is_shown_when_it_is_asked_for() -> None:
    result = MAPS["tanh"]  # whose training loss is half of the other everywhere
    assert (colours(result) != colours(result, "training")).any()
    told = " ".join(t.get_text() for t in texts(figure(result, "training")))
    assert told.startswith("Learned by heart") or " Learned by heart" in told
    assert "trains" not in told  # that is a matter of the other


def test_the_curve_of_theory_follows_the_border() -> None:
    result = by_theory("tanh", 8.0)
    ax = figure(result).axes[0]
    below, above, published = (line for line in ax.lines if np.size(line.get_xdata()) > 2)
    for line, side in ((below, "below"), (above, "above")):
        x, y = (np.asarray(v, dtype=float) for v in line.get_data())
        at = np.isfinite(y) & (y > 3) & (y < 40)
        np.testing.assert_allclose(y[at], result.multiple(side) * result.depth_scale_at(x[at]))
    x, y = (np.asarray(v, dtype=float) for v in published.get_data())
    at = np.isfinite(y)
    np.testing.assert_allclose(y[at], 6 * result.depth_scale_at(x[at]))


def test_deep_is_below_and_the_starts_stand_where_their_scale_is() -> None:
    ax = figure(MAPS["relu"]).axes[0]
    bottom, top = ax.get_ylim()
    assert bottom > 40 > 3 > top
    names = {t.get_text(): t for t in texts(figure(MAPS["relu"]))}
    assert {"small ·0.01", "he_normal", "large ·1", "scaled √(1/n)", "glorot_normal"} <= set(names)
    assert [names[named_start(start).label].get_color() for start in RANGES] == start_colours(
        [named_start(start) for start in RANGES]
    )


@pytest.mark.parametrize(
    ("activation", "words"),
    [("tanh", "ordered"), ("sigmoid", "chaotic"), ("relu", "exploding"), ("linear", "vanishing")],
)
def test_the_two_sides_are_named(activation: str, words: str) -> None:
    assert any(t.get_text().startswith(words) for t in texts(figure(MAPS[activation])))


def test_a_side_is_named_where_the_map_shows_it() -> None:
    beyond = " ".join(t.get_text() for t in texts(figure(MAPS["own"])))
    assert "chaotic" in beyond
    assert "ordered" not in beyond
    one = " ".join(t.get_text() for t in texts(figure(MAPS["one"])))
    assert "6 ξ" in one
    assert "measured" not in one  # it is not known


def test_the_axis_of_few_scales_has_numbers() -> None:
    ax = figure(MAPS["own"]).axes[0]
    assert ax.get_xticks().tolist() == [2, 2.5, 4]


def test_a_panel_takes_axes_and_returns_them() -> None:
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert depth_panel(ax, MAPS["tanh"]) is ax
