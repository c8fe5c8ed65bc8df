"""CSV, TSV and their like → batches of rows."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from functools import cached_property
from typing import Any, BinaryIO, cast

import pyarrow as pa

from collarclass.errors import DataError
from collarclass.files.batch import FIRST_ROWS, UNDECODABLE, Batch, distinct, unequal
from collarclass.files.csv_records import Dialect, Record, find_delimiter, unquote
from collarclass.files.encoding import blocks, find_encoding, more, read_sample
from collarclass.files.layout import Choose, Layout, Reader
from collarclass.files.source import Limits, Source, too_long, too_many_columns

_FIRST_CELLS = 200_000  # by which columns are known
_LINE_END = re.compile(rb"\r\n|\n|\r")


class DelimitedReader(Reader):
    """CSV, TSV and their like; see `readers.open_reader`."""

    format = "csv"
    raw = True

    def __init__(self, source: Source, layout: Layout, choose: Choose) -> None:
        super().__init__(source, layout, choose)
        self.tail: list[bytes] = []
        sample = read_sample(cast(BinaryIO, source))
        self.encoding = find_encoding(sample, layout.encoding)
        self._blocks = blocks(cast(BinaryIO, source), sample, self.encoding, self.where, self.tail)
        self._block, self._at, self._final = b"", 0, False
        self._row = 1  # as a spreadsheet counts: the header is row 1
        self._refill()
        delimiter = layout.delimiter
        if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n'):
            raise DataError(
                "{delimiter!r} cannot be a delimiter: give a single character such as , or ;", delimiter=delimiter,
            )  # fmt: skip
        self._find_header(delimiter, layout)
        self.chosen = choose(self.columns, self.where, {}, self._first_cells)
        self._places = [self.columns.index(str(name)) for name in self.chosen.every]
        wanted = sorted(self._places)
        self.dialect = Dialect(self.delimiter, len(self.columns), wanted)
        self._groups = [1 + wanted.index(place) for place in self._places]
        self._last = len(wanted) + 1

    def _first_cells(self, name: Hashable) -> list[str]:
        place = self.columns.index(str(name))
        return [unquote(cells[place]).decode("utf-8", "replace") for cells in self._first_rows]

    @cached_property
    def _first_rows(self) -> list[list[bytes]]:
        """The first rows that are as the header has it, as far as they are read already."""
        rows, at, most = list[list[bytes]](), self._at, min(FIRST_ROWS, 1 + _FIRST_CELLS // len(self.columns))
        while len(rows) < most and at < len(self._block):
            record = self.dialect.read(self._block, at, self._final)
            if record is None or len(record.cells) > Limits.columns:
                break
            if len(record.cells) == len(self.columns):
                rows.append(record.cells)
            at = record.next
        return rows

    def _find_header(self, delimiter: str | None, layout: Layout) -> None:
        dialect = Dialect(b",")
        while (start := dialect.blank(self._block, self._at)) == len(self._block) and not self._final:
            self._at = start
            self._refill()
        self._at = start
        if self._at == len(self._block):
            raise DataError("{where} is empty: it should begin with a line of column names.", where=self.where)
        while (line := _LINE_END.search(self._block, self._at)) is None and not self._final:
            self._refill()
        head = self._block[self._at : (line.start() if line else self._at) + (64 << 10)]
        whole = self._final and len(head) == len(self._block) - self._at
        starts = [0, *(end.end() for end in _LINE_END.finditer(head))]
        number = layout.find_header(self._cells(head[start:], whole, delimiter) for start in starts)
        if number >= len(starts) or starts[number] == len(head):
            raise DataError(
                "{where} has no row {row} near its beginning: give another header_row.", where=self.where,
                row=number + 1,
            )  # fmt: skip
        self.header_row = number + 1
        if number:  # what stands above the names is no part of the table
            self._block, self._at, head = self._block[self._at + starts[number] :], 0, head[starts[number] :]
        self.delimiter = delimiter.encode() if delimiter else find_delimiter(head, whole)
        self.dialect = Dialect(self.delimiter)
        while (record := self._read()) is None:
            self._refill()
        self.header = self._block[: record.end]
        self.header_end = self._block[record.end : record.next]
        self._at = record.next
        self.columns: list[str] = [unquote(c).decode("utf-8", "replace") for c in record.cells]
        self.names = distinct(self.columns)
        self.schema = pa.schema([(name, pa.string()) for name in self.names])
        self._row = self.header_row
        for _ in range(layout.skip_rows):
            while (skipped := self._read()) is None:
                self._refill()
            self._at, self._row = skipped.next, self._row + 1

    def _cells(self, head: bytes, whole: bool, delimiter: str | None) -> list[str]:
        """The cells of a line, if it were that of the column names."""
        cut = delimiter.encode() if delimiter else find_delimiter(head, whole)
        record = Dialect(cut).read(head, 0, True)
        return [unquote(cell).decode("utf-8", "replace") for cell in record.cells] if record else []

    def _read(self) -> Record | None:
        record = self.dialect.read(self._block, self._at, self._final)
        if record is not None and len(record.cells) > Limits.columns:
            raise too_many_columns(self.where)
        return record

    def _refill(self) -> None:
        held = self._block[self._at :]
        self._check_length(len(held))
        self._block, self._at = more(held, self._blocks), 0
        self._final = len(self._block) == len(held)

    def _check_length(self, length: int) -> None:
        if length > Limits.row_bytes:
            raise too_long(self.where, self._row)

    def steps(self) -> Iterator[int]:
        while True:
            block, at, batch = self._block, self._at, self.batch
            found = self.dialect.match(block, at)
            whole = found is not None and (found.end() < len(block) or self._final)
            if found is not None and whole and found.start(self._last) > at:  # a blank line is no row of one column
                batch.add(self.chosen, [self._decode(found[group], batch) for group in self._groups])
                end, self._at = found.start(self._last), found.end()
                self._check_length(end - at)
                batch.raw.append((block[at:end], b"", found[self._last]))
                self._row += 1
            elif at == len(block):
                if self._final:
                    return
                self._refill()
            elif block[at : at + 1] in (b"\n", b"\r"):
                self._blank_lines(batch)
            elif (record := self._read()) is None:
                self._refill()
                continue
            else:
                self._irregular(batch, record, block[record.end : record.next])
                self._at = record.next
            yield max(0, self._at - at)

    def _blank_lines(self, batch: Batch) -> None:
        """Keep blank lines, which are no rows, behind the row before them."""
        at, self._at = self._at, self.dialect.blank(self._block, self._at)
        lines = self._block[at : self._at]
        if batch.raw:
            head, after, line_end = batch.raw[-1]
            batch.raw[-1] = head, after, line_end + lines
        else:
            batch.lead += lines

    def _irregular(self, batch: Batch, record: Record, line_end: bytes) -> None:
        cells, n, have = record.cells, len(self.columns), len(record.cells)
        if record.note is not None:
            batch.note(len(batch), record.note)
        if have != n:
            batch.note(len(batch), unequal(have, n))
        own, surplus = cells[:n] + [b""] * (n - have), cells[n:]
        batch.add(self.chosen, [self._decode(own[place], batch) for place in self._places])
        after = b"".join(self.delimiter + c for c in surplus)
        batch.raw.append((self.delimiter.join(own), after, line_end))
        self._row += 1

    def _decode(self, cell: bytes, batch: Batch) -> str:
        cell = unquote(cell)
        try:
            text = cell.decode("utf-8")
        except UnicodeDecodeError:
            if self.encoding.name == "utf-8":
                text = cell.decode(find_encoding(cell).name, "replace")
            else:
                text = (
                    cell.decode("utf-8", "surrogatepass")
                    .encode("utf-16-le", "surrogatepass")
                    .decode("utf-16-le", "replace")
                )
            batch.note(len(batch), UNDECODABLE)
        return text

    def rows(self, batch: Batch) -> list[dict[str, Any]]:
        out = []  # surplus cells stay with the last one
        for head, after, _ in batch.raw:
            cells = [unquote(c).decode("utf-8", "replace") for c in self.dialect.split(head)]
            cells[-1] += after.decode("utf-8", "replace")
            out.append(dict(zip(self.names, cells, strict=True)))
        return out
