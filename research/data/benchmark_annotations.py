"""How the benchmark was annotated: two annotations of each item, decisive words, overlap with other texts."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from sklearn.metrics import cohen_kappa_score

from collarclass.annotation.agreement import kappa
from collarclass.evaluation.metrics import accuracy, bootstrap
from research.measure.benchmark_data import HALVES, RATINGS, check_rows, read_annotated, read_columns

ANNOTATION_COLUMNS = ("id", "annotator", "academic_rating", "hands_on_rating", "label", "sure", "level", "status")


def read_annotations(folder: str | os.PathLike[str], items: pd.DataFrame) -> pd.DataFrame:
    """Read both annotations of every item: columns `ANNOTATION_COLUMNS`, one row per item and annotator."""
    table = read_annotated(Path(folder) / "annotations.csv", ANNOTATION_COLUMNS, items)
    check_rows(table, table["sure"].isin(("1", "2", "3", "")), "sure", "1, 2, 3 or empty", "annotations.csv")
    pair = table["id"] + "\n" + table["annotator"]
    check_rows(table, ~pair.duplicated(), "annotator", "named once for an item", "annotations.csv")
    return table


def read_pointing(folder: str | os.PathLike[str], items: pd.DataFrame) -> pd.DataFrame:
    """Read the words that annotators marked as decisive: `id` and `words`, a list of str, of some ads."""
    path = Path(folder) / "pointing.csv"
    table = read_columns(path, ("id", "words"))
    check_rows(table, table["id"].isin(items["id"]), "id", "an item's", path.name)
    table["words"] = [[w.strip() for w in re.split("[;；]", words) if w.strip()] for words in table["words"]]
    check_rows(table, table["words"].map(len) > 0, "words", "not empty", path.name)
    return table[["id", "words"]]


def annotator_agreement(annotations: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Agreement of two independent annotations, by kind and language.

    Parameters
    ----------
    annotations, items : DataFrame
        As `read_annotations` and `read_items` give them. Items with one annotation are left out.

    Returns
    -------
    DataFrame
        One row per kind and language: `n`; `same_label`; `label`, Cohen's kappa with its 95 %
        bootstrap interval; `academic` and `hands_on`, quadratically weighted kappa of the ratings of
        items that both rated; `level` and `status`, Cohen's kappa.
    """
    order = annotations.groupby("id").cumcount()
    first, second = (annotations[order == k].set_index("id") for k in (0, 1))
    both = first.index.intersection(second.index)
    info = items.set_index("id").loc[both]
    rows = {}
    for (kind, language), part in info.groupby(["kind", "language"]):
        a, b = first.loc[part.index], second.loc[part.index]
        row: dict[str, object] = {"n": len(part)}
        for column in ("level", "status"):
            row[column] = kappa(a[column].to_numpy(str), b[column].to_numpy(str))
        if kind != "passage":
            row["same_label"] = accuracy(a["label"], b["label"])
            row["label"] = bootstrap(kappa, a["label"].to_numpy(str), b["label"].to_numpy(str))
            rated = a["academic_rating"].notna() & b["academic_rating"].notna()
            for column in RATINGS:
                halves = ((2 * ratings.loc[rated, column]).astype(int) for ratings in (a, b))
                weighted = cohen_kappa_score(*halves, labels=range(len(HALVES)), weights="quadratic")
                row[column.removesuffix("_rating")] = float(weighted)
        rows[(str(kind), str(language))] = row
    names = pd.MultiIndex.from_tuples(list(rows), names=["kind", "language"])
    return pd.DataFrame(list(rows.values()), index=names)


def shingles(text: str, language: str) -> set[int]:
    """Fingerprints of a text's runs: of 8 words in English, of 16 letters and digits in Chinese.

    Case, spaces and punctuation do not count.

    Examples
    --------
    >>> a = shingles("Weld frames, lay out plates and read the drawings.", "en")
    >>> a == shingles("weld frames lay out plates and read the DRAWINGS", "en"), len(a)
    (True, 2)
    """
    units = re.findall(r"\w+", text.casefold()) if language == "en" else re.findall(r"\w", text.casefold())
    size = 8 if language == "en" else 16
    runs = (" ".join(units[i : i + size]) for i in range(max(1, len(units) - size + 1)))
    return {int.from_bytes(hashlib.blake2b(run.encode(), digest_size=8).digest()) for run in runs}


def overlap(texts: Iterable[str], others: Iterable[str], language: str) -> list[float]:
    """Share of each text's runs of words that stand in any of the other texts.

    Examples
    --------
    >>> overlap(["Weld frames, lay out plates and read drawings today."], ["Something else"], "en")
    [0.0]
    """
    known: set[int] = set()
    for other in others:
        known |= shingles(other, language)
    shares = []
    for text in texts:
        own = shingles(text, language)
        shares.append(len(own & known) / len(own))
    return shares
