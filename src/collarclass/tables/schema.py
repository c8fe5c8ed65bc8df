"""The one list of output columns: name, type, meaning, and how to get the values.

Every output is made from it: pandas and Arrow tables, files, Dask, Spark, and the README's table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from collarclass.definitions.labels import BASES, COLLARS, LABELS, LEVELS, NOTES, STATUSES, UNCLEAR
from collarclass.labelling.options import Options
from collarclass.model.predict import Predictions
from collarclass.result import DECIMALS, Classification
from collarclass.text.cells import well_formed

if TYPE_CHECKING:
    import pandas as pd

NAMES = pa.list_(pa.string())  # joined in files and on screens that have no lists: `arrow.without_lists`


@dataclass(frozen=True, slots=True)
class Column:
    """One column that labelling adds to a table."""

    name: str  # without the user's prefix
    type: pa.DataType  # text, a list of texts, or a floating-point number
    meaning: str  # for documentation
    values: Callable[[Predictions, str], pa.Array]  # from predictions and the model's identity

    @property
    def attribute(self) -> str:
        """What a `Classification` and the interface for programs call it: the label of `collar`, else without that."""
        return "label" if self.name == "collar" else self.name.removeprefix("collar_")


def _words(words: Sequence[str | None], codes: Any) -> pa.Array:
    return pa.array(words, pa.string()).take(pa.array(codes.astype(np.int64)))


def _quoted(words: Sequence[str]) -> pa.Array:
    """Words of the ads themselves."""
    return pa.array(words if "".join(words).isascii() else list(map(well_formed, words)), pa.string())


def _number(name: str, meaning: str, get: Callable[[Predictions], Any]) -> Column:
    """A column of numbers, null where there is none."""

    def values(found: Predictions, model: str) -> pa.Array:
        numbers = np.round(get(found), DECIMALS)
        return pa.array(numbers, pa.float64(), mask=np.isnan(numbers))

    return Column(name, pa.float64(), meaning, values)


def _text(name: str, meaning: str, get: Callable[[Predictions, str], pa.Array]) -> Column:
    return Column(name, pa.string(), meaning, get)


PROBABILITIES: tuple[str, ...] = tuple(f"p_{label}" for label in LABELS)
SCHEMA: tuple[Column, ...] = (
    _text("collar", "`white`, `blue`, `gray` or `unclear`", lambda p, m: _words(COLLARS, p.label)),
    _number(
        "collar_confidence",
        "probability of the label, 0 to 1, calibrated on ads held out of training; null for `unclear`",
        lambda p: p.confidence,
    ),
    _number(
        "academic_score",
        "academic credential, 0 to 1: a quarter of the codebook's rating, not a probability; null, as are the "
        "numbers below, if the text says nothing at all",
        lambda p: p.scores[:, 0],
    ),
    _number("hands_on_score", "hands-on skill, in the same way", lambda p: p.scores[:, 1]),
    *(
        _number(name, f"probability of {label}", lambda p, k=k: p.probabilities[:, k])  # type: ignore[misc]
        for k, (name, label) in enumerate(zip(PROBABILITIES, LABELS, strict=True))
    ),
    _text(
        "schooling_level",
        f"stated schooling: {', '.join(f'`{name}`' for name in LEVELS)}; null when unstated",
        lambda p, m: _words((None, *LEVELS), p.level + 1),
    ),
    _text(
        "schooling_status",
        "`required`, `preferred`, `substitutable` (or experience), `not_needed`, `unstated`",
        lambda p, m: _words(STATUSES, p.status),
    ),
    Column(
        "certificates",
        NAMES,
        "certificates and licences that the ad asks for, by the names of the table of credentials: a list, which CSV "
        "and Excel hold as text with `; ` between the names",
        lambda p, m: pa.array([list(map(well_formed, names)) for names in p.certificates], NAMES),
    ),
    _text(
        "vocational_certificate",
        "how a vocational certificate is asked for, in the same words as schooling",
        lambda p, m: _words(STATUSES, p.vocational_certificate),
    ),
    _text(
        "academic_certificate",
        "how a certificate that rests on study is asked for",
        lambda p, m: _words(STATUSES, p.academic_certificate),
    ),
    _text(
        "collar_basis",
        "what the row was judged from: `ad`, `title` or `occupation`",
        lambda p, m: _words(BASES, p.basis),
    ),
    _text(
        "collar_evidence",
        "up to five words that speak most for the label, strongest first, separated by `; `",
        lambda p, m: _quoted([w if k != UNCLEAR else "" for w, k in zip(p.words, p.label.tolist(), strict=True)]),
    ),
    _text(
        "collar_note",
        "why an ad is unclear, that there are more posts, or what was wrong with its row; otherwise empty",
        lambda p, m: _words(NOTES, p.shown_note),
    ),
    _text(
        "collar_model",
        "name and version of the model",
        lambda p, m: pa.array([m] * len(p.label), pa.string()),
    ),
)
COLUMNS: tuple[str, ...] = tuple(column.name for column in SCHEMA)
NUMBERS: tuple[str, ...] = tuple(c.name for c in SCHEMA if pa.types.is_floating(c.type) or pa.types.is_integer(c.type))
LISTS: tuple[str, ...] = tuple(column.name for column in SCHEMA if pa.types.is_list(column.type))
SCORES: tuple[str, ...] = tuple(name for name in NUMBERS if name.endswith("_score"))


# Added on request: the occupation nearest to a row's title.
OCCUPATION_FIELDS: tuple[tuple[str, pa.DataType, str], ...] = (
    ("occupation_code", pa.string(), "O*NET-SOC 2019 code of the occupation nearest to the title"),
    ("occupation_title", pa.string(), "its official title"),
    ("occupation_similarity", pa.float64(), "0 to 1; not a probability"),
)


def fields(prefix: str = "", occupations: bool = False) -> list[pa.Field]:
    """Names and types of the added columns as Arrow fields."""
    found = [pa.field(prefix + column.name, column.type) for column in SCHEMA]
    if occupations:
        found += [pa.field(prefix + name, kind) for name, kind, _ in OCCUPATION_FIELDS]
    return found


def added_fields(options: Options) -> list[pa.Field]:
    """Names and types of the columns that are added under options."""
    return fields(options.prefix, options.occupations)


def prediction_table(found: Predictions, options: Options) -> pa.Table:
    """A judged batch laid out as the added columns."""
    model = options.identity
    columns = [column.values(found, model) for column in SCHEMA]
    return pa.table(columns, schema=pa.schema(fields(options.prefix)))


def to_frame(results: Iterable[Classification]) -> pd.DataFrame:
    """Lay results out as the columns that `label_table` adds.

    Parameters
    ----------
    results : iterable of Classification

    Returns
    -------
    DataFrame
        One row per result, columns `schema.COLUMNS`; numbers that there are not are missing.

    Examples
    --------
    >>> from collarclass import classify_many, to_frame
    >>> to_frame(classify_many(["", "Welder: weld frames in our shop, no schooling needed."]))["collar"].tolist()
    ['unclear', 'blue']
    """
    import pandas as pd

    found = pd.DataFrame([[_cell(result, column) for column in SCHEMA] for result in results], columns=list(COLUMNS))
    return found.astype(dict.fromkeys(NUMBERS, float))


def _cell(result: Classification, column: Column) -> Any:
    if column.name in PROBABILITIES:
        value: Any = result.probabilities[column.name.removeprefix("p_")]
    else:
        value = getattr(result, "words" if column.name == "collar_evidence" else column.attribute)
    if isinstance(value, float):
        return round(value, DECIMALS)
    if isinstance(value, tuple):
        return list(map(well_formed, value))
    return well_formed(value) if isinstance(value, str) else value
