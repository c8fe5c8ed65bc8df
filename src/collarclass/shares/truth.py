"""Annotated ads: found again among the labelled ones, each reading once; who erred, and which are missing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass.corpus.read import read_labels
from collarclass.definitions.definition import Definition, Facts
from collarclass.definitions.labels import COLLARS, LABELS, RATINGS
from collarclass.errors import DataError, require_columns
from collarclass.messages import Message
from collarclass.shares.annotators import MIN_PAIRS, WORST, AnnotatorErrors, annotator_errors, errors_by_expert, pairs
from collarclass.shares.estimate import Floats
from collarclass.shares.read import NOT_RANDOM, SAMPLE_PROBABILITY, SAMPLE_ROW, SAMPLE_SOURCE, SAMPLE_STRATUM
from collarclass.shares.sample import EDGES, answered_share

ANNOTATOR = "annotator"
_CHANCE = 0.001  # that answers which do not depend on the label look as uneven


@dataclass(frozen=True, slots=True)
class Truth:
    """Annotated ads, found again among the labelled ones.

    Attributes
    ----------
    row : ndarray of int64
        Their rows in the labelled table.
    label : ndarray, shape (n, 4)
        One column of ones; shared out where annotators differ.
    probability : ndarray
        Of having been drawn and answered.
    ratings : ndarray, shape (n, 2), optional
        The two ratings, 0 to 4; NaN where there are none.
    notes : tuple of Message
    errors : AnnotatorErrors, optional
        Where enough ads were annotated twice, or read by an expert.
    """

    row: NDArray[np.int64]
    label: Floats
    probability: Floats
    ratings: Floats | None = None
    notes: tuple[Message, ...] = ()
    errors: AnnotatorErrors | None = None


def find_truth(
    truth: pd.DataFrame,
    labelled: pd.DataFrame,
    predicted: NDArray[np.int8],
    stratum: NDArray[np.int64],
    column: str,
    expert: pd.DataFrame | None = None,
) -> Truth:
    """Annotated ads by their rows; those without a label are left out, and counted."""
    every, notes = _readings(truth, labelled, column), []
    if outside := int((every["row"] < 0).sum()):
        notes.append(Message("{n:,} annotated ads are not among the labelled ones", n=outside))
    if SAMPLE_PROBABILITY not in truth:
        notes.append(Message("the annotated ads were not drawn with 'sample': taken for a simple random sample"))
    every = every[every["row"] >= 0]
    notes += _missing(every, stratum, whole=SAMPLE_SOURCE in truth and bool(truth[SAMPLE_SOURCE].astype(bool).all()))
    given = every[every["label"] >= 0]
    once = given.drop_duplicates(["row", "label", ANNOTATOR])
    if again := len(given) - len(once):
        notes.append(Message("{n:,} answers stand twice, by nobody else: each counts once", n=again))
    found = _one_each(once, notes)
    errors = _errors(once, predicted, expert, labelled, column, notes)
    return replace(found, notes=tuple(notes), errors=errors)


def _readings(truth: pd.DataFrame, labelled: pd.DataFrame, column: str) -> pd.DataFrame:
    """A row for each reading: the ad's row (-1 where there is none), label (-1), annotator, probability and ratings."""
    require_columns([column], truth.columns, Message("the table of annotated ads"))
    if SAMPLE_SOURCE in truth and (truth[SAMPLE_SOURCE].astype(str) == NOT_RANDOM).any():
        raise DataError(
            "These ads were annotated least certain first, which is no random sample: draw one with "
            "'collarclass sample'."
        )
    labels = read_labels(truth[column].astype(object).fillna(""), "The annotated ads").to_numpy(object)
    if SAMPLE_ROW in truth:
        number = _numbers(truth, SAMPLE_ROW)
        inside = np.isfinite(number) & (number >= 1) & (number <= len(labelled))
        row = np.where(inside, np.nan_to_num(number) - 1, -1).astype(np.int64)
    else:
        row = labelled.index.get_indexer(truth.index).astype(np.int64)
    probability = np.ones(len(truth))
    if SAMPLE_PROBABILITY in truth:
        probability = _numbers(truth, SAMPLE_PROBABILITY)
        if not ((probability > 0) & (probability <= 1))[labels != ""].all():
            raise DataError(
                "Column {sample_probability!r} of the annotated ads should hold numbers from 0 to 1.",
                sample_probability=SAMPLE_PROBABILITY,
            )  # fmt: skip
    who = truth[ANNOTATOR] if ANNOTATOR in truth else pd.Series("", index=truth.index)
    ratings = {name: _numbers(truth, name) for name in RATINGS if name in truth}
    return pd.DataFrame(
        {
            "row": row,
            "label": [COLLARS.index(label) if label else -1 for label in labels],
            ANNOTATOR: ["" if pd.isna(name) else str(name).strip() for name in who.astype(object)],
            "drawn": probability,
            "probability": probability * answered_share(truth, labels != ""),
            "stratum": truth[SAMPLE_STRATUM].to_numpy() if SAMPLE_STRATUM in truth else 0,
            **(ratings if len(ratings) == len(RATINGS) else {}),
        }
    )


def _numbers(table: pd.DataFrame, name: str) -> Floats:
    return pd.to_numeric(table[name].astype(object), errors="coerce").to_numpy(np.float64)


def _one_each(readings: pd.DataFrame, notes: list[Message]) -> Truth:
    """An ad that was read several times counts once, its label shared out between the readings."""
    row = readings["row"].to_numpy(np.int64)
    label = np.eye(len(COLLARS))[readings["label"].to_numpy(np.int64)]
    kept, first, of, n = np.unique(row, return_index=True, return_inverse=True, return_counts=True)
    mean = np.column_stack([np.bincount(of, v) for v in label.T]) / n[:, None] if len(kept) else label
    if len(kept) and (undecided := int((mean.max(axis=1) < 1).sum())):
        notes.append(
            Message("ads with two different labels: {undecided:,}; each label counts in part", undecided=undecided)
        )
    ratings = readings[list(RATINGS)].to_numpy(np.float64)[first] if RATINGS[0] in readings else None
    return Truth(kept, mean, readings["probability"].to_numpy(np.float64)[first], ratings)


# -- who is missing ------------------------------------------------------------------------------


def _missing(every: pd.DataFrame, stratum: NDArray[np.int64], whole: bool) -> list[Message]:
    """How many of the drawn ads have an answer, by predicted label, and whether that depends on the label.

    An ad left blank behind the last answer of its stratum was not yet asked for; any other was passed over. Ads whose
    rows are gone show in a sample of this very file: the others do not weigh up to all ads.
    """
    each = every.assign(answered=every["label"] >= 0).groupby("row", sort=False, as_index=False).agg(
        answered=("answered", "max"), drawn=("drawn", "first"), stratum=("stratum", "first")
    )  # fmt: skip
    each["cell"] = stratum[each["row"].to_numpy(np.int64)]
    later = each[::-1].groupby("stratum")["answered"].cummax()[::-1]
    each["passed"] = ~each["answered"] & later
    by = each.groupby("cell").agg(
        answered=("answered", "sum"), n=("answered", "size"), passed=("passed", "sum"),
        weight=("drawn", lambda p: (1 / p).sum()), drawn=("drawn", "mean"),
    )  # fmt: skip
    gone = 0
    if whole and len(by):
        size = pd.Series(np.bincount(stratum)).loc[lambda n: n > 0]
        by = by.reindex(size.index).fillna(
            {"answered": 0, "n": 0, "passed": 0, "weight": 0, "drawn": each["drawn"].mean()}
        )
        lost = ((size - by["weight"]) * by["drawn"]).round().clip(lower=0)
        by[["n", "passed"]] = by[["n", "passed"]].add(lost, axis=0)
        gone = int(lost.sum())
    label = by.groupby(by.index // (len(EDGES) + 1))[["answered", "n", "passed"]].sum().astype(int)
    label = label.reindex(range(len(COLLARS)), fill_value=0)
    if label["answered"].sum() == label["n"].sum():
        return []
    counts = label.to_dict("list")
    figures = {f"{name}_{what}": counts[what][k] for k, name in enumerate(COLLARS) for what in ("answered", "n")}
    out = [
        Message(
            "{answered:,} of {about}{n:,} drawn ads have an answer: predicted white {white_answered:,} of {white_n:,}, "
            "blue {blue_answered:,} of {blue_n:,}, gray {gray_answered:,} of {gray_n:,}, unclear "
            "{unclear_answered:,} of {unclear_n:,}",
            answered=int(label["answered"].sum()), about=Message("about ") if gone else "", n=int(label["n"].sum()),
            **figures,
        )
    ]  # fmt: skip
    if _uneven(label[["answered", "passed"]].to_numpy(np.float64)):
        out.append(
            Message("answers are missing more for some labels than for others: shares lean towards those answered")
        )
    return out


def _uneven(counts: Floats) -> bool:
    from scipy.stats import chi2_contingency

    counts = counts[counts.sum(axis=1) > 0]
    return bool((counts.sum(axis=0) > 0).all() and len(counts) > 1 and chi2_contingency(counts).pvalue < _CHANCE)


# -- who errs ------------------------------------------------------------------------------------


def _errors(
    readings: pd.DataFrame,
    predicted: NDArray[np.int8],
    expert: pd.DataFrame | None,
    labelled: pd.DataFrame,
    column: str,
    notes: list[Message],
) -> AnnotatorErrors | None:
    """The annotators' errors, by an expert's reading or by ads that two of them read; None where nothing tells."""
    row, label = readings["row"].to_numpy(np.int64), readings["label"].to_numpy(np.int64)
    if expert is not None:
        known = _readings(expert, labelled, column)
        right = known[(known["row"] >= 0) & (known["label"] >= 0)].groupby("row")["label"].first()
        read = np.isin(row, right.index)
        if read.sum() < MIN_PAIRS:
            notes.append(
                Message(
                    "the expert read {n:,} of the annotated ads: have {least} or more",
                    n=int(read.sum()),
                    least=MIN_PAIRS,
                )
            )
            return None
        errors = errors_by_expert(right.loc[row[read]].to_numpy(), label[read])
    else:
        first, second = pairs(row, readings[ANNOTATOR].to_numpy(object)).T
        if len(first) < MIN_PAIRS:
            return None
        errors = annotator_errors(label[first], label[second], predicted[row[first]])
    if errors.error > WORST:
        notes.append(
            Message(
                "annotators are taken to be wrong in {error:.0%} of labels: agree on the definition first",
                error=errors.error,
            )
        )
        return None
    return errors


def truth_under(definition: Definition, truth: Truth) -> Truth | None:
    """What the annotations say under a definition; None if they cannot say it.

    Annotated labels follow the codebook, which is the definition `article`. Under one that goes by the two
    scores alone the annotated ratings decide.
    """
    if definition.is_model:
        return truth
    if truth.ratings is None or not definition.is_of_scores or len(definition.fallback) > 1:
        return None
    rated = np.isfinite(truth.ratings).all(axis=1) | (truth.label[:, 3] == 1)
    if not rated.any():
        return None
    n = len(truth.row)
    unstated = np.full(n, 4, np.int8)
    collar = np.where(truth.label[:, 3] == 1, len(LABELS), truth.label.argmax(axis=1)).astype(np.int8)
    facts = Facts(
        *(collar, np.zeros((n, 3)), np.nan_to_num(truth.ratings) / 4, unstated, unstated, unstated, unstated),
    )
    label = np.eye(4)[definition.apply(facts)]
    return Truth(truth.row[rated], label[rated], truth.probability[rated], truth.ratings[rated], truth.notes)
