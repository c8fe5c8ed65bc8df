"""How far two annotators agree: share of equal labels, and Cohen's kappa with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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
    n, k = len(a), len(names)
    drawn = np.random.default_rng(random_state).integers(0, n, (_RESAMPLES, n))
    kappas = [_kappa(a[rows], b[rows], k) for rows in drawn]
    known = [value for value in kappas if not np.isnan(value)]
    low, high = np.percentile(known, [2.5, 97.5]) if known else (np.nan, np.nan)
    return Agreement(n, float((a == b).mean()), _kappa(a, b, k), float(low), float(high))


def _kappa(a: np.ndarray, b: np.ndarray, k: int) -> float:
    n = len(a)
    chance = float((np.bincount(a, minlength=k) * np.bincount(b, minlength=k)).sum()) / (n * n)
    return float(((a == b).mean() - chance) / (1 - chance)) if chance < 1 else float("nan")
