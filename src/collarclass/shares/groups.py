"""Groups of ads and their weights: values of columns, periods of dates, names that look alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from collarclass.errors import DataError, no_column
from collarclass.messages import Message
from collarclass.shares.dates import PERIODS, Order, Period, find_periods, is_dates
from collarclass.shares.estimate import Floats
from collarclass.tables.arrow import joined

_SEEN_CELLS = 200  # from which the kind of a column is found


def group_columns(
    table: pd.DataFrame, by: Sequence[str], *, date: str | None = None, date_order: Order | None = None
) -> pd.DataFrame:
    """The columns that make the groups: values as text, dates by period.

    Columns of categories, named as in `by`.
    """
    out = {}
    for name in by:
        if name in table:
            cells = _without_lists(table[name])
            period: Period | None = "month" if is_dates(_some(cells)) else None
        elif name in PERIODS:
            cells, period = table[date if date is not None else find_dates(table)], name
        else:
            raise no_column(name, table.columns, "the table of labelled ads")
        out[name] = pd.Categorical(_values(cells, period, date_order))
    return pd.DataFrame(out, index=table.index)


def _values(cells: pd.Series[Any], period: Period | None, order: Order | None) -> Any:
    """Each distinct value read once."""
    distinct = pd.Categorical(cells)
    texts = ["" if pd.isna(c) else str(c).strip() for c in distinct.categories]
    if period is not None:
        texts = find_periods(distinct.categories, period, order)
    return np.array([*texts, ""], dtype=object)[distinct.codes]


def _without_lists(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Cells of which each can name a group: lists as text."""
    listed = any(isinstance(cell, (list, np.ndarray)) for cell in cells.head(_SEEN_CELLS))
    return cells.map(joined) if listed else cells


def _some(cells: pd.Series[Any], most: int = 2000) -> list[Any]:
    return list(pd.unique(_without_lists(cells)))[:most]


def find_dates(table: pd.DataFrame) -> str:
    """Name of the one column of dates.

    Raises where there is none, or more than one.
    """
    found = [str(name) for name in table.columns if is_dates(_some(table[name], _SEEN_CELLS))]
    if len(found) == 1:
        return found[0]
    raise DataError(
        "{what}: name the one that counts with date=... in Python or --date on the command line.",
        what=Message("Columns {found} all hold dates", found=found) if found else Message("No column holds dates"),
    )  # fmt: skip


def weights_of(table: pd.DataFrame, weight: str | None, unique: str | None) -> Floats:
    out = np.ones(len(table))
    if weight is not None:
        cells = table[weight].astype(object)
        out = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64)
        bad = np.flatnonzero(~(np.isfinite(out) & (out >= 0)))
        if len(bad):
            raise DataError(
                "Row {row}, column {weight!r}: {value!r} is not a weight; give a number from 0 up.", row=bad[0] + 2,
                weight=weight, value=str(cells.iloc[bad[0]])[:40],
            )  # fmt: skip
    if unique is not None:
        out = out / table[unique].map(table[unique].astype(object).value_counts()).to_numpy(np.float64)
    if not out.sum() > 0:
        raise DataError("The weights add up to nothing: there is no ad to take a share of.")
    return out


def similar_names(groups: pd.DataFrame) -> dict[str, str]:
    """Names of groups that differ from a commoner one only in case, width and blanks.

    From each such name to the commonest spelling.
    """
    out = {}
    for column in groups:
        counts = groups[column].astype(object).value_counts(sort=True)
        kept: dict[str, str] = {}
        for name in counts.index:
            key = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
            if kept.setdefault(key, name) != name:
                out[name] = kept[key]
    return out
