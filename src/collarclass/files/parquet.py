"""Parquet → batches of rows, and labelled rows → Parquet."""

from __future__ import annotations

import bisect
import itertools
import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from collarclass.errors import DataError
from collarclass.files.batch import FIRST_ROWS, UNDECODABLE, Batch, as_text, distinct
from collarclass.files.encoding import find_encoding
from collarclass.files.layout import Choose, Layout, Reader, columns_read
from collarclass.files.native import NativeFile
from collarclass.files.source import Source
from collarclass.files.writers import BuiltWriter, Rows, cell_bytes, clash
from collarclass.tables.arrow import arrow_column, arrow_kind, arrow_leaves
from collarclass.tables.columns import Columns

_ROW_GROUP = 64 << 20  # bytes in memory
READ = b"collarclass.columns"  # in a file's metadata: the columns that were read, by `columns_read`
_SPARK_COLUMNS = b"org.apache.spark.sql.parquet.row.metadata"


class ParquetReader(Reader):
    """Parquet; see `readers.open_reader`."""

    format = "parquet"

    def __init__(self, source: Source, layout: Layout, choose: Choose) -> None:
        super().__init__(source, layout, choose)
        file = NativeFile(source, "parquet")
        self._rows, self.groups = file.head["rows"], file.head["groups"] if layout.head is None else ()
        self.names = distinct(file.schema.names)
        named = [field.with_name(name) for field, name in zip(file.schema, self.names, strict=True)]
        self.schema: pa.Schema = pa.schema(named, file.schema.metadata)
        leaves = dict(arrow_leaves(self.schema))
        kinds: dict[Hashable, str] = {name: kind for name, dtype in leaves.items() if (kind := arrow_kind(dtype))}
        self._parts: Iterator[pa.Table] = map(self._table, file.batches())
        self.chosen = choose(list(leaves), self.where, kinds, self._first_cells)

    def _first_cells(self, name: Hashable) -> list[Any]:
        first = next(self._parts, None)
        if first is None:
            return []
        self._parts = itertools.chain([first], self._parts)
        return _values(arrow_column(first.slice(0, FIRST_ROWS), str(name)))

    def _table(self, batch: pa.RecordBatch) -> pa.Table:
        return pa.Table.from_batches([batch]).rename_columns(self.names).replace_schema_metadata(self.schema.metadata)

    def read(self, size: int) -> Iterator[Batch]:
        done = 0
        for part in self._parts:
            for at in range(0, len(part), size):
                table = part.slice(at, size)
                done += len(table)
                self.source.rows_share = done / self._rows if self._rows else 1.0
                batch = Batch(self.rows, table=table)
                cells = [_strings(batch, arrow_column(table, str(name))) for name in self.chosen.every]
                batch.texts, batch.titles, batch.codes = self.chosen.rows(cells)
                yield batch

    def rows(self, batch: Batch) -> list[dict[str, Any]]:
        table: pa.Table = batch.table
        columns = []
        for name, column in zip(table.column_names, table.columns, strict=True):
            try:
                columns.append(_values(column))
            except pa.ArrowException as error:
                raise DataError(
                    "Column {name!r} of {where} holds a date that is not of the years 1 to 9999: write it as text.",
                    name=name, where=self.where,
                ) from error  # fmt: skip
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
    return [batch.cut(as_text(value), row) for row, value in enumerate(values)]


def _decoded(value: bytes, batch: Batch, row: int) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        batch.note(row, UNDECODABLE)
        return value.decode(find_encoding(value).name, "replace")


class ParquetWriter(BuiltWriter):
    """Parquet, with the row groups of a source that is Parquet."""

    def __init__(self, reader: Reader, added: Sequence[pa.Field]) -> None:
        self._reader = reader
        self._added = pa.schema(added)

    def build(self, rows: Rows, target: Path, compression: str = "") -> None:
        import pyarrow.parquet as pq

        own = self._reader.schema
        if own is not None:
            schema = pa.schema([*own, *self._added])
        else:
            schema = _common_schema(partial(_tables, rows), len(self._added))
        if schema is None:
            schema = pa.schema([*((name, pa.string()) for name in self._reader.names), *self._added])
        schema = schema.with_metadata(_described(own.metadata if own is not None else None, self._reader.chosen))
        fitted = (pa.table([_fit(table, field) for field in schema], schema=schema) for table in _tables(rows))
        with pq.ParquetWriter(target, schema, compression="zstd", write_page_checksum=True) as out:
            for group in _row_groups(fitted, self._reader.groups):
                out.write_table(group, row_group_size=len(group))


def _tables(rows: Rows) -> Iterator[pa.Table]:
    at = 0
    for batch, added in rows():
        table = batch.table if batch.table is not None else _table(batch.rows())
        there = {name.casefold(): name for name in table.column_names}
        for name in added.column_names:
            if name.casefold() in there:
                raise clash(there[name.casefold()], at + 1)
            table = table.append_column(name, added.column(name)) if table.num_columns else added.select([name])
        at += len(added)
        yield table


def _described(metadata: dict[bytes, bytes] | None, chosen: Columns) -> dict[bytes, bytes]:
    """What a file says of itself, and which columns were read; Spark's list of columns is no longer true."""
    kept = {name: value for name, value in (metadata or {}).items() if name != _SPARK_COLUMNS}
    return kept | {READ: json.dumps(columns_read(chosen)).encode()}


def _row_groups(tables: Iterable[pa.Table], groups: Sequence[int]) -> Iterator[pa.Table]:
    """Tables put together in groups of rows that end where those of the source do, or earlier if they are large."""
    ends = list(itertools.accumulate(groups))
    waiting: list[pa.Table] = []
    done = size = 0
    for table in tables:
        at = 0
        while at < len(table):
            after = bisect.bisect_right(ends, done + at)
            stop = min(ends[after] - done, len(table)) if after < len(ends) else len(table)
            waiting.append(table.slice(at, stop - at))
            size += waiting[-1].nbytes
            at = stop
            if ends[after : after + 1] == [done + at] or size > _ROW_GROUP:
                yield pa.concat_tables(waiting)
                waiting, size = [], 0
        done += len(table)
    if waiting:
        yield pa.concat_tables(waiting)


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


def _common_schema(tables: Callable[[], Iterator[pa.Table]], n_added: int) -> pa.Schema | None:
    """One schema for all batches, whose last columns are added; one whose values do not go together becomes text."""
    schemas = list(dict.fromkeys(t.schema for t in tables()))
    if len(schemas) <= 1:
        return schemas[0] if schemas else None
    names = list(dict.fromkeys(name for s in schemas for name in s.names))
    added = [n for n in schemas[0].names[-n_added:] if n in names]
    fields = {}
    for name in [n for n in names if n not in added] + added:
        types = [pa.schema([pa.field(name, s.field(name).type)]) for s in schemas if name in s.names]
        try:
            fields[name] = pa.unify_schemas(types, promote_options="permissive").field(0)
        except pa.ArrowException:
            fields[name] = pa.field(name, pa.string())
    for table in tables():
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
