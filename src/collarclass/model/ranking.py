"""The one ranking of reasons: which words pulled an ad most towards its label.

CSV columns, JSON, terminal, HTML and the explaining sentence all take their words from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import DIMENSIONS
from collarclass.kernel import reading
from collarclass.kernel.library import is_compiled
from collarclass.model.borders import shown, whole_words
from collarclass.model.encoding import EncodedBatch
from collarclass.model.model import Model
from collarclass.model.terms import BatchTerms, SumTerms, batch_terms, stated_terms
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


Places = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def runs_of_terms(terms: BatchTerms, gradient: NDArray[np.float64]) -> Places:
    """Row, first token and end of the runs of words that pulled each ad towards its label, the strongest first.

    Parameters
    ----------
    terms : BatchTerms
    gradient : ndarray of float64, shape (n_rows, 2)
        How the label's log-probability rises with the academic and with the hands-on rating.
    """
    pull = terms.weight * gradient[terms.row]
    runs = _runs(terms.row, terms.first, terms.last + 1, pull, terms.displayable, len(gradient))
    return runs.row, runs.start, runs.end


def runs_of_batch(model: Model, batch: EncodedBatch, gradient: NDArray[np.float64]) -> Places:
    """The same of a batch's terms."""
    if not is_compiled():
        return runs_of_terms(batch_terms(model, batch), gradient)
    blocks = zip((model.text, model.title), batch.terms, batch.values, strict=True)
    words = [(terms, values, block.weight, block.displayable) for block, terms, values in blocks]
    rows, first, last, weight, displayable = stated_terms(model, batch)
    stated = rows, first, last, weight.astype(np.float64), displayable
    return reading.find_runs(words, stated, gradient, batch.segment @ model.word_scale)


def deciding_words(
    runs: Places,
    tokens: Tokens,
    text_offset: NDArray[np.int64],
    texts: Sequence[str],
    titles: Sequence[str | None] | None,
) -> list[str]:
    """The few words of each ad that pulled it most towards its label.

    Parameters
    ----------
    runs : tuple of ndarray of int64
        As `runs_of_terms` gives them.
    tokens : Tokens
    text_offset : ndarray of int64, shape (n_rows,)
        Where the caller's text begins in what was tokenized; what stands before is the title.
    texts, titles : sequence
        As the caller passed them.

    Returns
    -------
    list of str
        Up to `MAX_WORDS` runs of words as they stand in the ad, weightiest first, joined by "; ".
    """
    row, first, end = runs
    if not len(row):
        return [""] * len(texts)
    begins, ends = (places.tolist() for places in tokens.spans(first, end - 1))
    cuts = np.searchsorted(row, np.arange(len(texts) + 1)).tolist()
    out = []
    for i, (text, offset) in enumerate(zip(texts, text_offset.tolist(), strict=True)):
        words: dict[str, str] = {}
        taken: list[tuple[bool, int, int]] = []
        for k in range(cuts[i], cuts[i + 1]):
            begin, stop = begins[k], ends[k]
            titled = begin < offset
            source, beyond = ((titles[i] or "") if titles else "", 0) if titled else (text, offset)
            begin, stop = begin - beyond, stop - beyond
            if taken and _is_taken(titled, begin, stop, taken):
                continue  # its words are shown already, and need not be looked for
            run = begin, stop
            begin, stop = whole_words(source, begin, stop)
            if taken and (begin, stop) != run and _is_taken(titled, begin, stop, taken):
                continue
            taken.append((titled, begin, stop))
            found = shown(source[begin:stop])
            words.setdefault(found.casefold(), found)
            if len(words) == MAX_WORDS:
                break
        out.append("; ".join(words.values()))
    return out


def _is_taken(titled: bool, begin: int, stop: int, taken: Sequence[tuple[bool, int, int]]) -> bool:
    """Whether a run of a title or text overlaps one of those that are shown."""
    return any(titled == field and begin < end and first < stop for field, first, end in taken)


def reasons(terms: SumTerms, gradient: tuple[float, float], text: str, title: str | None) -> tuple[Reason, ...]:
    """The words of one ad that pulled it towards its label, weightiest first, overlapping ones merged."""
    beyond = len(title or "") + 1  # the text lies behind the title, as in the combined text
    start, end = (place + np.where(terms.in_title, 0, beyond) for place in (terms.start, terms.end))
    row = np.zeros(len(start), dtype=np.int64)
    runs = _runs(row, start, end, terms.weight * np.array(gradient), terms.displayable & (end > start), 1)
    found: list[Reason] = []
    seen: set[str] = set()
    taken: list[tuple[str, int, int]] = []
    for begin, finish, pull in zip(runs.start.tolist(), runs.end.tolist(), runs.strength.tolist(), strict=True):
        field, source, offset = ("title", title or "", 0) if begin < beyond else ("text", text, beyond)
        begin, finish = whole_words(source, begin - offset, finish - offset)
        words = source[begin:finish]
        folded = " ".join(words.split()).casefold()
        if any(field == other and begin < b and a < finish for other, a, b in taken):
            continue
        taken.append((field, begin, finish))
        if folded not in seen:
            seen.add(folded)
            dimension = DIMENSIONS[0] if pull[0] > pull[1] else DIMENSIONS[1]
            found.append(Reason(field, begin, finish, words, dimension, float(pull[0] + pull[1])))
    return tuple(found)
