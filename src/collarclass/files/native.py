"""Workbooks and Parquet read by a child process, so that no file can end this one or fill its memory."""

from __future__ import annotations

import atexit
import json
import multiprocessing.spawn
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any, cast

import pyarrow as pa

from collarclass.errors import DataError
from collarclass.files import native_child as child
from collarclass.files.source import Limits, Source
from collarclass.messages import from_plain

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MALLOC_ARENA_MAX")
_SMALL = 16 << 20  # bytes of a file after which a process reads another: a large one leaves it little memory


class _Child:
    """A process that reads one file after another, within limits."""

    def __init__(self, limits: dict[str, Any]) -> None:
        self.limits = limits
        path = os.pathsep.join(part or str(os.getcwd()) for part in sys.path)  # noqa: PTH109
        options = json.dumps({"limits": limits, "parent": os.getpid()})
        self.process = subprocess.Popen(
            [multiprocessing.spawn.get_executable(), "-P", "-m", child.__name__, options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path, **dict.fromkeys(_THREADS, "1")},
        )
        self.stdin, self.stdout = cast(IO[bytes], self.process.stdin), cast(IO[bytes], self.process.stdout)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.stdout.close()
        with suppress(OSError):
            self.stdin.close()


_idle: list[_Child] = []  # one at most, for the next file: to start takes longer than to read a small one


@atexit.register
def _end_idle() -> None:
    while _idle:
        _idle.pop().end()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # it is the parent's


def _find_child(limits: dict[str, Any]) -> _Child:
    with suppress(IndexError):  # none is idle, or another thread took it
        while True:
            found = _idle.pop()
            if found.limits == limits and found.process.poll() is None:
                return found
            found.end()
    return _Child(limits)


class NativeFile:
    """A Parquet file or a workbook in the hands of a child process, until the source is closed.

    `head` is what the file says of itself, `schema` that of the batches.
    """

    def __init__(self, source: Source, kind: str, sheet: str | None = None, named: Sequence[str] = ()) -> None:
        self._said = {"where": source.name, "remedy": child.REMEDIES[kind]}
        request = {"kind": kind, "path": source.path_on_disk(), "where": source.name, "sheet": sheet, "named": [*named]}
        self._child = _find_child({name: value for name, value in vars(Limits).items() if not name.startswith("_")})
        self._reusable = False
        self._small = source.size < _SMALL
        source.at_close(self.close)
        with self._in_time():
            self._child.stdin.write(json.dumps(request).encode() + b"\n")
            self._child.stdin.flush()
            self._stream = pa.ipc.open_stream(self._child.stdout)
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
            error, goes_on = json.loads(end[child.END])
            self._reusable = goes_on and self._small and next(self._stream, None) is None
            if error is not None:
                raise DataError(from_plain(error))
            return

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        timer = threading.Timer(Limits.seconds, self._child.process.kill)
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
        """Let the child process wait for another file, or end it."""
        if self._reusable and not _idle:
            _idle.append(self._child)
        else:
            self._child.end()
