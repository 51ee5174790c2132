"""Sizes: what is refused does not fit, and how long it takes is said once and in time."""

from __future__ import annotations

import re
import tracemalloc

import numpy as np
import pytest

from experiments.case import measure
from experiments.case.cases import ZERO
from experiments.data import load
from experiments.kit import sizes
from experiments.kit.settings import Settings


def test_what_fits_is_let_through_and_what_does_not_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sizes, "memory", lambda: 8000.0)
    sizes.require(1000)
    with pytest.raises(MemoryError, match=r"about 0.008\d* MB, and 0.008\d* MB are free"):
        sizes.require(1001)


def test_where_nobody_says_how_much_there_is_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sizes, "memory", lambda: float("inf"))
    sizes.require(10**300)


@pytest.mark.parametrize("hidden", [(4000,), (300, 300)], ids=["wide", "deep"])
def test_the_estimate_is_of_the_size_of_what_a_case_holds(
    hidden: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    estimates: list[int] = []
    monkeypatch.setattr("experiments.kit.training.require", estimates.append)
    penguins, settings = load(), Settings(hidden=hidden, epochs=2)
    tracemalloc.start()
    measure.run(ZERO, penguins, settings)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0.5 < sizes.NUMBER * max(estimates) / peak < 2


class Clock:
    """A clock that goes on by some seconds with every look at it."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.now = seconds, 0.0

    def __call__(self) -> float:
        self.now += self.seconds
        return self.now - self.seconds


@pytest.mark.parametrize(
    ("seconds", "steps", "said"),
    [
        (1.0, 60, ""),
        (1.0, 100, "this will take about 2 minutes; Ctrl-C ends it\n"),
        (20.0, 4, ""),
        (20.0, 1000, "this will take about 6 hours; Ctrl-C ends it\n"),
        (0.001, 1000, ""),
    ],
)
def test_work_of_more_than_a_minute_says_so_once(
    seconds: float,
    steps: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("time.monotonic", Clock(seconds))
    step = sizes.pace(steps)
    for _ in range(min(steps, 50)):
        step()
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", said)


def test_processes_that_start_after_the_first_step_do_not_count(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    times = iter([0.0, *np.arange(30.0, 50.0, 0.1)])
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    step = sizes.pace(300)  # of half a minute
    for _ in range(100):
        step()
    assert capsys.readouterr().err == ""


def test_it_is_said_in_place_of_the_progress_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    sizes.announce(600)
    assert re.fullmatch(
        r"\rthis will take about 10 minutes; Ctrl-C ends it +\n", capsys.readouterr().err
    )
