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
    """The tokens of some texts, as arrays of one length, in reading order; see `AdTokens`."""

    texts: Sequence[str]
    hash: NDArray[np.uint64]
    stem: NDArray[np.uint64]
    row: NDArray[np.int64]  # which text each stands in
    sentence: NDArray[np.int64]  # running number, from text to text
    ideograph: NDArray[np.bool_]  # whether each is a Chinese character
    numeral: NDArray[np.bool_]  # whether it begins with a digit
    begin: NDArray[np.int64]  # texts[row][begin:stop] is the token
    stop: NDArray[np.int64]
    first: NDArray[np.int64]  # index of each text's first token, and how many there are
    is_chinese: NDArray[np.bool_]  # of each text

    def __len__(self) -> int:
        return len(self.hash)

    @property
    def n_rows(self) -> int:
        return len(self.texts)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Offsets of a run of tokens in its text."""
        return int(self.begin[first]), int(self.stop[last])


def tokenize(texts: Sequence[str]) -> Tokens:
    """Read texts, plain or HTML, into tokens.

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

    >>> language("数控车床操作工，CNC"), language("Teacher of Mandarin Chinese, grades three to five (中文)")
    ('zh', 'en')
    """
    return "zh" if tokenize([text[:_READ_CHARACTERS]]).is_chinese[0] else "en"
