"""Claims with what was measured: beside a story, and as the table of ``mlp-demo verify``."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import click

from experiments.cases import number
from experiments.comparison import Comparison
from experiments.narration.words import WIDTH, finite, heading, mark
from experiments.runner import Outcome, Result


def claims(title: str, outcomes: Sequence[Outcome], verdict: str) -> list[str]:
    """Return a heading and a line per claim, with its number and, where there is one, a remark."""
    if not outcomes:
        return []
    width = max(len(o.claim.text) for o in outcomes)
    lines = [heading(title)]
    for outcome in outcomes:
        claim, measured = outcome.claim, outcome.measured
        lines.append(f"{mark(measured.holds)} {claim.text:{width}}  {measured.text}")
        remark = claim.reason
        if not outcome.as_documented:
            usual = "holds" if claim.expected else "is refuted"
            why = "it diverged" if verdict == "diverged" else measured.remark
            remark = f"{why or 'other settings'}; with the defaults this {usual}"
        if remark:
            lines.append(f"    {remark}")
    return lines


def claim_as_json(outcome: Outcome) -> dict[str, Any]:
    """Return a claim, what was expected of it and what was measured."""
    claim, measured = outcome.claim, outcome.measured
    return {
        "claim": claim.text,
        "source": "ours" if claim.ours else "notes",
        "expected": claim.expected,
        "holds": bool(measured.holds),
        "measured": finite(measured.value),
        "text": measured.text,
        "reason": claim.reason if outcome.as_documented else measured.remark,
    }


def verification(results: Sequence[Result | Comparison]) -> str:
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


def verification_as_json(results: Sequence[Result | Comparison]) -> dict[str, Any]:
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
