"""The command line: what is typed works, and what is mistyped gets one sentence."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from itertools import repeat
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from experiments.case import command, figure
from experiments.case.cases import CASES
from experiments.cli import main
from experiments.data import DataError
from experiments.kit.group import FAULT, FAULT_CODE
from experiments.kit.settings import Default
from experiments.race.races import RACES
from experiments.verify import Run, every_run
from experiments.walkthrough.measure import LESSONS
from mlp import initializers
from mlp.arrays import InputError

FAST = ["--epochs", "20"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def short_race(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the deep part of ``random`` run for one epoch."""
    race = RACES["random"]
    monkeypatch.setitem(
        RACES, "random", replace(race, defaults=replace(race.defaults, epochs=Default(1)), runs=1)
    )


def demo(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("case", CASES)
def test_a_case_prints_its_story_and_draws_its_picture(case: str, folder: Path) -> None:
    result = demo(case, "--activation", "tanh", *FAST)
    assert result.exit_code == 0, result.output
    assert CASES[case].title in result.stdout
    assert result.stderr == ""
    pictures = {f"{case}-tanh.png"} | ({f"{case}-tanh-deep.png"} if case in RACES else set())
    assert {p.name for p in folder.iterdir()} == pictures
    assert f"{case}-tanh.png" in result.stdout


def test_json_and_its_short_form_print_the_same_object(folder: Path) -> None:
    long = demo("zero", *FAST, "--format", "json")
    short = demo("zero", *FAST, "--json")
    assert long.exit_code == short.exit_code == 0
    assert json.loads(long.stdout) == json.loads(short.stdout)
    assert json.loads(short.stdout)["figure"] == "zero-relu.png"


@pytest.mark.parametrize("name", ["xavier", "he"])
def test_a_race_prints_its_story_and_draws_its_picture(name: str, folder: Path) -> None:
    short = ["--epochs", "2", "--hidden", "9x4", "--distribution", "uniform"]
    result = demo(name, *short)
    assert result.exit_code == 0, result.output
    assert RACES[name].title in result.stdout
    assert "9×4" in result.stdout
    assert [p.suffix for p in folder.iterdir()] == [".png"]
    data = json.loads(demo(name, *short, "--json").stdout)
    contract = (
        "case activation sizes initializer data seed epochs learning_rate loss "
        "mean_predictor_loss claims verdict figure"
    )
    assert set(contract.split()) <= set(data)
    assert (data["case"], data["sizes"]) == (name, [2, 9, 9, 9, 9, 1])
    assert demo(name, *short, "-q").stdout == data["verdict"] + "\n"


def test_random_has_a_deep_part_in_every_format(folder: Path) -> None:
    quiet = demo("random", *FAST, "-q").stdout
    assert "in depth: " in quiet
    lines = demo("random", *FAST).stdout.splitlines()
    answer = lines[: lines.index("")]
    assert answer == lines[-len(answer) :], "what scrolls away is said again at the end"
    told = " ".join(" ".join(answer).split())
    assert all(line.removeprefix("in depth: ") in told for line in quiet.splitlines())
    data = json.loads(demo("random", *FAST, "--scale", "0.3", "--json").stdout)
    assert list(data["deep"]["results"]) == ["scaled", "small", "large", "0.3"]
    assert (folder / data["deep"]["figure"]).exists()


def test_compare_writes_table_json_and_curves(folder: Path) -> None:
    two = ["compare", "--init", "zeros", "--init", "xavier_normal", "--runs", "2", *FAST]
    result = demo(*two, "--csv", "curves.csv")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[2].startswith("answer    xavier_normal")
    assert len((folder / "curves.csv").read_text().splitlines()) == 1 + 2 * 2 * 21
    data = json.loads(demo(*two, "--json").stdout)
    entry = data["results"]["zeros"]
    assert {"final_loss", "loss_median", "loss_low", "loss_high", "verdicts"} <= set(entry)
    assert (len(entry["final_loss"]), len(entry["loss_low"])) == (2, 21)
    assert entry["verdicts"] == {"stalled": 2}
    assert demo(*two, "-q").stdout.startswith("xavier_normal explains most")


def test_compare_knows_an_initializer_by_being_registered() -> None:
    initializers.register("coin")(lambda rng, i, o: rng.choice([-0.5, 0.5], (i, o)))
    try:
        assert "\n  coin " in demo("compare", "--runs", "1", "--epochs", "2").stdout
    finally:
        initializers.INITIALIZERS.remove("coin")


def test_quiet_prints_the_verdict_alone_which_the_story_begins_with() -> None:
    verdict = "stalled: no weight moved (largest change 0)"
    assert demo("zero", *FAST, "-q").stdout == verdict + "\n"
    assert demo("zero", *FAST).stdout.startswith(f"answer    {verdict}\n\nCase 1")


@pytest.mark.parametrize("name", ["ReLU", "RELU", "relu"])
def test_names_may_be_written_as_in_the_notes(name: str) -> None:
    assert demo("zero", *FAST, "--activation", name, "-q").exit_code == 0


def test_options_reach_the_run(folder: Path) -> None:
    result = demo(
        "random", "--scale", "0.3", "--hidden", "3,2", "--activation", "sigmoid", "--epochs", "7",
        "--learning-rate", "0.02", "--batch-size", "50", "--optimizer", "adam", "--seed", "5",
        "--inputs", "bill_length_mm,year", "--target", "flipper_length_mm",
        "-o", "here.svg", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert data["sizes"] == [2, 3, 2, 1]
    assert data["options"] == {"scale": "0.3"}
    kept = ("activation", "epochs", "learning_rate", "batch_size", "optimizer", "seed", "figure")
    assert [data[k] for k in kept] == ["sigmoid", 7, 0.02, 50, "adam", 5, "here.svg"]
    assert len(data["loss"]) == 8
    assert (folder / "here.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_divergence_ends_well(folder: Path) -> None:
    result = demo("constant", "--learning-rate", "1e300", *FAST)
    assert result.exit_code == 0
    assert "diverged" in result.stdout
    assert result.stderr == ""
    assert (folder / "constant-relu.png").exists()


WRONG = {
    "zreo": (2, "did you mean 'zero'"),
    "zero --activation rellu": (2, "did you mean 'relu'"),
    "zero --optimizer adamm": (2, "did you mean 'adam'"),
    "zero --hiden 2": (2, "--hidden"),
    "zero --hidden 0": (2, "such as 2 or 16,16"),
    "zero --hidden 2,": (2, "such as 2 or 16,16"),
    "zero --hidden two": (2, "such as 2 or 16,16"),
    "zero --epochs 0": (2, "x>=1"),
    "zero --epochs many": (2, "not a valid integer"),
    "zero --learning-rate nan": (2, "not a positive finite number"),
    "zero --learning-rate -1": (2, "not a positive finite number"),
    "zero --learning-rate 0": (2, "not a positive finite number"),
    "zero --learning-rate fast": (2, "not a positive finite number"),
    "zero --batch-size 0": (2, "x>=1"),
    "zero --seed -1": (2, "x>=0"),
    "zero --format xml": (2, "text"),
    "zero -o picture.xyz": (2, "does not end in a format"),
    "zero -o .": (2, "does not end in a format"),
    "zero -o missing/p.png": (1, "folder missing does not exist"),
    "zero extra": (2, "unexpected extra argument"),
    "zero --inputs ,": (2, "not a list of columns"),
    "zero --inputs bill": (1, "has no column 'bill'"),
    "zero --inputs species": (1, "line 2, column 'species'"),
    "zero --target body_mas_g": (1, "did you mean 'body_mass_g'"),
    "zero --inputs year --target year": (1, "chosen twice"),
    "zero --data penguin": (1, "did you mean 'penguins'"),
    "zero --data missing.csv": (1, "missing.csv"),
    "zero --data .": (1, "."),
    "zero --hidden 200000,200000": (1, "memory"),
    "constant --value much": (2, "'much' is not a number"),
    "constant --value inf": (2, "finite"),
    "constant --value 0": (2, "mlp-demo zero"),
    "random --scale huge": (2, "small, large, scaled"),
    "random --scale -1": (2, "small, large, scaled"),
    "random --scale nan": (2, "small, large, scaled"),
    "xavier --distribution cauchy": (2, "not normal or uniform"),
    "he --hidden 50y10": (2, "50x10"),
    "compare --init he_norml": (2, "did you mean 'he_normal'"),
    "compare --runs 0": (2, "x>=1"),
    "compare --csv missing/c.csv": (1, "folder missing does not exist"),
    "compare --csv .": (1, "is a folder"),
    "walkthrough zreo": (2, "did you mean 'zero'"),
    "walkthrough zero extra": (2, "unexpected extra argument"),
    "walkthrough zero --rows 0": (2, "x>=1"),
    "walkthrough zero --rows 10": (2, "choose 1 to 9"),
    "walkthrough zero --steps 0": (2, "x>=1"),
    "walkthrough zero --hidden 4": (2, "choose one layer of 1 to 3"),
    "walkthrough zero --hidden 2,2": (2, "choose one layer of 1 to 3"),
    "walkthrough zero --value 1": (2, "No such option"),
    "walkthrough zero --inputs bill": (1, "has no column 'bill'"),
    "walkthrough zero --target body_mass_g,year": (2, "choose one --target"),
    "walkthrough zero --format latex": (2, "markdown"),
    "walkthrough constant --value 0": (2, "mlp-demo zero"),
    "verify now": (2, "unexpected extra argument"),
    "list --quiet": (2, "No such option"),
    "list case": (2, "did you mean 'cases'"),
    "symmetry --epsilon -1": (2, "0 or more"),
    "symmetry --epsilon much": (2, "'much' is not a number"),
    "symmetry --value nan": (2, "not a finite number"),
    "symmetry --bias-init norml": (2, "did you mean 'normal'"),
    "symmetry --hidden 1": (2, "one unit has no other"),
    "symmetry --runs 0": (2, "x>=1"),
    "zero --animate p.png": (2, "does not end in a format of moving pictures"),
    "zero --animate missing/p.gif": (1, "folder missing does not exist"),
}


@pytest.mark.parametrize("line", WRONG)
def test_a_mistake_is_one_sentence(line: str, folder: Path) -> None:
    code, words = WRONG[line]
    result = demo(*line.split())
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert isinstance(result.exception, SystemExit)
    (sentence,) = [s for s in result.stderr.splitlines() if s.startswith("Error: ")]
    assert words in sentence
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("error", [ValueError, IndexError, RecursionError])
def test_a_fault_of_ours_looks_like_one(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    def panel(*arguments: object) -> None:
        raise error("broken on purpose")

    monkeypatch.setattr(figure, "loss_panel", panel)
    result = demo("zero", *FAST)
    assert (result.exit_code, result.stdout) == (FAULT_CODE, "") == (70, "")
    lines = result.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert f"{error.__name__}: broken on purpose" in lines
    assert lines[-1] == FAULT
    assert list(folder.iterdir()) == []


def test_what_the_user_got_wrong_is_told_apart_from_a_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for error, code in ((InputError, 2), (DataError, 1), (ValueError, 70)):

        def wrong(*arguments: object, error: type[ValueError] = error) -> None:
            raise error("this and that")

        monkeypatch.setattr(command, "run", wrong)
        result = demo("zero", *FAST)
        assert result.exit_code == code
        assert ("Error: this and that" in result.stderr.splitlines()) == (code < 70)


def test_help_shows_an_example_first() -> None:
    for name in ["", *main.commands, *(f"walkthrough {case}" for case in LESSONS)]:
        text = demo(*name.split(), "--help").stdout
        assert "Example:\n" in text
        assert f"mlp-demo {name or 'zero'}" in text
        assert text.index("Example") < text.index("Options:")
        assert max(map(len, text.splitlines())) <= 80
    assert demo("-h").stdout == demo("--help").stdout
    assert demo("--version").stdout.startswith("mlp-demo ")


def test_list_prints_text_and_json() -> None:
    assert "glorot_uniform" in demo("list").stdout
    assert set(json.loads(demo("list", "--json").stdout)) == {
        "initializers", "activations", "cases", "races", "maps", "data",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("part", "there", "not_there", "keys"),
    [
        ("initializers", "N(0, 2 / fan_in)", "max(0, z)", {"initializers"}),
        ("activations", "max(0, z)", "glorot", {"activations"}),
        ("cases", CASES["zero"].claims["relu"][0].text, "lecun", {"cases", "races", "maps"}),
        ("data", "penguins", "relu", {"data"}),
    ],
)
def test_list_shows_one_part_if_asked(
    part: str, there: str, not_there: str, keys: set[str]
) -> None:
    told = demo("list", part).stdout
    assert there in told
    assert not_there not in told
    assert set(json.loads(demo("list", part, "--json").stdout)) == keys


def test_every_claim_that_is_verified_is_in_the_list() -> None:
    told = demo("list", "cases").stdout
    for run in every_run():
        assert run.claims
        assert all(claim.text in told for claim in run.claims)


def test_the_whole_list_fits_two_screens() -> None:
    assert demo("list").stdout.count("\n") <= 2 * 24


@pytest.fixture
def short_verify(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``verify`` run one case only, so that its printing can be tested quickly."""
    monkeypatch.setattr("experiments.verify.every_run", lambda: [Run("case", "zero", "relu", {})])


@pytest.mark.usefixtures("short_verify")
def test_verify_prints_one_table_and_its_count() -> None:
    result = demo("verify", "--jobs", "1")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == lines[-1] == "4 claims: 4 hold, 0 are refuted; all as documented"
    assert demo("verify", "--jobs", "1", "-q").stdout.count("\n") == 1
    data = json.loads(demo("verify", "--jobs", "1", "--json").stdout)
    assert (len(data["claims"]), data["as_documented"]) == (4, True)


@pytest.mark.usefixtures("short_verify")
def test_verify_fails_where_a_claim_comes_out_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.case.cases.ROUNDING", -1.0)
    result = demo("verify", "--jobs", "1")
    assert result.exit_code == 1
    assert "1 NOT as documented" in result.stdout


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    colourful = CliRunner().invoke(main, ["zero", *FAST], color=True).stdout
    assert click.unstyle(colourful) != colourful
    monkeypatch.setenv("NO_COLOR", "1")
    plain = CliRunner().invoke(main, ["zero", *FAST], color=True).stdout
    assert plain == click.unstyle(colourful)


def test_show_opens_the_picture_or_says_that_it_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(click, "launch", lambda path: opened.append(path) or 0)  # type: ignore[func-returns-value]
    assert demo("zero", *FAST, "--show").stderr == ""
    assert opened == ["zero-relu.png"]
    opened.clear()
    demo("random", *FAST, "--show", "-o", "r.png")
    assert opened == ["r.png", "r-deep.png"]
    monkeypatch.setattr(click, "launch", lambda path: 1)
    assert "open it yourself" in demo("zero", *FAST, "--show").stderr


def test_control_c_ends_with_130_and_one_line() -> None:
    code = (
        "from experiments.case import command\n"
        "from experiments.cli import main\n"
        "import os, signal\n"
        f"command.run = lambda *a, **k: os.kill(os.getpid(), {int(signal.SIGINT)})\n"
        "main(['zero'], prog_name='mlp-demo')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 130
    assert done.stderr == "interrupted\n"


def test_a_reader_that_stops_early_is_no_error() -> None:
    code = "from experiments.cli import main; main(['list'], prog_name='mlp-demo')"
    pipe = f'{sys.executable} -c "{code}" | head -1'
    done = subprocess.run(["sh", "-c", pipe], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("initializers")
    assert "Traceback" not in done.stderr


# --- the walkthrough in front of a class -----------------------------------------------


def on_a_terminal(
    *arguments: str, key: bytes = b" ", said: Iterable[bytes] = repeat(b"y\n")
) -> tuple[str, int]:
    """Run a command on a terminal of its own: press `key` where any will do, or say the next."""
    answers = iter(said)
    ours, its = os.openpty()
    code = (
        "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"  # so that ctrl-c arrives
        f"from experiments.cli import main; main({list(arguments)!r}, prog_name='mlp-demo')"
    )
    environment = os.environ | {"NO_COLOR": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=its,
        stdout=its,
        stderr=its,
        env=environment,
        start_new_session=True,
    )
    os.close(its)
    output, deadline = b"", time.monotonic() + 60
    while True:
        if time.monotonic() > deadline:  # whoever waits for ever has been left alone
            process.kill()
        ready, _, _ = select.select([ours], [], [], 0.05)
        try:
            if ready:
                output += os.read(ours, 4096)
            elif output.endswith(b"-- any key --\r"):
                os.write(ours, key)
            elif output.endswith(b"[y/n] "):
                os.write(ours, next(answers))
        except OSError:  # the terminal is closed when the command is done
            break
        if not ready and process.poll() is not None:
            break
    os.close(ours)
    return output.decode().replace("\r\n", "\n"), process.wait()


WALK = ("walkthrough", "zero", "--activation", "sigmoid", "--rows", "1", "--steps", "2")


def test_every_case_can_be_worked_by_hand(folder: Path) -> None:
    for case in LESSONS.values():
        result = demo("walkthrough", case.name, "--activation", "tanh")
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith(f"{case.title}, tanh, worked by hand\n")
        assert result.stderr == ""
    assert list(folder.iterdir()) == []


def test_the_walkthrough_knows_all_formats() -> None:
    assert demo(*WALK, "--format", "markdown").stdout.startswith("# Case 1: ")
    assert json.loads(demo(*WALK, "--json").stdout)["of"] == "zero"
    assert demo(*WALK, "-q").stdout.startswith("the layers wake from the output back")
    options = ("--value", "0.25", "--learning-rate", "0.5", "--hidden", "3", "--seed", "7")
    data = json.loads(demo("walkthrough", "constant", *options, "--json").stdout)
    assert (data["options"], data["learning_rate"]) == ({"value": 0.25}, 0.5)
    assert (data["sizes"], data["seed"]) == ([2, 3, 1], 7)


def test_a_handout_to_fill_in() -> None:
    blank = demo(*WALK, "--format", "markdown", "--ask", "--blank").stdout
    assert "$$a_{11} = \\frac{1}{1 + e^{-z_{11}}}$$\n\n- value: ____" in blank
    assert "☐ yes  ☐ no" in blank
    assert not re.search("Notice|Answer|wake", blank)
    assert "0.5" not in blank.split("## Step 1")[1]
    refused = demo(*WALK, "--blank")
    assert (refused.exit_code, "add --format markdown" in refused.stderr) == (2, True)


def test_without_a_terminal_it_never_waits() -> None:
    result = demo(*WALK, "--ask", "--pause")
    assert result.exit_code == 0
    assert "any key" not in result.output
    assert result.stdout.count("? will") == 2 * 4
    asked = "? will w'11 and w'12 receive the same gradient? [y/n] \n  yes: they receive 0 and 0\n"
    assert asked in result.stdout
    assert "predicted" not in result.stdout
    assert "? will" not in demo(*WALK).stdout


def test_predictions_are_asked_for_answered_and_counted() -> None:
    output, code = on_a_terminal(*WALK, "--ask")
    assert code == 0
    expected = demo(*WALK, "--ask").stdout
    answers = re.findall(r"\? (.+) \[y/n\] \n  (yes|no): ", expected)
    seen = re.findall(r"\? (.+) \[y/n\] y\n  ([✓✗]) (yes|no): ", output)
    assert [(question, answer) for question, _, answer in seen] == answers
    assert all((mark == "✓") == (answer == "yes") for _, mark, answer in seen)
    right = sum(answer == "yes" for _, answer in answers)
    assert 0 < right < len(answers) == 8
    assert output.rstrip().endswith(f"You predicted {right} of 8.")


def test_it_waits_for_a_key_between_the_parts() -> None:
    output, code = on_a_terminal(*WALK, "--pause", key=b" ")
    assert code == 0
    shown = re.sub(r"-- any key --\r *\r", "", output)
    assert shown == demo(*WALK).stdout
    parts = output.split("-- any key --\r")
    assert len(parts) >= 2 + 2 * 5
    assert max(part.count("\n") for part in parts) <= 23


def test_the_enter_after_a_prediction_does_not_skip_a_part() -> None:
    output, code = on_a_terminal(*WALK, "--ask", "--pause")
    assert code == 0
    parts = output.split("-- any key --\r")
    assert max(part.count("\n") for part in parts) <= 23
    # Whoever has pressed as many keys as there were prompts has seen the end of every part.
    assert all(part.endswith(("\n", "\n\n")) for part in parts[:-1])
    assert output.count("[y/n] y\n") == 2 * 4
    assert "You predicted" in parts[-1]


def test_what_is_no_answer_is_told_which_are() -> None:
    output, _ = on_a_terminal(*WALK, "--ask", said=(b"x\n", b"\x03"))
    assert "Error: 'x' is neither y nor n; type one of them, and Enter" in output


@pytest.mark.parametrize("flag", ["--ask", "--pause"])
@pytest.mark.parametrize("key", [b"\x03", b"\x04"], ids=["ctrl-c", "ctrl-d"])
def test_it_can_be_left_at_any_prompt(flag: str, key: bytes) -> None:
    output, code = on_a_terminal(*WALK, flag, key=key, said=(key,))
    assert code == 130
    assert output.endswith("\ninterrupted\n")
    assert "Traceback" not in output
