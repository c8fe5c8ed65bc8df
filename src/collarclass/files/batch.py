"""What file readers share: the open file, the rows of a batch, the text of a cell."""

from __future__ import annotations

import gzip
import io
import json
import math
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import pyarrow as pa

from collarclass.errors import DataError
from collarclass.files.encoding import Encoding

BATCH_BYTES = 8 << 20  # a batch ends here even when it has fewer rows
LONGEST_TEXT = 200_000  # characters read of one ad
_MISSING = frozenset(  # what pandas.read_csv takes for missing
    (
        *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"),
        *("N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
    )
)
_FORMATS = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".json": "jsonl", ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}


@dataclass(slots=True)
class Batch:
    """Some rows of a file, as they were read.

    Attributes
    ----------
    texts, titles : list of str
        What is to be labelled; `titles` is None when there is no column of titles.
    notes : dict of int to str
        What is wrong with a row, by its number in the batch.
    raw : list of (bytes, bytes, bytes)
        Delimited text and JSON Lines: what stands before the added cells, after them, and the line end.
    lead : bytes
        Blank lines before the first row.
    table : pyarrow.Table or None
        Parquet: the rows themselves.
    objects : list of dict
        JSON Lines: the rows read.
    """

    texts: list[str] = field(default_factory=list)
    titles: list[str] | None = None
    notes: dict[int, str] = field(default_factory=dict)
    raw: list[tuple[bytes, bytes, bytes]] = field(default_factory=list)
    lead: bytes = b""
    table: pa.Table | None = None
    objects: list[dict[str, Any]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.texts)


class Reader(Protocol):
    """A source of batches, and what writers want to know of it."""

    format: str
    columns: list[str]
    encoding: Encoding
    tail: list[bytes]

    def batches(self, size: int) -> Iterator[Batch]: ...

    def objects(self, batch: Batch) -> list[dict[str, Any]]:
        """The rows of a batch as plain values by column."""
        ...


def tidy(value: Any) -> str:
    """The text of a cell: nothing for a missing value, at most `LONGEST_TEXT` characters.

    Examples
    --------
    >>> tidy("Welder"), tidy("NaN"), tidy(None), tidy(12)
    ('Welder', '', '', '12')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if not isinstance(value, str):
        value = (
            json.dumps(value, ensure_ascii=False, default=str)
            if isinstance(value, (dict, list))
            else str(value)
        )
    if len(value) < 9 and value.strip() in _MISSING:
        return ""
    return cast(str, value[:LONGEST_TEXT])


def name_format(path: str, given: str | None) -> tuple[str, str]:
    """Format and compression that a file's name tells: ("csv", "gzip") for `ads.csv.gz`."""
    suffixes = [s.lower() for s in Path(path).suffixes]
    compression = _COMPRESSIONS.get(suffixes[-1], "") if suffixes else ""
    suffix = (suffixes[:-1] if compression else suffixes)[-1:] or [""]
    if given is not None and given not in _FORMATS.values():
        raise DataError(f"No format is called {given!r}: say csv, tsv, jsonl or parquet.")
    found = _FORMATS.get(suffix[0], "") if path != "-" else ""
    if not found and not given and path != "-":
        hint = (
            "save the sheet as CSV"
            if suffix[0] in (".xlsx", ".xls", ".ods")
            else "rename it or give its format"
        )
        raise DataError(
            f"{path} has no known ending (.csv, .tsv, .jsonl, .parquet, each also with .gz or .zst): {hint}."
        )
    return found or given or "", compression


def open_binary(path: str) -> BinaryIO:
    """Open a file that whoever asked will close."""
    return Path(path).open("rb")


class Source:
    """An open file: its bytes decompressed, and how far it has been read.

    Parameters
    ----------
    path : str
        "-" is standard input.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.name = "standard input" if path == "-" else path
        try:
            self._file: BinaryIO = cast(BinaryIO, sys.stdin.buffer) if path == "-" else open_binary(path)
        except FileNotFoundError:
            raise DataError(f"There is no file {path}: check its name and folder.") from None
        except OSError as error:
            raise DataError(
                f"{path} cannot be opened ({error.strerror}): check what it is and who may read it."
            ) from None
        self.size = os.fstat(self._file.fileno()).st_size if path != "-" else 0
        buffered = self._file if isinstance(self._file, io.BufferedReader) else io.BufferedReader(self._file)  # type: ignore[type-var]
        magic = buffered.peek(4)[:4]
        self.stream: Any = buffered
        self.rows_share: float | None = None  # for a file that is not read from end to end
        if magic[:2] == b"\x1f\x8b":
            self.stream = gzip.GzipFile(fileobj=cast(BinaryIO, buffered))
        elif magic == b"\x28\xb5\x2f\xfd":
            self.stream = pa.CompressedInputStream(pa.PythonFile(buffered, "r"), "zstd")

    @property
    def share(self) -> float:
        """How much of the file has been read, 0 to 1; 0 for standard input."""
        if self.rows_share is not None:
            return self.rows_share
        return self._file.tell() / self.size if self.size else 0.0

    def read(self, n: int = -1) -> bytes:
        """Read decompressed bytes, all there are for -1."""
        try:
            return bytes(self.stream.read(None if n < 0 and isinstance(self.stream, pa.NativeFile) else n))
        except (EOFError, OSError, pa.ArrowException) as error:
            raise DataError(f"{self.name} is damaged or cut off ({error}): fetch it again.") from None

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self.path != "-":
            self._file.close()


def add_note(batch: Batch, row: int, note: str) -> None:
    """Note what is wrong with a row, once."""
    known = batch.notes.get(row)
    if known is None:
        batch.notes[row] = note
    elif note not in known:
        batch.notes[row] = f"{known}; {note}"
