"""What Windows and macOS do otherwise, simulated where no such machine is at hand.

| there | simulated here by |
|---|---|
| processes are spawned, not forked (Windows, macOS) | the start method "spawn", in a script without a main guard |
| consoles that are not UTF-8 (Windows: cp1252) | PYTHONIOENCODING=cp1252, and the C locale without UTF-8 mode |
| lines that end with CRLF (Windows) | sources and journals with CRLF |
| folders that cannot be written | a folder of /proc |
| folders that cannot be synchronised (Windows), disks that cannot | os.fsync that fails |
| file systems without locks (some network drives) | fcntl.flock that fails |
| no SIGHUP, no fork, no affinity, no resource or pwd | those taken away before the import |
| no standard error (pythonw on Windows) | sys.stderr None |
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from collarclass import DataError, Model, label_file

ADS = "title,text\nWelder,MIG welding of steel frames in our workshop.\n电焊工,熟练焊接钢结构，学历不限。\n"


@pytest.fixture
def ads(tmp_path: Path) -> Path:
    path = tmp_path / "招聘.csv"
    path.write_text(ADS, "utf-8", newline="")
    return path


def test_workers_are_spawned_without_a_main_guard(ads: Path, tmp_path: Path, small_model_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import multiprocessing, sys\n"
        "multiprocessing.set_start_method('spawn')\n"
        "from collarclass import label_file\n"
        "print(label_file(sys.argv[1], sys.argv[2], model=sys.argv[3], n_jobs=2, batch_size=1).rows)\n"
    )
    command = [sys.executable, str(script), str(ads), str(tmp_path / "out.csv"), str(small_model_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "2\n"


@pytest.mark.parametrize(
    "console",
    [{"PYTHONIOENCODING": "cp1252"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
    ids=["cp1252", "C locale"],
)
def test_consoles_that_are_not_utf_8(
    ads: Path, tmp_path: Path, small_model_path: Path, console: dict[str, str]
) -> None:
    def run(*args: str | Path) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "collarclass", *(str(a) for a in args), "-m", str(small_model_path)]
        return subprocess.run(command, capture_output=True, check=False, env={**os.environ, **console})

    done = run("classify", "熟练焊接钢结构，学历不限，包吃住。", "--title", "电焊工")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"blue 9" in done.stdout
    assert (b"\\u" in done.stdout) == ("PYTHONIOENCODING" in console)
    done = run("label", ads, "-o", tmp_path / "结果.csv")
    assert done.returncode == 0
    assert done.stderr.startswith(b"2 ads: ")
    done = run("label", tmp_path / "没有.csv", "-o", tmp_path / "x.csv")
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1


def test_lines_that_end_with_crlf(ads: Path, tmp_path: Path, small_model: Model) -> None:
    ads.write_text(ADS.replace("\n", "\r\n"), "utf-8", newline="")
    label_file(ads, tmp_path / "out.csv", model=small_model)
    content = (tmp_path / "out.csv").read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n") == 3


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that even root cannot write to")
def test_folders_that_cannot_be_written(ads: Path, small_model: Model) -> None:
    with pytest.raises(DataError, match=r"cannot be written \(.*\): check its folder"):
        label_file(ads, "/proc/out.csv", model=small_model)
    with pytest.raises(DataError, match=r"There is no folder /proc/new: check its name, or make it"):
        label_file(ads, "/proc/new/out.csv", model=small_model)


def test_places_that_cannot_synchronise_or_lock(
    ads: Path, tmp_path: Path, small_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: Any) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "fsync", fails)
    if os.name != "nt":
        import fcntl

        monkeypatch.setattr(fcntl, "flock", fails)
    assert label_file(ads, tmp_path / "out.csv", model=small_model).rows == 2
    assert [p.name for p in sorted(tmp_path.glob("[!.]*"))] == ["out.csv", "招聘.csv"]


def test_without_standard_error(
    ads: Path, tmp_path: Path, small_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert label_file(ads, tmp_path / "out.csv", model=small_model).rows == 2


def test_names_are_long_or_odd(ads: Path, tmp_path: Path, small_model: Model) -> None:
    for name in ("x" * 240 + ".csv", "焊" * 70 + ".csv", "a b [c] {d} %e.csv", "-dash.csv"):
        assert label_file(ads, tmp_path / name, model=small_model).rows == 2
        assert label_file(tmp_path / name, tmp_path / "again.csv", model=small_model, prefix="x_", force=True).rows == 2


WITHOUT_POSIX = """
import os, signal, sys
for name in ("resource", "pwd", "grp", "termios"):
    sys.modules[name] = None
for name in ("fork", "sched_getaffinity", "sched_setaffinity", "getuid", "geteuid"):
    delattr(os, name)
del signal.SIGHUP
from collarclass import classify, label_file
print(classify("MIG welding of steel frames, forklift licence. No schooling needed.", title="Welder").label)
print(label_file(sys.argv[1], sys.argv[2], model=sys.argv[3]).rows)
"""


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="takes away what only Linux has")
def test_the_library_needs_no_posix(ads: Path, tmp_path: Path, small_model_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_POSIX, str(ads), str(tmp_path / "out.csv"), str(small_model_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (0, "blue\n2\n"), done.stderr
