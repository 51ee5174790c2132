"""Propagation: the notes' ranges do what they say, and theory stands where measurement does."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.figure import Figure

from experiments.cli import main
from experiments.kit.starts import RANGES, named_start
from experiments.propagation import figure as pictures
from experiments.propagation import text as words
from experiments.propagation.measure import MEASURES, Propagation, propagate
from experiments.propagation.papers import PAPERS
from mlp import initializers, theory
from mlp.activations import ACTIVATIONS
from tests.oracles import Watcher
from tests.pictures import assert_legible, texts


@pytest.fixture(scope="module", params=list(ACTIVATIONS))
def notes(request: pytest.FixtureRequest) -> Propagation:
    """Send signals through a network narrow enough to be quick."""
    starts = [named_start(name) for name in RANGES]
    return propagate(starts, activation=request.param, width=120, depth=8, rows=40, runs=20)


def test_measurement_stands_where_theory_puts_it(notes: Propagation) -> None:
    """The error of theory is of the order depth/width, that of a mean of logs std/√runs."""
    for journey in notes.journeys:
        for measure in ("z_std", "a_std", "delta_std", "dW_rms"):
            predicted = journey.theory(measure)
            assert predicted is not None
            logs = np.log(journey.measured[measure])
            error = logs.std(axis=0, ddof=1) / np.sqrt(len(logs)) + notes.depth / notes.width
            assert (np.abs(logs.mean(axis=0) - np.log(predicted)) < 5 * error).all(), measure


@pytest.mark.parametrize(
    ("activation", "start", "word"),
    [
        ("tanh", "small", "signal vanishes"),
        ("relu", "small", "signal vanishes"),
        ("tanh", "large", "saturates"),
        ("relu", "large", "signal explodes"),
        ("tanh", "scaled", "keeps its size"),
        ("tanh", "glorot_normal", "keeps its size"),
        ("tanh", "glorot_uniform", "keeps its size"),
        ("relu", "he_normal", "keeps its size"),
        ("relu", "he_uniform", "keeps its size"),
        ("relu", "glorot_normal", "signal vanishes"),
        ("sigmoid", "glorot_normal", "gradient vanishes"),
        ("linear", "orthogonal", "keeps its size"),
    ],
)
def test_the_verdicts_of_the_notes_and_where_they_are_too_strong(
    activation: str, start: str, word: str
) -> None:
    for seed in range(5):
        result = propagate(
            [named_start(start)], activation=activation, width=150, rows=30, runs=4, seed=seed
        )
        assert result.journeys[0].word == word


@pytest.mark.parametrize(
    ("start", "activation", "verdict"),
    [
        ("zeros", "tanh", "no signal: std a = 0 from layer 1 on"),
        ("zeros", "sigmoid", "no signal: std a = 0 from layer 1 on"),
        ("ones", "tanh", "saturates: 96 % of all a; delta = 0 from layer 4 down"),
    ],
)
def test_nothing_at_all_is_told_as_such(start: str, activation: str, verdict: str) -> None:
    result = propagate(
        [named_start(start)], activation=activation, width=250, depth=4, rows=20, runs=3
    )
    (journey,) = result.journeys
    assert str(words.verdict_of(journey)).startswith(verdict)
    assert journey.median("delta_std")[0] == 0
    told = click.unstyle(words.text(result, "p.png"))
    assert "not finite" not in told
    assert max(map(len, told.splitlines())) <= 80


@pytest.mark.parametrize(
    ("start", "word"),
    [
        ("small", "signal shrinks"),
        ("large", "saturates"),
        ("scaled", "keeps its size"),
        ("zeros", "no signal"),
    ],
)
def test_one_layer_is_judged_against_what_is_sent_in(start: str, word: str) -> None:
    (journey,) = propagate([named_start(start)], depth=1, width=250, runs=3).journeys
    assert journey.forward == pytest.approx(np.median(journey.measured["a_std"]))
    assert journey.word == word
    assert "per layer" not in words.verdict_of(journey).number
    assert_legible(pictures.figure(propagate([journey.start], depth=1, runs=2)))


def test_the_gradient_of_the_weights_hides_a_vanishing_signal() -> None:
    """Design, section 5: dW of the first and last layer are alike while a shrinks by 1e6."""
    result = propagate([named_start("small")], width=250, runs=3, rows=40)
    journey = result.journeys[0]
    assert journey.median("a_std")[-1] < 1e-6 * journey.median("a_std")[0]
    assert journey.median("dW_rms")[-1] == pytest.approx(journey.median("dW_rms")[0], rel=0.2)


def test_sigmoid_loses_the_gradient_by_the_root_of_chi() -> None:
    result = propagate([named_start("lecun_normal")], activation="sigmoid", width=250, runs=5)
    journey = result.journeys[0]
    q = theory.fixed_point("sigmoid", 1.0)
    assert journey.backward == pytest.approx(np.sqrt(theory.chi(q, "sigmoid", 1.0)), rel=0.02)
    assert round(theory.chi(q, "sigmoid", 1.0), 3) == 0.056


def test_the_layer_where_the_signal_is_lost_is_counted_from_one() -> None:
    result = propagate([named_start("small")], width=250, depth=5, runs=3)
    a = result.journeys[0].median("a_std")
    assert result.journeys[0].lost_at == 3
    assert a[1] > 0.01 > a[2]
    assert (
        propagate([named_start("scaled")], depth=5, width=80, runs=3).journeys[0].lost_at is None
    )


def test_runs_do_not_depend_on_how_many_are_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    few = partial(propagate, [named_start("he_normal")], width=30, depth=3, rows=10, runs=7)
    whole = few(expect=(watcher := Watcher()))
    assert watcher.taken == watcher.announced == 1
    monkeypatch.setattr("experiments.propagation.measure.CHUNK", 20_000)
    parts = few(expect=(watcher := Watcher()))
    assert watcher.taken == watcher.announced > 1
    for name in MEASURES:
        expected = whole.journeys[0].measured[name]
        np.testing.assert_allclose(parts.journeys[0].measured[name], expected, rtol=1e-12)


def test_a_start_without_a_declared_variance_has_no_theory() -> None:
    result = propagate([named_start("ones")], width=20, depth=3, rows=5, runs=2)
    assert result.journeys[0].theory("a_std") is None
    data = words.as_json(result, "p.png")
    assert data["results"]["ones"]["theory"] == {}
    assert "theory" in words.text(result, "p.png")


def test_json_has_lists_over_the_layers_and_no_nan(notes: Propagation) -> None:
    data = json.loads(json.dumps(words.as_json(notes, "p.png")), parse_constant=pytest.fail)
    assert len(data["results"]) == len(RANGES)
    for entry in data["results"].values():
        for name in MEASURES:
            assert len(entry[name]) == len(entry["low"][name]) == notes.depth
        assert set(entry["theory"]) == {"z_std", "a_std", "delta_std", "dW_rms"}


def test_the_text_fits_eighty_columns(notes: Propagation) -> None:
    lines = click.unstyle(words.text(notes, "p.png")).splitlines()
    assert max(map(len, lines)) <= 80
    last = lines.index("", len(lines) - 1 - lines[::-1].index("the answer"))
    assert last > len(lines) - 10, "what scrolls away is said again at the end"
    for journey in notes.journeys:
        answer = f"{journey.start.name} {words.verdict_of(journey)}"
        assert [" ".join(line.split()) for line in lines].count(answer) == 2


def test_the_picture_is_legible(notes: Propagation) -> None:
    assert_legible(pictures.figure(notes))


def test_every_start_at_once_is_legible() -> None:
    starts = [named_start(name) for name in [*initializers.names(), *RANGES]]
    result = propagate(starts, width=30, depth=10, rows=20, runs=3)
    figure = pictures.figure(result)
    assert_legible(figure)
    words = [text.get_text() for text in texts(figure)]
    assert words.count("zeros") == 1, "the histograms alone name so many"


def test_nothing_is_drawn_at_a_tick_of_its_own() -> None:
    starts = [named_start(name) for name in ("zeros", "scaled")]
    result = propagate(starts, width=30, depth=6, rows=20, runs=3)
    ax = pictures.signal_panel(Figure().subplots(), result, "a_std")
    nothing, scaled = (np.asarray(line.get_ydata()) for line in ax.lines[::2])
    np.testing.assert_allclose(scaled, result.journeys[1].median("a_std"))
    ticks = dict(zip(ax.get_yticks(), (t.get_text() for t in ax.get_yticklabels()), strict=True))
    assert {ticks[y] for y in nothing} == {"0"}
    assert scaled.min() / 1000 < nothing[0] < scaled.min()
    assert_legible(pictures.figure(result))


def test_one_layer_is_a_dot_and_not_a_line_of_no_length() -> None:
    result = propagate([named_start("scaled")], width=30, depth=1, rows=20, runs=3)
    ax = pictures.signal_panel(Figure().subplots(), result, "a_std")
    assert (ax.lines[0].get_marker(), list(ax.get_xticks())) == ("o", [1])
    low, high = ax.get_xlim()
    assert low < 1 < high


def test_one_is_not_several() -> None:
    result = propagate([named_start("glorot_normal"), named_start("he_normal")], width=1, depth=1)
    told = click.unstyle(words.text(result, "p.png"))
    assert "20 of 1 hidden layer, 1 unit each" in told
    assert "wide layers" in told
    alike = propagate([named_start("glorot_normal")] * 2, width=1, depth=1)
    assert "every layer has 1 input\n" in words.text(alike, "p.png")


def test_a_paper_is_quoted_where_its_sentence_is_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    small = ["propagate", "--width", "20", "--depth", "3", "--runs", "2", "--paper", "he2015"]
    told = CliRunner().invoke(main, small).stdout
    assert max(map(len, told.splitlines())) <= 80
    assert PAPERS["he2015"].about in " ".join(told.split())
    for other in (["--activation", "sigmoid"], ["--init", "zeros"]):
        assert "He et al." not in CliRunner().invoke(main, [*small, *other]).stdout


@pytest.mark.parametrize("paper", PAPERS)
def test_papers_show_what_they_published(paper: str, tmp_path: Path) -> None:
    preset = PAPERS[paper]
    result = propagate(
        preset.starts,
        activation=preset.activation,
        width=min(preset.width, 200),
        depth=preset.depth,
        rows=20,
        runs=4,
    )
    worse, better = result.journeys
    assert_legible(pictures.figure(result))
    spread = [
        np.abs(np.log(j.median("a_std")[-1] / j.median("a_std")[0])) for j in (worse, better)
    ]
    assert spread[1] < spread[0]
    if paper == "he2015":
        assert worse.forward == pytest.approx(np.sqrt(0.5), rel=0.02)
        assert better.word == "keeps its size"
    if paper == "glorot2010":
        assert "vanishes" in worse.word


def test_the_command_prints_and_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    small = ["--width", "20", "--depth", "3", "--runs", "2"]
    result = CliRunner().invoke(main, ["propagate", *small])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "propagate-tanh.png").exists()
    command = ["propagate", *small, "--init", "orthogonal", "--init", "small", "--json"]
    data = json.loads(CliRunner().invoke(main, command).stdout)
    assert list(data["results"]) == ["orthogonal", "small"]
    wrong = CliRunner().invoke(main, ["propagate", "--init", "smal"])
    assert wrong.exit_code == 2
    assert "did you mean 'small'" in wrong.stderr
