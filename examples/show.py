"""Print a short summary of a labelled file: python examples/show.py demo/labelled.csv."""

from __future__ import annotations

import sys

import pandas as pd


def main(path: str) -> None:
    """Print how many ads have which collar, and a few of each with their ratings of 4, academic and hands-on."""
    ads = pd.read_csv(path).fillna({"job_title": ""})
    counts = ads["collar"].value_counts()
    print(f"\n{len(ads)} ads in {path}: " + ", ".join(f"{n} {collar}" for collar, n in counts.items()) + "\n")
    columns = ["collar", "collar_confidence", "academic_score", "hands_on_score", "collar_evidence"]
    for collar in ("white", "blue", "gray", "unclear"):
        for _, ad in ads[ads["collar"] == collar].head(4).iterrows():
            label, confidence, academic, hands_on, evidence = (ad[c] for c in columns)
            why = ad["collar_note"] if label == "unclear" else evidence
            scores = (
                " " * 18 if label == "unclear" else f"{confidence:4.0%}  A {4 * academic:.1f}  H {4 * hands_on:.1f}"
            )
            print(f"{label:<8}{scores}  {str(ad['job_title'])[:34]:<36}{str(why)[:70]}")
    print()


if __name__ == "__main__":
    main(sys.argv[1])
