"""Starts: how weights and biases begin. By name, by the notes' scales, or out of a user's file.

``FILE.py:FUNCTION`` names a function in a Python file of the user's. The file is run, as
importing it would; nothing is written beside it. Nothing here is slow to load.

Where to go next: ``claims.py``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlp.initializers import InitializerLike


@dataclass(frozen=True)
class Named:
    """An initializer by name, with its parameters: Named("constant", {"value": 0.5})."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def initializer(self) -> InitializerLike:
        """Return what draws the weights."""
        from mlp import initializers

        return initializers.get(self.name, **self.parameters)


@dataclass(frozen=True)
class Start:
    """How weights and biases start.

    Attributes
    ----------
    kernel, bias : Named
        What draws them.
    words : str
        The same as a formula.
    name : str
        What is typed.
    note : str
        What stands after the name in pictures.

    Examples
    --------
    >>> named_start("small").label, named_start("he_normal").label
    ('small ·0.01', 'he_normal')
    """

    kernel: Named
    bias: Named
    words: str
    name: str = ""
    note: str = ""

    @property
    def label(self) -> str:
        """The name in pictures: its first word is what is typed."""
        return f"{self.name or self.kernel.name} {self.note}".strip()


def _randn(stddev: float, name: str, note: str) -> Start:
    words = f"w = randn · {stddev:g}, b = 0"
    return Start(Named("normal", {"stddev": stddev}), Named("zeros"), words, name, note)


SCALES = {
    "small": _randn(0.01, "small", "·0.01"),
    "large": _randn(1.0, "large", "·1"),
    "scaled": Start(
        Named("lecun_normal"), Named("zeros"), "w = randn · √(1/fan_in), b = 0", "scaled",
        "√(1/n)",
    ),
}  # fmt: skip


def named_start(name: str) -> Start:
    """Return the start of that name, with b = 0.

    Parameters
    ----------
    name : str
        One of the notes' scales; an initializer, with its numbers after a colon where it takes
        some; or a number alone, the standard deviation of normal weights.

    Raises
    ------
    InputError
        If there is no such initializer, or it does not take these numbers.

    Examples
    --------
    >>> named_start("0.3").kernel
    Named(name='normal', parameters={'stddev': 0.3})
    >>> named_start("variance_scaling:2,fan_in").kernel.parameters
    {'scale': 2.0, 'mode': 'fan_in'}
    """
    if name in SCALES:
        return SCALES[name]
    if _number(name) is not None:
        return _randn(float(name), name, "·randn")
    return Start(_with_numbers(name), Named("zeros"), name, name)


def _with_numbers(text: str) -> Named:
    """Return the initializer that the text names, with the numbers after its colon."""
    name, colon, values = text.partition(":")
    if not colon:
        return Named(text)

    from mlp.arrays import InputError
    from mlp.initializers import INITIALIZERS

    if text in INITIALIZERS:  # the function of a file
        return Named(text)
    taken = list(signature(INITIALIZERS[name]).parameters)
    given = [value.strip() for value in values.split(",")]
    if len(given) > len(taken) or not all(given):
        takes = f"takes {', '.join(taken)}" if taken else "takes no numbers"
        raise InputError(f"'{text}': {INITIALIZERS.name_of(name)} {takes}")
    pairs = zip(taken, given, strict=False)
    parameters = {key: value if (x := _number(value)) is None else x for key, value in pairs}
    try:
        INITIALIZERS[name](**parameters)
    except (TypeError, ValueError) as error:
        raise InputError(f"'{text}': {error}") from None
    return Named(INITIALIZERS.name_of(name), parameters)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def scale_named(text: str) -> str:
    """Return the text, if it is one of the notes' scales or a positive number."""
    if text in SCALES:
        return text
    try:
        good = float(text) > 0 and float(text) < float("inf")
    except ValueError:
        good = False
    if not good:
        from mlp.registry import suggestion

        hint = f": {suggestion(text, SCALES)}" if text.isalpha() else ""
        raise ValueError(f"'{text}' is not small, large, scaled or a positive number{hint}")
    return text


def random_start(scale: str) -> Start:
    """Return randn times a scale of that name or size."""
    if scale in SCALES:
        return SCALES[scale]
    return _randn(float(scale), f"{float(scale):g}", "·randn")


# The ranges that the notes compare, in their order.
RANGES = (*SCALES, "glorot_normal", "he_normal")


# Which initializer counts as a good start; Glorot for the activations not named.
SUITED = {"relu": "he_normal"}


def good_start(activation: str) -> Start:
    """Return a start that suits the activation: He for ReLU, Glorot for the others."""
    return Start(Named(SUITED.get(activation, "glorot_normal")), Named("zeros"), "")


def is_usual(start: str, activation: str) -> bool:
    """Return whether a name means the same weights as the `good_start` of the activation.

    Examples
    --------
    >>> is_usual("kaiming_normal", "relu"), is_usual("variance_scaling:2,fan_in,normal", "relu")
    (True, True)
    >>> is_usual("he_uniform", "relu")
    False
    """
    from mlp.arrays import InputError

    try:
        given, usual = (
            s.kernel.initializer() for s in (named_start(start), good_start(activation))
        )
    except InputError:  # the function of a file that is not at hand
        return False
    return getattr(given, "formula", "") == getattr(usual, "formula", None)


# What has been registered: the file and its function, and the name of the initializer; and what
# was typed for it.
_NAMES: dict[tuple[str, str], str] = {}
_PLACES: dict[str, str] = {}


def initializer_of(place: str) -> str:
    """Run a file, register one of its functions as an initializer, and return the name.

    Parameters
    ----------
    place : str
        ``path/to/file.py:function``, a callable (rng, fan_in, fan_out) -> W.

    Returns
    -------
    str
        ``file.py:function``, or `place` itself where another file has that name already.

    Raises
    ------
    ValueError
        If the file cannot be read or fails, or has no such function.
    """
    from mlp import initializers
    from mlp.registry import suggestion

    path, _, function = place.rpartition(":")
    key = (os.path.realpath(path), function)
    name = f"{Path(path).name}:{function}"
    name = _NAMES.get(key) or (place if name in initializers.INITIALIZERS else name)
    if name in initializers.INITIALIZERS:
        if _NAMES.get(key) != name:
            raise ValueError(f"'{place}' differs from another only in upper and lower case")
        return name
    found = vars(_run(Path(path)))
    callables = [other for other, value in found.items() if callable(value)]
    if function not in callables:
        raise ValueError(f"{path} has no function '{function}': {suggestion(function, callables)}")
    initializers.register(name)(found[function])
    _NAMES[key], _PLACES[name] = name, place
    return name


def typed(name: str) -> str:
    """Return what has to be typed for a start: its name, or where its file is."""
    return _PLACES.get(name, name)


def _run(path: Path) -> ModuleType:
    """Return the module that a file makes; what stands beside it can be imported."""
    from mlp.files import file_behind

    try:
        source = file_behind(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from None
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    known = sys.modules.get(path.stem)
    sys.modules[path.stem] = known or module
    sys.path.insert(0, str(path.resolve().parent))
    try:
        exec(compile(source, str(path), "exec"), vars(module))
    except (Exception, SystemExit) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path} fails with {type(error).__name__}: {reason}") from None
    finally:
        sys.path.pop(0)
    return module
