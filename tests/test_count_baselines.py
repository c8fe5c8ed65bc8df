"""Classifiers of the model's own counts, beside the model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from collarclass.evaluation.metrics import macro_f1 as plain_macro_f1
from collarclass.training.counts import count_ads
from research.measure.count_baselines import Counts, macro_f1


def test_counts_know_the_words_of_two_ads_and_more() -> None:
    ads = count_ads(
        ["weld steel frames", "weld steel pipes", "audit accounts", "audit books"],
        ["Welder", "Welder", "Clerk", "Clerk"],
    )
    counts = Counts(ads)
    rows = counts.rows(count_ads(["weld steel", "wholly new words"], [None, None]))
    assert rows[0].nnz > 0
    assert rows[1].nnz == 0


def test_intervals_draw_whole_sources() -> None:
    found = pd.DataFrame({"source": ["a"] * 50 + ["b"] * 50, "label": ["gray", "white"] * 50})
    found = found.assign(good=found["label"], bad=np.where(found["source"] == "a", found["label"], "blue"))
    assert macro_f1(found, "good") == (1.0, 1.0, 1.0)
    value, low, high = macro_f1(found, "bad")
    assert low == 0.0  # both draws are source b
    assert high == 1.0
    assert value == pytest.approx(plain_macro_f1(found["label"].to_numpy(object), found["bad"].to_numpy(object)))
    assert macro_f1(found, "good", "bad")[0] == pytest.approx(1 - value)
