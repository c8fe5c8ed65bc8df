"""The short forms of research/robustness: some of each kind of fault, some broken calls and files, with no finding."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from research.robustness import tally
from research.robustness.faults import FAULTS, Workshop

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals and limits")
# Rounds, rows, and seconds that a run rests after each batch of 50 rows, so that it can be broken in the middle.
SHORT = {
    "kills": (2, 2_000, 0.05),
    "full disk": (3, 1_000, 0.0),
    "little memory": (3, 500, 0.0),
    "crash images": (12, 500, 0.0),
    "damaged sources": (22, 100, 0.0),
    "dead workers": (3, 2_000, 0.05),
    "concurrent runs": (2, 1_000, 0.0),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_no_fault_costs_a_row(name: str, tmp_path: Path, small_model_path: Path) -> None:
    rounds, rows, rest = SHORT[name]
    outcome = FAULTS[name](Workshop(tmp_path, small_model_path, rows, seed=1, rest=rest), rounds)
    assert outcome.made >= rounds
    assert not outcome.findings


def searched(name: str, *options: str | Path) -> str:
    """What a search prints, if it has no finding."""
    command = [sys.executable, "-m", f"research.robustness.{name}", *map(str, options)]
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux" or shutil.which("cc") is None, reason="needs Linux and a C compiler")
def test_no_broken_call_costs_a_row(small_model_path: Path) -> None:
    cases = [part for case in ("csv", "csv, replaced", "csv.gz", "parquet") for part in ("--only", case)]
    said = searched("io_faults", *cases, "--every", "29", "--first", "7", "--model", small_model_path)
    found = re.search(r"^all +(\d+) faults, 0 findings", said, re.MULTILINE)
    assert found is not None
    assert int(found[1]) > 50


@pytest.mark.slow
def test_no_mutated_file_ends_the_process() -> None:
    for library in ("python_calamine", "openpyxl", "xlsxwriter"):
        pytest.importorskip(library)
    said = searched("fuzz_files", "--files", "10", "--seed", "7")
    assert re.search(r"^all +1\d\d files, 0 findings", said, re.MULTILINE)


def test_what_was_tried_is_counted_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tally.table() in tally.PAGE.read_text("utf-8")
    for name in ("KEPT", "PAGE"):
        copy = tmp_path / name
        copy.write_bytes(getattr(tally, name).read_bytes())
        monkeypatch.setattr(tally, name, copy)
    tally.add("files", 10**12, 3)
    rows = [line for line in tally.PAGE.read_text("utf-8").splitlines() if "fuzz_files.py`: mutated" in line]
    assert len(rows) == 1
    assert "1,000,000," in rows[0]
    assert tally.table() in tally.PAGE.read_text("utf-8")
