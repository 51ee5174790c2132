"""The command line, ``mlp-demo``: parse, call, print. Nothing is computed here.

The commands of the cases are made from ``cases.CASES``. NumPy and matplotlib are imported
inside the commands, so that ``mlp-demo --help`` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from experiments.cases import CASES, Case, Option, named_start
from experiments.options import (
    DATA_OPTIONS,
    EPILOG,
    FIGURE_OPTIONS,
    INIT_OPTION,
    NETWORK_OPTIONS,
    PREDICT_OPTIONS,
    PRINT_OPTIONS,
    RUNS_OPTION,
    SEED_OPTION,
    TRAIN_OPTIONS,
    Begun,
    Converted,
    Demo,
    Known,
    OneOf,
    check_output,
    check_resumed,
    dataset_of,
    distinct,
    figure_path,
    finite_number,
    known_activations,
    known_starts,
    network_options,
    not_negative,
    pressed,
    print_json,
    progress,
    settings_of,
    show,
    tell,
    warn,
)
from experiments.ranges import PAPERS, RACES, RANGES, STARTS, Race

if TYPE_CHECKING:
    from experiments.comparison import Comparison
    from experiments.narration.walkthrough import Part


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

    animate = click.Option(
        ["--animate"],
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Also draw the training as it happens: .gif, .html, or .mp4 with ffmpeg.",
    )
    return click.Command(
        case.name,
        callback=callback,
        params=[
            *_own(case.options),
            *NETWORK_OPTIONS,
            *DATA_OPTIONS,
            FIGURE_OPTIONS[0],
            animate,
            *FIGURE_OPTIONS[1:],
            *PRINT_OPTIONS,
        ],
        help=f"{case.title}.\n\n\b\nExample:\n  mlp-demo {case.name} --activation tanh"
        + (_TWO_HALVES if case.name in RACES else ""),
        short_help=case.title,
        epilog=EPILOG,
    )


_TWO_HALVES = (
    "\n\nThe second half trains a deep network of its own. The data, --activation, --optimizer "
    "and --seed hold for it too, the other options do not."
)


def _run_case(case: Case, values: dict[str, Any]) -> None:
    from experiments import narration, plots, runner

    settings = settings_of(values).filled_in()
    output = figure_path(values, f"{case.name}-{settings.activation}.png")
    film = values["animate"]
    if film:
        plots.check_film(film)
    options = {option.name: values[option.name] for option in case.options}
    dataset = dataset_of(values)
    with progress("training", runner.epochs_of_work(settings)) as on_epoch:
        result = runner.run(case, dataset, settings, options, on_epoch)
    description = narration.describe(result)
    plots.save(plots.figure(result), output, description)
    if film:
        epochs = plots.frame_epochs(result)
        with progress("drawing", len(epochs)) as on_frame, plots.film(result, film) as draw:
            runner.replay(result, epochs, lambda now: (draw(now), on_frame()))
    files = [str(path) for path in (output, film) if path]
    if case.name not in RACES:
        tell(
            values,
            text=lambda: narration.text(result, *files),
            as_json=lambda: narration.as_json(result, *files),
            quiet=lambda: str(result.verdict()),
            description=description,
        )
    else:
        shallow = {"hidden": (), "epochs": None, "learning_rate": None, "batch_size": None}
        deep = _raced(RACES[case.name], values | shallow, options)
        deep_output = output.with_stem(f"{output.stem}-deep")
        deeper = narration.describe_race(deep)
        plots.save(plots.race_figure(deep), deep_output, deeper)
        tell(
            values,
            text=lambda: (
                f"{narration.text(result, *files)}\n\n{narration.race(deep, str(deep_output))}"
            ),
            as_json=lambda: {
                **narration.as_json(result, *files),
                "description": description,
                "deep": {
                    **narration.comparison_as_json(deep, str(deep_output)),
                    "description": deeper,
                },
            },
            quiet=lambda: f"{result.verdict()}\nin depth: {deep.verdict()}",
            description=f"{description} In depth: {deeper}",
        )
    show(values, output)


def _race_command(race: Race) -> click.Command:
    """Return the command of a race, made from what the race says of itself."""

    def callback(**values: Any) -> None:
        _run_race(race, values)

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
        params=[*_own(race.options), *network, *DATA_OPTIONS, *FIGURE_OPTIONS, *PRINT_OPTIONS],
        help=f"{race.title}, on a deep network.\n\n\b\nExample:\n"
        f"  mlp-demo {race.name} --activation {race.covered[0]}",
        short_help=race.title,
        epilog=EPILOG,
    )


def _run_race(race: Race, values: dict[str, Any]) -> None:
    from experiments import narration, plots

    output = figure_path(values, f"{race.name}-{values['activation']}.png")
    options = {option.name: values[option.name] for option in race.options}
    result = _raced(race, values, options)
    description = narration.describe_race(result)
    plots.save(plots.race_figure(result), output, description)
    tell(
        values,
        text=lambda: narration.race(result, str(output)),
        as_json=lambda: narration.comparison_as_json(result, str(output)),
        quiet=lambda: str(result.verdict()),
        description=description,
    )
    show(values, output)


def _raced(race: Race, values: dict[str, Any], options: dict[str, Any]) -> Comparison:
    from experiments import comparison

    settings, dataset = comparison.race_settings(race, settings_of(values)), dataset_of(values)
    work = comparison.epochs_of_work(race.starts(**options), dataset, settings, race.runs)
    with progress("racing", work) as on_epoch:
        return comparison.race(race, dataset, settings, options, on_epoch=on_epoch)


def _own(options: Sequence[Option]) -> list[click.Parameter]:
    """Return the options that a case or a race has for itself."""
    return [
        click.Option(
            [f"--{option.name}"],
            type=Converted(option.name, option.convert),
            default=option.default,
            show_default=True,
            metavar=option.metavar,
            help=option.help,
        )
        for option in options
    ]


@main.command(
    short_help="Every initializer, many seeds: which start is best?",
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
    from experiments import comparison, narration, plots
    from mlp import files, initializers

    settings, dataset = comparison.compare_settings(settings_of(values)), dataset_of(values)
    starts = [named_start(name) for name in distinct(values["init"] or initializers.names())]
    output = figure_path(values, f"compare-{settings.activation}.png")
    if values["curves"]:
        check_output(values["curves"], values["data"], output)
    work = comparison.epochs_of_work(starts, dataset, settings, values["runs"])
    with progress("training", work) as on_epoch:
        result = comparison.compare(
            starts, dataset, settings, runs=values["runs"], on_epoch=on_epoch
        )
    description = narration.describe_comparison(result)
    plots.save(plots.comparison_figure(result), output, description)
    if values["curves"]:
        with files.replacing(values["curves"]) as file:
            file.write(narration.comparison_as_csv(result).encode())
    tell(
        values,
        text=lambda: narration.comparison(result, str(output)),
        as_json=lambda: narration.comparison_as_json(result, str(output)),
        quiet=result.answer,
        description=description,
    )
    show(values, output)


@main.command(
    short_help="A signal forward, a gradient back, before training",
    params=[
        INIT_OPTION,
        click.Option(["--paper"], type=OneOf(list(PAPERS)), help="A published comparison."),
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
    from experiments import narration, plots, propagation

    paper = PAPERS.get(values["paper"])
    activation = values["activation"] or (paper.activation if paper else "tanh")
    width = values["width"] or (paper.width if paper else 250)
    depth = values["depth"] or (paper.depth if paper else 10)
    starts = paper.starts if paper else [named_start(name) for name in RANGES]
    if values["init"]:
        starts = [named_start(name) for name in distinct(values["init"])]
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
    description = narration.describe_propagation(result)
    plots.save(plots.propagation_figure(result), output, description)
    as_published = paper and paper.activation == activation and not values["init"]
    about = paper.about if paper and as_published else ""
    tell(
        values,
        text=lambda: narration.propagation(result, str(output), about),
        as_json=lambda: narration.propagation_as_json(result, str(output)),
        quiet=lambda: "\n".join(f"{j.start.name}: {j.verdict()}" for j in result.journeys),
        description=description,
    )
    show(values, output)


@main.command(
    short_help="Identical units, set apart by ε: how long alike?",
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
        *network_options(activation="tanh", epochs="4000; sigmoid 10000"),
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
    from experiments import narration, plots
    from experiments import symmetry as room

    values["epochs"] = values["epochs"] or room.default_epochs(values["activation"])
    settings, dataset = settings_of(values), dataset_of(values)
    output = figure_path(values, f"symmetry-{settings.activation}.png")
    with progress("training", room.epochs_of_work(settings)) as on_epoch:
        result = room.break_symmetry(
            dataset,
            settings,
            room.equal_start(values["value"], values["bias_init"]),
            values["epsilon"] or None,
            values["runs"],
            on_epoch,
        )
    description = narration.describe_symmetry(result)
    plots.save(plots.symmetry_figure(result), output, description)
    tell(
        values,
        text=lambda: narration.symmetry(result, str(output)),
        as_json=lambda: narration.symmetry_as_json(result, str(output)),
        quiet=lambda: str(result.verdict()),
        description=description,
    )
    show(values, output)


@main.command(
    short_help="A network on a table of yours",
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
    description = narration.describe_fit(fit)
    if fit.worth_saving or not fit.interrupted:
        plots.save(plots.fit_figure(fit), output, description)
    told = (fit, str(saved) if saved else None, str(output))
    if fit.interrupted:
        click.echo(narration.interruption(*told), err=True)
        ctx.exit(130)
    tell(
        values,
        text=lambda: narration.fit_text(*told),
        as_json=lambda: narration.fit_as_json(*told),
        quiet=lambda: str(fit.verdict()),
        description=description,
    )
    show(values, output)


@main.command(short_help="What a saved network answers", params=PREDICT_OPTIONS)
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


@main.group(
    short_help="The first updates by hand, number by number",
    cls=Demo,
    subcommand_metavar="CASE [OPTIONS]...",
)
def walkthrough() -> None:
    """Work the first updates by hand, number by number.

    \b
    Example:
      mlp-demo walkthrough zero --activation sigmoid

    Forward, loss, backward along the chain rule and update of the 2-2-1 network, in
    the symbols of the notes. For the options: mlp-demo walkthrough zero --help
    """


def _walkthrough_command(case: Case | Race) -> click.Command:
    """Return the walkthrough of a case, with what the case says of itself."""

    def callback(**values: Any) -> None:
        _walk(case, values)

    return click.Command(
        case.name,
        callback=callback,
        params=[*_own(case.options), *_WALK_OPTIONS],
        help=f"{case.title}, worked by hand.\n\n\b\nExample:\n"
        f"  mlp-demo walkthrough {case.name} --activation sigmoid --ask",
        short_help=case.title,
        epilog=EPILOG,
    )


_WALK_OPTIONS: list[click.Parameter] = [
    *(
        option
        for option in network_options(rate="0.1")
        if option.name in ("activation", "hidden", "learning_rate", "seed")
    ),
    click.Option(
        ["--steps"],
        type=click.IntRange(min=1),
        default=3,
        show_default=True,
        help="How many updates.",
    ),
    click.Option(
        ["--rows"],
        type=click.IntRange(min=1),
        default=2,
        show_default=True,
        help="How many rows of the data, from the first.",
    ),
    *DATA_OPTIONS,
    click.Option(["--pause"], is_flag=True, help="Wait for a key after each part."),
    click.Option(["--ask"], is_flag=True, help="Let the reader predict first; keep score."),
    click.Option(
        ["--format", "output_format"],
        type=click.Choice(["text", "markdown", "json"]),
        default="text",
        show_default=True,
        help="What to print; markdown is a handout with LaTeX equations.",
    ),
    *PRINT_OPTIONS[1:],
]


def _walk(case: Case | Race, values: dict[str, Any]) -> None:
    from experiments import narration
    from experiments.walkthrough import walk

    result = walk(
        case,
        dataset_of(values),
        {option.name: values[option.name] for option in case.options},
        activation=values["activation"],
        hidden=values["hidden"],
        learning_rate=values["learning_rate"] or 0.1,
        seed=values["seed"],
        rows=values["rows"],
        steps=values["steps"],
    )
    if values["output_format"] == "json":
        print_json(narration.walkthrough_as_json(result))
    elif values["output_format"] == "markdown":
        click.echo(narration.walkthrough_as_markdown(result, values["ask"]))
    elif values["quiet"]:
        click.echo("\n".join(result.lessons()))
    else:
        _teach(narration.walkthrough(result), values["ask"], values["pause"])


def _teach(parts: Sequence[Part], ask: bool, pause: bool) -> None:
    """Print the parts; on a terminal wait between them, and for the reader's predictions."""
    from experiments import narration

    waits = sys.stdin.isatty() and sys.stdout.isatty()
    asked = right = 0
    for part in parts:
        if part.title:
            click.echo(f"{part.title}\n")
        for question in part.questions if ask else ():
            click.echo(f"? {question.text} [y/n] ", nl=not waits)
            said = None
            if waits:
                said = pressed("yn") == "y"
                asked, right = asked + 1, right + (said == question.answer)
                click.echo("y" if said else "n")
            click.echo(f"  {narration.answer(question, said)}\n")
        click.echo(part.text)
        if pause and waits and part is not parts[-1]:
            click.echo("-- any key --\r", nl=False, err=True)
            pressed()
            click.echo("             \r", nl=False, err=True)
    if asked:
        click.echo(f"\nYou predicted {right} of {asked}.")


@main.command(
    short_help="Every claim of every case, measured", params=[*PRINT_OPTIONS], epilog=EPILOG
)
@click.pass_context
def verify(ctx: click.Context, output_format: str, quiet: bool) -> None:
    """Measure every claim of every case, with every activation.

    \b
    Example:
      mlp-demo verify

    Ends with exit code 0 only if each claim came out as its case documents it; a claim of the
    notes that measurement refutes is documented as refuted.
    """
    from experiments import comparison, data, narration, runner

    dataset = data.load()
    runs, races = runner.every_run(), comparison.every_race()
    work = sum(runner.epochs_of_work(settings) for _, settings, _ in runs)
    work += sum(
        comparison.epochs_of_work(race.starts(**race.defaults()), dataset, settings, race.runs)
        for race, settings in races
    )
    results: list[runner.Result | comparison.Comparison] = []
    with progress("verifying", work) as on_epoch:
        for case, settings, options in runs:
            results.append(runner.run(case, dataset, settings, options, on_epoch))
        for race, settings in races:
            results.append(comparison.race(race, dataset, settings, on_epoch=on_epoch))
    claims = narration.verification_as_json(results)
    if output_format == "json":
        print_json(claims)
    else:
        table = narration.verification(results)
        click.echo(table.splitlines()[-1] if quiet else table)
    if not claims["as_documented"]:
        ctx.exit(1)


@main.command(
    short_help="Initializers, activations, cases, data sets",
    name="list",
    params=[INIT_OPTION, *PRINT_OPTIONS[:2]],
)
def list_command(init: tuple[str, ...], output_format: str) -> None:
    """Show initializers, activations, cases with their claims, data sets.

    \b
    Example:
      mlp-demo list

    With --init FILE.py:FUNCTION, that initializer as well.
    """
    from experiments import narration

    if output_format == "json":
        print_json(narration.listing_as_json())
    else:
        click.echo(narration.listing())


for _case in CASES.values():
    main.add_command(_case_command(_case))
for _race in RACES.values():
    if _race.name not in CASES:
        main.add_command(_race_command(_race))
for _start in STARTS.values():
    walkthrough.add_command(_walkthrough_command(_start))
_ORDER = [*CASES, *RACES, "propagate", "compare", "symmetry", "walkthrough", "verify"]
main.commands = {name: main.commands[name] for name in dict.fromkeys([*_ORDER, *main.commands])}
