"""The command line, ``mlp-demo``: parse, call, print. Nothing is computed here.

The commands of the cases are made from ``cases.CASES``. NumPy and matplotlib are imported
inside the commands, so that ``mlp-demo --help`` answers at once.
"""

from __future__ import annotations

from typing import Any

import click

from experiments.cases import CASES, PAPERS, RANGES, Case, named_start
from experiments.options import (
    DATA_OPTIONS,
    EPILOG,
    FIGURE_OPTIONS,
    NETWORK_OPTIONS,
    PREDICT_OPTIONS,
    PRINT_OPTIONS,
    SEED_OPTION,
    TRAIN_OPTIONS,
    Converted,
    Demo,
    Known,
    check_output,
    check_resumed,
    dataset_of,
    figure_path,
    known_activations,
    known_starts,
    print_json,
    progress,
    settings_of,
    show,
    warn,
)


@click.group(
    cls=Demo,
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


def _case_command(case: Case) -> click.Command:
    """Return the command of a case, made from what the case says of itself."""

    def callback(**values: Any) -> None:
        _run_case(case, values)

    own = [
        click.Option(
            [f"--{option.name}"],
            type=Converted(option.name, option.convert),
            default=option.default,
            show_default=True,
            metavar=option.metavar,
            help=option.help,
        )
        for option in case.options
    ]
    return click.Command(
        case.name,
        callback=callback,
        params=[*own, *NETWORK_OPTIONS, *DATA_OPTIONS, *FIGURE_OPTIONS, *PRINT_OPTIONS],
        help=f"{case.title}.\n\n\b\nExample:\n  mlp-demo {case.name} --activation tanh",
        short_help=case.title,
        epilog=EPILOG,
    )


def _run_case(case: Case, values: dict[str, Any]) -> None:
    from experiments import narration, plots, runner

    settings = settings_of(values)
    output = figure_path(values, f"{case.name}-{settings.activation}.png")
    options = {option.name: values[option.name] for option in case.options}
    with progress("training", runner.epochs_of_work(settings)) as on_epoch:
        result = runner.run(case, dataset_of(values), settings, options, on_epoch)
    plots.save(plots.figure(result), output)
    if values["output_format"] == "json":
        print_json(narration.as_json(result, str(output)))
    elif values["quiet"]:
        click.echo(str(result.verdict()))
    else:
        click.echo(narration.text(result, str(output)))
    show(values, output)


@main.command(
    params=[
        click.Option(
            ["--init"],
            multiple=True,
            type=Known("name", known_starts),
            help="small, large, scaled or an initializer; may be given several times.",
        ),
        click.Option(["--paper"], type=click.Choice(list(PAPERS)), help="A published comparison."),
        click.Option(
            ["--activation"],
            type=Known("name", known_activations),
            help="Of the hidden layers: linear, relu, tanh, sigmoid.  [default: tanh]",
        ),
        click.Option(
            ["--width"], type=click.IntRange(min=1), help="Units per layer.  [default: 250]"
        ),
        click.Option(
            ["--depth"], type=click.IntRange(min=1), help="Hidden layers.  [default: 10]"
        ),
        click.Option(
            ["--runs"],
            type=click.IntRange(min=1),
            default=20,
            show_default=True,
            help="Networks of each start.",
        ),
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
    from experiments import narration, plots, propagation

    paper = PAPERS.get(values["paper"])
    activation = values["activation"] or (paper.activation if paper else "tanh")
    width = values["width"] or (paper.width if paper else 250)
    depth = values["depth"] or (paper.depth if paper else 10)
    starts = paper.starts if paper else [named_start(name) for name in RANGES]
    if values["init"]:
        starts = [named_start(name) for name in values["init"]]
    output = figure_path(values, f"propagate-{activation}.png")
    runs, rows = values["runs"], 100
    steps = propagation.steps_of_work(len(starts), width, depth, rows, runs)
    with progress("propagating", steps) as on_step:
        result = propagation.propagate(
            starts,
            activation=activation,
            width=width,
            depth=depth,
            rows=rows,
            runs=runs,
            seed=values["seed"],
            on_step=on_step,
        )
    plots.save(plots.propagation_figure(result), output)
    if values["output_format"] == "json":
        print_json(narration.propagation_as_json(result, str(output)))
    elif values["quiet"]:
        for journey in result.journeys:
            click.echo(f"{journey.start.name}: {journey.verdict()}")
    else:
        if paper:
            click.echo(f"{paper.about}.\n")
        click.echo(narration.propagation(result, str(output)))
    show(values, output)


@main.command(
    name="train", params=[*TRAIN_OPTIONS, *FIGURE_OPTIONS, *PRINT_OPTIONS], epilog=EPILOG
)
@click.pass_context
def train_command(ctx: click.Context, /, **values: Any) -> None:
    """Train a network on a table of yours, the CSV file DATA.

    \b
    Example:
      mlp-demo train houses.csv --target price --save net.npz

    Some rows are held out. It says what the start of the weights did to every layer and what
    became of the network, and draws the loss. Ctrl-C ends it early and keeps the last whole
    epoch.
    """
    from experiments import data, fitting, narration, plots
    from experiments.cases import number
    from experiments.model import Model

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
        model = fitting.begin(
            table,
            settings_of(values),
            start=values["init"],
            validation=values["validation"],
            drop_missing=values["drop_missing"],
        )
    epochs = (values["epochs"] if resumed else None) or model.epochs_left
    if not epochs:
        raise ValueError(f"{resumed} has had all its epochs; say with --epochs how many more")
    save = fitting.saving(saved, values["save_every"], on_failure=warn) if saved else None
    with progress("training", epochs + 1) as step:

        def on_epoch(model: Model) -> None:
            step(f"loss {number(model.loss[-1])}")
            if save:
                save(model)

        fit = fitting.fit(model, table, epochs, on_epoch)
    if saved and fit.worth_saving:
        fit.model.save(saved)
    if fit.worth_saving or not fit.interrupted:
        plots.save(plots.fit_figure(fit), output)
    told = (fit, str(saved) if saved else None, str(output))
    if fit.interrupted:
        click.echo(narration.interruption(*told), err=True)
        ctx.exit(130)
    if values["output_format"] == "json":
        print_json(narration.fit_as_json(*told))
    elif values["quiet"]:
        click.echo(str(fit.verdict()))
    else:
        click.echo(narration.fit_text(*told))
    show(values, output)


@main.command(params=PREDICT_OPTIONS)
def predict(**values: Any) -> None:
    """Ask a network that train saved about the rows of DATA.

    \b
    Example:
      mlp-demo predict net.npz houses.csv -o answers.csv

    The answers are a CSV file in the units of the table that the network was trained on, a line
    for every row of DATA. DATA needs the columns that the network learned from; if it has the
    target as well, the loss is told.
    """
    from experiments import fitting, narration
    from experiments.model import Model
    from mlp.files import replacing

    output = values["output"]
    if output:
        check_output(output, values["data"], values["network"])
    model = Model.load(values["network"])
    answers = fitting.answers(model, values["data"], values["drop_missing"])
    if output:
        with replacing(output) as file:
            file.write(narration.answers_as_csv(answers).encode())
    name = str(output) if output else None
    if values["output_format"] == "json":
        print_json(narration.answers_as_json(answers, model, name))
        return
    if not output:
        click.echo(narration.answers_as_csv(answers), nl=False)
    if not values["quiet"]:
        click.echo(narration.answers_text(answers, name), err=True)


@main.command(params=[*PRINT_OPTIONS], epilog=EPILOG)
@click.pass_context
def verify(ctx: click.Context, output_format: str, quiet: bool) -> None:
    """Measure every claim of every case, with every activation.

    \b
    Example:
      mlp-demo verify

    Ends with exit code 0 only if each claim came out as its case documents it; a claim of the
    notes that measurement refutes is documented as refuted.
    """
    from experiments import data, narration, runner

    dataset = data.load()
    runs = runner.every_run()
    work = sum(runner.epochs_of_work(settings) for _, settings, _ in runs)
    with progress("verifying", work) as on_epoch:
        results = [
            runner.run(case, dataset, settings, options, on_epoch)
            for case, settings, options in runs
        ]
    claims = narration.verification_as_json(results)
    if output_format == "json":
        print_json(claims)
    else:
        table = narration.verification(results)
        click.echo(table.splitlines()[-1] if quiet else table)
    if not claims["as_documented"]:
        ctx.exit(1)


@main.command(name="list", params=[*PRINT_OPTIONS[:2]])
def list_command(output_format: str) -> None:
    """Show initializers, activations, cases with their claims, data sets.

    \b
    Example:
      mlp-demo list
    """
    from experiments import narration

    if output_format == "json":
        print_json(narration.listing_as_json())
    else:
        click.echo(narration.listing())


for _case in CASES.values():
    main.add_command(_case_command(_case))
main.commands = {
    name: main.commands[name]
    for name in [*CASES, *(name for name in main.commands if name not in CASES)]
}
