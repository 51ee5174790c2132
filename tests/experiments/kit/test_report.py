"""Text alternatives: every picture has its sentence, on the terminal, in JSON and in the file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import matplotlib as mpl
import pytest
from click.testing import CliRunner
from PIL import Image

from experiments.case import text as words
from experiments.case.cases import CONSTANT, ZERO
from experiments.case.measure import run
from experiments.cli import main
from experiments.data import load
from experiments.kit.settings import Settings
from tests.pictures import HOSTILE

# What makes any command quick, where it has the option.
QUICK = {
    "epochs": "2",
    "hidden": "5,5",
    "width": "20",
    "depth": "3",
    "runs": "2",
    "depths": "2,3",
    "scales": "0.5,1",
}
OPTIONS = {name: {p.name for p in command.params} for name, command in main.commands.items()}


def quick(name: str) -> list[str]:
    """Return the command with all that makes it quick; one that takes a table gets t.csv."""
    options = [part for o in QUICK if o in OPTIONS[name] for part in (f"--{o}", QUICK[o])]
    takes = any(isinstance(p, click.Argument) for p in main.commands[name].params)
    return [name, *(["t.csv"] if takes else []), *options, "-o", "p.png"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("a,b\n" + "".join(f"{k},{k * k % 7}\n" for k in range(40)))
    return tmp_path


def test_every_command_that_draws_can_describe() -> None:
    drawing = {name for name in OPTIONS if "output" in OPTIONS[name]}
    assert drawing - {"predict"} == {name for name in OPTIONS if "describe" in OPTIONS[name]}


@pytest.mark.parametrize("name", [name for name in OPTIONS if "describe" in OPTIONS[name]])
def test_the_sentence_is_printed_and_kept_in_the_file_whatever_matplotlib_is_set_to(
    name: str, folder: Path
) -> None:
    quiet = CliRunner().invoke(main, [*quick(name), "-q", "--describe"])
    assert quiet.exit_code == 0, quiet.output
    printed = " ".join(quiet.stdout.partition("picture")[2].split())
    drawn = {path: path.read_bytes() for path in folder.glob("*.png")}
    with mpl.rc_context(HOSTILE):
        data = json.loads(CliRunner().invoke(main, [*quick(name), "--json"]).stdout)
    assert {path: path.read_bytes() for path in folder.glob("*.png")} == drawn
    assert printed.startswith(data["description"])
    assert re.search(r"\d", printed)
    assert printed.endswith(".")
    assert max(len(line) for line in quiet.stdout.splitlines()[1:]) <= 80
    with Image.open(folder / data["figure"]) as image:
        assert image.info["Description"] == data["description"]


@pytest.mark.parametrize("suffix", ["svg", "pdf"])
def test_other_formats_keep_it_too(suffix: str, folder: Path) -> None:
    CliRunner().invoke(main, [*quick("zero"), "-o", f"p.{suffix}"])
    content = (folder / f"p.{suffix}").read_bytes()
    assert b"where always answering the mean" in content


def test_it_says_what_is_seen() -> None:
    zero = words.describe(run(ZERO, load(), Settings(epochs=20)))
    assert "no gradient" in zero
    assert "1 of 2" in zero
    alike = words.describe(run(CONSTANT, load(), Settings("tanh", epochs=20)))
    assert "get one gradient" in alike
    burst = Settings("tanh", epochs=20, learning_rate=1e300)
    assert "diverged at the end" in words.describe(run(CONSTANT, load(), burst))
