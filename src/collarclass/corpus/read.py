"""The shipped data: occupations and training ads, read and checked row by row."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from collarclass.definitions.labels import COLLARS, LABELS, RATINGS, STATUSES, parse_label
from collarclass.errors import DataError, require_columns
from collarclass.messages import Message

LANGUAGES = {"en": "English", "zh": "Chinese"}  # of the files in data/ads
AD_COLUMNS = (
    "id",
    "onet_code",
    "csco_code",
    "title",
    "text",
    "academic_rating",
    "hands_on_rating",
    "label",
    "schooling",
    "sector",
    "region",
    "style",
    "kind",
)
AD_KINDS = ("occupation", "mirror", "contrast")
# The columns of data/occupations.csv that O*NET measures; `occupation/onet.py` makes them.
ONET_FIGURES = (
    "schooling_years",
    "share_associate_plus",
    "share_bachelor_plus",
    "job_zone",
    "physical_index",
    "technical_index",
    "digital_creative_share",
)
SCHOOLING_SOURCES = ("RL 29.0", "RL 18.1", "job zone")
OCCUPATION_COLUMNS = (
    "onet_code",
    "title",
    "isco08",
    "csco22",
    ONET_FIGURES[0],
    "schooling_source",  # of the figure before it
    *ONET_FIGURES[1:],
    "titles_en",
    "titles_zh",
    "academic_rating",
    "hands_on_rating",
    "label",
    "why",
    "external_label",
    "external_agreement",
)


def data_path() -> Path:
    """The data folder: training ads, occupations and titles.

    Raises
    ------
    DataError
        If the package was installed without it.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "data", package.parents[1] / "data"):
        if (folder / "ads").is_dir():
            return folder
    raise DataError("This installation has no training data: install collarclass from its wheel, or name --data.")


def read_csv(path: str | os.PathLike[str], remedy: str = "give the path of a CSV of labelled ads") -> pd.DataFrame:
    """Read a UTF-8 CSV with every cell as text, or say what is wrong and the remedy."""
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False)
    except FileNotFoundError:
        raise DataError("No file {path}: {remedy}.", path=path, remedy=remedy) from None
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError("{name} cannot be read as a UTF-8 CSV: {reason}.", name=Path(path).name, reason=error) from None


def read_labels(written: pd.Series[str], name: str) -> pd.Series[str]:
    """The labels of a column, however they are written; an empty cell stays empty.

    Parameters
    ----------
    written : Series of str
        With the index of the rows, from 0.
    name : str
        Of the file, for an error.

    Raises
    ------
    DataError
        If a cell holds something else; it names the rows (the first is row 2, as a spreadsheet counts).
    """
    found = {v: parse_label(v) if v.strip() else "" for v in map(str, written.unique())}
    unknown = [(i, v) for i, v in enumerate(map(str, written)) if found[v] is None]
    if unknown:
        rows = ", ".join(str(i + 2) for i, _ in unknown[:10]) + (", …" if len(unknown) > 10 else "")
        raise DataError(
            "{file}, row {row}, column {column!r}: {value!r} must be one of {labels}, or empty{more}.",
            file=name, row=unknown[0][0] + 2, column=written.name, value=unknown[0][1][:40],
            labels=[*LABELS, "unclear"],
            more=Message(" (and so in rows {rows})", rows=rows) if len(unknown) > 1 else "",
        )  # fmt: skip
    return written.astype(str).map(found)


def read_ads(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a CSV of the shipped ads.

    Parameters
    ----------
    path : path-like
        Columns `text` and `label`; `title` and both ratings are used where they are there.

    Returns
    -------
    DataFrame
        Columns of text, `title` empty if there is none, and the ratings as floats, NaN where a cell is empty.

    Raises
    ------
    DataError
        Naming the file, the row (the first row of data is row 2, as a spreadsheet counts) and the remedy.
    """
    ads, name = read_csv(path), Path(path).name
    require_columns(("text", "label"), ads.columns, name)
    if "title" not in ads:
        ads["title"] = ""
    ads["label"] = read_labels(ads["label"], name)
    _require(ads, ads["label"].isin(LABELS), "label", f"one of {', '.join(LABELS)}", name)
    for column in ("academic_rating", "hands_on_rating"):
        if column in ads:
            empty = ads[column].str.strip() == ""
            ads[column] = _ratings(ads[~empty], column, name).reindex(ads.index)
    return ads


def check_ads(ads: pd.DataFrame, name: str) -> None:
    """Check the shipped ads' columns beyond what `read_ads` asks."""
    require_columns(AD_COLUMNS, ads.columns, name)
    _require(ads, ~ads["id"].duplicated(), "id", "unique", name)
    _require(ads, ads["text"].str.strip() != "", "text", "not empty", name)
    _require(ads, ads["title"].str.strip() != "", "title", "not empty", name)
    for column in ("academic_rating", "hands_on_rating"):
        _require(ads, ads[column].notna(), column, Message("a number from 0 to 4"), name)
    _require(ads, ads["schooling"].isin(STATUSES), "schooling", f"one of {', '.join(STATUSES)}", name)
    _require(ads, ads["kind"].isin(AD_KINDS), "kind", f"one of {', '.join(AD_KINDS)}", name)


def read_occupations(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read `data/occupations.csv`.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    DataFrame
        One row per O*NET-SOC 2019 occupation, columns `OCCUPATION_COLUMNS`, figures as floats,
        `schooling_source` one of `SCHOOLING_SOURCES`, working titles and codes as strings separated
        by "; ", `external_label` empty where the composite of official lists has none.

    Raises
    ------
    DataError
        Naming the file, row, column and remedy.
    """
    name = Path(path).name
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except FileNotFoundError:
        raise DataError("No file {path}: it lies in the data folder of the source distribution.", path=path) from None
    require_columns(OCCUPATION_COLUMNS, table.columns, name)
    _require(table, table["onet_code"].str.fullmatch(r"\d\d-\d{4}\.\d\d"), "onet_code", "like 15-1252.00", name)
    _require(table, ~table["onet_code"].duplicated(), "onet_code", "unique", name)
    _require(table, table["label"].isin(LABELS), "label", f"one of {', '.join(LABELS)}", name)
    for column in ("titles_en", "titles_zh", "why"):
        _require(table, table[column].str.strip() != "", column, "not empty", name)
    for column in ("academic_rating", "hands_on_rating"):
        table[column] = _ratings(table, column, name)
    known = table["schooling_source"].isin(SCHOOLING_SOURCES)
    _require(table, known, "schooling_source", f"one of {', '.join(SCHOOLING_SOURCES)}", name)
    outside = table["external_label"].isin(("", *LABELS))
    _require(table, outside, "external_label", f"one of {', '.join(LABELS)} or empty", name)
    for column in (*ONET_FIGURES, "external_agreement"):
        number = pd.to_numeric(table[column], errors="coerce")
        _require(table, number.notna() | (table[column] == ""), column, "a number or empty", name)
        table[column] = number
    return table


def _ratings(table: pd.DataFrame, column: str, name: str) -> pd.Series[float]:
    number = pd.to_numeric(table[column], errors="coerce")
    _require(table, number.between(0, 4), column, Message("a number from 0 to 4"), name)
    return number.astype(float)


def _require(table: pd.DataFrame, good: pd.Series[bool], column: str, wanted: str | Message, name: str) -> None:
    bad = table.index[~good.fillna(False).astype(bool)]
    if len(bad):
        value = str(table.at[bad[0], column])
        raise DataError(
            "{file}, row {row}, column {column!r}: {value!r} must be {wanted}{more}.",
            file=name, row=bad[0] + 2, column=column, value=value[:40], wanted=wanted,
            more=Message(" ({n} such rows)", n=len(bad)) if len(bad) > 1 else "",
        )  # fmt: skip


def read_ratings(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the ratings of real ads, `data/real_ads/ratings.csv`.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    DataFrame
        One row per ad: `id`, `source`, `language`, `label` ("unclear" too), the two ratings as floats
        (missing where unclear), `sure` (3 clear, 2 leaning, 1 toss-up), stated schooling, and
        `near_duplicate` ("y" where the ad nearly repeats one of the development set).

    Raises
    ------
    DataError
        Naming the file, row, column and remedy.
    """
    name = Path(path).name
    table = read_csv(path, "it lies in data/real_ads")
    _require(table, ~table["id"].duplicated(), "id", "unique", name)
    _require(table, table["label"].isin(COLLARS), "label", "a label or unclear", name)
    _require(table, table["schooling_status"].isin(STATUSES), "schooling_status", f"one of {', '.join(STATUSES)}", name)
    for column in RATINGS:
        number = pd.to_numeric(table[column], errors="coerce")
        rated = number.between(0, 4) | (table["label"] == "unclear")
        _require(table, rated, column, Message("a number from 0 to 4"), name)
        table[column] = number
    return table


def read_data(folder: str | os.PathLike[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the written ads of both languages, and the occupations, of the data folder."""
    root = Path(folder)
    ads = pd.concat(
        [read_ads(root / "ads" / f"{language}.csv").assign(language=language) for language in LANGUAGES],
        ignore_index=True,
    )
    return ads, read_occupations(root / "occupations.csv")
