"""The program that reads workbooks and Parquet for `native`, in a process of its own.

Their libraries are native code, which a damaged or hostile file can make end the process or fill the memory. Here
that ends this process alone, whose memory is limited where the system can do that. It gets the names of files as JSON
on its standard input, and writes an Arrow stream for each to its standard output. The schema's metadata hold what the
file says of itself, those of the last batch how reading ended: with an error, or none, and
whether another file may be asked for.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import json
import math
import os
import signal
import sys
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

from collarclass.errors import DataError
from collarclass.files.source import Limits, brief, too_long, too_many_columns
from collarclass.messages import Message

HEAD, END = b"collarclass.head", b"collarclass.end"
_ROWS = 2000
_BATCH_BYTES = 8 << 20  # a batch with more than one row has no more
_LOOK_EVERY = 1.0  # seconds
KINDS = {"parquet": Message("a Parquet file"), "workbook": Message("a workbook")}
REMEDIES = {
    "parquet": Message("write it anew, with smaller row groups"), "workbook": Message("save the sheet as CSV"),
}  # fmt: skip
# Schema and batches of a file, with what it says of itself in the schema's metadata.
Found = tuple[pa.Schema, Iterator[pa.RecordBatch]]


def main(limits: dict[str, Any]) -> None:
    """Read the files that standard input asks for, a line of JSON each, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # that is for the process which started this one
    for name, value in limits.items():
        setattr(Limits, name, value)
    _limit_memory()
    for line in sys.stdin.buffer:
        limit_time()
        _serve(json.loads(line))


def _serve(options: dict[str, Any]) -> None:
    said, schema, out, goes_on = None, pa.schema([]), None, True
    kind = options["kind"]
    try:
        with open(options["path"], "rb") as file:  # noqa: PTH123
            schema, batches = (_read_parquet if kind == "parquet" else _read_workbook)(file, options)
            out = pa.ipc.new_stream(sys.stdout.buffer, schema)
            for batch in batches:
                _send(out, batch)
    except BrokenPipeError:
        sys.exit(1)
    except DataError as error:
        said = error.message
    except MemoryError:
        goes_on = False
        said = Message(
            "{where} needs more than {gigabytes} GB of memory: {remedy}.", where=options["where"],
            gigabytes=Limits.memory >> 30, remedy=REMEDIES[kind],
        )  # fmt: skip
    except Exception as error:  # libraries raise errors of their own
        said = Message(
            "{where} is not {what} that can be read ({reason}): save it again, or give its format.",
            where=options["where"], reason=brief(error), what=KINDS[kind],
        )  # fmt: skip
    if out is None:
        schema = pa.schema([])
        out = pa.ipc.new_stream(sys.stdout.buffer, schema)
    end = json.dumps([None if said is None else said.to_plain(), goes_on])
    _send(out, pa.RecordBatch.from_pylist([], schema), {END: end})
    out.close()
    sys.stdout.buffer.flush()


def _send(out: Any, batch: pa.RecordBatch, metadata: dict[bytes, str] | None = None) -> None:
    limit_time()
    out.write_batch(batch, metadata)
    sys.stdout.buffer.flush()


def limit_time() -> None:
    """End this process after so many more seconds of work, even when the one which started it is gone."""
    if resource is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        most = math.ceil(used.ru_utime + used.ru_stime + Limits.seconds)
        with contextlib.suppress(ValueError, OSError):  # the limit is lower already
            resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _limit_memory() -> None:
    for what, most in (("RLIMIT_AS", Limits.memory), ("RLIMIT_CORE", 0)) if resource is not None else ():
        with contextlib.suppress(ValueError, OSError):  # the limit is lower already, or there can be none (macOS)
            resource.setrlimit(getattr(resource, what), (most, most))


def _with_head(schema: pa.Schema, head: dict[str, Any]) -> pa.Schema:
    return schema.with_metadata({**(schema.metadata or {}), HEAD: json.dumps(head)})


# -- Parquet -------------------------------------------------------------------------------------


def _read_parquet(file: BinaryIO, options: dict[str, Any]) -> Found:
    import pyarrow.parquet as pq

    where = options["where"]
    pa.set_cpu_count(1)
    parquet = pq.ParquetFile(file, page_checksum_verification=True)
    if len(parquet.schema_arrow.names) > Limits.columns:
        raise too_many_columns(where)
    groups = [parquet.metadata.row_group(i).num_rows for i in range(parquet.metadata.num_row_groups)]
    schema = _with_head(parquet.schema_arrow, {"rows": parquet.metadata.num_rows, "groups": groups})
    return schema, _parquet_batches(parquet, where)


def _parquet_batches(parquet: Any, where: str) -> Iterator[pa.RecordBatch]:
    done = 0
    try:
        for batch in parquet.iter_batches(_rows_at_once(parquet.metadata), use_threads=False):
            batch.validate(full=True)
            yield from map(_with_small_dictionaries, _parts(batch, done, where))
            done += len(batch)
    except MemoryError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            "{where} is damaged after row {row} ({reason}): fetch it again.", where=where, row=done,
            reason=brief(error),
        ) from None  # fmt: skip


def _rows_at_once(metadata: Any) -> int:
    """How many rows make a batch, by the largest that the file says it has."""
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    largest = max((group.total_byte_size / group.num_rows for group in groups if group.num_rows), default=0)
    return max(1, min(_ROWS, int(_BATCH_BYTES / max(largest, 1))))


def _parts(batch: pa.RecordBatch, done: int, where: str) -> Iterator[pa.RecordBatch]:
    """A batch in parts that do not take much memory, once their values are plain."""
    size = sum(map(_size, batch.columns))
    if len(batch) <= 1 or size <= min(_BATCH_BYTES, Limits.row_bytes):
        if size > Limits.row_bytes:
            raise too_long(where, done)
        yield batch
        return
    half = len(batch) // 2
    yield from _parts(batch.slice(0, half), done, where)
    yield from _parts(batch.slice(half), done + half, where)


def _size(array: pa.Array) -> int:
    """Bytes that the values of an array take once they are Python's: a list of a million nulls has none in the file."""
    kind, own = array.type, 8 * len(array)
    if pa.types.is_dictionary(kind):
        if not (pa.types.is_string(kind.value_type) or pa.types.is_binary(kind.value_type)):
            return 2 * own
        import pyarrow.compute as pc

        return own + int(pc.sum(pc.binary_length(array.dictionary).take(array.indices)).as_py() or 0)
    if pa.types.is_map(kind):  # which cannot be flattened
        start, stop = array.offsets[0].as_py(), array.offsets[-1].as_py()
        return own + sum(_size(part.slice(start, stop - start)) for part in (array.keys, array.items))
    if pa.types.is_struct(kind):
        return own + sum(map(_size, array.flatten()))
    if pa.types.is_nested(kind):
        return own + _size(array.flatten())
    return own + int(array.nbytes)


def _with_small_dictionaries(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [
        c.dictionary_decode().dictionary_encode().cast(c.type)
        if pa.types.is_dictionary(c.type) and c.dictionary.nbytes > _BATCH_BYTES
        else c
        for c in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


# -- workbooks -----------------------------------------------------------------------------------


def _read_workbook(file: BinaryIO, options: dict[str, Any]) -> Found:
    where = options["where"]
    _check_size(file, where)
    workbook = importlib.import_module("python_calamine").load_workbook(file)
    name = _choose_sheet(workbook, options["sheet"], where, options["named"])
    sheet = workbook.get_sheet_by_name(name)
    if not sheet.height:
        raise DataError(
            "Sheet {name!r} of {where} is empty: name another with sheet=... (--sheet).", name=name, where=where,
        )  # fmt: skip
    if sheet.width > Limits.columns:
        raise too_many_columns(where)
    head = {"sheet": name, "sheets": list(workbook.sheet_names), "rows": sheet.height}
    schema = _with_head(pa.schema([("row", pa.string())]), head)
    return schema, _workbook_batches(sheet, schema, where)


def _workbook_batches(sheet: Any, schema: pa.Schema, where: str) -> Iterator[pa.RecordBatch]:
    waiting, size = list[str](), 0
    # Rows begin with the empty ones above the table.
    for number, row in enumerate(islice(sheet.iter_rows(), sheet.start[0], None)):
        line = json.dumps(list(map(plain, row)))
        if len(line) > Limits.row_bytes:
            raise too_long(where, number)
        if len(waiting) == _ROWS or (waiting and size + len(line) > _BATCH_BYTES):
            yield pa.record_batch([waiting], schema)
            waiting, size = [], 0
        waiting.append(line)
        size += len(line)
    yield pa.record_batch([waiting], schema)


def plain(value: Any) -> Any:
    """A cell's value for JSON: nothing for an empty cell, whole numbers as such, dates by their kind."""
    if value == "" and isinstance(value, str):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return int(value)
    if isinstance(value, dt.timedelta):
        return {"duration": [value.days, value.seconds, value.microseconds]}
    for name, kind in (("datetime", dt.datetime), ("date", dt.date), ("time", dt.time)):
        if isinstance(value, kind):
            return {name: value.isoformat()}
    return value if isinstance(value, (str, int, float, bool)) else str(value)


def _check_size(file: BinaryIO, where: str) -> None:
    """Refuse a workbook that unpacks to more than can be read whole."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            size = sum(part.file_size for part in archive.infolist())
        if size > Limits.memory:
            raise DataError(
                "{where} unpacks to {gigabytes:.1f} GB, and {most} are read at most: {remedy}.",
                where=where, gigabytes=size / (1 << 30), most=Limits.memory >> 30, remedy=REMEDIES["workbook"],
            )  # fmt: skip
    file.seek(0)


def _choose_sheet(workbook: Any, wanted: str | None, where: str, named: Sequence[str]) -> str:
    """The sheet that the user named, or the first one shown that has a row of known column names, or the first."""
    sheets = list(workbook.sheet_names)
    if wanted is None:
        if not sheets:
            raise DataError("{where} has no sheet.", where=where)
        shown = [sheet.name for sheet in workbook.sheets_metadata if str(sheet.visible).endswith("Visible")]
        if len(shown) <= 1:
            return str((shown or sheets)[0])
        from collarclass.files.batch import LOOKED_AT  # they take longer to import than a small file to read
        from collarclass.tables.columns import find_header

        for name in shown:
            rows = islice(workbook.get_sheet_by_name(name).iter_rows(), LOOKED_AT)
            if find_header(([str(cell) for cell in row] for row in rows), named) is not None:
                return str(name)
        return str(shown[0])
    if wanted in sheets:
        return wanted
    if wanted.isdecimal() and 1 <= int(wanted) <= len(sheets):
        return str(sheets[int(wanted) - 1])
    raise DataError(
        "No sheet {wanted!r} in {where}; its sheets are: {sheets}.", wanted=wanted, where=where, sheets=[*sheets],
    )  # fmt: skip


def end_with(parent: int) -> None:
    """End this process soon after it has lost its parent, which has this number."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_EVERY)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    end_with(given["parent"])
    main(given["limits"])
