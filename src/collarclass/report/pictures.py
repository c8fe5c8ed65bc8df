"""Pictures of shares, of the plane and of what ads ask for: drawn for a page, and as files with caption and methods."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass.definitions.definition import Definition, Facts
from collarclass.definitions.labels import COLLARS, LABELS, STATUSES
from collarclass.definitions.schooling import SCHOOLING_LEVELS
from collarclass.explain.palette import LIGHT
from collarclass.model.model import Model
from collarclass.report import charts
from collarclass.report.charts import inside, number, tag, wrapped
from collarclass.requirement_reader.credential_names import UNNAMED, in_language
from collarclass.tables.arrow import items

MAX_GROUPS = 20
_STEPS = 40  # places along each score at which the label is asked for
_WIDTH = 420.0  # of a picture to keep
MAX_CERTIFICATES = 15
_UNNAMED = frozenset(name for names in UNNAMED.values() for name in names)  # say less than any name, and stand last

Words = dict[str, str]
Counts = dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart with what has to be said of it."""

    chart: str  # SVG in the colours of the page that it stands in
    caption: str
    note: str
    methods: str = ""  # how it was made; only in the file, as a page says it once
    name: str = ""  # of the part that it shows, where several stand beside each other
    fixed: str = ""  # the chart with a width of its own, for a file; nothing where it always has one

    def file(self) -> str:
        """SVG that is complete in itself: with colours of its own, on white, its caption above and a note below it."""
        width, height, content = inside(self.fixed or self.chart)
        content = re.sub(r'class="([^"]*)"', lambda match: _attributes(match[1].split()), content)
        above = wrapped(self.caption, width / 7.8)
        below = wrapped(f"{self.note} {self.methods}".strip(), width / 4.4)
        top, pad = 16.0 * len(above) + 12, 12.0
        whole = {"width": number(width + 2 * pad), "height": number(top + height + 11.0 * len(below) + 26)}

        def text(line: str, y: float, **looks: object) -> str:
            return tag("text", html.escape(line), x=pad, y=number(y), **looks)

        parts = [
            tag("title", html.escape(self.caption)), tag("rect", fill="#ffffff", **whole),
            *(text(row, 20 + 16 * i, font_size=13, font_weight=600, fill=LIGHT["ink"]) for i, row in enumerate(above)),
            tag("g", content, transform=f"translate({pad} {top})"),
            *(text(row, top + height + 20 + 11 * i, font_size=8.5, fill=LIGHT["soft"]) for i, row in enumerate(below)),
        ]  # fmt: skip
        return tag("svg", "".join(parts), xmlns="http://www.w3.org/2000/svg",
                   viewBox=f"0 0 {whole['width']} {whole['height']}",
                   font_family="system-ui, 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif", **whole)  # fmt: skip


def of_shares(shares: pd.DataFrame, by: str, values: Sequence[str], w: Words, caption: str, methods: str) -> Picture:
    """Shares of groups, or of all ads for the column "": over time as lines, else below each other.

    `shares` are those of `estimate_shares`, without the rows of all ads where there are groups; `values` are the groups
    that are shown, in this order.
    """
    ranges = "picture_note_range" if (shares["method"] == "range").all() else "picture_note"
    note = w["picture_note_none" if shares["low"].isna().all() else ranges]
    found = {
        (str(row.get(by, "")), row["label"]): (row["share"], row["low"], row["high"], row["plain"])
        for row in shares.to_dict("records")
    }
    dated = [value for value in values if value]
    if charts.are_periods(dated):
        series: dict[str, list[charts.Share]] = {label: [found[value, label] for value in dated] for label in LABELS}
        return Picture(charts.lines(dated, series, w, caption), caption, f"{w['picture_lines']} {note}", methods)
    if len(values) > MAX_GROUPS:
        sizes = shares.groupby(by, observed=True)["n_ads"].first().sort_values(ascending=False, kind="stable")
        note = w["by_more"].format(shown=MAX_GROUPS, n=f"{len(values):,}") + " " + note
        values = [str(value) for value in sizes.index[:MAX_GROUPS]]
    marks: dict[str, list[charts.Share]] = {label: [found[value, label] for value in values] for label in COLLARS}
    shown = [value or (w["missing"] if by else "") for value in values]
    fluid, fixed = (charts.intervals(shown, marks, w, caption, width) for width in (None, _WIDTH))
    return Picture(fluid, caption, note, methods, fixed=fixed)


def of_plane(
    scores: NDArray[np.floating], labels: NDArray[np.integer], lines: Sequence[Sequence[tuple[float, float]]], w: Words,
    caption: str,
) -> Picture:  # fmt: skip
    """Ads that have scores and a label, on the plane of both scores."""
    return Picture(charts.plane(scores, labels, lines, w), caption, w["plane_note"])


def borders(model: Model, definition: Definition | None = None) -> list[list[tuple[float, float]]]:
    """Lines between the labels' grounds on the plane, as far as scores alone decide."""
    grid = (np.arange(_STEPS) + 0.5) / _STEPS
    a, h = np.meshgrid(grid, grid)
    places, n = np.column_stack((a.ravel(), h.ravel())), a.size
    label = model.probabilities(places).argmax(axis=1).astype(np.int8)
    if definition is not None and definition.is_of_scores:
        unstated = np.full(n, STATUSES.index("unstated"), np.int8)
        label = definition.apply(Facts(
            label=label, probabilities=model.probabilities(places), scores=places, level=np.full(n, -1, np.int8),
            status=unstated, academic_certificate=unstated, vocational_certificate=unstated,
        ))  # fmt: skip
    ground = label.reshape(a.shape)
    # By row and column, where the label changes to the right, and, turned, where it does upwards.
    changes = np.stack([ground[:, :-1] != ground[:, 1:], (ground[:-1] != ground[1:]).T], axis=-1)
    lines = [((j + 1, i), (j + 1, i + 1)) if not up else ((i, j + 1), (i + 1, j + 1))
             for i, j, up in np.argwhere(changes).tolist()]  # fmt: skip
    return [[(x / _STEPS, y / _STEPS) for x, y in line] for line in lines]


def of_counts(
    parts: Sequence[tuple[Counts, int]], w: Words, caption: str, certificates: bool,
    link: Callable[[int, str, str], str] | None = None,
) -> list[Picture]:  # fmt: skip
    """Bars of how many ads ask for what, one picture for each part, with the same bars on one scale.

    A part has for each value the ads of each label, and how many ads there are in all; of certificates the commonest
    are shown, the commonest first. `link` takes a part's number, a value and a label and gives an address.
    """
    total: Counter[str] = Counter()
    for counts, _ in parts:
        for name, row in counts.items():
            total[name] += sum(row)
    names = commonest(total)[:MAX_CERTIFICATES] if certificates else list(total)
    rows = [[counts.get(name, [0] * len(COLLARS)) for name in names] for counts, _ in parts]
    most = max((sum(row) / max(1, n) for (_, n), each in zip(parts, rows, strict=True) for row in each), default=0.0)
    out = []
    for i, ((_, n), each) in enumerate(zip(parts, rows, strict=True)):
        draw = partial(charts.stacked, names, each, COLLARS, caption, of=n, most=most or 1.0)
        chart = draw(link=None if link is None else partial(link, i))
        out.append(Picture(chart, caption, w["picture_counted"], fixed=draw(width=_WIDTH)))
    return out


def commonest(total: Counter[str]) -> list[str]:
    """Names of certificates, the commonest first, and what names none last."""
    return sorted(total, key=lambda name: (name in _UNNAMED, -total[name], name))


def schooling_counts(level: NDArray[np.integer], label: NDArray[np.integer], lang: str, w: Words) -> Counts:
    """Ads of each label by the schooling they ask for; levels are numbers, less than 0 where none is stated."""
    counts = np.zeros((len(SCHOOLING_LEVELS) + 1, len(COLLARS)), np.int64)
    np.add.at(counts, (np.where(level < 0, len(SCHOOLING_LEVELS), level).astype(np.int64), label.astype(np.int64)), 1)
    return dict(zip([*(one.names[lang] for one in SCHOOLING_LEVELS), w["none_stated"]], counts.tolist(), strict=True))


def certificate_counts(cells: pd.Series[Any], label: NDArray[np.integer], lang: str) -> Counts:
    """Ads of each label by the certificates they name, in one language whatever that of the ad."""
    known = cells.astype("category").cat
    found = np.zeros((len(known.categories) + 1, len(COLLARS)), np.int64)
    np.add.at(found, (known.codes.to_numpy(np.int64), label.astype(np.int64)), 1)  # none is the last, by -1
    counts: dict[str, NDArray[np.int64]] = {}
    for cell, row in zip(known.categories, found, strict=False):
        for name in {in_language(name, lang) for name in items(cell)}:
            counts[name] = counts.get(name, 0) + row
    return {name: row.tolist() for name, row in counts.items() if row.any()}


# What the classes of charts look like; names of colours are those of the palette.
_LOOKS: tuple[tuple[str, dict[str, str]], ...] = (
    ("grid", {"stroke": "hair"}),
    ("border", {"fill": "none", "stroke": "ink", "stroke-dasharray": "1.5 2", "opacity": ".55"}),
    ("tick", {"font-size": "11", "fill": "soft"}),
    ("name", {"font-size": "11.5", "fill": "ink"}),
    ("mid", {"text-anchor": "middle"}),
    ("end", {"text-anchor": "end"}),
    ("whisker", {"stroke": "soft", "stroke-width": "1.6"}),
    ("notch", {"stroke": "soft", "stroke-width": "1"}),
    ("hex", {"stroke": "sheet", "stroke-width": ".6"}),
    ("series", {"fill": "none", "stroke-width": "2"}),
    ("band", {"opacity": ".16"}),
    ("dot", {"stroke-width": "1.4", "stroke": "sheet"}),
)


def _attributes(names: Sequence[str]) -> str:
    """What classes look like on white, as attributes; a label's colours go before those of a kind of mark."""
    out: dict[str, str] = {}
    for name, looks in _LOOKS:
        if name in names:
            out |= {key: LIGHT.get(value, value) for key, value in looks.items()}
    label = next((name for name in names if f"{name}-fill" in LIGHT), None)
    if label is not None:
        fill = LIGHT[f"{label}-fill"]
        line = LIGHT["white-line"] if label == "white" else fill
        if "series" in names:
            out["stroke"] = line
        elif "band" in names:
            out["fill"] = line
        else:
            out["fill"] = fill
            if label == "white":
                out |= {"stroke": line, "stroke-width": out.get("stroke-width", ".6")}
            elif label == "unclear" and "dot" in names:
                out["stroke"] = LIGHT["soft"]
    return " ".join(f'{key}="{value}"' for key, value in out.items())
