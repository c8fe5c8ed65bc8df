"""How good the labels of a table or file are: accuracy, F1, calibration, coverage, agreement, with intervals."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.metrics import precision_recall_fscore_support

from collarclass.annotation.agreement import bootstrap as bootstrap
from collarclass.annotation.annotated import read_annotations, refuse
from collarclass.corpus.read import read_labels
from collarclass.definitions.labels import COLLARS, LABELS
from collarclass.errors import DataError, require_columns
from collarclass.files.readers import FileInput, TableInput, count_bases
from collarclass.files.table import read_table
from collarclass.model.model import Model
from collarclass.result import plain
from collarclass.tables.columns import choose_columns
from collarclass.tables.dataframe import label_table


def macro_f1(truth: ArrayLike, found: ArrayLike) -> float:
    """Mean F1 of the labels that occur in the truth.

    Examples
    --------
    >>> macro_f1(["white", "blue"], ["white", "gray"])
    0.5
    """
    true, said = (np.asarray(labels, dtype=object)[:, None] == np.array(LABELS) for labels in (truth, found))
    there = true.any(axis=0)
    f1 = 2 * (true & said).sum(axis=0)[there] / (true.sum(axis=0) + said.sum(axis=0))[there]
    return float(np.mean(f1)) if len(f1) else 0.0


def accuracy(truth: ArrayLike, found: ArrayLike) -> float:
    """Share of labels that are right."""
    return float((np.asarray(truth, dtype=object) == np.asarray(found, dtype=object)).mean())


def mcnemar(first_right: ArrayLike, second_right: ArrayLike) -> dict[str, float]:
    """Exact McNemar test of two labellings of the same ads.

    Parameters
    ----------
    first_right, second_right : array-like of bool
        Whether each ad is labelled rightly.

    Returns
    -------
    dict
        `only_first` and `only_second`, the ads that only one of them labels rightly, and `p`, the two-sided probability
        of a split at least so uneven if both were equally good.

    References
    ----------
    McNemar (1947), "Note on the sampling error of the difference between correlated proportions or
    percentages", Psychometrika 12.

    Examples
    --------
    >>> mcnemar([True] * 8 + [False] * 2, [False] * 8 + [True] * 2)
    {'only_first': 8, 'only_second': 2, 'p': 0.109375}
    """
    from scipy.stats import binomtest

    a, b = np.asarray(first_right, dtype=bool), np.asarray(second_right, dtype=bool)
    only_first, only_second = int((a & ~b).sum()), int((b & ~a).sum())
    n = only_first + only_second
    p = float(binomtest(only_first, n).pvalue) if n else 1.0
    return {"only_first": only_first, "only_second": only_second, "p": p}


def calibration(right: ArrayLike, confidence: ArrayLike, n_bins: int = 10) -> pd.DataFrame:
    """Confidence against accuracy, means in bins of equal width: a row for each that holds ads, with their number."""
    ok, p = np.asarray(right, dtype=float), np.asarray(confidence, dtype=float)
    of = np.clip((p * n_bins).astype(int), 0, n_bins - 1)
    table = pd.DataFrame({"bin": of, "confidence": p, "accuracy": ok}).groupby("bin")
    return table.mean().assign(n=table.size())[["n", "confidence", "accuracy"]]


def expected_calibration_error(right: ArrayLike, confidence: ArrayLike, n_bins: int = 10) -> float:
    """Mean distance of confidence and accuracy over bins, weighted by their ads (Naeini et al., AAAI 2015)."""
    bins = calibration(right, confidence, n_bins)
    return float((bins["n"] * (bins["confidence"] - bins["accuracy"]).abs()).sum() / bins["n"].sum())


def coverage(right: ArrayLike, confidence: ArrayLike, share: float) -> float:
    """Accuracy on the most confident share of the ads."""
    ok, p = np.asarray(right, dtype=float), np.asarray(confidence, dtype=float)
    n = max(1, round(share * len(ok)))
    return float(ok[np.argsort(-p, kind="stable")[:n]].mean())


def correlation(x: ArrayLike, y: ArrayLike) -> float:
    """Pearson's correlation; nan where one side does not vary."""
    a, b = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if len(a) < 2 or not a.std() or not b.std():
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def rank_correlation(x: ArrayLike, y: ArrayLike) -> float:
    """Spearman's rank correlation; nan where one side does not vary."""
    return correlation(pd.Series(np.asarray(x, dtype=float)).rank(), pd.Series(np.asarray(y, dtype=float)).rank())


def agreement(scores: pd.DataFrame, occupations: pd.DataFrame) -> dict[str, tuple[float, float, float]]:
    """Correlate the scores of occupations' ads with O*NET's surveys of the occupations.

    Parameters
    ----------
    scores : DataFrame
        One row per ad: `onet_code`, `academic_score`, `hands_on_score`, best from a model that did
        not see the occupation. They are averaged by occupation.
    occupations : DataFrame
        As `read_occupations` gives it.

    Returns
    -------
    dict
        Spearman's correlation, with its 95 % bootstrap interval over occupations, of the academic
        score with the expected years of schooling, and of the hands-on score with the larger of the
        physical and the technical index.
    """
    means = scores.groupby("onet_code")[["academic_score", "hands_on_score"]].mean()
    table = occupations.set_index("onet_code").join(means, how="inner")
    table["practice"] = table[["physical_index", "technical_index"]].max(axis=1)
    out = {}
    for score, figure in (("academic_score", "schooling_years"), ("hands_on_score", "practice")):
        both = table[[score, figure]].dropna()
        out[f"{score} with {figure}"] = bootstrap(rank_correlation, both[score], both[figure])
    return out


def per_label(truth: ArrayLike, found: ArrayLike) -> pd.DataFrame:
    """Precision, recall, F1 and number of ads of each label."""
    true, said = (np.asarray(labels, dtype=str) for labels in (truth, found))
    parts = precision_recall_fscore_support(true, said, labels=list(LABELS), zero_division=np.nan)
    return pd.DataFrame(dict(zip(("precision", "recall", "f1", "n"), parts, strict=True)), index=list(LABELS))


def confusion(truth: ArrayLike, found: ArrayLike) -> pd.DataFrame:
    """Counts of true labels (rows) against found ones (columns), unclear included."""
    table = pd.crosstab(np.asarray(truth, dtype=object), np.asarray(found, dtype=object))
    return table.reindex(index=COLLARS, columns=COLLARS, fill_value=0).rename_axis(index="truth", columns="found")


def evaluate(labelled: pd.DataFrame, truth: str = "label", prefix: str = "", by: str | None = None) -> dict[str, Any]:
    """Compare a labelled table with the labels of an annotator.

    Parameters
    ----------
    labelled : DataFrame
        As `label_table` gives it, with a column of true labels in any spelling; rows whose truth is
        "unclear" or empty are left out and counted. With columns `academic_rating` and `hands_on_rating` the
        scores' agreement is measured too, where enough cells hold ratings that differ.
    truth : str, default="label"
    prefix : str
        Prefix of the added columns' names.
    by : str, optional
        A column by whose values accuracy and macro-F1 are given apart.

    Returns
    -------
    dict
        `n`, `n_left_out`, `unclear_share`, `accuracy`, `macro_f1` (value, low, high), `per_label`,
        `confusion`, `calibration`, `expected_calibration_error`, `coverage`, `academic_correlation`,
        `hands_on_correlation`, `by` (DataFrame or None). An unclear label counts as wrong. Calibration is None, and
        coverage empty, where no label has a confidence.
    """
    true = read_labels(labelled[truth].fillna(""), "the table")
    known = true.isin(LABELS).to_numpy()
    rows = labelled.assign(**{truth: true})[known]
    t, f = rows[truth].to_numpy(object), rows[prefix + "collar"].to_numpy(object)
    right = t == f
    confidence = pd.to_numeric(rows[prefix + "collar_confidence"]).to_numpy(float)
    without = bool(np.isnan(confidence).all())  # by a definition that gives none
    confidence = np.nan_to_num(confidence)
    out: dict[str, Any] = {
        "n": len(rows),
        "n_left_out": int((~known).sum()),
        "unclear_share": float((f == "unclear").mean()),
        "accuracy": bootstrap(accuracy, t, f),
        "macro_f1": bootstrap(macro_f1, t, f),
        "per_label": per_label(t, f),
        "confusion": confusion(t, f),
        "calibration": None if without else calibration(right, confidence),
        "expected_calibration_error": None if without else expected_calibration_error(right, confidence),
        "coverage": {} if without else {share: coverage(right, confidence, share) for share in (1.0, 0.8, 0.6)},
        "by": None,
    }
    for dimension in ("academic", "hands_on"):
        if f"{dimension}_rating" in rows:
            score = pd.to_numeric(rows[f"{prefix}{dimension}_score"]).to_numpy(float)
            rating = pd.to_numeric(rows[f"{dimension}_rating"]).to_numpy(float)
            both = ~np.isnan(score) & ~np.isnan(rating)
            found = bootstrap(correlation, score[both], rating[both])
            if not np.isnan(found).any():
                out[f"{dimension}_correlation"] = found
    if by is not None:
        groups = ((value, part[truth], part[prefix + "collar"]) for value, part in rows.groupby(by))
        out["by"] = pd.DataFrame(
            {value: {"n": len(t), "accuracy": accuracy(t, f), "macro_f1": macro_f1(t, f)} for value, t, f in groups}
        ).T
    return out


def summary(result: dict[str, Any]) -> dict[str, Any]:
    """The numbers of an evaluation that are worth keeping, rounded, as plain JSON."""
    kept = ("accuracy", "macro_f1", "academic_correlation", "hands_on_correlation")
    return {
        "n": result["n"],
        **{name: [round(v, 4) for v in result[name]] for name in kept if name in result},
        "expected_calibration_error": plain(result["expected_calibration_error"], 4),
        "coverage": {f"{share:.0%}": round(value, 4) for share, value in result["coverage"].items()},
        "unclear_share": round(result["unclear_share"], 4),
        "per_label": {k: plain(row.to_dict(), 4) for k, row in result["per_label"].T.items()},
        "confusion": {k: {m: int(v) for m, v in row.items()} for k, row in result["confusion"].T.items()},
    }


def with_interval(value: Sequence[float]) -> str:
    """A value and the bounds of its 95 % interval, as text."""
    return "{:.3f} (95 % {:.3f} to {:.3f})".format(*value)


def as_text(result: dict[str, Any]) -> str:
    """Lay a result of `evaluate` out for reading."""
    left_out = f" ({result['n_left_out']} without a usable true label left out)" if result["n_left_out"] else ""
    shown = {
        "ads": f"{result['n']}{left_out}",
        "accuracy": with_interval(result["accuracy"]),
        "macro-F1": with_interval(result["macro_f1"]),
    }
    if result["coverage"]:
        shown["expected calibration error"] = f"{result['expected_calibration_error']:.3f}"
        shares = (f"{share:.0%}: {value:.3f}" for share, value in result["coverage"].items())
        shown["accuracy at coverage"] = ", ".join(shares)
    else:
        shown["confidence"] = "none, by this definition"
    shown["unclear"] = f"{result['unclear_share']:.1%}"
    for dimension, name in (("academic", "academic score"), ("hands_on", "hands-on score")):
        if f"{dimension}_correlation" in result:
            shown[f"{name} r with rating"] = with_interval(result[f"{dimension}_correlation"])
    lines = [f"{name:<29}{value}" for name, value in shown.items()]
    for name in ("per_label", "confusion", "by"):
        if result[name] is not None:
            lines += ["", result[name].round(3).to_string()]
    return "\n".join(lines)


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
    """Compare labels with an annotator's, for reading on a terminal, or as one JSON object.

    The file is a labelled one of any format, or one of ads that the model labels first, with a column of true labels in
    any spelling. `on_read` gets what was read, before anything is measured.
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
        there = prefix + "collar" in ads
        read: dict[str, tuple[str, ...]] = {"labels": (prefix + "collar",)} if there else {}
        read |= {"true labels": (truth,), "groups": tuple(filter(None, (by,)))}
        chosen = None if there else choose_columns(list(ads.columns), None, None, "the table")
        bases = count_bases(labelled.get(prefix + "collar_basis", ()))
        on_read(TableInput(len(ads), opened[0].reading(chosen), read, bases))
    result = evaluate(labelled, truth, prefix, by)
    numbers = summary(result)
    if result["by"] is not None:
        numbers["by"] = json.loads(result["by"].round(4).to_json(orient="index"))
    return json.dumps(numbers, ensure_ascii=False, indent=2) if as_json else as_text(result)
