"""Files: written whole or not at all, and read without trusting them.

Where to go next: back to ``network.py``; nothing here knows about networks.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray


@contextmanager
def replacing(path: str | PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file beside `path` for writing, and move it into place when all went well.

    Whatever happens on the way, `path` holds either what it held before or the whole new
    content.

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
        If the folder is missing or read-only, or the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "a.txt") as file:
    ...         _ = file.write(b"whole")
    ...     (Path(folder) / "a.txt").read_bytes()
    b'whole'
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a file")
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(_permissions(path))
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_npz(path: str | PathLike[str], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write named arrays to an ``.npz`` file, through `replacing`.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    with replacing(path) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def read_npz(path: str | PathLike[str]) -> dict[str, NDArray[Any]]:
    """Read the named arrays of an ``.npz`` file that `write_npz` wrote.

    The file is not trusted. Pickled objects are refused, compressed members too, and no
    array is allocated before its size is known to be in the file, so a header that lies
    costs nothing.

    Raises
    ------
    ValueError
        If it is not such a file: damaged, cut off or foreign.
    OSError
        If it cannot be read at all.
    """
    problem = f"{path} is not a network file: it is damaged, cut off or of another kind"
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                _check_member(archive, member)
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except (
        ValueError,
        EOFError,
        zipfile.BadZipFile,
        OSError,
        MemoryError,
        OverflowError,
        KeyError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise ValueError(f"{problem} ({type(error).__name__}: {error})") from None


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename} is compressed")
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise ValueError(f"{member.filename} has version {version}")
        shape, _, dtype = read(file)
        promised = int(np.prod([int(s) for s in shape], dtype=object)) * dtype.itemsize
        if dtype.hasobject or promised != member.file_size - file.tell():
            raise ValueError(f"{member.filename} promises {promised} bytes it does not hold")


def _permissions(path: Path) -> int:
    """Return the mode of the file that is there, or what this process would give a new one."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
