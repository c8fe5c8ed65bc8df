"""The command: what it prints, writes, refuses, and with which exit code."""

from __future__ import annotations

import csv
import html
import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pyarrow.parquet as pq
import pytest
from command import COMMAND, run, run_installed

import collarclass
from collarclass import __version__, label_file, load_model, progress
from collarclass.api import default_model
from collarclass.cli.main import app
from collarclass.compiled import description
from collarclass.tables.schema import COLUMNS

ROOT = Path(__file__).parents[1]
ADS = (
    "title,text\n"
    'Welder,"MIG welding of steel frames in our workshop,\nno schooling needed."\n'
    "Accountant,Bachelor's degree in accounting required. Prepare reports and advise managers.\n"
    "Cook,\n"
)


@pytest.fixture
def ads(tmp_path: Path) -> Path:
    path = tmp_path / "ads.csv"
    path.write_text(ADS, "utf-8")
    return path


def test_version_help_and_usage() -> None:
    assert run_installed("--version").stdout == f"collarclass {__version__} ({description()})\n"
    assert "Usage:" in run_installed("label", "--help").stdout
    run_installed("label", code=2)
    for args in (["--help"], ["-h"], ["label", "--help"], ["classify", "--help"], ["info", "--help"]):
        assert "Usage:" in run(*args).stdout
    assert "Examples:" in run("label", "--help").stdout
    assert "Exit codes: 0 fine, 1 wrong data or file, 2 wrong usage, 130 interrupted." in run("--help").stdout
    run("label", code=2)
    run("nonsense", code=2)
    run("label", "ads.csv", "-o", "x.csv", "--batch-size", "0", code=2)


def test_python_m_is_the_same_command() -> None:
    done = subprocess.run([sys.executable, "-m", "collarclass", "--version"], capture_output=True, check=True)
    assert done.stdout.decode().split()[:2] == ["collarclass", __version__]


def test_classify(small_model_path: Path) -> None:
    text = "MIG welding of steel frames in our workshop, no schooling needed."
    out = run("classify", text, "--title", "Welder", "-m", small_model_path).stdout
    assert out.startswith("Blue: ")
    for words in ("academic credential", "hands-on skill", "no schooling needed (not needed,"):
        assert words in out
    assert run_installed("classify", "-", "--title", "Welder", "-m", small_model_path, stdin=text).stdout == out
    assert run("classify", "", "-m", small_model_path).stdout == "Unclear: empty text.\n"


def test_classify_as_json(small_model_path: Path) -> None:
    found = json.loads(
        run("classify", "-", "--json", "-m", small_model_path, stdin="熟练焊接钢结构，学历不限。").stdout
    )
    assert found["collar"] in {"white", "blue", "gray", "unclear"}
    assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert {
        "confidence",
        "academic_score",
        "hands_on_score",
        "requirements",
        "evidence",
        "note",
        "model",
    } < set(found)


def test_label(ads: Path, tmp_path: Path, small_model_path: Path) -> None:
    target = tmp_path / "labelled.csv"
    done = run("label", ads, "-o", target, "-m", small_model_path)
    assert done.stdout == ""
    assert done.stderr.startswith("3 ads: ")
    rows = list(csv.DictReader(target.open(encoding="utf-8", newline="")))
    assert [row["title"] for row in rows] == ["Welder", "Accountant", "Cook"]
    assert list(rows[0])[2:] == list(COLUMNS)
    assert "is there already" in run("label", ads, "-o", target, "-m", small_model_path, code=1).stderr
    run("label", ads, "-o", target, "-m", small_model_path, "--force", "--n-jobs", "2", "--no-evidence")
    assert {row["collar_evidence"] for row in csv.DictReader(target.open(encoding="utf-8", newline=""))} == {""}


def test_label_says_that_titles_alone_were_read(tmp_path: Path, small_model_path: Path) -> None:
    titles = tmp_path / "titles.csv"
    titles.write_text("Position,Text of the advertisement\nWelder,MIG welding of frames.\n")
    note = "Note: titles alone were read"
    assert note in run("label", titles, "-o", tmp_path / "a.csv", "-m", small_model_path).stderr
    named = ("--text", "Text of the advertisement")
    assert note not in run("label", titles, "-o", tmp_path / "b.csv", "-m", small_model_path, *named).stderr


def test_pipes(ads: Path, tmp_path: Path, small_model_path: Path) -> None:
    run("label", ads, "-o", tmp_path / "out.csv", "-m", small_model_path)
    expected = (tmp_path / "out.csv").read_text("utf-8")
    assert run_installed("label", "-", "-o", "-", "-m", small_model_path, stdin=ADS).stdout == expected
    lines = '{"text": "MIG welding of steel frames in our workshop"}\n'
    found = json.loads(run("label", "-", "-o", "-", "-m", small_model_path, stdin=lines).stdout)
    assert list(found) == ["text", *COLUMNS]
    command = [*COMMAND, "label", str(ads), "-o", "-", "--format", "parquet", "-m", str(small_model_path)]
    out = subprocess.run(command, capture_output=True, check=True).stdout  # bytes that are no text
    assert pq.read_table(io.BytesIO(out)).column("title").to_pylist() == ["Welder", "Accountant", "Cook"]
    options = ("--format", "parquet", "--prefix", "again_", "-m", small_model_path)
    run("label", "-", "-o", tmp_path / "back.csv", *options, stdin=out)
    assert [r[:2] for r in csv.reader((tmp_path / "back.csv").open(encoding="utf-8"))] == [
        r[:2] for r in csv.reader(io.StringIO(expected, newline=""))
    ]


@pytest.mark.skipif(os.name == "nt", reason="pipes break in another way on Windows")
def test_a_reader_who_has_enough(tmp_path: Path, small_model_path: Path) -> None:
    with (tmp_path / "big.csv").open("w") as file:
        file.write("text\n" + "MIG welding of steel frames in our workshop\n" * 6_000)
    command = [*COMMAND, "label", str(tmp_path / "big.csv"), "-o", "-", "-m", str(small_model_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"text,collar,")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("classify 'Web designer' >&-", 0, ""),
        ("classify - <&-", 1, "Standard input is closed: give the ad as an argument."),
        ("label ads.csv -o - >&-", 1, "Standard output is closed: name a file to write."),
        ("label - -o out.csv <&-", 1, "Standard input is closed: name a file to read."),
        ("label ads.csv -o out.csv -q >&-", 0, ""),
        ("label ads.csv -o out.csv >&- 2>&- <&-", 0, ""),
        ("label ads.csv -o out.csv --n-jobs 2 --batch-size 2 >&- 2>&- <&-", 0, ""),
        ("label ads.csv -o out.xlsx >&- 2>&- <&-", 0, ""),
        ("info 2>&- >/dev/null", 0, ""),
    ],
)
def test_closed_standard_streams(ads: Path, small_model_path: Path, command: str, code: int, said: str) -> None:
    line = f"{' '.join(map(shlex.quote, COMMAND))} {command} -m {small_model_path}"
    done = subprocess.run(["sh", "-c", line], cwd=ads.parent, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip().removeprefix("collarclass: ")) == (code, said)
    if code == 0 and "out.csv" in command:
        label_file(ads, ads.parent / "expected.csv", model=small_model_path)
        assert (ads.parent / "out.csv").read_bytes() == (ads.parent / "expected.csv").read_bytes()


def test_interrupted(tmp_path: Path, small_model_path: Path) -> None:
    source, target = tmp_path / "big.csv", tmp_path / "out.csv"
    with source.open("w") as file:
        file.write("text\n" + "MIG welding of steel frames in our workshop\n" * 40_000)
    command = [
        *COMMAND,
        "label",
        str(source),
        "-o",
        str(target),
        "-m",
        str(small_model_path),
        "--batch-size",
        "100",
    ]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a suite run in the background ignores it
    ) as process:
        journal = tmp_path / ".out.csv.collarclass-journal"
        while not journal.exists() or journal.read_text().count("\n") < 3:
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert process.stderr.read().decode().strip().endswith("with --resume continues.")
        assert process.wait() == 130
    assert not target.exists()
    run("label", source, "-o", target, "-m", small_model_path, "--batch-size", "100", "--resume")
    assert len(target.read_text().splitlines()) == 40_001


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["no.csv", "-o", "x.csv"], "There is no file no.csv"),
        (["ads.csv", "-o", "ads.csv"], "is the file that is read"),
        (["ads.csv", "-o", "x.csv", "--text", "txt"], "Did you mean 'text'?"),
        (["ads.csv", "-o", "x.ods"], "no such files are written; end the name in"),
        (["ads.csv", "-o", "x.csv", "-j", "0"], "n_jobs is 0"),
        (["ads.csv", "-o", "x.csv", "--encoding", "undefined"], "No encoding is called 'undefined'"),
        (["ads.csv", "-o", "x.csv", "--text", "\x1b]0;gone\x07"], "\\x1b]0;gone\\x07"),
        (["ads.csv", "-o", "x.csv", "--model", "nowhere"], "No model at nowhere"),
        (["ads.csv", "-o", "-", "--report", "r.html"], "A report needs a labelled file"),
        (["ads.csv", "-o", "l.csv", "--report", "./l.csv"], "Result, report and summary need names of their own"),
    ],
)
def test_errors_are_one_line_with_a_remedy(ads: Path, small_model_path: Path, args: list[str], message: str) -> None:
    if "--model" not in args:
        args = [*args, "--model", str(small_model_path)]
    err = run("label", *args, code=1, cwd=ads.parent).stderr
    assert message in err
    assert err.count("\n") == 1
    assert sorted(p.name for p in ads.parent.iterdir()) == ["ads.csv"]


def test_an_error_of_the_installed_command_is_one_line(ads: Path) -> None:
    err = run_installed("label", "no.csv", "-o", "x.csv", code=1, cwd=ads.parent).stderr
    assert err.startswith("collarclass: There is no file no.csv")
    assert err.count("\n") == 1


def test_progress_is_silent_unless_asked_for(
    tmp_path: Path, small_model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    source = tmp_path / "big.csv"
    row = "MIG welding of steel frames in our workshop. " * 200 + "\n"
    source.write_text("text\n" + row * 600)  # 5 MB: several reads
    args = ("label", source, "-o", tmp_path / "out.csv", "-m", small_model_path, "--force", "--batch-size", "100")
    assert "\r" not in run(*args).stderr
    shown = run(*args, "--progress").stderr
    assert "200 ads, " in shown
    assert "a second" in shown
    assert " left" in shown


def test_a_missing_part_is_said_before_any_work(tmp_path: Path, small_model_path: Path) -> None:
    target = tmp_path / "labelled.csv"
    args = ["label", str(ROOT / "examples" / "job_ads.csv"), "-o", str(target), "--report", str(tmp_path / "r.html")]
    code = "import sys; sys.modules['jinja2'] = None; from collarclass.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "collarclass: A report needs jinja2: install it with pip install jinja2.\n"
    assert not target.exists()


def test_info(small_model_path: Path) -> None:
    out = run("info", "-m", small_model_path).stdout
    package = str(Path(collarclass.__file__).parent)
    for words in (__version__, load_model(small_model_path).identity, str(small_model_path), f" {package}\n"):
        assert words in out
    assert not set(out) & set("{}[]"), "nothing but sentences and names"
    everything = json.loads(run("info", "-m", small_model_path, "--json").stdout)
    assert everything["facts"] == dict(load_model(small_model_path).facts)


def test_the_example_ads(tmp_path: Path, small_model_path: Path) -> None:
    source, target = ROOT / "examples" / "job_ads.csv", tmp_path / "labelled.csv"
    run("label", source, "-o", target, "-m", small_model_path)
    rows = list(csv.reader(source.open(encoding="utf-8", newline="")))
    out = list(csv.reader(target.open(encoding="utf-8", newline="")))
    assert [row[: len(rows[0])] for row in out] == rows
    assert len(rows) == 41
    command = [sys.executable, str(ROOT / "examples" / "show.py"), str(target)]
    shown = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    assert "40 ads in" in shown
    assert "unclear" in shown


def test_report(ads: Path, tmp_path: Path, small_model_path: Path) -> None:
    pytest.importorskip("jinja2", reason="the report needs jinja2")
    page = tmp_path / "report.html"
    args: list[str | Path] = [
        "label",
        ads,
        "-o",
        tmp_path / "out.csv",
        "-m",
        small_model_path,
        "--report",
        page,
    ]
    assert f"Report -> {page}" in run(*args).stderr
    assert "<html" in page.read_text("utf-8")
    again: list[str | Path] = [
        "report",
        tmp_path / "out.csv",
        "-o",
        page,
        "-m",
        small_model_path,
        "--by",
        "title",
        "--lang",
        "zh",
    ]
    assert "is there already" in run(*again, code=1).stderr
    run(*again, "--force")
    assert "is there already" in run(*args[:3], tmp_path / "new.csv", *args[4:], code=1).stderr
    assert not (tmp_path / "new.csv").exists()


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A labelled file in another layout than the usual one: two ads and a bare title."""
    folder = tmp_path_factory.mktemp("three")
    ad = "Sie schweißen Rahmen. MIG welding of steel frames and pipes in our workshop."
    rows = f"title;text;truth;town\nWelder;{ad};blue;Köln\nFitter;{ad} Shifts.;blue;Ulm\nWelder;;blue;Ulm\n"
    (folder / "ads.csv").write_bytes(rows.encode("cp1252"))
    run("label", folder / "ads.csv", "-o", folder / "labelled.csv")
    return folder


LAYOUT = "(csv, cp1252, ';'); judged 2 from ads, 1 from titles."


def test_evaluate_says_what_it_read(three: Path) -> None:
    options = ("--truth", "truth")
    err = run("evaluate", three / "ads.csv", *options, "--by", "town").stderr
    columns = "titles from 'title', texts from 'text', true labels from 'truth', groups from 'town'"
    assert err == f"Read 3 rows, {columns} {LAYOUT}\n"
    labelled = run("evaluate", three / "labelled.csv", *options)
    assert labelled.stderr == f"Read 3 rows, labels from 'collar', true labels from 'truth' {LAYOUT}\n"
    quiet = run("evaluate", three / "labelled.csv", *options, "--quiet")
    assert (quiet.stdout, quiet.stderr) == (labelled.stdout, "")


def test_report_says_what_it_read_and_so_does_its_page(three: Path, tmp_path: Path) -> None:
    pytest.importorskip("jinja2", reason="the report needs jinja2")
    page = tmp_path / "page.html"
    command = ("report", three / "labelled.csv", "-o", page, "--by", "town")
    line = f"Read 3 rows, titles from 'title', texts from 'text', labels from 'collar', others from 'town' {LAYOUT}"
    assert run(*command).stderr == f"{line}\nReport -> {page}\n"
    assert f"<br>{line}</footer>" in html.unescape(page.read_text("utf-8"))
    assert run(*command, "--force", "--quiet", "--lang", "zh").stderr == ""
    chinese = (
        "读取 3 行，职位名称取自 'title'、正文取自 'text'、类别取自 'collar'、其他取自 'town'"
        "（csv, cp1252, ';'）；判断依据：招聘广告 2 条、职位名称 1 条。"
    )
    assert f"<br>{chinese}</footer>" in html.unescape(page.read_text("utf-8"))


def test_review_says_what_it_read(three: Path, tmp_path: Path) -> None:
    command = ("review", three / "labelled.csv", "-o", tmp_path / "mine.csv")
    read = "Read 3 rows, titles from 'title', texts from 'text'"
    # A sample hides the model's labels: what they were judged from stays unread.
    assert run(*command, stdin=b"q").stderr == f"{read} (csv, cp1252, ';').\n"
    least = run(*command, "--least-certain", stdin=b"q").stderr.splitlines()
    assert least[0] == f"{read}, confidence from 'collar_confidence' {LAYOUT}"
    assert run(*command, "--quiet", stdin=b"q").stderr == ""


def test_evaluate_and_train(tmp_path: Path, small_model_path: Path) -> None:
    source = tmp_path / "ads.csv"
    row = "Welder,MIG welding of steel frames in our workshop,blue\n"
    source.write_text("title,text,label\n" + row * 3, "utf-8")
    assert "accuracy" in run("evaluate", source, "-m", small_model_path).stdout
    assert "'nothing'" in run("evaluate", source, "--truth", "nothing", "-m", small_model_path, code=1).stderr
    assert run("train", "-o", tmp_path / "m", "--data", tmp_path / "no", code=1).stderr.count("\n") == 1


def test_evaluate_writes_json(tmp_path: Path, small_model_path: Path) -> None:
    source = tmp_path / "ads.csv"
    row = "Welder,MIG welding of steel frames in our workshop,Blue\n"
    source.write_text("title,text,label\n" + row * 3, "utf-8")
    found = json.loads(run("evaluate", source, "--json", "-m", small_model_path).stdout)
    assert found["n"] == 3
    source.write_text("title,text,label\nWelder,steel,pink\n", "utf-8")
    assert "row 2, column 'label': 'pink'" in run("evaluate", source, "-m", small_model_path, code=1).stderr


def test_calibrate(tmp_path: Path, small_model_path: Path) -> None:
    source = tmp_path / "mine.jsonl"
    texts = [f"Load trailers and stack pallets on nights, hall {i}. No schooling." for i in range(60)]
    rows = [{"text": text, "label": "蓝领" if i % 4 else "灰领"} for i, text in enumerate(texts)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    out = run("calibrate", source, "-o", tmp_path / "model", "-m", small_model_path).stdout
    assert "before" in out
    assert "calibration error" in out
    assert "calibrated" in run("info", "-m", tmp_path / "model").stdout


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for workers in Linux's /proc")
def test_a_signal_to_end_leaves_no_worker(tmp_path: Path, small_model_path: Path) -> None:
    from research.robustness.faults import _alive, _gone, children

    source, target = tmp_path / "big.csv", tmp_path / "out.csv"
    source.write_text("text\n" + "MIG welding of steel frames in our workshop\n" * 40_000)
    command = [*COMMAND, "label", str(source), "-o", str(target), "-m", str(small_model_path)]
    with subprocess.Popen([*command, "--batch-size", "100", "-j", "2"], stderr=subprocess.PIPE) as process:
        journal = tmp_path / ".out.csv.collarclass-journal"
        while not journal.exists() or journal.read_text().count("\n") < 3:
            assert process.poll() is None
            time.sleep(0.005)
        workers = children(process.pid)
        assert workers
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()
        assert process.wait() == 130
    assert _gone([pid for pid in workers if _alive(pid)])


def test_cite_names_the_version_and_the_model() -> None:
    shown = run("--cite").stdout
    assert default_model().identity in shown
    assert f"Version {__version__}" in shown
    assert "@software{collarclass," in shown


def test_a_misspelt_column_is_guessed(ads: Path, tmp_path: Path, small_model_path: Path) -> None:
    run("label", ads, "-o", tmp_path / "out.csv", "-m", small_model_path, "-q")
    for command in (["shares"], ["evaluate", "--truth", "collar"]):
        err = run(*command, tmp_path / "out.csv", "--by", "Titel", "-m", small_model_path, code=1).stderr
        assert "No column 'Titel' in out.csv" in err
        assert err.endswith("Did you mean 'title'?\n")


def test_shares_are_quiet_when_asked(ads: Path, tmp_path: Path, small_model_path: Path) -> None:
    labelled, to = tmp_path / "labelled.csv", tmp_path / "shares.csv"
    run("label", ads, "-o", labelled, "-m", small_model_path, "-q")
    assert run("shares", labelled, "-o", to, "-m", small_model_path, "--quiet").stderr == ""
    assert to.read_bytes().startswith(b"label,")


def test_a_lexicon_that_is_not_there_is_said(tmp_path: Path) -> None:
    path = tmp_path / "nope"
    err = run("classify", "Welder", "--lexicon", path, code=1).stderr
    said = f"The lexicon {path} cannot be read (No such file or directory): check its name and place."
    assert err == f"collarclass: {said}\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_is_said_in_a_sentence(ads: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*COMMAND, "label", ads, "-o", "-"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr.decode() == (
        "collarclass: The result cannot be written (No space left on device): make room, or write to another disk.\n"
    )


def paths_of(name: str, *roles: str) -> list[click.Parameter]:
    """The parameters of a command that are paths it reads or writes."""
    return [one for one in app.commands[name].params if getattr(one.type, "role", None) in roles]


def called(name: str, given: dict[str, Path]) -> list[str | Path]:
    """A command's arguments, with the options that are paths, and forced where it can be."""
    said: list[str | Path] = [name]
    for one in app.commands[name].params:
        if one.name in given:
            said += [given[one.name]] if isinstance(one, click.Argument) else [one.opts[0], given[one.name]]
    return [*said, "--force"] if any(one.name == "force" for one in app.commands[name].params) else said


def kept_in(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_path_of_a_command_says_whether_it_is_read_or_written() -> None:
    said = {("classify", "text"), ("occupation", "query")}  # which are no paths
    for name, command in app.commands.items():
        for one in command.params:
            is_path = isinstance(one.type, click.Path) or isinstance(one, click.Argument)
            assert (name, one.name) in said or is_path == hasattr(one.type, "role"), (name, one.name)


@pytest.mark.parametrize(
    ("name", "written"),
    [(name, one.name) for name in app.commands for one in paths_of(name, "write", "write model")],
)
def test_no_command_writes_over_what_it_reads(name: str, written: str, tmp_path: Path, small_model_path: Path) -> None:
    makes_model = any(one.name == written for one in paths_of(name, "write model"))
    other, given, targets = tmp_path / "other", {}, []
    for folder in [other, *(tmp_path / str(one.name) for one in paths_of(name, "read folder"))]:
        shutil.copytree(small_model_path, folder)
        link = tmp_path / f"{folder.name}-link"
        link.symlink_to(folder, target_is_directory=True)
        targets += [folder / "new", link / "new", *(() if folder == other and makes_model else folder.iterdir())]
        if folder != other:
            given[folder.name] = folder
            targets.append(folder)
    for one in paths_of(name, "read"):
        path = tmp_path / f"{one.name}.csv"
        path.write_text(ADS, "utf-8")
        (tmp_path / f"{one.name}-link.csv").symlink_to(path)
        (tmp_path / f"{one.name}-hard.csv").hardlink_to(path)
        given[str(one.name)] = path
        targets += [path, tmp_path / f"{one.name}-link.csv", tmp_path / f"{one.name}-hard.csv"]
        targets.append(tmp_path / f".{one.name}.csv.collarclass-partial")
    for one in paths_of(name, "write", "write model"):
        given[str(one.name)] = tmp_path / f"new-{one.name}.csv"
        if one.name != written:
            targets += [given[str(one.name)], tmp_path / f".new-{one.name}.csv.collarclass-journal"]
    kept = kept_in(tmp_path)
    for target in targets:
        said = run(*called(name, given | {written: target}), code=1).stderr
        assert re.search("choose another name|give the name of a new folder", said), (target, said)
        assert kept_in(tmp_path) == kept, target


@pytest.mark.parametrize("beside", ["--report", "--summary"])
def test_no_report_takes_the_place_of_a_result_in_a_folder(
    beside: str, ads: Path, tmp_path: Path, small_model_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    said = run("label", ads, "-o", tmp_path / "out", beside, tmp_path / "out" / "ads.csv", "-f", "-m", small_model_path,
               code=1).stderr  # fmt: skip
    assert "choose another name" in said
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are Unicode there")
def test_a_name_that_is_no_text_can_be_written(ads: Path, tmp_path: Path, small_model_path: Path) -> None:
    out, model = Path(os.fsdecode(os.fsencode(tmp_path) + b"/o\xff.csv")), ("-m", small_model_path)
    run("label", ads, "-o", out, "--summary", tmp_path / "summary.json", *model)
    assert json.loads((tmp_path / "summary.json").read_text("utf-8"))["target"] == str(out)
    assert out.read_bytes().startswith(b"title,text,collar,")


def test_what_a_workbook_loses_is_said(tmp_path: Path, small_model_path: Path) -> None:
    pytest.importorskip("python_calamine", reason="pip install collarclass[excel]")
    (tmp_path / "ads.csv").write_text(ADS, "utf-8")
    run("label", tmp_path / "ads.csv", "-o", tmp_path / "a.xlsx", "-m", small_model_path, "--prefix", "old_")
    done = run("label", tmp_path / "a.xlsx", "-o", tmp_path / "b.xlsx", "-m", small_model_path)
    assert "the result has no formulas, links, merged cells and number formats of the workbook" in done.stderr
