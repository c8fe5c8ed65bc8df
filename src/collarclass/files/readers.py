"""The choice of a reader for a source, several sources read as one, and a part of the rows."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from collarclass.errors import DataError
from collarclass.files.batch import Batch, Choose, Reader
from collarclass.files.encoding import Encoding
from collarclass.files.formats import FORMATS, name_format, open_source
from collarclass.files.layout import Layout
from collarclass.files.remote import is_remote
from collarclass.files.source import Source

_ALL = 5000  # rows a batch where rows are only counted


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
    kind, _ = name_format(source.member or source.path, layout.format)
    if kind is None:
        kind = FORMATS["json" if source.begins_with() in (b"{", b"[") else "csv"]
    return kind.read(source, layout, choose)


class SeveralReader(Reader):
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
        """The columns of a source; those that are read of the first one count for all.

        Where bad sources are left out, each is read to its end before any is labelled: one that breaks midway would
        otherwise leave some of its rows in the result.
        """
        source = open_source(path)
        try:
            if not (source.regular or is_remote(path)):
                raise DataError(f"{path} is no file, and is read alone, not among several sources.")
            reader = open_reader(source, self._layout)
            if self._layout.skip_bad_files:
                for _ in reader.batches(_ALL):
                    pass
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
            self._open = source = open_source(path)
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
        batch.as_rows = own if table is not None else lambda batch: [{column: path, **row} for row in own(batch)]
        return batch


class PartReader(Reader):
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
        self.chosen, self.delimiter = reader.chosen, reader.delimiter
        self.sheet, self.header_row = reader.sheet, reader.header_row
        self.header, self.header_end, self.lead = reader.header, reader.header_end, reader.lead
        self.schema = None if reader.schema is None or select is not None else reader.schema
        self.raw = reader.raw and select is None and reader.format == "csv"
        self.names = list(select) if select is not None else reader.names

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
    source = open_source(paths[0])
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
