"""What ``mlp-demo map --zoom`` says: how fine the border is, nearer and nearer.

Where to go next: ``zoom_figure.py``.
"""

from __future__ import annotations

from typing import Any

import click

from experiments.kit.claims import Verdict, claim_as_json, claims
from experiments.kit.words import (
    data_rows,
    describe_network,
    finite,
    heading,
    number,
    row,
    rows,
    table,
    verdict_rows,
    wrapped,
)
from experiments.trainability.zoom import FACTOR, ROWS, SIDE, View, Zoom


def text(result: Zoom, figure: str) -> str:
    """Return the box dimension at each zoom, next to that of a quadratic loss."""
    settings = result.settings
    sizes = [result.dataset.x.shape[1], *settings.hidden, result.dataset.y.shape[1]]
    lines = [("zoom", "around σ_w", "rate η", "dimension", "of a quadratic loss")]
    for k, (view, quadratic) in enumerate(zip(result.views, result.quadratic, strict=True)):
        window = view.window
        lines.append((f"×{FACTOR**k}", f"{window.sigma_w:.6g}", f"{window.rate:.6g}",
                      _dimension(view), _dimension(quadratic)))  # fmt: skip
    return "\n".join(
        [
            click.style("The border between converging and diverging", bold=True),
            "",
            heading("how fine the border is: 1 is a line, 2 fills the plane"),
            *table(lines),
            "",
            *data_rows(result.dataset),
            row("", f"{ROWS} of them, all in every step"),
            row("networks", describe_network(sizes, settings.activation)),
            *wrapped("", f"{SIDE} × {SIDE} in each picture, the same weights times σ_w: it is "
                     "their std · √fan_in; each has a learning rate η of its own"),
            row("training", f"SGD, {settings.epochs} steps, seed {settings.seed}; it converges if "
                "its loss"),
            row("", "over the last tenth of the steps is below the first"),
            *wrapped("border", "where a network and its neighbour fare differently; a picture is "
                     f"{FACTOR} times nearer than the one before, around the border's nearest "
                     "point"),
            "",
            *claims("theory says", result.outcomes(), ""),
            "",
            *verdict_rows(result.verdict()),
            row("picture", figure),
            *rows("next", ["mlp-demo map --against rate", "mlp-demo map"]),
        ]
    )  # fmt: skip


def as_json(result: Zoom, figure: str) -> dict[str, Any]:
    """Return one object: every picture's window, its dimension, and the quadratic loss's."""
    settings = result.settings
    return {
        "case": "map",
        "activation": settings.activation,
        "against": "rate",
        "hidden": list(settings.hidden),
        "data": result.dataset.name,
        "rows": ROWS,
        "seed": settings.seed,
        "epochs": settings.epochs,
        "zoom": [_view(view) for view in result.views],
        "quadratic": [_view(view) for view in result.quadratic],
        "claims": [claim_as_json(outcome) for outcome in result.outcomes()],
        "verdict": str(result.verdict()),
        "figure": figure,
    }


def describe(result: Zoom) -> str:
    """Return what the picture of a zoom shows, in one sentence."""
    near, line = (views[-1] for views in (result.views, result.quadratic))
    return (
        f"{len(result.views)} pictures of the border between networks that converge and networks "
        f"that diverge, each {FACTOR} times nearer: it stays ragged, of dimension "
        f"{_dimension(near)} in the last; below, that of a quadratic loss, "
        f"of dimension {_dimension(line)}, a straight line."
    )


def verdict(result: Zoom) -> Verdict:
    """Return the verdict alone."""
    return result.verdict()


def _dimension(view: View) -> str:
    return number(view.dimension) if view.border.any() else "no border"


def _view(view: View) -> dict[str, Any]:
    return {
        "sigma_w": view.window.sigma_w,
        "learning_rate": view.window.rate,
        "half_width": view.window.half,
        "converges": float(view.converges.mean()),
        "dimension": finite(view.dimension),
    }


def title(result: Zoom) -> str:
    """Return the lesson of the picture, where it shows it."""
    if all(outcome.measured.holds for outcome in result.outcomes()):
        return "However near, the border stays ragged"
    return "Converge or diverge: the border, nearer and nearer"
