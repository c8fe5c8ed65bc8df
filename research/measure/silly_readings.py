# ruff: noqa: E501 (a pattern is easier to read on one line)
"""Readings of schooling that would look silly to anybody, by kind: how many in some ads. Counts alone, no text.

    python -m research.measure.silly_readings FILE [FILE ...] [--write]

FILE: CSV files with the column text. A kind is a pattern of words around a mention that is read as required, or as
replaceable by experience, though such words ask for nothing, or ask otherwise. --write keeps the counts in
data/figures/silly_readings.json beside those of earlier models, and writes the table of the first and the shipped model
into the pages.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from collarclass.api import default_model
from collarclass.requirement_reader.lexicon import default_lexicon
from collarclass.requirement_reader.outcomes import Reader
from collarclass.requirement_reader.reading import RequirementReader
from collarclass.text.ad_tokens import AdTokens
from research.docs.figures import FIGURES, keep

BEFORE, BEHIND = 60, 80  # characters around a mention; behind it more for what may replace it
FAR = 260
# Patterns of "words before [mention] words behind".
KINDS = {
    "degrees of heat, angle or accuracy": r"°|degrees?\] ?(celsius|fahrenheit|below|above|angle|of (accuracy|freedom|heat|independence|autonomy|care|detail|flexibility|skill))|\d[- ]\[degrees?\]|\[\d+ degrees?\]|\b(high|some|any|certain|great) \[degrees?",
    "graduates who are welcome": r"\[[^\]]*grad[^\]]*\][^.\n]{0,25}\b(welcome|encouraged|may apply|can apply|also apply)|欢迎[^。；\n]{0,12}\[|\][^。；\n]{0,8}(也可|均可|亦可)投?",
    "schools as places, employers and clients": r"\][ ,-]*(students?|pupils?|teachers?|classes|campus|hospital|librar|sports?|football|bus\b|district|clients?)|\](客户|食堂|校园|市场|渠道|宿舍|门口|附近|老师|学生|课程)|大学城",
    "tuition that the employer pays": r"(tuition|reimburse|scholarship|student loan|education leave|学费|报销|资助)[^.\n]{0,60}\[|\][^.\n]{0,40}(tuition|reimbursement|at our (cost|expense))",
    "dates of graduation in notices": r"(dates?|year) (of|or)[^.\n]{0,40}\[graduation|attendance or \[graduation",
    "states and persons (MA, MS, BA, AA)": r"[A-Z][a-z]+, \[(MA|MS)\]|\[(MA|MS)\] \d{5}|\b(Dear|contact|to) \[Ms\]|\[AA\]/EEO|EEO/\[AA",
    "instruments and software (LC/MS, MS Office)": r"(LC|GC|ICP|HPLC)[-/ ]?\[?MS|\[MS\] (Office|Word|Excel|Project|Teams|SQL|Outlook|Access)",
    "posts (sales associate, scrum master)": r"(sales|warehouse|physician|project|team|research|staff|business) \[associates?\]|(scrum|station|web|harbou?r|post) \[master|\[master\]s? (data|electrician|carpenter|plumber|schedule|chef)",
    "preferred read as required": r"\][^.;\n\[]{0,3}\(?(strongly |highly )?(preferred|desirable|desired|a plus)\b|(ideally|preferably)[^.;\n\]]{0,25}\[|\](及以上|以上)?(学历)?(者)?(优先|为佳|更佳)",
}  # fmt: skip
NOT_SEEN = "alternative without schooling not seen"
ALTERNATIVE = re.compile(
    r"in lieu|may be substituted|can be substituted|or (an |any )?equivalent (combination|experience|work)|"
    r"combination of (education|training) and (experience|training)|学历(可|要求可)?(适当)?放宽",
    re.I,
)
_PATTERNS = {kind: re.compile(pattern, re.I if kind[0] != "s" or kind.startswith("schools") else 0)
             for kind, pattern in KINDS.items()}  # fmt: skip


def count_silly(texts: list[str], reader: Reader) -> Counter[str]:
    """How many ads are read in each silly way."""
    found: Counter[str] = Counter()
    reading, tokens = RequirementReader(reader, default_lexicon()), AdTokens()
    for text in texts:
        kinds = set[str]()
        for item in reading.read_ad(tokens.read(text)).findings(tokens, text, ""):
            if item.kind == "schooling" and item.level and item.status in ("required", "substitutable"):
                kinds.update(_kinds(text, item.start, item.end, item.status))
        found.update(kinds)
    return found


def _kinds(text: str, start: int, end: int, status: str) -> Iterator[str]:
    around = f"{text[max(0, start - BEFORE) : start]}[{text[start:end]}]{text[end : end + BEHIND]}"
    for kind, pattern in _PATTERNS.items():
        if pattern.search(around) and not (kind.startswith("preferred") and status != "required"):
            yield kind
    if status == "required" and ALTERNATIVE.search(text[end : end + FAR]):
        yield NOT_SEEN


def table(counts: dict[str, dict[str, int]]) -> str:
    """The counts of the first and the last model, as Markdown."""
    first, *_, last = counts
    lines = [f"| kind | {first} | {last} |", "|---|---:|---:|"]
    lines += [f"| {kind} | {counts[first][kind]:,} | {n:,} |" for kind, n in counts[last].items()]
    return "\n".join(lines)


def keep_counts(found: dict[str, int], n_ads: int) -> None:
    """Add the shipped model's counts to those of earlier ones, and write the page."""
    path = FIGURES / "silly_readings.json"
    counts: dict[str, dict[str, int]] = json.loads(path.read_text("utf-8"))["figures"] if path.exists() else {}
    counts.pop(default_model().identity, None)
    counts[default_model().identity] = found
    keep("silly_readings", {"n": f"{n_ads:,}", "table": table(counts)}, [], counts)


def main() -> None:
    """Count, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--write", action="store_true", help="keep the counts and write them into the pages")
    arguments = parser.parse_args()
    csv.field_size_limit(1 << 30)
    texts: list[str] = []
    for path in arguments.files:
        with path.open(encoding="utf-8-sig", newline="") as file:
            texts += [row["text"] for row in csv.DictReader(file)]
    found = count_silly(texts, default_model().reader)
    counts = {kind: found[kind] for kind in (*KINDS, NOT_SEEN)}
    print(f"{len(texts):,} ads")
    for kind, n in counts.items():
        print(f"{n:6,}  {kind}")
    if arguments.write:
        keep_counts(counts, len(texts))


if __name__ == "__main__":
    main()
