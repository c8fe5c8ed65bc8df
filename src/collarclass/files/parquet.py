"""Parquet → batches of rows, and labelled batches → Parquet, by way of a file of Arrow streams.

A Parquet file ends with its index, so batches are kept as Arrow streams, which a broken run can add to,
until all are there.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from collarclass.errors import DataError
from collarclass.files.batch import MAX_TEXT_CHARACTERS, Batch, Choose, Limits, Reader, distinct, tidy
from collarclass.files.encoding import Encoding, find_encoding
from collarclass.files.native import NativeFile
from collarclass.files.native_child import SCHEMA, TABLE
from collarclass.files.source import Source
from collarclass.files.writers import cell_bytes, clash
from collarclass.tables.arrow import arrow_column, arrow_kind, arrow_leaves
from collarclass.tables.schema import COLUMNS

_ROW_GROUP = 64 << 20  # bytes in memory


class ParquetReader(Reader):
    """Parquet; see `readers.open_reader`."""

    format = "parquet"
    raw = False
    encoding = Encoding("utf-8")

    def __init__(self, source: Source, choose: Choose, limits: Limits) -> None:
        self.where = source.name
        self.tail: list[bytes] = []
        self._source = source
        self._file = NativeFile(source, "parquet", limits)
        self._rows = self._file.head()["rows"]
        self.schema: pa.Schema = pa.ipc.read_schema(pa.py_buffer(self._file.expect(SCHEMA)))
        self.names = distinct(self.schema.names)
        named = [field.with_name(name) for field, name in zip(self.schema, self.names, strict=True)]
        self.schema = pa.schema(named, self.schema.metadata)
        leaves = dict(arrow_leaves(self.schema))
        kinds: dict[Hashable, str] = {name: kind for name, dtype in leaves.items() if (kind := arrow_kind(dtype))}
        self.chosen = choose(list(leaves), self.where, kinds)

    def batches(self, size: int) -> Iterator[Batch]:
        """Read the rows in batches of `size`, fewer when they are long."""
        done = 0
        for content in self._file.messages(TABLE):
            part = pa.ipc.open_stream(content).read_all().rename_columns(self.names)
            for at in range(0, len(part), size):
                table = part.slice(at, size)
                done += len(table)
                self._source.rows_share = done / self._rows if self._rows else 1.0
                batch = Batch(lambda batch: _rows(batch.table, self.where), table=table)
                cells = [_strings(batch, arrow_column(table, str(name))) for name in self.chosen.every]
                batch.texts, batch.titles, batch.codes = self.chosen.rows(cells)
                yield batch


def _rows(table: pa.Table | None, where: str) -> list[dict[str, Any]]:
    if table is None:
        return []
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        try:
            columns.append(_values(column))
        except pa.ArrowException as error:
            raise DataError(
                f"Column {name!r} of {where} holds a date that is not of the years 1 to 9999: write it as text."
            ) from error
    return [dict(zip(table.column_names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Cells as Python's objects; dates that Python does not have, before the year 1 or after 9999, as text."""
    try:
        return list(column.to_pylist())
    except (OverflowError, ValueError):
        return list(column.cast(pa.string()).to_pylist())


def _strings(batch: Batch, column: pa.ChunkedArray) -> list[str]:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    values: Sequence[Any] = _values(column)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        values = [None if v is None else _decoded(v, batch, row) for row, v in enumerate(values)]
    for row, value in enumerate(values):
        if isinstance(value, str) and len(value) > MAX_TEXT_CHARACTERS:
            batch.note(row, f"only the first {MAX_TEXT_CHARACTERS} characters read")
    return [tidy(v) for v in values]


def _decoded(value: bytes, batch: Batch, row: int) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        batch.note(row, "undecodable bytes")
        return value.decode(find_encoding(value).name, "replace")


class ParquetWriter:
    """Parquet: batches are kept as Arrow streams until `finish`."""

    spooled = True

    def __init__(self, reader: Reader, added: Sequence[pa.Field]) -> None:
        self._reader = reader
        self._added = pa.schema(added)

    def begin(self) -> bytes:
        return b""

    def render(self, batch: Batch, added: pa.Table, row: int) -> bytes:
        table = batch.table if batch.table is not None else _table(batch.rows())
        there = {name.casefold(): name for name in table.column_names}
        for name in added.column_names:
            if name.casefold() in there:
                raise clash(there[name.casefold()], row + 1)
            table = table.append_column(name, added.column(name)) if table.num_columns else added.select([name])
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table.combine_chunks())
        return bytes(sink.getvalue().to_pybytes())

    def end(self) -> bytes:
        return b""

    def finish(self, pieces: Path, target: Path) -> None:
        """Write the batches kept in a file as Parquet."""
        import pyarrow.parquet as pq

        schema = _common_schema(pieces)
        if schema is None:
            own = self._reader.schema or pa.schema([(name, pa.string()) for name in self._reader.names])
            schema = pa.schema([*own, *self._added], metadata=own.metadata)
        with pq.ParquetWriter(target, schema, compression="zstd", write_page_checksum=True) as out:
            waiting: list[pa.Table] = []
            for table in read_pieces(pieces):
                waiting.append(pa.table([_fit(table, field) for field in schema], schema=schema))
                if sum(t.nbytes for t in waiting) > _ROW_GROUP:
                    out.write_table(pa.concat_tables(waiting))
                    waiting = []
            if waiting:
                out.write_table(pa.concat_tables(waiting))


def read_pieces(path: Path) -> Iterator[pa.Table]:
    """The tables in a file of Arrow streams."""
    with pa.OSFile(str(path), "rb") as file:
        while file.tell() < file.size():
            yield pa.ipc.open_stream(file).read_all()


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    names = list(dict.fromkeys(name for row in rows for name in row))
    whole = distinct([cell_bytes(name).decode() for name in names])  # a JSON escape can make half a character
    return pa.table([_array([row.get(name) for row in rows]) for name in names], names=whole)


def _array(values: list[Any]) -> pa.Array:
    try:
        found = pa.array(values)
    except (pa.ArrowException, OverflowError, UnicodeError, ValueError):
        return _as_text(values)
    return found if _can_be_parquet(found.type) else _as_text(values)


def _as_text(values: list[Any]) -> pa.Array:
    return pa.array([None if v is None else cell_bytes(v).decode() for v in values], pa.string())


def _can_be_parquet(kind: pa.DataType) -> bool:
    """Whether Parquet can hold a type: a struct without fields, at any depth, is the one it cannot."""
    if pa.types.is_struct(kind):
        return kind.num_fields > 0 and all(_can_be_parquet(f.type) for f in kind)
    return not pa.types.is_nested(kind) or _can_be_parquet(kind.value_type)


def _common_schema(pieces: Path) -> pa.Schema | None:
    """One schema for all batches; a column whose values do not go together becomes text."""
    schemas = list(dict.fromkeys(t.schema for t in read_pieces(pieces)))
    if len(schemas) <= 1:
        return schemas[0] if schemas else None
    names = list(dict.fromkeys(name for s in schemas for name in s.names))
    added = [n for n in schemas[0].names[-len(COLUMNS) :] if n in names]
    fields = {}
    for name in [n for n in names if n not in added] + added:
        types = [pa.schema([pa.field(name, s.field(name).type)]) for s in schemas if name in s.names]
        try:
            fields[name] = pa.unify_schemas(types, promote_options="permissive").field(0)
        except pa.ArrowException:
            fields[name] = pa.field(name, pa.string())
    for table in read_pieces(pieces):
        for name in table.column_names:
            try:
                _fit(table, fields[name])
            except (pa.ArrowException, OverflowError, ValueError):
                fields[name] = pa.field(name, pa.string())
    return pa.schema(list(fields.values()))


def _fit(table: pa.Table, field: pa.Field) -> pa.ChunkedArray | pa.Array:
    if field.name not in table.column_names:
        return pa.nulls(len(table), field.type)
    column = table.column(field.name)
    if column.type == field.type:
        return column
    if pa.types.is_string(field.type):
        return _as_text(_values(column))
    if pa.types.is_nested(field.type):
        return pa.array(column.to_pylist(), field.type)
    return pc.cast(column, field.type)
