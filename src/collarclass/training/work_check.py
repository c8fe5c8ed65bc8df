"""Learn whether an ad says what the work is, from texts without content beside the ads of all kinds.

The check weighs the words that the ratings weigh, and title and text together: either may say what the work is. So
the examples are ads as they are, without their titles, under titles that name no job, and titles of jobs over texts
without content; against them stand texts without content, alone, joined and under titles that name no job.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from collarclass.corpus.read import LANGUAGES, read_csv
from collarclass.model.model import SHORT, SHORT_AD, TITLED, UNTITLED, Model, WorkCheck
from collarclass.requirement_reader.outcomes import Reader
from collarclass.training.counts import Bools, CountedAds, Floats, Ints, count_ads, damped_counts, scaled_counts
from collarclass.training.words import hashed_folds

# An ad without a title is unclear from where 1 % of readable real ads would be, of sources held out, had they no
# title; a short one from where 1 % of short written ads would be. Of ads with a title twice as many may be: most have
# titles that name a job, and get a label by these. Where enough texts without content are unclear, the limit stays.
MAX_LOST, MAX_LOST_TITLED, _ENOUGH = 0.01, 0.02, 0.95
_CURVE = (0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03)
_C = 10.0  # of the logistic regression
_N_FOLDS = 3
_JOINED = (2, 5)  # texts without content that make a longer one
# Weights: of texts without content, of which there are few, and shares of the ads that are shown in other ways.
_NO_CONTENT, _THIN, _OTHER_TITLE, _TITLE_ALONE = 15.0, 15.0, 0.33, 0.2
_Example: TypeAlias = tuple[sp.csr_matrix, sp.csr_matrix, int, float]  # texts, titles, label, weight


@dataclass(frozen=True, slots=True)
class _Words:
    """Ads as counts of the model's terms: those of the text, of the title as part of the text, and of the title."""

    text: sp.csr_matrix
    head: sp.csr_matrix
    title: sp.csr_matrix
    chinese: Bools
    short: Bools

    @classmethod
    def of(cls, model: Model, ads: CountedAds) -> _Words:
        text, head = (part.aligned(model.text.vocabulary.hashes) for part in (ads.text, ads.title))
        body = (text - head).maximum(0)
        title = ads.title.aligned(model.title.vocabulary.hashes)
        return cls(body.tocsr(), head, title, ads.chinese, ads.length <= SHORT)

    def sums(self, model: Model, weight: Floats, start: float) -> Floats:
        """The sum of each ad, and what it would be without its title; shape (n_ads, 2)."""
        no_title = sp.csr_matrix(self.title.shape, dtype=self.title.dtype)
        ads = ((self.text + self.head, self.title), (self.text, no_title))
        return np.column_stack([_values(model, text, title) @ weight + start for text, title in ads])

    def rows(self, index: Ints) -> _Words:
        return _Words(self.text[index], self.head[index], self.title[index], self.chinese[index], self.short[index])


def _values(model: Model, text: sp.csr_matrix, title: sp.csr_matrix) -> sp.csr_matrix:
    """What `Model.encode` makes of the counts, text beside title."""
    blocks = [
        scaled_counts(damped_counts(counts.astype(np.int64)), block.scale)
        for block, counts in ((model.text, text), (model.title, title))
    ]
    return sp.csr_matrix(sp.hstack(blocks, format="csr"))


def read_no_content(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Texts without content, and thin ads that have some."""
    return read_csv(Path(folder) / "no_content.csv")


def fit_work_check(
    model: Model, texts: pd.DataFrame, ads: CountedAds, groups: NDArray[Any], real: Bools, reader: Reader
) -> tuple[WorkCheck, dict[str, Any]]:
    """Fit the check, and choose by ads held out from where on an ad says what the work is.

    The model's words are weighed. Of `texts`, as `read_no_content` gives them, those of the part "held" teach nothing.
    The limit is chosen on the `real` ones of the readable ads, or on all if none is; no group stands on both sides of a
    fold.

    The facts are, by language, what shares of readable ads and of texts without content come back unclear before their
    titles are asked: of those that teach, each by a fit that did not see it, and of those held out altogether; by the
    limit chosen, and by others; and the same had they no titles.
    """
    unclear, held = (texts["label"] == "unclear").to_numpy(), (texts["part"] == "held").to_numpy()
    counted = count_ads(texts["text"].tolist(), texts["title"].tolist(), int(model.limits["max_tokens"]), reader)
    short, readable = _Words.of(model, counted), _Words.of(model, ads)
    thin, empty, held = short.rows(np.flatnonzero(~unclear & ~held)), short.rows(np.flatnonzero(unclear)), held[unclear]
    fold_of_ads, fold_of_texts = hashed_folds(groups, _N_FOLDS), hashed_folds(np.arange(len(held)), _N_FOLDS)
    of_ads, of_texts = np.zeros((len(ads), 2)), np.zeros((len(held), 2))  # the sums, in the order of the limits
    for k in range(_N_FOLDS):
        fitted = _fit(model, _examples(empty, thin, readable, ~held & (fold_of_texts != k), fold_of_ads != k))
        for words, rows, out in ((readable, fold_of_ads == k, of_ads), (empty, ~held & (fold_of_texts == k), of_texts)):
            out[rows] = words.rows(np.flatnonzero(rows)).sums(model, *fitted)
    weight, start = _fit(model, _examples(empty, thin, readable, ~held, np.ones(len(ads), bool)))
    of_texts[held] = empty.rows(np.flatnonzero(held)).sums(model, weight, start)
    judged = real if real.any() else np.ones(len(ads), bool)
    limits, facts = np.zeros((2, 3)), dict[str, Any]()
    for chinese, language in enumerate(LANGUAGES):
        here, found = readable.chinese == chinese, empty.chinese == chinese
        learnt, kept_back = found & ~held, found & held
        if not (judged & here).any() or not learnt.any():
            continue
        sums = of_ads[judged & here]
        for form, most in ((TITLED, MAX_LOST_TITLED), (UNTITLED, MAX_LOST)):
            limits[chinese, form] = min(np.quantile(sums[:, form], most), np.quantile(of_texts[learnt, form], _ENOUGH))
        of_short = of_ads[readable.short & here, UNTITLED]
        limit = np.quantile(of_short, MAX_LOST) if len(of_short) else np.inf
        limits[chinese, SHORT_AD] = min(limits[chinese, TITLED], limit)
        # A short text has a limit of its own, and is moved to where it would be by the common one.
        moved = of_texts + np.where(empty.short[:, None], limits[chinese, :2] - limits[chinese, SHORT_AD], 0.0)
        titled, untitled = (
            _measured(limits[chinese, form], sums[:, form], moved[learnt, form], moved[kept_back, form])
            for form in (TITLED, UNTITLED)
        )
        facts[language] = titled | {"untitled": untitled}
    n_text = len(model.text.vocabulary)
    check = WorkCheck(
        weight[:n_text].astype(np.float32), weight[n_text:].astype(np.float32), (start - limits).astype(np.float32)
    )
    return check, facts


def _fit(model: Model, examples: Iterable[_Example]) -> tuple[Floats, float]:
    """The words' weights and the start of the sum."""
    parts, labels, weights = [], [], []
    for text, title, label, weight in examples:
        parts.append(_values(model, text, title))
        labels.append(np.full(text.shape[0], float(label)))
        weights.append(np.full(text.shape[0], weight))
    fitted = LogisticRegression(C=_C, solver="liblinear", tol=1e-3)
    fitted.fit(sp.vstack(parts, format="csr"), np.concatenate(labels), np.concatenate(weights))
    return fitted.coef_[0], float(fitted.intercept_[0])


def _measured(limit: float, ads: Floats, learnt: Floats, held: Floats) -> dict[str, Any]:
    """What the limit, and other limits, do to ads and to texts without content."""

    def row(limit: float) -> list[float]:
        return [round(float((sums < limit).mean()), 4) if len(sums) else np.nan for sums in (ads, learnt, held)]

    curve = [row(float(np.quantile(ads, lost))) for lost in _CURVE]
    return {"readable": len(ads), "learnt": len(learnt), "held": len(held), "chosen": row(limit), "curve": curve}


def _examples(empty: _Words, thin: _Words, readable: _Words, used: Bools, shown: Bools) -> Iterator[_Example]:
    """Rows of the regression, of the texts used and the ads shown."""
    random = np.random.default_rng(0)
    yield thin.text + thin.head, thin.title, 1, _THIN
    for chinese in (False, True):
        few = empty.rows(np.flatnonzero(used & (empty.chinese == chinese)))
        ads = readable.rows(np.flatnonzero(shown & (readable.chinese == chinese)))
        n, n_ads = few.text.shape[0], ads.text.shape[0]
        if not n:
            continue
        no_title = sp.csr_matrix((max(n, n_ads), few.title.shape[1]), dtype=few.title.dtype)
        yield few.text + few.head, few.title, 0, _NO_CONTENT
        yield few.text, no_title[:n], 0, _NO_CONTENT
        for joined in _joined(few.text, random):
            titles = random.integers(0, n, joined.shape[0])
            yield joined + few.head[titles], few.title[titles], 0, _NO_CONTENT
        yield ads.text + ads.head, ads.title, 1, 1.0
        yield ads.text, no_title[:n_ads], 1, 1.0
        rows = np.flatnonzero(ads.short)
        yield ads.text[rows], no_title[: len(rows)], 1, _THIN
        rows = np.flatnonzero(random.random(n_ads) < _OTHER_TITLE)
        titles = random.integers(0, n, len(rows))
        yield ads.text[rows] + few.head[titles], few.title[titles], 1, 1.0
        rows = np.flatnonzero(random.random(n_ads) < _TITLE_ALONE)
        texts = random.integers(0, n, len(rows))
        yield ads.head[rows] + few.text[texts], ads.title[rows], 1, 1.0


def _joined(texts: sp.csr_matrix, random: np.random.Generator) -> Iterator[sp.csr_matrix]:
    """Texts without content joined to longer ones, three for each."""
    n = texts.shape[0]
    for _ in range(3):
        sizes = random.integers(_JOINED[0], _JOINED[1] + 1, n)
        rows = random.integers(0, n, sizes.sum())
        joins = sp.csr_matrix((np.ones(len(rows), np.int64), rows, np.concatenate(([0], np.cumsum(sizes)))), (n, n))
        yield (joins @ texts).tocsr()
