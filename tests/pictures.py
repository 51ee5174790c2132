"""Pictures: what must hold for every figure, whatever it shows."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from matplotlib.text import Text

from experiments.kit.style import CONTRAST, luminance


def texts(fig: Figure) -> list[Text]:
    """Return the texts that are drawn: those of switched-off axes are not."""
    found = list(fig.texts)
    for ax in fig.axes:
        found += [t for t in ax.get_children() if isinstance(t, Text)]
        if ax.axison:
            for axis in (ax.xaxis, ax.yaxis):
                low, high = sorted(axis.get_view_interval())
                ticks = [t for t in axis.get_major_ticks() if low <= t.get_loc() <= high]
                found += [axis.label, *(t.label1 for t in ticks)]
    return [t for t in found if t.get_visible() and t.get_text().strip()]


def contrast(colour: str) -> float:
    """Return the contrast of a colour on white, from 1 to 21."""
    return 1.05 / (luminance(colour) + 0.05)


def assert_legible(fig: Figure, smallest: float = 12) -> None:
    """No text is cut off at the edge, too small or pale for a projector, or under another."""
    fig.draw_without_rendering()
    boxes = []
    for t in texts(fig):
        box = Text.get_window_extent(t)  # of an annotation, without the line that leads to it
        if box.width == 0:
            continue
        assert float(t.get_fontsize()) >= smallest, t
        assert contrast(str(t.get_color())) >= CONTRAST, t
        assert fig.bbox.x0 - 1 <= box.x0, t
        assert box.x1 <= fig.bbox.x1 + 1, t
        assert fig.bbox.y0 - 1 <= box.y0, t
        assert box.y1 <= fig.bbox.y1 + 1, t
        boxes.append((t, box))
    for a, box in boxes:
        large = float(a.get_fontsize()) > 15 or a.get_fontweight() == "bold"
        if large or "\n" in a.get_text():
            for b, other in boxes:
                assert a is b or not box.overlaps(other), (a, b)


# Settings of a user's matplotlib that would break or change a picture, if any reached it.
HOSTILE: Any = {
    "text.usetex": True,
    "font.family": "No Such Font",
    "font.size": 40,
    "figure.autolayout": True,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "black",
    "axes.facecolor": "black",
    "figure.dpi": 1,
    "savefig.dpi": 1,
    "savefig.bbox": "tight",
    "lines.marker": "o",
}
