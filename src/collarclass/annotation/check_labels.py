"""Labelled ads looked over before a model learns from them: every finding with its row and a remedy."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator

import numpy as np
import pandas as pd

from collarclass.api import default_model
from collarclass.definitions.labels import COLLARS, LABELS, parse_label
from collarclass.errors import require_columns
from collarclass.files.table import read_table
from collarclass.model.model import Model
from collarclass.model.predict import predict

COLUMNS = ("row", "column", "kind", "what", "remedy")
_DOUBT = 0.05
_FIRST_ROW = 2  # as a spreadsheet counts: the header is row 1


def check_labels(table: pd.DataFrame, model: Model | None = None) -> pd.DataFrame:
    """Find what is wrong, or doubtful, in labelled ads.

    Parameters
    ----------
    table : DataFrame
        Columns `text` and `label`, and if there are `title`, `academic_rating`, `hands_on_rating`; an empty
        cell is no rating.
    model : Model, optional
        Whose doubts are listed; the shipped model if not given.

    Returns
    -------
    DataFrame
        One row per finding: `row` (the first ad is row 2, as a spreadsheet counts), `column`, `kind`,
        `what` and `remedy`. Kinds are "missing label", "unknown label", "rating", "empty text",
        "duplicate", "conflict" and, after all others and most doubted first, "doubt": the model gives
        the label a probability below 0.05.

    Raises
    ------
    DataError
        If there is no column `text` or `label`.

    Examples
    --------
    >>> import pandas as pd
    >>> ads = pd.DataFrame({"text": ["Welder for a shipyard, days", ""], "label": ["Blue", "white"]})
    >>> check_labels(ads)[["row", "what", "remedy"]].values.tolist()[0]
    [2, "'Blue' is not a label", "write 'blue'"]
    """
    require_columns(("text", "label"), table.columns, "the table of labelled ads")
    label, text = (_strings(table[column]) for column in ("label", "text"))
    title = _strings(table["title"]) if "title" in table else [""] * len(table)
    found = [*_labels(label), *_ratings(table), *_texts(text), *_repeated(title, text, label)]
    found.sort(key=lambda finding: finding[0])
    found += _doubts(title, text, label, model if model is not None else default_model())
    return pd.DataFrame(found, columns=list(COLUMNS))


def _strings(column: pd.Series[str]) -> list[str]:
    return ["" if missing else str(value) for value, missing in zip(column, column.isna(), strict=True)]


_Finding = tuple[int, str, str, str, str]


def _labels(labels: list[str]) -> Iterator[_Finding]:
    for row, label in enumerate(labels, _FIRST_ROW):
        if not label.strip():
            yield row, "label", "missing label", "no label", "label it, or delete the row"
        elif label not in COLLARS:
            known = parse_label(label)
            near = [known] if known else difflib.get_close_matches(label.casefold(), COLLARS, n=1, cutoff=0.7)
            remedy = f"write {near[0]!r}" if near else f"write one of {', '.join(COLLARS)}"
            yield row, "label", "unknown label", f"{label[:40]!r} is not a label", remedy


def _ratings(table: pd.DataFrame) -> Iterator[_Finding]:
    for column in ("academic_rating", "hands_on_rating"):
        if column in table:
            number = pd.to_numeric(table[column], errors="coerce")
            empty = np.array([not cell.strip() for cell in _strings(table[column])], dtype=bool)
            for i in np.flatnonzero(~number.between(0, 4) & ~empty):
                what = f"{str(table[column].iloc[i])[:40]!r} is not a rating"
                yield int(i) + _FIRST_ROW, column, "rating", what, "write a number from 0 to 4"


def _texts(texts: list[str]) -> Iterator[_Finding]:
    for row, text in enumerate(texts, _FIRST_ROW):
        if not text.strip():
            yield row, "text", "empty text", "no text", "give the ad's text, or delete the row"


def _repeated(titles: list[str], texts: list[str], labels: list[str]) -> Iterator[_Finding]:
    first: dict[tuple[str, str], int] = {}
    for i, (title, text) in enumerate(zip(titles, texts, strict=True)):
        if not text.strip():
            continue
        before = first.setdefault((_plain(title), _plain(text)), i)
        if before == i:
            continue
        same = f"the same ad as row {before + _FIRST_ROW}"
        if labels[i] == labels[before]:
            yield i + _FIRST_ROW, "text", "duplicate", same, "delete one of the two"
        else:
            what = f"{same}, which is labelled {labels[before]!r}, here {labels[i]!r}"
            yield i + _FIRST_ROW, "label", "conflict", what, "decide, and delete one of the two"


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _doubts(titles: list[str], texts: list[str], labels: list[str], model: Model) -> list[_Finding]:
    rows = [i for i, label in enumerate(labels) if label in LABELS and texts[i].strip()]
    found = predict(model, [texts[i] for i in rows], [titles[i] or None for i in rows])
    given = np.array([LABELS.index(labels[i]) for i in rows], dtype=np.int64)
    p = found.probabilities[np.arange(len(rows)), given]
    doubted = np.flatnonzero((p < _DOUBT) & (found.note == 0))
    out = []
    for j in doubted[np.argsort(p[doubted], kind="stable")]:
        best = int(found.probabilities[j].argmax())
        surest = f"{LABELS[best]} {found.probabilities[j, best]:.0%}"
        what = f"the model gives {labels[rows[j]]} {p[j]:.0%} and {surest}"
        out.append((rows[j] + _FIRST_ROW, "label", "doubt", what, "look again; keep it if it is right"))
    return out


def check_file(path: str | os.PathLike[str], model: Model | None = None) -> tuple[pd.DataFrame, int]:
    """Check a table of labelled ads, of any format; gives the findings and the number of ads."""
    ads = read_table(path)
    return check_labels(ads, model), len(ads)
