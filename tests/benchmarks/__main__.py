"""The benchmarks: python -m tests.benchmarks [step|stack|shell|growth ...] [--json FILE]."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from datetime import date
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from experiments.kit.words import number
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
    unit = "seconds of the processor" if asked.threads == 1 else "seconds"
    print(f"step and stack: {unit}, {asked.threads} thread(s) for each library\n")
    print("| | ours | theirs (ours / theirs) |\n| --- | ---: | --- |")
    figures: list[list[Figure]] = []
    for part, measure in PARTS.items():
        if not asked.part or part in asked.part:
            for case, of in groupby(measure(setting), key=attrgetter("case")):
                figures.append(same := list(of))
                print(
                    f"| {part}: {case} | {duration(same[0].ours)} | {theirs(same)} |", flush=True
                )
    exponents = parts.growth(setting) if not asked.part or "growth" in asked.part else {}
    for name, power in exponents.items():
        print(f"| growth: {name} | size^{power:.2f} | |")
    if asked.json:
        kept: dict[str, Any] = {
            "versions": versions,
            "setting": asdict(setting),
            "growth": exponents,
        }
        kept["figures"] = [asdict(figure) for same in figures for figure in same]
        asked.json.write_text(json.dumps(kept, indent=1, ensure_ascii=False), encoding="utf-8")


def duration(seconds: float) -> str:
    """Write seconds in a unit that needs no power of ten."""
    scale, unit = next(
        u for u in ((1, "s"), (1e3, "ms"), (1e6, "µs")) if seconds * u[0] >= 1 or u[0] == 1e6
    )
    return f"{number(seconds * scale)} {unit}"


def theirs(figures: list[Figure]) -> str:
    """Return what each peer took, the ratio, and whether that is the goal."""
    cells = []
    for figure in figures:
        goal = "" if figure.goal is None else f" {'✓' if figure.ratio <= figure.goal else '✗'}"
        cells.append(f"{figure.peer} {duration(figure.theirs)} ({figure.ratio:.2f}{goal})")
    return ", ".join(cells)


if __name__ == "__main__":
    main()
