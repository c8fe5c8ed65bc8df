"""Data goes one way: no module imports one that comes after it, and importing is light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "collarclass"
ORDER = [
    "errors result lexicon",
    "text",
    "features",
    "lexicon_reader",
    "phrases",
    "surroundings",
    "durations others wording",
    "stated",
    "requirement_reader",
    "evidence explain",
    "model",
    "artefact",
    "api",
    "tables",
]


def imports(path: Path) -> set[str]:
    """Modules of the package that a module imports when it is imported."""
    found = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_modules_import_only_earlier_ones() -> None:
    rank = {name: i for i, names in enumerate(ORDER) for name in names.split()}
    for name, place in rank.items():
        path = PACKAGE / f"{name}.py"
        if path.exists():
            late = {other for other in imports(path) if rank.get(other, -1) > place or other not in rank}
            assert not late, f"{name} imports {late}"


@pytest.mark.parametrize("heavy", ["sklearn", "pandas", "click", "plotly", "jinja2", "joblib", "scipy"])
def test_predicting_needs_none_of_the_heavy_libraries(heavy: str) -> None:
    code = (
        "import sys; import collarclass; collarclass.classify('Welder for a shipyard, days'); "
        f"sys.exit({heavy!r} in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("before", ["classify", "requirements", "CollarClassifier", "load_model"])
def test_requirements_is_the_function_whatever_was_imported_before(before: str) -> None:
    code = (
        f"from collarclass import {before}, requirements; import collarclass.requirement_reader; "
        "from collarclass.requirement_reader import read_requirements; "
        "assert collarclass.requirements is requirements; print(requirements('BSc required')[0].level)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    assert out == "bachelor\n"
