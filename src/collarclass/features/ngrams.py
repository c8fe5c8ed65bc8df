"""Many texts' n-grams, and many titles' features, for training and look-up; one ad, or title, is read by `ad_terms`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collarclass.features.ad_terms import AdNgrams, damped_counts
from collarclass.text.ad_tokens import AdTokens
from collarclass.text.tokens import Tokens

_DAMPED = np.asarray(damped_counts())


@dataclass(frozen=True, slots=True, eq=False)
class Occurrences:
    """N-grams in some tokens, or features of titles, text by text."""

    hashes: NDArray[np.uint64]
    first: NDArray[np.int64]  # index of the first and of the last token of the words that each stands for
    last: NDArray[np.int64]
    order: NDArray[np.int64]  # how many tokens an n-gram has; 0 for an end of a word


def ngrams(tokens: Tokens, most: Sequence[int]) -> Occurrences:
    """Hash every n-gram of the first tokens of each text: at most so many."""
    return _listed(tokens, most)


def title_features(tokens: Tokens) -> Occurrences:
    """Hash every feature of titles; one that stands in a title twice is given twice.

    >>> from collarclass.text.tokens import tokenize
    >>> len(title_features(tokenize(["Data center technician"])).hashes)
    11
    """
    return _listed(tokens, None)


def _listed(tokens: Tokens, most: Sequence[int] | None) -> Occurrences:
    reader, found = AdTokens(), AdNgrams()
    hashes, firsts, orders = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for row, text in enumerate(tokens.texts):
        found.grow(reader.read(text).n)
        if most is None:
            found.list_title(reader)
        else:
            found.list(reader, most[row])
        hashes.append(np.array(found.hash[: found.n]))
        firsts.append(np.array(found.first[: found.n]) + tokens.first[row])
        orders.append(np.array(found.order[: found.n], np.int64))
    first, order = np.concatenate(firsts), np.concatenate(orders)
    return Occurrences(np.concatenate(hashes), first, first + np.maximum(order, 1) - 1, order)


def damped(counts: NDArray[np.int_]) -> NDArray[np.float64]:
    """One plus the logarithm of each count, the same on every machine."""
    return np.asarray(_DAMPED[np.minimum(counts, len(_DAMPED) - 1)])
