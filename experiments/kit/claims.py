"""Claims: a sentence that can be measured, what was measured of it, and a verdict.

A claim has the wording of the notes and a small function that measures it on a result. One that
measurement refutes stays, marked as refuted, with the reason. Nothing here is slow to load.

Where to go next: ``case/cases.py``, for the claims themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from experiments.kit.settings import USUAL, Defaults, Settings
from experiments.kit.words import finite, mark, number, table

if TYPE_CHECKING:
    from experiments.kit.starts import Start

# Two numbers are "equal" when they differ by no more than rounding can do.
ROUNDING = 1e-12
# Below this part of the mean predictor's loss a network has learned something from x.
LEARNED = 0.99


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
    measure : callable (Result or Standings) -> Measured or None
        How it is measured: of a case on its Result, of a race on its Standings. None where that
        cannot tell, and so nothing is said of it.
    expected : bool
        Whether it comes out true. False for a claim of the notes that measurement refutes.
    reason : str
        Why it is refuted, or a remark.
    ours : bool
        True for what the notes leave out.
    """

    text: str
    measure: Callable[[Any], Measured | None]
    expected: bool = True
    reason: str = ""
    ours: bool = False

    def refuted(self, reason: str) -> Claim:
        """Return the same claim, documented as one that does not hold."""
        return replace(self, expected=False, reason=reason)

    def because(self, reason: str) -> Claim:
        """Return the same claim with a remark."""
        return replace(self, reason=reason)


def claim(text: str, *, ours: bool = False) -> Callable[[Callable[[Any], Measured | None]], Claim]:
    """Turn the decorated function (Result or Standings) -> Measured into a `Claim`."""
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
class Lesson:
    """A start of the notes and what is claimed of it: what a `Case` and a `Race` have in common.

    Attributes
    ----------
    name, title : str
        The command, and the heading.
    starts : callable (**options) -> sequence of Start
        How it starts; what is compared with that comes after it.
    claims : mapping from activation to claims
        What is said of it with that activation; of one that is missing, nothing.
    covered : sequence of str
        The activations of which the notes say it.
    more_claims : callable (**options) -> claims
        What is said of it with certain options only.
    options : sequence of Option
        What the command takes beside the common options.
    variants : sequence of dict
        The options with which ``verify`` runs it, where it runs it with several.
    defaults : Defaults
        The network and the training where the user says nothing.
    next : sequence of str
        Commands worth trying next, with {activation} and {other} filled in.
    """

    name: str
    title: str
    starts: Callable[..., Sequence[Start]]
    claims: Mapping[str, Sequence[Claim]]
    covered: Sequence[str] = ()
    more_claims: Callable[..., Sequence[Claim]] = lambda **options: ()
    options: Sequence[Option] = ()
    variants: Sequence[Mapping[str, Any]] = ({},)
    defaults: Defaults = USUAL
    next: Sequence[str] = ()

    def start(self, **options: Any) -> Start:
        """Return the start that it is about."""
        return self.starts(**options)[0]

    def claims_for(self, activation: str, options: Mapping[str, Any]) -> list[Claim]:
        """Return what is said of it with that activation and these options."""
        return [*self.claims.get(activation, ()), *self.more_claims(**options)]

    def chosen(self, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return its options, converted; those left out have their defaults."""
        usual = {option.name: option.convert(option.default) for option in self.options}
        return usual | dict(options or {})

    def settings(self, **chosen: Any) -> Settings:
        """Return the network and the training: what was chosen, else its own defaults."""
        return self.defaults.settings(**chosen)

    def commands(self, activation: str) -> list[str]:
        """Return what is worth trying next."""
        other = "relu" if activation == "sigmoid" else "sigmoid"
        return [command.format(activation=activation, other=other) for command in self.next]

    def outcomes(self, result: Any, activation: str, options: Mapping[str, Any]) -> list[Outcome]:
        """Measure every claim on the result of a run."""
        return outcomes(self.claims_for(activation, options), result)


@dataclass(frozen=True)
class Verdict:
    """What became of the network: one word, the number behind it, and why."""

    word: str
    number: str
    reason: str

    def __str__(self) -> str:
        return f"{self.word}: {self.number}"


@dataclass(frozen=True)
class Setback:
    """How a training ended badly although its numbers stayed finite.

    Attributes
    ----------
    exploded : bool
        Whether the loss grew a thousandfold; otherwise it came back above that of the mean.
    first, lowest, last : float
        The loss before training, at its lowest and at the end.
    lowest_at : int
        The epoch of the lowest.
    """

    exploded: bool
    first: float
    lowest: float
    lowest_at: int
    last: float

    @property
    def title(self) -> str:
        """What a picture says of it."""
        return "The loss explodes" if self.exploded else "Above the mean again"

    @property
    def what(self) -> str:
        """What is wrong."""
        if self.exploded:
            return f"Exploding: loss {number(self.first)} → {number(self.last)}"
        return f"It ended above the mean (lowest {number(self.lowest)} at epoch {self.lowest_at})"

    @property
    def reason(self) -> str:
        """What is wrong, and what helps most."""
        return f"{self.what}; use a smaller --learning-rate."


@dataclass(frozen=True)
class Outcome:
    """A claim and what was measured of it."""

    claim: Claim
    measured: Measured

    @property
    def as_documented(self) -> bool:
        """Whether the claim came out as the case says it does."""
        return self.measured.holds == self.claim.expected


def outcomes(claims: Sequence[Claim], result: Any) -> list[Outcome]:
    """Measure every claim on the result of a run; leave out what it cannot tell."""
    import numpy as np

    with np.errstate(all="ignore"):
        measured = [(claim, claim.measure(result)) for claim in claims]
    return [Outcome(claim, found) for claim, found in measured if found is not None]


def claims(title: str, outcomes: Sequence[Outcome], verdict: str) -> list[str]:
    """Return a heading and a line per claim, with its number and, where there is one, a remark."""
    if not outcomes:
        return []
    rows: list[tuple[str, str] | str] = []
    for outcome in outcomes:
        claim, measured = outcome.claim, outcome.measured
        rows.append((f"{mark(measured.holds)} {claim.text}", measured.text))
        remark = claim.reason
        if not outcome.as_documented:
            usual = "holds" if claim.expected else "is refuted"
            why = "it diverged" if verdict == "diverged" else measured.remark
            remark = f"{why or 'other settings'}; with the defaults this {usual}"
        if remark:
            rows.append(f"    {remark}")
    return table(rows, title)


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
