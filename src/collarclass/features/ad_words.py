"""What the words of one ad add to its two ratings: token by token, and each word wherever it stands.

The part of every n-gram counts in equal parts for its tokens. A word is a token, or in Chinese the longest word of a
list that begins where the last one ends; words that belong together are named together.
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
MAX_WORD, MAX_PHRASE = 4, 3  # Chinese characters of a word, and words that are named together
BLANK, HYPHEN, AND, SLASH = (ord(c) for c in " -&/")  # between words
SHORT = 2  # letters of a word that a slash holds to the next: CI/CD
ZERO, NINE = ord("0"), ord("9")
NEVER, BESIDE, ALONE = 0, 1, 2  # whether a word is named: not, only beside another, by itself
STRONG = 0.05  # of a rating: words that stand together and add as much each are named together


class TokenShares:
    """What each token of an ad adds to the two ratings, and whose part it counts as; filled anew for each ad."""

    def __init__(self):
        self.n = self.capacity = 0
        self.mapped = False
        self.clear(MIN_CAPACITY)

    def clear(self, n):
        if n > self.capacity:
            self.capacity = max(n, 2 * self.capacity)
            self.academic, self.hands_on = array("d", bytes(8 * self.capacity)), array("d", bytes(8 * self.capacity))
            self.owner = array("i", bytes(4 * self.capacity))
        self.n = n
        for i in range(n):
            self.academic[i] = self.hands_on[i] = 0.0
            self.owner[i] = 0

    def map_tokens(self, first_token, last_token):
        """Say which tokens of the ad those stand for that are added; None where they are the same."""
        self.mapped = first_token is not None
        if self.mapped:
            self.first_token, self.last_token = first_token, last_token

    def add(self, first, last, academic, hands_on):
        """Share the part of an n-gram out among its tokens."""
        if self.mapped:
            first, last = self.first_token[first], self.last_token[last]
        size = last - first + 1
        for i in range(first, last + 1):
            self.academic[i] += academic / size
            self.hands_on[i] += hands_on / size

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

    Of each of the `n` words stand its first and last token, where it is first, and what it adds wherever it stands.
    Words of a pair in `known`, the model's n-grams, are named together.
    """

    def __init__(self, known):
        self.known, self.chinese = known, listed("chinese_words.txt")
        self.never, self.beside = listed("stop_words.txt", "unnamed_words.txt"), listed("words_beside.txt")
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
            self.named, self.word = array("B", bytes(self.capacity)), array("i", bytes(4 * self.capacity))

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
            word = -1
            if shares.owner[i] == self.owner and (size > 1 or self.is_word(tokens, i)):
                word = self.add(shares, hash_of(tokens, i, size), i, size)
            for place in range(i, i + size):
                self.word[place] = word
            i += size

    def is_word(self, tokens, i):
        """Whether a token may be named by itself: no number and no single Chinese character."""
        first, last = tokens.folded[tokens.start[i]], tokens.folded[tokens.end[i] - 1]
        return not tokens.ideograph[i] and not (ZERO <= first <= NINE and ZERO <= last <= NINE)

    def length(self, tokens, shares, i):
        """Characters of the Chinese word that begins at a token."""
        longest = size = 1
        while size <= MAX_WORD and i + size < tokens.n and tokens.ideograph[i + size]:
            if shares.owner[i + size] != self.owner or tokens.start[i + size] != tokens.end[i + size - 1]:
                break
            size += 1
            # 软件工程师: a word whose last two characters and the next one are a word ends with that.
            runs_on = longest == size - 1 > 1 and self.is_chinese(tokens, i + size - 3, 3)
            if runs_on or self.is_chinese(tokens, i, size):
                longest = size
        return longest

    def is_chinese(self, tokens, i, size):
        return self.chinese.number_of(hash_of(tokens, i, size)) >= 0

    def add(self, shares, value, first, size):
        """Add a word, or to what it adds; which one it is, -1 if it is never named."""
        mask = 2 * self.capacity - 1
        slot = value & mask
        while self.slots[slot] and self.hash[self.slots[slot] - 1] != value:
            slot = (slot + 1) & mask
        if not self.slots[slot]:
            k = self.n
            self.hash[k], self.first[k], self.last[k] = value, first, first + size - 1
            self.academic[k] = self.hands_on[k] = 0.0
            self.named[k] = BESIDE if self.beside.number_of(value) >= 0 else ALONE
            if self.never.number_of(value) >= 0:
                self.named[k] = NEVER
            self.slot[k] = slot
            self.n = self.slots[slot] = k + 1
        k = self.slots[slot] - 1
        for i in range(first, first + size):
            self.academic[k] += shares.academic[i]
            self.hands_on[k] += shares.hands_on[i]
        return k if self.named[k] else -1

    def strongest(self, tokens, most, least):
        """The words that add most, so many at most: first and last token, and what each adds to the two ratings."""
        found = []
        while len(found) < most:
            k = self.next_word()
            if k < 0 or self.strength(k) < least:
                break
            if self.take_phrase(tokens, k):
                found.append((self.begin, self.end, self.academic_sum, self.hands_on_sum))
        return found

    def next_word(self):
        """The strongest word that was not taken."""
        best, most = -1, 0.0
        for k in range(self.n):
            strength = self.strength(k)
            if self.named[k] and strength > most:
                best, most = k, strength
        return best

    def strength(self, k):
        return abs(self.academic[k]) + abs(self.hands_on[k])

    def take_phrase(self, tokens, k):
        """Take a word and those that it stands together with; whether they are named."""
        self.begin, self.end, self.academic_sum, self.hands_on_sum = self.first[k], self.last[k], 0.0, 0.0
        named, n = self.take(k), 1
        while n < MAX_PHRASE and self.begin > 0 and self.is_joined(tokens, self.begin - 1):
            k = self.word[self.begin - 1]
            self.begin -= self.last[k] - self.first[k] + 1
            named, n = max(named, self.take(k)), n + 1
        while n < MAX_PHRASE and self.end < tokens.n - 1 and self.is_joined(tokens, self.end):
            k = self.word[self.end + 1]
            self.end += self.last[k] - self.first[k] + 1
            named, n = max(named, self.take(k)), n + 1
        for i in range(self.begin, self.end + 1):
            self.word[i] = -1  # no other phrase reaches in here
        return named == ALONE or n > 1

    def take(self, k):
        """Add a word to the phrase, once; whether it is named by itself."""
        named = self.named[k]
        if named:
            self.academic_sum += self.academic[k]
            self.hands_on_sum += self.hands_on[k]
            self.named[k] = NEVER
        return named

    def is_joined(self, tokens, i):
        """Whether the words that end with a token and begin with the next are named together.

        They are one by a hyphen, known as a pair, or pull strongly to one side.
        """
        gap, sign = tokens.start[i + 1] - tokens.end[i], tokens.folded[tokens.end[i]]
        if self.word[i] < 0 or self.word[i + 1] < 0 or gap > 1 or tokens.sentence[i] != tokens.sentence[i + 1]:
            return False
        if gap == 1 and sign != BLANK:
            is_short = tokens.end[i] - tokens.start[i] <= SHORT
            return not tokens.ideograph[i] and (sign == HYPHEN or sign == AND or (sign == SLASH and is_short))
        if gap == 1 and tokens.kind[tokens.start[i]] < tokens.kind[tokens.start[i + 1]]:
            return False  # a capital behind a small letter: another line, or a name
        if self.known.number_of(hashing.pair_of(tokens.hash[i], tokens.hash[i + 1])) >= 0:
            return True
        k, j = self.word[i], self.word[i + 1]
        is_strong = self.named[k] != BESIDE != self.named[j] and min(self.strength(k), self.strength(j)) >= STRONG
        return is_strong and self.academic[k] * self.academic[j] + self.hands_on[k] * self.hands_on[j] > 0


def hash_of(tokens, first, size):
    value = tokens.hash[first]
    for i in range(first + 1, first + size):
        value = hashing.pair_of(value, tokens.hash[i])
    return value


@cache
def words_in(name):
    lines = (files("collarclass") / "features" / name).read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def listed(*names):
    """The words of some lists of this folder, as `hash_of` their tokens."""
    tokens, found, first = AdTokens().read("\n".join(word for name in names for word in words_in(name))), [], 0
    for stop in range(1, tokens.n + 1):
        if stop == tokens.n or tokens.sentence[stop] != tokens.sentence[first]:
            found.append(hash_of(tokens, first, stop - first))
            first = stop
    return TermIndex(np.array(sorted(set(found)), np.uint64))
