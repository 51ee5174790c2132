"""The walkthrough: the first updates of the notes' network, worked by hand on a few rows.

Every number is read off the `Trace` and the `Gradients` of the real network. It sees each row
alone, as the notes work it, and all of them together, which gives the means that the update
uses. What is written here are the formulas, in the symbols of the notes.

Where to go next: ``text.py``, which says what there is to notice, and ``handout.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from math import prod
from operator import add, mul
from typing import Any, TypeAlias

import numpy as np

from experiments.case.cases import CASES
from experiments.data import Dataset
from experiments.kit.claims import ROUNDING, Lesson
from experiments.kit.settings import Default, Defaults
from experiments.kit.starts import Start
from experiments.kit.training import NO_GRADIENT, networks
from experiments.race.races import RACES
from experiments.walkthrough import symbols as s
from mlp import MLP, SGD, Gradients, mse
from mlp.activations import Activation
from mlp.arrays import Array, InputError
from mlp.formulas import Formula

# More is no work for one hand, nor for 80 columns.
MOST_INPUTS, MOST_UNITS, MOST_ROWS, MOST_STEPS = 3, 3, 9, 1000
# The decimals of x and y: few, so that they can be typed into a calculator.
DECIMALS = 2

# From a symbol to its number for each row, shape (rows,), or to the one number it is, shape ().
Numbers: TypeAlias = Mapping[Formula, Array]

# Everything that has a start of its own; where a case and a race have the same name, the case.
LESSONS: dict[str, Lesson] = {**CASES, **RACES, **CASES}
# The network of the notes, two hidden units, and plain gradient descent.
DEFAULTS = Defaults(learning_rate=Default(0.1))


@dataclass(frozen=True)
class Line:
    """One quantity: its name = its formula = the formula with numbers put in = its value.

    Attributes
    ----------
    name : Formula
        Its symbol: z11.
    formula : Formula
        What it is: w'11 x1 + w'21 x2 + b11.
    inputs : list of dict from symbol to float
        What to put in for the symbols of the formula, row by row; only one entry if they do
        not differ from row to row.
    values : list of float
        What comes out of each of these.
    mean : float or None
        The mean over the rows where that is what the update uses: of L and its gradients.
    """

    name: Formula
    formula: Formula
    inputs: list[dict[Formula, float]]
    values: list[float]
    mean: float | None = None


@dataclass(frozen=True)
class Step:
    """One update, and the quantities of it that can be worked by hand.

    Attributes
    ----------
    old, new : dict from symbol to number
        The parameters before and after the update.
    means : dict from symbol to number
        The gradients over all rows, under the symbols of the parameters.
    each : dict from symbol to numbers, shape (rows,)
        Every quantity of each row alone.
    loss, loss_after : float
        The mean squared error over the rows, before the update and after it.
    learning_rate : float
        η.
    activation : mlp.activations.Activation
        Of the hidden units.
    inputs, units : range
        The numbers of the inputs, and of the hidden units.
    asleep : set of symbols
        The parameters whose gradient was 0 in the step before.
    """

    old: Numbers
    new: Numbers
    means: Numbers
    each: Numbers
    loss: float
    loss_after: float
    learning_rate: float
    activation: Activation
    inputs: range
    units: range
    asleep: set[Formula]

    def forward(self) -> list[Line]:
        """z = x w + b and a = f(z) of the hidden units, then ŷ."""
        f = self.activation
        into = [
            self._line(s.z(j), _sum(*(s.w(i, j) * s.x(i) for i in self.inputs), s.b(j)))
            for j in self.units
        ]
        out = [self._line(s.a(j), f.formula_of(s.z(j))) for j in self.units]
        answer = _sum(*(s.w_out(j) * s.a(j) for j in self.units), s.b_out)
        return [*into, *out, self._line(s.answer, answer)]

    def cost(self) -> list[Line]:
        """L = (ŷ - y)², and its mean."""
        return [self._line(s.L, (s.answer - s.y) ** 2, self.loss)]

    def output_layer(self) -> list[Line]:
        """∂L/∂ŷ, and with it the gradients of the output weights and bias."""
        error = s.gradient(s.answer)
        return [
            self._line(error, 2 * (s.answer - s.y)),
            *(self._gradient(s.w_out(j), error, s.a(j)) for j in self.units),
            self._gradient(s.b_out, error),
        ]

    def hidden_layer(self) -> list[Line]:
        """∂L/∂w'ij = ∂L/∂ŷ · ∂ŷ/∂a1j · ∂a1j/∂z1j · xi, factor by factor as in the notes."""
        f = self.activation
        chain = {j: (s.gradient(s.answer), s.heard(j), s.slope(j)) for j in self.units}
        return [
            *(self._line(s.heard(j), s.w_out(j)) for j in self.units),
            *(self._line(s.slope(j), f.derivative_formula_of(s.z(j), s.a(j))) for j in self.units),
            *(
                self._gradient(s.w(i, j), *chain[j], s.x(i))
                for i, j in product(self.inputs, self.units)
            ),
            *(self._gradient(s.b(j), *chain[j]) for j in self.units),
        ]

    def update(self) -> list[Line]:
        """w_new = w_old - η ∂L/∂w, of every parameter."""
        numbers: dict[Formula, Array] = {s.eta: np.array(self.learning_rate), **self.old}
        numbers |= {s.gradient(p): g for p, g in self.means.items()}
        numbers |= {s.New(p): value for p, value in self.new.items()}
        return [_line(numbers, s.New(p), p - s.eta * s.gradient(p)) for p in self.means]

    def same(self, one: Formula, other: Formula) -> bool:
        """Whether two quantities are the same in every row, but for rounding."""
        return same(self.each[one], self.each[other])

    def moved(self, parameters: Sequence[Formula]) -> float:
        """By how much these moved at most."""
        return max(float(abs(self.new[p] - self.old[p])) for p in parameters)

    @property
    def hidden(self) -> list[Formula]:
        """The hidden weights."""
        return [s.w(i, j) for i, j in product(self.inputs, self.units)]

    @property
    def output(self) -> list[Formula]:
        """The output weights."""
        return [s.w_out(j) for j in self.units]

    @property
    def alike(self) -> bool:
        """Whether the gradients of all hidden units are the same."""
        return all(
            same(self.means[s.w(i, j)], self.means[s.w(i, 1)])
            for i, j in product(self.inputs, self.units)
        )

    def _line(self, name: Formula, formula: Formula, mean: Any = None) -> Line:
        return _line(self.each, name, formula, mean)

    def _gradient(self, of: Formula, *factors: Formula) -> Line:
        return self._line(s.gradient(of), reduce(mul, factors), self.means[of])


def _line(numbers: Numbers, name: Formula, formula: Formula, mean: Any = None) -> Line:
    """Return a quantity together with what its formula needs."""
    needed = {symbol: numbers[symbol] for symbol in formula.symbols()}
    count = prod(np.broadcast_shapes(*(values.shape for values in needed.values())))
    inputs = {symbol: np.broadcast_to(values, count) for symbol, values in needed.items()}
    return Line(
        name,
        formula,
        [{symbol: float(values[r]) for symbol, values in inputs.items()} for r in range(count)],
        np.atleast_1d(numbers[name])[:count].tolist(),
        None if mean is None else float(mean),
    )


def _sum(*terms: Formula) -> Formula:
    return reduce(add, terms)


def same(a: Array, b: Array) -> bool:
    """Whether two arrays are the same but for rounding."""
    size = max(np.abs(a).max(), np.abs(b).max())
    return bool(np.abs(a - b).max() <= ROUNDING * size)


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

    def first_moved(self, parameters: Sequence[Formula]) -> int | None:
        """Return the first step, from 1, in which one of these moved."""
        return next((k for k, step in enumerate(self.steps, 1) if step.moved(parameters)), None)

    @property
    def units_are_the_same(self) -> bool:
        """Whether all hidden units have the same weights at the end."""
        W = self.network.layers[0].W
        return all(same(W[:, j], W[:, 0]) for j in range(1, W.shape[1]))


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
        How many examples, at most `MOST_ROWS`, and how many updates, at most `MOST_STEPS`.
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
    >>> asleep.first_moved([s.w_out(1)]), asleep.first_moved([s.w(1, 1)])
    (1, 2)
    """
    settings, options = DEFAULTS.settings(**chosen), case.chosen(options)
    sizes = _by_hand(dataset, settings.hidden, rows)
    if steps > MOST_STEPS:
        raise InputError(f"{steps} steps are too many to work by hand; choose 1 to {MOST_STEPS}")
    start = start or case.start(**options)
    (network,) = networks(sizes, settings.activation, start, settings.seed, [0])
    before = network.copy()
    optimizer = SGD(settings.learning_rate)
    x, y = (np.round(values[:rows], DECIMALS) + 0.0 for values in (dataset.x, dataset.y))
    found: list[Step] = []
    diverged = False
    asleep: set[Formula] = set()
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
            step = Step(
                old=parameters(old),
                new=parameters(network),
                means=named(gradients.W, gradients.b),
                each=_row_by_row(old, x, y),
                loss=float(loss),
                loss_after=float(loss_after),
                learning_rate=settings.learning_rate,
                activation=old.layers[0].activation,
                inputs=range(1, 1 + sizes[0]),
                units=range(1, 1 + sizes[1]),
                asleep=asleep,
            )
            found.append(step)
            asleep = {p for p, g in step.means.items() if g == 0}
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


def named(W: Sequence[Array], b: Sequence[Array]) -> dict[Formula, Array]:
    """Give the entries of both layers the symbols of the notes, in their order.

    Parameters
    ----------
    W, b : sequences of numpy.ndarray, shapes (..., fan_in, fan_out), (..., 1, fan_out)
        Parameters, or gradients. Leading axes are kept.

    Examples
    --------
    >>> net = MLP([2, 2, 1], kernel_initializer="ones")
    >>> print(*named([layer.W for layer in net.layers], [layer.b for layer in net.layers]))
    w'11 w'12 w'21 w'22 b11 b12 w''11 w''21 b21
    """
    fan_in, units = W[0].shape[-2:]
    hidden = {s.w(i + 1, j + 1): W[0][..., i, j] for i, j in product(range(fan_in), range(units))}
    hidden |= {s.b(j + 1): b[0][..., 0, j] for j in range(units)}
    output = {s.w_out(j + 1): W[1][..., j, 0] for j in range(units)}
    return {**hidden, **output, s.b_out: b[1][..., 0, 0]}


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


def parameters(network: MLP) -> dict[Formula, Array]:
    """Return copies of all parameters by their symbols."""
    return named(
        [layer.W.copy() for layer in network.layers], [d.b.copy() for d in network.layers]
    )


def _row_by_row(network: MLP, x: Array, y: Array) -> Numbers:
    """Read every quantity of a pass over each row alone, and the parameters, by its symbol."""
    trace = network.forward(x[:, np.newaxis])  # (rows, 1, inputs): batches of one row
    losses, errors = mse(trace.output, y[:, np.newaxis])
    gradients = network.backward(trace, errors)
    slopes = network.layers[0].activation.derivative(trace.z[0], trace.a[1])
    found = parameters(network)
    found |= {s.gradient(p): g for p, g in named(gradients.W, gradients.b).items()}
    found |= {s.x(i): column for i, column in _columns(x[:, np.newaxis])}
    found |= {s.z(j): z for j, z in _columns(trace.z[0])}
    found |= {s.a(j): a for j, a in _columns(trace.a[1])}
    found |= {s.heard(j): found[s.w_out(j)] for j, _ in _columns(trace.a[1])}
    found |= {s.slope(j): slope for j, slope in _columns(slopes)}
    found |= {s.y: y[:, 0], s.answer: trace.output[:, 0, 0], s.L: losses}
    return found | {s.gradient(s.answer): errors[:, 0, 0]}


def _columns(values: Array) -> list[tuple[int, Array]]:
    """Return the columns of (rows, 1, columns), numbered from 1 as in the notes."""
    return [(j + 1, values[:, 0, j]) for j in range(values.shape[-1])]
