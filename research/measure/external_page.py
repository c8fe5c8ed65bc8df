"""Keep the tables of docs/research/external.md in data/figures: python -m research.measure.external_page.

The model's labels by occupation, data/external/model_labels.csv, are made by `research.measure.held_out`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

from collarclass.corpus.read import read_occupations
from research.docs.figures import keep
from research.measure.external import Agreement, cells_of, compare

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
DIFFERENCES = "differences.csv"
HEADINGS = {"occupation table": "The table", "model": "The model, by occupation"}
SIDES = {
    "label": "label",
    "academic": "academic ≥ 2",
    "hands_on": "hands-on ≥ 2",
    "gray": "gray or not",
    "blue": "blue or not",
}


@cache
def _agreements() -> dict[str, list[Agreement]]:
    """Compared once for all pages."""
    return compare(DATA / "external")


def rows_of(found: list[Agreement]) -> list[str]:
    """One Markdown row for each list."""
    lines = [
        "| list | compared | n | agreement | kappa (95 %) | precision | recall |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for row in found:
        cells = " | ".join(cells_of(row)).replace(" to ", "–")
        lines.append(f"| {row.name} | {SIDES[row.side]} | {row.n} | {cells} |")
    return lines


def differences() -> pd.DataFrame:
    """The occupations on which the table and a published list disagree, one row for each pair."""
    occupations = read_occupations(DATA / "occupations.csv").set_index("onet_code")
    rows = [
        (row.name, SIDES[row.side], code, occupations["title"][code], occupations["label"][code])
        for row in _agreements()["occupation table"]
        for code in row.differ
    ]
    return pd.DataFrame(rows, columns=["list", "compared", "onet_code", "title", "label"])


def tables() -> str:
    """All tables of the page, as Markdown."""
    found = _agreements()
    parts = ["\n".join([f"## {HEADINGS[name]}", "", *rows_of(found[name])]) for name in HEADINGS if name in found]
    return "\n\n".join(parts)


if __name__ == "__main__":
    differences().to_csv(DATA / "external" / DIFFERENCES, index=False, lineterminator="\n")
    keep("external", {"tables": tables()}, ["data/external", "data/occupations.csv"])
