"""What a mention and an ad may say, by number, and the learnt weights that decide it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import LEVELS, NOT_NEEDED, PREFERRED, STATUSES, SUBSTITUTABLE, UNSTATED
from collarclass.definitions.schooling import SCHOOLING_LEVELS
from collarclass.requirement_reader.constants import FIELD

# What a mention may be: nothing that is asked for, or something that is stated with a status.
OUTCOMES = ("none", *STATUSES[:UNSTATED])
NO_OUTCOME = 0
N_OUTCOMES = len(OUTCOMES)
ALTERNATIVE = N_OUTCOMES  # column of the weights: in place of the mention before
N_MENTION = ALTERNATIVE + 1
N_DECIDING = UNSTATED  # statuses with which a mention may decide the ad's level
N_WEIGHTS = N_MENTION + N_DECIDING

# How one mention of schooling stands to the others of its ad: the logarithm of each outcome's probability, and the
# probability; the log-odds of an alternative; what `Answers.compare_with` says of the others; how much less than any
# other it is asked for, preferred and stated, how surely any is stated, and 1.
N_OTHERS = 12
N_RELATIONS = 2 * N_OUTCOMES + 1 + N_OTHERS + 5

# An ad's answers about schooling: each level, and a field of study without one, by three statuses (required,
# preferred, substitutable); then no schooling needed; nothing stated.
N_LEVEL_STATUSES = SUBSTITUTABLE + 1
FREE = (FIELD + 1) * N_LEVEL_STATUSES
NOTHING = FREE + 1
N_ANSWERS = NOTHING + 1

# Kinds of finding, as they are named; a driving licence is a licence, but counts apart.
KINDS = ("schooling", "certificate", "licence", "skill_grade", "licence", "experience")
OF_SCHOOLING, OF_CERTIFICATE, OF_LICENCE, OF_SKILL_GRADE, OF_DRIVING, OF_EXPERIENCE = range(len(KINDS))
KIND_OF_CLASS = (OF_SCHOOLING, OF_CERTIFICATE, OF_LICENCE, OF_SKILL_GRADE, OF_DRIVING, OF_EXPERIENCE, OF_SCHOOLING)

MAX_NAMES = 8  # certificates of one ad

FEATURES_OF_SCHOOLING = (*(f"schooling_{name}" for name in LEVELS), *STATUSES[:UNSTATED])
# What the model learns from, 0 to 1. The academic rating of what is stated is spread over the two levels next to it:
# 1.5 is half secondary, half associate. Schooling counts by how likely each answer is; schooling that is most likely
# not asked for counts for nothing.
FEATURES: tuple[str, ...] = (
    *FEATURES_OF_SCHOOLING,
    "prefers_more",
    "pursuing",
    "academic_certificates",
    "vocational_certificates",
    "skill_grades",
    "driving",
    "years",
)
MAX_COUNT = 3  # findings that are counted
MAX_YEARS = 10.0
_RATINGS = np.array([level.rating for level in SCHOOLING_LEVELS])
_PREFERRED_RATINGS = np.array([level.preferred_rating for level in SCHOOLING_LEVELS])
_WEIGHT_OF_PREFERRED = 0.25  # of how much more is preferred than is required
_LESS_IF_SUBSTITUTABLE = 0.5


@dataclass(frozen=True, slots=True)
class Reader:
    """The learnt part of the reader: weights of hashed facts."""

    hashes: NDArray[np.uint64]
    # Shape (n_facts, N_WEIGHTS), log-odds: of each of `OUTCOMES` and of being an alternative; then of deciding the ad
    # as required, preferred, substitutable or not needed.
    weight: NDArray[np.float32]
    relation: NDArray[np.float32]  # shape (N_RELATIONS, 4): how each counts in deciding the whole ad
    # By how much the confidence in mentions and in whole ads is softened: texts of new sources are read less surely.
    temperature: NDArray[np.float32] = field(default_factory=lambda: np.ones(2, dtype=np.float32))


def level_and_status(answer: NDArray[np.int64]) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Level, -1 where none is stated, and status of each answer; a level of 0 goes with no schooling needed."""
    stated = answer < FREE
    level = np.where(stated, answer // N_LEVEL_STATUSES, np.where(answer == FREE, 0, -1)).astype(np.int8)
    level[level == FIELD] = -1
    status = np.where(stated, answer % N_LEVEL_STATUSES, np.where(answer == FREE, NOT_NEEDED, UNSTATED))
    return level, status.astype(np.int8)


def features_of_answers() -> NDArray[np.float64]:
    """The features of schooling of each answer, shape (1 + n_levels, n_answers, n_features).

    First where no level is preferred beside it, then by the level that is preferred, too; 0 for answers without a
    level.
    """
    level, status = level_and_status(np.arange(N_ANSWERS))
    out = np.zeros((1 + len(LEVELS), N_ANSWERS, len(FEATURES_OF_SCHOOLING)))
    for preferred in range(-1, len(LEVELS)):
        rating = _effective(level, status, preferred)
        shares = [np.interp(rating, _RATINGS, share) for share in np.eye(len(LEVELS))]
        statuses = [status == number for number in range(UNSTATED)]
        out[preferred + 1] = np.column_stack((*shares, *statuses)) * (level >= 0)[:, None]
    return out


def _effective(level: NDArray[np.int8], status: NDArray[np.int8], preferred: int) -> NDArray[np.float64]:
    """Academic rating of levels and statuses by the codebook's arithmetic, 0 to 4, where a level is preferred, too."""
    rating = _RATINGS[level]
    out = np.where(preferred > level, rating + _WEIGHT_OF_PREFERRED * (_RATINGS[preferred] - rating), rating)
    out = np.where(status == PREFERRED, _PREFERRED_RATINGS[level], out)
    return np.asarray(np.maximum(out - np.where(status == SUBSTITUTABLE, _LESS_IF_SUBSTITUTABLE, 0.0), 0.0))
