"""Dask, Spark and Ray give the labels that one machine gives."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from collarclass import DataError, Model, ModelFileError, label_table, load_model
from collarclass.tables.engines import label_dask, label_ray, label_spark
from collarclass.tables.schema import COLUMNS

pytestmark = pytest.mark.slow  # clusters take long to start
ADS = pd.DataFrame(
    {
        "n": range(120),
        "title": ["Welder", "Accountant", None, "电焊工"] * 30,
        "text": [
            "MIG welding of steel frames in our workshop, no schooling needed.",
            "Bachelor's degree in accounting and a CPR certification required. Prepare reports and advise managers.",
            None,
            "熟练焊接钢结构，学历不限，包吃住，维修设备。",
        ]
        * 30,
    }
)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip(
        "distributed", reason="Dask is not installed: pip install collarclass[dask]"
    )
    pytest.importorskip("dask.dataframe", reason="Dask is not installed: pip install collarclass[dask]")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    pyspark_sql = pytest.importorskip(
        "pyspark.sql", reason="Spark is not installed: pip install collarclass[spark]"
    )
    if shutil.which("java") is None or subprocess.run(["java", "-version"], capture_output=True).returncode:
        pytest.skip("Spark needs Java, and there is none on this machine")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        pyspark_sql.SparkSession.builder.master("local[1,3]")  # a task that failed is tried again
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install collarclass[ray]")
    pytest.importorskip("ray.data", reason="Ray is not installed: pip install collarclass[ray]")
    for attempt in range(3):
        try:
            ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
            break
        except Exception:  # Ray gives its own processes 30 seconds to start, too few on a busy machine
            ray.shutdown()
            if attempt == 2:
                raise
    yield ray
    ray.shutdown()


def plain(table: pd.DataFrame) -> list[list[Any]]:
    return table.astype(object).where(table.notna(), None).to_numpy().tolist()


@pytest.mark.parametrize("by_path", [True, False])
def test_dask(cluster: Any, small_model: Model, small_model_path: Path, by_path: bool) -> None:
    import dask.dataframe as dd

    lazy = label_dask(dd.from_pandas(ADS, npartitions=5), model=small_model_path if by_path else small_model)
    assert list(lazy.columns) == [*ADS.columns, *COLUMNS]
    assert lazy.npartitions == 5
    found = lazy.compute()
    expected = label_table(ADS, model=small_model)
    assert plain(found) == plain(expected)
    assert found.index.tolist() == ADS.index.tolist()
    assert lazy["collar"].value_counts().compute().to_dict() == expected["collar"].value_counts().to_dict()


def test_dask_reads_only_what_it_needs(small_model: Model, tmp_path: Path) -> None:
    dd = pytest.importorskip("dask.dataframe", reason="Dask is not installed: pip install collarclass[dask]")
    ADS.assign(extra="not needed").to_parquet(tmp_path / "ads.parquet")
    lazy = label_dask(dd.read_parquet(tmp_path / "ads.parquet"), model=small_model)
    assert "extra" not in str(lazy[["n", "collar"]].optimize(fuse=False).tree_repr())
    assert "title" not in str(lazy[["n"]].optimize(fuse=False).tree_repr())


def test_dask_writes_parquet(cluster: Any, small_model_path: Path, tmp_path: Path) -> None:
    import dask.dataframe as dd

    label_dask(
        dd.from_pandas(ADS, npartitions=3), model=small_model_path, prefix="x_", evidence=False
    ).to_parquet(str(tmp_path / "out"))
    found = pd.read_parquet(tmp_path / "out").sort_values("n")
    expected = label_table(ADS, model=load_model(small_model_path))
    assert found["x_collar"].tolist() == expected["collar"].tolist()
    assert [list(names) for names in found["x_certificates"]] == expected["certificates"].tolist()
    assert any(expected["certificates"])


@pytest.mark.parametrize("by_path", [True, False])
def test_spark(spark: Any, small_model: Model, small_model_path: Path, by_path: bool) -> None:
    rows = [tuple(row) for row in plain(ADS)]
    sdf = spark.createDataFrame(rows, "n long, title string, text string").repartition(3)
    lazy = label_spark(sdf, model=small_model_path if by_path else small_model)
    assert lazy.columns == [*ADS.columns, *COLUMNS]
    found = sorted(([*row] for row in lazy.collect()), key=lambda row: int(row[0]))
    assert found == plain(label_table(ADS, model=small_model))
    counts = {row["collar"]: row["count"] for row in lazy.groupBy("collar").count().collect()}
    assert sum(counts.values()) == len(ADS)


def test_spark_sql_reads_only_what_it_needs(spark: Any, small_model: Model, tmp_path: Path) -> None:
    from collarclass.tables.engines import register_spark

    ads = ADS.assign(extra="not needed", text=ADS["text"].fillna(""))
    rows = [tuple(row) for row in plain(ads)]
    columns = "n long, title string, text string, extra string"
    spark.createDataFrame(rows, columns).write.parquet(str(tmp_path / "ads"))
    spark.read.parquet(str(tmp_path / "ads")).createOrReplaceTempView("ads")
    for _ in range(2):  # registered again is no error
        collar = register_spark(spark, model=small_model, definition="middle")
    fields = "collar(text, title).collar as label, collar(text, title).collar_model as model"
    query = f"select n, {fields} from ads where n > 100"
    expected = label_table(ads, model=small_model, definition="middle")
    found = {row["n"]: (row["label"], row["model"]) for row in spark.sql(query).collect()}
    assert found == {n: (expected["collar"][n], expected["collar_model"][n]) for n in range(101, 120)}
    plan = spark.sql(f"explain {query}").collect()[0][0]
    assert "PushedFilters: [IsNotNull(n), GreaterThan(n,100)]" in plan
    assert "ReadSchema: struct<n:bigint,title:string,text:string>" in plan
    assert plan.count("collar(text") < 6  # once evaluated, however many of its fields are asked for
    table = spark.table("ads").where("n = 3")
    assert table.select(collar("text")["collar"]).collect()[0][0] == "blue"
    lazy = label_spark(spark.read.parquet(str(tmp_path / "ads")), model=small_model).where("n > 100")
    plan = lazy.select("n", "collar", "p_gray")._jdf.queryExecution().toString()
    assert "PushedFilters: [IsNotNull(n), GreaterThan(n,100)]" in plan
    assert "ReadSchema: struct<n:bigint,title:string,text:string>" in plan
    assert plan.split("== Physical Plan ==")[1].count("ArrowEvalPython") == 1


def test_spark_streams_into_parquet(spark: Any, small_model: Model, tmp_path: Path) -> None:
    rows = [tuple(row) for row in plain(ADS)]
    spark.createDataFrame(rows, "n long, title string, text string").write.parquet(str(tmp_path / "ads"))
    stream = spark.readStream.schema("n long, title string, text string").parquet(str(tmp_path / "ads"))
    sink = label_spark(stream, model=small_model).writeStream.format("parquet").trigger(availableNow=True)
    query = sink.option("checkpointLocation", str(tmp_path / "checkpoint")).start(str(tmp_path / "labelled"))
    assert query.awaitTermination(120)
    found = pd.read_parquet(tmp_path / "labelled").sort_values("n").reset_index(drop=True)
    expected = label_table(ADS, model=small_model)
    assert found["collar"].tolist() == expected["collar"].tolist()
    assert [list(names) for names in found["certificates"]] == expected["certificates"].tolist()


def test_what_is_wrong_is_said_before_work_is_sent(cluster: Any, spark: Any, tmp_path: Path) -> None:
    import dask.dataframe as dd

    from collarclass.tables.engines import register_spark

    sdf = spark.createDataFrame([("x",)], "text string")
    ddf = dd.from_pandas(ADS, npartitions=1)
    starts: tuple[Callable[..., Any], ...] = (
        partial(register_spark, spark),
        partial(label_spark, sdf),
        partial(label_dask, ddf),
    )
    for start in starts:
        with pytest.raises(ModelFileError, match=r"No model at .*nothing"):
            start(model=tmp_path / "nothing")
        with pytest.raises(DataError, match="No definition 'pink'"):
            start(definition="pink")
    spark.conf.set("spark.sql.caseSensitive", "true")
    both = spark.createDataFrame([("x", "y")], "text string, Text string")
    spark.conf.set("spark.sql.caseSensitive", "false")
    with pytest.raises(DataError, match="'text' and 'Text' of the table differ only by case"):
        label_spark(both)


def test_engines_take_the_options_of_tables(cluster: Any, spark: Any, small_model_path: Path) -> None:
    import dask.dataframe as dd

    ads = ADS.assign(code="51-4121.00").iloc[:8]
    options: dict[str, Any] = {"code": "code", "definition": "middle", "occupations": True, "prefix": "x_"}
    expected = label_table(ads, model=small_model_path, **options)
    found = label_dask(dd.from_pandas(ads, npartitions=2), model=small_model_path, **options).compute()
    assert plain(found) == plain(expected)
    sdf = spark.createDataFrame([tuple(row) for row in plain(ads)], "n long, title string, text string, code string")
    assert [[*row] for row in label_spark(sdf, model=small_model_path, **options).collect()] == plain(expected)


def test_engines_refuse_as_tables_do(cluster: Any, spark: Any, small_model: Model) -> None:
    import dask.dataframe as dd

    ddf = dd.from_pandas(ADS.rename(columns={"text": "words"}), npartitions=1)
    with pytest.raises(DataError, match=r"No column 'text'.*words"):
        label_dask(ddf, text="text", model=small_model)
    sdf = spark.createDataFrame([("x", "y")], "text string, collar string")
    with pytest.raises(DataError, match="'collar' is already"):
        label_spark(sdf, model=small_model)


def dies_once(marker: Path) -> Callable[[Any], Any]:
    """What gives a part of a table back, unless it is the first that comes this way: then its worker dies.

    A function inside of another, which is sent by value: workers cannot import this module.
    """
    path = str(marker)

    def die_once(part: Any) -> Any:
        if not len(part):
            return part
        try:
            open(path, "x").close()  # noqa: PTH123
        except FileExistsError:
            return part
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    return die_once


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_no_row_is_lost_with_a_worker(cluster: Any, spark: Any, small_model_path: Path, tmp_path: Path) -> None:
    import dask.dataframe as dd

    expected = plain(label_table(ADS, model=small_model_path))
    labelled = label_dask(dd.from_pandas(ADS, npartitions=5), model=small_model_path)
    found = labelled.map_partitions(dies_once(tmp_path / "dask"), meta=labelled._meta).compute()
    assert (tmp_path / "dask").exists()
    assert plain(found.sort_index()) == expected

    die_once = dies_once(tmp_path / "spark")
    rows = spark.createDataFrame([tuple(row) for row in plain(ADS)], "n long, title string, text string")
    lazy = label_spark(rows.repartition(3), model=small_model_path)
    collected = lazy.mapInArrow(lambda batches: map(die_once, batches), lazy.schema).collect()
    assert (tmp_path / "spark").exists()
    assert sorted(([*row] for row in collected), key=lambda row: int(row[0])) == expected


def test_a_model_that_a_worker_cannot_read_is_said(
    cluster: Any, spark: Any, small_model_path: Path, tmp_path: Path
) -> None:
    import dask.dataframe as dd

    shutil.copytree(small_model_path, tmp_path / "model")
    ddf = label_dask(dd.from_pandas(ADS, npartitions=2), model=tmp_path / "model")
    sdf = label_spark(spark.createDataFrame([("A welder.",)], "text string"), model=tmp_path / "model")
    shutil.rmtree(tmp_path / "model")
    said = "cannot be read by a worker, though it was where the run was started: give every machine its folder"
    with pytest.raises(ModelFileError, match=said):
        ddf.compute()
    with pytest.raises(Exception, match=said):  # Spark has an exception of its own for those of its workers
        sdf.collect()


def test_cells_that_are_no_text_are_read_as_tables_read_them(cluster: Any, spark: Any, small_model: Model) -> None:
    import dask
    import dask.dataframe as dd

    texts: list[Any] = ["A welder.", 12.5, None, b"A \xff cook.", ["a", "list"], True]
    ads = ADS.head(6).assign(text=texts)
    with dask.config.set({"dataframe.convert-string": False}):
        found = label_dask(dd.from_pandas(ads, npartitions=2), model=small_model).compute()
    assert plain(found) == plain(label_table(ads, model=small_model))
    for dtype, kind in (("int", "numbers"), ("struct<a:string>", "objects"), ("map<string,int>", "objects")):
        empty = spark.createDataFrame([], f"text {dtype}")
        with pytest.raises(DataError, match=f"Column 'text' of the table holds {kind}, not text"):
            label_spark(empty, model=small_model)
    both = spark.createDataFrame([(bytearray(b"A welder."), ["a", "list"])], "text binary, title array<string>")
    assert label_spark(both, model=small_model).select("collar_model").collect()[0][0] == small_model.identity


def taken(dataset: Any) -> pd.DataFrame:
    """The rows of a Ray dataset in their order, with lists as lists."""
    return pd.DataFrame(dataset.take_all()).sort_values("n").reset_index(drop=True)


@pytest.mark.parametrize("by_path", [True, False])
def test_ray(ray: Any, small_model: Model, small_model_path: Path, by_path: bool) -> None:
    dataset = ray.data.from_pandas(ADS).repartition(3)
    labelled = label_ray(dataset, model=small_model_path if by_path else small_model)
    found = taken(labelled)
    assert list(found.columns) == [*ADS.columns, *COLUMNS]
    assert plain(found) == plain(label_table(ADS, model=small_model))
    with pytest.raises(DataError, match="No column 'nothing'"):
        label_ray(dataset, text="nothing")
    with pytest.raises(TypeError, match=r"labelled by collarclass\.tables\.engines\.label_ray"):
        label_table(dataset)


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_ray_workers_that_die_or_lack_the_model(ray: Any, small_model_path: Path, tmp_path: Path) -> None:
    shutil.copytree(small_model_path, tmp_path / "model")
    dataset = ray.data.from_pandas(ADS).repartition(3)
    labelled = label_ray(dataset, model=tmp_path / "model")
    killed = labelled.map_batches(dies_once(tmp_path / "ray"), batch_format="pyarrow")
    found = taken(killed)
    assert (tmp_path / "ray").exists()
    assert plain(found) == plain(label_table(ADS, model=small_model_path))
    shutil.rmtree(tmp_path / "model")
    with pytest.raises(Exception, match="cannot be read by a worker"):  # Ray has an exception of its own
        labelled.to_pandas()
    with pytest.raises(DataError, match="Column 'text' of the table holds numbers, not text"):
        label_ray(ray.data.from_items([{"text": 1}]))
