r"""Make data/onet_titles.tsv.gz and data/ad_titles.tsv.gz: names by which the rated occupations are known.

    python -m research.data.build_occupation_titles [--onet FOLDER]

The first holds the alternate titles of an O*NET database as the O*NET Resource Center distributes it, with
`Alternate Titles` as .txt or .csv; without --onet it stays as it is. The second holds the titles of the written
ads in data/ads, so that the wheel has them without the ads. Each line is a code, a tab, and the occupation's
titles separated by "; ". The same data give the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path

import pandas as pd

from collarclass.corpus.read import LANGUAGES, read_ads, read_occupations
from collarclass.occupation.table import AD_TITLES, ALTERNATE_TITLES

ROOT = Path(__file__).resolve().parents[2]



def read_alternate_titles(folder: Path) -> pd.DataFrame:
    """Codes and alternate titles of a database folder."""
    for name, separator in (("Alternate Titles.txt", "\t"), ("Alternate_Titles.csv", ",")):
        if (folder / name).exists():
            table = pd.read_csv(folder / name, sep=separator, dtype=str, keep_default_na=False)
            return table[["O*NET-SOC Code", "Alternate Title"]].drop_duplicates()
    raise SystemExit(f"{folder} has no 'Alternate Titles.txt': give the folder of an O*NET database.")


def pack(pairs: pd.DataFrame) -> bytes:
    """Codes and titles, one line a code, compressed."""
    pairs = pairs.set_axis(["code", "title"], axis=1).drop_duplicates()
    lines = [f"{code}\t{'; '.join(sorted(titles))}\n" for code, titles in pairs.groupby("code")["title"]]
    return gzip.compress("".join(lines).encode(), 9, mtime=0)


def written_titles() -> pd.DataFrame:
    """Codes and titles of the written ads; a semicolon in a title becomes a comma."""
    ads = pd.concat([read_ads(ROOT / "data" / "ads" / f"{language}.csv") for language in LANGUAGES])
    return ads.assign(title=ads["title"].str.replace(";", ",").str.split().str.join(" "))[["onet_code", "title"]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--onet", type=Path)
    options = parser.parse_args()
    rated = set(read_occupations(ROOT / "data" / "occupations.csv")["onet_code"])
    if options.onet is not None:
        found = read_alternate_titles(options.onet)
        (ROOT / "data" / ALTERNATE_TITLES).write_bytes(pack(found[found["O*NET-SOC Code"].isin(rated)]))
    (ROOT / "data" / AD_TITLES).write_bytes(pack(written_titles()))


if __name__ == "__main__":
    main()
