"""JSON Lines, and JSON arrays of objects, → batches of rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, BinaryIO, cast

from collarclass.errors import DataError
from collarclass.files.batch import (
    BATCH_BYTES,
    FIRST_ROWS,
    NO_OBJECT,
    UNDECODABLE,
    Batch,
    cells_of,
    kinds_of,
    member,
    member_paths,
)
from collarclass.files.encoding import blocks, find_encoding, more, read_sample
from collarclass.files.layout import Choose, Layout, Reader
from collarclass.files.source import Limits, Source, too_long, too_many_columns
from collarclass.tables.columns import find_header

# A string, a bracket or a comma; a quote alone is a string that goes on in the next block.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{},]|"', re.DOTALL)
# A string, or the beginning of a list of objects.
_LISTS = re.compile(rb'"(?:[^"\\]++|\\.)*+"|\[\s*+(?=\{)', re.DOTALL)
_LISTS_TRIED = 1000  # strings and lists among which the list of ads is
_LINE_END = re.compile(rb"\n\s*+")
_LOOKED_AT = 1 << 20  # bytes in which the list of ads begins
_SPACE = b" \t\r\n"
_BROKEN = ("broken_line",)  # the member of a row that is no object


class JsonReader(Reader):
    """JSON Lines, a JSON array, or a list inside of a JSON object; see `readers.open_reader`."""

    def __init__(self, source: Source, layout: Layout, choose: Choose) -> None:
        super().__init__(source, layout, choose)
        self.raw = layout.head is None  # a part of an array is no array
        self._members: dict[str, None] = {}  # of all objects so far, in order of appearance
        if layout.every_column:
            source.keep()
            for body, _ in self._records(layout.encoding):
                if body.strip():
                    self._object(body)
            source.rewind()
        self._rest = self._records(layout.encoding)
        self._first: list[tuple[bytes, bytes]] = []
        rows: list[dict[str, Any]] = []
        size = 0
        for body, end in self._rest:
            self._first.append((body, end))
            if (row := _parsed(body)) is not None:
                self._see(self._members, row)
                rows.append(row)
            size += len(body)
            if len(self._first) == FIRST_ROWS or size > BATCH_BYTES:
                break
        self.names = list(self._members)
        paths: dict[str, None] = {}
        for row in rows:
            self._see(paths, member_paths(row))
        if not paths:
            raise DataError(
                "{where} holds no JSON object in its first rows: each row should be an object such as {example}."
                if self._first else "{where} is empty: each row should be an object such as {example}.",
                where=self.where, example='{"text": "..."}',
            )  # fmt: skip
        self.chosen = choose(list(paths), self.where, kinds_of(list(paths), rows), cells_of(rows))

    def _records(self, encoding: str | None) -> Iterator[tuple[bytes, bytes]]:
        """The source's objects, each with what stands after it; once the format is found."""
        source = cast(BinaryIO, self.source)
        sample = read_sample(source)
        self.encoding, self.tail = find_encoding(sample, encoding), list[bytes]()
        parts = blocks(source, sample, self.encoding, self.where, self.tail)
        self.format, self.lead, records = _records(parts, self.where)
        return records

    def _see(self, seen: dict[str, None], names: Iterable[str]) -> None:
        """Add names of members to those that are known; there may be so many at most."""
        seen |= dict.fromkeys(names)
        if len(seen) > Limits.columns:
            raise too_many_columns(self.where)

    def _object(self, body: bytes) -> tuple[dict[str, Any] | None, bool]:
        """What a row holds, None of one that is no object, and whether its bytes mean nothing in UTF-8."""
        row = _parsed(body)
        odd = row is None and (row := _parsed(body.decode("utf-8", "replace"))) is not None
        if row is None or not row.keys() <= self._members.keys():
            self._see(self._members, _BROKEN if row is None else row)
        return row, odd

    def steps(self) -> Iterator[int]:
        for body, end in chain(self._first, self._rest):
            self._row(self.batch, body, end)
            yield len(body) + len(end)

    def _row(self, batch: Batch, body: bytes, end: bytes) -> None:
        if not body.strip():  # a blank line is no row
            if batch.raw:
                head, after, before_end = batch.raw[-1]
                batch.raw[-1] = head, after, before_end + body + end
            else:
                batch.lead += body + end
            return
        number = len(batch)
        row, odd = self._object(body)
        if odd:
            batch.note(number, UNDECODABLE)
        if row is None:
            batch.note(number, NO_OBJECT)
            row = dict.fromkeys(_BROKEN, body.decode("utf-8", "backslashreplace").strip())
            body = json.dumps(row, ensure_ascii=False).encode()
        batch.add(self.chosen, [member(row, str(path)) for path in self.chosen.every])
        batch.objects.append(row)
        batch.raw.append((body[:-1] + (b"," if row else b""), b"}", end))


class WrittenFloat(float):
    """A number that is written as it stood: 1.10 and 1e400 too."""

    __slots__ = ("_text",)
    _text: str

    def __new__(cls, text: str) -> WrittenFloat:
        found = super().__new__(cls, text)
        found._text = text
        return found

    def __str__(self) -> str:
        return self._text


def _parsed(body: bytes | str) -> dict[str, Any] | None:
    try:
        row = json.loads(body, parse_float=WrittenFloat)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _records(parts: Iterator[bytes], where: str) -> tuple[str, bytes, Iterator[tuple[bytes, bytes]]]:
    """Format of a JSON file, what stands before its rows, and each row with what stands after it."""
    first = b""
    while not first.strip(_SPACE) and (part := next(parts, b"")):
        first += part
        _check_length(first, where)
    start = len(first) - len(first.lstrip(_SPACE))
    if first[start : start + 1] == b"[":
        return "json", first[: start + 1], _elements(first[start + 1 :], parts, where)
    while len(first) < _LOOKED_AT and (part := next(parts, b"")):
        first += part
    at = _inside(first)
    if at is None:
        return "jsonl", b"", _lines(first, parts, where)
    return "json", first[:at], _elements(first[at:], parts, where, wrapped=True)


def _inside(first: bytes) -> int | None:
    """Where the list of ads inside of one object begins: of known names, or the first; None of one object a line."""
    line, _, rest = first.strip(_SPACE).partition(b"\n")
    row = _parsed(line)
    if row is not None and (rest.strip(_SPACE) or find_header([list(member_paths(row))]) == 0):
        return None
    lists = [token.start() + 1 for token in islice(_LISTS.finditer(first), _LISTS_TRIED) if token[0][:1] == b"["]
    return next((at for at in lists if _begins_with_ad(first[at:])), next(iter(lists), None))


def _begins_with_ad(rows: bytes) -> bool:
    """Whether the first object of a list has members with known names."""
    try:
        row, _ = json.JSONDecoder().raw_decode(rows.decode("utf-8", "replace").lstrip())
    except (ValueError, RecursionError):
        return False
    return find_header([list(member_paths(row))]) == 0


def _check_length(row: bytes, where: str) -> None:
    if len(row) > Limits.row_bytes:
        raise too_long(where)


def _lines(rest: bytes, parts: Iterator[bytes], where: str) -> Iterator[tuple[bytes, bytes]]:
    """The lines of JSON Lines, each as its content and its end with the blank lines that follow."""
    while True:
        start = 0
        for end in _LINE_END.finditer(rest):
            line = rest[start : end.start()]
            _check_length(line, where)
            body = line.rstrip()
            yield body, line[len(body) :] + end[0]
            start = end.end()
        held = rest[start:]
        _check_length(held, where)
        rest = more(held, parts)
        if len(rest) == len(held):
            break
    if rest:
        body = rest.rstrip()
        yield body, rest[len(body) :]


def _elements(
    buffer: bytes, parts: Iterator[bytes], where: str, wrapped: bool = False
) -> Iterator[tuple[bytes, bytes]]:
    """The elements of a JSON array, each as its content and what stands behind it, the comma included."""
    seen = depth = 0  # how much of the buffer was looked at, and the brackets that are open there
    while True:
        start, closed = 0, False
        for token in _TOKEN.finditer(buffer, seen):
            what = token[0]
            if what in b"[{":
                depth += 1
            elif what in b"]}":
                depth -= 1
                closed = depth < 0
                if closed and what != b"]":
                    raise DataError(
                        "{where} is not a JSON array: a {brace} stands where none is open.", where=where, brace="}",
                    )  # fmt: skip
            if closed or (what == b"," and depth == 0):
                element = buffer[start : token.start()]
                _check_length(element, where)
                body = element.rstrip(_SPACE)
                start = token.start() if closed else token.end()
                yield body, element[len(body) :] + (b"" if closed else b",")
            if closed or what == b'"':
                seen = token.start()
                break
        else:
            seen = len(buffer)
        buffer, seen = buffer[start:], seen - start
        if closed:
            break
        _check_length(buffer, where)
        held, buffer = len(buffer), more(buffer, parts)
        if len(buffer) == held:
            raise DataError("{where} ends in the middle of its JSON array: fetch it again.", where=where)
    rest = b"".join((buffer, *parts))
    if rest[1:].strip(_SPACE) and not wrapped:
        raise DataError("{where} has more after its JSON array: give one array, or one object a line.", where=where)
    yield b"", rest
