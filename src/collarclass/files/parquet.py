"""Labelled batches → Parquet, by way of a file of Arrow streams that can be gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from collarclass.files.batch import Batch, Reader
from collarclass.files.writers import cell_bytes, clash
from collarclass.tables.schema import COLUMNS

_ROW_GROUP = 64 << 20  # bytes in memory


class ParquetWriter:
    """Parquet. A Parquet file ends with its index, so batches are kept as Arrow streams until `finish`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def begin(self) -> bytes:
        return b""

    def render(self, batch: Batch, added: pa.Table) -> bytes:
        table = batch.table if batch.table is not None else _table(self._reader.objects(batch))
        for name in added.column_names:
            if name in table.column_names:
                raise clash(name, 1)
            table = table.append_column(name, added.column(name))
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table.combine_chunks())
        return bytes(sink.getvalue().to_pybytes())

    def end(self) -> bytes:
        return b""

    def finish(self, pieces: Path, target: Path | BinaryIO, empty: pa.Table) -> None:
        """Write the batches kept in a file as Parquet.

        Parameters
        ----------
        pieces : Path
            What `render` gave, one after the other.
        target : Path or binary file
        empty : Table
            The added columns without rows, for a file without rows.
        """
        import pyarrow.parquet as pq

        schema = _common_schema([t.schema for t in _pieces(pieces)])
        if schema is None:
            names = getattr(self._reader, "names", self._reader.columns)
            own = getattr(self._reader, "schema", pa.schema([(n, pa.string()) for n in names]))
            schema = pa.schema([*own, *empty.schema], metadata=own.metadata)
        with pq.ParquetWriter(target, schema, compression="zstd") as out:
            waiting: list[pa.Table] = []
            for table in _pieces(pieces):
                waiting.append(_fit(table, schema))
                if sum(t.nbytes for t in waiting) > _ROW_GROUP:
                    out.write_table(pa.concat_tables(waiting))
                    waiting = []
            if waiting:
                out.write_table(pa.concat_tables(waiting))


def _pieces(path: Path) -> Iterator[pa.Table]:
    with pa.OSFile(str(path), "rb") as file:
        while file.tell() < file.size():
            yield pa.ipc.open_stream(file).read_all()


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pa.table([_array([row.get(name) for row in rows]) for name in names], names=names)


def _array(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError, UnicodeError):
        return pa.array([None if v is None else cell_bytes(v).decode() for v in values], pa.string())


def _common_schema(schemas: list[pa.Schema]) -> pa.Schema | None:
    """One schema for all batches; a column whose types do not go together becomes text."""
    if not schemas or all(s == schemas[0] for s in schemas):
        return schemas[0] if schemas else None
    names = list(dict.fromkeys(name for s in schemas for name in s.names))
    added = [n for n in schemas[0].names[-len(COLUMNS) :] if n in names]
    fields = []
    for name in [n for n in names if n not in added] + added:
        types = [pa.schema([pa.field(name, s.field(name).type)]) for s in schemas if name in s.names]
        try:
            fields.append(pa.unify_schemas(types, promote_options="permissive").field(0))
        except pa.ArrowException:
            fields.append(pa.field(name, pa.string()))
    return pa.schema(fields)


def _fit(table: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = []
    for field in schema:
        if field.name not in table.column_names:
            columns.append(pa.nulls(len(table), field.type))
            continue
        column = table.column(field.name)
        if column.type != field.type:
            values = column.to_pylist()
            if pa.types.is_string(field.type):
                values = [None if v is None else cell_bytes(v).decode() for v in values]
            column = pa.array(values, field.type)
        columns.append(column)
    return pa.table(columns, schema=schema)
