"""The controls of the explorer: matplotlib's sliders and radio buttons, with keys.

A control has a title, a widget and one thing that it chooses, and shows what is chosen; what
follows from the choice it does not know. A `Dial` is a number on a slider, a `Pick` one of a few
words; `controls` makes all that there are.

Where to go next: ``figure.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.widgets import RadioButtons, Slider

from experiments.explorer.measure import SIGMA_W, Choice, marked, start_names
from experiments.explorer.text import WORDS
from experiments.kit.style import CASE, INK, WELL
from experiments.kit.words import counted
from mlp.activations import ACTIVATIONS

# What may be left out with --hide; the last is a button.
CONTROLS = ("start", "sigma_w", "activation", "depth", "width", "learning_rate", "seed")
# The start that is no start: the slider says it.
BY_SLIDER = ""
TRACK = "#D8D8D8"
# Of the column of controls.
LEFT, WIDTH = 0.02, 0.145
# How many key presses lead from one end of a slider to the other.
PRESSES = 40


class Choose(Protocol):
    """What a control calls."""

    def __call__(self, **changes: Any) -> None:
        """Change what has these names."""


@dataclass(frozen=True)
class Scale:
    """A log axis of numbers: whole ones, or of two digits."""

    low: float
    high: float
    whole: bool = False

    def place(self, value: float) -> float:
        """Return where a value is."""
        return float(np.log10(np.clip(value, self.low, self.high)))

    def value(self, place: float) -> float:
        """Return the value at a place."""
        value = 10**place
        return round(value) if self.whole else float(f"{value:.2g}")

    def beside(self, value: float, direction: int) -> float:
        """Return the value one key press up or down, within the axis."""
        low = self.place(self.low)
        step = (self.place(self.high) - low) / PRESSES
        presses = round((self.place(value) - low) / step) + direction
        there = self.value(low + presses * step)
        if there == value:
            there += direction
        return min(max(there, self.low), self.high)


class Control:
    """A title over a widget; the title tells which control the keys move."""

    def __init__(self, ax: Axes, name: str, title: str, choose: Choose) -> None:
        self.ax, self.name, self.title, self.choose = ax, name, title, choose
        self.heading = ax.text(0, 1, title, transform=ax.transAxes, weight="bold", va="bottom")
        self.focused = False
        self.moving: list[Artist] = []

    def move(self, direction: int) -> None:
        """Go one step up or down: 1 or -1."""
        raise NotImplementedError

    def show(self, choice: Choice) -> None:
        """Show what is chosen."""
        raise NotImplementedError

    def focus(self, on: bool) -> None:
        """Show whether the keys move this control."""
        if on != self.focused:
            self.focused = on
            self.heading.set(
                text=f"▸ {self.title}" if on else self.title, color=CASE if on else INK
            )


class Dial(Control):
    """A number on a slider."""

    def __init__(
        self,
        ax: Axes,
        name: str,
        title: str,
        choose: Choose,
        scale: Scale,
        written: Callable[[Choice], str],
    ) -> None:
        super().__init__(ax, name, title, choose)
        self.scale, self.written = scale, written
        self.value: float | None = None
        self.slider = Slider(
            ax, "", scale.place(scale.low), scale.place(scale.high), valfmt="%.0s",
            initcolor="none", color=WELL, track_color=TRACK,
            handle_style={"facecolor": WELL, "edgecolor": "white", "size": 16},
        )  # fmt: skip
        self.slider.drawon = False
        self.slider.on_changed(lambda place: choose(**{name: scale.value(place)}))
        self.number = ax.text(1, 1, "", transform=ax.transAxes, ha="right", va="bottom")
        handle = list(ax.lines)
        (self.marks,) = ax.plot([], [], "|", color=INK, markersize=12, scalex=False, scaley=False)
        self.moving = [self.slider.poly, self.marks, *handle, self.number]

    def move(self, direction: int) -> None:
        """Go one step up or down; from nowhere, begin in the middle."""
        value = self.scale.value((self.slider.valmin + self.slider.valmax) / 2)
        if self.value is not None:
            value = self.scale.beside(self.value, direction)
        self.choose(**{self.name: value})

    def show(self, choice: Choice) -> None:
        """Show a number; or none, where the start has no σ_w."""
        self.value = choice.at if self.name == "sigma_w" else getattr(choice, self.name)
        self.slider.eventson = False
        if self.value is not None:
            self.slider.set_val(self.scale.place(self.value))
        self.slider.eventson = True
        for artist in self.moving:
            artist.set_visible(self.value is not None or artist is self.marks)
        self.number.set_text(self.written(choice))
        if self.name == "sigma_w":
            places = [self.scale.place(at) for at in marked(choice.width).values()]
            self.marks.set_data(places, [0.5] * len(places))


class Pick(Control):
    """One of a few words. Others, which have no word of their own, take turns in the last."""

    def __init__(
        self,
        ax: Axes,
        name: str,
        title: str,
        choose: Choose,
        words: Mapping[str, str],
        others: Sequence[str] = (),
    ) -> None:
        super().__init__(ax, name, title, choose)
        self.words, self.others = dict(words), list(others)
        self.value, self.other = "?", self.others[0] if others else ""
        ax.set(xticks=[], yticks=[], frame_on=False)
        ax.set_navigate(False)
        self.radio = RadioButtons(
            ax, [*self.words.values(), *([self._last()] if others else [])],
            activecolor=WELL, label_props={"fontsize": [12]},
            radio_props={"s": [80], "edgecolor": [INK]}, useblit=False,
        )  # fmt: skip
        self.radio.drawon = False
        self.radio.on_clicked(lambda word: self._clicked(self.radio.index_selected))

    def _last(self) -> str:
        """Return the word of the last button, whose turn it is among the others."""
        return self.other.replace("_", " ") + (" …" if len(self.others) > 1 else "")

    def _clicked(self, index: int) -> None:
        if index < len(self.words):
            value = list(self.words)[index]
        else:  # a click on what is chosen leads to the next of the others
            turn = self.others.index(self.other) + (self.value == self.other)
            value = self.others[turn % len(self.others)]
        self.choose(**{self.name: value})

    def move(self, direction: int) -> None:
        """Go to the next word, down or up."""
        values = [*self.words, *self.others]
        there = values.index(self.value) + direction
        self.choose(**{self.name: values[min(max(there, 0), len(values) - 1)]})

    def show(self, choice: Choice) -> None:
        """Show a word."""
        value = getattr(choice, self.name)
        if self.name == "start" and choice.sigma_w is not None:
            value = BY_SLIDER
        if value == self.value:
            return
        self.value = value
        if value in self.others:
            self.other = value
            self.radio.labels[-1].set_text(self._last())
        index = len(self.words) if value in self.others else list(self.words).index(value)
        self.radio.eventson = False
        self.radio.set_active(index)
        self.radio.eventson = True


def controls(
    fig: Figure, choice: Choice, choose: Choose, hidden: Collection[str]
) -> list[Control]:
    """Return the controls that are not hidden, in the order in which the keys pass them."""
    made: list[Control] = []
    if "start" not in hidden:
        words = WORDS | {BY_SLIDER: "by the slider"}
        if "sigma_w" in hidden and choice.sigma_w is None:
            del words[BY_SLIDER]
        others = [name for name in start_names(choice.start) if name not in WORDS]
        ax = fig.add_axes((LEFT, 0.565, WIDTH, 0.335))
        made.append(Pick(ax, "start", "start", choose, words, others))
    if "sigma_w" not in hidden:
        ax = fig.add_axes((0.2, 0.732, 0.785, 0.026))
        title = r"how large the weights are: $\sigma_w$ = std of w · √n"
        made.append(Dial(ax, "sigma_w", title, choose, Scale(*SIGMA_W), weights))
    if "activation" not in hidden:
        ax = fig.add_axes((LEFT, 0.4, WIDTH, 0.125))
        names = {name: name for name in ACTIVATIONS}
        made.append(Pick(ax, "activation", "activation", choose, names))
    for name, title, bottom, (low, high), written in (
        ("depth", "depth", 0.325, (1, 50), lambda c: counted(c.depth, "layer")),
        ("width", "width", 0.26, (1, 250), lambda c: counted(c.width, "unit")),
        ("learning_rate", "rate η", 0.195, (1e-4, 10), lambda c: f"{c.learning_rate:.3g}"),
    ):
        if name not in hidden:
            ax, value = fig.add_axes((LEFT, bottom, WIDTH, 0.025)), getattr(choice, name)
            scale = Scale(min(low, value), max(high, value), whole=name != "learning_rate")
            made.append(Dial(ax, name, title, choose, scale, written))
    return made


def weights(choice: Choice) -> str:
    """Write how large the weights are."""
    if choice.at is None:
        return ""
    return rf"$\sigma_w$ = {choice.at:.3g}, so w = randn · {choice.at / choice.width**0.5:.2g}"
