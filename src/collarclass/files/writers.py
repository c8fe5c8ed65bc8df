"""Labelled batches → bytes of delimited text or JSON Lines.

Each batch becomes one piece that stands by itself, also when compressed (one gzip member, one zstd
frame), so that a run can stop after any piece and continue with the next.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from collarclass.errors import DataError
from collarclass.files.batch import Batch
from collarclass.files.csv_records import Dialect
from collarclass.files.encoding import Encoding
from collarclass.files.layout import Reader
from collarclass.tables.arrow import without_lists
from collarclass.text.cells import START

_GZIP_LEVEL = 4
_ONE_LINE = str.maketrans("\r\n", "  ")


# Batches of rows and the columns added to each, from the first one on whenever it is called.
Rows = Callable[[], Iterator[tuple[Batch, pa.Table]]]


class Writer:
    """Turns labelled batches into pieces of which a file consists."""

    def begin(self) -> bytes:
        return b""

    def render(self, batch: Batch, added: pa.Table, row: int) -> bytes:
        """The piece of a batch whose first row has the number `row`, from 0."""
        raise NotImplementedError

    def end(self) -> bytes:
        return b""

    def build(self, rows: Rows, target: Path, compression: str = "") -> None:
        """Write a whole file."""
        at = 0
        with target.open("wb") as out:
            out.write(compress(self.begin(), compression))
            for batch, added in rows():
                out.write(compress(self.render(batch, added, at), compression))
                at += len(added)
            out.write(compress(self.end(), compression))


class BuiltWriter(Writer):
    """Makes a file that is no sequence of pieces, when all rows are labelled.

    Until then only the added columns are kept; the rows themselves are read from their source again.
    """

    def render(self, batch: Batch, added: pa.Table, row: int) -> bytes:
        self.check(row + len(added))
        return as_stream(added)

    def check(self, rows: int) -> None:
        """Refuse more rows than the format has."""


def as_stream(table: pa.Table) -> bytes:
    """A table as an Arrow stream; several may stand in one file."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return bytes(sink.getvalue().to_pybytes())


def read_streams(path: Path) -> Iterator[pa.Table]:
    """The tables in a file of Arrow streams."""
    with path.open("rb") as file:  # whose name need not be text, as it must for pa.OSFile
        size = os.fstat(file.fileno()).st_size
        while file.tell() < size:
            yield pa.ipc.open_stream(file).read_all()


def compress(piece: bytes, compression: str) -> bytes:
    """Compress one piece of a file; the same bytes whenever it is done."""
    if not piece or not compression:
        return piece
    if compression == "gzip":
        return gzip.compress(piece, _GZIP_LEVEL, mtime=0)
    return bytes(pa.Codec("zstd", compression_level=3).compress(piece, asbytes=True))


def delimited_cells(added: pa.Table, delimiter: str) -> list[bytes]:
    """The added cells of each row, joined by the delimiter.

    A cell that a spreadsheet would take for a formula (it begins with = + - @, a tab or a carriage
    return) gets an apostrophe in front.
    """
    columns = []
    added = without_lists(added)
    special = f'["\r\n{delimiter if delimiter not in "|" else "[|]"}]'
    for column in added.columns:
        if not pa.types.is_string(column.type):
            columns.append(pc.fill_null(pc.cast(column, pa.string()), ""))
            continue
        column = pc.fill_null(column, "")
        column = pc.if_else(
            pc.match_substring_regex(column, f"^{START}"), pc.binary_join_element_wise("'", column, ""), column
        )
        quoted = pc.binary_join_element_wise('"', pc.replace_substring(column, '"', '""'), '"', "")
        columns.append(pc.if_else(pc.match_substring_regex(column, special), quoted, column))
    return _bytes(pc.binary_join_element_wise(*columns, delimiter))


def json_members(added: pa.Table) -> list[bytes]:
    """The added members of each row's JSON object, without braces."""
    parts: list[Any] = []
    for i, (name, column) in enumerate(zip(added.column_names, added.columns, strict=True)):
        parts.append((", " if i else "") + json.dumps(name, ensure_ascii=False) + ": ")
        if pa.types.is_string(column.type) or pa.types.is_list(column.type):
            parts.append(pa.array([json.dumps(v, ensure_ascii=False) for v in column.to_pylist()], pa.string()))
        else:
            parts.append(pc.fill_null(pc.cast(column, pa.string()), "null").combine_chunks())
    return _bytes(pc.binary_join_element_wise(*parts, ""))


def _bytes(joined: Any) -> list[bytes]:
    return list(joined.cast(pa.binary()).to_pylist())


class DelimitedWriter(Writer):
    """CSV or TSV. Rows that come from such a file are kept byte for byte when the delimiter is the same."""

    def __init__(self, reader: Reader, added: Sequence[pa.Field], delimiter: bytes | None = None) -> None:
        self._reader, self._added = reader, pa.schema(added).names
        delimiter = delimiter or (b"," if reader.named == "tsv" else reader.delimiter or b",")
        self._delimiter, self._dialect = delimiter, Dialect(delimiter)
        self._as_it_is = reader.raw and reader.delimiter == delimiter
        self._columns = list(reader.names)

    @property
    def encoding(self) -> Encoding:
        return self._reader.encoding if self._reader.format == "csv" else Encoding("utf-8")

    def begin(self) -> bytes:
        d = self._delimiter
        names = d.join(self._dialect.quote(cell_bytes(n)) for n in self._added)
        if self._as_it_is:
            own, line_end = self._reader.header, self._reader.header_end or b"\n"
        else:
            own, line_end = d.join(self._dialect.quote(cell_bytes(n)) for n in self._columns), b"\n"
        return self.encoding.bom + self.encoding.encode(own + d + names + line_end)

    def render(self, batch: Batch, added: pa.Table, row: int) -> bytes:
        d = self._delimiter
        cells = delimited_cells(added, d.decode())
        if self._as_it_is:
            parts = [batch.lead]
            for (head, after, line_end), cell in zip(batch.raw, cells, strict=True):
                parts += (head, d, cell, after, line_end)
            return self.encoding.encode(b"".join(parts))
        quote, columns = self._dialect.quote, self._columns
        rows = [
            d.join([*(quote(cell_bytes(own.get(c))) for c in columns), cell]) + b"\n"
            for own, cell in zip(batch.rows(), cells, strict=True)
        ]
        return self.encoding.encode(b"".join(rows))

    def end(self) -> bytes:
        return b"".join(self._reader.tail) if self._as_it_is else b""


def cell_bytes(value: Any) -> bytes:
    """A value as a cell of delimited text."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return b""
    if isinstance(value, (bool, dict, list)):
        value = json.dumps(value, ensure_ascii=False, default=_as_text)
    return _as_text(value).encode("utf-8", "replace")


def _as_text(value: Any) -> str:
    """A value as text: a duration in hours, minutes and seconds; bytes that are no UTF-8 as escapes."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if not isinstance(value, dt.timedelta):
        return str(value)
    seconds, micro = divmod(abs(value) // dt.timedelta(microseconds=1), 1_000_000)
    sign, fraction = "-" * (value < dt.timedelta(0)), f".{micro:06}" if micro else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"


class JsonWriter(Writer):
    """JSON Lines or an array. Rows that come from such a file keep their bytes, and get members at the end."""

    def __init__(self, reader: Reader, added: Sequence[pa.Field], array: bool = False) -> None:
        self._reader = reader
        self._added = frozenset(field.name.casefold() for field in added)
        self._seen: set[str] = set()  # members that are none of the added
        array = array and not (reader.named == "json" and reader.format == "jsonl")  # lines called .json stay lines
        self._array = array
        self._as_it_is = reader.raw and reader.format == ("json" if array else "jsonl")

    @property
    def encoding(self) -> Encoding:
        return self._reader.encoding if self._as_it_is else Encoding("utf-8")

    def begin(self) -> bytes:
        if self._as_it_is:
            return self.encoding.bom + self.encoding.encode(self._reader.lead)
        return b"[" if self._array else b""

    def render(self, batch: Batch, added: pa.Table, row: int) -> bytes:
        members = json_members(added)
        if self._as_it_is:
            parts = [batch.lead]
            for i, (head, after, line_end) in enumerate(batch.raw):
                self._check(batch.objects[i], row + i)
                parts += (head, b" " if head[-1:] == b"," else b"", members[i], after, line_end)
            return self.encoding.encode(b"".join(parts))
        lines = []
        for i, (own, member) in enumerate(zip(batch.rows(), members, strict=True)):
            self._check(own, row + i)
            lines.append((b"," if row + i else b"") + b"\n" if self._array else b"")
            content = self._own_bytes(batch, i)
            if not content:
                written = json.dumps(_finite(own), ensure_ascii=False, default=_as_text)
                content = written[1:-1].encode("utf-8", "replace")
            lines += (b"{", content, b", " if content else b"", member, b"}" if self._array else b"}\n")
        return b"".join(lines)

    def _own_bytes(self, batch: Batch, number: int) -> bytes:
        """The members of a row as they stand in a file of JSON, on one line, so that numbers keep their digits."""
        if not self._reader.raw or self._reader.format == "csv":
            return b""
        try:
            return batch.raw[number][0].decode("utf-8").strip()[1:].rstrip(",").translate(_ONE_LINE).encode()
        except UnicodeDecodeError:
            return b""

    def _check(self, own: dict[str, Any], row: int) -> None:
        fresh = own.keys() - self._seen
        for name in fresh:
            if name.casefold() in self._added:
                raise clash(name, row + 1)
        self._seen |= fresh

    def end(self) -> bytes:
        if self._as_it_is:
            return b"".join(self._reader.tail)
        return b"\n]\n" if self._array else b""


def clash(name: str, row: int) -> DataError:
    return DataError(
        "Row {row} has a member {name!r} already: give the added columns a prefix (prefix=... in Python, "
        "--prefix on the command line).", row=row, name=name,
    )  # fmt: skip


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}
