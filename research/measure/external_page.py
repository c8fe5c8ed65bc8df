"""Write the tables of docs/research/external.md: python -m research.measure.external_page [--train].

--train first makes data/external/model_labels.csv anew: the written ads labelled by models that saw no
ad of their occupation, and averaged by occupation. It takes a few minutes.
"""

from __future__ import annotations

import argparse
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from collarclass.corpus.read import read_data, read_occupations
from collarclass.training.train import held_out_labels, train
from research.measure.external import MODEL_LABELS, Agreement, by_occupation, cells_of, compare

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
PAGES = (ROOT / "docs" / "research" / "external.md", ROOT / "docs" / "research" / "external.zh.md")
START, END = "<!-- tables -->", "<!-- end of tables -->"
DIFFERENCES = "differences.csv"
HEADINGS = {
    "docs/research/external.md": ("occupation table", "The table", "model", "The model, by occupation"),
    "docs/research/external.zh.md": ("occupation table", "职业表", "model", "模型（按职业汇总）"),
}
SIDES = {
    "label": "label",
    "academic": "academic ≥ 2",
    "hands_on": "hands-on ≥ 2",
    "gray": "gray or not",
    "blue": "blue or not",
}


def label_held_out() -> pd.DataFrame:
    """Label the written ads, each by a model without its occupation, and average by occupation."""
    ads, _ = read_data(DATA)
    _, classifier = train(DATA)
    held_out = held_out_labels(classifier, np.arange(len(ads)))
    return by_occupation(pd.concat([ads[["onet_code"]], held_out], axis=1)).round(3)


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
        lines.append(f"| {row.name} | {SIDES[row.side]} | {row.n} | {' | '.join(cells_of(row))} |")
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


def tables(page: str) -> str:
    """All tables of a page, as Markdown."""
    found = _agreements()
    first, heading, second, other = HEADINGS[page]
    lines = [f"## {heading}", "", *rows_of(found[first])]
    if second in found:
        lines += ["", f"## {other}", "", *rows_of(found[second])]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the tables of docs/research/external.md.")
    parser.add_argument("--train", action="store_true", help="make the model's labels by occupation anew")
    if parser.parse_args().train:
        label_held_out().to_csv(DATA / "external" / MODEL_LABELS, index=False, lineterminator="\n")
    differences().to_csv(DATA / "external" / DIFFERENCES, index=False, lineterminator="\n")
    for page in PAGES:
        if page.is_file():
            head, rest = page.read_text("utf-8").split(START)
            content = tables(page.relative_to(ROOT).as_posix())
            page.write_text(f"{head}{START}\n{content}\n{END}{rest.split(END)[1]}", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
