"""How often the occupation of a title is found, on titles that the index does not know.

    python -m research.measure.occupation_accuracy

Keeps the table in data/figures/occupation_accuracy.json and writes it into the pages.

Of each occupation a share of the alternate titles (English), and of the working titles and the titles of
written ads (Chinese), is held out: the index is built without them, wherever else they stand. An answer is right
when it is one of the occupations that have the title.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from collarclass.occupation.lookup import TitleIndex
from collarclass.occupation.table import KINDS, known_titles, occupations
from collarclass.shares.estimate import wilson
from research.docs.figures import keep

SHARE = 0.1  # of an occupation's titles that are held out
LEVELS = {"8-digit": 10, "6-digit": 7, "3-digit": 4}  # characters of an O*NET-SOC code


def held_out(known: pd.DataFrame, chinese: bool) -> pd.Series:
    """Titles to hold out, each with the rows of the table that have it."""
    is_chinese = known["title"].str.contains("[\u4e00-\u9fff]")
    kinds = ("working title", "title of a written ad") if chinese else ("alternate title",)
    pool = known[(is_chinese == chinese) & known["kind"].isin(kinds)]
    drawn = pool.groupby("row").sample(frac=SHARE, random_state=0)
    return known[known["title"].isin(drawn["title"])].groupby("title")["row"].agg(set)


def main() -> None:
    known, codes = known_titles(), occupations()["onet_code"]
    known = known.assign(title=known["title"].str.strip().str.casefold()).drop_duplicates(["title", "row"])
    lines = ["| titles | n | level | first right (95 % interval) | one of three right |", "|---|---:|---|---:|---:|"]
    for name, chinese in (("English", False), ("Chinese", True)):
        wanted = held_out(known, chinese)
        rest = known[~known["title"].isin(wanted.index)]
        rank = np.array([KINDS.index(kind) for kind in rest["kind"]])
        found = TitleIndex(rest["title"].tolist(), rest["row"].to_numpy(), rank).nearest(wanted.index.tolist(), 3)
        for level, length in LEVELS.items():
            group = codes.str[:length].to_numpy()
            right = np.array(
                [np.isin(group[rows], group[list(of)]) for rows, of in zip(found.row, wanted, strict=True)]
            )
            first, three = right[:, 0], right.any(axis=1)
            low, high = (float(v) for v in wilson(first.mean(), len(first)))
            lines.append(
                f"| {name} | {len(wanted):,} | {level} | {first.mean():.1%} ({low:.1%} to {high:.1%}) "
                f"| {three.mean():.1%} |"
            )
    print("\n".join(lines))
    keep("occupation_accuracy", {"table": "\n".join(lines)}, ["data/occupations.csv", "data/onet_titles.tsv.gz"])


if __name__ == "__main__":
    main()
