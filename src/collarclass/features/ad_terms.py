"""The known n-grams of one ad, or the known features of one title, counted, and the sums of what they weigh."""

from __future__ import annotations

import math
from array import array

import numpy as np

from collarclass.features.ad_ngrams import AdNgrams

MOST_DAMPED = 1000


def damped_counts():
    """One plus the logarithm of each count: the fifth mention says little more than the fourth."""
    # Rounded to single precision, so that every machine's logarithm gives the same table.
    logarithms = np.array([0.0, *(1.0 + math.log(n) for n in range(1, MOST_DAMPED + 1))]).astype(np.float32)
    return array("d", logarithms.astype(np.float64).tobytes())


class AdTerms:
    """The distinct known n-grams of one ad, or features of one title, in the order in which they were listed.

    Parameters
    ----------
    index : TermIndex
        The vocabulary.
    scale : memoryview of float32
        What one occurrence of each term counts for.
    weight : memoryview of float32, shape (n_terms, 2)
        Weight of each term in the academic and the hands-on rating.
    naming : memoryview of float32
        Weight of each term in the sum that says whether the work, or a job, is named.

    Attributes
    ----------
    n, n_known : int
        How many terms there are, and how many tokens are in the vocabulary by themselves.
    term, times, first, last : array of int32
        Number in the vocabulary, number of mentions, and first and last token of the first of them.
    value : array of float64
        Scaled count of each term; together of length one.
    academic, hands_on, work_sum, job_sum : float
        Sums of value times weight, of value times naming, and of naming alone.
    """

    def __init__(self, index, scale, weight, naming):
        self.index, self.scale, self.weight, self.naming = index, scale, weight, naming
        self.damped = damped_counts()
        self.seen = array("i", bytes(4 * max(index.n_terms, 1)))  # one more than where each term was put down
        self.ngrams, self.capacity, self.n, self.n_known, self.n_found = AdNgrams(), 0, 0, 0, 0
        self.academic = self.hands_on = self.work_sum = self.job_sum = 0.0
        self.grow(1)

    def grow(self, n_tokens):
        """Make room for the n-grams of so many tokens."""
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

    def read(self, tokens, n_tokens):
        """Count the n-grams of an ad's first tokens, for callers that need no sums."""
        self.grow(tokens.n)
        self.count(tokens, n_tokens)
        return self

    def count(self, tokens, n_tokens):
        """Count the n-grams of an ad's first tokens."""
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
