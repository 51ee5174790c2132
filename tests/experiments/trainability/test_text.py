"""The text of a map: what a reader looks for, 80 columns wide, and an object for programs."""

from __future__ import annotations

import json
from dataclasses import replace

import click
import numpy as np
import pytest

from experiments.trainability import text as words
from experiments.trainability.measure import Trainability
from tests.experiments.trainability.made import by_theory, made

RATES = (1e-3, 1e-2, 1e-1)
AGAINST_RATE = made(
    [[1.0, 0.9, 0.8], [0.8, 0.4, np.inf], [0.4, np.inf, np.inf]],
    [0.07, 1.0, 7.0], [10], against="rate", rates=RATES,
)  # fmt: skip
NOTHING = made(np.full((2, 3), np.inf), [0.5, 1, 2], [3, 6])
MAPS = {
    **{name: by_theory(name) for name in ("tanh", "relu", "sigmoid", "linear")},
    "rate": AGAINST_RATE,
    "nothing": NOTHING,
    "one": made([[0.4]], [1.0], [3]),
    "own": made([[0.3, 0.3, 0.4], [0.3, 0.3, 1.0]], [2, 2.5, 4], [3, 6]),
}


@pytest.mark.parametrize("result", MAPS.values(), ids=MAPS)
def test_it_fits_a_terminal_and_says_what_to_do_next(result: Trainability) -> None:
    lines = click.unstyle(words.text(result, "map.png")).splitlines()
    assert max(map(len, lines)) <= 80
    places = [
        next(k for k, line in enumerate(lines) if line.startswith(word))
        for word in ("The map", "answer", "data", "networks", "training", "verdict", "picture")
    ]
    assert places == sorted(places)
    assert "nan" not in "\n".join(lines)
    assert words.describe(result).endswith(".")
    assert words.verdict(result) == str(result.verdict())


def test_how_deep_each_start_trains_and_which_scales_do() -> None:
    result = MAPS["relu"]
    lines = click.unstyle(words.text(result, "map.png")).splitlines()
    assert lines[2].startswith("answer    40 layers deep, σ_w from 1.2")
    assert "he_normal" in lines[2]
    assert "  he_normal      1.41    40, the deepest" in lines
    assert "  small ·0.01    0.0707  none" in lines
    low, high = result.valley(1) or (0, 0)
    assert f"  5      {low:.3g} to {high:.3g}" in "\n".join(lines)
    assert any("8.0 ξ" in line or "7." in line for line in lines if line.startswith("theory"))


def test_no_scale_of_the_notes_is_said_not_to_train_sigmoid() -> None:
    assert words.answer(MAPS["sigmoid"]).endswith("train, no scale of the notes among them.")


def test_which_rates_train_each_start() -> None:
    told = click.unstyle(words.text(AGAINST_RATE, "map.png")).splitlines()
    lines = [" ".join(line.split()) for line in told]
    assert "small ·0.01 0.0707 0.1 to 0.1 -" in lines
    assert "scaled √(1/n) 1.00 0.01 to 0.01 0.1" in lines
    assert "large ·1 7.07 none 0.01" in lines


def test_of_a_start_that_was_not_mapped_nothing_is_said() -> None:
    lines = click.unstyle(words.text(MAPS["own"], "map.png")).splitlines()
    assert lines[2] == "answer    6 layers deep, σ_w from 2.00 to 2.50 train."
    assert "  he_normal      1.41    not in this map" in lines
    assert "small" not in words.describe(MAPS["own"])
    assert "none of the notes" not in words.answer(MAPS["own"])
    rates = made([[0.4], [1.0]], [1.0], [10], against="rate", rates=(0.1, 0.2))
    lines = click.unstyle(words.text(rates, "map.png")).splitlines()
    assert "  small ·0.01    0.0707  not in this map" in [line.rstrip() for line in lines]


def test_it_says_how_well_theory_follows_the_border() -> None:
    told = " ".join(click.unstyle(words.text(MAPS["tanh"], "map.png")).split())
    below = MAPS["tanh"].multiples("below")
    assert f"({below.min():.1f} to {below.max():.1f}, scale by scale)" in told
    assert "ragged" not in told
    result = made([[0.3, 0.3, 1.0], [1.0, 0.3, 0.3], [1.0, 0.3, 1.0]], [0.5, 1, 4], [3, 6, 12])
    told = " ".join(click.unstyle(words.text(result, "map.png")).split())
    assert "The border is ragged: σ_w = 4.00 trains at one depth and not at a shallower" in told


def test_without_an_edge_there_are_no_sides_of_it() -> None:
    losses = [[0.3, 0.3, 0.3], [1.0, 0.3, 1.0]]
    result = replace(made(losses, [0.5, 1, 2], [3, 6], "relu"), sigma_b=0.3)
    told = words.text(result, "map.png")
    assert f"{result.multiple():.1f} ξ" in told
    assert "edge of chaos" not in told


def test_the_object_of_a_map() -> None:
    result = MAPS["relu"]
    found = json.loads(json.dumps(words.as_json(result, "map.png"), allow_nan=False))
    rows, columns = len(result.depths), len(result.sigma_w)
    for name in ("loss", "held_out_loss"):
        assert len(found[name]) == rows
        assert {len(row) for row in found[name]} == {columns}
    assert None in found["held_out_loss"][-1]  # diverged
    assert len(found["theory"]) == columns
    assert found["theory"][result.edge_column] is None  # infinite
    assert found["depth"] == list(result.depths)
    assert (found["against"], found["activation"], found["figure"]) == ("depth", "relu", "map.png")
    assert found["multiple"] == pytest.approx(result.multiple())
    assert found["verdict"].partition(":")[0] == "learning"
    assert {"claim", "expected", "holds", "measured"} <= set(found["claims"][0])


def test_what_comes_next_is_a_border_that_is_ragged() -> None:
    rates = replace(AGAINST_RATE, settings=replace(AGAINST_RATE.settings, activation="relu"))
    assert "  mlp-demo map --against rate --zoom" in click.unstyle(words.text(rates, "map.png"))


def test_the_object_of_a_map_against_the_rate() -> None:
    found = words.as_json(AGAINST_RATE, "map.png")
    assert found["learning_rate"] == list(RATES)
    assert found["held_out_loss"][2] == [0.4, None, None]


def test_a_claim_and_what_was_measured_of_it_read_as_a_sentence() -> None:
    told = {
        outcome.claim.text: outcome.measured.text
        for name in ("relu", "sigmoid")
        for outcome in MAPS[name].outcomes()
    }
    assert told["small is a problem in depth"] == "trains at no depth"
    assert told["√(1/n) is the right way: it trains"] == "at no depth"
    assert told["He is the right way with ReLU: it trains"] == "at every depth"


@pytest.mark.parametrize(
    ("result", "title"),
    [
        (
            made([[0.3, 0.3, 0.3], [1.0, 0.3, 1.0]], [0.5, 1, 2], [3, 6]),
            "6 layers deep, only σ_w = 1 trains (tanh)",
        ),
        (
            made([[0.3, 0.3, 0.3], [1.0, 0.3, 0.3]], [0.5, 1, 2], [3, 6]),
            "6 layers deep, only σ_w from 1 to 2 trains (tanh)",
        ),
        (
            made([[0.3, 0.3], [0.3, 0.3]], [0.5, 2], [3, 6]),
            "6 layers deep, σ_w from 0.5 to 2 trains (tanh)",
        ),
        (
            made([[0.3, 0.3], [1.0, 1.0]], [1, 2], [3, 6]),
            "No scale trains deeper than 3 layers (tanh)",
        ),
        (NOTHING, "No scale of the weights trains (tanh)"),
        (AGAINST_RATE, "η = 0.01 trains most scales: σ_w = 1 (tanh, 10 layers)"),
    ],
)
def test_the_title_of_the_picture_is_its_lesson(result: Trainability, title: str) -> None:
    assert words.title(result) == title
