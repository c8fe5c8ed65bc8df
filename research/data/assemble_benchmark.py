"""Assemble data/benchmark from the files of its writers and annotators.

    python -m research.data.assemble_benchmark FOLDER

FOLDER holds, as CSV: items in any number of files with the columns id, language, kind, title, text,
family; beside each, NAME_intended.csv with id, label, near_line; annotations_NAME.csv, or annotatorN.txt
with `id|A|H|label|sure|level|status` a line; settled.csv for the items that a third reading settled;
pointing.csv with id, words. A dash is an empty cell.

An item that settled.csv has is taken as it stands there. Of the others, those are settled of themselves
on whose label, level and status both annotators agree: each rating is the mean, in halves, towards the
first annotator. Items with fewer than two annotations, and those that nobody settled, are left out and
counted.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import pandas as pd

from collarclass.corpus.read import read_csv
from collarclass.definitions.labels import allowed_labels
from collarclass.errors import DataError
from research.data.benchmark_annotations import ANNOTATION_COLUMNS
from research.measure.benchmark_data import ITEM_COLUMNS, KINDS, SETTLED_COLUMNS

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "data" / "benchmark"
_APART = ("annot", "settled", "pointing")
_OF_AD = ("academic_rating", "hands_on_rating", "label")


def read_items_of(folder: Path) -> pd.DataFrame:
    """All items, ordered by kind, language and id."""
    tables = []
    for path in sorted(folder.glob("*.csv")):
        if not path.name.startswith(_APART) and not path.stem.endswith("_intended"):
            tables.append(read_csv(path).reindex(columns=list(ITEM_COLUMNS), fill_value=""))
    if not tables:
        raise DataError(f"{folder} has no files of items.")
    items = pd.concat(tables, ignore_index=True)
    items[["title", "text", "family"]] = items[["title", "text", "family"]].apply(lambda column: column.str.strip())
    items.loc[items["kind"] == "title", "text"] = ""
    twice = items["id"].duplicated() | (items.duplicated(["language", "title", "text"]))
    if twice.any():
        raise DataError(f"Item {items.loc[twice, 'id'].iloc[0]} comes twice, by its id or its words.")
    return items.sort_values(
        ["kind", "language", "id"], key=lambda c: c.map(KINDS.index) if c.name == "kind" else c, ignore_index=True
    )


def tidy(table: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Empty cells for dashes, no ratings of what has none, in the order of the items."""
    table = table[table["id"].isin(items["id"])].replace({"-": "", "–": ""})
    table["status"] = table["status"].replace("", "unstated")
    table.loc[table["status"] == "not_needed", "level"] = ""  # "no schooling needed" states no level
    kind = table["id"].map(items.set_index("id")["kind"])
    table.loc[kind == "passage", list(_OF_AD)] = ""
    table.loc[table["label"] == "unclear", ["academic_rating", "hands_on_rating"]] = ""
    place = dict(zip(items["id"], range(len(items)), strict=True))
    return table.sort_values("id", key=lambda c: c.map(place), kind="stable", ignore_index=True)


def read_annotations_of(folder: Path, items: pd.DataFrame) -> pd.DataFrame:
    """Both annotations; annotators are called a and b, in the order of their files' names."""
    tables = []
    for path in sorted([*folder.glob("annotations_*.csv"), *folder.glob("annotator*.txt")]):
        if path.suffix == ".csv":
            tables.append(read_csv(path))
        else:
            lines = [line.split("|") for line in path.read_text("utf-8").splitlines() if line.strip()]
            columns = [name for name in ANNOTATION_COLUMNS if name != "annotator"]
            tables.append(pd.DataFrame(lines, columns=columns).assign(annotator=path.stem))
    if not tables:
        raise DataError(f"{folder} has no annotations.")
    table = pd.concat(tables, ignore_index=True)[list(ANNOTATION_COLUMNS)]
    table = table.drop_duplicates(["id", "annotator"], keep="last")
    names = sorted(table["annotator"].unique())
    table["annotator"] = table["annotator"].map(dict(zip(names, "abcdefgh", strict=False)))
    return tidy(table, items)


def agreed(annotations: pd.DataFrame) -> pd.DataFrame:
    """The items that two annotations settle of themselves."""
    rows = []
    for name, pair in annotations.groupby("id", sort=False):
        if len(pair) < 2:
            continue
        first, second = pair.to_dict("records")[:2]
        if any(first[column] != second[column] for column in ("label", "level", "status")):
            continue
        row = {"id": name, **{column: first[column] for column in SETTLED_COLUMNS[1:]}}
        for column in ("academic_rating", "hands_on_rating"):
            if first[column] and second[column]:
                row[column] = f"{towards_first(float(first[column]), float(second[column])):g}"
        if row["academic_rating"] and row["label"] not in allowed_labels(
            float(row["academic_rating"]), float(row["hands_on_rating"])
        ):
            row |= {column: first[column] for column in ("academic_rating", "hands_on_rating")}
        rows.append(row)
    return pd.DataFrame(rows, columns=list(SETTLED_COLUMNS))


def towards_first(first: float, second: float) -> float:
    """Mean of two ratings in halves; a mean between two halves goes to the one nearer the first.

    Examples
    --------
    >>> towards_first(2, 3), towards_first(2, 2.5), towards_first(3, 2.5)
    (2.5, 2.0, 3.0)
    """
    doubled = first + second
    return (math.floor(doubled) if first < second else math.ceil(doubled)) / 2


def assemble(folder: Path, target: Path = TARGET) -> str:
    """Write the benchmark's files; returns what was left out."""
    items = read_items_of(folder)
    annotations = read_annotations_of(folder, items)
    settled = agreed(annotations)
    if (folder / "settled.csv").is_file():
        third = tidy(read_csv(folder / "settled.csv").reindex(columns=list(SETTLED_COLUMNS), fill_value=""), items)
        settled = pd.concat([third, settled]).drop_duplicates("id")
    twice = annotations.groupby("id")["annotator"].nunique() >= 2
    kept = items["id"].isin(settled["id"]) & items["id"].isin(twice.index[twice])
    left_out = items[~kept]
    items = items[kept].reset_index(drop=True)
    intended = pd.concat([read_csv(path) for path in sorted(folder.glob("*_intended.csv"))])
    files = {
        "items": items,
        "annotations": annotations[annotations["id"].isin(items["id"])],
        "settled": tidy(settled, items)[list(SETTLED_COLUMNS)],
        "intended": intended[intended["id"].isin(items["id"])].reindex(columns=["id", "label", "near_line"]),
    }
    if (folder / "pointing.csv").is_file():
        pointing = read_csv(folder / "pointing.csv")
        files["pointing"] = pointing.loc[pointing["id"].isin(items["id"]), ["id", "words"]]
    target.mkdir(parents=True, exist_ok=True)
    for name, table in files.items():
        table.to_csv(target / f"{name}.csv", index=False, lineterminator="\n")
    counts = items.groupby(["kind", "language"]).size().to_dict()
    once = int((~left_out["id"].isin(twice.index[twice])).sum())
    return f"{counts}; left out: {once} not annotated twice, {len(left_out) - once} not settled"


def main() -> int:
    parser = argparse.ArgumentParser(description="Assemble data/benchmark.")
    parser.add_argument("folder", type=Path)
    print(assemble(parser.parse_args().folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
