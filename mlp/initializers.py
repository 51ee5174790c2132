"""Initializers: how the weights of a layer start.

An initializer is any callable ``(rng, fan_in, fan_out) -> W`` with W of shape
(fan_in, fan_out). fan_in is the number of inputs coming to a unit of the layer, fan_out the
number of units. Almost all of the famous ones are one formula, `variance_scaling`:

    Var[W] = scale / n,   n = fan_in, fan_out or their mean

and have a name because of the scale and the n they choose:

================  ==========================  =====================================
name              standard deviation of W     source
================  ==========================  =====================================
lecun             √(1 / fan_in)               LeCun et al. 1998, eq. 16; the notes'
                                              first "Xavier" formula
glorot = xavier   √(2 / (fan_in + fan_out))   Glorot & Bengio 2010, eq. 12 and 16
he                √(2 / fan_in)               He et al. 2015, eq. 10
================  ==========================  =====================================

The notes call √(1 / fan_in) Xavier; the libraries call it LeCun. Both are here. Their worked
example, ``randn(2, 2) * 1/2``, drops the root: √(1/2) = 0.707.

A uniform distribution on [-limit, limit] has standard deviation limit / √3, so each scheme's
limit is √3 times the deviation above: √(6 / (fan_in + fan_out)) for Glorot, √(6 / fan_in) for
He.

PyTorch's names of He, ``kaiming_normal`` and ``kaiming_uniform``, are understood too.

To add one, decorate a function in this file with `register`; it is then in ``mlp-demo list``,
in the comparison and in the tests. An installed package adds its own through the entry-point
group ``mlp.initializers``; see `discover`.

Where to go next: ``network.py``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from inspect import signature
from typing import Any, Literal, Protocol, TypeAlias, get_args

import numpy as np

from mlp.arrays import Array, InputError, as_floats
from mlp.registry import Registry

Mode: TypeAlias = Literal["fan_in", "fan_out", "fan_avg"]
Distribution: TypeAlias = Literal["normal", "uniform", "truncated_normal"]
Moment: TypeAlias = Callable[[int, int], float]
Written: TypeAlias = Callable[[int | str, int | str], str]

# The standard deviation of a standard normal that is cut off at ±2.
TRUNCATED_STDDEV = 0.87962566103423978


class InitializerLike(Protocol):
    """Anything that draws the weights of one layer."""

    def __call__(self, rng: np.random.Generator, fan_in: int, fan_out: int, /) -> Any:
        """Return W, shape (fan_in, fan_out)."""


@dataclass(frozen=True)
class Initializer:
    """A callable (rng, fan_in, fan_out) -> W that also says what it promises.

    Parameters
    ----------
    draw : callable (rng, fan_in, fan_out) -> array, shape (fan_in, fan_out)
        What draws the weights.
    formula : str
        The distribution as a reader would write it, N(0, s²) with s² the variance.
    variance : callable (fan_in, fan_out) -> float, optional
        The variance of one weight. Where it is given, the tests hold the initializer to it
        and the theory can predict how signals travel.
    mean : callable (fan_in, fan_out) -> float
        The mean of one weight.
    about : str
        A few words for lists.
    name : str
        What it is registered under, if it is.
    stddev, limit : callable (fan_in, fan_out) -> str, optional
        The standard deviation of a weight, or the largest |w| of uniform ones, as a reader would
        write it with these words or numbers for the fans.

    Examples
    --------
    >>> he_normal.variance(50, 10)
    0.04
    >>> he_normal.stddev("fan_in", "fan_out"), he_normal.stddev(50, 10)
    ('√(2 / fan_in)', '√(2 / 50)')
    >>> he_normal(np.random.default_rng(0), 50, 10).shape
    (50, 10)
    """

    draw: InitializerLike
    formula: str = ""
    variance: Moment | None = None
    mean: Moment = lambda fan_in, fan_out: 0.0
    about: str = ""
    name: str = ""
    stddev: Written | None = None
    limit: Written | None = None

    def __call__(self, rng: np.random.Generator, fan_in: int, fan_out: int, /) -> Any:
        """Return W, shape (fan_in, fan_out)."""
        return self.draw(rng, fan_in, fan_out)


INITIALIZERS: Registry[Callable[..., Initializer]] = Registry("initializer")


def register(
    name: str,
    *,
    formula: str = "",
    variance: Moment | None = None,
    mean: Moment = lambda fan_in, fan_out: 0.0,
) -> Callable[[InitializerLike], Initializer]:
    """Register what is decorated as the initializer called `name`: the one door for a new one.

    What it returns is checked when it draws; see `sample`.

    Parameters
    ----------
    name : str
        The name for ``MLP(kernel_initializer=name)`` and the command line.
    formula, variance, mean
        What a function promises; see `Initializer`. All may be left out: the formula is then
        the call, and the words for lists are the first line of its docstring. An `Initializer`
        keeps its own.

    Returns
    -------
    callable
        A decorator that turns a function (rng, fan_in, fan_out) -> W into an `Initializer`.

    Raises
    ------
    ValueError
        If the name is taken.
    TypeError
        If what is decorated is no function.

    Examples
    --------
    >>> @register("coin", formula="±1/2", variance=lambda fan_in, fan_out: 1 / 4)
    ... def coin(rng, fan_in, fan_out):
    ...     '''Heads or tails.'''
    ...     return rng.choice([-0.5, 0.5], size=(fan_in, fan_out))
    >>> get("coin") is coin, coin.about
    (True, 'Heads or tails.')
    >>> INITIALIZERS.remove("coin")
    """

    def door(draw: InitializerLike) -> Initializer:
        if isinstance(draw, str):
            raise TypeError(f"'{draw}' is a name, not an initializer")
        made = get(draw)
        if not isinstance(made, Initializer):
            about = (getattr(draw, "__doc__", None) or "").strip().partition("\n")[0]
            shown = formula or f"{name}(rng, fan_in, fan_out)"
            made = Initializer(draw, shown, variance, mean, about)
        named = replace(made, name=name)
        INITIALIZERS.add(name, lambda: named)
        return named

    return door


def get(initializer: str | InitializerLike, **parameters: float | str) -> InitializerLike:
    """Return the initializer of that name; a callable passes through.

    Parameters
    ----------
    initializer : str or callable
        A registered name, or any callable ``(rng, fan_in, fan_out) -> W``.
    **parameters
        For the names that take some: ``get("normal", stddev=0.01)``.

    Raises
    ------
    InputError
        If no initializer has that name (the nearest is suggested), or a parameter is wrong.
    TypeError
        If it is neither a name nor callable, or does not take these parameters.

    Examples
    --------
    >>> get("xavier_normal") is glorot_normal
    True
    >>> get("he_norml")
    Traceback (most recent call last):
    mlp.arrays.InputError: unknown initializer 'he_norml': did you mean 'he_normal'?
    """
    if isinstance(initializer, str):
        if initializer not in INITIALIZERS:
            discover()
        make = INITIALIZERS[initializer]
        for name in parameters:
            if name not in signature(make).parameters:
                raise TypeError(f"initializer '{initializer}' takes no {name}")
        return make(**parameters)
    if parameters:
        raise TypeError("parameters go with the name of an initializer, not with a callable")
    if not callable(initializer):
        raise TypeError(
            "an initializer must be a name or a callable (rng, fan_in, fan_out) -> W, "
            f"not {type(initializer).__name__}"
        )
    return initializer


def names() -> list[str]:
    """Return the names of all registered initializers, those of packages too, no aliases.

    Examples
    --------
    >>> "he_normal" in names(), "xavier_normal" in names()
    (True, False)
    """
    discover()
    return list(INITIALIZERS)


@cache
def discover() -> None:
    """Register what installed packages bring, once: the entry points ``mlp.initializers``.

    A package that has in its ``pyproject.toml``

        [project.entry-points."mlp.initializers"]
        coin = "my_package:coin"

    brings the initializer ``coin``: any callable (rng, fan_in, fan_out) -> W, or an
    `Initializer`. One that cannot be loaded is named in a warning and left out.

    Examples
    --------
    >>> discover()
    """
    from importlib.metadata import entry_points  # slow to load, and seldom needed

    for point in entry_points(group="mlp.initializers"):
        try:
            register(point.name)(point.load())
        except (Exception, SystemExit) as error:
            package = point.dist.name if point.dist else "a package"
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            warnings.warn(
                f"initializer '{point.name}' of {package} is left out: {reason}", stacklevel=3
            )


def sample(
    initializer: InitializerLike,
    rng: np.random.Generator,
    fan_in: int,
    fan_out: int,
    dtype: np.dtype[Any] | None = None,
) -> Array:
    """Draw W, in `dtype`, and check it: the one door through which weights enter a network.

    Returns
    -------
    numpy.ndarray, shape (fan_in, fan_out)

    Raises
    ------
    InputError
        If the initializer fails, or its result is not numeric, not finite or has another
        shape; it names the initializer.

    Examples
    --------
    >>> def flat(rng, fan_in, fan_out):
    ...     return np.ones(3)
    >>> sample(flat, np.random.default_rng(0), 2, 1)
    Traceback (most recent call last):
    mlp.arrays.InputError: initializer flat returned shape (3,) for fan_in 2, fan_out 1; ...
    """
    known = getattr(initializer, "name", "") or getattr(initializer, "formula", "")
    name = f"initializer {known or getattr(initializer, '__name__', type(initializer).__name__)}"
    try:
        drawn = initializer(rng, fan_in, fan_out)
    except MemoryError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{name} failed with {type(error).__name__}: {reason}") from error
    try:
        W = as_floats(drawn, f"the result of {name}", dtype)
    except ValueError as error:
        raise InputError(str(error)) from None
    if W.shape != (fan_in, fan_out):
        raise InputError(
            f"{name} returned shape {W.shape} for fan_in {fan_in}, fan_out {fan_out}; "
            f"expected ({fan_in}, {fan_out})"
        )
    return W


def constant(value: float = 0.5) -> Initializer:
    """W = value, for every weight: the notes' case 2 (and, with 0, case 1).

    Parameters
    ----------
    value : float
        By default the 0.5 of the notes.

    Examples
    --------
    >>> constant(0.5)(np.random.default_rng(0), 2, 1)
    array([[0.5],
           [0.5]])
    """
    value = _finite("value", value)
    return Initializer(
        lambda rng, fan_in, fan_out: np.full((fan_in, fan_out), value),
        formula=f"{value:g}",
        variance=lambda fan_in, fan_out: 0.0,
        mean=lambda fan_in, fan_out: value,
    )


def normal(stddev: float = 0.05) -> Initializer:
    """W ~ N(0, stddev²), whatever the fans: the notes' ``randn(...) * 0.01`` and ``* 1``.

    Parameters
    ----------
    stddev : float
        The standard deviation (not the variance); by default that of Keras.

    Examples
    --------
    >>> normal(0.01).variance(250, 250)
    0.0001
    """
    stddev = _positive("stddev", stddev)
    return Initializer(
        lambda rng, fan_in, fan_out: stddev * rng.standard_normal((fan_in, fan_out)),
        formula=f"N(0, {stddev:g}²)",
        variance=lambda fan_in, fan_out: stddev * stddev,
        stddev=f"{stddev:g}".format,
    )


def uniform(limit: float = 0.05) -> Initializer:
    """W ~ U[-limit, limit], whatever the fans; its variance is limit²/3.

    Parameters
    ----------
    limit : float
        Half the width of the range; by default that of Keras.

    Examples
    --------
    >>> W = uniform(0.1)(np.random.default_rng(0), 100, 100)
    >>> bool(abs(W).max() <= 0.1)
    True
    """
    limit = _positive("limit", limit)
    return Initializer(
        lambda rng, fan_in, fan_out: rng.uniform(-limit, limit, (fan_in, fan_out)),
        formula=f"U[-{limit:g}, {limit:g}]",
        variance=lambda fan_in, fan_out: limit * limit / 3,
        limit=f"{limit:g}".format,
    )


def variance_scaling(
    scale: float = 1.0,
    mode: Mode = "fan_in",
    distribution: Distribution = "truncated_normal",
) -> Initializer:
    """Var[W] = scale / n, with n = fan_in, fan_out or (fan_in + fan_out) / 2.

    Parameters
    ----------
    scale : float
        1 keeps the variance of linear units, 2 that of ReLU units.
    mode : {"fan_in", "fan_out", "fan_avg"}
        What n is: fan_in keeps the signal forward, fan_out the gradient backward,
        fan_avg is Glorot's compromise.
    distribution : {"normal", "uniform", "truncated_normal"}
        The shape; the variance is the same for all three. "truncated_normal" is what Keras
        draws: no weight beyond two standard deviations of the uncut normal, which is
        widened by 1/0.8796 to make up for the cut.

    Raises
    ------
    ValueError
        If `scale` is not positive, or `mode` or `distribution` is not one of these.

    References
    ----------
    He et al. 2015, "Delving Deep into Rectifiers", eq. 7-10, for the argument; the
    parameters are those of Keras' ``VarianceScaling``.

    Examples
    --------
    >>> variance_scaling(2, "fan_in", "normal").variance(50, 10)
    0.04
    """
    scale = _positive("scale", scale)
    if mode not in get_args(Mode):
        raise InputError(f"mode must be one of {', '.join(get_args(Mode))}, not {mode!r}")
    if distribution not in get_args(Distribution):
        known = ", ".join(get_args(Distribution))
        raise InputError(f"distribution must be one of {known}, not {distribution!r}")

    def variance(fan_in: int, fan_out: int) -> float:
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
        return scale / n

    def draw(rng: np.random.Generator, fan_in: int, fan_out: int, /) -> Array:
        std, shape = np.sqrt(variance(fan_in, fan_out)), (fan_in, fan_out)
        if distribution == "uniform":
            limit = np.sqrt(3) * std
            return rng.uniform(-limit, limit, shape)
        if distribution == "normal":
            return np.asarray(std * rng.standard_normal(shape))
        return np.asarray(std / TRUNCATED_STDDEV * _truncated_normal(rng, shape))

    top = 2 * scale if mode == "fan_avg" else scale
    n = {"fan_in": "{0}", "fan_out": "{1}", "fan_avg": "({0} + {1})"}[mode]
    names = ("fan_in", "fan_out")
    if distribution == "uniform":
        limit = f"√({3 * top:g} / {n})".format
        return Initializer(draw, f"U[-l, l], l = {limit(*names)}", variance, limit=limit)
    stddev = f"√({top:g} / {n})".format
    end = ", cut at ±2σ" if distribution == "truncated_normal" else ""
    formula = f"N(0, {top:g} / {n.format(*names)}){end}"
    return Initializer(draw, formula, variance, stddev=stddev)


def orthogonal(gain: float = 1.0) -> Initializer:
    """W = gain · Q, with orthonormal columns (or rows, when fan_out > fan_in).

    All singular values of W are `gain`, so a product of such matrices neither shrinks nor
    stretches any direction. One weight has the variance gain² / max(fan_in, fan_out).

    Parameters
    ----------
    gain : float
        The singular value.

    References
    ----------
    Saxe, McClelland & Ganguli 2013, "Exact solutions to the nonlinear dynamics of learning
    in deep linear neural networks", section 3.

    Examples
    --------
    >>> W = orthogonal()(np.random.default_rng(0), 3, 2)
    >>> bool(np.allclose(W.T @ W, np.eye(2)))
    True
    """
    gain = _positive("gain", gain)

    def draw(rng: np.random.Generator, fan_in: int, fan_out: int, /) -> Array:
        normals = rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out)))
        Q, R = np.linalg.qr(normals)
        Q = Q * np.sign(np.diagonal(R))  # makes Q uniform over all rotations (Mezzadri 2007)
        return np.asarray(gain * (Q if fan_in >= fan_out else Q.T))

    return Initializer(
        draw,
        formula="WᵀW = I" if gain == 1 else f"WᵀW = {gain:g}² I",
        variance=lambda fan_in, fan_out: gain * gain / max(fan_in, fan_out),
        stddev=lambda fan_in, fan_out: f"√({gain * gain:g} / max({fan_in}, {fan_out}))",
    )


def _truncated_normal(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    draws: Array = rng.standard_normal(shape)
    while (beyond := np.abs(draws) > 2).any():
        draws[beyond] = rng.standard_normal(np.count_nonzero(beyond))
    return draws


def _finite(name: str, value: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise InputError(f"{name} must be a finite number, not {value}")
    return number


def _positive(name: str, value: float) -> float:
    if _finite(name, value) <= 0:
        raise InputError(f"{name} must be positive, not {value:g}")
    return float(value)


zeros = register("zeros")(constant(0.0))
ones = register("ones")(constant(1.0))
INITIALIZERS.add("constant", constant)
INITIALIZERS.add("normal", normal)
INITIALIZERS.add("uniform", uniform)
lecun_normal = register("lecun_normal")(
    replace(variance_scaling(1.0, "fan_in", "normal"), about="the notes' Xavier")
)
lecun_uniform = register("lecun_uniform")(variance_scaling(1.0, "fan_in", "uniform"))
glorot_normal = register("glorot_normal")(variance_scaling(1.0, "fan_avg", "normal"))
glorot_uniform = register("glorot_uniform")(variance_scaling(1.0, "fan_avg", "uniform"))
he_normal = register("he_normal")(variance_scaling(2.0, "fan_in", "normal"))
he_uniform = register("he_uniform")(variance_scaling(2.0, "fan_in", "uniform"))
INITIALIZERS.add("orthogonal", orthogonal)
INITIALIZERS.add("variance_scaling", variance_scaling)
for other, same in (("xavier", "glorot"), ("kaiming", "he")):  # as the notes and PyTorch say
    INITIALIZERS.alias(f"{other}_normal", f"{same}_normal")
    INITIALIZERS.alias(f"{other}_uniform", f"{same}_uniform")
xavier_normal, xavier_uniform = glorot_normal, glorot_uniform
kaiming_normal, kaiming_uniform = he_normal, he_uniform
