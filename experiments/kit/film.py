"""Film: a moving picture of frames of one figure, as a GIF, a web page or a video.

Frames come one at a time and are written as they come. What they show is up to the room.

Where to go next: ``case/animation.py`` and ``race/animation.py``.
"""

from __future__ import annotations

import base64
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import matplotlib as mpl
import numpy as np
from matplotlib.animation import AbstractMovieWriter, FFMpegWriter, HTMLWriter, PillowWriter
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from experiments.kit.style import check_path, readable, styled
from mlp.arrays import Array
from mlp.files import replacing

# The most frames for each of the things that move, and how many pass in a second.
FRAMES, PER_SECOND = 40, 4
# How many seconds a film that starts again by itself stays at its end, which states the lesson.
PAUSE = 3
# Of a figure of 16 × 9 inches: 960 × 540 pixels, where every frame is kept whole.
DPI = {".gif": 60, ".html": 60, ".mp4": 120}
# How many colours are kept, and the parts of each on the way from white: a band, and a line.
COLOURS, SHADES = 36, (1 / 4, 1.0)

T = TypeVar("T")


class Page(HTMLWriter):
    """matplotlib's web page with buttons and a slider, of frames of few colours."""

    _saved_frames: list[str]

    def __init__(self, colours: bytes) -> None:
        super().__init__(PER_SECOND, embed_frames=True, default_mode="once")
        self.colours = colours

    def grab_frame(self, **savefig_kwargs: Any) -> None:
        """Add the figure as it is now."""
        png = BytesIO()
        drawn(self.fig, self.dpi, self.colours).save(png, "png", optimize=True)
        self._saved_frames.append(base64.encodebytes(png.getvalue()).decode("ascii"))


class Gif(PillowWriter):
    """matplotlib's GIF, of frames of few colours, the same in all of them."""

    _frames: list[Image.Image]

    def __init__(self, colours: bytes) -> None:
        super().__init__(PER_SECOND)
        self.colours = colours

    def grab_frame(self, **savefig_kwargs: Any) -> None:
        """Add the figure as it is now."""
        self._frames.append(drawn(self.fig, self.dpi, self.colours))


def drawn(fig: Figure, dpi: float, palette: bytes) -> Image.Image:
    """Return the figure in the colours of a palette: a quarter of the bytes of all colours."""
    buffer = BytesIO()
    fig.savefig(buffer, format="rgba", dpi=dpi)
    size = tuple(round(inches * dpi) for inches in fig.get_size_inches())
    image = Image.frombuffer("RGBA", size, buffer.getvalue()).convert("RGB")
    colours = Image.new("P", (1, 1))
    colours.putpalette(palette)
    return image.quantize(palette=colours, dither=Image.Dither.NONE)


def palette(colours: Sequence[str]) -> bytes:
    """Return red, green and blue of colours, of their way to white, and of a fitted surface."""
    parts = np.array([to_rgb(colour) for colour in colours])
    shades = [1 - (1 - parts) * part for part in SHADES]
    words = np.array([to_rgb(readable(colour)) for colour in colours])
    known = np.unique(np.vstack([np.ones((1, 3)), *shades, words]), axis=0)
    surface = mpl.colormaps["cividis"](np.linspace(0, 1, COLOURS - len(known)))[:, :3]
    return bytes((255 * np.vstack([known, surface])).round().astype(np.uint8).ravel())


WRITERS: dict[str, Callable[[bytes], AbstractMovieWriter]] = {
    ".gif": Gif,
    ".html": Page,
    ".mp4": lambda colours: FFMpegWriter(PER_SECOND),
}


def check_film(path: Path) -> None:
    """Refuse a moving picture that could not be written, before anything is computed.

    Raises
    ------
    ValueError
        If there is no writer for that suffix.
    OSError
        If the folder is missing, or ffmpeg is.
    """
    check_path(path, WRITERS, "moving pictures")
    if path.suffix.lower() == ".mp4" and not FFMpegWriter.isAvailable():
        raise FileNotFoundError(
            f"{path.name} needs the program ffmpeg, which is not installed; install it, or "
            "name a .gif or .html file"
        )


def moments(*ways: Array) -> list[int]:
    """Choose the epochs to show: more of them where more happens.

    The frames are equal steps on a way of which one part is time, and one the change of each of
    what is given, with epochs on the first axis. So a jump is not missed, a long wait is felt
    and does not last, and where nothing moves but time the film is short.

    Returns
    -------
    list of int
        Rising, from 0 to the last epoch; at most `FRAMES` for each of what moves.
    """
    last = len(ways[0]) - 1
    with np.errstate(invalid="ignore"):
        moves = [np.abs(np.diff(way, axis=0)) for way in (np.arange(last + 1.0), *ways)]
        steps = [move.sum(axis=tuple(range(1, move.ndim))) for move in moves]
    steps = [np.where(np.isfinite(step), step, 0) for step in steps]
    # What moves by no more than rounding does not move.
    shares = [step / step.sum() for step in steps if step.sum() > 1e-6]
    way = np.concatenate([[0.0], np.cumsum(sum(shares, np.zeros(last)))])
    places = np.linspace(0, len(shares), FRAMES * len(shares))
    nearest = np.interp(places, way, np.arange(last + 1)).round().astype(int)
    return sorted({0, last, *nearest.tolist()})


@contextmanager
def film(
    path: Path, title: str, colours: Sequence[str], draw: Callable[[Figure, T], None]
) -> Iterator[Callable[[T], None]]:
    """Yield a function that adds a frame; the film is written whole or not at all.

    Parameters
    ----------
    path : pathlib.Path
        Its suffix picks the format.
    title : str
        What is shown, for the title of a page and for those who cannot see it.
    colours : sequence of str
        Of the lines.
    draw : callable (Figure, moment) -> None
        Draws a frame into an empty figure.

    Yields
    ------
    callable (moment) -> None
        Draws a moment and adds it.

    Raises
    ------
    ValueError, OSError
        As for `check_film`, or if the disk is full or ffmpeg fails.
    """
    check_film(path)
    suffix = path.suffix.lower()
    writer = WRITERS[suffix](palette(colours))

    def add(moment: T) -> None:
        fig.clear()
        draw(fig, moment)
        writer.grab_frame()

    with tempfile.TemporaryDirectory() as folder, styled(), np.errstate(all="ignore"):
        part = Path(folder) / f"film{suffix}"
        fig = Figure(figsize=(16, 9), dpi=100)
        writer.setup(fig, part, DPI[suffix])
        try:
            yield add
            for _ in range(0 if suffix == ".html" else PAUSE * PER_SECOND):
                writer.grab_frame()
            writer.finish()
        except BaseException as error:
            if isinstance(writer, FFMpegWriter):  # it may be waiting for more
                with suppress(Exception):
                    writer.finish()
            if isinstance(error, BrokenPipeError | subprocess.CalledProcessError):
                raise OSError(f"ffmpeg could not write {path.name}: {error}") from None
            if isinstance(error, OSError) and error.errno:
                raise OSError(error.errno, error.strerror, str(path)) from None
            raise
        content = part.read_bytes()
        if suffix == ".html":
            content = alone(content.decode(), title).encode()
        with replacing(path) as file:
            file.write(content)


# What the buttons say, in place of a font of symbols that matplotlib's page fetches.
BUTTONS = {
    "fa-minus": "slower",
    "fa-fast-backward": "|◀",
    "fa-step-backward": "◀ step",
    "fa-play.fa-flip-horizontal": "◀ back",
    "fa-pause": "❚❚ pause",
    "fa-play": "▶ play",
    "fa-step-forward": "step ▶",
    "fa-fast-forward": "▶|",
    "fa-plus": "faster",
}
STYLE = """
body { margin: 1em; text-align: center; font: 16px sans-serif; color: #222222; }
.animation, .animation img { width: min(96vw, calc((100vh - 8em) * 16 / 9)); }
.animation input[type=range].anim-slider { width: 90%; }
.animation .anim-buttons button { width: auto; padding: 0.3em 0.7em; font: inherit; }
.animation .fa { font-style: normal; }
"""


def alone(page: str, title: str) -> str:
    """Return matplotlib's page as a document as wide as its window, which asks for nothing else.

    The link to a font of symbols gives way to words on the buttons, the random name of the
    animation to a fixed one, and a policy forbids all that is not in the page itself.
    """
    page = re.sub(r"<link\b[^>]*>", "", page)
    title = escape(title)
    page = page.replace("<img ", f'<img alt="{title}: the training, epoch by epoch" ')
    (name,) = re.findall(r'id="_anim_img(\w+)"', page)
    page = page.replace(name, "0")
    words = "\n".join(
        f'.animation .{name}::before {{ content: "{words}"; }}' for name, words in BUTTONS.items()
    )
    policy = "default-src 'none'; img-src data:; script-src 'unsafe-inline'; "
    policy += "style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{title}</title>\n</head>\n<body>\n{page}\n"
        f"<style>{STYLE}{words}\n</style>\n</body>\n</html>\n"
    )
