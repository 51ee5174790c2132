"""What ``mlp-demo train`` and ``mlp-demo predict`` say of a user's table.

Where to go next: ``figure.py``.
"""

from __future__ import annotations

import csv
import io
import shlex
import textwrap
from collections.abc import Mapping, Sequence
from itertools import groupby
from math import isfinite, isnan
from typing import Any

import click
import numpy as np

from experiments.data import SOURCES, column_names
from experiments.fitting.measure import DEFAULTS, Answers, Finding, Fit, remedy, usual_start
from experiments.fitting.model import Layer, Model
from experiments.kit.claims import Verdict
from experiments.kit.settings import widths
from experiments.kit.words import (
    COLUMN,
    NO_HEADER,
    WIDTH,
    describe_data,
    describe_network,
    describe_training,
    end,
    ends,
    finite,
    heading,
    number,
    numbers,
    row,
    rows,
    shape,
    table,
    verdict_rows,
    wrapped,
)


def text(fit: Fit, figure: str) -> str:
    """Return the story of a training: the table, the layers, the verdict, what to do next."""
    model, settings = fit.model, fit.model.settings
    verdict = fit.verdict()
    title = f"{', '.join(model.targets)} of {fit.table.name}"
    earlier = f", {fit.first_epoch} of them before" if fit.first_epoch else ""
    return "\n".join(
        [
            *(click.style(line, bold=True) for line in textwrap.wrap(title, WIDTH)),
            "",
            *wrapped("network", describe_network(model.network.sizes, settings.activation)),
            *wrapped("data", describe_data(fit.dataset)),
            *([] if fit.table.header else [row("", NO_HEADER)]),
            row("", _describe_rows(fit)),
            row("start", f"{model.start}, b = 0"),
            *wrapped("training", describe_training(settings) + earlier),
            "",
            heading("the hidden layers, at the start → now"),
            *_layers(model.began, fit.layers),
            *_findings(fit.findings()),
            "",
            *verdict_rows(verdict),
            *_held_out(fit),
            "",
            *wrapped("saved", _describe_saved(fit)),
            *wrapped("picture", figure),
            *rows("next", _next(fit)),
        ]
    )


def as_json(fit: Fit, figure: str) -> dict[str, Any]:
    """Return one object with everything a program might ask of a training."""
    model, settings, table = fit.model, fit.model.settings, fit.table
    return {
        "case": "train",
        "activation": settings.activation,
        "sizes": model.network.sizes,
        "initializer": model.start,
        "data": table.name,
        "inputs": list(model.inputs),
        "targets": list(model.targets),
        "header": table.header,
        "rows": len(fit.dataset.x),
        "held_out_rows": len(fit.held_out_x),
        "dropped": table.dropped,
        "optimizer": settings.optimizer,
        "seed": settings.seed,
        "epochs": settings.epochs,
        "epoch": model.epoch,
        "learning_rate": settings.learning_rate,
        "batch_size": settings.batch_size,
        "validation": model.validation,
        "loss": numbers(model.loss),
        "held_out_loss": numbers(model.held_out_loss),
        "mean_predictor_loss": fit.dataset.mean_predictor_loss,
        "held_out_mean_predictor_loss": finite(fit.held_out_mean_loss),
        "keep": model.keep,
        "kept_epoch": model.kept_epoch,
        "best_epoch": model.best_epoch,
        "stopped": fit.stopped,
        "r2": finite(fit.explained) if len(model.loss) else None,
        "typical_error": dict(zip(model.targets, numbers(fit.typical_errors()), strict=True)),
        "layers": {
            "start": [_layer_as_json(layer) for layer in model.began],
            "now": [_layer_as_json(layer) for layer in fit.layers],
        },
        "findings": [
            {"layers": f.layers, "finding": f.words, "remedy": f.remedy} for f in fit.findings()
        ],
        "verdict": str(fit.verdict()),
        "saved": fit.saved,
        "figure": figure,
    }


def interruption(fit: Fit, figure: str) -> str:
    """Return the one sentence after a Ctrl-C."""
    if not fit.worth_saving:
        return "interrupted before an epoch was done; nothing was written"
    kept = f"{figure} shows it; nothing was saved"
    if fit.saved:
        kept = f"{fit.saved} and {figure} hold it; --resume {fit.saved} goes on"
    return f"interrupted: epoch {fit.model.epoch} was the last whole one, {kept}"


def answers_as_csv(answers: Answers) -> str:
    """Return a line with the names of the targets, then one line per row; empty if unanswered."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(answers.targets)
    for values in answers.values.tolist():
        writer.writerow("" if isnan(value) else value for value in values)
    return text.getvalue()


def answers_text(answers: Answers, output: str | None) -> str:
    """Return what happened in a line or two."""
    unanswered = f", {answers.unanswered} incomplete and unanswered" if answers.unanswered else ""
    lines = [f"{len(answers.values)} rows{unanswered}" + (f" → {output}" if output else "")]
    if answers.known:
        lines.append(
            f"loss {number(answers.loss)} on the {answers.known} rows with "
            f"{', '.join(answers.targets)} (always the mean: {number(answers.mean_loss)}), "
            f"R² {_r2(answers.explained)}"
        )
        lines.append(f"typical error {_errors(answers.targets, answers.errors)}")
    if answers.learned:
        held_out = f"; held out it was {number(answers.held_out_loss)}"
        lines.append(
            f"it has learned from {answers.learned} of these rows, so this loss says little "
            f"of new ones{held_out if isfinite(answers.held_out_loss) else ''}"
        )
    first, *sentences = lines
    return "\n".join([first, *(line for s in sentences for line in textwrap.wrap(s, WIDTH))])


def answers_as_json(answers: Answers, model: Model, output: str | None) -> dict[str, Any]:
    """Return one object with the answers and how good they are."""
    columns = zip(answers.targets, answers.values.T, strict=True)
    return {
        "case": "predict",
        "sizes": model.network.sizes,
        "epoch": model.epoch,
        "rows": len(answers.values),
        "unanswered": answers.unanswered,
        "known": answers.known,
        "learned_from": answers.learned,
        "loss": finite(answers.loss),
        "mean_predictor_loss": finite(answers.mean_loss),
        "r2": finite(answers.explained),
        "typical_error": dict(zip(answers.targets, numbers(answers.errors), strict=True)),
        "predictions": {name: numbers(values) for name, values in columns},
        "output": output,
    }


def _describe_rows(fit: Fit) -> str:
    dropped = f"{fit.table.dropped} incomplete dropped, " if fit.table.dropped else ""
    held_out = f"{len(fit.held_out_x)} held out" if len(fit.held_out_x) else "none held out"
    total = len(fit.table.values)
    return f"{total} rows: {dropped}{len(fit.dataset.x)} to learn from, {held_out}"


_MEASURES = (
    "std a, delta: standard deviations of a and of delta = ∂L/∂z, on its way back; dead: units "
    "with f'(z) = 0 on every row; saturated: the part of all a that lie where f is flat"
)


def _layers(began: Sequence[Layer], now: Sequence[Layer]) -> list[str]:
    """Return one line per layer; of very many layers, about a dozen."""
    rows = []
    for k in sorted({round(k) for k in np.linspace(0, len(now) - 1, min(len(now), 12))}):
        pairs = [
            *((_size(began[k][i]), _size(now[k][i])) for i in (4, 5)),
            *((f"{100 * began[k][i]:.0f} %", f"{100 * now[k][i]:.0f} %") for i in (2, 3)),
        ]
        rows.append((f"{k + 1}", f"{now[k].units:.0f}", *(f"{a} → {b}" for a, b in pairs)))
    return [
        *table(rows, ("layer", "units", "std a", "delta", "dead", "saturated"), ">>>>>>"),
        *textwrap.wrap(_MEASURES, WIDTH),
    ]


def _size(value: float) -> str:
    return number(value) if isfinite(value) else "∞"


def _findings(findings: Sequence[Finding]) -> list[str]:
    """Return what is wrong in which layers, and under all that has the same remedy that one."""
    lines = []
    for options, found in groupby(findings, key=lambda finding: finding.options):
        for finding in found:
            text = textwrap.wrap(f"{_where(finding.layers)}{finding.words}", WIDTH - 2)
            lines += [click.style("! ", fg="red") + text[0], *(f"  {more}" for more in text[1:])]
        if options:
            lines += [f"    {line}" for line in textwrap.wrap(f"use {remedy(options)}", WIDTH - 4)]
    return lines


def _where(layers: Sequence[int]) -> str:
    if not layers:
        return ""
    first, last = layers[0], layers[-1]
    if len(layers) == 1:
        return f"layer {first}: "
    if len(layers) == last - first + 1:
        return f"layers {first} to {last}: "
    return f"layers {', '.join(map(str, layers))}: "


def _held_out(fit: Fit) -> list[str]:
    if not len(fit.model.loss):
        return []
    errors = _errors(fit.model.targets, fit.typical_errors())
    if not len(fit.held_out_x):
        words = f"typically {errors}, on the rows that it learned from"
        return [
            row("R²", f"{_r2(fit.explained)} of the variance is explained"),
            *wrapped("error", words),
        ]
    loss, mean_loss = fit.judged_loss
    words = f"loss {number(loss)} (always the mean: {number(mean_loss)})"
    words += f", R² {_r2(fit.explained)}, the part of the variance that is explained"
    lines = wrapped("held out", words)
    return [*lines, *wrapped("", f"typical error {errors}")]


def _r2(explained: float) -> str:
    """Write R², the part of the variance that is explained."""
    return f"{explained:.2f}" if explained > -10 else number(explained)


def _errors(targets: Sequence[str], errors: Sequence[float] | Any) -> str:
    if not np.isfinite(errors).all():
        return "beyond any number"
    pairs = zip(targets, errors, strict=True)
    return ", ".join(f"{name} ± {_in_units(float(error))}" for name, error in pairs)


def _in_units(error: float) -> str:
    """Write an error in the units of the table, where thousands are usual."""
    return f"{float(f'{error:.3g}'):g}" if 1000 <= error < 1e6 else number(error)


def _describe_saved(fit: Fit) -> str:
    saved = fit.saved
    if saved is None:
        return "nothing; --save FILE.npz keeps the network"
    if not fit.worth_saving:
        return f"nothing: the start is not finite; {saved} was not touched"
    if fit.model.kept_epoch < fit.model.epoch:
        return f"{saved}, the network of epoch {fit.model.kept_epoch}, the best on rows held out"
    if fit.diverged_at >= 0:
        return f"{saved}, the network of epoch {fit.model.epoch}, the last that was finite"
    return saved


def _next(fit: Fit) -> list[str]:
    saved = fit.saved
    source = shlex.quote(fit.table.source)
    advice = fit.advice()
    if advice:
        return _again(fit, {**advice, "--save": saved})
    if saved is None or not fit.worth_saving:
        return _again(fit, {"--save": "net.npz"})
    network, dropping = shlex.quote(saved), " --drop-missing" * fit.model.drop_missing
    lines = [f"mlp-demo predict {network} {source} -o out.csv{dropping}"]
    if not fit.by_heart and not fit.stopped:
        lines.append(f"mlp-demo train {source} --resume {network} --epochs 100")
    return lines


def _again(fit: Fit, changes: Mapping[str, str | None]) -> list[str]:
    """Return the command that does the same but for the changes, in lines of the width."""
    options = {name: value for name, value in (_options(fit) | dict(changes)).items() if value}
    parts = [f"mlp-demo train {shlex.quote(fit.table.source)}"]
    for name, value in options.items():
        part = f"{name} {shlex.quote(value)}"
        parts.append(part if len(part) < WIDTH - COLUMN - 4 else f"{name} …")
    if fit.model.drop_missing:
        parts.append("--drop-missing")
    lines = parts[:1]
    for part in parts[1:]:
        if len(lines[-1]) + len(part) + 1 > WIDTH - COLUMN - 2:
            lines[-1] += " \\"
            lines.append(f"  {part}")
        else:
            lines[-1] += f" {part}"
    return lines


def _options(fit: Fit) -> dict[str, str]:
    """Return the options of a training whose values are not those that it has by default."""
    model, settings = fit.model, fit.model.settings
    usual = DEFAULTS.settings(
        activation=settings.activation, hidden=settings.hidden, optimizer=settings.optimizer
    )
    given = {
        "--inputs": (_columns(model.inputs), _columns(_usual_inputs(fit))),
        "--target": (_columns(model.targets), _columns(_usual_targets(fit))),
        "--init": (model.start, usual_start(model)),
        "--activation": (settings.activation, "relu"),
        "--hidden": (widths(settings.hidden), str(DEFAULTS.hidden)),
        "--epochs": (settings.epochs, usual.epochs),
        "--learning-rate": (settings.learning_rate, usual.learning_rate),
        "--batch-size": (settings.batch_size or len(fit.dataset.x), usual.batch_size),
        "--optimizer": (settings.optimizer, DEFAULTS.optimizer),
        "--seed": (settings.seed, 0),
        "--validation": (model.validation, 0.2),
        "--keep": (model.keep, "best"),
    }
    return {name: str(value) for name, (value, default) in given.items() if value != default}


def _usual_targets(fit: Fit) -> Sequence[str]:
    source = fit.table.source
    return SOURCES[source].targets if source in SOURCES else column_names(source)[-1:]


def _usual_inputs(fit: Fit) -> Sequence[str]:
    source, targets = fit.table.source, fit.model.targets
    names = SOURCES[source].inputs if source in SOURCES else column_names(source)
    return [name for name in names if name not in targets]


def _columns(names: Sequence[str]) -> str:
    """Write names of columns as the options take them, with quotes where there is a comma."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue()


def _layer_as_json(layer: Layer) -> dict[str, float | None]:
    return {name: finite(value) for name, value in layer._asdict().items()}


def describe(fit: Fit) -> str:
    """Return what the picture of ``train`` shows: both losses over the epochs."""
    model = fit.model
    held_out = ""
    if len(model.held_out_loss):
        at, best = model.best_epoch, model.held_out_loss[model.best_epoch]
        held_out = f", on held-out rows {end(model.held_out_loss[-1])} (best {end(best)} at {at})"
    losses = np.asarray(model.loss)
    told = ends(losses[[0, -1]]) if len(losses) else "none, as the start is not finite"
    return (
        f"Loss over {model.epoch} epochs of a {shape(model.network.sizes)} network on "
        f"{fit.table.name}: {told}{held_out}, where always answering the mean "
        f"has {number(fit.dataset.mean_predictor_loss)}; {fit.verdict().word}."
    )


def verdict(fit: Fit) -> Verdict:
    """Return what became of the network, and why."""
    return fit.verdict()
