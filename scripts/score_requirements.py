"""Precision and recall of the requirement reader against a person's reading of real ads.

    python scripts/score_requirements.py FOLDER [--show]

FOLDER holds the ads as en.csv and zh.csv with the columns id and text; the reading, which has ids
and expected values only, is tests/data/requirements_dev_reading.csv.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from collarclass.requirement_reader import read_requirements
from collarclass.result import LEVELS, STATUSES
from collarclass.text import tokenize

READING = Path(__file__).parent.parent / "tests" / "data" / "requirements_dev_reading.csv"


def score(pairs: list[tuple[str, str]], nothing: str) -> str:
    """Precision, recall and agreement of pairs (expected, found)."""
    right = sum(e == f != nothing for e, f in pairs)
    found = sum(f != nothing for _, f in pairs)
    stated = sum(e != nothing for e, _ in pairs)
    same = sum(e == f for e, f in pairs)
    return (
        f"precision {right / max(found, 1):.3f} ({right}/{found})  "
        f"recall {right / max(stated, 1):.3f} ({right}/{stated})  agreement {same / max(len(pairs), 1):.3f}"
    )


def main() -> None:
    """Read the ads, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--show", action="store_true", help="list the ads read differently")
    arguments = parser.parse_args()
    csv.field_size_limit(1 << 30)
    with READING.open(encoding="utf-8") as file:
        expected = {row["id"]: (row["level"], row["status"]) for row in csv.DictReader(file)}
    for language in ("en", "zh"):
        with (arguments.folder / f"{language}.csv").open(encoding="utf-8-sig", newline="") as file:
            ads = [row for row in csv.DictReader(file) if row["id"] in expected]
        stated = read_requirements(tokenize([ad["text"] for ad in ads]))
        found = [
            (LEVELS[level] if level >= 0 else "", STATUSES[status])
            for level, status in zip(stated.level.tolist(), stated.status.tolist(), strict=True)
        ]
        wanted = [expected[ad["id"]] for ad in ads]
        print(f"{language}: {len(ads)} ads")
        print("  level ", score([(w[0], f[0]) for w, f in zip(wanted, found, strict=True)], ""))
        print("  status", score([(w[1], f[1]) for w, f in zip(wanted, found, strict=True)], "unstated"))
        both = [("|".join(w), "|".join(f)) for w, f in zip(wanted, found, strict=True)]
        print("  both  ", score(both, "|unstated"))
        if arguments.show:
            for ad, (w, f) in zip(ads, both, strict=True):
                if w != f:
                    print(f"    {ad['id']}: {w} was read as {f}")


if __name__ == "__main__":
    main()
