"""The choice of a reader for a source, and several sources read as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from collarclass.definitions.labels import BASES
from collarclass.errors import DataError
from collarclass.files.batch import Batch, Choose, Reader
from collarclass.files.formats import FORMATS, name_format, open_source, partitions_of
from collarclass.files.layout import Layout
from collarclass.files.source import Source, is_remote
from collarclass.tables.columns import Columns


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
        """How a reader reads."""
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
        texts = _quoted(name for name in self.texts if name not in (self.title, self.code))
        columns = (("titles", self.title), ("codes", self.code))
        titles, codes = ([(what, repr(name))] if name else [] for what, name in columns)
        return [*titles, *([("texts", texts)] if texts else []), *codes]

    @property
    def layout(self) -> str:
        """Format, encoding, delimiter and sheet, as far as the format has them."""
        text = self.format in ("csv", "jsonl", "json")
        return ", ".join(
            [self.format, *([self.encoding] if text else []), *([repr(self.delimiter)] if self.delimiter else []),
             *([f"sheet {self.sheet!r}"] if self.sheet else []),
             *([f"column names in row {self.header_row}"] if self.header_row > 1 else [])]
        )

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



def open_reader(source: Source, layout: Layout, choose: Choose | None = None) -> Reader:
    """Find out how one source is laid out, and where its titles and texts are; `choose` if not as the layout says."""
    choose = choose or layout.choose
    kind, _ = name_format(source.member or source.path, layout.format)
    if kind is None:
        kind = FORMATS["json" if source.begins_with() in (b"{", b"[") else "csv"]
    reader = kind.read(source, layout, choose)
    reader.head = layout.head
    return reader


class SeveralReader(Reader):
    """Several sources as one table with the columns of all, in order of appearance."""

    format = "several"

    def __init__(self, paths: Sequence[str], layout: Layout) -> None:
        self.head = layout.head
        self._paths = paths
        self._layout = replace(layout, every_column=True, head=None)
        self._file_column = layout.file_column
        self._done = 0
        self._open: Source | None = None
        names: dict[str, None] = {}
        for path in paths:
            if path == "-":
                raise DataError("Standard input is read alone, not among several sources: name files.")
            names |= dict.fromkeys(self._look(path, first=path == paths[0]))
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

    def _look(self, path: str, first: bool) -> list[str]:
        """The columns of a source; those that are read of the first one count for all."""
        source = open_source(path)
        try:
            if not (source.regular or is_remote(path)):
                raise DataError("{path} is no file, and is read alone, not among several sources.", path=path)
            reader = open_reader(source, self._layout)
            if first:
                self.chosen = reader.chosen
            return reader.names
        finally:
            source.close()

    @property
    def share(self) -> float:
        """How much has been read, by number of sources."""
        inside = self._open.share if self._open is not None else 0.0
        return (self._done + inside) / len(self._paths)

    def read(self, size: int) -> Iterator[Batch]:
        """The rows of one source after the other."""
        for path in self._paths:
            self._open = source = open_source(path)
            try:
                for batch in open_reader(source, self._layout).batches(size):
                    yield self._named(batch, path)
            finally:
                source.close()
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


def open_all(paths: Sequence[str], layout: Layout, twice: bool = False) -> tuple[Reader, Source | SeveralReader]:
    """Open one source or several as one reader; the second value tells how far it has been read.

    With `twice` they can be read again, by `read_again`.

    Raises
    ------
    DataError
        If a source is missing or is not what it should be.
    """
    if len(paths) > 1 or layout.file_column is not None or layout.partitions:
        several = SeveralReader(paths, layout)
        return several, several
    source = open_source(paths[0])
    try:
        if twice:
            source.keep()
        return open_reader(source, layout), source
    except BaseException:
        source.close()
        raise


def read_again(reader: Reader, read: Source | SeveralReader, layout: Layout) -> Reader:
    """A reader from the first row on."""
    if isinstance(read, SeveralReader):  # which opens its files anew
        return reader
    read.rewind()
    return open_reader(read, layout)
