"""What is measured: one step, a stack, the way from the shell to the picture, and growth."""

from __future__ import annotations

import importlib.util
import os
import statistics
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from experiments.kit.words import shape
from mlp import MLP, train
from tests.benchmarks.measure import Figure, Timed, Worker, clock, in_turns, process, seconds
from tests.benchmarks.peers import EPOCHS, problem

PACKAGES = {"PyTorch": "torch", "JAX": "jax", "Keras": "keras", "scikit-learn": "sklearn"}
# Imports, four panels with a curve in each, saved: what any such command has to do.
BARE = """
import numpy as np
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
fig, axes = plt.subplots(2, 2, figsize=(16, 9))
for ax in axes.flat:
    ax.plot(np.arange(500))
    ax.set(title="title", xlabel="epoch", ylabel="loss")
fig.savefig({path!r}, dpi=100)
"""
# One turn of one side takes about this long, and has at least so many steps.
TURN, STEPS = 0.3, 30


@dataclass(frozen=True)
class Setting:
    """How to measure."""

    turns: int
    threads: int


def has(peer: str) -> bool:
    """Return whether a peer is installed; say so if it is not."""
    found = importlib.util.find_spec(PACKAGES[peer]) is not None
    if not found:
        print(f"skipped: {peer} is not installed (pip install '.[peers]')", file=sys.stderr)
    return found


def step(setting: Setting) -> Iterator[Figure]:
    """Forward, loss, backward and SGD, full batch: seconds per step.

    Ours is `train` as a user calls it, with its record of the loss; the others are bare loops.
    """
    sides = {"products": ("with_numpy", "step")}
    sides |= {"PyTorch": ("with_torch", "step")} if has("PyTorch") else {}
    for (sizes, rows, activation), dtype in product(
        [
            ([2, 2, 1], 32, "relu"),
            ([2, 16, 16, 1], 200, "tanh"),
            ([2, *[100] * 5, 1], 128, "relu"),
            ([250] * 11, 128, "relu"),
            ([250] * 11, 128, "tanh"),
            ([1000] * 6, 128, "relu"),
        ],
        ["float64", "float32"],
    ):
        case = {"sizes": sizes, "rows": rows, "activation": activation, "dtype": dtype}
        goals = {"PyTorch": {3: 0.1, 4: 0.22}.get(len(sizes), 1.0)}
        goals |= {"products": 1.08} if sizes[0] > 2 else {}
        name = f"{shape(sizes)}, {rows} rows, {activation}, {dtype}"
        yield from _libraries("step", name, case, sides, setting, goals)


def stack(setting: Setting) -> Iterator[Figure]:
    """Many networks in lockstep: seconds per network and step, then a whole process of 1,000."""
    sides = {"own loop": ("with_mlp", "loop")}
    sides |= {"PyTorch, batched": ("with_torch", "stack")} if has("PyTorch") else {}
    sides |= {"JAX, compiled": ("with_jax", "stack")} if has("JAX") else {}
    for (networks, sizes, rows, activation), dtype in product(
        [(1000, [2, 2, 1], 32, "relu"), (200, [2, 16, 16, 1], 200, "tanh")],
        ["float64", "float32"],
    ):
        case = {"sizes": sizes, "rows": rows, "activation": activation, "dtype": dtype}
        case["networks"] = networks
        goals = {"own loop": 0.1, "JAX, compiled": 1.2} if rows == 32 else {}
        name = f"{networks} of {shape(sizes)}, {rows} rows, {activation}, {dtype}"
        yield from _libraries("stack", name, case, sides, setting, goals)
        if has("JAX"):
            yield from in_turns(
                "stack",
                f"{name}: import, compile, 1,000 epochs",
                _whole("with_mlp", setting, case),
                {"JAX": _whole("with_jax", setting, case)},
                min(3, setting.turns),
                {"JAX": 0.6 if rows == 32 else 1.3},
            )


def shell(setting: Setting) -> Iterator[Figure]:
    """From the shell to the picture: the whole process, every library as it comes."""
    code = "from experiments.cli import main; main(prog_name='mlp-demo')"
    with tempfile.TemporaryDirectory() as folder:
        picture = str(Path(folder) / "picture.png")

        def ours(*arguments: str) -> Timed:
            run = process([sys.executable, "-c", code, *arguments, "-q", "-o", picture])
            return partial(seconds, run)

        def peer(name: str, *arguments: str) -> Timed:
            module = "tests.benchmarks.peers"
            library = f"with_{PACKAGES[name]}"
            experiment, *count = arguments
            command = [sys.executable, "-m", module, library, experiment, picture, *count]
            return partial(seconds, process(command, KERAS_BACKEND="jax"))

        installed = [name for name in PACKAGES if has(name)]
        bare = process([sys.executable, "-c", BARE.format(path=picture)])
        sides: dict[str, Timed] = {"bare script": partial(seconds, bare)}
        sides |= {name: peer(name, "zero") for name in installed}
        turns = min(5, setting.turns)
        goals = {"bare script": 1.2} | dict.fromkeys(installed, 0.5)
        yield from in_turns(
            "shell",
            "zero --activation relu",
            ours("zero", "--activation", "relu"),
            sides,
            turns,
            goals,
        )
        goals["JAX"] = 0.9
        # 13 starts; scikit-learn and Keras train one network after the other, so fewer of them.
        for runs, names in ((20, ["PyTorch", "JAX"]), (1, ["Keras", "scikit-learn"])):
            steps = ("--epochs", str(EPOCHS), "--batch-size", "1000")  # all rows, as the peers
            own = ours("compare", "--runs", str(runs), "--learning-rate", "0.1", *steps)
            sides = {n: peer(n, "compare", str(13 * runs)) for n in names if n in installed}
            name = f"compare --runs {runs}: {13 * runs} networks"
            yield from in_turns("shell", name, own, sides, min(3, turns), goals)


def growth(setting: Setting) -> dict[str, float]:
    """Return the exponent p of cost ~ size^p, fitted, for each size that can grow."""
    width = {m: {"sizes": [m] * 6, "rows": 128} for m in (128, 256, 512, 1024)}
    depth = {d: {"sizes": [100] * (d + 1), "rows": 128} for d in (4, 8, 16, 32, 64)}
    rows = {n: {"sizes": [100] * 6, "rows": n} for n in (128, 256, 512, 1024, 2048)}
    members = {r: {"sizes": [2, 2, 1], "rows": 32, "networks": r} for r in (100, 300, 1000, 3000)}
    epochs = [250, 500, 1000, 2000]
    return {
        "time, width of 5 layers": _time_exponent("step", width, setting),
        "time, layers of 100 units": _time_exponent("step", depth, setting),
        "time, rows through 5 layers of 100 units": _time_exponent("step", rows, setting),
        "time, networks 2-2-1 in a stack": _time_exponent("stack", members, setting),
        "memory, epochs of 2-16-16-1": exponent(epochs, [peak(count) for count in epochs]),
    }


def peak(epochs: int) -> float:
    """Return the peak of the bytes that `train` holds when it records the loss alone."""
    network, (x, y) = MLP([2, 16, 16, 1], "tanh"), problem([2, 16, 16, 1], 342, "float64")
    tracemalloc.start()
    train(network, x, y, epochs=epochs)
    _, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return float(highest)


def exponent(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """Return p of cost ~ size^p: the slope in a log-log plot."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def versions() -> dict[str, str]:
    """Return what was measured with."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"Python": ".".join(map(str, sys.version_info[:3])), "cores": str(os.cpu_count())}
    for package in ("numpy", "torch", "jax", "keras", "scikit-learn", "matplotlib"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _libraries(
    part: str,
    name: str,
    case: dict[str, Any],
    sides: dict[str, tuple[str, str]],
    setting: Setting,
    goals: dict[str, float],
) -> list[Figure]:
    """Return the figures of one case, each side in a worker; per network and step."""
    networks = case.get("networks", 1)
    with Worker("with_mlp", part, setting.threads, steps=3, **case) as trial:
        steps = max(STEPS, round(TURN / (min(trial() for _ in range(3)) / 3)))
    with ExitStack() as workers:

        def timed(library: str, function: str) -> Timed:
            worker = Worker(library, function, setting.threads, steps=steps, **case)
            workers.enter_context(worker)
            return lambda: worker() / steps / networks

        peers = {peer: timed(*side) for peer, side in sides.items()}
        return in_turns(part, name, timed("with_mlp", part), peers, setting.turns, goals)


def _time_exponent(part: str, cases: Mapping[int, dict[str, Any]], setting: Setting) -> float:
    with ExitStack() as workers:
        sides = [
            workers.enter_context(
                Worker(
                    "with_mlp",
                    part,
                    setting.threads,
                    activation="relu",
                    dtype="float64",
                    steps=3,
                    **case,
                )
            )
            for case in cases.values()
        ]
        turns = [[side() for side in sides] for _ in range(setting.turns)]
    return exponent(list(cases), [statistics.median(times) for times in zip(*turns, strict=True)])


def _whole(library: str, setting: Setting, case: dict[str, Any]) -> Timed:
    """Return what times a new process: import, build, compile, and 1,000 epochs."""

    def build() -> None:
        with Worker(library, "stack", setting.threads, steps=1000, **case):
            pass

    return lambda: clock(setting.threads)(build)
