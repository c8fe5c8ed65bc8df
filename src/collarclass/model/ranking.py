"""The one ranking of reasons: which words pulled an ad most towards its label.

CSV columns, JSON, terminal, HTML and the explaining sentence all take their words from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import DIMENSIONS
from collarclass.model.terms import BatchTerms, SumTerms
from collarclass.text.tokens import Tokens

MAX_WORDS = 5
_MIN_SHARE = 0.2  # of the weightiest term: what counts less is not shown as a reason


@dataclass(frozen=True, slots=True)
class Reason:
    """A run of words that pulled an ad towards its label.

    Attributes
    ----------
    field : {"title", "text"}
    start, end : int
        Offsets there.
    text : str
    dimension : {"academic", "hands_on"}
        The score through which it pulled most.
    strength : float
        By how much it raised the label's log-probability.
    """

    field: str
    start: int
    end: int
    text: str
    dimension: str
    strength: float


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """Overlapping terms merged into runs, strongest first within each row."""

    row: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    strength: NDArray[np.float64]


def _runs(
    row: NDArray[np.int64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    pull: NDArray[np.float64],
    displayable: NDArray[np.bool_],
    n_rows: int,
) -> _Runs:
    """Merge the telling terms of each row into runs; places are tokens or characters, ascending over rows."""
    strength = pull.sum(axis=1)
    strength[~displayable] = 0.0
    top = np.zeros(n_rows)
    np.maximum.at(top, row, strength)
    keep = np.flatnonzero((strength > _MIN_SHARE * top[row]) & (strength > 0))
    keep = keep[np.argsort(start[keep], kind="stable")]
    row, start, end, pull = row[keep], start[keep], end[keep], pull[keep]
    begins = np.flatnonzero(np.concatenate((start[:1] >= 0, start[1:] >= np.maximum.accumulate(end)[:-1])))
    if not len(begins):
        return _Runs(row, start, end, pull)
    pull = np.add.reduceat(pull, begins, axis=0)
    row, start, end = row[begins], start[begins], np.maximum.reduceat(end, begins)
    order = np.lexsort((start, -pull.sum(axis=1), row))
    return _Runs(row[order], start[order], end[order], pull[order])


def deciding_words(
    terms: BatchTerms,
    tokens: Tokens,
    text_offset: NDArray[np.int64],
    texts: Sequence[str],
    titles: Sequence[str | None] | None,
    gradient: NDArray[np.float64],
) -> list[str]:
    """The few words of each ad that pulled it most towards its label.

    Parameters
    ----------
    terms : BatchTerms
    tokens : Tokens
    text_offset : ndarray of int64, shape (n_rows,)
        Where the caller's text begins in what was tokenized; what stands before is the title.
    texts, titles : sequence
        As the caller passed them.
    gradient : ndarray of float64, shape (n_rows, 2)
        How the label's log-probability rises with the academic and with the hands-on rating.

    Returns
    -------
    list of str
        Up to `MAX_WORDS` runs of words as they stand in the ad, weightiest first, joined by "; ".
    """
    pull = terms.weight * gradient[terms.row]
    runs = _runs(terms.row, terms.first, terms.last + 1, pull, terms.displayable, len(gradient))
    out: list[list[str]] = [[] for _ in range(len(gradient))]
    if not len(runs.row):
        return [""] * len(gradient)
    start, end = tokens.spans(runs.start, runs.end - 1)
    for row, begin, finish in zip(runs.row.tolist(), start.tolist(), end.tolist(), strict=True):
        words = out[row]
        if len(words) == MAX_WORDS:
            continue
        in_title = begin < text_offset[row]
        source = ((titles[row] or "") if titles else "") if in_title else texts[row]
        offset = 0 if in_title else int(text_offset[row])
        run = " ".join(source[begin - offset : finish - offset].split())
        if run.casefold() not in (word.casefold() for word in words):
            words.append(run)
    return ["; ".join(words) for words in out]


def reasons(terms: SumTerms, gradient: tuple[float, float], text: str, title: str | None) -> tuple[Reason, ...]:
    """The words of one ad that pulled it towards its label, weightiest first, overlapping ones merged."""
    beyond = len(title or "") + 1  # the text lies behind the title, as in the combined text
    start, end = (place + np.where(terms.in_title, 0, beyond) for place in (terms.start, terms.end))
    row = np.zeros(len(start), dtype=np.int64)
    runs = _runs(row, start, end, terms.weight * np.array(gradient), terms.displayable & (end > start), 1)
    found, seen = [], set()
    for begin, finish, pull in zip(runs.start.tolist(), runs.end.tolist(), runs.strength.tolist(), strict=True):
        field, source, offset = ("title", title or "", 0) if begin < beyond else ("text", text, beyond)
        begin, finish = begin - offset, finish - offset
        words = source[begin:finish]
        folded = " ".join(words.split()).casefold()
        if folded not in seen:
            seen.add(folded)
            dimension = DIMENSIONS[0] if pull[0] > pull[1] else DIMENSIONS[1]
            found.append(Reason(field, begin, finish, words, dimension, float(pull[0] + pull[1])))
    return tuple(found)
