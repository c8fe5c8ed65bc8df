"""Why each mention was judged as it was: the terms of the sums that decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collarclass.requirement_reader.decide import OUTCOMES, Decisions, Reader, sum_by_mention
from collarclass.requirement_reader.facts import Features
from collarclass.requirement_reader.phrases import Indices
from collarclass.text.tokens import Tokens

_MAX_WORDED = 5  # reasons with words of their own


@dataclass(frozen=True, slots=True)
class RequirementReason:
    """Words that spoke for, or against, how a requirement was read.

    Attributes
    ----------
    text : str
        The words; empty for all other terms together, such as place in the sentence and weaker words.
    weight : float
        What they add to the log-odds of the reading against the next likeliest one.
    """

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class ReadingTerms:
    """The terms of every mention's sums in a batch, in the order of the mentions.

    Attributes
    ----------
    starts : ndarray of int64, shape (n_mentions + 1,)
        Where the terms of each mention begin.
    first, last : ndarray of int64
        Tokens that a term is about; -1 where it is about no words.
    weight : ndarray of float64, shape (n_terms, 5)
        What the term adds to each of `OUTCOMES`.
    """

    starts: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    weight: NDArray[np.float64]


def reading_terms(features: Sequence[Features], decisions: Decisions, reader: Reader) -> ReadingTerms:
    """The terms by which the mentions of a batch were judged; the features have to keep the places of words."""
    columns = []
    for part, known in zip(features, decisions.known, strict=True):
        mention = np.repeat(np.arange(len(known.starts) - 1), np.diff(known.starts))
        first, last = (np.concatenate(places, axis=1).ravel()[known.where] for places in (part.first, part.last))
        columns.append((mention, first, last, known.number))
    mention, first, last, number = (np.concatenate(column) for column in zip(*columns, strict=True))
    order = np.argsort(mention, kind="stable")
    starts = np.searchsorted(mention[order], np.arange(len(decisions.outcome) + 1))
    weight = reader.weight[number[order], : len(OUTCOMES)].astype(np.float64)
    return ReadingTerms(starts, first[order], last[order], weight)


def reasons_of(
    terms: ReadingTerms, mention: Indices, outcome: Indices, tokens: Tokens, texts: Sequence[str]
) -> list[tuple[RequirementReason, ...]]:
    """The words that spoke most for each mention's outcome against the next likeliest, and the rest as one.

    Their weights add up to the log-odds between the two.

    Parameters
    ----------
    terms : ReadingTerms
    mention, outcome : ndarray of int64
        Mentions of the batch, and index into `OUTCOMES` for each.
    tokens : Tokens
    texts : sequence of str
        The text that each mention stands in.
    """
    numbers, size = np.arange(len(mention)), np.diff(terms.starts)[mention]
    starts = np.append(0, np.cumsum(size))
    owner = np.repeat(numbers, size)
    chosen = np.arange(starts[-1]) + (terms.starts[mention] - starts[:-1])[owner]
    weights = terms.weight[chosen]
    sums = sum_by_mention(weights, starts)
    sums[numbers, outcome] = -np.inf
    term = np.arange(len(owner))
    weight = weights[term, outcome[owner]] - weights[term, sums.argmax(axis=1)[owner]]
    rest = np.bincount(owner, weight, len(mention))
    owner, first, last, weight = _by_words(owner, terms.first[chosen], terms.last[chosen], weight, tokens)
    order = np.lexsort((-np.abs(weight), owner))
    begins = np.searchsorted(owner, numbers)
    shown = order[np.arange(len(order)) - begins[owner[order]] < _MAX_WORDED]
    rest -= np.bincount(owner[shown], weight[shown], len(mention))
    found: list[list[RequirementReason]] = [[] for _ in texts]
    spans = (place.tolist() for place in tokens.spans(first[shown], last[shown]))
    for number, start, end, value in zip(owner[shown].tolist(), *spans, weight[shown].tolist(), strict=True):
        found[number].append(RequirementReason(texts[number][start:end], value))
    return [(*worded, RequirementReason("", value)) for worded, value in zip(found, rest.tolist(), strict=True)]


def _by_words(
    owner: Indices, first: Indices, last: Indices, weight: NDArray[np.float64], tokens: Tokens
) -> tuple[Indices, Indices, Indices, NDArray[np.float64]]:
    """Terms of the same mention and words as one; without those that have no words, or half a Chinese one."""
    worded = np.flatnonzero((first >= 0) & ((last > first) | ~tokens.ideograph[first]))
    worded = worded[np.lexsort((last[worded], first[worded], owner[worded]))]
    owner, first, last, weight = owner[worded], first[worded], last[worded], weight[worded]
    if not len(owner):
        return owner, first, last, weight
    new = np.append(True, (owner[1:] != owner[:-1]) | (first[1:] != first[:-1]) | (last[1:] != last[:-1]))
    begins = np.flatnonzero(new)
    return owner[begins], first[begins], last[begins], np.add.reduceat(weight, begins)
