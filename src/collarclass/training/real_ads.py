"""Real ads without their texts, a file for each source: counts of hashed n-grams, and mentions of what is asked for.

An n-gram that stands in one ad only is dropped, a hash cannot be turned back into words that are not known
beforehand, and no file says in which order an ad's words stand. A file depends on its source's ads and on the two
lists alone, so that a source that stays the same is a file that stays the same:

| in the data folder | |
|---|---|
| `real_ads/terms.npz` | the n-grams that are kept; more are added at its end |
| `real_ads/SOURCE.npz` | how often each stands in each ad |
| `requirements/real_ads/facts.npz` | the facts about mentions that are kept |
| `requirements/real_ads/SOURCE.npz` | each mention: phrase of the lexicon, place, years, decision and facts |

Levels of schooling, and with them the facts and features that depend on levels, are not stored: they are derived
from the phrases by the lexicon as it stands.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from collarclass.corpus.read import read_csv, read_ratings
from collarclass.errors import DataError
from collarclass.features.term_index import TermIndex
from collarclass.requirement_reader.constants import CLASS, ITEMS
from collarclass.requirement_reader.lexicon import Lexicon, default_lexicon
from collarclass.requirement_reader.outcomes import Reader
from collarclass.training.counts import CountedAds, HashedCounts, concatenate, fingerprint
from collarclass.training.mentions import COLUMNS, Judged, MentionColumns, level_facts
from collarclass.training.train_reader import (
    Examples,
    judge_examples,
    levels_and_statuses,
    take,
)

TERMS, FACTS = "terms.npz", "facts.npz"
MIN_LEVEL_ADS = 3  # that a fact that depends on levels stands in
# What is stored of each mention: places by the number of the token, or of the sentence, in the ad.
STORED: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
    "phrase": (np.uint64, ()),
    "first": (np.uint32, ()),
    "last": (np.uint32, ()),
    "figure": (np.uint32, ()),
    "sentence": (np.uint32, ()),
    "years": (np.float32, ()),
    "pursuing": (np.bool_, ()),
    "ends": (np.uint64, ()),
    "choice": (np.bool_, (2, 2)),
    "outcome": (np.int8, ()),
    "alternative": (np.int8, ()),
}
EMPTY: dict[str, NDArray[Any]] = {
    **{name: np.zeros((0, *shape), kind) for name, (kind, shape) in STORED.items()},
    "ids": np.zeros(0, np.str_),
    **dict.fromkeys(("size", "facts_size", "facts_steps", "facts_counts"), np.zeros(0, np.uint16)),
}
_NO_LEVELS = pd.DataFrame({name: [] for name in ("source", "level", "status", "usable")}, dtype=str)


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file.

    Raises
    ------
    DataError
        If the file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            "{name} cannot be read as counted ads ({reason}): take it from the project's data folder again.",
            name=path.name, reason=error,
        ) from None  # fmt: skip


def unpack(name: str, arrays: dict[str, NDArray[Any]], n_columns: int) -> sp.csr_matrix:
    """A matrix of small counts, of which the columns of each row are stored as steps from one to the next."""
    starts = np.append(0, np.cumsum(arrays[f"{name}_size"], dtype=np.int64))
    total = np.append(0, np.cumsum(arrays[f"{name}_steps"], dtype=np.int64))
    columns = total[1:] - np.repeat(total[starts[:-1]], np.diff(starts))
    data = arrays[f"{name}_counts"].astype(np.int32), columns, starts
    return sp.csr_matrix(data, shape=(len(starts) - 1, n_columns))


@dataclass(frozen=True, slots=True, eq=False)
class TermList:
    """The n-grams that are kept; the place of each here is its number in the files of sources.

    Attributes
    ----------
    hashes : ndarray of uint64, shape (n_terms,)
    order : ndarray of uint8
        Number of tokens.
    displayable : ndarray of bool
        As in `HashedCounts`.
    """

    hashes: NDArray[np.uint64]
    order: NDArray[np.uint8]
    displayable: NDArray[np.bool_]

    @classmethod
    def load(cls, folder: Path) -> TermList:
        """The list of a folder."""
        return cls(**load_arrays(folder / TERMS))

    def sorted(self) -> tuple[TermList, NDArray[np.int64]]:
        """The list by hash, and the place there of each number."""
        by_hash = np.argsort(self.hashes)
        place = np.empty(len(by_hash), np.int64)
        place[by_hash] = np.arange(len(by_hash))
        return TermList(self.hashes[by_hash], self.order[by_hash], self.displayable[by_hash]), place


def load_counts(path: Path, terms: TermList) -> tuple[list[str], CountedAds]:
    """Read the counts of one source, without what is read from its mentions.

    Raises
    ------
    DataError
        If the file is missing or damaged, or its counts are another tokenizer's.
    """
    arrays = load_arrays(path)
    if str(arrays["fingerprint"]) != fingerprint():
        raise DataError(
            "The counts in {name} were made by another tokenizer: count the ads again with "
            "research/data/count_real_ads.py.", name=path.name,
        )  # fmt: skip
    ordered, place = terms.sorted()

    def part(name: str) -> HashedCounts:
        counts = unpack(name, arrays, len(terms.hashes))
        counts = sp.csr_matrix((counts.data, place[counts.indices], counts.indptr), counts.shape)
        return HashedCounts(ordered.hashes, ordered.order, ordered.displayable, counts)

    ids = arrays["ids"].tolist()
    return ids, CountedAds(
        text=part("text"),
        title=part("title"),
        features=np.zeros((len(ids), 0)),
        chinese=arrays["chinese"],
        length=arrays["length"].astype(np.int64),
        max_tokens=int(arrays["max_tokens"]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class RealMentions:
    """The mentions of real ads, with their facts and features by the lexicon as it stands.

    Attributes
    ----------
    ids, source : list of str
        Of each ad.
    mentions : MentionColumns
    vocabulary : ndarray of uint64, shape (n_facts,)
        Hashes of the facts.
    kind : ndarray of uint8, shape (n_facts,)
        Number of the kind of each.
    examples : Examples
        The same for fitting: facts, decisions, and level and status of each ad as annotated.
    usable : ndarray of bool
        Whether each ad may be learnt from: it nearly repeats none of the development set.
    """

    ids: list[str]
    mentions: MentionColumns
    vocabulary: NDArray[np.uint64]
    kind: NDArray[np.uint8]
    examples: Examples
    usable: NDArray[np.bool_]

    def learnable(self) -> Examples:
        """What the reader is fitted on: the mentions of schooling and credentials in usable ads."""
        return take(self.examples, self.usable, self.examples.group != CLASS["years"])

    def stated(self, reader: Reader) -> Judged:
        """What each ad states, as a reader judges its mentions."""
        return judge_examples(reader, self.vocabulary, self.examples, self.mentions)


def read_mentions(data: str | os.PathLike[str], lexicon: Lexicon | None = None) -> RealMentions:
    """Read the mentions of all sources; there are none in a data folder without ratings of real ads.

    Raises
    ------
    DataError
        If a file is missing or damaged.
    """
    folder, lexicon = Path(data) / "requirements" / "real_ads", lexicon or default_lexicon()
    ratings = Path(data) / "real_ads" / "ratings.csv"
    ads = read_levels(data, read_ratings(ratings)) if ratings.is_file() else _NO_LEVELS
    stored = [EMPTY, *(load_arrays(folder / f"{source}.npz") for source in np.unique(ads["source"]))]
    facts = load_arrays(folder / FACTS)
    arrays = {name: np.concatenate([part[name] for part in stored]) for name in ("ids", "size", *STORED)}
    kept_facts = sp.csr_matrix(sp.vstack([unpack("facts", part, len(facts["hashes"])) for part in stored]))
    mentions, kept = _mentions(arrays, lexicon)
    level_hashes, level_kind, matrix = _count_level_facts(mentions, lexicon)
    ads = ads.loc[arrays["ids"]]
    level, status = levels_and_statuses(ads)
    examples = Examples(
        features=sp.csr_matrix(sp.hstack((kept_facts[kept].astype(np.float32), matrix), format="csr")),
        row=mentions.row,
        group=mentions.columns["group"],
        value=mentions.columns["value"],
        outcome=arrays["outcome"][kept].astype(np.int64),
        alternative=arrays["alternative"][kept].astype(np.int64),
        level=level,
        status=status,
        weight=_source_weights(ads),
        source=ads["source"].to_numpy(np.str_),
    )
    return RealMentions(
        ids=arrays["ids"].tolist(),
        mentions=mentions,
        vocabulary=np.append(facts["hashes"], level_hashes),
        kind=np.append(facts["kind"], level_kind),
        examples=examples,
        usable=ads["usable"].to_numpy(bool),
    )


def _mentions(arrays: dict[str, NDArray[Any]], lexicon: Lexicon) -> tuple[MentionColumns, NDArray[np.int64]]:
    """The mentions whose phrase is still one of the lexicon's that may be asked for, and their numbers among all."""
    where, number = TermIndex(lexicon.prefixes).find(arrays["phrase"])
    phrase = np.full(len(arrays["phrase"]), -1)
    phrase[where] = lexicon.phrase[number]
    kept = np.flatnonzero((phrase >= 0) & (lexicon.group[phrase] < len(ITEMS)))
    row = np.repeat(np.arange(len(arrays["size"])), arrays["size"])[kept]
    columns = {name: arrays[name][kept] for name in COLUMNS if name in arrays}
    columns["choice"] = columns["choice"].reshape(-1, 4)
    columns["phrase"] = phrase[kept]
    columns |= {name: getattr(lexicon, name)[phrase[kept]].astype(np.int64) for name in ("group", "value")}
    return MentionColumns(np.bincount(row, minlength=len(arrays["size"])), columns), kept


def _count_level_facts(
    mentions: MentionColumns, lexicon: Lexicon
) -> tuple[NDArray[np.uint64], NDArray[np.uint8], sp.csr_matrix]:
    """The facts of mentions that depend on levels: hash and kind of each, and which mentions have it."""
    facts = level_facts(mentions, lexicon)
    # Each fact once for each ad that it stands in.
    by_ad = np.column_stack((facts.hash, mentions.row[facts.mention].astype(np.uint64)))
    _, first = np.unique(by_ad, axis=0, return_index=True)
    hashes, place, n_ads = np.unique(facts.hash[first], return_index=True, return_counts=True)
    kept = n_ads >= MIN_LEVEL_ADS
    hashes, kind = hashes[kept], facts.kind[first][place[kept]]
    where, number = TermIndex(hashes).find(facts.hash)
    ones = np.ones(len(where), dtype=np.float32)
    return hashes, kind, sp.csr_matrix((ones, (facts.mention[where], number)), (len(mentions), len(hashes)))


def read_levels(data: str | os.PathLike[str], ratings: pd.DataFrame) -> pd.DataFrame:
    """Source, level, status, and whether an ad may be learnt from, by its id.

    Level and status are those of the more thorough annotation where there is one.
    """
    read = ratings.rename(columns={"schooling_level": "level", "schooling_status": "status"}).set_index("id")
    careful = read_csv(Path(data) / "requirements" / "readings.csv").set_index("id")[["level", "status"]]
    read.update(careful[careful["status"] != "*"])
    level = read["level"].replace("*", "")
    return pd.DataFrame(
        {"source": read["source"], "level": level, "status": read["status"], "usable": read["near_duplicate"] != "y"}
    )


def _source_weights(ads: pd.DataFrame) -> NDArray[np.float64]:
    """A large source counts for more than a small one, but not by its size."""
    usable = ads["usable"].to_numpy(bool)
    weight = 1.0 / np.sqrt(ads["usable"].groupby(ads["source"]).transform("sum").clip(lower=1).to_numpy(float))
    return np.asarray(weight / weight[usable].mean() if usable.any() else weight)


def read_real_ads(data: str | os.PathLike[str], mentions: RealMentions, reader: Reader) -> tuple[list[str], CountedAds]:
    """The counts of all sources, with what a reader makes of their mentions.

    Raises
    ------
    DataError
        If a file is missing or damaged, or its counts are another tokenizer's.
    """
    folder = Path(data) / "real_ads"
    terms = TermList.load(folder)
    sources = np.unique(mentions.examples.source)
    counted = [load_counts(folder / f"{source}.npz", terms) for source in sources]
    ids = [name for names, _ in counted for name in names]
    if ids != mentions.ids:
        raise DataError(
            "The files of data/real_ads and data/requirements/real_ads are not of the same ads: count again."
        )
    ads = concatenate([part for _, part in counted])
    return ids, replace(ads, features=mentions.stated(reader).features)
