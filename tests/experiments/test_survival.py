"""Survival: killed, interrupted, out of room or out of memory, what was there is still there."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from experiments.data import read
from experiments.fitting.measure import begin, fit
from experiments.fitting.model import Model
from experiments.kit.settings import Settings
from tests.oracles import assert_same
from tests.pictures import HOSTILE

resource = pytest.importorskip("resource", reason="limits and signals as Unix has them")

PROGRAM = "from experiments.cli import main; main(prog_name='mlp-demo')"
SGD = ["--optimizer", "sgd", "--learning-rate", "0.1", "--keep", "last"]
TRAIN = ["train", "penguins", "--hidden", "8,8", "--batch-size", "100", "--save", "net.npz", *SGD]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def started(
    *arguments: str,
    program: str = PROGRAM,
    before: Callable[[], None] | None = None,
    encoding: str = "utf-8",
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding=encoding,
        preexec_fn=before,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUNBUFFERED": ""},
    )


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    while not path.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


def kill(folder: Path, kind: signal.Signals, moment: float) -> None:
    """Train, saving every epoch, end it at a moment, and hold the file to a whole epoch."""
    path = folder / "net.npz"
    path.unlink(missing_ok=True)
    process = started(*TRAIN, "--epochs", "1000000", "--save-every", "1", "-o", "curve.png")
    wait_for(path, process)
    time.sleep(moment)
    process.send_signal(kind)
    out, err = process.communicate()
    model = Model.load(path)
    assert out == ""
    if kind == signal.SIGINT:
        assert process.returncode == 130
        assert err == (
            f"interrupted: epoch {model.epoch} was the last whole one, net.npz and curve.png hold "
            "it; --resume net.npz goes on\n"
        )
        assert (folder / "curve.png").read_bytes().startswith(b"\x89PNG")
        assert sorted(p.name for p in folder.iterdir()) == ["curve.png", "net.npz"]
    else:
        assert (process.returncode, err) == (-kind, "")
    assert len(model.loss) == model.epoch + 1
    table, settings = read("penguins"), Settings(hidden=(8, 8), batch_size=100)
    expected = fit(begin(table, settings), table, model.epoch).model
    assert_same(model.network.parameters(), expected.network.parameters())
    np.testing.assert_array_equal(model.loss, expected.loss)


KINDS = pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGKILL], ids=["INT", "KILL"])


@KINDS
def test_a_run_ended_at_any_moment_leaves_a_whole_epoch(
    kind: signal.Signals, folder: Path
) -> None:
    for moment in (0.0, 0.03, 0.1):
        kill(folder, kind, moment)


@KINDS
@pytest.mark.long
def test_a_run_ended_at_fifty_random_moments_leaves_a_whole_epoch(
    kind: signal.Signals, folder: Path
) -> None:
    generator = random.Random(0)
    for _ in range(50):
        kill(folder, kind, generator.uniform(0, 0.4))


def interrupted_after(updates: int) -> str:
    """Return a program that gets a Ctrl-C from itself in the middle of an update."""
    return (
        "import os, signal\n"
        "from mlp.optimizers import SGD\n"
        "update, updates = SGD.update, iter(range(10**9))\n"
        "def interrupted(*arguments):\n"
        f"    next(updates) == {updates} and os.kill(os.getpid(), signal.SIGINT)\n"
        "    update(*arguments)\n"
        "SGD.update = interrupted\n"
    )


def test_a_second_control_c_leaves_at_once(folder: Path) -> None:
    again = (
        "from experiments.fitting import command\n"
        "command.figure = lambda fit: os.kill(os.getpid(), signal.SIGINT)\n"
    )
    process = started(*TRAIN, program=interrupted_after(10) + again + PROGRAM)
    assert process.communicate() == ("", "interrupted\n")
    assert process.returncode == 130
    assert Model.load(folder / "net.npz").epoch == 3, "three batches an epoch"
    assert [p.name for p in folder.iterdir()] == ["net.npz"]


@pytest.mark.parametrize(
    ("updates", "sentence", "left"),
    [
        (0, "interrupted before an epoch was done; nothing was written\n", []),
        (
            5,
            "interrupted: epoch 5 was the last whole one, curve.png shows it; nothing was saved\n",
            ["curve.png"],
        ),
    ],
)
def test_an_interruption_says_what_is_left(
    updates: int, sentence: str, left: list[str], folder: Path
) -> None:
    program = interrupted_after(updates) + PROGRAM
    process = started(
        "train", "penguins", "--batch-size", "1000", *SGD, "-o", "curve.png", program=program
    )
    assert process.communicate() == ("", sentence)
    assert process.returncode == 130
    assert [p.name for p in folder.iterdir()] == left


@pytest.mark.parametrize("command", ["zero", "random"])
def test_the_commands_of_the_notes_leave_nothing_behind(command: str, folder: Path) -> None:
    process = started(command, program=interrupted_after(5) + PROGRAM)
    assert process.communicate() == ("", "interrupted\n")
    assert process.returncode == 130
    assert list(folder.iterdir()) == []


def no_file_longer_than(size: int) -> Callable[[], None]:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.parametrize(
    "command",
    [
        ["train", "penguins", "--epochs", "3", "--save", "net.npz"],
        ["train", "penguins", "--epochs", "3", "-o", "curve.png"],
        ["zero", "--epochs", "3", "-o", "curve.png"],
        ["propagate", "--runs", "1", "--depth", "2", "--width", "5", "-o", "curve.png"],
        ["predict", "good.npz", "penguins", "-o", "net.npz"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_a_disk_that_is_full_ends_in_a_sentence_and_leaves_the_old_file(
    command: list[str], folder: Path
) -> None:
    table = read("penguins")
    fit(begin(table, Settings(epochs=1)), table).model.save(folder / "good.npz")
    for name in ("net.npz", "curve.png"):
        (folder / name).write_bytes(b"old")
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    process = started(*command, before=no_file_longer_than(1500))
    assert process.communicate() == ("", f"Error: {command[-1]}: File too large\n")
    assert process.returncode == 1
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_a_disk_that_is_full_on_the_way_is_said_and_tried_again(folder: Path) -> None:
    process = started(
        *TRAIN, "--epochs", "4", "--save-every", "2", before=no_file_longer_than(1500)
    )
    err = process.communicate()[1]
    assert err.splitlines() == [
        *["net.npz: File too large; training goes on"] * 2,
        "Error: net.npz: File too large",
    ]


def test_a_folder_that_cannot_be_written_is_known_before_the_work(folder: Path) -> None:
    (folder / "closed").mkdir()
    (folder / "closed").chmod(0o500)
    if os.access(folder / "closed", os.W_OK):
        pytest.skip("this user may write everywhere")
    process = started("train", "penguins", "--epochs", "1000000", "--save", "closed/net.npz")
    assert "Permission denied" in process.communicate(timeout=30)[1]
    assert process.returncode == 1


def test_a_folder_that_is_gone_is_said(folder: Path) -> None:
    (folder / "gone").mkdir()

    def before() -> None:
        os.chdir("gone")
        Path("../gone").rmdir()

    process = started("zero", before=before)
    assert process.communicate() == (
        "",
        "Error: the folder that you are in is gone; change to another\n",
    )
    assert process.returncode == 1


# --- terminals, and settings of the machine ---------------------------------------------


def streams(**places: str | None) -> Callable[[], None]:
    """Return what puts a file in place of a stream of the process to come; None closes it."""
    numbers = {"stdin": 0, "stdout": 1, "stderr": 2}
    # A device that is opened the wrong way round cannot be used, as if it were read-only.
    modes = {"stdin": os.O_WRONLY, "stdout": os.O_RDONLY, "stderr": os.O_RDONLY}

    def put() -> None:
        for name, place in places.items():
            if place:
                mode = os.O_WRONLY if place == "/dev/full" else modes[name]
                os.dup2(os.open(place, mode), numbers[name])
            else:
                os.close(numbers[name])

    return put


FULL = pytest.param("/dev/full", "No space left on device", id="full")
if not Path("/dev/full").exists():
    FULL = pytest.param("", "", marks=pytest.mark.skip("no /dev/full"))
NOTHING_CAN_BE_WRITTEN = pytest.mark.parametrize(
    ("place", "why"),
    [
        pytest.param(None, "it is closed", id="closed"),
        pytest.param(os.devnull, "Bad file descriptor", id="read-only"),
        FULL,
    ],
)
ALWAYS = pytest.mark.parametrize(
    "command", [["--help"], ["--version"], ["walkthrough", "zero"]], ids=" ".join
)


@ALWAYS
@NOTHING_CAN_BE_WRITTEN
def test_an_output_that_takes_nothing_is_said_before_any_work(
    command: list[str], place: str | None, why: str
) -> None:
    process = started(*command, before=streams(stdout=place))
    sentence = f"Error: standard output cannot be written to: {why}\n"
    assert process.communicate() == ("", sentence)
    assert process.returncode == 1


def test_an_output_that_becomes_full_is_said(folder: Path) -> None:
    def before() -> None:
        no_file_longer_than(500)()
        os.dup2(os.open("out.txt", os.O_WRONLY | os.O_CREAT), 1)

    process = started("list", before=before)
    assert process.communicate() == ("", "Error: standard output: File too large\n")
    assert process.returncode == 1


@ALWAYS
@pytest.mark.parametrize("place", [None, os.devnull], ids=["closed", "write-only"])
def test_without_input_nothing_is_missing(command: list[str], place: str | None) -> None:
    process = started(*command, before=streams(stdin=place))
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert out == started(*command).communicate()[0] != ""


@NOTHING_CAN_BE_WRITTEN
def test_without_messages_the_exit_code_is_the_same(place: str | None, why: str) -> None:
    codes = {("zreo",): 2, ("zero", "--data", "missing.csv"): 1, ("--version",): 0}
    for command, code in codes.items():
        process = started(*command, before=streams(stderr=place))
        process.communicate()
        assert process.returncode == code, command


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "cp1251"])
@pytest.mark.parametrize("command", [["--help"], ["--version"], ["zero", "--epochs", "5"]])
def test_a_terminal_of_few_letters_gets_others(
    command: list[str], encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = started(*command).communicate()[0]
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    with started(*command, encoding=encoding) as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    for ours, its in zip(wanted.splitlines(), out.splitlines(), strict=True):
        assert (its == ours) or not ours.isascii()
        assert its.count("?") == ours.count("?")


def test_what_is_raised_stays_so_on_a_terminal_of_few_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "cp1251")
    assert "N(0, 0.05^2)" in started("list", "initializers", encoding="cp1251").communicate()[0]
    program = "from experiments.kit import streams; streams.prepare(); print('10⁻¹², aᵀ, 10⁴, √½')"
    assert started(program=program).communicate() == ("10^-12, a^T, 10^4, sqrt1/2\n", "")


def test_the_settings_of_matplotlib_change_no_picture(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["zero", "--epochs", "5", "-q", "-o"]
    assert started(*command, "usual.png").communicate()[1] == ""
    lines = [f"{name}: {value}" for name, value in HOSTILE.items()]
    (folder / "matplotlibrc").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setenv("MPLBACKEND", "nonsense")
    assert started(*command, "here.png").communicate() == (
        "stalled: no weight moved (largest change 0)\n",
        "",
    )
    assert (folder / "here.png").read_bytes() == (folder / "usual.png").read_bytes()


def test_settings_that_are_no_text_are_said(folder: Path) -> None:
    (folder / "matplotlibrc").write_bytes(b"# gr\xf6\xdfer\nfont.size: 20\n")
    process = started("zero", "--epochs", "5")
    err = process.communicate()[1].splitlines()
    assert err[-1].startswith("Error: matplotlib's settings, matplotlibrc, are no text")
    assert process.returncode == 1


@pytest.mark.long
def test_a_million_rows_of_ten_columns_train_within_two_gibibytes(folder: Path) -> None:
    rng = np.random.default_rng(0)
    with (folder / "big.csv").open("w") as file:
        file.write(",".join(f"c{k}" for k in range(9)) + ",y\n")
        for _ in range(100):
            np.savetxt(file, rng.standard_normal((10_000, 10)), delimiter=",", fmt="%.10g")
    for batch_size in ([], ["--batch-size", "1000"]):
        process = started(
            "train", "big.csv", "--epochs", "2", "--save", "net.npz", "-q", *batch_size
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.communicate()
        assert os.waitstatus_to_exitcode(status) == 0
        assert usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) < 2 * 2**30
    assert Model.load(folder / "net.npz").rows == 1_000_000
