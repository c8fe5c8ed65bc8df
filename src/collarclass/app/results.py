"""The rows of a labelled file: kept as an Arrow table on the disk, filtered, counted, searched and sorted there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from collarclass.app.schemas import Row
from collarclass.definitions.labels import COLLARS, LEVELS
from collarclass.errors import DataError
from collarclass.files.batch import Batch, tidy
from collarclass.files.csv_records import Dialect
from collarclass.files.table import cell_text
from collarclass.files.writers import delimited_cells
from collarclass.model.doubt import second_label
from collarclass.requirement_reader.certificates import UNNAMED
from collarclass.shares.dates import find_periods
from collarclass.shares.read import LANGUAGE_SAMPLE, LabelledFile, chinese_share
from collarclass.tables.arrow import items, without_lists
from collarclass.tables.schema import NUMBERS, PROBABILITIES, SCHEMA

OWN = "="  # before the names of a file's own columns, which may be those of others
TITLE, TEXT, MONTH, CORRECTED, SURE = "title", "text", "month", "corrected_label", "confidence"
CORRECTIONS = "corrections.json"
UNNAMED_LAST = frozenset(UNNAMED.values())  # certificates and licences that say less than any name
BINS = (0.0, 0.6, 0.8, 0.95)  # of the facet of confidence, each up to the next
_EXCERPT = 200
_MAX_FACET_VALUES = 200  # of a facet
_CSV_ROWS = 2000

# What a row is shown with, and the column that holds it.
_ADDED = {column.attribute: column.name for column in SCHEMA if column.attribute in Row.model_fields}
Rows = NDArray[np.int64]


class View(BaseModel):
    """Which rows are shown, and in what order: what a link to a view holds."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field("", max_length=200, description="What the title or the text contains; case does not count.")
    where: dict[str, list[str]] = Field(
        default_factory=dict, max_length=20, description="Values of facets: one of those of each facet."
    )
    low: float = Field(0.0, ge=0, le=1, description="Least confidence.")
    high: float = Field(1.0, ge=0, le=1, description="Most confidence.")
    sort: str | None = Field(None, max_length=1000, description="Column; of the file's own with = before its name.")
    descending: bool = False


class ResultsWriter:
    """Writes the table of a file's rows while the file is labelled.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        The file's own columns.
    prefix : str
        Of the columns that labelling adds; left off in the table.
    """

    def __init__(self, path: Path, columns: Sequence[str], prefix: str) -> None:
        self._path, self._columns, self._prefix = path, list(columns), prefix
        self._writer: Any = None

    def __enter__(self) -> ResultsWriter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def add(self, batch: Batch, added: pa.Table) -> None:
        """Add rows with the columns that labelling gave them."""
        rows = batch.rows()
        titles = batch.titles if batch.titles is not None else [""] * len(rows)
        cells = {TITLE: list(map(cell_text, titles)), TEXT: list(map(cell_text, batch.texts))}
        cells |= {OWN + name: [cell_text(row.get(name)) for row in rows] for name in self._columns}
        table = pa.table({name: pa.array(values, pa.string()) for name, values in cells.items()})
        for name, column in zip(added.column_names, without_lists(added).columns, strict=True):
            table = table.append_column(name.removeprefix(self._prefix), column)
        if self._writer is None:
            self._writer = pa.ipc.new_file(str(self._path), table.schema)
        self._writer.write_table(table.combine_chunks())


class Results:
    """The rows of one labelled file.

    Parameters
    ----------
    path : Path
        What `ResultsWriter` wrote.
    columns : sequence of str
        The file's own columns.
    prefix : str
        Of the columns that labelling added.
    groups : sequence of str
        Columns of the file that are facets.
    date : str, optional
        The column of dates, by whose month rows can be chosen.
    """

    def __init__(
        self, path: Path, columns: Sequence[str], prefix: str, groups: Sequence[str], date: str | None
    ) -> None:
        self.table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        self.columns, self.prefix = list(columns), prefix
        self.groups = [name for name in groups if name != date]
        self.added = [name for name in self.table.column_names if name[0] != OWN[0] and name not in (TITLE, TEXT)]
        self.corrected: dict[int, str] = {}
        self._corrections = path.with_name(CORRECTIONS)
        if self._corrections.exists():
            self.corrected = {int(row): label for row, label in json.loads(self._corrections.read_text()).items()}
        self._confidence = np.asarray(self.table["collar_confidence"].fill_null(np.nan).to_numpy(), np.float64)
        facets = {name: self.table[name] for name in ("collar", "schooling_level", "certificates")}
        if date is not None:
            with suppress(DataError):  # the order of day and month cannot be told
                facets[MONTH] = _months(self.table[OWN + date])
        facets |= {OWN + name: self.table[OWN + name] for name in self.groups}
        facets["collar_note"] = self.table["collar_note"]
        self._facets = {name: _Facet(column, name == "certificates") for name, column in facets.items()}
        bins = pa.array(np.searchsorted(BINS, np.nan_to_num(self._confidence), "right").astype(np.int32) - 1)
        bins = pc.if_else(pc.is_nan(pa.array(self._confidence)), None, bins)
        self._facets[SURE] = _Facet(pa.chunked_array([pa.DictionaryArray.from_arrays(bins, list(map(str, BINS)))]))
        self._asked: dict[str, Rows] = {}

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def labelled(self, columns: Sequence[str], digest: str) -> LabelledFile:
        """What shares are made of: the label columns and some of the file's own, as `read_labelled` has them."""
        out: dict[str, Any] = {}
        for name in self.added:
            if name in NUMBERS:
                out[name] = self.table[name].to_numpy().astype(np.float32)
            elif name != "collar_evidence":
                out[name] = _categories(self.table[name])
        out |= {name: _categories(self.table[OWN + name]) for name in columns if name not in out}
        texts = self.table[TEXT].slice(0, LANGUAGE_SAMPLE).to_pylist()
        return LabelledFile(pd.DataFrame(out), digest, chinese_share(texts))

    def correct(self, row: int, label: str | None) -> None:
        """Keep a person's label for a row, apart from the model's; None takes it back."""
        if label is None:
            self.corrected.pop(row, None)
        else:
            self.corrected[row] = label
        self._corrections.write_text(json.dumps(self.corrected))
        self._asked.clear()

    def _corrections_mask(self, values: Sequence[str]) -> NDArray[np.bool_]:
        mask = np.zeros(len(self), bool)
        mask[[row for row, label in self.corrected.items() if label in values]] = True
        return mask

    def _mask(self, view: View, without: str = "") -> NDArray[np.bool_]:
        """Rows that a view has; a facet's own values are not asked for its counts."""
        mask = np.ones(len(self), bool)
        if view.q:
            found = [pc.match_substring(self.table[name], view.q, ignore_case=True) for name in (TITLE, TEXT)]
            mask &= pc.or_(*found).to_numpy()
        if (view.low, view.high) != (0, 1):
            with np.errstate(invalid="ignore"):
                mask &= (self._confidence >= view.low) & (self._confidence <= view.high)
        for name, values in view.where.items():
            if name == without:
                continue
            if name == CORRECTED:
                mask &= self._corrections_mask(values)
            elif name in self._facets:
                mask &= self._facets[name].mask(values)
            else:
                raise DataError(f"There is no facet {name!r}: choose one of {', '.join([*self._facets, CORRECTED])}.")
        return mask

    def rows_of(self, view: View) -> Rows:
        """Numbers of a view's rows, from 0, in its order."""
        key = view.model_dump_json()
        if key not in self._asked:
            rows = np.flatnonzero(self._mask(view))
            if view.sort is not None:
                if view.sort not in self.table.column_names:
                    raise DataError(f"There is no column {view.sort!r} to sort by.")
                column = self.table[view.sort]
                order = "descending" if view.descending else "ascending"
                rows = rows[pc.sort_indices(column.take(pa.array(rows)), sort_keys=[("", order)]).to_numpy()]
            self._asked = {**dict(list(self._asked.items())[-3:]), key: rows}
        return self._asked[key]

    def page(self, view: View, offset: int, limit: int) -> dict[str, Any]:
        """Some rows of a view, as a table shows them."""
        every = self.rows_of(view)
        rows = every[offset : offset + limit]
        names = [TITLE, TEXT, *_ADDED.values(), *PROBABILITIES, *(OWN + name for name in self.groups)]
        cells = self.table.select(names).take(pa.array(rows)).to_pylist()
        return {"total": len(every), "rows": [self._shown(int(r), c) for r, c in zip(rows, cells, strict=True)]}

    def _shown(self, row: int, cells: dict[str, Any]) -> dict[str, Any]:
        probabilities = [cells[name] for name in PROBABILITIES]
        second = None if cells["collar"] == "unclear" or None in probabilities else second_label(probabilities)
        return {
            "row": row + 1,
            "title": cells[TITLE][:_EXCERPT],
            "text": " ".join(cells[TEXT][: 2 * _EXCERPT].split())[:_EXCERPT],
            "second_label": second,
            "corrected_label": self.corrected.get(row),
            **{name: cells[column] for name, column in _ADDED.items()},
            "groups": {name: cells[OWN + name] for name in self.groups},
        }

    def ad(self, row: int) -> dict[str, Any]:
        """One row whole."""
        if not 0 <= row < len(self):
            raise DataError(f"There is no row {row + 1}: the file has {len(self):,}.")
        [cells] = self.table.slice(row, 1).to_pylist()
        own = {name: cells[OWN + name] for name in self.columns}
        return {**self._shown(row, cells), "title": cells[TITLE], "text": cells[TEXT], "cells": own}

    def facets(self, view: View) -> dict[str, Any]:
        """How many rows of a view have each value; of a facet in use, how many would have another."""
        whole = self._mask(view)
        out = []
        for name, facet in self._facets.items():
            counts = facet.counts(self._mask(view, name) if name in view.where else whole)
            if counts or name in view.where:
                values = _in_order(name, counts)[:_MAX_FACET_VALUES]
                out.append({"name": name, "values": values, "n_values": len(counts)})
        if self.corrected:
            mask = self._mask(view, CORRECTED)
            counts = Counter(label for row, label in self.corrected.items() if mask[row])
            out.append({"name": CORRECTED, "values": _in_order("collar", counts), "n_values": len(counts)})
        return {"n": len(self), "total": int(whole.sum()), "facets": out}

    def csv(self, view: View) -> Iterator[bytes]:
        """The rows of a view as CSV: the file's columns, those that labelling added, and a person's corrections."""
        quote = Dialect(b",").quote
        added_names = [*self.added, *([CORRECTED] if self.corrected else [])]
        names = [*self.columns, *(self.prefix + name for name in added_names)]
        yield b"\xef\xbb\xbf" + b",".join(quote(name.encode()) for name in names) + b"\n"
        rows = self.rows_of(view)
        for at in range(0, len(rows), _CSV_ROWS):
            some = rows[at : at + _CSV_ROWS]
            part = self.table.take(pa.array(some)).combine_chunks()
            added = part.select(self.added)
            if self.corrected:
                added = added.append_column(CORRECTED, pa.array([self.corrected.get(int(r), "") for r in some]))
            own = zip(*(part[OWN + name].to_pylist() for name in self.columns), strict=True)
            cells = delimited_cells(added, ",")
            yield b"".join(
                b",".join([*(quote(cell.encode()) for cell in row), cell]) + b"\n"
                for row, cell in zip(own, cells, strict=True)
            )


class _Facet:
    """A column by whose values rows are counted; of several in one cell each counts."""

    def __init__(self, column: pa.ChunkedArray, several: bool = False) -> None:
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        encoded = encoded.combine_chunks()
        self._codes: NDArray[np.int64] = np.asarray(encoded.indices.fill_null(-1).to_numpy(), np.int64)
        cells = [str(value or "") for value in encoded.dictionary.to_pylist()]
        self._values = [sorted(set(items(cell))) if several else [cell] for cell in cells]

    def mask(self, values: Sequence[str]) -> NDArray[np.bool_]:
        """Rows that have one of some values."""
        wanted = set(values)
        has = np.array([bool(wanted & set(own)) for own in self._values] + [False])
        return has[self._codes]

    def counts(self, mask: NDArray[np.bool_]) -> Counter[str]:
        """How many rows have each value, empty cells left out."""
        codes = self._codes[mask]
        out: Counter[str] = Counter()
        for own, n in zip(self._values, np.bincount(codes[codes >= 0], minlength=len(self._values)), strict=True):
            for value in own:
                if n and value:
                    out[value] += int(n)
        return out


def _in_order(name: str, counts: Counter[str]) -> list[dict[str, Any]]:
    """Values with their counts: in their own order where they have one, else the commonest first."""
    order: Sequence[str] = {"collar": COLLARS, "schooling_level": LEVELS, SURE: list(map(str, BINS))}.get(name, ())
    rank = {value: i for i, value in enumerate(order)}

    def key(value: str) -> tuple[Any, ...]:
        if order or name == MONTH:
            return rank.get(value, len(rank)), value
        return value in UNNAMED_LAST, -counts[value], value

    return [{"value": value, "n": counts[value]} for value in sorted(counts, key=key)]


def _categories(column: pa.ChunkedArray) -> pd.Categorical:
    """Cells as categories, each distinct one made tidy once."""
    encoded = column.dictionary_encode().combine_chunks()
    values = np.array([tidy(value) for value in encoded.dictionary.to_pylist()], object)
    return pd.Categorical(values[encoded.indices.to_numpy()]) if len(values) else pd.Categorical([])


def _months(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The month of each date, each distinct one read once."""
    encoded = column.dictionary_encode().combine_chunks()
    months = pa.array(find_periods(encoded.dictionary.to_pylist()), pa.string())
    return pa.chunked_array([months.take(encoded.indices)])
