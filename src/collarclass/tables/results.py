"""Results of `classify_many` as a table."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from collarclass.model.borders import shown
from collarclass.result import DECIMALS, Classification
from collarclass.tables.schema import COLUMNS, PROBABILITIES, SCHEMA, Column
from collarclass.text.unicode import well_formed

_MAX_RUNS = 5


def to_frame(results: Iterable[Classification]) -> pd.DataFrame:
    """Lay results out as the columns that `label_table` adds.

    Parameters
    ----------
    results : iterable of Classification

    Returns
    -------
    DataFrame
        One row per result, columns `schema.COLUMNS`; the numbers of an unclear result are missing.

    Examples
    --------
    >>> from collarclass import classify_many, to_frame
    >>> to_frame(classify_many(["", "Welder: weld frames in our shop, no schooling needed."]))["collar"].tolist()
    ['unclear', 'blue']
    """
    return pd.DataFrame([_row(result) for result in results], columns=list(COLUMNS))


def _row(result: Classification) -> dict[str, Any]:
    return {column.name: _cell(result, column) for column in SCHEMA}


def _cell(result: Classification, column: Column) -> Any:
    unclear = result.label == "unclear"
    if column.name in PROBABILITIES:
        value: Any = result.probabilities[column.name.removeprefix("p_")]
    elif column.attribute == "evidence":
        value = "; ".join(shown(reason.text) for reason in result.reasons[:_MAX_RUNS] if not unclear)
    else:
        value = getattr(result, column.attribute, None)
    if isinstance(value, float):
        return math.nan if unclear else round(value, DECIMALS)
    if isinstance(value, tuple):
        return list(map(well_formed, value))
    return well_formed(value or "") if isinstance(value, str | None) else value
