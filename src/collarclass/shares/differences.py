"""Differences between the shares of two groups or two periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
import pandas as pd

from collarclass.errors import DataError
from collarclass.messages import Message
from collarclass.shares.shares import columns_of_groups, notes_of_rows, with_notes


def comparable(shares: pd.DataFrame) -> pd.DataFrame:
    """Count all shares of a definition where one was not corrected: else they would differ by their method alone.

    Beside counted ones, and ranges, all come back as counted, without an interval.
    """
    corrected = shares["method"].isin(["corrected", "composite"])
    changed = (~corrected).groupby(shares["definition"]).transform("any")
    notes = [
        (Message("as counted: to be compared, both have to be corrected by annotated ads"),) if late else row
        for late, row in zip((changed & shares["low"].notna()).tolist(), notes_of_rows(shares), strict=True)
    ]
    plain = shares.assign(
        share=shares["share"].where(~changed, shares["plain"]),
        low=shares["low"].mask(changed),
        high=shares["high"].mask(changed),
        method=shares["method"].mask(changed, "counted"),
    )
    return with_notes(plain, notes)


def side_by_side(parts: Mapping[str, pd.DataFrame], name: str) -> pd.DataFrame:
    """Shares of several files in one table, made comparable, with a column that names the file."""
    notes = chain.from_iterable(map(notes_of_rows, parts.values()))
    table = pd.concat(parts, names=[name]).reset_index(level=name).reset_index(drop=True)
    return comparable(with_notes(table, notes))


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
    columns = columns_of_groups(shares)
    if len(columns) != 1:
        raise DataError(
            "Differences are between values of one column, and these shares are by {n_columns}.",
            n_columns=len(columns),
        )  # fmt: skip
    name = columns[0]
    parts = []
    for value in (first, second):
        names = shares[name].astype(str)
        part = shares[names == value]
        if not len(part):  # written in another case
            part = shares[names.str.casefold() == value.casefold()]
        if not len(part):
            known = ", ".join(str(group) or "(empty)" for group in pd.unique(shares[name])[:20])
            raise DataError(
                "No group {value!r} in column {name!r}; its groups are: {known}.", value=value, name=name,
                known=known,
            )  # fmt: skip
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


def many_differences(shares: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Compare several pairs of groups, with a correction for their number.

    Parameters
    ----------
    shares : DataFrame
        From `estimate_shares` with one column in `by`.
    pairs : sequence of (str, str)
        Values of that column.

    Returns
    -------
    DataFrame
        As of `share_differences`, with `from` and `to` first and `p_holm` last: below 0.05 in one row or more by
        chance in one table in twenty, however many rows it has. Intervals are those of each difference alone.

    References
    ----------
    Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6.

    Examples
    --------
    >>> from collarclass import estimate_shares
    >>> labelled = pd.DataFrame({"collar": ["gray", "blue"] * 300, "year": ["2023", "2024", "2025"] * 200})
    >>> truth = pd.DataFrame({"label": ["gray", "blue"] * 75}, index=range(150))
    >>> found = many_differences(estimate_shares(labelled, truth, by="year"), [("2023", "2024"), ("2023", "2025")])
    >>> len(found), bool((found["p_holm"] >= found["p"]).all())
    (8, True)
    """
    parts = [share_differences(shares, *pair).assign(**{"from": pair[0], "to": pair[1]}) for pair in pairs]
    out = pd.concat(parts, ignore_index=True)
    p = out["p"].dropna().sort_values()
    stepped = np.minimum(np.maximum.accumulate(p.to_numpy() * np.arange(len(p), 0, -1)), 1)
    out["p_holm"] = pd.Series(stepped, index=p.index).reindex(out.index)
    return out[["from", "to", *out.columns.drop(["from", "to"])]]


def _p(difference: pd.Series, half: np.ndarray) -> np.ndarray:
    """Two-sided p by the half of the interval that reaches towards no difference."""
    from scipy.special import ndtr

    z = np.abs(difference.to_numpy()) / np.maximum(half / 1.959964, 1e-12)
    return np.asarray(2 * ndtr(-z))
