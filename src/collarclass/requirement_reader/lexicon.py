"""The lexicon of stated requirements: rows of words in data files, compiled to hashes that are found fast."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.errors import DataError
from collarclass.features.ngrams import PAIR, Vocabulary
from collarclass.text.tokens import mix, tokenize

COLUMNS = ("phrase", "class", "value", "isced", "nature", "note")
FILES = ("schooling.tsv", "certificates.tsv", "cues.tsv")
COMPILED = "compiled.npz"
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
DOUBTFUL, JOINED, GENERAL = range(1, len(DOUBTS))
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
_FOLDER = files("collarclass") / "requirement_reader" / "words"
_AS_THEY_ARE = ("any_of", "none_of", "open_to", "number", "words", "pairs", "leads")
_SMALL_COLUMNS = ("group", "value", "heads", "spans", "things", "whose", "isced", "nature", "doubtful")
_SMALL = ("of", "and", "in", "the", "a", "an", "for")  # words that abbreviations leave out
_PAIR_BITS = 19
OF_ITEM, OF_FAR, OF_NEAR, OF_HEADING = (np.uint8(1 << i) for i in range(4))  # classes of phrases, as bits
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
    says_of: dict[str, tuple[NDArray[np.bool_], NDArray[np.uint64], NDArray[np.int8]]]
    numerals: Vocabulary
    number: NDArray[np.float64]
    words: NDArray[np.uint8]
    pairs: NDArray[np.uint8]
    prefixes: Vocabulary
    phrase: NDArray[np.int32]
    leads: NDArray[np.uint8]
    more: NDArray[np.bool_]

    def says(self, kind: str, hashes: NDArray[np.uint64]) -> NDArray[np.int8]:
        """What tokens say as single words of a class of `BESIDE`: index into its `VALUES`, or -1."""
        may_say, words, value = self.says_of[kind]
        out = np.full(hashes.shape, -1, dtype=np.int8)
        some = np.nonzero(may_say[(hashes >> np.uint64(48)).view(np.int64)])
        place = np.minimum(np.searchsorted(words, hashes[some]), len(words) - 1)
        out[some] = np.where(words[place] == hashes[some], value[place], np.int8(-1))
        return out

    def numbers(self, hashes: NDArray[np.uint64]) -> NDArray[np.float64]:
        """The number that each token names, NaN for other tokens."""
        out = np.full(len(hashes), np.nan)
        where, number = self.numerals.find(hashes)
        out[where] = self.number[number]
        return out


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


def pair_place(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.int64]:
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
        the shipped files in ``collarclass/requirement_reader/words``). In a phrase, ``a|b`` means either word, and
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
    """The shipped lexicon, loaded once: as it was compiled, where the shipped files are still those it was made of."""
    compiled = _FOLDER / COMPILED
    if compiled.is_file():
        with compiled.open("rb") as file, np.load(file) as stored:
            if stored["made_of"].tobytes() == _made_of():
                return _restore(dict(stored))
    return load_lexicon()


def save_compiled(path: str | PathLike[str]) -> None:
    """Compile the shipped lexicon and store it, so that a program that starts need not do it.

    Parameters
    ----------
    path : path-like
        The npz file to write; ``scripts/compile_lexicon.py`` writes the one that ships.
    """
    lexicon = load_lexicon()
    moved = np.flatnonzero(lexicon.root != np.arange(len(lexicon.root)))
    stored: dict[str, Any] = {
        "made_of": np.frombuffer(_made_of(), dtype=np.uint8),
        "columns": np.stack([getattr(lexicon, name) for name in _SMALL_COLUMNS]),
        "one_paper": np.packbits(lexicon.one_paper),
        "moved": moved.astype(np.int32),
        "root": lexicon.root[moved],
        "numerals": lexicon.numerals.hashes,
        "prefixes": lexicon.prefixes.hashes,
        "whole": np.packbits(lexicon.phrase >= 0),
        "more": np.packbits(lexicon.more),
        **{name: getattr(lexicon, name) for name in _AS_THEY_ARE},
    }
    for name, (_, word, value) in lexicon.says_of.items():
        stored |= {f"word_{name}": word, f"said_{name}": value}
    np.savez_compressed(path, **stored)


def _made_of() -> bytes:
    """Digest of the shipped files."""
    digest = hashlib.sha256()
    for name in FILES:
        digest.update((_FOLDER / name).read_bytes())
    return digest.digest()


def _restore(stored: dict[str, NDArray[Any]]) -> Lexicon:
    """The lexicon that `save_compiled` stored."""
    columns, prefixes = stored["columns"], stored["prefixes"]
    n_phrases, n = columns.shape[1], len(prefixes)
    root = np.arange(n_phrases, dtype=np.int32)
    root[stored["moved"]] = stored["root"]
    whole = np.unpackbits(stored["whole"], count=n).astype(bool)
    phrase = np.full(n, -1, dtype=np.int32)
    phrase[whole] = np.arange(n_phrases)  # both are in the order of their hashes
    return Lexicon(
        **dict(zip(_SMALL_COLUMNS, columns, strict=True)),
        root=root,
        one_paper=np.unpackbits(stored["one_paper"], count=n_phrases).astype(bool),
        **{name: stored[name] for name in _AS_THEY_ARE},
        says_of={name: _said(stored[f"word_{name}"], stored[f"said_{name}"]) for name in BESIDE},
        numerals=_numbered(stored["numerals"]),
        prefixes=_numbered(prefixes),
        phrase=phrase,
        more=np.unpackbits(stored["more"], count=n).astype(bool),
    )


def _numbered(hashes: NDArray[np.uint64]) -> Vocabulary:
    return Vocabulary(hashes, np.ones(len(hashes), dtype=np.uint8))


def _said(
    word: NDArray[np.uint64], value: NDArray[np.int8]
) -> tuple[NDArray[np.bool_], NDArray[np.uint64], NDArray[np.int8]]:
    """What single words say: whether one may be, by the first bits of its hash; the hashes, sorted; the values."""
    may_say = np.zeros(1 << 16, dtype=bool)
    may_say[(word >> np.uint64(48)).astype(np.intp)] = True
    return may_say, word, value


def _compile(extra: Path | None) -> Lexicon:
    rows = [row for name in FILES for row in _read(_FOLDER / name, name)]
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
        prefix[longer] = mix(prefix[longer] * PAIR + tokens.hash[begin[longer] + k])
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
        words[name] = _said(word, value[owner[some[at]]])

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
    bits = np.where(of(ITEMS), OF_ITEM, np.where(of(FAR), OF_FAR, OF_NEAR))
    alone = np.zeros(1 << 16, dtype=np.uint8)
    bits[of(("heading",)) & (size == 1)] = OF_HEADING
    some = order[size[order] == 1]
    np.bitwise_or.at(alone, (whole[some] >> np.uint64(48)).astype(np.intp), bits[some])
    pairs = np.zeros(1 << _PAIR_BITS, dtype=np.uint8)
    some = begin[starting[0]]
    np.bitwise_or.at(pairs, pair_place(tokens.hash[some], tokens.hash[some + 1]), bits[starting[0]])
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
        _numbered(numbers),
        np.array([float(rows[owner[i]].value) for i in context["number"][where]]),
        alone,
        pairs,
        _numbered(known),
        phrase,
        leads,
        np.isin(known, np.concatenate(shorter)),
    )


