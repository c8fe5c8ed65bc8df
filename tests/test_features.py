"""Vocabulary look-up and counting, against a plain dictionary and a Counter."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from collarclass.features.ad_terms import AdTerms
from collarclass.features.ngrams import Occurrences, ngrams
from collarclass.features.term_index import TermIndex
from collarclass.text.ad_tokens import AdTokens
from collarclass.text.tokens import tokenize

HASHES = st.lists(st.integers(0, 2**64 - 1), unique=True, max_size=200)


@given(HASHES, st.lists(st.integers(0, 2**64 - 1), max_size=50))
def test_find_agrees_with_a_dictionary(known: list[int], others: list[int]) -> None:
    # Distinct in the half that is compared, as the hashes of real n-grams are.
    known = list({h & 0xFFFFFFFF: h for h in known}.values())
    vocabulary = TermIndex(np.array(known, np.uint64))
    number = {h: i for i, h in enumerate(known)}
    low = {h & 0xFFFFFFFF for h in known}
    sought = known + [h for h in others if h & 0xFFFFFFFF not in low]
    where, found = vocabulary.find(np.array(sought, np.uint64))
    assert dict(zip(where.tolist(), found.tolist(), strict=True)) == {
        i: number[h] for i, h in enumerate(sought) if h in number
    }


def vocabulary_of(found: Occurrences) -> TermIndex:
    return TermIndex(np.unique(found.hashes))


def counted(text: str, vocabulary: TermIndex, most: int) -> dict[int, int]:
    """Mentions of each known n-gram, by its hash."""
    ones: Any = memoryview(np.ones(len(vocabulary), np.float32))  # type: ignore[arg-type]
    weight: Any = memoryview(np.ones((len(vocabulary), 2), np.float32))  # type: ignore[arg-type]
    terms, tokens = AdTerms(vocabulary, ones, weight, ones), AdTokens().read(text)
    terms.grow(tokens.n)
    terms.count(tokens, most)
    return {int(vocabulary.hashes[terms.term[k]]): terms.times[k] for k in range(terms.n)}


@given(st.text(st.sampled_from("ab 本科\n."), min_size=1, max_size=30))
def test_counts_agree_with_a_counter(text: str) -> None:
    found = ngrams(tokenize([text]), [1000])
    if len(found.hashes):
        assert counted(text, vocabulary_of(found), 1000) == dict(Counter(found.hashes.tolist()))


def test_words_of_one_stem_share_an_n_gram() -> None:
    texts = ["engineering", "Engineers", "engin", "英才工程师", "123456", "wel", "čelistní"]
    tokens = tokenize(texts)
    assert len(set(tokens.stem[:3].tolist())) == 1
    stemmed = tokens.row[tokens.stem != tokens.hash]
    assert [texts[row] for row in stemmed] == ["engineering", "Engineers", "čelistní"]


def test_ngrams_stay_within_a_sentence() -> None:
    texts = ["one two. three", "本科。上"]
    tokens = tokenize(texts)
    found = ngrams(tokens, [10, 10])
    pairs = found.first[found.order == 2]
    start, end = tokens.begin[pairs], tokens.stop[pairs + 1]
    shown = [texts[row][a:b] for row, a, b in zip(tokens.row[pairs], start, end, strict=True)]
    assert shown == ["one two", "本科"]
    assert not (found.order == 3).any()


def test_reach_counts_the_head_of_an_ad() -> None:
    vocabulary = vocabulary_of(ngrams(tokenize(["a b a b"]), [10]))
    assert counted("a b a b", vocabulary, 2) == counted("a b", vocabulary, 100)
