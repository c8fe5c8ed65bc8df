"""A file of annotations in the making: each answer on disk before the next question, the last one revocable."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from collarclass.definitions.labels import RATINGS
from collarclass.disk import Lock
from collarclass.errors import DataError
from collarclass.files.target import check_folder, work_files, written
from collarclass.shares.read import SAMPLE_COLUMNS, SAMPLE_ROW, SAMPLE_SOURCE
from collarclass.text.cells import guarded, unguarded

BASE = ("title", "text", "label")
ABOUT = ("annotator", "annotation_note", "saw_model")
_PATIENCE = 10.0  # seconds that an answer waits for another annotator's


def columns_of(ratings: bool, sampled: bool) -> tuple[str, ...]:
    """The columns of a file of annotations."""
    return (*BASE, *(RATINGS if ratings else ()), *ABOUT, *(SAMPLE_COLUMNS if sampled else (SAMPLE_SOURCE,)))


def ad_key(row: Mapping[str, str]) -> tuple[str, ...]:
    """What an annotated ad is known by: its row in the file it was drawn from, or its words.

    Examples
    --------
    >>> ad_key({"title": "Cook", "text": "", "sample_row": "7", "sample_source": "5f2a"})
    ('5f2a', '7')
    >>> ad_key({"title": "Cook", "text": "Soups."})
    ('Cook', 'Soups.')
    """
    if row.get(SAMPLE_ROW):
        return row.get(SAMPLE_SOURCE, ""), row[SAMPLE_ROW]
    return unguarded(row["title"]), unguarded(row["text"])


class AnswerFile:
    """A CSV of annotations that `train`, `evaluate` and `shares` read.

    It is continued if it is there. Several annotators may answer into one file at a time: each answer is added as a
    whole line, under a lock.
    """

    def __init__(self, path: str | os.PathLike[str], columns: Sequence[str]) -> None:
        self.path = Path(os.path.realpath(path))
        self.columns = tuple(columns)
        self._written: list[bytes] = []
        if self.path.exists() and not self.path.is_file():
            raise DataError("{path} is no file that can be added to: give another name for your answers.", path=path)
        check_folder(self.path)
        with self._lock():
            if not self.path.exists() or not self.path.stat().st_size:
                self._append(self._line(self.columns))
        self.rows()  # checks that it is such a file

    def rows(self) -> list[dict[str, str]]:
        """All annotations there are."""
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            found = csv.reader(file, strict=True)
            try:
                if tuple(next(found, ())) != self.columns:
                    raise DataError(
                        "{path} is there and was not made by such a review: choose another name, or call the "
                        "review with the same options.", path=self.path,
                    )  # fmt: skip
                rows = [(number, cells) for number, cells in enumerate(found, 2) if cells]
            except csv.Error:
                raise DataError(
                    "{path} ends in the middle of a row: complete it, or remove it.", path=self.path,
                ) from None  # fmt: skip
        for number, cells in rows:
            if len(cells) != len(self.columns):
                raise DataError(
                    "{path}, row {number}: row has {n_cells} cells, the header {n_columns}; correct the row.",
                    path=self.path, number=number, n_cells=len(cells), n_columns=len(self.columns),
                )  # fmt: skip
        return [dict(zip(self.columns, map(unguarded, cells), strict=True)) for _, cells in rows]

    def add(self, answer: Mapping[str, str]) -> None:
        """Write one annotation, to the disk itself."""
        line = self._line([answer.get(name, "") for name in self.columns])
        with self._lock():
            self._append(line)
        self._written.append(line)

    def undo(self) -> bool:
        """Take the last annotation of this session back, wherever others have written since; False if there is none."""
        if not self._written:
            return False
        line = self._written.pop()
        with written(self.path, force=True, patience=_PATIENCE) as fresh:
            before, _, after = self.path.read_bytes().rpartition(line)
            fresh.write_bytes(before + after)
        return True

    def _lock(self) -> Lock:
        return Lock(work_files(self.path)[1], str(self.path), _PATIENCE)

    def _line(self, cells: Sequence[str]) -> bytes:
        line = io.StringIO()
        csv.writer(line).writerow(map(guarded, cells))
        return line.getvalue().encode("utf-8", "replace")

    def _append(self, line: bytes) -> None:
        with self.path.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read() != b"\n":  # somebody's editor left the last line without its end
                    line = b"\r\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
