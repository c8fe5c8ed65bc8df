"""The short form of research/robustness/fuzz.py, the findings it kept, and rows that must not see each other."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from collarclass import Classification, Model, classify, classify_many, label_table
from collarclass.api import default_model
from collarclass.model.account import Part
from collarclass.model.predict import Predictions, predict
from research.robustness.fuzz import FINDINGS, Ad, Makes, batches, check, corpus, error_of, note_printed, shrink


@pytest.fixture(autouse=True)
def _printed_errors_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "unraisablehook", note_printed)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(batches(corpus(), most=6))
def test_no_batch_breaks_a_promise(tmp_path_factory: pytest.TempPathFactory, ads: list[Ad]) -> None:
    check(ads, default_model(), tmp_path_factory.getbasetemp())


@pytest.mark.parametrize("seed", range(3))
def test_no_large_batch_breaks_a_promise(tmp_path: Path, seed: int) -> None:
    check(Makes(corpus()).batch(random.Random(seed), 300), default_model(), tmp_path)


def _kept() -> list[list[Ad]]:
    lines = FINDINGS.read_text("utf-8").splitlines() if FINDINGS.exists() else []
    return [[(text, title) for text, title in json.loads(line)["ads"]] for line in lines]


@pytest.mark.parametrize("ads", _kept())
def test_what_was_found_once_stays_mended(ads: list[Ad], tmp_path: Path) -> None:
    check(ads, default_model(), tmp_path)


def test_a_broken_promise_is_found_and_shrunk(small_model: Model, tmp_path: Path) -> None:
    def spoiled(ads: Sequence[Ad], model: Model, folder: Path) -> None:
        assert not any("degree" in text for text, _ in ads), "a degree"

    ads = Makes(["Bachelor's degree wanted"]).batch(random.Random(1), 200)
    assert error_of(ads, small_model, tmp_path, spoiled) == "AssertionError: a degree"
    small = shrink(ads, lambda some: bool(error_of(some, small_model, tmp_path, spoiled)))
    assert small == [("degree", "")]


class _Spoiled:
    """A model's predictions with one thing changed."""

    def __init__(self, change: Callable[[Predictions], object]) -> None:
        self.change, self.calls = change, 0

    def __call__(self, *args: Any, **options: Any) -> Predictions:
        found = predict(*args, **options)
        self.calls += 1
        if self.calls == 1:
            self.change(found)
        return found


def _spoiled(**changes: Any) -> Callable[..., list[Classification]]:
    """Results with something of their accounts changed."""

    def spoil(*args: Any, **options: Any) -> list[Classification]:
        results = classify_many(*args, **options)
        for result in results:
            assert result.account is not None
            result._known["account"] = replace(result.account, **changes)
        return results

    return spoil


def _print_an_error(*args: Any, **options: Any) -> list[Classification]:
    class Unlucky:
        def __del__(self) -> None:
            raise IndexError

    Unlucky()
    return classify_many(*args, **options)


SPOILED: dict[str, tuple[str, Any]] = {
    message: ("predict", _Spoiled(change))
    for message, change in {
        "out of range": lambda found: found.scores.__setitem__((0, 0), np.nan),
        "sum to one": lambda found: found.probabilities.__imul__(0.5),
        "without a note": lambda found: found.note.__setitem__(0, 1),
        "changes: level": lambda found: found.level.__iadd__(1),
        "label_table differs from classify_many: collar_evidence": lambda found: found.words.__setitem__(0, "words"),
        "label_table differs from classify_many: certificates": lambda found: found.certificates.__setitem__(0, ("A",)),
    }.items()
} | {
    "does not add up": ("classify_many", _spoiled(start=(9.0, 9.0))),
    "span outside|span differs": ("classify_many", _spoiled(parts=(Part("words", "text", 3, 9, "other", (0.1, 0.1)),))),
    "only printed": ("classify_many", _print_an_error),
}


@pytest.mark.parametrize("message", SPOILED)
def test_each_broken_promise_is_seen(message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ads = [("Weld and repair pumps, valves and pipes. Bachelor's degree required, days.", "Fitter")] * 2
    name, spoiled = SPOILED[message]
    monkeypatch.setattr(f"research.robustness.fuzz.{name}", spoiled)
    with pytest.raises(AssertionError, match=message):
        check(ads, default_model(), tmp_path)


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
    assert labelled["certificates"][0]
    for words in (labelled["collar_evidence"][0], *labelled["certificates"][0]):
        assert words.encode("utf-8")
    found = classify(text, "Wel\ud83dder")
    for words in (found.to_json(), found.explain("en"), found.explain("zh"), found._repr_html_()):
        assert words.encode("utf-8")
