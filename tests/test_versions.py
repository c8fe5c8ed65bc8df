"""Two labellings beside each other, each number against one worked out by hand or by another library."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command import run
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from collarclass import DataError, Model, compare_labels, measure_drift
from collarclass.evaluation.versions import as_text

OLD = ["white", "blue", "gray", "gray", "unclear", "blue"]
NEW = ["white", "blue", "blue", "blue", "gray", "blue"]


def table(labels: list[str], **columns: object) -> pd.DataFrame:
    sure = np.linspace(0.45, 0.95, len(labels))
    return pd.DataFrame({"id": range(len(labels)), "collar": labels, "collar_confidence": sure, **columns})


def test_changes_are_counted_by_kind_and_place() -> None:
    region = ["n", "n", "n", "s", "s", "s"]
    found = compare_labels(table(OLD, region=region), table(NEW), by="region")
    assert found["changes"] == [{"from": "gray", "to": "blue", "n": 2}, {"from": "unclear", "to": "gray", "n": 1}]
    assert (found["n"], found["changed"], found["agreement"][0]) == (6, 0.5, 0.5)
    assert found["kappa"][0] == pytest.approx(cohen_kappa_score(OLD, NEW))
    assert found["by"] == {"n": {"n": 3, "changed": 1 / 3}, "s": {"n": 3, "changed": 2 / 3}}
    assert sum(band["n"] for band in found["by_confidence"].values()) == 6
    assert found["mean_shifts"] == {"collar_confidence": 0.0}


def test_rows_are_matched_by_their_key() -> None:
    shuffled = table(NEW).iloc[::-1]
    assert compare_labels(table(OLD), shuffled, key="id")["changed"] == 0.5
    part = compare_labels(table(OLD), shuffled.iloc[:4], key="id")
    assert (part["n"], part["only_first"], part["only_second"]) == (4, 2, 0)
    with pytest.raises(DataError, match="is there twice"):
        compare_labels(table(OLD), pd.concat([shuffled, shuffled]), key="id")
    with pytest.raises(DataError, match="6 and 4 rows"):
        compare_labels(table(OLD), shuffled.iloc[:4])


def test_rows_in_another_order_are_not_set_beside_each_other() -> None:
    ads = pd.DataFrame({"text": [f"Ad {i} asks for much" for i in range(50)], "collar": ["blue", "gray"] * 25})
    moved = ads.iloc[::-1]
    with pytest.raises(DataError, match=r"Row 2 of the first table is another row of the second: .* Name a key column"):
        compare_labels(ads, moved)
    edited = ads.assign(text=["Ad 0, mended", "", *ads["text"][2:]])
    assert compare_labels(ads, edited)["changed"] == 0
    assert compare_labels(ads.drop(columns="text"), moved.drop(columns="text"))["changed"] == 1


def test_with_truth_each_is_measured() -> None:
    found = compare_labels(table(OLD, label=["White", "blue", "blue", "蓝领", "", "gray"]), table(NEW), truth="label")
    assert found["truth"]["n"] == 5
    assert (found["truth"]["accuracy_first"][0], found["truth"]["accuracy_second"][0]) == (0.4, 0.8)
    assert (found["truth"]["only_first"], found["truth"]["only_second"]) == (0, 2)
    assert found["truth"]["accuracy_difference"][0] == pytest.approx(0.4)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.lists(st.floats(0, 1), min_size=1, max_size=60))
@settings(max_examples=30)
def test_stability_is_never_negative_and_zero_for_the_same(first: list[float], second: list[float]) -> None:
    a, b = (pd.DataFrame({"collar": "blue", "academic_score": x}) for x in (first, second))
    assert measure_drift(a, b)["stability"]["academic_score"] >= 0
    assert measure_drift(a, a)["stability"] == {"labels": 0.0, "academic_score": 0.0}


def test_drift_shows_when_it_came() -> None:
    past = table(["blue", "white"] * 50)
    months = ["2026-03-07"] * 100 + ["2026-04-07"] * 100
    now = table(["blue", "white"] * 50 + ["blue"] * 60 + ["unclear"] * 40, date=months)
    found = measure_drift(past, now, by="month")
    assert found["by"]["2026-03"]["stability"]["labels"] == pytest.approx(0)
    assert found["by"]["2026-04"]["stability"]["labels"] > 0.25
    assert found["by"]["2026-04"]["now"]["unclear"] == 0.4
    assert found["now"]["unclear"] == 0.2


def test_known_words_show_another_kind_of_ads(small_model: Model) -> None:
    ad = "Bachelor's degree in accounting required. Prepare reports and advise managers."
    past = table(["white"] * 50, text=[ad] * 50)
    now = table(["white"] * 50, text=[ad] * 25 + ["Zxqv wblorp fnargle quibzot, snorvik plomt drezzle."] * 24 + [""])
    found = measure_drift(past, now, model=small_model)
    assert found["now"]["means"]["known_terms"] < found["reference"]["means"]["known_terms"]
    assert found["stability"]["known_terms"] > 0.25
    assert measure_drift(past, past, model=small_model)["stability"]["known_terms"] == 0
    assert "known_terms" not in measure_drift(past, now.drop(columns="text"), model=small_model)["stability"]


def test_name_and_number_stand_apart() -> None:
    past = table(["blue", "white"] * 5, academic_score=0.2, date="2025-01-07")
    lines = as_text(measure_drift(past, past, by="month")).splitlines()
    assert ["by 2025-01 now means academic score", "0.200"] in [re.split(r" {2,}", line) for line in lines]


def test_the_command(tmp_path: Path) -> None:
    table(OLD).to_csv(tmp_path / "old.csv", index=False)
    table(NEW).to_csv(tmp_path / "new.csv", index=False)
    shown = json.loads(run("compare", tmp_path / "old.csv", tmp_path / "new.csv", "--json").stdout)
    assert shown["changed"] == 0.5
    assert "changes gray to blue" in run("compare", tmp_path / "old.csv", tmp_path / "new.csv").stdout
    drift = json.loads(run("compare", tmp_path / "old.csv", tmp_path / "new.csv", "--drift", "--json").stdout)
    assert drift["stability"]["labels"] > 0.25
    assert "--key" in run("compare", "a.csv", "b.csv", "--drift", "--key", "id", code=2).stderr
    (tmp_path / "ads.csv").write_text("title\nWelder\n")
    assert "label it first" in run("compare", tmp_path / "ads.csv", tmp_path / "new.csv", code=1).stderr
