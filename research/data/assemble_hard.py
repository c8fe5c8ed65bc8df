"""Assemble data/benchmark/hard, minimal pairs and hard titles, from the files of their writer and their second reader.

    python -m research.data.assemble_hard FOLDER

FOLDER holds files of pairs, `en_N.txt` and `zh_N.txt`: a line `# family`; for each pair a line `@ title`, a line of
text with the clause in which both ads differ as `[[one||other]]`, and a line `= A H label | A H label`, dashes for the
ratings of unclear. `en_titles.txt` and `zh_titles.txt` hold `title|A H label` a line.

The first run numbers the items in random order, so that neither order nor id tells a label, writes to_read.csv,
without labels, and stops. `reading.csv` (id, label) is the second reading; `settled.csv` (id, label; empty to drop the
item) settles where the two differ. An ad that is dropped takes its pair with it. Then pairs are dropped that a TF-IDF
model taught by the same data gets right, the surest first, as long as it gets three quarters of a language's pairs
right. A quarter of what is left is sealed: data/benchmark/hard/sealed.csv has a salted digest for each item, and
FOLDER/sealed.csv the salt and the labels.
"""

from __future__ import annotations

import argparse
import re
import secrets
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from collarclass.corpus.read import read_csv
from collarclass.errors import DataError
from research.measure.benchmark_data import HARD_COLUMNS, HARD_SETTLED_COLUMNS, seal
from research.measure.count_baselines import learn

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "data" / "benchmark" / "hard"
MOST = 0.75  # of a language's pairs, right by the TF-IDF model
SEALED = 0.25
_TURNING = re.compile(r"(.*?)\[\[(.*?)\|\|(.*?)\]\](.*)")


def read_written(folder: Path) -> pd.DataFrame:
    """All items as they were written, with the writer's ratings and label."""
    rows: list[tuple[str, ...]] = []
    for path in sorted(folder.glob("[ez][nh]_*.txt")):
        language, lines = path.name[:2], path.read_text("utf-8").splitlines()
        if path.stem.endswith("titles"):
            for line in lines:
                title, ratings = line.split("|")
                rows.append(("", language, "title", "title alone", title, "", *ratings.split()))
            continue
        family = ""
        for k, line in enumerate(lines):
            if line.startswith("# "):
                family = line[2:]
            elif line.startswith("@ "):
                rows += _pair(f"{path.stem} {k}", language, family, line[2:], lines[k + 1], lines[k + 2])
    columns = ["pair", "language", "kind", "family", "title", "text", "academic_rating", "hands_on_rating", "label"]
    table = pd.DataFrame(rows, columns=columns).replace({"academic_rating": {"-": ""}, "hands_on_rating": {"-": ""}})
    if table.duplicated(["title", "text"]).any():
        raise DataError(f"{table.loc[table.duplicated(['title', 'text']), 'title'].iloc[0]!r} comes twice.")
    return table


def _pair(key: str, language: str, family: str, title: str, text: str, ratings: str) -> list[tuple[str, ...]]:
    """Both ads of a pair."""
    parts = _TURNING.fullmatch(text)
    if parts is None or not ratings.startswith("= ") or ratings.count("|") != 1:
        raise DataError(f"{key}: {title!r} must have one clause [[one||other]] and a line = A H label | A H label.")
    space = " " if language == "en" else ""
    texts = [space.join(part.strip() for part in (parts[1], clause, parts[4])).strip() for clause in parts.group(2, 3)]
    return [
        (key, language, "ad", family, title, written, *rated.split())
        for written, rated in zip(texts, ratings[2:].split("|"), strict=True)
    ]


def numbered(written: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Items and pairs by their ids, in their order; drawn at random on the first run."""
    key = written["pair"] + "\n" + written["title"] + "\n" + written["text"]
    if not path.is_file():
        random = np.random.default_rng(secrets.randbits(128))
        names = pd.DataFrame({"key": key, "id": [f"h-{n:04}" for n in random.permutation(len(key)) + 1]})
        pairs = written["pair"].unique()
        drawn = dict(zip(pairs, random.permutation(len(pairs)) + 1, strict=True))
        names.assign(pair=[f"p-{drawn[p]:03}" if p else "" for p in written["pair"]]).to_csv(path, index=False)
    names = read_csv(path).set_index("key")
    known = written.assign(id=names["id"].reindex(key).to_numpy(), pair=names["pair"].reindex(key).to_numpy())
    return known.sort_values(["language", "kind", "id"], ignore_index=True)


def settled(items: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The items on which both readings agree, by themselves or by a third look, in whole pairs."""
    second = read_csv(folder / "reading.csv").set_index("id")["label"].reindex(items["id"]).to_numpy()
    third = read_csv(folder / "settled.csv").set_index("id")["label"].reindex(items["id"])
    label = items["label"].where(items["label"] == second, third.to_numpy())
    open_still = label.isna()
    if open_still.any():
        raise DataError(f"{', '.join(items.loc[open_still, 'id'])}: the readings differ; settle them in settled.csv.")
    print(f"second reading: {(items['label'] == second).mean():.1%} of {len(items)} alike")
    same = items.assign(label=label)
    return whole_pairs(same[(label != "") & (label == items["label"])])


def whole_pairs(items: pd.DataFrame) -> pd.DataFrame:
    """Without ads whose partner is gone."""
    alone = (items["kind"] == "ad") & (items.groupby("pair")["id"].transform("size") < 2)
    return items[~alone].reset_index(drop=True)


def easy_pairs(items: pd.DataFrame) -> list[str]:
    """Pairs to drop so that the TF-IDF model stays below `MOST` in each language."""
    ads = items[items["kind"] == "ad"].reset_index(drop=True)
    labels, sure = learn("TF-IDF + logistic regression")(ads)
    table = ads.assign(right=ads["label"] == labels, sure=sure)
    by_pair = table.groupby("pair").agg(language=("language", "first"), right=("right", "all"), sure=("sure", "min"))
    dropped: list[str] = []
    for language, pairs in by_pair.groupby("language"):
        n, right = len(pairs), int(pairs["right"].sum())
        too_many = next((k for k in range(n) if right - k < MOST * (n - k)), n)
        dropped += pairs[pairs["right"]].nlargest(too_many, "sure").index.tolist()
        print(f"{language}: TF-IDF has {right} of {n} pairs right; dropped as easy: {too_many}")
    return dropped


def sealed_ids(items: pd.DataFrame) -> pd.Series[bool]:
    """A quarter of the pairs and of the titles of each language, at random."""
    random = np.random.default_rng(secrets.randbits(128))
    unit = items["pair"].where(items["kind"] == "ad", items["id"])
    chosen: set[str] = set()
    for _, units in unit.groupby([items["language"], items["kind"]]):
        names = units.unique().tolist()
        chosen |= {names[k] for k in random.permutation(len(names))[: round(SEALED * len(names))]}
    return unit.isin(chosen)


def assemble(folder: Path, target: Path = TARGET) -> None:
    """Write the files of the benchmark's hard part, and the sealed labels into the folder."""
    items = numbered(read_written(folder), folder / "numbers.csv")
    items[["id", "language", "title", "text"]].sort_values("id").to_csv(folder / "to_read.csv", index=False)
    if not (folder / "reading.csv").is_file():
        raise DataError(f"Read {folder / 'to_read.csv'} and write reading.csv and settled.csv (columns id and label).")
    kept = settled(items, folder)
    kept = kept[~kept["pair"].isin(easy_pairs(kept))].reset_index(drop=True)
    closed, salt = sealed_ids(kept), secrets.token_hex(32)
    digests = [seal(salt, item, label) for item, label in zip(kept["id"], kept["label"], strict=True)]
    target.mkdir(parents=True, exist_ok=True)
    files = {
        target / "items.csv": kept[list(HARD_COLUMNS)],
        target / "settled.csv": kept.loc[~closed, list(HARD_SETTLED_COLUMNS)],
        target / "sealed.csv": kept.assign(digest=digests).loc[closed, ["id", "digest"]],
        folder / "sealed.csv": kept.assign(salt=salt).loc[closed, [*HARD_SETTLED_COLUMNS, "salt"]],
    }
    for path, table in files.items():
        table.to_csv(path, index=False, lineterminator="\n")
    print(kept.groupby(["language", "kind"])["id"].size().to_dict(), f"sealed: {int(closed.sum())}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Assemble the hard part of the benchmark.")
    parser.add_argument("folder", type=Path)
    assemble(parser.parse_args().folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
