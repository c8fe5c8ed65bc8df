"""What a batch of ads states, as arrays, and what the model learns from it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import LEVELS, STATUSES
from collarclass.requirement_reader.lexicon import NATURES
from collarclass.requirement_reader.reasons import ReadingTerms, RequirementReason, reasons_of
from collarclass.text.tokens import Tokens

REQUIRED, PREFERRED, SUBSTITUTABLE, NOT_NEEDED, UNSTATED = range(5)
KINDS = ("schooling", "certificate", "licence", "skill_grade", "licence", "experience")
SCHOOLING, CERTIFICATE, LICENCE, SKILL_GRADE, DRIVING, EXPERIENCE = range(6)


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something the ad asks of applicants, as stated.

    Attributes
    ----------
    kind : {"schooling", "certificate", "licence", "skill_grade", "experience"}
        What is asked for.
    status : {"required", "preferred", "substitutable", "not_needed"}
        How it is asked for; `substitutable` means that experience is taken in its place.
    start, end : int
        Offsets in the text that was read.
    text : str
        The words themselves.
    field : {"title", "text"}
        Which of the two texts.
    level : str or None
        Schooling, and skill grades that are a level of schooling (NVQ): basic, secondary, associate,
        bachelor or graduate.
    isced : int or None
        With a level: that of ISCED 2011, 0 to 8.
    nature : {"academic", "vocational"} or None
        Certificates, licences and skill grades: academic-professional or vocational.
    years : float or None
        Experience only: the least number of years.
    confidence : float
        Probability that a careful reader would find the same, 0 to 1.
    reasons : tuple of RequirementReason
        The words that spoke most for this reading; their weights add up to its log-odds against the next likeliest.
    """

    kind: str
    status: str
    start: int
    end: int
    text: str
    field: str = "text"
    level: str | None = None
    isced: int | None = None
    nature: str | None = None
    years: float | None = None
    confidence: float = 1.0
    reasons: tuple[RequirementReason, ...] = ()


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
    sureness : ndarray of float64, shape (n_rows,)
        Probability that level and status are right.
    row, kind, value, finding_status, first, last, isced, nature, years, pursuing, decides, confidence, mention
        The findings, arrays of one length in reading order: row of the batch; kind, a number from
        `SCHOOLING` to `EXPERIENCE`; level, -1 where it has none; index into `STATUSES`; first and
        last token; ISCED 2011 level and index into `NATURES`, -1 where there is none; years of
        experience, NaN where there are none; whether the schooling is still under way; whether the
        finding's level and status are among those that made the row's; probability of kind and status;
        number of the mention among those that `find_mentions` finds in the batch.
    terms : ReadingTerms, optional
        The terms that decided, if they were asked for.
    """

    level: NDArray[np.int8]
    status: NDArray[np.int8]
    preferred: NDArray[np.int8]
    sureness: NDArray[np.float64]
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
    confidence: NDArray[np.float64]
    mention: NDArray[np.int64]
    terms: ReadingTerms | None = None


def nothing_stated(n_rows: int) -> Stated:
    """Of ads that state nothing."""
    unstated = np.full(n_rows, -1, dtype=np.int8)
    none, place, yes = np.zeros(0, dtype=np.int8), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)
    return Stated(
        unstated, np.full(n_rows, UNSTATED, dtype=np.int8), unstated, np.ones(n_rows),
        place, none, none, none, place, place, none, none, np.zeros(0), yes, yes, np.zeros(0), place,
    )  # fmt: skip


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
    >>> from collarclass.api import default_model
    >>> from collarclass.requirement_reader.reader import read_requirements
    >>> from collarclass.text.tokens import tokenize
    >>> stated = read_requirements(tokenize(["Degree or equivalent experience"]), default_model().reader)
    >>> found = features(stated)[0]
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


def findings(
    stated: Stated, tokens: Tokens, texts: Sequence[str], text_offset: NDArray[np.int64] | None = None
) -> list[tuple[Requirement, ...]]:
    """The findings of each row as objects, with reasons if `stated` was read with them.

    Parameters
    ----------
    stated : Stated
    tokens : Tokens
        What `stated` was read from.
    texts : sequence of str
        The ads of the batch as they were passed to `tokenize`.
    text_offset : ndarray of int64, shape (n_rows,), optional
        Where the text proper begins in each; what stands before is the title.

    Returns
    -------
    list of tuple of Requirement
        Each in reading order, with ``text[start:end] == requirement.text``, by offsets in the title or in the text.
    """
    start, end = tokens.spans(stated.first, stated.last)
    whose = [texts[row] for row in stated.row.tolist()]
    words = [text[s:e] for text, s, e in zip(whose, start.tolist(), end.tolist(), strict=True)]
    offset = np.zeros(len(start), dtype=np.int64) if text_offset is None else text_offset[stated.row]
    in_title = start < offset
    offset[in_title] = 0
    reasons: list[tuple[RequirementReason, ...]] = [()] * len(start)
    if stated.terms is not None:
        outcome = stated.finding_status.astype(np.int64) + 1
        reasons = reasons_of(stated.terms, stated.mention, outcome, tokens, whose)
    found = [
        Requirement(
            KINDS[kind],
            STATUSES[status],
            s,
            e,
            text,
            "title" if titled else "text",
            level=LEVELS[level] if level >= 0 else None,
            isced=isced if isced >= 0 else None,
            nature=NATURES[nature] if nature >= 0 else None,
            years=None if years != years else years,
            confidence=confidence,
            reasons=why,
        )
        for kind, status, s, e, text, titled, level, isced, nature, years, confidence, why in zip(
            stated.kind.tolist(), stated.finding_status.tolist(), (start - offset).tolist(), (end - offset).tolist(),
            words, in_title.tolist(), stated.value.tolist(), stated.isced.tolist(), stated.nature.tolist(),
            stated.years.tolist(), stated.confidence.tolist(), reasons, strict=True,
        )
    ]  # fmt: skip
    begins = np.searchsorted(stated.row, np.arange(len(texts) + 1)).tolist()
    return [tuple(found[a:b]) for a, b in itertools.pairwise(begins)]
