"""The levels of schooling that an ad may state, and what each stands for.

A level is a step of a ladder; the academic rating is a number of the codebook, and two levels may lie closer than
one rating apart. To add a level, add a row here, rows of its words to the lexicon, and train.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SchoolingLevel:
    """One level of schooling.

    Parameters
    ----------
    name : str
        As results, data files and definitions have it.
    code : int
        From 0 to 5, part of what the reader learns from: no other level may ever have it (6 is a field of study, 7
        none).
    rating : float
        Academic rating, 0 to 4, of an ad that requires this level.
    preferred_rating : float
        Of an ad that prefers this level and requires none.
    isced : int
        The usual level of ISCED 2011; words of the lexicon may name another.
    names, phrases : mapping of str to str
        In English ("en") and Chinese ("zh"): as a table lists it, and as a sentence says that it is asked for.
    """

    name: str
    code: int
    rating: float
    preferred_rating: float
    isced: int
    names: Mapping[str, str]
    phrases: Mapping[str, str]


SCHOOLING_LEVELS: tuple[SchoolingLevel, ...] = (  # from the lowest to the highest
    SchoolingLevel(
        name="basic",
        code=0,
        rating=0.0,
        preferred_rating=0.5,
        isced=2,
        names={"en": "basic", "zh": "初中及以下"},
        phrases={"en": "basic schooling", "zh": "初中及以下学历"},
    ),
    SchoolingLevel(
        name="secondary",
        code=1,
        rating=1.0,
        preferred_rating=1.0,
        isced=3,
        names={"en": "secondary", "zh": "高中、中专、技校"},
        phrases={"en": "secondary school", "zh": "高中或中专学历"},
    ),
    SchoolingLevel(
        name="associate",
        code=2,
        rating=2.0,
        preferred_rating=1.25,
        isced=5,
        names={"en": "associate degree or diploma", "zh": "大专"},
        phrases={"en": "an associate degree or diploma", "zh": "大专学历"},
    ),
    SchoolingLevel(
        name="bachelor",
        code=3,
        rating=3.0,
        preferred_rating=1.5,
        isced=6,
        names={"en": "bachelor's degree", "zh": "本科"},
        phrases={"en": "a bachelor's degree", "zh": "本科学历"},
    ),
    SchoolingLevel(
        name="graduate",
        code=4,
        rating=4.0,
        preferred_rating=2.75,
        isced=7,
        names={"en": "graduate degree", "zh": "研究生"},
        phrases={"en": "a graduate degree", "zh": "研究生学历"},
    ),
)


def level_number(written: str) -> int | None:
    """Index into `SCHOOLING_LEVELS` of a level written by its name or its rating; None if there is none such.

    Examples
    --------
    >>> level_number("bachelor"), level_number("3"), level_number("doctor")
    (3, 3, None)
    """
    for number, level in enumerate(SCHOOLING_LEVELS):
        if written in (level.name, f"{level.rating:g}"):
            return number
    return None
