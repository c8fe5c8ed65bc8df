"""The title of an ad that has none: its first line, if that is short."""

from __future__ import annotations

MAX_TITLE_CHARACTERS = 100


def first_line(text: str) -> tuple[int, int]:
    """Start and end of the first line that is not blank; of nothing where it is longer than a title.

    Examples
    --------
    >>> first_line("  Welder\\nMIG and TIG"), first_line("word " * 50)
    ((2, 8), (0, 0))
    """
    start = len(text) - len(text.lstrip())
    line = text[start : start + MAX_TITLE_CHARACTERS + 1].partition("\n")[0]
    return start, start + (len(line) if len(line) <= MAX_TITLE_CHARACTERS else 0)


def title_of(text: str, title: str | None) -> str:
    """The title that was passed, or else a short first line; empty where there is neither.

    Examples
    --------
    >>> title_of("Welder\\nMIG and TIG", None), title_of("Welder\\nMIG and TIG", "Fitter")
    ('Welder', 'Fitter')
    """
    start, end = first_line(text)
    return (title or "").strip() or text[start:end].strip()
