"""Excel and OpenDocument sheets → batches of rows, and labelled batches → an `.xlsx` workbook."""

from __future__ import annotations

import datetime as dt
import importlib
import json
import math
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from collarclass.errors import DataError
from collarclass.explain import palette
from collarclass.files.batch import LONGEST_TEXT, Batch, Choose, Limits, Reader, distinct, kinds_of, tidy
from collarclass.files.encoding import Encoding
from collarclass.files.source import Source, brief
from collarclass.files.writers import cell_bytes

MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 1_048_576, 16_384, 32_767  # Excel's own limits
_WIDEST = 60
_MOST_BYTES = 4 << 30
_CUT = "a cell cut to 32,767 characters, as many as Excel holds"
_DATES: dict[str, type[Any]] = {"datetime": dt.datetime, "date": dt.date, "time": dt.time}
_DATE_FORMATS = {"datetime": "yyyy-mm-dd hh:mm:ss", "date": "yyyy-mm-dd", "time": "hh:mm:ss"}


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise DataError(f"Excel files need {name}: pip install 'collarclass[excel]', or save as CSV.") from None


class ExcelReader:
    """One sheet of a workbook (.xlsx, .xls, .ods); see `readers.open_reader`.

    Attributes
    ----------
    sheet : str
        Its name.
    formulas : dict of (int, int) to str
        The sheet's own formulas by row and column, from 0; those of .xlsx only, and only if the table
        begins in the first cell, so that they can be written to the same place.
    """

    format = "excel"
    raw = False
    encoding = Encoding("utf-8")

    def __init__(self, source: Source, choose: Choose, sheet: str | None, limits: Limits) -> None:
        self.where = source.name
        self.tail: list[bytes] = []
        self._source = source
        file = source.seekable()
        calamine = _library("python_calamine")
        try:
            self._check_size(file)
            workbook = calamine.load_workbook(file)
            self.sheet = self._choose_sheet(workbook.sheet_names, sheet)
            found = workbook.get_sheet_by_name(self.sheet)
            self._rows = found.to_python(skip_empty_area=True)
            in_corner = tuple(found.start or (0, 0)) == (0, 0)
            self.formulas = _formulas(file, self.sheet) if in_corner else {}
        except DataError:
            raise
        except Exception as error:  # libraries raise errors of their own, and panics of their engines
            what = brief(error)
            raise DataError(f"{self.where} is not a workbook that can be read ({what}): save it again.") from None
        if not self._rows:
            raise DataError(f"Sheet {self.sheet!r} of {self.where} is empty: name another with sheet=... (--sheet).")
        self.columns = [str(_value(v) if v != "" else "") for v in self._rows[0]]
        if len(self.columns) > limits.columns:
            raise DataError(f"{self.where} has {len(self.columns):,} columns, and {limits.columns:,} are read at most.")
        self.names = distinct(self.columns)
        rows = [dict(zip(self.names, cells, strict=True)) for cells in self._rows[1:1001]]
        self.chosen = choose(self.names, self.where, kinds_of(self.names, rows))

    def _check_size(self, file: Any) -> None:
        """Refuse a workbook that unpacks to more than can be read whole."""
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                size = sum(part.file_size for part in archive.infolist())
            if size > _MOST_BYTES:
                raise DataError(
                    f"{self.where} unpacks to {size / (1 << 30):.1f} GB, and {_MOST_BYTES >> 30} are read at most: "
                    "save the sheet as CSV."
                )
        file.seek(0)

    def _choose_sheet(self, sheets: Sequence[str], wanted: str | None) -> str:
        if wanted is None:
            if not sheets:
                raise DataError(f"{self.where} has no sheet.")
            return sheets[0]
        if wanted in sheets:
            return wanted
        if wanted.isdecimal() and 1 <= int(wanted) <= len(sheets):
            return sheets[int(wanted) - 1]
        raise DataError(f"No sheet {wanted!r} in {self.where}; its sheets are: {', '.join(sheets)}.")

    def batches(self, size: int) -> Iterator[Batch]:
        """The rows in batches of `size`."""
        total = len(self._rows)
        for at in range(1, total, size):
            batch = Batch(lambda batch: batch.objects)
            for number, cells in enumerate(self._rows[at : at + size]):
                row = {name: _value(v) for name, v in zip(self.names, cells, strict=True)}
                batch.objects.append(row)
                cells_read = [tidy(row[str(name)]) for name in self.chosen.every]
                batch.add(self.chosen, cells_read)
                if max(map(len, cells_read)) == LONGEST_TEXT:
                    batch.note(number, f"only the first {LONGEST_TEXT} characters read")
            self._source.rows_share = min(1.0, (at + size) / total)
            yield batch


def _value(value: Any) -> Any:
    """A cell's value: nothing for an empty cell, whole numbers as such."""
    if value == "" and isinstance(value, str):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


def _formulas(file: Any, sheet: str) -> dict[tuple[int, int], str]:
    """Formulas of a sheet that do not refer to another sheet."""
    file.seek(0)
    if not zipfile.is_zipfile(file) or not _has_formulas(file):
        return {}
    openpyxl = _library("openpyxl")
    file.seek(0)
    workbook = openpyxl.load_workbook(file, read_only=True)
    return {
        (cell.row - 1, cell.column - 1): str(cell.value)
        for row in workbook[sheet].iter_rows()
        for cell in row
        if cell.data_type == "f" and isinstance(cell.value, str) and "!" not in cell.value
    }


def _has_formulas(file: Any) -> bool:
    with zipfile.ZipFile(file) as archive:
        if "xl/workbook.xml" not in archive.namelist():  # .ods
            return False
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                with archive.open(name) as part:
                    rest = b""
                    while block := part.read(1 << 20):
                        if b"<f>" in rest + block or b"<f " in rest + block:
                            return True
                        rest = block[-2:]
    return False


class ExcelWriter:
    """`.xlsx` with one sheet: rows are kept as JSON until `finish`, which writes them in constant memory.

    Cells keep their types: numbers, dates and truth values. Text stays text, so no cell starts a formula
    except those that were formulas in the source.
    """

    spooled = True

    def __init__(self, reader: Reader, added: Sequence[str], columns: Sequence[str], prefix: str) -> None:
        _library("xlsxwriter")
        self._columns = list(columns)
        self._header = [*columns, *added]
        self._collar = len(self._columns) + list(added).index(prefix + "collar")
        self._note = list(added).index(prefix + "collar_note")
        self._formulas = reader.formulas if isinstance(reader, ExcelReader) else {}
        self._sheet = reader.sheet if isinstance(reader, ExcelReader) else "ads"
        if len(self._header) > MOST_COLUMNS:
            raise DataError(f"Excel holds {MOST_COLUMNS:,} columns, not {len(self._header):,}: write .csv or .parquet.")

    def begin(self) -> bytes:
        return b""

    def render(self, batch: Batch, added: pa.Table, row: int) -> bytes:
        if row + len(added) + 1 > MOST_ROWS:
            raise DataError(
                f"Excel holds {MOST_ROWS:,} rows, and there are more: write .csv or .parquet, or split the source."
            )
        new = zip(*(column.to_pylist() for column in added.columns), strict=True)
        lines = []
        for number, (own, labels) in enumerate(zip(batch.rows(), new, strict=True), row + 1):
            cells = [_cell(own.get(name)) for name in self._columns]
            if self._formulas:
                for column in range(len(cells)):
                    formula = self._formulas.get((number, column))
                    if formula is not None:
                        cells[column] = {"formula": formula, "value": cells[column]}
            values = list(labels)
            if any(isinstance(c, str) and len(c) > LONGEST_CELL for c in cells):
                values[self._note] = f"{values[self._note]}; {_CUT}" if values[self._note] else _CUT
            lines.append(json.dumps([*cells, *map(_cell, values)], ensure_ascii=False) + "\n")
        return "".join(lines).encode("utf-8", "replace")

    def end(self) -> bytes:
        return b""

    def finish(self, pieces: Path, target: Path) -> None:
        """Write the rows kept in a file as a workbook."""
        xlsxwriter = _library("xlsxwriter")
        options = {"constant_memory": True, "strings_to_urls": False, "strings_to_formulas": False}
        with xlsxwriter.Workbook(str(target), options) as workbook:
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
            sheet.write_string(0, column, cell_bytes(name).decode()[:LONGEST_CELL], header)


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
        sheet.write_string(row, column, cell[:LONGEST_CELL], own)
    elif isinstance(cell, (int, float)):
        sheet.write_number(row, column, cell)
    elif "formula" in cell:
        value = cell["value"]
        sheet.write_formula(row, column, cell["formula"], None, "" if value is None else _cached(value))
    else:
        ((name, value),) = cell.items()
        sheet.write_datetime(row, column, _DATES[name].fromisoformat(value), formats[name])


def _cached(value: Any) -> Any:
    return next(iter(value.values())) if isinstance(value, dict) else value
