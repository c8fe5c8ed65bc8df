"""Files that are named by a URL, such as s3://bucket/ads.csv: read as a stream, written when they are whole."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from collarclass.errors import CollarclassError, DataError, MissingPartError, import_optional

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def is_remote(path: str) -> bool:
    """Whether a name is a URL.

    Examples
    --------
    >>> is_remote("s3://bucket/ads.csv"), is_remote("C:\\\\ads.csv"), is_remote("ads.csv")
    (True, False, False)
    """
    return _URL.match(path) is not None


def url_path(path: str) -> PurePosixPath:
    """The path in a URL, without a query, whose name and endings tell what the file is.

    Examples
    --------
    >>> url_path("https://example.org/ads.csv.gz?token=1").suffixes
    ['.csv', '.gz']
    """
    return PurePosixPath(path.split("?")[0] if path.startswith("http") else path)


def open_remote(url: str) -> BinaryIO:
    """Open a file for reading; its bytes are fetched as they are read."""
    with _said(url, "read"):
        return cast(BinaryIO, _fsspec(url).open(url, "rb").open())


def open_file(path: str | os.PathLike[str]) -> BufferedReader:
    """Open a file of this machine, or one that is named by a URL, for reading."""
    name = os.fspath(path)
    return cast(BufferedReader, open_remote(name)) if is_remote(name) else Path(name).open("rb")


def find_urls(pattern: str) -> list[str]:
    """URLs that match one with stars, in order."""
    with _said(pattern, "listed"):
        system, path = _fsspec(pattern).core.url_to_fs(pattern)
        return [system.unstrip_protocol(found) for found in sorted(system.glob(path))]


def version(url: str) -> list[Any]:
    """What changes with the file, as far as its place says: size, time, tag."""
    with _said(url, "read"):
        system, path = _fsspec(url).core.url_to_fs(url)
        return [system.ukey(path)]


@contextmanager
def written_to(url: str, force: bool) -> Iterator[str]:
    """Give the name of a local file, and copy it to the URL when all went well.

    Raises
    ------
    DataError
        If there is a file already, unless `force`, or it cannot be written.
    """
    with _said(url, "written"):
        system, path = _fsspec(url).core.url_to_fs(url)
        if not force and system.exists(path):
            raise DataError(f"{url} is there already: choose another name, or overwrite it with force=True (--force).")
    with tempfile.TemporaryDirectory() as folder:
        local = Path(folder) / url_path(url).name
        yield str(local)
        with _said(url, "written"), local.open("rb") as made, _fsspec(url).open(url, "wb") as target:
            shutil.copyfileobj(made, target, 1 << 20)


@contextmanager
def named(source: Any) -> Iterator[Any]:
    """Give a source a name: an open binary file is copied to one, anything else has names."""
    if not hasattr(source, "read"):
        yield source
        return
    name = getattr(source, "name", "")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / (PurePosixPath(name).name if isinstance(name, str) and name else "ads")
        try:
            with copy.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
        except TypeError:
            raise DataError("The source is a file open for text: open it in mode 'rb'.") from None
        yield str(copy)


def _fsspec(url: str) -> Any:
    return import_optional("fsspec", url, "remote")


@contextmanager
def _said(url: str, what: str) -> Iterator[None]:
    """Put what a storage library raises, which may be anything, in one sentence."""
    try:
        yield
    except CollarclassError:
        raise
    except ImportError as error:  # fsspec names the package of the protocol
        raise MissingPartError(f"{url} cannot be {what}: {' '.join(str(error).split()).rstrip('.')}.") from None
    except FileNotFoundError:
        raise DataError(f"There is no file {url}: check its name and place.") from None
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(f"{url} cannot be {what} ({reason}): check the address, and who may use it.") from None
