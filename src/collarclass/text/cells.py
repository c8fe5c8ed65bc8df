"""Cells of tables: those of one ad joined into a text, with the way back to each, and text that any cell can hold.

The model reads the title, a line break and the text. On many job boards duties, requirements and schooling are columns
of their own. Put under its heading, each is read as it would be in one text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

MAX_TITLE_CHARACTERS = 100
_MAX_INLINE_CHARACTERS = 60  # of a cell that stands on the line of its heading
START = "[=+\\-@\t\r＝＋－＠]"
_FORMULA, _GUARDED = re.compile(START), re.compile(f"'(?={START})")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TAG = re.compile("</?[A-Za-z][^<>]*>")


@dataclass(frozen=True, slots=True)
class ColumnNames:
    """Common names of columns, folded, likeliest first."""

    title: tuple[str, ...]
    text: tuple[str, ...]  # of the body of an ad, of which a table has one
    part: dict[str, str]  # of the parts of an ad, of which a table may have several, with the heading of each


@cache
def column_names() -> ColumnNames:
    """The common names, English and Chinese."""
    found: dict[str, dict[str, str]] = {"title": {}, "text": {}, "part": {}}
    for line in (files("collarclass") / "text" / "column_names.tsv").read_text("utf-8").splitlines()[1:]:
        kind, name, heading = line.split("\t")
        found[kind].setdefault(fold(name), heading)
    return ColumnNames(tuple(found["title"]), tuple(found["text"]), found["part"])


def fold(name: object) -> str:
    """A column's name without case, spaces and punctuation.

    >>> fold("Job_Title"), fold("job title")
    ('jobtitle', 'jobtitle')
    """
    return "".join(c for c in str(name).casefold() if c.isalnum())


@lru_cache(1000)
def spellings(name: str) -> tuple[str, str]:
    """A column's name as the common ones are written: whole, and the end of a dotted one.

    >>> spellings("job.Job_Title")
    ('jobjobtitle', 'jobtitle')
    """
    whole, _, end = name.rpartition(".")
    return (fold(name), fold(end)) if whole else (fold(name),) * 2


@lru_cache(1000)
def heading_of(name: str) -> str:
    """The heading under which a column is read; none for the body of an ad.

    >>> heading_of("min_requirements"), heading_of("job.education"), heading_of("学历"), heading_of("description")
    ('Minimum requirements', 'Education', '学历要求', '')
    >>> heading_of("what_you_bring")
    'What you bring'
    """
    known = column_names()
    for folded in spellings(name):
        if folded in known.part:
            return known.part[folded]
        if folded in known.text:
            return ""
    words = " ".join(name.rpartition(".")[2].replace("_", " ").split())
    return words[:1].upper() + words[1:]


@dataclass(frozen=True, slots=True)
class Cell:
    """Where one cell stands in a joined text: `text[start:end]` is the cell."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class JoinedText:
    """The text of one ad: as it was passed, or its cells under their headings, with the way back to each."""

    text: str
    cells: tuple[Cell, ...] = ()  # that are not empty; none of a text that was passed as one

    def place(self, start: int, end: int) -> tuple[str, int, int, str]:
        """Field, offsets there and words of a run of the text.

        What begins before its cell, in the heading, is cut to the cell; what lies in a heading alone has an empty
        run at the beginning of the cell.

        >>> ad = join_sections(["education"], ["High school"])
        >>> ad.place(11, 15), ad.place(0, 9)
        (('education', 0, 4, 'High'), ('education', 0, 0, ''))
        """
        cell = next((cell for cell in self.cells if end <= cell.end), Cell("text", 0, len(self.text)))
        start, end = (min(max(place, cell.start), cell.end) for place in (start, end))
        return cell.name, start - cell.start, end - cell.start, self.text[start:end]


def join_sections(names: Iterable[object], values: Iterable[str]) -> JoinedText:
    """Join the cells of one ad into a text, each under its column's heading; empty cells are left out.

    >>> ad = join_sections(["description", "education"], ["Run the lathe.", "High school"])
    >>> ad.text
    'Run the lathe.\\nEducation: High school'
    >>> [ad.text[cell.start:cell.end] for cell in ad.cells]
    ['Run the lathe.', 'High school']
    """
    text, cells = "", []
    for name, value in zip(names, values, strict=True):
        if not value.strip():
            continue
        if text:
            text += "\n"
        if heading := heading_of(str(name)):
            chinese = "\u3400" <= heading[0] <= "\u9fff"
            short = len(value) <= _MAX_INLINE_CHARACTERS and "\n" not in value
            text += heading + ("：" if chinese else ": " if short else ":") + ("" if short else "\n")
        cells.append(Cell(str(name), len(text), len(text) + len(value)))
        text += value
    return JoinedText(text, tuple(cells))


def first_line(text: str) -> tuple[int, int]:
    """Start and end of the first line that is not blank; of nothing where it is longer than a title.

    >>> first_line("  Welder\\nMIG and TIG"), first_line("word " * 50)
    ((2, 8), (0, 0))
    """
    start = len(text) - len(text.lstrip())
    line = text[start : start + MAX_TITLE_CHARACTERS + 1].partition("\n")[0]
    return start, start + (len(line) if len(line) <= MAX_TITLE_CHARACTERS else 0)


def title_of(text: str, title: str | None) -> str:
    """The title that was passed, or else a short first line; empty where there is neither.

    >>> title_of("Welder\\nMIG and TIG", None), title_of("Welder\\nMIG and TIG", "Fitter")
    ('Welder', 'Fitter')
    """
    start, end = first_line(text)
    return (title or "").strip() or text[start:end].strip()


def join_title(text: str, title: str | None) -> tuple[str, int, int]:
    """Combine one ad's title and text into the text that the model reads, with the title's end and the text's begin.

    The text stands alone where it begins with the title; where no title was passed, a short first line is one.
    """
    if title is None:
        start, end = first_line(text)
        is_title = text[end : end + 1] == "\n" and "<" not in text[start:end]
        return text, end if is_title else 0, 0
    if not title.strip() or text.startswith(title):
        return text, len(title), 0
    return f"{title}\n{text}", len(title), len(title) + 1


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
