"""The rows of a labelled file: kept as an Arrow table on the disk; chosen, counted over any two columns, and sorted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from collarclass.app.rows import (
    NOTES,
    OWN,
    TEXT,
    TITLE,
    Coded,
    encoded,
    lists,
    month_of,
    names_each_row,
    notes_in,
    number_of,
    regrouped,
    tidy_name,
)
from collarclass.definitions.definition import DEFINITION_MARK, Definition, Facts, builtin_definitions, load_definition
from collarclass.definitions.labels import COLLARS, LABELS, LEVELS
from collarclass.errors import DataError
from collarclass.files.csv_records import Dialect
from collarclass.files.readers import FileInput
from collarclass.files.writers import delimited_cells
from collarclass.report.ads import Collected, Pass
from collarclass.report.bands import FEW_NUMBERS, are_numbers, categories, in_bands, numbers_of
from collarclass.report.marks import excerpt
from collarclass.requirement_reader.credential_names import in_language
from collarclass.result import second_label
from collarclass.shares.dates import find_periods, is_dates
from collarclass.shares.groups import similar_names
from collarclass.shares.read import LabelledFile, compact, facts_of
from collarclass.tables.arrow import items
from collarclass.tables.schema import NUMBERS, PROBABILITIES, SCHEMA

MONTH, YOURS, SURE = "month", "yours", "confidence"
OWN_LABEL = "own_label"  # the column of people's labels in what is downloaded
# What rows are counted by beside the file's own columns, and the column that holds it.
ADDED = {"label": "collar", "schooling": "schooling_level", "certificates": "certificates", "note": NOTES}
BINS = (0.0, 0.6, 0.8, 0.95)  # of confidence, each up to the next
_EXCERPT = 200
_LOOKED_AT = 2000  # rows by which a column is known for one of numbers, or of names that repeat
_CSV_ROWS, _REPORT_ROWS = 2000, 20_000
# What a row is shown with, and the column that holds it.
_SHOWN = {
    column.attribute: column.name
    for column in SCHEMA
    if column.attribute in ("label", "confidence", "schooling_level", "schooling_status", "certificates", "note")
}
Rows = NDArray[np.int64]


@cache
def definitions() -> tuple[Definition, ...]:
    """The built-in definitions that an ad alone is enough for."""
    every = (load_definition(name) for name in builtin_definitions())
    return tuple(found for found in every if "occupation" not in found.needs)


@dataclass(frozen=True, slots=True)
class View:
    """Which rows are shown, and in what order: what an address says."""

    q: str = ""  # what the title or the text contains; case does not count
    # Values of columns, as "column:value"; one of those of each column. Of numbers and months also a range, such as
    # "pay:1000..2000", "pay:1000.." or "month:2026-01..2026-06".
    f: tuple[str, ...] = ()
    sort: str = ""  # a column, with a minus before it for the other way round


EVERYTHING = View()


class Results:
    """The rows of one labelled file, as `rows_writer` wrote them.

    `columns` are the file's own, `prefix` is that of the columns that labelling added, `groups` are shown beside each
    row, by the months of `date` rows can be counted, and `merged` has by column names that stand for another one.
    """

    def __init__(
        self, path: Path, columns: Sequence[str], prefix: str, groups: Sequence[str], date: str | None,
        merged: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:  # fmt: skip
        self.table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        self.columns, self.prefix, self.date, self.merged = list(columns), prefix, date, merged or {}
        self.groups = [name for name in groups if name != date]
        self.added = [name for name in self.table.column_names if name[0] != OWN and name not in (TITLE, TEXT, NOTES)]
        self.own: dict[int, str] = {}  # labels that people gave rows, from 0
        self._confidence = np.asarray(self.table["collar_confidence"].fill_null(np.nan).to_numpy(), np.float64)
        self._coded: dict[str, Coded] = {}
        self._asked: dict[View, Rows] = {}

    def __len__(self) -> int:
        return int(self.table.num_rows)

    # -- columns -----------------------------------------------------------------------------------

    def key_of(self, column: str) -> str:
        """What an address calls a column of the file."""
        return OWN + column if column in (*ADDED, MONTH, YOURS, SURE, OWN) else column

    def choices(self) -> list[str]:
        """Columns by which rows can be counted: those with names that repeat, or numbers."""
        own = map(self.key_of, self._countable)
        return ["label", *own, *([MONTH] if self.months() else []), "schooling", "certificates", SURE, "note",
                *([YOURS] if self.own else [])]  # fmt: skip

    def numbers(self) -> list[str]:
        """Columns of numbers, of which a part can be chosen by its ends."""
        return list(map(self.key_of, filter(self._numeric, self._countable)))

    def months(self) -> list[str]:
        """The months of the file's dates, in order, of which a part can be chosen as well."""
        with suppress(DataError):  # the order of day and month cannot be told
            return self.coded(MONTH).values if self.date is not None else []
        return []

    def _numeric(self, name: str) -> bool:
        return are_numbers(set(self._some(name)), 0.5)  # some “negotiable”

    @cached_property
    def _countable(self) -> list[str]:
        return [name for name in self.columns if self._can_be_counted(name)]

    def _some(self, name: str) -> list[str]:
        return [cell for cell in self.table[OWN + name].slice(0, _LOOKED_AT).to_pylist() if cell.strip()]

    def _can_be_counted(self, name: str) -> bool:
        if name == self.date or self.columns.count(name) > 1:
            return False
        cells = self._some(name)
        distinct = set(cells)
        if len(distinct) < 2 or max(map(len, distinct)) > 80:
            return False
        if are_numbers(distinct) and len(distinct) > FEW_NUMBERS:
            return not names_each_row(cells)
        return len(distinct) <= min(len(cells) / 2, max(FEW_NUMBERS, len(cells) / 5))

    def coded(self, key: str) -> Coded:
        """A column as numbers of its values."""
        if key in ("label", YOURS):
            codes = self.labels.astype(np.int32)
            if key == YOURS:
                codes[~np.isin(np.arange(len(self)), list(self.own))] = -1
            return Coded(codes, list(COLLARS))
        if key not in self._coded:
            self._coded[key] = self._code(key)
        return self._coded[key]

    def take(self, own: Mapping[int, str]) -> bool:
        """Use other labels that people gave, which count in place of the program's; whether they are others."""
        if own == self.own:
            return False
        self.own = {row: label for row, label in own.items() if row < len(self)}
        self._asked.clear()
        return True

    def _code(self, key: str) -> Coded:
        if key == SURE:
            bins = np.searchsorted(BINS, np.nan_to_num(self._confidence), "right") - 1
            return Coded(np.where(np.isnan(self._confidence), -1, bins).astype(np.int32), list(map(str, BINS)))
        if key == MONTH and self.date is not None:
            codes, values = encoded(self.table[OWN + self.date])
            return regrouped(codes, find_periods(values), sorted)
        if key in ADDED:
            codes, values = encoded(self.table[ADDED[key]])
            if key == "certificates":  # in English whatever the language of the ad
                return lists(codes, [[in_language(name, "en") for name in items(value)] for value in values])
            if key == "note":
                return lists(codes, [list(map(str, notes_in(value))) for value in values])
            return regrouped(codes, values, lambda found: [v for v in LEVELS if v in found])
        name = self._own_name(key)
        codes, values = encoded(self.table[OWN + name])
        if (bands := in_bands(codes, values)) is not None:
            return Coded(*bands)
        return regrouped(codes, self._merged(name, values))

    def _merged(self, name: str, values: Iterable[str]) -> list[str]:
        """Cells of a column as they are counted: tidy, and under the name that theirs stands for."""
        merged = self.merged.get(name, {})
        return [merged.get(own := tidy_name(value), own) for value in values]

    def _own_name(self, key: str) -> str:
        name = key[1:] if key[:1] == OWN and key not in self.columns else key
        if name not in self.columns:
            raise DataError("There is no column {name!r}: choose one of {columns}.", name=name, columns=self.choices())
        return name

    @cached_property
    def facts(self) -> Facts:
        """What definitions go by."""
        return facts_of(self.labelled([], "").table)

    @cached_property
    def _program(self) -> NDArray[np.int8]:
        codes, values = encoded(self.table["collar"])
        places = [COLLARS.index(value) if value in COLLARS else len(LABELS) for value in values]
        return np.array([*places, len(LABELS)], np.int8)[codes]

    @property
    def labels(self) -> NDArray[np.int8]:
        """The label of each row, as a place in `COLLARS`: a person's own, or else the program's."""
        out = self._program.copy()
        out[list(self.own)] = [COLLARS.index(label) for label in self.own.values()]
        return out

    @cached_property
    def under_definitions(self) -> dict[str, NDArray[np.int8]]:
        """The label of each row under every definition that the columns suffice for."""
        out = {}
        for one in definitions():
            with suppress(DataError):
                out[one.name] = one.apply(self.facts)
        return out

    def alike(self, key: str) -> dict[str, str]:
        """Names of a column that differ from a commoner one only in case, width and blanks, and are not left so."""
        if key in (*ADDED, MONTH, YOURS, SURE):  # no names of the file's
            return {}
        found = similar_names(pd.DataFrame({key: _categorical(self.coded(key))}))
        return {one: other for one, other in found.items() if one not in self.merged.get(key.removeprefix(OWN), {})}

    # -- rows --------------------------------------------------------------------------------------

    def split(self, chosen: str) -> tuple[str, str]:
        """Column and value of a part of an address; a column's name may hold a colon itself."""
        known = {*self.choices(), *self.columns, YOURS, MONTH}
        places = [i for i, c in enumerate(chosen) if c == ":" and chosen[:i] in known]
        if not places:
            raise DataError("There is no column {name!r}: choose one of {columns}.", name=chosen.partition(":")[0],
                            columns=self.choices())  # fmt: skip
        column, value = chosen[: places[-1]], chosen[places[-1] + 1 :]
        if column == "label" and value not in COLLARS:
            raise DataError("There is no label {label!r}: choose one of {labels}.", label=value, labels=COLLARS)
        return (MONTH if column == self.date and ".." in value else column), value

    def has(self, chosen: str) -> bool:
        """Whether it has the column of a part of an address."""
        with suppress(DataError):
            return bool(self.split(chosen))
        return False

    def mask(self, view: View) -> NDArray[np.bool_]:
        """Rows that a view has."""
        mask = np.ones(len(self), bool)
        if view.q:
            found = [pc.match_substring(self.table[name], view.q, ignore_case=True) for name in (TITLE, TEXT)]
            mask &= pc.or_(*found).to_numpy()
        for column, values in self._wanted(view).items():
            mask &= self._having(column, values)
        return mask

    def _wanted(self, view: View) -> dict[str, set[str]]:
        """What a view is chosen by: values of columns."""
        out: dict[str, set[str]] = {}
        for chosen in view.f:
            column, value = self.split(chosen)
            out.setdefault(column, set()).add(value)
        return out

    def instead(self, view: View, chosen: str) -> View:
        """A view with one value of a column in place of those of this column that it has."""
        column, _ = self.split(chosen)
        return replace(view, f=(*(one for one in view.f if self.split(one)[0] != column), chosen))

    def by_columns(self, view: View, by: Sequence[str]) -> tuple[dict[str, set[str]], View]:
        """The values of columns by which a view is a group of the file, or some groups; and the rest of the view."""
        names, values = {}, {}
        for column, wanted in self._wanted(view).items():
            name = MONTH if column == MONTH else column.removeprefix(OWN) if column not in (*ADDED, YOURS, SURE) else ""
            known = self.coded(column).values
            as_named = name == MONTH or not (name == self.date or is_dates(known[:200]))  # dates are grouped by month
            if name and as_named and (len(wanted) == 1 or name in by) and wanted <= {*known, ""}:
                names[column], values[name] = name, wanted
        return values, replace(view, f=tuple(one for one in view.f if self.split(one)[0] not in names), sort="")

    def _having(self, key: str, values: set[str]) -> NDArray[np.bool_]:
        """Rows with one of some values of a column; what is none of them may be a range, or a number."""
        coded = self.coded(key)
        out = coded.mask(values)
        for part in values - {*coded.values}:
            low, dots, high = part.partition("..")
            if dots or self._is_number(key, part):
                out |= self._between(key, low.strip(), (high if dots else low).strip())
        return out

    def _is_number(self, key: str, value: str) -> bool:
        """Whether a value is a number, of a column of the file that has such, however its cells are written."""
        return key not in (*ADDED, MONTH, YOURS, SURE) and are_numbers([value]) and self._numeric(self._own_name(key))

    def _between(self, key: str, low: str, high: str) -> NDArray[np.bool_]:
        if key == MONTH:
            first, last = (end and month_of(end) for end in (low, high))
            coded = self.coded(MONTH)
            has = [first <= value and (not last or value[: len(last)] <= last) for value in coded.values]
            return np.array([*has, False])[coded.codes]
        ends = [number_of(end) if end else np.nan for end in (low, high)]
        codes, values = encoded(self.table[OWN + self._own_name(key)])
        numbers = np.append(numbers_of(values), np.nan)
        return np.asarray(~np.isnan(numbers) & ~(numbers < ends[0]) & ~(numbers > ends[1]))[codes]

    def part_between(self, column: str, low: str, high: str) -> str:
        """The part of an address for the ends that somebody typed; nothing for none."""
        ends = [end and (month_of(end) if column == MONTH else f"{number_of(end):.15g}") for end in (low, high)]
        return f"{column}:{'..'.join(ends)}" if any(ends) else ""

    def rows_of(self, view: View) -> Rows:
        """Numbers of a view's rows, from 0, in its order."""
        if view not in self._asked:
            rows = np.flatnonzero(self.mask(view))
            if view.sort:
                order = "descending" if view.sort[0] == "-" else "ascending"
                column = self._to_sort_by(view.sort.lstrip("-")).take(pa.array(rows))
                rows = rows[pc.sort_indices(column, sort_keys=[("", order)]).to_numpy()]
            self._asked = {**dict(list(self._asked.items())[-3:]), view: rows}
        return self._asked[view]

    def _to_sort_by(self, name: str) -> Any:
        if name == "label":
            return pa.array(np.array(COLLARS)[self.labels])
        name = {**ADDED, SURE: "collar_confidence"}.get(name, name)
        name = name if name in self.table.column_names else OWN + name
        if name not in self.table.column_names:
            raise DataError("There is no column {sort!r} to sort by.", sort=name.removeprefix(OWN))
        return self.table[name].combine_chunks()

    def page(self, view: View, offset: int, limit: int) -> dict[str, Any]:
        """Some rows of a view, as a table shows them."""
        every = self.rows_of(view)
        rows = every[offset : offset + limit]
        own = (OWN + name for name in self.groups)
        names = [TITLE, TEXT, NOTES, "collar_model", *_SHOWN.values(), *PROBABILITIES, *own]
        cells = self._taken(rows, list(dict.fromkeys(names))).to_pylist()
        return {"total": len(every), "rows": [self._shown(int(r), c) for r, c in zip(rows, cells, strict=True)]}

    def _taken(self, rows: Rows, names: Sequence[str]) -> pa.Table:
        """Some rows; Arrow would put all parts of the table together for them, where those around them suffice."""
        table = self.table.select(names)
        if len(rows) and (np.diff(rows) > 0).all():
            return table.slice(rows[0], rows[-1] - rows[0] + 1).take(pa.array(rows - rows[0]))
        return pa.concat_tables([table.slice(row, 1) for row in rows]) if len(rows) else table.slice(0, 0)

    def ad(self, row: int) -> dict[str, Any]:
        """One row whole: also its text and the cells of the file."""
        if not 0 <= row < len(self):
            raise DataError("There is no row {row}: the file has {n:,}.", row=row + 1, n=len(self))
        cells = self.table.slice(row, 1).to_pylist()[0]
        own = {name: cells[OWN + name] for name in self.columns}
        return {**self._shown(row, cells), "title": cells[TITLE], "text": cells[TEXT], "cells": own}

    def _shown(self, row: int, cells: dict[str, Any]) -> dict[str, Any]:
        probabilities = [cells[name] for name in PROBABILITIES]
        by_model = None not in probabilities and DEFINITION_MARK not in cells["collar_model"]
        return {
            "row": row + 1, "title": cells[TITLE][:_EXCERPT],
            "text": excerpt(cells[TEXT][: 4 * _EXCERPT], _EXCERPT),
            "second_label": second_label(probabilities) if by_model else None,
            "corrected_label": self.own.get(row), "notes": json.loads(cells[NOTES] or "[]"),
            **{attribute: cells[name] for attribute, name in _SHOWN.items()},
            "groups": {name: self._merged(name, [cells[OWN + name]])[0] for name in self.groups},
        }  # fmt: skip

    # -- what goes elsewhere -----------------------------------------------------------------------

    @cached_property
    def _label_columns(self) -> pd.DataFrame:
        """The label columns, but for the words of the evidence."""
        names = [name for name in self.added if name != "collar_evidence"]
        table = pa.table({name: self.table[name] if name in NUMBERS else self.table[name].dictionary_encode()
                          for name in names})  # fmt: skip
        return compact(table.to_pandas(), (), "")

    def labelled(self, columns: Sequence[str], digest: str) -> LabelledFile:
        """What shares are made of: the label columns and some of the file's own, with names as they are counted."""
        out: dict[str, Any] = {str(name): column for name, column in self._label_columns.items()}
        for name in columns:
            if name not in out:
                codes, values = encoded(self.table[OWN + name])
                dated = name == self.date
                out[name] = _categorical(regrouped(codes, values) if dated else self.coded(self.key_of(name)))
        return LabelledFile(pd.DataFrame(out), digest)

    def collected(self, mask: NDArray[np.bool_], digest: str, file: FileInput) -> Collected:
        """What a report is made of: some rows, with what they name as reasons and the ads to be shown."""
        found = Pass()
        names = [name for name in ("collar", "collar_confidence", "collar_evidence") if name in self.added]
        for at in range(0, len(self), _REPORT_ROWS):
            inside = pa.array(mask[at : at + _REPORT_ROWS])
            part = self.table.slice(at, _REPORT_ROWS).select([TITLE, TEXT, *names]).filter(inside)
            found.add(part.select(names).to_pandas(), part[TITLE].to_pylist(), part[TEXT].to_pylist(), "")
        table = self.labelled([], "").table[mask].reset_index(drop=True)
        return found.collected(table, digest, file, {"labels": (self.prefix + "collar",)})

    def by_people(self) -> pa.Table:
        """What people made of the rows, as columns for the right: their labels, and columns whose names they merged."""
        out: dict[str, Any] = {}
        if self.own:
            out[f"{self.prefix}{OWN_LABEL}"] = pa.array([self.own.get(i, "") for i in range(len(self))])
        for name, merged in self.merged.items():
            if any(one != other for one, other in merged.items()):
                codes, values = encoded(self.table[OWN + name])
                out[f"{name} (merged)"] = pa.array(np.array([*self._merged(name, values), ""], dtype=object)[codes])
        return pa.table(out)

    def csv(self, view: View) -> Iterator[bytes]:
        """The rows of a view as CSV: the file's columns, those that labelling added, and what people made of them."""
        quote, more = Dialect(b",").quote, self.by_people()
        names = [*self.columns, *(self.prefix + name for name in self.added), *more.column_names]
        yield b"\xef\xbb\xbf" + b",".join(quote(name.encode()) for name in names) + b"\n"
        rows = self.rows_of(view)
        for at in range(0, len(rows), _CSV_ROWS):
            some = rows[at : at + _CSV_ROWS]
            part = self._taken(some, self.table.column_names).combine_chunks()
            added = part.select(self.added)
            for name in more.column_names:
                added = added.append_column(name, more[name].take(pa.array(some)))
            own = zip(*(part[OWN + name].to_pylist() for name in self.columns), strict=True)
            cells = delimited_cells(added, ",")
            yield b"".join(
                b",".join([*(quote(cell.encode()) for cell in row), cell]) + b"\n"
                for row, cell in zip(own, cells, strict=True)
            )


def _categorical(found: Coded) -> pd.Categorical:
    return categories(found.codes, found.values)
