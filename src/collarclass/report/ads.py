"""A labelled file read in one pass: figures of every ad in compact form, and a few ads whole with their marks."""

from __future__ import annotations

import heapq
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from collarclass.api import classify_many
from collarclass.definitions.definition import Facts
from collarclass.definitions.labels import COLLARS
from collarclass.errors import DataError
from collarclass.files.batch import tidy
from collarclass.files.readers import FileInput, TableInput, count_bases
from collarclass.files.table import iter_table
from collarclass.model.model import Model
from collarclass.report.marks import passages, pieces
from collarclass.shares.read import ad_columns, ads_of, check_columns, compact, concatenated, digest_of_file
from collarclass.tables.columns import Columns
from collarclass.text.tokens import language

MAX_WORDS = 100_000
MAX_DOUBTFUL_ADS = 200
MAX_DRAWN_ADS = 200
KEPT_CHARACTERS = 6000  # characters of an ad that are kept for showing


@dataclass(frozen=True, slots=True)
class Shown:
    """An ad that the page shows: its row, counted from 1, and its words."""

    row: int
    title: str
    text: str


@dataclass(slots=True)
class Collected:
    """What the page is made of.

    Attributes
    ----------
    table : DataFrame
        One row per ad: labels, scores, probabilities, what is stated, and the columns asked for.
    words : Counter
        How many ads of a label have a run of words in their evidence.
    shown : list of Shown
        The ads that the model is least sure of, and some drawn by a fixed rule, in the order of their rows.
    chinese : float
        Share of Chinese ads.
    digest : str
    read : TableInput
    """

    table: pd.DataFrame
    words: Counter[tuple[str, str]]
    shown: list[Shown]
    chinese: float
    digest: str
    read: TableInput


@dataclass(slots=True)
class Pass:
    """The ads kept while the file goes by, in bounded memory."""

    words: Counter[tuple[str, str]] = field(default_factory=Counter)
    doubtful: list[tuple[float, int, Shown, int]] = field(default_factory=list)
    drawn: list[tuple[int, int, Shown, int]] = field(default_factory=list)
    languages: Counter[str] = field(default_factory=Counter)
    kept: set[int] = field(default_factory=set)  # of ads shown, by their words: a repeated ad is shown once
    n: int = 0

    def add(self, rows: pd.DataFrame, titles: Sequence[str], texts: Sequence[str], prefix: str) -> None:
        """Look at a batch of rows."""
        collars = [tidy(v) for v in rows[prefix + "collar"]]
        evidence = rows[prefix + "collar_evidence"] if prefix + "collar_evidence" in rows else [""] * len(rows)
        for found, collar in zip(evidence, collars, strict=True):
            self.words.update((word.strip().casefold(), collar) for word in tidy(found).split("; ") if word.strip())
        if len(self.words) > 2 * MAX_WORDS:
            self.words = Counter(dict(self.words.most_common(MAX_WORDS)))
        name = prefix + "collar_confidence"
        sure = (
            pd.to_numeric(rows[name], errors="coerce").to_numpy(float) if name in rows else np.full(len(rows), np.nan)
        )
        for i, collar in enumerate(collars):
            row = self.n + i
            if sum(self.languages.values()) < 300 and texts[i].strip():
                self.languages[language(texts[i])] += 1
            # A fixed scramble of the row number draws the ads: the same file, the same page.
            draw = -((row * 0x9E3779B1) & 0xFFFFFFFF)
            doubt = -float(sure[i]) if sure[i] == sure[i] and collar != "unclear" else -2.0
            if _wanted(self.doubtful, doubt, MAX_DOUBTFUL_ADS) or _wanted(self.drawn, draw, MAX_DRAWN_ADS):
                words = hash((titles[i], texts[i]))
                if words in self.kept and (titles[i] or texts[i]):
                    continue
                ad = Shown(row + 1, titles[i][:300], texts[i][:KEPT_CHARACTERS])
                lost = [
                    *_keep(self.doubtful, (doubt, -row, ad, words), MAX_DOUBTFUL_ADS),
                    *_keep(self.drawn, (draw, -row, ad, words), MAX_DRAWN_ADS),
                ]
                self.kept.add(words)
                if lost:
                    still = {item[3] for item in (*self.doubtful, *self.drawn)}
                    self.kept -= {item[3] for item in lost} - still
        self.n += len(rows)

    def collected(
        self, table: pd.DataFrame, digest: str, file: FileInput, others: Mapping[str, tuple[str, ...]]
    ) -> Collected:
        """What was found, with a table of one row for each ad."""
        ads = {ad.row: ad for _, _, ad, _ in (*self.doubtful, *self.drawn)}
        chinese = self.languages["zh"] / max(1, sum(self.languages.values()))
        read = TableInput(self.n, file, others, count_bases(table.get("collar_basis", ())))
        return Collected(table, self.words, [ads[row] for row in sorted(ads)], chinese, digest, read)


def _wanted(heap: list[Any], value: float, most: int) -> bool:
    return len(heap) < most or value > heap[0][0]


def _keep(heap: list[Any], item: Any, most: int) -> list[Any]:
    """Keep an item if it is among the most wanted; gives what had to go for it."""
    if len(heap) < most:
        heapq.heappush(heap, item)
        return []
    return [heapq.heappushpop(heap, item)]


def collect(
    source: str | os.PathLike[str],
    columns: Sequence[str],
    *,
    prefix: str = "",
    title: str | None = None,
    text: str | None = None,
) -> Collected:
    """Read a labelled file for its page.

    Parameters
    ----------
    source : path-like
    columns : sequence of str
        Further columns to keep.
    prefix : str
        Prefix of the label columns' names.
    title, text : str, optional
        Names of the columns of titles and texts.

    Raises
    ------
    DataError
        If the file was not labelled, lacks a column, or is empty.
    """
    found, parts = Pass(), []
    opened: list[FileInput] = []
    for rows in iter_table(source, on_open=opened.append):
        check_columns(rows.columns, columns, prefix, Path(source).name)
        parts.append(compact(rows, columns, prefix))
        titles, texts = _ads(rows, title, text)
        found.add(rows, titles, texts, prefix)
    if not found.n:
        raise DataError("{name} has no rows to report on.", name=Path(source).name)
    file = opened[0].reading(_chosen(rows, title, text))
    others = {"labels": (prefix + "collar",), "others": tuple(columns)}
    return found.collected(concatenated(parts), digest_of_file(source), file, others)


def _chosen(rows: pd.DataFrame, title: str | None, text: str | None) -> Columns | None:
    try:
        return ad_columns(rows, title, text)
    except DataError:  # as in `_ads`
        return Columns(title, ()) if title in rows else None


def _ads(rows: pd.DataFrame, title: str | None, text: str | None) -> tuple[list[str], list[str]]:
    try:
        return ads_of(rows, title, text)
    except DataError:  # a file without texts still has shares
        nothing = [""] * len(rows)
        return [tidy(v) for v in rows[title]] if title in rows else nothing, nothing


BUDGET = 640_000  # bytes of text in the page


def shown_ads(
    ads: Sequence[Shown],
    table: pd.DataFrame,
    labels: NDArray[np.int8],
    facts: Facts,
    model: Model,
    lang: str,
) -> list[dict[str, Any]]:
    """Ads for the page, as many as fit into it, the least certain first.

    Returns
    -------
    list of dict
        `label`, `sure`, the two ratings, the pieces of `title` and `text`, whether it was `cut`, and `said`, the
        sentence that explains the label.
    """
    kept, size = [], 0
    for ad in ads:
        size += len((ad.title + ad.text[:1600]).encode("utf-8", "replace")) + 400
        if size > BUDGET:
            break
        kept.append(ad)
    found = classify_many([ad.text for ad in kept], [ad.title or None for ad in kept], True, model=model)
    numbers = np.nan_to_num(np.column_stack((facts.probabilities.max(axis=1), 4 * facts.scores)))
    out = []
    for ad, result in zip(kept, found, strict=True):
        sure, academic, hands_on = numbers[ad.row - 1].round(3).tolist()
        whole = pieces(ad.text, "text", result)
        text = passages(whole)
        out.append(
            {
                "label": COLLARS[labels[ad.row - 1]], "sure": sure, "academic": academic, "hands_on": hands_on,
                "title": pieces(ad.title, "title", result), "text": text, "cut": text != whole, "row": ad.row,
                "said": result.explain(lang) if ad.text.strip() or ad.title.strip() else "",
            }
        )  # fmt: skip
    return sorted(out, key=lambda one: (one["sure"], one["row"]))
