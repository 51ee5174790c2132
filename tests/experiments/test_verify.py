"""Verify: lessons come back from other processes as they are here, and none is left out."""

from __future__ import annotations

from experiments.case.cases import CASES
from experiments.kit.sweep import workers
from experiments.race.races import RACES
from experiments.verify import Run, every_run, verified
from mlp.activations import KNOWN


def test_a_lesson_is_the_same_in_another_process() -> None:
    runs = [Run("case", "constant", "tanh", {}), Run("case", "zero", "linear", {})]
    with workers(2) as map_:
        there = list(map_(verified, runs))
    here = [verified(run) for run in runs]
    assert there == here
    assert [len(v.outcomes()) > 0 for v in there] == [True, True]
    assert there[0].run.options == {"value": 0.5}


def test_every_lesson_is_run_with_every_activation() -> None:
    runs = every_run()
    assert {run.lesson for run in runs} == {*CASES, *RACES, "map"}
    assert {run.activation for run in runs} == KNOWN
