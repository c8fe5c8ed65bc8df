"""The modules that read ads, compiled: used if they are whole, and were made of the sources that are here.

Each is a plain Python file with its types in a `.pxd` file beside it, and runs as it stands where nothing was
compiled. `hatch_build.py` compiles them into the folder `_compiled`, with a list of digests, so that no old binary
hides an edited file, and none that was damaged is loaded.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import nullcontext
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

nogil = nullcontext()  # what `cython.nogil` is where there is no Cython: modules import this one in its place
SWITCH = "COLLARCLASS_COMPILED"  # environment variable; "off" for plain Python
PACKAGE = Path(__file__).parent
FOLDER = PACKAGE / "_compiled"
MADE_OF = FOLDER / "made_of.json"
ROOMS = ("text", "features", "requirement_reader", "model")
SUFFIX = EXTENSION_SUFFIXES[0]


def sources() -> list[Path]:
    """The modules that can be compiled."""
    return [types.with_suffix(".py") for room in ROOMS for types in sorted((PACKAGE / room).glob("*.pxd"))]


def digest_of(paths: Iterable[Path]) -> str:
    """One digest of the content of some files."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def sources_digest() -> str:
    """A digest of all that the compiled modules are made of."""
    return digest_of(part for path in sources() for part in (path, path.with_suffix(".pxd")))


def made_of() -> dict[str, Any]:
    """What was compiled: a digest of all sources, and by its file's name of each module's sources and binary."""
    try:
        found: dict[str, Any] = json.loads(MADE_OF.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found


@cache
def is_compiled() -> bool:
    """Whether ads are read by compiled code."""
    if os.environ.get(SWITCH, "").lower() in ("off", "0", "no"):
        return False
    made = made_of()
    try:
        return bool(made) and made["sources"] == sources_digest() and is_whole(made["binaries"])
    except (OSError, KeyError, TypeError, AttributeError):
        return False


def is_whole(binaries: dict[str, str]) -> bool:
    """Whether there is a binary of each module, as it was made: one that was cut short would end the process."""
    names = {f"{path.parent.name}/{path.stem}{SUFFIX}" for path in sources()}
    return names == set(binaries) and all(digest_of([FOLDER / name]) == known for name, known in binaries.items())


def description() -> str:
    """How ads are read, in words."""
    if is_compiled():
        return "compiled"
    return "not compiled, reads slowly: install a C compiler, then collarclass again"


def search_path(room: str, path: list[str]) -> list[str]:
    """Where a room's modules are looked for: first among those that were compiled."""
    return [str(FOLDER / room), *path] if is_compiled() else path
