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
_LEAST = 4  # annotations of a stratum, where it has as many ads


def strata(collar: NDArray[np.int8], confidence: NDArray[np.floating]) -> NDArray[np.int16]:
    """Stratum of each ad: its predicted label and how sure it is, from doubtful to sure; unclear ads last.

    Examples
    --------
    >>> strata(np.array([0, 2, 3], np.int8), np.array([0.5, 0.99, np.nan])).tolist()
    [0, 11, 12]
    """
    sure = np.searchsorted(EDGES, np.nan_to_num(confidence, nan=1.0), side="right")
    out = collar.astype(np.int16) * (len(EDGES) + 1) + sure.astype(np.int16)
    return np.where(collar >= len(LABELS), np.int16(STRATA - 1), out)


def allocate(size: NDArray[np.int64], doubt: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Share n annotations out over strata.

    More go where there are more ads and where their labels are less sure (Neyman's allocation, mixed in equal
    parts with a proportional one, for the model may be surer than it should be), and a few to every stratum.

    Parameters
    ----------
    size : ndarray of int64
        Ads of each stratum.
    doubt : ndarray
        Standard deviation of the true label expected in each stratum.
    n : int

    Returns
    -------
    ndarray of int64
        At most `size` each; `n` in all, where there are as many ads.

    Examples
    --------
    >>> allocate(np.array([1000, 1000, 3]), np.array([0.1, 0.4, 0.4]), 100).tolist()
    [34, 63, 3]
    """
    spread = size * np.maximum(doubt, 0.05)
    return _whole(0.5 * spread / spread.sum() + 0.5 * size / size.sum(), size, n)


def _whole(share: NDArray[np.float64], size: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Whole numbers near `n * share`, at most `size`, a few wherever there are ads, `n` in all."""
    n = min(n, int(size.sum()))
    wanted = n * share
    least = np.minimum(size, min(_LEAST, n // max(1, int((size > 0).sum()))))
    out = np.clip(np.floor(wanted).astype(np.int64), least, size)
    while out.sum() < n:
        out[int(np.where(out < size, wanted - out, -np.inf).argmax())] += 1
    while out.sum() > n:
        out[int(np.where(out > least, out - wanted, -np.inf).argmax())] -= 1
    return out


def draw_sample(
    table: pd.DataFrame, n: int, *, groups: Sequence[object] | None = None, prefix: str = "", random_state: int = 0
) -> pd.DataFrame:
    """Draw the ads to annotate from a labelled table.

    Parameters
    ----------
    table : DataFrame
        With the label columns.
    n : int
        How many.
    groups : sequence, optional
        Group of each ad; each gets a share of the sample that grows with the root of its size.
    prefix : str
        What was put before the names of the label columns.
    random_state : int, default=0
        The same number draws the same ads.

    Returns
    -------
    DataFrame
        In random order, so that those who stop early leave a random sample too. `sample_row` counts the
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
        raise DataError(f"A sample of {n} ads cannot be drawn: give a number from 1 up.")
    rng = np.random.default_rng(random_state)
    facts = facts_of(table, prefix)
    probabilities = np.nan_to_num(facts.probabilities)
    stratum = strata(facts.label, probabilities.max(axis=1)).astype(np.int64)
    group = np.zeros(len(table), np.int64) if groups is None else pd.factorize(np.asarray(groups, object))[0]
    size = np.bincount(group)
    parts = []
    for g, share in enumerate(_whole(np.sqrt(size) / np.sqrt(size).sum(), size, n)):
        here = np.flatnonzero(group == g)
        parts.append(_drawn(here, stratum[here], probabilities[here], int(share), g, rng))
    found = pd.concat(parts, ignore_index=True)
    return found.iloc[rng.permutation(len(found))].reset_index(drop=True)


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
    out = []
    for h in np.flatnonzero(each):
        chosen = rng.choice(rows[stratum == h], each[h], replace=False)
        out.append(
            pd.DataFrame(
                {
                    SAMPLE_ROW: chosen + 1,
                    SAMPLE_STRATUM: group * STRATA + h + 1,
                    SAMPLE_PROBABILITY: each[h] / size[h],
                }
            )
        )
    empty = pd.DataFrame({name: [] for name in (SAMPLE_ROW, SAMPLE_STRATUM, SAMPLE_PROBABILITY)})
    return pd.concat(out, ignore_index=True) if out else empty.astype({SAMPLE_ROW: np.int64})
