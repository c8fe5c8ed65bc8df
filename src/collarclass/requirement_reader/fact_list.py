"""The facts about the mentions of one ad, looked up and summed as they are found, and those that decided."""

from array import array

import collarclass.text.hashing as hashing
from collarclass.requirement_reader.constants import GROUPS, MAX_FACTS, MAX_KINDS, MAX_PLACES
from collarclass.requirement_reader.phrases import integers

N_GROUPS = len(GROUPS)


class FactList:
    """Sums of the weights of facts, for one mention after the other; and the facts themselves where they are kept.

    `sums` has a number for each column of the weights, for each mention. Of each of the `n_kept` facts that were kept
    stand its mention, hash, kind, number in the index, and first and last token, -1 where it is about no words;
    `kept_begin` says where those of each mention begin.
    """

    def __init__(self, index, weight):
        self.index, self.n_columns = index, weight.shape[1]
        self.weight = memoryview(weight)
        self.keys = array("Q", bytes(8 * N_GROUPS * MAX_KINDS))
        for place in range(len(self.keys)):
            self.keys[place] = hashing.mix((place + 1) * hashing.STEP & hashing.MASK)
        self.sums = array("d", bytes(8 * MAX_PLACES * self.n_columns))
        self.kept_begin = integers(MAX_PLACES + 1)
        self.keep_known = self.keep_all = False
        self.n_kept = self.n = 0

    def keep(self, known, every=False):
        """Keep the facts that have weights, or all, from the next ad on."""
        self.keep_known, self.keep_all = known, every
        n = MAX_PLACES * MAX_FACTS
        self.mention, self.kind, self.number = integers(n), integers(n), integers(n)
        self.first, self.last, self.hash = integers(n), integers(n), array("Q", bytes(8 * n))

    def begin(self, mention, group):
        """What follows is about a mention, of one of `GROUPS`."""
        self.at, self.group, self.n = mention, group, 0
        self.kept_begin[mention], self.kept_begin[mention + 1] = self.n_kept, self.n_kept
        for column in range(self.n_columns):
            self.sums[mention * self.n_columns + column] = 0.0

    def add(self, kind, code, first, last):
        """Add a fact: what it says, packed into one integer, and the tokens that it is about, -1 for none."""
        if self.n == MAX_FACTS:
            return
        self.n += 1
        fact = hashing.mix(code ^ self.keys[N_GROUPS * kind + self.group])
        number = self.index.number_of(fact)
        if number >= 0:
            for column in range(self.n_columns):
                self.sums[self.at * self.n_columns + column] += self.weight[number, column]
        if self.keep_all or (self.keep_known and number >= 0):
            to = self.n_kept
            self.mention[to], self.hash[to], self.kind[to] = self.at, fact, kind
            self.number[to], self.first[to], self.last[to] = number, first, last
            self.n_kept += 1
            self.kept_begin[self.at + 1] = self.n_kept

    def add_words(self, kind, code, words, first, last):
        """Add a fact that is about words by their hash."""
        self.add(kind, words + hashing.STEP * code & hashing.MASK, first, last)

    def sum_of(self, mention, column):
        """Sum of the weights of the facts about a mention."""
        return self.sums[mention * self.n_columns + column]

    def weight_of(self, fact, column):
        """Weight of a fact that was kept."""
        return self.weight[self.number[fact], column]
