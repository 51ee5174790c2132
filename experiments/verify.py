"""Verify: every claim of every case and race, measured, in one table.

What a lesson runs is a `Run`, a few names; what comes back of it is `Verified`, a few numbers. So
lessons are shared out to processors and machines whole.

Where to go next: ``listing.py``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import click

from experiments.case.cases import CASES
from experiments.case.measure import run
from experiments.data import load
from experiments.kit.claims import Claim, Lesson, Measured, Outcome, claim_as_json
from experiments.kit.group import EPILOG
from experiments.kit.options import JOBS_OPTIONS, PRINT_OPTIONS
from experiments.kit.report import print_json, processors, progress
from experiments.kit.words import WIDTH, heading, mark, table
from experiments.race.measure import race
from experiments.race.races import RACES
from experiments.trainability.lesson import MAP
from experiments.trainability.measure import small_map

# The rooms that have lessons: which, and what runs one.
ROOMS: dict[str, tuple[Mapping[str, Lesson], Callable[..., Any]]] = {
    "case": (CASES, run),
    "race": (RACES, race),
    "trainability": ({MAP.name: MAP}, small_map),
}


class Run(NamedTuple):
    """A lesson of a room, and what it is run with."""

    room: str
    lesson: str
    activation: str
    options: Mapping[str, Any]

    @property
    def claims(self) -> list[Claim]:
        """What is claimed of it."""
        lesson = ROOMS[self.room][0][self.lesson]
        return lesson.claims_for(self.activation, lesson.chosen(self.options))


@dataclass(frozen=True)
class Verified:
    """What a run found.

    Attributes
    ----------
    run : Run
        What was run, with all options of the lesson.
    name, label : str
        The lesson, and the lesson with its options.
    measured : list of Measured
        One for each claim.
    """

    run: Run
    name: str
    label: str
    measured: list[Measured]

    def outcomes(self) -> list[Outcome]:
        """Return every claim with what was measured of it."""
        return [Outcome(*pair) for pair in zip(self.run.claims, self.measured, strict=True)]


def verified(run: Run) -> Verified:
    """Carry a run out, on any machine."""
    lessons, measure = ROOMS[run.room]
    lesson = lessons[run.lesson]
    settings = lesson.settings(activation=run.activation)
    result = measure(lesson, load(), settings, run.options)
    measured = [outcome.measured for outcome in result.outcomes()]
    return Verified(run._replace(options=result.options), result.name, result.label, measured)


def text(results: Sequence[Verified]) -> str:
    """Return the count, one table of every claim of every result, why some fail, the count."""
    rows: list[tuple[str, str] | str] = []
    outcomes = [(result, outcome) for result in results for outcome in result.outcomes()]
    for result in results:
        rows.append(heading(f"{result.label}, {result.run.activation}"))
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
            where = f"{result.name} {result.run.activation}"
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
            "options": dict(result.run.options),
            "activation": result.run.activation,
            **claim_as_json(outcome),
        }
        for result in results
        for outcome in result.outcomes()
    ]
    documented = all(claim["holds"] == claim["expected"] for claim in found)
    return {"case": "verify", "claims": found, "as_documented": documented}


def every_run() -> list[Run]:
    """Return what there is to run: every lesson, with every variant and claimed activation."""
    return [
        Run(room, name, activation, options)
        for room, (lessons, _) in ROOMS.items()
        for name, lesson in lessons.items()
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
        runs, results = every_run(), []
        step = expect(len(runs))
        for result in map_(verified, runs):
            results.append(result)
            step()
    claims = as_json(results)
    if output_format == "json":
        print_json(claims)
    else:
        table = text(results)
        click.echo(table.splitlines()[-1] if quiet else table)
    if not claims["as_documented"]:
        ctx.exit(1)


COMMANDS = {"verify": verify}
