"""What file readers share: the rows of a batch, the text of a cell, the limits of a row."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pyarrow as pa

from collarclass.messages import Message
from collarclass.tables.columns import Cells, Columns
from collarclass.text.cells import well_formed

BATCH_BYTES = 8 << 20  # a batch ends here even when it has fewer rows
LOOKED_AT = 20  # rows among which the names of columns are looked for
MAX_TEXT_CHARACTERS = 200_000  # characters read of one ad

# What may be wrong with a row.
UNDECODABLE = Message("undecodable bytes")
CUT_SHORT = Message("only the first {n} characters read", n=MAX_TEXT_CHARACTERS)
OPEN_QUOTE = Message("a quote is never closed")
AFTER_QUOTE = Message("text after a closing quote")
NO_OBJECT = Message("not a JSON object")


def unequal(have: int, n: int) -> Message:
    return Message("row has {have} cells, the header {n}", have=have, n=n)


# Of rows whose cells may stand in wrong columns.
SHIFTED = (unequal(0, 0).template, OPEN_QUOTE.template, AFTER_QUOTE.template, NO_OBJECT.template)
_MISSING = frozenset(  # what pandas.read_csv takes for missing
    (
        *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"),
        *("N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
    )
)


FIRST_ROWS = 1000  # by which a file's columns are known


@dataclass(slots=True)
class Batch:
    """Some rows of a file, as they were read.

    What is to be labelled (`titles` and `codes` are None when there are none), what is wrong with a row by its number
    in the batch, and the rows: of text what stands before the added cells, after them, and the line end; of Parquet a
    table; of JSON and workbooks objects. `lead` are blank lines before the first row.
    """

    as_rows: Callable[[Batch], list[dict[str, Any]]]
    texts: list[str] = field(default_factory=list)
    titles: list[str] | None = None
    notes: dict[int, list[Message]] = field(default_factory=dict)
    raw: list[tuple[bytes, bytes, bytes]] = field(default_factory=list)
    lead: bytes = b""
    table: pa.Table | None = None
    objects: list[dict[str, Any]] = field(default_factory=list)
    codes: list[str] | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def rows(self) -> list[dict[str, Any]]:
        """The rows as plain values by column."""
        return self.as_rows(self)

    def add(self, columns: Columns, cells: Iterable[Any]) -> None:
        """Add what is to be labelled of a row, given its cells in the order of `columns.every`."""
        title, text, code = columns.row([self.cut(as_text(cell), len(self)) for cell in cells])
        self.texts.append(text)
        if columns.has_titles:
            self.titles = self.titles if self.titles is not None else []
            self.titles.append(title)
        if columns.code is not None:
            self.codes = self.codes if self.codes is not None else []
            self.codes.append(code)

    def cut(self, text: str, row: int) -> str:
        if len(text) > MAX_TEXT_CHARACTERS:
            self.note(row, CUT_SHORT)
        return text[:MAX_TEXT_CHARACTERS]

    def note(self, row: int, note: Message) -> None:
        """Note what is wrong with a row, once."""
        known = self.notes.setdefault(row, [])
        if note not in known:
            known.append(note)

    def to_label(self, which: Sequence[int]) -> Batch:
        """What is to be labelled of some of the rows."""
        return Batch(
            as_rows=self.as_rows,
            texts=[self.texts[i] for i in which],
            titles=None if self.titles is None else [self.titles[i] for i in which],
            notes={new: self.notes[old] for new, old in enumerate(which) if old in self.notes},
            codes=None if self.codes is None else [self.codes[i] for i in which],
        )

    def take(self, which: Sequence[int]) -> Batch:
        """The batch with some of its rows only, in the order given."""
        return replace(
            self.to_label(which),
            raw=[self.raw[i] for i in which] if self.raw else [],
            table=None if self.table is None else self.table.take(pa.array(which, pa.int64())),
            objects=[self.objects[i] for i in which] if self.objects else [],
        )


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


def cells_of(rows: Sequence[Mapping[str, Any]]) -> Cells:
    return lambda path: [member(row, str(path)) for row in rows]


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
    """The text of a cell, at most `MAX_TEXT_CHARACTERS` characters."""
    return as_text(value)[:MAX_TEXT_CHARACTERS]


def as_text(value: Any) -> str:
    """The text of a cell: nothing for a missing value.

    Examples
    --------
    >>> as_text("Welder"), as_text("NaN"), as_text(None), as_text(12), as_text(["MIG", "TIG"])
    ('Welder', '', '', '12', 'MIG\\nTIG')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = "\n".join(value)
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (dict, list)) else str(value)
    if len(value) < 9 and value.strip() in _MISSING:
        return ""
    return well_formed(cast(str, value))


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
