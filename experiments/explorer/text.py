"""The sentences of the explorer: what is chosen, what became of it, and the way back to it.

Where to go next: ``figure.py`` and ``command.py``, which show them.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from textwrap import wrap
from typing import Any

import click

from experiments.explorer.measure import Choice, Explorer, Sight
from experiments.kit.starts import RANGES, named_start, typed
from experiments.kit.style import start_label
from experiments.kit.words import (
    data_rows,
    describe_network,
    describe_start,
    describe_training,
    hidden_units,
    number,
    numbers,
    row,
    shape,
    wrapped,
)
from experiments.propagation.text import verdict_of

KEYS = (
    ("↑ ↓", "another control (in a window tab too)"),
    ("← →", "less, more"),
    ("space", "play, pause"),
    ("s", "one step: an epoch"),
    ("r", "reset: the same weights again"),
    ("n", "a new seed"),
    ("?", "these keys"),
)
# How the starts of the notes are called beside a button.
WORDS = {name: named_start(name).label for name in ("zeros", "constant", *RANGES)}


def start_words(choice: Choice) -> str:
    """Return how the weights start, as a heading has it."""
    return start_label(choice.drawn)


def heading(sight: Sight) -> str:
    """Return the network and its start in a line."""
    sizes = shape(sight.network.sizes)
    return f"{sizes}, {sight.choice.activation}, {start_words(sight.choice)}"


def progress(sight: Sight) -> str:
    """Return what there is to say beside the verdict."""
    if not sight.epoch:
        return verdict_of(sight.journey).number
    words = f"epoch {sight.epoch}, loss {number(float(sight.losses[-1]))}"
    return f"{words}: {sight.setback.title.lower()}" if sight.setback else words


def command(sight: Sight, source: Sequence[str] = ()) -> str:
    """Return the shell command that leads to this sight.

    Examples
    --------
    >>> from experiments.data import load
    >>> from experiments.explorer.measure import Explorer
    >>> explorer = Explorer(load(), Choice("he_normal", activation="relu", depth=30))
    >>> command(explorer.sight)
    'mlp-demo explore --init he_normal --activation relu --hidden 100x30'
    """
    given, usual = _options(sight.choice), _options(Choice())
    words = ["mlp-demo", "explore", *source]
    for option, value in {**given, "--epochs": sight.epoch or None}.items():
        if value is not None and value != usual.get(option):
            words += [option, str(value)]
    return shlex.join(words)


def in_lines(command: str, width: int) -> str:
    r"""Write a command in lines that a shell takes for one.

    Examples
    --------
    >>> print(in_lines("mlp-demo explore --data 'two words.csv' --target c", 30))
    mlp-demo explore --data \
    'two words.csv' --target c
    """
    words = (shlex.quote(word).replace(" ", "\0") for word in shlex.split(command))
    lines = wrap(" ".join(words), width, break_on_hyphens=False, break_long_words=False)
    return " \\\n".join(lines).replace("\0", " ")


def _options(choice: Choice) -> dict[str, Any]:
    return {
        "--init": typed(choice.start) if choice.sigma_w is None else None,
        "--sigma-w": choice.sigma_w,
        "--activation": choice.activation,
        "--hidden": f"{choice.width}x{choice.depth}",
        "--learning-rate": choice.learning_rate,
        "--batch-size": choice.batch_size,
        "--optimizer": choice.optimizer,
        "--seed": choice.seed,
    }


def text(explorer: Explorer, figure: str) -> str:
    """Return what is seen, as lines."""
    sight = explorer.sight
    lines = [
        click.style("What the weights do", bold=True),
        "",
        *data_rows(explorer.dataset),
        row("network", describe_network(sight.network.sizes, sight.choice.activation)),
        row("start", describe_start(sight.choice.drawn)),
        *wrapped(
            "training", describe_training(replace(sight.choice.settings, epochs=sight.epoch))
        ),
        row("units", hidden_units(sight.units, sight.distinct)),
        "",
        row("verdict", click.style(f"{sight.verdict}: {progress(sight)}", bold=True)),
        row("picture", figure),
        *wrapped("again", command(sight, explorer.source)),
    ]
    return "\n".join(lines)


def as_json(explorer: Explorer, figure: str) -> dict[str, Any]:
    """Return everything a program might ask, as one object."""
    sight, choice = explorer.sight, explorer.sight.choice
    return {
        "case": "explore",
        "activation": choice.activation,
        "sizes": sight.network.sizes,
        "initializer": choice.drawn.words,
        "sigma_w": choice.at,
        "data": explorer.dataset.name,
        "seed": choice.seed,
        "epochs": sight.epoch,
        "learning_rate": choice.learning_rate,
        "loss": numbers(sight.losses),
        "mean_predictor_loss": sight.mean_loss,
        **{name: numbers(sight.measured(name)) for name in ("a_std", "delta_std", "dW_rms")},
        "units": sight.units,
        "distinct_units": sight.distinct,
        "verdict": sight.verdict,
        "command": command(sight, explorer.source),
        "figure": figure,
    }


def describe(explorer: Explorer) -> str:
    """Return what the figure shows, in one sentence."""
    sight = explorer.sight
    a, delta = (sight.measured(name) for name in ("a_std", "delta_std"))
    return (
        f"The explorer, {heading(sight)}: from the first to the last hidden layer std of a goes "
        f"from {number(a[0])} to {number(a[-1])}, that of delta from {number(delta[-1])} back to "
        f"{number(delta[0])} of the output's; {hidden_units(sight.units, sight.distinct)}; "
        f"{sight.verdict}, {progress(sight)}."
    )


def verdict(explorer: Explorer) -> str:
    """Return the verdict alone."""
    return f"{explorer.sight.verdict}: {progress(explorer.sight)}"
