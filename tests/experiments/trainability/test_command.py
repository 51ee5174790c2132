"""The command ``map``: from what is typed to a picture and a story; and one sentence otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from experiments.cli import main

QUICK = ["--width", "6", "--epochs", "2", "--jobs", "1"]
TINY = [*QUICK, "--scales", "0.5,1.4", "--runs", "1"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def called(*arguments: str) -> Result:
    return CliRunner().invoke(
        main, ["map", *(QUICK if "--zoom" in arguments else TINY), *arguments]
    )


def test_against_the_depth() -> None:
    result = called("--depths", "2,5", "--activation", "relu", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["depth"], found["sigma_w"]) == ([2, 5], [0.5, 1.4])
    assert found["learning_rate"] == [0.3, 0.03, 0.003, 0.0003]
    assert found["rates_over_depth"]
    assert Path(found["figure"]).name == "map-relu.png"
    assert Path(found["figure"]).stat().st_size > 10_000


def test_against_the_rate() -> None:
    result = called("--against", "rate", "--learning-rate", "0.001,0.1", "--depths", "3", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["learning_rate"], found["depth"]) == ([0.001, 0.1], [3])
    assert Path("map-tanh-rate.png").exists()


def test_zoom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.trainability.zoom.SIDE", 16)
    result = CliRunner().invoke(
        main, ["map", "--against", "rate", "--zoom", "4.3,0.26", "--epochs", "20", "--jobs", "1"]
    )
    assert result.exit_code == 0, result.output
    assert "×512" in result.stdout
    assert Path("map-tanh-zoom.png").exists()


def test_the_verdict_alone_and_the_sentence_about_the_picture() -> None:
    result = called("--depths", "2", "--quiet")
    assert result.stdout.partition(":")[0] in ("learning", "stalled")
    assert len(result.stdout.splitlines()) == 1
    told = called("--depths", "2", "--describe").stdout
    assert "\npicture   A map of tanh networks" in told


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--depths", "5,x"],
            "'5,x' is not a list of whole numbers from 1 to 9999 such as 5,10,20",
        ),
        (["--depths", "10000"], "'10000' is not a list of whole numbers from 1 to 9999"),
        (["--depths", "0"], "'0' is not a list of whole numbers"),
        (["--scales", "1,-1"], "'1,-1' is not a list of positive numbers such as 0.5,1,2"),
        (["--scales", ""], "'' is not a list of positive numbers"),
        (["--scales", "1,1e200"], "every σ_w must be from 1e-18 to 1e+18, not 1e+200"),
        (["--scales", "1e-200"], "every σ_w must be from 1e-18 to 1e+18, not 1e-200"),
        (["--sigma-b", "1e300"], "every σ_b must be from 1e-18 to 1e+18"),
        (["--learning-rate", "inf"], "'inf' is not a list of positive numbers"),
        (["--against", "wdith"], "'wdith' is not one of depth, rate"),
        (["--zoom", "1"], "'1' is not a point σ_w,η such as 4.3,0.26"),
        (["--zoom", "1,1"], "--zoom shows the border against the rate: add --against rate"),
        (
            ["--zoom", "99,1", "--against", "rate"],
            "the σ_w to zoom to is 99; it must be from 0.05 to 20",
        ),
        (
            ["--zoom", "1,1", "--against", "rate", "--optimizer", "adam"],
            "--zoom trains by plain gradient descent, all rows in every step",
        ),
        (["--zoom", "1,1", "--against", "rate", "--runs", "5"], "--zoom has no use for --runs"),
        (
            ["--against", "rate", "--depths", "5,9"],
            "all networks have one depth: give --depths one",
        ),
        (["--jobs", "0"], "'0' is not a number of processes"),
        (["--jobs", "two"], "'two' is not a number of processes"),
        (["--sigma-b", "-1"], "'-1' is negative"),
        (["--measure", "test"], "'test' is not one of held-out, training"),
        (["--runs", "0"], "0 is not in the range x>=1"),
    ],
)
def test_what_is_mistyped_gets_one_sentence(arguments: list[str], sentence: str) -> None:
    result = called(*arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr.splitlines()[-1]


def test_a_table_that_is_too_short(folder: Path) -> None:
    (folder / "few.csv").write_text("a,b\n1,2\n2,3\n3,5\n")
    result = called("--data", "few.csv", "--inputs", "a", "--target", "b")
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: few.csv: 3 rows are too few to hold some out; a map needs 10 or more\n"
    )


def test_no_cluster_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.kit.sweep.ANSWER_WITHIN", 0.5)
    result = called("--dask", "tcp://127.0.0.1:9")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: no cluster answers at tcp://127.0.0.1:9: ")
