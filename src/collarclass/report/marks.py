"""An ad as page and report show it: without its markup, cut where its marks begin and end."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from collarclass.result import Classification

_SHOWN_CHARACTERS, _HEAD, _AROUND = 1600, 420, 130  # of a long ad: in all, of its beginning, around its marks
_LEFT_OUT = " […] "
_MARKUP = re.compile(r"<!--.*?-->|</?([a-zA-Z][a-zA-Z0-9]*)[^<>]*>|&(?:#\w{1,8}|[a-zA-Z]\w{1,30});", re.DOTALL)
_BLOCKS = frozenset(("br", "p", "div", "li", "ul", "ol", "tr", "h1", "h2", "h3", "h4"))
_MANY_LINES = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters of an ad that look alike."""

    text: str
    dimension: str = ""
    strength: int = 0  # 1 to 5; 0 for words that did not decide
    status: str = ""  # of what is asked for here


def _visible(text: str) -> Iterator[tuple[int, int, str]]:
    """Where what is shown stands in a text: characters of tags are left out, entities are what they mean."""
    at = 0
    for found in _MARKUP.finditer(text):
        yield at, found.start(), text[at : found.start()]
        tag = (found[1] or "").lower()
        shown = html.unescape(found[0]) if found[0][0] == "&" else "\n" if tag in _BLOCKS else ""
        yield found.start(), found.end(), shown
        at = found.end()
    yield at, len(text), text[at:]


def plain(text: str) -> str:
    """A text without markup, in as few lines as it has."""
    return _MANY_LINES.sub("\n\n", "".join(shown for _, _, shown in _visible(text))).strip()


def excerpt(text: str, most: int = 100) -> str:
    """The beginning of a text without markup, on one line, cut between words.

    Examples
    --------
    >>> excerpt("<p>Weld frames</p> of steel.", 16), excerpt("焊工：焊接钢结构", 5)
    ('Weld frames of…', '焊工：焊接…')
    """
    words = " ".join(plain(text).split())
    if len(words) <= most:
        return words
    end = words.rfind(" ", most // 2, most + 1)  # Chinese has no spaces to cut at
    return words[: most if end < 0 else end].rstrip(" ,;:.，；：。、") + "…"


def pieces(text: str, field: str, found: Classification | None = None) -> list[Piece]:
    """One field of an ad, cut where its marks begin and end."""
    reasons = [
        (r.start, r.end, r)
        for r in (found.reasons if found is not None else ())
        if r.field == field and r.start is not None and r.end is not None
    ]
    asked = [r for r in found.requirements if r.field == field] if found is not None else []
    strongest = max((abs(r.weight) for r in found.reasons), default=1.0) if found is not None else 1.0
    ends = [(start, end) for start, end, _ in reasons] + [(one.start, one.end) for one in asked]
    cuts = sorted({0, len(text), *(at for pair in ends for at in pair)})
    looks = []
    for start in cuts[:-1]:
        here = max((r for begin, end, r in reasons if begin <= start < end), key=lambda r: abs(r.weight), default=None)
        status = next((r.status for r in asked if r.start <= start < r.end), "")
        level = 0 if here is None else max(1, round(5 * abs(here.weight) / strongest))
        looks.append((here.dimension if here is not None else "", level, status))
    out: list[Piece] = []
    for start, end, shown in _visible(text):
        if shown != text[start:end]:  # a tag or an entity looks like what surrounds it
            _add(out, shown, *looks[max(0, bisect_right(cuts, start) - 1)] if looks else ("", 0, ""))
            continue
        at = start
        while at < end:
            i = bisect_right(cuts, at) - 1
            stop = min(end, cuts[i + 1])
            _add(out, text[at:stop], *looks[i])
            at = stop
    return out


def _add(out: list[Piece], text: str, *look: Any) -> None:
    piece = Piece(text, *look)
    if out and replace(out[-1], text=text) == piece:
        out[-1] = replace(piece, text=out[-1].text + text)
    elif text:
        out.append(piece)


def passages(found: Sequence[Piece]) -> list[Piece]:
    """An ad whole, or the beginning of a long one and what stands around its deciding words."""
    if sum(len(piece.text) for piece in found) <= _SHOWN_CHARACTERS:
        return list(found)
    out: list[Piece] = []
    left = _SHOWN_CHARACTERS
    for piece in found:
        text, head = piece.text, _AROUND if out else _HEAD
        if not piece.dimension and len(text) > head + _AROUND + len(_LEFT_OUT):
            text = text[:head] + _LEFT_OUT + (text[-_AROUND:] if piece is not found[-1] else "")
        if len(text) > left:
            return [*out, Piece(_LEFT_OUT)]
        out.append(replace(piece, text=text))
        left -= len(text)
    return out
