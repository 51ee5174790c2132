"""What a user registers is known everywhere: in every command, and to theory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from experiments.case.cases import CASES
from experiments.cli import main
from mlp import theory
from mlp.activations import ACTIVATIONS, Activation, register
from mlp.formulas import Function, a, exp, z


@pytest.fixture(autouse=True)
def softplus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Activation]:
    """Register, as in a notebook, what the notes do not know: never 0, bounded on one side."""
    monkeypatch.chdir(tmp_path)
    yield register(
        Activation(
            "softplus",
            f=lambda z: np.logaddexp(0, z).astype(z.dtype),
            derivative=lambda z, a: -np.expm1(-a),
            formula=Function("ln", np.log, r"\ln")(1 + exp(z)),
            derivative_formula=1 - exp(-a),
            bounds=(0.0, np.inf),
        )
    )
    ACTIVATIONS.remove("softplus")


DEEP = ("--hidden", "8x3", "--epochs", "2")
COMMANDS = {
    "zero": ("--epochs", "5"),
    "constant": ("--epochs", "5"),
    "random": ("--epochs", "2"),
    "xavier": DEEP,
    "he": DEEP,
    "propagate": ("--runs", "2", "--depth", "3", "--width", "20"),
    "map": ("--depths", "2", "--scales", "1", "--width", "8", "--runs", "1", "--epochs", "1"),
    "explore": ("--hidden", "8x3", "-o", "state.png"),
    "compare": ("--runs", "2", "--epochs", "2"),
    "symmetry": ("--epochs", "20"),
    "train": ("penguins", "--target", "year", "--drop-missing", "--epochs", "3"),
}


def test_these_are_all_commands_that_take_an_activation() -> None:
    takes = {name for name, command in main.commands.items() if has_activation(command)}
    assert takes == set(COMMANDS)


def has_activation(command: click.Command) -> bool:
    return any(param.name == "activation" for param in command.params)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_it(command: str) -> None:
    arguments = [command, *COMMANDS[command], "--activation", "softplus"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "softplus" in result.stdout
    assert "nan" not in result.stdout
    assert list(Path().glob("*.png"))


def test_networks_of_it_are_trained_here_where_workers_do_not_know_it() -> None:
    arguments = ["compare", *COMMANDS["compare"], "--activation", "softplus", "-q"]
    alone = CliRunner().invoke(main, [*arguments, "--jobs", "1"])
    shared = CliRunner().invoke(main, [*arguments, "--jobs", "2"])
    assert shared.exit_code == 0, shared.output
    assert shared.stdout == alone.stdout


@pytest.mark.parametrize("case", CASES)
def test_it_is_worked_by_hand(case: str) -> None:
    result = CliRunner().invoke(main, ["walkthrough", case, "--activation", "softplus"])
    assert result.exit_code == 0, result.output
    assert "a11 = ln(1 + e^z11)\n" in result.stdout
    assert "∂a11/∂z11 = 1 - e^-a11\n" in result.stdout


def test_it_is_listed() -> None:
    listed = json.loads(CliRunner().invoke(main, ["list", "--json"]).stdout)["activations"]
    assert listed["softplus"] == {"formula": "ln(1 + e^z)", "derivative": "1 - e^-a"}


def test_theory_knows_it() -> None:
    # Softplus is ReLU where |z| is large: so is what becomes of large signals.
    for q in (1e4, 1e6):
        ratio = theory.variance_map(q, "softplus", 1.0) / theory.variance_map(q, "relu", 1.0)
        assert ratio == pytest.approx(1, abs=0.05)
        assert theory.chi(q, "softplus", 2**0.5) == pytest.approx(1, abs=0.02)
