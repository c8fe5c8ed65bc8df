"""`CollarClassifier`: learns a `Model` from rated ads, as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import narwhals as nw
import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold
from sklearn.utils.validation import check_is_fitted

from collarclass.definitions.labels import DIMENSIONS, LABELS, LEVELS, STATUSES, TYPICAL_RATINGS
from collarclass.errors import DataError
from collarclass.features.ngrams import Vocabulary, damped
from collarclass.labelling.options import ModelLike, find_model
from collarclass.model.encoding import segments
from collarclass.model.model import Block, Model
from collarclass.model.persistence import shipped_reader
from collarclass.model.predict import predict
from collarclass.progress import Steps
from collarclass.requirement_reader.decide import Reader
from collarclass.tables.arrow import arrow_strings
from collarclass.tables.columns import find_columns
from collarclass.training.calibrate import calibrate
from collarclass.training.classes import ENCODED, decision_rows, named_labels
from collarclass.training.counts import CountedAds, HashedCounts, count_ads

_MIN_SCALE = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class _TrainingData:
    """The training ads, counted once for all folds; `label` is 4 in the column of an ad's label, like a rating."""

    counts: list[sp.csr_matrix]
    features: NDArray[np.float64]
    chinese: NDArray[np.bool_]
    label: NDArray[np.float64]


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
        Scores of each training ad by a model that did not see its group.
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
        self.encoded_labels = encoded_labels

    # -- learning --------------------------------------------------------------------------------

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        ratings: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        reader: Reader | None = None,
        steps: Steps | None = None,
    ) -> Self:
        """Learn from labelled ads.

        Parameters
        ----------
        X : sequence of str, or of (title, text) pairs, or a table with such columns, or CountedAds
            A table is a pandas or polars DataFrame, a pyarrow Table, or another that narwhals knows. Missing
            values count as empty.
        y : array-like of str or int, shape (n_samples,)
            "white", "blue" or "gray", at least two of them; or these encoded as integers.
        ratings : array-like of float, shape (n_samples, 2), optional
            Academic credential and hands-on skill, 0 to 4. Without them each label's typical
            ratings are used.
        groups : array-like, shape (n_samples,), optional
            Ads that must not be on both sides of a split, such as those of one occupation.
        sample_weight : array-like of float, shape (n_samples,), optional
        reader : Reader, optional
            Weights by which stated requirements are read; those of the shipped model by default.

        steps : Steps, optional
            Called for each fold that is done.

        Returns
        -------
        self
        """
        reader = reader if reader is not None else shipped_reader()
        self._note_columns(X)
        ads = X if isinstance(X, CountedAds) else self._counted(X, reader)
        labels, classes, class_names = named_labels(y, self.encoded_labels)
        if len(labels) != len(ads):
            raise DataError(f"{len(ads)} ads but {len(labels)} labels: give one label per ad.")
        target = (
            np.array([TYPICAL_RATINGS[v] for v in labels]).reshape(-1, 2)
            if ratings is None
            else np.asarray(ratings, dtype=np.float64)
        )
        if target.shape != (len(ads), 2) or not ((target >= 0) & (target <= 4)).all():
            raise DataError("Ratings must be numbers from 0 to 4, two per ad: academic and hands-on.")
        weight = np.ones(len(ads)) if sample_weight is None else np.asarray(sample_weight, np.float64)
        group = np.arange(len(ads)) if groups is None else pd.factorize(np.asarray(groups))[0]
        if len(np.unique(group)) < self.n_folds:
            raise DataError(
                f"{len(np.unique(group))} groups of ads cannot make {self.n_folds} folds: "
                "give more ads or lower n_folds."
            )

        if ads.max_tokens != self.max_tokens:
            raise DataError(f"The ads were counted to {ads.max_tokens} tokens, max_tokens is {self.max_tokens}.")
        parts = [
            _frequent(ads.text, weight, self.min_df),
            _frequent(ads.title, weight, min(self.min_df, weight.min())),
        ]
        matrices = [_damped(part.counts) for part in parts]
        data = _TrainingData(matrices, ads.features, ads.chinese, _label_columns(labels))
        words = np.zeros((len(ads), 2))
        for train, test in GroupKFold(self.n_folds).split(labels, groups=group):
            fitted = self._fit_words(data, train, target, weight)
            for counts, of in zip(data.counts, fitted, strict=True):
                words[test] += _words(counts[test], *of)
            if steps is not None:
                steps.done("words, held-out fold")
        self.classes_, self._columns = classes, [LABELS.index(name) for name in class_names]
        segment = segments(data.chinese, data.features)
        word_scale, intercept, stated_weight = _fit_scale(words, data.features, segment, target, weight)
        rating = segment @ intercept + segment @ word_scale * words + data.features @ stated_weight
        self.held_out_scores_ = np.clip(rating, 0, 4) / 4
        decision = self._fit_decision(self.held_out_scores_, labels, weight)
        fitted = self._fit_words(data, np.arange(len(ads)), target, weight)
        if steps is not None:
            steps.done("words, all ads")
        text, title = (
            _block(part, np.flatnonzero(scale), scale, weights)
            for part, (scale, weights) in zip(parts, fitted, strict=True)
        )
        self.model_ = Model(
            name=self.name,
            text=text,
            title=title,
            stated_weight=stated_weight.astype(np.float32),
            word_scale=word_scale.astype(np.float32),
            intercept=intercept.astype(np.float32),
            decision=decision.astype(np.float32),
            limits={"max_tokens": self.max_tokens, "min_terms": 6, "min_known_share": 0.6},
            reader=reader,
        )
        return self

    def _note_columns(self, X: Any) -> None:
        """Keep the names of a table's columns, and forget those of an earlier fit."""
        for name in ("feature_names_in_", "n_features_in_"):
            if hasattr(self, name):
                delattr(self, name)
        frame = _frame(X)
        if frame is not None and all(isinstance(name, str) for name in frame.columns):
            self.feature_names_in_ = np.array(frame.columns, dtype=object)
            self.n_features_in_ = len(frame.columns)

    def _counted(self, X: Any, reader: Reader) -> CountedAds:
        titles, texts = split_ads(X, self.title_column, self.text_column)
        return count_ads(texts, titles, self.max_tokens, reader)

    def _fit_words(
        self,
        data: _TrainingData,
        train: NDArray[np.int64],
        target: NDArray[np.float64],
        weight: NDArray[np.float64],
    ) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Fit scale and weights of each block's terms on some rows, in two rounds.

        The first round finds what each term tells, of the label as well: a word may say on which side of a line an
        ad lies and little of the rating. The second fits the ratings anew with that in the terms' scale.
        """
        counts = [matrix[train] for matrix in data.counts]
        presence = [sp.csr_matrix((np.ones(m.nnz), m.indices, m.indptr), m.shape) for m in counts]
        df = [np.asarray(m.T @ weight[train]) for m in presence]
        idf = [np.log((1 + weight[train].sum()) / (1 + d)) + 1 for d in df]
        features = sp.csr_matrix(_by_language(data.features[train], data.chinese[train]))
        lengths = (1.0, self.title_scale)

        def ridge(scales: list[NDArray[np.float64]], target: NDArray[np.float64]) -> list[NDArray[np.float64]]:
            blocks = [_scaled(m, s) * length for m, s, length in zip(counts, scales, lengths, strict=True)]
            fitted = Ridge(alpha=self.alpha, solver="sparse_cg", tol=1e-3)
            fitted.fit(sp.hstack([*blocks, features], format="csr"), target, sample_weight=weight[train])
            text, title, _ = np.split(fitted.coef_.T, np.cumsum([m.shape[1] for m in counts]))
            return [w * length for w, length in zip((text, title), lengths, strict=True)]

        scales, ratings = [], target[train]
        told = ridge(idf, np.column_stack((ratings, data.label[train])))
        for first, d, i, most in zip(told, df, idf, (self.max_terms, None), strict=True):
            information = np.sqrt((first**2).sum(axis=1)) * (d > 0)
            typical = np.sqrt((information**2).sum() / max(1, np.count_nonzero(information)) or 1.0)
            scale = i * (information / typical) ** self.focus
            if most is not None and len(scale) > most:
                spread = information * i * np.sqrt(d)
                scale[spread < np.partition(spread, -most)[-most]] = 0.0
            scales.append(scale)
        return list(zip(scales, ridge(scales, ratings), strict=True))

    def _fit_decision(
        self, scores: NDArray[np.float64], labels: NDArray[Any], weight: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        share = pd.Series(labels).map(pd.Series(labels).value_counts(normalize=True)).to_numpy(np.float64)
        a, h = scores.T
        logistic = LogisticRegression(C=10.0, max_iter=1000)
        logistic.fit(np.column_stack((a, h, a * h)), labels, sample_weight=weight * share**-self.balance)
        return decision_rows(logistic.coef_, logistic.intercept_, list(logistic.classes_))

    # -- predicting ------------------------------------------------------------------------------

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities of `classes_`, shape (n_samples, n_classes)."""
        check_is_fitted(self)
        if isinstance(X, CountedAds):
            found = self.model_.probabilities(_score_counts(self.model_, X))
        else:
            titles, texts = split_ads(X, self.title_column, self.text_column)
            found = predict(self.model_, texts, titles).probabilities
        found = found[:, self._columns]
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
        check_is_fitted(self)
        if isinstance(X, CountedAds):
            return _score_counts(self.model_, X)
        titles, texts = split_ads(X, self.title_column, self.text_column)
        return predict(self.model_, texts, titles).scores

    # -- features for another estimator ------------------------------------------------------------

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Scores, probabilities and stated schooling of each ad, as features for another estimator.

        Parameters
        ----------
        X
            As in `fit`, but no counted ads.

        Returns
        -------
        ndarray of float64, shape (n_samples, n_features)
            The columns that `get_feature_names_out` names; a table of them after ``set_output``.

        Examples
        --------
        >>> classifier = CollarClassifier.from_pretrained().set_output(transform="pandas")
        >>> found = classifier.transform(["Accountant wanted. A bachelor's degree is required. You audit reports."])
        >>> found[["p_white", "schooling_bachelor", "schooling_required"]].round().to_numpy().tolist()
        [[1.0, 1.0, 1.0]]
        """
        check_is_fitted(self)
        titles, texts = split_ads(X, self.title_column, self.text_column)
        found = predict(self.model_, texts, titles)
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

    # -- the shipped model, and own labels ---------------------------------------------------------

    @classmethod
    def from_pretrained(cls, model: ModelLike | None = None, **parameters: Any) -> Self:
        """A fitted estimator with a model that is there already.

        Parameters
        ----------
        model : Model or path-like, optional
            A model, the name "standard", or a model folder; the shipped model if not given.
        **parameters
            Of the estimator.

        Returns
        -------
        CollarClassifier

        Examples
        --------
        >>> classifier = CollarClassifier.from_pretrained()
        >>> classifier.predict(["We weld steel frames on shifts. No schooling needed."]).tolist()
        ['blue']
        """
        self = cls(**parameters)
        self.model_ = find_model(model)
        self.classes_, self._columns = np.array(ENCODED), [LABELS.index(name) for name in ENCODED]
        return self

    def calibrate(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Adapt the fitted model's probabilities to some labelled ads; scores and reasons stay.

        A temperature and a bias for each label are fitted, so some hundreds of ads are enough. The adapted model has
        the name of the estimator.

        Parameters
        ----------
        X, y
            As in `fit`.
        sample_weight : array-like of float, shape (n_samples,), optional

        Returns
        -------
        self
        """
        check_is_fitted(self)
        titles, texts = split_ads(X, self.title_column, self.text_column)
        labels, _, _ = named_labels(y, self.encoded_labels)
        self.model_ = calibrate(self.model_, texts, labels, titles, sample_weight, self.name)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def _score_counts(model: Model, ads: CountedAds) -> NDArray[np.float64]:
    """Scores of counted ads, the same sums as those of their texts."""
    words = np.zeros((len(ads), 2))
    for block, part in ((model.text, ads.text), (model.title, ads.title)):
        counts = _damped(part.aligned(block.vocabulary.hashes))
        words += _words(counts, block.scale.astype(np.float64), block.weight.astype(np.float64))
    segment = segments(ads.chinese, ads.features)
    rating = segment @ model.intercept + segment @ model.word_scale * words
    rating = rating + ads.features @ model.stated_weight.astype(np.float64)
    return np.asarray(np.clip(rating, 0.0, 4.0) / 4.0)


def split_ads(
    X: Any, title_column: str | None = None, text_column: str | None = None
) -> tuple[list[str | None], list[str]]:
    """Take ads as text, as (title, text) pairs or as a DataFrame apart into titles and texts."""
    frame = _frame(X)
    if frame is not None:
        title, text = find_columns(frame.columns, title_column, text_column)
        texts = arrow_strings(frame.get_column(str(text)).to_arrow())
        named = arrow_strings(frame.get_column(str(title)).to_arrow()) if title is not None else [None] * len(texts)
        return list(named), texts
    if isinstance(X, str):
        raise DataError("Give a sequence of ads, not a single string.")
    titles, texts = list[str | None](), []
    for i, ad in enumerate(X):
        title, text = ad if isinstance(ad, (tuple, list, np.ndarray)) and len(ad) == 2 else (None, ad)
        title, text = (None if _is_missing(title) else title), ("" if _is_missing(text) else text)
        if not isinstance(text, str) or not (title is None or isinstance(title, str)):
            raise DataError(f"Ad {i} is not a text or a (title, text) pair of texts.")
        titles.append(title)
        texts.append(text)
    return titles, texts


def _frame(X: Any) -> Any:
    """X as a frame of narwhals, if it is a table; otherwise None."""
    if isinstance(X, pd.DataFrame):  # of which narwhals refuses columns that are not named by text
        X = X.rename(columns=str)
    found = nw.from_native(X, eager_only=True, pass_through=True)
    return found if isinstance(found, nw.DataFrame) else None


def _is_missing(value: Any) -> bool:
    """Whether a value stands for none, as tables read it: None, NaN and the like."""
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def _block(
    part: HashedCounts, kept: NDArray[np.int64], scale: NDArray[np.float64], weight: NDArray[np.float64]
) -> Block:
    """The model's part for the text or the title: the terms that are of use."""
    return Block(
        Vocabulary(part.hashes[kept], part.order[kept]),
        scale[kept].astype(np.float32),
        weight[kept].astype(np.float32),
        part.displayable[kept],
    )


def _by_language(features: NDArray[np.float64], chinese: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Stated requirements of English and of Chinese ads in columns of their own, and which language it is.

    So words are not left to make up for what a requirement tells in one language and not in the other.
    """
    rows = chinese[:, None]
    return np.column_stack((features * ~rows, features * rows, chinese))


def _label_columns(labels: NDArray[Any]) -> NDArray[np.float64]:
    """A column for each label but the first, which the others leave over."""
    return np.where(np.asarray(labels)[:, None] == np.array(LABELS[1:]), 4.0, 0.0)


def _frequent(part: HashedCounts, weight: NDArray[np.float64], min_df: float) -> HashedCounts:
    """The n-grams that occur in enough ads, the ads' weights added up."""
    presence = sp.csr_matrix((np.ones(part.counts.nnz), part.counts.indices, part.counts.indptr), part.counts.shape)
    return part.where(np.flatnonzero(np.asarray(presence.T @ weight) >= min_df - 1e-9))


def _damped(counts: sp.csr_matrix) -> sp.csr_matrix:
    return sp.csr_matrix((damped(counts.data), counts.indices, counts.indptr), counts.shape)


def _scaled(counts: sp.csr_matrix, scale: NDArray[np.float64]) -> sp.csr_matrix:
    """Counts times the terms' scale, every row of length one: what `Block.weigh` gives."""
    matrix = counts.copy()
    matrix.data *= scale[matrix.indices]
    norm = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    matrix.data /= np.repeat(np.where(norm > 0, norm, 1.0), np.diff(matrix.indptr))
    return matrix


def _words(counts: sp.csr_matrix, scale: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """The words' part of both ratings."""
    return np.asarray(_scaled(counts, scale) @ weight)


def _fit_scale(
    words: NDArray[np.float64],
    stated_features: NDArray[np.float64],
    segment: NDArray[np.float64],
    target: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """How far held-out words are to be trusted, by segment: with stated schooling beside them, or without.

    A segment's own intercept and word_scale are what it adds to the common ones, and are drawn to nothing:
    a segment of few ads, or none, follows the others.
    """
    word_scale, intercept = np.empty((4, 2)), np.empty((4, 2))
    stated_weight = np.empty((stated_features.shape[1], 2))
    one = np.ones((len(segment), 1))
    for d in range(2):
        word = words[:, [d]]
        design = np.column_stack((100 * one, 100 * word, segment, segment * word, stated_features))
        fitted = Ridge(alpha=1.0, fit_intercept=False)
        start = fitted.fit(design, target[:, d], sample_weight=weight).coef_
        # Too few ads can make held-out words look worse than nothing: they still count for something.
        word_scale[:, d] = np.maximum(100 * start[1] + start[6:10], _MIN_SCALE)
        rest = target[:, d] - segment @ word_scale[:, d] * word[:, 0]
        design = np.column_stack((100 * one, segment, stated_features))
        start = fitted.fit(design, rest, sample_weight=weight).coef_
        intercept[:, d], stated_weight[:, d] = 100 * start[0] + start[1:5], start[5:]
    return word_scale, intercept, stated_weight
