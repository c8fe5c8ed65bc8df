"""The lexicon of stated requirements, and where its phrases stand in a batch of tokens.

A phrase is a run of tokens inside one sentence. The whole stream is searched at once: a bitmap of
first tokens gives sparse candidates, which are then lengthened token by token by combining hashes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
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
    "heading", "field", "decoy",
)  # fmt: skip
CONTEXT = ("or", "no", "number")
CLASSES = ITEMS + CUES
NATURES = ("academic", "vocational")
VALUES = {
    "level": ("0", "1", "2", "3", "4"),
    "nothing": ("", "header"),
    **dict.fromkeys(("required", "preferred", "not_needed", "pursuing"), ("before", "after", "both")),
    "substitute": ("before", "after", "both", "alone"),
    "topic": ("", "experience"),
    "clutter": ("", "before", "after"),
    "heading": ("required", "preferred", "other", "benefit"),
}
LONGEST = 15
_PAIR_BITS = 18
_STEP = np.uint64(0xD6E8FEB86659FD93)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Phrases to look for, compiled. Made by `load_lexicon`.

    Attributes
    ----------
    group : ndarray of int8, shape (n_phrases,)
        Index into `CLASSES`.
    value : ndarray of int8
        Index into `VALUES` of the class; 0 where the class has no values.
    heads : ndarray of int8
        What section the phrase opens when it stands as a heading: index into `VALUES` of "heading",
        -1 where it is none. A word may be both a heading and a cue: "Desirable".
    isced, nature : ndarray of int8
        ISCED 2011 level, and index into `NATURES`; -1 where there is none.
    any_of, none_of : ndarray of uint64
        Sorted hashes of the words "or" and "no" in all spellings.
    """

    group: NDArray[np.int8]
    value: NDArray[np.int8]
    heads: NDArray[np.int8]
    isced: NDArray[np.int8]
    nature: NDArray[np.int8]
    any_of: NDArray[np.uint64]
    none_of: NDArray[np.uint64]
    _numbers: Vocabulary
    _number: NDArray[np.float64]
    _starts: NDArray[np.bool_]
    _pairs: NDArray[np.bool_]
    _prefixes: Vocabulary
    _phrase: NDArray[np.int32]
    _more: NDArray[np.bool_]

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
    where: str


def _pair(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Place of a pair of tokens in the bitmap of pairs."""
    bits = np.uint64(64 - _PAIR_BITS)
    return np.asarray(((left << np.uint64(7)) ^ right) >> bits).astype(np.intp)


def _read(path: Path, name: str) -> Iterator[_Row]:
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
            raise DataError(f"{where}: {len(cells)} cells, but there are {len(COLUMNS)} columns. Remove tabs.")
        phrase, group, value, isced, nature, _ = cells + [""] * (len(COLUMNS) - len(cells))
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
            raise DataError(f"{where}: isced is {isced!r}; a level needs a digit from 0 to 8, other classes none.")
        if nature not in ("", *NATURES) or (group in ("certificate", "licence", "skill_grade") and not nature):
            raise DataError(
                f"{where}: nature is {nature!r}; certificates, licences and skill grades need "
                f"academic or vocational, other classes none."
            )
        if not phrase:
            raise DataError(f"{where}: the phrase is empty. Write one, or remove the line.")
        yield _Row(phrase, group, value, int(isced or -1), NATURES.index(nature) if nature else -1, where)


def _spellings(phrase: str) -> list[str]:
    """Write out alternatives: "bachelor|bachelors degree|" stands for four phrases."""
    return [" ".join(words).strip() for words in itertools.product(*(w.split("|") for w in phrase.split()))]


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
    >>> from collarclass.phrases import load_lexicon
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
    rows = [row for name in FILES for row in _read(Path(str(folder / name)), name)]
    if extra is not None:
        rows += _read(extra, str(extra))
    spelled = [(row, spelling) for row in rows for spelling in _spellings(row.phrase)]
    tokens = tokenize([spelling for _, spelling in spelled])
    phrases: dict[tuple[int, ...], _Row] = {}
    heads: dict[tuple[int, ...], _Row] = {}
    context: dict[str, dict[int, float]] = {group: {} for group in CONTEXT}
    for i, (row, spelling) in enumerate(spelled):
        begin, end = int(tokens.first[i]), int(tokens.first[i + 1])
        key = tuple(tokens.hash[begin:end].tolist())
        limit = 1 if row.group in CONTEXT else LONGEST
        if not 1 <= len(key) <= limit or tokens.sentence[begin] != tokens.sentence[end - 1]:
            raise DataError(
                f"{row.where}: the phrase {spelling!r} reads as {len(key)} words; a phrase of class {row.group} "
                f"has to be 1 to {limit} words inside one sentence. Shorten or split it."
            )
        if row.group in CONTEXT:
            context[row.group][key[0]] = float(row.value or 0)
        elif row.group == "heading":
            heads[key] = row
        else:
            phrases[key] = row
    phrases = heads | phrases
    entries = list(phrases.items())
    known: dict[int, int] = {}  # hash of a prefix -> phrase, or -1
    more: set[int] = set()
    for number, (key, _) in enumerate(entries):
        prefix = np.array(key[:1], dtype=np.uint64)
        for word in key[1:]:
            known.setdefault(int(prefix[0]), -1)
            more.add(int(prefix[0]))
            prefix = mix(prefix * _STEP + np.uint64(word))
        known[int(prefix[0])] = number
    starts = np.zeros(1 << 16, dtype=bool)
    pairs = np.zeros(1 << _PAIR_BITS, dtype=bool)
    starts[[key[0] >> 48 for key in phrases if len(key) == 1]] = True
    two = np.array([key[:2] for key in phrases if len(key) > 1], dtype=np.uint64)
    pairs[_pair(two[:, 0], two[:, 1])] = True
    hashes = np.fromiter(known, dtype=np.uint64, count=len(known))
    numbers = context["number"]
    table = [row for _, row in entries]
    return Lexicon(
        np.array([CLASSES.index(r.group) for r in table], dtype=np.int8),
        np.array([VALUES.get(r.group, ("",)).index(r.value) for r in table], dtype=np.int8),
        np.array(
            [VALUES["heading"].index(heads[k].value) if k in heads else -1 for k, _ in entries], dtype=np.int8
        ),
        np.array([r.isced for r in table], dtype=np.int8),
        np.array([r.nature for r in table], dtype=np.int8),
        np.sort(np.array(list(context["or"]), dtype=np.uint64)),
        np.sort(np.array(list(context["no"]), dtype=np.uint64)),
        Vocabulary(np.fromiter(numbers, np.uint64, len(numbers)), np.ones(len(numbers), dtype=np.uint8)),
        np.fromiter(numbers.values(), np.float64, len(numbers)),
        starts,
        pairs,
        Vocabulary(hashes, np.ones(len(known), dtype=np.uint8)),
        np.fromiter(known.values(), np.int32, len(known)),
        np.fromiter((h in more for h in known), bool, len(known)),
    )


def find_phrases(tokens: Tokens, lexicon: Lexicon) -> Hits:
    """Find the lexicon's phrases in a batch; of phrases that overlap, the longest stands.

    Examples
    --------
    >>> tokens = tokenize(["a high school teacher", "a high school diploma"])
    >>> hits = find_phrases(tokens, default_lexicon())
    >>> [(tokens.word(f, l), CLASSES[default_lexicon().group[p]])
    ...  for f, l, p in zip(hits.first.tolist(), hits.last.tolist(), hits.phrase.tolist())]
    [('high school teacher', 'decoy'), ('high school diploma', 'level')]
    """
    hashes, sentence = tokens.hash, tokens.sentence
    # Words that begin a phrase may be as common as "the": unless they stand alone, look at pairs.
    likely = lexicon._starts[(hashes >> np.uint64(48)).astype(np.intp)]
    likely[:-1] |= lexicon._pairs[_pair(hashes[:-1], hashes[1:])]
    begin = np.flatnonzero(likely)
    prefix = hashes[begin]
    keys, found = [], []
    size = 1
    while len(begin):
        where, number = lexicon._prefixes.find(prefix)
        begin, prefix = begin[where], prefix[where]
        phrase = lexicon._phrase[number]
        whole = np.flatnonzero(phrase >= 0)
        keys.append((begin[whole] << 4) | size)
        found.append(phrase[whole])
        onward = lexicon._more[number]
        onward &= begin + size < len(hashes)
        begin, prefix = begin[onward], prefix[onward]
        onward = sentence[begin + size] == sentence[begin]
        begin = begin[onward]
        prefix = mix(prefix[onward] * _STEP + hashes[begin + size])
        size += 1
    if not keys:
        empty = np.zeros(0, dtype=np.int64)
        return Hits(empty, empty, empty)
    key = np.concatenate(keys)
    order = np.argsort(key)
    key = key[order]
    phrase = np.concatenate(found)[order]
    first = key >> 4
    keep = np.ones(len(key), dtype=bool)  # the longest of those that begin at one token
    keep[:-1] = first[1:] != first[:-1]
    first, size_of, phrase = first[keep], (key & 15)[keep], phrase[keep]
    while True:
        last = first + size_of - 1
        overlap = first[1:] <= last[:-1]
        if not overlap.any():
            return Hits(first, last, phrase.astype(np.int64))
        left = overlap & (size_of[:-1] < size_of[1:])  # the left of the two loses
        right = overlap & ~left
        lost = np.zeros(len(first), dtype=bool)
        lost[:-1] |= left
        lost[1:] |= right
        drop = np.zeros(len(first), dtype=bool)  # only a phrase that stands itself may push out another
        drop[:-1] |= left & ~lost[1:]
        drop[1:] |= right & ~lost[:-1]
        first, size_of, phrase = first[~drop], size_of[~drop], phrase[~drop]
