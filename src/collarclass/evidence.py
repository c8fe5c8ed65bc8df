"""The terms of the two sums, each with its place in the ad, and the few of them that decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .result import Requirement, SumTerms
from .stated import carriers, findings

if TYPE_CHECKING:
    from .model import Model, Reading

WORDS, REQUIREMENT = 0, 1
_MOST_WORDS = 5
_LEAST_SHARE = 0.2  # of the weightiest term: what counts less is not shown as a reason


class Contributions:
    """Every term of every row's sums: arrays of one length, unsorted.

    Attributes
    ----------
    row, first, last : ndarray of int64
        Where the term stands: row of the chunk, first and last token; -1 for a requirement
        without words of its own.
    kind : ndarray of int8
        `WORDS` or `REQUIREMENT`.
    weight : ndarray of float64, shape (n, 2)
        The term in the academic and the hands-on rating.
    shown : ndarray of bool
        Whether it reads like a reason by itself.
    """

    def __init__(self, model: Model, reading: Reading) -> None:
        parts = []
        blocks = zip((model.text, model.title), reading.terms, reading.values, strict=True)
        for block, terms, values in blocks:
            weight = block.weight[terms.term] * values[:, None] * model.gain[reading.group[terms.row]]
            parts.append((terms.row, terms.first, terms.last, WORDS, weight, block.shown[terms.term]))
        rows, columns = np.nonzero(reading.features)
        carrier = carriers(reading.stated)[rows, columns]
        weight = reading.features[rows, columns][:, None] * model.stated_weight[columns]
        found = carrier >= 0
        first = np.where(found, reading.stated.first[carrier], -1) if len(carrier) else carrier
        last = np.where(found, reading.stated.last[carrier], -1) if len(carrier) else carrier
        parts.append((rows, first, last, REQUIREMENT, weight, found))
        self.row = np.concatenate([p[0] for p in parts])
        self.first = np.concatenate([p[1] for p in parts])
        self.last = np.concatenate([p[2] for p in parts])
        self.kind = np.concatenate([np.full(len(p[0]), p[3], np.int8) for p in parts])
        self.weight = np.concatenate([p[4] for p in parts]).astype(np.float64)
        self.shown = np.concatenate([p[5] for p in parts])


def deciding_words(
    model: Model,
    reading: Reading,
    texts: Sequence[str],
    titles: Sequence[str | None],
    pull: NDArray[np.float64],
) -> list[str]:
    """The few words of each ad that pulled it most towards its label.

    Parameters
    ----------
    pull : ndarray of float64, shape (n_rows, 2)
        How the label's log-odds rise with the academic and with the hands-on rating.

    Returns
    -------
    list of str
        Up to five runs of words as they stand in the ad, weightiest first, joined by "; ".
    """
    terms = Contributions(model, reading)
    strength = (terms.weight * pull[terms.row]).sum(axis=1)
    strength[~terms.shown] = 0.0
    n = len(pull)
    top = np.zeros(n)
    np.maximum.at(top, terms.row, strength)
    keep = np.flatnonzero((strength > _LEAST_SHARE * top[terms.row]) & (strength > 0))
    keep = keep[np.argsort(terms.first[keep], kind="stable")]
    row, strength, first, last = terms.row[keep], strength[keep], terms.first[keep], terms.last[keep]

    # Runs that overlap become one.
    begins = np.flatnonzero(np.concatenate((first[:1] >= 0, first[1:] > np.maximum.accumulate(last)[:-1])))
    if not len(begins):
        return [""] * n
    strength = np.add.reduceat(strength, begins)
    row, first, last = row[begins], first[begins], np.maximum.reduceat(last, begins)
    start, end = reading.tokens.spans(first, last)
    out: list[list[str]] = [[] for _ in range(n)]
    shift = reading.shift
    for i in np.lexsort((first, -strength, row)):
        words = out[row[i]]
        if len(words) == _MOST_WORDS:
            continue
        offset = int(shift[row[i]])
        source, offset = (titles[row[i]] or "", 0) if start[i] < offset else (texts[row[i]], offset)
        run = " ".join(source[start[i] - offset : end[i] - offset].split())
        if run.casefold() not in (w.casefold() for w in words):
            words.append(run)
    return ["; ".join(words) for words in out]


def sum_terms(model: Model, reading: Reading) -> list[SumTerms]:
    """The terms of each row's sums, placed in the title and the text that the caller passed."""
    terms = Contributions(model, reading)
    start, end = np.zeros(len(terms.row), np.int64), np.zeros(len(terms.row), np.int64)
    placed = terms.first >= 0
    start[placed], end[placed] = reading.tokens.spans(terms.first[placed], terms.last[placed])
    shift = reading.shift[terms.row]
    in_title = placed & (start < shift)
    moved = placed & ~in_title
    start[moved] -= shift[moved]
    end[moved] -= shift[moved]
    order = np.argsort(terms.row, kind="stable")
    cuts = np.searchsorted(terms.row[order], np.arange(len(reading.shift) + 1))
    return [
        SumTerms(in_title[i], start[i], end[i], terms.weight[i], terms.kind[i] == REQUIREMENT, terms.shown[i])
        for i in (order[cuts[row] : cuts[row + 1]] for row in range(len(reading.shift)))
    ]


def stated_requirements(reading: Reading) -> list[tuple[Requirement, ...]]:
    """The requirements of each row, placed in the title and the text that the caller passed."""
    out = []
    for row, (full, shift) in enumerate(zip(reading.laid, reading.shift.tolist(), strict=True)):
        found = []
        for r in findings(reading.stated, reading.tokens, row, full, "text"):
            if r.start < shift:
                found.append(replace(r, field="title"))
            else:
                found.append(replace(r, start=r.start - shift, end=r.end - shift))
        out.append(tuple(found))
    return out
