"""JSON Lines, and JSON arrays of objects, → batches of rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple, cast

from collarclass.errors import DataError
from collarclass.files.batch import (
    BATCH_BYTES,
    MAX_TEXT_CHARACTERS,
    Batch,
    Choose,
    Limits,
    Reader,
    kinds_of,
    member,
    member_paths,
    tidy,
)
from collarclass.files.encoding import Encoding, blocks, find_encoding, read_sample
from collarclass.files.source import Source
from collarclass.tables.columns import find_header
from collarclass.text.unicode import well_formed

_FIRST_ROWS = 1000
# A string, a bracket or a comma; a quote alone is a string that goes on in the next block.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{},]|"', re.DOTALL)
# A string, with a colon where it is a member's name; the beginning and end of an object or a list, and whether it is
# a list of objects.
_STRUCTURE = re.compile(rb'"(?:[^"\\]++|\\.)*+"(?:\s*+:)?|\[(\s*+(?=\{))?|[\]{}]', re.DOTALL)
_LINE_END = re.compile(rb"\n\s*+")
_LOOKED_AT = 1 << 20  # bytes in which the list of ads begins
_SPACE = b" \t\r\n"


class JsonReader(Reader):
    """JSON Lines or a JSON array; see `readers.open_reader`.

    Attributes
    ----------
    lists : list of str
        Dotted names of the lists of objects inside of an object.
    records : str or None
        The one that is read.
    """

    raw = True

    def __init__(
        self, source: Source, sample: bytes, encoding: Encoding, choose: Choose, limits: Limits, records: str | None
    ) -> None:
        self.where = source.name
        self.encoding = encoding
        self.tail: list[bytes] = []
        parts = blocks(cast(BinaryIO, source), sample, encoding, self.where, self.tail)
        layout = _records(parts, self.where, limits, records)
        self.format, self.lead, self._records = layout.format, layout.lead, layout.rows
        self.lists, self.records = list(layout.lists), layout.chosen
        self._first: list[tuple[bytes, bytes]] = []
        self._members = _Members(self.where, limits)
        rows: list[dict[str, Any]] = []
        size = 0
        for body, end in self._records:
            self._first.append((body, end))
            if (row := _object(body)) is not None:
                self._members.add(row)
                rows.append(row)
            size += len(body)
            if len(self._first) == _FIRST_ROWS or size > BATCH_BYTES:
                break
        self.names = self.columns = list(self._members.seen)
        if not self.names:
            what = "is empty" if not self._first else "holds no JSON object in its first rows"
            raise DataError(f'{self.where} {what}: each row should be an object such as {{"text": "..."}}.')
        paths = _Members(self.where, limits)
        for row in rows:
            paths.add(dict.fromkeys(member_paths(row)))
        self.chosen = choose(list(paths.seen), self.where, kinds_of(list(paths.seen), rows))

    def batches(self, size: int) -> Iterator[Batch]:
        """Read the rows in batches of `size`, fewer when they are long."""
        batch, taken = self._new(), 0
        for records in (self._first, self._records):
            for body, end in records:
                self._row(batch, body, end)
                taken += len(body) + len(end)
                if len(batch) >= size or taken >= BATCH_BYTES:
                    yield batch
                    batch, taken = self._new(), 0
        if len(batch) or batch.lead:
            yield batch

    def _new(self) -> Batch:
        return Batch(lambda batch: batch.objects)

    def _row(self, batch: Batch, body: bytes, end: bytes) -> None:
        if not body.strip():  # a blank line is no row
            if batch.raw:
                head, after, before_end = batch.raw[-1]
                batch.raw[-1] = head, after, before_end + body + end
            else:
                batch.lead += body + end
            return
        number = len(batch)
        row = _object(body)
        if row is None and (row := _object(body.decode("utf-8", "replace"))) is not None:
            batch.note(number, "undecodable bytes")
        if row is None:
            batch.note(number, "not a JSON object")
            row = {"broken_line": body.decode("utf-8", "backslashreplace").strip()}
            body = json.dumps(row, ensure_ascii=False).encode()
        self._members.add(row)
        cells = [well_formed(tidy(member(row, str(path)))) for path in self.chosen.every]
        batch.add(self.chosen, cells)
        if max(map(len, cells)) == MAX_TEXT_CHARACTERS:
            batch.note(number, f"only the first {MAX_TEXT_CHARACTERS} characters read")
        batch.objects.append(row)
        batch.raw.append((body[:-1] + (b"," if row else b""), b"}", end))


def may_have(source: Source, encoding: str | None, names: Sequence[str]) -> bool:
    """Whether some object may have a member of one of these names, in whatever case; the source is to be rewound.

    Much sooner found than all members are; a name that is written with escapes is not.
    """
    sample = read_sample(cast(BinaryIO, source))
    parts = blocks(cast(BinaryIO, source), sample, find_encoding(sample, encoding), source.name, [])
    inside = [re.escape(json.dumps(name, ensure_ascii=False)[1:-1].encode("utf-8", "replace")) for name in names]
    wanted = re.compile(b'"(?:' + b"|".join(inside) + b')"', re.IGNORECASE)
    longest = max(map(len, inside)) + 2
    rest = b""
    for part in parts:
        block = rest + part
        if wanted.search(block):
            return True
        rest = block[-longest:]
    return False


def all_members(source: Source, encoding: str | None, limits: Limits, records: str | None) -> list[str]:
    """Names of all members of a file's objects, in order of appearance; the source is to be rewound."""
    sample = read_sample(cast(BinaryIO, source))
    parts = blocks(cast(BinaryIO, source), sample, find_encoding(sample, encoding), source.name, [])
    members = _Members(source.name, limits)
    for body, _ in _records(parts, source.name, limits, records).rows:
        if body.strip():
            row = _object(body) or _object(body.decode("utf-8", "replace"))
            members.add(row if row is not None else {"broken_line": None})
    return list(members.seen)


class _Members:
    """Names of members of a file's objects, in order of appearance; there may be so many at most."""

    def __init__(self, where: str, limits: Limits) -> None:
        self.seen: dict[str, None] = {}
        self._where, self._most = where, limits.columns

    def add(self, row: Mapping[str, Any]) -> None:
        """Add those of an object."""
        if row.keys() <= self.seen.keys():
            return
        self.seen |= dict.fromkeys(row)
        if len(self.seen) > self._most:
            raise DataError(
                f"{self._where} has objects of more than {self._most:,} members in all, and no more are read: "
                "raise most_columns (--most-columns)."
            )


def _object(body: bytes | str) -> dict[str, Any] | None:
    try:
        row = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


class _Layout(NamedTuple):
    """Format of a JSON file, what stands before its rows, and each row with what stands after it."""

    format: str
    lead: bytes
    rows: Iterator[tuple[bytes, bytes]]
    lists: Sequence[str] = ()
    chosen: str | None = None


def _records(parts: Iterator[bytes], where: str, limits: Limits, records: str | None) -> _Layout:
    """Find out how a JSON file is laid out."""
    first = b""
    while not first.strip(_SPACE) and (part := next(parts, b"")):
        first += part
        _check_length(first, where, limits)
    start = len(first) - len(first.lstrip(_SPACE))
    if first[start : start + 1] != b"[":
        while len(first) < _LOOKED_AT and (part := next(parts, b"")):
            first += part
        lists = dict(_lists(first))
        chosen = _inside(first, lists, where, records)
        if chosen is None:
            return _Layout("jsonl", b"", _lines(first, parts, where, limits))
        at = lists[chosen]
        rows = _elements(first[at:], parts, where, limits, wrapped=True)
        return _Layout("json", first[:at], rows, list(lists), chosen)
    return _Layout("json", first[: start + 1], _elements(first[start + 1 :], parts, where, limits))


def _inside(first: bytes, lists: Mapping[str, int], where: str, wanted: str | None) -> str | None:
    """The list inside of one object that is read: one of ads if there is; None of a file of one object a line."""
    if wanted is not None:
        if wanted not in lists:
            there = f"its lists are: {', '.join(lists)}" if lists else "no list of objects was found there"
            raise DataError(f"No list {wanted!r} near the beginning of {where}: {there}.")
        return wanted
    line, _, rest = first.strip(_SPACE).partition(b"\n")
    row = _object(line)
    if row is not None and (rest.strip(_SPACE) or find_header([list(member_paths(row))]) == 0):
        return None
    fitting = (name for name, at in lists.items() if _begins_with_ad(first[at:]))
    return next(fitting, next(iter(lists), None))


def _begins_with_ad(rows: bytes) -> bool:
    """Whether the first object of a list has members with known names."""
    try:
        row, _ = json.JSONDecoder().raw_decode(rows.decode("utf-8", "replace").lstrip())
    except (ValueError, RecursionError):
        return False
    return find_header([list(member_paths(row))]) == 0


def _lists(first: bytes) -> Iterator[tuple[str, int]]:
    """Lists of objects in an object, by the dotted names that lead to them, and where their objects begin."""
    names: list[str | None] = []  # of the members that are open; None for a list
    name = ""
    for token in _STRUCTURE.finditer(first):
        what = token[0]
        if what[:1] == b'"':
            if what[-1:] == b":":
                name = _name(what[1 : what.rindex(b'"')].decode("utf-8", "replace"))
        elif what in (b"}", b"]"):
            if names:
                names.pop()
        elif what == b"{":
            names.append(name)
        else:
            if token[1] is not None and None not in names:
                yield ".".join([*(str(one) for one in names[1:]), name]), token.start() + 1
            names.append(None)


def _name(escaped: str) -> str:
    """A member's name; as it stands if its escapes mean nothing."""
    try:
        return str(json.loads(f'"{escaped}"', strict=False))
    except ValueError:
        return escaped


def _check_length(row: bytes, where: str, limits: Limits) -> None:
    if len(row) > limits.row_bytes:
        raise DataError(
            f"{where} has a row of more than {limits.row_bytes >> 20} MB: correct it, or raise longest_row "
            "(--longest-row)."
        )


def _lines(rest: bytes, parts: Iterator[bytes], where: str, limits: Limits) -> Iterator[tuple[bytes, bytes]]:
    """The lines of JSON Lines, each as its content and its end with the blank lines that follow."""
    while True:
        start = 0
        for end in _LINE_END.finditer(rest):
            line = rest[start : end.start()]
            _check_length(line, where, limits)
            body = line.rstrip()
            yield body, line[len(body) :] + end[0]
            start = end.end()
        rest = rest[start:]
        _check_length(rest, where, limits)
        part = next(parts, b"")
        if not part:
            break
        rest += part
    if rest:
        body = rest.rstrip()
        yield body, rest[len(body) :]


def _elements(
    buffer: bytes, parts: Iterator[bytes], where: str, limits: Limits, wrapped: bool = False
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
                    raise DataError(f"{where} is not a JSON array: a }} stands where none is open.")
            if closed or (what == b"," and depth == 0):
                element = buffer[start : token.start()]
                _check_length(element, where, limits)
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
        _check_length(buffer, where, limits)
        part = next(parts, b"")
        if not part:
            raise DataError(f"{where} ends in the middle of its JSON array: fetch it again.")
        buffer += part
    rest = b"".join((buffer, *parts))
    if rest[1:].strip(_SPACE) and not wrapped:
        raise DataError(f"{where} has more after its JSON array: give one array, or one object a line.")
    yield b"", rest
