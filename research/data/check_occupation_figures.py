"""Make the figures in data/occupations.csv again from the O*NET database, and compare.

    python -m research.data.check_occupation_figures --onet FOLDER [--activities FILE] [data/occupations.csv]

FOLDER holds the tables of O*NET 29.0. FILE is a table of work-activity importance by 6-digit SOC code
(column `soc6`, one column for each activity, named as O*NET names it), for a folder without "Work
Activities": it is laid out as that official table, each 8-digit occupation with its 6-digit parent's
figure. Exit status 1 when a figure differs by more than the file's rounding.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import pandas as pd

from collarclass.corpus.read import ONET_FIGURES, read_occupations
from collarclass.errors import DataError
from research.data.onet import PHYSICAL_ACTIVITIES, figures

ROOT = Path(__file__).resolve().parents[2]



DECIMALS = 4  # in data/occupations.csv
MEASURED = "RL 29.0"  # the `schooling_source` of figures that come from the folder itself
ACTIVITY_NAMES = dict(
    zip(
        PHYSICAL_ACTIVITIES,
        (
            "Performing General Physical Activities",
            "Handling and Moving Objects",
            "Controlling Machines and Processes",
            "Repairing and Maintaining Mechanical Equipment",
            "Repairing and Maintaining Electronic Equipment",
        ),
        strict=True,
    )
)


def lay_out_activities(wide: Path, codes: pd.Series[str], folder: Path) -> None:
    """Write "Work Activities.txt" for 8-digit codes, each with its 6-digit parent's importance."""
    table = pd.read_csv(wide, dtype={"soc6": str})
    missing = [name for name in ("soc6", *ACTIVITY_NAMES.values()) if name not in table]
    if missing:
        raise DataError(f"{wide.name} has no column {missing[0]!r}: give importance by 6-digit SOC code.")
    elements = {name: element for element, name in ACTIVITY_NAMES.items()}
    long = table.melt("soc6", list(elements), "Element Name", "Data Value").dropna()
    long["Element ID"] = long["Element Name"].map(elements)
    long = pd.DataFrame({"O*NET-SOC Code": codes, "soc6": codes.str[:7]}).merge(long, on="soc6")
    long["Scale ID"] = "IM"
    columns = ["O*NET-SOC Code", "Element ID", "Element Name", "Scale ID", "Data Value"]
    long[columns].to_csv(folder / "Work Activities.txt", sep="\t", index=False)


def data_level_figures(onet: Path, activities: Path | None) -> pd.DataFrame:
    """Figures of the occupations with a job zone, which are those that O*NET collects data on."""
    table = figures(onet)
    table = table[table["job_zone"].notna()]
    if activities is not None:
        with tempfile.TemporaryDirectory() as folder:
            lay_out_activities(activities, table["onet_code"], Path(folder))
            physical = figures(onet, activities=folder).set_index("onet_code")["physical_index"]
        table = table.assign(physical_index=table["onet_code"].map(physical))
    return table.reset_index(drop=True)


def compare(shipped: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """For each column: cells compared, largest difference, and number of differing cells."""
    shipped, made = shipped.set_index("onet_code"), made.set_index("onet_code")
    measured = shipped["schooling_source"] == MEASURED
    made = made.reindex(shipped.index)
    rows = [("title", len(shipped), float("nan"), int((shipped["title"] != made["title"]).sum()))]
    for column in ONET_FIGURES:
        old, new = shipped[column].astype(float), made[column].astype(float)
        if column == "schooling_years":
            old, new = old[measured], new[measured]
        gap = (old - new).abs()
        differs = (gap > 0.51 * 10.0**-DECIMALS) | (old.isna() != new.isna())
        rows.append((column, int(old.notna().sum()), float(gap.max()), int(differs.sum())))
    return pd.DataFrame(rows, columns=["column", "values", "max_difference", "differing"])


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare data/occupations.csv with the O*NET database.")
    parser.add_argument("--onet", type=Path, required=True, help="folder of the O*NET 29.0 database")
    parser.add_argument("--activities", type=Path, help="work activities by 6-digit SOC code, as CSV")
    parser.add_argument("table", type=Path, nargs="?", default=ROOT / "data" / "occupations.csv")
    args = parser.parse_args()
    try:
        shipped = read_occupations(args.table)
        made = data_level_figures(args.onet, args.activities)
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    result = compare(shipped, made)
    print(result.to_string(index=False, float_format="%.2g"))
    unmatched = set(shipped["onet_code"]) ^ set(made["onet_code"])
    filled = int((shipped["schooling_source"] != MEASURED).sum())
    print(f"\n{len(shipped)} occupations; {len(unmatched)} in one of the two only.")
    print(f"{filled} schooling_years come from elsewhere (see schooling_source) and are not compared.")
    return int(bool(unmatched) or bool(result["differing"].any()))


if __name__ == "__main__":
    sys.exit(main())
