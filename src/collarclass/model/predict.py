"""Batches of ads → predictions as arrays, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import LABELS
from collarclass.model.encoding import EncodedBatch
from collarclass.model.model import Model
from collarclass.model.ranking import deciding_words
from collarclass.model.terms import batch_terms

UNCLEAR = len(LABELS)
_CHUNK = 1_000_000  # characters read at once: enough to spread fixed costs, few enough for the cache


@dataclass(frozen=True, slots=True)
class Predictions:
    """What the model says of a batch, as arrays over its rows.

    Attributes
    ----------
    label : ndarray of int8
        Index into `LABELS`; 3 for unclear.
    probabilities : ndarray of float64, shape (n_rows, 3)
    scores : ndarray of float64, shape (n_rows, 2)
        Academic and hands-on, 0 to 1.
    level, status : ndarray of int8
        Stated schooling: -1 or an index into `LEVELS`; an index into `STATUSES`.
    note : ndarray of int8
        Index into `NOTES`.
    evidence : list of str
        The few words that decided, per row; empty strings when not asked for.
    """

    label: NDArray[np.int8]
    probabilities: NDArray[np.float64]
    scores: NDArray[np.float64]
    level: NDArray[np.int8]
    status: NDArray[np.int8]
    note: NDArray[np.int8]
    evidence: list[str]


def predict(
    model: Model, texts: Sequence[str], titles: Sequence[str | None] | None = None, evidence: bool = False
) -> Predictions:
    """Label a batch of ads; the result of a row does not depend on the other rows.

    Parameters
    ----------
    model : Model
    texts : sequence of str
    titles : sequence of str or None, optional
    evidence : bool
        Whether to name the few words that decided each label.

    Returns
    -------
    Predictions
    """
    parts = [_predict(model, t, u, evidence) for t, u in chunks(texts, titles)] or [_predict(model, [], [], evidence)]
    return Predictions(
        np.concatenate([p.label for p in parts]),
        np.concatenate([p.probabilities for p in parts]),
        np.concatenate([p.scores for p in parts]),
        np.concatenate([p.level for p in parts]),
        np.concatenate([p.status for p in parts]),
        np.concatenate([p.note for p in parts]),
        [words for p in parts for words in p.evidence],
    )


def decide(
    model: Model, batch: EncodedBatch
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int8]]:
    """Scores, probabilities and label of each row of an encoded batch."""
    scores = np.clip(model.ratings(batch), 0.0, 4.0) / 4.0
    probabilities = model.probabilities(scores)
    label = probabilities.argmax(axis=1).astype(np.int8)
    label[batch.note > 0] = UNCLEAR
    return scores, probabilities, label


def _predict(model: Model, texts: Sequence[str], titles: Sequence[str | None] | None, evidence: bool) -> Predictions:
    batch = model.encode(texts, titles)
    scores, probabilities, label = decide(model, batch)
    words = [""] * len(label)
    if evidence:
        gradient = model.gradient(scores, probabilities)
        words = deciding_words(batch_terms(model, batch), batch, texts, titles, gradient)
    return Predictions(label, probabilities, scores, batch.stated.level, batch.stated.status, batch.note, words)


def chunks(
    texts: Sequence[str], titles: Sequence[str | None] | None
) -> Iterator[tuple[Sequence[str], Sequence[str | None] | None]]:
    """Cut a batch into runs of rows of about a million characters."""
    begin = size = 0
    for i, text in enumerate(texts):
        size += len(text)
        if size >= _CHUNK or i == len(texts) - 1:
            yield texts[begin : i + 1], titles[begin : i + 1] if titles is not None else None
            begin, size = i + 1, 0
