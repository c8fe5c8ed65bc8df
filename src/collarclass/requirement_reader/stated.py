"""What a batch of ads states, as arrays, and what the model learns from it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import LEVELS, NOT_NEEDED, PREFERRED, STATUSES, SUBSTITUTABLE, UNSTATED
from collarclass.definitions.schooling import SCHOOLING_LEVELS
from collarclass.requirement_reader.answers import NOTHING, level_and_status
from collarclass.requirement_reader.decide import outcome_of
from collarclass.requirement_reader.lexicon import NATURES
from collarclass.requirement_reader.reasons import ReadingTerms, RequirementReason, reasons_of
from collarclass.text.tokens import Tokens

# Kinds of finding, as they are named; a driving licence is a licence, but counts apart.
KINDS = ("schooling", "certificate", "licence", "skill_grade", "licence", "experience")
SCHOOLING, CERTIFICATE, LICENCE, SKILL_GRADE, DRIVING, EXPERIENCE = range(len(KINDS))


def is_certificate(kind: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Which findings are certificates, licences or skill grades; driving licences are not."""
    return (kind >= CERTIFICATE) & (kind <= SKILL_GRADE)


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
        Probability that an annotator would find the same, 0 to 1.
    reasons : tuple of RequirementReason
        The words that spoke most for this reading; their weights add up to its log-odds against the next likeliest.
    name : str or None
        Certificates, licences and skill grades: the name that the table of credentials has for it, if it has one.
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
    name: str | None = None


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
    likely : ndarray of float64, shape (n_rows, n_answers)
        Probability of each answer, as `level_and_status` numbers them.
    row, kind, value, finding_status, first, last, isced, nature, years, pursuing, decides, confidence, mention,
    credential
        The findings, arrays of one length in reading order: row of the batch; kind, a number from
        `SCHOOLING` to `EXPERIENCE`; level, -1 where it has none; index into `STATUSES`; first and
        last token; ISCED 2011 level and index into `NATURES`, -1 where there is none; years of
        experience, NaN where there are none; whether the schooling is still under way; whether the
        finding's level and status are among those that made the row's; probability of kind and status;
        number of the mention among those that `find_mentions` finds in the batch; index into `credential_names`,
        -1 for credentials without a name and for other findings.
    credential_names : ndarray of str
        Names of the lexicon's credentials.
    terms : ReadingTerms, optional
        The terms that decided, if they were asked for.
    """

    level: NDArray[np.int8]
    status: NDArray[np.int8]
    preferred: NDArray[np.int8]
    likely: NDArray[np.float64]
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
    credential: NDArray[np.int32]
    credential_names: NDArray[np.str_]
    terms: ReadingTerms | None = None


def nothing_stated(n_rows: int) -> Stated:
    """Of ads that state nothing."""
    unstated = np.full(n_rows, -1, dtype=np.int8)
    likely = np.zeros((n_rows, NOTHING + 1))
    likely[:, NOTHING] = 1.0
    code, place, flag = np.zeros(0, dtype=np.int8), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)
    return Stated(
        level=unstated,
        status=np.full(n_rows, UNSTATED, dtype=np.int8),
        preferred=unstated,
        likely=likely,
        row=place,
        kind=code,
        value=code,
        finding_status=code,
        first=place,
        last=place,
        isced=code,
        nature=code,
        years=np.zeros(0),
        pursuing=flag,
        decides=flag,
        confidence=np.zeros(0),
        mention=place,
        credential=np.zeros(0, dtype=np.int32),
        credential_names=np.zeros(0, dtype=np.str_),
    )


_OF_SCHOOLING = (*(f"schooling_{name}" for name in LEVELS), *STATUSES[:UNSTATED])
FEATURES: tuple[str, ...] = (
    *_OF_SCHOOLING,
    "prefers_more",
    "pursuing",
    "academic_certificates",
    "vocational_certificates",
    "skill_grades",
    "driving",
    "years",
)
_COLUMN = {name: number for number, name in enumerate(FEATURES)}
_FLAGS = ("pursuing", "driving")  # features that are 1 for one finding as for several
_STEPS = 64  # of a probability
_MAX_COUNT = 3  # findings that are counted
_RATINGS = np.array([level.rating for level in SCHOOLING_LEVELS])
_PREFERRED_RATINGS = np.array([level.preferred_rating for level in SCHOOLING_LEVELS])
_WEIGHT_OF_PREFERRED = 0.25  # of how much more is preferred than is required
_LESS_IF_SUBSTITUTABLE = 0.5
_MAX_YEARS = 10.0


def _effective(level: NDArray[np.int8], status: NDArray[np.int8], preferred: int) -> NDArray[np.float64]:
    """Academic rating of levels and statuses by the codebook's arithmetic, 0 to 4, where a level is preferred, too."""
    rating = _RATINGS[level]
    out = np.where(preferred > level, rating + _WEIGHT_OF_PREFERRED * (_RATINGS[preferred] - rating), rating)
    out = np.where(status == PREFERRED, _PREFERRED_RATINGS[level], out)
    return np.asarray(np.maximum(out - np.where(status == SUBSTITUTABLE, _LESS_IF_SUBSTITUTABLE, 0.0), 0.0))


def _features_of_answers(preferred: int) -> NDArray[np.float64]:
    """The features of each answer about schooling where a level is preferred, too; 0 for answers without a level."""
    level, status = level_and_status(np.arange(NOTHING + 1))
    rating = _effective(level, status, preferred)
    shares = [np.interp(rating, _RATINGS, share) for share in np.eye(len(SCHOOLING_LEVELS))]
    statuses = [status == number for number in range(UNSTATED)]
    return np.asarray(np.column_stack((*shares, *statuses)) * (level >= 0)[:, None])


_FEATURES_OF_ANSWERS = [_features_of_answers(preferred) for preferred in (*range(len(LEVELS)), -1)]


def features(stated: Stated) -> NDArray[np.float64]:
    """What the model learns from: one row of numbers an ad, 0 to 1.

    Parameters
    ----------
    stated : Stated

    Returns
    -------
    ndarray of float64, shape (n_rows, n_features)
        Columns are named by `FEATURES`. The academic rating of what is stated is spread over the two levels
        next to it: 1.5 is half secondary, half associate. Schooling counts by how likely each reading is, in
        sixty-fourths, so that sums are exact and the last bits of a probability tell nothing; schooling that is most
        likely not asked for counts for nothing.

    Examples
    --------
    >>> from collarclass.api import default_model
    >>> from collarclass.requirement_reader.reader import read_requirements
    >>> from collarclass.text.tokens import tokenize
    >>> stated = read_requirements(tokenize(["Degree or equivalent experience"]), default_model().reader)
    >>> found = features(stated)[0]
    >>> {name: round(float(value), 1) for name, value in zip(FEATURES, found) if value > 0.1}
    {'schooling_associate': 0.5, 'schooling_bachelor': 0.5, 'substitutable': 1.0}
    """
    n_rows = len(stated.level)
    column = {name: np.zeros(n_rows) for name in FEATURES}
    known = stated.level >= 0
    likely, schooling = np.round(stated.likely * _STEPS) / _STEPS, np.zeros((n_rows, len(_OF_SCHOOLING)))
    for preferred in np.unique(stated.preferred[known]):
        rows = known & (stated.preferred == preferred)
        schooling[rows] = likely[rows] @ _FEATURES_OF_ANSWERS[preferred]
    column |= zip(_OF_SCHOOLING, schooling.T, strict=True)
    column["prefers_more"][:] = (stated.preferred > stated.level) & (stated.status != PREFERRED)
    for name, mask in _counted(stated).items():
        count = np.bincount(stated.row[mask], minlength=n_rows)
        column[name][:] = count > 0 if name in _FLAGS else np.minimum(count, _MAX_COUNT) / _MAX_COUNT
    timed = np.flatnonzero(stated.kind == EXPERIENCE)
    np.maximum.at(column["years"], stated.row[timed], _share_of_years(stated.years[timed]))
    return np.column_stack([column[name] for name in FEATURES])


def _share_of_years(years: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.minimum(years, _MAX_YEARS) / _MAX_YEARS


def _counted(stated: Stated) -> dict[str, NDArray[np.bool_]]:
    """The findings that each feature counts, by its name."""
    certified = ((stated.kind == CERTIFICATE) | (stated.kind == LICENCE)) & (stated.finding_status != NOT_NEEDED)
    return {
        "pursuing": stated.pursuing & stated.decides,
        **{f"{name}_certificates": certified & (stated.nature == nature) for nature, name in enumerate(NATURES)},
        "skill_grades": stated.kind == SKILL_GRADE,
        "driving": stated.kind == DRIVING,
    }


def carriers(stated: Stated, values: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each feature of each ad, the finding that carries it.

    Parameters
    ----------
    stated : Stated
    values : ndarray of float64, shape (n_rows, n_features)
        Its features.

    Returns
    -------
    ndarray of int64, shape (n_rows, n_features)
        Index into the findings of `stated`; -1 where the feature is 0.
    """
    n_rows, row = len(stated.level), stated.row
    index = np.arange(len(row))[::-1]  # the first finding is written last and stays

    def first_of(mask: NDArray[np.bool_], into: NDArray[np.int64]) -> NDArray[np.int64]:
        chosen = index[mask[::-1]]
        into[row[chosen]] = chosen
        return into

    def first(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        return first_of(mask, np.full(n_rows, -1, dtype=np.int64))

    decides = stated.decides
    leading = first_of(decides & (stated.value == stated.level[row]), first(decides))
    carrier = dict.fromkeys(_OF_SCHOOLING, leading)
    prefers = decides & (stated.value == stated.preferred[row]) & (stated.finding_status == PREFERRED)
    carrier["prefers_more"] = first(prefers)
    carrier |= {name: first(mask) for name, mask in _counted(stated).items()}
    timed = stated.kind == EXPERIENCE
    timed &= _share_of_years(np.nan_to_num(stated.years)) == values[row, _COLUMN["years"]]
    carrier["years"] = first(timed)
    return np.where(values == 0, -1, np.column_stack([carrier[name] for name in FEATURES]))


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
    source = [texts[row] for row in stated.row.tolist()]
    offset = np.zeros(len(start), dtype=np.int64) if text_offset is None else text_offset[stated.row]
    in_title = start < offset
    offset[in_title] = 0
    reasons: list[tuple[RequirementReason, ...]] = [()] * len(start)
    if stated.terms is not None:
        reasons = reasons_of(stated.terms, stated.mention, outcome_of(stated.finding_status), tokens, source)
    found = [
        Requirement(
            kind=KINDS[stated.kind[i]],
            status=STATUSES[stated.finding_status[i]],
            start=int(start[i] - offset[i]),
            end=int(end[i] - offset[i]),
            text=source[i][start[i] : end[i]],
            field="title" if in_title[i] else "text",
            level=LEVELS[stated.value[i]] if stated.value[i] >= 0 else None,
            isced=int(stated.isced[i]) if stated.isced[i] >= 0 else None,
            nature=NATURES[stated.nature[i]] if stated.nature[i] >= 0 else None,
            years=None if np.isnan(stated.years[i]) else float(stated.years[i]),
            confidence=float(stated.confidence[i]),
            reasons=reasons[i],
            name=str(stated.credential_names[stated.credential[i]]) if stated.credential[i] >= 0 else None,
        )
        for i in range(len(start))
    ]
    begins = np.searchsorted(stated.row, np.arange(len(texts) + 1)).tolist()
    return [tuple(found[begin:end]) for begin, end in itertools.pairwise(begins)]
