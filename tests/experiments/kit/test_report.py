"""Text alternatives: every picture has its sentence, on the terminal, in JSON and in the file."""

from __future__ import annotations

import json
import re
from pathlib import Path

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

SHORT = {
    "zero": ["--epochs", "20"],
    "constant": ["--epochs", "20"],
    "random": ["--epochs", "20"],
    "xavier": ["--epochs", "2", "--hidden", "5,5"],
    "he": ["--epochs", "2", "--hidden", "5,5"],
    "propagate": ["--width", "20", "--depth", "3", "--runs", "2"],
    "compare": ["--epochs", "2", "--runs", "2"],
    "explore": ["--hidden", "5x2", "-o", "p.png"],
    "symmetry": ["--epochs", "20", "--runs", "1"],
    "train": ["t.csv", "--epochs", "5"],
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("a,b\n" + "".join(f"{k},{k * k % 7}\n" for k in range(40)))
    return tmp_path


def test_every_command_that_draws_can_describe() -> None:
    drawing = {name for name, c in main.commands.items() if "output" in {p.name for p in c.params}}
    assert drawing - {"predict"} == set(SHORT)


@pytest.mark.parametrize("name", SHORT)
def test_the_sentence_is_printed_and_kept_in_the_file_whatever_matplotlib_is_set_to(
    name: str, folder: Path
) -> None:
    quiet = CliRunner().invoke(main, [name, *SHORT[name], "-q", "--describe"])
    assert quiet.exit_code == 0, quiet.output
    printed = " ".join(quiet.stdout.partition("picture")[2].split())
    drawn = {path: path.read_bytes() for path in folder.glob("*.png")}
    with mpl.rc_context(HOSTILE):
        data = json.loads(CliRunner().invoke(main, [name, *SHORT[name], "--json"]).stdout)
    assert {path: path.read_bytes() for path in folder.glob("*.png")} == drawn
    assert printed.startswith(data["description"])
    assert re.search(r"\d", printed)
    assert printed.endswith(".")
    assert max(len(line) for line in quiet.stdout.splitlines()[1:]) <= 80
    with Image.open(folder / data["figure"]) as image:
        assert image.info["Description"] == data["description"]


@pytest.mark.parametrize("suffix", ["svg", "pdf"])
def test_other_formats_keep_it_too(suffix: str, folder: Path) -> None:
    CliRunner().invoke(main, ["zero", *SHORT["zero"], "-o", f"p.{suffix}"])
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
