"""Shares without annotations: what the model's errors on other sources of ads allow to be said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from collarclass.definitions.labels import COLLARS
from collarclass.shares.estimate import Floats, Shares, counted, expectation_maximisation, wilson

WIDEST = 0.30  # from low to high: a wider interval is of no use, and none is given
_DRAWS = 1500
_TAILS = (0.025, 0.5, 0.975)
_MIN_RATE = 0.003  # of a confusion that no source has shown
_ADS = 300.0  # that a draw's fit to the counted shares is judged by, however many ads there are
_DETERMINANT = 0.05


def concentration(counts: Sequence[Floats]) -> Floats:
    """How alike sources are: a large number where each errs as the others do.

    Each source's rates of confusion are taken as a draw from a Dirichlet distribution about the mean of its
    language. Its concentration, fitted by maximum likelihood, is one number for each true label.

    Parameters
    ----------
    counts : sequence of ndarray, shape (n_sources, 3, 3)
        By language: numbers of ads of each source, true label in rows, label found in columns.

    Returns
    -------
    ndarray, shape (3,)

    Examples
    --------
    >>> alike = np.array([[[90.0, 0, 10], [0, 90, 10], [10, 10, 80]]] * 4)
    >>> bool((concentration([alike]) > 100).all())
    True
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import gammaln

    def fitted(label: int) -> float:
        rows = [source[source[:, label].sum(axis=1) > 0, label] for source in counts]

        def loss(log_size: float) -> float:
            size, out = np.exp(log_size), 0.0
            for some in rows:
                n = some.sum(axis=1)
                prior = size * _mean(some, n / (n + size))
                out -= float((gammaln(size) - gammaln(n + size)).sum())
                out -= float((gammaln(some + prior) - gammaln(prior)).sum())
            return out

        return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.5), np.log(200)), method="bounded").x))

    return np.array([fitted(label) for label in range(counts[0].shape[1])])


def _mean(counts: Floats, weight: Floats) -> Floats:
    """Mean rates of sources; a source of many ads counts more, but no more than it says about the others."""
    rates = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
    mean = weight @ rates / max(float(weight.sum()), 1e-300) + _MIN_RATE
    return np.asarray(mean / mean.sum())


def adjusted_by_sources(
    share: Floats,
    n_effective: float,
    counts: Sequence[tuple[float, Floats]],
    size: Floats,
    random_state: int = 0,
    widest: float = WIDEST,
) -> Shares:
    """Shares behind the counted ones, if the model errs here as on a source drawn from those it was held out from.

    Rates of confusion are drawn as for a new source: the mean of a bootstrap of the sources, and a Dirichlet draw
    about it. Each draw tells which true shares would give the counted ones. Draws that cannot give them count
    little; the others count by the density of the true shares (all taken to be equally likely before).

    Parameters
    ----------
    share : ndarray, shape (4,)
        As counted: white, blue, gray, unclear. Unclear ads are left as they are.
    n_effective : float
    counts : sequence of (float, ndarray of shape (n_sources, 3, 3))
        By language: its share of the ads, and the confusion of each source.
    size : ndarray, shape (3,)
        From `concentration`.
    random_state : int, default=0
        Of the draws.
    widest : float, default=0.3
        A wider interval, from low to high, is of no use.

    Returns
    -------
    Shares
        As counted, without an interval, where that of one label would be wider than `widest`, or all are unclear.

    References
    ----------
    Forman (2008), "Quantifying counts and costs via classification", Data Mining and Knowledge Discovery 17.
    Rubin (1981), "The Bayesian bootstrap", Annals of Statistics 9.

    Examples
    --------
    >>> alike = np.array([[[90.0, 0, 10], [0, 90, 10], [10, 10, 80]]] * 12)
    >>> found = adjusted_by_sources(np.array([0.45, 0.38, 0.17, 0.0]), 10_000, [(1.0, alike)], concentration([alike]))
    >>> found.share.round(2).tolist()
    [0.49, 0.41, 0.09, 0.0]
    """
    clear = float(share[:3].sum())
    if clear <= 0:
        return counted(share, n_effective)
    rng = np.random.default_rng(random_state)
    rates = sum(part * _drawn(rng, source, size) for part, source in counts)
    found = rng.dirichlet(n_effective * share[:3] + 1e-3, _DRAWS)
    truth = expectation_maximisation(found, np.asarray(rates), np.full((_DRAWS, 3), 1 / 3))
    fitted = np.einsum("dk,dkj->dj", truth, rates)
    distance = (found * np.log(np.maximum(found, 1e-12) / np.maximum(fitted, 1e-12))).sum(axis=1)
    weight = np.exp(-min(_ADS, n_effective) * distance)
    weight /= np.maximum(np.abs(np.linalg.det(rates)), _DETERMINANT)
    weight /= weight.sum()
    low, _, high = _quantiles(truth, weight) * clear
    mean = weight @ truth * clear
    variance = clear**2 * (weight @ (truth - weight @ truth) ** 2)
    n = np.full(len(COLLARS), n_effective)
    n[:3] = np.minimum(mean * (1 - mean) / np.maximum(variance, 1e-12), n_effective)
    rest = wilson(share[3:], n_effective)
    low, high = np.append(low, rest[0]), np.append(high, rest[1])
    if (high - low).max() > widest:
        return counted(share, n_effective)
    return Shares(np.append(mean, share[3]), low, high, n)


def _drawn(rng: np.random.Generator, counts: Floats, size: Floats) -> Floats:
    """Rates of confusion of new sources of one language, shape (n_draws, 3, 3)."""
    out = np.empty((_DRAWS, *counts.shape[1:]))
    for label in range(counts.shape[1]):
        some = counts[counts[:, label].sum(axis=1) > 0, label]
        n = some.sum(axis=1)
        rates = (some + 0.3) / (some + 0.3).sum(axis=1, keepdims=True)
        weight = rng.dirichlet(np.ones(len(some)), _DRAWS) * (n / (n + size[label]))
        mean = weight @ rates / weight.sum(axis=1, keepdims=True) + _MIN_RATE
        gamma = rng.standard_gamma(np.maximum(size[label] * mean / mean.sum(axis=1, keepdims=True), 1e-2))
        out[:, label] = gamma / np.maximum(gamma.sum(axis=1, keepdims=True), 1e-300)
    return out


def _quantiles(values: Floats, weight: Floats) -> Floats:
    """Weighted quantiles of each column, shape (n_quantiles, n_columns)."""
    out = []
    for column in values.T:
        order = np.argsort(column, kind="stable")
        total = np.cumsum(weight[order])
        out.append(np.interp(_TAILS, (total - weight[order] / 2) / total[-1], column[order]))
    return np.array(out).T
