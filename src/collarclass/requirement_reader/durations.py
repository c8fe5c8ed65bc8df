"""How many years a length of time names; whether they are years of experience is learnt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from collarclass.kernel import reading
from collarclass.kernel.library import is_compiled
from collarclass.requirement_reader.lexicon import CLASS, VALUES, Lexicon
from collarclass.requirement_reader.phrases import Phrases
from collarclass.text.tokens import Tokens

_FIGURES = np.array([float(v) if v[:1].isdecimal() else np.nan for v in VALUES["years"]])
_HALF, _MONTHS, _FIRST = (VALUES["years"].index(v) for v in ("half", "months", "first"))
_NAMES = np.array([CLASS["years"], _HALF, _MONTHS, _FIRST])  # those that the compiled kernel looks at
_MIN_AGE_YEARS = 30  # a range that ends so high is an age
_MAX_LETTERS_BETWEEN, _MAX_LETTERS_ACROSS = 3, 5  # characters from a number to the next one, and to the one behind it
_COMMA, _COLON, _HYPHEN, _DOT, _ZERO, _A, _Z = (ord(c) for c in ",:-.0az")
_LISTED = np.zeros(1 << 16, dtype=bool)
_LISTED[[ord(c) for c in "、.)"]] = True  # what stands behind the number of an item in a list


def count_years(
    tokens: Tokens, sentence: NDArray[np.int64], lexicon: Lexicon, items: Phrases
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Years that each item names, a range by its lower end, NaN for other items; and the figure's first token."""
    if is_compiled():
        return reading.count_years(tokens, sentence, lexicon, items, _LISTED, _FIGURES, _NAMES)
    first, last, row, group, value = items.first, items.last, items.row, items.group, items.value
    years, figure = np.full(len(first), np.nan), first.copy()
    timed = np.flatnonzero(group == CLASS["years"])
    if not len(timed):
        return years, figure
    number, back = _numbers_before(tokens, sentence, lexicon, first[timed], row[timed])
    below_two, below_three = number[1] <= number[0], number[2] < number[0]
    least = np.where(below_two, number[1], np.where(below_three, number[2], number[0]))
    steps = np.where(below_two, 2, np.where(below_three, 3, 1))
    least[(number[0] > least) & (number[0] >= _MIN_AGE_YEARS) | (number[0] == 0)] = np.nan  # "25-40 yrs" are an age
    word = value[timed]
    least[word == _HALF] += 0.5  # 一年半
    least[word == _MONTHS] /= 12
    least[word == _FIRST], steps[word == _FIRST] = 1.0, 0  # "A year in care"
    counted = (word > _HALF) & (word < _MONTHS)  # "a year or more", "2yrs"
    near = tokens.start[first[timed]] - tokens.end[back[0]] <= _MAX_LETTERS_BETWEEN
    fewer = counted & (number[0] < _FIGURES[word]) & near & ~np.isnan(number[0])  # "1-2yrs"
    least[counted] = np.where(fewer, number[0], _FIGURES[word])[counted]
    steps[counted] = fewer[counted]
    _read_behind(tokens, sentence, lexicon, last[timed], word, least, steps)
    years[timed] = least
    figure[timed] -= np.where(np.isnan(least), 0, steps)
    return years, figure


def _numbers_before(
    tokens: Tokens, sentence: NDArray[np.int64], lexicon: Lexicon, first: NDArray[np.int64], row: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The numbers in the three tokens before each length of time, NaN for other words; and the tokens."""
    back = first - np.arange(1, 4)[:, None]
    outside, back = back < tokens.first[row], np.maximum(back, 0)
    number = lexicon.numbers(tokens.hash[back].ravel()).reshape(back.shape)
    number[outside | (sentence[back] != sentence[first])] = np.nan
    _join_decimals(tokens, number, back)
    one, two, three = back
    gap = tokens.start[one] - tokens.end[two]
    sign = tokens.folded[tokens.end[two]]
    tens = tokens.ideograph[one] & (number[1] >= 10)  # 十五年
    tens |= (number[1] >= 20) & (number[1] % 10 == 0) & (gap == 1)  # "twenty-six years"
    tens &= number[0] < 10
    number[0, tens] += number[1, tens]
    number[1, tens] = np.nan
    number[1, (gap > _MAX_LETTERS_BETWEEN) | (sign == _COMMA)] = (
        np.nan
    )  # "3 - 5 years", but not "without one, six years"
    far = tokens.start[one] - tokens.end[three] > _MAX_LETTERS_ACROSS
    number[2, far | (sign == _COMMA)] = np.nan  # "3 to 5 years"
    # "Computer Science3-4 years": a line break that was lost
    digit = tokens.folded[tokens.end[two] - 1].astype(np.int64) - _ZERO
    letter = tokens.folded[np.maximum(tokens.end[two] - 2, 0)]
    glued = ~np.isnan(number[0]) & np.isnan(number[1]) & (gap == 1) & (sign == _HYPHEN) & ~outside[1]
    glued &= (digit >= 0) & (digit < 10) & (letter >= _A) & (letter <= _Z)
    number[1, glued] = digit[glued]
    behind = tokens.end[back[1:]]
    listed = _LISTED[tokens.folded[behind]]  # "2. three years"
    number[1:][listed & ~np.isnan(number[1:])] = np.nan
    return number, back


def _join_decimals(tokens: Tokens, number: NDArray[np.float64], back: NDArray[np.int64]) -> None:
    """Read "2.5" as one number."""
    step, item = np.nonzero((tokens.folded[tokens.start[back] - 1] == _DOT) & (number < 10))
    if not len(step):
        return
    whole = tokens.folded[np.maximum(tokens.start[back[step, item]] - 2, 0)].astype(np.int64) - _ZERO
    decimal = (whole >= 0) & (whole < 10) & ~tokens.ideograph[back[0, item] + 1]  # but 2.3年以上 is of a list
    step, item, whole = step[decimal], item[decimal], whole[decimal]
    number[step, item] = whole + number[step, item] / 10
    number[np.minimum(step + 1, 2), item] = np.where(step < 2, np.nan, number[2, item])


def _read_behind(
    tokens: Tokens,
    sentence: NDArray[np.int64],
    lexicon: Lexicon,
    last: NDArray[np.int64],
    value: NDArray[np.int64],
    least: NDArray[np.float64],
    steps: NDArray[np.int64],
) -> None:
    """Read "Years of experience: 6"."""
    unread = np.flatnonzero(np.isnan(least) & (value < _HALF))
    stop = tokens.end[last[unread]]
    beyond = np.minimum(stop + 1, len(tokens.folded) - 1)
    unread = unread[(tokens.folded[stop] == _COLON) | (tokens.folded[beyond] == _COLON)]
    if len(unread):
        behind, word = np.minimum(last[unread] + 1, len(tokens) - 1), last[unread]
        beside = (sentence[behind] == sentence[word]) & (tokens.row[behind] == tokens.row[word])
        least[unread] = np.where(beside, lexicon.numbers(tokens.hash[behind]), np.nan)
        steps[unread] = 0
