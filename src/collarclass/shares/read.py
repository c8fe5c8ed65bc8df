"""Labelled and annotated files as tables that hold only what shares are made of."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from collarclass.definitions.definition import DEFINITION_MARK, Facts
from collarclass.definitions.labels import COLLARS, LABELS, LEVELS, STATUSES
from collarclass.errors import DataError, require_columns
from collarclass.files.batch import tidy
from collarclass.files.source import open_file
from collarclass.files.table import READ, iter_table
from collarclass.tables.arrow import joined
from collarclass.tables.columns import Columns, choose_columns
from collarclass.tables.schema import COLUMNS, LISTS, NUMBERS, PROBABILITIES, SCORES
from collarclass.text.cells import unguarded

SAMPLE_COLUMNS = ("sample_row", "sample_stratum", "sample_probability", "sample_source")
SAMPLE_ROW, SAMPLE_STRATUM, SAMPLE_PROBABILITY, SAMPLE_SOURCE = SAMPLE_COLUMNS
NOT_RANDOM = "least certain first"  # as source of a sample: what no share may be estimated from
DUPLICATES = "duplicate_group"  # number of the first of a group of repeated ads
TO_FILL = ("label", "academic_rating", "hands_on_rating", "annotator", "annotation_note")
_LEFT_OUT = frozenset({"collar_evidence"})


class LabelledFile(NamedTuple):
    """What of a labelled file shares need."""

    table: pd.DataFrame  # one row per ad: the label columns but for the evidence, and those asked for, in compact types
    digest: str  # of the file's bytes


def digest_of_file(path: str | os.PathLike[str]) -> str:
    """The first 16 digits of a file's SHA-256."""
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def read_labelled(path: str | os.PathLike[str], columns: Sequence[str] = (), *, prefix: str = "") -> LabelledFile:
    """Read a labelled file batch by batch, keeping a few dozen bytes an ad.

    Kept are the label columns, without their prefix, and those named.
    """
    parts: list[pd.DataFrame] = []
    for rows in iter_table(path):
        check_columns(rows.columns, columns, prefix, Path(path).name)
        parts.append(compact(rows, columns, prefix))
    if not any(map(len, parts)):
        raise DataError("{name} has no rows.", name=Path(path).name)
    return LabelledFile(concatenated(parts), digest_of_file(path))


def iter_hashes(path: str | os.PathLike[str], title: str | None = None, text: str | None = None) -> Iterator[int]:
    """Hash of the words of each ad of a file."""
    for part in iter_table(path):
        yield from text_hashes(*ads_of(part, title, text, Path(path).name))


def displaced(first: Sequence[int], second: Sequence[int]) -> int | None:
    """Place of the first ad of one list of hashes that stands elsewhere in another; None where none does.

    An ad that was changed is in the other list nowhere: only one whose row was moved is.
    """
    known = set(second) - {NO_WORDS}
    return next((i for i, (a, b) in enumerate(zip(first, second, strict=True)) if a != b and a in known), None)


def check_columns(there: Iterable[object], columns: Sequence[str], prefix: str, where: str) -> None:
    """Raise where a table was not labelled, or lacks a column asked for."""
    names = list(there)
    if prefix + "collar" not in names:
        raise DataError(
            "No column {column!r} in {where}; its columns are: {columns}. Label the file first with 'collarclass "
            "label'.", column=prefix + "collar", where=where, columns=names,
        )  # fmt: skip
    require_columns(columns, names, where)


def compact(rows: pd.DataFrame, columns: Sequence[str], prefix: str) -> pd.DataFrame:
    """The label columns, without their prefix, and some others, as small numbers and categories."""
    out: dict[str, object] = {}
    for name in COLUMNS:
        if name in _LEFT_OUT or prefix + name not in rows:
            continue
        cells = rows[prefix + name]
        if name in NUMBERS:
            out[name] = pd.to_numeric(cells, errors="coerce").to_numpy(np.float32)
        else:
            out[name] = pd.Categorical(cells.map(joined if name in LISTS else tidy))
    for name in columns:
        if name not in out:
            out[name] = pd.Categorical(rows[name].map(joined if name.removeprefix(prefix) in LISTS else tidy))
    return pd.DataFrame(out)


def concatenated(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Parts of a table one after the other, categories joined."""
    out: dict[str, object] = {}
    for name in map(str, parts[0].columns):
        cells = [part[name] for part in parts]
        if isinstance(cells[0].dtype, pd.CategoricalDtype):
            out[name] = pd.api.types.union_categoricals([c.array for c in cells])
        else:
            out[name] = np.concatenate([c.to_numpy() for c in cells])
    return pd.DataFrame(out)


def ads_of(
    rows: pd.DataFrame, title: str | None = None, text: str | None = None, where: str = "the table"
) -> tuple[list[str], list[str]]:
    """Titles and texts of a table's ads; several columns of text are read together, as when they are labelled."""
    chosen = ad_columns(rows, title, text, where)
    texts, titles, _ = chosen.rows([[tidy(cell) for cell in rows[name]] for name in chosen.every])
    return titles if titles is not None else [""] * len(texts), texts


def ad_columns(
    rows: pd.DataFrame, title: str | None = None, text: str | None = None, where: str = "the table"
) -> Columns:
    """The columns that `ads_of` reads: those named, those read when the file was labelled, or the usual ones."""
    read = rows.attrs.get(READ) or {}
    names = [name for name in (read.get("title"), *read.get("text", ())) if name is not None]
    if title is None and text is None and names and all(name in rows for name in names):
        return Columns(read["title"], tuple(read["text"]))
    return choose_columns(_own_columns(rows.columns), title, text, where)


def _own_columns(columns: Iterable[object]) -> list[str]:
    """The columns that an ad came with: none that labelling, sampling or annotating added."""
    names = [str(name) for name in columns]
    prefixes = {name.removesuffix("collar") for name in names if name.endswith("collar")}
    added = {prefix + name for prefix in prefixes for name in COLUMNS} | {*SAMPLE_COLUMNS, *TO_FILL, DUPLICATES}
    return [name for name in names if name not in added]


def text_hashes(titles: Sequence[str], texts: Sequence[str]) -> list[int]:
    """A number of 64 bits for each ad, the same wherever the same words stand in the same order."""
    out = []
    for title, text in zip(titles, texts, strict=True):
        words = " ".join(f"{unguarded(title)}\0{unguarded(text)}".split()).encode("utf-8", "replace")
        out.append(int.from_bytes(hashlib.blake2b(words, digest_size=8).digest(), "big"))
    return out


NO_WORDS = text_hashes([""], [""])[0]


def facts_of(table: pd.DataFrame, prefix: str = "") -> Facts:
    """Label columns of a table as what definitions go by.

    Schooling that is missing counts as unstated; certificates are None in files labelled before there were such
    columns.
    """
    nothing = pd.Series(np.nan, table.index)

    def numbers(names: Sequence[str]) -> np.ndarray:
        cells = (pd.to_numeric(table.get(prefix + name, nothing), errors="coerce") for name in names)
        return np.column_stack([column.to_numpy(np.float64) for column in cells])

    def codes(name: str, words: Sequence[str], otherwise: int) -> np.ndarray:
        cells = pd.Categorical(table.get(prefix + name, nothing))
        known = [words.index(word) if word in words else otherwise for word in cells.categories]
        return np.asarray(np.array([*known, otherwise], np.int8)[cells.codes])

    def stated(name: str) -> np.ndarray | None:
        return codes(name, STATUSES, STATUSES.index("unstated")) if prefix + name in table else None

    probabilities = numbers(PROBABILITIES)
    label = codes("collar", COLLARS, len(LABELS))
    nearest = None
    if prefix + "collar_model" in table:  # labelled under another definition: back to the model's own label
        models = pd.Categorical(table[prefix + "collar_model"])
        names = [*map(str, models.categories), ""]
        other = np.array([DEFINITION_MARK in name for name in names])[models.codes]
        other = other & ~np.isnan(probabilities).any(axis=1) & (label < len(LABELS))
        by_title = f"{DEFINITION_MARK}occupation"
        if other.any() and all(names[code].endswith(by_title) for code in np.unique(models.codes)):
            nearest = np.where(label < len(LABELS), label, -1).astype(np.int8)
        label = np.where(other, np.nan_to_num(probabilities).argmax(axis=1), label).astype(np.int8)
    return Facts(
        label=label,
        probabilities=probabilities,
        scores=numbers(SCORES),
        level=codes("schooling_level", LEVELS, -1),
        status=codes("schooling_status", STATUSES, STATUSES.index("unstated")),
        academic_certificate=stated("academic_certificate"),
        vocational_certificate=stated("vocational_certificate"),
        occupation=nearest,
    )
