"""The formats of files: what their names tell, how they are read, and how they are written."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from collarclass.errors import DataError
from collarclass.files.batch import Choose, Reader
from collarclass.files.delimited import DelimitedReader
from collarclass.files.encoding import find_encoding, read_sample
from collarclass.files.excel import ExcelReader, ExcelWriter
from collarclass.files.json_records import JsonReader, all_members, may_have
from collarclass.files.layout import Layout
from collarclass.files.parquet import ParquetReader, ParquetWriter
from collarclass.files.remote import find_urls, is_remote, url_path
from collarclass.files.source import Source
from collarclass.files.writers import DelimitedWriter, JsonWriter, Writer

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".xz": "xz", ".bz2": "bz2", ".zip": "zip"}

Read = Callable[[Source, Layout, Choose], Reader]
# From the reader, the format that the source's name tells, the added columns and their prefix.
Write = Callable[[Reader, str, Sequence[pa.Field], str], Writer]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of files.

    Attributes
    ----------
    name : str
    endings : tuple of str
        Of files' names, the usual one first.
    read : callable
        Makes a reader.
    write : callable or None
        Makes a writer; None where files are read only.
    written_as : str
        The format of the result of such a file.
    text : bool
        Whether it is text, which may be compressed; the others compress by themselves.
    columns_first : bool
        Whether all columns must be known before the first row is written.
    """

    name: str
    endings: tuple[str, ...]
    read: Read
    write: Write | None
    written_as: str
    text: bool = False
    columns_first: bool = True


def _read_delimited(source: Source, layout: Layout, choose: Choose, delimiter: str | None = None) -> Reader:
    sample = read_sample(cast(BinaryIO, source))
    encoding = find_encoding(sample, layout.encoding)
    return DelimitedReader(
        source, sample, encoding, choose, layout.delimiter or delimiter, layout.limits, layout.rows
    )


def _read_tabs(source: Source, layout: Layout, choose: Choose) -> Reader:
    return _read_delimited(source, layout, choose, "\t")


def _read_json(source: Source, layout: Layout, choose: Choose) -> Reader:
    members = None
    every = layout.every_column
    if not every and layout.added and source.regular:  # what comes through a pipe is not kept for this
        every = may_have(source, layout.encoding, layout.added)
        source.rewind()
    if every:
        source.keep()
        members = all_members(source, layout.encoding, layout.limits, layout.records)
        source.rewind()
    sample = read_sample(cast(BinaryIO, source))
    encoding = find_encoding(sample, layout.encoding)
    reader = JsonReader(source, sample, encoding, choose, layout.limits, layout.records)
    reader.names = members or reader.names
    return reader


def _read_parquet(source: Source, layout: Layout, choose: Choose) -> Reader:
    return ParquetReader(source, choose, layout.limits)


def _read_sheet(source: Source, layout: Layout, choose: Choose) -> Reader:
    return ExcelReader(source, choose, layout.sheet, layout.limits, layout.rows)


def _write_delimited(reader: Reader, source: str, added: Sequence[pa.Field], prefix: str) -> Writer:
    return DelimitedWriter(reader, b"," if source == "tsv" else reader.delimiter or b",", _names(added))


def _write_tabs(reader: Reader, source: str, added: Sequence[pa.Field], prefix: str) -> Writer:
    return DelimitedWriter(reader, b"\t", _names(added))


def _write_lines(reader: Reader, source: str, added: Sequence[pa.Field], prefix: str) -> Writer:
    return JsonWriter(reader, _names(added))


def _write_json(reader: Reader, source: str, added: Sequence[pa.Field], prefix: str) -> Writer:
    # Lines that are called .json stay lines.
    return JsonWriter(reader, _names(added), array=not (source == "json" and reader.format == "jsonl"))


def _write_parquet(reader: Reader, source: str, added: Sequence[pa.Field], prefix: str) -> Writer:
    return ParquetWriter(reader, added)


def _write_sheet(reader: Reader, source: str, added: Sequence[pa.Field], prefix: str) -> Writer:
    return ExcelWriter(reader, _names(added), reader.names, prefix)


def _names(added: Sequence[pa.Field]) -> list[str]:
    return [field.name for field in added]


FORMATS = {
    found.name: found
    for found in (
        Format("csv", (".csv", ".txt"), read=_read_delimited, write=_write_delimited, written_as="csv", text=True),
        Format("tsv", (".tsv", ".tab"), read=_read_tabs, write=_write_tabs, written_as="tsv", text=True),
        Format(
            "jsonl", (".jsonl", ".ndjson"), read=_read_json, write=_write_lines, written_as="jsonl", text=True,
            columns_first=False,
        ),
        Format(
            "json", (".json",), read=_read_json, write=_write_json, written_as="json", text=True, columns_first=False
        ),
        Format("parquet", (".parquet", ".pq"), read=_read_parquet, write=_write_parquet, written_as="parquet"),
        Format("xlsx", (".xlsx", ".xlsm"), read=_read_sheet, write=_write_sheet, written_as="xlsx"),
        Format("xls", (".xls",), read=_read_sheet, write=None, written_as="xlsx"),
        Format("ods", (".ods",), read=_read_sheet, write=None, written_as="xlsx"),
    )
}
ENDINGS = {ending: found for found in FORMATS.values() for ending in found.endings}


def name_format(path: str, given: str | None) -> tuple[Format | None, str]:
    """Format and compression of a source, by its name or as given: that of CSV and "gzip" for `ads.csv.gz`."""
    if given is not None and given not in FORMATS:
        raise DataError(f"No format is called {given!r}: say one of {', '.join(FORMATS)}.")
    if path == "-":
        return FORMATS.get(given or ""), ""
    found, compression = _by_name(path)
    if found is None and not given and not (compression == "zip" and Path(path).exists()):
        raise DataError(
            f"{path} has no known ending ({', '.join(ENDINGS)}; text also with {', '.join(COMPRESSIONS)}): "
            "rename it or give its format."
        )
    return found or FORMATS.get(given or ""), compression


def name_target(path: str, given: str | None) -> tuple[Format, str]:
    """Format and compression of a file to write; one without any ending is written in the format given."""
    found, compression = _by_name(path)
    if found is None and not Path(path).suffix:
        found = FORMATS.get(given or "")
    if found is None or found.write is None:
        written = [ending for ending, known in ENDINGS.items() if known.write is not None]
        remedy = (
            f"sheets are written as .{found.written_as}, name the result so."
            if found is not None
            else f"no such files are written; end the name in {', '.join(written)} (text also with "
            f"{', '.join(COMPRESSIONS)})."
        )
        raise DataError(f"{path}: {remedy}")
    if compression and not found.text:
        raise DataError(f"{path}: {found.name} compresses by itself, leave .gz, .zst and the like off.")
    return found, compression


def _by_name(path: str) -> tuple[Format | None, str]:
    suffixes = [s.lower() for s in url_path(path).suffixes]
    compression = COMPRESSIONS.get(suffixes[-1], "") if suffixes else ""
    suffix = (suffixes[:-1] if compression else suffixes)[-1:] or [""]
    return ENDINGS.get(suffix[0]), compression


def is_table(name: str) -> bool:
    """Whether a file of this name holds a table: one of a known format, and not hidden."""
    return not Path(name).name.startswith((".", "~$")) and _by_name(name)[0] is not None


def open_source(path: str) -> Source:
    """Open a file of any format; of a .zip the one table in it."""
    return Source(path, is_table)


def check_name(path: str) -> None:
    """Refuse what cannot name a file: an empty name would stand for the folder that one is in."""
    if not path or "\0" in path:
        raise DataError(f"{path!r} names no file: give the name of a file or a folder.")


def expand(sources: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[str]:
    """Names of the files that sources stand for: themselves, the files of a folder, the matches of a pattern.

    Raises
    ------
    DataError
        If a folder holds no file of a known format, or nothing matches a pattern.
    TypeError
        If it is a table.
    """
    if hasattr(sources, "columns"):
        raise TypeError("The source is a table, not a file: call label_table.")
    given = [sources] if isinstance(sources, (str, os.PathLike)) else list(sources)
    found: list[str] = []
    for path in [os.fspath(g) for g in given]:
        check_name(path)
        if is_remote(path):
            listed = find_urls(path) if "*" in path else [path]
            if not listed:
                raise DataError(f"No file matches {path}: check the pattern and the place.")
            found += listed
        elif path != "-" and Path(path).is_dir():
            inside = [str(p) for p in sorted(Path(path).iterdir()) if p.is_file() and is_table(p.name)]
            if not inside:
                raise DataError(f"The folder {path} holds no file of a known format: name one that does.")
            found += inside
        elif any(c in path for c in "*?[") and not Path(path).exists():
            matches = sorted(p for p in glob.glob(path, recursive=True) if Path(p).is_file())  # noqa: PTH207
            if not matches:
                raise DataError(f"No file matches {path}: check the pattern and the folder.")
            found += matches
        else:
            found.append(path)
    if not found:
        raise DataError("No source is named: give a file, a folder or a pattern.")
    return list(dict.fromkeys(found))
