"""The fitted model: arrays that turn an encoded batch of ads into ratings and probabilities.

A rating is a sum: an intercept, the n-grams of the text, the n-grams of the title, and what the ad
states about schooling and certificates. The label depends on the two ratings alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.features.term_index import TermIndex
from collarclass.requirement_reader.lexicon import Lexicon, default_lexicon
from collarclass.requirement_reader.outcomes import Reader

MODEL_ARRAYS = ("stated_weight", "word_scale", "intercept", "decision")
SHORT = 40  # tokens of an ad that may say what the work is in a word or two
TITLED, UNTITLED, SHORT_AD = range(3)  # forms of ads, by which the check of work starts


@dataclass(frozen=True, slots=True)
class Block:
    """One vocabulary with its weights: the words of the text, or of the title."""

    vocabulary: TermIndex  # the known n-grams, each with a number
    order: NDArray[np.uint8]  # how many tokens each has
    scale: NDArray[np.float32]  # what one occurrence counts for: the rarer and the more telling, the more
    weight: NDArray[np.float32]  # shape (n_terms, 2): in the academic and the hands-on rating
    displayable: NDArray[np.bool_]  # whether it may stand as a reason by itself: not made of stop words alone


@dataclass(frozen=True, slots=True)
class WorkCheck:
    """Whether an ad says what the work is: a sum over the same words as the ratings', with weights of its own."""

    text_weight: NDArray[np.float32]  # of the terms of the model's two blocks
    title_weight: NDArray[np.float32]
    # Start of the sum, shape (2, 3): in alphabetic script and in Chinese, of ads with a title, of those without one
    # and of those of `SHORT` tokens or fewer. An ad whose sum is below 0 does not say it.
    start: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TitleModel:
    """What a model knows of bare titles, made by `collarclass.training.titles.fit_titles`.

    A title states no schooling and names no duties, so it has its own features, weights and calibration. Each feature
    also weighs in whether a job is named, by which "Team member" and "Great opportunity!" are told apart from jobs.
    """

    vocabulary: TermIndex
    scale: NDArray[np.float32]  # as of `Block`
    weight: NDArray[np.float32]
    job: NDArray[np.float32]  # in the log-odds that a title names a job
    displayable: NDArray[np.bool_]
    intercept: NDArray[np.float32]  # start of both sums
    decision: NDArray[np.float32]  # as `Model.decision`
    min_job: NDArray[np.float32]  # one number: a title whose features' `job` adds up to less names no job
    words: NDArray[np.uint8]  # the words by which slips are found, a line for each, as ASCII


@dataclass(frozen=True, slots=True, eq=False)
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
    decision : ndarray of float32, shape (2, 3, 4)
        For ads in alphabetic script and in Chinese, log-odds of white, blue, gray: weights of the academic score,
        the hands-on score and their product, and an intercept.
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
    _digest: str = field(default="", init=False, repr=False, compare=False)  # once it was asked for

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides a label: arrays, limits, lexicon, and what the code makes of fixed texts."""
        if not self._digest:
            lexicon = self.lexicon if self.lexicon is not None else default_lexicon()
            arrays, code = digest_of(arrays_of(self)), code_behaviour()
            parts = {"arrays": arrays, "lexicon": lexicon.digest, "limits": self.limits, "code": code}
            digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
            object.__setattr__(self, "_digest", digest)
        return self._digest

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

    def probabilities(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities of white, blue and gray at given scores, by what lies between the decisions of both languages.

        Parameters
        ----------
        scores : ndarray of float64, shape (n, 2)
            Academic and hands-on score, 0 to 1.

        Returns
        -------
        ndarray of float64, shape (n, 3)
            Rows sum to 1.
        """
        return class_probabilities(self.decision.mean(axis=0), scores)


def class_probabilities(decision: NDArray[np.float32], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of white, blue and gray, by one decision (see `Model.decision`) for all, or one for each."""
    academic, hands_on = scores[:, 0], scores[:, 1]
    on_academic, on_hands_on, on_both, start = np.moveaxis(decision.astype(np.float64), -1, 0)
    academic, hands_on = academic[:, None], hands_on[:, None]
    logits = start + on_academic * academic + on_hands_on * hands_on + on_both * academic * hands_on
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


PARTS: dict[str, Any] = {"text": Block, "title": Block, "bare_title": TitleModel, "work": WorkCheck, "reader": Reader}


@cache
def code_behaviour() -> str:
    """What the code makes of fixed texts, as a digest; `research.measure.behaviour` writes it."""
    return (files("collarclass") / "model" / "behaviour.txt").read_text("ascii").strip()


def arrays_of(model: Model) -> dict[str, NDArray[Any]]:
    """Every array of a model, by its name in a model folder."""
    arrays: dict[str, NDArray[Any]] = {name: getattr(model, name) for name in MODEL_ARRAYS}
    for prefix, kind in PARTS.items():
        if (part := getattr(model, prefix)) is not None:
            for column in fields(kind):
                value = getattr(part, column.name)
                arrays[name_of_array(prefix, column.name)] = value.hashes if column.name == "vocabulary" else value
    return arrays


def name_of_array(part: str, column: str) -> str:
    """What an array of a part of the model is called in a model folder."""
    name = f"{part}_{'hashes' if column == 'vocabulary' else column}"
    return "confidence_temperature" if name == "reader_temperature" else name


def digest_of(arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
