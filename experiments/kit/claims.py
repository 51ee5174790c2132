"""Claims: a sentence that can be measured, what was measured of it, and a verdict.

A claim has the wording of the notes and a small function that measures it on a result. One that
measurement refutes stays, marked as refuted, with the reason. Nothing here is slow to load.

Where to go next: ``case/cases.py``, for the claims themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from experiments.kit.words import finite, heading, mark

# Two numbers are "equal" when they differ by no more than rounding can do.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Measured:
    """What a claim found: whether it holds, the number, the number in words, a remark."""

    holds: bool
    value: float
    text: str
    remark: str = ""


@dataclass(frozen=True)
class Claim:
    """A sentence that can be measured.

    Attributes
    ----------
    text : str
        The claim, in the symbols of the notes.
    measure : callable (Result or Comparison) -> Measured
        How it is measured: of a case on its Result, of a race on its Comparison.
    expected : bool
        Whether it comes out true. False for a claim of the notes that measurement refutes.
    reason : str
        Why it is refuted, or a remark.
    ours : bool
        True for what the notes leave out.
    """

    text: str
    measure: Callable[[Any], Measured]
    expected: bool = True
    reason: str = ""
    ours: bool = False

    def refuted(self, reason: str) -> Claim:
        """Return the same claim, documented as one that does not hold."""
        return replace(self, expected=False, reason=reason)

    def because(self, reason: str) -> Claim:
        """Return the same claim with a remark."""
        return replace(self, reason=reason)


def claim(text: str, *, ours: bool = False) -> Callable[[Callable[[Any], Measured]], Claim]:
    """Turn the decorated function (Result or Comparison) -> Measured into a `Claim`."""
    return lambda measure: Claim(text, measure, ours=ours)


@dataclass(frozen=True)
class Option:
    """An option of one case's command.

    Attributes
    ----------
    name : str
        ``value`` becomes ``--value``.
    convert : callable (str) -> value
        Raises ValueError with a sentence when the text is wrong.
    default : str
        As the user would type it.
    metavar, help : str
        For the help page.
    """

    name: str
    convert: Callable[[str], Any]
    default: str
    metavar: str
    help: str


@dataclass(frozen=True)
class Verdict:
    """What became of the network: one word, the number behind it, and why."""

    word: str
    number: str
    reason: str

    def __str__(self) -> str:
        return f"{self.word}: {self.number}"


@dataclass(frozen=True)
class Outcome:
    """A claim and what was measured of it."""

    claim: Claim
    measured: Measured

    @property
    def as_documented(self) -> bool:
        """Whether the claim came out as the case says it does."""
        return self.measured.holds == self.claim.expected


def claims(title: str, outcomes: Sequence[Outcome], verdict: str) -> list[str]:
    """Return a heading and a line per claim, with its number and, where there is one, a remark."""
    if not outcomes:
        return []
    width = max(len(o.claim.text) for o in outcomes)
    lines = [heading(title)]
    for outcome in outcomes:
        claim, measured = outcome.claim, outcome.measured
        lines.append(f"{mark(measured.holds)} {claim.text:{width}}  {measured.text}")
        remark = claim.reason
        if not outcome.as_documented:
            usual = "holds" if claim.expected else "is refuted"
            why = "it diverged" if verdict == "diverged" else measured.remark
            remark = f"{why or 'other settings'}; with the defaults this {usual}"
        if remark:
            lines.append(f"    {remark}")
    return lines


def claim_as_json(outcome: Outcome) -> dict[str, Any]:
    """Return a claim, what was expected of it and what was measured."""
    claim, measured = outcome.claim, outcome.measured
    return {
        "claim": claim.text,
        "source": "ours" if claim.ours else "notes",
        "expected": claim.expected,
        "holds": bool(measured.holds),
        "measured": finite(measured.value),
        "text": measured.text,
        "reason": claim.reason if outcome.as_documented else measured.remark,
    }
