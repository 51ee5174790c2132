"""The story of one case, and the table of ``mlp-demo verify``."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import click

from experiments.cases import number
from experiments.narration.words import (
    COLUMN,
    NO_HEADER,
    WIDTH,
    describe_data,
    describe_training,
    finite,
    heading,
    mark,
    numbers,
    row,
    rows,
)
from experiments.runner import Outcome, Result


def text(result: Result, figure: str) -> str:
    """Return the whole story of one run.

    First the network, the data and the start; then every claim with the number that was
    measured; then the verdict; last the picture and what to try next.
    """
    verdict = result.verdict()
    outcomes = result.outcomes()
    activation = result.settings.activation
    notes = "the notes say"
    if activation not in result.case.covered:
        notes = f"what the notes say of other activations, tried with {activation}"
    return "\n".join(
        [
            click.style(f"{result.case.title}, {result.settings.activation}", bold=True),
            "",
            *_setting(result),
            "",
            *_claims(notes, [o for o in outcomes if not o.claim.ours], verdict.word),
            *_claims("beyond the notes", [o for o in outcomes if o.claim.ours], verdict.word),
            "",
            row("verdict", click.style(str(verdict), bold=True)),
            *(row("", line) for line in textwrap.wrap(verdict.reason, WIDTH - COLUMN)),
            "",
            row("picture", figure),
            *rows("next", _next(result)),
        ]
    )


def as_json(result: Result, figure: str) -> dict[str, Any]:
    """Return one object with everything a program might ask of a run."""
    settings = result.settings
    return {
        "case": result.case.name,
        "options": dict(result.options),
        "activation": settings.activation,
        "sizes": result.sizes,
        "initializer": result.start.kernel.name,
        "data": result.dataset.name,
        "optimizer": settings.optimizer,
        "seed": settings.seed,
        "runs": result.all_losses.shape[1],
        "epochs": settings.epochs,
        "learning_rate": settings.learning_rate,
        "batch_size": settings.batch_size,
        "loss": numbers(result.history.loss),
        "final_losses": numbers(result.all_losses[-1]),
        "mean_predictor_loss": result.dataset.mean_predictor_loss,
        "reference": {
            "initializer": result.reference_name,
            "loss": numbers(result.reference_losses),
        },
        "claims": [claim_as_json(outcome) for outcome in result.outcomes()],
        "verdict": str(result.verdict()),
        "figure": figure,
    }


def claim_as_json(outcome: Outcome) -> dict[str, Any]:
    """Return a claim, what was expected of it and what was measured."""
    claim, measured = outcome.claim, outcome.measured
    return {
        "claim": claim.text,
        "source": "ours" if claim.ours else "notes",
        "expected": claim.expected,
        "holds": measured.holds,
        "measured": finite(measured.value),
        "text": measured.text,
        "reason": claim.reason if outcome.as_documented else measured.remark,
    }


def verification(results: Sequence[Result]) -> str:
    """Return one table of every claim of every result, and the count at the end."""
    lines = [heading(f"{'case':13} {'with':8} {'claim':49} measured")]
    outcomes = [(result, outcome) for result in results for outcome in result.outcomes()]
    for result, outcome in outcomes:
        claim, measured = outcome.claim, outcome.measured
        case = " ".join([result.case.name, *map(str, result.options.values())])
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
    refuted = dict.fromkeys(
        (o.claim.text, o.claim.reason) for _, o in outcomes if not o.claim.expected
    )
    reasons = [line for text, reason in refuted for line in (f"✗ {text}", f"    {reason}")]
    return "\n".join([*lines, "", *reasons, "", click.style(summary, bold=True)])


def verification_as_json(results: Sequence[Result]) -> dict[str, Any]:
    """Return one object with every claim of every result and the run that it belongs to."""
    claims = [
        {
            "case": result.case.name,
            "options": dict(result.options),
            "activation": result.settings.activation,
            **claim_as_json(outcome),
        }
        for result in results
        for outcome in result.outcomes()
    ]
    documented = all(claim["holds"] == claim["expected"] for claim in claims)
    return {"case": "verify", "claims": claims, "as_documented": documented}


def _setting(result: Result) -> list[str]:
    dataset, runs = result.dataset, result.all_losses.shape[1]
    dropped = f" ({dataset.dropped} incomplete dropped)" if dataset.dropped else ""
    unnamed = [] if dataset.header else [row("", NO_HEADER)]
    return [
        row(
            "network",
            "-".join(map(str, result.sizes)) + f", {result.settings.activation} "
            "hidden units, linear output",
        ),
        row("data", f"{dataset.name}: {describe_data(dataset)}"),
        *unnamed,
        row("", f"{len(dataset.x)} rows{dropped}, each column standardised"),
        row("start", result.start.words),
        row("training", describe_training(result.settings)),
        *([row("", f"{runs} starts; what follows is the median one")] if runs > 1 else []),
    ]


def _claims(title: str, outcomes: Sequence[Outcome], verdict: str) -> list[str]:
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


def _next(result: Result) -> list[str]:
    activation = result.settings.activation
    other = "relu" if activation == "sigmoid" else "sigmoid"
    return [command.format(activation=activation, other=other) for command in result.case.next]
