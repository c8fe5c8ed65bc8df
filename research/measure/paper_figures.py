"""Keep the figures of paper/paper.md in data/figures: python -m research.measure.paper_figures.

They are those that the model keeps of its own training, and those of the benchmark's hard part; nothing is run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from collarclass.api import default_model
from research.docs.figures import keep

RESULTS = Path(__file__).resolve().parents[2] / "data" / "benchmark" / "results.json"
LANGUAGES = ("en", "zh")


def table() -> str:
    """What the paper claims of the model, by language, as Markdown."""
    model = default_model()
    held_out, sources = model.facts["real_ads"], model.facts["sources"]
    hard = {row[1]: row for row in json.loads(RESULTS.read_text("utf-8"))["hard"] if row[0] == model.identity}
    rows: dict[str, list[str]] = {
        "real ads, sources held out": [f"{held_out[language]['n']:,}" for language in LANGUAGES],
        "accuracy": [_interval(held_out[language]["accuracy"]) for language in LANGUAGES],
        "macro-F1": [_interval(held_out[language]["macro_f1"]) for language in LANGUAGES],
        "calibration error": [f"{held_out[language]['expected_calibration_error']:.3f}" for language in LANGUAGES],
        "accuracy, median source (nine new sources in ten)": [
            _interval(sources[language]["accuracy"]) for language in LANGUAGES
        ],
        "academic score, r with rating": [
            _interval(held_out[language]["academic_correlation"]) for language in LANGUAGES
        ],
        "hands-on score, r with rating": [
            _interval(held_out[language]["hands_on_correlation"]) for language in LANGUAGES
        ],
        "benchmark, minimal pairs right": [
            hard[language][3].replace(" to ", "–") if language in hard else "–" for language in LANGUAGES
        ],
    }
    lines = ["| | English | Chinese |", "|---|---:|---:|"]
    return "\n".join([*lines, *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items())])


def _interval(found: Any) -> str:
    return "{:.3f} ({:.3f}–{:.3f})".format(*found)


if __name__ == "__main__":
    keep("paper", {"table": table()}, ["data/benchmark/results.json"])
