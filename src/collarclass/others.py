"""What is said of others and not asked of applicants: pupils, the firm, its staff, what it offers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .surroundings import BENEFIT, CLASS, COLON, OPEN, Flags, Surroundings

_CLUTTER = 12  # how far words reach, in tokens
_ZERO, _NINE = ord("0"), ord("9")

def clutter(around: Surroundings, section: NDArray[np.int8]) -> Flags:
    """Whether each item is not asked of applicants: benefits, pupils, the firm's own staff, wages."""
    tokens = around.tokens
    about = around.group == CLASS["clutter"]
    out = around.before(about & (around.value != 2), _CLUTTER)[1]
    out |= around.after(about & (around.value != 1), _CLUTTER)[1]
    out |= section == BENEFIT
    is_level = around.kind == CLASS["level"]
    # "licensed practical nurse (LPN)" is one licence.
    same = (around.begin[1:] - around.end[:-1] == 1) & (around.kind[1:] == around.kind[:-1]) & ~is_level[1:]
    out[1:] |= same & (around.sign_before[1:] == OPEN)
    # "本科：5000元" is a table of wages.
    behind = np.minimum(around.end + 1, len(tokens) - 1)
    digit = tokens._folded[tokens.start[behind]]
    wage = (tokens._folded[tokens.end[around.end]] == COLON) & (digit >= _ZERO) & (digit <= _NINE)
    out |= is_level & wage & (tokens.sentence[behind] == around.line)
    return np.asarray(out & (around.kind != CLASS["nothing"]))
