"""Annotators err: how often, by ads that two of them read, and what that does to shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import COLLARS
from collarclass.shares.estimate import Floats

MIN_PAIRS = 20  # ads annotated twice: with fewer nothing is said of the annotators
WORST = 0.2  # share of wrong labels beyond which they cannot be corrected for
_MAX_MISTAKEN_SHARE = 0.4  # share of a label's ads that may be mistaken: from a half on, nothing could be told apart
_DRAWS = 200
# Of each two labels, 0.25 mistakes in 25 chances count as seen: a few pairs without one prove little.
_PRIOR_MISTAKES, _PRIOR_CHANCES = 0.25, 25.0


@dataclass(frozen=True, slots=True)
class AnnotatorErrors:
    """How often annotators take one label for another.

    Attributes
    ----------
    error : float
        Share of an annotator's labels that are wrong.
    n_pairs : int
    correction : ndarray, shape (4, 4)
        One true label as a row of ones, put through this, is without bias what an annotator's label stands for.
    draws : ndarray, shape (n_draws, 4, 4)
        Corrections as uncertain as the pairs leave them.
    """

    error: float
    n_pairs: int
    correction: Floats
    draws: Floats


def annotator_errors(first: NDArray[np.integer], second: NDArray[np.integer], random_state: int = 0) -> AnnotatorErrors:
    """Rates of confusion from ads that two annotators read without knowing of each other.

    Two labels are taken to be mistaken for each other at one rate in both directions, by every annotator alike
    and independently: pairs alone cannot tell more.

    Parameters
    ----------
    first, second : ndarray of int, shape (n_pairs,)
        Labels by number: white, blue, gray, unclear.
    random_state : int, default=0

    Examples
    --------
    >>> first = np.repeat([0, 1, 2], 100)
    >>> second = first.copy()
    >>> second[:6] = 2  # six of a hundred white ads are gray to the second annotator
    >>> round(annotator_errors(first, second).error, 3)
    0.01
    """
    k, n = len(COLLARS), len(first)
    joint = np.zeros((k, k))
    np.add.at(joint, (first, second), 1)
    joint += joint.T
    common = joint.sum(axis=1)
    apart = common[:, None] + common[None, :]  # labels of either kind: those that may be mistaken
    seen = np.triu(joint, 1)
    rng = np.random.default_rng(random_state)
    upper = np.triu(np.ones((k, k)), 1) * (apart > 0)
    drawn = rng.gamma(seen + _PRIOR_MISTAKES, size=(_DRAWS, k, k)) * upper

    def confusion(mistakes: Floats, chances: Floats) -> Floats:
        rate = mistakes / np.maximum(chances, 1)
        rate = rate + np.swapaxes(rate, -1, -2)
        most = rate.sum(axis=-1).max(axis=-1)[..., None, None]
        rate = rate * np.minimum(1, _MAX_MISTAKEN_SHARE / np.maximum(most, 1e-300))
        return np.asarray(rate + (1 - rate.sum(axis=-1))[..., None] * np.eye(k))

    found = confusion(seen, apart)
    error = float(((1 - np.diag(found)) * common).sum() / common.sum())
    others = np.linalg.inv(confusion(drawn, apart + _PRIOR_CHANCES))
    return AnnotatorErrors(error, n, np.asarray(np.linalg.inv(found)), np.asarray(others))


def pairs(row: NDArray[np.int64], label: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First two labels of each ad that has more than one.

    Examples
    --------
    >>> first, second = pairs(np.array([7, 3, 7]), np.array([0, 1, 2]))
    >>> first.tolist(), second.tolist()
    ([0], [2])
    """
    order = np.argsort(row, kind="stable")
    row, label = row[order], label[order]
    opens = np.flatnonzero(np.diff(row, prepend=row[:1] - 1) != 0)
    twice = opens[np.diff(np.append(opens, len(row))) > 1]
    return label[twice], label[twice + 1]


def error_borne(share: Floats, low: Floats, high: Floats) -> float:
    """Error of annotators that shifts a share by half of its interval, where errors go to all labels alike.

    Examples
    --------
    >>> share = np.array([0.55, 0.40, 0.05, 0.0])
    >>> round(error_borne(share, share - 0.02, share + 0.02), 3)
    0.047
    """
    shift = np.abs((1 - share[:3]) / 2 - share[:3])  # for each point of error, over three labels
    return float(np.min(np.divide((high - low)[:3] / 2, shift, out=np.full(3, 1.0), where=shift > 1e-9)))
