"""Rows of a labelled file as they are kept on the disk, and their columns as numbers of values, to be counted."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collarclass.errors import DataError
from collarclass.files.batch import Batch, member, tidy
from collarclass.files.table import cell_text
from collarclass.messages import Message, from_plain, sentences
from collarclass.report.bands import numbers_of
from collarclass.requirement_reader.credential_names import UNNAMED
from collarclass.shares.dates import find_periods
from collarclass.tables.arrow import without_lists

OWN = "="  # before the names of a file's own columns, which may be those of others
TITLE, TEXT, NOTES = "title", "text", "notes"
UNNAMED_LAST = frozenset(name for name, _ in UNNAMED.values())  # certificates and licences that say less than any name
_YEAR = re.compile(r"\d{4}(?= ?年?$)")
_ENOUGH = 500  # cells by which numbers are known for names of rows


@contextmanager
def rows_writer(
    path: Path, columns: Sequence[str], prefix: str
) -> Iterator[Callable[[Batch, pa.Table], None]]:
    """Write the table of a file's rows while the file is labelled.

    Takes the file's own columns and the prefix of those that labelling adds, which is left off in the table; gives a
    function that takes rows with the columns that labelling gave them.
    """
    with ExitStack() as opened:
        writers: list[Any] = []

        def add(batch: Batch, added: pa.Table) -> None:
            rows = batch.rows()
            titles = batch.titles if batch.titles is not None else [""] * len(rows)
            cells = {TITLE: list(map(cell_text, titles)), TEXT: list(map(cell_text, batch.texts))}
            cells |= {OWN + name: [cell_text(member(row, name)) for row in rows] for name in columns}
            table = pa.table({name: pa.array(values, pa.string()) for name, values in cells.items()})
            for name, column in zip(added.column_names, without_lists(added).columns, strict=True):
                table = table.append_column(name.removeprefix(prefix), column)
            table = table.append_column(NOTES, pa.array(_notes(batch, table["collar_note"].to_pylist()), pa.string()))
            if not writers:
                writers.append(opened.enter_context(pa.ipc.new_file(str(path), table.schema)))
            writers[0].write_table(table.combine_chunks())

        yield add


def _notes(batch: Batch, joined: Sequence[str]) -> list[str]:
    """The notes of each row as messages, in JSON: those of its file before that of the model."""
    plain = {note: json.dumps([Message(note).to_plain()]) if note else "" for note in set(joined)}
    out = [plain[note] for note in joined]
    for row, found in batch.notes.items():
        own = joined[row].removeprefix(sentences(found)).removeprefix("; ")
        out[row] = json.dumps([note.to_plain() for note in (*found, *([Message(own)] if own else []))])
    return out


def notes_in(cell: str) -> list[Message]:
    """The messages that a cell of notes holds."""
    return list(map(from_plain, json.loads(cell))) if cell else []


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as numbers of its values, each name made tidy once."""

    codes: NDArray[np.int32]  # by row; -1 for an empty cell
    values: list[str]  # in the order in which they are shown
    several: list[list[int]] | None = None  # for a column of lists: for each code the numbers of its values

    def mask(self, wanted: set[str]) -> NDArray[np.bool_]:
        """Rows that have one of some values."""
        if self.several is not None:
            has = [any(self.values[i] in wanted for i in own) for own in self.several]
        else:
            has = [value in wanted for value in self.values]
        return np.array([*has, "" in wanted])[self.codes]

    def table(self, mask: NDArray[np.bool_], other: Coded | None = None) -> NDArray[np.int64]:
        """Rows of each value (and of each value of another column), those without one last."""
        n = len(self.several if self.several is not None else self.values) + 1
        m = 1 if other is None else len(other.values) + 1
        codes = np.where(self.codes < 0, n - 1, self.codes).astype(np.int64)
        if other is not None:
            codes = codes * m + np.where(other.codes < 0, m - 1, other.codes)
        out = np.bincount(codes[mask], minlength=n * m).reshape(n, m)
        if self.several is not None:
            spread = np.zeros((len(self.values) + 1, m), np.int64)
            for own, row in zip(self.several, out, strict=False):
                spread[own] += row
            spread[-1] = out[-1]
            out = spread
        return out


def encoded(column: pa.ChunkedArray) -> tuple[NDArray[np.int32], list[str]]:
    """Numbers of the distinct cells, and these as text."""
    found = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    found = found.combine_chunks()
    codes = np.asarray(found.indices.fill_null(-1).to_numpy(zero_copy_only=False), np.int32)
    return codes, [str(value or "") for value in found.dictionary.to_pylist()]


def regrouped(codes: NDArray[np.int32], values: Sequence[str], order: Any = None) -> Coded:
    """Values of which some are one, in an order or the commonest first; empty ones are none."""
    sizes = np.bincount(codes[codes >= 0], minlength=len(values))
    total: Counter[str] = Counter()
    for value, n in zip(values, sizes.tolist(), strict=True):
        total[value] += n
    names = [value for value in total if value.strip()]
    names = list(order(names)) if order else sorted(names, key=lambda value: (-total[value], value))
    place = {value: i for i, value in enumerate(names)}
    lookup = np.array([*(place.get(value, -1) for value in values), -1], np.int32)
    return Coded(lookup[codes], names)


def lists(codes: NDArray[np.int32], parts: Sequence[Sequence[str]]) -> Coded:
    """Cells that name several things each."""
    cells = [sorted(set(own)) for own in parts]
    total: Counter[str] = Counter()
    for own, n in zip(cells, np.bincount(codes[codes >= 0], minlength=len(cells)).tolist(), strict=True):
        total.update(dict.fromkeys(own, n))
    names = sorted(total, key=lambda value: (value in UNNAMED_LAST, -total[value], value))
    place = {value: i for i, value in enumerate(names)}
    empty = np.array([not own for own in cells] + [True])
    return Coded(np.where(empty[codes], -1, codes).astype(np.int32), names,
                 [[place[value] for value in own] for own in cells])  # fmt: skip


def number_of(text: str) -> float:
    """A number as somebody types it."""
    found = float(numbers_of([text])[0])
    if np.isnan(found):
        raise DataError("“{text}” is no number: write it as 50000, 50k or 5万.", text=text)
    return found


def month_of(text: str) -> str:
    """A month as somebody types it, or a year.

    Examples
    --------
    >>> [month_of(text) for text in ("2026-02", "2026年2月", "Feb 2026", "2026/2", "2026")]
    ['2026-02', '2026-02', '2026-02', '2026-02', '2026']
    """
    if found := _YEAR.match(text):
        return found[0]
    with suppress(DataError):  # the order of day and month cannot be told
        if month := find_periods([text])[0]:
            return month
    raise DataError("“{text}” is no month: write it as 2026-02, 2026年2月 or Feb 2026.", text=text)


def names_each_row(cells: Sequence[str]) -> bool:
    """Whether numbers only tell rows from each other: they go up from row to row, or all are whole and differ."""
    numbers = numbers_of(cells)
    if (np.diff(numbers) > 0).all():
        return True
    return len(numbers) >= _ENOUGH and len(np.unique(numbers)) == len(numbers) and bool((numbers % 1 == 0).all())


def tidy_name(value: str) -> str:
    return " ".join(tidy(value).split())
