"""Shares without annotations: between what limits the true ones lie, by the model's errors on other sources of ads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from collarclass.definitions.labels import COLLARS
from collarclass.shares.estimate import Floats, Shares, expectation_maximisation, wilson

_DRAWS = 40  # from each source
_MEAN_ADS = 6.0  # of each label, that the mean of all sources counts for beside a source's own
_HALF_ADS = 10.0  # of a label, at which a source counts half as much in that mean as one of very many
_MIN_RATE = 0.005  # of a confusion that no source has shown
_MOST_ADS = 300.0  # that counted shares are known by: in no file does the model err evenly
_FIT_ADS = 100.0  # by which a draw is judged that cannot have given the counted shares
_TAILS = (0.0025, 0.9975)  # wide: from 0.015 ranges held for 0.87 of settings of Chinese sources


def drawn_errors(confusions: Mapping[str, Mapping[str, Any]], random_state: int = 0) -> tuple[Floats, int]:
    """Rates of confusion as they may be on a new source: those of each known one, as uncertain as its ads leave them.

    `confusions` has numbers of ads by language and source, true label in rows, label found in columns. As many draws
    come from each source, of whatever language: pooled they hold for a new one, those of a language alone do not.
    Also returned is the number of sources.

    Examples
    --------
    >>> drawn_errors({"en": {"a": [[90, 0, 10], [0, 90, 10], [10, 10, 80]]}})[0].shape
    (40, 3, 3)
    """
    counts = np.array([table for tables in confusions.values() for table in tables.values()], dtype=np.float64)
    n = counts.sum(axis=2, keepdims=True)
    weight = n / (n + _HALF_ADS)
    mean = (weight * counts / np.maximum(n, 1)).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-9) + _MIN_RATE
    likely = counts + _MEAN_ADS * mean / mean.sum(axis=1, keepdims=True)
    drawn = np.random.default_rng(random_state).standard_gamma(np.repeat(likely, _DRAWS, axis=0))
    return np.asarray(drawn / drawn.sum(axis=2, keepdims=True)), len(counts)


def range_by_sources(share: Floats, n_effective: float, rates: Floats, random_state: int = 0) -> Shares:
    """Between what limits true shares lie, if the model errs here as on one of the sources that it was measured on.

    Each draw of rates tells which true shares would give the counted ones. No point is named: over sources left out,
    none of those tried was nearer the truth than counting.

    Unclear ads are left as they are. `n_effective` comes back as the size of a sample that would be as exact.

    References
    ----------
    Saerens, Latinne and Decaestecker (2002), "Adjusting the outputs of a classifier to new a priori
    probabilities", Neural Computation 14.

    Examples
    --------
    >>> rates, _ = drawn_errors({"en": {str(i): [[90, 0, 10], [0, 90, 10], [10, 10, 80]] for i in range(12)}})
    >>> found = range_by_sources(np.array([0.45, 0.38, 0.17, 0.0]), 10_000, rates)
    >>> bool(found.low[2] < 0.09 < found.high[2])
    True
    """
    low, high = wilson(share, min(n_effective, _MOST_ADS))
    n = np.full(len(COLLARS), float(n_effective))
    clear = float(share[:3].sum())
    if clear > 0:
        counted, ads = share[:3] / clear, min(n_effective * clear, _MOST_ADS)
        found = np.random.default_rng(random_state).dirichlet(ads * counted + 0.5, len(rates))
        truth = expectation_maximisation(found, rates, np.full((len(rates), 3), 1 / 3))
        fitted = np.einsum("dk,dkj->dj", truth, rates)
        distance = (counted * np.log(np.maximum(counted, 1e-12) / np.maximum(fitted, 1e-12))).sum(axis=1)
        weight = np.exp(-min(ads, _FIT_ADS) * distance)
        down, up = clear * _quantiles(truth, weight)
        low[:3], high[:3] = np.minimum(low[:3], down), np.maximum(high[:3], np.minimum(up, 1))
        mean = np.average(truth, axis=0, weights=weight)
        variance = np.average((truth - mean) ** 2, axis=0, weights=weight)
        n[:3] = np.minimum(mean * (1 - mean) / np.maximum(variance, 1e-12), n_effective)
    return Shares(share, np.minimum(low, share), np.maximum(high, share), n)


def _quantiles(values: Floats, weight: Floats) -> Floats:
    """Weighted quantiles of each column, shape (2, n_columns)."""
    order = np.argsort(values, axis=0, kind="stable")
    total = np.cumsum(weight[order], axis=0)
    place = (total - weight[order] / 2) / total[-1]
    ranked = np.take_along_axis(values, order, axis=0)
    return np.column_stack([np.interp(_TAILS, place[:, k], ranked[:, k]) for k in range(values.shape[1])])
