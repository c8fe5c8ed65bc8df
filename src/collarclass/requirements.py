"""Batch of tokens → what each ad states about schooling, certificates, licences and experience.

Phrases of the lexicon are found first (`phrases.py`); then each schooling level, certificate or
number of years is related to the words around it that say how it is asked for, and the levels of
an ad are weighed into one. All of it runs on arrays over the few phrases found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .phrases import CLASSES, ITEMS, NATURES, Lexicon, default_lexicon, find_phrases
from .phrases import load_lexicon as load_lexicon
from .result import LEVELS, STATUSES, Requirement
from .text import Tokens, tokenize

REQUIRED, PREFERRED, SUBSTITUTABLE, NOT_NEEDED, UNSTATED = range(5)
KINDS = ("schooling", "certificate", "licence", "skill_grade", "licence", "experience")
SCHOOLING, CERTIFICATE, LICENCE, SKILL_GRADE, DRIVING, EXPERIENCE = range(6)

_CLASS = {name: np.int8(i) for i, name in enumerate(CLASSES)}
_KIND_OF = np.array([0, 1, 2, 3, 4, 5, 0], dtype=np.int8)  # of ITEMS
_COMMAS, _OPENING, _CLOSING = (0x2C,), (0x28,), (0x29,)
_REACH_BEFORE, _REACH_AFTER, _REACH_SWAP, _REACH_CLUTTER, _REACH_OR = 10, 40, 60, 12, 150


@dataclass(frozen=True, slots=True)
class Stated:
    """What a batch of ads states, as arrays.

    Attributes
    ----------
    level : ndarray of int8, shape (n_rows,)
        Least schooling required, or preferred where none is required: index into `LEVELS`; 0 when
        the ad says that none is needed; -1 unstated.
    status : ndarray of int8, shape (n_rows,)
        Index into `STATUSES`.
    preferred : ndarray of int8, shape (n_rows,)
        Highest schooling preferred, -1 where there is none.
    row, kind, value, finding_status, first, last, isced, nature, years, pursuing, decides
        The findings, arrays of one length in reading order: row of the batch; kind, a number from
        `SCHOOLING` to `EXPERIENCE`; level, -1 where it has none; index into `STATUSES`; first and
        last token; ISCED 2011 level and index into `NATURES`, -1 where there is none; years of
        experience, NaN where there are none; whether the schooling is still under way; whether the
        finding's level and status are among those that made the row's.
    """

    level: NDArray[np.int8]
    status: NDArray[np.int8]
    preferred: NDArray[np.int8]
    row: NDArray[np.int64]
    kind: NDArray[np.int8]
    value: NDArray[np.int8]
    finding_status: NDArray[np.int8]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    isced: NDArray[np.int8]
    nature: NDArray[np.int8]
    years: NDArray[np.float64]
    pursuing: NDArray[np.bool_]
    decides: NDArray[np.bool_]


def _next(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each place, and one past the end, the first place from there on where `mask` holds."""
    n = len(mask)
    out = np.full(n + 1, n, dtype=np.int64)
    out[:n] = np.where(mask, np.arange(n), n)
    return np.minimum.accumulate(out[::-1])[::-1]


def _previous(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each place the last place before it where `mask` holds, -1 where there is none."""
    out = np.full(len(mask) + 1, -1, dtype=np.int64)
    out[1:] = np.where(mask, np.arange(len(mask)), -1)
    return np.maximum.accumulate(out)[:-1]


def _is_in(values: NDArray[np.uint64], among: NDArray[np.uint64]) -> NDArray[np.bool_]:
    out = np.zeros(len(values), dtype=bool)
    for one in among:
        out |= values == one
    return out


def _holds(
    tokens: Tokens, first: NDArray[np.int64], last: NDArray[np.int64], signs: tuple[int, ...], side: int = 1
) -> NDArray[np.bool_]:
    """Whether one of `signs` stands directly after (or before) a token of `first` to `last - 1`, per run."""
    length = np.maximum(last - first, 0)
    run = np.repeat(np.arange(len(first)), length)
    token = np.arange(len(run)) - np.repeat(np.cumsum(length) - length, length) + first[run]
    beside = tokens._folded[tokens.end[token] if side > 0 else tokens.start[token] - 1]
    found = np.zeros(len(run), dtype=bool)
    for sign in signs:
        found |= beside == sign
    return np.asarray(np.bincount(run[found], minlength=len(first)) > 0)


def read_requirements(tokens: Tokens, lexicon: Lexicon | None = None) -> Stated:
    """Read what each ad of a batch states about schooling, certificates, licences and experience.

    Parameters
    ----------
    tokens : Tokens
        The batch, from `collarclass.text.tokenize`.
    lexicon : Lexicon, optional
        Words to read by; the shipped ones by default.

    Returns
    -------
    Stated

    Examples
    --------
    >>> from collarclass.text import tokenize
    >>> stated = read_requirements(tokenize(["BSc required", "PhD a plus", "学历不限", "Clean desks"]))
    >>> stated.level.tolist(), stated.status.tolist()
    ([3, 4, 0, -1], [0, 1, 3, 4])
    """
    lexicon = lexicon if lexicon is not None else default_lexicon()
    hits = find_phrases(tokens, lexicon)
    group, value = lexicon.group[hits.phrase], lexicon.value[hits.phrase]
    first, last = hits.first, hits.last
    hashes = tokens.hash
    sentence, row = tokens.sentence[first], tokens.row[first]
    n = len(first)

    item = np.flatnonzero(group < len(ITEMS))
    if not len(item):
        return _nothing(tokens.n_rows)
    here, kind = group[item], _KIND_OF[group[item]]
    begin, end, line = first[item], last[item], sentence[item]
    is_level = here == _CLASS["level"]
    alone = here == _CLASS["nothing"]

    # What stands directly before each item: "or", "no", a slash.
    back = np.stack([np.maximum(begin - k, 0) for k in (1, 2, 3)])
    same = (begin - np.arange(1, 4)[:, None] >= 0) & (tokens.row[back] == row[item])
    words = hashes[back]
    choice = _is_in(words.ravel(), lexicon.any_of).reshape(words.shape) & same
    either = choice.any(axis=0)
    same &= tokens.sentence[back] == line
    opening = tokens.sentence[np.maximum(back - 1, 0)] != line  # it begins the sentence, or ends the one before
    afresh = (choice & opening).any(axis=0)
    same &= back > np.where(item > 0, last[item - 1], -1)  # the "not" of "not needed" is spoken for
    denied = (_is_in(words.ravel(), lexicon.none_of).reshape(words.shape) & same).any(axis=0)
    before = tokens._folded[np.maximum(tokens.start[begin] - 1, 0)]
    slash = (before == 0x2F) | (before == 0x3001)
    listed = (before == 0x2C) | (tokens._folded[np.maximum(tokens.start[begin] - 2, 0)] == 0x2C)

    # Levels that are alternatives of the level before them.
    level_at = _previous(is_level)  # among the items
    earlier = np.maximum(level_at, 0)
    near = is_level & (level_at >= 0) & (row[item[earlier]] == row[item])
    gap = begin - end[earlier]
    either_level = np.where(line == line[earlier], either, afresh)
    alternative = near & (gap <= _REACH_OR) & (either_level | slash & (gap == 1))
    coming = np.minimum(_next(is_level)[1:], len(item) - 1)
    for _ in range(2):  # "bachelor's, master's or doctorate"
        alternative |= near & listed & (gap == 1) & alternative[coming] & (coming > np.arange(len(item)))
    open_group = np.zeros(n, dtype=bool)
    open_group[item[is_level & ~alternative]] = True
    barrier = _next(open_group)[item + 1]

    # The section that it stands in.
    starts = np.ones(n, dtype=bool)
    starts[:] = tokens.sentence[np.maximum(first - 1, 0)] != sentence
    starts |= first == 0
    stops = np.ones(n, dtype=bool)
    follows = np.minimum(last + 1, len(hashes) - 1)
    stops[:] = (tokens.sentence[follows] != sentence) | (last + 1 >= len(hashes))
    colon = tokens._folded[tokens.end[last]]
    stops |= (colon == 0x3A) | (colon == 0xFF1A) | (colon == 0x3011)
    length = last - first + 1
    wide = tokens.ideograph[first]
    opens = lexicon.heads[hits.phrase]
    heads = (opens >= 0) & stops & (starts | wide | (length > 1))
    header = _previous(heads)[item]
    reach = np.maximum(header, 0)
    section = np.where((header >= 0) & (row[reach] == row[item]), opens[reach], -1)
    liked = (group == _CLASS["heading"]) & (opens == 1) & ~heads  # "... is our preferred qualification"
    group[liked], value[liked] = _CLASS["preferred"], 2

    # The nearest cue to the right, unless it speaks of something else.
    side = value  # before, after, both = 0, 1, 2
    asks = (group >= _CLASS["required"]) & (group <= _CLASS["not_needed"])
    after_cue = _next(asks & (side >= 1) & (side <= 2))[item + 1]
    reach = np.minimum(after_cue, n - 1)
    right = (after_cue < barrier) & (sentence[reach] == line)
    right &= first[reach] - end <= _REACH_AFTER
    topic = _next((group == _CLASS["topic"]) | (group >= _CLASS["certificate"]) & (group <= _CLASS["years"]))
    other = topic[item + 1]
    check = np.flatnonzero(right & (other < after_cue))
    right[check[_holds(tokens, end[check], first[other[check]], _COMMAS)]] = False
    check = np.flatnonzero(right & (first[reach] - end > 1))
    opened = _holds(tokens, end[check] + 1, first[reach[check]], _OPENING, -1)
    opened &= ~_holds(tokens, end[check] + 1, first[reach[check]], _CLOSING)
    right[check[opened]] = False
    right_class = np.where(right, group[reach], -1)

    # The nearest cue to the left.
    before_cue = _previous(asks & ((side == 0) | (side == 2)))[item]
    reach = np.maximum(before_cue, 0)
    left = (before_cue >= 0) & (sentence[reach] == line)
    distance = begin - last[reach]
    left &= distance <= np.where(side[reach] == 2, 4, _REACH_BEFORE)
    left_class = np.where(left, group[reach], -1)

    # Fields of job sites: "学历要求：大专" and nothing else in the line.
    field = _previous((group == _CLASS["field"]) & starts)[item]
    reach = np.maximum(field, 0)
    mark = group == _CLASS["mark"]
    tail = np.minimum(item + 1, n - 1)
    closed = stops[item] | (mark[tail] & stops[tail] & (sentence[tail] == line))
    in_field = (field >= 0) & (sentence[reach] == line) & (begin - last[reach] == 1) & closed
    in_field |= alone & (value[item] == 1)

    # "Ideally you will have" is no demand, whatever stands between.
    wish = _previous((group == _CLASS["preferred"]) & (side == 0))[item]
    reach = np.maximum(wish, 0)
    wished = (wish >= 0) & (sentence[reach] == line) & (begin - last[reach] <= _REACH_BEFORE)
    left_class[wished] = _CLASS["preferred"]

    # Years of experience: a number before "years", experience in the same sentence.
    years = np.full(len(item), np.nan)
    figures, unsaid = begin, np.zeros(len(item), dtype=bool)
    at = np.flatnonzero(here == _CLASS["years"])
    if len(at):
        one, two, three = (np.maximum(begin[at] - k, 0) for k in (1, 2, 3))
        latest = lexicon.numbers(hashes[one])
        least = lexicon.numbers(hashes[two])
        third = lexicon.numbers(hashes[three])
        two_ok = (tokens.sentence[two] == line[at]) & (tokens.start[one] - tokens.end[two] <= 2)
        least = np.where(two_ok, least, np.nan)
        third = np.where(tokens.start[one] - tokens.end[three] <= 5, third, np.nan)
        figure = np.where(least <= latest, least, np.where(third < latest, third, latest))
        count = np.where(~np.isnan(latest), begin[at] - 1, begin[at])
        about = (group == _CLASS["topic"]) & (value == 1)
        spoken = lexicon.value[hits.phrase[item[at]]] == 0
        following = _next(about)[item[at] + 1]
        preceding = _previous(about)[item[at]]
        told = (following < n) & (sentence[np.minimum(following, n - 1)] == line[at])
        told |= (preceding >= 0) & (sentence[np.maximum(preceding, 0)] == line[at])
        told |= end[at] > begin[at]
        told &= spoken & ~np.isnan(figure)
        years[at] = np.where(told, figure, np.nan)
        figures = begin.copy()  # where the figure stands, if there is one
        figures[at] = count
        unsaid[at[~told]] = True

    # How each is asked for.
    status = np.full(len(item), REQUIRED, dtype=np.int8)
    status[section == 1] = PREFERRED
    cued = (section == 0) | (section == 1)
    for found in (left_class, right_class):
        status[found == _CLASS["preferred"]] = PREFERRED
        status[found == _CLASS["not_needed"]] = NOT_NEEDED
        cued |= found >= 0
    status[right_class == _CLASS["required"]] = REQUIRED
    status[(denied & ~either) | alone] = NOT_NEEDED
    # What may stand in its place: "or equivalent experience", "or 5 years".
    swap = group == _CLASS["substitute"]
    cue = _next(swap & (side >= 1) & (side <= 2))[item + 1]
    reach = np.minimum(cue, n - 1)
    ahead = sentence[reach] - line
    swapped = (cue < barrier) & (first[reach] - end <= _REACH_SWAP)
    swapped &= (ahead == 0) | (ahead == 1) & starts[reach]
    check = np.flatnonzero(swapped & (other < cue))
    swapped[check[_holds(tokens, end[check], first[other[check]], _COMMAS)]] = False
    cue = _previous(swap & ((side == 0) | (side == 2)))[item]
    reach = np.maximum(cue, 0)
    swapped |= (cue >= 0) & (sentence[reach] == line) & (begin - last[reach] <= 6)
    timed = np.zeros(n, dtype=bool)
    timed[item[~np.isnan(years)]] = True
    year = _next(timed)[item + 1]
    reach = np.minimum(year, n - 1)
    number_at = first[reach] - np.arange(1, 6)[:, None]
    traded = _is_in(hashes[np.maximum(number_at, 0)].ravel(), lexicon.any_of).reshape(number_at.shape)
    breaks = tokens.sentence[np.maximum(number_at - 1, 0)] == line
    traded &= (number_at > end) & ((sentence[reach] == line) | (sentence[reach] == line + 1) & breaks)
    swapped |= traded.any(axis=0) & (year < barrier) & (_next(mark)[item + 1] > year)
    swapped &= is_level
    status[swapped & (status == REQUIRED)] = SUBSTITUTABLE
    cued |= swapped
    cued |= mark[tail] & (sentence[tail] == line) & (first[tail] - end <= 2)
    cued |= tokens.ideograph[begin] & (end - begin >= 3)  # 本科以上: the phrase holds the mark
    pursuing = np.zeros(len(item), dtype=bool)
    hint = group == _CLASS["pursuing"]
    cue = _previous(hint & (side != 1))[item]
    reach = np.maximum(cue, 0)
    pursuing |= (cue >= 0) & (sentence[reach] == line) & (begin - last[reach] <= 6)
    cue = _next(hint & (side >= 1))[item + 1]
    reach = np.minimum(cue, n - 1)
    pursuing |= (cue < n) & (sentence[reach] == line) & (first[reach] - end <= 4)
    pursuing &= is_level
    cued |= pursuing

    # Words about schooling that is not the applicant's.
    clutter = group == _CLASS["clutter"]
    cue = _previous(clutter & (value != 2))[item]
    reach = np.maximum(cue, 0)
    dropped = (cue >= 0) & (sentence[reach] == line) & (begin - last[reach] <= _REACH_CLUTTER)
    cue = _next(clutter & (value != 1))[item + 1]
    reach = np.minimum(cue, n - 1)
    dropped |= (cue < n) & (sentence[reach] == line) & (first[reach] - end <= _REACH_CLUTTER)
    dropped |= section == 3
    # "licensed practical nurse (LPN)" is one licence.
    dropped[1:] |= (begin[1:] - end[:-1] == 1) & (here[1:] == here[:-1]) & ~is_level[1:] & (before[1:] == 0x28)
    # "本科：5000元" is a table of wages.
    after = tokens._folded[tokens.end[end]] == 0x3A
    follower = np.minimum(end + 1, len(hashes) - 1)
    digit = tokens._folded[tokens.start[follower]]
    dropped |= is_level & after & (digit >= 0x30) & (digit <= 0x39) & (tokens.sentence[follower] == line)
    dropped &= ~alone
    dropped |= unsaid

    keep = np.flatnonzero(~dropped)
    item, here, kind = item[keep], here[keep], kind[keep]
    begin, end, status, cued = figures[keep], end[keep], status[keep], cued[keep]
    in_field, alternative = in_field[keep], alternative[keep]
    is_level = here == _CLASS["level"]
    levels = np.where(is_level, value[item], -1).astype(np.int8)
    n_rows = tokens.n_rows
    level, row_status, preferred, decides = _weigh(
        n_rows, row[item], levels, status, cued, in_field, alternative, here == _CLASS["nothing"],
        _rows_with(n_rows, row[(group == _CLASS["substitute"]) & (value == 3)]),
    )  # fmt: skip
    phrase = hits.phrase[item]
    return Stated(
        level, row_status, preferred, row[item], kind, levels, status, begin, end,
        np.where(is_level, lexicon.isced[phrase], -1).astype(np.int8), lexicon.nature[phrase],
        years[keep], pursuing[keep], decides,
    )  # fmt: skip


def _nothing(n_rows: int) -> Stated:
    unstated = np.full(n_rows, -1, dtype=np.int8)
    none, place, yes = np.zeros(0, dtype=np.int8), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)
    return Stated(
        unstated, np.full(n_rows, UNSTATED, dtype=np.int8), unstated, place, none, none, none, place, place,
        none, none, np.zeros(0), yes, yes,
    )  # fmt: skip


def _rows_with(n_rows: int, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    out = np.zeros(n_rows, dtype=bool)
    out[rows] = True
    return out


def _weigh(
    n_rows: int,
    row: NDArray[np.int64],
    level: NDArray[np.int8],
    status: NDArray[np.int8],
    cued: NDArray[np.bool_],
    in_field: NDArray[np.bool_],
    alternative: NDArray[np.bool_],
    alone: NDArray[np.bool_],
    traded: NDArray[np.bool_],
) -> tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.int8], NDArray[np.bool_]]:
    """Weigh the levels of each row into one.

    The least of alternatives counts, then the highest of what is asked together; words in the text
    overrule a job site's field, and the field overrules mentions without any sign of asking.
    """
    said = np.flatnonzero((level >= 0) | alone)
    row, level, status, group = row[said], level[said], status[said], np.cumsum(~alternative[said])
    rank = np.where(in_field[said], 1, np.where(cued[said] | alone[said], 2, 0))
    together = np.zeros(len(said) + 1, dtype=rank.dtype)
    np.maximum.at(together, group, rank)
    rank = together[group]
    best = np.full(n_rows, -1)
    spared = (status == NOT_NEEDED) & ~alone[said]  # "no degree needed" leaves a lower diploma standing
    firm = (status != PREFERRED) & ~spared
    np.maximum.at(best, row[firm], rank[firm])
    counts = ~firm | (rank == best[row])
    spare = np.full(n_rows, 9)
    np.minimum.at(spare, row[spared], level[spared])
    counts &= spared | (rank > 0) | (status == PREFERRED) | (level < spare[row])
    asked = counts & ((status == REQUIRED) | (status == SUBSTITUTABLE))
    least = np.full(int(group.max()) + 1 if len(group) else 1, 9)
    np.minimum.at(least, group[asked], level[asked])
    out = np.full(n_rows, -1, dtype=np.int8)
    np.maximum.at(out, row[asked], least[group[asked]].astype(np.int8))
    out_status = np.full(n_rows, UNSTATED, dtype=np.int8)
    out_status[out >= 0] = REQUIRED
    on_level = asked & (level == out[row])
    out_status[row[on_level & (status == SUBSTITUTABLE)]] = SUBSTITUTABLE
    out_status[traded & (out >= 0)] = SUBSTITUTABLE

    liked = counts & (status == PREFERRED)
    most = np.full(n_rows, -1, dtype=np.int8)
    np.maximum.at(most, row[liked], level[liked])
    fewest = np.full(n_rows, 9, dtype=np.int8)
    np.minimum.at(fewest, row[liked], level[liked])
    only = (out < 0) & (most >= 0)
    out[only], out_status[only] = fewest[only], PREFERRED
    most[(most <= out) & ~only] = -1
    on_level |= liked & ((level == most[row]) | only[row] & (level == out[row]))

    free = _rows_with(n_rows, row[counts & (status == NOT_NEEDED)]) & (out < 0)
    out[free], out_status[free] = 0, NOT_NEEDED
    on_level |= counts & (status == NOT_NEEDED) & free[row]
    decides = np.zeros(len(in_field), dtype=bool)
    decides[said[on_level]] = True
    return out, out_status, most, decides


FEATURES: tuple[str, ...] = (
    *(f"schooling_{name}" for name in LEVELS),
    *STATUSES[:4],
    "prefers_more",
    "pursuing",
    "academic_certificates",
    "vocational_certificates",
    "skill_grades",
    "driving",
    "years",
)
_MOST = 3


def _effective(stated: Stated) -> NDArray[np.float64]:
    """Schooling by the codebook's arithmetic, 0 to 4; NaN where unstated."""
    level, more = stated.level.astype(np.float64), stated.preferred.astype(np.float64)
    out = np.where(level >= 0, level, np.nan)
    preferred = stated.status == PREFERRED
    out = np.where((more > level) & ~preferred, level + 0.25 * (more - level), out)
    out[preferred] = np.array([0.5, 1.0, 1.25, 1.5, 2.75])[stated.level[preferred]]
    out[stated.status == SUBSTITUTABLE] -= 0.5
    return np.maximum(out, 0.0)


def features(stated: Stated) -> NDArray[np.float64]:
    """What the model learns from: one row of numbers an ad, 0 to 1.

    Parameters
    ----------
    stated : Stated

    Returns
    -------
    ndarray of float64, shape (n_rows, n_features)
        Columns are named by `FEATURES`. The effective schooling of the codebook is spread over the
        two levels next to it: 1.5 is half secondary, half associate.

    Examples
    --------
    >>> from collarclass.text import tokenize
    >>> found = features(read_requirements(tokenize(["Degree or equivalent experience"])))[0]
    >>> {name: float(value) for name, value in zip(FEATURES, found) if value}
    {'schooling_associate': 0.5, 'schooling_bachelor': 0.5, 'substitutable': 1.0}
    """
    n = len(stated.level)
    out = np.zeros((n, len(FEATURES)))
    effective = _effective(stated)
    known = stated.level >= 0
    for k in range(5):
        out[known, k] = np.maximum(0.0, 1.0 - np.abs(effective[known] - k))
    rows = np.flatnonzero(known)
    out[rows, 5 + stated.status[rows]] = 1.0
    out[:, 9] = (stated.preferred > stated.level) & (stated.status != PREFERRED)
    for column, mask in _counted(stated):
        out[:, column] = np.minimum(np.bincount(stated.row[mask], minlength=n), _MOST) / _MOST
    out[:, 10] = out[:, 10] > 0
    out[:, 14] = out[:, 14] > 0
    timed = np.flatnonzero(stated.kind == EXPERIENCE)
    np.maximum.at(out[:, 15], stated.row[timed], np.minimum(stated.years[timed], 10.0) / 10.0)
    return out


def _counted(stated: Stated) -> list[tuple[int, NDArray[np.bool_]]]:
    """The findings that a column counts."""
    paper = ((stated.kind == CERTIFICATE) | (stated.kind == LICENCE)) & (stated.finding_status != NOT_NEEDED)
    return [
        (10, stated.pursuing & stated.decides),
        (11, paper & (stated.nature == 0)),
        (12, paper & (stated.nature == 1)),
        (13, stated.kind == SKILL_GRADE),
        (14, stated.kind == DRIVING),
    ]


def carriers(stated: Stated) -> NDArray[np.int64]:
    """For each feature of each ad, the finding that carries it.

    Returns
    -------
    ndarray of int64, shape (n_rows, n_features)
        Index into the findings of `stated`; -1 where the feature is 0.
    """
    n = len(stated.level)
    out = np.full((n, len(FEATURES)), -1, dtype=np.int64)
    index = np.arange(len(stated.row))[::-1]  # the first finding is written last and stays

    def put(column: int, mask: NDArray[np.bool_]) -> None:
        some = index[mask[::-1]]
        out[stated.row[some], column] = some

    decides = stated.decides
    lead = np.full(n, -1, dtype=np.int64)
    for match in (decides, decides & (stated.value == stated.level[stated.row])):
        some = index[match[::-1]]
        lead[stated.row[some]] = some
    some = index[(decides & (stated.finding_status == stated.status[stated.row]))[::-1]]
    out[:, :9] = lead[:, None]
    put(9, decides & (stated.value == stated.preferred[stated.row]) & (stated.finding_status == PREFERRED))
    for column, mask in _counted(stated):
        put(column, mask)
    values = features(stated)
    timed = stated.kind == EXPERIENCE
    timed &= np.minimum(np.nan_to_num(stated.years), 10.0) / 10.0 == values[stated.row, 15]
    put(15, timed)
    out[values == 0] = -1
    return out


def findings(stated: Stated, tokens: Tokens, row: int, text: str, field: str = "text") -> list[Requirement]:
    """The findings of one row as objects.

    Parameters
    ----------
    stated : Stated
    tokens : Tokens
        What `stated` was read from.
    row : int
        Which ad of the batch.
    text : str
        That ad as it was passed to `tokenize`.
    field : {"text", "title"}
        What the findings are said to stand in.

    Returns
    -------
    list of Requirement
        In reading order, with ``text[start:end] == requirement.text``.
    """
    here = np.flatnonzero(stated.row == row)
    start, end = tokens.spans(stated.first[here], stated.last[here])
    out = []
    for i, s, e in zip(here.tolist(), start.tolist(), end.tolist(), strict=True):
        level, isced, nature = int(stated.value[i]), int(stated.isced[i]), int(stated.nature[i])
        years = float(stated.years[i])
        out.append(
            Requirement(
                KINDS[stated.kind[i]],
                STATUSES[stated.finding_status[i]],
                s,
                e,
                text[s:e],
                field,
                level=LEVELS[level] if level >= 0 else None,
                isced=isced if isced >= 0 else None,
                nature=NATURES[nature] if nature >= 0 else None,
                years=None if np.isnan(years) else years,
            )
        )
    return out


def requirements(
    text: str, title: str | None = None, lexicon: Lexicon | None = None
) -> tuple[Requirement, ...]:
    """Read what one job ad states about schooling, certificates, licences and years of experience.

    Parameters
    ----------
    text : str
        The ad, plain text or HTML, English or Chinese.
    title : str, optional
        Its title.
    lexicon : Lexicon, optional
        Words to read by, from `load_lexicon`; the shipped ones by default.

    Returns
    -------
    tuple of Requirement
        Title first, then text, each in reading order.

    Raises
    ------
    TypeError
        When `text` or `title` is not a string.

    Examples
    --------
    >>> [found] = requirements("Bachelor's degree or equivalent experience")
    >>> found.level, found.status, found.text
    ('bachelor', 'substitutable', "Bachelor's degree")
    """
    for name, given in (("text", text), ("title", title)):
        if not isinstance(given, str) and (given is not None or name == "text"):
            raise TypeError(
                f"requirements() reads one ad: {name} has to be a str, not {type(given).__name__}. "
                f"For a table of ads use label_table or classify_many."
            )
    out: list[Requirement] = []
    for field, source in (("title", title), ("text", text)):
        if source:
            tokens = tokenize([source])
            out += findings(read_requirements(tokens, lexicon), tokens, 0, source, field)
    return tuple(out)

