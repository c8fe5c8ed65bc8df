"""The way of one CSV row through the code: modules, functions, and calls from one room into another.

    python -m research.measure.way_of_an_ad

The row is labelled twice before, so that what is kept from batch to batch is there. A room is a folder of the package.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import FrameType

import collarclass
from collarclass import label_file

PACKAGE = Path(collarclass.__file__).parent
AD = "MIG welding of steel frames in our shop. Forklift licence required; high school diploma preferred."


def module_of(frame: FrameType | None) -> str | None:
    """The package's module that a frame, or the nearest frame that called it, belongs to."""
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(str(PACKAGE)):
            return path[len(str(PACKAGE)) + 1 :]
        frame = frame.f_back
    return None


def measure() -> tuple[set[str], set[str], Counter[tuple[str, str]]]:
    """Modules and functions that are entered, and how often each function of another room is called from a room."""
    modules, functions = set[str](), set[str]()
    changes = Counter[tuple[str, str]]()

    def watch(frame: FrameType, event: str, _: object) -> None:
        path, name = frame.f_code.co_filename, frame.f_code.co_qualname
        if event != "call" or not path.startswith(str(PACKAGE)) or name.endswith(">"):
            return
        module, caller = module_of(frame), module_of(frame.f_back)
        assert module is not None
        modules.add(module)
        functions.add(f"{module}:{name}")
        if caller is not None and caller.split("/")[0] != module.split("/")[0]:
            changes[caller.split("/")[0], f"{module}:{name}"] += 1

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "ads.csv"
        source.write_text(f"title,description\nWelder,{AD}\n", "utf-8")
        for n in range(2):
            label_file(source, Path(folder) / f"{n}.csv")
        sys.setprofile(watch)
        try:
            label_file(source, Path(folder) / "watched.csv")
        finally:
            sys.setprofile(None)
    return modules, functions, changes


def main() -> None:
    """Print the counts, and the calls between rooms."""
    modules, functions, changes = measure()
    print(f"{len(modules)} modules, {len(functions)} functions, {changes.total()} changes of room")
    for (room, function), n in changes.most_common():
        print(f"{n:4}  {room} calls {function}")


if __name__ == "__main__":
    main()
