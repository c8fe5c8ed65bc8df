"""A batch of ads → everything that the model sums: term counts, stated requirements, segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import LEVELS
from collarclass.features.ngrams import Terms
from collarclass.requirement_reader.stated import Stated
from collarclass.text.first_line import first_line
from collarclass.text.tokens import Tokens


@dataclass(frozen=True, slots=True)
class EncodedBatch:
    """One chunk of ads on its way to labels; of each pair, the text's part and the title's.

    Attributes
    ----------
    combined_text : list of str
        Title line and text of each ad, as tokenized.
    text_offset : ndarray of int64, shape (n_rows,)
        Where the caller's text begins in the combined text.
    tokens : Tokens
    terms : pair of Terms
    values : pair of ndarray of float64
        Scaled counts of the terms; each row has length one.
    words : ndarray of float64, shape (2, n_rows)
        Sums of the terms, for the academic and the hands-on rating.
    stated : Stated
    features : ndarray of float64, shape (n_rows, n_features)
        What `stated` says, as the model reads it.
    chinese : ndarray of bool, shape (n_rows,)
    segment : ndarray of float64, shape (n_rows, 4)
        As `segments` gives it.
    note : ndarray of int8, shape (n_rows,)
        Why a row cannot be judged: index into `NOTES`, 0 where it can.
    """

    combined_text: list[str]
    text_offset: NDArray[np.int64]
    tokens: Tokens
    terms: tuple[Terms, Terms]
    values: tuple[NDArray[np.float64], NDArray[np.float64]]
    words: NDArray[np.float64]
    stated: Stated
    features: NDArray[np.float64]
    chinese: NDArray[np.bool_]
    segment: NDArray[np.float64]
    note: NDArray[np.int8]


def segments(chinese: NDArray[np.bool_], features: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each row belongs to each of four segments: schooling unstated, stated; the same in Chinese.

    Schooling is as far stated as the requirement features say. The shares are in sixty-fourths, as these are, so that
    what is summed by them is the same in every batch.
    """
    stated = features[:, : len(LEVELS)].sum(axis=1)
    return np.column_stack([share * rows for rows in (~chinese, chinese) for share in (1.0 - stated, stated)])


def join_titles(
    texts: Sequence[str], titles: Sequence[str | None] | None
) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
    """`join_title` of each ad of a batch."""
    combined, title_end, text_offset = [""] * len(texts), [0] * len(texts), [0] * len(texts)
    for i, (text, title) in enumerate(zip(texts, titles or [None] * len(texts), strict=True)):
        combined[i], title_end[i], text_offset[i] = join_title(text, title)
    return combined, np.array(title_end, dtype=np.int64), np.array(text_offset, dtype=np.int64)


def join_title(text: str, title: str | None) -> tuple[str, int, int]:
    """Combine one ad's title and text into the text that the model reads.

    Returns
    -------
    combined : str
        The title, a line break and the text; the text alone where it begins with the title.
    title_end : int
        Offset in `combined` of the title's end; where no title was passed, a short first line is one.
    text_offset : int
        Offset in `combined` of the text.
    """
    if title is None:
        start, end = first_line(text)
        is_title = text[end : end + 1] == "\n" and "<" not in text[start:end]
        return text, end if is_title else 0, 0
    if not title.strip() or text.startswith(title):
        return text, len(title), 0
    return f"{title}\n{text}", len(title), len(title) + 1
