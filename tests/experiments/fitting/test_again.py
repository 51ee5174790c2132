"""What to type next: it runs as it is printed, and is never what was just advised against."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from experiments.cli import main
from experiments.data import read
from experiments.fitting import again
from experiments.fitting.measure import begin, fit
from experiments.fitting.outcome import Fit
from experiments.kit.settings import Settings

PENGUINS = read("penguins")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def printed(*arguments: str) -> list[list[str]]:
    """Run a command, and return the commands that it prints as next, as a shell reads them."""
    return shell_words(told(*arguments).split("\nnext")[1])


def told(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return click.unstyle(result.stdout)


def shell_words(text: str) -> list[list[str]]:
    lines = text.replace("\\\n", " ").splitlines()
    return [shlex.split(line) for line in lines if line.strip()]


def table(path: str, names: list[str] | None, columns: int = 3, rows: int = 40) -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((rows, 1)) + 0.1 * rng.standard_normal((rows, columns))
    head = [",".join(f'"{name}"' for name in names)] if names else []
    lines = [",".join(f"{value:.6f}" for value in row) for row in values]
    Path(path).write_text("\n".join([*head, *lines, ""]), "utf-8")


ODD = ["living area (m²)", "it's $5", "age, years", "7"]
MANY = [f"column {k}" for k in range(30)]
TABLES = {
    "blanks and quotes": (ODD, ["--inputs", '7,it\'s $5,"age, years"', "--target", ODD[0]]),
    "no header": (None, ["--target", "x1", "--inputs", "x3"]),
    "many": (MANY, ["--inputs", ",".join(MANY[2:29])]),
}


@pytest.mark.parametrize(("names", "chosen"), TABLES.values(), ids=TABLES)
def test_what_is_printed_learns_the_same_columns(
    names: list[str] | None, chosen: list[str]
) -> None:
    table("my table.csv", names, len(names) if names else 3)
    first = told("train", "my table.csv", *chosen, "--epochs", "16", "--patience", "16")
    (command,) = shell_words(first.split("\nnext")[1])
    assert command[-4:] == ["--patience", "16", "--save", "net.npz"]
    second = told(*command[1:])
    assert second.split("\nsaved")[0] == first.split("\nsaved")[0]
    ask, resume = shell_words(second.split("\nnext")[1])
    resume[resume.index("--epochs") + 1] = "1"
    assert "16 of them before" in " ".join(told(*resume[1:]).split())
    told(*ask[1:])
    target = chosen[chosen.index("--target") + 1] if "--target" in chosen else MANY[-1]
    assert Path("out.csv").read_text("utf-8").splitlines()[0] == target


def test_a_function_of_a_file_is_found_again() -> None:
    Path("starts").mkdir()
    Path("starts/mine.py").write_text(
        "def tiny(rng, fan_in, fan_out):\n"
        "    return 0.1 * rng.standard_normal((fan_in, fan_out))\n"
    )
    how = ["--init", "starts/mine.py:tiny", "--activation", "tanh", "--epochs", "2"]
    (command,) = printed("train", "penguins", *how)
    assert command[command.index("--init") + 1] == "starts/mine.py:tiny"
    assert printed(*command[1:])


def commands(f: Fit, saved: str | None = "n.npz") -> str:
    return "\n".join(again.commands(replace(f, saved=saved)))


def test_what_a_finding_advises_is_what_comes_next() -> None:
    settings = Settings("relu", (8,), 60, 0.3, 32, "adam")
    f = fit(begin(PENGUINS, settings), PENGUINS)
    (finding,) = [found for found in f.findings() if found.options]
    assert f.verdict().word == "learning"
    assert finding.options == f.advice()
    assert "predict n.npz" in commands(f)
    assert "--resume" not in commands(f)
    assert "--learning-rate" not in commands(f), "which is to be the usual one"


def test_the_best_epoch_is_kept_where_the_last_has_learned_by_heart() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((60, 3))
    values[:, 2] = values[:, 0] + rng.standard_normal(60)
    small = replace(PENGUINS, values=values, lines=np.arange(60))
    settings = Settings("tanh", (32, 32), 120, 0.02, 20, "adam", 1)
    f = fit(begin(small, settings, keep="last"), small)
    assert f.by_heart
    assert "--keep best" in commands(f)
    assert "--resume" not in commands(f)


def test_rows_without_a_rule_are_shown_to_compare() -> None:
    noise = np.random.default_rng(11).standard_normal((60, 3))
    table = replace(PENGUINS, values=noise, lines=np.arange(60))
    f = fit(begin(table, Settings("tanh", (32, 32), 120, 0.02, 20, "adam", 1)), table)
    assert f.own_rows_only
    compare = "mlp-demo compare --data penguins"
    assert commands(f) == f"{compare} --activation tanh --hidden 32,32"
    relu = replace(f.model, settings=replace(f.model.settings, activation="relu"))
    assert commands(replace(f, model=relu)) == f"{compare} --hidden 32,32 --activation relu"
