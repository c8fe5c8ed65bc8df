"""Reasons, sentences and the tinted ad."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collarclass import classify
from collarclass.text.language import language


def test_the_sentence_names_label_schooling_words_and_confidence() -> None:
    result = classify("Set up and run CNC lathes, write G-code. Associate degree required.", "CNC Technician")
    sentence = result.explain()
    assert sentence.startswith("Gray: asks for an associate degree or diploma [requirement]")
    assert f"Confidence {result.confidence:.2f}." in sentence
    assert "“" in sentence


def test_a_chinese_ad_is_explained_in_chinese() -> None:
    sentence = classify("负责自动化设备的安装调试和维修，大专及以上学历，机电专业。", "设备工程师").explain()
    assert sentence.startswith("灰领：要求大专学历")
    assert classify("").explain("zh") == "无法判断：文本为空。"


def test_reasons_do_not_overlap_and_are_not_stop_words_alone() -> None:
    result = classify(
        "Welder for the shipyard: MIG and TIG welding of steel pipe, grinding and fitting in all weathers."
    )
    spans = sorted((r.start, r.end) for r in result.reasons if r.field == "text")
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
@settings(deadline=None)
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
        assert f"({r.status.replace('_', ' ')}, {r.confidence:.0%}, " in shown


@pytest.mark.parametrize(("text", "lang"), [("Java 开发工程师", "zh"), ("Senior developer", "en"), ("123", "en")])
def test_language(text: str, lang: str) -> None:
    assert language(text) == lang
