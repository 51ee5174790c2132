"""Run the notebooks in a clean kernel: for their test, and to bring their outputs up to date.

A notebook is its own source: edit it, in Jupyter or by hand, then

    python -m tests.notebooks

writes all of them as a fresh kernel leaves them, without what changes from run to run and from
machine to machine. Solutions are folded away on every code host, so they stand in markdown, as
a block of python and, under it, the block of text that it prints. They are run as well, after
all cells above them, as a student would run them.
"""

from __future__ import annotations

import os
import re
import sys
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
# The matrices are small: on a busy machine several threads mostly wait for one another.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
SOLUTION = re.compile(r"```python\n(.*?)```\n\nprints\n\n```text\n(.*?)```", re.DOTALL)
# Warnings are errors, but for those about the kernel itself.
STRICT = (
    "import warnings; warnings.simplefilter('error'); "
    "warnings.filterwarnings('ignore', module='ipykernel')"
)


def read(path: Path) -> NotebookNode:
    """Read a notebook; of an older format or a damaged one, an error."""
    notebook: NotebookNode = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    return notebook


def run(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook as a clean kernel leaves it, in which every warning is an error.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell or a solution raises.
    """
    fresh = deepcopy(notebook)
    fresh.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    client = NotebookClient(
        fresh,
        kernel_name="python3",
        timeout=300,
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--IPKernelApp.log_level=40"],
        resources={"metadata": {"path": str(FOLDER)}},
    )
    with TemporaryDirectory() as folder:
        env = dict.fromkeys(("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"), folder)
        with patch.dict(os.environ, env | ONE_THREAD), client.setup_kernel():
            _aside(client, STRICT)
            for index, cell in enumerate(fresh.cells):
                if cell.cell_type == "code":
                    cell.metadata = {}
                    client.execute_cell(cell, index)
                else:
                    cell.source = SOLUTION.sub(
                        lambda found: _solved(client, found[1]), cell.source
                    )
    return fresh


def printed(cell: NotebookNode) -> str:
    """Return the text that a cell printed."""
    return "".join(out.text for out in cell.outputs if out.output_type == "stream")


def _solved(client: NotebookClient, code: str) -> str:
    return f"```python\n{code}```\n\nprints\n\n```text\n{printed(_aside(client, code))}```"


def _aside(client: NotebookClient, code: str) -> NotebookNode:
    """Run what is no cell of the notebook, and so has no number."""
    cell = nbformat.v4.new_code_cell(code)
    client.nb.cells.append(cell)
    client.execute_cell(cell, len(client.nb.cells) - 1, store_history=False)
    done: NotebookNode = client.nb.cells.pop()
    return done


if __name__ == "__main__":
    for path in [Path(name) for name in sys.argv[1:]] or NOTEBOOKS:
        nbformat.write(run(read(path)), path)
