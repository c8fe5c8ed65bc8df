"""Shown words begin and end where words do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collarclass import classify
from collarclass.model.borders import shown, whole_words


@pytest.mark.parametrize(
    ("text", "part", "whole"),
    [
        ("Senior T&E Analyst", "E Analyst", "T&E Analyst"),
        ("Fluent in C++ and Go", "C", "C++"),
        ("read drawings, weld", "drawings", "drawings"),
        ("精通Python研发", "Python", "Python"),
    ],
)
def test_runs_are_widened_to_words(text: str, part: str, whole: str) -> None:
    begin, stop = whole_words(text, text.index(part), text.index(part) + len(part))
    assert text[begin:stop] == whole


@given(st.text(alphabet="ab &+/-研发主管数据 ,.", min_size=1, max_size=30), st.data())
def test_a_widened_run_holds_the_run_and_stays(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    begin, stop = whole_words(text, start, end)
    assert 0 <= begin <= start < end <= stop <= len(text)


def test_chinese_words_are_shown_whole() -> None:
    account = classify("急聘研发主管一名，负责产品设计与数据分析。" * 20).account
    assert account is not None
    words = {part.text for part in account.parts if part.kind == "words"}
    assert {"研发", "主管"} <= words or "研发主管" in words, words
    assert all(len(word) > 1 for word in words)


def test_entities_are_shown_as_characters() -> None:
    assert shown("Bachelor&rsquo;s \n degree &amp; licence") == "Bachelor\u2019s degree & licence"
