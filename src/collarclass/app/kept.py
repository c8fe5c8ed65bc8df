"""Labelled files that stay when the program ends: each in a folder of its own, the oldest forgotten first."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

MAX_FILES = 20
MAX_BYTES = 5 << 30
_STATE, _OWNER = "file.json", "being-labelled"


class Shelf:
    """The folder of labelled files.

    A file is there once its state is: until then a mark says which process writes there, so that the next start
    removes what one that was killed has left.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)
        for place in self._places():
            if not (place / _STATE).exists() and not _is_alive(place / _OWNER):
                shutil.rmtree(place, ignore_errors=True)

    def _places(self) -> list[Path]:
        return [path for path in self.folder.iterdir() if path.is_dir() and not path.is_symlink()]

    def begin(self, name: str) -> Path:
        """A fresh place for what is about to be labelled."""
        place = self.folder / name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o700)
        (place / _OWNER).write_text(str(os.getpid()))
        return place

    def keep(self, name: str, state: dict[str, Any]) -> list[str]:
        """Write down what a file is, and give the names of older ones that had to be forgotten for it."""
        fresh = self.folder / name / f"{_STATE}.partial"
        fresh.write_text(json.dumps(state, ensure_ascii=False), "utf-8", "surrogatepass")
        fresh.replace(fresh.with_name(_STATE))
        (self.folder / name / _OWNER).unlink(missing_ok=True)
        others = sorted(self._finished(), key=lambda place: (place.name != name, -(place / _STATE).stat().st_mtime))
        lost, size = [], 0
        for i, place in enumerate(others):
            size += sum(path.stat().st_size for path in place.iterdir())
            if i and (i >= MAX_FILES or size > MAX_BYTES):
                lost.append(place.name)
                self.forget(place.name)
        return lost

    def _finished(self) -> list[Path]:
        return [place for place in self._places() if (place / _STATE).exists()]

    def forget(self, name: str) -> None:
        """Remove a file with all that belongs to it."""
        (self.folder / name / _STATE).unlink(missing_ok=True)
        shutil.rmtree(self.folder / name, ignore_errors=True)

    def every(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Names and states of the files that are kept, the oldest first; what is none is left alone."""
        for place in sorted(self._finished(), key=lambda place: (place / _STATE).stat().st_mtime):
            with suppress(OSError, ValueError):
                yield place.name, dict(json.loads((place / _STATE).read_text("utf-8", "surrogatepass")))


def _is_alive(owner: Path) -> bool:
    """Whether the process that writes to a place still runs."""
    try:
        number = int(owner.read_text())
    except (OSError, ValueError):
        return False
    if not hasattr(os, "getuid"):  # elsewhere asking after a process could end it
        return True
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
