"""Where rows come from: names of files into sources, and one open source, decompressed."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import os
import re
import shutil
import stat
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

import pyarrow as pa

from collarclass.errors import CollarclassError, DataError, import_optional
from collarclass.messages import Message

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def is_remote(path: str) -> bool:
    """Whether a name is a URL.

    Examples
    --------
    >>> is_remote("s3://bucket/ads.csv"), is_remote("C:\\\\ads.csv"), is_remote("ads.csv")
    (True, False, False)
    """
    return _URL.match(path) is not None


def url_path(path: str) -> PurePosixPath:
    """The path in a URL, without a query, whose name and endings tell what the file is.

    Examples
    --------
    >>> url_path("https://example.org/ads.csv.gz?token=1").suffixes
    ['.csv', '.gz']
    """
    return PurePosixPath(path.split("?")[0] if path.startswith("http") else path)


def open_file(path: str | os.PathLike[str]) -> BufferedReader:
    """Open a file of this machine, or one that is named by a URL, whose bytes are fetched as they are read."""
    name = os.fspath(path)
    if not is_remote(name):
        return Path(name).open("rb")
    with _place(name, Message("read")):
        return cast(BufferedReader, import_optional("fsspec", name).open(name, "rb").open())


def find_urls(url: str) -> list[str]:
    """The files that a URL stands for, in order: those of a folder, or the matches of one with stars."""
    with _place(url, Message("listed")) as (system, path):
        if "*" not in url and (url.startswith("http") or not (url.endswith("/") or system.isdir(path))):
            return [url]
        found = system.glob(path) if "*" in url else system.find(path)
        return [system.unstrip_protocol(name) for name in sorted(found)]


def size(url: str) -> int:
    """Bytes of a file to be written; -1 if there is none."""
    with _place(url, Message("written")) as (system, path):
        return int(system.size(path)) if system.exists(path) else -1


def fetch(url: str, path: Path) -> None:
    """Copy a small file to this machine, if it is there."""
    with _place(url, Message("read")) as (system, place):
        if system.exists(place):
            path.write_bytes(system.cat_file(place))


def send(path: Path, url: str) -> None:
    """Copy a file of this machine to a URL, whole or not at all; a bucket that is not there is not made."""
    with _place(url, Message("written")) as (system, place):
        system.put_file(str(path), place)


@contextmanager
def named(source: Any) -> Iterator[Any]:
    """Give a source a name: an open binary file is copied to one, anything else has names."""
    if not hasattr(source, "read"):
        yield source
        return
    name = getattr(source, "name", "")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / (PurePosixPath(name).name if isinstance(name, str) and name else "ads")
        try:
            with copy.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
        except TypeError:
            raise DataError("The source is a file open for text: open it in mode 'rb'.") from None
        yield str(copy)


@contextmanager
def _place(url: str, what: Message) -> Iterator[tuple[Any, str]]:
    """The file system of a URL and the path in it; what a storage library raises is put in one sentence."""
    try:
        yield import_optional("fsspec", url).core.url_to_fs(url)
    except CollarclassError:
        raise
    except FileNotFoundError:
        raise DataError("There is no file {url}: check its name and place.", url=url) from None
    except Exception as error:  # an ImportError names the package that the place needs
        raise DataError(
            "{url} cannot be {what} ({reason}): check the address, and who may use it.", url=url, what=what,
            reason=brief(error) or type(error).__name__,
        ) from None  # fmt: skip


_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_DAMAGE = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, pa.ArrowException)
_PIECE = 1 << 20


def brief(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]


class Limits:
    """What a file may take at most, so that a hostile one cannot fill the memory or never end: bytes of a row, columns,
    bytes of memory and seconds for reading a workbook or a batch of Parquet.
    """

    row_bytes = 64 << 20
    columns = 10_000
    memory = 4 << 30
    seconds = 300.0


def too_long(where: str, after: int | None = None) -> DataError:
    row = "" if after is None else Message(" after row {row}", row=after)
    return DataError(
        "{where} has a row of more than {megabytes} MB{after}: correct it.", where=where,
        megabytes=Limits.row_bytes >> 20, after=row,
    )  # fmt: skip


def too_many_columns(where: str) -> DataError:
    return DataError(
        "{where} has more than {columns:,} columns, and no more are read: leave some out, or name its delimiter.",
        where=where, columns=Limits.columns,
    )  # fmt: skip


class Source:
    """An open file: its bytes decompressed, and how far it has been read.

    Anything but a regular file (standard input, a pipe, a device, a URL) can be read once only. `keep` puts a
    copy of it on the disk for readers that need it twice, or from its end.
    """

    def __init__(self, path: str, is_table: Callable[[str], bool]) -> None:
        self.path = path
        self._is_table = is_table
        self.name = "standard input" if path == "-" else path
        if path == "-" and sys.stdin is None:
            raise DataError("Standard input is closed: name a file to read.")
        self.regular, self.size = False, 0
        self.member = ""
        self._folder: tempfile.TemporaryDirectory[str] | None = None  # of a copy
        self.rows_share: float | None = None  # for a file that is not read from end to end
        self._at_close: list[Callable[[], object]] = []
        try:
            self._file: BinaryIO = cast(BinaryIO, sys.stdin.buffer) if path == "-" else open_file(path)
            if path != "-" and not is_remote(path):
                info = os.fstat(self._file.fileno())
                self.regular, self.size = stat.S_ISREG(info.st_mode), info.st_size
            self._start()
        except DataError:
            raise
        except FileNotFoundError:
            raise DataError("There is no file {path}: check its name and folder.", path=path) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise DataError(
                "{path} cannot be opened ({reason}): check what it is and who may read it.", path=path, reason=reason,
            ) from None  # fmt: skip

    def _start(self) -> None:
        if not isinstance(self._file, io.BufferedReader):
            self._file = io.BufferedReader(cast(io.RawIOBase, self._file))
        buffered: Any = self._file
        magic = buffered.peek(6)[:6]
        raw: Any = buffered
        if magic.startswith(_GZIP):
            raw = gzip.GzipFile(fileobj=buffered)
        elif magic.startswith(_ZSTD):
            raw = pa.CompressedInputStream(pa.PythonFile(buffered, "r"), "zstd")
        elif self.path.lower().endswith(".zip") and self._folder is None:
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
                raise DataError(
                    "{name} holds {n_members} tables, not one: unpack it and name the files.", name=self.name,
                    n_members=len(members),
                )  # fmt: skip
            self.member = members[0].filename
            return archive.open(members[0])
        except (*_DAMAGE, RuntimeError, NotImplementedError) as error:
            raise DataError(
                "{name} cannot be unpacked ({reason}): unpack it yourself.", name=self.name, reason=brief(error),
            ) from None  # fmt: skip

    def keep(self) -> None:
        """Make sure that the source can be read twice, before more than its first bytes are read."""
        if not self.regular:
            self._copy()

    def _copy(self) -> None:
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        copy = Path(folder.name) / "copy"
        with copy.open("wb") as file:
            while part := self.read(_PIECE):
                file.write(part)
        self.close()
        self._file, self.size, self.regular, self._folder = copy.open("rb"), copy.stat().st_size, True, folder
        self._start()

    def rewind(self) -> None:
        """Begin again; only for a regular file, or when `keep` was called."""
        self.rows_share = None
        self._end_readers()
        if self._folder is None:  # a decompressor may close the file that it read from
            self.close()
            self._file = Path(self.path).open("rb")  # noqa: SIM115
        self._file.seek(0)
        self._start()

    def path_on_disk(self) -> str:
        """The file, decompressed, for formats that are read from their end."""
        if not self.regular or self._compressed:
            self._copy()
        return os.path.realpath(self._file.name)  # /dev/stdin is another file to another process

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

    def read(self, n: int) -> bytes:
        """Read decompressed bytes."""
        if self._peeked:
            found, self._peeked = self._peeked, b""
            return found
        try:
            return bytes(self._stream.read(n))
        except _DAMAGE as error:
            raise DataError(
                "{name} is damaged or cut off ({reason}): fetch it again, or unpack it yourself.", name=self.name,
                reason=brief(error),
            ) from None  # fmt: skip

    def at_close(self, action: Callable[[], object]) -> None:
        self._at_close.append(action)

    def close(self) -> None:
        self._end_readers()
        if self._file is not getattr(sys.stdin, "buffer", None):
            self._file.close()
        if self._folder is not None:
            self._folder.cleanup()

    def _end_readers(self) -> None:
        while self._at_close:
            self._at_close.pop()()


def fingerprint(path: str) -> list[Any]:
    """Size, time and a digest of a file's head, tail and some blocks between: whether it is still the same.

    Nothing of what is no regular file, or cannot be opened; of a URL what its place says of size, time and tag.
    """
    if is_remote(path):
        with _place(path, Message("read")) as (system, place):
            return [system.ukey(place)]
    digest = hashlib.sha256()
    try:
        info = os.stat(path)  # noqa: PTH116
        if not stat.S_ISREG(info.st_mode):
            return []
        file = open(path, "rb")  # noqa: PTH123, SIM115
    except (OSError, ValueError):
        return []
    with file:
        for at in sorted({0, max(0, info.st_size - _PIECE), *range(0, info.st_size, info.st_size // 16 + 1)}):
            file.seek(at)
            digest.update(file.read(_PIECE if at in (0, info.st_size - _PIECE) else _PIECE // 16))
    return [info.st_size, info.st_mtime_ns, digest.hexdigest()[:32]]


def fingerprints(paths: Sequence[str | os.PathLike[str]]) -> list[list[Any]]:
    """The fingerprint of each file; nothing of standard input."""
    return [fingerprint(name) if name != "-" else [] for name in [os.fspath(path) for path in paths]]


def check_unchanged(paths: Sequence[str | os.PathLike[str]], before: list[list[Any]]) -> None:
    """Refuse what was made of files of which one has changed meanwhile.

    Raises
    ------
    DataError
    """
    for path, was, now in zip(paths, before, fingerprints(paths), strict=True):
        if was != now:
            raise changed(os.fspath(path))


def changed(path: str) -> DataError:
    return DataError(
        "{path} changed while it was read, and rows of both versions may be mixed: run again when nothing writes to "
        "it.", path=path,
    )  # fmt: skip


@contextmanager
def unchanged(paths: Sequence[str | os.PathLike[str]]) -> Iterator[None]:
    """Check at the end that files are as they were."""
    before = fingerprints(paths)
    yield
    check_unchanged(paths, before)
