"""Text that files can hold: as UTF-8, and in cells that no spreadsheet runs as formulas."""

from __future__ import annotations

import html
import re

START = "[=+\\-@\t\r＝＋－＠]"
_FORMULA, _GUARDED = re.compile(START), re.compile(f"'(?={START})")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TAG = re.compile("</?[A-Za-z][^<>]*>")


def guarded(cell: str) -> str:
    """A cell that starts no formula: an apostrophe stands before one.

    >>> guarded("=1+1"), guarded("Welder")
    ("'=1+1", 'Welder')
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """A cell as it was before `guarded`.

    >>> unguarded("'=1+1"), unguarded("'Welder'")
    ('=1+1', "'Welder'")
    """
    return _GUARDED.sub("", cell, count=1) if cell.startswith("'") else cell


def well_formed(text: str) -> str:
    """A text of the same length in which each lone surrogate is a replacement character.

    Python's str holds lone surrogates (from JSON escapes, or bytes that were no text); UTF-8, and with it Arrow,
    JSON and every file, does not.

    >>> well_formed("Caf\\ud83d\\u00e9") == "Caf\\ufffd\\u00e9"
    True
    """
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def shown(words: str) -> str:
    """Words of an ad on one line, without tags and with entities as the characters that they stand for.

    >>> shown("Bachelor&rsquo;s\\n degree")
    'Bachelor’s degree'
    """
    words = _TAG.sub("", words) if "<" in words else words
    return " ".join((html.unescape(words) if "&" in words else words).split())
