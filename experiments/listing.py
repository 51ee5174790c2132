"""What ``mlp-demo list`` says: everything that has a name."""

from __future__ import annotations

from typing import Any

import click

from experiments.case.cases import CASES
from experiments.data import SOURCES
from experiments.kit.claims import Claim, Lesson
from experiments.kit.options import INIT_OPTION, PRINT_OPTIONS
from experiments.kit.report import print_json
from experiments.kit.words import heading, mark, table
from experiments.race.races import RACES
from mlp import initializers
from mlp.activations import ACTIVATIONS


def text() -> str:
    """Return what there is: initializers, activations, cases with claims, data sets."""
    lines = [
        heading("initializers (N(0, v): normal with variance v)"),
        *table(_initializer_rows()),
        "",
    ]
    lines += [heading("activations")]
    lines += table(
        (name, f"f(z) = {f.formula}", f"f' = {f.derivative_formula}")
        for name, f in ((name, ACTIVATIONS[name]) for name in ACTIVATIONS)
    )
    lines += ["", heading("cases")]
    for case in (*CASES.values(), *RACES.values()):
        lines.append(f"  {case.name}: {case.title}")
        for names, claims in _claims_by_activation(case).items():
            lines.append(f"    {names}")
            lines += [f"      {mark(c.expected)} {c.text}" for c in claims]
    lines += ["", heading("data sets")]
    lines += table((name, SOURCES[name].about) for name in SOURCES)
    return "\n".join(lines)


def as_json() -> dict[str, Any]:
    """Return the same as an object."""
    return {
        "initializers": {name: formula for name, formula, *_ in _initializer_rows()},
        "activations": {
            name: {
                "formula": str(ACTIVATIONS[name].formula),
                "derivative": str(ACTIVATIONS[name].derivative_formula),
            }
            for name in ACTIVATIONS
        },
        "cases": {case.name: _case_as_json(case) for case in CASES.values()},
        "races": {race.name: _case_as_json(race) for race in RACES.values()},
        "data": {name: SOURCES[name].about for name in SOURCES},
    }


def _initializer_rows() -> list[tuple[str, str, str]]:
    found = []
    for name in initializers.names():
        initializer = initializers.get(name)
        others = initializers.INITIALIZERS.aliases(name)
        also = f"also {', '.join(others)}" if others else getattr(initializer, "about", "")
        found.append((name, getattr(initializer, "formula", ""), also))
    return found


def _case_as_json(case: Lesson) -> dict[str, Any]:
    return {
        "title": case.title,
        "claims": {
            names: {claim.text: claim.expected for claim in claims}
            for names, claims in _claims_by_activation(case).items()
        },
    }


def _claims_by_activation(case: Lesson) -> dict[str, list[Claim]]:
    """Return the claims of a case, activations with the same ones together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    claims: dict[tuple[str, ...], list[Claim]] = {}
    for activation in case.claims:
        every = [c for options in case.variants for c in case.claims_for(activation, options)]
        distinct = list({c.text: c for c in every}.values())
        key = tuple(f"{c.text} {c.expected}" for c in distinct)
        groups.setdefault(key, []).append(activation)
        claims[key] = distinct
    return {", ".join(names): claims[key] for key, names in groups.items()}


@click.command(
    name="list",
    params=[INIT_OPTION, *PRINT_OPTIONS[:2]],
)
def list_command(init: tuple[str, ...], output_format: str) -> None:
    """Show initializers, activations, cases with their claims, data sets.

    \b
    Example:
      mlp-demo list

    With --init FILE.py:FUNCTION, that initializer as well.
    """
    if output_format == "json":
        print_json(as_json())
    else:
        click.echo(text())


COMMANDS = {"list": list_command}
