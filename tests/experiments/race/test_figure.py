"""The picture of a race and its film: titles say the lesson, and no start flattens the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.cli import main
from experiments.data import load
from experiments.kit import style
from experiments.race import figure as pictures
from experiments.race.animation import draw_frame, frame_epochs
from experiments.race.measure import Standings, race
from experiments.race.races import HE, RANDOM_RACE, XAVIER, Race
from tests.pictures import assert_legible

PENGUINS = load()


def raced(racing: Race, activation: str, epochs: int, layers: int) -> Standings:
    settings = racing.settings(activation=activation, hidden=(20,) * layers, epochs=epochs)
    return race(racing, PENGUINS, settings)


@pytest.fixture(scope="module")
def deep() -> Standings:
    """Return the race of He with ReLU: Xavier vanishes slowly, small and large at once."""
    return raced(HE, "relu", 6, 20)


def ending_at(result: Standings, ends: tuple[float, ...]) -> Standings:
    """Return the race as if every loss went straight from 1 to these; NaN diverges at the end."""
    rivals = []
    for rival, loss in zip(result.rivals, ends, strict=True):
        losses = np.linspace(np.ones(result.runs), np.full(result.runs, loss), 7)
        diverged_at = np.full(result.runs, 6 if np.isnan(loss) else -1)
        rivals.append(replace(rival, losses=losses, diverged_at=diverged_at))
    return replace(result, rivals=rivals)


def titled(fig: Figure) -> list[str]:
    return [title for ax in fig.axes if (title := ax.get_title("left"))]


def decades(ax: Axes) -> float:
    low, high = ax.get_ylim()
    return float(np.log10(high / low))


def test_a_start_that_explodes_does_not_flatten_the_others(deep: Standings) -> None:
    fig = pictures.figure(deep)
    signals = [ax for ax in fig.axes if ax.get_ylabel().startswith("std")]
    assert len(signals) == 4
    for near, far in (signals[:2], signals[2:]):
        assert decades(far) > 20
        assert decades(near) < 10
        assert len(near.collections) == len(far.collections) == 2  # bands
    together = pictures.layers_panel(Figure().subplots(), deep, "a_std")
    assert decades(together) > 20
    assert len(together.collections) == 4


def test_where_all_are_near_one_axis_is_enough() -> None:
    fig = pictures.figure(raced(XAVIER, "tanh", 1, 3))
    assert len([ax for ax in fig.axes if ax.get_ylabel().startswith("std")]) == 2


def test_titles_say_the_lesson(deep: Standings) -> None:
    assert titled(pictures.figure(deep))[2:] == [
        "he_normal keeps the signal",
        "he_normal keeps the gradient",
    ]
    assert titled(pictures.figure(raced(XAVIER, "relu", 1, 9)))[2:] == [
        "glorot_normal loses the signal",
        "glorot_normal loses the gradient",
    ]
    assert titled(pictures.figure(raced(HE, "linear", 1, 9)))[2:] == [
        "he_normal blows up the signal",
        "he_normal blows up the gradient",
    ]
    assert titled(pictures.figure(raced(RANDOM_RACE, "sigmoid", 1, 8))) == [
        "Only large learns",
        "scaled never gets there",
        "scaled keeps the signal",
        "scaled loses the gradient",
    ]


@pytest.mark.parametrize(
    ("ends", "title"),
    [
        ((0.5, 1.0, 1.0, 1.0), "Only he_normal learns"),
        ((0.5, 0.5, 1.0, 0.6), "All but small learn"),
        ((0.5, 0.5, 1.0, np.nan), "All but small and large learn"),
        ((1.0, 0.5, 1.0, 1.0), "Only glorot_normal learns"),
        ((0.5, 0.5, 0.5, 0.5), "Every start learns"),
        ((1.0, 1.0, np.nan, 1.0), "No start gets below the mean"),
    ],
)
def test_the_title_of_the_loss_says_who_learns(
    deep: Standings, ends: tuple[float, ...], title: str
) -> None:
    made = ending_at(deep, ends)
    assert pictures.losses_panel(Figure().subplots(), made).get_title() == title
    assert_legible(pictures.figure(made))


@pytest.mark.parametrize(
    ("ends", "title"),
    [
        ((0.5, 0.6, 1.0, 1.0), "he_normal is there first"),
        ((0.6, 0.5, 1.0, 1.0), "glorot_normal is there first"),
        ((0.5, 0.5, 1.0, 1.0), "he_normal takes 3 epochs"),
        ((0.5, 1.0, 1.0, 1.0), "Only he_normal gets there"),
        ((1.0, 0.5, 1.0, 1.0), "he_normal never gets there"),
        ((1.0, 1.0, 1.0, 1.0), "No start learns"),
    ],
)
def test_the_title_of_the_epochs_says_who_is_first(
    deep: Standings, ends: tuple[float, ...], title: str
) -> None:
    made = ending_at(deep, ends)
    assert pictures.halfway_panel(Figure().subplots(), made).get_title() == title


# --- the film ----------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "linear"])
def test_every_frame_is_legible_and_the_last_has_the_answer(activation: str) -> None:
    result = raced(XAVIER, activation, 4, 12)
    epochs = frame_epochs(result)
    assert epochs == [0, 1, 2, 3, 4]
    limits, titles = set(), []
    for epoch in epochs:
        with style.styled():
            fig = Figure(figsize=(16, 9), dpi=100)
            draw_frame(fig, epoch, result)
            assert_legible(fig)
        limits.add(tuple((ax.get_xlim(), ax.get_ylim()) for ax in fig.axes))
        titles.append(titled(fig)[:2])
        assert np.size(fig.axes[0].lines[0].get_xdata()) == epoch + 1
    assert len(limits) == 1, "all frames share their axes"
    assert titles[:-1] == [["Who learns?", "Who is there first?"]] * 4
    assert titles[-1] == titled(pictures.figure(result))[:2]


def test_the_command_draws_and_names_the_film(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["he", "--hidden", "5x3", "--epochs", "1", "--animate"]
    result = CliRunner().invoke(main, [*command, "p.gif"])
    assert result.exit_code == 0, result.output
    assert "film      p.gif" in result.stdout
    assert {p.name for p in tmp_path.iterdir()} == {"p.gif", "he-relu.png"}
    assert '"film": "p.html"' in CliRunner().invoke(main, [*command, "p.html", "--json"]).stdout
    wrong = CliRunner().invoke(main, [*command, "p.png"])
    assert (wrong.exit_code, "format of moving pictures" in wrong.stderr) == (2, True)
