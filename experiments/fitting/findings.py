"""Findings: what is wrong with a network or its training, and what to type against it.

Where to go next: ``outcome.py``, which asks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from experiments.fitting.model import DEFAULTS, Layer, Model
from experiments.kit.settings import widths
from experiments.kit.words import ending, listed, number


class Finding(NamedTuple):
    """What is wrong, and what to do about it.

    Attributes
    ----------
    layers : list of int
        The hidden layers where it is, numbered from 1; none for the whole network.
    words : str
        What it is.
    options : mapping from str to str or None
        The options of ``mlp-demo train`` to change, None for one to leave out.
    """

    layers: list[int]
    words: str
    options: Mapping[str, str | None]

    @property
    def remedy(self) -> str:
        """What to type."""
        return remedy(self.options)


def remedy(options: Mapping[str, str | None]) -> str:
    """Return what to type: the options, or that one is to be left out; nothing for none."""
    typed = [
        f"{name} {value}" if value else f"the usual {name}" for name, value in options.items()
    ]
    return listed(typed) if typed else ""


class Trouble(NamedTuple):
    """A way in which a layer can be bad: a value of it beyond a limit.

    Attributes
    ----------
    kind : str
        Its name.
    value : callable (layer, delta_std of the last layer) -> float
        What is looked at.
    worst : min or max
        Which end is bad: below the limit, or from the limit on.
    limit : float
        Where it begins.
    words : callable (value) -> str
        What is said of the worst value.
    """

    kind: str
    value: Callable[[Layer, float], float]
    worst: Callable[[Sequence[float]], float]
    limit: float
    words: Callable[[float], str]

    def has(self, value: float) -> bool:
        """Return whether that is bad; what is not a number counts as too large."""
        return value < self.limit if self.worst is min else not value < self.limit


def _of_the_last(layer: Layer, last: float) -> float:
    """Return delta as a part of the last layer's."""
    return layer.delta_std / last if last else 1


TROUBLES = (
    Trouble(
        "the same", lambda layer, last: layer.distinct == 1 < layer.units, max, 0.5,
        lambda value: "all units are the same, so they get the same gradient",
    ),
    Trouble(
        "dead", lambda layer, last: layer.dead, max, 0.5,
        lambda value: f"{100 * value:.0f} % of the units are dead: they get no gradient",
    ),
    Trouble(
        "saturated", lambda layer, last: layer.saturated, max, 0.5,
        lambda value: f"{100 * value:.0f} % of all a are saturated: f' is near 0",
    ),
    Trouble(
        "vanishing", lambda layer, last: layer.a_std, min, 0.01,
        lambda value: f"the signal vanishes: std a is {number(value)}",
    ),
    Trouble(
        "exploding", lambda layer, last: layer.a_std, max, 100,
        lambda value: f"the signal explodes: std a is {ending(value)}",
    ),
    Trouble(
        "vanishing gradient", _of_the_last, min, 0.01,
        lambda value: f"the gradient vanishes: delta is {number(value)} of the last layer's",
    ),
    Trouble(
        "exploding gradient", _of_the_last, max, 100,
        lambda value: f"the gradient explodes: delta is {ending(value)} times the last layer's",
    ),
)  # fmt: skip


def troubles(layers: Sequence[Layer]) -> dict[str, tuple[list[int], str]]:
    """Return by its kind what is wrong, in which layers, and in words with the worst value."""
    found = {}
    for trouble in TROUBLES:
        values = [trouble.value(layer, layers[-1].delta_std) for layer in layers]
        bad = [k for k, value in enumerate(values, start=1) if trouble.has(value)]
        if bad:
            found[trouble.kind] = bad, trouble.words(trouble.worst(values))
    return found


# A learning rate is far from the usual one when it is so many times as large or as small.
FAR = 3

# Why a deep network of sigmoid units does not train from any usual start.
FLAT = "σ' is at most 1/4, so the gradient shrinks from layer to layer"


def other_start(model: Model, kind: str = "") -> dict[str, str | None]:
    """Return what to change about the start, or about the network if the start was right."""
    hidden, activation = model.settings.hidden, model.settings.activation
    if activation == "sigmoid" and (len(hidden) > 2 or model.has_usual_start):
        return with_tanh(model)
    if not model.has_usual_start:
        return {"--init": model.usual_start}
    if activation == "relu" and kind == "dead":
        return with_tanh(model)
    return {"--hidden": widths(hidden[: max(1, len(hidden) // 2)])}


def with_tanh(model: Model) -> dict[str, str | None]:
    """Return what to change for units of tanh, with a start and steps that suit them."""
    options: dict[str, str | None] = {"--activation": "tanh"}
    if not model.has_usual_start:
        options["--init"] = None
    if unusual_steps(model):
        options["--learning-rate"] = None
    return options


def unusual_steps(model: Model) -> str:
    """Return "small" or "large" where the learning rate is far from the usual one, else ""."""
    ratio = model.settings.learning_rate / model.usual_rate
    return "large" if ratio > FAR else "small" if ratio < 1 / FAR else ""


def more(model: Model) -> dict[str, str | None]:
    """Return what to change about the epochs: the usual ones, or ten times as many."""
    epochs = model.settings.epochs
    usual = DEFAULTS.epochs.of(model.settings.activation)
    return {"--epochs": None if epochs < usual else str(10 * epochs)}


def smaller_steps(model: Model) -> dict[str, str | None]:
    """Return what to change about the steps: the usual ones, if these are larger."""
    settings = model.settings
    if settings.learning_rate > model.usual_rate:
        return {"--learning-rate": None}
    if settings.optimizer != DEFAULTS.optimizer:
        return {"--optimizer": DEFAULTS.optimizer, "--learning-rate": None}
    return {"--learning-rate": f"{settings.learning_rate / 10:.3g}"}
