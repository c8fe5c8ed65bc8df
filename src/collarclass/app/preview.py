"""What a file holds before it is labelled: where its table is, what its columns are, what is wrong with its rows."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from collarclass.app.problems import said
from collarclass.errors import DataError
from collarclass.files.batch import Batch, member, member_paths
from collarclass.files.layout import Layout
from collarclass.files.readers import open_reader
from collarclass.files.table import cell_text
from collarclass.messages import Message
from collarclass.shares.dates import find_periods, is_dates
from collarclass.tables.columns import Cells, Columns, choose_columns, guess_columns, width
from collarclass.text.tokens import language

MAX_ROWS = 50_000
_LETTERS = 300  # of a text, by which its language is known
_EVERY_ROW, _EVERY = 1000, 50  # rows whose language is looked at: the first ones, then one in so many
_ROWS = 2000
_MAX_GROUPS, _MAX_VALUES, _MAX_VALUE_CHARACTERS = 5, 30, 40
_MAX_ODD_ROWS = 10
_ENOUGH = 4  # cells by which a column is known for one of titles or texts
_ROWS_TO_PROPOSE, _SOME = 1000, 50
_PREVIEW_ROWS, _PREVIEW_CHARACTERS = 5, 160
_SHEETS = 20  # of a workbook, in which ads are looked for
_LISTS = (".csv", ".tsv")
_LONG, _SHORT = 100, 60  # mean widths of texts from, and of titles up to; a Chinese character counts two


@dataclass(frozen=True, slots=True)
class Looked:
    """A file's table: where it is, which columns hold titles, texts, dates and groups, and how it begins."""

    layout: Layout
    sheets: list[str]
    columns: list[str]
    title: str | None
    texts: list[str]
    date: str | None
    groups: list[str]
    preview: list[dict[str, str]]


def look(path: Path, layout: Layout) -> Looked:
    """Look at the beginning of a file; column names in two lines are found, and a list without any is given some.

    Of a workbook that is the first sheet with a column of texts, or else of titles, unless one is named.
    """
    found, rows = _look(path, layout)
    if layout.sheet is None and found.texts in ([], [found.title]) and len(found.sheets) > 1:
        every = [(found, rows)]
        for name in found.sheets[:_SHEETS]:
            with suppress(DataError):  # an empty sheet
                every.append(_look(path, replace(layout, sheet=name)))
        found, rows = max(every, key=lambda one: (one[0].texts not in ([], [one[0].title]), one[0].title is not None))
    layout = replace(layout, sheet=found.layout.sheet)
    if layout.header_row is None and found.layout.header_row is not None:
        if _are_names(rows, found.columns):
            second = [cell_text(rows[0].get(name)).strip() for name in found.columns]
            row, skipped = found.layout.header_row + 1, 0
            if len(set(filter(None, second))) < len(set(filter(None, found.columns))) == len(found.columns):
                row, skipped = row - 1, 1  # the names above tell more columns
            found, _ = _look(path, replace(layout, header_row=row, skip_rows=skipped))
        elif path.suffix in _LISTS and are_cells(found.columns):
            name_columns(path, layout)
            found, _ = _look(path, layout)
    return found


def _look(path: Path, layout: Layout) -> tuple[Looked, list[dict[str, Any]]]:
    known = Columns(None, ())

    def choose(columns: list[str], where: str | Message, kinds: Mapping[Hashable, str], cells: Cells) -> Columns:
        nonlocal known
        try:
            known = choose_columns(columns, where=where, kinds=kinds, cells=cells)
        except DataError:  # left to the user, who sees the columns
            return Columns(None, (columns[0],))
        return known

    with open_reader(path, layout, choose) as reader:
        sheets = list(getattr(reader, "sheets", []))
        rows = next(iter(reader.batches(_ROWS_TO_PROPOSE)), Batch(lambda batch: [])).rows()
        header_row = reader.header_row if reader.format in ("csv", "excel") else None
        layout = replace(layout, sheet=reader.sheet, header_row=header_row)
    columns = _with_members(list(map(str, reader.names)), rows)
    rows = [{name: member(row, name) for name in columns} for row in rows]
    title, texts = _roles(rows, columns, known)
    date, groups = propose(rows, columns, [title or "", *texts])
    preview = [
        {str(k): " ".join(cell_text(v).split())[:_PREVIEW_CHARACTERS] for k, v in row.items()}
        for row in rows[:_PREVIEW_ROWS]
    ]
    return Looked(layout, sheets, columns, title, texts, date, groups, preview), rows


def _with_members(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> list[str]:
    """Columns, of objects their members: "job.title"."""
    paths = dict.fromkeys(path for row in rows[:_SOME] for path in member_paths(row))
    objects = [path for path in paths if any(isinstance(member(row, path), dict) for row in rows[:_SOME])]
    inside = {name: [path for path in paths if path.startswith(f"{name}.") and path not in objects] for name in columns}
    return [path for name in columns for path in (inside[name] if name in objects else [name])]


def _roles(rows: Sequence[dict[str, Any]], columns: Sequence[str], known: Columns) -> tuple[str | None, list[str]]:
    """Columns of titles and texts as labelling would choose them, but for a column of dates that is called a title."""
    title, texts = None if known.title is None else str(known.title), list(map(str, known.texts))
    if title is not None and is_dates([cell_text(row.get(title)) for row in rows[:_SOME]]):
        found = guess_columns({name: [cell_text(row.get(name)) for row in rows] for name in columns if name != title})
        title = None if found[0] is None else str(found[0])
    return title, texts


def _are_names(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> bool:
    """Whether the first row has more column names: short words over columns that hold something else."""
    if len(rows) <= _ENOUGH:
        return False
    first = [cell_text(rows[0].get(name)).strip() for name in columns]
    if any(width(cell) > _SHORT or cell.isdecimal() or is_dates([cell]) for cell in first if cell):
        return False
    others = [[cell_text(row.get(name)).strip() for row in rows[1:_SOME]] for name in columns]
    return any(_is_other(cells) for cell, cells in zip(first, others, strict=True) if cell)


def _is_other(cells: Sequence[str]) -> bool:
    """Whether a column holds what no name of a column is: dates, or long texts throughout."""
    cells = [cell for cell in cells if cell]
    return len(cells) >= _ENOUGH and (is_dates(cells) or min(map(width, cells)) > _SHORT)


def are_cells(names: Sequence[str]) -> bool:
    """Whether column names are the cells of an ad: one is long, or they hold dates and numbers."""
    plain = sum(is_dates([name]) or name.replace(",", "").isdecimal() for name in names)
    return any(width(name) >= _LONG for name in names) or 2 * plain > len(names)


def name_columns(path: Path, layout: Layout) -> Path:
    """Give a list without a row of column names one; a workbook becomes one of this sheet. Returns the file's path."""
    first = replace(layout, header_row=1)
    with open_reader(path, first, lambda names, *_: Columns(None, (names[0],))) as reader:
        names = [f"Column {i}" for i in range(1, len(reader.names) + 1)]
        if reader.format == "excel":
            rows = [[row.get(name) for name in reader.names] for batch in reader.batches(_ROWS) for row in batch.rows()]
            fresh, as_text = path.with_suffix(".xlsx"), {"strings_to_formulas": False, "strings_to_urls": False}
            with pd.ExcelWriter(fresh, engine="xlsxwriter", engine_kwargs={"options": as_text}) as book:
                table = pd.DataFrame([reader.names, *rows], columns=names)
                table.to_excel(book, sheet_name=(reader.sheet or "ads")[:31], index=False)
            if fresh != path:
                path.unlink()
            return fresh
        if reader.format != "csv" or path.suffix not in _LISTS:
            raise DataError("Only in a list or a sheet can column names be missing: write them into its first row.")
        head, encoding = reader.delimiter.decode().join(names), reader.encoding
    fresh = path.with_suffix(".partial")
    with path.open("rb") as old, fresh.open("wb") as new:
        old.seek(len(encoding.bom))
        new.write(encoding.bom + encoding.encode(head.encode() + b"\n"))
        shutil.copyfileobj(old, new)
    return fresh.replace(path)


def propose(
    rows: Sequence[dict[str, Any]], columns: Sequence[str], taken: Sequence[str]
) -> tuple[str | None, list[str]]:
    """The first column of dates, and columns of a few values each that repeat, by some rows."""
    table = pd.DataFrame([[cell_text(row.get(name)) for name in columns] for row in rows], columns=list(columns))
    date, groups = None, []
    for name in dict.fromkeys(columns):
        cells = table[name] if name not in taken and list(columns).count(name) == 1 else pd.Series([], dtype=str)
        values = [value for value in cells.unique() if value.strip()]
        if date is None and values and is_dates(values[:200]):
            date = name
        elif 2 <= len(values) <= min(_MAX_VALUES, len(cells) / 2) and max(map(len, values)) <= _MAX_VALUE_CHARACTERS:
            groups.append(name)
    return date, groups[:_MAX_GROUPS]


def profile(path: Path, layout: Layout, columns: Columns, date: str | None) -> dict[str, Any]:
    """Look through a file, or through its first rows where it has very many, by the columns that are read."""
    rows: list[tuple[bool, bool, int, str]] = []
    odd: list[dict[str, Any]] = []
    languages, whole = Counter[str](), True
    read = replace(columns, code=date)  # codes say nothing here, and dates are read in their place
    with open_reader(path, layout, lambda names, *_: read) as reader:
        for batch in reader.batches(_ROWS):
            n, nothing = len(rows), [""] * len(batch)
            if n >= MAX_ROWS:
                whole = False
                break
            odd += [{"row": n + i + 1, "note": "; ".join(map(said, note))} for i, note in sorted(batch.notes.items())]
            ads = zip(batch.titles or nothing, batch.texts, batch.codes or nothing, strict=True)
            rows += [(bool(title.strip()), bool(text.strip()), hash((title, text)), day) for title, text, day in ads]
            languages.update(language(text[:_LETTERS]) for i, text in enumerate(batch.texts, n)
                             if text.strip() and (i < _EVERY_ROW or i % _EVERY == 0))  # fmt: skip
    found = pd.DataFrame(rows, columns=["titled", "written", "words", "date"])
    months = found["date"]
    if date is not None:
        days = list(months.unique())
        try:
            months = months.map(dict(zip(days, find_periods(days), strict=True)))
        except DataError:  # the order of day and month cannot be told
            months = months.map(lambda day: "")
    known = months[months != ""]
    return {
        "rows": len(found), "whole": whole, "empty": len(found) - int(found["written"].sum()),
        "untitled": len(found) - int(found["titled"].sum()) if columns.has_titles else 0,
        "languages": dict(languages.most_common()),
        "repeated": int((found.duplicated("words") & found["written"]).sum()),
        "first": min(known, default=None), "last": max(known, default=None),
        "undated": 0 if date is None else len(months) - len(known), "odd": odd[:_MAX_ODD_ROWS], "n_odd": len(odd),
    }  # fmt: skip
