"""The words, cues, signs and neighbours of each mention, as hashed features.

A feature is one fact about one mention, such as "the cue *preferred* stands up to three tokens behind it".
Every helper here carries the bounds of its row: nothing is seen across the border of an ad.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.features.ngrams import PAIR
from collarclass.requirement_reader.lexicon import CLASS, CLASSES, VALUES, Lexicon
from collarclass.requirement_reader.mentions import Flags, Indices, Mentions, Phrases
from collarclass.text.tokens import STEP, mix

SCHOOLING, CREDENTIAL, YEARS = range(3)  # kinds of mention that are judged apart
_GROUP = np.array([0, 1, 1, 1, 1, 2, 0])
_TEMPLATES = 64
FAMILIES = {  # kinds of fact by what they speak of
    "mention": (0, 1, 2, 3, 8),
    "signs": (4, 5, 6, 7),
    "words": (10,),
    "cues": (20, 21, 22),
    "attached": tuple(range(30, 39)),
    "section": tuple(range(40, 44)),
    "neighbours": tuple(range(46, 51)),
    "levels": (51, 52),
    "substitutes": (55, 56),
}
_KEYS = mix(np.arange(1, 3 * _TEMPLATES + 1, dtype=np.uint64) * STEP).reshape(_TEMPLATES, 3)

_OFFSET = np.array([*range(-1, -7, -1), *range(1, 11)])  # tokens around a mention whose words are looked at
_FAR_OFFSET = np.array([*range(-7, -11, -1), *range(11, 15)])  # and those around a mention of schooling or a credential
_DISTANCE = np.array([0, 0, 1, 2, 3, 3, 3, *[4] * 20])  # 1, 2, 3, 4 to 6, more
_SIDE, _FAR_SIDE = (_DISTANCE[np.abs(offset)] + 8 * (offset > 0) for offset in (_OFFSET, _FAR_OFFSET))
_DIGITS = np.uint64(777)  # all numbers are one word
_ZERO = np.uint16(ord("0"))
_COLON, _BREAK = ord(":"), ord("\n")
_SIGNS = np.zeros(1 << 16, dtype=bool)
_SIGNS[[ord(c) for c in ",;、|"]] = True

_CUES, _NEAREST = 5, 2  # cues on each side that are looked at, and that are features by themselves
_REACH, _SENTENCES = 60, 3  # how far cues may stand: tokens, sentences
_AFTER, _BOTH, _EXCLUDED = (VALUES["required"].index(value) for value in ("after", "both", "excluded"))
_SPEAKS = np.array([name not in ("or", "topic", "mark", "decoy", "span", "thing") for name in CLASSES])
_BETWEEN = 4  # tokens between two levels whose words are looked at
_FAR = np.digitize(np.arange(64), (2, 3, 5, 9, 20, 60))
_SENTENCES_APART = np.digitize(np.arange(20), (1, 2, 3, 6, 11))
_JOINED = 3  # tokens from one level to another that goes on with it


@dataclass(slots=True)
class Features:
    """Hashed features of some mentions of a batch: a row for each mention, some columns for each kind of fact.

    Attributes
    ----------
    of : ndarray of int64, shape (n_rows,)
        The mentions, ascending.
    group : ndarray of int64, shape (n_rows,)
    placed : bool
        Whether the places of words are kept, as reasons need them.
    template : list of int
        Kind of fact of each column.
    blocks : list of ndarray of uint64, shape (n_rows, n_columns)
        What each fact says, 0 where there is none.
    first, last : list of ndarray of int64
        Tokens that each feature speaks of, -1 where it speaks of no words.
    """

    of: Indices
    group: Indices
    placed: bool = False
    template: list[int] = field(default_factory=list)
    blocks: list[NDArray[np.uint64]] = field(default_factory=list)
    first: list[Indices] = field(default_factory=list)
    last: list[Indices] = field(default_factory=list)

    def add(
        self,
        template: int,
        code: NDArray[Any],
        there: Flags | None = None,
        first: Indices | None = None,
        last: Indices | None = None,
    ) -> None:
        """Add what one kind of fact says of each mention, as integers; one column or several."""
        columns = int(np.prod(code.shape[1:]))
        value = code.reshape(len(self.group), columns).view(np.uint64) ^ _KEYS[template].take(self.group)[:, None]
        if there is not None:
            value *= there.reshape(value.shape)
        self.blocks.append(value)
        self.template += [template] * value.shape[1]
        if self.placed:
            none = np.full(value.shape, -1) if first is None else first.reshape(value.shape)
            self.first.append(none)
            self.last.append(none if last is None else last.reshape(value.shape))

    def hashes(self) -> NDArray[np.uint64]:
        """Hash of every feature, shape (n_rows, n_columns); 0 where there is none."""
        return mix(np.concatenate(self.blocks, axis=1))


def context_features(mentions: Mentions, lexicon: Lexicon, placed: bool = False) -> tuple[Features, Features]:
    """Describe each mention by what stands around it; and again those that are no lengths of time, by more."""
    m = replace(mentions, cues=_some(mentions.cues))
    group = _GROUP[m.items.group]
    out = Features(np.arange(len(group)), group, placed)
    _own(out, m, lexicon)
    _words(out, m, _OFFSET, _SIDE)
    near = _near(m, group)
    _cues(out, m, near)
    of = np.flatnonzero(group != YEARS)
    more = Features(of, group[of], placed)
    some = replace(m, items=m.items.only(group != YEARS), figure=m.figure[of])
    _words(more, some, _FAR_OFFSET, _FAR_SIDE)
    section = _section(more, some)
    _attached(more, some, near.only(of), section, _offered(m, some, group))
    _substitutes(more, some)
    _neighbours(more, m, some, group)
    return out, more


def _some(phrases: Phrases) -> Phrases:
    """Phrases to look up; where there are none, one of no ad."""
    if len(phrases):
        return phrases
    zero = np.zeros(1, dtype=np.int64)
    return Phrases(zero, zero, zero - 1, zero, zero, zero, zero)


def _own(out: Features, m: Mentions, lexicon: Lexicon) -> None:
    """The mention itself, and the signs that touch it."""
    items, tokens, folded = m.items, m.tokens, m.tokens.folded
    kind = items.group * 32 + items.value
    out.add(0, kind * 16 + lexicon.note[items.phrase])
    head, tail = tokens.hash[items.first], tokens.hash[items.last]
    size = (items.last - items.first + 64 * kind).view(np.uint64)
    out.add(1, head * PAIR + tail + size * STEP, first=items.first, last=items.last)
    out.add(2, head, first=items.first)
    out.add(3, tail, first=items.last)
    before, after = tokens.start[items.first], tokens.end[items.last]
    sign, next_sign = folded[before - 1].astype(np.int64), folded[after].astype(np.int64)
    out.add(4, sign)
    out.add(5, next_sign)
    # Behind a line break stands another line, or another ad.
    out.add(6, sign << 16 | np.where(sign == _BREAK, 0, folded[np.maximum(before - 2, 0)]))
    beyond = folded[np.minimum(after + 1, len(folded) - 1)]
    out.add(7, next_sign << 16 | np.where(next_sign == _BREAK, 0, beyond))
    timed = ~np.isnan(m.years)
    halves = np.where(timed, np.minimum(m.years * 2, 60), 0).astype(np.int64)
    out.add(8, halves, timed, first=m.figure, last=items.last)


def _words(out: Features, m: Mentions, offset: Indices, side: Indices) -> None:
    """Words before and behind, coarsely by distance and by sentence; all numbers are one word."""
    items, tokens = m.items, m.tokens
    token = np.where(offset < 0, m.figure[:, None], items.last[:, None]) + offset
    there = (token >= tokens.first[items.row][:, None]) & (token < tokens.first[items.row + 1][:, None])
    token *= there
    word = tokens.hash.take(token)
    word[tokens.folded.take(tokens.start.take(token)) - _ZERO < 10] = _DIGITS
    apart = np.minimum(np.abs(m.sentence.take(token) - items.sentence[:, None]), 2)
    out.add(10, word + (apart * 16 + side).view(np.uint64) * STEP, there, first=token)


@dataclass(slots=True)
class _Near:
    """The nearest cues of each mention: shape (n_mentions, 2, _CUES), before it and behind it, the nearest first.

    How many sentences and tokens apart, how many other schoolings between, and whether a comma parts the two.
    """

    index: Indices
    there: Flags
    apart: Indices
    gap: Indices
    between: Indices
    signed: Flags

    def only(self, of: Indices) -> _Near:
        """Those of some mentions."""
        return _Near(*(getattr(self, f.name)[of] for f in fields(self)))


def _near(m: Mentions, group: Indices) -> _Near:
    items, cues, tokens = m.items, m.cues, m.tokens
    ranks = np.arange(_CUES)
    before = np.searchsorted(cues.first, items.first)[:, None] - 1 - ranks
    behind = np.searchsorted(cues.first, items.last, "right")[:, None] + ranks
    index = np.stack((before, behind), axis=1)
    there = (index >= 0) & (index < len(cues))
    index[~there] = 0
    left, right = np.empty_like(index), np.empty_like(index)
    left[:, 0], right[:, 0] = cues.last[index[:, 0]], items.first[:, None]
    left[:, 1], right[:, 1] = items.last[:, None], cues.first[index[:, 1]]
    gap, apart = right - left, np.abs(cues.sentence[index] - items.sentence[:, None, None])
    there &= (cues.row[index] == items.row[:, None, None]) & (apart <= _SENTENCES) & (gap <= _REACH)
    # Schooling between the two that does not go on with the schooling before it.
    fresh = items.first[(group == SCHOOLING) & ~_joined(m, group)]
    opens, ends = np.searchsorted(fresh, cues.first), np.searchsorted(fresh, cues.last, "right")
    between = np.empty_like(index)
    between[:, 0] = np.searchsorted(fresh, items.first)[:, None] - ends[index[:, 0]]
    between[:, 1] = opens[index[:, 1]] - np.searchsorted(fresh, items.last, "right")[:, None]
    folded = tokens.folded
    signed = _SIGNS[folded[tokens.end[left]]] | _SIGNS[folded[tokens.end[np.maximum(right - 1, 0)]]]
    return _Near(index, there, np.minimum(apart, 2), np.clip(gap, 0, _REACH), np.clip(between, 0, 2), signed)


def _cues(out: Features, m: Mentions, near: _Near) -> None:
    """The nearest cues before and behind, with what lies between."""
    cues, some = m.cues, (slice(None), slice(None), slice(_NEAREST))
    index, there = near.index[some], near.there[some]
    code = cues.group * 8 + cues.value
    cue = code[index] * 2 + np.array([[0], [1]])
    kind = m.items.group[:, None, None]
    same, parted = near.apart[some] == 0, near.signed[some] * 2 + (near.between[some] > 0)
    out.add(20, ((cue * 4 + parted) * 2 + same) * 8 + kind, there, cues.first[index], cues.last[index])
    said = np.where(near.there & (near.apart == 0) & _SPEAKS[cues.group[near.index]], code[near.index] + 1, 0)
    nearest = np.take_along_axis(said, (said > 0).argmax(axis=2)[:, :, None], axis=2)[:, :, 0]
    out.add(21, nearest * 2 + np.array([0, 1]))
    out.add(22, nearest[:, 0] << 12 | nearest[:, 1])


def _joined(m: Mentions, group: Indices) -> Flags:
    """Whether each mention of schooling goes on with the one before it: "BS/MS", "bachelor's or master's"."""
    schooling = _some(m.items.only(group == SCHOOLING))
    index, there = schooling.beside(m.items.first, m.items.row, -1)
    near = there & (m.items.first - schooling.last[index] <= _JOINED)
    return np.asarray(near & (group == SCHOOLING) & (m.items.sentence == schooling.sentence[index]))


def _attached(out: Features, m: Mentions, near: _Near, section: Indices, offered: Indices) -> None:
    """The cues that most likely speak of each mention, by the side on which they usually stand, together."""
    items, cues = m.items, m.cues
    asks = (cues.group >= CLASS["required"]) & (cues.group <= CLASS["not_needed"])
    swaps, after = cues.group == CLASS["substitute"], (cues.value == _AFTER) | (cues.value == _BOTH)
    clutter, no = cues.group == CLASS["clutter"], cues.group == CLASS["no"]
    known = 1 + cues.group * 2 + (cues.last - cues.first >= 3)
    codes = []
    for some, side, reach, sentences, barrier in (
        (asks & after, 1, 40, 0, True),
        (asks & (cues.value != _AFTER) & (cues.value != _EXCLUDED), 0, 10, 0, False),
        (swaps & after, 1, 60, 2, True),
        (swaps & (cues.value != _AFTER), 0, 12, 1, False),
        (no, 0, 3, 0, False),
        (clutter, 0, 12, 0, False),
        (clutter, 1, 12, 0, False),
    ):
        index = near.index[:, side]
        fits = near.there[:, side] & some[index] & (near.gap[:, side] <= reach) & (near.apart[:, side] <= sentences)
        if barrier:
            fits &= near.between[:, side] == 0
        which = fits.argmax(axis=1)
        chosen = np.arange(len(items)), which
        code = known[index[chosen]] * 8 + near.signed[:, side][chosen] * 4 + near.apart[:, side][chosen]
        codes.append(np.where(fits[chosen], code, 0))
    kind = items.group * 8 + np.where(items.group == CLASS["level"], items.value, 0)
    each, column = np.stack(codes, axis=1), np.arange(len(codes))
    out.add(30, each * 8 + column)
    out.add(31, (each << 8 | kind[:, None]) * 8 + column)
    asked, before, swapped, softened, denied = (code >> 4 for code in codes[:5])  # without signs and distance
    plain = (asked << 8 | before) << 16 | swapped << 8 | softened
    out.add(32, asked << 8 | before)
    out.add(33, plain << 4 | offered)
    out.add(34, (plain << 4 | offered) << 16 | denied << 12 | section)
    out.add(35, codes[0] << 32 | codes[1] << 16 | codes[2])
    out.add(36, (asked << 8 | before) << 16 | section)
    out.add(37, codes[2] << 4 | offered)
    out.add(38, offered << 8 | kind)


def _offered(m: Mentions, some: Mentions, group: Indices) -> Indices:
    """Whether years that an "or" opens ("or eight years") stand near some mentions, in place of schooling."""
    items, cues = some.items, m.cues
    years, figure = m.items.only(group == YEARS), m.figure[group == YEARS]
    choices, required = (_some(cues.only(cues.group == CLASS[name])) for name in ("or", "required"))
    choice, ahead = choices.beside(figure, years.row, -1)
    lead, asks = required.beside(figure, years.row, -1)
    # "or at least five years", "or a minimum of"
    start = np.where(asks & (figure - required.last[lead] == 1), required.first[lead], figure)
    opened = ahead & (start - choices.last[choice] <= 2) & (start > choices.last[choice])
    offered = np.zeros(len(items), dtype=np.int64)
    for found, step, value in ((years, 1, 1), (years.only(opened), 1, 2), (years.only(opened), -1, 4)):
        found = _some(found)
        index, there = found.beside(items.last if step > 0 else items.first, items.row, step)
        gap = found.first[index] - items.last if step > 0 else items.first - found.last[index]
        apart = np.abs(found.sentence[index] - items.sentence)
        offered += value * (there & (gap <= (60 if step > 0 else 20)) & (apart <= (2 if step > 0 else 1)))
    return offered


def _substitutes(out: Features, m: Mentions) -> None:
    """The next words of substitution in the ad, however far: "a combination of education and experience may do"."""
    items, tokens = m.items, m.tokens
    swaps = _some(m.cues.only(m.cues.group == CLASS["substitute"]))
    levels = items.first[items.group == CLASS["level"]]
    for side in (0, 1):
        index, there = swaps.beside(items.last if side else items.first, items.row, 1 if side else -1)
        first, last = swaps.first[index], swaps.last[index]
        apart = _SENTENCES_APART[np.clip(np.abs(swaps.sentence[index] - items.sentence), 0, 19)]
        between = np.searchsorted(levels, first) - np.searchsorted(levels, items.first)
        between = np.clip(np.abs(between) - side, 0, 2)
        out.add(55, ((swaps.value[index] * 8 + apart) * 4 + between) * 2 + side, there, first, last)
        words = tokens.hash[first] * PAIR + tokens.hash[last]
        out.add(56, words + (apart * 2 + side).view(np.uint64) * STEP, there, first, last)


def _section(out: Features, m: Mentions) -> Indices:
    """The cue that opens the section: at the start of a line, and with it or before a colon."""
    items, cues, tokens, sentence = m.items, m.cues, m.tokens, m.sentence
    before, behind = np.maximum(cues.first - 1, 0), np.minimum(cues.last + 1, len(tokens) - 1)
    starts = (sentence[before] != cues.sentence) | (cues.first == tokens.first[cues.row])
    stops = (sentence[behind] != cues.sentence) | (behind == cues.last)
    colon = tokens.folded[tokens.end[cues.last]] == _COLON
    heading = cues.group == CLASS["heading"]
    for k, opens in enumerate((starts & (stops | colon), heading & (starts | stops | colon))):
        some = _some(cues.only(opens))
        index, there = some.beside(items.first, items.row, -1)
        section = np.where(there, some.group[index] * 8 + some.value[index] + 1, 0)
        first, last = some.first[index], some.last[index]
        apart = np.minimum(items.sentence - some.sentence[index], 6)
        # Having no heading is a fact, too, and one that no words speak of.
        out.add(40 + 2 * k, section, first=np.where(there, first, -1), last=np.where(there, last, -1))
        out.add(41 + 2 * k, section * 8 + apart, there, first, last)
    return section


def _neighbours(out: Features, m: Mentions, some: Mentions, groups: Indices) -> None:
    """The next schooling and the next length of time, before and behind, and the words between."""
    items, tokens = some.items, m.tokens
    levels = np.where(m.items.group == CLASS["level"], m.items.value, 7)
    own = levels[out.of]
    kind = items.group * 8 + np.where(items.group == CLASS["level"], items.value, 0)
    choices = m.cues.only(m.cues.group == CLASS["or"])
    for group in (SCHOOLING, YEARS):
        chosen = np.append(np.flatnonzero(groups == group), 0)  # one more, in case that there are none
        others = _some(m.items.only(groups == group))
        for side in (0, 1):
            index, there = others.beside(items.last if side else items.first, items.row, 1 if side else -1)
            left, right = (items.last, m.figure[chosen][index]) if side else (others.last[index], some.figure)
            apart = np.minimum(np.abs(others.sentence[index] - items.sentence), 3)
            gap = np.where(there, np.clip(right - left, 0, 63), 63)
            other = levels[chosen][index]
            compared = np.where(other == 7, 3, np.sign(other - own) + 1)
            # "or at least five years": a choice opens what stands behind it.
            choice, open_to = choices.beside(right, items.row, -1)
            if len(choices):
                open_to &= (choices.first[choice] > left) & (right - choices.last[choice] <= 2)
            code = ((group * 2 + side) * 4 + compared) * 8 + items.group
            out.add(46, np.where(there, (code * 4 + apart) * 2 + open_to + 2, group * 2 + side))
            out.add(47, ((code * 4 + apart) * 2 + open_to) * 8 + _FAR[gap], there)
            if group == YEARS:
                continue
            out.add(48, ((side * 8 + other) * 8 + own) * 4 + np.minimum(apart, 1) * 2 + open_to, there)
            sign = tokens.folded[tokens.end[np.minimum(left, len(tokens) - 1)]].astype(np.int64)
            out.add(49, ((sign * 2 + side) * 4 + compared) * 4 + np.minimum(gap, 3), there)
            token = left[:, None] + np.arange(1, _BETWEEN + 1)
            inside = there[:, None] & (token < right[:, None])
            token[~inside] = 0
            far = (side * 4 + compared) * 2 + (gap >= 5)
            out.add(50, tokens.hash.take(token) + far.view(np.uint64)[:, None] * STEP, inside, first=token)
    named = np.zeros((tokens.n_rows, 8), dtype=bool)  # which levels the whole ad names
    named[items.row[out.group == SCHOOLING], own[out.group == SCHOOLING]] = True
    out.add(51, kind[:, None] * 8 + np.arange(8), named[items.row])
    count = np.bincount(items.row[items.group == CLASS["level"]], minlength=tokens.n_rows)[items.row]
    out.add(52, np.minimum(count, 5))
