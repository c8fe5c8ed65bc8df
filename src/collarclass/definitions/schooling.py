"""The levels of schooling that an ad may state, and what each stands for.

A level is a step of a ladder; the academic rating is a number of the codebook, and two levels may lie closer than
one rating apart. To add a level, add a row here, rows of its words to the lexicon, and train.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SchoolingLevel:
    """One level of schooling."""

    name: str  # as results, data files and definitions have it
    code: int  # 0 to 5, part of what the reader learns from: of no other level ever (6 is a field of study, 7 none)
    rating: float  # academic rating, 0 to 4, of an ad that requires this level
    preferred_rating: float  # of an ad that prefers this level and requires none
    isced: int  # the usual level of ISCED 2011; words of the lexicon may name another
    names: Mapping[str, str]  # in English ("en") and Chinese ("zh"), as a table lists it
    phrases: Mapping[str, str]  # as a sentence says that it is asked for


SCHOOLING_LEVELS: tuple[SchoolingLevel, ...] = tuple(
    SchoolingLevel(name, code, rating, preferred, isced, {"en": en, "zh": zh}, {"en": phrase, "zh": phrase_zh})
    for name, code, rating, preferred, isced, en, zh, phrase, phrase_zh in (  # from the lowest to the highest
        ("basic", 0, 0.0, 0.5, 2, "basic", "初中及以下", "basic schooling", "初中及以下学历"),
        ("secondary", 1, 1.0, 1.0, 3, "secondary", "高中、中专、技校", "secondary school", "高中或中专学历"),
        ("associate", 2, 2.0, 1.25, 5, "associate degree or diploma", "大专",
         "an associate degree or diploma", "大专学历"),
        ("bachelor", 3, 3.0, 1.5, 6, "bachelor's degree", "本科", "a bachelor's degree", "本科学历"),
        ("graduate", 4, 4.0, 2.75, 7, "graduate degree", "研究生", "a graduate degree", "研究生学历"),
    )
)  # fmt: skip


def level_number(written: str) -> int | None:
    """Index into `SCHOOLING_LEVELS` of a level written by its name or its rating; None if there is none such."""
    for number, level in enumerate(SCHOOLING_LEVELS):
        if written in (level.name, f"{level.rating:g}"):
            return number
    return None
