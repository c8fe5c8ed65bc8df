"""Batches labelled in this process or in several, always in order; known ads as an earlier run labelled them."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collarclass.errors import DataError, no_column, require_columns
from collarclass.files.batch import Batch
from collarclass.files.formats import expand
from collarclass.files.layout import Layout, Reader, count_workers
from collarclass.files.native_child import end_with
from collarclass.files.readers import open_reader
from collarclass.files.resumable_output import settings_of
from collarclass.files.target import Name
from collarclass.files.writers import cell_bytes
from collarclass.labelling.options import Options
from collarclass.messages import Message
from collarclass.tables.columns import Columns
from collarclass.tables.dataframe import label_stream
from collarclass.tables.schema import added_fields
from collarclass.text.cells import unguarded


def label_batch(
    options: Options,
    texts: Sequence[str],
    titles: Sequence[str | None] | None = None,
    notes: dict[int, list[Message]] | None = None,
    codes: Sequence[str] | None = None,
) -> tuple[pa.Table, NDArray[np.float64]]:
    """The added columns, with `notes` on some rows joined to the model's own; and the batch's stream sums."""
    added, sums = label_stream(texts, titles, codes, options=options)
    if notes:
        name = options.prefix + "collar_note"
        joined = added.column(name).to_pylist()
        for row, found in notes.items():
            joined[row] = "; ".join([*map(str, found), *filter(None, [joined[row]])])
        added = added.set_column(added.column_names.index(name), name, pa.array(joined, pa.string()))
    return added, sums


def in_order(
    batches: Iterable[Batch], options: Options, n_jobs: int = 1
) -> Iterator[tuple[Batch, pa.Table, NDArray[np.float64]]]:
    """Label batches in their order, a few of them ahead when there are several workers; each gets the model once."""
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
    texts: list[str], titles: list[str | None] | None, notes: dict[int, list[Message]], codes: list[str] | None
) -> tuple[pa.Table, NDArray[np.float64]]:
    return label_batch(_taken[0], texts, titles, notes, codes)


_ROWS = 5000
_SAME = ("prefix", "evidence", "occupations", "model", "definition", "min_confidence", "version of collarclass")


class Earlier:
    """The labels of an earlier result, a file or a folder of files, by the ads they are of: 16 bytes an ad in memory.

    `key` is the column that names an ad; title, text and code do themselves if None. A file that was labelled in
    another way, or names two ads alike, is refused.
    """

    def __init__(
        self, path: Name, key: str | None, chosen: Columns, options: Options, settings: dict[str, Any]
    ) -> None:
        self._name, self._key = os.fspath(path), key
        self._schema = pa.schema(added_fields(options))
        paths = expand([self._name])
        for path in paths:
            before = settings_of(Path(path)) or settings
            if changed := [name for name in _SAME if before.get(name) != settings[name]]:
                raise DataError(
                    "{path} was made with another {changed}: take over from what was made in the same way, or label "
                    "all.", path=path, changed=changed,
                )  # fmt: skip
        self._folder = tempfile.TemporaryDirectory()
        spool = Path(self._folder.name) / "earlier.arrow"
        keys = [np.zeros(1, np.uint64)]  # which stands for no ad
        with pa.ipc.new_file(str(spool), self._schema) as out:
            for batch, added in (rows for path in paths for rows in self._labelled(path, chosen)):
                models = added[options.prefix + "collar_model"].to_pylist()
                keys.append(np.where(np.array(models) == options.identity, _keys(batch, key, self._name), 0))
                out.write_table(added)
        self._keys, first, times = np.unique(np.concatenate(keys), return_index=True, return_counts=True)
        self._rows, times[0] = first - 1, 1
        if key is not None and (times > 1).any():
            raise DataError(
                "{path} has row {row} again under the same {key!r}: name a column by which each ad is known.",
                path=self._name, row=int(first[times.argmax()]), key=key,
            )  # fmt: skip
        self._kept = pa.ipc.open_file(pa.memory_map(str(spool)))
        sizes = [self._kept.get_batch(i).num_rows for i in range(self._kept.num_record_batches)]
        self._starts = np.cumsum([0, *sizes])

    def _labelled(self, path: str, chosen: Columns) -> Iterator[tuple[Batch, pa.Table]]:
        def choose(columns: list[str], *_: object) -> Columns:
            require_columns(chosen.every, columns, path)
            return chosen

        with open_reader(path, Layout(every_column=True), choose) as reader:
            require_columns(self._schema.names, reader.names, path)
            for batch in reader.batches(_ROWS):
                yield batch, labels_of(batch, reader, self._schema)

    def find(self, batch: Batch) -> NDArray[np.int64]:
        """Row of each ad in the earlier result; -1 for new ones."""
        keys = _keys(batch, self._key, "the source")
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where((self._keys[at] == keys) & (keys != 0), self._rows[at], -1)

    def joined(self, found: NDArray[np.int64], added: pa.Table) -> pa.Table:
        """The added columns of all ads: those found, and those that were labelled now."""
        rows, parts, places = found[found >= 0], [added], [np.flatnonzero(found < 0)]
        of = np.searchsorted(self._starts, rows, side="right") - 1
        for number in np.unique(of).tolist():
            here = rows[of == number] - self._starts[number]
            parts.append(pa.Table.from_batches([self._kept.get_batch(number).take(pa.array(here))]))
            places.append(np.flatnonzero(found >= 0)[of == number])
        return pa.concat_tables(parts).take(pa.array(np.argsort(np.concatenate(places), kind="stable")))

    def label(
        self, batches: Iterable[Batch], options: Options, n_jobs: int
    ) -> Iterator[tuple[Batch, pa.Table, NDArray[np.float64], int]]:
        """Label batches as `in_order` does, new ads only; the last value says how many were known."""
        waiting: deque[tuple[Batch, NDArray[np.int64]]] = deque()

        def fresh() -> Iterator[Batch]:
            for batch in batches:
                found = self.find(batch)
                waiting.append((batch, found))
                yield batch.to_label(np.flatnonzero(found < 0).tolist())

        for _, added, sums in in_order(fresh(), options, n_jobs):
            batch, found = waiting.popleft()
            yield batch, self.joined(found, added), sums, int((found >= 0).sum())


def labels_of(batch: Batch, reader: Reader, schema: pa.Schema) -> pa.Table:
    """The label columns of a batch of a labelled file, with the types that they were made with."""
    if batch.table is not None:
        return batch.table.select(schema.names).cast(schema)
    rows = batch.rows()
    plain = unguarded if reader.format == "csv" else str
    columns = []
    for field in schema:
        # Of texts one is null where nothing is said; a format without nulls holds it as an empty cell.
        string = pa.types.is_string(field.type) and not field.name.endswith("schooling_level")
        empty: Any = [] if pa.types.is_list(field.type) else "" if string else None
        cells = (row.get(field.name) for row in rows)
        columns.append([empty if cell in ("", None, []) else _typed(cell, field.type, plain) for cell in cells])
    return pa.table(columns, schema=schema)


def _typed(cell: Any, kind: pa.DataType, plain: Callable[[str], str]) -> Any:
    if pa.types.is_list(kind):
        return cell if isinstance(cell, list) else str(cell).split("; ")
    return plain(str(cell)) if pa.types.is_string(kind) else float(cell)


def _keys(batch: Batch, key: str | None, where: str) -> NDArray[np.uint64]:
    """A number for each ad, by which it is known again; 0 where it has no key."""
    if key is not None:
        rows = batch.rows()
        if rows and key not in rows[0]:
            raise no_column(key, rows[0], where)
        named = [cell_bytes(row.get(key)) for row in rows]
        return np.array([_number(name) if name else 0 for name in named], np.uint64)
    titles, codes = batch.titles or [""] * len(batch), batch.codes or [""] * len(batch)
    ads = zip(titles, batch.texts, codes, strict=True)
    return np.array([_number("\0".join(ad).encode("utf-8", "surrogatepass")) for ad in ads], np.uint64)


def _number(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big") or 1
