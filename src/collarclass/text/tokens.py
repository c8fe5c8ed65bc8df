"""Ad text as it comes, read into one stream of tokens whose places in the caller's text are known.

A token is a run of letters and digits, or a single Chinese character. Tokens are never cut out as
strings: a batch of ads is laid out as one array of code points, and each token becomes a 64-bit
hash, computed for all tokens at once, eight bytes at a time. That is what makes reading fast enough
for files of millions of ads, and it keeps every offset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.kernel import reading
from collarclass.kernel.library import fits, is_compiled
from collarclass.text.markup import read_markup

# Kinds of character in the table `characters.npz` (made by research/data/build_characters.py).
# Those above IDEOGRAPH are few in any text, and are looked at one by one.
SPACE, LOWER, UPPER, IDEOGRAPH, BREAK, STOP, TAIL, APOSTROPHE, SKIP = range(9)

# Freed memory goes back to the system, and what is given out again has to be cleared: a tenth of the
# time. Having seen one large array freed, glibc keeps as much for the next batch.
np.empty((1 << 25) - (1 << 16), dtype=np.uint8)

STEM = 5  # letters: "engineer", "engineers" and "engineering" have one stem
STEP = np.uint64(0x9E3779B97F4A7C15)
_HASHED_BYTES = 64  # letters between these and the last eight of a longer token are not looked at
_CHINESE_SHARE = 0.3
_MIN_LETTERS, _MIN_CAPITALS = 3, 4  # of a word that a number, or another word, was run into
_ZERO, _A, _Z = (np.uint16(ord(c)) for c in "0az")


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64-bit integers in place, one to one, so that high and low bits depend on all."""
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(32)
    values *= np.uint64(0x94D049BB133111EB)
    return values


@cache
def _characters() -> tuple[NDArray[np.uint8], NDArray[np.uint16], bytes, bytes]:
    """Kind and folded form of each character, and both again as byte tables for the first 256."""
    with (files("collarclass") / "text" / "characters.npz").open("rb") as file, np.load(file) as table:
        kind, fold = table["kind"], table["fold"]
    narrow = np.where(fold[:256] < 256, fold[:256], 0).astype(np.uint8)
    return kind, fold, kind[:256].tobytes(), narrow.tobytes()


@dataclass(frozen=True, slots=True)
class _Markup:
    """Where the visible characters of texts with markup stand in their sources.

    Attributes
    ----------
    places : ndarray of int64
        The places of all such texts, one after the other.
    first : ndarray of int64, shape (n_rows,)
        Where each row's places begin; -1 for a text without markup.
    length : ndarray of int64, shape (n_rows,)
    """

    places: NDArray[np.int64]
    first: NDArray[np.int64]
    length: NDArray[np.int64]

    def of_row(self, row: int) -> NDArray[np.int64]:
        return self.places[self.first[row] : self.first[row] + self.length[row]]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a batch of texts, as arrays of one length, in reading order.

    Attributes
    ----------
    hash : ndarray of uint64
        Identity of the token (case, width, accents, apostrophes and script variant folded away).
    stem : ndarray of uint64
        Identity of the token's first five letters, for a longer word in Latin letters; otherwise its own.
    row : ndarray of int64
        Which text of the batch it stands in, from 0.
    start, end : ndarray of int64
        Its place in the batch's code points; `spans` turns it into offsets in the caller's text.
    sentence : ndarray of int64
        Running number of the sentence, line or bullet; two tokens with one number stand together.
    ideograph : ndarray of bool
        Whether it is a single Chinese character (or a Japanese kana).
    first : ndarray of int64, shape (n_rows + 1,)
        Index of each row's first token.
    folded : ndarray of uint16
        The batch's characters, folded; those of a token are ``folded[start:end]``.
    passage : ndarray of int64
        As `sentence`, and ended by a full stop behind a bracket as well: "(BSc). Experience".
    """

    hash: NDArray[np.uint64]
    stem: NDArray[np.uint64]
    row: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    sentence: NDArray[np.int64]
    ideograph: NDArray[np.bool_]
    first: NDArray[np.int64]
    folded: NDArray[np.uint16]
    passage: NDArray[np.int64]
    _dropped: NDArray[np.int64]
    _row_starts: NDArray[np.int64]
    _markup: _Markup

    def __len__(self) -> int:
        return len(self.hash)

    @property
    def n_rows(self) -> int:
        return len(self.first) - 1

    def head(self, reach: NDArray[np.int64] | int) -> NDArray[np.int64]:
        """Indices of the tokens that are among the first `reach` of their row; one reach for all, or one each."""
        kept = np.minimum(np.diff(self.first), reach)
        return np.asarray(np.arange(kept.sum()) + np.repeat(self.first[:-1] - (np.cumsum(kept) - kept), kept))

    def before(self, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many tokens of each row begin before an offset in the text the caller passed."""
        place = offsets.copy()
        for row in np.flatnonzero(self._markup.first >= 0).tolist():
            place[row] = np.searchsorted(self._markup.of_row(row), offsets[row])
        place += self._row_starts[:-1]
        place -= np.searchsorted(self._dropped + np.arange(len(self._dropped)), place)
        return np.asarray(np.searchsorted(self.start, place) - self.first[:-1])

    def times(self, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many tokens of each row a mask over the tokens holds for."""
        return np.asarray(np.diff(np.searchsorted(np.flatnonzero(mask), self.first)))

    def numerals(self) -> NDArray[np.int64]:
        """How many tokens of each row begin with a digit."""
        if is_compiled():
            return reading.count_numerals(self.start, self.folded, self.first)
        return self.times(self.numeral)

    @property
    def is_chinese(self) -> NDArray[np.bool_]:
        """Whether each row is Chinese: three of ten tokens or more are Chinese characters."""
        return np.asarray(self.times(self.ideograph) > _CHINESE_SHARE * np.diff(self.first))

    @property
    def numeral(self) -> NDArray[np.bool_]:
        """Whether each token begins with a digit."""
        return np.asarray(self.folded[self.start] - np.uint16(ord("0")) < 10)

    def spans(self, first: NDArray[np.int64], last: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
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
        begin = begin + np.searchsorted(self._dropped, begin, "right")
        final = final + np.searchsorted(self._dropped, final, "right")
        row = self.row[first]
        begin, final = begin - self._row_starts[row], final - self._row_starts[row]
        first_place = self._markup.first[row]
        marked = first_place >= 0
        for place in (begin, final):
            place[marked] = self._markup.places[first_place[marked] + place[marked]]
        return begin, final + 1

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Offsets of one run of tokens; see `spans`."""
        start, end = self.spans(np.array([first]), np.array([last]))
        return int(start[0]), int(end[0])

    def word(self, first: int, last: int | None = None) -> str:
        """Folded spelling of a token, or of tokens `first` to `last` joined by blanks."""
        words = [
            self.folded[self.start[i] : self.end[i]].astype("<u2").tobytes().decode("utf-16-le", "replace")
            for i in range(first, (first if last is None else last) + 1)
        ]
        return " ".join(words)


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
    plain = list(texts)
    first, length = np.full(len(plain), -1, dtype=np.int64), np.zeros(len(plain), dtype=np.int64)
    places, n_places = [np.zeros(0, dtype=np.int64)], 0
    for row, text in enumerate(texts):
        if "<" in text or "&" in text:
            plain[row], found = read_markup(text)
            if found is not None:
                places.append(found)
                first[row], length[row] = n_places, len(found)
                n_places += len(found)
    code_points, row_starts = _lay_out(plain)
    markup = _Markup(np.concatenate(places), first, length)
    if fits(len(code_points)):
        fields = reading.read_tokens(code_points, row_starts, _character_table())
        return Tokens(**fields, _row_starts=row_starts, _markup=markup)
    return _tokenize(code_points, row_starts, markup)


def _lay_out(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """All texts' code points, each text between line breaks; where each text begins (and one more)."""
    row_starts = np.ones(len(texts) + 1, dtype=np.int64)
    row_starts[1:] += np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + 1)
    joined = "\n".join(("", *texts, ""))
    code_points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return code_points, row_starts


@dataclass(frozen=True, slots=True)
class _Characters:
    """The characters of a batch, folded, without those that vanish.

    Attributes
    ----------
    kind : ndarray of uint8
    folded : ndarray of uint16
    wide : ndarray of int64
        Places of characters beyond Latin-1.
    special, special_kind : ndarray of int64 and of uint8
        Places and kinds of the few characters above `IDEOGRAPH`.
    dropped : ndarray of int64
        How many characters stand before each that vanished.
    row_starts : ndarray of int64, shape (n_rows + 1,)
    """

    kind: NDArray[np.uint8]
    folded: NDArray[np.uint16]
    wide: NDArray[np.int64]
    special: NDArray[np.int64]
    special_kind: NDArray[np.uint8]
    dropped: NDArray[np.int64]
    row_starts: NDArray[np.int64]

    def places(self, kind: int) -> NDArray[np.int64]:
        """Places of the characters of one special kind."""
        return np.asarray(self.special[self.special_kind == kind])


@cache
def _character_table() -> NDArray[np.uint32]:
    """Folded form of each character, its kind and whether it is a letter beyond Latin-1, in one number."""
    kinds, folds, _, narrow = _characters()
    folded = np.concatenate((np.frombuffer(narrow, np.uint8), folds[256:]))
    wide = ((kinds == LOWER) | (kinds == UPPER)) & np.greater(folded, 0xFF)
    return np.asarray(wide.astype(np.uint32) << np.uint32(24) | kinds.astype(np.uint32) << np.uint32(16) | folded)


def _tokenize(code_points: NDArray[np.uint32], row_starts: NDArray[np.int64], markup: _Markup) -> Tokens:
    characters = _fold(code_points, row_starts)
    kind, folded = characters.kind, characters.folded
    ideograph = kind == IDEOGRAPH
    word, joint = _words(characters)
    begin = word | ideograph
    finish = begin.copy()
    begin[1:] &= ~joint
    finish[:-1] &= ~joint
    start, end = np.flatnonzero(begin), np.flatnonzero(finish) + 1
    first = np.searchsorted(start, characters.row_starts)
    hashes, stems = _hash(folded, start, end, characters.wide[folded[characters.wide] > 0xFF])
    sentence_ends, passage_ends = _ends(characters, word)
    return Tokens(
        hash=hashes,
        stem=stems,
        row=_numbered(first[1:-1], len(start)),
        start=start,
        end=end,
        sentence=_numbered(np.searchsorted(start, sentence_ends), len(start)),
        ideograph=ideograph[start],
        first=first,
        folded=folded,
        passage=_numbered(np.searchsorted(start, passage_ends), len(start)),
        _dropped=characters.dropped,
        _row_starts=row_starts,
        _markup=markup,
    )


def _fold(code_points: NDArray[np.uint32], row_starts: NDArray[np.int64]) -> _Characters:
    kinds, folds, narrow_kinds, narrow_folds = _characters()
    # Bytes go through a table of 256 far faster than code points through one of 65,536: the few
    # characters beyond Latin-1 of an English ad are put right afterwards.
    wide = np.flatnonzero(code_points > 0xFF)
    latin = code_points.astype(np.uint8).tobytes()
    kind = np.frombuffer(bytearray(latin.translate(narrow_kinds)), dtype=np.uint8)
    folded = np.frombuffer(latin.translate(narrow_folds), dtype=np.uint8).astype(np.uint16)
    if len(wide):
        beyond = np.minimum(code_points[wide], np.uint32(0xFFFF))
        kind[wide] = kinds[beyond]
        folded[wide] = folds[beyond]

    # Apostrophes inside a word and invisible characters vanish: "bachelor's" reads as "bachelors".
    special = np.flatnonzero(kind > IDEOGRAPH)
    special_kind = kind[special]
    vanish = special_kind == SKIP
    marks = np.flatnonzero(special_kind == APOSTROPHE)
    before, after = kind[special[marks] - 1], kind[special[marks] + 1]
    vanish[marks] = ((before == LOWER) | (before == UPPER)) & ((after == LOWER) | (after == UPPER))
    dropped = special[vanish]
    if len(dropped):
        kept = np.ones(len(kind), dtype=bool)
        kept[dropped] = False
        kind, folded = kind[kept], folded[kept]
        row_starts = row_starts - np.searchsorted(dropped, row_starts)
        wide = wide[kept[wide]]
        wide -= np.searchsorted(dropped, wide)
        special, special_kind = (special - np.cumsum(vanish))[~vanish], special_kind[~vanish]
        dropped = dropped - np.arange(len(dropped))
    return _Characters(
        kind=kind,
        folded=folded,
        wide=wide,
        special=special,
        special_kind=special_kind,
        dropped=dropped,
        row_starts=row_starts,
    )


def _words(characters: _Characters) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which characters are of words, and which of them go on with the word of the character before."""
    kind, folded = characters.kind, characters.folded
    lower, upper = kind == LOWER, kind == UPPER
    word = lower | upper
    tail = characters.places(TAIL)
    for _ in range(2):  # C++, C#, 5+
        word[tail] = word[tail - 1]
    joint = word[1:] & word[:-1]
    joint &= ~(upper[1:] & lower[:-1])  # "TeamLeader" is two words
    place = np.flatnonzero(upper[1:] & upper[:-1]) + 1  # and so is "REQUIREMENTSBachelor"
    place = place[(place > _MIN_CAPITALS) & (place < len(kind) - _MIN_LETTERS)]
    place = place[lower[place + 1]]
    for step in range(2, _MIN_LETTERS + 1):
        place = place[lower[place + step] & upper[place - step]]
    joint[place[upper[place - _MIN_CAPITALS]] - 1] = False
    for digits in (1, 2):  # and so is "skills4+"
        place = tail[tail > digits + _MIN_LETTERS] - digits
        cut = (folded[place + digits - 1] - _ZERO < 10) & (folded[place] - _ZERO < 10)
        for step in range(1, _MIN_LETTERS + 1):
            cut &= (folded[place - step] >= _A) & (folded[place - step] <= _Z)
        joint[place[cut] - 1] = False
    return word, joint


def _ends(characters: _Characters, word: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places where sentences end, and where passages do."""
    kind, folded, special = characters.kind, characters.folded, characters.special
    lower, upper = kind == LOWER, kind == UPPER
    # A full stop ends a sentence after a word of two letters or more, before a blank: not "B.S. degree".
    ends = characters.special_kind == BREAK
    stops = np.flatnonzero(characters.special_kind == STOP)
    stop = special[stops]
    ends[stops] = ~word[stop + 1] & (kind[stop + 1] != IDEOGRAPH) & word[stop - 1] & word[stop - 2]
    glued = np.flatnonzero(upper[stop + 1] & lower[stop - 1])  # "in a team.Bachelor's degree"
    place = stop[glued]
    ends[stops[glued]] |= lower[place - 2] & lower[place - 3] & lower[np.minimum(place + 2, len(kind) - 1)]
    sentence_ends = special[ends]
    ends[stops] |= (folded[stop - 1] == ord(")")) & (folded[stop + 1] == ord(" "))
    return sentence_ends, special[ends]


def _numbered(cuts: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Number n things by the part they are in, the parts being cut apart before the given places."""
    return np.repeat(np.arange(len(cuts) + 1), np.diff(cuts, prepend=0, append=n))


def _hash(
    folded: NDArray[np.uint16], start: NDArray[np.int64], end: NDArray[np.int64], wide: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Hash each token's folded characters, and those of its stem.

    A token of Latin letters is hashed as bytes; one with any of the characters at `wide` as 16-bit numbers.
    """
    narrow = folded.astype(np.uint8)
    hashes = _hash_units(narrow, start, end)
    stems = hashes.copy()
    if len(start):
        longer = np.flatnonzero((end - start > STEM) & (folded[start] - _A <= _Z - _A))
        stems[longer] = _hash_units(narrow, start[longer], start[longer] + STEM)
    if len(wide) and len(start):
        token = np.searchsorted(start, wide, "right") - 1
        token = token[(token >= 0) & (wide < end[token])]
        token = token[np.diff(token, prepend=-1) > 0]  # each once; they come in order
        hashes[token] = stems[token] = ~_hash_units(folded, start[token], end[token])
    return hashes, stems


def _hash_units(units: NDArray[Any], start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Hash each token eight bytes at a time.

    The first eight come first, then the last eight with the length, then those between. Of a token of more than
    `_HASHED_BYTES` the middle is left out, so that a run of a million letters costs no more than its length.
    """
    size = units.itemsize
    most = 8 // size
    padded = np.concatenate((units, np.zeros(most, units.dtype)))
    eight: NDArray[np.uint64] = np.ndarray((len(units),), np.uint64, padded, strides=(size,))  # from each unit on
    masks = np.array([(1 << (8 * size * n)) - 1 for n in range(most + 1)], dtype=np.uint64)
    length = end - start
    hashes = mix(eight[start] & masks[np.minimum(length, most)])
    longer = np.flatnonzero(length > most)
    rest = eight[end[longer] - most] + length[longer].view(np.uint64)
    hashes[longer] = mix(hashes[longer] * STEP + rest)
    for first in range(most, _HASHED_BYTES // size - most, most):
        longer = longer[length[longer] > first + most]
        if not len(longer):
            break
        hashes[longer] = mix(hashes[longer] * STEP + eight[start[longer] + first])
    return hashes
