"""Mentions of requirements in many ads, with their facts as a matrix: what their reader is fitted on and judges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from collarclass.features.term_index import TermIndex
from collarclass.requirement_reader.context import Context
from collarclass.requirement_reader.lexicon import default_lexicon
from collarclass.requirement_reader.mentions import Mentions
from collarclass.requirement_reader.outcomes import N_ANSWERS, N_DECIDING, N_OUTCOMES, N_RELATIONS, N_WEIGHTS, Reader
from collarclass.requirement_reader.phrases import Words
from collarclass.requirement_reader.reading import RequirementReader
from collarclass.text.ad_tokens import AdTokens
from collarclass.training.counts import Bools, Floats

N_CHOICES = 4
# Of each mention: what the loops over one ad need to describe and judge it again without the text. Tokens and
# sentences are counted from the beginning of the ad.
ITEM = dict.fromkeys(("first", "last", "sentence", "phrase", "group", "value"), np.int64)
READ: dict[str, Any] = ITEM | {"figure": np.int64, "years": np.float64, "pursuing": np.bool_, "ends": np.uint64}
MENTION_COLUMNS = (*READ, "choice")
FACTS = {"mention": np.int64, "number": np.int64, "hash": np.uint64, "kind": np.uint8}


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Mentions, and the ads that they stand in.

    Attributes
    ----------
    mentions : DataFrame
        A row for each: `ad`, its row in the table of ads, in order; `MENTION_COLUMNS`; `outcome`, an index into
        `OUTCOMES`, and `alternative`, 0 or 1, both `UNKNOWN` where nobody decided.
    facts : csr_matrix of float32, shape (n_mentions, n_facts)
    ads : DataFrame
        `level`, -1 where none is stated or needed; `status`, `UNKNOWN` where not read; `weight`; and `source`, empty
        for texts of the project.
    vocabulary : DataFrame
        `hash` and `kind` of each fact.
    """

    mentions: pd.DataFrame
    facts: sp.csr_matrix
    ads: pd.DataFrame
    vocabulary: pd.DataFrame

    def take(self, ads: Bools, mentions: Bools | bool = True) -> Examples:
        """Some of the ads, with all of their mentions or with some."""
        kept = np.flatnonzero(ads[self.mentions["ad"]] & mentions)
        table = self.mentions.iloc[kept].reset_index(drop=True)
        table["ad"] = (np.cumsum(ads) - 1)[table["ad"]]
        return replace(self, mentions=table, facts=self.facts[kept], ads=self.ads[ads].reset_index(drop=True))


def join(parts: Sequence[Examples]) -> Examples:
    """Put examples of one vocabulary together."""
    offsets = np.cumsum([0, *(len(part.ads) for part in parts)])
    mentions = [part.mentions.assign(ad=part.mentions["ad"] + n) for part, n in zip(parts, offsets, strict=False)]
    return Examples(
        pd.concat(mentions, ignore_index=True),
        sp.vstack([part.facts for part in parts]).tocsr(),
        pd.concat([part.ads for part in parts], ignore_index=True),
        parts[0].vocabulary,
    )


def _by_ad(mentions: pd.DataFrame, n_ads: int) -> Iterator[tuple[slice, dict[str, list[Any]]]]:
    """Where the mentions of each ad stand, and the columns of these."""
    columns = {name: mentions[name].tolist() for name in MENTION_COLUMNS}
    stops = np.searchsorted(mentions["ad"], np.arange(n_ads), "right").tolist()
    for begin, end in pairwise((0, *stops)):
        yield slice(begin, end), {name: column[begin:end] for name, column in columns.items()}


def _context(vocabulary: NDArray[np.uint64] | None) -> Context:
    """A context that keeps the facts of a vocabulary, or all."""
    known = vocabulary if vocabulary is not None else np.zeros(0, np.uint64)
    context = Context(Mentions(Words(default_lexicon())), TermIndex(known), np.zeros((len(known), 1), np.float32))
    context.facts.keep(known=True, every=vocabulary is None)
    return context


def _kept(context: Context, n_before: int) -> dict[str, NDArray[Any]]:
    """The facts about the ad that a context has read, behind so many mentions of other ads."""
    facts = context.facts
    found = {name: np.array(getattr(facts, name)[: facts.n_kept], kind) for name, kind in FACTS.items()}
    return found | {"mention": found["mention"] + n_before}


def _table(parts: Sequence[dict[str, NDArray[Any]]]) -> pd.DataFrame:
    none = {name: np.zeros(0, kind) for name, kind in FACTS.items()}
    return pd.DataFrame({name: np.concatenate([part[name] for part in (none, *parts)]) for name in FACTS})


def find_mentions(
    texts: Sequence[str], vocabulary: NDArray[np.uint64] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find the mentions of some texts.

    Returns
    -------
    mentions : DataFrame
        As in `Examples`, without decisions; and the offsets `start` and `end` of each in its text.
    facts : DataFrame
        A row for each fact of the vocabulary, or for every fact: number of the `mention`, `number` in the vocabulary
        (-1 for others), `hash` and `kind`.
    """
    context, tokens, facts = _context(vocabulary), AdTokens(), []
    columns: dict[str, list[Any]] = {name: [] for name in ("ad", "start", "end", *MENTION_COLUMNS)}
    for ad, text in enumerate(texts):
        context.read_ad(tokens.read(text))
        facts.append(_kept(context, len(columns["ad"])))
        mentions, n = context.mentions, context.mentions.items.n
        columns["ad"] += [ad] * n
        for i in range(n):
            _, start, end = tokens.span(mentions.items.first[i], mentions.items.last[i])
            columns["start"].append(start)
            columns["end"].append(end)
            columns["choice"].append(list(context.choice[N_CHOICES * i : N_CHOICES * (i + 1)]))
        for name in READ:
            of = mentions.items if name in ITEM else context if name == "ends" else mentions
            columns[name] += getattr(of, name)[:n]
    kinds = READ | dict.fromkeys(("ad", "start", "end"), np.int64)
    return pd.DataFrame(columns).astype(kinds), _table(facts)


def level_facts(mentions: pd.DataFrame, n_ads: int) -> pd.DataFrame:
    """The facts that depend on levels (`LEVEL_FACTS`), by what was found before."""
    context, found = _context(None), []
    for place, ad in _by_ad(mentions, n_ads):
        context.load_ad(ad)
        found.append(_kept(context, place.start))
    return _table(found)


def fact_matrix(facts: pd.DataFrame, shape: tuple[int, int]) -> sp.csr_matrix:
    """How often each mention has each fact of the vocabulary."""
    return sp.csr_matrix((np.ones(len(facts), np.float32), (facts["mention"], facts["number"])), shape)


def relations(examples: Examples, outcome: Floats, alternative: Floats) -> Floats:
    """How each mention of schooling stands to the others of its ad, shape (n_mentions, n_relations)."""
    nothing = np.zeros((0, N_WEIGHTS), np.float32), np.zeros((N_RELATIONS, N_DECIDING), np.float32)
    reading = RequirementReader(Reader(np.zeros(0, np.uint64), *nothing), default_lexicon())
    out = np.zeros((len(outcome), N_RELATIONS))
    for place, ad in _by_ad(examples.mentions, len(examples.ads)):
        found = reading.relate_ad(ad, outcome[place].ravel(), alternative[place])
        out[place] = np.array(found[: N_RELATIONS * len(ad["group"])]).reshape(-1, N_RELATIONS)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What a reader makes of mentions: `outcome`, shape (n_mentions, n_outcomes), and the others of each ad."""

    outcome: Floats
    level: NDArray[np.int8]
    status: NDArray[np.int8]
    likely: Floats
    features: Floats


def judge(reader: Reader, examples: Examples) -> Judged:
    """What a reader makes of examples."""
    known, number = TermIndex(reader.hashes).find(examples.vocabulary["hash"].to_numpy())
    weight = np.zeros((len(examples.vocabulary), reader.weight.shape[1]))
    weight[known] = reader.weight[number]
    sums, reading = examples.facts @ weight, RequirementReader(reader, default_lexicon())
    outcome, n_ads = np.zeros((len(sums), N_OUTCOMES)), len(examples.ads)
    level, status = np.zeros(n_ads, np.int8), np.zeros(n_ads, np.int8)
    likely, features = np.zeros((n_ads, N_ANSWERS)), np.zeros((n_ads, len(reading.features)))
    for row, (place, ad) in enumerate(_by_ad(examples.mentions, n_ads)):
        reading.judge_ad(ad, sums[place].ravel())
        outcome[place] = np.array(reading.outcome[: N_OUTCOMES * len(ad["group"])]).reshape(-1, N_OUTCOMES)
        level[row], status[row] = reading.level, reading.status
        likely[row], features[row] = reading.likely, reading.features
    return Judged(outcome, level, status, likely, features)
