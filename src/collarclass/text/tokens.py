"""Many texts as tokens in arrays, for training and for tables; one ad is read by `collarclass.text.ad_tokens`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collarclass.text.ad_tokens import AdTokens

STEP = np.uint64(0x9E3779B97F4A7C15)
PAIR = np.uint64(0xD6E8FEB86659FD93)
_READ_CHARACTERS = 4000  # that decide the language of a text


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64-bit integers in place, as `collarclass.text.hashing.mix` does one."""
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(32)
    values *= np.uint64(0x94D049BB133111EB)
    return values


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of some texts, as arrays of one length, in reading order; see `AdTokens`.

    Attributes
    ----------
    texts : sequence of str
    hash, stem : ndarray of uint64
    row : ndarray of int64
        Which text each stands in, from 0.
    sentence : ndarray of int64
        Running number, from text to text.
    ideograph, numeral : ndarray of bool
        Whether each is a Chinese character; whether it begins with a digit.
    begin, stop : ndarray of int64
        ``texts[row][begin:stop]`` is the token.
    first : ndarray of int64, shape (n_rows + 1,)
        Index of each text's first token.
    is_chinese : ndarray of bool, shape (n_rows,)
    """

    texts: Sequence[str]
    hash: NDArray[np.uint64]
    stem: NDArray[np.uint64]
    row: NDArray[np.int64]
    sentence: NDArray[np.int64]
    ideograph: NDArray[np.bool_]
    numeral: NDArray[np.bool_]
    begin: NDArray[np.int64]
    stop: NDArray[np.int64]
    first: NDArray[np.int64]
    is_chinese: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.hash)

    @property
    def n_rows(self) -> int:
        return len(self.texts)

    def spans(self, first: NDArray[np.int64], last: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Offsets in the texts of runs of tokens, from the first to the last of each."""
        return self.begin[first], self.stop[last]

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Offsets of one run of tokens; see `spans`."""
        return int(self.begin[first]), int(self.stop[last])


def tokenize(texts: Sequence[str]) -> Tokens:
    """Read texts into tokens.

    Parameters
    ----------
    texts : sequence of str
        Plain text or HTML, any script.

    Returns
    -------
    Tokens

    Examples
    --------
    >>> len(tokenize(["Bachelor's degree", "本科及以上"]))
    7
    """
    reader, parts, sentences = AdTokens(), [AdTokens().arrays()], 0
    first, is_chinese = np.zeros(len(texts) + 1, np.int64), np.zeros(len(texts), bool)
    for row, text in enumerate(texts):
        hashes, stems, sentence, *others = reader.read(text).arrays()
        parts.append((hashes, stems, sentence + sentences, *others))
        sentences += 1 + int(sentence[-1]) if len(sentence) else 1
        first[row + 1], is_chinese[row] = first[row] + len(hashes), reader.is_chinese
    columns = [np.concatenate(part) for part in zip(*parts, strict=True)]
    hashes, stems, sentence, ideograph, numeral, begin, stop = columns
    rows = np.repeat(np.arange(len(texts)), np.diff(first))
    return Tokens(texts, hashes, stems, rows, sentence, ideograph, numeral, begin, stop, first, is_chinese)


def language(text: str) -> str:
    """ "zh" for a Chinese text, otherwise "en".

    Examples
    --------
    >>> language("数控车床操作工，CNC"), language("Teacher of Mandarin Chinese, grades three to five (中文)")
    ('zh', 'en')
    """
    return "zh" if tokenize([text[:_READ_CHARACTERS]]).is_chinese[0] else "en"
