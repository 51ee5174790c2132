"""The outcome of a training: what became of the network, what was found, what to change.

Where to go next: ``measure.py``, which trains; ``text.py`` and ``figure.py``, which show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from experiments.data import Dataset, Table
from experiments.fitting.findings import (
    FLAT,
    Finding,
    more,
    other_start,
    remedy,
    smaller_steps,
    troubles,
    unusual_steps,
    with_tanh,
)
from experiments.fitting.model import Layer, Model, rms
from experiments.kit.claims import LEARNED, Setback, Verdict
from experiments.kit.training import setback
from experiments.kit.words import counted, number
from mlp.arrays import Array

# A loss on rows held out that is so much above its lowest has risen.
RISEN = 1.1
# What is explained by fewer standard errors than this may be chance.
SURE = 2
# Copies of rows to learn from are told if they are more than this part of the rows held out.
COPIES = 0.1
# A start whose loss is so many times that of always the mean is far too large.
FAR_TOO_LARGE = 10


@dataclass(frozen=True)
class Fit:
    """A model after some epochs, and what it learned from.

    Attributes
    ----------
    model : Model
        After the last whole epoch at which everything was finite.
    first_epoch : int
        How many epochs it had before.
    table : Table
        Without its incomplete rows.
    dataset : Dataset
        The rows to learn from.
    held_out_x, held_out_y : numpy.ndarray
        The rows held out, standardised like the others.
    moved : bool
        Whether any weight, biases left out, changed.
    layers : tuple of Layer
        The hidden layers now.
    diverged_at : int
        The epoch at which the loss or a weight was not finite; -1 for none.
    interrupted : bool
        Whether the user stopped it.
    stopped : bool
        Whether it stopped itself, as no epoch was better for long.
    patience : int or None
        For how many epochs it would wait.
    saved : str or None
        The file that keeps the model.
    """

    model: Model
    first_epoch: int
    table: Table
    dataset: Dataset
    held_out_x: Array
    held_out_y: Array
    moved: bool
    layers: tuple[Layer, ...]
    diverged_at: int = -1
    interrupted: bool = False
    stopped: bool = False
    patience: int | None = None
    saved: str | None = None

    @property
    def worth_saving(self) -> bool:
        """Whether there is a finite network, and, after an interruption, a new one."""
        return len(self.model.loss) > 0 and not (
            self.interrupted and self.model.epoch == self.first_epoch
        )

    @property
    def held_out_mean_loss(self) -> float:
        """The loss on the rows held out of always answering the mean of the others; or NaN."""
        return float(np.square(self.held_out_y).mean()) if len(self.held_out_y) else np.nan

    def judged_rows(self) -> tuple[Array, Array]:
        """Return truth and answers in the units of the table: rows held out if there are any."""
        x, y = self.dataset.x, self.dataset.y
        if len(self.held_out_x):
            x, y = self.held_out_x, self.held_out_y
        scale = self.model.y_scale
        with np.errstate(over="ignore", invalid="ignore"):
            return scale.back(y), scale.back(self.model.kept.forward(x).output)

    def typical_errors(self) -> Array:
        """√mean((ŷ - y)²) of each target over `judged_rows`, in the units of the table."""
        truth, answers = self.judged_rows()
        return rms(answers - truth)

    @property
    def setback(self) -> Setback | None:
        """What is wrong with how the loss ended, if anything is."""
        return setback(self.model.loss, self.dataset.mean_predictor_loss)

    @property
    def judged_loss(self) -> tuple[float, float]:
        """The loss of the network that is kept, and of always the mean, over `judged_rows`."""
        model = self.model
        if len(model.held_out_loss):
            return float(model.held_out_loss[model.kept_epoch]), self.held_out_mean_loss
        return float(model.loss[model.kept_epoch]), self.dataset.mean_predictor_loss

    @property
    def explained(self) -> float:
        """R² = 1 - loss / (loss of always the mean): the part of the variance it explains."""
        loss, mean_loss = self.judged_loss
        return 1 - loss / mean_loss if mean_loss > 0 else np.nan

    @cached_property
    def explained_error(self) -> float:
        """The standard error of `explained` over the rows held out; NaN for fewer than two.

        Of the mean of (y - ȳ)² - (ŷ - y)² over the rows, as a part of the loss of always the mean.
        """
        n = len(self.held_out_y)
        if n < 2:
            return np.nan
        y, mean_loss = self.held_out_y, self.held_out_mean_loss
        with np.errstate(over="ignore", invalid="ignore"):
            answers = self.model.kept.forward(self.held_out_x).output
            gains = (np.square(y) - np.square(answers - y)).mean(axis=1)
            return float(gains.std(ddof=1) / np.sqrt(n) / mean_loss) if mean_loss > 0 else np.nan

    @cached_property
    def copies(self) -> int:
        """How many of the rows held out are the same as one that it learned from."""
        known = int(self.model.has_learned_from(self.table.values).sum())
        return max(known - len(self.dataset.x), 0)

    @property
    def by_heart(self) -> bool:
        """Whether it learns its rows by heart: their loss falls, that on rows held out rises.

        And by more than a hundredth of that of always the mean, below which all is well learned.
        """
        loss, held_out, best = self.model.loss, self.model.held_out_loss, self.model.best_epoch
        if not len(held_out) or not loss[-1] < loss[best]:
            return False
        little = (1 - LEARNED) * self.held_out_mean_loss
        return bool(held_out[-1] > max(RISEN * held_out[best], held_out[best] + little))

    @property
    def own_rows_only(self) -> bool:
        """Whether it is better than always the mean on its own rows, and on no others."""
        held_out, lowest = self.model.held_out_loss, self.model.loss.min(initial=np.inf)
        return bool(
            len(held_out)
            and held_out.min() > LEARNED * self.held_out_mean_loss
            and lowest <= LEARNED * self.dataset.mean_predictor_loss
        )

    def verdict(self) -> Verdict:
        """Say in one word what became of the network; the rows held out decide, if there are any.

        The words are those of the cases of the notes.
        """
        loss, mean_loss = self.model.loss, self.dataset.mean_predictor_loss
        held_out = self.model.held_out_loss
        if self.diverged_at >= 0:
            advice = self.advice()
            what = "The start" if "--init" in advice or self.diverged_at == 0 else "A step"
            reason = f"{what} was too large; use {remedy(advice)}."
            return Verdict("diverged", f"not finite at epoch {self.diverged_at}", reason)
        if not self.moved:
            reason = "No gradient could change a weight, so only the output bias can move."
            return Verdict("stalled", "no weight moved (largest change 0)", reason)
        lowest, bad = float(loss.min()), self.setback
        ended_badly = f"{bad.what}; use {remedy(self.advice())}." if bad else ""
        judged, mean = (held_out, self.held_out_mean_loss) if len(held_out) else (loss, mean_loss)
        if judged.min() > LEARNED * mean:
            words = f"lowest loss {number(lowest)}"
            reason = f"Always answering the mean has a loss of {number(mean_loss)}."
            if bad:
                words = f"{words}, at the end {number(loss[-1])}"
            elif self.own_rows_only:
                words = f"held out never below the mean, lowest loss {number(judged.min())}"
                reason = f"It learns its own rows (loss {number(lowest)}), not the rule."
            return Verdict("stalled", words, ended_badly or reason)
        numbers = f"loss {number(loss[0])} → {number(loss[-1])}"
        if len(held_out):
            k = self.model.kept_epoch
            numbers = f"held-out loss {number(held_out[0])} → {number(held_out[k])} at epoch {k}"
        numbers += ", above the mean" if bad and self.model.kept_epoch == self.model.epoch else ""
        for k, layer in enumerate(self.layers, start=1):
            if layer.dead == 1 and layer.a_std == 0:
                reason = ended_badly or "Its answer is the same for every row."
                return Verdict("stalled", f"all units of layer {k} are dead, {numbers}", reason)
        units, distinct = (sum(int(layer[k]) for layer in self.layers) for k in (0, 1))
        if distinct < units:
            reason = "Units that are the same get the same gradient and stay the same."
            reason = ended_badly or reason
            return Verdict("symmetric", f"{distinct} distinct of {units} units, {numbers}", reason)
        return Verdict("learning", numbers, ended_badly)

    def findings(self) -> list[Finding]:
        """Return what the start did, then what training did, and what to do about it."""
        model, now = self.model, troubles(self.layers)
        found = self._start_findings()
        if "dead" in now and "dead" not in troubles(model.began):
            layers, words = now["dead"]
            options: Mapping[str, str | None] = smaller_steps(model)
            if found and not model.has_usual_start:
                options = found[0].options
            elif model.settings.activation == "relu" and options.get("--learning-rate"):
                options = with_tanh(model)  # as its steps are not too large
            found.append(Finding(layers, f"after training {words}", options))
        if self.by_heart:
            best, last = model.held_out_loss[model.best_epoch], model.held_out_loss[-1]
            words = (
                f"held out: best {number(best)} at epoch {model.best_epoch}, now {number(last)}"
            )
            kept = f"; epoch {model.best_epoch} is kept" if model.keep == "best" else ""
            options = {} if model.keep == "best" else {"--keep": "best"}
            found.append(Finding([], f"{words}: it learns its rows by heart{kept}", options))
        if not found and not self.interrupted and self.moved and self.verdict().word == "stalled":
            steps = unusual_steps(model)
            if model.settings.activation == "sigmoid" and (len(self.layers) > 2 or not steps):
                found.append(Finding([], FLAT, with_tanh(model)))
            elif steps:
                words = f"the steps are very {steps}"
                found.append(Finding([], words, {"--learning-rate": None}))
            elif not self.own_rows_only and model.loss[-1] == model.loss.min():
                found.append(Finding([], "the loss still falls: too few epochs", more(model)))
        return found + self._doubts()

    def _doubts(self) -> list[Finding]:
        """Return why what it explains of the rows held out may not hold for new ones."""
        n, found = len(self.model.held_out_loss) and len(self.held_out_x), []
        if self.copies > COPIES * n > 0:
            words = (
                f"{self.copies} of {counted(n, 'row')} held out are copies of rows to learn from"
            )
            found.append(Finding([], f"{words}: R² says little of new ones", {}))
        error = self.explained_error
        if n and self.explained > 0 and not self.explained > SURE * error:
            words = f"held out: R² {self.explained:.2f} ± {error:.2f} on {n} rows"
            words = words if n > 1 else "held out: a single row"
            found.append(Finding([], f"{words}: it may be chance", {}))
        return found

    def advice(self) -> Mapping[str, str | None]:
        """Return the options to change so that the network trains, or what was found is gone."""
        started = self._start_findings()
        if started and "--hidden" not in started[0].options:
            return started[0].options
        if self.diverged_at == 0:
            return other_start(self.model)
        if self.diverged_at > 0 or self.setback:
            return smaller_steps(self.model)
        return next((f.options for f in self.findings() if f.options), {})

    def _start_findings(self) -> list[Finding]:
        """Return what the start did to the layers, or to the loss."""
        model, loss, mean_loss = self.model, self.model.loss, self.dataset.mean_predictor_loss
        found = [
            Finding(layers, f"at the start {words}", other_start(model, kind))
            for kind, (layers, words) in troubles(model.began).items()
        ]
        unusual = not model.has_usual_start
        if not found and unusual and len(loss) and not loss[0] <= FAR_TOO_LARGE * mean_loss:
            words = f"at the start the answers are far too large: loss {number(loss[0])}"
            found.append(Finding([], words, other_start(model)))
        return found
