"""A labelled file → one self-contained HTML page: shares first, then what they rest on."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from collarclass import __version__
from collarclass.api import default_model
from collarclass.definitions.definition import DEFAULT, Definition, load_definition
from collarclass.errors import DataError, import_optional
from collarclass.explain.palette import css_variables
from collarclass.files.file_input import TableInput
from collarclass.files.replace import replacing
from collarclass.files.table import iter_table
from collarclass.model.model import Model
from collarclass.report.collect import collect
from collarclass.report.sections import (
    MAX_TABLE_ROWS,
    Page,
    confidence_section,
    crossed_section,
    definitions_section,
    group_section,
    plane_section,
    shares_section,
    stated_section,
    words_section,
)
from collarclass.report.shown import shown_ads
from collarclass.shares.dates import PERIODS, Order
from collarclass.shares.files import prepare_truth
from collarclass.shares.read import DUPLICATES, facts_of
from collarclass.shares.shares import estimate_shares, find_dates, group_columns
from collarclass.text.unicode import well_formed


def words_of(lang: str) -> dict[str, Any]:
    """What reports and their pictures say, in one language."""
    words = json.loads((files("collarclass") / "report" / "words.json").read_text("utf-8"))
    if lang not in words:
        raise DataError(f"No language {lang!r} for the report: choose {' or '.join(words)}.")
    found: dict[str, Any] = words[lang]
    return found


def write_report(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    by: Sequence[str] = (),
    truth: str | os.PathLike[str] | None = None,
    definition: str | Definition = DEFAULT,
    date: str | None = None,
    date_order: Order | None = None,
    weight: str | None = None,
    lang: str = "en",
    title: str | None = None,
    text: str | None = None,
    prefix: str = "",
    model: Model | None = None,
    on_read: Callable[[TableInput], object] | None = None,
) -> None:
    """Write a page that shows what a labelled file holds.

    Parameters
    ----------
    source : path-like
        A file that `label_file` wrote, in any of its formats.
    target : path-like
        The HTML page: complete in itself, about 1 MB at most whatever the number of rows.
    by : sequence of str
        Columns, or "month", "quarter", "year", by whose values the shares are shown; the first two also crossed.
    truth : path-like, optional
        An annotated sample that corrects the shares, as in `shares_of_file`.
    definition : str or Definition, default="article"
        What the labels mean.
    date, date_order, weight
        As in `estimate_shares`.
    lang : {"en", "zh"}
        Language of the page.
    title, text : str, optional
        Names of the columns of titles and texts, if they are not among the common ones.
    prefix : str
        Prefix of the added columns' names.
    model : Model, optional
        The model that labelled the file, for decision regions, confusion and deciding words; the shipped one if
        not given.
    on_read : callable, optional
        Gets what was read, before the page is made.

    Raises
    ------
    DataError
        If the file was not labelled, or a column is missing.
    MissingPartError
        If jinja2 is not installed.
    """
    jinja2 = import_optional("jinja2", "A report", "report")
    from markupsafe import Markup

    here = files("collarclass") / "report"
    words = words_of(lang)
    page = _gather(
        source, list(by), truth, definition, date, date_order, weight, title, text, prefix, model, words, lang
    )
    if on_read is not None:
        on_read(page.read)
    content = _content(page)
    content["css"] = Markup(css_variables() + (here / "page.css").read_text("utf-8"))
    content["js"] = Markup((here / "page.js").read_text("utf-8"))
    # No "<" in the data: a text from an ad can neither end the script element nor begin another.
    data = {
        "ads": page.ads,
        "pictures": page.pictures,
        "words": {k: v for k, v in page.w.items() if isinstance(v, str)},
    }
    packed = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    content["data"] = Markup(packed.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))
    template = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        (here / "page.html.j2").read_text("utf-8")
    )
    with replacing(target) as fresh:
        fresh.write_text(well_formed(template.render(**content).lstrip()), "utf-8")


def _gather(
    source: str | os.PathLike[str],
    by: list[str],
    truth: str | os.PathLike[str] | None,
    definition: str | Definition,
    date: str | None,
    date_order: Order | None,
    weight: str | None,
    title: str | None,
    text: str | None,
    prefix: str,
    model: Model | None,
    w: dict[str, Any],
    lang: str,
) -> Page:
    """All that the page shows, from one pass through the file."""
    first = next(iter_table(source))
    columns = [name for name in by if name in first or name not in PERIODS]
    if len(columns) < len(by) and date is None:
        date = find_dates(first)
    columns += [name for name in (date, weight) if name is not None]
    columns += [DUPLICATES] if DUPLICATES in first else []
    model = model or default_model()
    chosen = definition if isinstance(definition, Definition) else load_definition(definition)
    found = collect(source, list(dict.fromkeys(columns)), prefix=prefix, title=title, text=text, model=model)
    found.table.attrs["language_zh"] = found.chinese
    annotated: pd.DataFrame | None = None
    warnings: list[str] = []
    if truth is not None:
        annotated, warnings = prepare_truth(truth, source, found.digest, prefix=prefix, title=title, text=text)
    options: dict[str, Any] = {"date": date, "date_order": date_order, "weight": weight, "model": model}
    facts = facts_of(found.table)
    groups = group_columns(found.table, by, date=date, date_order=date_order)
    n_values = [int(groups[name].nunique()) for name in by]
    if by:  # what is estimated, and stands in the tables, has a bound
        groups = groups.apply(_commonest, others=w["others"])
        found.table[list(groups.columns)] = groups

    def estimate(names: Sequence[str], what: Any = chosen) -> pd.DataFrame:
        return estimate_shares(found.table, annotated, by=names, definition=what, **options)

    return Page(
        w=w, lang=lang, source=Path(source).name, digest=found.digest, model=model, definition=chosen,
        table=found.table, facts=facts, labels=chosen.apply(facts), groups=groups, by=by, n_values=n_values,
        estimate=estimate, words=found.words,
        read=found.read, stream=found.stream, warnings=warnings,
        ads=shown_ads(found.shown, found.table, chosen.apply(facts), facts, model, lang),
    )  # fmt: skip


def _commonest(values: pd.Series[Any], others: str) -> pd.Series[Any]:
    """Values with all but the commonest put together."""
    sizes = values.value_counts()
    if len(sizes) <= MAX_TABLE_ROWS:
        return values
    kept = set(sizes.index[:MAX_TABLE_ROWS])
    return values.astype(object).where(values.isin(kept), others)


def _content(page: Page) -> dict[str, Any]:
    """What the template is filled with."""
    w, n = page.w, len(page.table)
    whole = page.estimate(())
    summary = (
        page.definition.summary_zh if page.lang == "zh" and page.definition.summary_zh else page.definition.summary
    )
    shown, noted = len(page.ads), (*page.warnings, *distinct_warnings(whole["warning"]))
    return {
        "lang": page.lang,
        "w": w,
        "heading": w["title"].format(n=f"{n:,}"),
        "subtitle": f"{page.source} · {w['definition']}: " + w["definition_line"].format(
            name=w["definition_names"].get(page.definition.name, page.definition.name),
            own=page.definition.name, summary=summary or "–",
        ),
        "shares": shares_section(page, whole),
        "warnings": [warning_said(line, w["warning_texts"]) for line in noted],
        "groups": [group_section(page, i) for i in range(len(page.by))],
        "crossed": [*filter(None, [crossed_section(page) if len(page.by) > 1 else None])],
        "plane": plane_section(page),
        "definitions": definitions_section(page),
        "stated": stated_section(page),
        "confidence": confidence_section(page),
        "words": words_section(page),
        "ads_note": (w["ads_all"] if shown == n else w["ads_note"]).format(shown=f"{shown:,}", n=f"{n:,}"),
        "made": w["made"].format(
            version=__version__, file=page.source, digest=page.digest, model=page.model_name,
            definition=page.definition.name,
        ),
        "read": _read_line(page.read, w["read"]),
    }  # fmt: skip


def _read_line(read: TableInput, w: dict[str, Any]) -> str:
    """Columns, layout, rows and bases, in the page's language."""
    columns = w["comma"].join(w[what].format(names) for what, names in read.columns)
    bases = w["comma"].join(w[basis].format(f"{n:,}") for basis, n in read.bases.items())
    judged = w["judged"].format(bases) if bases else ""
    return str(w["line"].format(rows=f"{read.rows:,}", columns=columns, layout=read.file.layout, judged=judged))


def distinct_warnings(warnings: pd.Series[Any]) -> list[str]:
    """The single warnings; what the shares rest on, and that there is no interval, stands above them already."""
    every = dict.fromkeys(part for line in warnings for part in str(line).split("; ") if part)
    return [part for part in every if not part.startswith("not annotated: ")]


def warning_said(warning: str, texts: list[list[str]]) -> str:
    """A warning in the page's language."""
    for pattern, text in texts:
        if found := re.fullmatch(pattern, warning):
            return found.expand(text)
    return warning
