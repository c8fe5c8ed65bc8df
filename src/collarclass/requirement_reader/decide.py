"""What each mention is, by learnt weights: asked for or not, how, and whether in place of the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.features.ngrams import Vocabulary
from collarclass.requirement_reader.context import Features
from collarclass.requirement_reader.lexicon import CLASS
from collarclass.requirement_reader.mentions import Phrases

OUTCOMES = ("none", "required", "preferred", "substitutable", "not_needed")  # of a mention
NONE, REQUIRED, PREFERRED, SUBSTITUTABLE, NOT_NEEDED = range(5)
ALTERNATIVE = len(OUTCOMES)  # column of the weights: in place of the mention before
N_MENTION = ALTERNATIVE + 1
N_DECIDING = 4  # outcomes by which a mention may decide the ad's level and status
_NEIGHBOURS = 4  # mentions on each side that relations look at
_FLOOR = 1e-4
_MANY = 20_000  # features that are summed by SciPy


@dataclass(frozen=True, slots=True)
class Reader:
    """The learnt part of the reader: weights of hashed features.

    Parameters
    ----------
    vocabulary : Vocabulary
        Hashes of the features.
    weight : ndarray of float32, shape (n_features, 10)
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
    weight = reader.weight.astype(np.float64)
    sums = sum_weights(weight, known[0])
    for part in known[1:]:
        sums += sum_weights(weight, part)
    return judge(reader, sums, items, known)


def judge(
    reader: Reader, sums: NDArray[np.float64], items: Phrases, known: tuple[KnownFeatures, ...] = ()
) -> Decisions:
    """Judge mentions by the sums of their features' weights."""
    outcome, alternative = probabilities(sums[:, :N_MENTION])
    deciding = sums[:, N_MENTION:].copy()
    for values, weights in zip(relations(items, outcome, alternative).T, reader.relation, strict=True):
        deciding += values[:, None] * weights  # in a fixed order: the same sum in every batch
    return Decisions(outcome, alternative, deciding, known)


def known_features(features: Features, vocabulary: Vocabulary, n_mentions: int) -> KnownFeatures:
    """Look the features up."""
    hashes = features.hashes()
    where, number = vocabulary.find(hashes.ravel())
    begins = np.searchsorted(where, np.arange(len(hashes) + 1) * hashes.shape[1])
    starts = np.zeros(n_mentions + 1, dtype=np.int64)
    starts[features.of + 1] = np.diff(begins)
    return KnownFeatures(np.cumsum(starts), where, number)


def sum_weights(weight: NDArray[np.float64], known: KnownFeatures) -> NDArray[np.float64]:
    """Sum of the weights of each mention's features, one after the other, so that it is the same in every batch."""
    if len(known.number) < _MANY:  # without SciPy, which takes longer to load
        return sum_by_mention(weight[known.number], known.starts)
    from scipy.sparse import csr_matrix

    shape = (len(known.starts) - 1, len(weight))
    return np.asarray(csr_matrix((np.ones(len(known.number)), known.number, known.starts), shape=shape) @ weight)


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


def relations(
    items: Phrases, outcome: NDArray[np.float64], alternative: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How each mention of schooling stands to the others of its ad, by what the weights say of them.

    Returns
    -------
    ndarray of float64, shape (n_mentions, n_relations)
        First the mention's own log-probabilities; then the most that any of the other mentions near by is asked
        for, preferred or denied, by whether its level is higher, lower or the same and whether it is an alternative.
    """
    n = len(items)
    schooling = np.flatnonzero((items.group == CLASS["level"]) | (items.group == CLASS["nothing"]))
    own, joined, row = outcome[schooling], alternative[schooling], items.row[schooling]
    level = np.where(items.group == CLASS["level"], items.value, -1)[schooling]
    asked = own[:, REQUIRED] + own[:, SUBSTITUTABLE]
    most = np.zeros((len(schooling), 12))
    for side in (-1, 1):
        link = np.ones(len(schooling))
        for k in range(1, _NEIGHBOURS + 1):
            here = np.arange(k, len(schooling)) if side < 0 else np.arange(len(schooling) - k)
            here = here[row[here] == row[here + side * k]]
            other = here + side * k
            link[here] *= joined[here + side * (k - 1)] if side < 0 else joined[other]
            higher, lower = level[other] > level[here], level[other] < level[here]
            linked = link[here]
            for column, value in enumerate(
                (
                    asked[other] * higher, asked[other] * lower, asked[other] * ~(higher | lower),
                    asked[other] * higher * (1 - linked), asked[other] * lower * linked, asked[other] * higher * linked,
                    own[other, PREFERRED] * ~lower, own[other, PREFERRED] * lower, own[other, SUBSTITUTABLE],
                    own[other, NOT_NEEDED], own[other, REQUIRED] * higher * own[here, REQUIRED],
                    linked * (k == 1) * (1 if side > 0 else 0),
                )
            ):  # fmt: skip
                most[here, column] = np.maximum(most[here, column], value)
    best = np.zeros((items.row[-1] + 1 if n else 0, 3))
    for column, value in enumerate((asked, own[:, PREFERRED], 1 - own[:, NONE])):
        np.maximum.at(best[:, column], row, value)
    out = np.zeros((n, 28))
    out[schooling, :5] = np.log(np.maximum(own, _FLOOR))
    out[schooling, 5:10] = 3 * own
    odds = np.maximum(joined, _FLOOR) / np.maximum(1 - joined, _FLOOR)
    out[schooling, 10] = np.log(odds)
    out[schooling, 11:23] = 3 * most
    out[schooling, 23] = 3 * (asked - best[row, 0])
    out[schooling, 24] = 3 * (own[:, PREFERRED] - best[row, 1])
    out[schooling, 25] = 3 * (1 - own[:, NONE] - best[row, 2])
    out[schooling, 26] = 3 * best[row, 2]
    out[schooling, 27] = 1.0
    return out
