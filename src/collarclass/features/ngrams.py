"""Many texts' n-grams, many titles' features, and the vocabulary of those that are known, for training and look-up.

One ad, or one title, is read by `ad_terms`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from collarclass.features.ad_ngrams import AdNgrams
from collarclass.features.ad_terms import damped_counts
from collarclass.features.term_index import TermIndex
from collarclass.text.ad_tokens import AdTokens
from collarclass.text.tokens import Tokens

_DAMPED = np.asarray(damped_counts())


@dataclass(frozen=True, slots=True, eq=False)
class Occurrences:
    """N-grams in some tokens: hashes, index of each one's first token, and number of tokens."""

    hashes: NDArray[np.uint64]
    first: NDArray[np.int64]
    order: NDArray[np.int64]


def ngrams(tokens: Tokens, most: Sequence[int]) -> Occurrences:
    """Hash every n-gram of the first tokens of each text: at most so many."""
    reader, found = AdTokens(), AdNgrams()
    hashes, firsts, orders = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for row, text in enumerate(tokens.texts):
        found.read(reader.read(text), most[row])
        hashes.append(np.array(found.hash[: found.n]))
        firsts.append(np.array(found.first[: found.n]) + tokens.first[row])
        orders.append(np.array(found.order[: found.n], np.int64))
    return Occurrences(np.concatenate(hashes), np.concatenate(firsts), np.concatenate(orders))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The known n-grams, each with a number.

    Parameters
    ----------
    hashes : ndarray of uint64, shape (n_terms,)
        Distinct hashes; an n-gram's number is its place here.
    order : ndarray of uint8, shape (n_terms,)
        How many tokens each n-gram has.
    """

    hashes: NDArray[np.uint64]
    order: NDArray[np.uint8]
    index: TermIndex = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", TermIndex(self.hashes))

    def __len__(self) -> int:
        return len(self.hashes)

    def find(self, hashes: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Look hashes up: which of them are known, and the number of each of those."""
        where, number = self.index.find(hashes)
        return where, number


def damped(counts: NDArray[np.int_]) -> NDArray[np.float64]:
    """One plus the logarithm of each count, the same on every machine."""
    return np.asarray(_DAMPED[np.minimum(counts, len(_DAMPED) - 1)])


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
    reader, title = AdTokens(), AdNgrams()
    hashes, firsts, orders = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)], [np.zeros(0, np.uint8)]
    for row, text in enumerate(tokens.texts):
        title.read_title(reader.read(text))
        hashes.append(np.array(title.hash[: title.n]))
        firsts.append(np.array(title.first[: title.n]) + tokens.first[row])
        orders.append(np.array(title.order[: title.n]))
    first, order = np.concatenate(firsts), np.concatenate(orders)
    return TitleFeatures(np.concatenate(hashes), first, first + np.maximum(order, 1) - 1, order)


@cache
def stop_words() -> frozenset[str]:
    """Words that say nothing by themselves, English and Chinese."""
    lines = (files("collarclass") / "features" / "stop_words.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
