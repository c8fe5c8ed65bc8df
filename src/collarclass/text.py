"""Ad text as it comes, read into one stream of tokens whose places in the caller's text are known.

A token is a run of letters and digits, or a single Chinese character. Tokens are never cut out as
strings: a batch of ads is laid out as one array of code points, and each token becomes a 64-bit
hash, computed for all tokens at once from a running sum. That is what makes reading fast enough for
files of millions of ads, and it keeps every offset.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

# Kinds of character in the table `characters.npz` (made by scripts/build_characters.py).
SPACE, LOWER, UPPER, IDEOGRAPH, BREAK, STOP, TAIL, APOSTROPHE, SKIP = range(9)

_BASE = np.uint64(0x9E3779B97F4A7C15 | 1)
_INVERSE = np.uint64(pow(int(_BASE), -1, 2**64))
_MARKUP = re.compile(r"<[a-zA-Z/!?]|&(?:#\d|#[xX]|[a-zA-Z]\w{1,30};)")
_BLOCK_TAGS = frozenset(
    "address article aside blockquote br caption dd div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr li main nav ol option p pre section select table tbody td tfoot th "
    "thead title tr ul".split()
)
_SILENT_TAGS = frozenset(("script", "style", "template"))


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64-bit integers (the finaliser of SplitMix64), so that every bit depends on all."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@cache
def _characters() -> tuple[NDArray[np.uint8], NDArray[np.uint64], NDArray[np.uint16]]:
    with (files("collarclass") / "characters.npz").open("rb") as file, np.load(file) as table:
        kind, fold = table["kind"], table["fold"]
    return kind, mix(fold.astype(np.uint64) + np.uint64(1)), fold


@cache
def _powers(exponent: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Powers of the hash base and of its inverse modulo 2**64, `2**exponent` of each."""
    n = 1 << exponent
    up = np.full(n, _BASE)
    down = np.full(n, _INVERSE)
    up[0] = down[0] = 1
    return np.multiply.accumulate(up), np.multiply.accumulate(down)


class _MarkupReader(HTMLParser):
    """Collects the visible characters of an HTML fragment, each with its place in the source."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.chars: list[str] = []
        self.places: list[int] = []
        self._silent: list[str] = []
        self._lines: list[int] = []

    def read(self, text: str) -> tuple[str, list[int]]:
        self._lines = [0, *(m.end() for m in re.finditer("\n", text))]
        self.feed(text)
        self.close()
        # HTMLParser keeps an unfinished tag at the very end for itself: it is text after all.
        return "".join(self.chars), self.places

    def _here(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def _emit(self, chars: str, places: Iterable[int]) -> None:
        if not self._silent:
            self.chars.append(chars)
            self.places.extend(places)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _SILENT_TAGS:
            self._silent.append(tag)
        elif tag in _BLOCK_TAGS:
            self._emit("\n", (self._here(),))

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        if tag in _BLOCK_TAGS:
            self._emit("\n", (self._here(),))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            self._silent.remove(tag)
        elif tag in _BLOCK_TAGS:
            self._emit("\n", (self._here(),))

    def handle_data(self, data: str) -> None:
        here = self._here()
        self._emit(data, range(here, here + len(data)))

    def _reference(self, source: str) -> None:
        decoded = html.unescape(source + ";")
        if decoded.endswith(";") and source + ";" == decoded:
            decoded = source
        here = self._here()
        self._emit(decoded, [here] * len(decoded))

    def handle_entityref(self, name: str) -> None:
        self._reference("&" + name)

    def handle_charref(self, name: str) -> None:
        self._reference("&#" + name)


def read_markup(text: str) -> tuple[str, NDArray[np.int64] | None]:
    """Strip HTML and decode entities, keeping each character's place.

    Parameters
    ----------
    text : str
        Ad text, plain or with HTML, also when escaped once too often (``&amp;lt;p&amp;gt;``).

    Returns
    -------
    plain : str
        The visible text; block elements become line breaks; script, style, comments and attributes
        are gone.
    places : ndarray of int64, shape (len(plain),), or None
        Index in `text` of the source of each character; None when `text` holds no markup.

    Examples
    --------
    >>> read_markup("<p>R&amp;D</p>")[0]
    '\\nR&D\\n'
    """
    places = None
    for _ in range(3):  # once for the markup, and again for markup that was escaped
        if not _MARKUP.search(text):
            break
        text, found = _MarkupReader().read(text)
        index = np.asarray(found, dtype=np.int64)
        places = index if places is None else places[index]
    return text, places


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a batch of texts, as arrays of one length, in reading order.

    Attributes
    ----------
    hash : ndarray of uint64
        Identity of the token (case, width, accents, apostrophes and script variant folded away).
    row : ndarray of int64
        Which text of the batch it stands in, from 0.
    start, end : ndarray of int64
        Its place in the batch's code points; `spans` turns it into offsets in the caller's text.
    sentence : ndarray of int64
        Running number of the sentence, line or bullet; two tokens with one number stand together.
    ideograph : ndarray of bool
        Whether it is a single Chinese character.
    first : ndarray of int64, shape (n_rows + 1,)
        Index of each row's first token.
    """

    hash: NDArray[np.uint64]
    row: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    sentence: NDArray[np.int64]
    ideograph: NDArray[np.bool_]
    first: NDArray[np.int64]
    _code_points: NDArray[np.uint32]
    _kept: NDArray[np.int64] | None
    _row_starts: NDArray[np.int64]
    _places: dict[int, NDArray[np.int64]]

    def __len__(self) -> int:
        return len(self.hash)

    @property
    def n_rows(self) -> int:
        return len(self.first) - 1

    def spans(
        self, first: NDArray[np.int64], last: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Offsets, in the texts the caller passed, of runs of tokens.

        Parameters
        ----------
        first, last : ndarray of int64
            Index of each run's first and last token (inclusive), both in one row.

        Returns
        -------
        start, end : ndarray of int64
            So that ``texts[row][start:end]`` is the run.
        """
        begin, final = self.start[first], self.end[last] - 1
        if self._kept is not None:
            begin, final = self._kept[begin], self._kept[final]
        row = self.row[first]
        begin, final = begin - self._row_starts[row], final - self._row_starts[row]
        for marked, places in self._places.items():
            here = row == marked
            begin[here], final[here] = places[begin[here]], places[final[here]]
        return begin, final + 1

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Offsets of one run of tokens; see `spans`."""
        start, end = self.spans(np.array([first]), np.array([last]))
        return int(start[0]), int(end[0])

    def word(self, first: int, last: int | None = None) -> str:
        """Folded spelling of a token, or of tokens `first` to `last` joined by blanks."""
        _, _, fold = _characters()
        words = [
            fold[self._code_points[self.start[i] : self.end[i]]].astype("<u2").tobytes()
            for i in range(first, (first if last is None else last) + 1)
        ]
        return " ".join(w.decode("utf-16-le", "replace") for w in words)


def tokenize(texts: Sequence[str]) -> Tokens:
    """Read a batch of texts into tokens.

    Parameters
    ----------
    texts : sequence of str
        Plain text or HTML, any script.

    Returns
    -------
    Tokens
        Equal for a text whatever batch it stands in.

    Examples
    --------
    >>> tokens = tokenize(["Bachelor's degree", "本科及以上"])
    >>> [tokens.word(i) for i in range(3)]
    ['bachelors', 'degree', '本']
    """
    places: dict[int, NDArray[np.int64]] = {}
    joined = "\n".join(texts)
    if "<" in joined or "&" in joined:
        plain = list(texts)
        for row, text in enumerate(plain):
            if ("<" in text or "&" in text) and _MARKUP.search(text):
                plain[row], found = read_markup(text)
                if found is not None:
                    places[row] = found
        texts = plain
        joined = "\n".join(texts)
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    row_starts = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum(lengths + 1, out=row_starts[1:])
    code_points = np.frombuffer(("\n" + joined + "\n").encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    row_starts += 1  # the line break put before the first text, so that every character has neighbours
    return _tokenize(code_points, row_starts, places)


def _tokenize(
    code_points: NDArray[np.uint32], row_starts: NDArray[np.int64], places: dict[int, NDArray[np.int64]]
) -> Tokens:
    kinds, values, _ = _characters()
    if code_points.max() > 0xFFFF:
        code_points = np.minimum(code_points, np.uint32(0xFFFF))
    kind = kinds[code_points]

    # Apostrophes inside a word and invisible characters vanish: "bachelor's" reads as "bachelors".
    drop = kind == SKIP
    mark = np.flatnonzero(kind == APOSTROPHE)
    if len(mark):
        before, after = kind[mark - 1], kind[mark + 1]
        inside = (before == LOWER) | (before == UPPER)
        inside &= (after == LOWER) | (after == UPPER)
        drop[mark[inside]] = True
    kept = None
    starts = row_starts
    if drop.any():
        kept = np.flatnonzero(~drop)
        code_points, kind = code_points[kept], kind[kept]
        starts = np.searchsorted(kept, row_starts)

    word = (kind == LOWER) | (kind == UPPER)
    tail = kind == TAIL
    if tail.any():  # C++, C#, 5+
        word_tail = tail[1:] & word[:-1]
        word[1:] |= word_tail
        word[2:] |= tail[2:] & word_tail[:-1]
    ideograph = kind == IDEOGRAPH
    joint = word[1:] & word[:-1]
    joint &= ~((kind[1:] == UPPER) & (kind[:-1] == LOWER))  # "TeamLeader" is two words
    begin = word | ideograph
    finish = begin.copy()
    begin[1:] &= ~joint
    finish[:-1] &= ~joint
    start = np.flatnonzero(begin)
    end = np.flatnonzero(finish) + 1

    # A full stop ends a sentence after a word of two letters or more, before a blank: not "B.S. degree".
    breaks = kind == BREAK
    stop = np.flatnonzero(kind == STOP)
    if len(stop):
        stop = stop[~word[stop + 1] & ~ideograph[stop + 1] & word[stop - 1] & word[stop - 2]]
        breaks[stop] = True
    sentence = np.searchsorted(np.flatnonzero(breaks), start)

    exponent = max(16, int(len(code_points)).bit_length())
    up, down = _powers(exponent)
    total = np.empty(len(code_points) + 1, dtype=np.uint64)
    total[0] = 0
    np.cumsum(values[code_points] * up[: len(code_points)], out=total[1:])
    hashes = mix((total[end] - total[start]) * down[start])

    first = np.searchsorted(start, starts)
    row = np.repeat(np.arange(len(first) - 1), np.diff(first))
    return Tokens(
        hashes, row, start, end, sentence, ideograph[start], first, code_points, kept, row_starts, places
    )
