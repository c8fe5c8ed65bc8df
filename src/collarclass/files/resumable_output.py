"""A file in the making: whole batches under another name, until all is there and it is renamed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from collarclass.disk import sync
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
    a resumed run compares the digests. With `spool` the file is built from the batches at the end. `finished` says that
    an earlier run has made the target with the same settings.
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
        self._folder: Path | None = None
        if self._target.direct:
            self._begin_direct()
            return
        self._partial, self._built = self._target.partial, self._target.built
        try:
            self._begin_file(resume)
        except OSError as error:
            self._target.release()
            raise DataError(
                "{target} cannot be written ({reason}): check the folder.", target=target, reason=error.strerror,
            ) from None  # fmt: skip
        except BaseException:
            self._target.release()
            raise

    def _begin_direct(self) -> None:
        if self._spool:
            self._folder = Path(tempfile.mkdtemp())
            self._partial, self._built = self._folder / "partial", self._folder / "built"
            self._file: BinaryIO = self._partial.open("wb")
        else:
            self._file = self._target.sink()

    def _begin_file(self, resume: bool) -> None:
        """Find that all is done, continue what an earlier run left, or begin anew."""
        lines = self._lines_left() if resume else []
        made = lines[-1].get("finished") if lines else None
        changed = self._changed(lines[0]) if lines else ""
        whole = made is not None and self._target.is_made(made)
        if whole and not changed:
            for batch in lines[1:-1]:
                self._count(batch)
            self.finished, self._open = True, False
            self._end()
            return
        self._target.check_free(
            Message(", made with another {changed}", changed=changed)
            if whole
            else Message(", and nothing says how it was made")
            if resume
            else ""
        )
        if not lines or whole or not self._partial.is_file():
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

    def _changed(self, head: dict[str, Any]) -> str:
        return " and ".join(k for k, v in self._settings.items() if head["settings"].get(k) != v)

    def _start_anew(self) -> None:
        self._target.clean()
        try:
            self._journal = self._target.create(self._target.journal)
            self._journal.write(_line({"version": _VERSION, "settings": self._settings}))
            self._journal.flush()
            sync(self._journal.fileno())
            self._file = self._target.create(self._partial)
        except OSError:
            self._target.clean()
            raise

    def _take_up(self, lines: list[dict[str, Any]]) -> None:
        """Continue after the batches whose bytes are all there."""
        self._file = self._partial.open("r+b")
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
        batch = {
            "bytes": self.bytes + len(piece),
            "rows": rows,
            "noted": noted,
            "counts": counts or {},
            "sums": sums,
            "sha256": hashlib.sha256(piece).hexdigest(),
        }
        self._count(batch)
        if self._target.direct:
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
        sync(self._file.fileno())
        if waiting:
            self._journal.write(b"".join(waiting))
            self._journal.flush()
            sync(self._journal.fileno())
        self._synced = time.monotonic()

    def pause(self, keep: bool = True) -> None:
        """Stop, also in the middle: whole batches stay for `resume` if they are to be kept."""
        if not self._open:
            return
        self._open = False
        if self._target.direct:
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
                self._target.clean()
        finally:
            self._target.release()

    def _close_direct(self) -> None:
        if self._folder is not None:
            self._file.close()
            shutil.rmtree(self._folder, ignore_errors=True)
        elif self._target.name != "-":
            with contextlib.suppress(OSError):
                self._file.close()

    def build(self, finish: Callable[[Path, Path], None]) -> None:
        """Make the file from its batches, by a callable that gets the names of both."""
        self._file.flush()
        if not self._target.direct:
            self._built.unlink(missing_ok=True)
            self._target.create(self._built).close()
        finish(self._partial, self._built)

    def commit(self) -> None:
        """Give the file its name, when it is on the disk."""
        if self._target.direct:
            self._file.flush()
            if self._spool:
                self._target.deliver(self._built)
            return
        self.sync()
        own = os.fstat(self._file.fileno())
        self._file.close()
        if not (self._partial.exists() and os.path.samestat(own, self._partial.stat())):  # a place without locks
            raise DataError(
                "{name} is being written by another run: wait for it, or choose another name.",
                name=self._target.name,
            )  # fmt: skip
        made = self._built if self._spool else self._partial
        if self._spool:
            with made.open("rb+") as file:
                sync(file.fileno())
        if not self._target.force and self._target.there:
            raise DataError(
                "{name} has appeared meanwhile: run again with resume and force (--resume --force) to overwrite "
                "it, at no further cost.", name=self._target.name,
            )  # fmt: skip
        self._journal.write(_line({"finished": measure(made)}))
        self._journal.flush()
        sync(self._journal.fileno())
        self._journal.close()
        self._made = True
        self._target.put(made)
        self._end()
        self._open = False

    def _end(self) -> None:
        """Remove all but the result and its journal."""
        self._partial.unlink(missing_ok=True)
        self._built.unlink(missing_ok=True)
        self._target.release()


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
