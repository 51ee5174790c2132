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
    "mlp.optimizers": {"arrays", "registry"},
    "mlp.diagnostics": {"arrays", "losses", "network"},
    "mlp.training": {"arrays", "losses", "network", "optimizers"},
    "mlp.theory": {"activations", "arrays", "initializers", "registry"},
    "mlp.sklearn": {"activations", "arrays", "initializers", "network", "optimizers", "training"},
    "experiments.data": set(),
    "experiments.cases": set(),
    "experiments.ranges": {"cases"},
    "experiments.runner": {"cases", "data"},
    "experiments.propagation": {"cases", "runner"},
    "experiments.comparison": {"cases", "data", "ranges", "runner"},
    "experiments.model": {"data", "runner"},
    "experiments.fitting": {"cases", "data", "model", "runner"},
    "experiments.walkthrough": {"cases", "data", "ranges", "runner"},
    "experiments.symmetry": {"cases", "data", "runner"},
    "experiments.narration": {
        "cases",
        "comparison",
        "data",
        "fitting",
        "model",
        "propagation",
        "ranges",
        "runner",
        "symmetry",
        "walkthrough",
    },
    "experiments.plots": {
        "cases",
        "comparison",
        "data",
        "fitting",
        "propagation",
        "runner",
        "symmetry",
    },
    "experiments.own": set(),
    "experiments.options": {"cases", "data", "narration", "own", "plots", "runner"},
    "experiments.cli": {
        "cases",
        "comparison",
        "data",
        "fitting",
        "model",
        "narration",
        "options",
        "plots",
        "propagation",
        "ranges",
        "runner",
        "walkthrough",
        "symmetry",
    },
}

# A bridge to another library is one file, which nothing else imports.
BRIDGES = {"mlp.sklearn": {"sklearn", "threadpoolctl"}}


def files() -> dict[str, Path]:
    """Return every module by its dotted name."""
    found = [p for package in ("mlp", "experiments") for p in (ROOT / package).rglob("*.py")]
    return {
        ".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p
        for p in sorted(found)
    }


def room_of(module: str) -> str:
    """Return the room: a file of a package, or a folder in it with all of its files."""
    return ".".join(module.split(".")[:2])


def rooms() -> list[str]:
    return sorted({room_of(module) for module in files() if "." in module})


def imports(path: Path) -> set[str]:
    """Return every module that a file imports at run time, wherever in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
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
    paths = [path for module, path in files().items() if room_of(module) == room]
    found = {room_of(m) for path in paths for m in imports(path) if m.startswith(f"{package}.")}
    assert {other.split(".")[1] for other in found - {room}} <= MAY_IMPORT[room]


@pytest.mark.parametrize("module", [module for module in files() if module.startswith("mlp")])
def test_the_library_knows_nothing_but_numpy(module: str) -> None:
    others = {other.split(".")[0] for other in imports(files()[module])}
    allowed = {"numpy", "mlp"} | BRIDGES.get(module, set())
    assert others <= set(sys.stdlib_module_names) | allowed


@pytest.mark.parametrize("bridge", BRIDGES)
def test_nothing_imports_a_bridge(bridge: str) -> None:
    assert [module for module, path in files().items() if bridge in imports(path)] == []


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
    for path in files().values():
        code = ast.unparse(ast.parse(path.read_text(encoding="utf-8")))
        assert "np.random.seed" not in code
        assert "plt.show" not in code.replace("``plt.show()``", "")
        assert "import matplotlib.pyplot" not in code
