"""Verify: every claim of every case and race, measured, in one table.

Where to go next: ``listing.py``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import click

from experiments.case.cases import CASES
from experiments.case.measure import run
from experiments.data import Dataset, load
from experiments.kit.claims import Lesson, Outcome, claim_as_json
from experiments.kit.group import EPILOG
from experiments.kit.options import JOBS_OPTIONS, PRINT_OPTIONS
from experiments.kit.report import print_json, processors, progress
from experiments.kit.settings import Settings
from experiments.kit.sweep import Map
from experiments.kit.words import WIDTH, heading, mark, table
from experiments.race.measure import race
from experiments.race.races import RACES
from experiments.trainability.lesson import MAP
from experiments.trainability.measure import small_map


class Verified(Protocol):
    """What the result of any room says of itself."""

    @property
    def name(self) -> str:
        """The lesson."""

    @property
    def label(self) -> str:
        """The lesson with the options that it is run with."""

    @property
    def settings(self) -> Settings:
        """The network and the training."""

    @property
    def options(self) -> Mapping[str, Any]:
        """The options of the lesson."""

    def outcomes(self) -> list[Outcome]:
        """Every claim, measured."""


def text(results: Sequence[Verified]) -> str:
    """Return the count, one table of every claim of every result, why some fail, the count."""
    rows: list[tuple[str, str] | str] = []
    outcomes = [(result, outcome) for result in results for outcome in result.outcomes()]
    for result in results:
        rows.append(heading(f"{result.label}, {result.settings.activation}"))
        for outcome in result.outcomes():
            words = f"{mark(outcome.measured.holds)} {outcome.claim.text}"
            rows.append((words, outcome.measured.text))
            if not outcome.as_documented:
                rows.append(click.style("    NOT as documented", bold=True))
    lines = table(rows, ("claim", "measured"))
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
    answer = click.style(summary, bold=True)
    return "\n".join([answer, "", *lines, "", *reasons, "", answer])


def as_json(results: Sequence[Verified]) -> dict[str, Any]:
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


def every_run(dataset: Dataset, map: Map = map) -> list[Callable[[], Verified]]:  # noqa: A002
    """Return what there is to run: every lesson, with every variant and claimed activation."""
    measures: list[tuple[Mapping[str, Lesson], Callable[..., Verified]]] = [
        (CASES, run),
        (RACES, partial(race, map=map)),
        ({MAP.name: MAP}, partial(small_map, map=map)),
    ]
    return [
        partial(measure, lesson, dataset, lesson.settings(activation=activation), options)
        for lessons, measure in measures
        for lesson in lessons.values()
        for options in lesson.variants
        for activation in lesson.claims
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
    # It takes long enough to be shared out to all processors.
    shared = values | {"jobs": values["jobs"] or -1}
    with processors(shared) as map_, progress("verifying") as expect:
        runs = every_run(load(), map_)
        step = expect(len(runs))
        results = [(run(), step())[0] for run in runs]
    claims = as_json(results)
    if output_format == "json":
        print_json(claims)
    else:
        table = text(results)
        click.echo(table.splitlines()[-1] if quiet else table)
    if not claims["as_documented"]:
        ctx.exit(1)


COMMANDS = {"verify": verify}
