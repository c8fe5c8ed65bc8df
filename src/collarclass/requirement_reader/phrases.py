"""Where the phrases of the lexicon stand in a batch of tokens.

A phrase is a run of tokens inside one sentence. The whole stream is searched at once: maps of single
tokens and of pairs give sparse candidates, which are then lengthened token by token by combining
hashes. What may be asked for is looked for first, and the words about it near by only.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from collarclass.features.ngrams import PAIR
from collarclass.kernel import reading
from collarclass.kernel.library import is_compiled
from collarclass.requirement_reader.lexicon import CLASS, ITEMS, OF_CUE, OF_ITEM, Lexicon, pair_place
from collarclass.text.tokens import Tokens, mix

Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]
BEFORE, BEHIND = 0, 1  # sides of a mention
TOKENS_BEFORE, TOKENS_BEHIND = 250, 80  # an item, in which cues are looked for; headings stand far before
_COMMA, _ENUMERATION, _SLASH = ord(","), ord("、"), ord("/")
MAX_PLACES = 250  # of one ad; the fullest of 10,381 real ads has 117
_CLASSES = np.array([len(ITEMS), CLASS["decoy"], CLASS["years"]])  # those that are looked at here
_N_ROUNDS = 8  # in which nearly all phrases that overlap are settled


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases of a batch, arrays of one length in reading order.

    Attributes
    ----------
    first, last, row, sentence : ndarray of int64
    phrase : ndarray of int64
        Number in the lexicon.
    group, value : ndarray of int64
        Class of the lexicon and value there.
    """

    first: Indices
    last: Indices
    row: Indices
    sentence: Indices
    phrase: Indices
    group: Indices
    value: Indices

    def __len__(self) -> int:
        return len(self.first)

    def only(self, mask: Flags) -> Phrases:
        """The phrases for which a mask holds."""
        return self.take(np.flatnonzero(mask))

    def take(self, index: Indices) -> Phrases:
        """The phrases at some places."""
        return Phrases(**{column.name: getattr(self, column.name)[index] for column in fields(self)})

    def beside(self, place: Indices, row: Indices, step: int) -> tuple[Indices, Flags]:
        """The phrase `step` phrases behind (before, if negative) each place, and whether it is of the place's row.

        The places are tokens: first tokens of what lies there for a negative step, last tokens for a positive one.
        """
        if not len(self):
            return np.zeros(len(place), dtype=np.int64), np.zeros(len(place), dtype=bool)
        if step < 0:
            index = np.searchsorted(self.first, place, "left") + step
        else:
            index = np.searchsorted(self.first, place, "right") + step - 1
        exists = (index >= 0) & (index < len(self))
        index = np.clip(index, 0, len(self) - 1)
        return index, exists & (self.row[index] == row)

    def beside_each(self, others: Phrases, side: int) -> tuple[Indices, Flags]:
        """Of other phrases, the next one before or behind each of these, and whether it is of the same row."""
        if side == BEFORE:
            return others.beside(self.first, self.row, -1)
        return others.beside(self.last, self.row, 1)


@dataclass(frozen=True, slots=True)
class Hits:
    """Phrases found in a batch: arrays of one length, sorted by place, none overlapping another."""

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    phrase: NDArray[np.int64]


def find_phrases(tokens: Tokens, lexicon: Lexicon) -> Hits:
    """Find the lexicon's phrases in a batch; of phrases that overlap, the longest stands.

    Cues are looked for near items only, and items at the first `MAX_PLACES` places of a row where one may begin.

    Examples
    --------
    >>> from collarclass.requirement_reader.lexicon import CLASSES, default_lexicon
    >>> from collarclass.text.tokens import tokenize
    >>> tokens = tokenize(["two high school teachers", "a high school diploma"])
    >>> hits = find_phrases(tokens, default_lexicon())
    >>> [(tokens.word(f, l), CLASSES[default_lexicon().group[p]])
    ...  for f, l, p in zip(hits.first.tolist(), hits.last.tolist(), hits.phrase.tolist())]
    [('high school teachers', 'decoy'), ('high school diploma', 'level')]
    """
    if is_compiled():
        return Hits(*reading.find_phrases(tokens, lexicon, _CLASSES))
    may_begin = lexicon.firsts.take((tokens.hash >> np.uint64(48)).view(np.int64))
    items = _first_items(tokens, lexicon, _find(tokens, lexicon, np.flatnonzero(may_begin & OF_ITEM), OF_ITEM))
    of_items = lexicon.group[items[2]] < len(ITEMS)
    near = _near(tokens, items[0][of_items])
    cues = _find(tokens, lexicon, np.flatnonzero((may_begin > 0) & near), OF_CUE)
    first, size, phrase = (np.concatenate(both) for both in zip(items, cues, strict=True))
    order = np.argsort((first << 4) | size)
    return _longest(tokens, lexicon, first[order], size[order], phrase[order])


def _find(
    tokens: Tokens, lexicon: Lexicon, begin: NDArray[np.int64], kind: np.uint8
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """All phrases that begin at some tokens, as an item may or as only a cue may: first token, size, number."""
    place, prefix, size, number = _look_up(tokens, lexicon, begin, kind)
    phrase = lexicon.phrase[number]
    whole = np.flatnonzero(phrase >= 0)
    firsts, sizes, found = [place[whole]], [size[whole]], [phrase[whole]]
    onward = np.flatnonzero(lexicon.more[number] & (size > 1))
    place, prefix, length = place[onward], prefix[onward], 2
    while len(place):
        on = _goes_on(tokens, place, length)
        place = place[on]
        prefix = mix(prefix[on] * PAIR + tokens.hash[place + length])
        length += 1
        where, number = lexicon.prefixes.find(prefix)
        phrase, more = lexicon.phrase[number], where[lexicon.more[number]]
        whole = np.flatnonzero(phrase >= 0)
        firsts.append(place[where[whole]])
        sizes.append(np.full(len(whole), length))
        found.append(phrase[whole])
        place, prefix = place[more], prefix[more]
    return np.concatenate(firsts), np.concatenate(sizes), np.concatenate(found).astype(np.int64)


def _first_items(
    tokens: Tokens, lexicon: Lexicon, found: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Without what lies behind the first `MAX_PLACES` places of a row where an item begins; words near by stay."""
    first, size, phrase = found
    item = lexicon.group[phrase] < len(ITEMS)
    if np.bincount(tokens.row[first[item]], minlength=1).max() <= MAX_PLACES:
        return found
    place = np.sort(first[item])
    place = place[np.diff(place, prepend=-1) > 0]
    row = tokens.row[place]
    beyond = place[np.arange(len(row)) - np.searchsorted(row, row) == MAX_PLACES]
    stop = np.full(tokens.n_rows, len(tokens))
    stop[tokens.row[beyond]] = beyond
    kept = first < stop[tokens.row[first]] + np.where(item, 0, TOKENS_BEHIND)
    return first[kept], size[kept], phrase[kept]


def _goes_on(tokens: Tokens, begin: NDArray[np.int64], size: int) -> NDArray[np.bool_]:
    """Whether the token behind phrases of a size is in their sentence; a Chinese phrase ends at a comma."""
    last = len(tokens) - 1
    goes_on = (begin + size <= last) & (tokens.sentence[np.minimum(begin + size, last)] == tokens.sentence[begin])
    token = np.minimum(begin + size - 1, last)
    goes_on &= (tokens.folded[tokens.end[token]] != _COMMA) | ~tokens.ideograph[token]
    return np.asarray(goes_on)


def _look_up(
    tokens: Tokens, lexicon: Lexicon, begin: NDArray[np.int64], kind: np.uint8
) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Single tokens and pairs that are or begin phrases: place, combined hash, size, number.

    Those that may be or begin items are looked up as such; as cues only the others.
    """
    first = tokens.hash[begin]
    bits = lexicon.words.take((first >> np.uint64(48)).view(np.int64))
    word = begin[_of(bits, kind)]
    on = begin < len(tokens) - 1
    pair = begin[on]
    pair = pair[_of(lexicon.pairs.take(pair_place(first[on], tokens.hash[pair + 1])), kind)]
    pair = pair[_goes_on(tokens, pair, 1)]
    prefix = np.concatenate((tokens.hash[word], mix(tokens.hash[pair] * PAIR + tokens.hash[pair + 1])))
    where, number = lexicon.prefixes.find(prefix)
    return np.concatenate((word, pair))[where], prefix[where], 1 + (where >= len(word)), number


def _of(bits: NDArray[np.uint8], kind: np.uint8) -> NDArray[np.bool_]:
    """Whether bits name items; or cues and no items."""
    return np.asarray((bits & OF_ITEM) > 0) if kind == OF_ITEM else np.asarray(bits == OF_CUE)


def _near(tokens: Tokens, place: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which tokens stand near some places, in their row."""
    row = tokens.row[place]
    change = np.zeros(len(tokens) + 1, dtype=np.int64)
    np.add.at(change, np.maximum(place - TOKENS_BEFORE, tokens.first[row]), 1)
    np.subtract.at(change, np.minimum(place + TOKENS_BEHIND, tokens.first[row + 1]), 1)
    return np.asarray(np.cumsum(change)[:-1] > 0)


def _longest(
    tokens: Tokens, lexicon: Lexicon, first: NDArray[np.int64], size: NDArray[np.int64], phrase: NDArray[np.int64]
) -> Hits:
    """Of phrases that overlap, the longest; of two as long, what is asked for, and then the left."""
    whole = ~_divided(tokens, lexicon, first, size, phrase)
    first, size, phrase = first[whole], size[whole], phrase[whole]
    keep = np.ones(len(first), dtype=bool)  # the longest of those that begin at one token
    keep[:-1] = first[1:] != first[:-1]
    first, size, phrase = first[keep], size[keep], phrase[keep]
    group = lexicon.group[phrase]
    # Years stand against a word more where they come first.
    weight = size * 2 + (group < len(ITEMS)) + (group == CLASS["years"])
    last = first + size - 1
    beside = np.zeros(len(first) + 1, dtype=bool)
    beside[1:-1] = first[1:] <= np.maximum.accumulate(last)[:-1]
    overlapping = np.flatnonzero(beside[1:] | beside[:-1])
    kept = _settle(first[overlapping], last[overlapping], weight[overlapping])
    stands = np.ones(len(first), dtype=bool)
    stands[overlapping] = False
    stands[overlapping[kept]] = True
    return Hits(first[stands], last[stands], phrase[stands])


def _divided(
    tokens: Tokens, lexicon: Lexicon, first: NDArray[np.int64], size: NDArray[np.int64], phrase: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which Chinese phrases are cut by a sign inside: 学历、经验不限 is one phrase, but 学、生 is no 学生."""
    divided = np.zeros(len(first), dtype=bool)
    spaced = np.flatnonzero(tokens.start[first + size - 1] - tokens.start[first] >= size)
    spaced = spaced[tokens.ideograph[first[spaced]]]
    group, length = lexicon.group[phrase[spaced]], size[spaced]
    for step in range(int(length.max(initial=1)) - 1):
        sign = tokens.folded[tokens.end[first[spaced] + np.minimum(step, length - 1)]]
        cut = (sign == _ENUMERATION) | (sign == _SLASH) & (length == 2)
        divided[spaced] |= cut & (step < length - 1) & ((group >= len(ITEMS)) | (length == 2))
    divided[spaced] |= group == CLASS["decoy"]  # 高职 工业 is no 高职工
    return divided


def _settle(first: NDArray[np.int64], last: NDArray[np.int64], weight: NDArray[np.int64]) -> NDArray[np.intp]:
    """Which of phrases that overlap stand: the weightier, and of two as weighty the left."""
    plain = _falls(first, last, weight)
    kept, end = [], -1
    for i, begin in zip(np.flatnonzero(plain).tolist(), first[plain].tolist(), strict=True):
        if begin > end:  # the left always wins
            kept.append(i)
            end = int(last[i])
    rest = np.flatnonzero(~plain)
    settled = rest[_settle_rounds(first[rest], last[rest], weight[rest])]
    return np.sort(np.concatenate((np.array(kept, dtype=np.int64), settled)))


def _falls(first: NDArray[np.int64], last: NDArray[np.int64], weight: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which phrases are of a chain in which none ends behind the next, or weighs less."""
    parted = first[1:] > np.maximum.accumulate(last)[:-1]
    chain = np.concatenate((np.zeros(min(len(first), 1), dtype=np.int64), np.cumsum(parted)))
    odd = ~parted & ((weight[1:] > weight[:-1]) | (last[1:] < last[:-1]))
    rises = np.zeros(len(first), dtype=bool)
    rises[chain[1:][odd]] = True
    return np.asarray(~rises[chain])


def _settle_rounds(first: NDArray[np.int64], last: NDArray[np.int64], weight: NDArray[np.int64]) -> NDArray[np.intp]:
    """The same for chains of any kind, all at once in rounds."""
    stands = np.arange(len(first))
    for _ in range(_N_ROUNDS):
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
    return np.asarray(stands[_settle_chains(first.tolist(), last.tolist(), weight.tolist())])


def _settle_chains(first: list[int], last: list[int], weight: list[int]) -> list[int]:
    """The same one by one, looking again only near what was dropped: a long chain settles from one end, in its time."""
    n = len(first)
    left, right, alive = list(range(-1, n - 1)), list(range(1, n + 1)), [True] * n

    def pushed(i: int, j: int) -> bool:
        """Whether a phrase overlaps its neighbour j and counts for less."""
        if not 0 <= j < n:
            return False
        if j < i:
            return first[i] <= last[j] and weight[j] >= weight[i]
        return first[j] <= last[i] and weight[i] < weight[j]

    def drops(i: int) -> bool:
        """Whether a neighbour that stands itself pushes a phrase out."""
        return any(pushed(i, j) and not (pushed(j, left[j]) or pushed(j, right[j])) for j in (left[i], right[i]))

    look = list(range(n))
    while dropped := [i for i in look if drops(i)]:
        for i in dropped:
            alive[i] = False
            if left[i] >= 0:
                right[left[i]] = right[i]
            if right[i] < n:
                left[right[i]] = left[i]
        near = set[int]()  # what becomes of a phrase depends on two on each side
        for i in dropped:
            for side in (left, right):
                j, seen = side[i], 0
                while 0 <= j < n and seen < 2:
                    if alive[j]:
                        near.add(j)
                        seen += 1
                    j = side[j]
        look = sorted(near)
    return [i for i in range(n) if alive[i]]
