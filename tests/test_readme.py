"""The README: its commands exist, and nothing that exists is missing from it."""

from __future__ import annotations

import re
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


@pytest.mark.parametrize("name", main.commands)
def test_every_command_is_documented(name: str) -> None:
    assert f"mlp-demo {name}" in README


def test_every_command_of_the_readme_exists() -> None:
    named = set(re.findall(r"mlp-demo ([a-z]+)", README))
    assert named <= set(main.commands)


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
