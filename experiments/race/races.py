"""Ranges: which random weights train a deep network.

A race trains several starts side by side on one deep network, the same data and the same
batches, and measures what the notes claim about its first start: Xavier, He, √(1/n).

To add a race, write its claims and an entry in `RACES`: the command with its options,
``verify``, ``list`` and the tests find it there. Like ``case/cases.py`` this imports nothing that
is slow to load.

Where to go next: ``measure.py``, which runs a race.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from experiments.case.cases import RANDOM
from experiments.kit.claims import Lesson, Measured, Option, claim
from experiments.kit.settings import Default, Defaults, PerLayer
from experiments.kit.starts import SCALES, Start, named_start, random_start
from experiments.kit.words import number

if TYPE_CHECKING:
    from experiments.race.measure import Standings


def _deep(hidden: Default, activation: str, epochs: int = 30) -> Defaults:
    """Return what a race takes: a deep network, and smaller steps the deeper it is."""
    return Defaults(
        activation=activation,
        hidden=hidden,
        epochs=Default(epochs),
        learning_rate=Default(
            PerLayer(0.01),
            relu=PerLayer(0.1),
            tanh=PerLayer(0.1),
            sigmoid=PerLayer(0.25),
            adam=0.01,
        ),
        batch_size=Default(32),
    )


@dataclass(frozen=True)
class Race(Lesson):
    """Starts that train one deep network side by side, on the same data and batches.

    It is about the first of them.

    Attributes
    ----------
    runs : int
        How many seeds of each start.
    remarks : sequence of str
        What a reader of its formula should know.
    over : str
        What the picture shows the signals over: "epochs" or "layers".
    """

    runs: int = 3
    remarks: Sequence[str] = ()
    over: str = "layers"


# --- claims about ranges, measured on a deep network -----------------------------------

# What there is to say of the way from layer to layer where there is none.
_NO_WAY = Measured(False, float("nan"), "there is only one hidden layer")


def _all_seeds(happens: Any, what: str) -> Measured:
    """Hold something to every seed: `happens` has one bool for each."""
    k, n = int(happens.sum()), len(happens)
    return Measured(k == n, k / n, f"{k} of {n} seeds {what}")


def _get_there(r: Standings, s: str = "") -> str:
    """Return what all are asked to do, as a verb: to reach a loss, or just to learn."""
    return f"learn{s}" if r.nobody_learns else f"get{s} to loss {number(r.target)}"


@claim("small or large values can be a problem")
def range_is_a_problem(r: Standings) -> Measured:
    lost = {n: r[n].count("stalled") + r[n].count("diverged") for n in ("small", "large")}
    most = max(lost.values())
    words = ", ".join(f"{name} {k} of {r.runs}" for name, k in lost.items())
    return Measured(2 * most > r.runs, most / r.runs, f"fail: {words}")


@claim("small: the gradient vanishes going back")
def small_vanishes(r: Standings) -> Measured:
    if r.shallow:
        return _NO_WAY
    total = float(r["small"].travelled("delta_std").max())
    return Measured(total < 1e-3, total, f"delta × {number(total)} in {r.about.layers} layers")


@claim("large: signals explode or saturate")
def large_explodes(r: Standings) -> Measured:
    if r.shallow:
        return _NO_WAY
    large = r["large"]
    saturated = float(large.at_start("saturated").mean())
    if saturated > 0:
        return Measured(
            saturated > 0.5, saturated, f"{100 * saturated:.0f} % of all a are saturated"
        )
    total = float(large.travelled("a_std").min())
    return Measured(total > 1e3, total, f"a × {number(total)} in {r.about.layers} layers")


def _slower(r: Standings, name: str) -> Measured:
    """Hold the rival of that name to getting there later than the first, with every seed."""
    first, other = r.halfway(r.about), r.halfway(r[name])
    if not (first < float("inf")).any() and not (other < float("inf")).any():
        return Measured(False, 0.0, f"neither {_get_there(r, 's')}")
    return _all_seeds(other > first, "later or never")


@claim("small: slow convergence")
def small_is_slow(r: Standings) -> Measured:
    return _slower(r, "small")


@claim("large: slow convergence, or none")
def large_is_slow(r: Standings) -> Measured:
    return _slower(r, "large")


@claim("its weights have the spread of the formula")
def spread_as_promised(r: Standings) -> Measured:
    off = max(drawn.off for drawn in r.about.drawn)
    return Measured(off < 5, off, f"off by {number(off)} standard errors")


@claim("it is right: signals keep their size")
def signals_keep(r: Standings) -> Measured:
    if r.shallow:
        return _NO_WAY
    a, delta = (float(r.about.growth(name).mean()) for name in ("a_rms", "delta_std"))
    return Measured(
        min(a, delta) >= 0.8 and max(a, delta) <= 1.25,
        min(a, delta),
        f"a × {number(a)}, delta × {number(delta)} per layer",
    )


@claim("it trains")
def it_trains(r: Standings) -> Measured:
    return _all_seeds(r.halfway(r.about) < float("inf"), _get_there(r))


@claim("delta changes as theory says", ours=True)
def chi_holds(r: Standings) -> Measured:
    if r.shallow:
        return _NO_WAY
    root, delta = r.root_chi, float(r.about.growth("delta_std").mean())
    return Measured(
        abs(delta / root - 1) < 0.15,
        delta,
        f"× {number(delta)} per layer, theory × {number(root)}",
    )


@claim("the notes' other one, √(1/fan_in), trains", ours=True)
def both_formulas_train(r: Standings) -> Measured:
    return _all_seeds(r.halfway(r.rivals[1]) < float("inf"), _get_there(r))


@claim("Xavier's a falls by √½ a layer against He's", ours=True)
def xavier_loses_half(r: Standings) -> Measured:
    if r.shallow:
        return _NO_WAY
    ratio = float((r.rivals[1].growth("a_rms") / r.about.growth("a_rms")).mean())
    return Measured(abs(ratio - 0.5**0.5) < 1e-6, ratio, f"× {number(ratio)} per layer")


@claim("so deep, it trains where Xavier does not", ours=True)
def xavier_does_not_train(r: Standings) -> Measured:
    he, xavier = r.halfway(r.about), r.halfway(r.rivals[1])
    return _all_seeds((he < xavier) & (xavier == float("inf")), "do so")


# --- the races -------------------------------------------------------------------------

_NO_GRADIENT = "σ' is at most 1/4: delta shrinks in every layer until nothing is left"
_HALF = "ReLU answers 0 to half of everything, so each layer halves the mean of a²"
_DOUBLE = "linear units keep 1/n; 2/n doubles the mean of a² in every layer"
_SIGMOID_LARGE = "σ is so flat that only large weights bring a gradient back through depth"


_WRONG_RANGES = (
    range_is_a_problem,
    small_vanishes,
    large_explodes,
    small_is_slow,
    large_is_slow,
)
_RIGHT = replace(signals_keep, text="√(1/n) is right: signals keep their size")

RANDOM_RACE = Race(
    name="random",
    title="Case 3 in depth: small, large and scaled random weights",
    starts=lambda scale: (
        SCALES["scaled"],
        SCALES["small"],
        SCALES["large"],
        *([] if scale in SCALES else [random_start(scale)]),
    ),
    claims={
        "tanh": (*_WRONG_RANGES, _RIGHT),
        "relu": (*_WRONG_RANGES, _RIGHT.refuted(_HALF)),
        "sigmoid": (
            range_is_a_problem,
            small_vanishes,
            large_explodes.refuted("σ is so flat that even randn · 1 is not too large for it"),
            small_is_slow.refuted("here √(1/n) does not learn either"),
            large_is_slow.refuted(_SIGMOID_LARGE),
            _RIGHT.refuted(_NO_GRADIENT),
        ),
        "linear": (*_WRONG_RANGES, _RIGHT),
    },
    covered=("relu", "tanh", "sigmoid", "linear"),
    defaults=_deep(Default((50,) * 10, sigmoid=(50,) * 5), "relu"),
    options=RANDOM.options,
    over="epochs",
    next=(
        "mlp-demo map --activation {activation}",
        "mlp-demo propagate --activation {activation}",
        "mlp-demo xavier --activation {activation}",
    ),
)


def _scheme(name: str) -> Callable[[str], Start]:
    return lambda distribution: named_start(f"{name}_{distribution}")


def _distribution(text: str) -> str:
    if text.lower() not in ("normal", "uniform"):
        from mlp.registry import suggestion

        hint = suggestion(text, ("normal", "uniform"))
        raise ValueError(f"'{text}' is not normal or uniform: {hint}")
    return text.lower()


_DISTRIBUTION = Option(
    "distribution", _distribution, "normal", "normal|uniform", "Of the weights."
)
_GLOROT, _LECUN, _HE = _scheme("glorot"), _scheme("lecun"), _scheme("he")

# What is said of a scheme where it suits the activation, and of any scheme with sigmoid.
_RIGHT_RANGE = (
    spread_as_promised,
    signals_keep,
    it_trains,
    small_is_slow,
    large_is_slow,
    chi_holds,
)
_LOST_IN_DEPTH = (
    spread_as_promised,
    signals_keep.refuted(_NO_GRADIENT),
    it_trains.refuted("the first layers get no gradient; only the output bias learns"),
    small_is_slow.refuted("neither of them learns"),
    large_is_slow.refuted(_SIGMOID_LARGE),
    chi_holds,
)

XAVIER = Race(
    name="xavier",
    title="Xavier/Glorot initialization",
    starts=lambda distribution: (
        _GLOROT(distribution),
        _LECUN(distribution),
        _HE(distribution),
        SCALES["small"],
        SCALES["large"],
    ),
    claims={
        "tanh": (*_RIGHT_RANGE, both_formulas_train),
        "sigmoid": _LOST_IN_DEPTH,
        "relu": (
            spread_as_promised,
            signals_keep.refuted(_HALF),
            small_is_slow,
            large_is_slow,
            chi_holds,
        ),
        "linear": (*_RIGHT_RANGE, both_formulas_train),
    },
    covered=("tanh", "sigmoid"),
    defaults=_deep(Default((50,) * 10, sigmoid=(50,) * 5), "tanh"),
    options=(_DISTRIBUTION,),
    remarks=(
        "The notes give two formulas: √(1/fan_in), which libraries call lecun_normal, and "
        "√(2/(fan_in + fan_out)), glorot_normal or xavier_normal. Where fan_in = fan_out they "
        "are one.",
        f"The notes' example randn(2, 2) · 1/2 is a slip: √(1/2) is {0.5**0.5:.3f}.",
    ),
    next=(
        "mlp-demo he",
        "mlp-demo map --activation {activation}",
        "mlp-demo propagate --activation {activation}",
    ),
)

HE = Race(
    name="he",
    title="He initialization",
    starts=lambda distribution: (
        _HE(distribution),
        _GLOROT(distribution),
        SCALES["small"],
        SCALES["large"],
    ),
    claims={
        "relu": (
            *_RIGHT_RANGE,
            xavier_loses_half.because("exactly: both draw the same numbers, ReLU keeps a factor"),
            xavier_does_not_train,
        ),
        "tanh": _RIGHT_RANGE,
        "sigmoid": _LOST_IN_DEPTH,
        "linear": (
            spread_as_promised,
            signals_keep.refuted(_DOUBLE),
            chi_holds,
        ),
    },
    covered=("relu",),
    defaults=_deep(Default((50,) * 10, relu=(50,) * 30), "relu", epochs=20),
    options=(_DISTRIBUTION,),
    next=(
        "mlp-demo xavier",
        "mlp-demo map --activation {activation}",
        "mlp-demo propagate --paper he2015",
    ),
)

RACES: dict[str, Race] = {race.name: race for race in (RANDOM_RACE, XAVIER, HE)}
