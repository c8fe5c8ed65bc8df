"""Text that can be written as UTF-8."""

from __future__ import annotations

import re

_SURROGATE = re.compile("[\ud800-\udfff]")


def well_formed(text: str) -> str:
    """A text of the same length in which each lone surrogate is a replacement character.

    Python's str holds lone surrogates (from JSON escapes, or bytes that were no text); UTF-8, and with it Arrow,
    JSON and every file, does not.

    Examples
    --------
    >>> well_formed("Caf\\ud83d\\u00e9") == "Caf\\ufffd\\u00e9"
    True
    """
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
