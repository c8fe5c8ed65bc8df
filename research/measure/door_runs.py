"""The same ads through every door: options, missing values and types, as a run finds them.

    python -m research.measure.door_runs [--all]

Ads with missing, empty, unreadable and plain cells are labelled under several sets of options, in Python, as tables, in
files, by the command, over HTTP and by the engines that are installed here, and compared with `label_table` of an Arrow
table, value by value. With `--all` no door may be missing, and the table in docs/how_to/clusters.md is written. The
exit code is 1 if a door labels otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from collarclass import classify, classify_many, label_file, label_table, to_frame
from collarclass.labelling.options import Options
from collarclass.tables.schema import SCHEMA, added_fields

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how_to" / "clusters.md"
START, END = "<!-- doors -->", "<!-- end of doors -->"
SEEN = {"number": "academic_score", "missing number": "collar_confidence", "missing text": "schooling_level",
        "list": "certificates"}  # fmt: skip
Rows = list[dict[Any, Any]]

ADS = pa.table(
    {
        "title": ["Welder", "Accountant", None, "Zorbler", "", "电焊工", None, "Nurse", "Станочник"],
        "text": [
            "MIG welding of steel frames in our workshop, no schooling needed.",
            "Bachelor's degree in accounting and a CPR certification required. You prepare reports for managers.",
            "We are a great company and offer benefits to you all",
            None,
            "",
            "熟练焊接钢结构，学历不限，持焊工证，包吃住，维修设备。",
            None,
            "Associate degree in nursing preferred. Registered nurses dress wounds and draw blood.",
            "Работа на станке в цехе, опыт желателен.",
        ],
        "code": [None, None, "", "51-4121.00", None, None, "", "29-1141.00", None],
    }
)
LEXICON = "phrase\tclass\tvalue\tisced\tnature\tnote\ngreat company\tlevel\t3\t6\t\t\n"


def option_sets(folder: Path) -> list[dict[str, Any]]:
    """Options that change what is said, alone and together."""
    (folder / "own.tsv").write_text(LEXICON, "utf-8")
    return [
        {},
        {"evidence": False},
        {"definition": "dual-certificate"},
        {"min_confidence": 0.9},
        {"lexicon": folder / "own.tsv"},
        {"code": "code"},
        {"prefix": "x_", "occupations": True},
    ]


def _cells(options: dict[str, Any]) -> tuple[dict[str, Any], list[str], list[str | None], list[str] | None]:
    """Options without the column of codes, texts, titles and codes."""
    rest = {name: value for name, value in options.items() if name != "code"}
    texts, titles, codes = ([cell or "" for cell in ADS[name].to_pylist()] for name in ("text", "title", "code"))
    return rest, texts, [title or None for title in titles], codes if "code" in options else None


def by_one(folder: Path, options: dict[str, Any]) -> Rows | None:
    if "prefix" in options:
        return None
    rest, texts, titles, codes = _cells(options)
    given: list[str | None] = [*codes] if codes is not None else [None] * len(texts)
    ads = zip(texts, titles, given, strict=True)
    return to_frame([classify(text, title, code=code, **rest) for text, title, code in ads]).to_dict("records")


def by_many(folder: Path, options: dict[str, Any]) -> Rows | None:
    if "prefix" in options:
        return None
    rest, texts, titles, codes = _cells(options)
    return to_frame(classify_many(texts, titles, codes=codes, **rest)).to_dict("records")


def by_pandas(folder: Path, options: dict[str, Any]) -> Rows:
    return label_table(ADS.to_pandas(), **options).to_dict("records")  # type: ignore[no-any-return]


def by_polars(folder: Path, options: dict[str, Any]) -> Rows:
    import polars as pl

    return label_table(pl.DataFrame(ADS), **options).to_dicts()


def by_lazy_polars(folder: Path, options: dict[str, Any]) -> Rows:
    import polars as pl

    return label_table(pl.DataFrame(ADS).lazy(), **options).collect().to_dicts()


def by_expression(folder: Path, options: dict[str, Any]) -> Rows:
    import polars as pl

    import collarclass.tables.polars  # noqa: F401

    label: Any = pl.col("text").collar.label("title", **options).alias("found")  # type: ignore[attr-defined]
    return pl.DataFrame(ADS).select(label).unnest("found").to_dicts()


def by_duckdb(folder: Path, options: dict[str, Any]) -> Rows:
    import duckdb

    with duckdb.connect() as connection:
        connection.register("ads", ADS)
        found: Rows = label_table(connection.table("ads"), **options).to_arrow_table().to_pylist()
    return found


def by_function(folder: Path, options: dict[str, Any]) -> Rows:
    import duckdb

    from collarclass.tables.duckdb import register_duckdb

    rest, code = {k: v for k, v in options.items() if k != "code"}, options.get("code", "null")
    with duckdb.connect() as connection:
        connection.register("ads", ADS)
        register_duckdb(connection, **rest)
        found = connection.sql(f"select unnest(collar(text, title, {code})) from ads").to_arrow_table()
    return found.to_pylist()  # type: ignore[no-any-return]


def by_file(ending: str) -> Callable[[Path, dict[str, Any]], Rows]:
    def label(folder: Path, options: dict[str, Any]) -> Rows:
        source, target = folder / f"ads.{ending}", folder / f"out.{ending}"
        _write(source)
        label_file(source, target, force=True, **options)
        return _read(target)

    return label


def by_command(folder: Path, options: dict[str, Any]) -> Rows:
    _write(folder / "ads.csv")
    given: list[str] = []
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        given += [option] if value is True else [f"--no-{name}"] if value is False else [option, str(value)]
    command = [sys.executable, "-m", "collarclass", "label", "ads.csv", "-o", "out.csv", "--force", *given]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return _read(folder / "out.csv")


def by_rest(folder: Path, options: dict[str, Any]) -> Rows | None:
    """Over HTTP; a lexicon is the server's."""
    if {"prefix", "lexicon"} & {*options}:
        return None
    rest, texts, titles, codes = _cells(options)
    given: list[str | None] = [*codes] if codes is not None else [None] * len(texts)
    cells = zip(texts, titles, given, strict=True)
    ads = [{"text": text, "title": title, "code": code} for text, title, code in cells]
    with _served() as address:
        sent = json.dumps({"ads": ads, **rest}).encode()
        reply = urlopen(Request(f"{address}/v1/classify", sent, {"Content-Type": "application/json"}), timeout=60)
        answer = json.load(reply)
    names = {column.attribute: column.name for column in SCHEMA}
    return [
        {names[name]: value for name, value in row.items() if name in names}
        | {f"p_{label}": p for label, p in row["probabilities"].items()}
        | {"collar_model": answer["model"], "collar_evidence": None}  # evidence has weights and places here
        for row in answer["results"]
    ]


def by_dask(folder: Path, options: dict[str, Any]) -> Rows:
    import dask.dataframe as dd

    from collarclass.tables.engines import label_dask

    return label_dask(dd.from_pandas(ADS.to_pandas(), npartitions=3), **options).compute().to_dict("records")  # type: ignore[no-any-return]


def _spark() -> tuple[Any, Any]:
    """A session, and the ads as its table."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    rows = [tuple(row.values()) for row in ADS.to_pylist()]
    return session, session.createDataFrame(rows, "title string, text string, code string").coalesce(1)


def by_spark(folder: Path, options: dict[str, Any]) -> Rows:
    from collarclass.tables.engines import label_spark

    return [row.asDict() for row in label_spark(_spark()[1], **options).collect()]


def by_spark_sql(folder: Path, options: dict[str, Any]) -> Rows:
    from collarclass.tables.engines import register_spark

    rest, code = {k: v for k, v in options.items() if k != "code"}, options.get("code", "null")
    session, table = _spark()
    table.createOrReplaceTempView("ads")
    register_spark(session, **rest)
    found = session.sql(f"select found.* from (select collar(text, title, string({code})) as found from ads)")
    return [row.asDict() for row in found.collect()]


def by_ray(folder: Path, options: dict[str, Any]) -> Rows:
    import ray  # type: ignore[import-not-found,unused-ignore]

    from collarclass.tables.engines import label_ray

    if not ray.is_initialized():
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
        ray.data.DataContext.get_current().enable_progress_bars = False
    return label_ray(ray.data.from_arrow(ADS), **options).take_all()  # type: ignore[no-any-return]


# What each is called, whose version is shown, and whether it can tell a missing text from an empty one.
DOORS: tuple[tuple[str, str, bool, Callable[[Path, dict[str, Any]], Rows | None]], ...] = (
    ("`classify`, `to_frame`", "", True, by_one),
    ("`classify_many`, `to_frame`", "", True, by_many),
    ("`label_table` of pandas", "pandas", True, by_pandas),
    ("of polars", "polars", True, by_polars),
    ("of a polars LazyFrame", "polars", True, by_lazy_polars),
    ("polars `.collar.label`", "polars", True, by_expression),
    ("of a DuckDB relation", "duckdb", True, by_duckdb),
    ("`register_duckdb`", "duckdb", True, by_function),
    ("`label_file`, CSV", "", False, by_file("csv")),
    ("Parquet", "pyarrow", True, by_file("parquet")),
    ("JSON Lines", "", True, by_file("jsonl")),
    ("Excel", "XlsxWriter", False, by_file("xlsx")),
    ("`collarclass label`, CSV", "", False, by_command),
    ("`POST /v1/classify`", "fastapi", True, by_rest),
    ("`label_dask`", "dask", True, by_dask),
    ("`label_spark`", "pyspark", True, by_spark),
    ("`register_spark`", "pyspark", True, by_spark_sql),
    ("`label_ray`", "ray", True, by_ray),
)


@contextmanager
def _served() -> Iterator[str]:
    """The application on a port of this machine."""
    import asyncio

    import uvicorn

    from collarclass.app.server import SETTINGS, create_app, listen

    server, listening = uvicorn.Server(uvicorn.Config(create_app(), **SETTINGS)), listen("127.0.0.1", 0)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def _write(path: Path) -> None:
    table = ADS.to_pandas()
    if path.suffix == ".parquet":
        pq.write_table(ADS, path)
    elif path.suffix == ".jsonl":
        table.to_json(path, orient="records", lines=True, force_ascii=False)
    elif path.suffix == ".xlsx":
        table.to_excel(path, index=False, engine="xlsxwriter")
    else:
        table.to_csv(path, index=False)


def _read(path: Path) -> Rows:
    """As the format itself has it: text for every cell of a CSV."""
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()  # type: ignore[no-any-return]
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    if path.suffix == ".xlsx":
        from python_calamine import CalamineWorkbook

        header, *rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
        return [dict(zip(map(str, header), row, strict=True)) for row in rows]
    return pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")


def plain(value: Any, field: pa.Field, has_nulls: bool) -> Any:
    """A value as Python has it, whatever the door's types; of a door without nulls an empty text counts for one."""
    if value is None or value is pd.NA or value == "" or (isinstance(value, float) and value != value):
        return None if not has_nulls or value != "" else ""
    if pa.types.is_list(field.type):
        return list(value) if not isinstance(value, str) else value.split("; ")
    return round(float(value), 4) if pa.types.is_floating(field.type) else str(value)


def compare(expected: Rows, found: Rows, fields: Iterable[pa.Field], has_nulls: bool) -> tuple[int, list[str]]:
    """How many values were compared, and what a door says otherwise."""
    n, out = 0, [] if len(expected) == len(found) else [f"{len(found)} rows"]
    for row, (right, said) in enumerate(zip(expected, found, strict=False)):
        for field in fields:
            if field.name not in said:
                out.append(f"no {field.name}")
                continue
            if field.name == "collar_evidence" and said[field.name] is None:
                continue
            n += 1
            a, b = (plain(values[field.name], field, has_nulls) for values in (right, said))
            if (a or None if not has_nulls else a) != (b or None if not has_nulls else b):
                out.append(f"row {row}, {field.name}: {b!r} for {a!r}")
    return n, out


def shown(rows: Rows) -> list[str]:
    """How a number, a missing number, a missing text and a list look at a door."""
    found = []
    for what, name in SEEN.items():
        missing = what.startswith("missing")
        of = next(row[name] for row in rows if (row["collar"] == "unclear" if missing else row["collar"] == "blue"))
        kind = type(of).__name__
        if missing:
            kind = "empty" if of == "" else "NaN" if isinstance(of, float) else "null"
        found.append({"str": "text", "float64": "float", "ndarray": "list", "NoneType": "null"}.get(kind, kind))
    return found


def main() -> int:
    """Run every door, print the table, and write it where all are there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true")
    every, lines, wrong = parser.parse_args().all, [], 0
    heads = ["where", "version", "sets of options", "values compared", "that differ", *SEEN]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sets = option_sets(folder)
        right = [label_table(ADS, **options).to_pylist() for options in sets]
        fields = [added_fields(Options.of(**options)) for options in sets]
        for door, package, has_nulls, label in DOORS:
            try:
                found = [label(folder, dict(options)) for options in sets]
            except ImportError as error:
                print(f"{door}: not here ({error})")
                wrong += every
                continue
            ran = [k for k, rows in enumerate(found) if rows is not None]
            compared = [compare(right[k], found[k] or [], fields[k], has_nulls) for k in ran]
            n, differ = sum(count for count, _ in compared), [said for _, some in compared for said in some]
            wrong += len(differ)
            print(*(f"{door}: {said}" for said in differ), sep="\n", end="\n" if differ else "")
            cells = [door, version(package) if package else "", str(len(ran)), f"{n:,}", str(len(differ))]
            lines.append("| " + " | ".join([*cells, *shown(found[0] or [])]) + " |")
    table = "\n".join(["| " + " | ".join(heads) + " |", "|---|---|---:|---:|---:|---|---|---|---|", *lines])
    print(table)
    if every and not wrong:
        before, after = PAGE.read_text("utf-8").split(START)[0], PAGE.read_text("utf-8").split(END)[1]
        PAGE.write_text(f"{before}{START}\n{table}\n{END}{after}", "utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
