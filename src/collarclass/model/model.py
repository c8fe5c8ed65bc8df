"""The fitted model: arrays that turn an encoded batch of ads into ratings and probabilities.

A rating is a sum: an intercept, the n-grams of the text, the n-grams of the title, and what the ad
states about schooling and certificates. The label depends on the two ratings alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.features.ngrams import Terms, Vocabulary, count_terms
from collarclass.kernel import reading
from collarclass.kernel.library import is_compiled
from collarclass.model.decision import class_probabilities, label_gradient
from collarclass.model.encoding import EncodedBatch, join_titles, segments
from collarclass.model.title_model import TitleModel
from collarclass.requirement_reader.decide import Reader
from collarclass.requirement_reader.lexicon import Lexicon, default_lexicon
from collarclass.requirement_reader.reader import read_requirements
from collarclass.requirement_reader.stated import features
from collarclass.text.tokens import Tokens, tokenize

# Why a row cannot be judged.
JUDGED, EMPTY, TOO_LITTLE, UNKNOWN_LANGUAGE, NO_JOB, UNKNOWN_CODE, NEAR_THE_LINE, NO_WORK = range(8)
_NOTES = {
    JUDGED: "",
    EMPTY: "empty text",
    TOO_LITTLE: "too little text to judge",
    UNKNOWN_LANGUAGE: "language not known to the model",
    NO_JOB: "the title names no job that the model knows",
    UNKNOWN_CODE: "the code stands for no occupation that is known",
    NEAR_THE_LINE: "near the line",
    NO_WORK: "does not say what the work is",
}
NOTES = tuple(_NOTES[number] for number in range(len(_NOTES)))
BLOCK_ARRAYS = ("hashes", "order", "scale", "weight", "displayable")
TITLE_ARRAYS = ("scale", "weight", "job", "displayable", "intercept", "decision", "min_job")
WORK_ARRAYS = ("text_weight", "title_weight", "start")
MODEL_ARRAYS = ("stated_weight", "word_scale", "intercept", "decision")
_MIN_WORDS = 4  # besides numbers
SHORT = 40  # tokens of an ad that may say what the work is in a word or two
TITLED, UNTITLED, SHORT_AD = range(3)  # forms of ads, by which the check of work starts


@dataclass(frozen=True, slots=True)
class Block:
    """One vocabulary with its weights: the words of the text, or of the title.

    Parameters
    ----------
    vocabulary : Vocabulary
    scale : ndarray of float32, shape (n_terms,)
        What one occurrence counts for: the rarer and the more telling a term, the more.
    weight : ndarray of float32, shape (n_terms, 2)
        Weight of each term in the academic and the hands-on rating.
    displayable : ndarray of bool, shape (n_terms,)
        Whether the term may stand as a reason by itself: not made of stop words alone.
    """

    vocabulary: Vocabulary
    scale: NDArray[np.float32]
    weight: NDArray[np.float32]
    displayable: NDArray[np.bool_]

    def weigh(self, terms: Terms, work: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Scaled count of each term, every row brought to length one; and the sums of each row, shape (3, n_rows).

        Sums are of the academic and of the hands-on rating, and by weights that say whether the work is named.
        """
        if is_compiled():
            return reading.weigh_terms(terms, self.scale, self.weight, work)
        row, n_rows = terms.row, len(terms.known)
        value = terms.value * self.scale[terms.term]
        norm = np.sqrt(np.bincount(row, value * value, n_rows))
        norm[norm == 0] = 1.0
        value = value / norm[row]
        sums = [np.bincount(row, value * weight[terms.term], n_rows) for weight in (*self.weight.T, work)]
        return value, np.array(sums)


@dataclass(frozen=True, slots=True)
class WorkCheck:
    """Whether an ad says what the work is: a sum over the same words as the ratings', with weights of its own.

    Parameters
    ----------
    text_weight, title_weight : ndarray of float32, shape (n_terms,)
        Of the terms of the model's two blocks.
    start : ndarray of float32, shape (2, 3)
        Start of the sum, in alphabetic script and in Chinese (rows), of ads with a title, of those without one and of
        those of `SHORT` tokens or fewer (columns); an ad whose sum is below 0 does not say it.
    """

    text_weight: NDArray[np.float32]
    title_weight: NDArray[np.float32]
    start: NDArray[np.float32]

    def sums(
        self,
        words: Iterable[NDArray[np.float64]],
        titled: NDArray[np.bool_],
        chinese: NDArray[np.bool_],
        n_tokens: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """The sum of each ad, from those of its words in the text and in the title."""
        form = np.where(n_tokens <= SHORT, SHORT_AD, np.where(titled, TITLED, UNTITLED))
        sums = self.start[chinese.astype(np.int64), form].astype(np.float64)
        for part in words:
            sums += part
        return sums


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted classifier, made by `CollarClassifier.fit` or read by `load_model`.

    Parameters
    ----------
    name : str
    text, title : Block
    stated_weight : ndarray of float32, shape (n_features, 2)
        Weights of the stated requirements.
    word_scale, intercept : ndarray of float32, shape (4, 2)
        Factor of the words' sum, and start of the sum, for each dimension (columns), in four segments
        of ads (rows): schooling unstated or stated, in alphabetic script; the same in Chinese. An ad that may
        state schooling belongs to two of them, as far as it does.
    decision : ndarray of float32, shape (3, 4)
        Log-odds of white, blue, gray: weights of the academic score, the hands-on score and their
        product, and an intercept.
    limits : dict
        `max_tokens`: how many tokens of an ad are read for words (stated requirements are read in
        all of it); `min_terms` known n-grams and `min_known_share` of known words among those read:
        with less an ad is unclear.
    reader : Reader
        Weights by which stated requirements are read.
    facts : dict
        How and from what the model was trained.
    bare_title : TitleModel, optional
        Judges titles that come without an ad. Without it they are judged as short ads.
    work : WorkCheck, optional
        Tells ads that do not say what the work is. Without it every ad of enough known words is judged.
    lexicon : Lexicon, optional
        Words by which stated requirements are read; the shipped ones if not given.
    """

    name: str
    text: Block
    title: Block
    stated_weight: NDArray[np.float32]
    word_scale: NDArray[np.float32]
    intercept: NDArray[np.float32]
    decision: NDArray[np.float32]
    limits: dict[str, float]
    reader: Reader
    facts: dict[str, Any] = field(default_factory=dict, repr=False)
    bare_title: TitleModel | None = None
    work: WorkCheck | None = None
    lexicon: Lexicon | None = field(default=None, repr=False)
    _arrays_digest: str = field(default="", init=False, repr=False, compare=False)

    @property
    def digest(self) -> str:
        """SHA-256 of everything that decides a label: arrays, limits and lexicon; the name is no part of it."""
        if not self._arrays_digest:
            object.__setattr__(self, "_arrays_digest", _digest(arrays_of(self)))
        lexicon = self.lexicon if self.lexicon is not None else default_lexicon()
        parts = {"arrays": self._arrays_digest, "lexicon": lexicon.digest, "limits": self.limits}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def version(self) -> str:
        """The first ten digits of the digest: models of one version label alike."""
        return self.digest[:10]

    @property
    def identity(self) -> str:
        """Name and version, as results carry it."""
        return f"{self.name} {self.version}"

    def __repr__(self) -> str:
        terms = len(self.text.vocabulary), len(self.title.vocabulary)
        return f"<Model {self.identity}: {terms[0]:,} text terms, {terms[1]:,} title terms>"

    def encode(self, texts: Sequence[str], titles: Sequence[str | None] | None, reasons: bool = False) -> EncodedBatch:
        """Read a batch of ads into the numbers that the ratings are sums of; and why requirements are read so."""
        combined, title_end, text_offset = join_titles(texts, titles)
        tokens, max_tokens = tokenize(combined), int(self.limits["max_tokens"])
        title = tokens.before(title_end)
        terms = (
            count_terms(tokens, self.text.vocabulary, max_tokens),
            count_terms(tokens, self.title.vocabulary, title),
        )
        stated = read_requirements(tokens, self.reader, self.lexicon, reasons)
        found, chinese = features(stated), tokens.is_chinese
        of_text, of_title = self._work_weights()
        text_values, text_sums = self.text.weigh(terms[0], of_text)
        title_values, title_sums = self.title.weigh(terms[1], of_title)
        note = self._note(tokens, terms[0])
        if self.work is not None:
            work = self.work.sums((text_sums[2], title_sums[2]), title > 0, chinese, np.diff(tokens.first))
            note[(note == JUDGED) & (work < 0)] = NO_WORK
        return EncodedBatch(
            combined_text=combined,
            text_offset=text_offset,
            tokens=tokens,
            terms=terms,
            values=(text_values, title_values),
            words=text_sums[:2] + title_sums[:2],
            stated=stated,
            features=found,
            chinese=chinese,
            segment=segments(chinese, found),
            note=note,
        )

    def _work_weights(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Weights of the terms of text and title that say whether the work is named; all 0 without such a check."""
        if self.work is not None:
            return self.work.text_weight, self.work.title_weight
        return np.zeros(len(self.text.scale), np.float32), np.zeros(len(self.title.scale), np.float32)

    def _note(self, tokens: Tokens, terms: Terms) -> NDArray[np.int8]:
        """Why each row cannot be judged: index into `NOTES`."""
        n_tokens = np.diff(tokens.first)
        read = np.minimum(n_tokens, int(self.limits["max_tokens"]))
        note = np.full(tokens.n_rows, JUDGED, dtype=np.int8)
        note[terms.distinct < self.limits["min_terms"]] = TOO_LITTLE
        note[n_tokens - tokens.numerals() < _MIN_WORDS] = TOO_LITTLE
        foreign = terms.known < self.limits["min_known_share"] * read
        note[(n_tokens >= self.limits["min_terms"]) & foreign] = UNKNOWN_LANGUAGE
        note[n_tokens == 0] = EMPTY
        return note

    def ratings(self, batch: EncodedBatch) -> NDArray[np.float64]:
        """The two sums, on the codebook's scale, not yet clipped to 0..4; shape (n_rows, 2)."""
        n_rows = len(batch.note)
        ratings = np.empty((n_rows, 2))
        start, scale = batch.segment @ self.intercept, batch.segment @ self.word_scale
        for dimension, weight in enumerate(self.stated_weight.T):
            stated = np.zeros(n_rows)
            for value, slope in zip(batch.features.T, weight, strict=True):  # in a fixed order: one sum in every batch
                stated += value * slope
            ratings[:, dimension] = start[:, dimension] + scale[:, dimension] * batch.words[dimension] + stated
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
        return class_probabilities(self.decision, scores)

    def gradient(self, scores: NDArray[np.float64], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Slope of the likeliest label's log-probability along the academic and hands-on rating; shape (n, 2)."""
        return label_gradient(self.decision, scores, probabilities)


def arrays_of(model: Model) -> dict[str, NDArray[Any]]:
    """Every array of a model, by the name of its file."""
    arrays: dict[str, NDArray[Any]] = {name: getattr(model, name) for name in MODEL_ARRAYS}
    for name in ("text", "title"):
        block: Block = getattr(model, name)
        parts: tuple[NDArray[Any], ...] = (
            block.vocabulary.hashes,
            block.vocabulary.order,
            block.scale,
            block.weight,
            block.displayable,
        )
        arrays |= {f"{name}_{part}": array for part, array in zip(BLOCK_ARRAYS, parts, strict=True)}
    if (bare := model.bare_title) is not None:
        arrays["bare_title_hashes"] = bare.vocabulary.hashes
        arrays |= {f"bare_title_{name}": getattr(bare, name) for name in TITLE_ARRAYS}
    if model.work is not None:
        arrays |= {f"work_{name}": getattr(model.work, name) for name in WORK_ARRAYS}
    return arrays | model.reader.arrays()


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
