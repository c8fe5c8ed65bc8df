"""Slips of the finger and short forms of jobs, read as the words that they stand for.

An unknown word that is one edit away from one known word of five letters or more counts as that word: one letter more,
less or other, or two letters that changed places. Of several such words it is the one that is by far the most frequent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

MIN_LETTERS = 5  # of a word that is meant
_BY_FAR = 4  # times the rank by which the next of several words has to be rarer
_MOST_OF_CHINESE = 30  # characters of a text in which 前端 stands for a job, and not for a part of the work
_WORDS = re.compile(r"[^\W\d_]+")
_DENIED = frozenset(("no", "not", "non", "without", "nor", "never", "ex", "former"))


@dataclass(frozen=True, slots=True)
class Change:
    """Words of a text that are read as others."""

    start: int
    end: int
    words: str


class Spelling:
    """The words that slips are found by.

    Parameters
    ----------
    words : iterable of str
        Casefolded, the most frequent first.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.words = {word: rank for rank, word in enumerate(dict.fromkeys(words), 1)}
        self._alike: dict[tuple[int, int, str], list[str]] = {}  # by length, and by first or last letter

    def nearest(self, word: str) -> str | None:
        """The known word that is an edit away, if there is one alone or one that is by far the most frequent.

        Examples
        --------
        >>> spelling = Spelling(["teacher", "programmer", "welder", "wilder", "techer"])
        >>> spelling.nearest("tacher"), spelling.nearest("porgrammer"), spelling.nearest("wlder")
        ('teacher', 'programmer', None)
        """
        if not self._alike:
            for known in self.words:
                if len(known) < MIN_LETTERS:
                    continue
                for end in (0, -1):
                    self._alike.setdefault((len(known), end, known[end]), []).append(known)
        # An edit leaves the first or the last letter as it is.
        found = {
            other
            for length in (len(word) - 1, len(word), len(word) + 1)
            for end in (0, -1)
            for other in self._alike.get((length, end, word[end]), ())
            if _is_one_edit(word, other)
        }
        best, *others = sorted(found, key=self.words.__getitem__) or [""]
        alone = all(self.words[other] >= _BY_FAR * self.words[best] for other in others)
        return best if best and alone else None


def words_of(text: str) -> list[str]:
    """The words in Latin letters, casefolded."""
    return [word.casefold() for word in _WORDS.findall(text) if word.isascii() or word < "\u0250"]


def _is_one_edit(one: str, other: str) -> bool:
    if len(one) > len(other):
        one, other = other, one
    k = next((i for i in range(len(one)) if one[i] != other[i]), len(one))
    if len(one) < len(other):
        return len(other) == len(one) + 1 and one[k:] == other[k + 1 :]
    swapped = one[k : k + 2] == other[k : k + 2][::-1] and one[k + 2 :] == other[k + 2 :]
    return swapped or one[k + 1 :] == other[k + 1 :]


@cache
def _short_forms() -> tuple[re.Pattern[str], dict[str, str]]:
    """Short forms as whole words; the Chinese ones only where nothing but a mark or an end stands beside them."""
    lines = (files("collarclass") / "text" / "short_forms.tsv").read_text("utf-8").splitlines()[1:]
    table = dict(line.split("\t")[:2] for line in lines)
    longest_first = "|".join(re.escape(form) for form in sorted(table, key=len, reverse=True))
    return re.compile(r"(?<![\w&+#/.、-])(?:" + longest_first + r")(?![\w&+#/、-])"), table


def changes(text: str, spelling: Spelling, is_known: Callable[[str], bool]) -> list[Change]:
    """The words of a text that are slips or short forms, in order.

    Parameters
    ----------
    text : str
    spelling : Spelling
    is_known : callable
        Whether a word, casefolded, is known otherwise, so that it is no slip.
    """
    pattern, table = _short_forms()
    out = []
    for found in pattern.finditer(text):
        if len(text) > _MOST_OF_CHINESE and not found[0].isascii():
            continue
        before = text[: found.start()].split()
        if not before or before[-1].casefold().strip(",.;:") not in _DENIED:
            out.append(Change(found.start(), found.end(), table[found[0]]))
    taken = {i for change in out for i in range(change.start, change.end)}
    for found in _WORDS.finditer(text):
        word = found[0]
        acronym = word.isupper() and not text.isupper()
        if len(word) < MIN_LETTERS - 1 or found.start() in taken or not word.isascii() or acronym:
            continue
        plain = word.casefold()
        if plain not in spelling.words and not is_known(plain) and (other := spelling.nearest(plain)):
            out.append(Change(found.start(), found.end(), other))
    return sorted(out, key=lambda change: change.start)
