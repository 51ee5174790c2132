"""Moving pictures: frames follow the run, files are whole, and the page works by itself."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from experiments.case import animation, measure
from experiments.case.animation import (
    FRAMES,
    PAUSE,
    PER_SECOND,
    WRITERS,
    draw_frame,
    drawn,
    frame_epochs,
)
from experiments.case.cases import CASES, CONSTANT, RANDOM, ZERO, Case
from experiments.case.measure import Result, run
from experiments.cli import main
from experiments.data import load
from experiments.kit import style
from experiments.kit.settings import Settings
from experiments.kit.style import CASE, WELL
from mlp import mse
from tests.pictures import assert_legible

PENGUINS = load()
SHORT = Settings(activation="tanh", epochs=12)


@pytest.fixture(scope="module")
def constant() -> Result:
    return run(CONSTANT, PENGUINS, SHORT)


def replayed(result: Result, *epochs: int) -> list[Result]:
    found: list[Result] = []
    measure.replay(result, epochs, found.append)
    return found


def make(result: Result, path: Path, *epochs: int) -> None:
    with animation.film(result, path) as add:
        for now in replayed(result, *epochs):
            add(now)


# --- what the frames show --------------------------------------------------------------


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_replay_is_the_same_run(case: Case, optimizer: str) -> None:
    """Zero sigmoid units are woken by rounding, so nothing less than every bit will do."""
    settings = Settings(activation="sigmoid", epochs=9, batch_size=50, optimizer=optimizer)
    result = run(case, PENGUINS, settings)
    first, middle, last = replayed(result, 0, 4, 9)
    for now, then in ((first, result.before), (last, result.network)):
        for p, q in zip(now.network.parameters(), then.parameters(), strict=True):
            np.testing.assert_array_equal(p, q)
    loss = mse(middle.network.predict(PENGUINS.x), PENGUINS.y)[0]
    assert loss == pytest.approx(result.history.loss[4], rel=1e-12)
    np.testing.assert_array_equal(middle.history.loss, result.history.loss[:5])
    assert [now.last_epoch for now in (first, middle, last)] == [0, 4, 9]
    assert last.verdict() == result.verdict()


def test_frames_are_where_something_happens() -> None:
    """The sigmoid units from zero sleep for a thousand epochs, then learn in two hundred."""
    result = run(ZERO, PENGUINS, Settings(activation="sigmoid"))
    epochs = np.array(frame_epochs(result))
    loss = result.history.loss
    assert (epochs[0], epochs[-1]) == (0, 2000)
    assert (np.diff(epochs) > 0).all()
    assert len(epochs) <= 3 * FRAMES
    moves = (loss[epochs] > 0.5) & (loss[epochs] < 0.99)
    assert moves.mean() > 3 * ((loss > 0.5) & (loss < 0.99)).mean()
    assert np.abs(np.diff(np.log(loss[epochs]))).max() < 0.1
    assert np.diff(epochs).max() < 2000 / 20


def test_where_nothing_moves_the_film_is_short() -> None:
    assert len(frame_epochs(run(ZERO, PENGUINS, Settings(epochs=300)))) <= FRAMES + 2
    assert frame_epochs(run(ZERO, PENGUINS, Settings(epochs=2))) == [0, 1, 2]


@pytest.mark.parametrize(
    ("case", "activation", "rate"),
    [
        (ZERO, "relu", 0.1),
        (ZERO, "sigmoid", 0.1),
        (CONSTANT, "tanh", 0.1),
        (CONSTANT, "relu", 1e300),
        (RANDOM, "linear", 0.1),
        (RANDOM, "tanh", 1e300),
    ],
)
def test_every_frame_is_legible(case: Case, activation: str, rate: float) -> None:
    result = run(case, PENGUINS, replace(SHORT, activation=activation, learning_rate=rate))
    fig = Figure(figsize=(16, 9), dpi=100)
    epochs = frame_epochs(result)
    with style.styled(), np.errstate(all="ignore"):
        for now in replayed(result, epochs[0], epochs[len(epochs) // 2], epochs[-1]):
            draw_frame(fig, now, result)
            assert_legible(fig)


@pytest.mark.parametrize("hidden", [(1,), (16, 16)])
def test_other_networks_and_columns_are_legible(hidden: tuple[int, ...]) -> None:
    settings = replace(SHORT, hidden=hidden, learning_rate=0.01)
    result = run(CONSTANT, load("penguins", "year"), settings)
    fig = Figure(figsize=(16, 9), dpi=100)
    with style.styled():
        draw_frame(fig, replayed(result, 5)[0], result)
        assert_legible(fig)


def test_all_frames_share_their_axes(constant: Result) -> None:
    limits = set()
    fig = Figure(figsize=(16, 9), dpi=100)
    for now in replayed(constant, 0, 5, 12):
        draw_frame(fig, now, constant)
        limits.add(tuple((ax.get_xlim(), ax.get_ylim()) for ax in fig.axes))
        (line,) = [line for line in fig.axes[0].lines if line.get_linewidth() == 6]
        np.testing.assert_array_equal(
            line.get_ydata(), constant.history.loss[: now.last_epoch + 1]
        )
    assert len(limits) == 1


def test_few_colours_keep_those_of_the_lesson(constant: Result) -> None:
    fig = Figure(figsize=(16, 9), dpi=100)
    draw_frame(fig, constant, constant)
    small = drawn(fig, 60)
    assert small.size == (960, 540)
    colours = {colour for _, colour in small.convert("RGB").getcolors(1 << 24) or []}
    for colour in (CASE, WELL):
        assert tuple(round(255 * part) for part in to_rgb(colour)) in colours


# --- files -----------------------------------------------------------------------------


def test_a_gif_has_every_frame_and_stays_at_its_end(constant: Result, tmp_path: Path) -> None:
    make(constant, tmp_path / "p.gif", 0, 5, 12)
    with Image.open(tmp_path / "p.gif") as film:
        assert film.size == (960, 540)
        durations = []
        for k in range(getattr(film, "n_frames", 1)):
            film.seek(k)
            durations.append(film.info["duration"])
    step = 1000 // PER_SECOND
    assert durations == [step, step, step * (1 + PAUSE * PER_SECOND)]


def test_the_same_run_makes_the_same_bytes(constant: Result, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.html" for name in "ab"]
    for path in paths:
        make(constant, path, 0, 12)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("case", [CONSTANT, RANDOM], ids=["constant", "random"])
@pytest.mark.parametrize("kind", ["gif", "html"])
def test_a_minute_stays_under_ten_megabytes(case: Case, kind: str, tmp_path: Path) -> None:
    result = run(case, PENGUINS, replace(SHORT, epochs=60))
    path = tmp_path / f"p.{kind}"
    make(result, path, 0, 30, 60)
    assert path.stat().st_size / 3 * PER_SECOND * 60 < 10e6


def test_a_film_without_a_frame_ends_as_it_was_ended(constant: Result, tmp_path: Path) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), animation.film(constant, tmp_path / "p.gif"):
        interrupted()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["gif", "html"])
def test_a_film_that_cannot_be_finished_leaves_the_old_one(
    kind: str, constant: Result, tmp_path: Path
) -> None:
    old = tmp_path / f"p.{kind}"
    old.write_bytes(b"old")

    def disk_fills(add: Callable[[Result], None]) -> None:
        add(constant)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"), animation.film(constant, old) as add:
        disk_fills(add)
    assert old.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [old]


def test_a_film_needs_a_format_a_folder_and_ffmpeg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=r"format of moving pictures: .gif, .html, .mp4"):
        animation.check_film(tmp_path / "p.avi")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        animation.check_film(tmp_path / "missing" / "p.gif")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="needs the program ffmpeg"):
        animation.check_film(tmp_path / "p.mp4")


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_a_film_for_players(constant: Result, tmp_path: Path) -> None:
    make(constant, tmp_path / "p.mp4", 0, 5, 12)
    assert (tmp_path / "p.mp4").read_bytes()[4:8] == b"ftyp"


@pytest.mark.parametrize("does", ["cat > /dev/null", "exec <&-"])
def test_an_ffmpeg_that_fails_is_one_sentence(
    does: str, constant: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "bin" / "ffmpeg"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\n{does}\nexit 1\n", encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/bin:/usr/bin")
    with pytest.raises(OSError, match=r"ffmpeg could not write p\.mp4"):
        make(constant, tmp_path / "p.mp4", 0, 12)
    assert not (tmp_path / "p.mp4").exists()


def test_the_command_draws_and_names_the_film(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    demo = partial(CliRunner().invoke, main)
    result = demo(["constant", "--epochs", "1", "--animate", "p.gif"])
    assert result.exit_code == 0, result.output
    assert "film      p.gif" in result.stdout
    assert {p.name for p in tmp_path.iterdir()} == {"p.gif", "constant-relu.png"}
    told = demo(["zero", "--epochs", "1", "--animate", "p.html", "--json"]).stdout
    assert '"film": "p.html"' in told


# --- the page in a browser -------------------------------------------------------------

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)


SENT = "Network.requestWillBeSent"


@pytest.fixture(scope="module")
def page(constant: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "p.html"
    make(constant, path, 0, 3, 6, 12)
    return path


def test_the_page_names_nothing_outside_itself(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"https?:|<link|@import|src=\"(?!data:)", text)
    assert text.count("data:image/png;base64,") == 4
    assert text.startswith("<!doctype html>")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    if not CHROMIUM or not DRIVER:
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    folder = tmp_path_factory.mktemp("chromium")
    for flag in [*FLAGS.split(), f"--user-data-dir={folder}", "--window-size=1200,900"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def test_the_page_works_in_a_browser_and_asks_the_network_for_nothing(
    browser: Any, page: Path
) -> None:
    from selenium.common.exceptions import TimeoutException
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait

    def picture() -> str:
        return str(browser.find_element(By.TAG_NAME, "img").get_attribute("src"))

    def at() -> int:
        return int(slider.get_attribute("value"))

    browser.get("about:blank")
    browser.get_log("performance")  # what the browser asked for on its own account
    browser.get(page.as_uri())
    wait = WebDriverWait(browser, 20)
    wait.until(lambda _: picture().startswith("data:image/png"))
    image = browser.find_element(By.TAG_NAME, "img")
    wait.until(lambda _: image.get_property("naturalWidth") == 960)
    slider = browser.find_element(By.CSS_SELECTOR, "input[type=range]")
    buttons = {b.get_attribute("title"): b for b in browser.find_elements(By.TAG_NAME, "button")}

    first, seen = picture(), browser.get_screenshot_as_png()
    slider.send_keys(Keys.ARROW_RIGHT)
    assert at() == 1
    assert picture() != first
    assert browser.get_screenshot_as_png() != seen
    buttons["Next frame"].click()
    assert at() == 2
    buttons["Previous frame"].click()
    assert at() == 1
    buttons["First frame"].click()
    assert picture() == first
    buttons["Play"].click()
    wait.until(lambda _: at() == 3)
    last = picture()
    buttons["First frame"].click()
    buttons["Play"].click()
    wait.until(lambda _: at() > 0)
    buttons["Pause"].click()
    stopped = at()
    with pytest.raises(TimeoutException):
        WebDriverWait(browser, 0.8).until(lambda _: at() != stopped)
    assert len({first, last}) == 2
    for button in buttons.values():
        words = browser.execute_script(
            "return getComputedStyle(arguments[0].querySelector('i'), '::before').content", button
        )
        assert words not in ("none", '""')

    asked = re.findall(
        r'"url":"(.*?)"', str([e["message"] for e in browser.get_log("performance")])
    )
    assert any(url == page.as_uri() for url in asked)
    assert not [url for url in asked if url != page.as_uri() and not url.startswith("data:")]
    assert browser.get_log("browser") == []


def test_every_format_has_a_writer_of_matplotlib() -> None:
    from matplotlib.animation import AbstractMovieWriter

    assert all(isinstance(make_writer(), AbstractMovieWriter) for make_writer in WRITERS.values())
