"""What an ad asks of applicants, as objects for callers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cue:
    """Words by which something asked for was read as required, preferred, substitutable or not needed.

    Attributes
    ----------
    kind : {"wording", "heading"}
        Words beside it, such as "preferred" or "or equivalent", or the heading above it, such as "Nice to have".
    field, start, end, text
        The words and their place, as of a `Requirement`.
    """

    kind: str
    field: str
    start: int
    end: int
    text: str


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
    cue : Cue or None
        The words that spoke most for the status; None where it goes without saying, or follows from the sentence as a
        whole.
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
    cue: Cue | None = None
    name: str | None = None
    credential: str | None = None
