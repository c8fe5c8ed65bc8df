"""Shares of small groups: each by its own annotations as far as they carry, and by the whole sample for the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from collarclass.shares.estimate import LEVEL, Floats, Shares, wilson

_PRIOR_SPREAD = 0.10  # by which groups differ in what the whole sample does not tell, before any data
_PRIOR_GROUPS = 6.0  # groups that this counts for
_FURTHEST = 0.5  # standard errors that a group with annotations of its own may be moved by the others
_FITTED = 4  # strata that a small group's own estimate usually has: so many means are fitted
_ROUNDS = 100


def composite(
    direct: Sequence[Shares | None], synthetic: Sequence[Shares], n: Sequence[int], size: Floats, whole: Floats
) -> list[Shares]:
    """Weigh two estimates of each group by how far each can be trusted, and let the groups add up to the whole.

    `direct` are by each group's own `n` annotated ads, None where it has too few; `synthetic` by the errors in the
    whole sample; `size` is the weight of each group's ads, `whole` the shares to which the groups' add up.

    References
    ----------
    Fay and Herriot (1979), "Estimates of income for small places", JASA 74: the weights.
    Prasad and Rao (1990), "The estimation of the mean squared error of small-area estimators", JASA 85: the intervals.
    Efron and Morris (1972), "Limiting the risk of Bayes and empirical Bayes estimators", JASA 67: the limit.
    Deming and Stephan (1940), "On a least squares adjustment", Annals of Mathematical Statistics 11: the adding up.
    """
    from scipy.special import stdtrit

    own = np.array([d is not None for d in direct])
    guess = np.array([s.share for s in synthetic])
    if not own.any():
        share = raked(guess, size / size.sum(), whole)
        return [Shares(p, *wilson(p, s.n_effective), s.n_effective) for p, s in zip(share, synthetic, strict=True)]
    guess_variance = _variance(synthetic, guess)
    found = np.array([s.share if d is None else d.share for d, s in zip(direct, synthetic, strict=True)])
    noise = _noise(direct, guess, np.asarray(n, dtype=np.float64), own)
    spread = _spread((found - guess)[own] ** 2, (noise + guess_variance)[own])
    between = spread + guess_variance
    weight = np.where(own[:, None], between / (between + noise), 0.0)
    share = weight * found + (1 - weight) * guess
    furthest = _FURTHEST * np.sqrt(np.where(own[:, None], noise, np.inf))
    share = np.clip(share, found - furthest, found + furthest)  # a group unlike the others stays near its own ads
    # What is not known of the spread counts twice (Prasad and Rao).
    information = ((between + noise)[own] ** -2).sum(axis=0) / 2 + _PRIOR_GROUPS / (2 * spread**2)
    unsure = np.where(own[:, None], noise**2 / (between + noise) ** 3 / information, 0.0)
    seen = np.array([np.zeros(guess.shape[1]) if d is None else _variance([d], d.share[None])[0] for d in direct])
    variance = np.where(own[:, None], weight * np.maximum(noise, seen), between) + 2 * unsure
    excess = np.maximum((found - guess) ** 2 - noise - guess_variance, 0)  # more than the spread accounts for
    variance += np.where(own[:, None], (1 - weight) ** 2 * excess, 0)
    share = raked(share, size / size.sum(), whole)
    n_effective = _mixed(share) * (1 - _mixed(share)) / np.maximum(variance, 1e-12)
    freedom = np.where(own, np.maximum(np.asarray(n) - _FITTED, 3), np.inf)
    quantile = stdtrit(freedom, (1 + LEVEL) / 2)
    return [Shares(p, *wilson(p, m, z), m) for p, m, z in zip(share, n_effective, quantile, strict=True)]


def _variance(shares: Sequence[Shares], share: Floats) -> Floats:
    n = np.array([s.n_effective for s in shares])
    return np.asarray(np.maximum(share * (1 - share), 1e-4) / np.maximum(n, 1))


def _noise(direct: Sequence[Shares | None], guess: Floats, n: Floats, own: np.ndarray) -> Floats:
    """Variance of the direct estimates, smoothed over the groups: single ones are too unsteady to weigh by."""
    shares = [d for d in direct if d is not None]
    here = np.array([d.share for d in shares])
    effect = n[own][:, None] * _variance(shares, here) / np.maximum(here * (1 - here), 1e-4)
    unit = np.median(effect, axis=0)  # against a simple random sample of the same size
    return np.asarray(unit * _mixed(guess) * (1 - _mixed(guess)) / np.maximum(n, 1)[:, None])


def _mixed(share: Floats) -> Floats:
    """Shares away from 0 and 1: one of nearly 0 is not known that well."""
    return np.asarray((share + 0.02) / (1 + 0.02 * share.shape[1]))


def _spread(square: Floats, noise: Floats) -> Floats:
    """Variance between groups that neither estimate explains, of each label, by moments with a prior."""
    weight = 1 / np.maximum(noise, 1e-6)
    seen = np.maximum(((square - noise) * weight).sum(axis=0) / weight.sum(axis=0), 0)
    groups = len(square)
    return np.asarray((groups * seen + _PRIOR_GROUPS * _PRIOR_SPREAD**2) / (groups + _PRIOR_GROUPS))


def raked(share: Floats, size: Floats, whole: Floats) -> Floats:
    """Change shares of groups as little as needed for them to add up to those of the whole.

    Examples
    --------
    >>> share = np.array([[0.5, 0.5], [0.2, 0.8]])
    >>> found = raked(share, np.array([0.5, 0.5]), np.array([0.4, 0.6]))
    >>> found.mean(axis=0).round(6).tolist(), found.sum(axis=1).round(6).tolist()
    ([0.4, 0.6], [1.0, 1.0])
    """
    table = np.maximum(share, 1e-6) * size[:, None]
    wanted = np.maximum(whole, 1e-9) / np.maximum(whole, 1e-9).sum()
    for _ in range(_ROUNDS):
        table *= wanted / table.sum(axis=0)
        table *= (size / table.sum(axis=1))[:, None]
    return np.asarray(table / size[:, None])
