"""The choice of a reader for a source, and several sources read as one."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from collarclass.definitions.labels import BASES
from collarclass.errors import DataError
from collarclass.files.batch import Batch
from collarclass.files.formats import FORMATS, is_table, name_format, partitions_of
from collarclass.files.layout import Choose, Layout, Reader
from collarclass.files.source import Source
from collarclass.files.target import is_direct
from collarclass.tables.columns import Columns

_KINDS = ("titles", "texts", "codes")  # of columns that are read


@dataclass(frozen=True, slots=True)
class FileInput:
    """How a source was read: its layout, and the columns of titles, texts and codes, found by name or `guessed`."""

    format: str
    encoding: str
    delimiter: str | None
    title: str | None
    texts: tuple[str, ...]
    code: str | None
    sheet: str | None = None
    header_row: int = 1
    guessed: bool = False

    @classmethod
    def of(cls, reader: Reader) -> FileInput:
        delimiter = reader.delimiter.decode() or None
        found = cls(
            format=reader.format, encoding=reader.encoding.name, delimiter=delimiter, title=None, texts=(), code=None,
            sheet=reader.sheet, header_row=reader.header_row,
        )  # fmt: skip
        return found.reading(reader.chosen)

    def reading(self, chosen: Columns | None) -> FileInput:
        """The same source with other columns read; with None, no ads are read."""
        chosen = chosen or Columns(None, ())
        title, code = (None if name is None else str(name) for name in (chosen.title, chosen.code))
        texts = tuple(map(str, chosen.texts))
        return replace(self, title=title, texts=texts, code=code, guessed=chosen.guessed)

    @property
    def columns(self) -> list[tuple[str, str]]:
        """What was read, and the quoted name of its column or columns."""
        texts = [name for name in self.texts if name not in (self.title, self.code)]
        titles, codes = ([name] if name else [] for name in (self.title, self.code))
        return [(what, _quoted(names)) for what, names in zip(_KINDS, (titles, texts, codes), strict=True) if names]

    @property
    def layout(self) -> str:
        """Format, encoding, delimiter and sheet, as far as the format has them."""
        parts = (
            self.format,
            self.encoding if self.format in ("csv", "jsonl", "json") else "",
            repr(self.delimiter) if self.delimiter else "",
            f"sheet {self.sheet!r}" if self.sheet else "",
            f"column names in row {self.header_row}" if self.header_row > 1 else "",
        )
        return ", ".join(filter(None, parts))

    def __str__(self) -> str:
        return f"{', '.join(f'{what} from {names}' for what, names in self.columns)} ({self.layout})"


@dataclass(frozen=True, slots=True)
class TableInput:
    """What was read of a table of ads, further columns by what they hold, and what its rows were judged from."""

    rows: int
    file: FileInput
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bases: Mapping[str, int] = field(default_factory=dict)

    @property
    def columns(self) -> list[tuple[str, str]]:
        """What was read, and the quoted name of its column or columns."""
        return [*self.file.columns, *((what, _quoted(names)) for what, names in self.others.items() if names)]


def _quoted(names: Iterable[str]) -> str:
    return " + ".join(map(repr, names))


def count_bases(cells: Iterable[object]) -> dict[str, int]:
    """How many cells of a column `collar_basis` name each basis; empty if none does."""
    counts = Counter(map(str, cells))
    return {basis: counts[basis] for basis in BASES if counts[basis]}


def open_reader(
    path: str | os.PathLike[str], layout: Layout, choose: Choose | None = None, *, twice: bool = False
) -> Reader:
    """Open one source and find out how it is laid out, and where its titles and texts are.

    Parameters
    ----------
    path : path-like
    layout : Layout
    choose : callable, optional
        If not given, columns are chosen as the layout says.
    twice : bool
        Whether its rows can be read more than once.

    Raises
    ------
    DataError
        If a source is missing or is not what it should be.
    """
    source = Source(os.fspath(path), is_table)
    try:
        if twice:
            source.keep()
        named, _ = name_format(source.path, layout.format)
        kind = name_format(source.member, layout.format)[0] if source.member else named
        if kind is None:
            kind = FORMATS["json" if source.begins_with() in (b"{", b"[") else "csv"]
        reader = kind.read(source, layout, choose or layout.choose)
        reader.named = named.name if named is not None else ""
        return reader
    except BaseException:
        source.close()
        raise


class SeveralReader(Reader):
    """Several sources as one table with the columns of all, in order of appearance."""

    format = "several"

    def __init__(self, paths: Sequence[str], layout: Layout) -> None:
        self._paths, self._layout, self._file_column = paths, layout, layout.file_column
        self._each = replace(layout, every_column=True, head=None)
        self._begun, self._done = False, 0
        self._open: Reader | None = None
        names: dict[str, None] = {}
        for path in paths:
            if is_direct(path):
                raise DataError("{path} is no file, and is read alone, not among several sources.", path=path)
            with open_reader(path, self._each) as reader:
                names |= dict.fromkeys(reader.names)
                if path == paths[0]:  # what is read of it counts for all
                    self.chosen = reader.chosen
        parts = dict.fromkeys(name for path in paths for name in self._constants(path) if name not in names)
        if self._file_column in names:
            raise DataError(
                "Column {name!r} is there already: give the column of file names another.",
                name=self._file_column,
            )  # fmt: skip
        self._parts = [name for name in parts if name != self._file_column]
        self.names = [*([self._file_column] if self._file_column else []), *names, *self._parts]

    def _constants(self, path: str) -> dict[str, str | None]:
        """What all rows of a source have in common, by column."""
        own = {self._file_column: path} if self._file_column else {}
        return own | (partitions_of(path) if self._layout.partitions else {})

    @property
    def share(self) -> float:
        """How much has been read, by number of sources."""
        return (self._done + (self._open.share if self._open is not None else 0.0)) / len(self._paths)

    def close(self) -> None:
        """Nothing is open between two sources."""

    def _again(self) -> Reader:
        self._done = 0
        return self

    def read(self, size: int) -> Iterator[Batch]:
        """The rows of one source after the other."""
        for path in self._paths:
            with open_reader(path, self._each) as self._open:
                for batch in self._open.batches(size):
                    yield self._named(batch, path)
            self._open, self._done = None, self._done + 1

    def _named(self, batch: Batch, path: str) -> Batch:
        constants, own = self._constants(path), batch.as_rows
        first = {name: constants.pop(name) for name in (self._file_column,) if name is not None}
        last = {name: constants.get(name) for name in self._parts}
        if not first and not last:
            return batch
        if batch.table is None:
            batch.as_rows = lambda batch: [{**first, **row, **last} for row in own(batch)]
            return batch
        for name, value in first.items():
            batch.table = batch.table.add_column(0, name, [[value] * len(batch)])
        for name, value in last.items():
            batch.table = batch.table.append_column(name, pa.array([value] * len(batch), pa.string()))
        return batch


def open_all(paths: Sequence[str], layout: Layout, *, twice: bool = False) -> Reader:
    if len(paths) > 1 or layout.file_column is not None or layout.partitions:
        return SeveralReader(paths, layout)
    return open_reader(paths[0], layout, twice=twice)
