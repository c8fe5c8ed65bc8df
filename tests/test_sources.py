"""Workbooks, JSON arrays, archives, folders, several sources, parts of them, and the limits of a row."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collarclass import DataError, Model, label_file, save_model
from collarclass.files import native
from collarclass.files.excel import MAX_SHEET_ROWS, ExcelWriter
from collarclass.files.layout import Layout
from collarclass.files.readers import open_reader
from collarclass.files.source import Limits
from collarclass.files.table import read_table
from collarclass.tables.schema import COLUMNS

HEADER = ["id", "title", "text"]
ADS = [
    ["a1", "Welder", "MIG welding of steel frames in our workshop, no schooling needed."],
    ["a2", "Accountant", "Bachelor's degree in accounting required.\nPrepare reports, advise managers."],
    ["a3", "电焊工", "熟练焊接钢结构，学历不限，包吃住。"],
    ["a4", "Cook", ""],
]


def as_csv(rows: Sequence[Sequence[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


@pytest.fixture
def ads(tmp_path: Path) -> Path:
    path = tmp_path / "ads.csv"
    path.write_text(as_csv([HEADER, *ADS]), "utf-8", newline="")
    return path


@pytest.fixture
def expected(ads: Path, small_model: Model) -> list[str]:
    label_file(ads, ads.with_name("expected.csv"), model=small_model)
    return read_table(ads.with_name("expected.csv"))["collar"].tolist()


def labelled(target: Path, *sources: Path | str, model: Model, **options: Any) -> pd.DataFrame:
    label_file(sources if len(sources) > 1 else sources[0], target, model=model, force=True, **options)
    return read_table(target)


# -- workbooks -----------------------------------------------------------------------------------


def workbook(path: Path) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter", reason="pip install collarclass[excel]")
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("Notes").write(0, 0, "nothing here")
        sheet = book.add_worksheet("Ads")
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(0, 0, ["n", "title", "text", "posted", "open", "pay", "pay2"])
        for row, (_, title, text) in enumerate(ADS, 1):
            sheet.write_row(row, 0, [row, title, text])
            sheet.write_datetime(row, 3, dt.datetime(2024, 5, row), day)
            sheet.write_boolean(row, 4, row % 2 == 0)
            sheet.write_number(row, 5, 12.5 * row)
            sheet.write_formula(row, 6, f"=F{row + 1}*2", None, 25 * row)
        sheet.write_string(2, 1, "=1+1")


def test_a_workbook_keeps_types_and_values_of_formulas(
    tmp_path: Path, small_model: Model, expected: list[str]
) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="pip install collarclass[excel]")
    workbook(tmp_path / "ads.xlsx")
    label_file(tmp_path / "ads.xlsx", tmp_path / "out.xlsx", model=small_model, sheet="Ads")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["Ads"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == ["n", "title", "text", "posted", "open", "pay", "pay2", *COLUMNS]
    assert rows[1][:7] == [1, "Welder", ADS[0][2], dt.datetime(2024, 5, 1), False, 12.5, 25]
    assert [row[7] for row in rows[1:]] == expected
    assert sheet["B3"].data_type == "s"  # text that looks like a formula stays text
    assert [c.data_type for c in sheet[2]].count("f") == 0
    assert sheet.freeze_panes == "A2"
    assert sheet["A1"].font.b
    assert sheet.column_dimensions["C"].width > sheet.column_dimensions["A"].width
    colours = {rows[i][7]: sheet.cell(i + 1, 8).fill.fgColor.rgb for i in range(1, len(rows))}
    assert len(set(colours.values())) == len(colours)
    assert rows[1][8] == pytest.approx(float(read_table(tmp_path / "expected.csv")["collar_confidence"][0]))


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_every_kind_of_workbook_is_read(tmp_path: Path, small_model: Model, expected: list[str], kind: str) -> None:
    pytest.importorskip("python_calamine", reason="pip install collarclass[excel]")
    path = tmp_path / f"book.{kind}"
    if kind == "xls":
        book = pytest.importorskip("xlwt").Workbook()
        sheet = book.add_sheet("Ads")
        for i, row in enumerate([HEADER, *ADS]):
            for j, value in enumerate(row):
                sheet.write(i, j, value)
        book.save(str(path))
    else:
        if kind == "ods":
            pytest.importorskip("odf")
        pd.DataFrame(ADS, columns=HEADER).to_excel(path, index=False)
    for to in ("csv", "xlsx") if kind == "xlsx" else ("csv",):
        found = labelled(tmp_path / f"out.{to}", path, model=small_model)
        assert found["collar"].tolist() == expected
        assert found[HEADER].values.tolist() == ADS


def test_formats_become_workbooks(ads: Path, tmp_path: Path, small_model: Model, expected: list[str]) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="pip install collarclass[excel]")
    ads.write_text(as_csv([HEADER, *ADS[:3], ["=1+1", "Cook", "x" * 40_000]]), "utf-8")
    label_file(ads, tmp_path / "out.xlsx", model=small_model)
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["ads"]
    assert sheet["A5"].data_type == "s"
    assert len(sheet["C5"].value) == 32_767
    note = [c.value for c in sheet[5]][3 + COLUMNS.index("collar_note")]
    assert "a cell cut to 32,767 characters" in note
    assert [sheet.cell(i, 4).value for i in (2, 3, 4)] == expected[:3]


def test_sheets_are_chosen_by_name_or_number(tmp_path: Path, small_model: Model) -> None:
    workbook(tmp_path / "ads.xlsx")
    for sheet in ("Ads", "2"):
        found = labelled(tmp_path / "out.csv", tmp_path / "ads.xlsx", model=small_model, sheet=sheet)
        assert found["n"].tolist() == ["1", "2", "3", "4"]
        assert found["posted"][0] == "2024-05-01"
    with pytest.raises(DataError, match=r"No sheet 'Nope' in .*ads.xlsx; its sheets are: Notes, Ads"):
        label_file(tmp_path / "ads.xlsx", tmp_path / "x.csv", model=small_model, sheet="Nope")
    (tmp_path / "bad.xlsx").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(DataError, match=r"bad\.xlsx is not a workbook that can be read"):
        label_file(tmp_path / "bad.xlsx", tmp_path / "x.csv", model=small_model)


def test_cells_of_a_workbook_stay_as_they_are(tmp_path: Path, small_model: Model) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter", reason="pip install collarclass[excel]")
    openpyxl = pytest.importorskip("openpyxl", reason="pip install collarclass[excel]")
    with xlsxwriter.Workbook(str(tmp_path / "ads.xlsx")) as book:
        book.add_worksheet("Lists").hide()
        sheet = book.add_worksheet("Ads")
        sheet.activate()
        sheet.write_row(0, 0, ["text", "formula", "time", "ratio"])
        sheet.write_string(1, 0, ADS[0][2])
        sheet.write_formula(1, 1, "=7*2", None, 14)
        sheet.write_datetime(1, 2, dt.timedelta(hours=30, minutes=5), book.add_format({"num_format": "[h]:mm:ss"}))
        sheet.write_number(1, 3, 12.1)
    done = label_file(tmp_path / "ads.xlsx", tmp_path / "out.xlsx", model=small_model)
    assert done.read is not None
    assert done.read.sheet == "Ads"  # the first one that is shown
    [_, row] = openpyxl.load_workbook(tmp_path / "out.xlsx")["Ads"].iter_rows(max_col=4, values_only=True)
    assert row[1:] == (14, dt.timedelta(hours=30, minutes=5), 12.1)
    found = labelled(tmp_path / "out.csv", tmp_path / "ads.xlsx", model=small_model)
    assert found.iloc[0, 1:4].tolist() == ["14", "30:05:00", repr(12.1)]
    record = json.loads((_made(tmp_path / "out.jsonl", tmp_path / "ads.xlsx", small_model)).read_text())
    assert record["time"] == "30:05:00"


def test_dates_beyond_those_of_python_are_kept(tmp_path: Path, small_model: Model) -> None:
    days = pa.array([10**7, 0], pa.date32())
    table = pa.table({"text": [ADS[0][2], ADS[1][2]], "until": days})
    pq.write_table(table, tmp_path / "ads.parquet")
    label_file(tmp_path / "ads.parquet", tmp_path / "out.parquet", model=small_model)
    assert pq.read_table(tmp_path / "out.parquet")["until"].combine_chunks().equals(days)
    lines = _made(tmp_path / "out.jsonl", tmp_path / "ads.parquet", small_model).read_text("utf-8").splitlines()
    assert [str(json.loads(line)["until"])[:10] for line in lines] == ["29349-01-2", "1970-01-01"]
    lists = pa.table({"text": [ADS[0][2]], "until": pa.array([[10**7]], pa.list_(pa.date32()))})
    pq.write_table(lists, tmp_path / "ads.parquet")
    with pytest.raises(DataError, match=r"Column 'until' of .*ads\.parquet holds a date that is not of the years"):
        label_file(tmp_path / "ads.parquet", tmp_path / "other.jsonl", model=small_model)


def _made(target: Path, source: Path, model: Model) -> Path:
    label_file(source, target, model=model)
    return target


@pytest.mark.skipif(sys.platform != "linux", reason="memory of a process cannot be limited")
def test_a_workbook_with_one_far_cell_ends_no_process(tmp_path: Path, small_model: Model) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter", reason="pip install collarclass[excel]")
    with xlsxwriter.Workbook(str(tmp_path / "far.xlsx")) as book:
        sheet = book.add_worksheet()
        sheet.write_string(0, 0, "text")
        sheet.write_string(1_048_575, 16_383, "far")
    with pytest.raises(DataError, match=r"far\.xlsx cannot be read, because it .* too much memory.*: save the sheet"):
        label_file(tmp_path / "far.xlsx", tmp_path / "out.csv", model=small_model)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory of a process cannot be limited")
def test_small_files_fill_no_memory(tmp_path: Path, small_model: Model) -> None:
    long = pa.array(["x" * (8 << 20)])
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 4000, pa.int32()), long)
    pq.write_table(pa.table({"text": column}), tmp_path / "categories.parquet")
    pq.write_table(pa.table({"text": column}), tmp_path / "plain.parquet", store_schema=False)
    pq.write_table(pa.table({"text": ["x" * (100 << 20)]}), tmp_path / "cell.parquet")
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30));"
        "from collarclass import DataError, label_file\n"
        "try: label_file(sys.argv[1], sys.argv[2], model=sys.argv[3], head=3, evidence=False)\n"
        "except DataError as error: print(error)"
    )
    save_model(small_model, tmp_path / "model")

    def said(name: str) -> str:
        command = [sys.executable, "-c", code, *(str(tmp_path / n) for n in (name, f"{name}.csv", "model"))]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert said("categories.parquet") == ""
    assert "plain.parquet needs more than 4 GB of memory: write it anew, with smaller" in said("plain.parquet")
    assert "cell.parquet has a row of more than 64 MB after row 0: correct it" in said("cell.parquet")


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Limits, "seconds", 0.001)
    pq.write_table(pa.table({"text": ["We weld."]}), tmp_path / "ads.parquet")

    def read_often() -> None:  # one may be read before anybody looks at the clock
        for _ in range(50):
            open_reader(tmp_path / "ads.parquet", Layout()).close()

    with pytest.raises(DataError, match=r"ads\.parquet cannot be read, because it is damaged or needs too much"):
        read_often()


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="there is no such name")
def test_a_parquet_file_is_standard_input_by_name(tmp_path: Path, small_model_path: Path) -> None:
    pq.write_table(pa.table({"text": ["We weld steel frames."] * 3}), tmp_path / "ads.parquet")
    command = [sys.executable, "-m", "collarclass", "label", "/dev/stdin", "--format", "parquet"]
    with (tmp_path / "ads.parquet").open("rb") as file:
        target = ["-o", str(tmp_path / "out.csv"), "--model", str(small_model_path)]
        subprocess.run([*command, *target], stdin=file, check=True, capture_output=True)
    assert len(pd.read_csv(tmp_path / "out.csv")) == 3


def test_one_process_reads_small_files_until_one_is_left_unread(tmp_path: Path) -> None:
    def read(name: str, rows: int | None = None) -> list[int]:
        with open_reader(tmp_path / name, Layout()) as reader:
            assert sum(map(len, islice(reader.read(1), rows))) == (rows or 3)
        return [child.process.pid for child in native._idle]

    for name in ("a.parquet", "b.parquet"):
        pq.write_table(pa.table({"text": ["We weld.", "We cook.", "We drive."]}), tmp_path / name)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no such thing PAR1")
    reading = read("a.parquet")
    assert len(reading) == 1
    with pytest.raises(DataError, match=r"bad\.parquet is not a Parquet file"):
        read("bad.parquet")
    assert read("b.parquet") == reading
    assert read("b.parquet", 2) == []
    assert read("a.parquet") != reading


@pytest.mark.skipif(os.name == "nt", reason="the number of a parent stays there when that is gone")
def test_a_process_ends_with_the_one_that_started_it() -> None:
    inner = (
        "import os, time; from collarclass.files.native_child import end_with\n"
        "end_with(os.getppid()); print('ready', flush=True); time.sleep(600)"
    )
    outer = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    with subprocess.Popen([sys.executable, "-c", outer, inner], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.kill()
        assert process.stdout.read() == b""  # which ends with the last process that could write


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are not listed there")
def test_a_killed_run_leaves_no_reader(tmp_path: Path) -> None:
    from research.robustness.faults import _gone, children

    pq.write_table(pa.table({"text": ["We weld steel frames all day."] * 200_000}), tmp_path / "ads.parquet")
    code = (
        "import sys; from collarclass.files.layout import Layout\n"
        "from collarclass.files.readers import open_reader\n"
        "reader = open_reader(sys.argv[1], Layout()); print('ready', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "ads.parquet")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        reading = children(process.pid)
        assert reading
        process.kill()
    assert _gone(reading, 60)


@pytest.mark.skipif(os.name == "nt", reason="time of a process cannot be limited")
def test_a_child_that_never_ends_ends_itself() -> None:
    code = (
        "from collarclass.files import native_child as child\n"
        "child.Limits.seconds = 1; child.limit_time()\n"
        "while True: pass"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGXCPU


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path: Path, small_model: Model) -> None:
    workbook(tmp_path / "ads.xlsx")
    with zipfile.ZipFile(tmp_path / "ads.xlsx", "a") as archive:
        archive.writestr("huge", "")
        archive.getinfo("huge").file_size = 8 << 30
    with pytest.raises(DataError, match=r"ads\.xlsx unpacks to 8\.0 GB, and 4 are read at most"):
        label_file(tmp_path / "ads.xlsx", tmp_path / "out.csv", model=small_model)


def test_more_rows_than_excel_holds_are_refused(small_model: Model) -> None:
    pytest.importorskip("xlsxwriter", reason="pip install collarclass[excel]")

    class Reader:
        names, sheet = HEADER, None

    writer = ExcelWriter(Reader(), [pa.field(name, pa.string()) for name in COLUMNS])  # type: ignore[arg-type]
    writer.check(MAX_SHEET_ROWS - 1)
    with pytest.raises(DataError, match=r"Excel holds 1,048,576 rows, and there are more: write .csv or .parquet"):
        writer.check(MAX_SHEET_ROWS)


# -- JSON ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("batch_size", [1, 2, 2000])
def test_json_arrays_keep_their_bytes(
    tmp_path: Path, small_model: Model, expected: list[str], indent: int | None, batch_size: int
) -> None:
    rows = [dict(zip(HEADER, row, strict=True), deep=[{"a": "]}"}, {}]) for row in ADS]
    content = json.dumps(rows, ensure_ascii=False, indent=indent) + "\n"
    (tmp_path / "ads.json").write_text(content, "utf-8")
    label_file(tmp_path / "ads.json", tmp_path / "out.json", model=small_model, batch_size=batch_size)
    written = (tmp_path / "out.json").read_text("utf-8")
    found = json.loads(written)
    assert [{k: v for k, v in row.items() if k not in COLUMNS} for row in found] == rows
    assert [row["collar"] for row in found] == expected
    assert written.startswith(content[: content.index('"deep"')])
    assert written.endswith("]\n")


def test_members_of_later_rows_stand_before_what_is_added(tmp_path: Path, small_model: Model) -> None:
    rows: list[dict[str, Any]] = [{"title": "Welder", "text": "Weld frames."}] * 2100 + [{"text": "Cook.", "pay": 12}]
    (tmp_path / "ads.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    label_file(tmp_path / "ads.jsonl", tmp_path / "out.parquet", model=small_model, occupations=True, evidence=False)
    names = pq.read_schema(tmp_path / "out.parquet").names
    assert names[:4] == ["title", "text", "pay", "collar"]
    assert names[3 : 3 + len(COLUMNS)] == list(COLUMNS)


@pytest.mark.parametrize("to", ["json", "json.gz"])
def test_tables_become_json_arrays(
    ads: Path, tmp_path: Path, small_model: Model, expected: list[str], to: str
) -> None:
    found = labelled(tmp_path / f"out.{to}", ads, model=small_model, batch_size=2)
    assert found["collar"].tolist() == expected
    opener: Any = {"json": open, "json.gz": gzip.open}[to]
    with opener(tmp_path / f"out.{to}", "rt", encoding="utf-8") as file:
        assert [row["id"] for row in json.load(file)] == ["a1", "a2", "a3", "a4"]


def test_escapes_that_mean_nothing_end_no_run(tmp_path: Path, small_model: Model) -> None:
    (tmp_path / "ads.jsonl").write_text('{"text": "We weld."}\n{"te\\xt": "We cook."}\n{"\\u12": []}\n')
    assert label_file(tmp_path / "ads.jsonl", tmp_path / "out.jsonl", model=small_model).rows == 3


def test_json_lines_in_a_json_file_stay_lines(tmp_path: Path, small_model: Model) -> None:
    (tmp_path / "ads.json").write_text('{"text": "steel"}\n{"text": "grill"}\n')
    label_file(tmp_path / "ads.json", tmp_path / "out.json", model=small_model)
    assert len((tmp_path / "out.json").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"text": "x"}', "ends in the middle of its JSON array"),
        ('[{"text": "x"}, {"text": "', "ends in the middle of its JSON array"),
        ('[{"text": "x"}}]', "is not a JSON array"),
        ('[{"text": "x"}] more', "has more after its JSON array"),
        ("[]", "is empty|no JSON object"),
        ("[1, 2]", "holds no JSON object"),
    ],
)
def test_broken_arrays_are_told(tmp_path: Path, small_model: Model, content: str, message: str) -> None:
    (tmp_path / "ads.json").write_text(content)
    with pytest.raises(DataError, match=message):
        label_file(tmp_path / "ads.json", tmp_path / "out.jsonl", model=small_model)


def test_json_that_parquet_cannot_hold_becomes_text(tmp_path: Path, small_model: Model) -> None:
    rows: list[dict[str, Any]] = [
        {"text": "steel", "x": {}, "n": 1, "big": 2**70, "deep": [{"a": {}}]},
        {"text": "grill", "x": {"a": 1}, "n": 1.5, "big": 1, "deep": None},
        {"text": "pipes", "x": None, "n": 2**60 + 1, "big": "many", "deep": [1]},
        {"text": "paint", "n": None},
    ]
    for size in (1, 10):
        (tmp_path / "ads.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        label_file(tmp_path / "ads.jsonl", tmp_path / "out.parquet", model=small_model, batch_size=size, force=True)
        found = pq.read_table(tmp_path / "out.parquet")
        assert found.num_rows == 4
        assert str(found["n"][2]) == str(2**60 + 1)
        assert json.loads(found["big"][0].as_py()) == 2**70


@pytest.mark.parametrize("to", ["csv", "jsonl", "json", "parquet", "xlsx"])
def test_half_characters_end_no_run(tmp_path: Path, small_model: Model, to: str) -> None:
    rows = [{"text": "We weld \ud83d steel \udc80 frames", "x\ud800": "\udfff"}, {"text": "grill"}]
    (tmp_path / "ads.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert label_file(tmp_path / "ads.jsonl", tmp_path / f"out.{to}", model=small_model).rows == 2
    if to != "jsonl":  # where they stay escaped as they were
        assert len(read_table(tmp_path / f"out.{to}")) == 2


def test_empty_objects_alone(tmp_path: Path, small_model: Model) -> None:
    (tmp_path / "ads.jsonl").write_text('{"text": "steel"}\n{}\n')
    for to in ("parquet", "csv", "json"):
        label_file(tmp_path / "ads.jsonl", tmp_path / f"out.{to}", model=small_model, batch_size=1)
        assert len(read_table(tmp_path / f"out.{to}")) == 2


# -- compression and archives --------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["gz", "zst", "zip"])
def test_compressed_in_and_out(
    ads: Path, tmp_path: Path, small_model: Model, expected: list[str], ending: str
) -> None:
    source = tmp_path / f"packed.csv.{ending}"
    target = tmp_path / ("out.csv" if ending == "zip" else f"out.csv.{ending}")
    content = ads.read_bytes()
    if ending == "zip":
        with zipfile.ZipFile(source, "w") as archive:
            archive.writestr("inside/ads.csv", content)
            archive.writestr("__MACOSX/._ads.csv", b"x")
    elif ending == "zst":
        source.write_bytes(pa.Codec("zstd").compress(content, asbytes=True))
    else:
        source.write_bytes(gzip.compress(content))
    label_file(source, target, model=small_model, batch_size=1)
    assert read_table(target)["collar"].tolist() == expected
    damaged = bytearray(source.read_bytes())
    source.write_bytes(damaged[: len(damaged) // 2])
    with pytest.raises(DataError, match=r"packed\.csv\..* (is damaged or cut off|cannot be unpacked)"):
        label_file(source, target, model=small_model, force=True)
    assert read_table(target)["collar"].tolist() == expected


def test_an_archive_of_several_tables_is_told(tmp_path: Path, small_model: Model) -> None:
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", "text\nx\n")
        archive.writestr("b.csv", "text\ny\n")
    with pytest.raises(DataError, match="holds 2 tables, not one"):
        label_file(tmp_path / "two.zip", tmp_path / "out.csv", model=small_model)
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.writestr("a.jsonl", '{"text": "steel"}\n')
    label_file(tmp_path / "one.zip", tmp_path / "out.csv", model=small_model)
    assert read_table(tmp_path / "out.csv")["text"].tolist() == ["steel"]


# -- several sources, parts of them --------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, ads: Path) -> Path:
    inside = tmp_path / "many"
    inside.mkdir()
    (inside / "1.csv").write_text("title;text\nWelder;steel frames\n", "utf-8")
    (inside / "2.jsonl").write_text('{"text": "grill", "n": 1}\n{"text": "pipes", "extra": [1]}\n', "utf-8")
    pq.write_table(pa.table({"n": [5], "text": ["wounds"]}), inside / "3.parquet")
    (inside / "readme.md").write_text("not a table")
    (inside / ".hidden.csv").write_text("not,meant\n")
    return inside


@pytest.mark.parametrize("to", ["csv", "jsonl", "json", "parquet"])
def test_a_folder_becomes_one_table(folder: Path, tmp_path: Path, small_model: Model, to: str) -> None:
    found = labelled(tmp_path / f"out.{to}", folder, model=small_model, file_column="file")
    assert found["text"].tolist() == ["steel frames", "grill", "pipes", "wounds"]
    assert [Path(name).name for name in found["file"]] == ["1.csv", "2.jsonl", "2.jsonl", "3.parquet"]
    assert set(found.columns) == {"file", "title", "text", "n", "extra", *COLUMNS}
    assert found["n"].tolist() == ["", "1", "", "5"]


def test_patterns_and_lists(folder: Path, ads: Path, tmp_path: Path, small_model: Model) -> None:
    found = labelled(tmp_path / "out.csv", str(folder / "*.csv"), ads, model=small_model)
    assert len(found) == 5
    refused: list[tuple[Any, str]] = [
        (str(folder / "*.tsv"), "No file of a known format"),
        ([], "No source is named"),
        ([ads, "-"], "is read alone"),
    ]
    for sources, message in refused:
        with pytest.raises(DataError, match=message):
            label_file(sources, tmp_path / "x.csv", model=small_model)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="No file of a known format"):
        label_file(tmp_path / "empty", tmp_path / "x.csv", model=small_model)


def test_several_sources_resume(folder: Path, tmp_path: Path, small_model: Model) -> None:
    target = tmp_path / "out.csv"

    def stop(done: int, share: float) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        label_file(folder, target, model=small_model, batch_size=1, progress=stop)
    label_file(folder, target, model=small_model, batch_size=1, resume=True)
    label_file(folder, tmp_path / "whole.csv", model=small_model, batch_size=1)
    assert target.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_folder_as_target_gets_a_file_for_each_source(folder: Path, tmp_path: Path, small_model: Model) -> None:
    done = label_file(folder, f"{tmp_path / 'out'}/", model=small_model)
    assert done.rows == 4
    assert sorted(p.name for p in (tmp_path / "out").glob("[!.]*")) == ["1.csv", "2.jsonl", "3.parquet"]
    assert (tmp_path / "out" / "1.csv").read_text("utf-8").startswith("title;text;collar;")
    again = label_file(folder, tmp_path / "out", model=small_model, resume=True)
    assert again.finished_before
    with pytest.raises(DataError, match=r"would both become 1\.csv"):
        label_file([folder / "1.csv", tmp_path / "out" / "1.csv"], f"{tmp_path / 'x'}/", model=small_model)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", pytest.param("parquet", marks=pytest.mark.slow), "csv.gz"])
def test_head(ads: Path, tmp_path: Path, small_model: Model, kind: str) -> None:
    ads.write_text(as_csv([HEADER, *([f"r{i}", *ADS[i % 4][1:]] for i in range(50))]), "utf-8")
    source, target = tmp_path / f"rows.{kind}", tmp_path / f"out.{kind}"
    labelled(source, ads, model=small_model, prefix="old_")
    whole = labelled(target, source, model=small_model)
    for size in (1, 7, 2000) if kind != "parquet" else (7,):
        first = labelled(target, source, model=small_model, head=9, batch_size=size)
        pd.testing.assert_frame_equal(first, whole[:9])
    assert len(labelled(target, source, model=small_model, head=1000)) == 50
    if "json" not in kind:  # which has no columns without rows
        assert len(labelled(target, source, model=small_model, head=0)) == 0


# -- limits --------------------------------------------------------------------------------------


def test_a_row_longer_than_the_limit_is_refused(
    tmp_path: Path, small_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "x" * (3 << 20)
    contents = {
        "a.csv": f"text\nsteel\n{long}\n",
        "b.csv": f'text\nsteel\n"{long}"\n',
        "a.jsonl": f'{{"text": "steel"}}\n{{"text": "{long}"}}\n',
        "a.json": f'[{{"text": "steel"}}, {{"text": "{long}"}}]',
    }
    for name, content in contents.items():
        path = tmp_path / f"{name}.gz"
        path.write_bytes(gzip.compress(content.encode()))
        assert label_file(path, tmp_path / "out.csv", model=small_model, force=True).rows == 2
        with monkeypatch.context() as lower:
            lower.setattr(Limits, "row_bytes", 1 << 20)
            with pytest.raises(DataError, match="has a row of more than 1 MB"):
                label_file(path, tmp_path / "out.csv", model=small_model, force=True)
    table = pd.DataFrame({"text": ["steel", "steel"], **{f"c{i}": ["a", long[:30_000]] for i in range(100)}})
    pq.write_table(pa.Table.from_pandas(table), tmp_path / "a.parquet")
    table.to_excel(tmp_path / "a.xlsx", index=False)
    monkeypatch.setattr(Limits, "row_bytes", 1 << 20)
    for name in ("a.parquet", "a.xlsx"):
        with pytest.raises(DataError, match=r"has a row of more than 1 MB after row \d"):
            label_file(tmp_path / name, tmp_path / "out.csv", model=small_model, force=True)


def test_a_row_of_parquet_is_measured_by_what_it_becomes(tmp_path: Path, small_model: Model) -> None:
    # Nulls have no bytes: the file has some kilobytes, its row would fill gigabytes.
    path = tmp_path / "ads.parquet"
    lists = pa.ListArray.from_arrays(pa.array([0, 20_000_000], pa.int32()), pa.nulls(20_000_000))
    pq.write_table(pa.table({"text": ["We weld steel."], "more": lists}), path)
    assert path.stat().st_size < 10_000
    with pytest.raises(DataError, match="has a row of more than 64 MB after row 0"):
        label_file(path, tmp_path / "out.csv", model=small_model)


def test_maps_of_parquet_are_kept(tmp_path: Path, small_model: Model) -> None:
    tags = pa.array([[("a", "1"), ("b", "2")], None, []], pa.map_(pa.string(), pa.string()))
    inside = pa.StructArray.from_arrays([tags, pa.array([1, 2, 3])], ["tags", "n"])
    table = pa.table({"text": ["We weld steel."] * 3, "tags": tags, "more": inside})
    pq.write_table(table, tmp_path / "ads.parquet")
    label_file(tmp_path / "ads.parquet", tmp_path / "out.parquet", model=small_model)
    assert pq.read_table(tmp_path / "out.parquet").select(table.column_names).equals(table)
    label_file(tmp_path / "ads.parquet", tmp_path / "out.jsonl", model=small_model)
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [row["tags"] for row in rows] == [[["a", "1"], ["b", "2"]], None, []]


def test_numbers_of_json_keep_their_digits(tmp_path: Path, small_model: Model) -> None:
    numbers = ["1.10", "1e400", "0.1234567890123456789", "12345678901234567890", "-0.0"]
    lines = [f'{{"text": "We weld.", "n": {number}}}' for number in numbers]
    (tmp_path / "ads.jsonl").write_text("\n".join(lines) + "\n")
    label_file(tmp_path / "ads.jsonl", tmp_path / "out.csv", model=small_model)
    assert read_table(tmp_path / "out.csv")["n"].tolist() == numbers
    label_file(tmp_path / "ads.jsonl", tmp_path / "out.json", model=small_model)
    rows = (tmp_path / "out.json").read_text().splitlines()[1:-1]
    assert [row.split('"n": ')[1].split(", ")[0] for row in rows] == numbers
    (tmp_path / "ads.json").write_text(json.dumps([{"text": "We weld.", "n": 1.5}], indent=1))
    label_file(tmp_path / "ads.json", tmp_path / "out.jsonl", model=small_model)
    [line] = (tmp_path / "out.jsonl").read_text().splitlines()
    assert json.loads(line)["n"] == 1.5


def test_bytes_that_are_no_text_are_written_in_every_format(tmp_path: Path, small_model: Model) -> None:
    pq.write_table(pa.table({"text": ["We weld."], "raw": pa.array([b"\xffa"])}), tmp_path / "ads.parquet")
    for name in ("out.xlsx", "out.jsonl"):
        label_file(tmp_path / "ads.parquet", tmp_path / name, model=small_model)
        assert read_table(tmp_path / name)["raw"].tolist() == ["\\xffa"]


def test_times_in_nanoseconds_become_dates_of_a_workbook(tmp_path: Path, small_model: Model) -> None:
    pytest.importorskip("xlsxwriter", reason="pip install collarclass[excel]")
    times = pa.array([dt.datetime(2024, 5, 1, 3, 4, 5)], pa.timestamp("ns"))
    lasts = pa.array([dt.timedelta(hours=30)], pa.duration("ns"))
    pq.write_table(pa.table({"text": ["We weld."], "posted": times, "open": lasts}), tmp_path / "ads.parquet")
    found = labelled(tmp_path / "out.xlsx", tmp_path / "ads.parquet", model=small_model)
    assert [found["posted"][0], found["open"][0]] == ["2024-05-01 03:04:05", "30:00:00"]


def test_long_numbers_of_a_workbook_are_whole(tmp_path: Path, small_model: Model) -> None:
    pd.DataFrame({"text": ["We weld."] * 2, "id": [1234567890123456, 7]}).to_excel(tmp_path / "a.xlsx", index=False)
    label_file(tmp_path / "a.xlsx", tmp_path / "out.csv", model=small_model)
    assert read_table(tmp_path / "out.csv")["id"].tolist() == ["1234567890123456", "7"]


def test_lines_may_end_in_a_carriage_return(
    tmp_path: Path, small_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Limits, "row_bytes", 1 << 20)
    (tmp_path / "ads.csv").write_bytes(b"id,text\r" + b"1,We weld steel frames.\r" * 50_000)
    done = label_file(tmp_path / "ads.csv", tmp_path / "out.csv", model=small_model, head=3)
    assert done.rows == 3


@pytest.mark.parametrize("block", [3, 4, 5, 7, 1000])
def test_blank_lines_of_one_column_are_no_rows(
    tmp_path: Path, small_model: Model, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collarclass.files.encoding._SAMPLE", block)
    monkeypatch.setattr("collarclass.files.encoding._BLOCK", block)
    (tmp_path / "ads.csv").write_bytes(b"text\nweld\n\ncook\n\n\nsell\n\n")
    assert label_file(tmp_path / "ads.csv", tmp_path / "out.csv", model=small_model).rows == 3


def test_more_columns_than_the_limit_are_refused(
    tmp_path: Path, small_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["text", *(f"c{i}" for i in range(20_000))]
    (tmp_path / "wide.csv").write_text(",".join(names) + "\n" + ",".join(names) + "\n")
    (tmp_path / "ragged.csv").write_text("text,id\na,1\n" + ",".join(names) + "\n")
    (tmp_path / "wide.jsonl").write_text(json.dumps(dict.fromkeys(names, "x")) + "\n")
    (tmp_path / "late.jsonl").write_text('{"text": "x"}\n' * 2000 + json.dumps(dict.fromkeys(names, "x")) + "\n")
    rows = [json.dumps({"text": "x", **dict.fromkeys(names[i : i + 5])}) for i in range(0, 20_000, 5)]
    (tmp_path / "many.jsonl").write_text("\n".join(rows))
    (tmp_path / "deep.jsonl").write_text(json.dumps({"text": "x", "inside": dict.fromkeys(names, "x")}))
    pq.write_table(pa.table({name: ["x"] for name in names}), tmp_path / "wide.parquet")
    for path in tmp_path.iterdir():
        name = path.name
        with pytest.raises(DataError, match=r"more than 10,000 (columns|members)"):
            label_file(tmp_path / name, tmp_path / "out.csv", model=small_model)
    monkeypatch.setattr(Limits, "columns", 30_000)
    started = time.process_time()
    label_file(tmp_path / "wide.csv", tmp_path / "out.csv", model=small_model)
    assert time.process_time() - started < 5
    assert (tmp_path / "out.csv").read_text().count(",") == 2 * (20_000 + len(COLUMNS))


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_blank_lines_take_linear_time(tmp_path: Path, small_model: Model, kind: str) -> None:
    first, row = ("title,text\n", "a,b\n") if kind == "csv" else ("", '{"text": "b"}\n')
    content = first + row + "\n" * 1_000_000 + row
    (tmp_path / f"ads.{kind}").write_text(content)
    started = time.process_time()
    assert label_file(tmp_path / f"ads.{kind}", tmp_path / f"out.{kind}", model=small_model).rows == 2
    assert time.process_time() - started < 5
    assert (tmp_path / f"out.{kind}").read_text().count("\n") == content.count("\n")


# -- Parquet -------------------------------------------------------------------------------------


def test_binary_text_of_parquet_is_decoded(tmp_path: Path, small_model: Model) -> None:
    texts = [ADS[2][2].encode(), "焊接钢结构".encode("gb18030"), b"plain steel", None]
    pq.write_table(pa.table({"text": pa.array(texts, pa.binary())}), tmp_path / "ads.parquet")
    label_file(tmp_path / "ads.parquet", tmp_path / "out.parquet", model=small_model)
    found = pq.read_table(tmp_path / "out.parquet")
    assert found["text"].to_pylist() == texts
    assert found["collar"][0].as_py() == "blue"
    assert "undecodable bytes" in found["collar_note"][1].as_py()
    for kind in ("csv", "jsonl", "xlsx"):
        label_file(tmp_path / "ads.parquet", tmp_path / f"out.{kind}", model=small_model)
        shown = read_table(tmp_path / f"out.{kind}")["text"].tolist()
        assert shown == [text.decode("utf-8", "backslashreplace") if text else "" for text in texts]


def test_two_columns_of_one_name_stay_two(tmp_path: Path, small_model: Model) -> None:
    (tmp_path / "ads.csv").write_text("id,id,id.1,text\n1,2,3,steel\n")
    table = pa.Table.from_arrays([pa.array(["1"]), pa.array(["2"]), pa.array(["3"]), pa.array(["steel"])],
                                 names=["id", "id", "id.1", "text"])  # fmt: skip
    pq.write_table(table, tmp_path / "ads.parquet")
    for kind in ("csv", "parquet"):
        for to in ("csv", "jsonl", "parquet"):
            label_file(tmp_path / f"ads.{kind}", tmp_path / f"out.{to}", model=small_model, force=True)
            found = read_table(tmp_path / f"out.{to}")
            assert found.iloc[0, :4].tolist() == ["1", "2", "3", "steel"]
            assert len(set(found.columns)) == 4 + len(COLUMNS)


def test_damage_in_parquet_is_said_of_the_source(tmp_path: Path, small_model: Model) -> None:
    table = pa.table({"text": [f"steel frames number {i}" for i in range(2000)]})
    pq.write_table(table, tmp_path / "ads.parquet", write_page_checksum=True, compression="none")
    content = (tmp_path / "ads.parquet").read_bytes()
    at = content.index(b"steel frames number 1500")
    (tmp_path / "ads.parquet").write_bytes(content[:at] + b"S" + content[at + 1 :])
    with pytest.raises(DataError, match=r"ads\.parquet is damaged after row \d+"):
        label_file(tmp_path / "ads.parquet", tmp_path / "out.csv", model=small_model)


def test_our_parquet_carries_checksums(ads: Path, tmp_path: Path, small_model: Model) -> None:
    label_file(ads, tmp_path / "out.parquet", model=small_model)
    content = bytearray((tmp_path / "out.parquet").read_bytes())
    content[40] ^= 0x10
    (tmp_path / "out.parquet").write_bytes(content)
    with pytest.raises(DataError, match=r"out\.parquet is damaged|is not a Parquet file"):
        read_table(tmp_path / "out.parquet")


# -- the reader of labelled tables ---------------------------------------------------------------


def test_ragged_rows_of_labelled_tables_are_told(tmp_path: Path) -> None:
    (tmp_path / "ads.csv").write_text("text,label\nsteel,blue\nadvise,white,surplus\n")
    with pytest.raises(DataError, match=r"ads\.csv, row 3: row has 3 cells, the header 2"):
        read_table(tmp_path / "ads.csv")
    (tmp_path / "ads.csv").write_text("text,label\nsteel,blue,x\nadvise,white,x\n")
    with pytest.raises(DataError, match=r"ads\.csv, row 2: row has 3 cells"):
        read_table(tmp_path / "ads.csv")


def test_a_table_without_rows_has_columns(tmp_path: Path) -> None:
    (tmp_path / "ads.csv").write_text("text,label\n")
    assert list(read_table(tmp_path / "ads.csv").columns) == ["text", "label"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs /dev/stdin")
def test_dev_stdin_is_read_whole(tmp_path: Path, small_model_path: Path) -> None:
    import subprocess
    import sys

    lines = "".join(json.dumps({"text": "steel frames", "n": i, f"m{i % 7}": 1}) + "\n" for i in range(4000))
    command = [sys.executable, "-m", "collarclass", "label", "/dev/stdin", "--format", "jsonl"]
    command += ["-o", str(tmp_path / "out.csv"), "-m", str(small_model_path)]
    subprocess.run(command, input=lines.encode(), check=True, capture_output=True)
    found = read_table(tmp_path / "out.csv")
    assert found["n"].tolist() == [str(i) for i in range(4000)]
    assert {f"m{i}" for i in range(7)} < set(found.columns)
