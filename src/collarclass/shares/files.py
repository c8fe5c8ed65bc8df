"""Samples and shares of files: drawn from them, written to them, printed from them."""

from __future__ import annotations

import csv
import html
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from collarclass.definitions.definition import DEFAULT, Definition
from collarclass.definitions.labels import COLLARS
from collarclass.errors import DataError
from collarclass.files.replace import replacing
from collarclass.files.table import iter_table, read_table
from collarclass.model.model import Model
from collarclass.shares.dates import PERIODS, Order, is_dates
from collarclass.shares.read import (
    DUPLICATES,
    SAMPLE_COLUMNS,
    SAMPLE_ROW,
    SAMPLE_SOURCE,
    TEXT_HASH,
    TO_FILL,
    LabelledFile,
    ads_of,
    digest_of_file,
    read_labelled,
    text_hashes,
)
from collarclass.shares.sample import draw_sample
from collarclass.shares.shares import ALL, estimate_shares, group_columns
from collarclass.tables.schema import COLUMNS
from collarclass.text.formulas import guarded

FORMATS = ("text", "csv", "json", "md", "html", "xlsx")
ENDINGS = {".txt": "text", ".csv": "csv", ".json": "json", ".md": "md", ".html": "html", ".xlsx": "xlsx"}


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """What `sample_file` drew.

    Attributes
    ----------
    n, n_ads, n_strata : int
        Ads drawn, of how many, from how many strata.
    digest : str
        Of the labelled file.
    """

    n: int
    n_ads: int
    n_strata: int
    digest: str


def sample_file(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    n: int = 300,
    *,
    by: Sequence[str] | str = (),
    date: str | None = None,
    date_order: Order | None = None,
    title: str | None = None,
    text: str | None = None,
    prefix: str = "",
    random_state: int = 0,
) -> SampleSummary:
    """Draw ads to annotate from a labelled file, stratified by label, confidence and group.

    Parameters
    ----------
    source : path-like
        A file that `label_file` wrote.
    target : path-like
        CSV to write: the ads' own columns, without the labels, so that they are annotated blind; `sample_row`,
        `sample_stratum`, `sample_probability` and `sample_source` (a digest of the source); and empty columns
        for label, ratings, annotator and note.
    n : int, default=300
    by, date, date_order
        Groups that get their share of the sample each, as in `estimate_shares`.
    title, text, prefix : str
        As in `label_file`.
    random_state : int, default=0
        The same number draws the same ads from the same file.

    Raises
    ------
    DataError
        If the file was not labelled, or lacks a column.
    """
    by = [by] if isinstance(by, str) else list(by)
    found = _read(source, by, date, prefix=prefix, title=title, text=text)
    groups = None
    if by:
        values = group_columns(found.table, by, date=date, date_order=date_order)
        groups = values.astype(str).agg("\0".join, axis=1).tolist()
    chosen = draw_sample(found.table, n, groups=groups, random_state=random_state)
    chosen[SAMPLE_SOURCE] = found.digest
    _write_ads(source, target, chosen, prefix)
    strata = int(chosen["sample_stratum"].nunique())
    return SampleSummary(len(chosen), len(found.table), strata, found.digest)


def _write_ads(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    chosen: pd.DataFrame,
    prefix: str,
) -> None:
    """The second pass: the chosen rows as they stand in the file, in the order drawn."""
    order = {int(row): i for i, row in enumerate(chosen[SAMPLE_ROW])}
    kept: list[dict[str, Any]] = [{}] * len(order)
    at = 0
    hidden = {prefix + name for name in COLUMNS} | {prefix + DUPLICATES}
    columns: dict[str, None] = {}
    for rows in iter_table(source):
        own = [str(c) for c in rows.columns if c not in hidden]
        columns |= dict.fromkeys(own)
        for number in order.keys() & set(range(at + 1, at + len(rows) + 1)):
            kept[order[number]] = dict(zip(own, rows[own].iloc[number - at - 1].tolist(), strict=True))
        at += len(rows)
    names = {c: f"source_{c}" if c in {*SAMPLE_COLUMNS, *TO_FILL} else c for c in columns}
    # The mark is one that Excel needs.
    with replacing(target) as fresh, fresh.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow([*names.values(), *SAMPLE_COLUMNS, *TO_FILL])
        for ad, drawn in zip(kept, chosen[list(SAMPLE_COLUMNS)].itertuples(index=False), strict=True):
            cells = [_plain(ad.get(c)) for c in columns]
            out.writerow([*cells, drawn[0], drawn[1], f"{drawn[2]:.10g}", drawn[3], *[""] * len(TO_FILL)])


def _plain(value: Any) -> str:
    """A cell's text; one that a spreadsheet would run as a formula gets an apostrophe in front."""
    return guarded("" if value is None or (isinstance(value, float) and np.isnan(value)) else str(value))


def shares_of_file(
    source: str | os.PathLike[str],
    truth: str | os.PathLike[str] | None = None,
    *,
    by: Sequence[str] | str = (),
    date: str | None = None,
    date_order: Order | None = None,
    weight: str | None = None,
    unique: bool = False,
    definition: str | Definition | Sequence[str | Definition] = DEFAULT,
    truth_column: str = "label",
    title: str | None = None,
    text: str | None = None,
    prefix: str = "",
    margins: bool = False,
    finite_population: bool = False,
    merge_names: bool = False,
    model: Model | None = None,
    labelled: LabelledFile | None = None,
) -> pd.DataFrame:
    """Estimate shares of labels in a file, as `estimate_shares` does, the whole file first.

    Parameters
    ----------
    source : path-like
        A file that `label_file` wrote.
    truth : path-like, optional
        The annotated sample: what `sample_file` wrote, labelled by hand or in a review.
    unique : bool, default=False
        Whether repeated ads count as one. They are found if the file has no column `duplicate_group`.
    by, date, date_order, weight, definition, truth_column, prefix, finite_population, merge_names, model
        As in `estimate_shares`.
    title, text : str, optional
        Names of the columns of titles and texts.
    margins : bool, default=False
        Whether to add the shares by each column alone, where there are several.
    labelled : LabelledFile, optional
        What `read_labelled` finds in the source, for anyone who has it already.

    Raises
    ------
    DataError
        If a file or column is missing, or no annotated ad is in the file.
    """
    by = [by] if isinstance(by, str) else list(by)
    annotated = None if truth is None else read_annotated(truth)
    strange = annotated is not None and _strange(annotated, digest_of_file(source))
    more = [c for c in (weight,) if c is not None]
    found = labelled
    if found is None or strange:  # ads are found again by their texts
        found = _read(source, by, date, more, prefix=prefix, title=title, text=text, hashes=strange)
    table = found.table
    table.attrs["language_zh"] = found.chinese
    notes = []
    if annotated is not None and strange:
        annotated, note = _found_by_text(annotated, table, truth, title, text)
        notes.append(note)
    marked = None
    if unique:
        marked = DUPLICATES
        if DUPLICATES not in table:
            from collarclass.shares.duplicates import duplicates_of_file

            table[DUPLICATES] = duplicates_of_file(source, title=title, text=text).group
    out = estimate_shares(
        table, annotated, by=by, date=date, date_order=date_order, weight=weight, unique=marked,
        definition=definition, truth_column=truth_column, margins=True, finite_population=finite_population,
        merge_names=merge_names, model=model,
    )  # fmt: skip
    if not margins and len(by) > 1:
        n_all = (out[by] == ALL).sum(axis=1)
        out = out[(n_all == 0) | (n_all == len(by))].reset_index(drop=True)
    if notes:
        out["warning"] = ["; ".join([*notes, *filter(None, [w])]) for w in out["warning"]]
    return out


def model_of(source: str | os.PathLike[str], prefix: str = "") -> str:
    """Name and version of the model that labelled a file, by its first row; "unknown" where it does not say."""
    first = next(iter_table(source))
    names = [str(name) for name in first.get(f"{prefix}collar_model", ()) if name]
    return names[0] if names else "unknown"


def _read(
    source: str | os.PathLike[str], by: Sequence[str], date: str | None, more: Sequence[str] = (), **options: Any
) -> LabelledFile:
    """A labelled file with the columns that its groups are made of."""
    first = next(iter_table(source))
    columns = [name for name in by if name in first or name not in PERIODS]
    if len(columns) < len(by):
        columns += [date] if date is not None else [str(c) for c in first if c not in COLUMNS and is_dates(first[c])]
    if DUPLICATES in first:
        more = [*more, DUPLICATES]
    return read_labelled(source, [*dict.fromkeys([*columns, *more])], **options)


def read_annotated(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Annotated ads as text, whatever the format of their file."""
    found = read_table(path)
    if not len(found):
        raise DataError(f"{Path(path).name} has no rows: annotate some ads first.")
    return found


def prepare_truth(
    path: str | os.PathLike[str],
    source: str | os.PathLike[str],
    digest: str,
    *,
    prefix: str = "",
    title: str | None = None,
    text: str | None = None,
) -> tuple[pd.DataFrame, list[str]]:
    """Annotated ads with their rows in a labelled file of a given digest, and what has to be said about them."""
    annotated = read_annotated(path)
    if not _strange(annotated, digest):
        return annotated, []
    hashed = read_labelled(source, prefix=prefix, title=title, text=text, hashes=True).table
    found, note = _found_by_text(annotated, hashed, path, title, text)
    return found, [note]


def _strange(annotated: pd.DataFrame, digest: str) -> bool:
    """Whether the annotated ads' row numbers are not of this file."""
    if SAMPLE_SOURCE not in annotated or SAMPLE_ROW not in annotated:
        return True
    return bool((annotated[SAMPLE_SOURCE].astype(str) != digest).any())


def _found_by_text(
    annotated: pd.DataFrame, table: pd.DataFrame, path: object, title: str | None, text: str | None
) -> tuple[pd.DataFrame, str]:
    """Annotated ads of another file, found again by their words."""
    titles, texts = ads_of(annotated, title, text, Path(str(path)).name)
    if TEXT_HASH not in table:
        raise DataError("The labelled ads have no column of texts by which the annotated ones could be found.")
    first = pd.Series(np.arange(1, len(table) + 1), index=table[TEXT_HASH].to_numpy())
    first = first[~first.index.duplicated()]
    annotated = annotated.copy()
    hashes = text_hashes(titles, texts)
    annotated[SAMPLE_ROW] = first.reindex(hashes).to_numpy()
    n = int(annotated[SAMPLE_ROW].notna().sum())
    if not n:
        raise DataError(
            f"None of the ads in {Path(str(path)).name} is in the labelled file: give the file they are from."
        )
    return (
        annotated,
        f"the sample was not drawn from this very file: {n:,} of {len(annotated):,} ads were found by their text",
    )


# -- as text -------------------------------------------------------------------------------------


def format_shares(table: pd.DataFrame, kind: str = "text") -> str:
    """A table of shares as text, CSV, JSON, Markdown or HTML.

    Parameters
    ----------
    table : DataFrame
        From `estimate_shares`.
    kind : {"text", "csv", "json", "md", "html"}
        CSV and JSON have every column and shares from 0 to 1; the others one row per group and per cents.

    Raises
    ------
    DataError
        If there is no such format.
    """
    if kind not in FORMATS or kind == "xlsx":
        raise DataError(f"No format {kind!r} for shares: choose one of {', '.join(FORMATS[:-1])}.")
    if kind == "csv":
        safe = table.round(6).rename(columns=lambda name: guarded(str(name)))
        texts = {str(name): safe[name].map(_plain) for name in safe if not is_numeric_dtype(safe[name])}
        return safe.assign(**texts).to_csv(index=False, lineterminator="\n")
    if kind == "json":
        records = table.round(6).astype(object).where(table.notna(), None).to_dict("records")
        return json.dumps(records, ensure_ascii=False, indent=1) + "\n"
    header, rows, notes = _differences(table) if "difference" in table else _wide(table)
    return {"md": _markdown, "html": _html, "text": _aligned}[kind](header, rows, notes)


def write_shares(table: pd.DataFrame, target: str | os.PathLike[str], kind: str | None = None) -> None:
    """Write shares in the format that a file's ending names.

    Parameters
    ----------
    table : DataFrame
        From `estimate_shares` or `share_differences`.
    target : path-like
        Ending in .txt, .csv, .json, .md, .html or .xlsx.
    kind : str, optional
        The format, where the ending does not name it.

    Raises
    ------
    DataError
        If the format is unknown, or contradicts the ending.
    """
    path = Path(target)
    named = ENDINGS.get(path.suffix.lower())
    if (kind or named) is None or (kind and named and kind != named):
        known = ", ".join(ENDINGS)
        what = f"and its format {kind}" if kind and named else "names no format that shares can be written in"
        remedy = "leave one of them out" if kind and named else f"end it in one of {known}"
        raise DataError(f"{path.name} {what}{' do not fit' if kind and named else ''}: {remedy}.")
    with replacing(path) as fresh:
        if (kind or named) == "xlsx":
            options = {"options": {"strings_to_formulas": False, "strings_to_urls": False}}
            table.to_excel(fresh, index=False, engine="xlsxwriter", engine_kwargs=options)
        else:
            fresh.write_text(format_shares(table, str(kind or named)), "utf-8")


def _wide(table: pd.DataFrame) -> tuple[list[str], list[list[str]], list[str]]:
    """One row per group; notes for what its warnings say."""
    by = list(table.columns[: list(table.columns).index("label")])
    keys = ["definition", *by] if len(set(table["definition"])) > 1 else by
    notes: dict[str, int] = {}
    rows = []
    for _, group in table.groupby(["definition", *by], sort=False, observed=True):
        one = group.iloc[0]
        marks = [str(notes.setdefault(w, len(notes) + 1)) for w in str(one["warning"]).split("; ") if w]
        figures = zip(group["share"].tolist(), group["low"].tolist(), group["high"].tolist(), strict=True)
        cells = [_cell(*figure) for figure in figures]
        method = f"{one['method']}{' [' + ', '.join(marks) + ']' if marks else ''}"
        first = [str(one[k]) if str(one[k]) else "–" for k in keys]
        rows.append([*first, *cells, f"{one['n_ads']:,}", f"{one['n_annotated']:,}", method])
    header = [*keys, *COLLARS, "ads", "annotated", "method"]
    return header, rows, [f"[{i}] {note}" for note, i in notes.items()]


def _differences(table: pd.DataFrame) -> tuple[list[str], list[list[str]], list[str]]:
    """One row per label; what is compared with what is in the head."""
    several = len(set(table["definition"])) > 1
    header = [*(["definition"] if several else []), "label", "first", "second", "difference", "p"]
    rows = []
    figures = table[["first", "second", "difference", "low", "high", "p"]].to_numpy(np.float64).tolist()
    for definition, label, (first, second, difference, low, high, p) in zip(
        table["definition"], table["label"], figures, strict=True
    ):
        shares = [f"{100 * first:.1f}", f"{100 * second:.1f}", _cell(difference, low, high)]
        rows.append([*([definition] if several else []), label, *shares, "–" if np.isnan(p) else f"{p:.3f}"])
    return header, rows, []


def _cell(share: float, low: float, high: float) -> str:
    return f"{100 * share:.1f}" if np.isnan(low) else f"{100 * share:.1f} ({100 * low:.1f}–{100 * high:.1f})"


_NUMBERS = {*COLLARS, "ads", "annotated", "first", "second", "difference", "p"}  # heads of columns set to the right
_CAPTION = "Per cent of ads, with 95 % intervals."


def _markdown(header: list[str], rows: list[list[str]], notes: list[str]) -> str:
    def line(cells: Sequence[str]) -> str:
        shown = (c.replace("<", "&lt;").replace("|", "\\|") for c in cells)
        return "| " + " | ".join(" ".join(c.split()) for c in shown) + " |"

    rule = "|" + "".join("---:|" if name in _NUMBERS else "---|" for name in header)
    return (
        "\n".join([_CAPTION, "", line(header), rule, *map(line, rows), "", *(f"{note}  " for note in notes)]).rstrip()
        + "\n"
    )


def _html(header: list[str], rows: list[list[str]], notes: list[str]) -> str:
    def cells(tag: str, values: Sequence[str]) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(v)}</{tag}>" for v in values) + "</tr>"

    body = "\n".join(cells("td", row) for row in rows)
    notes_html = "".join(f"<p>{html.escape(note)}</p>\n" for note in notes)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Shares of labels</title></head><body>\n'
        f"<table>\n<caption>{_CAPTION}</caption>\n<thead>{cells('th', header)}</thead>\n<tbody>\n{body}\n</tbody>\n"
        f"</table>\n{notes_html}</body></html>\n"
    )


def _aligned(header: list[str], rows: list[list[str]], notes: list[str]) -> str:
    lines = [[_narrow(c) for c in row] for row in [header, *rows]]
    width = [max(_columns(row[i]) for row in lines) for i in range(len(header))]

    def padded(row: list[str]) -> str:
        out = []
        for i, cell in enumerate(row):
            gap = " " * (width[i] - _columns(cell))
            out.append(gap + cell if header[i] in _NUMBERS else cell + gap)
        return "  ".join(out).rstrip()

    return "\n".join([*map(padded, lines), *(["", *notes] if notes else [])]) + "\n"


def _narrow(cell: str) -> str:
    cell = "".join(c for c in " ".join(cell.split()) if c.isprintable())
    return cell if len(cell) <= 40 else cell[:39] + "…"


def _columns(text: str) -> int:
    """Columns of a terminal that a text takes: Chinese characters take two."""
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)
