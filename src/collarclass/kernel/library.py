"""The compiled library: found, checked and called by ctypes; or none, and then the callers' numpy code runs."""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # `collarclass --version` asks here, and need not wait for numpy
    from numpy.typing import NDArray

SWITCH = "COLLARCLASS_KERNEL"  # environment variable; "off" for the numpy code
_FOLDER = Path(__file__).parent
_SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
_COUNTING = ("find_hashes", "count_terms", "find_phrases", "find_runs")  # functions that return how much they found
_FUNCTIONS = (*_COUNTING, "scan_tokens", "fill_tokens", "fill_terms", "weigh_terms", "sum_weights",
              "cut_sentences", "sum_context", "count_numerals", "most_of_others",
              "add_relations", "sort_phrases", "count_years")  # fmt: skip
_MAX_BATCH_CHARACTERS = 1 << 31  # characters of a batch: places are kept as 32-bit integers


def _load() -> ctypes.CDLL | None:
    """The library, if it is there, wanted, and compiled from the source beside it."""
    path, source = _FOLDER / f"kernel{_SUFFIX}", _FOLDER / "kernel.c"
    if os.environ.get(SWITCH, "").lower() in ("off", "0", "no") or sys.byteorder != "little":
        return None
    try:
        library = ctypes.CDLL(str(path))
        library.source_digest.restype = ctypes.c_char_p
        compiled = library.source_digest()
        current = hashlib.sha256(source.read_bytes()).hexdigest().encode()
    except (OSError, AttributeError):
        return None
    if compiled != current:
        return None
    for name in _FUNCTIONS:
        getattr(library, name).restype = ctypes.c_int64 if name in _COUNTING else None
    return library


_loaded: list[ctypes.CDLL | None] = [_load()]


def is_compiled() -> bool:
    """Whether texts are read by compiled code."""
    return _loaded[-1] is not None


def description() -> str:
    """Which of the two reads, in words."""
    return "compiled kernel" if is_compiled() else "numpy kernel"


def fits(n_characters: int) -> bool:
    """Whether the compiled code is to read a batch of so many characters."""
    return _loaded[-1] is not None and n_characters < _MAX_BATCH_CHARACTERS


@contextmanager
def without_kernel() -> Iterator[None]:
    """Read by numpy code for a while, to compare the two."""
    _loaded.append(None)
    try:
        yield
    finally:
        _loaded.pop()


def call(name: str, *arguments: int | NDArray[Any]) -> int:
    """Call a function of the library with integers and arrays, which have to lie in one piece."""
    library = _loaded[-1]
    assert library is not None
    given: list[ctypes.c_int64 | ctypes.c_void_p] = []
    for argument in arguments:
        if isinstance(argument, int):
            given.append(ctypes.c_int64(argument))
        elif argument.flags.c_contiguous:
            given.append(ctypes.c_void_p(argument.ctypes.data))
        else:
            raise ValueError(f"An array given to {name} does not lie in one piece.")
    return int(getattr(library, name)(*given) or 0)
