"""How a schooling level, certificate or number of years is asked for: the words around it.

The lexicon's phrases that `find_phrases` found in a batch are either items, which is what an ad
asks for, or cues, which say how. Every function here answers one question for all items at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.requirement_reader.lexicon import CLASSES, DOUBTFUL, FAR, GENERAL, ITEMS, JOINED, VALUES, Lexicon
from collarclass.requirement_reader.phrases import Hits, find_phrases
from collarclass.text.tokens import Tokens, tokenize

CLASS = {name: np.int8(i) for i, name in enumerate(CLASSES)}
BEFORE, AFTER, BOTH, ALONE, NEAR, _AFTER_SLASH = range(6)  # values of the cues: where they stand, seen from the item
TURN, EXCLUDED = 3, 4  # before the item, and turning to the applicant: "you must have"
HALF = 3  # "and a half", of years; greater values count themselves
BARE, HIGHER = 2, 3  # values of words for schooling in general, and for higher schooling: "college"
ASKED, LIKED, _OTHER, BENEFIT, COMPANY, _LABEL = range(6)  # values of the headings; a label: "Nice: BSc"
COMMA, COLON, SLASH, BLANK, OPEN, CLOSE, _ENUMERATION = (ord(c) for c in ",:/ ()、")
_ALTERNATIVE, _ELSE, _ALSO = 150, 8, 25  # how far apart alternatives may stand, in tokens, and "alternatively" from one
_MANY = 12  # words, looked up in order
_OPENING = 8  # and from an "or" that opens the sentence
_TITLED = 3  # and words that may be a title of a post
_ANSWER = 10  # how far from the end of a question
_QUALIFIED = 4  # tokens from "equivalent" to "experience"
_JOINTS, _ENDS = tokenize(["and plus with have in"]).hash, np.array([ord(c) for c in ",;("])
_WORD = 3  # letters of a word that another was run into
_TITLE, _LEADING = 3, 8  # tokens of a heading that needs no line of its own; tokens behind "ideally" up to a colon
_BAR, _QUESTION, _BREAK = ord("|"), ord("?"), ord("\n")
_LINE = 400  # characters of a table's line that are looked at
_FRESH, _STOPS = np.zeros(1 << 16, dtype=bool), np.zeros(1 << 16, dtype=bool)  # what stands before, and behind
_FRESH[[ord(c) for c in "abcdefghijklmnopqrstuvwxyz0123456789:;."]] = True
_STOPS[[ord(c) for c in "abcdefghijklmnopqrstuvwxyz:】"]] = True
WHO = np.array([ord(c) for c in "者的"])  # what ends a clause of those meant: 有五年经验的，学历不限
_AGE = [ord(c) for c in "年龄"]
_UNDER, _LESS, _THAN = (np.array([ord(c) for c in word]) for word in ("以下", "低没无未非", "于有"))
_ZERO, _NINE, _TEN = ord("0"), ord("9"), 10
_CLAUSE, _WORK = 3, VALUES["span"].index("work")  # tokens of a clause that is a licence
_CLAUSES = np.array([ord(c) for c in ",;"])
_DASHES = np.array([ord(c) for c in "-–—"])

_FAR = np.isin(CLASSES, FAR)

Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]


def _any(flags: Flags) -> Flags:
    return np.asarray(flags.any(axis=0))


def among(values: NDArray[Any], wanted: NDArray[Any]) -> Flags:
    """Which values are one of a few; of many, which have to be sorted."""
    if len(wanted) > _MANY:
        return np.asarray(wanted[np.minimum(np.searchsorted(wanted, values), len(wanted) - 1)] == values)
    out = np.zeros(values.shape, dtype=bool)
    for one in wanted:
        out |= values == one
    return out


def sign_ahead(tokens: Tokens, token: Indices) -> NDArray[np.uint16]:
    """The character before each of some tokens, a blank apart."""
    place = tokens.start[token]
    near = tokens.folded[place - 1]
    return np.where(near == BLANK, tokens.folded[np.maximum(place - 2, 0)], near)


def _each(start: Indices, stop: Indices) -> tuple[Indices, Indices]:
    """All tokens from each start up to its stop: which of the runs each is of, and the token."""
    length = np.maximum(stop - start, 0)
    run = np.repeat(np.arange(len(length)), length)
    return run, np.arange(len(run)) - np.repeat(np.cumsum(length) - length, length) + start[run]


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
    opens : ndarray of int8
        What section each phrase opens where it is a heading, index into `VALUES` of "heading"; or -1.
    heads, starts, stops
        Of each phrase, whether it is a heading; begins, and ends, a sentence or stands before a colon.
    afresh
        Of each phrase, whether a line break was lost before it: "the teamBachelor's", "team.Bachelor's".
    item : ndarray of int64, shape (n_items,)
        Which of the phrases are items.
    kind, begin, end, line, sign_before, doubt
        The items' class, first and last token, sentence, the character before each, blanks apart, and
        what the lexicon notes of each, index into `DOUBTS`.
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
    opens: NDArray[np.int8]
    heads: Flags
    starts: Flags
    stops: Flags
    afresh: Flags
    item: Indices
    kind: NDArray[np.int8]
    begin: Indices
    end: Indices
    line: Indices
    sign_before: NDArray[np.uint16]
    doubt: NDArray[np.int8]

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

    def between(
        self, some: Indices, until: Indices, sign: int, before: bool = False, short: int = 0, blank: bool = False
    ) -> Flags:
        """Whether a sign stands directly after (or before) a token between some items and phrases.

        The last `short` tokens do not count. With `blank` one in Chinese is as good as a comma.
        """
        if not len(some):
            return np.zeros(0, dtype=bool)
        run, token = _each(self.end[some] + before, self.first[until] - short)
        beside, folded = self.tokens.start[token] - 1 if before else self.tokens.end[token], self.tokens.folded
        found = folded[beside] == sign
        if sign == COMMA:  # also behind a bracket, 本科（自考均可）， and 本科 / 三年 / PMP优先
            beside = np.where(folded[beside] == CLOSE, beside + 1, beside)
            found = (folded[beside] == COMMA) | (folded[beside] == BLANK) & (folded[beside + 1] == SLASH)
            if blank:
                chinese = self.tokens.ideograph
                found |= (folded[beside] == BLANK) & chinese[token] & chinese[np.minimum(token + 1, len(chinese) - 1)]
        return np.asarray(np.bincount(run[found], minlength=len(some)) > 0)

    def set_off(self, cue: Indices, some: Indices, comma: Flags | None = None, colon: bool = True) -> Flags:
        """Whether a colon, where it counts, or a comma stands between some phrases and the items behind them."""
        run, token = _each(self.last[cue], self.begin[some])
        sign = self.tokens.folded[self.tokens.end[token]]
        counts = np.True_ if comma is None else comma[run]
        found = run[colon & (sign == COLON) | (sign == COMMA) & counts]
        return np.asarray(np.bincount(found, minlength=len(some)) > 0)

    def sign_behind(self, token: Indices) -> NDArray[np.uint16]:
        """The character after each of some tokens, a blank apart."""
        place = self.tokens.end[token]
        near = self.tokens.folded[place]
        return np.where(near == BLANK, self.tokens.folded[np.minimum(place + 1, len(self.tokens.folded) - 1)], near)


def _broken(tokens: Tokens, hits: Hits) -> Tokens:
    """Begin a new sentence where a line break was lost, but not in a phrase: "in our fieldBachelor's degree"."""
    end = tokens.end[:-1]
    cut = np.flatnonzero((tokens.start[1:] == end) & ~tokens.ideograph[1:])
    cut = cut[~tokens.ideograph[cut] & (end[cut] - tokens.start[cut] >= _WORD)] + 1
    within = np.searchsorted(hits.first, cut) - 1
    cut = cut[(within < 0) | (hits.last[within] < cut)]
    if not len(cut):
        return tokens
    more = np.zeros(len(tokens), dtype=np.int64)
    more[cut] = 1
    return replace(tokens, sentence=tokens.sentence + np.cumsum(more))


def survey(tokens: Tokens, lexicon: Lexicon) -> Surroundings | None:
    """Find the lexicon's phrases and keep those that have to do with an item; None without items."""
    hits = find_phrases(tokens, lexicon)
    group = lexicon.group[hits.phrase]
    is_item = group < len(ITEMS)
    if not is_item.any():
        return None
    tokens = _broken(tokens, hits)
    # "GCSE English (D)": of a person specification; but "Class D".
    letter = np.flatnonzero((lexicon.doubtful[hits.phrase] == JOINED) & ~is_item)
    if len(letter):
        bracketed = tokens.folded[tokens.start[hits.first[letter]] - 1] == OPEN
        bracketed &= tokens.folded[tokens.end[hits.last[letter]]] == CLOSE
        group[letter[~bracketed]] = CLASS["decoy"]
    sentence = tokens.sentence[hits.first]
    about = np.zeros(int(tokens.sentence[-1]) + 1, dtype=bool)
    about[sentence[is_item]] = True
    kept = about[sentence] | (lexicon.heads[hits.phrase] >= 0) | _FAR[group]
    keep = np.flatnonzero(kept)
    first, last, phrase, sentence = hits.first[keep], hits.last[keep], hits.phrase[keep], sentence[keep]
    group, value = group[keep], lexicon.value[phrase]

    starts = (tokens.sentence[np.maximum(first - 1, 0)] != sentence) | (first == 0)
    behind = np.minimum(last + 1, len(tokens) - 1)
    sign = tokens.folded[tokens.end[last]]
    stops = (tokens.sentence[behind] != sentence) | (behind == last)
    stops |= _STOPS[sign]
    # "a team of fiveRequirementsMaster's degree": a line break that was lost.
    afresh = _FRESH[tokens.folded[tokens.start[first] - 1]]
    some = np.flatnonzero(afresh)
    afresh[some] = ~tokens.ideograph[first[some]]
    starts |= afresh
    opens = lexicon.heads[phrase]
    # "The following would count in your favour: ..."
    asks = np.where(group == CLASS["preferred"], LIKED, np.where(group == CLASS["required"], ASKED, -1))
    alone = starts & stops & (last > first) & (group == CLASS["preferred"])
    opens = np.where((opens < 0) & ((sign == COLON) | alone), asks, opens).astype(np.int8)
    heads = (opens >= 0) & stops & (starts | tokens.ideograph[first] | (last > first))
    heads &= starts | (sign == COLON) | (opens < BENEFIT)  # "for our clients;" is no heading
    # "... of dynamic systems PREFERRED SKILLS AND EXPERIENCE Proficiency": line breaks that were lost.
    titled = (group == CLASS["heading"]) & ((opens == ASKED) | (opens == LIKED))
    heads |= titled & ((last - first >= _TITLE) | (opens == LIKED) & (sign == COLON))
    # "Ideally you will have the following:"
    some = np.flatnonzero(starts & (asks >= 0))
    some = some[~about[sentence[some]]]
    final = np.searchsorted(tokens.sentence, sentence[some], "right") - 1
    leads = (tokens.folded[tokens.end[final]] == COLON) & (final - last[some] <= _LEADING)
    some = some[leads]
    opens[some], heads[some] = asks[some], True
    liked = (group == CLASS["heading"]) & (opens == LIKED) & ~heads  # "is our preferred qualification"
    group[liked], value[liked] = CLASS["preferred"], BOTH
    opens[opens == _LABEL] = LIKED
    # 大专最好，: at the end of its clause what usually stands before speaks of what was said
    some = np.flatnonzero((group == CLASS["preferred"]) & (value == BEFORE) & tokens.ideograph[first] & ~starts)
    some = some[stops[some] | (sign[some] == COMMA)]
    value[some[tokens.end[first[some] - 1] == tokens.start[first[some]]]] = AFTER

    swap = np.flatnonzero((group == CLASS["substitute"]) & (value == _AFTER_SLASH))  # "HND / experience"
    value[swap] = np.where(sign_ahead(tokens, first[swap]) == SLASH, AFTER, _AFTER_SLASH)
    # "or equivalent manufacturing planning experience"
    ahead = np.minimum(np.arange(len(group)) + 1, len(group) - 1)
    some = np.flatnonzero((group == CLASS["mark"]) & (group[ahead] == CLASS["topic"]) & (value[ahead] == 1))
    some = some[among(tokens.hash[first[some]], lexicon.any_of) & (sentence[some] == sentence[ahead[some]])]
    run, token = _each(last[some], first[ahead[some]])
    apart = among(tokens.hash[token], _JOINTS) | among(tokens.folded[tokens.end[token]], _ENDS)
    gap = first[ahead[some]] - last[some]
    some = some[(gap > 1) & (gap <= _QUALIFIED) & (np.bincount(run[apart], minlength=len(some)) == 0)]
    group[some], value[some] = CLASS["substitute"], AFTER
    aged = _of_age(tokens, lexicon, last, np.flatnonzero(group == CLASS["substitute"]))
    group[aged], value[aged] = CLASS["topic"], 1
    item = np.flatnonzero(group < len(ITEMS))
    return Surroundings(
        tokens, lexicon, first, last, phrase, group, value, sentence, tokens.row[first], opens, heads, starts, stops,
        afresh, item, group[item], first[item], last[item], sentence[item], sign_ahead(tokens, first[item]),
        lexicon.doubtful[phrase[item]],
    )  # fmt: skip


def _of_age(tokens: Tokens, lexicon: Lexicon, last: Indices, some: Indices) -> Indices:
    """Those of some phrases that speak of age: 优秀者可放宽至45岁, 可放宽年龄, but not 可放宽年龄、学历."""
    some = some[tokens.ideograph[last[some]]]
    first, second, third = np.minimum(last[some] + np.array([[1], [2], [3]]), len(tokens) - 1)
    digit = tokens.folded[tokens.start[second]]
    out = (digit >= _ZERO) & (digit <= _NINE) | (lexicon.numbers(tokens.hash[third]) == _TEN)  # 至四十岁
    age = (tokens.folded[tokens.start[first]] == _AGE[0]) & (digit == _AGE[1])
    out |= age & (tokens.folded[tokens.end[second]] != _ENUMERATION)
    return np.asarray(some[out & (tokens.sentence[second] == tokens.sentence[last[some]])])


@dataclass(frozen=True, slots=True)
class Preface:
    """What the few tokens before each item say.

    Attributes
    ----------
    either : ndarray of bool
        "or".
    afresh : ndarray of bool
        "or" at the beginning of the sentence, or at the end of the one before.
    own : ndarray of int64
        Items whose "or" speaks of its own clause: Chinese, and no sign before it.
    denied, just_denied : ndarray of bool
        "no", "not", "without"; as the very word before.
    """

    either: Flags
    afresh: Flags
    own: Indices
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
    speaks = (around.group != CLASS["span"]) & (around.group != CLASS["thing"])
    previous = np.maximum.accumulate(np.where(speaks, np.arange(len(speaks)), 0))[np.maximum(item - 1, 0)]
    inside &= (item == 0) | (back > around.last[previous]) | (back < around.first[previous])
    words = tokens.hash[back]
    # "or GED, associate degree": a comma or another item behind the "or" ends what it speaks of.
    apart = np.zeros(back.shape, dtype=bool)
    apart[1:] = np.logical_or.accumulate(tokens.folded[tokens.end[back[:-1]]] == COMMA, axis=0)
    ended = apart & tokens.ideograph[around.begin]  # 专业不卡，大专
    apart[:, 1:] |= back[:, 1:] <= around.end[:-1]
    choice = among(words, around.lexicon.any_of) & inside & ~apart
    here = tokens.sentence[back] == around.line
    beside = np.clip(np.where(here, back - 1, back + 1), 0, len(tokens) - 1)
    opening = here != (tokens.sentence[beside] == around.line)  # first of its sentence, or last of the one before
    inside &= tokens.sentence[back] == around.line
    denied = among(words, around.lexicon.none_of) & inside & ~ended
    # "BEng; or an engineering technology diploma"
    some = np.flatnonzero((around.kind == CLASS["level"]) & ~tokens.ideograph[around.begin])
    first = np.searchsorted(tokens.sentence, around.line[some])
    alone = (around.begin[some] - first <= _OPENING) & ((some == 0) | (around.end[some - 1] < first))
    opens = np.zeros(len(item), dtype=bool)
    opens[some[alone]] = among(tokens.hash[first[alone]], around.lexicon.any_of)
    which, own = np.nonzero(choice & tokens.ideograph[around.begin])
    place = back[which, own]
    own = own[tokens.end[place - 1] == tokens.start[place]]
    return Preface(_any(choice) | opens, _any(choice & opening) | opens, own, _any(denied), denied[0])


def alternatives(around: Surroundings, ahead: Preface, years: NDArray[np.float64]) -> Flags:
    """Whether each level may stand in place of the level before it: "HND or degree", "BSc/MSc"."""
    is_level = around.kind == CLASS["level"]
    order = np.arange(len(is_level))
    earlier = np.zeros(len(is_level), dtype=np.int64)
    earlier[1:] = np.maximum.accumulate(np.where(is_level, order, -1))[:-1]
    title = around.doubt == JOINED
    some = np.flatnonzero(title[earlier] & (earlier >= 0) & (around.begin - around.end[earlier] > _TITLED))
    if len(some):  # "City Planning Associate; or a degree"
        earlier[some] = np.append(-1, np.maximum.accumulate(np.where(is_level & ~title, order, -1)))[some]
    row = around.row[around.item]
    near = is_level & (order > 0) & (earlier >= 0)
    general = around.doubt == GENERAL
    near &= ~general & ~general[earlier]
    earlier = np.maximum(earlier, 0)
    near &= row[earlier] == row
    apart = ahead.own[near[ahead.own]]  # 学士，工程师或硕士优先
    near[apart[around.between(earlier[apart], around.item[apart], COMMA)]] = False
    gap = around.begin - around.end[earlier]
    sign = around.sign_before
    joined = (sign == SLASH) | (sign == _ENUMERATION) | (sign == OPEN)  # "diploma (HND)"
    check = np.flatnonzero(near & (gap == 1))
    before = earlier[check]
    touching = around.tokens.start[around.begin[check]] == around.tokens.end[around.end[before]]
    touching &= around.doubt[before] == 0  # 大专本科均可, but 名牌大学硕士
    joined[check] |= touching
    some = np.flatnonzero((sign == OPEN) & (gap == 1))  # but "tertiary qualification (bachelor)"
    explains = around.value[around.item[some]] > around.value[around.item[earlier[some]]]
    joined[some] &= ~(explains & (around.sign_behind(around.end[some]) == CLOSE))
    out = near & (gap <= _ALTERNATIVE)
    out &= np.where(around.line == around.line[earlier], ahead.either, ahead.afresh) | joined & (gap == 1)
    other = around.group == CLASS["else"]
    cue, there = around.preceding(other & (around.value == 0))  # "alternatively, a diploma"
    there &= (around.item[earlier] < cue) & (around.begin - around.last[cue] <= _ELSE)
    out |= near & there & (around.line == around.sentence[cue])
    cue, there = around.after(other & (around.value == 1), _ALSO)  # "a diploma will also be considered"
    following = np.append(around.item[is_level], len(around.group))
    also = near & there & (cue < following[np.cumsum(is_level)])
    listed = earlier[also & joined & (gap == 1)]  # 高中；专科生、本科生也欢迎
    also[listed] = near[listed]
    out |= also
    out |= near & (_ladder(around, earlier, years) | _posts(around, earlier))
    out |= _dearer(around, np.flatnonzero(near), earlier, years)
    listed = near & (sign == COMMA) & (gap == 1)
    follows = np.minimum(around.item + 1, len(around.group) - 1)  # "BSc, master's, or equivalent experience"
    ends = (around.group[follows] == CLASS["substitute"]) & (around.first[follows] - around.end == 1)
    out |= listed & ends & among(around.tokens.hash[around.first[follows]], around.lexicon.any_of)
    some = np.flatnonzero(listed)  # 中专，高中，大专以上
    bare = around.tokens.ideograph[around.begin[some]] & (around.end[earlier[some]] - around.begin[earlier[some]] <= 1)
    out[some[bare & (around.value[around.item[some]] >= around.value[around.item[earlier[some]]])]] = True
    for _ in range(2):  # "bachelor's, master's or doctorate"
        taken = np.zeros(len(out), dtype=bool)
        taken[earlier[out]] = True
        out |= listed & taken
    return np.asarray(out)


def _ladder(around: Surroundings, earlier: Indices, years: NDArray[np.float64]) -> Flags:
    """Whether the lower of each level and the one before asks for more years: "BSc + 4, MSc + 2"."""
    n = len(earlier)
    with_years = np.append(years, np.nan)
    told = np.flatnonzero(~np.isnan(years))
    if len(told) < 2:
        return np.zeros(n, dtype=bool)
    order = np.arange(n)
    ahead = np.append(told, n)[np.searchsorted(told, order, "right")]  # the next years behind each level
    level = around.value[around.item]
    own, others = with_years[ahead], with_years[ahead[earlier]]
    apart = ahead[earlier] < order  # years of its own, each
    nearby = (around.row[around.item[np.minimum(ahead, n - 1)]] == around.row[around.item]) & (ahead < n)
    return np.asarray(apart & nearby & ((level - level[earlier]) * (own - others) < 0))


def _dearer(around: Surroundings, some: Indices, earlier: Indices, years: NDArray[np.float64]) -> Flags:
    """Which of some levels are lower than the one before and alone have years: 硕士；本科须有三年经验."""
    out = np.zeros(len(earlier), dtype=bool)
    some = some[around.value[around.item[some]] < around.value[around.item[earlier[some]]]]
    some = some[around.tokens.ideograph[around.begin[some]]]
    if not len(some):
        return out
    stop = np.append(np.flatnonzero((around.kind == CLASS["level"]) | ~np.isnan(years)), len(out))
    ahead = stop[np.searchsorted(stop, some, "right")]  # the next level, or years
    some, ahead = some[ahead < len(out)], ahead[ahead < len(out)]
    own = ~np.isnan(years[ahead]) & (around.line[ahead] == around.line[some])
    own &= stop[np.searchsorted(stop, earlier[some], "right")] == some
    some, ahead = some[own], ahead[own]
    out[some[~around.between(some, around.item[ahead], COMMA)]] = True
    return out


def _posts(around: Surroundings, earlier: Indices) -> Flags:
    """Whether each level and the one before are asked of different posts: "Fitter: NVQ. Engineer: BEng"."""
    names = around.group == CLASS["several"]
    several = np.zeros(around.tokens.n_rows, dtype=bool)
    several[around.row[names]] = True
    apart = around.line != around.line[earlier]
    told = np.searchsorted(np.flatnonzero(names), around.item)
    apart |= (told > told[earlier]) & around.tokens.ideograph[around.begin]  # 文员2名，大专；操作工3名，初中
    before = np.maximum(around.item - 1, 0)
    says = (around.sentence[before] == around.line) & (around.item > 0)
    says &= (around.group[before] <= CLASS["not_needed"]) | (around.opens[before] >= 0)
    filled = fields(around)
    apart &= ~filled & ~filled[earlier]
    place, folded = around.tokens.start[around.begin], around.tokens.folded
    dash = (folded[place - 1] == BLANK) & among(folded[np.maximum(place - 2, 0)], _DASHES)
    dash &= around.tokens.sentence[np.maximum(around.begin - 1, 0)] == around.line
    labelled = ((around.sign_before == COLON) | dash) & ~says
    cell = around.sign_before == _BAR  # of a table
    posts = apart & (several[around.row[around.item]] | labelled & labelled[earlier] | cell & cell[earlier])
    # "Technician (HNC) and Engineer (BEng)"
    bracketed = around.sign_before == OPEN
    free = np.cumsum(around.kind == CLASS["nothing"])
    bracketed &= free == free[earlier]
    return np.asarray(posts | bracketed & bracketed[earlier] & (around.begin - around.end[earlier] > 2))


def sections(around: Surroundings) -> NDArray[np.int8]:
    """The value of the heading over each item, -1 where there is none."""
    head, there = around.preceding(around.heads)
    there &= around.row[head] == around.row[around.item]
    out = np.where(there, around.opens[head], np.int8(-1))
    # A table: "Criteria | Essential | Desirable" over "Schooling | Degree | Master's".
    tokens, left = around.tokens, np.maximum(np.arange(len(around.heads)) - 1, 0)
    twin = around.heads & around.heads[left] & (around.sentence - around.sentence[left] == 1)
    some = np.flatnonzero(twin)
    twin[some] = around.sign_behind(around.last[left[some]]) == _BAR
    if twin.any():
        last, there = around.preceding(twin)
        there &= around.row[last] == around.row[around.item]
        for i in np.flatnonzero(there).tolist():
            cell, of = _cell(tokens, around.begin[i]), last[i]
            while twin[of] and _cell(tokens, around.first[of]) > cell:
                of -= 1
            if cell >= 0 and _cell(tokens, around.first[of]) == cell:
                out[i] = around.opens[of]
    return out


def _cell(tokens: Tokens, token: np.int64) -> int:
    """How many bars stand before a token in its line; -1 where its line has none."""
    place = int(tokens.start[token])
    before, behind = tokens.folded[max(place - _LINE, 0) : place], tokens.folded[place : place + _LINE]
    start = np.flatnonzero(before == _BREAK)
    bars = int((before[int(start[-1]) if len(start) else 0 :] == _BAR).sum())
    end = np.flatnonzero(behind == _BREAK)
    return bars if bars or (behind[: int(end[0]) if len(end) else None] == _BAR).any() else -1


def answered(around: Surroundings) -> Flags:
    """Whether each item is answered "no", after a question or a colon: "Do you need a degree? No.", "Degree: no."."""
    tokens = around.tokens
    out = np.zeros(len(around.item), dtype=bool)
    beyond = np.minimum(around.end + _ANSWER + 1, len(tokens) - 1)
    ends = (tokens.sentence[beyond] != around.line) | (beyond == len(tokens) - 1)
    near = np.flatnonzero((around.kind != CLASS["years"]) & ends)
    stop = np.searchsorted(tokens.sentence, around.line[near], "right")
    asked = (stop < len(tokens)) & (stop - around.end[near] <= _ANSWER)
    asked &= tokens.folded[tokens.end[stop - 1]] == _QUESTION
    near, stop = near[asked], stop[asked]
    for k in range(2):  # "Honestly, no.", but not "Welcome, not demanded."
        word, beyond = np.minimum(stop + np.array([[k], [2 * k]]), len(tokens) - 1)
        same = tokens.sentence[word] == tokens.sentence[stop]
        same &= (k == 0) | (tokens.sentence[beyond] != tokens.sentence[stop])
        out[near] |= same & among(tokens.hash[word], around.lexicon.none_of)
    some = np.flatnonzero(tokens.folded[tokens.end[around.end]] == COLON)
    word, beyond = np.minimum(around.end[some] + np.array([[1], [2]]), len(tokens) - 1)
    last = (tokens.sentence[word] == around.line[some]) & (tokens.sentence[beyond] != around.line[some])
    out[some] |= last & among(tokens.hash[word], around.lexicon.none_of)
    return out


def below(around: Surroundings, some: Indices) -> Flags:
    """Whether what some items name is what something falls short of, in Chinese: 高中以下, 低于大专, 非本科."""
    tokens, folded = around.tokens, around.tokens.folded
    head, tail = tokens.start[around.begin[some]], tokens.end[around.end[some]]
    out = (folded[tail - 1] == _UNDER[1]) | (folded[tail] == _UNDER[0]) & (folded[tail + 1] == _UNDER[1])
    out |= among(folded[head - 2], _LESS) & among(folded[head - 1], _THAN) | among(folded[head], _LESS)
    return np.asarray(out | among(folded[head - 1], _LESS))


def clause(around: Surroundings) -> Flags:
    """Whether each licence ends a short clause of its own: ", RCI licence,", "GED, own licence"."""
    tokens, out = around.tokens, np.zeros(len(around.item), dtype=bool)
    some = np.flatnonzero((around.kind == CLASS["licence"]) & (around.doubt == DOUBTFUL))
    if not len(some):
        return out
    ahead = around.begin[some] - np.arange(_CLAUSE)[:, None]
    before = np.maximum(ahead - 1, 0)
    inside = (ahead > 0) & (tokens.sentence[before] == around.line[some])
    begins = among(tokens.folded[tokens.end[before]], _CLAUSES)
    begins |= around.lexicon.says("span", tokens.hash[before]) == _WORK  # "and", "with"
    begins &= inside
    last = tokens.sentence[np.minimum(around.end[some] + 1, len(tokens) - 1)] != around.line[some]
    out[some] = _any(begins) & (last | among(tokens.folded[tokens.end[around.end[some]]], _CLAUSES))
    return out


def fields(around: Surroundings) -> Flags:
    """Whether each item fills in a job site's field: "学历要求：大专" and nothing else in the line."""
    _, there = around.before((around.group == CLASS["field"]) & around.starts, 1)
    tail = np.minimum(around.item + 1, len(around.group) - 1)
    marked = (around.group[tail] == CLASS["mark"]) & (around.sentence[tail] == around.line)
    closed = around.stops[around.item] | marked & around.stops[tail]
    header = (around.kind == CLASS["nothing"]) & (around.value[around.item] == 1)
    return np.asarray(there & closed | header)
