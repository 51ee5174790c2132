"""The README: its commands exist, and nothing that exists is missing from it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from experiments.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def test_quick_start_is_two_lines_of_sh() -> None:
    for (language, text), ending in zip(
        BLOCKS[:2], ("mlp-demo zero --activation relu", "python -m pytest"), strict=True
    ):
        assert language == "sh"
        assert len(text.splitlines()) == 1
        assert text.startswith("python3 -m venv ")
        assert text.strip().endswith(ending)


# What users type against; the commands of cases and experiments that are added later stand in
# what the README sends its reader to.
CONTRACT = (
    *("zero", "constant", "random", "xavier", "he", "propagate", "compare", "symmetry"),
    *("walkthrough", "verify", "train", "predict", "list"),
)
ELSEWHERE = ("mlp-demo --help", "mlp-demo list cases")


@pytest.mark.parametrize("name", CONTRACT)
def test_every_command_of_the_contract_is_in_the_table(name: str) -> None:
    assert re.search(rf"^\| `mlp-demo {name}\b", README, flags=re.MULTILINE)


@pytest.mark.parametrize("name", main.commands)
def test_every_command_is_where_the_reader_is_sent(name: str) -> None:
    assert all(line in README for line in ELSEWHERE)
    overview = CliRunner().invoke(main, ["--help"]).stdout
    assert re.search(rf"^  {name}  +\w", overview, flags=re.MULTILINE)


def test_every_command_of_the_readme_exists() -> None:
    named = set(re.findall(r"mlp-demo ([a-z]+)", README))
    assert named <= set(main.commands)


# Not made for this program: a byte order mark, semicolons, blanks, a gap, text, Windows.
HOUSES = (
    '\ufeff"area";rooms; "age, years";note;price\r\n100.5;4;10;"old; nice";250000\r\n'
    "60;2;30;;140000\r\n;3;5;new;200000\r\n 85 ;3;12;;190000\r\n120;5;;;320000\r\n\r\n"
)


def test_your_own_data_word_for_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    section = README.split("## Your own data")[1].split("\n## ")[0]
    (script,) = re.findall(r"^```sh\n(.*?)^```", section, flags=re.DOTALL | re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "houses.csv").write_text(HOUSES, encoding="utf-8", newline="")
    for line in script.splitlines():
        result = CliRunner().invoke(main, shlex.split(line)[1:])
        assert result.exit_code == 0, result.output
    answers = (tmp_path / "answers.csv").read_text("utf-8").splitlines()
    assert answers[0] == "price"
    assert [line == '""' for line in answers[1:]] == [False, False, True, False, False]


def test_every_picture_and_file_that_it_names_is_there() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert "README.md" in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_the_lines_of_the_walkthrough_are_those_it_prints() -> None:
    (shown,) = [text for _, text in BLOCKS if "∂L/∂w'12 = " in text]
    printed = CliRunner().invoke(main, ["walkthrough", "zero", "--activation", "sigmoid"]).stdout
    assert shown in printed
