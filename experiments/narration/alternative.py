"""One sentence for every picture, for those who cannot see it: ``--describe``.

It is kept inside the file of the picture as well.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.cases import number, shape
from experiments.comparison import Comparison
from experiments.fitting import Fit
from experiments.propagation import Propagation
from experiments.runner import NO_GRADIENT, Result
from experiments.symmetry import Symmetry, named
from mlp.arrays import Array


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
        f"{settings.activation} units with {result.start.words}: {_ends(loss[[0, -1]])}, "
        f"where always answering the mean has {number(result.dataset.mean_predictor_loss)} and "
        f"the same network from {result.reference_name} ends at "
        f"{_end(result.reference_losses[-1])}; the hidden units get {gradients} and act as "
        f"{result.distinct} of {result.hidden_units} at the end."
    )


def describe_race(result: Comparison) -> str:
    """Return what the picture of a race shows: where each start ends, and its signals."""
    ends = [
        f"{rival.start.name} {_ended(rival.final_band()[1])} (a × "
        f"{number(float(rival.growth('a_rms').mean()))} and delta × "
        f"{number(float(rival.growth('delta_std').mean()))} per layer before training)"
        for rival in result.rivals
    ]
    return (
        f"Loss over {result.settings.epochs} epochs, and the signals of every layer, of "
        f"{shape(result.sizes)} networks of {result.settings.activation} units: {_list(ends)}."
    )


def describe_comparison(result: Comparison) -> str:
    """Return what the picture of ``compare`` shows: the winner, and the order of the others."""
    order = [f"{r.start.name} {_end(r.final_band()[1])}" for r in result.ranking]
    return (
        f"Loss over {result.settings.epochs} epochs and where each of {result.runs} runs of a "
        f"{shape(result.sizes)} network of {result.settings.activation} units ended, by median "
        f"final loss: {_list(order)}; the answer: {result.answer()}"
    )


def describe_propagation(result: Propagation) -> str:
    """Return what the picture of ``propagate`` shows: how each signal travels."""
    ways = [f"{journey.start.name} {journey.verdict()}" for journey in result.journeys]
    return (
        f"How a is distributed in {result.depth} layers of {result.width} {result.activation} "
        f"units, and how large a, delta and dW are in each, on the dots of theory: "
        f"{'; '.join(ways)}."
    )


def describe_symmetry(result: Symmetry) -> str:
    """Return what the picture of ``symmetry`` shows: how fast each ε grows."""
    epsilons = _list([named(epsilon) for epsilon in result.epsilons])
    return (
        f"Spread between identical units on a log axis, and the loss, over {result.epochs} epochs "
        f"of a {shape(result.sizes)} network of {result.settings.activation} units set apart by ε "
        f"= {epsilons}; {result.verdict()}."
    )


def describe_fit(fit: Fit) -> str:
    """Return what the picture of ``train`` shows: both losses over the epochs."""
    model = fit.model
    held_out = ""
    if len(model.held_out_loss) and np.isfinite(model.held_out_loss[-1]):
        held_out = f", on held-out rows {_end(model.held_out_loss[-1])}"
    losses = np.asarray(model.loss)
    return (
        f"Loss over {model.epoch} epochs of a {shape(model.network.sizes)} network on "
        f"{fit.table.name}: {_ends(losses[[0, -1]])}{held_out}, where always answering the mean "
        f"has {number(fit.dataset.mean_predictor_loss)}; {fit.verdict().word}."
    )


def _ends(losses: Array) -> str:
    first, last = losses
    return f"{_end(first)} at the start, {_end(last)} at the end"


def _end(loss: float) -> str:
    return number(float(loss)) if np.isfinite(loss) else "diverged"


def _ended(loss: float) -> str:
    return f"ends at {number(loss)}" if np.isfinite(loss) else "diverges"


def _list(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + f" and {words[-1]}" if len(words) > 1 else words[0]
