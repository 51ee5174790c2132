"""The story of one case."""

from __future__ import annotations

from typing import Any

import click

from experiments.case.measure import Result
from experiments.kit.claims import claim_as_json, claims
from experiments.kit.training import NO_GRADIENT
from experiments.kit.words import (
    data_rows,
    describe_network,
    describe_training,
    end,
    ends,
    number,
    numbers,
    row,
    rows,
    shape,
    verdict_rows,
)


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
            *claims(notes, [o for o in outcomes if not o.claim.ours], verdict.word),
            *claims("beyond the notes", [o for o in outcomes if o.claim.ours], verdict.word),
            "",
            *verdict_rows(verdict),
            "",
            row("picture", figure),
            *([row("film", result.film)] if result.film else []),
            *rows("next", result.case.commands(activation)),
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
        **({"film": result.film} if result.film else {}),
    }


def _setting(result: Result) -> list[str]:
    dataset, runs = result.dataset, result.all_losses.shape[1]
    return [
        row("network", describe_network(result.sizes, result.settings.activation)),
        *data_rows(dataset),
        row("start", result.start.words),
        row("training", describe_training(result.settings)),
        *([row("", f"{runs} starts; what follows is the median one")] if runs > 1 else []),
    ]


def describe(result: Result) -> str:
    """Return what the picture of a case shows: the loss, the gradients and the network."""
    loss, settings = result.history.loss, result.settings
    size = result.largest(result.gradients.W[:1])
    gradients = (
        "gradients of their own" if result.gradient_spread > 1e-9 * size else "one gradient"
    )
    if size <= NO_GRADIENT:
        gradients = "no gradient at first"
    return (
        f"Loss over {settings.epochs} epochs of a {shape(result.sizes)} network of "
        f"{settings.activation} units with {result.start.words}: {ends(loss[[0, -1]])}, "
        f"where always answering the mean has {number(result.dataset.mean_predictor_loss)} and "
        f"the same network from {result.reference_name} ends at "
        f"{end(result.reference_losses[-1])}; the hidden units get {gradients} and act as "
        f"{result.distinct} of {result.hidden_units} at the end."
    )


def verdict(result: Result) -> str:
    """Return what became of the network, in one line."""
    return str(result.verdict())
