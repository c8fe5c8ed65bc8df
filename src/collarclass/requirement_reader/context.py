"""The words, cues, signs and neighbours of each mention of one ad, as facts that are looked up and summed.

`Context.read` goes through the mentions. To add a fact, measure it here and hand it to `facts.add` or `facts.add_words`
under a kind of its own (`constants.py`).
"""

from array import array

import collarclass.requirement_reader.phrases as phrases
import collarclass.requirement_reader.scope as scopes
import collarclass.text.hashing as hashing
from collarclass.definitions.schooling import SCHOOLING_LEVELS
from collarclass.requirement_reader.constants import (
    CUE, ENDS_AND_LENGTH, FAR_NEIGHBOUR_TOKENS, FAR_WORDS_BEFORE, FAR_WORDS_BEHIND, FIRST_WORD, GAP_STEPS, HALF_YEARS,
    HEADING, HEADING_AND_DISTANCE, LAST_WORD, LEVEL, MAX_CUE_SENTENCES, MAX_CUE_TOKENS, MAX_GAP, MAX_HALF_YEARS,
    MAX_JOINED_TOKENS, MAX_PLACES, NEAREST_CUE, NEAREST_CUES, NEIGHBOUR, NEIGHBOURS_LEVEL, NEIGHBOUR_AND_DISTANCE,
    NO_SCHOOLING, NONE, N_BETWEEN, N_CUES, N_NEAREST_CUES, OF_CREDENTIAL, OF_SCHOOLING, OF_YEARS, OR, OWN_CLASS,
    SECTION, SECTION_AND_DISTANCE, SIGN_BEFORE, SIGN_BEHIND, SIGN_TOWARDS, SILENT, TWO_SIGNS_BEFORE, TWO_SIGNS_BEHIND,
    UNDER_HEADING, WORD, WORDS_BEFORE, WORDS_BEHIND, WORD_STEPS, WORD_TOWARDS, YEARS,
)
from collarclass.requirement_reader.phrases import CHOICE, FRESH, OPENING, SCHOOLING, TIME, TITLE, integers
from collarclass.requirement_reader.scope import FactList, Scope

BEFORE, BEHIND = 0, 1  # sides of a mention
COLON, BREAK = ord(":"), ord("\n")
LEVEL_CODES = [*(level.code for level in SCHOOLING_LEVELS), 6]  # of three bits; the last, of a field of study
NO_LEVEL_CODE = 7  # of what is no schooling, beside those of levels
LOWER, SAME, HIGHER, UNCOMPARED = range(4)  # the level of a neighbour
N_CHOICES = 4


class Context:
    """The facts about the mentions of one ad, and the sums of their weights; refilled by `read` from ad to ad.

    `choice` says, N_CHOICES numbers for each mention, whether an "or" opens it, or its neighbour: schooling before and
    behind, years before and behind. `ends` are hashes of its first and last word.
    """

    def __init__(self, mentions, index, weight):
        self.mentions, self.items, self.cues = mentions, mentions.items, mentions.cues
        self.facts = FactList(index, weight)
        self.level_codes, self.silent = array("i", LEVEL_CODES), array("i", SILENT)
        self.word_steps, self.gap_steps = array("i", WORD_STEPS), array("i", GAP_STEPS)
        self.scope = Scope(mentions, self.facts)
        self.ends, self.choice = array("Q", bytes(8 * MAX_PLACES)), integers(N_CHOICES * MAX_PLACES)

    def read_ad(self, ad):
        """Find the mentions of an ad and describe them, having made room."""
        self.mentions.reserve(ad.n)
        self.mentions.find(ad)
        self.read(ad)
        return self

    def load_ad(self, ad):
        """The facts of `LEVEL_FACTS` about mentions that were found before; `ad` as for `Mentions.load`."""
        self.mentions.load(ad)
        for i in range(self.items.n):
            self.ends[i] = ad["ends"][i]
            for place in range(N_CHOICES):
                self.choice[N_CHOICES * i + place] = ad["choice"][i][place]
        self.read_levels()
        return self

    def read(self, ad):
        """Describe each mention by what stands around it, and those that are no lengths of time by more."""
        self.facts.n_kept = 0
        self.gather_cues(ad)
        self.gather_items()
        for i in range(self.items.n):
            group = group_of(self.items.group[i])
            self.facts.begin(i, group)
            self.ends[i] = ends_of(ad, self.items.first[i], self.items.last[i])
            self.add_own(ad, i)
            self.add_words_around(ad, i, 1, WORDS_BEFORE, 1, WORDS_BEHIND)
            self.add_cues(ad, i)
            if group == OF_YEARS:
                continue
            self.add_words_around(ad, i, WORDS_BEFORE + 1, FAR_WORDS_BEFORE, WORDS_BEHIND + 1, FAR_WORDS_BEHIND)
            self.add_section(i)
            self.add_neighbours(ad, i, True)
            if group == OF_SCHOOLING:
                self.scope.read(ad, i, self.cues.count(self.items.last[i] + 1))

    def read_levels(self):
        """The facts of `LEVEL_FACTS` alone, without the text, by `ends` and `choice`."""
        self.facts.n_kept = 0
        self.gather_items()
        for i in range(self.items.n):
            group = group_of(self.items.group[i])
            self.facts.begin(i, group)
            self.add_class(i)
            if group != OF_YEARS:
                self.add_neighbours(None, i, False)

    # ---- The phrases of the ad, by kind

    def gather_cues(self, ad):
        """Mark the cues that open sections, and those of some classes."""
        for k in range(self.cues.n):
            group, first, last = self.cues.group[k], self.cues.first[k], self.cues.last[k]
            starts = first == 0 or self.mentions.sentence[first - 1] != self.cues.sentence[k]
            stops = last + 1 == ad.n or self.mentions.sentence[last + 1] != self.cues.sentence[k]
            colon = ad.folded[ad.end[last]] == COLON
            if starts and (stops or colon):
                self.cues.role[k] |= OPENING
            if group == HEADING and (starts or stops or colon):
                self.cues.role[k] |= TITLE
            if group == OR:
                self.cues.role[k] |= CHOICE

    def gather_items(self):
        """Mark lengths of time, and mentions of schooling."""
        before = NONE  # the schooling before
        for i in range(self.items.n):
            group = group_of(self.items.group[i])
            self.items.role[i] = TIME if group == OF_YEARS else 0
            if group == OF_SCHOOLING:
                is_fresh = before < 0 or not self.is_joined(i, before)
                self.items.role[i] = SCHOOLING | FRESH if is_fresh else SCHOOLING
                before = i

    def is_joined(self, i, before):
        """Whether schooling goes on with the one before it: "BS/MS", "bachelor's or master's"."""
        if self.items.sentence[i] != self.items.sentence[before]:
            return False
        return self.items.first[i] - self.items.last[before] <= MAX_JOINED_TOKENS

    def code_of(self, i):
        return self.level_codes[self.items.value[i]] if self.items.group[i] == LEVEL else NO_LEVEL_CODE

    def value_of(self, i):
        """Value of a mention as hashes have it: of schooling the code of its level, which stays if levels are added."""
        return self.level_codes[self.items.value[i]] if self.items.group[i] == LEVEL else self.items.value[i]

    # ---- The mention itself

    def add_class(self, i):
        """What the lexicon says of the mention."""
        first, last = self.items.first[i], self.items.last[i]
        own = self.items.group[i] << 5 | self.value_of(i)
        self.facts.add(OWN_CLASS, own << 4 | self.mentions.words.note[self.items.phrase[i]], NONE, NONE)
        self.facts.add_words(ENDS_AND_LENGTH, own << 6 | (last - first), self.ends[i], first, last)

    def add_own(self, ad, i):
        """The mention itself, and the signs that touch it."""
        first, last = self.items.first[i], self.items.last[i]
        self.add_class(i)
        self.facts.add_words(FIRST_WORD, 0, ad.hash[first], first, first)
        self.facts.add_words(LAST_WORD, 0, ad.hash[last], last, last)
        before, behind = ad.start[first] - 1, ad.end[last]
        sign_before, sign_behind = ad.folded[before], ad.folded[behind]
        self.facts.add(SIGN_BEFORE, sign_before, NONE, NONE)
        self.facts.add(SIGN_BEHIND, sign_behind, NONE, NONE)
        # Behind a line break stands another line.
        beyond = 0 if sign_before == BREAK else ad.folded[before - 1]
        self.facts.add(TWO_SIGNS_BEFORE, sign_before << 16 | beyond, NONE, NONE)
        beyond = 0 if sign_behind == BREAK else ad.folded[behind + 1]
        self.facts.add(TWO_SIGNS_BEHIND, sign_behind << 16 | beyond, NONE, NONE)
        if self.items.group[i] == YEARS:
            self.facts.add(HALF_YEARS, half_years(self.mentions.years[i]), self.mentions.figure[i], last)

    def add_words_around(self, ad, i, nearest_before, furthest_before, nearest_behind, furthest_behind):
        """Words before and behind, coarsely by distance and by sentence; all numbers are one word."""
        for distance in range(nearest_before, furthest_before + 1):
            token = self.mentions.figure[i] - distance
            if token >= 0:
                self.add_word(ad, i, token, phrases.step_of(distance, self.word_steps))
        for distance in range(nearest_behind, furthest_behind + 1):
            token = self.items.last[i] + distance
            if token < ad.n:
                self.add_word(ad, i, token, 8 + phrases.step_of(distance, self.word_steps))

    def add_word(self, ad, i, token, place):
        sentences = min(abs(self.mentions.sentence[token] - self.items.sentence[i]), 2)
        self.facts.add_words(WORD, sentences << 4 | place, scopes.word_at(ad, token), token, token)

    # ---- The nearest cues

    def add_cues(self, ad, i):
        """The nearest cues before and behind, and the nearest on each side that says something by itself."""
        first, last, both = self.items.first[i], self.items.last[i], 0
        behind = self.cues.count(first)
        for side in range(2):
            speaks = 0
            for rank in range(N_CUES):
                k = behind - 1 - rank if side == BEFORE else behind + rank
                if k < 0 or k >= self.cues.n:
                    break
                left = self.cues.last[k] if side == BEFORE else last
                right = first if side == BEFORE else self.cues.first[k]
                if not self.is_near(i, k, right - left):
                    continue
                if rank < N_NEAREST_CUES:
                    between = self.items.behind(left, FRESH)
                    is_between = between >= 0 and self.items.first[between] < right
                    self.add_cue(ad, i, k, left, right, side, is_between)
                if speaks == 0 and self.speaks(i, k):
                    speaks = self.code_of_cue(k)
            self.facts.add(NEAREST_CUE, speaks << 1 | side, NONE, NONE)
            both = both << 12 | speaks
        self.facts.add(NEAREST_CUES, both, NONE, NONE)

    def is_near(self, i, k, gap):
        return gap <= MAX_CUE_TOKENS and abs(self.cues.sentence[k] - self.items.sentence[i]) <= MAX_CUE_SENTENCES

    def add_cue(self, ad, i, k, left, right, side, schooling_between):
        """A cue with what lies between it and the mention, which are the tokens left and right."""
        comma = phrases.is_comma(ad.folded[ad.end[left]]) or phrases.is_comma(ad.folded[ad.end[right - 1]])
        code = (self.cues.group[k] << 3 | self.cues.value[k]) << 1 | side
        code = (code << 1 | flag(comma)) << 1 | flag(schooling_between)
        code = (code << 1 | flag(self.cues.sentence[k] == self.items.sentence[i])) << 3 | self.items.group[i]
        self.facts.add(CUE, code, self.cues.first[k], self.cues.last[k])

    def speaks(self, i, k):
        """Whether a cue says something by itself, in the sentence of a mention."""
        return self.cues.sentence[k] == self.items.sentence[i] and not self.silent[self.cues.group[k]]

    def code_of_cue(self, k):
        """A cue as a code; 0 stands for none."""
        return self.cues.group[k] * 8 + self.cues.value[k] + 1

    # ---- The section

    def add_section(self, i):
        """The cue that opens the section: at the start of a line, and with it or before a colon; and the heading."""
        self.add_opening(i, self.cues.before(self.items.first[i], OPENING), SECTION, SECTION_AND_DISTANCE)
        self.add_opening(i, self.cues.before(self.items.first[i], TITLE), UNDER_HEADING, HEADING_AND_DISTANCE)

    def add_opening(self, i, k, kind, kind_with_distance):
        """A cue that opens the section, NONE for none; having none is a fact, too."""
        if k < 0:
            self.facts.add(kind, 0, NONE, NONE)
            return
        first, last = self.cues.first[k], self.cues.last[k]
        section = self.code_of_cue(k)
        self.facts.add(kind, section, first, last)
        sentences = min(self.items.sentence[i] - self.cues.sentence[k], 6)
        self.facts.add(kind_with_distance, section << 3 | sentences, first, last)

    # ---- The mentions beside it

    def add_neighbours(self, ad, i, has_text):
        """The next schooling and the next length of time before and behind; having none is a fact, too."""
        first, last = self.items.first[i], self.items.last[i]
        self.add_neighbour(ad, i, self.items.before(first, SCHOOLING), OF_SCHOOLING, BEFORE, has_text)
        self.add_neighbour(ad, i, self.items.behind(last, SCHOOLING), OF_SCHOOLING, BEHIND, has_text)
        self.add_neighbour(ad, i, self.items.before(first, TIME), OF_YEARS, BEFORE, has_text)
        self.add_neighbour(ad, i, self.items.behind(last, TIME), OF_YEARS, BEHIND, has_text)

    def add_neighbour(self, ad, i, other, group, side, has_text):
        """How a mention stands to its neighbour, NONE for none, and what lies between."""
        if other < 0:
            self.facts.add(NEIGHBOUR, group * 2 + side, NONE, NONE)
            return
        left = self.items.last[other] if side == BEFORE else self.items.last[i]
        right = self.mentions.figure[i] if side == BEFORE else self.mentions.figure[other]
        place = N_CHOICES * i + side + (2 if group == OF_YEARS else 0)
        if has_text:
            self.choice[place] = self.cues.stands_between(CHOICE, left, right, 2)  # an "or" opens the right one
        sentences = min(abs(self.items.sentence[other] - self.items.sentence[i]), 3)
        gap, compared, choice = min(max(right - left, 0), MAX_GAP), self.compare(i, other), self.choice[place]
        code = (group << 1 | side) << 2 | compared
        code = ((code << 3 | self.items.group[i]) << 2 | sentences) << 1 | choice
        self.facts.add(NEIGHBOUR, code + 2, NONE, NONE)
        self.facts.add(NEIGHBOUR_AND_DISTANCE, code << 3 | phrases.step_of(gap, self.gap_steps), NONE, NONE)
        if group == OF_SCHOOLING:
            code = (side << 3 | self.code_of(other)) << 3 | self.code_of(i)
            self.facts.add(NEIGHBOURS_LEVEL, (code << 1 | min(sentences, 1)) << 1 | choice, NONE, NONE)
            if has_text:
                self.add_between(ad, left, right, side << 2 | compared, gap)

    def compare(self, i, other):
        """Whether a neighbour's level is lower, the same or higher; a level is higher than none."""
        if self.items.group[other] != LEVEL:
            return UNCOMPARED
        if self.items.group[i] != LEVEL or self.items.value[other] < self.items.value[i]:
            return LOWER
        return SAME if self.items.value[other] == self.items.value[i] else HIGHER

    def add_between(self, ad, left, right, code, gap):
        """The sign and the words between a mention and the schooling beside it."""
        sign = ad.folded[ad.end[left]] << 3 | code
        self.facts.add(SIGN_TOWARDS, sign << 2 | min(gap, 3), NONE, NONE)
        code = code << 1 | flag(gap >= FAR_NEIGHBOUR_TOKENS)
        for token in range(left + 1, min(left + N_BETWEEN + 1, right)):
            self.facts.add_words(WORD_TOWARDS, code, ad.hash[token], token, token)


def group_of(group):
    """Which of `GROUPS` a class of the lexicon belongs to."""
    if group == LEVEL or group == NO_SCHOOLING:
        return OF_SCHOOLING
    return OF_YEARS if group == YEARS else OF_CREDENTIAL


def flag(condition):
    return 1 if condition else 0


def half_years(years):
    """Whole half years of a length of time."""
    halves = 0
    while halves < MAX_HALF_YEARS and halves + 1 <= 2 * years:
        halves += 1
    return halves


def ends_of(ad, first, last):
    return ad.hash[first] * hashing.PAIR + ad.hash[last] & hashing.MASK
