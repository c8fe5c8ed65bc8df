"""Mentions of schooling, credentials and lengths of time in one ad, the cues near them, and the years they name."""

from array import array

from collarclass.requirement_reader.constants import (
    CERTIFICATE, CUE_NOT_NEEDED, EXPERIENCE_TOPIC, FIELD, FIRST_YEAR, GENERAL, HALF_YEAR, IN_MONTHS, LEVEL, MARK,
    MAX_DENIAL_TOKENS, MAX_LETTERS_ACROSS, MAX_LETTERS_BETWEEN, MAX_QUALIFYING_TOKENS, MAX_TOKENS_FROM_PURSUING,
    MAX_TOKENS_TO_PURSUING, MIN_AGE_YEARS, MIN_LETTERS_RUN_INTO, MIN_PAY_DIGITS, MIN_ROOM, NO, NO_SCHOOLING, N_ITEMS,
    PURSUING, SKILL_GRADE, STANDS_AFTER, STANDS_BEFORE, SUBSTITUTE, TOPIC, VALUES, YEARS,
)
from collarclass.requirement_reader.phrases import (
    DENIAL, UNDER_WAY_BEFORE, UNDER_WAY_BEHIND, PhraseFinder, Phrases, integers,
)

COMMA, SEMICOLON, BRACKET, BLANK, ZERO, DOLLAR, POUND, YEN, EURO = (ord(sign) for sign in ",;( 0$£¥€")
UNKNOWN = float("nan")
COLON, HYPHEN, DOT, ENUMERATION, CLOSING, LITTLE_A, LITTLE_Z = (ord(sign) for sign in ":-.、)az")
WRITTEN = [float(value) if value[:1].isdecimal() else UNKNOWN for value in VALUES["years"]]  # in the word itself
N_BACK = 3  # tokens before a length of time that may be numbers


class Mentions:
    """What one ad may ask for, and the words that may say how; refilled by `find` from ad to ad.

    Of each item stand its first token with its number ("3" of "3 years"), how many years it names, NaN where it is no
    length of time, and whether it may still be under way, if it is schooling; of each token its sentence, which begins
    also where a line break was lost.
    """

    def __init__(self, words):
        self.words = words
        self.finder, self.counter = PhraseFinder(words), YearCounter(words)
        self.found, self.items, self.cues = Phrases(), Phrases(), Phrases()
        self.room = -1
        self.reserve(0)

    def reserve(self, n_tokens):
        if n_tokens <= self.room:
            return
        self.room = max(2 * self.room, n_tokens, MIN_ROOM)
        for part in (self.finder, self.found, self.items, self.cues):
            part.reserve(self.room)
        self.figure, self.pursuing, self.sentence = integers(self.room), integers(self.room), integers(self.room)
        self.years = array("d", bytes(8 * self.room))

    def find(self, ad):
        """Find what may be asked for in an ad, for which room was made."""
        self.finder.find(ad, self.found)
        self.cut_sentences(ad)
        self.sort(ad)
        self.gather_cues()
        self.keep_items(ad)

    def load(self, ad):
        """Take the mentions of an ad as they were found before: `ad` has lists by the names of their attributes."""
        self.reserve(0)
        self.items.n, self.cues.n = len(ad["group"]), 0
        for k in range(self.items.n):
            self.items.first[k], self.items.last[k] = ad["first"][k], ad["last"][k]
            self.items.sentence[k], self.items.phrase[k] = ad["sentence"][k], ad["phrase"][k]
            self.items.group[k], self.items.value[k] = ad["group"][k], ad["value"][k]
            self.figure[k], self.years[k], self.pursuing[k] = ad["figure"][k], ad["years"][k], ad["pursuing"][k]

    def cut_sentences(self, ad):
        """Number the sentences anew, cut also where a line break was lost, but not in a phrase."""
        more = k = 0
        for token in range(ad.n):
            if token > 0 and self.is_run_into(ad, token):
                while k < self.found.n and self.found.first[k] < token:
                    k += 1
                if k == 0 or self.found.last[k - 1] < token:
                    more += 1
            self.sentence[token] = ad.passage[token] + more

    def is_run_into(self, ad, token):
        """Whether a word follows the one before it without a blank: "our fieldBachelor's"."""
        before = token - 1
        if ad.start[token] != ad.end[before] or ad.ideograph[token] or ad.ideograph[before]:
            return False
        return ad.end[before] - ad.start[before] >= MIN_LETTERS_RUN_INTO

    def sort(self, ad):
        """Sort the phrases into items and self.cues."""
        names_level = False
        for k in range(self.found.n):
            phrase = self.found.phrase[k]
            self.found.group[k], self.found.value[k] = self.words.group[phrase], self.words.value[phrase]
            self.found.sentence[k] = self.sentence[self.found.first[k]]
            if self.found.group[k] == LEVEL and self.found.value[k] != FIELD:
                names_level = True
            if self.found.group[k] == NO_SCHOOLING and self.found.value[k] < GENERAL:
                names_level = True
        self.items.n = self.cues.n = 0
        for k in range(self.found.n):
            # In an ad that names a level, or that needs none, a field of study is a topic: the level decides there.
            if names_level and self.found.group[k] == LEVEL and self.found.value[k] == FIELD:
                self.found.group[k], self.found.value[k] = TOPIC, 0
            if self.found.group[k] < N_ITEMS:
                self.items.put(self.items.n, self.found, k)
                self.items.n += 1
            else:
                self.cues.put(self.cues.n, self.found, k)
                self.cues.n += 1
                self.join_equivalent(ad)

    def join_equivalent(self, ad):
        """Read "or equivalent … experience", with a few words between, as one cue, if the last two cues are these."""
        topic, mark = self.cues.n - 1, self.cues.n - 2
        if mark < 0 or self.cues.group[mark] != MARK:
            return
        if self.cues.group[topic] != TOPIC or self.cues.value[topic] != EXPERIENCE_TOPIC:
            return
        gap = self.cues.first[topic] - self.cues.last[mark]
        if self.cues.sentence[topic] != self.cues.sentence[mark] or gap > MAX_QUALIFYING_TOKENS:
            return
        for token in range(self.cues.last[mark], self.cues.first[topic]):
            sign = ad.folded[ad.end[token]]
            if sign == COMMA or sign == SEMICOLON or sign == BRACKET:
                return
        self.cues.group[mark], self.cues.value[mark] = SUBSTITUTE, STANDS_AFTER

    def gather_cues(self):
        """Mark the cues that say that no schooling is needed, and those that say that it is under way."""
        for k in range(self.cues.n):
            group, value, self.cues.role[k] = self.cues.group[k], self.cues.value[k], 0
            if group == NO or group == CUE_NOT_NEEDED:
                self.cues.role[k] |= DENIAL
            if group == PURSUING and value != STANDS_AFTER:
                self.cues.role[k] |= UNDER_WAY_BEFORE
            if group == PURSUING and value != STANDS_BEFORE:
                self.cues.role[k] |= UNDER_WAY_BEHIND

    def keep_items(self, ad):
        """Count years; keep lengths of time with a number, schooling in general where it is denied, and no pay."""
        kept = 0
        for k in range(self.items.n):
            years, figure = self.counter.count(ad, self.sentence, self.items, k), self.items.first[k]
            if self.items.group[k] == YEARS:
                if years != years:
                    continue
                figure -= self.counter.steps
            elif self.items.group[k] == NO_SCHOOLING and self.items.value[k] >= GENERAL and not self.is_denied(k):
                continue
            if CERTIFICATE <= self.items.group[k] <= SKILL_GRADE and is_paid(ad, self.items.last[k]):
                continue
            self.items.put(kept, self.items, k)
            self.years[kept], self.figure[kept] = years, figure
            self.pursuing[kept] = self.is_pursued(kept)
            kept += 1
        self.items.n = kept

    def is_denied(self, item):
        """Whether words of denial stand near schooling in general, which alone make it worth reading."""
        first, last = self.items.first[item], self.items.last[item]
        before, behind = self.cues.before(first, DENIAL), self.cues.behind(last, DENIAL)
        if before >= 0 and first - self.cues.last[before] <= MAX_DENIAL_TOKENS:
            return True
        return behind >= 0 and self.cues.first[behind] - last <= MAX_DENIAL_TOKENS

    def is_pursued(self, item):
        """Whether schooling may still be under way: "pursuing a degree", "degree in progress"."""
        first, last, sentence = self.items.first[item], self.items.last[item], self.items.sentence[item]
        before, behind = self.cues.before(first, UNDER_WAY_BEFORE), self.cues.behind(last, UNDER_WAY_BEHIND)
        if before >= 0 and first - self.cues.last[before] <= MAX_TOKENS_FROM_PURSUING:
            if self.cues.sentence[before] == sentence:
                return True
        is_near = behind >= 0 and self.cues.first[behind] - last <= MAX_TOKENS_TO_PURSUING
        return is_near and self.cues.sentence[behind] == sentence


def is_paid(ad, last):
    """Whether pay stands directly behind a token, as in a list of jobs: "Forklift £17", 中级工6500."""
    place = ad.end[last]
    while place < ad.n_folded and ad.folded[place] == BLANK:
        place += 1
    if place == ad.n_folded:
        return False
    sign = ad.folded[place]
    if sign == POUND or sign == DOLLAR or sign == EURO or sign == YEN:
        return True
    begin = place
    while place < ad.n_folded and ZERO <= ad.folded[place] < ZERO + 10:
        place += 1
    return ad.ideograph[last] and place - begin >= MIN_PAY_DIGITS


class YearCounter:
    """Reads the numbers beside lengths of time.

    `number` are those in the three tokens before, the nearest first, NaN for other words; `steps` is how many tokens
    before it the number that counts begins.
    """

    def __init__(self, words):
        self.words = words
        self.number, self.written = array("d", [0.0] * N_BACK), array("d", WRITTEN)

    def count(self, ad, sentence, items, item):
        """Years that an item names, a range by its lower end; NaN for other items and where no number stands."""
        self.steps = 0
        if items.group[item] != YEARS:
            return UNKNOWN
        first, last, word = items.first[item], items.last[item], items.value[item]
        self.read_before(ad, sentence, first)
        self.steps = 1
        if self.number[1] <= self.number[0]:
            self.steps = 2
        elif self.number[2] < self.number[0]:
            self.steps = 3
        least = self.number[self.steps - 1]
        if self.number[0] == 0 or (self.number[0] > least and self.number[0] >= MIN_AGE_YEARS):
            least = UNKNOWN  # "25-40 yrs" are an age
        if word == HALF_YEAR:  # 一年半
            least += 0.5
        elif word == IN_MONTHS:
            least /= 12
        elif word == FIRST_YEAR:  # "A year in care"
            least, self.steps = 1.0, 0
        elif word > HALF_YEAR:  # the word has a number: "a year or more", "2yrs"
            least, self.steps = self.written[word], 0
            if self.number[0] < least and ad.start[first] - ad.end[first - 1] <= MAX_LETTERS_BETWEEN:  # "1-2yrs"
                least, self.steps = self.number[0], 1
        elif least != least and is_colon_behind(ad, last):  # "Years of experience: 6"
            self.steps = 0
            if last + 1 < ad.n and sentence[last + 1] == sentence[last]:
                least = self.number_at(ad, last + 1)
        return least

    def number_at(self, ad, token):
        number = self.words.numerals.number_of(ad.hash[token])
        return self.words.number[number] if number >= 0 else UNKNOWN

    def read_before(self, ad, sentence, first):
        """Read the numbers in the three tokens before a length of time, and strike those that do not belong to it."""
        for k in range(N_BACK):
            token = first - 1 - k
            self.number[k] = UNKNOWN
            if token >= 0 and sentence[token] == sentence[first]:
                self.number[k] = self.number_at(ad, token)
        self.join_decimals(ad, first)
        one, two, three = first - 1, first - 2, first - 3
        if two < 0:
            return
        gap, sign = ad.start[one] - ad.end[two], ad.folded[ad.end[two]]
        if self.number[0] < 10 and is_tens(self.number[1], ad.ideograph[one], gap):  # 十五年, "twenty-six years"
            self.number[0] += self.number[1]
            self.number[1] = UNKNOWN
        if gap > MAX_LETTERS_BETWEEN or sign == COMMA:  # "3 - 5 years", but not "without one, six years"
            self.number[1] = UNKNOWN
        if three >= 0 and (ad.start[one] - ad.end[three] > MAX_LETTERS_ACROSS or sign == COMMA):  # "3 to 5 years"
            self.number[2] = UNKNOWN
        if self.number[0] == self.number[0] and self.number[1] != self.number[1] and gap == 1 and sign == HYPHEN:
            self.number[1] = last_digit(ad, two)
        if is_listed(ad, two):  # "2. three years"
            self.number[1] = UNKNOWN
        if three >= 0 and is_listed(ad, three):
            self.number[2] = UNKNOWN

    def join_decimals(self, ad, first):
        """Read "2.5" as one number."""
        for k in range(N_BACK - 1, -1, -1):
            if self.number[k] < 10 and not ad.ideograph[first]:  # but 2.3年以上 is of a list
                place = ad.start[first - 1 - k]
                if place >= 2 and ad.folded[place - 1] == DOT and is_digit(ad.folded[place - 2]):
                    self.number[k] = ad.folded[place - 2] - ZERO + self.number[k] / 10
                    if k + 1 < N_BACK:
                        self.number[k + 1] = UNKNOWN


def is_digit(sign):
    return ZERO <= sign < ZERO + 10


def is_tens(number, ideograph, gap):
    """Whether the next number is to be added: in Chinese to ten and more, else to twenty, thirty and so on."""
    if ideograph and number >= 10:
        return True
    return gap == 1 and number >= 20 and number == 10 * (number // 10)


def is_listed(ad, token):
    """Whether a token is followed by what follows the number of an item in a list."""
    sign = ad.folded[ad.end[token]]
    return sign == ENUMERATION or sign == DOT or sign == CLOSING


def is_colon_behind(ad, last):
    """Whether a colon follows, after one more character at most."""
    stop = ad.end[last]
    return ad.folded[stop] == COLON or (stop + 1 < ad.n_folded and ad.folded[stop + 1] == COLON)


def last_digit(ad, token):
    """The digit that a line break was lost before: "Computer Science3-4 years"; NaN for none."""
    place = ad.end[token] - 1
    if place > 0 and is_digit(ad.folded[place]) and LITTLE_A <= ad.folded[place - 1] <= LITTLE_Z:
        return ad.folded[place] - ZERO
    return UNKNOWN
