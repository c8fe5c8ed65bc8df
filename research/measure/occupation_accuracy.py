"""How often the occupation of a title is found, on titles that the index does not know.

    python -m research.measure.occupation_accuracy [--share 0.1] [--random-state 0]

Of each occupation a share of the alternate titles (English), and of the working titles and the titles of
written ads (Chinese), is held out: the index is built without them, wherever else they stand. An answer is right
when it is one of the occupations that have the title.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from collarclass.occupation.lookup import TitleIndex
from collarclass.occupation.table import KINDS, known_titles, occupations
from collarclass.shares.estimate import wilson

LEVELS = {"8-digit": 10, "6-digit": 7, "3-digit": 4}  # characters of an O*NET-SOC code


def held_out(known: pd.DataFrame, chinese: bool, share: float, random_state: int) -> pd.Series:
    """Titles to hold out, each with the rows of the table that have it."""
    is_chinese = known["title"].str.contains("[\u4e00-\u9fff]")
    kinds = ("working title", "title of a written ad") if chinese else ("alternate title",)
    pool = known[(is_chinese == chinese) & known["kind"].isin(kinds)]
    drawn = pool.groupby("row").sample(frac=share, random_state=random_state)
    return known[known["title"].isin(drawn["title"])].groupby("title")["row"].agg(set)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--random-state", type=int, default=0)
    options = parser.parse_args()
    known, codes = known_titles(), occupations()["onet_code"]
    known = known.assign(title=known["title"].str.strip().str.casefold()).drop_duplicates(["title", "row"])
    print("| titles | n | level | first right (95 % interval) | one of three right |")
    print("|---|---:|---|---:|---:|")
    for name, chinese in (("English", False), ("Chinese", True)):
        wanted = held_out(known, chinese, options.share, options.random_state)
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
            print(
                f"| {name} | {len(wanted):,} | {level} | {first.mean():.1%} ({low:.1%} to {high:.1%}) "
                f"| {three.mean():.1%} |"
            )


if __name__ == "__main__":
    main()
