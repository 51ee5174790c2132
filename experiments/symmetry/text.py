"""What ``mlp-demo symmetry`` says: when the units came apart, and what theory says of it."""

from __future__ import annotations

import textwrap
from typing import Any

import click
import numpy as np

from experiments.kit.claims import LEARNED
from experiments.kit.words import (
    WIDTH,
    describe_data,
    describe_network,
    describe_training,
    finite,
    heading,
    listed,
    number,
    numbers,
    row,
    rows,
    shape,
    verdict_rows,
)
from experiments.symmetry.measure import WIDTH_EPOCHS, WIDTH_RATE, WIDTHS, Symmetry, named, percent


def text(result: Symmetry, figure: str) -> str:
    """Return the whole story: what was run, a table of every ε, rounding, the verdict."""
    settings, verdict = result.settings, result.verdict()
    seeds = "1 draw" if result.runs == 1 else f"{result.runs} draws"
    what = "of randn; the numbers are of the first" if result.alike else "of the biases"
    return "\n".join(
        [
            click.style(f"How much randomness is enough? ({settings.activation})", bold=True),
            "",
            row("network", describe_network(result.sizes, settings.activation)),
            row("data", f"{result.dataset.name}: {describe_data(result.dataset)}"),
            row("start", result.start.words),
            row("training", describe_training(settings)),
            row("seeds", f"{seeds} {what}" if result.runs > 1 else f"{seeds} of randn"),
            "",
            *(_table(result) if result.alike else _biases(result)),
            "",
            *_rounding(result),
            *_adam(result),
            *verdict_rows(verdict),
            "",
            row("picture", figure),
            *rows("next", _next(result)),
        ]
    )


def as_json(result: Symmetry, figure: str) -> dict[str, Any]:
    """Return one object; under ``results`` one entry per ε, for its first network."""
    settings = result.settings
    return {
        "case": "symmetry",
        "activation": settings.activation,
        "sizes": result.sizes,
        "start": result.start.words,
        "initializer": result.start.kernel.name,
        "bias_initializer": result.start.bias.name,
        "data": result.dataset.name,
        "seed": settings.seed,
        "runs": result.runs,
        "optimizer": settings.optimizer,
        "epochs": settings.epochs,
        "learning_rate": settings.learning_rate,
        "batch_size": settings.batch_size,
        "mean_predictor_loss": result.dataset.mean_predictor_loss,
        "results": {named(e): _entry(result, k) for k, e in enumerate(result.epsilons)},
        "no_theory_because": result.silence or None,
        "rounding": {str(width): finite(spread) for width, spread in result.rounding.items()},
        "verdict": str(result.verdict()),
        "figure": figure,
    }


def _entry(result: Symmetry, k: int) -> dict[str, Any]:
    growth = result.growth(k) or (None, None)
    theory = None if result.predicted is None else numbers(result.theory(k))
    return {
        "spread": numbers(result.spread[:, 0, k]),
        "spread_by_theory": theory,
        "loss": numbers(result.loss[:, 0, k]),
        "apart_at": result.apart_at(k),
        "apart_at_by_theory": result.predicted_apart_at(k),
        "growth": growth[0],
        "growth_by_theory": growth[1],
        "final_loss": numbers(result.loss[-1, :, k]),
        "distinct_units": result.distinct[:, k].tolist(),
        "dead_units": result.dead[:, k].tolist(),
    }


def _table(result: Symmetry) -> list[str]:
    """Return one line per ε: the first network, and the range over all of them."""
    theory = result.predicted is not None
    seeds = f"{result.runs} seeds" if result.runs > 1 else ""
    head = f"{'ε':>8}  {'apart at':>8}  {seeds:>11}{'theory' if theory else '':>8}"
    head += f"  {'per epoch':>10}{'theory' if theory else '':>10}{'loss':>8}{'units':>7}"
    lines = [click.style(head, dim=True)]
    for k, epsilon in enumerate(result.epsilons):
        apart, growth = result.apart_at(k), result.growth(k)
        expected = _never(result.predicted_apart_at(k)) if theory and epsilon else ""
        measured = "" if growth is None else percent(growth[0])
        predicted = "" if growth is None or growth[1] is None else percent(growth[1])
        loss = float(result.loss[-1, 0, k])
        lines.append(
            f"{named(epsilon):>8}  {_never(apart[0]):>8}  {_range(apart):>11}{expected:>8}  "
            f"{measured:>10}{predicted:>10}{number(loss) if np.isfinite(loss) else 'diverged':>8}"
            f"{result.distinct[0, k]:>7}"
        )
    words = [
        "apart at: the epoch at which a weight of two units differs by more than 0.01",
        "per epoch: how fast the spread grows before that; if never, in the second half",
    ]
    if theory:
        words.append("theory: the update made linear about the run of identical units, I - ηH")
    else:
        words.append(f"no theory: {result.silence}")
    return [*lines, *(click.style(line, dim=True) for line in words)]


def _biases(result: Symmetry) -> list[str]:
    """Return what became of units whose biases alone differ."""
    lines = [heading("would random biases do, with every w the same?")]
    for k, epsilon in enumerate(result.epsilons):
        start, loss = result.spread[0, :, k], np.sort(result.loss[-1, :, k])
        low, middle, high = np.quantile(loss, [0, 0.5, 1], method="lower")
        distinct, dead = result.distinct[:, k], result.dead[:, k]
        units = sum(result.settings.hidden)
        stalled = int((loss > LEARNED * result.dataset.mean_predictor_loss).sum())
        lines += [
            row(f"ε = {named(epsilon)}", f"at the start two units differ by {_two(start)}"),
            row("", f"after it {int((distinct == units).sum())} of {result.runs} networks have "
                f"{units} different units; {int((dead > 0).sum())} have a dead one"),
            row("", f"final loss {number(middle)}, from {number(low)} to {number(high)}; "
                f"{stalled} of {result.runs} learn nothing"),
        ]  # fmt: skip
    return lines


def _rounding(result: Symmetry) -> list[str]:
    """Return at which widths identical units came apart without any ε."""
    if not result.rounding:
        return []
    found = {width: spread for width, spread in result.rounding.items() if spread > 0}
    lines = [
        heading("rounding alone, ε = 0"),
        f"{WIDTHS[0]} to {WIDTHS[-1]} identical units in one layer, {WIDTH_EPOCHS} epochs at "
        f"η = {WIDTH_RATE:g}/units:",
    ]
    if not found:
        return [*lines, "at no width does any unit differ from another, not by one bit", ""]
    lines += textwrap.wrap(
        f"not the same any more: {_widths(list(found))}; they differ by up to "
        f"{number(max(found.values()))}",
        WIDTH,
    )
    return [
        *lines,
        *textwrap.wrap(
            "This is rounding: a matrix product adds up equal columns in different orders. "
            "Another machine has other widths.",
            WIDTH,
        ),
        "",
    ]


def _adam(result: Symmetry) -> list[str]:
    """Return the answer to a question every class asks, where it was put."""
    if result.settings.optimizer != "adam" or 0.0 not in result.epsilons or not result.alike:
        return []
    spread = float(result.spread[-1, :, result.epsilons.index(0.0)].max())
    answer = f"with ε = 0 the units differ by {number(spread)} after {result.epochs} epochs: equal"
    lines = textwrap.wrap(f"No: {answer} gradients make equal steps.", WIDTH)
    if spread > 0:
        lines = textwrap.wrap(f"No: {answer} gradients make equal steps, but for rounding.", WIDTH)
    return [heading("would Adam help?"), *lines, ""]


def _next(result: Symmetry) -> list[str]:
    activation = result.settings.activation
    other = "relu" if activation != "relu" else "tanh"
    biases = "mlp-demo symmetry --value 0 --bias-init normal --activation"
    if not result.alike:
        return [f"{biases} {other}", f"mlp-demo random --activation {activation}"]
    adam = f"mlp-demo symmetry --optimizer adam --activation {activation}"
    return [
        f"mlp-demo symmetry --activation {other}",
        *([adam] if result.settings.optimizer != "adam" else []),
        f"{biases} {activation}",
    ]


def _never(epoch: int | None) -> str:
    return "never" if epoch is None else str(epoch)


def _range(apart: list[int | None]) -> str:
    """Return the first and the last of several epochs; how many, if some never came."""
    found = [epoch for epoch in apart if epoch is not None]
    if len(apart) < 2 or not found:
        return ""
    if len(found) < len(apart):
        return f"{len(found)} of {len(apart)}"
    return f"{min(found)}–{max(found)}"


def _two(values: Any) -> str:
    return f"{number(float(values.min()))} to {number(float(values.max()))}"


def _widths(widths: list[int]) -> str:
    """Write 5, 6, 7, 9 as 5–7, 9."""
    groups: list[list[int]] = []
    for width in widths:
        if groups and width == groups[-1][-1] + 1:
            groups[-1].append(width)
        else:
            groups.append([width])
    return ", ".join(f"{g[0]}–{g[-1]}" if len(g) > 1 else str(g[0]) for g in groups)


def describe(result: Symmetry) -> str:
    """Return what the picture of ``symmetry`` shows: how fast each ε grows."""
    epsilons = listed([named(epsilon) for epsilon in result.epsilons])
    return (
        f"Spread between identical units on a log axis, and the loss, over {result.epochs} epochs "
        f"of a {shape(result.sizes)} network of {result.settings.activation} units set apart by ε "
        f"= {epsilons}; {result.verdict()}."
    )


def verdict(result: Symmetry) -> str:
    """Return what became of the units, in one line."""
    return str(result.verdict())
