"""Workbooks and Parquet read by a child process, so that no file can end this one or fill its memory."""

from __future__ import annotations

import json
import multiprocessing.spawn
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import IO, Any, cast

from collarclass.errors import DataError
from collarclass.files import native_child as child
from collarclass.files.batch import Limits
from collarclass.files.source import Source
from collarclass.messages import Message, from_plain

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MALLOC_ARENA_MAX")


class NativeFile:
    """A Parquet file or a workbook in the hands of a child process; it ends when the source is closed."""

    def __init__(
        self, source: Source, kind: str, limits: Limits, sheet: str | None = None, named: Sequence[str] = ()
    ) -> None:
        self.where = source.name
        self._seconds = limits.seconds
        remedies = {
            "workbook": Message("save the sheet as CSV"),
            "parquet": Message("write it anew, with smaller row groups"),
        }
        self._remedy = remedies[kind]
        options = {
            "where": source.name, "sheet": sheet, "named": list(named), "columns": limits.columns,
            "row_bytes": limits.row_bytes, "memory": limits.memory, "seconds": limits.seconds,
            "remedy": self._remedy.to_plain(), "parent": os.getpid(),
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

    def head(self) -> dict[str, Any]:
        """What the file says of itself."""
        return cast(dict[str, Any], json.loads(self.expect(child.HEAD)))

    def expect(self, kind: bytes) -> bytes:
        """The content of the next message, which is of a certain kind."""
        found, content = self._message()
        if found != kind:
            raise self._ended()
        return content

    def messages(self, kind: bytes) -> Iterator[bytes]:
        """The contents of all messages that are left."""
        while True:
            found, content = self._message()
            if found == child.END:
                return
            if found != kind:
                raise self._ended()
            yield content

    def _message(self) -> tuple[bytes, bytes]:
        timer = threading.Timer(self._seconds, self._process.kill)
        timer.start()
        try:
            head = self._out.read(9)
            content = self._out.read(int.from_bytes(head[1:], "little")) if len(head) == 9 else b""
        finally:
            timer.cancel()
        if head[:1] == child.ERROR:
            raise DataError(from_plain(json.loads(content)))
        return head[:1], content

    def _ended(self) -> DataError:
        return DataError(
            "{where} cannot be read, because it is damaged or needs too much memory or time: {remedy}.",
            where=self.where, remedy=self._remedy,
        )  # fmt: skip

    def close(self) -> None:
        """End the child process."""
        self._process.kill()
        self._process.wait()
        self._out.close()
