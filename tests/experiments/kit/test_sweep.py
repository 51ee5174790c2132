"""Sweep: the same bits in one process, in many, on a cluster; and none of them left behind."""

from __future__ import annotations

import importlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distributed import LocalCluster
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from experiments.compare.measure import compare
from experiments.data import load, read
from experiments.kit.settings import Settings
from experiments.kit.starts import initializer_of, named_start
from experiments.kit.sweep import CHUNK, Map, WorkerError, groups, workers
from experiments.race import measure as race
from experiments.trainability.lesson import MAPPED
from experiments.trainability.measure import trainability
from mlp import initializers

PENGUINS = load()
SMALL = Settings(activation="tanh", hidden=(60, 60, 60), epochs=3, batch_size=40, seed=3)
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


@given(
    count=st.integers(0, 300),
    sizes=st.lists(st.integers(1, 400), min_size=2, max_size=8),
    rows=st.integers(1, 2000),
)
def test_groups_hold_every_network_once_and_fit_the_cache(
    count: int, sizes: list[int], rows: int
) -> None:
    cut = groups(count, sizes, rows)
    assert [member for group in cut for member in group] == list(range(count))
    # Weights, their gradients and two more like them; z, a and delta of every row.
    numbers = 4 * sum((n + 1) * m for n, m in pairwise(sizes))
    numbers += 3 * rows * sum(sizes)
    assert all(len(group) == 1 or len(group) * numbers <= CHUNK for group in cut)


@pytest.mark.parametrize("name", ["race", "compare", "map"])
def test_a_stack_that_takes_over_a_minute_is_foretold(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the first of the stacks is done: what the map is handed is never trained."""

    def handed(function: object, tasks: Iterable[object]) -> Iterator[Any]:
        next(iter(tasks))
        raise KeyboardInterrupt
        yield

    starts, long = [named_start("he_normal")], Settings("tanh", (50, 50), epochs=10**6)
    begin: dict[str, Callable[[], object]] = {
        "race": lambda: race.compare(starts, PENGUINS, long, runs=3, map=handed),
        "compare": lambda: compare(starts, read("penguins"), long, runs=3, map=handed),
        "map": lambda: trainability(PENGUINS, long, depths=[20], map=handed),
    }
    with pytest.raises(KeyboardInterrupt):
        begin[name]()
    assert re.fullmatch(r"this will take about \d+ \w+; Ctrl-C ends it\n", capsys.readouterr().err)


@pytest.fixture(scope="module")
def starts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Two starts of which a fresh process has never heard, and one that it knows."""
    file = tmp_path_factory.mktemp("own") / "coin.py"
    file.write_text(
        "def coin(rng, fan_in, fan_out):\n    return rng.choice([-.2, .2], (fan_in, fan_out))\n"
    )
    initializers.register("of_a_notebook")(
        lambda rng, fan_in, fan_out: rng.normal(0, 0.1, (fan_in, fan_out))
    )
    names = [initializer_of(f"{file}:coin"), "of_a_notebook", "he_uniform"]
    yield names
    for name in names[:2]:
        initializers.INITIALIZERS.remove(name)


def measured(names: list[str], map_: Map) -> list[NDArray[Any]]:
    """Return what a race, `compare` and the map measure of these starts, in numbers."""
    starts = [named_start(name) for name in names]
    raced = race.compare(starts, PENGUINS, SMALL, runs=3, map=map_)
    judged = compare(starts, read("penguins"), SMALL, rates=(0.1, 1.0), runs=3, map=map_)
    mapped = trainability(
        PENGUINS, MAPPED.settings(epochs=2), width=20, depths=[3, 8], scales=[0.5, 2.0], map=map_
    )
    return [
        *(rival.losses for rival in raced.rivals),
        *(rival.diverged_at for rival in raced.rivals),
        *(candidate.losses for candidate in judged.candidates),
        *(candidate.judging for candidate in judged.candidates),
        mapped.losses,
        mapped.held_out_losses,
    ]


def assert_same_bits(found: list[NDArray[Any]], expected: list[NDArray[Any]]) -> None:
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture(scope="module")
def alone(starts: list[str]) -> list[NDArray[Any]]:
    """Measure in one process."""
    return measured(starts, map)


def test_processes_give_the_same_bits(starts: list[str], alone: list[NDArray[Any]]) -> None:
    with workers(2) as map_:
        assert_same_bits(measured(starts, map_), alone)


def test_a_cluster_gives_the_same_bits_although_a_worker_is_killed(
    starts: list[str], alone: list[NDArray[Any]]
) -> None:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        killed: list[int] = []

        def with_a_killed_worker(function: Any, tasks: Any) -> Iterator[Any]:
            for result in map_(function, tasks):
                yield result
                if not killed:
                    killed.append(cluster.workers[0].process.pid)
                    os.kill(killed[0], signal.SIGKILL)

        with workers(cluster=cluster.scheduler_address) as map_:
            assert_same_bits(measured(starts, with_a_killed_worker), alone)
        assert killed


def test_results_come_in_the_order_of_the_tasks() -> None:
    with workers(2) as map_:
        assert list(map_(abs, range(-50, 0))) == list(range(50, 0, -1))


def test_a_worker_has_one_thread_and_the_caller_keeps_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with workers(2) as map_:
        assert list(map_(os.getenv, ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"])) == ["1", "1"]
    assert os.environ["OPENBLAS_NUM_THREADS"] == "7"
    assert "OMP_NUM_THREADS" not in os.environ


def process_of(_: object) -> int:
    return os.getpid()


def test_short_work_stays_in_this_process_and_long_work_leaves_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    with workers(None) as map_:
        assert set(map_(process_of, [1, 2, 3, 4])) == {os.getpid()}
    with workers(None) as map_:
        list(map_(time.sleep, [1.2, 0, 0, 0]))
        assert os.getpid() not in set(map_(process_of, [1, 2, 3, 4]))


def test_a_worker_that_dies_is_told_in_one_sentence() -> None:
    with workers(2) as map_, pytest.raises(WorkerError, match="a worker process died"):
        list(map_(os._exit, [3]))


def test_a_cluster_that_ends_and_one_without_the_package_are_told_in_one_sentence() -> None:
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        workers(cluster=cluster.scheduler_address) as map_,
    ):
        with pytest.raises(WorkerError, match="lacks 'no_such_module': install mlp-demo"):
            list(map_(importlib.import_module, ["no_such_module"]))
        results = map_(time.sleep, [0, 60])
        assert next(iter(results)) is None
        cluster.close()
        with pytest.raises(WorkerError, match=r"the cluster at tcp://.* is gone"):
            list(results)


def test_no_cluster_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.kit.sweep.ANSWER_WITHIN", 0.5)
    answers = pytest.raises(WorkerError, match=r"no cluster answers at tcp://127[.]0[.]0[.]1:9: ")
    with answers, workers(cluster="tcp://127.0.0.1:9"):
        pass


@pytest.mark.parametrize("jobs", [0, -2])
def test_a_number_of_processes_that_is_none(jobs: int) -> None:
    with pytest.raises(ValueError, match="jobs must be 1 or more"), workers(jobs):
        pass


# --- the command line ---------------------------------------------------------------------


def begun(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a long comparison on two processes, in a process group of its own."""
    command = "import experiments.cli as c; c.main(prog_name='mlp-demo')"
    return subprocess.Popen(
        [sys.executable, "-c", command, "compare", "--hidden", "50x5", "--epochs", "300",
         "--jobs", "2", *arguments],
        cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip


def at_work(process: subprocess.Popen[str]) -> list[int]:
    """Return the two worker processes as soon as they have used some time."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        busy = []
        for child in children:
            line = Path(f"/proc/{child}/cmdline").read_text()
            ticks = int(Path(f"/proc/{child}/stat").read_text().split()[13])
            if "spawn_main" in line and ticks > 50:
                busy.append(int(child))
        if len(busy) == 2:
            return busy
        time.sleep(0.05)
    raise AssertionError("no worker began to work")


def assert_nothing_is_left(process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("some processes were left")


@LINUX
def test_ctrl_c_ends_the_workers_at_once(tmp_path: Path) -> None:
    process = begun(tmp_path)
    at_work(process)
    started = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - started < 10
    assert (process.returncode, out, err) == (130, "", "interrupted\n")
    assert_nothing_is_left(process)
    assert list(tmp_path.iterdir()) == []


@LINUX
def test_a_killed_worker_ends_the_command_with_one_sentence(tmp_path: Path) -> None:
    process = begun(tmp_path)
    os.kill(at_work(process)[0], signal.SIGKILL)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, "")
    assert err == "Error: a worker process died, killed or out of memory; try fewer --jobs\n"
    assert_nothing_is_left(process)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    named = pytest.raises(WorkerError, match=r'pip install "mlp-demo\[cluster\]"')
    with named, workers(cluster="tcp://127.0.0.1:9"):
        pass
