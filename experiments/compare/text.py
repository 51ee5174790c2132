"""What ``mlp-demo compare`` says: the answer first, then every start with its rate.

Where to go next: ``figure.py``.
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import click
import numpy as np

from experiments.compare.measure import Candidate, Comparison
from experiments.fitting import again
from experiments.kit.words import (
    counted,
    data_rows,
    describe_network,
    describe_training,
    ending,
    finite,
    listed,
    numbers,
    row,
    rows,
    shape,
    table,
    wrapped,
)

# What became of a run, in the words of the verdict.
WORDS = ("learning", "stalled", "symmetric", "diverged")


def text(result: Comparison, figure: str) -> str:
    """Return which starts are best, a line for each, what that means, and which are best."""
    activation = result.settings.activation
    answer = wrapped("answer", result.answer(), bold=True)
    return "\n".join(
        [
            click.style(f"Which start trains this network? {activation}", bold=True),
            "",
            *answer,
            "",
            row("network", describe_network(result.sizes, activation)),
            *data_rows(result.dataset),
            *wrapped("training", describe_training(result.settings, _rate(result))),
            *wrapped("", _describe_runs(result)),
            *(wrapped("", _COPIES.format(copies)) if (copies := result.table.copies) else []),
            "",
            *_table(result),
            "",
            *wrapped("R²", _EXPLAINED),
            *wrapped("η", _describe_rates(result)),
            *(wrapped("=", _describe_noise(result)) if result.judged else []),
            "",
            *answer,
            "",
            row("picture", figure),
            *rows("next", _next(result)),
        ]
    )


def _next(result: Comparison) -> list[str]:
    """Return what to type to train the network from the start to take, and to see why it is."""
    settings, hidden = result.settings, result.settings.hidden
    why = f"mlp-demo propagate --activation {settings.activation}"
    if len(set(hidden)) == 1:
        why += f" --depth {len(hidden)} --width {hidden[0]}"
    if not result.nobody_learns:
        settings = replace(settings, learning_rate=result.recommended.rate)
        return [*again.training_of(result.table, settings, result.recommended.name), why]
    if len(result.rates) == 1:
        return [*again.comparison_of(result.table, settings), why]
    return [why]


_EXPLAINED = (
    "the part of the variance of the rows to judge by that the network explains: 0 is no better "
    "than always the mean, 1 is all of it. The loss is that on the rows it learns from"
)


_COPIES = "copies of other rows: {}. Where one is judged by, another may have been learned from"


def _describe_runs(result: Comparison) -> str:
    runs = counted(result.runs, "run")
    learning, choosing, judging = result.rows
    chosen = f"{choosing} to choose η by and " if len(result.rates) > 1 else ""
    return (
        f"{runs} of each start, each with other weights, batches and rows: {learning} to learn "
        f"from, {chosen}{judging} to judge by, the same for every start"
    )


def _rate(result: Comparison) -> str:
    return (
        f"learning rate η = {result.rates[0]:g}"
        if len(result.rates) == 1
        else "each start's best rate η"
    )


def _table(result: Comparison) -> list[str]:
    """Return one line per start, the best first; = marks those that are as good."""
    diverged = "diverged" * any(candidate.count("diverged") for candidate in result.candidates)
    heads = ("  start", "R²", "10 % – 90 %", "loss", "η", "trains at", diverged)
    lines = []
    for candidate in result.ranking:
        low, high = candidate.band()
        works = result.works_at(candidate)
        mark = "=" if result.judged and candidate in result.equals else ""
        lines.append(
            (
                f"{mark:2}{candidate.name}",
                f"{candidate.mean:.2f}",
                f"{low:.2f} – {high:.2f}",
                ending(float(np.median(candidate.final_losses))),
                f"{candidate.rate:g}",
                f"{works.sum()} of {len(works)}",
                str(candidate.count("diverged") or ""),
            )
        )
    return table(lines, heads, "<>>>>>>")


def _describe_rates(result: Comparison) -> str:
    if len(result.rates) == 1:
        return f"the learning rate: {result.rates[0]:g} for every start, as it was asked for"
    tried = ", ".join(f"{rate:g}" for rate in result.rates)
    words = (
        f"the learning rate: each start is judged at its best of {tried}. It trains at those at "
        "which it explains at least half of what the best start explains"
    )
    if edge := [candidate.name for candidate in result.at_the_edge]:
        words += f". For {listed(edge)} that is an end of the row: beyond it may be a better one"
    return words


def _describe_noise(result: Comparison) -> str:
    words = (
        f"as good as the best. A start is worse if it explains less than {_good(result)} of what "
        "the best explains, in so many pairs of runs, and by so much, that chance would hardly do "
        "it (signed-rank test, 5 % for all pairs of starts together); or if most of its runs "
        "diverge"
    )
    if less := [candidate.name for candidate in result.undecided]:
        words += (
            f". In the mean {listed(less)} explain{'s' * (len(less) == 1)} less than that, but no "
            "more so than chance might do: more --runs tell"
        )
    return words


def _good(result: Comparison) -> str:
    """Write what part of the best is as good as the best."""
    return f"{100 * (1 - result.margin):.3g} %"


def as_json(result: Comparison, figure: str) -> dict[str, Any]:
    """Return one object; under ``results`` everything about each start."""
    settings = result.settings
    return {
        "case": "compare",
        "activation": settings.activation,
        "sizes": result.sizes,
        "data": result.dataset.name,
        "optimizer": settings.optimizer,
        "seed": settings.seed,
        "runs": result.runs,
        "epochs": settings.epochs,
        "learning_rate": result.rates[0] if len(result.rates) == 1 else None,
        "learning_rates": list(result.rates),
        "batch_size": settings.batch_size,
        "rows": result.rows._asdict(),
        "copies": result.table.copies,
        "margin": result.margin,
        "mean_predictor_loss": result.dataset.mean_predictor_loss,
        "verdict": result.answer(),
        "judged": result.judged,
        "best": result.best.name,
        "recommended": result.recommended.name,
        "tied": [candidate.name for candidate in result.equals],
        "worse": [candidate.name for candidate in result.worse],
        "results": {c.name: _candidate_as_json(result, c) for c in result.candidates},
        "figure": figure,
    }


def _candidate_as_json(result: Comparison, candidate: Candidate) -> dict[str, Any]:
    low, median, high = candidate.losses_band()
    return {
        "learning_rate": candidate.rate,
        "trains_at": [
            rate for rate, works in zip(result.rates, result.works_at(candidate), strict=True)
            if works
        ],
        "explained": numbers(candidate.explained),
        "explained_at": [numbers(at) for at in candidate.judging.T],
        "held_out_loss": numbers(candidate.held_out_loss),
        "final_loss": numbers(candidate.final_losses),
        "loss_median": numbers(median),
        "loss_low": numbers(low),
        "loss_high": numbers(high),
        "verdicts": {word: n for word in WORDS if (n := candidate.count(word))},
    }  # fmt: skip


def as_csv(result: Comparison) -> str:
    """Return every curve at its start's best rate as CSV; no loss where a run has diverged."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["start", "learning_rate", "run", "epoch", "loss"])
    for candidate in result.candidates:
        for run, losses in enumerate(candidate.losses.T):
            for epoch, loss in enumerate(losses.tolist()):
                table.writerow([candidate.name, candidate.rate, run, epoch, finite(loss)])
    return text.getvalue()


def describe(result: Comparison) -> str:
    """Return what the picture shows: what every start explains, at which rate."""
    order = [f"{c.name} {c.mean:.2f} (η = {c.rate:g})" for c in result.ranking]
    return (
        f"What {result.runs} runs of a {shape(result.sizes)} network of "
        f"{result.settings.activation} units explain of rows that they have not seen, for each "
        f"start: {listed(order)}; the answer: {result.answer()}"
    )


def verdict(result: Comparison) -> str:
    """Return the answer."""
    return result.answer()


# --- what stands over the picture -----------------------------------------------------------


def title(result: Comparison) -> str:
    """Return what is asked of which network."""
    return f"Which start trains it? ({shape(result.sizes)}, {result.settings.activation})"


def short_answer(result: Comparison) -> str:
    """Return the answer, or, where it names many starts, how many are equally good."""
    if len(result.equals) < 4 or not result.judged:
        return result.answer()
    every = f"{len(result.equals)} of {len(result.candidates)} starts do equally well"
    if not result.worse:
        return f"All {len(result.candidates)} starts do equally well"
    return f"{every}; worse: {listed([c.name for c in result.worse])}"


def close_words(result: Comparison) -> str:
    """Return what the band below the best is."""
    return f"{_good(result)} of the best, or more"
