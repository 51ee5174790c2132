"""Sweep: many networks, trained in stacks, here or on many processors or machines.

A room draws its networks in stacks that fit the processor's cache (`groups`), and hands each
stack, with all that its training needs, as a `Task` to a map: the built-in one, or that of
`workers`, a pool of processes or a cluster. What a worker gets is arrays, so it need not know an
initializer that the user has registered (a stack whose activation only this process knows is
trained here); and how a stack trains depends on nothing but its task,
so the results are the same to the last bit wherever it runs, and come in the order of the tasks.

Where to go next: ``report.py``, whose `processors` brings a map to a command.
"""

from __future__ import annotations

import builtins
import logging
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from experiments.kit.settings import Settings
from experiments.kit.sizes import WORTH_SAYING, announce
from experiments.kit.training import fit
from mlp import MLP, History
from mlp.activations import KNOWN
from mlp.arrays import Array, InputError
from mlp.optimizers import Optimizer

T = TypeVar("T")
R = TypeVar("R")

# About how many numbers are trained at once. With half as many each call of NumPy has so little to
# do that a map of 40 layers takes half as long again; with four times as many probes take longer.
CHUNK = 2_000_000
# Work of more seconds than this is shared out to processes, which take about one to start.
WORTH_IT = 3.0
# A stack takes less than a minute with fewer products than `QUICK`, parameters times rows times
# epochs; each step costs as much as so many more.
QUICK, STEP = 1e11, 1e6
# How long a scheduler may take to answer, in seconds.
ANSWER_WITHIN = 10.0
# One thread of linear algebra for each process: on small matrices a second one mostly waits.
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Map(Protocol):
    """The built-in map, or any that gives its results in the order of the arguments."""

    def __call__(self, function: Callable[[T], R], tasks: Iterable[T], /) -> Iterable[R]:
        """Return function(task) for every task."""


@runtime_checkable
class Training(Protocol):
    """What a task has that trains a stack."""

    @property
    def network(self) -> MLP:
        """The stack."""

    @property
    def x(self) -> Array:
        """Inputs."""

    @property
    def y(self) -> Array:
        """Targets."""

    @property
    def settings(self) -> Settings:
        """How it trains."""


class Tasks(Generic[T, R]):
    """Tasks that are drawn one at a time, when a map asks for the next, and so not all held.

    Parameters
    ----------
    draw : callable (argument) -> task
        Makes a task, in the process that has the initializers.
    arguments : sequence
        One for each.
    """

    def __init__(self, draw: Callable[[T], R], arguments: Sequence[T]) -> None:
        self.draw = draw
        self.arguments = arguments

    def __len__(self) -> int:
        return len(self.arguments)

    def __iter__(self) -> Iterator[R]:
        for k, argument in enumerate(self.arguments):
            task = self.draw(argument)
            if k == 0 and isinstance(task, Training):
                _foretell(task, len(self))
            yield task


class WorkerError(RuntimeError):
    """A worker died, or no cluster answers: nothing that the user typed or the tasks hold."""


@dataclass(frozen=True)
class Task:
    """A stack of networks, and all that its training needs.

    Attributes
    ----------
    network : MLP
        A stack, or a single one.
    x, y : numpy.ndarray
        As `mlp.train` takes them.
    settings : Settings
        How it trains.
    optimizer : Optimizer, optional
        Instead of that of the settings: with a rate for each member, say.
    probes : mapping of str to callable (network, trace, gradients) -> array
        What to record at every epoch. Functions of a module, as they must be pickled.
    after : callable (network) -> result, optional
        What to ask the stack once it is trained.
    """

    network: MLP
    x: Array
    y: Array
    settings: Settings
    optimizer: Optimizer | None = None
    probes: Mapping[str, Any] | None = None
    after: Callable[[MLP], Any] | None = None


@dataclass(frozen=True)
class Trained:
    """What comes back of a `Task`: the history of the stack, and what was asked after it."""

    history: History
    answer: Any = None


def trained(task: Task) -> Trained:
    """Train the stack of a task, in place."""
    history = fit(
        task.network,
        task.x,
        task.y,
        settings=task.settings,
        optimizer=task.optimizer,
        probes=task.probes,
    )
    return Trained(history, None if task.after is None else task.after(task.network))


def _foretell(task: Training, count: int) -> None:
    """Say how long so many tasks will take here, if already one of them takes over a minute.

    Where they are quicker, that is known soon after the first.
    """
    settings, rows = task.settings, len(task.x)
    steps = -(-rows // (settings.batch_size or rows))
    if settings.epochs * (task.network.theta.size * rows + steps * STEP) < QUICK:
        return
    started = time.perf_counter()
    fit(task.network.copy(), task.x, task.y, settings=replace(settings, epochs=1))
    seconds = settings.epochs * (time.perf_counter() - started)
    if seconds > WORTH_SAYING:
        announce(seconds * count)


def groups(count: int, sizes: list[int], rows: int) -> list[range]:
    """Cut so many networks of one shape into groups that fit the processor's cache.

    Parameters
    ----------
    count : int
        How many networks there are.
    sizes : list of int
        The shape of each.
    rows : int
        Rows of a pass.

    Examples
    --------
    >>> groups(10, [2, 250, 250, 1], rows=20)
    [range(0, 7), range(7, 10)]
    """
    parameters = sum((n + 1) * m for n, m in pairwise(sizes))
    size = max(1, CHUNK // (4 * parameters + 3 * rows * sum(sizes)))
    return [range(first, min(first + size, count)) for first in range(0, count, size)]


@contextmanager
def workers(jobs: int | None = 1, cluster: str | None = None) -> Iterator[Map]:
    """Yield a map that shares its work out.

    Parameters
    ----------
    jobs : int, optional
        How many processes; 1: this one; -1: one for each processor. None: this process, or one
        for each processor where the first of several `Tasks` says that all of them take longer
        than 3 seconds.
    cluster : str, optional
        The address of a scheduler of dask.distributed, ``tcp://HOST:PORT``, instead.

    Raises
    ------
    WorkerError
        If the cluster cannot be reached, or a worker dies.
    InputError
        If `jobs` is 0 or below -1.

    Notes
    -----
    Tasks are drawn, sent and told as the work goes on, a few ahead of what has been done. When
    the block is left, by Ctrl-C too, the processes are ended.

    Examples
    --------
    >>> with workers(1) as here:
    ...     list(here(abs, [-1, 2]))
    [1, 2]
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if jobs is not None and (jobs == 0 or jobs < -1):
        raise InputError(f"jobs must be 1 or more, or -1 for all processors, not {jobs}")
    if cluster is not None:
        with _cluster(cluster) as map_:
            yield map_
    elif jobs is None and cores and cores > 1:
        long = False
        with _processes(cores) as pool:

            def shared_if_long(function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
                nonlocal long
                others, count = iter(tasks), len(tasks) if isinstance(tasks, Sized) else 0
                for first in () if long else others:
                    started = time.perf_counter()
                    result = function(first)
                    long = (time.perf_counter() - started) * (count - 1) > WORTH_IT
                    yield result
                    break
                yield from (pool if long else builtins.map)(function, others)

            yield shared_if_long
    elif jobs in (None, 1):
        yield builtins.map
    else:
        with _processes(cores or 1 if jobs == -1 else jobs) as pool:
            yield pool


@contextmanager
def _processes(count: int) -> Iterator[Map]:
    """Yield the map of a pool of processes, which start with its first task."""
    others = set(multiprocessing.active_children())
    executor: ProcessPoolExecutor | None = None

    def share_out(function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
        nonlocal executor
        executor = executor or ProcessPoolExecutor(count, multiprocessing.get_context("spawn"))
        try:
            yield from _in_order(executor, function, tasks, ahead=2 * count)
        except BrokenProcessPool:
            raise WorkerError(
                "a worker process died, killed or out of memory; try fewer --jobs"
            ) from None

    try:
        yield share_out
    finally:
        if executor is not None:
            for process in set(multiprocessing.active_children()) - others:
                process.terminate()
            executor.shutdown(cancel_futures=True)


@contextmanager
def _cluster(address: str) -> Iterator[Map]:
    """Yield the map of a cluster that runs already."""
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise WorkerError(
            'a cluster needs dask.distributed: pip install "mlp-demo[cluster]"'
        ) from None
    try:
        client = Client(address, timeout=ANSWER_WITHIN, set_as_default=False)
    except (OSError, ValueError) as error:
        raise WorkerError(f"no cluster answers at {address}: {error}") from None
    # It would log the traceback of every attempt to reach a scheduler that is gone.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    with client:
        executor: Executor = client.get_executor()

        def share_out(function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
            try:
                yield from _in_order(executor, function, tasks, ahead=64)
            except CancelledError:
                raise WorkerError(f"the cluster at {address} is gone") from None
            except KilledWorker:
                raise WorkerError(
                    f"workers of the cluster at {address} died, killed or out of memory"
                ) from None
            except ModuleNotFoundError as error:
                raise WorkerError(
                    f"a worker of the cluster at {address} lacks '{error.name}': install mlp-demo "
                    "there, too"
                ) from None

        yield share_out


def _in_order(
    executor: Executor, function: Callable[[T], R], tasks: Iterable[T], ahead: int
) -> Iterator[R]:
    """Yield function(task) in order, with so many tasks on their way: not all are held at once."""
    waiting: deque[Any] = deque()
    for task in tasks:
        with _as_workers_begin():
            waiting.append(_submit(executor, function, task))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _submit(executor: Executor, function: Callable[[T], R], task: T) -> Future[R]:
    """Send a task to a worker, or do it here if no worker knows its activation."""
    network = getattr(task, "network", None)
    if network is None or {layer.activation.name for layer in network.layers} <= KNOWN:
        return executor.submit(function, task)
    done: Future[R] = Future()
    done.set_result(function(task))
    return done


@contextmanager
def _as_workers_begin() -> Iterator[None]:
    """Give what a process that starts here is to inherit: one thread, and no ear for Ctrl-C.

    NumPy reads the number of threads when it is loaded, which is before any code of ours runs in
    the worker. Ctrl-C reaches every process of a terminal; the one that started them ends them.
    """
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    mask = getattr(signal, "pthread_sigmask", None)  # which Windows has not
    if mask:
        mask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        for name, value in before.items():
            with suppress(KeyError):
                del os.environ[name]
            if value is not None:
                os.environ[name] = value
        if mask:
            mask(signal.SIG_UNBLOCK, {signal.SIGINT})
