"""The terms of the two sums, each with its place in the ad: what every explanation is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.model.encoding import EncodedBatch
from collarclass.model.model import Model
from collarclass.model.title_model import EncodedTitles, TitleModel
from collarclass.requirement_reader.stated import carriers
from collarclass.text.tokens import Tokens


@dataclass(frozen=True, slots=True, eq=False)
class BatchTerms:
    """Every term of every row's sums: arrays of one length, unsorted.

    Attributes
    ----------
    row, first, last : ndarray of int64
        Where the term stands: row of the batch, first and last token; -1 for a requirement
        without words of its own.
    weight : ndarray of float64, shape (n, 2)
        The term in the academic and the hands-on rating.
    stated : ndarray of bool
        Whether the term is a stated requirement; otherwise it is an n-gram.
    displayable : ndarray of bool
        Whether it reads like a reason by itself.
    """

    row: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    weight: NDArray[np.float64]
    stated: NDArray[np.bool_]
    displayable: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class SumTerms:
    """The terms of one ad's two sums, placed by character offsets in its title or text."""

    in_title: NDArray[np.bool_]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    weight: NDArray[np.float64]
    stated: NDArray[np.bool_]
    displayable: NDArray[np.bool_]


def batch_terms(model: Model, batch: EncodedBatch) -> BatchTerms:
    """Lay out the terms of a batch's sums."""
    parts, scale = [], batch.segment @ model.word_scale
    for block, terms, values in zip((model.text, model.title), batch.terms, batch.values, strict=True):
        weight = block.weight[terms.term] * values[:, None] * scale[terms.row]
        parts.append((terms.row, terms.first, terms.last, weight, block.displayable[terms.term]))
    n_words = sum(len(part[0]) for part in parts)
    parts.append(stated_terms(model, batch))
    row, first, last, weight, displayable = (np.concatenate([part[i] for part in parts]) for i in range(5))
    return BatchTerms(row, first, last, weight.astype(np.float64), np.arange(len(row)) >= n_words, displayable)


def stated_terms(model: Model, batch: EncodedBatch) -> tuple[Any, Any, Any, Any, Any]:
    """The terms of what is stated: row, first and last token, weight, and whether any words carry it."""
    rows, columns = np.nonzero(batch.features)
    carrier = carriers(batch.stated, batch.features)[rows, columns]
    weight = batch.features[rows, columns][:, None] * model.stated_weight[columns]
    found = carrier >= 0
    first = np.where(found, batch.stated.first[carrier], -1) if len(carrier) else carrier
    last = np.where(found, batch.stated.last[carrier], -1) if len(carrier) else carrier
    return rows, first, last, weight, found


def title_terms(model: TitleModel, batch: EncodedTitles) -> BatchTerms:
    """Lay out the terms of the two ratings of bare titles."""
    weight = model.weight[batch.term, :2] * batch.value[:, None]
    stated = np.zeros(len(batch.row), dtype=bool)
    return BatchTerms(batch.row, batch.first, batch.last, weight, stated, model.displayable[batch.term])


def sum_terms(tokens: Tokens, text_offset: NDArray[np.int64], terms: BatchTerms) -> list[SumTerms]:
    """The terms of each row's sums, placed in the title and the text that the caller passed.

    Parameters
    ----------
    tokens : Tokens
    text_offset : ndarray of int64, shape (n_rows,)
        Where the caller's text begins in what was tokenized; what stands before is the title.
    terms : BatchTerms
    """
    start, end = np.zeros(len(terms.row), np.int64), np.zeros(len(terms.row), np.int64)
    placed = terms.first >= 0
    start[placed], end[placed] = tokens.spans(terms.first[placed], terms.last[placed])
    offset = text_offset[terms.row]
    in_title = placed & (start < offset)
    moved = placed & ~in_title
    start[moved] -= offset[moved]
    end[moved] -= offset[moved]
    order = np.argsort(terms.row, kind="stable")
    cuts = np.searchsorted(terms.row[order], np.arange(len(text_offset) + 1))
    return [
        SumTerms(in_title[i], start[i], end[i], terms.weight[i], terms.stated[i], terms.displayable[i])
        for i in (order[cuts[row] : cuts[row + 1]] for row in range(len(text_offset)))
    ]
