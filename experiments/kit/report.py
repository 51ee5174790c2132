"""Report: one way out for every result, onto the terminal and into files.

A room has one verb per medium: `text`, `as_json`, `describe` and `verdict` in its ``text.py``,
`figure` in its ``figure.py``. So `deliver` can deliver any result.

Where to go next: the ``command.py`` of any room.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Protocol

import click
from matplotlib.figure import Figure

from experiments.kit.claims import Verdict
from experiments.kit.group import Failure
from experiments.kit.sizes import pace
from experiments.kit.style import check_path, save
from experiments.kit.sweep import Map, WorkerError, workers
from experiments.kit.words import wrapped
from mlp.arrays import InputError
from mlp.files import check_writable


class Words(Protocol):
    """What the ``text.py`` of a room has to offer."""

    def text(self, result: Any, figure: str, /) -> str:
        """Return the whole story, with the name of the figure's file."""

    def as_json(self, result: Any, figure: str, /) -> dict[str, Any]:
        """Return everything a program might ask, as one object."""

    def describe(self, result: Any, /) -> str:
        """Return what the figure shows, in one sentence for those who cannot see it."""

    def verdict(self, result: Any, /) -> Verdict | str:
        """Return what became of it: a `Verdict`, or the line or lines that say it."""


@dataclass(frozen=True)
class Story:
    """A result in all that can be printed of it."""

    text: Callable[[], str]
    as_json: Callable[[], dict[str, Any]]
    verdict: Callable[[], Verdict | str]
    description: str
    pictures: tuple[Path, ...]

    def in_depth(self, deep: Story) -> Story:
        """Return this story with a second half, told of a deep network."""
        answer = [
            *wrapped("answer", f"shallow: {_sentence(self.verdict())}"),
            *wrapped("", f"in depth: {_sentence(deep.verdict())}"),
        ]
        return Story(
            text=lambda: "\n".join([*answer, "", self.text(), "", deep.text(), "", *answer]),
            as_json=lambda: {
                **self.as_json(),
                "description": self.description,
                "deep": {**deep.as_json(), "description": deep.description},
            },
            verdict=lambda: f"{self.verdict()}\nin depth: {deep.verdict()}",
            description=f"{self.description} In depth: {deep.description}",
            pictures=(*self.pictures, *deep.pictures),
        )


def _sentence(verdict: Verdict | str) -> str:
    """Return a verdict with its reason."""
    return f"{verdict}. {verdict.reason}" if isinstance(verdict, Verdict) else verdict


def publish(result: Any, words: Words, draw: Callable[[Any], Figure], output: Path) -> Story:
    """Write the figure of a result, and return what there is to tell.

    Parameters
    ----------
    result : object
        What a room measured.
    words : module
        The ``text`` of the room.
    draw : callable (result) -> Figure
        The ``figure`` of the room.
    output : pathlib.Path
        Where the figure goes.
    """
    description = words.describe(result)
    save(draw(result), output, description)
    return Story(
        text=lambda: words.text(result, str(output)),
        as_json=lambda: words.as_json(result, str(output)),
        verdict=lambda: words.verdict(result),
        description=description,
        pictures=(output,),
    )


def tell(values: dict[str, Any], story: Story) -> None:
    """Print what the user asked for: the story, the object or the verdict; open its pictures.

    A story that ends with a `Verdict` has it before its first line, too.
    """
    verdict = story.verdict()
    if values["output_format"] == "json":
        print_json({"description": story.description} | story.as_json())
    elif values["quiet"]:
        click.echo(str(verdict))
    else:
        if isinstance(verdict, Verdict):
            click.echo("\n".join([*wrapped("answer", str(verdict), bold=True), ""]))
        click.echo(story.text())
    if values["describe"] and values["output_format"] != "json":
        click.echo("\n".join(["", *wrapped("picture", story.description)]))
    for picture in story.pictures if values["show"] else ():
        if click.launch(str(picture)) != 0:
            click.echo(f"no program to show {picture} was found; open it yourself", err=True)


def deliver(
    values: dict[str, Any],
    result: Any,
    words: Words,
    draw: Callable[[Any], Figure],
    output: Path,
) -> None:
    """Write, print and open what was measured, as the options of the command say."""
    tell(values, publish(result, words, draw, output))


def print_json(data: dict[str, Any]) -> None:
    """Print one object."""
    click.echo(json.dumps(data, ensure_ascii=False))


def figure_path(values: dict[str, Any], default: str) -> Path:
    """Return where the figure goes; refuse what could not be written before any work."""
    output: Path = values["output"] or Path(default)
    check_path(output)
    return output


def check_output(output: Path, *others: str | Path) -> None:
    """Refuse a file that could not be written, or that is needed, before any work.

    Raises
    ------
    OSError
        If it could not be written.
    InputError
        If it is one of the others: the table, say.
    """
    check_writable(output)
    for other in others:
        if os.path.realpath(other) == os.path.realpath(output):
            raise InputError(f"{output} is needed as it is; choose another name to write to")


def warn(error: OSError) -> None:
    """Say that something could not be written, when that is no reason to stop."""
    click.echo(f"{error.filename}: {error.strerror}; training goes on", err=True)


def any_key() -> None:
    """Wait for a key; Ctrl-C and Ctrl-D interrupt."""
    click.echo("-- any key --\r", nl=False, err=True)
    try:
        click.getchar()
    except (KeyboardInterrupt, EOFError):
        _interrupt()
    click.echo("             \r", nl=False, err=True)


def yes_or_no(question: str) -> bool:
    """Ask until it is answered with y or n and Enter; Ctrl-C and Ctrl-D interrupt."""

    def said(text: str) -> bool:
        if text.strip().lower() not in ("y", "yes", "n", "no"):
            raise click.UsageError(f"'{text}' is neither y nor n; type one of them, and Enter")
        return text.strip().lower().startswith("y")

    try:
        answer: bool = click.prompt(question, value_proc=said, prompt_suffix=" [y/n] ")
    except click.Abort:
        _interrupt()
    return answer


def _interrupt() -> NoReturn:
    click.echo(err=True)  # leave the line of the prompt
    raise KeyboardInterrupt


@contextmanager
def progress(label: str) -> Iterator[Callable[[int], Callable[..., None]]]:
    """Yield what work is watched by: told how many steps there will be, it returns `step`.

    ``step()`` is called after each; a text that it is given is shown beside the bar. The bar
    appears where work takes a second, and only on a terminal.
    """
    with ExitStack() as stack:

        def expect(steps: int) -> Callable[..., None]:
            started, done = time.monotonic(), 0
            bar: Any = None
            tell_pace = pace(steps)

            def step(shown: str | None = None) -> None:
                nonlocal bar, done
                done += 1
                tell_pace()
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

            return step

        yield expect


@contextmanager
def processors(values: dict[str, Any]) -> Iterator[Map]:
    """Yield the map that ``--jobs`` and ``--dask`` ask for."""
    try:
        with workers(values["jobs"], values["dask"]) as map_:
            yield map_
    except WorkerError as error:
        raise Failure(str(error)) from None
