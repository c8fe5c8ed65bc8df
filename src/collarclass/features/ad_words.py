"""What the words of one ad add to its two ratings: token by token, and each word wherever it stands.

The part of every n-gram counts in equal parts for its tokens. A word is a token, or in Chinese the longest word of a
list that begins where the last one ends.
"""

from __future__ import annotations

from array import array
from functools import cache
from importlib.resources import files

import numpy as np

import collarclass.text.hashing as hashing
from collarclass.features.term_index import TermIndex
from collarclass.text.ad_tokens import AdTokens

MIN_CAPACITY = 1024
MAX_WORD = 4  # Chinese characters of a word
BY_ITSELF, IN_NGRAM = 1, 2  # how a token may be shown


class TokenShares:
    """What each token of an ad adds to the two ratings, and whose part it counts as; filled anew for each ad.

    Attributes
    ----------
    n : int
    academic, hands_on : array of float64
    shown : array of uint8
        Whether a token may be shown as a reason: 1 by itself, 2 as part of a longer n-gram, 3 as both.
    owner : array of int32
        Whose part it is, as `own` says.
    """

    def __init__(self):
        self.n = self.capacity = 0
        self.mapped = False
        self.clear(MIN_CAPACITY)

    def clear(self, n):
        """Begin with an ad of so many tokens."""
        if n > self.capacity:
            self.capacity = max(n, 2 * self.capacity)
            self.academic, self.hands_on = array("d", bytes(8 * self.capacity)), array("d", bytes(8 * self.capacity))
            self.shown, self.owner = array("B", bytes(self.capacity)), array("i", bytes(4 * self.capacity))
        self.n = n
        for i in range(n):
            self.academic[i] = self.hands_on[i] = 0.0
            self.shown[i] = self.owner[i] = 0

    def map_tokens(self, first_token, last_token):
        """Say which tokens of the ad those stand for that are added; None where they are the same."""
        self.mapped = first_token is not None
        if self.mapped:
            self.first_token, self.last_token = first_token, last_token

    def add(self, first, last, academic, hands_on, shown):
        """Share the part of an n-gram out among its tokens."""
        if self.mapped:
            first, last = self.first_token[first], self.last_token[last]
        size = last - first + 1
        for i in range(first, last + 1):
            self.academic[i] += academic / size
            self.hands_on[i] += hands_on / size
            if shown:
                self.shown[i] |= BY_ITSELF if size == 1 else IN_NGRAM

    def own(self, first, stop, owner):
        """Count tokens from a first one up to another as somebody's."""
        for i in range(first, stop):
            self.owner[i] = owner

    def sum_of(self, owner):
        """What somebody's tokens add to the two ratings."""
        academic = hands_on = 0.0
        for i in range(self.n):
            if self.owner[i] == owner:
                academic += self.academic[i]
                hands_on += self.hands_on[i]
        return academic, hands_on


class AdWords:
    """The words of one ad, each once, in the order in which they first stand there; filled anew for each ad.

    Attributes
    ----------
    n : int
    first, last : array of int32
        First and last token of each, where it stands first.
    academic, hands_on : array of float64
        What it adds wherever it stands.
    """

    def __init__(self):
        self.chinese, self.unnamed = listed("chinese_words.txt"), listed("stop_words.txt", "unnamed_words.txt")
        self.n = self.capacity = 0
        self.grow(MIN_CAPACITY)

    def grow(self, n):
        """Make room for the words of so many tokens: a power of two."""
        while self.capacity < n:
            self.capacity = max(2 * self.capacity, MIN_CAPACITY)
            self.hash, self.slots = array("Q", bytes(8 * self.capacity)), array("i", bytes(8 * self.capacity))
            self.slot, self.n = array("i", bytes(4 * self.capacity)), 0
            self.first, self.last = array("i", bytes(4 * self.capacity)), array("i", bytes(4 * self.capacity))
            self.academic, self.hands_on = array("d", bytes(8 * self.capacity)), array("d", bytes(8 * self.capacity))

    def read(self, tokens, shares, owner):
        """List the words of an owner that may be named."""
        self.owner = owner
        self.grow(tokens.n)
        self.list(tokens, shares)
        return self

    def list(self, tokens, shares):
        for k in range(self.n):
            self.slots[self.slot[k]] = 0
        self.n = i = 0
        while i < tokens.n:
            size = 1
            if shares.owner[i] == self.owner and tokens.ideograph[i]:
                size = self.length(tokens, shares, i)
                if size > 1 and self.any_shown(shares, i, size):
                    self.add(shares, hash_of(tokens, i, size), i, size)
            elif shares.owner[i] == self.owner and shares.shown[i] & BY_ITSELF:
                self.add(shares, tokens.hash[i], i, 1)
            i += size

    def length(self, tokens, shares, i):
        """Characters of the Chinese word that begins at a token."""
        longest = size = 1
        while size < MAX_WORD and i + size < tokens.n and tokens.ideograph[i + size]:
            if shares.owner[i + size] != self.owner:
                break
            size += 1
            if self.chinese.number_of(hash_of(tokens, i, size)) >= 0:
                longest = size
        return longest

    def any_shown(self, shares, first, size):
        for i in range(first, first + size):
            if shares.shown[i]:
                return True
        return False

    def add(self, shares, value, first, size):
        """Add a word, or to what it adds, unless it is never named."""
        if self.unnamed.number_of(value) >= 0:
            return
        mask = 2 * self.capacity - 1
        slot = value & mask
        while self.slots[slot] and self.hash[self.slots[slot] - 1] != value:
            slot = (slot + 1) & mask
        if not self.slots[slot]:
            k = self.n
            self.hash[k], self.first[k], self.last[k] = value, first, first + size - 1
            self.academic[k] = self.hands_on[k] = 0.0
            self.slot[k] = slot
            self.n = self.slots[slot] = k + 1
        k = self.slots[slot] - 1
        for i in range(first, first + size):
            self.academic[k] += shares.academic[i]
            self.hands_on[k] += shares.hands_on[i]

    def strongest(self, most):
        """The words that add most, so many at most: first and last token, and what each adds to the two ratings."""
        found, k = [], -1
        while len(found) < most:
            k = self.next_to(k)
            if k < 0:
                break
            found.append((self.first[k], self.last[k], self.academic[k], self.hands_on[k]))
        return found

    def next_to(self, k):
        """The strongest word, or the one that comes next to a word in strength."""
        best, most = -1, -1.0
        before = self.strength(k) if k >= 0 else 0.0
        for i in range(self.n):
            strength = self.strength(i)
            if strength > most and (k < 0 or strength < before or (strength == before and i > k)):
                best, most = i, strength
        return best

    def strength(self, k):
        return abs(self.academic[k]) + abs(self.hands_on[k])


def hash_of(tokens, first, size):
    """Hash of some tokens that stand together."""
    value = tokens.hash[first]
    for i in range(first + 1, first + size):
        value = hashing.pair_of(value, tokens.hash[i])
    return value


@cache
def listed(*names):
    """The words of some lists of this folder, as `hash_of` their tokens."""
    folder = files("collarclass") / "features"
    lines = [line for name in names for line in (folder / name).read_text("utf-8").splitlines()]
    words = "\n".join(word for line in lines if not line.startswith("#") for word in line.split())
    tokens, found, first = AdTokens().read(words), [], 0
    for stop in range(1, tokens.n + 1):
        if stop == tokens.n or tokens.sentence[stop] != tokens.sentence[first]:
            found.append(hash_of(tokens, first, stop - first))
            first = stop
    return TermIndex(np.array(sorted(set(found)), np.uint64))
