"""The measures, each against a value worked out by hand or by scikit-learn."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from collarclass import DataError, Model, label_file
from collarclass.evaluation.metrics import (
    accuracy,
    as_text,
    bootstrap,
    calibration,
    confusion,
    correlation,
    coverage,
    evaluate,
    evaluate_file,
    expected_calibration_error,
    macro_f1,
    mcnemar,
    per_label,
    summary,
)

TRUTH = ["white", "white", "blue", "gray", "gray", "gray"]
FOUND = ["white", "blue", "blue", "gray", "white", "unclear"]


def test_accuracy_and_f1() -> None:
    assert accuracy(TRUTH, FOUND) == 0.5
    expected = f1_score(TRUTH, FOUND, labels=["white", "blue", "gray"], average="macro")
    assert macro_f1(TRUTH, FOUND) == pytest.approx(expected)
    table = per_label(TRUTH, FOUND)
    assert table["recall"]["gray"] == pytest.approx(1 / 3)
    assert table["precision"]["gray"] == 1.0
    assert (table["precision"]["blue"], table["recall"]["blue"]) == (0.5, 1.0)
    assert list(table["n"]) == [2, 1, 3]


def test_confusion_counts_every_ad() -> None:
    table = confusion(TRUTH, FOUND)
    assert table.to_numpy().sum() == 6
    assert table.loc["gray", "unclear"] == 1
    assert table.loc["white", "blue"] == 1


def test_calibration_error() -> None:
    right, sure = [1, 1, 0, 0], [0.95, 0.95, 0.95, 0.55]
    assert expected_calibration_error(right, sure) == pytest.approx(3 / 4 * abs(0.95 - 2 / 3) + 1 / 4 * 0.55, abs=1e-12)
    assert calibration(right, sure)["n"].tolist() == [1, 3]
    assert expected_calibration_error([1, 1], [1.0, 1.0]) == 0.0


def test_coverage_takes_the_most_confident() -> None:
    assert coverage([1, 0, 1, 0], [0.9, 0.1, 0.8, 0.2], 0.5) == 1.0
    assert coverage([1, 0, 1, 0], [0.9, 0.1, 0.8, 0.2], 1.0) == 0.5


def test_correlation() -> None:
    assert correlation([1, 2, 3], [2, 4, 6]) == pytest.approx(1.0)
    assert np.isnan(correlation([1, 1], [1, 2]))


def test_the_interval_holds_the_value_repeats_and_narrows() -> None:
    rng = np.random.default_rng(1)
    truth = rng.choice(["white", "blue", "gray"], 400)
    found = np.where(rng.random(400) < 0.8, truth, "white")
    value, low, high = bootstrap(accuracy, truth, found)
    assert low < value < high
    assert (value, low, high) == bootstrap(accuracy, truth, found)
    _, low_few, high_few = bootstrap(accuracy, truth[:50], found[:50])
    assert high - low < high_few - low_few


def test_evaluate_leaves_out_and_counts_what_has_no_true_label() -> None:
    table = pd.DataFrame(
        {
            "label": [*TRUTH, "unclear", ""],
            "collar": [*FOUND, "white", "white"],
            "collar_confidence": [0.9, 0.6, 0.8, 0.9, 0.5, "", 0.5, 0.5],
            "academic_score": [0.5, 0.6, 0.1, 0.8, 0.7, "", 0.2, 0.2],
            "hands_on_score": [0.1, 0.2, 0.9, 0.8, 0.3, "", 0.2, 0.2],
            "academic_rating": [2, 2, 0, 3, 3, 3, 1, 1],
            "hands_on_rating": [0, 1, 4, 3, 2, 3, 1, 1],
            "source": ["a", "a", "a", "b", "b", "b", "b", "b"],
        }
    )
    result = evaluate(table, by="source")
    assert (result["n"], result["n_left_out"]) == (6, 2)
    assert result["accuracy"][0] == 0.5
    assert result["unclear_share"] == pytest.approx(1 / 6)
    assert result["by"].loc["a", "accuracy"] == pytest.approx(2 / 3)
    assert result["academic_correlation"][0] > 0.8
    text = as_text(result)
    assert "2 without a usable true label" in text
    assert "macro-F1" in text


@pytest.mark.parametrize("ratings", [["", "", ""], ["2", "", ""], ["2", "2", "2"]])
def test_ratings_that_allow_no_correlation_are_left_out(tmp_path: Path, ratings: list[str]) -> None:
    path = tmp_path / "ads.csv"
    scores = {"collar_confidence": 0.9, "academic_score": [0.5, 0.2, 0.8]}
    labels = ["white", "blue", "gray"]
    pd.DataFrame({"label": labels, "collar": labels, **scores, "academic_rating": ratings}).to_csv(path, index=False)
    assert "with rating" not in evaluate_file(path)
    assert "NaN" not in evaluate_file(path, as_json=True)


def test_a_file_of_ads_is_labelled_first(tmp_path: Path, golden: pd.DataFrame) -> None:
    golden.to_csv(tmp_path / "ads.csv", index=False)
    assert "accuracy                     1.000" in evaluate_file(tmp_path / "ads.csv", by="source")


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("text,label\nx,white\n", {"truth": "collar_true"}, "No column 'collar_true'.*text, label"),
        ("text,label\nx,pink\ny,white\nz,pink\n", {}, r"row 2, column 'label': 'pink' is not a label .*rows 2, 4"),
        ("text,label\nx,unclear\ny,\n", {}, "No row of ads.csv has white, blue or gray"),
        ("", {}, "is empty"),
        ("text,label\nx,white,blue\n", {}, "row 2: row has 3 cells, the header 2; correct the row"),
    ],
)
def test_bad_files_are_told(tmp_path: Path, content: str, options: dict[str, str], message: str) -> None:
    (tmp_path / "ads.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        evaluate_file(tmp_path / "ads.csv", **options)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"There is no file .*none\.csv"):
        evaluate_file(tmp_path / "none.csv")


WRITTEN = ["White", "white-collar", "BLUE", "grey", "灰领", " Gray "]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "parquet", "xlsx", "csv.gz", "gb18030.csv"])
def test_every_format_and_spelling_is_read(tmp_path: Path, kind: str) -> None:
    ads = pd.DataFrame({"text": TRUTH, "label": WRITTEN, "collar": FOUND, "collar_confidence": [0.9] * 6})
    plain = tmp_path / "ads.csv"
    ads.to_csv(plain, index=False)
    expected = evaluate_file(plain)
    assert expected.startswith("ads                          6\naccuracy                     0.500")
    target = tmp_path / f"other.{kind}"
    if kind == "gb18030.csv":
        ads.to_csv(target, index=False, encoding="gb18030")
    elif kind == "parquet":
        ads.to_parquet(target)
    elif kind == "xlsx":
        ads.to_excel(target, index=False)
    elif kind in ("csv", "csv.gz"):
        ads.to_csv(target, index=False)
    else:
        ads.to_json(target, orient="records", lines=kind == "jsonl", force_ascii=False)
    assert evaluate_file(target) == expected


def test_what_label_wrote_as_parquet_is_evaluated(tmp_path: Path, golden: pd.DataFrame) -> None:
    golden.to_csv(tmp_path / "ads.csv", index=False)
    label_file(tmp_path / "ads.csv", tmp_path / "labelled.parquet")
    assert evaluate_file(tmp_path / "labelled.parquet") == evaluate_file(tmp_path / "ads.csv")


def test_results_as_json(tmp_path: Path) -> None:
    ads = pd.DataFrame({"text": TRUTH, "label": TRUTH, "collar": FOUND, "collar_confidence": "0.9", "b": [1, 2] * 3})
    ads.to_csv(tmp_path / "ads.csv", index=False)
    found = json.loads(evaluate_file(tmp_path / "ads.csv", by="b", as_json=True))
    assert found["n"] == 6
    assert found["accuracy"][0] == 0.5
    assert found["by"]["1"]["n"] == 3


def test_mcnemar_by_hand() -> None:
    # 1 against 5: twice the chance of at most 1 in 6 throws of a coin, (1 + 6) / 64.
    assert mcnemar([1, 0, 0, 0, 0, 0, 1], [0, 1, 1, 1, 1, 1, 1]) == {"only_first": 1, "only_second": 5, "p": 2 * 7 / 64}
    assert mcnemar([1, 0], [1, 0])["p"] == 1.0


def test_a_label_that_is_never_right_has_no_figure_in_json() -> None:
    ads = {"label": ["blue"] * 3, "collar": ["blue", "blue", "white"], "collar_confidence": 0.9}
    found = evaluate(pd.DataFrame(ads))
    kept = summary(found)["per_label"]
    assert kept["white"] == {"precision": 0.0, "recall": None, "f1": 0.0, "n": 0.0}
    assert kept["blue"] == {"precision": 1.0, "recall": 0.6667, "f1": 0.8, "n": 3.0}
    json.loads(json.dumps(kept, allow_nan=False))


def test_true_labels_may_stand_in_a_column_named_collar(tmp_path: Path, small_model: Model) -> None:
    path = tmp_path / "mine.csv"
    rows = [("MIG welding of steel frames, no schooling needed", "Blue"), ("Law degree required.", "白领")]
    pd.DataFrame(rows, columns=["text", "collar"]).to_csv(path, index=False)
    assert json.loads(evaluate_file(path, truth="collar", model=small_model, as_json=True))["n"] == 2
    pd.DataFrame(rows, columns=["text", "collar"]).assign(collar_confidence=0.9).to_csv(path, index=False)
    with pytest.raises(DataError, match=r"Column 'collar' of mine\.csv holds the labels that are to be measured"):
        evaluate_file(path, truth="collar", model=small_model)


def test_a_rating_in_words_is_told(tmp_path: Path, small_model: Model) -> None:
    ads = pd.DataFrame({"text": TRUTH, "label": TRUTH, "academic_rating": ["1", "", "high", "", "", "2"]})
    ads.to_csv(tmp_path / "mine.csv", index=False)
    with pytest.raises(DataError, match=r"mine\.csv, row 4, column 'academic_rating': 'high' is not a rating; write a"):
        evaluate_file(tmp_path / "mine.csv", model=small_model)


def test_labels_without_confidences_have_no_calibration_error(tmp_path: Path) -> None:
    ads = pd.DataFrame({"text": TRUTH, "label": TRUTH, "collar": FOUND, "collar_confidence": ""})
    ads.to_csv(tmp_path / "rules.csv", index=False)
    found = json.loads(evaluate_file(tmp_path / "rules.csv", as_json=True))
    assert found["accuracy"][0] == 0.5
    assert found["expected_calibration_error"] is None
    assert "none, by this definition" in evaluate_file(tmp_path / "rules.csv")
