"""What the page says of errors and odd rows: in words for people who look at a page, in English or in Chinese."""

from __future__ import annotations

import json
import re
from contextvars import ContextVar
from functools import cache
from importlib.resources import files

# What errors say of Python and of the command line.
_ON_THE_PAGE = (
    (r"Name it with text=\.\.\. in Python or --text on the command line\.", "Choose the column that holds the ads."),
    (r" with (title|text|sheet|date)=\.\.\.( or text=\.\.\.)?( in Python or --\w+ on the command line| \(--[^)]*\))",
     ""),
    (r"(,? or|:) raise \w+ \(--[\w-]+\)", ""),
    (r"give another header_row", "give another row of column names"),
    (r"fetch it again", "download it again"),
    (r"say date_order='dmy' or 'mdy' \(--date-order[^)]*\)", "say which comes first"),
    (r"give the added columns a prefix(,.*?on the command line, or rename or drop yours| \(.*?\))",
     "rename or remove yours"),
)  # fmt: skip
_chinese: ContextVar[bool] = ContextVar("chinese", default=False)


def choose_language(accepted: str | None) -> None:
    """Speak the language that a request asks for first, as far as it is known."""
    _chinese.set((accepted or "").strip().lower().startswith("zh"))


def on_the_page(message: str) -> str:
    """A message of the library without what only those who program or type commands can do.

    Examples
    --------
    >>> on_the_page("ads.csv.gz is damaged or cut off (no end): fetch it again.")
    'ads.csv.gz is damaged or cut off (no end): download it again.'
    """
    for pattern, words in _ON_THE_PAGE:
        message = re.sub(pattern, words, message)
    return message


def said(message: str) -> str:
    """A message in the language of the request."""
    return in_chinese(message) if _chinese.get() else message


def in_chinese(message: str) -> str:
    """A message in Chinese; one that nobody has translated stays as it is, and is said to be in English.

    Examples
    --------
    >>> in_chinese("There is no row 7: the file has 5.")
    '没有第 7 行：文件共 5 行。'
    """
    message = on_the_page(message)
    for pattern, words in _templates():
        if found := pattern.fullmatch(message):
            return words.format(*found.groups())
    return f"程序的提示（英文）：{message}"


def note_said(note: str) -> str:
    """What is odd about a row, in the language of the request."""
    return "；".join(map(in_chinese, note.split("; "))) if _chinese.get() else note


@cache
def _templates() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Patterns of messages and what they are in Chinese; those with more fixed words first."""
    pairs = json.loads((files("collarclass") / "app" / "messages_zh.json").read_text("utf-8"))
    pairs.sort(key=lambda pair: -len(pair[0].replace("{}", "")))
    return tuple(
        (re.compile("(.*?)".join(map(re.escape, english.split("{}"))), re.DOTALL), chinese)
        for english, chinese in pairs
    )
