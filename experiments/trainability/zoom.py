"""Zoom: the border between converging and diverging, nearer and nearer.

Small networks, one for each pixel, all with the same weights but for their scale, learn a few rows
with a rate of their own. Whether one converges is a matter of the last digits near the border,
which is a fractal; with a quadratic loss, one layer without an activation, it is a line.

Where to go next: ``zoom_text.py`` and ``zoom_figure.py``.

References
----------
Sohl-Dickstein 2024, "The boundary of neural network trainability is fractal".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.data import Dataset
from experiments.kit.claims import Measured, Outcome, Verdict, claim, outcomes
from experiments.kit.settings import Default, Defaults, Expect, Settings, Step, unwatched
from experiments.kit.sizes import of_training, require
from experiments.kit.sweep import Map, Task, Tasks, groups, trained
from experiments.kit.training import HELD_OUT, WEIGHTS
from experiments.kit.words import number
from mlp import MLP, SGD
from mlp.arrays import Array, InputError
from mlp.network import child_rng

# How a zoom trains unless the user chooses otherwise: all rows, of which there are few.
ZOOMED = Defaults(activation="tanh", hidden=Default((8, 8)), epochs=Default(300))
ROWS = 16
# Networks along each side of a picture, how much nearer each picture is, and how many there are.
SIDE, FACTOR, PICTURES = 128, 8, 4
# The middle of the first picture, and how far it goes to each side, in powers of e.
MIDDLE, HALF = (1.0, 0.5), 3.0
# The sides of the boxes with which the border is covered, in pixels.
BOXES = (1, 2, 4, 8, 16)


class Window(NamedTuple):
    """A part of the plane: the scale and rate in the middle, and powers of e to each side."""

    sigma_w: float
    rate: float
    half: float

    def axes(self) -> tuple[Array, Array]:
        """Return the scales and the rates of the pixels."""
        along = np.exp(self.half * np.linspace(-1, 1, SIDE))
        return self.sigma_w * along, self.rate * along


@dataclass(frozen=True)
class View:
    """One picture of the border.

    Attributes
    ----------
    window : Window
        Which part of the plane it shows.
    converges : numpy.ndarray of bool, shape (SIDE, SIDE)
        Whether the loss of the last tenth of the steps is below the first; rates upwards.
    pace : numpy.ndarray, shape (SIDE, SIDE)
        The mean over the steps of log10(loss / first loss): low where it learns fast, high where
        it soon diverges.
    """

    window: Window
    converges: NDArray[np.bool_]
    pace: Array

    @property
    def border(self) -> NDArray[np.bool_]:
        """The pixels whose neighbour to the right or above fares otherwise."""
        border = np.zeros_like(self.converges)
        border[:-1] |= self.converges[:-1] != self.converges[1:]
        border[:, :-1] |= self.converges[:, :-1] != self.converges[:, 1:]
        return border

    @property
    def dimension(self) -> float:
        """Return the box dimension of the border: 1 for a line, 2 for a plane; NaN for none.

        -d ln N / d ln s of the number N of boxes of side s that hold some of it, fitted over
        `BOXES`.
        """
        return box_dimension(self.border)

    def nearest(self, sigma_w: float, rate: float) -> tuple[float, float]:
        """Return the point of the border that is nearest to one of the plane; it, for none."""
        scales, rates = self.window.axes()
        i, j = np.nonzero(self.border)
        if not len(i):
            return sigma_w, rate
        k = int(np.hypot(np.log(scales[j] / sigma_w), np.log(rates[i] / rate)).argmin())
        return float(scales[j[k]]), float(rates[i[k]])


@dataclass(frozen=True)
class Zoom:
    """Pictures of the border, each nearer by `FACTOR`, and the same of a quadratic loss.

    Attributes
    ----------
    settings : Settings
        The network and the training.
    dataset : Dataset
        Of which `ROWS` rows were learned.
    views, quadratic : list of View
        Of the network; and of one layer without an activation.
    """

    settings: Settings
    dataset: Dataset
    views: list[View]
    quadratic: list[View]

    def verdict(self) -> Verdict:
        """Say in one word what becomes of most networks, and how fine the border is."""
        word = "learning" if self.views[0].converges.any() else "diverged"
        last = self.views[-1].dimension
        fine = f"a border of dimension {number(last)}" if np.isfinite(last) else "no border"
        return Verdict(word, f"{fine}, {FACTOR ** (PICTURES - 1)} times nearer", "")

    def outcomes(self) -> list[Outcome]:
        """Measure what is claimed of the border."""
        return outcomes((fractal, line), self)


@claim("the border of a network is finer than a line", ours=True)
def fractal(r: Zoom) -> Measured:
    """Hold the border, from the second picture on, to a dimension well above that of a line."""
    dimensions = [view.dimension for view in r.views[1:]]
    least = float(np.min(dimensions))
    words = f"dimension {number(least)} or more, zoomed"
    return Measured(least > 1.15, least, words if np.isfinite(least) else "no border in sight")


@claim("that of a quadratic loss is a line", ours=True)
def line(r: Zoom) -> Measured:
    """Hold the border of the quadratic loss to the dimension of a line."""
    most = float(np.max([view.dimension for view in r.quadratic]))
    words = f"dimension {number(most)} at most"
    return Measured(most < 1.15, most, words if np.isfinite(most) else "no border in sight")


def zoom(
    dataset: Dataset,
    settings: Settings | None = None,
    *,
    at: tuple[float, float],
    map: Map = map,  # noqa: A002, what the built-in one does
    expect: Expect = unwatched,
) -> Zoom:
    """Look at the border nearer and nearer, where it is nearest to a point.

    Parameters
    ----------
    dataset : Dataset
        From ``data.load``; a few rows are drawn.
    settings : Settings, optional
        The network and the training, by default `ZOOMED`; plain gradient descent.
    at : (float, float)
        σ_w and the rate.
    map, expect : callable, optional
        As for ``race.measure.compare``.

    Returns
    -------
    Zoom

    Raises
    ------
    InputError
        If the point does not lie in the first picture.
    MemoryError
        If the network does not fit.
    """
    settings = settings or ZOOMED.settings()
    start = Window(*MIDDLE, HALF)
    for name, value, axis in zip(("σ_w", "rate"), at, start.axes(), strict=True):
        if not axis[0] <= value <= axis[-1]:
            raise InputError(
                f"the {name} to zoom to is {value:g}; it must be from {axis[0]:.2g} to "
                f"{axis[-1]:.2g}"
            )
    rows = child_rng(settings.seed, HELD_OUT).permutation(len(dataset.x))[:ROWS]
    x, y = dataset.x[rows], dataset.y[rows]
    ends = x.shape[1], y.shape[1]
    require(of_training([ends[0], *settings.hidden, ends[1]], ROWS, recorded=settings.epochs))
    networks = [_base(settings, [ends[0], *hidden, ends[1]]) for hidden in (settings.hidden, ())]
    step = expect(sum(len(_cut(network)) for network in networks) * PICTURES)

    def views(network: MLP) -> Iterator[View]:
        window, (sigma_w, rate) = start, at
        for k in range(PICTURES):
            view = _view(window, network, x, y, settings, map, step)
            yield view
            sigma_w, rate = view.nearest(sigma_w, rate)
            window = Window(sigma_w, rate, HALF / FACTOR ** (k + 1))

    return Zoom(settings, dataset, *(list(views(network)) for network in networks))


def _base(settings: Settings, sizes: list[int]) -> MLP:
    """Return the network with σ_w = 1 whose weights every pixel scales; its biases are 0."""
    return MLP(
        sizes,
        settings.activation,
        kernel_initializer="lecun_normal",
        seed=np.random.SeedSequence(settings.seed, spawn_key=(WEIGHTS, 0)),
    )


def _cut(network: MLP) -> list[range]:
    return groups(SIDE * SIDE, network.sizes, ROWS)


def _view(
    window: Window,
    network: MLP,
    x: Array,
    y: Array,
    settings: Settings,
    map: Map,  # noqa: A002
    step: Step,
) -> View:
    scales, rates = window.axes()
    sigma_w, eta = (values.reshape(-1, 1) for values in np.meshgrid(scales, rates))

    def scaled(part: range) -> Task:
        of = slice(part.start, part.stop)
        return Task(network.with_theta(network.theta * sigma_w[of]), x, y, settings, SGD(eta[of]))

    converges, pace = [], []
    for stack in map(trained, Tasks(scaled, _cut(network))):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            # What is not finite, or has long left all bounds, is as bad as can be.
            loss = np.fmin(np.nan_to_num(stack.history.loss, nan=1e30, posinf=1e30), 1e30)
            end = loss[-max(1, len(loss) // 10) :].mean(axis=0)
            converges.append(end < loss[0])
            pace.append(np.log10(np.fmax(loss / loss[0], 1e-6)).mean(axis=0))
        step()
    shape = (SIDE, SIDE)
    return View(
        window, np.concatenate(converges).reshape(shape), np.concatenate(pace).reshape(shape)
    )


def box_dimension(border: NDArray[np.bool_]) -> float:
    """Return the box dimension of what is True in a square picture; NaN if nothing is.

    Examples
    --------
    >>> print(round(box_dimension(np.eye(128, dtype=bool)), 6))
    1.0
    """
    counts = []
    for side in BOXES:
        boxes = border.reshape(len(border) // side, side, -1, side).any(axis=(1, 3))
        counts.append(int(boxes.sum()))
    if not counts[0]:
        return float("nan")
    slope, _ = np.polyfit(np.log(BOXES), np.log(counts), 1)
    return float(-slope)
