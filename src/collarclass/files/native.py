"""Workbooks and Parquet read by a child process, so that no file can end this one or fill its memory."""

from __future__ import annotations

import json
import multiprocessing.spawn
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, cast

import pyarrow as pa

from collarclass.errors import DataError
from collarclass.files import native_child as child
from collarclass.files.source import Limits, Source
from collarclass.messages import from_plain

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MALLOC_ARENA_MAX")


class NativeFile:
    """A Parquet file or a workbook in the hands of a child process; it ends when the source is closed.

    `head` is what the file says of itself, `schema` that of the batches.
    """

    def __init__(self, source: Source, kind: str, sheet: str | None = None, named: Sequence[str] = ()) -> None:
        self._said = {"where": source.name, "remedy": child.REMEDIES[kind]}
        limits = {name: value for name, value in vars(Limits).items() if not name.startswith("_")}
        options = {
            "where": source.name, "sheet": sheet, "named": list(named), "limits": limits, "parent": os.getpid(),
        }  # fmt: skip
        path = os.pathsep.join(part or str(os.getcwd()) for part in sys.path)  # noqa: PTH109
        self._process = subprocess.Popen(
            [multiprocessing.spawn.get_executable(), "-P", "-m", child.__name__, kind, json.dumps(options)],
            stdin=source.seekable(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path, **dict.fromkeys(_THREADS, "1")},
        )
        self._out = cast(IO[bytes], self._process.stdout)
        source.at_close(self.close)
        with self._in_time():
            self._stream = pa.ipc.open_stream(self._out)
        metadata = dict(self._stream.schema.metadata or {})
        if child.HEAD not in metadata:
            next(self.batches())  # which says why
        self.head: dict[str, Any] = json.loads(metadata.pop(child.HEAD))
        self.schema: pa.Schema = self._stream.schema.with_metadata(metadata)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Rows, until the last batch, which says how reading ended."""
        while True:
            with self._in_time():
                batch, end = self._stream.read_next_batch_with_custom_metadata()
            if end is None:
                yield batch
                continue
            if error := json.loads(end[child.END]):
                raise DataError(from_plain(error))
            return

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        timer = threading.Timer(Limits.seconds, self._process.kill)
        timer.start()
        try:
            yield
        except (pa.ArrowException, StopIteration, OSError):
            raise DataError(
                "{where} cannot be read, because it is damaged or needs too much memory or time: {remedy}.",
                **self._said,
            ) from None  # fmt: skip
        finally:
            timer.cancel()

    def close(self) -> None:
        """End the child process."""
        self._process.kill()
        self._process.wait()
        self._out.close()
