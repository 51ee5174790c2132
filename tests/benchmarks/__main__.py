"""The benchmarks: python -m tests.benchmarks [step|stack|shell|growth ...] [--json FILE]."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from experiments.cases import number
from tests.benchmarks import parts
from tests.benchmarks.measure import Figure

PARTS = {"step": parts.step, "stack": parts.stack, "shell": parts.shell}


def main() -> None:
    """Measure, print a table row by row, and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[*PARTS, "growth", []], help="default: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures there")
    parser.add_argument("--turns", type=int, default=11, help="of each side (default: 11)")
    parser.add_argument(
        "--threads", type=int, default=1, help="of each library in step and stack (default: 1)"
    )
    asked = parser.parse_args()
    setting = parts.Setting(asked.turns, asked.threads)

    versions = parts.versions()
    print(f"{date.today()}: {', '.join(f'{k} {v}' for k, v in versions.items())}")
    print(f"step and stack: {asked.threads} thread(s) for each library\n")
    print("| part | case | ours | peer | theirs | ours / theirs | goal |")
    print("| --- | --- | ---: | --- | ---: | ---: | --- |")
    figures = []
    for part, measure in PARTS.items():
        if not asked.part or part in asked.part:
            for figure in measure(setting):
                figures.append(figure)
                print(line(figure), flush=True)
    exponents = parts.growth(setting) if not asked.part or "growth" in asked.part else {}
    for name, power in exponents.items():
        print(f"| growth | {name} | | | | size^{power:.2f} | |")
    if asked.json:
        kept: dict[str, Any] = {
            "versions": versions,
            "setting": asdict(setting),
            "growth": exponents,
        }
        kept["figures"] = [asdict(figure) for figure in figures]
        asked.json.write_text(json.dumps(kept, indent=1, ensure_ascii=False), encoding="utf-8")


def duration(seconds: float) -> str:
    """Write seconds in a unit that needs no power of ten."""
    scale, unit = next(
        u for u in ((1, "s"), (1e3, "ms"), (1e6, "µs")) if seconds * u[0] >= 1 or u[0] == 1e6
    )
    return f"{number(seconds * scale)} {unit}"


def line(figure: Figure) -> str:
    """Return a row of the table."""
    ours, theirs = duration(figure.ours), duration(figure.theirs)
    goal = ""
    if figure.goal is not None:
        goal = f"{'✓' if figure.ratio <= figure.goal else '✗'} ≤ {figure.goal:g}"
    cells = [figure.part, figure.case, ours, figure.peer, theirs, f"{figure.ratio:.2f}", goal]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
