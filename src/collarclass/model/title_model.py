"""The title model: bare job titles → ratings and probabilities, by sums of their own.

A title states no schooling and names no duties, so it has its own features, weights and calibration. Each
feature also weighs in whether a job is named, by which "Team member" and "Great opportunity!" are told apart from jobs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collarclass.features.ngrams import Vocabulary
from collarclass.features.titles import title_features
from collarclass.text.tokens import Tokens, tokenize

_MAX_LETTERS = 24  # of a text that says no more than a title, a Chinese character counting three
_MAX_CHARACTERS = 100  # of a text that can be a title
_SENTENCE = re.compile(r"[^\W\d_]{4}[.。]\s*(\s|$)|[。；;]|[.!?！？]\s+\S+\s+\S+\s+\S+|\n\s*\S|<br|<p|<div|<li")


@dataclass(frozen=True, slots=True)
class TitleModel:
    """What a model knows of bare titles, made by `collarclass.training.titles.fit_titles`.

    Parameters
    ----------
    vocabulary : Vocabulary
        The known features; their `order` is not used.
    scale : ndarray of float32, shape (n_terms,)
        What a feature counts for: the rarer and the more telling, the more.
    weight : ndarray of float32, shape (n_terms, 2)
        Weight of each feature in the academic and the hands-on rating.
    job : ndarray of float32, shape (n_terms,)
        Weight of each feature in the log-odds that a title names a job.
    displayable : ndarray of bool, shape (n_terms,)
        Whether the feature's words may stand as a reason by themselves.
    intercept : ndarray of float32, shape (2,)
        Start of both sums.
    decision : ndarray of float32, shape (2, 3, 4)
        As `Model.decision`, for titles in alphabetic script and in Chinese.
    min_job : ndarray of float32, shape (1,)
        A title whose features' `job` adds up to less names no job.
    """

    vocabulary: Vocabulary
    scale: NDArray[np.float32]
    weight: NDArray[np.float32]
    job: NDArray[np.float32]
    displayable: NDArray[np.bool_]
    intercept: NDArray[np.float32]
    decision: NDArray[np.float32]
    min_job: NDArray[np.float32]

    def encode(self, titles: Sequence[str]) -> EncodedTitles:
        """Read a batch of titles into the numbers that the ratings are sums of."""
        tokens = tokenize(titles)
        features = title_features(tokens)
        where, term = self.vocabulary.find(features.hash)
        row = tokens.row[features.first[where]]
        _, first_mention = np.unique(row * np.int64(len(self.vocabulary)) + term, return_index=True)
        where, term, row = where[first_mention], term[first_mention], row[first_mention]
        value = self.scale[term].astype(np.float64)
        norm = np.sqrt(np.bincount(row, value * value, len(titles)))
        norm[norm == 0] = 1.0
        return EncodedTitles(
            tokens=tokens,
            row=row,
            term=term,
            first=features.first[where],
            last=features.last[where],
            value=value / norm[row],
            segment=tokens.is_chinese.astype(np.int64),
        )

    def ratings(self, batch: EncodedTitles) -> NDArray[np.float64]:
        """The two sums of each title, on the codebook's scale, not yet clipped to 0..4; shape (n_rows, 2)."""
        weights, n_rows = self.weight[batch.term].astype(np.float64).T, len(batch.segment)
        words = [np.bincount(batch.row, batch.value * weight, n_rows) for weight in weights]
        return np.asarray(np.column_stack(words) + self.intercept, dtype=np.float64)

    def names_job(self, batch: EncodedTitles, margin: float = 0.0) -> NDArray[np.bool_]:
        """Whether each title names a job, by the sum of what its words say of that, with a margin of log-odds."""
        sums = np.bincount(batch.row, self.job[batch.term], len(batch.segment))
        return np.asarray(sums >= self.min_job[0] + margin)


@dataclass(frozen=True, slots=True, eq=False)
class EncodedTitles:
    """A batch of titles as the title model reads them.

    Attributes
    ----------
    tokens : Tokens
    row, term, first, last : ndarray of int64
        Of each known feature: title, number in the vocabulary, first and last token of its words.
    value : ndarray of float64
        Its scaled value; each title's have length one.
    segment : ndarray of int64, shape (n_rows,)
        1 for a Chinese title.
    """

    tokens: Tokens
    row: NDArray[np.int64]
    term: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    value: NDArray[np.float64]
    segment: NDArray[np.int64]


def says_little(text: str) -> bool:
    """Whether a text beside a title is too short to say more of the job than the title does.

    Examples
    --------
    >>> says_little("Full time, nights."), says_little("急聘，双休"), says_little("MIG welding of steel frames, days.")
    (True, True, False)
    """
    return len(text) <= _MAX_LETTERS and sum(3 if c >= "\u3400" else 1 for c in text.strip()) <= _MAX_LETTERS


def looks_like_title(text: str) -> bool:
    """Whether a text is so short, and so much without a sentence, that it can only be a title.

    Examples
    --------
    >>> looks_like_title("Web designer"), looks_like_title("Sr. Engineer (nights)")
    (True, True)
    >>> looks_like_title("You weld pipes. Nights.")
    False
    """
    text = text.strip()
    return any(map(str.isalpha, text)) and len(text) <= _MAX_CHARACTERS and not _SENTENCE.search(text)
