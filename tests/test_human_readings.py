"""The packet for people who judge: what `review` writes becomes agreement and accuracy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from research.measure.human_readings import readings, table

PACKET = Path(__file__).resolve().parents[1] / "examples" / "judge" / "en.csv"


@pytest.mark.slow
def test_what_two_people_review_becomes_agreement_and_accuracy(tmp_path: Path) -> None:
    for name, keys in (("ana", "bgg"), ("ben", "bgw")):
        command = ["review", str(PACKET), "-o", str(tmp_path / f"{name}.csv"), "--annotator", name]
        done = subprocess.run([sys.executable, "-m", "collarclass", *command], input=f"{keys}q".encode(), check=False)
        assert done.returncode == 0
    found = readings([tmp_path / "ana.csv", tmp_path / "ben.csv"])
    assert found["ana"].tolist() == ["blue", "gray", "gray"]
    assert found[["model", "ratings"]].isin(["white", "blue", "gray", "unclear"]).all(axis=None)
    shown = table(found)
    assert "all: ana, ben" in shown
    assert "66.7%" in shown
    assert "all: ben, model" in shown


def test_files_of_other_ads_are_refused(tmp_path: Path) -> None:
    pd.DataFrame({"text": ["Another ad."], "label": ["blue"]}).to_csv(tmp_path / "other.csv", index=False)
    with pytest.raises(SystemExit, match="no ad of examples/judge"):
        readings([tmp_path / "other.csv"])
