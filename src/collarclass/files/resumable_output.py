"""A file in the making: whole batches under another name, until all is there and it is renamed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import stat
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from collarclass.errors import DataError

_VERSION = 3
_SYNC_EVERY = 0.5  # seconds of work that a power cut may cost
_PIECE = 1 << 20
_NOT_SUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


class Output:
    """Where labelled batches go.

    Standard output, devices and named pipes are written into directly. For a file ``labelled.csv`` the
    batches go to ``.labelled.csv.collarclass-partial`` first, with the permissions that the result will have.
    ``.labelled.csv.collarclass-journal`` says, line by line, by which settings the file is made and which
    batches are whole: their bytes and their digest. A lock, ``.labelled.csv.collarclass-lock``, keeps a second
    run off. When the file has its name only the journal stays, with the file's size and digest as its last
    line, so that a later run knows how the file was made.

    The journal never runs ahead of the disk: a batch is counted once its bytes are synchronised, and
    a resumed run compares the digests.

    Parameters
    ----------
    target : str
        "-" is standard output.
    settings : dict
        All that the bytes depend on; a run may go on only with the same.
    force, resume : bool
    spool : bool
        Whether the file is built from the batches at the end, by `build`, and not made of them.

    Attributes
    ----------
    finished : bool
        Whether an earlier run has made the target with the same settings, so that nothing is left to do.
    """

    def __init__(
        self, target: str, settings: dict[str, Any], force: bool, resume: bool, spool: bool = False
    ) -> None:
        self.batches = self.rows = self.bytes = self.noted = 0
        self.counts: Counter[str] = Counter()
        self.finished = False
        self._target = target
        self._settings = settings
        self._force = force
        self._spool = spool
        self._open = True
        self._made = False  # whether the journal has its last line
        self._waiting: list[bytes] = []  # journal lines of batches that are not synchronised yet
        self._synced = time.monotonic()
        self._lock: Lock | None = None
        self._folder: Path | None = None
        self.direct = is_direct(target)
        if self.direct:
            self._begin_direct()
        else:
            self._begin_file(resume)

    def _begin_direct(self) -> None:
        if self._spool:
            self._folder = Path(tempfile.mkdtemp())
            self._partial, self._built = self._folder / "partial", self._folder / "built"
            self._file: BinaryIO = self._partial.open("wb")
        else:
            self._file = self._sink()

    def _sink(self) -> BinaryIO:
        if self._target == "-":
            if sys.__stdout__ is None:
                raise DataError("Standard output is closed: name a file to write.")
            return cast(BinaryIO, sys.stdout.buffer)
        try:
            return Path(self._target).open("wb")
        except OSError as error:
            raise DataError(f"{self._target} cannot be written ({error.strerror}): check what it is.") from None

    def _begin_file(self, resume: bool) -> None:
        target = self._target
        self.path = Path(os.path.realpath(target))
        if self.path.is_dir():
            raise DataError(f"{target} is a folder: give the name of a file to write.")
        self._journal_path, lock, self._partial, self._built = work_files(self.path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(lock, target)
            try:
                self._begin_locked(resume)
            except BaseException:
                self._lock.release()
                raise
        except OSError as error:
            raise DataError(f"{target} cannot be written ({error.strerror}): check the folder.") from None

    def _begin_locked(self, resume: bool) -> None:
        """Find that all is done, continue what an earlier run left, or begin anew."""
        lines = self._lines_left() if resume else []
        made = lines[-1].get("finished") if lines else None
        changed = self._changed(lines[0]) if lines else ""
        there = self.path.exists()
        whole = there and made is not None and _measure(self.path, made["bytes"]) == made
        if whole and not changed:
            for batch in lines[1:-1]:
                self._count(batch)
            self.finished, self._open = True, False
            self._end()
        elif there and not self._force:
            how = f", made with another {changed}" if whole else ", and nothing says how it was made" if resume else ""
            raise DataError(
                f"{self._target} is there already{how}: choose another name, or overwrite it with force=True (--force)."
            )
        elif not lines or whole or not self._partial.is_file():
            self._start_anew()
        elif changed:
            raise DataError(
                f"{self._target} was begun with another {changed}: continue with the same, "
                "or run again without resume (--resume)."
            )
        else:
            self._take_up(lines)

    def _lines_left(self) -> list[dict[str, Any]]:
        """The journal of an earlier run; of one that was ended before its first line was whole nothing is left."""
        if not self._journal_path.is_file():  # a pipe would be waited for
            return []
        lines = list(_lines(self._journal_path))
        torn = not lines and b"\n" not in self._journal_path.read_bytes()
        if not torn and (not lines or lines[0].get("version") != _VERSION):
            raise DataError(f"What is left of {self._target} is damaged: run again without resume (--resume).")
        return lines

    def _changed(self, head: dict[str, Any]) -> str:
        return " and ".join(k for k, v in self._settings.items() if head["settings"].get(k) != v)

    def _start_anew(self) -> None:
        self._clean()
        try:
            self._journal = self._create(self._journal_path)
            self._journal.write(_line({"version": _VERSION, "settings": self._settings}))
            self._journal.flush()
            _sync(self._journal.fileno())
            self._file = self._create(self._partial)
        except OSError:
            self._clean()
            raise

    def _create(self, path: Path) -> BinaryIO:
        """Make a file that nobody can read from whom the target that it will replace is kept."""
        mode = stat.S_IMODE(self.path.stat().st_mode) if self.path.exists() else 0o666
        return open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode))

    def _take_up(self, lines: list[dict[str, Any]]) -> None:
        """Continue after the batches whose bytes are all there."""
        self._file = self._partial.open("r+b")
        whole = self._whole([line for line in lines[1:] if "finished" not in line])
        self._file.truncate(self.bytes)
        self._file.seek(self.bytes)
        self._journal = self._journal_path.open("r+b")
        self._journal.seek(sum(len(_line(line)) for line in lines[: 1 + whole]))
        self._journal.truncate()

    def _whole(self, batches: list[dict[str, Any]]) -> int:
        """Count the batches that are as the journal says, up to the first that is not."""
        for number, batch in enumerate(batches):
            digest, left = hashlib.sha256(), int(batch["bytes"]) - self.bytes
            while left > 0 and (part := self._file.read(min(left, _PIECE))):
                digest.update(part)
                left -= len(part)
            if left or digest.hexdigest() != batch["sha256"]:
                return number
            self._count(batch)
        return len(batches)

    def _count(self, batch: dict[str, Any]) -> None:
        self.bytes = int(batch["bytes"])
        if batch["rows"] is not None:
            self.batches += 1
            self.rows += int(batch["rows"])
            self.noted += int(batch["noted"])
            self.counts.update(batch["counts"])

    def write(
        self, piece: bytes, rows: int | None = None, counts: dict[str, int] | None = None, noted: int = 0
    ) -> None:
        """Add a whole batch, or the file's beginning (`rows` None)."""
        self._file.write(piece)
        batch = {
            "bytes": self.bytes + len(piece),
            "rows": rows,
            "noted": noted,
            "counts": counts or {},
            "sha256": hashlib.sha256(piece).hexdigest(),
        }
        self._count(batch)
        if self.direct:
            self._file.flush()
            return
        self._waiting.append(_line(batch))
        if time.monotonic() - self._synced >= _SYNC_EVERY:
            self.sync()

    def write_end(self, piece: bytes) -> None:
        """Add the file's end, which is made anew when a run is resumed."""
        self._file.write(piece)

    def sync(self) -> None:
        """Bring all batches so far to the disk, and then the journal that counts them."""
        waiting, self._waiting = self._waiting, []  # what fails to be synchronised once is never counted
        self._file.flush()
        _sync(self._file.fileno())
        if waiting:
            self._journal.write(b"".join(waiting))
            self._journal.flush()
            _sync(self._journal.fileno())
        self._synced = time.monotonic()

    def pause(self, keep: bool = True) -> None:
        """Stop, also in the middle: whole batches stay for `resume` if they are to be kept."""
        if not self._open:
            return
        self._open = False
        if self.direct:
            self._close_direct()
            return
        keep = keep and (self.batches > 0 or self._made)
        try:
            with contextlib.suppress(OSError):  # a full disk: the journal counts what was synchronised
                if keep and not self._file.closed:
                    self.sync()
            for file in (self._file, self._journal):
                with contextlib.suppress(OSError):
                    file.close()
            self._built.unlink(missing_ok=True)
            if not keep:
                self._clean()
        finally:
            if self._lock is not None:
                self._lock.release()

    def _close_direct(self) -> None:
        if self._folder is not None:
            self._file.close()
            shutil.rmtree(self._folder, ignore_errors=True)
        elif self._target != "-":
            with contextlib.suppress(OSError):
                self._file.close()

    def _clean(self) -> None:
        for path in (self._journal_path, self._partial, self._built):
            path.unlink(missing_ok=True)

    def build(self, finish: Callable[[Path, Path], None]) -> None:
        """Make the file from its batches, by a callable that gets the names of both."""
        self._file.flush()
        if not self.direct:
            self._built.unlink(missing_ok=True)
            self._create(self._built).close()
        finish(self._partial, self._built)

    def commit(self) -> None:
        """Give the file its name, when it is on the disk."""
        if self.direct:
            self._deliver()
            return
        self.sync()
        own = os.fstat(self._file.fileno())
        self._file.close()
        if not (self._partial.exists() and os.path.samestat(own, self._partial.stat())):  # a place without locks
            raise DataError(f"{self._target} is being written by another run: wait for it, or choose another name.")
        made = self._built if self._spool else self._partial
        if self._spool:
            with made.open("rb+") as file:
                _sync(file.fileno())
        if self.path.exists():
            if not self._force:
                raise DataError(
                    f"{self._target} has appeared meanwhile: run again with resume and force "
                    "(--resume --force) to overwrite it, at no further cost."
                )
            with contextlib.suppress(OSError):
                made.chmod(stat.S_IMODE(self.path.stat().st_mode))
        self._journal.write(_line({"finished": _measure(made)}))
        self._journal.flush()
        _sync(self._journal.fileno())
        self._journal.close()
        self._made = True
        made.replace(self.path)
        _sync_folder(self.path.parent)
        self._end()
        self._open = False

    def _end(self) -> None:
        """Remove all but the result and its journal."""
        self._partial.unlink(missing_ok=True)
        self._built.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.release()

    def _deliver(self) -> None:
        if self._spool:
            self._file.close()
            sink = self._sink()
            with self._built.open("rb") as built:
                shutil.copyfileobj(built, sink)
            sink.flush()
            if self._target != "-":
                sink.close()
        else:
            self._file.flush()


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


def _line(content: dict[str, Any]) -> bytes:
    """A line of the journal: JSON, and a digest by which a torn or damaged line is known."""
    text = json.dumps(content, ensure_ascii=True, sort_keys=True).encode()
    return text + b"\t" + hashlib.sha256(text).hexdigest()[:16].encode() + b"\n"


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a journal, up to the first that is torn or damaged."""
    with path.open("rb") as file:
        for line in file:
            text, _, digest = line.rpartition(b"\t")
            if digest != hashlib.sha256(text).hexdigest()[:16].encode() + b"\n":
                return
            yield json.loads(text)


def _measure(path: Path, expected: int | None = None) -> dict[str, Any]:
    """Size and digest of a file; no digest if it has not the size that was expected."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        same = expected is None or size == expected
        return {"bytes": size, "sha256": hashlib.file_digest(file, "sha256").hexdigest() if same else ""}


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:  # not every place can be synchronised
            raise


def _sync_folder(folder: Path) -> None:
    """Bring a renaming to the disk, where folders can be opened to be synchronised (not on Windows)."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


class Lock:
    """A lock on a file beside the target, which ends with the process however that ends.

    Raises
    ------
    DataError
        If another run holds it.
    """

    def __init__(self, path: Path, target: str) -> None:
        self._path = path
        while True:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            if not _take_lock(self._descriptor):
                os.close(self._descriptor)
                raise DataError(f"{target} is being written by another run: wait for it, or choose another name.")
            try:
                if os.path.samestat(os.fstat(self._descriptor), os.stat(path)):  # noqa: PTH116
                    return
            except FileNotFoundError:
                pass
            os.close(self._descriptor)  # the other run has just ended and removed the file

    def release(self) -> None:
        """Let others write; may be called again."""
        if self._descriptor >= 0:
            if os.name == "nt":  # an open file cannot be removed there
                os.close(self._descriptor)
                self._path.unlink(missing_ok=True)
            else:
                self._path.unlink(missing_ok=True)
                os.close(self._descriptor)
            self._descriptor = -1


def _take_lock(descriptor: int) -> bool:
    """Lock an open file; true also where the file system knows no locks."""
    if os.name == "nt":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
