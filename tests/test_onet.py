"""The figures from a made-up O*NET folder, in both formats, and what is said of a bad one."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from collarclass import DataError
from research.data.onet import PHYSICAL_ACTIVITIES, TECHNICAL_SKILLS, figures

CODES = ("11-1011.00", "15-1252.00", "51-4041.00")
Table = list[list[str]]


def database() -> dict[str, Table]:
    """Four occupations: three with data, one (99-9999.00) known by name alone."""
    education = {"11-1011.00": {6: 40, 8: 60}, "15-1252.00": {5: 25, 6: 75}, "51-4041.00": {1: 50, 2: 50}}
    tasks = {
        "11-1011.00": [("1", "4.A.2.a.4.I09.D03"), ("2", "4.A.4.b.4.I01.D01")],
        "15-1252.00": [
            ("3", "4.A.3.b.1.I01.D02"),
            ("3", "4.A.2.a.4.I09.D03"),
            ("4", "4.A.2.b.2.I02.D05"),
            ("5", "4.A.4.b.4.I01.D01"),
            ("6", "4.A.4.b.4.I01.D01"),
        ],
        "51-4041.00": [("7", "4.A.3.a.3.I01.D01")],
    }
    rating = ["O*NET-SOC Code", "Title", "Element ID", "Element Name", "Scale ID", "Data Value"]
    return {
        "Occupation Data": [
            ["O*NET-SOC Code", "Title", "Description"],
            ["51-4041.00", "Machinists", 'Set up and operate "machine tools".'],
            ["11-1011.00", "Chief Executives", "Direct, plan."],
            ["15-1252.00", "Software Developers", "Write software."],
            ["99-9999.00", "All Others", "Everything else."],
        ],
        "Education, Training, and Experience": [
            ["O*NET-SOC Code", "Element ID", "Scale ID", "Category", "Data Value"],
            *[
                [code, "2.D.1", "RL", f"{category:g}", f"{shares.get(category, 0):.2f}"]
                for code, shares in education.items()
                for category in range(1, 13)
            ],
            ["11-1011.00", "3.A.1", "RW", "6", "77.00"],
            ["11-1011.00", "2.D.1", "XX", "n/a", "n/a"],
        ],
        "Job Zones": [["O*NET-SOC Code", "Job Zone"], *[[c, z] for c, z in zip(CODES, "542", strict=True)]],
        "Skills": [
            rating,
            *[
                [code, "", element, "", scale, str(value + (scale == "IM"))]
                for value, code in enumerate(CODES, 1)
                for element in TECHNICAL_SKILLS
                for scale in ("IM", "LV")
            ],
            ["11-1011.00", "", "2.A.1.a", "Reading Comprehension", "LV", "7"],
        ],
        "Work Activities": [
            rating,
            *[
                [code, "", element, "", scale, value]
                for code, value in zip(CODES, ("1", "1", "4"), strict=True)
                for element in PHYSICAL_ACTIVITIES
                for scale in ("IM", "LV")
            ],
        ],
        "Tasks to DWAs": [
            ["O*NET-SOC Code", "Task ID", "DWA ID"],
            *[[code, *pair] for code, pairs in tasks.items() for pair in pairs],
        ],
    }


def as_text(folder: Path, tables: dict[str, Table]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in tables.items():
        lines = ["\t".join(row) for row in rows]
        (folder / f"{name}.txt").write_text("\r\n".join(lines) + "\r\n", "utf-8")
    return folder


def as_csv(folder: Path, tables: dict[str, Table]) -> Path:
    """The other spellings: underscores in file and column names, quoted cells, a byte-order mark."""
    folder.mkdir(exist_ok=True)
    for name, (head, *rows) in tables.items():
        path = folder / f"{name.replace(',', '').replace(' ', '_')}.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([[column.replace(" ", "_") for column in head], *rows])
    return folder


@pytest.mark.parametrize("write", [as_text, as_csv])
def test_figures(tmp_path: Path, write: Callable[[Path, dict[str, Table]], Path]) -> None:
    table = figures(write(tmp_path / "db", database()))
    assert table["onet_code"].tolist() == [*CODES, "99-9999.00"]
    assert table["title"].tolist()[:2] == ["Chief Executives", "Software Developers"]
    # By hand: 0.4 * 16 + 0.6 * 18; 0.25 * 14 + 0.75 * 16; 0.5 * 10 + 0.5 * 12.
    np.testing.assert_allclose(table["schooling_years"], [17.2, 15.5, 11.0, np.nan])
    np.testing.assert_allclose(table["share_associate_plus"], [1.0, 1.0, 0.0, np.nan])
    np.testing.assert_allclose(table["share_bachelor_plus"], [1.0, 0.75, 0.0, np.nan])
    assert table["job_zone"].tolist()[:3] == [5, 4, 2]
    assert pd.isna(table["job_zone"][3])
    np.testing.assert_allclose(table["physical_index"], [-(0.5**0.5), -(0.5**0.5), 2**0.5, np.nan])
    np.testing.assert_allclose(table["technical_index"], [-(1.5**0.5), 0, 1.5**0.5, np.nan], atol=1e-12)
    np.testing.assert_allclose(table["digital_creative_share"], [0.0, 0.5, 0.0, np.nan])


def test_both_formats_give_the_same(tmp_path: Path) -> None:
    pd.testing.assert_frame_equal(
        figures(as_text(tmp_path / "text", database())), figures(as_csv(tmp_path / "csv", database()))
    )


def test_text_is_read_where_both_formats_are_there(tmp_path: Path) -> None:
    other = database()
    other["Job Zones"][1][1] = "1"
    folder = as_text(as_csv(tmp_path / "db", other), database())
    assert figures(folder)["job_zone"][0] == 5


def test_work_activities_may_be_missing_or_elsewhere(tmp_path: Path) -> None:
    tables = database()
    activities = {"Work Activities": tables.pop("Work Activities")}
    folder = as_text(tmp_path / "db", tables)
    assert figures(folder)["physical_index"].isna().all()
    away = as_csv(tmp_path / "away", activities)
    expected = figures(as_text(tmp_path / "whole", database()))
    pd.testing.assert_frame_equal(figures(folder, activities=away), expected)
    with pytest.raises(DataError, match=r"db has no table 'Work Activities'.*download"):
        figures(folder, activities=folder)


@pytest.mark.parametrize("name", [name for name in database() if name != "Work Activities"])
def test_a_missing_table_is_named(tmp_path: Path, name: str) -> None:
    tables = database()
    del tables[name]
    with pytest.raises(DataError, match=f"has no table '{name}'.*https://www.onetcenter.org/database.html"):
        figures(as_text(tmp_path / "db", tables))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"No folder .*nowhere: download"):
        figures(tmp_path / "nowhere")


def test_an_occupation_lacking_one_element_has_no_index(tmp_path: Path) -> None:
    tables = database()
    tables["Skills"] = [row for row in tables["Skills"] if row[:3] != ["11-1011.00", "", "2.B.3.e"]]
    index = figures(as_text(tmp_path / "db", tables))["technical_index"]
    assert index.isna().tolist() == [True, False, False, True]


def test_an_element_without_spread_does_not_count(tmp_path: Path) -> None:
    tables = database()
    for row in tables["Work Activities"][1:]:
        row[5] = "3"
    assert figures(as_text(tmp_path / "db", tables))["physical_index"].tolist()[:3] == [0, 0, 0]


@pytest.mark.parametrize(
    ("name", "row", "column", "value", "message"),
    [
        ("Job Zones", 1, 1, "9", r"Job Zones.txt, row 2: job zone '9' of 11-1011.00 must be 1 to 5"),
        ("Job Zones", 2, 1, "many", r"Job Zones.txt, row 3, column 'Job Zone': 'many' must be a number"),
        ("Job Zones", 0, 1, "Zone", r"Job Zones.txt has no column 'Job Zone'; its columns are: .*Zone"),
        ("Skills", 2, 5, "n/a", r"Skills.txt, row 3, column 'Data Value': 'n/a' must be a number"),
        ("Skills", 4, 2, "2.B.3.a", r"Skills.txt, row 5: 11-1011.00 has a second value of Element ID 2"),
        ("Education, Training, and Experience", 7, 3, "13", r"row 8, column 'Category': 13 is none of the"),
        ("Education, Training, and Experience", 6, 4, "9", r"the shares of 11-1011.00 .* add up to 69"),
        ("Occupation Data", 2, 0, "51-4041.00", r"Occupation Data.txt, row 3: 51-4041.00 comes twice"),
    ],
)
def test_a_bad_cell_is_named(
    tmp_path: Path, name: str, row: int, column: int, value: str, message: str
) -> None:
    tables = database()
    tables[name][row][column] = value
    with pytest.raises(DataError, match=message):
        figures(as_text(tmp_path / "db", tables))


def test_a_table_without_an_element_is_named(tmp_path: Path) -> None:
    tables = database()
    tables["Skills"] = [row for row in tables["Skills"] if row[2] != "2.B.3.e"]
    with pytest.raises(DataError, match=r"Skills.txt has no value of element 2.B.3.e on scale LV"):
        figures(as_text(tmp_path / "db", tables))


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    folder = as_text(tmp_path / "db", database())
    (folder / "Skills.txt").write_bytes("é".encode("utf-16"))
    with pytest.raises(DataError, match=r"Skills.txt cannot be read as UTF-8 tab-delimited text"):
        figures(folder)
