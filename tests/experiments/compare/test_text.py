"""What is read of a comparison: it fits, and says what was measured."""

from __future__ import annotations

import json

import click
import pytest

from experiments.compare import text as words
from experiments.compare.figure import figure
from experiments.compare.measure import compare
from experiments.data import read
from experiments.kit.settings import Settings
from experiments.kit.starts import named_start
from mlp import initializers
from tests.pictures import assert_legible

PENGUINS = read("penguins")


@pytest.mark.parametrize(
    ("runs", "settings", "rates"),
    [
        (3, Settings("linear", (8, 8), 15, batch_size=32), None),
        (14, Settings("tanh", (8, 8), 15, batch_size=32), None),
        (13, Settings("relu", (4,), 2), (1e9,)),
        (2, Settings("tanh", (4,), 2), (0.1,)),
    ],
)
def test_the_answer_stands_first_and_every_start_has_its_line(
    runs: int, settings: Settings, rates: tuple[float, ...] | None
) -> None:
    starts = [named_start(name) for name in ["small", "large", *initializers.names()]]
    result = compare(starts, PENGUINS, settings, rates=rates, runs=runs)
    text = click.unstyle(words.text(result, "p.png"))
    lines = text.splitlines()
    assert max(len(line) for line in lines) <= 80
    assert lines[2].startswith("answer    " + result.answer()[:20])
    first = next(k for k, line in enumerate(lines) if line.startswith("  start "))
    table = lines[first + 1 : first + 1 + len(starts)]
    assert [line[2:].split()[0] for line in table] == [c.name for c in result.ranking]
    marked = [line[2:].split()[0] for line in table if line.startswith("=")]
    assert set(marked) == ({c.name for c in result.equals} if result.judged else set())
    assert_legible(figure(result))
    data = json.loads(json.dumps(words.as_json(result, "p.png")), parse_constant=pytest.fail)
    assert list(data["results"]) == [c.name for c in result.candidates]
    assert set(data["tied"]) | set(data["worse"]) == set(data["results"])
    of_one = data["results"]["he_normal"]
    assert len(of_one["final_loss"]) == len(of_one["held_out_loss"]) == runs
    assert len(of_one["loss_median"]) == settings.epochs + 1
    assert sum(of_one["verdicts"].values()) == runs


def test_the_csv_holds_every_curve() -> None:
    starts = [named_start("large"), named_start("zeros")]
    result = compare(starts, PENGUINS, Settings("relu", (8,), 5), rates=(1e200,), runs=2)
    rows = [row.split(",") for row in words.as_csv(result).splitlines()]
    assert rows[0] == ["start", "learning_rate", "run", "epoch", "loss"]
    assert len(rows) == 1 + 2 * 2 * 6
    assert float(rows[1][4]) == result["large"].losses[0, 0]
    assert rows[6] == ["large", "1e+200", "0", "5", ""]
