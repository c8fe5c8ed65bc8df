"""A labelled file → one self-contained HTML page: shares first, then what they rest on."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass._version import __version__
from collarclass.api import default_model
from collarclass.definitions.definition import DEFAULT, Definition, load_definition
from collarclass.errors import import_optional
from collarclass.explain.palette import css_variables
from collarclass.files.readers import TableInput
from collarclass.files.table import iter_table
from collarclass.files.target import check_target, written
from collarclass.messages import Language, Message
from collarclass.model.model import Model
from collarclass.report.ads import Collected, collect, shown_ads
from collarclass.report.bands import categories, in_bands
from collarclass.report.sections import (
    MAX_TABLE_ROWS,
    Page,
    confidence_section,
    crossed_section,
    definition_name,
    definitions_section,
    group_section,
    plane_section,
    shares_section,
    stated_section,
    words_section,
)
from collarclass.report.words import words_of
from collarclass.shares.dates import PERIODS, Order
from collarclass.shares.files import prepare_truth
from collarclass.shares.groups import find_dates, group_columns, weights_of
from collarclass.shares.read import DUPLICATES, facts_of
from collarclass.shares.shares import estimate_shares, notes_of
from collarclass.text.cells import well_formed

STYLES = ("page.css", "charts.css")


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
    lang: Language | None = None,
    title: str | None = None,
    text: str | None = None,
    prefix: str = "",
    model: Model | None = None,
    on_read: Callable[[TableInput], object] | None = None,
    force: bool = False,
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
    lang : {"en", "zh"}, optional
        Language of the page; that of most of the ads if not given.
    title, text : str, optional
        Names of the columns of titles and texts, if they are not among the common ones.
    prefix : str
        Prefix of the added columns' names.
    model : Model, optional
        The model that labelled the file, for decision regions, confusion and deciding words; the shipped one if
        not given.
    on_read : callable, optional
        Gets what was read, before the page is made.
    force : bool, default=False
        Whether to overwrite the target.

    Raises
    ------
    DataError
        If the file was not labelled, or a column is missing.
    MissingPartError
        If jinja2 is not installed.
    """
    import_optional("jinja2", "A report")
    reads = [name for name in (source, truth, definition) if isinstance(name, (str, os.PathLike))]
    check_target(target, force, reads)
    if lang is not None:
        words_of(lang)  # a wrong one is said before the work
    first = next(iter_table(source))
    if date is None and any(name in PERIODS and name not in first for name in by):
        date = find_dates(first)
    columns = [name for name in by if name in first or name not in PERIODS]
    columns += [name for name in (date, weight) if name is not None]
    columns += [DUPLICATES] if DUPLICATES in first else []
    model = model or default_model()
    chosen = definition if isinstance(definition, Definition) else load_definition(definition)
    found = collect(source, list(dict.fromkeys(columns)), prefix, title, text)
    said: Language = lang or ("zh" if found.chinese > 0.5 else "en")
    annotated, warnings = None, list[Message]()
    if truth is not None:
        annotated, warnings = prepare_truth(truth, source, found.digest, title=title, text=text)
    groups = group_columns(found.table, by, date=date, date_order=date_order)
    n_values = [int(groups[name].nunique()) for name in by]
    for name in groups:  # what is estimated, and stands in the tables, has a bound
        groups[name] = _bounded(groups[name], words_of(said)["others"])
    found.table[list(groups.columns)] = groups

    def estimate(names: Sequence[str]) -> pd.DataFrame:
        return estimate_shares(found.table, annotated, by=names, definition=chosen, date=date, date_order=date_order,
                               weight=weight, model=model)  # fmt: skip

    page = page_of(
        found, estimate, groups, chosen.apply(facts_of(found.table)), source=Path(source).name, lang=said,
        model=model, definition=chosen, n_values=n_values, warnings=warnings,
        weights=None if weight is None else weights_of(found.table, weight, None),
    )  # fmt: skip
    if on_read is not None:
        on_read(found.read)
    content = render(page)
    with written(target, force=force, reads=reads) as fresh:
        fresh.write_text(content, "utf-8")


def page_of(
    found: Collected, estimate: Callable[[Sequence[str]], pd.DataFrame], groups: pd.DataFrame, labels: NDArray[np.int8],
    *, lang: Language, model: Model, **others: Any,
) -> Page:  # fmt: skip
    """What the page shows of ads that were collected, counted by their labels and by groups."""
    facts = facts_of(found.table)
    return Page(
        w=words_of(lang), lang=lang, model=model, found=found, facts=facts, labels=labels, groups=groups,
        estimate=estimate, ads=shown_ads(found.shown, labels, facts, model, lang), **others,
    )  # fmt: skip


def render(page: Page) -> str:
    """The page as HTML."""
    import jinja2
    from markupsafe import Markup

    here = files("collarclass") / "report"
    content = _content(page)
    content["css"] = Markup(css_variables() + "".join((here / name).read_text("utf-8") for name in STYLES))
    script = (here / "page.js").read_text("utf-8")
    content["js"] = Markup(script)
    # The report's own script may run, and no other that somebody might get into it.
    content["js_digest"] = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # No "<" in the data: a text from an ad can neither end the script element nor begin another.
    data = {"pictures": page.pictures, "words": {name: page.w[name] for name in ("csv", "save_svg", "save_png")}}
    packed = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    content["data"] = Markup(packed.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))
    template = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        (here / "page.html.j2").read_text("utf-8")
    )
    return well_formed(template.render(**content).lstrip())


def _bounded(values: pd.Series[Any], others: str) -> pd.Series[Any]:
    """Values with numbers in bands, and all but the commonest put together."""
    bands = in_bands(values.cat.codes.to_numpy(), list(map(str, values.cat.categories)))
    if bands is not None:
        return pd.Series(categories(*bands), values.index).cat.remove_unused_categories()
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
    shown, noted = len(page.ads), (*page.warnings, *notes_of(whole))
    return {
        "lang": page.lang,
        "w": w,
        "_": lambda template: Message(template).said(page.lang),
        "heading": w["heading"].format(n=f"{n:,}"),
        "subtitle": f"{page.source} · {w['definition']}: " + w["definition_line"].format(
            name=definition_name(page, page.definition.name), own=page.definition.name, summary=summary or "–",
        ),
        "shares": shares_section(page, whole),
        "warnings": [note.said(page.lang) for note in noted],
        "groups": [*page.more, *(group_section(page, i) for i in range(len(page.by)))],
        "crossed": [*filter(None, [crossed_section(page) if len(page.by) > 1 else None])],
        "plane": plane_section(page),
        "definitions": definitions_section(page),
        "stated": stated_section(page),
        "confidence": confidence_section(page),
        "words": words_section(page),
        "ads": page.ads,
        "ads_note": (w["ads_all"] if shown == n else w["ads_note"]).format(shown=f"{shown:,}", n=f"{n:,}"),
        "made": w["made"].format(
            version=__version__, file=page.source, digest=page.found.digest, model=page.model_name,
            definition=page.definition.name,
        ),
        "read": _read_line(page.found.read, w),
    }  # fmt: skip


def _read_line(read: TableInput, w: dict[str, str]) -> str:
    """Columns, layout, rows and bases, in the page's language."""
    columns = w["comma"].join(w[f"read_{what}"].format(what=names) for what, names in read.columns)
    bases = w["comma"].join(w[f"from_{basis}"].format(what=f"{n:,}") for basis, n in read.bases.items())
    judged = w["judged"].format(what=bases) if bases else ""
    return w["read_line"].format(rows=f"{read.rows:,}", columns=columns, layout=read.file.layout, judged=judged)
