"""One ad's result, laid out for a terminal."""

from __future__ import annotations

import math

from collarclass.model.borders import shown
from collarclass.result import Classification

_MAX_WORDS = 6


def lines(found: Classification) -> list[str]:
    """The result for reading: label, scores, what was asked for, and the words that weighed most."""
    sure = "" if math.isnan(found.confidence) else f"  {found.confidence:.0%} sure"
    certain = f"  ({found.note})" if found.note else sure
    if found.second_label:
        certain += f", or {found.second_label}"
    certain += "  (from the title alone)" * (found.basis == "title" and not found.note)
    shares = "  ".join(f"{label} {p:.0%}" for label, p in found.probabilities.items())
    out = [found.label + certain]
    if found.note == "empty text":
        return out
    out += [
        "",
        f"  academic credential  {_bar(found.academic_score)}",
        f"  hands-on skill       {_bar(found.hands_on_score)}",
        f"  probabilities        {shares}",
    ]
    if found.requirements:
        asked = (
            f"{shown(r.text)} ({r.status.replace('_', ' ')}, {r.confidence:.0%})" for r in found.requirements
        )
        out.append(f"  asked for            {'; '.join(asked)}")
    for name, dimension in (("academic", "academic"), ("hands-on", "hands_on")):
        words = [
            f"{shown(r.text)} {r.strength:+.2f}" for r in found.reasons if r.dimension == dimension
        ]
        if words:
            out.append(f"  {'words, ' + name:<21}{', '.join(words[:_MAX_WORDS])}")
    return out


def _bar(score: float) -> str:
    filled = round(score * 20)
    return f"{score:.2f} {'#' * filled}{'.' * (20 - filled)}"
