"""Ads as counts of hashed n-grams: all that fitting needs, and nothing that could be read as text.

The project keeps real ads in this form only. An n-gram that occurs in one ad only is dropped before
counts are saved, and a hash cannot be turned back into words that are not known beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from collarclass.definitions.labels import LEVELS
from collarclass.features.ad_words import words_in
from collarclass.features.ngrams import Occurrences, damped, ngrams
from collarclass.features.term_index import TermIndex
from collarclass.model.persistence import default_model
from collarclass.requirement_reader.lexicon import default_lexicon
from collarclass.requirement_reader.outcomes import FEATURES, Reader
from collarclass.requirement_reader.reading import RequirementReader
from collarclass.text.ad_tokens import AdTokens
from collarclass.text.cells import join_title
from collarclass.text.tokens import Tokens, tokenize

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class HashedCounts:
    """How often each n-gram occurs in each ad: `counts` has a column for each, in ascending order of hashes.

    `order` is the number of tokens. An n-gram is `displayable` that reads like a reason: not made of stop words or
    single characters alone.
    """

    hashes: NDArray[np.uint64]
    order: NDArray[np.uint8]
    displayable: Bools
    counts: sp.csr_matrix

    def where(self, kept: Ints) -> HashedCounts:
        """The same for some of the n-grams."""
        return HashedCounts(self.hashes[kept], self.order[kept], self.displayable[kept], self.counts[:, kept])

    def aligned(self, hashes: NDArray[np.uint64]) -> sp.csr_matrix:
        """The counts of given n-grams, a column for each in their order."""
        known, place = TermIndex(hashes).find(self.hashes)
        counts = self.counts[:, known]
        return sp.csr_matrix((counts.data, place[counts.indices], counts.indptr), (counts.shape[0], len(hashes)))

    def rows(self, index: Ints) -> HashedCounts:
        """The same for some of the ads."""
        return HashedCounts(self.hashes, self.order, self.displayable, self.counts[index])


@dataclass(frozen=True, slots=True, eq=False)
class CountedAds:
    """Ads in the form that fitting needs: counts, stated requirements, number of tokens counted, and their most."""

    text: HashedCounts
    title: HashedCounts
    features: Floats
    chinese: Bools
    length: Ints
    max_tokens: int

    def __len__(self) -> int:
        return len(self.chinese)

    def rows(self, index: Ints) -> CountedAds:
        """The same for some of the ads."""
        parts = (self.features[index], self.chinese[index], self.length[index])
        return CountedAds(self.text.rows(index), self.title.rows(index), *parts, self.max_tokens)


def segments(chinese: Bools, features: Floats) -> Floats:
    """How far each row belongs to each of four segments: schooling unstated, stated; the same in Chinese.

    Schooling is as far stated as the requirement features say. The shares are in sixty-fourths, as these are, so that
    what is summed by them is the same in every batch.
    """
    stated = features[:, : len(LEVELS)].sum(axis=1)
    return np.column_stack([share * rows for rows in (~chinese, chinese) for share in (1.0 - stated, stated)])


def count_ads(
    texts: Sequence[str], titles: Sequence[str | None], max_tokens: int = 300, reader: Reader | None = None
) -> CountedAds:
    """Count the n-grams of ads, and read what they state, by the shipped model's weights or others.

    Examples
    --------
    >>> ads = count_ads(["Weld frames", "Weld pipes"], ["Welder", None])
    >>> len(ads), ads.title.counts.sum(axis=1).ravel().tolist()
    (2, [[2, 0]])
    """
    counted = count_words(texts, titles, max_tokens)
    reading = RequirementReader(reader if reader is not None else default_model().reader, default_lexicon())
    tokens, stated = AdTokens(), np.zeros((len(texts), len(FEATURES)))
    for row, (text, title) in enumerate(zip(texts, titles, strict=True)):
        stated[row] = reading.read_ad(tokens.read(*join_title(text, title))).features
    return replace(counted, features=stated)


def count_words(texts: Sequence[str], titles: Sequence[str | None], max_tokens: int = 300) -> CountedAds:
    """Count the n-grams of ads without reading what they state: no features."""
    joined, reader = [join_title(text, title) for text, title in zip(texts, titles, strict=True)], AdTokens()
    tokens = tokenize([text for text, _, _ in joined])
    in_title = [reader.read(*ad).n_title for ad in joined]
    dull = stop_words_before(tokens)
    text, title = (_counted(tokens, dull, ngrams(tokens, most)) for most in ([max_tokens] * len(joined), in_title))
    return CountedAds(
        text=text,
        title=title,
        features=np.zeros((len(texts), 0)),
        chinese=tokens.is_chinese,
        length=np.minimum(np.diff(tokens.first), max_tokens),
        max_tokens=max_tokens,
    )


def _counted(tokens: Tokens, dull: Ints, found: Occurrences) -> HashedCounts:
    hashes, term = np.unique(found.hashes, return_inverse=True)
    order, displayable = np.zeros(len(hashes), np.uint8), np.zeros(len(hashes), bool)
    order[term] = found.order
    telling = dull[found.first + found.order] - dull[found.first] < found.order
    displayable[term[telling & ~(tokens.ideograph[found.first] & (found.order == 1))]] = True
    ones = np.ones(len(term), np.int32), (tokens.row[found.first], term)
    return HashedCounts(hashes, order, displayable, sp.csr_matrix(ones, shape=(tokens.n_rows, len(hashes))))


def stop_words_before(tokens: Tokens) -> Ints:
    """Number of stop words before each token, and before the end."""
    common = tokenize(["\n".join(sorted(words_in("stop_words.txt")))]).hash
    return np.concatenate(([0], np.cumsum(np.isin(tokens.hash, common))))


def concatenate(parts: Sequence[CountedAds]) -> CountedAds:
    """Put ads that were counted to one length below each other."""
    return CountedAds(
        _stack([part.text for part in parts]),
        _stack([part.title for part in parts]),
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.chinese for part in parts]),
        np.concatenate([part.length for part in parts]),
        parts[0].max_tokens,
    )


def _stack(parts: Sequence[HashedCounts]) -> HashedCounts:
    hashes = np.unique(np.concatenate([part.hashes for part in parts]))
    order, displayable = np.zeros(len(hashes), np.uint8), np.zeros(len(hashes), bool)
    for part in parts:
        place = np.searchsorted(hashes, part.hashes)
        order[place] = part.order
        displayable[place] |= part.displayable
    blocks = [part.aligned(hashes) for part in parts]
    return HashedCounts(hashes, order, displayable, sp.vstack(blocks, format="csr"))


def damped_counts(counts: sp.csr_matrix) -> sp.csr_matrix:
    return sp.csr_matrix((damped(counts.data), counts.indices, counts.indptr), counts.shape)


def scaled_counts(counts: sp.csr_matrix, scale: NDArray[np.floating]) -> sp.csr_matrix:
    """Counts times the terms' scale, every row of length one: what `Block.weigh` gives."""
    matrix = counts.copy()
    matrix.data *= scale[matrix.indices]
    norm = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    matrix.data /= np.repeat(np.where(norm > 0, norm, 1.0), np.diff(matrix.indptr))
    return matrix
