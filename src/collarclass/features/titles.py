"""Tokens of job titles → hashed features: n-grams, n-grams that close a part of the title, ends of words.

In English the last noun of a title names the job ("data center *technician*"), and in Chinese its last
characters do (数据中心*技术员*). So n-grams that stand before a bracket, dash, comma, slash or the end count as
features of their own, and so do the first and last letters of long words, by which a word that was never
seen is understood.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collarclass.features.ngrams import ngrams
from collarclass.text.tokens import Tokens, mix

# One odd number for each kind of feature, so that the same words hash apart in each.
_CLOSING, _ENDING, _BEGINNING = (np.uint64(n) for n in (0xA24BAED4963EE407, 0xC13FA9A902A6328F, 0x91E10DA5C79E7B1D))
_END_LETTERS = 4  # of an ending or a beginning
_JOINTS = np.array([ord(c) for c in " -&·"], np.uint16)  # characters that hold a part of a title together


@dataclass(frozen=True, slots=True)
class TitleFeatures:
    """The features of a batch of titles, as arrays of one length.

    Attributes
    ----------
    hash : ndarray of uint64
    first, last : ndarray of int64
        Index of the first and last token of the words that each feature stands for.
    order : ndarray of uint8
        How many tokens an n-gram has; 0 for an end of a word.
    """

    hash: NDArray[np.uint64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    order: NDArray[np.uint8]


def title_features(tokens: Tokens) -> TitleFeatures:
    """Hash every feature of a batch of titles.

    Parameters
    ----------
    tokens : Tokens
        Each row is a title.

    Returns
    -------
    TitleFeatures
        In no particular order; a feature that stands in a title twice is given twice.

    Examples
    --------
    >>> from collarclass.text.tokens import tokenize
    >>> len(title_features(tokenize(["Data center technician"])).hash)
    11
    """
    closes = _closes(tokens)
    hashes, firsts, lasts, orders = [], [], [], []
    *runs, _ = ngrams(tokens, np.arange(len(tokens)), within=tokens.row)  # stems come below, of another length
    for run in runs:
        values, first, order = run.hashes, run.first, run.order
        last = first + order - 1
        # A single Chinese character says little about a job, two characters make a word.
        closing = np.flatnonzero(closes[last] & ((order > 1) | ~tokens.ideograph[first]))
        hashes += [values, mix(values[closing] * _CLOSING)]
        firsts += [first, first[closing]]
        lasts += [last, last[closing]]
        orders += [np.full(len(first) + len(closing), order, dtype=np.uint8)]
    long = np.flatnonzero((tokens.end - tokens.start > _END_LETTERS + 1) & ~tokens.ideograph)
    hashes += [
        mix(_letters(tokens.folded, tokens.end[long] - _END_LETTERS) * _ENDING),
        mix(_letters(tokens.folded, tokens.start[long]) * _BEGINNING),
    ]
    firsts += [long, long]
    lasts += [long, long]
    orders.append(np.zeros(2 * len(long), dtype=np.uint8))
    return TitleFeatures(np.concatenate(hashes), np.concatenate(firsts), np.concatenate(lasts), np.concatenate(orders))


def _closes(tokens: Tokens) -> NDArray[np.bool_]:
    """Whether each token closes a part of its title."""
    closes = np.ones(len(tokens), dtype=bool)
    gap = tokens.start[1:] - tokens.end[:-1]
    joined = (gap == 0) | ((gap == 1) & np.isin(tokens.folded[tokens.end[:-1]], _JOINTS))
    closes[:-1] = ~joined | (tokens.row[1:] != tokens.row[:-1])
    return closes


def _letters(folded: NDArray[np.uint16], start: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The letters from a place on, as one number."""
    value = np.zeros(len(start), dtype=np.uint64)
    for k in range(_END_LETTERS):
        value = value << np.uint64(16) | folded[start + k].astype(np.uint64)
    return value
