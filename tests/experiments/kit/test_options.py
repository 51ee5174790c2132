"""Options: an initializer of the user's own, names that complete, and words that are mistyped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from experiments.cli import main
from mlp import initializers

ROOT = Path(__file__).parents[3]
COIN = '''
import numpy as np

def coin(rng, fan_in, fan_out):
    """By the toss of a coin."""
    return rng.choice([-1.0, 1.0], size=(fan_in, fan_out)) / np.sqrt(fan_in)

def shape(rng, fan_in, fan_out):
    return np.ones(3)

def nan(rng, fan_in, fan_out):
    return np.full((fan_in, fan_out), np.nan)

def words(rng, fan_in, fan_out):
    return [["a"] * fan_out] * fan_in

def fails(rng, fan_in, fan_out):
    return 1 / 0

def two(rng, fan_in):
    return np.ones((fan_in, 1))
'''
SHORT = ["--runs", "2", "--epochs", "3"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "coin.py").write_text(COIN)
    known = list(initializers.INITIALIZERS)
    yield tmp_path
    for name in set(initializers.INITIALIZERS) - set(known):
        initializers.INITIALIZERS.remove(name)


def demo(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_a_function_of_a_file_is_compared_propagated_listed_and_trained(folder: Path) -> None:
    own = ["--init", "coin.py:coin"]
    data = json.loads(demo("compare", *own, "--init", "zeros", *SHORT, "--json").stdout)
    assert list(data["results"]) == ["coin.py:coin", "zeros"]
    assert demo("propagate", *own, "--runs", "2", "-q").stdout.startswith("coin.py:coin: ")
    (line,) = [row for row in demo("list", *own).stdout.splitlines() if "coin.py" in row]
    assert "By the toss of a coin." in line
    (folder / "t.csv").write_text("a,b\n" + "\n".join(f"{k},{k * k}" for k in range(30)) + "\n")
    result = demo("train", "t.csv", *own, "--epochs", "3")
    assert result.exit_code == 0, result.output
    assert not list(folder.glob("__pycache__"))


@pytest.mark.parametrize(
    ("place", "words"),
    {
        "coin.py:shape": "initializer coin.py:shape returned shape (3,)",
        "coin.py:nan": "the result of initializer coin.py:nan[0, 0] is nan",
        "coin.py:words": "must hold real numbers",
        "coin.py:fails": "initializer coin.py:fails failed with ZeroDivisionError",
        "coin.py:two": "initializer coin.py:two failed with TypeError",
        "coin.py:coinn": "coin.py has no function 'coinn': did you mean 'coin'?",
        "coin.py:np": "has no function 'np'",
        "coin.py:": "has no function ''",
        "broken.py:f": "broken.py fails with SyntaxError",
        "imports.py:f": "imports.py fails with ModuleNotFoundError",
        "exits.py:f": "exits.py fails with SystemExit",
        "missing.py:f": "missing.py cannot be read",
        "folder.py:f": "folder.py cannot be read",
        "coin.py": "say which function of it: coin.py:FUNCTION",
        "opens.py:f": "opens.py fails with FileNotFoundError",
    }.items(),
)
def test_whatever_is_wrong_with_it_is_one_sentence(place: str, words: str, folder: Path) -> None:
    (folder / "broken.py").write_text("def f(:")
    (folder / "imports.py").write_text("import nothing_like_it")
    (folder / "exits.py").write_text("raise SystemExit(3)")
    (folder / "folder.py").mkdir()
    (folder / "opens.py").write_text("open('nothing_like_it')")
    before = sorted(folder.rglob("*"))
    result = demo("compare", "--init", place, *SHORT)
    assert result.exit_code == 2
    (sentence,) = [s for s in result.stderr.splitlines() if s.startswith("Error: ")]
    assert words in sentence
    assert sorted(folder.rglob("*")) == before


def test_upper_and_lower_case_other_folders_and_neighbours(folder: Path) -> None:
    (folder / "one").mkdir()
    (folder / "two").mkdir()
    (folder / "one" / "own.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "from neighbour import value\n@dataclass\nclass Both:\n    value: float = 1.0\n"
        "def f(rng, i, o):\n    return rng.uniform(-value, Both().value, (i, o))\n"
        "def F(rng, i, o):\n    return rng.uniform(-2, 2, (i, o))\n"
    )
    (folder / "one" / "neighbour.py").write_text("value = 0.1\n")
    (folder / "two" / "own.py").write_text("def f(rng, i, o):\n    return rng.random((i, o))\n")
    both = ["--init", "one/own.py:f", "--init", "two/own.py:f"]
    result = demo("compare", *both, *SHORT, "--json")
    assert result.exit_code == 0, result.output
    results = json.loads(result.stdout)["results"]
    assert list(results) == ["own.py:f", "two/own.py:f"]
    assert len({str(entry["final_loss"]) for entry in results.values()}) == 2
    cases = ["--init", "one/own.py:f", "--init", "one/own.py:F"]
    data = json.loads(demo("compare", *cases, *SHORT, "--json").stdout)["results"]
    assert list(data) == ["own.py:f", "one/own.py:F"]
    assert len({str(entry["final_loss"]) for entry in data.values()}) == 2
    clash = demo("compare", "--init", "one/OWN.py:f", *SHORT)
    assert clash.exit_code == 2


def test_the_same_start_twice_is_one_rival() -> None:
    names = ["he_normal", "HE_normal", "xavier_normal", "glorot_normal"]
    typed = [word for name in names for word in ("--init", name)]
    data = json.loads(demo("compare", *typed, *SHORT, "--json").stdout)
    assert list(data["results"]) == ["he_normal", "xavier_normal"]


@pytest.mark.parametrize(
    ("line", "nearest"),
    {
        "zero --format jsn": "json",
        "propagate --paper he201": "he2015",
        "random --scale smal": "small",
        "xavier --distribution unifrom": "uniform",
        "compare --init he_norml": "he_normal",
        "train x.csv --init glorot_unifrm": "glorot_uniform",
        "zero --activation tahn": "tanh",
        "zero --optimizer agam": "adam",
        "comprae": "compare",
        "zero --data pengiuns": "penguins",
        "zero --inputs bill_lenght_mm": "bill_length_mm",
    }.items(),
)
def test_a_mistyped_name_gets_the_nearest(line: str, nearest: str) -> None:
    assert f"did you mean '{nearest}'?" in demo(*line.split()).stderr


def completions(words: str) -> list[str]:
    """Return what a shell would offer for the last word."""
    environment = os.environ | {
        "_MLP_DEMO_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
        "PYTHONPATH": str(ROOT),
    }
    code = "from experiments.cli import main; main(prog_name='mlp-demo')"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def test_the_shell_completes_names_and_columns(folder: Path) -> None:
    (folder / "t.csv").write_text("size,price\n1,2\n3,4\n")
    assert completions("mlp-demo zero --activation si") == ["sigmoid"]
    assert completions("mlp-demo compare --init he_")[:2] == ["he_normal", "he_uniform"]
    assert completions("mlp-demo zero --target bill_l") == ["bill_length_mm"]
    assert completions("mlp-demo zero --data t.csv --target p") == ["price"]
    assert completions("mlp-demo zero --data t.csv --inputs size,p") == ["size,price"]
    assert completions("mlp-demo train t.csv --target p") == ["price"]
    assert completions("mlp-demo zero --data missing.csv --target p") == []


def test_a_package_brings_initializers_and_a_broken_one_is_named(folder: Path) -> None:
    information = folder / "coins-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: coins\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(
        "[mlp.initializers]\ncoin = coin:coin\nhe_normal = coin:coin\nbad = coin:missing\n"
        "worse = nowhere:f\nnumber = coin:__name__\nleaves = leaves:f\nsmall = coin:coin\n"
    )
    (folder / "leaves.py").write_text("import sys\nsys.exit('no licence\\nat all')\n")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}
    code = "from experiments.cli import main; main(prog_name='mlp-demo')"

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    listed = run("list")
    assert "\ncoin  " in listed.stdout
    told = listed.stderr.splitlines()
    assert [line.split("'")[1] for line in told] == [
        "he_normal",
        "bad",
        "worse",
        "number",
        "leaves",
    ]
    assert all(line.startswith("warning: initializer ") for line in told)
    assert "'worse' of coins is left out: ModuleNotFoundError" in listed.stderr
    assert "\n  coin " in run("compare", *SHORT).stdout
    assert run("propagate", "--init", "coin", "--runs", "1", "-q").stdout.startswith("coin: ")
    library = "from mlp import MLP; print(MLP([2, 2, 1], kernel_initializer='coin'))"
    alone = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", library], env=environment, check=True
    )
    assert alone.returncode == 0
