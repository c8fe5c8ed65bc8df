"""Evidence: the terms of one ad's sums as objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from collarclass.definitions.labels import DIMENSIONS
from collarclass.model.terms import SumTerms


@dataclass(frozen=True, slots=True)
class Evidence:
    """One term of a dimension's sum, and where it stands in the ad.

    Attributes
    ----------
    field : {"title", "text"}
        Which of the two texts that the caller passed.
    start, end : int
        Offsets there: ``title_or_text[start:end] == evidence.text``.
    text : str
        The words themselves.
    dimension : {"academic", "hands_on"}
        The sum that it is a term of.
    weight : float
        The term, on the ratings' scale of 0 to 4: negative lowers the score.
    kind : {"words", "requirement"}
        An n-gram of the vocabulary, or a stated requirement.
    """

    field: str
    start: int
    end: int
    text: str
    dimension: str
    weight: float
    kind: str = "words"


def evidence_of(terms: SumTerms, text: str, title: str | None, n: int | None = None) -> tuple[Evidence, ...]:
    """The non-zero terms of one ad's sums, or the first `n` of them, weightiest first."""
    term, dimension = np.nonzero(terms.weight)
    weight = terms.weight[term, dimension]
    order = np.lexsort((dimension, terms.end[term], terms.start[term], terms.in_title[term], -np.abs(weight)))[:n]
    found = []
    for i, d in zip(term[order].tolist(), dimension[order].tolist(), strict=True):
        in_title, start, end = bool(terms.in_title[i]), int(terms.start[i]), int(terms.end[i])
        found.append(
            Evidence(
                field="title" if in_title else "text",
                start=start,
                end=end,
                text=((title or "") if in_title else text)[start:end],
                dimension=DIMENSIONS[d],
                weight=float(terms.weight[i, d]),
                kind="requirement" if terms.stated[i] else "words",
            )
        )
    return tuple(found)
