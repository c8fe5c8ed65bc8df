"""One ad's result, laid out for a terminal."""

from __future__ import annotations

from collarclass.model.borders import shown
from collarclass.result import Classification


def lines(found: Classification) -> list[str]:
    """The result for reading: the sentence that says why, both ratings, probabilities, and what was asked for."""
    out = [found.explain()]
    if found.second_label:
        out.append(f"  nearly as likely     {found.second_label}")
    if found.note and found.label != "unclear":
        out.append(f"  note                 {found.note}")
    if found.academic_score is None or found.hands_on_score is None:
        return out
    shares = "  ".join(f"{label} {p:.0%}" for label, p in found.probabilities.items())
    out += [
        "",
        f"  academic credential  {_bar(found.academic_score)}",
        f"  hands-on skill       {_bar(found.hands_on_score)}",
        f"  probabilities        {shares}",
    ]
    if found.basis == "title" and found.label != "unclear":
        out.append("  judged by            the title alone")
    if found.requirements:
        asked = (
            f"{shown(r.text)} ({r.status.replace('_', ' ')}, {r.confidence:.0%})" for r in found.requirements
        )
        out.append(f"  asked for            {'; '.join(asked)}")
    return out


def _bar(score: float) -> str:
    filled = round(score * 20)
    return f"{4 * score:.1f} of 4  {'#' * filled}{'.' * (20 - filled)}"
