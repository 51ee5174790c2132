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
from experiments.case.measure import Result, epochs_of_work, replay, run
from experiments.kit.film import check_film
from experiments.kit.group import EPILOG
from experiments.kit.options import (
    DATA_OPTIONS,
    FIGURE_OPTIONS,
    NETWORK_OPTIONS,
    PRINT_OPTIONS,
    dataset_of,
    own_options,
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
    """Return the options of the command of a case."""
    output, *others = FIGURE_OPTIONS
    return [
        *own_options(case.options),
        *NETWORK_OPTIONS,
        *DATA_OPTIONS,
        output,
        ANIMATE,
        *others,
        *PRINT_OPTIONS,
    ]


def _command(case: Case) -> click.Command:
    """Return the command of a case, made from what the case says of itself."""

    def callback(**values: Any) -> None:
        story, output = told(case, values)
        tell(values, story, output)

    return click.Command(
        case.name,
        callback=callback,
        params=options_of(case),
        help=f"{case.title}.\n\n\b\nExample:\n  mlp-demo {case.name} --activation tanh",
        short_help=case.title,
        epilog=EPILOG,
    )


def told(case: Case, values: dict[str, Any]) -> tuple[Story, Path]:
    """Run a case, write its picture and its film, and return what there is to tell."""
    settings = settings_of(values).filled_in()
    output = figure_path(values, f"{case.name}-{settings.activation}.png")
    film = values["animate"]
    if film:
        check_film(film)
    options = {option.name: values[option.name] for option in case.options}
    dataset = dataset_of(values)
    with progress("training", epochs_of_work(settings)) as on_epoch:
        result = run(case, dataset, settings, options, on_epoch)
    story = publish(replace(result, film=film and str(film)), text, figure, output)
    if film:
        _film(result, film)
    return story, output


def _film(result: Result, path: Path) -> None:
    epochs = animation.frame_epochs(result)
    with progress("drawing", len(epochs)) as on_frame, animation.film(result, path) as draw:
        replay(result, epochs, lambda now: (draw(now), on_frame()))


COMMANDS = {case.name: _command(case) for case in CASES.values()}
