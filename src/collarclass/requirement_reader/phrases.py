"""Where the phrases of the lexicon stand in a batch of tokens.

A phrase is a run of tokens inside one sentence. The whole stream is searched at once: maps of single
tokens and of pairs give sparse candidates, which are then lengthened token by token by combining
hashes. What is asked for is looked for first, and the words about it near by only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collarclass.features.ngrams import PAIR
from collarclass.requirement_reader.lexicon import CLASSES, ITEMS, OF_FAR, OF_HEADING, OF_ITEM, Lexicon, pair_place
from collarclass.text.tokens import Tokens, mix

_COMMA, _ENUMERATION, _SLASH, _YEARS, _DECOY = (
    ord(","), ord("、"), ord("/"), CLASSES.index("years"), CLASSES.index("decoy"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hits:
    """Phrases found in a batch: arrays of one length, sorted by place, none overlapping another."""

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    phrase: NDArray[np.int64]


def find_phrases(tokens: Tokens, lexicon: Lexicon) -> Hits:
    """Find the lexicon's phrases in a batch; of phrases that overlap, the longest stands.

    Phrases that say how something is asked for, other than those of `FAR`, are looked for in sentences
    with something that may be asked for.

    Examples
    --------
    >>> from collarclass.requirement_reader.lexicon import default_lexicon
    >>> from collarclass.text.tokens import tokenize
    >>> tokens = tokenize(["two high school teachers", "a high school diploma"])
    >>> hits = find_phrases(tokens, default_lexicon())
    >>> [(tokens.word(f, l), CLASSES[default_lexicon().group[p]])
    ...  for f, l, p in zip(hits.first.tolist(), hits.last.tolist(), hits.phrase.tolist())]
    [('high school teachers', 'decoy'), ('high school diploma', 'level')]
    """
    hashes, sentence = tokens.hash, tokens.sentence
    chinese = bool(tokens.ideograph.any())

    def goes_on(begin: NDArray[np.int64], size: int) -> NDArray[np.bool_]:
        """Whether the token behind phrases of a size is in their sentence; a Chinese phrase ends at a comma."""
        there = sentence[np.minimum(begin + size, len(hashes) - 1)] == sentence[begin]
        there &= begin + size < len(hashes)
        if chinese:
            token = begin + size - 1
            there &= (tokens.folded[tokens.end[token]] != _COMMA) | ~tokens.ideograph[token]
        return np.asarray(there)

    def look_up(
        word: NDArray[np.int64], pair: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
        """Single tokens and pairs that are or begin phrases: place, combined hash, size, number."""
        pair = pair[goes_on(pair, 1)]
        prefix = np.concatenate((hashes[word], mix(hashes[pair] * PAIR + hashes[pair + 1])))
        where, number = lexicon.prefixes.find(prefix)
        return np.concatenate((word, pair))[where], prefix[where], 1 + (where >= len(word)), number

    # Words that begin a phrase may be as common as "the": so look up words that are phrases, and pairs.
    bits = lexicon.words.take((hashes >> np.uint64(48)).view(np.int64))
    word = np.flatnonzero(bits > 0)
    of_word = bits[word]
    bits = lexicon.pairs.take(pair_place(hashes[:-1], hashes[1:]))
    pair = np.flatnonzero(bits > 0)
    of_pair = bits[pair]
    items = look_up(word[(of_word & OF_ITEM) > 0], pair[(of_pair & OF_ITEM) > 0])
    near = np.zeros(int(sentence[-1]) + 1 if len(sentence) else 0, dtype=bool)
    near[sentence[items[0][(lexicon.leads[items[3]] & OF_ITEM) > 0]]] = True
    opens = (of_word & OF_HEADING > 0) & ((sentence[word - 1] != sentence[word]) | (word == 0) | tokens.ideograph[word])
    opens |= of_word & OF_FAR > 0
    others = look_up(
        word[(opens | near[sentence[word]]) & ((of_word & OF_ITEM) == 0)],
        pair[(((of_pair & OF_FAR) > 0) | near[sentence[pair]]) & ((of_pair & OF_ITEM) == 0)],
    )
    place, prefix = np.concatenate((items[0], others[0])), np.concatenate((items[1], others[1]))
    of_size, number = np.concatenate((items[2], others[2])), np.concatenate((items[3], others[3]))
    phrase = lexicon.phrase[number]
    whole = np.flatnonzero(phrase >= 0)
    keys, found = [((place << 4) | of_size)[whole]], [phrase[whole]]
    onward = np.flatnonzero(lexicon.more[number] & (of_size > 1))
    begin, prefix, size = place[onward], prefix[onward], 2
    while len(begin):
        on = goes_on(begin, size)
        begin = begin[on]
        prefix = mix(prefix[on] * PAIR + hashes[begin + size])
        size += 1
        where, number = lexicon.prefixes.find(prefix)
        phrase, more = lexicon.phrase[number], where[lexicon.more[number]]
        whole = np.flatnonzero(phrase >= 0)
        keys.append((begin[where[whole]] << 4) | size)
        found.append(phrase[whole])
        begin, prefix = begin[more], prefix[more]
    key = np.concatenate(keys)
    order = np.argsort(key)
    key = key[order]
    phrase = np.concatenate(found)[order]
    first = key >> 4
    size_of = key & 15
    if chinese:  # 学历、经验不限 is one phrase, but 学、生 is no 学生
        some = np.flatnonzero(tokens.start[first + size_of - 1] - tokens.start[first] >= size_of)  # with a sign inside
        start, long, item = first[some], size_of[some], lexicon.group[phrase[some]] < len(ITEMS)
        word = np.minimum(np.searchsorted(lexicon.none_of, hashes[start]), len(lexicon.none_of) - 1)
        item &= lexicon.none_of[word] != hashes[start]  # 专业不限、学历大专
        one = np.ones(len(some), dtype=bool)
        for k in range(int(long.max(initial=1)) - 1):
            sign = tokens.folded[tokens.end[start + np.minimum(k, long - 1)]]
            one &= item | (k > long - 2) | (sign != _ENUMERATION)
        one &= (lexicon.group[phrase[some]] != _DECOY) | ~tokens.ideograph[start]  # 高职 工业 is no 高职工
        # Nor is a word of two characters divided: "医学/生物" holds no 学生, "一、本地人" no 一本.
        sign = tokens.folded[tokens.end[start]]
        pair = np.flatnonzero((long == 2) & tokens.ideograph[start] & ((sign == _ENUMERATION) | (sign == _SLASH)))
        one[pair] &= item[pair] & np.isnan(lexicon.numbers(hashes[start[pair]]))
        stays = np.ones(len(first), dtype=bool)
        stays[some[~one]] = False
        first, size_of, phrase = first[stays], size_of[stays], phrase[stays]
    keep = np.ones(len(first), dtype=bool)  # the longest of those that begin at one token
    keep[:-1] = first[1:] != first[:-1]
    first, size_of, phrase = first[keep], size_of[keep], phrase[keep]
    # Of two as long an item stands, and years against a word more where they come first.
    weight = size_of * 2 + (lexicon.group[phrase] < len(ITEMS)) + (lexicon.group[phrase] == _YEARS)
    last = first + size_of - 1
    beside = np.zeros(len(first) + 1, dtype=bool)
    beside[1:-1] = first[1:] <= np.maximum.accumulate(last)[:-1]
    some = np.flatnonzero(beside[1:] | beside[:-1])  # those that overlap another
    kept = _settle(first[some], last[some], weight[some])
    stands = np.ones(len(first), dtype=bool)
    stands[some] = False
    stands[some[kept]] = True
    return Hits(first[stands], last[stands], phrase[stands].astype(np.int64))


def _settle(first: NDArray[np.int64], last: NDArray[np.int64], weight: NDArray[np.int64]) -> NDArray[np.intp]:
    """Which of phrases that overlap stand: the weightier, and of two as weighty the left."""
    stands = np.arange(len(first))
    while True:
        overlap = first[1:] <= last[:-1]
        if not overlap.any():
            return stands
        left = overlap & (weight[:-1] < weight[1:])  # the left of the two loses
        right = overlap & ~left
        lost = np.zeros(len(first), dtype=bool)
        lost[:-1] |= left
        lost[1:] |= right
        drop = np.zeros(len(first), dtype=bool)  # only a phrase that stands itself may push out another
        drop[:-1] |= left & ~lost[1:]
        drop[1:] |= right & ~lost[:-1]
        first, last, weight, stands = first[~drop], last[~drop], weight[~drop], stands[~drop]
