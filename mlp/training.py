"""Training: the loop of the notes, in the order of the notes.

(i) initialize the parameters (``MLP(...)``), (ii) choose an optimization algorithm
(``SGD(...)``), (iii) repeat these steps:

    trace = network.forward(x)                    # forward propagate an input
    loss, error = mse(trace.output, y)            # compute the cost function
    gradients = network.backward(trace, error)    # backpropagation
    optimizer.update(network.theta, gradients.theta)    # update each parameter

`train` adds to these four lines the batches and a record per epoch: the loss, and what `probes`
ask for.

Where to go next: ``diagnostics.py``, for what a record can hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlp.arrays import Array, as_examples, as_whole
from mlp.losses import mse
from mlp.network import MLP, Gradients, Seed, Trace, as_seed, child_rng
from mlp.optimizers import SGD, Optimizer

Probe: TypeAlias = Callable[[MLP, Trace, Gradients], ArrayLike]
OnEpoch: TypeAlias = Callable[[int, Any], object]


@dataclass(repr=False)
class History:
    """What `train` recorded: on all of x, before training and after every epoch.

    Attributes
    ----------
    loss : numpy.ndarray, shape (epochs + 1, ...)
        The mean squared error; ``loss[0]`` is before the first update. After every network
        has diverged, NaN.
    probes : dict of numpy.ndarray, shapes (epochs + 1, ...)
        What each probe returned, under the probe's name.
    diverged_at : numpy.ndarray of int, shape (...)
        The first epoch after which the loss or a parameter was not finite; -1 for never.

    Examples
    --------
    >>> train(MLP([1, 1], kernel_initializer="ones"), [[1.0], [2.0]], [0.0, 1.0], epochs=50)
    History(50 epochs, loss 1 -> 0.0121)
    """

    loss: Array
    probes: dict[str, NDArray[Any]] = field(default_factory=dict)
    diverged_at: Any = -1

    @property
    def epochs(self) -> int:
        """How many epochs were asked for."""
        return len(self.loss) - 1

    def __repr__(self) -> str:
        first, last = (np.sort(self.loss[k], axis=None) for k in (0, -1))  # NaN comes last
        networks, middle = len(last), (len(last) - 1) // 2
        many = f" of {networks} networks, median" if networks > 1 else ","
        end = ""
        if diverged := np.count_nonzero(self.diverged_at >= 0):
            end = f", {diverged} diverged" if networks > 1 else f", diverged at {self.diverged_at}"
        losses = f"{first[middle]:.3g} -> {last[middle]:.3g}"
        return f"History({self.epochs} epochs{many} loss {losses}{end})"

    def __getitem__(self, probe: str) -> NDArray[Any]:
        return self.probes[probe]


def train(
    network: MLP,
    x: ArrayLike,
    y: ArrayLike,
    *,
    optimizer: Optimizer | None = None,
    epochs: int = 500,
    batch_size: int | None = None,
    shuffle: bool = True,
    seed: Seed = 0,
    probes: Mapping[str, Probe] | None = None,
    on_epoch: OnEpoch | None = None,
    first_epoch: int = 0,
) -> History:
    """Train `network` in place: θ ← θ - η dL/dθ, for every batch of every epoch.

    Parameters
    ----------
    network : MLP
        One network, or a stack: its members see the same batches.
    x : array_like, shape (n, inputs), or (..., n, inputs)
        The examples, one a row; a stack may have an x for each member.
    y : array_like, shape (n, outputs), (..., n, outputs), or (n,) if there is one output
        The targets; a stack may have a y for each member.
    optimizer : Optimizer
        By default ``SGD(0.1)``.
    epochs : int
        How often to go through all of x; 0 only measures.
    batch_size : int, optional
        Rows per update; by default all of them, so one update per epoch.
    shuffle : bool
        Whether mini-batches are drawn anew in every epoch; otherwise they follow the rows.
    seed : int or numpy.random.SeedSequence
        For the order of the batches, and nothing else: those of epoch e are drawn by child e
        of the seed.
    probes : mapping of str to callable (network, trace, gradients) -> array, optional
        What to record per epoch beside the loss, from a pass over all of x; many are ready in
        `mlp.diagnostics.CHEAP`. By default nothing: on a small network they take longer than
        the training.
    on_epoch : callable (epoch, loss), optional
        Called after each record, for a progress bar, say.
    first_epoch : int
        How many epochs this network has had already. With the memory of its optimizer (see
        `mlp.optimizers.Memory`) restored, M epochs after N are bit for bit the last M of
        N + M. The epochs of `on_epoch` and `History.diverged_at` count from here, the
        record itself from 0.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If x or y has a wrong shape or a value that is not finite, or an argument is out of
        range. A network that diverges is no error: see `History.diverged_at`.
    TypeError
        If `optimizer` is not one.

    Notes
    -----
    NumPy's products may take as many threads as there are cores. Small networks do not need
    them, and on a busy machine wait for them up to fifty times as long as they work: start
    Python with the environment variable ``OPENBLAS_NUM_THREADS=1`` (``MKL_NUM_THREADS`` where
    NumPy was built with MKL).

    Examples
    --------
    >>> x, y = np.array([[0.0], [1.0]]), np.array([1.0, 3.0])
    >>> history = train(MLP([1, 1]), x, y, optimizer=SGD(0.5), epochs=200)
    >>> bool(history.loss[-1] < 1e-6)
    True
    """
    x = as_examples(x, "x", network.sizes[0], network.dtype)
    y = as_examples(y, "y", network.sizes[-1], network.dtype)
    if x.shape[-2] != y.shape[-2]:
        raise ValueError(f"x has {x.shape[-2]} rows but y has {y.shape[-2]}; they must be alike")
    for name, array in (("x", x), ("y", y)):
        if array.ndim > 2 and array.shape[:-2] != network.stack_shape:
            raise ValueError(f"{name} has shape {array.shape}; it does not fit {network!r}")
    epochs = as_whole(epochs, "epochs", 0)
    first_epoch = as_whole(first_epoch, "first_epoch", 0)
    batch_size = None if batch_size is None else as_whole(batch_size, "batch_size", 1)
    optimizer = SGD() if optimizer is None else optimizer
    if isinstance(optimizer, type) or not hasattr(optimizer, "update"):
        raise TypeError(f"optimizer must be one, such as SGD(0.1), not {optimizer!r}")
    probes = {} if probes is None else probes
    n = x.shape[-2]
    batch_size = n if batch_size is None else min(batch_size, n)
    full_batch = batch_size == n
    seed = as_seed(seed)

    history = History(
        loss=np.full((epochs + 1, *network.stack_shape), np.nan, dtype=network.dtype),
        diverged_at=np.full(network.stack_shape, -1),
    )
    whole = bool(probes)
    gradients, parts = _parts(network, x, y, batch_size, whole)
    with np.errstate(over="ignore", invalid="ignore"):
        for k, epoch in enumerate(range(first_epoch, first_epoch + epochs + 1)):
            learn = full_batch and k < epochs  # the pass that is recorded is the one to learn from
            for part in parts:
                trace, loss = _pass(part, part.x, part.y, backward=learn or whole)
                history.loss[k, part.members] = loss
            for name, probe in probes.items():
                _keep(history, k, name, probe(network, trace, gradients))
            del trace  # which may be large, before the next pass needs as much room
            all_diverged = _date_divergence(history, k, epoch, network)
            if on_epoch is not None:
                on_epoch(epoch, history.loss[k])
            if k == epochs or all_diverged:
                break
            if full_batch:
                optimizer.update(network.theta, gradients.theta)  # update each parameter
            if probes:  # which may have kept the arrays that they were given
                gradients, parts = _parts(network, x, y, batch_size, whole)
            if full_batch:
                continue
            for rows in _batches(n, batch_size, child_rng(seed, epoch) if shuffle else None):
                for part in parts:
                    _pass(part, part.x[..., rows, :], part.y[..., rows, :])
                optimizer.update(network.theta, gradients.theta)  # update each parameter
    return history


# About how many bytes a pass of many members may touch and still find them in the cache.
IN_CACHE = 2**22


class _Part(NamedTuple):
    """A network, or some members of a stack: views of all that the pass reads and writes."""

    members: Any
    network: MLP
    gradients: Gradients
    x: Array
    y: Array


def _parts(
    network: MLP, x: Array, y: Array, rows: int, whole: bool
) -> tuple[Gradients, list[_Part]]:
    """Return new gradients, and parts of a stack that fit the cache; the whole is one part."""
    gradients = Gradients.into(np.empty_like(network.theta), network.sizes)
    if whole or not network.stack_shape:
        return gradients, [_Part(..., network, gradients, x, y)]
    numbers = network[0].theta.size + 3 * rows * sum(network.sizes)  # 3: z, a and delta
    count = max(1, IN_CACHE // (numbers * network.dtype.itemsize))
    parts = []
    for first in range(0, len(network.theta), count):
        members = slice(first, first + count)
        of_x, of_y = (array[members] if array.ndim > 2 else array for array in (x, y))
        of_gradients = Gradients.into(gradients.theta[members], network.sizes)
        of_network = network.with_theta(network.theta[members])
        # One list of delta for all, so that a part's are gone when the next one's come.
        of_gradients = replace(of_gradients, delta=gradients.delta)
        parts.append(_Part(members, of_network, of_gradients, of_x, of_y))
    return gradients, parts


def _pass(part: _Part, x: Array, y: Array, backward: bool = True) -> tuple[Trace, Any]:
    """Take the first three of the notes' four steps."""
    trace = part.network.forward(x)  # forward propagate an input
    loss, error = mse(trace.output, y)  # compute the cost function
    if backward:
        part.network.backward(trace, error, out=part.gradients)  # backpropagation
    return trace, loss


def _batches(
    n: int, batch_size: int, rng: np.random.Generator | None
) -> Iterator[NDArray[np.intp]]:
    """Yield the rows of each batch: in the order of `rng`, or as they come without one."""
    order = np.arange(n) if rng is None else rng.permutation(n)
    for first in range(0, n, batch_size):
        yield order[first : first + batch_size]


def _keep(history: History, k: int, name: str, value: ArrayLike) -> None:
    """Write what a probe returned into the record."""
    value = np.asarray(value)
    if k == 0:
        history.probes[name] = np.full((len(history.loss), *value.shape), np.nan)
    history.probes[name][k] = value


def _date_divergence(history: History, k: int, epoch: int, network: MLP) -> bool:
    """Note which networks are not finite any more, and return whether that is all of them."""
    finite = np.isfinite(history.loss[k]) & network.is_finite()
    if finite.all():
        return False
    new = (history.diverged_at < 0) & ~finite
    history.diverged_at = np.where(new, epoch, history.diverged_at)
    return bool((history.diverged_at >= 0).all())
