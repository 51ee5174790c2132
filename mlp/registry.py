"""Names for things: one small table, used for initializers, activations and optimizers.

What is registered is found by its name everywhere (in ``MLP(...)``, on the command line,
in the comparison and in the tests), and a mistyped name is answered with the nearest one.

Where to go next: ``activations.py``, the first to use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher, get_close_matches
from typing import Generic, TypeVar

from mlp.arrays import InputError

T = TypeVar("T")


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return the sentence that helps someone who typed a `name` that does not exist.

    Examples
    --------
    >>> suggestion("he_norml", ["he_normal", "zeros"])
    "did you mean 'he_normal'?"
    >>> suggestion("?", ["he_normal", "zeros"])
    'choose from he_normal, zeros'

    Sharing an ending is not enough, but a beginning is:

    >>> suggestion("trunc_normal", ["lecun_normal", "normal"])
    'choose from lecun_normal, normal'
    >>> suggestion("lecun", ["lecun_normal", "zeros"])
    "did you mean 'lecun_normal'?"
    """
    known, name = list(known), name.lower()
    near = [
        other for other in get_close_matches(name, known, cutoff=0.7) if _begin_alike(name, other)
    ]
    near += [other for other in known if len(name) > 1 and other.startswith(name)]
    return f"did you mean '{near[0]}'?" if near else f"choose from {', '.join(known)}"


def _begin_alike(name: str, other: str) -> bool:
    """Return whether two names are alike without the words in which they end alike."""
    words, others = name.split("_"), other.split("_")
    while words and others and words[-1] == others[-1]:
        del words[-1], others[-1]
    return SequenceMatcher(a="_".join(words), b="_".join(others)).ratio() > 0.5


class Registry(Generic[T]):
    """A table from names to things of one kind; upper and lower case are the same.

    Parameters
    ----------
    kind : str
        What it holds, for error messages: "initializer", say.

    Examples
    --------
    >>> colours = Registry[str]("colour")
    >>> colours.add("orange", "#E69F00")
    '#E69F00'
    >>> colours["orang"]
    Traceback (most recent call last):
    mlp.arrays.InputError: unknown colour 'orang': did you mean 'orange'?
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._things: dict[str, T] = {}
        self._aliases: dict[str, str] = {}

    def add(self, name: str, thing: T) -> T:
        """Register `thing` under `name` and return it; a name can be taken only once."""
        self._things[self._free(name)] = thing
        return thing

    def alias(self, other: str, name: str) -> None:
        """Let `other` mean `name`: found by `[]`, left out of the listing."""
        self._aliases[self._free(other)] = name.lower()

    def remove(self, name: str) -> None:
        """Forget `name` and its aliases."""
        for other in self.aliases(name):
            del self._aliases[other]
        del self._things[name.lower()]

    def name_of(self, name: str) -> str:
        """Return the name that an alias means; any other name as it is."""
        return self._aliases.get(name.lower(), name.lower())

    def aliases(self, name: str) -> list[str]:
        """Return the other names of `name`."""
        return [other for other, target in self._aliases.items() if target == name.lower()]

    def _free(self, name: str) -> str:
        if name in self:
            raise InputError(f"{self.kind} '{name}' is registered already; choose another name")
        return name.lower()

    def __getitem__(self, name: str) -> T:
        try:
            return self._things[self.name_of(name)]
        except KeyError:
            hint = suggestion(name, [*self._things, *self._aliases])
            raise InputError(f"unknown {self.kind} '{name}': {hint}") from None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (
            name.lower() in self._things or name.lower() in self._aliases
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)
