"""How the benchmark's hard part is put together, and the classifiers of the model's own counts beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from collarclass import DataError
from collarclass.corpus.read import read_csv
from collarclass.evaluation.metrics import macro_f1
from collarclass.training.counts import count_ads
from research.data import assemble_hard
from research.measure.benchmark_data import read_hard, seal
from research.measure.count_baselines import Counts, interval

PAIRS = """# hands
@ Engineer
We make pumps. [[You build them.||You sell them.]] Apply now.
= 3 3 gray | 3 0 white
@ Nurse
A ward. [[You treat.||You plan.]] Parking.
= 3 3.5 gray | 3 0.5 white
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / "en_1.txt").write_text(PAIRS, "utf-8")
    (tmp_path / "zh_1.txt").write_text(
        "# negation\n@ 工\n[[焊接。||不焊接，只记账。]]包住。\n= 1 4 blue | 1 0 white\n", "utf-8"
    )
    (tmp_path / "en_titles.txt").write_text("Welder|1 4 blue\nLawyer|4 0 white\n", "utf-8")
    return tmp_path


def answer(folder: Path, change: dict[str, str] | None = None) -> None:
    """A second reading that agrees but for some titles, which the third look drops."""
    items = assemble_hard.numbered(assemble_hard.read_written(folder), folder / "numbers.csv")
    read = items["label"].mask(items["text"].isin(change or {}), items["text"].map(change or {}))
    items.assign(label=read)[["id", "label"]].to_csv(folder / "reading.csv", index=False)
    differ = items[read != items["label"]]
    differ.assign(label="")[["id", "label"]].to_csv(folder / "settled.csv", index=False)


def test_both_ads_of_a_pair_are_written_out(written: Path) -> None:
    items = assemble_hard.read_written(written)
    assert items["text"].tolist()[:2] == [
        "We make pumps. You build them. Apply now.",
        "We make pumps. You sell them. Apply now.",
    ]
    assert items.loc[items["language"] == "zh", "text"].tolist() == ["焊接。包住。", "不焊接，只记账。包住。"]
    assert items["label"].tolist()[:2] == ["gray", "white"]
    (written / "en_1.txt").write_text("# hands\n@ Engineer\nNo clause.\n= 3 3 gray | 3 0 white\n", "utf-8")
    with pytest.raises(DataError, match="'Engineer' must have one clause"):
        assemble_hard.read_written(written)


def test_it_is_read_a_second_time_before_anything_is_written(written: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"write reading\.csv"):
        assemble_hard.assemble(written, tmp_path / "benchmark" / "hard")
    assert "label" not in read_csv(written / "to_read.csv")


def test_what_is_sealed_is_not_in_the_folder(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assemble_hard, "learn", lambda name: lambda ads: (["blue"] * len(ads), np.ones(len(ads))))
    monkeypatch.setattr(assemble_hard, "SEALED", 0.5)
    answer(written)
    assemble_hard.assemble(written, tmp_path / "benchmark" / "hard")
    hard, opened = (read_hard(tmp_path / "benchmark", path) for path in (None, written / "sealed.csv"))
    assert len(hard) == 8
    assert 0 < (hard["label"] == "").sum() < 8
    assert (opened["label"] != "").all()
    sealed = read_csv(written / "sealed.csv").iloc[0]
    digests = read_csv(tmp_path / "benchmark" / "hard" / "sealed.csv").set_index("id")["digest"]
    assert digests[sealed["id"]] == seal(sealed["salt"], sealed["id"], sealed["label"])
    assert sealed["salt"] not in (tmp_path / "benchmark" / "hard" / "sealed.csv").read_text("utf-8")


def test_an_ad_that_is_not_clear_takes_its_pair_with_it(written: Path) -> None:
    answer(written, {"A ward. You plan. Parking.": "gray"})
    items = assemble_hard.numbered(assemble_hard.read_written(written), written / "numbers.csv")
    kept = assemble_hard.settled(items, written)
    assert "Nurse" not in set(kept["title"])
    assert len(kept) == len(items) - 2
    (written / "settled.csv").write_text("id,label\n", "utf-8")
    with pytest.raises(DataError, match="the readings differ; settle them"):
        assemble_hard.settled(items, written)


@pytest.mark.parametrize(("n_right", "dropped"), [(10, 10), (8, 3), (7, 0)])
def test_easy_pairs_are_dropped_until_three_quarters_are_wrong_enough(
    n_right: int, dropped: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = pd.DataFrame({"pair": np.repeat([f"p{k}" for k in range(10)], 2), "kind": "ad", "language": "en"})
    items = items.assign(id=range(20), label=["gray", "white"] * 10, title="", text="")

    def learnt(name: str) -> Callable[[pd.DataFrame], tuple[list[str], np.ndarray]]:
        labels = [label if k < 2 * n_right else "blue" for k, label in enumerate(items["label"])]
        return lambda ads: (labels, np.linspace(1, 0.5, 20))

    monkeypatch.setattr(assemble_hard, "learn", learnt)
    gone = assemble_hard.easy_pairs(items)
    assert gone == [f"p{k}" for k in range(dropped)], "the surest first"
    assert n_right - dropped < 0.75 * (10 - dropped) or dropped == 10


def test_counts_know_the_words_of_two_ads_and_more() -> None:
    ads = count_ads(
        ["weld steel frames", "weld steel pipes", "audit accounts", "audit books"],
        ["Welder", "Welder", "Clerk", "Clerk"],
    )
    counts = Counts(ads)
    rows = counts.rows(count_ads(["weld steel", "wholly new words"], [None, None]))
    assert rows[0].nnz > 0
    assert rows[1].nnz == 0


def test_intervals_draw_whole_sources() -> None:
    found = pd.DataFrame({"source": ["a"] * 50 + ["b"] * 50, "label": ["gray", "white"] * 50})
    found = found.assign(good=found["label"], bad=np.where(found["source"] == "a", found["label"], "blue"))
    assert interval(found, "good") == (1.0, 1.0, 1.0)
    value, low, high = interval(found, "bad")
    assert low == 0.0  # both draws are source b
    assert high == 1.0
    assert value == pytest.approx(macro_f1(found["label"].to_numpy(object), found["bad"].to_numpy(object)))
    assert interval(found, "good", "bad")[0] == pytest.approx(1 - value)
