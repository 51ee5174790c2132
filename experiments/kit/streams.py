"""Streams: what is printed where a terminal knows few letters, or where there is no terminal.

Nothing here is slow to load, so that ``mlp-demo --help`` answers at once.

Where to go next: ``group.py``.
"""

from __future__ import annotations

import codecs
import errno
import os
import sys
import unicodedata
from io import UnsupportedOperation
from itertools import groupby
from typing import TextIO

# There is no more room. Whoever writes a file says which; without a name it is standard output.
FULL = {getattr(errno, name, None) for name in ("ENOSPC", "EFBIG", "EDQUOT")} - {None}

# What stands for a sign on a terminal that does not have it; Greek letters are spelled out, and
# what is raised gets a "^".
SIGNS = {
    "✓": "+", "✗": "x", "√": "sqrt", "∂": "d", "→": "->", "←": "<-", "≠": "!=", "≤": "<=",
    "≥": ">=", "∞": "inf", "±": "+-", "·": "*", "×": "x", "–": "-", "−": "-", "ŷ": "y^",
    "‖": "|", "½": "1/2", "☐": "[ ]",
}  # fmt: skip


def prepare() -> None:
    """Do without input or messages where these are closed, and let every letter be printed.

    Raises
    ------
    OSError
        If standard output is closed, read-only or full, so that no result could be told.
    """
    codecs.register_error("spelled", _spelled)
    if sys.stdin is None:
        sys.stdin = open(os.devnull)  # noqa: PTH123, SIM115
    if _trouble(sys.stderr):
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115
    if trouble := _trouble(sys.stdout):
        raise OSError(f"standard output cannot be written to: {trouble}")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="spelled")


def _trouble(stream: TextIO | None) -> str | None:
    """Return why a stream cannot be written to; None if nothing is known against it."""
    if stream is None:
        return "it is closed"
    try:
        os.write(stream.fileno(), b"")
    except UnsupportedOperation:  # it is no file, but in memory
        return None
    except OSError as error:
        return error.strerror
    return None


def forget_what_is_left() -> None:
    """Forget what standard output did not take: Python would try once more, and complain."""
    try:
        if sys.stdout:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _spelled(error: UnicodeError) -> tuple[str, int]:
    """Return letters that every terminal has for those that this one has not."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    runs = groupby(error.object[error.start : error.end], key=_raised)
    spelled = ("^" * raised + "".join(map(_letters, signs)) for raised, signs in runs)
    return "".join(spelled), error.end


def _raised(sign: str) -> bool:
    """Return whether a sign is written above the line: an exponent, or the T of a transpose."""
    return unicodedata.decomposition(sign).startswith("<super>")


def _letters(sign: str) -> str:
    if sign in SIGNS:
        return SIGNS[sign]
    kind, *_, word = unicodedata.name(sign, "?").split() * 2
    if kind == "GREEK":
        return word.lower()
    plain = unicodedata.normalize("NFKD", sign).replace("−", "-")
    return plain.encode("ascii", "ignore").decode() or "?"
