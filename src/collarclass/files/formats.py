"""The formats of files: what their names tell, how they are read, and how they are written."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa

from collarclass.errors import DataError
from collarclass.files.delimited import DelimitedReader
from collarclass.files.excel import ExcelReader, ExcelWriter
from collarclass.files.json_records import JsonReader
from collarclass.files.layout import Choose, Layout, Reader
from collarclass.files.parquet import ParquetReader, ParquetWriter
from collarclass.files.source import Source, find_urls, is_remote, url_path
from collarclass.files.writers import DelimitedWriter, JsonWriter, Writer

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".zip": "zip"}
_READ_ONLY = (".zip", ".xlsm", ".xls", ".ods")
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True)
class Format:
    """A format of files; what is not text compresses by itself.

    `read` takes a source, its layout and the choice of columns; `write` the reader and the added columns.
    `columns_first` says whether all columns must be known before the first row is written.
    """

    name: str
    endings: tuple[str, ...]
    read: Callable[[Source, Layout, Choose], Reader]
    write: Callable[[Reader, Sequence[pa.Field]], Writer]
    text: bool = False
    columns_first: bool = True

    @property
    def written(self) -> tuple[str, ...]:
        return tuple(ending for ending in self.endings if ending not in _READ_ONLY)


def _read_tsv(source: Source, layout: Layout, choose: Choose) -> Reader:
    return DelimitedReader(source, replace(layout, delimiter=layout.delimiter or "\t"), choose)


FORMATS = {
    found.name: found
    for found in (
        Format("csv", (".csv", ".txt"), DelimitedReader, DelimitedWriter, text=True),
        Format("tsv", (".tsv", ".tab"), _read_tsv, partial(DelimitedWriter, delimiter=b"\t"), text=True),
        Format("jsonl", (".jsonl", ".ndjson"), JsonReader, JsonWriter, text=True, columns_first=False),
        Format("json", (".json",), JsonReader, partial(JsonWriter, array=True), text=True, columns_first=False),
        Format("parquet", (".parquet", ".pq"), ParquetReader, ParquetWriter),
        Format("xlsx", (".xlsx", ".xlsm", ".xls", ".ods"), ExcelReader, ExcelWriter),
    )
}
ENDINGS = {ending: found for found in FORMATS.values() for ending in found.endings}


def name_format(path: str, given: str | None) -> tuple[Format | None, str]:
    """Format and compression of a source, by its name or as given: that of CSV and "gzip" for `ads.csv.gz`."""
    if given is not None and given not in FORMATS:
        raise DataError("No format is called {given!r}: say one of {formats}.", given=given, formats=[*FORMATS])
    if path == "-":
        return FORMATS.get(given or ""), ""
    found, compression = _by_name(path)
    if found is None and not given and not (compression == "zip" and Path(path).exists()):
        raise DataError(
            "{path} has no known ending ({endings}; text also with {compressions}): rename it or give its format.",
            path=path, endings=[*ENDINGS], compressions=[*COMPRESSIONS],
        )  # fmt: skip
    return found or FORMATS.get(given or ""), compression


def name_target(path: str, given: str | None) -> tuple[Format, str]:
    """Format and compression of a file to write; one without any ending is written in the format given."""
    found, compression = _by_name(path)
    if found is None and not Path(path).suffix:
        found = FORMATS.get(given or "")
    if found is None or path.lower().endswith(_READ_ONLY):
        endings, compressions = (
            [ending for ending in known if ending not in _READ_ONLY] for known in (ENDINGS, COMPRESSIONS)
        )
        raise DataError(
            "{path}: no such files are written; end the name in {endings} (text also with {compressions}).", path=path,
            endings=endings, compressions=compressions,
        )  # fmt: skip
    if compression and not found.text:
        raise DataError(
            "{path}: {name} compresses by itself, leave .gz, .zst and the like off.", path=path, name=found.name,
        )  # fmt: skip
    return found, compression


def result_name(path: str) -> str:
    """What the result of a source is called in a folder: as the source is, where such files are written.

    Examples
    --------
    >>> result_name("ads/ads.csv.gz"), result_name("ads/ads.csv.zip"), result_name("ads/ads.xls")
    ('ads.csv.gz', 'ads.csv', 'ads.xlsx')
    """
    found, compression = _by_name(path)
    place = url_path(path)
    name = place.stem if compression == "zip" else place.name
    if found is None or not name.lower().endswith(_READ_ONLY):
        return name
    return f"{name.rpartition('.')[0]}{found.written[0]}"


def _by_name(path: str) -> tuple[Format | None, str]:
    suffixes = [s.lower() for s in url_path(path).suffixes]
    compression = COMPRESSIONS.get(suffixes[-1], "") if suffixes else ""
    suffix = (suffixes[:-1] if compression else suffixes)[-1:] or [""]
    return ENDINGS.get(suffix[0]), compression


def is_table(name: str) -> bool:
    """Whether a file of this name holds a table: one of a known format, and not hidden."""
    return not Path(name).name.startswith((".", "_", "~$")) and _by_name(name)[0] is not None


def check_name(path: str) -> None:
    """Refuse what cannot name a file: an empty name would stand for the folder that one is in."""
    if not path or "\0" in path:
        raise DataError("{path!r} names no file: give the name of a file or a folder.", path=path)


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
    found: list[str] = []
    for path in names_of(sources):
        check_name(path)
        if is_remote(path):
            listed = [name for name in find_urls(path) if name == path or is_table(name)]
        elif path != "-" and Path(path).is_dir():
            listed = _in_folder(Path(path))
        elif path.endswith(("/", os.sep)):
            raise DataError("There is no folder {folder}: check its name, or make it.", folder=path)
        elif any(c in path for c in "*?[") and not Path(path).exists():
            listed = sorted(p for p in glob.glob(path, recursive=True) if Path(p).is_file())  # noqa: PTH207
        else:
            listed = [path]
        if not listed:
            raise DataError("No file of a known format is in {path}, or matches it: check name and place.", path=path)
        found += listed
    if not found:
        raise DataError("No source is named: give a file, a folder or a pattern.")
    return list(dict.fromkeys(found))


def names_of(sources: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[str]:
    given = [sources] if isinstance(sources, (str, os.PathLike)) else list(sources)
    return [os.fspath(path) for path in given]


def _in_folder(folder: Path) -> list[str]:
    """The tables of a folder, and of those in it that are parts of a table, such as "month=2026-03"."""
    found: list[str] = []
    for path in sorted(folder.iterdir()):
        if path.is_dir() and "=" in path.name:
            found += _in_folder(path)
        elif path.is_file() and is_table(path.name):
            found.append(str(path))
    return found


def folders_of(path: str) -> list[str]:
    """The folders above a file that name values of columns, as Hive, Spark and pyarrow write them.

    Examples
    --------
    >>> folders_of("ads/source=board/month=2026-03/part-0.parquet")
    ['source=board', 'month=2026-03']
    """
    found: list[str] = []
    for name in reversed(url_path(path).parts[:-1]):
        if not re.fullmatch(r"[^=]+=.*", name):
            break
        found.insert(0, name)
    return found


def partitions_of(path: str) -> dict[str, str | None]:
    """Columns and values that the folders above a file name.

    Examples
    --------
    >>> partitions_of("ads/source=a%20b/month=__HIVE_DEFAULT_PARTITION__/part-0.parquet")
    {'source': 'a b', 'month': None}
    """
    pairs = (name.split("=", 1) for name in folders_of(path))
    return {unquote(name): None if value == _NO_VALUE else unquote(value) for name, value in pairs}
