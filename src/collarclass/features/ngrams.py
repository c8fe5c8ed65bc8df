"""Tokens → counted n-grams of a known vocabulary, for fitting, predicting and explaining alike.

The n-grams are single tokens and their stems, pairs, and runs of three Chinese characters; none
reaches across the end of a sentence, line or bullet. An n-gram is known by 50 bits of its hash, so
a text in an unknown language finds nothing instead of something else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from collarclass.kernel import reading
from collarclass.kernel.library import is_compiled
from collarclass.kernel.reading import Known
from collarclass.text.tokens import STEP, Tokens, mix

# Rounded to single precision, so that every machine's logarithm gives the same table.
_DAMPED = np.array([0.0, *(1.0 + math.log(n) for n in range(1, 1001))]).astype(np.float32).astype(np.float64)
PAIR = np.uint64(0xD6E8FEB86659FD93)
_MAX_PROBES = 256  # places behind its own at which a hash may stand
_TRIPLE = np.uint64(0xCA5A826395121157)


@dataclass(frozen=True, slots=True, eq=False)
class Occurrences:
    """The n-grams of one kind in some tokens: hashes, index of each one's first token, and number of tokens."""

    hashes: NDArray[np.uint64]
    first: NDArray[np.int64]
    order: int


def ngrams(tokens: Tokens, kept: NDArray[np.int64], within: NDArray[np.int64] | None = None) -> list[Occurrences]:
    """Hash every n-gram of some of a batch's tokens.

    Parameters
    ----------
    tokens : Tokens
    kept : ndarray of int64
        Indices of the tokens to read, ascending; n-grams are made of neighbours among them.
    within : ndarray of int64, optional
        Number of the stretch that each token of the batch stands in; no n-gram reaches across two.
        `tokens.sentence` if not given.

    Returns
    -------
    list of Occurrences
        Tokens, pairs, runs of three Chinese characters, and the stems of long words.
    """
    token, stem, hanzi = tokens.hash[kept], tokens.stem[kept], tokens.ideograph[kept]
    sentence = (tokens.sentence if within is None else within)[kept]
    pairs = np.flatnonzero(sentence[1:] == sentence[:-1])
    triples = np.flatnonzero((sentence[2:] == sentence[:-2]) & hanzi[2:] & hanzi[1:-1] & hanzi[:-2])
    longer = np.flatnonzero(stem != token)
    return [
        Occurrences(token, kept, 1),
        Occurrences(mix(token[pairs] * PAIR + token[pairs + 1]), kept[pairs], 2),
        Occurrences(mix((token[triples] * PAIR + token[triples + 1]) * _TRIPLE + token[triples + 2]), kept[triples], 3),
        Occurrences(stem[longer], kept[longer], 1),
    ]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The known n-grams, each with a number.

    Parameters
    ----------
    hashes : ndarray of uint64, shape (n_terms,)
        Distinct hashes; an n-gram's number is its place here.
    order : ndarray of uint8, shape (n_terms,)
        How many tokens each n-gram has.
    """

    hashes: NDArray[np.uint64]
    order: NDArray[np.uint8]
    _table: NDArray[np.uint64] = field(init=False, repr=False)
    _taken: NDArray[np.uint8] = field(init=False, repr=False)
    _shift: np.uint64 = field(init=False, repr=False)

    def __post_init__(self) -> None:
        bits = max(4, int(len(self.hashes) * 6).bit_length())
        object.__setattr__(self, "_shift", np.uint64(64 - bits))
        # Open addressing with linear probing. An entry holds the low half of the hash, to be compared,
        # and the term's number plus one: with the slot that is 32 bits and more of the hash checked.
        table = np.zeros((1 << bits) + _MAX_PROBES + 1, dtype=np.uint64)
        slot = (self.hashes >> self._shift).view(np.int64)
        entry = (self.hashes << np.uint64(32)) | np.arange(1, len(self.hashes) + 1, dtype=np.uint64)
        waiting, rounds = np.arange(len(self.hashes)), 0
        while len(waiting):
            free = table[slot[waiting]] == 0
            table[slot[waiting[free]]] = entry[waiting[free]]
            waiting = waiting[table[slot[waiting]] != entry[waiting]]
            slot[waiting] += 1
            rounds += 1
            if rounds == _MAX_PROBES:  # far beyond chance: made so, to take time
                raise ValueError("Too many hashes of a vocabulary begin alike: train the model again.")
        object.__setattr__(self, "_table", table)
        object.__setattr__(self, "_taken", np.packbits(table > 0, bitorder="little"))

    def __len__(self) -> int:
        return len(self.hashes)

    @property
    def compiled(self) -> Known:
        """As the compiled code takes it."""
        return Known(self._table, self._taken, int(self._shift), len(self))

    def find(self, hashes: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Look hashes up: which of them are known, and the number of each of those."""
        if is_compiled():
            return reading.find_hashes(hashes, self.compiled)
        slot = (hashes >> self._shift).view(np.int64)
        entry = self._table[slot]
        where = np.flatnonzero(entry != 0)
        entry = entry[where]
        sought = hashes[where] << np.uint64(32)
        right = (entry ^ sought) < np.uint64(1 << 32)
        wrong = np.flatnonzero(~right)
        slot = slot[where[wrong]]
        while len(wrong):
            slot += 1
            entry[wrong] = found = self._table[slot]
            right[wrong] = match = (found != 0) & ((found ^ sought[wrong]) < np.uint64(1 << 32))
            again = (found != 0) & ~match
            wrong, slot = wrong[again], slot[again]
        known = np.flatnonzero(right)
        return where[known], (entry[known] & np.uint64(0xFFFFFFFF)).view(np.int64) - 1


@dataclass(frozen=True, slots=True)
class Terms:
    """The distinct known n-grams of each row: arrays of one length; those of a row by number of tokens, then place.

    Attributes
    ----------
    row, term : ndarray of int64
        Text of the batch, and number in the vocabulary.
    times : ndarray of int64
        Number of mentions.
    value : ndarray of float64
        One plus the logarithm of the number of mentions: the fifth says little more than the fourth.
    first, last : ndarray of int64
        Indices of the first mention's first and last token.
    known : ndarray of int64, shape (n_rows,)
        How many tokens of each text are in the vocabulary by themselves.
    distinct : ndarray of int64, shape (n_rows,)
        How many terms each text has.
    """

    row: NDArray[np.int64]
    term: NDArray[np.int64]
    times: NDArray[np.int64]
    value: NDArray[np.float64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    known: NDArray[np.int64]
    distinct: NDArray[np.int64]


def damped(counts: NDArray[np.int_]) -> NDArray[np.float64]:
    """One plus the logarithm of each count, the same on every machine."""
    return np.asarray(_DAMPED[np.minimum(counts, len(_DAMPED) - 1)])


def count_terms(tokens: Tokens, vocabulary: Vocabulary, max_tokens: NDArray[np.int64] | int) -> Terms:
    """Count the vocabulary's n-grams in the first `max_tokens` tokens of each row of a batch."""
    if is_compiled():
        reach = np.broadcast_to(np.asarray(max_tokens, dtype=np.int64), tokens.n_rows)
        reach = np.ascontiguousarray(reach)
        return Terms(**reading.count_terms(tokens, reach, vocabulary.compiled, vocabulary.order, _DAMPED))
    kept = tokens.head(max_tokens)
    begins, numbers = [], []
    for found in ngrams(tokens, kept):
        where, number = vocabulary.find(found.hashes)
        begins.append(found.first[where])
        numbers.append(number)
    begin, term = np.concatenate(begins)[::-1], np.concatenate(numbers)[::-1]
    times = np.bincount(_last_equal(tokens.row[begin] * np.int64(len(vocabulary)) + term))
    new = np.flatnonzero(times > 0)[::-1]
    first, term, times = begin[new], term[new], times[new]
    return Terms(
        row=tokens.row[first],
        term=term,
        times=times,
        value=damped(times),
        first=first,
        last=first + vocabulary.order[term] - 1,
        known=np.diff(np.searchsorted(begins[0], tokens.first)),
        distinct=np.bincount(tokens.row[first], minlength=tokens.n_rows),
    )


def _last_equal(keys: NDArray[np.int64]) -> NDArray[np.int32]:
    """For each key, the place of the last that equals it, in a fraction of the time of sorting.

    All write their places into a table by a hash. Where a key reads the place of another, it goes on by a new hash.
    """
    bits = len(keys).bit_length() + 1
    table, out = np.empty(1 << bits, dtype=np.int32), np.empty(len(keys), dtype=np.int32)
    left, sought = np.arange(len(keys), dtype=np.int32), keys.view(np.uint64)
    while len(left):
        sought = sought * STEP
        slot = (sought >> np.uint64(64 - bits)).view(np.int64)
        table[slot] = left
        place = table[slot]
        out[left] = place
        other = np.flatnonzero(keys[place] != keys[left])
        left, sought = left[other], sought[other]
    return out
