"""The explorer as one figure: controls, signals in every layer, and the training.

The figure measures and draws the newest state when it is itself drawn, so a drag never queues
up: however many changes come between two pictures, the next one shows the last of them.
Training goes on between pictures, a moment at a time, and waits for each to be shown.

Artists are made once and get new data; ``quick.py`` draws only those that move. The same
figure serves a window, a browser (WebAgg), a notebook (ipympl) and a file.

Where to go next: ``command.py``.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

import numpy as np
from matplotlib.backend_bases import KeyEvent, MouseEvent, ResizeEvent
from matplotlib.widgets import Button

from experiments.data import Dataset, load
from experiments.explorer import panels, text
from experiments.explorer.controls import BY_SLIDER, controls
from experiments.explorer.measure import Choice, Explorer, Sight
from experiments.explorer.quick import QuickFigure
from experiments.kit.style import CASE, INK, QUIET, WELL, Picture, styled
from mlp.arrays import InputError

SIZE = (12.8, 8.0)
# How many letters of the command there is room for in a line.
COLUMNS = 136
# Keys to the next control and the one before; the last is Tk's word for shift and tab.
FORWARD, BACK = ("down", "tab"), ("up", "shift+tab", "shift+iso_left_tab")
# For how long it trains between two pictures, in seconds.
MOMENT = 0.08
# Why a network may not be drawn: the picture then says so.
CANNOT_BEGIN = (InputError, MemoryError)
STYLE = {
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.titlepad": 5,
    "axes.labelsize": 12,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "lines.linewidth": 3,
}


def explore(
    dataset: Dataset | None = None, *, hide: Collection[str] = (), **choice: Any
) -> ExplorerFigure:
    """Return the explorer, to play with in a notebook after ``%matplotlib widget``.

    Parameters
    ----------
    dataset : Dataset, optional
        From ``data.load``; by default the penguins.
    hide : collection of str
        Which of `controls.CONTROLS` to leave out.
    **choice
        Where to begin, as the attributes of `Choice`.

    Returns
    -------
    ExplorerFigure
        As the last value of a cell it shows itself: alive with ipympl, otherwise as a picture.

    Raises
    ------
    InputError
        If a name is unknown or a number out of range.

    Examples
    --------
    >>> explore(start="zeros", activation="relu").explorer.sight.verdict
    'no signal'
    """
    return ExplorerFigure(Explorer(dataset or load(), Choice(**choice)), hide)


class ExplorerFigure(QuickFigure):
    """An `Explorer` to play with.

    Parameters
    ----------
    explorer : Explorer
        What is shown, and changed by the controls.
    hide : collection of str
        Which of `controls.CONTROLS` to leave out.
    **kwargs
        For `matplotlib.figure.Figure`, as pyplot hands them on.

    Examples
    --------
    >>> from experiments.data import load
    >>> figure = ExplorerFigure(Explorer(load(), Choice("small")), hide=["depth"])
    >>> figure.choose(start="zeros")
    >>> figure.explorer.sight.verdict
    'no signal'
    """

    def __init__(self, explorer: Explorer, hide: Collection[str] = (), **kwargs: Any) -> None:
        self.explorer = explorer
        self.sight: Sight | None = None
        self.past: deque[Sight] = deque(maxlen=3)
        self.playing = False
        self._pressed = True
        with styled(STYLE):
            super().__init__(**kwargs | {"figsize": SIZE, "dpi": 100, "facecolor": "white"})
            self._draw_texts()
            self._draw_panels()
            self._draw_controls(hide)
        self._timer: Any = None
        self.moves(artist for panel in self._panels for artist in panel.moving)
        self.moves(artist for control in self._controls for artist in control.moving)
        self.moves([self._heading, self._verdict, self._progress, self._command, self._keys])
        self.canvas.mpl_connect("button_press_event", self._on_press)
        self.canvas.mpl_connect("key_press_event", self._on_key)
        self.canvas.mpl_connect("resize_event", self._on_resize)

    # --- what it does -------------------------------------------------------------------

    def choose(self, **changes: Any) -> None:
        """Change what is chosen; what was seen before stays in grey."""
        self._remember()
        if changes.get("start") == BY_SLIDER:
            changes = {"sigma_w": self.explorer.choice.at or 1.0}
        self.explorer.choose(**changes)
        self.canvas.draw_idle()

    def reset(self) -> None:
        """Begin again with the same weights."""
        self._remember()
        self.playing = False
        self.explorer.reset()
        self.canvas.draw_idle()

    def new_seed(self) -> None:
        """Begin again with other weights."""
        self._pressed = True
        self.choose(seed=self.explorer.choice.seed + 1)

    def step(self) -> None:
        """Train one epoch."""
        self.playing = False
        with suppress(*CANNOT_BEGIN):
            self.explorer.train()
        self.canvas.draw_idle()

    def play(self) -> None:
        """Begin to train, or stop it."""
        self.playing = not self.playing
        self.canvas.draw_idle()

    def tick(self) -> None:
        """Train for a moment, if it plays."""
        if self.playing:
            with suppress(*CANNOT_BEGIN):
                self.explorer.train_for(MOMENT)
            self.canvas.draw_idle()

    def help(self) -> None:
        """Show the keys, or hide them."""
        self._keys.set_visible(not self._keys.get_visible())
        self.canvas.draw_idle()

    def draw(self, renderer: Any) -> None:
        """Draw the newest state."""
        with styled(STYLE):
            self._show()
            super().draw(renderer)
        if self.playing and not self.canvas.is_saving():  # what was trained has been seen: go on
            self._timer = self._timer or self._new_timer()
            self._timer.start()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """Return what a notebook shows: a live canvas after ``%matplotlib widget``."""
        if "ipympl.backend_nbagg" not in sys.modules:
            return Picture(self, text.describe(self.explorer))._repr_mimebundle_()
        from ipympl.backend_nbagg import Canvas, FigureManager

        canvas: Any = self.canvas
        if not isinstance(canvas, Canvas):
            self.dpi = 75  # a page of a notebook is narrow
            canvas = Canvas(self)
            FigureManager(canvas, 0)
        return canvas._repr_mimebundle_()

    def _remember(self) -> None:
        """Keep what is seen, once for every press of the mouse or of a key."""
        if self._pressed and self.sight is not None:
            self.past.append(self.sight)
        self._pressed = False

    # --- events -------------------------------------------------------------------------

    def _on_press(self, event: MouseEvent) -> None:
        self._pressed = True

    def _on_key(self, event: KeyEvent) -> None:
        self._pressed = True
        key = event.key or ""
        keys: dict[str, Callable[[], None]] = {
            " ": self.play, "s": self.step, "r": self.reset, "n": self.new_seed, "?": self.help,
        }  # fmt: skip
        if "seed" not in self._buttons:
            del keys["n"]
        if key in keys:
            keys[key]()
        elif self._controls and key in FORWARD + BACK:
            self._focus += 1 if key in FORWARD else -1
            self._focus %= len(self._controls)
            self.canvas.draw_idle()
            if widget := getattr(event.guiEvent, "widget", None):  # Tk would leave the figure
                widget.after_idle(widget.focus_set)
        elif self._controls and key in ("left", "right"):
            self._controls[self._focus].move(1 if key == "right" else -1)

    def _on_resize(self, event: ResizeEvent) -> None:
        """Let everything grow and shrink with the window."""
        width, height = self.bbox.size
        dpi = max(min(width / SIZE[0], height / SIZE[1]), 20)
        if abs(dpi - self.dpi) > 0.5:
            self.set_size_inches(width / dpi, height / dpi, forward=False)
            self.dpi = dpi

    def _new_timer(self) -> Any:
        timer = self.canvas.new_timer(interval=10, callbacks=[(self.tick, (), {})])
        timer.single_shot = True
        return timer

    # --- made once ----------------------------------------------------------------------

    def _draw_texts(self) -> None:
        self._heading = self.text(0.2, 0.955, "", size=17)
        self._verdict = self.text(0.985, 0.945, "", size=24, weight="bold", ha="right")
        self._progress = self.text(0.2, 0.925, "", color=QUIET, size=13, parse_math=False)
        self._command = self.text(0.02, 0.014, "", family="monospace", size=10.5, parse_math=False)
        self.text(0.605, 0.455, "○ theory\n― before", color=QUIET, size=11, linespacing=1.5)
        for sigma_w in (0.01, 0.1, 1, 10, 100):
            x = 0.2 + 0.785 * (np.log10(sigma_w) + 2) / 4
            self.text(x, 0.704, f"{sigma_w:g}", color=QUIET, size=11, ha="center")
        self.text(0.02, 0.955, "? for the keys", color=QUIET, size=11)
        lines = "\n".join(f"{keys:12} {does}" for keys, does in text.KEYS)
        self._keys = self.text(
            0.5, 0.5, lines, family="monospace", size=15, ha="center", va="center", zorder=9,
            visible=False, linespacing=1.7, multialignment="left",
            bbox={"facecolor": "white", "edgecolor": INK, "boxstyle": "round,pad=1"},
        )  # fmt: skip

    def _draw_panels(self) -> None:
        two_inputs = self.explorer.dataset.x.shape[1] == 2
        answers = panels.SurfacePanel if two_inputs else panels.TruthPanel
        self._panels: list[panels.Panel] = [
            panels.Map(self.add_axes((0.2, 0.79, 0.785, 0.095))),
            panels.UnitsPanel(self.add_axes((0.245, 0.6, 0.345, 0.065))),
            panels.HistogramsPanel(self.add_axes((0.245, 0.438, 0.345, 0.117))),
            *(
                panels.SignalPanel(self.add_axes((0.245, bottom, 0.345, 0.085)), measure)
                for bottom, measure in zip((0.333, 0.228, 0.123), panels.SIGNALS, strict=True)
            ),
            panels.LossPanel(self.add_axes((0.735, 0.43, 0.25, 0.235))),
            answers(self.add_axes((0.735, 0.123, 0.25, 0.222)), self.explorer),
        ]

    def _draw_controls(self, hidden: Collection[str]) -> None:
        self._controls = controls(self, self.explorer.choice, self.choose, hidden)
        self._focus = 0
        self._buttons = {
            "play": self._button(0.02, 0.122, "play", self.play),
            "step": self._button(0.095, 0.122, "step", self.step),
            "reset": self._button(0.02, 0.068, "reset", self.reset),
        }
        if "seed" not in hidden:
            self._buttons["seed"] = self._button(0.095, 0.068, "new seed", self.new_seed)

    def _button(self, left: float, bottom: float, word: str, act: Callable[[], None]) -> Button:
        ax = self.add_axes((left, bottom, 0.07, 0.045))
        button = Button(ax, word, color="#E8E8E8", hovercolor="#E8E8E8", useblit=False)
        button.drawon = False
        for side in ax.spines.values():
            side.set(visible=True, edgecolor=panels.PAST)
        button.on_clicked(lambda event: act())
        return button

    # --- drawn anew ---------------------------------------------------------------------

    def _show(self) -> None:
        """Bring every artist up to date."""
        problem = ""
        try:
            sight = self.explorer.sight
        except CANNOT_BEGIN as error:
            if self.sight is None:
                raise
            problem = str(error) or "this network does not fit into memory"
            self.explorer.choice = self.sight.choice
            self.explorer.reset()
            sight = self.explorer.sight
        if sight.diverged:
            self.playing = False
        for k, control in enumerate(self._controls):
            control.focus(k == self._focus)
            control.show(sight.choice)
        self._buttons["play"].label.set_text("pause" if self.playing else "play")
        if sight is self.sight:
            return
        if self.sight and sight.diverged and not self.sight.diverged:
            self.past.append(self.sight)  # where it came from, as nothing else is left to see
        self.sight = sight
        for panel in self._panels:
            panel.show(sight, self.past)
        self._verdict.set(text=sight.verdict, color=WELL if sight.good else CASE)
        self._heading.set_text(text.heading(sight).replace("σ_w", r"$\sigma_w$"))
        self._progress.set_text(problem or text.progress(sight))
        command = text.command(sight, self.explorer.source)
        self._command.set_text(text.in_lines(command, COLUMNS))
