"""The mentions of an ad, once judged, into what the ad states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from collarclass.requirement_reader.credentials import deduplicate
from collarclass.requirement_reader.decide import N_DECIDING, NONE, Decisions
from collarclass.requirement_reader.lexicon import CLASS, NOTES, VALUES, Lexicon
from collarclass.requirement_reader.mentions import Flags, Indices, Mentions, Phrases
from collarclass.requirement_reader.stated import (
    EXPERIENCE,
    LICENCE,
    NOT_NEEDED,
    PREFERRED,
    SCHOOLING,
    SKILL_GRADE,
    UNSTATED,
    Stated,
)

_KIND_OF = np.array([0, 1, 2, 3, 4, 5, 0], dtype=np.int8)  # kinds of finding that the lexicon's items are
_N_LEVELS, _N_STATUSES = 5, 3
FREE = _N_LEVELS * _N_STATUSES  # column of an ad's answers: no schooling needed; the next one: nothing stated
_BEFORE, _AFTER = 6, 4  # tokens from "pursuing" to a degree, and back
_ACADEMIC = 3  # from this level on, a licence that has no name is a profession's


def answers(items: Phrases, deciding: NDArray[np.float64], n_rows: int) -> NDArray[np.float64]:
    """Probability of each answer that an ad may give, shape (n_rows, 17).

    Columns: five levels by three statuses (required, preferred, substitutable); no schooling needed; nothing stated.
    A mention that decides gives its own level; several that give one answer add up.
    """
    level, denial = items.group == CLASS["level"], items.group == CLASS["nothing"]
    sums = np.where((level | denial)[:, None], deciding, -np.inf)
    sums[denial, : N_DECIDING - 1] = -np.inf
    most = np.zeros(n_rows)
    np.maximum.at(most, items.row, sums.max(axis=1))
    odds = np.exp(sums - most[items.row][:, None])
    out = np.zeros((n_rows, FREE + 2))
    out[:, -1] = np.exp(-most)
    rows, values = items.row[level], items.value[level]
    for status in range(_N_STATUSES):
        np.add.at(out, (rows, values * _N_STATUSES + status), odds[level, status])
    np.add.at(out[:, FREE], items.row, odds[:, -1])
    return np.asarray(out / out.sum(axis=1, keepdims=True))


def level_and_status(answer: NDArray[np.int64]) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Level, -1 where none is stated, and status of each answer; a level of 0 goes with no schooling needed."""
    stated = answer < FREE
    level = np.where(stated, answer // _N_STATUSES, np.where(answer == FREE, 0, -1)).astype(np.int8)
    status = np.where(stated, answer % _N_STATUSES, np.where(answer == FREE, NOT_NEEDED, UNSTATED)).astype(np.int8)
    return level, status


def soften(probabilities: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Probabilities made less sure, or surer, in the same order."""
    powers = probabilities ** (1.0 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def combine(
    mentions: Mentions, decisions: Decisions, lexicon: Lexicon, temperature: Sequence[float] = (1.0, 1.0)
) -> Stated:
    """Bring the mentions of each ad to one level and status, and list the findings.

    Confidences are softened by a temperature for mentions and one for whole ads.
    """
    items = mentions.items
    likely = answers(items, decisions.deciding, mentions.tokens.n_rows)
    level, status = level_and_status(likely.argmax(axis=1))

    is_level = items.group == CLASS["level"]
    schooling = is_level | (items.group == CLASS["nothing"])
    outcome = decisions.outcome.argmax(axis=1)
    finding = (outcome - 1).astype(np.int8)
    fits = np.where(schooling, is_level | (finding == NOT_NEEDED), finding != NOT_NEEDED)
    kept = (outcome != NONE) & fits
    kept &= ~schooling | (status[items.row] != UNSTATED)
    lead = _leading(mentions, decisions, level, status, is_level, schooling)
    kept[lead], finding[lead] = True, status[items.row[lead]]
    kept &= ~deduplicate(items, lexicon, kept, finding == PREFERRED)

    value = np.where(is_level, items.value, -1).astype(np.int8)
    preferred = np.full(len(level), -1, dtype=np.int8)
    liked = kept & is_level & (finding == PREFERRED)
    np.maximum.at(preferred, items.row[liked], value[liked])
    preferred[(preferred <= level) & (status != PREFERRED) | (status == UNSTATED)] = -1
    decides = kept & schooling & (finding == status[items.row])
    decides &= (value == level[items.row]) | (finding == NOT_NEEDED)
    decides |= liked & (value == preferred[items.row])

    keep = np.flatnonzero(kept)
    kind, phrase, row = _KIND_OF[items.group[keep]], items.phrase[keep], items.row[keep]
    nature = lexicon.nature[phrase]
    kind[(kind == SCHOOLING) & (nature >= 0)] = SKILL_GRADE  # an NVQ is a level of schooling, too
    loose = (lexicon.note[phrase] == NOTES.index("doubtful")) & (kind == LICENCE)
    nature[loose & (level[row] >= _ACADEMIC) & (status[row] != PREFERRED)] = 0
    return Stated(
        level,
        status,
        preferred,
        soften(likely, temperature[1]).max(axis=1),
        row,
        kind,
        value[keep],
        finding[keep],
        mentions.figure[keep],
        items.last[keep],
        np.where(is_level[keep], lexicon.isced[phrase], -1).astype(np.int8),
        nature,
        np.where(kind == EXPERIENCE, mentions.years[keep], np.nan),
        (_pursuing(mentions) & is_level)[keep],
        decides[keep],
        soften(decisions.outcome[keep], temperature[0])[np.arange(len(keep)), finding[keep] + 1],
        keep,
    )


def _leading(
    mentions: Mentions,
    decisions: Decisions,
    level: NDArray[np.int8],
    status: NDArray[np.int8],
    is_level: Flags,
    schooling: Flags,
) -> Indices:
    """The mention of each ad that weighs most for its answer."""
    items = mentions.items
    own = status[items.row]
    fits = schooling & (own != UNSTATED) & (~is_level | (items.value == level[items.row]) | (own == NOT_NEEDED))
    fits &= is_level | (own == NOT_NEEDED)
    some = np.flatnonzero(fits)
    weight = decisions.deciding[some, own[some]]
    order = np.lexsort((-weight, items.row[some]))
    some = some[order]
    first = np.ones(len(some), dtype=bool)
    first[1:] = items.row[some[1:]] != items.row[some[:-1]]
    return np.asarray(some[first])


def _pursuing(mentions: Mentions) -> Flags:
    """Whether each schooling may still be under way: "pursuing a degree", "degree in progress"."""
    items = mentions.items
    out = np.zeros(len(items), dtype=bool)
    cues = mentions.cues.only(mentions.cues.group == CLASS["pursuing"])
    if not len(cues):
        return out
    sides = [VALUES["pursuing"].index(value) for value in ("after", "before")]
    for step, wrong, reach, place in ((-1, sides[0], _BEFORE, items.first), (1, sides[1], _AFTER, items.last)):
        near = cues.only(cues.value != wrong)
        if not len(near):
            continue
        index, there = near.beside(place, items.row, step)
        gap = items.first - near.last[index] if step < 0 else near.first[index] - items.last
        out |= there & (gap <= reach) & (near.sentence[index] == items.sentence)
    return out
