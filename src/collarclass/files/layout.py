"""How sources are to be read, as users say it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from collarclass.files.batch import HeaderRow, Limits
from collarclass.tables.columns import Columns, choose_columns


@dataclass(frozen=True, slots=True)
class Layout:
    """How sources are to be read, where their names and contents do not tell.

    Attributes
    ----------
    format, encoding, delimiter, sheet, records : str or None
    header_row : int or None
        The row of column names, from 1; found among the first ones if None.
    skip_rows : int
        Rows below the column names that are no ads.
    title, code : str or None
        Names of columns.
    text : str, sequence of str or None
        The column of texts, or several that are read together.
    file_column : str or None
        A column to add with the name of each row's file.
    select : sequence of str or None
        The columns to keep.
    head, sample : int or None
        How many rows to take: the first, or drawn at random (the same ones every time).
    limits : Limits
    every_column : bool
        Whether all columns must be known before the first row.
    added : tuple of str
        Names of columns to add: a row that has one is to be found before the first row is read.
    skip_bad_files : bool
        Whether a source among several that cannot be read is left out.
    """

    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    title: str | None = None
    text: str | Sequence[str] | None = None
    code: str | None = None
    file_column: str | None = None
    select: Sequence[str] | None = None
    head: int | None = None
    sample: int | None = None
    limits: Limits = field(default_factory=Limits)
    every_column: bool = False
    added: tuple[str, ...] = ()
    header_row: int | None = None
    skip_rows: int = 0
    records: str | None = None
    skip_bad_files: bool = False

    @property
    def named(self) -> tuple[str, ...]:
        """The columns that the user named."""
        texts = (self.text,) if isinstance(self.text, str) else tuple(self.text or ())
        return tuple(name for name in (self.title, *texts, self.code) if name is not None)

    @property
    def rows(self) -> HeaderRow:
        """Where the column names stand."""
        return HeaderRow(self.header_row, self.skip_rows, self.named)

    def choose(self, columns: list[str], where: str, kinds: Mapping[Hashable, str]) -> Columns:
        """The columns that are read."""
        return choose_columns(columns, self.title, self.text, where, self.code, kinds)
