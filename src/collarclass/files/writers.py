"""Labelled batches → bytes of delimited text or JSON Lines.

Each batch becomes one piece that stands by itself, also when compressed (one gzip member, one zstd
frame), so that a run can stop after any piece and go on with the next.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Sequence
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from collarclass.errors import DataError
from collarclass.files.batch import Batch, Reader
from collarclass.files.csv_records import Dialect
from collarclass.files.encoding import Encoding

_FORMULA = "^[=+\\-@\t\r＝＋－＠]"
_GZIP_LEVEL = 4


class Writer(Protocol):
    """Turns labelled batches into the bytes of a file."""

    def begin(self) -> bytes: ...

    def render(self, batch: Batch, added: pa.Table) -> bytes: ...

    def end(self) -> bytes: ...


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
    special = f'["\r\n{delimiter if delimiter not in "|" else "[|]"}]'
    for column in added.columns:
        if not pa.types.is_string(column.type):
            columns.append(pc.fill_null(pc.cast(column, pa.string()), ""))
            continue
        column = pc.if_else(
            pc.match_substring_regex(column, _FORMULA), pc.binary_join_element_wise("'", column, ""), column
        )
        quoted = pc.binary_join_element_wise('"', pc.replace_substring(column, '"', '""'), '"', "")
        columns.append(pc.if_else(pc.match_substring_regex(column, special), quoted, column))
    return _bytes(pc.binary_join_element_wise(*columns, delimiter))


def json_members(added: pa.Table) -> list[bytes]:
    """The added members of each row's JSON object, without braces."""
    parts: list[Any] = []
    for i, (name, column) in enumerate(zip(added.column_names, added.columns, strict=True)):
        parts.append((", " if i else "") + json.dumps(name, ensure_ascii=False) + ": ")
        if pa.types.is_string(column.type):
            parts.append(
                pa.array([json.dumps(v, ensure_ascii=False) for v in column.to_pylist()], pa.string())
            )
        else:
            parts.append(pc.fill_null(pc.cast(column, pa.string()), "null").combine_chunks())
    return _bytes(pc.binary_join_element_wise(*parts, ""))


def _bytes(joined: Any) -> list[bytes]:
    return list(joined.cast(pa.binary()).to_pylist())


class DelimitedWriter:
    """CSV or TSV. Rows that come from such a file are kept byte for byte when the delimiter is the same.

    Parameters
    ----------
    reader : Reader
    delimiter : bytes
    added : sequence of str
        Names of the added columns.
    columns : sequence of str, optional
        The rows' own columns, when they are not the reader's.
    """

    def __init__(
        self, reader: Reader, delimiter: bytes, added: Sequence[str], columns: Sequence[str] | None = None
    ) -> None:
        self._reader = reader
        self._dialect = Dialect(delimiter)
        self._delimiter = delimiter
        self._added = added
        self._as_it_is = getattr(reader, "delimiter", None) == delimiter
        self._columns = list(columns if columns is not None else getattr(reader, "names", reader.columns))
        self._rows = 0

    @property
    def encoding(self) -> Encoding:
        return self._reader.encoding if self._reader.format == "csv" else Encoding("utf-8")

    def begin(self) -> bytes:
        d = self._delimiter
        names = d.join(self._dialect.quote(n.encode()) for n in self._added)
        if self._as_it_is:
            own, line_end = self._reader.header, self._reader.header_end or b"\n"  # type: ignore[attr-defined]
        else:
            own, line_end = d.join(self._dialect.quote(n.encode()) for n in self._columns), b"\n"
        return self.encoding.bom + self.encoding.encode(own + d + names + line_end)

    def render(self, batch: Batch, added: pa.Table) -> bytes:
        d = self._delimiter
        cells = delimited_cells(added, d.decode())
        if self._as_it_is:
            parts = [batch.lead]
            for (head, after, line_end), cell in zip(batch.raw, cells, strict=True):
                parts += (head, d, cell, after, line_end)
            return self.encoding.encode(b"".join(parts))
        rows = []
        known = set(self._columns)
        for i, row in enumerate(self._reader.objects(batch)):
            if not row.keys() <= known:
                new = min(row.keys() - known)
                raise DataError(
                    f"Row {self._rows + i + 1} has a member {new!r} that the first rows do not have: "
                    "write to .jsonl or .parquet, or read from a file instead of a pipe."
                )
            rows.append(
                d.join([*(self._dialect.quote(cell_bytes(row.get(c))) for c in self._columns), cells[i]])
                + b"\n"
            )
        self._rows += len(rows)
        return self.encoding.encode(b"".join(rows))

    def end(self) -> bytes:
        return b"".join(self._reader.tail) if self._as_it_is else b""


def cell_bytes(value: Any) -> bytes:
    """A value as a cell of delimited text."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, (bool, dict, list)):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return str(value).encode("utf-8", "replace")


class JsonWriter:
    """JSON Lines. Rows that come from such a file keep their bytes, and get members at the end."""

    def __init__(self, reader: Reader, added: Sequence[str]) -> None:
        self._reader = reader
        self._added = frozenset(added)
        self._rows = 0

    @property
    def encoding(self) -> Encoding:
        return self._reader.encoding if self._reader.format == "jsonl" else Encoding("utf-8")

    def begin(self) -> bytes:
        return self.encoding.bom

    def render(self, batch: Batch, added: pa.Table) -> bytes:
        members = json_members(added)
        if self._reader.format == "jsonl":
            parts = [batch.lead]
            for i, (head, after, line_end) in enumerate(batch.raw):
                if not self._added.isdisjoint(batch.objects[i]):
                    raise clash(min(self._added & batch.objects[i].keys()), self._rows + i + 1)
                parts += (head, b" " if head[-1:] == b"," else b"", members[i], after, line_end)
            self._rows += len(batch)
            return self.encoding.encode(b"".join(parts))
        lines = []
        for row, member in zip(self._reader.objects(batch), members, strict=True):
            own = json.dumps(_plain(row), ensure_ascii=False, default=str)[1:-1].encode("utf-8", "replace")
            lines.append(b"{" + own + b", " + member + b"}\n")
        return b"".join(lines)

    def end(self) -> bytes:
        return b"".join(self._reader.tail) if self._reader.format == "jsonl" else b""


def clash(name: str, row: int) -> DataError:
    """What to raise when a row has an added column already."""
    return DataError(
        f"Row {row} has a member {name!r} already: give the added columns a prefix "
        "(prefix=... in Python, --prefix on the command line)."
    )


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}
