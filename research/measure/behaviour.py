"""The digest of what the code makes of fixed texts, which is a part of every model's version.

    python -m research.measure.behaviour      writes src/collarclass/model/behaviour.txt anew

Run it after every change of what is read or labelled, and after training: models get another version by it, so that two
behaviours never bear one name. A test holds the file against the code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from collarclass import classify_many
from collarclass.model.persistence import default_model
from collarclass.model.predict import predict

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "src" / "collarclass" / "model" / "behaviour.txt"
PROBES = ROOT / "tests" / "data" / "probes.jsonl"
ITEMS = ROOT / "data" / "benchmark" / "items.csv"
DECIMALS = 4  # of scores and probabilities; what stands behind may differ between libraries


def texts() -> Iterator[tuple[str, str]]:
    """Titles and texts: odd forms of ads, and the benchmark's items."""
    for line in PROBES.read_text("utf-8").splitlines():
        yield tuple(json.loads(line))
    items = pd.read_csv(ITEMS, keep_default_na=False)
    yield from zip(items["title"], items["text"], strict=True)


def behaviour() -> str:
    """The digest, as the code is now."""
    titles, ads = zip(*texts(), strict=True)
    found = hashlib.sha256()
    read = predict(default_model(), ads, titles)
    for i, one in enumerate(classify_many(ads, titles)):
        numbers = (*read.scores[i], *read.probabilities[i])
        stated = [(r.kind, r.level, r.status, r.name, r.field, r.start, r.end) for r in one.requirements]
        row = (one.label, str(one.note), one.basis, one.schooling_level, one.schooling_status, one.certificates, stated)
        found.update(f"{[f'{number:.{DECIMALS}f}' for number in numbers]} {row}\n".encode())
    return found.hexdigest()


if __name__ == "__main__":
    FILE.write_text(behaviour() + "\n", "ascii")
    print(f"{FILE.relative_to(ROOT)} is written.")
