"""Tables of ads with labels, of any format and encoding, as pandas tables of text: the one reader of them all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from collarclass.errors import DataError
from collarclass.files.batch import SHIFTED, Batch
from collarclass.files.formats import name_target
from collarclass.files.layout import Layout, Reader
from collarclass.files.parquet import READ as DESCRIBED
from collarclass.files.readers import FileInput, open_reader
from collarclass.files.resumable_output import columns_of
from collarclass.files.writers import BuiltWriter, cell_bytes
from collarclass.tables.columns import Columns
from collarclass.text.cells import well_formed

READ = "columns read"
_ROWS = 5000


def iter_table(
    path: str | os.PathLike[str],
    *,
    strict: bool = False,
    rows: int = _ROWS,
    on_open: Callable[[FileInput], object] | None = None,
) -> Iterator[pd.DataFrame]:
    """Read a table in parts of at most so many rows, every cell as text; missing values are empty.

    There is at least one part, perhaps without rows. Its `attrs` have under `READ` the columns that were read when the
    table was labelled. `on_open` gets the layout of the file first. With `strict` a row that is not as the header has
    it is an error.
    """
    with open_reader(path, Layout(every_column=True), _first_column) as reader:
        if on_open is not None:
            on_open(FileInput.of(reader).reading(None))
        read = columns_of(Path(os.fspath(path))) or _described(reader)
        names, done = [well_formed(name) for name in reader.names], 0
        for batch in reader.batches(rows):
            for number, note in sorted(batch.notes.items()):
                if strict and note[0].template in SHIFTED:
                    raise DataError(
                        "{file}, row {row}: {note}; correct the row.", file=Path(reader.where).name,
                        row=done + number + 2, note=note[0],
                    )  # fmt: skip
            cells = [[cell_text(row.get(name)) for name in reader.names] for row in batch.rows()]
            part = pd.DataFrame(cells, columns=names, index=range(done, done + len(cells)), dtype=str)
            part.attrs[READ] = read
            yield part
            done += len(cells)
        if not done:
            yield pd.DataFrame([], columns=names, dtype=str)


def read_table(path: str | os.PathLike[str], *, on_open: Callable[[FileInput], object] | None = None) -> pd.DataFrame:
    """Read a whole table, every cell as text; a ragged row is an error that names it as a spreadsheet counts."""
    return pd.concat(list(iter_table(path, strict=True, on_open=on_open)), ignore_index=True)


def _described(reader: Reader) -> dict[str, Any]:
    """The columns that were read when a Parquet file was labelled, as it says of itself."""
    metadata = reader.schema.metadata if reader.schema is not None else None
    return dict(json.loads(metadata[DESCRIBED])) if metadata and DESCRIBED in metadata else {}


def rewrite(source: str, target: str, fresh: Path, added: pa.Table) -> None:
    """Write a source's rows with columns on the right into a fresh file, in the format that the target's name says."""
    to_format, compression = name_target(target, None)
    layout = Layout(every_column=to_format.columns_first)
    with open_reader(source, layout, _first_column, twice=True) as reader:
        for name in added.column_names:
            if name in reader.names:
                raise DataError(
                    "{name} has a column {duplicates!r} already: drop or rename it first.", name=Path(source).name,
                    duplicates=name,
                )  # fmt: skip

        def rows() -> Iterator[tuple[Batch, pa.Table]]:
            at = 0
            for batch in reader.batches(_ROWS):
                yield batch, added.slice(at, len(batch))
                at += len(batch)

        writer = to_format.write(reader, list(added.schema))
        if isinstance(writer, BuiltWriter):
            writer.check(len(added))
        writer.build(rows, fresh, compression)


def _first_column(columns: list[str], *_: object) -> Columns:
    return Columns(None, (columns[0],))


def cell_text(value: Any) -> str:
    """A cell as text: nothing for a missing value, and no lone surrogates."""
    return well_formed(value) if isinstance(value, str) else cell_bytes(value).decode("utf-8", "replace")
