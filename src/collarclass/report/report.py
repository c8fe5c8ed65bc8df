"""A labelled file → one self-contained HTML page: counted in one pass, drawn with plotly."""

from __future__ import annotations

import heapq
import html
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass import __version__
from collarclass.api import default_model
from collarclass.definitions.labels import LABELS, STATUSES
from collarclass.errors import CollarclassError, DataError
from collarclass.files.readers import Layout, open_reader
from collarclass.files.source import Source
from collarclass.model.model import Model
from collarclass.tables.columns import find_columns

COLLARS = (*LABELS, "unclear")
_COLOURS = {"white": "#f0e442", "blue": "#0072b2", "gray": "#6b6b6b", "unclear": "#cc79a7"}  # Okabe and Ito
_SYMBOLS = {"white": "circle", "blue": "square", "gray": "diamond", "unclear": "x"}
_MOST_POINTS = 2000
_MOST_LEAST_CERTAIN = 25
_MOST_VALUES = 20
_MOST_WORDS = 15
_KEPT_WORDS = 100_000
_SHIFT = 0.1
_BATCH = 2000
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})")


class Tally:
    """What the page shows, counted batch by batch in bounded memory (a few bytes a row)."""

    def __init__(self, by: Sequence[str]) -> None:
        self.scores: list[NDArray[np.float32]] = []
        self.collars: list[NDArray[np.int8]] = []
        self.confidence: list[NDArray[np.float32]] = []
        self.schooling: Counter[tuple[str, str]] = Counter()
        self.by: dict[str, Counter[tuple[str, str]]] = {column: Counter() for column in by}
        self.words: Counter[tuple[str, str]] = Counter()
        self.models: Counter[str] = Counter()
        self.points: list[tuple[int, int, dict[str, Any]]] = []
        self.least: list[tuple[float, int, dict[str, Any]]] = []
        self.n = 0

    def add(self, rows: pd.DataFrame, titles: Sequence[str], prefix: str) -> None:
        """Count a batch of labelled rows."""
        text = {name: rows[prefix + name].fillna("").astype(str).to_numpy() for name in _NEEDED}
        number = {name: pd.to_numeric(rows[prefix + name], errors="coerce").to_numpy(np.float32) for name in _NUMBERS}
        collar = np.array([COLLARS.index(c) if c in COLLARS else 3 for c in text["collar"]], np.int8)
        self.collars.append(collar)
        self.scores.append(np.column_stack((number["academic_score"], number["hands_on_score"])))
        self.confidence.append(number["collar_confidence"])
        names = [COLLARS[c] for c in collar]
        self.schooling.update(zip(text["schooling_status"], names, strict=True))
        self.models.update(text["collar_model"])
        for column, counter in self.by.items():
            counter.update(zip(rows[column].fillna("").astype(str).str.strip(), names, strict=True))
        for found, name in zip(text["collar_evidence"], names, strict=True):
            self.words.update((word.strip().casefold(), name) for word in found.split("; ") if word.strip())
        if len(self.words) > 2 * _KEPT_WORDS:
            self.words = Counter(dict(self.words.most_common(_KEPT_WORDS)))
        for i, name in enumerate(names):
            row = self.n + i
            # A fixed scramble of the row number chooses the points: the same file, the same page.
            draw = (row * 0x9E3779B1) & 0xFFFFFFFF
            sure = float(number["collar_confidence"][i])
            if name == "unclear" or (
                len(self.points) >= _MOST_POINTS
                and -draw <= self.points[0][0]
                and len(self.least) >= _MOST_LEAST_CERTAIN
                and -sure <= self.least[0][0]
            ):
                continue
            ad = {
                "row": row + 1,
                "title": str(titles[i])[:160],
                "collar": name,
                "confidence": sure,
                "academic": float(number["academic_score"][i]),
                "hands_on": float(number["hands_on_score"][i]),
                "evidence": text["collar_evidence"][i][:300],
            }
            _keep(self.points, (-draw, row, ad), _MOST_POINTS)
            _keep(self.least, (-sure, -row, ad), _MOST_LEAST_CERTAIN)
        self.n += len(rows)


_NEEDED = ("collar", "schooling_status", "collar_evidence", "collar_model")
_NUMBERS = ("collar_confidence", "academic_score", "hands_on_score")


def _keep(heap: list[Any], item: Any, most: int) -> None:
    (heapq.heappush if len(heap) < most else heapq.heappushpop)(heap, item)


def write_report(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    by: Sequence[str] = (),
    lang: str = "en",
    title: str | None = None,
    prefix: str = "",
    model: Model | None = None,
) -> None:
    """Write a page that shows what a labelled file holds.

    Parameters
    ----------
    source : path-like
        A file that `label_file` wrote, in any of its formats.
    target : path-like
        The HTML page: about 5 MB, complete in itself, whatever the number of rows.
    by : sequence of str
        Columns by whose values the shares are shown; a column of dates is shown by month.
    lang : {"en", "zh"}
        Language of the page.
    title : str, optional
        Name of the column of job titles, if it is not among the common ones.
    prefix : str
        What was put before the names of the added columns.
    model : Model, optional
        The model that labelled the file, for the decision regions; the shipped one if not given.

    Raises
    ------
    DataError
        If the file was not labelled, or a column is missing.
    CollarclassError
        If plotly or jinja2 is not installed.
    """
    try:
        import jinja2
        import plotly.offline
    except ImportError:
        raise CollarclassError(
            "A report needs plotly and jinja2: install them with 'pip install collarclass[report]'."
        ) from None
    words = json.loads((files("collarclass") / "report" / "words.json").read_text("utf-8"))
    if lang not in words:
        raise DataError(f"No language {lang!r} for the report: choose {' or '.join(words)}.")
    w = words[lang]
    model = model or default_model()
    tally = _count(os.fspath(source), by, title, prefix)
    charts, figures = _draw(tally, w, model)
    template = jinja2.Environment(autoescape=True, trim_blocks=True).from_string(
        (files("collarclass") / "report" / "report.html.j2").read_text("utf-8")
    )
    from markupsafe import Markup

    page = template.render(
        lang=lang,
        w=w,
        heading=w["title"].format(n=f"{tally.n:,}"),
        plotly_js=Markup(plotly.offline.get_plotlyjs()),
        shares=_shares(tally, w),
        charts=charts,
        collars=COLLARS[:3],
        sensitivity=_sensitivity(tally, w, model),
        words=_telling_words(tally, w),
        least=[ad for _, _, ad in sorted(tally.least, key=lambda t: (-t[0], -t[1]))],
        figures=Markup(json.dumps(figures, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")),
        made=w["made"].format(
            version=__version__, file=Path(source).name, model=", ".join(sorted(filter(None, tally.models)))
        ),
    )
    fresh = Path(f"{os.fspath(target)}.partial")
    fresh.write_text(page, "utf-8")
    fresh.replace(target)


def _count(source: str, by: Sequence[str], title: str | None, prefix: str) -> Tally:
    tally = Tally(by)
    for rows in _batches(source):
        columns = list(rows.columns)
        for name in (*(prefix + n for n in (*_NEEDED, *_NUMBERS)), *by):
            if name not in columns:
                hint = "" if name in by else " Label the file first with 'collarclass label'."
                raise DataError(
                    f"No column {name!r} in {Path(source).name}; its columns are: {', '.join(map(str, columns))}."
                    + hint
                )
        try:
            heading, text = find_columns(columns, title)
        except DataError:
            heading, text = title, None
        named = heading if heading is not None else text
        titles = rows[named].fillna("").astype(str).tolist() if named is not None else [""] * len(rows)
        tally.add(rows, titles, prefix)
    if not tally.n:
        raise DataError(f"{Path(source).name} has no rows to report on.")
    return tally


def _batches(source: str) -> Iterator[pd.DataFrame]:
    if not Path(source).exists():
        raise DataError(f"No file {source}: give a file that 'collarclass label' wrote.")
    file = Source(source)
    try:
        for batch in open_reader(file, Layout(every_column=True)).batches(_BATCH):
            yield pd.DataFrame(batch.rows())
    finally:
        file.close()


def wilson(k: int, n: int) -> tuple[float, float]:
    """95 % interval of a share.

    Parameters
    ----------
    k, n : int
        So many of so many.

    Returns
    -------
    low, high : float

    References
    ----------
    Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22.

    Examples
    --------
    >>> [round(x, 3) for x in wilson(5, 10)]
    [0.237, 0.763]
    """
    if not n:
        return 0.0, 1.0
    z, p = 1.959964, k / n
    middle = p + z * z / (2 * n)
    spread = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = (middle - spread) / (1 + z * z / n), (middle + spread) / (1 + z * z / n)
    return max(0.0, float(low)), min(1.0, float(high))


def _shares(tally: Tally, w: dict[str, Any]) -> list[dict[str, Any]]:
    counts = np.bincount(np.concatenate(tally.collars), minlength=4)
    out = []
    for name, k in zip(COLLARS, counts.tolist(), strict=True):
        low, high = wilson(k, tally.n)
        out.append({"name": w[name], "n": k, "share": 100 * k / tally.n, "low": 100 * low, "high": 100 * high})
    return out


def _sensitivity(tally: Tally, w: dict[str, Any], model: Model) -> list[dict[str, Any]]:
    known = np.concatenate(tally.collars) < 3
    scores = np.concatenate(tally.scores)[known].astype(np.float64)
    out = []
    for name, shift in (
        ("as_is", (0.0, 0.0)),
        ("a_strict", (-_SHIFT, 0.0)),
        ("a_loose", (_SHIFT, 0.0)),
        ("h_strict", (0.0, -_SHIFT)),
        ("h_loose", (0.0, _SHIFT)),
    ):
        labels = model.probabilities(np.clip(scores + shift, 0, 1)).argmax(axis=1)
        shares = 100 * np.bincount(labels, minlength=3) / max(1, len(labels))
        out.append({"name": w[name], "shares": shares.tolist()})
    return out


def _telling_words(tally: Tally, w: dict[str, Any]) -> list[dict[str, Any]]:
    total = Counter[str]()
    for (word, _), n in tally.words.items():
        total[word] += n
    ads = np.bincount(np.concatenate(tally.collars), minlength=4)
    out = []
    for k, name in enumerate(LABELS):
        # Smoothed ratio of how common a word is under this collar and under the others.
        inside, outside = ads[k] + 1, ads.sum() - ads[k] + 1
        ranked = sorted(
            ((word, n) for (word, collar), n in tally.words.items() if collar == name and n >= min(3, tally.n)),
            key=lambda t: (
                -np.log((t[1] + 0.5) / inside * outside / (total[t[0]] - t[1] + 2.0)) * np.sqrt(t[1]),
                t[0],
            ),
        )
        out.append({"name": w[name], "rows": ranked[:_MOST_WORDS]})
    return out


def _draw(tally: Tally, w: dict[str, Any], model: Model) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    charts: list[dict[str, Any]] = []
    figures: dict[str, Any] = {}

    def add(name: str, heading: str, notes: list[str], data: list[dict[str, Any]], **layout: Any) -> None:
        charts.append({"id": name, "heading": heading, "notes": notes, "summary": f"{heading}. {' '.join(notes)}"})
        figures[name] = {
            "data": data,
            "layout": {
                "template": None,
                "margin": {"l": 60, "r": 20, "t": 20, "b": 50},
                "legend": {"orientation": "h", "y": 1.12},
                "font": {"size": 14},
                **layout,
            },
        }

    notes = [w["plane_note"]]
    known = int((np.concatenate(tally.collars) < 3).sum())
    if known > len(tally.points):
        notes.append(w["sampled"].format(shown=f"{len(tally.points):,}", n=f"{known:,}"))
    add("plane", w["plane"], notes, _plane(tally, w, model), height=560, hovermode="closest",
        xaxis={"title": {"text": w["academic"]}, "range": [-0.02, 1.02]},
        yaxis={"title": {"text": w["hands_on"]}, "range": [-0.02, 1.02]})  # fmt: skip

    collars, sure = np.concatenate(tally.collars), np.concatenate(tally.confidence)
    edges = np.linspace(0.3, 1.0, 15)
    bars = [
        _bar(w, name, np.round((edges[:-1] + edges[1:]) / 2, 3).tolist(),
             np.histogram(sure[collars == k], edges)[0].tolist())
        for k, name in enumerate(LABELS)
    ]  # fmt: skip
    add("confidence", w["confidence_title"], [w["confidence_note"]], bars, barmode="stack", height=340,
        xaxis={"title": {"text": w["confidence"]}}, yaxis={"title": {"text": w["count"]}})  # fmt: skip

    for i, (column, counter) in enumerate(tally.by.items()):
        _add_by(add, f"by{i}", column, counter, w)

    bars = [_bar(w, name, [w[s] for s in STATUSES], [tally.schooling[s, name] for s in STATUSES]) for name in COLLARS]
    add(
        "schooling",
        w["schooling"],
        [],
        bars,
        barmode="stack",
        height=360,
        yaxis={"title": {"text": w["count"]}},
    )
    return charts, figures


def _bar(w: dict[str, Any], name: str, x: list[Any], y: list[Any]) -> dict[str, Any]:
    marker = {"color": _COLOURS[name], "line": {"color": "#333", "width": 1}}
    return {"type": "bar", "name": w[name], "x": x, "y": y, "marker": marker}


def _plane(tally: Tally, w: dict[str, Any], model: Model) -> list[dict[str, Any]]:
    axis = np.linspace(0, 1, 51)
    a, h = np.meshgrid(axis, axis)
    regions = model.probabilities(np.column_stack((a.ravel(), h.ravel()))).argmax(axis=1).reshape(a.shape)
    tints = ["#fbf8cf", "#cfe3f1", "#dcdcdc"]
    scale = [[(k + e) / 3, tints[k]] for k in range(3) for e in (0, 1)]
    data: list[dict[str, Any]] = [
        {"type": "heatmap", "x": axis.round(3).tolist(), "y": axis.round(3).tolist(), "z": regions.tolist(),
         "zmin": -0.5, "zmax": 2.5, "colorscale": scale, "showscale": False, "hoverinfo": "skip"}
    ]  # fmt: skip
    known = np.concatenate(tally.collars) < 3
    if known.sum() > _MOST_POINTS:
        scores = np.concatenate(tally.scores)[known]
        density, x, y = np.histogram2d(scores[:, 0], scores[:, 1], bins=40, range=((0, 1), (0, 1)))
        data.append(
            {"type": "contour", "x": ((x[1:] + x[:-1]) / 2).round(4).tolist(),
             "y": ((y[1:] + y[:-1]) / 2).round(4).tolist(), "z": np.log1p(density.T).round(3).tolist(),
             "contours": {"coloring": "lines"}, "colorscale": [[0, "#bbb"], [1, "#000"]], "showscale": False,
             "hoverinfo": "skip", "line": {"width": 1}}
        )  # fmt: skip
    for name in LABELS:
        ads = sorted((ad for _, _, ad in tally.points if ad["collar"] == name), key=lambda ad: int(ad["row"]))
        hover = [
            f"<b>{html.escape(ad['title'])}</b><br>{w['academic']} {ad['academic']:.2f}, {w['hands_on']} "
            f"{ad['hands_on']:.2f}<br>{w['confidence']} {ad['confidence']:.2f}<br>{html.escape(ad['evidence'])}"
            for ad in ads
        ]
        data.append(
            {"type": "scatter", "mode": "markers", "meta": "points", "name": w[name],
             "x": [round(ad["academic"], 4) for ad in ads], "y": [round(ad["hands_on"], 4) for ad in ads],
             "text": hover, "hovertemplate": "%{text}<extra></extra>",
             "customdata": [name, [f"{ad['title']} {ad['evidence']}" for ad in ads]],
             "marker": {"symbol": _SYMBOLS[name], "color": _COLOURS[name], "size": 8, "opacity": 0.8,
                        "line": {"color": "#222", "width": 0.8}}}
        )  # fmt: skip
    return data


def _add_by(add: Any, name: str, column: str, counter: Counter[tuple[str, str]], w: dict[str, Any]) -> None:
    """Shares of the collars by a column's values: lines over months for dates, bars otherwise."""
    total = Counter[str]()
    for (value, _), n in counter.items():
        total[value] += n
    dated = sum(n for value, n in total.items() if _DATE.match(value)) >= 0.9 * sum(total.values())
    if dated:
        monthly: Counter[tuple[str, str]] = Counter()
        for (value, collar), n in counter.items():
            if match := _DATE.match(value):
                monthly[f"{match[1]}-{int(match[2]):02d}", collar] += n
        counter = monthly
        total = Counter[str]()
        for (value, _), n in counter.items():
            total[value] += n
        values = sorted(total)
    else:
        values = [v for v, _ in sorted(total.items(), key=lambda t: (-t[1], t[0]))[:_MOST_VALUES]]
    notes = [] if len(values) == len(total) else [w["by_more"].format(shown=len(values), n=len(total))]
    data = []
    for collar in LABELS:
        counts = [(counter[v, collar], total[v]) for v in values]
        intervals = [wilson(k, n) for k, n in counts]
        shares = [100 * k / n for k, n in counts]
        data.append(
            {"type": "scatter" if dated else "bar", "name": w[collar],
             "x": values if dated else [html.escape(v)[:40] or "–" for v in values], "y": [round(s, 2) for s in shares],
             "marker": {"color": _COLOURS[collar], "symbol": _SYMBOLS[collar], "size": 9,
                        "line": {"color": "#333", "width": 1}} if dated
             else {"color": _COLOURS[collar], "line": {"color": "#333", "width": 1}},
             **({"line": {"color": _COLOURS[collar], "dash": {"white": "dot", "blue": "dash"}.get(collar, "solid")}}
                if dated else {}),
             "error_y": {"type": "data", "symmetric": False, "thickness": 1,
                         "array": [round(100 * high - s, 2) for s, (_, high) in zip(shares, intervals, strict=True)],
                         "arrayminus": [round(s - 100 * lo, 2) for s, (lo, _) in zip(shares, intervals, strict=True)]}}
        )  # fmt: skip
    add(name, w["by"].format(column=column), notes, data, height=420,
        xaxis={"type": "date" if dated else "category", "automargin": True},
        yaxis={"title": {"text": f"{w['share']} %"}, "rangemode": "tozero"})  # fmt: skip
