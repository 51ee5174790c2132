"""The README and the guide: what they name exists, and nothing that exists is missing."""

from __future__ import annotations

import re
import shlex
from contextlib import suppress
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from experiments.cli import main
from tests.notebooks import NOTEBOOKS

ROOT = Path(__file__).parent.parent
PAGES = {
    path: (ROOT / path).read_text(encoding="utf-8") for path in ("README.md", "notebooks/guide.md")
}
README, GUIDE = PAGES.values()
each = pytest.mark.parametrize("path", PAGES)


def blocks(text: str) -> list[tuple[str, str]]:
    """Return the fenced blocks of a page: language and text."""
    return re.findall(r"^```(\w*)\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def understand(line: str) -> None:
    """Let the command line parse what is typed, without running it."""
    command: click.Command = main
    name, *arguments = shlex.split(line)
    while isinstance(command, click.Group):
        found = command.resolve_command(click.Context(command), arguments)
        name, command, arguments = found[0] or "", found[1] or command, found[2]
    with suppress(click.exceptions.Exit):  # of --help
        command.make_context(name, arguments)


def test_quick_start_is_two_lines_of_sh() -> None:
    for (language, text), ending in zip(
        blocks(README)[:2], ("mlp-demo zero --activation relu", "python -m pytest"), strict=True
    ):
        assert language == "sh"
        assert len(text.splitlines()) == 1
        assert text.startswith("python3 -m venv ")
        assert text.strip().endswith(ending)


# What users type against; the commands of cases and experiments that are added later stand in
# what the README sends its reader to.
CONTRACT = (
    *("zero", "constant", "random", "xavier", "he", "propagate", "compare", "symmetry"),
    *("map", "explore", "walkthrough", "verify", "train", "predict", "list"),
)
ELSEWHERE = ("mlp-demo --help", "mlp-demo list cases")


@pytest.mark.parametrize("name", CONTRACT)
def test_every_command_of_the_contract_is_in_the_table(name: str) -> None:
    assert re.search(rf"^\| [^|]*`mlp-demo {name}\b", README, flags=re.MULTILINE)


@pytest.mark.parametrize("name", main.commands)
def test_every_command_is_where_the_reader_is_sent(name: str) -> None:
    assert all(line in README for line in ELSEWHERE)
    overview = CliRunner().invoke(main, ["--help"]).stdout
    assert re.search(rf"^  {name}  +\w", overview, flags=re.MULTILINE)


@each
def test_every_command_that_it_names_exists(path: str) -> None:
    named = set(re.findall(r"mlp-demo ([a-z]+)", PAGES[path]))
    assert named <= set(main.commands)


def test_every_command_of_the_guide_can_be_typed() -> None:
    lines = re.findall(r"`(mlp-demo [^`]+)`", GUIDE)
    assert len(lines) > 20
    for line in lines:
        understand(line.split(" > ")[0])


def test_the_path_through_the_notebooks_takes_a_lesson() -> None:
    rows = re.findall(
        r"^\| \[.*\]\((.+)\.ipynb\) \| (\d+) \| .* \| (\d+) \|$", GUIDE, re.MULTILINE
    )
    assert [name for name, *_ in rows] == [path.stem for path in NOTEBOOKS]
    assert sum(int(here) for _, here, _ in rows) == 45
    assert sum(int(whole) for *_, whole in rows) == 110


def test_every_heading_of_the_guide_is_in_its_contents() -> None:
    headings = re.findall(r"^## (.+)$", GUIDE, re.MULTILINE)
    links = re.findall(r"^- \[(.+)\]\(#(.+)\)$", GUIDE, re.MULTILINE)
    assert [title for title, _ in links] == headings
    for title, anchor in links:
        assert anchor == re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


# Not made for this program: a byte order mark, semicolons, blanks, a gap, text, Windows.
HOUSES = (
    '\ufeff"area";rooms; "age, years";note;price\r\n100.5;4;10;"old; nice";250000\r\n'
    "60;2;30;;140000\r\n;3;5;new;200000\r\n 85 ;3;12;;190000\r\n120;5;;;320000\r\n\r\n"
)


def test_your_own_data_word_for_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = README.split("\n## Your own data")[1].split("\n## ")[0]
    ((_, script),) = [block for block in blocks(own) if block[0] == "sh"]
    assert script in GUIDE
    monkeypatch.chdir(tmp_path)
    (tmp_path / "houses.csv").write_text(HOUSES, encoding="utf-8", newline="")
    for line in script.splitlines():
        result = CliRunner().invoke(main, shlex.split(line)[1:])
        assert result.exit_code == 0, result.output
    answers = (tmp_path / "answers.csv").read_text("utf-8").splitlines()
    assert answers[0] == "price"
    assert [line == '""' for line in answers[1:]] == [False, False, True, False, False]


@each
def test_every_picture_and_file_that_it_names_is_there(path: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", PAGES[path])
    assert links
    for link in links:
        assert ((ROOT / path).parent / link).exists(), link


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert "README.md" in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_the_lines_of_the_walkthrough_are_those_it_prints() -> None:
    found = [text for page in PAGES.values() for _, text in blocks(page) if "∂L/∂w'12 = " in text]
    printed = CliRunner().invoke(main, ["walkthrough", "zero", "--activation", "sigmoid"]).stdout
    assert found
    assert all(shown in printed for shown in found)
