"""What can be expected of a whole stream of ads: how many labels are right, and whether it is like any other.

Confidence is calibrated over the ads of many sources together; a single source does better or worse than its
confidence says. How much so was measured on real ads, each source by a model that had not seen it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

STREAMS = ("en", "zh")  # texts in an alphabet, and Chinese ones
MEASURES = ("length", "known_terms", "academic_score", "hands_on_score", "confidence")
MIN_ADS = 200  # of a language in a file, before it is compared with others
MIN_EXPECTED = 30  # labels, before anything is said of how many are right
_MARGIN = 0.1  # of the range over training's sources: how far beyond it a mean may lie
_ONE_KIND = 0.25  # share of training's sources that are as uniform as a stream of one kind of job
NINE_IN_TEN = 1.645  # standard deviations either way
_LANGUAGES = {"en": "English", "zh": "Chinese"}
# What a mean below, or above, those of all sources means in words.
_UNLIKE = {
    "length": ("they are shorter", "they are longer"),
    "known_terms": ("few of their words are known", "they repeat few of their words"),
    "academic_score": ("they ask for less schooling", "they ask for more schooling"),
    "hands_on_score": ("the work is less hands-on", "the work is more hands-on"),
    "confidence": ("labels are less sure", "labels are surer"),
}


@dataclass(slots=True)
class StreamSums:
    """Number of ads and sums of what is measured of each, for each language; sums of parts add up.

    Attributes
    ----------
    n : ndarray of int64, shape (2,)
        Ads in alphabetic script, and in Chinese.
    totals : ndarray of float64, shape (2, n_measures)
        In the order of `MEASURES`.
    squares : ndarray of float64, shape (2, 2)
        Of the two scores.
    n_kept, confidence_kept : ndarray, shape (2,)
        Ads whose label was not held back, and the sum of their confidence.
    """

    n: NDArray[np.int64] = field(default_factory=lambda: np.zeros(2, np.int64))
    totals: NDArray[np.float64] = field(default_factory=lambda: np.zeros((2, len(MEASURES))))
    squares: NDArray[np.float64] = field(default_factory=lambda: np.zeros((2, 2)))
    n_kept: NDArray[np.int64] = field(default_factory=lambda: np.zeros(2, np.int64))
    confidence_kept: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))

    def add(
        self, chinese: NDArray[np.bool_], measures: NDArray[np.float64], kept: NDArray[np.bool_] | None = None
    ) -> None:
        """Add ads: which are Chinese, their measures, shape (n_ads, n_measures), and whose label was kept."""
        kept = np.ones(len(chinese), dtype=bool) if kept is None else kept
        for k in (0, 1):
            rows = chinese == k
            self.n[k] += np.count_nonzero(rows)
            self.totals[k] += measures[rows].sum(axis=0)
            self.squares[k] += (measures[rows, 2:4] ** 2).sum(axis=0)
            self.n_kept[k] += np.count_nonzero(rows & kept)
            self.confidence_kept[k] += measures[rows & kept, 4].sum()

    def merge(self, other: StreamSums) -> None:
        """Add the sums of another part of the stream."""
        for name in ("n", "totals", "squares", "n_kept", "confidence_kept"):
            getattr(self, name).__iadd__(getattr(other, name))

    def mean(self, language: str) -> dict[str, float]:
        """Mean of each measure over the ads of a language, and their `spread`; empty without ads."""
        k = STREAMS.index(language)
        if not self.n[k]:
            return {}
        means = self.totals[k] / self.n[k]
        spread = float(np.sqrt(np.maximum(self.squares[k] / self.n[k] - means[2:4] ** 2, 0).sum()))
        return {**dict(zip(MEASURES, means.tolist(), strict=True)), "spread": spread}


def ranges(means: NDArray[np.float64], spreads: NDArray[np.float64]) -> dict[str, list[float]]:
    """Between what limits streams lie, as a model keeps them.

    Parameters
    ----------
    means : ndarray of float64, shape (n_streams, n_measures)
    spreads : ndarray of float64, shape (n_streams,)
        How far the scores of each stream's ads lie apart.
    """
    if not len(means):
        return {}
    limits = zip(MEASURES, means.min(axis=0), means.max(axis=0), strict=True)
    found = {name: [float(low), float(high)] for name, low, high in limits}
    found["spread"] = [float(np.quantile(spreads, _ONE_KIND)), float(spreads.max())]
    return {name: [round(low, 4), round(high, 4)] for name, (low, high) in found.items()}


@dataclass(frozen=True, slots=True)
class Unlike:
    """How the ads of a language are unlike every stream that the model was measured on.

    Attributes
    ----------
    n : int
    language : {"en", "zh"}
    reasons : list of str
    """

    n: int
    language: str
    reasons: list[str]

    def __str__(self) -> str:
        return (
            f"The {self.n:,} {_LANGUAGES[self.language]} ads are unlike all that the model was measured on: "
            f"{', and '.join(self.reasons)}. Review a random sample ('collarclass sample', 'collarclass review')."
        )


def drift_notes(sums: StreamSums, facts: Mapping[str, Any]) -> list[Unlike]:
    """Say where a stream is unlike every one that the model was measured on, or all of one kind of job.

    Parameters
    ----------
    sums : StreamSums
        Of the ads that were judged by their text.
    facts : mapping
        The model's; without "streams" nothing can be said.

    Returns
    -------
    list of Unlike
        One for each language that differs; as text a sentence.

    Examples
    --------
    >>> sums = StreamSums()
    >>> sums.add(np.zeros(500, bool), np.tile([40.0, 1.2, 0.4, 0.9, 0.8], (500, 1)))
    >>> str(drift_notes(sums, {"streams": {"en": {"hands_on_score": [0.2, 0.6]}}})[0])[:91]
    'The 500 English ads are unlike all that the model was measured on: the work is more hands-o'
    """
    out = []
    for k, language in enumerate(STREAMS):
        known = facts.get("streams", {}).get(language, {})
        if sums.n[k] < MIN_ADS:
            continue
        mean, reasons = sums.mean(language), []
        for measure, (low, high) in known.items():
            slack = _MARGIN * (high - low) if measure != "spread" else 0.0
            if measure == "spread" and mean[measure] < low:
                reasons.append("nearly all are of one kind of job")
            elif measure != "spread" and not low - slack <= mean[measure] <= high + slack:
                reasons.append(_UNLIKE[measure][mean[measure] > high])
        if reasons:
            out.append(Unlike(int(sums.n[k]), language, reasons))
    return out


@dataclass(frozen=True, slots=True)
class ExpectedRight:
    """How many labels of a stream are expected to be right.

    Attributes
    ----------
    n : int
        Labels of ads; titles and occupations are not counted.
    share, low, high : float
        The share that is expected to be right, and the range in which it lies for nine streams in ten: it knows
        how much sources differ, and of chance.
    sources : int
        On how many sources of real ads, each held out of training, that was measured.
    """

    n: int
    share: float
    low: float
    high: float
    sources: int

    def __str__(self) -> str:
        return (
            f"Expect about {self.share:.0%} of the {self.n:,} labels of ads to be right, {self.low:.0%} to "
            f"{self.high:.0%} for nine files in ten (measured on {self.sources} sources that the model had not seen)."
        )


def expected_right(
    n: NDArray[np.int64], confidence: NDArray[np.float64], facts: Mapping[str, Any]
) -> ExpectedRight | None:
    """What share of a stream's labels is expected to be right.

    Parameters
    ----------
    n : ndarray of int64, shape (2,)
        Labels of ads in alphabetic script, and in Chinese.
    confidence : ndarray of float64, shape (2,)
        Sums of their confidence.
    facts : mapping
        The model's; without "sources" nothing can be said.

    Returns
    -------
    ExpectedRight or None
        None with too few labels, or none that the model's facts cover.

    Examples
    --------
    >>> facts = {"sources": {"en": {"n": 25, "shift": -0.1, "shift_error": 0.05, "spread": 0.2}}}
    >>> str(expected_right(np.array([1000, 0]), np.array([880.0, 0.0]), facts))[:75]
    'Expect about 87% of the 1,000 labels of ads to be right, 82% to 91% for nin'
    """
    known = facts.get("sources", {})
    parts = [(k, known[name]) for k, name in enumerate(STREAMS) if n[k] and name in known]
    total = sum(int(n[k]) for k, _ in parts)
    if total < MIN_EXPECTED or total < n.sum():
        return None
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
    return ExpectedRight(total, share, low, high, sum(source["n"] for _, source in parts))
