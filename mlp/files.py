"""Files: written whole or not at all, and read without trusting them.

Where to go next: back to ``network.py``; nothing here knows about networks.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import tempfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mlp.arrays import InputError


@contextmanager
def replacing(path: str | PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file beside `path` for writing, and move it into place when all went well.

    Whatever happens on the way, `path` holds either what it held before or the whole new
    content. A link is followed.

    Parameters
    ----------
    path : path-like
        The file to make or replace.

    Yields
    ------
    file
        Open for writing bytes.

    Raises
    ------
    OSError
        If the folder is missing or read-only, or the disk is full; it names `path`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "a.txt") as file:
    ...         _ = file.write(b"whole")
    ...     (Path(folder) / "a.txt").read_bytes()
    b'whole'
    """
    target = file_behind(path)
    try:
        # The name is known before the file is, so that a Ctrl-C at any moment can remove it.
        temporary = target.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(_permissions(target))
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None


def check_writable(path: str | PathLike[str]) -> None:
    """Refuse before any work what `replacing` would refuse after it.

    Raises
    ------
    OSError
        If `path` is a folder, a pipe or a device, or its folder is missing or read-only.
    """
    folder = file_behind(path).parent
    if not folder.is_dir():
        raise FileNotFoundError(f"folder {Path(path).parent} does not exist; make it first")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def write_npz(path: str | PathLike[str], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write named arrays to an ``.npz`` file, through `replacing`; `numpy.load` reads it too.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    plain = {
        name: np.asarray(a, dtype=a.dtype.newbyteorder("<"), order="C")
        for name, a in arrays.items()
    }
    with _uninterrupted(), replacing(path) as file:
        np.savez(file, **plain)  # type: ignore[arg-type]


def read_npz(path: str | PathLike[str]) -> dict[str, NDArray[Any]]:
    """Read the named arrays of an ``.npz`` file that `write_npz` wrote.

    The file is not trusted. Only plain numbers are accepted, under the very header that
    NumPy writes for them, so nothing is unpickled or evaluated; and as members must be
    uncompressed, nothing is allocated that is not in the file.

    Raises
    ------
    InputError
        If it is not such a file: damaged, cut off or foreign.
    OSError
        If it cannot be read at all.
    """
    file_behind(path)
    with Path(path).open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return {
                    member.filename.removesuffix(".npy"): _array(archive, member)
                    for member in archive.infolist()
                }
        except (
            ValueError,
            EOFError,
            zipfile.BadZipFile,
            OSError,
            MemoryError,
            OverflowError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InputError(
                f"{path} is damaged, cut off or not a file of this program: {reason}"
            ) from None


# The header of an array of numbers in C order, as NumPy's format 1.0 writes it.
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(<f[48]|<i8|\|u1)', 'fortran_order': False, "
    rb"'shape': \(([\d, ]{0,100})\), \} *\n",
    re.DOTALL,
)


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename} is compressed")
    content = archive.read(member)
    header = _HEADER.match(content)
    if header is None:
        raise ValueError(f"{member.filename} is not an array of numbers")
    shape = [int(n) for n in header[2].split(b",") if n.strip()]
    numbers = np.frombuffer(content[header.end() :], dtype=header[1].decode())
    return numbers.reshape(shape).astype(numbers.dtype.newbyteorder("="))


def as_text(value: Any) -> NDArray[np.uint8]:
    """Return anything that JSON can hold as an array, for `write_npz`.

    Examples
    --------
    >>> from_text(as_text(["relu", "linear"]))
    ['relu', 'linear']
    """
    return np.frombuffer(json.dumps(value).encode(), dtype=np.uint8)


def from_text(array: NDArray[Any]) -> Any:
    """Return what `as_text` was given.

    Raises
    ------
    ValueError
        If it is not such an array.
    """
    try:
        return json.loads(array.tobytes().decode())
    except RecursionError:
        raise ValueError("its text is nested too deeply") from None


def file_behind(path: str | PathLike[str]) -> Path:
    """Return the file that a path means, through all links; refuse what is not one.

    Reading a pipe may wait for ever, and reading a device may never end.

    Raises
    ------
    OSError
        If it is a folder, a pipe or a device.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a file")
    if target.exists() and not target.is_file():
        raise OSError(f"{path} is a pipe or a device; name a file")
    return target


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold a Ctrl-C back until the end: in the middle, zipfile makes an error of its own of it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)
        if came:
            signal.raise_signal(signal.SIGINT)


def _permissions(path: Path) -> int:
    """Return the mode of the file that is there, or what this process would give a new one."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
