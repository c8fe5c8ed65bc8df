"""From counts and annotations, or from errors on other sources, to shares of labels with intervals.

Two libraries come near and are not used: ppi-python knows no strata and one number per ad, not four shares that add up;
QuaPy is built around fitting classifiers. What is needed is held against ppi-python in the tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import COLLARS
from collarclass.shares.sample import STRATA

LEVEL = 0.95
_PRIOR = 0.6  # annotations that the model's own doubt counts for in the variance of a stratum
_FLOOR = 0.002  # and never less than this
_MIN_STRATUM_ADS = 4  # annotated ads of a stratum: with fewer it is joined to its neighbour
_DRAWS = 400
_SOURCE_DRAWS = 40  # of how the model may err on a new source, from each known one
_MEAN_ADS = 6.0  # of each label, that the mean of all sources counts for beside a source's own
_HALF_ADS = 10.0  # of a label, at which a source counts half as much in that mean as one of very many
_MIN_RATE = 0.005  # of a confusion that no source has shown
_MOST_ADS = 300.0  # that counted shares are known by: in no file does the model err evenly
_FIT_ADS = 100.0  # by which a draw is judged that cannot have given the counted shares
_TAILS = (0.0025, 0.9975)  # wide: from 0.015 ranges held for 0.87 of settings of Chinese sources

_PRIOR_SPREAD = 0.10  # by which groups differ in what the whole sample does not tell, before any data
_PRIOR_GROUPS = 6.0  # groups that this counts for
_FURTHEST = 0.5  # standard errors that a group with annotations of its own may be moved by the others
_FITTED = 4  # strata that a small group's own estimate usually has: so many means are fitted

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ads:
    """All ads of a group: arrays with a row for each."""

    stratum: NDArray[np.int64]  # as `sample.strata` numbers them
    guess: Floats  # predicted probabilities of white, blue, gray and unclear, shape (n, 4)
    weight: Floats
    cluster: NDArray[np.int64] | None = None  # the bundle that each came in

    def of(self, rows: Any) -> Ads:
        """Some of them."""
        cluster = None if self.cluster is None else self.cluster[rows]
        return Ads(self.stratum[rows], self.guess[rows], self.weight[rows], cluster)

    @property
    def n_effective(self) -> float:
        """Their number, less where weights differ and where they come in bundles."""
        return effective_size(self.weight, self.guess, self.cluster)


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotated(Ads):
    """Ads whose true label is known; their weight is over the probability of having been drawn."""

    truth: Floats  # shape (n, 4): a column of ones, or what stands for it without bias where annotators err
    corrections: Floats | None = None  # (n_draws, 4, 4): what truth is to be multiplied by if annotators err otherwise


class Shares(NamedTuple):
    """Shares of the four labels: they add up to 1 and lie between 0 and 1."""

    share: Floats
    low: Floats  # of the 95 % interval
    high: Floats
    n_effective: Floats  # size of a simple random sample of annotated ads that would be as exact


def wilson(share: Floats, n: Floats | float, z: Floats | float = 1.959964) -> tuple[Floats, Floats]:
    """Interval of shares by Wilson's formula; `n` may be an effective number, `z` a quantile of Student's t.

    References
    ----------
    Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22.
    Franco et al. (2019), "Comparative study of confidence intervals for proportions in complex
    sample surveys", JSSAM 7: the same formula with an effective sample size.
    """
    share = np.asarray(share, dtype=np.float64)
    n = np.maximum(np.asarray(n, dtype=np.float64), 1e-9)
    middle = share + z * z / (2 * n)
    spread = z * np.sqrt(np.maximum(share * (1 - share), 0) / n + z * z / (4 * n * n))
    low, high = (middle - spread) / (1 + z * z / n), (middle + spread) / (1 + z * z / n)
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


def effective_size(weight: Floats, guess: Floats, cluster: NDArray[np.int64] | None = None) -> float:
    """How many ads of equal weight, drawn one by one, would tell as much of the stream that these are from.

    `guess` (predicted probabilities) says how much alike the ads of a bundle are, which `cluster` numbers.

    References
    ----------
    Kish (1965), "Survey sampling", Wiley: both parts of the design effect.
    """
    total = float(weight.sum())
    n = total**2 / max(float((weight**2).sum()), 1e-300)
    if cluster is None or not len(weight):
        return n
    _, of = np.unique(cluster, return_inverse=True)
    m = int(of.max()) + 1
    least = total**2 / max(float((np.bincount(of, weight) ** 2).sum()), 1e-300)
    apart = weight[:, None] * (guess - np.average(guess, axis=0, weights=weight if total > 0 else None))
    alone = float((apart**2).sum())
    if alone <= 0 or m < 2:
        return least
    together = sum(float((np.bincount(of, column) ** 2).sum()) for column in apart.T)
    return float(np.clip(n * alone * (m - 1) / max(together * m, 1e-300), min(1.0, n), n))


def stratified_ppi(ads: Ads, annotated: Annotated, power: float | None = None, finite: bool = False) -> Shares:
    """Shares from a sample stratified by predicted label, powered by the predictions.

    In each stratum the mean prediction of all its ads is corrected by what the annotated ones show it to be
    wrong by; the strata are then added by their known sizes. `power` says how far the predictions are trusted:
    0 is a plain stratified sample, 1 the difference estimator; tuned to the least variance if not given.

    The annotated ads are a random sample within each stratum; one with fewer than four is joined to its neighbour.
    `finite` says that the ads at hand are all that the shares are about, and not a draw from a larger stream: what is
    annotated is then known, and the interval is shorter by Cochran's finite population correction.

    References
    ----------
    Angelopoulos, Duchi and Zrnic (2023), "PPI++: efficient prediction-powered inference".
    Fisch et al. (2024), "Stratified prediction-powered inference for hybrid language model evaluation".
    Cochran (1977), "Sampling techniques", chapters 5A and 12 (stratification, two phases).
    """
    from scipy.special import stdtrit

    weight = np.bincount(ads.stratum, ads.weight, STRATA).astype(np.float64)
    to = _joined(weight, np.bincount(annotated.stratum, minlength=STRATA))
    size = np.bincount(to, weight)
    h = len(size)
    # The mean prediction, and the variance that remains if the predictions are right.
    guess, doubt = (
        _means(_means(values, ads.stratum, ads.weight, STRATA), to, weight, h)
        for values in (ads.guess, ads.guess * (1 - ads.guess))
    )
    annotated = replace(annotated, stratum=to[annotated.stratum])
    size = size / size.sum()
    n = np.bincount(annotated.stratum, minlength=h).astype(np.float64)
    n_all = np.maximum(effective_size(ads.weight, ads.guess) * size, n)
    n_effective = ads.n_effective
    if power is None:
        power = _power(annotated, size, 1 / n - 1 / n_all, n)
    residual = annotated.truth - power * annotated.guess
    correction = _means(residual, annotated.stratum, annotated.weight, h)
    share = (size[:, None] * (power * guess + correction)).sum(axis=0)

    # The model's own doubt keeps a stratum whose few annotations agree from looking certain.
    seen = _variances(residual, correction, annotated, n)
    prior = doubt + _FLOOR
    within = (np.maximum(n - 1, 0)[:, None] * seen + _PRIOR * prior) / (np.maximum(n - 1, 0) + _PRIOR)[:, None]
    left = 1 - n / n_all if finite else np.ones(h)  # of each stratum, that nobody annotated
    parts = (size**2 / n * left)[:, None] * within
    # What the whole file, taken as a draw from a larger stream, adds.
    truth_mean = _means(annotated.truth, annotated.stratum, annotated.weight, h)
    variance = parts.sum(axis=0)
    between = np.zeros(len(share))
    if not finite:
        between = (size[:, None] * (truth_mean - share) ** 2).sum(axis=0)
        truth_within = _variances(annotated.truth, truth_mean, annotated, n)
        between += (size[:, None] * np.maximum(truth_within - seen, 0)).sum(axis=0)
        between = between / n_effective
        variance = variance + between
    if annotated.corrections is not None:
        variance = variance + (size @ truth_mean @ annotated.corrections).var(axis=0)
    variance = np.maximum(variance, 1e-12)
    unsure = (parts**2 / (n - 1 + _PRIOR)[:, None]).sum(axis=0) + between**2 / max(n_effective - 1, 1)
    freedom = variance**2 / np.maximum(unsure, 1e-300)

    share = np.clip(share, 0, None)
    share /= share.sum()
    # Where no annotated ad has a label, what the variance was kept from falling to stands for p (1 - p).
    n_known = np.maximum(share * (1 - share), (size[:, None] * within).sum(axis=0)) / variance
    low, high = wilson(share, n_known, np.asarray(stdtrit(np.maximum(freedom, 1), (1 + LEVEL) / 2)))
    return Shares(share, low, high, n_known)


def _sums(values: Floats, group: NDArray[np.int64], h: int) -> Floats:
    return np.column_stack([np.bincount(group, column, h) for column in values.T])


def _means(values: Floats, group: NDArray[np.int64], weight: Floats, h: int) -> Floats:
    """Weighted mean of each of `h` groups."""
    total = np.maximum(np.bincount(group, weight, h), 1e-300)
    return np.asarray(_sums(weight[:, None] * values, group, h) / total[:, None])


def _variances(values: Floats, mean: Floats, annotated: Annotated, n: Floats) -> Floats:
    """Weighted variance in each stratum, scaled so that dividing by n gives the variance of the mean."""
    share = annotated.weight / np.bincount(annotated.stratum, annotated.weight, len(n))[annotated.stratum]
    square = (share[:, None] * (values - mean[annotated.stratum])) ** 2
    return np.asarray(_sums(square, annotated.stratum, len(n)) * (n * n / np.maximum(n - 1, 1))[:, None])


def _power(annotated: Annotated, size: Floats, gain: Floats, n: Floats) -> float:
    """How far to trust the predictions: the least variance, one number so that shares still add up."""
    stratum = annotated.stratum
    truth, guess = (
        v - _means(v, stratum, annotated.weight, len(n))[stratum] for v in (annotated.truth, annotated.guess)
    )
    worth = (size**2 * gain / np.maximum(n - 1, 1))[stratum]
    variance = float((worth[:, None] * guess**2).sum())
    return float(np.clip((worth[:, None] * truth * guess).sum() / variance, 0, 1)) if variance > 0 else 0.0


def _joined(weight: Floats, n: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of the joined stratum of each: neighbours, which are alike, until each has a few annotated ads."""
    h = len(weight)
    to = np.arange(h)
    for i in range(h):  # forwards: a poor stratum is added to the next one
        members = to == i
        if (n[members].sum() < _MIN_STRATUM_ADS or weight[members].sum() <= 0) and i < h - 1:
            to[members] = i + 1
    last = to == h - 1
    if n[last].sum() < _MIN_STRATUM_ADS and (~last).any():
        to[last] = to[~last].max()
    return np.unique(to, return_inverse=True)[1]


def adjusted_by_sample(ads: Ads, annotated: Annotated, random_state: int = 0) -> Shares:
    """Shares of a group with few annotated ads of its own, by the errors in the whole sample.

    How often an ad of each true label falls into each stratum is taken to be the same in every group; how common
    the labels are is not. (To take over how often a stratum's label is right would pull every group towards the
    whole: with 5 and 40 per cent gray ads in two groups, it errs by six points.)

    References
    ----------
    Saerens, Latinne and Decaestecker (2002), "Adjusting the outputs of a classifier to new a priori
    probabilities", Neural Computation 14.
    """
    n_effective = ads.n_effective
    weight = annotated.weight[:, None] * annotated.truth
    known = np.flatnonzero(weight.sum(axis=0) > 0)
    weight = weight[:, known]
    confusion = _sums(weight, annotated.stratum, STRATA).T.copy()
    # Of a stratum without an annotated ad nothing is known: its ads are taken to be like the others.
    found = np.bincount(ads.stratum, ads.weight, STRATA) * (confusion.sum(axis=0) > 0)
    if not found.any():
        found = confusion.sum(axis=0)
    found = found / found.sum()
    size = weight.sum(axis=0) ** 2 / (weight**2).sum(axis=0)
    confusion *= (size / confusion.sum(axis=1))[:, None]
    n_known = np.full(len(COLLARS), float(min(len(annotated.truth), n_effective)))
    share = np.zeros(len(COLLARS))
    share[known], n_known[known] = _unconfused(found, n_effective, confusion, random_state)
    return Shares(share, *wilson(share, n_known), n_known)


def _unconfused(found: Floats, n_effective: float, confusion: Floats, random_state: int) -> tuple[Floats, Floats]:
    """Likeliest true shares behind found ones, and the effective sizes that draws of both tell."""
    rng = np.random.default_rng(random_state)
    prior = 1 / confusion.shape[1]
    rates = np.concatenate([[rates_of(confusion)], _drawn(rng, confusion + prior, _DRAWS)])
    counts = np.concatenate([[found], rng.dirichlet(n_effective * found + 1e-3, _DRAWS)])
    # Each draw starts elsewhere: where the counts cannot tell labels apart, the draws stay apart and say so.
    k = len(confusion)
    start = np.concatenate([np.full((1, k), 1 / k), rng.dirichlet(np.ones(k), _DRAWS)])
    truth = expectation_maximisation(counts, rates, start)
    spread = (truth[1:] * (1 - truth[1:])).mean(axis=0)
    variance = truth[1:].var(axis=0)
    n = np.divide(spread, variance, out=np.full(len(spread), float(n_effective)), where=variance > 1e-12)
    return truth[0], np.minimum(n, n_effective)


def rates_of(confusion: Floats) -> Floats:
    """Shares of each row's counts."""
    return np.asarray(confusion / np.maximum(confusion.sum(axis=-1, keepdims=True), 1e-300))


def _drawn(rng: np.random.Generator, counts: Floats, n: int) -> Floats:
    return np.stack([rng.dirichlet(row, n) for row in counts], axis=1)


def expectation_maximisation(found: Floats, rates: Floats, start: Floats, rounds: int = 200) -> Floats:
    """Likeliest true shares for each row of found shares, given rates of confusion (true label in rows)."""
    truth = start[:, None, :]
    back = np.ascontiguousarray(rates.transpose(0, 2, 1))
    for i in range(rounds):
        fresh = truth * ((found[:, None, :] / np.maximum(truth @ rates, 1e-300)) @ back)
        if i % 10 == 9 and np.abs(fresh - truth).max() < 1e-6:
            return np.asarray(fresh[:, 0])
        truth = fresh
    return np.asarray(truth[:, 0])


# -- without annotations -------------------------------------------------------------------------


def drawn_errors(confusions: Mapping[str, Mapping[str, Any]], random_state: int = 0) -> tuple[Floats, int]:
    """Rates of confusion as they may be on a new source: those of each known one, as uncertain as its ads leave them.

    `confusions` has numbers of ads by language and source, true label in rows, label found in columns. As many draws
    come from each source, of whatever language: pooled they hold for a new one, those of a language alone do not.
    Also returned is the number of sources.
    """
    counts = np.array([table for tables in confusions.values() for table in tables.values()], dtype=np.float64)
    n = counts.sum(axis=2, keepdims=True)
    weight = n / (n + _HALF_ADS)
    mean = (weight * counts / np.maximum(n, 1)).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-9) + _MIN_RATE
    likely = counts + _MEAN_ADS * mean / mean.sum(axis=1, keepdims=True)
    drawn = np.random.default_rng(random_state).standard_gamma(np.repeat(likely, _SOURCE_DRAWS, axis=0))
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


# -- small groups --------------------------------------------------------------------------------


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
    """Change shares of groups as little as needed for them to add up to those of the whole."""
    table = np.maximum(share, 1e-6) * size[:, None]
    wanted = np.maximum(whole, 1e-9) / np.maximum(whole, 1e-9).sum()
    for _ in range(100):
        table *= wanted / table.sum(axis=0)
        table *= (size / table.sum(axis=1))[:, None]
    return np.asarray(table / size[:, None])
