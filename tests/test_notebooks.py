"""The notebooks run, keep their outputs, and call the library instead of defining logic."""

from __future__ import annotations

import ast
import os
import sys
import time
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="nbformat, nbclient and ipykernel run the notebooks")
pytest.importorskip("nbclient", reason="nbformat, nbclient and ipykernel run the notebooks")
pytest.importorskip("ipykernel", reason="nbformat, nbclient and ipykernel run the notebooks")
pytest.importorskip("matplotlib", reason="the notebooks draw with matplotlib")
pytest.importorskip("plotly", reason="one notebook makes a report")

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts.run_notebooks import run  # noqa: E402

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_the_six_are_there() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "01_quickstart",
        "02_retrain",
        "03_label_a_csv",
        "04_evaluate",
        "05_definition",
        "06_shares",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_prose_first_outputs_kept_no_logic(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[0].source.startswith("# ")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(notebook.cells) - len(code) >= 0.7 * len(code)
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        assert not any(output.output_type == "error" for output in cell.outputs)
        lines = [line for line in cell.source.splitlines() if not line.startswith(("!", "%"))]
        kinds = {type(node) for node in ast.walk(ast.parse("\n".join(lines)))}
        assert not kinds & {ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.While, ast.Try}
    assert any("image/png" in output.get("data", {}) for cell in code for output in cell.outputs) or (
        path.stem == "02_retrain"
    )
    content = path.read_text("utf-8")
    assert not any(place in content for place in (str(Path.home()) + "/", str(ROOT), "/tmp/"))
    assert len(content) < 600_000


@pytest.mark.skipif(os.name == "nt", reason="the notebooks' folder is made with symbolic links")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(path: Path, tmp_path: Path) -> None:
    before = {p: p.stat().st_mtime_ns for folder in ("notebooks", "examples") for p in (ROOT / folder).iterdir()}
    started = time.monotonic()
    notebook = run(path, tmp_path)
    assert time.monotonic() - started < 240, "a notebook should take less than two minutes on two cores"
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
    after = {p: p.stat().st_mtime_ns for folder in ("notebooks", "examples") for p in (ROOT / folder).iterdir()}
    assert after == before
