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
    PRINT_OPTIONS,
    SEED_OPTION,
    Converted,
    Demo,
    Known,
    dataset_of,
    figure_path,
    known_activations,
    known_starts,
    print_json,
    progress,
    settings_of,
    show,
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
