"""A file of annotations in the making: each answer on disk before the next question, the last one revocable."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from collarclass.definitions.labels import RATINGS
from collarclass.errors import DataError
from collarclass.shares.read import SAMPLE_COLUMNS, SAMPLE_SOURCE
from collarclass.text.formulas import guarded, unguarded

BASE = ("title", "text", "label")
ABOUT = ("annotator", "annotation_note", "saw_model")


def columns_of(ratings: bool, sampled: bool) -> tuple[str, ...]:
    """The columns of a file of annotations."""
    return (*BASE, *(RATINGS if ratings else ()), *ABOUT, *(SAMPLE_COLUMNS if sampled else (SAMPLE_SOURCE,)))


class AnswerFile:
    """A CSV of annotations that `train`, `evaluate` and `shares` read.

    Parameters
    ----------
    path : path-like
        Made if it is not there; continued if it is.
    columns : sequence of str
    """

    def __init__(self, path: str | os.PathLike[str], columns: Sequence[str]) -> None:
        self.path = Path(path)
        self.columns = tuple(columns)
        self._starts: list[int] = []
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists() or not self.path.stat().st_size:
            self._append(self.columns)
            self._starts.clear()
        self.rows()  # checks that it is such a file

    def rows(self) -> list[dict[str, str]]:
        """All annotations there are."""
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            found = csv.DictReader(file)
            if tuple(found.fieldnames or ()) != self.columns:
                raise DataError(
                    f"{self.path} is there and was not made by such a review: choose another name, or call the review "
                    "with the same options."
                )
            return [{name: unguarded(row[name] or "") for name in self.columns} for row in found]

    def add(self, answer: Mapping[str, str]) -> None:
        """Write one annotation, to the disk itself."""
        self._append([answer.get(name, "") for name in self.columns])

    def undo(self) -> dict[str, str] | None:
        """Take the last annotation of this session back; None if there is none."""
        if not self._starts:
            return None
        last = self.rows()[-1]
        with self.path.open("r+b") as file:
            file.truncate(self._starts.pop())
            os.fsync(file.fileno())
        return last

    def _append(self, cells: Sequence[str]) -> None:
        line = io.StringIO()
        csv.writer(line).writerow(map(guarded, cells))
        with self.path.open("ab") as file:
            self._starts.append(file.tell())
            file.write(line.getvalue().encode("utf-8", "replace"))
            file.flush()
            os.fsync(file.fileno())
