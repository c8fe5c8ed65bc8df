"""The short form of scripts/fuzz.py, the findings it kept, and rows that must not see each other."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.fuzz import FINDINGS, Ad, Search, batches, check, corpus

from collarclass import Model, classify, classify_many, label_table
from collarclass.api import default_model


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(batches(corpus(), most=6))
def test_no_batch_breaks_a_promise(tmp_path_factory: pytest.TempPathFactory, ads: list[Ad]) -> None:
    check(ads, default_model(), tmp_path_factory.getbasetemp())


def _kept() -> list[list[Ad]]:
    lines = FINDINGS.read_text("utf-8").splitlines() if FINDINGS.exists() else []
    return [[(text, title) for text, title in json.loads(line)["ads"]] for line in lines]


@pytest.mark.parametrize("ads", _kept())
def test_what_was_found_once_stays_mended(ads: list[Ad], tmp_path: Path) -> None:
    check(ads, default_model(), tmp_path)


def test_a_broken_promise_is_found_and_shrunk(
    small_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoiled(ads: list[Ad], model: Model, folder: Path) -> None:
        assert not any("degree" in text for text, _ in ads), "a degree"

    monkeypatch.setattr("scripts.fuzz.check", spoiled)
    search = Search(["Bachelor's degree wanted"], small_model, tmp_path, until=float("inf"))
    assert search.run(1, examples=500) == "AssertionError: a degree"
    assert len(search.last) == 1
    assert len(search.last[0][0]) < 40


NEIGHBOURS = (
    "",
    "No agencies",
    "No degree needed.",
    "Yes.",
    "or equivalent experience",
    "days.",
    "<p>Hello</p>",
    "preferred",
    "不限",
    "及以上学历优先",
    "5",
)
OWN = (
    "You run the boiler house, weld and repair pumps and valves. Do you have a degree?",
    "A year in care work is needed.",
    "A year in care work is needed, days.",
    "Operate CNC machines and read drawings, bachelor's degree",
    "degree required: write reports and plan budgets for the board",
    "3 years",
    "负责数控车床的编程与操作，维护设备，大专",
    "学历：本科，负责财务报表和纳税申报，年龄18",
)


@pytest.mark.parametrize("text", OWN)
def test_a_label_does_not_depend_on_its_neighbours(text: str) -> None:
    alone = classify(text)
    for neighbour in NEIGHBOURS:
        before, after = classify_many([neighbour, text])[1], classify_many([text, neighbour])[0]
        for found in (before, after):
            assert found == alone
            assert found.evidence == alone.evidence


def test_lone_surrogates_are_labelled_and_written() -> None:
    text = "Weld pipes \ud800 and steel frames\udfff, read drawings, no degree needed, forklift licence\udc80 required"
    ads = pd.DataFrame({"title": ["Wel\ud83dder"], "text": [text]}, dtype=object)
    labelled = label_table(ads)
    assert labelled["collar"].tolist() == ["blue"]
    assert labelled["text"].tolist() == [text]
    for name in ("collar_evidence", "certificates"):
        assert labelled[name][0].encode("utf-8")
    assert classify(text, "Wel\ud83dder").to_json().encode("utf-8")
