"""A file in the making: whole batches under another name, until all is there and it is renamed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, BinaryIO, cast

from collarclass.errors import DataError

_VERSION = 1


class Output:
    """Where labelled batches go.

    A target ``labelled.csv`` is written as ``.labelled.csv.partial``, with ``.labelled.csv.journal``
    beside it (JSON: how many batches and bytes are whole, and by which settings they were made).
    Both are gone when the file has its name.

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
        self.batches = self.rows = self.bytes = 0
        self.counts: Counter[str] = Counter()
        self.noted = 0
        self._settings = settings
        self._to_stdout = target == "-"
        self._spool = spool
        if self._to_stdout and not spool:
            self._file: BinaryIO = cast(BinaryIO, sys.stdout.buffer)
            return
        self._folder = tempfile.mkdtemp() if self._to_stdout else None
        self.path = Path(os.path.realpath(target)) if self._folder is None else Path(self._folder) / "out"
        if self.path.is_dir():
            raise DataError(f"{target} is a folder: give the name of a file to write.")
        if self.path.exists() and not force:
            raise DataError(
                f"{target} is there already: choose another name, or overwrite it with force=True (--force)."
            )
        self.partial = self.path.with_name(f".{self.path.name}.partial")
        self.built = self.path.with_name(f".{self.path.name}.built")
        self._journal = self.path.with_name(f".{self.path.name}.journal")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if resume and self._read_journal(target):
                self._file = self.partial.open("r+b")
                self._file.truncate(self.bytes)
                self._file.seek(self.bytes)
            else:
                self._journal.unlink(missing_ok=True)
                self._file = self.partial.open("wb")
        except OSError as error:
            raise DataError(f"{target} cannot be written ({error.strerror}): check the folder.") from None

    def _read_journal(self, target: str) -> bool:
        try:
            known = json.loads(self._journal.read_text("utf-8"))
            size = self.partial.stat().st_size
        except FileNotFoundError:
            return False
        except ValueError:
            known, size = {}, 0
        if known.get("version") != _VERSION or size < known.get("bytes", 0):
            raise DataError(f"What is left of {target} is damaged: run again without resume (--resume).")
        changed = [k for k, v in self._settings.items() if known["settings"].get(k) != v]
        if changed:
            raise DataError(
                f"{target} was begun with another {' and '.join(changed)}: go on with the same, "
                "or run again without resume (--resume)."
            )
        self.batches, self.rows, self.bytes = known["batches"], known["rows"], known["bytes"]
        self.counts.update(known["counts"])
        self.noted = known["noted"]
        return True

    def write(
        self, piece: bytes, rows: int = 0, counts: dict[str, int] | None = None, noted: int = 0
    ) -> None:
        """Add a whole batch, or the file's beginning (`rows` 0 and no counts)."""
        self._file.write(piece)
        self._file.flush()
        self.bytes += len(piece)
        if counts is None:
            return
        self.batches += 1
        self.rows += rows
        self.noted += noted
        self.counts.update(counts)
        if self._to_stdout:
            return
        known = {
            "version": _VERSION,
            "batches": self.batches,
            "rows": self.rows,
            "bytes": self.bytes,
            "noted": self.noted,
            "counts": dict(self.counts),
            "settings": self._settings,
        }
        fresh = self._journal.with_name(self._journal.name + ".new")
        fresh.write_text(json.dumps(known, ensure_ascii=False), "utf-8")
        fresh.replace(self._journal)

    def pause(self) -> None:
        """Stop, also in the middle: whole batches stay for `resume`; nothing stays if there are none."""
        if self._to_stdout:
            if self._spool and self._folder is not None:
                self._file.close()
                shutil.rmtree(self._folder, ignore_errors=True)
            return
        self._file.close()
        self.built.unlink(missing_ok=True)
        if not self.batches:
            self.partial.unlink(missing_ok=True)
            self._journal.unlink(missing_ok=True)

    def commit(self) -> None:
        """Give the file its name."""
        if self._to_stdout:
            if self._spool:
                with self.built.open("rb") as built:
                    shutil.copyfileobj(built, sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return
        with contextlib.suppress(OSError):  # not every place can
            os.fsync(self._file.fileno())
        self._file.close()
        (self.built if self._spool else self.partial).replace(self.path)
        self.partial.unlink(missing_ok=True)
        self._journal.unlink(missing_ok=True)
