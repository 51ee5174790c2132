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

from experiments.cases import CASES, Case, Claim, Start, number
from experiments.data import SOURCES, Dataset
from experiments.propagation import MEASURES, Journey, Propagation
from experiments.runner import Outcome, Result, Settings
from mlp import initializers
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
        "runs": result.all_losses.shape[1],
        "epochs": settings.epochs,
        "learning_rate": settings.learning_rate,
        "batch_size": settings.batch_size,
        "loss": _numbers(result.history.loss),
        "final_losses": _numbers(result.all_losses[-1]),
        "mean_predictor_loss": result.dataset.mean_predictor_loss,
        "reference": {
            "initializer": result.reference_name,
            "loss": _numbers(result.reference_losses),
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
        "reason": claim.reason if outcome.as_documented else measured.remark,
    }


def verification(results: Sequence[Result]) -> str:
    """Return one table of every claim of every result, and the count at the end."""
    rows = [_heading(f"{'case':13} {'with':8} {'claim':49} measured")]
    outcomes = [(result, outcome) for result in results for outcome in result.outcomes()]
    for result, outcome in outcomes:
        claim, measured = outcome.claim, outcome.measured
        case = " ".join([result.case.name, *map(str, result.options.values())])
        rows.append(
            f"{case:13.13} {result.settings.activation:8} {_mark(measured.holds)} "
            f"{claim.text:47} {number(measured.value)}"
        )
        if not outcome.as_documented:
            rows.append(click.style(f"{'':23} NOT as documented: {measured.text}", bold=True))
    held = sum(outcome.measured.holds for _, outcome in outcomes)
    surprises = sum(not outcome.as_documented for _, outcome in outcomes)
    summary = f"{len(outcomes)} claims: {held} hold, {len(outcomes) - held} are refuted; "
    summary += "all as documented" if not surprises else f"{surprises} NOT as documented"
    refuted = dict.fromkeys(
        (o.claim.text, o.claim.reason) for _, o in outcomes if not o.claim.expected
    )
    reasons = [line for text, reason in refuted for line in (f"✗ {text}", f"    {reason}")]
    return "\n".join([*rows, "", *reasons, "", click.style(summary, bold=True)])


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


def propagation(result: Propagation, figure: str) -> str:
    """Return a table per start: every layer, measured and predicted, under its verdict."""
    lines = [
        click.style(f"How far a signal travels, {result.activation}", bold=True),
        "",
        _row("networks", f"{result.runs} of {result.depth} hidden layers, {result.width} units "
             "each, before training"),
        _row("sent in", f"{result.rows} random inputs of std 1; back from the output: delta of "
             "std 1"),
        _row("shown", "median of the networks, then what theory says"),
    ]  # fmt: skip
    for journey in result.journeys:
        word, _, rest = journey.verdict().partition(":")
        lines += [
            "",
            _heading(_describe_start(journey.start)),
            f"{click.style(word, bold=True)}:{rest}",
            *_journey_table(journey),
        ]
        twin = _same_as(journey, result.journeys)
        if twin is not None:
            lines.append(f"(the same weights as {twin}: every layer has {result.width} inputs)")
    lines += ["", _row("picture", figure)]
    other = {"tanh": "relu", "relu": "sigmoid"}.get(result.activation, "tanh")
    next_ = [f"mlp-demo propagate --activation {other}", "mlp-demo propagate --paper he2015"]
    return "\n".join([*lines, *_rows("next", next_)])


def propagation_as_json(result: Propagation, figure: str) -> dict[str, Any]:
    """Return one object: per start lists over the layers, medians over the networks."""
    return {
        "case": "propagate",
        "activation": result.activation,
        "width": result.width,
        "depth": result.depth,
        "rows": result.rows,
        "runs": result.runs,
        "seed": result.seed,
        "results": {journey.start.name: _journey_as_json(journey) for journey in result.journeys},
        "figure": figure,
    }


def listing() -> str:
    """Return what there is: initializers, activations, cases with claims, data sets."""
    lines = [
        _heading("initializers (N(0, v): normal with variance v)"),
        *_table(_initializer_rows()),
        "",
    ]
    lines += [_heading("activations")]
    lines += _table(
        (name, f"f(z) = {f.formula}", f"f' = {f.derivative_formula}")
        for name, f in ((name, ACTIVATIONS[name]) for name in ACTIVATIONS)
    )
    lines += ["", _heading("cases")]
    for case in CASES.values():
        lines.append(f"  {case.name}: {case.title}")
        for names, claims in _claims_by_activation(case).items():
            lines.append(f"    {names}")
            lines += [f"      {_mark(c.expected)} {c.text}" for c in claims]
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
            case.name: {
                "title": case.title,
                "claims": {
                    names: {claim.text: claim.expected for claim in claims}
                    for names, claims in _claims_by_activation(case).items()
                },
            }
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
    name = {"sgd": "SGD"}.get(settings.optimizer, settings.optimizer.capitalize())
    epochs = "1 epoch" if settings.epochs == 1 else f"{settings.epochs} epochs"
    rate = settings.learning_rate or 0
    eta = f"{rate:g}" if 1e-4 <= rate < 1e4 else number(rate)
    return f"{name}, η = {eta}, {epochs}, {rows} per step, seed {settings.seed}"


def _setting(result: Result) -> list[str]:
    dataset, runs = result.dataset, result.all_losses.shape[1]
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
        *([_row("", f"{runs} starts; what follows is the median one")] if runs > 1 else []),
    ]


def _claims(heading: str, outcomes: Sequence[Outcome], verdict: str) -> list[str]:
    if not outcomes:
        return []
    width = max(len(o.claim.text) for o in outcomes)
    lines = [_heading(heading)]
    for outcome in outcomes:
        claim, measured = outcome.claim, outcome.measured
        lines.append(f"{_mark(measured.holds)} {claim.text:{width}}  {measured.text}")
        remark = claim.reason
        if not outcome.as_documented:
            usual = "holds" if claim.expected else "is refuted"
            why = "it diverged" if verdict == "diverged" else measured.remark
            remark = f"{why or 'other settings'}; with the defaults this {usual}"
        if remark:
            lines.append(f"    {remark}")
    return lines


def _mark(holds: bool) -> str:
    return click.style("✓", fg="green") if holds else click.style("✗", fg="red")


def _journey_table(journey: Journey) -> list[str]:
    """Return one row per layer; of very many layers, about a dozen."""
    shown = ("z_std", "a_std", "delta_std", "dW_rms")
    columns = [column for name in shown for column in (journey.median(name), journey.theory(name))]
    saturated, dead = journey.median("saturated"), journey.median("dead")
    depth = len(saturated)
    layers = sorted({round(k) for k in np.linspace(0, depth - 1, min(depth, 12))})
    head = "layer" + "".join(f"{n:>8}{'theory':>8}" for n in ("std z", "std a", "delta", "rms dW"))
    lines = [click.style(head + "  sat dead", dim=True)]
    for k in layers:
        cells = ["" if column is None else number(column[k]) for column in columns]
        lines.append(
            f"{k + 1:5}" + "".join(f"{c:>8}" for c in cells)
            + f"{saturated[k]:5.0%}{dead[k]:5.0%}"
        )  # fmt: skip
    return lines


def _describe_start(start: Start) -> str:
    """Return the name of a start with its formula."""
    if start.kernel.name != start.name:
        return f"{start.name}: {start.words}"
    formula = getattr(initializers.get(start.name), "formula", "")
    return f"{start.name}: w ~ {formula}" if formula else start.name


def _same_as(journey: Journey, journeys: Sequence[Journey]) -> str | None:
    """Return the words of an earlier start that drew the very same weights."""
    for other in journeys:
        if other is journey:
            return None
        if np.array_equal(other.measured["z_std"], journey.measured["z_std"]):
            return other.start.name
    return None


def _journey_as_json(journey: Journey) -> dict[str, Any]:
    bands = {name: journey.band(name) for name in MEASURES}
    return {
        **{name: _numbers(journey.median(name)) for name in MEASURES},
        "low": {name: _numbers(low) for name, (low, _) in bands.items()},
        "high": {name: _numbers(high) for name, (_, high) in bands.items()},
        "theory": {
            name: _numbers(values)
            for name, values in ((name, journey.theory(name)) for name in MEASURES)
            if values is not None
        },
        "forward_per_layer": _finite(journey.forward),
        "backward_per_layer": _finite(journey.backward),
        "lost_at": journey.lost_at,
        "verdict": journey.verdict(),
    }


def _next(result: Result) -> list[str]:
    activation = result.settings.activation
    other = "relu" if activation == "sigmoid" else "sigmoid"
    return [command.format(activation=activation, other=other) for command in result.case.next]


def _initializer_rows() -> list[tuple[str, str, str]]:
    rows = []
    for name in initializers.names():
        initializer = initializers.get(name)
        others = initializers.INITIALIZERS.aliases(name)
        also = f"also {', '.join(others)}" if others else getattr(initializer, "about", "")
        rows.append((name, getattr(initializer, "formula", ""), also))
    return rows


def _claims_by_activation(case: Case) -> dict[str, list[Claim]]:
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


def _numbers(values: Iterable[float]) -> list[float | None]:
    return [_finite(value) for value in values]


def _finite(value: float) -> float | None:
    """Return the number, or None where JSON has no word for it."""
    return float(value) if np.isfinite(value) else None
