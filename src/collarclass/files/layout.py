"""How sources are to be read, as users say it, and what a reader of any format is."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, tee
from typing import Any, Self

import pyarrow as pa

from collarclass.errors import DataError
from collarclass.files.batch import BATCH_BYTES, LOOKED_AT, Batch
from collarclass.files.encoding import Encoding
from collarclass.files.source import Source
from collarclass.files.target import Name
from collarclass.labelling.options import LabelOptions
from collarclass.messages import Message
from collarclass.progress import ProgressLike
from collarclass.tables.columns import Cells, Columns, choose_columns, find_header


@dataclass(frozen=True, slots=True)
class Layout:
    """How sources are to be read and the work is done: what `FileOptions` say, and what a target asks for.

    Attributes
    ----------
    every_column : bool
        Whether all columns must be known before the first row.
    partitions : bool
        Whether folders such as "month=2026-03" in the names of sources become columns.
    """

    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    title: str | None = None
    text: str | Sequence[str] | None = None
    code: str | None = None
    file_column: str | None = None
    head: int | None = None
    every_column: bool = False
    header_row: int | None = None
    skip_rows: int = 0
    partitions: bool = False
    n_jobs: int = 1
    batch_size: int = 2000
    force: bool = False
    resume: bool = False
    only_new: Name | None = None
    key: str | None = None
    progress: ProgressLike = None
    on_batch: Callable[[Batch, pa.Table], object] | None = None

    def __post_init__(self) -> None:
        for name, least in (("head", 0), ("header_row", 1), ("skip_rows", 0), ("batch_size", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise DataError(
                    "{name} is {value}: give a whole number from {least} up.", name=name, value=value, least=least,
                )  # fmt: skip
        if self.key is not None and self.only_new is None:
            raise DataError("key names the column by which ads of an earlier file are known: give only_new, too.")
        count_workers(self.n_jobs)

    @property
    def named(self) -> tuple[str, ...]:
        texts = (self.text,) if isinstance(self.text, str) else tuple(self.text or ())
        return tuple(name for name in (self.title, *texts, self.code) if name is not None)

    def find_header(self, rows: Iterable[Sequence[str]]) -> int:
        """Place of the column names among a table's first rows, from 0; the first where nothing else can be told."""
        if self.header_row is not None:
            return self.header_row - 1
        first, again = tee(islice(rows, LOOKED_AT))
        found = find_header(first, self.named)
        if found is not None:
            return found
        filled = [sum(1 for cell in cells if cell.strip()) for cells in again]
        return filled.index(max(filled)) if filled and filled[0] < 2 else 0  # below a heading that fills one cell

    def choose(self, columns: list[str], where: str | Message, kinds: Mapping[Hashable, str], cells: Cells) -> Columns:
        return choose_columns(columns, self.title, self.text, where, self.code, kinds, cells)


# From the columns of a file, its name for an error, the columns that hold no text, and the first cells of a column, to
# those to be read.
Choose = Callable[[list[str], str | Message, Mapping[Hashable, str], Cells], Columns]


class Reader:
    """A source of batches, and what writers want to know of it; it is closed at the end of a `with`.

    `raw` says whether batches hold the bytes of their rows, which a writer of the same format keeps; `tail`, what
    stands after the last row, is known when all batches have been read; `lead` stands before the first row of JSON;
    `groups` are the rows of each group of Parquet; `named`, the format that the name of the source tells.
    """

    chosen: Columns
    format: str
    named = ""
    raw = False
    names: list[str]
    encoding = Encoding("utf-8")
    tail: Sequence[bytes] = ()
    delimiter: bytes = b""
    header: bytes = b""
    header_end: bytes = b""
    lead: bytes = b""
    sheet: str | None = None
    header_row: int = 1
    schema: pa.Schema | None = None
    groups: Sequence[int] = ()
    batch: Batch

    def __init__(self, source: Source, layout: Layout, choose: Choose) -> None:
        self.source, self.where = source, source.name
        self._layout, self._choose = layout, choose
        self._begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.source.close()

    @property
    def share(self) -> float:
        """How much has been read, 0 to 1; 0 where that is not known."""
        return self.source.share

    def batches(self, size: int) -> Iterator[Batch]:
        """The rows in batches of `size`, fewer when they are long; from the first on if it is called once more."""
        reader = self._again() if self._begun else self
        self._begun, left = True, self._layout.head
        if left == 0:
            return
        for batch in reader.read(size):
            if left is not None and len(batch) > left:
                batch = batch.take(range(left))
            yield batch
            if left is not None and (left := left - len(batch)) == 0:
                return

    def _again(self) -> Reader:
        """The source from its beginning, if it was opened to be read twice."""
        self.source.rewind()
        return type(self)(self.source, self._layout, self._choose)

    def read(self, size: int) -> Iterator[Batch]:
        """All rows in such batches."""
        self.batch, taken = Batch(self.rows), 0
        for n_bytes in self.steps():
            taken += n_bytes
            if len(self.batch) >= size or taken >= BATCH_BYTES:
                yield self.batch
                self.batch, taken = Batch(self.rows), 0
        if len(self.batch) or self.batch.lead:
            yield self.batch

    def steps(self) -> Iterator[int]:
        """Read a row into `batch` at each step, and say how many bytes it has."""
        raise NotImplementedError

    def rows(self, batch: Batch) -> list[dict[str, Any]]:
        """The rows of a batch as plain values by column."""
        return batch.objects


def columns_read(chosen: Columns) -> dict[str, Any]:
    """The columns that titles, texts and codes were read from, as the record of a labelled file keeps them."""
    title, code = (None if name is None else str(name) for name in (chosen.title, chosen.code))
    return {"title": title, "text": list(map(str, chosen.texts)), "code": code}


class FileOptions(LabelOptions, total=False):
    """How files are read, labelled and written; `LabelOptions` has the rest.

    Attributes
    ----------
    title : str, optional
        The column of job titles, if it is not among the common names.
    text : str or sequence of str, optional
        The column of ad texts, or several, which are read together under their headings; if not given, all
        that have common names. A member of a nested column is named with dots: "job.description".
    code : str, optional
        A column of occupation codes (O*NET-SOC 2019, ISCO-08 or CSCO-2022): rows whose ad and title say too
        little, or that have none, are judged by their occupation.
    format : {"csv", "tsv", "jsonl", "json", "parquet", "xlsx"}, optional
        Format of a source whose name does not show it, such as standard input.
    encoding : str, optional
        Encoding of the source; found from its beginning if not given. The target has the same.
    delimiter : str, optional
        Delimiter of the source; found from its beginning if not given.
    sheet : str, optional
        Name or number (from 1) of a workbook's sheet; if not given, the first one shown that has a row of known
        column names, or else the first.
    header_row : int, optional
        The row of column names, from 1, in delimited text and workbooks; if not given, it is looked for below
        headings and notes. What stands above it is left out.
    skip_rows : int, default=0
        How many rows below the column names to leave out, such as one of units.
    file_column : str, optional
        A column to add with the name of each row's file.
    head : int, optional
        Label only the first rows: so many.
    n_jobs : int, default=1
        Number of worker processes; -1 for one per processor.
    batch_size : int
        Rows worked on at once; a batch of long rows has fewer.
    force : bool
        Whether to overwrite the target.
    resume : bool
        Whether to continue an interrupted run after its last whole batch. If the target is
        whole already, there is nothing to do. Of a folder, and of URLs, whole files are kept.
    only_new : path-like, optional
        What an earlier run made of some of these ads with the same options, a file or a folder: what it says of them is
        taken over if the same model said it, and the other rows are labelled.
    key : str, optional
        The column by which `only_new` knows an ad again, such as its number; title and text themselves if not given.
    progress : bool or callable, optional
        Whether to show progress on standard error; only on a terminal if not given. A callable gets the
        number of ads done and the share of the work done (0 to 1, 0 where it is not known).
    on_batch : callable, optional
        Gets each batch of rows that is written, and the table of the columns added to it.
    """

    title: str | None
    text: str | Sequence[str] | None
    code: str | None
    format: str | None
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    header_row: int | None
    skip_rows: int
    file_column: str | None
    head: int | None
    n_jobs: int
    batch_size: int
    force: bool
    resume: bool
    only_new: Name | None
    key: str | None
    progress: ProgressLike
    on_batch: Callable[[Batch, pa.Table], object] | None


def count_workers(n_jobs: int) -> int:
    """How many worker processes `n_jobs` means: -1 is one per processor."""
    if n_jobs == 0:
        raise DataError("n_jobs is 0: give the number of worker processes, or -1 for one per processor.")
    if n_jobs == 1:
        return 1
    from joblib import effective_n_jobs

    return int(effective_n_jobs(n_jobs))
