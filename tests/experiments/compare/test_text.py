"""What is read of a comparison: it fits, and says what was measured."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from experiments.cli import main
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


def test_what_comes_next_trains_the_same_network_on_the_same_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    lines = ["a b,c,price", *(f"{a:.3f},{c:.3f},{a - c:.3f}" for a, c in rng.normal(size=(40, 2)))]
    Path("my houses.csv").write_text("\n".join([*lines, "1,,2"]))
    table = read("my houses.csv", ("c", "a b"), ("price",), drop_missing=True)
    settings = Settings("relu", (8, 8), 3, batch_size=32)
    starts = [named_start(name) for name in ("zeros", "glorot_normal", "0.3")]
    result = compare(starts, table, settings, rates=(0.1,), runs=8)
    told = click.unstyle(words.text(result, "p.png")).split("next  ")[1]
    train, propagate = (shlex.split(c)[1:] for c in told.replace("\\\n", "").splitlines())
    assert train[train.index("--init") + 1] == result.recommended.name != "he_normal"
    # The steps are those that were compared, not the usual ones of train.
    assert train[train.index("--optimizer") + 1] == "sgd"
    assert train[train.index("--learning-rate") + 1] == "0.1"
    done = CliRunner().invoke(main, [*train, "--json", "--epochs", "2"])
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["sizes"], found["activation"]) == ([2, 8, 8, 1], "relu")
    assert (found["inputs"], found["initializer"]) == (["c", "a b"], result.recommended.name)
    done = CliRunner().invoke(main, [*propagate, "--json"])
    found = json.loads(done.stdout)
    assert (found["depth"], found["width"], found["activation"]) == (2, 8, "relu")


def test_where_one_rate_trains_nothing_several_come_next() -> None:
    settings = Settings("tanh", (4, 4), 2)
    result = compare([named_start("zeros")], PENGUINS, settings, rates=(1e9,), runs=2)
    told = click.unstyle(words.text(result, "p.png")).split("next  ")[1]
    (command, _) = told.splitlines()
    assert command.strip() == "mlp-demo compare --data penguins --activation tanh --hidden 4,4"


def test_many_columns_fit_the_screen() -> None:
    names = tuple(f"a rather long name {k}" for k in range(12))
    wide = np.random.default_rng(0).standard_normal((30, 13))
    table = replace(PENGUINS, inputs=names, values=wide, lines=np.arange(30))
    result = compare([named_start("zeros")], table, Settings("tanh", (4,), 2), runs=2)
    assert max(map(len, click.unstyle(words.text(result, "p.png")).splitlines())) <= 80


def test_copies_are_counted() -> None:
    few = replace(PENGUINS, values=np.tile(PENGUINS.values[:10], (3, 1)))
    result = compare([named_start("zeros")], few, Settings("tanh", (4,), 2), runs=2)
    assert "copies of other rows: 20." in click.unstyle(words.text(result, "p.png"))
    assert words.as_json(result, "p.png")["copies"] == 20


def test_a_long_name_fits_the_picture() -> None:
    starts = [named_start(name) for name in ("variance_scaling:2,fan_in,truncated_normal", "0.1")]
    assert_legible(figure(compare(starts, PENGUINS, Settings("tanh", (4,), 2), runs=2)))


def test_the_usual_start_is_recommended_among_equals() -> None:
    starts = [named_start(name) for name in ("he_uniform", "xavier_normal", "zeros")]
    result = compare(starts, PENGUINS, Settings("tanh", (8,), 20, batch_size=32), runs=8)
    assert result.best.name in ("he_uniform", "xavier_normal")
    assert result.recommended.name == "xavier_normal"
    assert "--init" not in words.text(result, "p.png").split("next  ")[1]
