"""The lexicon of stated requirements: rows of words in data files, compiled to hashes that are found fast."""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import LEVELS
from collarclass.definitions.schooling import SCHOOLING_LEVELS, level_number
from collarclass.errors import DataError
from collarclass.requirement_reader.constants import (
    CLASS, CLASSES, CREDENTIALS, ITEMS, MAX_WORDS, NATURES, NOTES, VALUES, YIELDING,
)
from collarclass.requirement_reader.credential_names import FILE as NAMES_FILE
from collarclass.requirement_reader.credential_names import credential_names, name_of
from collarclass.text.tokens import PAIR, Tokens, mix, tokenize

LEXICON_COLUMNS = ("phrase", "class", "value", "isced", "nature", "note")
FILES = ("schooling.tsv", "certificates.tsv", "cues.tsv")
_MAX_SPELLINGS = 100_000  # of a user's file
_FOLDER = files("collarclass") / "requirement_reader" / "words"
_COMPILED = "compiled.npz"
_LEFT_OUT = ("of", "and", "in", "the", "a", "an", "for")  # of abbreviations
_CUT = re.compile(r"(?<=\d)(?=[a-z])|(?<=\bph)(?=ds?\b)")  # where capitals cut a token in two: 6G, 12TH, PhD


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Phrases to look for, compiled. Made by `load_lexicon`."""

    # Of each phrase: indices into `CLASSES`, `VALUES` of the class, `NATURES` and `NOTES`, and the level of ISCED.
    group: NDArray[np.int8]
    value: NDArray[np.int8]
    isced: NDArray[np.int8]  # -1 where there is none, as of the nature
    nature: NDArray[np.int8]
    note: NDArray[np.int8]  # how far the phrase is to be trusted by itself: "MA" is doubtful
    # The shortest certificate or licence that it begins with ("CDL" of "CDL class A"), or the abbreviation that it
    # spells out ("certified nursing assistant" "CNA"), or itself; and whether all phrases of that root name one
    # credential, because one of them spells it out.
    root: NDArray[np.int32]
    one_credential: NDArray[np.bool_]
    credential: NDArray[np.int32]  # index into the names, -1 for none
    credential_names: NDArray[np.str_]  # those of the shipped table, then those of a user's own rows
    numerals: NDArray[np.uint64]  # words of numbers, and the numbers
    number: NDArray[np.float64]
    prefixes: NDArray[np.uint64]  # phrases and their beginnings; which phrase each is, and whether one goes on
    phrase: NDArray[np.int32]
    more: NDArray[np.bool_]
    _digest: str = field(default="", init=False, repr=False, compare=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the phrases, what they mean, and the numerals."""
        if not self._digest:
            digest = hashlib.sha256()
            digest.update(self.hashes.data)
            for name in (*_ARRAYS[:7], "numerals", "number"):
                digest.update(np.ascontiguousarray(getattr(self, name)).data)
            object.__setattr__(self, "_digest", digest.hexdigest())
        return self._digest

    @property
    def hashes(self) -> NDArray[np.uint64]:
        hashes = np.zeros(len(self.group), dtype=np.uint64)
        whole = self.phrase >= 0
        hashes[self.phrase[whole]] = self.prefixes[whole]
        return hashes


_ARRAYS = [column.name for column in fields(Lexicon) if column.init]


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a lexicon file, checked."""

    phrase: str
    group: str
    value: str
    isced: int
    nature: int
    note: int
    where: str
    own: bool = False  # of a user's file


def _read(path: Traversable, name: str) -> Iterator[_Row]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise DataError(
            "The lexicon {name} cannot be read ({reason}): check its name and place.", name=name,
            reason=error.strerror,
        ) from None  # fmt: skip
    except UnicodeDecodeError as error:
        raise DataError(
            "The lexicon {name} is not UTF-8 text ({reason}): save it as UTF-8.", name=name, reason=error,
        ) from None  # fmt: skip
    if not lines or tuple(lines[0].split("\t")) != LEXICON_COLUMNS:
        raise DataError(
            "{name}, line 1: the first line of a lexicon has to name the columns {columns}, separated by tabs. "
            "Copy it from the shipped files.", name=name, columns=[*LEXICON_COLUMNS],
        )  # fmt: skip
    for number, line in enumerate(lines[1:], start=2):
        if line.strip() and not line.startswith("#"):
            yield _checked([cell.strip() for cell in line.split("\t")], f"{name}, line {number}")


def _checked(cells: list[str], where: str) -> _Row:
    if len(cells) > len(LEXICON_COLUMNS):
        raise DataError(
            "{where}: {n_cells} cells for {n_columns} columns. Remove tabs.", where=where, n_cells=len(cells),
            n_columns=len(LEXICON_COLUMNS),
        )  # fmt: skip
    phrase, group, value, isced, nature, note = cells + [""] * (len(LEXICON_COLUMNS) - len(cells))
    if group == "level" and (level := level_number(value)) is not None:
        value, isced = LEVELS[level], isced or str(SCHOOLING_LEVELS[level].isced)
    if group == "number":
        if not value.replace(".", "", 1).isdecimal():
            raise DataError(
                "{where}: the value {value!r} of a number has to be written in digits.", where=where, value=value,
            )  # fmt: skip
        values: tuple[str, ...] = (value,)
    else:
        values = VALUES.get(group, ("",))
    for column, cell, allowed in (
        ("class", group, (*CLASSES, "number")),
        ("value", value, values),
        ("isced", isced, ("", *"012345678")),
        ("nature", nature, NATURES if group in CREDENTIALS else ("", *NATURES)),
    ):
        if cell not in allowed:
            raise DataError(
                "{where}: the {column} is {cell!r}: write one of {allowed}.", where=where, column=column, cell=cell,
                allowed=[repr(other) for other in allowed],
            )  # fmt: skip
    if not phrase:
        raise DataError("{where}: the phrase is empty. Write one, or remove the line.", where=where)
    note_number = NOTES.index(note) if note in NOTES else 0
    return _Row(phrase, group, value, int(isced or -1), NATURES.index(nature) if nature else -1, note_number, where)


def _spellings(row: _Row) -> list[str]:
    """Write out alternatives, "bachelor|bachelors degree|" for four phrases; also as capitals cut tokens."""
    choices = itertools.product(*(word.split("|") for word in row.phrase.split()))
    spellings = [" ".join(words).strip() for words in choices]
    if row.group not in ITEMS or row.group == "years" or not _CUT.search(row.phrase):
        return spellings
    return list(dict.fromkeys((*spellings, *(_CUT.sub(" ", one) for one in spellings))))


def _check_spellings(rows: Sequence[_Row]) -> None:
    """Refuse rows that stand for more spellings than anyone means, before they are written out."""
    total = 0
    for row in rows:
        total += math.prod(len(word.split("|")) for word in row.phrase.split())
        if total > _MAX_SPELLINGS:
            raise DataError(
                "{where}: the phrases so far stand for {total:,} spellings, and {most:,} are read: "
                "write fewer alternatives.", where=row.where, total=total, most=_MAX_SPELLINGS,
            )  # fmt: skip


def _check_once(rows: Sequence[_Row]) -> None:
    """Refuse rows of one phrase that say different things of it."""
    first: dict[str, _Row] = {}
    for row in rows:
        for spelling in _spellings(row):
            before = first.setdefault(spelling.casefold(), row)
            if (before.group, before.value, before.isced) != (row.group, row.value, row.isced):
                raise DataError(
                    "{where}: {phrase!r} is there already with another meaning ({before}). Remove one of the two "
                    "lines.", where=row.where, phrase=spelling, before=before.where,
                )  # fmt: skip


def load_lexicon(extra_path: str | PathLike[str] | None = None) -> Lexicon:
    """Load the shipped lexicon, with a file of your own on top.

    Parameters
    ----------
    extra_path : path, optional
        A tab-separated UTF-8 file with the columns phrase, class, value, isced, nature, note (see
        the shipped files in ``collarclass/requirement_reader/words``). In a phrase, ``a|b`` means either word, and
        ``a|`` an optional one. Its rows overrule shipped rows of the same phrase. A certificate, licence or skill
        grade of your own that the shipped table of names does not know is named by its phrase, in the first of its
        spellings.

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
    rows = [*_named_rows(), *(row for name in FILES for row in _read(_FOLDER / name, name))]
    if extra_path is not None:
        own = [replace(row, own=True) for row in _read(Path(extra_path), str(extra_path))]
        _check_spellings(own)
        _check_once(own)
        rows += own
    return _compile(rows)


def _named_rows() -> Iterator[_Row]:
    """Rows of the credentials' names and aliases that are looked for; those of the other files count for more."""
    for row in credential_names():
        for alias in row.searched:
            yield _Row(alias, row.kind, "", isced=-1, nature=NATURES.index(row.nature), note=0, where=NAMES_FILE)


@cache
def default_lexicon() -> Lexicon:
    """The shipped lexicon: as it was compiled when the package was built, or compiled once in a process."""
    path = _FOLDER / _COMPILED
    if path.is_file():
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            if arrays["digest"].tobytes() == _digest():
                return Lexicon(**{name: arrays[name] for name in _ARRAYS})
    return load_lexicon()


def save_compiled() -> None:
    """Keep the compiled lexicon beside its rows, from where it is read in a tenth of the time."""
    lexicon = load_lexicon()
    arrays: dict[str, Any] = {name: getattr(lexicon, name) for name in _ARRAYS}
    with Path(str(_FOLDER / _COMPILED)).open("wb") as file:
        np.savez(file, digest=np.frombuffer(_digest(), dtype=np.uint8), **arrays)


def _digest() -> bytes:
    """Of all that the compiled lexicon depends on: its rows, and the code that reads them."""
    digest = hashlib.sha256()
    package = files("collarclass")
    for path in (
        *(_FOLDER / name for name in (*FILES, NAMES_FILE)),
        *(package / "text" / name for name in ("characters.npz", "markup.py", "tokens.py")),
        *(package / "definitions" / name for name in ("labels.py", "schooling.py")),
        *(package / "requirement_reader" / name for name in ("constants.py", "credential_names.py", "lexicon.py")),
    ):
        content = path.read_bytes() if path.is_file() else b""
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.digest()


def _check_sizes(rows: list[_Row], spellings: list[tuple[int, str]], tokens: Tokens) -> None:
    """Refuse phrases that no sentence can hold."""
    begin, size = tokens.first[:-1], np.diff(tokens.first)
    limit = np.array([1 if row.group == "number" else MAX_WORDS for row in rows])[[i for i, _ in spellings]]
    bad = (size < 1) | (size > limit)
    good = np.flatnonzero(~bad)
    bad[good] = tokens.sentence[begin[good]] != tokens.sentence[begin[good] + size[good] - 1]
    for i in np.flatnonzero(bad)[:1].tolist():
        row = rows[spellings[i][0]]
        raise DataError(
            "{where}: the phrase {spelling!r} reads as {size} words; a phrase of class {group} has to be 1 to "
            "{limit} words inside one sentence. Shorten or split it.", where=row.where, spelling=spellings[i][1],
            size=size[i], group=row.group, limit=limit[i],
        )  # fmt: skip


def _codes(tokens: Tokens) -> NDArray[np.uint64]:
    """Hashes of the first word of each phrase, of its first two and so on, in columns; 0 beyond its end."""
    begin, size = tokens.first[:-1], np.diff(tokens.first)
    codes = np.zeros((len(size), int(size.max())), np.uint64)
    codes[:, 0] = tokens.hash[begin]
    for k in range(1, codes.shape[1]):
        longer = size > k
        codes[longer, k] = mix(codes[longer, k - 1] * PAIR + tokens.hash[begin[longer] + k])
    return codes


def _compile(rows: list[_Row]) -> Lexicon:
    spellings = [(i, spelling) for i, row in enumerate(rows) for spelling in _spellings(row)]
    tokens = tokenize([spelling for _, spelling in spellings])
    _check_sizes(rows, spellings, tokens)
    owner, size, codes = np.array([i for i, _ in spellings]), np.diff(tokens.first), _codes(tokens)
    whole = codes[np.arange(len(size)), size - 1]
    shorter = codes[np.arange(codes.shape[1]) < size[:, None] - 1]
    number = np.array([row.group == "number" for row in rows])[owner]
    gives_way = np.array([row.group in YIELDING for row in rows])[owner]
    # Of rows with one phrase the last counts.
    order = np.concatenate((np.flatnonzero(~number & ~gives_way)[::-1], np.flatnonzero(gives_way)[::-1]))
    hashes, place = np.unique(whole[order], return_index=True)
    place = order[place]
    counts = owner[place]
    value = [VALUES[row.group].index(row.value) if row.group in VALUES else 0 for row in rows]
    names = [spellings[i][1] for i in place.tolist()]
    credential, credentials = _credentials(rows, counts, names)
    root, one_credential = _roots(
        [rows[i].group for i in counts], names, [codes[i, : size[i]].tolist() for i in place.tolist()]
    )
    known = np.unique(np.concatenate((hashes, shorter)))
    phrase = np.full(len(known), -1, dtype=np.int32)
    phrase[np.searchsorted(known, hashes)] = np.arange(len(hashes))
    numerals, where = np.unique(whole[number], return_index=True)
    # Columns of the rows, by what counts of each phrase.
    columns = {name: [getattr(row, name) for row in rows] for name in ("isced", "nature", "note")}
    columns |= {"group": [CLASS.get(row.group, -1) for row in rows], "value": value}
    return Lexicon(
        **{name: np.array(column, np.int8)[counts] for name, column in columns.items()},
        root=np.array(root, np.int32),
        one_credential=np.array(one_credential),
        credential=credential,
        credential_names=np.array(credentials),
        numerals=numerals,
        number=np.array([float(rows[i].value) for i in owner[number][where]]),
        prefixes=known,
        phrase=phrase,
        more=np.isin(known, shorter),
    )


def _credentials(
    rows: list[_Row], counts: NDArray[np.int64], spelling: Sequence[str]
) -> tuple[NDArray[np.int32], list[str]]:
    """Which credential each phrase names, -1 for none, and the names."""
    names = [row.name for row in credential_names()]
    number = np.full(len(counts), -1, dtype=np.int32)
    whole = [k for k, i in enumerate(counts.tolist()) if rows[i].group in CREDENTIALS or rows[i].nature >= 0]
    number[whole] = name_of([spelling[k] for k in whole])
    own: dict[int, int] = {}
    for k in whole:
        i = int(counts[k])
        if rows[i].own and number[k] < 0:
            if i not in own:
                own[i] = len(names)
                names.append(" ".join(word.split("|")[0] for word in rows[i].phrase.split()).strip())
            number[k] = own[i]
    return number, names


def _roots(groups: Sequence[str], names: Sequence[str], codes: Sequence[list[int]]) -> tuple[list[int], list[bool]]:
    """Which phrases name one credential: "CDL" and "CDL class A", "certified nursing assistant" and "CNA"."""
    credentials = [k for k, group in enumerate(groups) if group in CREDENTIALS]
    known = {codes[k][-1]: k for k in credentials}
    abbreviations = {names[k]: k for k in credentials if " " not in names[k]}
    root, one_credential = [*range(len(groups))], [False] * len(groups)
    for k in credentials:
        root[k] = next(known[code] for code in codes[k] if code in known)  # the shortest that it begins with
    for k in credentials:
        initials = [word[:1] for word in names[k].split(" ") if word not in _LEFT_OUT]
        short = abbreviations.get("".join(initials)) if len(initials) > 2 else None
        if short is not None and groups[short] == groups[k]:
            root[k], one_credential[short] = short, True
    root = [root[k] for k in root]
    return root, [one_credential[k] for k in root]
