"""The commands ``zero`` and ``constant``, and the first half of ``random``.

Where to go next: ``race/command.py``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from experiments.case import animation, text
from experiments.case.cases import CASES, Case
from experiments.case.figure import figure
from experiments.case.measure import Result, replay, run
from experiments.kit.film import check_film
from experiments.kit.options import (
    DATA_OPTIONS,
    FIGURE_OPTIONS,
    PRINT_OPTIONS,
    dataset_of,
    lesson_command,
    network_options,
    settings_of,
)
from experiments.kit.report import Story, figure_path, progress, publish, tell

ANIMATE = click.Option(
    ["--animate"],
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also draw the training as it happens: .gif, .html, or .mp4 with ffmpeg.",
)


def options_of(case: Case) -> list[click.Parameter]:
    """Return the options of the command of a case, but those that it has for itself."""
    output, *others = FIGURE_OPTIONS
    return [
        *network_options(case.defaults),
        *DATA_OPTIONS,
        output,
        ANIMATE,
        *others,
        *PRINT_OPTIONS,
    ]


def _command(case: Case) -> click.Command:
    return lesson_command(
        case,
        lambda values: tell(values, told(case, values)),
        options_of(case),
        about=f"{case.title}.",
        example=f"{case.name} --activation tanh",
    )


def told(case: Case, values: dict[str, Any]) -> Story:
    """Run a case, write its picture and its film, and return what there is to tell."""
    settings = settings_of(values, case.defaults)
    output = figure_path(values, f"{case.name}-{settings.activation}.png")
    film = values["animate"]
    if film:
        check_film(film)
    options = {option.name: values[option.name] for option in case.options}
    dataset = dataset_of(values)
    with progress("training") as expect:
        result = run(case, dataset, settings, options, expect)
    story = publish(replace(result, film=film and str(film)), text, figure, output)
    if film:
        _film(result, film)
    return story


def _film(result: Result, path: Path) -> None:
    epochs = animation.frame_epochs(result)
    with progress("drawing") as expect, animation.film(result, path) as draw:
        step = expect(len(epochs))
        replay(result, epochs, lambda now: (draw(now), step()))


COMMANDS = {case.name: _command(case) for case in CASES.values()}
