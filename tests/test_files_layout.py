"""Files as people send them: headings above the table, the wrong sheet first, lists inside of a JSON object."""

from __future__ import annotations

import json
import string
from pathlib import Path

import pandas as pd
import pytest
from command import run
from hypothesis import given
from hypothesis import strategies as st

from collarclass import label_file
from collarclass.errors import DataError
from collarclass.files.table import read_table
from collarclass.tables.columns import find_header

ADS = "Job title;Description\nWelder;Weld frames, grind seams.\nLawyer;Law degree required.\n"


def labelled(source: Path, **options: object) -> pd.DataFrame:
    target = source.with_name(f"out-{source.stem}.csv")
    label_file(source, target, force=True, **options)  # type: ignore[arg-type]
    return read_table(target)


def test_a_table_below_a_heading_is_found_and_the_heading_left_out(tmp_path: Path) -> None:
    path = tmp_path / "ads.csv"
    path.write_text("Vacancies of March\n\nSource: job centre\n" + ADS)
    done = label_file(path, tmp_path / "out.csv")
    assert (done.rows, done.read.header_row if done.read else 0) == (2, 4)
    assert "column names in row 4" in str(done.read)
    said = run("label", path, "-o", tmp_path / "again.csv").stderr
    assert "no 3 lines of those above the column names" in said
    assert (tmp_path / "out.csv").read_text().startswith("Job title;Description;collar")
    assert labelled(path)["Job title"].tolist() == ["Welder", "Lawyer"]


def test_the_row_of_names_and_rows_below_it_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "ads.csv"
    path.write_text("a,b\nTitle,Description\n(text),(text)\nWelder,Weld frames.\n")
    assert labelled(path, header_row=2, skip_rows=1)["Title"].tolist() == ["Welder"]
    assert len(labelled(path, header_row=1, text="b")) == 3
    with pytest.raises(DataError, match="has no row 9 near its beginning"):
        labelled(path, header_row=9)
    with pytest.raises(DataError, match="skip_rows is -1"):
        labelled(path, skip_rows=-1)


def test_names_that_nobody_knows_are_found_below_a_heading_and_told(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("Export of a board;;\nAs of 02.04.2026;;\nNr.;Job Ttl;Descr.\n1;Welder;Weld frames.\n;;\n")
    with pytest.raises(DataError, match=r"its columns are: Nr\., Job Ttl, Descr\."):
        labelled(path)
    assert len(labelled(path, title="Job Ttl", text="Descr.")) == 2


@given(st.lists(st.lists(st.text(string.ascii_letters + " "), min_size=2, max_size=2), min_size=1, max_size=5))
def test_no_row_of_data_is_taken_for_names_below_a_whole_row_of_names(rows: list[list[str]]) -> None:
    assert find_header([["first", "second"], *rows]) is None
    assert find_header([["title", "second"], *rows]) == 0


def test_the_sheet_with_ads_is_taken_and_another_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"About this file": ["made in March"]}).to_excel(book, sheet_name="Cover", index=False)
        pd.DataFrame({"职位名称": ["电焊工"], "岗位职责": ["焊接钢结构。"]}).to_excel(
            book, sheet_name="招聘", index=False, startrow=2
        )
    done = label_file(path, tmp_path / "out.csv")
    assert done.read is not None
    assert (done.read.sheet, done.read.header_row, done.read.title) == ("招聘", 1, "职位名称")
    assert labelled(path, sheet="Cover", text="About this file")["About this file"].tolist() == ["made in March"]
    with pytest.raises(DataError, match=r"in sheet 'Cover' of .*The workbook's other sheets are: 招聘"):
        labelled(path, sheet="Cover")
    with pytest.raises(DataError, match="its sheets are: Cover, 招聘"):
        labelled(path, sheet="Ads")


def test_a_heading_in_a_sheet_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    rows = [["Vacancies", None], ["Job title", "Description"], ["Welder", "Weld frames."]]
    pd.DataFrame(rows).to_excel(path, index=False, header=False)
    done = label_file(path, tmp_path / "out.xlsx")
    assert (done.rows, done.read.header_row if done.read else 0) == (1, 2)
    assert read_table(tmp_path / "out.xlsx")["Job title"].tolist() == ["Welder"]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_of_ads_inside_of_an_object_is_found(tmp_path: Path, indent: int | None) -> None:
    ads = [{"title": "Welder", "text": 'Weld [frames] and "seams".'}, {"title": "Lawyer", "text": "Law."}]
    facets = [{"region": "north"}]
    inside = {"status": "ok", "data": {"n": 2, "facets": facets, "jobs": ads}, "next": None}
    path = tmp_path / "reply.json"
    path.write_text(json.dumps(inside, indent=indent))
    assert label_file(path, tmp_path / "out.json").rows == 2
    out = json.loads((tmp_path / "out.json").read_text())
    assert (out["status"], out["next"], out["data"]["facets"]) == ("ok", None, facets)
    assert [ad["title"] for ad in out["data"]["jobs"]] == ["Welder", "Lawyer"]
    assert {ad["collar"] for ad in out["data"]["jobs"]} <= {"white", "blue", "gray", "unclear"}


def test_one_object_a_line_stays_one_ad_a_line(tmp_path: Path) -> None:
    path = tmp_path / "ads.jsonl"
    line = json.dumps({"title": "Welder", "text": "Weld frames.", "tags": [{"name": "metal"}]})
    for lines in (line, f"{line}\n{line}\n"):
        path.write_text(lines)
        assert label_file(path, tmp_path / "out.jsonl", force=True).rows == len(lines.splitlines())


def test_the_hint_for_nested_columns_names_a_member_that_exists(tmp_path: Path) -> None:
    path = tmp_path / "ads.jsonl"
    path.write_text(json.dumps({"job": {"id": 1, "label": {"en": "Welder"}, "description": "Weld."}}) + "\n")
    with pytest.raises(DataError, match=r"such as 'job\.description'"):
        label_file(path, tmp_path / "out.jsonl", text="job")


def test_a_bad_file_of_several_is_named_and_no_row_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "ads"
    folder.mkdir()
    (folder / "a.csv").write_text(ADS)
    (folder / "b.parquet").write_bytes(b"PAR1 no such thing")
    with pytest.raises(DataError, match=r"b\.parquet"):
        label_file(folder, tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["ads"]
