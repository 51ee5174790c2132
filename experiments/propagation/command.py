"""The command ``propagate``.

Where to go next: ``symmetry/command.py``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from experiments.kit.group import EPILOG
from experiments.kit.options import (
    FIGURE_OPTIONS,
    INIT_OPTION,
    PRINT_OPTIONS,
    RUNS_OPTION,
    SEED_OPTION,
    Known,
    OneOf,
    distinct,
)
from experiments.kit.report import deliver, figure_path, progress
from experiments.kit.starts import RANGES, named_start
from experiments.propagation import measure, text
from experiments.propagation.figure import figure
from experiments.propagation.papers import PAPERS
from mlp.activations import ACTIVATIONS


@click.command(
    params=[
        INIT_OPTION,
        click.Option(["--paper"], type=OneOf(list(PAPERS)), help="A published comparison."),
        click.Option(
            ["--activation"],
            type=Known("name", lambda: ACTIVATIONS),
            help=f"Of the hidden layers: {', '.join(ACTIVATIONS)}.  [default: tanh]",
        ),
        click.Option(
            ["--width"], type=click.IntRange(min=1), help="Units per layer.  [default: 250]"
        ),
        click.Option(
            ["--depth"], type=click.IntRange(min=1), help="Hidden layers.  [default: 10]"
        ),
        RUNS_OPTION,
        SEED_OPTION,
        *FIGURE_OPTIONS,
        *PRINT_OPTIONS,
    ],
    epilog=EPILOG,
)
def propagate(**values: Any) -> None:
    """Send a signal forward and a gradient back through deep networks.

    \b
    Example:
      mlp-demo propagate --activation tanh

    Before any training: how large are z, a, delta and dW in every layer, which units are
    saturated or dead, and what does theory say?
    """
    paper = PAPERS.get(values["paper"])
    activation = values["activation"] or (paper.activation if paper else "tanh")
    width = values["width"] or (paper.width if paper else 250)
    depth = values["depth"] or (paper.depth if paper else 10)
    starts = paper.starts if paper else [named_start(name) for name in RANGES]
    if values["init"]:
        starts = [named_start(name) for name in distinct(values["init"])]
    output = figure_path(values, f"propagate-{activation}.png")
    with progress("propagating") as expect:
        result = measure.propagate(
            starts,
            activation=activation,
            width=width,
            depth=depth,
            runs=values["runs"],
            seed=values["seed"],
            expect=expect,
        )
    as_published = paper and paper.activation == activation and not values["init"]
    if paper and as_published:
        result = replace(result, about=paper.about)
    deliver(values, result, text, figure, output)


COMMANDS = {"propagate": propagate}
