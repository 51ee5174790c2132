"""The walkthrough as a handout: Markdown, with LaTeX equations.

Where to go next: ``command.py``.
"""

from __future__ import annotations

from collections.abc import Sequence

from experiments.walkthrough.measure import Line, Walkthrough, parameters
from experiments.walkthrough.text import (
    DIGITS,
    NAMING,
    SYMBOLS,
    Sentence,
    answer,
    blocks,
    data,
    distinct,
    lessons,
    mean_of,
    moves,
    notices,
    setting,
    title,
    typed,
    weights,
    worked,
)
from mlp.formulas import Number

# Room for what comes out, in pencil.
SHORT, LONG = "_" * 8, "_" * 40


def as_markdown(walk: Walkthrough, ask: bool = False, blank: bool = False) -> str:
    """Return a handout with LaTeX equations.

    Parameters
    ----------
    walk : Walkthrough
        What was worked.
    ask : bool
        Also the questions, with their answers folded away.
    blank : bool
        Without what comes out: lines to fill in for every number, no notices, no answers.
    """
    lines = [f"# {title(walk)}", ""]
    lines += [f"- {name}: {'; '.join(words)}" for name, words in setting(walk).items()]
    symbols = [(symbol, meaning, f"`{code}`") for symbol, meaning, code in SYMBOLS]
    lines += ["", *_markdown_table(("symbol", "meaning", "in the code"), symbols), "", NAMING, ""]
    lines += [*_markdown_table(*data(walk)), "", "The weights at the start:", ""]
    start = parameters(walk.before)
    for unit in weights(walk):
        lines.append("- " + ", ".join(f"${p.latex()}$ = {typed(float(start[p]))}" for p in unit))
    lines.append("")
    for k, step in enumerate(walk.steps, 1):
        lines += [f"## Step {k} of {len(walk.steps)}", ""]
        notable = notices(step)
        for block in blocks(step):
            lines += [f"### {block.title.capitalize()}", ""]
            for question in block.questions if ask else ():
                lines += [f"**Predict:** {question.text.markdown()}", ""]
                if blank:
                    lines += ["☐ yes  ☐ no", ""]
                    continue
                lines += ["<details><summary>Answer</summary>", "", answer(question).markdown()]
                lines += ["", "</details>", ""]
            for line in block.lines:
                lines += _to_fill_in(line) if blank else _equation(line, notable.get(line.name))
    lines += ["## What happened", ""]
    if walk.steps:
        names, cells = moves(walk)
        if blank:
            cells = [[step, *[SHORT] * len(others)] for step, *others in cells]
        lines += [*_markdown_table(names, cells), ""]
    said = (
        [f"in your words: {LONG}"]
        if blank
        else [sentence.markdown() for sentence in lessons(walk)]
    )
    return "\n".join([*lines, *(f"- {sentence}" for sentence in said)])


def _to_fill_in(line: Line) -> list[str]:
    """Return a quantity as an equation, with a line for each number that comes out."""
    rows = (
        ["value"] if len(line.values) == 1 else [f"row {r + 1}" for r in range(len(line.values))]
    )
    if line.mean is not None and len(rows) > 1:
        rows.append("mean")
    equation = f"$${line.name.latex()} = {line.formula.latex()}$$"
    return [equation, "", *(f"- {row}: {LONG}" for row in rows), ""]


def _equation(line: Line, notice: Sentence | None) -> list[str]:
    """Return a quantity as an equation, with a list of the rows if there are several."""
    name, formula = line.name.latex(), line.formula.latex()
    put_in = [numbers.latex() for numbers in worked(line)]
    values = [Number(value, DIGITS).latex() for value in line.values]
    if len(values) == 1:
        lines = [f"$${distinct([name, formula, put_in[0], values[0]])}$$", ""]
    else:
        lines = [f"$${name} = {formula}$$", ""]
        pairs = enumerate(zip(put_in, values, strict=True), 1)
        lines += [f"- row {r}: ${distinct(pair)}$" for r, pair in pairs]
        if line.mean is not None:
            mean = Number(line.mean, DIGITS).latex()
            lines.append(f"- mean: ${mean_of(line).latex()} = {mean}$")
        lines.append("")
    return [*lines, f"> **Notice:** {notice.markdown()}", ""] if notice else lines


def _markdown_table(names: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    lines = [names, ["---"] * len(names), *cells]
    return ["| " + " | ".join(c.replace("|", r"\|") for c in line) + " |" for line in lines]
