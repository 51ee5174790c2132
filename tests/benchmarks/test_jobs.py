"""Two processes against one: whole commands, from the shell to the picture."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.benchmarks.measure import process, ratio

COMMANDS = {
    "compare": ["compare"],
    "map": ["map", "--depths", "5,10,20"],
    "verify": ["verify"],
}


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two processors")
@pytest.mark.parametrize("name", COMMANDS)
def test_two_processes_take_at_most_six_tenths_of_the_time(name: str, tmp_path: Path) -> None:
    code = f"import os; os.chdir({str(tmp_path)!r}); import experiments.cli as c; c.main()"

    def jobs(count: int) -> list[str]:
        return [sys.executable, "-c", code, *COMMANDS[name], "-q", "--jobs", str(count)]

    measured = ratio(process(jobs(2)), process(jobs(1)), turns=3)
    load = os.getloadavg()[0]
    print(
        f"\nmlp-demo {name}: two processes take {measured:.2f} of the time of one; load {load:.1f}"
    )
    assert measured <= 0.6
