"""The shipped data: occupations, training ads and ratings of real ads; tests check every row of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from collarclass.definitions.labels import LABELS, RATINGS, parse_label
from collarclass.errors import DataError
from collarclass.messages import Message

LANGUAGES = {"en": "English", "zh": "Chinese"}  # of the files in data/ads
# The columns of data/occupations.csv that O*NET measures; `research/data/onet.py` makes them.
ONET_FIGURES = (
    "schooling_years",
    "share_associate_plus",
    "share_bachelor_plus",
    "job_zone",
    "physical_index",
    "technical_index",
    "digital_creative_share",
)


def data_path() -> Path:
    """The data folder, in the package or the checkout: training ads, occupations and titles."""
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

    Anything else is an error that names the file and the rows, the first of the index being row 2, as in a spreadsheet.
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
    """Read a CSV of the shipped ads: columns of text, and the ratings as floats, NaN where a cell is empty."""
    ads = read_csv(path)
    ads["label"] = read_labels(ads["label"], Path(path).name)
    return _with_numbers(ads, RATINGS)


def read_occupations(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read `data/occupations.csv`: a row per O*NET-SOC 2019 occupation, figures as floats.

    Working titles and codes are separated by "; "; `external_label` is empty where the composite of official lists has
    none.
    """
    table = read_csv(path, "it lies in the data folder of the source distribution")
    return _with_numbers(table, (*RATINGS, *ONET_FIGURES, "external_agreement"))


def read_ratings(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the ratings of real ads, `data/real_ads/ratings.csv`: columns of text, and the two ratings as floats.

    The data card says what they hold: `sure` is 3 where clear, 2 leaning, 1 a toss-up, `near_duplicate` "y" where an
    ad nearly repeats one of the development set.
    """
    return _with_numbers(read_csv(path, "it lies in data/real_ads"), RATINGS)


def _with_numbers(table: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    numbers = {name: pd.to_numeric(table[name]).astype(float) for name in columns if name in table}
    return table.assign(**numbers)


def read_data(folder: str | os.PathLike[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the written ads of both languages, and the occupations, of the data folder."""
    root = Path(folder)
    ads = pd.concat(
        [read_ads(root / "ads" / f"{language}.csv").assign(language=language) for language in LANGUAGES],
        ignore_index=True,
    )
    return ads, read_occupations(root / "occupations.csv")
