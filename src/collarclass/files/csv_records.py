"""Delimited text (CSV, TSV) cut into records and cells without changing a byte of them.

One regular expression per file matches a whole record with the right number of cells, which is the
usual case and several times as fast as `csv.reader`; records that it does not match are read cell
by cell, by the rules of `csv.reader`, and what is wrong with them is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from collarclass.files.batch import AFTER_QUOTE, OPEN_QUOTE
from collarclass.files.source import Limits
from collarclass.messages import Message

DELIMITERS = b",\t;|"
_LOOK_AHEAD = 1 << 20
_LINES_TO_FIT = 100
_WRITTEN_OUT = 40  # cells
_EOL = rb"(\r\n|\n|\r|\Z)"
_QUOTED = rb'"[^"]*+(?:""[^"]*+)*+"'


@dataclass(frozen=True, slots=True)
class Record:
    """One record that is not as the header has it: its cells as they stand, those of a broken one quoted anew."""

    cells: list[bytes]
    end: int
    next: int
    note: Message | None = None


class Dialect:
    """How a file's records are written: its delimiter and its number of columns.

    Parameters
    ----------
    delimiter : bytes
        One of `DELIMITERS`, or another single ASCII byte.
    columns : int
    wanted : sequence of int
        Numbers of the cells to take out of each record, ascending.

    A quote must be closed within the longest row; one that is not was never meant to be one if the lines behind it are
    records.
    """

    def __init__(self, delimiter: bytes, columns: int = 1, wanted: Sequence[int] = ()) -> None:
        d = re.escape(delimiter)
        cell = rb"(?:" + _QUOTED + rb'|[^"\r\n' + d + rb"][^\r\n" + d + rb"]*+|)"
        row = _row_pattern(cell, d, columns, frozenset(wanted))
        self.delimiter = delimiter
        self.columns = columns
        self.match = re.compile(row + _EOL).match
        self._quoted = re.compile(_QUOTED + rb"(?=[\r\n" + d + rb"]|\Z)").match
        self._closed = re.compile(_QUOTED).match
        self._plain, self._eol = _end_of(rb"[^\r\n" + d + rb"]*+"), _end_of(_EOL)
        self._line, self.blank = _end_of(rb"[^\r\n]*+"), _end_of(rb"[\r\n]*+")
        self._special = re.compile(rb'["\r\n' + d + rb"]|\A\s|\s\Z").search

    def read(self, block: bytes, start: int, final: bool) -> Record | None:
        """Read one record cell by cell.

        Returns
        -------
        Record or None
            None when the record does not end in the block and there is more to come. One of more cells than any may
            have is read no further.
        """
        cells, at, odd = [], start, False
        while True:
            if block[at : at + 1] == b'"':
                found = self._quoted(block, at)
                if found is None:
                    closed = self._closed(block, at)
                    if closed is None:
                        stray = len(block) - start >= Limits.row_bytes and self._next_fit(block, start, _LINES_TO_FIT)
                        if not (final or stray):
                            return None
                        return self._broken(block, start, final)
                    if b"\n" in closed[0]:
                        if not final and len(block) - start < _LOOK_AHEAD:
                            return None
                        if self._next_fit(block, start):
                            return self._broken(block, start, final)
                    odd = True
                    end = self._plain(block, closed.end())
                else:
                    end = found.end()
            else:
                end = self._plain(block, at)
            cells.append(block[at:end])
            if len(cells) > Limits.columns:
                return Record(cells, end, end)
            if block[end : end + 1] != self.delimiter:
                break
            at = end + 1
        following = self._eol(block, end)
        if following == len(block) and not final:
            return None
        return Record(cells, end, following, AFTER_QUOTE if odd else None)

    def _next_fit(self, block: bytes, start: int, lines: int = 1) -> bool:
        """Whether a record's first line has as many cells as the header, and the next lines too."""
        end = self._line(block, start)
        if len(self._line_cells(block[start:end])) != self.columns:
            return False
        at = self._eol(block, end)
        for _ in range(lines):
            record = self.match(block, at)
            if record is None:
                return False
            at = record.end()
        return True

    def _line_cells(self, line: bytes) -> list[bytes]:
        """Cells of a line in which a quote is not closed: it and what follows are one cell."""
        cells, at = [], 0
        while True:
            found = self._quoted(line, at)
            end = found.end() if found else len(line) if line[at : at + 1] == b'"' else self._plain(line, at)
            cells.append(line[at:end])
            if line[end : end + 1] != self.delimiter:
                return cells
            at = end + 1

    def _broken(self, block: bytes, start: int, final: bool) -> Record | None:
        """Take the first line of a record whose quote is never closed as the whole of it."""
        end = self._line(block, start)
        following = self._eol(block, end)
        if following == len(block) and not final:
            return None
        cells = [
            c if self._quoted(c, 0) or not c.startswith(b'"') else self.quote(c, always=True)
            for c in self._line_cells(block[start:end])
        ]
        return Record(cells, end, following, OPEN_QUOTE)

    def split(self, record: bytes) -> list[bytes]:
        found = self.read(record, 0, True)
        return found.cells if found else []

    def quote(self, cell: bytes, always: bool = False) -> bytes:
        """Write a cell, in quotes if it needs them."""
        if always or self._special(cell):
            return b'"' + cell.replace(b'"', b'""') + b'"'
        return cell


def _end_of(pattern: bytes) -> Callable[[bytes, int], int]:
    """What finds the end of a match at a place; the place itself without one."""
    match = re.compile(pattern).match

    def end(block: bytes, at: int) -> int:
        found = match(block, at)
        return found.end() if found else at

    return end


def _row_pattern(cell: bytes, delimiter: bytes, columns: int, wanted: frozenset[int]) -> bytes:
    """An expression for a record: wanted cells in groups, long runs of others as one repetition.

    A repetition compiles at once however wide the table is; a short run written out matches faster.
    """
    parts, run = [b"(" + cell + b")" if 0 in wanted else cell], 0
    other = delimiter + cell

    def close() -> None:
        parts.append(other * run if run <= _WRITTEN_OUT else b"(?:%b){%d}+" % (other, run))

    for i in range(1, columns):
        if i in wanted:
            close()
            run = 0
            parts.append(delimiter + b"(" + cell + b")")
        else:
            run += 1
    close()
    return b"".join(parts)


def unquote(cell: bytes) -> bytes:
    """The content of a cell as it stands in a file.

    Examples
    --------
    >>> unquote(b'"4"" pipe, steel"')
    b'4" pipe, steel'
    """
    if cell[:1] != b'"':
        return cell
    inner = cell[1:-1]
    if cell[-1:] == b'"' and b'"' not in inner and len(cell) > 1:
        return inner
    closed = re.match(_QUOTED, cell)
    if closed is None:
        return cell
    inner, rest = cell[1 : closed.end() - 1], cell[closed.end() :]
    return (inner.replace(b'""', b'"') if b'"' in inner else inner) + rest


def find_delimiter(sample: bytes, final: bool) -> bytes:
    r"""Tell the delimiter from a file's beginning: the one that cuts most records like the header.

    Examples
    --------
    >>> find_delimiter(b"id;title;text\n1;Welder;steel, pipes\n", True)
    b';'
    """
    best, best_score = b",", (0.0, 0)
    for i in range(len(DELIMITERS)):
        delimiter = DELIMITERS[i : i + 1]
        dialect = Dialect(delimiter)
        header = dialect.read(sample, 0, final)
        if header is None or not 2 <= len(header.cells) <= Limits.columns:
            continue
        at, same, n = header.next, 1, 1
        while at < len(sample) and n < 200:
            record = dialect.read(sample, at, final)
            if record is None or len(record.cells) > Limits.columns:
                break
            if record.end > at:
                n += 1
                same += len(record.cells) == len(header.cells)
            at = record.next
        score = (round(same / n, 1), len(header.cells))
        if score > best_score:
            best, best_score = delimiter, score
    return best
