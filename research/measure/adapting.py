"""What own labels teach: ways to adapt a model to another definition, on sources that no way has seen.

    python -m research.measure.adapting [--splits 2]

Half of the sources of real ads, drawn anew for each split, teach a model as the shipped one is taught. Of the other
sources some give 50, 200 or 1,000 ads labelled by another definition, and the rest are tested on. Needs the data folder
only. Writes data/adapting.json, which names the shipped model of that day, and the table of the pages on
retraining.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from collarclass.api import default_model
from collarclass.corpus.read import read_data
from collarclass.definitions.labels import LABELS, RATINGS, TYPICAL_RATINGS
from collarclass.evaluation.metrics import macro_f1
from collarclass.model.model import Model
from collarclass.training.adapt import KnownAds, learn_change
from collarclass.training.counts import CountedAds, concatenate, count_ads
from collarclass.training.estimator import CollarClassifier
from collarclass.training.real_ads import read_mentions, real_ads, source_weights
from collarclass.training.train import training_ads

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
PAGES = (ROOT / "docs" / "how_to" / "retrain.md", ROOT / "docs" / "how_to" / "retrain.zh.md")
START, END = "<!-- adapting -->", "<!-- end of adapting -->"
SIZES = (50, 200, 1000)
DRAWS = 3  # of ads for each size and split
Ads = tuple[pd.DataFrame, CountedAds]


def wider(ads: pd.DataFrame) -> NDArray[Any]:
    """Gray from a short course and some practice upwards."""
    a, h = (ads[column].to_numpy(float) for column in RATINGS)
    label = ads["label"].to_numpy(object)
    return np.where(((a >= 1) & (h >= 2) & (label != "white")) | ((a >= 2) & (h >= 1)), "gray", label)


def narrower(ads: pd.DataFrame) -> NDArray[Any]:
    """Gray from nearly a degree and mostly practice upwards."""
    a, h = (ads[column].to_numpy(float) for column in RATINGS)
    label = ads["label"].to_numpy(object)
    return np.where((label == "gray") & ((a < 2.5) | (h < 3)), np.where(a >= 2.5, "white", "blue"), label)


DEFINITIONS: dict[str, Callable[[pd.DataFrame], NDArray[Any]]] = {
    "as shipped": lambda ads: ads["label"].to_numpy(object),
    "gray wider": wider,
    "gray narrower": narrower,
}


WORDS: tuple[dict[str, str], ...] = (
    {},
    {
        "as shipped": "原定义",
        "gray wider": "灰领放宽",
        "gray narrower": "灰领收窄",
        "the model as it is": "原模型",
        "a logistic regression on the model's features": "在模型特征上另做逻辑回归",
        "own ads alone": "只用自己的广告训练",
    },
)


def trained(written: Ads, real: Ads, rows: NDArray[np.int64], own: Ads | None = None) -> Model:
    """A model taught as the shipped one is, by some of the real ads, and by own ones where there are any."""
    learnt = real[0].iloc[rows]
    tables = [written[0], learnt.assign(weight=source_weights(learnt))]
    counts = [written[1], real[1].rows(rows)]
    if own is not None:
        typical = np.array([TYPICAL_RATINGS[label] for label in own[0]["label"]])
        tables.append(own[0].assign(weight=1.0, **dict(zip(RATINGS, typical.T, strict=True))))
        counts.append(own[1])
    table = pd.concat(tables, ignore_index=True)
    fitted = CollarClassifier(n_folds=3).fit(
        concatenate(counts), table["label"], table[list(RATINGS)], table["group"], table["weight"].to_numpy()
    )
    return fitted.model_


def head_features(known: KnownAds) -> NDArray[np.float64]:
    """What a head of one's own learns from: scores, probabilities and what is stated."""
    return np.column_stack((np.clip(known.rating, 0, 4) / 4, known.unchanged(), known.stated))


def quick_ways(
    known: KnownAds,
    labels: NDArray[np.int64],
    own: NDArray[np.int64],
    test: NDArray[np.int64],
    groups: NDArray[np.int64],
) -> dict[str, NDArray[np.int64]]:
    """Labels of the test ads by each way that takes seconds."""
    before, ads = known.unchanged(), known.rows(own)
    found = {}
    for way, scores_stay in (("`calibrate`", True), ("`adapt`", False)):
        group = np.unique(groups[own], return_inverse=True)[1]
        _, change = learn_change(ads, labels[own], group, scores_stay=scores_stay)
        found[way] = change.probabilities(known.rows(test)) if change is not None else before[test]
    head = LogisticRegression(C=1.0, max_iter=2000).fit(head_features(ads), labels[own])
    return {
        "the model as it is": before[test].argmax(axis=1),
        **{way: probabilities.argmax(axis=1) for way, probabilities in found.items()},
        "a logistic regression on the model's features": head.predict(head_features(known.rows(test))),
    }


def measure(written: Ads, real: Ads, split: int) -> list[dict[str, Any]]:
    """One split of the sources: accuracy and macro-F1 of every way under every definition."""
    table, counted = real
    rng = np.random.default_rng(split)
    sources = rng.permutation(np.sort(table["source"].unique()))
    learnt = np.flatnonzero(table["source"].isin(sources[: len(sources) // 2]))
    base = trained(written, real, learnt)
    rest = np.setdiff1d(np.arange(len(table)), learnt)
    theirs, known = table.iloc[rest].reset_index(drop=True), KnownAds.of_counts(base, counted.rows(rest))
    groups = pd.factorize(theirs["source"])[0].astype(np.int64)
    found = []
    for name, relabel in DEFINITIONS.items():
        given = relabel(theirs)
        labels = np.array([LABELS.index(label) for label in given], dtype=np.int64)
        for draw in range(DRAWS):
            chosen = np.random.default_rng((split, draw)).permutation(groups.max() + 1)
            ours = np.isin(groups, chosen[: len(chosen) // 2])
            test, pool = np.flatnonzero(~ours), np.random.default_rng(draw).permutation(np.flatnonzero(ours))
            for size in SIZES:
                own = pool[:size]
                ways = quick_ways(known, labels, own, test, groups)
                if size == SIZES[-1] and not draw:
                    rows = theirs.iloc[own].assign(label=given[own])
                    mine = rows, counted.rows(rest[own])
                    alone = CollarClassifier(n_folds=3).fit(mine[1], rows["label"], groups=rows["source"]).model_
                    beside = trained(written, real, learnt, mine)
                    for way, model in (("`train --own`", beside), ("own ads alone", alone)):
                        their = KnownAds.of_counts(model, counted.rows(rest[test]))
                        ways[way] = their.unchanged().argmax(axis=1)
                for way, said in ways.items():
                    right = {"accuracy": (said == labels[test]).mean(), "macro_f1": macro_f1(
                        np.array(LABELS)[labels[test]], np.array(LABELS)[said])}  # fmt: skip
                    found.append({"definition": name, "way": way, "n": size, "split": split, "draw": draw, **right})
        changed = (given != theirs["label"]).mean()
        print(f"split {split}, {name}: {changed:.0%} of labels changed", flush=True)
    return found


def write_pages(figures: list[dict[str, Any]]) -> None:
    """Write the table of accuracy by way, definition and number of ads into the pages."""
    accuracy = {(row["way"], row["definition"], row["n"]): row["accuracy"] for row in figures}
    cells = [(name, size) for name in DEFINITIONS for size in SIZES]
    for page, words in zip(PAGES, WORDS, strict=True):
        heads = [f"{words.get(name, name)}, {size:,}" for name, size in cells]
        lines = ["| | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(cells)]
        for way in dict.fromkeys(row["way"] for row in figures):
            shown = [f"{accuracy[way, *cell]:.3f}" if (way, *cell) in accuracy else "" for cell in cells]
            lines.append(f"| {words.get(way, way)} | " + " | ".join(shown) + " |")
        text = page.read_text("utf-8")
        before, after = text.split(START)[0], text.split(END)[1]
        page.write_text(f"{before}{START}\n" + "\n".join(lines) + f"\n{END}{after}", "utf-8")


def main() -> None:
    """Split, adapt, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=int, default=2)
    options = parser.parse_args()
    ads, occupations = read_data(DATA)
    rows = training_ads(ads, occupations)
    written = rows, count_ads(rows["text"].tolist(), rows["title"].tolist())
    real = real_ads(DATA, read_mentions(DATA), default_model().reader)
    found = pd.DataFrame([row for split in range(options.splits) for row in measure(written, real, split)])
    means = found.groupby(["definition", "way", "n"], sort=False)[["accuracy", "macro_f1"]].mean().round(4)
    figures = [{**dict(zip(means.index.names, key, strict=True)), **row} for key, row in means.to_dict("index").items()]  # type: ignore[call-overload]
    kept = {"model": default_model().identity, "splits": options.splits, "draws": DRAWS, "rows": figures}
    (DATA / "adapting.json").write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    write_pages(figures)


if __name__ == "__main__":
    main()
