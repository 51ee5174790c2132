"""Sizes: refuse what no memory can hold, and say how long the work will take.

Where to go next: ``training.py`` and ``report.py``, which ask.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from itertools import pairwise
from math import inf
from pathlib import Path

import click

from experiments.kit.words import number

# A network that trains is held by its draw, its stack, its start and two gradients; a pass holds
# z, a and delta of every unit, and what the probes make of them: as much once more at its peak.
COPIES, PER_UNIT = 5, 5
NUMBER = 8  # bytes of a float64
# After how many seconds of work it is known how long it will take, and from when on that is said.
KNOWN_AFTER, WORTH_SAYING = 3.0, 60.0


def require(numbers: int) -> None:
    """Refuse work that would hold so many numbers at once, where memory has no room for them.

    Raises
    ------
    MemoryError
        With how much it would take, and how much there is.

    Examples
    --------
    >>> require(10**20)
    Traceback (most recent call last):
    MemoryError: it takes about 800 million TB, ...
    """
    wanted, there = min(NUMBER * numbers, 10**100), memory()
    if wanted > there:
        raise MemoryError(
            f"it takes about {_bytes(wanted)}, and {_bytes(there)} are free; choose smaller or "
            "fewer layers, runs, rows or epochs"
        )


def of_training(sizes: Sequence[int], rows: int, members: int = 1, recorded: int = 0) -> int:
    """Return about how many numbers a training holds at once.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, hidden units, outputs.
    rows : int
        How many go through in one pass.
    members : int
        How many networks there are, all in one pass.
    recorded : int
        How many numbers are kept of the whole training: the losses, say.

    Examples
    --------
    >>> of_training([2, 2, 1], rows=100) == 5 * 9 + 5 * 100 * 5
    True
    """
    parameters = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))
    return members * (COPIES * parameters + PER_UNIT * rows * sum(sizes)) + recorded


@cache
def memory() -> float:
    """Return how many bytes could be had when first asked; infinite where nobody says."""
    found = [inf]
    with suppress(AttributeError, ValueError, OSError):  # as on Windows
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    with suppress(OSError):  # as on everything but Linux
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found += [1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable")]
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")  # of a container
        found += [int(limit)] if limit.strip().isdigit() else []
    return min(found)


def pace(steps: int) -> Callable[[], None]:
    """Return what is called after each of so many steps, and says once how long they will take.

    That is a sentence on stderr, and only where it is over a minute. The first two steps count for
    nothing: what is made ready before them, worker processes after the first of `sweep`'s, say,
    may take longer than many steps.
    """
    second, done, told = 0.0, 0, False

    def step() -> None:
        nonlocal second, done, told
        done += 1
        now = time.monotonic()
        if done <= 2:
            second = now
        elif not told and now - second >= KNOWN_AFTER:
            told = True
            announce((now - second) / (done - 2) * (steps - done))

    return step


def announce(seconds: float) -> None:
    """Say on stderr how long the work will take, where that is over a minute."""
    if seconds > WORTH_SAYING:
        words = f"this will take about {duration(seconds)}; Ctrl-C ends it"
        # On a terminal in place of the progress bar, which goes on in the next line.
        click.echo(f"\r{words:<79}" if sys.stderr.isatty() else words, err=True)


def duration(seconds: float) -> str:
    """Write a time as one says it.

    Examples
    --------
    >>> duration(95), duration(7000), duration(200_000), duration(1e10)
    ('2 minutes', '2 hours', '2 days', '317 years')
    """
    for unit, length in (("year", 31_557_600), ("day", 86_400), ("hour", 3600)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.0f} {unit}s"
    return f"{max(2, round(seconds / 60))} minutes"


def _bytes(count: float) -> str:
    """Write a number of bytes as one says it.

    Examples
    --------
    >>> _bytes(4.9e10), _bytes(2.5e12), _bytes(3e21)
    ('49.0 GB', '2.50 TB', '3.0e3 million TB')
    """
    for unit, size in (("million TB", 1e18), ("TB", 1e12), ("GB", 1e9)):
        if count >= size:
            return f"{number(count / size)} {unit}"
    return f"{number(count / 1e6)} MB"
