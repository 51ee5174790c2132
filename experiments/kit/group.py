"""Group: commands that answer every mistake with one sentence, and load only what they need.

Nothing here is slow to load, so that ``mlp-demo --help`` answers at once.

Where to go next: ``options.py``.
"""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

from experiments.kit import streams

EPILOG = "Names of initializers, activations and data sets: mlp-demo list"
FAULT = "This is a fault of mlp-demo, not of yours: please report it, with all the lines above."
FAULT_CODE = 70  # EX_SOFTWARE of sysexits.h


class Failure(click.ClickException):
    """Data or files are wrong: one sentence, exit code 1."""


class Rooms(Mapping[str, click.Command]):
    """Commands by name, each imported when it is asked for.

    Parameters
    ----------
    places : mapping from name to (module, words)
        The module, whose ``COMMANDS`` has the command, and what it is for in a few words.
    """

    def __init__(self, places: Mapping[str, tuple[str, str]]) -> None:
        self.places = places

    def __getitem__(self, name: str) -> click.Command:
        module, _ = self.places[name]
        try:
            command: click.Command = import_module(module).COMMANDS[name]
        except UnicodeDecodeError as error:
            raise Failure(f"matplotlib's settings, matplotlibrc, are no text: {error}") from None
        return command

    def __contains__(self, name: object) -> bool:
        return name in self.places

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


class Demo(click.Group):
    """A group that answers every mistake with one sentence; only its own faults have a trace."""

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

    def words(self) -> list[tuple[str, str]]:
        """Return each command with what it is for; nothing is imported."""
        if isinstance(self.commands, Rooms):
            return [(name, words) for name, (_, words) in self.commands.places.items()]
        return [(name, c.get_short_help_str(80)) for name, c in self.commands.items()]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands and what each is for."""
        with formatter.section("Commands"):
            formatter.write_dl(self.words())

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Return the commands, or options, that begin like this."""
        commands = [
            click.shell_completion.CompletionItem(name, help=words)
            for name, words in self.words()
            if name.startswith(incomplete)
        ]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def main(self, *args: Any, **more: Any) -> Any:
        """Run the command line; an exit code and one sentence tell what went wrong, if anything.

        A fault of the program looks like one: its traceback, and whom to tell.
        """
        atexit.register(gc.freeze)  # leave no garbage to look for on the way out: a tenth of zero
        try:
            streams.prepare()
            return super().main(*args, **more)
        except OSError as error:
            click.echo(f"Error: {_reason(error)}", err=True)
            sys.exit(Failure.exit_code)
        except Exception:
            click.echo(f"{traceback.format_exc()}\n{FAULT}", err=True)
            sys.exit(FAULT_CODE)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn what can go wrong into a sentence and an exit code."""
        warnings.showwarning = _tell
        # The networks of a class are small: on their matrices a second thread mostly waits, and
        # on a busy machine for long.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        if os.environ.get("NO_COLOR"):
            ctx.color = False
        if backend := os.environ.pop("MPLBACKEND", None):
            _prefer(backend)
        import numpy as np

        try:
            # Numbers that leave the range are what some starts show: no warning, but a verdict.
            with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
                return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(130)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Failure(_reason(error)) from None
        except MemoryError as error:
            reason = f": {error}" if str(error) else ""
            raise Failure(f"this does not fit into memory{reason}") from None
        except ValueError as error:
            from experiments.data import DataError
            from mlp.arrays import InputError

            if isinstance(error, DataError):
                raise Failure(str(error)) from None
            if not isinstance(error, InputError):
                raise
            name = ctx.invoked_subcommand or ""
            inner = click.Context(self.commands[name], ctx, name) if name in self.commands else ctx
            raise click.UsageError(str(error), inner) from None


def _tell(message: Warning | str, *place: Any, **more: Any) -> None:
    """Print a warning as one line."""
    click.echo(f"warning: {' '.join(str(message).split())}", err=True)


def _reason(error: OSError) -> str:
    """Return what could not be read or written, and why."""
    streams.forget_what_is_left()
    if error.errno == errno.ENOENT and not error.filename:  # of os.getcwd()
        return "the folder that you are in is gone; change to another"
    where = error.filename or ("standard output" if error.errno in streams.FULL else None)
    return f"{where}: {error.strerror}" if where else str(error.strerror or error)


def _prefer(backend: str) -> None:
    """Tell matplotlib which backend the user wants; one it does not know is no reason to stop."""
    import matplotlib as mpl

    with suppress(ValueError):
        mpl.rcParams["backend"] = backend
        os.environ["MPLBACKEND"] = backend
