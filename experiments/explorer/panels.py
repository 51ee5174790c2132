"""The panels of the explorer: the map, signals in every layer, the loss, the answers.

Each is axes with artists that are made once and get new data. What moves all the time is
*animated*, in matplotlib's word, so that the rest can be kept as a background: drawing text and
ticks is what takes time.

Where to go next: ``figure.py``, which places them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.text import Text

from experiments.case.figure import UNITS, answers, plane
from experiments.explorer.measure import (
    SIGMA_W,
    Explorer,
    Sight,
    depth_limit,
    depth_limits,
    marked,
)
from experiments.explorer.scales import (
    decades,
    heights,
    histogram_edges,
    layer_at,
    layer_limits,
    layers_apart,
    layers_in_words,
    layers_shown,
    round_up,
    ticks,
)
from experiments.kit.starts import named_start
from experiments.kit.style import CASE, INK, QUIET, WELL, drawable, pretty
from experiments.kit.words import counted, hidden_units, number
from mlp.arrays import Array

PAST = "#BBBBBB"
# What is shown of every layer: how it is called, and its colour.
SIGNALS = {
    "a_std": ("std of a\nforward →", WELL),
    "delta_std": ("std of\ndelta\n← back", CASE),
    "dW_rms": ("rms of\n∂L/∂W", "#167F56"),
}
# The units of a layer that are drawn, and the places of the surface along each input.
UNITS_SHOWN, GRID = 5, 40
# The axis of the map.
LAYERS = (0.5, 1000.0)


class Panel:
    """Axes with artists that are made once; `show` gives them the newest data.

    Attributes
    ----------
    ax : matplotlib.axes.Axes
        Where it is.
    moving : list of matplotlib.artist.Artist
        What moves all the time, from back to front.
    """

    def __init__(self, ax: Axes) -> None:
        self.ax = ax
        self.moving: list[Artist] = []
        self.sight: Sight | None = None
        self._frame: tuple[Any, ...] = ()
        ax.format_coord = self._told  # type: ignore[method-assign]

    def moves(self, *artists: Artist) -> None:
        """Say that these move, so that they are no part of the background."""
        for artist in artists:
            artist.set_animated(True)
        self.moving += artists

    def frame(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        x_ticks: Sequence[float],
        y_ticks: Sequence[float],
        zero: bool = False,
    ) -> None:
        """Set limits and ticks, if they are others than before: that takes time to draw.

        With `zero` the lowest tick stands for 0, which a log axis does not have.
        """
        frame = (x, y, tuple(x_ticks), tuple(y_ticks), zero)
        if frame != self._frame:
            self._frame = frame
            self.ax.set(xlim=x, ylim=y)
            ticks(self.ax, x_ticks, y_ticks, zero)

    def show(self, sight: Sight, past: Sequence[Sight]) -> None:
        """Show a sight, and in grey what was before."""
        self.sight = sight
        self.update(sight, past)

    def update(self, sight: Sight, past: Sequence[Sight]) -> None:
        """Give the artists their data."""
        raise NotImplementedError

    def told(self, sight: Sight, x: float, y: float) -> str:
        """Return the exact number at a place."""
        raise NotImplementedError

    def _told(self, x: float, y: float) -> str:
        return self.told(self.sight, x, y) if self.sight else ""


class Map(Panel):
    """How deep a network of theory trains from every range, and where we are."""

    def __init__(self, ax: Axes) -> None:
        super().__init__(ax)
        self.drawn: tuple[Any, ...] = ()
        (self.curve,) = ax.plot([], [], color=QUIET, linewidth=2.5)
        self.trains = ax.fill_between([], [], [])
        self.level = ax.axhline(1, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
        self.level_name = ax.text(
            0.005, 1, "", transform=ax.get_yaxis_transform(), va="bottom", size=11
        )
        (self.here,) = ax.plot([], [], "o", color=CASE, markersize=13, zorder=4, clip_on=False)
        self.name = ax.text(
            1, 1.02, "", transform=ax.transAxes, color=CASE, weight="bold", ha="right", va="bottom"
        )
        self.marks = {
            start: (ax.axvline(1, color=PAST, linewidth=1, zorder=0), self._word(start, *place))
            for start, place in (
                ("small", ("right", 0.97, "top")),
                ("scaled", ("right", 1.0, "bottom")),
                ("he_normal", ("left", 1.0, "bottom")),
                ("large", ("left", 0.97, "top")),
            )
        }
        ax.set(xscale="log", yscale="log", xlim=SIGMA_W, ylim=LAYERS)
        ax.set_title("how deep it trains, by theory (6 ξ): layers", weight="normal", size=12)
        ticks(ax, [], [1, 100])
        self.moves(self.here, self.name)

    def _word(self, start: str, align: str, height: float, side: str) -> Text:
        return self.ax.text(
            1, height, f" {named_start(start).label} ", transform=self.ax.get_xaxis_transform(),
            ha=align, va=side, color=QUIET, size=11,
        )  # fmt: skip

    def update(self, sight: Sight, past: Sequence[Sight]) -> None:
        """Move the dot, and the marks of the starts that do not follow the width."""
        choice, at = sight.choice, sight.choice.at
        if at is not None and not SIGMA_W[0] <= at <= SIGMA_W[1]:
            at = None
        drawn = choice.activation, choice.depth, choice.width
        if drawn != self.drawn:
            self.drawn = drawn
            sigma_w, limits = depth_limits(choice.activation)
            limits = np.minimum(limits, 2 * LAYERS[1])
            self.curve.set_data(sigma_w, limits)
            self.trains.remove()
            self.trains = self.ax.fill_between(
                sigma_w, choice.depth, limits, where=limits > choice.depth, interpolate=True,
                color=WELL, alpha=0.2, linewidth=0,
            )  # fmt: skip
            self.level.set_ydata([choice.depth, choice.depth])
            self.level_name.set(y=choice.depth, text=f"depth {choice.depth}")
            for start, place in marked(choice.width).items():
                line, word = self.marks[start]
                line.set_xdata([place, place])
                word.set_x(place)
        self.here.set_visible(at is not None)
        words = "you are not on this map"
        if at is not None:
            layers = depth_limit(choice.activation, at)
            self.here.set_data([at], [np.clip(layers, *LAYERS)])
            words = f"● you are here: {layers_in_words(layers)}"
        self.name.set_text(words)

    def told(self, sight: Sight, x: float, y: float) -> str:
        """Return what theory says of the range under the mouse."""
        layers = layers_in_words(depth_limit(sight.choice.activation, float(f"{x:.2g}")))
        return f"σ_w = {x:.2g}: by theory it trains to {layers}"


class UnitsPanel(Panel):
    """Some units of every layer; those that are the same have the same colour."""

    def __init__(self, ax: Axes) -> None:
        super().__init__(ax)
        self.dots = ax.scatter([], [], s=[], edgecolors=INK, linewidths=0.8)
        ax.set(ylim=(-0.7, UNITS_SHOWN - 0.3))
        ax.axis("off")
        self.title = ax.set_title("")
        self.moves(self.dots, self.title)

    def update(self, sight: Sight, past: Sequence[Sight]) -> None:
        """Give every unit the colour of the first that is the same."""
        depth, shown = sight.choice.depth, min(sight.choice.width, UNITS_SHOWN)
        k, j = np.indices((depth, shown)).reshape(2, -1)
        same = np.array([group[:shown] for group in sight.groups])
        self.dots.set_offsets(np.column_stack([k + 1, shown - 1 - j + (UNITS_SHOWN - shown) / 2]))
        self.dots.set_sizes([min(70, 800 / depth)])
        self.dots.set_facecolor([UNITS[u % len(UNITS)] for u in same.ravel()])
        self.frame(layer_limits(depth), self.ax.get_ylim(), [], [])
        words = f"{counted(sight.units, 'hidden unit')}, not finite"
        self.title.set_text(words if sight.diverged else hidden_units(sight.units, sight.distinct))
        self.dots.set_visible(not sight.diverged)

    def told(self, sight: Sight, x: float, y: float) -> str:
        """Return how many units of a layer differ."""
        k = layer_at(sight, x)
        return f"layer {k + 1}: {len(np.unique(sight.groups[k]))} of {sight.choice.width} differ"


class HistogramsPanel(Panel):
    """How a is distributed in every layer, upright beside one another."""

    def __init__(self, ax: Axes) -> None:
        super().__init__(ax)
        self.shapes = PolyCollection([], facecolors=SIGNALS["a_std"][1], edgecolors="none")
        ax.add_collection(self.shapes, autolim=False)
        self.title = ax.set_title("")
        self.moves(self.shapes, self.title)

    def update(self, sight: Sight, past: Sequence[Sight]) -> None:
        """Draw a histogram around every layer, its widest bar as wide as there is room."""
        depth, layers = sight.choice.depth, layers_shown(sight.choice.depth)
        edges = histogram_edges(sight.choice.activation)
        room = 0.45 * layers_apart(depth)
        y = np.repeat(edges, 2)[1:-1]
        shapes = []
        for k in layers:
            x = room * np.repeat(heights(sight.journey.answers[k - 1], edges), 2)
            shapes.append(np.column_stack([k + np.append(x, -x[::-1]), np.append(y, y[::-1])]))
        self.shapes.set_verts(shapes)
        where = "layer by layer" if len(layers) == depth else f"in {len(layers)} of {depth} layers"
        self.title.set_text(f"how a is distributed, {where}")
        margin = 0.03 * (edges[-1] - edges[0])
        low, high = float(edges[0]), float(edges[-1])
        marks = [round(v, 2) for v in (low, (low + high) / 2, high)]
        self.frame(layer_limits(depth), (low - margin, high + margin), [], marks)

    def told(self, sight: Sight, x: float, y: float) -> str:
        """Return how much of a layer is saturated, or dead."""
        k = layer_at(sight, x)
        measured = sight.journey.measured
        parts = [f"{name} {100 * measured[name][0][k]:.3g} %" for name in ("saturated", "dead")]
        return f"layer {k + 1}: {', '.join(parts)}"


class SignalPanel(Panel):
    """One measure over the layers: now, before, and where theory puts it."""

    def __init__(self, ax: Axes, measure: str) -> None:
        super().__init__(ax)
        self.measure = measure
        words, colour = SIGNALS[measure]
        self.before = [ax.plot([], [], color=PAST, linewidth=1.5)[0] for _ in range(3)]
        (self.line,) = ax.plot([], [], color=colour)
        (self.dots,) = ax.plot(
            [], [], "o", color="white", markeredgecolor=INK, markersize=5, zorder=3
        )
        ax.set_yscale("log")
        ax.text(1.03, 0.5, words, transform=ax.transAxes, color=colour, weight="bold", va="center")
        if measure == "dW_rms":
            ax.set_xlabel("layer", labelpad=1)
        self.moves(ax)  # with its ticks, which a drag changes all the time

    def update(self, sight: Sight, past: Sequence[Sight]) -> None:
        """Draw the lines within one range of powers of ten; 0 lies on its lower edge."""
        lines = [seen.measured(self.measure) for seen in (sight, *past)]
        predicted, depth = sight.theory(self.measure), sight.choice.depth
        low, high = decades(np.concatenate(lines))

        def drawn(values: Array) -> Array:
            return np.clip(values, low, high)

        draw_lines((self.line, *self.before), [drawn(values) for values in lines], 1)
        self.line.set_marker("o" if depth == 1 else "")
        self.dots.set_visible(predicted is not None)
        if predicted is not None:
            layers = np.array(layers_shown(depth))
            self.dots.set_data(layers, drawn(predicted[layers - 1]))
        below = layers_shown(depth) if self.measure == "dW_rms" else []
        zero = any((values == 0).any() for values in lines)
        margin = (high / low) ** 0.06
        limits = low / margin, high * margin
        powers = [low, 1.0, high] if low * margin**3 < 1 < high / margin**3 else [low, high]
        self.frame(layer_limits(depth), limits, below, powers, zero)

    def told(self, sight: Sight, x: float, y: float) -> str:
        """Return the exact number, and the one of theory."""
        k = layer_at(sight, x)
        words = f"layer {k + 1}: {sight.measured(self.measure)[k]:.6g}"
        predicted = sight.theory(self.measure)
        return words if predicted is None else f"{words}, theory {predicted[k]:.6g}"


class LossPanel(Panel):
    """The loss so far, that of what was before in grey, and that of always the mean."""

    def __init__(self, ax: Axes) -> None:
        super().__init__(ax)
        self.before = [ax.plot([], [], color=PAST, linewidth=1.5)[0] for _ in range(3)]
        self.mean = ax.axhline(1, color=INK, linestyle=(0, (4, 3)), linewidth=1.6)
        (self.line,) = ax.plot([], [], color=CASE, linewidth=4)
        (self.now,) = ax.plot([], [], "o", color=CASE, markersize=9, clip_on=False)
        self.mean_name = ax.annotate(
            "always the mean", (0.99, 1), (0, 4), xycoords=ax.get_yaxis_transform(),
            textcoords="offset points", size=11, ha="right", va="bottom",
        )  # fmt: skip
        ax.set_xlabel("epoch", labelpad=1)
        self.title = ax.set_title("")
        self.moves(*self.before, self.mean, self.line, self.now, self.mean_name, self.title)

    def update(self, sight: Sight, past: Sequence[Sight]) -> None:
        """Draw the losses; what is far above the mean predictor's lies on the upper edge."""
        lines = [seen.losses for seen in (sight, *past)]
        known = np.concatenate(lines)
        highest = float(known[np.isfinite(known)].max(initial=0)) / (sight.mean_loss or 1)
        top = (sight.mean_loss or 1) * (1.25 if highest < 1.2 else 2 if highest < 1.9 else 3)
        shown = [np.minimum(drawable(losses, top), top) for losses in lines]
        draw_lines((self.line, *self.before), shown, 0)
        last = float(sight.losses[-1])
        self.now.set_data([sight.epoch], [top if not np.isfinite(last) else min(last, top)])
        for artist in (self.line, self.now):
            artist.set_color(WELL if sight.good else CASE)
        self.mean.set_ydata([sight.mean_loss] * 2)
        self.mean_name.xy = (0.99, sight.mean_loss)
        diverged = f"diverged at epoch {sight.epoch}"
        self.title.set_text(diverged if sight.diverged else f"loss {number(last)}")
        epochs = round_up(max(len(losses) - 1 for losses in lines))
        self.frame((0, epochs), (0, top), [0, epochs / 2, epochs], [0, sight.mean_loss])

    def told(self, sight: Sight, x: float, y: float) -> str:
        """Return the loss of an epoch."""
        epoch = int(np.clip(round(x), 0, sight.epoch))
        return f"epoch {epoch}: loss {sight.losses[epoch]:.6g}"


class AnswersPanel(Panel):
    """What the network answers, in the units of the table."""

    def __init__(self, ax: Axes, explorer: Explorer) -> None:
        super().__init__(ax)
        self.dataset = explorer.dataset
        self.truth = self.dataset.y[:, 0] * self.dataset.y_std[0] + self.dataset.y_mean[0]

    def answers(self, sight: Sight, x: Array) -> Array:
        """Return the first output for inputs that are standardised."""
        return answers(sight.network, x, self.dataset)


class SurfacePanel(AnswersPanel):
    """The answer over two inputs, with the data on it in the same colours."""

    def __init__(self, ax: Axes, explorer: Explorer) -> None:
        super().__init__(ax, explorer)
        data = self.dataset
        points, (across, up), self.grid = plane(data, GRID)
        colours: dict[str, Any] = {
            "cmap": "cividis", "vmin": self.truth.min(), "vmax": self.truth.max(),
        }  # fmt: skip
        self.image = ax.imshow(
            np.zeros((GRID, GRID)), extent=(across[0], across[-1], up[0], up[-1]),
            origin="lower", aspect="auto", interpolation="bilinear", **colours,
        )  # fmt: skip
        colours |= {"edgecolors": "white", "linewidths": 0.5}
        dots = ax.scatter(points[:, 0], points[:, 1], c=self.truth, s=16, **colours)
        self.moves(self.image, dots)
        ax.set(xlabel=pretty(data.inputs[0]), ylabel=pretty(data.inputs[1]))
        ax.set_title(f"its answer: {pretty(data.targets[0])}")
        ax.locator_params(nbins=4)

    def update(self, sight: Sight, past: Sequence[Sight]) -> None:
        """Colour the plane."""
        answer = np.nan_to_num(self.answers(sight, self.grid), nan=0, posinf=1e300, neginf=-1e300)
        self.image.set_data(np.clip(answer, *self.image.get_clim()).reshape(GRID, GRID))
        self.image.set_visible(not sight.diverged)

    def told(self, sight: Sight, x: float, y: float) -> str:
        """Return the answer at a place."""
        data = self.dataset
        at = (np.array([[x, y]]) - data.x_mean) / data.x_std
        return f"{x:.4g}, {y:.4g}: it answers {self.answers(sight, at)[0]:.6g}"


class TruthPanel(AnswersPanel):
    """The answer against the truth, for any number of inputs."""

    def __init__(self, ax: Axes, explorer: Explorer) -> None:
        super().__init__(ax, explorer)
        ends = [self.truth.min(), self.truth.max()]
        self.margin = 0.05 * (ends[1] - ends[0]) or 1.0
        ax.plot(ends, ends, color=QUIET, linewidth=1.5)
        (self.dots,) = ax.plot([], [], "o", color=CASE, alpha=0.5, markersize=5, markeredgewidth=0)
        limits = ends[0] - self.margin, ends[1] + self.margin
        name = pretty(self.dataset.targets[0])
        ax.set(xlim=limits, ylim=limits, xlabel=f"{name}: the truth", ylabel="its answer")
        self.moves(self.dots)
        ax.set_title("its answer against the truth")
        ax.locator_params(nbins=4)

    def update(self, sight: Sight, past: Sequence[Sight]) -> None:
        """Move the dots; answers that are far off lie on the edge."""
        answer = self.answers(sight, self.dataset.x)
        self.dots.set_data(self.truth, np.clip(answer, *self.ax.get_ylim()))

    def told(self, sight: Sight, x: float, y: float) -> str:
        """Return the nearest example."""
        nearest = int(np.abs(self.truth - x).argmin())
        answer = self.answers(sight, self.dataset.x[nearest : nearest + 1])[0]
        return f"truth {self.truth[nearest]:.4g}: it answers {answer:.6g}"


def draw_lines(artists: Sequence[Line2D], lines: Sequence[Array], first: int) -> None:
    """Give each its values, from x = first on; those that are left over get none."""
    for k, artist in enumerate(artists):
        values = lines[k] if k < len(lines) else np.empty(0)
        artist.set_data(np.arange(first, first + len(values)), values)
