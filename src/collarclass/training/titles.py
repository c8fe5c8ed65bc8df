"""Rated job titles → the title model: which titles teach, how the sums are fitted, how they are calibrated."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from collarclass.corpus.read import read_csv
from collarclass.definitions.labels import LABELS, RATINGS
from collarclass.features.ngrams import title_features
from collarclass.features.term_index import TermIndex
from collarclass.model.model import TitleModel, class_probabilities
from collarclass.occupation.table import ALTERNATE_TITLES, read_titles
from collarclass.text.cut import MIN_LETTERS
from collarclass.text.frames import runs
from collarclass.text.tokens import Tokens, tokenize
from collarclass.training.counts import Bools, Floats, Ints, scaled_counts, stop_words_before
from collarclass.training.words import fit_decisions, fit_words, hashed_folds
from collarclass.training.work_check import read_no_content

# What a title of each kind counts for in the fit of the sums, and in that of the decision. An alternate title
# of O*NET carries the rating of its whole occupation, and there are nine of them for each other title. Contrast ads
# have like titles and unlike labels, on purpose: they would make every title look less sure than it is. The few that
# the definition itself calls gray count most, and then those that were rated because models often err on them.
KINDS: dict[str, tuple[float, float]] = {
    "working title": (1.0, 1.0),
    "official title": (1.0, 1.0),
    "alternate title": (0.1, 0.0),
    "ad": (1.5, 1.5),
    "contrast ad": (1.5, 0.0),
    "csco": (2.0, 0.3),
    "definition": (8.0, 0.0),
    "rated": (4.0, 1.0),
}
# What tells a title of a job from others is a logistic regression with this inverse penalty. A title without a job
# weighs as much as five with one, a line of a text without content as two: there are few of them to learn from.
_C = 3.0
_ALPHA = 0.3  # of the ridge regression
_FOCUS = 0.4  # how far a feature's value rises with what it tells, as in `CollarClassifier`
_BALANCE = 0.25  # how far the decision's classes are weighted up to equal shares: 0 not at all, 1 wholly
_MAX_TERMS = 70_000  # features that are kept: those that tell most
NO_JOB = {"no job": 5.0, "line": 2.0, "duty": 0.5}
_ADS_WITH_DUTIES, _DUTIES = 2000, 4  # written ads of a language whose clauses teach what no title is; of each
_HEAD = 700  # characters of an ad that clauses are taken from
_MAX_LINE = {"en": 60, "zh": 20}  # characters of a line that could be a title
MAX_LOST = 0.015  # share of titles of jobs that may be taken for none
_N_FOLDS = 4


def title_rows(folder: str | os.PathLike[str], ads: pd.DataFrame, occupations: pd.DataFrame) -> pd.DataFrame:
    """Lay out every rated title of the data folder, with label and ratings (missing where it names no job).

    `kind` says where it is from, and `group` is its occupation.
    """
    root, columns = Path(folder), ["title", "label", *RATINGS, "kind", "group"]
    occupations = occupations.assign(group=occupations["onet_code"])
    parts = [occupations.assign(kind="official title")]
    for column in ("titles_en", "titles_zh"):
        working = occupations.assign(title=occupations[column].str.split("; "), kind="working title")
        parts.append(working.explode("title"))
    alternate = read_titles(root / ALTERNATE_TITLES)
    parts.append(alternate.merge(occupations.drop(columns="title"), on="onet_code").assign(kind="alternate title"))
    contrast = ads["kind"] == "contrast" if "kind" in ads else np.zeros(len(ads), bool)
    parts.append(ads.assign(kind=np.where(contrast, "contrast ad", "ad"), group=ads["onet_code"]))
    chinese = read_csv(root / "csco_titles.csv").rename(columns={"name": "title"})
    chinese = chinese.astype(dict.fromkeys(RATINGS, float))
    parts.append(chinese.assign(kind="csco", group=chinese["code"].str[:7]))
    named = read_csv(root / "article_titles.csv").astype(dict.fromkeys(RATINGS, float))
    parts.append(named.assign(kind="definition", group="definition " + named.index.astype(str)))
    rated = read_csv(root / "rated_titles.csv").astype(dict.fromkeys(RATINGS, float))
    parts.append(rated.assign(kind="rated", group="rated " + rated["title"]))
    parts += [titles_without_job(root), _duties(ads)]
    return pd.concat([part.reindex(columns=columns) for part in parts], ignore_index=True)


def titles_without_job(folder: str | os.PathLike[str], part: str = "train") -> pd.DataFrame:
    """Titles that name no job, titles of texts without content, and the short lines of such texts.

    Those of the part "train" teach, those of "held" are kept back to measure with.
    """
    root = Path(folder)
    named, texts = read_csv(root / "titles_without_job.csv"), read_no_content(root)
    texts = texts[texts["label"] == "unclear"]
    lines = texts.assign(title=texts["text"].str.split(r"[.!?;。！？；\n]+", regex=True)).explode("title")
    lines["title"] = lines["title"].str.strip(" -•*")
    lines = lines[lines["title"].str.len().between(3, lines["language"].map(_MAX_LINE))]
    named = pd.concat([named, texts[texts["title"] != ""]])
    rows = pd.concat([named.assign(kind="no job"), lines.assign(kind="line")], ignore_index=True)
    rows = rows[rows["part"] == part].drop_duplicates("title").reset_index(drop=True)
    return rows[["language", "title", "kind"]].assign(label="unclear", group="no job " + rows.index.astype(str))


def _duties(ads: pd.DataFrame) -> pd.DataFrame:
    """Clauses of written ads, which say what the work is and are no titles, save those that share a title's words."""
    rows = []
    for chinese in (False, True):
        some = ads[ads["text"].str.contains("[\u4e00-\u9fff]") == chinese]
        some = some.iloc[:: max(1, len(some) // _ADS_WITH_DUTIES)]
        for text, title, code in zip(some["text"], some["title"], some["onet_code"], strict=True):
            name = title.casefold()
            words = [name[i : i + 2] for i in range(len(name) - 1)] if chinese else name.split()
            clauses = [text[run.start : run.end] for run in runs(text[:_HEAD]) if not run.vague]
            fit = [c for c in clauses if 4 <= len(c) <= _MAX_LINE["zh" if chinese else "en"]]
            own = [c for c in fit if not any(word in c.casefold() for word in words if chinese or len(word) > 3)]
            rows += [(clause, code) for clause in own[:: max(1, len(own) // _DUTIES)][:_DUTIES]]
    found = pd.DataFrame(rows, columns=["title", "group"]).drop_duplicates("title")
    return found.assign(kind="duty", label="unclear")


def fit_titles(rows: pd.DataFrame) -> tuple[TitleModel, pd.DataFrame]:
    """Fit the model of bare titles on rows of `title_rows`.

    The table has for each row, by a model that saw no title of its group: the probabilities `p_white`, `p_blue`,
    `p_gray`, the two scores, and `job`, the sum that tells a job.
    """
    n_rows = len(rows)
    rows = pd.concat([rows, _embedded(rows)], ignore_index=True)
    weight, decision_weight = np.array([KINDS.get(kind, (0.0, 0.0)) for kind in rows["kind"]]).T
    job_weight = rows["kind"].map(NO_JOB | {"embedded": 1.0}).fillna(0.0).to_numpy() + weight
    tokens = tokenize(rows["title"].tolist())
    chinese, is_job = tokens.is_chinese, ~rows["kind"].isin(NO_JOB).to_numpy()
    hashes, counts, displayable = _features(tokens, job_weight > 0)
    lessons = (rows[list(RATINGS)].to_numpy(np.float64), weight, is_job, job_weight)
    fold = hashed_folds(rows["group"], _N_FOLDS)
    found = np.zeros((len(rows), 3))
    for k in range(_N_FOLDS):
        fitted = _fit(counts[fold != k], *(lesson[fold != k] for lesson in lessons))
        found[fold == k] = fitted.values(counts[fold == k])
    scores = np.clip(found[:, :2], 0, 4) / 4
    used = (decision_weight > 0) & is_job
    labels = rows["label"].to_numpy(object)[used]
    decision = fit_decisions(scores[used], labels, decision_weight[used], chinese[used], _BALANCE).astype(np.float32)
    words = rows["title"][weight > 0].str.casefold().str.findall(rf"[a-z]{{{MIN_LETTERS},}}").explode().dropna()
    often = words.groupby(words).size().sort_values(ascending=False, kind="stable")  # by which slips are found
    by_job = np.argsort(found[:, 2])  # held out; `MAX_LOST` of the titles of jobs lie below the limit
    limit = found[by_job, 2][np.searchsorted(np.cumsum(weight[by_job]) / weight.sum(), MAX_LOST)]
    kept = _fit(counts, *lessons).most_telling(counts)
    fitted = _fit(counts[:, kept], *lessons)
    model = TitleModel(
        vocabulary=TermIndex(hashes[kept]),
        scale=fitted.scale.astype(np.float32),
        weight=np.ascontiguousarray(fitted.weight, np.float32),
        job=fitted.job.astype(np.float32),
        displayable=displayable[kept],
        intercept=fitted.intercept.astype(np.float32),
        decision=decision,
        min_job=np.array([limit - fitted.start], np.float32),
        words=np.frombuffer("\n".join(often.index).encode("ascii"), np.uint8),
    )
    probabilities = class_probabilities(decision[chinese.astype(int)], scores)
    held_out = pd.DataFrame(probabilities, columns=[f"p_{label}" for label in LABELS])
    held_out[["academic_score", "hands_on_score"]] = scores
    return model, held_out.assign(job=found[:, 2])[:n_rows]


def _embedded(rows: pd.DataFrame) -> pd.DataFrame:
    """Titles of jobs before or behind one that names none, of the same script and fold: "Hiring now - cooks".

    Some English ones are plurals, and some have the last word of the other title alone behind them: "Cooks wanted".
    """
    random, titles = np.random.default_rng(0), rows["title"].to_numpy(str)
    fold = hashed_folds(rows["group"], _N_FOLDS)
    chinese = rows["title"].str.contains("[\u4e00-\u9fff]").to_numpy(bool)
    none = (rows["kind"] == "no job").to_numpy()
    shown = rows["kind"].map(lambda kind: KINDS.get(kind, (0.0, 0.0))[0] >= 1.0).to_numpy(bool)
    plural = rows["title"].str.contains("[a-rt-z]$").to_numpy(bool) & (random.random(len(rows)) < 0.5)
    jobs_shown = np.where(plural, np.char.add(titles, "s"), titles).astype(object)
    last_words = np.array([title.rpartition(" ")[2] for title in titles], dtype=object)
    out = [rows[:0]]
    for script in (False, True):
        joints = np.array(["", "，", " ", "："] if script else [" - ", ": ", ", ", " ", "! "], dtype=object)
        for k in range(_N_FOLDS):
            jobs, others = (np.flatnonzero(which & (chinese == script) & (fold == k)) for which in (shown, none))
            if not len(others):
                continue
            other, joint = (random.choice(from_, len(jobs)) for from_ in (others, joints))
            draw = random.random(len(jobs))
            job, words = jobs_shown[jobs], titles[other].astype(object)
            title = np.where(draw < 0.6, words + joint + job, job + joint + words)
            title = np.where(draw > 0.8, job + " " + last_words[other], title) if not script else title
            out.append(rows.iloc[jobs].assign(title=title, kind="embedded"))
    return pd.concat(out, ignore_index=True)


@dataclass(frozen=True, slots=True)
class _Fitted:
    """What each feature counts for, what it weighs in ratings and in whether it names a job; where the sums start."""

    scale: Floats
    weight: Floats
    job: Floats
    intercept: Floats
    start: float

    def values(self, counts: sp.csr_matrix) -> Floats:
        """Both ratings of each row of a matrix of features, and the log-odds that it names a job."""
        ratings = scaled_counts(counts, self.scale) @ self.weight + self.intercept
        return np.column_stack((ratings, counts @ self.job + self.start))

    def most_telling(self, counts: sp.csr_matrix) -> Ints:
        """The features whose weights, by how often they stand in titles, move the sums most."""
        often = np.sqrt(np.bincount(counts.indices, minlength=counts.shape[1]))
        spreads = (np.sqrt((self.weight**2).sum(axis=1)) * self.scale * often, np.abs(self.job) * often)
        spread = sum(spread / max(np.sqrt((spread**2).mean()), 1e-9) for spread in spreads)
        return np.sort(np.argsort(-spread, kind="stable")[:_MAX_TERMS])


def _features(tokens: Tokens, used: Bools) -> tuple[NDArray[np.uint64], sp.csr_matrix, Bools]:
    """The features of the titles used: their hashes, which title has which, and whether each reads like a reason."""
    found = title_features(tokens)
    row = tokens.row[found.first]
    of = np.flatnonzero(used[row])
    row, first, last = row[of], found.first[of], found.last[of]
    hashes, term = np.unique(found.hashes[of], return_inverse=True)
    counts = sp.csr_matrix((np.ones(len(term)), (row, term)), shape=(len(used), len(hashes)))
    counts.data[:] = 1.0
    alone = tokens.ideograph[first] & (first == last)
    displayable, dull = np.zeros(len(hashes), dtype=bool), stop_words_before(tokens)
    displayable[term] = (dull[last + 1] - dull[first] <= last - first) & ~alone
    return hashes, counts, displayable


def _fit(counts: sp.csr_matrix, target: Floats, weight: Floats, is_job: Bools, job_weight: Floats) -> _Fitted:
    """Fit the ratings as `CollarClassifier` does, then what names a job."""
    jobs, shown = np.flatnonzero(is_job & (weight > 0)), np.flatnonzero(job_weight > 0)
    fitted, intercept = fit_words([counts[jobs]], target[jobs], weight[jobs], alpha=_ALPHA, focus=_FOCUS)
    job, start = np.zeros(counts.shape[1]), 0.0
    if not is_job[shown].all():
        logistic = LogisticRegression(C=_C, solver="liblinear", tol=1e-3)
        logistic.fit(counts[shown], is_job[shown], job_weight[shown])
        job, start = logistic.coef_[0], float(logistic.intercept_[0])
    return _Fitted(*fitted[0], job, intercept, start)
