"""Make the figures in data/occupations.csv again from the official O*NET database, and compare.

    python -m research.data.onet FOLDER [--activities FILE]

FOLDER holds the tab-delimited tables of O*NET 29.0, from https://www.onetcenter.org/database.html. FILE takes the place
of "Work Activities" where the folder has no such table: importance by 6-digit SOC code (column `soc6`, one column for
each activity, named as O*NET names it); each 8-digit occupation gets the figure of its 6-digit parent. The exit code is
1 when a figure differs by more than the file's rounding.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from collarclass.corpus.read import ONET_FIGURES, read_occupations

ROOT = Path(__file__).resolve().parents[2]
DECIMALS = 4  # in data/occupations.csv
MEASURED = "RL 29.0"  # the `schooling_source` of figures that come from the folder itself
# Years of schooling that each category of "Required Level of Education" stands for.
SCHOOLING_YEARS = dict(zip(range(1, 13), (10, 12, 13, 13, 14, 16, 17, 18, 19, 19, 21, 22), strict=True))
_ASSOCIATE, _BACHELOR = 5, 6
PHYSICAL_ACTIVITIES = {
    "4.A.3.a.1": "Performing General Physical Activities",
    "4.A.3.a.2": "Handling and Moving Objects",
    "4.A.3.a.3": "Controlling Machines and Processes",
    "4.A.3.b.4": "Repairing and Maintaining Mechanical Equipment",
    "4.A.3.b.5": "Repairing and Maintaining Electronic Equipment",
}
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


def figures(folder: Path, activities: Path | None = None) -> pd.DataFrame:
    """The figures of every occupation, sorted by code; NaN where a table has no, or not every, value.

    - `schooling_years`: expected years, from the shares of respondents by Required Level of Education (2.D.1).
    - `share_associate_plus`, `share_bachelor_plus`: shares (0 to 1) of respondents who ask for such a degree or more.
    - `job_zone`: 1 to 5.
    - `physical_index`: z-score of the mean z-score of the importance of `PHYSICAL_ACTIVITIES`.
    - `technical_index`: z-score of the mean z-score of the level of `TECHNICAL_SKILLS`.
    - `digital_creative_share`: share of the occupation's tasks with a detailed work activity under `DIGITAL_CREATIVE`.

    Z-scores are over the occupations in the table, unweighted, with the population's standard deviation. Values that
    O*NET recommends to suppress are used like the others.
    """
    table = _read(folder, "Occupation Data").set_index(_CODE)[["Title"]].set_axis(["title"], axis=1).sort_index()
    zone = _read(folder, "Job Zones").set_index(_CODE)["Job Zone"].astype(float).rename("job_zone")
    table = table.join(_schooling(folder)).join(zone)
    skills = _read(folder, "Skills")
    if activities is not None:
        known = zone.index.to_series(name=_CODE).reset_index(drop=True)  # occupations that O*NET collects data on
        work = _lay_out(activities, known)
    else:
        work = _read(folder, "Work Activities")
    table["physical_index"] = _index(work, "IM", tuple(PHYSICAL_ACTIVITIES))
    table["technical_index"] = _index(skills, "LV", TECHNICAL_SKILLS)
    tasks = _read(folder, "Tasks to DWAs")
    creative = tasks["DWA ID"].str.rsplit(".", n=1).str[0].isin(DIGITAL_CREATIVE)
    by_task = creative.groupby([tasks[_CODE], tasks["Task ID"]]).any()
    table["digital_creative_share"] = by_task.groupby(level=0).mean().astype(float)
    return table.rename_axis("onet_code").reset_index()[["onet_code", "title", *ONET_FIGURES]]


def _read(folder: Path, name: str) -> pd.DataFrame:
    """A table of the database, as text."""
    path = folder / f"{name}.txt"
    return pd.read_csv(path, sep="\t", quoting=csv.QUOTE_NONE, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def _schooling(folder: Path) -> pd.DataFrame:
    """Expected years and shares from the distribution of the Required Level of Education."""
    table = _read(folder, "Education, Training, and Experience")
    rows = table[(table["Element ID"] == "2.D.1") & (table["Scale ID"] == "RL")]
    rows = rows.assign(level=rows["Category"].astype(float), share=rows["Data Value"].astype(float))
    shares = _wide(rows, "level", "share").reindex(columns=list(SCHOOLING_YEARS)).fillna(0.0)
    shares = shares.div(shares.sum(axis=1), axis=0)
    return pd.DataFrame(
        {
            "schooling_years": (shares * pd.Series(SCHOOLING_YEARS)).sum(axis=1),
            "share_associate_plus": shares.loc[:, _ASSOCIATE:].sum(axis=1),
            "share_bachelor_plus": shares.loc[:, _BACHELOR:].sum(axis=1),
        }
    )


def _index(table: pd.DataFrame, scale: str, elements: tuple[str, ...]) -> pd.Series[float]:
    """Mean z-score of the elements, as a z-score again; NaN where an element is missing."""
    rows = table[table["Element ID"].isin(elements) & (table["Scale ID"] == scale)]
    wide = _wide(rows.assign(value=rows["Data Value"].astype(float)), "Element ID", "value")
    return _z(_z(wide[list(elements)]).mean(axis=1, skipna=False).to_frame()).iloc[:, 0]


def _wide(rows: pd.DataFrame, columns: str, values: str) -> pd.DataFrame:
    """A row for each occupation, a column for each element or level; a value that comes twice is an error."""
    return rows.set_index([_CODE, columns])[values].unstack()  # noqa: PD010


def _z(table: pd.DataFrame) -> pd.DataFrame:
    spread = table.std(ddof=0)
    return (table - table.mean()) / spread.where(spread > 0, 1.0)


def _lay_out(wide: Path, codes: pd.Series[str]) -> pd.DataFrame:
    """Importance by 6-digit codes as "Work Activities" has it, for 8-digit codes."""
    elements = {name: element for element, name in PHYSICAL_ACTIVITIES.items()}
    long = pd.read_csv(wide, dtype={"soc6": str}).melt("soc6", list(elements), "name", "Data Value").dropna()
    long = pd.DataFrame({_CODE: codes, "soc6": codes.str[:7]}).merge(long, on="soc6")
    long["Element ID"], long["Scale ID"] = long["name"].map(elements), "IM"
    return long


def compare(shipped: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """For each column: cells compared, largest difference, and number of differing cells."""
    shipped = shipped.set_index("onet_code")
    made = made.set_index("onet_code").reindex(shipped.index)
    measured = shipped["schooling_source"] == MEASURED
    rows = [("title", len(shipped), np.nan, int((shipped["title"] != made["title"]).sum()))]
    for column in ONET_FIGURES:
        old, new = shipped[column].astype(float), made[column].astype(float)
        if column == "schooling_years":
            old, new = old[measured], new[measured]
        gap = (old - new).abs()
        differs = (gap > 0.51 * 10.0**-DECIMALS) | (old.isna() != new.isna())
        rows.append((column, int(old.notna().sum()), float(gap.max()), int(differs.sum())))
    return pd.DataFrame(rows, columns=["column", "values", "max_difference", "differing"])


def main() -> int:
    """Compute, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--activities", type=Path)
    options = parser.parse_args()
    shipped = read_occupations(ROOT / "data" / "occupations.csv")
    made = figures(options.folder, options.activities).dropna(subset="job_zone")
    result = compare(shipped, made)
    print(result.to_string(index=False, float_format="%.2g"))
    unmatched = set(shipped["onet_code"]) ^ set(made["onet_code"])
    filled = int((shipped["schooling_source"] != MEASURED).sum())
    print(f"\n{len(shipped)} occupations; {len(unmatched)} in one of the two only.")
    print(f"{filled} schooling_years come from elsewhere (see schooling_source) and are not compared.")
    return int(bool(unmatched) or bool(result["differing"].any()))


if __name__ == "__main__":
    sys.exit(main())
