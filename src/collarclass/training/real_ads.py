"""Real ads without their texts, a file for each source: counts of hashed n-grams, and mentions of what is asked for.

An n-gram that stands in one ad only is dropped, a hash cannot be turned back into words that are not known
beforehand, and no file says in which order an ad's words stand. A file depends on its source's ads and on the two
lists alone, so that a source that stays the same is a file that stays the same:

| in the data folder | |
|---|---|
| `real_ads/terms.npz` | the n-grams that are kept, as the arrays of `HashedCounts`; more are added at its end |
| `real_ads/SOURCE.npz` | how often each stands in each ad |
| `requirements/real_ads/facts.npz` | the facts about mentions that are kept |
| `requirements/real_ads/SOURCE.npz` | each mention: phrase of the lexicon, place, years, decision and facts |

Levels of schooling, and with them the facts and features that depend on levels, are not stored: they are derived
from the phrases by the lexicon as it stands.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from collarclass.corpus.read import read_csv, read_ratings
from collarclass.definitions.labels import LABELS
from collarclass.errors import DataError
from collarclass.features.term_index import TermIndex
from collarclass.requirement_reader.constants import CLASS, ITEMS
from collarclass.requirement_reader.lexicon import default_lexicon
from collarclass.requirement_reader.outcomes import Reader
from collarclass.training.counts import CountedAds, Floats, HashedCounts, Ints, concatenate
from collarclass.training.mentions import MENTION_COLUMNS, Examples, fact_matrix, judge, level_facts
from collarclass.training.train_reader import levels_of

TERMS, FACTS = "terms.npz", "facts.npz"
MIN_LEVEL_ADS = 3  # that a fact that depends on levels stands in
# What is stored of each mention: places by the number of the token, or of the sentence, in the ad.
STORED: dict[str, type[np.generic]] = {
    "phrase": np.uint64,
    **dict.fromkeys(("first", "last", "figure", "sentence"), np.uint32),
    "years": np.float32,
    "pursuing": np.bool_,
    "ends": np.uint64,
    "choice": np.bool_,
    **dict.fromkeys(("outcome", "alternative"), np.int8),
}
SOURCE_POWER = 0.5  # 0: every real ad weighs the same; 1: every source does


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file; a `DataError` says if it is missing or damaged."""
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


def load_counts(path: Path, terms: dict[str, NDArray[Any]]) -> tuple[list[str], CountedAds]:
    """Read the counts of one source, of the n-grams of a list, without what is read from its mentions."""
    arrays = load_arrays(path)
    by_hash = np.argsort(terms["hashes"])
    text, title = (
        HashedCounts(**terms, counts=unpack(name, arrays, len(by_hash))).where(by_hash) for name in ("text", "title")
    )
    features, length = np.zeros((len(arrays["ids"]), 0)), arrays["length"].astype(np.int64)
    ads = CountedAds(text, title, features, arrays["chinese"], length, int(arrays["max_tokens"]))
    return arrays["ids"].tolist(), ads


def read_mentions(data: str | os.PathLike[str]) -> Examples:
    """The mentions of all sources, with their facts by the lexicon as it stands, and the ratings of their ads."""
    folder = Path(data) / "requirements" / "real_ads"
    ads = read_levels(data, read_ratings(Path(data) / "real_ads" / "ratings.csv"))
    stored = [load_arrays(folder / f"{source}.npz") for source in np.unique(ads["source"])]
    facts = pd.DataFrame(load_arrays(folder / FACTS))
    arrays = {name: np.concatenate([part[name] for part in stored]) for name in ("ids", "size", *STORED)}
    matrix = sp.csr_matrix(sp.vstack([unpack("facts", part, len(facts)) for part in stored]))
    ads = ads.loc[arrays["ids"]].reset_index()
    mentions, kept = _mentions(arrays)
    of_levels, level_matrix = _count_level_facts(mentions, len(ads))
    return Examples(
        mentions,
        sp.csr_matrix(sp.hstack((matrix[kept].astype(np.float32), level_matrix), format="csr")),
        ads.assign(**levels_of(ads.assign(weight=_source_weights(ads)))),
        pd.concat([facts.rename(columns={"hashes": "hash"}), of_levels], ignore_index=True),
    )


def learnable(real: Examples) -> Examples:
    """What the reader is fitted on: the mentions of schooling and credentials in usable ads."""
    return real.take(real.ads["usable"].to_numpy(bool), (real.mentions["group"] != CLASS["years"]).to_numpy())


def _mentions(arrays: dict[str, NDArray[Any]]) -> tuple[pd.DataFrame, Ints]:
    """The mentions whose phrase is still one of the lexicon's that may be asked for, and their numbers among all."""
    lexicon = default_lexicon()
    where, number = TermIndex(lexicon.prefixes).find(arrays["phrase"])
    phrase = np.full(len(arrays["phrase"]), -1)
    phrase[where] = lexicon.phrase[number]
    kept = np.flatnonzero((phrase >= 0) & (lexicon.group[phrase] < len(ITEMS)))
    columns: dict[str, Any] = {name: arrays[name][kept] for name in STORED}
    columns["choice"] = columns["choice"].reshape(-1, 4).tolist()
    columns["phrase"] = phrase[kept]
    columns |= {name: getattr(lexicon, name)[phrase[kept]].astype(np.int64) for name in ("group", "value")}
    row = np.repeat(np.arange(len(arrays["size"])), arrays["size"])
    decisions = dict.fromkeys(("outcome", "alternative"), np.int64)
    return pd.DataFrame({"ad": row[kept]} | columns)[["ad", *MENTION_COLUMNS, *decisions]].astype(decisions), kept


def _count_level_facts(mentions: pd.DataFrame, n_ads: int) -> tuple[pd.DataFrame, sp.csr_matrix]:
    """The facts of mentions that depend on levels: hash and kind of each, and which mentions have it."""
    facts = level_facts(mentions, n_ads)
    facts = facts.assign(ad=mentions["ad"].to_numpy()[facts["mention"]])
    often = facts.groupby("hash", as_index=False).agg(n_ads=("ad", "nunique"), kind=("kind", "first"))
    often = often.loc[often["n_ads"] >= MIN_LEVEL_ADS, ["hash", "kind"]]
    known = facts[facts["hash"].isin(often["hash"])]
    known = known.assign(number=np.searchsorted(often["hash"], known["hash"]))
    return often, fact_matrix(known, (len(mentions), len(often)))


def read_levels(data: str | os.PathLike[str], ratings: pd.DataFrame) -> pd.DataFrame:
    """Ratings by the ad's id, with `level` and `status`, and whether an ad is `usable` for learning.

    Level and status are those of the more thorough annotation where there is one. An ad that nearly repeats one of the
    development set teaches nothing.
    """
    read = ratings.rename(columns={"schooling_level": "level", "schooling_status": "status"}).set_index("id")
    careful = read_csv(Path(data) / "requirements" / "readings.csv").set_index("id")[["level", "status"]]
    read.update(careful[careful["status"] != "*"])
    return read.assign(level=read["level"].replace("*", ""), usable=read["near_duplicate"] != "y")


def _source_weights(ads: pd.DataFrame) -> Floats:
    """A large source counts for more than a small one, but not by its size."""
    usable = ads["usable"].to_numpy(bool)
    weight = 1.0 / np.sqrt(ads["usable"].groupby(ads["source"]).transform("sum").clip(lower=1).to_numpy(float))
    return np.asarray(weight / weight[usable].mean() if usable.any() else weight)


def source_weights(table: pd.DataFrame) -> Floats:
    """Weights of real ads, 1 on average: the more ads a source has, the less each weighs."""
    share = table.groupby("source")["source"].transform("size").to_numpy(float) ** -SOURCE_POWER
    return np.asarray(share * (len(table) / max(1e-9, share.sum())))


def real_ads(data: str | os.PathLike[str], mentions: Examples, reader: Reader) -> tuple[pd.DataFrame, CountedAds]:
    """The real ads that can be learnt from, as training rows and as counts, with what a reader makes of their mentions.

    Sources are brought closer to each other: an ad weighs less the more ads its source has.
    """
    folder, table = Path(data) / "real_ads", mentions.ads
    terms = load_arrays(folder / TERMS)
    counted = [load_counts(folder / f"{source}.npz", terms) for source in np.unique(table["source"])]
    if [name for names, _ in counted for name in names] != table["id"].tolist():
        raise DataError(
            "The files of data/real_ads and data/requirements/real_ads are not of the same ads: count again."
        )
    features = judge(reader, mentions).features
    kept = np.flatnonzero(table["label"].isin(LABELS) & table["usable"])
    table = table.iloc[kept].reset_index(drop=True)
    table = table.assign(group="source:" + table["source"], weight=source_weights(table))
    return table, replace(concatenate([part for _, part in counted]), features=features).rows(kept)
