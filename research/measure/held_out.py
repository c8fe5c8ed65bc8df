"""Write what the shipped model's training says of real ads of sources held out, and the model of development ads.

    python -m research.measure.held_out [--en REAL_EN.csv --zh REAL_ZH.csv]

Trains anew from `data/`, which gives the shipped model, and writes two files. `benchmarks/held_out.csv` has for each
real ad its source, language, true label, how sure its annotators were, and the predicted probabilities in thousandths.
No text, no id. The rated ads that the options name are added as further sources. `data/external/model_labels.csv` has
the written ads, labelled by models that saw no ad of their occupation and averaged by occupation.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from collarclass.api import default_model
from collarclass.corpus.read import read_data
from collarclass.definitions.labels import LABELS
from collarclass.model.predict import predict
from collarclass.training.facts import held_out_labels
from collarclass.training.real_ads import read_mentions, real_ads
from collarclass.training.train import train
from research.measure.external import MODEL_LABELS, by_occupation

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
TARGET = ROOT / "benchmarks" / "held_out.csv"
GUESSES = [f"p_{label}" for label in LABELS]
COLUMNS = ["part", "source", "language", "label", "sure", *GUESSES, "model"]


def of_training() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Real ads, each judged by a model that saw no ad of its source; for written ads the same, by occupation."""
    real, _ = real_ads(DATA, read_mentions(DATA), default_model().reader)
    written, _ = read_data(DATA)
    model, classifier = train(DATA, progress=False)
    if model.version != default_model().version:
        raise SystemExit(f"Training gives {model.identity}, not the shipped {default_model().identity}: train first.")
    n = len(classifier.held_out_scores_)
    found = held_out_labels(classifier, np.arange(n - len(real), n))
    streams = pd.concat([real[["source", "language", "label", "sure"]], found[GUESSES]], axis=1)
    labels = held_out_labels(classifier, np.arange(len(written)))
    occupations = by_occupation(pd.concat([written[["onet_code"]], labels], axis=1)).round(3)
    return streams.assign(part="held out"), occupations


def of_file(path: Path, language: str) -> pd.DataFrame:
    """Rated ads that teach nothing, judged by the shipped model."""
    ads = pd.read_csv(path, dtype=str, keep_default_na=False)
    ads = ads[ads["label"].isin(LABELS)].reset_index(drop=True)
    guess = predict(default_model(), ads["text"].tolist(), ads["title"].tolist()).probabilities
    return ads[["source", "label", "sure"]].assign(
        language=language, part="development", **dict(zip(GUESSES, guess.T, strict=True))
    )


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for language in ("en", "zh"):
        parser.add_argument(f"--{language}", type=Path, nargs="*", default=[], help="rated ads that teach nothing")
    options = parser.parse_args()
    streams, occupations = of_training()
    occupations.to_csv(MODEL_LABELS, index=False, lineterminator="\n")
    parts = [streams, *(of_file(path, name) for name in ("en", "zh") for path in getattr(options, name))]
    table = pd.concat(parts, ignore_index=True).assign(model=default_model().identity)
    table[GUESSES] = (1000 * table[GUESSES]).round().astype(int)
    table[COLUMNS].to_csv(TARGET, index=False, lineterminator="\n")
    print(f"{len(table):,} ads of {table['source'].nunique()} sources -> {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
