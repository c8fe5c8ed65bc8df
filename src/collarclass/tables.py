"""Rows in, the same rows out with the labels' columns added: the one batch function behind every table."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from .api import default_model
from .errors import DataError
from .lexicon import column_names
from .model import NOTES, UNCLEAR, Labels, Model
from .result import LABELS, LEVELS, STATUSES

COLUMNS = (
    "collar",
    "collar_confidence",
    "academic_score",
    "hands_on_score",
    "p_white",
    "p_blue",
    "p_gray",
    "schooling_level",
    "schooling_status",
    "collar_evidence",
    "collar_note",
    "collar_model",
)
_DECIMALS = 4


def find_columns(
    columns: Iterable[Hashable],
    title: Hashable | None = None,
    text: Hashable | None = None,
    where: str = "the table",
) -> tuple[Hashable | None, Hashable]:
    """Find the columns that hold job titles and ad texts.

    Parameters
    ----------
    columns : iterable of hashable
        The columns there are.
    title, text : hashable, optional
        Their names, if known; otherwise common English and Chinese names are tried.
    where : str
        How to call the table in an error.

    Returns
    -------
    title : hashable or None
        None when there is no column of titles.
    text : hashable
        The column of texts; the titles' own when titles are all there is.

    Raises
    ------
    DataError
        If a named column is missing or no column of texts can be found.

    Examples
    --------
    >>> find_columns(["id", "Job Title", "Description"])
    ('Job Title', 'Description')
    """
    columns = list(columns)
    listing = ", ".join(map(str, columns)) or "none"
    for name in (title, text):
        if name is not None and name not in columns:
            near = difflib.get_close_matches(str(name), [str(c) for c in columns], n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise DataError(f"No column {name!r} in {where}; its columns are: {listing}.{hint}")
    known = column_names()
    plain = {
        "".join(c for c in str(column).casefold() if c.isalnum()): column for column in reversed(columns)
    }

    def first(kind: str, *taken: Hashable) -> Hashable | None:
        return next((plain[n] for n in known[kind] if n in plain and plain[n] not in taken), None)

    text = text if text is not None else first("text", title)
    title = title if title is not None else first("title", text)
    if text is None:
        if title is None:
            raise DataError(
                f"No column of ad texts found in {where}; its columns are: {listing}. "
                "Name it with text=... in Python or --text on the command line."
            )
        return None, title
    return title, text


def label_columns(
    texts: Sequence[str],
    titles: Sequence[str | None] | None,
    *,
    model: Model,
    evidence: bool = True,
    prefix: str = "",
) -> pa.Table:
    """Label a batch and lay the results out as the columns that tables and files get.

    Parameters
    ----------
    texts : sequence of str
    titles : sequence of str or None, or None
    model : Model
    evidence : bool
        Whether `collar_evidence` is filled; it is empty otherwise.
    prefix : str
        Put before the columns' names.

    Returns
    -------
    pyarrow.Table
        One row per text, columns `COLUMNS`. The numbers of an unclear row are null.
    """
    found = model.label(texts, titles, evidence)
    return pa.table(
        [_column(name, found, model) for name in COLUMNS], names=[prefix + name for name in COLUMNS]
    )


def _column(name: str, found: Labels, model: Model) -> pa.Array:
    unclear = found.label == UNCLEAR
    if name == "collar":
        return _words((*LABELS, "unclear"), found.label)
    if name == "schooling_level":
        return _words(("", *LEVELS), found.level + 1)
    if name == "schooling_status":
        return _words(STATUSES, found.status)
    if name == "collar_note":
        return _words(NOTES, found.note)
    if name == "collar_evidence":
        return pa.array(found.evidence, pa.string())
    if name == "collar_model":
        return pa.array([model.identity] * len(unclear), pa.string())
    numbers = {
        "collar_confidence": found.probabilities.max(axis=1),
        "academic_score": found.scores[:, 0],
        "hands_on_score": found.scores[:, 1],
        **{f"p_{label}": found.probabilities[:, k] for k, label in enumerate(LABELS)},
    }
    return pa.array(np.round(numbers[name], _DECIMALS), pa.float64(), mask=unclear)


def _words(words: Sequence[str], codes: Any) -> pa.Array:
    return pa.array(words, pa.string()).take(pa.array(codes.astype(np.int64)))


def label_table(
    table: pd.DataFrame,
    *,
    title: Hashable | None = None,
    text: Hashable | None = None,
    evidence: bool = True,
    prefix: str = "",
    model: Model | None = None,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Label every row of a pandas table.

    Parameters
    ----------
    table : DataFrame
        With a column of ad texts and, if there is one, a column of job titles. Missing values (None,
        NaN) count as empty; other values that are not text are read as their text.
    title, text : hashable, optional
        The columns' names, if they are not among the common ones.
    evidence : bool, default=True
        Whether to name the words that decided; faster without.
    prefix : str
        Put before the names of the added columns.
    model : Model, optional
    n_jobs : int, default=1
        Number of worker processes; -1 for one per processor.

    Returns
    -------
    DataFrame
        A new table: the same rows, index and columns, and `COLUMNS` added on the right.

    Raises
    ------
    DataError
        If a column is missing, or one to be added is there already.

    Examples
    --------
    >>> import pandas as pd
    >>> ads = pd.DataFrame({"title": ["Welder"], "description": ["MIG welding of steel frames, days."]})
    >>> label_table(ads)["collar"].tolist()
    ['blue']
    """
    title, text = find_columns(table.columns, title, text)
    check_free(table.columns, prefix, "the table")
    texts = _strings(table[text])
    titles = _strings(table[title]) if title is not None else None
    added = label_parallel(
        texts, titles, model=model or default_model(), evidence=evidence, prefix=prefix, n_jobs=n_jobs
    )
    columns = added.to_pandas()
    columns.index = table.index
    labelled: pd.DataFrame = pd.concat([table, columns], axis=1)
    return labelled


def check_free(columns: Iterable[Hashable], prefix: str, where: str) -> None:
    """Refuse to add a column that is there already."""
    clash = [prefix + name for name in COLUMNS if prefix + name in set(columns)]
    if clash:
        raise DataError(
            f"Column {clash[0]!r} is already in {where}: give the added columns a prefix "
            "(prefix=... in Python, --prefix on the command line) or drop it first."
        )


def label_parallel(
    texts: Sequence[str],
    titles: Sequence[str | None] | None,
    *,
    model: Model,
    evidence: bool,
    prefix: str = "",
    n_jobs: int = 1,
) -> pa.Table:
    """`label_columns` over several processes; the same rows in the same order."""
    if n_jobs == 1 or len(texts) < 1000:
        return label_columns(texts, titles, model=model, evidence=evidence, prefix=prefix)
    from joblib import Parallel, delayed, effective_n_jobs

    n = effective_n_jobs(n_jobs)
    cuts = np.linspace(0, len(texts), n * 4 + 1).astype(int)
    parts = Parallel(n_jobs=n)(
        delayed(label_columns)(
            texts[a:b],
            titles[a:b] if titles is not None else None,
            model=model,
            evidence=evidence,
            prefix=prefix,
        )
        for a, b in zip(cuts[:-1], cuts[1:], strict=True)
    )
    return pa.concat_tables(parts)


def _strings(column: pd.Series[Any]) -> list[str]:
    if isinstance(column, pd.DataFrame):
        raise DataError(f"Two columns are called {column.columns[0]!r}: rename one of them.")
    empty = column.isna()
    return ["" if missing else str(value) for value, missing in zip(column, empty, strict=True)]
