"""What is said of others and not asked of applicants: pupils, the firm, its staff, what it offers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from collarclass.requirement_reader.context import (
    ASKED,
    BARE,
    BEFORE,
    BENEFIT,
    BLANK,
    CLASS,
    COLON,
    COMMA,
    COMPANY,
    OPEN,
    TURN,
    Flags,
    Surroundings,
    among,
)
from collarclass.requirement_reader.lexicon import DOUBTFUL

_CLUTTER, _SENTENCE, _LACKING = 12, 40, 6  # how far words reach, in tokens
_COMPANY = 4  # and a heading over the company, in sentences
_LONG = 3  # tokens of a level with 以上 or the like, less one
_EITHER, _LEFT, _RIGHT, _TEAM = range(4)  # values of words that say that others are spoken of
_ZERO, _NINE, _A, _HYPHEN, _AND, _PAPER, _UP = (ord(c) for c in "09a-&证上")
_PAY = np.array([ord(c) for c in "每月底补津奖另"])
_MONEY = np.array([ord(c) for c in "元万千一每天日块"])


def clutter(around: Surroundings, section: NDArray[np.int8], asked: Flags, pursuing: Flags) -> Flags:
    """Whether each item is not asked of applicants: benefits, pupils, the firm's own staff, wages."""
    tokens, value = around.tokens, around.value
    about = around.group == CLASS["clutter"]
    is_level, is_years = around.kind == CLASS["level"], around.kind == CLASS["years"]
    asks = (around.group >= CLASS["required"]) & (around.group <= CLASS["not_needed"])
    opens = around.opens
    turns = (around.group == CLASS["required"]) & (value == TURN) | around.afresh
    turns |= (around.group == CLASS["preferred"]) & (value == BEFORE)
    turns |= (opens == ASKED) & ((around.last > around.first) | around.stops)
    told, turned = _count(asks), _count(turns)
    turned_here = turned[around.item] + around.afresh[around.item]
    cue, out = around.before(about & ((value == _EITHER) | (value == _LEFT)), _CLUTTER)
    out &= turned[cue] == turned_here  # "our staff are friendly and you must hold a degree"
    out &= is_level | (value[cue] == _EITHER) | (around.kind == CLASS["skill_grade"])
    # 公司出资考电工证，初中以上, but 补贴：硕士另有，博士面议
    check = np.flatnonzero(out & is_level)
    check = check[(value[cue[check]] == _EITHER) & tokens.ideograph[around.begin[check]]]
    check = check[around.set_off(cue[check], check, colon=False)]
    out[check[~around.set_off(cue[check], check, np.zeros(len(check), dtype=bool))]] = False
    check = np.flatnonzero(out & (value[cue] == _LEFT))  # "Registrar's helper: twelfth grade"
    out[check[around.set_off(cue[check], check, tokens.ideograph[around.first[cue[check]]])]] = False
    cue, there = around.before(about & (value == _TEAM), _SENTENCE)
    there &= ~is_years & (turned[cue] == turned_here)
    check = np.flatnonzero(there & tokens.ideograph[around.first[cue]])
    there[check[around.set_off(cue[check], check)]] = False
    out |= there
    # 底薪3000 大专以上: a blank parts as a comma does, where no sum follows
    check = np.flatnonzero(out & is_level & tokens.ideograph[around.begin])
    place, behind = tokens.start[around.begin[check]], tokens.start[np.minimum(around.end[check] + 1, len(tokens) - 1)]
    digit = tokens.folded[behind]
    sum_follows = (digit >= _ZERO) & (digit <= _NINE) & (around.end[check] - around.begin[check] < _LONG)
    out[check[(tokens.folded[place - 1] == BLANK) & ~sum_follows]] = False
    out |= (is_level | (around.kind == CLASS["certificate"])) & _possessed(around)
    cue, there = around.after(about & ((value == _EITHER) | (value == _RIGHT)), _CLUTTER)
    there &= told[cue] == told[around.item]  # "preferred, but we can put you through it"
    # "a GED, a driving licence (we pay for it)": what follows a paper does not speak of the schooling before.
    paper = (around.kind[1:] >= CLASS["certificate"]) & (around.kind[1:] <= CLASS["driving"])
    there[:-1] &= ~(is_level[:-1] & paper & (around.item[1:] < cue[:-1]))
    check = np.flatnonzero(there & (is_years | tokens.ideograph[around.first[cue]]))  # "5 years, and you will earn"
    there[check[around.between(check, cue[check], COMMA, blank=True)]] = False
    out |= there
    out |= _named_after(around) & ~pursuing
    out |= section == BENEFIT
    head, _ = around.preceding(around.heads)
    below = (section == COMPANY) & (around.line - around.sentence[head] <= _COMPANY)
    out |= below & ~asked & (is_level | is_years)
    # "A-level and degree examinations": what stands together is spoken of together.
    near = (around.begin[1:] - around.end[:-1] <= 2) & (around.line[1:] == around.line[:-1])
    near &= is_level[1:] & is_level[:-1] & out[1:]
    check = np.flatnonzero(near)
    out[check[tokens.folded[tokens.start[around.begin[check + 1]] - 1] != COMMA]] = True
    out[1:] |= _same_paper(around)
    # "本科：5000元" is a table of wages.
    behind = np.minimum(around.end + 1, len(tokens) - 1)
    digit = tokens.folded[tokens.start[behind]]
    wage = (tokens.folded[tokens.end[around.end]] == COLON) & (digit >= _ZERO) & (digit <= _NINE)
    wage &= tokens.sentence[behind] == around.line
    # 硕士每月1500元, but not 大专以上5000元
    check = np.flatnonzero(is_level & ~asked)
    beside = tokens.folded[tokens.end[around.end[check]]]
    check = check[(beside >= _ZERO) & (beside <= _NINE) | among(beside, _PAY)]
    check = check[tokens.ideograph[around.begin[check]] & (tokens.folded[tokens.end[around.end[check]] - 1] != _UP)]
    figure = np.minimum(around.end[check] + np.arange(1, 4)[:, None], len(tokens) - 2)
    digit = tokens.folded[tokens.start[figure]]
    paid = (digit >= _ZERO) & (digit <= _NINE) & among(tokens.folded[tokens.start[figure + 1]], _MONEY)
    paid &= tokens.start[figure] - tokens.end[around.end[check]] == np.arange(3)[:, None]
    wage[check[paid.any(axis=0)]] = True
    out |= is_level & wage
    return np.asarray(out & (around.kind != CLASS["nothing"]))


def lacking(around: Surroundings) -> Flags:
    """Whether it is others who lack each schooling: "we help people who left without qualifications"."""
    plain = (around.kind == CLASS["level"]) | (around.value[around.item] == BARE)
    about = (around.group == CLASS["clutter"]) & (around.value == _LEFT)
    return np.asarray(plain & around.before(about, _LACKING)[1])


def _possessed(around: Surroundings) -> Flags:
    """Whether each item is said to be another's by a word directly before it: "our master's course"."""
    tokens = around.tokens
    place = around.begin - np.arange(1, 3)[:, None]
    said = around.lexicon.says("whose", tokens.hash[np.maximum(place, 0)]) >= 0
    said &= (place >= 0) & (tokens.sentence[np.maximum(place, 0)] == around.line)
    said[0] &= tokens.folded[tokens.end[np.maximum(place[0], 0)]] != COMMA  # "four years behind her, first aid"
    cue, there = around.before(around.lexicon.whose[around.phrase] >= 0, 4)
    check = np.flatnonzero(there)
    there[check[around.set_off(cue[check], check)]] = False
    out = said.any(axis=0) | there
    some = np.flatnonzero(out)  # not "Personal support worker (PSW certificate)"
    apart = among(around.sign_before[some], np.array([OPEN, COMMA]))
    out[some[apart | around.afresh[around.item[some]]]] = False
    return np.asarray(out)


def _named_after(around: Surroundings) -> Flags:
    """Whether each level is part of the name of a thing or place: "diploma frames", "High School Lane"."""
    tokens = around.tokens
    place = np.minimum(around.end + 1, len(tokens) - 1)
    there = around.after(around.lexicon.things[around.phrase] >= 0, 1)[1]
    there |= (around.lexicon.says("thing", tokens.hash[place]) >= 0) & (tokens.sentence[place] == around.line)
    gap = tokens.start[place] - tokens.end[around.end]
    sign = tokens.folded[tokens.end[around.end]]
    joined = (gap == 0) | (gap == 1) & ((sign == BLANK) & ~tokens.ideograph[around.end] | (sign == _HYPHEN))
    joined |= (gap == 3) & (tokens.folded[tokens.start[place] - 2] == _AND)  # "Bachelor & Sons"
    there &= joined
    there &= (around.kind == CLASS["level"]) & ~among(tokens.hash[around.end], around.lexicon.open_to)
    return np.asarray(there)


def _same_paper(around: Surroundings) -> Flags:
    """Whether each item but the first names the paper before it again: "practical nurse (LPN)"."""
    tokens, kind, gap = around.tokens, around.kind, around.begin[1:] - around.end[:-1]
    paper = (kind[1:] >= CLASS["certificate"]) & (kind[1:] <= CLASS["driving"]) & (kind[1:] == kind[:-1])
    sign = around.sign_before[1:]
    touching = (sign == tokens.folded[tokens.end[around.end[:-1]] - 1]) & (sign != _PAPER)  # 电工证焊工证 are two
    bracket = (gap == 1) & ((sign == OPEN) & (around.doubt[:-1] == 0) | touching)
    # "registered nurse with NMC registration"
    going_on = among(tokens.hash[around.end[:-1] + 1], around.lexicon.open_to)
    nature = around.lexicon.nature[around.phrase[around.item]]
    register = (gap <= 4) & going_on & (kind[1:] == CLASS["licence"]) & (nature[1:] == nature[:-1])
    register &= around.doubt[:-1] == 0  # "(EC) licence with PrDP"
    return np.asarray(paper & (around.line[1:] == around.line[:-1]) & (bracket | register))


def _count(mask: Flags) -> NDArray[np.int64]:
    """How many phrases of a kind stand before each, and one more number for the end."""
    return np.append(0, np.cumsum(mask))


def bare_papers(around: Surroundings) -> tuple[Flags, Flags]:
    """Which bare words for a paper have a name before them, and which are none of the applicant's.

    "IMSA certificate", but not "valid certificate", which has to be asked for, nor "matric certificate",
    "(EIT) certificate", "birth certificate".
    """
    tokens, begin, line = around.tokens, around.begin, around.line
    bare = (around.kind == CLASS["licence"]) | (around.kind == CLASS["certificate"])
    bare &= (around.doubt > 0) & (around.end == begin)
    some = np.flatnonzero(bare)
    before, behind = np.maximum(begin[some] - 1, 0), np.minimum(begin[some] + 1, len(tokens) - 1)
    sign = tokens.folded[tokens.end[before]]
    touches = (tokens.sentence[before] == line[some]) & ((sign == BLANK) | (sign == _HYPHEN))
    touches &= tokens.start[begin[some]] - tokens.end[before] == 1
    said = around.lexicon.says("unnamed", tokens.hash[before])
    paper = (around.kind >= CLASS["certificate"]) & (around.kind <= CLASS["driving"])
    told = np.isin(line[some], line[paper & ~bare])  # "a certificate such as ACCA"
    certificate = around.kind[some] == CLASS["certificate"]
    goes_on = among(tokens.hash[behind], around.lexicon.open_to) & (around.sign_behind(begin[some]) >= _A)
    named, none = np.zeros(len(bare), dtype=bool), np.zeros(len(bare), dtype=bool)
    named[some] = touches & (said < 0) | certificate & ~touches & goes_on & ~told  # "certificate in floristry"
    none[some] = touches & (said > 0)
    none[some] |= certificate & (touches & (said == 0) & told | (tokens.folded[tokens.end[begin[some]]] == COLON))
    none[1:] |= bare[1:] & (begin[1:] - around.end[:-1] == 1) & (around.kind[:-1] != CLASS["years"])
    explained = (around.sign_before[1:] == OPEN) & (begin[1:] - around.end[:-1] == 1)
    none[:-1] |= bare[:-1] & explained & paper[1:]  # "national certification (NCCT)"
    return named & ~none, none


def named_before(around: Surroundings, kept: Flags, liked: Flags, named: Flags) -> Flags:
    """Whether each paper among the `kept` items is named more than once, and not here at its best.

    "CPR certification" three times is one paper, and so are "CDL" and "CDL class A". Of licences for an
    academic profession an ad asks for one, by more than one name: "registered nurse", "state nursing licence";
    one that is `liked` may be another. A licence named by a state is none beside one named by its trade, and
    the bare word is none beside any.
    """
    out = np.zeros(len(kept), dtype=bool)
    paper = np.flatnonzero(kept & (around.kind >= CLASS["certificate"]) & (around.kind <= CLASS["driving"]))
    if len(paper) < 2:
        return out
    n, phrase = len(around.lexicon.root), around.phrase[around.item[paper]].astype(np.int64)
    licence, driving = around.kind[paper] == CLASS["licence"], around.kind[paper] == CLASS["driving"]
    academic, loose = licence & (around.lexicon.nature[phrase] == 0), licence & (around.doubt[paper] > 0)
    one = np.where(academic, n + liked[paper], np.where(driving, n + 2, np.where(loose, n + 3, -1)))
    row = around.row[around.item[paper]] * (n + 4)
    bare = np.flatnonzero(loose)
    if len(bare):
        any_driving = (around.doubt[paper[bare]] == DOUBTFUL) & np.isin(row[bare], row[driving])
        any_driving &= ~named[paper[bare]]
        out[paper[bare]] = any_driving | np.isin(row[bare], row[licence & ~loose])
    root = np.where(one < 0, around.lexicon.root[phrase], one)
    exact = row + np.where((one < 0) & around.lexicon.one_paper[phrase], root, np.where(one < 0, phrase, one))
    root = row + root
    order = np.argsort(exact, kind="stable")
    out[paper[order[1:]]] |= exact[order[1:]] == exact[order[:-1]]
    longer = np.sort(root[exact != root])
    if len(longer):
        place = np.minimum(np.searchsorted(longer, exact), len(longer) - 1)
        out[paper] |= longer[place] == exact
    return out
