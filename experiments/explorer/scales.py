"""Scales: where things lie on the axes of the explorer's panels, and which ticks they have.

Where to go next: ``panels.py``, which draws with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from experiments.explorer.measure import Sight
from mlp.activations import ACTIVATIONS
from mlp.arrays import Array

# The most layers whose histograms have room, and the bars of each.
HISTOGRAMS, BINS = 12, 31


def layer_at(sight: Sight, x: float) -> int:
    """Return the layer at a place, from 0."""
    return int(np.clip(round(x), 1, sight.choice.depth)) - 1


def layer_limits(depth: int) -> tuple[float, float]:
    """Return the axis of layers, with room for a histogram around the first and the last."""
    return 0.5, depth + 0.5 * layers_apart(depth)


def layers_in_words(layers: float) -> str:
    """Write how deep a network trains.

    Examples
    --------
    >>> layers_in_words(2.345), layers_in_words(123.4), layers_in_words(np.inf)
    ('2.3 layers', '123 layers', 'any depth')
    """
    if layers >= 1000:
        return "any depth"
    return f"{layers:.1f} layers" if layers < 9.95 else f"{layers:.0f} layers"


def histogram_edges(activation: str) -> Array:
    """Return the bins of a histogram: the range of f, or up to ±4 where f has none."""
    low, high = ACTIVATIONS[activation].bounds
    return np.linspace(max(low, -4.0), min(high, 4.0), BINS + 1)


def heights(a: Array, edges: Array) -> Array:
    """Return how many a lie in each bin, the fullest being 1; what is beyond lies in the last.

    ReLU answers 0 to half of everything: that bar is cut to 1.
    """
    finite = a[np.isfinite(a)]
    counts = np.histogram(np.clip(finite, edges[0], edges[-1]), edges)[0]
    inner = counts[1:-1].max()
    tallest = inner if inner > 0.01 * a.size else max(counts.max(), 1)
    full: Array = np.minimum(counts / tallest, 1)
    return full


def decades(values: Array) -> tuple[float, float]:
    """Return powers of ten around 1 and all that is finite and not 0, in steps of four.

    Examples
    --------
    >>> decades(np.array([0.02, 0.5])), decades(np.array([0.0, 1e-5, 3.0]))
    ((0.0001, 1.0), (1e-08, 10000.0))
    """
    known = values[np.isfinite(values) & (values > 0)]
    powers = np.log10(np.clip(known, 1e-60, 1e60)) if len(known) else np.zeros(1)
    low = min(4 * np.floor(powers.min() / 4), -4)
    high = max(4 * np.ceil(powers.max() / 4), 0)
    return float(10.0**low), float(10.0**high)


def round_up(epochs: int) -> int:
    """Return the end of an axis of epochs: 20, 50, 100, 200 ...

    Examples
    --------
    >>> round_up(0), round_up(21), round_up(130)
    (20, 50, 200)
    """
    ends = [end * 10**k for k in range(1, 9) for end in (2, 5, 10)]
    return next((end for end in ends if end >= epochs), epochs)


def layers_shown(depth: int) -> list[int]:
    """Return which layers have room for a histogram, a dot and a name: as far apart as can be.

    Examples
    --------
    >>> layers_shown(3), layers_shown(30)
    ([1, 2, 3], [3, 6, 9, 12, 15, 18, 21, 24, 27, 30])
    """
    return list(range(depth, 0, -layers_apart(depth)))[::-1]


def layers_apart(depth: int) -> int:
    """Return every which layer is shown."""
    return -(-depth // HISTOGRAMS)


def power(value: float) -> str:
    """Write a power of ten."""
    return "1" if value == 1 else f"$10^{{{round(np.log10(value))}}}$"


def ticks(ax: Axes, x: Sequence[float], y: Sequence[float], zero: bool = False) -> None:
    """Put ticks at these places and nowhere else; the lowest may be called 0."""
    log = ax.get_yscale() == "log"
    for axis, places, names in (
        (ax.xaxis, x, [f"{v:g}" for v in x]),
        (ax.yaxis, y, ["0"] * zero + [power(v) if log else f"{v:g}" for v in y[zero:]]),
    ):
        axis.set_major_locator(FixedLocator(places))
        axis.set_major_formatter(FixedFormatter(names))
        axis.set_minor_locator(NullLocator())
