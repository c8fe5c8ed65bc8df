"""Numbers of years, and which of them are years of experience."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .surroundings import CLASS, Indices, Surroundings

_TOLD = 60  # how far the word "experience" may stand, in tokens

def experience(around: Surroundings) -> tuple[NDArray[np.float64], Indices]:
    """Years of experience that each item names, NaN for other items, and the figure's token."""
    tokens, at = around.tokens, np.flatnonzero(around.kind == CLASS["years"])
    years, figure_at = np.full(len(around.kind), np.nan), around.begin.copy()
    if not len(at):
        return years, figure_at
    back = around.begin[at] - np.arange(1, 4)[:, None]
    beyond, back = back < 0, np.maximum(back, 0)
    number = around.lexicon.numbers(tokens.hash[back].ravel()).reshape(back.shape)
    number[beyond | (tokens.sentence[back] != around.line[at])] = np.nan
    one, two, three = back
    number[1, tokens.start[one] - tokens.end[two] > 2] = np.nan  # "3-5 years"
    number[2, tokens.start[one] - tokens.end[three] > 5] = np.nan  # "3 to 5 years"
    least = np.where(number[1] <= number[0], number[1], np.where(number[2] < number[0], number[2], number[0]))
    figure_at[at] -= 1
    figure_at[at] -= number[1] <= number[0]
    figure_at[at] -= 2 * ((number[2] < number[0]) & ~(number[1] <= number[0]))
    about = (around.group == CLASS["topic"]) & (around.value == 1)
    told = around.after(about, _TOLD)[1] | around.before(about, _TOLD)[1] | (around.end > around.begin)
    years[at] = np.where(told[at], least, np.nan)
    return years, figure_at
