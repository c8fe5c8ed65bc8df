"""The facts about the mentions of one ad, looked up and summed as they are found, and those that decided."""

from array import array

import collarclass.text.hashing as hashing
from collarclass.requirement_reader.constants import GROUPS, MAX_FACTS, MAX_KINDS, MAX_PLACES
from collarclass.requirement_reader.outcomes import N_OUTCOMES
from collarclass.requirement_reader.phrases import integers

N_GROUPS = len(GROUPS)
MAX_WORDED = 5  # reasons with words of their own


class FactList:
    """Sums of the weights of facts, for one mention after the other; and the facts themselves where they are kept.

    Parameters
    ----------
    index : TermIndex
        The facts that have weights.
    weight : ndarray of float32, shape (n_facts, n_columns)

    Attributes
    ----------
    sums : array of float, n_columns for each mention
    n_kept : int
        How many facts were kept; see `keep`.
    mention, hash, kind, number, first, last : array
        Of each fact that was kept: its mention, hash, kind, number in the index, and first and last token, -1 where it
        is about no words.
    kept_begin : array of int
        Where those of each mention begin.
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


class Reasons:
    """The words that spoke most for a finding against the next likeliest outcome, the strongest first.

    Attributes
    ----------
    n : int
        How many there are.
    first, last : array of int
        Their first and last tokens.
    weight : array of float
        What they add to the log-odds between the two outcomes.
    rest : float
        What all other facts add.
    """

    def __init__(self):
        self.first, self.last, self.weight = integers(MAX_FACTS), integers(MAX_FACTS), array("d", bytes(8 * MAX_FACTS))

    def explain(self, facts, ad, mention, outcome):
        """Find the reasons why a mention has an outcome, of an ad that was read with its facts kept."""
        self.gather(facts, ad, mention, outcome, self.rival_of(facts, mention, outcome))
        self.keep_strongest()
        return self

    def rival_of(self, facts, mention, outcome):
        """The outcome that is likeliest but for one."""
        rival = -1
        for k in range(N_OUTCOMES):
            if k != outcome and (rival < 0 or facts.sum_of(mention, k) > facts.sum_of(mention, rival)):
                rival = k
        return rival

    def gather(self, facts, ad, mention, outcome, rival):
        """Add up the weights of each run of words; of facts without words, or about half a Chinese word, together."""
        self.n, self.rest = 0, 0.0
        for fact in range(facts.kept_begin[mention], facts.kept_begin[mention + 1]):
            weight = facts.weight_of(fact, outcome) - facts.weight_of(fact, rival)
            first, last = facts.first[fact], facts.last[fact]
            if first < 0 or (first == last and ad.ideograph[first]):
                self.rest += weight
            else:
                self.add(first, last, weight)

    def add(self, first, last, weight):
        """Add to the weight of a run of words."""
        place = 0
        while place < self.n and (self.first[place] != first or self.last[place] != last):
            place += 1
        if place == self.n:
            self.first[place], self.last[place], self.weight[place] = first, last, 0.0
            self.n += 1
        self.weight[place] += weight

    def keep_strongest(self):
        """Put the strongest first, of two as strong the one that begins first, and add the others to the rest."""
        for place in range(min(MAX_WORDED, self.n)):
            best = place
            for other in range(place + 1, self.n):
                if self.is_stronger(other, best):
                    best = other
            self.first[place], self.first[best] = self.first[best], self.first[place]
            self.last[place], self.last[best] = self.last[best], self.last[place]
            self.weight[place], self.weight[best] = self.weight[best], self.weight[place]
        for place in range(MAX_WORDED, self.n):
            self.rest += self.weight[place]
        self.n = min(MAX_WORDED, self.n)

    def is_stronger(self, place, other):
        """Whether a run of words counts for more than another."""
        if abs(self.weight[place]) != abs(self.weight[other]):
            return abs(self.weight[place]) > abs(self.weight[other])
        if self.first[place] != self.first[other]:
            return self.first[place] < self.first[other]
        return self.last[place] < self.last[other]
