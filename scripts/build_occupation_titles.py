r"""Make data/onet_titles.tsv.gz: the O*NET alternate titles of the rated occupations.

    python scripts/build_occupation_titles.py --onet FOLDER -o data/onet_titles.tsv.gz

FOLDER is an O*NET database as the O*NET Resource Center distributes it, with `Alternate Titles` as .txt or
.csv. Each line of the result is a code, a tab, and the occupation's titles separated by "; ". The same
database gives the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from collarclass.corpus.read import read_occupations  # noqa: E402


def read_alternate_titles(folder: Path) -> pd.DataFrame:
    """Codes and alternate titles of a database folder."""
    for name, separator in (("Alternate Titles.txt", "\t"), ("Alternate_Titles.csv", ",")):
        if (folder / name).exists():
            table = pd.read_csv(folder / name, sep=separator, dtype=str, keep_default_na=False)
            return table[["O*NET-SOC Code", "Alternate Title"]].drop_duplicates()
    raise SystemExit(f"{folder} has no 'Alternate Titles.txt': give the folder of an O*NET database.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--onet", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "data" / "onet_titles.tsv.gz")
    options = parser.parse_args()
    rated = set(read_occupations(ROOT / "data" / "occupations.csv")["onet_code"])
    found = read_alternate_titles(options.onet)
    lines = [
        f"{code}\t{'; '.join(sorted(titles))}\n"
        for code, titles in found.groupby("O*NET-SOC Code")["Alternate Title"]
        if code in rated
    ]
    options.output.write_bytes(gzip.compress("".join(lines).encode(), 9, mtime=0))
    print(f"{len(lines)} occupations -> {options.output}")


if __name__ == "__main__":
    main()
