"""The lesson of the map: what the notes and theory say of the range, to be held to it.

Like ``case/cases.py`` this imports nothing that is slow to load.

Where to go next: ``measure.py``, which makes the map.
"""

from __future__ import annotations

from dataclasses import replace
from math import isnan
from typing import TYPE_CHECKING

from experiments.kit.claims import Lesson, Measured, claim
from experiments.kit.settings import Default, Defaults, PerLayer
from experiments.kit.starts import RANGES, named_start
from experiments.kit.words import number

if TYPE_CHECKING:
    from experiments.trainability.measure import Trainability

# How `mlp-demo map` trains unless the user chooses otherwise.
MAPPED = Defaults(
    activation="tanh",
    hidden=Default((50,) * 40),
    epochs=Default(20),
    batch_size=Default(20),
)


def _over_the_depth(*rates: float) -> tuple[PerLayer, ...]:
    return tuple(PerLayer(rate) for rate in rates)


# Of these rates the best counts, as no scale shall lose for want of one.
RATES = Default(
    _over_the_depth(0.3, 0.03, 0.003, 0.0003),
    sigmoid=_over_the_depth(0.3, 0.1, 0.03, 0.01),
    adam=_over_the_depth(0.1, 0.01, 0.001),
)
WIDTH, RUNS = 50, 3
DEPTHS = (3, 5, 7, 10, 14, 20, 28, 40)


def _deep(r: Trainability, start: str) -> Measured | None:
    """Hold a start to training at every depth of the map, if that has its scale."""
    reach, deepest = r.reach_of(start), r.depths[-1]
    if reach is None:
        return None
    text = f"only to depth {reach}" if reach else "at no depth"
    text = "at every depth" if reach == deepest else text
    return Measured(reach == deepest, reach, text)


def _leaves(r: Trainability, start: str) -> Measured | None:
    """Hold a start to leaving the valley at some depth of the map."""
    deep = _deep(r, start)
    return deep and replace(deep, holds=not deep.holds, text=f"trains {deep.text}")


@claim("small is a problem in depth")
def small_leaves(r: Trainability) -> Measured | None:
    return _leaves(r, "small")


@claim("large is a problem in depth")
def large_leaves(r: Trainability) -> Measured | None:
    return _leaves(r, "large")


@claim("√(1/n) is the right way: it trains")
def scaled_trains(r: Trainability) -> Measured | None:
    return _deep(r, "scaled")


@claim("He is the right way with ReLU: it trains")
def he_trains(r: Trainability) -> Measured | None:
    return _deep(r, "he_normal")


@claim("the deeper, the narrower the valley", ours=True)
def narrows(r: Trainability) -> Measured | None:
    wide, narrow = r.spread(0), r.spread(-1)
    if len(r.depths) == 1:
        return None
    return Measured(
        narrow < wide,
        narrow,
        f"σ_w over a factor of {number(wide)} → {number(narrow)}",
    )


@claim("it closes last at the edge of chaos", ours=True)
def closes_at_the_edge(r: Trainability) -> Measured | None:
    if r.edge is None or r.edge_column is None:
        return None
    reach = r.reach[r.edge_column]
    return Measured(
        bool(reach == r.reach.max() > 0),
        float(r.edge),
        f"σ_w = {number(r.edge)} trains to depth {reach}",
    )


@claim("theory: the depth reached follows ξ", ours=True)
def follows_theory(r: Trainability) -> Measured | None:
    rank = r.rank_correlation  # of a dozen scales, chance alone brings 0.5 in one of twenty maps
    if isnan(rank):
        return None
    return Measured(rank > 0.5, rank, f"rank correlation {number(rank)}")


@claim("no scale of the notes trains at every depth", ours=True)
def none_of_the_notes(r: Trainability) -> Measured | None:
    reached = [depth for name in RANGES if (depth := r.reach_of(name)) is not None]
    if len(reached) < len(RANGES):
        return None
    reach = max(reached)
    return Measured(reach < r.depths[-1], reach, f"the best only to depth {reach}")


def _slower(r: Trainability, start: str) -> Measured | None:
    """Hold a start to being trained by fewer of the rates than √(1/n)."""
    its, that = r.column(start), r.column("scaled")
    if its is None or that is None:
        return None
    count, scaled = (int(r.trains[:, column].sum()) for column in (its, that))
    words = f"{count} of {len(r.rates)} rates train it, √(1/n) {scaled}"
    return Measured(count < scaled, count, words)


@claim("small: slow convergence, whatever the rate")
def small_is_slow(r: Trainability) -> Measured | None:
    return _slower(r, "small")


@claim("large: slow convergence, or none")
def large_is_slow(r: Trainability) -> Measured | None:
    return _slower(r, "large")


_HALF = "ReLU answers 0 to half of everything, so each layer halves the mean of a²"
_FLAT = "σ is so flat that only large weights bring a gradient back through depth"
_PROBLEMS = (small_leaves, large_leaves)
_VALLEY = (narrows, closes_at_the_edge, follows_theory)

# What is said of the map against the rate, at the depth at which it is drawn by itself.
RATE_CLAIMS = {
    **dict.fromkeys(("tanh", "relu", "linear"), (small_is_slow, large_is_slow)),
    "sigmoid": (
        small_is_slow.refuted("√(1/n) does not train either"),
        large_is_slow.refuted(_FLAT),
    ),
}

MAP = Lesson(
    name="map",
    title="The map of ranges: which scale trains at which depth",
    starts=lambda: [named_start(name) for name in RANGES],
    claims={
        "tanh": (*_PROBLEMS, scaled_trains, *_VALLEY),
        "relu": (*_PROBLEMS, scaled_trains.refuted(_HALF), he_trains, *_VALLEY),
        "sigmoid": (
            *_PROBLEMS,
            scaled_trains.refuted(_FLAT),
            none_of_the_notes,
            narrows,  # but where it closes last differs by a tenth of σ_w from seed to seed
            follows_theory,
        ),
        "linear": (*_PROBLEMS, scaled_trains, *_VALLEY),
    },
    covered=("tanh", "relu", "sigmoid", "linear"),
    defaults=MAPPED,
    next=(
        "mlp-demo map --activation {other}",
        "mlp-demo map --activation {activation} --against rate",
        "mlp-demo propagate --activation {activation}",
    ),
)
