"""What file readers share: the rows of a batch, the text of a cell, the limits of a row."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol, cast

import pyarrow as pa

from collarclass.files.encoding import Encoding
from collarclass.tables.columns import Columns, find_header

BATCH_BYTES = 8 << 20  # a batch ends here even when it has fewer rows
LOOKED_AT = 20  # rows among which the names of columns are looked for
MAX_TEXT_CHARACTERS = 200_000  # characters read of one ad
_MISSING = frozenset(  # what pandas.read_csv takes for missing
    (
        *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"),
        *("N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
    )
)


# From the columns of a file, its name for an error, and the columns that hold no text, to those to be read.
Choose = Callable[[list[str], str, Mapping[Hashable, str]], Columns]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may take at most, so that a hostile one cannot fill the memory or never end.

    Attributes
    ----------
    row_bytes : int
        Of a line of delimited text, a JSON object, or a row of a workbook or of Parquet.
    columns : int
        Of a table.
    memory : int
        Bytes of memory for reading a workbook or Parquet, where the system can limit them.
    seconds : float
        For reading a workbook, or one batch of rows.
    """

    row_bytes: int = 64 << 20
    columns: int = 10_000
    memory: int = 4 << 30
    seconds: float = 300.0


@dataclass(slots=True)
class Batch:
    """Some rows of a file, as they were read.

    Attributes
    ----------
    texts, titles, codes : list of str
        What is to be labelled; `titles` and `codes` are None when there are none.
    notes : dict of int to str
        What is wrong with a row, by its number in the batch.
    raw : list of (bytes, bytes, bytes)
        Delimited text and JSON: what stands before the added cells, after them, and the line end.
    lead : bytes
        Blank lines before the first row.
    table : pyarrow.Table or None
        Parquet: the rows themselves.
    objects : list of dict
        JSON and Excel: the rows read.
    formulas : dict of (int, int) to str
        Excel: those that can be written to the same place, by row in the batch and column.
    """

    as_rows: Callable[[Batch], list[dict[str, Any]]]
    texts: list[str] = field(default_factory=list)
    titles: list[str] | None = None
    notes: dict[int, str] = field(default_factory=dict)
    raw: list[tuple[bytes, bytes, bytes]] = field(default_factory=list)
    lead: bytes = b""
    table: pa.Table | None = None
    objects: list[dict[str, Any]] = field(default_factory=list)
    codes: list[str] | None = None
    formulas: dict[tuple[int, int], str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.texts)

    def rows(self) -> list[dict[str, Any]]:
        """The rows as plain values by column."""
        return self.as_rows(self)

    def add(self, columns: Columns, cells: Sequence[str]) -> None:
        """Add what is to be labelled of a row, given its cells in the order of `columns.every`."""
        title, text, code = columns.row(cells)
        self.texts.append(text)
        if columns.has_titles:
            self.titles = self.titles if self.titles is not None else []
            self.titles.append(title)
        if columns.code is not None:
            self.codes = self.codes if self.codes is not None else []
            self.codes.append(code)

    def note(self, row: int, note: str) -> None:
        """Note what is wrong with a row, once."""
        known = self.notes.get(row)
        if known is None:
            self.notes[row] = note
        elif note not in known:
            self.notes[row] = f"{known}; {note}"

    def take(self, which: Sequence[int]) -> Batch:
        """The batch with some of its rows only, in the order given."""
        return Batch(
            as_rows=self.as_rows,
            texts=[self.texts[i] for i in which],
            titles=None if self.titles is None else [self.titles[i] for i in which],
            notes={new: self.notes[old] for new, old in enumerate(which) if old in self.notes},
            raw=[self.raw[i] for i in which] if self.raw else [],
            lead=b"",
            table=None if self.table is None else self.table.take(pa.array(which, pa.int64())),
            objects=[self.objects[i] for i in which] if self.objects else [],
            codes=None if self.codes is None else [self.codes[i] for i in which],
        )


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """Where the names of a table's columns stand.

    Attributes
    ----------
    number : int or None
        From 1; found among the first `LOOKED_AT` rows if None.
    skip : int
        Rows below it that are no ads.
    named : tuple of str
        Columns that the user named.
    """

    number: int | None = None
    skip: int = 0
    named: tuple[str, ...] = ()

    def find(self, rows: Iterable[Sequence[str]]) -> int:
        """Its place among a table's first rows, from 0; the first where nothing else can be told."""
        if self.number is not None:
            return self.number - 1
        return find_header(islice(rows, LOOKED_AT), self.named) or 0


class Reader(Protocol):
    """A source of batches, and what writers want to know of it.

    Attributes
    ----------
    format : str
        "csv", "jsonl", "json", "parquet", "excel" or, of several sources, "several".
    raw : bool
        Whether batches hold the bytes of their rows, which a writer of the same format keeps.
    names : list of str
        The columns that `Batch.rows` gives, each once; of JSON those of the first rows.
    tail : list of bytes
        What stands after the last row; known when all batches have been read.
    chosen : Columns
        The columns that are read.
    delimiter, header, header_end : bytes
        Of delimited text: what stands between cells, the first line, and its end.
    lead : bytes
        Of JSON: what stands before the first row.
    sheet : str or None
        Of a workbook.
    header_row : int
        The row of column names, from 1.
    schema : pyarrow.Schema or None
        Of Parquet.
    """

    chosen: Columns
    format: str
    raw: bool
    names: list[str]
    encoding: Encoding
    tail: list[bytes]
    delimiter: bytes = b""
    header: bytes = b""
    header_end: bytes = b""
    lead: bytes = b""
    sheet: str | None = None
    header_row: int = 1
    schema: pa.Schema | None = None

    def batches(self, size: int) -> Iterator[Batch]: ...


_DEPTH = 4  # of nested objects in which columns are looked for


def member_paths(row: Mapping[str, Any], prefix: str = "", depth: int = _DEPTH) -> Iterator[str]:
    """Names of an object's members, and of their members with dots between.

    Examples
    --------
    >>> list(member_paths({"id": 1, "job": {"title": "Welder"}}))
    ['id', 'job', 'job.title']
    """
    for name, value in row.items():
        yield prefix + name
        if isinstance(value, dict) and depth > 1:
            yield from member_paths(value, f"{prefix}{name}.", depth - 1)


def member(row: Mapping[str, Any], path: str) -> Any:
    """The member of an object that a path leads to; None if there is none.

    Examples
    --------
    >>> member({"job": {"title": "Welder"}}, "job.title"), member({"job.title": "Cook"}, "job.title")
    ('Welder', 'Cook')
    """
    if path in row or "." not in path:
        return row.get(path)
    first, _, rest = path.partition(".")
    inside = row.get(first)
    return member(inside, rest) if isinstance(inside, dict) else None


def kinds_of(paths: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[Hashable, str]:
    """Which columns hold objects, or nothing but numbers, in some rows.

    Examples
    --------
    >>> kinds_of(["a", "b", "c"], [{"a": {"x": 1}, "b": 2, "c": "Welder"}])
    {'a': 'objects', 'b': 'numbers'}
    """
    found: dict[Hashable, str] = {}
    for path in paths:
        values = [v for row in rows if (v := member(row, path)) is not None and v != ""]
        if any(isinstance(v, dict) or (isinstance(v, list) and any(isinstance(x, dict) for x in v)) for v in values):
            found[path] = "objects"
        elif values and all(isinstance(v, (int, float)) for v in values):
            found[path] = "numbers"
    return found


def tidy(value: Any) -> str:
    """The text of a cell: nothing for a missing value, at most `MAX_TEXT_CHARACTERS` characters.

    Examples
    --------
    >>> tidy("Welder"), tidy("NaN"), tidy(None), tidy(12), tidy(["MIG", "TIG"])
    ('Welder', '', '', '12', 'MIG\\nTIG')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = "\n".join(value)
    if not isinstance(value, str):
        value = (
            json.dumps(value, ensure_ascii=False, default=str)
            if isinstance(value, (dict, list))
            else str(value)
        )
    if len(value) < 9 and value.strip() in _MISSING:
        return ""
    return cast(str, value[:MAX_TEXT_CHARACTERS])


def distinct(names: Sequence[str]) -> list[str]:
    """Names with a number added to those that occur again, none of them twice.

    Examples
    --------
    >>> distinct(["id", "id", "id.1"])
    ['id', 'id.2', 'id.1']
    """
    taken = set(names)
    seen: dict[str, int] = {}
    out = []
    for name in names:
        n = seen.get(name, 0)
        fresh = name
        if n:
            while f"{name}.{n}" in taken:
                n += 1
            fresh = f"{name}.{n}"
            taken.add(fresh)
        seen[name] = n + 1
        out.append(fresh)
    return out
