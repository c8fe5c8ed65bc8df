"""What is said of others and not asked of applicants: pupils, the firm, its staff, what it offers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .surroundings import BENEFIT, BLANK, CLASS, COLON, COMMA, COMPANY, OPEN, TURN, Flags, Surroundings, among

_CLUTTER = 12  # how far words reach, in tokens
_EITHER, _LEFT, _RIGHT = range(3)  # values of words that say that others are spoken of
_ZERO, _NINE, _HYPHEN = ord("0"), ord("9"), ord("-")


def clutter(around: Surroundings, section: NDArray[np.int8], marked: Flags, pursuing: Flags) -> Flags:
    """Whether each item is not asked of applicants: benefits, pupils, the firm's own staff, wages."""
    tokens, value = around.tokens, around.value
    about = around.group == CLASS["clutter"]
    cue, out = around.before(about & (value <= _LEFT), _CLUTTER)
    # "Our staff are friendly and you must hold a degree" turns to the applicant again.
    turns = (around.group == CLASS["required"]) & (value == TURN)
    turned = np.append(0, np.cumsum(turns))
    out &= turned[cue] == turned[around.item]
    check = np.flatnonzero(out & tokens.ideograph[around.first[cue]] & (value[cue] == _LEFT))
    out[check[_set_off(around, check, cue[check])]] = False
    out |= around.after(about & ((value == _EITHER) | (value == _RIGHT)), _CLUTTER)[1]
    out |= _named_after(around) & ~pursuing
    out |= section == BENEFIT
    is_level = around.kind == CLASS["level"]
    out |= (section == COMPANY) & ~marked & (is_level | (around.kind == CLASS["years"]))
    # "A-level and degree examinations": what stands together is spoken of together.
    near = (around.begin[1:] - around.end[:-1] <= 2) & (around.line[1:] == around.line[:-1])
    near &= is_level[1:] & is_level[:-1] & out[1:]
    out[:-1] |= near
    # "licensed practical nurse (LPN)" is one licence.
    same = (around.begin[1:] - around.end[:-1] == 1) & (around.kind[1:] == around.kind[:-1]) & ~is_level[1:]
    out[1:] |= same & (around.sign_before[1:] == OPEN)
    # "本科：5000元" is a table of wages.
    behind = np.minimum(around.end + 1, len(tokens) - 1)
    digit = tokens._folded[tokens.start[behind]]
    wage = (tokens._folded[tokens.end[around.end]] == COLON) & (digit >= _ZERO) & (digit <= _NINE)
    out |= is_level & wage & (tokens.sentence[behind] == around.line)
    return np.asarray(out & (around.kind != CLASS["nothing"]))


def _named_after(around: Surroundings) -> Flags:
    """Whether each level is part of the name of a thing or place: "diploma frames", "High School Lane"."""
    tokens = around.tokens
    thing, there = around.after(around.lexicon.things[around.phrase] >= 0, 1)
    gap = tokens.start[around.first[thing]] - tokens.end[around.end]
    sign = tokens._folded[tokens.end[around.end]]
    there &= (gap == 0) | (gap == 1) & ((sign == BLANK) | (sign == _HYPHEN))
    there &= (around.kind == CLASS["level"]) & ~among(tokens.hash[around.end], around.lexicon.open_to)
    return np.asarray(there)


def _set_off(around: Surroundings, some: NDArray[np.intp], cue: NDArray[np.int64]) -> Flags:
    """Whether a comma stands between a cue and the item behind it."""
    start, stop = around.last[cue], around.begin[some]
    length = np.maximum(stop - start, 0)
    run = np.repeat(np.arange(len(some)), length)
    token = np.arange(len(run)) - np.repeat(np.cumsum(length) - length, length) + start[run]
    found = run[around.tokens._folded[around.tokens.end[token]] == COMMA]
    return np.asarray(np.bincount(found, minlength=len(some)) > 0)
