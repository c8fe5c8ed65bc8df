"""Rows in, the same rows out with the labels' columns added: the one batch function behind every table."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from collarclass.api import default_model
from collarclass.errors import DataError
from collarclass.model.model import Model
from collarclass.model.predict import predict
from collarclass.tables.columns import check_free, find_columns
from collarclass.tables.schema import prediction_table


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
        One row per text, columns `schema.COLUMNS`. The numbers of an unclear row are null.
    """
    return prediction_table(predict(model, texts, titles, evidence), model, prefix)


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
        A new table: the same rows, index and columns, and `schema.COLUMNS` added on the right.

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
