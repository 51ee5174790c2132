"""What ``mlp-demo list`` says: everything that has a name.

Where to go next: ``cli.py``, which has all commands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from experiments.case.cases import CASES
from experiments.data import SOURCES
from experiments.kit.claims import Claim, Lesson
from experiments.kit.options import INIT_OPTION, PRINT_OPTIONS, OneOf
from experiments.kit.report import print_json
from experiments.kit.words import heading, mark, row, table
from experiments.race.races import RACES
from experiments.trainability.lesson import MAP
from mlp import initializers
from mlp.activations import ACTIVATIONS


def text(part: str | None = None) -> str:
    """Return what there is, each part briefly, or one part in full."""
    if part:
        return "\n".join(_PARTS[part](True))
    lines = [line for tell in _PARTS.values() for line in [*tell(False), ""]]
    return "\n".join([*lines, row("one part", f"mlp-demo list {'|'.join(_PARTS)}")])


def as_json(part: str | None = None) -> dict[str, Any]:
    """Return the same as an object: all parts, or one; races and map go with the cases."""
    every: dict[str, Any] = {
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
        "maps": {MAP.name: _case_as_json(MAP)},
        "data": {name: SOURCES[name].about for name in SOURCES},
    }
    asked = {"cases": ("cases", "races", "maps")}.get(part or "", (part,))
    return {name: every[name] for name in every if not part or name in asked}


def _initializers(whole: bool) -> list[str]:
    kinds = "N(0, v): normal with variance v; U[-l, l]: uniform"
    return table(_initializer_rows(), f"initializers ({kinds})")


def _activations(whole: bool) -> list[str]:
    every = [(name, ACTIVATIONS[name]) for name in ACTIVATIONS]
    rows = [(name, f"f(z) = {f.formula}", f"f' = {f.derivative_formula}") for name, f in every]
    return table(rows, "activations")


def _cases(whole: bool) -> list[str]:
    """Return the title of every lesson; with all that is claimed of it, if asked."""
    lessons: list[Lesson] = [*CASES.values(), *RACES.values(), MAP]
    if not whole:
        return table([(lesson.name, lesson.title) for lesson in lessons], "cases")
    rows = [f"{mark(True)} it holds, {mark(False)} measurement refutes it: mlp-demo verify"]
    for lesson in lessons:
        rows += ["", heading(f"{lesson.name}: {lesson.title}")]
        for names, claims in _claims_by_activation(lesson).items():
            rows.append(names)
            rows += [f"  {mark(c.expected)} {c.text}" for c in claims]
    return rows


def _data(whole: bool) -> list[str]:
    return table([(name, SOURCES[name].about) for name in SOURCES], "data sets")


# What there is to list, and how: briefly or in full.
_PARTS: dict[str, Callable[[bool], list[str]]] = {
    "initializers": _initializers,
    "activations": _activations,
    "cases": _cases,
    "data": _data,
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
    params=[
        click.Argument(["part"], type=OneOf(list(_PARTS)), required=False),
        INIT_OPTION,
        *PRINT_OPTIONS[:2],
    ],
)
def list_command(part: str | None, init: tuple[str, ...], output_format: str) -> None:
    """Show what has a name: initializers, activations, cases, data sets.

    \b
    Example:
      mlp-demo list cases

    Without a part it shows all of them, but of the cases only their titles. With --init
    FILE.py:FUNCTION, that initializer as well.
    """
    if output_format == "json":
        print_json(as_json(part))
    else:
        click.echo(text(part))


COMMANDS = {"list": list_command}
