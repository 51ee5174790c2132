"""The walkthrough as a student reads it: in the terminal, as a handout, as JSON.

All three are made of the same lines. A formula is text in the symbols of the notes: `put_in`
replaces the symbols by numbers, and `latex` turns either into LaTeX.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import click

from experiments.kit.words import (
    COLUMN,
    WIDTH,
    describe_network,
    describe_start,
    heading,
    mark,
    number,
    numbers,
    rows,
    table,
)
from experiments.walkthrough.measure import (
    DECIMALS,
    LESSONS,
    SYMBOL,
    Line,
    Question,
    Walkthrough,
    parameters,
)

# The column of "= value" where rows stand under one another.
EQUALS = 46

# What the symbols mean, and where they are in the code.
SYMBOLS = (
    ("w'ij", "weight from input i to hidden unit j", "layers[0].W[i-1, j-1]"),
    ("w''j1", "weight from hidden unit j to the output", "layers[1].W[j-1, 0]"),
    ("b1j, b21", "biases of hidden unit j and the output", "layers[0].b, layers[1].b"),
    ("z1j, a1j", "into and out of hidden unit j", "trace.z[0], trace.a[1]"),
    ("ŷ, ∂L/∂ŷ", "answer, and slope of the loss there", "trace.output, error"),
    ("∂L/∂w'ij", "gradient of a weight", "gradients.W[0][i-1, j-1]"),
)
NAMING = "The notes have no name for w''j1; its two primes stand for the second layer."


@dataclass(frozen=True)
class Part:
    """About a screenful: a title, what to ask before the rest is shown, and the rest."""

    text: str
    title: str = ""
    questions: Sequence[Question] = ()


def parts(walk: Walkthrough) -> list[Part]:
    """Return the text, in parts between which a teacher may pause.

    First what is given; then for every step forward, cost, backpropagation and update; last
    what happened.
    """
    parts = [Part("\n".join(_given(walk)))]
    for k, step in enumerate(walk.steps, 1):
        for block in step.blocks:
            first = block is step.blocks[0]
            title = click.style(f"step {k} of {len(walk.steps)}", bold=True) if first else ""
            lines = [text for line in block.lines for text in _text(line)]
            text = "\n".join([heading(block.title), *lines, ""])
            parts.append(Part(text, title, block.questions))
    return [*parts, Part("\n".join(_happened(walk)))]


def answer(question: Question, said: bool | None = None) -> str:
    """Return what the run says to a question, marked if somebody has `said` yes or no."""
    text = f"{'yes' if question.answer else 'no'}: {question.because}"
    return text if said is None else f"{mark(said == question.answer)} {text}"


def as_markdown(walk: Walkthrough, ask: bool = False) -> str:
    """Return a handout with LaTeX equations; with `ask`, questions with folded answers too."""
    lines = [f"# {_title(walk)}", ""]
    lines += [f"- {name}: {'; '.join(words)}" for name, words in _setting(walk).items()]
    symbols = [(symbol, meaning, f"`{code}`") for symbol, meaning, code in SYMBOLS]
    lines += ["", *_markdown_table(("symbol", "meaning", "in the code"), symbols), "", NAMING, ""]
    lines += [*_markdown_table(*_data(walk)), "", "The weights at the start:", ""]
    lines += [f"- {_inline(', '.join(filter(None, unit)))}" for unit in _weights(walk)] + [""]
    for k, step in enumerate(walk.steps, 1):
        lines += [f"## Step {k} of {len(walk.steps)}", ""]
        for block in step.blocks:
            lines += [f"### {block.title.capitalize()}", ""]
            for question in block.questions if ask else ():
                lines += [f"**Predict:** {_inline(question.text)}", ""]
                lines += ["<details><summary>Answer</summary>", "", _inline(answer(question))]
                lines += ["", "</details>", ""]
            for line in block.lines:
                lines += _markdown(line)
    lines += ["## What happened", ""]
    if walk.steps:
        lines += [*_markdown_table(*_moves(walk)), ""]
    return "\n".join([*lines, *(f"- {_inline(said)}" for said in walk.lessons())])


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
        "loss": numbers([*(step.loss for step in walk.steps), *_last_loss(walk)]),
        "steps": [
            {
                block.title: {
                    "lines": [_line_as_json(line) for line in block.lines],
                    "questions": [vars(question) for question in block.questions],
                }
                for block in step.blocks
            }
            for step in walk.steps
        ],
        "diverged": walk.diverged,
        "lessons": walk.lessons(),
    }


def typed(value: float) -> str:
    """Write a number as one would type it into a calculator: four digits, no zeros to fill.

    Examples
    --------
    >>> typed(0.5), typed(-0.0), typed(0.123456), typed(0.0000123456), typed(123456)
    ('0.5', '0', '0.1235', '1.235e-5', '1.235e5')
    """
    mantissa, _, exponent = f"{value + 0.0:.4g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def put_in(formula: str, values: Mapping[str, float]) -> str:
    """Put numbers in for the symbols of a formula.

    Examples
    --------
    >>> put_in("w'11 x1 + w'21 x2 + b11", {"w'11": -0.5, "x1": 1, "w'21": 0.5, "x2": -2, "b11": 0})
    '-0.5·1 + 0.5·(-2) + 0'
    >>> put_in("1 / (1 + e^-z11)", {"z11": -0.3})
    '1 / (1 + e^0.3)'
    """

    def value(symbol: re.Match[str]) -> str:
        text = typed(values[symbol[0]])
        return f"({text})" if text.startswith("-") else text

    text = SYMBOL.sub(value, formula).replace(" · ", "·")
    text = re.sub(r"(?<=[\d)]) (?=[\d(])", "·", text)  # what stands side by side is multiplied
    text = re.sub(r"e\^-\(-([^()]*)\)", r"e^\1", text)
    text = re.sub(r"e\^\((-[^()]*)\)", r"e^\1", text)
    # No parentheses around what comes first: (-0.5 - 0.3)², max(0, -0.5).
    return re.sub(r"(^|\(|, |if )\((-[^()]*)\)(?!²)", r"\1\2", text)


def latex(text: str) -> str:
    r"""Turn a formula, in symbols or in numbers, into LaTeX.

    It keeps to what GitHub, Jupyter and matplotlib all understand: no backslash before
    punctuation, which Markdown would eat, and a prime after its subscript, so that no
    underscore can be taken for emphasis.

    Examples
    --------
    >>> print(latex("∂L/∂ŷ · a11"))
    \frac{\partial L}{\partial \hat{y}} \cdot a_{11}
    >>> print(latex("1 / (1 + e^-0.3)"))
    \frac{1}{1 + e^{-0.3}}
    """
    text = re.sub(rf"e\^(-?(?:{SYMBOL.pattern}|[\d.e-]+))", r"e^{\1}", text)
    part = r"(?:\(((?:[^()]|\([^()]*\))*)\)|([^\s()]+))"
    text = re.sub(rf"{part} / {part}", _fraction, text)
    text = re.sub(r"(\d)e(-?\d+)", r"\1 \\times 10^{\2}", text)
    text = SYMBOL.sub(_latex_symbol, text)
    text = re.sub(r"\bnew ", r"\\text{new } ", text)
    text = re.sub(r"(\S+) if (.+), else (\S+)", r"\1 \\text{ if } \2 \\text{, else } \3", text)
    text = re.sub(r"\s*·\s*", r" \\cdot ", text)
    return text.replace("²", "^2").replace("max(", r"\max(")


def _fraction(match: re.Match[str]) -> str:
    top, bottom = match[1] or match[2], match[3] or match[4]
    return rf"\frac{{{top}}}{{{bottom}}}"


def _latex_symbol(match: re.Match[str]) -> str:
    symbol = match[0]
    if symbol.startswith("∂"):
        top, bottom = (SYMBOL.sub(_latex_symbol, part) for part in symbol[1:].split("/∂"))
        return rf"\frac{{\partial {top}}}{{\partial {bottom}}}"
    if symbol[-1].isdigit():
        index = symbol.lstrip("wzabx'")
        return f"{symbol[0]}_{{{index}}}{symbol.count(chr(39)) * chr(39)}"
    return {"ŷ": r"\hat{y}", "η": r"\eta"}.get(symbol, symbol)


# --- what both the terminal and the handout are made of --------------------------------


def _title(walk: Walkthrough) -> str:
    return f"{walk.case.title}, {walk.activation}, worked by hand"


def _setting(walk: Walkthrough) -> dict[str, list[str]]:
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


def _data(walk: Walkthrough) -> tuple[Sequence[str], list[list[str]]]:
    """Return the rows as a table."""
    cells = [
        [str(r), *map(typed, (*x, *y))]
        for r, (x, y) in enumerate(zip(walk.x.tolist(), walk.y.tolist(), strict=True), 1)
    ]
    return ["row", *(f"x{i}" for i in range(1, 1 + walk.x.shape[1])), "y"], cells


def _weights(walk: Walkthrough) -> list[list[str]]:
    """Return what every parameter starts at, those of one unit together."""
    start = {name: float(value) for name, value in parameters(walk.before).items()}
    units = [rf"(w'\d|b1){j + 1}" for j in range(walk.network.sizes[1])]
    found = [
        [f"{name} = {typed(w)}" for name, w in start.items() if re.fullmatch(unit, name)]
        for unit in [*units, r"w''\d+|b2\d"]
    ]
    longest = max(map(len, found))
    return [[*unit, *[""] * (longest - len(unit))] for unit in found]


def _moves(walk: Walkthrough) -> tuple[Sequence[str], list[list[str]]]:
    """Return a table of what each step moved."""
    cells = [
        [
            str(k),
            f"{number(step.loss)} → {number(step.loss_after)}",
            *(number(step.moved[layer]) for layer in ("hidden", "output", "bias")),
        ]
        for k, step in enumerate(walk.steps, 1)
    ]
    return ["step", "loss", "w' moved by up to", "w'' by up to", "b21 by"], cells


def _last_loss(walk: Walkthrough) -> list[float]:
    return [step.loss_after for step in walk.steps[-1:]]


# --- the terminal ----------------------------------------------------------------------


def _given(walk: Walkthrough) -> list[str]:
    lines = [click.style(_title(walk), bold=True), ""]
    for name, words in _setting(walk).items():
        lines += rows(name, [text for word in words for text in _wrapped(word, 0, WIDTH - COLUMN)])
    lines += ["", heading("symbols"), *table(SYMBOLS), NAMING]
    names, cells = _data(walk)
    lines += ["", heading("rows"), *table([names, *cells])]
    if len(walk.x) > 1:
        lines.append("Each is worked alone, as in the notes; the mean moves the weights.")
    lines += ["", heading("weights at the start")]
    return [*lines, *table(_weights(walk)), ""]


def _text(line: Line) -> list[str]:
    """Return a quantity in one line, in two, or with a line for every row."""
    worked, values = _worked(line)
    start = f"  {line.name} = "
    whole = start + " = ".join(_distinct(line.formula, worked[0], values[0]))
    if len(values) == 1 and len(whole) <= WIDTH:
        found = [whole]
    elif len(values) == 1:
        found = [start + line.formula, *_wrapped(f"    = {worked[0]} = {values[0]}", 6)]
    else:
        found = [start + line.formula, *_rows(line, worked, values)]
    if not line.notice:
        return found
    if len(found) == 1 and len(found[0]) + len(line.notice) + 5 <= WIDTH:
        return [found[0] + click.style(f"   ← {line.notice}", bold=True)]
    return [
        *found,
        *(click.style(text, bold=True) for text in _wrapped(f"    ← {line.notice}", 6)),
    ]


def _rows(line: Line, worked: Sequence[str], values: Sequence[str]) -> list[str]:
    """Return a line for every row, and one for their mean, with their values aligned."""
    texts = ["" if text == value else text for text, value in zip(worked, values, strict=True)]
    named = [
        (f"    row {r:<4}{text}", v)
        for r, (text, v) in enumerate(zip(texts, values, strict=True), 1)
    ]
    if line.mean is not None:
        named.append((f"    mean    {_sum(line.values)}", typed(line.mean)))
    width = min(WIDTH - 13, max(EQUALS, *(len(text) for text, _ in named)))
    lines = []
    for text, value in named:
        *most, last = _wrapped(text, 12, width)
        lines += [*most, f"{last:{width}} = {value}"]
    return lines


def _wrapped(text: str, indent: int, width: int = WIDTH) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent=" " * indent, break_on_hyphens=False)


def _happened(walk: Walkthrough) -> list[str]:
    lines = [heading("what happened")]
    if walk.steps:
        names, cells = _moves(walk)
        lines += table([names, *cells])
    for said in walk.lessons():
        lines += _wrapped(f"- {said}", 2)
    return [*lines, "", *rows("next", _next(walk))]


def _next(walk: Walkthrough) -> list[str]:
    """Return the same start on all rows, and the case after this one."""
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
    ]


def _worked(line: Line) -> tuple[list[str], list[str]]:
    """Return the formula with the numbers put in, and the values, row by row."""
    worked = [put_in(line.formula, values) for values in line.inputs]
    return worked, [typed(value) for value in line.values]


def _sum(values: Sequence[float]) -> str:
    """Return the mean of the values as a sum divided by their number."""
    names = [f"x{r}" for r in range(1, 1 + len(values))]
    total = put_in(" + ".join(names), dict(zip(names, values, strict=True)))
    return f"({total}) / {len(values)}"


def _distinct(*texts: str) -> list[str]:
    """Return the texts without those that repeat the one before."""
    return [text for text, _ in groupby(texts)]


# --- the handout -----------------------------------------------------------------------


def _markdown(line: Line) -> list[str]:
    """Return a quantity as an equation, with a list of the rows if there are several."""
    worked, values = _worked(line)
    name, formula = latex(line.name), latex(line.formula)
    if len(values) == 1:
        equal = " = ".join(_distinct(name, formula, latex(worked[0]), latex(values[0])))
        lines = [f"$${equal}$$", ""]
    else:
        lines = [f"$${name} = {formula}$$", ""]
        pairs = enumerate(zip(worked, values, strict=True), 1)
        lines += [f"- row {r}: ${' = '.join(map(latex, _distinct(*p)))}$" for r, p in pairs]
        if line.mean is not None:
            lines.append(f"- mean: ${latex(_sum(line.values))} = {latex(typed(line.mean))}$")
        lines.append("")
    return [*lines, f"> **Notice:** {_inline(line.notice)}", ""] if line.notice else lines


def _inline(text: str) -> str:
    """Return prose with its symbols as LaTeX."""
    return SYMBOL.sub(lambda symbol: f"${_latex_symbol(symbol)}$", text)


def _markdown_table(names: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    lines = [names, ["---"] * len(names), *cells]
    return ["| " + " | ".join(c.replace("|", r"\|") for c in line) + " |" for line in lines]


# --- JSON ------------------------------------------------------------------------------


def _line_as_json(line: Line) -> dict[str, Any]:
    worked, _ = _worked(line)
    return {
        "name": line.name,
        "formula": line.formula,
        "worked": worked,
        "values": numbers(line.values),
        "mean": line.mean,
        "notice": line.notice,
    }
