"""Symmetry: identical units, set apart by ε, and how long they stay alike.

The units of a hidden layer start the same but for ε · randn on their weights. Many such
networks train as one stack, and the spread between their units is recorded at every epoch.
Beside it stands what theory says of a spread so small that only its first order counts. Along
the run θ in which all units are the same, with H the Hessian of the loss there, a difference
v between units moves with every step as

    v ← v - η (∂L/∂θ(θ + v) - ∂L/∂θ(θ)) = (I - η H) v,

so it grows by the product of these matrices. Its rate is the leading transversal Lyapunov
exponent of the symmetric run: where it is positive, "all units the same" is an equilibrium
as a pencil on its tip is one. Once the symmetric run has come to rest, with output weight a
and error e = ŷ - y, the part of H that acts on differences of (w, b) is

    2 a mean(e f''(z) [x, 1]ᵀ [x, 1]):

it is the bend f'' that drives equal units apart, and a straight piece of f has none. This
file prints and draws nothing.

Where to go next: ``text.py`` and ``figure.py``, which read the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.data import Dataset
from experiments.kit.claims import ROUNDING
from experiments.kit.settings import Default, Defaults, Expect, Settings, unwatched
from experiments.kit.sizes import of_training, require
from experiments.kit.starts import Named, Start, named_start
from experiments.kit.training import BATCHES, DIRECTION, networks
from mlp import MLP, SGD, Gradients, Trace, diagnostics, mse, train
from mlp.arrays import Array, InputError
from mlp.network import child_rng
from mlp.optimizers import Optimizer

# How it trains where nothing is said: so long that 1e-12 gets apart if units do at all.
DEFAULTS = Defaults(activation="tanh", epochs=Default(4000, sigmoid=10_000))
EPSILONS = (0.0, 1e-12, 1e-9, 1e-6, 1e-3)
# Units count as apart when a weight differs by this, weights being of about 1.
APART = 0.01
# A spread that grows by less per epoch is said to stay.
GROWING = 1e-4
# How far the twins of `Transversal` are from the symmetric run.
NEAR = 1e-6
# Where rounding is looked for, with a rate of WIDTH_RATE / width.
WIDTHS, WIDTH_EPOCHS, WIDTH_RATE = range(2, 33), 100, 0.2


@dataclass(frozen=True)
class Symmetry:
    """What became of units that started alike but for ε.

    Attributes
    ----------
    settings, dataset, start, epsilons, runs
        What was run: `runs` networks for each ε.
    spread : numpy.ndarray, shape (epochs + 1, runs, epsilons)
        max |w_ij - w_ij'| over the units of a hidden layer, biases too; of several layers the
        largest.
    loss : numpy.ndarray, shape (epochs + 1, runs, epsilons)
        The mean squared error.
    distinct, dead : numpy.ndarray of int, shape (runs, epsilons)
        After training: how many hidden units differ from one another by more than `APART`
        times the largest weight of their layer, and how many have f'(z) = 0 on every row.
    alike : bool
        Whether the units are the same at ε = 0; random biases make them differ.
    predicted : numpy.ndarray, shape (epochs + 1,), or None
        spread / ε of the first network of each ε, by the linearised update. None where there
        is no such thing, for the reason in `silence`.
    silence : str
        Why theory says nothing: the optimizer has a "memory", the units start "unlike", or on
        a "kink" of f. Empty where it speaks.
    rounding : dict of int to float
        For each width of `WIDTHS` the spread of identical units after `WIDTH_EPOCHS` epochs.
    """

    settings: Settings
    dataset: Dataset
    start: Start
    epsilons: tuple[float, ...]
    runs: int
    spread: Array
    loss: Array
    distinct: NDArray[np.intp]
    dead: NDArray[np.intp]
    alike: bool
    predicted: Array | None
    silence: str
    rounding: dict[int, float]

    @property
    def sizes(self) -> list[int]:
        """Inputs, hidden units, outputs."""
        return [self.dataset.x.shape[1], *self.settings.hidden, self.dataset.y.shape[1]]

    @property
    def epochs(self) -> int:
        """How many epochs were trained."""
        return len(self.loss) - 1

    @property
    def diverged_at(self) -> int | None:
        """The first epoch at which a loss was not finite, or None."""
        return _first(~np.isfinite(self.loss).all(axis=(1, 2)))

    def apart_at(self, k: int) -> list[int | None]:
        """Return for each network of epsilons[k] the first epoch with a spread above `APART`."""
        return [_first(self.spread[:, r, k] > APART) for r in range(self.runs)]

    def predicted_apart_at(self, k: int) -> int | None:
        """Return what theory says of the first of them; None also if that is never."""
        return None if self.predicted is None else _first(self.theory(k) > APART)

    def theory(self, k: int) -> Array:
        """Return the spread that theory gives the first network of epsilons[k], per epoch."""
        if self.predicted is None:
            raise ValueError(f"there is no theory: {self.silence}")
        spread: Array = self.epsilons[k] * self.predicted
        return spread

    def growth(self, k: int) -> tuple[float, float | None] | None:
        """Return d ln(spread) / d(epoch) of epsilons[k], measured and by theory.

        Both are the slope of a line through ln(spread) of the first network: on its last
        thousandfold before `APART`, or over the second half of the training if it never gets
        there. None where there is nothing to measure, or no theory.
        """
        end = self.apart_at(k)[0]
        if end is None:
            epochs = np.arange(self.epochs // 2, self.epochs + 1)
        else:
            small = np.flatnonzero(self.spread[:end, 0, k] < APART / 1000)
            epochs = np.arange(small[-1] if len(small) else 0, end + 1)
        measured = _slope(epochs, self.spread[epochs, 0, k])
        if measured is None or self.predicted is None:
            return None if measured is None else (measured, None)
        return measured, _slope(epochs, self.theory(k)[epochs])

    @property
    def driven(self) -> list[int]:
        """The places of the ε that are not 0."""
        return [k for k, epsilon in enumerate(self.epsilons) if epsilon > 0]

    @property
    def enough(self) -> list[int]:
        """The places of those that have set the units apart in every run."""
        return [k for k in self.driven if None not in self.apart_at(k)]

    @property
    def smallest(self) -> int | None:
        """The place of the smallest ε that is not 0; None if there is none."""
        return min(self.driven, key=lambda k: self.epsilons[k], default=None)

    @property
    def differ(self) -> int:
        """How many networks have units alive and different in a hidden layer after training."""
        return int((self.distinct - self.dead > len(self.settings.hidden)).sum())

    @property
    def word(self) -> str:
        """What became of the symmetry.

        "diverged"; of units that differ by ε "symmetric" (no ε was given but 0), "apart" (they
        began so, or nearly), "unstable" (every ε has set them apart), "growing" or "neutral"; of
        units whose biases differ "broken" or, where some networks stay symmetric, "partly".
        """
        if self.diverged_at is not None:
            return "diverged"
        if not self.alike:
            return "broken" if self.differ == self.distinct.size else "partly"
        if self.smallest is None:
            return "symmetric"
        growth = self.growth(self.smallest)
        if self.enough == self.driven:
            return "unstable" if growth else "apart"
        return "growing" if growth and growth[0] > GROWING else "neutral"


@dataclass
class Transversal:
    """An optimizer that follows a small difference between units along the symmetric run.

    It trains a stack of three: the symmetric network θ and its twins θ ± v. One step of all
    three takes half the difference of the twins from v to (I - η H) v, up to |v|², which is
    H v by central differences. Of that, what differs between units is kept, scaled back to
    the length `NEAR`; and of the scale its logarithm.

    Parameters
    ----------
    network : MLP
        Of the shape that is trained.
    optimizer : Optimizer
        Whose steps are followed. It must be one without memory, such as SGD.

    Attributes
    ----------
    log_growth : float
        ln of the factor by which v would have grown since the start.

    References
    ----------
    Benettin et al. 1980, "Lyapunov characteristic exponents for smooth dynamical systems", for
    following a tangent and scaling it back; Pecora & Carroll 1998, "Master stability functions
    for synchronized coupled systems", for following only what leaves the symmetric state.
    """

    network: MLP
    optimizer: Optimizer
    log_growth: float = field(default=0.0, init=False)

    def update(self, theta: Array, g: Array) -> None:
        """Move all three one step, in place."""
        self.optimizer.update(theta, g)
        three = self.network.with_theta(theta)
        d = between_units(three)
        v = (d[1] - d[2]) / 2
        size = norm(v)
        with np.errstate(divide="ignore"):
            self.log_growth += float(np.log(size / NEAR))
        if size:  # not lost beside weights so large that nothing so small can be added to them
            v *= NEAR / size
        theta[:] = symmetric_part(three).theta[0] + np.stack([np.zeros_like(v), v, -v])

    def spread(self, network: MLP, trace: Trace, gradients: Gradients) -> Array:
        """Return the spread of v, had it started at length 1 and never been scaled."""
        of_twin = _spread(network, trace, gradients)[1] / NEAR
        unscaled: Array = of_twin * np.exp(self.log_growth)
        return unscaled


def symmetric_part(network: MLP) -> MLP:
    """Return the network with every weight replaced by its mean over the units of its layers.

    It is the nearest network whose units are the same in every hidden layer.

    Examples
    --------
    >>> net = MLP([1, 2, 1])
    >>> net.layers[0].W = [[1.0, 3.0]]
    >>> symmetric_part(net).layers[0].W
    array([[2., 2.]])
    """
    part, last = network.copy(), len(network.layers) - 1
    for k, layer in enumerate(part.layers):
        if k > 0:  # its rows belong to the units of the layer below
            layer.W[...] = layer.W.mean(axis=-2, keepdims=True)
        if k < last:  # its columns are hidden units
            layer.W[...] = layer.W.mean(axis=-1, keepdims=True)
            layer.b[...] = layer.b.mean(axis=-1, keepdims=True)
    return part


def between_units(network: MLP) -> Array:
    """Return θ minus its symmetric part: all that differs between units."""
    return network.theta - symmetric_part(network).theta


def norm(v: Array) -> float:
    """√Σ v²."""
    return float(np.sqrt((v * v).sum()))


def equal_start(value: float, bias: str | None = None) -> Start:
    """Return a start whose weights are all `value`, and whose biases are so too or are drawn.

    Parameters
    ----------
    value : float
        Of every weight.
    bias : str, optional
        A start by name, as for `experiments.kit.starts.named_start`.
    """
    kernel = Named("constant", {"value": value}) if value else Named("zeros")
    return Start(kernel, kernel if bias is None else named_start(bias).kernel, "")


def break_symmetry(
    dataset: Dataset,
    settings: Settings,
    start: Start,
    epsilons: Sequence[float] | None = None,
    runs: int | None = None,
    expect: Expect = unwatched,
) -> Symmetry:
    """Train networks whose units start alike but for ε, and say when theory has them apart.

    Parameters
    ----------
    dataset : Dataset
        From ``data.load``.
    settings : Settings
        The network and the training.
    start : Start
        How the weights start, before ε · randn is added to them.
    epsilons : sequence of float, optional
        Standard deviations of what is added. By default `EPSILONS`; 0 alone where random
        biases set the units apart already.
    runs : int, optional
        How many networks for each ε: 5, or 20 with random biases. Network r gets the same
        randn for every ε.
    expect : callable (steps) -> callable, optional
        Told how many epochs there will be at most, it returns what to call after each.

    Returns
    -------
    Symmetry

    Raises
    ------
    InputError
        If no layer has two units, or a setting or an ε is out of range.

    Examples
    --------
    >>> from experiments.case.cases import CASES
    >>> from experiments.data import load
    >>> settings = Settings(activation="tanh", epochs=200)
    >>> result = break_symmetry(load(), settings, CASES["constant"].start(value=0.5), [0, 1e-3], 1)
    >>> result.apart_at(0), result.apart_at(1)[0] < 200
    ([None], True)
    """
    if max(settings.hidden) < 2:
        raise InputError("one unit has no other to differ from; choose --hidden 2 or more")
    x, y = dataset.x, dataset.y
    sizes = [x.shape[1], *settings.hidden, y.shape[1]]
    draw = partial(networks, sizes, settings.activation, start, settings.seed)
    (first,) = draw([0])
    with np.errstate(over="ignore"):
        alike = norm(between_units(first)) <= ROUNDING * norm(first.theta)
    epsilons = (EPSILONS if alike else (0.0,)) if epsilons is None else tuple(epsilons)
    for epsilon in epsilons:
        if not 0 <= epsilon < np.inf:
            raise InputError(f"ε must be 0 or a positive finite number, not {epsilon}")
    runs = (5 if alike else 20) if runs is None else runs
    together = runs * len(epsilons)
    require(of_training(sizes, len(x), together, 2 * together * (settings.epochs + 1)))
    bases = draw(range(runs))
    directions = [_direction(base, settings.seed, r) for r, base in enumerate(bases)]
    moved = [
        base.theta + epsilon * direction
        for base, direction in zip(bases, directions, strict=True)
        for epsilon in epsilons
    ]
    stack = bases[0].with_theta(np.stack(moved))
    step = expect(2 * (settings.epochs + 1) + len(WIDTHS) * (WIDTH_EPOCHS + 1))

    def tick(epoch: int, loss: object) -> None:
        step()

    fit = partial(
        train,
        x=x,
        y=y,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        seed=np.random.SeedSequence(settings.seed, spawn_key=(BATCHES,)),
        on_epoch=tick,
    )
    history = fit(stack, optimizer=settings.new_optimizer(), probes={"spread": _spread})

    predicted, silence = None, _silence(settings, bases[0], x, alike)
    if not silence:
        v = between_units(bases[0].with_theta(directions[0]))
        twins = np.array([[0], [1], [-1]]) * (NEAR / norm(v)) * v
        three = bases[0].with_theta(bases[0].theta + twins)
        follow = Transversal(three, settings.new_optimizer())
        tangent = fit(three, optimizer=follow, probes={"spread": follow.spread})
        predicted = norm(v) * tangent["spread"]

    with np.errstate(over="ignore", invalid="ignore"):
        trace = stack.forward(x)
        gradients = stack.backward(trace, mse(trace.output, y)[1])
        distinct = diagnostics.distinct_units(stack, trace, gradients, APART).sum(axis=-1)
        dead = (diagnostics.dead(stack, trace, gradients) * settings.hidden).sum(axis=-1)
    shape = (runs, len(epsilons))
    return Symmetry(
        settings=settings,
        dataset=dataset,
        start=start,
        epsilons=epsilons,
        runs=runs,
        spread=history["spread"].reshape(-1, *shape),
        loss=history.loss.reshape(-1, *shape),
        distinct=distinct.reshape(shape),
        dead=dead.round().astype(np.intp).reshape(shape),
        alike=alike,
        predicted=predicted,
        silence=silence,
        rounding=_rounding(dataset, settings, start, tick) if alike else {},
    )


def _rounding(
    dataset: Dataset,
    settings: Settings,
    start: Start,
    on_epoch: Callable[[int, object], object],
) -> dict[int, float]:
    """Return the spread that rounding alone makes, for each width of one hidden layer."""
    x, y = dataset.x, dataset.y
    found = {}
    for width in WIDTHS:
        sizes = [x.shape[1], width, y.shape[1]]
        (network,) = networks(sizes, settings.activation, start, settings.seed, [0])
        history = train(
            network,
            x,
            y,
            optimizer=SGD(WIDTH_RATE / width),
            epochs=WIDTH_EPOCHS,
            probes={"spread": _spread},
            on_epoch=on_epoch,
        )
        found[width] = float(history["spread"][-1])
    return found


def _silence(settings: Settings, base: MLP, x: Array, alike: bool) -> str:
    """Return why there is no linearised update; empty if there is one."""
    if settings.optimizer != "sgd":
        return "memory"
    if not alike:
        return "unlike"
    with np.errstate(over="ignore", invalid="ignore"):
        z = base.forward(x).z
    on_kink = (
        (values == kink).any()
        for layer, values in zip(base.layers, z, strict=True)
        for kink in layer.activation.kinks
    )
    return "kink" if any(on_kink) else ""


def _direction(network: MLP, seed: int, r: int) -> Array:
    """Return randn for every weight and 0 for every bias, in the order of `MLP.theta`."""
    rng = child_rng(seed, DIRECTION, r)
    direction = network.with_theta(np.zeros_like(network.theta))
    for layer in direction.layers:
        layer.W = rng.standard_normal(layer.W.shape)
    return direction.theta


def _spread(network: MLP, trace: Trace, gradients: Gradients) -> Array:
    """Return the spread of the units of that hidden layer where it is largest."""
    spread: Array = diagnostics.weight_spread(network, trace, gradients).max(axis=-1)
    return spread


def _first(happens: Any) -> int | None:
    """Return the first epoch at which it happens, or None."""
    epochs = np.flatnonzero(happens)
    return int(epochs[0]) if len(epochs) else None


def _slope(epochs: NDArray[np.intp], spread: Array) -> float | None:
    """Return the slope of ln(spread) by least squares; None where there is none."""
    if len(epochs) < 2 or not (np.isfinite(spread) & (spread > 0)).all():
        return None
    return float(np.polynomial.Polynomial.fit(epochs, np.log(spread), 1).deriv()(0))
