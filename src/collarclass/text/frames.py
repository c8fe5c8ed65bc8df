"""What stands beside the job in a line, set aside: pay, places, counts, hours, benefits, ways to hire and to apply.

The phrases are data (`frames.tsv`). A line is cut at its marks, then at the phrases; what is left are the runs of words
that can name a job or say what the work is.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files

from collarclass.text.ad_tokens import character_table

_NUMBER = r"\d[\d.,]*(?:[kKwW万千](?![a-z]))?"
_UNITS = re.compile(
    rf"\d[A-Z](?!\w)|{_NUMBER}(?:\s?[-–~～至到]\s?[$£€¥₹]?{_NUMBER})?"  # 3D; 12; 18k-22k
    r"|[^\W\d_]\.(?:[^\W\d_]\.)+|[A-Za-z\u00c0-\u024f]+(?:['’.-]?[A-Za-z\u00c0-\u024f]+)*|[^\W\d_]|\S"
)
_DIMENSION = re.compile(r"\d[a-z]")  # 3D, which is a word
_ABBREVIATED = re.compile(r"s[rt]|[js]nr|jr|nos?|dr|mrs?|asst|mgr|e\.g|i\.e|approx|ref")
_MARKS = frozenset(',;|:!?…•·●▪■►()[]{}【】（）「」《》，、。；：！？"“”*_=~～')
_LATIN = "\u024f"  # the last letter of Latin scripts
_LAST = 0xFFFF  # characters beyond have no other form
_DASHES = frozenset("-–—―")
_SIGNS = frozenset(("So", "Sk", "Cs", "Cf", "Mn"))  # categories of signs that cut a line as marks do
_PERSONS = frozenset("名人位个")
_NONE: list[tuple[list[str], str]] = []
MAX_PHRASE = 12  # units of a phrase


class Run:
    """Words of a line between marks and frames, at `start` to `end`.

    It may end at one of the `heads` as well, before "with", "for", "in" and the like. It is `counted` where a number of
    posts, or a number of a list, stands beside it, and `vague` where it is a rank or a group, such as "manager".
    """

    def __init__(self, start, end, heads, counted, vague):
        self.start, self.end, self.heads, self.counted, self.vague = start, end, heads, counted, vague


class Units:
    """The words, numbers (each as "#") and signs of a line, each Chinese character by itself, with their places."""

    def __init__(self, text):
        self.text, self.word, self.start, self.end = text, [], [], []
        for found in _UNITS.finditer(text):
            word = found[0].casefold().replace("’", "'")
            if len(word) == 1 and word > _LATIN:
                word = folded(word)
            if word[0].isdigit() and (not _DIMENSION.fullmatch(word) or word[1] in "kwhdm"):
                word = "#"
            self.word.append(word)
            self.start.append(found.start())
            self.end.append(found.end())
        self.n = len(self.word)


class Frames:
    """The phrases of `frames.tsv`: by where they count and the word that they begin with, each with its kind.

    The words of a list, such as those that <cur> stands for, are `lists`; `ends` are the last words of phrases.
    """

    def __init__(self):
        self.lists, self.begins, self.ends = {}, {}, {}
        phrases = []
        for line in (files("collarclass") / "text" / "frames.tsv").read_text("utf-8").splitlines()[1:]:
            kind, where, listed = line.split("\t")
            for phrase in listed.split("; "):
                words = words_of_phrase(phrase)
                if kind.startswith("="):
                    self.lists.setdefault(f"<{kind[1:]}>", {}).setdefault(words[0], []).append(words)
                else:
                    phrases.append((where, words, kind))
        for where, words, kind in phrases:
            begins, ends = self.begins.setdefault(where, {}), self.ends.setdefault(where, set())
            for word in self.lists.get(words[0], words[:1]):
                begins.setdefault(word, []).append((words, kind))
            *_, last = words
            ends.update(other for some in self.lists.get(last, {last: [[last]]}).values() for *_, other in some)
        inside = self.begins["inside"] = {}
        for where in ("whole", "any", "start", "end"):
            for word, found in self.begins[where].items():
                inside.setdefault(word, []).extend(found)
        for begins in self.begins.values():
            for word, found in begins.items():
                begins[word] = self.by_second(found)

    def by_second(self, phrases):
        """Phrases by their second word; those that any may follow are in each list, and alone under ""."""
        seconds = [words[1] if len(words) > 1 and not self.lists.keys() & words[:2] else "" for words, _ in phrases]
        both = list(zip(phrases, seconds, strict=True))
        return {second: [phrase for phrase, its in both if its in (second, "")] for second in {"", *seconds}}

    def standing(self, units, i, where, stop):
        """The phrases that may stand at unit i, by its word and the next one."""
        phrases = self.begins[where].get(units.word[i])
        if phrases is None:
            return _NONE
        following = units.word[i + 1] if i + 1 < stop else ""
        return phrases.get(following) or phrases[""]

    def find(self, units, i, where, stop):
        """The longest phrase that stands at unit i, before `stop`: how many units it covers, and its kind."""
        longest, kind = 0, ""
        for words, its_kind in self.standing(units, i, where, stop):
            length = self.covered(words, units, i, stop)
            if length > longest:
                longest, kind = length, its_kind
        return longest, kind

    def length(self, units, i, where, stop):
        return self.find(units, i, where, stop)[0]

    def ending(self, units, first, stop, where):
        """Units of the longest phrase that ends before unit `stop`."""
        if units.word[stop - 1] in self.ends[where]:
            for length in range(min(MAX_PHRASE, stop - first), 0, -1):
                if self.length(units, stop - length, where, stop) == length:
                    return length
        return 0

    def covered(self, words, units, i, stop):
        """How many units from unit i on a phrase covers; 0 where it does not stand there."""
        at = i
        for word in words:
            if at >= stop:
                return 0
            step = 0
            if word in self.lists:
                for members in self.lists[word].get(units.word[at], ()):
                    if len(members) > step and at + len(members) <= stop:
                        if units.word[at : at + len(members)] == members:
                            step = len(members)
            elif units.word[at] == word:
                step = 1
            if step == 0:
                return 0
            at += step
        return at - i


@cache
def folded(character):
    """A character in the script variant and width by which words are known."""
    code = ord(character)
    return chr(character_table()[code] & _LAST) if code < _LAST else character


@cache
def all_frames():
    return Frames()


def words_of_phrase(phrase):
    """The units of a phrase, and the names of lists in it."""
    words = []
    for piece in re.split(r"(<\w+>)", phrase):
        words += [piece] if piece.startswith("<") else Units(piece).word
    return words


def runs(text):
    """What a line says besides its frames.

    >>> line = "Hiring now!! Forklift driver, nights, £13.50ph"
    >>> [line[run.start:run.end] for run in runs(line)]
    ['Forklift driver']
    >>> line = "急聘数控编程员两名，双休，月薪8000起"
    >>> [line[run.start:run.end] for run in runs(line)]
    ['数控编程员']
    """
    units, frames, out, groups, listed = Units(text), all_frames(), [], [], False
    for begin, end in parts(units):
        if begin and text[units.start[begin - 1]] == "#" and units.end[begin - 1] == units.start[begin]:  # a hashtag
            while begin + 1 < end and units.end[begin] == units.start[begin + 1]:
                begin += 1
            begin += 1
            if begin >= end:
                continue
        if frames.length(units, begin, "vague", end) == end - begin:
            groups.append(Run(units.start[begin], units.end[end - 1], (), False, True))
        for first, last, counted in pieces_of(units, begin, end, frames):
            vague = frames.length(units, first, "vague", last) == last - first
            heads = [  # "welder" in "welder for a shipyard"
                units.end[i - 1]
                for i in range(first + 1, last)
                if frames.find(units, i, "any", last)[1] == "part"
                and frames.length(units, first, "vague", i) < i - first
            ]
            out.append(Run(units.start[first], units.end[last - 1], tuple(heads), counted or listed, vague))
            listed = False
        only = units.word[begin]
        alone = end - begin == 1 and (only == "#" or (len(only) == 1 and not is_hanzi(only)))
        listed = alone and end < units.n and units.word[end] in (")", "）", ".", "、")
    return out or groups  # 兼职, which is a frame beside a job


def in_frames(word):
    """Whether a word begins or ends a phrase."""
    frames = all_frames()
    return any(word in words for words in (*frames.begins.values(), *frames.ends.values()))


def without_ranks(title):
    """A title without grades and ranks at its begin and end; the whole where nothing else is left.

    >>> without_ranks("Sr. Materials Engineer II"), without_ranks("高级Java工程师"), without_ranks("Senior")
    ('Materials Engineer', 'Java工程师', 'Senior')
    """
    units, frames = Units(title), all_frames()
    first, stop = 0, units.n
    while first < stop and (length := frames.length(units, first, "rank", stop)):
        first += length
    while first < stop and (length := frames.ending(units, first, stop, "rank")):
        stop -= length
    vague = first < stop and frames.length(units, first, "vague", stop) == stop - first
    return title if first >= stop or vague else title[units.start[first] : units.end[stop - 1]]


def leaves_open(title):
    """The word, as `frames.tsv` calls it, that is all that a title says and that leaves the field open; or "".

    >>> leaves_open("Senior Engineer"), leaves_open("工程师"), leaves_open("Test engineer")
    ('engineer', 'engineer', '')
    """
    units, frames = Units(without_ranks(title)), all_frames()
    length, kind = frames.find(units, 0, "open", units.n) if units.n else (0, "")
    return kind if length == units.n else ""


def parts(units):
    """Begin and end of each part of a line between its marks."""
    out, begin = [], 0
    for i in range(units.n):
        width = mark(units, i)
        if width >= 0:
            if i > begin:
                out.append((begin, i))
            begin = i + width
    if begin < units.n:
        out.append((begin, units.n))
    return out


def mark(units, i):
    """Whether a line is cut at a unit (1), before it (0) or not at all (-1)."""
    text, word, before = units.text, units.word[i], units.word[i - 1] if i else ""
    if word in _MARKS:
        return 1
    start, end = units.start[i], units.end[i]
    gap = text[units.end[i - 1] : start] if i else ""
    if word in _DASHES:
        return 1 if gap or not text[end : end + 1].strip() or word != "-" or not before else -1
    if word == ".":
        return 1 if not text[end : end + 1].strip() and before and not _ABBREVIATED.fullmatch(before) else -1
    if word == "#" and text[start] == "#":
        return 1
    if not "a" <= word[0] <= "z" and unicodedata.category(word[0]) in _SIGNS:
        return 1
    if gap and ("\n" in gap or "\t" in gap or "   " in gap or (before and (is_hanzi(word) or is_hanzi(before)))):
        return 0
    return -1


def is_hanzi(word):
    return "\u3400" <= word[0] <= "\u9fff"


def pieces_of(units, begin, end, frames):
    """The runs of one part: first unit, the one behind the last, and whether a count stands beside it."""
    if is_whole(units, begin, end, frames):
        return []
    if frames.length(units, begin, "vague", end) == end - begin:  # 实习生 is not 生 beside 实习
        return [(begin, end, False)]
    pieces, at, first, counted = [], begin, begin, False
    while at < end:
        length, kind = frames.find(units, at, "any", end)
        if length == 0 or kind == "part":
            at += 1
        elif kind == "keep":
            at += length
        else:
            pieces.append((first, at, counted or kind == "count"))
            counted = kind == "count"
            at = first = at + length
    pieces.append((first, end, counted))
    out = []
    for first, stop, counted in pieces:
        first, stop, more = stripped(units, first, stop, frames)
        words = units.word[first:stop]
        if any(word[0].isalpha() for word in words) and not is_whole(units, first, stop, frames):
            out.append((first, stop, counted or more))
    return out


def stripped(units, first, stop, frames):
    """A run without the phrases that begin and end it, and whether these count persons."""
    counted = False
    while first < stop:
        word = units.word[first]
        if word == "#" or not (word[0].isalnum() or word == "."):
            counted |= word == "#"
            first += 1
            continue
        if frames.find(units, first, "any", stop)[1] == "keep":
            break
        length, kind = frames.find(units, first, "start", stop)
        if length == 0:
            break
        counted |= kind == "count"
        first += length
    while first < stop:
        word = units.word[stop - 1]
        if word == "#" or not (word[0].isalnum() or word == "+"):
            stop -= 1
            continue
        length = frames.ending(units, first, stop, "end")
        if length == 0:
            break
        counted |= word in _PERSONS or units.word[stop - length] in _PERSONS
        stop -= length
    return first, stop, counted


def is_whole(units, begin, end, frames):
    """Whether a part is made of phrases alone."""
    at = begin
    while at < end:
        word = units.word[at]
        length = frames.length(units, at, "inside", end)
        if length:
            kept, kind = frames.find(units, at, "any", end)
            if kind == "keep" and kept >= length:
                return False
        elif word == "#" or not word[0].isalnum():
            length = 1
        else:
            return False
        at += length
    return True
