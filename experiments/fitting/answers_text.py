"""What ``mlp-demo predict`` says of the rows of a table."""

from __future__ import annotations

import csv
import io
import textwrap
from math import isnan
from typing import Any

from experiments.fitting.answers import FAR, Answers
from experiments.fitting.model import Model
from experiments.fitting.text import describe_errors, describe_r2
from experiments.kit.words import WIDTH, counted, finite, listed, number, numbers


def as_csv(answers: Answers) -> str:
    """Return a line with the names of the targets, then one line per row; empty if unanswered."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(answers.targets)
    for values in answers.values.tolist():
        writer.writerow("" if isnan(value) else value for value in values)
    return lines.getvalue()


def text(answers: Answers, output: str | None) -> str:
    """Return what happened in a line or two."""
    unanswered = f", {answers.unanswered} incomplete and unanswered" if answers.unanswered else ""
    lines = [
        f"{counted(len(answers.values), 'row')}{unanswered}" + (f" → {output}" if output else "")
    ]
    if answers.known:
        lines.append(
            f"loss {number(answers.loss)} on the {counted(answers.known, 'row')} with "
            f"{', '.join(answers.targets)} (always the mean: {number(answers.mean_loss)}), "
            f"R² {describe_r2(answers.explained)}"
        )
        lines.append(f"typical error {describe_errors(answers.targets, answers.errors)}")
    if answers.far:
        verb = "is" if len(answers.far) == 1 else "are"
        lines.append(
            f"{listed(answers.far)} {verb} far from what it learned from, {FAR} standard "
            "deviations or more in half of the rows: the same unit, the same column?"
        )
    if answers.learned:
        lines.append(
            f"it has learned from {answers.learned} of these rows, so this loss says little of "
            "new ones" + _of_others(answers)
        )
    return "\n".join(part for line in lines for part in textwrap.wrap(line, WIDTH))


def _of_others(answers: Answers) -> str:
    others = answers.known - answers.learned
    return f"; on the other {others} it is {number(answers.new_loss)}" if others else ""


def as_json(answers: Answers, model: Model, output: str | None) -> dict[str, Any]:
    """Return one object with the answers and how good they are."""
    columns = zip(answers.targets, answers.values.T, strict=True)
    return {
        "case": "predict",
        "sizes": model.network.sizes,
        "epoch": model.epoch,
        "rows": len(answers.values),
        "unanswered": answers.unanswered,
        "known": answers.known,
        "learned_from": answers.learned,
        "loss_on_others": finite(answers.new_loss) if answers.learned else None,
        "far_inputs": list(answers.far),
        "loss": finite(answers.loss),
        "mean_predictor_loss": finite(answers.mean_loss),
        "r2": finite(answers.explained),
        "typical_error": dict(zip(answers.targets, numbers(answers.errors), strict=True)),
        "predictions": {name: numbers(values) for name, values in columns},
        "output": output,
    }
