"""Options: what the commands of ``mlp-demo`` share, from a flag to what it means.

Where to go next: ``report.py``, the way out; or the ``command.py`` of a room.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import fields
from math import isfinite
from pathlib import Path
from typing import Any

import click

from experiments import data
from experiments.data import Dataset, Table
from experiments.kit.claims import Lesson, Option
from experiments.kit.group import EPILOG
from experiments.kit.settings import Defaults, Settings
from experiments.kit.starts import SCALES, initializer_of, named_start
from mlp import initializers
from mlp.activations import ACTIVATIONS
from mlp.optimizers import OPTIMIZERS
from mlp.registry import Registry, suggestion


class Known(click.ParamType):  # type: ignore[type-arg]
    """The name of something registered; a mistyped one gets the nearest suggested."""

    def __init__(self, name: str, registry: Callable[[], Any]) -> None:
        self.name = name
        self.registry = registry

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name, if it is one."""
        try:
            self.registry()[value]
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return str(value).lower()

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Return the names that begin like this."""
        return [
            click.shell_completion.CompletionItem(name)
            for name in self.registry()
            if name.startswith(incomplete)
        ]


class Begun(Known):
    """The name of a start, a scale such as 0.3, NAME:NUMBERS, or FILE.py:FUNCTION."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name; a file is run and its function registered under what was typed."""
        if value.endswith(".py"):
            self.fail(f"say which function of it: {value}:FUNCTION", param, ctx)
        try:
            if ".py:" in value:
                return initializer_of(value)
            if _is_number(value):
                value = f"normal:{value}"  # which says what the number is
            if ":" not in value:
                return super().convert(value, param, ctx)
            named_start(value.lower()).kernel.initializer()
            return str(value).lower()
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Return the names that begin like this, and let the shell look for files."""
        files = click.shell_completion.CompletionItem(incomplete, type="file")
        return [*super().shell_complete(ctx, param, incomplete), files]


class Columns(click.ParamType):  # type: ignore[type-arg]
    """Columns of the table, a,b; a name with a comma in it stands in double quotes."""

    name = "columns"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the names."""
        if not isinstance(value, str):
            return value
        try:
            return _columns(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Return the columns of the table that was named before, after the last comma."""
        before, comma, last = incomplete.rpartition(",")
        try:
            named = [ctx.params.get("data"), *ctx.args, "penguins"]  # train DATA is in args
            names = data.column_names(next(name for name in named if name))
        except (OSError, ValueError):
            return []
        return [
            click.shell_completion.CompletionItem(before + comma + name)
            for name in names
            if name.startswith(last)
        ]


class Converted(click.ParamType):  # type: ignore[type-arg]
    """What a function makes of the text, which may refuse it with a ValueError."""

    def __init__(self, name: str, function: Callable[[str], Any]) -> None:
        self.name = name
        self.function = function

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value, or refuse the text with its sentence."""
        if not isinstance(value, str):
            return value
        try:
            return self.function(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class OneOf(click.Choice[str]):
    """One of a few words; a mistyped one gets the nearest suggested."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Return the sentence with all words, and the nearest first."""
        return (
            f"'{value}' is not one of {', '.join(self.choices)}: {suggestion(value, self.choices)}"
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def known_starts() -> Any:
    """Return every start that has a name: the notes' scales, and all initializers."""
    starts = Registry[str]("start")
    for name in dict.fromkeys([*SCALES, *initializers.names()]):
        starts.add(name, name)
    for name in initializers.names():
        for other in initializers.INITIALIZERS.aliases(name):
            starts.alias(other, name)
    return starts


# A width, or a width and how many layers have it.
_WIDTH = r"[1-9]\d{0,6}(x[1-9]\d{0,3})?"


def widths_of(text: str) -> tuple[int, ...]:
    """Return the widths of the layers that the text says: 2, or 16,16, or 50x10."""
    parts = re.fullmatch(rf"{_WIDTH}(,{_WIDTH})*", text.lower())
    if not parts:
        raise ValueError(f"'{text}' is not a list of layer widths such as 2 or 16,16 or 50x10")
    widths: list[int] = []
    for part in text.lower().split(","):
        width, _, layers = part.partition("x")
        widths += [int(width)] * int(layers or 1)
    return tuple(widths)


def fraction_of(text: str) -> float:
    """Return the number that the text says, from 0 and below 1."""
    try:
        fraction = float(text)
    except ValueError:
        fraction = -1.0
    if not 0 <= fraction < 1:
        raise ValueError(f"'{text}' is not a number from 0 and below 1, such as 0.2")
    return fraction


def rate_of(text: str) -> float:
    """Return the learning rate that the text says."""
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise ValueError(f"'{text}' is not a positive finite number")
    return rate


def finite_number(text: str) -> float:
    """Return the number that the text says."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"'{text}' is not a number") from None
    if not isfinite(value):
        raise ValueError(f"'{text}' is not a finite number")
    return value


def numbers_of(text: str) -> tuple[float, ...]:
    """Return the positive numbers that the text says: 0.1,0.01."""
    try:
        return tuple(rate_of(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"'{text}' is not a list of positive numbers such as 0.5,1,2") from None


def whole_numbers_of(text: str) -> tuple[int, ...]:
    """Return the whole numbers that the text says, each from 1 to 9999: 5,10,20."""
    if not re.fullmatch(r"[1-9]\d{0,3}(,[1-9]\d{0,3})*", text):
        raise ValueError(f"'{text}' is not a list of whole numbers from 1 to 9999 such as 5,10,20")
    return tuple(int(part) for part in text.split(","))


def not_negative(text: str) -> float:
    """Return the number that the text says, 0 or more."""
    value = finite_number(text)
    if value < 0:
        raise ValueError(f"'{text}' is negative; 0 or more is needed")
    return value


def _jobs(text: str) -> int:
    jobs = int(text) if re.fullmatch(r"-1|[1-9]\d{0,3}", text) else 0
    if not jobs:
        raise ValueError(f"'{text}' is not a number of processes, 1 or more, or -1 for all")
    return jobs


def _columns(text: str) -> tuple[str, ...]:
    try:
        (parts,) = csv.reader([text], skipinitialspace=True, strict=True)
    except (ValueError, csv.Error):
        parts = []
    columns = tuple(" ".join(part.split()) for part in parts)
    if not columns or not all(columns):
        raise ValueError(f"'{text}' is not a list of columns such as bill_length_mm,year")
    return columns


SEED_OPTION = click.Option(
    ["--seed"],
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Everything random follows from it.",
)

INIT_OPTION = click.Option(
    ["--init"],
    multiple=True,
    type=Begun("name", known_starts),
    help="small, large, scaled, an initializer, also with its numbers (normal:0.1), the std of w "
    "alone (0.1), or FILE.py:FUNCTION, whose code is run; may be given several times.",
)

RUNS_OPTION = click.Option(
    ["--runs"],
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Networks of each start, with different seeds.",
)


def network_options(defaults: Defaults, *names: str) -> list[click.Parameter]:
    """Return the options of a network and its training, with what they are by default.

    Parameters
    ----------
    defaults : Defaults
        What `settings_of` takes where nothing is typed.
    names : str
        Only these; by default all.
    """
    options = [
        click.Option(
            ["--activation"],
            type=Known("name", lambda: ACTIVATIONS),
            default=defaults.activation,
            show_default=True,
            help=f"Of the hidden units: {', '.join(ACTIVATIONS)}.",
        ),
        click.Option(
            ["--hidden"],
            type=Converted("widths", widths_of),
            help="Units of each hidden layer: 2, 16,16 or 50x10 for ten layers of 50.  "
            f"[default: {defaults.hidden}]",
        ),
        click.Option(
            ["--epochs"],
            type=click.IntRange(min=1),
            help=f"How often to go through the data.  [default: {defaults.epochs}]",
        ),
        click.Option(
            ["--learning-rate"],
            type=Converted("rate", rate_of),
            help=f"η, per step.  [default: {defaults.learning_rate}]",
        ),
        click.Option(
            ["--batch-size"],
            type=click.IntRange(min=1),
            help=f"Rows per step.  [default: {defaults.batch_size}]",
        ),
        click.Option(
            ["--optimizer"],
            type=Known("name", lambda: OPTIMIZERS),
            default=defaults.optimizer,
            show_default=True,
            help="sgd or adam.",
        ),
        SEED_OPTION,
    ]
    return [option for option in options if not names or option.name in names]


def lesson_command(
    lesson: Lesson,
    run: Callable[[dict[str, Any]], None],
    params: Sequence[click.Parameter],
    *,
    about: str,
    example: str,
    more: str = "",
) -> click.Command:
    """Return a command about a case or a race, made from what that says of itself.

    Parameters
    ----------
    lesson : Lesson
        The case or the race.
    run : callable (values)
        What the command does.
    params : sequence of click.Parameter
        Its options beside those that the lesson has for itself.
    about, example, more : str
        For the help: a sentence, what to type after ``mlp-demo``, and more sentences.
    """
    return click.Command(
        lesson.name,
        callback=lambda **values: run(values),
        params=[*own_options(lesson.options), *params],
        help="\n\n".join(
            [about, f"\b\nExample:\n  mlp-demo {example}", *([more] if more else [])]
        ),
        short_help=lesson.title,
        epilog=EPILOG,
    )


JOBS_OPTIONS: list[click.Parameter] = [
    click.Option(
        ["--jobs"],
        type=Converted("number", _jobs),
        help="Processes to share the work out to; -1: one for each processor.  [default: -1 if "
        "the work takes longer than 3 seconds]",
    ),
    click.Option(
        ["--dask"],
        metavar="tcp://HOST:PORT",
        help="The scheduler of a running dask.distributed cluster to share it out to instead.",
    ),
]

DATA_OPTIONS: list[click.Parameter] = [
    click.Option(
        ["--data"],
        default="penguins",
        show_default=True,
        metavar="NAME|FILE.csv",
        help="A data set, or a CSV file of yours.",
    ),
    click.Option(
        ["--inputs"],
        type=Columns(),
        help="Columns to learn from: a,b.  [default: the data set's]",
    ),
    click.Option(
        ["--target"],
        type=Columns(),
        help="Column to predict.  [default: the data set's]",
    ),
    click.Option(
        ["--drop-missing"],
        is_flag=True,
        help="Leave out and count incomplete rows of your file.",
    ),
]


FIGURE_OPTIONS: list[click.Parameter] = [
    click.Option(
        ["-o", "--output"],
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The figure; its suffix picks the format.  [default: COMMAND-ACTIVATION.png]",
    ),
    click.Option(["--show"], is_flag=True, help="Open the figure when it is done."),
    click.Option(
        ["--describe"], is_flag=True, help="Also say in one sentence what the figure shows."
    ),
]

PRINT_OPTIONS: list[click.Parameter] = [
    click.Option(
        ["--format", "output_format"],
        type=OneOf(["text", "json"]),
        default="text",
        show_default=True,
        help="What to print.",
    ),
    click.Option(
        ["--json", "output_format"], flag_value="json", help="The same as --format json."
    ),
    click.Option(["-q", "--quiet"], is_flag=True, help="Print only the verdict."),
]


def distinct(names: Sequence[str]) -> list[str]:
    """Return names of starts without those that mean the same as an earlier one."""
    return list(
        {initializers.INITIALIZERS.name_of(name): name for name in reversed(names)}.values()
    )[::-1]


def settings_of(values: dict[str, Any], defaults: Defaults) -> Settings:
    """Return what the network options say, and the defaults where they say nothing."""
    return defaults.settings(**{field.name: values[field.name] for field in fields(Settings)})


def table_of(values: dict[str, Any]) -> Table:
    """Return the table of the data options."""
    return data.read(values["data"], values["inputs"], values["target"], values["drop_missing"])


def dataset_of(values: dict[str, Any]) -> Dataset:
    """Return the same, standardised."""
    return table_of(values).standardised()


def own_options(options: Sequence[Option]) -> list[click.Parameter]:
    """Return the options that a case or a race has for itself."""
    return [
        click.Option(
            [f"--{option.name}"],
            type=Converted(option.name, option.convert),
            default=option.default,
            show_default=True,
            metavar=option.metavar,
            help=option.help,
        )
        for option in options
    ]
