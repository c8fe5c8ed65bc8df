"""One plain sentence that says why an ad got its label."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from collarclass.definitions.schooling import SCHOOLING_LEVELS
from collarclass.messages import Message
from collarclass.model.account import LINE, Account
from collarclass.text.cells import shown

_MOST = 3  # words of a rating that are named
_MUCH = 0.25  # of a rating: what speaks against it by less is not named
_BANDS = (0.75, *LINE, 3.25)  # of ratings of 0 to 4, from one word for them to the next
_APPRENTICE = re.compile(r"apprentic|time.served|学徒", re.IGNORECASE)
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
    reason = Message(note).said("zh" if lang == "zh" else "en")
    return f"{words['unclear']}{words['colon']}{reason}{words['stop']}"


def sentence(
    label: str, confidence: float | None, schooling: tuple[str | None, str], account: Account, lang: str
) -> str:
    """Say why an ad got its label: its schooling, how far its work is done by hand, and by which words.

    Parameters
    ----------
    label : {"white", "blue", "gray"}
    confidence : float or None
        None for a label by the rules of a definition.
    schooling : pair of str
        Stated level, or None, and its status.
    account : Account
    lang : {"en", "zh"}
    """
    words = words_of(lang)
    level, status = schooling
    academic, hands_on = account.sides(label)
    ratings = [f"{rating:.1f}" for rating in account.ratings]
    stated = next((shown(part.text) for part in account.parts if part.kind == "schooling"), "")
    if status != "unstated":
        named = words["apprenticeship"] if level == "secondary" and _APPRENTICE.search(stated) else words["field"]
        said = words[status].format(_PHRASES[level][lang] if level and named == words["field"] else named)
        quoted = words["in_brackets"].format(words["quote"].format(stated)) if stated else ""
        first = words["schooling"].format(said=said, quoted=quoted, rating=ratings[0])
    else:
        found = _named(words, "judged_by", account, 0, academic)
        first = words["judged"].format(said=words["unstated"], words=found, rating=ratings[0])
    found = _named(words, "by", account, 1, hands_on) + _named(words, "against", account, 1, -hands_on, 1)
    band = words["bands"][sum(account.ratings[1] >= border for border in _BANDS)]
    second = words["hands_on"].format(said=band, words=found, rating=ratings[1])
    said = words["sentence"].format(label=words[label], academic=first, hands_on=second)
    return str(said if confidence is None else said + words["confidence"].format(confidence))


def _named(words: dict[str, Any], how: str, account: Account, d: int, side: int, most: int = _MOST) -> str:
    """The words that move a rating most to a side, as the sentence brings them in, or that there are none."""
    least = _MUCH if how == "against" else 0.0
    runs = [shown(part.text) for pull, part in account.towards(d, side) if part.kind != "schooling" and pull >= least]
    some, none = words[how]
    if not runs:
        return str(none if account.parts else "")
    return str(some.format(words["between"].join(words["quote"].format(run) for run in runs[:most])))
