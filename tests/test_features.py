"""Vocabulary look-up and counting, against a plain dictionary and a Counter."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from collarclass.features.ngrams import Vocabulary, count_terms, ngrams
from collarclass.text.tokens import Tokens, tokenize


def every(tokens: Tokens) -> list[tuple[NDArray[np.uint64], NDArray[np.int64]]]:
    return [(found.hashes, found.first) for found in ngrams(tokens, np.arange(len(tokens)))]


HASHES = st.lists(st.integers(0, 2**64 - 1), unique=True, max_size=200)


@given(HASHES, st.lists(st.integers(0, 2**64 - 1), max_size=50))
def test_find_agrees_with_a_dictionary(known: list[int], others: list[int]) -> None:
    # Distinct in the half that is compared, as the hashes of real n-grams are.
    known = list({h & 0xFFFFFFFF: h for h in known}.values())
    vocabulary = Vocabulary(np.array(known, np.uint64), np.ones(len(known), np.uint8))
    number = {h: i for i, h in enumerate(known)}
    low = {h & 0xFFFFFFFF for h in known}
    sought = known + [h for h in others if h & 0xFFFFFFFF not in low]
    where, found = vocabulary.find(np.array(sought, np.uint64))
    assert dict(zip(where.tolist(), found.tolist(), strict=True)) == {
        i: number[h] for i, h in enumerate(sought) if h in number
    }


@given(st.lists(st.text(st.sampled_from("ab 本科\n."), max_size=30), min_size=1, max_size=5))
def test_counts_agree_with_a_counter(texts: list[str]) -> None:
    tokens = tokenize(texts)
    everything = every(tokens)
    hashes = np.unique(np.concatenate([h for h, _ in everything]))
    order = {int(h): n for n, (hs, _) in zip((1, 2, 3, 1), everything, strict=True) for h in hs}
    vocabulary = Vocabulary(hashes, np.array([order[int(h)] for h in hashes], np.uint8))
    terms = count_terms(tokens, vocabulary, len(tokens))
    expected = Counter(
        (int(tokens.row[i]), int(h)) for hs, first in everything for h, i in zip(hs, first, strict=True)
    )
    found = {
        (int(r), int(hashes[t])): int(n) for r, t, n in zip(terms.row, terms.term, terms.times, strict=True)
    }
    assert found == dict(expected)
    assert np.allclose(terms.value, 1 + np.log(terms.times), atol=1e-6)


def test_words_of_one_stem_share_an_n_gram() -> None:
    tokens = tokenize(["engineering", "Engineers", "engin", "英才工程师", "123456", "wel", "čelistní"])
    assert len(set(tokens.stem[:3].tolist())) == 1
    longer = every(tokens)[3][1]
    assert [tokens.word(i) for i in longer] == ["engineering", "engineers", "celistni"]


def test_ngrams_stay_within_a_sentence() -> None:
    tokens = tokenize(["one two. three", "本科。上"])
    _, (pairs, first), (triples, _), _ = every(tokens)
    assert [tokens.word(i, i + 1) for i in first] == ["one two", "本 科"]
    assert len(triples) == 0
    assert len(pairs) == 2


def test_reach_counts_the_head_of_each_row() -> None:
    texts = ["a b a b", "b", "", "a a b"]
    tokens = tokenize(texts)
    heads = tokenize([" ".join(t.split()[:2]) for t in texts])
    hashes = np.unique(np.concatenate([h for h, _ in every(tokens)]))
    order = {int(h): n for n, (hs, _) in zip((1, 2, 3, 1), every(tokens), strict=True) for h in hs}
    vocabulary = Vocabulary(hashes, np.array([order[int(h)] for h in hashes], np.uint8))
    cut, head = count_terms(tokens, vocabulary, 2), count_terms(heads, vocabulary, 100)
    for name in ("row", "term", "times"):
        assert np.array_equal(getattr(cut, name), getattr(head, name))
