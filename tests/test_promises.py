"""Each command that writes, tried on each promise about writing; the table of the page is the list of what is tried."""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

pytest.importorskip("jinja2")
pytest.importorskip("rensa")
pytest.importorskip("xlsxwriter")
pytest.importorskip("python_calamine")
pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

from app_server import Address, running
from command import COMMAND, run
from promises import COMMANDS, PAGE, PROMISES, Command, table

from collarclass import Model, label_file
from collarclass.api import default_model
from collarclass.app.server import create_app
from collarclass.disk import Lock
from collarclass.files.target import work_files
from collarclass.training import own
from collarclass.training.adapt import Change, KnownAds, fit_change

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "contributors" / "promises.md"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="tries modes, links and pipes of POSIX")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, small_model_path: Path) -> Path:
    """What the commands read."""
    place = tmp_path_factory.mktemp("read")
    ads = pd.read_csv(ROOT / "examples" / "job_ads.csv", dtype=str).rename(columns={"description": "text"})
    ads.to_csv(place / "ads.csv", index=False)
    ads.assign(label="blue").to_csv(place / "own.csv", index=False)
    known = pd.read_csv(ROOT / "data" / "ads" / "en.csv", dtype=str, keep_default_na=False).sample(70, random_state=2)
    known = known.assign(source="employer " + known["onet_code"].str[0])[["title", "text", "label", "source"]]
    known.to_csv(place / "learn.csv", index=False)
    label_file(place / "ads.csv", place / "labelled.csv", evidence=False)
    (place / "model").symlink_to(small_model_path)
    return place


def tried(promise: str) -> pytest.MarkDecorator:
    """The commands that make a promise."""
    assert promise in PROMISES
    return pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if promise not in command.lacks])


def call(command: Command, folder: Path, target: Path, *more: str, code: int | None = 0) -> str:
    """Type a command; what it says in case of an error. A review gets one answer."""
    return run(*command.arguments(folder, target), *more, stdin="bq", code=code).stderr


def target_of(command: Command, place: Path) -> Path:
    return place / f"out{'.' * bool(command.ending)}{command.ending}"


_LEARNT: dict[bool, Change] = {}
_MEASURED: dict[str, dict[str, Any]] = {}


@pytest.fixture(autouse=True)
def short_learning(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model is made in a moment: what it is worth is not asked here."""
    def learnt(known: KnownAds, scores_stay: bool, labels: Any, **_: Any) -> tuple[float, Change]:
        if scores_stay not in _LEARNT:
            _LEARNT[scores_stay] = fit_change(known, labels, 10.0, scores_stay=scores_stay)
        return 10.0, _LEARNT[scores_stay]

    def measured_once(name: str) -> None:
        real = getattr(own, name)

        def measured(*given: Any) -> dict[str, Any]:
            if name not in _MEASURED:
                _MEASURED[name] = real(*given)
            return _MEASURED[name]

        monkeypatch.setattr(own, name, measured)

    monkeypatch.setattr(own, "learn_change", learnt)
    monkeypatch.setattr(own, "folds", lambda groups: [])
    monkeypatch.setattr(own, "gains", lambda *found: (1.0, 0.1))
    measured_once("figures")
    measured_once("short_figures")
    monkeypatch.setattr("collarclass.training.train.train", lambda *given, **options: (default_model(), None))


def put_old(command: Command, target: Path, folder: Path) -> Path:
    """Something of the kind that the command writes."""
    if command.ending:
        target.write_text("old")
    else:
        shutil.copytree(folder / "model", target)
    return target


def content(target: Path) -> bytes:
    """The bytes of a file, or of those in a folder."""
    files = sorted(target.iterdir()) if target.is_dir() else [target]
    return b"".join(path.read_bytes() for path in files)


@tried("whole")
def test_a_target_that_cannot_be_finished_stays_as_it_was(
    name: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = COMMANDS[name]
    target = put_old(command, target_of(command, tmp_path), folder)
    before, failed = content(target), list[Path]()

    def full(source: Path, to: Path) -> None:
        if Path(to) == target and not failed:
            failed.append(Path(to))
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.rename(source, to)  # noqa: PTH104

    monkeypatch.setattr(Path, "replace", full)
    monkeypatch.setattr(Path, "rename", full)
    assert "No space left" in call(command, folder, target, "-f", code=1)
    assert content(target) == before


@tried("reads")
def test_nothing_that_is_read_is_written_over(name: str, folder: Path, tmp_path: Path) -> None:
    command = COMMANDS[name]
    for read in command.reads:
        before = (folder / read).read_bytes()
        link = tmp_path / f"link.{command.ending}"
        link.symlink_to(folder / read)
        hard = tmp_path / f"hard.{command.ending}"
        hard.hardlink_to(folder / read)
        force = ("-f",) if "force" not in command.lacks else ()
        for target in (link, hard):
            said = call(command, folder, target, *force, code=1)
            assert ("choose another name" if command.ending else "give the name of a new folder") in said
        assert (folder / read).read_bytes() == before


@tried("free")
def test_another_file_is_not_written_over_unless_that_is_said(name: str, folder: Path, tmp_path: Path) -> None:
    command = COMMANDS[name]
    target = put_old(command, target_of(command, tmp_path), folder)
    before = content(target)
    said = call(command, folder, target, code=1)
    assert ("is there already" if command.ending else "holds a model already") in said
    assert content(target) == before


@tried("force")
def test_a_private_file_stays_private_and_a_link_a_link(name: str, folder: Path, tmp_path: Path) -> None:
    command = COMMANDS[name]
    real, link = put_old(command, tmp_path / "real", folder), target_of(command, tmp_path)
    before, mode = content(real), 0o600 if command.ending else 0o700
    real.chmod(mode)
    link.symlink_to(real)
    call(command, folder, link, "-f", code=None)
    assert link.is_symlink()
    assert content(real) not in (before, b"")
    assert stat.S_IMODE(real.stat().st_mode) == mode


@tried("device")
def test_a_pipe_is_written_into_and_stays_one(name: str, folder: Path, tmp_path: Path) -> None:
    command = COMMANDS[name]
    pipe = target_of(command, tmp_path)
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    call(command, folder, pipe, "-f", code=None)
    reader.join(10)
    assert got
    assert len(got[0]) > 50
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if not command.ending])
def test_a_model_is_no_pipe_and_no_link_to_nowhere(name: str, folder: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for target in (tmp_path / "pipe", Path(os.devnull)):
        assert "is a file" in call(COMMANDS[name], folder, target, "-f", code=1)


@tried("alone")
def test_a_second_run_is_refused(name: str, folder: Path, tmp_path: Path) -> None:
    command = COMMANDS[name]
    target = target_of(command, tmp_path)
    with Lock(work_files(target)[1], str(target)):
        assert "is being written by another run" in call(command, folder, target, code=1)
    assert not target.exists()


@tried("folder")
def test_a_folder_that_is_not_there_is_not_made(name: str, folder: Path, tmp_path: Path) -> None:
    command = COMMANDS[name]
    assert "There is no folder" in call(command, folder, target_of(command, tmp_path / "misspelt"), code=1)
    assert not list(tmp_path.iterdir())


@tried("clean")
def test_nothing_stays_beside_the_result_but_its_record(name: str, folder: Path, tmp_path: Path) -> None:
    command = COMMANDS[name]
    target = target_of(command, tmp_path)
    call(command, folder, target, code=None)
    made = {path.name for path in tmp_path.iterdir()}
    asked = {target.name, f"{target.name}.csv"}  # the labelled file beside its summary or report
    assert target.name in made
    assert {name for name in made - asked if not re.fullmatch(r"\..*\.collarclass-journal", name)} == set()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if command.ending])
def test_a_killed_command_leaves_the_old_file_or_the_new_one(name: str, folder: Path, tmp_path: Path) -> None:
    command = COMMANDS[name]
    whole = target_of(command, tmp_path)
    call(command, folder, whole, code=None)
    for wait in (0.3, 0.6, 0.9, 1.2, 1.6, 2.0):
        target = tmp_path / f"killed-{wait}.{command.ending}"
        arguments = [*COMMAND, *map(str, command.arguments(folder, target))]
        process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path
        )
        try:
            process.communicate(b"bq", timeout=wait)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        if target.exists() and "whole" not in command.lacks:
            assert target.stat().st_size > 0.9 * whole.stat().st_size


def test_the_page_says_what_is_tried() -> None:
    text = DOCUMENT.read_text("utf-8")
    shown = text.partition("<!-- commands that write -->\n")[2].partition("<!-- end of commands that write -->")[0]
    assert shown == table(), f"the table should be:\n{table()}"


def test_every_command_that_writes_is_tried() -> None:
    from collarclass.cli.main import app

    writing = {name for name, command in app.commands.items() if any(o.name == "target" for o in command.params)}
    assert writing == {name.split(",")[0].split()[0] for name in COMMANDS}


# -- the page ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page keeps what it writes."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def server(kept: Path, small_model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("handed-in")))
        with running(create_app(small_model, kept=kept)) as address:
            yield address


def files_in(kept: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in kept.rglob("*") if path.is_file()}


def hand_in(server: Address, folder: Path) -> str:
    reply = server.upload("/v1/files?name=ads.csv", (folder / "ads.csv").read_bytes())
    assert reply.status == 201, reply.body
    return f"/v1/files/{reply.json['id']}"


def label(server: Address, file: str) -> dict[str, Any]:
    """Have a file labelled, and one of its rows by hand."""
    assert server.ask("POST", f"{file}/label", {}).status == 202
    until = time.monotonic() + 60
    while (done := server.ask("GET", file).json)["state"] in ("waiting", "running"):
        assert time.monotonic() < until
        time.sleep(0.02)
    if done["state"] == "done":
        assert server.ask("PUT", f"{file}/rows/1", {"label": "gray"}).status == 200
    return dict(done)


def begin_review(server: Address, folder: Path) -> str:
    reply = server.upload("/v1/reviews?name=ads.csv&annotator=a", (folder / "ads.csv").read_bytes())
    assert reply.status == 201, reply.body
    return f"/v1/reviews/{reply.json['id']}"


def full_disk(path: str) -> Callable[[Path, Path], Path]:
    """In place of the renaming of a file: there is no room for one that has such a name."""

    def replace(source: Path, to: Path) -> Path:
        if re.search(path, str(to)):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.rename(source, to)  # noqa: PTH104
        return Path(to)

    return replace


def on_the_page(promise: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", [name for name, lacks in PAGE.items() if promise not in lacks])


@on_the_page("whole")
def test_what_the_page_cannot_finish_is_not_there(
    row: str, server: Address, folder: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if row == "page: a file handed in":
        before = files_in(kept)
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(
                b"POST /v1/files?name=half.csv HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream"
                b"\r\nContent-Length: 1000\r\n\r\ntitle,text\n"
            )
        assert files_in(kept) == before
        assert "half.csv" not in str(server.ask("GET", "/v1/files").json)
    elif row == "page: a file labelled and taken away":
        file = hand_in(server, folder)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", full_disk("labelled"))
            assert label(server, file)["state"] == "failed"
        assert server.ask("GET", f"{file}/result").status == 409
        assert label(server, file)["state"] == "done"
        own = server.ask("GET", f"{file}/result").body
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", full_disk("own-"))
            assert server.ask("GET", f"{file}/result").status == 500
        assert server.ask("GET", f"{file}/result").body == own
    else:
        review = begin_review(server, folder)
        assert server.ask("PUT", f"{review}/ads/0", {"label": "blue"}).status == 200
        before = files_in(kept / "reviews")
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", full_disk("reviews"))
            assert server.ask("PUT", f"{review}/ads/1", {"label": "gray"}).status == 500
        after = {path: content for path, content in files_in(kept / "reviews").items() if path.suffix == ".json"}
        assert after == before
        assert server.ask("GET", review).json["done"] == 1


@on_the_page("reads")
def test_the_page_changes_nothing_that_it_reads(row: str, server: Address, folder: Path, kept: Path) -> None:
    file = hand_in(server, folder)
    label(server, file)
    before = {path: content for path, content in files_in(kept / "files").items() if path.suffix == ".csv"}
    if row == "page: ads labelled by hand":
        review = server.ask("POST", f"{file}/review", {"annotator": "a", "n": 40}).json
        for i in range(review["n"]):
            answer = {"label": ("white", "blue", "gray")[i % 3]}
            assert server.ask("PUT", f"/v1/reviews/{review['id']}/ads/{i}", answer).status == 200
        assert server.ask("POST", f"{file}/reviewed").status == 200
    else:
        label(server, file)
        assert server.ask("GET", f"{file}/result").status == 200
    after = files_in(kept / "files")
    assert {path: after[path] for path in before} == before


@on_the_page("alone")
def test_two_windows_of_the_page_spoil_nothing(row: str, server: Address, folder: Path) -> None:
    with ThreadPoolExecutor(2) as windows:
        if row == "page: a file handed in":
            files = list(windows.map(lambda _: hand_in(server, folder), range(2)))
            assert len(set(files)) == 2
        elif row == "page: a file labelled and taken away":
            file = hand_in(server, folder)
            both = list(windows.map(lambda _: server.ask("POST", f"{file}/label", {}).status, range(2)))
            assert sorted(both) == [202, 409]
            while server.ask("GET", file).json["state"] != "done":
                time.sleep(0.02)
            assert server.ask("PUT", f"{file}/rows/1", {"label": "gray"}).status == 200
            taken = list(windows.map(lambda _: server.ask("GET", f"{file}/result").body, range(4)))
            assert len(set(taken)) == 1
        else:
            review = begin_review(server, folder)
            answers = [{"label": name, "was": ""} for name in ("white", "blue")]
            both = list(windows.map(lambda body: server.ask("PUT", f"{review}/ads/0", body).status, answers))
            assert sorted(both) == [200, 409]


@on_the_page("clean")
def test_the_page_leaves_nothing_of_what_is_removed(row: str, server: Address, folder: Path, kept: Path) -> None:
    before = files_in(kept)
    if row == "page: ads labelled by hand":
        place = begin_review(server, folder)
        assert server.ask("PUT", f"{place}/ads/0", {"label": "blue"}).status == 200
    else:
        place = hand_in(server, folder)
        if row == "page: a file labelled and taken away":
            label(server, place)
            server.ask("GET", f"{place}/result")
            made = {path.name for path in files_in(kept).keys() - before.keys() if not path.name.startswith(".")}
            assert made == {"source.csv", "labelled.csv", "rows.arrow", "file.json", "own-labelled.csv"}
    assert files_in(kept) != before
    assert server.ask("DELETE", place).status == 204
    assert files_in(kept) == before
