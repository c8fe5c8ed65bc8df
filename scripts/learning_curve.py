"""Macro-F1 on real ads against the number of written ads learnt from: the table in the data card.

    python scripts/learning_curve.py --en REAL_EN.csv --zh REAL_ZH.csv

Five random orders of each language's ads; models are trained as the shipped one is, on that
language's ads alone, and measured on the real ads of that language, which train nothing.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from collarclass.corpus.read import read_data
from collarclass.definitions.labels import LABELS, RATINGS
from collarclass.evaluation.metrics import macro_f1
from collarclass.model.predict import predict
from collarclass.training.estimator import CollarClassifier
from collarclass.training.train import STREAM_OFFSET, training_ads

ROOT = Path(__file__).parents[1]
SIZES = (300, 600, 1200, 2400)
ORDERS = 5


def score(ads: pd.DataFrame, boilerplate: dict[str, list[str]], real: pd.DataFrame) -> float:
    """Train on some ads, and measure on the real ones."""
    rows = training_ads(ads, boilerplate)
    model = (
        CollarClassifier(n_folds=3)
        .fit(rows[["title", "text"]], rows["label"], rows[list(RATINGS)], rows["group"], rows["weight"])
        .model_
    )
    model.intercept[:2] += np.array(STREAM_OFFSET, np.float32)
    found = predict(model, real["text"].tolist(), real["title"].tolist()).probabilities.argmax(axis=1)
    return macro_f1(real["label"], np.array(LABELS)[found])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--en", required=True)
    parser.add_argument("--zh", required=True)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    everything, boilerplate, _ = read_data(ROOT / "data")
    jobs, keys = [], []
    for language in ("en", "zh"):
        ads = everything[everything["language"] == language]
        real = pd.read_csv(getattr(options, language), dtype=str, keep_default_na=False)
        real = real[real["label"].isin(LABELS)]
        for order in range(ORDERS):
            shuffled = ads.sample(frac=1, random_state=order)
            for size in SIZES:
                if size < len(ads):
                    keys.append((language, f"{size:,}"))
                    jobs.append(delayed(score)(shuffled[:size], boilerplate, real))
        for name, part in (
            ("occupation half", ads[ads["kind"] == "occupation"]),
            ("mirror half", ads[ads["kind"] == "mirror"]),
            ("all", ads),
        ):
            keys.append((language, name))
            jobs.append(delayed(score)(part, boilerplate, real))
    found = pd.Series(Parallel(n_jobs=options.jobs)(jobs), index=pd.MultiIndex.from_tuples(keys))
    table = found.groupby(level=[0, 1]).agg(["mean", "min", "max", "size"]).round(4)
    curve = {
        language: {size: row.to_dict() for size, row in part.droplevel(0).iterrows()}
        for language, part in table.groupby(level=0)
    }
    (ROOT / "data/learning_curve.json").write_text(json.dumps(curve, indent=1) + "\n", "utf-8")
    print(table.to_string())


if __name__ == "__main__":
    main()
