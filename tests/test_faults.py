"""The short form of scripts/faults.py: some of each kind of fault, with no finding."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.faults import FAULTS, Workshop

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals and limits")
# Rounds and rows: enough rows that a run can be broken in the middle.
SHORT = {
    "kills": (2, 12_000),
    "full disk": (3, 1_000),
    "crash images": (12, 500),
    "damaged sources": (22, 100),
    "dead workers": (3, 12_000),
    "concurrent runs": (2, 2_000),
}


@pytest.mark.parametrize("name", FAULTS)
def test_no_fault_costs_a_row(name: str, tmp_path: Path, small_model_path: Path) -> None:
    rounds, rows = SHORT[name]
    outcome = FAULTS[name](Workshop(tmp_path, small_model_path, rows, seed=1), rounds)
    assert outcome.made >= rounds
    assert not outcome.findings
