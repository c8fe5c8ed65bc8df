"""Measure the title model: on titles of rated real ads, and on titles of occupations held out of training.

    python -m research.measure.measure_titles --en REAL_EN.csv --zh REAL_ZH.csv

The files hold ads rated by the codebook, with columns title and label; they are not part of the project.
Keeps the tables in data/figures/titles.json and writes them into the pages.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass.api import default_model
from collarclass.corpus.read import read_data
from collarclass.definitions.labels import LABELS, UNCLEAR
from collarclass.evaluation.metrics import bootstrap, expected_calibration_error, macro_f1
from collarclass.model.predict import predict
from collarclass.training.titles import fit_titles, title_rows
from research.docs.figures import keep

ROOT = Path(__file__).resolve().parents[2]
BINS = np.linspace(0, 1, 11)
KINDS = {
    "official title": "official titles of O\\*NET",
    "working title": "working titles",
    "alternate title": "alternate titles of O\\*NET",
    "csco": "names of CSCO 2022",
    "ad": "titles of written ads",
}


def line(name: str, truth: NDArray[np.int64], p: NDArray[np.float64], unclear: NDArray[np.bool_] | None = None) -> str:
    """One row of a table: size, macro-F1 with an interval, calibration error, share unclear."""
    given = p.argmax(axis=1) if unclear is None else np.where(unclear, UNCLEAR, p.argmax(axis=1))
    label = np.array([*LABELS, "unclear"], object)
    f1, low, high = bootstrap(macro_f1, label[truth], label[given], resamples=500)
    share = "" if unclear is None else f"{unclear.mean():.1%}"
    error = expected_calibration_error(p.argmax(axis=1) == truth, p.max(axis=1))
    return f"| {name} | {len(truth):,} | {f1:.3f} ({low:.3f} to {high:.3f}) | {error:.3f} | {share} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--en", required=True)
    parser.add_argument("--zh", required=True)
    options = parser.parse_args()
    model, place = default_model(), {label: k for k, label in enumerate(LABELS)}
    curve, steps = [], ["| sure | titles of real ads | right |", "|---|---:|---:|"]
    lines = ["| titles | n | macro-F1 (95 % interval) | calibration error | unclear |", "|---|---:|---:|---:|---:|"]
    for name, path in (("real ads, English", options.en), ("real ads, Chinese", options.zh)):
        ads = pd.read_csv(path, dtype=str, keep_default_na=False)
        ads = ads[ads["label"].isin(LABELS)]
        truth = ads["label"].map(place).to_numpy().astype(np.int64)
        found = predict(model, [""] * len(ads), ads["title"].tolist())
        lines.append(line(name, truth, found.probabilities, found.label == UNCLEAR))
        curve.append((found.probabilities.max(axis=1), found.probabilities.argmax(axis=1) == truth))
    data = read_data(ROOT / "data")
    rows = title_rows(ROOT / "data", data[0], data[-1])
    _, held_out = fit_titles(rows)
    chinese = rows["title"].str.contains("[\u4e00-\u9fff]")
    for kind, language in ((kind, language) for kind in KINDS for language in ("English", "Chinese")):
        of = ((rows["kind"] == kind) & (chinese == (language == "Chinese"))).to_numpy()
        if of.sum() > 100:
            p = held_out.loc[of, [f"p_{label}" for label in LABELS]].to_numpy()
            truth = rows.loc[of, "label"].map(place).to_numpy().astype(np.int64)
            lines.append(line(f"{KINDS[kind]}, {language}", truth, p))
    sure, right = (np.concatenate(part) for part in zip(*curve, strict=True))
    for low, high in zip(BINS[3:-1], BINS[4:], strict=True):
        here = (sure >= low) & ((sure < high) | (high == 1))
        if here.any():
            steps.append(f"| {low:.1f} to {high:.1f} | {here.sum():,} | {right[here].mean():.0%} |")
    titles = (rows["title"].tolist() * 4)[:200_000]
    started = time.process_time()
    predict(model, [""] * len(titles), titles)
    rate = f"{len(titles) / (time.process_time() - started) * 60 / 1e6:.0f} million"
    shown = {"table": "\n".join(lines), "sure": "\n".join(steps), "a_minute": rate}
    print("\n\n".join(shown.values()))
    keep("titles", shown, ["data/occupations.csv", "data/onet_titles.tsv.gz", "data/csco_titles.csv", "data/ads"])


if __name__ == "__main__":
    main()
