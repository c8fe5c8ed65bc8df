"""Annotating by hand: blind, paged, revocable, resumable, by two."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import run

from collarclass.annotation.agreement import agreement
from collarclass.annotation.annotated import read_annotated
from collarclass.annotation.review import Ad, Terminal, agreement_of, least_certain, read_ads, review
from collarclass.errors import DataError
from collarclass.files.label import label_file
from collarclass.shares.files import sample_file, shares_of_file

EXAMPLES = Path(__file__).parents[1] / "examples" / "job_ads.csv"
ADS = [
    Ad(1, "Welder", "MIG welding of steel frames in our workshop. No schooling needed."),
    Ad(2, "Accountant", "Bachelor's degree in accounting required. Prepare reports."),
    Ad(3, "Nurse", "Associate degree in nursing. Dress wounds, draw blood."),
]


class Fake:
    """A terminal that types keys and keeps what is shown."""

    def __init__(self, keys: str, height: int = 20) -> None:
        self.shown: list[str] = []
        self.keys: Iterator[str] = iter(keys)
        self.terminal = Terminal(lambda: next(self.keys, ""), self.shown.append, 60, height)

    @property
    def text(self) -> str:
        return "".join(self.shown)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sit(keys: str, target: Path, ads: list[Ad] = ADS, **options: object) -> Fake:
    fake = Fake(keys)
    review(ads, target, fake.terminal, **options)  # type: ignore[arg-type]
    return fake


def test_labels_are_taken_blind(tmp_path: Path) -> None:
    fake = sit("bwg", tmp_path / "a.csv")
    assert [(r["title"], r["label"], r["saw_model"]) for r in rows_of(tmp_path / "a.csv")] == [
        ("Welder", "blue", ""),
        ("Accountant", "white", ""),
        ("Nurse", "gray", ""),
    ]
    assert "model:" not in fake.text
    assert "sure" not in fake.text
    assert "--- 3 of 3, 66 % done" in fake.text
    assert read_annotated(tmp_path / "a.csv").usable()["label"].tolist() == ["blue", "white", "gray"]


def test_the_guess_and_the_requirements_come_when_asked_for_and_that_is_kept(tmp_path: Path) -> None:
    fake = sit("mbrw", tmp_path / "a.csv")
    assert "model: blue, " in fake.text
    assert "Bachelor's degree (schooling, required)" in fake.text
    assert [r["saw_model"] for r in rows_of(tmp_path / "a.csv")] == ["yes", ""]


def test_undo_finds_back_past_a_skipped_ad(tmp_path: Path) -> None:
    fake = sit("bszwg", tmp_path / "a.csv")  # blue, skip, undo: back at the welder
    assert "taken back" in fake.text
    assert [(r["title"], r["label"]) for r in rows_of(tmp_path / "a.csv")] == [
        ("Welder", "white"),
        ("Accountant", "gray"),
    ]
    assert "nothing to take back" in sit("z", tmp_path / "b.csv").text
    assert "nothing to take back" in sit("z", tmp_path / "a.csv").text  # answers of another sitting stay
    assert len(rows_of(tmp_path / "a.csv")) == 2


def test_a_review_goes_on_where_it_ended(tmp_path: Path) -> None:
    sit("bq", tmp_path / "a.csv")
    fake = sit("w", tmp_path / "a.csv")
    assert "--- 2 of 3" in fake.text
    assert "Welder" not in fake.text
    assert [r["label"] for r in rows_of(tmp_path / "a.csv")] == ["blue", "white"]


def test_an_answer_is_on_disk_before_the_next_question(tmp_path: Path) -> None:
    seen: list[int] = []
    keys = iter("bwg")

    def read_key() -> str:
        seen.append(len(rows_of(tmp_path / "a.csv")))
        return next(keys)

    review(ADS, tmp_path / "a.csv", Terminal(read_key, lambda piece: None, 60, 20))
    assert seen == [0, 1, 2]


def test_a_long_ad_is_shown_whole_by_pages(tmp_path: Path) -> None:
    ad = Ad(1, "Long", "\n".join(f"line {i}" for i in range(40)))
    fake = Fake("   pb", height=12)
    review([ad], tmp_path / "a.csv", fake.terminal)
    for i in range(40):
        assert f"line {i}" in fake.text
    assert "page 4 of 4" in fake.text
    assert fake.text.rindex("page 3 of 4") > fake.text.index("page 4 of 4")


def test_notes_and_ratings(tmp_path: Path) -> None:
    # A rating that does not exist is asked for again; ratings that contradict the label bring the ad back.
    fake = sit("nodd one\ng9\n1\n4\ng2.5\n3\nq", tmp_path / "a.csv", ratings=True)
    assert "Write a number such as 0, 1.5 or 4." in fake.text
    assert "These ratings stand for blue: label it again." in fake.text
    (row,) = rows_of(tmp_path / "a.csv")
    assert (row["label"], row["academic_rating"], row["hands_on_rating"]) == ("gray", "2.5", "3")
    assert row["annotation_note"] == "odd one"
    with pytest.raises(DataError, match="was not made by such a review"):
        sit("b", tmp_path / "a.csv")


def test_two_annotators_and_their_agreement(tmp_path: Path) -> None:
    sit("bwg", tmp_path / "a.csv", annotator="anna")
    assert agreement_of(tmp_path / "a.csv") is None
    sit("bww", tmp_path / "a.csv", annotator="bo")
    both = agreement_of(tmp_path / "a.csv")
    assert both is not None
    assert both[0].n == 3
    assert both[0].share == pytest.approx(2 / 3)
    assert both[1] == [("Nurse", "gray", "white")]


def test_taking_back_leaves_what_another_annotator_wrote_meanwhile(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"

    def keys() -> Iterator[str]:
        yield "b"
        sit("wwg", target, annotator="bo")
        yield from "zg"

    another = Fake("")
    another.keys = keys()
    review(ADS, target, another.terminal, annotator="anna")
    assert [(r["annotator"], r["title"], r["label"]) for r in rows_of(target)] == [
        ("bo", "Welder", "white"),
        ("bo", "Accountant", "white"),
        ("bo", "Nurse", "gray"),
        ("anna", "Welder", "gray"),
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_a_last_line_without_an_end_gets_one_and_a_torn_one_is_named(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    sit("bq", target)
    whole = target.read_bytes()
    target.write_bytes(whole.rstrip())
    sit("w", target)
    assert [r["label"] for r in rows_of(target)] == ["blue", "white"]
    target.write_bytes(whole.rstrip() + b'\r\nNurse,"Associate deg')
    with pytest.raises(DataError, match=r"a\.csv ends in the middle of a row"):
        sit("w", target)
    target.write_bytes(whole + b"Nurse,Associate degree\r\n")
    with pytest.raises(DataError, match=r"a\.csv, row 3: row has 2 cells, the header 7"):
        sit("w", target)


def test_answers_to_one_sample_are_none_to_another(tmp_path: Path) -> None:
    def drawn(source: str) -> list[Ad]:
        sample = {"sample_row": "1", "sample_stratum": "1", "sample_probability": "1", "sample_source": source}
        return [Ad(1, source, "We weld steel.", sample)]

    sit("b", tmp_path / "a.csv", drawn("first"))
    sit("w", tmp_path / "a.csv", drawn("second"))
    assert [(r["title"], r["label"]) for r in rows_of(tmp_path / "a.csv")] == [("first", "blue"), ("second", "white")]


def test_kappa_against_scikit_learn() -> None:
    from sklearn.metrics import cohen_kappa_score

    first = ["gray", "blue", "white", "white", "gray", "blue", "gray", "unclear"] * 5
    second = ["gray", "blue", "white", "gray", "gray", "white", "gray", "unclear"] * 5
    found = agreement(first, second)
    assert found.kappa == pytest.approx(cohen_kappa_score(first, second))
    assert found.low < found.kappa < found.high
    with pytest.raises(ValueError, match="2 and 1 labels"):
        agreement(["a", "b"], ["a"])


def test_from_the_sample_to_the_shares(tmp_path: Path) -> None:
    label_file(EXAMPLES, tmp_path / "l.csv")
    sample_file(tmp_path / "l.csv", tmp_path / "s.csv", 38)
    ads = read_ads(tmp_path / "s.csv")
    sit("bwgu" * 10, tmp_path / "a.csv", ads)
    found = shares_of_file(tmp_path / "l.csv", tmp_path / "a.csv")
    assert found["n_annotated"].eq(len(ads)).all()
    assert found["method"].eq("corrected").all()


def test_least_certain_first_is_unfit_for_shares(tmp_path: Path) -> None:
    label_file(EXAMPLES, tmp_path / "l.csv")
    ads = least_certain(tmp_path / "l.csv", most=12)
    sure = {r["job_title"]: r["collar_confidence"] for r in rows_of(tmp_path / "l.csv")}
    shown = [float(sure[ad.title]) for ad in ads]
    assert shown == sorted(shown)
    assert len(ads) == 12
    sit("b" * 12, tmp_path / "a.csv", ads)
    with pytest.raises(DataError, match="annotated least certain first, which is no random sample"):
        shares_of_file(tmp_path / "l.csv", tmp_path / "a.csv")
    with pytest.raises(DataError, match=r"No column 'collar_confidence' in job_ads\.csv: label the file first"):
        least_certain(EXAMPLES)


def test_the_command(tmp_path: Path) -> None:
    label_file(EXAMPLES, tmp_path / "l.csv")
    sample_file(tmp_path / "l.csv", tmp_path / "s.csv", 3)
    for name in ("anna", "bo"):
        done = run("review", tmp_path / "s.csv", "--annotator", name, stdin="bwg")
    assert "3 ads labelled -> " in done.stdout
    assert "Two annotators, 3 ads: 100.0% alike, kappa 1.00" in done.stdout
    assert len(rows_of(tmp_path / "s.annotated.csv")) == 6


def test_an_ad_in_several_columns_is_shown_whole(tmp_path: Path) -> None:
    (tmp_path / "ads.csv").write_text(
        "title,description,requirements\nNurse,Dress wounds on the ward.,Associate degree in nursing.\n", "utf-8"
    )
    (ad,) = read_ads(tmp_path / "ads.csv")
    assert ad.text.index("Dress wounds") < ad.text.index("Associate degree in nursing")


def test_half_characters_are_shown_and_kept_as_replacements(tmp_path: Path) -> None:
    source, half = tmp_path / "ads.jsonl", "\ud83d"
    rows = [{"title": f"Wel{half}der", "text": f"MIG welding {half} of steel\udc80 frames in our workshop."}] * 2
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), "ascii")
    shown = sit("mrbnnote \udfff\nw", tmp_path / "a.csv", read_ads(source), annotator="an\ud800na").text
    assert "Wel\ufffdder" in shown
    assert shown.encode("utf-8", "replace")
    found = rows_of(tmp_path / "a.csv")
    assert [row["label"] for row in found] == ["blue", "white"]
    direct = [Ad(1, f"Wel{half}der", f"MIG welding {half} of steel\udc80 frames.")]
    sit("mrb", tmp_path / "b.csv", direct)
    assert [row["label"] for row in rows_of(tmp_path / "b.csv")] == ["blue"]


def test_ads_that_are_formulas_run_in_no_sheet(tmp_path: Path) -> None:
    (tmp_path / "ads.csv").write_text('title,text\n=1+1,"@SUM(A1) weld steel"\n\'=2,- weld\n+3,weld\n', "utf-8")
    target = tmp_path / "annotated.csv"
    shown = sit("b n=note\nwq", target, read_ads(tmp_path / "ads.csv"), annotator="=x")
    assert "'=1+1" not in shown.text
    found = rows_of(target)
    assert [row["title"] for row in found] == ["'=1+1", "'=2"]
    assert not [cell for row in found for cell in row.values() if cell[:1] in {"=", "+", "-", "@"}]
    again = sit("g", target, read_ads(tmp_path / "ads.csv"), annotator="=x")
    assert again.text.startswith("--- 3 of 3")
    assert [row["label"] for row in rows_of(target)] == ["blue", "white", "gray"]
