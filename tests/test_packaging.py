"""What other packagers go by says the same as the package."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from collarclass import __version__

ROOT = Path(__file__).parents[1]


def test_the_conda_recipe_needs_what_the_package_needs() -> None:
    yaml = pytest.importorskip("yaml")
    recipe = yaml.safe_load((ROOT / "conda" / "recipe.yaml").read_text("utf-8").replace("${{", "").replace("}}", ""))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    needed = [f"python {project['project']['requires-python']}", *project["project"]["dependencies"]]
    assert [need.replace(" ", "") for need in recipe["requirements"]["run"]] == [n.replace(" ", "") for n in needed]
    built = project["build-system"]["requires"]
    assert {need.replace(" ", "") for need in recipe["requirements"]["host"]} >= set(built)
    assert recipe["context"]["version"] == __version__.partition(".dev")[0]
