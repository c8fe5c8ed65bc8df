"""Give the level of schooling that a new row of the levels stands for to the data whose words it takes over.

    python -m research.data.move_level OLD NEW

To be run when words of the lexicon have moved from one level to another: where an ad or a case is said to state OLD,
names no word of it, and names one of NEW, it states NEW from now on. Rewrites data/real_ads/ratings.csv and
data/requirements/*.csv, and names all levels in the schema of submissions to the benchmark. The texts of real ads are
not needed, because their mentions are stored.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from collarclass.corpus.read import read_csv
from collarclass.definitions.labels import LEVELS
from collarclass.requirement_reader.constants import CLASS
from collarclass.training.mentions import find_mentions
from collarclass.training.real_ads import read_mentions

DATA = Path(__file__).resolve().parents[2] / "data"
COLUMNS = ("level", "preferred_level", "schooling_level")


def moved(ids: Sequence[str], mentions: pd.DataFrame, old: int, new: int) -> set[str]:
    """The ids of texts that name no word of the old level, and one of the new."""
    level = mentions["value"].where(mentions["group"] == CLASS["level"], -1)
    rows = {*mentions.loc[level == new, "ad"]} - {*mentions.loc[level == old, "ad"]}
    return {ids[row] for row in rows}


def rewrite(path: Path, ids: set[str], old: int, new: int) -> int:
    """Put the new level in the place of the old one in the rows of some ids."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    n = 0
    for column in set(COLUMNS) & set(table):
        chosen = table["id"].isin(ids) & (table[column] == LEVELS[old])
        table.loc[chosen, column] = LEVELS[new]
        n += int(chosen.sum())
    if n:
        table.to_csv(path, index=False, lineterminator="\n")
    return n


def name_levels(path: Path) -> None:
    """Name the levels as they stand in the schema of submissions."""
    schema = json.loads(path.read_text("utf-8"))
    schema["items"]["properties"]["level"]["enum"] = ["", *LEVELS]
    path.write_text(json.dumps(schema, indent=1) + "\n", "utf-8")


def main() -> None:
    """Find, rewrite, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("old", choices=LEVELS)
    parser.add_argument("new", choices=LEVELS)
    options = parser.parse_args()
    old, new = LEVELS.index(options.old), LEVELS.index(options.new)
    real = read_mentions(DATA)
    real_ids = moved(real.ads["id"].tolist(), real.mentions, old, new)
    ads = pd.concat([read_csv(DATA / "ads" / f"{language}.csv")[["id", "text"]] for language in ("en", "zh")])
    cases = read_csv(DATA / "requirements" / "cases.csv")[["id", "text"]]
    texts = pd.concat([ads, cases], ignore_index=True)
    found = find_mentions(texts["text"].tolist())[0]
    written_ids = moved(texts["id"].tolist(), found, old, new)
    for path, ids in (
        (DATA / "real_ads" / "ratings.csv", real_ids),
        (DATA / "requirements" / "readings.csv", real_ids),
        (DATA / "requirements" / "cases.csv", written_ids),
        (DATA / "requirements" / "own_ads.csv", written_ids),
    ):
        print(f"{path.relative_to(DATA.parent)}: {rewrite(path, ids, old, new)} of {len(ids)}")
    name_levels(DATA / "benchmark" / "submission.schema.json")


if __name__ == "__main__":
    main()
