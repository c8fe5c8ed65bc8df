"""Where words begin and end, so that shown words are whole: 研发主管 for 发主管, "T&E Analyst" for "E Analyst"."""

from __future__ import annotations

import html
import string
from functools import cache
from importlib.resources import files

_MAX_WORD_CHARACTERS = 4  # characters of a word of the list
_REACH = 12  # characters before a run from where its words are told apart
_LATIN = string.ascii_letters + string.digits  # of these as many as stand together are one word
_WINDOW = 64  # characters of which such a run is looked for at once
_JOINTS = "&/+-'\u2019"  # that hold a word together
_CLOSING = "+#"  # signs that end one: C++, C#


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
    if _is_hanzi(text[start]):
        start = _word_at(text, start)[0]
    else:
        while start > 0 and _joined(text, start):
            start -= 1
            if text[start] in _LATIN:
                before = text[max(start - _WINDOW, 0) : start]
                start -= len(before) - len(before.rstrip(_LATIN))
    if _is_hanzi(text[end - 1]):
        end = _word_at(text, end - 1)[1]
    else:
        while end < len(text) and (_joined(text, end) or (text[end] in _CLOSING and text[end - 1] != " ")):
            end += 1
            if text[end - 1] in _LATIN:
                behind = text[end : end + _WINDOW]
                end += len(behind) - len(behind.lstrip(_LATIN))
    return start, end


def shown(words: str) -> str:
    """Words of an ad on one line, with entities as the characters that they stand for.

    Examples
    --------
    >>> shown("Bachelor&rsquo;s\\n degree")
    'Bachelor’s degree'
    """
    return " ".join(html.unescape(words).split())


def _joined(text: str, k: int) -> bool:
    """Whether no word ends before character k, in a script that parts words by signs."""
    left, right = text[k - 1], text[k]
    if _is_hanzi(left) or _is_hanzi(right):
        return False
    if left.isalnum() and right.isalnum():
        return True
    if right in _JOINTS:
        return left.isalnum() and k + 1 < len(text) and text[k + 1].isalnum() and not _is_hanzi(text[k + 1])
    return left in _JOINTS and right.isalnum() and k > 1 and text[k - 2].isalnum() and not _is_hanzi(text[k - 2])


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
