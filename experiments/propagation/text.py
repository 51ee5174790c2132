"""What ``mlp-demo propagate`` says: a table of the layers for each start.

Where to go next: ``figure.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import numpy as np

from experiments.kit.claims import Verdict
from experiments.kit.words import (
    counted,
    describe_start,
    finite,
    heading,
    listed,
    number,
    numbers,
    row,
    rows,
    table,
    wrapped,
)
from experiments.propagation.measure import MEASURES, Journey, Propagation


def text(result: Propagation, figure: str) -> str:
    """Return what becomes of each signal, a table of the layers per start, and that again."""
    answer = table([(j.start.name, str(verdict_of(j))) for j in result.journeys], "the answer")
    other = {"tanh": "relu", "relu": "sigmoid"}.get(result.activation, "tanh")
    return "\n".join(
        [
            click.style(f"How far a signal travels, {result.activation}", bold=True),
            "",
            *wrapped("paper", f"{result.about}." if result.about else ""),
            row("networks", f"{result.runs} of {counted(result.depth, 'hidden layer')}, "
                f"{counted(result.width, 'unit')} each, before training"),
            row("sent in", f"forward {result.rows} random inputs of std 1, back delta = ∂L/∂z of "
                "std 1"),
            row("shown", "medians of the networks, each beside theory, which is of wide layers"),
            *rows("", [
                "std: standard deviation; rms: root of the mean square; dW: ∂L/∂W",
                "sat: % of all a that lie where f is flat",
                "dead: % of the units with f' = 0 on every row",
            ]),
            "",
            *answer,
            *(line for journey in result.journeys for line in _told(journey, result)),
            "",
            *answer,
            "",
            row("picture", figure),
            *rows("next", [
                f"mlp-demo map --activation {result.activation}",
                f"mlp-demo propagate --activation {other}",
                "mlp-demo propagate --paper he2015",
            ]),
        ]
    )  # fmt: skip


def as_json(result: Propagation, figure: str) -> dict[str, Any]:
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


def _told(journey: Journey, result: Propagation) -> list[str]:
    """Return the start and a row per layer; of very many layers, about a dozen."""
    name = heading(describe_start(journey.start))
    twin = _same_as(journey, result.journeys)
    if twin is not None:
        inputs = counted(result.width, "input")
        return ["", name, f"the same weights as {twin}: every layer has {inputs}"]
    shown = ("z_std", "a_std", "delta_std", "dW_rms")
    columns = [column for name in shown for column in (journey.median(name), journey.theory(name))]
    saturated, dead = journey.median("saturated"), journey.median("dead")
    depth = len(saturated)
    layers = sorted({round(k) for k in np.linspace(0, depth - 1, min(depth, 12))})
    heads = ["layer", "std z", "", "std a", "", "delta", "", "rms dW", "", "sat", "dead"]
    heads[2:9:2] = ["theory" if journey.predicted else ""] * 4
    rows = [
        (
            str(k + 1),
            *("" if column is None else number(column[k]) for column in columns),
            f"{100 * saturated[k]:.0f}",
            f"{100 * dead[k]:.0f}",
        )
        for k in layers
    ]
    return ["", name, *table(rows, heads, ">" * len(heads))]


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
        **{name: numbers(journey.median(name)) for name in MEASURES},
        "low": {name: numbers(low) for name, (low, _) in bands.items()},
        "high": {name: numbers(high) for name, (_, high) in bands.items()},
        "theory": {
            name: numbers(values)
            for name, values in ((name, journey.theory(name)) for name in MEASURES)
            if values is not None
        },
        "forward_per_layer": finite(journey.forward),
        "backward_per_layer": finite(journey.backward),
        "lost_at": journey.lost_at,
        "verdict": str(verdict_of(journey)),
    }


def describe(result: Propagation) -> str:
    """Return what the picture of ``propagate`` shows: how each signal travels."""
    ways = [f"{journey.start.name} {verdict_of(journey)}" for journey in result.journeys]
    return (
        f"How a is distributed in {result.depth} layers of {result.width} {result.activation} "
        f"units, and how large a, delta and dW are in each, on the dots of theory: "
        f"{'; '.join(ways)}."
    )


def verdict(result: Propagation) -> str:
    """Return what becomes of the signal, a line for each start."""
    return "\n".join(f"{j.start.name}: {verdict_of(j)}" for j in result.journeys)


def verdict_of(journey: Journey) -> Verdict:
    """Return what becomes of the signal of one start, and the number behind it."""
    word, backward = journey.word, number(journey.backward)
    per_layer = "per layer" if len(journey.answers) > 1 else "in its one layer"
    still = f"delta = 0 from layer {journey.still_below} down"
    if word == "no signal":
        told = f"std a = 0 from layer {journey.silent_from} on"
    elif word == "no gradient":
        told = still
    elif word == "saturates":
        told = f"{100 * journey.saturation:.0f} % of all a; "
        told += still if journey.still_below else f"delta × {backward} {per_layer}"
    elif journey.lost is None:
        told = f"a × {number(journey.forward)}, delta × {backward} {per_layer}"
    else:
        told = f"× {number(journey.lost[1])} {per_layer}"
        if journey.lost_at:
            small = journey.median("a_std")[journey.lost_at - 1] < 1
            told += f", std a {'< 0.01' if small else '> 100'} from layer {journey.lost_at}"
    return Verdict(word, told, "")


def title(result: Propagation) -> str:
    """Return which starts keep both the signal and the gradient, in which network."""
    network = f"({result.depth} layers of {result.width}, {result.activation})"
    keep = [j.start.name for j in result.journeys if j.keeps]
    if not keep:
        return f"No start keeps signal and gradient {network}"
    names = listed(keep)
    if len(keep) > 3 or len(names) > 50:
        names = f"{len(keep)} of {len(result.journeys)} starts"
    does = "keeps" if len(keep) == 1 else "keep"
    return f"{names} {does} signal and gradient {network}"
