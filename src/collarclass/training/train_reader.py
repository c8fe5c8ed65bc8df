"""Fit the reader of stated requirements: from mentions decided one by one, and from whole ads.

Three parts are learnt from the same hashed features: what each mention is, whether it stands in place of the
one before, and which mention decides the ad's level and status. The last is learnt from ads of which only level
and status are known: a mention that gives this answer has to win against all others, and against none.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import minimize

from collarclass.corpus.read import read_csv
from collarclass.definitions.labels import NOT_NEEDED, STATUSES, UNSTATED
from collarclass.definitions.schooling import level_number
from collarclass.errors import DataError
from collarclass.features.term_index import TermIndex
from collarclass.requirement_reader.constants import CLASS, FIELD
from collarclass.requirement_reader.outcomes import ALTERNATIVE, N_DECIDING, N_MENTION, OUTCOMES, Reader
from collarclass.training.mentions import COLUMNS, Judged, MentionColumns, find_mentions, judge, relations

UNKNOWN = -1
PASSAGE = "marked passage"  # note of such a case of the challenge set
_FOLDS = 2  # for the probabilities of mentions that relations between them are learnt from
_OWN_WEIGHT = 0.3  # of the project's own ads, which say what they ask for more plainly than real ones
_PASSAGE_WEIGHT = 0.4  # the same, of passages written for their marked mentions
_WORDING_WEIGHT = 4.0  # of wordings that were read wrongly, each of which stands for many
_SHRINK_MENTION, _SHRINK_ROW, _SHRINK_RELATION = 0.5, 8.0, 0.05
TEMPERATURE = np.array([1.75, 1.5], dtype=np.float32)  # found with sources held out
_STEPS = 200  # of the optimizer


@dataclass(frozen=True, slots=True)
class Examples:
    """Mentions and the ads that they stand in.

    Attributes
    ----------
    features : csr_matrix of float32, shape (n_mentions, n_features)
    row, group, value : ndarray of int64, shape (n_mentions,)
        Ad, class of the lexicon and value there.
    outcome, alternative : ndarray of int64, shape (n_mentions,)
        Index into `OUTCOMES`, and 0 or 1; `UNKNOWN` where nobody decided.
    level, status : ndarray of int64, shape (n_rows,)
        What each ad states; a level of -1 where none is stated or needed, a status of `UNKNOWN` where not read.
    weight : ndarray of float64, shape (n_rows,)
    source : ndarray of str, shape (n_rows,)
        Where each ad was published; empty for texts of the project.
    """

    features: sp.csr_matrix
    row: NDArray[np.int64]
    group: NDArray[np.int64]
    value: NDArray[np.int64]
    outcome: NDArray[np.int64]
    alternative: NDArray[np.int64]
    level: NDArray[np.int64]
    status: NDArray[np.int64]
    weight: NDArray[np.float64]
    source: NDArray[np.str_]

    @property
    def mentions(self) -> MentionColumns:
        """The mentions, as far as their relations depend on them: without place and phrase."""
        nothing = np.zeros(len(self.row), dtype=np.int64)
        columns = dict.fromkeys(COLUMNS, nothing) | {"group": self.group, "value": self.value}
        return MentionColumns(np.bincount(self.row, minlength=len(self.level)), columns)

    @property
    def schooling(self) -> NDArray[np.bool_]:
        """Whether each mention is one of schooling."""
        return np.asarray((self.group == CLASS["level"]) | (self.group == CLASS["nothing"]))


def train_reader(
    data: str | os.PathLike[str],
    vocabulary: NDArray[np.uint64],
    real: Examples,
    own_mentions: str | os.PathLike[str] | None = None,
) -> Reader:
    """Fit the reader on the data folder.

    Parameters
    ----------
    data : path-like
        The project's data folder.
    vocabulary : ndarray of uint64
        Hashes of the facts to learn from.
    real : Examples
        The real ads.
    own_mentions : path-like, optional
        A CSV of your own decided mentions: columns `text`, `mention`, `outcome` and, if there is, `alternative`.

    Returns
    -------
    Reader
    """
    texts, weight, mentions = own_texts(Path(data))
    parts = [real, decided_examples(texts, mentions, weight, vocabulary)]
    if own_mentions is not None:
        parts.append(read_users_mentions(own_mentions, vocabulary))
    return fit_reader(vocabulary, join(parts))


def fit_reader(vocabulary: NDArray[np.uint64], examples: Examples) -> Reader:
    """Fit all weights on examples whose features are those of a vocabulary."""
    fold = _folds(examples)
    outcome, alternative = np.zeros((len(examples.row), len(OUTCOMES))), np.zeros(len(examples.row))
    for k in range(_FOLDS):
        here = fold[examples.row] == k
        sums = examples.features[here] @ _fit_mentions(examples, ~here)
        outcome[here], alternative[here] = probabilities(sums)
    related = relations(examples.mentions, outcome, alternative)
    row_weight, relation = _fit_rows(examples, related)
    weight = np.column_stack((_fit_mentions(examples, np.ones(len(examples.row), dtype=bool)), row_weight))
    used = np.flatnonzero(np.abs(weight).max(axis=1) > 1e-3)
    return Reader(
        vocabulary[used], weight[used].astype(np.float32), relation.astype(np.float32), TEMPERATURE
    )


def _folds(examples: Examples) -> NDArray[np.int64]:
    """Which ads are held out together: those of one source, as new ads come from new sources."""
    _, source = np.unique(examples.source, return_inverse=True)
    scattered = (np.arange(len(examples.level)) * 7919 + 13) % 101
    return np.where(examples.source == "", scattered, source) % _FOLDS


def probabilities(sums: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of the outcomes, and of being an alternative, from the sums of weights."""
    odds = np.exp(sums[:, :ALTERNATIVE] - sums[:, :ALTERNATIVE].max(axis=1, keepdims=True))
    alternative = 1.0 / (1.0 + np.exp(-sums[:, ALTERNATIVE]))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True)), np.asarray(alternative)


def _minimize(
    loss: Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]], size: int, iterations: int
) -> NDArray[np.float64]:
    found = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", options={"maxiter": iterations, "maxcor": 20})
    return np.asarray(found.x)


def _fit_mentions(examples: Examples, among: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weights of what a mention is, and of standing in place of the one before; shape (n_features, 6)."""
    rows = np.flatnonzero(among & (examples.outcome != UNKNOWN))
    matrix = examples.features[rows]
    transposed = matrix.T.tocsr()
    weight = examples.weight[examples.row[rows]]
    truth = np.eye(len(OUTCOMES))[examples.outcome[rows]]
    joined = examples.alternative[rows] == 1
    asked = weight * (examples.schooling[rows] & (examples.alternative[rows] != UNKNOWN))
    shape = (matrix.shape[1], N_MENTION)

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        outcome, alternative = probabilities(matrix @ flat.reshape(shape))
        pull = np.empty((len(rows), N_MENTION))
        pull[:, :ALTERNATIVE] = (outcome - truth) * weight[:, None]
        pull[:, ALTERNATIVE] = (alternative - joined) * asked
        right = np.where(joined, alternative, 1 - alternative)
        total = -(weight * np.log((outcome * truth).sum(axis=1) + 1e-30)).sum() - (asked * np.log(right + 1e-30)).sum()
        gradient = (transposed @ pull).ravel() + _SHRINK_MENTION * flat
        return float(total + _SHRINK_MENTION / 2 * (flat @ flat)), gradient

    return _minimize(loss, shape[0] * shape[1], _STEPS).reshape(shape)


def _fit_rows(examples: Examples, related: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights of deciding an ad: of the features, shape (n_features, 4), and of relations."""
    n, n_related = len(examples.level), related.shape[1]
    level, denial = examples.group == CLASS["level"], examples.group == CLASS["nothing"]
    may = np.zeros((len(examples.row), N_DECIDING), dtype=bool)
    may[level] = True
    may[denial, -1] = True
    status, sought = examples.status[examples.row], examples.level[examples.row]
    sought = np.where(sought < 0, FIELD, sought)
    fits = may & (status[:, None] == np.arange(N_DECIDING))
    fits &= (level & (examples.value == sought))[:, None] | (np.arange(N_DECIDING) == NOT_NEEDED)
    found = np.bincount(examples.row, fits.any(axis=1), n) > 0
    none = examples.status == UNSTATED
    learns = (examples.status != UNKNOWN) & (found | none)  # an ad whose schooling was not found teaches nothing
    rows = np.flatnonzero(examples.schooling & learns[examples.row])
    matrix, beside, of = examples.features[rows], related[rows], examples.row[rows]
    transposed = matrix.T.tocsr()
    may, fits, weight = may[rows], fits[rows], np.where(learns, examples.weight, 0.0)
    cut = matrix.shape[1] * N_DECIDING
    shrink = np.repeat([_SHRINK_ROW, _SHRINK_RELATION], [cut, n_related * N_DECIDING])

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        sums = matrix @ flat[:cut].reshape(-1, N_DECIDING) + beside @ flat[cut:].reshape(-1, N_DECIDING)
        most = np.zeros(n)
        np.maximum.at(most, of, np.where(may, sums, 0.0).max(axis=1))
        odds = np.where(may, np.exp(np.where(may, sums, 0.0) - most[of][:, None]), 0.0)
        nothing = np.exp(-most)
        total = np.bincount(of, odds.sum(axis=1), n) + nothing
        right = np.bincount(of, (odds * fits).sum(axis=1), n) + np.where(none, nothing, 0.0)
        right = np.maximum(right, 1e-30)
        pull = (odds / total[of][:, None] - odds * fits / right[of][:, None]) * weight[of][:, None]
        gradient = np.concatenate(((transposed @ pull).ravel(), (beside.T @ pull).ravel())) + shrink * flat
        return float((weight * (np.log(total) - np.log(right))).sum() + (shrink * flat) @ flat / 2), gradient

    flat = _minimize(loss, len(shrink), _STEPS)
    return flat[:cut].reshape(-1, N_DECIDING), flat[cut:].reshape(-1, N_DECIDING)


def join(parts: list[Examples]) -> Examples:
    """Put examples together."""
    offsets = np.cumsum([0, *(len(part.level) for part in parts)])
    return Examples(
        sp.vstack([part.features for part in parts]).tocsr(),
        np.concatenate([part.row + offset for part, offset in zip(parts, offsets, strict=False)]),
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("group", "value", "outcome", "alternative", "level", "status", "weight", "source")
        ),
    )


def take(examples: Examples, rows: NDArray[np.bool_], mentions: NDArray[np.bool_] | None = None) -> Examples:
    """Some of the ads, with all of their mentions or with some."""
    chosen = rows[examples.row] if mentions is None else rows[examples.row] & mentions
    kept, number = np.flatnonzero(chosen), np.cumsum(rows) - 1
    columns = {name: getattr(examples, name)[kept] for name in ("group", "value", "outcome", "alternative")}
    ads = {name: getattr(examples, name)[rows] for name in ("level", "status", "weight", "source")}
    return Examples(features=examples.features[kept], row=number[examples.row[kept]], **columns, **ads)


def judge_examples(
    reader: Reader, vocabulary: NDArray[np.uint64], examples: Examples, mentions: MentionColumns | None = None
) -> Judged:
    """What a reader makes of examples whose features are those of a vocabulary.

    Of findings it tells only where the mentions are given with place and phrase.
    """
    known, number = TermIndex(reader.hashes).find(vocabulary)
    weight = np.zeros((len(vocabulary), reader.weight.shape[1]))
    weight[known] = reader.weight[number]
    return judge(reader, mentions or examples.mentions, examples.features @ weight)


def own_texts(data: Path) -> tuple[pd.DataFrame, NDArray[np.float64], pd.DataFrame]:
    """Texts of the project with level and status, their weights, and their decided mentions.

    They are the tuned part of the challenge set, more wordings, and some of the project's own ads.
    """
    wordings = read_csv(data / "requirements" / "wordings.csv")
    cases = read_csv(data / "requirements" / "cases.csv")
    cases = cases[cases["part"] == "tuned"]
    own = read_csv(data / "requirements" / "own_ads.csv")
    ads = pd.concat([read_csv(data / "ads" / f"{language}.csv")[["id", "text"]] for language in ("en", "zh")])
    own = own.merge(ads, on="id", how="inner")
    columns = ["id", "text", "level", "status"]
    texts = pd.concat([cases[columns], wordings[columns], own[columns]], ignore_index=True)
    weight = np.repeat([1.0, _WORDING_WEIGHT, _OWN_WEIGHT], [len(cases), len(wordings), len(own)])
    weight[: len(cases)][cases["note"] == PASSAGE] = _PASSAGE_WEIGHT
    return texts, weight, read_csv(data / "requirements" / "mentions.csv")


def levels_and_statuses(texts: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Level and status of each text, as in `Examples`; a `*` stands for what nobody read."""
    known = texts["status"].isin(STATUSES) & (texts["level"] != "*")
    status = texts["status"].map({name: number for number, name in enumerate(STATUSES)})
    numbers = np.asarray(status.where(known, UNKNOWN), dtype=np.int64)
    level = np.asarray(texts["level"].map(level_number).fillna(-1), dtype=np.int64)
    return np.where(numbers == NOT_NEEDED, -1, level), numbers


class Decision(NamedTuple):
    """What a mention was decided to be: index into `OUTCOMES`, and whether it stands in place of the one before."""

    outcome: int = UNKNOWN
    alternative: int = UNKNOWN


def decisions_by_place(decided: pd.DataFrame) -> dict[tuple[str, int, int], Decision]:
    """Decisions by id of the text, and offsets there."""
    return {
        (str(row.id), int(str(row.start)), int(str(row.end))): Decision(
            OUTCOMES.index(str(row.outcome)), int(str(row.alternative) or UNKNOWN)
        )
        for row in decided.itertuples()
    }


def decided_examples(
    texts: pd.DataFrame, decided: pd.DataFrame, weight: NDArray[np.float64], vocabulary: NDArray[np.uint64]
) -> Examples:
    """Texts with level and status, and decided mentions by id and offsets, as examples."""
    mentions, facts, places = find_mentions(texts["text"].tolist(), vocabulary)
    by_place, ids = decisions_by_place(decided), texts["id"].tolist()
    found = [
        by_place.get((ids[row], first, last), Decision())
        for row, (first, last) in zip(mentions.row.tolist(), places.tolist(), strict=True)
    ]
    outcome = np.array([decision.outcome for decision in found], dtype=np.int64)
    alternative = np.array([decision.alternative for decision in found], dtype=np.int64)
    level, status = levels_and_statuses(texts)
    source = texts["source"].to_numpy(np.str_) if "source" in texts else np.full(len(texts), "")
    return Examples(
        features=facts.matrix(len(mentions), len(vocabulary)),
        row=mentions.row,
        group=mentions.columns["group"],
        value=mentions.columns["value"],
        outcome=outcome,
        alternative=alternative,
        level=level,
        status=status,
        weight=weight,
        source=source,
    )


def read_users_mentions(path: str | os.PathLike[str], vocabulary: NDArray[np.uint64]) -> Examples:
    """A user's own decided mentions."""
    table = read_csv(path, "give a CSV with the columns text, mention and outcome")
    name = Path(path).name
    missing = [column for column in ("text", "mention", "outcome") if column not in table]
    if missing:
        raise DataError(
            "{name} has no column {missing!r}: name its columns text, mention, outcome.", name=name,
            missing=missing[0],
        )  # fmt: skip
    rows = []
    for number, row in enumerate(table.to_dict("records"), start=2):
        if row["outcome"] not in OUTCOMES:
            raise DataError(
                "{name}, row {number}: the outcome {outcome!r} is none of {outcomes}.", name=name, number=number,
                outcome=row['outcome'], outcomes=[*OUTCOMES],
            )  # fmt: skip
        begin = row["text"].find(row["mention"])
        if begin < 0 or not row["mention"]:
            raise DataError(
                "{name}, row {number}: the text does not hold the mention {mention!r}.", name=name, number=number,
                mention=row['mention'],
            )  # fmt: skip
        rows.append((row["text"], begin, begin + len(row["mention"]), row["outcome"], row.get("alternative", "")))
    decided = pd.DataFrame(rows, columns=["id", "start", "end", "outcome", "alternative"])
    texts = pd.DataFrame({"id": decided["id"].unique()})
    texts = texts.assign(text=texts["id"], level="*", status="*")
    examples = decided_examples(texts, decided, np.full(len(texts), 3.0), vocabulary)
    if (examples.outcome == UNKNOWN).all():
        raise DataError(
            "{name}: none of its mentions is found by the lexicon. Write mentions as the lexicon has them, or "
            "add them to a lexicon of your own.", name=name,
        )  # fmt: skip
    return examples
