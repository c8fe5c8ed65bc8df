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


def evidence_of(terms: SumTerms, text: str, title: str | None) -> tuple[Evidence, ...]:
    """The non-zero terms of one ad's sums, weightiest first."""
    found = []
    for i, d in zip(*np.nonzero(terms.weight), strict=True):
        in_title = bool(terms.in_title[i])
        start, end = int(terms.start[i]), int(terms.end[i])
        source = (title or "") if in_title else text
        found.append(
            Evidence(
                "title" if in_title else "text",
                start,
                end,
                source[start:end],
                DIMENSIONS[d],
                float(terms.weight[i, d]),
                "requirement" if terms.stated[i] else "words",
            )
        )
    return tuple(sorted(found, key=lambda term: (-abs(term.weight), term.field, term.start, term.end, term.dimension)))
