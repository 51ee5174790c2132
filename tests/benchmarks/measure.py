"""How a benchmark measures: two sides in turns, and the median of the ratios.

Libraries keep threads and memory of their own, so each gets a process of its own, a `Worker`,
which is told over a pipe what to do and answers how long it took.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any

Timed = Callable[[], float]


@dataclass(frozen=True)
class Figure:
    """One line of the table: what `ours` and `theirs` took, and the median of their ratios."""

    part: str
    case: str
    peer: str
    ours: float
    theirs: float
    ratio: float
    goal: float | None = None


def seconds(action: Callable[[], object]) -> float:
    """Return how long one call takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def processor_seconds(action: Callable[[], object]) -> float:
    """Return how long one call, and the processes it waits for, keep a processor busy.

    Whatever else the machine is doing does not count, but every thread does.
    """

    def used() -> float:
        both = map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN))
        return sum(usage.ru_utime + usage.ru_stime for usage in both)

    started = used()
    action()
    return used() - started


def clock(threads: int) -> Callable[[Callable[[], object]], float]:
    """Return what measures a library that has so many threads."""
    return processor_seconds if threads == 1 else seconds


def ratio(ours: Callable[[], object], theirs: Callable[[], object], turns: int = 9) -> float:
    """Return the median of ours / theirs, measured in turns so that both see the same noise."""
    ours(), theirs()
    return statistics.median(seconds(ours) / seconds(theirs) for _ in range(turns))


def in_turns(
    part: str,
    case: str,
    ours: Timed,
    peers: Mapping[str, Timed],
    turns: int,
    goals: Mapping[str, float],
) -> list[Figure]:
    """Return a figure for each peer, all sides measured in turns."""
    taken = [(ours(), {peer: timed() for peer, timed in peers.items()}) for _ in range(turns)]
    return [
        Figure(
            part,
            case,
            peer,
            ours=statistics.median(own for own, _ in taken),
            theirs=statistics.median(other[peer] for _, other in taken),
            ratio=statistics.median(own / other[peer] for own, other in taken),
            goal=goals.get(peer),
        )
        for peer in peers
    ]


def process(command: Sequence[str], **environment: str) -> Callable[[], object]:
    """Return a call that runs a whole process."""
    env = os.environ | environment
    return lambda: subprocess.run(command, check=True, capture_output=True, env=env)


class Worker:
    """A process in which one library builds a case and then runs it as often as it is told.

    Parameters
    ----------
    library : str
        A file of `tests.benchmarks.peers`.
    part : str
        A function in it, which returns a call without arguments.
    threads : int
        How many threads the library may use.
    case : keyword arguments
        Of that function.
    """

    def __init__(self, library: str, part: str, threads: int, **case: Any) -> None:
        limits = {f"{name}_NUM_THREADS": str(threads) for name in ("OMP", "OPENBLAS", "MKL")}
        if threads == 1:
            limits["XLA_FLAGS"] = (
                "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
            )
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.worker", library, part, json.dumps(case)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | limits,
        )
        self()  # it is built and warm

    def __call__(self) -> float:
        """Run the case once more; return the seconds, with one thread those of the processor."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
