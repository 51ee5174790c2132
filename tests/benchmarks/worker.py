"""The other end of `tests.benchmarks.measure.Worker`: builds a case once, runs it when told."""

from __future__ import annotations

import importlib
import json
import os
import sys

from tests.benchmarks.measure import clock

library, part, case = sys.argv[1:]
run = getattr(importlib.import_module(f"tests.benchmarks.peers.{library}"), part)(
    **json.loads(case)
)
measured = clock(int(os.environ["OMP_NUM_THREADS"]))
for _ in sys.stdin:
    print(measured(run), flush=True)
