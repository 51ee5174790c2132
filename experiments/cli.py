"""The command line, ``mlp-demo``: which room has which command.

A room is imported when its command runs. To add an experiment, add its folder and a line to
`PLACES`.

Where to go next: ``case/command.py``, for what a command looks like.
"""

from __future__ import annotations

import click

from experiments.case.cases import CASES
from experiments.kit.group import EPILOG, Demo, Rooms
from experiments.race.races import RACES

# The commands in the order of the lesson: the module that has each, and what it is for.
PLACES: dict[str, tuple[str, str]] = {
    **{name: ("experiments.case.command", case.title) for name, case in CASES.items()},
    **{
        name: ("experiments.race.command", CASES[name].title if name in CASES else race.title)
        for name, race in RACES.items()
    },
    "propagate": (
        "experiments.propagation.command",
        "A signal forward, a gradient back, before training",
    ),
    "map": (
        "experiments.trainability.command",
        "The map of ranges: which scale trains at which depth",
    ),
    "compare": (
        "experiments.compare.command",
        "Which start trains your network? Every one at its best rate",
    ),
    "symmetry": (
        "experiments.symmetry.command",
        "Identical units, set apart by ε: how long alike?",
    ),
    "explore": ("experiments.explorer.command", "Play with it: in a window, or a browser"),
    "walkthrough": (
        "experiments.walkthrough.command",
        "The first updates by hand, number by number",
    ),
    "verify": ("experiments.verify", "Every claim of every case, measured"),
    "train": ("experiments.fitting.command", "A network on a table of yours"),
    "predict": ("experiments.fitting.command", "What a saved network answers"),
    "list": ("experiments.listing", "Initializers, activations, cases, data sets"),
}


@click.group(
    cls=Demo,
    commands=Rooms(PLACES),
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="mlp-demo", message="mlp-demo %(version)s")
def main() -> None:
    """See what weight initialization does to a neural network.

    \b
    Example:
      mlp-demo zero --activation relu

    Every command trains networks on real data, holds the claims of the lecture
    notes against what it measures, and draws one picture.
    """
