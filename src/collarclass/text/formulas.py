"""Cells that a spreadsheet would run as formulas, in files that people open."""

from __future__ import annotations

import re

START = "[=+\\-@\t\r＝＋－＠]"
_FORMULA, _GUARDED = re.compile(START), re.compile(f"'(?={START})")


def guarded(cell: str) -> str:
    """A cell that starts no formula: an apostrophe stands before one.

    Examples
    --------
    >>> guarded("=1+1"), guarded("Welder")
    ("'=1+1", 'Welder')
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """A cell as it was before `guarded`.

    Examples
    --------
    >>> unguarded("'=1+1"), unguarded("'Welder'")
    ('=1+1', "'Welder'")
    """
    return _GUARDED.sub("", cell, count=1) if cell.startswith("'") else cell
