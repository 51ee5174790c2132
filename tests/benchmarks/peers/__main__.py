"""An experiment in another library: python -m tests.benchmarks.peers with_jax zero FILE [N]."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

CSV = Path(__file__).parents[3] / "experiments" / "datasets" / "penguins.csv"

library, experiment, picture, *networks = sys.argv[1:]
table = np.genfromtxt(CSV, delimiter=",", skip_header=1, usecols=(2, 3, 5))
table = table[~np.isnan(table).any(axis=1)]
table = (table - table.mean(axis=0)) / table.std(axis=0)
run = getattr(importlib.import_module(f"tests.benchmarks.peers.{library}"), experiment)
if experiment == "compare":
    table = table[: round(0.6 * len(table))]  # as many rows as ours learns from
losses = run(table[:, :2], table[:, 2:], *map(int, networks))

fig = Figure(figsize=(16, 9), dpi=100)
FigureCanvasAgg(fig)
ax = fig.subplots()
for label, curves in losses.items():
    ax.plot(np.asarray(curves), label=label)
ax.set(title=experiment, xlabel="epoch", ylabel="loss", yscale="log")
ax.legend()
fig.savefig(picture)
