"""What can be expected of a whole stream of ads: how many labels are right, and whether it is like any other.

Confidence is calibrated over the ads of many sources together; a single source does better or worse than its
confidence says. How much so was measured on real ads, each source by a model that had not seen it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.messages import Message

STREAMS = ("en", "zh")  # texts in an alphabet, and Chinese ones
MIN_EXPECTED = 30  # labels, before anything is said of how many are right
FEW_RIGHT = 0.84  # expected share below which a sentence warns: so little is right on one source in five
NINE_IN_TEN = 1.645  # standard deviations either way


@dataclass(frozen=True, slots=True)
class ExpectedRight:
    """How many labels of a stream are expected to be right."""

    n: int  # labels of ads; titles and occupations are not counted
    # The share, and the range in which it lies for nine streams in ten, by how much sources differ and by chance. NaN
    # for fewer than 30 labels.
    share: float
    low: float
    high: float
    sources: int  # on how many sources of real ads, each held out of training, that was measured
    n_unclear: int = 0  # ads beside these that are called unclear

    def message(self) -> Message:
        """What is said of it; of few right labels with advice."""
        n = self.n_unclear
        unclear = Message(" Beside these, {n:,} is unclear." if n == 1 else " Beside these, {n:,} are unclear.", n=n)
        if math.isnan(self.share):
            return Message(
                "With fewer than {least} labels of ads nothing can be said of how many are right.{unclear}",
                least=MIN_EXPECTED, unclear=unclear if n else "",
            )  # fmt: skip
        few = Message(" That is less than on most sources: review a random sample before you use them.")
        return Message(
            "Expect about {share:.0%} of the {n:,} labels of ads to be right, {low:.0%} to {high:.0%} for nine files "
            "in ten (measured on {sources} sources that the model had not seen).{unclear}{few}",
            share=self.share, n=self.n, low=self.low, high=self.high, sources=self.sources,
            unclear=unclear if n else "",
            few=few if self.share < FEW_RIGHT else "",
        )  # fmt: skip

    def __str__(self) -> str:
        return str(self.message())


def expected_right(sums: NDArray[np.float64], facts: Mapping[str, Any], n_unclear: int = 0) -> ExpectedRight | None:
    """What share of a stream's labels is expected to be right; None where the model's facts say nothing of it.

    `sums` are the number of labels and the sum of their confidence, of ads in alphabetic script and of Chinese ones
    (columns); those of parts of a stream add up.

    >>> facts = {"sources": {"en": {"n": 25, "shift": -0.1, "shift_error": 0.05, "spread": 0.2}}}
    >>> str(expected_right(np.array([[1000, 0], [880, 0]]), facts))[:75]
    'Expect about 87% of the 1,000 labels of ads to be right, 82% to 91% for nin'
    """
    n, confidence = sums
    known = facts.get("sources", {})
    parts = [(k, known[name]) for k, name in enumerate(STREAMS) if n[k] and name in known]
    total = sum(int(n[k]) for k, _ in parts)
    if not total or total < n.sum():
        return None
    n_sources = sum(source["n"] for _, source in parts)
    if total < MIN_EXPECTED:
        return ExpectedRight(total, math.nan, math.nan, math.nan, n_sources, n_unclear)
    shares = np.zeros(3)
    for k, source in parts:
        mean = min(max(float(confidence[k] / n[k]), 1e-6), 1 - 1e-6)
        middle = math.log(mean / (1 - mean)) + source["shift"]
        right = 1 / (1 + math.exp(-middle))
        chance = 1 / (n[k] * right * (1 - right))
        deviation = math.sqrt(source["spread"] ** 2 + source["shift_error"] ** 2 + chance)
        logits = middle + NINE_IN_TEN * deviation * np.array([0.0, -1.0, 1.0])
        shares += n[k] / total / (1 + np.exp(-logits))
    share, low, high = (round(float(value), 4) for value in shares)
    return ExpectedRight(total, share, low, high, n_sources, n_unclear)
