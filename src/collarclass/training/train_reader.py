"""Fit the reader of stated requirements: from mentions decided one by one, and from whole ads.

Three parts are learnt from the same hashed features: what each mention is, whether it stands in place of the
one before, and which mention decides the ad's level and status. The last is learnt from ads of which only level
and status are known: a mention that gives this answer has to win against all others, and against none.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from collarclass.corpus.read import read_csv
from collarclass.definitions.labels import NOT_NEEDED, STATUSES, UNSTATED
from collarclass.definitions.schooling import level_number
from collarclass.errors import DataError, require_columns
from collarclass.requirement_reader.constants import CLASS, FIELD
from collarclass.requirement_reader.outcomes import ALTERNATIVE, N_DECIDING, N_MENTION, OUTCOMES, Reader
from collarclass.training.counts import Bools, Floats, Ints
from collarclass.training.mentions import Examples, fact_matrix, find_mentions, join, relations

UNKNOWN = -1
PASSAGE = "marked passage"  # note of such a case of the challenge set
_FOLDS = 2  # for the probabilities of mentions that relations between them are learnt from
_OWN_WEIGHT = 0.3  # of the project's own ads, which say what they ask for more plainly than real ones
_PASSAGE_WEIGHT = 0.4  # the same, of passages written for their marked mentions
_WORDING_WEIGHT = 4.0  # of wordings that were read wrongly, each of which stands for many
_SHRINK_MENTION, _SHRINK_ROW, _SHRINK_RELATION = 0.5, 8.0, 0.05
TEMPERATURE = np.array([1.75, 1.5], dtype=np.float32)  # found with sources held out
_STEPS = 200  # of the optimizer


def train_reader(
    data: str | os.PathLike[str], real: Examples, own_mentions: str | os.PathLike[str] | None = None
) -> Reader:
    """Fit the reader on the project's texts, on mentions of real ads, and on a user's own decided mentions.

    These are a CSV with the columns `text`, `mention`, `outcome` and, if there is, `alternative`.
    """
    parts = [real, decided_examples(*own_texts(Path(data)), real.vocabulary)]
    if own_mentions is not None:
        parts.append(read_users_mentions(own_mentions, real.vocabulary))
    return fit_reader(join(parts))


def fit_reader(examples: Examples) -> Reader:
    """Fit all weights."""
    fold = _folds(examples)
    of, n = examples.mentions["ad"].to_numpy(), len(examples.mentions)
    outcome, alternative = np.zeros((n, len(OUTCOMES))), np.zeros(n)
    for k in range(_FOLDS):
        here = fold[of] == k
        sums = examples.facts[here] @ _fit_mentions(examples, ~here)
        outcome[here], alternative[here] = probabilities(sums)
    related = relations(examples, outcome, alternative)
    row_weight, relation = _fit_rows(examples, related)
    weight = np.column_stack((_fit_mentions(examples, np.ones(n, dtype=bool)), row_weight))
    used = np.flatnonzero(np.abs(weight).max(axis=1) > 1e-3)
    hashes = examples.vocabulary["hash"].to_numpy()[used]
    return Reader(hashes, weight[used].astype(np.float32), relation.astype(np.float32), TEMPERATURE)


def _folds(examples: Examples) -> Ints:
    """Which ads are held out together: those of one source, as new ads come from new sources."""
    _, source = np.unique(examples.ads["source"].to_numpy(np.str_), return_inverse=True)
    scattered = (np.arange(len(source)) * 7919 + 13) % 101
    return np.where(examples.ads["source"] == "", scattered, source) % _FOLDS


def _is_schooling(group: Ints) -> Bools:
    return np.asarray((group == CLASS["level"]) | (group == CLASS["nothing"]))


def probabilities(sums: Floats) -> tuple[Floats, Floats]:
    """Of the outcomes, and of being an alternative, from the sums of weights."""
    odds = np.exp(sums[:, :ALTERNATIVE] - sums[:, :ALTERNATIVE].max(axis=1, keepdims=True))
    alternative = 1.0 / (1.0 + np.exp(-sums[:, ALTERNATIVE]))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True)), np.asarray(alternative)


def _minimize(loss: Callable[[Floats], tuple[float, Floats]], size: int) -> Floats:
    found = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS, "maxcor": 20})
    return np.asarray(found.x)


def _fit_mentions(examples: Examples, among: Bools) -> Floats:
    """Weights of what a mention is, and of standing in place of the one before; shape (n_features, 6)."""
    known = among & (examples.mentions["outcome"] != UNKNOWN).to_numpy()
    of, group, decided, alternatives = (
        examples.mentions[name].to_numpy()[known] for name in ("ad", "group", "outcome", "alternative")
    )
    matrix = examples.facts[np.flatnonzero(known)]
    transposed = matrix.T.tocsr()
    weight = examples.ads["weight"].to_numpy()[of]
    truth = np.eye(len(OUTCOMES))[decided]
    joined = alternatives == 1
    asked = weight * (_is_schooling(group) & (alternatives != UNKNOWN))
    shape = (matrix.shape[1], N_MENTION)

    def loss(flat: Floats) -> tuple[float, Floats]:
        outcome, alternative = probabilities(matrix @ flat.reshape(shape))
        pull = np.empty((len(weight), N_MENTION))
        pull[:, :ALTERNATIVE] = (outcome - truth) * weight[:, None]
        pull[:, ALTERNATIVE] = (alternative - joined) * asked
        right = np.where(joined, alternative, 1 - alternative)
        total = -(weight * np.log((outcome * truth).sum(axis=1) + 1e-30)).sum() - (asked * np.log(right + 1e-30)).sum()
        gradient = (transposed @ pull).ravel() + _SHRINK_MENTION * flat
        return float(total + _SHRINK_MENTION / 2 * (flat @ flat)), gradient

    return _minimize(loss, shape[0] * shape[1]).reshape(shape)


def _fit_rows(examples: Examples, related: Floats) -> tuple[Floats, Floats]:
    """Weights of deciding an ad: of the features, shape (n_features, 4), and of relations."""
    of, group, value = (examples.mentions[name].to_numpy() for name in ("ad", "group", "value"))
    stated, levels, weight = (examples.ads[name].to_numpy() for name in ("status", "level", "weight"))
    n, n_related = len(stated), related.shape[1]
    level, denial = group == CLASS["level"], group == CLASS["nothing"]
    may = np.zeros((len(of), N_DECIDING), dtype=bool)
    may[level] = True
    may[denial, -1] = True
    status, sought = stated[of], np.where(levels[of] < 0, FIELD, levels[of])
    fits = may & (status[:, None] == np.arange(N_DECIDING))
    fits &= (level & (value == sought))[:, None] | (np.arange(N_DECIDING) == NOT_NEEDED)
    found = np.bincount(of, fits.any(axis=1), n) > 0
    none = stated == UNSTATED
    learns = (stated != UNKNOWN) & (found | none)  # an ad whose schooling was not found teaches nothing
    rows = np.flatnonzero(_is_schooling(group) & learns[of])
    matrix, beside, of = examples.facts[rows], related[rows], of[rows]
    transposed = matrix.T.tocsr()
    may, fits, weight = may[rows], fits[rows], np.where(learns, weight, 0.0)
    cut = matrix.shape[1] * N_DECIDING
    shrink = np.repeat([_SHRINK_ROW, _SHRINK_RELATION], [cut, n_related * N_DECIDING])

    def loss(flat: Floats) -> tuple[float, Floats]:
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

    flat = _minimize(loss, len(shrink))
    return flat[:cut].reshape(-1, N_DECIDING), flat[cut:].reshape(-1, N_DECIDING)


def own_texts(data: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Texts of the project with level, status and weight, and their decided mentions.

    They are the tuned part of the challenge set, more wordings, and some of the project's own ads.
    """
    wordings = read_csv(data / "requirements" / "wordings.csv")
    cases = read_csv(data / "requirements" / "cases.csv")
    cases = cases[cases["part"] == "tuned"]
    own = read_csv(data / "requirements" / "own_ads.csv")
    ads = pd.concat([read_csv(data / "ads" / f"{language}.csv")[["id", "text"]] for language in ("en", "zh")])
    own = own.merge(ads, on="id", how="inner")
    columns = ["id", "text", "level", "status", "weight"]
    cases = cases.assign(weight=np.where(cases["note"] == PASSAGE, _PASSAGE_WEIGHT, 1.0))
    parts = (cases, wordings.assign(weight=_WORDING_WEIGHT), own.assign(weight=_OWN_WEIGHT))
    texts = pd.concat([part[columns] for part in parts], ignore_index=True)
    return texts, read_csv(data / "requirements" / "mentions.csv")


def levels_of(texts: pd.DataFrame) -> pd.DataFrame:
    """Texts as the table of ads of `Examples`; a `*` stands for what nobody read."""
    known = texts["status"].isin(STATUSES) & (texts["level"] != "*")
    status = texts["status"].map({name: number for number, name in enumerate(STATUSES)}).where(known, UNKNOWN)
    level = texts["level"].map(level_number).fillna(-1).mask(status == NOT_NEEDED, -1)
    source = texts["source"].to_numpy(object) if "source" in texts else ""
    columns = {"level": np.asarray(level, np.int64), "status": np.asarray(status, np.int64)}
    return pd.DataFrame(columns | {"weight": texts["weight"].to_numpy(float)}).assign(source=source)


def with_decisions(mentions: pd.DataFrame, ids: list[str], decided: pd.DataFrame) -> pd.DataFrame:
    """Mentions with what was decided of them by id of the text, and offsets there."""
    place = ["id", "start", "end"]
    known = decided[place].astype({"start": np.int64, "end": np.int64}).assign(
        outcome=[OUTCOMES.index(outcome) for outcome in decided["outcome"]],
        alternative=[int(value or UNKNOWN) for value in decided["alternative"]],
    )  # fmt: skip
    found = mentions.assign(id=np.array(ids, dtype=object)[mentions["ad"]])
    found = found.merge(known.drop_duplicates(place, keep="last"), "left", place).drop(columns="id")
    return found.fillna({"outcome": UNKNOWN, "alternative": UNKNOWN}).astype(
        {"outcome": np.int64, "alternative": np.int64}
    )


def decided_examples(texts: pd.DataFrame, decided: pd.DataFrame, vocabulary: pd.DataFrame) -> Examples:
    """Texts with level and status, and decided mentions by id and offsets, as examples."""
    mentions, facts = find_mentions(texts["text"].tolist(), vocabulary["hash"].to_numpy())
    found = with_decisions(mentions, texts["id"].tolist(), decided)
    matrix = fact_matrix(facts, (len(found), len(vocabulary)))
    return Examples(found, matrix, levels_of(texts), vocabulary)


def read_users_mentions(path: str | os.PathLike[str], vocabulary: pd.DataFrame) -> Examples:
    """A user's own decided mentions."""
    table, name = read_csv(path, "give a CSV with the columns text, mention and outcome"), Path(path).name
    require_columns(("text", "mention", "outcome"), table.columns, name)
    pairs = zip(table["text"], table["mention"], strict=True)
    start = [text.find(mention) if mention else -1 for text, mention in pairs]
    for number, (row, begin) in enumerate(zip(table.to_dict("records"), start, strict=True), 2):
        if row["outcome"] not in OUTCOMES:
            raise DataError(
                "{name}, row {number}: the outcome {outcome!r} is none of {outcomes}.", name=name, number=number,
                outcome=row['outcome'], outcomes=[*OUTCOMES],
            )  # fmt: skip
        if begin < 0:
            raise DataError(
                "{name}, row {number}: the text does not hold the mention {mention!r}.", name=name, number=number,
                mention=row['mention'],
            )  # fmt: skip
    decided = table.reindex(columns=["text", "outcome", "alternative"], fill_value="").rename(columns={"text": "id"})
    decided = decided.assign(start=start, end=np.add(start, table["mention"].str.len()))
    texts = pd.DataFrame({"id": table["text"].unique(), "level": "*", "status": "*", "weight": 3.0})
    texts = texts.assign(text=texts["id"])
    examples = decided_examples(texts, decided, vocabulary)
    if (examples.mentions["outcome"] == UNKNOWN).all():
        raise DataError(
            "{name}: none of its mentions is found by the lexicon. Write mentions as the lexicon has them, or "
            "add them to a lexicon of your own.", name=name,
        )  # fmt: skip
    return examples
