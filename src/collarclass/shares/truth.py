"""Annotated ads: found again among the labelled ones, each reading once; who erred, and which are missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass.corpus.read import read_labels
from collarclass.definitions.definition import Definition, Facts
from collarclass.definitions.labels import COLLARS, LABELS, RATINGS
from collarclass.errors import DataError, require_columns
from collarclass.messages import Message
from collarclass.shares.estimate import Floats, rates_of
from collarclass.shares.read import NOT_RANDOM, SAMPLE_PROBABILITY, SAMPLE_ROW, SAMPLE_SOURCE, SAMPLE_STRATUM
from collarclass.shares.sample import EDGES, answered_share

ANNOTATOR = "annotator"
MIN_PAIRS = 20  # ads annotated twice: with fewer nothing is said of the annotators
WORST = 0.2  # share of wrong labels beyond which they cannot be corrected for
_MAX_MISTAKEN_SHARE = 0.4  # share of a label's ads that may be mistaken: from a half on, nothing could be told apart
_DRAWS = 200
_ROUNDS = 60
_MOST_BORNE = 0.25  # wrong labels beyond which an error that shares would bear is no news
# Ads of each label that count as read before: annotators right, the model often.
_PRIOR_ADS, _PRIOR_RIGHT, _PRIOR_MODEL_RIGHT = 4.0, 0.98, 0.75
_CHANCE = 0.001  # that answers which do not depend on the label look as uneven


Codes = NDArray[np.integer]


class AnnotatorErrors(NamedTuple):
    """How often annotators take one label for another."""

    error: float  # share of an annotator's labels that are wrong
    n_read: int  # ads from which that is known: annotated twice, or read by an expert
    correction: Floats  # a true label, a row of ones, put through this is without bias what an annotator's stands for
    draws: Floats  # corrections as uncertain as the ads leave them, shape (n_draws, 4, 4)
    by_expert: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """Annotated ads, found again among the labelled ones."""

    row: NDArray[np.int64]  # of the labelled table
    label: Floats  # one column of ones, shape (n, 4); shared out where annotators differ
    probability: Floats  # of having been drawn and answered
    ratings: Floats | None = None  # 0 to 4, shape (n, 2); NaN where there are none
    notes: tuple[Message, ...] = ()
    errors: AnnotatorErrors | None = None  # where enough ads were annotated twice, or read by an expert

    def of(self, rows: NDArray[np.bool_]) -> Truth:
        """Some of them."""
        ratings = None if self.ratings is None else self.ratings[rows]
        return replace(
            self, row=self.row[rows], label=self.label[rows], probability=self.probability[rows], ratings=ratings
        )


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
        # Where a sample's strata were joined, a label's ads weigh up by chance; all ads together do so exactly.
        short = size - by["weight"]
        fewer = short.clip(lower=0)
        lost = (fewer * by["drawn"] * max(0.0, short.sum()) / max(fewer.sum(), 1e-9)).round()
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
            said = "the expert read {n:,} of the annotated ads: have {least} or more"
            notes.append(Message(said, n=int(read.sum()), least=MIN_PAIRS))
            return None
        errors = errors_by_expert(right.loc[row[read]].to_numpy(), label[read])
    else:
        first, second = pairs(row, readings[ANNOTATOR].to_numpy(object)).T
        if len(first) < MIN_PAIRS:
            return None
        errors = annotator_errors(label[first], label[second], predicted[row[first]])
    if errors.error > WORST:
        said = "annotators are taken to be wrong in {error:.0%} of labels: agree on the definition first"
        notes.append(Message(said, error=errors.error))
        return None
    return errors


def annotator_errors(first: Codes, second: Codes, model: Codes, random_state: int = 0) -> AnnotatorErrors:
    """Rates of confusion, each direction by itself, from ads that two annotators and the model read.

    Two readings alone cannot tell who is wrong; the third does. All three are taken to err independently, given the
    true label, and both annotators at the same rates. What both take for the same wrong label cannot be seen.

    References
    ----------
    Dawid and Skene (1979), "Maximum likelihood estimation of observer error-rates using the EM algorithm", JRSS C 28.
    Hui and Walter (1980), "Estimating the error rates of diagnostic tests", Biometrics 36.
    """
    k, n = len(COLLARS), len(first)
    cells, each = np.unique(np.column_stack((first, second, model)), axis=0, return_counts=True)
    rng = np.random.default_rng(random_state)
    weight = np.concatenate([each[None].astype(np.float64), n * rng.dirichlet(each, _DRAWS)])
    seen = np.eye(k)[cells]  # (n_cells, 3, k)
    readings = seen[:, 0] + seen[:, 1]
    # Every draw starts where the annotators are mostly right.
    rates = np.broadcast_to(_prior(_PRIOR_RIGHT), (len(weight), k, k))
    of_model = np.broadcast_to(_prior(_PRIOR_MODEL_RIGHT), (len(weight), k, k))
    common = weight @ readings / (2 * n)
    for _ in range(_ROUNDS):
        twice = np.exp(readings @ np.log(rates.swapaxes(1, 2)))
        likely = common[:, None] * twice * of_model.swapaxes(1, 2)[:, cells[:, 2]]
        belongs = weight[..., None] * likely / likely.sum(axis=2, keepdims=True)
        common = belongs.sum(axis=1) / n
        rates = rates_of(belongs.swapaxes(1, 2) @ readings + _PRIOR_ADS * _prior(_PRIOR_RIGHT))
        of_model = rates_of(belongs.swapaxes(1, 2) @ seen[:, 2] + _PRIOR_ADS * _prior(_PRIOR_MODEL_RIGHT))
    error = float(common[0] @ (1 - np.diag(rates[0])))
    if (first == second).all():
        rates = np.concatenate([np.eye(k)[None], rates[1:]])  # no mistake was seen
        error = 0.0
    return _corrections(rates, error, n, by_expert=False)


def errors_by_expert(truth: Codes, given: Codes, random_state: int = 0) -> AnnotatorErrors:
    """The same from ads whose true label an expert says."""
    k = len(COLLARS)
    counts = np.zeros((k, k))
    np.add.at(counts, (truth, given), 1)
    drawn = np.random.default_rng(random_state).standard_gamma(
        np.broadcast_to(counts + _PRIOR_ADS / 4 * _prior(_PRIOR_RIGHT), (_DRAWS, k, k))
    )
    rates = rates_of(np.concatenate([(counts + 1e-6 * np.eye(k))[None], drawn]))
    return _corrections(rates, float((truth != given).mean()), len(truth), by_expert=True)


def _prior(right: float) -> Floats:
    k = len(COLLARS)
    return np.asarray(np.full((k, k), (1 - right) / (k - 1)) + (right - (1 - right) / (k - 1)) * np.eye(k))


def _corrections(rates: Floats, error: float, n: int, by_expert: bool) -> AnnotatorErrors:
    """Inverse rates of confusion: the first found, the others drawn."""
    wrong = rates * (1 - np.eye(len(COLLARS)))
    most = wrong.sum(axis=2).max(axis=1)[:, None, None]
    wrong = wrong * np.minimum(1, _MAX_MISTAKEN_SHARE / np.maximum(most, 1e-300))
    whole = wrong + (1 - wrong.sum(axis=2))[..., None] * np.eye(len(COLLARS))
    back = np.linalg.inv(whole)
    return AnnotatorErrors(error, n, back[0], back[1:], by_expert)


def pairs(row: NDArray[np.int64], annotator: NDArray[np.object_]) -> NDArray[np.intp]:
    """Places of the first two readings by different people of each ad that has such, shape (n_pairs, 2).

    A reading without a name is nobody's: rows that were pasted twice are no second annotator.
    """
    first: dict[int, int] = {}
    out: dict[int, tuple[int, int]] = {}
    for i, (ad, who) in enumerate(zip(row.tolist(), annotator.tolist(), strict=True)):
        if who and ad not in out and annotator[first.setdefault(ad, i)] != who:
            out[ad] = (first[ad], i)
    return np.array([*out.values()], np.intp).reshape(-1, 2)


def error_borne(share: Floats, low: Floats, high: Floats) -> float:
    """Error of annotators that shifts a share by half of its interval, where errors go to all labels alike.

    NaN where that is more than a quarter of the labels.
    """
    shift = np.abs((1 - share[:3]) / 2 - share[:3])  # for each point of error, over three labels
    borne = float(np.min(np.divide((high - low)[:3] / 2, shift, out=np.full(3, 1.0), where=shift > 1e-9)))
    return borne if borne <= _MOST_BORNE else np.nan


# -- what annotations say under another definition -----------------------------------------------


def truth_under(definition: Definition, truth: Truth) -> Truth | None:
    """What the annotations say under a definition; None if they cannot say it.

    Annotated labels follow the codebook, which is the definition `article`. Under one that goes by the two
    scores alone the annotated ratings decide.
    """
    if definition.is_model:
        return truth
    if truth.ratings is None or not definition.is_of_scores or len(definition.fallback) > 1:
        return None
    clear = truth.label[:, 3] < 1
    rated = np.asarray(np.isfinite(truth.ratings).all(axis=1))
    if not (rated & clear).any():
        return None
    # Unclear ads need no ratings: the others stand for those of them that have none.
    probability = truth.probability * np.where(clear, rated[clear].mean(), 1)
    n = len(truth.row)
    unstated = np.full(n, 4, np.int8)
    collar = np.where(~clear, len(LABELS), truth.label.argmax(axis=1)).astype(np.int8)
    facts = Facts(
        *(collar, np.zeros((n, 3)), np.nan_to_num(truth.ratings) / 4, unstated, unstated, unstated, unstated),
    )
    label = np.eye(4)[definition.apply(facts)]
    return replace(truth, label=label, probability=probability, errors=None).of(rated | ~clear)
