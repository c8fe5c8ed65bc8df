"""Every kind of table in, the same kind out, with the labels that pandas gets; the real libraries throughout."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from collarclass import DataError, Model, classify, classify_many, label_file, label_table, to_frame
from collarclass.evaluation.versions import compare_labels
from collarclass.files.table import read_table
from collarclass.shares.files import shares_of_file
from collarclass.shares.shares import estimate_shares
from collarclass.tables.schema import COLUMNS, fields

ADS: dict[str, list[Any]] = {
    "n": [7, 8, 9, 10],
    "title": ["Welder", "Accountant", None, "电焊工"],
    "text": [
        "MIG welding of steel frames in our workshop, no schooling needed.",
        "Bachelor's degree in accounting required. Prepare reports and advise managers.",
        None,
        "熟练焊接钢结构，学历不限，包吃住，维修设备。",
    ],
}


def test_pandas_keeps_index_and_types(small_model: Model) -> None:
    table = pd.DataFrame(ADS, index=pd.Index(["a", "b", "b", "c"], name="key"))
    table["kind"] = pd.Categorical(["x", "y", "x", "y"])
    table["when"] = pd.to_datetime("2024-05-06")
    found = label_table(table, model=small_model)
    pd.testing.assert_frame_equal(found[table.columns], table)
    assert list(found.columns) == [*table.columns, *COLUMNS]
    assert found["collar"].tolist() == ["blue", "white", "unclear", "blue"]


@pytest.fixture
def expected(small_model: Model) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = label_table(pa.table(ADS), model=small_model).to_pylist()
    pandas = label_table(pd.DataFrame(ADS), model=small_model)
    assert [row["collar"] for row in rows] == pandas["collar"].tolist()
    assert [row["collar_evidence"] for row in rows] == pandas["collar_evidence"].tolist()
    return rows


def test_arrow_table_batch_and_reader(small_model: Model, expected: list[dict[str, Any]]) -> None:
    table = pa.table(ADS).replace_schema_metadata({"mine": "kept"})
    found = label_table(table, model=small_model)
    assert isinstance(found, pa.Table)
    assert found.schema.metadata == {b"mine": b"kept"}
    assert found.schema.names == [*ADS, *COLUMNS]
    (batch,) = table.to_batches()
    labelled = label_table(batch, model=small_model)
    assert isinstance(labelled, pa.RecordBatch)
    assert labelled.to_pylist() == expected
    empty = label_table(batch.slice(0, 0), model=small_model)
    assert len(empty) == 0
    assert empty.schema.names == [*ADS, *COLUMNS]
    reader = pa.RecordBatchReader.from_batches(table.schema, [batch.slice(0, 1), batch.slice(1)])
    stream = label_table(reader, model=small_model)
    assert isinstance(stream, pa.RecordBatchReader)
    assert stream.read_next_batch().num_rows == 1
    assert stream.read_all().to_pylist() == expected[1:]


@pytest.mark.parametrize("name", ["large_string", "string_view", "binary", "dictionary"])
def test_arrow_text_of_any_type(small_model: Model, expected: list[dict[str, Any]], name: str) -> None:
    if not hasattr(pa, name):
        pytest.skip(f"this version of pyarrow has no {name}")
    kind = pa.dictionary(pa.int32(), pa.string()) if name == "dictionary" else getattr(pa, name)()
    table = pa.table(ADS)
    for i, name in enumerate(("title", "text"), 1):
        column = table.column(name).combine_chunks()
        column = column.dictionary_encode() if pa.types.is_dictionary(kind) else column.cast(kind)
        table = table.set_column(i, name, column)
    assert label_table(table, model=small_model).select(list(COLUMNS)).to_pylist() == [
        {name: row[name] for name in COLUMNS} for row in expected
    ]


def test_polars_eager(small_model: Model, expected: list[dict[str, Any]]) -> None:
    pl = pytest.importorskip("polars", reason="pip install collarclass[polars]")
    table = pl.DataFrame(ADS).with_columns(kind=pl.Series(["x", "y", "x", "y"], dtype=pl.Categorical))
    found = label_table(table, model=small_model)
    assert isinstance(found, pl.DataFrame)
    assert found.schema["kind"] == pl.Categorical
    assert found.drop("kind").rows(named=True) == expected


def test_polars_lazy_is_labelled_when_collected(small_model: Model, expected: list[dict[str, Any]]) -> None:
    pl = pytest.importorskip("polars", reason="pip install collarclass[polars]")
    lazy = label_table(pl.DataFrame(ADS).lazy(), model=small_model)
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema().names() == [*ADS, *COLUMNS]
    assert lazy.collect().rows(named=True) == expected
    blue = lazy.filter(pl.col("collar") == "blue").select("n", "collar_confidence").collect()
    assert blue["n"].to_list() == [7, 10]
    assert lazy.head(1).collect().height == 1
    plan = lazy.filter(pl.col("n") > 1).select("collar").explain()
    assert plan.index("python_udf") < plan.index("FILTER"), "filtered before it is labelled"
    assert "python_udf" not in lazy.select("n").explain()
    with pytest.raises(DataError, match="No column 'nothing'"):
        label_table(pl.LazyFrame(ADS), text="nothing", model=small_model)


def test_polars_expression(small_model: Model, expected: list[dict[str, Any]]) -> None:
    pl = pytest.importorskip("polars", reason="pip install collarclass[polars]")
    import collarclass.tables.polars  # noqa: F401

    label = pl.col("text").collar.label(pl.col("title"), model=small_model)
    for frame in (pl.DataFrame(ADS), pl.LazyFrame(ADS)):
        found = frame.with_columns(label.alias("found")).unnest("found").lazy().collect()
        assert found.rows(named=True) == expected
    alone = pl.DataFrame(ADS).select(pl.col("text").collar.label(model=small_model).struct.field("collar"))
    assert alone["collar"].to_list() == ["blue", "white", "unclear", "blue"]


def test_duckdb_relation(small_model: Model, expected: list[dict[str, Any]]) -> None:
    duckdb = pytest.importorskip("duckdb", reason="pip install collarclass[duckdb]")
    connection, table = duckdb.connect(), pa.table(ADS)
    connection.register("ads", table)
    found = label_table(connection.sql("select * from ads"), model=small_model)
    assert isinstance(found, duckdb.DuckDBPyRelation)
    rows = found.filter("collar = 'blue'").order("n").fetchall()
    assert [row[0] for row in rows] == [7, 10]
    assert found.to_arrow_table().to_pylist() == expected
    assert connection.sql("select count(*) from ads").fetchall() == [(4,)]


def test_duckdb_function(small_model: Model, expected: list[dict[str, Any]]) -> None:
    duckdb = pytest.importorskip("duckdb", reason="pip install collarclass[duckdb]")
    from collarclass.tables.duckdb import register_duckdb

    connection, table = duckdb.connect(), pa.table(ADS)
    connection.register("ads", table)
    register_duckdb(connection, model=small_model)
    found = connection.sql("select n, unnest(collar(text, title)) from ads order by n").to_arrow_table().to_pylist()
    assert found == [{name: row[name] for name in ("n", *COLUMNS)} for row in expected]
    register_duckdb(connection, "plain", model=small_model, evidence=False)
    found = connection.sql("select plain(text, null).collar_evidence e from ads").fetchall()
    assert {row[0] for row in found} <= {"", None}


def test_whatever_has_an_arrow_stream(small_model: Model, expected: list[dict[str, Any]]) -> None:
    class Strange:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return pa.table(ADS).__arrow_c_stream__(requested_schema)

    found: Any = label_table(Strange(), model=small_model)
    assert isinstance(found, pa.Table)
    assert found.to_pylist() == expected


def test_values_that_are_not_text(small_model: Model) -> None:
    for text in ([1.5, None], [True, None], [np.nan, 3.0]):
        table = pa.table({"text": text})
        for same in (table, table.to_pandas()):
            if isinstance(same, pa.Table) or same["text"].dtype != object:
                with pytest.raises(DataError, match="Column 'text' of the table holds numbers, not text: name another"):
                    label_table(same, model=small_model)


@pytest.mark.parametrize("nothing", [{"text": ["x"]}, [["x"]], None])
def test_what_is_no_table_is_told(nothing: Any, small_model: Model) -> None:
    with pytest.raises(TypeError, match="is no table that can be labelled: give a pandas, polars or pyarrow table"):
        label_table(nothing, model=small_model)


@pytest.mark.parametrize("name", ["ads.csv", Path("ads.csv"), "s3://bucket/ads.csv"])
def test_the_name_of_a_file_is_no_table(name: str | Path) -> None:
    with pytest.raises(TypeError, match=r"ads\.csv' names a file, not a table: give it to label_file"):
        label_table(name)


def test_a_column_that_is_there_already(small_model: Model) -> None:
    pl = pytest.importorskip("polars", reason="pip install collarclass[polars]")
    for table in (pa.table({**ADS, "collar": ADS["n"]}), pl.DataFrame({**ADS, "collar": ADS["n"]})):
        with pytest.raises(DataError, match="Column 'collar' is already in the table"):
            label_table(table, model=small_model)
        found = label_table(table, prefix="x_", model=small_model)
        names = found.column_names if isinstance(found, pa.Table) else found.columns
        assert list(names) == [*ADS, "collar", *(f"x_{name}" for name in COLUMNS)]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_progress_is_called(small_model: Model, n_jobs: int) -> None:
    seen: list[tuple[int, float]] = []
    table = pa.table({"text": ADS["text"] * 3000})
    options: Any = {"model": small_model, "evidence": False}
    found = label_table(table, n_jobs=n_jobs, progress=lambda n, share: seen.append((n, share)), **options)
    assert seen == [(5000, pytest.approx(5 / 12)), (10_000, pytest.approx(10 / 12)), (12_000, 1.0)]
    assert found.equals(label_table(table, **options))


def test_the_schema_is_the_same_everywhere(small_model: Model) -> None:
    found = label_table(pa.table(ADS), model=small_model).schema
    assert [(f.name, f.type) for f in found][-len(COLUMNS) :] == [(f.name, f.type) for f in fields()]


def test_results_as_a_frame_are_what_label_table_adds(golden: pd.DataFrame) -> None:
    texts, titles = [*golden["text"], ""], [*golden["title"], None]
    found = to_frame(classify_many(texts, titles))
    table = label_table(pd.DataFrame({"title": titles, "text": texts}))
    pd.testing.assert_frame_equal(found, table[list(COLUMNS)], check_dtype=False)


def test_a_result_as_dict_and_json() -> None:
    found = classify("熟练焊接钢结构，学历不限。", "电焊工")
    content = json.loads(found.to_json())
    assert content == found.to_dict()
    assert content["collar"] == found.label
    assert "焊" in found.to_json()
    assert len(found.to_dict(max_evidence=1)["evidence"]) == 1
    assert repr(found).startswith(f"<Classification {found.label} ")
    assert repr(classify("")) == "<Classification unclear: empty text>"


def test_the_log_is_silent_unless_asked_for(tmp_path: Path, small_model: Model) -> None:
    code = (
        "import sys; from collarclass import label_file; from pathlib import Path\n"
        "Path(sys.argv[1]).write_text('text,n\\nsteel\\n')\n"
        "label_file(sys.argv[1], sys.argv[1] + '.out.csv', force=True)\n"
        "import logging; logging.basicConfig(level='INFO')\n"
        "label_file(sys.argv[1], sys.argv[1] + '.out.csv', force=True)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "ads.csv")]
    err = subprocess.run(command, check=True, capture_output=True, text=True).stderr.splitlines()
    assert [line.split(":")[:2] for line in err] == [["INFO", "collarclass"]] * 2 + [["WARNING", "collarclass"]]


def test_progress_of_a_list(small_model: Model) -> None:
    seen: list[tuple[int, float]] = []
    texts = [ad or "" for ad in ADS["text"]] * 9000
    found = classify_many(texts, evidence=False, model=small_model, progress=lambda n, share: seen.append((n, share)))
    assert len(found) == 36_000
    assert seen[-1] == (36_000, 1.0)
    assert 1 < len(seen) < 100


def test_datasets_and_scanners_are_labelled_as_they_are_read(tmp_path: Path, small_model: Model) -> None:
    import pyarrow.dataset as ds
    import pyarrow.parquet as pq

    table = pa.table({"title": ["Welder", "Nurse"] * 3, "text": ["MIG welding of frames.", "Dress wounds."] * 3})
    for part in range(2):
        pq.write_table(table, tmp_path / f"{part}.parquet")
    dataset = ds.dataset(tmp_path)
    expected = label_table(pa.concat_tables([table, table]), model=small_model)
    for source in (dataset, dataset.scanner()):
        found = label_table(source, model=small_model)
        assert isinstance(found, pa.RecordBatchReader)
        assert found.read_all().equals(expected)


def test_frames_of_narwhals_come_back_as_such(small_model: Model) -> None:
    nw = pytest.importorskip("narwhals")
    pl = pytest.importorskip("polars", reason="pip install collarclass[polars]")
    duckdb = pytest.importorskip("duckdb", reason="pip install collarclass[duckdb]")
    ads = pl.DataFrame({"title": ["Welder", "Nurse"], "text": ["MIG welding of frames.", "Dress wounds."]})
    expected = label_table(ads, model=small_model)
    assert label_table(nw.from_native(ads), model=small_model).to_native().equals(expected)
    lazy = label_table(nw.from_native(ads.lazy()), model=small_model)
    assert isinstance(lazy, nw.LazyFrame)
    assert lazy.collect().to_native().equals(expected)
    with duckdb.connect() as connection:
        over_duckdb = label_table(nw.from_native(connection.from_arrow(ads.to_arrow())), model=small_model)
        assert over_duckdb.select("collar").collect().to_native().to_pylist() == expected.select("collar").to_dicts()


def test_a_series_is_no_table() -> None:
    pl = pytest.importorskip("polars", reason="pip install collarclass[polars]")
    for series in (pd.Series(["Welder"]), pl.Series(["Welder"]), pa.chunked_array([["Welder"]])):
        with pytest.raises(TypeError, match="is one column, not a table: give a table that holds it"):
            label_table(series)


def test_a_table_is_no_list_of_texts_and_no_file(tmp_path: Path) -> None:
    table = pd.DataFrame({"text": ["We weld steel frames on shifts."]})
    with pytest.raises(TypeError, match="texts is a table: give one of its columns, or call label_table"):
        classify_many(table)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="The source is a table, not a file: call label_table"):
        label_file(table, tmp_path / "out.csv")  # type: ignore[arg-type]


@pytest.mark.parametrize("title", ["3", "4.5", "2026", "12/7"])
def test_a_title_without_a_letter_names_no_job(title: str) -> None:
    assert classify(title=title).label == "unclear"


ASKED = pd.DataFrame(
    {
        "text": [
            "招电工，须持电工证和高级技师证，负责厂房线路检修。",
            "Electrician. Journeyman electrician licence and CompTIA A+ required, wiring of houses and shops.",
            "Clean offices in the evening, two hours a day, near the station, with a mop and a bucket.",
        ]
    }
)


def test_certificates_are_lists_in_frames(small_model: Model) -> None:
    duckdb, pl = pytest.importorskip("duckdb"), pytest.importorskip("polars")
    from collarclass.tables.duckdb import register_duckdb

    expected = label_table(ASKED, model=small_model)["certificates"].tolist()
    assert [len(names) for names in expected] == [2, 2, 0]
    assert to_frame(classify_many(ASKED["text"], model=small_model))["certificates"].tolist() == expected
    arrow = label_table(pa.Table.from_pandas(ASKED), model=small_model)["certificates"]
    assert (arrow.type, arrow.to_pylist()) == (pa.list_(pa.string()), expected)
    eager = label_table(pl.from_pandas(ASKED), model=small_model)["certificates"]
    assert (eager.dtype, eager.to_list()) == (pl.List(pl.String), expected)
    connection = duckdb.connect()
    connection.register("asked", ASKED)
    register_duckdb(connection, model=small_model)
    found = connection.sql("select collar(text).certificates from asked").fetchall()
    assert [names for (names,) in found] == expected


@pytest.mark.parametrize("ending", ["csv", "xlsx", "jsonl", "json", "parquet"])
def test_certificates_of_files_are_lists_where_files_have_them(ending: str, tmp_path: Path, small_model: Model) -> None:
    if ending == "xlsx":
        pytest.importorskip("xlsxwriter", reason="pip install collarclass[excel]")
        pytest.importorskip("python_calamine", reason="pip install collarclass[excel]")
    expected = label_table(ASKED, model=small_model)["certificates"].tolist()
    target = tmp_path / f"labelled.{ending}"
    ASKED.to_csv(tmp_path / "ads.csv", index=False)
    label_file(tmp_path / "ads.csv", target, model=small_model)
    read = {"jsonl": partial(pd.read_json, lines=True), "json": pd.read_json, "parquet": pd.read_parquet}
    table = read.get(ending, read_table)(target)  # type: ignore[operator]
    texts = ["; ".join(names) for names in expected]
    assert list(map(list, table["certificates"])) == list(map(list, texts if ending in ("csv", "xlsx") else expected))
    shares = shares_of_file(target, by="certificates", model=small_model)
    assert set(shares["certificates"]) == {"(all)", *texts}
    frame = estimate_shares(table, by="certificates", model=small_model)
    assert set(frame["certificates"]) == set(texts)
    compared = compare_labels(target, label_table(ASKED, model=small_model), by="certificates")
    assert set(compared["by"]) == set(texts) - {""}


LEARNING_ONLY = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("pandas", "scipy", "sklearn", "joblib", "narwhals"):
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Blocked())
import pyarrow as pa
import pyarrow.parquet as pq
from collarclass import label_file, label_table

ads = pa.table({"title": ["Welder"], "text": ["Weld steel frames in our workshop, no schooling needed."]})
pq.write_table(ads, "ads.parquet")
open("ads.csv", "w").write("title,text\\nWelder,MIG welding of steel frames\\n")
print(label_table(ads)["collar"][0], *(label_file(f"ads.{e}", f"out.{e}").rows for e in ("csv", "parquet")))
"""


def test_labelling_needs_no_library_of_learning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEARNING_ONLY], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "blue 1 1\n", done.stderr
