"""What an ad may answer when asked for its schooling: the numbers of the answers, and how likely each is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import NOT_NEEDED, SUBSTITUTABLE, UNSTATED
from collarclass.requirement_reader.lexicon import CLASS, FIELD
from collarclass.requirement_reader.phrases import Phrases

N_LEVEL_STATUSES = SUBSTITUTABLE + 1  # required, preferred, substitutable: statuses that go with a level
# An ad's answers: each level, and a field of study without one, with each of these statuses, then these two.
FREE = (FIELD + 1) * N_LEVEL_STATUSES  # no schooling needed
NOTHING = FREE + 1  # nothing stated


def answer_of(level: NDArray[np.int64], status: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of the answer that a level and a status make; see `level_and_status`."""
    with_level = np.where(level < 0, FIELD, level) * N_LEVEL_STATUSES + status
    return np.where(status == UNSTATED, NOTHING, np.where(status == NOT_NEEDED, FREE, with_level))


def answers(items: Phrases, deciding: NDArray[np.float64], n_rows: int) -> NDArray[np.float64]:
    """Probability of each answer that an ad may give, shape (n_rows, n_answers).

    Columns: each level, and a field of study without one, by three statuses (required, preferred, substitutable); no
    schooling needed; nothing stated.
    A mention that decides gives its own level; several that give one answer add up.
    """
    level, denial = items.group == CLASS["level"], items.group == CLASS["nothing"]
    sums = np.where((level | denial)[:, None], deciding, -np.inf)
    sums[denial, :NOT_NEEDED] = -np.inf
    most = np.zeros(n_rows)
    np.maximum.at(most, items.row, sums.max(axis=1))
    odds = np.exp(sums - most[items.row][:, None])
    place = (items.row * (NOTHING + 1) + items.value * N_LEVEL_STATUSES)[level][:, None] + np.arange(N_LEVEL_STATUSES)
    added = odds[level, :N_LEVEL_STATUSES].ravel()
    out = np.bincount(place.ravel(), added, n_rows * (NOTHING + 1)).reshape(n_rows, NOTHING + 1)
    out = out.astype(np.float64)  # of no mention of a level, bincount makes integers
    out[:, FREE] = np.bincount(items.row, odds[:, NOT_NEEDED], n_rows)
    out[:, NOTHING] = np.exp(-most)
    return np.asarray(out / out.sum(axis=1, keepdims=True))


def level_and_status(answer: NDArray[np.int64]) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Level, -1 where none is stated, and status of each answer; a level of 0 goes with no schooling needed."""
    stated = answer < FREE
    level = np.where(stated, answer // N_LEVEL_STATUSES, np.where(answer == FREE, 0, -1)).astype(np.int8)
    level[level == FIELD] = -1
    status = np.where(stated, answer % N_LEVEL_STATUSES, np.where(answer == FREE, NOT_NEEDED, UNSTATED))
    return level, status.astype(np.int8)


def soften(probabilities: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Probabilities made less sure, or surer, in the same order."""
    powers = probabilities ** (1.0 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
