"""What to type next: the command that trains on the same table, but for what was advised.

Where to go next: ``text.py``, which ends with it.
"""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from experiments.data import SOURCES, Table, column_names
from experiments.fitting.model import DEFAULTS
from experiments.fitting.outcome import Fit
from experiments.kit.settings import Settings, widths
from experiments.kit.starts import is_usual, typed
from experiments.kit.words import COLUMN, WIDTH


def commands(fit: Fit) -> list[str]:
    """Return what to type next, in lines of the width."""
    model, advice, saved = fit.model, fit.advice(), fit.saved if fit.worth_saving else None
    if fit.own_rows_only and not advice:
        return comparison_of(fit.table, model.settings)
    lines = []
    if saved and (not advice or fit.verdict().word == "learning"):
        asked = f"mlp-demo predict {shlex.quote(saved)} {shlex.quote(fit.table.source)} -o out.csv"
        lines.append(asked + " --drop-missing" * model.drop_missing)
    train = f"mlp-demo train {shlex.quote(fit.table.source)}"
    if advice or not saved:
        options = _options(fit) | dict(advice) | {"--save": fit.saved or "net.npz"}
        return lines + _in_lines(train, options)
    if not fit.by_heart and not fit.stopped:
        resumed = {"--resume": saved, "--epochs": "100", "--patience": fit.patience}
        lines += _in_lines(train, resumed)
    return lines


def training_of(table: Table, settings: Settings, start: str) -> list[str]:
    """Return what to type to train such a network on a table from a start, and keep it."""
    options = _of_table(table, settings, _dropped(table))
    given = None if is_usual(start, settings.activation) else typed(start)
    options |= _unusual({"--init": (given, None)} | _of_steps(settings, len(table.values)))
    options |= {"--save": "net.npz"}
    return _in_lines(f"mlp-demo train {shlex.quote(table.source)}", options)


def comparison_of(table: Table, settings: Settings) -> list[str]:
    """Return what to type to compare all starts of such a network on a table, at several rates."""
    options = _of_table(table, settings, _dropped(table))
    # Its usual activation is another.
    options |= {"--activation": settings.activation}
    return _in_lines(f"mlp-demo compare --data {shlex.quote(table.source)}", options)


def _dropped(table: Table) -> bool:
    """Return whether incomplete rows had to be left out; those of the penguins always are."""
    return bool(table.dropped) and table.source not in SOURCES


def _in_lines(command: str, options: Mapping[str, Any]) -> list[str]:
    """Return a command in lines of the width; an option that is longer has one of its own."""
    lines = [command]
    for name, value in options.items():
        if value is None:
            continue
        part = name if value is True else f"{name} {shlex.quote(str(value))}"
        if len(lines[-1]) + len(part) + 1 > WIDTH - COLUMN - 2:
            lines[-1] += " \\"
            lines.append(f"  {part}")
        else:
            lines[-1] += f" {part}"
    return lines


def _options(fit: Fit) -> dict[str, Any]:
    """Return the options of a training whose values are not those that it has by default."""
    model, settings = fit.model, fit.model.settings
    given = {
        "--init": (None if model.has_usual_start else typed(model.start), None),
        "--epochs": (settings.epochs, DEFAULTS.epochs.of(settings.activation)),
        **_of_steps(settings, len(fit.dataset.x)),
        "--seed": (settings.seed, 0),
        "--validation": (model.validation, 0.2),
        "--keep": (model.keep, "best"),
        "--patience": (fit.patience, None),
    }
    return _of_table(fit.table, settings, model.drop_missing) | _unusual(given)


def _of_steps(settings: Settings, rows: int) -> dict[str, tuple[Any, Any]]:
    """Return the options of the steps, each with its usual value."""
    usual = DEFAULTS.settings(
        activation=settings.activation, hidden=settings.hidden, optimizer=settings.optimizer
    )
    return {
        "--learning-rate": (settings.learning_rate, usual.learning_rate),
        "--batch-size": (settings.batch_size or rows, usual.batch_size),
        "--optimizer": (settings.optimizer, DEFAULTS.optimizer),
    }


def _of_table(table: Table, settings: Settings, drop_missing: bool) -> dict[str, Any]:
    """Return the options that say what is learned from what, by which network."""
    source = table.source
    own = SOURCES[source] if source in SOURCES else None  # noqa: SIM401
    names = column_names(source)
    inputs, targets = (own.inputs, own.targets) if own else (names, names[-1:])
    given = {
        "--inputs": (table.inputs, tuple(name for name in inputs if name not in table.targets)),
        "--target": (table.targets, tuple(targets)),
        "--activation": (settings.activation, DEFAULTS.activation),
        "--hidden": (widths(settings.hidden), str(DEFAULTS.hidden)),
        "--drop-missing": (drop_missing, False),
    }
    unusual = _unusual(given)
    for option in ("--inputs", "--target"):
        if option in unusual:
            unusual[option] = _columns(unusual[option])
    return unusual


def _unusual(given: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """Return the values that differ from those beside them."""
    return {name: value for name, (value, usual) in given.items() if value != usual}


def _columns(names: Sequence[str]) -> str:
    """Write names of columns as the options take them, with quotes where there is a comma."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue()
