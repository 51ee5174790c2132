"""What ``mlp-demo symmetry`` says: when the units came apart, and what theory says of it.

Where to go next: ``figure.py``.
"""

from __future__ import annotations

import textwrap
from typing import Any

import click
import numpy as np

from experiments.kit.claims import LEARNED, Verdict
from experiments.kit.starts import Start
from experiments.kit.words import (
    WIDTH,
    describe_data,
    describe_network,
    describe_training,
    end,
    finite,
    heading,
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
from experiments.symmetry.measure import WIDTH_EPOCHS, WIDTH_RATE, WIDTHS, Symmetry
from mlp.activations import ACTIVATIONS


def text(result: Symmetry, figure: str) -> str:
    """Return the whole story: what was run, a table of every ε, rounding, the verdict."""
    settings = result.settings
    seeds = "1 draw" if result.runs == 1 else f"{result.runs} draws"
    what = "of randn; the numbers are of the first" if result.alike else "of the biases"
    return "\n".join(
        [
            click.style(f"How much randomness is enough? ({settings.activation})", bold=True),
            "",
            row("network", describe_network(result.sizes, settings.activation)),
            row("data", f"{result.dataset.name}: {describe_data(result.dataset)}"),
            row("start", start_words(result.start)),
            *wrapped("training", describe_training(settings)),
            row("seeds", f"{seeds} {what}" if result.runs > 1 else f"{seeds} of randn"),
            "",
            *(_table(result) if result.alike else _biases(result)),
            "",
            *_rounding(result),
            *_adam(result),
            *verdict_rows(verdict(result)),
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
        "start": start_words(result.start),
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
        "no_theory_because": silence(result) or None,
        "rounding": {str(width): finite(spread) for width, spread in result.rounding.items()},
        "verdict": str(verdict(result)),
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
    theory, dead = result.predicted is not None, bool(result.dead[0].any())
    rows = []
    for k, epsilon in enumerate(result.epsilons):
        apart, growth = result.apart_at(k), result.growth(k)
        expected = _never(result.predicted_apart_at(k)) if theory and epsilon else ""
        measured, predicted = growth or (None, None)
        rows.append(
            (
                named(epsilon),
                _never(apart[0]),
                _range(apart),
                expected,
                "" if measured is None else percent(measured),
                "" if predicted is None else percent(predicted),
                end(float(result.loss[-1, 0, k])),
                str(result.distinct[0, k]),
                str(result.dead[0, k]) if dead else "",
            )
        )
    seeds, by_theory = (
        f"{result.runs} seeds" if result.runs > 1 else "",
        "theory" if theory else "",
    )
    last = "loss", "units", "dead" if dead else ""
    heads = ("ε", "apart at", seeds, by_theory, "per epoch", by_theory, *last)
    lines = table(rows, heads, ">" * len(heads))
    words = [
        "apart at: the epoch at which a weight of two units differs by more than 0.01",
        "per epoch: how fast the difference grows before that; if never, in the 2nd half",
    ]
    if theory:
        words += [
            "theory: the same from the update made linear, as is right for small differences"
        ]
    else:
        words.append(f"no theory: {silence(result)}")
    words.append("units: how many different ones there are at the end")
    if dead:
        words.append("dead: units with f'(z) = 0 on every row, which get no gradient")
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
            row("", f"{int((distinct == units).sum())} of {result.runs} networks end with {units} "
                f"different units; {int((dead > 0).sum())} have a dead one"),
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
        f"= {epsilons}; {verdict(result)}."
    )


def verdict(result: Symmetry) -> Verdict:
    """Return what became of the units: one word, the number behind it, and why."""
    if result.word == "diverged":
        return Verdict(
            result.word,
            f"not finite at epoch {result.diverged_at}",
            "A step was too large: the numbers left the range of floating point.",
        )
    return _of_epsilons(result) if result.alike else _of_biases(result)


def _of_epsilons(result: Symmetry) -> Verdict:
    word, smallest = result.word, result.smallest
    if smallest is None:
        spread = float(result.spread[-1].max())
        reason = "Equal units get equal gradients: nothing but rounding can set them apart."
        return Verdict(word, f"spread {number(spread)}", reason)
    name = named(result.epsilons[smallest])
    if word == "apart":
        reason = "How a small difference grows was not measured; choose a smaller --epsilon."
        return Verdict(word, f"ε = {name} began apart, or nearly so", reason)
    growth = result.growth(smallest) or (0.0, None)
    grows = f"ε = {name} {'grew' if growth[0] >= 0 else 'changed'} by "
    grows += f"{percent(growth[0])} per epoch"
    if growth[1] is not None:
        grows += f", theory says {percent(growth[1])}"
    if word == "unstable":
        last = max(epoch for epoch in result.apart_at(smallest) if epoch is not None)
        what = "every ε > 0" if len(result.driven) > 1 else f"ε = {name}"
        reason = f"Any difference is enough, given time: {grows}. {_losses(result)}"
        return Verdict(word, f"{what} has set the units apart, by epoch {last}", reason)
    if word == "growing":
        return Verdict(
            word,
            f"ε = {name} is not apart by epoch {result.epochs}",
            f"It is on the way: {grows}. Train longer.",
        )
    words = "no ε has set the units apart in every run"
    if result.enough:
        least = named(min(result.epsilons[k] for k in result.enough))
        words = f"only ε ≥ {least} has set the units apart"
    reason = f"In the second half of the training nothing drives small differences on: {grows}."
    if any(epoch is not None for k in result.driven for epoch in result.apart_at(k)):
        reason += " Those that came apart grew while the weights were still on their way."
    f = ACTIVATIONS[result.settings.activation]
    if f.kinks or f.name == "linear":
        reason += f" It is the bend of f (f'') that drives equal units apart; {f.name} has "
        reason += "none but at its kink." if f.kinks else "none."
    return Verdict(word, words, reason + _kinked(result))


def _kinked(result: Symmetry) -> str:
    """Say which ε, still small, has left theory most: only a row past a kink can do that."""
    small = [
        (float((result.spread[:, 0, k] / result.theory(k)).max()), result.epsilons[k])
        for k in result.driven
        if result.predicted is not None and result.apart_at(k)[0] is None
    ]
    ratio, epsilon = max(small, default=(1.0, 0.0))
    if ratio < 2 or not ACTIVATIONS[result.settings.activation].kinks:
        return ""
    return (
        f" A row that passes it in one unit and not in the other drives a difference on, "
        f"which theory does not see: ε = {named(epsilon)} rises to {number(ratio)} times that."
    )


def _losses(result: Symmetry) -> str:
    """Say what the wait has cost."""
    ends = [
        f"{number(float(result.loss[-1, 0, k]))} with ε = {named(epsilon)}"
        for k, epsilon in sorted(enumerate(result.epsilons), key=lambda pair: pair[1])
    ]
    shown = [ends[0], *ends[1:2], ends[-1]] if len(ends) > 2 else ends
    return f"The loss after {result.epochs} epochs: {', '.join(shown)}."


def _of_biases(result: Symmetry) -> Verdict:
    total, dead = result.distinct.size, int(result.dead.sum())
    learned = int((result.loss[-1] < LEARNED * result.dataset.mean_predictor_loss).sum())
    reason = (
        "Other biases make other a = f(b); so the output weights get other gradients, and "
        "through them the hidden weights."
    )
    if dead:
        reason += (
            f" But {dead} of {sum(result.settings.hidden) * total} units are dead: with w = 0 and "
            "b < 0 a ReLU answers 0 to every row, and gets no gradient."
        )
    if result.settings.activation == "linear":
        plane = number(result.dataset.least_squares_loss)
        reason += f" But linear units, however different, are one plane: at best {plane}."
    alive = f"{result.differ} of {total} networks have units alive and different"
    return Verdict(result.word, f"{alive}, {learned} learn", reason)


def silence(result: Symmetry) -> str:
    """Return why theory says nothing of this run; empty where it speaks."""
    settings = result.settings
    return {
        "": "",
        "memory": f"it is of steps without memory; {settings.optimizer.capitalize()} has one",
        "unlike": "the units are not the same at the start",
        "kink": f"all start on the kink of {settings.activation}, where it has no slope",
    }[result.silence]


def start_words(start: Start) -> str:
    """Return how the weights start, before and with what is added to them, and the biases.

    Examples
    --------
    >>> from experiments.symmetry.measure import equal_start
    >>> start_words(equal_start(0.5)), start_words(equal_start(0, "normal"))
    ('every w = 0.5 + ε · randn, every b = 0.5', 'every w = ε · randn, every b = N(0, 0.05²)')
    """
    w, b = (getattr(n.initializer(), "formula", n.name) for n in (start.kernel, start.bias))
    mean = "" if start.kernel.name == "zeros" else f"{w} + "
    return f"every w = {mean}ε · randn, every b = {b}"


def named(epsilon: float) -> str:
    """Write an ε as one types it.

    Examples
    --------
    >>> named(1e-3), named(2.5e-12), named(0.5), named(0.0)
    ('1e-3', '2.5e-12', '0.5', '0')
    """
    if epsilon == 0 or epsilon >= 0.01:
        return f"{epsilon:g}"
    mantissa, _, exponent = f"{epsilon:e}".partition("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def percent(rate: float) -> str:
    """Write a growth of d ln(spread) / d(epoch) in percent per epoch.

    Examples
    --------
    >>> percent(0.00930), percent(0.1414), percent(-1e-12)
    ('0.934 %', '15.2 %', '0.000 %')
    """
    with np.errstate(over="ignore"):
        value = 100 * float(np.expm1(rate))
    return f"{number(value)} %" if abs(value) >= 1 else f"{value:.3f} %".replace("-0.000", "0.000")


# --- what stands over the picture and its panels -----------------------------------------


def title(result: Symmetry) -> str:
    """Return what is set apart in which network."""
    network = f"({shape(result.sizes)}, {result.settings.activation})"
    if result.alike:
        return f"Identical units, set apart by ε {network}"
    return f"Random biases on equal weights {network}"


def spread_title(result: Symmetry) -> str:
    """Return what becomes of the difference between units."""
    return {
        "unstable": "Every difference grows, then the loss drops",
        "apart": "The units began apart",
        "growing": "Every difference grows",
        "neutral": "Small differences stay small",
        "symmetric": "Nothing sets identical units apart",
        "broken": "The units differ from the start",
        "partly": "The units differ, but some are dead",
        "diverged": "The numbers leave the range of floating point",
    }[result.word]
