"""What one ad states of schooling: how likely each answer is, by the facts about its mentions and learnt weights."""

import math
from array import array

from collarclass.definitions.labels import NOT_NEEDED, PREFERRED, REQUIRED, SUBSTITUTABLE, UNSTATED
from collarclass.features.term_index import TermIndex
from collarclass.requirement_reader.constants import FIELD, LEVEL, MAX_NEIGHBOURS, MAX_PLACES, NO_SCHOOLING
from collarclass.requirement_reader.context import Context
from collarclass.requirement_reader.mentions import Mentions
from collarclass.requirement_reader.outcomes import (
    ALTERNATIVE, FREE, N_ANSWERS, N_DECIDING, N_LEVEL_STATUSES, N_MENTION, N_OTHERS, N_OUTCOMES, N_RELATIONS,
    NO_OUTCOME, NOTHING,
)
from collarclass.requirement_reader.phrases import Words, integers

MIN_PROBABILITY = 1e-4
RELATION_SCALE = 3.0  # of what is a probability, so that shrinking holds it back no more than the logarithms
(
    ASKED_HIGHER, ASKED_LOWER, ASKED_SAME, ASKED_HIGHER_APART, ASKED_LOWER_JOINED, ASKED_HIGHER_JOINED,
    PREFERRED_NOT_LOWER, PREFERRED_LOWER, SUBSTITUTABLE_TOO, NOT_NEEDED_TOO, REQUIRED_HIGHER_TOO, ALTERNATIVE_BEHIND,
) = range(N_OTHERS)


def numbers(n):
    return array("d", bytes(8 * n))


class Answers:
    """Probabilities of what each mention is, and of each answer of the ad about schooling; refilled from ad to ad.

    `outcome` has the probability of each of `OUTCOMES`, N_OUTCOMES numbers for each mention, and `likely` that of each
    answer (see `outcomes.py`). `level` and `status` are the least schooling required, or preferred where none is
    required: index into `LEVELS`, 0 where the ad says that none is needed, -1 unstated; index into `STATUSES`.
    """

    def __init__(self, reader, lexicon):
        self.mentions = Mentions(Words(lexicon))
        self.items, self.words = self.mentions.items, self.mentions.words
        self.context = Context(self.mentions, TermIndex(reader.hashes), reader.weight)
        self.facts = self.context.facts
        self.relation_weight = memoryview(reader.relation)
        self.mention_power, self.ad_power = (1.0 / value for value in reader.temperature.tolist())
        self.outcome, self.alternative = numbers(N_OUTCOMES * MAX_PLACES), numbers(MAX_PLACES)
        self.deciding, self.relation = numbers(N_DECIDING * MAX_PLACES), numbers(N_RELATIONS * MAX_PLACES)
        self.schooling, self.other = integers(MAX_PLACES), numbers(N_OTHERS)
        self.likely = numbers(N_ANSWERS)

    def decide_schooling(self):
        """Judge each mention by the sums of its facts, and the ad by its mentions and how they stand to each other."""
        self.judge_mentions()
        self.relate_mentions()
        self.weigh_relations()
        self.find_answer()

    def relate_ad(self, ad, outcome, alternative):
        """The relations of mentions that were found before, N_RELATIONS for each, by their probabilities."""
        self.mentions.load(ad)
        for place in range(N_OUTCOMES * self.items.n):
            self.outcome[place] = outcome[place]
        for i in range(self.items.n):
            self.alternative[i] = alternative[i]
        self.relate_mentions()
        return self.relation

    # ---- What each mention is

    def judge_mentions(self):
        """Probability of each outcome of each mention, and of standing in place of the schooling before."""
        n_columns = self.facts.n_columns
        for i in range(self.items.n):
            most, total = self.facts.sums[n_columns * i], 0.0
            for k in range(1, N_OUTCOMES):
                most = max(most, self.facts.sums[n_columns * i + k])
            for k in range(N_OUTCOMES):
                self.outcome[N_OUTCOMES * i + k] = math.exp(self.facts.sums[n_columns * i + k] - most)
                total += self.outcome[N_OUTCOMES * i + k]
            for k in range(N_OUTCOMES):
                self.outcome[N_OUTCOMES * i + k] /= total
            self.alternative[i] = 1.0 / (1.0 + math.exp(-self.facts.sums[n_columns * i + ALTERNATIVE]))
            for k in range(N_DECIDING):
                self.deciding[N_DECIDING * i + k] = self.facts.sums[n_columns * i + N_MENTION + k]

    def likely_as(self, i, status):
        """Probability that a mention is asked for in one way."""
        return self.outcome[N_OUTCOMES * i + status + 1]

    def asked(self, i):
        """Probability that a mention is asked for."""
        return self.likely_as(i, REQUIRED) + self.likely_as(i, SUBSTITUTABLE)

    def stated(self, i):
        """Probability that a mention is stated in any way."""
        return 1 - self.outcome[N_OUTCOMES * i + NO_OUTCOME]

    def level_of(self, i):
        """Level of a mention as others are compared to it; -1 for none."""
        return self.items.value[i] if self.items.group[i] == LEVEL else -1

    def relate_mentions(self):
        """How each mention of schooling stands to the others; 0 for what is no schooling."""
        n = 0
        most_asked = most_preferred = most_stated = 0.0
        for i in range(self.items.n):
            for k in range(N_RELATIONS):
                self.relation[N_RELATIONS * i + k] = 0.0
            if self.items.is_schooling(i):
                self.schooling[n] = i
                n += 1
                most_asked = max(most_asked, self.asked(i))
                most_preferred = max(most_preferred, self.likely_as(i, PREFERRED))
                most_stated = max(most_stated, self.stated(i))
        for place in range(n):
            i = self.schooling[place]
            at = N_RELATIONS * i
            for k in range(N_OUTCOMES):
                probability = self.outcome[N_OUTCOMES * i + k]
                self.relation[at + k] = math.log(max(probability, MIN_PROBABILITY))
                self.relation[at + N_OUTCOMES + k] = RELATION_SCALE * probability
            at += 2 * N_OUTCOMES
            joined = self.alternative[i]
            self.relation[at] = math.log(max(joined, MIN_PROBABILITY) / max(1 - joined, MIN_PROBABILITY))
            self.compare_with_others(place, n)
            for k in range(N_OTHERS):
                self.relation[at + 1 + k] = RELATION_SCALE * self.other[k]
            at += 1 + N_OTHERS
            self.relation[at] = RELATION_SCALE * (self.asked(i) - most_asked)
            self.relation[at + 1] = RELATION_SCALE * (self.likely_as(i, PREFERRED) - most_preferred)
            self.relation[at + 2] = RELATION_SCALE * (self.stated(i) - most_stated)
            self.relation[at + 3] = RELATION_SCALE * most_stated
            self.relation[at + 4] = 1.0

    def weigh_relations(self):
        """Add to what decides the ad how its mentions of schooling stand to each other."""
        for i in range(self.items.n):
            for k in range(N_RELATIONS):
                for status in range(N_DECIDING):
                    weight = self.relation_weight[k, status]
                    self.deciding[N_DECIDING * i + status] += self.relation[N_RELATIONS * i + k] * weight

    def compare_with_others(self, place, n):
        """The most that any other mention of schooling near by is asked for and so on."""
        for k in range(N_OTHERS):
            self.other[k] = 0.0
        linked = 1.0  # whether all between the two stand in place of each other
        for step in range(1, min(MAX_NEIGHBOURS, place) + 1):
            linked *= self.alternative[self.schooling[place - step + 1]]
            self.compare_with(place, place - step, linked, 0.0)
        linked = 1.0
        for step in range(1, min(MAX_NEIGHBOURS, n - 1 - place) + 1):
            linked *= self.alternative[self.schooling[place + step]]
            self.compare_with(place, place + step, linked, linked if step == 1 else 0.0)

    def compare_with(self, place, other_place, linked, alternative_behind):
        """The same of one of the others."""
        here, other = self.schooling[place], self.schooling[other_place]
        asked, preferred = self.asked(other), self.likely_as(other, PREFERRED)
        if self.level_of(other) > self.level_of(here):
            self.raise_other(ASKED_HIGHER, asked)
            self.raise_other(ASKED_HIGHER_APART, asked * (1 - linked))
            self.raise_other(ASKED_HIGHER_JOINED, asked * linked)
            self.raise_other(REQUIRED_HIGHER_TOO, self.likely_as(other, REQUIRED) * self.likely_as(here, REQUIRED))
        elif self.level_of(other) < self.level_of(here):
            self.raise_other(ASKED_LOWER, asked)
            self.raise_other(ASKED_LOWER_JOINED, asked * linked)
            self.raise_other(PREFERRED_LOWER, preferred)
        else:
            self.raise_other(ASKED_SAME, asked)
        if self.level_of(other) >= self.level_of(here):
            self.raise_other(PREFERRED_NOT_LOWER, preferred)
        self.raise_other(SUBSTITUTABLE_TOO, self.likely_as(other, SUBSTITUTABLE))
        self.raise_other(NOT_NEEDED_TOO, self.likely_as(other, NOT_NEEDED))
        self.raise_other(ALTERNATIVE_BEHIND, alternative_behind)

    def raise_other(self, k, value):
        self.other[k] = max(self.other[k], value)

    # ---- What the ad states of schooling

    def find_answer(self):
        """Probability of each answer that the ad may give; several mentions that give one answer add up."""
        most, total, best = 0.0, 0.0, NOTHING
        for k in range(N_ANSWERS):
            self.likely[k] = 0.0
        for i in range(self.items.n):
            for status in range(N_DECIDING):
                if self.may_decide(i, status):
                    most = max(most, self.deciding[N_DECIDING * i + status])
        for i in range(self.items.n):
            for status in range(N_DECIDING):
                if self.may_decide(i, status):
                    answer = FREE if status == NOT_NEEDED else self.items.value[i] * N_LEVEL_STATUSES + status
                    self.likely[answer] += math.exp(self.deciding[N_DECIDING * i + status] - most)
        self.likely[NOTHING] = math.exp(-most)
        for k in range(N_ANSWERS):
            total += self.likely[k]
        for k in range(N_ANSWERS - 1, -1, -1):  # of two as likely, the first
            self.likely[k] /= total
            if self.likely[k] >= self.likely[best]:
                best = k
        self.level, self.status = -1, UNSTATED
        if best == FREE:
            self.level, self.status = 0, NOT_NEEDED
        elif best < FREE:
            self.level, self.status = best // N_LEVEL_STATUSES, best % N_LEVEL_STATUSES
            if self.level == FIELD:
                self.level = -1
        self.soften()

    def may_decide(self, i, status):
        """Whether a mention may decide the ad with a status; a denial only that no schooling is needed."""
        group = self.items.group[i]
        return group == LEVEL or (group == NO_SCHOOLING and status == NOT_NEEDED)

    def soften(self):
        """Make the answers less sure in the same order, as with the confidence in mentions."""
        total = 0.0
        for k in range(N_ANSWERS):
            self.likely[k] = math.pow(self.likely[k], self.ad_power)
            total += self.likely[k]
        for k in range(N_ANSWERS):
            self.likely[k] /= total

    def finding_level(self, i):
        """Level that a mention names; -1 for none."""
        return self.items.value[i] if self.items.group[i] == LEVEL and self.items.value[i] != FIELD else -1
