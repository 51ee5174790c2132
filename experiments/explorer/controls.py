"""The controls of the explorer: matplotlib's sliders and radio buttons, with keys.

A control has a title, a widget and one thing that it chooses; what follows from the choice it
does not know. A `Dial` is a number on a slider, a `Pick` one of a few words.

Where to go next: ``figure.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.widgets import RadioButtons, Slider

from experiments.kit.style import CASE, INK, WELL

TRACK = "#D8D8D8"
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

    def show(self, value: Any) -> None:
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
        written: Callable[[float], str] = "{:g}".format,
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
        self.moving = [self.slider.poly, *ax.lines, self.number]

    def move(self, direction: int) -> None:
        """Go one step up or down; from nowhere, begin in the middle."""
        value = self.scale.value((self.slider.valmin + self.slider.valmax) / 2)
        if self.value is not None:
            value = self.scale.beside(self.value, direction)
        self.choose(**{self.name: value})

    def show(self, value: Any) -> None:
        """Show a number; None: the slider stands for nothing now."""
        self.value = value
        self.slider.eventson = False
        if value is not None:
            self.slider.set_val(self.scale.place(value))
        self.slider.eventson = True
        for artist in (self.slider.poly, *self.ax.lines):
            artist.set_visible(value is not None)
        self.number.set_text("" if value is None else self.written(value))


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

    def show(self, value: Any) -> None:
        """Show a word."""
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
