"""One ad's result, laid out for a terminal or as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from collarclass.result import Classification

_MAX_WORDS = 6


def as_dict(found: Classification) -> dict[str, Any]:
    """The result as plain values, with its twenty weightiest terms."""
    return {
        "collar": found.label,
        "confidence": round(found.confidence, 4),
        "probabilities": {k: round(v, 4) for k, v in found.probabilities.items()},
        "academic_score": round(found.academic_score, 4),
        "hands_on_score": round(found.hands_on_score, 4),
        "requirements": [asdict(r) for r in found.requirements],
        "reasons": [asdict(r) for r in found.reasons],
        "evidence": [asdict(e) for e in found.evidence[:20]],
        "basis": found.basis,
        "note": found.note,
        "model": found.model,
    }


def lines(found: Classification) -> list[str]:
    """The result for reading: label, scores, what was asked for, and the words that weighed most."""
    certain = f"  {found.confidence:.0%} sure" if not found.note else f"  ({found.note})"
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
        asked = (f"{' '.join(r.text.split())} ({r.status.replace('_', ' ')})" for r in found.requirements)
        out.append(f"  asked for            {'; '.join(asked)}")
    for name, dimension in (("academic", "academic"), ("hands-on", "hands_on")):
        words = [
            f"{' '.join(r.text.split())} {r.strength:+.2f}" for r in found.reasons if r.dimension == dimension
        ]
        if words:
            out.append(f"  {'words, ' + name:<21}{', '.join(words[:_MAX_WORDS])}")
    return out


def _bar(score: float) -> str:
    filled = round(score * 20)
    return f"{score:.2f} {'#' * filled}{'.' * (20 - filled)}"
