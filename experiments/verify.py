"""Verify: every claim of every case and race, measured, in one table."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import click

from experiments.case.cases import CASES, Case
from experiments.case.measure import Result, run
from experiments.data import load
from experiments.kit.claims import claim_as_json
from experiments.kit.group import EPILOG
from experiments.kit.options import JOBS_OPTIONS, PRINT_OPTIONS
from experiments.kit.report import print_json, progress, shared_out
from experiments.kit.training import Settings
from experiments.kit.words import WIDTH, heading, mark, number
from experiments.race.measure import Comparison, race_settings, stacks_of_work
from experiments.race.measure import race as run_race
from experiments.race.races import RACES, Race


def text(results: Sequence[Result | Comparison]) -> str:
    """Return one table of every claim of every result, and the count at the end."""
    lines = [heading(f"{'case':13} {'with':8} {'claim':47} measured")]
    outcomes = [(result, outcome) for result in results for outcome in result.outcomes()]
    for result, outcome in outcomes:
        claim, measured = outcome.claim, outcome.measured
        options = result.options.values() if isinstance(result, Result) else ()
        case = " ".join([result.name, *map(str, options)])
        lines.append(
            f"{case:13.13} {result.settings.activation:8} {mark(measured.holds)} "
            f"{claim.text:47} {number(measured.value)}"
        )
        if not outcome.as_documented:
            lines.append(click.style(f"{'':23} NOT as documented: {measured.text}", bold=True))
    held = sum(outcome.measured.holds for _, outcome in outcomes)
    surprises = sum(not outcome.as_documented for _, outcome in outcomes)
    summary = f"{len(outcomes)} claims: {held} hold, {len(outcomes) - held} are refuted; "
    summary += "all as documented" if not surprises else f"{surprises} NOT as documented"
    refuted: dict[tuple[str, str], dict[str, None]] = {}
    for result, outcome in outcomes:
        if not outcome.claim.expected:
            where = f"{result.name} {result.settings.activation}"
            key = (outcome.claim.text, outcome.claim.reason)
            refuted.setdefault(key, {})[where] = None
    reasons = [
        line
        for (text, reason), places in refuted.items()
        for line in (
            f"✗ {text}",
            *textwrap.wrap(
                f"{'; '.join(places)}: {reason}",
                WIDTH,
                initial_indent=" " * 4,
                subsequent_indent=" " * 4,
            ),
        )
    ]
    return "\n".join([*lines, "", *reasons, "", click.style(summary, bold=True)])


def as_json(results: Sequence[Result | Comparison]) -> dict[str, Any]:
    """Return one object with every claim of every result and the run that it belongs to."""
    found = [
        {
            "case": result.name,
            "options": dict(result.options),
            "activation": result.settings.activation,
            **claim_as_json(outcome),
        }
        for result in results
        for outcome in result.outcomes()
    ]
    documented = all(claim["holds"] == claim["expected"] for claim in found)
    return {"case": "verify", "claims": found, "as_documented": documented}


def every_run() -> list[tuple[Case, Settings, Mapping[str, Any]]]:
    """Return what ``verify`` runs: every case, with every variant and claimed activation."""
    return [
        (case, Settings(activation=activation), options)
        for case in CASES.values()
        for options in case.variants
        for activation in case.claims
    ]


def every_race() -> list[tuple[Race, Settings]]:
    """Return what ``verify`` runs: every race, with every activation it says something of."""
    return [
        (race, race_settings(race, Settings(activation=activation, hidden=())))
        for race in RACES.values()
        for activation in race.claims
    ]


@click.command(params=[*JOBS_OPTIONS, *PRINT_OPTIONS], epilog=EPILOG)
@click.pass_context
def verify(ctx: click.Context, /, output_format: str, quiet: bool, **values: Any) -> None:
    """Measure every claim of every case, with every activation.

    \b
    Example:
      mlp-demo verify

    Ends with exit code 0 only if each claim came out as its case documents it; a claim of the
    notes that measurement refutes is documented as refuted.
    """
    dataset = load()
    runs, races = every_run(), every_race()
    stacks = sum(
        stacks_of_work(race.starts(**race.defaults()), dataset, settings, race.runs)
        for race, settings in races
    )
    results: list[Result | Comparison] = []
    with progress("cases", len(runs)) as step:
        for case, settings, options in runs:
            results.append(run(case, dataset, settings, options))
            step()
    with shared_out(values, "races", stacks) as map_:
        for race, settings in races:
            results.append(run_race(race, dataset, settings, map=map_))
    claims = as_json(results)
    if output_format == "json":
        print_json(claims)
    else:
        table = text(results)
        click.echo(table.splitlines()[-1] if quiet else table)
    if not claims["as_documented"]:
        ctx.exit(1)


COMMANDS = {"verify": verify}
