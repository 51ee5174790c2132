"""The story of one case.

Where to go next: ``figure.py``.
"""

from __future__ import annotations

from typing import Any

import click
import numpy as np

from experiments.case.measure import Result
from experiments.kit.claims import LEARNED, Verdict, claim_as_json, claims
from experiments.kit.training import NO_GRADIENT
from experiments.kit.words import (
    data_rows,
    describe_network,
    describe_training,
    end,
    ends,
    hidden_units,
    listed,
    number,
    numbers,
    row,
    rows,
    shape,
    verdict_rows,
    wrapped,
)


def text(result: Result, figure: str) -> str:
    """Return the whole story of one run.

    First the network, the data and the start; then every claim with the number that was
    measured; then the verdict; last the picture and what to try next.
    """
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
            *claims(notes, [o for o in outcomes if not o.claim.ours], result.word),
            *claims("beyond the notes", [o for o in outcomes if o.claim.ours], result.word),
            "",
            *verdict_rows(verdict(result)),
            *wrapped("", _dead(result)),
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
        "verdict": str(verdict(result)),
        "dead": result.dead,
        "figure": figure,
        **({"film": result.film} if result.film else {}),
    }


def _setting(result: Result) -> list[str]:
    dataset, runs = result.dataset, result.all_losses.shape[1]
    return [
        row("network", describe_network(result.sizes, result.settings.activation)),
        *data_rows(dataset),
        row("start", result.start.words),
        *wrapped("training", describe_training(result.settings)),
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


def verdict(result: Result) -> Verdict:
    """Return what became of the network: one word, the number behind it, and why."""
    word, bad = result.word, result.setback
    loss, mean_loss = result.history.loss, result.dataset.mean_predictor_loss
    layers = len(result.settings.hidden)
    units = f"{result.distinct} distinct of {result.hidden_units} hidden units"
    if word == "diverged":
        at = int(result.history.diverged_at)
        reason = "A step was too large: the numbers left the range of floating point."
        if at == 0:
            reason = "The start is too large: the numbers leave the range of floating point."
        return Verdict(word, f"not finite at epoch {at}", reason)
    if result.frozen:
        return Verdict(word, "no weight moved (largest change 0)", _why_frozen(result))
    if word == "stalled":
        reason = "It has learned nothing from x"
        if result.dead_from is None and loss[-1] < LEARNED * loss[0]:
            reason = "The loss falls, but has not come below that"
        reason += f": always answering the mean of y has a loss of {number(mean_loss)}."
        lowest = f"lowest loss {number(result.lowest_loss)}"
        if bad:
            lowest, reason = f"{lowest}, at the end {number(loss[-1])}", bad.reason
        return Verdict(word, lowest, reason)
    if word == "symmetric":
        reason = "Units that start the same get the same gradient, so they stay the same"
        if result.case.identical and result.distinct > layers:
            reason = "Rounding has set some of the equal units apart"
        would = "one unit" if result.distinct == layers == 1 else f"{result.distinct} units"
        reason = f"{reason}: it learns what {would} can."
        losses = f"{units}, loss {number(loss[-1])}"
        return Verdict(word, losses, bad.reason if bad else reason)
    reason = "The units start different, get different gradients and become different."
    if result.hidden_units == layers:
        reason = "One unit in a layer has no other to be the same as."
    elif result.case.identical:
        reason = "The units started the same; rounding has set them apart."
    losses = f"loss {number(loss[0])} → {number(loss[-1])}"
    losses += f", above the mean, {units}" if bad else f", {units}"
    return Verdict(word, losses, bad.reason if bad else reason)


def _why_frozen(result: Result) -> str:
    if result.largest(result.gradients.W) == 0:
        return (
            "With a = 0 and output weights of 0, every ∂L/∂W = aᵀ ∂L/∂z is 0, so only the "
            "output bias can move."
        )
    return "Every step was too small to change a weight."


def _dead(result: Result) -> str:
    """Name the units that are dead after training; empty where none is, or nothing finite."""
    if result.word == "diverged":
        return ""
    several = len(result.dead) > 1
    named = [
        ({1: "the one", 2: "both"}.get(H, f"all {H}") if dead == H else f"{dead} of {H}")
        + (f" of hidden layer {k}" if several else " hidden units")
        for k, (dead, H) in enumerate(zip(result.dead, result.settings.hidden, strict=True), 1)
        if dead
    ]
    if not named:
        return ""
    since = f" from epoch {result.dead_from} on" if result.dead_from else ""
    return (
        f"Dead{since}: {listed(named)}. There f'(z) = 0 on every row: no gradient comes through."
    )


# --- what stands over the picture and its panels -----------------------------------------

SURFACE = "What it answers (dots: the data)"


def heading(result: Result) -> str:
    """Return which case it is of which network."""
    chosen = (f"{v:g}" if isinstance(v, float) else str(v) for v in result.options.values())
    network = f"({shape(result.sizes)}, {result.settings.activation})"
    return f"{', '.join([result.case.title, *chosen])} {network}"


def loss_title(result: Result) -> str:
    """Return what the loss does."""
    if result.setback:
        return result.setback.title
    runs = result.all_losses.shape[1]
    layers = len(result.settings.hidden)
    few = "fewer units" if result.distinct > layers else "one unit"
    per_layer = " a layer" if result.distinct == layers > 1 else ""
    return {
        "diverged": "The loss explodes",
        "stalled": "Never better than the mean",
        "symmetric": f"It learns, but as {few}{per_layer} would",
        "learning": "The loss falls" + (f" ({runs} seeds)" if runs > 1 else ""),
    }[result.word]


def gradient_title(units: int, largest: float, alike: bool) -> str:
    """Return how the gradients of the units are: none larger than this, alike or not."""
    if largest <= NO_GRADIENT:
        return "No hidden unit gets a gradient"
    if units == 1:
        return "The gradient of the one unit"
    if alike:
        return f"{'Both' if units == 2 else f'All {units}'} units get the same gradient"
    return "Each unit gets its own gradient"


def network_title(result: Result) -> str:
    """Return what has become of the network."""
    if result.word == "diverged":
        largest = result.largest(result.network.parameters())
        finite = np.isfinite(largest)
        return f"Its largest number: {number(largest)}" if finite else "No number is left in it"
    if result.largest_weight_change == 0:
        return "No weight has moved"
    hidden = result.settings.hidden
    pairs = enumerate(zip(result.dead, hidden, strict=True), 1)
    if whole := [str(k) for k, (dead, H) in pairs if dead == H]:
        what = f"hidden layer {listed(whole)}" if len(hidden) > 1 else "every hidden unit"
        since = f" from epoch {result.dead_from} on" if result.dead_from else ""
        return f"Dead{since}: {what}"
    words = hidden_units(result.hidden_units, result.distinct)
    return f"{words}, {sum(result.dead)} dead" if any(result.dead) else words


def surface_title(result: Result, flat: bool) -> str:
    """Return what the network answers over the inputs; `flat` is the same for all of them."""
    if result.word == "diverged":
        return "No sensible answer is left"
    if flat:
        return "One answer for everything"
    if result.settings.activation == "linear":
        return "Its answer is a plane"
    return "Its answer changes in one direction only" if result.became.sizes[1] == 1 else SURFACE
