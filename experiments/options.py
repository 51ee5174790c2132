"""Options: what the commands of ``mlp-demo`` share, from a flag to the file it names.

NumPy and matplotlib are imported inside the functions, so that ``mlp-demo --help`` answers at
once.

Where to go next: ``cli.py``, the commands.
"""

from __future__ import annotations

import csv
import json
import os
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from experiments import own
from experiments.cases import SCALES

if TYPE_CHECKING:
    from experiments.data import Dataset
    from experiments.runner import Settings

EPILOG = "Names of initializers, activations and data sets: mlp-demo list"


class Failure(click.ClickException):
    """Data or files are wrong: one sentence, exit code 1."""


class Demo(click.Group):
    """A group that answers every mistake with one sentence, never a traceback."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or suggest the nearest."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            from mlp.registry import suggestion

            hint = suggestion(args[0], self.list_commands(ctx))
            ctx.fail(f"no command is called '{args[0]}': {hint}")
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the lesson."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn what can go wrong into a sentence and an exit code."""
        warnings.showwarning = _tell
        # The networks of a class are small: on their matrices a second thread mostly waits, and
        # on a busy machine for long.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        if os.environ.get("NO_COLOR"):
            ctx.color = False
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(130)
        except BrokenPipeError:
            raise
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            raise Failure(f"{where}{error.strerror or error}") from None
        except MemoryError:
            raise Failure("this network does not fit into memory; try smaller ones") from None
        except ValueError as error:
            from experiments.data import DataError

            if isinstance(error, DataError):
                raise Failure(str(error)) from None
            name = ctx.invoked_subcommand or ""
            inner = click.Context(self.commands[name], ctx, name) if name in self.commands else ctx
            raise click.UsageError(str(error), inner) from None


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
    """The name of a start, or FILE.py:FUNCTION for an initializer of the user's."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name; a file is run and its function registered under what was typed."""
        if value.endswith(".py"):
            self.fail(f"say which function of it: {value}:FUNCTION", param, ctx)
        if ".py:" not in value:
            return super().convert(value, param, ctx)
        try:
            return own.initializer_of(value)
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
        from experiments import data

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
        from mlp.registry import suggestion

        return (
            f"'{value}' is not one of {', '.join(self.choices)}: {suggestion(value, self.choices)}"
        )


def known_activations() -> Any:
    """Return the registry of activations."""
    from mlp.activations import ACTIVATIONS

    return ACTIVATIONS


def known_optimizers() -> Any:
    """Return the registry of optimizers."""
    from mlp.optimizers import OPTIMIZERS

    return OPTIMIZERS


def known_starts() -> Any:
    """Return every start that has a name: the notes' scales, and all initializers."""
    from mlp import initializers
    from mlp.registry import Registry

    starts = Registry[str]("start")
    for name in dict.fromkeys([*SCALES, *initializers.names()]):
        starts.add(name, name)
    for name in initializers.names():
        for other in initializers.INITIALIZERS.aliases(name):
            starts.alias(other, name)
    return starts


# A width, or a width and how many layers have it.
_WIDTH = r"[1-9]\d{0,6}(x[1-9]\d{0,3})?"


def _widths(text: str) -> tuple[int, ...]:
    parts = re.fullmatch(rf"{_WIDTH}(,{_WIDTH})*", text.lower())
    if not parts:
        raise ValueError(f"'{text}' is not a list of layer widths such as 2 or 16,16 or 50x10")
    widths: list[int] = []
    for part in text.lower().split(","):
        width, _, layers = part.partition("x")
        widths += [int(width)] * int(layers or 1)
    return tuple(widths)


def _fraction(text: str) -> float:
    try:
        fraction = float(text)
    except ValueError:
        fraction = -1.0
    if not 0 <= fraction < 1:
        raise ValueError(f"'{text}' is not a number from 0 and below 1, such as 0.2")
    return fraction


def _rate(text: str) -> float:
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


def not_negative(text: str) -> float:
    """Return the number that the text says, 0 or more."""
    value = finite_number(text)
    if value < 0:
        raise ValueError(f"'{text}' is negative; 0 or more is needed")
    return value


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
    help="small, large, scaled, an initializer, or FILE.py:FUNCTION, whose code is run; may be "
    "given several times.",
)

RUNS_OPTION = click.Option(
    ["--runs"],
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Networks of each start, with different seeds.",
)


def network_options(
    activation: str = "relu",
    hidden: str | None = "2",
    epochs: str = "500; sigmoid 2000",
    rate: str = "0.1; adam 0.01",
    batch: str = "all",
) -> list[click.Parameter]:
    """Return the options of a network and its training, with what they are by default."""
    widths = "Units of each hidden layer: 2, 16,16 or 50x10 for ten layers of 50."
    return [
        click.Option(
            ["--activation"],
            type=Known("name", known_activations),
            default=activation,
            show_default=True,
            help="Of the hidden units: linear, relu, tanh, sigmoid.",
        ),
        click.Option(
            ["--hidden"],
            type=Converted("widths", _widths),
            default=hidden,
            show_default=True,
            help=widths if hidden else f"{widths}  [default: 50x10]",
        ),
        click.Option(
            ["--epochs"],
            type=click.IntRange(min=1),
            help=f"How often to go through the data.  [default: {epochs}]",
        ),
        click.Option(
            ["--learning-rate"],
            type=Converted("rate", _rate),
            help=f"η, per step.  [default: {rate}]",
        ),
        click.Option(
            ["--batch-size"],
            type=click.IntRange(min=1),
            help=f"Rows per step.  [default: {batch}]",
        ),
        click.Option(
            ["--optimizer"],
            type=Known("name", known_optimizers),
            default="sgd",
            show_default=True,
            help="sgd or adam.",
        ),
        SEED_OPTION,
    ]


NETWORK_OPTIONS = network_options()

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

# The network of ``train`` is a larger one: it is not there to be looked at.
TRAIN_OPTIONS: list[click.Parameter] = [
    click.Argument(["data"], metavar="DATA"),
    *(option for option in DATA_OPTIONS if option.name != "data"),
    click.Option(
        ["--init"],
        type=Begun("name", known_starts),
        help="How the weights start: an initializer, or FILE.py:FUNCTION, whose code is run.  "
        "[default: he_normal; without ReLU glorot_normal]",
    ),
    *(option for option in NETWORK_OPTIONS if option.name != "hidden"),
    click.Option(
        ["--hidden"],
        type=Converted("widths", _widths),
        default="16,16",
        show_default=True,
        help="Units of each hidden layer.",
    ),
    click.Option(
        ["--validation"],
        type=Converted("part", _fraction),
        default="0.2",
        show_default=True,
        help="Part of the rows to hold out.",
    ),
    click.Option(
        ["--save"],
        type=click.Path(path_type=Path),
        metavar="FILE.npz",
        help="Keep the network.  [default with --resume: that file]",
    ),
    click.Option(
        ["--save-every"],
        type=click.IntRange(min=1),
        metavar="EPOCHS",
        help="Save while training too.  [default: twice a minute]",
    ),
    click.Option(
        ["--resume"],
        type=click.Path(path_type=Path),
        metavar="FILE.npz",
        help="Go on with a saved network, for --epochs more or those left.",
    ),
]
# What a network that is resumed already has.
RESUMED = (
    "inputs", "target", "init", "activation", "hidden", "learning_rate", "batch_size",
    "optimizer", "seed", "validation",
)  # fmt: skip

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

PREDICT_OPTIONS: list[click.Parameter] = [
    click.Argument(["network"], type=click.Path(path_type=Path), metavar="FILE.npz"),
    click.Argument(["data"], metavar="DATA"),
    click.Option(
        ["-o", "--output"],
        type=click.Path(path_type=Path),
        metavar="FILE.csv",
        help="Where the answers go.  [default: they are printed]",
    ),
    click.Option(
        ["--drop-missing"], is_flag=True, help="Leave incomplete rows without an answer."
    ),
    *PRINT_OPTIONS[:-1],
    click.Option(["-q", "--quiet"], is_flag=True, help="Print only the answers."),
]


def figure_path(values: dict[str, Any], default: str) -> Path:
    """Return where the figure goes; refuse what could not be written before any work."""
    from experiments import plots

    output: Path = values["output"] or Path(default)
    plots.check_path(output)
    return output


def check_resumed(ctx: click.Context) -> None:
    """Refuse options that do not go with ``--resume``, or need ``--save``.

    Raises
    ------
    ValueError
        Naming the first of them.
    """
    resumed = ctx.params["resume"]
    for option in ctx.command.params:
        given = ctx.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE
        if resumed and given and option.name in RESUMED:
            raise ValueError(f"{option.opts[0]} is in {resumed} already; leave it out")
    if ctx.params["save_every"] and not (ctx.params["save"] or resumed):
        raise ValueError("--save-every needs --save, the file to save to")


def check_output(output: Path, *others: str | Path) -> None:
    """Refuse a file that could not be written, or that is needed, before any work.

    Raises
    ------
    OSError
        If it could not be written.
    ValueError
        If it is one of the others: the table, say.
    """
    from mlp.files import check_writable

    check_writable(output)
    for other in others:
        if os.path.realpath(other) == os.path.realpath(output):
            raise ValueError(f"{output} is needed as it is; choose another name to write to")


def warn(error: OSError) -> None:
    """Say that something could not be written, when that is no reason to stop."""
    click.echo(f"{error.filename}: {error.strerror}; training goes on", err=True)


def _tell(message: Warning | str, *place: Any, **more: Any) -> None:
    """Print a warning as one line."""
    click.echo(f"warning: {' '.join(str(message).split())}", err=True)


def distinct(names: Sequence[str]) -> list[str]:
    """Return names of starts without those that mean the same as an earlier one."""
    from mlp.initializers import INITIALIZERS

    return list({INITIALIZERS.name_of(name): name for name in reversed(names)}.values())[::-1]


def tell(
    values: dict[str, Any],
    *,
    text: Callable[[], str],
    as_json: Callable[[], dict[str, Any]],
    quiet: Callable[[], str],
    description: str,
) -> None:
    """Print what the user asked for: the story, the object or the verdict alone."""
    from experiments.narration.words import wrapped

    if values["output_format"] == "json":
        print_json({"description": description} | as_json())
        return
    click.echo(quiet() if values["quiet"] else text())
    if values["describe"]:
        click.echo("\n".join(["", *wrapped("picture", description)]))


def print_json(data: dict[str, Any]) -> None:
    """Print one object."""
    click.echo(json.dumps(data, ensure_ascii=False))


def pressed(keys: str = "") -> str:
    """Wait for one of the keys, or for any; Ctrl-C and Ctrl-D interrupt."""
    while True:
        try:
            key = click.getchar().lower()
        except (KeyboardInterrupt, EOFError):
            click.echo(err=True)  # leave the line of the prompt
            raise KeyboardInterrupt from None
        if key in keys or not keys:
            return key


def show(values: dict[str, Any], output: Path) -> None:
    """Open the figure, if the user wants that."""
    if values["show"] and click.launch(str(output)) != 0:
        click.echo(f"no program to show {output} was found; open it yourself", err=True)


def settings_of(values: dict[str, Any]) -> Settings:
    """Return what the network options say; where they say nothing, so do the settings."""
    from experiments.runner import Settings

    return Settings(
        activation=values["activation"],
        hidden=values["hidden"] or (),
        epochs=values["epochs"],
        learning_rate=values["learning_rate"],
        batch_size=values["batch_size"],
        optimizer=values["optimizer"],
        seed=values["seed"],
    )


def dataset_of(values: dict[str, Any]) -> Dataset:
    """Return the table of the data options."""
    from experiments import data

    return data.load(values["data"], values["inputs"], values["target"], values["drop_missing"])


@contextmanager
def progress(label: str, steps: int) -> Iterator[Callable[..., None]]:
    """Yield a function to call after each step; a bar appears where work takes a second.

    What the function is given, a text, is shown beside the bar.
    """
    with ExitStack() as stack:
        started, done = time.monotonic(), 0
        bar: Any = None

        def step(shown: str | None = None) -> None:
            nonlocal bar, done
            done += 1
            if bar is not None:
                bar.update(1, shown)
            elif sys.stderr.isatty() and time.monotonic() - started > 1:
                bar = stack.enter_context(
                    click.progressbar(
                        length=steps,
                        label=label,
                        file=sys.stderr,
                        update_min_steps=max(1, steps // 200),
                        item_show_func=lambda shown: shown,
                    )
                )
                bar.update(done)

        yield step
