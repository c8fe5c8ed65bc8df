"""How far two annotators agree: share of equal labels, and Cohen's kappa with its interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two annotators on `n` ads: share of equal labels, and Cohen's kappa with its 95 % interval.

    Kappa is agreement beyond what the frequencies of the labels bring by chance; NaN if both gave one and the same
    label throughout.
    """

    n: int
    share: float
    kappa: float
    low: float
    high: float


def agreement(first: Sequence[str], second: Sequence[str], random_state: int = 0) -> Agreement:
    """Compare two annotators' labels of the same ads.

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
    found = bootstrap(kappa, a, b, resamples=_RESAMPLES, random_state=random_state)
    return Agreement(len(a), float((a == b).mean()), *found)


def bootstrap(
    metric: Callable[..., float], *columns: ArrayLike, resamples: int = 1000, random_state: int = 0
) -> tuple[float, float, float]:
    """Compute a metric with its 95 % percentile bootstrap interval over rows.

    Parameters
    ----------
    metric : callable
        Takes the columns and gives a number.
    *columns : array-like
        Of one length; rows are drawn with replacement.
    resamples : int, default=1000
    random_state : int, default=0

    Returns
    -------
    value, low, high : float
    """
    arrays = [np.asarray(c) for c in columns]
    n = len(arrays[0])
    rng = np.random.default_rng(random_state)
    drawn = [metric(*(a[i] for a in arrays)) for i in rng.integers(0, n, (resamples, n))]
    known = np.asarray(drawn)[~np.isnan(drawn)]
    low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (float("nan"),) * 2
    return metric(*arrays), float(low), float(high)


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
