"""The notebooks: they run from a clean kernel, and what is committed is what they print."""

from __future__ import annotations

import ast
import re
import sys
from math import isclose
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from tests.notebooks import FOLDER, NOTEBOOKS, SOLUTION, printed, read, run

GUIDE = (FOLDER / "guide.md").read_text(encoding="utf-8")
FOLDED = re.compile(r"<details>\n<summary>(.*?)</summary>\n\n(.*?)\n\n</details>", re.DOTALL)
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
# NumPy may change its random numbers between releases; the committed ones are drawn with these.
SAME_DRAWS = f"{np.random.default_rng(0).standard_normal():.6f}" == "0.125730"

TEACHER = "Timing, questions, common wrong answers"

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])


def markdown(notebook: NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def pictures(notebook: NotebookNode) -> list[NotebookNode]:
    outputs = [out for cell in code(notebook) for out in cell.outputs]
    return [out for out in outputs if "image/png" in out.get("data", {})]


def assert_alike(committed: str, fresh: str) -> None:
    """Hold words to be equal, and numbers to within 5 %, or to be as good as 0."""
    assert NUMBER.sub("#", committed).split() == NUMBER.sub("#", fresh).split()
    if SAME_DRAWS:
        for a, b in zip(NUMBER.findall(committed), NUMBER.findall(fresh), strict=True):
            assert isclose(float(a), float(b), rel_tol=0.05, abs_tol=1e-9), (committed, fresh)


def test_there_is_one_for_each_lesson_and_the_guide_lists_it() -> None:
    assert len(NOTEBOOKS) == 6
    for path in NOTEBOOKS:
        title = read(path).cells[0].source.splitlines()[0]
        assert title.startswith(f"# {path.name[0]}. ")
        minutes = re.search(r"(\d+) minutes", read(path).cells[0].source)
        assert minutes is not None
        assert 10 <= int(minutes[1]) <= 20
        (row,) = re.findall(rf"^\| \[.*\]\({path.name}\) .*", GUIDE, re.MULTILINE)
        assert row.rstrip(" |").endswith(f"| {minutes[1]}")


@each
def test_it_is_a_lesson(path: Path) -> None:
    notebook = read(path)
    text = markdown(notebook)
    headings = re.findall(r"^## (.*)", text, re.MULTILINE)
    assert headings[0] == "Predict"
    assert "?" in text.split("## Predict")[1].split("\n## ")[0]
    assert {"What it shows", "Where the notes are too strong", "Exercises"} <= set(headings)
    assert len(re.findall(r"^### Exercise ", text, re.MULTILINE)) == 2
    folded = FOLDED.findall(text)
    assert [summary for summary, _ in folded] == ["Solution", "Solution", TEACHER]
    assert all(SOLUTION.search(body) for summary, body in folded if summary == "Solution")
    teacher = folded[-1][1]
    assert all(f"**{word}**" in teacher for word in ("Time", "Ask", "Common wrong answers"))


@each
def test_it_uses_what_is_public(path: Path) -> None:
    blocks = [cell.source for cell in code(read(path))]
    blocks += [source for source, _ in SOLUTION.findall(markdown(read(path)))]
    nodes = [node for block in blocks for node in ast.walk(ast.parse(block))]
    modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    modules |= {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
    roots = {str(module).split(".")[0] for module in modules}
    assert roots <= {"mlp", "experiments", "numpy", *sys.stdlib_module_names}
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    names |= {node.name for node in nodes if isinstance(node, ast.alias)}
    assert [name for name in names if re.match("_[^_]", name)] == []


@each
def test_every_picture_has_a_sentence(path: Path) -> None:
    found = pictures(read(path))
    assert found
    for out in found:
        sentence = out.metadata["image/png"]["alt"]
        assert sentence == out.data["text/plain"]
        assert re.fullmatch(r"[A-Z].{40,}\.", sentence)


@each
def test_it_is_committed_as_a_clean_run_leaves_it(path: Path) -> None:
    notebook = read(path)
    assert [cell.execution_count for cell in code(notebook)] == list(
        range(1, len(code(notebook)) + 1)
    )
    text = path.read_text(encoding="utf-8")
    assert len(text) < 1_000_000
    assert not re.search(r"/(home|Users|root|tmp|work|usr)/|site-packages|[A-Z]:\\\\", text)
    assert '"output_type": "error"' not in text
    assert '"name": "stderr"' not in text
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert all(not cell.metadata for cell in notebook.cells)


@each
def test_it_runs_and_prints_what_is_committed(path: Path) -> None:
    """Pictures are held to be there, with the same sentence, not to be the same pixel by pixel."""
    notebook = read(path)
    fresh = run(notebook)
    for old, new in zip(code(notebook), code(fresh), strict=True):
        assert_alike(printed(old), printed(new))
    for old, new in zip(notebook.cells, fresh.cells, strict=True):
        if old.cell_type == "markdown":
            for a, b in zip(
                SOLUTION.findall(old.source), SOLUTION.findall(new.source), strict=True
            ):
                assert_alike(a[1], b[1])
    sentences = [[out.data["text/plain"] for out in pictures(n)] for n in (notebook, fresh)]
    assert sentences[0] == sentences[1]


def notebook(*sources: str) -> NotebookNode:
    made: NotebookNode = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, sources)])
    return made


@pytest.mark.parametrize(
    "source",
    ["1 / 0", "import warnings; warnings.warn('careful')", "import numpy; numpy.array([1]) / 0"],
)
def test_errors_and_warnings_stop_it(source: str) -> None:
    with pytest.raises(CellExecutionError):
        run(notebook("print(1)", source))
