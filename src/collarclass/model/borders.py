"""Where words begin and end, so that shown words are whole: 研发主管 for 发主管, "T&E Analyst" for "E Analyst"."""

from __future__ import annotations

import html
import re
from functools import cache
from importlib.resources import files

_MAX_WORD_CHARACTERS = 4  # characters of a word of the list
_REACH = 12  # characters before a run from where its words are told apart
_ALNUM = r"[^\W_\u3400-\u9fff]"  # in a script that parts words by signs
_JOINT = "[&/+\\-'\u2019]"  # that holds a word together
_JOINED = rf"(?<={_ALNUM}){_ALNUM}++|(?<={_ALNUM}{_JOINT}){_ALNUM}|(?<={_ALNUM}){_JOINT}(?={_ALNUM})"
_BEFORE = re.compile(rf"(?:{_JOINED})*+")  # the same from the right to the left
_BEHIND = re.compile(rf"(?:{_JOINED}|(?<! )[+#])*+")  # signs that end a word, too: C++, C#
_WINDOW = 64  # characters that are turned round at once


def whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a run of a text to the words that it begins and ends in.

    Examples
    --------
    >>> text = "急聘研发主管一名"
    >>> begin, stop = whole_words(text, 3, 6)
    >>> text[begin:stop]
    '研发主管'
    >>> text = "Senior T&E Analyst"
    >>> begin, stop = whole_words(text, 9, 18)
    >>> text[begin:stop]
    'T&E Analyst'
    """
    if not 0 <= start < end <= len(text):
        return start, end
    start = _word_at(text, start)[0] if _is_hanzi(text[start]) else _word_before(text, start)
    if _is_hanzi(text[end - 1]):
        end = _word_at(text, end - 1)[1]
    elif (found := _BEHIND.match(text, end)) is not None:
        end = found.end()
    return start, end


def shown(words: str) -> str:
    """Words of an ad on one line, with entities as the characters that they stand for.

    Examples
    --------
    >>> shown("Bachelor&rsquo;s\\n degree")
    'Bachelor’s degree'
    """
    return " ".join(html.unescape(words).split())


def _word_before(text: str, start: int) -> int:
    """Where the word begins that holds characters `start` - 1 and `start`."""
    right, window = min(start + 2, len(text)), _WINDOW
    while True:
        left = max(start - window, 0)
        turned = text[left:right][::-1]
        found = _BEFORE.match(turned, right - start)
        end = found.end() if found else right - start
        if left == 0 or end < len(turned) - 1:  # what joins two characters may stand in the next
            return right - end
        window *= 4


def _word_at(text: str, k: int) -> tuple[int, int]:
    """Begin and end of the Chinese word that a character stands in: the longest words from the left."""
    begin = k
    while begin > 0 and k - begin < _REACH and _is_hanzi(text[begin - 1]):
        begin -= 1
    while True:
        longest = min(_MAX_WORD_CHARACTERS, len(text) - begin)
        size = next((n for n in range(longest, 1, -1) if text[begin : begin + n] in _words()), 1)
        if begin + size > k:
            return begin, begin + size
        begin += size


def _is_hanzi(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"


@cache
def _words() -> frozenset[str]:
    return frozenset((files("collarclass") / "model" / "chinese_words.txt").read_text("utf-8").split())
