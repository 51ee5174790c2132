"""The command ``explore``: where it begins, the picture and the way back, and what it refuses."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.cli import main
from experiments.data import load
from experiments.explorer import text
from experiments.explorer.command import _explorer, explore
from experiments.explorer.figure import ExplorerFigure
from experiments.explorer.measure import Choice, Explorer, start_names
from mlp.activations import ACTIVATIONS

demo = partial(CliRunner().invoke, main)
SMALL = ["explore", "--hidden", "6x3"]


def test_the_command_leads_back_to_the_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("two words.csv").write_text("a,b,c\n1,2,3\n2,3,1\n4,1,2\n", encoding="utf-8")
    source = ["--data", "two words.csv", "--inputs", "a,b", "--target", "c"]
    choice = Choice(
        start="he_normal", activation="relu", depth=2, width=5, learning_rate=0.03, seed=4,
        batch_size=2, optimizer="adam",
    )  # fmt: skip
    explorer = Explorer(load("two words.csv", ("a", "b"), ("c",)), choice, source)
    explorer.train(3)
    command = text.command(explorer.sight, explorer.source)
    told = demo([*shlex.split(command)[1:], "-o", "p.png", "--json"])
    assert told.exit_code == 0, told.output
    again = json.loads(told.stdout)
    assert again["command"] == command
    assert again["loss"] == explorer.sight.losses.tolist()
    assert Path("p.png").read_bytes().startswith(b"\x89PNG")


CHOICES = st.builds(
    Choice,
    start=st.sampled_from([*start_names("scaled"), "0.3", "normal:0.1"]),
    sigma_w=st.none() | st.floats(1e-3, 1e3),
    activation=st.sampled_from(list(ACTIVATIONS)),
    depth=st.integers(1, 3),
    width=st.integers(1, 5),
    learning_rate=st.floats(1e-4, 10),
    seed=st.integers(0, 2**64),
    batch_size=st.integers(1, 400),
    optimizer=st.sampled_from(["sgd", "adam"]),
)


@settings(max_examples=20)
@given(CHOICES, st.integers(0, 3))
def test_every_state_has_a_command_that_leads_back(choice: Choice, epochs: int) -> None:
    seen = Explorer(load(), choice)
    seen.train(epochs)
    words = shlex.split(text.command(seen.sight))[2:]
    with explore.make_context("explore", words) as ctx:
        again = _explorer(ctx, ctx.params)
    if choice.sigma_w is None:
        assert again.choice == choice
    else:
        assert again.choice == replace(choice, start=Choice.start)
    np.testing.assert_array_equal(again.sight.losses, seen.sight.losses)
    np.testing.assert_array_equal(again.sight.network.theta, seen.sight.network.theta)


def test_a_shell_takes_the_lines_of_a_command_for_one() -> None:
    command = shlex.join(
        ["mlp-demo", "explore", "--data", "it's $2 a.csv", *["--hidden", "2"] * 9]
    )
    lines = text.in_lines(command, 40)
    assert 40 > max(map(len, lines.replace(" \\", "").splitlines())) > 20
    done = subprocess.run(["sh", "-c", f"printf '%s\\n' {lines}"], capture_output=True, text=True)
    assert done.stdout.splitlines() == shlex.split(command)


def test_an_initializer_out_of_a_file_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("of mine").mkdir()
    code = "def half(rng, fan_in, fan_out):\n    return rng.normal(0, 0.5, (fan_in, fan_out))\n"
    Path("of mine/starts.py").write_text(code, encoding="utf-8")
    told = demo([*SMALL, "--init", "of mine/starts.py:half", "-o", "p.png", "--json"])
    assert told.exit_code == 0, told.output
    words = shlex.split(json.loads(told.stdout)["command"])
    assert words[words.index("--init") + 1] == "of mine/starts.py:half"


@pytest.mark.parametrize("sigma_w", [1 / 3, 1e-2, 12.5])
def test_a_range_of_the_slider_comes_back_to_the_last_digit(sigma_w: float) -> None:
    explorer = Explorer(load(), Choice(sigma_w=sigma_w, depth=1, width=2))
    words = shlex.split(text.command(explorer.sight))
    assert float(words[words.index("--sigma-w") + 1]) == sigma_w


def test_it_tells_what_is_in_the_picture(tmp_path: Path) -> None:
    path = str(tmp_path / "p.svg")
    told = demo([*SMALL, "--init", "zeros", "--epochs", "2", "-o", path, "--describe"])
    assert told.exit_code == 0
    assert "18 hidden units act as 3" in told.stdout
    assert "verdict   stalled: epoch 2, loss 1.00" in told.stdout
    assert "mlp-demo explore --init zeros --hidden 6x3 --epochs 2" in told.stdout
    assert "std of a goes from 0 to 0" in told.stdout.replace("\n", " ").replace("  ", "")
    assert max(map(len, told.stdout.replace(path, "").splitlines())) <= 80
    assert demo([*SMALL, "-o", path, "--quiet"]).stdout.startswith("keeps its size: ")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--hide", "depht"], "'depht' is no control: did you mean 'depth'?"),
        (["--sigma-w", "0"], "for all weights at 0 it is --init zeros"),
        (["--sigma-w", "much"], "'much' is not a number"),
        (["--hidden", "4,5"], "its hidden layers have one width"),
        (["--json"], "--json goes with a picture; say where to with -o FILE"),
        (["--quiet"], "--quiet goes with a picture"),
        (["--init", "he_norml"], "did you mean 'he_normal'?"),
        (["--port", "70000"], "70000 is not in the range"),
    ],
)
def test_what_was_typed_wrong_is_told(options: list[str], sentence: str) -> None:
    told = demo(["explore", *options])
    assert told.exit_code == 2
    assert sentence in told.stderr


def test_an_alias_and_controls_with_a_hyphen_are_understood(tmp_path: Path) -> None:
    path = str(tmp_path / "p.png")
    told = demo([*SMALL, "--init", "xavier_normal", "--hide", "sigma-w, seed", "-o", path])
    assert told.exit_code == 0, told.output
    assert "--init glorot_normal" in told.stdout


def run(code: str, *arguments: str, backend: str = "agg") -> subprocess.CompletedProcess[str]:
    code += "\nfrom experiments.cli import main; main(prog_name='mlp-demo')"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "DISPLAY"} | {"MPLBACKEND": backend},
    )


@pytest.mark.parametrize("backend", ["agg", "tkagg", "qtagg"])
def test_without_a_display_one_sentence_says_what_to_do(backend: str) -> None:
    done = run("", *SMALL, backend=backend)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: no window can be opened here: try mlp-demo explore --b")
    assert len(done.stderr.splitlines()) == 1


def test_without_tornado_one_sentence_says_what_to_install() -> None:
    done = run("import sys; sys.modules['tornado'] = None", *SMALL, "--browser")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: the browser needs tornado: pip install 'mlp-demo[browser]'\n"


WINDOWS = all(map(shutil.which, ("Xvfb", "xdotool"))) and find_spec("tkinter")


@pytest.mark.long
@pytest.mark.skipif(not WINDOWS, reason="no Xvfb, xdotool or tkinter to open a window with")
def test_a_real_window_takes_keys_and_is_ended_by_ctrl_c() -> None:
    with subprocess.Popen(
        ["Xvfb", "-displayfd", "1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as screen:
        assert screen.stdout is not None
        env = os.environ | {"DISPLAY": f":{screen.stdout.readline().strip()}"}
        code = "from experiments.cli import main; main(prog_name='mlp-demo')"
        window = subprocess.Popen(
            [sys.executable, "-c", code, *SMALL],
            env=env | {"MPLBACKEND": "tkagg"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        find = ["xdotool", "search", "--sync", "--name", "mlp-demo explore", "windowfocus"]
        subprocess.run(find, env=env, check=True, timeout=60)
        for _ in range(10):  # it may not listen yet
            time.sleep(0.5)
            subprocess.run(["xdotool", "key", "n"], env=env, check=True)
        time.sleep(0.5)
        window.send_signal(signal.SIGINT)
        out, err = window.communicate(timeout=30)
        screen.terminate()
    assert (window.returncode, err.strip()) == (0, "the explorer has ended")
    assert re.fullmatch(r"mlp-demo explore --hidden 6x3 --seed \d+\n", out)


def as_in_a_window(monkeypatch: pytest.MonkeyPatch, show: Callable[[bool], None]) -> None:
    plt.switch_backend("agg")
    monkeypatch.setattr(plt, "get_backend", lambda: "QtAgg")
    monkeypatch.setattr(plt, "show", show)


def test_a_window_shows_the_figure_and_leaves_it_the_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[Any] = []
    as_in_a_window(monkeypatch, lambda block: shown.append(plt.gcf()))
    told = demo([*SMALL, "--init", "small", "--hide", "depth"])
    assert told.exit_code == 0, told.output
    (figure,) = shown
    assert isinstance(figure, ExplorerFigure)
    assert figure.explorer.choice.start == "small"
    assert "depth" not in [control.name for control in figure._controls]
    plt.close(figure)


def test_in_the_end_the_command_that_leads_back_can_be_copied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def played(block: bool) -> None:
        figure: Any = plt.gcf()
        figure.step()
        figure.canvas.draw()
        plt.close(figure)

    as_in_a_window(monkeypatch, played)
    told = demo([*SMALL, "--init", "small"])
    assert told.exit_code == 0, told.output
    assert told.stdout == "mlp-demo explore --init small --hidden 6x3 --epochs 1\n"


def test_a_window_that_is_interrupted_ends_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def pressed(block: bool) -> None:
        """Press Ctrl-C."""
        signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    as_in_a_window(monkeypatch, pressed)
    told = demo(SMALL)
    assert (told.exit_code, told.stderr.strip()) == (0, "the explorer has ended")
    assert plt.get_fignums() == []
    assert signal.getsignal(signal.SIGINT) is before
