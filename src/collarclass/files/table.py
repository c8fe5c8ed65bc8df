"""Tables of ads with labels, of any format and encoding, as pandas tables of text: the one reader of them all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from collarclass.errors import DataError
from collarclass.files.file_input import FileInput
from collarclass.files.formats import open_source
from collarclass.files.layout import Layout
from collarclass.files.readers import open_reader
from collarclass.files.writers import cell_bytes
from collarclass.tables.columns import Columns
from collarclass.text.unicode import well_formed

_ROWS = 5000
_SHIFTED = ("row has ", "a quote is ", "text after a closing quote", "not a JSON object")


def iter_table(
    path: str | os.PathLike[str],
    *,
    strict: bool = False,
    rows: int = _ROWS,
    typed: bool = False,
    on_open: Callable[[FileInput], object] | None = None,
) -> Iterator[pd.DataFrame]:
    """Read a table in parts, every cell as text, or as the file has it.

    Parameters
    ----------
    path : path-like
        CSV, TSV, JSON Lines, a JSON array, Parquet or Excel, compressed or not; "-" is standard input.
    strict : bool
        Whether a row that is not as the header has it is an error.
    rows : int
        How many rows a part has at most.
    typed : bool
        Whether numbers, dates, truth values, lists and missing values stay what they are, in formats that have them.
    on_open : callable, optional
        Gets the layout of the file before the first part comes.

    Yields
    ------
    DataFrame
        With all columns and a running index; missing values are empty, and replacement characters stand for lone
        surrogates. At least one, perhaps without rows.

    Raises
    ------
    DataError
        If the file is missing or is not what it should be.
    """
    source = open_source(os.fspath(path))
    try:
        layout = Layout(every_column=True)
        reader = open_reader(source, layout, lambda columns, where, kinds: Columns(None, (columns[0],)))
        if on_open is not None:
            on_open(FileInput.of(reader).reading(None))
        names, done = [well_formed(name) for name in reader.names], 0
        for batch in reader.batches(rows):
            for number, note in sorted(batch.notes.items()):
                if strict and note.startswith(_SHIFTED):
                    raise DataError(f"{Path(source.name).name}, row {done + number + 2}: {note}; correct the row.")
            read = cell_value if typed else cell_text
            cells = [[read(row.get(name)) for name in reader.names] for row in batch.rows()]
            kind = object if typed else str
            yield pd.DataFrame(cells, columns=names, index=range(done, done + len(cells)), dtype=kind)
            done += len(cells)
        if not done:
            yield pd.DataFrame([], columns=names, dtype=str)
    finally:
        source.close()


def read_table(
    path: str | os.PathLike[str], *, on_open: Callable[[FileInput], object] | None = None
) -> pd.DataFrame:
    """Read a whole table, every cell as text; a ragged row is an error.

    Parameters
    ----------
    path : path-like
    on_open : callable, optional
        As in `iter_table`.

    Returns
    -------
    DataFrame

    Raises
    ------
    DataError
        Naming the file and what to do, and for a ragged or broken row its number (the first row of data
        is row 2, as a spreadsheet counts).
    """
    return pd.concat(list(iter_table(path, strict=True, on_open=on_open)), ignore_index=True)


def cell_value(value: Any) -> Any:
    """A cell as the file has it; text without lone surrogates."""
    return cell_text(value) if isinstance(value, (str, bytes, memoryview)) else value


def cell_text(value: Any) -> str:
    """A cell as text: nothing for a missing value, and no lone surrogates."""
    return well_formed(value) if isinstance(value, str) else cell_bytes(value).decode("utf-8", "replace")
