"""Batches labelled in this process or in several, always in order."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from collarclass.errors import DataError
from collarclass.files.batch import Batch
from collarclass.files.orphans import end_with
from collarclass.labelling.options import Options
from collarclass.model.stream import StreamSums
from collarclass.tables.dataframe import label_stream


def label_batch(
    options: Options,
    texts: Sequence[str],
    titles: Sequence[str | None] | None = None,
    notes: dict[int, str] | None = None,
    codes: Sequence[str] | None = None,
) -> tuple[pa.Table, StreamSums]:
    """The added columns, with `notes` on some rows joined to the model's own; and the batch's stream sums."""
    added, sums = label_stream(texts, titles, codes, options=options)
    if notes:
        name = options.prefix + "collar_note"
        joined = added.column(name).to_pylist()
        for row, note in notes.items():
            joined[row] = f"{note}; {joined[row]}" if joined[row] else note
        added = added.set_column(added.column_names.index(name), name, pa.array(joined, pa.string()))
    return added, sums


def count_workers(n_jobs: int) -> int:
    """How many worker processes `n_jobs` means: -1 is one per processor."""
    if n_jobs == 0:
        raise DataError("n_jobs is 0: give the number of worker processes, or -1 for one per processor.")
    if n_jobs == 1:
        return 1
    from joblib import effective_n_jobs

    return int(effective_n_jobs(n_jobs))


def in_order(
    batches: Iterable[Batch], options: Options, n_jobs: int = 1
) -> Iterator[tuple[Batch, pa.Table, StreamSums]]:
    """Label batches, a few of them ahead when there are several workers.

    Parameters
    ----------
    batches : iterable of Batch
    options : Options
    n_jobs : int
        Worker processes; -1 for one per processor. Each gets the model once.

    Yields
    ------
    Batch, pyarrow.Table, StreamSums
        In the order of `batches`.
    """
    n_jobs = count_workers(n_jobs)
    if n_jobs == 1:
        for batch in batches:
            yield batch, *label_batch(options, batch.texts, batch.titles, batch.notes, batch.codes)
        return
    from joblib.externals.loky import ProcessPoolExecutor
    from joblib.externals.loky.process_executor import BrokenProcessPool

    pool = ProcessPoolExecutor(n_jobs, initializer=_take, initargs=(options, os.getpid()))
    waiting: deque[tuple[Batch, Any]] = deque()
    try:
        for batch in batches:
            waiting.append((batch, pool.submit(_label, batch.texts, batch.titles, batch.notes, batch.codes)))
            batch.texts, batch.titles = [], None  # they are with the worker now
            if len(waiting) > 2 * n_jobs:
                first, found = waiting.popleft()
                yield first, *found.result()
        while waiting:
            first, found = waiting.popleft()
            yield first, *found.result()
    except BrokenProcessPool:
        raise DataError(
            "A worker process was ended from outside, perhaps for want of memory: run again with fewer workers "
            "(n_jobs, --n-jobs), and with resume (--resume) to keep what is done."
        ) from None
    finally:
        _end(pool)


def _end(pool: Any) -> None:
    """Kill the workers; that the pool's own thread may stumble over their sudden end is not for the terminal."""
    report = threading.excepthook

    def quiet(args: threading.ExceptHookArgs) -> None:
        if args.thread is None or args.thread.name != "ExecutorManagerThread":
            report(args)

    threading.excepthook = quiet
    try:
        pool.shutdown(kill_workers=True)
    finally:
        threading.excepthook = report


_taken: list[Options] = []


def _take(options: Options, parent: int) -> None:
    _taken[:] = [options]
    end_with(parent)


def _label(
    texts: list[str], titles: list[str | None] | None, notes: dict[int, str], codes: list[str] | None
) -> tuple[pa.Table, StreamSums]:
    return label_batch(_taken[0], texts, titles, notes, codes)
