"""Batch of tokens → what each ad states about schooling, certificates, licences and experience.

Phrases of the lexicon are found first (`phrases.py`); then each schooling level, certificate or
number of years is related to the words around it that say how it is asked for, and the levels of
an ad are weighed into one. All of it runs on arrays over the few phrases found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .phrases import NATURES, Lexicon, default_lexicon
from .phrases import load_lexicon as load_lexicon
from .result import LEVELS, STATUSES, Requirement
from .surroundings import (
    ALONE,
    ASKED,
    BARE,
    CLASS,
    LIKED,
    alternatives,
    clutter,
    experience,
    fields,
    preface,
    sections,
    survey,
    wording,
)
from .text import Tokens, tokenize

REQUIRED, PREFERRED, SUBSTITUTABLE, NOT_NEEDED, UNSTATED = range(5)
KINDS = ("schooling", "certificate", "licence", "skill_grade", "licence", "experience")
SCHOOLING, CERTIFICATE, LICENCE, SKILL_GRADE, DRIVING, EXPERIENCE = range(6)

_KIND_OF = np.array([0, 1, 2, 3, 4, 5, 0], dtype=np.int8)  # of ITEMS


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
    around = survey(tokens, lexicon if lexicon is not None else default_lexicon())
    if around is None:
        return _nothing(tokens.n_rows)
    ahead = preface(around)
    alternative = alternatives(around, ahead)
    section = sections(around)
    years, figure_at = experience(around)
    words = wording(around, alternative, years)
    alone = around.kind == CLASS["nothing"]
    bare = alone & (around.value[around.item] == BARE)  # "qualifications": counts when denied

    status = np.full(len(alone), REQUIRED, dtype=np.int8)
    status[section == LIKED] = PREFERRED
    for cue in (words.before, words.after):
        status[cue == CLASS["preferred"]] = PREFERRED
        status[cue == CLASS["not_needed"]] = NOT_NEEDED
    status[words.after == CLASS["required"]] = REQUIRED
    denied = np.where(bare, ahead.just_denied, ahead.denied & ~ahead.either)
    denied[1:] |= denied[:-1] & alternative[1:]  # "no diploma or GED"
    status[denied | alone & ~bare] = NOT_NEEDED
    status[words.swapped & (status == REQUIRED)] = SUBSTITUTABLE
    marked = words.marked | (section == ASKED) | (section == LIKED)

    unsaid = (around.kind == CLASS["years"]) & np.isnan(years) | bare & (status != NOT_NEEDED)
    doubtful = around.lexicon.doubtful[around.phrase[around.item]]
    joined = alternative | np.append(alternative[1:], False)  # "MS/PhD"
    unsaid |= doubtful & (words.after < 0) & ~joined & (around.sign_before != ord(":"))
    keep = np.flatnonzero(~(clutter(around, section) & (status != NOT_NEEDED) | unsaid))
    item, phrase = around.item[keep], around.phrase[around.item[keep]]
    is_level = around.kind[keep] == CLASS["level"]
    values = np.where(is_level, around.value[item], -1).astype(np.int8)
    softened = (around.group == CLASS["substitute"]) & (around.value == ALONE)
    level, row_status, preferred, decides = _weigh(
        tokens.n_rows,
        around.row[item],
        values,
        status[keep],
        np.where(fields(around), 1, np.where(marked | alone, 2, 0))[keep],
        alternative[keep],
        alone[keep],
        _rows_with(tokens.n_rows, around.row[softened]),
    )
    return Stated(
        level,
        row_status,
        preferred,
        around.row[item],
        _KIND_OF[around.kind[keep]],
        values,
        status[keep],
        figure_at[keep],
        around.end[keep],
        np.where(is_level, around.lexicon.isced[phrase], -1).astype(np.int8),
        around.lexicon.nature[phrase],
        years[keep],
        words.pursuing[keep],
        decides,
    )


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
    rank: NDArray[np.int64],
    alternative: NDArray[np.bool_],
    alone: NDArray[np.bool_],
    softened: NDArray[np.bool_],
) -> tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.int8], NDArray[np.bool_]]:
    """Weigh the levels of each row into one level, status and preferred level, and say which decide.

    The least of alternatives counts, then the highest of what is asked together. Words in the text
    (rank 2) overrule a job site's field (1), and the field overrules mentions without any sign of
    asking (0). `softened` rows say somewhere that experience is taken in place of schooling.
    """
    n_findings = len(row)
    said = np.flatnonzero((level >= 0) | alone)
    row, level, status, rank = row[said], level[said], status[said], rank[said]
    alternative = alternative[said]
    alternative[1:] &= row[1:] == row[:-1]
    group = np.cumsum(~alternative)
    together = np.zeros(len(said) + 1, dtype=np.int64)
    np.maximum.at(together, group, rank)
    rank = together[group]
    spared = (status == NOT_NEEDED) & (level >= 0)  # "no degree needed" leaves a lower diploma standing
    firm = (status != PREFERRED) & ~spared
    best = np.full(n_rows, -1)
    np.maximum.at(best, row[firm], rank[firm])
    counts = ~firm | (rank == best[row])
    spare = np.full(n_rows, 9)
    np.minimum.at(spare, row[spared], level[spared])
    counts &= spared | (rank > 0) | (status == PREFERRED) | (level < spare[row])

    asked = counts & ((status == REQUIRED) | (status == SUBSTITUTABLE))
    least = np.full(len(said) + 1, 9, dtype=np.int8)
    np.minimum.at(least, group[asked], level[asked])
    out = np.full(n_rows, -1, dtype=np.int8)
    np.maximum.at(out, row[asked], least[group[asked]])
    out_status = np.where(out >= 0, REQUIRED, UNSTATED).astype(np.int8)
    decides = asked & (level == out[row])
    out_status[row[decides & (status == SUBSTITUTABLE)]] = SUBSTITUTABLE
    out_status[softened & (out >= 0)] = SUBSTITUTABLE

    liked = counts & (status == PREFERRED)
    most = np.full(n_rows, -1, dtype=np.int8)
    np.maximum.at(most, row[liked], level[liked])
    fewest = np.full(n_rows, 9, dtype=np.int8)
    np.minimum.at(fewest, row[liked], level[liked])
    only = (out < 0) & (most >= 0)
    out[only], out_status[only] = fewest[only], PREFERRED
    most[(most <= out) & ~only] = -1
    decides |= liked & ((level == most[row]) | only[row] & (level == out[row]))

    free = _rows_with(n_rows, row[counts & (status == NOT_NEEDED)]) & (out < 0)
    out[free], out_status[free] = 0, NOT_NEEDED
    decides |= counts & (status == NOT_NEEDED) & free[row]
    deciding = np.zeros(n_findings, dtype=bool)
    deciding[said[decides]] = True
    return out, out_status, most, deciding


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

