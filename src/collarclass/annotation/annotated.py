"""A user's labelled ads, read for `check`, `train`, `adapt`, `calibrate` and `evaluate`, and what is wrong in them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, Unpack

import numpy as np
import pandas as pd

from collarclass.api import default_model
from collarclass.definitions.labels import COLLARS, LABELS, RATINGS, parse_label
from collarclass.errors import DataError, require_columns
from collarclass.files.table import read_table
from collarclass.messages import Message
from collarclass.model.model import Model
from collarclass.model.predict import predict
from collarclass.tables.columns import choose_columns
from collarclass.text.cells import fold

FIRST_ROW = 2  # as a spreadsheet counts: the header is row 1
LABEL_NAMES = ("label", "labels", "true_label", "annotation", "标签", "标注", "类别")
SOURCE_NAMES = ("source", "employer", "company", "organisation", "organization", "来源", "公司", "公司名称", "雇主")
_NAMED_ROWS = 10  # of those with one kind of mistake
FINDING_COLUMNS = ("row", "column", "kind", "what", "remedy")  # of findings
_DOUBT = 0.05  # probability of a label below which it is doubted
_MIN_RATED = 5  # ratings of 1 or less from which their scale is doubted


class ColumnNames(TypedDict, total=False):
    """What the columns of labelled ads are called, where it is not a common name."""

    title: str | None
    text: str | None
    label: str | None
    source: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a cell of a file of labelled ads; rows are those of a spreadsheet."""

    row: int
    column: str
    kind: str
    what: Message
    remedy: Message


@dataclass(frozen=True, slots=True, eq=False)
class AnnotatedAds:
    """Labelled ads as they were found.

    The table has a row for each of the file, with its index: `title` (empty if there is none), `text`, `label` (of
    `COLLARS`; empty if none or not known), the two ratings (NaN if none), and `source` (empty if there is none).
    `columns` says what those of labels, ratings and sources are called in the file, and `findings` what could not be
    read of labels and ratings, by row.
    """

    name: str
    table: pd.DataFrame
    columns: dict[str, str]
    findings: list[Finding]

    def labelled(self) -> pd.DataFrame:
        """The rows with a label, "unclear" too, where all labels and ratings could be read and there is one."""
        refuse(self.findings, self.name)
        there = self.table[self.table["label"] != ""]
        if there.empty:
            raise DataError(
                "{file} has no labelled rows: fill its column {column!r}.", file=self.name,
                column=self.columns["label"],
            )  # fmt: skip
        return there

    def usable(self) -> pd.DataFrame:
        """The rows labelled white, blue or gray."""
        found = self.labelled()
        return found[found["label"].isin(LABELS)]


def annotated_ads(
    table: pd.DataFrame, name: str = "the table of labelled ads", **columns: Unpack[ColumnNames]
) -> AnnotatedAds:
    """Find the columns of labelled ads and read them, with whatever is wrong in labels and ratings.

    Texts, titles and labels have any usual names, or those that are given; `academic_rating` and `hands_on_rating` hold
    ratings, and a column such as `source` or `employer` says which ads belong together. `name` is what errors call the
    file.

    Examples
    --------
    >>> found = annotated_ads(pd.DataFrame({"ad": ["Welder wanted"], "标签": ["蓝领"]}), text="ad")
    >>> found.usable()[["text", "label"]].values.tolist()
    [['Welder wanted', 'blue']]
    """
    title, text, label, source = columns.get("title"), columns.get("text"), columns.get("label"), columns.get("source")
    require_columns((title, text, label, source), table.columns, name)
    given, called, findings = read_annotations(table, name, label)
    source = source or _known(table, SOURCE_NAMES, {*called.values()})
    called |= {"source": source} if source is not None else {}
    free = [column for column in table.columns if column not in called.values()]
    chosen = choose_columns(free, title, text, name)
    texts, titles, _ = chosen.rows([strings(table[column]) for column in chosen.every])
    if titles is None or chosen.title in chosen.texts:
        titles = [""] * len(table)
    sources = strings(table[source]) if source is not None else [""] * len(table)
    return AnnotatedAds(name, given.assign(title=titles, text=texts, source=sources), called, findings)


def read_annotations(
    table: pd.DataFrame, name: str, label: str | None = None
) -> tuple[pd.DataFrame, dict[str, str], list[Finding]]:
    """The labels and ratings of a table, what their columns are called, and what could not be read of them."""
    label = label or _known(table, LABEL_NAMES, set())
    if label is None:
        require_columns(("label",), table.columns, name)
    rated = {dimension: dimension for dimension in RATINGS if dimension in table}
    written = strings(table[label])
    parsed: dict[str, str] = {value: parse_label(value) or "" for value in set(written)}
    columns = {"label": str(label), **rated}
    found = pd.DataFrame({"label": [parsed[value] for value in written]}, table.index)
    for column in RATINGS:
        found[column] = pd.to_numeric(table[column], errors="coerce").astype(float) if column in rated else np.nan
    findings = [*_labels(written, parsed, columns["label"]), *_ratings(table, rated)]
    return found, columns, sorted(findings, key=lambda finding: finding.row)


def refuse(findings: list[Finding], name: str) -> None:
    """Raise for the first finding, if there is one."""
    for found in findings:
        rows = list(dict.fromkeys(str(other.row) for other in findings if other.kind == found.kind))
        rows = rows if len(rows) <= _NAMED_ROWS else [*rows[:_NAMED_ROWS], "…"]
        raise DataError(
            "{file}, row {row}, column {column!r}: {what}{more}; {remedy}.", file=name, row=found.row,
            column=found.column, what=found.what, remedy=found.remedy,
            more=Message(" (and so in rows {rows})", rows=rows) if len(rows) > 1 else "",
        )  # fmt: skip


def _known(table: pd.DataFrame, names: Sequence[str], taken: set[str]) -> str | None:
    """The first column with one of some names."""
    there = {fold(str(column)): column for column in reversed(table.columns) if column not in taken}
    return next((there[name] for name in map(fold, names) if name in there), None)


def read_annotated(path: str | os.PathLike[str], **columns: Unpack[ColumnNames]) -> AnnotatedAds:
    """Read a file of labelled ads, of any format; `annotated_ads` says how."""
    return annotated_ads(read_table(path), Path(path).name, **columns)


def strings(column: pd.Series[str]) -> list[str]:
    """Cells as text; a missing one is empty."""
    return ["" if missing else str(value) for value, missing in zip(column, column.isna(), strict=True)]


def _labels(labels: list[str], parsed: dict[str, str], column: str) -> Iterator[Finding]:
    for row, label in enumerate(labels, FIRST_ROW):
        if label.strip() and not parsed[label]:
            near = difflib.get_close_matches(label.casefold(), COLLARS, n=1, cutoff=0.7)
            remedy = Message("write {label!r}", label=near[0]) if near else Message(
                "write one of {labels}, or leave it empty", labels=[*COLLARS]
            )  # fmt: skip
            yield Finding(row, column, "unknown label", Message("{label!r} is not a label", label=label[:40]), remedy)


def _ratings(table: pd.DataFrame, columns: dict[str, str]) -> Iterator[Finding]:
    """Cells that are no rating; and a column whose ratings go from 0 to 1."""
    for column in columns:
        number = pd.to_numeric(table[column], errors="coerce")
        cells = strings(table[column])
        empty = np.array([not cell.strip() for cell in cells], dtype=bool)
        for i in np.flatnonzero(~number.between(0, 4) & ~empty):
            what = Message("{value!r} is not a rating", value=cells[i][:40])
            yield Finding(int(i) + FIRST_ROW, column, "rating", what, Message("write a number from 0 to 4"))
        if small_scale(number.to_numpy(float)):
            row = int(np.flatnonzero(~empty)[0]) + FIRST_ROW
            what = Message("no rating is above 1, as if they went from 0 to 1")
            yield Finding(row, column, "rating", what, Message("write ratings from 0 to 4"))


def small_scale(ratings: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
    """Whether ratings look as if their scale went from 0 to 1: some are broken numbers, and none is above 1."""
    known = ratings[~np.isnan(ratings)]
    return len(known) >= _MIN_RATED and bool(known.max() <= 1 and (known % 0.5 != 0).any())


def check_labels(table: pd.DataFrame, model: Model | None = None, **columns: Unpack[ColumnNames]) -> pd.DataFrame:
    """Find what is wrong, or doubtful, in labelled ads.

    Parameters
    ----------
    table : DataFrame
        As `annotated_ads` reads it; an empty cell is no rating.
    model : Model, optional
        Whose doubts are listed; the shipped model if not given.
    **columns : str
        Names of the columns `title`, `text`, `label` and `source`, where they are others.

    Returns
    -------
    DataFrame
        One row per finding: `row` (the first ad is row 2, as a spreadsheet counts), `column`, `kind`,
        `what` and `remedy`. Kinds are "missing label", "unknown label", "rating", "empty text",
        "duplicate", "conflict" and, after all others and most doubted first, "doubt": the model gives
        the label a probability below 0.05.

    Examples
    --------
    >>> import pandas as pd
    >>> ads = pd.DataFrame({"text": ["Welder for a shipyard, days", ""], "label": ["blou", "white"]})
    >>> check_labels(ads)[["row", "what", "remedy"]].values.tolist()[0]
    [2, "'blou' is not a label", "write 'blue'"]
    """
    return _findings(annotated_ads(table, **columns), model)


def check_file(
    path: str | os.PathLike[str], model: Model | None = None, **columns: Unpack[ColumnNames]
) -> tuple[pd.DataFrame, int]:
    """Check a table of labelled ads, of any format; gives the findings and the number of ads."""
    ads = read_annotated(path, **columns)
    return _findings(ads, model), len(ads.table)


def _findings(ads: AnnotatedAds, model: Model | None) -> pd.DataFrame:
    found = sorted([*ads.findings, *_contents(ads)], key=lambda finding: finding.row)
    found += _doubts(ads, model if model is not None else default_model())
    rows = [(f.row, f.column, f.kind, str(f.what), str(f.remedy)) for f in found]
    return pd.DataFrame(rows, columns=list(FINDING_COLUMNS))


def _contents(ads: AnnotatedAds) -> Iterator[Finding]:
    """Rows without a label or a text, and ads that are there twice."""
    bad = {found.row for found in ads.findings if found.kind == "unknown label"}
    first: dict[tuple[str, str], tuple[int, str]] = {}
    cells = zip(ads.table["title"], ads.table["text"], ads.table["label"], strict=True)
    for row, (title, text, label) in enumerate(cells, FIRST_ROW):
        if not label and row not in bad:
            remedy = Message("label it, or delete the row")
            yield Finding(row, ads.columns["label"], "missing label", Message("no label"), remedy)
        if not (title + text).strip():
            remedy = Message("give the ad's text, or delete the row")
            yield Finding(row, "text", "empty text", Message("no text"), remedy)
            continue
        before, given = first.setdefault((_plain(title), _plain(text)), (row, label))
        if before == row:
            continue
        if label == given:
            what, remedy = Message("the same ad as row {before}", before=before), Message("delete one of the two")
            yield Finding(row, "text", "duplicate", what, remedy)
        else:
            what = Message(
                "the same ad as row {before}, which is labelled {first!r}, here {label!r}", before=before, first=given,
                label=label,
            )  # fmt: skip
            remedy = Message("decide, and delete one of the two")
            yield Finding(row, ads.columns["label"], "conflict", what, remedy)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _doubts(ads: AnnotatedAds, model: Model) -> list[Finding]:
    known = ads.table["label"].isin(LABELS) & ads.table["text"].map(str.strip).astype(bool)
    rows, labelled = np.flatnonzero(known), ads.table[known]
    found = predict(model, labelled["text"].tolist(), [title or None for title in labelled["title"]])
    given = np.array([LABELS.index(label) for label in labelled["label"]], dtype=np.int64)
    p = found.probabilities[np.arange(len(rows)), given]
    doubted = np.flatnonzero((p < _DOUBT) & (found.note == 0))
    out = []
    for j in doubted[np.argsort(p[doubted], kind="stable")]:
        best = int(found.probabilities[j].argmax())
        what = Message(
            "the model gives {label} {share:.0%} and {best} {surest:.0%}", label=LABELS[given[j]], share=float(p[j]),
            best=LABELS[best], surest=float(found.probabilities[j, best]),
        )  # fmt: skip
        remedy = Message("look again; keep it if it is right")
        out.append(Finding(int(rows[j]) + FIRST_ROW, ads.columns["label"], "doubt", what, remedy))
    return out
