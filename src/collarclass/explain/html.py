"""The ad with its telling words tinted by dimension, for a notebook or a page; all text is escaped."""

from __future__ import annotations

import html
from collections.abc import Sequence

from collarclass.explain.palette import TINTS
from collarclass.model.account import Evidence
from collarclass.requirement_reader.requirement import Requirement
from collarclass.text.cells import shown

_MIN_SHARE = 0.15  # of the weightiest term: what counts less is not tinted


def tinted(field: str, text: str, evidence: Sequence[Evidence]) -> str:
    """One field of an ad as HTML, each character in the tint of the weightiest term over it."""
    strongest = max((abs(e.weight) for e in evidence), default=1.0)
    best: list[tuple[float, str]] = [(0.0, "")] * len(text)
    for item in evidence:
        if item.field == field and abs(item.weight) >= _MIN_SHARE * strongest:
            for i in range(item.start or 0, item.end or 0):
                if abs(item.weight) > abs(best[i][0]):
                    best[i] = (item.weight, item.dimension)
    out, i = [], 0
    while i < len(text):
        j = i
        while j < len(text) and best[j] == best[i]:
            j += 1
        out.append(_piece(text[i:j], *best[i], strongest))
        i = j
    return "".join(out).replace("\n", "<br>")


def _piece(text: str, weight: float, dimension: str, strongest: float) -> str:
    piece = html.escape(text)
    if not dimension:
        return piece
    name = dimension.replace("_", "-")
    style = f"background:rgba({TINTS[dimension]},{0.15 + 0.45 * abs(weight) / strongest:.2f})"
    if weight < 0:
        style += ";text-decoration:underline dotted"
    return f'<span title="{name} {weight:+.2f}" style="{style}">{piece}</span>'


def asked(requirements: Sequence[Requirement]) -> str:
    """What the ad asks for, each with its status, the words by which it was read so, and confidence."""
    lines = []
    for found in requirements:
        said = [f"by the {found.cue.kind} “{shown(found.cue.text)}”"] if found.cue else []
        how = [found.status.replace("_", " "), *said, f"{found.confidence:.0%}"]
        lines.append(f"<li>{html.escape(shown(found.text))} ({html.escape(', '.join(how))})</li>")
    return f"<ul>{''.join(lines)}</ul>" if lines else ""


def as_html(
    sentence: str,
    title: str | None,
    text: str,
    evidence: Sequence[Evidence],
    requirements: Sequence[Requirement] = (),
) -> str:
    """The explaining sentence, the tinted ad, a key to the tints, and what the ad asks for."""
    head = f"<b>{tinted('title', title, evidence)}</b><br>" if title else ""
    return (
        f'<div style="max-width:46em"><p>{html.escape(sentence)}</p>'
        f'<div style="border:1px solid #999;padding:.6em">{head}{tinted("text", text, evidence)}</div>'
        f'<small><span style="background:rgba({TINTS["academic"]},.4)">academic</span> '
        f'<span style="background:rgba({TINTS["hands_on"]},.4)">hands-on</span>; '
        f"dotted underline: lowers the score</small>{asked(requirements)}</div>"
    )
