"""The sentences of the explorer: what is chosen, what became of it, and the way back to it.

Where to go next: ``figure.py`` and ``command.py``, which show them.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from experiments.explorer.measure import Choice, Sight
from experiments.kit.style import NAMES
from experiments.kit.words import number, shape

KEYS = (
    ("↑ ↓  or  tab", "which control"),
    ("← →", "less, more"),
    ("space", "play, pause"),
    ("s", "one step: an epoch"),
    ("r", "reset: the same weights again"),
    ("n", "a new seed"),
    ("?", "these keys"),
)
# How the starts of the notes are called beside a button.
WORDS = {
    "zeros": "zero",
    "constant": "constant 0.5",
    "small": "small  · 0.01",
    "large": "large  · 1",
    "scaled": "scaled  √(1/n)",
    "glorot_normal": "Xavier",
    "he_normal": "He  √(2/n)",
}


def start_words(choice: Choice) -> str:
    """Return how the weights start, as a heading has it."""
    if choice.sigma_w is not None:
        return choice.drawn.name
    return NAMES.get(choice.start, choice.start.replace("_", " "))


def heading(sight: Sight) -> str:
    """Return the network and its start in a line."""
    sizes = shape(sight.network.sizes)
    return f"{sizes}, {sight.choice.activation}, {start_words(sight.choice)}"


def progress(sight: Sight) -> str:
    """Return what there is to say beside the verdict."""
    if not sight.epoch:
        return sight.journey.verdict().partition(": ")[2] or "before training"
    return f"epoch {sight.epoch}, loss {number(float(sight.losses[-1]))}"


def units(sight: Sight) -> str:
    """Return how many units are what they seem."""
    if sight.distinct < sight.units:
        return f"{sight.units} hidden units act as {sight.distinct}"
    return f"{sight.units} hidden units, all different"


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
    choice, plain = sight.choice, Choice()
    options: dict[str, Any] = {
        "--init": choice.start if choice.sigma_w is None else None,
        "--sigma": choice.sigma_w and f"{choice.sigma_w:.17g}",
        "--activation": choice.activation,
        "--hidden": f"{choice.width}x{choice.depth}",
        "--learning-rate": f"{choice.learning_rate:.17g}",
        "--batch-size": choice.batch_size,
        "--optimizer": choice.optimizer,
        "--seed": choice.seed,
        "--epochs": sight.epoch,
    }
    usual = {
        "--init": plain.start,
        "--activation": plain.activation,
        "--hidden": f"{plain.width}x{plain.depth}",
        "--learning-rate": f"{plain.learning_rate:.17g}",
        "--batch-size": plain.batch_size,
        "--optimizer": plain.optimizer,
        "--seed": plain.seed,
        "--epochs": 0,
    }
    words = ["mlp-demo", "explore", *source]
    for option, value in options.items():
        if value is not None and value != usual.get(option):
            words += [option, str(value)]
    return shlex.join(words)
