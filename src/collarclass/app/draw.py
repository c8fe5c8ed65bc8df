"""Drawings of the page: the only place whose text goes into a page as it is."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from markupsafe import Markup

from collarclass.messages import Language, Message
from collarclass.model.model import Model
from collarclass.report import charts
from collarclass.report.charts import number, tag
from collarclass.report.pictures import borders
from collarclass.result import Classification

_SIDE, _EDGE = 320.0, 26.0
_GOLDEN = math.pi * (3 - math.sqrt(5))  # dots at one place stand like the seeds of a sunflower


def drawing(svg: str) -> Markup:
    """A chart of the report's, in the colours of the page."""
    assert svg.startswith("<svg "), "only what `charts` drew goes into a page as it is"
    return Markup(svg)


def small_plane(
    occupations: Iterable[Mapping[str, Any]], lang: Language, model: Model | None, ad: Classification | None,
    chosen: str = "", link: Callable[[str], str] | None = None,
) -> Markup:  # fmt: skip
    """Occupations as dots on the plane of both scores, and an ad among them; each dot leads to its occupation."""

    def place(academic: float, hands_on: float) -> tuple[float, float]:
        return _EDGE + academic * (_SIDE - 24) + 12, 8 + (1 - hands_on) * (_SIDE - 24) + 12

    parts = [tag("path", class_="axis", d=f"M{_EDGE} 8V{8 + _SIDE}H{_EDGE + _SIDE}")]
    if model is not None:
        for line in borders(model):
            points = " ".join(",".join(map(number, place(x, y))) for x, y in line)
            parts.append(tag("polyline", class_="border", points=points))
    groups: dict[tuple[float, float], list[Mapping[str, Any]]] = {}
    for row in occupations:
        groups.setdefault((row["academic_rating"], row["hands_on_rating"]), []).append(row)
    for (academic, hands_on), rows in groups.items():
        x, y = place(academic / 4, hands_on / 4)
        for i, row in enumerate(sorted(rows, key=lambda row: (row["label"], row["onet_code"]))):
            r, turn = 2.0 * math.sqrt(i + (0.3 if len(rows) > 1 else 0)), i * _GOLDEN
            name = row["titles_zh"].split("; ")[0] if lang == "zh" and row["titles_zh"] else row["title"]
            dot = tag("circle", tag("title", html.escape(name)), class_=f"dot {row['label']}",
                      cx=number(x + r * math.cos(turn)), cy=number(y + r * math.sin(turn)), r=1.7)  # fmt: skip
            parts.append(dot if link is None else tag("a", dot, href=link(row["onet_code"]), tabindex=-1))
            if row["onet_code"] == chosen:
                parts.append(tag("circle", class_="ring", cx=number(x + r * math.cos(turn)),
                                 cy=number(y + r * math.sin(turn)), r=7))  # fmt: skip
    if ad is not None and ad.academic_score is not None and ad.hands_on_score is not None:
        x, y = place(ad.academic_score, ad.hands_on_score)
        cross = f"M{number(x)} {8 + _SIDE}V{number(y + 9)}M{_EDGE} {number(y)}H{number(x - 9)}"
        parts.append(tag("path", class_="cross", d=cross))
        parts.append(tag("circle", class_="halo", cx=number(x), cy=number(y), r=9) + charts.mark(ad.label, x, y))
    for rating in range(5):
        x, y = place(rating / 4, rating / 4)
        parts.append(tag("text", str(rating), class_="tick mid", x=number(x), y=number(22 + _SIDE)))
        parts.append(tag("text", str(rating), class_="tick end", x=_EDGE - 6, y=number(y + 4)))
    words = [Message(name).said(lang) for name in ("academic credential", "hands-on skill")]
    parts.append(tag("text", html.escape(f"{words[0]} →"), class_="name end", x=_EDGE + _SIDE, y=number(38 + _SIDE)))
    turned = f"translate(9 {_SIDE}) rotate(-90)"
    parts.append(tag("text", html.escape(f"{words[1]} →"), class_="name", transform=turned))
    alt = Message("The plane of two scores: academic credential to the right, hands-on skill upwards").said(lang)
    return Markup(tag("svg", "".join(parts), class_="small plane", viewBox=f"0 0 {_EDGE + _SIDE + 6} {_SIDE + 46}",
                      role="img" if link is None else "group", aria_label=alt))  # fmt: skip
