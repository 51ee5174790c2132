"""The cases of the notes: how each one starts, and what the notes claim about it.

A claim has the wording of the notes and a small function that measures it on a `Result`. A
claim that measurement refutes stays in the list, marked as refuted, with the reason.

To add a case, write its claims and an entry at the end of this file: the command, its
options, ``verify``, ``list`` and the tests find it there. This module imports nothing that is
slow to load, so that ``mlp-demo --help`` answers at once.

Where to go next: ``race/races.py``, for Xavier, He and what takes a deep network to see; or
``measure.py``, which turns a case into a result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from experiments.kit.claims import LEARNED, ROUNDING, Claim, Lesson, Measured, Option, claim
from experiments.kit.starts import Named, Start, random_start, scale_named
from experiments.kit.words import number

if TYPE_CHECKING:
    from experiments.case.measure import Result


# For how many epochs rounding must not have set equal units apart.
EARLY = 100


@dataclass(frozen=True)
class Case(Lesson):
    """One case of the notes, on a network small enough to be looked at.

    Attributes
    ----------
    identical : bool
        Whether all units of a layer start the same. Then it is compared with one unit that
        stands for all of them, otherwise with the best that one unit can reach.
    runs : int
        How many seeds are trained; the picture shows the median.
    target_shift : float
        Added to y in the comparison with one unit, in standard deviations. On a target of
        mean 0 the zero start does not move at all, so there would be nothing to compare.
    """

    identical: bool = True
    runs: int = 1
    target_shift: float = 0.0


# --- claims about a start where all units are the same ---------------------------------


@claim("z11 = z12 = 0 and a11 = a12 = 0")
def all_zero(r: Result) -> Measured:
    largest = max(r.largest(r.trace.z[:-1]), r.largest(r.trace.a[1:-1]))
    return Measured(largest == 0, largest, f"largest |z|, |a|: {number(largest)}")


@claim("∂L/∂w = 0, so w_new = w_old")
def no_update(r: Result) -> Measured:
    moved = r.largest_weight_change
    return Measured(moved == 0, moved, f"largest change of a w: {number(moved)}")


@claim("no training takes place")
def no_training(r: Result) -> Measured:
    first, last = r.history.loss[0], r.history.loss[-1]
    change = float(abs(last - first))
    return Measured(
        change <= ROUNDING,
        change,
        f"loss {number(first)} → {number(last)}",
        "the output bias follows the mean of each batch" if r.settings.batch_size else "",
    )


@claim("the output bias still learns the mean of y", ours=True)
def bias_learns_mean(r: Result) -> Measured:
    biases = r.twin.many["output_bias"]
    left = r.largest([biases[-1] - r.twin.target_mean])
    text = f"output bias {number(biases[0].flat[0])} → {number(biases[-1].flat[0])}"
    return Measured(left < 0.01, left, text, "it is on the way; more epochs would do")


@claim("a11 = a12 = 0.5 and z11 = z12")
def all_half(r: Result) -> Measured:
    off = max(r.largest([a - 0.5 for a in r.trace.a[1:-1]]), r.largest(r.trace.z[:-1]))
    return Measured(off == 0, off, f"largest |a - 0.5|, |z|: {number(off)}")


def _equal_early(spread: Any) -> Measured:
    """Hold a relative difference, one number per epoch, to rounding while training is young."""
    early, later = float(spread[: EARLY + 1].max()), float(spread.max())
    text = f"largest difference: {number(early)}"
    if later > ROUNDING:
        text = f"differ by {number(early)}, later {number(later)}"
    return Measured(early <= ROUNDING, early, text, "rounding has set the units apart")


@claim("z11 = z12 and a11 = a12, at every epoch")
def same_units(r: Result) -> Measured:
    return _equal_early(r.each_epoch("unit_spread"))


@claim("∂L/∂w'11 = ∂L/∂w'12, ∂L/∂w'21 = ∂L/∂w'22")
def same_gradients(r: Result) -> Measured:
    return _equal_early(r.each_epoch("gradient_spread"))


@claim("the network works as a perceptron: one unit")
def one_unit(r: Result) -> Measured:
    off = r.twin.difference
    text = f"differs from one unit by {number(off)}"
    return Measured(off <= ROUNDING, off, text, "rounding has set the units apart")


@claim("so it does not capture non-linearity")
def no_nonlinearity(r: Result) -> Measured:
    bent = r.twin.bent
    text = f"no plane explains {number(100 * bent)} % of ŷ"
    remark = "its answer ŷ is a plane"
    if bent != bent:
        text = "it has no finite answer"
    elif r.twin.flat:
        text = "ŷ is the same for every row"
        remark = "all units of a layer are dead" if r.dead_from is not None else "ŷ is flat"
    elif bent <= ROUNDING:
        text = "a plane explains ŷ"
    return Measured(bent <= ROUNDING, bent, text, remark)


@claim("layers wake one a step, the output first", ours=True)
def wakes_backwards(r: Result) -> Measured:
    moving = r.twin.many["dW_rms"] > ROUNDING
    first = [int(m.argmax()) if m.any() else None for m in moving.T]
    order = ", ".join("never" if epoch is None else str(epoch) for epoch in first[::-1])
    last = len(first) - 1
    return Measured(
        all(epoch == last - k for k, epoch in enumerate(first)),
        -1.0 if first[0] is None else first[0],
        f"∂L/∂W ≠ 0 from epochs {order}",
        "the output bias was at the mean of y before the lower layers woke",
    )


@claim("if mean(y) = 0, only rounding starts it", ours=True)
def started_by_rounding(r: Result) -> Measured:
    first = r.largest(r.gradients.W)
    awake = r.first_epoch_below(LEARNED * r.dataset.mean_predictor_loss)
    when = "asleep to the end" if awake is None else f"awake at epoch {awake}"
    return Measured(
        first <= ROUNDING and r.settings.batch_size is None,
        first,
        f"∂L/∂W {number(first)}, {when}",
        "a batch has another mean, and that starts it at once",
    )


@claim("z11 = z12 ≠ 0")
def z_alike_not_zero(r: Result) -> Measured:
    z = r.trace.z[0]
    smallest = float(abs(z).min())
    spread = r.largest([z - z[..., :1]])
    holds = spread == 0 and smallest > 0
    return Measured(holds, smallest, f"smallest |z|: {number(smallest)}")


@claim("a11 = a12 ≠ 0")
def a_alike_not_zero(r: Result) -> Measured:
    a = r.trace.a[1]
    spread = r.largest([a - a[..., :1]])
    silent = int((a[:, 0] == 0).sum())
    return Measured(
        spread == 0 and silent == 0,
        silent / len(a),
        f"a ≠ 0 for {len(a) - silent} of {len(a)} rows",
    )


# --- claims about random starts --------------------------------------------------------


@claim("w'11 ≠ w'12: the units differ", ours=True)
def units_differ(r: Result) -> Measured:
    spread = r.weight_spread
    return Measured(spread > 0, spread, f"they differ by {number(spread)}")


@claim("∂L/∂w'11 ≠ ∂L/∂w'12: so do their gradients", ours=True)
def gradients_differ(r: Result) -> Measured:
    spread = r.gradient_spread
    return Measured(spread > 0, spread, f"they differ by {number(spread)}")


@claim("in one hidden layer it is no problem", ours=True)
def no_problem(r: Result) -> Measured:
    lost = int((r.final_losses > LEARNED * r.dataset.mean_predictor_loss).sum())
    total = len(r.final_losses)
    return Measured(2 * lost <= total, lost / total, f"{lost} of {total} seeds stall")


@claim("the loss can go below what one unit can", ours=True)
def beats_one_unit(r: Result) -> Measured:
    final, one = r.final_losses, r.best_one_unit
    below = int((final < one * (1 - 1e-3)).sum())
    text = f"{below} of {len(final)} seeds below {number(one)}"
    return Measured(below > 0, below / len(final), text)


# --- the cases -------------------------------------------------------------------------

_SHIFTED = "with y + 1 to learn: the mean of y itself is 0, where the bias starts"

_FROZEN = (
    all_zero,
    no_update,
    no_training.because("y is standardised: its mean, all a bias can learn, is 0 from the start"),
    bias_learns_mean.because(_SHIFTED),
)
_BENT = no_nonlinearity.refuted("one unit bends its answer ŷ once, which is more than a plane")
_PLANE = no_nonlinearity.because("a linear unit is a plane, and so is a sum of them")

ZERO = Case(
    name="zero",
    title="Case 1: zero initialization",
    starts=lambda: [Start(Named("zeros"), Named("zeros"), "every w = 0 and every b = 0")],
    claims={
        "relu": _FROZEN,
        "tanh": _FROZEN,
        "linear": _FROZEN,
        "sigmoid": (
            all_half,
            same_units,
            same_gradients,
            one_unit.because(_SHIFTED),
            _BENT,
            wakes_backwards.because("again with y + 1"),
            started_by_rounding,
        ),
    },
    covered=("relu", "tanh", "sigmoid"),
    target_shift=1.0,
    next=(
        "mlp-demo zero --activation {other}",
        "mlp-demo constant --activation {activation}",
    ),
)


def _constant_claims(a_claim: Claim, shape: Claim) -> tuple[Claim, ...]:
    return (z_alike_not_zero, a_claim, same_units, same_gradients, one_unit, shape)


def _not_zero(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"'{text}' is not a number") from None
    if value == 0:
        raise ValueError("0 is a case of its own: mlp-demo zero")
    return value


def _constant(value: float) -> Start:
    named = Named("constant", {"value": value})
    return Start(named, named, f"every w = {value:g} and every b = {value:g}")


CONSTANT = Case(
    name="constant",
    title="Case 2: non-zero constant initialization",
    starts=lambda value: [_constant(value)],
    claims={
        "relu": _constant_claims(
            a_alike_not_zero.refuted("ReLU answers 0 wherever z < 0"),
            _BENT,
        ),
        "tanh": _constant_claims(a_alike_not_zero, _BENT),
        "sigmoid": _constant_claims(a_alike_not_zero, _BENT),
        "linear": _constant_claims(a_alike_not_zero, _PLANE),
    },
    options=(
        Option("value", _not_zero, "0.5", "NUMBER", "What every weight and bias starts at."),
    ),
    covered=("relu",),
    variants=({"value": 0.5},),
    next=(
        "mlp-demo random --activation {activation}",
        "mlp-demo constant --value 0.1 --activation {activation}",
    ),
)


_RANDOM = (units_differ, gradients_differ, beats_one_unit)

_NO_PROBLEM = no_problem.because("the notes say it can be one; in depth it is")

RANDOM = Case(
    name="random",
    title="Case 3: random initialization",
    starts=lambda scale: [random_start(scale)],
    claims={
        "relu": _RANDOM,
        "tanh": _RANDOM,
        "sigmoid": _RANDOM,
        "linear": (
            units_differ,
            gradients_differ,
            beats_one_unit.refuted("linear units, however many, are one plane"),
        ),
    },
    covered=("relu", "tanh", "sigmoid", "linear"),
    more_claims=lambda scale: [_NO_PROBLEM] if scale in ("small", "large") else [],
    options=(
        Option(
            "scale",
            scale_named,
            "scaled",
            "SCALE",
            "Standard deviation of the weights: small (0.01), large (1), scaled (√(1/fan_in)) "
            "or a number.",
        ),
    ),
    variants=({"scale": "small"}, {"scale": "large"}, {"scale": "scaled"}),
    identical=False,
    runs=20,
)

CASES: dict[str, Case] = {case.name: case for case in (ZERO, CONSTANT, RANDOM)}
