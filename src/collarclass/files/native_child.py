"""The program that reads workbooks and Parquet for `native`, in a process of its own.

Their libraries are native code, which a damaged or hostile file can make end the process or fill the memory. Here
that ends this process alone, whose memory is limited where the system can do that. It gets the file as its standard
input, options as JSON, and writes messages to its standard output: a letter, a length and a content.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import json
import math
import re
import signal
import sys
import zipfile
from collections.abc import Iterator, Sequence
from itertools import chain, islice, repeat
from typing import Any, BinaryIO

import pyarrow as pa

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

from collarclass.errors import DataError
from collarclass.files.orphans import end_with
from collarclass.files.source import brief

HEAD, SCHEMA, TABLE, ROWS, ERROR, END = b"H", b"S", b"T", b"R", b"E", b"Z"
_ROWS = 2000
_BATCH_BYTES = 8 << 20  # a message with more than one row has no more


def send(kind: bytes, content: bytes | pa.Buffer) -> None:
    """Write a message; there is time for another then."""
    limit_time()
    out = sys.stdout.buffer
    out.write(kind + len(content).to_bytes(8, "little"))
    out.write(content)
    out.flush()


def main() -> None:
    """Read the file that is the standard input."""
    kind, options = sys.argv[1], json.loads(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # that is for the process which started this one
    _limit_memory(options["memory"])
    _seconds[:] = [options["seconds"]]
    limit_time()
    file = open(0, "rb", closefd=False)  # noqa: SIM115
    file.seek(0)
    try:
        (_read_parquet if kind == "parquet" else _read_workbook)(file, options)
    except BrokenPipeError:
        sys.exit(1)
    except DataError as error:
        said = str(error)
    except MemoryError:
        said = f"{options['where']} needs more than {options['memory'] >> 30} GB of memory: {options['remedy']}."
    except Exception as error:  # libraries raise errors of their own
        what = "a Parquet file" if kind == "parquet" else "a workbook"
        said = f"{options['where']} is not {what} that can be read ({brief(error)}): save it again, or give its format."
    else:
        send(END, b"")
        return
    send(ERROR, said.encode("utf-8", "replace"))


_seconds: list[float] = []


def limit_time() -> None:
    """End this process after so many more seconds of work, even when the one which started it is gone."""
    if resource is not None and _seconds:
        used = resource.getrusage(resource.RUSAGE_SELF)
        most = math.ceil(used.ru_utime + used.ru_stime + _seconds[0])
        with contextlib.suppress(ValueError, OSError):  # the limit is lower already
            resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _limit_memory(limit: int) -> None:
    if resource is None:
        return
    for what, most in ((resource.RLIMIT_AS, limit), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):  # the limit is lower already, or there can be none (macOS)
            resource.setrlimit(what, (most, most))


def _too_long(options: dict[str, Any], after: int) -> DataError:
    return DataError(
        f"{options['where']} has a row of more than {options['row_bytes'] >> 20} MB after row {after}: correct it, or "
        "raise longest_row (--longest-row)."
    )


# -- Parquet -------------------------------------------------------------------------------------


def _read_parquet(file: BinaryIO, options: dict[str, Any]) -> None:
    import pyarrow.parquet as pq

    where = options["where"]
    pa.set_cpu_count(1)
    parquet = pq.ParquetFile(file, page_checksum_verification=True)
    schema = parquet.schema_arrow
    if len(schema.names) > options["columns"]:
        raise DataError(
            f"{where} has more than {options['columns']:,} columns, and no more are read: raise most_columns "
            "(--most-columns)."
        )
    send(HEAD, json.dumps({"rows": parquet.metadata.num_rows}).encode())
    send(SCHEMA, schema.serialize())
    done = 0
    try:
        for batch in parquet.iter_batches(_rows_at_once(parquet.metadata), use_threads=False):
            batch.validate(full=True)
            for part in _parts(batch, done, options):
                send(TABLE, _as_stream(part))
            done += len(batch)
    except (MemoryError, BrokenPipeError):
        raise
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{where} is damaged after row {done} ({brief(error)}): fetch it again.") from None


def _rows_at_once(metadata: Any) -> int:
    """How many rows make a batch, by the largest that the file says it has."""
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    largest = max((group.total_byte_size / group.num_rows for group in groups if group.num_rows), default=0)
    return max(1, min(_ROWS, int(_BATCH_BYTES / max(largest, 1))))


def _parts(batch: pa.RecordBatch, done: int, options: dict[str, Any]) -> Iterator[pa.RecordBatch]:
    """A batch in parts that do not take much memory, once their values are plain."""
    size = sum(map(_size, batch.columns))
    if len(batch) <= 1 or size <= min(_BATCH_BYTES, options["row_bytes"]):
        if size > options["row_bytes"]:
            raise _too_long(options, done)
        yield batch
        return
    half = len(batch) // 2
    yield from _parts(batch.slice(0, half), done, options)
    yield from _parts(batch.slice(half), done + half, options)


def _size(array: pa.Array) -> int:
    """Bytes that the values of an array take, those of a dictionary wherever they stand."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        if not (pa.types.is_string(kind.value_type) or pa.types.is_binary(kind.value_type)):
            return 16 * len(array)
        import pyarrow.compute as pc

        return int(pc.sum(pc.binary_length(array.dictionary).take(array.indices)).as_py() or 0)
    if pa.types.is_struct(kind):
        return sum(map(_size, array.flatten()))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_map(kind):
        return _size(array.flatten())
    return int(array.nbytes)


def _as_stream(batch: pa.RecordBatch) -> pa.Buffer:
    columns = [
        c.dictionary_decode().dictionary_encode().cast(c.type)
        if pa.types.is_dictionary(c.type) and c.dictionary.nbytes > _BATCH_BYTES
        else c
        for c in batch.columns
    ]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(pa.RecordBatch.from_arrays(columns, schema=batch.schema))
    return sink.getvalue()


# -- workbooks -----------------------------------------------------------------------------------


def _read_workbook(file: BinaryIO, options: dict[str, Any]) -> None:
    where = options["where"]
    _check_size(file, options)
    workbook = importlib.import_module("python_calamine").load_workbook(file)
    name = _choose_sheet(workbook, options["sheet"], where, options["named"])
    sheet = workbook.get_sheet_by_name(name)
    if not sheet.height:
        raise DataError(f"Sheet {name!r} of {where} is empty: name another with sheet=... (--sheet).")
    if sheet.width > options["columns"]:
        raise DataError(f"{where} has more than {options['columns']:,} columns, and no more are read.")
    start = tuple(sheet.start)
    extras = _Extras(file, name, start, options["columns"])
    rows = islice(sheet.iter_rows(), start[0], None)  # which begins with the empty rows above the table
    send(HEAD, json.dumps({"sheet": name, "sheets": list(workbook.sheet_names), "rows": sheet.height}).encode())
    own = zip(rows, chain(extras.rows(), repeat({})), strict=False)
    number = 0
    while batch := list(islice(own, _ROWS)):
        _send_rows(batch, number, extras.width, options)
        number += len(batch)


def _send_rows(
    batch: Sequence[tuple[list[Any], dict[int, Any]]], number: int, width: int, options: dict[str, Any]
) -> None:
    waiting, size = [], 0
    for i, (row, extra) in enumerate(batch):
        cells = [*map(plain, row), *repeat(None, width - len(row))]
        for column in extra.keys() & range(len(cells)):
            cells[column] = {"value": cells[column], **extra[column]}
        line = json.dumps(cells)
        if len(line) > options["row_bytes"]:
            raise _too_long(options, number + i)
        waiting.append(line)
        size += len(line)
        if size > _BATCH_BYTES:
            send(ROWS, f"[{','.join(waiting)}]".encode())
            waiting, size = [], 0
    if waiting:
        send(ROWS, f"[{','.join(waiting)}]".encode())


def plain(value: Any) -> Any:
    """A cell's value for JSON: nothing for an empty cell, whole numbers as such, dates by their kind."""
    if value == "" and isinstance(value, str):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, dt.timedelta):
        return {"duration": [value.days, value.seconds, value.microseconds]}
    for name, kind in (("datetime", dt.datetime), ("date", dt.date), ("time", dt.time)):
        if isinstance(value, kind):
            return {name: value.isoformat()}
    return value if isinstance(value, (str, int, float, bool)) else str(value)


def _check_size(file: BinaryIO, options: dict[str, Any]) -> None:
    """Refuse a workbook that unpacks to more than can be read whole."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            size = sum(part.file_size for part in archive.infolist())
        if size > options["memory"]:
            raise DataError(
                f"{options['where']} unpacks to {size / (1 << 30):.1f} GB, and {options['memory'] >> 30} are read at "
                f"most: {options['remedy']}."
            )
    file.seek(0)


def _choose_sheet(workbook: Any, wanted: str | None, where: str, named: Sequence[str]) -> str:
    """The sheet that the user named, or the first one shown that has a row of known column names, or the first."""
    sheets = list(workbook.sheet_names)
    if wanted is None:
        if not sheets:
            raise DataError(f"{where} has no sheet.")
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
    raise DataError(f"No sheet {wanted!r} in {where}; its sheets are: {', '.join(sheets)}.")


class _Extras:
    """What calamine leaves out of a sheet of .xlsx: its formulas, and errors such as #N/A."""

    def __init__(self, file: BinaryIO, sheet: str, start: tuple[int, int], most_columns: int) -> None:
        self._start = start
        self._names: set[str] = set()
        self._formulas: Any = None
        self._values: Any = None
        self.width = 0
        marks = _marks(file)
        if not marks:
            return
        openpyxl = importlib.import_module("openpyxl")
        for mark, values in (("formulas", False), ("errors", True)):
            if mark in marks:
                file.seek(0)
                workbook = openpyxl.load_workbook(file, read_only=True, data_only=values)
                setattr(self, "_values" if values else "_formulas", workbook[sheet])
                own = [workbook.defined_names, getattr(workbook[sheet], "defined_names", {})]
                self._names |= {str(name).casefold() for names in own for name in names}
        # Formulas that were never computed are no cells to calamine: a column of them alone would be lost.
        places = (place for found in islice(self.rows(), _ROWS) for place in found)
        self.width = min(1 + max(places, default=-1), most_columns)

    def rows(self) -> Iterator[dict[int, Any]]:
        """Of each row the cells with an error, a formula, or the value of a formula that cannot be kept."""
        row, column = self._start
        sheets = [sheet for sheet in (self._formulas, self._values) if sheet is not None]
        every = [sheet.iter_rows(min_row=row + 1, min_col=column + 1) for sheet in sheets]
        for cells in zip(*every, strict=False):
            found: dict[int, Any] = {}
            for sheet, own in zip(sheets, cells, strict=True):
                for place, cell in enumerate(own):
                    if sheet is self._formulas and cell.data_type == "f":
                        found[place] = {"formula": cell.value if self._can_be_kept(cell.value) else None}
                    elif sheet is self._values and cell.data_type == "e":
                        found[place] = {"formula": f"={cell.value}", **found.get(place, {}), "value": str(cell.value)}
            yield found

    def _can_be_kept(self, formula: Any) -> bool:
        """Whether a formula means the same in a workbook of this sheet alone, in the same place."""
        if self._start != (0, 0) or not isinstance(formula, str) or "!" in formula or "[" in formula:
            return False
        return self._names.isdisjoint(re.findall(r"[\w.\\]+", formula.casefold()))


def _marks(file: BinaryIO) -> set[str]:
    """Which of formulas and errors a workbook of .xlsx holds."""
    found: set[str] = set()
    file.seek(0)
    if not zipfile.is_zipfile(file):
        return found
    with zipfile.ZipFile(file) as archive:
        if "xl/workbook.xml" not in archive.namelist():  # .ods
            return found
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                with archive.open(name) as part:
                    rest = b""
                    while block := part.read(1 << 20):
                        block = rest + block
                        if re.search(rb"<(\w+:)?f[ >/]", block):
                            found.add("formulas")
                        if re.search(rb"""\bt=["']e["']""", block):
                            found.add("errors")
                        rest = block[-64:]
    return found


if __name__ == "__main__":
    end_with(json.loads(sys.argv[2])["parent"])
    main()
