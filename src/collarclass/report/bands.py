"""Numbers as people write them, and columns of many of them put together into a few bands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FEW_NUMBERS = 12  # distinct ones that are shown as they are
_BANDS = 5
_NUMBER = re.compile(r"\s*[$£€¥￥]?\s*(-?(?:\d[\d,，]*(?:\.\d+)?|\.\d+))\s*([kK千万亿]?)\s*[$£€¥￥元]?\s*")
_TIMES = {"": 1, "k": 1e3, "千": 1e3, "万": 1e4, "亿": 1e8}


def numbers_of(cells: Iterable[str]) -> NDArray[np.float64]:
    """What cells say as numbers, also with a sign of money or in thousands; NaN for what is none.

    Examples
    --------
    >>> numbers_of(["1,250.5", "¥8000", "50k", "1.5万", "by agreement", ""]).tolist()
    [1250.5, 8000.0, 50000.0, 15000.0, nan, nan]
    """
    found = (_NUMBER.fullmatch(cell) for cell in cells)
    return np.array([np.nan if one is None else float(re.sub("[,，]", "", one[1])) * _TIMES[one[2].lower()]
                     for one in found])  # fmt: skip


def are_numbers(cells: Iterable[str], stray: float = 0.1) -> bool:
    """Whether cells are numbers, but for a part of them."""
    found = np.isnan(numbers_of(cells))
    return bool(len(found)) and bool(found.mean() <= stray)


def in_bands(codes: NDArray[np.integer], values: Sequence[str]) -> tuple[NDArray[np.int32], list[str]] | None:
    """Rows by bands of about as many each, and the bands' names; None where the values are few, or no numbers.

    Rows without a number have the code -1.

    Examples
    --------
    >>> in_bands(np.arange(50), [str(1000 + 10 * i) for i in range(50)])[1]
    ['1,000 – 1,100', '1,100 – 1,200', '1,200 – 1,290', '1,290 – 1,390', '1,390 – 1,490']
    """
    distinct = {value for value in values if value.strip()}
    if len(distinct) <= FEW_NUMBERS or not are_numbers(distinct):
        return None
    cells = np.append(numbers_of(values), np.nan)[codes]
    edges = np.unique(np.quantile(cells[~np.isnan(cells)], np.linspace(0, 1, _BANDS + 1), method="nearest"))
    band = np.searchsorted(edges[1:-1], np.nan_to_num(cells), "right")
    names = [f"{a:,.10g} – {b:,.10g}" for a, b in zip(edges, edges[1:], strict=False)] or [f"{edges[0]:,.10g}"]
    return np.where(np.isnan(cells), -1, band).astype(np.int32), names


def is_band(name: str) -> bool:
    """Whether a name is that of a band."""
    return " – " in name and are_numbers(name.split(" – "))


def categories(codes: NDArray[np.integer], names: Sequence[str]) -> pd.Categorical:
    """Rows as pandas has them; one without a value has an empty name."""
    codes = np.where(codes < 0, len(names), codes).astype(np.int32)
    return pd.Categorical.from_codes(codes, pd.Index([*names, ""], dtype=object))
