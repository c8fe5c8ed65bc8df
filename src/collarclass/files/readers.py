"""The choice of a reader for a source, several sources read as one, and a part of the rows."""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, cast

from collarclass.errors import DataError
from collarclass.files.batch import Batch, Choose, HeaderRow, Limits, Reader
from collarclass.files.delimited import DelimitedReader
from collarclass.files.encoding import Encoding, find_encoding, read_sample
from collarclass.files.excel import ExcelReader
from collarclass.files.json_records import JsonReader, all_members
from collarclass.files.parquet import ParquetReader
from collarclass.files.source import EXCEL, Source, name_format
from collarclass.tables.columns import Columns, choose_columns

_ALL = 5000  # rows a batch where rows are only counted


@dataclass(frozen=True, slots=True)
class Layout:
    """How sources are to be read, where their names and contents do not tell.

    Attributes
    ----------
    format, encoding, delimiter, sheet, records : str or None
    header_row : int or None
        The row of column names, from 1; found among the first ones if None.
    skip_rows : int
        Rows below the column names that are no ads.
    title, code : str or None
        Names of columns.
    text : str, sequence of str or None
        The column of texts, or several that are read together.
    file_column : str or None
        A column to add with the name of each row's file.
    select : sequence of str or None
        The columns to keep.
    head, sample : int or None
        How many rows to take: the first, or drawn at random (the same ones every time).
    limits : Limits
    every_column : bool
        Whether all columns must be known before the first row.
    skip_bad_files : bool
        Whether a source among several that cannot be read is left out.
    """

    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    title: str | None = None
    text: str | Sequence[str] | None = None
    code: str | None = None
    file_column: str | None = None
    select: Sequence[str] | None = None
    head: int | None = None
    sample: int | None = None
    limits: Limits = field(default_factory=Limits)
    every_column: bool = False
    header_row: int | None = None
    skip_rows: int = 0
    records: str | None = None
    skip_bad_files: bool = False

    @property
    def named(self) -> tuple[str, ...]:
        """The columns that the user named."""
        texts = (self.text,) if isinstance(self.text, str) else tuple(self.text or ())
        return tuple(name for name in (self.title, *texts, self.code) if name is not None)

    def choose(self, columns: list[str], where: str, kinds: Mapping[Hashable, str]) -> Columns:
        """The columns that are read."""
        return choose_columns(columns, self.title, self.text, where, self.code, kinds)


def open_reader(source: Source, layout: Layout, choose: Choose | None = None) -> Reader:
    """Find out how one source is laid out, and where its titles and texts are.

    Parameters
    ----------
    source : Source
    layout : Layout
        What does not choose rows or columns counts here.
    choose : callable, optional
        Takes the columns, the source's name, and which columns hold no text, and gives those that are
        read; by the layout if not given.
    """
    choose = choose or layout.choose
    kind = _kind(source, layout.format)
    if kind == "parquet":
        return ParquetReader(source, choose, layout.limits)
    if kind in EXCEL:
        rows = HeaderRow(layout.header_row, layout.skip_rows, layout.named)
        return ExcelReader(source, choose, layout.sheet, layout.limits, rows)
    members = None
    if layout.every_column and (kind == "json" or (not kind and source.begins_with() in (b"{", b"["))):
        source.keep()
        members = all_members(source, layout.encoding, layout.limits, layout.records)
        source.rewind()
    sample = read_sample(cast(BinaryIO, source))
    found = find_encoding(sample, layout.encoding)
    start = sample[len(found.bom) :].lstrip(b" \t\r\n\0")[:1]
    if kind == "json" or (not kind and start in (b"{", b"[")):
        reader = JsonReader(source, sample, found, choose, layout.limits, layout.records)
        reader.names = members or reader.names
        return reader
    delimiter = "\t" if kind == "tsv" and not layout.delimiter else layout.delimiter
    rows = HeaderRow(layout.header_row, layout.skip_rows, layout.named)
    return DelimitedReader(source, sample, found, choose, delimiter, layout.limits, rows)


def _kind(source: Source, given: str | None) -> str:
    kind, _ = name_format(source.path, given)
    if source.member:
        kind, _ = name_format(source.member, given)
    return "json" if kind == "jsonl" else kind


class SeveralReader:
    """Several sources as one table with the columns of all, in order of appearance.

    Parameters
    ----------
    paths : sequence of str
    layout : Layout
        With a `file_column`, each row has the name of its file there.
    """

    format = "several"
    raw = False
    encoding = Encoding("utf-8")

    def __init__(self, paths: Sequence[str], layout: Layout) -> None:
        self.tail: list[bytes] = []
        self._paths = paths
        self._layout = replace(layout, every_column=True)
        self._file_column = layout.file_column
        self._done = 0
        self._open: Source | None = None
        self.failed: list[str] = []
        names: dict[str, None] = {}
        read: list[str] = []
        for path in paths:
            if path == "-":
                raise DataError("Standard input is read alone, not among several sources: name files.")
            try:
                names |= dict.fromkeys(self._look(path, first=not read))
                read.append(path)
            except DataError as error:
                if not layout.skip_bad_files:
                    raise
                self.failed.append(str(error))
        if not read:
            raise DataError(self.failed[0])
        self._paths = read
        if self._file_column in names:
            raise DataError(f"Column {self._file_column!r} is there already: give the column of file names another.")
        self.names = [*([self._file_column] if self._file_column else []), *names]

    def _look(self, path: str, first: bool) -> list[str]:
        """The columns of a source; those that are read of the first one count for all."""
        source = Source(path)
        try:
            if not source.regular:
                raise DataError(f"{path} is no file, and is read alone, not among several sources.")
            reader = open_reader(source, self._layout)
            if first:
                self.chosen = reader.chosen
            return reader.names
        finally:
            source.close()

    @property
    def share(self) -> float:
        """How much has been read, by number of sources."""
        inside = self._open.share if self._open is not None else 0.0
        return (self._done + inside) / len(self._paths)

    def batches(self, size: int) -> Iterator[Batch]:
        """Read the rows of one source after the other."""
        for path in self._paths:
            self._open = source = Source(path)
            try:
                for batch in open_reader(source, self._layout).batches(size):
                    yield self._named(batch, path)
            finally:
                source.close()
            self._open, self._done = None, self._done + 1

    def _named(self, batch: Batch, path: str) -> Batch:
        column, own = self._file_column, batch.as_rows
        if column is None:
            return batch
        batch.table = None if batch.table is None else batch.table.add_column(0, column, [[path] * len(batch)])
        table = batch.table
        batch.as_rows = (
            own if table is not None else lambda batch: [{column: path, **row} for row in own(batch)]
        )
        return batch


class PartReader:
    """Some rows, and some columns, of a reader.

    Parameters
    ----------
    reader : Reader
    rows : sequence of int or None
        Numbers of the rows to take, ascending; None takes all.
    select : sequence of str or None
        The columns to keep; None keeps all.
    """

    def __init__(self, reader: Reader, rows: Sequence[int] | None, select: Sequence[str] | None) -> None:
        missing = [name for name in select or () if name not in reader.names]
        if missing:
            raise DataError(f"No column {missing[0]!r} to select; the columns are: {', '.join(reader.names)}.")
        self._reader, self._rows, self._select = reader, rows, select
        self.format, self.encoding, self.tail = reader.format, reader.encoding, reader.tail
        self.chosen = reader.chosen
        self.raw = reader.raw and select is None and reader.format == "csv"
        self.names = list(select) if select is not None else reader.names

    def __getattr__(self, name: str) -> Any:  # header, delimiter, share, …
        return getattr(self._reader, name)

    def batches(self, size: int) -> Iterator[Batch]:
        """Read the rows to be taken; stops as soon as there are no more of them."""
        at = next_row = 0
        for batch in self._reader.batches(size):
            if self._rows is not None:
                stop = next_row
                while stop < len(self._rows) and self._rows[stop] < at + len(batch):
                    stop += 1
                at, which = at + len(batch), [row - at for row in self._rows[next_row:stop]]
                next_row = stop
                batch = batch.take(which)
            if len(batch) or self._rows is None:
                yield self._selected(batch)
            if self._rows is not None and next_row == len(self._rows):
                return

    def _selected(self, batch: Batch) -> Batch:
        select, own = self._select, batch.as_rows
        if select is not None:
            if batch.table is not None:
                batch.table = batch.table.select(list(select))
            else:
                batch.as_rows = lambda batch: [{name: row.get(name) for name in select} for row in own(batch)]
        return batch


def open_all(paths: Sequence[str], layout: Layout) -> tuple[Reader, Source | SeveralReader]:
    """Open one source or several as one reader; the second value tells how far it has been read.

    Raises
    ------
    DataError
        If a source is missing or is not what it should be.
    """
    if len(paths) > 1 or layout.file_column is not None:
        several = SeveralReader(paths, layout)
        reader: Reader = several
        rows = _rows_to_take(SeveralReader(paths, layout) if layout.sample is not None else None, layout)
        return _part(reader, rows, layout), several
    source = Source(paths[0])
    try:
        if layout.sample is not None:
            source.begins_with()
            source.keep()
            rows = _rows_to_take(open_reader(source, layout), layout)
            source.rewind()
        else:
            rows = _rows_to_take(None, layout)
        return _part(open_reader(source, layout), rows, layout), source
    except BaseException:
        source.close()
        raise


def _rows_to_take(reader: Reader | None, layout: Layout) -> Sequence[int] | None:
    if reader is None:
        return range(layout.head) if layout.head is not None else None
    n = sum(len(batch) for batch in reader.batches(_ALL))
    n = n if layout.head is None else min(n, layout.head)
    return sorted(random.Random(0).sample(range(n), min(layout.sample or 0, n)))


def _part(reader: Reader, rows: Sequence[int] | None, layout: Layout) -> Reader:
    return reader if rows is None and layout.select is None else PartReader(reader, rows, layout.select)
