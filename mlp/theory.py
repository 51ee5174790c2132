"""Theory: what must come out, before anything is run.

At initialization the weights are random, and in a wide layer the input z of a unit is a sum
of very many of them: a normal random number, whose variance q is all there is to know. A
layer is then one line,

    q  ←  σ_w² E[f(√q z)²] + σ_b²,        z ~ N(0, 1),    Var[W] = σ_w² / fan_in,

and its companion says what the layer does to the gradient on the way back,

    χ  =  σ_w² E[f'(√q z)²].

χ < 1: gradients vanish. χ > 1: they explode. χ = 1 is the *edge of chaos*, and He's
σ_w² = 2 for ReLU and LeCun's and Glorot's σ_w² = 1 for tanh are two points on it.

Two examples are two such signals, and their correlation c says how alike they are:

    c  ←  (σ_w² E[f(√q z₁) f(√q z₂)] + σ_b²) / (σ_w² E[f(√q z)²] + σ_b²),    E[z₁ z₂] = c.

Where all become alike, or all unlike, nothing of the input is left to learn from; ξ_c says
after how many layers.

Read in this order: `gaussian_mean`, `gaussian_mean_of_two` and `gaussian_mean_of_pairs` (the
only integrals), `variance_map`, `chi`, `fixed_point` and `critical_sigma_w` (many layers),
`correlation_map`, `correlation_fixed_point` and `correlation_depth` (two examples), `signal`
(the layers of one network, in the quantities of ``diagnostics.py``), `gradient_products` (what
many examples add up to), then three results that are exact at any width: `relu_log_growth`,
`born_dead` and `saxe_mode`.

σ_w and σ_b are standard deviations; q and χ are a variance and a factor of variances. The
square roots of the latter two are what a plot of standard deviations shows.

Where to go next: out of the library, into ``experiments/case/cases.py``.

References
----------
Poole et al. 2016, "Exponential expressivity in deep neural networks through transient
chaos"; Schoenholz et al. 2017, "Deep Information Propagation"; Glorot & Bengio 2010,
"Understanding the difficulty of training deep feedforward neural networks"; He et al. 2015,
"Delving Deep into Rectifiers".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlp import activations, initializers
from mlp.activations import Activation
from mlp.arrays import Array
from mlp.initializers import Initializer, InitializerLike

# Panels for z > 0, small near 0, where a steep f bends; beyond the last is no probability.
_EDGES = np.concatenate([[0.0], np.geomspace(1e-5, 9.5, 16)])
# The same for the angle, up to half of the way from one ray to the next.
_SHARES = np.concatenate([[0.0], np.geomspace(1e-4, 0.5, 8)])
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
# Of the sum over pairs.
_TERMS = 64
# Two variances that differ by less, relatively, are taken to be equal.
_EQUAL = 1e-14


def gaussian_mean(g: Callable[[Array], Array], q: ArrayLike, kinks: Sequence[float] = ()) -> Any:
    """E[g(√q z)] with z ~ N(0, 1): the mean of g over the inputs of a wide layer.

    Parameters
    ----------
    g : callable (array) -> array of the same shape
        Smooth but for the kinks.
    q : array_like
        The variance, 0 or more. ∞ is the limit, where g has one.
    kinks : sequence of float
        Where g or its slope jumps; 0 need not be named.

    Returns
    -------
    float, or numpy.ndarray of the shape of `q`

    Raises
    ------
    ValueError
        If a q is negative or not a number.

    Notes
    -----
    Gauss-Legendre quadrature with 16 points in each of 16 panels on either side of 0, the
    panels growing geometrically and cut at the kinks. For the activations of this library
    and q up to 1e10 it is exact to rounding. Gauss-Hermite quadrature, the textbook choice,
    is slow at the kink of ReLU and useless for a tanh that is nearly a step.

    Examples
    --------
    >>> print(round(gaussian_mean(np.square, 3.0), 12))
    3.0
    """
    q = _variance("q", q)
    scale = np.sqrt(q)[..., np.newaxis]
    z, density = _quadrature(_cuts(kinks, scale))
    u = scale * z
    return ((g(u) + g(-u)) * density).sum(axis=-1)


def gaussian_mean_of_two(
    g: Callable[[Array], Array], q: ArrayLike, c: ArrayLike, kinks: Sequence[float] = ()
) -> Any:
    """E[g(√q z₁) g(√q z₂)] with z₁, z₂ ~ N(0, 1) and E[z₁ z₂] = c.

    Parameters
    ----------
    g : callable (array) -> array of the same shape
        Smooth but for the kinks.
    q : array_like
        The variance of both, 0 or more.
    c : array_like
        Their correlation, from -1 to 1; it broadcasts with `q`.
    kinks : sequence of float
        Where g or its slope jumps; 0 need not be named.

    Returns
    -------
    float, or numpy.ndarray

    Raises
    ------
    ValueError
        If a q is negative, a c is not from -1 to 1, or one is not a number.

    Notes
    -----
    In polar coordinates, where the two are r sin(α) and r sin(α + φ), with φ = arccos(c), the
    lines on which one of them is 0 are rays. Between these, r and α are cut into panels that
    grow geometrically from 0, as for `gaussian_mean`: for the activations of this library and
    q up to 1e6 it is exact to about 1e-12.

    Examples
    --------
    How often two inputs of correlation 1/2 are both positive: 1/4 + arcsin(c) / 2π = 1/3.

    >>> print(round(gaussian_mean_of_two(lambda z: np.heaviside(z, 0), 1.0, 0.5), 12))
    0.333333333333
    """
    q, c = np.broadcast_arrays(_variance("q", q), _correlation(c))
    phi, scale = np.arccos(c)[..., np.newaxis], np.sqrt(q)[..., np.newaxis, np.newaxis]
    share, share_width = _panels(_SHARES)
    total = np.zeros(q.shape)
    for far, sign in ((np.pi - phi, 1), (phi, -1)):  # both of one sign; of opposite signs
        alpha, width = far * share, far * share_width
        slopes = scale * np.stack([np.sin(alpha), sign * np.sin(far - alpha)])[..., np.newaxis]
        r, density = _quadrature(np.concatenate([_cuts(kinks, abs(k)) for k in slopes], axis=-1))
        u1, u2 = slopes * r
        both = (g(u1) * g(u2) + g(-u1) * g(-u2)) * (r * density)
        total += (both.sum(axis=-1) * width).sum(axis=-1) * math.sqrt(2 / math.pi)
    return total[()]


def gaussian_mean_of_pairs(
    g: Callable[[Array], Array], covariance: ArrayLike, kinks: Sequence[float] = ()
) -> Array:
    """E[g(u_i) g(u_j)] of all pairs of u ~ N(0, covariance), whose variances may differ.

    Parameters
    ----------
    g : callable (array) -> array of the same shape, or of (..., shape) for several g at once
        Smooth but for the kinks.
    covariance : array_like, shape (n, n)
        E[u_i u_j].
    kinks : sequence of float
        Where g or its slope jumps; 0 need not be named.

    Returns
    -------
    numpy.ndarray, shape (..., n, n)

    Raises
    ------
    ValueError
        If a variance is negative or not a number.

    Notes
    -----
    Mehler's formula: with the normalised Hermite polynomials h_m and the correlation c,
    E[g(u_i) g(u_j)] = Σ_m c^m E[g(u_i) h_m] E[g(u_j) h_m]. The sum is of 64 terms; what they
    leave of E[g(u_i)²] is given to the next. So the diagonal is exact, and all pairs of fifty
    examples take a millisecond. Below a correlation of 0.9 the rest is exact to 1e-3 of the
    diagonal, for ReLU, sigmoid, tanh, their slopes and variances up to 1e4. Closer pairs are too
    for variances up to 10, but for a g that jumps (1e-2); where g is but a narrow peak, as the
    slope of a saturated tanh, `gaussian_mean_of_two` is needed.

    References
    ----------
    Mehler 1866; Daniely, Frostig & Singer 2016, "Toward Deeper Understanding of Neural
    Networks", who call the sum the dual activation.

    Examples
    --------
    >>> print(gaussian_mean_of_pairs(np.tanh, [[1, 0], [0, 4]]).round(3))
    [[0.394 0.   ]
     [0.    0.635]]
    """
    covariance = np.asarray(covariance, dtype=np.float64)
    q = _variance("q", covariance.diagonal())
    scale = np.sqrt(q)[:, np.newaxis]
    with np.errstate(divide="ignore", invalid="ignore"):
        c = np.clip(np.nan_to_num(covariance / scale / scale.T), -1, 1)
    z, density = _quadrature(_cuts(kinks, scale))
    plus, minus = g(scale * z), g(-scale * z)
    hermite = [np.ones_like(z), z]
    for m in range(1, _TERMS - 1):
        hermite.append((z * hermite[m] - math.sqrt(m) * hermite[m - 1]) / math.sqrt(m + 1))
    parts = (plus + minus) * density, (plus - minus) * density
    terms = [np.vecdot(parts[m % 2], h) for m, h in enumerate(hermite)]
    square = ((plus**2 + minus**2) * density).sum(axis=-1)
    left = np.sqrt(np.maximum(square - np.square(terms).sum(axis=0), 0))
    total: Array = left[..., np.newaxis] * left[..., np.newaxis, :]
    for term in reversed(terms):
        total *= c
        total += term[..., np.newaxis] * term[..., np.newaxis, :]
    every = np.arange(len(q))
    total[..., every, every] = square
    return total


def variance_map(
    q: ArrayLike, activation: str | Activation, sigma_w: float, sigma_b: float = 0.0
) -> Any:
    """σ_w² E[f(√q z)²] + σ_b²: from the variance of z in one layer to that in the next.

    Parameters
    ----------
    q : array_like
        Var[z] in this layer, 0 or more.
    activation : str or Activation
        f.
    sigma_w : float
        The standard deviation of W times √fan_in: Var[W] = sigma_w² / fan_in.
    sigma_b : float
        The standard deviation of b.

    Returns
    -------
    float, or numpy.ndarray of the shape of `q`
        Var[z] in the next layer.

    Raises
    ------
    ValueError
        If q, sigma_w or sigma_b is negative or not a number.

    References
    ----------
    Poole et al. 2016, eq. 3. For ReLU and σ_b = 0 it is He et al. 2015, eq. 8.

    Examples
    --------
    He's σ_w = √2 keeps the variance of ReLU units:

    >>> print(round(variance_map(3.0, "relu", 2**0.5), 12))
    3.0
    """
    f = activations.get(activation)
    sigma_w, sigma_b = _sigma("sigma_w", sigma_w), _sigma("sigma_b", sigma_b)
    with np.errstate(over="ignore"):
        return sigma_w**2 * gaussian_mean(lambda z: f(z) ** 2, q, f.kinks) + sigma_b**2


def chi(q: ArrayLike, activation: str | Activation, sigma_w: float, c: ArrayLike = 1.0) -> Any:
    """χ = σ_w² E[f'(√q z)²]: the growth of ‖delta‖² per layer, backwards.

    Parameters
    ----------
    q : array_like
        Var[z] of the layer, 0 or more.
    activation : str or Activation
        f.
    sigma_w : float
        The standard deviation of W times √fan_in.
    c : array_like
        Given the correlation of two examples, it is σ_w² E[f'(√q z₁) f'(√q z₂)] instead: the
        growth of the scalar product of their deltas, and at q* the slope of
        `correlation_map`.

    Returns
    -------
    float, or numpy.ndarray of the shape of `q` (and `c`)
        A factor of variances; standard deviations grow by √χ.

    Raises
    ------
    ValueError
        If q or sigma_w is negative or not a number, or c is not from -1 to 1.

    Notes
    -----
    It supposes layers of equal width. Where they differ, delta sums over the units of the
    layer above and the factor is fan_out Var[W] E[f'²]: see `signal`.

    References
    ----------
    Poole et al. 2016 and Schoenholz et al. 2017, who write χ_1, and χ_c* with two examples;
    He et al. 2015, eq. 14, is χ = 1 for ReLU.

    Examples
    --------
    Glorot's initialization does not rescue a sigmoid network:

    >>> print(round(chi(fixed_point("sigmoid", 1.0), "sigmoid", 1.0), 3))
    0.056
    """
    f = activations.get(activation)
    sigma_w = _sigma("sigma_w", sigma_w)
    with np.errstate(over="ignore"):
        return sigma_w**2 * _mean_product(lambda z: f.derivative(z, f(z)), q, c, f.kinks)


def depth_scale(chi: ArrayLike) -> Any:
    """ξ = -1 / ln χ: over how many layers ‖delta‖² falls by a factor of e.

    Parameters
    ----------
    chi : array_like
        As `chi` returns it, 0 or more.

    Returns
    -------
    float, or numpy.ndarray of the shape of `chi`
        In layers. Positive: gradients vanish. Negative: they grow by e every -ξ layers.
        Infinite at χ = 1: a gradient reaches any depth. A network much deeper than |ξ| is
        hard to train.

    Raises
    ------
    ValueError
        If `chi` is negative or not a number.

    References
    ----------
    Schoenholz et al. 2017, for gradients. `correlation_depth` is their ξ_c.

    Examples
    --------
    >>> print(depth_scale(np.exp(-0.1)).round(6), depth_scale(np.exp(0.1)).round(6))
    10.0 -10.0
    >>> print(depth_scale(1.0))
    inf
    """
    chi = _variance("chi", chi)
    with np.errstate(divide="ignore"):
        xi = -1 / np.log(chi)
    return np.where(chi == 1, np.inf, xi)[()]


def fixed_point(activation: str | Activation, sigma_w: float, sigma_b: float = 0.0) -> float:
    """q* = σ_w² E[f(√q* z)²] + σ_b²: the variance that a deep network settles to.

    Where there are several, it is the one that a signal starting with q = 1 reaches.

    Parameters
    ----------
    activation : str or Activation
        f.
    sigma_w, sigma_b : float
        Standard deviations, as for `variance_map`.

    Returns
    -------
    float
        A variance. 0 where the signal dies out and ∞ where it grows without end. 1 where it
        stays as it is: a linear network with (1, 0) or a ReLU network with (√2, 0), for
        which every q is a fixed point.

        ReLU in full: ∞ if σ_w² > 2; σ_b² / (1 - σ_w²/2) if σ_w² < 2, so 0 without bias; at
        σ_w² = 2, 1 without bias and ∞ with one.

    Raises
    ------
    ValueError
        If sigma_w or sigma_b is negative or not a number.

    Notes
    -----
    By bisection, to about 1e-14 / |1 - slope| relative, where slope is that of the map at
    q*: close to the edge of chaos it is near 1 and q* less certain. A positive q* below
    1e-12 that is not due to a bias is returned as 0.

    References
    ----------
    Poole et al. 2016, who write q*.

    Examples
    --------
    >>> print(fixed_point("tanh", 0.9), round(fixed_point("relu", 1.0, 1.0), 9))
    0.0 2.0
    """
    f = activations.get(activation)

    def growth(q: float) -> float:
        """How much larger the next q is, relative to this one."""
        return float(variance_map(q, f, sigma_w, sigma_b)) / q - 1

    low = high = 1.0
    first = growth(1.0)
    if abs(first) <= _EQUAL:
        return 1.0
    if first > 0:
        while growth(high) > -_EQUAL:
            low, high = high, 1e3 * high
            if high > 1e300:
                return math.inf
    else:
        starts_at_zero = variance_map(0.0, f, sigma_w, sigma_b) == 0
        while growth(low) < _EQUAL:
            low, high = low / 1e3, low
            if low < 1e-13 and starts_at_zero:
                return 0.0
    return _bisect(growth, low, high)


def critical_sigma_w(activation: str | Activation, sigma_b: float = 0.0) -> float:
    """σ_w at the edge of chaos: χ(q*(σ_w, σ_b)) = 1.

    Parameters
    ----------
    activation : str or Activation
        f.
    sigma_b : float
        The standard deviation of b.

    Returns
    -------
    float
        A standard deviation: Var[W] = sigma_w² / fan_in. For σ_b = 0 it is √2 for ReLU
        (He), 1 for tanh and for linear units (LeCun, Glorot), and 10.15 for sigmoid.

    Raises
    ------
    ValueError
        If sigma_b is negative or not a number, or if there is no such σ_w: for ReLU and
        linear units with σ_b > 0 every bias adds to q, which never comes to rest at χ = 1.

    Notes
    -----
    Two equations for two unknowns, and one of them goes away: χ = 1 says
    σ_w² = 1 / E[f'²], so

        q - E[f(√q z)²] / E[f'(√q z)²] = σ_b²

    remains to be solved for q alone, by bisection; the smallest solution from 1e-14 to
    1e10 is taken. σ_w is exact to rounding, or to 1e-7 for a σ_b below 1e-9.

    References
    ----------
    Schoenholz et al. 2017, for tanh.

    Examples
    --------
    >>> print(round(critical_sigma_w("relu") ** 2, 9), round(critical_sigma_w("tanh"), 9))
    2.0 1.0
    >>> critical_sigma_w("relu", 0.1)
    Traceback (most recent call last):
    ValueError: relu has no edge of chaos at sigma_b = 0.1: no finite q is a fixed point with chi 1
    """
    f = activations.get(activation)
    sigma_b = _sigma("sigma_b", sigma_b)

    def missing(q: Any) -> Any:
        """How much bias variance q still needs to be a fixed point with χ = 1, relative to q."""
        with np.errstate(divide="ignore"):
            needed = q - variance_map(q, f, 1.0) / chi(q, f, 1.0)
        return (sigma_b**2 - needed) / q

    grid = np.geomspace(1e-14, 1e10, 241)
    solved = missing(grid) < -_EQUAL
    if abs(missing(grid[0])) <= _EQUAL:  # f(z) ∝ z near 0, and no bias: every small q will do
        q = float(grid[0])
    elif not solved[0] and solved.any():
        first = int(solved.argmax())
        q = _bisect(missing, float(grid[first - 1]), float(grid[first]))
    else:
        raise ValueError(
            f"{f.name} has no edge of chaos at sigma_b = {sigma_b:g}: "
            "no finite q is a fixed point with chi 1"
        )
    return float(1 / np.sqrt(chi(q, f, 1.0)))


def correlation_map(
    c: ArrayLike, q: ArrayLike, activation: str | Activation, sigma_w: float, sigma_b: float = 0.0
) -> Any:
    """(σ_w² E[f(√q z₁) f(√q z₂)] + σ_b²) / Var[z next]: how alike two examples are, a layer on.

    Parameters
    ----------
    c : array_like
        The correlation of their z in this layer, E[z₁ z₂], from -1 to 1.
    q : array_like
        Var[z] of both in this layer, 0 or more. At 0 and ∞ the limit is taken.
    activation : str or Activation
        f.
    sigma_w, sigma_b : float
        Standard deviations, as for `variance_map`.

    Returns
    -------
    float, or numpy.ndarray
        The correlation in the next layer. Equal examples stay equal: 1 for c = 1.

    Raises
    ------
    ValueError
        If c is not from -1 to 1, or q, sigma_w or sigma_b is negative or not a number, or one
        lies beyond 1e75, or sigma_w below 1e-75.

    References
    ----------
    Poole et al. 2016, eq. 5, and Schoenholz et al. 2017, eq. 5. For ReLU without bias it is
    the arc-cosine kernel of Cho & Saul 2009.

    Examples
    --------
    Two inputs that have nothing to do with each other look alike to a ReLU, E = 1/π of 1:

    >>> print(round(correlation_map(0.0, 1.0, "relu", 2**0.5), 4))
    0.3183
    """
    f = activations.get(activation)
    sigma_w, sigma_b = _moderate("sigma_w", sigma_w, 1e-75), _moderate("sigma_b", sigma_b)
    q = _within_reach(q)
    product = sigma_w**2 * gaussian_mean_of_two(f, q, c, f.kinks) + sigma_b**2
    return product / variance_map(q, f, sigma_w, sigma_b)


def correlation_fixed_point(
    activation: str | Activation, sigma_w: float, sigma_b: float = 0.0
) -> float:
    """c* = C(c*), C the `correlation_map` at q*: how alike all examples become in a deep network.

    Parameters
    ----------
    activation : str or Activation
        f.
    sigma_w, sigma_b : float
        Standard deviations, as for `variance_map`.

    Returns
    -------
    float
        1 up to the edge of chaos: a deep network answers all inputs alike. Beyond it less:
        the slightest difference between two inputs grows. ReLU has no such side, its c* is 1
        for every σ_w; and where every c stays as it is (linear units without bias, and what
        acts as such because the signal dies out), 1 is returned.

    Raises
    ------
    ValueError
        If sigma_w or sigma_b is negative, not a number or beyond 1e75, or sigma_w below 1e-75.

    Notes
    -----
    C is a power series in c whose coefficients are not negative, so it is convex from 0 to 1,
    where C(1) = 1. A slope above 1 there means that it crosses the diagonal once more, and
    Newton's method from c = 0 climbs to that point and never past it.

    References
    ----------
    Poole et al. 2016, who write c*.

    Examples
    --------
    >>> print(correlation_fixed_point("tanh", 1.0, 0.2))
    1.0
    >>> print(round(correlation_fixed_point("tanh", 2.0, 0.2), 3))
    0.137
    """
    f = activations.get(activation)
    sigma_w, sigma_b = _moderate("sigma_w", sigma_w, 1e-75), _moderate("sigma_b", sigma_b)
    q = _within_reach(fixed_point(f, sigma_w, sigma_b))
    next_q = variance_map(q, f, sigma_w, sigma_b)

    def slope(c: float) -> float:
        return float(chi(q, f, sigma_w, c) * q / next_q)

    if slope(1.0) <= 1 + 1e-12:  # 1, or 1 within rounding
        return 1.0
    c, step = 0.0, 1.0
    while step > _EQUAL:
        step = (correlation_map(c, q, f, sigma_w, sigma_b) - c) / (1 - slope(c))
        c += step
    return float(c)


def correlation_depth(activation: str | Activation, sigma_w: float, sigma_b: float = 0.0) -> float:
    """ξ_c = 1 / |ln χ_c|, χ_c = σ_w² E[f'(√q* z₁) f'(√q* z₂)]: how deep a signal comes.

    Two things can end a signal, and χ_c is the factor per layer of the one that does.

    - Where q* is positive and finite, the correlation of two inputs: c - c* falls by e every
      ξ_c layers. At q* and c*, χ_c is the slope of `correlation_map`.
    - Where the signal dies out or grows without end (q* = 0 or ∞: ReLU and linear units
      without bias on either side of the edge, tanh without bias below it), its size: q
      changes by e every ξ_c layers, by the factor χ_c = χ. Directions do not close at such a
      rate there: linear units keep them, and ReLU closes them like 1/layer², at every σ_w.

    Parameters
    ----------
    activation : str or Activation
        f.
    sigma_w, sigma_b : float
        Standard deviations, as for `variance_map`.

    Returns
    -------
    float
        In layers, 0 or more; ∞ at the edge of chaos. A network trains to a few times that
        depth.

    Raises
    ------
    ValueError
        If sigma_w or sigma_b is negative, not a number or beyond 1e75, or sigma_w below 1e-75.

    Notes
    -----
    Up to the edge of chaos it is the `depth_scale` of χ, and so the gradient's: c* = 1 makes
    z₁ = z₂. Beyond it is not: the gradient explodes with χ > 1, while χ_c < 1.

    References
    ----------
    Schoenholz et al. 2017, eq. 9, who find networks trainable to about 6 ξ_c.

    Examples
    --------
    >>> for sigma_w in (1.0, 2.0):
    ...     print(round(correlation_depth("tanh", sigma_w, 0.05**0.5), 2))
    3.63
    6.98
    >>> print(round(correlation_depth("relu", 1.0), 2))    # 1 / ln 2: q halves in every layer
    1.44
    """
    c = correlation_fixed_point(activation, sigma_w, sigma_b)
    q = _within_reach(fixed_point(activation, sigma_w, sigma_b))
    chi_c = chi(q, activation, sigma_w, c)
    return math.inf if abs(chi_c - 1) < 1e-14 else float(abs(depth_scale(chi_c)))


@dataclass(frozen=True)
class Signal:
    """What `signal` predicts: one number per layer, from the first to the output.

    Each is what one would measure over all units, all examples and many draws of the
    weights. z and delta have mean 0, so that their standard deviation is also their root
    mean square; a of sigmoid and ReLU has not, so both are given.

    Attributes
    ----------
    z_std : list of float
        √Var[z].
    a_std : list of float
        √(E[a²] - E[a]²).
    a_rms : list of float
        √E[a²], as `mlp.diagnostics.a_rms` measures it; this is what the next layer feels.
    delta_std : list of float
        √E[delta²], as `mlp.diagnostics.delta_rms` measures it.
    dW_rms : list of float
        √E[(∂L/∂w)²], as `mlp.diagnostics.dW_rms` measures it.
    """

    z_std: list[float]
    a_std: list[float]
    a_rms: list[float]
    delta_std: list[float]
    dW_rms: list[float]  # noqa: N815, the symbol of the notes


def signal(
    sizes: Sequence[int],
    activation: str | Activation,
    initializer: str | InitializerLike,
    q_x: ArrayLike = 1.0,
    *,
    sigma_b: float = 0.0,
    error_std: float = 1.0,
    output_activation: str | Activation = "linear",
) -> Signal | None:
    """Predict the size of z, a, delta and dW in every layer, before training.

    With n_k inputs and n_{k+1} units in layer k, v_k = Var[W[k]] and z ~ N(0, 1), forward

        q_0 = n_0 v_0 q_x + σ_b²,       q_k = n_k v_k E[f(√q_{k-1} z)²] + σ_b²

    and backward, from the gradient at the output, E[(∂L/∂a)²] = error_std²,

        E[delta_k²] = E[(∂L/∂a_{k+1})²] E[f'(√q_k z)²]
        E[(∂L/∂a_k)²] = n_{k+1} v_k E[delta_k²]
        E[dW_k²] = Σ over the examples of E[a_k²] E[delta_k²].

    A unit sums over its fan_in on the way forward and over its fan_out on the way back; only
    in layers of equal width can one variance suit both.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, units of each hidden layer, outputs, as for `mlp.MLP`.
    activation : str or Activation
        f of the hidden layers.
    initializer : str or callable
        Of the weights. Only the variance that an `Initializer` declares is used.
    q_x : array_like, shape (n,) or ()
        The mean square of the inputs of each example, ``(x**2).mean(axis=-1)``; a single
        number stands for a single example. Time and memory grow with n: a few hundred
        examples take milliseconds per layer, and more of them hardly change the answer.
    sigma_b : float
        The standard deviation of every bias.
    error_std : float
        The standard deviation of the gradient at the network's output.
    output_activation : str or Activation
        f of the last layer.

    Returns
    -------
    Signal or None
        None where theory is silent: an initializer that declares no variance, or one whose
        mean is not zero.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    It is the limit of wide hidden layers; the error is of the order depth/width, and for
    ReLU `relu_log_growth` knows it. To measure just this, run ``network.backward(trace,
    error)`` with an error of independent normal numbers, one row per example, instead of
    the gradient of a loss: a loss makes the error depend on the weights and be alike for
    similar examples, and dW, a sum over examples, is then larger: see `gradient_products`.
    delta carries whatever the error carries, so a loss that is a mean over n examples puts a
    1/n into it.

    References
    ----------
    Glorot & Bengio 2010, eq. 5-7, for f' = 1; He et al. 2015, eq. 8 and 12, for ReLU;
    Poole et al. 2016, eq. 3, forward and Schoenholz et al. 2017, backward, for any f.

    Examples
    --------
    He's initialization on five layers of ReLU, and Xavier's:

    >>> he = signal([100] * 6, "relu", "he_normal")
    >>> print(np.round(he.z_std, 3), np.round(he.delta_std, 3))
    [1.414 1.414 1.414 1.414 1.414] [1. 1. 1. 1. 1.]
    >>> xavier = signal([100] * 6, "relu", "xavier_normal")
    >>> print(np.round(xavier.z_std, 3))
    [1.    0.707 0.5   0.354 0.25 ]
    """
    if len(sizes) < 2:
        raise ValueError(f"sizes must be two or more whole numbers, such as [2, 1], not {sizes}")
    sizes = [_count("every size", n) for n in sizes]
    fans = list(pairwise(sizes))
    v = _variances(fans, initializer)
    if v is None:
        return None
    f = [activations.get(activation)] * (len(fans) - 1) + [activations.get(output_activation)]
    sigma_b, error_std = _sigma("sigma_b", sigma_b), _sigma("error_std", error_std)
    a2: list[Array] = [np.atleast_1d(_variance("q_x", q_x))]
    q: list[Array] = []
    a_variance = []
    with np.errstate(over="ignore"):
        for k, (fan_in, _) in enumerate(fans):
            q.append(fan_in * v[k] * a2[k] + sigma_b**2)
            a2.append(variance_map(q[k], f[k], 1.0))
            a_variance.append(_spread(f[k], q[k]))
        delta2 = []
        da2: Any = error_std**2
        for k in reversed(range(len(fans))):
            delta2.append(da2 * chi(q[k], f[k], 1.0))
            da2 = fans[k][1] * v[k] * delta2[-1]
        delta2.reverse()
        dW2 = [(a * d).sum() for a, d in zip(a2[:-1], delta2, strict=True)]
    return Signal(*(_roots(lists) for lists in (q, a_variance, a2[1:], delta2, dW2)))


def gradient_products(
    sizes: Sequence[int],
    activation: str | Activation,
    initializer: str | InitializerLike,
    x: ArrayLike,
    error: ArrayLike,
) -> list[Array] | None:
    """E[dw_i dw_j]: how the gradients of two examples agree, in every layer, before training.

    dW is the sum of the examples' gradients dw_i, so E[dW²] = Σ_ij E[dw_i dw_j]. A loss makes
    the errors of similar examples alike; then most of the sum is off the diagonal, which is all
    that `signal` knows. With v_k = Var[W[k]], A_0 = x xᵀ / n_0 and z ~ N(0, K_k),

        K_k = n_k v_k A_k,                      A_{k+1} = E[f(z) f(z)ᵀ],

    and backward, from D = error errorᵀ / n of the linear outputs,

        D_k = n_{k+2} v_{k+1} D_{k+1} ∘ E[f'(z) f'(z)ᵀ],      E[dw dwᵀ] = A_k ∘ D_k.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, units of each hidden layer, outputs, as for `mlp.MLP`.
    activation : str or Activation
        f of the hidden layers; the output is linear.
    initializer : str or callable
        Of the weights. Only the variance that an `Initializer` declares is used. Biases are 0.
    x : array_like, shape (n, sizes[0])
        The inputs.
    error : array_like, shape (n, sizes[-1])
        The gradient of the loss at the outputs, as `mlp.mse` returns it.

    Returns
    -------
    list of numpy.ndarray, shape (n, n), or None
        For each layer the mean over its weights. None where theory is silent, as for `signal`.

    Raises
    ------
    ValueError
        If a name is unknown, or x or error has another number of columns than the network.

    Notes
    -----
    The limit of wide hidden layers, in which the error may be taken to be independent of the
    weights. `gaussian_mean_of_pairs` tells how exact the means are.

    References
    ----------
    Jacot, Gabriel & Hongler 2018, "Neural Tangent Kernel": the sum of these over all layers,
    each times the weights it has, but for the errors. Lee et al. 2018 for A.

    Examples
    --------
    Two examples that are the same add up, two that are unlike do not:

    >>> same, unlike = (gradient_products([2, 50, 1], "linear", "lecun_normal", x, [[1], [1]])
    ...                 for x in ([[1, 0], [1, 0]], [[1, 0], [0, 1]]))
    >>> [round(float(products[0].sum() / products[0].trace()), 3) for products in (same, unlike)]
    [2.0, 1.0]
    """
    fans = list(pairwise(sizes))
    v = _variances(fans, initializer)
    if v is None:
        return None
    f = activations.get(activation)
    x, error = np.asarray(x, dtype=np.float64), np.asarray(error, dtype=np.float64)
    for name, array, columns in (("x", x, sizes[0]), ("error", error, sizes[-1])):
        if array.ndim != 2 or array.shape[1] != columns:
            raise ValueError(f"{name} must have {columns} columns, not the shape {array.shape}")

    def f_and_slope(z: Array) -> Array:
        a = f(z)
        return np.stack([a, f.derivative(z, a)])

    A, slopes = [x @ x.T / sizes[0]], []
    with np.errstate(over="ignore", invalid="ignore"):
        for (fan_in, _), v_k in zip(fans[:-1], v, strict=False):
            both = gaussian_mean_of_pairs(f_and_slope, fan_in * v_k * A[-1], f.kinks)
            A.append(both[0])
            slopes.append(both[1])
        D = [error @ error.T / sizes[-1]]
        for (_, fan_out), v_k, slope in zip(fans[:0:-1], v[:0:-1], slopes[::-1], strict=True):
            D.append(fan_out * v_k * D[-1] * slope)
        return [a * delta for a, delta in zip(A, D[::-1], strict=True)]


class LogGrowth(NamedTuple):
    """The mean and the variance, over draws of the weights, of a logarithm."""

    mean: float
    variance: float


def relu_log_growth(width: int, sigma_w: float = math.sqrt(2)) -> LogGrowth:
    """ln(mean(a²) / mean(a_before²)) of one ReLU layer: exact, at any width.

    One example, weights N(0, σ_w² / fan_in), no bias. Given a_before, the z of the layer are
    independent normals of variance σ_w² mean(a_before²), of which the K positive ones stay:

        mean(a²) / mean(a_before²) = (σ_w² / width) χ²_K,      K ~ Binomial(width, 1/2),

    where χ²_K is a chi-squared number (no relation of χ above). Its logarithm has the mean
    ψ(K/2) + ln 2 and the variance ψ'(K/2); the mean and the variance over K ≥ 1 follow.

    Parameters
    ----------
    width : int
        The number of units of the layer.
    sigma_w : float
        The standard deviation of W times √fan_in; by default He's √2.

    Returns
    -------
    LogGrowth
        Given that at least one unit is active; see `born_dead` for the rest. In L layers of
        equal width both numbers are L times as large, because the layers are independent.

    Raises
    ------
    ValueError
        If `width` is not a positive whole number, or sigma_w is not positive.

    Notes
    -----
    For large widths the two are ln(σ_w²/2) - 5/(2 width) and 5/width. So He's initialization
    keeps mean(a²) on average over networks, but a *typical* network loses a factor of
    exp(-5 L / (2 width)) in L layers, and two networks differ by exp(±√(5 L / width)): no
    choice of σ_w changes the latter, only more width or less depth.

    Between hidden layers of equal width ‖delta‖² obeys the very same law on its way back, if
    the gradient at the output does not depend on the weights.

    References
    ----------
    Hanin & Rolnick 2018, "How to Start Training: The Effect of Initialization and
    Architecture", for the growth with the sum of 1/width; Burkholz & Dubatovka 2019,
    "Initialization of ReLUs for Dynamical Isometry", for the exact distribution.

    Examples
    --------
    >>> mean, variance = relu_log_growth(100)
    >>> print(round(100 * mean, 2), round(100 * variance, 2))
    -2.54 5.19
    """
    n = _count("width", width)
    if _sigma("sigma_w", sigma_w) == 0:
        raise ValueError("sigma_w must be positive: the logarithm of 0 has no mean")
    # Mean and variance of ln χ²_k, k = 1 ... n, from ψ(x + 1) = ψ(x) + 1/x.
    mean = [-np.euler_gamma - math.log(2), math.log(2) - np.euler_gamma]
    variance = [math.pi**2 / 2, math.pi**2 / 6]
    for k in range(1, n - 1):
        mean.append(mean[k - 1] + 2 / k)
        variance.append(variance[k - 1] - 4 / k**2)
    K = np.arange(1, n + 1)
    p = np.exp(np.cumsum(np.log((n - K + 1) / K)) - n * math.log(2))  # (n over K) / 2ⁿ
    p /= p.sum()
    overall = (p * mean[:n]).sum()
    spread = (p * (variance[:n] + (mean[:n] - overall) ** 2)).sum()
    return LogGrowth(float(overall + math.log(sigma_w**2 / n)), float(spread))


def born_dead(widths: Sequence[int]) -> float:
    """1 - Π (1 - 2^-n): the probability that a ReLU network answers one input with 0.

    A layer of n units is silent if all n inputs z are negative, each with probability 1/2.
    After a silent layer nothing depends on the input, and the gradients of all weights are
    0: no training takes place, but for the output bias.

    Parameters
    ----------
    widths : sequence of int
        n of each hidden layer; empty for none.

    Returns
    -------
    float
        A probability.

    Raises
    ------
    ValueError
        If a width is not a positive whole number.

    Notes
    -----
    Exact for one input that is not zero, biases of zero, and weights whose columns may
    change their signs independently without becoming more or less likely, as those of all
    random initializers here; neither the variance nor Glorot or He makes a difference. A
    network is dead for good only if it is so for *every* input: that is rarer, and this is
    an upper bound. The farther down a layer lies, the more alike are the directions in which
    inputs arrive there, so in deep networks the bound is close.

    References
    ----------
    Lu, Shin, Su & Karniadakis 2019, "Dying ReLU and Initialization: Theory and Numerical
    Examples".

    Examples
    --------
    Ten layers of two units each are dead more often than not:

    >>> print(round(born_dead([2] * 10), 3))
    0.944
    """
    silent = [0.5 ** _count("width", n) for n in widths]
    return float(-np.expm1(np.log1p(-np.array(silent)).sum()))


def saxe_mode(t: ArrayLike, s: float, u0: float) -> Any:
    """u(t) = s e^{2st} / (e^{2st} - 1 + s/u0): how ŷ = w₁ w₂ x learns y = s x.

    u = w₁ w₂ is what the network does, and it begins at u0 with w₁ = w₂. The smaller u0, the
    longer the plateau before the rise: u = s/2 is reached at t = ln(s/u0 - 1) / 2s.

    Parameters
    ----------
    t : array_like
        Time. Our L = (s - w₁ w₂)² mean(x²) has no 1/2, so with mean(x²) = 1 one step of
        gradient descent is w₁ ← w₁ + 2η w₂ (s - u), and likewise w₂. That is a step of 2η
        along dw₁/dt = w₂ (s - u): after k steps t = 2 η k.
    s : float
        What there is to learn, positive.
    u0 : float
        u at t = 0, positive.

    Returns
    -------
    float, or numpy.ndarray of the shape of `t`

    Raises
    ------
    ValueError
        If s or u0 is not positive and finite, or t is negative or not a number.

    Notes
    -----
    It is exact in the limit η → 0. The two weights stay equal, so du/dt = 2u (s - u): the
    logistic equation. In a deep linear network every singular value s of the data does this
    on its own, the large ones first.

    References
    ----------
    Saxe, McClelland & Ganguli 2013, "Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks", eq. 8-12 with τ = 1.

    Examples
    --------
    >>> print(saxe_mode([0.0, 100.0], s=2.0, u0=0.01).round(6))
    [0.01 2.  ]
    """
    for name, value in (("s", s), ("u0", u0)):
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be positive and finite, not {value}")
    # The same fraction, divided by e^{2st}, which overflows.
    return s / (1 + (s / u0 - 1) * np.exp(-2 * s * _variance("t", t)))


def _variances(
    fans: Sequence[tuple[int, int]], initializer: str | InitializerLike
) -> list[float] | None:
    """Return Var[W] of every layer; None if it is not declared, or the mean is not zero."""
    draw = initializers.get(initializer)
    if not isinstance(draw, Initializer) or draw.variance is None:
        return None
    if any(draw.mean(*fan) != 0 for fan in fans):
        return None
    return [draw.variance(*fan) for fan in fans]


def _mean_product(
    g: Callable[[Array], Array], q: ArrayLike, c: ArrayLike, kinks: Sequence[float]
) -> Any:
    """E[g(√q z₁) g(√q z₂)]; one integral is enough where c = 1."""
    if np.array_equal(c, 1):
        return gaussian_mean(lambda z: g(z) ** 2, q, kinks)
    return gaussian_mean_of_two(g, q, c, kinks)


def _quadrature(cuts: Array) -> tuple[Array, Array]:
    """Return z > 0 and density dz, so that Σ g(z) density is the mean of g over half of N(0, 1).

    `cuts` are more edges of panels, of shape (..., m); the results have shape (..., points), or
    (points,) without cuts.
    """
    edges: Array = _EDGES
    if cuts.shape[-1]:
        edges = np.broadcast_to(_EDGES, (*cuts.shape[:-1], _EDGES.size))
        edges = np.sort(np.concatenate([edges, np.minimum(cuts, _EDGES[-1])], axis=-1), axis=-1)
    z, width = _panels(edges)
    return z, width * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def _panels(edges: Array) -> tuple[Array, Array]:
    """Return the points of Gauss and Legendre between the edges, and the width of each."""
    half = np.diff(edges)[..., np.newaxis] / 2
    points = (edges[..., :-1, np.newaxis] + half) + half * _NODES
    flat = (*points.shape[:-2], -1)
    return points.reshape(flat), (half * _WEIGHTS).reshape(flat)


def _cuts(kinks: Sequence[float], scale: Array) -> Array:
    """Return the z > 0 at which scale · z or its negative meets a kink, shape (..., kinks)."""
    with np.errstate(divide="ignore"):
        return np.array([abs(kink) for kink in kinks if kink != 0]) / scale


def _spread(f: Activation, q: Array) -> Any:
    """Var[f(√q z)] over z and over all q together; q has shape (n,)."""
    if np.isinf(variance_map(q, f, 1.0)).any():
        return np.inf
    mean = gaussian_mean(f, q, f.kinks).mean()
    return gaussian_mean(lambda z: (f(z) - mean) ** 2, q, f.kinks).mean()


def _bisect(f: Callable[[float], float], low: float, high: float) -> float:
    """Return where f, positive at `low`, becomes negative before `high`."""
    while low < (middle := math.sqrt(low) * math.sqrt(high)) < high:
        low, high = (middle, high) if f(middle) > 0 else (low, middle)
    return middle


def _roots(squares: Sequence[Array]) -> list[float]:
    return [float(np.sqrt(np.mean(square))) for square in squares]


def _variance(name: str, value: ArrayLike) -> NDArray[np.float64]:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number or an array of them, not {value!r}") from None
    if not (good := array >= 0).all():
        raise ValueError(f"{name} must be 0 or more, not {array[~good][0]}")
    return array


def _correlation(value: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(value, dtype=np.float64)
    if not (good := abs(array) <= 1).all():
        raise ValueError(f"c must be from -1 to 1, not {array[~good][0]}")
    return array


def _within_reach(q: ArrayLike) -> Any:
    """Return a variance that is neither 0 nor ∞, where ratios of means have their limits."""
    return np.clip(_variance("q", q), 1e-100, 1e100)


def _sigma(name: str, value: float) -> float:
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} must be a finite number, 0 or more, not {value}")
    return np.float64(value)  # whose square is inf where float's is an OverflowError


def _moderate(name: str, value: float, least: float = 0.0) -> float:
    if value > 0 and not least <= value <= 1e75:  # the square of its square is to be a number
        raise ValueError(f"{name} must be 0 or from {least:g} to 1e75, not {value}")
    return _sigma(name, value)


def _count(name: str, value: int) -> int:
    if not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name} must be a whole number, 1 or more, not {value!r}")
    return int(value)
