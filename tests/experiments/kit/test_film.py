"""Films: files are whole, and the page works by itself."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from experiments.kit.film import FRAMES, PAUSE, PER_SECOND, check_film, film, moments, palette
from experiments.kit.style import INK, QUIET


def draw(fig: Figure, epoch: int) -> None:
    """Draw a picture that is another at every epoch."""
    ax = fig.add_subplot()
    ax.plot(np.arange(epoch + 1) ** 2, color=INK)
    ax.set(xlim=(0, 12), ylim=(0, 144), title=f"epoch {epoch}")


def filming(path: Path) -> AbstractContextManager[Callable[[int], None]]:
    return film(path, "A square <grows>", [INK, QUIET], draw)


def make(path: Path, *epochs: int) -> None:
    with filming(path) as add:
        for epoch in epochs:
            add(epoch)


def test_a_jump_is_not_missed_and_a_wait_does_not_last() -> None:
    jump = np.r_[np.zeros(900), np.linspace(0, 1, 11), np.ones(90)]
    epochs = np.array(moments(jump))
    assert (epochs[0], epochs[-1]) == (0, 1000)
    assert (np.diff(epochs) > 0).all()
    assert len(epochs) <= 2 * FRAMES
    assert set(range(900, 910)) <= set(epochs.tolist())
    assert np.diff(epochs).max() < 60
    assert len(moments(np.zeros(1001))) <= FRAMES + 2
    assert moments(np.array([1, np.nan, np.inf])) == [0, 1, 2]


def test_a_palette_has_every_colour_and_no_more_than_a_film_can_keep() -> None:
    parts = np.frombuffer(palette(["#112233", "#E69F00"]), np.uint8).reshape(-1, 3)
    assert len(parts) <= 256
    for wanted in ([0x11, 0x22, 0x33], [0xE6, 0x9F, 0x00], [255, 255, 255]):
        assert (parts == wanted).all(axis=1).any()


# --- files -----------------------------------------------------------------------------


def test_a_gif_has_every_frame_and_stays_at_its_end(tmp_path: Path) -> None:
    make(tmp_path / "p.gif", 0, 5, 12)
    with Image.open(tmp_path / "p.gif") as made:
        assert made.size == (960, 540)
        durations = []
        for k in range(getattr(made, "n_frames", 1)):
            made.seek(k)
            durations.append(made.info["duration"])
    step = 1000 // PER_SECOND
    assert durations == [step, step, step * (1 + PAUSE * PER_SECOND)]


def test_the_same_run_makes_the_same_bytes(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.html" for name in "ab"]
    for path in paths:
        make(path, 0, 12)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_film_without_a_frame_ends_as_it_was_ended(tmp_path: Path) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), filming(tmp_path / "p.gif"):
        interrupted()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["gif", "html"])
def test_a_film_that_cannot_be_finished_leaves_the_old_one(kind: str, tmp_path: Path) -> None:
    old = tmp_path / f"p.{kind}"
    old.write_bytes(b"old")

    def disk_fills(add: Callable[[int], None]) -> None:
        add(0)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"), filming(old) as add:
        disk_fills(add)
    assert old.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [old]


def test_a_film_needs_a_format_a_folder_and_ffmpeg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=r"format of moving pictures: .gif, .html, .mp4"):
        check_film(tmp_path / "p.avi")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        check_film(tmp_path / "missing" / "p.gif")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="needs the program ffmpeg"):
        check_film(tmp_path / "p.mp4")


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_a_film_for_players(tmp_path: Path) -> None:
    make(tmp_path / "p.mp4", 0, 5, 12)
    assert (tmp_path / "p.mp4").read_bytes()[4:8] == b"ftyp"


@pytest.mark.parametrize("does", ["cat > /dev/null", "exec <&-"])
def test_an_ffmpeg_that_fails_is_one_sentence(
    does: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "bin" / "ffmpeg"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\n{does}\nexit 1\n", encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/bin:/usr/bin")
    with pytest.raises(OSError, match=r"ffmpeg could not write p\.mp4"):
        make(tmp_path / "p.mp4", 0, 12)
    assert not (tmp_path / "p.mp4").exists()


# --- the page in a browser -------------------------------------------------------------


SENT = "Network.requestWillBeSent"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "p.html"
    make(path, 0, 3, 6, 12)
    return path


def test_the_page_names_nothing_outside_itself(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"https?:|<link|@import|src=\"(?!data:)", text)
    assert text.count("data:image/png;base64,") == 4
    assert text.startswith("<!doctype html>")
    assert 'alt="A square &lt;grows&gt;: the training, epoch by epoch"' in text


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
    assert image.size["width"] > 1100, "it fills the window, which is 1200 wide"
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
