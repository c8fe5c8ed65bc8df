"""Results of `classify_many` as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from collarclass.model.borders import shown
from collarclass.result import Classification
from collarclass.tables.schema import COLUMNS, DECIMALS
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
    numbers: dict[str, float] = {
        "collar_confidence": result.confidence,
        "academic_score": result.academic_score,
        "hands_on_score": result.hands_on_score,
        **{f"p_{label}": p for label, p in result.probabilities.items()},
    }
    unclear = result.label == "unclear"
    named: dict[str, Any] = {
        **{name: float("nan") if unclear else round(value, DECIMALS) for name, value in numbers.items()},
        "collar": result.label,
        "schooling_level": result.schooling_level or "",
        "certificates": well_formed("; ".join(result.certificates)),
        "collar_evidence": ""
        if unclear
        else well_formed("; ".join(shown(reason.text) for reason in result.reasons[:_MAX_RUNS])),
    }
    return {name: named[name] if name in named else _attribute(result, name) for name in COLUMNS}


def _attribute(result: Classification, column: str) -> Any:
    """What a column holds that is named like an attribute: `collar_note` is `note`."""
    return getattr(result, column, None) or getattr(result, column.removeprefix("collar_"), "")
