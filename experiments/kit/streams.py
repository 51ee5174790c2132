"""Streams: what is printed where a terminal knows few letters, or where there is no terminal.

Nothing here is slow to load, so that ``mlp-demo --help`` answers at once.

Where to go next: ``group.py``.
"""

from __future__ import annotations

import codecs
import os
import sys
import unicodedata

# What stands for a sign on a terminal that does not have it; Greek letters are spelled out.
SIGNS = {
    "✓": "+", "✗": "x", "√": "sqrt", "∂": "d", "→": "->", "←": "<-", "≠": "!=", "≤": "<=",
    "≥": ">=", "∞": "inf", "±": "+-", "·": "*", "×": "x", "–": "-", "ŷ": "y^", "‖": "|",
}  # fmt: skip


def prepare() -> None:
    """Put nothing in place of a stream that is closed, and let every letter be printed.

    Raises
    ------
    OSError
        If standard output is closed, so that no result could be told.
    """
    codecs.register_error("spelled", _spelled)
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    if sys.stdout is None:
        raise OSError("standard output is closed; send it to a file, or to /dev/null")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="spelled")


def output_is_lost() -> bool:
    """Return whether standard output takes nothing any more; what is left of it is forgotten.

    Python would otherwise try once more when it ends, and complain on its own.
    """
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def _spelled(error: UnicodeError) -> tuple[str, int]:
    """Return letters that every terminal has for those that this one has not."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_letters, error.object[error.start : error.end])), error.end


def _letters(sign: str) -> str:
    if sign in SIGNS:
        return SIGNS[sign]
    kind, *_, word = unicodedata.name(sign, "?").split() * 2
    if kind == "GREEK":
        return word.lower()
    plain = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return plain or "?"
