"""The list of facts about mentions, and those about what is said in the scope of one mention of schooling.

A scope reaches up to the next schooling that is asked for by itself.
"""

from array import array

import collarclass.requirement_reader.phrases as phrases
import collarclass.text.hashing as hashing
from collarclass.requirement_reader.constants import (
    CHAIN_LINK, CHOICE_DISTANCE, CHOICE_KIND, CHOICE_WORD, CHOICE_WORDS, CLUTTER, CUE_NOT_NEEDED, CUE_PREFERRED,
    CUE_REQUIRED, EQUAL_WORD, EQUAL_WORDS, EXPERIENCE_TOPIC, FOR_ALL, GROUPS, HEADING, MARK, MAX_FACTS,
    MAX_JOINED_TOKENS, MAX_KINDS, MAX_PLACES, NO, NONE, OR, OTHERWISE, SAID_BEFORE, SAID_BEHIND, SAID_BEHIND_COMMA,
    SAID_TOGETHER, STANDS_AFTER, STANDS_BEFORE, STANDS_BOTH, SUBSTITUTE, THING, TOPIC, WHOSE, YEARS, YEARS_IN_SCOPE,
)
from collarclass.requirement_reader.phrases import CHOICE, integers
from collarclass.text.ad_tokens import AdTokens

N_GROUPS = len(GROUPS)
MAX_SCOPE_TOKENS, MAX_SCOPE_SENTENCES = 90, 3  # behind a mention
MAX_TOKENS_BACK, MAX_SENTENCES_BACK = 40, 2  # before it
MAX_LINKS, MAX_CHOICES = 6, 3
MAX_OFFER_TOKENS = 8  # from an "or" to what it offers
GAPS = (1, 2, 3, 4, 5, 7, 10, 15, 23, 41, 1 << 30)  # tokens, told apart no more closely
ANY_NUMBER = 777
OUTSIDE = 1  # a word of another sentence
ZERO = ord("0")
# What cues may say. On both sides of a mention the same numbers, where they say the same.
SILENCE, SWAPS, LIKES_NEXT, LIKES, ASKS, DENIES, SAYS_ELSE = range(7)
HEADS = 7  # and five more, by value of the heading
CLUTTERS, EQUALS, OF_OTHERS, OF_THINGS, CHOOSES, OF_EXPERIENCE, ENDS = 13, 14, 15, 16, 17, 18, 31


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
        return self.sums[mention * self.n_columns + column]

    def weight_of(self, fact, column):
        return self.weight[self.number[fact], column]


class Scope:
    """Facts about one mention of schooling after the other."""

    def __init__(self, mentions, facts):
        self.mentions, self.items, self.cues, self.facts = mentions, mentions.items, mentions.cues, facts
        self.gaps = array("i", GAPS)
        words = AdTokens().read("degree degrees equivalent equivalency equivalence").hash
        self.bare, self.equal = array("Q", list(words[:2])), array("Q", list(words[2:5]))

    def read(self, ad, i, next_cue):
        """Add the facts about a mention; `next_cue` is the cue behind it."""
        self.find_edges(ad, i)
        self.read_behind(ad, i, next_cue)
        self.read_before(i, next_cue)
        self.read_years(i)

    def find_edges(self, ad, i):
        """Find the end of the schooling that goes on with a mention, and where other schooling stands."""
        sentence, self.edge, self.stop = self.items.sentence[i], self.items.last[i], ad.n
        for k in range(i + 1, self.items.n):
            if not self.items.is_schooling(k):
                continue
            if self.items.sentence[k] == sentence:
                if self.is_bare(ad, k):  # "… or comparable analytical degree preferred"
                    continue
                if self.items.first[k] - self.edge <= MAX_JOINED_TOKENS:
                    self.edge = self.items.last[k]
                    continue
            self.stop = self.items.first[k]
            break
        begin, self.begin = self.items.first[i], NONE
        for k in range(i - 1, -1, -1):
            if not self.items.is_schooling(k):
                continue
            if self.items.sentence[k] == sentence and begin - self.items.last[k] <= MAX_JOINED_TOKENS:
                begin = self.items.first[k]
                continue
            self.begin = self.items.last[k]
            break

    def is_bare(self, ad, k):
        """Whether a mention is the word "degree" alone."""
        first = self.items.first[k]
        return first == self.items.last[k] and (ad.hash[first] == self.bare[0] or ad.hash[first] == self.bare[1])

    def is_equal(self, ad, k):
        """Whether a cue is "or equivalent"."""
        word = ad.hash[self.cues.last[k]]
        return self.cues.group[k] == MARK and (word == self.equal[0] or word == self.equal[1] or word == self.equal[2])

    # ---- Behind the mention

    def read_behind(self, ad, i, next_cue):
        """What cues say behind a mention: each kind of cue once, each pair in its sentence, and all together."""
        heard = together = previous = n_links = n_choices = 0
        for k in range(next_cue, self.cues.n):
            sentences = self.cues.sentence[k] - self.items.sentence[i]
            if sentences > MAX_SCOPE_SENTENCES or self.cues.first[k] - self.edge > MAX_SCOPE_TOKENS:
                break
            group, value = self.cues.group[k], self.cues.value[k]
            if self.cues.first[k] >= self.stop and not (group == SUBSTITUTE and value == FOR_ALL):
                continue
            if group == OR and sentences <= 1 and n_choices < MAX_CHOICES:
                self.read_choice(ad, i, k, sentences == 0)
                n_choices += 1
            voice = EQUALS if self.is_equal(ad, k) else voice_of(group, value, STANDS_BEFORE)
            link = link_of(voice, group, value) if sentences == 0 else SILENCE
            if link and n_links < MAX_LINKS:
                self.facts.add_words(CHAIN_LINK, previous << 5 | link, 0, NONE, NONE)
                previous = link
                n_links += 1
            if voice == SILENCE or heard >> voice & 1:
                continue
            heard |= 1 << voice
            near = min(sentences, 2)
            self.add_voice(ad, k, voice, near)
            if near == 0 or voice == SWAPS or voice == SAYS_ELSE:
                together |= 1 << (voice if near == 0 else voice + 16)
        self.facts.add_words(CHAIN_LINK, previous << 5 | ENDS, 0, NONE, NONE)
        self.facts.add_words(SAID_TOGETHER, together, 0, NONE, NONE)

    def add_voice(self, ad, k, voice, near):
        """What one cue says, how far away, whether behind a comma, and of which words."""
        first, last, said = self.cues.first[k], self.cues.last[k], voice << 2 | near
        gap = phrases.step_of(first - self.edge, self.gaps)
        self.facts.add_words(SAID_BEHIND, (said << 3 | self.cues.value[k]) << 4 | gap, 0, first, last)
        comma = self.has_comma(ad, self.edge, first) if near == 0 else 2
        self.facts.add_words(SAID_BEHIND_COMMA, said << 2 | comma, 0, first, last)
        if voice == EQUALS and near <= 1:
            sentence = self.cues.sentence[k]
            one, two = self.word_behind(ad, last, 1, sentence), self.word_behind(ad, last, 2, sentence)
            self.facts.add_words(EQUAL_WORD, 0, one, first, last)
            self.facts.add_words(EQUAL_WORDS, 0, hashing.pair_of(one, two), first, last)

    def has_comma(self, ad, left, right):
        for place in range(ad.end[left], ad.start[right]):
            if phrases.is_comma(ad.folded[place]):
                return 1
        return 0

    def read_choice(self, ad, i, k, same):
        """What an "or" offers: the words behind it, and whether experience or a substitute is among them."""
        first, last = self.cues.first[k], self.cues.last[k]
        if last + 1 >= ad.n:
            return
        word = word_at(ad, last + 1)
        self.facts.add_words(CHOICE_WORD, same, word, first, last + 1)
        pair = hashing.pair_of(word, self.word_behind(ad, last, 2, NONE))
        self.facts.add_words(CHOICE_WORDS, 0, pair, first, last + 1)
        self.facts.add_words(CHOICE_DISTANCE, phrases.step_of(first - self.edge, self.gaps) << 1 | same, 0, NONE, NONE)
        offered = self.offered_by_cues(k, last) << 2 | self.offered_by_items(i, last)
        self.facts.add_words(CHOICE_KIND, offered << 1 | same, 0, NONE, NONE)

    def offered_by_cues(self, k, last):
        """Whether experience, 2, and a substitute, 1, are named shortly behind an "or"."""
        offered = 0
        for other in range(k + 1, min(k + 6, self.cues.n)):
            if self.cues.first[other] - last > MAX_OFFER_TOKENS:
                break
            if self.cues.group[other] == TOPIC:
                offered |= 2
            elif self.cues.group[other] == SUBSTITUTE:
                offered |= 1
        return offered

    def offered_by_items(self, i, last):
        """What may be asked for shortly behind an "or": schooling 1, a length of time 2, a credential 3; 0 for none."""
        for other in range(i + 1, self.items.n):
            if 0 < self.items.first[other] - last <= MAX_OFFER_TOKENS:
                if self.items.is_schooling(other):
                    return 1
                return 2 if self.items.group[other] == YEARS else 3
        return 0

    def word_behind(self, ad, token, steps, sentence):
        """Hash of a word some steps behind a token, of one sentence, or of any where it is NONE."""
        at = token + steps
        if at >= ad.n or (sentence != NONE and self.mentions.sentence[at] != sentence):
            return OUTSIDE
        return ad.hash[at]

    # ---- Before it, and between

    def read_before(self, i, next_cue):
        """What cues say before a mention, each kind of cue once."""
        heard = 0
        for k in range(next_cue - 1, -1, -1):
            gap = self.items.first[i] - self.cues.last[k]
            if gap <= 0:
                continue
            sentences = self.items.sentence[i] - self.cues.sentence[k]
            if self.cues.last[k] <= self.begin or sentences > MAX_SENTENCES_BACK or gap > MAX_TOKENS_BACK:
                break
            voice = voice_of(self.cues.group[k], self.cues.value[k], STANDS_AFTER)
            if voice == SILENCE or heard >> voice & 1:
                continue
            heard |= 1 << voice
            code = ((voice << 2 | sentences) << 3 | self.cues.value[k]) << 4 | phrases.step_of(gap, self.gaps)
            self.facts.add_words(SAID_BEFORE, code, 0, self.cues.first[k], self.cues.last[k])

    def read_years(self, i):
        """The first length of time in the scope that an "or" opens, else the first."""
        found = NONE
        for k in range(i + 1, min(i + 8, self.items.n)):
            if self.items.group[k] == YEARS and self.items.first[k] < self.stop:
                sentences = min(self.items.sentence[k] - self.items.sentence[i], 3)
                if self.cues.stands_between(CHOICE, self.items.last[i], self.mentions.figure[k], 4):
                    found = 4 | sentences
                    break
                if found == NONE:
                    found = sentences
        self.facts.add_words(YEARS_IN_SCOPE, found + 1, 0, NONE, NONE)


def word_at(ad, token):
    """Hash of a word; all numbers are one."""
    return ANY_NUMBER if ZERO <= ad.folded[ad.start[token]] < ZERO + 10 else ad.hash[token]


def voice_of(group, value, other_side):
    """What a cue says of a mention; one that stands on the other side of what it is about says less, or nothing."""
    if group == SUBSTITUTE:
        return SILENCE if value == other_side else SWAPS
    if group == CUE_PREFERRED:
        return LIKES_NEXT if value == other_side else LIKES
    if group == CUE_REQUIRED:
        return ASKS if value <= STANDS_BOTH and value != other_side else SILENCE
    if group == HEADING:
        return HEADS + value
    if group == CLUTTER:
        return CLUTTERS
    if other_side == STANDS_BEFORE:  # a cue behind the mention
        if group == CUE_NOT_NEEDED:
            return SILENCE if value == STANDS_BEFORE else DENIES
        return SAYS_ELSE if group == OTHERWISE else SILENCE
    if group == CUE_NOT_NEEDED:
        return DENIES
    if group == NO:
        return SAYS_ELSE
    if group == WHOSE:
        return OF_OTHERS
    return OF_THINGS if group == THING else SILENCE


def link_of(voice, group, value):
    """What a cue is in the chain of a sentence: as it speaks, or a choice, or experience."""
    if group == OR:
        return CHOOSES
    if group == TOPIC and value == EXPERIENCE_TOPIC:
        return OF_EXPERIENCE
    return voice
