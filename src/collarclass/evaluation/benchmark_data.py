"""The open benchmark as files: items, two annotations of each, the settled one, and decisive words."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from collarclass.corpus.read import read_csv
from collarclass.definitions.labels import LABELS, LEVELS, STATUSES, allowed_labels
from collarclass.errors import DataError
from collarclass.evaluation.metrics import accuracy, bootstrap, kappa

KINDS = ("ad", "title", "passage")
LANGUAGES = ("en", "zh")
ITEM_COLUMNS = ("id", "language", "kind", "family", "title", "text")
SETTLED_COLUMNS = ("id", "academic_rating", "hands_on_rating", "label", "level", "status")
ANNOTATION_COLUMNS = ("id", "annotator", "academic_rating", "hands_on_rating", "label", "sure", "level", "status")
_RATINGS = ("academic_rating", "hands_on_rating")
_HALVES = [x / 2 for x in range(9)]
_ALL_LABELS = (*LABELS, "unclear")


def read_items(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the items of the benchmark with their settled annotation.

    Parameters
    ----------
    folder : path-like
        `data/benchmark`.

    Returns
    -------
    DataFrame
        Columns `ITEM_COLUMNS` and `SETTLED_COLUMNS`, one row per item; ratings as floats, missing
        where the label is "unclear" and for passages, which carry a level and a status only; `level`
        is empty where none is stated.

    Raises
    ------
    DataError
        If a file is missing or breaks its form: file, row and column are named.
    """
    home = Path(folder)
    items = _read(home / "items.csv", ITEM_COLUMNS)
    _check(items, ~items["id"].duplicated(), "id", "unique", "items.csv")
    _check(items, items["language"].isin(LANGUAGES), "language", f"one of {', '.join(LANGUAGES)}", "items.csv")
    _check(items, items["kind"].isin(KINDS), "kind", f"one of {', '.join(KINDS)}", "items.csv")
    bare = items["kind"] == "title"
    _check(items, (items["text"].str.strip() == "") == bare, "text", "empty for a bare title only", "items.csv")
    _check(items, ~bare | (items["title"].str.strip() != ""), "title", "not empty for a bare title", "items.csv")
    settled = _annotations(home / "settled.csv", SETTLED_COLUMNS, items)
    _check(settled, ~settled["id"].duplicated(), "id", "unique", "settled.csv")
    table = items.merge(settled, on="id", how="left", validate="one_to_one")
    _check(items, table["status"].notna(), "id", "settled in settled.csv", "items.csv")
    return table


def read_annotations(folder: str | os.PathLike[str], items: pd.DataFrame) -> pd.DataFrame:
    """Read both annotations of every item: columns `ANNOTATION_COLUMNS`, one row per item and annotator."""
    table = _annotations(Path(folder) / "annotations.csv", ANNOTATION_COLUMNS, items)
    _check(table, table["sure"].isin(("1", "2", "3", "")), "sure", "1, 2, 3 or empty", "annotations.csv")
    pair = table["id"] + "\n" + table["annotator"]
    _check(table, ~pair.duplicated(), "annotator", "named once for an item", "annotations.csv")
    return table


def read_pointing(folder: str | os.PathLike[str], items: pd.DataFrame) -> pd.DataFrame:
    """Read the words that annotators marked as decisive: `id` and `words`, a list of str, of some ads."""
    path = Path(folder) / "pointing.csv"
    table = _read(path, ("id", "words"))
    _check(table, table["id"].isin(items["id"]), "id", "an item's", path.name)
    table["words"] = [[w.strip() for w in re.split("[;；]", words) if w.strip()] for words in table["words"]]
    _check(table, table["words"].map(len) > 0, "words", "not empty", path.name)
    return table[["id", "words"]]


def _read(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    table = read_csv(path, "give the folder data/benchmark of the source distribution")
    missing = [column for column in columns if column not in table]
    if missing:
        raise DataError(f"{path.name} has no column {missing[0]!r}; its columns are: {', '.join(table.columns)}.")
    return table[list(columns)]


def _annotations(path: Path, columns: tuple[str, ...], items: pd.DataFrame) -> pd.DataFrame:
    """Read annotations, settled or not, and hold them to the codebook's table."""
    table = _read(path, columns)
    _check(table, table["id"].isin(items["id"]), "id", "an item's", path.name)
    of_passage = table["id"].isin(items.loc[items["kind"] == "passage", "id"])
    _check(table, table["label"].isin(_ALL_LABELS) | of_passage, "label", f"one of {', '.join(_ALL_LABELS)}", path.name)
    _check(table, table["level"].isin(("", *LEVELS)), "level", f"one of {', '.join(LEVELS)} or empty", path.name)
    _check(table, table["status"].isin(STATUSES), "status", f"one of {', '.join(STATUSES)}", path.name)
    rated = table["label"].isin(LABELS)
    for column in _RATINGS:
        number = pd.to_numeric(table[column], errors="coerce")
        _check(table, number.isin(_HALVES) | ~rated, column, "0 to 4 in halves", path.name)
        table[column] = number.where(rated)
    fits = [
        not is_rated or label in allowed_labels(a, h)
        for a, h, label, is_rated in zip(*(table[c] for c in (*_RATINGS, "label")), rated, strict=True)
    ]
    _check(table, pd.Series(fits, table.index), "label", "one that the codebook allows for the ratings", path.name)
    return table


def _check(table: pd.DataFrame, good: pd.Series[bool], column: str, wanted: str, name: str) -> None:
    bad = np.flatnonzero(~good.to_numpy(bool))
    if len(bad):
        value = table[column].iloc[bad[0]]
        more = f" ({len(bad)} such rows)" if len(bad) > 1 else ""
        raise DataError(f"{name}, row {bad[0] + 2}, column {column!r}: {str(value)[:40]!r} must be {wanted}{more}.")


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
            for column in _RATINGS:
                row[column.removesuffix("_rating")] = kappa(a.loc[rated, column], b.loc[rated, column], _HALVES)
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
