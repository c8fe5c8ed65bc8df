"""Plain classifiers taught by the very data that taught the model: TF-IDF over its hashed n-gram counts.

    python -m research.measure.count_baselines

The written ads, the titles of occupations and the real ads of data/real_ads, with the same weights, as counts of the
words and word pairs of texts and titles. A linear SVM and a logistic regression learn from them. Writes their labels
of the benchmark's items to data/benchmark/submissions, and keeps what they and the model reach on real ads of sources
held out in data/figures/count_baselines.json; for that, `research.measure.held_out` must have run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.svm import LinearSVC

from collarclass.api import default_model
from collarclass.corpus.read import read_data
from collarclass.definitions.labels import LABELS
from collarclass.training.counts import CountedAds, concatenate, count_ads
from collarclass.training.real_ads import read_mentions, real_ads
from collarclass.training.train import training_ads
from research.docs.figures import ROOT, interval, keep, markdown
from research.measure.benchmark_data import read_hard, read_items

DATA = ROOT / "data"
BENCHMARK = DATA / "benchmark"
HELD_OUT = ROOT / "benchmarks" / "held_out.csv"
FOLDS = 4
RESAMPLES = 1000
SUBMISSIONS = {"Linear SVM": "svm_same_data", "TF-IDF + logistic regression": "tfidf_same_data"}
Labels = Callable[[pd.DataFrame], tuple[list[str], NDArray[np.float64]]]


def classifier(name: str) -> LinearSVC | LogisticRegression:
    """A classifier of sparse rows; neither strength was tuned on the benchmark."""
    if name == "Linear SVM":
        return LinearSVC(C=0.3, random_state=0)
    return LogisticRegression(C=10, tol=1e-3, max_iter=100)


@cache
def training_data() -> tuple[pd.DataFrame, CountedAds]:
    """What the model learns from, as rows and as counts: the written ads first, the real ones last."""
    ads, occupations = read_data(DATA)
    reader = default_model().reader
    written = training_ads(ads, occupations)
    real, counted = real_ads(DATA, read_mentions(DATA), reader)
    rows = pd.concat([written, real], ignore_index=True)
    own = count_ads(written["text"].tolist(), written["title"].tolist(), counted.max_tokens, reader)
    return rows, concatenate([own, counted])


class Counts:
    """TF-IDF of the n-grams of texts and of titles, side by side; those of one ad alone are left out."""

    def __init__(self, ads: CountedAds) -> None:
        parts = (ads.text, ads.title)
        self._parts = [part.where(np.flatnonzero(np.bincount(part.counts.indices) > 1)) for part in parts]
        self._weighting = [TfidfTransformer(sublinear_tf=True).fit(part.counts) for part in self._parts]

    def rows(self, ads: CountedAds) -> sp.csr_matrix:
        """Rows that a classifier takes."""
        columns = [
            weighting.transform(own.aligned(known.hashes))
            for own, known, weighting in zip((ads.text, ads.title), self._parts, self._weighting, strict=True)
        ]
        return sp.csr_matrix(sp.hstack(columns))


def learn(name: str) -> Labels:
    """A function from ads (columns title and text) to labels, with how sure of each, higher is surer."""
    rows, counted = training_data()
    counts = Counts(counted)
    fitted = classifier(name).fit(counts.rows(counted), rows["label"], sample_weight=rows["weight"].to_numpy(float))

    def labels(ads: pd.DataFrame) -> tuple[list[str], NDArray[np.float64]]:
        own = count_ads(ads["text"].tolist(), ads["title"].tolist(), counted.max_tokens, default_model().reader)
        matrix = counts.rows(own)
        values = fitted.predict_proba(matrix) if hasattr(fitted, "predict_proba") else fitted.decision_function(matrix)
        return [str(fitted.classes_[k]) for k in values.argmax(axis=1)], values.max(axis=1)

    return labels


def on_sources_held_out() -> pd.DataFrame:
    """Real ads with their source and true label, and the label by each classifier that saw no ad of the source."""
    rows, counted = training_data()
    is_real = rows["group"].str.startswith("source:").to_numpy()
    found = rows.loc[is_real, ["source", "language", "label"]].reset_index(drop=True)
    for name in SUBMISSIONS:
        labels = np.empty(len(rows), object)
        for train, test in GroupKFold(FOLDS).split(rows, groups=rows["group"]):
            test = test[is_real[test]]
            counts = Counts(counted.rows(train))
            fitted = classifier(name).fit(
                counts.rows(counted.rows(train)), rows["label"].iloc[train], rows["weight"].iloc[train]
            )
            labels[test] = fitted.predict(counts.rows(counted.rows(test)))
        found[name] = labels[is_real]
    guesses = [f"p_{label}" for label in LABELS]
    model = pd.read_csv(HELD_OUT).query("part == 'held out'").reset_index(drop=True)
    if not model["label"].equals(found["label"]):
        raise SystemExit(f"{HELD_OUT.name} is of other data: run research.measure.held_out first.")
    found["collarclass"] = np.array(LABELS)[model[guesses].to_numpy().argmax(axis=1)]
    return found


def confusions(found: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """For each source, how many ads of each label were given each: shape (n_sources, 3, 3)."""
    source = pd.factorize(found["source"], sort=True)[0]
    true, given = (pd.Categorical(found[column], LABELS).codes for column in ("label", name))
    counts = np.zeros((source.max() + 1, len(LABELS), len(LABELS)))
    np.add.at(counts, (source, true, given), 1)
    return counts


def macro_f1_of(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Macro-F1 of confusion counts over the last two axes: the mean of the labels that occur in the truth."""
    right, true, given = np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1), counts.sum(axis=-2)
    f1 = 2 * right / np.maximum(true + given, 1)
    return np.asarray((f1 * (true > 0)).sum(axis=-1) / np.maximum((true > 0).sum(axis=-1), 1))


def macro_f1(found: pd.DataFrame, name: str, other: str | None = None) -> tuple[float, float, float]:
    """Macro-F1, or how far it lies above another's on the same ads; 95 % by drawing whole sources."""
    own = confusions(found, name)
    rest = confusions(found, other) if other else None
    drawn = np.random.default_rng(0).integers(0, len(own), (RESAMPLES, len(own)))

    def measured(sources: NDArray[np.int64]) -> NDArray[np.float64]:
        value = macro_f1_of(own[sources].sum(axis=-3))
        return value if rest is None else value - macro_f1_of(rest[sources].sum(axis=-3))

    low, high = np.percentile(measured(drawn), [2.5, 97.5])
    return float(measured(np.arange(len(own)))), float(low), float(high)


def table(found: pd.DataFrame) -> tuple[str, dict[str, Any]]:
    """Macro-F1 on sources held out, and how far the model is ahead, as Markdown and as plain JSON."""
    lines = []
    figures: dict[str, Any] = {}
    for name in ("collarclass", *SUBMISSIONS):
        cells = []
        for language in ("en", "zh"):
            part = found[found["language"] == language]
            own = macro_f1(part, name)
            ahead = macro_f1(part, "collarclass", name) if name != "collarclass" else None
            figures[f"{name}, {language}"] = {"macro_f1": own, "ahead": ahead}
            cells += [interval(v, to=" to ") if v else "" for v in (own, ahead)]
        lines.append([name, *cells])
    head = ("", "English", "the model is ahead by", "Chinese", "the model is ahead by")
    return markdown(head, lines), figures


def submit() -> None:
    """Write the classifiers' labels of every item of the benchmark as files of predictions."""
    items = pd.concat([read_items(BENCHMARK), read_hard(BENCHMARK)], ignore_index=True)
    items = items[items["kind"] != "passage"]
    for name, file in SUBMISSIONS.items():
        labels, _ = learn(name)(items)
        path = BENCHMARK / "submissions" / f"{file}.csv"
        items[["id"]].assign(label=labels).to_csv(path, index=False, lineterminator="\n")


def main() -> None:
    submit()
    shown, figures = table(on_sources_held_out())
    print(shown)
    keep("count_baselines", {"table": shown}, ["data/ads", "data/real_ads", "data/occupations.csv"], figures)


if __name__ == "__main__":
    main()
