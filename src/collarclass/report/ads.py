"""A labelled file read in one pass: figures of every ad in compact form, and a few ads whole with their marks."""

from __future__ import annotations

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
from collarclass.report.marks import excerpt, passages, pieces
from collarclass.shares.read import ad_columns, ads_of, check_columns, compact, concatenated, digest_of_file
from collarclass.tables.columns import Columns
from collarclass.text.tokens import language

MAX_WORDS = 100_000
MAX_DOUBTFUL_ADS = 200
MAX_DRAWN_ADS = 200
_LANGUAGES_OF = 300  # ads by which the page's language is chosen
KEPT_CHARACTERS = 6000  # characters of an ad that are kept for showing


@dataclass(slots=True)
class Collected:
    """What the page is made of."""

    table: pd.DataFrame  # of all ads: labels, scores, probabilities, what is stated, and the columns asked for
    words: Counter[tuple[str, str]]  # how many ads of a label have a run of words in their evidence
    shown: pd.DataFrame  # the least certain ads and some drawn by a fixed rule: `row`, from 1, `title` and `text`
    chinese: float  # share of Chinese ads
    digest: str
    read: TableInput


@dataclass(slots=True)
class Pass:
    """What is kept of the ads while the file goes by, in bounded memory."""

    words: Counter[tuple[str, str]] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    shown: pd.DataFrame = field(default_factory=pd.DataFrame)
    n: int = 0

    def add(self, rows: pd.DataFrame, titles: Sequence[str], texts: Sequence[str], prefix: str) -> None:
        """Look at a batch of rows."""
        if not len(rows):
            return
        collars = [tidy(v) for v in rows[prefix + "collar"]]
        evidence = rows[prefix + "collar_evidence"] if prefix + "collar_evidence" in rows else [""] * len(rows)
        for found, collar in zip(evidence, collars, strict=True):
            self.words.update((word.strip().casefold(), collar) for word in tidy(found).split("; ") if word.strip())
        if len(self.words) > 2 * MAX_WORDS:
            self.words = Counter(dict(self.words.most_common(MAX_WORDS)))
        for text in filter(str.strip, texts):
            if self.languages.total() == _LANGUAGES_OF:
                break
            self.languages[language(text)] += 1
        sure = pd.to_numeric(rows.get(prefix + "collar_confidence", pd.Series(np.nan, rows.index)), errors="coerce")
        number = np.arange(self.n, self.n + len(rows))
        fresh = pd.DataFrame({
            "row": number + 1, "title": titles, "text": texts,
            "doubt": np.where(sure.isna() | (np.array(collars) == "unclear"), 2.0, sure),  # unclear ones last
            "draw": (number * 0x9E3779B1) & 0xFFFFFFFF,  # a fixed scramble: the same file, the same page
            "words": [hash(ad) if any(ad) else -i for i, ad in enumerate(zip(titles, texts, strict=True), self.n)],
        })  # fmt: skip
        self.shown = _telling(pd.concat([self.shown, fresh]))
        self.n += len(rows)

    def collected(
        self, table: pd.DataFrame, digest: str, file: FileInput, others: Mapping[str, tuple[str, ...]]
    ) -> Collected:
        """What was found, with a table of one row for each ad."""
        chinese = self.languages["zh"] / max(1, self.languages.total())
        read = TableInput(self.n, file, others, count_bases(table.get("collar_basis", ())))
        return Collected(table, self.words, self.shown, chinese, digest, read)


def _telling(ads: pd.DataFrame) -> pd.DataFrame:
    """The least certain of some ads, and some that are drawn, in the order of their rows; a repeated ad once."""
    ads = ads.drop_duplicates("words")
    chosen = {*ads.nsmallest(MAX_DOUBTFUL_ADS, "doubt")["row"], *ads.nsmallest(MAX_DRAWN_ADS, "draw")["row"]}
    ads = ads[ads["row"].isin(chosen)]
    return ads.assign(title=ads["title"].str[:300], text=ads["text"].str[:KEPT_CHARACTERS])


def collect(
    source: str | os.PathLike[str], columns: Sequence[str], prefix: str, title: str | None, text: str | None
) -> Collected:
    """Read a labelled file for its page, with further columns to keep, and those of titles and texts if they are named.

    Raises where the file was not labelled, lacks a column, or is empty.
    """
    found, parts = Pass(), []
    opened: list[FileInput] = []
    for rows in iter_table(source, on_open=opened.append):
        check_columns(rows.columns, columns, prefix, Path(source).name)
        parts.append(compact(rows, columns, prefix))
        chosen, titles, texts = _ads(rows, title, text)
        found.add(rows, titles, texts, prefix)
    if not found.n:
        raise DataError("{name} has no rows to report on.", name=Path(source).name)
    file = opened[0].reading(chosen)
    others = {"labels": (prefix + "collar",), "others": tuple(columns)}
    return found.collected(concatenated(parts), digest_of_file(source), file, others)


def _ads(rows: pd.DataFrame, title: str | None, text: str | None) -> tuple[Columns | None, list[str], list[str]]:
    """The columns of the ads, their titles and texts; a file without texts still has shares."""
    try:
        return ad_columns(rows, title, text), *ads_of(rows, title, text)
    except DataError:
        nothing = [""] * len(rows)
        return (Columns(title, ()), [tidy(v) for v in rows[title]], nothing) if title in rows else (
            None, nothing, nothing)  # fmt: skip


BUDGET = 640_000  # bytes of text in the page


def shown_ads(
    ads: pd.DataFrame, labels: NDArray[np.int8], facts: Facts, model: Model, lang: str
) -> list[dict[str, Any]]:
    """Ads for the page, as many as fit into it, the least certain first, cut into pieces where their marks begin."""
    sizes = [len(words.encode("utf-8", "replace")) + 400 for words in ads["title"] + ads["text"].str[:1600]]
    kept: list[Any] = list(ads[np.cumsum(sizes) <= BUDGET].itertuples())
    found = classify_many([ad.text for ad in kept], [ad.title or None for ad in kept], True, model=model)
    numbers = np.nan_to_num(np.column_stack((facts.probabilities.max(axis=1), 4 * facts.scores)))
    out = []
    for ad, result in zip(kept, found, strict=True):
        sure, academic, hands_on = numbers[ad.row - 1].round(3).tolist()
        whole = pieces(ad.text, "text", result)
        text = passages(whole)
        out.append({
            "label": COLLARS[labels[ad.row - 1]], "sure": sure, "academic": academic, "hands_on": hands_on,
            "heading": excerpt(ad.title) or excerpt(ad.text), "title": pieces(ad.title, "title", result),
            "text": text, "cut": text != whole, "row": ad.row,
            "said": result.explain(lang) if ad.text.strip() or ad.title.strip() else "",
        })  # fmt: skip
    return sorted(out, key=lambda one: (one["sure"], one["row"]))
