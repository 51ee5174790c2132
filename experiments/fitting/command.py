"""The commands ``train`` and ``predict``.

Where to go next: back to ``cli.py``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from experiments import data
from experiments.fitting import answers_text, measure, text
from experiments.fitting.answers import answers
from experiments.fitting.figure import figure
from experiments.fitting.model import DEFAULTS, Model
from experiments.kit.group import EPILOG
from experiments.kit.options import (
    DATA_OPTIONS,
    FIGURE_OPTIONS,
    PRINT_OPTIONS,
    Begun,
    Converted,
    OneOf,
    fraction_of,
    known_starts,
    network_options,
    settings_of,
)
from experiments.kit.report import (
    check_output,
    deliver,
    figure_path,
    print_json,
    progress,
    publish,
    warn,
)
from experiments.kit.words import number
from mlp.arrays import InputError
from mlp.files import replacing

# The network of ``train`` is a larger one: it is not there to be looked at.
TRAIN_OPTIONS: list[click.Parameter] = [
    click.Argument(["data"], metavar="DATA"),
    *(option for option in DATA_OPTIONS if option.name != "data"),
    click.Option(
        ["--init"],
        type=Begun("name", known_starts),
        help="How the weights start: an initializer (he_normal, normal:0.1), the std of w (0.1), "
        "or FILE.py:FUNCTION, whose code is run.  "
        "[default: he_normal; without ReLU glorot_normal]",
    ),
    *network_options(DEFAULTS),
    click.Option(
        ["--validation"],
        type=Converted("part", fraction_of),
        default="0.2",
        show_default=True,
        help="Part of the rows to hold out.",
    ),
    click.Option(
        ["--keep"],
        type=OneOf(["best", "last"]),
        default="best",
        show_default=True,
        help="Which epoch's network: the best on the rows held out, or the last.",
    ),
    click.Option(
        ["--patience"],
        type=click.IntRange(min=1),
        metavar="EPOCHS",
        help="Stop after so many epochs without a better one on the rows held out.",
    ),
    click.Option(
        ["--save"],
        type=click.Path(path_type=Path),
        metavar="FILE.npz",
        help="Keep the network.  [default with --resume: that file]",
    ),
    click.Option(
        ["--save-every"],
        type=click.IntRange(min=1),
        metavar="EPOCHS",
        help="Save while training too.  [default: twice a minute]",
    ),
    click.Option(
        ["--resume"],
        type=click.Path(path_type=Path),
        metavar="FILE.npz",
        help="Go on with a saved network, for --epochs more or those left.",
    ),
]


# What a network that is resumed already has.
RESUMED = (
    "inputs", "target", "init", "activation", "hidden", "learning_rate", "batch_size",
    "optimizer", "seed", "validation", "keep",
)  # fmt: skip


PREDICT_OPTIONS: list[click.Parameter] = [
    click.Argument(["network"], type=click.Path(path_type=Path), metavar="FILE.npz"),
    click.Argument(["data"], metavar="DATA"),
    click.Option(
        ["-o", "--output"],
        type=click.Path(path_type=Path),
        metavar="FILE.csv",
        help="Where the answers go.  [default: they are printed]",
    ),
    click.Option(
        ["--drop-missing"], is_flag=True, help="Leave incomplete rows without an answer."
    ),
    *PRINT_OPTIONS[:-1],
    click.Option(["-q", "--quiet"], is_flag=True, help="Print only the answers."),
]


def check_resumed(ctx: click.Context) -> None:
    """Refuse options that do not go with ``--resume``, or need ``--save``.

    Raises
    ------
    InputError
        Naming the first of them.
    """
    resumed = ctx.params["resume"]
    for option in ctx.command.params:
        given = ctx.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE
        if resumed and given and option.name in RESUMED:
            raise InputError(f"{option.opts[0]} is in {resumed} already; leave it out")
    if ctx.params["save_every"] and not (ctx.params["save"] or resumed):
        raise InputError("--save-every needs --save, the file to save to")


@click.command(
    name="train",
    params=[*TRAIN_OPTIONS, *FIGURE_OPTIONS, *PRINT_OPTIONS],
    epilog=EPILOG,
)
@click.pass_context
def train_command(ctx: click.Context, /, **values: Any) -> None:
    """Train a network on a table of yours, the CSV file DATA.

    \b
    Example:
      mlp-demo train houses.csv --target price --save net.npz

    Some rows are held out, and the epoch that is best on them is kept. It says what the start of
    the weights did to every layer and what became of the network, and draws the loss. Ctrl-C ends
    it early and keeps what was learned.
    """
    source, resumed = values["data"], values["resume"]
    check_resumed(ctx)
    model = Model.load(resumed) if resumed else None
    activation = model.settings.activation if model else values["activation"]
    saved, output = values["save"] or resumed, figure_path(values, f"train-{activation}.png")
    check_output(output, source)
    if saved:
        check_output(saved, source, output)
    if model:
        dropping = values["drop_missing"] or model.drop_missing
        table = data.read(source, model.inputs, model.targets, dropping)
    else:
        table = data.read(source, values["inputs"], values["target"], values["drop_missing"])
        model = measure.begin(
            table,
            settings_of(values, DEFAULTS),
            start=values["init"],
            validation=values["validation"],
            drop_missing=values["drop_missing"],
            keep=values["keep"],
        )
    if values["patience"] and not model.validation:
        raise InputError("--patience needs rows held out; leave out --validation 0")
    epochs = (values["epochs"] if resumed else None) or model.epochs_left
    if not epochs:
        raise InputError(f"{resumed} has had all its epochs; say with --epochs how many more")
    save = measure.saving(saved, values["save_every"], on_failure=warn) if saved else None
    with progress("training") as expect:
        step = expect(epochs + 1)

        def on_epoch(model: Model) -> None:
            step(f"loss {number(model.loss[-1])}")
            if save:
                save(model)

        fit = measure.fit(model, table, epochs, on_epoch, values["patience"])
    if saved and fit.worth_saving:
        fit.model.save(saved)
    fit = replace(fit, saved=str(saved) if saved else None)
    if fit.interrupted:
        if fit.worth_saving:
            publish(fit, text, figure, output)
        click.echo(text.interruption(fit, str(output)), err=True)
        ctx.exit(130)
    deliver(values, fit, text, figure, output)


@click.command(params=PREDICT_OPTIONS)
def predict(**values: Any) -> None:
    """Ask a network that train saved about the rows of DATA.

    \b
    Example:
      mlp-demo predict net.npz houses.csv -o answers.csv

    The answers are a CSV file in the units of the table that the network was trained on, a line
    for every row of DATA. DATA needs the columns that the network learned from; if it has the
    target as well, the loss is told.
    """
    output = values["output"]
    if output:
        check_output(output, values["data"], values["network"])
    model = Model.load(values["network"])
    given = answers(model, values["data"], values["drop_missing"])
    if output:
        with replacing(output) as file:
            file.write(answers_text.as_csv(given).encode())
    name = str(output) if output else None
    if values["output_format"] == "json":
        print_json(answers_text.as_json(given, model, name))
        return
    if not output:
        click.echo(answers_text.as_csv(given), nl=False)
    if not values["quiet"]:
        click.echo(answers_text.text(given, name), err=True)


COMMANDS = {"train": train_command, "predict": predict}
