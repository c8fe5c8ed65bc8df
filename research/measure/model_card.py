"""Measure the shipped model on real ads, draw them on the plane, and write the model card.

    python -m research.measure.model_card --en REAL_EN.csv --zh REAL_ZH.csv [--fresh-en FILE --fresh-zh FILE]

The files hold ads rated by the codebook: title, text, label, academic_rating, hands_on_rating, source, sure. Those of
the options --fresh are of sources that the model did not learn from. They are not part of the project; the numbers are
kept in data/figures_on_real_ads.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd

from collarclass.api import classify_many, default_model
from collarclass.corpus.read import read_data
from collarclass.definitions.labels import LABELS
from collarclass.model.model import Model
from collarclass.model.predict import predict
from research.measure.baselines import baseline_labels
from research.measure.benchmark_page import write_comparison
from research.measure.bias_table import write_tables
from research.measure.cards import FIGURES, measure, write_cards

mpl.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).resolve().parents[2]
NOTE = (
    "Real ads from twelve English and seven Chinese sources, rated by the codebook on both dimensions; trades, "
    "technicians, engineers, IT, design and health are over-represented, so shares are not those of a labour "
    "market. They were used to read errors and to compare ways of training: a development set, not an "
    "untouched test. None was trained on, but other ads of the same sources were, so expect less of a stream of your "
    "own: the table above. They are not part of the project."
)
COLOURS = {"white": "#e8d800", "blue": "#0072b2", "gray": "#555555"}
MARKS = {"white": "o", "blue": "s", "gray": "D"}


def draw(model: Model, ads: dict[str, pd.DataFrame], path: Path) -> None:
    """Draw both languages' ads by their true label over the decision regions."""
    axis = np.linspace(0, 1, 201)
    a, h = np.meshgrid(axis, axis)
    regions = model.probabilities(np.column_stack((a.ravel(), h.ravel()))).argmax(axis=1).reshape(a.shape)
    figure, panels = plt.subplots(1, 2, figsize=(12, 5.6), sharey=True)
    for panel, (name, table) in zip(panels, ads.items(), strict=True):
        panel.contourf(a, h, regions, levels=[-0.5, 0.5, 1.5, 2.5], colors=["#fbf8cf", "#cfe3f1", "#dcdcdc"])
        scores = predict(model, table["text"].tolist(), table["title"].tolist()).scores
        for label in LABELS:
            of = (table["label"] == label).to_numpy()
            panel.scatter(*scores[of].T, s=12, c=COLOURS[label], marker=MARKS[label], edgecolors="#222", linewidths=0.3,
                          label=label)  # fmt: skip
        panel.set(
            title=f"{name}: {len(table):,} real ads, true label",
            xlabel="academic score",
            xlim=(0, 1),
            ylim=(0, 1),
        )
    panels[0].set_ylabel("hands-on score")
    panels[0].legend(loc="upper left")
    figure.tight_layout()
    figure.savefig(path, dpi=110, metadata={"Software": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--en", required=True)
    parser.add_argument("--zh", required=True)
    for name in ("fresh-en", "fresh-zh"):
        parser.add_argument(f"--{name}")
    options = parser.parse_args()
    model = default_model()
    train, occupations = read_data(ROOT / "data")
    real: dict[str, object] = {"model": model.identity, "note": NOTE}
    tables = {}
    for language in ("en", "zh"):
        ads = pd.read_csv(getattr(options, language), dtype=str, keep_default_na=False)
        baselines = baseline_labels(train, occupations, ads)
        real[language] = measure(model, ads, by="source", baselines=baselines)
        tables[{"en": "English", "zh": "Chinese"}[language]] = ads
    fresh = {language: getattr(options, f"fresh_{language}") for language in ("en", "zh")}
    real["fresh"] = {
        language: measure(model, pd.read_csv(path, dtype=str, keep_default_na=False), by="source")
        for language, path in fresh.items()
        if path is not None
    }
    failures = pd.read_csv(ROOT / "tests/data/known_failures.csv", dtype=str, keep_default_na=False)
    found = classify_many(failures["text"], failures["title"], evidence=False)
    real["failures"] = failures.assign(found=[c.label for c in found]).to_dict("records")
    FIGURES.write_text(json.dumps(real, ensure_ascii=False, indent=1) + "\n", "utf-8")
    (ROOT / "docs/images").mkdir(parents=True, exist_ok=True)
    draw(model, tables, ROOT / "docs/images/decision_regions.png")
    write_tables()
    write_comparison()
    print(write_cards(model))


if __name__ == "__main__":
    main()
