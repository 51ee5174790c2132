"""The command ``compare``.

Where to go next: ``fitting/command.py``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from experiments.compare import measure, text
from experiments.compare.figure import figure
from experiments.kit.group import EPILOG
from experiments.kit.options import (
    DATA_OPTIONS,
    FIGURE_OPTIONS,
    INIT_OPTION,
    JOBS_OPTIONS,
    PRINT_OPTIONS,
    RUNS_OPTION,
    Converted,
    distinct,
    fraction_of,
    network_options,
    settings_of,
    table_of,
)
from experiments.kit.report import check_output, figure_path, processors, progress, publish, tell
from experiments.kit.starts import named_start
from mlp import initializers
from mlp.files import replacing


@click.command(
    params=[
        INIT_OPTION,
        RUNS_OPTION,
        *network_options(measure.COMPARED),
        *DATA_OPTIONS,
        click.Option(
            ["--margin"],
            type=Converted("part", fraction_of),
            default="0.2",
            show_default=True,
            help="How much less than the best, as a part of it, is as good.",
        ),
        click.Option(
            ["--csv", "curves"],
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Write every curve as CSV: start, learning rate, run, epoch, loss.",
        ),
        *JOBS_OPTIONS,
        *FIGURE_OPTIONS,
        *PRINT_OPTIONS,
    ],
    epilog=EPILOG,
)
def compare(**values: Any) -> None:
    """Train every start at several rates, and say which trains your network best.

    \b
    Example:
      mlp-demo compare --activation relu --hidden 16,16

    Each start is judged at its own best learning rate, on rows that it has not seen, over many
    runs that differ in weights, batches and rows. A start is called worse only with what the noise
    of the runs lets one say. Without --init it takes all initializers; with --learning-rate that
    rate alone.
    """
    table = table_of(values)
    starts = [named_start(name) for name in distinct(values["init"] or initializers.names())]
    rate, settings = values["learning_rate"], settings_of(values, measure.COMPARED)
    if values["epochs"] is None:
        epochs = measure.usual_epochs(len(table.values), settings.batch_size)
        settings = replace(settings, epochs=epochs)
    output = figure_path(values, f"compare-{settings.activation}.png")
    curves = values["curves"]
    if curves:
        check_output(curves, values["data"], output)
    with processors(values) as map_, progress("training") as expect:
        result = measure.compare(
            starts,
            table,
            settings,
            rates=None if rate is None else (rate,),
            runs=values["runs"],
            margin=values["margin"],
            map=map_,
            expect=expect,
        )
    story = publish(result, text, figure, output)
    if curves:
        with replacing(curves) as file:
            file.write(text.as_csv(result).encode())
    tell(values, story)


COMMANDS = {"compare": compare}
