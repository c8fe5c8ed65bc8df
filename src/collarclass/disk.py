"""What may not go wrong on a disk: two runs that write one thing, and results that are not there after a power cut."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collarclass.errors import DataError

_AGAIN = 0.02  # seconds until a lock that is held is tried again
_NOT_SUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


@contextmanager
def writing(name: str) -> Iterator[None]:
    """Say in a sentence what the disk refuses; that the reader of a pipe has enough is no error."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DataError(
            "{name} cannot be written ({reason}): check its folder and disk.", name=name,
            reason=error.strerror or error,
        ) from error  # fmt: skip


class Lock:
    """A lock on a file beside the target, which ends with the process however that ends; it waits so many seconds."""

    def __init__(self, path: Path, target: str, patience: float = 0.0) -> None:
        self._path = path
        end = time.monotonic() + patience
        while True:
            with writing(target):
                self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            if not _take_lock(self._descriptor):
                os.close(self._descriptor)
                if time.monotonic() < end:
                    time.sleep(_AGAIN)
                    continue
                raise DataError(
                    "{name} is being written by another run: wait for it, or choose another name.", name=target,
                )  # fmt: skip
            try:
                if os.path.samestat(os.fstat(self._descriptor), os.stat(path)):  # noqa: PTH116
                    return
            except FileNotFoundError:
                pass
            os.close(self._descriptor)  # the other run has just ended and removed the file

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Let others write; may be called again."""
        if self._descriptor >= 0:
            if os.name == "nt":  # an open file cannot be removed there
                os.close(self._descriptor)
                self._path.unlink(missing_ok=True)
            else:
                self._path.unlink(missing_ok=True)
                os.close(self._descriptor)
            self._descriptor = -1


def _take_lock(descriptor: int) -> bool:
    """Lock an open file; true also where the file system knows no locks."""
    if os.name == "nt":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def sync(descriptor: int) -> None:
    """Bring a file to the disk, where that is possible."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:  # not every place can be synchronised
            raise


def sync_folder(folder: Path) -> None:
    """Bring a renaming to the disk, where folders can be opened to be synchronised (not on Windows)."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)
