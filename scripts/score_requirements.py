"""Precision and recall of the requirement reader against careful readings of real ads.

    python scripts/score_requirements.py FILE [FILE ...] [--show]

The files hold the ads, with the columns id and text. The reading, which has ids and expected values
only, is tests/data/requirements_reading.csv; a cell with * is not compared.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from pathlib import Path

from collarclass.definitions.labels import LEVELS

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.score_challenge_set import read_many

READING = Path(__file__).parent.parent / "tests" / "data" / "requirements_reading.csv"
NOTHING = {"level": "", "status": "unstated", "preferred_level": "", "certificates": "", "years": ""}

Row = dict[str, str]


def read(text: str) -> Row:
    """What the reader finds in one ad, in the columns of the reading."""
    [found] = read_many([text])
    names = {name: LEVELS[int(found[name])] for name in ("level", "preferred_level") if found[name]}
    return found | names


def score(pairs: list[tuple[str, str]], nothing: str) -> str:
    """Precision, recall and agreement of pairs (expected, found)."""
    right = sum(e == f != nothing for e, f in pairs)
    found = sum(f != nothing for _, f in pairs)
    stated = sum(e != nothing for e, _ in pairs)
    same = sum(e == f for e, f in pairs)
    return (
        f"precision {right / max(found, 1):.3f} ({right}/{found})  "
        f"recall {right / max(stated, 1):.3f} ({right}/{stated})  "
        f"agreement {same / max(len(pairs), 1):.3f} ({same}/{len(pairs)})"
    )


def differences(expected: Row, found: Row) -> list[str]:
    """The columns that are read otherwise than by the careful reading."""
    return [column for column in NOTHING if expected[column] not in ("*", found[column])]


def main() -> None:
    """Read the ads, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("ads", type=Path, nargs="+")
    parser.add_argument("--show", action="store_true", help="list the ads read differently")
    arguments = parser.parse_args()
    csv.field_size_limit(1 << 30)
    text: Row = {}
    for path in arguments.ads:
        with path.open(encoding="utf-8-sig", newline="") as file:
            text.update((ad["id"], ad["text"]) for ad in csv.DictReader(file))
    drawn: dict[tuple[str, str], list[tuple[Row, Row]]] = defaultdict(list)
    with READING.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["id"] in text:
                drawn[row["draw"], row["lang"]].append((row, read(text[row["id"]])))
    for (draw, language), ads in drawn.items():
        print(f"{draw} {language}: {len(ads)} ads")
        for column, nothing in NOTHING.items():
            pairs = [(e[column], f[column]) for e, f in ads if e[column] != "*"]
            if pairs:
                print(f"  {column:15s} {score(pairs, nothing)}")
        wrong = [differences(e, f) for e, f in ads]
        both = sum(not {"level", "status"} & set(columns) for columns in wrong)
        print(f"  level and status right {both}/{len(ads)}, every column right {wrong.count([])}/{len(ads)}")
        for (e, f), columns in zip(ads, wrong, strict=True):
            if arguments.show and columns:
                print(f"    {e['id']}: " + ", ".join(f"{c} {e[c]!r} read as {f[c]!r}" for c in columns))


if __name__ == "__main__":
    main()
