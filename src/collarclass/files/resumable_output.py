"""A file in the making: whole batches under another name, until all is there and it is renamed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import stat
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from collarclass.errors import DataError

_VERSION = 2
_SYNC_EVERY = 0.5  # seconds of work that a power cut may cost
_PIECE = 1 << 20


class Output:
    """Where labelled batches go.

    Standard output, devices and named pipes are written into directly. For a file ``labelled.csv`` the
    batches go to ``.labelled.csv.<random>.partial`` first. ``.labelled.csv.collarclass-journal`` beside it
    says, line by line, which batches are whole: their bytes, their digest and by which settings they were
    made. A lock, ``.labelled.csv.collarclass-lock``, keeps a second run off. All are gone when the file has
    its name.

    The journal never runs ahead of the disk: a batch is counted once its bytes are synchronised, and
    whoever resumes compares the digests.

    Parameters
    ----------
    target : str
        "-" is standard output.
    settings : dict
        All that the bytes depend on; a run may go on only with the same.
    force, resume : bool
    spool : bool
        Whether the file is built from the batches at the end, in `built`, and not made of them.
    """

    def __init__(
        self, target: str, settings: dict[str, Any], force: bool, resume: bool, spool: bool = False
    ) -> None:
        self.batches = self.rows = self.bytes = self.noted = 0
        self.counts: Counter[str] = Counter()
        self._target = target
        self._settings = settings
        self._force = force
        self._spool = spool
        self._open = True
        self._waiting: list[str] = []  # journal lines of batches that are not synchronised yet
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
            self.partial, self.built = self._folder / "partial", self._folder / "built"
            self._file: BinaryIO = self.partial.open("wb")
        else:
            self._file = self._sink()

    def _sink(self) -> BinaryIO:
        if self._target == "-":
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
        if self.path.exists() and not self._force:
            raise DataError(
                f"{target} is there already: choose another name, or overwrite it with force=True (--force)."
            )
        self._journal_path = journal_of(self.path)
        token = secrets.token_hex(4)
        self.partial = self._beside(f"{token}.partial")
        self.built = self._beside(f"{token}.built")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(self._beside("collarclass-lock"), target)
            try:
                if not (resume and self._read_journal()):
                    self._start_anew()
            except BaseException:
                self._lock.release()
                raise
        except OSError as error:
            raise DataError(f"{target} cannot be written ({error.strerror}): check the folder.") from None

    def _beside(self, suffix: str) -> Path:
        return _beside(self.path, suffix)

    def _start_anew(self) -> None:
        for left in self._left_behind():
            left.unlink(missing_ok=True)
        self._journal_path.unlink(missing_ok=True)
        descriptor = os.open(self.partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        self._file = os.fdopen(descriptor, "wb")
        head = {"version": _VERSION, "partial": self.partial.name, "settings": self._settings}
        with self._journal_path.open("w", encoding="utf-8", newline="\n") as journal:
            journal.write(_line(head))
            _sync(journal.fileno())
        self._journal = self._journal_path.open("a", encoding="utf-8", newline="\n")

    def _left_behind(self) -> Iterator[Path]:
        """The partial file of an earlier run that is not resumed."""
        try:
            head = next(_lines(self._journal_path), {})
        except (OSError, UnicodeError):
            return
        name = head.get("partial")
        if isinstance(name, str) and name.endswith(".partial") and Path(name).name == name:
            yield self.path.with_name(name)

    def _read_journal(self) -> bool:
        """Take up what an earlier run left: the batches whose bytes are all there."""
        if not self._journal_path.exists():
            return False
        damaged = DataError(f"What is left of {self._target} is damaged: run again without resume (--resume).")
        try:
            lines = list(_lines(self._journal_path))
            head, *batches = lines
            partial = self.path.with_name(str(head["partial"]))
            if head["version"] != _VERSION or partial.parent != self.path.parent or not partial.is_file():
                raise damaged
            settings = head["settings"]
            changed = [k for k, v in self._settings.items() if settings.get(k) != v]
        except (ValueError, KeyError, TypeError, AttributeError, OSError):
            raise damaged from None
        if changed:
            raise DataError(
                f"{self._target} was begun with another {' and '.join(changed)}: go on with the same, "
                "or run again without resume (--resume)."
            )
        self.partial = partial
        self._file = self.partial.open("r+b")
        whole = self._whole(batches)
        self._file.truncate(self.bytes)
        self._file.seek(self.bytes)
        self._journal = self._journal_path.open("r+", encoding="utf-8", newline="\n")
        self._journal.seek(sum(len(_line(line).encode()) for line in lines[: 1 + whole]))
        self._journal.truncate()
        return True

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
        self._file.flush()
        _sync(self._file.fileno())
        if self._waiting:
            self._journal.write("".join(self._waiting))
            self._journal.flush()
            _sync(self._journal.fileno())
            self._waiting = []
        self._synced = time.monotonic()

    def pause(self) -> None:
        """Stop, also in the middle: whole batches stay for `resume`; nothing stays if there are none."""
        if not self._open:
            return
        self._open = False
        if self.direct:
            self._close_direct()
            return
        try:
            if self.batches and not self._file.closed:
                with contextlib.suppress(OSError):  # a full disk: the journal counts what was synchronised
                    self.sync()
            with contextlib.suppress(OSError):
                self._file.close()
            self._journal.close()
            self.built.unlink(missing_ok=True)
            if not self.batches:
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
        self.partial.unlink(missing_ok=True)
        self._journal_path.unlink(missing_ok=True)

    def commit(self) -> None:
        """Give the file its name, when it is on the disk."""
        if self.direct:
            self._deliver()
            return
        self.sync()
        self._file.close()
        self._journal.close()
        made = self.built if self._spool else self.partial
        if self._spool:
            with made.open("rb+") as file:
                _sync(file.fileno())
        if self.path.exists():
            if not self._force:
                raise DataError(
                    f"{self._target} has come to be there meanwhile: run again with resume and force "
                    "(--resume --force) to overwrite it, at no further cost."
                )
            with contextlib.suppress(OSError):
                made.chmod(stat.S_IMODE(self.path.stat().st_mode))
        made.replace(self.path)
        _sync_folder(self.path.parent)
        self._clean()
        if self._lock is not None:
            self._lock.release()
        self._open = False

    def _deliver(self) -> None:
        if self._spool:
            self._file.close()
            sink = self._sink()
            with self.built.open("rb") as built:
                shutil.copyfileobj(built, sink)
            sink.flush()
            if self._target != "-":
                sink.close()
        else:
            self._file.flush()

    def flush(self) -> None:
        """Make everything written readable under `partial`."""
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


def journal_of(path: Path) -> Path:
    """Where the journal of a target lies while it is made."""
    return _beside(path, "collarclass-journal")


def _beside(path: Path, suffix: str) -> Path:
    name = path.name
    if len(os.fsencode(name)) > 200:  # a file's name has 255 bytes at most
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:32]
    return path.with_name(f".{name}.{suffix}")


def _line(content: dict[str, Any]) -> str:
    """A line of the journal: JSON, and a digest by which a torn or damaged line is known."""
    text = json.dumps(content, ensure_ascii=True, sort_keys=True)
    return f"{text}\t{hashlib.sha256(text.encode()).hexdigest()[:16]}\n"


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a journal, up to the first that is torn or damaged."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            text, _, digest = line.rpartition("\t")
            if digest != hashlib.sha256(text.encode()).hexdigest()[:16] + "\n":
                return
            yield json.loads(text)


def _sync(descriptor: int) -> None:
    with contextlib.suppress(OSError):  # not every place can
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Bring a renaming to the disk, where folders can be synchronised (not on Windows)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
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
