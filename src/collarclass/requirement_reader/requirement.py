"""What an ad asks of applicants, as objects for callers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequirementReason:
    """Words that spoke for, or against, how a requirement was read.

    Attributes
    ----------
    text : str
        The words; empty for all other terms together, such as place in the sentence and weaker words.
    weight : float
        What they add to the log-odds of the reading against the next likeliest one.
    """

    text: str
    weight: float


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
    confidence : float
        Probability that an annotator would find the same, 0 to 1.
    reasons : tuple of RequirementReason
        The words that spoke most for this reading; their weights add up to its log-odds against the next likeliest.
    name : str or None
        Certificates, licences and skill grades: the name that the table of credentials has for it, if it has one; in
        English, and for a Chinese ad in Chinese.
    credential : str or None
        Its id there, which does not change; of a name of your own the name.
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
    confidence: float = 1.0
    reasons: tuple[RequirementReason, ...] = ()
    name: str | None = None
    credential: str | None = None
