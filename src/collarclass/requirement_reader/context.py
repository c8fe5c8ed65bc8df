"""The words, cues, signs and neighbours of each mention, as hashed features.

A feature is one fact about one mention, such as "the cue *preferred* stands up to three tokens behind it".
Every helper here carries the bounds of its row: nothing is seen across the border of an ad.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.features.ngrams import PAIR
from collarclass.requirement_reader.lexicon import CLASS, CLASSES, VALUES, Lexicon
from collarclass.requirement_reader.mentions import Flags, Indices, Mentions, Phrases
from collarclass.text.tokens import mix

_LEFT, _RIGHT = 12, 18  # tokens around a mention whose words are looked at
_PAIRED = 6  # tokens on each side that are read in pairs
_CUES = 5  # cues on each side
_REACH, _SENTENCES = 60, 3  # how far cues may stand: tokens, sentences
_DIGITS = np.uint64(777)  # all numbers are one word
_ZERO = np.uint16(ord("0"))
_STEP = np.uint64(0x9E3779B97F4A7C15)
_DISTANCE = np.repeat(np.arange(5), (1, 1, 1, 3, 200))  # 0, 1, 2, 3 to 5, more
_SIGNS = np.zeros(1 << 16, dtype=bool)
_SIGNS[[ord(c) for c in ",;、|"]] = True
_COLON, _BREAK = ord(":"), ord("\n")
_AFTER, _BOTH, _EXCLUDED = (VALUES["required"].index(value) for value in ("after", "both", "excluded"))
_BETWEEN = 8  # tokens between two levels whose words are looked at
_JOINED = 3  # tokens from one level to another that goes on with it
_SHORT = 4  # tokens of a line that is read as a heading
SCHOOLING, CREDENTIAL, YEARS = range(3)  # kinds of mention that are judged apart
_GROUP = np.array([0, 1, 1, 1, 1, 2, 0])
_SPEAKS = np.array([name not in ("or", "topic", "mark", "decoy", "span", "thing") for name in CLASSES])

@dataclass(slots=True)
class Features:
    """Features of the mentions of a batch, arrays of one length.

    Attributes
    ----------
    mention : list of ndarray of int64
    hash : list of ndarray of uint64
    first, last : list of ndarray of int64
        Tokens that a feature speaks of, -1 where it speaks of no words.
    """

    group: Indices
    mention: list[Indices] = field(default_factory=list)
    hash: list[NDArray[np.uint64]] = field(default_factory=list)
    first: list[Indices] = field(default_factory=list)
    last: list[Indices] = field(default_factory=list)

    def add(
        self,
        template: int,
        of: Indices,
        *parts: NDArray[Any],
        first: Indices | None = None,
        last: Indices | None = None,
    ) -> None:
        """Add one feature to each of some mentions: a template's number and what it says, as integers."""
        value = (np.uint64(template * 3 + 1) + self.group[of].view(np.uint64)) * _STEP
        for part in parts:
            value ^= part.view(np.uint64) if part.dtype.itemsize == 8 else part.astype(np.uint64)
            value *= PAIR
            value ^= value >> np.uint64(29)
        self.mention.append(of)
        self.hash.append(mix(value))
        self.first.append(np.full(len(of), -1) if first is None else first)
        self.last.append(self.first[-1] if last is None else last)


def context_features(mentions: Mentions, lexicon: Lexicon) -> Features:
    """Describe each mention by what stands around it."""
    out = Features(_GROUP[mentions.items.group])
    _own(out, mentions, lexicon)
    _words(out, mentions)
    _place(out, mentions)
    _cues(out, mentions)
    _neighbours(out, mentions)
    return out


def _own(out: Features, m: Mentions, lexicon: Lexicon) -> None:
    """The mention itself, and the signs that touch it."""
    items, tokens = m.items, m.tokens
    every = np.arange(len(items))
    kind = items.group * 32 + items.value
    out.add(0, every, kind)
    phrase = tokens.hash[items.first] * PAIR + tokens.hash[items.last] + (items.last - items.first).astype(np.uint64)
    out.add(1, every, kind, phrase, first=items.first, last=items.last)
    out.add(2, every, tokens.hash[items.last], first=items.last)
    out.add(3, every, tokens.hash[items.first], first=items.first)
    out.add(4, every, kind, lexicon.note[items.phrase])
    before, after = tokens.start[items.first], tokens.end[items.last]
    folded = tokens.folded
    sign, next_sign = folded[before - 1], folded[after]
    out.add(5, every, sign)
    # Behind a line break stands another line, or another ad.
    out.add(6, every, sign, np.where(sign == _BREAK, 0, folded[np.maximum(before - 2, 0)]))
    out.add(7, every, next_sign)
    out.add(8, every, next_sign, np.where(next_sign == _BREAK, 0, folded[np.minimum(after + 1, len(folded) - 1)]))
    timed = np.flatnonzero(~np.isnan(m.years))
    halves = np.minimum(m.years[timed] * 2, 60).astype(np.int64)
    out.add(9, timed, halves, first=m.figure[timed], last=items.last[timed])


def _words(out: Features, m: Mentions) -> None:
    """Words and pairs of words before and behind, coarsely by distance and by sentence."""
    items, tokens, sentence = m.items, m.tokens, m.sentence
    begins, stops = tokens.first[items.row][:, None], tokens.first[items.row + 1][:, None]
    for side, base, reach, template in ((-1, m.figure, _LEFT, 10), (1, items.last, _RIGHT, 20)):
        offset = np.arange(1, reach + 1)
        token = base[:, None] + side * offset
        inside = (token >= begins) & (token < stops)
        of = np.nonzero(inside)[0]
        token = np.clip(token, 0, len(tokens) - 1)
        digit = tokens.folded[tokens.start[token]] - _ZERO < 10
        word = np.where(digit, _DIGITS, tokens.hash[token])
        apart = np.minimum(np.abs(sentence[token] - sentence[base][:, None]), 2)
        out.add(template, of, word[inside], (apart * 8 + _DISTANCE[offset])[inside], first=token[inside])
        both = inside[:, 1:_PAIRED]  # the nearer word is inside as well
        near, far = (word[:, : _PAIRED - 1], word[:, 1:_PAIRED])
        pair = (far * PAIR + near if side < 0 else near * PAIR + far)[both]
        tokens_of = token[:, :_PAIRED]
        left = (tokens_of[:, 1:] if side < 0 else tokens_of[:, :-1])[both]
        out.add(template + 2, np.nonzero(both)[0], pair, apart[:, 1:_PAIRED][both], first=left, last=left + 1)


def _place(out: Features, m: Mentions) -> None:
    """Where the mention stands: in its sentence, in the ad, and under which short line."""
    items, tokens, sentence = m.items, m.tokens, m.sentence
    every = np.arange(len(items))
    row_first, row_stop = tokens.first[items.row], tokens.first[items.row + 1]
    begin = np.maximum(np.searchsorted(sentence, sentence[items.first]), row_first)
    stop = np.minimum(np.searchsorted(sentence, sentence[items.last], "right"), row_stop)
    out.add(30, every, np.minimum(items.first - begin, 6))
    out.add(31, every, np.minimum(stop - 1 - items.last, 6))
    out.add(32, every, np.minimum(stop - begin, 24) // 4, tokens.ideograph[items.first])
    out.add(33, every, tokens.hash[begin], first=begin)
    second = np.minimum(begin + 1, stop - 1)
    out.add(34, every, tokens.hash[begin], tokens.hash[second], first=begin, last=second)
    size = row_stop - row_first
    out.add(35, every, (items.first - row_first) * 5 // size)
    out.add(36, every, np.log2(size).astype(np.int64), tokens.ideograph[items.first])
    # The last line of few words, which may be a heading: "What you bring".
    starts = np.flatnonzero(np.append(True, sentence[1:] != sentence[:-1]))
    long = np.diff(np.append(starts, len(sentence)))
    short = np.flatnonzero(long <= _SHORT)
    if not len(short):
        return
    index = np.searchsorted(starts[short], begin) - 1
    head = starts[short[np.maximum(index, 0)]]
    under = every[(index >= 0) & (head >= row_first)]
    distance = np.minimum(sentence[items.first[under]] - sentence[head[under]], 15) // 4
    for k in range(_SHORT):
        token = np.minimum(head[under] + k, len(tokens) - 1)
        same = (sentence[token] == sentence[head[under]]) & (token == head[under] + k)
        of, token = under[same], token[same]
        out.add(38, of, tokens.hash[token], distance[same], first=token)


def _cues(out: Features, m: Mentions) -> None:
    """The nearest cues before and behind, with what lies between; and the cue that opens the section."""
    items, cues, tokens, sentence = m.items, m.cues, m.tokens, m.sentence
    every = np.arange(len(items))
    code = cues.group * 8 + cues.value
    fresh = items.only((out.group == SCHOOLING) & ~_joined(out, m))
    signs = np.append(0, np.cumsum(_SIGNS[tokens.folded[tokens.end]]))  # signs behind the tokens before each
    nearest = []
    for side, template in ((-1, 40), (1, 50)):
        place = items.first if side < 0 else items.last
        found = [cues.beside(place, items.row, side * k) for k in range(1, _CUES + 1)]
        index, there = np.stack([f[0] for f in found], axis=1), np.stack([f[1] for f in found], axis=1)
        of, rank = np.nonzero(there)
        index = index[there]
        left, right = (cues.last[index], items.first[of]) if side < 0 else (items.last[of], cues.first[index])
        apart = np.abs(cues.sentence[index] - sentence[items.first[of]])
        near = (apart <= _SENTENCES) & (right - left <= _REACH)
        of, rank, index, left, right, apart = (x[near] for x in (of, rank, index, left, right, apart))
        between = np.searchsorted(fresh.first, right) - np.searchsorted(fresh.first, left, "right")
        between = np.clip(between, 0, 2)
        signed = np.minimum(signs[right] - signs[left], 1)
        gap = np.digitize(right - left, (2, 4, 8, 16, 30))
        apart, cue = np.minimum(apart, 2), code[index]
        span = {"first": cues.first[index], "last": cues.last[index]}
        out.add(template, of, cue, apart * 4 + between, **span)
        out.add(template + 1, of, cue, gap * 8 + apart * 2 + (between > 0), **span)
        out.add(template + 2, of, cue, signed * 8 + (between > 0) * 4 + (apart == 0), items.group[of], **span)
        out.add(template + 3, of, cue, gap * 64 + apart * 16 + between * 4 + signed, rank == 0, **span)
        speaks = np.full(len(items), -1)
        first = np.flatnonzero((apart == 0) & _SPEAKS[cues.group[index]])[::-1]
        speaks[of[first]] = cue[first]  # the nearest is written last
        nearest.append(speaks)
        out.add(60 + side, every, speaks)
    out.add(62, every, nearest[0], nearest[1])
    section = _section(out, m, code, nearest)
    _attached(out, m, fresh, signs, section)


def _joined(out: Features, m: Mentions) -> Flags:
    """Whether each mention of schooling goes on with the one before it: "BS/MS", "bachelor's or master's"."""
    schooling = m.items.only(out.group == SCHOOLING)
    index, there = schooling.beside(m.items.first, m.items.row, -1)
    near = there & (out.group == SCHOOLING)
    if len(schooling):
        near &= (m.items.first - schooling.last[index] <= _JOINED) & (m.items.sentence == schooling.sentence[index])
    return np.asarray(near)


def _attached(out: Features, m: Mentions, fresh: Phrases, signs: Indices, section: Indices) -> None:
    """The cues that most likely speak of each mention, by the side on which they usually stand, together."""
    items, cues = m.items, m.cues
    asks = (cues.group >= CLASS["required"]) & (cues.group <= CLASS["not_needed"])
    swaps = cues.group == CLASS["substitute"]
    years = items.only(items.group == CLASS["years"])
    figure = m.figure[items.group == CLASS["years"]]
    choices = cues.only(cues.group == CLASS["or"])

    def look(
        some: Phrases, step: int, reach: int, sentences: int, barrier: bool = True
    ) -> tuple[Indices, Flags, Flags]:
        """The nearest of some cues on one side, whether it is in reach, and whether a comma parts it from there."""
        place = items.last if step > 0 else items.first
        index, there = some.beside(place, items.row, step)
        if not len(some):
            return index, there, there
        left = items.last if step > 0 else some.last[index]
        right = some.first[index] if step > 0 else items.first
        there &= (right - left <= reach) & (np.abs(some.sentence[index] - items.sentence) <= sentences)
        if barrier:
            there &= np.searchsorted(fresh.first, right) <= np.searchsorted(fresh.first, left, "right")
        signed = there & (signs[np.clip(right, 0, len(signs) - 1)] > signs[np.clip(left, 0, len(signs) - 1)])
        return index, there, signed

    codes = []
    for some, step, reach, sentences, barrier in (
        (cues.only(asks & ((cues.value == _AFTER) | (cues.value == _BOTH))), 1, 40, 0, True),
        (cues.only(asks & (cues.value != _AFTER) & (cues.value != _EXCLUDED)), -1, 10, 0, False),
        (cues.only(swaps & ((cues.value == _AFTER) | (cues.value == _BOTH))), 1, 60, 2, True),
        (cues.only(swaps & (cues.value != _AFTER)), -1, 12, 1, False),
        (cues.only(cues.group == CLASS["no"]), -1, 3, 0, False),
        (cues.only(cues.group == CLASS["clutter"]), -1, 12, 0, False),
        (cues.only(cues.group == CLASS["clutter"]), 1, 12, 0, False),
    ):
        index, there, signed = look(some, step, reach, sentences, barrier)
        code = np.zeros(len(items), dtype=np.int64)
        if len(some):
            apart = np.minimum(np.abs(some.sentence[index] - items.sentence), 2)
            long = some.last[index] - some.first[index] >= 3
            known = 1 + some.group[index] * 64 + signed * 32 + apart * 8 + long * 4
            code = np.where(there, known, 0)
        codes.append(code)
    # "or eight years": years that an "or" opens are offered in place of schooling; "or related field 5+ years" are not.
    offered = np.zeros(len(items), dtype=np.int64)
    if len(years):
        choice, ahead = choices.beside(figure, years.row, -1)
        opened = ahead & (figure - choices.last[choice] == 1) if len(choices) else ahead
        lead, asks_before = cues.only(cues.group == CLASS["required"]).beside(figure, years.row, -1)
        required = cues.only(cues.group == CLASS["required"])
        if len(choices) and len(required):  # "or at least five years", "or a minimum of"
            opened |= ahead & asks_before & (figure - required.last[lead] == 1) & (
                required.first[lead] - choices.last[choice] <= 2
            ) & (required.first[lead] > choices.last[choice])
        offered = look(years, 1, 60, 2)[1].astype(np.int64)
        offered[look(years.only(opened), 1, 60, 2)[1]] = 2
        offered[look(years.only(opened), -1, 20, 1, False)[1]] += 3
    codes.append(offered)
    every = np.arange(len(items))
    asked, before, swapped, softened, no, _, _, offered = codes
    for k, code in enumerate(codes):
        out.add(150 + k, every, code)
        out.add(160 + k, every, code, items.group * 8 + np.where(items.group == CLASS["level"], items.value, 0))
    # Commas and distance apart, all at once: what a table of rules would look up.
    plain = [np.where(code > 0, (code - 1) // 64 + 1, 0) for code in (asked, before, swapped, softened, no)]
    out.add(170, every, plain[0], plain[1])
    out.add(171, every, plain[0], plain[1], plain[2], offered)
    out.add(172, every, plain[0], plain[1], plain[2], offered, plain[4], section)
    out.add(173, every, asked, before, swapped)
    out.add(174, every, plain[0], plain[1], section)
    out.add(175, every, swapped, offered)


def _section(out: Features, m: Mentions, code: Indices, nearest: list[Indices]) -> Indices:
    """The cue that opens the section: at the start of a line, and with it or before a colon."""
    items, cues, tokens, sentence = m.items, m.cues, m.tokens, m.sentence
    section = np.full(len(items), -1)
    before, behind = np.maximum(cues.first - 1, 0), np.minimum(cues.last + 1, len(tokens) - 1)
    starts = (sentence[before] != cues.sentence) | (cues.first == tokens.first[cues.row])
    stops = (sentence[behind] != cues.sentence) | (behind == cues.last)
    colon = tokens.folded[tokens.end[cues.last]] == _COLON
    heading = cues.group == CLASS["heading"]
    for k, opens in enumerate((starts & (stops | colon), heading & (starts | stops | colon))):
        some = cues.only(opens)
        index, there = some.beside(items.first, items.row, -1)
        of = np.flatnonzero(there)
        index, head = index[of], code[opens][index[of]]
        span = {"first": some.first[index], "last": some.last[index]}
        out.add(64 + 4 * k, of, head, **span)
        out.add(65 + 4 * k, of, head, np.minimum(sentence[items.first[of]] - some.sentence[index], 6), **span)
        out.add(66 + 4 * k, of, head, nearest[0][of], nearest[1][of], **span)
        out.add(67 + 4 * k, np.flatnonzero(~there))
        if k == 1:
            section[of] = head
    return section


def _neighbours(out: Features, m: Mentions) -> None:
    """The next schooling and the next length of time, before and behind, and the words between."""
    items, tokens = m.items, m.tokens
    every = np.arange(len(items))
    own = np.where(items.group == CLASS["level"], items.value, 7)
    choices = m.cues.only(m.cues.group == CLASS["or"])
    for group in (SCHOOLING, YEARS):
        chosen = out.group == group
        others, figure, level = items.only(chosen), m.figure[chosen], own[chosen]
        for side in (-1, 1):
            template = 80 + group * 20 + (side > 0) * 10
            index, there = others.beside(items.first if side < 0 else items.last, items.row, side)
            out.add(template, every[~there])
            of = every[there]
            index = index[of]
            left, right = (others.last[index], m.figure[of]) if side < 0 else (items.last[of], figure[index])
            apart = np.minimum(np.abs(others.sentence[index] - items.sentence[of]), 3)
            gap = np.digitize(right - left, (2, 3, 5, 9, 20, 60))
            other = level[index]
            compared = np.where(other == 7, 3, np.sign(other - own[of]) + 1) if group == SCHOOLING else 4 + 0 * of
            # "or at least five years": a choice opens what stands behind it.
            choice, open_to = choices.beside(right, items.row[of], -1)
            if len(choices):
                open_to &= (choices.first[choice] > left) & (right - choices.last[choice] <= 2)
            code = compared * 64 + items.group[of] * 8
            out.add(template + 1, of, code + apart, open_to)
            out.add(template + 3, of, code + apart, gap * 2 + open_to)
            if group == YEARS:
                continue
            out.add(template + 4, of, other * 8 + own[of], np.minimum(apart, 1) * 2 + open_to)
            sign = tokens.folded[tokens.end[np.minimum(left, len(tokens) - 1)]]
            out.add(template + 5, of, sign, compared * 4 + np.minimum(right - left, 3))
            token = left[:, None] + np.arange(1, _BETWEEN + 1)
            inside = token < right[:, None]
            word = tokens.hash[np.minimum(token, len(tokens) - 1)][inside]
            where = np.nonzero(inside)[0]
            far = np.minimum(right - left, 9) // 5
            out.add(template + 6, of[where], word, compared[where] * 2 + far[where], first=token[inside])
    _levels_of_row(out, m, own)


def _levels_of_row(out: Features, m: Mentions, own: Indices) -> None:
    """Which levels the whole ad names."""
    items, n = m.items, m.tokens.n_rows
    kind = items.group * 8 + np.where(items.group == CLASS["level"], items.value, 0)
    for level in (0, 1, 2, 3, 4, 7):
        named = np.zeros(n, dtype=bool)
        named[items.row[(own == level) & (out.group == SCHOOLING)]] = True
        of = np.flatnonzero(named[items.row])
        out.add(140, of, kind[of], np.full(len(of), level))
    count = np.bincount(items.row[items.group == CLASS["level"]], minlength=n)[items.row]
    out.add(141, np.arange(len(items)), np.minimum(count, 5))
