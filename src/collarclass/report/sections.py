"""The page section by section: figures into bars, charts and tables."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass.definitions.definition import Definition, Facts, builtin_definitions, load_definition
from collarclass.definitions.labels import COLLARS, LABELS, STATUSES
from collarclass.errors import DataError
from collarclass.messages import Language, Message
from collarclass.model.model import Model
from collarclass.model.stream import STREAMS, expected_right
from collarclass.report import charts
from collarclass.report.ads import Collected
from collarclass.report.bands import is_band
from collarclass.report.pictures import (
    MAX_GROUPS,
    Picture,
    borders,
    certificate_counts,
    commonest,
    of_counts,
    of_plane,
    of_shares,
    schooling_counts,
)
from collarclass.shares.dates import PERIODS
from collarclass.shares.methods import headline, methods_paragraph

MAX_TABLE_ROWS = 60
MIN_CELL_ADS = 5
_MAX_COLUMNS = 36
_SHIFT = 0.1
_MIN_SHARE_FROM_ADS = 0.9  # of rows judged from ads, below which nothing is said of how many are right
_MAX_WORDS = 12
_EDGES = np.linspace(0.3, 1.0, 8)


@dataclass(frozen=True, slots=True)
class Page:
    """What every section draws from."""

    w: dict[str, str]  # the words of the page's language
    lang: Language
    source: str
    model: Model
    definition: Definition
    found: Collected  # the ads
    facts: Facts
    labels: NDArray[np.int8]  # of the ads, under the definition
    groups: pd.DataFrame  # values of some columns, dates as periods, rare values together
    n_values: list[int]  # how many values each has
    estimate: Callable[[Sequence[str]], pd.DataFrame]  # takes names of groups and gives the shares
    warnings: list[Message]
    ads: list[dict[str, Any]]  # those that are shown whole
    weights: NDArray[np.float64] | None = None  # of the ads, where they have any
    more: list[dict[str, Any]] = field(default_factory=list)  # sections like those of groups
    pictures: dict[str, str] = field(default_factory=dict)  # files of those that sections have drawn

    @property
    def by(self) -> list[str]:
        """Names of the groups' columns."""
        return list(self.groups.columns)

    @property
    def table(self) -> pd.DataFrame:
        """One row per ad."""
        return self.found.table

    @property
    def model_name(self) -> str:
        """The model that labelled the file, as far as the file says."""
        names = {str(name) for name in self.table.get("collar_model", pd.Series(dtype=str)).unique()} - {""}
        return ", ".join(sorted(names)) or self.model.identity


def _markup(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)


def _each(table: pd.DataFrame) -> Iterator[Any]:
    """Rows as named tuples."""
    return iter(table.itertuples())


def _cells(*values: Any) -> list[dict[str, Any]]:
    """Cells of a table: a share as per cent, a number of ads, a text, or a pair of what is shown and what is saved."""
    out = []
    for value in values:
        if isinstance(value, float):
            pair = ("–", "") if math.isnan(value) else (f"{100 * value:.1f} %", f"{value:.6f}")
        else:
            pair = value if isinstance(value, tuple) else (value, None) if isinstance(value, str) else (
                f"{value:,}", f"{value}")  # fmt: skip
        out.append({"shown": pair[0], "value": pair[1]})
    return out


def _table(
    name: str, head: Sequence[str], rows: Iterable[Sequence[Any]], text: Sequence[int] = (0,), caption: str = ""
) -> dict[str, Any]:
    return {"id": name, "head": head, "rows": [_cells(*row) for row in rows], "text": text, "caption": caption}


def _interval(low: float, high: float, decimals: int = 1) -> str:
    """An interval in brackets behind a blank; nothing where there is none."""
    return "" if math.isnan(low) else f" ({100 * low:.{decimals}f}–{100 * high:.{decimals}f})"


def shares_section(page: Page, whole: pd.DataFrame) -> dict[str, Any]:
    """The shares of all ads."""
    w = page.w
    figures = [
        {"key": row.label, "share": f"{100 * row.share:.1f} %", "interval": _interval(row.low, row.high).strip(" ()")}
        for row in _each(whole)
    ]
    method = whole["method"].iloc[0]
    note = w[f"{method}_note"].format(n=f"{whole['n_annotated'].iloc[0]:,}")
    if (said := headline(whole)) is not None:
        note = f"{said.said(page.lang)}{w['full_stop']} {note}"
    if whole["low"].isna().any():
        note += " " + w["no_interval_note"]
    rows = [_share_row(page, row) for row in _each(whole)]
    picture = of_shares(whole, "", [""], w, w["picture_all"].format(**_file(page)), _methods(page, whole))
    return {
        "figures": figures, "note": note, "table": _table("shares", _share_head(page, [w["label"]]), rows),
        "picture": _drawn(page, "shares-picture", picture),
        "methods": methods_paragraph(whole, model=page.model_name, language=page.lang),
    }  # fmt: skip


def _share_head(page: Page, first: Sequence[str]) -> list[str]:
    w = page.w
    return [*first, w["share"], w["low"], w["high"], w["plain"], w["count"], w["annotated"], w["method"]]


def _share_row(page: Page, row: Any) -> list[Any]:
    shares, w = (row.share, row.low, row.high, row.plain), page.w
    return [(w[row.label], row.label), *shares, row.n_ads, row.n_annotated, (w[row.method], row.method)]


def group_section(page: Page, i: int) -> dict[str, Any]:
    """Shares by the values of a column: lines over time, bars otherwise."""
    w, name = page.w, page.by[i]
    found = page.estimate([name])
    known = found.drop_duplicates(name).nlargest(MAX_TABLE_ROWS + 1, "n_ads")[name].astype(str).tolist()
    values = [value for value in map(str, pd.Categorical(page.groups[name]).categories) if value in known]
    found = pd.concat([found[found[name].astype(str) == value] for value in values])
    said = w.get(name, name) if name in PERIODS else name
    rows = [[(row.value or w["missing"], row.value), *_share_row(page, row)]
            for row in _each(found.rename(columns={name: "value"}))]  # fmt: skip
    caption = w["picture_shares"].format(column=said, **_file(page))
    picture = of_shares(found, name, values, w, caption, _methods(page, found))
    return {
        "id": f"by{i}",
        "heading": w["by"].format(column=said),
        "dated": charts.are_periods([value for value in values if value]),
        "note": w["by_more"].format(shown=MAX_GROUPS, n=f"{page.n_values[i]:,}") if len(values) > MAX_GROUPS else "",
        "picture": _drawn(page, f"by-{i + 1}-picture", picture),
        "table": _table(f"by-{i + 1}", _share_head(page, [said, w["label"]]), rows, (0, 1)),
    }


def compared_section(page: Page, names: Sequence[str], differences: pd.DataFrame, picture: Picture) -> dict[str, Any]:
    """Two parts of a file, or two files, beside each other."""
    w = page.w
    rows = [[(w[row.label], row.label), row.first, row.second, row.difference, row.low, row.high]
            for row in _each(differences)]  # fmt: skip
    head = [w["label"], *names, w["difference"], w["low"], w["high"]]
    return {
        "id": "compared", "heading": w["compared"].format(names=w["comma"].join(names)), "dated": False, "note": "",
        "picture": _drawn(page, "compared-picture", picture), "table": _table("differences", head, rows),
    }  # fmt: skip


def _file(page: Page) -> dict[str, str]:
    """What captions say of the file."""
    return {"n": f"{len(page.table):,}", "file": page.source}


def _methods(page: Page, shares: pd.DataFrame) -> str:
    """How shares were estimated, without the references."""
    return methods_paragraph(shares, model=page.model_name, language=page.lang).split("\n")[0]


def _drawn(page: Page, name: str, picture: Picture) -> dict[str, Any]:
    """A picture for the page; its file is kept for those who save it."""
    page.pictures[name] = picture.file()
    return {"id": name, "chart": _markup(picture.chart), "note": picture.note, "caption": picture.caption}


def crossed_section(page: Page) -> dict[str, Any] | None:
    """Share of gray by the first two columns, as a table that is tinted by it; periods across.

    None where no cell has enough ads.
    """
    w = page.w
    across, down = sorted(page.by[:2], key=lambda name: not _is_dated(page.groups[name]))
    if not _is_dated(page.groups[across]):
        down, across = page.by[:2]
    found = page.estimate([down, across])
    gray = found[(found["label"] == "gray") & (found["n_ads"] >= MIN_CELL_ADS)]
    if not len(gray):
        return None
    names = list(page.groups[down].value_counts().index[:MAX_GROUPS])
    if all(map(is_band, filter(None, names))):
        names = [name for name in page.groups[down].cat.categories if name in names]
    columns = sorted(set(gray[across]))[-_MAX_COLUMNS:]
    cells = {(str(row[down]), str(row[across])): row for row in gray.to_dict("records")}
    most = gray["share"].max() or 1.0
    rows = [{"name": name or w["missing"], "cells": [_tinted(cells.get((name, column)), most) for column in columns]}
            for name in names]  # fmt: skip
    said = {name: w.get(name, name) if name in PERIODS else name for name in (down, across)}
    return {
        "id": "crossed",
        "heading": w["crossed"].format(row=said[down], column=said[across]),
        "note": w["crossed_note"].format(least=MIN_CELL_ADS),
        "corner": said[down],
        "columns": [c or w["missing"] for c in columns],
        "rows": rows,
    }


def _tinted(found: dict[Any, Any] | None, most: float) -> dict[str, object] | None:
    """A share with its interval and its ads, tinted by its part of the largest; None where there are too few ads."""
    if found is None:
        return None
    n = f"{_interval(found['low'], found['high'], 0).strip(' ()')} · {found['n_ads']:,}".removeprefix(" · ")
    strength = f"{55 * found['share'] / most:.0f}"
    [cell] = _cells((f"{100 * found['share']:.0f} %", f"{found['share']:.6f}"))
    return {**cell, "n": n, "strength": strength}


def _is_dated(column: Any) -> bool:
    return charts.are_periods([str(v) for v in column.unique() if str(v)])


def _known(page: Page) -> NDArray[np.bool_]:
    """Ads that have scores and a label."""
    return np.asarray((page.labels < len(LABELS)) & np.isfinite(page.facts.scores).all(axis=1))


def plane_section(page: Page) -> dict[str, Any]:
    """The density of ads on the plane of the two scores."""
    known = _known(page)
    scores, labels = page.facts.scores[known], page.labels[known]
    counts = np.histogram2d(scores[:, 1], scores[:, 0], bins=5, range=((0, 1), (0, 1)))[0][::-1]
    names = [f"{4 * i / 5:.1f}–{4 * (i + 1) / 5:.1f}" for i in range(5)]
    rows = zip(reversed(names), *counts.astype(int).T.tolist(), strict=True)
    caption = page.w["picture_plane"].format(**_file(page))
    picture = of_plane(scores, labels, borders(page.model, page.definition), page.w, caption)
    return {
        "picture": _drawn(page, "plane-picture", picture),
        "table": _table("plane-counts", ["", *names], rows, caption=page.w["plane_table"]),
    }


def definition_name(page: Page, name: str) -> str:
    """What a definition is called; one of the user's own has the name that its file gives it."""
    return page.w[name] if name in builtin_definitions() else name


def definitions_section(page: Page) -> dict[str, Any]:
    """Labels counted under every built-in definition, and with stricter and looser bars: like beside like."""
    w, found = page.w, {}
    others = [load_definition(name) for name in builtin_definitions() if name != page.definition.name]
    for definition in (page.definition, *others):
        with suppress(DataError):  # it goes by what this file does not have
            counts = np.bincount(definition.apply(page.facts), page.weights, len(COLLARS))
            shares = (counts / counts.sum()).tolist()
            found[definition_name(page, definition.name), definition.name] = dict(zip(COLLARS, shares, strict=True))
    if page.definition.is_model:
        found |= {(w[key], key): shares for key, shares in _shifted(page).items()}
    bars = [
        {"name": said, "figure": f"{w['gray']} {100 * shares['gray']:.1f}%", "bar": _markup(charts.stack(
            [(label, w[label], round(shares.get(label, 0.0) * len(page.table))) for label in COLLARS]))}
        for (said, _), shares in found.items()
    ]  # fmt: skip
    rows = [[(said, key), (w[label], label), shares[label]]
            for (said, key), shares in found.items() for label in COLLARS if label in shares]  # fmt: skip
    return {"bars": bars, "table": _table("by-definition", [w["definition"], w["label"], w["plain"]], rows, (0, 1))}


def _shifted(page: Page) -> dict[str, dict[str, float]]:
    """Counted shares when a score is read a tenth of its range lower or higher."""
    known = _known(page)
    scores, out = page.facts.scores[known].astype(np.float64), {}
    for name, shift in (("a_strict", (-_SHIFT, 0.0)), ("a_loose", (_SHIFT, 0.0)), ("h_strict", (0.0, -_SHIFT)),
                        ("h_loose", (0.0, _SHIFT))):  # fmt: skip
        labels = page.model.probabilities(np.clip(scores + shift, 0, 1)).argmax(axis=1)
        shares = np.bincount(labels, minlength=3) / max(1, len(page.table))
        out[name] = {**dict(zip(LABELS, shares.tolist(), strict=True)), "unclear": float(1 - known.mean())}
    return out


def stated_section(page: Page) -> dict[str, Any]:
    """Schooling and certificates that the ads ask for, by label."""
    w, n = page.w, len(page.table)
    by_level = schooling_counts(page.facts.level, page.labels, page.lang, w)
    [picture] = of_counts([(by_level, n)], w, w["picture_schooling"].format(**_file(page)), certificates=False)
    asked = [("schooling", "level", by_level)]
    for name, said, codes in (("asked-for", "status", page.facts.status),
                              ("vocational", "vocational", page.facts.vocational_certificate)):  # fmt: skip
        if codes is not None:
            counts = np.zeros((len(STATUSES), len(COLLARS)), np.int64)
            np.add.at(counts, (codes.astype(np.int64), page.labels.astype(np.int64)), 1)
            asked.append((name, said, dict(zip((w[one] for one in STATUSES), counts.tolist(), strict=True))))
    head = [w[label] for label in COLLARS]
    tables = [{**_table(name, [w[said], *head], [[value, *row] for value, row in found.items()]), "label": w[said]}
              for name, said, found in asked]  # fmt: skip
    return {
        "picture": _drawn(page, "schooling-picture", picture), "tables": tables, "certificates": _certificates(page),
    }  # fmt: skip


def _certificates(page: Page) -> dict[str, Any] | None:
    """The certificates named most often."""
    w, cells = page.w, page.table.get("certificates")
    counts = {} if cells is None else certificate_counts(cells, page.labels, page.lang)
    if not counts:
        return None
    caption = w["picture_certificates"].format(**_file(page))
    [picture] = of_counts([(counts, len(page.table))], w, caption, certificates=True)
    most = commonest(Counter({name: sum(row) for name, row in counts.items()}))[:MAX_GROUPS]
    rows = [[name, sum(counts[name]), *counts[name]] for name in most]
    head = [w["certificate"], w["count"], *(w[label] for label in COLLARS)]
    return {"picture": _drawn(page, "certificates-picture", picture), "table": _table("certificates", head, rows)}


def confidence_section(page: Page) -> dict[str, Any]:
    """How sure the labels are."""
    known = _known(page) & np.isfinite(page.facts.probabilities).all(axis=1)
    sure = page.facts.probabilities[known].max(axis=1) if known.any() else np.zeros(0)
    labels = page.labels[known]
    counts = np.stack([np.histogram(sure[labels == k], _EDGES)[0] for k in range(len(LABELS))])
    names = [f"{a:.2f}–{b:.2f}" for a, b in zip(_EDGES[:-1], _EDGES[1:], strict=True)]
    head = [page.w["confidence_head"], *(page.w[label] for label in LABELS)]
    return {
        "expected": _expected(page, sure) if page.definition.is_model else "",
        "kept": _kept(page, sure) if page.definition.is_model else None,
        "chart": _markup(charts.stacked(
            names, counts.T.tolist(), LABELS, page.w["confidence_title"], of=len(sure))),
        "table": _table("confidence", head, zip(names, *counts.tolist(), strict=True)),
    }


def _expected(page: Page, sure: NDArray[np.float64]) -> str:
    """How many labels are expected to be right; empty where the model cannot say, or many were judged by titles."""
    bases, zh = page.found.read.bases, page.found.chinese
    if bases.get("ad", len(page.table)) < _MIN_SHARE_FROM_ADS * len(page.table):
        return ""
    n_zh = round(zh * len(sure))
    n = np.array([len(sure) - n_zh, n_zh])
    n_unclear = int((page.labels == len(LABELS)).sum())
    mean = sure.mean() if len(sure) else 0.0
    found = expected_right(np.array([n, n * mean]), page.model.facts, n_unclear)
    return "" if found is None else found.message().said(page.lang)


def _kept(page: Page, sure: NDArray[np.float64]) -> dict[str, Any] | None:
    """How many labels stay at a least confidence, and how many of such were right on sources held out."""
    curves = {
        language: {least: right for least, _, right in facts.get("kept", ())}
        for language, facts in page.model.facts.get("real_ads", {}).items()
    }
    if not any(curves.values()) or not len(sure):
        return None
    rows = [[(f"{least:.2f}", f"{least:.2f}"), float((sure >= least).mean()),
             *(curves.get(name, {}).get(least, "") for name in STREAMS)]
            for least in sorted({least for curve in curves.values() for least in curve})]  # fmt: skip
    return _table("kept", [page.w[f"kept_{i}"] for i in range(4)], rows)


def words_section(page: Page) -> list[dict[str, Any]]:
    """The words that tell each label from the others."""
    w, total = page.w, Counter[str]()
    for (word, _), n in page.found.words.items():
        total[word] += n
    ads = np.bincount(page.labels, minlength=len(COLLARS))
    out = []
    for k, label in enumerate(LABELS):
        # Smoothed ratio of how common a word is under this label and under the others.
        inside, outside = ads[k] + 1, ads.sum() - ads[k] + 1
        scored = [
            (-np.log((n + 0.5) / inside * outside / (total[word] - n + 2.0)) * np.sqrt(n), word, n)
            for (word, found), n in page.found.words.items()
            if found == label and n >= min(3, max(1, len(page.table) // 50))
        ]
        rows = [[word, n] for _, word, n in sorted(scored)[:_MAX_WORDS]]
        out.append(_table(f"words-{label}", [w["word"], w["count"]], rows, caption=w[label]))
    return out
