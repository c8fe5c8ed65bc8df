"""What each mention is, by learnt weights: asked for or not, how, and whether in place of the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import NOT_NEEDED, PREFERRED, REQUIRED, STATUSES, SUBSTITUTABLE, UNSTATED
from collarclass.features.ngrams import Vocabulary
from collarclass.kernel import reading
from collarclass.kernel.library import is_compiled
from collarclass.requirement_reader.facts import Features
from collarclass.requirement_reader.lexicon import CLASS
from collarclass.requirement_reader.phrases import Phrases

# What a mention may be: nothing that is asked for, or something that is stated with a status.
OUTCOMES = ("none", *STATUSES[:UNSTATED])
NONE = 0
ALTERNATIVE = len(OUTCOMES)  # column of the weights: in place of the mention before
N_MENTION = ALTERNATIVE + 1
N_DECIDING = UNSTATED  # statuses with which a mention may decide the ad's level
N_WEIGHTS = N_MENTION + N_DECIDING

# What one mention of schooling is asked for like among the others of its ad; see `relations`.
_OTHERS = (
    "asked_higher",
    "asked_lower",
    "asked_same",
    "asked_higher_apart",
    "asked_lower_joined",
    "asked_higher_joined",
    "preferred_not_lower",
    "preferred_lower",
    "substitutable",
    "not_needed",
    "required_higher_too",
    "alternative_behind",
)
RELATIONS = (
    *(f"log_{outcome}" for outcome in OUTCOMES),
    *OUTCOMES,
    "log_odds_alternative",
    *(f"other_{name}" for name in _OTHERS),
    "asked_less_than_any",
    "preferred_less_than_any",
    "stated_less_than_any",
    "stated_any",
    "constant",
)
_MAX_NEIGHBOURS = 4  # mentions on each side that relations look at
_MIN_PROBABILITY = 1e-4
_RELATION_SCALE = 3  # of what is a probability, so that shrinking holds it back no more than the logarithms
_MIN_SCIPY_FEATURES = 20_000  # from here on SciPy sums faster, whose loading takes time


def status_of(outcome: NDArray[np.int64]) -> NDArray[np.int8]:
    """Index into `STATUSES` for each index into `OUTCOMES`, -1 for none."""
    return (outcome - 1).astype(np.int8)


def outcome_of(status: NDArray[np.int8]) -> NDArray[np.int64]:
    """Index into `OUTCOMES` for each index into `STATUSES`."""
    return status.astype(np.int64) + 1


def how(outcome: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of probabilities of `OUTCOMES`, those with a status: columns are indices into `STATUSES`."""
    return outcome[:, NONE + 1 :]


@dataclass(frozen=True, slots=True)
class Reader:
    """The learnt part of the reader: weights of hashed features.

    Parameters
    ----------
    vocabulary : Vocabulary
        Hashes of the features.
    weight : ndarray of float32, shape (n_features, N_WEIGHTS)
        Log-odds: of each of `OUTCOMES` and of being an alternative; then of deciding the whole ad as required,
        preferred, substitutable or not needed.
    relation : ndarray of float32, shape (n_relations, 4)
        Weights of what `relations` says, in deciding the whole ad.
    temperature : ndarray of float32, shape (2,)
        By how much the confidence in mentions and in whole ads is softened: texts of new sources are read less surely
        than those that the weights were learnt from.
    """

    vocabulary: Vocabulary
    weight: NDArray[np.float32]
    relation: NDArray[np.float32]
    temperature: NDArray[np.float32] = field(default_factory=lambda: np.ones(2, dtype=np.float32))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays by the names under which a model folder keeps them."""
        return {
            "reader_hashes": self.vocabulary.hashes,
            "reader_weight": self.weight,
            "reader_relation": self.relation,
            "confidence_temperature": self.temperature,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Reader:
        """Take the reader's arrays out of those of a model folder."""
        hashes = arrays["reader_hashes"]
        return cls(
            Vocabulary(hashes, np.ones(len(hashes), dtype=np.uint8)),
            arrays["reader_weight"],
            arrays["reader_relation"],
            arrays.get("confidence_temperature", np.ones(2, dtype=np.float32)),
        )


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the weights say of each mention of a batch.

    Attributes
    ----------
    outcome : ndarray of float64, shape (n_mentions, 5)
        Probability of each of `OUTCOMES`.
    alternative : ndarray of float64, shape (n_mentions,)
        Probability of standing in place of the schooling before it.
    deciding : ndarray of float64, shape (n_mentions, 4)
        Log-odds of deciding the ad's level and status, against nothing being stated.
    known : tuple of KnownFeatures
        The features that decided.
    """

    outcome: NDArray[np.float64]
    alternative: NDArray[np.float64]
    deciding: NDArray[np.float64]
    known: tuple[KnownFeatures, ...]


@dataclass(frozen=True, slots=True)
class KnownFeatures:
    """Those of a batch's features that the reader has weights for, in the order of the mentions.

    Attributes
    ----------
    starts : ndarray of int64, shape (n_mentions + 1,)
        Where the features of each mention begin.
    where, number : ndarray of int64
        Place of each among all features, and number in the vocabulary.
    """

    starts: NDArray[np.int64]
    where: NDArray[np.int64]
    number: NDArray[np.int64]


def decide(reader: Reader, features: Sequence[Features], items: Phrases) -> Decisions:
    """Judge each mention of a batch."""
    known = tuple(known_features(part, reader.vocabulary, len(items)) for part in features)
    sums = sum_weights(reader.weight, known[0])
    for part in known[1:]:
        sums += sum_weights(reader.weight, part)
    return judge(reader, sums, items, known)


def judge(
    reader: Reader, sums: NDArray[np.float64], items: Phrases, known: tuple[KnownFeatures, ...] = ()
) -> Decisions:
    """Judge mentions by the sums of their features' weights."""
    outcome, alternative = probabilities(sums[:, :N_MENTION])
    deciding = sums[:, N_MENTION:].copy()
    related = relations(items, outcome, alternative)
    if is_compiled():
        reading.add_relations(related, reader.relation, deciding)
    else:
        for values, weights in zip(related.T, reader.relation, strict=True):
            deciding += values[:, None] * weights  # in a fixed order: the same sum in every batch
    return Decisions(outcome, alternative, deciding, known)


def known_features(features: Features, vocabulary: Vocabulary, n_mentions: int) -> KnownFeatures:
    """Look the features up."""
    hashes = features.hashes()
    where, number = vocabulary.find(hashes.ravel())
    begins = np.searchsorted(where, np.arange(len(hashes) + 1) * hashes.shape[1])
    starts = np.zeros(n_mentions + 1, dtype=np.int64)
    starts[features.mention + 1] = np.diff(begins)
    return KnownFeatures(np.cumsum(starts), where, number)


def sum_weights(weight: NDArray[np.float32], known: KnownFeatures) -> NDArray[np.float64]:
    """Sum of the weights of each mention's features, one after the other, so that it is the same in every batch."""
    if is_compiled():
        return reading.sum_weights(known.number, known.starts, weight)
    if len(known.number) < _MIN_SCIPY_FEATURES:
        return sum_by_mention(weight[known.number].astype(np.float64), known.starts)
    from scipy.sparse import csr_matrix

    shape = (len(known.starts) - 1, len(weight))
    which = csr_matrix((np.ones(len(known.number)), known.number, known.starts), shape=shape)
    return np.asarray(which @ weight.astype(np.float64))


def sum_by_mention(values: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sums over the rows that belong to each mention."""
    sums = np.add.reduceat(np.concatenate((values, np.zeros((1, *values.shape[1:])))), starts[:-1], axis=0)
    sums[starts[1:] == starts[:-1]] = 0.0
    return np.asarray(sums)


def probabilities(sums: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of the outcomes, and of being an alternative, from the sums of weights."""
    odds = np.exp(sums[:, :ALTERNATIVE] - sums[:, :ALTERNATIVE].max(axis=1, keepdims=True))
    alternative = 1.0 / (1.0 + np.exp(-sums[:, ALTERNATIVE]))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True)), np.asarray(alternative)


def relations(items: Phrases, outcome: NDArray[np.float64], alternative: NDArray[np.float64]) -> NDArray[np.float64]:
    """How each mention of schooling stands to the others of its ad, by what the weights say of them.

    Returns
    -------
    ndarray of float64, shape (n_mentions, n_relations)
        Columns are named by `RELATIONS`: the mention's own probabilities; the most that any of the other mentions
        near by is asked for, preferred or denied, by whether its level is higher, lower or the same and whether it is
        an alternative; and how far it is from the most in the ad. All are 0 for what is no schooling.
    """
    out = np.zeros((len(items), len(RELATIONS)))
    schooling = np.flatnonzero((items.group == CLASS["level"]) | (items.group == CLASS["nothing"]))
    if not len(schooling):
        return out
    own, joined, row = outcome[schooling], alternative[schooling], items.row[schooling]
    level = np.where(items.group == CLASS["level"], items.value, -1)[schooling]
    asked, preferred, stated = _asked(own), how(own)[:, PREFERRED], 1 - own[:, NONE]
    most_asked, most_preferred, most_stated = (_most_of_row(value, row) for value in (asked, preferred, stated))
    odds = np.maximum(joined, _MIN_PROBABILITY) / np.maximum(1 - joined, _MIN_PROBABILITY)
    columns = {f"log_{name}": np.log(np.maximum(own[:, k], _MIN_PROBABILITY)) for k, name in enumerate(OUTCOMES)}
    columns |= {name: _RELATION_SCALE * own[:, k] for k, name in enumerate(OUTCOMES)}
    columns["log_odds_alternative"] = np.log(odds)
    others = _most_of_others(own, joined, row, level)
    columns |= {f"other_{name}": _RELATION_SCALE * value for name, value in others.items()}
    columns["asked_less_than_any"] = _RELATION_SCALE * (asked - most_asked)
    columns["preferred_less_than_any"] = _RELATION_SCALE * (preferred - most_preferred)
    columns["stated_less_than_any"] = _RELATION_SCALE * (stated - most_stated)
    columns["stated_any"] = _RELATION_SCALE * most_stated
    columns["constant"] = np.ones(len(schooling))
    out[schooling] = np.column_stack([columns[name] for name in RELATIONS])
    return out


def _asked(outcome: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of each mention that it is asked for."""
    return np.asarray(how(outcome)[:, REQUIRED] + how(outcome)[:, SUBSTITUTABLE])


def _most_of_row(value: NDArray[np.float64], row: NDArray[np.int64]) -> NDArray[np.float64]:
    """The greatest value in the row of each."""
    most = np.zeros(row[-1] + 1)
    np.maximum.at(most, row, value)
    return most[row]


def _most_of_others(
    own: NDArray[np.float64], joined: NDArray[np.float64], row: NDArray[np.int64], level: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    """The most that any other mention of schooling near by is asked for and so on, by name."""
    if is_compiled():
        return dict(zip(_OTHERS, reading.most_of_others(own, joined, row, level, len(_OTHERS)), strict=True))
    asked, likely = _asked(own), how(own)
    most = {name: np.zeros(len(own)) for name in _OTHERS}
    for side in (-1, 1):
        link = np.ones(len(own))  # whether all between the two stand in place of each other
        for step in range(1, _MAX_NEIGHBOURS + 1):
            here = np.arange(step, len(own)) if side < 0 else np.arange(len(own) - step)
            here = here[row[here] == row[here + side * step]]
            other = here + side * step
            link[here] *= joined[here + side * (step - 1)] if side < 0 else joined[other]
            higher, lower, linked = level[other] > level[here], level[other] < level[here], link[here]
            values = {
                "asked_higher": asked[other] * higher,
                "asked_lower": asked[other] * lower,
                "asked_same": asked[other] * ~(higher | lower),
                "asked_higher_apart": asked[other] * higher * (1 - linked),
                "asked_lower_joined": asked[other] * lower * linked,
                "asked_higher_joined": asked[other] * higher * linked,
                "preferred_not_lower": likely[other, PREFERRED] * ~lower,
                "preferred_lower": likely[other, PREFERRED] * lower,
                "substitutable": likely[other, SUBSTITUTABLE],
                "not_needed": likely[other, NOT_NEEDED],
                "required_higher_too": likely[other, REQUIRED] * higher * likely[here, REQUIRED],
                "alternative_behind": linked * (step == 1 and side > 0),
            }
            for name, value in values.items():
                most[name][here] = np.maximum(most[name][here], value)
    return most
