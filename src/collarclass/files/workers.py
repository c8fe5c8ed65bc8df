"""Batches labelled in this process or in several, always in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from collarclass.files.batch import Batch
from collarclass.model.model import Model
from collarclass.tables.dataframe import label_columns


@dataclass(frozen=True, slots=True)
class Labelling:
    """How texts are to be labelled.

    Parameters
    ----------
    model : Model
    evidence : bool
    prefix : str
        Put before the names of the added columns.
    """

    model: Model
    evidence: bool = True
    prefix: str = ""

    def label(
        self,
        texts: Sequence[str],
        titles: Sequence[str | None] | None = None,
        notes: dict[int, str] | None = None,
    ) -> pa.Table:
        """The added columns, with `notes` on some rows joined to the model's own."""
        added = label_columns(texts, titles, model=self.model, evidence=self.evidence, prefix=self.prefix)
        if notes:
            name = self.prefix + "collar_note"
            joined = added.column(name).to_pylist()
            for row, note in notes.items():
                joined[row] = f"{note}; {joined[row]}" if joined[row] else note
            added = added.set_column(added.column_names.index(name), name, pa.array(joined, pa.string()))
        return added


def in_order(
    batches: Iterable[Batch], labelling: Labelling, n_jobs: int = 1
) -> Iterator[tuple[Batch, pa.Table]]:
    """Label batches, a few of them ahead when there are several workers.

    Parameters
    ----------
    batches : iterable of Batch
    labelling : Labelling
    n_jobs : int
        Worker processes; -1 for one per processor. Each gets the model once.

    Yields
    ------
    Batch, pyarrow.Table
        In the order of `batches`.
    """
    if n_jobs != 1:
        from joblib import effective_n_jobs

        n_jobs = effective_n_jobs(n_jobs)
    if n_jobs == 1:
        for batch in batches:
            yield batch, labelling.label(batch.texts, batch.titles, batch.notes)
        return
    from joblib.externals.loky import ProcessPoolExecutor

    pool = ProcessPoolExecutor(n_jobs, initializer=_take, initargs=(labelling,))
    waiting: deque[tuple[Batch, Any]] = deque()
    try:
        for batch in batches:
            waiting.append((batch, pool.submit(_label, batch.texts, batch.titles, batch.notes)))
            batch.texts, batch.titles = [], None  # they are with the worker now
            if len(waiting) > 2 * n_jobs:
                first, found = waiting.popleft()
                yield first, found.result()
        while waiting:
            first, found = waiting.popleft()
            yield first, found.result()
    finally:
        pool.shutdown(kill_workers=True)


_taken: list[Labelling] = []


def _take(labelling: Labelling) -> None:
    _taken[:] = [labelling]


def _label(texts: list[str], titles: list[str | None] | None, notes: dict[int, str]) -> pa.Table:
    return _taken[0].label(texts, titles, notes)
