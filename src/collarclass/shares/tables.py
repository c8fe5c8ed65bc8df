"""Shares and differences as tables: for reading, and for files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from collarclass.definitions.labels import COLLARS
from collarclass.errors import DataError
from collarclass.files.target import Name, written
from collarclass.shares.estimate import Floats
from collarclass.shares.methods import headline
from collarclass.shares.shares import notes_of, notes_of_rows
from collarclass.text.cells import guarded

ENDINGS = {".txt": "text", ".md": "md", ".csv": "csv", ".json": "json", ".xlsx": "xlsx"}
FORMATS = tuple(ENDINGS.values())
_WIDEST_CELL = 40
_WIDEST_RANGE = 0.5


def format_shares(table: pd.DataFrame, kind: str = "text") -> str:
    """A table of shares, or of differences, as text, Markdown, CSV or JSON.

    CSV and JSON have every column and shares from 0 to 1; the others one row per group and per cents.
    """
    if kind == "csv":
        safe = table.round(6).rename(columns=lambda name: guarded(str(name)))
        texts = {
            str(name): safe[name].astype(object).fillna("").map(lambda cell: guarded(str(cell)))
            for name in safe if not is_numeric_dtype(safe[name])
        }  # fmt: skip
        return safe.assign(**texts).to_csv(index=False, lineterminator="\n")
    if kind == "json":
        records = table.round(6).astype(object).where(table.notna(), None).to_dict("records")
        return json.dumps(records, ensure_ascii=False, indent=1) + "\n"
    if kind not in ("text", "md"):
        raise DataError("No format {kind!r} for shares: choose one of {formats}.", kind=kind, formats=FORMATS[:-1])
    shown, lines = _differences(table) if "difference" in table else _wide(table)
    said = None if "difference" in table else headline(table)
    drawn = _markdown(shown) if kind == "md" else _aligned(shown)
    return "\n\n".join([*([f"{said}."] if said else []), drawn, *(["\n".join(lines)] if lines else [])]) + "\n"


def write_shares(
    table: pd.DataFrame,
    target: str | os.PathLike[str],
    kind: str | None = None,
    *,
    force: bool = False,
    reads: Iterable[Name] = (),
) -> None:
    """Write shares in the format that a file's ending names.

    `kind` names it where the ending does not: text, md, csv, json or xlsx. What stands in `reads` is not written over.
    """
    path = Path(target)
    named = ENDINGS.get(path.suffix.lower())
    if kind and named and kind != named:
        raise DataError(
            "{file} and its format {format} do not fit: leave one of them out.", file=path.name, format=kind,
        )  # fmt: skip
    if not (kind or named):
        raise DataError(
            "{file} names no format that shares can be written in: end it in one of {endings}.", file=path.name,
            endings=[*ENDINGS],
        )  # fmt: skip
    with written(target, force=force, reads=reads) as fresh:
        if (kind or named) == "xlsx":
            options = {"options": {"strings_to_formulas": False, "strings_to_urls": False}}
            table.to_excel(fresh, index=False, engine="xlsxwriter", engine_kwargs=options)
        else:
            fresh.write_text(format_shares(table, str(kind or named)), "utf-8")


def _wide(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """One row per group, and what its notes say."""
    by = list(table.columns[: list(table.columns).index("label")])
    keys = ["definition", *by] if len(set(table["definition"])) > 1 else by
    number = {note: i for i, note in enumerate(notes_of(table), start=1)}
    notes, rows = notes_of_rows(table), []
    for places in table.groupby(["definition", *by], sort=False, observed=True).indices.values():
        group = table.iloc[places]
        one = group.iloc[0]
        marks = ", ".join(str(number[note]) for note in notes[int(places[0])])
        figures = group[["share", "low", "high"]].to_numpy()
        if one["method"] in ("range", "counted"):
            cells = [_count(figure, one["n_ads"]) for figure in figures]
        else:
            cells = [_figure(*figure) for figure in figures]
        method = f"{one['method']}{f' [{marks}]' if marks else ''}"
        rows.append([*(one[k] for k in keys), *cells, f"{one['n_ads']:,}", f"{one['n_annotated']:,}", method])
    header = [*keys, *COLLARS, "ads", "annotated", "method"]
    return _frame(rows, header), [f"[{i}] {note}" for note, i in number.items()]


def _differences(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """One row per label, and per pair of groups."""
    keys = [name for name in ("definition", "from", "to") if name in table and len(set(table[name])) > 1]
    tests = [name for name in ("p", "p_holm") if name in table]
    rows = []
    for row in table.to_dict("records"):
        shares = [f"{100 * row['first']:.1f}", f"{100 * row['second']:.1f}"]
        cells = [*shares, _figure(row["difference"], row["low"], row["high"])]
        rows.append([*(row[k] for k in keys), row["label"], *cells, *(_p(row[name]) for name in tests)])
    return _frame(rows, [*keys, "label", "first", "second", "difference", *tests]), []


def _figure(share: float, low: float, high: float) -> str:
    """A share and its interval in per cent."""
    share, low, high = 100 * share, 100 * low, 100 * high
    return f"{share:.1f}" if np.isnan(low) else f"{share:.1f} ({low:.1f}–{high:.1f})"


def _count(figure: Floats, n_ads: int) -> str:
    """Predicted labels counted, not to be taken for a share; the range of that, unless it leaves half open."""
    share, low, high = figure
    counted = f"{share * n_ads:,.0f}"
    return f"{counted} ({100 * low:.0f}–{100 * high:.0f} %)" if high - low <= _WIDEST_RANGE else counted


def _p(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"


def _frame(rows: Sequence[Sequence[object]], header: Sequence[str]) -> pd.DataFrame:
    """Cells as text on one line; an empty one as a dash."""
    cells = [[" ".join(str(cell).split()) or "–" for cell in row] for row in rows]
    return pd.DataFrame(cells, columns=[*header], dtype=object)


def _aligned(table: pd.DataFrame) -> str:
    short = table.map(lambda cell: cell if len(cell) <= _WIDEST_CELL else cell[: _WIDEST_CELL - 1] + "…")
    with pd.option_context("display.unicode.east_asian_width", True):
        return str(short.to_string(index=False))


def _markdown(table: pd.DataFrame) -> str:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("<", "&lt;").replace("|", "\\|") for cell in cells) + " |"

    lines = [line(table.columns), "|---" * table.shape[1] + "|", *map(line, table.to_numpy().tolist())]
    return "\n".join(["Per cent of ads, with 95 % intervals, unless ads are counted.", "", *lines])
