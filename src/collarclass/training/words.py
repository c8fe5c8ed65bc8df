"""The words' weights in both ratings, their scale beside what is stated, and the decision between the labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge

from collarclass.definitions.labels import LABELS
from collarclass.training.counts import Bools, Floats, HashedCounts, Ints, scaled_counts

_MIN_SCALE = 0.25
_IMPOSSIBLE = -30.0  # intercept of a label that no ad of the training data has
_MIN_ADS = 300  # of a language that has a decision of its own


def fit_words(
    counts: Sequence[sp.csr_matrix],
    target: Floats,
    weight: Floats,
    *,
    alpha: float,
    focus: float,
    lengths: Sequence[float] = (1.0,),
    max_terms: int | None = None,
    label: Floats | None = None,
    beside: Floats | None = None,
) -> tuple[list[tuple[Floats, Floats]], Floats]:
    """Fit scale and weights of each block's terms, in two rounds, and where the ratings start.

    The first round finds what each term tells, of the label as well: a word may say on which side of a line an
    ad lies and little of the rating. The second fits the ratings anew with that in the terms' scale.

    Rows of the blocks have `lengths`, and `max_terms` of the first block's terms are kept. What is known `beside` words
    is fitted with them, so that they are not left to make up for it.
    """
    presence = [sp.csr_matrix((np.ones(m.nnz), m.indices, m.indptr), m.shape) for m in counts]
    df = [np.asarray(m.T @ weight) for m in presence]
    idf = [np.log((1 + weight.sum()) / (1 + d)) + 1 for d in df]
    others = [] if beside is None else [sp.csr_matrix(beside)]

    def ridge(scales: Sequence[Floats], target: Floats) -> tuple[list[Floats], Floats]:
        blocks = [scaled_counts(m, s) * length for m, s, length in zip(counts, scales, lengths, strict=True)]
        fitted = Ridge(alpha=alpha, solver="sparse_cg", tol=1e-3)
        fitted.fit(sp.hstack([*blocks, *others], format="csr"), target, sample_weight=weight)
        parts = np.split(fitted.coef_.T, np.cumsum([m.shape[1] for m in counts]))
        return [w * length for w, length in zip(parts, lengths, strict=False)], np.asarray(fitted.intercept_)

    scales = []
    told, _ = ridge(idf, target if label is None else np.column_stack((target, label)))
    for k, (first, d, i) in enumerate(zip(told, df, idf, strict=True)):
        information = np.sqrt((first**2).sum(axis=1)) * (d > 0)
        typical = np.sqrt((information**2).sum() / max(1, np.count_nonzero(information)) or 1.0)
        scale = i * (information / typical) ** focus
        if k == 0 and max_terms is not None and len(scale) > max_terms:
            spread = information * i * np.sqrt(d)
            scale[spread < np.partition(spread, -max_terms)[-max_terms]] = 0.0
        scales.append(scale)
    weights, start = ridge(scales, target)
    return list(zip(scales, weights, strict=True)), start


def fit_decisions(scores: Floats, labels: NDArray[Any], weight: Floats, chinese: Bools, balance: float) -> Floats:
    """The decision of each language, shape (2, 3, 4); that of all ads where a language has too few, or not all labels.

    Classes are weighted up to equal shares as far as asked.
    """
    decisions, present = [], set(labels.tolist())
    for language in (~chinese, chinese):
        enough = language.sum() >= _MIN_ADS and set(labels[language].tolist()) == present
        rows = language if enough else np.ones(len(labels), bool)
        decisions.append(fit_decision(scores[rows], labels[rows], weight[rows], balance))
    return np.stack(decisions)


def fit_decision(scores: Floats, labels: NDArray[Any], weight: Floats, balance: float) -> Floats:
    """Weights of the two scores, their product and 1 in the log-odds of each label; shape (3, 4)."""
    share = pd.Series(labels).map(pd.Series(labels).value_counts(normalize=True)).to_numpy(np.float64)
    a, h = scores.T
    logistic = LogisticRegression(C=10.0, max_iter=1000)
    logistic.fit(np.column_stack((a, h, a * h)), labels, sample_weight=weight * share**-balance)
    fitted = np.column_stack((logistic.coef_, logistic.intercept_))
    if len(logistic.classes_) == 2:  # of two classes the second is fitted against the first
        fitted = np.vstack((np.zeros(4), fitted))
    rows = np.zeros((len(LABELS), 4))
    rows[:, 3] = _IMPOSSIBLE
    rows[[LABELS.index(name) for name in logistic.classes_]] = fitted
    return rows


def frequent(part: HashedCounts, weight: Floats, min_df: float) -> HashedCounts:
    """The n-grams that occur in enough ads, the ads' weights added up."""
    presence = sp.csr_matrix((np.ones(part.counts.nnz), part.counts.indices, part.counts.indptr), part.counts.shape)
    return part.where(np.flatnonzero(np.asarray(presence.T @ weight) >= min_df - 1e-9))


def fit_scale(
    words: Floats, stated_features: Floats, segment: Floats, target: Floats, weight: Floats
) -> tuple[Floats, Floats, Floats]:
    """How far held-out words are to be trusted, by segment: with stated schooling beside them, or without.

    A segment's own intercept and word_scale are what it adds to the common ones, and are drawn to nothing:
    a segment of few ads, or none, follows the others.
    """
    word_scale, intercept = np.empty((4, 2)), np.empty((4, 2))
    stated_weight = np.empty((stated_features.shape[1], 2))
    one = np.ones((len(segment), 1))
    for d in range(2):
        word = words[:, [d]]
        design = np.column_stack((100 * one, 100 * word, segment, segment * word, stated_features))
        fitted = Ridge(alpha=1.0, fit_intercept=False)
        start = fitted.fit(design, target[:, d], sample_weight=weight).coef_
        # Too few ads can make held-out words look worse than nothing: they still count for something.
        word_scale[:, d] = np.maximum(100 * start[1] + start[6:10], _MIN_SCALE)
        rest = target[:, d] - segment @ word_scale[:, d] * word[:, 0]
        design = np.column_stack((100 * one, segment, stated_features))
        start = fitted.fit(design, rest, sample_weight=weight).coef_
        intercept[:, d], stated_weight[:, d] = 100 * start[0] + start[1:5], start[5:]
    return word_scale, intercept, stated_weight


def hashed_folds(groups: NDArray[Any] | pd.Series[Any], n_folds: int) -> Ints:
    """Fold of each row, the same for all of a group."""
    return np.asarray(pd.factorize(groups)[0] * 2_654_435_761 % 1_000_003 % n_folds)
