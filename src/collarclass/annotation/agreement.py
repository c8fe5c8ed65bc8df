"""How far two annotators agree: share of equal labels, and Cohen's kappa with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two annotators.

    Attributes
    ----------
    n : int
        Ads that both labelled.
    share : float
        Of equal labels.
    kappa : float
        Cohen's kappa: agreement beyond what the frequencies of the labels bring by chance; NaN if both gave
        one and the same label throughout.
    low, high : float
        95 % bootstrap interval of kappa.
    """

    n: int
    share: float
    kappa: float
    low: float
    high: float


def agreement(first: Sequence[str], second: Sequence[str], random_state: int = 0) -> Agreement:
    """Compare two annotators' labels of the same ads.

    Parameters
    ----------
    first, second : sequence of str
        Of one length, one ad or more.
    random_state : int, default=0

    Raises
    ------
    ValueError
        If they differ in length or are empty.

    References
    ----------
    Cohen (1960), "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20.

    Examples
    --------
    >>> found = agreement(["gray", "blue", "blue", "white"], ["gray", "blue", "white", "white"])
    >>> found.share, round(found.kappa, 3)
    (0.75, 0.636)
    """
    if len(first) != len(second) or not len(first):
        raise ValueError(f"{len(first)} and {len(second)} labels: give both annotators' labels of the same ads.")
    names = sorted({*first, *second})
    a, b = (np.array([names.index(label) for label in labels]) for labels in (first, second))
    n = len(a)
    drawn = np.random.default_rng(random_state).integers(0, n, (_RESAMPLES, n))
    kappas = [kappa(a[rows], b[rows]) for rows in drawn]
    known = [value for value in kappas if not np.isnan(value)]
    low, high = np.percentile(known, [2.5, 97.5]) if known else (np.nan, np.nan)
    return Agreement(n, float((a == b).mean()), kappa(a, b), float(low), float(high))


def kappa(first: ArrayLike, second: ArrayLike) -> float:
    """Cohen's kappa: 1 for perfect agreement, 0 for what chance gives; NaN where neither annotator varies.

    Examples
    --------
    >>> kappa(["white", "blue", "gray", "gray"], ["white", "blue", "gray", "blue"])
    0.6363636363636364
    """
    n = len(np.asarray(first))
    names, codes = np.unique(np.concatenate((first, second)), return_inverse=True)
    k = len(names)
    table = np.bincount(codes[:n] * k + codes[n:], minlength=k * k).reshape(k, k).astype(float)
    apart = 1.0 - np.eye(k)
    by_chance = (apart * np.outer(table.sum(1), table.sum(0))).sum() / max(n, 1)
    return float(1 - (apart * table).sum() / by_chance) if by_chance else float("nan")
