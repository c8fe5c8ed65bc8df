"""Text → tokens: folding, sentences, markup, and offsets that hold on the caller's own text."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collarclass.text.ad_tokens import AdTokens
from collarclass.text.markup import read_markup
from collarclass.text.tokens import Tokens, tokenize

MESSY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(list("aAbB'’.-+# \n\t<>&;/\"=0９本科ＤÉ\u200b\u00ad\ufeff😀。；")),
    ),
    max_size=80,
)
PIECES = st.lists(
    st.sampled_from(
        [
            "<p>",
            "</p>",
            "<br/>",
            "<script>",
            "</script>",
            "&amp;",
            "&lt;",
            "&nbsp;",
            "&#39;",
            "&amp;lt;b&amp;gt;",
        ]
        + ["<!--", "-->", '<a href="x>y">', "degree", " ", "本科", "'s", "\n", "<", "&", "B.S."]
    ),
    max_size=25,
).map("".join)


def words(text: str) -> list[str]:
    tokens = AdTokens().read(text)
    return [tokens.word(i) for i in range(tokens.n)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bachelor's degree", ["bachelors", "degree"]),
        ("BACHELOR’S Degree", ["bachelors", "degree"]),
        ("C++, C# & .NET 5+ years", ["c++", "c#", "net", "5+", "years"]),
        ("PhD Ph.D.", ["ph", "d", "ph", "d"]),
        ("DutiesInclude", ["duties", "include"]),
        ("full-time", ["full", "time"]),
        ("résumé CAFÉ", ["resume", "cafe"]),
        ("ＣＮＣ５年", ["cnc5", "年"]),
        ("本科以上", ["本", "科", "以", "上"]),
        ("專科學歷", ["专", "科", "学", "历"]),
        ("衞生署綫上枱", ["卫", "生", "署", "线", "上", "台"]),
        ("wel\u00adder wel\u200bder", ["welder", "welder"]),
        ("<b>Weld</b>er &amp; R&D", ["welder", "r", "d"]),
        ("<style>p{}</style><script>var master=1</script>cook<!-- phd -->", ["cook"]),
        ('<a title="master\'s degree">apply</a>', ["apply"]),
        ("&lt;li&gt;driver&lt;/li&gt;", ["driver"]),
        ("&amp;lt;p&amp;gt;nurse&amp;lt;/p&amp;gt;", ["nurse"]),
        ("5 < 6 and R&D; a<b", ["5", "6", "and", "r", "d", "a", "b"]),
        ("", []),
        (" \n\t ", []),
        ("😀", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_equal_hashes_mean_equal_words() -> None:
    tokens = tokenize(["Master master MASTER’s masters maste rmaster", "master"])
    assert tokens.hash[0] == tokens.hash[1] == tokens.hash[-1]
    assert tokens.hash[2] == tokens.hash[3]
    assert len(set(tokens.hash.tolist())) == 4


@given(st.integers(1, 64), st.integers(0, 63), st.sampled_from("az0"))
def test_every_letter_of_a_word_counts(length: int, place: int, letter: str) -> None:
    word = "m" * length
    changed = word[: place % length] + letter + word[place % length + 1 :]
    tokens = tokenize([word, changed])
    assert tokens.hash[0] != tokens.hash[1]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("one two. Three", [0, 0, 1]),
        ("B.S. degree", [0, 0, 0]),
        ("one\ntwo", [0, 1]),
        ("one • two", [0, 1]),
        ("本。科", [0, 1]),
        ("v2.5 release", [0, 0, 0]),
    ],
)
def test_sentences(text: str, sentences: list[int]) -> None:
    found = tokenize([text]).sentence
    assert (found - found[0]).tolist() == sentences


def offsets_hold(tokens: Tokens, texts: list[str]) -> None:
    for i in range(len(tokens)):
        text = texts[tokens.row[i]]
        start, end = tokens.span(i, i)
        assert 0 <= start < end <= len(text)


@given(st.lists(st.one_of(MESSY, PIECES), max_size=6))
def test_offsets_lie_in_the_text_and_rows_do_not_mix(texts: list[str]) -> None:
    tokens = tokenize(texts)
    offsets_hold(tokens, texts)
    assert tokens.n_rows == len(texts)
    for row, text in enumerate(texts):
        alone = tokenize([text])
        part = slice(tokens.first[row], tokens.first[row + 1])
        assert np.array_equal(alone.hash, tokens.hash[part])
        whole = tokens.sentence[part]
        assert np.array_equal(alone.sentence - alone.sentence[:1], whole - whole[:1])
        assert [alone.span(i, i) for i in range(len(alone))] == [
            tokens.span(i, i) for i in range(tokens.first[row], tokens.first[row + 1])
        ]


@given(st.text(st.sampled_from("abcXYZ 本科,.\n"), max_size=60))
def test_spans_of_plain_text_are_the_words(text: str) -> None:
    tokens = AdTokens().read(text)
    for i in range(tokens.n):
        _, start, end = tokens.span(i, i)
        assert text[start:end].lower() == tokens.word(i)


@given(PIECES)
def test_markup_places_point_at_their_source(text: str) -> None:
    plain, places = read_markup(text)
    if places is None:
        assert plain == text
        return
    assert len(plain) == len(places)
    assert all(a <= b for a, b in zip(places[:-1], places[1:], strict=True))
    for char, place in zip(plain, places, strict=True):
        assert text[place] == char or text[place] in "<&"


def test_a_very_long_token_is_read() -> None:
    assert len(tokenize(["a" * 200_000])) == 1


@given(MESSY, st.integers(0, 80))
def test_tokens_of_the_title_are_those_that_begin_in_it(text: str, offset: int) -> None:
    title_end, begins = min(offset, len(text)), tokenize([text]).begin
    assert AdTokens().read(text, title_end, 0).n_title == (begins < title_end).sum()


def test_tags_behind_a_quote_that_is_never_closed_are_tags() -> None:
    plain, places = read_markup("<a href='1<p>weld<a href='2 steel")
    assert plain == "<a href='1\nweld<a href='2 steel"
    assert places is not None
    assert len(places) == len(plain)


def test_quotes_that_open_tag_after_tag_take_time_in_proportion() -> None:
    text = "<a " + '="<a "' * 40_000 + "< >"
    started = time.process_time()
    read_markup(text)
    assert time.process_time() - started < 3  # with every place looked at anew it takes minutes
