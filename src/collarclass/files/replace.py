"""A small file, written beside its target and put in its place when it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collarclass.errors import DataError


@contextmanager
def replacing(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a path to write to, which takes the target's name at the end; after an error nothing of it stays."""
    path = Path(target)
    fresh = path.with_name(f".{path.name}.partial")
    try:
        yield fresh
        fresh.replace(path)
    except OSError as error:
        raise DataError(f"{path} cannot be written ({error.strerror or error}): check its folder and disk.") from error
    finally:
        fresh.unlink(missing_ok=True)
