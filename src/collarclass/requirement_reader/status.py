"""How each item is asked for: required, preferred, not needed, or experience in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collarclass.requirement_reader.context import (
    AFTER,
    ALONE,
    BARE,
    BEFORE,
    BLANK,
    BOTH,
    CLASS,
    CLOSE,
    COLON,
    COMMA,
    EXCLUDED,
    HALF,
    NEAR,
    OPEN,
    TURN,
    WHO,
    Flags,
    Indices,
    Preface,
    Surroundings,
    among,
    sign_ahead,
)

# How far words reach, in tokens.
_BEFORE, _BEFORE_NEAR, _AFTER, _SWAP, _STUDY, _DOTTED = 10, 4, 40, 60, 6, 5
_DOT, _SEMICOLON = ord("."), ord(";")
_ENDS = np.array([ord(c) for c in ",.;)。"])

Spoken = Callable[[Indices, Flags], Flags]

@dataclass(frozen=True, slots=True)
class Wording:
    """How each item is asked for, by the words of its own sentence.

    Attributes
    ----------
    after, before : ndarray of int8
        Class of the cue on the right and on the left, -1 where there is none.
    excluded : ndarray of bool
        Whether applicants with it, or without it where it is denied, "will not be considered".
    swapped : ndarray of bool
        Whether experience is taken in its place.
    pursuing : ndarray of bool
        Whether it may be still under way.
    marked : ndarray of bool
        Whether some sign of asking stands by it.
    """

    after: NDArray[np.int8]
    before: NDArray[np.int8]
    excluded: Flags
    swapped: Flags
    pursuing: Flags
    marked: Flags


def wording(
    around: Surroundings, ahead: Preface, alternative: Flags, years: NDArray[np.float64]
) -> Wording:
    """Relate each item to the cues of its sentence."""
    group, side, item, line = around.group, around.value, around.item, around.line
    is_level = around.kind == CLASS["level"]
    fresh = np.zeros(len(group), dtype=bool)
    again = np.zeros(len(item), dtype=bool)  # "BS/MS degree preferred"
    again[1:] = (side[item[1:]] == side[item[:-1]]) & is_level[:-1] & (around.begin[1:] - around.end[:-1] == 1)
    again &= (line == np.append(-1, line[:-1])) & ~among(around.sign_before, _ENDS)
    fresh[item[is_level & ~alternative & ~again]] = True
    barrier, barred = around.following(fresh)  # a cue beyond the next level speaks of that level
    barrier = np.where(barred, barrier, len(group))
    topic, touched = around.following(
        (group == CLASS["topic"]) | (group >= CLASS["certificate"]) & (group <= CLASS["years"])
    )

    def spoken(cue: Indices, there: Flags) -> Flags:
        """Whether a cue speaks of the item: not of other matters set off by a comma."""
        out = there & (cue < barrier)
        check = np.flatnonzero(out & touched & (topic < cue))
        out[check[around.between(check, topic[check], COMMA)]] = False
        return out

    asks = (group >= CLASS["required"]) & (group <= CLASS["not_needed"])
    behind = asks & ((side == AFTER) | (side == BOTH))
    cue, there = around.after(behind, _AFTER)
    some = np.flatnonzero(is_level & behind[cue] & (around.sentence[cue] == line + 1))
    some = some[around.first[cue[some]] - around.end[some] <= _DOTTED]
    folded, last = around.tokens.folded, around.end[some]
    dotted = (folded[around.tokens.end[last]] == _DOT) & (folded[around.tokens.start[last] - 1] == _DOT)
    dotted &= around.tokens.sentence[last + 1] == line[some] + 1  # "M.Sc. holders have an advantage"
    there[some] = dotted & (around.row[cue[some]] == around.row[item[some]])
    there = spoken(cue, there)
    check = np.flatnonzero(there & around.tokens.ideograph[around.first[cue]])  # 本科以上，党员优先
    check = check[around.between(check, cue[check], COMMA, blank=True)]  # or 本科以上 党员优先
    alone = (group[cue[check]] == CLASS["preferred"]) & ~around.between(check, cue[check], COMMA, short=1, blank=True)
    behind_it = around.last[cue[check]]  # 硕士毕业的，优先。
    sign = around.sign_behind(behind_it)
    ends = around.stops[cue[check]] | among(sign, _ENDS) | (folded[around.tokens.end[behind_it]] == BLANK)
    alone &= ends & (sign != COLON)  # 大专，优先：本科
    there[check[~alone]] = False
    check = np.flatnonzero(there & (around.first[cue] - around.end > 1))  # degree (physics preferred)
    inside = around.between(check, cue[check], OPEN, before=True)
    inside &= ~around.between(check, cue[check], CLOSE)
    there[check[inside]] = False
    # "High school diploma or GED, CPB preferred": a wish for something else, set off by a comma.
    check = np.flatnonzero(there & is_level & (group[cue] == CLASS["preferred"]) & (cue == item + 1))
    gap = around.first[cue[check]] - around.end[check]
    tail = around.tokens.folded[around.tokens.end[around.end[check]]]
    check = check[(tail == COMMA) & (gap > 1) & (gap <= 5)]
    there[check] = False
    check = check[alternative[check] & (line[check] == line[check - 1])]
    there[check - 1] = False
    mark, marks = around.after(group == CLASS["mark"], 2)  # "form five or above, book-keeping preferred"
    check = np.flatnonzero(there & marks & (mark < cue) & (group[cue] == CLASS["preferred"]))
    there[check[around.between(check, cue[check], COMMA)]] = False
    after = np.where(there, group[cue], np.int8(-1))
    # "qualifications, though these are not essential" and "本科 专业不限" do not free from schooling.
    chinese = around.tokens.ideograph[around.first[cue]]
    loose = (after == CLASS["not_needed"]) & (around.first[cue] - around.end > np.where(chinese, 4, 2))
    loose &= (around.value[item] >= BARE) & (around.kind == CLASS["nothing"]) | (
        chinese & touched & (topic < cue)
    )
    after[loose] = -1
    # "not essential but desirable"
    more = np.flatnonzero(behind)
    turn = np.append(more, len(group) - 1)[np.searchsorted(more, cue, "right")]
    turned = (after == CLASS["not_needed"]) & (group[turn] == CLASS["preferred"]) & (turn > cue)
    turned &= (around.sentence[turn] == line) & (around.first[turn] - around.last[cue] <= _STUDY)
    after[turned] = CLASS["preferred"]

    cue, there = around.before(asks & (side != AFTER) & (side != EXCLUDED), _BEFORE)
    near = around.begin - around.last[cue] <= _BEFORE_NEAR
    tail = around.tokens.folded[around.tokens.end[around.last[cue]]]
    near &= tail != COMMA  # "preferred, diploma"
    there &= (side[cue] == BEFORE) | (side[cue] == TURN) | near
    paper = (around.kind >= CLASS["certificate"]) & (around.kind <= CLASS["driving"])
    # "You need no degree: a GED will do", but "What we do not ask for: a degree".
    check = np.flatnonzero(there & (group[cue] != CLASS["required"]) & (paper | (tail != COLON)))
    comma = around.tokens.ideograph[around.begin[check]] | paper[check]
    there[check[around.set_off(cue[check], check, comma)]] = False
    # 最好有驾照 大专以上: a blank parts as a comma does
    parted = around.tokens.ideograph[around.begin] & (folded[around.tokens.start[around.begin] - 1] == BLANK)
    there &= ~(parted & (group[cue] != CLASS["required"]) & (around.begin - around.last[cue] > 1))
    before = np.where(there, group[cue], np.int8(-1))
    # "Ideally you will have" is no demand, whatever stands between.
    cue, wish = around.before((group == CLASS["preferred"]) & (side == BEFORE), _BEFORE)
    wish &= ~(parted & (around.begin - around.last[cue] > 1))
    before[wish] = CLASS["preferred"]
    after[wish & (after == CLASS["not_needed"])] = CLASS["preferred"]

    swapped = _swapped(around, spoken, barrier, years) & is_level
    swapped |= _years_first(around, ahead, years) & ~alternative & is_level
    hint = group == CLASS["pursuing"]
    pursuing = around.before(hint & (side != AFTER), _STUDY)[1] | around.after(hint & (side != BEFORE), 4)[1]
    pursuing &= is_level
    marked = (after >= 0) | (before >= 0) | swapped | pursuing
    marked |= around.after(group == CLASS["mark"], 2)[1]
    # "must have matric, a diploma in chemistry and a driving licence"
    marked |= around.before((group == CLASS["required"]) & (side == TURN), _AFTER)[1]
    # 本科以上: a phrase of more than two characters holds its mark.
    marked |= around.tokens.ideograph[around.begin] & (around.end - around.begin >= 3)
    marked |= around.tokens.ideograph[around.begin] & around.before(group == CLASS["topic"], 1)[1]  # 护理专业大专
    cue, excluded = around.after((group == CLASS["required"]) & (side == EXCLUDED), _AFTER)
    excluded &= cue < barrier
    check = np.flatnonzero(excluded & around.tokens.ideograph[around.first[cue]])  # 本科以上，无经验勿扰
    excluded[check[around.between(check, cue[check], COMMA, blank=True)]] = False
    return Wording(after, before, excluded, swapped, pursuing, marked)


def _swapped(around: Surroundings, spoken: Spoken, barrier: Indices, years: NDArray[np.float64]) -> Flags:
    """Whether experience is taken in an item's place: "or equivalent experience", "or 5 years"."""
    group, side, line, row = around.group, around.value, around.line, around.row[around.item]
    swap = group == CLASS["substitute"]
    cue, there = around.following(swap & ((side == AFTER) | (side == BOTH)))
    next_sentence = around.sentence[cue] - line
    plain = around.last[cue] - around.first[cue] >= 3  # "or experience" may speak of something else
    there &= (next_sentence == 0) | (next_sentence == 1) & (plain | around.starts[cue]) | (
        (next_sentence == 2) & plain & around.starts[cue]
    )
    there &= (around.first[cue] - around.end <= _SWAP) & (around.row[cue] == row)
    # 本科，会计背景或有相关经验: "or" speaks of its own clause, where it does not open one
    check = np.flatnonzero(there)
    place = around.first[cue[check]]
    chinese = among(around.tokens.hash[place], around.lexicon.any_of) & around.tokens.ideograph[place]
    check, place = check[chinese], place[chinese]
    inside = around.tokens.end[place - 1] == around.tokens.start[place]
    inside &= around.between(check, cue[check], COMMA) | (next_sentence[check] > 0)
    there[check[inside]] = False
    plain[check[sign_ahead(around.tokens, place) == _SEMICOLON]] = True  # 中专，汽修专业；或在厂里干满两年
    out = there & plain & (cue < barrier) | spoken(cue, there)
    out |= around.before(swap & ((side == BEFORE) | (side == BOTH)), _STUDY)[1]

    chosen, opens = _chosen(around, years)
    if chosen.any():
        year, there = around.following(chosen)
        there &= (year < barrier) & (around.row[year] == row) & (around.sentence[year] - line <= 2)
        # 本科，做测试或运维三年: a choice of its own clause only, or of the clause before
        check = np.flatnonzero(there & around.tokens.ideograph[around.first[year]] & ~opens[year])
        apart = around.between(check, year[check], COMMA) | (around.sentence[year[check]] > line[check])
        there[check[apart]] = False
        # "(1) GED; and (2) two years as an inspector, or three as a fitter": a choice of years.
        previous = np.searchsorted(around.item, year) - 1
        of_years = (around.line[previous] == around.sentence[year]) & (around.kind[previous] == CLASS["years"])
        out |= there & ~(of_years & (around.sentence[year] > line))
    return out


def _years_first(around: Surroundings, ahead: Preface, years: NDArray[np.float64]) -> Flags:
    """Whether years of experience come first: "four years as a plumber; or an apprenticeship"."""
    out = np.zeros(len(years), dtype=bool)
    near = (around.line[1:] - around.line[:-1] <= 2) & (around.item[1:] - around.item[:-1] <= 3)
    out[1:] = ~np.isnan(years[:-1]) & near & (ahead.either | ahead.afresh)[1:]
    return out


def _chosen(around: Surroundings, years: NDArray[np.float64]) -> tuple[Flags, Flags]:
    """Which phrases are years that are offered as a choice, "or at least five years", and where "or" opens a clause."""
    tokens, lexicon = around.tokens, around.lexicon
    out = np.zeros(len(around.group), dtype=bool)
    told = np.flatnonzero(~np.isnan(years))
    year, previous = around.item[told], np.where(told > 0, around.end[told - 1], -1)
    back = around.first[year] - np.arange(1, 6)[:, None]
    words = tokens.hash[np.maximum(back, 0)]
    far, which = np.nonzero(among(words, lexicon.any_of) & (back > previous))
    place, chosen = back[far, which], year[which]
    bound = far == np.where(around.value[chosen] > HALF, 0, 1)  # "or a year of work", "or 5 years"
    close = tokens.start[place + far] - tokens.end[place] == far - 1
    bound |= (far >= 2) & (far <= 3) & close & tokens.ideograph[place] & tokens.ideograph[place + 1]  # 或具有五年
    bound |= (far == 2) & ~np.isnan(lexicon.numbers(words[1, which]))  # "or five (5) years"
    letter = tokens.end[place + 1] - tokens.start[place + 1] == 1  # "or (b) five years"
    bound |= (far == 2) & letter & (tokens.folded[tokens.end[place + 1]] == CLOSE)
    cue = np.minimum(np.searchsorted(around.first, place + 1), len(out) - 1)  # "or at least 5 years"
    bound |= (around.first[cue] == place + 1) & (around.group[cue] == CLASS["required"])
    bound &= (tokens.sentence[place] == around.sentence[chosen]) | (
        tokens.sentence[np.maximum(place - 1, 0)] != tokens.sentence[place]
    )
    # "or, failing that, five years"
    before = np.maximum(year - 1, 0)
    out[year] = (around.group[before] == CLASS["else"]) & (around.sentence[before] == around.sentence[year])
    out[chosen[bound]] = True
    opens = np.zeros(len(out), dtype=bool)
    opens[chosen[bound & (tokens.end[np.maximum(place - 1, 0)] < tokens.start[place])]] = True
    return out, opens


def softening(around: Surroundings) -> Flags:
    """Which phrases say for a whole ad that experience is taken in place of schooling."""
    swap = around.group == CLASS["substitute"]
    near = np.flatnonzero(swap & (around.value == NEAR))
    out = swap & (around.value == ALONE)
    lines = np.append(-9, around.line[around.kind <= CLASS["level"]])  # of schooling, near by
    place = np.searchsorted(lines, around.sentence[near] + 2, "right") - 1
    out[near] = lines[place] >= around.sentence[near] - 2
    # 有五年经验的，学历不限
    free = np.flatnonzero((around.group == CLASS["nothing"]) & (around.value != 1))
    place = around.tokens.start[around.first[free]] - 1
    place -= around.tokens.folded[place] == COMMA
    out[free] = among(around.tokens.folded[place], WHO)
    return np.asarray(out)
