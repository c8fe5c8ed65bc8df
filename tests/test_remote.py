"""Files named by a URL, and open ones: in memory, on the disk, and on an S3 of this machine."""

from __future__ import annotations

import io
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from command import run

from collarclass import CollarclassError, DataError, label_file
from collarclass.files.table import read_table

fsspec = pytest.importorskip("fsspec", reason="URLs need fsspec")
ADS = Path(__file__).parents[1] / "examples" / "job_ads.csv"


@pytest.fixture
def memory() -> str:
    """A folder in memory with the example ads."""
    folder = f"memory://{uuid.uuid4()}"
    with fsspec.open(f"{folder}/ads.csv", "wb") as file:
        file.write(ADS.read_bytes())
    return folder


def content(url: str) -> bytes:
    with fsspec.open(url, "rb") as file:
        return bytes(file.read())


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz", "out.jsonl", "out.parquet", "out.xlsx"])
def test_a_url_gives_what_a_file_gives(memory: str, tmp_path: Path, name: str) -> None:
    here = label_file(ADS, tmp_path / name, evidence=False)
    there = label_file(f"{memory}/ads.csv", f"{memory}/new/{name}", evidence=False)
    assert (there.rows, there.counts) == (here.rows, here.counts)
    assert content(f"{memory}/new/{name}") == (tmp_path / name).read_bytes()
    assert read_table(f"{memory}/new/{name}").equals(read_table(tmp_path / name))


@pytest.mark.parametrize("ending", ["csv.gz", "parquet", "xlsx", "json"])
def test_a_url_of_any_format_is_read(tmp_path: Path, ending: str) -> None:
    local = tmp_path / f"ads.{ending}"
    label_file(ADS, local, prefix="first_", evidence=False)
    direct = label_file(local, tmp_path / "direct.csv", evidence=False)
    assert label_file(f"file://{local}", tmp_path / "url.csv", evidence=False).counts == direct.counts
    assert (tmp_path / "url.csv").read_bytes() == (tmp_path / "direct.csv").read_bytes()


def test_several_urls_a_pattern_and_a_folder(memory: str, tmp_path: Path) -> None:
    with fsspec.open(f"{memory}/more.csv", "wb") as file:
        file.write(ADS.read_bytes())
    one = label_file(ADS, tmp_path / "one.csv", evidence=False)
    assert label_file(f"{memory}/*.csv", tmp_path / "all.csv", evidence=False).rows == 2 * one.rows
    label_file([f"{memory}/ads.csv", f"{memory}/more.csv"], f"{memory}/out/", evidence=False)
    assert content(f"{memory}/out/ads.csv") == content(f"{memory}/out/more.csv") == (tmp_path / "one.csv").read_bytes()
    with pytest.raises(DataError, match="No file of a known format"):
        label_file(f"{memory}/*.parquet", tmp_path / "none.csv")


def test_a_result_is_not_overwritten_nor_half_written(memory: str) -> None:
    label_file(f"{memory}/ads.csv", f"{memory}/out.csv", evidence=False)
    with pytest.raises(DataError, match="there already"):
        label_file(f"{memory}/ads.csv", f"{memory}/out.csv")
    label_file(f"{memory}/ads.csv", f"{memory}/out.csv", force=True, evidence=False)
    with pytest.raises(DataError, match="is the file that is read"):
        label_file(f"{memory}/ads.csv", f"{memory}/ads.csv", force=True)
    assert label_file(f"{memory}/ads.csv", f"{memory}/out.csv", evidence=False, resume=True).finished_before
    with pytest.raises(DataError, match="there already, made with another evidence"):
        label_file(f"{memory}/ads.csv", f"{memory}/out.csv", resume=True)
    with fsspec.open(f"{memory}/broken.csv", "wb") as file:
        file.write(b"a,b\n1,2\n")
    with pytest.raises(DataError):
        label_file(f"{memory}/broken.csv", f"{memory}/none.csv", text="c")
    assert not fsspec.filesystem("memory").exists(f"{memory}/none.csv")


@pytest.mark.parametrize("url", ["memory://nowhere/ads.csv", "nosuch://bucket/ads.csv", "https://127.0.0.1:9/ads.csv"])
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path, url: str) -> None:
    with pytest.raises(CollarclassError) as raised:
        label_file(url, tmp_path / "out.csv")
    assert url in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_without_fsspec_a_url_names_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(CollarclassError, match=r"pip install fsspec"):
        label_file("s3://bucket/ads.csv", tmp_path / "out.csv")


def test_the_command_takes_urls(memory: str) -> None:
    run("label", f"{memory}/ads.csv", "-o", f"{memory}/out.csv", "--no-evidence")
    assert content(f"{memory}/out.csv").count(b"\n") == ADS.read_bytes().count(b"\n")
    assert "changed                           0.000" in run("compare", *[f"{memory}/out.csv"] * 2).stdout


@pytest.mark.slow
def test_commands_that_read_take_urls(memory: str, tmp_path: Path) -> None:
    table = read_table(ADS)
    table["label"] = ["white", "blue"] * (len(table) // 2)
    with fsspec.open(f"{memory}/mine.csv", "wb") as file:
        file.write(table.rename(columns={"description": "text"}).to_csv(index=False).encode())
    label_file(f"{memory}/mine.csv", f"{memory}/labelled.parquet", evidence=False)
    labelled = f"{memory}/labelled.parquet"
    assert "macro-F1" in run("evaluate", labelled).stdout
    assert "kappa" in run("compare", labelled, labelled).stdout
    assert f"{len(table)} ads: " in run("check", f"{memory}/mine.csv", code=None).stdout
    assert "gray" in run("shares", labelled).stdout
    run("sample", labelled, "-n", "10", "-o", tmp_path / "sample.csv")
    run("duplicates", labelled, "-o", tmp_path / "marked.parquet")
    run("report", labelled, "-o", tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_size > 1000


def test_an_open_file_is_labelled(tmp_path: Path) -> None:
    label_file(ADS, tmp_path / "path.csv", evidence=False)
    with ADS.open("rb") as file:
        label_file(file, tmp_path / "file.csv", evidence=False)
    label_file(io.BytesIO(ADS.read_bytes()), tmp_path / "bytes.csv", format="csv", evidence=False)
    for name in ("file.csv", "bytes.csv"):
        assert (tmp_path / name).read_bytes() == (tmp_path / "path.csv").read_bytes()
    with ADS.open() as text, pytest.raises(DataError, match="'rb'"):
        label_file(text, tmp_path / "text.csv")  # type: ignore[arg-type]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket on an S3 server of this process."""
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "none"), ("AWS_SECRET_ACCESS_KEY", "none"), ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", f"http://{host}:{port}"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    fsspec.filesystem("s3").mkdir("ads")
    yield "s3://ads"
    urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST"), timeout=30).close()
    server.stop()


def test_an_s3_of_this_machine(bucket: str, tmp_path: Path) -> None:
    with fsspec.open(f"{bucket}/in/ads.csv", "wb") as file:
        file.write(ADS.read_bytes())
    label_file(ADS, tmp_path / "out.csv", evidence=False)
    label_file(f"{bucket}/in/*.csv", f"{bucket}/out/labelled.csv", evidence=False)
    assert content(f"{bucket}/out/labelled.csv") == (tmp_path / "out.csv").read_bytes()
    for name in ("one", "two"):
        with fsspec.open(f"{bucket}/parts/month={name}/ads.csv", "wb") as file:
            file.write(ADS.read_bytes())
    label_file(f"{bucket}/parts", f"{bucket}/labelled/", evidence=False)
    assert content(f"{bucket}/labelled/month=two/ads.csv") == (tmp_path / "out.csv").read_bytes()
    system = fsspec.filesystem("s3")
    system.rm(f"{bucket}/labelled/month=two/ads.csv")
    batches: list[object] = []
    label_file(
        f"{bucket}/parts", f"{bucket}/labelled/", evidence=False, resume=True, on_batch=lambda *one: batches.append(one)
    )
    assert len(batches) == 1  # of the file that was missing
    assert content(f"{bucket}/labelled/month=two/ads.csv") == (tmp_path / "out.csv").read_bytes()
    with pytest.raises(DataError, match=r"s3://adds/out\.csv"):
        label_file(f"{bucket}/in/ads.csv", "s3://adds/out.csv", evidence=False)
    assert not system.exists("s3://adds")
    with pytest.raises(DataError, match="There is no file s3://ads/in/none"):
        label_file(f"{bucket}/in/none.csv", tmp_path / "none.csv")


def days_ads(folder: Path, rows: slice) -> None:
    """Written ads by source and month, as a daily load leaves them."""
    ads = pd.read_csv(ADS.parents[1] / "data" / "ads" / "en.csv", dtype=str, keep_default_na=False)[rows]
    table = pa.table({"id": ads["id"], "title": ads["title"], "text": ads["text"]})
    table = table.append_column("source", pa.array([f"board{i % 5}" for i in ads.index]))
    table = table.append_column("month", pa.array([f"2026-0{1 + i % 2}" for i in ads.index]))
    ds.write_dataset(table, folder, format="parquet", partitioning=["source", "month"], partitioning_flavor="hive")


def objects(folder: str) -> dict[str, bytes]:
    """The files of a folder by their names under it, journals left out."""
    system, root = fsspec.core.url_to_fs(folder)
    system.invalidate_cache()
    # A folder that is empty when it is listed, and filled before s3fs asks what it is, is listed as itself.
    found = system.find(root, detail=True)
    paths = [path for path, at in found.items() if at["type"] == "file" and not path.rpartition("/")[2].startswith(".")]
    return {path.removeprefix(root): system.cat_file(path) for path in paths}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_a_day_s_load_goes_on_after_a_kill_and_the_next_labels_new_ads_only(
    bucket: str, tmp_path: Path, small_model_path: Path
) -> None:
    system = fsspec.filesystem("s3")
    for day, rows in (("monday", slice(0, 1000)), ("tuesday", slice(200, 1200))):
        days_ads(tmp_path / day, rows)
        system.put(f"{tmp_path / day}/", f"{bucket}/{day}/", recursive=True)
        label_file(tmp_path / day, f"{tmp_path / day}-labelled/", model=small_model_path)
    whole = objects(f"{tmp_path}/monday-labelled")
    command = [sys.executable, "-m", "collarclass", "label", f"{bucket}/monday", "-o", f"{bucket}/labelled/"]
    killed = subprocess.Popen([*command, "--resume", "--model", str(small_model_path), "-q"])
    while len(there := objects(f"{bucket}/labelled")) < 3:
        assert killed.poll() is None, "it was through before it could be killed"
        time.sleep(0.3)
    killed.kill()
    killed.wait()
    there = objects(f"{bucket}/labelled")
    assert 3 <= len(there) < len(whole) == 10
    assert {name: whole[name] for name in there} == there  # nothing half-written under a final name
    label_file(f"{bucket}/monday", f"{bucket}/labelled/", model=small_model_path, resume=True)
    assert objects(f"{bucket}/labelled") == whole
    done = label_file(
        f"{bucket}/tuesday",
        f"{bucket}/tuesday.parquet",
        model=small_model_path,
        only_new=f"{bucket}/labelled",
        key="id",
    )
    assert (done.rows, done.taken_over) == (1000, 800)
    label_file(tmp_path / "tuesday", tmp_path / "tuesday.parquet", model=small_model_path)
    assert content(f"{bucket}/tuesday.parquet") == (tmp_path / "tuesday.parquet").read_bytes()
