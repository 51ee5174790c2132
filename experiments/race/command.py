"""The commands ``xavier`` and ``he``, and the second half of ``random``.

Where to go next: ``propagation/command.py``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from experiments.case.cases import CASES, Case
from experiments.case.command import ANIMATE, options_of, told
from experiments.kit.film import check_film
from experiments.kit.options import (
    DATA_OPTIONS,
    FIGURE_OPTIONS,
    INIT_OPTION,
    JOBS_OPTIONS,
    PRINT_OPTIONS,
    dataset_of,
    distinct,
    lesson_command,
    network_options,
    settings_of,
)
from experiments.kit.report import (
    figure_path,
    processors,
    progress,
    publish,
    tell,
)
from experiments.kit.settings import Settings
from experiments.kit.starts import named_start
from experiments.kit.style import check_path
from experiments.race import animation, measure, text
from experiments.race.figure import figure
from experiments.race.measure import Standings
from experiments.race.races import RACES, Race


def _command(race: Race) -> click.Command:
    def run(values: dict[str, Any]) -> None:
        output = figure_path(values, f"{race.name}-{values['activation']}.png")
        film = values["animate"]
        if film:
            check_film(film)
        result = _raced(race, values, settings_of(values, race.defaults))
        result = replace(result, film=film and str(film))
        story = publish(result, text, figure, output)
        if film:
            _film(result, film)
        tell(values, story)

    output, *others = FIGURE_OPTIONS
    return lesson_command(
        race,
        run,
        [
            INIT_OPTION,
            *network_options(race.defaults),
            *DATA_OPTIONS,
            *JOBS_OPTIONS,
            output,
            ANIMATE,
            *others,
            *PRINT_OPTIONS,
        ],
        about=f"{race.title}, on a deep network.",
        example=f"{race.name} --activation {race.covered[0]}",
    )


def _film(result: Standings, path: Path) -> None:
    epochs = animation.frame_epochs(result)
    with progress("drawing") as expect, animation.film(result, path) as draw:
        step = expect(len(epochs))
        for epoch in epochs:
            draw(epoch)
            step()


def _in_two_halves(case: Case) -> click.Command:
    """Return the command of a case that a race tells the second half of."""

    def run(values: dict[str, Any]) -> None:
        output = figure_path(values, f"{case.name}-{values['activation']}.png")
        beside = output.with_stem(f"{output.stem}-deep")
        check_path(beside)
        story = told(case, values)
        race = RACES[case.name]
        shared = {name: values[name] for name in ("activation", "optimizer", "seed")}
        deep = _raced(race, values, race.settings(**shared))
        second = publish(deep, text, figure, beside)
        tell(values, story.in_depth(second))

    return lesson_command(
        case,
        run,
        [*options_of(case), *JOBS_OPTIONS],
        about=f"{case.title}.",
        example=f"{case.name} --activation tanh",
        more="The second half trains a deep network of its own, and draws FIGURE-deep beside "
        "the figure of the first. The data, --activation, --optimizer and --seed hold for it "
        "too, the other options do not.",
    )


def _raced(race: Race, values: dict[str, Any], settings: Settings) -> Standings:
    dataset = dataset_of(values)
    options = {option.name: values[option.name] for option in race.options}
    rivals = [named_start(name) for name in distinct(values.get("init") or [])]
    with processors(values) as map_, progress("racing") as expect:
        return measure.race(
            race, dataset, settings, options, rivals=rivals, map=map_, expect=expect
        )


COMMANDS = {
    name: _in_two_halves(CASES[name]) if name in CASES else _command(race)
    for name, race in RACES.items()
}
