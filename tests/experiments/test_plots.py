"""Pictures: every case can be drawn, nothing overlaps the edge, and files are whole."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from experiments import plots
from experiments.case.cases import CASES
from experiments.case.cases import CONSTANT
from experiments.case.cases import RANDOM
from experiments.case.cases import ZERO
from experiments.case.cases import Case
from experiments.data import load
from experiments.case.measure import Result
from experiments.kit.training import Settings
from experiments.case.measure import run
from mlp.activations import ACTIVATIONS

PENGUINS = load()
SHORT = Settings(epochs=30)


def texts(fig: Figure) -> list[Text]:
    """Return the texts that are drawn: those of switched-off axes are not."""
    found = list(fig.texts)
    for ax in fig.axes:
        found += [t for t in ax.get_children() if isinstance(t, Text)]
        if ax.axison:
            for axis in (ax.xaxis, ax.yaxis):
                low, high = sorted(axis.get_view_interval())
                ticks = [t for t in axis.get_major_ticks() if low <= t.get_loc() <= high]
                found += [axis.label, *(t.label1 for t in ticks)]
    return [t for t in found if t.get_visible() and t.get_text().strip()]


def assert_legible(fig: Figure) -> None:
    """No text is cut off at the edge, too small for a projector, or under another."""
    fig.draw_without_rendering()
    boxes = []
    for t in texts(fig):
        box = t.get_window_extent()
        if box.width == 0:
            continue
        assert float(t.get_fontsize()) >= 12, t
        assert fig.bbox.x0 - 1 <= box.x0, t
        assert box.x1 <= fig.bbox.x1 + 1, t
        assert fig.bbox.y0 - 1 <= box.y0, t
        assert box.y1 <= fig.bbox.y1 + 1, t
        boxes.append((t, box))
    for a, box in boxes:
        large = float(a.get_fontsize()) > 15 or a.get_fontweight() == "bold"
        if large or "\n" in a.get_text():
            for b, other in boxes:
                assert a is b or not box.overlaps(other), (a, b)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("rate", [0.1, 1e300])
def test_every_case_is_legible(case: Case, activation: str, rate: float) -> None:
    settings = replace(SHORT, activation=activation, learning_rate=rate)
    assert_legible(plots.figure(run(case, PENGUINS, settings)))


@pytest.mark.parametrize("hidden", [(1,), (3,), (16,), (16, 16), (4, 4, 4, 4)])
@pytest.mark.parametrize("inputs", [("year",), ("bill_length_mm", "bill_depth_mm", "year")])
def test_other_networks_and_columns_are_legible(
    hidden: tuple[int, ...], inputs: tuple[str, ...]
) -> None:
    table = load("penguins", inputs)
    result = run(CONSTANT, table, replace(SHORT, hidden=hidden, learning_rate=0.01))
    assert_legible(plots.figure(result))


@pytest.fixture(scope="module")
def constant() -> Result:
    return run(CONSTANT, PENGUINS, replace(SHORT, activation="tanh"))


def test_lines_of_identical_units_lie_on_one_another_and_are_both_seen(constant: Result) -> None:
    ax = plots.gradient_panel(Figure().subplots(), constant)
    first, second = ax.lines[:2]
    np.testing.assert_array_equal(first.get_ydata(), second.get_ydata())
    assert first.get_linewidth() > 2 * second.get_linewidth()
    assert first.get_zorder() <= second.get_zorder()
    assert "same gradient" in ax.get_title("left") + ax.get_title()


def test_the_loss_panel_shows_the_three_lines_of_the_lesson(constant: Result) -> None:
    ax = plots.loss_panel(Figure().subplots(), constant)
    drawn = [np.asarray(line.get_ydata()) for line in ax.lines]
    assert any((ys == constant.dataset.mean_predictor_loss).all() for ys in drawn)
    assert any(ys[-1] == constant.history.loss[-1] for ys in drawn)
    assert any(ys[-1] == constant.reference_losses[-1] for ys in drawn)


@pytest.mark.parametrize("value", [1e300, 1e-300])
def test_extreme_starts_can_be_drawn(value: float) -> None:
    result = run(CONSTANT, PENGUINS, replace(SHORT, activation="tanh"), {"value": value})
    assert_legible(plots.figure(result))


def test_a_column_may_be_called_anything() -> None:
    odd = replace(PENGUINS, inputs=(r"$\foo$", "$"), targets=("a_$_b",))
    assert_legible(plots.figure(run(ZERO, odd, SHORT)))


def test_divergence_is_written_into_the_picture() -> None:
    result = run(CONSTANT, PENGUINS, replace(SHORT, learning_rate=1e300))
    words = " ".join(t.get_text() for t in texts(plots.figure(result)))
    assert "diverged at epoch 1" in words


@pytest.mark.parametrize("case", [ZERO, RANDOM], ids=["zero", "random"])
@pytest.mark.parametrize("suffix", [suffix[1:] for suffix in plots.FORMATS])
def test_the_same_run_draws_the_same_bytes(case: Case, suffix: str, tmp_path: Path) -> None:
    paths = [tmp_path / f"{k}.{suffix}" for k in (1, 2)]
    for path in paths:
        plots.save(plots.figure(run(case, PENGUINS, SHORT)), path)
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert len(first) > 5000


def test_png_is_made_for_a_projector(constant: Result, tmp_path: Path) -> None:
    path = tmp_path / "p.png"
    plots.save(plots.figure(constant), path)
    header = path.read_bytes()[:24]
    assert [int.from_bytes(header[k : k + 4], "big") for k in (16, 20)] == [1600, 900]


def test_a_picture_that_cannot_be_written_is_refused_and_leaves_the_old_one(
    constant: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="does not end in a format"):
        plots.check_path(tmp_path / "picture.xyz")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        plots.check_path(tmp_path / "missing" / "p.png")
    old = tmp_path / "p.png"
    old.write_bytes(b"old")
    fig = plots.figure(constant)

    def full_disk(*args: object, **keywords: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fig, "savefig", full_disk)
    with pytest.raises(OSError, match="No space"):
        plots.save(fig, old)
    assert old.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [old]


def test_a_picture_carries_its_sentence() -> None:
    result = run(ZERO, PENGUINS, SHORT)
    picture = plots.Picture(plots.figure(result), "Nothing moves.")
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
    fig = plots.beside(*[partial(plots.loss_panel, result=result)] * panels)
    assert len(fig.axes) == panels
    assert_legible(fig)
