"""``train`` and ``predict`` from end to end: what is typed, printed, drawn and written."""

from __future__ import annotations

import csv
import json
import shlex
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result
from matplotlib.figure import Figure

from experiments.cli import main
from experiments.data import read
from experiments.fitting import figure as pictures
from experiments.fitting import text as words
from experiments.fitting.measure import begin, fit
from experiments.fitting.model import Model
from experiments.fitting.outcome import Fit
from experiments.kit import style
from experiments.kit.settings import Settings
from mlp import initializers
from mlp.optimizers import OPTIMIZERS
from tests.pictures import assert_legible, texts

PENGUINS = read("penguins")

# As somebody might have it: a byte order mark, semicolons, quotes, blanks, gaps, Windows.
HOUSES = (
    '\ufeff"Living area (m²)";Rooms;"Age, years"; Note ;"Price in $"\r\n'
    '100.5;4;10;"old; nice";250000\r\n'
    "60;2;30;;140000\r\n"
    ";3;5;new;200000\r\n"
    "85;3;n/a;;190000\r\n"
    '" 120 ";5;1;;320000\r\n'
    "45;1;60;;90000\r\n"
    "70;2;25;;160000\r\n"
    "\r\n"
).encode()
COLUMNS = ["--target", "Price in $", "--inputs", 'Living area (m²),Rooms,"Age, years"']


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "houses.csv").write_bytes(HOUSES)
    return tmp_path


def demo(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result


def test_a_table_as_people_have_it_is_learned_saved_and_predicted(folder: Path) -> None:
    train = ["train", "houses.csv", *COLUMNS, "--drop-missing", "--save", "net.npz"]
    text = demo(*train, "--epochs", "50", "-o", "curve.png").stdout
    assert "5 rows: 2 incomplete dropped, 4 to learn from, 1 held out" in " ".join(text.split())
    assert "mlp-demo predict net.npz houses.csv" in text
    assert {p.name for p in folder.iterdir()} == {"houses.csv", "net.npz", "curve.png"}
    printed = demo("predict", "net.npz", "houses.csv", "--drop-missing")
    demo("predict", "net.npz", "houses.csv", "--drop-missing", "-o", "out.csv", "-q")
    assert (folder / "out.csv").read_text(encoding="utf-8") == printed.stdout
    assert "7 rows, 2 incomplete and unanswered" in printed.stderr
    rows = list(csv.reader(printed.stdout.splitlines()))
    assert rows[0] == ["Price in $"]
    answers = [float(row[0]) if row[0] else None for row in rows[1:]]
    assert [k for k, answer in enumerate(answers) if answer is None] == [2, 3]
    data = json.loads(demo("predict", "net.npz", "houses.csv", "--drop-missing", "--json").stdout)
    assert data["predictions"] == {"Price in $": answers}
    assert data["known"] == 5


def test_a_table_without_the_target_can_be_asked_about(folder: Path) -> None:
    demo("train", "houses.csv", *COLUMNS, "--drop-missing", "--save", "n.npz", "--epochs", "5")
    (folder / "new.csv").write_text('Rooms,"Age, years",Living area (m²)\n3,10,80\n', "utf-8")
    result = demo("predict", "n.npz", "new.csv")
    assert result.stderr == "1 row\n"
    assert len(result.stdout.splitlines()) == 2


def test_numbers_without_a_header_get_names(folder: Path) -> None:
    rows = "".join(f"{k};{k * k}\n" for k in range(20))
    (folder / "plain.txt").write_text(rows, "utf-8")
    assert "the columns are called x1, x2" in demo("train", "plain.txt", "--epochs", "5").stdout
    data = json.loads(demo("train", "plain.txt", "--epochs", "5", "--json").stdout)
    assert (data["inputs"], data["targets"], data["header"]) == (["x1"], ["x2"], False)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_run_in_two_parts_writes_the_very_bytes_of_a_run_in_one(
    optimizer: str, folder: Path
) -> None:
    how = ["train", "penguins", "--batch-size", "64", "--optimizer", optimizer]
    demo(*how, "--epochs", "7", "--save", "whole.npz", "-o", "whole.png")
    demo(*how, "--epochs", "3", "--save", "part.npz", "-o", "part.png")
    demo("train", "penguins", "--resume", "part.npz", "--epochs", "4", "-o", "part.png")
    assert (folder / "part.npz").read_bytes() == (folder / "whole.npz").read_bytes()
    assert (folder / "part.png").read_bytes() == (folder / "whole.png").read_bytes()


def test_what_is_resumed_can_be_kept_and_written_elsewhere(folder: Path) -> None:
    demo("train", "houses.csv", *COLUMNS, "--drop-missing", "--save", "a.npz", "--epochs", "3")
    before = (folder / "a.npz").read_bytes()
    demo("train", "houses.csv", "--resume", "a.npz", "--save", "b.npz", "--epochs", "2")
    assert (folder / "a.npz").read_bytes() == before
    assert Model.load("b.npz").epoch == 5


def test_the_last_finite_network_of_a_divergence_is_saved_and_said() -> None:
    result = demo("train", "penguins", "--learning-rate", "1e300", "--save", "net.npz")
    assert "verdict   diverged: not finite at epoch 1" in result.stdout
    assert "the network of epoch 0, the last that was finite" in " ".join(result.stdout.split())
    assert Model.load("net.npz").network.is_finite()


def test_a_start_that_is_never_finite_is_told_and_what_is_advised_works(folder: Path) -> None:
    result = demo("train", "penguins", "--init", "1e200", "--epochs", "5", "--describe")
    assert "diverged: not finite at epoch 0" in result.stdout
    assert "The start was too large; use --init he_normal." in result.stdout
    assert "none, as the start is not finite" in " ".join(result.stdout.split())
    data = json.loads(demo("train", "penguins", "--init", "1e200", "--json").stdout)
    assert (data["loss"], data["r2"]) == ([], None)


def test_quiet_prints_the_verdict_alone() -> None:
    result = demo("train", "penguins", "--epochs", "5", "-q")
    assert result.stdout.startswith("learning: held-out loss ")
    assert result.stdout.count("\n") == 1


# Text, JSON and picture -------------------------------------------------------------------------


def some_fit(**how: object) -> Fit:
    settings = Settings(hidden=(6, 4), epochs=20)
    start, validation = how.pop("start", None), how.pop("validation", 0.2)
    settings = replace(settings, **how)  # type: ignore[arg-type]
    model = begin(PENGUINS, settings, start=start, validation=validation)  # type: ignore[arg-type]
    return fit(model, PENGUINS)


def odd_names() -> Fit:
    names = ("a $ in a name, and $more", "w" * 90), ("größe_$_" * 8,)
    table = replace(PENGUINS, inputs=names[0], targets=names[1], name="$" * 60 + ".csv")
    return fit(begin(table, Settings(hidden=(3,), epochs=5)), table)


def several_targets() -> Fit:
    table = read("penguins", ["year"], ["bill_length_mm", "flipper_length_mm", "body_mass_g"])
    return fit(begin(table, Settings(hidden=(30,) * 15, epochs=5, activation="tanh")), table)


def not_finite() -> Fit:
    initializers.register("huge")(lambda rng, fan_in, fan_out: np.full((fan_in, fan_out), 1e200))
    try:
        return some_fit(start="huge")
    finally:
        initializers.INITIALIZERS.remove("huge")


USUAL = {"optimizer": "adam", "learning_rate": 0.003, "batch_size": 32}

FITS = {
    "learning": some_fit,
    "a long run": lambda: some_fit(epochs=600, learning_rate=0.05),
    "by heart": lambda: some_fit(hidden=(64, 64, 64), epochs=100, **USUAL),
    "one epoch": lambda: some_fit(epochs=1),
    "none held out": lambda: some_fit(validation=0.0),
    "diverged": lambda: some_fit(learning_rate=5.0, epochs=500),
    "diverged at once": lambda: some_fit(learning_rate=1e300),
    "never finite": not_finite,
    "zeros": lambda: some_fit(start="zeros"),
    "odd names": odd_names,
    "several targets": several_targets,
}


@pytest.mark.parametrize("make", FITS.values(), ids=FITS)
@pytest.mark.parametrize("saved", [None, "net.npz"])
def test_everything_that_can_happen_is_told_in_eighty_columns(make: object, saved: str) -> None:
    f: Fit = make()  # type: ignore[operator]
    text = click.unstyle(words.text(replace(f, saved=saved), "curve.png"))
    for line in text.splitlines():
        whole = line.strip().startswith(("--inputs ", "--target "))  # so that it can be copied
        assert len(line) <= 80 or whole, line
    landmarks = ["network", "data", "start", "training", "layers", "verdict", "saved", "curve.png"]
    places = [text.index(word) for word in landmarks]
    assert places == sorted(places)
    assert str(f.verdict()) in text
    for finding in f.findings():
        assert " ".join(finding.remedy.split()) in " ".join(text.split())
    data = words.as_json(replace(f, saved=saved), "curve.png")
    json.loads(json.dumps(data), parse_constant=pytest.fail)
    assert len(data["loss"]) == len(f.model.loss)


@pytest.mark.parametrize("make", FITS.values(), ids=FITS)
def test_everything_that_can_happen_is_legible_as_a_picture(make: object, folder: Path) -> None:
    f: Fit = make()  # type: ignore[operator]
    figure = pictures.figure(f)
    assert_legible(figure)
    words = " ".join(text.get_text() for text in texts(figure))
    assert f.verdict().word in words
    if f.diverged_at >= 0:
        assert f"diverged at epoch {f.diverged_at}" in words
    style.save(figure, folder / "p.svg")


def test_the_loss_panel_shows_both_kinds_of_rows_and_the_mean() -> None:
    f = some_fit()
    ax = pictures.loss_panel(Figure().subplots(), f)
    drawn = [np.asarray(line.get_ydata()) for line in ax.lines]
    for expected in (f.model.loss, f.model.held_out_loss, [1.0, 1.0]):
        assert any(len(ys) == len(expected) and np.allclose(ys, expected) for ys in drawn)


def test_the_rest_is_seen_beside_a_spike() -> None:
    f = some_fit(hidden=(16, 16), **USUAL)
    loss = f.model.loss.copy()
    loss[10] = 50.0
    ax = pictures.loss_panel(Figure().subplots(), replace(f, model=replace(f.model, loss=loss)))
    assert ax.get_ylim()[1] < 3 * loss[0] < 50
    assert "▲ up to 50.0" in [text.get_text() for text in ax.texts]


def advised(f: Fit, saved: str | None = None) -> dict[str, str]:
    """Return the options of the command that the text ends with."""
    text = click.unstyle(words.text(replace(f, saved=saved), "curve.png"))
    command = text[text.index("mlp-demo train") :].replace("\\\n", " ")
    typed = shlex.split(command)[3:]
    return dict(zip(typed[::2], typed[1::2], strict=True))


def test_the_advice_trains_the_same_network() -> None:
    assert advised(some_fit(hidden=(16, 16), **USUAL | {"epochs": 100})) == {"--save": "net.npz"}
    options = {"--hidden": "6,4", "--epochs": "20", "--activation": "tanh", "--init": "orthogonal"}
    f = some_fit(activation="tanh", start="orthogonal", seed=3, **USUAL | {"batch_size": 50})
    batches = {"--seed": "3", "--batch-size": "50"}
    assert advised(f) == options | batches | {"--save": "net.npz"}
    f = some_fit(hidden=(50,) * 10, activation="tanh", **USUAL | {"epochs": 3})
    assert advised(f)["--hidden"] == "50x10"
    f = some_fit(learning_rate=5.0, epochs=500)
    assert "--learning-rate" not in advised(f, "n.npz")
    assert advised(f, "n.npz")["--save"] == "n.npz"


def test_what_was_advised_against_is_not_what_comes_next() -> None:
    def last(f: Fit) -> str:
        text = click.unstyle(words.text(replace(f, saved="n.npz"), "p.png"))
        return text[text.index("\nnext") :]

    f = some_fit(hidden=(16, 16), **USUAL)
    held_out = f.model.held_out_loss.copy()
    held_out[5], held_out[-1] = 0.1, 0.9
    rising = replace(f, model=replace(f.model, held_out_loss=held_out))
    assert rising.by_heart
    assert "--resume" not in last(rising)
    assert "--resume" in last(f)
    dropping = replace(f, model=replace(f.model, drop_missing=True))
    assert "predict n.npz penguins -o out.csv --drop-missing" in last(dropping)


def test_what_has_no_remedy_is_told_all_the_same() -> None:
    (finding,) = words.as_json(FITS["by heart"](), "p.png")["findings"]
    assert "by heart" in finding["finding"]
    assert finding["remedy"] == ""


def test_best_or_last_and_patience_are_asked_for(folder: Path) -> None:
    how = ["train", "penguins", "--epochs", "30", "--json"]
    best = json.loads(demo(*how, "--save", "best.npz").stdout)
    last = json.loads(demo(*how, "--keep", "last", "--save", "last.npz").stdout)
    assert best["kept_epoch"] == best["best_epoch"] == int(np.argmin(best["held_out_loss"]))
    assert last["kept_epoch"] == 30
    mean_loss = best["held_out_mean_predictor_loss"]
    assert best["r2"] == pytest.approx(1 - min(best["held_out_loss"]) / mean_loss)
    assert last["r2"] == pytest.approx(1 - last["held_out_loss"][-1] / mean_loss)
    short = json.loads(demo(*how, "--patience", "1").stdout)
    assert short["stopped"]
    assert short["epoch"] == short["best_epoch"] + 1 < 30
    told = demo(*how[:-1], "--patience", "1").stdout
    assert f"stopped after epoch {short['epoch']}" in " ".join(told.split())
    refused = CliRunner().invoke(
        main, ["train", "penguins", "--patience", "3", "--validation", "0"]
    )
    assert refused.exit_code == 2
    assert "--patience needs rows held out" in refused.stderr


def test_predict_says_when_it_has_learned_from_the_rows(folder: Path) -> None:
    demo("train", "houses.csv", *COLUMNS, "--drop-missing", "--epochs", "3", "--save", "n.npz")
    told = demo("predict", "n.npz", "houses.csv", "--drop-missing").stderr
    assert "it has learned from 4 of these rows" in told
    assert "on the other 1 it is" in " ".join(told.split())
    (folder / "new.csv").write_text((folder / "houses.csv").read_text().replace("1", "2"))
    told = demo("predict", "n.npz", "new.csv", "--drop-missing").stderr
    assert "learned" not in told
    assert "R² " in told


def test_the_advice_knows_the_columns_of_a_file() -> None:
    demo("train", "houses.csv", *COLUMNS, "--drop-missing", "--epochs", "3")
    text = demo("train", "houses.csv", *COLUMNS, "--drop-missing", "--epochs", "3").stdout
    words = shlex.split(text[text.index("mlp-demo train") :].replace("\\\n", " "))
    assert words[words.index("--inputs") + 1] == COLUMNS[3]
    assert "--target" not in words, "the last column is the target anyway"
    demo(*words[1:])


@pytest.mark.parametrize(
    ("how", "title"),
    [
        ({"hidden": (16, 16), "epochs": 5, "validation": 0.0}, "Above the mean again"),
        (
            {"hidden": (50,) * 10, "activation": "tanh", "start": "large"},
            "The loss explodes",
        ),
        ({"epochs": 200}, "The loss falls"),
    ],
)
def test_the_title_says_how_the_loss_ended(how: dict[str, object], title: str) -> None:
    f = some_fit(**how)
    assert pictures.loss_panel(Figure().subplots(), f).get_title() == title
    assert_legible(pictures.figure(f))


def test_one_row_held_out_is_a_point(folder: Path) -> None:
    f = fit(begin(table := read("houses.csv", ["Rooms"], "Price in $", drop_missing=True)), table)
    assert len(f.held_out_x) == 1
    ax = pictures.answers_panel(Figure().subplots(), f)
    assert "held out" in ax.get_title("left") + ax.get_title()
    (dots,) = ax.collections
    truth, answer = f.judged_rows()
    np.testing.assert_allclose(np.asarray(dots.get_offsets()), [[truth[0, 0], answer[0, 0]]])


def test_shapes_and_errors_are_short() -> None:
    f = some_fit(hidden=(50,) * 10, activation="tanh", start="large")
    text = click.unstyle(words.text(f, "p.png"))
    assert "network   2-50×10-1, tanh" in text
    assert "e+" not in text
    assert "…" not in " ".join(t.get_text() for t in texts(pictures.figure(f)))
