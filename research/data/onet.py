"""An official O*NET database folder → the figures in `data/occupations.csv`.

Reads the database as the O*NET Resource Center distributes it (tab-delimited ``.txt``, or the same
tables as ``.csv``), so that the figures can be made again for a new release.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pandas as pd

from collarclass.corpus.read import ONET_FIGURES
from collarclass.errors import DataError

# Years of schooling that each category of "Required Level of Education" stands for.
SCHOOLING_YEARS = dict(zip(range(1, 13), (10, 12, 13, 13, 14, 16, 17, 18, 19, 19, 21, 22), strict=True))
_ASSOCIATE, _BACHELOR = 5, 6
# Work activities: performing general physical activities, handling and moving objects, controlling
# machines and processes, repairing mechanical and electronic equipment.
PHYSICAL_ACTIVITIES = ("4.A.3.a.1", "4.A.3.a.2", "4.A.3.a.3", "4.A.3.b.4", "4.A.3.b.5")
# The eleven "Technical Skills": operations analysis, technology design, equipment selection,
# installation, programming, operation monitoring, operation and control, equipment maintenance,
# troubleshooting, repairing, quality control analysis.
TECHNICAL_SKILLS = tuple(f"2.B.3.{letter}" for letter in "abcdeghjklm")
# Intermediate work activities whose tasks design, create, program or record something, or set up,
# secure, repair or run the computers that do.
DIGITAL_CREATIVE = (
    "4.A.2.b.2.I02",  # design computer or information systems or applications
    "4.A.2.b.2.I06",  # design databases
    "4.A.2.b.2.I11",  # design structures or facilities
    "4.A.2.b.2.I13",  # design materials or devices
    "4.A.2.b.2.I14",  # design industrial systems or equipment
    "4.A.2.b.2.I18",  # create visual designs or displays
    "4.A.2.b.2.I22",  # develop news, entertainment, or artistic content
    "4.A.2.b.2.I24",  # design electrical or electronic systems or equipment
    "4.A.2.b.2.I25",  # create artistic designs or performances
    "4.A.3.a.3.I05",  # operate audiovisual or related equipment
    "4.A.3.b.1.I01",  # program computer systems or production equipment
    "4.A.3.b.1.I02",  # implement security measures for computer or information systems
    "4.A.3.b.1.I03",  # set up computer systems, networks, or other information systems
    "4.A.3.b.1.I04",  # resolve computer problems
    "4.A.3.b.1.I05",  # operate computer systems or computerized equipment
    "4.A.3.b.6.I05",  # record images with photographic or audiovisual equipment
)
_CODE = "O*NET-SOC Code"
_SOURCE = "download the database from https://www.onetcenter.org/database.html and unpack it there"


def figures(folder: str | os.PathLike[str], activities: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Compute the figures of every occupation from a folder of the O*NET database.

    Parameters
    ----------
    folder : path-like
        The unpacked database. Read from it are the tables "Occupation Data", "Education, Training,
        and Experience", "Job Zones", "Skills", "Tasks to DWAs" and, where it is there, "Work
        Activities": each as a tab-delimited ``.txt`` or a ``.csv``, file and column names with
        blanks or underscores. Of a table in both formats the ``.txt`` is read.
    activities : path-like, optional
        Another folder with "Work Activities", for a database without that table.

    Returns
    -------
    DataFrame
        One row per occupation of "Occupation Data", sorted by code; a figure for which a table has
        no (or not every) value is empty. Columns:

        - `onet_code`, `title`: as in the database.
        - `schooling_years`: expected years of schooling, from the shares of respondents by Required
          Level of Education (2.D.1), with `SCHOOLING_YEARS` for its categories.
        - `share_associate_plus`, `share_bachelor_plus`: shares (0 to 1) of respondents who ask for an
          associate's, or a bachelor's, degree or more.
        - `job_zone`: 1 to 5.
        - `physical_index`: z-score of the mean z-score of the importance of `PHYSICAL_ACTIVITIES`.
          Empty throughout when no folder has "Work Activities".
        - `technical_index`: z-score of the mean z-score of the level of `TECHNICAL_SKILLS`.
        - `digital_creative_share`: share (0 to 1) of the occupation's tasks in "Tasks to DWAs" with a
          detailed work activity that belongs to `DIGITAL_CREATIVE`.

        Z-scores are over the occupations in the table, unweighted, with the population's standard
        deviation. Values that O*NET recommends to suppress are used like the others.

    Raises
    ------
    DataError
        If the folder, a table or a column is missing, or a value is not what it should be: naming
        file, row and remedy.

    Examples
    --------
    >>> from research.data.onet import figures
    >>> table = figures("db_30_1_text")  # doctest: +SKIP
    >>> table.dropna(subset="job_zone").set_index("onet_code").loc["51-4041.00"]  # doctest: +SKIP
    """
    home = Path(folder)
    occupations = _read(home, "Occupation Data", ("Title",))
    if occupations[_CODE].duplicated().any():
        twice = occupations.index[occupations[_CODE].duplicated()][0]
        raise DataError(
            f"{occupations.attrs['file']}, row {twice + 2}: {occupations.loc[twice, _CODE]} comes twice; "
            "each occupation may have one row."
        )
    table = occupations.set_axis(["onet_code", "title"], axis=1).set_index("onet_code").sort_index()
    table = table.join(_schooling(home)).join(_job_zone(home))
    away = home if activities is None else Path(activities)
    if activities is None and _find(home, "Work Activities") is None:
        table["physical_index"] = np.nan
    else:
        table["physical_index"] = _index(away, "Work Activities", "IM", PHYSICAL_ACTIVITIES)
    table["technical_index"] = _index(home, "Skills", "LV", TECHNICAL_SKILLS)
    table["digital_creative_share"] = _digital_creative(home)
    return table.reset_index()[["onet_code", "title", *ONET_FIGURES]]


def _schooling(folder: Path) -> pd.DataFrame:
    """Expected years and shares from the distribution of the Required Level of Education."""
    values = _elements(folder, "Education, Training, and Experience", "RL", ("2.D.1",), "Category")
    file = values.attrs["file"]
    known = values["Category"].isin(SCHOOLING_YEARS)
    if not known.all():
        row = values.index[~known][0]
        raise DataError(
            f"{file}, row {row + 2}, column 'Category': {values.loc[row, 'Category']:g} is none of the "
            "twelve levels of education (1 to 12): this release counts them in another way."
        )
    shares = _wide(values, "Category").reindex(columns=list(SCHOOLING_YEARS)).fillna(0.0)
    total = shares.sum(axis=1)
    if not total.between(99, 101).all():
        code = total.index[~total.between(99, 101)][0]
        raise DataError(
            f"{file}: the shares of {code} by Required Level of Education add up to {total[code]:g} instead "
            "of 100: the table is not whole, download it again."
        )
    shares = shares.div(total, axis=0)
    return pd.DataFrame(
        {
            "schooling_years": (shares * pd.Series(SCHOOLING_YEARS)).sum(axis=1),
            "share_associate_plus": shares.loc[:, _ASSOCIATE:].sum(axis=1),
            "share_bachelor_plus": shares.loc[:, _BACHELOR:].sum(axis=1),
        }
    )


def _job_zone(folder: Path) -> pd.Series[int]:
    table = _read(folder, "Job Zones", ("Job Zone",))
    zone = _numbers(table, "Job Zone")
    good = zone.isin((1, 2, 3, 4, 5)) & ~table[_CODE].duplicated()
    if not good.all():
        row = good.index[~good][0]
        raise DataError(
            f"{table.attrs['file']}, row {row + 2}: job zone {table.loc[row, 'Job Zone']!r} of "
            f"{table.loc[row, _CODE]} must be 1 to 5, once for each occupation."
        )
    return zone.astype("Int64").set_axis(table[_CODE]).rename("job_zone")


def _index(folder: Path, name: str, scale: str, elements: tuple[str, ...]) -> pd.Series[float]:
    """Mean z-score of the elements, as a z-score again; empty where an element is missing."""
    values = _elements(folder, name, scale, elements, "Element ID")
    table = _wide(values, "Element ID")
    absent = [element for element in elements if element not in table]
    if absent:
        raise DataError(
            f"{values.attrs['file']} has no value of element {absent[0]} on scale {scale}: the table is not "
            f"whole, or of a release that numbers its elements in another way; {_SOURCE}."
        )
    return _z(_z(table[list(elements)]).mean(axis=1, skipna=False).to_frame()).iloc[:, 0]


def _z(table: pd.DataFrame) -> pd.DataFrame:
    spread = table.std(ddof=0)
    return (table - table.mean()) / spread.where(spread > 0, 1.0)


def _digital_creative(folder: Path) -> pd.Series[float]:
    table = _read(folder, "Tasks to DWAs", ("Task ID", "DWA ID"))
    creative = table["DWA ID"].str.rsplit(".", n=1).str[0].isin(DIGITAL_CREATIVE)
    return creative.groupby([table[_CODE], table["Task ID"]]).any().groupby(level=0).mean().astype(float)


def _elements(folder: Path, name: str, scale: str, elements: tuple[str, ...], by: str) -> pd.DataFrame:
    """The rows of some elements on one scale, with numbers in "Data Value" and "Category"."""
    wanted = ("Element ID", "Scale ID", "Data Value", *(("Category",) if by == "Category" else ()))
    table = _read(folder, name, wanted)
    rows = table[table["Element ID"].isin(elements) & (table["Scale ID"] == scale)].copy()
    rows.attrs = table.attrs
    for column in ("Data Value", "Category"):
        if column in rows:
            rows[column] = _numbers(rows, column)
    twice = rows.index[rows.duplicated([_CODE, by])]
    if len(twice):
        raise DataError(
            f"{table.attrs['file']}, row {twice[0] + 2}: {rows.loc[twice[0], _CODE]} has a second value of "
            f"{by} {rows.loc[twice[0], by]}; each may have one."
        )
    return rows


def _wide(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    return rows.set_index([_CODE, by])["Data Value"].unstack()  # noqa: PD010 - there is nothing to aggregate


def _numbers(table: pd.DataFrame, column: str) -> pd.Series[float]:
    number = pd.to_numeric(table[column], errors="coerce")
    bad = table.index[number.isna()]
    if len(bad):
        raise DataError(
            f"{table.attrs['file']}, row {bad[0] + 2}, column {column!r}: "
            f"{table.loc[bad[0], column]!r} must be a number."
        )
    return number.astype(float)


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


def _find(folder: Path, name: str) -> Path | None:
    """The file of a table: tab-delimited text before CSV, blanks and commas or underscores."""
    if not folder.is_dir():
        raise DataError(f"No folder {folder}: {_SOURCE.replace('there', 'into it')}.")
    found = [
        path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in (".txt", ".csv") and _plain(path.stem) == _plain(name)
    ]
    return max(found, key=lambda path: path.suffix.lower(), default=None)


def _read(folder: Path, name: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read some columns of a table as text, under their official names."""
    path = _find(folder, name)
    if path is None:
        raise DataError(f"{folder} has no table {name!r} ('{name}.txt' or '{name}.csv'): {_SOURCE}.")
    tabs = path.suffix.lower() == ".txt"
    try:
        table = pd.read_csv(
            path,
            sep="\t" if tabs else ",",
            quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
        )
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        kind = "tab-delimited text" if tabs else "CSV"
        raise DataError(f"{path.name} cannot be read as UTF-8 {kind}: {error}; {_SOURCE}.") from None
    there = {_plain(column): column for column in reversed(table.columns)}
    wanted = (_CODE, *columns)
    missing = [column for column in wanted if _plain(column) not in there]
    if missing:
        raise DataError(
            f"{path.name} has no column {missing[0]!r}; its columns are: {', '.join(table.columns)}. "
            "Give the table as O*NET distributes it."
        )
    named = pd.DataFrame({column: table[there[_plain(column)]].str.strip() for column in wanted})
    named.attrs["file"] = path.name
    return named
