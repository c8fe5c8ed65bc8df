"""Where words begin and end, so that shown words are whole: "T&E Analyst" for "E Analyst"."""

from __future__ import annotations

import html

JOINTS = "&/+-'\u2019"  # that hold a word together
LONG = 5  # small letters that are a word by themselves
CLOSING = "+#"  # signs that end one: C++, C#


def whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a run of a text to the words that it begins and ends in.

    Examples
    --------
    >>> text = "Senior T&E Analyst"
    >>> begin, stop = whole_words(text, 9, 18)
    >>> text[begin:stop]
    'T&E Analyst'
    """
    if not 0 <= start < end <= len(text):
        return start, end
    while start > 0 and is_joined(text, start):
        start -= 1
    while end < len(text) and (is_joined(text, end) or (text[end] in CLOSING and text[end - 1] != " ")):
        end += 1
    return start, end


def shown(words: str) -> str:
    """Words of an ad on one line, with entities as the characters that they stand for.

    Examples
    --------
    >>> shown("Bachelor&rsquo;s\\n degree")
    'Bachelor’s degree'
    """
    return " ".join(html.unescape(words).split())


def is_joined(text: str, k: int) -> bool:
    """Whether no word ends before character k, in a script that parts words by signs."""
    left, right = text[k - 1], text[k]
    if is_hanzi(left) or is_hanzi(right):
        return False
    if left.isalnum() and right.isalnum():
        return not is_glued(text, k)
    if right in JOINTS:
        return left.isalnum() and k + 1 < len(text) and text[k + 1].isalnum() and not is_hanzi(text[k + 1])
    return left in JOINTS and right.isalnum() and k > 1 and text[k - 2].isalnum() and not is_hanzi(text[k - 2])


def is_glued(text: str, k: int) -> bool:
    """Whether two words run together at character k: "designGIS", "55403Sales"; not "JavaScript", "iOS"."""
    if not text[k].isupper():
        return False
    begin = k
    while begin > 0 and text[begin - 1].islower():
        begin -= 1
    if begin == k:
        return text[max(k - 3, 0) : k].isdigit() and k >= 3
    return k - begin >= LONG and (begin == 0 or not text[begin - 1].isalpha())


def is_hanzi(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"
