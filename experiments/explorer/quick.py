"""A figure of which only what moves is drawn anew: text and ticks are what takes time.

Artists that move are *animated*, in matplotlib's word. All others are kept as a background,
which is drawn again when one of them is stale or the canvas is another.

Where to go next: ``figure.py``, the explorer's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from matplotlib.artist import Artist
from matplotlib.figure import Figure


class QuickFigure(Figure):
    """A figure with a background that is kept.

    Attributes
    ----------
    moving : list of matplotlib.artist.Artist
        What is drawn every time, from back to front.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.moving: list[Artist] = []
        self._drawn_by: Any = None

    def moves(self, artists: Iterable[Artist]) -> None:
        """Say that these move, so that they are no part of the background."""
        for artist in artists:
            artist.set_animated(True)
            self.moving.append(artist)

    def draw(self, renderer: Any) -> None:
        """Draw what moves; what does not, only if it has changed."""
        if self.canvas.is_saving():  # then axes draw what moves in them, a figure does not
            super().draw(renderer)
            for artist in self.moving:
                if artist.axes in (None, artist):
                    artist.draw(renderer)
            return
        if self.stale or self._drawn_by is not renderer:
            super().draw(renderer)
            self._drawn_by = renderer if hasattr(renderer, "copy_from_bbox") else None
            if self._drawn_by:
                self._background = renderer.copy_from_bbox(self.bbox)
        else:
            renderer.restore_region(self._background)
        for artist in self.moving:
            artist.draw(renderer)
