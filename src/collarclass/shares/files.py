"""Samples and shares of files: drawn from them, written to them, printed from them."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from collarclass.errors import DataError
from collarclass.files.batch import distinct
from collarclass.files.resumable_output import keep_columns
from collarclass.files.source import unchanged
from collarclass.files.table import READ, iter_table, read_table
from collarclass.files.target import Name, written
from collarclass.messages import Message
from collarclass.shares.dates import PERIODS, Order, is_dates
from collarclass.shares.groups import group_columns
from collarclass.shares.read import (
    DUPLICATES,
    NO_WORDS,
    NOT_RANDOM,
    SAMPLE_COLUMNS,
    SAMPLE_ROW,
    SAMPLE_SOURCE,
    SAMPLE_STRATUM,
    TO_FILL,
    LabelledFile,
    ads_of,
    displaced,
    iter_hashes,
    read_labelled,
    text_hashes,
)
from collarclass.shares.sample import draw_sample, planned_size
from collarclass.shares.shares import ALL, estimate_shares, notes_of_rows, with_notes
from collarclass.tables.schema import COLUMNS
from collarclass.text.cells import guarded


class SampleSummary(NamedTuple):
    """What `sample_file` drew."""

    n: int  # ads drawn
    n_ads: int  # of how many
    n_strata: int  # from how many strata
    digest: str  # of the labelled file


def sample_file(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    n: int = 300,
    *,
    half_width: float | None = None,
    unique: bool = False,
    by: Sequence[str] | str = (),
    date: str | None = None,
    date_order: Order | None = None,
    title: str | None = None,
    text: str | None = None,
    prefix: str = "",
    random_state: int = 0,
    force: bool = False,
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
    half_width : float, optional
        Half of the interval that shares should have, such as 0.02; `n` is then planned by the model's probabilities.
    unique : bool, default=False
        Whether to draw one of each group of repeated ads, which stands for all.
    by, date, date_order
        Groups that get their share of the sample each, as in `estimate_shares`.
    title, text, prefix : str
        As in `label_file`.
    random_state : int, default=0
        The same number draws the same ads from the same file.
    force : bool, default=False
        Whether to overwrite the target.

    Raises
    ------
    DataError
        If the file was not labelled, lacks a column, or changes while it is read.
    """
    by = [by] if isinstance(by, str) else list(by)
    with written(target, force=force, reads=[source]) as fresh, unchanged([source]):
        found = _read(source, by, date, (), prefix)
        if half_width is not None:
            n = planned_size(found.table, half_width)
        groups = None
        if by:
            values = group_columns(found.table, by, date=date, date_order=date_order)
            groups = values.astype(str).agg("\0".join, axis=1).tolist()
        repeats = _with_duplicates(found.table, source, title, text)[DUPLICATES].tolist() if unique else None
        chosen = draw_sample(found.table, n, groups=groups, unique=repeats, random_state=random_state)
        chosen[SAMPLE_SOURCE] = found.digest
        read = _write_ads(source, fresh, chosen, prefix)
    if read and Path(target).is_file():
        keep_columns(Path(target), read)
    return SampleSummary(len(chosen), len(found.table), int(chosen[SAMPLE_STRATUM].nunique()), found.digest)


def _write_ads(source: Name, target: Path, chosen: pd.DataFrame, prefix: str) -> dict[str, Any]:
    """The second pass: the chosen rows as they stand in the file, in the order drawn; gives the columns read."""
    wanted, kept = {*chosen[SAMPLE_ROW].tolist()}, dict[int, dict[str, str]]()
    hidden = {prefix + name for name in (*COLUMNS, DUPLICATES)}
    at, columns = 1, dict[str, None]()
    for rows in iter_table(source):
        own = [name for name in rows.columns if name not in hidden]
        columns |= dict.fromkeys(own)
        for number in wanted & set(range(at, at + len(rows))):
            kept[number] = rows[own].iloc[number - at].to_dict()
        at += len(rows)
    names = distinct([f"source_{c}" if c in {*SAMPLE_COLUMNS, *TO_FILL} else c for c in columns])
    with target.open("w", encoding="utf-8-sig", newline="") as file:  # with the mark that Excel needs
        out = csv.writer(file)
        out.writerow([*map(guarded, names), *SAMPLE_COLUMNS, *TO_FILL])
        for row, stratum, probability, digest in chosen[list(SAMPLE_COLUMNS)].itertuples(index=False):
            cells = [guarded(kept[row].get(c, "")) for c in columns]
            out.writerow([*cells, row, stratum, f"{probability:.10g}", digest, *[""] * len(TO_FILL)])
    return dict(rows.attrs[READ])


def shares_of_file(
    source: str | os.PathLike[str],
    truth: str | os.PathLike[str] | None = None,
    *,
    by: Sequence[str] | str = (),
    unique: bool = False,
    cluster: str | None = None,
    weight: str | None = None,
    expert: str | os.PathLike[str] | None = None,
    date: str | None = None,
    title: str | None = None,
    text: str | None = None,
    prefix: str = "",
    margins: bool = False,
    labelled: LabelledFile | None = None,
    **options: Any,
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
    expert : path-like, optional
        Some of the annotated ads as an expert labels them.
    title, text : str, optional
        Names of the columns of titles and texts.
    margins : bool, default=False
        Whether to add the shares by each column alone, where there are several.
    labelled : LabelledFile, optional
        What `read_labelled` finds in the source, for anyone who has it already.
    by, cluster, weight, date, prefix, **options
        As in `estimate_shares`.

    Raises
    ------
    DataError
        If a file or column is missing, or no annotated ad is in the file.
    """
    by = [by] if isinstance(by, str) else list(by)
    more = [c for c in (weight, cluster) if c is not None]
    found = labelled if labelled is not None else _read(source, by, date, more, prefix)
    table, notes = found.table, []
    answers: list[pd.DataFrame | None] = [None, None]
    for i, path in enumerate((truth, expert)):
        if path is not None:
            answers[i], said = prepare_truth(path, source, found.digest, title=title, text=text)
            notes += said
    if unique:
        _with_duplicates(table, source, title, text)
    out = estimate_shares(
        table, answers[0], expert=answers[1], by=by, date=date, weight=weight, cluster=cluster,
        unique=DUPLICATES if unique else None, margins=True, **options,
    )  # fmt: skip
    if not margins and len(by) > 1:
        n_all = (out[by] == ALL).sum(axis=1)
        out = out[(n_all == 0) | (n_all == len(by))].reset_index(drop=True)
    return with_notes(out, [(*notes, *row) for row in notes_of_rows(out)])


def _with_duplicates(table: pd.DataFrame, source: Name, title: str | None, text: str | None) -> pd.DataFrame:
    """The table with the groups of its repeated ads, found if the file does not tell."""
    from collarclass.shares.duplicates import duplicates_of_file

    if DUPLICATES not in table:
        table[DUPLICATES] = duplicates_of_file(source, title=title, text=text)
    return table


def model_of(source: Name, prefix: str = "") -> str:
    """Name and version of the model that labelled a file, by its first row; "unknown" where it does not say."""
    first = next(iter_table(source))
    names = [str(name) for name in first.get(f"{prefix}collar_model", ()) if name]
    return names[0] if names else "unknown"


def _read(source: Name, by: Sequence[str], date: str | None, more: Sequence[str], prefix: str) -> LabelledFile:
    """A labelled file with the columns that its groups are made of."""
    first = next(iter_table(source))
    columns = [name for name in by if name in first or name not in PERIODS]
    if len(columns) < len(by):
        columns += [date] if date is not None else [str(c) for c in first if c not in COLUMNS and is_dates(first[c])]
    if DUPLICATES in first:
        more = [*more, DUPLICATES]
    return read_labelled(source, [*dict.fromkeys([*columns, *more])], prefix=prefix)


def prepare_truth(
    path: Name, source: Name, digest: str, *, title: str | None = None, text: str | None = None
) -> tuple[pd.DataFrame, list[Message]]:
    """Annotated ads with their rows in a labelled file of a given digest, and what has to be said about them."""
    annotated, name = read_table(path), Path(path).name
    if not len(annotated):
        raise DataError("{name} has no rows: annotate some ads first.", name=name)
    ours = SAMPLE_SOURCE in annotated and SAMPLE_ROW in annotated
    if ours and (annotated[SAMPLE_SOURCE].astype(str) == digest).all():
        _check_order(annotated, source, name, title, text)
        return annotated, []
    hashes = text_hashes(*ads_of(annotated, title, text, name))
    wanted, first = set(hashes), dict[int, int]()
    for number, of_words in enumerate(iter_hashes(source, title, text), start=1):
        if of_words in wanted:
            first.setdefault(of_words, number)
    if not first:
        raise DataError("None of the ads in {name} is in the labelled file: give the file they are from.", name=name)
    annotated[SAMPLE_ROW] = pd.Series([first.get(of_words) for of_words in hashes], annotated.index, dtype=float)
    note = Message(
        "the sample was not drawn from this very file: {n:,} of {n_ads:,} ads were found by their text",
        n=sum(of_words in first for of_words in hashes), n_ads=len(hashes),
    )  # fmt: skip
    if SAMPLE_SOURCE in annotated:  # how many were drawn of how many ads, only the file that they are from tells
        annotated[SAMPLE_SOURCE] = annotated[SAMPLE_SOURCE].where(annotated[SAMPLE_SOURCE] == NOT_RANDOM, "")
    return annotated, [note]


def _check_order(annotated: pd.DataFrame, source: Name, name: str, title: str | None, text: str | None) -> None:
    """Refuse annotated ads of which some columns were sorted and others not, where both files have the texts."""
    rows = pd.to_numeric(annotated[SAMPLE_ROW], errors="coerce").fillna(0).to_numpy(np.int64).tolist()
    wanted = set(rows)
    try:
        hashes = text_hashes(*ads_of(annotated, title, text, name))
        every = enumerate(iter_hashes(source, title, text), start=1)
        there = {number: of_words for number, of_words in every if number in wanted}
    except DataError:  # labels alone will do
        return
    at = displaced(hashes, [there.get(row, NO_WORDS) for row in rows])
    if at is not None:
        raise DataError(
            "Row {row} of {name} has the text of another ad than its sample_row: were only some columns sorted? Sort "
            "all of them together, or undo it.", row=at + 2, name=name,
        )  # fmt: skip
