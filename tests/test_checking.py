"""Checks of labelled ads before training, as a table and as a command."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from command import run

from collarclass import DataError
from collarclass.annotation.annotated import check_labels
from collarclass.model.model import Model
from collarclass.model.predict import predict

ROOT = Path(__file__).parents[1]
WELD = "MIG welding of steel frames in our workshop, no schooling needed."
BOOKS = "Bachelor's degree in accounting required. Prepare reports and advise managers."


def kinds(table: pd.DataFrame, model: Model) -> list[tuple[int, str]]:
    found = check_labels(table, model)
    return list(zip(found["row"], found["kind"], strict=True))


def test_every_kind_is_named_by_row(small_model: Model) -> None:
    table = pd.DataFrame(
        [
            ("Welder", WELD, "blue", 1, 4),
            ("Welder", WELD.upper().replace(" ", "  "), "blue", 1, 4),
            ("Welder", WELD, "gray", 1, 4),
            ("Accountant", BOOKS, "", 3, 0),
            ("Accountant", BOOKS + " Travel.", "grai", 3, 0),
            ("", " ", "BLUE", 1, "7"),
            ("Other", "Something else that is long enough to read", "purple", "high", 2),
        ],
        columns=["title", "text", "label", "academic_rating", "hands_on_rating"],
    )
    found = check_labels(table, small_model)
    assert list(found.columns) == ["row", "column", "kind", "what", "remedy"]
    plain = [(r, k) for r, k in kinds(table, small_model) if k != "doubt"]
    assert sorted(plain) == sorted(
        [
            (3, "duplicate"),
            (4, "conflict"),
            (5, "missing label"),
            (6, "unknown label"),
            (7, "empty text"),
            (7, "rating"),
            (8, "rating"),
            (8, "unknown label"),
        ]
    )
    assert [row for row, _ in plain] == sorted(row for row, _ in plain)
    remedies = dict(zip(zip(found["row"], found["kind"], strict=True), found["remedy"], strict=True))
    assert remedies[6, "unknown label"] == "write 'gray'"
    assert remedies[8, "unknown label"] == "write one of white, blue, gray, unclear, or leave it empty"
    assert "row 2" in found.loc[found["kind"] == "conflict", "what"].item()


def test_doubts_come_last_and_most_doubted_first(small_model: Model) -> None:
    table = pd.DataFrame({"text": [WELD, BOOKS, WELD + "!", ""], "label": ["white", "blue", "blue", "x"]})
    found = check_labels(table, small_model)
    doubts = found[found["kind"] == "doubt"]
    assert set(doubts["row"]) <= {2, 3}
    assert len(doubts) > 0
    assert list(found["kind"][-len(doubts) :]) == ["doubt"] * len(doubts)
    given = predict(small_model, table["text"].tolist()).probabilities[[0, 1], [0, 1]]
    assert doubts["row"].tolist() == [row for p, row in sorted(zip(given, (2, 3), strict=True)) if p < 0.05]


def test_labels_in_any_case_and_in_chinese_are_labels(small_model: Model) -> None:
    labels = ["White Collar", "GREY", "蓝领", "灰领", "white", "Unclear", "Whiet"]
    table = pd.DataFrame({"text": [f"{WELD} Place {i}." for i in range(7)], "标签": labels})
    found = check_labels(table, small_model)
    assert found[found["kind"] != "doubt"][["row", "remedy"]].to_numpy().tolist() == [[8, "write 'white'"]]
    same = pd.DataFrame({"text": [WELD, WELD], "label": ["blue", "BLUE"]})
    assert kinds(same, small_model) == [(3, "duplicate")]


def test_ratings_from_0_to_1_are_told_from_those_of_the_codebook(small_model: Model) -> None:
    table = pd.DataFrame({"text": [f"{WELD} {i}" for i in range(6)], "label": "blue", "academic_rating": 0.25})
    assert "as if they went from 0 to 1" in check_labels(table, small_model)["what"][0]
    assert check_labels(table.assign(academic_rating=0.5), small_model).empty


def test_columns_may_have_other_names(small_model: Model) -> None:
    table = pd.DataFrame({"body": [WELD], "head": ["Welder"], "mine": ["bleu"]})
    found = check_labels(table, small_model, text="body", title="head", label="mine")
    assert found[["column", "remedy"]].to_numpy().tolist() == [["mine", "write 'blue'"]]


def test_an_empty_cell_is_no_rating(small_model: Model) -> None:
    table = pd.DataFrame({"text": list("abcde"), "label": "unclear", "academic_rating": ["", None, " ", "2", "?"]})
    assert kinds(table, small_model) == [(6, "rating")]
    table["academic_rating"] = [float("nan"), 1.5, 4, 0, 4.5]
    assert kinds(table, small_model) == [(6, "rating")]


def test_good_labels_give_an_empty_table(small_model: Model) -> None:
    table = pd.DataFrame({"text": [WELD, "x"], "label": ["blue", "unclear"]}, index=[7, 7])
    assert check_labels(table, small_model).empty
    assert check_labels(table.iloc[:0], small_model).empty


@pytest.mark.parametrize(
    ("column", "message"), [("text", "No column of ad texts found in"), ("label", "No column 'label' in")]
)
def test_a_missing_column_is_named(column: str, message: str, small_model: Model) -> None:
    table = pd.DataFrame({"text": [WELD], "label": ["blue"]}).drop(columns=column)
    with pytest.raises(DataError, match=f"{message} the table of labelled ads; its columns are"):
        check_labels(table, small_model)


def test_the_command_check(tmp_path: Path, small_model_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(f'text,label\n"{WELD}\nsecond line",blue\n"{BOOKS}",Whiet\n', "utf-8-sig")
    out = run("check", path, "-m", small_model_path, code=1).stdout
    assert out == (
        "row 3, label: 'Whiet' is not a label; write 'white'\n2 ads: 1 to correct, 0 to look at again\n"
    )
    out = run("check", path, "-m", small_model_path, "-o", tmp_path / "found.csv", code=1).stdout
    assert out.count("\n") == 1
    assert pd.read_csv(tmp_path / "found.csv")["row"].tolist() == [3]
    assert "is there already" in run("check", path, "-o", tmp_path / "found.csv", code=1).stderr
    path.write_text(f'text,label\n"{WELD}",blue\n')
    assert run("check", path, "-m", small_model_path).stdout == "1 ads: 0 to correct, 0 to look at again\n"
    assert "There is no file" in run("check", tmp_path / "no.csv", code=1).stderr


def test_the_example_labels_need_no_mending() -> None:
    assert " 0 to correct" in run("check", ROOT / "examples" / "own_labels.csv").stdout
