"""Own: an initializer out of a Python file of the user's, ``FILE.py:FUNCTION``.

The file is run, as importing it would; nothing is written beside it.

Where to go next: ``options.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

# What has been registered: the file and its function, and the name of the initializer.
_NAMES: dict[tuple[Path, str], str] = {}


def initializer_of(place: str) -> str:
    """Run a file, register one of its functions as an initializer, and return the name.

    Parameters
    ----------
    place : str
        ``path/to/file.py:function``, a callable (rng, fan_in, fan_out) -> W.

    Returns
    -------
    str
        ``file.py:function``, or `place` itself where another file has that name already.

    Raises
    ------
    ValueError
        If the file cannot be read or fails, or has no such function.
    """
    from mlp import initializers
    from mlp.registry import suggestion

    path, _, function = place.rpartition(":")
    key = (Path(path).resolve(), function)
    name = f"{Path(path).name}:{function}"
    name = _NAMES.get(key) or (place if name in initializers.INITIALIZERS else name)
    if name in initializers.INITIALIZERS:
        if _NAMES.get(key) != name:
            raise ValueError(f"'{place}' differs from another only in upper and lower case")
        return name
    found = vars(_run(Path(path)))
    callables = [other for other, value in found.items() if callable(value)]
    if function not in callables:
        raise ValueError(f"{path} has no function '{function}': {suggestion(function, callables)}")
    initializers.register(name)(found[function])
    _NAMES[key] = name
    return name


def _run(path: Path) -> ModuleType:
    """Return the module that a file makes; what stands beside it can be imported."""
    try:
        source = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    known = sys.modules.get(path.stem)
    sys.modules[path.stem] = known or module
    sys.path.insert(0, str(path.resolve().parent))
    try:
        exec(compile(source, str(path), "exec"), vars(module))
    except (Exception, SystemExit) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path} fails with {type(error).__name__}: {reason}") from None
    finally:
        sys.path.pop(0)
    return module
