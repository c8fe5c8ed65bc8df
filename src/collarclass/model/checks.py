"""What a model folder must be before any of it is used: files, JSON head, arrays.

A folder may come from a stranger. Each check raises ValueError with what is wrong; `load_model` says in which folder.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from collarclass.requirement_reader.decide import N_DECIDING, N_WEIGHTS, RELATIONS
from collarclass.requirement_reader.stated import FEATURES

_MAX_FILE_BYTES = 256 << 20
_MAX_HEAD_BYTES = 16 << 20  # of model.json
_MAX_FILES = 200
_MAX_TERMS = 4_000_000  # of a vocabulary
_MAX_WEIGHT = 1e6  # any more is damage, and sums of them must stay finite
_MAX_NAME_CHARACTERS = 200

# Shapes of the arrays; a letter stands for a number that is the same wherever the letter is.
_F, _B, _U1, _U8 = (np.dtype(kind) for kind in ("<f4", "?", "u1", "<u8"))
_Shape = tuple[int | str, ...]
_BLOCK: dict[str, tuple[np.dtype[Any], _Shape]] = {
    "hashes": (_U8, ("n",)),
    "order": (_U1, ("n",)),
    "scale": (_F, ("n",)),
    "weight": (_F, ("n", 2)),
    "displayable": (_B, ("n",)),
}
_PARTS: dict[str, dict[str, tuple[np.dtype[Any], _Shape]]] = {
    "text_": _BLOCK,
    "title_": _BLOCK,
    "": {
        "stated_weight": (_F, (len(FEATURES), 2)),
        "word_scale": (_F, (4, 2)),
        "intercept": (_F, (4, 2)),
        "decision": (_F, (3, 4)),
    },
    "reader_": {
        "hashes": (_U8, ("n",)),
        "weight": (_F, ("n", N_WEIGHTS)),
        "relation": (_F, (len(RELATIONS), N_DECIDING)),
    },
    "confidence_": {"temperature": (_F, (2,))},
    "bare_title_": {
        "hashes": (_U8, ("n",)),
        "scale": (_F, ("n",)),
        "weight": (_F, ("n", 2)),
        "job": (_F, ("n",)),
        "displayable": (_B, ("n",)),
        "intercept": (_F, (2,)),
        "decision": (_F, (2, 3, 4)),
        "min_job": (_F, (1,)),
    },
    "work_": {"text_weight": (_F, ("text",)), "title_weight": (_F, ("title",)), "start": (_F, (2, 3))},
}
_OPTIONAL = ("reader_", "confidence_", "bare_title_", "work_")  # there altogether or not at all
# Lowest and highest value of each limit.
_LIMITS = {"max_tokens": (1, 1_000_000), "min_terms": (0, 1_000_000), "min_known_share": (0, 1)}


def read_regular(folder: Path, name: str, most: int = _MAX_FILE_BYTES) -> bytes:
    """The bytes of a file of a folder; never of a pipe, a device, or a file that lies outside."""
    if not name or name != Path(name).name or name in (".", "..") or "\\" in name or "\0" in name:
        raise ValueError(f"{name!r} is no name of a file in it")
    try:
        path = (folder / name).resolve()
    except RuntimeError:  # how Python before 3.13 says that links go in a circle
        raise ValueError(f"{name} is a link to itself") from None
    if path.parent != folder.resolve():
        raise ValueError(f"{name} is a link out of it")
    # Without O_NONBLOCK opening a pipe would wait for its writer.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{name} is no regular file")
        if status.st_size > most:
            raise ValueError(f"{name} has {status.st_size:,} bytes, at most {most:,} are read")
        return file.read(most)


def read_head(folder: Path, name: str) -> dict[str, Any]:
    """The JSON head, an object."""
    content = read_regular(folder, name, _MAX_HEAD_BYTES)
    try:
        head = json.loads(content.decode("utf-8"))
    except RecursionError:
        raise ValueError(f"{name} is nested too deeply") from None
    if not isinstance(head, dict):
        raise ValueError(f"{name} holds no object")
    return head


def check_head(head: Mapping[str, Any]) -> None:
    """Names, limits and digests of the head."""
    for key in ("name", "version"):
        value = head.get(key)
        if not isinstance(value, str) or len(value) > _MAX_NAME_CHARACTERS or not value.isprintable():
            raise ValueError(f"{key!r} is no short printable text")
    if not isinstance(head.get("facts"), dict):
        raise ValueError("'facts' is no object")
    digests = head.get("sha256")
    if not isinstance(digests, dict) or len(digests) > _MAX_FILES:
        raise ValueError(f"'sha256' is no object of at most {_MAX_FILES} digests")
    if not all(isinstance(value, str) for value in digests.values()):
        raise ValueError("a digest is no text")


def check_limits(limits: Any) -> dict[str, float]:
    """The limits by name, each a number in its range."""
    if not isinstance(limits, dict) or set(limits) != set(_LIMITS):
        raise ValueError(f"'limits' does not hold {', '.join(_LIMITS)}")
    for name, (low, high) in _LIMITS.items():
        value = limits[name]
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or not low <= value <= high:
            raise ValueError(f"the limit {name} is {value!r:.40}, not a number from {low} to {high}")
    return limits


def read_checked(folder: Path, digests: Mapping[str, str]) -> dict[str, bytes]:
    """The files of a folder, each compared with its digest."""
    contents = {}
    for name, digest in digests.items():
        contents[name] = read_regular(folder, name)
        if hashlib.sha256(contents[name]).hexdigest() != digest:
            raise ValueError(f"{name} is damaged: its checksum differs")
    return contents


def read_array(name: str, content: bytes) -> NDArray[Any]:
    """A plain array; its size is compared with that of the file before any memory is taken."""
    file = io.BytesIO(content)
    try:
        version = npy.read_magic(file)
        reads = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        shape, by_column, kind = reads[version](file)
    except (ValueError, KeyError, TypeError, SyntaxError, RecursionError, MemoryError, EOFError, TokenError):
        raise ValueError(f"{name} is no array file") from None
    if kind.hasobject or kind.names is not None or kind.subdtype is not None:
        raise ValueError(f"{name} holds objects, not plain numbers")
    if any(size < 0 for size in shape) or math.prod(shape) * kind.itemsize != len(content) - file.tell():
        raise ValueError(f"{name} does not hold as many numbers as it says")
    return np.frombuffer(content, kind, offset=file.tell()).reshape(shape, order="F" if by_column else "C")


def check_arrays(arrays: Mapping[str, NDArray[Any]]) -> None:
    """Names, types, shapes and values of a model's arrays."""
    for prefix, parts in _PARTS.items():
        if prefix in _OPTIONAL and not any(prefix + name in arrays for name in parts):
            continue
        sizes: dict[str, int] = {}
        for name, (kind, shape) in parts.items():
            if prefix + name not in arrays:
                raise ValueError(f"the array {prefix}{name} is missing")
            _check_array(prefix + name, arrays[prefix + name], kind, shape, sizes)
    for block in ("text", "title"):
        weights, terms = arrays.get(f"work_{block}_weight"), arrays[f"{block}_hashes"]
        if weights is not None and len(weights) != len(terms):
            raise ValueError(f"work_{block}_weight has {len(weights):,} weights for {len(terms):,} terms")


def _check_array(name: str, array: NDArray[Any], kind: np.dtype[Any], shape: _Shape, sizes: dict[str, int]) -> None:
    if array.dtype != kind:
        raise ValueError(f"{name} is of type {array.dtype}, not {kind}")
    expected = tuple(
        size if isinstance(size, int) else sizes.setdefault(size, found)
        for size, found in zip(shape, array.shape, strict=False)
    )
    if array.shape != expected or len(shape) != array.ndim:
        raise ValueError(f"{name} has the shape {array.shape}, not {(*expected, *shape[len(expected) :])}")
    if max(array.shape) > _MAX_TERMS:
        raise ValueError(f"{name} has {max(array.shape):,} terms, at most {_MAX_TERMS:,} are read")
    if kind == _F and not (np.abs(array) <= _MAX_WEIGHT).all():  # not a number compares as false
        raise ValueError(f"{name} holds numbers that are not finite, or beyond {_MAX_WEIGHT:,.0f}")
    if kind == _U8 and len(array) > 1:
        ordered = np.sort(array)
        if (ordered[1:] == ordered[:-1]).any():
            raise ValueError(f"{name} holds a hash twice")
    if kind == _B and (array.view(np.uint8) > 1).any():
        raise ValueError(f"{name} holds more than yes and no")
    if kind == _U1 and not ((array >= 1) & (array <= 3)).all():
        raise ValueError(f"{name} holds other orders than 1 to 3")
