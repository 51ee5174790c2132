"""The command ``walkthrough``, with a subcommand for each start of the notes.

Where to go next: ``fitting/command.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from experiments.kit.claims import Lesson
from experiments.kit.group import Demo
from experiments.kit.options import (
    DATA_OPTIONS,
    PRINT_OPTIONS,
    Begun,
    dataset_of,
    known_starts,
    lesson_command,
    network_options,
)
from experiments.kit.report import any_key, print_json, yes_or_no
from experiments.kit.starts import named_start
from experiments.race.races import RACES
from experiments.walkthrough import handout, text
from experiments.walkthrough.measure import DEFAULTS, LESSONS, walk
from experiments.walkthrough.text import Part

_WALK_OPTIONS: list[click.Parameter] = [
    *network_options(DEFAULTS, "activation", "hidden", "learning_rate", "seed"),
    click.Option(
        ["--steps"],
        type=click.IntRange(min=1),
        default=3,
        show_default=True,
        help="How many updates.",
    ),
    click.Option(
        ["--rows"],
        type=click.IntRange(min=1),
        default=2,
        show_default=True,
        help="How many rows of the data, from the first.",
    ),
    *DATA_OPTIONS,
    click.Option(["--pause"], is_flag=True, help="Wait for a key after each part."),
    click.Option(["--ask"], is_flag=True, help="Let the reader predict first; keep score."),
    click.Option(
        ["--format", "output_format"],
        type=click.Choice(["text", "markdown", "json"]),
        default="text",
        show_default=True,
        help="What to print; markdown is a handout with LaTeX equations.",
    ),
    *PRINT_OPTIONS[1:],
    click.Option(
        ["--blank"],
        is_flag=True,
        help="Of the handout: leave lines for the numbers, to be filled in.",
    ),
]


# Where the weights are random, they may be drawn in any other way.
_INIT = click.Option(
    ["--init"],
    type=Begun("name", known_starts),
    help="Another start: an initializer (normal:0.1), the std of w (0.1), or FILE.py:FUNCTION.",
)


@click.group(
    name="walkthrough",
    cls=Demo,
    subcommand_metavar="CASE [OPTIONS]...",
)
def walkthrough() -> None:
    """Work the first updates by hand, number by number.

    \b
    Example:
      mlp-demo walkthrough zero --activation sigmoid

    Forward, loss, backward along the chain rule and update of the 2-2-1 network, in
    the symbols of the notes. For the options: mlp-demo walkthrough zero --help
    """


def _command(lesson: Lesson) -> click.Command:
    return lesson_command(
        lesson,
        lambda values: _walk(lesson, values),
        [*([_INIT] if lesson.name in RACES else []), *_WALK_OPTIONS],
        about=f"{lesson.title}, worked by hand.",
        example=f"walkthrough {lesson.name} --activation sigmoid --ask",
    )


def _walk(lesson: Lesson, values: dict[str, Any]) -> None:
    if values["blank"] and values["output_format"] != "markdown":
        raise click.UsageError("--blank is for handouts: add --format markdown")
    result = walk(
        lesson,
        dataset_of(values),
        {option.name: values[option.name] for option in lesson.options},
        **{name: values[name] for name in ("activation", "hidden", "learning_rate", "seed")},
        rows=values["rows"],
        steps=values["steps"],
        start=named_start(values["init"]) if values.get("init") else None,
    )
    if values["output_format"] == "json":
        print_json(text.as_json(result))
    elif values["output_format"] == "markdown":
        click.echo(handout.as_markdown(result, values["ask"], values["blank"]))
    elif values["quiet"]:
        click.echo("\n".join(map(str, text.lessons(result))))
    else:
        _teach(text.parts(result, values["ask"]), values["ask"], values["pause"])


def _teach(parts: Sequence[Part], ask: bool, pause: bool) -> None:
    """Print the parts; on a terminal wait between them, and for the reader's predictions."""
    waits = sys.stdin.isatty() and sys.stdout.isatty()
    asked = right = 0
    for part in parts:
        if part.title:
            click.echo(f"{part.title}\n")
        for question in part.questions if ask else ():
            asks, said = f"? {question.text}", None
            if waits:
                said = yes_or_no(asks)
                asked, right = asked + 1, right + (said == question.answer)
            else:
                click.echo(f"{asks} [y/n] ")
            click.echo(f"  {text.answer(question, said)}\n")
        click.echo(part.text)
        if pause and waits and part is not parts[-1]:
            any_key()
    if asked:
        click.echo(f"\nYou predicted {right} of {asked}.")


for _lesson in LESSONS.values():
    walkthrough.add_command(_command(_lesson))

COMMANDS = {"walkthrough": walkthrough}
