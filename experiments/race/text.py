"""What the races ``random``, ``xavier`` and ``he`` say.

Where to go next: ``figure.py``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import click
import numpy as np

from experiments.kit.claims import Verdict, claim_as_json, claims
from experiments.kit.starts import SCALES
from experiments.kit.words import (
    WIDTH,
    counted,
    data_rows,
    describe_network,
    describe_training,
    ended,
    ending,
    finite,
    listed,
    number,
    numbers,
    row,
    rows,
    shape,
    table,
    verdict_rows,
    wrapped,
)
from experiments.race.measure import Drawn, Rival, Standings
from mlp.activations import ACTIVATIONS


def text(result: Standings, figure: str) -> str:
    """Return the story of a race: the formula in numbers, the rivals, the claims, the verdict."""
    assert result.race is not None
    activation = result.settings.activation
    outcomes = result.outcomes()
    notes = "the notes say"
    if activation not in result.race.covered:
        notes = f"what the notes say for other activations, tried with {activation}"
    return "\n".join(
        [
            click.style(f"{result.race.title}, {activation}", bold=True),
            "",
            *_setting(result),
            row(
                "start",
                f"w ~ {getattr(result.about.start.kernel.initializer(), 'formula', '')}, b = 0",
            ),
            "",
            *_formula(result.about),
            *(line for remark in result.race.remarks for line in textwrap.wrap(remark, WIDTH)),
            "",
            *_rivals(result),
            "",
            *claims(notes, [o for o in outcomes if not o.claim.ours], result.about.word),
            *claims("beyond the notes", [o for o in outcomes if o.claim.ours], result.about.word),
            "",
            *verdict_rows(verdict(result)),
            "",
            row("picture", figure),
            *([row("film", result.film)] if result.film else []),
            *rows("next", result.race.commands(activation)),
        ]
    )


def as_json(result: Standings, figure: str) -> dict[str, Any]:
    """Return one object; under ``results`` everything about each start."""
    settings = result.settings
    assert result.race is not None
    return {
        "case": result.race.name,
        "activation": settings.activation,
        "sizes": result.sizes,
        "data": result.dataset.name,
        "optimizer": settings.optimizer,
        "seed": settings.seed,
        "runs": result.runs,
        "epochs": settings.epochs,
        "learning_rate": settings.learning_rate,
        "batch_size": settings.batch_size,
        "mean_predictor_loss": result.dataset.mean_predictor_loss,
        "target_loss": finite(result.target),
        "options": dict(result.options),
        "initializer": result.about.start.kernel.name,
        "loss": numbers(result.about.band()[1]),
        "claims": [claim_as_json(outcome) for outcome in result.outcomes()],
        "verdict": str(verdict(result)),
        "results": {rival.start.name: _rival_as_json(result, rival) for rival in result.rivals},
        "figure": figure,
        **({"film": result.film} if result.film else {}),
    }


def _setting(result: Standings) -> list[str]:
    return [
        row("network", describe_network(result.sizes, result.settings.activation)),
        *data_rows(result.dataset),
        *wrapped("training", describe_training(result.settings)),
        row(
            "", f"{counted(result.runs, 'run')} of each start, all with the same data and batches"
        ),
    ]


def _formula(rival: Rival) -> list[str]:
    """Return the formula with the numbers of every layer put in, and what was drawn.

    Nothing for an initializer that states neither a standard deviation nor a limit.
    """
    draw = rival.start.kernel.initializer()
    limit, stddev = getattr(draw, "limit", None), getattr(draw, "stddev", None)
    what, written = ("largest |w|", limit) if limit else ("standard deviation of w", stddev)
    if written is None:
        return []
    factor = np.sqrt(3) if limit else 1.0  # the limit of a uniform distribution, in its std
    rows = [
        (
            _layers(drawn),
            written(drawn.fan_in, drawn.fan_out),
            "" if drawn.expected is None else number(factor * drawn.expected),
            number(drawn.largest if limit else drawn.sampled),
        )
        for drawn in rival.drawn
    ]
    head = f"{what} = {written('fan_in', 'fan_out')}"
    return table(rows, ("layer", head, "is", "drawn"), "<<>>")


def _layers(drawn: Drawn) -> str:
    return f"{drawn.first}" if drawn.first == drawn.last else f"{drawn.first}–{drawn.last}"


def _rivals(result: Standings) -> list[str]:
    """Return a line per rival: what its signals do before training, and how it trains."""
    f, mean_loss = ACTIVATIONS[result.settings.activation], result.dataset.mean_predictor_loss
    saturates = bool(np.isfinite(f.bounds).all())
    rows = []
    for rival in result.rivals:
        a, delta = (
            "–" if result.shallow else f"× {number(float(rival.growth(s).mean()))}"
            for s in ("a_rms", "delta_std")
        )
        saturated = f"{100 * float(rival.at_start('saturated').mean()):.0f} %"
        loss, epochs = ending(rival.final_band()[1]), _epoch(result.epochs_to_target(rival))
        rows.append((rival.start.name, a, delta, saturated if saturates else "", loss, epochs))
    to = "learns at" if result.nobody_learns else f"epochs to {number(result.target)}"
    saturated = "saturated" if saturates else ""
    explained = [
        "a, delta per layer: what their size is multiplied by from layer to layer before "
        "training; delta = ∂L/∂z, on its way back"
    ]
    if f.name == "sigmoid":
        explained.append("most of a sigmoid's a is the constant 0.5, which hides what it loses")
    if saturates:
        explained.append("saturated: the part of all a that lie where f is flat")
    if not result.nobody_learns:
        explained.append(
            f"{to}: until the loss is there, half the way from that of always answering the mean "
            f"({number(mean_loss)}) to the best"
        )
    scales = [r.start for r in result.rivals if r.start.name in SCALES]
    explained.append("; ".join(f"{s.name}: {s.words.removesuffix(', b = 0')}" for s in scales))
    return [
        *table(rows, ("start", "a per layer", "delta per layer", saturated, "loss", to), "<>>>>>"),
        *(line for words in explained for line in textwrap.wrap(words, WIDTH)),
    ]


def _epoch(epochs: float) -> str:
    return f"{epochs:.0f}" if np.isfinite(epochs) else "never"


def _rival_as_json(result: Standings, rival: Rival) -> dict[str, Any]:
    low, median, high = rival.band()
    signals = {
        name: [numbers(layers) for layers in np.median(values, axis=1)]
        for name, values in rival.signals.items()
    }
    return {
        "final_loss": numbers(rival.final_losses),
        "loss_median": numbers(median),
        "loss_low": numbers(low),
        "loss_high": numbers(high),
        "epochs_to_target": finite(result.epochs_to_target(rival)),
        "verdicts": {word: rival.count(word) for word in dict.fromkeys(rival.words)},
        **({"signals": signals, "weights": _weights(rival.drawn)} if signals else {}),
    }


def _weights(drawn: Sequence[Drawn]) -> list[dict[str, Any]]:
    return [
        {
            "layers": [d.first, d.last],
            "fan_in": d.fan_in,
            "fan_out": d.fan_out,
            "expected_std": d.expected,
            "sampled_std": d.sampled,
            "largest": d.largest,
        }
        for d in drawn
    ]


def describe(result: Standings) -> str:
    """Return what the picture of a race shows: where each start ends, and its signals."""
    ends = [
        f"{rival.start.name} {ended(rival.final_band()[1])} (a × "
        f"{number(float(rival.growth('a_rms').mean()))} and delta × "
        f"{number(float(rival.growth('delta_std').mean()))} per layer before training)"
        for rival in result.rivals
    ]
    return (
        f"Loss over {result.settings.epochs} epochs, and the signals of every layer, of "
        f"{shape(result.sizes)} networks of {result.settings.activation} units: {listed(ends)}."
    )


def verdict(result: Standings) -> Verdict:
    """Return what became of the start that the race is about, and the number behind it."""
    about, *others = result.rivals
    name, word = about.start.name, about.word
    beside = [
        f"{r.start.name} {r.word}"
        + ("" if r.word == "diverged" else f" ({ending(r.final_band()[1])})")
        for r in others
    ]
    reason = f"Beside it: {', '.join(beside)}."
    if word == "diverged":
        return Verdict(word, f"{name} at epoch {about.usual_end}", reason)
    first, last = map(ending, about.band()[1][[0, -1]])
    return Verdict(word, f"{name}, median loss {first} → {last}", reason)


# --- what stands over the picture and its panels -----------------------------------------


def heading(result: Standings) -> str:
    """Return what races on which network."""
    assert result.race is not None
    return f"{result.race.title} ({shape(result.sizes)}, {result.settings.activation})"


def who_learns(result: Standings) -> str:
    """Return which starts get below the mean."""
    mean_loss = result.dataset.mean_predictor_loss
    names = [rival.start.name for rival in result.rivals]
    learn = [
        rival.start.name for rival in result.rivals if rival.final_band()[1] <= 0.99 * mean_loss
    ]
    lost = [name for name in names if name not in learn]
    if not learn:
        return "No start gets below the mean"
    if not lost:
        return "Every start learns"
    if len(learn) == 1:
        return f"Only {learn[0]} learns"
    few = len(learn) < len(lost)
    words = f"Only {listed(learn)} learn" if few else f"All but {listed(lost)} learn"
    return words if len(words) < 50 else f"{len(learn)} of {len(names)} learn"


def who_is_there(result: Standings) -> str:
    """Return which start is the first to reach the loss that all are asked to reach."""
    name, *_ = (rival.start.name for rival in result.rivals)
    needed, *others = (result.epochs_to_target(rival) for rival in result.rivals)
    if result.nobody_learns:
        return "No start learns"
    if not np.isfinite(needed):
        return f"{name} never gets there"
    if not np.isfinite(others).any():
        return f"Only {name} gets there"
    if needed != min(others):
        return f"{min(result.rivals, key=result.epochs_to_target).start.name} is there first"
    return f"{name} takes {needed:.0f} epoch{'' if needed == 1 else 's'}"


def what_becomes(result: Standings, signal: str) -> str:
    """Return what the start that the race is about does to a signal, before training.

    It keeps what changes by less than a quarter per layer: the claim has the same bounds.
    """
    about = result.about
    growth = float(about.growth(signal).mean())
    if result.shallow:
        return way(signal)
    does = "keeps" if 0.8 <= growth <= 1.25 else "loses" if growth < 1 else "blows up"
    what = "the signal" if signal == "a_std" else "the gradient"
    return f"{about.start.name} {does} {what}"


def way(signal: str) -> str:
    """Return which way a signal goes."""
    return "The signal, forward" if signal == "a_std" else "The gradient, back"
