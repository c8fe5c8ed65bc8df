"""Batches of ads → predictions as arrays; each row judged from its ad or from its title."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from collarclass.definitions.definition import Facts
from collarclass.definitions.labels import COLLARS, JUDGED, UNCLEAR
from collarclass.model.account import account_of, few_words
from collarclass.model.ad_reader import N_CODES, N_NUMBERS, AdReader
from collarclass.model.model import Model
from collarclass.requirement_reader.lexicon import default_lexicon

_CHUNK_CHARACTERS = 1_400_000  # labelled at once: enough to spread fixed costs, few enough to show progress
_CHUNK_ROWS = 20_000
_MAX_KEPT_CHARACTERS = 1 << 21  # for which a reader's memory stays for the next batch
# Columns of codes as `AdReader.store` fills them; one more says whether anything of the ad is known.
_CODES = ("label", "level", "status", "note", "basis", "academic_certificate", "vocational_certificate", "remark")
_kept = threading.local()  # the reader of each thread, which stays for its next batch, and its model
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions(Facts):
    """What the model says of a batch, as arrays over its rows: the one record of what was found, besides `Facts`."""

    academic_certificate: NDArray[np.int8]
    vocational_certificate: NDArray[np.int8]
    note: NDArray[np.int8]  # index into `NOTES`, as of the remark
    basis: NDArray[np.int8]  # what each row was judged from: index into `BASES`
    gradient: NDArray[np.float64]  # shape (n_rows, 2): how the likeliest label's log-probability rises with the ratings
    remark: NDArray[np.int8]  # what has to be known beside a label
    says_something: NDArray[np.bool_]  # whether anything of the ad is known to the model, or stated of requirements
    certificates: list[tuple[str, ...]]  # that each row asks for, by name
    # The few words that speak most for each label; of a row that was judged by its occupation's code, the occupation's
    # title; empty when not asked for.
    words: list[str]
    reading: NDArray[np.float64]  # shape (n_rows, 3): 1 for Chinese; tokens read for words; known terms for each
    by_rules: bool = False  # whether the labels are those of a definition's rules

    @property
    def confidence(self) -> NDArray[np.float64]:
        """Probability of the label; NaN where it is unclear, or given by rules."""
        none = (self.label == UNCLEAR) | self.by_rules
        return np.where(none, np.nan, self.probabilities.max(axis=1))

    def take(self, rows: Sequence[int]) -> Predictions:
        """Some of the rows."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, values in found.items():
            if isinstance(values, (np.ndarray, list)):
                found[name] = values[rows] if isinstance(values, np.ndarray) else [values[i] for i in rows]
        return Predictions(**found)

    def with_nulls(self) -> Predictions:
        """The same, with NaN for scores and probabilities where nothing of an unclear ad says anything."""
        silent = ((self.label == UNCLEAR) & ~self.says_something)[:, None]
        if not silent.any():
            return self
        scores, probabilities = (np.where(silent, np.nan, values) for values in (self.scores, self.probabilities))
        return replace(self, scores=scores, probabilities=probabilities)

    @property
    def shown_note(self) -> NDArray[np.int8]:
        """`note`, and of rows that were judged their `remark`."""
        return np.where(self.note == JUDGED, self.remark, self.note)


def predict(
    model: Model, texts: Sequence[str], titles: Sequence[str | None] | None = None, evidence: bool = False
) -> Predictions:
    """Label a batch of ads, with the few words that speak most for each label if `evidence` is asked for.

    The result of a row does not depend on the other rows.
    """
    n = len(texts)
    numbers, codes = np.zeros((n, N_NUMBERS)), np.zeros((n, N_CODES), np.int8)
    certificates: list[tuple[str, ...]] = []
    words: list[str] = []
    reader = _reader(model)
    reader.requirements.keep_reasons = False
    number_rows, code_rows = numbers.data if n else None, codes.data if n else None
    for i, text in enumerate(texts):
        text, title = str(text), None if titles is None or titles[i] is None else str(titles[i])
        reader.read(text, title)
        reader.store(number_rows, code_rows, i)
        certificates.append(reader.requirements.certificates(reader.tokens))
        words.append(few_words(account_of(reader, text, title), COLLARS[reader.label]) if evidence else "")
    _keep(model, reader)
    columns: dict[str, Any] = {name: codes[:, k] for k, name in enumerate(_CODES)}
    return Predictions(
        **columns,
        says_something=codes[:, -1].astype(bool),
        scores=numbers[:, :2],
        probabilities=numbers[:, 2:5],
        gradient=numbers[:, 5:7],
        reading=numbers[:, 7:],
        certificates=certificates,
        words=words,
    )


def ask(
    model: Model, text: str, title: str | None, question: Callable[[AdReader, str, str | None], _Answer]
) -> _Answer:
    """What a function makes of an ad that was read: its account, its requirements."""
    reader = _reader(model)
    reader.requirements.keep_reasons = True
    title = None if title is None else str(title)
    reader.read(text, title)
    answer = question(reader, text, title)
    _keep(model, reader)
    return answer


def requirements_of(reader: AdReader, text: str, title: str | None) -> Any:
    """What the ad that was read states, as objects."""
    return reader.requirements.findings(reader.tokens, text, title)


def _reader(model: Model) -> AdReader:
    """The thread's reader; it is not kept while it is at work, as an error would leave it half-way."""
    known, reader = vars(_kept).pop("last", (None, None))
    return reader if known is model else AdReader(model, model.lexicon or default_lexicon())


def _keep(model: Model, reader: AdReader) -> None:
    if reader.tokens.capacity <= _MAX_KEPT_CHARACTERS:
        _kept.last = model, reader


def chunks(texts: Sequence[str]) -> Iterator[slice]:
    """Cut a batch into runs of rows of some `_CHUNK_CHARACTERS` characters."""
    begin = size = 0
    for i, text in enumerate(texts):
        size += len(text)
        if size >= _CHUNK_CHARACTERS or i - begin + 1 >= _CHUNK_ROWS or i == len(texts) - 1:
            yield slice(begin, i + 1)
            begin, size = i + 1, 0
