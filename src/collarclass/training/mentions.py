"""The mentions of many ads as columns, and their facts as a matrix: what the reader of requirements is fitted on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from collarclass.features.term_index import TermIndex
from collarclass.requirement_reader.context import Context
from collarclass.requirement_reader.lexicon import Lexicon, default_lexicon
from collarclass.requirement_reader.mentions import Mentions
from collarclass.requirement_reader.outcomes import N_ANSWERS, N_DECIDING, N_OUTCOMES, N_RELATIONS, N_WEIGHTS, Reader
from collarclass.requirement_reader.phrases import Words
from collarclass.requirement_reader.reading import RequirementReader
from collarclass.text.ad_tokens import AdTokens

N_CHOICES = 4
# Of each mention: what the loops over one ad need to describe and judge it again without the text.
COLUMNS = ("first", "last", "sentence", "phrase", "group", "value", "figure", "years", "pursuing",
           "ends", "choice")  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class MentionColumns:
    """Mentions of many ads, those of an ad one after the other.

    Attributes
    ----------
    size : ndarray of int64, shape (n_ads,)
        How many each ad has.
    columns : dict of str to ndarray
        By the names in `COLUMNS`; tokens and sentences are counted from the beginning of the ad.
    """

    size: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return int(self.size.sum())

    @property
    def row(self) -> NDArray[np.int64]:
        """Number of the ad of each mention."""
        return np.repeat(np.arange(len(self.size)), self.size)

    def ads(self) -> Iterator[tuple[slice, dict[str, list[Any]]]]:
        """Where the mentions of each ad stand, and the columns of these."""
        stop = np.cumsum(self.size).tolist()
        for begin, end in zip([0, *stop], stop, strict=False):
            yield slice(begin, end), {name: column[begin:end].tolist() for name, column in self.columns.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Facts about mentions, arrays of one length.

    Attributes
    ----------
    mention, number : ndarray of int64
        Number of the mention among all, and of the fact in the vocabulary, -1 for others.
    hash : ndarray of uint64
    kind : ndarray of uint8
    """

    mention: NDArray[np.int64]
    number: NDArray[np.int64]
    hash: NDArray[np.uint64]
    kind: NDArray[np.uint8]

    def matrix(self, n_mentions: int, n_facts: int) -> sp.csr_matrix:
        """How often each mention has each fact of the vocabulary."""
        ones = np.ones(len(self.mention), dtype=np.float32)
        return sp.csr_matrix((ones, (self.mention, self.number)), (n_mentions, n_facts))


def _kept(context: Context, n_before: int) -> Facts:
    """The facts about the ad that a context has read, behind so many mentions of other ads."""
    facts, n = context.facts, context.facts.n_kept
    return Facts(
        np.array(facts.mention[:n], np.int64) + n_before,
        np.array(facts.number[:n], np.int64),
        np.array(facts.hash[:n], np.uint64),
        np.array(facts.kind[:n], np.uint8),
    )


def _joined(parts: Sequence[Facts]) -> Facts:
    none = Facts(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.uint8))
    names = [column.name for column in fields(Facts)]
    return Facts(**{name: np.concatenate([getattr(part, name) for part in (none, *parts)]) for name in names})


def _context(vocabulary: NDArray[np.uint64] | None, lexicon: Lexicon) -> Context:
    """A context that keeps the facts of a vocabulary, or all."""
    known = vocabulary if vocabulary is not None else np.zeros(0, np.uint64)
    context = Context(Mentions(Words(lexicon)), TermIndex(known), np.zeros((len(known), 1), np.float32))
    context.facts.keep(known=True, every=vocabulary is None)
    return context


def find_mentions(
    texts: Sequence[str], vocabulary: NDArray[np.uint64] | None = None, lexicon: Lexicon | None = None
) -> tuple[MentionColumns, Facts, NDArray[np.int64]]:
    """Find the mentions of some texts.

    Parameters
    ----------
    texts : sequence of str
    vocabulary : ndarray of uint64, optional
        Hashes of the facts to keep; all facts if not given.
    lexicon : Lexicon, optional

    Returns
    -------
    MentionColumns, Facts
    places : ndarray of int64, shape (n_mentions, 2)
        Offsets of each mention in its text.
    """
    context, tokens = _context(vocabulary, lexicon or default_lexicon()), AdTokens()
    facts, size, places = list[Facts](), list[int](), list[tuple[int, int]]()
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for text in texts:
        context.read_ad(tokens.read(text))
        facts.append(_kept(context, len(places)))
        mentions, n = context.mentions, context.mentions.items.n
        size.append(n)
        places += (tokens.span(mentions.items.first[i], mentions.items.last[i])[1:] for i in range(n))
        for name in ("first", "last", "sentence", "phrase", "group", "value"):
            columns[name] += getattr(mentions.items, name)[:n]
        for name in ("figure", "years", "pursuing"):
            columns[name] += getattr(mentions, name)[:n]
        columns["ends"] += context.ends[:n]
        columns["choice"] += context.choice[: N_CHOICES * n]
    return _columns(size, columns), _joined(facts), np.array(places, np.int64).reshape(-1, 2)


def _columns(size: Sequence[int], columns: Mapping[str, list[Any]]) -> MentionColumns:
    kinds: dict[str, Any] = {"years": np.float64, "ends": np.uint64, "pursuing": np.bool_, "choice": np.bool_}
    shapes = {"choice": (-1, N_CHOICES)}
    arrays = {name: np.array(column, kinds.get(name, np.int64)) for name, column in columns.items()}
    return MentionColumns(
        np.array(size, np.int64), {name: array.reshape(shapes.get(name, -1)) for name, array in arrays.items()}
    )


def level_facts(mentions: MentionColumns, lexicon: Lexicon) -> Facts:
    """The facts that depend on levels (`LEVEL_FACTS`), by what was found before."""
    context = _context(None, lexicon)
    found = []
    for place, ad in mentions.ads():
        context.load_ad(ad)
        found.append(_kept(context, place.start))
    return _joined(found)


def relations(
    mentions: MentionColumns, outcome: NDArray[np.float64], alternative: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How each mention of schooling stands to the others of its ad, shape (n_mentions, n_relations)."""
    reading, out = RequirementReader(no_weights(), default_lexicon()), np.zeros((len(mentions), N_RELATIONS))
    for place, ad in mentions.ads():
        found = reading.relate_ad(ad, outcome[place].ravel(), alternative[place])
        out[place] = np.array(found[: N_RELATIONS * len(ad["group"])]).reshape(-1, N_RELATIONS)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What a reader makes of mentions that were found before.

    Attributes
    ----------
    outcome : ndarray of float64, shape (n_mentions, n_outcomes)
    level, status : ndarray of int8, shape (n_ads,)
    likely : ndarray of float64, shape (n_ads, n_answers)
    features : ndarray of float64, shape (n_ads, n_features)
    """

    outcome: NDArray[np.float64]
    level: NDArray[np.int8]
    status: NDArray[np.int8]
    likely: NDArray[np.float64]
    features: NDArray[np.float64]


def judge(
    reader: Reader, mentions: MentionColumns, sums: NDArray[np.float64], lexicon: Lexicon | None = None
) -> Judged:
    """Judge mentions by the sums of the weights of their facts, shape (n_mentions, N_WEIGHTS)."""
    reading = RequirementReader(reader, lexicon or default_lexicon())
    outcome, n_ads = np.zeros((len(mentions), N_OUTCOMES)), len(mentions.size)
    level, status = np.zeros(n_ads, np.int8), np.zeros(n_ads, np.int8)
    likely, features = np.zeros((n_ads, N_ANSWERS)), np.zeros((n_ads, len(reading.features)))
    for row, (place, ad) in enumerate(mentions.ads()):
        reading.judge_ad(ad, sums[place].ravel())
        outcome[place] = np.array(reading.outcome[: N_OUTCOMES * len(ad["group"])]).reshape(-1, N_OUTCOMES)
        level[row], status[row] = reading.level, reading.status
        likely[row], features[row] = reading.likely, reading.features
    return Judged(outcome, level, status, likely, features)


def no_weights() -> Reader:
    """A reader that has learnt nothing."""
    weight, relation = np.zeros((0, N_WEIGHTS), np.float32), np.zeros((N_RELATIONS, N_DECIDING), np.float32)
    return Reader(np.zeros(0, np.uint64), weight, relation)
