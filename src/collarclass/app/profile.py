"""What a file holds before it is labelled: rows, empty texts, languages, repeated ads, dates, odd rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from collarclass.app.messages import note_said
from collarclass.errors import DataError
from collarclass.files.batch import Batch
from collarclass.files.formats import open_source
from collarclass.files.layout import Layout
from collarclass.files.readers import open_reader
from collarclass.files.table import cell_text
from collarclass.shares.dates import find_periods, is_dates
from collarclass.tables.columns import Columns
from collarclass.text.language import language

MAX_ROWS = 200_000
_LETTERS = 300  # of a text, by which its language is known
_EVERY_ROW, _EVERY = 1000, 50  # rows whose language is looked at: the first ones, then one in so many
_ROWS = 2000
_MAX_GROUPS, _MAX_VALUES, _MAX_VALUE_CHARACTERS = 5, 30, 40
_MAX_ODD_ROWS = 10


def propose(
    rows: Sequence[dict[str, Any]], columns: Sequence[str], taken: Sequence[str]
) -> tuple[str | None, list[str]]:
    """The first column of dates, and columns of a few values each that repeat, by some rows."""
    table = pd.DataFrame([[cell_text(row.get(name)) for name in columns] for row in rows], columns=list(columns))
    date, groups = None, []
    for name in dict.fromkeys(columns):
        cells = table[name] if name not in taken and list(columns).count(name) == 1 else pd.Series([], dtype=str)
        values = [value for value in cells.unique() if value.strip()]
        if date is None and values and is_dates(values[:200]):
            date = name
        elif 2 <= len(values) <= min(_MAX_VALUES, len(cells) / 2) and max(map(len, values)) <= _MAX_VALUE_CHARACTERS:
            groups.append(name)
    return date, groups[:_MAX_GROUPS]


def profile(path: Path, layout: Layout, columns: Columns, date: str | None) -> dict[str, Any]:
    """Look through a file, or through its first rows where it has very many.

    Parameters
    ----------
    path : Path
    layout : Layout
    columns : Columns
        Those that are read.
    date : str, optional
    """
    n = empty = repeated = untitled = 0
    languages: Counter[str] = Counter()
    n_odd = 0
    odd: list[dict[str, Any]] = []
    months: Counter[str] = Counter()
    dated: Counter[str] = Counter()
    seen: set[int] = set()
    source = open_source(str(path))
    try:
        read = replace(columns, code=date)  # codes say nothing here, and dates are read in their place
        reader = open_reader(source, layout, lambda names, where, kinds: read)
        whole = True
        for batch in reader.batches(_ROWS):
            if n >= MAX_ROWS:
                whole = False
                break
            for number, note in sorted(batch.notes.items()):
                n_odd += 1
                if len(odd) < _MAX_ODD_ROWS:
                    odd.append({"row": n + number + 1, "note": note})
            for number, (title, text) in enumerate(_ads(batch), n):
                empty += not text.strip()
                untitled += not title.strip()
                if text.strip() and (number < _EVERY_ROW or number % _EVERY == 0):
                    languages[language(text[:_LETTERS])] += 1
                words = hash((title, text))
                repeated += words in seen and bool(text.strip())
                seen.add(words)
            if date is not None:
                dated.update(batch.codes or ())
            n += len(batch)
    finally:
        source.close()
    undated = 0
    if date is not None:
        try:
            for value, month in zip(dated, find_periods(list(dated)), strict=True):
                months[month] += dated[value]
            undated = months.pop("", 0)
        except DataError:  # the order of day and month cannot be told
            undated = n
    return {
        "rows": n, "whole": whole, "empty": empty, "untitled": untitled if columns.has_titles else 0,
        "languages": {name: count for name, count in languages.most_common() if count}, "repeated": repeated,
        "first": min(months, default=None), "last": max(months, default=None), "undated": undated,
        "odd": [{**one, "note": note_said(one["note"])} for one in odd], "n_odd": n_odd,
    }  # fmt: skip


def _ads(batch: Batch) -> Any:
    return zip(batch.titles if batch.titles is not None else [""] * len(batch), batch.texts, strict=True)
