"""The zoom: known dimensions, a border that can be computed, and one that cannot."""

from __future__ import annotations

import json
from dataclasses import replace

import click
import numpy as np
import pytest

from experiments.kit.training import HELD_OUT
from experiments.trainability import zoom as measure
from experiments.trainability import zoom_text as words
from experiments.trainability.zoom import ROWS, ZOOMED, View, Window, Zoom, box_dimension, zoom
from experiments.trainability.zoom_figure import figure
from mlp.network import child_rng
from tests.experiments.trainability.made import PENGUINS
from tests.oracles import Watcher
from tests.pictures import assert_legible


@pytest.fixture(scope="module")
def small() -> Zoom:
    """Zoom with pictures small enough to be quick."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "SIDE", 32)
        watcher = Watcher()
        result = zoom(PENGUINS, ZOOMED.settings(epochs=100), at=(4.3, 0.26), expect=watcher)
        assert watcher.taken == watcher.announced
        return result


@pytest.mark.parametrize("side", [64, 128])
def test_dimensions_that_are_known(side: int) -> None:
    assert box_dimension(np.ones((side, side), dtype=bool)) == pytest.approx(2)
    line = np.zeros((side, side), dtype=bool)
    line[side // 3] = True
    assert box_dimension(line) == pytest.approx(1)
    # Sierpinski's triangle, Pascal's modulo 2: ln 3 / ln 2.
    n = np.arange(side)
    assert box_dimension((n[:, np.newaxis] & n) == 0) == pytest.approx(np.log(3) / np.log(2))
    assert np.isnan(box_dimension(np.zeros((side, side), dtype=bool)))


def test_the_border_of_a_quadratic_loss_is_where_the_largest_curvature_puts_it(
    small: Zoom,
) -> None:
    """Gradient descent on a quadratic converges if η < 2 / λ, λ the largest of the Hessian."""
    rows = child_rng(0, HELD_OUT).permutation(342)[:ROWS]
    a = np.hstack([PENGUINS.x[rows], np.ones((ROWS, 1))])
    critical = 2 / np.linalg.eigvalsh(2 * a.T @ a / ROWS).max()
    view = small.quadratic[0]
    _, rates = (np.exp(view.window.half * np.linspace(-1, 1, 32)) * m for m in view.window[:2])
    np.testing.assert_array_equal(view.converges, np.tile(rates[:, None] < critical, (1, 32)))
    # Nearer, where 100 steps are too few to tell, it is a line all the same.
    assert max(v.dimension for v in small.quadratic) < 1.05


def test_every_picture_is_nearer_and_has_the_border_of_the_one_before_in_its_middle(
    small: Zoom,
) -> None:
    for before, after in zip(small.views, small.views[1:], strict=False):
        assert after.window.half == pytest.approx(before.window.half / 8)
        assert abs(np.log(after.window.sigma_w / before.window.sigma_w)) <= before.window.half
        assert after.border.any()
    assert small.views[-1].dimension > small.quadratic[-1].dimension + 0.1


def test_the_nearest_point_of_a_border() -> None:
    converges = np.ones((128, 128), dtype=bool)
    converges[100:] = False
    view = View(Window(1.0, 1.0, 2.0), converges, np.zeros((128, 128)))
    sigma_w, rate = view.nearest(2.0, 0.5)
    assert sigma_w == pytest.approx(2.0, rel=0.02)
    assert np.log(rate) == pytest.approx(2 * (99 / 63.5 - 1))
    nothing = View(view.window, np.ones_like(converges), view.pace)
    assert nothing.nearest(2.0, 0.5) == (2.0, 0.5)


def test_it_is_told_and_drawn(small: Zoom) -> None:
    lines = click.unstyle(words.text(small, "zoom.png")).splitlines()
    assert max(map(len, lines)) <= 80
    (line,) = (line for line in lines if "×512" in line)
    assert f"{small.views[-1].dimension:.2f}" in line
    found = json.loads(json.dumps(words.as_json(small, "zoom.png"), allow_nan=False))
    assert [view["dimension"] for view in found["zoom"]] == [v.dimension for v in small.views]
    assert words.describe(small).endswith(".")
    assert words.verdict(small).word == "learning"
    assert_legible(figure(small))


def test_no_border_in_sight_is_said_so(small: Zoom) -> None:
    calm = View(Window(1.0, 0.1, 0.1), np.ones((32, 32), dtype=bool), np.zeros((32, 32)))
    result = Zoom(small.settings, PENGUINS, [calm] * 4, [calm] * 4)
    told = words.text(result, "zoom.png")
    assert "no border" in told
    assert "nan" not in told
    assert "not finite" not in told
    assert not any(outcome.measured.holds for outcome in result.outcomes())
    assert words.title(result).startswith("Converge or diverge")


def test_the_title_of_a_ragged_border_says_so(small: Zoom) -> None:
    side = 32
    noise = np.random.default_rng(0).random((side, side)) < 0.5
    half = np.tile(np.arange(side)[:, np.newaxis] < side // 2, side)
    ragged, line = (View(small.views[0].window, c, np.zeros((side, side))) for c in (noise, half))
    result = Zoom(small.settings, PENGUINS, [ragged] * 4, [line] * 4)
    assert words.title(result) == "However near, the border stays ragged"
    assert words.title(replace(result, views=[line] * 4)).startswith("Converge or diverge")
    assert_legible(figure(result))
