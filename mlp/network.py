"""The network: layers of z = a W + b, a = f(z), forward and backward.

Nothing hides inside a layer. `MLP.forward` leaves a `Trace` (every z and a), and
`MLP.backward` reads it and leaves `Gradients` (every dW, db and delta). The diagnostics, the
plots and the claims read these two records; none of them recomputes a pass.

Examples are rows. For layer k, with a[0] = x:

    z[k] = a[k] W[k] + b[k]              (n, fan_in) (fan_in, fan_out) + (1, fan_out)
    a[k+1] = f(z[k])

and back, with delta[k] = dL/dz[k] and ⊙ entry by entry:

    delta[k] = dL/da[k+1] ⊙ f'(z[k])
    dW[k] = a[k]ᵀ delta[k]
    db[k] = 1ᵀ delta[k]                  the sum over the examples: a bias has the input 1
    dL/da[k] = delta[k] W[k]ᵀ

**The parameters are one vector.** `MLP.theta` holds every weight and bias, layer by layer, and
W[k] and b[k] are views of it: what is written into one is seen in the other. `Gradients.theta` is
laid out alike, so that the update of all parameters is one line, theta <- theta - η g.

**A stack of networks.** Shapes are written (..., fan_in, fan_out): the dots stand for any
number of leading axes. A plain network has none. `MLP.stack` puts R networks into one by
giving theta the shape (R, P) and so W (R, fan_in, fan_out), and the very same lines then run all
R in lockstep: products broadcast over leading axes, and everything reduces over the last two only.

Where to go next: ``training.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from os import PathLike
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from mlp import activations, files, initializers
from mlp.activations import Activation
from mlp.arrays import Array, InputError, as_examples, as_floats, as_whole
from mlp.initializers import InitializerLike

Seed: TypeAlias = int | np.random.SeedSequence


@dataclass(frozen=True)
class Trace:
    """What a forward pass leaves.

    Attributes
    ----------
    z : list of numpy.ndarray, shapes (..., n, fan_out)
        z[k] goes into the activation of layer k.
    a : list of numpy.ndarray
        a[0] is x, and a[k + 1] = f(z[k]).
    """

    z: list[Array]
    a: list[Array]

    @property
    def output(self) -> Array:
        """The answer of the network, ŷ: the last a."""
        return self.a[-1]


@dataclass(frozen=True)
class Gradients:
    """What a backward pass leaves.

    Attributes
    ----------
    theta : numpy.ndarray, shape (..., P)
        dL/dtheta: all of dW and db, in the order of `MLP.theta`.
    W, b : list of numpy.ndarray
        dL/dW[k] and dL/db[k], in the shapes of W[k] and b[k]: views of theta.
    delta : list of numpy.ndarray, shapes (..., n, fan_out)
        dL/dz[k]: one row per example. L is a mean over examples, so each row carries a 1/n.
    """

    theta: Array
    W: list[Array]
    b: list[Array]
    delta: list[Array]

    @classmethod
    def into(cls, theta: Array, sizes: Sequence[int]) -> Gradients:
        """Return a record whose dW and db are views of `theta`, for `MLP.backward` to fill."""
        return cls(theta, *_views(theta, sizes), delta=[])

    def parameters(self) -> list[Array]:
        """Return all of them in the order of `MLP.parameters`."""
        return [p for pair in zip(self.W, self.b, strict=True) for p in pair]


class Dense:
    """One layer of units, each connected to every input: a_out = f(a W + b).

    Parameters
    ----------
    W : numpy.ndarray, shape (..., fan_in, fan_out)
        Column j holds the weights of unit j.
    b : numpy.ndarray, shape (..., 1, fan_out)
        The biases.
    activation : Activation
        f.

    Examples
    --------
    >>> layer = Dense(np.ones((2, 1)), np.zeros((1, 1)), activations.relu)
    >>> layer.W = np.ones((3, 1))
    Traceback (most recent call last):
    ValueError: W has shape (3, 1); it must be (2, 1)
    """

    def __init__(self, W: Array, b: Array, activation: Activation) -> None:
        self._W, self._b, self.activation = W, b, activation

    @property
    def W(self) -> Array:
        """The weights, (..., fan_in, fan_out). Assigning checks, and copies into this array."""
        return self._W

    @W.setter
    def W(self, value: ArrayLike) -> None:
        _assign("W", value, self._W)

    @property
    def b(self) -> Array:
        """The biases, (..., 1, fan_out). Assigning checks, and copies into this array."""
        return self._b

    @b.setter
    def b(self, value: ArrayLike) -> None:
        _assign("b", value, self._b)


class MLP:
    """A multilayer perceptron: a[k+1] = f(a[k] W[k] + b[k]), from x to ŷ.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, units of each hidden layer, outputs: [2, 2, 1] is the network of the notes.
    activation : str, Activation, or one per hidden layer
        f of the hidden layers.
    output_activation : str or Activation
        f of the last layer.
    kernel_initializer : str, callable, or one per layer
        How W starts: a name of ``initializers.names()`` or ``(rng, fan_in, fan_out) -> W``.
    bias_initializer : str, callable, or one per layer
        How b starts. A bias is the weight of an input that is always 1, so it is drawn with
        a fan_in of 1.
    seed : int or numpy.random.SeedSequence
        The same seed draws the same weights. Each layer's W and b have a generator of their
        own, so changing one initializer changes nothing else.
    dtype : {"float64", "float32"}
        The type of all numbers in the network.

    Attributes
    ----------
    theta : numpy.ndarray, shape (..., P)
        All parameters: W[0] row by row, b[0], W[1], ... Assigning checks, and copies into it.
    sizes : list of int
        Inputs, units of each hidden layer, outputs.
    layers : list of Dense
        ``layers[k].W``, ``layers[k].b``, views of theta, and ``layers[k].activation``.

    Raises
    ------
    ValueError
        If a size, a name or an initializer's result is wrong.

    Notes
    -----
    The indices of the notes map as w'ij = ``layers[0].W[i - 1, j - 1]``: from input i to
    hidden unit j.

    Examples
    --------
    >>> net = MLP([2, 2, 1], activation="relu", kernel_initializer="zeros")
    >>> net
    MLP(2-2-1, relu, linear, float64)
    >>> net.predict([[0.3, -1.2]])
    array([[0.]])
    >>> net.theta[-1] = 0.5  # the last parameter is the bias of the output
    >>> net.layers[1].b
    array([[0.5]])
    """

    sizes: list[int]
    layers: list[Dense]

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str | Activation | Sequence[str | Activation] = "relu",
        output_activation: str | Activation = "linear",
        kernel_initializer: str | InitializerLike | Sequence[str | InitializerLike] = (
            "glorot_uniform"
        ),
        bias_initializer: str | InitializerLike | Sequence[str | InitializerLike] = "zeros",
        seed: Seed = 0,
        dtype: DTypeLike = "float64",
    ) -> None:
        sizes = _sizes(sizes)
        layers = len(sizes) - 1
        dtype = _dtype(dtype)
        hidden = one_per_layer(activation, layers - 1, "activation", "hidden layer")
        kernels = one_per_layer(kernel_initializer, layers, "kernel_initializer", "layer")
        biases = one_per_layer(bias_initializer, layers, "bias_initializer", "layer")

        functions = [activations.get(f) for f in (*hidden, output_activation)]
        count = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))
        self._set(np.empty(count, dtype), sizes, functions)
        for k, (layer, fans) in enumerate(zip(self.layers, pairwise(sizes), strict=True)):
            draw_W, draw_b = initializers.get(kernels[k]), initializers.get(biases[k])
            layer.W = initializers.sample(draw_W, child_rng(seed, k, 0), *fans, dtype)
            layer.b = initializers.sample(draw_b, child_rng(seed, k, 1), 1, fans[1], dtype)

    @staticmethod
    def from_layers(layers: Sequence[Dense]) -> MLP:
        """Return a network with the numbers of these layers, copied into a theta of its own.

        Raises
        ------
        ValueError
            If there is no layer, or two do not fit together.
        """
        _check_layers(layers)
        parts = [p.reshape(*p.shape[:-2], -1) for layer in layers for p in (layer.W, layer.b)]
        sizes = [layers[0].W.shape[-2], *(layer.W.shape[-1] for layer in layers)]
        network = MLP.__new__(MLP)
        network._set(np.concatenate(parts, axis=-1), sizes, [layer.activation for layer in layers])
        return network

    def with_theta(self, theta: Array) -> MLP:
        """Return a network of the same shape that has these parameters: theta itself, not a copy.

        Parameters
        ----------
        theta : numpy.ndarray, shape (..., P)
            Leading axes make it a stack. It is not checked for NaN.

        Raises
        ------
        ValueError
            If it has another number of parameters.

        Examples
        --------
        >>> net = MLP([2, 2, 1])
        >>> net.with_theta(np.stack([net.theta, -net.theta]))
        MLP(2-2-1, relu, linear, float64, stack (2,))
        """
        if theta.shape[-1:] != self._theta.shape[-1:]:
            expected = f"(..., {self._theta.shape[-1]})"
            raise ValueError(f"theta has shape {theta.shape}; this network's is {expected}")
        network = MLP.__new__(MLP)
        network._set(theta, self.sizes, [layer.activation for layer in self.layers])
        return network

    def _set(self, theta: Array, sizes: list[int], functions: Sequence[Activation]) -> None:
        """Make the layers: views of theta."""
        self._theta, self.sizes = theta, sizes
        layers = zip(*_views(theta, sizes), functions, strict=True)
        self.layers = [Dense(W, b, f) for W, b, f in layers]

    def __getstate__(self) -> dict[str, Any]:
        """Leave the views out: copied or pickled, they would be arrays of their own."""
        return vars(self) | {"layers": [layer.activation for layer in self.layers]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._set(self._theta, self.sizes, state["layers"])

    @property
    def theta(self) -> Array:
        """All parameters, (..., P). Assigning checks, and copies into this array.

        Whatever moves a vector can train the network. SciPy's BFGS, which needs no learning rate:

        >>> from scipy.optimize import minimize
        >>> from mlp import mse
        >>> x, y = np.array([[0.0], [1.0], [2.0]]), np.array([0.0, 1.0, 0.0])
        >>> net = MLP([1, 2, 1], "tanh", seed=1)
        >>> def loss_and_gradient(theta):
        ...     net.theta = theta
        ...     trace = net.forward(x)
        ...     loss, error = mse(trace.output, y)
        ...     return loss, net.backward(trace, error).theta
        >>> found = minimize(loss_and_gradient, net.theta, jac=True, method="BFGS")
        >>> bool(found.fun < 1e-6)
        True
        """
        return self._theta

    @theta.setter
    def theta(self, value: ArrayLike) -> None:
        _assign("theta", value, self._theta)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its numbers."""
        return self._theta.dtype

    @property
    def stack_shape(self) -> tuple[int, ...]:
        """The leading axes: () for one network, (R,) for a stack of R."""
        return self._theta.shape[:-1]

    def parameters(self) -> list[Array]:
        """Return W[0], b[0], W[1], b[1], ... themselves: the views of theta."""
        return [p for layer in self.layers for p in (layer.W, layer.b)]

    def forward(self, x: Array) -> Trace:
        """z[k] = a[k] W[k] + b[k] and a[k+1] = f(z[k]), from a[0] = x.

        Parameters
        ----------
        x : numpy.ndarray, shape (n, inputs), or (..., n, inputs)
            One row per example. A stack takes either the same x for every member or, with
            leading axes, one x each. This is the inner loop: it does not look for NaN, which
            `predict` and `train` do.

        Returns
        -------
        Trace

        Raises
        ------
        ValueError
            If x has another number of columns.

        Examples
        --------
        >>> net = MLP([2, 2, 1], activation="sigmoid", kernel_initializer="zeros")
        >>> net.forward(np.array([[0.3, -1.2]])).a[1]
        array([[0.5, 0.5]])
        """
        a = np.asarray(x, dtype=self.dtype)
        if a.ndim < 2 or a.shape[-1] != self.sizes[0]:
            raise ValueError(
                f"x has shape {a.shape}; expected (n, {self.sizes[0]}), one row per example"
            )
        trace = Trace(z=[], a=[a])
        for layer in self.layers:
            z = a @ layer.W
            z += layer.b
            a = layer.activation(z)
            trace.z.append(z)
            trace.a.append(a)
        return trace

    def backward(self, trace: Trace, error: Array, out: Gradients | None = None) -> Gradients:
        """delta = dL/da ⊙ f'(z), dW = aᵀ delta, db = 1ᵀ delta, dL/da = delta Wᵀ.

        Parameters
        ----------
        trace : Trace
            Of the forward pass.
        error : numpy.ndarray, shape (..., n, outputs), or (n, outputs) for all of a stack
            dL/dŷ, as `mse` returns it.
        out : Gradients, optional
            Of an earlier pass, to be written over. By default every pass leaves arrays of its
            own.

        Returns
        -------
        Gradients
            `out`, if there is one.

        Raises
        ------
        ValueError
            If the error has another shape than the output.

        Examples
        --------
        >>> from mlp import mse
        >>> net = MLP([2, 2, 1], kernel_initializer="zeros")
        >>> trace = net.forward(np.array([[0.3, -1.2]]))
        >>> loss, error = mse(trace.output, np.array([[1.0]]))
        >>> net.backward(trace, error).b[1]
        array([[-2.]])
        """
        if error.ndim < 2 or error.shape != trace.output.shape[-error.ndim :]:
            raise ValueError(
                f"error has shape {error.shape} but the output has {trace.output.shape}; "
                "they must be alike"
            )
        if out is None:
            shape = (*trace.output.shape[:-2], self._theta.shape[-1])
            out = Gradients.into(np.empty(shape, self.dtype), self.sizes)
        ones = np.ones((1, error.shape[-2]), self.dtype)  # the input of every bias
        out.delta.clear()
        delta = error
        for k in reversed(range(len(self.layers))):
            slope = self.layers[k].activation.derivative(trace.z[k], trace.a[k + 1])
            own = delta is not error  # which is the caller's
            delta = np.multiply(delta, slope, out=delta if own else None)
            np.matmul(trace.a[k].mT, delta, out=out.W[k])
            np.matmul(ones, delta, out=out.b[k])
            out.delta.insert(0, delta)
            if k > 0:
                delta = delta @ self.layers[k].W.mT
        return out

    def predict(self, x: ArrayLike) -> Array:
        """Return ŷ for x, shape (..., n, outputs).

        Parameters
        ----------
        x : array_like, shape (n, inputs)
            Checked: numeric, finite, the right number of columns.

        Raises
        ------
        ValueError
            If x is not such an array.
        """
        x = as_examples(x, "x", self.sizes[0], self.dtype)
        if x.ndim > 2 and x.shape[:-2] != self.stack_shape:
            raise ValueError(f"x has shape {x.shape}; it does not fit {self!r}")
        return self.forward(x).output

    def is_finite(self) -> Any:
        """Return whether all parameters are finite: a bool, or one per member, shape (...)."""
        return np.isfinite(self._theta).all(axis=-1)

    def copy(self) -> MLP:
        """Return a network with the same numbers in a theta of its own."""
        return self.with_theta(self._theta.copy())

    @staticmethod
    def stack(networks: Sequence[MLP]) -> MLP:
        """Put networks of the same shape into one, which runs them in lockstep.

        Parameters
        ----------
        networks : sequence of MLP
            R networks with the same sizes, activations and dtype.

        Returns
        -------
        MLP
            With theta of shape (R, P). ``stack[r]`` is member r again, a copy.

        Raises
        ------
        ValueError
            If there are none, or two differ in more than their numbers.

        Examples
        --------
        >>> stack = MLP.stack([MLP([2, 2, 1], seed=s) for s in range(20)])
        >>> stack.layers[0].W.shape
        (20, 2, 2)
        >>> stack[3]
        MLP(2-2-1, relu, linear, float64)
        """
        networks = list(networks)
        if not networks:
            raise ValueError("a stack needs at least one network")
        for network in networks[1:]:
            functions = [[d.activation for d in net.layers] for net in (networks[0], network)]
            if repr(network) != repr(networks[0]) or functions[0] != functions[1]:
                raise ValueError(f"cannot stack {networks[0]!r} with {network!r}")
        return networks[0].with_theta(np.stack([network.theta for network in networks]))

    def __getitem__(self, r: int) -> MLP:
        if not self.stack_shape:
            raise TypeError(f"{self!r} is one network, not a stack; there is no member {r}")
        return self.with_theta(self._theta[r].copy())

    def __repr__(self) -> str:
        hidden = [layer.activation.name for layer in self.layers[:-1]]
        parts = [
            "-".join(map(str, self.sizes)),
            *(hidden if len(set(hidden)) > 1 else hidden[:1]),
            self.layers[-1].activation.name,
            str(self.dtype),
            *([f"stack {self.stack_shape}"] if self.stack_shape else []),
        ]
        return f"MLP({', '.join(parts)})"

    def save(self, path: str | PathLike[str]) -> None:
        """Write the network to an ``.npz`` file, whole or not at all.

        Raises
        ------
        ValueError
            If an activation is not registered (the file keeps only its name), or a weight is
            not finite.
        OSError
            If the file cannot be written; an older one is then still there.
        """
        files.write_npz(path, self.to_arrays())

    @staticmethod
    def load(path: str | PathLike[str]) -> MLP:
        """Read a network that `save` wrote. No code of the file is run.

        Raises
        ------
        InputError
            If the file is not such a network: damaged, cut off, foreign.
        OSError
            If it cannot be read at all.
        """
        arrays = files.read_npz(path)
        try:
            return MLP.from_arrays(arrays)
        except ValueError as error:
            raise InputError(f"{path} does not hold a network: {error}") from None

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `save` writes: the names of the activations, W0, b0, W1, ...

        Raises
        ------
        ValueError
            As for `save`.
        """
        for layer in self.layers:
            if activations.get(layer.activation.name) is not layer.activation:
                raise ValueError(
                    f"activation '{layer.activation.name}' is not the registered one; "
                    "the file could not be read back"
                )
        if not np.all(self.is_finite()):
            raise ValueError("the network has weights that are not finite; nothing was written")
        arrays: dict[str, NDArray[Any]] = {}
        arrays["activations"] = files.as_text([layer.activation.name for layer in self.layers])
        for k, layer in enumerate(self.layers):
            arrays |= {f"W{k}": layer.W, f"b{k}": layer.b}
        return arrays

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> MLP:
        """Return the network of which `to_arrays` made these arrays; others are ignored.

        Raises
        ------
        ValueError
            If they are not those of a network.
        """
        try:
            names = files.from_text(arrays["activations"])
            layers = []
            for k, name in enumerate(names):
                W, b = (as_floats(arrays[f"{p}{k}"], f"{p}{k}") for p in "Wb")
                layers.append(Dense(W, b, activations.get(name)))
            return MLP.from_layers(layers)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(" ".join(str(error).split())) from None


def one_per_layer(value: Any, count: int, name: str, unit: str) -> list[Any]:
    """Return `value` once per layer, or as it is if it is already a list of that length.

    Raises
    ------
    ValueError
        If it is a list of another length.

    Examples
    --------
    >>> one_per_layer("relu", 2, "activation", "hidden layer")
    ['relu', 'relu']
    """
    if isinstance(value, str) or not isinstance(value, Sequence):
        return [value] * count
    if len(value) != count:
        raise ValueError(f"{name} has {len(value)} entries; expected {count}, one per {unit}")
    return list(value)


def as_seed(seed: Seed) -> np.random.SeedSequence:
    """Return the root of all that is drawn from `seed`.

    Raises
    ------
    ValueError
        If the seed is not a whole number from 0.
    """
    if isinstance(seed, np.random.SeedSequence):
        return seed
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed must be a whole number, 0 or more, not {seed!r}")
    return np.random.SeedSequence(int(seed))


def child_rng(seed: Seed, *path: int) -> np.random.Generator:
    """Return the generator at `path` below `seed`: independent of every other path.

    It is what `numpy.random.SeedSequence.spawn` makes, without counting calls, so the same
    arguments always give the same stream.

    Raises
    ------
    ValueError
        If the seed is not a whole number from 0.
    """
    seed = as_seed(seed)
    sequence = np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, *path))
    return np.random.default_rng(sequence)


def _sizes(sizes: Sequence[int]) -> list[int]:
    try:
        whole = [as_whole(size, "size", 1) for size in sizes]
    except (TypeError, ValueError):
        whole = []
    if len(whole) < 2:
        shown = " ".join(repr(sizes).split())
        raise ValueError(
            f"sizes must be two or more positive whole numbers, such as [2, 2, 1], not {shown}"
        )
    return whole


def _dtype(dtype: DTypeLike) -> np.dtype[Any]:
    try:
        known = np.dtype(dtype)
    except TypeError:
        known = np.dtype(object)
    if known not in (np.float32, np.float64):
        raise ValueError(f"dtype must be 'float64' or 'float32', not {dtype!r}")
    return known


def _views(theta: Array, sizes: Sequence[int]) -> tuple[list[Array], list[Array]]:
    """Cut theta (..., P) into the W and the b of every layer: b is one more row of W."""
    W, b, end = [], [], 0
    for fan_in, fan_out in pairwise(sizes):
        start, end = end, end + (fan_in + 1) * fan_out
        rows = theta[..., start:end].reshape(*theta.shape[:-1], fan_in + 1, fan_out)
        W.append(rows[..., :-1, :])
        b.append(rows[..., -1:, :])
    return W, b


def _assign(name: str, value: ArrayLike, array: Array) -> None:
    new = as_floats(value, name, array.dtype)
    if new.shape != array.shape:
        raise ValueError(f"{name} has shape {new.shape}; it must be {array.shape}")
    array[...] = new


def _check_layers(layers: Sequence[Dense]) -> None:
    if not layers:
        raise ValueError("it has no layers")
    width = layers[0].W.shape[-2] if layers[0].W.ndim >= 2 else 0
    for k, layer in enumerate(layers):
        W, b = layer.W, layer.b
        good = (
            W.ndim >= 2
            and W.size > 0
            and W.shape[-2] == width
            and b.shape == (*W.shape[:-2], 1, W.shape[-1])
            and W.shape[:-2] == layers[0].W.shape[:-2]
            and W.dtype == b.dtype == layers[0].W.dtype
            and W.dtype in (np.float32, np.float64)
        )
        if not good:
            raise ValueError(
                f"the shapes of layer {k} do not fit: W{k} {W.shape} {W.dtype}, "
                f"b{k} {b.shape} {b.dtype}"
            )
        width = W.shape[-1]
