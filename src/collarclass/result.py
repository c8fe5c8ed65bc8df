"""What one ad was found to be: a label with its scores, its certainty and its reasons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .explain import Reason

Label = Literal["white", "blue", "gray", "unclear"]
LABELS: tuple[Label, ...] = ("white", "blue", "gray")
DIMENSIONS: tuple[str, ...] = ("academic", "hands_on")
LEVELS: tuple[str, ...] = ("basic", "secondary", "associate", "bachelor", "graduate")
STATUSES: tuple[str, ...] = ("required", "preferred", "substitutable", "not_needed", "unstated")


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


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something the ad asks of applicants, as stated.

    Attributes
    ----------
    kind : {"schooling", "certificate", "licence", "skill_grade", "experience"}
        What is asked for.
    status : {"required", "preferred", "substitutable", "not_needed"}
        How it is asked for; `substitutable` means that experience is taken in its place.
    start, end : int
        Offsets in the text that was read.
    text : str
        The words themselves.
    field : {"title", "text"}
        Which of the two texts.
    level : str or None
        Schooling, and skill grades that are a level of schooling (NVQ): basic, secondary, associate,
        bachelor or graduate.
    isced : int or None
        With a level: that of ISCED 2011, 0 to 8.
    nature : {"academic", "vocational"} or None
        Certificates, licences and skill grades: academic-professional or vocational.
    years : float or None
        Experience only: the least number of years.
    """

    kind: str
    status: str
    start: int
    end: int
    text: str
    field: str = "text"
    level: str | None = None
    isced: int | None = None
    nature: str | None = None
    years: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SumTerms:
    """The terms of one ad's two sums as arrays of one length, from which evidence is made on demand."""

    in_title: NDArray[np.bool_]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    weight: NDArray[np.float64]
    stated: NDArray[np.bool_]
    shown: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Classification:
    """The label of one job ad, with everything that led to it.

    Attributes
    ----------
    label : {"white", "blue", "gray", "unclear"}
        The collar; "unclear" when the text gives too little to judge, with the reason in `note`.
    confidence : float
        Calibrated probability that a careful reader would give this label, 0 to 1; 0 for "unclear".
    probabilities : dict of str to float
        Of white, blue and gray; they sum to 1.
    academic_score, hands_on_score : float
        The two dimensions, 0 to 1 (a quarter of the codebook's rating of 0 to 4). Not probabilities.
    schooling_level : str or None
        Stated schooling: basic, secondary, associate, bachelor, graduate; None when unstated.
    schooling_status : {"required", "preferred", "substitutable", "not_needed", "unstated"}
    requirements : tuple of Requirement
        Stated schooling, certificates, licences, experience, in reading order.
    note : str
        Why the label is "unclear"; empty otherwise.
    model : str
        Name and version of the model.
    intercept : dict of str to float
        What each dimension's sum starts from.
    text, title : str or None
        The ad, as passed.
    """

    label: Label
    confidence: float
    probabilities: dict[str, float]
    academic_score: float
    hands_on_score: float
    schooling_level: str | None
    schooling_status: str
    requirements: tuple[Requirement, ...]
    note: str
    model: str
    intercept: dict[str, float] = field(default_factory=dict, repr=False)
    text: str = field(default="", repr=False)
    title: str | None = field(default=None, repr=False)
    terms: SumTerms | None = field(default=None, repr=False, compare=False)
    pull: tuple[float, float] = field(default=(0.0, 0.0), repr=False)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The terms of both sums, weightiest first; empty when evidence was not asked for.

        For each dimension ``intercept[dimension] + sum(e.weight for e in evidence if e.dimension ==
        dimension)`` is the ad's rating, before it is cut to 0..4 and divided by 4 to give the score.
        A requirement that is read from no words of the ad (that nothing is stated) has an empty span.
        """
        if self.terms is None:
            return ()
        found = []
        for i, d in zip(*np.nonzero(self.terms.weight), strict=True):
            in_title = bool(self.terms.in_title[i])
            start, end = int(self.terms.start[i]), int(self.terms.end[i])
            source = (self.title or "") if in_title else self.text
            found.append(
                Evidence(
                    "title" if in_title else "text",
                    start,
                    end,
                    source[start:end],
                    DIMENSIONS[d],
                    float(self.terms.weight[i, d]),
                    "requirement" if self.terms.stated[i] else "words",
                )
            )
        return tuple(sorted(found, key=lambda e: (-abs(e.weight), e.field, e.start, e.end, e.dimension)))

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The words that pulled the ad towards its label, weightiest first, overlapping ones merged."""
        from .explain import reasons

        return reasons(self)

    def explain(self, lang: str | None = None) -> str:
        """Say in one plain sentence why the ad got its label.

        Parameters
        ----------
        lang : {"en", "zh"}, optional
            Language of the sentence; that of the ad if not given.

        Returns
        -------
        str

        Examples
        --------
        >>> from collarclass import classify
        >>> classify("").explain()
        'Unclear: empty text.'
        """
        from .explain import explain

        return explain(self, lang)

    def _repr_html_(self) -> str:
        from .explain import as_html

        return as_html(self)
