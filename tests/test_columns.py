"""Ads in several columns, nested members, codes: which columns are read, and what is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command import run
from hypothesis import given, settings
from hypothesis import strategies as st

from collarclass import DataError, Model, classify, label_file, label_table, lookup_occupation, occupations
from collarclass.occupation.table import csco_names
from collarclass.tables.columns import Columns, choose_columns
from collarclass.tables.schema import COLUMNS
from collarclass.text.cells import join_sections

DUTIES = "负责数控机床的编程、调试与日常操作，保证零件的加工精度，并做好设备的点检与保养。"
PORTAL = pd.DataFrame(
    {
        "职位": ["数控技术员", "数控技术员"],
        "岗位职责": [DUTIES, DUTIES],
        "任职要求": ["机械类专业大专及以上学历，熟悉数控系统。", "学历不限，有操作经验即可。"],
        "工作经验": ["1-3年", "不限"],
    }
)


def test_parts_of_an_ad_are_read_together() -> None:
    labelled = label_table(PORTAL)
    assert labelled["collar"].tolist() == ["gray", "blue"]
    assert labelled["schooling_level"].tolist()[0] == "associate"
    assert labelled["schooling_status"].tolist() == ["required", "not_needed"]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "parquet", "xlsx"])
@pytest.mark.parametrize("heading", ["Job Ttl", "Position"])
def test_columns_of_unknown_names_are_found_by_what_they_hold(
    tmp_path: Path, small_model_path: Path, kind: str, heading: str
) -> None:
    rows = {
        "No": [f"{i:05}" for i in range(9)],
        heading: [f"Welder {'abcdefghi'[i]}" for i in range(9)],
        "Descr.": [f"Weld frames by hand in hall {i}. Grind with care. {'Mind the gap. ' * 6}" for i in range(9)],
        "Where": ["North", "South", "East"] * 3,
    }
    write_rows(pd.DataFrame(rows), tmp_path / f"ads.{kind}")
    label = ("label", tmp_path / f"ads.{kind}", "-m", small_model_path, "-o")
    said = run(*label, tmp_path / "out.csv").stderr
    assert f"Read titles from '{heading}', texts from 'Descr.'" in said
    assert "chosen by what they hold" in said
    other = run(*label, tmp_path / "two.csv", "--title", "Where").stderr
    assert "Read titles from 'Where' (" in other  # who names a column chooses


def write_rows(rows: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".csv":
        rows.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        rows.to_parquet(path)
    elif path.suffix == ".xlsx":
        rows.to_excel(path, index=False)
    else:
        rows.to_json(path, orient="records", lines=path.suffix == ".jsonl", force_ascii=False)


def test_one_column_and_several_lead_to_the_same() -> None:
    joined = PORTAL.assign(职位描述="岗位职责：\n" + PORTAL["岗位职责"] + "\n任职要求：\n" + PORTAL["任职要求"])[
        ["职位", "职位描述"]
    ]
    one, several = label_table(joined), label_table(PORTAL)
    for column in ("collar", "schooling_level", "schooling_status"):
        assert one[column].tolist() == several[column].tolist()


def test_evidence_and_requirements_say_where_they_stand() -> None:
    parts = {"岗位职责": DUTIES, "任职要求": "机械类专业大专及以上学历优先。", "证书": "持有数控车工中级证", "福利": ""}
    found = classify(parts, "数控技术员")
    fields = {**parts, "title": "数控技术员"}
    assert {r.field for r in found.requirements} == {"任职要求", "证书"}
    items: list[Any] = [*found.requirements, *found.reasons, *(e for e in found.evidence if e.field is not None)]
    items += [r.cue for r in found.requirements if r.cue is not None]
    for item in items:
        assert fields[item.field][item.start : item.end] == item.text
    assert {e.field for e in found.evidence} >= {None, "岗位职责", "title"}
    assert all(reason.text for reason in found.reasons)


@settings(max_examples=60)
@given(st.dictionaries(st.text("abc_.学历", min_size=1, max_size=8), st.text(max_size=40), max_size=4))
def test_offsets_hold_in_any_parts(parts: dict[str, str]) -> None:
    ad = join_sections(parts, parts.values())
    assert [cell.name for cell in ad.cells] == [name for name, value in parts.items() if value.strip()]
    assert all(ad.text[cell.start : cell.end] == parts[cell.name] for cell in ad.cells)
    fields = {**parts, "title": "Welder"}
    if "text" not in parts:
        found = classify(parts, "Welder")
        assert all(fields[e.field][e.start : e.end] == e.text for e in found.evidence if e.field is not None)


@pytest.mark.parametrize(
    ("columns", "options", "found"),
    [
        (["Title", "Description"], {}, Columns("Title", ("Description",))),
        (["description", "text", "title"], {}, Columns("title", ("text",))),
        (["职位", "学历", "岗位职责", "任职要求"], {}, Columns("职位", ("学历", "岗位职责", "任职要求"))),
        (["a", "b", "c"], {"text": ["c", "a"]}, Columns(None, ("c", "a"))),
        (["job.title", "job.body", "id"], {}, Columns("job.title", ("job.body",))),
        (["title"], {}, Columns("title", ("title",))),
        (["soc", "n"], {"code": "soc"}, Columns(None, ("soc",), "soc")),
        (["text", "skills"], {"kinds": {"skills": "objects"}}, Columns(None, ("text",))),
        (["text", "collar", "certificates", "collar_model"], {}, Columns(None, ("text",))),
        (["position", "job", "text"], {"kinds": {"position": "numbers"}}, Columns("job", ("text",))),
    ],
)
def test_which_columns_are_read(columns: list[str], options: dict[str, Any], found: Columns) -> None:
    assert choose_columns(columns, **options) == found


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (["text", "text"], {}, "Two columns of the table are called 'text': rename one"),
        (
            ["title", "title.en", "text"], {"kinds": {"title": "objects"}},
            r"Column 'title' .* holds objects, .* 'title\.en'",
        ),
        (["title", "text"], {"title": "text", "text": "body"}, "No column 'body' in the table; .* title, text"),
        (["n", "text"], {"text": "n", "kinds": {"n": "numbers"}}, "Column 'n' of the table holds numbers, not text"),
        (["text"], {"kinds": {"text": "numbers"}}, "Column 'text' of the table holds numbers, not text"),
        (["n"], {}, "No column of ad texts found in the table; its columns are: n"),
        (["text"], {"code": "soc"}, "No column 'soc'"),
    ],
)
def test_what_cannot_be_read_is_refused(columns: list[str], options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        choose_columns(columns, **options)


NESTED = [
    {"id": 1, "job": {"title": "Web designer", "description": "You build pages in HTML and CSS. Diploma required."}},
    {"id": 2, "job": {"title": "Welder", "description": "You weld steel frames all day. No schooling needed."}},
]


@pytest.mark.parametrize("kind", ["csv", "tsv", "json", "jsonl", "parquet", "xlsx"])
def test_a_column_whose_name_differs_in_case_alone_is_refused(tmp_path: Path, small_model: Model, kind: str) -> None:
    rows = pd.DataFrame({"text": ["We weld steel frames."], "COLLAR": ["x"]})
    pq.write_table(pa.Table.from_pandas(rows), tmp_path / "ads.parquet")
    with pytest.raises(DataError, match=r"'COLLAR'.*already.*--prefix"):
        label_file(tmp_path / "ads.parquet", tmp_path / f"out.{kind}", model=small_model)
    with pytest.raises(DataError, match=r"'COLLAR'.*already.*--prefix"):
        label_table(rows, model=small_model)
    (tmp_path / "late.jsonl").write_text('{"text": "a"}\n' * 3000 + '{"text": "b", "Collar": 1}\n')
    with pytest.raises(DataError, match=r"'Collar'.*already.*--prefix"):
        label_file(tmp_path / "late.jsonl", tmp_path / f"out.{kind}", model=small_model, evidence=False)
    assert not list(tmp_path.glob("out.*"))


def test_a_member_whose_name_is_escaped_leaves_no_target(tmp_path: Path, small_model: Model) -> None:
    (tmp_path / "ads.jsonl").write_text('{"text": "a"}\n' * 3000 + '{"text": "b", "\\u0043ollar": 1}\n')
    with pytest.raises(DataError, match=r"Row 3001 has a member 'Collar' already.*--prefix"):
        label_file(tmp_path / "ads.jsonl", tmp_path / "out.jsonl", model=small_model, evidence=False)
    assert not list(tmp_path.glob("out.*"))


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_named_like_one_to_be_added_is_told_and_helped(name: str) -> None:
    table = pd.DataFrame({"title": ["Welder"], "text": ["MIG welding of steel frames."], name: ["mine"]})
    with pytest.raises(DataError, match=f"Column '{name}' is already in the table: .* prefix='new_' .* rename or drop"):
        label_table(table)
    labelled = label_table(table, prefix="new_")
    assert labelled[name].tolist() == ["mine"]
    assert labelled["new_collar"].tolist() == ["blue"]


def test_the_prefix_that_is_proposed_is_free() -> None:
    table = pd.DataFrame({"text": ["steel"], "collar": ["x"], "new_p_gray": ["x"], "collar_note": ["x"]})
    with pytest.raises(DataError, match=r"Column 'collar' and 1 other of those .* --prefix new_new_ "):
        label_table(table)


@pytest.mark.parametrize("columns", [["ad", "title", "description"], ["ad", "text"], ["Ad", "posting", "职位描述"]])
def test_a_column_called_ad_is_the_text_only_where_there_is_no_other(columns: list[str]) -> None:
    assert "ad" not in map(str.lower, map(str, choose_columns(columns).texts))
    assert choose_columns([columns[0], "title"]).texts == (columns[0],)


@pytest.mark.parametrize("ending", ["jsonl", "json", "parquet"])
def test_nested_members_are_found(tmp_path: Path, ending: str) -> None:
    source = tmp_path / f"ads.{ending}"
    if ending == "parquet":
        pq.write_table(pa.Table.from_pylist(NESTED), source)
    else:
        lines = "\n".join(map(json.dumps, NESTED)) if ending == "jsonl" else json.dumps(NESTED)
        source.write_text(lines)
    for options in ({}, {"title": "job.title", "text": "job.description"}):
        label_file(source, tmp_path / "out.jsonl", force=True, **options)  # type: ignore[arg-type]
        rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
        assert [row["collar"] for row in rows] == ["gray", "blue"]
        assert [row["job"] for row in rows] == [row["job"] for row in NESTED]
    table = label_table(pa.Table.from_pylist(NESTED))
    assert table["collar"].to_pylist() == ["gray", "blue"]


def test_an_object_is_not_taken_for_a_title(tmp_path: Path) -> None:
    (tmp_path / "ads.jsonl").write_text(json.dumps({"title": {"name": "Welder"}, "text": "You weld all day."}))
    with pytest.raises(DataError, match=r"Column 'title' of .*ads\.jsonl holds objects, not text: .*'title\.name'"):
        label_file(tmp_path / "ads.jsonl", tmp_path / "out.jsonl")
    label_file(tmp_path / "ads.jsonl", tmp_path / "out.jsonl", title="title.name")
    assert json.loads((tmp_path / "out.jsonl").read_text())["collar"] == "blue"


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet", "xlsx"])
def test_every_format_reads_several_columns(tmp_path: Path, ending: str) -> None:
    if ending == "xlsx":
        pytest.importorskip("xlsxwriter", reason="pip install collarclass[excel]")
    label_file(_csv(tmp_path, PORTAL), tmp_path / f"copy.{ending}")
    label_file(tmp_path / f"copy.{ending}", tmp_path / "again.csv", prefix="again_")
    again = pd.read_csv(tmp_path / "again.csv")
    assert again["again_collar"].tolist() == ["gray", "blue"]
    assert again["again_schooling_level"].tolist()[0] == "associate"


def _csv(folder: Path, table: pd.DataFrame) -> Path:
    table.to_csv(folder / "source.csv", index=False)
    return folder / "source.csv"


def test_codes_judge_rows_without_an_ad() -> None:
    table = pd.DataFrame(
        {
            "code": ["51-4121.00", "2-02-07-01", "3115", "23-1011.00", "99-9999.00", "", "51-4121.00"],
            "text": ["", "", "", "", "", "", "Accountant wanted: you keep our ledgers. Bachelor's degree required."],
        }
    )
    labelled = label_table(table, code="code")
    assert labelled["collar"].tolist() == ["blue", "gray", "gray", "white", "unclear", "unclear", "white"]
    assert labelled["collar_basis"].tolist() == [*["occupation"] * 4, "ad", "ad", "ad"]
    assert labelled["collar_note"].tolist()[4:6] == ["the code stands for no occupation that is known", "empty text"]
    assert labelled["collar_evidence"].tolist()[0].startswith("Welders")
    alone = label_table(table[["code"]].head(4), code="code")
    assert alone["collar"].tolist() == ["blue", "gray", "gray", "white"]


@pytest.mark.slow
def test_every_code_has_the_label_of_its_occupation() -> None:
    for table, code in ((occupations(), "onet_code"), (csco_names().reset_index(), "code")):
        labelled = label_table(table[[code, "label"]], code=code, evidence=False)
        assert (labelled["collar"] == labelled["label"]).all()
        assert (labelled["collar_confidence"] > 0.5).all()


def test_the_nearest_occupation_of_each_row(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"title": ["Mechatronics technician", "zzqq", ""], "text": ["", "", "Plumber\nYou mend pipes."]}
    )
    labelled = label_table(table, occupations=True)
    assert list(labelled.columns) == [
        *table.columns, *COLUMNS, "occupation_code", "occupation_title", "occupation_similarity"
    ]  # fmt: skip
    assert labelled["occupation_code"].tolist() == ["17-3024.00", "", "47-2152.00"]
    assert labelled["occupation_similarity"].isna().tolist() == [False, True, False]
    label_file(_csv(tmp_path, table), tmp_path / "out.parquet", occupations=True)
    assert pq.read_table(tmp_path / "out.parquet")["occupation_code"].to_pylist() == ["17-3024.00", "", "47-2152.00"]


def test_the_command_says_what_it_read(tmp_path: Path) -> None:
    source = _csv(tmp_path, PORTAL.assign(code=["", "51-4121.00"]))
    options = ["--text", "岗位职责", "--text", "任职要求", "--code", "code", "--occupations"]
    done = run("label", source, "-o", tmp_path / "out.csv", *options, "--summary", tmp_path / "summary.json")
    assert done.stderr.splitlines() == [
        f"2 ads: 0 white, 1 blue, 1 gray, 0 unclear -> {tmp_path / 'out.csv'}",
        "Read titles from '职位', texts from '岗位职责' + '任职要求', codes from 'code' (csv, utf-8, ','); "
        "judged 2 from ads.",
        "With fewer than 30 labels of ads nothing can be said of how many are right.",
    ]
    summary = json.loads((tmp_path / "summary.json").read_text("utf-8"))
    assert summary["counts"] == {"white": 0, "blue": 1, "gray": 1, "unclear": 0}
    assert summary["read"]["texts"] == ["岗位职责", "任职要求"]
    assert summary["bases"] == {"ad": 2, "title": 0, "occupation": 0}
    assert summary["sources"] == [{"path": str(source), "sha256": hashlib.sha256(source.read_bytes()).hexdigest()}]
    assert "occupation_code" in (tmp_path / "out.csv").read_text("utf-8").splitlines()[0]
    assert run("label", source, "-o", tmp_path / "out.csv", "-f", "--quiet").stderr == ""


def test_the_command_looks_occupations_up() -> None:
    out = run("occupation", "mechatronics", "technician", "-n", "1").stdout
    assert out.splitlines()[0].endswith("Mechatronics Technologists and Technicians: gray")
    assert "O*NET-SOC 17-3024.00; ISCO-08 3113, 3115" in out
    found = json.loads(run("occupation", "3115", "-n", "2", "--json").stdout)
    assert [match["onet_code"] for match in found] == [m.onet_code for m in lookup_occupation("3115", 2)]
    assert run("occupation", "zzqq").stdout.startswith("No occupation is like this")
    assert "No occupation of the table has the ISCO-08 code 9999" in run("occupation", "9999", code=1).stderr


def test_the_command_judges_a_bare_title() -> None:
    assert run("classify", "-t", "Web designer").stdout.startswith("Gray: ")
    assert "judged by            the title alone" in run("classify", "Web designer").stdout
    assert 'collarclass classify "Web designer"' in run("classify", code=2).stderr
