"""Settle the readings of real ads into one rating each, and say how well the annotators agree.

    python -m research.data.settle_readings

Reads data/readings/readings.csv, one row for each reading of an ad; writes data/real_ads/ratings.csv,
one row for each ad, and data/readings/agreement.json. The second readings are a random tenth, read
without seeing the first; further second readings are of ads that the first annotator called a
toss-up; ads whose labels differ were read a third time. The label that most readings gave stands (of
three different ones the third), and the ratings are the mean of the readings that gave it. Ads that
were no clear case were read anew by the rules for ties, data/readings/ties.csv: there the last reading
stands, in place of label, ratings and sureness from the older ones.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import cohen_kappa_score

from collarclass.evaluation.metrics import bootstrap, correlation

DATA = Path(__file__).resolve().parents[2] / "data"
FOLDER = DATA / "readings"
READINGS = ("first", "second", "third")
RATED = ["academic_rating", "hands_on_rating", "label", "sure"]
COLUMNS = [
    "id",
    "source",
    "language",
    "country",
    "academic_rating",
    "hands_on_rating",
    "label",
    "sure",
    "schooling_level",
    "schooling_status",
    "certificates",
    "readings",
]


def settled(readings: pd.DataFrame) -> dict[str, Any]:
    """One rating of an ad from its readings, in their order."""
    counts = readings["label"].value_counts()
    top = counts.index[counts == counts.max()]
    last = readings["label"].iloc[-1]
    label = last if last in top else top[0]
    chosen = readings[readings["label"] == label]
    row: dict[str, Any] = {str(k): v for k, v in chosen.iloc[-1].to_dict().items()}
    for column in ("academic_rating", "hands_on_rating"):
        row[column] = "" if label == "unclear" else round(float(chosen[column].astype(float).mean()), 2)
    row["sure"] = int(chosen["sure"].astype(int).min() if counts.size == 1 else 1)
    row["readings"] = len(readings)
    return row


def reread(table: pd.DataFrame, ties: pd.DataFrame) -> pd.DataFrame:
    """The settled rows, with the last reading by the rules for ties where an ad has one."""
    last = ties.sort_values(["id", "reading"]).drop_duplicates("id", keep="last").set_index("id")[RATED]
    table = table.set_index("id")
    table.loc[last.index, RATED] = last
    return table.reset_index()


def agreement(both: pd.DataFrame) -> dict[str, Any]:
    """Agreement of the first and second readings of one language; values with 95 % intervals."""

    def interval(values: tuple[float, float, float]) -> list[float]:
        return [round(v, 4) for v in values]

    label = both["label_1"].to_numpy(), both["label_2"].to_numpy()
    schooling = [(both[f"schooling_level_{k}"] + "/" + both[f"schooling_status_{k}"]).to_numpy() for k in (1, 2)]
    out: dict[str, Any] = {
        "n": len(both),
        "label": interval(bootstrap(lambda a, b: float((a == b).mean()), *label)),
        "kappa": interval(bootstrap(lambda a, b: float(cohen_kappa_score(a, b)), *label, resamples=300)),
        "schooling": interval(bootstrap(lambda a, b: float((a == b).mean()), *schooling)),
    }
    for column in ("academic_rating", "hands_on_rating"):
        pair = both[[f"{column}_1", f"{column}_2"]].apply(pd.to_numeric, errors="coerce").dropna().to_numpy()
        out[f"{column}_r"] = interval(bootstrap(correlation, *pair.T))
    return out


def main() -> None:
    """Settle, compare, write."""
    readings = pd.read_csv(FOLDER / "readings.csv", dtype=str, keep_default_na=False)
    readings["order"] = readings["reading"].map(READINGS.index)
    readings = readings.sort_values(["language", "source", "id", "order"], kind="stable")
    once = readings.groupby("id", sort=False).filter(lambda part: len(part) == 1).assign(readings=1)
    often = readings[~readings["id"].isin(once["id"])]
    rows = [settled(part) for _, part in often.groupby("id", sort=False)]
    table = pd.concat([once, pd.DataFrame(rows, columns=[*once.columns])], ignore_index=True)
    ties = pd.read_csv(FOLDER / "ties.csv", dtype=str, keep_default_na=False)
    table = reread(table, ties).sort_values(["language", "source", "id"], kind="stable")
    old = DATA / "real_ads" / "ratings.csv"
    if old.is_file():  # the mark of near-duplicates is set by count_real_ads.py
        marks = pd.read_csv(old, dtype=str, keep_default_na=False).set_index("id").get("near_duplicate")
        if marks is not None:
            table["near_duplicate"] = table["id"].map(marks).fillna("")
    kept = [*COLUMNS, *(["near_duplicate"] if "near_duplicate" in table else [])]
    table[kept].to_csv(old, index=False, lineterminator="\n")

    pairs = readings[readings["reading"] == "first"].merge(
        readings[(readings["reading"] == "second")], on=["id", "language"], suffixes=("_1", "_2")
    )
    drawn = pairs[pairs["sample_2"] == "random"]
    found = {language: agreement(part) for language, part in drawn.groupby("language")}
    (FOLDER / "agreement.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(json.dumps(found, indent=1))
    twice = ties[ties["reading"] == "first"].merge(ties[ties["reading"] == "second"], on="id", suffixes=("_1", "_2"))
    for language, part in twice.groupby(twice["id"].map(table.set_index("id")["language"])):
        same, kappa = (part["label_1"] == part["label_2"]).mean(), cohen_kappa_score(part["label_1"], part["label_2"])
        print(f"ties read twice, {language}: {len(part)}; same label {same:.3f}, kappa {kappa:.3f}")
    print(
        f"{len(table):,} ads; labels {table['label'].value_counts().to_dict()}; settled by a third: "
        f"{int((table['readings'] == 3).sum())}"
    )


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
