"""Excel and OpenDocument sheets → batches of rows, and labelled batches → an `.xlsx` workbook."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from collarclass.errors import DataError, import_optional
from collarclass.explain import palette
from collarclass.files.batch import (
    MAX_TEXT_CHARACTERS,
    Batch,
    Choose,
    HeaderRow,
    Limits,
    Reader,
    distinct,
    kinds_of,
    tidy,
)
from collarclass.files.encoding import Encoding
from collarclass.files.native import NativeFile
from collarclass.files.native_child import ROWS
from collarclass.files.source import Source
from collarclass.files.writers import cell_bytes
from collarclass.tables.arrow import without_lists

MAX_SHEET_ROWS, MAX_SHEET_COLUMNS, MAX_CELL_CHARACTERS = 1_048_576, 16_384, 32_767  # Excel's own limits
_WIDEST = 60
_WORKBOOK = "A workbook"  # what needs libraries of its own
_CUT = "a cell cut to 32,767 characters, as many as Excel holds"
_DATES: dict[str, type[Any]] = {"datetime": dt.datetime, "date": dt.date, "time": dt.time}
_DATE_FORMATS = {
    "datetime": "yyyy-mm-dd hh:mm:ss", "date": "yyyy-mm-dd", "time": "hh:mm:ss", "duration": "[h]:mm:ss",
}  # fmt: skip


class ExcelReader(Reader):
    """One sheet of a workbook (.xlsx, .xls, .ods); see `readers.open_reader`.

    Attributes
    ----------
    sheet : str
        Its name.
    sheets : list of str
        The names of all sheets of the workbook.
    header_row : int
        The row of column names, from 1.
    replaced : int
        How many formulas there were, in the rows read so far, that could mean something else in a workbook of this
        sheet alone: they refer to another sheet, a table or a defined name, or would stand in another place.
    """

    format = "excel"
    raw = False
    encoding = Encoding("utf-8")

    def __init__(
        self, source: Source, choose: Choose, sheet: str | None, limits: Limits, header: HeaderRow
    ) -> None:
        for library in ("python_calamine", "openpyxl"):
            import_optional(library, _WORKBOOK, "excel")
        self.where = source.name
        self.tail: list[bytes] = []
        self.replaced = 0
        self._source = source
        file = NativeFile(source, "workbook", limits, sheet, header.named)
        head = file.head()
        self.sheet, self.sheets, self._total = str(head["sheet"]), list(head["sheets"]), int(head["rows"])
        parts = (json.loads(content) for content in file.messages(ROWS))
        first = next(parts)
        place = header.find([tidy(_value(cell)) for cell in row] for row in first)
        if place >= len(first):
            raise DataError(f"Sheet {self.sheet!r} of {self.where} has no row {place + 1} near its beginning: give "
                            "another header_row.")  # fmt: skip
        self.header_row = place + 1
        self._moved = place + header.skip > 0
        first = first[place : place + 1] + first[place + 1 + header.skip :]
        self.columns = list(map(_name, first[0]))
        self.names = distinct(self.columns)
        self._parts = chain([first[1:]], parts)
        rows = [dict(zip(self.names, map(_value, cells), strict=True)) for cells in first[1:1001]]
        where = self.where if len(self.sheets) == 1 else f"sheet {self.sheet!r} of {self.where}"
        try:
            self.chosen = choose(self.names, where, kinds_of(self.names, rows))
        except DataError as error:
            others = [name for name in self.sheets if name != self.sheet]
            more = f" The workbook's other sheets are: {', '.join(others)}." if others else ""
            raise DataError(f"{error}{more}") from None

    def batches(self, size: int) -> Iterator[Batch]:
        """The rows in batches of `size`, fewer when they are long."""
        done = 1
        for part in self._parts:
            for at in range(0, len(part), size):
                batch = self._batch(part[at : at + size])
                done += len(batch)
                self._source.rows_share = min(1.0, done / self._total)
                yield batch

    def _batch(self, rows: list[list[Any]]) -> Batch:
        batch = Batch(lambda batch: batch.objects)
        for number, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, dict) and "formula" in cell:
                    if cell["formula"] is None or self._moved:
                        self.replaced += 1
                    else:
                        batch.formulas[number, column] = cell["formula"]
            row = dict(zip(self.names, map(_value, cells), strict=True))
            batch.objects.append(row)
            cells_read = [tidy(row[str(name)]) for name in self.chosen.every]
            batch.add(self.chosen, cells_read)
            if max(map(len, cells_read)) == MAX_TEXT_CHARACTERS:
                batch.note(number, f"only the first {MAX_TEXT_CHARACTERS} characters read")
        return batch


def _name(cell: Any) -> str:
    """The name of a column: of a formula that was never computed, its own text."""
    value = _value(cell)
    if value is None and isinstance(cell, dict):
        value = cell["formula"]
    return "" if value is None else str(value)


def _value(cell: Any) -> Any:
    """The value of a cell as the child process sends it."""
    if not isinstance(cell, dict):
        return cell
    if "formula" in cell:
        return _value(cell["value"])
    ((name, value),) = cell.items()
    return dt.timedelta(*value) if name == "duration" else _DATES[name].fromisoformat(value)


class ExcelWriter:
    """`.xlsx` with one sheet: rows are kept as JSON until `finish`, which writes them in constant memory.

    Cells keep their types: numbers, dates and truth values. Text stays text, so no cell starts a formula
    except those that were formulas in the source.
    """

    spooled = True

    def __init__(self, reader: Reader, added: Sequence[str], columns: Sequence[str], prefix: str) -> None:
        import_optional("xlsxwriter", _WORKBOOK, "excel")
        self._columns = list(columns)
        self._header = [*columns, *added]
        self._collar = len(self._columns) + list(added).index(prefix + "collar")
        self._note = list(added).index(prefix + "collar_note")
        self._in_place = isinstance(reader, ExcelReader)  # rows and columns stand where they stood
        self._sheet = reader.sheet or "ads"
        if len(self._header) > MAX_SHEET_COLUMNS:
            n = len(self._header)
            raise DataError(f"Excel holds {MAX_SHEET_COLUMNS:,} columns, not {n:,}: write .csv or .parquet.")

    def begin(self) -> bytes:
        return b""

    def render(self, batch: Batch, added: pa.Table, row: int) -> bytes:
        if row + len(added) + 1 > MAX_SHEET_ROWS:
            raise DataError(
                f"Excel holds {MAX_SHEET_ROWS:,} rows, and there are more: write .csv or .parquet, or split the source."
            )
        new = zip(*(column.to_pylist() for column in without_lists(added).columns), strict=True)
        lines = []
        formulas = batch.formulas if self._in_place else {}
        for number, (own, labels) in enumerate(zip(batch.rows(), new, strict=True)):
            cells = [_cell(own.get(name)) for name in self._columns]
            for column in range(len(cells)) if formulas else ():
                if (number, column) in formulas:
                    cells[column] = {"formula": formulas[number, column], "value": cells[column]}
            values = list(labels)
            if any(isinstance(c, str) and len(c) > MAX_CELL_CHARACTERS for c in cells):
                values[self._note] = f"{values[self._note]}; {_CUT}" if values[self._note] else _CUT
            lines.append(json.dumps([*cells, *map(_cell, values)], ensure_ascii=False) + "\n")
        return "".join(lines).encode("utf-8", "replace")

    def end(self) -> bytes:
        return b""

    def finish(self, pieces: Path, target: Path) -> None:
        """Write the rows kept in a file as a workbook."""
        xlsxwriter = import_optional("xlsxwriter", _WORKBOOK, "excel")
        options = {"constant_memory": True, "strings_to_urls": False, "strings_to_formulas": False}
        try:
            self._write_workbook(xlsxwriter.Workbook(str(target), options), pieces)
        except xlsxwriter.exceptions.FileCreateError as error:
            raise OSError(getattr(error.args[0], "errno", None), str(error)) from None

    def _write_workbook(self, book: Any, pieces: Path) -> None:
        with book as workbook:
            workbook.set_properties({"created": dt.datetime(2000, 1, 1)})  # the same bytes whenever it is made
            sheet = workbook.add_worksheet(self._sheet[:31])
            formats = _formats(workbook)
            self._lay_out(sheet, pieces, formats["header"])
            rows = 0
            for rows, line in enumerate(_lines(pieces), 1):
                cells = json.loads(line)
                for column, cell in enumerate(cells):
                    _write(sheet, rows, column, cell, formats, formats.get(cell) if column == self._collar else None)
            sheet.autofilter(0, 0, rows, len(self._header) - 1)

    def _lay_out(self, sheet: Any, pieces: Path, header: Any) -> None:
        widths = [len(name) + 4 for name in self._header]
        for number, line in enumerate(_lines(pieces)):
            if number == 200:
                break
            for column, cell in enumerate(json.loads(line)):
                longest = max(map(_width, str(cell)[:500].split("\n")))
                widths[column] = max(widths[column], min(_WIDEST, longest + 2))
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(self._header):
            sheet.write_string(0, column, cell_bytes(name).decode()[:MAX_CELL_CHARACTERS], header)


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="\n") as file:
        yield from file


def _width(text: str) -> int:
    """How wide a text is: a Chinese character takes two places."""
    return sum(2 if c > "\u2e80" else 1 for c in text)


def _cell(value: Any) -> Any:
    """A value as the rows kept hold it."""
    if value is None or isinstance(value, (bool, int, str)):
        return value if not isinstance(value, int) or abs(value) < 1 << 53 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dt.timedelta):
        return {"duration": [value.days, value.seconds, value.microseconds]}
    for name, kind in _DATES.items():
        if isinstance(value, kind):
            naive = value.replace(tzinfo=None) if name != "date" else value
            return {name: naive.isoformat()} if name == "time" or 1900 <= naive.year <= 9999 else str(value)
    return cell_bytes(value).decode()


def _formats(workbook: Any) -> dict[str, Any]:
    found = {name: workbook.add_format({"num_format": form}) for name, form in _DATE_FORMATS.items()}
    found["header"] = workbook.add_format({"bold": True, "bottom": 1, "bg_color": "#f0f0f0", "valign": "top"})
    for label, (ink, paper) in palette.CELLS.items():
        found[label] = workbook.add_format({"font_color": ink, "bg_color": paper, "bold": True})
    return found


def _write(sheet: Any, row: int, column: int, cell: Any, formats: dict[str, Any], own: Any) -> None:
    if cell is None:
        return
    if isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, str):
        sheet.write_string(row, column, cell[:MAX_CELL_CHARACTERS], own)
    elif isinstance(cell, (int, float)):
        sheet.write_number(row, column, cell)
    elif "formula" in cell:
        value = cell["value"]
        sheet.write_formula(row, column, cell["formula"], None, "" if value is None else _cached(value))
    else:
        sheet.write_datetime(row, column, _value(cell), formats[next(iter(cell))])


def _cached(value: Any) -> Any:
    return str(_value(value)) if isinstance(value, dict) else value
