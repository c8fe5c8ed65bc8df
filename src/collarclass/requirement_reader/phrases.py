"""Where the phrases of the lexicon stand in one ad.

A phrase is a run of tokens inside one sentence. What may be asked for is looked for first, and the words about it
near by only.
"""

from array import array

import collarclass.text.hashing as hashing
from collarclass.features.term_index import TermIndex
from collarclass.requirement_reader.credential_names import credential_names
from collarclass.requirement_reader.constants import (
    DECOY, LEVEL, MAX_PLACES, MAX_WORDS, NO_SCHOOLING, N_ITEMS, TOKENS_BEFORE, TOKENS_BEHIND, YEARS,
)

# Roles of cues, and of what may be asked for.
DENIAL, UNDER_WAY_BEFORE, UNDER_WAY_BEHIND, OPENING, TITLE, CHOICE = (1 << k for k in range(6))
SCHOOLING, TIME, FRESH = (1 << k for k in range(3))
COMMA, SEMICOLON, ENUMERATION, BAR, SLASH = (ord(sign) for sign in ",;、|/")
MAX_WEIGHT = 2 * MAX_WORDS + 2


def integers(n):
    return array("i", bytes(4 * n))


class Phrases:
    """Phrases of one ad in reading order; of each array the first `n` places are used.

    Of each stand first and last token and sentence; number in the lexicon, class there, and value of that class; and
    what it is looked for as, one bit for each role.
    """

    def __init__(self):
        self.reserve(64)

    def reserve(self, size):
        self.n = 0
        self.first, self.last, self.sentence, self.role = integers(size), integers(size), integers(size), integers(size)
        self.phrase, self.group, self.value = integers(size), integers(size), integers(size)

    def is_schooling(self, i):
        """Whether one is about schooling: a level, or none needed."""
        return self.group[i] == LEVEL or self.group[i] == NO_SCHOOLING

    def put(self, to, others, i):
        self.first[to], self.last[to], self.sentence[to] = others.first[i], others.last[i], others.sentence[i]
        self.phrase[to], self.group[to], self.value[to] = others.phrase[i], others.group[i], others.value[i]

    def count(self, token):
        """How many begin before a token."""
        low, high = 0, self.n
        while low < high:
            middle = (low + high) // 2
            if self.first[middle] < token:
                low = middle + 1
            else:
                high = middle
        return low

    def before(self, token, role):
        """The next one of a role before a token; -1 for none."""
        k = self.count(token) - 1
        while k >= 0 and not self.role[k] & role:
            k -= 1
        return k

    def behind(self, token, role):
        """The next one of a role behind a token; -1 for none."""
        k = self.count(token + 1)
        while k < self.n and not self.role[k] & role:
            k += 1
        return k if k < self.n else -1

    def stands_between(self, role, left, right, most):
        """Whether one of a role stands behind a token, and at most so many tokens before another."""
        k = self.before(right, role)
        return k >= 0 and self.first[k] > left and right - self.last[k] <= most


class Words:
    """The lexicon as phrases are looked up in it."""

    def __init__(self, lexicon):
        self.prefixes, self.numerals = TermIndex(lexicon.prefixes), TermIndex(lexicon.numerals)
        self.phrase, self.more = memoryview(lexicon.phrase), memoryview(lexicon.more.view("u1"))
        self.group, self.value, self.note = map(memoryview, (lexicon.group, lexicon.value, lexicon.note))
        self.isced, self.nature, self.number = map(memoryview, (lexicon.isced, lexicon.nature, lexicon.number))
        self.root, self.credential = memoryview(lexicon.root), memoryview(lexicon.credential)
        self.one_credential = memoryview(lexicon.one_credential.view("u1"))
        # Of credentials by number, after none: 0 for none, 1 for one with a name, 2 for one that a country issues.
        named = [1] * (len(lexicon.credential_names) - len(credential_names()))
        self.standing = array("i", [0, *(2 if row.country else 1 for row in credential_names()), *named])


class PhraseFinder:
    """Finds the phrases of one ad after the other; of phrases that overlap, the longest stands.

    Cues are looked for near items only, and items at the first `MAX_PLACES` places where one may begin.
    """

    def __init__(self, words):
        self.words = words
        self.longest = self.longest_phrase = 0
        self.has_item = False
        self.reserve(64)

    def reserve(self, n_tokens):
        self.size, self.phrase, self.following = integers(n_tokens), integers(n_tokens), integers(n_tokens)
        self.covered = integers(n_tokens)
        self.places, self.lightest = integers(MAX_PLACES), integers(MAX_WEIGHT + 1)

    def find(self, ad, found):
        """Put the phrases of an ad into `found`: first and last token and number of each."""
        n_places = self.find_all(ad)
        self.drop_far(ad.n, n_places)
        self.keep_longest(ad.n)
        found.n = 0
        for token in range(ad.n):
            if self.size[token]:
                found.first[found.n], found.last[found.n] = token, token + self.size[token] - 1
                found.phrase[found.n] = self.phrase[token]
                found.n += 1

    def find_all(self, ad):
        """The longest phrase at each token; returns the number of places of items."""
        n_places, stop, full = 0, ad.n, False
        for token in range(ad.n):
            self.longest, self.has_item = 0, False
            if token < stop:
                self.match(ad, token, full)
            if self.has_item and not full:
                if n_places < MAX_PLACES:
                    self.places[n_places] = token
                    n_places += 1
                else:  # from here on items are left out; words near the last stay
                    full, stop, self.longest = True, token + TOKENS_BEHIND, 0
                    self.match(ad, token, full)
            self.size[token], self.phrase[token] = self.longest, self.longest_phrase
        return n_places

    def drop_far(self, n_tokens, n_places):
        """Drop the phrases that are near no item."""
        k = 0  # the first place that is not too far before
        for token in range(n_tokens):
            while k < n_places and self.places[k] + TOKENS_BEHIND <= token:
                k += 1
            if k == n_places or self.places[k] - TOKENS_BEFORE > token:
                self.size[token] = 0

    def match(self, ad, token, without_items):
        """Look up the words at a token, one and more: `longest`, `longest_phrase`, `has_item`."""
        code, size = ad.hash[token], 1
        number = self.words.prefixes.number_of(code)
        while number >= 0:
            self.take(ad, token, size, number, without_items)
            if size == MAX_WORDS or not self.words.more[number] or not goes_on(ad, token, size):
                return
            code = hashing.pair_of(code, ad.hash[token + size])
            number = self.words.prefixes.number_of(code)
            size += 1

    def take(self, ad, token, size, number, without_items):
        """Note a phrase that is longer than those before it."""
        phrase = self.words.phrase[number]
        if phrase < 0:  # the beginning of longer ones alone
            return
        group = self.words.group[phrase]
        if group < N_ITEMS:
            self.has_item = True
            if without_items:
                return
        if not is_divided(ad, token, size, group):
            self.longest, self.longest_phrase = size, phrase

    def keep_longest(self, n_tokens):
        """Of phrases that overlap, keep the longest; of two as long, what is asked for, and then the left."""
        for weight in range(MAX_WEIGHT + 1):
            self.lightest[weight] = -1
        for token in range(n_tokens - 1, -1, -1):
            self.covered[token] = 0
            if self.size[token]:
                group = self.words.group[self.phrase[token]]
                weight = 2 * self.size[token]
                if group < N_ITEMS:
                    weight += 1
                if group == YEARS:  # against a word more, where years come first
                    weight += 1
                self.following[token] = self.lightest[weight]
                self.lightest[weight] = token
        for weight in range(MAX_WEIGHT, -1, -1):
            token = self.lightest[weight]
            while token >= 0:
                stop = token + self.size[token]
                for k in range(token, stop):
                    if self.covered[k]:
                        self.size[token] = 0
                for k in range(token, token + self.size[token]):
                    self.covered[k] = 1
                token = self.following[token]


def goes_on(ad, begin, size):
    """Whether the token behind a phrase is in its sentence; a Chinese phrase ends at a comma."""
    if begin + size >= ad.n or ad.sentence[begin + size] != ad.sentence[begin]:
        return False
    last = begin + size - 1
    return not ad.ideograph[last] or ad.folded[ad.end[last]] != COMMA


def is_divided(ad, first, size, group):
    """Whether a Chinese phrase is cut by a sign inside: 学历、经验不限 is one phrase, but 学、生 is no 学生."""
    last = first + size - 1
    if ad.start[last] - ad.start[first] < size or not ad.ideograph[first]:
        return False
    if group == DECOY:  # 高职 工业 is no 高职工
        return True
    if group < N_ITEMS and size != 2:
        return False
    for token in range(first, last):
        sign = ad.folded[ad.end[token]]
        if sign == ENUMERATION or (sign == SLASH and size == 2):
            return True
    return False


def is_comma(sign):
    return sign == COMMA or sign == SEMICOLON or sign == ENUMERATION or sign == BAR


def step_of(value, steps):
    """How many steps a value reaches; the last is beyond all values."""
    step = 0
    while steps[step] <= value:
        step += 1
    return step
