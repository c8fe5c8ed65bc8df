"""Pictures of shares, of the plane and of what ads ask for: drawn for a page, and as files with caption and methods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass.definitions.labels import COLLARS, LABELS
from collarclass.definitions.schooling import SCHOOLING_LEVELS
from collarclass.report import charts
from collarclass.report.standalone import standalone
from collarclass.requirement_reader.certificates import UNNAMED
from collarclass.tables.arrow import items

MAX_GROUPS = 20
MAX_CERTIFICATES = 15
_UNNAMED = frozenset(UNNAMED.values())  # say less than any name, and stand last

Words = dict[str, Any]
Counts = dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart with what has to be said of it.

    Attributes
    ----------
    chart : str
        SVG in the colours of the page that it stands in.
    caption, note : str
    methods : str
        How it was made; only in the file, as a page says it once.
    """

    chart: str
    caption: str
    note: str
    methods: str = ""

    def file(self) -> str:
        """SVG that is complete in itself."""
        return standalone(self.chart, self.caption, f"{self.note} {self.methods}".strip())


def of_shares(shares: pd.DataFrame, by: str, values: Sequence[str], w: Words, caption: str, methods: str) -> Picture:
    """Shares of groups, or of all ads for no column: over time as lines, else below each other.

    Parameters
    ----------
    shares : DataFrame
        From `estimate_shares`, without the rows of all ads where there are groups.
    by : str
        The column of the groups; "" for all ads.
    values : sequence of str
        The groups that are shown, in this order.
    w : dict
        Words of a language.
    caption, methods : str
    """
    note = w["picture_note_none" if shares["low"].isna().all() else "picture_note"]
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
    return Picture(charts.intervals(shown, marks, w, caption), caption, note, methods)


def of_counts(parts: Sequence[tuple[Counts, int]], w: Words, caption: str, certificates: bool) -> list[Picture]:
    """Bars of how many ads ask for what, one picture for each part, with the same bars on one scale.

    Parameters
    ----------
    parts : sequence of (dict, int)
        For each value the ads of each label, and how many ads there are in all.
    w : dict
    caption : str
    certificates : bool
        Whether the commonest values alone are shown, the commonest first.
    """
    total: Counter[str] = Counter()
    for counts, _ in parts:
        for name, row in counts.items():
            total[name] += sum(row)
    names = commonest(total)[:MAX_CERTIFICATES] if certificates else list(total)
    rows = [[counts.get(name, [0] * len(COLLARS)) for name in names] for counts, _ in parts]
    most = max((sum(row) / max(1, n) for (_, n), each in zip(parts, rows, strict=True) for row in each), default=0.0)
    shown = [w["unnamed"].get(name, name) for name in names]
    return [
        Picture(charts.stacked(shown, each, COLLARS, caption, of=n, most=most or 1.0), caption, w["picture_counted"])
        for (_, n), each in zip(parts, rows, strict=True)
    ]


def commonest(total: Counter[str]) -> list[str]:
    """Names of certificates, the commonest first, and what names none last."""
    return sorted(total, key=lambda name: (name in _UNNAMED, -total[name], name))


def schooling_counts(level: NDArray[np.integer], label: NDArray[np.integer], lang: str, w: Words) -> Counts:
    """Ads of each label by the schooling they ask for; levels are numbers, less than 0 where none is stated."""
    counts = np.zeros((len(SCHOOLING_LEVELS) + 1, len(COLLARS)), np.int64)
    np.add.at(counts, (np.where(level < 0, len(SCHOOLING_LEVELS), level).astype(np.int64), label.astype(np.int64)), 1)
    return dict(zip([*(one.names[lang] for one in SCHOOLING_LEVELS), w["none_stated"]], counts.tolist(), strict=True))


def certificate_counts(cells: Iterable[object], label: Iterable[int]) -> Counts:
    """Ads of each label by the certificates they name."""
    counts: Counts = {}
    for cell, k in zip(cells, label, strict=True):
        for name in set(items(cell)):
            counts.setdefault(name, [0] * len(COLLARS))[k] += 1
    return counts
