"""The command ``symmetry``.

Where to go next: ``walkthrough/command.py``.
"""

from __future__ import annotations

from typing import Any

import click

from experiments.kit.group import EPILOG
from experiments.kit.options import (
    DATA_OPTIONS,
    FIGURE_OPTIONS,
    PRINT_OPTIONS,
    Begun,
    Converted,
    dataset_of,
    finite_number,
    known_starts,
    network_options,
    not_negative,
    settings_of,
)
from experiments.kit.report import deliver, figure_path, progress
from experiments.symmetry import measure, text
from experiments.symmetry.figure import figure


@click.command(
    params=[
        click.Option(
            ["--epsilon"],
            multiple=True,
            type=Converted("epsilon", not_negative),
            metavar="NUMBER",
            help="ε; may be given several times.  [default: 0, 1e-12, 1e-9, 1e-6, 1e-3; with "
            "random biases 0]",
        ),
        click.Option(
            ["--value"],
            type=Converted("value", finite_number),
            default="0.5",
            show_default=True,
            metavar="NUMBER",
            help="What every weight starts at.",
        ),
        click.Option(
            ["--bias-init"],
            type=Begun("name", known_starts),
            help="How the biases start.  [default: as the weights]",
        ),
        click.Option(
            ["--runs"],
            type=click.IntRange(min=1),
            help="Networks of each ε.  [default: 5; with random biases 20]",
        ),
        *network_options(measure.DEFAULTS),
        *DATA_OPTIONS,
        *FIGURE_OPTIONS,
        *PRINT_OPTIONS,
    ],
    epilog=EPILOG,
)
def symmetry(**values: Any) -> None:
    """Set identical units apart by ε, and watch how long they stay alike.

    \b
    Example:
      mlp-demo symmetry --activation tanh

    How much randomness is enough? The spread between the units and the loss, over the
    epochs, beside what theory says of the spread.
    """
    settings, dataset = settings_of(values, measure.DEFAULTS), dataset_of(values)
    output = figure_path(values, f"symmetry-{settings.activation}.png")
    with progress("training") as expect:
        result = measure.break_symmetry(
            dataset,
            settings,
            measure.equal_start(values["value"], values["bias_init"]),
            values["epsilon"] or None,
            values["runs"],
            expect,
        )
    deliver(values, result, text, figure, output)


COMMANDS = {"symmetry": symmetry}
