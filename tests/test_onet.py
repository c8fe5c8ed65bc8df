"""The figures from a made-up O*NET folder, and how they are compared with the shipped ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from collarclass.corpus.read import ONET_FIGURES
from research.data.onet import PHYSICAL_ACTIVITIES, TECHNICAL_SKILLS, compare, figures

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


def test_figures(tmp_path: Path) -> None:
    table = figures(as_text(tmp_path / "db", database()))
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


def test_work_activities_may_come_by_six_digits_from_elsewhere(tmp_path: Path) -> None:
    expected = figures(as_text(tmp_path / "db", database()))
    wide = pd.DataFrame({name: [1, 1, 4] for name in PHYSICAL_ACTIVITIES.values()})
    wide.insert(0, "soc6", [code[:7] for code in CODES])
    wide.to_csv(tmp_path / "wide.csv", index=False)
    (tmp_path / "db" / "Work Activities.txt").unlink()
    pd.testing.assert_frame_equal(figures(tmp_path / "db", tmp_path / "wide.csv"), expected)


def test_a_figure_that_differs_is_counted() -> None:
    shipped = pd.DataFrame({"onet_code": CODES, "title": CODES, "schooling_source": ["RL 29.0", "RL 29.0", "job zone"]})
    shipped = shipped.assign(**dict.fromkeys(ONET_FIGURES, 1.0))
    made = shipped.assign(job_zone=[1.0, 2.0, np.nan], schooling_years=[1.00004, 1.0, 9.0])
    found = compare(shipped, made).set_index("column")["differing"]
    assert found["job_zone"] == 2
    assert found.sum() == 2, "rounding and years from elsewhere do not count"


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
