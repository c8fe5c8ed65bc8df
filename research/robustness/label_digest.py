"""Print one digest of the labels, scores and evidence of many ads: equal wherever nothing changes them.

    python -m research.robustness.label_digest [--ads 1500]

Scores and probabilities count to ten decimals, as `docs/contributors/promises.md` says.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
from pathlib import Path

from collarclass import classify_many

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("tests/data/golden.csv", "data/ads/en.csv", "data/ads/zh.csv")


def digest(most: int) -> str:
    """Over the first rows of each file of ads."""
    found = hashlib.sha256()
    for name in SOURCES:
        with (ROOT / name).open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row, _ in zip(csv.DictReader(file), range(most), strict=False)]
        for result in classify_many([row["text"] for row in rows], [row["title"] for row in rows]):
            numbers = (result.academic_score, result.hands_on_score, *result.probabilities.values())
            words = [(reason.start, reason.end) for reason in result.reasons[:1]]
            found.update(f"{result.label} {[f'{n:.10f}' for n in numbers]} {words}\n".encode())
    return found.hexdigest()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ads", type=int, default=1_500, help="of each file")
    print(digest(parser.parse_args().ads))
