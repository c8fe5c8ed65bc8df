"""The measures, each against a value worked out by hand or by scikit-learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from collarclass import DataError
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
    per_label,
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


def test_a_file_of_ads_is_labelled_first(tmp_path: Path, golden: pd.DataFrame) -> None:
    golden.to_csv(tmp_path / "ads.csv", index=False)
    assert "accuracy                     1.000" in evaluate_file(tmp_path / "ads.csv", by="source")


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("text,label\nx,white\n", {"truth": "collar_true"}, "No column 'collar_true'.*text, label"),
        ("text,label\nx,pink\n", {}, "No row of ads.csv has white, blue or gray"),
        ("", {}, "cannot be read"),
    ],
)
def test_bad_files_are_told(tmp_path: Path, content: str, options: dict[str, str], message: str) -> None:
    (tmp_path / "ads.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        evaluate_file(tmp_path / "ads.csv", **options)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"No file .*none\.csv"):
        evaluate_file(tmp_path / "none.csv")
