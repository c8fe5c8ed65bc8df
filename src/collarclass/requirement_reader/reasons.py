"""Why each mention was judged as it was: the terms of the sums that decided."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collarclass.requirement_reader.context import context_features
from collarclass.requirement_reader.decide import OUTCOMES, Reader
from collarclass.requirement_reader.lexicon import Lexicon, default_lexicon
from collarclass.requirement_reader.mentions import find_mentions
from collarclass.text.tokens import Tokens

_MOST = 5  # reasons with words of their own


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
        Tokens that a term speaks of; -1 where it speaks of no words.
    weight : ndarray of float64, shape (n_terms, 5)
        What the term adds to each of `OUTCOMES`.
    """

    starts: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    weight: NDArray[np.float64]


def reading_terms(tokens: Tokens, reader: Reader, lexicon: Lexicon | None = None) -> ReadingTerms:
    """The terms by which `read_requirements` judged the mentions of a batch."""
    lexicon = lexicon if lexicon is not None else default_lexicon()
    mentions = find_mentions(tokens, lexicon)
    n = len(mentions.items)
    if not n:
        nothing = np.zeros(0, dtype=np.int64)
        return ReadingTerms(np.zeros(1, dtype=np.int64), nothing, nothing, np.zeros((0, len(OUTCOMES))))
    found = context_features(mentions, lexicon)
    where, number = reader.vocabulary.find(np.concatenate(found.hash))
    of = np.concatenate(found.mention)[where]
    order = np.argsort(of, kind="stable")
    where, number = where[order], number[order]
    return ReadingTerms(
        np.searchsorted(of[order], np.arange(n + 1)),
        np.concatenate(found.first)[where],
        np.concatenate(found.last)[where],
        reader.weight[number, : len(OUTCOMES)].astype(np.float64),
    )


def reasons_of(
    terms: ReadingTerms, mention: int, outcome: int, tokens: Tokens, text: str
) -> tuple[RequirementReason, ...]:
    """The words that spoke most for one mention's outcome against the next likeliest, and the rest as one.

    Their weights add up to the log-odds between the two.
    """
    here = slice(int(terms.starts[mention]), int(terms.starts[mention + 1]))
    sums = terms.weight[here].sum(axis=0)
    sums[outcome] = -np.inf
    weight = terms.weight[here, outcome] - terms.weight[here, int(sums.argmax())]
    first, last = terms.first[here], terms.last[here]
    worded = np.flatnonzero(first >= 0)
    spans, which = np.unique(np.stack((first[worded], last[worded]), axis=1), axis=0, return_inverse=True)
    total = np.bincount(which.ravel(), weight[worded], len(spans))
    strongest = np.argsort(-np.abs(total), kind="stable")[:_MOST]
    start, end = tokens.spans(spans[strongest, 0], spans[strongest, 1])
    out = [
        RequirementReason(text[s:e], float(w))
        for s, e, w in zip(start.tolist(), end.tolist(), total[strongest], strict=True)
    ]
    return (*out, RequirementReason("", float(weight.sum() - total[strongest].sum())))
