"""The walkthrough in words: what there is to notice, to ask and to conclude; and for the terminal.

A sentence keeps its symbols apart from its words, so that the terminal can write them as text
and the handout as LaTeX.

Where to go next: ``handout.py``, the same lines in Markdown.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from experiments.kit.words import (
    COLUMN,
    WIDTH,
    describe_network,
    describe_start,
    heading,
    listed,
    mark,
    number,
    numbers,
    rows,
    table,
)
from experiments.race.races import RACES
from experiments.walkthrough import symbols as s
from experiments.walkthrough.measure import (
    DECIMALS,
    LESSONS,
    Line,
    Step,
    Walkthrough,
    parameters,
    same,
)
from mlp.formulas import Formula, Number

# The digits that are shown: as many as one types into a calculator.
DIGITS = 4
# The column of "= value" where rows stand under one another.
EQUALS = 46
# The lines of a part: those of a terminal, without the one that the prompt stands in.
SCREEN = 23

# What the symbols mean, and where they are in the code.
SYMBOLS = (
    ("w'ij", "weight from input i to hidden unit j", "layers[0].W[i-1, j-1]"),
    ("w''j1", "weight from hidden unit j to the output", "layers[1].W[j-1, 0]"),
    ("b1j, b21", "biases of hidden unit j and the output", "layers[0].b, layers[1].b"),
    ("z1j, a1j", "into and out of hidden unit j", "trace.z[0], trace.a[1]"),
    ("ŷ, L", "answer, and its loss in a row", "trace.output, mse"),
    ("∂L/∂ŷ", "slope of the loss at the answer", "error"),
    ("∂ŷ/∂a1j", "how much ŷ listens to hidden unit j", "layers[1].W[j-1, 0]"),
    ("∂a1j/∂z1j", "slope of hidden unit j", "activation.derivative"),
    ("∂L/∂w'ij", "gradient of a weight", "gradients.W[0][i-1, j-1]"),
    ("η", "learning rate", "SGD(learning_rate)"),
)
NAMING = "The notes have no name for w''j1; its two primes stand for the second layer."


class Sentence:
    """A sentence of words and formulas.

    Examples
    --------
    >>> said = Sentence("the same as ", s.z(1))
    >>> print(said, "|", said.markdown())
    the same as z11 | the same as $z_{11}$
    """

    def __init__(self, *pieces: str | Formula) -> None:
        self.pieces = pieces

    def __str__(self) -> str:
        return "".join(map(str, self.pieces))

    def markdown(self) -> str:
        """Return it with its formulas as LaTeX."""
        return "".join(f"${p.latex()}$" if isinstance(p, Formula) else p for p in self.pieces)


@dataclass(frozen=True)
class Question:
    """Something to predict with yes or no, and what the run says to it."""

    text: Sentence
    answer: bool
    because: Sentence


@dataclass(frozen=True)
class Block:
    """A part of one step of the notes' loop, and what to ask before it is shown."""

    title: str
    lines: Sequence[Line]
    questions: Sequence[Question] = ()


def blocks(step: Step) -> list[Block]:
    """Return a step as forward, cost, backpropagation in two parts, update."""
    return [
        Block("forward propagate an input", step.forward(), _ask_units(step)),
        Block("compute the cost function", step.cost()),
        Block("backpropagate: the output layer", step.output_layer()),
        Block("backpropagate: the hidden layer", step.hidden_layer(), _ask_gradients(step)),
        Block("update each parameter", step.update(), _ask_loss(step)),
    ]


# --- what to notice --------------------------------------------------------------------


def notices(step: Step) -> dict[Formula, Sentence]:
    """Return what to notice, at the quantities that carry the lesson."""
    found: dict[Formula, Sentence | None] = {}
    for j in step.units:
        found[s.z(j)] = _about_z(step, j)
        found[s.a(j)] = _about_a(step, j)
        found[s.heard(j)] = _about_heard(step, j)
        found[s.slope(j)] = _about_slope(step, j)
        found[s.gradient(s.w_out(j))] = _about_output_gradient(step, j)
        for i in step.inputs:
            found[s.gradient(s.w(i, j))] = _about_gradient(step, i, j)
            found[s.New(s.w(i, j))] = _about_update(step, s.w(i, j), s.w(i, 1))
        for p in (s.b(j), s.w_out(j), s.b_out):
            found[s.New(p)] = _about_update(step, p, p)
    found[s.answer] = _about_answer(step)
    found[s.gradient(s.b_out)] = _about_output_bias(step)
    return {name: said for name, said in found.items() if said}


def _about_z(step: Step, j: int) -> Sentence | None:
    if j > 1 and step.same(s.z(j), s.z(1)):
        return Sentence("the same as ", s.z(1), ": the units have the same weights")
    return None


def _about_a(step: Step, j: int) -> Sentence | None:
    z, a = step.each[s.z(j)], step.each[s.a(j)]
    if j > 1 and step.same(s.a(j), s.a(1)):
        return Sentence("the same as ", s.a(1))
    if not a.any():
        return Sentence("0: nothing of x gets past this unit")
    if not a.all():
        return Sentence(f"0 in {_which_rows(a == 0)}, where ", s.z(j), " ≤ 0")
    if not z.any():
        return Sentence(
            "not 0, though ", s.z(j), " is: the output weights have something to learn from"
        )
    return None


def _about_answer(step: Step) -> Sentence | None:
    """Say so where all units work as one."""
    alike = all(step.same(s.a(j), s.a(1)) for j in step.units) and step.each[s.a(1)].any()
    if len(step.units) == 1 or not alike:
        return None
    first, *others = step.output
    total: Formula = first
    for other in others:
        total = total + other
    return Sentence(total * s.a(1) + s.b_out, " is the same: one unit would do")


def _about_output_gradient(step: Step, j: int) -> Sentence | None:
    of, first = s.w_out(j), s.gradient(s.w_out(1))
    if not step.each[s.a(j)].any():
        return Sentence("0, because ", s.a(j), " = 0")
    if j > 1 and step.same(s.gradient(of), first):
        return Sentence("the same as ", first, ", because ", s.a(j), " = ", s.a(1))
    if step.means[of] and not any(step.means[s.w(i, j)] for i in step.inputs):
        return Sentence("not 0, because ", s.a(j), " is not: the output layer wakes first")
    return None


def _about_output_bias(step: Step) -> Sentence | None:
    others = [g for p, g in step.means.items() if p != s.b_out]
    if step.means[s.b_out] == 0 or any(others):
        return None
    return Sentence("the only one that is not 0: the output bias learns the mean of ", s.y)


def _about_heard(step: Step, j: int) -> Sentence | None:
    if step.old[s.w_out(j)] == 0:
        return Sentence("0: ", s.answer, " does not listen to ", s.a(j), " yet")
    return None


def _about_slope(step: Step, j: int) -> Sentence | None:
    flat = step.each[s.slope(j)] == 0
    if flat.any():
        return Sentence(f"0 in {_which_rows(flat)}: no gradient gets through")
    return None


def _about_gradient(step: Step, i: int, j: int) -> Sentence | None:
    """Say why ∂L/∂w'ij is 0, or how it compares with that of the first unit."""
    of, first = s.gradient(s.w(i, j)), s.gradient(s.w(i, 1))
    if not step.each[of].any():
        for factor in (s.gradient(s.answer), s.heard(j), s.slope(j), s.x(i)):
            if not step.each[factor].any():
                return Sentence("0, because ", factor, " = 0")
    if j > 1 and step.same(of, first):
        return Sentence(
            "the same as ", first, ": ", s.x(i), " is the same and so is everything before it"
        )
    if j > 1:
        return Sentence("not the same as ", first, ": the units go different ways")
    if s.w(i, j) in step.asleep:
        return Sentence("not 0 any more: ", s.w_out(j), " has moved, and the hidden layer wakes")
    return None


def _about_update(step: Step, p: Formula, first: Formula) -> Sentence | None:
    if not step.means[p]:
        return Sentence("no update")
    if p != first and same(step.new[p], step.new[first]):
        return Sentence(p, " = ", first, " again")
    return None


def _which_rows(which: NDArray[np.bool_]) -> str:
    """Return the numbers of the rows for which something is true, in words."""
    if which.all():
        return "every row"
    found = [str(r + 1) for r in np.flatnonzero(which)]
    return f"row{'s' if len(found) > 1 else ''} {listed(found)}"


# --- what to ask -----------------------------------------------------------------------


def _ask_units(step: Step) -> list[Question]:
    """Ask whether the hidden units will answer the same."""
    if len(step.units) == 1:
        return []
    one, two = s.a(1), s.a(2)
    first, second = (number(step.each[a][0]) for a in (one, two))
    return [
        Question(
            Sentence("will ", one, " and ", two, " be the same?"),
            step.same(two, one),
            Sentence("in row 1, ", one, f" is {first} and ", two, f" is {second}"),
        )
    ]


def _ask_gradients(step: Step) -> list[Question]:
    """Ask whether the hidden weights will move, and whether alike."""
    one, two = s.w(1, 1), s.w(1, 2)
    g = float(step.means[one])
    asked = [
        Question(
            Sentence("will ", one, " move in this step?"),
            bool(g),
            Sentence(s.gradient(one), f" is {number(g)}"),
        )
    ]
    if len(step.units) > 1:
        other = float(step.means[two])
        asked.append(
            Question(
                Sentence("will ", one, " and ", two, " receive the same gradient?"),
                same(step.means[one], step.means[two]),
                Sentence(f"they receive {number(g)} and {number(other)}"),
            )
        )
    return asked


def _ask_loss(step: Step) -> list[Question]:
    """Ask whether this step will lower the loss."""
    before, after = step.loss, step.loss_after
    said = Sentence(f"it goes from {number(before)} to {number(after)}")
    return [Question(Sentence("will the loss be lower after this update?"), after < before, said)]


def answer(question: Question, said: bool | None = None) -> Sentence:
    """Return what the run says to a question, marked if somebody has `said` yes or no."""
    marked = "" if said is None else f"{mark(said == question.answer)} "
    word = "yes: " if question.answer else "no: "
    return Sentence(marked, word, *question.because.pieces)


# --- what it comes to ------------------------------------------------------------------


def lessons(walk: Walkthrough) -> list[Sentence]:
    """Say in a few sentences what the steps have shown."""
    said = []
    if walk.steps:
        said = [_what_moved(walk), *_what_the_units_are(walk)]
    if walk.still_on_all_rows and walk.steps and walk.first_moved(walk.steps[0].output):
        said.append(
            Sentence(
                f"on all {len(walk.dataset.x)} rows the mean of ",
                s.y,
                " is 0, and no weight would have moved: it moves here because the mean of these ",
                s.y,
                f" is {number(walk.y.mean())}",
            )
        )
    if walk.diverged:
        step = len(walk.steps) + 1
        said.append(
            Sentence(f"diverged: in step {step} a number leaves the range of floating point")
        )
    return said


def _what_moved(walk: Walkthrough) -> Sentence:
    hidden, output = map(walk.first_moved, (walk.steps[0].hidden, walk.steps[0].output))
    if hidden is None and output is None:
        if walk.first_moved([s.b_out]) is None:
            return Sentence("nothing moved: every gradient is 0")
        return Sentence(
            "no weight moved, w_new = w_old: only the output bias ", s.b_out, " learns"
        )
    if hidden is None:
        return Sentence("only the output layer moved: no gradient reached the hidden layer")
    if output is None:
        return Sentence("only the hidden layer moved")
    if hidden == output:
        return Sentence(f"every layer moves from step {hidden} on")
    way = "from the output back" if output < hidden else "from the inputs on"
    return Sentence(f"the layers wake {way}: w'' in step {output}, w' in step {hidden}")


def _what_the_units_are(walk: Walkthrough) -> list[Sentence]:
    first = walk.steps[0]
    units = len(first.units)
    if units == 1 or not walk.first_moved([*first.hidden, *first.output]):
        return []
    if walk.units_are_the_same:
        equal = _equal_weights(first)
        return [Sentence(*equal, f": {units} hidden units that stay the same, one perceptron")]
    if any(step.alike for step in walk.steps):
        return [Sentence("the hidden units are different")]
    return [Sentence("the hidden units are different, and so are their gradients")]


def _equal_weights(step: Step) -> Iterator[str | Formula]:
    """Yield "w'11 = w'12 and w'21 = w'22" in this size."""
    for k, weight in enumerate(step.hidden):
        if k:
            yield " = " if k % len(step.units) else " and "
        yield weight


# --- what both the terminal and the handout are made of --------------------------------


def typed(value: float) -> str:
    """Write a number as one would type it into a calculator: four digits, no zeros to fill.

    Examples
    --------
    >>> typed(0.5), typed(-0.0), typed(0.123456), typed(0.0000123456), typed(123456)
    ('0.5', '0', '0.1235', '1.235e-5', '1.235e5')
    """
    return str(Number(value, DIGITS))


def worked(line: Line) -> list[Formula]:
    """Return the formula with the numbers put in, row by row."""
    return [line.formula.put_in(values, DIGITS) for values in line.inputs]


def mean_of(line: Line) -> Formula:
    """Return the mean of the values as a sum divided by their number."""
    total: Formula = Number(line.values[0], DIGITS)
    for value in line.values[1:]:
        total = total + Number(value, DIGITS)
    return total / len(line.values)


def distinct(texts: Iterable[str]) -> str:
    """Return the texts with = between them, without those that repeat the one before."""
    return " = ".join(text for text, _ in groupby(texts))


def title(walk: Walkthrough) -> str:
    """Return what was worked."""
    return f"{walk.case.title}, {walk.activation}, worked by hand"


def setting(walk: Walkthrough) -> dict[str, list[str]]:
    """Return what was run: a word, and the lines beside it."""
    start, count, all_rows = walk.start, len(walk.x), len(walk.dataset.x)
    columns = [f"x{i} = {name}" for i, name in enumerate(walk.dataset.inputs, 1)]
    columns.append(f"y = {walk.dataset.targets[0]}")
    which = "the first row" if count == 1 else f"the first {count} rows"
    return {
        "network": [describe_network(walk.network.sizes, walk.activation)],
        "data": [
            f"{walk.dataset.name}: {', '.join(columns)}",
            f"{which} of {all_rows}; columns standardised, {DECIMALS} decimals kept",
        ],
        "start": [start.words if start.words != start.name else describe_start(start)],
        "update": [f"w_new = w_old - η ∂L/∂w, η = {typed(walk.learning_rate)}"],
        "numbers": ["computed with 16 digits, shown with 4"],
    }


def data(walk: Walkthrough) -> tuple[Sequence[str], list[list[str]]]:
    """Return the rows as a table."""
    cells = [
        [str(r), *map(typed, (*x, *y))]
        for r, (x, y) in enumerate(zip(walk.x.tolist(), walk.y.tolist(), strict=True), 1)
    ]
    return ["row", *(f"x{i}" for i in range(1, 1 + walk.x.shape[1])), "y"], cells


def weights(walk: Walkthrough) -> list[list[Formula]]:
    """Return all parameters, those of one unit together."""
    inputs, units = (range(1, 1 + size) for size in walk.network.sizes[:2])
    hidden = [[*(s.w(i, j) for i in inputs), s.b(j)] for j in units]
    return [*hidden, [*(s.w_out(j) for j in units), s.b_out]]


def moves(walk: Walkthrough) -> tuple[Sequence[str], list[list[str]]]:
    """Return a table of what each step moved."""
    cells = [
        [
            str(k),
            f"{number(step.loss)} → {number(step.loss_after)}",
            *(number(step.moved(of)) for of in (step.hidden, step.output, [s.b_out])),
        ]
        for k, step in enumerate(walk.steps, 1)
    ]
    return ["step", "loss", "w' moved by up to", "w'' by up to", "b21 by"], cells


# --- the terminal ----------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """At most a screenful: a title, what to ask before the rest is shown, and the rest."""

    text: str
    title: str = ""
    questions: Sequence[Question] = ()


def parts(walk: Walkthrough, ask: bool = False) -> list[Part]:
    """Return the text, in parts between which a teacher may pause.

    First what is given; then for every step forward, cost, backpropagation and update; last
    what happened. Each fits a terminal of 24 lines, with its questions where they are asked.
    """
    parts = [Part(text) for text in _screens(_given(walk))]
    for k, step in enumerate(walk.steps, 1):
        notable, title = notices(step), click.style(f"step {k} of {len(walk.steps)}", bold=True)
        for block in blocks(step):
            quantities = [_text(line, notable.get(line.name)) for line in block.lines]
            quantities[0].insert(0, heading(block.title))
            quantities[-1].append("")
            above = (2 if title else 0) + (3 * len(block.questions) if ask else 0)
            first, *others = _screens(quantities, above)
            parts.append(Part(first, title, block.questions))
            parts += map(Part, others)
            title = ""
    return [*parts, *map(Part, _screens(_happened(walk)))]


def _screens(blocks: Iterable[Sequence[str]], above: int = 0) -> list[str]:
    """Return texts of a screen each, below so many lines, without cutting a block if possible."""
    screens: list[list[str]] = [[]]
    for block in blocks:
        room = SCREEN - len(screens[-1]) - (above if len(screens) == 1 else 0)
        if len(block) > room and screens[-1]:
            screens.append([])
            room = SCREEN
        screens[-1] += block[:room]
        screens += [list(block[k : k + SCREEN]) for k in range(room, len(block), SCREEN)]
    return ["\n".join(screen) for screen in screens]


def _given(walk: Walkthrough) -> list[list[str]]:
    """Return what was run, the symbols, the rows and the weights."""
    run = [click.style(title(walk), bold=True), ""]
    for name, words in setting(walk).items():
        run += rows(name, [text for word in words for text in _wrapped(word, 0, WIDTH - COLUMN)])
    names, cells = data(walk)
    seen = [heading("rows"), *table([names, *cells])]
    if len(walk.x) > 1:
        seen.append("Each is worked alone, as in the notes; the mean moves the weights.")
    start = parameters(walk.before)
    cells = [[f"{p} = {typed(float(start[p]))}" for p in unit] for unit in weights(walk)]
    longest = max(map(len, cells))
    begun = table([*unit, *[""] * (longest - len(unit))] for unit in cells)
    return [
        [*run, ""],
        [heading("symbols"), *table(SYMBOLS), NAMING, ""],
        [*seen, ""],
        [heading("weights at the start"), *begun, ""],
    ]


def _text(line: Line, notice: Sentence | None) -> list[str]:
    """Return a quantity in one line, in two, or with a line for every row."""
    put_in, values = list(map(str, worked(line))), list(map(typed, line.values))
    start = f"  {line.name} = "
    whole = start + distinct([str(line.formula), put_in[0], values[0]])
    if len(values) == 1 and len(whole) <= WIDTH:
        found = [whole]
    elif len(values) == 1:
        found = [start + str(line.formula), *_wrapped(f"    = {put_in[0]} = {values[0]}", 6)]
    else:
        found = [start + str(line.formula), *_rows(line, put_in, values)]
    if not notice:
        return found
    if len(found) == 1 and len(found[0]) + len(str(notice)) + 5 <= WIDTH:
        return [found[0] + click.style(f"   ← {notice}", bold=True)]
    return [*found, *(click.style(text, bold=True) for text in _wrapped(f"    ← {notice}", 6))]


def _rows(line: Line, put_in: Sequence[str], values: Sequence[str]) -> list[str]:
    """Return a line for every row, and one for their mean, with their values aligned."""
    texts = ["" if text == value else text for text, value in zip(put_in, values, strict=True)]
    named = [
        (f"    row {r:<4}{text}", v)
        for r, (text, v) in enumerate(zip(texts, values, strict=True), 1)
    ]
    if line.mean is not None:
        named.append((f"    mean    {mean_of(line)}", typed(line.mean)))
    width = min(WIDTH - 13, max(EQUALS, *(len(text) for text, _ in named)))
    lines = []
    for text, value in named:
        *most, last = _wrapped(text, 12, width)
        lines += [*most, f"{last:{width}} = {value}"]
    return lines


def _wrapped(text: str, indent: int, width: int = WIDTH) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent=" " * indent, break_on_hyphens=False)


def _happened(walk: Walkthrough) -> list[list[str]]:
    """Return what every step moved, what it comes to, and what to try next."""
    moved = [heading("what happened")]
    if walk.steps:
        names, cells = moves(walk)
        moved += table([names, *cells])
    said = [line for lesson in lessons(walk) for line in _wrapped(f"- {lesson}", 2)]
    return [moved, said, ["", *rows("next", _next(walk))]]


def _next(walk: Walkthrough) -> list[str]:
    """Return the same start on all rows, the case after this one, and for a range the map."""
    changed = "".join(
        f" --{option.name} {walk.options[option.name]}"
        for option in walk.case.options
        if walk.options[option.name] != option.convert(option.default)
    )
    names = list(LESSONS)
    after = (
        names[(names.index(walk.case.name) + 1) % len(names)] if walk.case.name in names else ""
    )
    return [
        f"mlp-demo {walk.case.name}{changed} --activation {walk.activation}",
        f"mlp-demo walkthrough {after or names[0]} --activation {walk.activation}",
        *([f"mlp-demo map --activation {walk.activation}"] if walk.case.name in RACES else []),
    ]


# --- JSON ------------------------------------------------------------------------------


def as_json(walk: Walkthrough) -> dict[str, Any]:
    """Return one object: every line of every step as text and as numbers."""
    return {
        "case": "walkthrough",
        "of": walk.case.name,
        "options": dict(walk.options),
        "activation": walk.activation,
        "sizes": walk.network.sizes,
        "initializer": walk.start.kernel.name,
        "data": walk.dataset.name,
        "seed": walk.seed,
        "learning_rate": walk.learning_rate,
        "x": walk.x.tolist(),
        "y": walk.y[:, 0].tolist(),
        "loss": numbers(
            [*(step.loss for step in walk.steps), *(step.loss_after for step in walk.steps[-1:])]
        ),
        "steps": [_step_as_json(step) for step in walk.steps],
        "diverged": walk.diverged,
        "lessons": list(map(str, lessons(walk))),
    }


def _step_as_json(step: Step) -> dict[str, Any]:
    notable = notices(step)
    return {
        block.title: {
            "lines": [
                {
                    "name": str(line.name),
                    "formula": str(line.formula),
                    "worked": list(map(str, worked(line))),
                    "values": numbers(line.values),
                    "mean": line.mean,
                    "notice": str(notable.get(line.name, "")),
                }
                for line in block.lines
            ],
            "questions": [
                {"text": str(q.text), "answer": q.answer, "because": str(q.because)}
                for q in block.questions
            ],
        }
        for block in blocks(step)
    }
