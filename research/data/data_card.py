"""Write the numbers of the ads into the data card: python -m research.data.data_card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from collarclass.corpus.read import LANGUAGES, read_ads, read_ratings
from collarclass.definitions.labels import COLLARS, LABELS, STATUSES

ROOT = Path(__file__).resolve().parents[2]
AD_KINDS = ("occupation", "mirror", "contrast")
START, END = "<!-- numbers: ads -->", "<!-- end of ads -->"
REAL_START, REAL_END = "<!-- numbers: real ads -->", "<!-- end of real ads -->"


def numbers(data: Path) -> str:
    """Count the ads and lay the second reading out as Markdown."""
    ads = {language: read_ads(data / "ads" / f"{language}.csv") for language in LANGUAGES}
    rows: list[tuple[str, list[str]]] = [("ads", [f"{len(a):,}" for a in ads.values()])]
    for column, values in (("kind", AD_KINDS), ("label", LABELS), ("schooling", STATUSES)):
        counts = {v: [int((a[column] == v).sum()) for a in ads.values()] for v in values}
        rows += [(f"{column}: {v}", [f"{n:,}" for n in found]) for v, found in counts.items() if any(found)]
    rows.append(("occupations", [f"{a['onet_code'].nunique():,}" for a in ads.values()]))
    rows.append(("sectors", [f"{a['sector'].nunique():,}" for a in ads.values()]))
    for share in (5, 50, 95):
        lengths = [a["text"].map(len if of == "zh" else _words) for of, a in ads.items()]
        found = [f"{int(np.percentile(length, share)):,}" for length in lengths]
        rows.append((f"length, {share}th percentile (words; characters)", found))
    lines = [
        f"| | {' | '.join(LANGUAGES.values())} |",
        "|---|" + "---:|" * len(ads),
        *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows),
    ]
    second = data / "second_reading.json"
    if second.exists():
        lines += ["", *_second(json.loads(second.read_text("utf-8")))]
    return "\n".join(lines)


def _words(text: str) -> int:
    return len(text.split())


def real_numbers(data: Path) -> str:
    """Count the rated real ads by source and say how far two readings agree, as Markdown."""
    ratings = read_ratings(data / "real_ads" / "ratings.csv")
    agreement = json.loads((data / "readings" / "agreement.json").read_text("utf-8"))
    lines = [
        "| | English | Chinese |",
        "|---|---:|---:|",
        *(f"| {name} | {a} | {b} |" for name, (a, b) in _real_rows(ratings).items()),
        "",
        "Two readings of a random tenth, the second without seeing the first, with 95 % intervals:",
        "",
        "| | English | Chinese |",
        "|---|---:|---:|",
        "| ads read twice | " + " | ".join(f"{part['n']:,}" for part in agreement.values()) + " |",
    ]
    for key, name in (
        ("label", "same label"),
        ("kappa", "label, kappa"),
        ("schooling", "same schooling, level and status"),
        ("academic_rating_r", "academic rating, r"),
        ("hands_on_rating_r", "hands-on rating, r"),
    ):
        cells = ("{:.3f} ({:.3f}–{:.3f})".format(*part[key]) for part in agreement.values())
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    counts = pd.crosstab(ratings["source"], ratings["label"]).reindex(columns=COLLARS, fill_value=0)
    lines += ["", "| source | ads | white | blue | gray | unclear |", "|---|---:|---:|---:|---:|---:|"]
    for source, row in counts.assign(n=counts.sum(axis=1)).sort_values("n", ascending=False, kind="stable").iterrows():
        lines.append(f"| {source} | {row['n']:,} | " + " | ".join(f"{row[k]:,}" for k in counts.columns) + " |")
    return "\n".join(lines)


def _real_rows(ratings: pd.DataFrame) -> dict[str, list[str]]:
    parts = [ratings[ratings["language"] == language] for language in ("en", "zh")]
    rows = {"ads": [f"{len(part):,}" for part in parts]}
    rows["sources"] = [f"{part['source'].nunique()}" for part in parts]
    for label in COLLARS:
        rows[f"label: {label}"] = [f"{(part['label'] == label).sum():,}" for part in parts]
    for sure, name in (("3", "clear"), ("2", "leaning"), ("1", "a toss-up")):
        rows[f"annotator called it {name}"] = [f"{(part['sure'] == sure).mean():.1%}" for part in parts]
    for n, name in (("2", "two"), ("3", "three")):
        rows[f"read {name} times"] = [f"{(part['readings'] == n).sum():,}" for part in parts]
    rows["nearly repeats a development ad, left out"] = [f"{(part['near_duplicate'] == 'y').sum():,}" for part in parts]
    return rows


def _second(found: list[dict[str, Any]]) -> list[str]:
    lines = [
        "Second reading: ads drawn at random were rated again by another reader who did not see the first ratings.",
        "Kappas of the ratings are weighted (quadratic). Both readers are language models that worked by the same",
        "codebook: this is consistency, not truth. Ads whose labels differed were settled by a third look.",
        "",
        "| drawn from | ads | academic rating, kappa | hands-on rating, kappa | label, kappa | same label | settled |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for part in found:
        kappas = " | ".join(f"{part[name]:.2f}" for name in ("academic_kappa", "hands_on_kappa", "label_kappa"))
        lines.append(
            f"| {part['drawn_from']} | {part['n']:,} | {kappas} | {part['label_agreement']:.1%} | {part['settled']:,} |"
        )
    return lines


def main() -> None:
    card = ROOT / "data" / "README.md"
    text = card.read_text("utf-8")
    for start, end, make in ((START, END, numbers), (REAL_START, REAL_END, real_numbers)):
        head, rest = text.split(start)
        text = f"{head}{start}\n{make(ROOT / 'data')}\n{end}{rest.split(end)[1]}"
    card.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
