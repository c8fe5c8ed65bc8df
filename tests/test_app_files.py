"""Files over the interface: handed in, labelled, cancelled, taken away; and nothing of them stays behind."""

from __future__ import annotations

import errno
import io
import json
import os
import socket
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from app_server import Address, running

from collarclass import Model, classify_many, label_file
from collarclass.app import store
from collarclass.app.guard import Limits
from collarclass.app.jobs import harmless_name
from collarclass.app.server import create_app
from collarclass.app.store import PREFIX, Store, remove_orphans
from collarclass.tables.schema import COLUMNS

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "job_ads.csv"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("private")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Address]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(folder))
        with running(create_app(limits=Limits(wait=0.5))) as address:
            yield address
    assert not list(folder.iterdir()), "something stayed behind"


@pytest.fixture
def examples() -> bytes:
    return EXAMPLES.read_bytes()


def test_a_file_comes_back_as_the_command_would_write_it(server: Address, examples: bytes, tmp_path: Path) -> None:
    job = server.hand_in(examples)
    assert (job["state"], job["title"], job["text"]) == ("ready", "job_title", ["description"])
    assert job["columns"] == ["id", "job_title", "description", "region", "posted"]
    assert job["preview"][0]["job_title"] == "Journeyman Electrician"
    reply = server.ask("POST", f"/v1/files/{job['id']}/label", {})
    assert reply.status == 202
    done = server.finished(job["id"])
    assert (done["state"], done["rows"], done["share"]) == ("done", 40, 1.0)
    assert sum(done["counts"].values()) == 40
    label_file(EXAMPLES, tmp_path / "labelled.csv")
    result = server.ask("GET", f"/v1/files/{job['id']}/result")
    assert result.body == (tmp_path / "labelled.csv").read_bytes()
    assert result.body.decode("utf-8-sig").split("\n", 1)[0].split(",") == [*job["columns"], *COLUMNS]
    assert 'filename="ads-labelled.csv"' in result.headers["content-disposition"]


def test_columns_and_format_can_be_chosen(server: Address) -> None:
    texts = ["Weld frames in our shop.", "Law degree required."]
    rows = pd.DataFrame({"a": ["Welder", "Lawyer"], "b": texts, "c": ["x", "y"]})
    content = io.BytesIO()
    rows.to_parquet(content)
    job = server.hand_in(content.getvalue(), "strange.parquet")
    assert (job["title"], job["text"]) == (None, [])
    wrong = server.ask("POST", f"/v1/files/{job['id']}/label", {"text": "z"})
    assert wrong.status == 400
    assert "a, b, c" in wrong.json["detail"]
    server.ask("POST", f"/v1/files/{job['id']}/label", {"title": "a", "text": "b", "format": "jsonl"})
    assert server.finished(job["id"])["result"] == "strange-labelled.jsonl"
    lines = server.ask("GET", f"/v1/files/{job['id']}/result").body.decode().splitlines()
    expected = classify_many(rows["b"], rows["a"])
    assert [json.loads(line)["collar"] for line in lines] == [c.label for c in expected]


def test_a_column_of_long_texts_is_read_beside_titles_that_have_a_known_name(server: Address) -> None:
    rows = [f"Welder {i},Weld frames by hand in hall {i}. {'Grind and measure. ' * 6}" for i in range(6)]
    found = server.hand_in("\n".join(["Position,Text of the advertisement", *rows]).encode())
    assert (found["title"], found["text"]) == ("Position", ["Text of the advertisement"])


def test_two_windows_neither_label_one_file_at_once_nor_change_it_while_the_other_does(
    server: Address, examples: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = server.hand_in(examples)
    label, layout = (f"/v1/files/{job['id']}/{what}" for what in ("label", "layout"))
    begun, go_on = threading.Event(), threading.Event()

    def slow(*args: object) -> None:
        begun.set()
        assert go_on.wait(20)

    monkeypatch.setattr("collarclass.app.jobs.Job.look", slow)
    with ThreadPoolExecutor(2) as windows:
        first = windows.submit(server.ask, "POST", layout, {"header_row": 1})
        assert begun.wait(20)
        refused = server.ask("POST", label, {}), server.ask("POST", layout, {"header_row": 1})
        go_on.set()
        assert first.result().status == 200
        assert [reply.status for reply in refused] == [409, 409]
        both = [windows.submit(server.ask, "POST", label, {}) for _ in range(2)]
        assert sorted(reply.result().status for reply in both) == [202, 409]
    assert server.finished(job["id"])["state"] == "done"


def test_start_labels_at_once_and_the_list_names_it(server: Address, examples: bytes) -> None:
    job = server.hand_in(examples, "ads.csv", "&start=true")
    assert server.finished(job["id"])["state"] == "done"
    assert job["id"] in [one["id"] for one in server.ask("GET", "/v1/files").json["files"]]
    assert server.ask("DELETE", f"/v1/files/{job['id']}").status == 204
    assert server.ask("GET", f"/v1/files/{job['id']}").status == 404


def test_shares_are_corrected_by_annotated_ads(server: Address, examples: bytes) -> None:
    file = server.labelled(examples)
    result = pd.read_csv(io.BytesIO(server.ask("GET", f"/v1/files/{file}/result").body))
    plain = server.ask("GET", f"/v1/files/{file}/shares").json
    assert [row["label"] for row in plain["shares"]] == ["white", "blue", "gray", "unclear"]
    truth = pd.DataFrame({"title": result["job_title"], "text": result["description"], "label": "gray"})
    reply = server.upload(f"/v1/files/{file}/annotations?name=truth.csv", truth.to_csv(index=False).encode())
    corrected = {row["label"]: row for row in reply.json["shares"]}
    assert corrected["gray"]["share"] > 0.9
    assert corrected["gray"]["n_annotated"] > 30
    wrong = server.upload(f"/v1/files/{file}/annotations?name=truth.csv", b"title,text\nWelder,Weld.\n")
    assert wrong.status == 400
    assert "truth.csv" in wrong.json["detail"]


def test_columns_of_parts_are_read_together(server: Address, tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {
            "职位": ["设备技师", "设备技师"],
            "岗位职责": ["负责设备维修和调试，编写程序。"] * 2,
            "任职要求": ["大专及以上学历，持高级技工证。", "学历不限。"],
        }
    )
    job = server.hand_in(rows.to_csv(index=False).encode(), "portal.csv")
    assert job["text"] == ["岗位职责", "任职要求"]
    server.ask("POST", f"/v1/files/{job['id']}/label", {"title": "职位", "text": job["text"]})
    server.finished(job["id"])
    found = pd.read_csv(io.BytesIO(server.ask("GET", f"/v1/files/{job['id']}/result").body))
    assert found["schooling_status"].tolist() == ["required", "not_needed"]


def test_another_definition_can_be_chosen_by_name_alone(server: Address, examples: bytes, tmp_path: Path) -> None:
    job = server.hand_in(examples)
    for name in ("middle", "article"):
        server.ask("POST", f"/v1/files/{job['id']}/label", {"definition": name})
        assert server.finished(job["id"])["state"] == "done"
        label_file(EXAMPLES, tmp_path / f"{name}.csv", definition=name)
        result = server.ask("GET", f"/v1/files/{job['id']}/result").body
        assert result == (tmp_path / f"{name}.csv").read_bytes()
        shares = server.ask("GET", f"/v1/files/{job['id']}/shares").json["shares"]
        assert {row["definition"] for row in shares} == {name}
    # A file of this machine is not a client's to read.
    (tmp_path / "own.toml").write_text("name = 'own'\n[fallback]\nlabels = ['gray']\n")
    wrong = server.ask("POST", f"/v1/files/{job['id']}/label", {"definition": str(tmp_path / "own.toml")})
    assert wrong.status == 400
    assert "choose one of article" in wrong.json["detail"]


def test_the_report_is_a_file_that_is_not_run_here(server: Address, examples: bytes) -> None:
    pytest.importorskip("jinja2", reason="the report needs it")
    file = server.labelled(examples)
    for lang in ("en", "zh"):
        reply = server.ask("GET", f"/v1/files/{file}/report?lang={lang}")
        assert reply.status == 200
        assert reply.headers["content-disposition"].startswith("attachment")
        assert reply.headers["content-security-policy"] == "sandbox"
        assert b"<html" in reply.body[:500]


@pytest.mark.parametrize(
    ("name", "content", "status", "said"),
    [
        ("ads.csv", b"", 400, "empty"),
        ("ads.exe", b"MZ", 400, "ads.exe"),
        ("ads.parquet", b"PAR1 no such thing", 400, "ads.parquet"),
        ("ads.csv.gz", b"\x1f\x8b\x08 broken", 400, "ads.csv.gz"),
    ],
)
def test_what_cannot_be_read_is_said_under_its_own_name(
    server: Address, name: str, content: bytes, status: int, said: str
) -> None:
    reply = server.upload(f"/v1/files?name={name}", content)
    assert reply.status == status
    assert said in reply.json["detail"]
    assert PREFIX not in reply.json["detail"]


@pytest.mark.skipif(sys.platform != "linux", reason="memory of a process cannot be limited")
def test_a_workbook_made_to_end_the_server_is_refused(server: Address) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        book.add_worksheet().write_string(1_048_575, 16_383, "far")
        book.worksheets()[0].write_string(0, 0, "text")
    reply = server.upload("/v1/files?name=far.xlsx", content.getvalue())
    assert reply.status == 400
    assert "far.xlsx cannot be read" in reply.json["detail"]
    assert server.ask("GET", "/healthz").status == 200


def test_a_run_that_fails_says_why(server: Address) -> None:
    job = server.hand_in(b"title,description,collar\nWelder,Weld frames.,blue\n", "twice.csv", "&start=true")
    done = server.finished(job["id"])
    assert done["state"] == "failed"
    assert "'collar' is already in twice.csv" in done["error"]
    assert server.ask("GET", f"/v1/files/{job['id']}/result").status == 409


@pytest.mark.parametrize(
    "name",
    [
        *("../../../../tmp/evil.csv", "..\\..\\evil.csv", "/etc/passwd.csv", "a\x00b\n\r.csv", ".csv"),
        *('<script>"x.csv', "灰领 广告.csv"),
    ],
)
def test_names_are_shown_and_never_used_as_paths(server: Address, folder: Path, examples: bytes, name: str) -> None:
    before = {path for path in folder.rglob("*") if path.is_file()}
    job = server.hand_in(examples, name, "&start=true")
    server.finished(job["id"])
    made = {path for path in folder.rglob("*") if path.is_file()} - before
    written = {path.name for path in made if not path.name.startswith(".") and path.suffix != ".partial"}
    assert written == {"source.csv", "labelled.csv", "rows.arrow", "file.json"}
    assert not set(job["name"]) & set("/\\<>\x00\n\r")
    disposition = server.ask("GET", f"/v1/files/{job['id']}/result").headers["content-disposition"]
    assert disposition.startswith("attachment")


def test_what_is_kept_is_for_this_user_alone(server: Address, folder: Path, examples: bytes) -> None:
    server.hand_in(examples)
    [home] = folder.iterdir()
    for path in (home, *(p for p in home.iterdir() if p.is_dir())):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_an_upload_that_breaks_off_leaves_nothing(server: Address, folder: Path) -> None:
    [home] = folder.iterdir()
    before = set(home.iterdir())
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(
            b"POST /v1/files?name=a.csv HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Length: 1000000\r\n\r\ntitle,text\n"
        )
        time.sleep(0.2)
        assert set(home.iterdir()) != before
    until = time.monotonic() + 5
    while set(home.iterdir()) != before:
        assert time.monotonic() < until, "the folder of the upload stayed"
        time.sleep(0.02)


def test_a_full_disk_is_said_to_be(server: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    reply = server.upload("/v1/files?name=a.csv", b"x" * (2 << 20))
    assert reply.status == 507
    assert "TMPDIR" in reply.json["detail"]


def test_a_disk_that_fills_during_a_run_is_said_to_be(server: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, **options: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("collarclass.app.store.label_file", full)
    job = server.hand_in(b"title,description\nWelder,Weld frames.\n", "ads.csv", "&start=true")
    said = "The result cannot be written (No space left on device): make room, or write to another disk."
    assert server.finished(job["id"])["error"] == said


def test_how_long_labelling_still_takes_is_said_on_the_page(server: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def quarter(*args: Any, progress: Callable[[int, float], None], **options: Any) -> None:
        progress(6000, 0.25)
        go_on.wait(60)
        progress(6001, 0.25)

    monkeypatch.setattr("collarclass.app.store.label_file", quarter)
    job = server.hand_in(b"title,description\nWelder,Weld frames.\n", "ads.csv", "&start=true")
    server.wait_for(job["id"], lambda job: job["rows"] == 6000)
    begun = time.monotonic()
    for seconds, said in ((1, False), (600, True)):  # nothing is said of a file that is done in a moment
        monkeypatch.setattr("collarclass.app.pages.time", SimpleNamespace(monotonic=lambda now=begun + seconds: now))
        page = server.ask("GET", f"/p/{job['id']}?lang=en").body.decode()
        assert "6,000 ads labelled" in page
        assert ("10 ads a second, 30:0" in page) == said
    server.ask("POST", f"/v1/files/{job['id']}/cancel")
    go_on.set()
    assert server.finished(job["id"])["state"] == "cancelled"


def test_a_hundred_thousand_rows_can_be_cancelled_and_begun_again(server: Address, folder: Path) -> None:
    row = b"Welder,Weld steel frames in our workshop and grind the seams. No degree needed.\n"
    job = server.hand_in(b"title,text\n" + row * 100_000, "many.csv")
    server.ask("POST", f"/v1/files/{job['id']}/label", {"evidence": False})
    assert server.ask("POST", f"/v1/files/{job['id']}/label", {}).status == 409
    seen = server.wait_for(job["id"], lambda job: 0 < job["rows"] < 100_000)
    assert 0 < seen["share"] < 1
    # Meanwhile the rest of the server answers.
    assert server.classify(text="Welder wanted")["results"]
    server.ask("POST", f"/v1/files/{job['id']}/cancel")
    done = server.finished(job["id"])
    assert (done["state"], done["rows"] < 100_000) == ("cancelled", True)
    home = next(path for path in folder.rglob(job["id"]) if path.is_dir())
    assert {path.name for path in home.iterdir()} <= {"source.csv", "file.json", "rows.partial"}
    server.ask("POST", f"/v1/files/{job['id']}/label", {"evidence": False})
    server.wait_for(job["id"], lambda job: job["state"] == "running" and job["rows"] > 0)
    server.ask("DELETE", f"/v1/files/{job['id']}")
    until = time.monotonic() + 10
    while home.exists():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_harmless_names_keep_what_they_can() -> None:
    assert harmless_name("C:\\Users\\a\\灰领.csv") == "灰领.csv"
    assert harmless_name("..") == harmless_name("") == "ads.csv"
    assert len(harmless_name("a" * 500)) == 120


def test_what_a_killed_server_left_is_removed_at_the_next_start(
    small_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dead = tmp_path / f"{PREFIX}4194305-abc"  # beyond the largest number of a process
    other = tmp_path / f"{PREFIX}notes"
    for path in (dead, other):
        path.mkdir()
    shop = Store(small_model)
    try:
        remove_orphans()
        assert shop.folder.exists()
        assert other.exists()
        assert not dead.exists()
    finally:
        shop.close()
    assert not shop.folder.exists()


def test_labelled_files_are_there_again_after_a_restart_until_they_are_forgotten(
    examples: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("", "/result", "/rows?limit=3", "/shares?by=region", "/picture.svg?by=region&lang=zh")

    def replies(server: Address, file: str) -> list[Any]:
        found = [server.ask("GET", f"/v1/files/{file}{what}") for what in asked]
        assert {reply.status for reply in found} == {200}
        return [found[0].json, *(reply.body for reply in found[1:])]

    with running(create_app(kept=tmp_path)) as server:
        file = server.hand_in(examples, more="&start=true")["id"]
        server.finished(file)
        assert server.ask("PUT", f"/v1/files/{file}/rows/2", {"label": "gray"}).status == 200
        unlabelled = server.hand_in(examples)["id"]
        before = replies(server, file)
    stray = tmp_path / "files" / "0000"  # of a server that was killed
    stray.mkdir()
    (stray / "rows.arrow").write_bytes(b"cut off")
    os.utime(stray, (0, 0))
    with running(create_app(kept=tmp_path)) as server:
        assert {one["id"] for one in server.ask("GET", "/v1/files").json["files"]} == {file, unlabelled}
        assert replies(server, file) == before
        assert server.ask("GET", f"/v1/files/{file}/report").status == 200
        # A file that was handed in and not labelled is there as well, and a labelled one can be labelled anew.
        for one in (unlabelled, file):
            assert server.ask("POST", f"/v1/files/{one}/label", {"text": "description"}).status == 202
            assert server.finished(one)["state"] == "done"
            assert server.ask("GET", f"/v1/files/{one}").json["title"] is None
        monkeypatch.setattr(store, "MAX_FILES", 2)
        others = [server.hand_in(examples, more="&start=true")["id"] for _ in range(2)]
        for other in others:
            server.finished(other)
        assert server.ask("GET", f"/v1/files/{file}").status == 404  # the oldest made room
        assert server.ask("DELETE", f"/v1/files/{others[0]}").status == 204
    assert [path.name for path in (tmp_path / "files").iterdir()] == [others[1]]
