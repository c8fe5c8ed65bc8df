"""A file in the making: whole batches under another name, until all is there and it is renamed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np

from collarclass.disk import sync, writing
from collarclass.errors import DataError
from collarclass.files.target import Name, Target, measure, work_files
from collarclass.messages import Message

_VERSION = 5
_SYNC_EVERY = 0.5  # seconds of work that a power cut may cost
_PIECE = 1 << 20


class Output:
    """Where labelled batches go.

    Of a file ``labelled.csv`` they go to ``.labelled.csv.collarclass-partial`` first.
    ``.labelled.csv.collarclass-journal`` says, line by line, by which settings the file is made and which batches are
    whole: their bytes and their digest. When the file has its name only the journal stays, with the file's size and
    digest as its last line, so that a later run knows how the file was made.

    The journal never runs ahead of the disk: a batch is counted once its bytes are synchronised, and
    a resumed run compares the digests. With `spool` the file is built from the batches at the end; without, what is
    no file gets them as they come. `finished` says that an earlier run has made the target with the same settings.
    """

    def __init__(
        self,
        target: str,
        settings: dict[str, Any],
        force: bool,
        resume: bool,
        spool: bool = False,
        reads: Iterable[Name] = (),
    ) -> None:
        self.batches = self.rows = self.bytes = self.noted = 0
        self.counts: Counter[str] = Counter()
        self.sums: Any = 0.0  # of the arrays that came with the batches
        self.finished = False
        self._target = Target(target, force, reads)
        self._settings = settings
        self._spool = spool
        self._open = True
        self._made = False  # whether the journal has its last line
        self._waiting: list[bytes] = []  # journal lines of batches that are not synchronised yet
        self._synced = time.monotonic()
        self._journal: BinaryIO | None = None
        try:
            with writing(target):
                if self._target.direct and not spool:
                    self._file = self._target.sink()
                else:
                    self._begin(resume)
        except BaseException:
            self._target.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pause()

    def _begin(self, resume: bool) -> None:
        """Find that all is done, continue what an earlier run left, or begin anew."""
        lines = self._lines_left() if resume else []
        made = lines[-1].get("finished") if lines else None
        before = lines[0]["settings"] if lines else self._settings
        changed = " and ".join(name for name, value in self._settings.items() if before.get(name) != value)
        whole = made is not None and self._target.is_made(made)
        if whole and not changed:
            for batch in lines[1:-1]:
                self._count(batch)
            self.finished = True
            self._end()
            return
        self._target.check_free(Message(", made with another {changed}", changed=changed) if whole else "")
        if not lines or whole or not self._target.partial.is_file():
            self._start_anew()
        elif changed:
            raise DataError(
                "{name} was begun with another {changed}: continue with the same, or run again without resume "
                "(--resume).", name=self._target.name, changed=changed,
            )  # fmt: skip
        else:
            self._take_up(lines)

    def _lines_left(self) -> list[dict[str, Any]]:
        """The journal of an earlier run; of one that was ended before its first line was whole nothing is left."""
        self._target.fetch_journal()
        if not self._target.journal.is_file():  # a pipe would be waited for
            return []
        lines = list(_lines(self._target.journal))
        torn = not lines and b"\n" not in self._target.journal.read_bytes()
        if not torn and (not lines or lines[0].get("version") != _VERSION):
            raise DataError(
                "What is left of {name} is damaged: run again without resume (--resume).", name=self._target.name,
            )  # fmt: skip
        return lines

    def _start_anew(self) -> None:
        self._target.clean()
        try:
            self._journal = self._target.create(self._target.journal)
            self._note(_line({"version": _VERSION, "settings": self._settings}))
            self._file = self._target.create(self._target.partial)
        except OSError:
            self._target.clean()
            raise

    def _take_up(self, lines: list[dict[str, Any]]) -> None:
        """Continue after the batches whose bytes are all there."""
        self._file = self._target.partial.open("r+b")
        whole = self._whole([line for line in lines[1:] if "finished" not in line])
        self._file.truncate(self.bytes)
        self._file.seek(self.bytes)
        self._journal = self._target.journal.open("r+b")
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
            self.sums = self.sums + np.asarray(batch["sums"])

    def write(
        self,
        piece: bytes,
        rows: int | None = None,
        counts: dict[str, int] | None = None,
        noted: int = 0,
        sums: Any = 0.0,
    ) -> None:
        """Add a whole batch, or the file's beginning (`rows` None)."""
        self._file.write(piece)
        size, digest = self.bytes + len(piece), hashlib.sha256(piece).hexdigest()
        batch = {"bytes": size, "rows": rows, "noted": noted, "counts": counts or {}, "sums": sums, "sha256": digest}
        self._count(batch)
        if self._journal is None:
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
        _to_disk(self._file)
        if waiting:
            self._note(b"".join(waiting))
        self._synced = time.monotonic()

    def _note(self, lines: bytes) -> None:
        if self._journal is not None:
            self._journal.write(lines)
            _to_disk(self._journal)

    def pause(self, keep: bool = True) -> None:
        """Stop, also in the middle: whole batches stay for `resume` if they are to be kept."""
        if not self._open:
            return
        self._open = False
        keep = keep and (self.batches > 0 or self._made)
        try:
            with contextlib.suppress(OSError):  # a full disk: the journal counts what was synchronised
                if self._journal is None:
                    self._target.leave(self._file)
                elif keep and not self._file.closed:
                    self.sync()
            for file in (self._file, self._journal) if self._journal is not None else ():
                with contextlib.suppress(OSError):
                    file.close()
            self._target.built.unlink(missing_ok=True)
            if not keep:
                self._target.clean()
        finally:
            self._target.release()

    def build(self, finish: Callable[[Path, Path], None]) -> None:
        """Make the file from its batches, by a callable that gets the names of both."""
        self._file.flush()
        self._target.built.unlink(missing_ok=True)
        self._target.create(self._target.built).close()
        finish(self._target.partial, self._target.built)

    def commit(self) -> None:
        """Give the file its name, when it is on the disk."""
        if self._journal is None:
            self._file.flush()
            return
        self.sync()
        target, own = self._target, os.fstat(self._file.fileno())
        self._file.close()
        if not (target.partial.exists() and os.path.samestat(own, target.partial.stat())):  # a place without locks
            raise DataError(
                "{name} is being written by another run: wait for it, or choose another name.", name=target.name,
            )  # fmt: skip
        made = target.built if self._spool else target.partial
        if self._spool:
            with made.open("rb+") as file:
                sync(file.fileno())
        if not target.force and target.there:
            raise DataError(
                "{name} has appeared meanwhile: run again with resume and force (--resume --force) to overwrite "
                "it, at no further cost.", name=target.name,
            )  # fmt: skip
        self._note(_line({"finished": measure(made)}))
        self._journal.close()
        self._made = True
        target.put(made)
        self._end()

    def _end(self) -> None:
        """Remove all but the result and its journal."""
        self._target.partial.unlink(missing_ok=True)
        self._target.built.unlink(missing_ok=True)
        self._target.release()
        self._open = False


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    sync(file.fileno())


def columns_of(path: Path) -> dict[str, Any] | None:
    """The columns that titles, texts and codes of a labelled file were read from, as `columns_read` gives them."""
    found = (settings_of(path) or {}).get("columns")
    return found if isinstance(found, dict) else None


def keep_columns(path: Path, columns: dict[str, Any]) -> None:
    """Leave a record of them beside a file that was made of a labelled one."""
    lines: list[dict[str, Any]] = [{"version": _VERSION, "settings": {"columns": columns}}, {"finished": measure(path)}]
    work_files(Path(os.path.realpath(path)))[0].write_bytes(b"".join(_line(line) for line in lines))


def settings_of(path: Path) -> dict[str, Any] | None:
    """The settings that a file was made by, if its journal is still beside it."""
    journal = work_files(Path(os.path.realpath(path)))[0]
    try:
        lines = list(_lines(journal)) if journal.is_file() else []
        made = lines[-1].get("finished") if lines else None
        return dict(lines[0]["settings"]) if made and path.stat().st_size == made["bytes"] else None
    except (OSError, KeyError, ValueError):
        return None


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
