"""The lexicon of stated requirements, and where its phrases stand in a batch of tokens.

A phrase is a run of tokens inside one sentence. The whole stream is searched at once: maps of single
tokens and of pairs give sparse candidates, which are then lengthened token by token by combining
hashes. What is asked for is looked for first, and the words about it near by only.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import DataError
from .features import Vocabulary
from .text import Tokens, mix, tokenize

COLUMNS = ("phrase", "class", "value", "isced", "nature", "note")
FILES = ("schooling.tsv", "certificates.tsv", "cues.tsv")
ITEMS = ("level", "certificate", "licence", "skill_grade", "driving", "years", "nothing")
CUES = (
    "required", "preferred", "not_needed", "substitute", "pursuing", "clutter", "topic", "mark",
    "heading", "span", "thing", "whose", "unnamed", "field", "decoy", "else", "several",
)  # fmt: skip
CONTEXT = ("or", "no", "in", "number")
BESIDES = ("heading", "span", "thing", "whose", "unnamed")  # what a phrase of another class may be as well
BESIDE = ("span", "thing", "whose", "unnamed")  # single words of these are looked up beside items only
CLASSES = ITEMS + CUES
FAR = ("heading", "preferred", "substitute", "several")  # classes that speak of items in other sentences as well
PAPERS = ("certificate", "licence", "skill_grade")
NATURES = ("academic", "vocational")
DOUBTS = ("", "doubtful", "joined", "general")  # notes that mean something; others are for the reader
VALUES = {
    "level": ("0", "1", "2", "3", "4"),
    "nothing": ("", "header", "denied", "higher"),
    **dict.fromkeys(("preferred", "not_needed", "pursuing"), ("before", "after", "both")),
    "required": ("before", "after", "both", "turn", "excluded"),
    "substitute": ("before", "after", "both", "alone", "near", "slash"),
    "topic": ("", "experience"),
    "else": ("", "after"),
    "years": ("", "single", "plain", "half", "0.5", *"12345678", "10", "20", "months", "first"),
    "clutter": ("", "before", "after", "far"),
    "heading": ("required", "preferred", "other", "benefit", "company", "label"),
    "unnamed": ("", "never"),
    "span": ("before", "after", "far", "work"),
}
LONGEST = 15
_SMALL = ("of", "and", "in", "the", "a", "an", "for")  # words that abbreviations leave out
_PAIR_BITS = 18
_ITEM, _FAR, _NEAR, _HEADING = (np.uint8(1 << i) for i in range(4))  # classes of phrases, as bits
_COMMA, _ENUMERATION, _SLASH, _YEARS, _DECOY = (
    ord(","), ord("、"), ord("/"), CLASSES.index("years"), CLASSES.index("decoy"),
)  # fmt: skip
_STEP = np.uint64(0xD6E8FEB86659FD93)
_CUT = re.compile(r"(?<=\d)(?=[a-z])|(?<=\bph)(?=ds?\b)")  # where capitals cut a token in two: 6G, 12TH, PhD


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Phrases to look for, compiled. Made by `load_lexicon`.

    Attributes
    ----------
    group : ndarray of int8, shape (n_phrases,)
        Index into `CLASSES`.
    value : ndarray of int8
        Index into `VALUES` of the class; 0 where the class has no values.
    heads, spans, things, whose : ndarray of int8
        What the phrase is besides, or alone: the section that it opens as a heading ("Desirable");
        what it says of a length of time ("on file for"); a thing named after schooling; whose it is.
        Index into `VALUES` of the class, -1 where it is none. Single words: see `says`.
    isced, nature : ndarray of int8
        ISCED 2011 level, and index into `NATURES`; -1 where there is none.
    doubtful : ndarray of int8
        1 where the phrase counts only by a cue or an alternative ("MA"), 2 only by an alternative
        ("associate's or bachelor's"), 3 where it gives way to any schooling named otherwise
        ("open to graduates"), else 0.
    root : ndarray of int32
        The shortest certificate or licence that the phrase begins with ("CDL" of "CDL class A"); itself
        where there is none. Or the abbreviation that it spells out ("certified nursing assistant" "CNA").
    one_paper : ndarray of bool
        Whether all phrases of that root are one paper, as there is one that spells it out.
    any_of, none_of, open_to : ndarray of uint64
        Sorted hashes of the words "or" and "no" in all spellings, and of "in", which goes on.
    """

    group: NDArray[np.int8]
    value: NDArray[np.int8]
    heads: NDArray[np.int8]
    spans: NDArray[np.int8]
    things: NDArray[np.int8]
    whose: NDArray[np.int8]
    isced: NDArray[np.int8]
    nature: NDArray[np.int8]
    doubtful: NDArray[np.int8]
    root: NDArray[np.int32]
    one_paper: NDArray[np.bool_]
    any_of: NDArray[np.uint64]
    none_of: NDArray[np.uint64]
    open_to: NDArray[np.uint64]
    _says: dict[str, tuple[NDArray[np.bool_], NDArray[np.uint64], NDArray[np.int8]]]
    _numbers: Vocabulary
    _number: NDArray[np.float64]
    _words: NDArray[np.uint8]
    _pairs: NDArray[np.uint8]
    _prefixes: Vocabulary
    _phrase: NDArray[np.int32]
    _leads: NDArray[np.uint8]
    _more: NDArray[np.bool_]

    def says(self, kind: str, hashes: NDArray[np.uint64]) -> NDArray[np.int8]:
        """What tokens say as single words of a class of `BESIDE`: index into its `VALUES`, or -1."""
        may_say, words, value = self._says[kind]
        out = np.full(hashes.shape, -1, dtype=np.int8)
        some = np.nonzero(may_say[(hashes >> np.uint64(48)).view(np.int64)])
        place = np.minimum(np.searchsorted(words, hashes[some]), len(words) - 1)
        out[some] = np.where(words[place] == hashes[some], value[place], np.int8(-1))
        return out

    def numbers(self, hashes: NDArray[np.uint64]) -> NDArray[np.float64]:
        """The number that each token names, NaN for other tokens."""
        out = np.full(len(hashes), np.nan)
        where, number = self._numbers.find(hashes)
        out[where] = self._number[number]
        return out


@dataclass(frozen=True, slots=True)
class Hits:
    """Phrases found in a batch: arrays of one length, sorted by place, none overlapping another."""

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    phrase: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a lexicon file, checked."""

    phrase: str
    group: str
    value: str
    isced: int
    nature: int
    doubtful: int
    where: str


def _pair(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Place of a pair of tokens in the bitmap of pairs."""
    bits = np.uint64(64 - _PAIR_BITS)
    return np.asarray(((left << np.uint64(7)) ^ right) >> bits).view(np.int64)


def _read(path: Traversable, name: str) -> Iterator[_Row]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"The lexicon {name} cannot be read as UTF-8 text: {error}.") from error
    if not lines or tuple(lines[0].split("\t")) != COLUMNS:
        raise DataError(
            f"{name}, line 1: the first line of a lexicon has to name the columns "
            f"{', '.join(COLUMNS)}, separated by tabs. Copy it from the shipped files."
        )
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip() or line.startswith("#"):
            continue
        where = f"{name}, line {number}"
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) > len(COLUMNS):
            raise DataError(f"{where}: {len(cells)} cells for {len(COLUMNS)} columns. Remove tabs.")
        phrase, group, value, isced, nature, note = cells + [""] * (len(COLUMNS) - len(cells))
        if group not in CLASSES + CONTEXT:
            raise DataError(
                f"{where}: unknown class {group!r}. Use one of {', '.join(CLASSES + CONTEXT)}."
            )
        if group == "number":
            if not value.replace(".", "", 1).isdecimal():
                raise DataError(f"{where}: the value {value!r} of a number has to be written in digits.")
        elif value not in VALUES.get(group, ("",)):
            raise DataError(
                f"{where}: the value {value!r} does not suit the class {group}. "
                f"Use one of {', '.join(repr(v) for v in VALUES.get(group, ('',)))}."
            )
        if isced not in ("", *"012345678") or (group == "level" and not isced):
            raise DataError(f"{where}: isced is {isced!r}; a level needs a digit, 0 to 8; others none.")
        if nature not in ("", *NATURES) or (group in PAPERS and not nature):
            raise DataError(
                f"{where}: nature is {nature!r}; certificates, licences and skill grades need "
                f"academic or vocational, other classes none."
            )
        if note not in DOUBTS:
            note = ""
        if not phrase:
            raise DataError(f"{where}: the phrase is empty. Write one, or remove the line.")
        number = NATURES.index(nature) if nature else -1
        yield _Row(phrase, group, value, int(isced or -1), number, DOUBTS.index(note), where)


def _spellings(phrase: str) -> list[str]:
    """Write out alternatives: "bachelor|bachelors degree|" stands for four phrases."""
    return [" ".join(words).strip() for words in itertools.product(*(w.split("|") for w in phrase.split()))]


def _written(row: _Row) -> list[str]:
    """All that a row stands for, once more as capitals cut it; of years the figure is no part of the phrase."""
    spellings = _spellings(row.phrase)
    if row.group in ("years", *CONTEXT) or not _CUT.search(row.phrase):
        return spellings
    return list(dict.fromkeys((*spellings, *(_CUT.sub(" ", one) for one in spellings))))


def load_lexicon(extra_path: str | PathLike[str] | None = None) -> Lexicon:
    """Load the shipped lexicon, with a file of your own on top.

    Parameters
    ----------
    extra_path : path, optional
        A tab-separated UTF-8 file with the columns phrase, class, value, isced, nature, note (see
        the shipped files in ``collarclass/lexicon``). In a phrase, ``a|b`` means either word, and
        ``a|`` an optional one. Its rows overrule shipped rows of the same phrase.

    Returns
    -------
    Lexicon

    Raises
    ------
    DataError
        When a row is not as it has to be; the message names file, line and remedy.

    Examples
    --------
    >>> from collarclass import load_lexicon
    >>> len(load_lexicon().group) > 1000
    True
    """
    return _compile(None if extra_path is None else Path(extra_path))


@cache
def default_lexicon() -> Lexicon:
    """The shipped lexicon, loaded once."""
    return load_lexicon()


def _compile(extra: Path | None) -> Lexicon:
    folder = files("collarclass.lexicon")
    rows = [row for name in FILES for row in _read(folder / name, name)]
    if extra is not None:
        rows += _read(extra, str(extra))
    spellings = [(i, spelling) for i, row in enumerate(rows) for spelling in _written(row)]
    tokens = tokenize([spelling for _, spelling in spellings])
    owner = np.array([i for i, _ in spellings])
    begin, size = tokens.first[:-1], np.diff(tokens.first)
    limit = np.array([1 if row.group in CONTEXT else LONGEST for row in rows])[owner]
    bad = (size < 1) | (size > limit)
    some = np.flatnonzero(~bad)
    bad[some] = tokens.sentence[begin[some]] != tokens.sentence[begin[some] + size[some] - 1]
    for i in np.flatnonzero(bad)[:1].tolist():
        row = rows[owner[i]]
        raise DataError(
            f"{row.where}: the phrase {spellings[i][1]!r} reads as {size[i]} words; a phrase of class "
            f"{row.group} has to be 1 to {limit[i]} words inside one sentence. Shorten or split it."
        )

    # Hashes of all prefixes, by length; the last is the phrase itself.
    prefix = tokens.hash[begin]
    whole = prefix.copy()
    shorter, starting = [], []
    for k in range(1, int(size.max())):
        longer = np.flatnonzero(size > k)
        shorter.append(prefix[longer])
        starting.append(longer)
        prefix = prefix.copy()
        prefix[longer] = mix(prefix[longer] * _STEP + tokens.hash[begin[longer] + k])
        whole[longer] = prefix[longer]

    def of(names: tuple[str, ...]) -> NDArray[np.bool_]:
        return np.asarray(np.array([row.group in names for row in rows])[owner])

    value = np.array([VALUES[row.group].index(row.value) if row.group in VALUES else 0 for row in rows], dtype=np.int8)
    context = {name: np.flatnonzero(of((name,))) for name in CONTEXT}
    single = of(BESIDE) & (size == 1) & ~tokens.ideograph[begin]
    aside = np.flatnonzero(of(BESIDES) & ~single)
    plain = np.flatnonzero(~of(BESIDES + CONTEXT))
    order = np.concatenate((plain[::-1], aside[::-1]))  # the last row of a phrase counts
    hashes, place = np.unique(whole[order], return_index=True)
    counts = owner[order[place]]  # the row that counts for each phrase
    besides = np.full((len(BESIDES), len(hashes)), -1, dtype=np.int8)
    for kind, name in zip(besides, BESIDES, strict=True):
        some = np.flatnonzero(of((name,)) & ~single)
        kind[np.searchsorted(hashes, whole[some])] = value[owner[some]]

    words = {}
    for name in BESIDE:
        some = np.flatnonzero(of((name,)) & single)[::-1]
        word, at = np.unique(whole[some], return_index=True)
        may_say = np.zeros(1 << 16, dtype=bool)
        may_say[(word >> np.uint64(48)).astype(np.intp)] = True
        words[name] = (may_say, word, value[owner[some[at]]])

    paper = np.array([row.group in PAPERS for row in rows])[counts]
    root = np.arange(len(hashes), dtype=np.int32)
    for begun, longer in zip(shorter[::-1], starting[::-1], strict=True):  # the shortest is written last
        begins = np.minimum(np.searchsorted(hashes, begun), len(hashes) - 1)
        whose = np.minimum(np.searchsorted(hashes, whole[longer]), len(hashes) - 1)
        same = (hashes[begins] == begun) & (hashes[whose] == whole[longer]) & paper[begins] & paper[whose]
        root[whose[same]] = begins[same]

    # "Certified nursing assistant" and "CNA certification" are one paper.
    names = {int(k): spellings[order[place[k]]][1] for k in np.flatnonzero(paper)}
    abbreviations = {name: k for k, name in names.items() if " " not in name}
    one_paper = np.zeros(len(hashes), dtype=bool)
    for k, name in names.items():
        words_of = [word for word in name.split(" ") if word not in _SMALL]
        short = abbreviations.get("".join(word[:1] for word in words_of)) if len(words_of) > 2 else None
        if short is not None and rows[counts[short]].group == rows[counts[k]].group:
            root[k], one_paper[short] = short, True
    root = root[root]
    one_paper = one_paper[root]
    known = np.unique(np.concatenate((hashes, *shorter)))
    phrase = np.full(len(known), -1, dtype=np.int32)
    phrase[np.searchsorted(known, hashes)] = np.arange(len(hashes))
    bits = np.where(of(ITEMS), _ITEM, np.where(of(FAR), _FAR, _NEAR))
    alone = np.zeros(1 << 16, dtype=np.uint8)
    bits[of(("heading",)) & (size == 1)] = _HEADING
    some = order[size[order] == 1]
    np.bitwise_or.at(alone, (whole[some] >> np.uint64(48)).astype(np.intp), bits[some])
    pairs = np.zeros(1 << _PAIR_BITS, dtype=np.uint8)
    some = begin[starting[0]]
    np.bitwise_or.at(pairs, _pair(tokens.hash[some], tokens.hash[some + 1]), bits[starting[0]])
    leads = np.zeros(len(known), dtype=np.uint8)
    for begun, some in ((whole[order], order), *zip(shorter, starting, strict=True)):
        np.bitwise_or.at(leads, np.searchsorted(known, begun), bits[some])
    numbers, where = np.unique(whole[context["number"]], return_index=True)
    return Lexicon(
        np.array([CLASSES.index(r.group) if r.group in CLASSES else -1 for r in rows], dtype=np.int8)[counts],
        value[counts],
        besides[0],
        besides[1],
        besides[2],
        besides[3],
        np.array([r.isced for r in rows], dtype=np.int8)[counts],
        np.array([r.nature for r in rows], dtype=np.int8)[counts],
        np.array([r.doubtful for r in rows], dtype=np.int8)[counts],
        root,
        one_paper,
        np.unique(whole[context["or"]]),
        np.unique(whole[context["no"]]),
        np.unique(whole[context["in"]]),
        words,
        Vocabulary(numbers, np.ones(len(numbers), dtype=np.uint8)),
        np.array([float(rows[owner[i]].value) for i in context["number"][where]]),
        alone,
        pairs,
        Vocabulary(known, np.ones(len(known), dtype=np.uint8)),
        phrase,
        leads,
        np.isin(known, np.concatenate(shorter)),
    )


def find_phrases(tokens: Tokens, lexicon: Lexicon) -> Hits:
    """Find the lexicon's phrases in a batch; of phrases that overlap, the longest stands.

    Phrases that say how something is asked for, other than those of `FAR`, are looked for in sentences
    with something that may be asked for.

    Examples
    --------
    >>> tokens = tokenize(["two high school teachers", "a high school diploma"])
    >>> hits = find_phrases(tokens, default_lexicon())
    >>> [(tokens.word(f, l), CLASSES[default_lexicon().group[p]])
    ...  for f, l, p in zip(hits.first.tolist(), hits.last.tolist(), hits.phrase.tolist())]
    [('high school teachers', 'decoy'), ('high school diploma', 'level')]
    """
    hashes, sentence = tokens.hash, tokens.sentence
    chinese = bool(tokens.ideograph.any())

    def goes_on(begin: NDArray[np.int64], size: int) -> NDArray[np.bool_]:
        """Whether the token behind phrases of a size is in their sentence; a Chinese phrase ends at a comma."""
        there = sentence[np.minimum(begin + size, len(hashes) - 1)] == sentence[begin]
        there &= begin + size < len(hashes)
        if chinese:
            token = begin + size - 1
            there &= (tokens.folded[tokens.end[token]] != _COMMA) | ~tokens.ideograph[token]
        return np.asarray(there)

    def look_up(
        word: NDArray[np.int64], pair: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
        """Single tokens and pairs that are or begin phrases: place, combined hash, size, number."""
        pair = pair[goes_on(pair, 1)]
        prefix = np.concatenate((hashes[word], mix(hashes[pair] * _STEP + hashes[pair + 1])))
        where, number = lexicon._prefixes.find(prefix)
        return np.concatenate((word, pair))[where], prefix[where], 1 + (where >= len(word)), number

    # Words that begin a phrase may be as common as "the": so look up words that are phrases, and pairs.
    bits = lexicon._words.take((hashes >> np.uint64(48)).view(np.int64))
    word = np.flatnonzero(bits > 0)
    of_word = bits[word]
    bits = lexicon._pairs.take(_pair(hashes[:-1], hashes[1:]))
    pair = np.flatnonzero(bits > 0)
    of_pair = bits[pair]
    items = look_up(word[(of_word & _ITEM) > 0], pair[(of_pair & _ITEM) > 0])
    near = np.zeros(int(sentence[-1]) + 1 if len(sentence) else 0, dtype=bool)
    near[sentence[items[0][(lexicon._leads[items[3]] & _ITEM) > 0]]] = True
    opens = (of_word & _HEADING > 0) & ((sentence[word - 1] != sentence[word]) | (word == 0) | tokens.ideograph[word])
    opens |= of_word & _FAR > 0
    others = look_up(
        word[(opens | near[sentence[word]]) & ((of_word & _ITEM) == 0)],
        pair[(((of_pair & _FAR) > 0) | near[sentence[pair]]) & ((of_pair & _ITEM) == 0)],
    )
    place, prefix = np.concatenate((items[0], others[0])), np.concatenate((items[1], others[1]))
    of_size, number = np.concatenate((items[2], others[2])), np.concatenate((items[3], others[3]))
    phrase = lexicon._phrase[number]
    whole = np.flatnonzero(phrase >= 0)
    keys, found = [((place << 4) | of_size)[whole]], [phrase[whole]]
    onward = np.flatnonzero(lexicon._more[number] & (of_size > 1))
    begin, prefix, size = place[onward], prefix[onward], 2
    while len(begin):
        on = goes_on(begin, size)
        begin = begin[on]
        prefix = mix(prefix[on] * _STEP + hashes[begin + size])
        size += 1
        where, number = lexicon._prefixes.find(prefix)
        phrase, more = lexicon._phrase[number], where[lexicon._more[number]]
        whole = np.flatnonzero(phrase >= 0)
        keys.append((begin[where[whole]] << 4) | size)
        found.append(phrase[whole])
        begin, prefix = begin[more], prefix[more]
    key = np.concatenate(keys)
    order = np.argsort(key)
    key = key[order]
    phrase = np.concatenate(found)[order]
    first = key >> 4
    size_of = key & 15
    if chinese:  # 学历、经验不限 is one phrase, but 学、生 is no 学生
        some = np.flatnonzero(tokens.start[first + size_of - 1] - tokens.start[first] >= size_of)  # with a sign inside
        start, long, item = first[some], size_of[some], lexicon.group[phrase[some]] < len(ITEMS)
        one = np.ones(len(some), dtype=bool)
        for k in range(int(long.max(initial=1)) - 1):
            sign = tokens.folded[tokens.end[start + np.minimum(k, long - 1)]]
            one &= item | (k > long - 2) | (sign != _ENUMERATION)
        one &= (lexicon.group[phrase[some]] != _DECOY) | ~tokens.ideograph[start]  # 高职 工业 is no 高职工
        # Nor is a word of two characters divided: "医学/生物" holds no 学生, "一、本地人" no 一本.
        sign = tokens.folded[tokens.end[start]]
        pair = np.flatnonzero((long == 2) & tokens.ideograph[start] & ((sign == _ENUMERATION) | (sign == _SLASH)))
        one[pair] &= item[pair] & np.isnan(lexicon.numbers(hashes[start[pair]]))
        stays = np.ones(len(first), dtype=bool)
        stays[some[~one]] = False
        first, size_of, phrase = first[stays], size_of[stays], phrase[stays]
    keep = np.ones(len(first), dtype=bool)  # the longest of those that begin at one token
    keep[:-1] = first[1:] != first[:-1]
    first, size_of, phrase = first[keep], size_of[keep], phrase[keep]
    # Of two as long an item stands, and years against a word more where they come first.
    weight = size_of * 2 + (lexicon.group[phrase] < len(ITEMS)) + (lexicon.group[phrase] == _YEARS)
    last = first + size_of - 1
    beside = np.zeros(len(first) + 1, dtype=bool)
    beside[1:-1] = first[1:] <= np.maximum.accumulate(last)[:-1]
    some = np.flatnonzero(beside[1:] | beside[:-1])  # those that overlap another
    kept = _settle(first[some], last[some], weight[some])
    stands = np.ones(len(first), dtype=bool)
    stands[some] = False
    stands[some[kept]] = True
    return Hits(first[stands], last[stands], phrase[stands].astype(np.int64))


def _settle(first: NDArray[np.int64], last: NDArray[np.int64], weight: NDArray[np.int64]) -> NDArray[np.intp]:
    """Which of phrases that overlap stand: the weightier, and of two as weighty the left."""
    stands = np.arange(len(first))
    while True:
        overlap = first[1:] <= last[:-1]
        if not overlap.any():
            return stands
        left = overlap & (weight[:-1] < weight[1:])  # the left of the two loses
        right = overlap & ~left
        lost = np.zeros(len(first), dtype=bool)
        lost[:-1] |= left
        lost[1:] |= right
        drop = np.zeros(len(first), dtype=bool)  # only a phrase that stands itself may push out another
        drop[:-1] |= left & ~lost[1:]
        drop[1:] |= right & ~lost[:-1]
        first, last, weight, stands = first[~drop], last[~drop], weight[~drop], stands[~drop]
