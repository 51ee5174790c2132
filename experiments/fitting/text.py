"""What ``mlp-demo train`` says of a user's table.

Where to go next: ``again.py``, what to type next; ``figure.py``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import groupby
from math import isfinite
from typing import Any

import click
import numpy as np

from experiments.fitting import again
from experiments.fitting.findings import Finding, remedy
from experiments.fitting.model import Layer
from experiments.fitting.outcome import Fit
from experiments.kit.claims import Verdict
from experiments.kit.words import (
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
    stopped = f", stopped after epoch {model.epoch}" if fit.stopped else ""
    return "\n".join(
        [
            *(click.style(line, bold=True) for line in textwrap.wrap(title, WIDTH)),
            "",
            *wrapped("network", describe_network(model.network.sizes, settings.activation)),
            *wrapped("data", describe_data(fit.dataset)),
            *([] if fit.table.header else [row("", NO_HEADER)]),
            row("", _describe_rows(fit)),
            row("start", f"{model.start}, b = 0"),
            *wrapped("training", describe_training(settings) + earlier + stopped),
            "",
            heading(f"the hidden layers, at the start → {_when(fit)}"),
            *_layers(model.began, fit.layers),
            *_findings(fit.findings()),
            "",
            *verdict_rows(verdict),
            *_held_out(fit),
            "",
            *wrapped("saved", _describe_saved(fit)),
            *wrapped("picture", figure),
            *rows("next", again.commands(fit)),
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
        "r2_error": finite(fit.explained_error) if len(model.loss) else None,
        "copies": fit.copies,
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


def _when(fit: Fit) -> str:
    kept = fit.model.kept_epoch
    return "now" if kept == fit.model.epoch else f"at epoch {kept}, which is kept"


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
    errors = describe_errors(fit.model.targets, fit.typical_errors())
    if not len(fit.held_out_x):
        words = f"typically {errors}, on the rows that it learned from"
        return [
            row("R²", f"{describe_r2(fit.explained)} of the variance is explained"),
            *wrapped("error", words),
        ]
    loss, mean_loss = fit.judged_loss
    words = f"loss {number(loss)} (always the mean: {number(mean_loss)})"
    words += f", R² {describe_r2(fit.explained)}, " + (
        "worse than always the mean"
        if fit.explained < 0
        else "the part of the variance that is explained"
    )
    lines = wrapped("held out", words)
    return [*lines, *wrapped("", f"typical error {errors}")]


def describe_r2(explained: float) -> str:
    """Write R², the part of the variance that is explained."""
    return f"{explained:.2f}" if explained > -10 else number(explained)


def describe_errors(targets: Sequence[str], errors: Sequence[float] | Any) -> str:
    """Write the typical error of each target in the units of the table."""
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


def loss_title(fit: Fit) -> str:
    """Return what the loss does, in a few words."""
    word = fit.verdict().word
    if fit.diverged_at < 0 and fit.setback:
        return fit.setback.title
    if word == "learning" and fit.by_heart:
        return "It learns its rows by heart"
    if word == "stalled" and fit.moved and fit.model.loss.min() < fit.dataset.mean_predictor_loss:
        return "It learns its own rows only"
    return {
        "diverged": "The loss explodes",
        "stalled": "Never better than the mean",
        "symmetric": "It learns, but as fewer units would",
        "learning": "The loss falls",
    }[word]
