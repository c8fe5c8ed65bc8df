"""Write the numbers of ads and occupations into the data card: python -m research.data.data_card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from collarclass.corpus.read import LANGUAGES, ONET_FIGURES, read_ads, read_occupations, read_ratings
from collarclass.definitions.labels import COLLARS, LABELS, STATUSES
from research.docs.figures import ROOT, between, interval, markdown

AD_KINDS = ("occupation", "mirror", "contrast")
START, END = "<!-- numbers: ads -->", "<!-- end of ads -->"
REAL_START, REAL_END = "<!-- numbers: real ads -->", "<!-- end of real ads -->"
OCCUPATIONS_START, OCCUPATIONS_END = "<!-- numbers: occupations.csv -->", "<!-- end of numbers -->"
# Where each rating lies on the scales of O*NET's figures: years of schooling, and the higher of the two indices.
YEARS = ([10, 12, 14, 16, 18], [0, 1, 2, 3, 4])
INDEX = ([-1.5, 1.5], [0, 4])
ACADEMIC_GAP, HANDS_ON_GAP = 1.2, 1.5
MENTIONS = r"(?i)O\*NET|\bind(?:ex|ices)\b|\bthe figures?\b|\b(?:by|the) survey\b"


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
    lines = [markdown(["", *LANGUAGES.values()], ([name, *cells] for name, cells in rows))]
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
    twice = [["ads read twice", *(f"{part['n']:,}" for part in agreement.values())]]
    for key, name in (
        ("label", "same label"),
        ("kappa", "label, kappa"),
        ("schooling", "same schooling, level and status"),
        ("academic_rating_r", "academic rating, r"),
        ("hands_on_rating_r", "hands-on rating, r"),
    ):
        twice.append([name, *(interval(part[key]) for part in agreement.values())])
    counts = pd.crosstab(ratings["source"], ratings["label"]).reindex(columns=COLLARS, fill_value=0)
    counts.insert(0, "n", counts.sum(axis=1))
    counts = counts.sort_values("n", ascending=False, kind="stable")
    return "\n\n".join(
        [
            markdown(("", *LANGUAGES.values()), ([name, *cells] for name, cells in _real_rows(ratings).items())),
            "Two readings of a random tenth, the second without seeing the first, with 95 % intervals:",
            markdown(("", *LANGUAGES.values()), twice),
            markdown(("source", "ads", *COLLARS), ([str(k), *(f"{n:,}" for n in row)] for k, row in counts.iterrows())),
        ]
    )


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
    ]
    kappas = ("academic rating, kappa", "hands-on rating, kappa", "label, kappa")
    rows = [
        [
            part["drawn_from"],
            f"{part['n']:,}",
            *(f"{part[name]:.2f}" for name in ("academic_kappa", "hands_on_kappa", "label_kappa")),
            f"{part['label_agreement']:.1%}",
            f"{part['settled']:,}",
        ]
        for part in found
    ]
    return [*lines, markdown(("drawn from", "ads", *kappas, "same label", "settled"), rows)]


def occupation_numbers(data: Path) -> str:
    """Count the occupations and compare their ratings with O*NET's figures, as Markdown."""
    table = read_occupations(data / "occupations.csv")
    academic, hands_on = table["academic_rating"], table["hands_on_rating"]
    index = table[["physical_index", "technical_index"]].max(axis=1)
    strong = (academic - np.interp(table["schooling_years"], *YEARS)).abs() > ACADEMIC_GAP
    strong |= (hands_on - pd.Series(np.interp(index, *INDEX)).where(index.notna())).abs() > HANDS_ON_GAP
    rows: dict[str, int | float] = {"occupations": len(table)}
    rows |= {f"labelled {label}": int((table["label"] == label).sum()) for label in LABELS}
    rows |= {f"with {column}": int(table[column].notna().sum()) for column in ONET_FIGURES}
    rows |= {f"schooling_source `{source}`": n for source, n in table["schooling_source"].value_counts().items()}
    for column, name in (("isco08", "an ISCO-08 code"), ("csco22", "a CSCO-2022 code"),
                         ("external_label", "an external label")):  # fmt: skip
        rows[f"with {name}"] = int((table[column] != "").sum())
    for code, name in LANGUAGES.items():
        rows[f"{name} working titles"] = int(table[f"titles_{code}"].str.count("; ").add(1).sum())
    rows |= {
        "correlation of academic rating with schooling years": academic.corr(table["schooling_years"]),
        "correlation of hands-on rating with the physical index": hands_on.corr(table["physical_index"]),
        "correlation of hands-on rating with the technical index": hands_on.corr(table["technical_index"]),
        "correlation of hands-on rating with the higher of the two": hands_on.corr(index),
        "strong disagreements of rating and figures": int(strong.sum()),
        "of these spoken of in `why`": int(table.loc[strong, "why"].str.contains(MENTIONS).sum()),
    }
    shown = ([name, str(value) if isinstance(value, int) else f"{value:.3f}"] for name, value in rows.items())
    return markdown(("", ""), shown)


def main() -> None:
    for start, end, make in (
        (START, END, numbers),
        (REAL_START, REAL_END, real_numbers),
        (OCCUPATIONS_START, OCCUPATIONS_END, occupation_numbers),
    ):
        between(ROOT / "data" / "README.md", start, end, make(ROOT / "data"))


if __name__ == "__main__":
    main()
