"""Narration: a `Result` as the text a student reads, or as JSON.

Text is made for 80 columns and comes with ANSI styles, which click takes out again where
nobody would see them.

Where to go next: ``plots.py``, for the picture.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import click
import numpy as np

from experiments.cases import CASES, Case, number
from experiments.data import SOURCES, Dataset
from experiments.runner import Outcome, Result, Settings
from mlp import activations, initializers
from mlp.activations import ACTIVATIONS

WIDTH = 80
COLUMN = 10


def text(result: Result, figure: str) -> str:
    """Return the whole story of one run.

    First the network, the data and the start; then every claim with the number that was
    measured; then the verdict; last the picture and what to try next.
    """
    verdict = result.verdict()
    outcomes = result.outcomes()
    return "\n".join(
        [
            click.style(f"{result.case.title}, {result.settings.activation}", bold=True),
            "",
            *_setting(result),
            "",
            *_claims("the notes say", [o for o in outcomes if not o.claim.ours]),
            *_claims("and beyond the notes", [o for o in outcomes if o.claim.ours]),
            "",
            _row("verdict", click.style(str(verdict), bold=True)),
            *(_row("", line) for line in textwrap.wrap(verdict.reason, WIDTH - COLUMN)),
            "",
            _row("picture", figure),
            *_rows("next", _next(result)),
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
        "epochs": settings.epochs,
        "learning_rate": settings.learning_rate,
        "batch_size": settings.batch_size,
        "loss": [_finite(loss) for loss in result.history.loss],
        "mean_predictor_loss": result.dataset.mean_predictor_loss,
        "reference": {
            "initializer": result.reference_name,
            "loss": [_finite(loss) for loss in result.reference_losses],
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
        "measured": _finite(measured.value),
        "text": measured.text,
        "reason": claim.reason,
    }


def verification(results: Sequence[Result]) -> str:
    """Return one table of every claim of every result, and the count at the end."""
    lines: list[str] = []
    outcomes: list[Outcome] = []
    for result in results:
        of_this = result.outcomes()
        outcomes += of_this
        options = " ".join(f"--{name} {value}" for name, value in result.options.items())
        heading = f"{result.case.name} {options}".strip() + f", {result.settings.activation}"
        lines += [*_claims(heading, of_this), ""]
    held = sum(o.measured.holds for o in outcomes)
    surprises = sum(not o.as_documented for o in outcomes)
    lines.append(
        click.style(
            f"{len(outcomes)} claims: {held} hold, {len(outcomes) - held} do not; "
            + ("all as documented" if not surprises else f"{surprises} NOT as documented"),
            bold=True,
        )
    )
    return "\n".join(lines)


def verification_as_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return every claim of every result, with the run that it belongs to."""
    return [
        {
            "case": result.case.name,
            "options": dict(result.options),
            "activation": result.settings.activation,
            **claim_as_json(outcome),
        }
        for result in results
        for outcome in result.outcomes()
    ]


def listing() -> str:
    """Return what there is: initializers, activations, cases with claims, data sets."""
    lines = [_heading("initializers"), *_table(_initializer_rows()), ""]
    lines += [_heading("activations")]
    lines += _table(
        (name, f"f(z) = {f.formula}", f"f' = {f.derivative_formula}")
        for name, f in ((name, activations.get(name)) for name in ACTIVATIONS)
    )
    lines += ["", _heading("cases")]
    for case in CASES.values():
        lines.append(f"  {case.name}: {case.title}")
        lines += [f"    - {sentence}" for sentence in _claim_texts(case)]
    lines += ["", _heading("data sets")]
    lines += _table((name, SOURCES[name].about) for name in SOURCES)
    return "\n".join(lines)


def listing_as_json() -> dict[str, Any]:
    """Return the same as an object."""
    return {
        "initializers": {name: formula for name, formula, *_ in _initializer_rows()},
        "activations": {
            name: {
                "formula": ACTIVATIONS[name].formula,
                "derivative": ACTIVATIONS[name].derivative_formula,
            }
            for name in ACTIVATIONS
        },
        "cases": {
            case.name: {"title": case.title, "claims": _claim_texts(case)}
            for case in CASES.values()
        },
        "data": {name: SOURCES[name].about for name in SOURCES},
    }


def describe_data(dataset: Dataset) -> str:
    """Return the columns of a data set, in the direction they are learned."""
    return f"{', '.join(dataset.inputs)} → {', '.join(dataset.targets)}"


def describe_training(settings: Settings) -> str:
    """Return the optimizer with its numbers."""
    rows = "all rows" if settings.batch_size is None else f"{settings.batch_size} rows"
    name = settings.optimizer.upper() if settings.optimizer == "sgd" else settings.optimizer
    return (
        f"{name}, η = {settings.learning_rate:g}, {settings.epochs} epochs, "
        f"{rows} per step, seed {settings.seed}"
    )


def _setting(result: Result) -> list[str]:
    dataset = result.dataset
    dropped = f" ({dataset.dropped} incomplete dropped)" if dataset.dropped else ""
    return [
        _row(
            "network",
            "-".join(map(str, result.sizes)) + f", {result.settings.activation} "
            "hidden units, linear output",
        ),
        _row("data", f"{dataset.name}: {describe_data(dataset)}"),
        _row("", f"{len(dataset.x)} rows{dropped}, each column standardised"),
        _row("start", result.start.words),
        _row("training", describe_training(result.settings)),
    ]


def _claims(heading: str, outcomes: Sequence[Outcome]) -> list[str]:
    if not outcomes:
        return []
    width = max(len(o.claim.text) for o in outcomes)
    lines = [_heading(heading)]
    for outcome in outcomes:
        claim, measured = outcome.claim, outcome.measured
        mark = click.style("✓", fg="green") if measured.holds else click.style("✗", fg="red")
        lines.append(f"{mark} {claim.text:{width}}  {measured.text}")
        if not outcome.as_documented:
            lines.append(
                f"    here it {'holds' if measured.holds else 'does not hold'}, "
                f"with the defaults it {'does' if claim.expected else 'does not'}"
            )
        elif claim.reason:
            lines.append(f"    {claim.reason}")
    return lines


def _next(result: Result) -> list[str]:
    others = {"relu": "sigmoid", "tanh": "sigmoid", "linear": "sigmoid", "sigmoid": "relu"}
    activation = result.settings.activation
    return [
        command.format(activation=activation, other=others.get(activation, "sigmoid"))
        for command in result.case.next
    ]


def _initializer_rows() -> list[tuple[str, str, str]]:
    rows = []
    for name in initializers.names():
        others = initializers.INITIALIZERS.aliases(name)
        also = f"also {', '.join(others)}" if others else ""
        rows.append((name, getattr(initializers.get(name), "formula", ""), also))
    return rows


def _claim_texts(case: Case) -> list[str]:
    """Return every claim of a case once, over all activations."""
    return list(dict.fromkeys(c.text for claims in case.claims.values() for c in claims))


def _table(rows: Iterable[Sequence[str]]) -> list[str]:
    rows = list(rows)
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  " + "  ".join(f"{c:{w}}" for c, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _heading(words: str) -> str:
    return click.style(words, underline=True)


def _rows(name: str, values: Sequence[str]) -> list[str]:
    return [_row(name if k == 0 else "", value) for k, value in enumerate(values)]


def _row(name: str, value: str) -> str:
    return click.style(f"{name:{COLUMN}}", dim=True) + value


def _finite(value: float) -> float | None:
    """Return the number, or None where JSON has no word for it."""
    return float(value) if np.isfinite(value) else None


__all__ = [
    "as_json",
    "claim_as_json",
    "describe_data",
    "describe_training",
    "listing",
    "listing_as_json",
    "number",
    "text",
    "verification",
]
