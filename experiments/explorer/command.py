"""The command ``explore``.

Where to go next: ``verify.py``.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import matplotlib as mpl
from matplotlib.backends.registry import BackendFilter, backend_registry

from experiments.explorer import text
from experiments.explorer.controls import CONTROLS
from experiments.explorer.figure import ExplorerFigure
from experiments.explorer.measure import DEFAULTS, Choice, Explorer
from experiments.kit.group import EPILOG, Failure
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
    settings_of,
)
from experiments.kit.report import deliver, figure_path, progress
from mlp.arrays import InputError
from mlp.initializers import INITIALIZERS
from mlp.registry import suggestion

ENDED = "the explorer has ended"
BROWSER = "the browser needs tornado: pip install 'mlp-demo[browser]'"
NO_WINDOW = (
    "no window can be opened here: try mlp-demo explore --browser, or -o FILE.png for a picture"
)


def _controls(words: str) -> tuple[str, ...]:
    names = tuple(word.strip().replace("-", "_") for word in words.split(","))
    for name in names:
        if name not in CONTROLS:
            raise InputError(f"'{name}' is no control: {suggestion(name, CONTROLS)}")
    return names


def _positive(words: str) -> float:
    value = finite_number(words)
    if value <= 0:
        raise InputError(f"'{words}' is not positive; for all weights at 0 it is --init zeros")
    if not 0 < value * value < float("inf"):
        raise InputError(f"'{words}' is out of range: its square is the variance of the weights")
    return value


@click.command(
    params=[
        click.Option(
            ["--init"],
            type=Begun("name", known_starts),
            default=Choice.start,
            show_default=True,
            help="small, large, scaled, an initializer, also with its numbers (normal:0.1), the "
            "std of w alone (0.1), or FILE.py:FUNCTION, whose code is run.",
        ),
        click.Option(
            ["--sigma-w"],
            type=Converted("number", _positive),
            metavar="NUMBER",
            help="In place of it: w = randn · NUMBER/√fan_in.",
        ),
        *network_options(DEFAULTS),
        *DATA_OPTIONS,
        click.Option(
            ["--hide"],
            type=Converted("names", _controls),
            metavar="a,b",
            help=f"Controls to leave out, for class: {', '.join(CONTROLS)}.",
        ),
        click.Option(["--browser"], is_flag=True, help="In a browser, not in a window."),
        click.Option(
            ["--port"],
            type=click.IntRange(0, 65535),
            help="Of the browser's page.  [default: 8988, or one that is free]",
        ),
        click.Option(["--no-open"], is_flag=True, help="Only print the address of the page."),
        click.Option(
            ["-o", "--output"],
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Open nothing, draw the state into a file.",
        ),
        *FIGURE_OPTIONS[1:],
        *PRINT_OPTIONS,
    ],
    epilog=EPILOG,
)
@click.pass_context
def explore(ctx: click.Context, /, **values: Any) -> None:
    """Play with it: drag the range of the weights, and see every layer.

    \b
    Example:
      mlp-demo explore --browser

    Histograms, signals and gradients at once, and the training as it happens. The line at the
    bottom of the picture is the command that leads back to what is seen.
    """
    explorer, hide = _explorer(ctx, values), values["hide"] or ()
    if values["output"]:
        output = figure_path(values, "")
        deliver(values, explorer, text, lambda e: ExplorerFigure(e, hide), output)
        return
    for option in ("quiet", "show", "describe"):
        if values[option]:
            raise InputError(f"--{option} goes with a picture; say where to with -o FILE")
    if values["output_format"] == "json":
        raise InputError("--json goes with a picture; say where to with -o FILE")
    _open(explorer, hide, values)


def _explorer(ctx: click.Context, values: dict[str, Any]) -> Explorer:
    """Return the state that the options ask for."""
    settings = settings_of(values, DEFAULTS)
    if len(set(settings.hidden)) > 1:
        raise InputError("its hidden layers have one width, such as --hidden 100x10")
    choice = Choice(
        start=INITIALIZERS.name_of(values["init"]),
        sigma_w=values["sigma_w"],
        activation=settings.activation,
        depth=len(settings.hidden),
        width=settings.hidden[0],
        learning_rate=settings.learning_rate,
        seed=settings.seed,
        batch_size=settings.batch_size or Choice.batch_size,
        optimizer=settings.optimizer,
    )
    explorer = Explorer(dataset_of(values), choice, _source(ctx, values))
    with progress("training") as expect:
        explorer.train(settings.epochs, expect(settings.epochs + 1))
    return explorer


def _source(ctx: click.Context, values: dict[str, Any]) -> list[str]:
    """Return the options that name the data, as they would be typed."""
    words = [] if values["data"] == "penguins" else ["--data", values["data"]]
    for name in ("inputs", "target"):
        if values[name]:
            columns = (f'"{c}"' if "," in c else c for c in values[name])
            words += [f"--{name}", ",".join(columns)]
    return [*words, *(["--drop-missing"] if values["drop_missing"] else [])]


def _open(explorer: Explorer, hide: Sequence[str], values: dict[str, Any]) -> None:
    """Show the explorer in a window or a browser until it is closed."""
    import matplotlib.pyplot as plt

    browser = values["browser"] or mpl.rcParams["backend"] == "webagg"
    registry: Any = backend_registry
    if browser:
        try:
            plt.switch_backend("webagg")
        except (ImportError, RuntimeError):
            raise Failure(BROWSER) from None
    if plt.get_backend().lower() not in registry.list_builtin(BackendFilter.INTERACTIVE):
        raise Failure(NO_WINDOW)
    try:
        figure: Any = plt.figure(
            "mlp-demo explore", FigureClass=ExplorerFigure, explorer=explorer, hide=hide
        )
    except ImportError:  # no display, or no library for what the user's settings want
        raise Failure(NO_WINDOW) from None
    # Its keys are ours: matplotlib would save, zoom and close with them.
    manager: Any = figure.canvas.manager
    figure.canvas.mpl_disconnect(manager.key_press_handler_id)
    if browser:
        from experiments.explorer.browser import serve

        with suppress(KeyboardInterrupt):
            serve(
                values["port"],
                not values["no_open"],
                lambda address: click.echo(f"the explorer is at {address}, Ctrl-C ends it"),
            )
        click.echo(f"\n{ENDED}", err=True)
    else:
        _wait(figure)
    if figure.sight:
        click.echo(text.command(figure.sight, explorer.source))


def _wait(figure: ExplorerFigure) -> None:
    """Show the window until it is closed, or Ctrl-C is pressed."""
    import matplotlib.pyplot as plt

    def interrupted(*signal_and_frame: Any) -> None:
        """End it: a window that is just drawn would swallow a KeyboardInterrupt."""
        click.echo(f"\n{ENDED}", err=True)
        plt.close(figure)

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        plt.show(block=True)
    finally:
        signal.signal(signal.SIGINT, before)


COMMANDS = {"explore": explore}
