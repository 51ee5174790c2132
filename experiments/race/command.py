"""The commands ``xavier`` and ``he``, and the second half of ``random``.

Where to go next: ``propagation/command.py``.
"""

from __future__ import annotations

from typing import Any

import click

from experiments.case.cases import CASES, Case
from experiments.case.command import options_of, told
from experiments.kit.group import EPILOG
from experiments.kit.options import (
    DATA_OPTIONS,
    FIGURE_OPTIONS,
    JOBS_OPTIONS,
    PRINT_OPTIONS,
    dataset_of,
    network_options,
    own_options,
    settings_of,
)
from experiments.kit.report import deliver, figure_path, publish, shared_out, tell
from experiments.race import measure, text
from experiments.race.figure import figure
from experiments.race.measure import Comparison, race_settings, stacks_of_work
from experiments.race.races import RACES, Race


def _command(race: Race) -> click.Command:
    """Return the command of a race, made from what the race says of itself."""

    def callback(**values: Any) -> None:
        output = figure_path(values, f"{race.name}-{values['activation']}.png")
        deliver(values, _raced(race, values), text, figure, output)

    network = network_options(
        activation=race.covered[0],
        hidden=None,
        epochs=str(race.epochs),
        rate="by activation and depth",
        batch=str(race.batch_size),
    )
    return click.Command(
        race.name,
        callback=callback,
        params=[
            *own_options(race.options),
            *network,
            *DATA_OPTIONS,
            *JOBS_OPTIONS,
            *FIGURE_OPTIONS,
            *PRINT_OPTIONS,
        ],
        help=f"{race.title}, on a deep network.\n\n\b\nExample:\n"
        f"  mlp-demo {race.name} --activation {race.covered[0]}",
        short_help=race.title,
        epilog=EPILOG,
    )


def _in_two_halves(case: Case, race: Race) -> click.Command:
    """Return the command of a case that a race tells the second half of."""

    def callback(**values: Any) -> None:
        story, output = told(case, values)
        shallow = {"hidden": (), "epochs": None, "learning_rate": None, "batch_size": None}
        deep = _raced(race, values | shallow)
        second = publish(deep, text, figure, output.with_stem(f"{output.stem}-deep"))
        tell(values, story.in_depth(second), output)

    return click.Command(
        case.name,
        callback=callback,
        params=[*options_of(case), *JOBS_OPTIONS],
        help=f"{case.title}.\n\n\b\nExample:\n  mlp-demo {case.name} --activation tanh\n\n"
        "The second half trains a deep network of its own. The data, --activation, "
        "--optimizer and --seed hold for it too, the other options do not.",
        short_help=case.title,
        epilog=EPILOG,
    )


def _raced(race: Race, values: dict[str, Any]) -> Comparison:
    settings, dataset = race_settings(race, settings_of(values)), dataset_of(values)
    options = {option.name: values[option.name] for option in race.options}
    stacks = stacks_of_work(race.starts(**options), dataset, settings, race.runs)
    with shared_out(values, "racing", stacks) as map_:
        return measure.race(race, dataset, settings, options, map=map_)


COMMANDS = {
    name: _in_two_halves(CASES[name], race) if name in CASES else _command(race)
    for name, race in RACES.items()
}
