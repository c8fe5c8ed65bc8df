"""HTML → the text that a reader sees, each character with its place in the source.

One tokenizer of our own instead of the standard library's parser, whose reading of malformed markup
differs between Python versions and whose time grows faster than its input. This one is total (any
text is read), takes time linear in the text, and gives the same on every Python.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:_-]*)")
# What may be markup: a tag ends (nearly all do so without attributes) or has an attribute before the next one begins.
_CANDIDATE = re.compile(r"<(?:/?([a-zA-Z][a-zA-Z0-9:_-]*+)[^<>=]*+([>=])|[!?])")
_OPENING = re.compile(r"<!--()()")  # of a comment, with the groups of a candidate
_QUOTED = re.compile(r"=\s*(?:\"[^\"]*\"|'[^']*')")
_STOP = re.compile(r"[<>=]")
# Apart, for an expression that begins with a letter of its own is searched for many times as fast.
_TAG, _REFERENCE = re.compile(r"<[a-zA-Z/!?]"), re.compile(r"&(?:#\d|#[xX][0-9a-fA-F]|[a-zA-Z])")
_ENTITY = re.compile(
    r"&(?:#\d{1,8};?|#[xX][0-9a-fA-F]{1,7};?|[a-zA-Z][a-zA-Z0-9]{1,30};|(?:nbsp|amp|lt|gt|quot)(?![a-zA-Z0-9=]))"
)
# fmt: off
_BLOCK_TAGS = frozenset(
    (
        "address", "article", "aside", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "fieldset",
        "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li",
        "main", "nav", "ol", "option", "p", "pre", "section", "select", "table", "tbody", "td", "tfoot", "th",
        "thead", "title", "tr", "ul",
    )
)
# fmt: on
_SILENT_TAGS = frozenset(("script", "style", "template"))
_INLINE_TAGS = ("a", "b", "em", "font", "i", "span", "strong", "u")
_SHOWN = {**dict.fromkeys(_BLOCK_TAGS, "\n"), **dict.fromkeys(_INLINE_TAGS, "")}  # what stands for most tags
_MAX_ESCAPES = 3  # once for the markup, and again for markup that was escaped


def read_markup(text: str) -> tuple[str, NDArray[np.int64] | None]:
    """Strip HTML and decode entities, keeping each character's place.

    Block elements become line breaks; script, style, comments and attributes are gone, also of HTML that was escaped
    once too often (``&amp;lt;p&amp;gt;``). Markup that is never closed hides nothing but itself. The places are None
    where there is no markup.

    >>> read_markup("<p>R&amp;D</p>")[0]
    '\\nR&D\\n'
    """
    places = None
    for _ in range(_MAX_ESCAPES):
        if not (_TAG.search(text) or _REFERENCE.search(text)):
            break
        pieces = _runs(text)
        plain = "".join([run for run, _, _ in pieces])
        if plain == text:
            break
        index = _spread(pieces)
        text, places = plain, index if places is None else places[index]
    return text, places


_Piece = tuple[str, int, int]  # a visible run, its start, and a step of 1 as it stands or 0 in something's place


def _add_text(pieces: list[_Piece], text: str, start: int, end: int) -> None:
    """Add a stretch without tags, its entities decoded."""
    done = start
    for match in _ENTITY.finditer(text, start, end):
        at, after = match.span()
        if at > done:
            pieces.append((text[done:at], done, 1))
        if decoded := _decoded(match[0]):
            pieces.append((decoded, at, 0))
        done = after
    if end > done:
        pieces.append((text[done:end], done, 1))


def _runs(text: str) -> list[_Piece]:
    """Cut a text into visible runs."""
    pieces: list[_Piece] = []
    unclosed: set[str] = set()  # what was sought once in vain, and is not sought again
    failed: set[int] = set()  # places from which on no tag ends
    done, last = 0, text.rfind(">")
    candidate, opening = _CANDIDATE.search, _OPENING.search
    found = candidate(text)
    while found:
        at, end = found.span()
        name, sign = found.groups()
        if sign != ">":
            end, replacement = _markup_at(text, at, unclosed, failed)
        elif name in _SHOWN:
            replacement = _SHOWN[name]
        else:
            end, replacement = _tag(text, at, end, name.lower(), unclosed)
        if end > at:
            if at > done:
                _add_text(pieces, text, done, at)
            if replacement:
                pieces.append((replacement, at, 0))
            done = end
        else:
            end = at + 1
        # Behind the last ">" nothing ends any more; what opens a comment is left out all the same.
        found = candidate(text, end) if end <= last else opening(text, end)
    if len(text) > done:
        _add_text(pieces, text, done, len(text))
    return pieces


def _markup_at(text: str, at: int, unclosed: set[str], failed: set[int]) -> tuple[int, str]:
    """Where the markup that begins at a "<" ends (there itself if it is none), and what stands for it."""
    if text.startswith("<!--", at):
        end = _after(text, "-->", at + 4, unclosed)
        return (end if end > 0 else at + 4), " "
    if text.startswith(("<!", "<?"), at):
        end = _after(text, ">", at + 2, unclosed)
        return (end if end > 0 else at), ""
    named = _NAME.match(text, at)
    end = _tag_end(text, named.end(), unclosed, failed) if named else -1
    if named is None or end < 0:
        return at, ""
    return _tag(text, at, end, named.group(1).lower(), unclosed)


def _tag(text: str, start: int, end: int, name: str, unclosed: set[str]) -> tuple[int, str]:
    """Where a tag ends, with what it makes invisible, and what stands for it."""
    if name in _SILENT_TAGS and text[start + 1] != "/":
        closing = _after(text, f"</{name}", end, unclosed)
        return (closing if closing > 0 else end), " "
    return end, "\n" if name in _BLOCK_TAGS else ""


def _after(text: str, mark: str, start: int, unclosed: set[str]) -> int:
    """End of the next mark, or of the next closing tag of a name ("</script"); -1 if there is none."""
    if mark in unclosed:
        return -1
    pattern = rf"{mark}[^<>]*>" if mark.startswith("</") else re.escape(mark)
    found = re.compile(pattern, re.IGNORECASE).search(text, start)
    if found is None:
        unclosed.add(mark)
        return -1
    return found.end()


def _tag_end(text: str, start: int, unclosed: set[str], failed: set[int]) -> int:
    """End of a tag whose name ends at `start`; -1 if it is none.

    A ">" within a quoted attribute value does not end the tag. A "<" outside one means that this is no tag. From where
    on that was seen before is in `failed`, so that every place is looked at once.
    """
    if ">" in unclosed:
        return -1
    at, seen = start, []
    while at not in failed:
        seen.append(at)
        stop = _STOP.search(text, at)
        if stop is None:
            unclosed.add(">")
            return -1
        if stop.group() == ">":
            return stop.end()
        if stop.group() == "<":
            break
        quoted = _QUOTED.match(text, stop.start())
        at = quoted.end() if quoted else stop.end()
    failed.update(seen)
    return -1


@lru_cache(10_000)
def _decoded(entity: str) -> str:
    char = html.unescape(entity)
    return entity.rstrip(";") if char == entity else char


def _spread(pieces: list[_Piece]) -> NDArray[np.int64]:
    """The place of each character, from the place of each run."""
    lengths = np.array([len(run) for run, _, _ in pieces], dtype=np.int64)
    start = np.array([start for _, start, _ in pieces], dtype=np.int64)
    step = np.array([step for _, _, step in pieces], dtype=np.int64)
    begin = start - (lengths.cumsum() - lengths) * step
    places = step.repeat(lengths)
    places *= np.arange(len(places))
    places += begin.repeat(lengths)
    return places
