"""Diagnostics: what to look at in a network, as pure functions of one pass.

Every one takes ``(network, trace, gradients)`` and returns one number per layer, so each can
be handed to ``train(probes={"name": function})``, and the usual ones as ``train(probes=CHEAP)``.
The last axis of the result is the layer; leading axes are those of a stack.

Symmetry: do the hidden units differ? A unit is its weights and bias: column j of W[k] and
b[k]. Two units that are the same and receive the same gradient stay the same for ever.

Signals: how large are a, delta and dW? Where delta shrinks from layer to layer on its way
back, the gradient vanishes; where it grows, it explodes.

Where to go next: ``theory.py``, or out of the library into ``experiments/case/cases.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from mlp.arrays import Array, as_examples
from mlp.losses import mse
from mlp.network import MLP, Dense, Gradients, Trace

# How near to an asymptote, in parts of the range of f, a unit counts as saturated.
SATURATED_WITHIN = 0.01
# About how many numbers `gradient_check` keeps for the copies of theta that it moves at once.
MOVED_AT_ONCE = 2**20


def gradient_spread(network: MLP, trace: Trace, gradients: Gradients) -> Array:
    """max over i, j, j' of |∂L/∂w_ij - ∂L/∂w_ij'|: how far apart the units are pulled.

    Biases count as one more row of w. Zero means that every unit of the layer receives the
    same gradient.

    Returns
    -------
    numpy.ndarray, shape (..., hidden layers)
        In units of the gradient.

    References
    ----------
    The notes, case 1 (iii): ∂L/∂w'11 = ∂L/∂w'12 and ∂L/∂w'21 = ∂L/∂w'22.
    """
    return _spread(network, gradients.W[:-1], gradients.b[:-1])


def weight_spread(network: MLP, trace: Trace, gradients: Gradients) -> Array:
    """max over i, j, j' of |w_ij - w_ij'|: how far apart the units of a layer are.

    Returns
    -------
    numpy.ndarray, shape (..., hidden layers)
        In units of the weights.
    """
    hidden = network.layers[:-1]
    return _spread(network, [layer.W for layer in hidden], [layer.b for layer in hidden])


def distinct_units(
    network: MLP, trace: Trace, gradients: Gradients, tolerance: float = 1e-6
) -> NDArray[np.intp]:
    """Count the units that differ from every other unit before them in their layer.

    Two units are the same if no weight or bias differs by more than `tolerance` times the
    largest of the layer.

    Returns
    -------
    numpy.ndarray of int, shape (..., hidden layers)

    Examples
    --------
    >>> net = MLP([2, 5, 1], kernel_initializer="ones")
    >>> trace = net.forward(np.ones((1, 2)))
    >>> distinct_units(net, trace, net.backward(trace, trace.output))
    array([1])
    """
    first = [same_unit_as(layer, tolerance) for layer in network.layers[:-1]]
    counts = [(f == np.arange(f.shape[-1])).sum(axis=-1) for f in first]
    return _layers_last(counts, network, np.intp)


def same_unit_as(layer: Dense, tolerance: float = 1e-6) -> NDArray[np.intp]:
    """Return for each unit of a layer the first unit that is the same, often itself.

    In a layer with numbers that are not finite no two units are the same.

    Returns
    -------
    numpy.ndarray of int, shape (..., units)

    Examples
    --------
    >>> net = MLP([2, 3, 1], kernel_initializer="ones")
    >>> same_unit_as(net.layers[0])
    array([0, 0, 0])
    """
    units = np.concatenate([layer.W, layer.b], axis=-2)
    size = np.abs(units).max(axis=(-2, -1))[..., np.newaxis]
    near = np.where(np.isfinite(size), tolerance * size, -1)
    first = np.zeros((*units.shape[:-2], units.shape[-1]), dtype=np.intp)
    for j in range(units.shape[-1]):
        alike = np.abs(units[..., 0, :j] - units[..., 0, j, np.newaxis]) <= near
        if not alike.any():  # already their first weights differ
            first[..., j] = j
            continue
        distance = np.abs(units[..., : j + 1] - units[..., j, np.newaxis]).max(axis=-2)
        same = distance <= near
        same[..., :j] &= first[..., :j] == np.arange(j)
        same[..., j] = True
        first[..., j] = same.argmax(axis=-1)
    return first


def merged(network: MLP, tolerance: float = 1e-6) -> tuple[MLP, list[NDArray[np.intp]]]:
    """Return what the network has become: the same function with its identical units merged.

    A unit that stands for several carries the sum of their outgoing weights.

    Parameters
    ----------
    network : MLP
        One network, not a stack.
    tolerance : float
        As for `distinct_units`.

    Returns
    -------
    MLP
        With the distinct units only.
    list of numpy.ndarray of int
        For each hidden layer, how many units each of the merged ones stands for.

    Raises
    ------
    ValueError
        If it is a stack.

    Examples
    --------
    >>> small, counts = merged(MLP([2, 3, 1], kernel_initializer="ones"))
    >>> small.sizes, counts, small.layers[1].W
    ([2, 1, 1], [array([3])], array([[3.]]))
    """
    if network.stack_shape:
        raise ValueError(f"{network!r} is a stack; merge its members one by one")
    layers, counts = [], []
    groups = np.eye(network.sizes[0], dtype=network.dtype)
    for k, layer in enumerate(network.layers):
        W, b = groups @ layer.W, layer.b
        if k < len(network.layers) - 1:
            first = same_unit_as(layer, tolerance)
            kept, count = np.unique(first, return_counts=True)
            W, b = W[:, kept], b[:, kept]
            groups = (first == kept[:, np.newaxis]).astype(network.dtype)
            counts.append(count)
        layers.append(Dense(W, b, layer.activation))
    return MLP.from_layers(layers), counts


def dead(network: MLP, trace: Trace, gradients: Gradients) -> Array:
    """Return the fraction of units with f'(z) = 0 on every example: they get no gradient.

    For ReLU: units that answer 0 to everything. In the first layer they can never learn, as
    their inputs do not change.

    Returns
    -------
    numpy.ndarray, shape (..., hidden layers)
        From 0 to 1.
    """
    fractions = []
    for k, layer in enumerate(network.layers[:-1]):
        slope = layer.activation.derivative(trace.z[k], trace.a[k + 1])
        fractions.append((slope == 0).all(axis=-2).mean(axis=-1))
    return _layers_last(fractions, network)


def saturated(network: MLP, trace: Trace, gradients: Gradients) -> Array:
    """Return the fraction of all a that lie within 1 % of the range from a bound of f.

    For tanh |a| > 0.98, for sigmoid a < 0.01 or a > 0.99; there f' is below 0.04 and 0.01.
    Activations without two finite bounds never saturate: 0.

    Returns
    -------
    numpy.ndarray, shape (..., hidden layers)
        From 0 to 1.
    """
    fractions = []
    for k, layer in enumerate(network.layers[:-1]):
        low, high = layer.activation.bounds
        a = trace.a[k + 1]
        if not np.isfinite(high - low):
            fractions.append(np.zeros(a.shape[:-2]))
            continue
        margin = SATURATED_WITHIN * (high - low)
        fractions.append(((a < low + margin) | (a > high - margin)).mean(axis=(-2, -1)))
    return _layers_last(fractions, network)


def z_std(network: MLP, trace: Trace, gradients: Gradients) -> Array:
    """Return the standard deviation of z in each layer, over examples and units.

    Returns
    -------
    numpy.ndarray, shape (..., layers)
    """
    return _std(trace.z)


def a_std(network: MLP, trace: Trace, gradients: Gradients) -> Array:
    """Return the standard deviation of what leaves each layer, over examples and units.

    It is the part of a that can carry information; `a_rms` is what the next layer feels.

    Returns
    -------
    numpy.ndarray, shape (..., layers)
    """
    return _std(trace.a[1:])


def delta_std(network: MLP, trace: Trace, gradients: Gradients) -> Array:
    """Return the standard deviation of delta in each layer, over examples and units.

    Returns
    -------
    numpy.ndarray, shape (..., layers)
    """
    return _std(gradients.delta)


def a_rms(network: MLP, trace: Trace, gradients: Gradients) -> Array:
    """√mean(a²) of what leaves each layer, over examples and units.

    Returns
    -------
    numpy.ndarray, shape (..., layers)
    """
    return _rms(trace.a[1:])


def delta_rms(network: MLP, trace: Trace, gradients: Gradients) -> Array:
    """√mean(delta²) of each layer, over examples and units; delta carries the loss's 1/n.

    Returns
    -------
    numpy.ndarray, shape (..., layers)
    """
    return _rms(gradients.delta)


def dW_rms(network: MLP, trace: Trace, gradients: Gradients) -> Array:
    """√mean((∂L/∂W)²) of each layer, over its weights.

    Returns
    -------
    numpy.ndarray, shape (..., layers)
    """
    return _rms(gradients.W)


def update_ratio(
    network: MLP, trace: Trace, gradients: Gradients, learning_rate: float = 1.0
) -> Array:
    """η rms(dW) / rms(W): the size of one SGD step relative to the weights it moves.

    A rule of thumb asks for about 1e-3; far less is slow, far more is unstable.

    Parameters
    ----------
    learning_rate : float
        η. By default the ratio is per unit of learning rate; fix it with `functools.partial`
        to use this as a probe.

    Returns
    -------
    numpy.ndarray, shape (..., layers)
        inf where weights that are all zero move, 0 where nothing moves.

    References
    ----------
    Karpathy, "makemore", part 3, for the rule of thumb.
    """
    step = learning_rate * _rms(gradients.W)
    size = _rms([layer.W for layer in network.layers])
    ratio: Array = np.divide(
        step, size, out=np.where(step > 0, np.inf, step), where=size != 0, casting="same_kind"
    )
    return ratio


CHEAP: dict[str, Callable[[MLP, Trace, Gradients], Any]] = {
    probe.__name__: probe
    for probe in (gradient_spread, weight_spread, dead, saturated, a_rms, delta_rms, dW_rms)
}


@dataclass(frozen=True)
class GradientCheck:
    """What `gradient_check` found.

    Attributes
    ----------
    error : numpy.ndarray, shape (..., layers)
        The largest difference between the two gradients of a layer's W and b, relative to
        the largest gradient in the network. Below 1e-7 in float64 backpropagation is right.
    skipped : int
        How many parameters were left out, because moving them took a unit across a kink.
    """

    error: Array
    skipped: int


def gradient_check(network: MLP, x: ArrayLike, y: ArrayLike, h: float = 1e-5) -> GradientCheck:
    """Hold backpropagation to central differences, (L(θ + h) - L(θ - h)) / 2h.

    θ ± h I is a stack of networks, each with one parameter moved, so that a few passes are enough.
    It is computed in float64, whatever the type of the network.

    Parameters
    ----------
    network : MLP
        Any network or stack; it is left as it is.
    x, y : array_like
        As for `train`. A few rows will do.
    h : float
        The step. In float64 1e-5 balances the error h² of the formula against rounding.

    Returns
    -------
    GradientCheck

    Raises
    ------
    ValueError
        If x or y is wrong, or h is not positive.

    Examples
    --------
    >>> x, y = np.array([[0.3, -1.2], [0.5, 0.1]]), np.array([1.0, 0.0])
    >>> check = gradient_check(MLP([2, 3, 1], activation="tanh"), x, y)
    >>> bool(check.error.max() < 1e-7), check.skipped
    (True, 0)
    """
    if not 0 < h < np.inf:
        raise ValueError(f"h must be positive and finite, not {h}")
    network = network.with_theta(network.theta.astype(np.float64))
    x = as_examples(x, "x", network.sizes[0], network.dtype)
    y = as_examples(y, "y", network.sizes[-1], network.dtype)
    trace = network.forward(x)
    g = network.backward(trace, mse(trace.output, y)[1]).theta
    numeric, usable = _central_differences(network, x, y, h)
    difference = network.with_theta(np.where(usable, np.abs(g - numeric), 0))
    worst = [
        np.maximum(layer.W.max(axis=(-2, -1)), layer.b.max(axis=(-2, -1)))
        for layer in difference.layers
    ]
    largest = np.abs(g).max(axis=-1, keepdims=True)
    error = np.stack(worst, axis=-1) / np.where(largest > 0, largest, 1)
    return GradientCheck(error, int(np.count_nonzero(~usable)))


def _central_differences(
    network: MLP, x: Array, y: Array, h: float
) -> tuple[Array, NDArray[np.bool]]:
    """Return the numeric gradient of all parameters, and where it may be trusted."""
    theta = network.theta
    numeric, usable = np.empty_like(theta), np.empty(theta.shape, dtype=bool)
    parameters, chunk = theta.shape[-1], max(1, MOVED_AT_ONCE // theta.size)
    for first in range(0, parameters, chunk):
        which = np.arange(first, min(first + chunk, parameters))
        # One copy of theta per parameter, on a new first axis, each with its own one moved.
        step = h * np.eye(len(which), parameters, first)
        step = np.expand_dims(step, tuple(range(1, theta.ndim)))
        plus, minus = (network.with_theta(theta + s).forward(x) for s in (step, -step))
        change = (mse(plus.output, y)[0] - mse(minus.output, y)[0]) / (2 * h)
        same_side = np.ones(change.shape, dtype=bool)
        for layer, above, below in zip(network.layers, plus.z, minus.z, strict=True):
            for kink in layer.activation.kinks:
                same_side &= ((above > kink) == (below > kink)).all(axis=(-2, -1))
        numeric[..., which] = np.moveaxis(change, 0, -1)
        usable[..., which] = np.moveaxis(same_side, 0, -1)
    return numeric, usable


def _rms(values: Sequence[Array]) -> Array:
    return np.stack([np.sqrt((v * v).mean(axis=(-2, -1))) for v in values], axis=-1)


def _std(values: Sequence[Array]) -> Array:
    return np.stack([v.std(axis=(-2, -1)) for v in values], axis=-1)


def _spread(network: MLP, W: Sequence[Array], b: Sequence[Array]) -> Array:
    spreads = [
        np.maximum(np.ptp(w, axis=-1).max(axis=-1), np.ptp(c, axis=-1)[..., 0])
        for w, c in zip(W, b, strict=True)
    ]
    return _layers_last(spreads, network)


def _layers_last(
    per_layer: Sequence[NDArray[Any]], network: MLP, dtype: DTypeLike = np.float64
) -> NDArray[Any]:
    """Return one array with the layers on its last axis, also when there is none."""
    if not per_layer:
        return np.zeros((*network.stack_shape, 0), dtype)
    return np.stack(per_layer, axis=-1)
