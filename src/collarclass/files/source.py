"""Where rows come from: names of files into sources, and one open source, decompressed."""

from __future__ import annotations

import bz2
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
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from collarclass.errors import DataError
from collarclass.files.remote import is_remote, open_remote, version

_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\xfd7zXZ\x00", "xz"), (b"BZh", "bz2"))
_DAMAGE = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, pa.ArrowException)
_PIECE = 1 << 20
_XZ_MEMORY = 256 << 20


def brief(error: BaseException) -> str:
    """What a library says of an error, in one line."""
    return " ".join(str(error).split())[:200]


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


def _open(path: str) -> BinaryIO:
    if path == "-":
        return cast(BinaryIO, sys.stdin.buffer)
    return open_remote(path) if is_remote(path) else Path(path).open("rb")


class Source:
    """An open file: its bytes decompressed, and how far it has been read.

    Anything but a regular file (standard input, a pipe, a device, a URL) can be read once only. `keep` puts a
    copy of it on the disk for readers that need it twice, or from its end.

    Parameters
    ----------
    path : str
        "-" is standard input.
    is_table : callable
        Whether a name is that of a table, by which the one in a .zip is found.
    """

    def __init__(self, path: str, is_table: Callable[[str], bool]) -> None:
        self.path = path
        self._is_table = is_table
        self.name = "standard input" if path == "-" else path
        if path == "-" and sys.stdin is None:
            raise DataError("Standard input is closed: name a file to read.")
        try:
            self._file: BinaryIO = _open(path)
            info = os.fstat(self._file.fileno()) if path != "-" and not is_remote(path) else None
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
            members = [i for i in archive.infolist() if not i.is_dir() and self._is_table(i.filename)]
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

    Nothing of what is no regular file, or cannot be opened; of a URL what its place says.
    """
    if is_remote(path):
        return version(path)
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
