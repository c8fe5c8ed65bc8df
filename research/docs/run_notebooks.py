"""Run the notebooks and keep their outputs.

    python -m research.docs.run_notebooks [NOTEBOOK ...]

Each runs in a temporary folder that holds notebooks/, examples/ and data/, so that what it writes does
not stay here.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import nbclient
import nbformat

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
LONGEST = 900  # seconds for one cell, on a slow machine


def run(path: Path, folder: Path) -> nbformat.NotebookNode:
    """Run a notebook in a folder.

    Parameters
    ----------
    path : Path
    folder : Path
        An empty one.

    Returns
    -------
    NotebookNode
        With its outputs, but without times and other traces of the machine.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        When a cell fails.
    """
    shutil.copytree(ROOT / "examples", folder / "examples")
    (folder / "data").symlink_to(ROOT / "data")
    (folder / "notebooks").mkdir()
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, (str(ROOT / "src"), os.environ.get("PYTHONPATH", "")))
    )
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook,
        timeout=LONGEST,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder / "notebooks")}},
        record_timing=False,
    )
    client.execute()
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    return notebook


def main(names: list[str]) -> None:
    """Run the notebooks named, or all."""
    for path in [Path(name).resolve() for name in names] or sorted(NOTEBOOKS.glob("*.ipynb")):
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            notebook = run(path, Path(folder))
        nbformat.write(notebook, path)
        print(f"{path.name}: {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
