"""The moving picture of a case: its frames follow the run, and keep the answer for the end."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from experiments.case import animation, measure
from experiments.case import text as words
from experiments.case.animation import draw_frame, frame_epochs
from experiments.case.cases import CASES, CONSTANT, RANDOM, ZERO, Case
from experiments.case.figure import loss_colours
from experiments.case.measure import Result, run
from experiments.cli import main
from experiments.data import load
from experiments.kit import style
from experiments.kit.film import FRAMES, PER_SECOND, drawn, palette
from experiments.kit.settings import Settings
from experiments.kit.style import INK, QUIET
from mlp import mse
from tests.pictures import assert_legible

PENGUINS = load()
SHORT = Settings(activation="tanh", epochs=12)


@pytest.fixture(scope="module")
def constant() -> Result:
    return run(CONSTANT, PENGUINS, SHORT)


def replayed(result: Result, *epochs: int) -> list[Result]:
    found: list[Result] = []
    measure.replay(result, epochs, found.append)
    return found


def make(result: Result, path: Path, *epochs: int) -> None:
    with animation.film(result, path) as add:
        for now in replayed(result, *epochs):
            add(now)


# --- what the frames show --------------------------------------------------------------


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_replay_is_the_same_run(case: Case, optimizer: str) -> None:
    """Zero sigmoid units are woken by rounding, so nothing less than every bit will do."""
    settings = Settings(activation="sigmoid", epochs=9, batch_size=50, optimizer=optimizer)
    result = run(case, PENGUINS, settings)
    first, middle, last = replayed(result, 0, 4, 9)
    for now, then in ((first, result.before), (last, result.network)):
        for p, q in zip(now.network.parameters(), then.parameters(), strict=True):
            np.testing.assert_array_equal(p, q)
    loss = mse(middle.network.predict(PENGUINS.x), PENGUINS.y)[0]
    assert loss == pytest.approx(result.history.loss[4], rel=1e-12)
    np.testing.assert_array_equal(middle.history.loss, result.history.loss[:5])
    assert [now.last_epoch for now in (first, middle, last)] == [0, 4, 9]
    assert words.verdict(last) == words.verdict(result)


def test_frames_are_where_something_happens() -> None:
    """The sigmoid units from zero sleep for a thousand epochs, then learn in two hundred."""
    result = run(ZERO, PENGUINS, Settings(activation="sigmoid"))
    epochs = np.array(frame_epochs(result))
    loss = result.history.loss
    assert (epochs[0], epochs[-1]) == (0, 2000)
    assert (np.diff(epochs) > 0).all()
    assert len(epochs) <= 3 * FRAMES
    moves = (loss[epochs] > 0.5) & (loss[epochs] < 0.99)
    assert moves.mean() > 3 * ((loss > 0.5) & (loss < 0.99)).mean()
    assert np.abs(np.diff(np.log(loss[epochs]))).max() < 0.1
    assert np.diff(epochs).max() < 2000 / 20


def test_where_nothing_moves_the_film_is_short() -> None:
    assert len(frame_epochs(run(ZERO, PENGUINS, Settings(epochs=300)))) <= FRAMES + 2
    assert frame_epochs(run(ZERO, PENGUINS, Settings(epochs=2))) == [0, 1, 2]


@pytest.mark.parametrize(
    ("case", "activation", "rate"),
    [
        (ZERO, "relu", 0.1),
        (ZERO, "sigmoid", 0.1),
        (CONSTANT, "tanh", 0.1),
        (CONSTANT, "relu", 1e300),
        (RANDOM, "linear", 0.1),
        (RANDOM, "tanh", 1e300),
    ],
)
def test_every_frame_is_legible(case: Case, activation: str, rate: float) -> None:
    result = run(case, PENGUINS, replace(SHORT, activation=activation, learning_rate=rate))
    epochs = frame_epochs(result)
    with style.styled(), np.errstate(all="ignore"):
        for now in replayed(result, epochs[0], epochs[len(epochs) // 2], epochs[-1]):
            fig = Figure(figsize=(16, 9), dpi=100)
            draw_frame(fig, now, result)
            assert_legible(fig)


@pytest.mark.parametrize("hidden", [(1,), (16, 16)])
def test_other_networks_and_columns_are_legible(hidden: tuple[int, ...]) -> None:
    settings = replace(SHORT, hidden=hidden, learning_rate=0.01)
    result = run(CONSTANT, load("penguins", "year"), settings)
    fig = Figure(figsize=(16, 9), dpi=100)
    with style.styled():
        draw_frame(fig, replayed(result, 5)[0], result)
        assert_legible(fig)


def test_all_frames_share_their_axes(constant: Result) -> None:
    limits = set()
    for now in replayed(constant, 0, 5, 12):
        fig = Figure(figsize=(16, 9), dpi=100)
        draw_frame(fig, now, constant)
        limits.add(tuple((ax.get_xlim(), ax.get_ylim()) for ax in fig.axes))
        (line,) = [line for line in fig.axes[0].lines if line.get_linewidth() == 6]
        np.testing.assert_array_equal(
            line.get_ydata(), constant.history.loss[: now.last_epoch + 1]
        )
    assert len(limits) == 1


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_titles_keep_the_answer_for_the_last_frame(case: Case, activation: str) -> None:
    """Before it they are the same for every case: nothing can be guessed from them."""
    result = run(case, PENGUINS, replace(SHORT, activation=activation))
    titles = []
    for now in replayed(result, 0, 11, 12):
        fig = Figure(figsize=(16, 9), dpi=100)
        draw_frame(fig, now, result)
        titles.append([t for ax in fig.axes if (t := ax.get_title())])
    neutral = [
        "The loss", "The gradient of each unit", "The network", "What it answers (dots: the data)",
    ]  # fmt: skip
    assert titles[:2] == [neutral, neutral]
    assert titles[2][:3] != neutral[:3]


def test_few_colours_keep_those_of_the_lesson(constant: Result) -> None:
    fig = Figure(figsize=(16, 9), dpi=100)
    draw_frame(fig, constant, constant)
    small = drawn(fig, 60, palette([INK, QUIET, *loss_colours(constant)]))
    assert small.size == (960, 540)
    colours = {colour for _, colour in small.convert("RGB").getcolors(1 << 24) or []}
    for colour in (INK, *loss_colours(constant)):
        assert tuple(round(255 * part) for part in to_rgb(colour)) in colours


@pytest.mark.parametrize("case", [CONSTANT, RANDOM], ids=["constant", "random"])
@pytest.mark.parametrize("kind", ["gif", "html"])
def test_a_minute_stays_under_ten_megabytes(case: Case, kind: str, tmp_path: Path) -> None:
    result = run(case, PENGUINS, replace(SHORT, epochs=60))
    path = tmp_path / f"p.{kind}"
    make(result, path, 0, 30, 60)
    assert path.stat().st_size / 3 * PER_SECOND * 60 < 10e6


def test_the_command_draws_and_names_the_film(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    demo = partial(CliRunner().invoke, main)
    result = demo(["constant", "--epochs", "1", "--animate", "p.gif"])
    assert result.exit_code == 0, result.output
    assert "film      p.gif" in result.stdout
    assert {p.name for p in tmp_path.iterdir()} == {"p.gif", "constant-relu.png"}
    told = demo(["zero", "--epochs", "1", "--animate", "p.html", "--json"]).stdout
    assert '"film": "p.html"' in told
