"""From the two scores to probabilities of the three labels, and how they change with the ratings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def class_probabilities(decision: NDArray[np.float32], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of white, blue and gray.

    Parameters
    ----------
    decision : ndarray of float32, shape (3, 4)
        See `Model.decision`.
    scores : ndarray of float64, shape (n, 2)
        Academic and hands-on score, 0 to 1.

    Returns
    -------
    ndarray of float64, shape (n, 3)
        Rows sum to 1.
    """
    academic, hands_on = scores[:, 0], scores[:, 1]
    logits = np.empty((len(scores), 3))
    for label, (on_academic, on_hands_on, on_both, start) in enumerate(decision.astype(np.float64)):
        linear = start + on_academic * academic + on_hands_on * hands_on
        logits[:, label] = linear + on_both * academic * hands_on
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def label_gradient(
    decision: NDArray[np.float32], scores: NDArray[np.float64], probabilities: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Slope of the likeliest label's log-probability along the academic and hands-on rating; shape (n, 2)."""
    slope = np.empty((len(scores), 3, 2))
    slope[:, :, 0] = decision[:, 0] + decision[:, 2] * scores[:, 1:]
    slope[:, :, 1] = decision[:, 1] + decision[:, 2] * scores[:, :1]
    best = slope[np.arange(len(scores)), probabilities.argmax(axis=1)]
    return np.asarray(best - (probabilities[:, :, None] * slope).sum(axis=1))
