"""What more real ads are worth: macro-F1 on sources held out, against how many ads and sources were learnt from.

    python -m research.measure.learning_curve [--splits 3]

A third of the sources is held out, drawn anew for each split. Models are trained as the shipped one
is, on the written ads and on some of the real ads of the other sources: so many at random, or all
ads of so many sources, the smallest first. Needs the data folder only. Writes
data/learning_curve.json, which names the shipped model of that day, and the table in
docs/contributors/experiments.md.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass.api import default_model
from collarclass.corpus.read import read_data
from collarclass.definitions.labels import LABELS
from collarclass.evaluation.metrics import macro_f1
from collarclass.training.adapt import KnownAds
from collarclass.training.counts import CountedAds, count_ads
from collarclass.training.real_ads import read_mentions, real_ads
from collarclass.training.train import training_ads
from research.measure.adapting import trained

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "contributors" / "experiments.md"
START, END = "<!-- learning curve -->", "<!-- end of learning curve -->"
SIZES = (0, 1000, 2500, 5000)
SOURCES = (8, 16)
HELD_OUT = 1 / 3


def score(
    written: tuple[pd.DataFrame, CountedAds],
    real: tuple[pd.DataFrame, CountedAds],
    learnt: NDArray[np.int64],
    held_out: NDArray[np.int64],
) -> dict[str, float]:
    """Train on the written ads and some real ones; macro-F1 on real ads held out, by language."""
    model = trained(written, real, learnt)
    found = KnownAds.of_counts(model, real[1].rows(held_out)).unchanged()
    table = real[0]
    label = np.array(LABELS)[found.argmax(axis=1)]
    truth = table["label"].to_numpy()[held_out]
    language = table["language"].to_numpy()[held_out]
    return {name: macro_f1(truth[language == name], label[language == name]) for name in ("en", "zh")}


def settings(
    table: pd.DataFrame, learnable: NDArray[np.int64], rng: np.random.Generator
) -> dict[str, NDArray[np.int64]]:
    """Which real ads are learnt from, under each row of the table."""
    shuffled = rng.permutation(learnable)
    chosen = {f"{size:,} real ads at random": shuffled[:size] for size in SIZES if size <= len(shuffled)}
    sizes = table.iloc[learnable]["source"].value_counts(ascending=True, sort=True)
    for n in SOURCES:
        small = set(sizes.index[:n])
        chosen[f"all ads of the {n} smallest sources"] = learnable[
            table["source"].iloc[learnable].isin(small).to_numpy()
        ]
    return chosen | {"all ads of all other sources": learnable}


def main() -> None:
    """Split, train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--splits", type=int, default=3)
    options = parser.parse_args()
    ads, occupations = read_data(ROOT / "data")
    rows = training_ads(ads, occupations)
    written = rows, count_ads(rows["text"].tolist(), rows["title"].tolist())
    real = real_ads(ROOT / "data", read_mentions(ROOT / "data"), default_model().reader)
    found = []
    for split in range(options.splits):
        rng = np.random.default_rng(split)
        table = real[0]
        sources = np.sort(table["source"].unique())
        out = set(rng.choice(sources, round(len(sources) * HELD_OUT), replace=False))
        away = table["source"].isin(out).to_numpy()
        for name, learnt in settings(table, np.flatnonzero(~away), rng).items():
            result = score(written, real, learnt, np.flatnonzero(away))
            found.append({"learnt from": name, "n": len(learnt), "split": split, **result})
            print(found[-1], flush=True)
    curve = pd.DataFrame(found).groupby("learnt from", sort=False)[["n", "en", "zh"]].mean().round(4)
    kept = {"model": default_model().identity, "splits": options.splits, "rows": found}
    (ROOT / "data" / "learning_curve.json").write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    lines = [f"Models trained as {kept['model']} was.", ""]
    lines += ["| learnt from, beside the written ads | real ads | English | Chinese |", "|---|---:|---:|---:|"]
    lines += [f"| {name} | {row['n']:,.0f} | {row['en']:.3f} | {row['zh']:.3f} |" for name, row in curve.iterrows()]
    page = PAGE.read_text("utf-8")
    before, after = page.split(START)[0], page.split(END)[1]
    PAGE.write_text(f"{before}{START}\n" + "\n".join(lines) + f"\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
