"""What other packagers go by says the same as the package."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_the_conda_recipe_needs_what_the_package_needs() -> None:
    yaml = pytest.importorskip("yaml")
    recipe = yaml.safe_load((ROOT / "conda" / "recipe.yaml").read_text("utf-8").replace("${{", "").replace("}}", ""))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    needed = [f"python {project['project']['requires-python']}", *project["project"]["dependencies"]]
    assert [need.replace(" ", "") for need in recipe["requirements"]["run"]] == [n.replace(" ", "") for n in needed]
    built = project["build-system"]["requires"]
    assert {need.replace(" ", "") for need in recipe["requirements"]["host"]} >= set(built)
    assert f"\nversion: {recipe['context']['version']}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_the_demo_runs(tmp_path: Path) -> None:
    """`make demo` once its environment is made: the example ads labelled, their report, and a summary printed."""
    recipe = (ROOT / "Makefile").read_text("utf-8").partition("\ndemo:")[2].partition("\n\n")[0].splitlines()[1:]
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for step in recipe:
        command = step.strip().replace("$(BIN)/collarclass", f"{sys.executable} -m collarclass")
        command = command.replace("$(BIN)/python", sys.executable)
        done = subprocess.run(command, shell=True, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "ads in demo/labelled.csv" in done.stdout
    assert (tmp_path / "demo" / "report.html").read_text("utf-8").lower().startswith("<!doctype html>")
