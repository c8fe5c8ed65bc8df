"""Excel and OpenDocument sheets → batches of rows, and labelled batches → an `.xlsx` workbook."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from collarclass.errors import DataError, import_optional
from collarclass.explain import palette
from collarclass.files.batch import FIRST_ROWS, cells_of, distinct, kinds_of, tidy
from collarclass.files.layout import Choose, Layout, Reader
from collarclass.files.native import NativeFile
from collarclass.files.source import Source
from collarclass.files.writers import BuiltWriter, Rows, cell_bytes
from collarclass.messages import Message
from collarclass.tables.arrow import without_lists

MAX_SHEET_ROWS, MAX_SHEET_COLUMNS, MAX_CELL_CHARACTERS = 1_048_576, 16_384, 32_767  # Excel's own limits
_WIDEST, _MEASURED = 60, 200  # places of a column; rows by which its width goes
_WORKBOOK = "A workbook"  # what needs libraries of its own
_CUT = "a cell cut to 32,767 characters, as many as Excel holds"
_DATES: dict[str, type[Any]] = {"datetime": dt.datetime, "date": dt.date, "time": dt.time}
_DATE_FORMATS = {"datetime": "yyyy-mm-dd hh:mm:ss", "date": "yyyy-mm-dd", "time": "hh:mm:ss", "timedelta": "[h]:mm:ss"}


class ExcelReader(Reader):
    """One sheet of a workbook (.xlsx, .xls, .ods)."""

    format = "excel"

    def __init__(self, source: Source, layout: Layout, choose: Choose) -> None:
        super().__init__(source, layout, choose)
        import_optional("python_calamine", _WORKBOOK)
        file = NativeFile(source, "workbook", layout.sheet, layout.named)
        self.sheet, self.sheets, self._total = str(file.head["sheet"]), list(file.head["sheets"]), file.head["rows"]
        parts = ([json.loads(row) for row in batch.column(0).to_pylist()] for batch in file.batches())
        first = next(parts)
        place = layout.find_header([tidy(_value(cell)) for cell in row] for row in first)
        if place >= len(first):
            raise DataError(
                "Sheet {sheet!r} of {where} has no row {row} near its beginning: give another header_row.",
                sheet=self.sheet, where=self.where, row=place + 1,
            )  # fmt: skip
        self.header_row = place + 1
        first = first[place : place + 1] + first[place + 1 + layout.skip_rows :]
        self.names = distinct(["" if cell is None else str(_value(cell)) for cell in first[0]])
        self._parts = chain([first[1:]], parts)
        rows = [dict(zip(self.names, map(_value, cells), strict=True)) for cells in first[1 : 1 + FIRST_ROWS]]
        where: str | Message = self.where
        if len(self.sheets) > 1:
            where = Message("sheet {sheet!r} of {file}", sheet=self.sheet, file=self.where)
        try:
            self.chosen = choose(self.names, where, kinds_of(self.names, rows), cells_of(rows))
        except DataError as error:
            others = [name for name in self.sheets if name != self.sheet]
            more = Message(" The workbook's other sheets are: {sheets}.", sheets=others) if others else ""
            raise DataError("{sentence}{more}", sentence=error.message, more=more) from None

    def steps(self) -> Iterator[int]:
        for done, cells in enumerate(chain.from_iterable(self._parts), 1):
            row = dict(zip(self.names, map(_value, cells), strict=True))
            self.batch.objects.append(row)
            self.batch.add(self.chosen, [row[str(name)] for name in self.chosen.every])
            self.source.rows_share = min(1.0, done / self._total)
            yield sum(len(cell) for cell in cells if isinstance(cell, str))


def _value(cell: Any) -> Any:
    """The value of a cell as the child process sends it."""
    if not isinstance(cell, dict):
        return cell
    ((name, value),) = cell.items()
    return dt.timedelta(*value) if name == "duration" else _DATES[name].fromisoformat(value)


class ExcelWriter(BuiltWriter):
    """`.xlsx` with one sheet, in constant memory.

    Cells keep their types: numbers, dates and truth values. Text stays text, so no cell starts a formula.
    """

    def __init__(self, reader: Reader, added: Sequence[pa.Field]) -> None:
        import_optional("xlsxwriter", _WORKBOOK)
        self._columns = list(reader.names)
        self._header = [*self._columns, *(field.name for field in added)]
        # The columns of labels, by what comes after "collar" in their names.
        places = {field.name.rpartition("collar")[2]: i for i, field in enumerate(added, len(self._columns))}
        self._collar, self._note = places.get(""), places.get("_note")
        self._sheet = reader.sheet or "ads"
        if len(self._header) > MAX_SHEET_COLUMNS:
            n = len(self._header)
            raise DataError(
                "Excel holds {most:,} columns, not {n:,}: write .csv or .parquet.",
                most=MAX_SHEET_COLUMNS, n=n,
            )  # fmt: skip

    def check(self, rows: int) -> None:
        if rows + 1 > MAX_SHEET_ROWS:
            raise DataError(
                "Excel holds {most:,} rows, and there are more: write .csv or .parquet, or split the "
                "source.", most=MAX_SHEET_ROWS,
            )  # fmt: skip

    def build(self, rows: Rows, target: Path, compression: str = "") -> None:
        xlsxwriter = import_optional("xlsxwriter", _WORKBOOK)
        options = {"constant_memory": True, "strings_to_urls": False, "strings_to_formulas": False}
        try:
            with xlsxwriter.Workbook(str(target), options) as workbook:
                workbook.set_properties({"created": dt.datetime(2000, 1, 1)})  # the same bytes whenever it is made
                self._write_sheet(workbook.add_worksheet(self._sheet[:31]), _formats(workbook), self._cells(rows))
        except xlsxwriter.exceptions.FileCreateError as error:
            raise OSError(getattr(error.args[0], "errno", None), str(error)) from None

    def _cells(self, rows: Rows) -> Iterator[list[Any]]:
        """The cells of each row, with a note where one has to be cut."""
        for batch, added in rows():
            new = zip(*(column.to_pylist() for column in without_lists(added).columns), strict=True)
            for own, labels in zip(batch.rows(), new, strict=True):
                cells = [*(_cell(own.get(name)) for name in self._columns), *map(_cell, labels)]
                cut = any(isinstance(c, str) and len(c) > MAX_CELL_CHARACTERS for c in cells[: len(self._columns)])
                if cut and self._note is not None:
                    cells[self._note] = f"{cells[self._note]}; {_CUT}" if cells[self._note] else _CUT
                yield cells

    def _write_sheet(self, sheet: Any, formats: dict[str, Any], rows: Iterator[list[Any]]) -> None:
        first = list(islice(rows, _MEASURED))
        widths = [len(name) + 4 for name in self._header]
        for cells in first:
            for column, cell in enumerate(cells):
                longest = max(map(_width, str(cell)[:500].split("\n")))
                widths[column] = max(widths[column], min(_WIDEST, longest + 2))
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(self._header):
            sheet.write_string(0, column, cell_bytes(name).decode()[:MAX_CELL_CHARACTERS], formats["header"])
        row = 0
        for row, cells in enumerate(chain(first, rows), 1):
            for column, cell in enumerate(cells):
                _write(sheet, row, column, cell, formats, formats.get(cell) if column == self._collar else None)
        sheet.autofilter(0, 0, row, len(self._header) - 1)


def _width(text: str) -> int:
    """How wide a text is: a Chinese character takes two places."""
    return sum(2 if c > "\u2e80" else 1 for c in text)


def _cell(value: Any) -> Any:
    """A value as a sheet can hold it: what is no number, date or truth value as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dt.timedelta):  # or one of pandas
        return dt.timedelta(value.days, value.seconds, value.microseconds)
    if isinstance(value, int):
        return value if abs(value) < 10**16 and int(float(value)) == value else str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None if math.isnan(value) else str(value)
    if isinstance(value, dt.time) or (isinstance(value, dt.date) and 1900 <= value.year <= 9999):
        if isinstance(value, dt.datetime):
            return dt.datetime.combine(value.date(), value.time())
        return value.replace(tzinfo=None) if isinstance(value, dt.time) else value
    return cell_bytes(value).decode()


def _formats(workbook: Any) -> dict[str, Any]:
    found = {name: workbook.add_format({"num_format": form}) for name, form in _DATE_FORMATS.items()}
    found["header"] = workbook.add_format({"bold": True, "bottom": 1, "bg_color": "#f0f0f0", "valign": "top"})
    for label, (ink, paper) in palette.CELLS.items():
        found[label] = workbook.add_format({"font_color": ink, "bg_color": paper, "bold": True})
    return found


def _write(sheet: Any, row: int, column: int, cell: Any, formats: dict[str, Any], own: Any) -> None:
    if isinstance(cell, str):  # which `write` may take for a formula
        sheet.write_string(row, column, cell[:MAX_CELL_CHARACTERS], own)
    else:
        sheet.write(row, column, cell, formats.get(type(cell).__name__))
