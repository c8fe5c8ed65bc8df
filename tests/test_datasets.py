"""Tables as data teams have them: folders of parts, Parquet of Spark and pandas, and new rows only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from collarclass import DataError, Model, label_file, sample_file
from collarclass.annotation.review import least_certain, read_ads
from collarclass.files.table import read_table
from collarclass.shares.duplicates import duplicates_of_file, mark_duplicates
from collarclass.tables.schema import COLUMNS

ADS = pd.read_csv(Path(__file__).parents[1] / "examples" / "job_ads.csv", dtype=str, keep_default_na=False)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """The example ads in folders by source and month, as Spark writes them."""
    table = pa.table({"id": list(range(len(ADS))), "title": ADS["job_title"], "text": ADS["description"]})
    table = table.append_column("source", pa.array([f"board {i % 2}" for i in range(len(ADS))]))
    months = [None if i % 8 == 7 else f"2026-0{1 + i % 2}" for i in range(len(ADS))]
    table = table.append_column("month", pa.array(months))
    ds.write_dataset(
        table, tmp_path / "ads", format="parquet", partitioning=["source", "month"], partitioning_flavor="hive"
    )
    (tmp_path / "ads" / "_SUCCESS").touch()
    return tmp_path / "ads"


def test_a_partitioned_folder_becomes_one_with_the_same_parts(dataset: Path, small_model: Model) -> None:
    done = label_file(dataset, f"{dataset}-labelled/", model=small_model)
    labelled = dataset.with_name("ads-labelled")
    parts = {str(path.relative_to(dataset)) for path in dataset.rglob("*.parquet")}
    assert parts == {str(path.relative_to(labelled)) for path in labelled.rglob("*.parquet")}
    before, after = (ds.dataset(folder, partitioning="hive").to_table().sort_by("id") for folder in (dataset, labelled))
    assert done.rows == len(after) == len(before)
    assert after.select(before.column_names).equals(before)


def test_a_folder_is_resumed_file_by_file(dataset: Path, small_model: Model) -> None:
    target = f"{dataset}-labelled/"
    label_file(dataset, target, model=small_model)
    parts = sorted(Path(target).rglob("*.parquet"))
    whole = {path: path.read_bytes() for path in parts}
    parts[0].unlink()
    with pytest.raises(DataError, match="is there already"):
        label_file(dataset, target, model=small_model)
    calls: list[int] = []
    again = label_file(dataset, target, model=small_model, resume=True, on_batch=lambda batch, added: calls.append(1))
    assert {path: path.read_bytes() for path in parts} == whole
    assert len(calls) == 1
    assert again.rows == len(ADS)
    assert sum(again.counts.values()) == len(ADS)


@pytest.mark.parametrize(
    ("source", "name"),
    [pytest.param("", "out.parquet", marks=pytest.mark.slow), ("/source=*/month=*/*.parquet", "out.csv")],
)
def test_in_one_file_the_parts_become_columns(dataset: Path, small_model: Model, source: str, name: str) -> None:
    target = dataset.with_name(name)
    label_file(f"{dataset}{source}", target, model=small_model, evidence=False)
    found = read_table(target).sort_values("id", key=lambda ids: ids.astype(int))
    assert found["source"].tolist() == [f"board {i % 2}" for i in range(len(ADS))]
    assert found["month"].tolist() == ["" if i % 8 == 7 else f"2026-0{1 + i % 2}" for i in range(len(ADS))]
    assert list(found.columns)[-len(COLUMNS) :] == list(COLUMNS)


def test_parquet_keeps_its_metadata_its_groups_and_the_index_of_pandas(tmp_path: Path, small_model: Model) -> None:
    table = pa.Table.from_pandas(ADS.set_index("job_title"))
    spark = {"type": "struct", "fields": [{"name": "description", "type": "string", "nullable": True, "metadata": {}}]}
    own = {b"org.apache.spark.sql.parquet.row.metadata": json.dumps(spark).encode(), b"made_by": b"us"}
    table = table.replace_schema_metadata({**table.schema.metadata, **own})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=7)
    label_file(tmp_path / "a.parquet", tmp_path / "b.parquet", model=small_model, batch_size=5)
    before, after = (pq.ParquetFile(tmp_path / f"{name}.parquet") for name in "ab")
    groups = [[file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] for file in (before, after)]
    assert groups[0] == groups[1]
    assert after.schema_arrow.metadata[b"made_by"] == b"us"
    assert b"org.apache.spark.sql.parquet.row.metadata" not in after.schema_arrow.metadata  # it would hide the labels
    assert pd.read_parquet(tmp_path / "b.parquet").index.equals(ADS.set_index("job_title").index)


def test_folders_that_are_not_there_are_not_made(tmp_path: Path, small_model: Model) -> None:
    ADS.to_csv(tmp_path / "ads.csv", index=False)
    for target in ("labeled/out.csv", "labeled/parts/"):
        with pytest.raises(DataError, match=r"There is no folder .*labeled: check its name, or make it"):
            label_file(tmp_path / "ads.csv", f"{tmp_path}/{target}", model=small_model)
    with pytest.raises(DataError, match=r"There is no folder .*nowhere/: check its name"):
        label_file(f"{tmp_path}/nowhere/", tmp_path / "out.csv", model=small_model)
    assert [path.name for path in tmp_path.iterdir()] == ["ads.csv"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_what_comes_after_labelling_knows_which_columns_were_read(
    tmp_path: Path, small_model: Model, ending: str
) -> None:
    # By their names nobody would take "a" for titles, nor "b" for texts.
    table = pd.DataFrame({"a": ADS["job_title"], "b": ADS["description"], "text": "Apply by post."})
    table.to_csv(tmp_path / "ads.csv", index=False)
    target = tmp_path / f"labelled.{ending}"
    label_file(tmp_path / "ads.csv", target, model=small_model, title="a", text=["b"])
    if ending == "parquet":  # which says so itself, wherever it goes
        target = target.rename(tmp_path / "moved.parquet")
    sample_file(target, tmp_path / "sample.csv", 10)
    assert {ad.title for ad in read_ads(tmp_path / "sample.csv")} <= set(ADS["job_title"])
    assert "Apply by post." not in {ad.text for ad in least_certain(target)}
    assert len(set(duplicates_of_file(target).tolist())) > 30
    mark_duplicates(target, tmp_path / "marked.csv")
    assert "Apply by post." not in {ad.text for ad in read_ads(tmp_path / "marked.csv")}


def test_a_name_that_is_too_long_is_said_in_a_sentence(tmp_path: Path, small_model: Model) -> None:
    ADS.to_csv(tmp_path / "ads.csv", index=False)
    with pytest.raises(DataError, match=r"(cannot be written|could not be made) \(File name too long\)"):
        label_file(tmp_path / "ads.csv", tmp_path / ("n" * 252 + ".csv"), model=small_model)


# -- new rows only -------------------------------------------------------------------------------


def days(folder: Path, ending: str) -> tuple[Path, Path]:
    """The ads of two days, of which the second has most of the first, in another order, and some new ones."""
    table = pd.DataFrame({"id": range(len(ADS)), "title": ADS["job_title"], "text": ADS["description"]})
    paths = folder / f"monday.{ending}", folder / f"tuesday.{ending}"
    for path, rows in zip(paths, (table.iloc[:30], table.iloc[:9:-1]), strict=True):
        if ending == "csv":
            rows.to_csv(path, index=False)
        elif ending == "jsonl":
            rows.to_json(path, orient="records", lines=True, force_ascii=False)
        else:
            pq.write_table(pa.Table.from_pandas(rows, preserve_index=False), path)
    return paths


@pytest.mark.parametrize(
    ("ending", "options"),
    [("csv", {}), ("jsonl", {}), ("parquet", {}), ("csv", {"key": "id", "occupations": True, "prefix": "my_"})],
)
def test_only_new_ads_are_labelled_and_the_result_is_the_same(
    tmp_path: Path, small_model: Model, ending: str, options: dict[str, Any]
) -> None:
    monday, tuesday = days(tmp_path, ending)
    key = {name: options.pop(name) for name in ("key",) if name in (options := dict(options))}
    earlier, new, whole = (tmp_path / f"{name}.{ending}" for name in ("earlier", "new", "whole"))
    label_file(monday, earlier, model=small_model, **options)
    done = label_file(tuesday, new, model=small_model, only_new=earlier, batch_size=7, **key, **options)
    label_file(tuesday, whole, model=small_model, batch_size=7, **options)
    assert done.taken_over == 20
    assert done.rows == len(ADS) - 10
    assert new.read_bytes() == whole.read_bytes()


def test_labels_of_another_model_or_way_are_not_taken_over(
    tmp_path: Path, small_model: Model, small_model_path: Path
) -> None:
    monday, tuesday = days(tmp_path, "csv")
    earlier = tmp_path / "earlier.csv"
    label_file(monday, earlier, model=small_model)
    with pytest.raises(DataError, match=r"earlier\.csv was made with another min_confidence: take over from"):
        label_file(tuesday, tmp_path / "a.csv", model=small_model, only_new=earlier, min_confidence=0.9)
    with pytest.raises(DataError, match=r"is the file that is read"):
        label_file(tuesday, earlier, model=small_model, only_new=earlier, force=True)
    with pytest.raises(DataError, match="No column 'number' in "):
        label_file(tuesday, tmp_path / "a.csv", model=small_model, only_new=earlier, key="number")
    with pytest.raises(DataError, match="key names the column"):
        label_file(tuesday, tmp_path / "a.csv", model=small_model, key="id")
    rows = read_table(earlier)
    rows.assign(collar_model="another 0.1").to_csv(tmp_path / "other.csv", index=False)
    assert label_file(tuesday, tmp_path / "a.csv", model=small_model, only_new=tmp_path / "other.csv").taken_over == 0
    rows.assign(id="7").to_csv(tmp_path / "alike.csv", index=False)
    with pytest.raises(DataError, match=r"alike\.csv has row 1 again under the same 'id'"):
        label_file(tuesday, tmp_path / "b.csv", model=small_model, only_new=tmp_path / "alike.csv", key="id")
    assert not [path for path in tmp_path.iterdir() if path.name == "b.csv"]
