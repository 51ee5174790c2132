"""Words: how numbers, lines and tables are set. Made for 80 columns, with ANSI styles.

Nothing here is slow to load: the texts of all rooms, and the sentences of the claims, are made
with it.

Where to go next: ``starts.py``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, zip_longest
from math import isfinite
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from experiments.data import Dataset
    from experiments.kit.claims import Verdict
    from experiments.kit.settings import Settings
    from experiments.kit.starts import Start

WIDTH = 80
COLUMN = 10
NO_HEADER = "its first line is numbers, so the columns are called x1, x2, ..."


def number(value: float) -> str:
    """Write a number as a person would: three digits, no more.

    Examples
    --------
    >>> number(0.0), number(0.99999), number(3.3e-16), number(-12.34)
    ('0', '1.00', '3.3e-16', '-12.3')
    """
    if value == 0:
        return "0"
    if not isfinite(value):
        return "not finite"
    value = float(f"{value:.2e}")  # first to three digits: 999.6 is 1000, not 1e3
    if 0.001 <= abs(value) < 1000:
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}"
    return f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


def shape(sizes: Sequence[int]) -> str:
    """Write the widths of a network, many equal hidden layers in a row as one, or all of it.

    Examples
    --------
    >>> shape([2, 2, 1]), shape([2, 50, 50, 50, 1]), shape([2, 2, 2]), shape([250] * 12)
    ('2-2-1', '2-50×3-1', '2-2-2', '250×12')
    """
    inputs, *hidden, outputs = sizes
    if len(hidden) > 1 and {inputs, outputs} == set(hidden):
        return f"{inputs}×{len(sizes)}"
    parts = [str(inputs)]
    for size, layers in groupby(hidden):
        count = len(list(layers))
        parts += [f"{size}×{count}"] if count > 2 else [str(size)] * count
    return "-".join([*parts, str(outputs)])


def heading(words: str) -> str:
    """Return the words underlined."""
    return click.style(words, underline=True)


def row(name: str, value: str) -> str:
    """Return one line: a quiet name, and at column 10 its value."""
    return click.style(f"{name:{COLUMN}}", dim=True) + value


def rows(name: str, values: Sequence[str]) -> list[str]:
    """Return one line per value, the name before the first."""
    return [row(name if k == 0 else "", value) for k, value in enumerate(values)]


def wrapped(name: str, sentence: str, bold: bool = False) -> list[str]:
    """Return a sentence in lines of the width, the name before the first."""
    lines = textwrap.wrap(sentence, WIDTH - COLUMN)
    return rows(name, [click.style(line, bold=True) if bold else line for line in lines])


def verdict_rows(verdict: Verdict) -> list[str]:
    """Return the verdict in bold, and below it why."""
    return [*wrapped("verdict", str(verdict), bold=True), *wrapped("", verdict.reason)]


def table(
    rows: Iterable[Sequence[str] | str], heads: Sequence[str] | str = (), align: str = ""
) -> list[str]:
    """Return the lines of a table: its heads underlined, its columns as wide as their cells.

    Parameters
    ----------
    rows : iterable of sequences of str
        A row that is one str is a line of its own, as it is.
    heads : sequence of str, or str
        One for each column, or one for all. Without any, the table stands a little to the
        right, under what it belongs to. A column without a word is left out.
    align : str
        For each column "<" or ">"; "<" by default.

    Notes
    -----
    Where the columns would be wider than the screen they move together, and then the cells of
    the last column that is set to the left are folded.

    Examples
    --------
    >>> lines = table([("small", "1.00"), ("he_normal", "0.294")], ("start", "loss"), "<>")
    >>> print(click.unstyle("\\n".join(lines)))
    start       loss
    small       1.00
    he_normal  0.294
    """
    rows = list(rows)
    cells = [row for row in (heads, *rows) if row and not isinstance(row, str)]
    columns = list(zip(*cells, strict=True))
    kept = [k for k, column in enumerate(columns) if any(column)]
    widths = {k: max(len(click.unstyle(cell)) for cell in columns[k]) for k in kept}
    align = align or "<" * len(columns)
    margin = "" if heads else "  "
    room = WIDTH - len(margin) - sum(widths.values())
    gap = "  " if room >= 2 * (len(kept) - 1) else " "
    folded = max((k for k in kept if align[k] == "<"), default=None)
    if folded is not None:
        widths[folded] += min(0, room - len(gap) * (len(kept) - 1))

    def lines_of(row: Sequence[str] | str) -> Iterator[str]:
        if isinstance(row, str):
            yield row
            return
        parts = [textwrap.wrap(row[k], widths[k]) if k == folded else [row[k]] for k in kept]
        for line in zip_longest(*(part or [""] for part in parts), fillvalue=""):
            set_ = (_aligned(c, widths[k], align[k]) for k, c in zip(kept, line, strict=True))
            yield margin + gap.join(set_).rstrip()

    lines = [heading(line) for line in lines_of(heads)] if heads else []
    return lines + [line for row in rows for line in lines_of(row)]


def _aligned(cell: str, width: int, side: str) -> str:
    """Return a cell with blanks up to the width, which its style does not count for."""
    blanks = " " * (width - len(click.unstyle(cell)))
    return blanks + cell if side == ">" else cell + blanks


def mark(holds: bool) -> str:
    """Return a green tick or a red cross."""
    return click.style("✓", fg="green") if holds else click.style("✗", fg="red")


def describe_data(dataset: Dataset) -> str:
    """Return the columns of a data set, in the direction they are learned."""
    names = (
        [f'"{c}"' if "," in c else c for c in side] for side in (dataset.inputs, dataset.targets)
    )
    return " → ".join(map(", ".join, names))


def describe_network(sizes: Sequence[int], activation: str) -> str:
    """Return the shape of a network with what its units do.

    Examples
    --------
    >>> describe_network([2, 50, 50, 50, 1], "tanh")
    '2-50×3-1, tanh hidden units, linear output'
    """
    return f"{shape(sizes)}, {activation} hidden units, linear output"


def describe_start(start: Start) -> str:
    """Return the name of a start with its formula.

    Examples
    --------
    >>> from experiments.kit.starts import named_start
    >>> describe_start(named_start("he_normal"))
    'he_normal: N(0, 2 / fan_in)'
    """
    words = start.words
    if words == start.name:
        words = getattr(start.kernel.initializer(), "formula", "")
    return f"{start.name}: {words}" if words else start.name


def data_rows(dataset: Dataset) -> list[str]:
    """Return lines that say what is learned from what, and what became of the rows."""
    dropped = f" ({dataset.dropped} incomplete dropped)" if dataset.dropped else ""
    lines = [
        *([] if dataset.header else [NO_HEADER]),
        f"{len(dataset.x)} rows{dropped}, each column standardised",
    ]
    return [*wrapped("data", f"{dataset.name}: {describe_data(dataset)}"), *rows("", lines)]


def describe_training(settings: Settings, rate: str = "") -> str:
    """Return the optimizer with its numbers; `rate` instead of η, where there are several."""
    rows = "all rows" if settings.batch_size is None else f"{settings.batch_size} rows"
    name = {"sgd": "SGD"}.get(settings.optimizer, settings.optimizer.capitalize())
    epochs = "1 epoch" if settings.epochs == 1 else f"{settings.epochs} epochs"
    eta = settings.learning_rate
    rate = rate or f"learning rate η = {f'{eta:.3g}' if 1e-4 <= eta < 1e4 else number(eta)}"
    return f"{name}, {rate}, {epochs}, {rows} per step, seed {settings.seed}"


def numbers(values: Iterable[float]) -> list[float | None]:
    """Return plain numbers for JSON, None for those that are not finite."""
    return [finite(value) for value in values]


def finite(value: float) -> float | None:
    """Return the number, or None where JSON has no word for it."""
    return float(value) if isfinite(value) else None


def counted(count: int, thing: str) -> str:
    """Return how many of a thing there are, one or several.

    Examples
    --------
    >>> counted(1, "unit"), counted(20, "unit")
    ('1 unit', '20 units')
    """
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def hidden_units(units: int, distinct: int) -> str:
    """Say how many of the hidden units are what they seem.

    Examples
    --------
    >>> hidden_units(20, 2), hidden_units(20, 20), hidden_units(1, 1)
    ('20 hidden units act as 2', '20 hidden units, all different', '1 hidden unit')
    """
    if distinct < units:
        return f"{units} hidden units act as {distinct}"
    return f"{units} hidden units, all different" if units > 1 else "1 hidden unit"


def ending(loss: float) -> str:
    """Return a loss as it is told, ∞ for one that diverged."""
    return number(loss) if isfinite(loss) else "∞"


def ends(losses: Any) -> str:
    """Tell the first and the last loss."""
    first, last = losses
    return f"{end(first)} at the start, {end(last)} at the end"


def end(loss: float) -> str:
    """Tell a loss, or that there is none."""
    return number(float(loss)) if isfinite(loss) else "diverged"


def ended(loss: float) -> str:
    """Tell where a loss ends."""
    return f"ends at {number(loss)}" if isfinite(loss) else "diverges"


def listed(words: Sequence[str]) -> str:
    """Return "a, b and c"."""
    return ", ".join(words[:-1]) + f" and {words[-1]}" if len(words) > 1 else words[0]
