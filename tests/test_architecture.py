"""The house: which room may import which, and what starts without the heavy libraries."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Each room may import the rooms named with it, and nothing else of the project.
MAY_IMPORT = {
    "mlp.arrays": set(),
    "mlp.registry": set(),
    "mlp.files": set(),
    "mlp.activations": {"arrays", "registry"},
    "mlp.initializers": {"arrays", "registry"},
    "mlp.losses": {"arrays"},
    "mlp.network": {"activations", "arrays", "files", "initializers"},
    "mlp.optimizers": {"arrays", "network", "registry"},
    "mlp.diagnostics": {"arrays", "losses", "network"},
    "mlp.training": {"arrays", "diagnostics", "losses", "network", "optimizers"},
    "mlp.theory": {"activations", "arrays", "initializers", "registry"},
    "experiments.data": set(),
    "experiments.cases": set(),
    "experiments.runner": {"cases", "data"},
    "experiments.propagation": {"cases", "runner"},
    "experiments.narration": {"cases", "data", "propagation", "runner"},
    "experiments.plots": {"cases", "data", "propagation", "runner"},
    "experiments.cli": {"cases", "data", "narration", "plots", "propagation", "runner"},
}


def rooms() -> list[str]:
    files = [p for package in ("mlp", "experiments") for p in (ROOT / package).glob("*.py")]
    return sorted(f"{p.parent.name}.{p.stem}" for p in files if p.stem != "__init__")


def imports(room: str) -> set[str]:
    """Return every module that a room imports at run time, wherever in the file."""
    tree = ast.parse((ROOT / (room.replace(".", "/") + ".py")).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module in ("mlp", "experiments"):
            known = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in rooms() else node.module for name in known}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("room", rooms())
def test_imports_run_one_way(room: str) -> None:
    assert room in MAY_IMPORT, f"say in MAY_IMPORT what {room} may import"
    package = room.split(".")[0]
    own = {m.split(".")[1] for m in imports(room) if m.startswith(f"{package}.")}
    assert own <= MAY_IMPORT[room]


@pytest.mark.parametrize("room", [room for room in rooms() if room.startswith("mlp.")])
def test_the_library_knows_nothing_but_numpy(room: str) -> None:
    others = {module.split(".")[0] for module in imports(room)}
    assert others <= set(sys.stdlib_module_names) | {"numpy", "mlp"}


def loaded_after(code: str) -> set[str]:
    """Return the packages that a fresh interpreter has loaded after `code`."""
    show = "import sys; print(*{name.split('.')[0] for name in sys.modules})"
    command = [sys.executable, "-c", f"{code}\n{show}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    return set(done.stdout.split("\n")[-2].split())


def test_import_mlp_loads_only_numpy_and_the_standard_library() -> None:
    before = loaded_after("import numpy.random")
    after = loaded_after("import mlp")
    assert {"mlp"} <= after - before <= set(sys.stdlib_module_names) | {"mlp"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_help_loads_neither_numpy_nor_matplotlib(arguments: list[str]) -> None:
    code = (
        "from experiments.cli import main\n"
        f"try: main({arguments!r}, prog_name='mlp-demo')\n"
        "except SystemExit: pass"
    )
    loaded = loaded_after(code)
    assert "click" in loaded
    assert not loaded & {"numpy", "matplotlib"}


def test_nothing_uses_the_global_generator_or_pyplot() -> None:
    for room in rooms():
        text = (ROOT / (room.replace(".", "/") + ".py")).read_text(encoding="utf-8")
        code = ast.unparse(ast.parse(text))
        assert "np.random.seed" not in code
        assert "plt.show" not in code.replace("``plt.show()``", "")
        assert "import matplotlib.pyplot" not in code
