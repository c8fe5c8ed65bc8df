"""Ads shown one by one in a terminal, the least certain first, and a label taken by one key."""

from __future__ import annotations

import csv
import heapq
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collarclass.errors import DataError
from collarclass.files.readers import Layout, open_reader
from collarclass.files.source import Source
from collarclass.tables.columns import find_columns

KEYS = {"w": "white", "b": "blue", "g": "gray", "u": "unclear"}
COLUMNS = ("title", "text", "label", "row", "collar", "collar_confidence")
_PROMPT = "[w]hite [b]lue [g]ray [u]nclear   [s]kip [q]uit "
_SHOWN = 1500
_BATCH = 2000


@dataclass(frozen=True, slots=True, order=True)
class Doubtful:
    """An ad to be looked at; the least certain comes first, unclear ones come last."""

    confidence: float
    row: int
    title: str
    text: str
    collar: str
    evidence: str


def doubtful_ads(
    source: str | os.PathLike[str],
    *,
    title: str | None = None,
    text: str | None = None,
    prefix: str = "",
    most: int = 500,
) -> list[Doubtful]:
    """The least certain ads of a labelled file, in bounded memory.

    Parameters
    ----------
    source : path-like
        A file that `label_file` wrote.
    title, text : str, optional
        The columns' names, if they are not among the common ones.
    prefix : str
        What was put before the names of the added columns.
    most : int
        How many ads to keep.

    Returns
    -------
    list of Doubtful
        Ads with an empty text are left out.

    Raises
    ------
    DataError
        If the file is missing or was not labelled.
    """
    return heapq.nsmallest(most, _ads(os.fspath(source), title, text, prefix))


def _ads(source: str, title: str | None, text: str | None, prefix: str) -> Iterator[Doubtful]:
    file = Source(source)
    try:
        reader = open_reader(file, Layout(title=title, text=text))
        title_column, text_column = find_columns(reader.names, title, text, file.name)
        row = 1
        for batch in reader.batches(_BATCH):
            for ad in batch.rows():
                row += 1
                if prefix + "collar" not in ad:
                    raise DataError(
                        f"No column {prefix + 'collar'!r} in {Path(source).name}: label the file first with "
                        "'collarclass label', or name the prefix of its columns."
                    )
                body = _cell(ad.get(str(text_column)))
                if body.strip():
                    yield Doubtful(
                        _number(ad.get(prefix + "collar_confidence")),
                        row,
                        _cell(ad.get(str(title_column))) if title_column is not None else "",
                        body,
                        _cell(ad[prefix + "collar"]),
                        _cell(ad.get(prefix + "collar_evidence")),
                    )
    finally:
        file.close()


def _cell(value: Any) -> str:
    return "" if value is None or value != value else str(value)


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return math.inf
    return number if number == number else math.inf


def review(
    ads: list[Doubtful],
    target: str | os.PathLike[str],
    read_key: Callable[[], str],
    write: Callable[[str], None],
) -> int:
    """Ask for a label of each ad, and write each answer at once.

    Parameters
    ----------
    ads : list of Doubtful
    target : path-like
        A CSV that `train` accepts. If it is there, it is gone on with: ads that it has are not asked
        for again.
    read_key : callable
        Gives the next key, and nothing at the end of input.
    write : callable
        Shows a piece of text.

    Returns
    -------
    int
        How many ads were labelled.
    """
    path = Path(target)
    done = _answered(path)
    todo = [ad for ad in ads if (ad.title, ad.text) not in done]
    path.parent.mkdir(parents=True, exist_ok=True)
    labelled = 0
    with path.open("a", encoding="utf-8", newline="") as file:
        answers = csv.writer(file)
        if file.tell() == 0:
            answers.writerow(COLUMNS)
        for number, ad in enumerate(todo, 1):
            write(_shown(ad, number, len(todo)))
            while (key := read_key().lower()) not in {*KEYS, "s", "q", ""}:
                pass
            write((KEYS.get(key) or {"s": "skipped"}.get(key, "")) + "\n\n")
            if key in {"q", ""}:
                break
            if key in KEYS:
                sure = "" if math.isinf(ad.confidence) else ad.confidence
                answers.writerow((ad.title, ad.text, KEYS[key], ad.row, ad.collar, sure))
                file.flush()
                labelled += 1
    return labelled


def _answered(path: Path) -> set[tuple[str, str]]:
    if not path.exists() or path.stat().st_size == 0:
        return set()
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise DataError(f"{path} is there and was not made by a review: choose another name.")
        return {(row["title"], row["text"]) for row in rows}


def _shown(ad: Doubtful, number: int, of: int) -> str:
    sure = "" if math.isinf(ad.confidence) else f" {ad.confidence:.0%} sure"
    text = ad.text if len(ad.text) <= _SHOWN else ad.text[:_SHOWN] + " …"
    words = f" ({ad.evidence})" if ad.evidence else ""
    lines = [
        f"--- {number} of {of}, row {ad.row}: {ad.collar}{sure}{words}",
        *([ad.title] if ad.title else []),
        text,
    ]
    return _harmless("\n".join(lines)) + "\n" + _PROMPT


def _harmless(text: str) -> str:
    """A text without control characters, which could move the cursor or worse."""
    return "".join(c for c in text.replace("\r\n", "\n") if c == "\n" or c.isprintable() or c in "\t\u3000")
