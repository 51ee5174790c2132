"""The commands ``xavier`` and ``he``, the second half of ``random``, and ``compare``.

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
from experiments.kit.group import EPILOG
from experiments.kit.options import (
    DATA_OPTIONS,
    FIGURE_OPTIONS,
    INIT_OPTION,
    PRINT_OPTIONS,
    RUNS_OPTION,
    dataset_of,
    distinct,
    network_options,
    own_options,
    settings_of,
)
from experiments.kit.report import check_output, figure_path, progress, publish, tell
from experiments.kit.starts import named_start
from experiments.race import animation, measure, text
from experiments.race.figure import figure
from experiments.race.measure import Comparison, compare_settings, epochs_of_work, race_settings
from experiments.race.races import RACES, Race
from mlp import initializers
from mlp.files import replacing


def _command(race: Race) -> click.Command:
    """Return the command of a race, made from what the race says of itself."""

    def callback(**values: Any) -> None:
        output = figure_path(values, f"{race.name}-{values['activation']}.png")
        film = values["animate"]
        if film:
            check_film(film)
        result = replace(_raced(race, values), film=film and str(film))
        story = publish(result, text, figure, output)
        if film:
            _film(result, film)
        tell(values, story, output)

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
            FIGURE_OPTIONS[0],
            ANIMATE,
            *FIGURE_OPTIONS[1:],
            *PRINT_OPTIONS,
        ],
        help=f"{race.title}, on a deep network.\n\n\b\nExample:\n"
        f"  mlp-demo {race.name} --activation {race.covered[0]}",
        short_help=race.title,
        epilog=EPILOG,
    )


def _film(result: Comparison, path: Path) -> None:
    epochs = animation.frame_epochs(result)
    with progress("drawing", len(epochs)) as on_frame, animation.film(result, path) as draw:
        for epoch in epochs:
            draw(epoch)
            on_frame()


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
        params=options_of(case),
        help=f"{case.title}.\n\n\b\nExample:\n  mlp-demo {case.name} --activation tanh\n\n"
        "The second half trains a deep network of its own. The data, --activation, "
        "--optimizer and --seed hold for it too, the other options do not.",
        short_help=case.title,
        epilog=EPILOG,
    )


def _raced(race: Race, values: dict[str, Any]) -> Comparison:
    settings, dataset = race_settings(race, settings_of(values)), dataset_of(values)
    options = {option.name: values[option.name] for option in race.options}
    work = epochs_of_work(race.starts(**options), dataset, settings, race.runs)
    with progress("racing", work) as on_epoch:
        return measure.race(race, dataset, settings, options, on_epoch=on_epoch)


@click.command(
    params=[
        INIT_OPTION,
        RUNS_OPTION,
        *network_options(activation="tanh", hidden="16,16", epochs="100", batch="32"),
        *DATA_OPTIONS,
        click.Option(
            ["--csv", "curves"],
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Write every curve as CSV: start, run, epoch, loss.",
        ),
        *FIGURE_OPTIONS,
        *PRINT_OPTIONS,
    ],
    epilog=EPILOG,
)
def compare(**values: Any) -> None:
    """Train every initializer with many seeds, and say which start is best.

    \b
    Example:
      mlp-demo compare --activation relu --hidden 16,16

    All networks see the same data and the same batches. The winner is named only with what
    the noise of the seeds lets one say. Without --init it takes all initializers.
    """
    settings, dataset = compare_settings(settings_of(values)), dataset_of(values)
    starts = [named_start(name) for name in distinct(values["init"] or initializers.names())]
    output = figure_path(values, f"compare-{settings.activation}.png")
    curves = values["curves"]
    if curves:
        check_output(curves, values["data"], output)
    work = epochs_of_work(starts, dataset, settings, values["runs"])
    with progress("training", work) as on_epoch:
        result = measure.compare(starts, dataset, settings, runs=values["runs"], on_epoch=on_epoch)
    story = publish(result, text, figure, output)
    if curves:
        with replacing(curves) as file:
            file.write(text.as_csv(result).encode())
    tell(values, story, output)


COMMANDS = {
    name: _in_two_halves(CASES[name], race) if name in CASES else _command(race)
    for name, race in RACES.items()
} | {"compare": compare}
