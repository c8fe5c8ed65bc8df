"""One plain sentence that says why an ad got its label."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from collarclass.definitions.labels import DIMENSIONS
from collarclass.definitions.schooling import SCHOOLING_LEVELS
from collarclass.model.borders import shown
from collarclass.model.ranking import Reason

_MAX_PER_DIMENSION = 4
_PHRASES = {level.name: level.phrases for level in SCHOOLING_LEVELS}


@cache
def words_of(lang: str) -> dict[str, Any]:
    """The words that explanations are made of, in English ("en") or Chinese ("zh")."""
    every = json.loads((files("collarclass") / "explain" / "words.json").read_text("utf-8"))
    if lang not in every:
        raise ValueError(f"No explanations in {lang!r}: choose one of {', '.join(every)}.")
    words: dict[str, Any] = every[lang]
    return words


def unclear_sentence(note: str, lang: str) -> str:
    """Say why an ad could not be judged."""
    words = words_of(lang)
    return f"{words['unclear']}{words['colon']}{words['notes'].get(note, note)}{words['stop']}"


def sentence(
    label: str,
    confidence: float,
    scores: tuple[float, float],
    schooling: tuple[str | None, str],
    reasons: Sequence[Reason],
    lang: str,
) -> str:
    """Say why an ad got its label.

    Parameters
    ----------
    label : {"white", "blue", "gray"}
    confidence : float
        NaN, of a label by the rules of a definition, is left out.
    scores : pair of float
        Academic and hands-on, 0 to 1.
    schooling : pair of str
        Stated level, or None, and its status.
    reasons : sequence of Reason
        Strongest first.
    lang : {"en", "zh"}
    """
    words = words_of(lang)
    level, status = schooling
    parts = []
    if status != "unstated":
        said = words[status].format(_PHRASES[level][lang] if level else words["field"])
        parts.append(f"{said} [{words['requirement']}]")
    for dimension, score in zip(DIMENSIONS, scores, strict=True):
        runs = [shown(r.text) for r in reasons if r.dimension == dimension][:_MAX_PER_DIMENSION]
        if runs:
            quoted = words["comma"].join(words["quote"].format(run) for run in runs)
            parts.append(words["by"].format(words=quoted, dimension=words[dimension], score=score))
    said = words["sentence"].format(label=words[label], reasons=words["join"].join(parts) or words["none"])
    return str(said if math.isnan(confidence) else said + words["confidence"].format(confidence))
