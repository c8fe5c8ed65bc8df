"""The notebooks run, keep their outputs, and call the library instead of defining logic."""

from __future__ import annotations

import ast
import os
import re
import time
from pathlib import Path

import pandas as pd
import pytest

from research.docs.run_notebooks import run

nbformat = pytest.importorskip("nbformat", reason="nbformat, nbclient and ipykernel run the notebooks")
pytest.importorskip("nbclient", reason="nbformat, nbclient and ipykernel run the notebooks")
pytest.importorskip("ipykernel", reason="nbformat, nbclient and ipykernel run the notebooks")
pytest.importorskip("matplotlib", reason="the notebooks draw with matplotlib")
pytest.importorskip("plotly", reason="one notebook makes a report")

ROOT = Path(__file__).resolve().parents[1]


NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_all_are_there() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "01_quickstart",
        "02_retrain",
        "03_label_a_csv",
        "04_evaluate",
        "05_definition",
        "06_shares",
        "07_printed_share",
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


def shown(path: Path, piece: str) -> list[str]:
    """Lines of text that the one cell with this piece of code keeps as its output."""
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code" and piece in c.source]
    assert len(cells) == 1, f"{path.name}: {len(cells)} cells hold {piece!r}"
    outputs = cells[0].outputs
    return "".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs).splitlines()


EXPECTED = pd.read_csv(ROOT / "tests" / "data" / "notebook_expectations.csv", dtype=str, keep_default_na=False)


@pytest.mark.parametrize(("notebook", "cell", "line", "expected"), EXPECTED.to_numpy().tolist())
def test_the_examples_come_out_as_a_reader_would_have_them(notebook: str, cell: str, line: str, expected: str) -> None:
    found = shown(ROOT / "notebooks" / f"{notebook}.ipynb", cell)[int(line) - 1]
    assert found.startswith(expected), found


def test_the_article_s_examples_are_gray() -> None:
    """Every example of the article, as the definition's notebook shows them, English and Chinese."""
    lines = shown(ROOT / "notebooks" / "05_definition.ipynb", '"Mould designer"')
    labels = [match[1] for line in lines if (match := re.match(r"\d+ .*? (white|blue|gray|unclear) ", line))]
    assert len(labels) >= 14
    assert set(labels) == {"gray"}


@pytest.mark.slow
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
