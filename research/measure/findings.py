"""List every mention of the real ads, with what the shipped reader makes of it: a CSV without text.

    python -m research.measure.findings > findings.csv

A mention has the ad and its source, what it is (class of the lexicon, level of schooling, nature of a certificate), its
first and last token in the ad, years, how it was decided by hand or by rules, if it was, and the likeliest outcome with
its probability.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from collarclass.api import default_model
from collarclass.definitions.labels import LEVELS
from collarclass.requirement_reader.constants import CLASS, CLASSES, NATURES
from collarclass.requirement_reader.lexicon import default_lexicon
from collarclass.requirement_reader.outcomes import OUTCOMES
from collarclass.training.mentions import Examples, judge
from collarclass.training.real_ads import read_mentions

DATA = Path(__file__).resolve().parents[2] / "data"


def table(real: Examples) -> pd.DataFrame:
    """One row for each mention."""
    columns, row = real.mentions, real.mentions["ad"]
    outcome = judge(default_model().reader, real).outcome
    best = outcome.argmax(axis=1)
    level = np.where(columns["group"] == CLASS["level"], columns["value"], -1)
    nature = default_lexicon().nature[columns["phrase"]]
    return pd.DataFrame(
        {
            "ad": real.ads["id"].to_numpy()[row],
            "source": real.ads["source"].to_numpy()[row],
            "class": np.array(CLASSES)[columns["group"]],
            "level": np.array([*LEVELS, ""])[level],
            "nature": np.array([*NATURES, ""])[nature],
            "first_token": columns["figure"],
            "last_token": columns["last"],
            "years": columns["years"],
            "decided": np.array([*OUTCOMES, ""])[columns["outcome"]],
            "outcome": np.array(OUTCOMES)[best],
            "probability": outcome[np.arange(len(best)), best].round(4),
        }
    )


if __name__ == "__main__":
    table(read_mentions(DATA)).to_csv(sys.stdout, index=False, lineterminator="\n")
