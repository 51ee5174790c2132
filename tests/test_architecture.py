"""The house: which room may import which, and what starts without the heavy libraries."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Each file of the library may import those named with it, and nothing else of the project.
MAY_IMPORT = {
    "mlp.arrays": set(),
    "mlp.registry": {"arrays"},
    "mlp.files": {"arrays"},
    "mlp.formulas": set(),
    "mlp.activations": {"arrays", "formulas", "registry"},
    "mlp.initializers": {"arrays", "registry"},
    "mlp.losses": {"arrays"},
    "mlp.network": {"activations", "arrays", "files", "initializers"},
    "mlp.optimizers": {"arrays", "registry"},
    "mlp.diagnostics": {"arrays", "losses", "network"},
    "mlp.training": {"arrays", "losses", "network", "optimizers"},
    "mlp.theory": {"activations", "arrays", "initializers", "registry"},
    "mlp.sklearn": {"activations", "arrays", "initializers", "network", "optimizers", "training"},
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


def imports(path: Path) -> set[str]:
    """Return every module of any package that a file imports at run time, wherever in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & set(files())
            found |= inner or {node.module}
    return found


@pytest.mark.parametrize("module", files())
def test_every_file_that_a_module_sends_its_reader_to_is_there(module: str) -> None:
    told = ast.get_docstring(ast.parse(files()[module].read_text(encoding="utf-8"))) or ""
    for name in re.findall(r"``([\w/.]+\.py)``", told):
        assert any(path.match(name) for path in files().values()), name


@pytest.mark.parametrize("module", [m for m in files() if m.startswith("mlp.")])
def test_imports_of_the_library_run_one_way(module: str) -> None:
    assert module in MAY_IMPORT, f"say in MAY_IMPORT what {module} may import"
    found = {other for other in imports(files()[module]) if other.startswith("mlp.")}
    assert {other.split(".")[1] for other in found} <= MAY_IMPORT[module]


# --- the experiments wing: data, then kit, then the rooms, then what shows all of them ------

ABOVE = ("verify", "listing", "cli")
# What must be quick to load, so that the help of the command line answers at once.
LIGHT = ("cases", "races", "papers", "lesson")


def place(module: str) -> str:
    """Return where in the wing a module is: data, kit, a room, or one of those above."""
    return module.split(".")[1]


def wing() -> list[str]:
    return [m for m in files() if m.startswith("experiments.")]


def rooms() -> list[str]:
    """Return the rooms: the folders, found by looking."""
    folders = {place(m) for m in wing() if (ROOT / "experiments" / place(m)).is_dir()}
    return sorted(folders - {"kit"})


def arrows() -> set[tuple[str, str]]:
    """Return which place imports which other."""
    pairs = {(place(m), place(o)) for m in wing() for o in imports(files()[m]) if o in wing()}
    return {(a, b) for a, b in pairs if a != b}


def test_the_wing_has_rooms() -> None:
    assert {"case", "race", "propagation", "symmetry", "walkthrough", "fitting"} <= set(rooms())


def test_imports_run_from_the_ground_up() -> None:
    floor = dict.fromkeys(rooms(), 2) | {"data": 0, "kit": 1, **dict.fromkeys(ABOVE, 3)}
    wrong = [(a, b) for a, b in arrows() if floor[a] < floor[b]]
    assert wrong == []


def test_no_room_stands_on_itself() -> None:
    TopologicalSorter({a: {b for c, b in arrows() if c == a} for a in rooms()}).prepare()


@pytest.mark.parametrize("room", rooms())
def test_inside_a_room_imports_run_one_way(room: str) -> None:
    modules = {m.split(".")[2]: m for m in wing() if place(m) == room and m.count(".") == 2}
    assert {"measure", "text", "command"} <= set(modules)
    graph = {
        name: {o.split(".")[2] for o in imports(files()[m]) if o in modules.values()}
        for name, m in modules.items()
    }
    assert "command" not in set().union(*graph.values())
    assert not graph["measure"] & {"text", "figure", "command"}
    assert "figure" not in graph["text"]
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("module", [m for m in wing() if m.split(".")[-1] in LIGHT])
def test_what_is_said_of_the_cases_is_quick_to_load(module: str) -> None:
    assert not loaded_after(f"import {module}") & {"numpy", "matplotlib"}


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
    for module, path in files().items():
        code = ast.unparse(ast.parse(path.read_text(encoding="utf-8")))
        assert "np.random.seed" not in code
        if module != "experiments.explorer.command":  # which opens windows
            assert "plt.show" not in code.replace("``plt.show()``", "")
            assert "import matplotlib.pyplot" not in code
