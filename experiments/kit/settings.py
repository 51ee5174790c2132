"""Settings: the network and how it is trained, and what each command takes where nothing is said.

A default stands once, in a `Defaults`: the help shows it, the run uses it and the text tells it.
Nothing here is slow to load.

Where to go next: ``claims.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from mlp.optimizers import Resumable

# What a piece of work calls: once with the number of its steps, and what it gets back after each.
Step: TypeAlias = Callable[[], object]
Expect: TypeAlias = Callable[[int], Step]


def unwatched(steps: int) -> Step:
    """Expect nothing: for work that nobody watches."""
    return lambda: None


class PerLayer(float):
    """A learning rate that is divided by the number of hidden layers."""


class Default:
    """What an option is where nothing is said; some activations and optimizers want another.

    Parameters
    ----------
    usual : object
        The value. A `PerLayer` is divided by the number of hidden layers.
    special : keyword arguments
        Other values, by the name of an optimizer or an activation; the optimizer's counts more.

    Examples
    --------
    >>> epochs = Default(500, sigmoid=2000)
    >>> epochs.of("sigmoid"), epochs.of("tanh"), str(epochs)
    (2000, 500, '500; sigmoid 2000')
    >>> rate = Default(PerLayer(0.1), adam=0.01)
    >>> rate.of("tanh", layers=10), rate.of("tanh", "adam", 10), str(rate)
    (0.01, 0.01, '0.1 / layers; adam 0.01')
    """

    def __init__(self, usual: Any, **special: Any) -> None:
        self.usual, self.special = usual, special

    def of(self, activation: str, optimizer: str = "sgd", layers: int = 1) -> Any:
        """Return what the option is with this activation, optimizer and depth."""
        usual = self.special.get(activation, self.usual)
        value = self.special.get(optimizer, usual)
        return float(value) / layers if isinstance(value, PerLayer) else value

    def __str__(self) -> str:
        special = [f"{name} {_spelled(value)}" for name, value in self.special.items()]
        return "; ".join([_spelled(self.usual), *special])


class InWords(Default):
    """A default that depends on more than that, such as the table: told, and filled in later."""

    def __init__(self, words: str) -> None:
        super().__init__(None)
        self.words = words

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True)
class Defaults:
    """What a command takes where nothing is said; see `Settings` for each."""

    activation: str = "relu"
    hidden: Default = field(default_factory=lambda: Default((2,)))
    epochs: Default = field(default_factory=lambda: Default(500, sigmoid=2000))
    learning_rate: Default = field(default_factory=lambda: Default(0.1, adam=0.01))
    batch_size: Default = field(default_factory=lambda: Default(None))
    optimizer: str = "sgd"

    def settings(self, **chosen: Any) -> Settings:
        """Return what was chosen, and the defaults for what is left out or None.

        Raises
        ------
        ValueError
            If the learning rate is out of range or a name is unknown.

        Examples
        --------
        >>> Defaults().settings(activation="sigmoid", optimizer="adam").epochs
        2000
        """
        said = {name: value for name, value in chosen.items() if value is not None}
        activation = said.setdefault("activation", self.activation)
        optimizer = said.setdefault("optimizer", self.optimizer)
        layers = len(said.setdefault("hidden", self.hidden.of(activation, optimizer)))
        for name in ("epochs", "learning_rate", "batch_size"):
            said.setdefault(name, getattr(self, name).of(activation, optimizer, layers))
        return Settings(**said)


@dataclass(frozen=True)
class Settings:
    """The network and how it is trained; what is not said is as for the notes' cases, `USUAL`.

    Attributes
    ----------
    activation : str
        Of the hidden units.
    hidden : tuple of int
        Units of each hidden layer.
    epochs : int
        How often to go through the data; by default what suits the activation.
    learning_rate : float
        η, per step; by default what suits the optimizer.
    batch_size : int or None
        Rows per step; None for all.
    optimizer : str
        A registered name.
    seed : int
        Everything random follows from it.

    Raises
    ------
    ValueError
        If the learning rate is out of range or the optimizer unknown.

    Examples
    --------
    >>> settings = Settings(activation="sigmoid", optimizer="adam")
    >>> settings.epochs, settings.learning_rate
    (2000, 0.01)
    """

    activation: str = "relu"
    hidden: tuple[int, ...] = (2,)
    epochs: int = None  # type: ignore[assignment]  # filled in below
    learning_rate: float = None  # type: ignore[assignment]
    batch_size: int | None = None
    optimizer: str = "sgd"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "learning_rate"):
            if getattr(self, name) is None:
                usual: Default = getattr(USUAL, name)
                object.__setattr__(self, name, usual.of(self.activation, self.optimizer))
        self.new_optimizer()

    def new_optimizer(self) -> Resumable:
        """Return a fresh optimizer of this kind and rate."""
        from mlp.optimizers import OPTIMIZERS

        return OPTIMIZERS[self.optimizer](self.learning_rate)


# What the notes' cases take.
USUAL = Defaults()


def widths(hidden: Sequence[int]) -> str:
    """Write the widths of hidden layers as they are typed.

    Examples
    --------
    >>> widths((16, 16)), widths((50,) * 10)
    ('16,16', '50x10')
    """
    runs = [(width, len(list(same))) for width, same in groupby(hidden)]
    return ",".join(
        f"{width}x{count}" if count > 2 else ",".join([str(width)] * count)
        for width, count in runs
    )


def _spelled(value: Any) -> str:
    if isinstance(value, PerLayer):
        return f"{float(value):g} / layers"
    if isinstance(value, tuple):
        return widths(value)
    return "all" if value is None else f"{value:g}"
