"""A fitted model adapted to a user's own labels: both ratings are shifted, and the decision on them is fitted anew.

Words keep their weights, so a label still follows from the two scores shown. Everything is drawn to the model as it
was, the more the fewer the ads; how strongly is chosen on ads of sources that were held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from collarclass.definitions.labels import BASES
from collarclass.model.model import Model
from collarclass.model.predict import predict
from collarclass.training.counts import Bools, CountedAds, Floats, Ints, damped_counts, scaled_counts, segments

STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
# How far each part may move from nothing, at strength 1, before data say so: ratings in steps of the codebook.
_SHIFT, _STATED, _SCALE, _DECISION = 1.0, 0.5, 0.5, 3.0
_RATING_ERROR = 0.8  # of an annotator's ratings around the model's
MIN_ADS = 50
_BEYOND_CHANCE = 2.0  # standard errors over groups, by which adapting must do better
_FOLDS = 5
_TINY = 1e-12
_APART = 1e-3  # of a score, from which an ad is rated in another way than by its own sums


@dataclass(frozen=True, slots=True, eq=False)
class KnownAds:
    """Ads as an adaptation sees them, a row of each array for an ad.

    There are both ratings by the model, and the `words`' part of them; what is `stated`, behind the segments that the
    ad belongs to, or nothing for a bare title; the model's `decision` for an ad of its kind; and whether it is Chinese,
    and can be judged.
    """

    rating: Floats
    words: Floats
    stated: Floats
    decision: Floats
    chinese: Bools
    judged: Bools

    def rows(self, index: NDArray[Any]) -> KnownAds:
        """The same for some of the ads."""
        return KnownAds(*(getattr(self, name)[index] for name in self.__slots__))

    @classmethod
    def of_counts(cls, model: Model, ads: CountedAds) -> KnownAds:
        """Of counted ads."""
        segment = segments(ads.chinese, ads.features)
        words = np.zeros((len(ads), 2))  # the same sums as of the ads' texts
        for block, part in ((model.text, ads.text), (model.title, ads.title)):
            counts = damped_counts(part.aligned(block.vocabulary.hashes))
            words += scaled_counts(counts, block.scale.astype(np.float64)) @ block.weight.astype(np.float64)
        words = segment @ model.word_scale.astype(np.float64) * words
        rating = segment @ model.intercept + words + ads.features @ model.stated_weight.astype(np.float64)
        return cls(
            rating=rating,
            words=words,
            stated=np.column_stack((segment, ads.features)),
            decision=_decision_of(model.decision, ads.chinese),
            chinese=ads.chinese,
            judged=np.ones(len(ads), dtype=bool),
        )

    def with_texts(self, model: Model, texts: Sequence[str], titles: Sequence[str | None]) -> KnownAds:
        """The same, with titles and short lines as the model rates them, and what it cannot judge."""
        found = predict(model, texts, titles)
        is_title = found.basis == BASES.index("title")
        # The sums of a line are in parts those of its title and of an ad: of the ad, nearly, where it has a text.
        others = is_title | (np.abs(np.clip(self.rating, 0, 4) / 4 - found.scores) > _APART).any(axis=1)
        rating = np.where(others[:, None], 4 * found.scores, self.rating)
        decision = self.decision
        if model.bare_title is not None:
            of_titles = _decision_of(model.bare_title.decision, self.chinese)
            decision = np.where(is_title[:, None, None], of_titles, decision)
        said = _probabilities(np.clip(rating, 0, 4) / 4, decision)[0]
        offset = np.log(np.maximum(found.probabilities, _TINY)) - np.log(np.maximum(said, _TINY))
        decision = np.concatenate((decision[:, :, :-1], decision[:, :, -1:] + offset[:, :, None]), axis=2)
        return replace(
            self,
            rating=rating,
            words=np.where(is_title[:, None], 0.0, self.words),
            stated=np.where(is_title[:, None], 0.0, self.stated),
            decision=decision,
            judged=found.note == 0,
        )

    def unchanged(self) -> Floats:
        """Probabilities of white, blue and gray by the model as it is."""
        return _probabilities(np.clip(self.rating, 0, 4) / 4, self.decision)[0]


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What is added to a model: to the start of both ratings, to what stated requirements weigh, to the logarithm
    of the words' scale, and to the decision.
    """

    start: Floats
    stated: Floats
    scale: Floats
    decision: Floats

    @classmethod
    def of(cls, theta: Floats, n_stated: int) -> Change:
        """From the parameters in one row."""
        start, scale, stated, decision = np.split(theta, (2, 4, 4 + 2 * n_stated))
        return cls(start, stated.reshape(-1, 2), scale, decision.reshape(3, -1))

    def ratings(self, ads: KnownAds) -> Floats:
        """The changed ratings, not yet clipped to 0..4."""
        return ads.rating + self.start + ads.stated @ self.stated + np.expm1(self.scale) * ads.words

    def probabilities(self, ads: KnownAds) -> Floats:
        """Of white, blue and gray."""
        return _probabilities(np.clip(self.ratings(ads), 0, 4) / 4, ads.decision + self.decision)[0]

    def applied(self, model: Model, name: str) -> Model:
        """The changed model."""
        scale = np.exp(self.scale)
        n_segments = len(model.intercept)
        changed = replace(
            model,
            name=name,
            intercept=_f4(model.intercept + self.start + self.stated[:n_segments]),
            word_scale=_f4(model.word_scale.astype(float) * scale),
            stated_weight=_f4(model.stated_weight + self.stated[n_segments:]),
            decision=_f4(model.decision + self.decision),
        )
        if model.bare_title is None:
            return changed
        title = model.bare_title
        intercept, decision = _f4(title.intercept + self.start), _f4(title.decision + self.decision)
        return replace(changed, bare_title=replace(title, intercept=intercept, decision=decision))


def _f4(values: Floats) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)


def _decision_of(decision: NDArray[np.float32], chinese: Bools) -> Floats:
    """The decision for each ad: one for all, or one for each language."""
    each = np.broadcast_to(decision, (2, *decision.shape[-2:]))
    return each[chinese.astype(np.int64)].astype(np.float64)


def _probabilities(scores: Floats, decision: Floats) -> tuple[Floats, Floats]:
    """Probabilities of each ad by a decision of its own; and what the decision weighs, shape (n_ads, 4)."""
    design = np.column_stack((scores, scores[:, :1] * scores[:, 1:], np.ones((len(scores), 1))))
    logits = np.einsum("nkj,nj->nk", decision, design)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True), design


def fit_change(
    ads: KnownAds,
    labels: Ints,
    strength: float,
    weight: Floats | None = None,
    ratings: Floats | None = None,
    scores_stay: bool = False,
) -> Change:
    """The change under which labels, and ratings where there are any, are likeliest, drawn to none.

    Labels are indices into `LABELS`; ratings go from 0 to 4, NaN where there is none. Where `scores_stay`, the decision
    alone may change.
    """
    n_stated = ads.stated.shape[1]
    n_decision = ads.decision[0].size
    spread = np.repeat((_SHIFT, _SCALE, _STATED, _DECISION), (2, 2, 2 * n_stated, n_decision))
    right = np.eye(3)[labels]
    weight = np.ones(len(labels)) if weight is None else weight
    rated = np.full((len(labels), 2), np.nan) if ratings is None else ratings
    n_fixed = len(spread) - n_decision if scores_stay else 0

    def loss(free: Floats) -> tuple[float, Floats]:
        theta = np.concatenate((np.zeros(n_fixed), free))
        change = Change.of(theta, n_stated)
        rating = change.ratings(ads)
        inside = (rating > 0) & (rating < 4)
        scores = np.clip(rating, 0, 4) / 4
        decision = ads.decision + change.decision
        found, design = _probabilities(scores, decision)
        away = weight[:, None] * (found - right)
        slope = decision[:, :, :2] + decision[:, :, 2:3] * scores[:, None, ::-1]
        of_rating = np.einsum("nk,nkd->nd", away, slope) * inside / 4
        value = -(weight * np.log(np.maximum(found[np.arange(len(labels)), labels], _TINY))).sum()
        error = np.where(np.isnan(rated), 0.0, rating - rated) / _RATING_ERROR
        value += (weight[:, None] * error**2).sum() / 2
        of_rating = of_rating + weight[:, None] * error / _RATING_ERROR
        parts = (
            of_rating.sum(axis=0),
            (of_rating * ads.words).sum(axis=0) * np.exp(change.scale),
            (ads.stated.T @ of_rating).ravel(),
            (away.T @ design).ravel(),
        )
        value += strength * ((theta / spread) ** 2).sum() / 2
        return float(value), (np.concatenate(parts) + strength * theta / spread**2)[n_fixed:]

    with threadpool_limits(limits=1):  # sums in one order: the same numbers however many processors
        start = np.zeros(len(spread) - n_fixed)
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    return Change.of(np.concatenate((np.zeros(n_fixed), found)), n_stated)


def learn_change(
    ads: KnownAds,
    labels: Ints,
    groups: Ints,
    weight: Floats | None = None,
    ratings: Floats | None = None,
    scores_stay: bool = False,
) -> tuple[float | None, Change | None]:
    """The change that some ads teach, of the strength that does best on groups held out; None if of no help there."""
    before, tried = ads.unchanged(), []
    for strength in STRENGTHS:
        after = np.empty_like(before)
        for train, test in folds(groups):
            w, rated = (None if values is None else values[train] for values in (weight, ratings))
            change = fit_change(ads.rows(train), labels[train], strength, w, rated, scores_stay)
            after[test] = change.probabilities(ads.rows(test))
        tried.append((*gains(before, after, labels, groups, weight), strength))
    gain, error, strength = max(tried, key=lambda one: one[0])
    if gain <= _BEYOND_CHANCE * error:
        return None, None
    return strength, fit_change(ads, labels, strength, weight, ratings, scores_stay)


def folds(groups: Ints) -> list[tuple[Ints, Ints]]:
    """Rows to learn from and rows held out, apart by group; by row where all are of one."""
    n_groups = len(np.unique(groups))
    groups = groups if n_groups > 1 else np.arange(len(groups))
    return list(GroupKFold(min(_FOLDS, n_groups if n_groups > 1 else len(groups))).split(groups, groups=groups))


def gains(
    before: Floats, after: Floats, labels: Ints, groups: Ints, weight: Floats | None = None
) -> tuple[float, float]:
    """By how much the log loss falls over all ads, and the standard error of that, over groups."""
    row = np.arange(len(labels))
    gain = np.log(np.maximum(after[row, labels], _TINY)) - np.log(np.maximum(before[row, labels], _TINY))
    gain = gain if weight is None else gain * weight
    return float(gain.sum()), float(np.sqrt((np.bincount(groups, gain - gain.mean()) ** 2).sum()))
