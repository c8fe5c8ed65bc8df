"""The mentions of an ad, once judged, into what the ad states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import LEVELS, NOT_NEEDED, PREFERRED, UNSTATED
from collarclass.requirement_reader.answers import answers, level_and_status, soften
from collarclass.requirement_reader.credentials import deduplicate
from collarclass.requirement_reader.decide import NONE, Decisions, status_of
from collarclass.requirement_reader.lexicon import CLASS, FIELD, ITEMS, NATURES, NOTES, Lexicon
from collarclass.requirement_reader.mentions import Mentions
from collarclass.requirement_reader.phrases import Flags, Indices, Phrases
from collarclass.requirement_reader.stated import (
    CERTIFICATE,
    DRIVING,
    EXPERIENCE,
    LICENCE,
    SCHOOLING,
    SKILL_GRADE,
    Stated,
    is_certificate,
)

_KINDS = {  # of finding that the lexicon's items are
    "level": SCHOOLING,
    "certificate": CERTIFICATE,
    "licence": LICENCE,
    "skill_grade": SKILL_GRADE,
    "driving": DRIVING,
    "years": EXPERIENCE,
    "nothing": SCHOOLING,
}
_KIND_OF_CLASS = np.array([_KINDS[name] for name in ITEMS], dtype=np.int8)
_MIN_ACADEMIC_LEVEL = LEVELS.index("bachelor")  # from here on, a licence that has no name is a profession's


def combine(
    mentions: Mentions, decisions: Decisions, lexicon: Lexicon, temperature: Sequence[float] = (1.0, 1.0)
) -> Stated:
    """Bring the mentions of each ad to one level and status, and list the findings.

    Confidences are softened by a temperature for mentions and one for whole ads.
    """
    items = mentions.items
    likely = answers(items, decisions.deciding, mentions.n_rows)
    level, status = level_and_status(likely.argmax(axis=1))
    is_level = items.group == CLASS["level"]
    schooling = is_level | (items.group == CLASS["nothing"])
    kept, finding = _kept(mentions, decisions, lexicon, level, status)

    value = _levels(items)
    preferred = np.full(len(level), -1, dtype=np.int8)
    liked = kept & is_level & (finding == PREFERRED)
    np.maximum.at(preferred, items.row[liked], value[liked])
    preferred[(preferred <= level) & (status != PREFERRED) | (status == UNSTATED)] = -1
    decides = kept & schooling & (finding == status[items.row])
    decides &= (value == level[items.row]) | (finding == NOT_NEEDED)
    decides |= liked & (value == preferred[items.row])

    keep = np.flatnonzero(kept)
    phrase, row = items.phrase[keep], items.row[keep]
    kind, nature = _kind_and_nature(items.only(kept), lexicon, level[row], status[row])
    confidence = soften(decisions.outcome[keep], temperature[0])[np.arange(len(keep)), finding[keep] + 1]
    return Stated(
        level=level,
        status=status,
        preferred=preferred,
        likely=soften(likely, temperature[1]),
        row=row,
        kind=kind,
        value=value[keep],
        finding_status=finding[keep],
        first=mentions.figure[keep],
        last=items.last[keep],
        isced=np.where(is_level[keep], lexicon.isced[phrase], -1).astype(np.int8),
        nature=nature,
        years=np.where(kind == EXPERIENCE, mentions.years[keep], np.nan),
        pursuing=(mentions.pursuing & is_level)[keep],
        decides=decides[keep],
        confidence=confidence,
        mention=keep,
        credential=np.where(is_certificate(kind), lexicon.credential[phrase], -1),
        credential_names=lexicon.credential_names,
    )


def _kept(
    mentions: Mentions, decisions: Decisions, lexicon: Lexicon, level: NDArray[np.int8], status: NDArray[np.int8]
) -> tuple[Flags, NDArray[np.int8]]:
    """Which mentions are findings, and the status of each."""
    items = mentions.items
    is_level = items.group == CLASS["level"]
    schooling = is_level | (items.group == CLASS["nothing"])
    outcome = decisions.outcome.argmax(axis=1)
    finding = status_of(outcome)
    fits = np.where(schooling, is_level | (finding == NOT_NEEDED), finding != NOT_NEEDED)
    kept = (outcome != NONE) & fits
    kept &= ~schooling | (status[items.row] != UNSTATED)
    leading = _leading(items, decisions, level, status)
    kept[leading], finding[leading] = True, status[items.row[leading]]
    kept &= ~deduplicate(items, lexicon, kept, finding == PREFERRED)
    return kept, finding


def _kind_and_nature(
    items: Phrases, lexicon: Lexicon, level: NDArray[np.int8], status: NDArray[np.int8]
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Kind of each finding and index into `NATURES`, by what is stated in its ad."""
    kind, nature = _KIND_OF_CLASS[items.group], lexicon.nature[items.phrase]
    kind[(kind == SCHOOLING) & (nature >= 0)] = SKILL_GRADE  # an NVQ is a level of schooling, too
    loose = (lexicon.note[items.phrase] == NOTES.index("doubtful")) & (kind == LICENCE)
    nature[loose & (level >= _MIN_ACADEMIC_LEVEL) & (status != PREFERRED)] = NATURES.index("academic")
    return kind, nature


def _levels(items: Phrases) -> NDArray[np.int8]:
    """Level of each mention, -1 where it names none."""
    named = (items.group == CLASS["level"]) & (items.value != FIELD)
    return np.where(named, items.value, -1).astype(np.int8)


def _leading(items: Phrases, decisions: Decisions, level: NDArray[np.int8], status: NDArray[np.int8]) -> Indices:
    """The mention of each ad that weighs most for its answer."""
    is_level, own = items.group == CLASS["level"], status[items.row]
    fits = is_level & ((_levels(items) == level[items.row]) | (own == NOT_NEEDED))
    fits |= (items.group == CLASS["nothing"]) & (own == NOT_NEEDED)
    candidates = np.flatnonzero(fits & (own != UNSTATED))
    weight = decisions.deciding[candidates, own[candidates]]
    candidates = candidates[np.lexsort((-weight, items.row[candidates]))]
    first = np.ones(len(candidates), dtype=bool)
    first[1:] = items.row[candidates[1:]] != items.row[candidates[:-1]]
    return np.asarray(candidates[first])
