"""Where rows come from: names of files into sources, and one open source, decompressed."""

from __future__ import annotations

import bz2
import glob
import gzip
import hashlib
import io
import lzma
import os
import stat
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from collarclass.errors import DataError

FORMATS = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".json": "json", ".parquet": "parquet", ".pq": "parquet", ".xlsx": "xlsx", ".xlsm": "xlsx", ".xls": "xls",
    ".ods": "ods",
}  # fmt: skip
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".xz": "xz", ".bz2": "bz2", ".zip": "zip"}
TEXT_FORMATS = ("csv", "tsv", "jsonl", "json")  # may be compressed; the others compress by themselves
EXCEL = ("xlsx", "xls", "ods")
_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\xfd7zXZ\x00", "xz"), (b"BZh", "bz2"))
_DAMAGE = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, pa.ArrowException)
_PIECE = 1 << 20
_XZ_MEMORY = 256 << 20


def brief(error: BaseException) -> str:
    """What a library says of an error, in one line."""
    return " ".join(str(error).split())[:200]


def name_format(path: str, given: str | None) -> tuple[str, str]:
    """Format and compression that a file's name tells: ("csv", "gzip") for `ads.csv.gz`."""
    if given is not None and given not in FORMATS.values():
        raise DataError(f"No format is called {given!r}: say one of {', '.join(dict.fromkeys(FORMATS.values()))}.")
    if path == "-":
        return given or "", ""
    suffixes = [s.lower() for s in Path(path).suffixes]
    compression = COMPRESSIONS.get(suffixes[-1], "") if suffixes else ""
    suffix = (suffixes[:-1] if compression else suffixes)[-1:] or [""]
    found = FORMATS.get(suffix[0], "")
    if not found and not given and not (compression == "zip" and Path(path).exists()):
        raise DataError(
            f"{path} has no known ending ({', '.join(FORMATS)}; text also with {', '.join(COMPRESSIONS)}): "
            "rename it or give its format."
        )
    return found or given or "", compression


def expand(sources: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[str]:
    """Names of the files that sources stand for: themselves, the files of a folder, the matches of a pattern.

    Raises
    ------
    DataError
        If a folder holds no file of a known format, or nothing matches a pattern.
    """
    given = [sources] if isinstance(sources, (str, os.PathLike)) else list(sources)
    found: list[str] = []
    for path in [os.fspath(g) for g in given]:
        if path != "-" and Path(path).is_dir():
            inside = [str(p) for p in sorted(Path(path).iterdir()) if p.is_file() and _is_data(p)]
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


def _is_data(path: Path) -> bool:
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes.pop()
    return not path.name.startswith((".", "~$")) and bool(suffixes) and suffixes[-1] in FORMATS


class _XzReader:
    """A file compressed by xz, whose window may take so much memory at most; that of `xz -9` takes 65 MB."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._stream, self._rest = self._next(), b""

    def _next(self) -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    def read(self, n: int = -1) -> bytes:
        """Read decompressed bytes."""
        if n < 0:
            return b"".join(iter(lambda: self.read(_PIECE), b""))
        while True:
            if self._stream.eof:  # another stream may follow, after zeros
                self._rest = self._stream.unused_data.lstrip(b"\0") or self._file.read(_PIECE).lstrip(b"\0")
                if not self._rest:
                    return b""
                self._stream = self._next()
            elif self._stream.needs_input and not self._rest:
                self._rest = self._file.read(_PIECE)
                if not self._rest:
                    raise EOFError("it ends in the middle of a stream")
            found, self._rest = self._stream.decompress(self._rest, n), b""
            if found:
                return found


class Source:
    """An open file: its bytes decompressed, and how far it has been read.

    Anything but a regular file (standard input, a pipe, a device) can be read once only. `keep` puts a
    copy of it on the disk for readers that need it twice, or from its end.

    Parameters
    ----------
    path : str
        "-" is standard input.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.name = "standard input" if path == "-" else path
        if path == "-" and sys.stdin is None:
            raise DataError("Standard input is closed: name a file to read.")
        try:
            self._file: BinaryIO = cast(BinaryIO, sys.stdin.buffer) if path == "-" else Path(path).open("rb")  # noqa: SIM115
            info = os.fstat(self._file.fileno()) if path != "-" else None
        except FileNotFoundError:
            raise DataError(f"There is no file {path}: check its name and folder.") from None
        except IsADirectoryError:
            raise DataError(f"{path} is a folder: name a file in it.") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise DataError(f"{path} cannot be opened ({reason}): check what it is and who may read it.") from None
        self.regular = info is not None and stat.S_ISREG(info.st_mode)
        self.size = info.st_size if info is not None and self.regular else 0
        self.member = ""
        self._copied = False
        self.rows_share: float | None = None  # for a file that is not read from end to end
        self._at_close: list[Callable[[], object]] = []
        self._start()

    def _start(self) -> None:
        if not isinstance(self._file, io.BufferedReader):
            self._file = io.BufferedReader(cast(io.RawIOBase, self._file))
        buffered: Any = self._file
        try:
            magic = buffered.peek(6)[:6]
        except OSError as error:
            raise DataError(f"{self.name} cannot be read ({error.strerror}): check what it is.") from None
        compression = next((name for start, name in _MAGIC if magic.startswith(start)), "")
        raw: Any = buffered
        if compression == "gzip":
            raw = gzip.GzipFile(fileobj=buffered)
        elif compression == "xz":
            raw = _XzReader(buffered)
        elif compression == "bz2":
            raw = bz2.BZ2File(buffered)
        elif compression == "zstd":
            raw = pa.CompressedInputStream(pa.PythonFile(buffered, "r"), "zstd")
        elif self.path.lower().endswith(".zip") and not self._copied:
            raw = self._unzip(buffered)
        self._stream = raw
        self._compressed = raw is not buffered
        self._peeked = b""

    def _unzip(self, file: Any) -> Any:
        try:
            archive = zipfile.ZipFile(file)
            members = [i for i in archive.infolist() if not i.is_dir() and _is_data(Path(i.filename))]
            members = [i for i in members if not i.filename.startswith("__MACOSX/")]
            if len(members) != 1:
                raise DataError(f"{self.name} holds {len(members)} tables, not one: unpack it and name the files.")
            self.member = members[0].filename
            return archive.open(members[0])
        except (*_DAMAGE, RuntimeError, NotImplementedError) as error:
            raise DataError(f"{self.name} cannot be unpacked ({brief(error)}): unpack it yourself.") from None

    def keep(self) -> None:
        """Make sure that the source can be read twice, before more than its first bytes are read."""
        if not self.regular:
            self._copy()

    def _copy(self) -> None:
        copy = tempfile.TemporaryFile()  # noqa: SIM115
        while part := self.read(_PIECE):
            copy.write(part)
        self.size = copy.tell()
        copy.seek(0)
        self.close()
        self._file, self.regular, self._copied = cast(BinaryIO, copy), True, True
        self._start()

    def rewind(self) -> None:
        """Begin again; only for a regular file, or when `keep` was called."""
        self.rows_share = None
        if not self._copied:  # a decompressor may close the file that it read from
            self.close()
            self._file = Path(self.path).open("rb")  # noqa: SIM115
        self._file.seek(0)
        self._start()

    def seekable(self) -> Any:
        """The file itself, decompressed, for formats that are read from their end."""
        if not self.regular or self._compressed:
            self._copy()
        self._file.seek(0)
        return self._file

    def begins_with(self) -> bytes:
        """The first byte that is no white space, nor part of a byte order mark; nothing of an empty source."""
        self._peeked = self.read(4096)
        return self._peeked.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1]

    @property
    def share(self) -> float:
        """How much of the file has been read, 0 to 1; 0 where that is not known."""
        if self.rows_share is not None:
            return self.rows_share
        return min(1.0, self._file.tell() / self.size) if self.size and not self._file.closed else 0.0

    def read(self, n: int = -1) -> bytes:
        """Read decompressed bytes, all there are for -1."""
        try:
            if self._peeked:
                found, self._peeked = self._peeked, b""
                return found if n >= 0 else found + self.read()
            return bytes(self._stream.read(None if n < 0 and isinstance(self._stream, pa.NativeFile) else n))
        except _DAMAGE as error:
            if "memory" in str(error).lower():
                raise DataError(
                    f"{self.name} needs too much memory to be unpacked ({brief(error)}): unpack it yourself."
                ) from None
            raise DataError(f"{self.name} is damaged or cut off ({brief(error)}): fetch it again.") from None

    def at_close(self, action: Callable[[], object]) -> None:
        """Have something done before the file is closed."""
        self._at_close.append(action)

    def close(self) -> None:
        """Close the file; standard input stays open."""
        while self._at_close:
            self._at_close.pop()()
        if self._file is not getattr(sys.stdin, "buffer", None):
            self._file.close()


def fingerprint(path: str) -> list[Any]:
    """Size, time and a digest of a file's head, tail and some blocks between: whether it is still the same.

    Nothing of what is no regular file, or cannot be opened.
    """
    try:
        info = os.stat(path)  # noqa: PTH116
        regular = stat.S_ISREG(info.st_mode)
        file = open(path, "rb") if regular else None  # noqa: PTH123, SIM115
    except (OSError, ValueError):
        return []
    if file is None:
        return []
    digest = hashlib.sha256()
    with file:
        for at in sorted({0, max(0, info.st_size - _PIECE), *range(0, info.st_size, info.st_size // 16 + 1)}):
            file.seek(at)
            digest.update(file.read(_PIECE if at in (0, info.st_size - _PIECE) else _PIECE // 16))
    return [info.st_size, info.st_mtime_ns, digest.hexdigest()[:32]]
