"""What ``mlp-demo map`` says: how deep each start trains, and which scales train how deep.

Where to go next: ``figure.py``.
"""

from __future__ import annotations

import textwrap
from typing import Any

import click
import numpy as np

from experiments.kit.claims import claim_as_json, claims
from experiments.kit.settings import PerLayer
from experiments.kit.starts import RANGES, named_start
from experiments.kit.words import (
    COLUMN,
    WIDTH,
    data_rows,
    finite,
    heading,
    listed,
    number,
    numbers,
    row,
    rows,
    table,
    verdict_rows,
    wrapped,
)
from experiments.trainability.lesson import MAP
from experiments.trainability.measure import Trainability, sigma_of


def text(result: Trainability, figure: str) -> str:
    """Return how deep each start trains, which scales train at which depth, and the claims."""
    subject = result.settings.activation + (" against the learning rate" if _rate(result) else "")
    lines = [
        click.style(f"The map of ranges, {subject}", bold=True),
        "",
        *wrapped("answer", answer(result), bold=True),
        row("", "σ_w = std of w · √fan_in: 1 is the notes' √(1/n), n = fan_in"),
        "",
        *(_of_rates(result) if _rate(result) else _of_depths(result)),
        "",
        *data_rows(result.dataset),
        row("", f"{result.seen} to learn from, {result.unseen} held out"),
        row("loss", "of the rows held out, over that of always answering the mean"),
        row("trains", f"means: to a loss of {result.target:.2f} or less, halfway to the best"),
        *rows("networks", _networks(result)),
        *rows("training", _training(result)),
        "",
    ]
    outcomes, verdict = result.outcomes(), result.verdict()
    if outcomes:
        lines += [
            *claims(
                "the notes say" if _rate(result) else "the notes, and theory, say",
                outcomes,
                verdict.word,
            ),
            "",
        ]
    lines += [*verdict_rows(verdict), row("picture", figure)]
    return "\n".join([*lines, *rows("next", _next(result))])


def answer(result: Trainability) -> str:
    """Return in a sentence which scales train where it is hardest, and how the notes' fare."""
    if not result.trains.any():
        return "no scale trains."
    row = result.telling_row
    low, high = result.valley(row) or (np.nan, np.nan)
    if _rate(result):
        ends = number(low) if low == high else f"from {number(low)} to {number(high)}"
        return (
            f"at depth {result.depths[0]} a rate of {result.rates[row]:.2g} trains the widest "
            f"range of scales, σ_w {ends}."
        )
    ends = f"σ_w = {number(low)} trains" if low == high else (
        f"σ_w from {number(low)} to {number(high)} train"
    )  # fmt: skip
    columns = {name: result.column(name) for name in RANGES}
    inside = [
        named_start(name).label
        for name, column in columns.items()
        if column is not None and low <= result.sigma_w[column] <= high
    ]
    among = f", {listed(inside)} among them" if inside else ""
    if not inside and None not in columns.values():
        among = ", no scale of the notes among them"
    return f"{result.depths[row]} layers deep, {ends}{among}."


def _networks(result: Trainability) -> list[str]:
    first, last = result.depths[0], result.depths[-1]
    layers = f"{first}" if first == last else f"{first} to {last}"
    biases = "b = 0" if not result.sigma_b else f"std of b {number(result.sigma_b)}"
    count = len(result.sigma_w)
    low, high = number(float(result.sigma_w[0])), number(float(result.sigma_w[-1]))
    return [
        f"{layers} hidden layers of {result.width}, {result.settings.activation}; {biases}",
        f"{count} scales σ_w from {low} to {high}" if count > 1 else f"one scale, σ_w = {low}",
    ]


def _training(result: Trainability) -> list[str]:
    settings = result.settings
    name = {"sgd": "SGD"}.get(settings.optimizer, settings.optimizer.capitalize())
    batch = "all rows" if settings.batch_size is None else f"{settings.batch_size} rows"
    runs = "1 run" if result.runs == 1 else f"median of {result.runs} runs"
    first = f"{name}, {settings.epochs} epochs, {batch} per step, {runs}, seed {settings.seed}"
    if _rate(result):
        return [first, f"learning rate η from {result.rates[0]:g} to {result.rates[-1]:g}"]
    rates = ", ".join(f"{float(rate):g}" for rate in result.rates)
    over = ", divided by the depth" if isinstance(result.rates[0], PerLayer) else ""
    best = ["of these rates the one of the lowest training loss counts"]
    rate = f"learning rate η = {rates}{over}"
    return [first, *textwrap.wrap(rate, WIDTH - COLUMN), *(best if len(result.rates) > 1 else [])]


def _of_depths(result: Trainability) -> list[str]:
    """Return the two tables of the map against the depth, and where theory sees the border."""
    deepest = result.depths[-1]
    starts = [("start", "σ_w", "trains to depth")]
    for name in RANGES:
        reach = result.reach_of(name)
        words = f"{reach}, the deepest" if reach == deepest else f"{reach or 'none'}"
        words = "not in this map" if reach is None else words
        starts.append((named_start(name).label, number(sigma_of(name, result.width)), words))
    scales = [("depth", "σ_w that train", "")]
    for depth in (5, 10, 20, 40) if set(result.depths) >= {5, 10, 20, 40} else result.depths:
        valley = result.valley(result.depths.index(depth))
        scales.append((f"{depth}", *_range(valley)))
    return [heading("how deep each start trains"), *table(starts), "",
            heading("which scales train"), *table(scales), "", *_theory(result)]  # fmt: skip


def _range(valley: tuple[float, float] | None) -> tuple[str, str]:
    if valley is None:
        return "none", ""
    low, high = valley
    if low == high:
        return number(low), ""
    return f"{number(low)} to {number(high)}", f"a factor of {number(high / low)}"


def _theory(result: Trainability) -> list[str]:
    """Return how many depth scales deep it trains, what that scale is, and where it fails."""
    sides = {"below": " below the edge of chaos", "above": " above it"}
    if result.edge is None:
        sides = {"both": ""}
    known = []
    for side, where in sides.items():
        if len(of := result.multiples(side)):
            ends = f"{of.min():.1f} to {of.max():.1f}, scale by scale"
            known.append(f"{np.median(of):.1f} ξ{where}" + (f" ({ends})" if len(of) > 1 else ""))
    if not known:
        return wrapped(
            "theory",
            "no scale trains at one depth and not at a deeper one: nothing to hold it to.",
        )
    said = (
        f"it trains to a depth of {' and of '.join(known)}; Schoenholz et al. 2017 say 6 ξ, for "
        f"tanh. {_scale(result)}"
    )
    again = result.sigma_w[(np.diff(result.trains.astype(int), axis=0) > 0).any(axis=0)]
    if len(again):
        low, high = number(float(again[0])), number(float(again[-1]))
        few = (
            f"σ_w = {low} trains"
            if low == high
            else f"{len(again)} scales, {low} to {high}, train"
        )
        said += f" The border is ragged: {few} at one depth and not at a shallower one."
    too_large = (result.sigma_w > (result.edge or np.inf)) & (result.reach == 0)
    predicted = result.multiple("above") * result.depth_scale[too_large]
    if result.bounded and (predicted > result.depths[0]).any():
        first = number(float(result.sigma_w[too_large].min()))
        said += (
            f" From σ_w = {first} on it fails for another reason: the first answers are about σ_w "
            "times too large."
        )
    return wrapped("theory", said)


def _scale(result: Trainability) -> str:
    """Return what ξ is with this activation, and where the edge lies."""
    scale = "the correlation of two inputs comes nearer to its limit by a factor e"
    if result.settings.activation in ("relu", "linear") and not result.sigma_b:
        scale = "the variance of a changes by a factor e"
    elif result.settings.activation == "tanh" and not result.sigma_b:
        scale += "; below the edge, of those in which the variance of a falls by e"
    edge = ""
    if result.edge is not None:
        edge = (
            f" At the edge, σ_w = {number(result.edge)}, a gradient keeps its size on the way "
            "back, and ξ is infinite."
        )
    return f"ξ is the number of layers in which {scale}.{edge}"


def _of_rates(result: Trainability) -> list[str]:
    """Return which rates train each of the notes' starts, and where it diverges."""
    lines = [("start", "σ_w", "η that train", "diverges from η")]
    rates = np.array(result.rates)
    for name in RANGES:
        label, scale = named_start(name).label, number(sigma_of(name, result.width))
        if (column := result.column(name)) is None:
            lines.append((label, scale, "not in this map", ""))
            continue
        trains = rates[result.trains[:, column]]
        diverged = rates[~np.isfinite(result.held_out_loss[:, column])]
        words = f"{trains[0]:.2g} to {trains[-1]:.2g}" if len(trains) else "none"
        ends = f"{diverged[0]:.2g}" if len(diverged) else "-"
        lines.append((label, scale, words, ends))
    return [heading("which rates train each start"), *table(lines)]


def as_json(result: Trainability, figure: str) -> dict[str, Any]:
    """Return one object: the losses of the map, and what theory says of each scale."""
    settings, against = result.settings, result.against
    unit = {"depth": list(result.depths), "learning_rate": [float(rate) for rate in result.rates]}
    return {
        "case": "map",
        "activation": settings.activation,
        "against": against,
        "width": result.width,
        "sigma_b": result.sigma_b,
        "data": result.dataset.name,
        "seed": settings.seed,
        "runs": result.runs,
        "epochs": settings.epochs,
        "batch_size": settings.batch_size,
        "optimizer": settings.optimizer,
        "rates_over_depth": isinstance(result.rates[0], PerLayer),
        "sigma_w": numbers(result.sigma_w),
        **unit,
        "loss": [numbers(line) for line in result.loss],
        "held_out_loss": [numbers(line) for line in result.held_out_loss],
        "target": result.target,
        "starts": {name: sigma_of(name, result.width) for name in RANGES},
        "edge_of_chaos": result.edge,
        "theory": numbers(result.depth_scale),
        "multiple": finite(result.multiple()),
        "multiple_below": finite(result.multiple("below")),
        "multiple_above": finite(result.multiple("above")),
        "claims": [claim_as_json(outcome) for outcome in result.outcomes()],
        "verdict": str(result.verdict()),
        "figure": figure,
    }


def describe(result: Trainability) -> str:
    """Return what the picture of a map shows, in one sentence."""
    settings = result.settings
    if _rate(result):
        diverges = (~np.isfinite(result.held_out_loss)).mean()
        return (
            f"A map of {settings.activation} networks of {result.depths[0]} layers, the scale of "
            "the weights from left to right and the learning rate upwards: the largest rates "
            f"diverge, {diverges:.0%} of the map; {result.trains.mean():.0%} trains, and below it "
            "learning is slow."
        )
    valleys = []
    for depth in sorted({result.depths[0], result.depths[-1]}):
        ends, _ = _range(result.valley(result.depths.index(depth)))
        valleys.append(f"{ends} at depth {depth}")
    mapped = [name for name in RANGES if result.column(name) is not None]
    starts = [f"{named_start(name).label} {result.reach_of(name) or 'none'}" for name in mapped]
    reached = f"; the notes' starts train to depth: {', '.join(starts)}" if starts else ""
    return (
        f"A map of {settings.activation} networks, the scale of the weights from left to right "
        f"and the depth downwards, with the curves of theory: the scales that train are "
        f"{listed(valleys)}{reached}."
    )


def verdict(result: Trainability) -> str:
    """Return the verdict alone."""
    return str(result.verdict())


def _rate(result: Trainability) -> bool:
    return result.against == "rate"


def _next(result: Trainability) -> list[str]:
    activation = result.settings.activation
    if _rate(result):
        return [
            "mlp-demo map --against rate --zoom 4.3,0.26",  # of tanh, where it is a fractal
            f"mlp-demo map --activation {activation}",
        ]
    return MAP.commands(activation)


def title(result: Trainability) -> str:
    """Return the lesson of the picture: the valley where it is narrowest.

    Against the rate, where it is widest.
    """
    network = result.settings.activation
    if _rate(result):
        network += f", {result.depths[0]} layers"
    if not result.trains.any():
        return f"No scale of the weights trains ({network})"
    row = result.telling_row
    low, high = (f"{end:.2g}" for end in result.valley(row) or ())
    scales = f"σ_w = {low}" if low == high else f"σ_w from {low} to {high}"
    if _rate(result):
        return f"η = {result.rates[row]:.2g} trains most scales: {scales} ({network})"
    if row < len(result.depths) - 1:
        return f"No scale trains deeper than {result.depths[row]} layers ({network})"
    only = "only " if result.spread(row) < result.spread(0) else ""
    return f"{result.depths[row]} layers deep, {only}{scales} trains ({network})"
