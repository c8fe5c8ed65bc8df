"""What a stream of ads looks like to the model, and whether it looks like the streams it learnt from.

A model's confidence is calibrated on streams like those of its training. A file whose ads are far
longer, use few of the known words, or score otherwise than any of them deserves a warning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

STREAMS = ("en", "zh")  # texts in an alphabet, and Chinese ones
MEASURES = ("length", "known_terms", "academic_score", "hands_on_score", "confidence")
MIN_ADS = 200  # of a language in a file, before anything is said of it
_MARGIN = 0.1  # of the range over training's sources: how far beyond it a mean may lie
_NAMES = {
    "length": "tokens read per ad",
    "known_terms": "known terms per token",
    "academic_score": "mean academic score",
    "hands_on_score": "mean hands-on score",
    "confidence": "mean confidence",
}


@dataclass(slots=True)
class StreamSums:
    """Number of ads and sums of each measure, for each language; sums of parts add up.

    Attributes
    ----------
    n : ndarray of int64, shape (2,)
        Ads in alphabetic script, and in Chinese.
    totals : ndarray of float64, shape (2, n_measures)
        In the order of `MEASURES`.
    """

    n: NDArray[np.int64] = field(default_factory=lambda: np.zeros(2, np.int64))
    totals: NDArray[np.float64] = field(default_factory=lambda: np.zeros((2, len(MEASURES))))

    def add(self, chinese: NDArray[np.bool_], measures: NDArray[np.float64]) -> None:
        """Add ads: which are Chinese, and their measures, shape (n_ads, n_measures)."""
        for k in (0, 1):
            here = measures[chinese == k]
            self.n[k] += len(here)
            self.totals[k] += here.sum(axis=0)

    def merge(self, other: StreamSums) -> None:
        """Add the sums of another part of the stream."""
        self.n += other.n
        self.totals += other.totals

    def mean(self, language: str) -> dict[str, float]:
        """Mean of each measure over the ads of a language; empty without ads."""
        k = STREAMS.index(language)
        if not self.n[k]:
            return {}
        return dict(zip(MEASURES, (self.totals[k] / self.n[k]).tolist(), strict=True))


def ranges(means: NDArray[np.float64]) -> dict[str, list[float]]:
    """Least and greatest mean of each measure over streams, as a model keeps them.

    Parameters
    ----------
    means : ndarray of float64, shape (n_streams, n_measures)
    """
    if not len(means):
        return {}
    low, high = means.min(axis=0), means.max(axis=0)
    return {name: [round(float(low[j]), 4), round(float(high[j]), 4)] for j, name in enumerate(MEASURES)}


def drift_notes(sums: StreamSums, facts: Mapping[str, Any]) -> list[str]:
    """Say where a stream lies outside everything that the model learnt from.

    Parameters
    ----------
    sums : StreamSums
        Of the ads that were judged by their text.
    facts : mapping
        The model's; without "streams" nothing can be said.

    Returns
    -------
    list of str
        One sentence for each language that differs.

    Examples
    --------
    >>> sums = StreamSums()
    >>> sums.add(np.zeros(500, bool), np.tile([40.0, 1.2, 0.4, 0.9, 0.8], (500, 1)))
    >>> facts = {"streams": {"en": {"hands_on_score": [0.2, 0.6]}}}
    >>> print(drift_notes(sums, facts)[0][:88])
    The 500 English ads differ from all that the model learnt from: mean hands-on score 0.90
    """
    out = []
    for k, (language, name) in enumerate(zip(STREAMS, ("English", "Chinese"), strict=True)):
        known = facts.get("streams", {}).get(language, {})
        if sums.n[k] < MIN_ADS:
            continue
        mean, outside = sums.mean(language), []
        for measure, (low, high) in known.items():
            slack = _MARGIN * (high - low)
            if not low - slack <= mean[measure] <= high + slack:
                outside.append(f"{_NAMES[measure]} {mean[measure]:.2f} (there {low:.2f} to {high:.2f})")
        if outside:
            out.append(
                f"The {sums.n[k]:,} {name} ads differ from all that the model learnt from: {', '.join(outside)}. "
                "Annotate a random sample ('collarclass sample' and 'review'), and correct the shares by it or "
                "calibrate the model ('collarclass calibrate')."
            )
    return out
