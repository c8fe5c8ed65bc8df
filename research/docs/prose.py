"""Find turns of phrase that are not plain English, in documentation, docstrings, comments and messages.

    python -m research.docs.prose

Prints each with its place and a plainer wording, and ends with 1 if there is one. The list is turns.txt.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TURNS = Path(__file__).with_name("turns.txt")
WHERE = (
    *("*.md", "docs/**/*.md", "data/**/*.md", "models/**/*.md", "benchmarks/*.md", "paper/*.md"),
    *("src/**/*.py", "src/**/*.js", "src/**/*.j2", "research/**/*.py", "benchmarks/*.py"),
)
VENDORED = "vendor"


def turns() -> list[tuple[re.Pattern[str], str]]:
    """Patterns, and what to write instead."""
    lines = [line for line in TURNS.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return [(re.compile(pattern, re.IGNORECASE), plain) for pattern, plain in (line.split("\t") for line in lines)]


def found_in(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, wording and plainer wording of each turn in a text.

    Examples
    --------
    >>> list(found_in("One.\\nHeed the last."))
    [(2, 'Heed', 'follow, read')]
    """
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern, plain in turns():
            for match in pattern.finditer(line):
                yield number, match[0], plain


def main() -> int:
    """Print every turn that is found."""
    files = sorted({path for pattern in WHERE for path in ROOT.glob(pattern) if VENDORED not in path.parts})
    n = 0
    for path in files:
        if path == Path(__file__):
            continue
        for line, wording, plain in found_in(path.read_text("utf-8")):
            print(f"{path.relative_to(ROOT)}:{line}: {wording!r}: write {plain}")
            n += 1
    return 1 if n else 0


if __name__ == "__main__":
    sys.exit(main())
