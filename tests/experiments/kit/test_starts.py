"""Starts: a name, a scale or a name with numbers is one start, and what is none is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from experiments.cli import main
from experiments.kit.starts import named_start
from mlp.arrays import InputError


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("0.3", 0.09),
        ("1e-2", 1e-4),
        ("normal:0.3", 0.09),
        ("uniform:0.3", 0.03),
        ("variance_scaling:2,fan_in,normal", 2 / 40),
        ("variance_scaling:2,fan_out", 2 / 60),
        ("small", 1e-4),
        ("kaiming_normal", 2 / 40),
    ],
)
def test_a_scale_is_a_start(name: str, variance: float) -> None:
    start = named_start(name)
    drawn = np.asarray(start.kernel.initializer()(np.random.default_rng(0), 40, 60))
    assert start.name == name
    assert drawn.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / drawn.size))
    assert not np.any(start.bias.initializer()(np.random.default_rng(0), 1, 60))


def test_a_constant_takes_its_number() -> None:
    assert (named_start("constant:0.25").kernel.initializer()(None, 2, 3) == 0.25).all()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("0", "stddev must be positive"),
        ("nan", "stddev must be a finite number"),
        ("normal:x", "stddev must be a finite number, not x"),
        ("normal:", "normal takes stddev"),
        ("normal:1,2", "normal takes stddev"),
        ("he_normal:2", "he_normal takes no numbers"),
        ("variance_scaling:2,fan", "mode must be one of"),
        ("nrmal:0.1", "did you mean 'normal'"),
        ("msra_uniforme", "unknown start"),
    ],
)
def test_what_is_no_start_is_refused_with_what_would_be(name: str, words: str) -> None:
    if words != "unknown start":
        with pytest.raises(InputError, match=words):
            named_start(name).kernel.initializer()
    result = CliRunner().invoke(main, ["compare", "--init", name])
    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["compare", "--runs", "2", "--epochs", "2"],
        ["propagate", "--depth", "2", "--width", "9", "--runs", "2"],
        ["xavier", "--hidden", "5x2", "--epochs", "1"],
        ["he", "--hidden", "5x2", "--epochs", "1"],
    ],
)
def test_a_scale_is_a_rival_wherever_starts_are_compared(
    command: list[str], tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # type: ignore[arg-type]
    typed = ["--init", "normal:0.2", "--init", "0.4", "--json"]
    result = CliRunner().invoke(main, [*command, *typed])
    assert result.exit_code == 0, result.output
    assert {"normal:0.2", "normal:0.4"} <= set(json.loads(result.stdout)["results"])


def test_a_walkthrough_of_random_weights_takes_any_start() -> None:
    usual = CliRunner().invoke(main, ["walkthrough", "xavier"]).stdout
    other = CliRunner().invoke(main, ["walkthrough", "xavier", "--init", "0.4"]).stdout
    assert "0.4" in other
    assert usual != other
    assert CliRunner().invoke(main, ["walkthrough", "zero", "--init", "0.4"]).exit_code == 2
