"""How a schooling level, certificate or number of years is asked for: the words around it.

The lexicon's phrases that `find_phrases` found in a batch are either items, which is what an ad
asks for, or cues, which say how. Every function here answers one question for all items at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .phrases import CLASSES, ITEMS, Lexicon, find_phrases
from .text import Tokens

CLASS = {name: np.int8(i) for i, name in enumerate(CLASSES)}
BEFORE, AFTER, BOTH, ALONE = range(4)  # values of the cues: where they stand, seen from the item
BARE = 2  # value of words for schooling in general
ASKED, LIKED, _OTHER, BENEFIT = range(4)  # values of the headings
_COMMA, _COLON, _SLASH, _BLANK, _OPEN, _CLOSE, _ENUMERATION, _LENTICULAR = (ord(c) for c in ",:/ ()、】")
_ZERO, _NINE = ord("0"), ord("9")

# How far words reach, in tokens.
_BEFORE, _BEFORE_NEAR, _AFTER, _SWAP, _CLUTTER, _ALTERNATIVE, _STUDY = 10, 4, 40, 60, 12, 150, 6

Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]
Spoken = Callable[[Indices, Flags], Flags]


def _any(flags: Flags) -> Flags:
    return np.asarray(flags.any(axis=0))


def _among(values: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> Flags:
    out = np.zeros(values.shape, dtype=bool)
    for one in wanted:
        out |= values == one
    return out


@dataclass(slots=True)
class Surroundings:
    """The phrases of a batch that have to do with what is asked for.

    Attributes
    ----------
    tokens, lexicon
        What the phrases were found in, and by.
    first, last, phrase, group, value, sentence, row
        The phrases, arrays of one length in reading order: first and last token, number in the
        lexicon, class and value there, sentence and row.
    heads, starts, stops
        Of each phrase, whether it is a heading; begins, and ends, a sentence or stands before a colon.
    item : ndarray of int64, shape (n_items,)
        Which of the phrases are items.
    kind, begin, end, line
        The items' class, first and last token, and sentence.
    """

    tokens: Tokens
    lexicon: Lexicon
    first: Indices
    last: Indices
    phrase: Indices
    group: NDArray[np.int8]
    value: NDArray[np.int8]
    sentence: Indices
    row: Indices
    heads: Flags
    starts: Flags
    stops: Flags
    item: Indices
    kind: NDArray[np.int8]
    begin: Indices
    end: Indices
    line: Indices

    # -- looking around --------------------------------------------------------------------------

    def following(self, mask: Flags) -> tuple[Indices, Flags]:
        """For each item the next phrase where `mask` holds, and whether there is one."""
        where = np.flatnonzero(mask)
        place = np.searchsorted(where, self.item, "right")
        return np.append(where, len(mask) - 1)[place], place < len(where)

    def preceding(self, mask: Flags) -> tuple[Indices, Flags]:
        """For each item the phrase before it where `mask` holds, and whether there is one."""
        where = np.flatnonzero(mask)
        place = np.searchsorted(where, self.item) - 1
        return np.append(where, 0)[place], place >= 0

    def after(self, mask: Flags, reach: int) -> tuple[Indices, Flags]:
        """As `following`, inside the item's sentence and not further than `reach` tokens."""
        cue, there = self.following(mask)
        return cue, there & (self.sentence[cue] == self.line) & (self.first[cue] - self.end <= reach)

    def before(self, mask: Flags, reach: int) -> tuple[Indices, Flags]:
        """As `preceding`, inside the item's sentence and not further than `reach` tokens."""
        cue, there = self.preceding(mask)
        return cue, there & (self.sentence[cue] == self.line) & (self.begin - self.last[cue] <= reach)

    def between(self, some: Indices, until: Indices, sign: int, before: bool = False) -> Flags:
        """Whether a sign stands directly after (or before) a token between some items and phrases."""
        if not len(some):
            return np.zeros(0, dtype=bool)
        start, stop = self.end[some] + before, self.first[until]
        length = np.maximum(stop - start, 0)
        run = np.repeat(np.arange(len(some)), length)
        token = np.arange(len(run)) - np.repeat(np.cumsum(length) - length, length) + start[run]
        beside = self.tokens.start[token] - 1 if before else self.tokens.end[token]
        found = run[self.tokens._folded[beside] == sign]
        return np.asarray(np.bincount(found, minlength=len(some)) > 0)

    @property
    def sign_before(self) -> NDArray[np.uint16]:
        """The character before each item, blanks apart."""
        place = self.tokens.start[self.begin]
        near = self.tokens._folded[place - 1]
        return np.where(near == _BLANK, self.tokens._folded[np.maximum(place - 2, 0)], near)


def survey(tokens: Tokens, lexicon: Lexicon) -> Surroundings | None:
    """Find the lexicon's phrases and keep those that have to do with an item; None without items."""
    hits = find_phrases(tokens, lexicon)
    group = lexicon.group[hits.phrase]
    is_item = group < len(ITEMS)
    if not is_item.any():
        return None
    sentence = tokens.sentence[hits.first]
    about = np.zeros(int(tokens.sentence[-1]) + 2, dtype=bool)
    about[sentence[is_item]] = True
    about[sentence[is_item] + 1] = True  # "; or five years of experience"
    kept = about[sentence]
    kept |= lexicon.heads[hits.phrase] >= 0
    kept |= group == CLASS["substitute"]
    keep = np.flatnonzero(kept)
    first, last, phrase, sentence = hits.first[keep], hits.last[keep], hits.phrase[keep], sentence[keep]
    group, value = group[keep], lexicon.value[phrase]

    starts = (tokens.sentence[np.maximum(first - 1, 0)] != sentence) | (first == 0)
    behind = np.minimum(last + 1, len(tokens) - 1)
    sign = tokens._folded[tokens.end[last]]
    stops = (tokens.sentence[behind] != sentence) | (behind == last)
    stops |= (sign == _COLON) | (sign == _LENTICULAR)
    opens = lexicon.heads[phrase]
    heads = (opens >= 0) & stops & (starts | tokens.ideograph[first] | (last > first))
    liked = (group == CLASS["heading"]) & (opens == LIKED) & ~heads  # "is our preferred qualification"
    group[liked], value[liked] = CLASS["preferred"], BOTH

    item = np.flatnonzero(group < len(ITEMS))
    return Surroundings(
        tokens, lexicon, first, last, phrase, group, value, sentence, tokens.row[first], heads, starts, stops,
        item, group[item], first[item], last[item], sentence[item],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preface:
    """What the few tokens before each item say.

    Attributes
    ----------
    either : ndarray of bool
        "or".
    afresh : ndarray of bool
        "or" at the beginning of the sentence, or at the end of the one before.
    denied, just_denied : ndarray of bool
        "no", "not", "without"; as the very word before.
    """

    either: Flags
    afresh: Flags
    denied: Flags
    just_denied: Flags


def preface(around: Surroundings) -> Preface:
    """Look at the three tokens before each item."""
    tokens, item = around.tokens, around.item
    back = around.begin - np.arange(1, 4)[:, None]
    row = around.row[item]
    inside = back >= 0
    back = np.maximum(back, 0)
    inside &= tokens.row[back] == row
    # The "or" of a phrase before, such as "or equivalent", is spoken for, and so is its "not".
    previous = np.maximum(item - 1, 0)
    inside &= (item == 0) | (back > around.last[previous]) | (back < around.first[previous])
    words = tokens.hash[back]
    choice = _among(words, around.lexicon.any_of) & inside
    opening = tokens.sentence[np.maximum(back - 1, 0)] != around.line
    inside &= tokens.sentence[back] == around.line
    denied = _among(words, around.lexicon.none_of) & inside
    return Preface(_any(choice), _any(choice & opening), _any(denied), denied[0])


def alternatives(around: Surroundings, ahead: Preface) -> Flags:
    """Whether each level may stand in place of the level before it: "HND or degree", "BSc/MSc"."""
    is_level = around.kind == CLASS["level"]
    order = np.arange(len(is_level))
    earlier = np.zeros(len(is_level), dtype=np.int64)
    earlier[1:] = np.maximum.accumulate(np.where(is_level, order, -1))[:-1]
    row = around.row[around.item]
    near = is_level & (order > 0) & (earlier >= 0)
    earlier = np.maximum(earlier, 0)
    near &= row[earlier] == row
    gap = around.begin - around.end[earlier]
    sign = around.sign_before
    joined = (sign == _SLASH) | (sign == _ENUMERATION)
    out = near & (gap <= _ALTERNATIVE)
    out &= np.where(around.line == around.line[earlier], ahead.either, ahead.afresh) | joined & (gap == 1)
    listed = near & (sign == _COMMA) & (gap == 1)
    for _ in range(2):  # "bachelor's, master's or doctorate"
        taken = np.zeros(len(out), dtype=bool)
        taken[earlier[out]] = True
        out |= listed & taken
    return np.asarray(out)


def sections(around: Surroundings) -> NDArray[np.int8]:
    """The value of the heading over each item, -1 where there is none."""
    head, there = around.preceding(around.heads)
    there &= around.row[head] == around.row[around.item]
    return np.where(there, around.lexicon.heads[around.phrase[head]], np.int8(-1))


def fields(around: Surroundings) -> Flags:
    """Whether each item fills in a job site's field: "学历要求：大专" and nothing else in the line."""
    _, there = around.before((around.group == CLASS["field"]) & around.starts, 1)
    tail = np.minimum(around.item + 1, len(around.group) - 1)
    marked = (around.group[tail] == CLASS["mark"]) & (around.sentence[tail] == around.line)
    closed = around.stops[around.item] | marked & around.stops[tail]
    header = (around.kind == CLASS["nothing"]) & (around.value[around.item] == 1)
    return np.asarray(there & closed | header)


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
    told = around.after(about, _SWAP)[1] | around.before(about, _SWAP)[1] | (around.end > around.begin)
    years[at] = np.where(told[at], least, np.nan)
    return years, figure_at


@dataclass(frozen=True, slots=True)
class Wording:
    """How each item is asked for, by the words of its own sentence.

    Attributes
    ----------
    after, before : ndarray of int8
        Class of the cue on the right and on the left, -1 where there is none.
    swapped : ndarray of bool
        Whether experience is taken in its place.
    pursuing : ndarray of bool
        Whether it may be still under way.
    marked : ndarray of bool
        Whether some sign of asking stands by it.
    """

    after: NDArray[np.int8]
    before: NDArray[np.int8]
    swapped: Flags
    pursuing: Flags
    marked: Flags


def wording(around: Surroundings, alternative: Flags, years: NDArray[np.float64]) -> Wording:
    """Relate each item to the cues of its sentence."""
    group, side, item, line = around.group, around.value, around.item, around.line
    is_level = around.kind == CLASS["level"]
    fresh = np.zeros(len(group), dtype=bool)
    fresh[item[is_level & ~alternative]] = True
    barrier, barred = around.following(fresh)  # a cue beyond the next level speaks of that level
    barrier = np.where(barred, barrier, len(group))
    topic, touched = around.following(
        (group == CLASS["topic"]) | (group >= CLASS["certificate"]) & (group <= CLASS["years"])
    )

    def spoken(cue: Indices, there: Flags) -> Flags:
        """Whether a cue speaks of the item: not of other matters set off by a comma."""
        out = there & (cue < barrier)
        check = np.flatnonzero(out & touched & (topic < cue))
        out[check[around.between(check, topic[check], _COMMA)]] = False
        return out

    asks = (group >= CLASS["required"]) & (group <= CLASS["not_needed"])
    behind = asks & ((side == AFTER) | (side == BOTH))
    cue, there = around.after(behind, _AFTER)
    there = spoken(cue, there)
    check = np.flatnonzero(there & around.tokens.ideograph[around.first[cue]])  # 本科以上，党员优先
    there[check[around.between(check, cue[check], _COMMA)]] = False
    check = np.flatnonzero(there & (around.first[cue] - around.end > 1))  # degree (physics preferred)
    inside = around.between(check, cue[check], _OPEN, before=True)
    inside &= ~around.between(check, cue[check], _CLOSE)
    there[check[inside]] = False
    after = np.where(there, group[cue], np.int8(-1))
    # "qualifications, though these are not essential" and "本科 专业不限" do not free from schooling.
    chinese = around.tokens.ideograph[around.first[cue]]
    loose = (after == CLASS["not_needed"]) & (around.first[cue] - around.end > np.where(chinese, 4, 2))
    loose &= (around.value[item] == BARE) & (around.kind == CLASS["nothing"]) | (
        chinese & touched & (topic < cue)
    )
    after[loose] = -1
    # "not essential but desirable"
    more = np.flatnonzero(behind)
    turn = np.append(more, len(group) - 1)[np.searchsorted(more, cue, "right")]
    turned = (after == CLASS["not_needed"]) & (group[turn] == CLASS["preferred"]) & (turn > cue)
    turned &= (around.sentence[turn] == line) & (around.first[turn] - around.last[cue] <= _STUDY)
    after[turned] = CLASS["preferred"]

    cue, there = around.before(asks & ((side == BEFORE) | (side == BOTH)), _BEFORE)
    near = around.begin - around.last[cue] <= _BEFORE_NEAR
    near &= around.tokens._folded[around.tokens.end[around.last[cue]]] != _COMMA  # "preferred, diploma"
    there &= (side[cue] == BEFORE) | near
    before = np.where(there, group[cue], np.int8(-1))
    # "Ideally you will have" is no demand, whatever stands between.
    wish = around.before((group == CLASS["preferred"]) & (side == BEFORE), _BEFORE)[1]
    before[wish] = CLASS["preferred"]
    after[wish & (after == CLASS["not_needed"])] = CLASS["preferred"]

    swapped = _swapped(around, spoken, barrier, years) & is_level
    hint = group == CLASS["pursuing"]
    pursuing = around.before(hint & (side != AFTER), _STUDY)[1] | around.after(hint & (side != BEFORE), 4)[1]
    pursuing &= is_level
    marked = (after >= 0) | (before >= 0) | swapped | pursuing
    marked |= around.after(group == CLASS["mark"], 2)[1]
    # 本科以上: a phrase of more than two characters holds its mark.
    marked |= around.tokens.ideograph[around.begin] & (around.end - around.begin >= 3)
    return Wording(after, before, swapped, pursuing, marked)


def _swapped(around: Surroundings, spoken: Spoken, barrier: Indices, years: NDArray[np.float64]) -> Flags:
    """Whether experience is taken in an item's place: "or equivalent experience", "or 5 years"."""
    group, side, line, row = around.group, around.value, around.line, around.row[around.item]
    swap = group == CLASS["substitute"]
    cue, there = around.following(swap & ((side == AFTER) | (side == BOTH)))
    next_sentence = around.sentence[cue] - line
    plain = around.last[cue] - around.first[cue] >= 3  # "or experience" may speak of something else
    there &= (next_sentence == 0) | (next_sentence == 1) & (plain | around.starts[cue])
    there &= (around.first[cue] - around.end <= _SWAP) & (around.row[cue] == row)
    out = there & plain & (cue < barrier) | spoken(cue, there)
    out |= around.before(swap & ((side == BEFORE) | (side == BOTH)), _STUDY)[1]

    timed = np.zeros(len(group), dtype=bool)
    timed[around.item[~np.isnan(years)]] = True
    if timed.any():
        year, there = around.following(timed)
        mark, marked = around.following(group == CLASS["mark"])
        there &= ~(marked & (mark < year))  # "or equivalent, and 5 years"
        place = around.first[year] - np.arange(1, 6)[:, None]
        place = np.where(place > around.end, place, 0)
        opening = around.tokens.sentence[np.maximum(place - 1, 0)] == line
        bound = np.isin(place + 1, around.first[group == CLASS["required"]])  # "or at least 5 years"
        bound[1] = True  # "or 5 years"
        bound[2] |= ~np.isnan(around.lexicon.numbers(around.tokens.hash[place[1]]))  # "or five (5) years"
        choice = _among(around.tokens.hash[place], around.lexicon.any_of) & (place > 0) & bound
        choice &= around.row[year] == row
        choice &= (around.sentence[year] == line) | (around.sentence[year] == line + 1) & opening
        out |= there & (year < barrier) & choice.any(axis=0)
    return out


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
    out[1:] |= same & (around.sign_before[1:] == _OPEN)
    # "本科：5000元" is a table of wages.
    behind = np.minimum(around.end + 1, len(tokens) - 1)
    digit = tokens._folded[tokens.start[behind]]
    wage = (tokens._folded[tokens.end[around.end]] == _COLON) & (digit >= _ZERO) & (digit <= _NINE)
    out |= is_level & wage & (tokens.sentence[behind] == around.line)
    return np.asarray(out & (around.kind != CLASS["nothing"]))

