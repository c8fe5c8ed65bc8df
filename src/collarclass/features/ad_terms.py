"""What is counted of one ad, and of one title, as hashes; which of it is known, and the sums of what that weighs.

Of an ad: tokens, pairs, runs of three Chinese characters, and the stems of long words. In English the last noun of a
title names the job ("data center *technician*"), and in Chinese its last characters do (数据中心*技术员*). So n-grams
that stand before a bracket, dash, comma, slash or the end of a title count as features of their own, and so do the
first and last letters of long words, by which a word that was never seen is understood.
"""

from __future__ import annotations

import math
from array import array

import numpy as np

import collarclass.text.hashing as hashing

MIN_CAPACITY = 1024
KINDS = 8  # of feature that may begin at one token
# One odd number for each kind of feature of a title, so that the same words hash apart in each.
CLOSING = 0xA24BAED4963EE407
ENDING = 0xC13FA9A902A6328F
BEGINNING = 0x91E10DA5C79E7B1D
END_LETTERS = 4  # of an ending or a beginning
BLANK, DASH, AMPERSAND, DOT = (ord(c) for c in " -&·")  # that hold a part of a title together
MOST_DAMPED = 1000


def damped_counts():
    """One plus the logarithm of each count: the fifth mention says little more than the fourth."""
    # Rounded to single precision, so that every machine's logarithm gives the same table.
    logarithms = np.array([0.0, *(1.0 + math.log(n) for n in range(1, MOST_DAMPED + 1))]).astype(np.float32)
    return array("d", logarithms.astype(np.float64).tobytes())


class AdNgrams:
    """The n-grams of an ad's first tokens, or the features of a title; kind by kind, each in reading order.

    Of each stand its hash, its first token and how many tokens it has, 0 for an end of a word; `n_words` of all `n` are
    tokens.
    """

    def __init__(self):
        self.capacity = self.n = self.n_words = 0
        self.grow(MIN_CAPACITY)

    def grow(self, n_tokens):
        if n_tokens <= self.capacity:
            return
        self.capacity = max(n_tokens, 2 * self.capacity)
        n = KINDS * self.capacity + 1
        self.hash, self.first, self.order = array("Q", bytes(8 * n)), array("i", bytes(4 * n)), array("B", bytes(n))

    def list(self, tokens, n_tokens):
        """List the n-grams of an ad's first tokens, for which room was made."""
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
        """List the features of a title, for which room was made."""
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
        value = hashing.as_hash(tokens.folded[place])
        for k in range(1, END_LETTERS):
            value = value << 16 | tokens.folded[place + k]
        return value


class AdTerms:
    """The distinct known n-grams of one ad, or features of one title, in the order in which they were listed.

    `scale` is what one occurrence of each term of the vocabulary counts for, `weight` its weight in the ratings, and
    `naming` that in the sum that says whether the work, or a job, is named. Of each of the `n` terms stand its number,
    how often it is there, first and last token of the first mention, and its scaled count, together of length one;
    `n_known` tokens are known by themselves. The sums are of value times weight, of value times naming (`work_sum`),
    and of naming alone (`job_sum`).
    """

    def __init__(self, index, scale, weight, naming):
        self.index, self.scale, self.weight, self.naming = index, scale, weight, naming
        self.damped = damped_counts()
        self.seen = array("i", bytes(4 * max(index.n_terms, 1)))  # one more than where each term was put down
        self.ngrams, self.capacity, self.n, self.n_known, self.n_found = AdNgrams(), 0, 0, 0, 0
        self.academic = self.hands_on = self.work_sum = self.job_sum = 0.0
        self.grow(1)

    def grow(self, n_tokens):
        self.ngrams.grow(n_tokens)
        n = len(self.ngrams.hash)
        if n == self.capacity:
            return
        self.capacity = n
        self.term, self.times = array("i", bytes(4 * n)), array("i", bytes(4 * n))
        self.first, self.last, self.value = array("i", bytes(4 * n)), array("i", bytes(4 * n)), array("d", bytes(8 * n))
        # Of every mention: which n-gram, the term's number, and where that was put down.
        self.place, self.number = array("i", bytes(4 * n)), array("i", bytes(4 * n))
        self.kept_at = array("i", bytes(4 * n))

    def count(self, tokens, n_tokens):
        """Count the n-grams of an ad's first tokens, for which room was made."""
        self.ngrams.list(tokens, n_tokens)
        self.look_up()

    def count_title(self, tokens):
        """List the features of a title; however often one stands there, it counts once."""
        self.ngrams.list_title(tokens)
        self.look_up()
        for k in range(self.n):
            self.times[k] = 1

    def look_up(self):
        """Find which n-grams are known."""
        self.n_found = self.index.find_into(self.ngrams.hash, self.ngrams.n, self.place, self.number)
        self.n = self.n_known = 0
        for i in range(self.n_found):
            self.n_known += self.place[i] < self.ngrams.n_words
            self.kept_at[i] = self.keep(self.number[i], self.place[i])
        for k in range(self.n):
            self.seen[self.term[k]] = 0

    def keep(self, term, place):
        """Put a mention of a term down; where."""
        k = self.seen[term] - 1
        if k >= 0:
            self.times[k] += 1
            return k
        k, first, order = self.n, self.ngrams.first[place], self.ngrams.order[place]
        self.term[k], self.times[k], self.first[k], self.last[k] = term, 1, first, first + max(order, 1) - 1
        self.n = self.seen[term] = k + 1
        return k

    def weigh(self):
        """Bring the scaled counts to length one, and sum them by their weights."""
        norm = academic = hands_on = work = job = 0.0
        for k in range(self.n):
            times = self.times[k]
            value = self.damped[times if times < MOST_DAMPED else MOST_DAMPED] * self.scale[self.term[k]]
            self.value[k] = value
            norm += value * value
        norm = math.sqrt(norm) if norm > 0 else 1.0
        for k in range(self.n):
            value, term = self.value[k] / norm, self.term[k]
            self.value[k] = value
            academic += value * self.weight[term, 0]
            hands_on += value * self.weight[term, 1]
            work += value * self.naming[term]
            job += self.naming[term]
        self.academic, self.hands_on, self.work_sum, self.job_sum = academic, hands_on, work, job

    def share_out(self, shares, academic_scale, hands_on_scale):
        """Share the part of every term out among all places where it stands."""
        for i in range(self.n_found):
            k, term, place = self.kept_at[i], self.number[i], self.place[i]
            first, order = self.ngrams.first[place], self.ngrams.order[place]
            part = self.value[k] / self.times[k]
            academic, hands_on = part * self.weight[term, 0], part * self.weight[term, 1]
            academic, hands_on = academic * academic_scale, hands_on * hands_on_scale
            shares.add(first, first + order - 1, academic, hands_on)

    def share_out_once(self, shares, academic_scale, hands_on_scale):
        """Give the part of every term to the first place where it stands."""
        for k in range(self.n):
            term, value = self.term[k], self.value[k]
            academic, hands_on = self.weight[term, 0] * value, self.weight[term, 1] * value
            academic, hands_on = academic * academic_scale, hands_on * hands_on_scale
            shares.add(self.first[k], self.last[k], academic, hands_on)
