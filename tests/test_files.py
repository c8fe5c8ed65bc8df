"""Files in, files out: every row, byte for byte, whatever the file is like."""

from __future__ import annotations

import csv
import errno
import gzip
import io
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collarclass import DataError, Model, label_file, label_table
from collarclass.files import json_records
from collarclass.files.source import Limits
from collarclass.files.target import written
from collarclass.tables.schema import COLUMNS

ADS = [
    ("a1", "Welder", "MIG welding of steel frames in our workshop, no schooling needed."),
    ("a2", "Accountant", "Bachelor's degree in accounting required.\nPrepare reports, advise managers."),
    ("a3", "Nurse", 'Associate degree in nursing. "Draw blood", dress wounds; operate monitors.'),
    ("a4", "电焊工", "熟练焊接钢结构，学历不限，包吃住。"),
    ("a5", "Cook", ""),
]
HEADER = ["id", "title", "description"]


def as_csv(rows: list[Any], **dialect: Any) -> str:
    out = io.StringIO()
    csv.writer(out, **dialect).writerows(rows)
    return out.getvalue()


def cells(content: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter))


def run(
    tmp_path: Path, content: bytes, model: Model, name: str = "ads.csv", to: str = "out.csv", **options: Any
) -> bytes:
    (tmp_path / name).write_bytes(content)
    label_file(tmp_path / name, tmp_path / to, model=model, force=True, **options)
    return (tmp_path / to).read_bytes()


@pytest.fixture
def ads(tmp_path: Path) -> Path:
    path = tmp_path / "ads.csv"
    path.write_text(as_csv([HEADER, *ADS]), "utf-8", newline="")
    return path


# -- what comes out ------------------------------------------------------------------------------


def test_the_same_labels_as_for_a_table(ads: Path, tmp_path: Path, small_model: Model) -> None:
    done = label_file(ads, tmp_path / "out.csv", model=small_model)
    table = label_table(pd.read_csv(ads), model=small_model)
    table["certificates"] = table["certificates"].map("; ".join)  # CSV has no lists
    # Numbers as numbers: where pandas writes 0.0, a file has 0.
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "out.csv"), pd.read_csv(io.StringIO(table.to_csv(index=False)))
    )
    assert done.rows == len(ADS)
    assert sum(done.counts.values()) == len(ADS)
    assert done.counts["unclear"] == 1
    assert list(table.columns) == [*HEADER, *COLUMNS]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("line_end", "quoting"),
    [("\n", csv.QUOTE_MINIMAL), ("\r\n", csv.QUOTE_MINIMAL), ("\n", csv.QUOTE_ALL), ("\r", csv.QUOTE_ALL)],
)
def test_records_keep_their_bytes(
    tmp_path: Path, small_model: Model, line_end: str, delimiter: str, quoting: Any
) -> None:
    source = as_csv([HEADER, *ADS], delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    out = run(tmp_path, source.encode(), small_model).decode()
    found = cells(out, delimiter)
    assert [row[:3] for row in found] == [list(row) for row in (HEADER, *ADS)]
    assert found[0][3:] == list(COLUMNS)
    assert {len(row) for row in found} == {3 + len(COLUMNS)}
    for row in ADS:
        record = as_csv([row], delimiter=delimiter, lineterminator=line_end, quoting=quoting)
        assert record.removesuffix(line_end) + delimiter in out
    assert out.endswith(line_end)


@pytest.mark.parametrize("end", ["", "\n"])
def test_the_last_line_end_is_as_it_was(tmp_path: Path, small_model: Model, end: str) -> None:
    out = run(tmp_path, f"title,text\nWelder,steel{end}".encode(), small_model)
    assert out.endswith(b"\n") == bool(end)


def test_blank_lines_stay_and_are_no_rows(tmp_path: Path, small_model: Model) -> None:
    out = run(tmp_path, b"title,text\n\nWelder,steel\n\n\nCook,grill\n\n", small_model).decode()
    assert [line.split(",")[0] for line in out.split("\n")] == ["title", "", "Welder", "", "", "Cook", "", ""]


@pytest.mark.parametrize(
    ("encoding", "bom"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-32-le", b"\xff\xfe\0\0"),
        ("utf-32-be", b"\0\0\xfe\xff"),
        ("gb18030", b""),
    ],
)
def test_encodings_are_found_and_kept(tmp_path: Path, small_model: Model, encoding: str, bom: bytes) -> None:
    source = bom + as_csv([HEADER, *ADS]).encode(encoding)
    out = run(tmp_path, source, small_model)
    assert out.startswith(bom)
    found = cells(out[len(bom) :].decode(encoding))
    assert [row[:3] for row in found] == [list(row) for row in (HEADER, *ADS)]
    assert found[0][3:] == list(COLUMNS)
    assert found[4][3] == "blue"


def test_big5_is_found_and_kept(tmp_path: Path, small_model: Model) -> None:
    source = "職稱,工作內容\r\n焊工,負責鋼構焊接，需具電銲技術士證照\r\n會計,處理公司帳務\r\n".encode("cp950")
    out = run(tmp_path, source, small_model)
    assert out.decode("cp950").split("\r\n")[1].startswith("焊工,負責鋼構焊接，需具電銲技術士證照,")


def test_windows_1252_is_found_and_kept(tmp_path: Path, small_model: Model) -> None:
    source = "title;text\r\nKöchin;“Küche” für 20 € – naïve Gäste\r\n".encode("cp1252")
    out = run(tmp_path, source, small_model)
    assert out.decode("cp1252").split("\r\n")[1].startswith("Köchin;“Küche” für 20 € – naïve Gäste;")


@pytest.mark.parametrize("encoding", [None, "utf-8", "gb18030", "cp1252"])
def test_undecodable_bytes_survive(tmp_path: Path, small_model: Model, encoding: str | None) -> None:
    record = "Köchin 厨师 厨师,".encode() + b"\x81 steel \xff\xfe frames"
    out = run(tmp_path, b"title,text\n" + record + b"\n", small_model, encoding=encoding)
    assert record + b"," in out
    if encoding in (None, "utf-8"):
        assert b"undecodable bytes" in out


def test_half_a_character_at_the_end_of_utf_16_survives(tmp_path: Path, small_model: Model) -> None:
    out = run(tmp_path, "\ufefftitle,text\nWelder,steel\n".encode("utf-16-le") + b"x", small_model)
    assert out[-3:] == b"\n\0x"


def test_ragged_and_broken_rows_are_kept_and_noted(tmp_path: Path, small_model: Model) -> None:
    source = (
        "id,title,text\n"
        "1,Welder,steel frames\n"
        "2,Cook\n"
        "3,Nurse,wounds,more,cells\n"
        '4,Cook,"the quote is not closed\n'
        '5,Nurse,"blood, monitors"\n'
        '6,"Chef" de partie,grill\n'
        '7,Cook,"nor is this, at the end\n'
        "8,Welder,pipes\n"
    )
    out = cells(run(tmp_path, source.encode(), small_model).decode())
    assert [row[0] for row in out] == ["id", "1", "2", "3", "4", "5", "6", "7", "8"]
    note = 3 + COLUMNS.index("collar_note")
    notes = {row[0]: row[note].split("; ") for row in out[1:]}
    assert out[2][:3] == ["2", "Cook", ""]
    assert notes["2"][0] == "row has 2 cells, the header 3"
    assert out[3][:3] == ["3", "Nurse", "wounds"]
    assert out[3][3 + len(COLUMNS) :] == ["more", "cells"]
    assert notes["3"][0] == "row has 5 cells, the header 3"
    assert out[4][2] == '"the quote is not closed'
    assert notes["4"][0] == notes["7"][0] == "a quote is never closed"
    assert out[5][2] == "blood, monitors"
    assert notes["6"][0] == "text after a closing quote"
    assert out[7][2] == '"nor is this, at the end'
    assert {len(row) for i, row in enumerate(out) if i != 3} == {3 + len(COLUMNS)}


def test_a_long_quoted_cell_is_read_or_refused_but_never_torn(
    tmp_path: Path, small_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = '"' + "1,We weld, steel\n" * 1_300_000 + '"'
    content = f"id,text\n1,{cell}\n2,We cook.\n".encode()
    (tmp_path / "ads.csv").write_bytes(content)
    assert label_file(tmp_path / "ads.csv", tmp_path / "out.csv", model=small_model).rows == 2
    assert (tmp_path / "out.csv").read_bytes().count(cell.encode()) == 1
    monkeypatch.setattr(Limits, "row_bytes", 16 << 20)
    refused("has a row of more than 16 MB", tmp_path / "ads.csv", tmp_path / "no.csv")
    assert not (tmp_path / "no.csv").exists()


def test_a_quote_that_is_not_closed_within_the_longest_row_ends_at_its_line(
    tmp_path: Path, small_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Limits, "row_bytes", 1 << 20)
    content = b'id,text\n1,"We weld.\n' + b"2,We cook.\n" * 800_000
    found = run(tmp_path, content, small_model, head=3).decode()
    assert [row[0] for row in cells(found)[1:]] == ["1", "2", "2"]
    assert "a quote is never closed" in found


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_delimiter_of_a_wide_header_is_found(tmp_path: Path, small_model: Model, line_end: str) -> None:
    names = ["text", *(f"column {i:05}" for i in range(9000))]
    content = line_end.join([";".join(names), "We weld." + ";" * 9000, ""]).encode()
    assert run(tmp_path, content, small_model).splitlines()[0].startswith(";".join(names).encode() + b";collar;")


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_byte_order_mark_written_twice_is_no_part_of_a_name(tmp_path: Path, small_model: Model, kind: str) -> None:
    rows = {"csv": "text,id\nWe weld.,1\n", "jsonl": '{"text": "We weld.", "id": 1}\n'}[kind]
    for encoding in ("utf-8-sig", "utf-16-le", "utf-16-be"):
        content = ("\ufeff" + rows).encode(encoding)
        content = "\ufeff".encode(encoding) + content if encoding != "utf-8-sig" else content
        found = run(tmp_path, content, small_model, f"ads.{kind}", f"out.{kind}", text="text")
        assert found.startswith(content[:12])


def test_an_over_long_ad_is_kept_whole(tmp_path: Path, small_model: Model) -> None:
    text = "steel frames and welding " * 20_000
    content = run(tmp_path, f"title,text\nWelder,{text}\nCook,grill\n".encode(), small_model).decode()
    out = [line.split(",") for line in content.splitlines()]
    assert out[1][1] == text
    assert "only the first 200000 characters read" in out[1][2 + COLUMNS.index("collar_note")]
    assert len(out) == 3


def test_missing_cells_are_unclear(tmp_path: Path, small_model: Model) -> None:
    out = cells(run(tmp_path, b"title,text\n,\nNaN,NaN\nnull,N/A\n", small_model).decode())
    assert [row[2] for row in out[1:]] == ["unclear"] * 3
    assert {row[2 + COLUMNS.index("collar_note")] for row in out[1:]} == {"empty text"}


def test_added_cells_start_no_formula(tmp_path: Path, small_model: Model) -> None:
    from collarclass.files.writers import delimited_cells

    words = ["=1+1", "+1", "-1", "@SUM", "＝x", "fine", 'say "so"', "a, b"]
    found = cells("\n".join(c.decode() for c in delimited_cells(pa.table({"e": words}), ",")))
    assert [row[0] for row in found] == ["'=1+1", "'+1", "'-1", "'@SUM", "'＝x", "fine", 'say "so"', "a, b"]


# -- formats -------------------------------------------------------------------------------------

NAMES = ["csv", "tsv", "csv.gz", "tsv.zst", "jsonl", "jsonl.gz", "jsonl.zst", "parquet"]


def read_back(path: Path) -> pd.DataFrame:
    name = path.name
    if name.endswith("parquet"):
        table: pd.DataFrame = pq.read_table(path).to_pandas()
        return table
    compression: Any = "gzip" if name.endswith("gz") else "zstd" if name.endswith("zst") else None
    content = pa.input_stream(str(path), compression=compression).read().decode()
    if "jsonl" in name:
        return pd.DataFrame([json.loads(line) for line in content.splitlines()])
    return pd.read_csv(io.StringIO(content), sep="\t" if "tsv" in name else ",", keep_default_na=False)


@pytest.mark.parametrize("first", NAMES)
def test_formats_mix_freely(ads: Path, tmp_path: Path, small_model: Model, first: str) -> None:
    label_file(ads, tmp_path / f"one.{first}", model=small_model)
    expected = read_back(tmp_path / f"one.{first}")
    assert expected[HEADER].values.tolist() == [list(row) for row in ADS]
    for second in NAMES:
        label_file(
            tmp_path / f"one.{first}", tmp_path / f"two.{second}", model=small_model, prefix="x_", force=True
        )
        found = read_back(tmp_path / f"two.{second}")
        assert found[HEADER].values.tolist() == [list(row) for row in ADS]
        assert found["x_collar"].tolist() == expected["collar"].tolist()
        assert list(found.columns)[-len(COLUMNS) :] == ["x_" + c for c in COLUMNS]


def test_json_lines_keep_their_bytes(tmp_path: Path, small_model: Model) -> None:
    lines = [
        '{"title":"Welder", "text":"\\u0073teel", "n":1.50, "deep":{"a":[1]}}',
        "{}",
        "",
        "broken {",
        '{"text": null} ',
    ]
    out = run(tmp_path, "\n".join(lines).encode(), small_model, "ads.jsonl", "out.jsonl").decode().split("\n")
    assert out[0].startswith(lines[0][:-1] + ', "collar": "')
    assert out[2] == ""
    rows = [json.loads(line) for line in out if line]
    assert rows[2]["broken_line"] == "broken {"
    assert rows[2]["collar_note"].startswith("not a JSON object")
    assert [r["collar"] for r in rows[1:]] == ["unclear"] * 3
    assert rows[3]["collar_confidence"] is None


def test_json_lines_of_differing_members(tmp_path: Path, small_model: Model) -> None:
    rows = [{"text": "steel"}, {"text": "blood", "n": 1}, {"text": "x", "n": 1.5, "when": [1]}, {"n": "many"}]
    content = "".join(json.dumps(r) + "\n" for r in rows).encode()
    out = cells(run(tmp_path, content, small_model, "ads.jsonl", batch_size=1).decode())
    assert [row[:3] for row in out] == [
        ["text", "n", "when"], ["steel", "", ""], ["blood", "1", ""], ["x", "1.5", "[1]"], ["", "many", ""],
    ]  # fmt: skip
    run(tmp_path, content, small_model, "ads.jsonl", "out.parquet", batch_size=1)
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.column("n").to_pylist() == [None, "1", "1.5", "many"]
    assert table.column_names[3:] == list(COLUMNS)


def test_parquet_keeps_types(tmp_path: Path, small_model: Model) -> None:
    table = pa.table(
        {
            "text": pa.array(["steel", None]),
            "n": pa.array([1, None], pa.int32()),
            "when": pa.array([0, 1], pa.timestamp("s")),
            "kind": pa.array(["a", "b"]).dictionary_encode(),
            "tags": pa.array([["x"], []]),
        }
    )
    pq.write_table(table, tmp_path / "ads.parquet")
    label_file(tmp_path / "ads.parquet", tmp_path / "out.parquet", model=small_model, batch_size=1)
    assert pq.read_table(tmp_path / "out.parquet").select(table.column_names).to_pylist() == table.to_pylist()
    found = pq.read_schema(tmp_path / "out.parquet")
    assert [found.field(n).type for n in ("n", "tags")] == [pa.int32(), table.schema.field("tags").type]


@pytest.mark.parametrize("to", ["csv", "jsonl", "parquet", "csv.gz"])
def test_a_file_without_rows(tmp_path: Path, small_model: Model, to: str) -> None:
    (tmp_path / "ads.csv").write_text("title,text\n")
    assert label_file(tmp_path / "ads.csv", tmp_path / f"out.{to}", model=small_model).rows == 0
    if to == "parquet":
        assert pq.read_schema(tmp_path / "out.parquet").names == ["title", "text", *COLUMNS]


# -- refusals ------------------------------------------------------------------------------------


def refused(match: str, *args: Any, **options: Any) -> None:
    with pytest.raises(DataError, match=match):
        label_file(*args, **options)


@pytest.mark.parametrize("name", ["", "a\0.csv"])
def test_what_names_no_file_is_refused(ads: Path, tmp_path: Path, small_model: Model, name: str) -> None:
    pairs: list[tuple[Any, Any]] = [(name, tmp_path / "out.csv"), ([ads, name], tmp_path / "out.csv"), (ads, name)]
    for source, target in pairs:
        with pytest.raises(DataError, match="names no file"):
            label_file(source, target, model=small_model)


def test_refuses_to_write_what_it_reads(ads: Path, tmp_path: Path, small_model: Model) -> None:
    before = ads.read_bytes()
    (tmp_path / "soft.csv").symlink_to(ads)
    (tmp_path / "hard.csv").hardlink_to(ads)
    for target in (ads, tmp_path / "soft.csv", tmp_path / "hard.csv", tmp_path / "x" / ".." / "ads.csv"):
        refused("is the file that is read", ads, target, model=small_model, force=True)
    assert ads.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "options", "match"),
    [
        (b"id,collar,text\n1,x,y\n", {}, "Column 'collar' is already in .*ads.csv.*--prefix"),
        (b"id,titel,text\n", {"title": "title"}, "No column 'title' in .*ads.csv; .*Did you mean 'titel'"),
        (b"id,foo\n1,2\n", {}, "No column of ad texts found in .*ads.csv; its columns are: id, foo"),
        (b"", {}, "ads.csv is empty"),
        (b"\n\n", {}, "ads.csv is empty"),
        (b"text\nx\n", {"encoding": "nonsense"}, "No encoding is called 'nonsense'"),
        (b"text\nx\n", {"delimiter": "::"}, "cannot be a delimiter"),
        (b"text\nx\n", {"batch_size": 0}, "batch_size is 0"),
        (b"text\nx\n", {"format": "excel"}, "No format is called 'excel'"),
        (b"\x1f\x8b\x08damaged", {}, "ads.csv is damaged or cut off"),
    ],
)
def test_refuses_with_a_sentence(
    tmp_path: Path, small_model: Model, content: bytes, options: Any, match: str
) -> None:
    (tmp_path / "ads.csv").write_bytes(content)
    refused(match, tmp_path / "ads.csv", tmp_path / "out.csv", model=small_model, **options)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ads.csv"]


def test_refuses_odd_files(ads: Path, tmp_path: Path, small_model: Model) -> None:
    refused("There is no file", tmp_path / "no.csv", tmp_path / "out.csv", model=small_model)
    refused("is the file that is read", ads, tmp_path, model=small_model, format="csv")
    refused("There is no file", tmp_path / "ads.xlsx", tmp_path / "out.csv", model=small_model)
    refused("no such files are written", ads, tmp_path / "out.ods", model=small_model)
    refused("no such files are written", ads, tmp_path / "out.doc", model=small_model)
    refused("leave .gz, .zst and the like off", ads, tmp_path / "out.parquet.gz", model=small_model)
    refused(
        "is not a Parquet file", ads.rename(tmp_path / "a.parquet"), tmp_path / "out.csv", model=small_model
    )
    (tmp_path / "ads.jsonl").write_text("[]\n")
    refused("holds no JSON object", tmp_path / "ads.jsonl", tmp_path / "out.csv", model=small_model)
    (tmp_path / "ads.jsonl").write_text('{"text": "x"}\n{"text": "y", "collar": 1}\n')
    refused("'collar' is already", tmp_path / "ads.jsonl", tmp_path / "out.jsonl", model=small_model)


def test_a_truncated_gzip_leaves_nothing_under_the_name(tmp_path: Path, small_model: Model) -> None:
    content = gzip.compress(as_csv([HEADER, *ADS * 100]).encode())
    (tmp_path / "ads.csv.gz").write_bytes(content[: len(content) - 20])
    refused("cut off", tmp_path / "ads.csv.gz", tmp_path / "out.csv", model=small_model)
    assert not (tmp_path / "out.csv").exists()


# -- batches, workers, broken runs ---------------------------------------------------------------


@pytest.mark.parametrize("to", ["csv", "parquet"])
def test_workers_change_nothing(tmp_path: Path, small_model: Model, to: str) -> None:
    (tmp_path / "ads.csv").write_text(as_csv([HEADER, *ADS * 50]), newline="")
    for n_jobs in (1, 2):
        label_file(
            tmp_path / "ads.csv", tmp_path / f"{n_jobs}.{to}", model=small_model, n_jobs=n_jobs, batch_size=40
        )
    assert (tmp_path / f"1.{to}").read_bytes() == (tmp_path / f"2.{to}").read_bytes()


def test_batch_size_changes_nothing(tmp_path: Path, small_model: Model) -> None:
    content = as_csv([HEADER, *ADS * 20]).encode()
    assert len({run(tmp_path, content, small_model, batch_size=n) for n in (1, 7, 2000)}) == 1


# A run that rests after each batch is broken in its middle, however few its rows.
KILLED = """
import sys, time
from collarclass import label_file
resume = "resume" in sys.argv
rest = None if resume else lambda rows, share: time.sleep(0.03)
label_file(sys.argv[1], sys.argv[2], model=sys.argv[3], batch_size=100, resume=resume, progress=rest)
"""


def journal_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.collarclass-journal")


def journal_lines(target: Path) -> list[dict[str, Any]]:
    journal = journal_of(target)
    if not journal.exists():
        return []
    lines = journal.read_text().split("\n")[:-1]
    return [json.loads(line.rpartition("\t")[0]) for line in lines]


def rows_in_journal(target: Path) -> int:
    return sum(line.get("rows") or 0 for line in journal_lines(target))


def partial_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.collarclass-partial")


def interrupted_run(source: Path, target: Path, after: int = 50, **options: Any) -> None:
    """Begin a run and interrupt it after so many rows, as whoever presses Ctrl-C does."""

    def stop(done: int, share: float) -> None:
        if done >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        label_file(source, target, progress=stop, batch_size=10, **options)
    assert not target.exists()
    assert rows_in_journal(target) >= after


@pytest.fixture
def hundred(tmp_path: Path) -> Path:
    path = tmp_path / "hundred.csv"
    path.write_text(as_csv([HEADER, *ADS * 20]), "utf-8", newline="")
    return path


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
@pytest.mark.parametrize(
    "to", ["csv", pytest.param("jsonl.zst", marks=pytest.mark.slow), pytest.param("parquet", marks=pytest.mark.slow)]
)
def test_a_killed_run_goes_on_where_it_was(tmp_path: Path, small_model_path: Path, to: str) -> None:
    source, target, whole = tmp_path / "ads.csv", tmp_path / f"out.{to}", tmp_path / f"whole.{to}"
    source.write_text(as_csv([HEADER, *ADS * 1_000]), newline="")
    label_file(source, whole, model=small_model_path, batch_size=100)
    command = [sys.executable, "-c", KILLED, str(source), str(target), str(small_model_path)]
    process = subprocess.Popen(command)
    while process.poll() is None and not rows_in_journal(target):
        time.sleep(0.002)
    assert process.poll() is None, "the run was over before it was killed"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not target.exists()
    assert 0 < rows_in_journal(target) < 5_000
    with partial_of(target).open("ab") as partial:
        partial.write(b"half a batch that the kill left behind")
    subprocess.run([*command, "resume"], check=True)
    assert target.read_bytes() == whole.read_bytes()
    assert sorted(p.name for p in tmp_path.glob("[!.]*")) == ["ads.csv", target.name, whole.name]
    assert sorted(tmp_path.glob(".*")) == [journal_of(target), journal_of(whole)]


@pytest.mark.parametrize("to", ["csv", "csv.gz", "jsonl.zst", "json", "parquet", "xlsx"])
def test_an_interrupted_run_goes_on_where_it_was(hundred: Path, tmp_path: Path, small_model: Model, to: str) -> None:
    whole, target = tmp_path / f"whole.{to}", tmp_path / "resumed" / f"whole.{to}"
    target.parent.mkdir()
    label_file(hundred, whole, model=small_model, batch_size=10)
    interrupted_run(hundred, target, model=small_model)
    done: list[int] = []
    summary = label_file(
        hundred, target, model=small_model, batch_size=10, resume=True, progress=lambda n, share: done.append(n)
    )
    assert done[0] > 50
    assert summary.rows == sum(summary.counts.values()) == 100
    assert target.read_bytes() == whole.read_bytes()
    assert sorted(target.parent.iterdir()) == [journal_of(target), target]


def test_resume_refuses_other_settings(hundred: Path, tmp_path: Path, small_model: Model) -> None:
    target = tmp_path / "out.csv"
    interrupted_run(hundred, target, model=small_model)
    same: Any = {"model": small_model, "batch_size": 10, "resume": True}
    refused("begun with another prefix", hundred, target, **{**same, "prefix": "x"})
    refused("begun with another batch size", hundred, target, **{**same, "batch_size": 20})
    stricter = replace(small_model, limits={**small_model.limits, "min_terms": 7})
    refused("begun with another model", hundred, target, **{**same, "model": stricter})
    other = replace(small_model, intercept=small_model.intercept + np.float32(0.25))
    refused("begun with another model", hundred, target, **{**same, "model": other})
    content, times = hundred.read_bytes(), hundred.stat()
    hundred.write_bytes(content.replace(b"Welder", b"Farmer"))
    os.utime(hundred, ns=(times.st_atime_ns, times.st_mtime_ns))
    refused("begun with another source", hundred, target, **same)
    hundred.write_bytes(content)
    os.utime(hundred, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert label_file(hundred, target, **same).rows == 100
    refused("cannot be resumed", "-", target, model=small_model, resume=True)


def test_resume_of_a_finished_run_has_nothing_to_do(hundred: Path, tmp_path: Path, small_model: Model) -> None:
    target = tmp_path / "out.csv"
    first = label_file(hundred, target, model=small_model, resume=True)
    again = label_file(hundred, target, model=small_model, resume=True)
    assert not first.finished_before
    assert again.finished_before
    assert (again.rows, again.counts, again.bases) == (first.rows, first.counts, first.bases)


def test_a_finished_target_is_compared_with_what_is_asked_for(
    hundred: Path, tmp_path: Path, small_model: Model
) -> None:
    target = tmp_path / "out.csv"
    same: Any = {"model": small_model, "resume": True}
    label_file(hundred, target, **same)
    january = target.read_bytes()
    february = tmp_path / "february.csv"
    february.write_bytes(hundred.read_bytes().replace(b"Welder", b"Farmer"))
    refused("made with another source", february, target, **same)
    refused("made with another prefix", hundred, target, **same, prefix="x_")
    refused("made with another evidence", hundred, target, **same, evidence=False)
    refused("made with another occupations", hundred, target, **same, occupations=True)
    refused("made with another definition", hundred, target, **same, definition="middle")
    refused("made with another model", hundred, target, **{**same, "model": replace(small_model, name="another")})
    assert target.read_bytes() == january
    target.write_bytes(january[: len(january) // 2])
    refused("is there already: choose", hundred, target, **same)
    target.write_bytes(january.swapcase())
    refused("is there already: choose", hundred, target, **same)
    journal_of(target).unlink()
    refused("is there already: choose", hundred, target, **same)
    assert not label_file(february, target, **same, force=True).finished_before
    assert label_file(february, target, **same).finished_before
    target.unlink()
    assert not label_file(hundred, target, **same).finished_before
    assert target.read_bytes() == january


@pytest.mark.parametrize("how", ["in place", "renamed"])
def test_a_source_that_changes_while_it_is_read_gives_no_result(
    hundred: Path, tmp_path: Path, small_model: Model, how: str
) -> None:
    fresh = hundred.read_bytes().replace(b"Welder", b"Farmer")

    def rewrite(done: int, share: float) -> None:
        if how == "in place":
            hundred.write_bytes(fresh)
        else:
            (tmp_path / "new").write_bytes(fresh)
            (tmp_path / "new").replace(hundred)

    refused("changed while it was read", hundred, tmp_path / "out.csv", model=small_model, progress=rewrite)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["hundred.csv"]


@pytest.mark.parametrize(("number", "ends"), [(errno.EIO, True), (errno.ENOSPC, True), (errno.EINVAL, False)])
def test_what_cannot_be_synchronised_is_not_finished(
    hundred: Path, tmp_path: Path, small_model: Model, monkeypatch: pytest.MonkeyPatch, number: int, ends: bool
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        if not ends:
            label_file(hundred, tmp_path / "out.csv", model=small_model)
            return
        refused(r"out.csv (cannot be written|could not be made)", hundred, tmp_path / "out.csv", model=small_model)
    assert not (tmp_path / "out.csv").exists()
    assert label_file(hundred, tmp_path / "out.csv", model=small_model, resume=True).rows == 100


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX permissions")
@pytest.mark.parametrize("to", ["csv", "parquet", "xlsx"])
def test_a_private_target_is_private_while_it_is_made(
    hundred: Path, tmp_path: Path, small_model: Model, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    target = tmp_path / f"out.{to}"
    target.write_bytes(b"old")
    target.chmod(0o600)
    seen: set[int] = set()
    sync = os.fsync

    def look(descriptor: int) -> None:
        seen.update(stat.S_IMODE(p.stat().st_mode) for p in tmp_path.glob(f".{target.name}.*") if "lock" not in p.name)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    label_file(hundred, target, model=small_model, force=True, batch_size=10)
    assert seen == {0o600} == {stat.S_IMODE(target.stat().st_mode)}


def test_a_damaged_partial_file_is_made_again_from_the_damage_on(
    hundred: Path, tmp_path: Path, small_model: Model
) -> None:
    label_file(hundred, tmp_path / "whole.csv", model=small_model, batch_size=10)
    for place in (0, 300, 4000):
        target = tmp_path / f"out{place}.csv"
        interrupted_run(hundred, target, model=small_model)
        partial = partial_of(target)
        content = bytearray(partial.read_bytes())
        content[place] ^= 0xFF
        partial.write_bytes(content)
        assert label_file(hundred, target, model=small_model, batch_size=10, resume=True).rows == 100
        assert target.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_partial_file_shorter_than_its_journal_is_made_again(
    hundred: Path, tmp_path: Path, small_model: Model
) -> None:
    label_file(hundred, tmp_path / "whole.csv", model=small_model, batch_size=10)
    target = tmp_path / "out.csv"
    interrupted_run(hundred, target, model=small_model)
    os.truncate(partial_of(target), 700)
    assert label_file(hundred, target, model=small_model, batch_size=10, resume=True).rows == 100
    assert target.read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.parametrize("damage", [b"nonsense\n", b"{}\t0\n", b"\xff\xfe\0\n"])
def test_a_damaged_journal_is_refused_with_a_sentence(
    hundred: Path, tmp_path: Path, small_model: Model, damage: bytes
) -> None:
    target = tmp_path / "out.csv"
    interrupted_run(hundred, target, model=small_model)
    target.with_name(".out.csv.collarclass-journal").write_bytes(damage)
    refused("is damaged: run again without resume", hundred, target, model=small_model, batch_size=10, resume=True)
    assert label_file(hundred, target, model=small_model, batch_size=10).rows == 100


@pytest.mark.parametrize("left", [b"", b'{"version"'])
def test_a_run_that_was_ended_while_it_began_is_resumed(
    hundred: Path, tmp_path: Path, small_model: Model, left: bytes
) -> None:
    target = tmp_path / "out.csv"
    journal_of(target).write_bytes(left)
    partial_of(target).touch()
    assert label_file(hundred, target, model=small_model, resume=True).rows == 100
    assert sorted(tmp_path.glob(".*")) == [journal_of(target)]


@pytest.mark.parametrize("to", ["csv", "parquet"])
@pytest.mark.parametrize("before", [True, False])
def test_a_run_that_was_ended_around_the_renaming_is_resumed(
    hundred: Path, tmp_path: Path, small_model: Model, monkeypatch: pytest.MonkeyPatch, to: str, before: bool
) -> None:
    target, replace_file = tmp_path / f"out.{to}", Path.replace

    def end(self: Path, name: Path) -> None:
        if not before:
            replace_file(self, name)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", end)
        with pytest.raises(KeyboardInterrupt):
            label_file(hundred, target, model=small_model)
    assert target.exists() is not before
    done = label_file(hundred, target, model=small_model, resume=True)
    assert (done.rows, done.finished_before) == (100, not before)
    assert sorted(p for p in tmp_path.iterdir() if p != hundred) == [journal_of(target), target]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
@pytest.mark.parametrize("kind", ["journal", "lock", "partial", "built"])
def test_what_stands_in_the_place_of_a_work_file_is_neither_waited_for_nor_followed(
    ads: Path, tmp_path: Path, small_model: Model, kind: str
) -> None:
    place, mine = tmp_path / f".out.csv.collarclass-{kind}", tmp_path / "mine"
    os.mkfifo(place)
    assert label_file(ads, tmp_path / "out.csv", model=small_model, resume=True).rows == len(ADS)
    mine.write_text("mine")
    place.unlink(missing_ok=True)
    place.symlink_to(mine)
    assert label_file(ads, tmp_path / "out.csv", model=small_model, force=True).rows == len(ADS)
    assert mine.read_text() == "mine"


def test_two_runs_with_one_target_do_not_mix(hundred: Path, tmp_path: Path, small_model: Model) -> None:
    target = tmp_path / "out.csv"
    seen: list[int] = []

    def another(done: int, share: float) -> None:
        if not seen:
            seen.append(done)
            refused("is being written by another run", hundred, target, model=small_model)
            refused("is being written by another run", hundred, target, model=small_model, force=True)

    label_file(hundred, target, model=small_model, batch_size=10, progress=another)
    assert seen
    assert len(cells(target.read_text("utf-8"))) == 101
    assert list(tmp_path.glob(".*")) == [journal_of(target)]


def test_two_runs_do_not_mix_where_there_are_no_locks(
    hundred: Path, tmp_path: Path, small_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collarclass.disk._take_lock", lambda descriptor: True)
    target = tmp_path / "out.csv"
    seen: list[int] = []

    def another(done: int, share: float) -> None:
        if not seen:
            seen.append(done)
            label_file(hundred, tmp_path / "whole.csv", model=small_model)
            interrupted_run(hundred, target, model=small_model)

    refused("by another run", hundred, target, model=small_model, batch_size=10, progress=another)
    assert not target.exists()
    assert label_file(hundred, target, model=small_model, batch_size=10, resume=True).rows == 100
    assert target.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_target_that_appears_meanwhile_is_not_overwritten(hundred: Path, tmp_path: Path, small_model: Model) -> None:
    target = tmp_path / "out.csv"

    def appear(done: int, share: float) -> None:
        target.write_text("mine")

    refused("has appeared meanwhile", hundred, target, model=small_model, progress=appear)
    assert target.read_text() == "mine"
    assert label_file(hundred, target, model=small_model, resume=True, force=True).rows == 100


def test_files_named_like_work_files_are_safe(hundred: Path, tmp_path: Path, small_model: Model) -> None:
    for name in (".z.csv.partial", ".z.csv.journal", ".z.csv.new", ".z.csv.built"):
        source = hundred.rename(tmp_path / name)
        label_file(source, tmp_path / "z.csv", model=small_model, force=True, format="csv")
        hundred = source
    assert len(cells(hundred.read_text("utf-8"))) == 101
    journal = hundred.rename(tmp_path / ".z.csv.collarclass-journal")
    refused("is the file that is read", journal, tmp_path / "z.csv", model=small_model, force=True, format="csv")
    assert journal.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize(
    ("name", "to"), [("p.jsonl", "csv"), ("p.json", "csv"), ("p.parquet", "csv"), ("p.csv", "parquet")]
)
def test_a_named_pipe_is_read_once_and_whole(
    hundred: Path, tmp_path: Path, small_model: Model, name: str, to: str
) -> None:
    plain, pipe = tmp_path / f"plain.{name[2:]}", tmp_path / name
    label_file(hundred, plain, model=small_model)
    os.mkfifo(pipe)
    content = plain.read_bytes()

    def feed() -> None:
        with pipe.open("wb") as file:
            file.write(content)

    feeder = threading.Thread(target=feed)
    feeder.start()
    done = label_file(pipe, tmp_path / f"out.{to}", model=small_model, prefix="x_")
    feeder.join()
    assert done.rows == 100
    assert len(read_back(tmp_path / f"out.{to}")) == 100


@pytest.mark.skipif(not Path("/dev/null").is_char_device(), reason="needs devices")
def test_a_device_is_written_into_and_stays_one(hundred: Path, tmp_path: Path, small_model: Model) -> None:
    (tmp_path / "null").symlink_to("/dev/null")
    assert label_file(hundred, tmp_path / "null", model=small_model, force=True).rows == 100
    assert Path("/dev/null").is_char_device()
    refused("cannot be resumed", hundred, "/dev/null", model=small_model, resume=True)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux's /proc")
def test_memory_stays_flat(tmp_path: Path, small_model_path: Path) -> None:
    text = "We weld steel frames and repair machines in a large workshop by the river. " * 35
    with (tmp_path / "ads.csv").open("w") as file:
        file.write("id,title,text\n")
        for i in range(40_000):
            file.write(f'{i},Welder,"{text}"\n')
    code = (  # ru_maxrss would count the process that started this one
        "import sys; from collarclass import label_file;"
        "label_file(sys.argv[1], sys.argv[2], model=sys.argv[3], evidence=False);"
        "print(next(int(s.split()[1]) for s in open('/proc/self/status') if s.startswith('VmHWM')) // 1024)"
    )
    command = [sys.executable, "-c", code]
    command += [str(tmp_path / "ads.csv"), str(tmp_path / "out.csv"), str(small_model_path)]
    peak = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert peak < 400, f"{peak} MB"


# -- any cells, any dialect ----------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(texts, texts, texts), max_size=6),
    delimiter=st.sampled_from(",;\t|"),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
    batch_size=st.integers(1, 4),
    to=st.sampled_from(["csv", "tsv", "jsonl", "json", "parquet", "csv.gz"]),
)
def test_cells_come_back_the_same(
    tmp_path: Path,
    small_model: Model,
    rows: list[tuple[str, str, str]],
    delimiter: str,
    line_end: str,
    quoting: Any,
    encoding: str,
    batch_size: int,
    to: str,
) -> None:
    if any("\r" in cell for row in rows for cell in row):
        line_end = "\r\n"  # until Python 3.13 csv.writer quotes no carriage return with "\n"
    source = as_csv(
        [["id", "title", "text"], *rows], delimiter=delimiter, lineterminator=line_end, quoting=quoting
    )
    options: Any = {"encoding": encoding, "delimiter": delimiter, "batch_size": batch_size}
    out = run(tmp_path, source.encode(encoding), small_model, to=f"out.{to}", **options)
    if to in ("csv", "tsv"):
        separator = "\t" if to == "tsv" else delimiter
        found = [row[:3] for row in cells(out.decode(encoding), separator)][1:]
    elif to == "csv.gz":
        found = [row[:3] for row in cells(gzip.decompress(out).decode(encoding), delimiter)][1:]
    elif to in ("jsonl", "json"):
        lines = json.loads(out) if to == "json" else [json.loads(line) for line in out.decode().split("\n") if line]
        found = [[r["id"], r["title"], r["text"]] for r in lines]
    else:
        table = pq.read_table(io.BytesIO(out))
        found = [
            list(r) for r in zip(*(table.column(c).to_pylist() for c in ("id", "title", "text")), strict=True)
        ]
    assert found == [list(row) for row in rows]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.lists(
        st.sampled_from([b'"', b",", b"\n", b"\r\n", b"\r", b"a", b"\xff", "焊".encode(), b" ", b";"])
    ).map(b"".join)
)
def test_no_byte_is_lost(tmp_path: Path, small_model: Model, body: bytes) -> None:
    out = run(tmp_path, b"id,text\n" + body, small_model, encoding="utf-8")
    for byte in set(body) - set(b'\r\n",'):
        assert out.count(byte) >= body.count(byte)
    at = 0
    for piece in body.translate(bytes.maketrans(b'"\r\n,', b"    ")).split():  # in order
        at = out.index(piece, at) + len(piece)


def test_a_small_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "shares.csv"
    target.write_text("old")

    def fill_the_disk() -> None:
        with written(target, force=True) as fresh:
            fresh.write_text("ne")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(DataError, match=r"shares\.csv cannot be written \(No space left"):
        fill_the_disk()
    assert [path.name for path in tmp_path.iterdir()] == ["shares.csv"]
    assert target.read_text() == "old"


@given(st.lists(st.text(alphabet='{}[],:"\\ a\n', max_size=30), max_size=6), st.integers(1, 40))
def test_an_array_is_read_the_same_in_blocks_of_any_size(values: list[str], size: int) -> None:
    content = json.dumps([{"a": value, "b": [[value], {}]} for value in values]).encode()
    read = json_records._records(iter(_blocks(content, size)), "ads.json")[2]
    bodies = [body for body, _ in read if body.strip()]
    assert [json.loads(body)["a"] for body in bodies] == values


def test_a_long_row_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = 0

    class Counted:
        def finditer(self, buffer: bytes, start: int = 0) -> Any:
            nonlocal looked_at
            looked_at += len(buffer) - start
            return token.finditer(buffer, start)

    token = json_records._TOKEN
    monkeypatch.setattr(json_records, "_TOKEN", Counted())
    content = b'[{"a": ' + b"[" * 5_000 + b"1" + b"]" * 5_000 + b"}]"
    read = json_records._records(iter(_blocks(content, 100)), "ads.json")[2]
    assert next(len(body) for body, _ in read) == len(content) - 2
    assert looked_at < 2 * len(content)


def _blocks(content: bytes, size: int) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]
