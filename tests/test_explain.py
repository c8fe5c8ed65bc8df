"""Reasons, sentences and the tinted ad."""

from __future__ import annotations

import csv
import json
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collarclass import classify, classify_many, label_table, to_frame
from collarclass.definitions.labels import DIMENSIONS
from collarclass.explain.sentence import sentence
from collarclass.model.account import Account, Evidence, Part
from collarclass.text.tokens import language

ROOT = Path(__file__).parents[1]
NEVER_NAMED = {"monday", "london", "us", "required", "月薪", "要求", "的员工"}


def test_the_sentence_names_label_schooling_words_and_confidence() -> None:
    result = classify("Set up and run CNC lathes, write G-code. Associate degree required.", "CNC Technician")
    sentence = result.explain()
    assert sentence.startswith("Gray: asks for an associate degree or diploma (“Associate degree”), ")
    assert "hands-on work, " in sentence
    assert "“CNC Technician”" in sentence
    assert f"Confidence {result.confidence:.2f}." in sentence


def test_a_chinese_ad_is_explained_in_chinese() -> None:
    sentence = classify("负责自动化设备的安装调试和维修，大专及以上学历，机电专业。", "设备工程师").explain()
    assert sentence.startswith("灰领：要求大专学历")
    assert classify("").explain("zh") == "无法判断：正文为空。"


def test_both_sides_are_named_where_no_schooling_is_stated() -> None:
    sentence = classify("Weld steel frames in our workshop, read drawings, grind and fit.", "Welder").explain("en")
    assert sentence.startswith("Blue: states no schooling, judged academic ")
    assert "almost entirely hands-on work, " in sentence


def test_one_account_of_schooling() -> None:
    found = classify("A university degree is an asset. You file letters and answer the telephone all day.", "Clerk")
    assert found.account is not None
    over = [part for part in found.account.parts if part.text and "degree" in part.text]
    assert [part.kind for part in over] == ["schooling"]


def part_of(piece: Part | Evidence, text: str, title: str | None) -> str:
    """What stands where a piece says; nothing where it has no place."""
    if piece.start is None:
        assert (piece.field, piece.end) == (None, None)
        return ""
    return ((title or "") if piece.field == "title" else text)[piece.start : piece.end]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_accounts_add_up_and_reasons_speak_for_the_label(language: str) -> None:
    with (ROOT / "data" / "ads" / f"{language}.csv").open(encoding="utf-8", newline="") as file:
        ads = [(row["text"], row["title"]) for row in csv.DictReader(file)][::20]
    for (text, title), found in zip(ads, classify_many(*zip(*ads, strict=True)), strict=True):
        account = found.account
        assert account is not None
        for k, score in enumerate((found.academic_score, found.hands_on_score)):
            rating = account.start[k] + sum(part.weights[k] for part in account.parts)
            assert score is not None
            assert rating == pytest.approx(4 * score, abs=1e-9)
        for part in account.parts:
            assert part_of(part, text, title) == part.text
        sides = dict(zip(DIMENSIONS, account.sides(found.label), strict=True))
        for r in found.reasons:
            assert r in found.evidence
            assert sides[r.dimension] * r.weight > 0


PIECES = [
    "Weld steel frames", "Bachelor's degree required", "&amp; grind ", "<p>Reception</p>", "machine learning in Python",
    "High school diploma", "time-served", "call us on Monday", "registered nurse", "London", "£30k", "\n", "welder x3",
    "本科及以上学历", "操作数控车床", "月薪8000", "電工證", "負責設備維修", "销售", "1. 焊工3名\n2. 文员1名\n",
    "项目管理经验",
]  # fmt: skip


@given(
    st.lists(st.sampled_from(PIECES), max_size=30),
    st.none() | st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map(" ".join),
)
@settings(max_examples=80)
def test_whatever_the_ad_its_account_adds_up_at_every_door(pieces: list[str], title: str | None) -> None:
    text = " ".join(pieces)
    found = classify(text, title)
    (other,) = classify_many([text], [title])
    ad = {"text": [text]} if title is None else {"text": [text], "title": [title]}
    frame = label_table(pd.DataFrame(ad), text="text", title=None if title is None else "title")
    assert found.account is not None
    assert found.account == other.account
    assert found.explain() == other.explain()
    assert frame["collar_evidence"][0] == to_frame([found])["collar_evidence"][0]
    told = json.loads(found.to_json(max_evidence=1000))["evidence"]
    for k, (dimension, rating) in enumerate(zip(("academic", "hands_on"), found.account.ratings, strict=True)):
        start = found.account.start[k]
        assert start + sum(part.weights[k] for part in found.account.parts) == pytest.approx(rating, abs=1e-9)
        shown = [e["weight"] for e in told if e["dimension"] == dimension]
        assert start + sum(shown) == pytest.approx(rating, abs=0.5e-4 * len(shown) + 1e-9)
    for part in found.account.parts:
        assert part_of(part, text, title) == part.text
    assert not {part.text.casefold() for part in found.account.parts if part.kind == "words"} & NEVER_NAMED
    for dimension, rating in zip(("academic", "hands_on"), found.account.ratings, strict=True):
        terms = [term for term in found.terms if term.dimension == dimension]
        assert found.intercept[dimension] + sum(term.weight for term in terms) == pytest.approx(rating, abs=1e-9)
    assert all(part_of(term, text, title) == term.text for term in found.terms)
    assert all(abs(e.weight) > 1e-9 for e in found.evidence)


def test_reasons_do_not_overlap_and_are_not_stop_words_alone() -> None:
    result = classify(
        "Welder for the shipyard: MIG and TIG welding of steel pipe, grinding and fitting in all weathers."
    )
    spans = sorted({(r.start or 0, r.end or 0) for r in result.reasons if r.field == "text"})
    assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False))
    assert not {r.text.casefold() for r in result.reasons} & {"the", "and", "of", "in"}


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.tags: set[str] = set()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag == "br":
            self.text += "\n"


@given(st.lists(st.sampled_from(["<script>", "weld", "&amp;", "degree", "\n", '"', "本科", "电工"]), max_size=20))
def test_the_tinted_ad_shows_the_text_and_runs_none_of_it(pieces: list[str]) -> None:
    text = "x " + " ".join(pieces)
    reader = Reader()
    reader.feed(classify(text)._repr_html_())
    assert reader.tags <= {"div", "p", "b", "br", "span", "small", "ul", "li"}
    assert text in reader.text


def test_html_says_what_is_asked_for_and_why() -> None:
    found = classify("Welder <wanted>. Welding certificate required, a degree is a plus. Weld frames all day.")
    shown = found._repr_html_()
    assert len(found.requirements) == shown.count("<li>") > 0
    for r in found.requirements:
        said = f", by the wording “{r.cue.text}”" if r.cue else ""
        assert f"({r.status.replace('_', ' ')}{said}, {r.confidence:.0%})" in shown
    assert "by the wording “required”" in shown
    assert "by the wording “a plus”" in shown


@pytest.mark.parametrize(
    ("title", "job"),
    [
        ("Data Scientist - Deep Learning - Mountain View, CA 94043", "Data Scientist"),
        ("Senior Nurse (Ward 7) £40k", "Senior Nurse"),
        ("客户经理3K+1可无经验", "客户经理"),
        ("3D引擎工程师（杭州）", "3D引擎工程师"),
        ("急招女工月薪5千包食宿", "女工"),
        ("Welder", "Welder"),
    ],
)
def test_a_title_is_named_by_its_job(title: str, job: str) -> None:
    found = classify("You work in our team of twelve, plan your week yourself and report to the manager. " * 6, title)
    assert found.account is not None
    assert [part.text for part in found.account.parts if part.kind == "title"] == [job]


def test_a_heading_is_no_title() -> None:
    found = classify("About the job\n\nYou build data pipelines in Python, write tests and mend what breaks. " * 8)
    assert found.account is not None
    assert "About the job" not in [part.text for part in found.account.parts]
    assert "About the job" not in found.explain()


def test_an_apprenticeship_is_no_school() -> None:
    ad = "Time-served electrician, apprenticeship completed: wire houses, find faults, test and certify installations."
    assert "asks for an apprenticeship (“" in classify(ad).explain()


def test_words_that_run_together_are_parted_and_those_side_by_side_are_one() -> None:
    ad = "Build servicesDesign for machine learning in JavaScript. " * 8
    named = [part.text for part in classify(ad, "Developer").account.parts if part.kind == "words"]  # type: ignore[union-attr]
    assert "servicesDesign" not in named
    assert any("machine learning" in words for words in named)
    assert "Script" not in named


def test_chinese_words_are_named_whole() -> None:
    account = classify("急聘研发主管一名，负责产品设计与软件测试。招软件工程师。" * 20).account
    assert account is not None
    words = {part.text for part in account.parts if part.kind == "words"}
    assert {"研发主管", "软件工程师"} & words, words
    assert all(len(word) > 1 for word in words)


def test_where_no_word_stands_out_the_sentence_says_so() -> None:
    account = Account((1.8, 2.2), (1.8, 0.2), (Part("other words", "text", 0, 0, "", (0.0, -2.0)),))
    assert sentence("white", 0.9, (None, "unstated"), account, "en") == (
        "White: states no schooling, judged academic 1.8 of 4, no single word stands out; "
        "hardly any hands-on work, 0.2 of 4, no single word stands out. Confidence 0.90."
    )


@pytest.mark.parametrize(("text", "lang"), [("Java 开发工程师", "zh"), ("Senior developer", "en"), ("123", "en")])
def test_language(text: str, lang: str) -> None:
    assert language(text) == lang


@pytest.mark.parametrize(
    ("title", "named"),
    [("<b>Welder</b>", "“Welder”"), ("Welder &amp; Fitter", "“Welder & Fitter”"), ("R&D <Engineer>", "“R&D”")],
)
def test_no_tag_or_entity_of_a_title_is_named(title: str, named: str) -> None:
    said = classify("<p>Build steel frames all day</p>", title).explain()
    assert named in said
    assert "<" not in said


def test_a_row_judged_by_a_code_names_the_occupation() -> None:
    assert "“Welders, Cutters, Solderers, and Brazers”" in classify(code="51-4121").explain()
