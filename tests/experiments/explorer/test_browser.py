"""The explorer in a browser: it answers its own page, nobody else, and ends when told to."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from matplotlib.axes import Axes

from experiments.data import load
from experiments.explorer.controls import Dial
from experiments.explorer.figure import ExplorerFigure
from experiments.explorer.measure import Choice, Explorer

pytest.importorskip("tornado", reason="tornado is not installed")
COMMAND = [sys.executable, "-c", "from experiments.cli import main; main(prog_name='mlp-demo')"]
SMALL = ["explore", "--hidden", "8x3", "--browser"]


class Server:
    """The command in a process of its own, and what it says."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *SMALL, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", self.said)
        self.port = int(found[1]) if found else 0
        self.address = f"http://127.0.0.1:{self.port}/"

    def status(self, path: str, **headers: str) -> int:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest("GET", path, skip_host="Host" in headers)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            return connection.getresponse().status
        finally:
            connection.close()

    def end(self) -> tuple[int, str]:
        """Press Ctrl-C; return the exit code and what was told."""
        self.process.send_signal(signal.SIGINT)
        _, err = self.process.communicate(timeout=20)
        return self.process.returncode, err


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server("--no-open", "--port", "0")
    yield made
    code, err = made.end()
    assert (code, err.strip()) == (0, "the explorer has ended")


# --- who is answered ---------------------------------------------------------------------

SOCKET = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def test_its_own_page_is_answered(server: Server) -> None:
    assert server.said == f"the explorer is at {server.address}, Ctrl-C ends it\n"
    own = f"127.0.0.1:{server.port}"
    assert server.status("/") == 200
    assert server.status("/", Host=f"localhost:{server.port}") == 200
    assert server.status("/", Origin=f"http://{own}") == 200
    assert server.status("/1/ws", Origin=f"http://{own}", **SOCKET) == 101


@pytest.mark.parametrize("path", ["/", "/1/ws", "/js/mpl.js", "/nowhere"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8988"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_foreign_requests_are_refused(server: Server, path: str, headers: dict[str, str]) -> None:
    more = SOCKET if path == "/1/ws" else {}
    assert server.status(path, **headers, **more) == 403


@pytest.mark.parametrize(
    "path",
    [
        "/2",
        "/1",
        "/7/ws",
        "/nowhere",
        "/1/download.png",
        "/%ff",
        "//",
        "/_static/nothing",
        "/1/ws/x",
    ],
)
def test_a_bad_path_is_not_found(server: Server, path: str) -> None:
    assert server.status(path) == 404


def test_nobody_else_can_connect(server: Server) -> None:
    """Bound to 127.0.0.1 and to no other address, not even another of this machine."""
    with pytest.raises(OSError, match=r"refused|unreachable|assign|timed out"):
        socket.create_connection(("127.0.0.2", server.port), timeout=5)


# --- how it begins and ends --------------------------------------------------------------


def test_it_opens_the_page_and_ctrl_c_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = tmp_path / "opened"
    opener = tmp_path / "opener"
    opener.write_text(f'#!/bin/sh\necho "$1" > {opened}\n', encoding="utf-8")
    opener.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{opener} %s")
    server = Server("--port", "0")
    for _ in range(100):
        if opened.exists() and opened.read_text(encoding="utf-8"):
            break
        time.sleep(0.05)
    assert opened.read_text(encoding="utf-8").strip() == server.address
    code, err = server.end()
    assert (code, err.strip()) == (0, "the explorer has ended")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)


def test_a_port_that_is_taken_is_one_sentence_unless_any_will_do(server: Server) -> None:
    command = [*COMMAND, *SMALL, "--no-open", "--port", str(server.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: port {server.port}: address already in use; without")
    assert len(done.stderr.splitlines()) == 1


def test_of_two_explorers_each_is_where_it_says() -> None:
    """The second leaves the usual port to the first."""
    two = Server("--no-open"), Server("--no-open")
    ports = {explorer.port for explorer in two}
    assert len(ports) == 2
    assert [explorer.status("/") for explorer in two] == [200, 200]
    assert [explorer.end()[0] for explorer in two] == [0, 0]


# --- the page ----------------------------------------------------------------------------

CHECKSUM = """
const canvas = document.querySelector('canvas.mpl-canvas');
if (!canvas || !canvas.width) return [0, 0, 0];
const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
let sum = 0;
for (let i = 0; i < data.length; i += 4)
  sum = (sum * 31 + data[i] + 3 * data[i + 1] + 7 * data[i + 2]) % 1000000007;
return [canvas.width, canvas.height, sum];
"""


class Page:
    """The page in Chromium, with a mouse and a keyboard."""

    def __init__(self, driver: Any, address: str) -> None:
        self.driver = driver
        self.size(1280, 800)
        driver.get(address)
        self.until(lambda: self.canvas()[:2] == (1280, 800) and self.canvas()[2] > 0)
        self.settled()

    def size(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def canvas(self) -> tuple[int, int, int]:
        width, height, checksum = self.driver.execute_script(CHECKSUM)
        return width, height, checksum

    def until(self, holds: Any, seconds: float = 20) -> None:
        ends = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < ends, "it never happened"
            time.sleep(0.05)

    def settled(self) -> tuple[int, int, int]:
        """Wait until the picture rests, and return it."""
        before = self.canvas()
        for _ in range(100):
            time.sleep(0.2)
            now = self.canvas()
            if now == before:
                return now
            before = now
        raise AssertionError("the picture never came to rest")

    def click(self, x: float, y: float) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            event = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
            self.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)

    def photograph(self, place: dict[str, float]) -> str:
        clip = {name: place[name] for name in ("x", "y", "width", "height")} | {"scale": 1}
        told = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip})
        return str(told["data"])

    def key(self, key: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).send_keys(key).perform()

    def changes(self, act: Any, *arguments: Any) -> None:
        before = self.canvas()
        act(*arguments)
        self.until(lambda: self.canvas() != before)


@pytest.fixture
def page(browser: Any, server: Server) -> Iterator[Page]:
    browser.get("about:blank")
    browser.get_log("performance")  # what the browser asked for on its own account
    yield Page(browser, server.address)
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def places() -> dict[str, tuple[float, float]]:
    """Return where to click on every control, in pixels from the upper left corner."""
    figure = ExplorerFigure(Explorer(load(), Choice(depth=3, width=8)))

    def at(ax: Axes, x: float, y: float) -> tuple[float, float]:
        left, bottom = ax.transAxes.transform((x, y))
        return left, 800 - bottom

    found = {}
    for control in figure._controls:
        if isinstance(control, Dial):
            found[control.name] = at(control.ax, 0.3, 0.5)
        else:  # the second of its words
            radio: Any = control
            found[control.name] = at(control.ax, *radio.radio._buttons.get_offsets()[1])
    for name in ("step", "reset", "seed", "play"):
        found[name] = at(figure._buttons[name].ax, 0.5, 0.5)
    return found


def test_a_click_on_each_control_changes_the_picture(page: Page, server: Server) -> None:
    for name, place in places().items():
        page.settled()
        print(name)
        page.changes(page.click, *place)
    playing = page.canvas()
    page.until(lambda: page.canvas() != playing)  # it goes on by itself
    page.key(" ")
    page.settled()
    for key in ("?", "s", "r"):
        page.changes(page.key, key)
        page.settled()


def test_the_page_closed_and_opened_again_is_where_it_was(page: Page, server: Server) -> None:
    page.changes(page.key, "n")
    before = page.settled()
    page.driver.get("about:blank")
    time.sleep(0.3)
    page.driver.get(server.address)
    page.until(lambda: page.canvas() == before)
    page.changes(page.key, "n")


def test_the_picture_fills_the_window(page: Page) -> None:
    page.size(1000, 625)
    page.until(lambda: page.canvas()[:2] == (1000, 625))
    page.size(1280, 800)
    page.until(lambda: page.canvas()[:2] == (1280, 800))


def test_the_number_under_the_mouse_is_told_and_seen(page: Page) -> None:
    move: Any = {"type": "mouseMoved", "x": 500, "y": 500}
    page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", move)
    message = "document.querySelector('.mpl-message')"
    words = f"return {message}.textContent"
    page.until(lambda: re.match(r"layer \d: ", page.driver.execute_script(words)))
    place = page.driver.execute_script(f"return {message}.getBoundingClientRect().toJSON()")
    assert 0 < place["left"] < place["right"] < 1280
    seen = page.photograph(place)
    page.driver.execute_script(f"{message}.style.visibility = 'hidden'")
    assert page.photograph(place) != seen
    page.driver.execute_script(f"{message}.style.visibility = ''")


def test_nothing_is_asked_outside_this_machine(page: Page, server: Server) -> None:
    page.changes(page.key, "n")
    log = str([entry["message"] for entry in page.driver.get_log("performance")])
    asked = set(re.findall(r'"url":"(.*?)"', log))
    assert server.address in asked
    own = re.compile(rf"(blob:)?(http|ws)://127\.0\.0\.1:{server.port}/|data:|about:blank")
    assert [url for url in asked if not own.match(url)] == []
    errors = [e for e in page.driver.get_log("browser") if e["level"] == "SEVERE"]
    assert errors == []
