"""Numbers of years, and which of them are years of experience."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from collarclass.requirement_reader.context import (
    CLASS,
    COLON,
    COMMA,
    HALF,
    OPEN,
    Flags,
    Indices,
    Surroundings,
    among,
    sign_ahead,
)
from collarclass.requirement_reader.lexicon import VALUES

_TOLD = 60  # how far the word "experience" may stand, in tokens
_FAR_OFF, _NEAR = 12, 6
_CLAUSE, _CAREER = 8, 15  # how long a clause of years may be, and how many years without a word for working
_SINGLE, _PLAIN, _OLD, _MONTHS, _FIRST = 1, 2, 30, VALUES["years"].index("months"), VALUES["years"].index("first")
_FIGURES = np.array([float(v) if v[:1].isdecimal() else np.nan for v in VALUES["years"]])
_LISTED = np.array([ord(c) for c in "、.)"])
_OPENS = np.array([ord(c) for c in ",:;(-–"])
_STARTS = np.array([ord(c) for c in ",:;(、.)"])
_ENDS = np.array([ord(c) for c in ",.;)。、+|/\n"])
_ZERO, _A, _Z, _HYPHEN, _DOT = (np.uint16(ord(c)) for c in "0az-.")
_BEFORE, _AFTER, _FAR, _WORK = range(4)  # values of words that say what a length of time is of

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
    part, of = np.nonzero(tokens.folded[tokens.start[back] - 1] == _DOT)
    if len(part):
        whole = tokens.folded[tokens.start[back[part, of]] - 2] - _ZERO
        decimal = (whole < 10) & (number[part, of] < 10)
        decimal &= ~tokens.ideograph[around.begin[at[of]]]  # "0.5 years", but 2.3年以上 is of a list
        part, of, whole = part[decimal], of[decimal], whole[decimal]
        number[part, of] = whole + number[part, of] / 10
        number[np.minimum(part + 1, 2), of] = np.where(part < 2, np.nan, number[2, of])
    one, two, three = back
    tens = tokens.ideograph[one] & (number[1] >= 10)  # 十五年
    tens |= (number[1] >= 20) & (number[1] % 10 == 0) & (tokens.start[one] - tokens.end[two] == 1)  # "twenty-six years"
    tens &= number[0] < 10
    number[0, tens] += number[1, tens]
    number[1, tens] = np.nan
    number[1, tokens.start[one] - tokens.end[two] > 3] = np.nan  # "3 - 5 years"
    number[1, tokens.folded[tokens.end[two]] == COMMA] = np.nan  # "without one, six years"
    number[2, tokens.start[one] - tokens.end[three] > 5] = np.nan  # "3 to 5 years"
    number[2, tokens.folded[tokens.end[two]] == COMMA] = np.nan  # 会计2名，三年以上
    # "Computer Science3-4 years": a line break that was lost
    digit, letter = tokens.folded[tokens.end[two] - 1] - _ZERO, tokens.folded[tokens.end[two] - 2]
    glued = ~np.isnan(number[0]) & np.isnan(number[1]) & (tokens.start[one] - tokens.end[two] == 1)
    glued &= (tokens.folded[tokens.end[two]] == _HYPHEN) & (digit < 10) & (letter >= _A) & (letter <= _Z)
    number[1, glued] = digit[glued]
    some = np.flatnonzero(~np.isnan(number[1:]))
    some = some[among(around.sign_behind(back[1:].ravel()[some]), _LISTED)]
    number[1:].flat[some] = np.nan  # "2. three years"
    least = np.where(number[1] <= number[0], number[1], np.where(number[2] < number[0], number[2], number[0]))
    back = np.where(number[1] <= number[0], 2, np.where(number[2] < number[0], 3, 1))
    least[(number[0] > least) & (number[0] >= _OLD) | (number[0] == 0)] = np.nan  # "25-40 yrs" are an age
    value = around.value[around.item[at]]
    least[value == HALF] += 0.5  # 一年半
    least[value == _MONTHS] /= 12
    if (value == _FIRST).any():  # "A year in care", "and a year in care", not "twice a year in May"
        opens = around.starts[around.item[at]] | among(around.sign_before[at], _OPENS)
        ahead = tokens.hash[around.begin[at] - 1]
        opens |= among(ahead, around.lexicon.any_of) | (around.lexicon.says("span", ahead) == _WORK)
        least[value == _FIRST] = np.where(opens[value == _FIRST], 1.0, np.nan)
    counted = (value > HALF) & (value < _MONTHS)  # "a year or more", "2yrs"
    near = tokens.start[around.begin[at]] - tokens.end[one] <= 3
    fewer = counted & (number[0] < _FIGURES[value]) & near  # "1-2yrs"
    least[counted], back[counted] = np.where(fewer, number[0], _FIGURES[value])[counted], fewer[counted]
    # "Years of experience: 6"
    some = np.flatnonzero(np.isnan(least) & (value < HALF))
    behind = tokens.end[around.end[at[some]]]
    some = some[(tokens.folded[behind] == COLON) | (tokens.folded[np.minimum(behind + 1, tokens.end[-1])] == COLON)]
    if len(some):
        behind = np.minimum(around.end[at[some]] + 1, len(tokens) - 1)
        here = tokens.sentence[behind] == around.line[at[some]]
        least[some] = np.where(here, around.lexicon.numbers(tokens.hash[behind]), np.nan)
        back[some] = 0
    figure_at[at] -= back
    told = np.flatnonzero(~np.isnan(least))
    # "six months" and "six months or more" may be anything
    bare = (value == _MONTHS) & (around.end[at] == around.begin[at])
    some = np.flatnonzero((value == _MONTHS) & ~bare)
    if len(some):
        bare[some] = among(tokens.hash[around.begin[at[some]] + 1], around.lexicon.any_of)
    at, least, bare, adjective = at[told], least[told], bare[told], ((value == _SINGLE) & (least > 1))[told]
    years[at] = np.where(_of_work(around, at, figure_at[at], adjective, bare, least), least, np.nan)
    return years, figure_at


def _of_work(
    around: Surroundings, at: Indices, figure: Indices, adjective: Flags, bare: Flags, least: NDArray[np.float64]
) -> Flags:
    """Whether the years of the items `at` are worked: where "experience" is said, or nothing else."""
    swaps = (around.group == CLASS["substitute"]) & around.tokens.ideograph[around.first]  # 两年经验者可放宽
    about = np.flatnonzero((around.group == CLASS["topic"]) & (around.value == 1) | swaps)
    here, end = around.item[at], around.end[at]
    place = np.searchsorted(about, here)
    long = (end > around.begin[at]) & (around.value[here] != _PLAIN) & ~bare
    chinese = around.tokens.ideograph[end]
    close, told = long & ~chinese, np.zeros(len(at), dtype=bool)
    beside = np.zeros(len(at), dtype=bool)
    for cue, there in ((place, place < len(about)), (place - 1, place > 0)):
        topic = np.append(about, 0)[cue]
        there &= around.sentence[topic] == around.line[at]
        gap = np.where(topic > here, around.first[topic] - end, around.begin[at] - around.last[topic])
        # "founded 15 years ago; 3 years of experience": the word speaks of the years next to it
        close |= there & (topic > here) & (gap <= _NEAR) & (np.searchsorted(here, topic) == np.arange(len(at)) + 1)
        told |= there & (gap <= _TOLD)
        beside |= there & (gap <= _NEAR)
    value, span = around.value, around.lexicon.spans[around.phrase]
    begin, line = figure, around.line[at]
    tokens = around.tokens

    def words(place: Indices) -> NDArray[np.int8]:
        """What single words at some places say of the years of each item."""
        place = np.clip(place, 0, len(tokens) - 1)
        said = around.lexicon.says("span", tokens.hash[place])
        return np.where(tokens.sentence[place] == line, said, np.int8(-1))

    later = end + np.arange(1, 4)[:, None]
    ahead, behind = words(begin - np.arange(1, _FAR_OFF + 1)[:, None]), words(later)
    # "one-year programme", but not "one year in programme management"
    opens = among(tokens.hash[np.minimum(later[:-1], len(tokens) - 1)], around.lexicon.open_to)
    beyond = opens | (behind[:-1] == _BEFORE)  # "four years' work after internship"
    behind[1:][np.logical_or.accumulate(beyond, axis=0)] = -1

    # Phrases of several words, next but one at most.
    cues = np.clip(here + np.array([[-1], [-2], [1], [2]]), 0, len(span) - 1)
    kinds = np.where(around.sentence[cues] == line, span[cues], np.int8(-1))
    gaps = np.concatenate((begin - around.last[cues[:2]], around.first[cues[2:]] - end))
    kinds[gaps <= 0] = -1
    # 做满一年加薪, but not 在有效期内，三年以上经验
    k, some = np.nonzero((kinds[:2] == _BEFORE) & chinese)
    comma = around.set_off(cues[k, some], at[some], colon=False)
    kinds[k[comma], some[comma]] = -1
    k, some = np.nonzero((kinds[2:] == _AFTER) & chinese)
    comma = around.between(at[some], cues[k + 2, some], COMMA)
    kinds[k[comma] + 2, some[comma]] = -1

    def near(kind: int, reach: int, after: bool = False) -> Flags:
        side = slice(2, 4) if after else slice(0, 2)
        there = (kinds[side] == kind) & (gaps[side] <= reach)
        single = (behind if after else ahead)[:reach] == kind
        return np.asarray(there.any(axis=0) | single.any(axis=0))

    # "We have traded for 20 years", but not "our firm asks that you have 20 years".
    count = np.append(0, np.cumsum((around.group == CLASS["required"]) & (value != _AFTER)))
    where = np.append(0, np.flatnonzero(span == _FAR))
    cue = where[np.searchsorted(where[1:], here)]
    theirs = (span[cue] == _FAR) & (around.sentence[cue] == line)
    theirs &= (begin - around.last[cue] <= _FAR_OFF) & (count[cue] == count[here])
    some = np.flatnonzero(theirs)
    last = around.last[cue[some]]
    spared = tokens.folded[tokens.end[last]] == COMMA  # 店长，三年
    spared |= (close & long)[some] & (begin[some] - last == 1)  # 有店长三年以上经验
    theirs[some[spared & tokens.ideograph[last]]] = False
    some = np.flatnonzero(theirs)
    theirs[some[around.set_off(cue[some], at[some], np.zeros(len(some), dtype=bool))]] = False  # 我们只看作品集：两年
    far = (ahead == _FAR).argmax(axis=0)
    cue = np.searchsorted(around.first, begin - 1 - far)
    theirs |= (ahead == _FAR).any(axis=0) & (count[cue] == count[here])
    other = near(_BEFORE, 3) | near(_AFTER, 3, after=True)
    # "diploma (3 years, full time)"
    before = np.maximum(at - 1, 0)
    bracket = (tokens.folded[tokens.start[begin] - 1] == OPEN) & (begin - around.end[before] <= 3)
    bracket &= around.line[before] == line
    other |= bracket & (around.kind[before] == CLASS["level"])
    # Chinese writes 年 for dates and all: there a word for working, or the end, has to stand by it.
    ends = among(around.sign_behind(end), _ENDS) & (least >= 1)
    worked = ~tokens.ideograph[around.begin[at]] | ends | near(_WORK, 4) | near(_WORK, 3, after=True)
    behind_it = np.minimum(end + 1, len(tokens) - 1)  # 有5年Java
    letter = tokens.folded[tokens.end[end]]
    worked |= (letter >= _A) & (letter <= _Z) & (tokens.sentence[behind_it] == line) & (least >= 1) & (least <= _CAREER)
    # Or nothing else is in the clause: "三年风机检修，".
    some = np.flatnonzero(~worked & (least >= 2) & (least <= _CAREER))
    starts = tokens.sentence[np.maximum(figure[some] - 1, 0)] != line[some]
    starts |= among(sign_ahead(tokens, figure[some]), _STARTS)
    lead = np.maximum(here - 1, 0)
    asks = (around.group[lead] == CLASS["required"]) | (around.group[lead] == CLASS["preferred"])
    starts |= (asks & (around.last[lead] == figure - 1))[some]  # or it is asked for at once: "至少两年带队"
    starts &= ~among(around.sign_behind(around.begin[at[some]] - 1), _LISTED)  # 2、年会
    some = some[starts]
    rest = np.minimum(end[some] + np.arange(1, _CLAUSE)[:, None], len(tokens) - 1)
    worked[some] = (among(tokens.folded[tokens.end[rest]], _ENDS) | (tokens.sentence[rest] != line[some])).any(axis=0)
    # "experience of 18 months", "at least 18 months on a ward", "and 18 months on a ward"
    some = np.flatnonzero(ahead[0] == _AFTER)
    other[some] |= sign_ahead(tokens, begin[some]) == COLON  # "Duration: six months in Leeds"
    fits = np.where(bare, beside, (told | worked) & ~adjective)
    some = np.flatnonzero(bare & (tokens.folded[tokens.end[end]] != COMMA))
    first, before = begin[some], lead[some]
    asked = asks[some] & (around.sentence[before] == line[some]) & (first - around.last[before] <= 2)
    asked |= (tokens.sentence[first - 1] != line[some]) | (first == 0) | (ahead[0, some] == _WORK)
    asked |= among(sign_ahead(tokens, first), _OPENS)
    # "at least 18 months' inpatient coding"
    goes_on = tokens.sentence[later[0, some].clip(max=len(tokens) - 1)] == line[some]
    goes_on &= ~among(around.sign_behind(end[some]), _ENDS) & ~other[some]
    goes_on &= (around.group[before] == CLASS["required"]) & (first - around.last[before] == 1)
    fits[some] |= asked & (opens[0, some] | goes_on)
    return np.asarray(~theirs & (close | (fits | long) & ~other))  # 三年以上, but not 20年以上陈酿
