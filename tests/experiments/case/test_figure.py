"""Pictures: every case can be drawn, nothing overlaps the edge, and files are whole."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from experiments.case import figure as pictures
from experiments.case.cases import CASES, CONSTANT, RANDOM, ZERO, Case
from experiments.case.measure import Result, run
from experiments.data import load
from experiments.kit import style
from experiments.kit.settings import Settings
from experiments.kit.starts import named_start, random_start
from mlp.activations import ACTIVATIONS
from tests.pictures import assert_legible, texts

PENGUINS = load()
SHORT = Settings(epochs=30)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("rate", [0.1, 1e300])
def test_every_case_is_legible(case: Case, activation: str, rate: float) -> None:
    settings = replace(SHORT, activation=activation, learning_rate=rate)
    assert_legible(pictures.figure(run(case, PENGUINS, settings)))


@pytest.mark.parametrize("hidden", [(1,), (3,), (16,), (16, 16), (4, 4, 4, 4)])
@pytest.mark.parametrize("inputs", [("year",), ("bill_length_mm", "bill_depth_mm", "year")])
def test_other_networks_and_columns_are_legible(
    hidden: tuple[int, ...], inputs: tuple[str, ...]
) -> None:
    table = load("penguins", inputs)
    result = run(CONSTANT, table, replace(SHORT, hidden=hidden, learning_rate=0.01))
    assert_legible(pictures.figure(result))


@pytest.fixture(scope="module")
def constant() -> Result:
    return run(CONSTANT, PENGUINS, replace(SHORT, activation="tanh"))


def test_lines_of_identical_units_lie_on_one_another_and_are_both_seen(constant: Result) -> None:
    ax = pictures.gradient_panel(Figure().subplots(), constant)
    first, second = ax.lines[:2]
    np.testing.assert_array_equal(first.get_ydata(), second.get_ydata())
    assert first.get_linewidth() > 2 * second.get_linewidth()
    assert first.get_zorder() <= second.get_zorder()
    assert "same gradient" in ax.get_title("left") + ax.get_title()


def test_the_loss_panel_shows_the_three_lines_of_the_lesson(constant: Result) -> None:
    ax = pictures.loss_panel(Figure().subplots(), constant)
    drawn = [np.asarray(line.get_ydata()) for line in ax.lines]
    assert any((ys == constant.dataset.mean_predictor_loss).all() for ys in drawn)
    assert any(ys[-1] == constant.history.loss[-1] for ys in drawn)
    assert any(ys[-1] == constant.reference_losses[-1] for ys in drawn)


@pytest.mark.parametrize("value", [1e300, 1e-300])
def test_extreme_starts_can_be_drawn(value: float) -> None:
    result = run(CONSTANT, PENGUINS, replace(SHORT, activation="tanh"), {"value": value})
    assert_legible(pictures.figure(result))


def test_a_column_may_be_called_anything() -> None:
    odd = replace(PENGUINS, inputs=(r"$\foo$", "$"), targets=("a_$_b",))
    assert_legible(pictures.figure(run(ZERO, odd, SHORT)))


def test_divergence_is_written_into_the_picture() -> None:
    result = run(CONSTANT, PENGUINS, replace(SHORT, learning_rate=1e300))
    words = " ".join(t.get_text() for t in texts(pictures.figure(result)))
    assert "diverged at epoch 1" in words


@pytest.mark.parametrize("case", [ZERO, RANDOM], ids=["zero", "random"])
@pytest.mark.parametrize("suffix", [suffix[1:] for suffix in style.FORMATS])
def test_the_same_run_draws_the_same_bytes(case: Case, suffix: str, tmp_path: Path) -> None:
    paths = [tmp_path / f"{k}.{suffix}" for k in (1, 2)]
    for path in paths:
        style.save(pictures.figure(run(case, PENGUINS, SHORT)), path)
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert len(first) > 5000


def test_png_is_made_for_a_projector(constant: Result, tmp_path: Path) -> None:
    path = tmp_path / "p.png"
    style.save(pictures.figure(constant), path)
    header = path.read_bytes()[:24]
    assert [int.from_bytes(header[k : k + 4], "big") for k in (16, 20)] == [1600, 900]


def test_a_picture_that_cannot_be_written_is_refused_and_leaves_the_old_one(
    constant: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="does not end in a format"):
        style.check_path(tmp_path / "picture.xyz")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        style.check_path(tmp_path / "missing" / "p.png")
    old = tmp_path / "p.png"
    old.write_bytes(b"old")
    fig = pictures.figure(constant)

    def full_disk(*args: object, **keywords: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fig, "savefig", full_disk)
    with pytest.raises(OSError, match="No space"):
        style.save(fig, old)
    assert old.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [old]


def test_a_picture_carries_its_sentence() -> None:
    result = run(ZERO, PENGUINS, SHORT)
    picture = style.Picture(pictures.figure(result), "Nothing moves.")
    data, metadata = picture._repr_mimebundle_()
    assert data["text/plain"] == metadata["image/png"]["alt"] == "Nothing moves."
    with Image.open(BytesIO(data["image/png"])) as image:
        assert image.size == (1600, 900)
        assert image.info["Description"] == "Nothing moves."
        assert "Software" not in image.info
    assert picture._repr_mimebundle_() == (data, metadata)


@pytest.mark.parametrize("panels", [1, 2, 3])
def test_panels_beside_one_another_are_legible(panels: int) -> None:
    result = run(RANDOM, PENGUINS, SHORT)
    fig = style.beside(*[partial(pictures.loss_panel, result=result)] * panels)
    assert len(fig.axes) == panels
    assert_legible(fig)


@pytest.mark.parametrize("scale", ["small", "large", "scaled", "0.3"])
def test_the_heading_names_what_was_chosen(scale: str) -> None:
    fig = pictures.figure(run(RANDOM, PENGUINS, SHORT, {"scale": scale}))
    words = [t.get_text() for t in texts(fig)]
    assert f"Case 3: random initialization, {scale} (2-2-1, relu)" in words
    assert any(word.startswith(f"{style.start_label(random_start(scale))}\n") for word in words)
    assert_legible(fig)


def test_the_best_of_few_and_the_median_of_many_are_called_so(constant: Result) -> None:
    many = pictures.figure(run(RANDOM, PENGUINS, SHORT))
    words = " ".join(t.get_text() for t in texts(many))
    assert "scaled √(1/n)\nmedian of 20: " in words
    assert "he_normal\nbest of 4: " in words
    one = " ".join(t.get_text() for t in texts(pictures.figure(constant)))
    assert "median" not in one
    assert "glorot_normal\nbest of 4: " in one


def test_a_start_has_its_colour_in_the_cases_too(constant: Result) -> None:
    ax = pictures.loss_panel(Figure().subplots(), constant)
    colours = [line.get_color() for line in ax.lines[:2]]
    assert colours == style.start_colours([named_start("glorot_normal"), named_start("constant")])


@pytest.mark.parametrize(("width", "dots"), [(6, 0), (7, 3)])
def test_units_that_are_not_drawn_leave_dots(width: int, dots: int) -> None:
    result = run(RANDOM, PENGUINS, replace(SHORT, hidden=(width,)))
    ax = pictures.weights_panel(Figure().subplots(), result)
    markers = [line for line in ax.lines if line.get_marker() == "o"]
    small = [line for line in markers if line.get_markersize() < 10]
    assert sum(np.size(line.get_xdata()) for line in small) == dots
    assert len(markers) - len(small) == 2 + min(width, 6) + 1 - (dots > 0)


def title(hidden: tuple[int, ...], **settings: object) -> str:
    """Return the title of the network that a constant start has become."""
    changed = replace(SHORT, hidden=hidden, **settings)  # type: ignore[arg-type]
    return pictures.network_panel(
        Figure().subplots(), run(CONSTANT, PENGUINS, changed)
    ).get_title()


def test_a_layer_that_is_dead_is_called_so() -> None:
    assert title((16, 16)) == "Dead from epoch 1 on: hidden layer 2"
    assert title((2,), learning_rate=1.0) == "Dead from epoch 4 on: every hidden unit"
    assert title((16, 16), activation="tanh", learning_rate=1e-3) == "32 hidden units act as 2"


def test_a_network_without_numbers_shows_none() -> None:
    result = run(CONSTANT, PENGUINS, replace(SHORT, learning_rate=10.0), {"value": 1e3})
    ax = pictures.network_panel(Figure().subplots(), result)
    assert ax.get_title() == "No number is left in it"
    assert not any("finite" in t.get_text() or "nan" in t.get_text() for t in ax.texts)
    assert_legible(pictures.figure(result))


def test_a_gradient_that_is_only_rounding_is_drawn_as_none() -> None:
    result = run(ZERO, PENGUINS, replace(SHORT, hidden=(16, 16), activation="sigmoid"))
    ax = pictures.gradient_panel(Figure().subplots(), result)
    assert (ax.get_title(), ax.get_ylim()) == ("No hidden unit gets a gradient", (-1, 1))
