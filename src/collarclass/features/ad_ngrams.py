"""What is counted of one ad, and of one title, as hashes.

Of an ad: tokens, pairs, runs of three Chinese characters, and the stems of long words. In English the last noun of a
title names the job ("data center *technician*"), and in Chinese its last characters do (数据中心*技术员*). So n-grams
that stand before a bracket, dash, comma, slash or the end of a title count as features of their own, and so do the
first and last letters of long words, by which a word that was never seen is understood.
"""

from __future__ import annotations

from array import array

import collarclass.text.hashing as hashing

MIN_CAPACITY = 1024
KINDS = 8  # of feature that may begin at one token
# One odd number for each kind of feature of a title, so that the same words hash apart in each.
CLOSING = 0xA24BAED4963EE407
ENDING = 0xC13FA9A902A6328F
BEGINNING = 0x91E10DA5C79E7B1D
END_LETTERS = 4  # of an ending or a beginning
BLANK, DASH, AMPERSAND, DOT = (ord(c) for c in " -&·")  # that hold a part of a title together


class AdNgrams:
    """The n-grams of an ad's first tokens, or the features of a title; kind by kind, each in reading order.

    Attributes
    ----------
    hash : array of uint64
    first : array of int32
        First token of each.
    order : array of uint8
        How many tokens each has; 0 for an end of a word.
    n_words, n : int
        Where tokens end, and all.
    """

    def __init__(self):
        self.capacity = self.n = self.n_words = 0
        self.grow(MIN_CAPACITY)

    def grow(self, n_tokens):
        """Make room for the n-grams of so many tokens."""
        if n_tokens <= self.capacity:
            return
        self.capacity = max(n_tokens, 2 * self.capacity)
        n = KINDS * self.capacity + 1
        self.hash, self.first, self.order = array("Q", bytes(8 * n)), array("i", bytes(4 * n)), array("B", bytes(n))

    def read(self, tokens, n_tokens):
        """List the n-grams of the first tokens of an ad."""
        self.grow(tokens.n)
        self.list(tokens, n_tokens)
        return self

    def read_title(self, tokens):
        """List the features of a title."""
        self.grow(tokens.n)
        self.list_title(tokens)
        return self

    def list(self, tokens, n_tokens):
        self.list_runs(tokens, n_tokens, False)
        words, stems, n = tokens.hash, tokens.stem, self.n
        for i in range(self.n_words):
            self.hash[n], self.first[n], self.order[n] = stems[i], i, 1
            n += stems[i] != words[i]
        self.n = n

    def list_runs(self, tokens, n_tokens, across):
        """List tokens, pairs and threes; of titles also those that reach `across` what ends a sentence."""
        stop = min(n_tokens, tokens.n)
        words, sentence, ideograph = tokens.hash, tokens.sentence, tokens.ideograph
        found, first, order = self.hash, self.first, self.order
        # Each is put down, and stays if the next does not replace it: that takes no branch.
        for i in range(stop):
            found[i], first[i], order[i] = words[i], i, 1
        self.n_words = n = max(stop, 0)
        for i in range(stop - 1):
            found[n], first[n], order[n] = hashing.pair_of(words[i], words[i + 1]), i, 2
            n += across or sentence[i] == sentence[i + 1]
        for i in range(stop - 2):
            if ideograph[i] and ideograph[i + 1] and ideograph[i + 2] and (across or sentence[i] == sentence[i + 2]):
                found[n], first[n], order[n] = hashing.triple_of(words[i], words[i + 1], words[i + 2]), i, 3
                n += 1
        self.n = n

    def list_title(self, tokens):
        self.list_runs(tokens, tokens.n, True)
        for k in range(self.n):
            first, order = self.first[k], self.order[k]
            # A single Chinese character says little about a job, two characters make a word.
            if self.closes(tokens, first + order - 1) and (order > 1 or not tokens.ideograph[first]):
                self.add(self.hash[k] * CLOSING & hashing.MASK, first, order)
        for i in range(tokens.n):
            if tokens.end[i] - tokens.start[i] > END_LETTERS + 1 and not tokens.ideograph[i]:
                self.add(self.letters(tokens, tokens.end[i] - END_LETTERS) * ENDING & hashing.MASK, i, 0)
                self.add(self.letters(tokens, tokens.start[i]) * BEGINNING & hashing.MASK, i, 0)

    def add(self, value, first, order):
        """Add a feature of a title."""
        k = self.n
        self.hash[k], self.first[k], self.order[k] = hashing.mix(value), first, order
        self.n = k + 1

    def closes(self, tokens, i):
        """Whether a token closes a part of a title."""
        if i == tokens.n - 1:
            return True
        gap, sign = tokens.start[i + 1] - tokens.end[i], tokens.folded[tokens.end[i]]
        joint = sign == BLANK or sign == DASH or sign == AMPERSAND or sign == DOT
        return not (gap == 0 or (gap == 1 and joint))

    def letters(self, tokens, place):
        """The letters from a place on, as one number."""
        value = hashing.as_hash(tokens.folded[place])
        for k in range(1, END_LETTERS):
            value = value << 16 | tokens.folded[place + k]
        return value
