"""`CollarClassifier`: learns a `Model` from rated ads, as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.model_selection import GroupKFold
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from collarclass.definitions.labels import DIMENSIONS, LABELS, LEVELS, STATUSES, TYPICAL_RATINGS
from collarclass.errors import DataError
from collarclass.features.term_index import TermIndex
from collarclass.labelling.options import ModelLike, find_model
from collarclass.model.model import Block, Model, class_probabilities
from collarclass.model.persistence import default_model
from collarclass.model.predict import Predictions, predict
from collarclass.progress import ProgressLike, Steps
from collarclass.requirement_reader.outcomes import Reader
from collarclass.training.adapt import KnownAds, fit_change, learn_change
from collarclass.training.counts import CountedAds, count_ads, damped_counts, scaled_counts, segments
from collarclass.training.inputs import (
    ENCODED,
    Targets,
    as_frame,
    check_range,
    read_targets,
    refuse_other_order,
    split_ads,
)
from collarclass.training.words import fit_decisions, fit_scale, fit_words, frequent

# Lowest and highest value of each parameter, and whether it is whole.
_RANGES = (
    ("alpha", 1e-6, 1e6, False),
    ("title_scale", 0, 100, False),
    ("min_df", 0, 1e9, False),
    ("max_terms", 1, 4_000_000, True),
    ("focus", 0, 10, False),
    ("max_tokens", 1, 1_000_000, True),
    ("n_folds", 2, 1000, True),
    ("balance", 0, 1, False),
)
_LOOKED_AT = 200  # ads that decide in which order integers name labels


class CollarClassifier(ClassifierMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Label job ads white, blue or gray collar by way of two linear scores.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the ridge penalty on the words' weights.
    title_scale : float, default=1.4
        Length of the title's feature vector; the text's has length one.
    min_df : float, default=2
        Number of ads (their weights added up) in which an n-gram of the text must occur to be learnt;
        in titles once is enough.
    max_terms : int, default=30_000
        How many of the text's n-grams are kept: those that tell most.
    focus : float, default=0.75
        How far an n-gram's value rises with what it tells: at 0 it is TF-IDF, above it the words that
        tell nothing, such as an employer's talk about itself, count less in an ad's length.
    max_tokens : int, default=300
        How many tokens of an ad's text are read for words that tell: what an ad is about stands
        at its head, and long ads end in procedure. Stated requirements are read in all of it.
    n_folds : int, default=5
        Folds, apart by group, whose held-out scores teach the decision.
    balance : float, default=0.25
        How far the decision's classes are weighted up to equal shares: 0 not at all, 1 wholly.
    name : str, default="own"
        Name of the fitted model, carried by its results.
    title_column, text_column : str, optional
        Columns of a DataFrame X; found by common names if not given.
    base : Model or path-like, optional
        A model to adapt, such as "standard": its ratings are shifted (their start, what stated requirements weigh, the
        scale of the words) and its decision is fitted anew; words keep their weights, and the parameters of learning
        them play no part. Without it all is learnt from the ads alone.
    strength : float, optional
        How strongly an adapted model is drawn to its base. If not given, it is chosen on groups of ads held out.
    encoded_labels : sequence of str, optional
        What integer labels 0, 1, … stand for. Meta-estimators such as `VotingClassifier` encode labels
        in alphabetical order, which is assumed if not given: blue, gray, white.

    Attributes
    ----------
    model_ : Model
        The fitted arrays; `collarclass.save_model` writes them to a folder.
    classes_ : ndarray of str or int
        The labels that `y` had, sorted: the columns of `predict_proba`.
    held_out_scores_ : ndarray of float64, shape (n_samples, 2)
        Scores of each training ad by a model that did not see its group; NaN for one that taught nothing.
    strength_ : float or None
        That of an adapted model; None where adapting does not help beyond chance, and the model is its base.
    held_out_probabilities_ : ndarray of float64, shape (n_samples, 3)
        Probabilities of white, blue and gray by these scores.
    feature_names_in_ : ndarray of str
        The columns of X, if it was a table.

    Examples
    --------
    >>> ads = ["Welder wanted, no schooling needed", "Accountant, bachelor's degree", "Nurse, nursing degree"]
    >>> classifier = CollarClassifier(n_folds=2).fit(ads * 5, ["blue", "white", "gray"] * 5)
    >>> classifier.predict(["We need a welder"])
    array(['blue'], dtype='<U5')
    """

    def __init__(
        self,
        alpha: float = 1.0,
        title_scale: float = 1.4,
        min_df: float = 2,
        max_terms: int = 30_000,
        focus: float = 0.75,
        max_tokens: int = 300,
        n_folds: int = 5,
        balance: float = 0.25,
        name: str = "own",
        title_column: str | None = None,
        text_column: str | None = None,
        base: ModelLike | None = None,
        strength: float | None = None,
        encoded_labels: Sequence[str] | None = None,
    ) -> None:
        self.alpha = alpha
        self.title_scale = title_scale
        self.min_df = min_df
        self.max_terms = max_terms
        self.focus = focus
        self.max_tokens = max_tokens
        self.n_folds = n_folds
        self.balance = balance
        self.name = name
        self.title_column = title_column
        self.text_column = text_column
        self.base = base
        self.strength = strength
        self.encoded_labels = encoded_labels

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        ratings: Any = None,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        reader: Reader | None = None,
        progress: Steps | ProgressLike = False,
    ) -> Self:
        """Learn from labelled ads; with a `base`, adapt it to them.

        Parameters
        ----------
        X : sequence of str, or of (title, text) pairs, or a table with such columns, or, without a base, CountedAds
            A table is a pandas or polars DataFrame, a pyarrow Table, or another that narwhals knows. Missing
            values count as empty.
        y : array-like of str or int, shape (n_samples,)
            "white", "blue" or "gray", at least two of them, in English or Chinese and in any case; or these encoded
            as integers. Ads labelled "unclear" teach nothing.
        ratings : array-like of float, shape (n_samples, 2), or table, optional
            Academic credential and hands-on skill, 0 to 4; of a table the columns `academic_rating` and
            `hands_on_rating`. Where one is missing (NaN), the label's typical rating is used.
        groups : array-like, shape (n_samples,), optional
            Ads that must not be on both sides of a split, such as those of one occupation.
        sample_weight : array-like of float, shape (n_samples,), optional
        reader : Reader, optional
            Weights by which stated requirements are read; those of the shipped model by default.
        progress : bool or callable, default=False
            Whether to show the step and the time left on standard error; None does so on a terminal. A callable gets
            the number of steps done and the share done.

        Returns
        -------
        self
        """
        for name, low, high, whole in _RANGES:
            check_range(name, getattr(self, name), low, high, whole)
        if self.strength is not None:
            check_range("strength", self.strength, 1e-3, 1e6)
        reader = reader if reader is not None else default_model().reader
        if self.base is None and isinstance(X, CountedAds):
            ads, targets = X, read_targets(len(X), y, ratings, groups, sample_weight, self.encoded_labels)
        else:
            titles, texts, targets = self._take(X, y, ratings, groups, sample_weight)
            if self.base is not None:
                return self._adapt(find_model(self.base), titles, texts, targets)
            ads = count_ads(texts, titles, self.max_tokens, reader)
        if ads.max_tokens != self.max_tokens:
            raise DataError(
                "The ads were counted to {counted} tokens, max_tokens is {max_tokens}.", counted=ads.max_tokens,
                max_tokens=self.max_tokens,
            )  # fmt: skip
        if (n_groups := len(np.unique(targets.groups))) < self.n_folds:
            raise DataError(
                "{n_groups} groups of ads cannot make {n_folds} folds: give more ads or lower n_folds.",
                n_groups=n_groups, n_folds=self.n_folds,
            )  # fmt: skip
        steps = progress if isinstance(progress, Steps) else Steps(progress, self.n_folds + 1)
        try:
            with threadpool_limits(limits=1):  # sums in one order: the same numbers however many processors
                self._learn(ads if len(targets.rows) == len(ads) else ads.rows(targets.rows), targets, reader, steps)
        finally:
            if steps is not progress:
                steps.close()
        for name in ("held_out_scores_", "held_out_probabilities_"):
            found = getattr(self, name)
            held_out = np.full((len(ads), found.shape[1]), np.nan)
            held_out[targets.rows] = found
            setattr(self, name, held_out)
        return self

    def _take(
        self, X: Any, y: ArrayLike, ratings: Any, groups: ArrayLike | None, sample_weight: ArrayLike | None
    ) -> tuple[list[str | None], list[str], Targets]:
        """Titles, texts and targets, checked; keeps the names of a table's columns."""
        for name in ("feature_names_in_", "n_features_in_"):  # of an earlier fit
            if hasattr(self, name):
                delattr(self, name)
        frame = as_frame(X)
        if frame is not None and all(isinstance(name, str) for name in frame.columns):
            self.feature_names_in_ = np.array(frame.columns, dtype=object)
            self.n_features_in_ = len(frame.columns)
        titles, texts = split_ads(X, self.title_column, self.text_column)
        targets = read_targets(len(texts), y, ratings, groups, sample_weight, self.encoded_labels)
        if self.encoded_labels is None and np.asarray(y).dtype.kind in "iu":
            found = predict(find_model(), texts[:_LOOKED_AT], titles[:_LOOKED_AT]).probabilities
            refuse_other_order(np.asarray(y)[:_LOOKED_AT], found)
        return titles, texts, targets

    def _learn(self, ads: CountedAds, targets: Targets, reader: Reader, steps: Steps) -> None:
        weight, labels = targets.weight, targets.labels
        typical = np.array([TYPICAL_RATINGS[label] for label in labels]).reshape(-1, 2)
        target = np.where(np.isnan(targets.ratings), typical, targets.ratings)
        parts = [frequent(ads.text, weight, self.min_df), frequent(ads.title, weight, min(self.min_df, weight.min()))]
        matrices, columns = [damped_counts(part.counts) for part in parts], np.array(LABELS[1:])
        label = np.where(labels[:, None] == columns, 4.0, 0.0)  # the first is what the others leave over
        # Stated requirements of English and of Chinese ads in columns of their own, so that words are not left to make
        # up for what a requirement tells in one language and not in the other.
        chinese = ads.chinese[:, None]
        beside = np.column_stack((ads.features * ~chinese, ads.features * chinese, chinese)).astype(np.float64)

        def words_of(rows: NDArray[np.int64]) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
            return fit_words(
                [matrix[rows] for matrix in matrices], target[rows], weight[rows], alpha=self.alpha, focus=self.focus,
                lengths=(1.0, self.title_scale), max_terms=self.max_terms, label=label[rows], beside=beside[rows],
            )[0]  # fmt: skip

        words = np.zeros((len(ads), 2))
        for train, test in GroupKFold(self.n_folds).split(labels, groups=targets.groups):
            for counts, (scale, weights) in zip(matrices, words_of(train), strict=True):
                words[test] += np.asarray(scaled_counts(counts[test], scale) @ weights)
            steps.done("words, held-out fold")
        self.classes_ = targets.classes
        self._columns = [LABELS.index(name) for name in targets.class_names]
        segment = segments(ads.chinese, ads.features)
        word_scale, intercept, stated_weight = fit_scale(words, ads.features, segment, target, weight)
        rating = segment @ intercept + segment @ word_scale * words + ads.features @ stated_weight
        self.held_out_scores_ = np.clip(rating, 0, 4) / 4
        decision = fit_decisions(self.held_out_scores_, labels, weight, ads.chinese, self.balance).astype(np.float32)
        self.held_out_probabilities_ = class_probabilities(decision[ads.chinese.astype(int)], self.held_out_scores_)
        fitted = words_of(np.arange(len(ads)))
        steps.done("words, all ads")
        blocks = []
        for part, (scale, weights) in zip(parts, fitted, strict=True):
            kept = np.flatnonzero(scale)
            part, arrays = part.where(kept), (scale[kept].astype(np.float32), weights[kept].astype(np.float32))
            blocks.append(Block(TermIndex(part.hashes), part.order, *arrays, part.displayable))
        self.model_ = Model(
            name=self.name,
            text=blocks[0],
            title=blocks[1],
            stated_weight=stated_weight.astype(np.float32),
            word_scale=word_scale.astype(np.float32),
            intercept=intercept.astype(np.float32),
            decision=decision,
            limits={"max_tokens": self.max_tokens, "min_terms": 6, "min_known_share": 0.6},
            reader=reader,
        )

    def _adapt(
        self, base: Model, titles: list[str | None], texts: list[str], targets: Targets, scores_stay: bool = False
    ) -> Self:
        """Shift a model's ratings and fit its decision anew; see `collarclass.training.adapt`."""
        counted = count_ads(texts, titles, int(base.limits["max_tokens"]), base.reader)
        known = KnownAds.of_counts(base, counted).with_texts(base, texts, titles)
        taught = np.flatnonzero(known.judged[targets.rows])
        if not len(taught):
            raise DataError("The model can judge none of the ads: give texts of some words in English or Chinese.")
        known, group = known.rows(targets.rows[taught]), np.unique(targets.groups[taught], return_inverse=True)[1]
        labels = np.array([LABELS.index(label) for label in targets.labels[taught]], np.int64)
        rest = (targets.weight[taught], targets.ratings[taught], scores_stay)
        if self.strength is None:
            self.strength_, change = learn_change(known, labels, group, *rest)
        else:
            self.strength_, change = self.strength, fit_change(known, labels, self.strength, *rest)
        self.model_ = change.applied(base, self.name) if change is not None else replace(base, name=self.name)
        self.classes_ = targets.classes
        self._columns = [LABELS.index(name) for name in targets.class_names]
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities of `classes_`, shape (n_samples, n_classes)."""
        found = self._predicted(X).probabilities[:, self._columns]
        return np.asarray(found / found.sum(axis=1, keepdims=True) if len(self._columns) < len(LABELS) else found)

    def predict(self, X: Any) -> NDArray[Any]:
        """Likeliest label of each ad; never "unclear", which is the library's, not the estimator's."""
        probabilities = self.predict_proba(X)
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Log-probabilities of `classes_`, shape (n_samples, n_classes); of the second of two, the log-odds."""
        found = np.log(self.predict_proba(X))
        return np.asarray(found if len(self.classes_) > 2 else found[:, 1] - found[:, 0])

    def scores(self, X: Any) -> NDArray[np.float64]:
        """Academic and hands-on score of each ad, 0 to 1, shape (n_samples, 2)."""
        return self._predicted(X).scores

    def _predicted(self, X: Any) -> Predictions:
        check_is_fitted(self)
        titles, texts = split_ads(X, self.title_column, self.text_column)
        return predict(self.model_, texts, titles)

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Scores, probabilities and stated schooling of each ad, as features for another estimator.

        Its columns are those that `get_feature_names_out` names, in a table after ``set_output``; `X` is as in `fit`.

        Examples
        --------
        >>> classifier = CollarClassifier.from_pretrained().set_output(transform="pandas")
        >>> found = classifier.transform(["Accountant wanted. A bachelor's degree is required. You audit reports."])
        >>> found[["p_white", "schooling_bachelor", "schooling_required"]].round().to_numpy().tolist()
        [[1.0, 1.0, 1.0]]
        """
        found = self._predicted(X)
        level = found.level[:, None] == np.arange(len(LEVELS))
        status = found.status[:, None] == np.arange(len(STATUSES) - 1)
        return np.column_stack((found.scores, found.probabilities, level, status)).astype(np.float64)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Names of the columns of `transform`."""
        names = [
            *(f"{dimension}_score" for dimension in DIMENSIONS),
            *(f"p_{label}" for label in LABELS),
            *(f"schooling_{name}" for name in (*LEVELS, *STATUSES[:-1])),
        ]
        return np.array(names, dtype=object)

    @classmethod
    def from_pretrained(cls, model: ModelLike | None = None, **parameters: Any) -> Self:
        """A fitted estimator with a model that is there already; `fit` adapts it to own labels.

        A model may be given as such, as the name "standard" or as a model folder; it is the shipped one if not given.
        The other parameters are the estimator's.

        Examples
        --------
        >>> classifier = CollarClassifier.from_pretrained()
        >>> classifier.predict(["We weld steel frames on shifts. No schooling needed."]).tolist()
        ['blue']
        """
        self = cls(base="standard" if model is None else model, **parameters)
        self.model_ = find_model(model)
        self.classes_, self._columns = np.array(ENCODED), [LABELS.index(name) for name in ENCODED]
        return self

    def calibrate(
        self, X: Any, y: ArrayLike, groups: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Fit the decision of the fitted model anew to some hundreds of labelled ads; scores and reasons stay.

        The model gets the name of the estimator. Where it does not help on groups of ads held out, it stays as it is.

        Parameters are as in `fit`.
        """
        check_is_fitted(self)
        return self._adapt(self.model_, *self._take(X, y, None, groups, sample_weight), scores_stay=True)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags
