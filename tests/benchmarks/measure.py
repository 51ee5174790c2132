"""How a benchmark measures: two things in turns in one process, and the median of the ratios."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence


def seconds(action: Callable[[], object]) -> float:
    """Return how long one call takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def ratio(ours: Callable[[], object], theirs: Callable[[], object], turns: int = 9) -> float:
    """Return the median of ours / theirs, measured in turns so that both see the same noise."""
    ours(), theirs()
    return statistics.median(seconds(ours) / seconds(theirs) for _ in range(turns))


def process(command: Sequence[str]) -> Callable[[], object]:
    """Return a call that runs a whole process."""
    return lambda: subprocess.run(command, check=True, capture_output=True)
