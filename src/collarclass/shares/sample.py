"""Which ads to annotate: a random sample stratified by predicted label, confidence and group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass.definitions.labels import LABELS
from collarclass.errors import DataError
from collarclass.shares.read import SAMPLE_PROBABILITY, SAMPLE_ROW, SAMPLE_STRATUM, facts_of

EDGES = (0.6, 0.8, 0.95)  # of confidence: strata of each label
STRATA = len(LABELS) * (len(EDGES) + 1) + 1
# Standard deviation of the true label in each bin of confidence, by the middle of the bin.
_SPREADS = tuple(
    np.sqrt(p * (1 - p)) for p in ((a + b) / 2 for a, b in zip((1 / 3, *EDGES), (*EDGES, 1.0), strict=True))
)
_MIN_ANNOTATIONS = 4  # annotations of a stratum, where it has as many ads
_ERRS_MORE = 1.25  # how much more a model errs on a new source than its probabilities say, to plan by
_LEAST_DOUBT = 0.002
_MIN_PLANNED = 30  # ads: fewer show too little of a model's errors


def strata(label: NDArray[np.int8], probabilities: NDArray[np.floating]) -> NDArray[np.int64]:
    """Stratum of each ad: its predicted label and how sure it is, from doubtful to sure; unclear ads last."""
    sure = np.searchsorted(EDGES, np.nan_to_num(probabilities).max(axis=1), side="right")
    return np.where(label >= len(LABELS), STRATA - 1, label.astype(np.int64) * (len(EDGES) + 1) + sure)


def allocate(size: NDArray[np.int64], doubt: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Share n annotations out over strata.

    More go where there are more ads and where their labels are less sure (Neyman's allocation, mixed in equal
    parts with a proportional one, for the model may be surer than it should be), and a few to every stratum.
    """
    spread = size * np.maximum(doubt, 0.05)
    return _whole(0.5 * spread / spread.sum() + 0.5 * size / size.sum(), size, n)


def _whole(share: NDArray[np.float64], size: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Whole numbers near `n * share`, at most `size`, a few wherever there are ads, `n` in all."""
    n = min(n, int(size.sum()))
    wanted = n * share
    least = np.minimum(size, min(_MIN_ANNOTATIONS, n // max(1, int((size > 0).sum()))))
    out = np.clip(np.floor(wanted).astype(np.int64), least, size)
    while out.sum() < n:
        out[int(np.where(out < size, wanted - out, -np.inf).argmax())] += 1
    while out.sum() > n:
        out[int(np.where(out > least, out - wanted, -np.inf).argmax())] -= 1
    return out


def most_useful_first(stratum: NDArray[np.int64], probability: NDArray[np.float64]) -> NDArray[np.int64]:
    """The order in which the ads of a sample make shares exact soonest.

    One ad of every stratum comes first, then the ad of the stratum whose part of the variance falls most by one more.
    That goes by what the sample knows before anyone labels it, and ads of one stratum keep their random order. So
    whatever comes first is a stratified sample itself, whose inclusion probabilities are known.

    References
    ----------
    Cochran (1977), "Sampling techniques", chapter 5 (optimum allocation).
    """
    names, of = np.unique(stratum, return_inverse=True)
    size = np.bincount(of) / np.array([probability[of == i].mean() for i in range(len(names))])
    within = (names - 1) % STRATA  # as `draw_sample` numbers them
    sureness = np.where(within == STRATA - 1, len(EDGES), within % (len(EDGES) + 1))
    spread = (size * np.array(_SPREADS)[sureness])[of]
    turn = np.zeros(len(stratum), np.int64)  # of each ad in its stratum, from 1
    for i in range(len(names)):
        turn[of == i] = np.arange(1, (of == i).sum() + 1)
    gain = spread**2 / np.maximum(turn * (turn - 1), 1)
    return np.asarray(np.lexsort((np.arange(len(stratum)), -gain, turn > 1)))


def answered_share(sample: pd.DataFrame, answered: Sequence[bool] | pd.Series[bool]) -> NDArray[np.float64]:
    """Share of the drawn ads of each ad's stratum that have a label.

    Times it, the probability of having been drawn is that of having been drawn and labelled: it makes a sample that
    is labelled in part, stratum by stratum in whatever order, as good as a smaller one.

    An ad may be in `sample` once for each annotator; `answered` says which rows have a label.
    """
    if SAMPLE_ROW not in sample or SAMPLE_STRATUM not in sample:
        return np.ones(len(sample))
    stratum = sample[SAMPLE_STRATUM].to_numpy()
    ads = pd.DataFrame({"stratum": stratum, "row": sample[SAMPLE_ROW].to_numpy(), "answered": np.asarray(answered)})
    each = ads.groupby(["stratum", "row"], observed=True)["answered"].max()
    return np.asarray(ads["stratum"].map(each.groupby(level="stratum").mean()).fillna(1.0), np.float64)


def planned_size(table: pd.DataFrame, half_width: float, *, prefix: str = "") -> int:
    """How many ads to annotate for intervals of the shares of all ads that are about so wide.

    It starts from the model's own probabilities and takes it to err somewhat more here than they say.

    Parameters
    ----------
    table : DataFrame
        With the label columns.
    half_width : float
        Half of a 95 % interval, as a share: 0.02 for two points either way. The widest of the three labels counts.
    prefix : str
        Prefix of the label columns' names.

    Raises
    ------
    DataError
        If the table has no probabilities, or not enough ads.

    Examples
    --------
    >>> sure = pd.DataFrame({"collar": ["gray", "blue"] * 5000, "p_white": 0.0, "p_blue": 0.05, "p_gray": 0.95})
    >>> doubtful = sure.assign(p_blue=0.4, p_gray=0.6)
    >>> planned_size(sure, 0.02) < planned_size(doubtful, 0.02)
    True
    """
    facts = facts_of(table, prefix)
    probabilities = np.nan_to_num(facts.probabilities)
    if not probabilities.any():
        raise DataError("The labelled ads have no probabilities to plan a sample by: say how many to draw.")
    stratum = strata(facts.label, probabilities)
    size = np.bincount(stratum, minlength=STRATA)
    doubt = np.column_stack([np.bincount(stratum, p * (1 - p), STRATA) for p in probabilities.T]) * _ERRS_MORE
    doubt = doubt / np.maximum(size, 1)[:, None] + _LEAST_DOUBT
    mean = probabilities.mean(axis=0)

    def half(n: int) -> float:
        each = np.maximum(allocate(size, np.sqrt(doubt.mean(axis=1)), n), 1)
        within = ((size / size.sum()) ** 2 / each * (size > 0)) @ doubt
        return float(1.96 * np.sqrt((within + mean * (1 - mean) / size.sum()).max()))

    low, high = min(_MIN_PLANNED, len(table)), len(table)
    if not 0 < half_width < 1 or half(high) > half_width:
        raise DataError(
            "{n_ads:,} ads are too few for intervals of {points:g} points either way, even if all are annotated.",
            n_ads=len(table), points=100 * half_width,
        )  # fmt: skip
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if half(middle) <= half_width else (middle + 1, high)
    return low


def draw_sample(
    table: pd.DataFrame,
    n: int,
    *,
    groups: Sequence[object] | None = None,
    unique: Sequence[object] | None = None,
    prefix: str = "",
    random_state: int = 0,
) -> pd.DataFrame:
    """Draw the ads to annotate from a labelled table.

    Parameters
    ----------
    table : DataFrame
        With the label columns.
    n : int
        How many.
    groups : sequence, optional
        Group of each ad; each gets a share of the sample that grows with the root of its size. Where there are more
        groups than ads to draw, the small ones are drawn from as one; so are strata of a group that gets few ads.
    unique : sequence, optional
        Number of each ad's group of repeated ads: one of each is drawn, and stands for all.
    prefix : str
        Prefix of the label columns' names.
    random_state : int, default=0
        The same number draws the same ads.

    Returns
    -------
    DataFrame
        In random order, so that you can stop early and still have a random sample. `sample_row` counts the
        table's rows from 1, `sample_stratum` names the stratum by a number, `sample_probability` is the
        probability of having been drawn.

    Raises
    ------
    DataError
        If `n` is not from 1 up.

    Examples
    --------
    >>> labelled = pd.DataFrame({"collar": ["gray", "blue"] * 50, "p_white": 0.0, "p_blue": 0.4, "p_gray": 0.6})
    >>> found = draw_sample(labelled, 10)
    >>> len(found), found["sample_probability"].tolist()[0]
    (10, 0.1)
    """
    if n < 1:
        raise DataError("A sample of {n} ads cannot be drawn: give a number from 1 up.", n=n)
    rng = np.random.default_rng(random_state)
    facts = facts_of(table, prefix)
    probabilities = np.nan_to_num(facts.probabilities)
    stratum = strata(facts.label, probabilities)
    group = np.zeros(len(table), np.int64) if groups is None else pd.factorize(np.asarray(groups, object))[0]
    distinct, copies = np.arange(len(table)), np.ones(len(table))
    if unique is not None:
        _, distinct, of, times = np.unique(
            pd.factorize(np.asarray(unique, object))[0], return_index=True, return_inverse=True, return_counts=True
        )
        copies = times[of].astype(np.float64)
    size = np.bincount(group[distinct], minlength=group.max(initial=-1) + 1)
    root = np.sqrt(size)
    if n < np.count_nonzero(size):
        small = n * root < _MIN_ANNOTATIONS * root.sum()
        to = np.where(small, small.argmax(), np.arange(len(size)))
        group, root = to[group], np.bincount(to, root, len(size))
        size = np.bincount(to, size, len(size)).astype(np.int64)
    parts = []
    for g, share in enumerate(_whole(root / root.sum(), size, n)):
        if share:
            here = distinct[group[distinct] == g]
            parts.append(_drawn(here, _joined(stratum[here], int(share)), probabilities[here], int(share), g, rng))
    found = pd.concat(parts, ignore_index=True)
    found[SAMPLE_PROBABILITY] /= copies[found[SAMPLE_ROW] - 1]
    return found.iloc[rng.permutation(len(found))].reset_index(drop=True)


def _joined(stratum: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Strata of a group, joined where they are more than its n ads to draw: none is left that cannot be drawn.

    The smallest goes to the nearest, of its own label if there is one, until two ads are drawn from each.
    """
    size = np.bincount(stratum, minlength=STRATA)
    to, bins = np.arange(STRATA), len(EDGES) + 1
    if np.count_nonzero(size) > n:
        while np.count_nonzero(size) > max(1, n // 2):
            present = np.flatnonzero(size)
            least = present[size[present].argmin()]
            others = present[present != least]
            nearest = others[np.lexsort((np.abs(others - least), others // bins != least // bins))[0]]
            to[to == least] = nearest
            size[nearest] += size[least]
            size[least] = 0
    return np.asarray(to[stratum])


def _drawn(
    rows: NDArray[np.int64],
    stratum: NDArray[np.int64],
    probabilities: NDArray[np.floating],
    n: int,
    group: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """A stratified sample of one group."""
    size = np.bincount(stratum, minlength=STRATA)
    expected = (probabilities * (1 - probabilities)).mean(axis=1)
    doubt = np.sqrt(np.bincount(stratum, expected, STRATA) / np.maximum(size, 1))
    each = allocate(size, doubt, n)
    used = np.flatnonzero(each)
    chosen = [rng.choice(rows[stratum == h], each[h], replace=False) for h in used]
    of = np.repeat(used, each[used])
    return pd.DataFrame(
        {
            SAMPLE_ROW: np.concatenate([np.zeros(0, np.int64), *chosen]) + 1,
            SAMPLE_STRATUM: group * STRATA + of + 1,
            SAMPLE_PROBABILITY: each[of] / np.maximum(size[of], 1),
        }
    )
