"""Count the mentions of real ads again, after a change of the reader's features or of its lexicon.

    python -m research.data.count_real_mentions POOL [POOL ...]

POOL: CSV files with the columns id and text, which are not part of the project. Writes
data/requirements/real_ads.npz: for every ad of data/real_ads/ratings.csv that is found in them and is no
near-duplicate of a development ad, the hashed features of its mentions of schooling and credentials, the
decisions of real_mentions.csv, level and status as read by hand, and its source. The features are the ones that
tell most: in three ads or more, and among the largest weights of a first fit on all of them.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from collarclass.features.ngrams import Vocabulary
from collarclass.requirement_reader.context import context_features
from collarclass.requirement_reader.lexicon import CLASS, default_lexicon
from collarclass.requirement_reader.mentions import find_mentions
from collarclass.text.tokens import tokenize
from collarclass.training.train_reader import Examples, decided_examples, fit_reader, join, own_texts

ROOT = Path(__file__).resolve().parents[2]
READING = ROOT / "tests" / "data" / "requirements_reading.csv"
SIZE = 24_576  # features that are kept
LEAST = 3  # ads that a feature has to stand in
BATCH = 400


def read(path: Path) -> pd.DataFrame:
    """A table of strings."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def rated_ads(pools: list[Path]) -> pd.DataFrame:
    """Id, source, text, level and status of the ads; the more careful reading counts where there is one."""
    ratings = read(ROOT / "data" / "real_ads" / "ratings.csv")
    ratings = ratings[ratings["near_duplicate"] != "y"].rename(
        columns={"schooling_level": "level", "schooling_status": "status"}
    )
    careful = read(READING).set_index("id")[["level", "status"]]
    ratings = ratings.set_index("id")[["source", "level", "status"]]
    ratings.update(careful[careful["status"] != "*"])
    texts = pd.concat([read(path)[["id", "text"]] for path in pools]).drop_duplicates("id").set_index("id")
    return ratings.join(texts, how="inner").reset_index()


def frequent(texts: list[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.uint8]]:
    """The features that stand in several ads, in how many, and which kind of fact each is."""
    found, kinds = [], []
    for begin in range(0, len(texts), BATCH):
        mentions = find_mentions(tokenize(texts[begin : begin + BATCH]), default_lexicon())
        if not len(mentions.items):
            continue
        for part in context_features(mentions, default_lexicon()):
            hashes = part.hashes()
            row = np.repeat(mentions.items.row[part.mention], hashes.shape[1])
            order = np.lexsort((row, hashes.ravel()))
            row, ordered = row[order], hashes.ravel()[order]
            first = np.append(True, (ordered[1:] != ordered[:-1]) | (row[1:] != row[:-1]))
            found.append(ordered[first])
            kinds.append(np.array(part.fact, dtype=np.uint8)[order[first] % hashes.shape[1]])
    hashes, place, counts = np.unique(np.concatenate(found), return_index=True, return_counts=True)
    kept = (counts >= LEAST) & (hashes > 0)
    return hashes[kept], counts[kept], np.concatenate(kinds)[place[kept]]


def save(path: Path, vocabulary: NDArray[np.uint64], kind: NDArray[np.uint8], examples: Examples) -> None:
    """Store examples without text, their features as differences of ascending numbers."""
    kept = np.flatnonzero(examples.group != CLASS["years"])
    matrix = examples.features[kept].tocsr()
    matrix.sort_indices()
    number = np.repeat(matrix.indices.astype(np.int64), matrix.data.astype(np.int64))
    of = np.repeat(np.repeat(np.arange(len(kept)), np.diff(matrix.indptr)), matrix.data.astype(np.int64))
    size = np.bincount(of, minlength=len(kept))
    before = np.append(0, number[:-1])
    before[(np.cumsum(size) - size)[size > 0]] = 0
    sources, source = np.unique(examples.source, return_inverse=True)
    small = {
        name: getattr(examples, name).astype(np.int8)
        for name in ("group", "value", "outcome", "alternative", "level", "status")
    }
    small["group"], small["value"], small["outcome"], small["alternative"] = (
        small[name][kept] for name in ("group", "value", "outcome", "alternative")
    )
    np.savez_compressed(
        path, vocabulary=vocabulary, kind=kind, size=size.astype(np.uint16), gap=(number - before).astype(np.uint16),
        row=examples.row[kept].astype(np.int32), sources=sources, source=source.astype(np.uint8), **small,
    )  # fmt: skip


def main() -> None:
    """Count, choose, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pools", type=Path, nargs="+")
    ads = rated_ads(parser.parse_args().pools)
    folder = ROOT / "data" / "requirements"
    texts, weight, mentions = own_texts(ROOT / "data")
    vocabulary, ads_with, kind = frequent([*ads["text"], *texts["text"]])
    real = decided_examples(ads, read(folder / "real_mentions.csv"), np.ones(len(ads)), vocabulary)
    own = decided_examples(texts, mentions, weight, vocabulary)
    with threadpool_limits(limits=1):
        reader = fit_reader(vocabulary, join([real, own]))
    known, number = Vocabulary(vocabulary, np.ones(len(vocabulary), dtype=np.uint8)).find(reader.vocabulary.hashes)
    telling = np.zeros(len(vocabulary))
    telling[number] = np.sqrt((reader.weight[known] ** 2).sum(axis=1) * ads_with[number])
    chosen = np.sort(np.argsort(-telling, kind="stable")[:SIZE])
    path = folder / "real_ads.npz"
    save(path, vocabulary[chosen], kind[chosen], replace(real, features=sp.csr_matrix(real.features[:, chosen])))
    decided = int((real.outcome >= 0).sum())
    print(
        f"{len(ads):,} ads of {ads['source'].nunique()} sources, {len(real.row):,} mentions, {decided:,} decided; "
        f"{len(chosen):,} of {len(vocabulary):,} features; {path.stat().st_size:,} bytes"
    )


if __name__ == "__main__":
    main()
