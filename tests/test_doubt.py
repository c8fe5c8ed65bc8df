"""Doubt that can be used: labels held back below a confidence, and the label that comes second."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from command import run
from hypothesis import given
from hypothesis import strategies as st

from collarclass import DataError, classify, classify_many, label_file

ADS = [
    ("Welder", "MIG welding of steel frames and pipes in our shop, days. No schooling needed."),
    ("Maintenance planner", "Plan the work of mechanics, order parts, and now and then repair a pump. Diploma."),
    ("Data analyst", "Build dashboards and write queries in SQL, present results to managers. Bachelor's degree."),
    ("实验室主管", "安排实验室人员的工作，审核报告，必要时亲自操作仪器。本科学历。"),
    ("会计", "负责账务处理、纳税申报和报表编制，与税务部门沟通。本科学历。"),
    (None, ""),
]
TITLES, TEXTS = [title for title, _ in ADS], [text for _, text in ADS]
SURE = classify_many(TEXTS, TITLES)


@given(st.floats(0, 1))
def test_less_sure_labels_become_unclear_and_the_others_stay(least: float) -> None:
    for before, after in zip(SURE, classify_many(TEXTS, TITLES, min_confidence=least), strict=True):
        if before.label != "unclear" and (before.confidence or 0) < least:
            assert (after.label, after.note, after.confidence) == ("unclear", "near the line", None)
            assert after.probabilities == before.probabilities
        else:
            assert after == before


@pytest.mark.parametrize("wrong", [-0.1, 1.5, float("nan"), "0.8", True])
def test_a_wrong_least_confidence_is_refused(wrong: float) -> None:
    with pytest.raises(DataError, match=r"min_confidence is .*: give a number from 0 to 1"):
        classify("Welder", min_confidence=wrong)


def test_the_second_label_is_named_where_it_is_close() -> None:
    for found in SURE:
        known = {label: p or 0.0 for label, p in found.probabilities.items()}
        _, second, _ = sorted(known, key=lambda label: -known[label])
        assert found.second_label == (second if known[second] >= 0.25 else None)
    assert any(found.second_label for found in SURE)


def test_the_sentence_says_why() -> None:
    assert classify(TEXTS[0], min_confidence=1).explain() == "Unclear: near the line."
    assert classify(TEXTS[4], min_confidence=1).explain() == "无法判断：接近界线。"


def test_files(tmp_path: Path) -> None:
    with (tmp_path / "ads.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("title", "text"), *((title or "", text) for title, text in ADS)])
    done = run("label", "ads.csv", "-o", "out.csv", "--min-confidence", "0.9", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, found in zip(rows, SURE, strict=True):
        held_back = found.label != "unclear" and (found.confidence or 0) < 0.9
        assert row["collar"] == ("unclear" if held_back else found.label)
        assert row["collar_note"] == ("near the line" if held_back else found.note)


def test_rules_have_no_confidence(tmp_path: Path) -> None:
    (tmp_path / "ads.csv").write_text("text\nWelder\n", "utf-8")
    with pytest.raises(DataError, match="have no confidence: leave min_confidence out"):
        label_file(tmp_path / "ads.csv", tmp_path / "out.csv", definition="middle", min_confidence=0.5)
