"""The command `collarclass`, in this process for what it prints and writes, or as it is installed."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from collarclass.cli.main import main

INSTALLED = shutil.which("collarclass", path=str(Path(sys.executable).parent))
COMMAND = [INSTALLED] if INSTALLED else [sys.executable, "-m", "collarclass"]
_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def run(
    *args: str | Path, stdin: str | bytes = b"", code: int | None = 0, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Call the console script's entry point: much sooner than a process, which imports the library anew.

    With None any exit code will do.
    """
    content, out, err = io.BytesIO(stdin.encode() if isinstance(stdin, str) else stdin), io.BytesIO(), io.BytesIO()
    with _as_a_process([str(arg) for arg in args], content, out, err), chdir(cwd or Path.cwd()):
        try:
            main()
        except SystemExit as end:
            found = int(end.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
        return _checked(args, found, code, out.getvalue().decode(), err.getvalue().decode())


def run_installed(
    *args: str | Path, stdin: str | bytes = b"", code: int = 0, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Start the command as it is installed."""
    content = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run([*COMMAND, *map(str, args)], input=content, capture_output=True, check=False, **options)
    return _checked(args, done.returncode, code, done.stdout.decode(), done.stderr.decode())


def _checked(
    args: tuple[str | Path, ...], found: int, code: int | None, out: str, err: str
) -> subprocess.CompletedProcess[str]:
    assert code is None or found == code, err
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    return subprocess.CompletedProcess(args, found, out, err)


@contextmanager
def _as_a_process(args: list[str], stdin: io.BytesIO, stdout: io.BytesIO, stderr: io.BytesIO) -> Iterator[None]:
    """Give a call arguments and streams of its own, and take away what it leaves in this process."""
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        with (
            mock.patch.object(sys, "argv", ["collarclass", *args]),
            mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BufferedReader(stdin), "utf-8")),
            mock.patch.object(sys, "stdout", io.TextIOWrapper(stdout, "utf-8", newline="")),
            mock.patch.object(sys, "stderr", io.TextIOWrapper(stderr, "utf-8", newline="")),
            mock.patch.dict(os.environ),
        ):
            yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
