"""The command ``map``.

Where to go next: ``symmetry/command.py``.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import click
from click.core import ParameterSource

from experiments.data import Dataset
from experiments.kit.group import EPILOG
from experiments.kit.options import (
    DATA_OPTIONS,
    FIGURE_OPTIONS,
    JOBS_OPTIONS,
    PRINT_OPTIONS,
    Converted,
    OneOf,
    dataset_of,
    network_options,
    not_negative,
    numbers_of,
    whole_numbers_of,
)
from experiments.kit.report import deliver, figure_path, processors, progress
from experiments.trainability import measure, text, zoom_figure, zoom_text
from experiments.trainability.figure import figure
from experiments.trainability.lesson import DEPTHS, MAPPED, RATES, RUNS, WIDTH
from experiments.trainability.zoom import SIDE, ZOOMED, zoom
from mlp.arrays import InputError


def _point(text: str) -> tuple[float, float]:
    """Return the scale and the rate that the text says."""
    try:
        sigma_w, rate = numbers_of(text)
    except ValueError:
        raise ValueError(f"'{text}' is not a point σ_w,η such as 4.3,0.26") from None
    return sigma_w, rate


_RATES = ", ".join(f"{rate:g}" for rate in RATES.usual)
_ZOOMED = ZOOMED.hidden.usual


@click.command(
    "map",
    params=[
        click.Option(
            ["--against"],
            type=OneOf(["depth", "rate"]),
            default="depth",
            show_default=True,
            help="What the map shows the scale of the weights against.",
        ),
        click.Option(
            ["--zoom", "at"],
            type=Converted("point", _point),
            metavar="σ_w,η",
            help="With --against rate: the border between converging and diverging near a point, "
            f"nearer and nearer, in {SIDE} × {SIDE} small networks.",
        ),
        *network_options(MAPPED, "activation"),
        click.Option(
            ["--width"],
            type=click.IntRange(min=1),
            help=f"Units of every hidden layer.  [default: {WIDTH}; zoomed {_ZOOMED[0]}]",
        ),
        click.Option(
            ["--depths"],
            type=Converted("depths", whole_numbers_of),
            help="Hidden layers of the networks; against the rate, one number.  "
            f"[default: {','.join(map(str, DEPTHS))}; against the rate {measure.RATE_DEPTH}, "
            f"zoomed {len(_ZOOMED)}]",
        ),
        click.Option(
            ["--scales"],
            type=Converted("scales", numbers_of),
            help="σ_w = std of w · √fan_in: 1 is √(1/n).  [default: the notes' and about 20 "
            "more, close together at the edge of chaos]",
        ),
        click.Option(
            ["--learning-rate", "rates"],
            type=Converted("rates", numbers_of),
            help="η, per step; of several, the one of the lowest training loss counts. Against "
            f"the rate, all that are shown.  [default: {_RATES} / layers]",
        ),
        click.Option(
            ["--runs"],
            type=click.IntRange(min=1),
            default=RUNS,
            show_default=True,
            help="Networks of each kind, with different seeds; the median counts.",
        ),
        click.Option(
            ["--sigma-b"],
            type=Converted("number", not_negative),
            default=0.0,
            show_default=True,
            help="Standard deviation of the biases.",
        ),
        *network_options(MAPPED, "epochs", "batch_size", "optimizer", "seed"),
        *DATA_OPTIONS,
        *JOBS_OPTIONS,
        click.Option(
            ["--measure", "shown"],
            type=OneOf(["held-out", "training"]),
            default="held-out",
            show_default=True,
            help="The rows whose loss the picture shows.",
        ),
        *FIGURE_OPTIONS,
        *PRINT_OPTIONS,
    ],
    epilog=EPILOG,
)
def map_(**values: Any) -> None:
    """Map which scale of the weights trains at which depth, and what theory says.

    \b
    Example:
      mlp-demo map --activation relu

    Networks of every scale and every depth are trained, and judged on rows that they have not
    seen. The picture shows the valley of those that learn, the notes' starts across it, and the
    curve at which theory loses the signal.
    """
    chosen = {name: values[name] for name in ("activation", "epochs", "batch_size", "optimizer")}
    chosen["seed"] = values["seed"]
    dataset, against = dataset_of(values), values["against"]
    if against == "rate" and len(values["depths"] or ()) > 1:
        raise InputError("against the rate all networks have one depth: give --depths one number")
    if values["at"]:
        _zoomed(values, chosen, dataset)
        return
    settings = MAPPED.settings(**chosen)
    suffix = "-rate" if against == "rate" else ""
    output = figure_path(values, f"map-{settings.activation}{suffix}.png")
    with processors(values) as share, progress("mapping") as expect:
        result = measure.trainability(
            dataset,
            settings,
            against=against,
            width=values["width"] or WIDTH,
            **{name: values[name] for name in ("depths", "scales", "rates", "runs")},
            sigma_b=values["sigma_b"],
            map=share,
            expect=expect,
        )
    deliver(values, result, text, partial(figure, measure=values["shown"]), output)


def _zoomed(values: dict[str, Any], chosen: dict[str, Any], dataset: Dataset) -> None:
    """Show the border near a point."""
    if values["against"] != "rate":
        raise InputError("--zoom shows the border against the rate: add --against rate")
    if values["optimizer"] != "sgd" or values["batch_size"]:
        raise InputError("--zoom trains by plain gradient descent, all rows in every step")
    context = click.get_current_context()
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if given and option.name in ("scales", "rates", "runs", "sigma_b", "shown"):
            raise InputError(f"--zoom has no use for {option.opts[0]}")
    depth = (values["depths"] or (len(_ZOOMED),))[0]
    hidden = (values["width"] or _ZOOMED[0],) * depth
    settings = ZOOMED.settings(**chosen, hidden=hidden)
    output = figure_path(values, f"map-{settings.activation}-zoom.png")
    with processors(values) as share, progress("zooming") as expect:
        result = zoom(dataset, settings, at=values["at"], map=share, expect=expect)
    deliver(values, result, zoom_text, zoom_figure.figure, output)


COMMANDS = {"map": map_}
