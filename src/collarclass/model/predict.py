"""Batches of ads → predictions as arrays, chunk by chunk; each row judged from its ad or from its title."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.labels import BASES, UNCLEAR, UNSTATED
from collarclass.features.ngrams import Terms, count_terms
from collarclass.model.decision import class_probabilities, label_gradient
from collarclass.model.encoding import join_titles
from collarclass.model.model import EMPTY, JUDGED, NO_JOB, NO_WORK, TOO_LITTLE, Model
from collarclass.model.ranking import deciding_words, runs_of_batch, runs_of_terms
from collarclass.model.stream import StreamSums
from collarclass.model.terms import SumTerms, batch_terms, sum_terms, title_terms
from collarclass.model.title_model import TitleModel, looks_like_title, says_little
from collarclass.requirement_reader.certificates import certificate_names, certificate_status
from collarclass.requirement_reader.stated import Requirement, findings
from collarclass.text.tokens import Tokens, tokenize

_AD, _TITLE = BASES.index("ad"), BASES.index("title")
_SURELY = 1.0  # log-odds by which a title must name a job where the text says no work: its own word against the text's
_CHUNK_CHARACTERS = 1_400_000  # read at once: enough to spread fixed costs, few enough for the cache
_CHUNK_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Predictions:
    """What the model says of a batch, as arrays over its rows.

    Attributes
    ----------
    label : ndarray of int8
        Index into `LABELS`; 3 for unclear.
    probabilities : ndarray of float64, shape (n_rows, 3)
    scores : ndarray of float64, shape (n_rows, 2)
        Academic and hands-on, 0 to 1.
    level, status : ndarray of int8
        Stated schooling: -1 or an index into `LEVELS`; an index into `STATUSES`.
    note : ndarray of int8
        Index into `NOTES`.
    basis : ndarray of int8
        What each row was judged from: index into `BASES`.
    intercept : ndarray of float64, shape (n_rows, 2)
        What each rating's sum starts from.
    gradient : ndarray of float64, shape (n_rows, 2)
        How the likeliest label's log-probability rises with the two ratings.
    certificate_status : ndarray of int8, shape (n_rows, 2)
        How academic-professional and vocational certificates are asked for: index into `STATUSES`.
    certificates : list of tuple of str
        The certificates that each row asks for, by name.
    evidence : list of str
        The few words that decided, per row; empty strings when not asked for.
    terms : list of SumTerms or None
        The terms of the ratings' sums, per row; None when not asked for.
    requirements : list of tuple of Requirement
        What each row states; empty when not asked for.
    reading : ndarray of float64, shape (n_rows, 3)
        1 for Chinese; tokens read for words; known terms for each of these.
    """

    label: NDArray[np.int8]
    probabilities: NDArray[np.float64]
    scores: NDArray[np.float64]
    level: NDArray[np.int8]
    status: NDArray[np.int8]
    note: NDArray[np.int8]
    basis: NDArray[np.int8]
    intercept: NDArray[np.float64]
    gradient: NDArray[np.float64]
    certificate_status: NDArray[np.int8]
    certificates: list[tuple[str, ...]]
    evidence: list[str]
    terms: list[SumTerms | None]
    requirements: list[tuple[Requirement, ...]]
    reading: NDArray[np.float64]


def predict(
    model: Model,
    texts: Sequence[str],
    titles: Sequence[str | None] | None = None,
    evidence: bool = False,
    details: bool = False,
) -> Predictions:
    """Label a batch of ads; the result of a row does not depend on the other rows.

    Parameters
    ----------
    model : Model
    texts : sequence of str
    titles : sequence of str or None, optional
    evidence : bool
        Whether to name the few words that decided each label.
    details : bool
        Whether to give every term of each row's sums, and its requirements.

    Returns
    -------
    Predictions
    """
    parts = [_predict(model, t, u, evidence, details) for t, u in chunks(texts, titles)]
    return _joined(parts or [_judge_ads(model, [], [], evidence, details)], None)


def _joined(parts: Sequence[Predictions], rows: NDArray[np.int64] | None) -> Predictions:
    """Predictions one after the other; or each at its row, where rows are given."""
    place = None if rows is None else np.argsort(rows, kind="stable")
    values: dict[str, Any] = {}
    for field in fields(Predictions):
        pieces = [getattr(part, field.name) for part in parts]
        if isinstance(pieces[0], list):
            together = [value for piece in pieces for value in piece]
            values[field.name] = together if place is None else [together[i] for i in place.tolist()]
        else:
            array = np.concatenate(pieces)
            values[field.name] = array if place is None else array[place]
    return Predictions(**values)


def _take(found: Predictions, rows: NDArray[np.int64]) -> Predictions:
    taken: dict[str, Any] = {}
    for field in fields(Predictions):
        values = getattr(found, field.name)
        taken[field.name] = [values[i] for i in rows.tolist()] if isinstance(values, list) else values[rows]
    return Predictions(**taken)


def _predict(
    model: Model, texts: Sequence[str], titles: Sequence[str | None] | None, evidence: bool, details: bool
) -> Predictions:
    """Judge titles by the title model, ads by the model of ads, or by their titles where they say too little."""
    if model.bare_title is None:
        return _judge_ads(model, texts, titles, evidence, details)
    given = list(titles) if titles is not None else [None] * len(texts)
    bare = np.array([_is_bare_title(text, title) for text, title in zip(texts, given, strict=True)], dtype=bool)
    as_ads, as_titles = np.flatnonzero(~bare).tolist(), np.flatnonzero(bare).tolist()
    ads = _judge_ads(model, [texts[i] for i in as_ads], [given[i] for i in as_ads], evidence, details)
    few = ads.note == TOO_LITTLE
    few |= (ads.level < 0) & np.array([says_little(texts[i]) for i in as_ads], dtype=bool)
    unsaid = np.flatnonzero(ads.note == NO_WORK)
    unsaid_titles = model.bare_title.encode([given[as_ads[j]] or "" for j in unsaid])
    few[unsaid] |= model.bare_title.names_job(unsaid_titles, _SURELY)
    thin = [j for j in np.flatnonzero(few).tolist() if (given[as_ads[j]] or "").strip()]
    rows = [*as_titles, *(as_ads[j] for j in thin)]
    if not rows:
        return ads
    from_titles = _judge_titles(model.bare_title, [texts[i] for i in rows], [given[i] for i in rows], evidence, details)
    # The little that a thin ad says of schooling still stands in it.
    from_ads = slice(len(as_titles), None)
    from_titles.level[from_ads], from_titles.status[from_ads] = ads.level[thin], ads.status[thin]
    from_titles.certificate_status[from_ads] = ads.certificate_status[thin]
    from_titles.certificates[from_ads] = [ads.certificates[j] for j in thin]
    from_titles.requirements[from_ads] = [ads.requirements[j] for j in thin]
    stays = np.ones(len(as_ads), dtype=bool)
    stays[thin] = False
    kept = np.flatnonzero(stays)
    places = np.array([*(as_ads[j] for j in kept.tolist()), *rows], dtype=np.int64)
    return _joined([_take(ads, kept), from_titles], places)


def _is_bare_title(text: str, title: str | None) -> bool:
    """Whether an ad is nothing but a title."""
    if title is None or not title.strip():
        return bool(text.strip()) and looks_like_title(text)
    return not text.strip() or text.strip() == title.strip()


def _judge_ads(
    model: Model, texts: Sequence[str], titles: Sequence[str | None] | None, evidence: bool, details: bool
) -> Predictions:
    batch = model.encode(texts, titles, reasons=details)
    n_rows = len(batch.note)
    scores = np.clip(model.ratings(batch), 0.0, 4.0) / 4.0
    probabilities = model.probabilities(scores)
    gradient = model.gradient(scores, probabilities)
    tokens, text_offset, words = batch.tokens, batch.text_offset, [""] * n_rows
    if evidence:
        words = deciding_words(runs_of_batch(model, batch, gradient), tokens, text_offset, texts, titles)
    terms: list[SumTerms | None] = [None] * n_rows
    if details:
        terms = [*sum_terms(tokens, text_offset, batch_terms(model, batch))]
    return Predictions(
        label=_labels(probabilities, batch.note),
        probabilities=probabilities,
        scores=scores,
        level=batch.stated.level,
        status=batch.stated.status,
        note=batch.note,
        basis=np.full(n_rows, _AD, dtype=np.int8),
        intercept=batch.segment @ model.intercept,
        gradient=gradient,
        certificate_status=certificate_status(batch.stated),
        certificates=certificate_names(batch.stated),
        evidence=words,
        terms=terms,
        requirements=findings(batch.stated, tokens, batch.combined_text, text_offset) if details else [()] * n_rows,
        reading=_reading(tokens, batch.terms[0], int(model.limits["max_tokens"])),
    )


def _reading(tokens: Tokens, terms: Terms, max_tokens: int) -> NDArray[np.float64]:
    length = np.minimum(np.diff(tokens.first), max_tokens)
    known = terms.distinct / np.maximum(length, 1)
    return np.column_stack((tokens.is_chinese, length, known)).astype(np.float64)


def reading(model: Model, texts: Sequence[str], titles: Sequence[str | None]) -> NDArray[np.float64]:
    """The `reading` of ads that were judged before: whether they are Chinese, their length and known terms."""
    parts, max_tokens = [np.zeros((0, 3))], int(model.limits["max_tokens"])
    for some, some_titles in chunks(texts, titles):
        tokens = tokenize(join_titles(some, some_titles)[0])
        parts.append(_reading(tokens, count_terms(tokens, model.text.vocabulary, max_tokens), max_tokens))
    return np.concatenate(parts)


def stream_sums(found: Predictions, kept: NDArray[np.bool_]) -> StreamSums:
    """What the rows that were judged as ads add to what is known of their stream; `kept` are not held back."""
    rows = np.flatnonzero((found.basis == _AD) & (found.label != UNCLEAR))
    sums = StreamSums()
    measures = np.column_stack((found.reading[:, 1:], found.scores, found.probabilities.max(axis=1)))
    sums.add(found.reading[rows, 0] > 0, measures[rows], kept[rows])
    return sums


def _judge_titles(
    model: TitleModel, texts: Sequence[str], titles: Sequence[str | None], evidence: bool, details: bool
) -> Predictions:
    """Judge rows by their titles, or by their texts where these are titles and no title was passed."""
    n_rows = len(texts)
    passed = [bool((title or "").strip()) for title in titles]
    sources = [(title or "") if given else text for text, title, given in zip(texts, titles, passed, strict=True)]
    batch = model.encode(sources)
    scores = np.clip(model.ratings(batch), 0.0, 4.0) / 4.0
    probabilities, gradient = np.empty((n_rows, 3)), np.empty((n_rows, 2))
    for segment, decision in enumerate(model.decision):
        rows = batch.segment == segment
        probabilities[rows] = class_probabilities(decision, scores[rows])
        gradient[rows] = label_gradient(decision, scores[rows], probabilities[rows])
    note = np.where(model.names_job(batch), JUDGED, NO_JOB).astype(np.int8)
    note[batch.tokens.times(~batch.tokens.numeral) == 0] = NO_JOB  # "3", "4.5"
    note[np.diff(batch.tokens.first) == 0] = EMPTY
    terms = title_terms(model, batch)
    # All that was read of a passed title stands before the text.
    text_offset = np.array([len(s) + 1 if given else 0 for s, given in zip(sources, passed, strict=True)], np.int64)
    words = [""] * n_rows
    if evidence:
        words = deciding_words(runs_of_terms(terms, gradient), batch.tokens, text_offset, texts, titles)
    return Predictions(
        label=_labels(probabilities, note),
        probabilities=probabilities,
        scores=scores,
        level=np.full(n_rows, -1, dtype=np.int8),
        status=np.full(n_rows, UNSTATED, dtype=np.int8),
        note=note,
        basis=np.full(n_rows, _TITLE, dtype=np.int8),
        intercept=np.repeat(model.intercept[None, :].astype(np.float64), n_rows, axis=0),
        gradient=gradient,
        certificate_status=np.full((n_rows, 2), UNSTATED, dtype=np.int8),
        certificates=[()] * n_rows,
        evidence=words,
        terms=[*sum_terms(batch.tokens, text_offset, terms)] if details else [None] * n_rows,
        requirements=[()] * n_rows,
        reading=np.zeros((n_rows, 3)),
    )


def _labels(probabilities: NDArray[np.float64], note: NDArray[np.int8]) -> NDArray[np.int8]:
    return np.where(note != JUDGED, UNCLEAR, probabilities.argmax(axis=1)).astype(np.int8)


def chunks(
    texts: Sequence[str], titles: Sequence[str | None] | None
) -> Iterator[tuple[Sequence[str], Sequence[str | None] | None]]:
    """Cut a batch into runs of rows of some `_CHUNK_CHARACTERS` characters."""
    begin = size = 0
    for i, text in enumerate(texts):
        size += len(text)
        if size >= _CHUNK_CHARACTERS or i - begin + 1 >= _CHUNK_ROWS or i == len(texts) - 1:
            yield texts[begin : i + 1], titles[begin : i + 1] if titles is not None else None
            begin, size = i + 1, 0
