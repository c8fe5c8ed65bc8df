"""The short form of research/robustness/faults.py: some of each kind of fault, with no finding."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from research.robustness.faults import FAULTS, Workshop

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals and limits")
# Rounds, rows, and seconds that a run rests after each batch of 50 rows, so that it can be broken in the middle.
SHORT = {
    "kills": (2, 2_000, 0.05),
    "full disk": (3, 1_000, 0.0),
    "crash images": (12, 500, 0.0),
    "damaged sources": (22, 100, 0.0),
    "dead workers": (3, 2_000, 0.05),
    "concurrent runs": (2, 1_000, 0.0),
}


@pytest.mark.parametrize("name", FAULTS)
def test_no_fault_costs_a_row(name: str, tmp_path: Path, small_model_path: Path) -> None:
    rounds, rows, rest = SHORT[name]
    outcome = FAULTS[name](Workshop(tmp_path, small_model_path, rows, seed=1, rest=rest), rounds)
    assert outcome.made >= rounds
    assert not outcome.findings
