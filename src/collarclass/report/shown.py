"""The ads that the page shows whole, with the places of their deciding words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass.api import classify_many
from collarclass.definitions.definition import Facts
from collarclass.definitions.labels import COLLARS
from collarclass.model.model import Model
from collarclass.model.ranking import Reason
from collarclass.report.collect import Shown

BUDGET = 640_000  # bytes of text in the page
_MAX_CHARACTERS = 1600  # characters of one ad
_HEAD, _AROUND = 420, 130
_MAX_SPANS = 14

Span = tuple[int, int, int, float]


def shown_ads(
    ads: Sequence[Shown],
    table: pd.DataFrame,
    labels: NDArray[np.int8],
    facts: Facts,
    model: Model,
    lang: str,
) -> list[dict[str, Any]]:
    """Ads as the page's script reads them, as many as fit into the page.

    Returns
    -------
    list of dict
        `row`, `title`, `text` (passages, where the ad is long: `cut`), `spans` (start, end, 1 for hands-on, strength),
        `collar`, `sure`, the two scores, and `said`, the sentence that explains the label.
    """
    kept, size = [], 0
    for ad in ads:
        size += len((ad.title + ad.text[:_MAX_CHARACTERS]).encode("utf-8", "replace")) + 400
        if size > BUDGET:
            break
        kept.append(ad)
    found = classify_many([ad.text for ad in kept], [ad.title or None for ad in kept], model=model)
    numbers = np.column_stack((facts.probabilities.max(axis=1), facts.scores))
    out = []
    for ad, result in zip(kept, found, strict=True):
        i = ad.row - 1
        sure, academic, hands_on = np.nan_to_num(numbers[i]).round(3).tolist()
        text, spans = _passages(ad.text, [r for r in result.reasons if r.field == "text"])
        title = [
            (r.start, r.end, int(r.dimension == "hands_on"), round(r.strength, 2))
            for r in result.reasons
            if r.field == "title"
        ]
        out.append(
            {
                "row": ad.row,
                "title": ad.title,
                "text": text,
                "spans": spans,
                "title_spans": sorted(title),
                "cut": len(text) < len(ad.text),
                "collar": COLLARS[labels[i]],
                "sure": sure,
                "academic": academic,
                "hands_on": hands_on,
                "said": result.explain(lang) if ad.text.strip() or ad.title.strip() else "",
            }
        )
    return out


def _passages(text: str, reasons: Sequence[Reason]) -> tuple[str, list[Span]]:
    """An ad whole, or the beginning and the passages with its strongest words; spans moved along."""
    strongest = sorted(reasons, key=lambda r: -abs(r.strength))[:_MAX_SPANS]
    spans: list[Span] = sorted(
        (r.start, r.end, int(r.dimension == "hands_on"), round(r.strength, 2)) for r in strongest
    )
    if len(text) <= _MAX_CHARACTERS:
        return text, spans
    wanted = [(0, _HEAD)]
    for reason in strongest:
        place = (max(0, reason.start - _AROUND), min(len(text), reason.end + _AROUND))
        if sum(b - a for a, b in _merged([*wanted, place])) > _MAX_CHARACTERS:
            break
        wanted.append(place)
    out, moved, at = "", [], 0
    for a, b in _merged(wanted):
        if a > at:
            out += " […] "
        shift = len(out) - a
        moved += [(s + shift, e + shift, d, x) for s, e, d, x in spans if a <= s and e <= b]
        out, at = out + text[a:b], b
    return out + (" […]" if at < len(text) else ""), moved


def _merged(places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for a, b in sorted(places):
        if out and a <= out[-1][1] + 20:
            out[-1] = (out[-1][0], max(out[-1][1], b))
        else:
            out.append((a, b))
    return out
