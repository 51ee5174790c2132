"""From the shell to the picture, against a bare script that draws four empty panels."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.benchmarks.measure import process, ratio
from tests.benchmarks.parts import BARE


def test_zero_with_its_picture_takes_at_most_half_again_as_long(tmp_path: Path) -> None:
    picture = str(tmp_path / "zero.png")
    code = "from experiments.cli import main; main(prog_name='mlp-demo')"
    ours = [sys.executable, "-c", code, "zero", "--activation", "relu", "-o", picture]
    bare = [sys.executable, "-c", BARE.format(path=str(tmp_path / "bare.png"))]
    measured = ratio(process(ours), process(bare))
    print(f"\nmlp-demo zero, whole process: {measured:.2f} times a bare four-panel figure")
    assert measured <= 1.5
