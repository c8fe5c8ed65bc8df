"""The challenge set of stated requirements in one batch: right per part, language and column, and what fails.

    python -m research.measure.score_challenge_set [--write]

With --write the failures go to tests/data/requirements_failures.csv, so that a case that is gained or lost shows in the
diff, and the shares to data/figures/challenge_set.json and into the pages.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

from collarclass.api import default_model
from collarclass.definitions.labels import LEVELS, STATUSES
from collarclass.requirement_reader.lexicon import default_lexicon
from collarclass.requirement_reader.reading import RequirementReader
from collarclass.text.ad_tokens import AdTokens
from research.docs.figures import keep

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "data" / "requirements" / "cases.csv"
FAILURES = ROOT / "tests" / "data" / "requirements_failures.csv"
COLUMNS = ("level", "status", "preferred_level", "certificates", "years")
CREDENTIALS = ("certificate", "licence", "skill_grade")

Row = dict[str, str]


def read_cases() -> list[Row]:
    """The cases of the file."""
    with CASES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_many(texts: list[str]) -> list[Row]:
    """What the reader finds in each text, in the columns of the challenge set."""
    reading, tokens, out = RequirementReader(default_model().reader, default_lexicon()), AdTokens(), []
    for text in texts:
        reading.read_ad(tokens.read(text))
        found = reading.findings(tokens, text, "")
        years = [item.years for item in found if item.years is not None]
        names = sorted(f"{item.kind}/{item.nature}" for item in found if item.kind in CREDENTIALS)
        out.append(
            {
                "level": LEVELS[reading.level] if reading.level >= 0 else "",
                "status": STATUSES[reading.status],
                "preferred_level": LEVELS[reading.preferred] if reading.preferred >= 0 else "",
                "certificates": ";".join(names),
                "years": f"{max(years):g}" if years else "",
            }
        )
    return out


def wrong_columns(case: Row, found: Row) -> list[str]:
    """The columns in which a case is read otherwise than expected; `*` is not compared."""
    return [column for column in COLUMNS if case[column] not in ("*", found[column])]


def shares(cases: list[Row], found: list[Row]) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Cases right and cases, by part, language and column; also by `level and status` and `all`."""
    right: Counter[tuple[str, str, str]] = Counter()
    count: Counter[tuple[str, str]] = Counter()
    for case, reading in zip(cases, found, strict=True):
        wrong = set(wrong_columns(case, reading))
        group = case["part"], case["lang"]
        count[group] += 1
        for column in COLUMNS:
            right[(*group, column)] += column not in wrong
        right[(*group, "level and status")] += not wrong & {"level", "status"}
        right[(*group, "all")] += not wrong
    names = (*COLUMNS, "level and status", "all")
    return {(*group, name): (right[(*group, name)], n) for group, n in sorted(count.items()) for name in names}


def as_shown(counts: dict[tuple[str, str, str], tuple[int, int]]) -> dict[str, str]:
    """Shares right of each part and column, both languages together: `held_all` is "82.1 %"."""
    together: Counter[tuple[str, str]] = Counter()
    sizes: Counter[tuple[str, str]] = Counter()
    for (part, _, column), (right, n) in counts.items():
        together[part, column] += right
        sizes[part, column] += n
    shown = {f"{p}_{c.replace(' ', '_')}": f"{100 * together[p, c] / n:.1f} %" for (p, c), n in sizes.items()}
    return shown | {f"{part}_n": f"{n:,}" for (part, column), n in sizes.items() if column == "all"}


def main() -> None:
    """Score, print, and write the failures if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"rewrite {FAILURES.relative_to(ROOT)}")
    arguments = parser.parse_args()
    cases = read_cases()
    found = read_many([case["text"] for case in cases])
    counts = shares(cases, found)
    for (part, language, column), (right, n) in counts.items():
        print(f"{part:6s} {language}  {column:17s} {right / n:.3f}  {right} of {n}")
    if arguments.write:
        keep("challenge_set", as_shown(counts), ["data/requirements/cases.csv"])
        with FAILURES.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["id", *COLUMNS])
            for case, reading in zip(cases, found, strict=True):
                wrong = wrong_columns(case, reading)
                if wrong:
                    cells = [f"{case[c]} read as {reading[c]}".strip() if c in wrong else "" for c in COLUMNS]
                    writer.writerow([case["id"], *cells])


if __name__ == "__main__":
    main()
