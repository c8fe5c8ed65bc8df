"""Differences between the shares of two groups or two periods."""

from __future__ import annotations

import numpy as np
import pandas as pd

from collarclass.errors import DataError

COUNTED_TOO = "not corrected: what it is compared with cannot be corrected"


def comparable(shares: pd.DataFrame) -> pd.DataFrame:
    """Count all shares where some of the same definition are counted: else they would differ by their method alone.

    Parameters
    ----------
    shares : DataFrame
        From `estimate_shares`, of what is to be compared.

    Returns
    -------
    DataFrame
        The same rows; those that were corrected or adjusted beside counted ones are as counted, without an interval.

    Examples
    --------
    >>> from collarclass import estimate_shares
    >>> labelled = pd.DataFrame({"collar": ["gray", "blue"] * 200})
    >>> truth = pd.DataFrame({"label": ["gray"] * 100}, index=range(100))
    >>> both = pd.concat([estimate_shares(labelled, truth), estimate_shares(labelled, truth[:5])])
    >>> both["method"].unique().tolist(), comparable(both)["method"].unique().tolist()
    (['corrected', 'counted'], ['counted'])
    """
    is_counted = shares["method"].eq("counted")
    changed = ~is_counted & is_counted.groupby(shares["definition"]).transform("any")
    return shares.assign(
        share=shares["share"].where(~changed, shares["plain"]),
        low=shares["low"].mask(changed),
        high=shares["high"].mask(changed),
        method=shares["method"].mask(changed, "counted"),
        warning=shares["warning"].mask(changed, COUNTED_TOO),
    )


def share_differences(shares: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Compare the shares of two groups, with intervals and tests.

    Parameters
    ----------
    shares : DataFrame
        From `estimate_shares` with one column in `by`.
    first, second : str
        Values of that column. The two groups share no ads, and their estimates are taken to be independent. If
        one is counted, both are.

    Returns
    -------
    DataFrame
        One row for each definition and label: `definition`, `label`, `first`, `second` (shares), `difference`
        (second less first), `low`, `high` (95 %, from both intervals) and `p`, two-sided, of no difference; NaN
        where one of the two has no interval.

    Raises
    ------
    DataError
        If the table is not by one column, or has no such group.

    References
    ----------
    Newcombe (1998), "Interval estimation for the difference between independent proportions", Statistics in
    Medicine 17, method 10.

    Examples
    --------
    >>> from collarclass import estimate_shares
    >>> labelled = pd.DataFrame({"collar": ["gray", "blue"] * 200, "year": ["2024", "2025"] * 200})
    >>> truth = pd.DataFrame({"label": ["gray", "blue"] * 50}, index=range(100))
    >>> found = share_differences(estimate_shares(labelled, truth, by="year"), "2024", "2025")
    >>> bool(found.set_index("label").loc["gray", "high"] < 0)
    True
    """
    columns = list(shares.columns[: list(shares.columns).index("label")])
    if len(columns) != 1:
        raise DataError(f"Differences are between values of one column, and these shares are by {len(columns)}.")
    name = columns[0]
    parts = []
    for value in (first, second):
        names = shares[name].astype(str)
        part = shares[names == value]
        if not len(part):  # written in another case
            part = shares[names.str.casefold() == value.casefold()]
        if not len(part):
            known = ", ".join(str(group) or "(empty)" for group in pd.unique(shares[name])[:20])
            raise DataError(f"No group {value!r} in column {name!r}; its groups are: {known}.")
        parts.append(part[["definition", "label", "plain", "share", "low", "high", "method", "warning"]])
    both = comparable(pd.concat(parts, keys=(0, 1), names=["part"]).reset_index("part"))
    figures = both.set_index(["definition", "label"])[["part", "share", "low", "high"]]
    a, b = (figures[figures["part"] == i] for i in (0, 1))
    b = b.reindex(a.index)
    difference = b["share"] - a["share"]
    down = np.sqrt((b["share"] - b["low"]) ** 2 + (a["high"] - a["share"]) ** 2)
    up = np.sqrt((b["high"] - b["share"]) ** 2 + (a["share"] - a["low"]) ** 2)
    out = pd.DataFrame(
        {
            "first": a["share"],
            "second": b["share"],
            "difference": difference,
            "low": difference - down,
            "high": difference + up,
            "p": _p(difference, np.where(difference > 0, down, up)),
        }
    )
    return out.reset_index()


def _p(difference: pd.Series, half: np.ndarray) -> np.ndarray:
    """Two-sided p by the half of the interval that reaches towards no difference."""
    from scipy.special import ndtr

    z = np.abs(difference.to_numpy()) / np.maximum(half / 1.959964, 1e-12)
    return np.asarray(2 * ndtr(-z))
