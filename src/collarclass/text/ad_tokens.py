"""The text of one ad, read into tokens whose places in what the caller passed are known.

A token is a run of letters and digits, or a single Chinese character. Tokens are never cut out as strings: each
becomes a 64-bit hash.
"""

from __future__ import annotations

from array import array
from functools import cache
from importlib.resources import files

import numpy as np

import collarclass.text.hashing as hashing
from collarclass.text.markup import read_markup

# Kinds of character in the table `characters.npz` (made by research/data/build_characters.py).
SPACE, LOWER, UPPER, IDEOGRAPH, BREAK, STOP, TAIL, APOSTROPHE, SKIP = range(9)
BEYOND = 0xFFFF  # characters above stand in the table as this one
STEM = 5  # letters: "engineer", "engineers" and "engineering" have one stem
MIN_LETTERS = 3  # of a word that a number, or another word, was run into
MIN_CAPITALS = 4  # of a word in capitals before such another
CHINESE_SHARE = 0.3  # of the tokens of a Chinese text that are Chinese characters
ZERO, LITTLE_A, LITTLE_Z, BRACKET, BLANK = (ord(c) for c in "0az) ")
MIN_CAPACITY = 4096
NOTHING, PASSAGE, SENTENCE = range(3)  # what a full stop ends


@cache
def character_table():
    """Folded form of each character, and its kind from bit 16 on."""
    with (files("collarclass") / "text" / "characters.npz").open("rb") as file, np.load(file) as table:
        kind, folded = table["kind"].astype(np.uint32), table["fold"].astype(np.uint32)
    return array("I", (kind << np.uint32(16) | folded).tobytes())


class AdTokens:
    """The tokens of one ad, in reading order; made once, and filled anew by each `read`.

    Of the `n` tokens `n_title` begin in the title; `is_chinese` says whether three of ten or more are Chinese
    characters. Of each token stand:

    hash, stem
        Identity (case, width, accents, apostrophes and script variant folded away), and that of its first five letters,
        for a longer word in Latin letters.
    start, end
        Its place in `folded`, the folded characters between two line breaks; `span` gives offsets in the caller's text.
    sentence, passage
        Running number of the sentence, line or bullet; and of the passage, which is ended by a full stop behind a
        bracket as well: "(BSc). Experience".
    ideograph
        Whether it is a single Chinese character (or a Japanese kana).
    """

    def __init__(self):
        self.characters = character_table()
        self.capacity = self.n = self.n_title = self.n_folded = self.n_dropped = self.n_characters = 0
        self.begin = self.stop = self.text_offset = self.title_stop = 0
        self.in_title = self.has_places = self.is_chinese = False
        self.grow(MIN_CAPACITY)

    def grow(self, n):
        if n <= self.capacity:
            return
        n = max(n, 2 * self.capacity)
        self.capacity = n
        self.kind, self.folded = array("B", bytes(n)), array("H", bytes(2 * n))
        self.hash, self.stem = array("Q", bytes(8 * n)), array("Q", bytes(8 * n))
        self.start, self.end = array("i", bytes(4 * n)), array("i", bytes(4 * n))
        self.sentence, self.passage = array("i", bytes(4 * n)), array("i", bytes(4 * n))
        self.ideograph, self.dropped = array("B", bytes(n)), array("i", bytes(4 * n))

    def read(self, text, title_end=0, text_offset=0):
        """Read a text into tokens; its title ends at a place, and the text proper begins at another."""
        self.load(text, title_end, text_offset)
        self.scan()
        return self

    def load(self, text, title_end, text_offset):
        """Lay out the visible characters of a text."""
        self.text_offset, self.title_stop, self.has_places = text_offset, title_end, False
        if "<" in text or "&" in text:
            text, places = read_markup(text)
            if places is not None:
                self.title_stop = int(np.searchsorted(places, title_end))
                self.places, self.has_places = memoryview(places), len(places) > 0
        self.n_characters = len(text)
        self.grow(len(text) + 2)
        self.code_points = memoryview((text or "\n").encode("utf-32-le", "surrogatepass")).cast("I")

    def scan(self):
        """Read the characters that were laid out."""
        self.fold()
        self.cut()
        self.n_title = 0
        while self.n_title < self.n and self.start[self.n_title] < self.title_stop:
            self.n_title += 1
        self.is_chinese = self.n_ideographs() > CHINESE_SHARE * self.n

    def fold(self):
        """Fold all characters, and leave out those that vanish: invisible ones, and apostrophes in words."""
        self.n_dropped, to, title_stop = 0, 1, self.title_stop
        self.kind[0], self.folded[0] = BREAK, 10
        for i in range(self.n_characters):
            character = self.character(i)
            kind = character >> 16
            if i == title_stop:
                self.title_stop = to
            if kind >= APOSTROPHE and (kind == SKIP or (self.is_letter_at(i - 1) and self.is_letter_at(i + 1))):
                self.dropped[self.n_dropped] = to
                self.n_dropped += 1
                continue
            self.kind[to], self.folded[to] = kind, character & BEYOND
            to += 1
        if title_stop >= self.n_characters:
            self.title_stop = to
        self.kind[to], self.folded[to] = BREAK, 10
        self.n_folded = to + 1

    def character(self, i):
        code = self.code_points[i]
        return self.characters[code if code < BEYOND else BEYOND]

    def is_letter_at(self, i):
        if i < 0 or i >= self.n_characters:
            return False
        return is_letter(self.character(i) >> 16)

    def cut(self):
        self.n = sentence = passage = 0
        begin = -1  # of the word at hand, -1 between words
        for i in range(self.n_folded):
            kind = self.kind[i]
            if kind == LOWER or kind == UPPER:
                if begin >= 0 and self.is_cut(i, kind):
                    self.add(begin, i, sentence, passage)
                    begin = i
                elif begin < 0:
                    begin = i
                continue
            if kind == TAIL and begin >= 0 and (self.kind[i - 1] != TAIL or self.kind[i - 2] != TAIL):
                continue  # C++, C#, 5+
            if begin >= 0:
                self.add(begin, i, sentence, passage)
                begin = -1
            if kind == IDEOGRAPH:
                self.add(i, i + 1, sentence, passage)
            elif kind == BREAK:
                sentence += 1
                passage += 1
            elif kind == STOP:
                ended = self.ended_by_stop(i)
                sentence += ended == SENTENCE
                passage += ended != NOTHING

    def is_cut(self, i, kind):
        """Whether a new word begins within a run of letters and digits."""
        if kind == UPPER:
            # "TeamLeader" and "REQUIREMENTSBachelor" are two words.
            return self.kind[i - 1] == LOWER or (
                i > MIN_CAPITALS
                and self.are(UPPER, i - MIN_CAPITALS, i)
                and i < self.n_folded - MIN_LETTERS
                and self.are(LOWER, i + 1, i + 1 + MIN_LETTERS)
            )
        if not is_digit(self.folded[i]) or i <= MIN_LETTERS:
            return False
        # And so is "skills4+", with one figure or two.
        sign = i + 2 if is_digit(self.folded[i + 1]) else i + 1
        if sign >= self.n_folded or self.kind[sign] != TAIL:
            return False
        return is_latin(self.folded[i - 1]) and is_latin(self.folded[i - 2]) and is_latin(self.folded[i - 3])

    def are(self, kind, first, stop):
        for i in range(first, stop):
            if self.kind[i] != kind:
                return False
        return True

    def in_word(self, i):
        """Whether a character belongs to a word: a letter or digit, or one of two signs behind it."""
        if i >= 0 and self.kind[i] == TAIL:
            i -= 1
            if i >= 0 and self.kind[i] == TAIL:
                i -= 1
        return i >= 0 and is_letter(self.kind[i])

    def ended_by_stop(self, i):
        """What a full stop ends: after a word of two letters or more, before a blank, a sentence; not "B.S. degree"."""
        before, behind = self.kind[i - 1], self.kind[i + 1]
        if not is_letter(behind) and behind != IDEOGRAPH and self.in_word(i - 1) and self.in_word(i - 2):
            return SENTENCE
        if behind == UPPER and before == LOWER and i > 2 and self.kind[i - 2] == LOWER and self.kind[i - 3] == LOWER:
            if self.kind[min(i + 2, self.n_folded - 1)] == LOWER:
                return SENTENCE  # "in a team.Bachelor's degree"
        return PASSAGE if self.folded[i - 1] == BRACKET and self.folded[i + 1] == BLANK else NOTHING

    def add(self, start, end, sentence, passage):
        k, all_bits = self.n, 0
        for i in range(start, end):
            all_bits |= self.folded[i]
        if all_bits > 0xFF:
            self.hash[k] = self.stem[k] = ~hashing.hash_units(self.folded, start, end, 16) & hashing.MASK
        else:
            self.hash[k] = self.stem[k] = hashing.hash_units(self.folded, start, end, 8)
            if end - start > STEM and is_latin(self.folded[start]):
                self.stem[k] = hashing.hash_units(self.folded, start, start + STEM, 8)
        self.start[k], self.end[k], self.sentence[k], self.passage[k] = start, end, sentence, passage
        self.ideograph[k] = self.kind[start] == IDEOGRAPH
        self.n = k + 1

    def n_ideographs(self):
        count = 0
        for i in range(self.n):
            count += self.ideograph[i]
        return count

    def n_numerals(self):
        """How many tokens begin with a digit."""
        count = 0
        for i in range(self.n):
            count += is_digit(self.folded[self.start[i]])
        return count

    def source_of(self, place):
        """Where in the text that was read a folded character stands."""
        low, high = 0, self.n_dropped
        while low < high:
            middle = (low + high) // 2
            if self.dropped[middle] <= place:
                low = middle + 1
            else:
                high = middle
        return place + low - 1

    def token_at(self, place):
        """The token that covers a place of the text that was read; the first one where none does."""
        low, high = 0, self.n
        while low < high:
            middle = (low + high) // 2
            self.find(middle, middle)
            if self.begin <= place:
                low = middle + 1
            else:
                high = middle
        if low == 0:
            return 0
        self.find(low - 1, low - 1)
        return low - 1 if place < self.stop else 0

    def word(self, i):
        """Folded spelling of a token."""
        return "".join(map(chr, self.folded[self.start[i] : self.end[i]]))

    def arrays(self):
        """Of each token hash, stem, sentence, whether it is a Chinese character, whether a number, and its place."""
        places = np.empty((2, self.n), np.int64)
        for i in range(self.n):
            self.locate(i, i)
            places[0, i], places[1, i] = self.begin, self.stop
        hashes, stems = np.array(self.hash[: self.n]), np.array(self.stem[: self.n])
        sentence, ideograph = np.array(self.sentence[: self.n]), np.array(self.ideograph[: self.n])
        first = np.asarray(self.folded)[np.asarray(self.start)[: self.n]]
        numeral = (first >= ZERO) & (first <= ZERO + 9)
        return hashes, stems, sentence.astype(np.int64), ideograph.astype(bool), numeral, *places

    def find(self, first, last):
        """Find where tokens `first` to `last` stand in the text that was read: from `begin` to `stop`."""
        self.begin, self.stop = self.source_of(self.start[first]), self.source_of(self.end[last] - 1)
        if self.has_places:
            self.begin, self.stop = self.places[self.begin], self.places[self.stop]
        self.stop += 1

    def locate(self, first, last):
        """Find where tokens `first` to `last` stand: `in_title`, and `begin` and `stop` in the title or in the text."""
        self.find(first, last)
        self.in_title = self.begin < self.text_offset
        if not self.in_title:
            self.begin -= self.text_offset
            self.stop -= self.text_offset

    def span(self, first, last):
        """Where tokens `first` to `last` stand: whether in the title, and offsets in the title or in the text."""
        self.locate(first, last)
        return bool(self.in_title), self.begin, self.stop


def is_letter(kind):
    return kind == LOWER or kind == UPPER


def is_digit(unit):
    return ZERO <= unit <= ZERO + 9


def is_latin(unit):
    return LITTLE_A <= unit <= LITTLE_Z
