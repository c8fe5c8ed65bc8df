"""The recipes of the page on pipelines, those whose packages are light, run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from collarclass import label_table

PAGE = Path(__file__).parents[1] / "docs" / "how_to" / "pipelines.md"
ADS = pd.DataFrame({"title": ["Welder"], "description": ["MIG welding of steel frames in our workshop."]})


def recipe(heading: str) -> str:
    """The first code box below a heading."""
    section = PAGE.read_text("utf-8").split(f"## {heading}\n")[1]
    found = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1]


def test_dbt() -> None:
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    connection.register("ads", ADS)
    names: dict[str, Any] = {}
    exec(recipe("dbt"), names)
    dbt = SimpleNamespace(config=lambda **options: None, ref=connection.table)
    connection.register("labelled", names["model"](dbt, connection))
    assert connection.sql("SELECT title, collar FROM labelled").fetchall() == [("Welder", "blue")]


def test_dagster() -> None:
    dagster = pytest.importorskip("dagster", reason="Dagster is not installed")
    names: dict[str, Any] = {"__name__": "recipe"}
    exec(recipe("Dagster"), names)
    ads = dagster.asset(lambda: ADS, name="ads")
    done = dagster.materialize([ads, names["labelled_ads"]])
    assert done.output_for_node("labelled_ads")["collar"].tolist() == ["blue"]


def test_delta_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deltalake = pytest.importorskip("deltalake")
    monkeypatch.chdir(tmp_path)
    ads = pd.concat([ADS] * 50, ignore_index=True).assign(n=range(50))
    deltalake.write_deltalake("lake/ads", ads)
    for _ in range(2):  # the second time it appends
        exec(recipe("Delta Lake"), {})
    found = deltalake.DeltaTable("lake/labelled").to_pyarrow_table().to_pandas().sort_values("n")
    expected = label_table(ads, evidence=False)
    pd.testing.assert_frame_equal(found[::2].reset_index(drop=True), expected, check_dtype=False)
    assert len(found) == 100


@pytest.mark.slow
def test_mlflow(tmp_path: Path, small_model_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pyfunc = pytest.importorskip("mlflow.pyfunc")
    monkeypatch.chdir(tmp_path)
    Path("collar.py").write_text(recipe("MLflow"), "utf-8")
    artifacts = {"model": str(small_model_path)}
    pyfunc.save_model("kept", python_model="collar.py", artifacts=artifacts, pip_requirements=["collarclass"])
    labelled = pyfunc.load_model("kept").predict(ADS)
    assert labelled["collar"].tolist() == ["blue"]
    assert labelled["collar_model"][0].startswith("small ")
