"""The fitted model: arrays that turn a batch of ads into scores, probabilities, labels and reasons.

A rating is a sum: an intercept, the n-grams of the text, the n-grams of the title, and what the ad
states about schooling and certificates. The label depends on the two ratings alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .evidence import deciding_words, stated_requirements, sum_terms
from .features import Terms, Vocabulary, count_terms
from .requirement_reader import read_requirements
from .result import DIMENSIONS, LABELS, LEVELS, STATUSES, Classification
from .stated import Stated, features
from .text import Tokens, tokenize

UNCLEAR = len(LABELS)
NOTES = ("", "empty text", "too little text to judge", "language not known to the model")
_CHUNK = 1_000_000  # characters read at once: enough to spread fixed costs, few enough for the cache
_LONGEST_TITLE = 100
_LEAST_WORDS = 4  # besides numbers
_CHINESE = 0.3  # share of a text's tokens that are Chinese characters, above which it is Chinese


@dataclass(frozen=True, slots=True)
class Block:
    """One vocabulary with its weights: the words of the text, or of the title.

    Parameters
    ----------
    vocabulary : Vocabulary
    scale : ndarray of float32, shape (n_terms,)
        What one mention counts for: the rarer and the more telling a term, the more.
    weight : ndarray of float32, shape (n_terms, 2)
        Weight of each term in the academic and the hands-on rating.
    shown : ndarray of bool, shape (n_terms,)
        Whether the term may stand as a reason by itself: not made of stop words alone.
    """

    vocabulary: Vocabulary
    scale: NDArray[np.float32]
    weight: NDArray[np.float32]
    shown: NDArray[np.bool_]

    def values(self, terms: Terms, n_rows: int) -> NDArray[np.float64]:
        """Scaled count of each term, every row brought to length one."""
        value = terms.value * self.scale[terms.term]
        norm = np.sqrt(np.bincount(terms.row, value * value, n_rows))
        norm[norm == 0] = 1.0
        return np.asarray(value / norm[terms.row])


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of a batch, as arrays over its rows.

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
    evidence : list of str
        The few words that decided, per row; empty strings when not asked for.
    """

    label: NDArray[np.int8]
    probabilities: NDArray[np.float64]
    scores: NDArray[np.float64]
    level: NDArray[np.int8]
    status: NDArray[np.int8]
    note: NDArray[np.int8]
    evidence: list[str]


@dataclass(frozen=True, slots=True)
class Reading:
    """One chunk of ads on its way to labels; of each pair, the text's part and the title's."""

    laid: list[str]
    shift: NDArray[np.int64]
    tokens: Tokens
    terms: tuple[Terms, Terms]
    values: tuple[NDArray[np.float64], NDArray[np.float64]]
    stated: Stated
    features: NDArray[np.float64]
    group: NDArray[np.int64]
    note: NDArray[np.int8]


def groups(tokens: Tokens, stated: Stated) -> NDArray[np.int64]:
    """Group of each row, 0 to 3: one for stated schooling, and two for Chinese."""
    chinese = tokens.times(tokens.ideograph) > _CHINESE * np.diff(tokens.first)
    return (stated.level >= 0) + 2 * chinese.astype(np.int64)


def with_title(text: str, title: str | None) -> tuple[str, int, int]:
    """Lay one ad out as models read it: a title line, then the text.

    Returns
    -------
    full : str
        The title, a line break and the text; the text alone where it begins with the title.
    end : int
        Offset in `full` of the title's end; where no title was passed, a short first line is one.
    shift : int
        Offset in `full` of the text.
    """
    if title is None:
        margin = len(text) - len(text.lstrip())
        line = text[margin : margin + _LONGEST_TITLE + 1].partition("\n")
        return text, margin + len(line[0]) if line[1] and "<" not in line[0] else 0, 0
    if not title.strip() or text.startswith(title):
        return text, len(title), 0
    return f"{title}\n{text}", len(title), len(title) + 1


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted classifier. Made by `CollarClassifier.fit` or read by `load_model`.

    Parameters
    ----------
    name, version : str
    text, title : Block
    stated_weight : ndarray of float32, shape (n_features, 2)
        Weights of the stated requirements.
    gain, intercept : ndarray of float32, shape (4, 2)
        Factor of the words' sum, and start of the sum, for each dimension (columns), in four groups
        of ads (rows): schooling unstated or stated, in alphabetic script; the same in Chinese.
    decision : ndarray of float32, shape (3, 4)
        Log-odds of white, blue, gray: weights of the academic score, the hands-on score and their
        product, and an intercept.
    limits : dict
        `reach`: so many tokens of an ad are read for words that tell (stated requirements are read in
        all of it); `min_terms` known n-grams, and a `min_known_share` of known words among those read: with less
        an ad is unclear.
    facts : dict
        How and from what the model was trained.
    """

    name: str
    version: str
    text: Block
    title: Block
    stated_weight: NDArray[np.float32]
    gain: NDArray[np.float32]
    intercept: NDArray[np.float32]
    decision: NDArray[np.float32]
    limits: dict[str, float]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """Name and version, as results carry it."""
        return f"{self.name} {self.version}"

    # -- reading ---------------------------------------------------------------------------------

    def read(self, texts: Sequence[str], titles: Sequence[str | None] | None) -> Reading:
        laid = [with_title(text, title) for text, title in zip(texts, titles or [None] * len(texts), strict=True)]
        tokens, reach, n = tokenize([full for full, _, _ in laid]), int(self.limits["reach"]), len(laid)
        title = tokens.before(np.array([end for _, end, _ in laid], dtype=np.int64))
        terms = (
            count_terms(tokens, self.text.vocabulary, reach),
            count_terms(tokens, self.title.vocabulary, title),
        )
        stated = read_requirements(tokens)
        return Reading(
            [full for full, _, _ in laid],
            np.array([shift for _, _, shift in laid], dtype=np.int64),
            tokens,
            terms,
            (self.text.values(terms[0], n), self.title.values(terms[1], n)),
            stated,
            features(stated),
            groups(tokens, stated),
            self._note(tokens, terms[0]),
        )

    def _note(self, tokens: Tokens, terms: Terms) -> NDArray[np.int8]:
        """Why each row cannot be judged: index into `NOTES`."""
        n_tokens = np.diff(tokens.first)
        read = np.minimum(n_tokens, int(self.limits["reach"]))
        note = np.zeros(tokens.n_rows, dtype=np.int8)
        note[np.bincount(terms.row, minlength=tokens.n_rows) < self.limits["min_terms"]] = 2
        note[n_tokens - tokens.times(tokens.numeral) < _LEAST_WORDS] = 2
        note[(n_tokens >= self.limits["min_terms"]) & (terms.known < self.limits["min_known_share"] * read)] = 3
        note[n_tokens == 0] = 1
        return note

    # -- scoring ---------------------------------------------------------------------------------

    def ratings(self, reading: Reading) -> NDArray[np.float64]:
        """The two sums, on the codebook's scale, not yet cut to 0..4; shape (n, 2)."""
        n, group = len(reading.note), reading.group
        ratings = np.empty((n, 2))
        words = np.zeros((2, n))
        for block, terms, values in zip((self.text, self.title), reading.terms, reading.values, strict=True):
            for d, weight in enumerate(block.weight.T):
                words[d] += np.bincount(terms.row, values * weight[terms.term], n)
        for d in range(2):
            stated = np.zeros(n)
            for j in range(reading.features.shape[1]):  # in a fixed order: the same sum in every batch
                stated += reading.features[:, j] * self.stated_weight[j, d]
            ratings[:, d] = self.intercept[group, d] + self.gain[group, d] * words[d] + stated
        return ratings

    def probabilities(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities of white, blue and gray at given scores.

        Parameters
        ----------
        scores : ndarray of float64, shape (n, 2)
            Academic and hands-on score, 0 to 1.

        Returns
        -------
        ndarray of float64, shape (n, 3)
            Rows sum to 1.
        """
        a, h = scores[:, 0], scores[:, 1]
        logits = np.empty((len(scores), 3))
        for k, (on_a, on_h, on_both, start) in enumerate(self.decision.astype(np.float64)):
            logits[:, k] = start + on_a * a + on_h * h + on_both * a * h
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def _pull(self, scores: NDArray[np.float64], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Slope of the likeliest label's log-probability along the academic and hands-on rating."""
        slope = np.empty((len(scores), 3, 2))
        slope[:, :, 0] = self.decision[:, 0] + self.decision[:, 2] * scores[:, 1:]
        slope[:, :, 1] = self.decision[:, 1] + self.decision[:, 2] * scores[:, :1]
        best = slope[np.arange(len(scores)), probabilities.argmax(axis=1)]
        return np.asarray(best - (probabilities[:, :, None] * slope).sum(axis=1))

    def label(self, texts: Sequence[str], titles: Sequence[str | None] | None = None, evidence: bool = False) -> Labels:
        """Label a batch of ads; the result of a row does not depend on the other rows.

        Parameters
        ----------
        texts : sequence of str
        titles : sequence of str or None, optional
        evidence : bool
            Whether to name the few words that decided each label.

        Returns
        -------
        Labels
        """
        parts = [self._label(t, u, evidence) for t, u in _chunks(texts, titles)]
        if not parts:
            parts = [self._label([], [], evidence)]
        return Labels(
            np.concatenate([p.label for p in parts]),
            np.concatenate([p.probabilities for p in parts]),
            np.concatenate([p.scores for p in parts]),
            np.concatenate([p.level for p in parts]),
            np.concatenate([p.status for p in parts]),
            np.concatenate([p.note for p in parts]),
            [words for p in parts for words in p.evidence],
        )

    def classify(
        self, texts: Sequence[str], titles: Sequence[str | None] | None = None, evidence: bool = True
    ) -> list[Classification]:
        """Classify a batch of ads into one result object each.

        Parameters
        ----------
        texts : sequence of str
        titles : sequence of str or None, optional
        evidence : bool
            Whether the results carry evidence and requirements.

        Returns
        -------
        list of Classification
        """
        out: list[Classification] = []
        for some_texts, some_titles in _chunks(texts, titles):
            reading = self.read(some_texts, some_titles)
            scores, probabilities, label = self._decide(reading)
            terms = sum_terms(self, reading) if evidence else [None] * len(label)
            asked = stated_requirements(reading) if evidence else [()] * len(label)
            starts = [dict(zip(DIMENSIONS, row, strict=True)) for row in self.intercept.tolist()]
            each = zip(
                label.tolist(),
                probabilities.tolist(),
                scores.tolist(),
                reading.stated.level.tolist(),
                reading.stated.status.tolist(),
                asked,
                reading.note.tolist(),
                reading.group.tolist(),
                some_texts,
                some_titles if some_titles is not None else [None] * len(label),
                terms,
                self._pull(scores, probabilities).tolist(),
                strict=True,
            )
            for k, p, (academic, hands_on), level, status, requirements, note, group, text, title, sums, pull in each:
                out.append(
                    Classification(
                        label=LABELS[k] if k != UNCLEAR else "unclear",
                        confidence=p[k] if k != UNCLEAR else 0.0,
                        probabilities=dict(zip(LABELS, p, strict=True)),
                        academic_score=academic,
                        hands_on_score=hands_on,
                        schooling_level=LEVELS[level] if level >= 0 else None,
                        schooling_status=STATUSES[status],
                        requirements=requirements,
                        note=NOTES[note],
                        model=self.identity,
                        intercept=dict(starts[group]),
                        text=text,
                        title=title,
                        terms=sums,
                        pull=(pull[0], pull[1]),
                    )
                )
        return out

    def _decide(self, reading: Reading) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int8]]:
        """Scores, probabilities and label of each row."""
        scores = np.clip(self.ratings(reading), 0.0, 4.0) / 4.0
        probabilities = self.probabilities(scores)
        label = probabilities.argmax(axis=1).astype(np.int8)
        label[reading.note > 0] = UNCLEAR
        return scores, probabilities, label

    def _label(self, texts: Sequence[str], titles: Sequence[str | None] | None, evidence: bool) -> Labels:
        reading = self.read(texts, titles)
        scores, probabilities, label = self._decide(reading)
        words = [""] * len(label)
        if evidence:
            pull = self._pull(scores, probabilities)
            words = deciding_words(self, reading, texts, titles or [None] * len(texts), pull)
        return Labels(label, probabilities, scores, reading.stated.level, reading.stated.status, reading.note, words)


def _chunks(
    texts: Sequence[str], titles: Sequence[str | None] | None
) -> Iterator[tuple[Sequence[str], Sequence[str | None] | None]]:
    """Cut a batch into runs of rows of about `_CHUNK` characters."""
    begin = size = 0
    for i, text in enumerate(texts):
        size += len(text)
        if size >= _CHUNK or i == len(texts) - 1:
            yield texts[begin : i + 1], titles[begin : i + 1] if titles is not None else None
            begin, size = i + 1, 0
