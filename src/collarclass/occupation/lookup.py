"""A title or a code → the nearest occupations.

A title is compared with everything an occupation is called: each feature of the title speaks for the
occupations among whose names it is more frequent than among all names, the rarer it is the louder.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from collarclass.corpus.read import ONET_FIGURES
from collarclass.definitions.labels import LABELS, Label
from collarclass.errors import DataError, kind_of
from collarclass.features.ngrams import title_features
from collarclass.features.term_index import TermIndex
from collarclass.occupation.table import KINDS, csco_names, known_titles, occupations
from collarclass.text.cells import title_of
from collarclass.text.cut import Spelling, best_titles, candidates, changes, choose, rewritten
from collarclass.text.frames import in_frames, without_ranks
from collarclass.text.tokens import tokenize

# The kinds of code, each with the column that it stands in, at every level of each classification: with or without
# dashes and dots where the number of digits tells the kinds apart. An ESCO code begins with its ISCO group.
_CODES = (
    (re.compile(r"\d\d-\d{1,4}(\.\d\d)?|\d{6}(\.?\d\d)?"), "onet_code", "O*NET-SOC"),
    (re.compile(r"\d(-\d\d){1,3}|\d{7}"), "csco22", "CSCO-2022"),
    (re.compile(r"\d{1,4}|\d(\.\d){1,3}"), "isco08", "ISCO-08"),
    (re.compile(r"\d{4}(\.\d+)+"), "isco08", "ESCO"),
)
_WHOLE = {"onet_code": 6, "csco22": 7, "isco08": 4}  # digits of a code that is no group
_BRACKETS = re.compile(r"\([^()]*\)")
_SMOOTHING = 500.0  # names, over all occupations, that a feature is thought to have been seen in besides
_BIG = 0.3  # how far an occupation with many names has to have a feature more often
_OF_CORE = 0.6  # weight of the part of a title that names the job, beside the whole title
_EXACT_CORE = 0.9  # similarity of what is known by that part
_MIN_SIMILARITY, _MIN_LABELLED = 0.15, 0.4  # similarity of what is worth showing, and of what gives a title its label
_PER_SIMILARITY, _LEAST = 10.0, 2.5  # similarity as the cutter's score, and from where on a run names a job
_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class OccupationMatch:
    """An occupation, and why it matches a title or code."""

    onet_code: str  # in O*NET-SOC 2019, as the official title
    title: str
    isco08: tuple[str, ...]  # codes in ISCO-08: one or several, or none
    csco22: tuple[str, ...]  # in China's classification of 2022
    similarity: float  # 0 to 1; 1 for a code, and for a title by which the occupation is known; not a probability
    reason: str  # by what it was found
    label: Label  # white, blue or gray
    academic_rating: float  # 0 to 4: what the occupation's typical ad asks for
    hands_on_rating: float
    why: str  # the ratings in a sentence
    figures: dict[str, float]  # O*NET's, as the data card describes them; NaN where there are none


def lookup_occupation(query: str, n: int = 3) -> list[OccupationMatch]:
    """Find the occupations nearest to a job title, or those of a code.

    Parameters
    ----------
    query : str
        A title in English or Chinese; or a code of O*NET-SOC 2019 ("17-3024.00", "173024", "17-3"), ISCO-08 ("3115",
        "31"), CSCO-2022 ("2-02-07-01", "2-02") or ESCO ("3115.1"), at every level, with or without dashes and dots.
    n : int, default=3
        How many to give at most.

    Returns
    -------
    list of OccupationMatch
        Nearest first; empty when nothing in a title is known.

    Raises
    ------
    TypeError
        If `query` is not a str.
    DataError
        If a code stands for no occupation of the table, or `n` is below 1.

    Notes
    -----
    Of titles that the index has never seen, the first answer is right for little more than half and one of
    three for three quarters (see the documentation). It is a help for people who look for a code, and a
    rough grouping of many titles; do not let it decide about a single person or post.

    Examples
    --------
    >>> best = lookup_occupation("mechatronics technician")[0]
    >>> best.onet_code, best.label
    ('17-3024.00', 'gray')
    >>> [match.onet_code for match in lookup_occupation("3115", n=2)]
    ['17-3021.00', '17-3023.00']
    """
    if not isinstance(query, str):
        raise TypeError(f"A title or a code is a str, not {kind_of(query)} ({query!r:.40}): pass str(...).")
    if n < 1:
        raise DataError("n is {n}: give a whole number from 1 up.", n=n)
    table = occupations()
    title, found_by = query, ""
    if (code := find_code(query)) is not None:
        rows, reason = code
        if rows:
            return [_match(table, row, 1.0, reason) for row in rows[:n]]
        names = csco_names()["name"]
        if query.strip() not in names.index:
            raise DataError(
                "No occupation of the table has the {reason}: check it, or look for a title.", reason=reason,
            )  # fmt: skip
        # The table's occupations are American: what they have no counterpart of is found by its name.
        title = names[query.strip()]
        found_by = f"{reason}, {title}: "
    found = index().nearest([title], n)
    return [
        _match(table, int(row), float(similarity), found_by + index().reason(title, int(row)))
        for row, similarity in zip(found.row[0], found.similarity[0], strict=True)
        if similarity > 0
    ]


def find_code(query: str) -> tuple[list[int], str] | None:
    """Rows of the table of occupations that have a code, and what the code is; None for what is no code."""
    plain = query.strip()
    for pattern, column, name in _CODES:
        if pattern.fullmatch(plain):
            return _rows_of(column, plain.split(".")[0] if name == "ESCO" else plain), f"{name} code {plain}"
    return None


def _rows_of(column: str, code: str) -> list[int]:
    """Rows of a code, or of the group that it names: 29-1000 and 29-1 are the health practitioners."""
    digits = re.sub(r"\D", "", code)
    known = _code_rows()[column]
    if column == "onet_code" and digits not in known and len(digits) == _WHOLE[column]:
        digits = digits.rstrip("0") if len(digits.rstrip("0")) > 1 else digits[:2]
    if digits in known:
        return known[digits]
    return sorted({row for whole, rows in known.items() if whole.startswith(digits) for row in rows})


@cache
def _code_rows() -> dict[str, dict[str, list[int]]]:
    """Rows by the digits of their codes; an O*NET code is known by its SOC code, too."""
    table = occupations()
    found: dict[str, dict[str, list[int]]] = {column: {} for column in _WHOLE}
    for column, rows in found.items():
        for row, codes in enumerate(table[column]):
            for code in filter(None, codes.split("; ")):
                digits = re.sub(r"\D", "", code)
                for key in dict.fromkeys((digits, digits[: _WHOLE[column]])):
                    rows.setdefault(key, []).append(row)
    return found


def _match(table: pd.DataFrame, row: int, similarity: float, reason: str) -> OccupationMatch:
    found: dict[Any, Any] = table.iloc[row].to_dict()
    isco08, csco22 = (tuple(filter(None, found[name].split("; "))) for name in ("isco08", "csco22"))
    figures = {name: float(found[name]) for name in ONET_FIGURES}
    return OccupationMatch(
        found["onet_code"], found["title"], isco08, csco22, round(similarity, 4), reason, found["label"],
        float(found["academic_rating"]), float(found["hands_on_rating"]), found["why"], figures,
    )  # fmt: skip


class Nearest(NamedTuple):
    """Rows of the table of occupations nearest to each title, and how near: 0 where nothing in a title is known."""

    row: NDArray[np.int64]
    similarity: NDArray[np.float64]


class TitleIndex:
    """Titles, each of one `row` of a table, so that the nearest rows of any title can be found.

    `rank` says how well known the row is by the title, 0 best, which settles exact matches.
    """

    def __init__(self, titles: Sequence[str], row: NDArray[np.int_], rank: NDArray[np.int_]) -> None:
        self.n_rows = int(row.max()) + 1
        often = Counter(word for title in titles for word in re.findall(r"[a-z]+", title.casefold()))
        self.spelling = Spelling(word for word, _ in often.most_common())
        tokens = tokenize(titles)
        features = title_features(tokens)
        hashes, term = np.unique(features.hashes, return_inverse=True)
        self.vocabulary = TermIndex(hashes)
        of = row[tokens.row[features.first]]
        counts = sp.coo_matrix((np.ones(len(of)), (term, of)), shape=(len(hashes), self.n_rows)).tocsr()
        counts.sum_duplicates()
        names = np.asarray(counts.sum(axis=0)).ravel()
        share = np.asarray(counts.sum(axis=1)).ravel() / counts.sum()
        size = (names / np.median(names[names > 0])) ** _BIG
        per_term = np.diff(counts.indptr)
        where = np.repeat(np.arange(len(hashes)), per_term)
        counts.data = np.log1p(counts.data / (_SMOOTHING * share[where] * size[counts.indices]))
        rarity = np.sqrt(np.log(self.n_rows / per_term) + 0.3)
        self.support = (sp.diags_array(rarity) @ counts).tocsr()  # of each feature for each row
        self.most = self.support.max(axis=1).toarray().ravel()
        self.unknown = float(np.median(self.most))
        self._exact: dict[str, list[tuple[int, int]]] = {}
        for title, of_row, how in zip(titles, row.tolist(), rank.tolist(), strict=True):
            for name in dict.fromkeys((_plain(title), _plain(_BRACKETS.sub(" ", title)))):  # "... Officer (CIO)"
                self._exact.setdefault(name, []).append((how, of_row))

    def nearest(self, titles: Sequence[str], n: int) -> Nearest:
        """The nearest rows of each title."""
        parts = [self._nearest(titles[i : i + _CHUNK], n) for i in range(0, max(len(titles), 1), _CHUNK)]
        return Nearest(np.concatenate([p.row for p in parts]), np.concatenate([p.similarity for p in parts]))

    def _nearest(self, titles: Sequence[str], n: int) -> Nearest:
        titles = [
            title if _plain(title) in self._exact else rewritten(title, changes(title, self.spelling, in_frames))[0]
            for title in titles
        ]
        cores = self._cores(titles)
        similarity = (1 - _OF_CORE) * self._similarity(titles) + _OF_CORE * self._similarity(cores)
        similarity[[not core for core in cores]] = 0.0
        similarity[similarity < _MIN_SIMILARITY] = 0.0
        for i, (title, core) in enumerate(zip(titles, cores, strict=True)):
            # Among occupations of one name the one best known by it comes first, then the likelier.
            for how, row in self._exact.get(_plain(core), ()):
                known = _EXACT_CORE + 0.09 * similarity[i, row] - 0.01 * how
                similarity[i, row] = max(similarity[i, row], known)
            for how, row in self._exact.get(_plain(title), ()):
                similarity[i, row] = max(similarity[i, row], 10.0 - how + similarity[i, row])
        n = min(n, self.n_rows)
        order = np.argsort(-similarity, axis=1, kind="stable")[:, :n]
        return Nearest(order, np.minimum(np.take_along_axis(similarity, order, axis=1), 1.0))

    def _cores(self, titles: Sequence[str]) -> list[str]:
        """The part of each title that names the job; empty where only a rank or a group is named."""
        cut = [candidates(title) for title in titles]
        asked = [title[start:end] for title, (_, spans) in zip(titles, cut, strict=True) for _, start, end in spans]
        scores = iter(self._similarity(asked).max(axis=1).tolist() if asked else [])
        out = []
        for title, (found, spans) in zip(titles, cut, strict=True):
            best = best_titles(found, spans, [next(scores) * _PER_SIMILARITY for _ in spans], _LEAST)
            chosen = choose(best, found, _LEAST)
            score, start, end = best[chosen] if chosen is not None else (-1.0, 0, 0)
            out.append(without_ranks(title[start:end]) if score > 0 else "")
        return out

    def _similarity(self, titles: Sequence[str]) -> NDArray[np.float64]:
        """How near each row is to each title, 0 to 1: its share of what one row could have of all features."""
        tokens = tokenize(titles)
        features = title_features(tokens)
        where, term = self.vocabulary.find(features.hashes)
        row, n = tokens.row[features.first], len(titles)
        query = sp.csr_matrix((np.ones(len(where)), (row[where], term)), shape=(n, len(self.vocabulary)))
        query.data[:] = 1.0
        n_unknown = np.bincount(row, minlength=n) - np.bincount(row[where], minlength=n)
        possible = np.maximum(query @ self.most + self.unknown * n_unknown, 1e-9)
        scores = (query @ self.support).tocsr()
        of = np.repeat(np.arange(n), np.diff(scores.indptr))
        similarity = np.zeros((n, self.n_rows))
        similarity[of, scores.indices] = 0.99 * scores.data / possible[of]
        return similarity

    def reason(self, title: str, row: int) -> str:
        """By what a row matches a title: a name of its own, or the words that speak for it."""
        kinds = [KINDS[how] for how, of_row in sorted(self._exact.get(_plain(title), ())) if of_row == row]
        if kinds:
            return f"its {kinds[0]}"
        tokens = tokenize([title])
        features = title_features(tokens)
        where, term = self.vocabulary.find(features.hashes)
        support = self.support[:, [row]].toarray().ravel()[term]
        words: list[str] = []
        for i in np.argsort(-support, kind="stable"):
            start, end = tokens.span(int(features.first[where[i]]), int(features.last[where[i]]))
            word = title[start:end]
            if support[i] > 0 and not any(word in other or other in word for other in words):
                words.append(word)
        return "the words " + ", ".join(f'"{word}"' for word in words[:3])


def occupation_labels(titles: Sequence[str | None] | None, texts: Sequence[str]) -> NDArray[np.int8]:
    """Label of each ad's nearest occupation: index into `LABELS`, -1 where none is called anything like it."""
    names = [title_of(text, title) for text, title in zip(texts, titles or [None] * len(texts), strict=True)]
    found = index().nearest(names, 1)
    label = np.array([LABELS.index(name) for name in occupations()["label"]], np.int8)
    return np.where(found.similarity[:, 0] >= _MIN_LABELLED, label[found.row[:, 0]], np.int8(-1)).astype(np.int8)


@cache
def index() -> TitleIndex:
    """The index of all names in the table of occupations, built at first use in under a second."""
    known = known_titles()
    rank = np.array([KINDS.index(kind) for kind in known["kind"]])
    return TitleIndex(known["title"].tolist(), known["row"].to_numpy(), rank)


def _plain(title: str) -> str:
    return " ".join(re.findall(r"\w+", title.casefold()))
