"""The open benchmark as files: items and the settled annotation of each."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pandas as pd

from collarclass.corpus.read import read_csv
from collarclass.definitions.labels import COLLARS, LABELS, LEVELS, STATUSES, allowed_labels
from collarclass.errors import DataError, require_columns

KINDS = ("ad", "title", "passage")
LANGUAGES = ("en", "zh")
ITEM_COLUMNS = ("id", "language", "kind", "family", "title", "text")
SETTLED_COLUMNS = ("id", "academic_rating", "hands_on_rating", "label", "level", "status")
HARD_COLUMNS = ("id", "pair", "language", "kind", "family", "title", "text")
HARD_SETTLED_COLUMNS = ("id", "academic_rating", "hands_on_rating", "label")
RATINGS = ("academic_rating", "hands_on_rating")
HALVES = [x / 2 for x in range(9)]


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
    items = read_columns(home / "items.csv", ITEM_COLUMNS)
    check_rows(items, ~items["id"].duplicated(), "id", "unique", "items.csv")
    check_rows(items, items["language"].isin(LANGUAGES), "language", f"one of {', '.join(LANGUAGES)}", "items.csv")
    check_rows(items, items["kind"].isin(KINDS), "kind", f"one of {', '.join(KINDS)}", "items.csv")
    bare = items["kind"] == "title"
    check_rows(items, (items["text"].str.strip() == "") == bare, "text", "empty for a bare title only", "items.csv")
    check_rows(items, ~bare | (items["title"].str.strip() != ""), "title", "not empty for a bare title", "items.csv")
    settled = read_annotated(home / "settled.csv", SETTLED_COLUMNS, items)
    check_rows(settled, ~settled["id"].duplicated(), "id", "unique", "settled.csv")
    table = items.merge(settled, on="id", how="left", validate="one_to_one")
    check_rows(items, table["status"].notna(), "id", "settled in settled.csv", "items.csv")
    return table


def read_hard(folder: str | os.PathLike[str], sealed: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Read the hard part of the benchmark: ads in pairs that differ in one clause, and bare titles.

    Parameters
    ----------
    folder : path-like
        `data/benchmark`.
    sealed : path-like, optional
        A CSV with columns `id`, `label` and `salt` for the items whose labels the folder has as digests only.

    Returns
    -------
    DataFrame
        Columns `HARD_COLUMNS` and `label`, one row per item; the label is empty where it is sealed.

    Raises
    ------
    DataError
        If a file is missing or breaks its form, or a label that was handed in has another digest.
    """
    home = Path(folder) / "hard"
    if not home.is_dir():  # a folder of another benchmark in the same form
        return pd.DataFrame(columns=[*HARD_COLUMNS, "label"], dtype=str)
    items = read_columns(home / "items.csv", HARD_COLUMNS)
    check_rows(items, ~items["id"].duplicated(), "id", "unique", "items.csv")
    check_rows(items, items["language"].isin(LANGUAGES), "language", f"one of {', '.join(LANGUAGES)}", "items.csv")
    size = items["pair"].map(items["pair"].value_counts())
    check_rows(items, (size > 1) | (items["kind"] == "title"), "pair", "of two ads or more", "items.csv")
    settled = read_columns(home / "settled.csv", HARD_SETTLED_COLUMNS)
    check_rows(settled, settled["label"].isin(COLLARS), "label", f"one of {', '.join(COLLARS)}", "settled.csv")
    labels = settled.set_index("id")["label"]
    digests = read_columns(home / "sealed.csv", ("id", "digest"))
    if sealed is not None:
        path = Path(sealed)
        opened = read_columns(path, ("id", "label", "salt"))
        found = [seal(salt, item, label) for item, label, salt in opened.itertuples(index=False)]
        same = pd.Series(found, opened.index) == opened["id"].map(digests.set_index("id")["digest"])
        check_rows(opened, same, "label", "the one that was sealed", path.name)
        labels = pd.concat([labels, opened.set_index("id")["label"]])
    known = items["id"].isin(labels.index) | items["id"].isin(digests["id"])
    check_rows(items, known, "id", "settled in settled.csv or sealed in sealed.csv", "items.csv")
    return items.assign(label=labels.reindex(items["id"]).fillna("").to_numpy())


def seal(salt: str, item: str, label: str) -> str:
    """The digest that stands for a sealed label.

    Examples
    --------
    >>> seal("salt", "h-0001", "gray")[:16]
    '954dac83059e9e4e'
    """
    return hashlib.sha256(f"{salt}|{item}|{label}".encode()).hexdigest()


def read_columns(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read some columns of a file of the benchmark."""
    table = read_csv(path, "give the folder data/benchmark of the source distribution")
    require_columns(columns, table.columns, path.name)
    return table[list(columns)]


def read_annotated(path: Path, columns: tuple[str, ...], items: pd.DataFrame) -> pd.DataFrame:
    """Read annotations, settled or not, and hold them to the codebook's table."""
    table = read_columns(path, columns)
    check_rows(table, table["id"].isin(items["id"]), "id", "an item's", path.name)
    of_passage = table["id"].isin(items.loc[items["kind"] == "passage", "id"])
    labelled = table["label"].isin(COLLARS) | of_passage
    check_rows(table, labelled, "label", f"one of {', '.join(COLLARS)}", path.name)
    check_rows(table, table["level"].isin(("", *LEVELS)), "level", f"one of {', '.join(LEVELS)} or empty", path.name)
    check_rows(table, table["status"].isin(STATUSES), "status", f"one of {', '.join(STATUSES)}", path.name)
    rated = table["label"].isin(LABELS)
    for column in RATINGS:
        number = pd.to_numeric(table[column], errors="coerce")
        check_rows(table, number.isin(HALVES) | ~rated, column, "0 to 4 in halves", path.name)
        table[column] = number.where(rated)
    fits = [
        not is_rated or label in allowed_labels(a, h)
        for a, h, label, is_rated in zip(*(table[c] for c in (*RATINGS, "label")), rated, strict=True)
    ]
    check_rows(table, pd.Series(fits, table.index), "label", "one that the codebook allows for the ratings", path.name)
    return table


def check_rows(table: pd.DataFrame, good: pd.Series[bool], column: str, wanted: str, name: str) -> None:
    """Raise an error that names the first row where a condition does not hold."""
    bad = np.flatnonzero(~good.to_numpy(bool))
    if len(bad):
        value = table[column].iloc[bad[0]]
        more = f" ({len(bad)} such rows)" if len(bad) > 1 else ""
        raise DataError(
            "{name}, row {bad}, column {column!r}: {value!r} must be {wanted}{more}.", name=name, bad=bad[0] + 2,
            column=column, value=str(value)[:40], wanted=wanted, more=more,
        )  # fmt: skip
