"""Count the real ads again, after a change of the tokenizer or of the reader of requirements.

    python -m research.data.count_real_ads POOL [POOL ...] [--development FILE ...]

POOL: CSV files with the columns id, title and text, which are not part of the project. Writes
data/real_ads/counts.npz for every ad of data/real_ads/ratings.csv that is found in them. With
--development, ads that nearly repeat one of those files are marked `near_duplicate` in
ratings.csv, and are left out of training: half of the shorter ad's runs of words are in the other.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter, defaultdict
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from collarclass.training.counts import count_ads, save_counts
from collarclass.training.train_reader import train_reader

FOLDER = Path(__file__).resolve().parents[2] / "data" / "real_ads"
WORDS, CHARACTERS = 6, 10  # length of a run in English and in Chinese
SHARED = 0.5


def runs(text: str) -> set[str]:
    """The runs of words of an ad, or of characters where it is Chinese."""
    if sum("\u3400" <= c <= "\u9fff" for c in text) > 0.2 * len(text):
        plain = re.sub(r"\W+", "", text)
        return {plain[i : i + CHARACTERS] for i in range(len(plain) - CHARACTERS + 1)}
    words = re.findall(r"\w+", text.casefold())
    return {" ".join(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1)}


def near_duplicates(ads: pd.DataFrame, others: pd.DataFrame) -> list[bool]:
    """Whether each ad nearly repeats one of the others."""
    holders: dict[str, list[int]] = defaultdict(list)
    sizes = []
    for number, text in enumerate(others["text"]):
        of = runs(text)
        sizes.append(len(of))
        for run in of:
            holders[run].append(number)
    common = {run for run, held in holders.items() if len(held) > 20}  # an employer's boilerplate
    out = []
    for text in ads["text"]:
        of = runs(text) - common
        hits = Counter(number for run in of for number in holders.get(run, ()))
        out.append(any(n > SHARED * max(1, min(len(of), sizes[number])) for number, n in hits.items()))
    return out


def main() -> None:
    """Count, mark, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pools", type=Path, nargs="+")
    parser.add_argument("--development", type=Path, nargs="*", default=[])
    arguments = parser.parse_args()

    def read(paths: list[Path]) -> pd.DataFrame:
        return pd.concat([pd.read_csv(p, dtype=str, keep_default_na=False) for p in paths], ignore_index=True)

    ratings = pd.read_csv(FOLDER / "ratings.csv", dtype=str, keep_default_na=False)
    ads = read(arguments.pools).drop_duplicates("id").set_index("id")
    ads = ads.reindex([i for i in ratings["id"] if i in ads.index])
    if arguments.development:
        marks = dict(zip(ads.index, near_duplicates(ads, read(arguments.development)), strict=True))
        ratings["near_duplicate"] = ["y" if marks.get(i) else "" for i in ratings["id"]]
        ratings.to_csv(FOLDER / "ratings.csv", index=False, lineterminator="\n")
        print(f"{sum(marks.values()):,} ads nearly repeat a development ad")
    with threadpool_limits(limits=1):  # the reader that training will fit, to the last bit
        reader = train_reader(FOLDER.parent)
    counted = count_ads(ads["text"].tolist(), ads["title"].tolist(), reader=reader)
    save_counts(FOLDER / "counts.npz", list(ads.index), counted)
    print(f"{len(ads):,} of {len(ratings):,} rated ads counted, {(FOLDER / 'counts.npz').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
