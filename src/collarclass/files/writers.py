"""Labelled batches → bytes of delimited text or JSON Lines.

Each batch becomes one piece that stands by itself, also when compressed (one gzip member, one zstd
frame), so that a run can stop after any piece and continue with the next.
"""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import json
import lzma
import math
import os
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from collarclass.errors import DataError
from collarclass.files.batch import Batch, Reader
from collarclass.files.csv_records import Dialect
from collarclass.files.encoding import Encoding
from collarclass.tables.arrow import without_lists
from collarclass.text import formulas

_GZIP_LEVEL = 4
_XZ_PRESET = 2


class Writer(Protocol):
    """Turns labelled batches into the bytes of a file.

    Attributes
    ----------
    spooled : bool
        Whether the file is made from the pieces by `finish`, and does not consist of them.
    """

    spooled: bool

    def begin(self) -> bytes: ...

    def render(self, batch: Batch, added: pa.Table, row: int) -> bytes:
        """The piece of a batch whose first row has the number `row`, from 0."""
        ...

    def end(self) -> bytes: ...

    def finish(self, pieces: Path, target: Path) -> None: ...


class TextWriter:
    """What writers of text have in common: the file consists of the pieces."""

    spooled = False

    def finish(self, pieces: Path, target: Path) -> None:
        raise NotImplementedError("the pieces are the file")


class ZipWriter:
    """A zip archive of one text file; its index stands at its end, so it is made when all pieces are there."""

    spooled = True

    def __init__(self, writer: Writer, member: str) -> None:
        self._member = os.fsencode(member).decode("utf-8", "replace")  # archives hold no other names
        self.begin, self.render, self.end = writer.begin, writer.render, writer.end

    def finish(self, pieces: Path, target: Path) -> None:
        member = zipfile.ZipInfo(self._member)  # of 1980: the same bytes whenever it is made
        member.compress_type = zipfile.ZIP_DEFLATED
        with (
            pieces.open("rb") as file,
            zipfile.ZipFile(target, "w") as archive,
            archive.open(member, "w", force_zip64=True) as out,
        ):
            shutil.copyfileobj(file, out, 1 << 20)


def compress(piece: bytes, compression: str) -> bytes:
    """Compress one piece of a file; the same bytes whenever it is done."""
    if not piece or compression in ("", "zip"):
        return piece
    if compression == "gzip":
        return gzip.compress(piece, _GZIP_LEVEL, mtime=0)
    if compression == "xz":
        return lzma.compress(piece, preset=_XZ_PRESET)
    if compression == "bz2":
        return bz2.compress(piece)
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
        column = pc.if_else(
            pc.match_substring_regex(column, f"^{formulas.START}"), pc.binary_join_element_wise("'", column, ""), column
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
            parts.append(
                pa.array([json.dumps(v, ensure_ascii=False) for v in column.to_pylist()], pa.string())
            )
        else:
            parts.append(pc.fill_null(pc.cast(column, pa.string()), "null").combine_chunks())
    return _bytes(pc.binary_join_element_wise(*parts, ""))


def _bytes(joined: Any) -> list[bytes]:
    return list(joined.cast(pa.binary()).to_pylist())


class DelimitedWriter(TextWriter):
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
        self._as_it_is = reader.raw and reader.delimiter == delimiter
        self._columns = list(columns if columns is not None else reader.names)

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
    if isinstance(value, bytes):
        return value
    if isinstance(value, (bool, dict, list)):
        value = json.dumps(value, ensure_ascii=False, default=_as_text)
    return _as_text(value).encode("utf-8", "replace")


def _as_text(value: Any) -> str:
    """A value as text; a duration in hours, minutes and seconds, as a spreadsheet shows it."""
    if not isinstance(value, dt.timedelta):
        return str(value)
    seconds, micro = divmod(abs(value) // dt.timedelta(microseconds=1), 1_000_000)
    sign, fraction = "-" * (value < dt.timedelta(0)), f".{micro:06}" if micro else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"


class JsonWriter(TextWriter):
    """JSON Lines or an array. Rows that come from such a file keep their bytes, and get members at the end.

    Parameters
    ----------
    reader : Reader
    added : sequence of str
        Names of the added columns.
    array : bool
        Whether to write an array of objects, and not one object a line.
    """

    def __init__(self, reader: Reader, added: Sequence[str], array: bool = False) -> None:
        self._reader = reader
        self._added = frozenset(name.casefold() for name in added)
        self._seen: set[str] = set()  # members that are none of the added
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
        for i, (own, member) in enumerate(zip(batch.rows(), members, strict=True), row):
            self._check(own, i)
            lines.append((b"," if i else b"") + b"\n" if self._array else b"")
            content = json.dumps(_finite(own), ensure_ascii=False, default=_as_text)[1:-1].encode("utf-8", "replace")
            lines += (b"{", content, b", " if content else b"", member, b"}" if self._array else b"}\n")
        return b"".join(lines)

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
    """What to raise when a row has an added column already, whatever its case."""
    return DataError(
        f"Row {row} has a member {name!r} already: give the added columns a prefix "
        "(prefix=... in Python, --prefix on the command line)."
    )


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}
