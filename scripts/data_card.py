"""Write the numbers of the ads into the data card: python scripts/data_card.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from collarclass.corpus.read import read_ads
from collarclass.definitions.labels import LABELS, STATUSES

ROOT = Path(__file__).parents[1]
START, END = "<!-- numbers: ads -->", "<!-- end of ads -->"


def numbers(data: Path) -> str:
    """Count the ads and lay the learning curve and the second reading out as Markdown."""
    ads = {language: read_ads(data / "ads" / f"{language}.csv") for language in ("en", "zh")}
    rows: list[tuple[str, list[str]]] = [("ads", [f"{len(a):,}" for a in ads.values()])]
    for column, values in (("kind", ("occupation", "mirror")), ("label", LABELS), ("schooling", STATUSES)):
        rows += [(f"{column}: {v}", [f"{(a[column] == v).sum():,}" for a in ads.values()]) for v in values]
    rows.append(("occupations", [f"{a['onet_code'].nunique():,}" for a in ads.values()]))
    rows.append(("sectors", [f"{a['sector'].nunique():,}" for a in ads.values()]))
    for share in (5, 50, 95):
        length = [int(np.percentile([len(text.split()) for text in ads["en"]["text"]], share))]
        length.append(int(np.percentile(ads["zh"]["text"].str.len(), share)))
        rows.append((f"length, {share}th percentile (words; characters)", [f"{n:,}" for n in length]))
    lines = ["| | English | Chinese |", "|---|---:|---:|", *(f"| {name} | {a} | {b} |" for name, (a, b) in rows)]
    curve = data / "learning_curve.json"
    if curve.exists():
        lines += ["", *_curve(json.loads(curve.read_text("utf-8")))]
    second = data / "second_reading.json"
    if second.exists():
        lines += ["", *_second(json.loads(second.read_text("utf-8")))]
    return "\n".join(lines)


def _curve(curve: dict[str, dict[str, Any]]) -> list[str]:
    """Macro-F1 on real ads by number of ads."""
    keys = ["300", "600", "1,200", "2,400", "occupation half", "mirror half", "all"]

    def cell(row: dict[str, Any] | None) -> str:
        if row is None:
            return "–"
        spread = f" ({row['min']:.3f}–{row['max']:.3f})" if row["size"] > 1 else ""
        return f"{row['mean']:.3f}{spread}"

    return [
        "Learning curve: macro-F1 on real ads of the development set, which train nothing; mean (and range) of five",
        "random orders. Each model learns from one language's ads, without the occupations'",
        "titles (`scripts/learning_curve.py`).",
        "",
        "| ads | English | Chinese |",
        "|---|---:|---:|",
        *(f"| {key} | {cell(curve['en'].get(key))} | {cell(curve['zh'].get(key))} |" for key in keys),
    ]


def _second(found: list[dict[str, Any]]) -> list[str]:
    lines = [
        "Second reading: ads drawn at random were rated again by another reader who did not see the first ratings.",
        "Kappas of the ratings are weighted (quadratic). Both readers worked by the same codebook: this is",
        "consistency, not truth. Ads whose labels differed were settled by a third look.",
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
    head, rest = text.split(START)
    card.write_text(f"{head}{START}\n{numbers(ROOT / 'data')}\n{END}{rest.split(END)[1]}", "utf-8")


if __name__ == "__main__":
    main()
