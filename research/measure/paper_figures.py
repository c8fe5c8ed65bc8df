"""Keep the figures of paper/paper.md in data/figures: python -m research.measure.paper_figures.

They are those that the model keeps of its own training, and those of the benchmark's hard part; nothing is run.
"""

from __future__ import annotations

import json

from collarclass.api import default_model
from research.docs.figures import ROOT, interval, keep, markdown

RESULTS = ROOT / "data" / "benchmark" / "results.json"
LANGUAGES = ("en", "zh")


def table() -> str:
    """What the paper claims of the model, by language, as Markdown."""
    model = default_model()
    held_out, sources = model.facts["real_ads"], model.facts["sources"]
    hard = {row[1]: row for row in json.loads(RESULTS.read_text("utf-8"))["hard"] if row[0] == model.identity}

    def of_model(name: str) -> list[str]:
        return [interval(held_out[language][name]) for language in LANGUAGES]

    rows: dict[str, list[str]] = {
        "real ads, sources held out": [f"{held_out[language]['n']:,}" for language in LANGUAGES],
        "accuracy": of_model("accuracy"),
        "macro-F1": of_model("macro_f1"),
        "calibration error": [f"{held_out[language]['expected_calibration_error']:.3f}" for language in LANGUAGES],
        "accuracy, median source (nine new sources in ten)": [
            interval(sources[language]["accuracy"]) for language in LANGUAGES
        ],
        "academic score, r with rating": of_model("academic_correlation"),
        "hands-on score, r with rating": of_model("hands_on_correlation"),
        "benchmark, minimal pairs right": [
            hard[language][3].replace(" to ", "–") if language in hard else "–" for language in LANGUAGES
        ],
    }
    return markdown(("", "English", "Chinese"), ([name, *cells] for name, cells in rows.items()))


if __name__ == "__main__":
    keep("paper", {"table": table()}, ["data/benchmark/results.json"])
