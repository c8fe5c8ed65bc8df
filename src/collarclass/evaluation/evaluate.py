"""A file of labels measured against true ones, and the test of two labellings of the same ads."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from collarclass.annotation.annotated import read_annotations, refuse
from collarclass.definitions.labels import LABELS
from collarclass.errors import DataError, require_columns
from collarclass.evaluation.metrics import accuracy, as_text, bootstrap, evaluate, macro_f1, summary
from collarclass.files.readers import FileInput, TableInput, count_bases
from collarclass.files.table import read_table
from collarclass.model.model import Model
from collarclass.tables.columns import choose_columns
from collarclass.tables.dataframe import label_table


def mcnemar(first_right: ArrayLike, second_right: ArrayLike) -> tuple[int, int, float]:
    """Exact McNemar test of two labellings of the same ads.

    Parameters
    ----------
    first_right, second_right : array-like of bool
        Whether each ad is labelled rightly.

    Returns
    -------
    only_first, only_second : int
        Ads that only one of them labels rightly.
    p : float
        Two-sided probability of a split at least so uneven if both were equally good.

    References
    ----------
    McNemar (1947), "Note on the sampling error of the difference between correlated proportions or
    percentages", Psychometrika 12.

    Examples
    --------
    >>> mcnemar([True] * 8 + [False] * 2, [False] * 8 + [True] * 2)
    (8, 2, 0.109375)
    """
    from scipy.stats import binomtest

    a, b = np.asarray(first_right, dtype=bool), np.asarray(second_right, dtype=bool)
    only_first, only_second = int((a & ~b).sum()), int((b & ~a).sum())
    n = only_first + only_second
    return only_first, only_second, float(binomtest(only_first, n).pvalue) if n else 1.0


def compare(truth: ArrayLike, first: ArrayLike, second: ArrayLike) -> dict[str, Any]:
    """Compare two labellings of the same ads with the true labels.

    Parameters
    ----------
    truth, first, second : array-like of str

    Returns
    -------
    dict
        `n`; `accuracy_difference` and `macro_f1_difference` (second minus first: value, and its 95 %
        bootstrap interval over ads); `only_first`, `only_second` and `p` of `mcnemar`.
    """
    t, a, b = (np.asarray(x, dtype=object) for x in (truth, first, second))

    def difference(metric: Any) -> Any:
        return lambda true, one, other: metric(true, other) - metric(true, one)

    only_first, only_second, p = mcnemar(a == t, b == t)
    return {
        "n": len(t),
        "accuracy_difference": bootstrap(difference(accuracy), t, a, b),
        "macro_f1_difference": bootstrap(difference(macro_f1), t, a, b),
        "only_first": only_first,
        "only_second": only_second,
        "p": p,
    }


def evaluate_file(
    path: str | os.PathLike[str],
    *,
    truth: str = "label",
    by: str | None = None,
    prefix: str = "",
    model: Model | None = None,
    as_json: bool = False,
    on_read: Callable[[TableInput], object] | None = None,
) -> str:
    """Compare labels with an annotator's, for reading on a terminal.

    Parameters
    ----------
    path : path-like
        A labelled file of any format, or one of ads that is labelled first; with a column of true
        labels in any spelling (`Gray`, `grey`, `灰领`).
    truth, by, prefix : str
        As in `evaluate`.
    model : Model, optional
        To label with, if the file is not labelled yet.
    as_json : bool
        Whether to give the numbers as one JSON object.
    on_read : callable, optional
        Gets what was read, before anything is measured.

    Returns
    -------
    str

    Raises
    ------
    DataError
        If a column is missing, a true label is none, or no row has a usable one.
    """
    name = Path(path).name
    opened: list[FileInput] = []
    ads = read_table(path, on_open=opened.append)
    require_columns((truth, by or None), ads.columns, name)
    given, _, findings = read_annotations(ads, name, truth)
    refuse(findings, name)
    if truth == prefix + "collar":
        if prefix + "collar_confidence" in ads:
            raise DataError(
                "Column {truth!r} of {name} holds the labels that are to be measured: name that of the true ones.",
                truth=truth, name=name,
            )  # fmt: skip
        ads, truth = ads.rename(columns={truth: f"true_{truth}"}), f"true_{truth}"
    ads[truth] = given["label"]
    if not ads[truth].isin(LABELS).any():
        raise DataError(
            "No row of {name} has white, blue or gray in column {truth!r}: name the right one.", name=name,
            truth=truth,
        )  # fmt: skip
    labelled = ads if prefix + "collar" in ads else label_table(ads, prefix=prefix, model=model)
    if on_read is not None:
        others = {"true labels": (truth,), "groups": tuple(filter(None, (by,)))}
        on_read(table_input(opened[0], ads, labelled, prefix, others))
    result = evaluate(labelled, truth, prefix, by)
    numbers = summary(result)
    if result["by"] is not None:
        numbers["by"] = json.loads(result["by"].round(4).to_json(orient="index"))
    return json.dumps(numbers, ensure_ascii=False, indent=2) if as_json else as_text(result)


def table_input(
    file: FileInput, ads: pd.DataFrame, labelled: pd.DataFrame, prefix: str, others: dict[str, tuple[str, ...]]
) -> TableInput:
    """What was read of a table: its labels if it had them, else its ads, and others of its columns."""
    there = prefix + "collar" in ads
    chosen = None if there else choose_columns(list(ads.columns), None, None, "the table")
    labels = {"labels": (prefix + "collar",)} if there else {}
    bases = count_bases(labelled.get(prefix + "collar_basis", ()))
    return TableInput(len(ads), file.reading(chosen), labels | others, bases)
