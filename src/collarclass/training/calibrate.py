"""A fitted model adapted to a user's own few hundred labels, without training anew.

Probabilities get a temperature and a bias for each label: the scores stay, and with them the reasons.
Both go into the model's `decision`, so a calibrated model is a model like any other.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from sklearn.model_selection import StratifiedKFold

from collarclass.corpus.read import labelled_ads
from collarclass.definitions.labels import BASES, LABELS
from collarclass.errors import DataError, require_columns
from collarclass.evaluation.metrics import accuracy, expected_calibration_error, macro_f1
from collarclass.files.table import read_table
from collarclass.model.model import Model
from collarclass.model.persistence import save_model
from collarclass.model.predict import Predictions, predict
from collarclass.tables.columns import find_columns

MIN_ADS = 30  # of a basis (ads, bare titles), below which nothing is changed for it
_FOLDS = 5
_SPREAD = (0.5, 1.0)  # how far the log-temperature, and each bias, may be from nothing before data say so
_TINY = 1e-12


def fit_calibration(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64], weight: NDArray[np.float64] | None = None
) -> tuple[float, NDArray[np.float64]]:
    """Find the temperature and biases under which labels are likeliest.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n, 3)
        Of white, blue and gray.
    labels : ndarray of int64, shape (n,)
        Index of each true label.
    weight : ndarray of float64, shape (n,), optional

    Returns
    -------
    slope : float
        Factor of the log-probabilities: the inverse of the temperature.
    bias : ndarray of float64, shape (3,)
        Added to them. Few labels change little: both are drawn to no change.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger (2017), "On calibration of modern neural networks", ICML.
    """
    logits = np.log(np.maximum(probabilities, _TINY))
    row = np.arange(len(labels))
    w = np.ones(len(labels)) if weight is None else weight

    def loss(theta: NDArray[np.float64]) -> float:
        z = np.exp(theta[0]) * logits + theta[1:]
        z = z - z.max(axis=1, keepdims=True)
        likelihood = z[row, labels] - np.log(np.exp(z).sum(axis=1))
        prior = (theta[0] / _SPREAD[0]) ** 2 + ((theta[1:] / _SPREAD[1]) ** 2).sum()
        return float(-(w * likelihood).sum() + prior / 2)

    found = minimize(loss, np.zeros(4), method="BFGS").x
    return float(np.exp(found[0])), np.asarray(found[1:] - found[1:].mean())


def apply_calibration(
    probabilities: NDArray[np.float64], slope: float, bias: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Probabilities with a temperature and biases."""
    z = slope * np.log(np.maximum(probabilities, _TINY)) + bias
    odds = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def calibrate(
    model: Model,
    texts: Sequence[str],
    labels: ArrayLike,
    titles: Sequence[str | None] | None = None,
    sample_weight: ArrayLike | None = None,
    name: str = "calibrated",
) -> Model:
    """Adapt a model's probabilities to labelled ads; scores stay as they are.

    Parameters
    ----------
    model : Model
    texts : sequence of str
    labels : array-like of str
        "white", "blue" or "gray".
    titles : sequence of str or None, optional
    sample_weight : array-like of float, optional
    name : str
        Of the adapted model.

    Returns
    -------
    Model
        Ads and bare titles are adapted apart, each if there are at least 30 of them with more than one label.

    Raises
    ------
    DataError
        If a label is unknown, all are the same or there are too few ads.
    """
    known = np.array([LABELS.index(v) if v in LABELS else -1 for v in np.asarray(labels, dtype=object)])
    if (known < 0).any():
        raise DataError(f"Labels to calibrate by are {', '.join(LABELS)}: leave out or correct the others.")
    weight = np.ones(len(known)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    return _calibrated(replace(model, name=name), predict(model, texts, titles), known, weight)


def _calibrated(model: Model, found: Predictions, labels: NDArray[np.int64], weight: NDArray[np.float64]) -> Model:
    if len(present := np.unique(labels)) < 2:
        only = f"All labels are {LABELS[present[0]]!r}" if len(present) else "There are no labels"
        raise DataError(f"{only}: give ads of at least two labels, in the proportions in which they occur.")
    changed = False
    for basis, rows in _by_basis(found):
        if not _suffice(labels[rows]):
            continue
        slope, bias = fit_calibration(found.probabilities[rows], labels[rows], weight[rows])
        if basis == "ad":
            model = replace(model, decision=_folded(model.decision, slope, bias))
        elif model.bare_title is not None:
            title = replace(model.bare_title, decision=_folded(model.bare_title.decision, slope, bias))
            model = replace(model, bare_title=title)
        changed = True
    if not changed:
        raise DataError(
            f"{len(labels)} labels are too few to calibrate by: give at least {MIN_ADS} ads (or titles) that the model "
            "can judge, of two labels or more, better some hundreds."
        )
    return model


def _suffice(labels: NDArray[np.int64]) -> bool:
    """Whether there are enough labels, of more than one kind, to calibrate by."""
    return len(labels) >= MIN_ADS and len(np.unique(labels)) > 1


def _by_basis(found: Predictions) -> list[tuple[str, NDArray[np.int64]]]:
    judged = found.note == 0
    return [(name, np.flatnonzero(judged & (found.basis == i))) for i, name in enumerate(BASES)]


def _folded(decision: NDArray[np.float32], slope: float, bias: NDArray[np.float64]) -> NDArray[np.float32]:
    changed = decision.astype(np.float64) * slope
    changed[..., 3] += bias
    return changed.astype(np.float32)


def calibrate_file(
    path: str | os.PathLike[str],
    target: str | os.PathLike[str],
    model: Model,
    *,
    name: str = "calibrated",
    text: str | None = None,
    title: str | None = None,
    label: str = "label",
) -> str:
    """Adapt a model to a file of labelled ads, write the model folder, and say what has changed.

    Parameters
    ----------
    path : path-like
        A table of any format with a column of ad texts and one of labels in any spelling; ads labelled
        "unclear", or that the model cannot judge, teach nothing.
    target : path-like
        Folder for the model.
    model : Model
    name : str
        Name of the new model.
    text, title, label : str, optional
        The columns' names; those of texts and titles are found if not given.

    Returns
    -------
    str
        For reading on a terminal: accuracy, macro-F1, log loss and calibration error before and after.
        What comes after is measured on ads that each calibration did not see.
    """
    texts, titles, labels = _read(path, text, title, label)
    found = predict(model, texts, titles)
    weight = np.ones(len(labels))
    after = np.array(found.probabilities)
    for _, rows in _by_basis(found):
        if _suffice(labels[rows]):
            after[rows] = _held_out(found.probabilities[rows], labels[rows])
    adapted = _calibrated(replace(model, name=name), found, labels, weight)
    judged = found.note == 0
    measures = [_measure(p[judged], labels[judged]) for p in (found.probabilities, after)]
    facts = {
        "calibrated_from": model.identity,
        "calibrated_on": int(judged.sum()),
        "before": {k: round(v, 4) for k, v in measures[0].items()},
        "after": {k: round(v, 4) for k, v in measures[1].items()},
    }
    adapted = replace(adapted, facts={**model.facts, "calibration": facts})
    save_model(adapted, target)
    lines = [
        f"{adapted.identity} written to {target}, from {model.identity} and {int(judged.sum()):,} labelled ads"
        + (f" ({len(labels) - int(judged.sum()):,} that the model cannot judge left out)" if not judged.all() else ""),
        "",
        f"{'':<28}{'before':>8}{'after':>8}   (after: on ads that the calibration did not see)",
    ]
    for key, value in measures[0].items():
        lines.append(f"{key:<28}{value:>8.3f}{measures[1][key]:>8.3f}")
    return "\n".join(lines)


def _read(
    path: str | os.PathLike[str], text: str | None, title: str | None, label: str
) -> tuple[list[str], list[str | None], NDArray[np.int64]]:
    table, name = read_table(path), Path(path).name
    require_columns([label], table.columns, name)
    title_column, text_column = find_columns([c for c in table.columns if c != label], title, text, name)
    plain = table[[text_column, label]].set_axis(["text", "label"], axis=1)
    plain["title"] = table[title_column] if title_column is not None else ""
    ads = labelled_ads(plain[plain["label"].str.strip() != ""].reset_index(drop=True), name, unclear=True)
    ads = ads[ads["label"] != "unclear"]
    labels = np.array([LABELS.index(v) for v in ads["label"]], dtype=np.int64)
    return ads["text"].tolist(), [t or None for t in ads["title"]], labels


def _held_out(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Calibrated probabilities of each ad by a calibration that did not see it."""
    out = np.array(probabilities)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    if np.bincount(labels).max() < _FOLDS:
        return out
    for train, test in folds.split(probabilities, labels):
        out[test] = apply_calibration(probabilities[test], *fit_calibration(probabilities[train], labels[train]))
    return out


def _measure(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> dict[str, float]:
    names = np.array(LABELS, dtype=object)
    best = probabilities.argmax(axis=1)
    loss = -np.log(np.maximum(probabilities[np.arange(len(labels)), labels], _TINY)).mean()
    return {
        "accuracy": accuracy(names[labels], names[best]),
        "macro-F1": macro_f1(names[labels], names[best]),
        "log loss": float(loss),
        "expected calibration error": expected_calibration_error(best == labels, probabilities.max(axis=1)),
    }
