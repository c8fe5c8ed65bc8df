"""The shipped table of occupations, and the names by which each is known."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

import pandas as pd

from collarclass.corpus.read import read_csv, read_occupations
from collarclass.errors import DataError

CSCO_NAMES = "csco_titles.csv"
ALTERNATE_TITLES = "onet_titles.tsv.gz"
AD_TITLES = "ad_titles.tsv.gz"
# How well an occupation is known by each kind of name, best first.
KINDS = ("official title", "working title", "CSCO name", "alternate title", "title of a written ad")


def occupations() -> pd.DataFrame:
    """The occupations of O*NET-SOC 2019 with codes, figures, working titles, ratings and labels.

    Returns
    -------
    DataFrame
        One row per occupation, sorted by `onet_code`; a copy, to do with as you like. The columns are
        described in the data card.

    References
    ----------
    O*NET 29.0 and 30.1 Database by the U.S. Department of Labor, Employment and Training Administration,
    CC BY 4.0; codes and names of China's classification of occupations (职业分类大典), 2022.

    Examples
    --------
    >>> table = occupations()
    >>> len(table), table.set_index("onet_code").at["51-4121.00", "label"]
    (923, 'blue')
    """
    return _occupations().copy()


@cache
def _occupations() -> pd.DataFrame:
    return read_occupations(data_file("occupations.csv"))


def data_file(name: str) -> Path:
    """A file of the data that is shipped: inside the installed package, or in a source checkout."""
    package = Path(__file__).parents[1]
    installed = package / "data" / name
    return installed if installed.exists() else package.parents[1] / "data" / name


def read_titles(path: Path) -> pd.DataFrame:
    """Read alternate titles, or those of ads: columns `onet_code` and `title`."""
    try:
        lines = gzip.decompress(path.read_bytes()).decode("utf-8").splitlines()
    except FileNotFoundError:
        raise DataError("No file {path}: it lies in the data folder of the source distribution.", path=path) from None
    parts = (line.partition("\t") for line in lines)
    pairs = [(code, title) for code, _, titles in parts for title in titles.split("; ")]
    return pd.DataFrame(pairs, columns=["onet_code", "title"])


def known_titles() -> pd.DataFrame:
    """Every name by which an occupation is known, with its row in the table and its kind, one of `KINDS`."""
    table = _occupations()
    names = csco_names()["name"]
    official, working, csco, *others = KINDS
    parts = [pd.DataFrame({"title": table["title"], "row": range(len(table)), "kind": official})]
    for column, kind in (("titles_en", working), ("titles_zh", working), ("csco22", csco)):
        split = table[column].str.split("; ").reset_index(drop=True).explode()
        title = split.map(names) if kind == csco else split
        parts.append(pd.DataFrame({"title": title, "row": split.index, "kind": kind}).dropna())
    row_of = pd.Series(range(len(table)), index=table["onet_code"])
    for file, kind in zip((ALTERNATE_TITLES, AD_TITLES), others, strict=True):
        found = read_titles(data_file(file))
        parts.append(pd.DataFrame({"title": found["title"], "row": found["onet_code"].map(row_of), "kind": kind}))
    every = pd.concat(parts, ignore_index=True)
    return every[every["title"].str.strip() != ""].reset_index(drop=True)


@cache
def csco_names() -> pd.DataFrame:
    """Names, ratings and labels of the occupations of China's classification, by code."""
    table = read_csv(data_file(CSCO_NAMES)).set_index("code")
    return table.astype({"academic_rating": float, "hands_on_rating": float})
