"""Measure ads per second for every kind of table and file, and write TABLES.md.

    python benchmarks/tables.py [--rows 20000] [--rounds 3] [--out benchmarks/TABLES.md]

Ads as in run.py: English, 2,600 characters. Processor time of this process, least of the rounds, all
kinds in turn within a round, so that other work on the machine changes little; Spark, Dask and Ray do
their work in processes of their own, so wall time is given for them.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ.setdefault(_name, "1")

ROOT = Path(__file__).resolve().parents[1]

LIBRARIES = ("pandas", "pyarrow", "polars", "duckdb", "narwhals", "python-calamine", "XlsxWriter", "ray", "dask")
FILES = ("csv", "csv.gz", "csv.zst", "jsonl", "json", "parquet", "xlsx")


def table_ways(rows: list[dict[str, str]], model: Any) -> dict[str, Callable[[], Any]]:
    """A call for each kind of table that is installed, all with the same rows."""
    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    import collarclass.tables.polars  # noqa: F401
    from collarclass import label_table
    from collarclass.tables.duckdb import register_duckdb

    arrow = pa.Table.from_pylist(rows)
    pandas, polars = pd.DataFrame(rows), pl.DataFrame(rows)
    connection = duckdb.connect()
    connection.execute("set threads to 1")
    connection.register("ads", arrow)
    register_duckdb(connection, evidence=False, model=model)
    options: dict[str, Any] = {"evidence": False, "model": model}
    expression = pl.col("text").collar.label(pl.col("title"), **options)
    return {
        "pandas": lambda: label_table(pandas, **options),
        "polars DataFrame": lambda: label_table(polars, **options),
        "polars LazyFrame": lambda: label_table(polars.lazy(), **options).collect(),
        "polars expression": lambda: polars.lazy().with_columns(expression.alias("x")).collect(),
        "pyarrow Table": lambda: label_table(arrow, **options),
        "pyarrow RecordBatchReader": lambda: label_table(arrow.to_reader(4000), **options).read_all(),
        "DuckDB relation": lambda: label_table(connection.sql("select * from ads"), **options),
        "DuckDB function": lambda: connection.sql("select unnest(collar(text, title)) from ads").to_arrow_table(),
    }


def cluster_ways(rows: list[dict[str, str]]) -> dict[str, Callable[[], Any]]:
    """A call for each engine that works in other processes; each engine that is not there is left out."""
    import pandas as pd

    from collarclass.tables import engines

    pandas = pd.DataFrame(rows)
    ways: dict[str, Callable[[], Any]] = {}
    try:
        import dask.dataframe as dd
        from distributed import Client, LocalCluster

        cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
        Client(cluster)
        dask = dd.from_pandas(pandas, npartitions=8)
        ways["Dask, 2 workers"] = lambda: engines.label_dask(dask, evidence=False).compute()
    except ImportError:
        pass
    try:
        import ray

        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
        dataset = ray.data.from_pandas(pandas).repartition(8).materialize()
        ways["Ray, 2 workers"] = lambda: engines.label_ray(dataset, evidence=False).materialize()
    except ImportError:
        pass
    try:
        from pyspark.sql import SparkSession

        os.environ["PYSPARK_PYTHON"] = sys.executable
        spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
        spark.sparkContext.setLogLevel("ERROR")
        sdf = spark.createDataFrame(pandas).repartition(8).cache()
        sdf.count()
        ways["Spark, 2 workers"] = lambda: engines.label_spark(sdf, evidence=False).toPandas()
    except Exception as error:  # Spark without Java fails in several ways
        print("Spark left out:", error, file=sys.stderr)
    return ways


def file_ways(rows: list[dict[str, str]], model: Any, folder: Path) -> dict[str, Callable[[], Any]]:
    """A call for each format of file, in and out in the same format."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from collarclass import label_file

    pq.write_table(pa.Table.from_pylist(rows), folder / "ads.parquet")
    ways = {}
    for kind in FILES:
        source = folder / f"source.{kind}"
        label_file(folder / "ads.parquet", source, model=model, prefix="a_", evidence=False)
        ways[f"`.{kind}`"] = lambda source=source, kind=kind: label_file(
            source, folder / f"out.{kind}", model=model, evidence=False, force=True
        )
    return ways


def measure(ways: dict[str, Callable[[], Any]], rounds: int, clock: Callable[[], float]) -> dict[str, float]:
    """Least time of each way, the ways in turn."""
    best = dict.fromkeys(ways, float("inf"))
    for way in ways.values():
        way()
    for _ in range(rounds):
        for name, way in ways.items():
            started = clock()
            way()
            best[name] = min(best[name], clock() - started)
    return best


def table(title: str, heading: str, best: dict[str, float], n: int, base: str | None) -> list[str]:
    """A table of rates in Markdown."""
    lines = [f"## {title}", "", f"| {heading} | ads/s |" + (f" of {base}'s rate |" if base else "")]
    lines.append("| --- | --- |" + (" --- |" if base else ""))
    for name, seconds in best.items():
        share = f" {best[base] / seconds:.0%} |" if base else ""
        lines.append(f"| {name} | {n / seconds:,.0f} |{share}")
    return [*lines, ""]


def main() -> None:
    """Measure and write."""
    from benchmarks.run import make_ads
    from collarclass.api import default_model

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "TABLES.md")
    options = parser.parse_args()
    rows = [{"title": title, "text": text} for title, text, _ in make_ads(options.rows)]
    model = default_model()
    versions = []
    for name in LIBRARIES:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    tables = measure(table_ways(rows, model), options.rounds, time.process_time)
    with tempfile.TemporaryDirectory() as folder:
        files = measure(file_ways(rows, model, Path(folder)), options.rounds, time.process_time)
    clusters = measure(cluster_ways(rows), options.rounds, time.perf_counter)
    lines = [
        "# Rates by kind of table and file",
        "",
        f"Made by `python benchmarks/tables.py`, {datetime.date.today()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, {', '.join(versions)}; model {model.identity}.",
        f"{options.rows:,} English ads of 2,600 characters, without evidence, least of {options.rounds} rounds.",
        "The ratios are what counts: seconds are this machine's, with other work on it.",
        "",
        *table("In memory, processor time, one core", "table", tables, len(rows), "pandas"),
        *table("Files, processor time, one core", "format in and out", files, len(rows), "`.csv`"),
        *table("Engines with processes of their own, wall time", "engine", clusters, len(rows), None),
    ]
    options.out.write_text("\n".join(lines).rstrip() + "\n", "utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
