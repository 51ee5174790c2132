"""The walkthrough: the first updates of the notes' network, worked by hand on a few rows.

Every number is read off the `Trace` and the `Gradients` of the real network. It sees each row
alone, as the notes work it, and all of them together, which gives the means that the update
uses. What is written here are the formulas, in the symbols of the notes:

    w'ij    from input i to hidden unit j      layers[0].W[i - 1, j - 1]
    w''j1   from hidden unit j to the output   layers[1].W[j - 1, 0]

The notes have no name for the output weights; a second prime stands for the second layer, as
the 2 in a21 = ŷ does.

Where to go next: ``text.py``, which writes it down for the terminal, as a
handout and as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from experiments.case.cases import CASES
from experiments.data import Dataset
from experiments.kit.claims import ROUNDING, Lesson
from experiments.kit.settings import Default, Defaults
from experiments.kit.starts import Start
from experiments.kit.training import NO_GRADIENT, networks
from experiments.kit.words import number
from experiments.race.races import RACES
from mlp import MLP, SGD, Gradients, mse
from mlp.activations import Activation
from mlp.arrays import Array, InputError

# More is no work for one hand, nor for 80 columns.
MOST_INPUTS, MOST_UNITS, MOST_ROWS = 3, 3, 9
# The decimals of x and y: few, so that they can be typed into a calculator.
DECIMALS = 2

# What stands for a number: x1, w'11, ŷ, η, and derivatives of one by another.
ATOM = r"[wzabx]'*\d+|ŷ|\b[Ly]\b|η"
SYMBOL = re.compile(rf"∂(?:{ATOM})/∂(?:{ATOM})|{ATOM}")

# From a symbol to its number for each row, shape (rows,), or to the one number it is, shape ().
Numbers: TypeAlias = Mapping[str, Array]

# Everything that has a start of its own; where a case and a race have the same name, the case.
LESSONS: dict[str, Lesson] = {**CASES, **RACES, **CASES}
# The network of the notes, two hidden units, and plain gradient descent.
DEFAULTS = Defaults(learning_rate=Default(0.1))


@dataclass(frozen=True)
class Line:
    """One quantity: its name = its formula = the formula with numbers put in = its value.

    Attributes
    ----------
    name : str
        In the symbols of the notes: "z11".
    formula : str
        In the same symbols: "w'11 x1 + w'21 x2 + b11".
    inputs : list of dict from symbol to float
        What to put in for the symbols of the formula, row by row; only one entry if they do
        not differ from row to row.
    values : list of float
        What comes out of each of these.
    mean : float or None
        The mean over the rows where that is what the update uses: of L and its gradients.
    notice : str
        What to notice, at the lines that carry the lesson.
    """

    name: str
    formula: str
    inputs: list[dict[str, float]]
    values: list[float]
    mean: float | None = None
    notice: str = ""


@dataclass(frozen=True)
class Question:
    """Something to predict with yes or no, and what the run says to it."""

    text: str
    answer: bool
    because: str


@dataclass(frozen=True)
class Block:
    """A part of one step of the notes' loop, and what to ask before it is shown."""

    title: str
    lines: list[Line]
    questions: list[Question] = field(default_factory=list)


@dataclass(frozen=True)
class Step:
    """One update.

    Attributes
    ----------
    blocks : list of Block
        Forward, cost, backpropagation in two parts, update.
    loss, loss_after : float
        The mean squared error over the rows, before the update and after it.
    moved : dict from str to float
        By how much the weights of a layer moved at most: "hidden" and "output", and the
        output bias: "bias".
    alike : bool
        Whether the gradients of all hidden units were the same.
    """

    blocks: list[Block]
    loss: float
    loss_after: float
    moved: dict[str, float]
    alike: bool


@dataclass(frozen=True)
class Walkthrough:
    """The first updates of a network, worked by hand.

    Attributes
    ----------
    case, options, activation, learning_rate, seed, dataset, start
        What was run.
    x, y : numpy.ndarray, shapes (rows, inputs), (rows, 1)
        The first rows of the data, standardised, rounded to `DECIMALS`.
    before, network : MLP
        Before the first step and after the last.
    steps : list of Step
        Fewer than asked for if a number left the range of floating point.
    diverged : bool
        Whether that happened.
    still_on_all_rows : bool
        Whether the first step would move no weight if it saw all rows of the data, whose mean
        of y is 0.
    """

    case: Lesson
    options: Mapping[str, Any]
    activation: str
    learning_rate: float
    seed: int
    dataset: Dataset
    start: Start
    x: Array
    y: Array
    before: MLP
    network: MLP
    steps: list[Step]
    diverged: bool
    still_on_all_rows: bool

    def lessons(self) -> list[str]:
        """Say in a few sentences what the steps have shown."""
        said = []
        if self.steps:
            said = [self._what_moved(), *self._what_the_units_are()]
        if self.still_on_all_rows and self._first_moved("output"):
            said.append(
                f"on all {len(self.dataset.x)} rows the mean of y is 0, and no weight would have "
                f"moved: it moves here because the mean of these y is {number(self.y.mean())}"
            )
        if self.diverged:
            step = len(self.steps) + 1
            said.append(f"diverged: in step {step} a number leaves the range of floating point")
        return said

    def _first_moved(self, layer: str) -> int | None:
        """Return the first step, from 1, in which something of the layer moved."""
        return next((k for k, step in enumerate(self.steps, 1) if step.moved[layer]), None)

    def _what_moved(self) -> str:
        hidden, output, bias = map(self._first_moved, ("hidden", "output", "bias"))
        if hidden is None and output is None:
            if bias is None:
                return "nothing moved: every gradient is 0"
            return "no weight moved, w_new = w_old: only the output bias b21 learns"
        if hidden is None:
            return "only the output layer moved: no gradient reached the hidden layer"
        if output is None:
            return "only the hidden layer moved"
        if hidden == output:
            return f"every layer moves from step {hidden} on"
        way = "from the output back" if output < hidden else "from the inputs on"
        return f"the layers wake {way}: w'' in step {output}, w' in step {hidden}"

    def _what_the_units_are(self) -> list[str]:
        layer = self.network.layers[0]
        inputs, units = layer.W.shape
        if units == 1 or not (self._first_moved("hidden") or self._first_moved("output")):
            return []
        if all(_same(layer.W[:, j], layer.W[:, 0]) for j in range(1, units)):
            equal = _equal_weights(inputs, units)
            return [f"{equal}: {units} hidden units that stay the same, one perceptron"]
        if any(step.alike for step in self.steps):
            return ["the hidden units are different"]
        return ["the hidden units are different, and so are their gradients"]


def walk(
    case: Lesson,
    dataset: Dataset,
    options: Mapping[str, Any] | None = None,
    *,
    rows: int = 2,
    steps: int = 3,
    start: Start | None = None,
    **chosen: Any,
) -> Walkthrough:
    """Work the first updates of a case by hand.

    Parameters
    ----------
    case : Case or Race
        How the weights start; of a race, the start that it is about.
    dataset : Dataset
        Its first rows are used.
    options : mapping, optional
        The options of the case, converted; those left out have their defaults.
    rows, steps : int
        How many examples, at most `MOST_ROWS`, and how many updates.
    start : Start, optional
        How the weights start instead.
    **chosen
        Of the network: ``activation``, ``hidden`` (one layer of at most `MOST_UNITS`),
        ``learning_rate`` and ``seed``, else `DEFAULTS`. The weights are those of the first
        network that ``case.measure.run`` draws from the seed.

    Returns
    -------
    Walkthrough

    Raises
    ------
    InputError
        If the network is too large to be worked by hand, or there are not so many rows.

    Examples
    --------
    >>> from experiments.case.cases import ZERO
    >>> from experiments.data import load
    >>> asleep = walk(ZERO, load(), activation="sigmoid")
    >>> asleep.lessons()[0]
    "the layers wake from the output back: w'' in step 1, w' in step 2"
    """
    settings, options = DEFAULTS.settings(**chosen), case.chosen(options)
    sizes = _by_hand(dataset, settings.hidden, rows)
    start = start or case.start(**options)
    (network,) = networks(sizes, settings.activation, start, settings.seed, [0])
    before = network.copy()
    optimizer = SGD(settings.learning_rate)
    x, y = (np.round(values[:rows], DECIMALS) + 0.0 for values in (dataset.x, dataset.y))
    found: list[Step] = []
    diverged = False
    asleep: set[str] = set()
    with np.errstate(over="ignore", invalid="ignore"):
        on_all_rows = _gradients(before, dataset.x, dataset.y)[1]
        for _ in range(steps):
            old = network.copy()
            loss, gradients = _gradients(network, x, y)
            optimizer.update(network.theta, gradients.theta)
            loss_after, _ = _gradients(network, x, y)
            diverged = not (np.isfinite(loss_after) and network.is_finite())
            if diverged:
                network = old
                break
            hand = _Hand(
                old=parameters(old),
                new=parameters(network),
                means=named(gradients.W, gradients.b),
                each=_row_by_row(old, x, y),
                losses=(float(loss), float(loss_after)),
                learning_rate=settings.learning_rate,
                activation=old.layers[0].activation,
                asleep=asleep,
            )
            found.append(hand.step())
            asleep = {name for name, g in hand.means.items() if g == 0}
    return Walkthrough(
        case=case,
        options=options,
        activation=settings.activation,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
        dataset=dataset,
        start=start,
        x=x,
        y=y,
        before=before,
        network=network,
        steps=found,
        diverged=diverged,
        still_on_all_rows=all(np.abs(dW).max() <= NO_GRADIENT for dW in on_all_rows.W),
    )


def named(W: Sequence[Array], b: Sequence[Array]) -> dict[str, Array]:
    """Give the entries of both layers the names of the notes, in their order.

    Parameters
    ----------
    W, b : sequences of numpy.ndarray, shapes (..., fan_in, fan_out), (..., 1, fan_out)
        Parameters, or gradients. Leading axes are kept.

    Examples
    --------
    >>> net = MLP([2, 2, 1], kernel_initializer="ones")
    >>> list(named([layer.W for layer in net.layers], [layer.b for layer in net.layers]))
    ["w'11", "w'12", "w'21", "w'22", 'b11', 'b12', "w''11", "w''21", 'b21']
    """
    found: dict[str, Array] = {}
    for layer, (W_k, b_k) in enumerate(zip(W, b, strict=True), 1):
        fan_in, fan_out = W_k.shape[-2:]
        w = "w" + "'" * layer
        for i in range(fan_in):
            for j in range(fan_out):
                found[f"{w}{i + 1}{j + 1}"] = W_k[..., i, j]
        for j in range(fan_out):
            found[f"b{layer}{j + 1}"] = b_k[..., 0, j]
    return found


# --- the numbers -----------------------------------------------------------------------


def _by_hand(dataset: Dataset, hidden: Sequence[int], rows: int) -> list[int]:
    """Return the sizes of the network, if that is one to be worked by hand."""
    inputs, outputs = len(dataset.inputs), len(dataset.targets)
    if len(hidden) != 1 or hidden[0] > MOST_UNITS:
        shown = ",".join(map(str, hidden))
        raise InputError(
            f"hidden layers of {shown} units are too much to work by hand; choose one layer of "
            f"1 to {MOST_UNITS}, such as 2"
        )
    if inputs > MOST_INPUTS:
        raise InputError(
            f"{inputs} inputs are too many to work by hand; choose up to {MOST_INPUTS} with "
            "--inputs"
        )
    if outputs != 1:
        raise InputError(f"the walkthrough has one output, not {outputs}; choose one --target")
    most = min(MOST_ROWS, len(dataset.x))
    if not 1 <= rows <= most:
        raise InputError(f"{rows} rows cannot be worked by hand here; choose 1 to {most}")
    return [inputs, hidden[0], 1]


def _gradients(network: MLP, x: Array, y: Array) -> tuple[Any, Gradients]:
    """Return the loss and its gradients: the first three steps of the notes."""
    trace = network.forward(x)
    loss, error = mse(trace.output, y)
    return loss, network.backward(trace, error)


def parameters(network: MLP) -> dict[str, Array]:
    """Return copies of all parameters by their symbols."""
    W, b = [layer.W.copy() for layer in network.layers], [d.b.copy() for d in network.layers]
    return named(W, b)


def _row_by_row(network: MLP, x: Array, y: Array) -> Numbers:
    """Read every quantity of a pass over each row alone, and the parameters, by its symbol."""
    trace = network.forward(x[:, np.newaxis])  # (rows, 1, inputs): batches of one row
    losses, errors = mse(trace.output, y[:, np.newaxis])
    gradients = network.backward(trace, errors)
    slopes = network.layers[0].activation.derivative(trace.z[0], trace.a[1])
    found = parameters(network)
    found |= {f"∂L/∂{name}": g for name, g in named(gradients.W, gradients.b).items()}
    found |= {f"x{i}": column for i, column in _columns(x[:, np.newaxis])}
    for j, z in _columns(trace.z[0]):
        found[f"z1{j}"] = z
    for j, a in _columns(trace.a[1]):
        found[f"a1{j}"] = a
        found[f"∂ŷ/∂a1{j}"] = found[f"w''{j}1"]
    for j, slope in _columns(slopes):
        found[f"∂a1{j}/∂z1{j}"] = slope
    found |= {"y": y[:, 0], "ŷ": trace.output[:, 0, 0], "L": losses, "∂L/∂ŷ": errors[:, 0, 0]}
    return found


def _columns(values: Array) -> list[tuple[int, Array]]:
    """Return the columns of (rows, 1, columns), numbered from 1 as in the notes."""
    return [(j + 1, values[:, 0, j]) for j in range(values.shape[-1])]


def _line(numbers: Numbers, name: str, formula: str, notice: str = "", mean: Any = None) -> Line:
    """Return a quantity together with what its formula needs."""
    symbols = SYMBOL.findall(formula)
    count = prod(np.broadcast_shapes(*(numbers[symbol].shape for symbol in symbols)))
    inputs = {symbol: np.broadcast_to(numbers[symbol], count) for symbol in symbols}
    values = np.atleast_1d(numbers[name])[:count]
    return Line(
        name,
        formula,
        [{symbol: float(inputs[symbol][r]) for symbol in symbols} for r in range(count)],
        values.tolist(),
        None if mean is None else float(mean),
        notice,
    )


# --- one step --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Hand:
    """What it takes to write down one step.

    Attributes
    ----------
    old, new : dict from symbol to number
        The parameters before and after the update.
    means : dict from symbol to number
        The gradients over all rows, under the names of the parameters.
    each : dict from symbol to numbers, shape (rows,)
        Every quantity of each row alone.
    losses : (float, float)
        Over all rows, before and after the update.
    learning_rate : float
        η.
    activation : mlp.activations.Activation
        Of the hidden units.
    asleep : set of str
        The parameters whose gradient was 0 in the step before.
    """

    old: dict[str, Array]
    new: dict[str, Array]
    means: dict[str, Array]
    each: Numbers
    losses: tuple[float, float]
    learning_rate: float
    activation: Activation
    asleep: set[str]

    @property
    def inputs(self) -> range:
        """The numbers of the inputs."""
        return range(1, 1 + sum(name.startswith("x") for name in self.each))

    @property
    def units(self) -> range:
        """The numbers of the hidden units."""
        return range(1, 1 + sum(name.startswith("a") for name in self.each))

    def step(self) -> Step:
        """Write down the step."""
        groups = {"hidden": "w'", "output": "w''", "bias": "b2"}
        return Step(
            [
                Block("forward propagate an input", self.forward(), self.ask_units()),
                Block("compute the cost function", self.cost()),
                Block("backpropagate: the output layer", self.output_layer()),
                Block(
                    "backpropagate: the hidden layer", self.hidden_layer(), self.ask_gradients()
                ),
                Block("update each parameter", self.update(), self.ask_loss()),
            ],
            *self.losses,
            moved={
                group: max(
                    float(abs(self.new[name] - old))
                    for name, old in self.old.items()
                    if re.fullmatch(rf"{start}\d+", name)
                )
                for group, start in groups.items()
            },
            alike=all(
                _same(self.means[f"w'{i}{j}"], self.means[f"w'{i}1"])
                for i in self.inputs
                for j in self.units
            ),
        )

    def line(self, name: str, formula: str, notice: str = "", mean: Any = None) -> Line:
        """Write down one quantity of the rows."""
        return _line(self.each, name, formula, notice, mean)

    def forward(self) -> list[Line]:
        """z = x w + b and a = f(z) of the hidden units, then ŷ."""
        lines = []
        for j in self.units:
            terms = [f"w'{i}{j} x{i}" for i in self.inputs]
            alike = j > 1 and self.same(f"z1{j}", "z11")
            notice = "the same as z11: the units have the same weights" if alike else ""
            lines.append(self.line(f"z1{j}", " + ".join([*terms, f"b1{j}"]), notice))
        f = self.activation
        for j in self.units:
            formula = _of_unit(f.formula or f"{f.name}(z)", j)
            lines.append(self.line(f"a1{j}", formula, self.about_a(j)))
        terms = [f"w''{j}1 a1{j}" for j in self.units]
        return [*lines, self.line("ŷ", " + ".join([*terms, "b21"]), self.about_answer())]

    def about_a(self, j: int) -> str:
        """Say what is remarkable about the output of unit j."""
        z, a = self.each[f"z1{j}"], self.each[f"a1{j}"]
        if j > 1 and self.same(f"a1{j}", "a11"):
            return "the same as a11"
        if not a.any():
            return "0: nothing of x gets past this unit"
        if not a.all():
            return f"0 in {_rows(a == 0)}, where z1{j} ≤ 0"
        if not z.any():
            return f"not 0, though z1{j} is: the output weights have something to learn from"
        return ""

    def about_answer(self) -> str:
        """Say so where all units work as one."""
        others = [f"a1{j}" for j in self.units][1:]
        alike = all(self.same(a, "a11") for a in others) and self.each["a11"].any()
        if not others or not alike:
            return ""
        weights = " + ".join(f"w''{j}1" for j in self.units)
        return f"({weights}) a11 + b21 is the same: one unit would do"

    def cost(self) -> list[Line]:
        """L = (ŷ - y)², and its mean."""
        return [self.line("L", "(ŷ - y)²", mean=self.losses[0])]

    def output_layer(self) -> list[Line]:
        """∂L/∂ŷ, and with it the gradients of the output weights and bias."""
        lines = [self.line("∂L/∂ŷ", "2 (ŷ - y)")]
        for j in self.units:
            name, notice = f"w''{j}1", ""
            if not self.each[f"a1{j}"].any():
                notice = f"0, because a1{j} = 0"
            elif j > 1 and self.same(f"∂L/∂{name}", "∂L/∂w''11"):
                notice = f"the same as ∂L/∂w''11, because a1{j} = a11"
            elif self.means[name] and not any(self.means[f"w'{i}{j}"] for i in self.inputs):
                notice = f"not 0, because a1{j} is not: the output layer wakes first"
            lines.append(self.gradient(name, f"∂L/∂ŷ · a1{j}", notice))
        others = [g for name, g in self.means.items() if name != "b21"]
        only = self.means["b21"] != 0 and not any(others)
        notice = "the only one that is not 0: the output bias learns the mean of y" if only else ""
        return [*lines, self.gradient("b21", "∂L/∂ŷ", notice)]

    def hidden_layer(self) -> list[Line]:
        """∂L/∂w'ij = ∂L/∂ŷ · ∂ŷ/∂a1j · ∂a1j/∂z1j · xi, factor by factor as in the notes."""
        lines = []
        f = self.activation
        for j in self.units:
            deaf = self.old[f"w''{j}1"] == 0
            notice = f"0: ŷ does not listen to a1{j} yet" if deaf else ""
            lines.append(self.line(f"∂ŷ/∂a1{j}", f"w''{j}1", notice))
        for j in self.units:
            name = f"∂a1{j}/∂z1{j}"
            formula = _of_unit(f.derivative_formula or f"{f.name}'(z)", j)
            flat = self.each[name] == 0
            notice = f"0 in {_rows(flat)}: no gradient gets through" if flat.any() else ""
            lines.append(self.line(name, formula, notice))
        chain = {j: f"∂L/∂ŷ · ∂ŷ/∂a1{j} · ∂a1{j}/∂z1{j}" for j in self.units}
        for i in self.inputs:
            for j in self.units:
                name = f"w'{i}{j}"
                lines.append(self.gradient(name, f"{chain[j]} · x{i}", self.about_gradient(i, j)))
        return lines + [self.gradient(f"b1{j}", chain[j]) for j in self.units]

    def about_gradient(self, i: int, j: int) -> str:
        """Say why ∂L/∂w'ij is 0, or how it compares with that of the first unit."""
        name, first = f"w'{i}{j}", f"∂L/∂w'{i}1"
        if not self.each[f"∂L/∂{name}"].any():
            for factor in ("∂L/∂ŷ", f"∂ŷ/∂a1{j}", f"∂a1{j}/∂z1{j}", f"x{i}"):
                if not self.each[factor].any():
                    return f"0, because {factor} = 0"
        if j > 1 and self.same(f"∂L/∂{name}", first):
            return f"the same as {first}: x{i} is the same and so is everything before it"
        if j > 1:
            return f"not the same as {first}: the units go different ways"
        if name in self.asleep:
            return f"not 0 any more: w''{j}1 has moved, and the hidden layer wakes"
        return ""

    def gradient(self, name: str, formula: str, notice: str = "") -> Line:
        """Write down ∂L/∂w row by row, and its mean."""
        return self.line(f"∂L/∂{name}", formula, notice, self.means[name])

    def update(self) -> list[Line]:
        """w_new = w_old - η ∂L/∂w, of every parameter."""
        numbers: dict[str, Array] = {"η": np.array(self.learning_rate), **self.old}
        lines = []
        for name, g in self.means.items():
            numbers |= {f"∂L/∂{name}": g, f"new {name}": self.new[name]}
            notice = "" if g else "no update"
            first = re.sub(r"^(w'\d)\d", r"\g<1>1", name)
            if g and first != name and _same(self.new[name], self.new[first]):
                notice = f"{name} = {first} again"
            lines.append(_line(numbers, f"new {name}", f"{name} - η ∂L/∂{name}", notice))
        return lines

    def ask_units(self) -> list[Question]:
        """Ask whether the hidden units will answer the same."""
        if len(self.units) == 1:
            return []
        return [
            Question(
                "will a11 and a12 be the same?",
                self.same("a12", "a11"),
                f"in row 1, a11 is {number(self.each['a11'][0])} and "
                f"a12 is {number(self.each['a12'][0])}",
            )
        ]

    def ask_gradients(self) -> list[Question]:
        """Ask whether the hidden weights will move, and whether alike."""
        g = float(self.means["w'11"])
        asked = [Question("will w'11 move in this step?", bool(g), f"∂L/∂w'11 is {number(g)}")]
        if len(self.units) > 1:
            other = float(self.means["w'12"])
            asked.append(
                Question(
                    "will w'11 and w'12 receive the same gradient?",
                    _same(self.means["w'11"], self.means["w'12"]),
                    f"they receive {number(g)} and {number(other)}",
                )
            )
        return asked

    def ask_loss(self) -> list[Question]:
        """Ask whether this step will lower the loss."""
        before, after = self.losses
        said = f"it goes from {number(before)} to {number(after)}"
        return [Question("will the loss be lower after this update?", after < before, said)]

    def same(self, one: str, other: str) -> bool:
        """Whether two quantities are the same in every row, but for rounding."""
        return _same(self.each[one], self.each[other])


def _same(a: Array, b: Array) -> bool:
    size = max(np.abs(a).max(), np.abs(b).max())
    return bool(np.abs(a - b).max() <= ROUNDING * size)


def _of_unit(formula: str, j: int) -> str:
    """Return the formula of f or f' with the z and a of hidden unit j."""
    return re.sub(r"(?<![A-Za-z])([za])(?![A-Za-z])", rf"\g<1>1{j}", formula)


def _rows(which: NDArray[np.bool_]) -> str:
    """Return the numbers of the rows for which something is true, in words."""
    if which.all():
        return "every row"
    numbers = [str(r + 1) for r in np.flatnonzero(which)]
    *most, last = numbers
    return f"rows {', '.join(most)} and {last}" if most else f"row {last}"


def _equal_weights(inputs: int, units: int) -> str:
    """Return "w'11 = w'12 and w'21 = w'22" in this size."""
    each = (" = ".join(f"w'{i}{j + 1}" for j in range(units)) for i in range(1, inputs + 1))
    return " and ".join(each)
