"""The one way in which a file gets its name: under a lock, never over what is read, and not before it is whole."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from collarclass.disk import Lock, sync, sync_folder, writing
from collarclass.errors import DataError
from collarclass.files.source import fetch, is_remote, send, size, url_path
from collarclass.messages import Message

Name = str | os.PathLike[str]


class Target:
    """A file to be written, or what stands for one: standard output ("-"), a device, a named pipe, a URL.

    A file is made under another name beside it, with the permissions that it will have, and a link stays a link. A
    lock keeps a second run off, for which it waits `patience` seconds. What is no file of this machine's is made in a
    folder of its own and sent when it is whole. Nothing in `reads` is written over.
    """

    def __init__(self, name: str, force: bool, reads: Iterable[Name] = (), patience: float = 0.0) -> None:
        check_apart(name, reads)
        self.name, self.force, self.direct = name, force, is_direct(name)
        self._url = name if is_remote(name) else ""
        self._folder = tempfile.TemporaryDirectory() if self._url or self.direct else None
        if self._folder is not None:
            self.path = Path(self._folder.name) / (url_path(name).name if self._url else "made")
        else:
            self.path = Path(os.path.realpath(name))
        self.journal, lock, self.partial, self.built = work_files(self.path)
        with writing(name):
            if self.path.is_dir():
                raise DataError("{name} is a folder: give the name of a file to write.", name=name)
            check_folder(self.path)
            self._lock = Lock(lock, name, patience)

    @property
    def there(self) -> bool:
        return size(self._url) >= 0 if self._url else self.path.exists()

    def fetch_journal(self) -> None:
        """Have the journal of an earlier run to a URL on this machine."""
        if self._url:
            fetch(_beside_url(self._url, self.journal), self.journal)

    def is_made(self, made: dict[str, Any]) -> bool:
        """Whether the file is the one that was measured when it was made; of a URL by its size."""
        if self._url:
            return size(self._url) == int(made["bytes"])
        return self.path.exists() and measure(self.path, made["bytes"]) == made

    def sink(self) -> BinaryIO:
        """What is no file, opened to be written into."""
        if self.name != "-":
            return Path(self.name).open("wb")
        if sys.__stdout__ is None:
            raise DataError("Standard output is closed: name a file to write.")
        return cast(BinaryIO, sys.stdout.buffer)

    def leave(self, sink: BinaryIO) -> None:
        """Write out all that was written into what is no file, and close it, but for standard output."""
        sink.flush()
        if self.name != "-":
            sink.close()

    def check_free(self, how: str | Message = "") -> None:
        """Refuse a file that is there, unless it may be replaced."""
        if not self.force and self.there:
            raise _there_already(self.name, how)

    def create(self, path: Path) -> BinaryIO:
        """Make a file that nobody can read from whom the target that it will replace is kept."""
        mode = stat.S_IMODE(self.path.stat().st_mode) if self.path.exists() else 0o666
        return open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode))

    def put(self, made: Path) -> None:
        """Give a file that is on the disk the target's name, or send it, with its journal, to its place."""
        if self.direct:
            sink = self.sink()
            with made.open("rb") as file:
                shutil.copyfileobj(file, sink)
            self.leave(sink)
        elif self._url:
            send(made, self._url)
            if self.journal.exists():
                send(self.journal, _beside_url(self._url, self.journal))
        else:
            if self.path.exists():
                with contextlib.suppress(OSError):
                    made.chmod(stat.S_IMODE(self.path.stat().st_mode))
            made.replace(self.path)
            sync_folder(self.path.parent)

    def clean(self) -> None:
        for path in (self.journal, self.partial, self.built):
            path.unlink(missing_ok=True)

    def release(self) -> None:
        """Let others write; may be called again."""
        self._lock.release()
        if self._folder is not None:
            self._folder.cleanup()


@contextmanager
def written(name: Name, *, force: bool = False, reads: Iterable[Name] = (), patience: float = 0.0) -> Iterator[Path]:
    """Give a path to write to, whose content takes the target's name at the end; after an error nothing of it stays.

    Parameters
    ----------
    name : path-like
        A file, standard output ("-"), a device, a named pipe or a URL.
    force, reads, patience
        As of `Target`.

    Raises
    ------
    DataError
        If it is there and `force` is not given, is read, is written by another run, or cannot be written.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> with written(folder / "shares.csv") as fresh:
    ...     _ = fresh.write_text("label,share")
    >>> [path.name for path in folder.iterdir()]
    ['shares.csv']
    """
    target = Target(os.fspath(name), force, reads, patience)
    try:
        with writing(target.name):
            target.check_free()
            target.built.unlink(missing_ok=True)
            target.create(target.built).close()
            yield target.built
            with target.built.open("rb+") as file:
                sync(file.fileno())
            target.check_free()
            target.put(target.built)
            target.clean()  # of an earlier labelling that was interrupted
    finally:
        target.built.unlink(missing_ok=True)
        target.release()


def check_target(name: Name, force: bool, reads: Iterable[Name] = ()) -> None:
    """Refuse a target before work begins, as `written` would in the end."""
    called = os.fspath(name)
    check_apart(called, reads)
    if not is_remote(called) and not is_direct(called):
        check_folder(Path(os.path.realpath(called)))
        if Path(called).exists() and not force:
            raise _there_already(called)


def check_folder(path: Path) -> None:
    """Refuse a file in a folder that is not there: its name may be misspelt."""
    if not path.parent.is_dir():
        raise DataError("There is no folder {folder}: check its name, or make it.", folder=path.parent)


def _there_already(name: str, how: str | Message = "") -> DataError:
    return DataError("{name} is there already{how}: choose another name, or overwrite it with force=True (--force).",
                     name=name, how=how)  # fmt: skip


def check_apart(name: str, reads: Iterable[Name]) -> None:
    """Refuse a target that is one of the files that are read, or stands in a folder that is."""
    if is_direct(name):
        return
    made, above = _identities(name), {_identity(folder) for folder in Path(os.path.realpath(name)).parents}
    for read in (os.fspath(read) for read in reads):
        if read != "-" and made & _identities(read):
            raise DataError("{name} is the file that is read: choose another name for the result.", name=name)
        if not is_remote(name) and _identity(read) in above:
            raise DataError("{name} is in the folder {read}, which is read: choose another name for the result.",
                            name=name, read=read)  # fmt: skip


def _identities(name: str) -> set[object]:
    """Those of a file and of what stands beside it while it is made."""
    return {name} if is_remote(name) else {*map(_identity, [Path(name), *work_files(Path(os.path.realpath(name)))])}


def _identity(name: str | Path) -> object:
    """What all names of a file have in common, whether it is there or not."""
    with contextlib.suppress(OSError, ValueError):
        found = os.stat(name)  # noqa: PTH116
        return found.st_dev, found.st_ino
    return os.path.realpath(name)


def is_direct(target: str) -> bool:
    """Whether a target is no regular file: standard output, a device, a named pipe."""
    if target == "-":
        return True
    try:
        mode = os.stat(target).st_mode  # noqa: PTH116
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def work_files(path: Path) -> list[Path]:
    """Journal, lock, batches and built file of a target."""
    return [_beside(path, f"collarclass-{name}") for name in ("journal", "lock", "partial", "built")]


def _beside(path: Path, suffix: str) -> Path:
    name = path.name
    if len(os.fsencode(name)) > 200:  # a file's name has 255 bytes at most
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:32]
    return path.with_name(f".{name}.{suffix}")


def _beside_url(url: str, beside: Path) -> str:
    return f"{url.rpartition('/')[0]}/{beside.name}"


def measure(path: Path, expected: int | None = None) -> dict[str, Any]:
    """Size and digest of a file; no digest if it has not the size that was expected."""
    with path.open("rb") as file:
        found = os.fstat(file.fileno()).st_size
        same = expected is None or found == expected
        return {"bytes": found, "sha256": hashlib.file_digest(file, "sha256").hexdigest() if same else ""}
