"""How a file was read: its layout, the columns, and what its rows were judged from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from collarclass.definitions.labels import BASES
from collarclass.files.batch import Reader
from collarclass.tables.columns import Columns


@dataclass(frozen=True, slots=True)
class FileInput:
    """How a source was read.

    Attributes
    ----------
    format : str
    encoding : str
    delimiter : str or None
        Of delimited text.
    title : str or None
    texts : tuple of str
    code : str or None
        The columns that were read.
    sheet : str or None
        Of a workbook.
    header_row : int
        The row of column names, from 1.
    """

    format: str
    encoding: str
    delimiter: str | None
    title: str | None
    texts: tuple[str, ...]
    code: str | None
    sheet: str | None = None
    header_row: int = 1

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
        return replace(self, title=title, texts=tuple(map(str, chosen.texts)), code=code)

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
    """What was read of a table of ads.

    Attributes
    ----------
    rows : int
    file : FileInput
        Its layout, and the columns of the ads where they were read.
    others : dict of str to tuple of str
        Further columns that were read: what they hold, and their names.
    bases : dict of str to int
        How many rows were judged from the ad, the title and the occupation; empty if the table does not say.
    """

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
