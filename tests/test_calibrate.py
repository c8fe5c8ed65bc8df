"""A model adapted to own labels: what changes, what does not, and what the command says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from collarclass import DataError, Model, load_model
from collarclass.definitions.labels import LABELS
from collarclass.model.predict import predict
from collarclass.training.calibrate import apply_calibration, calibrate, calibrate_file, fit_calibration

ADS = [
    "MIG welding of steel frames in our workshop, no schooling needed. Bring your own gloves.",
    "Load trailers and stack pallets on nights. No qualifications required at all.",
    "Bachelor's degree in accounting required. Prepare reports and advise managers.",
    "Law degree required. Review contracts, advise managers and draft policies.",
    "Associate degree in nursing required. Dress wounds, draw blood, operate monitors.",
    "Associate degree in electronics. Repair, calibrate and program machines.",
]


@pytest.fixture(scope="module")
def labelled(small_model: Model) -> pd.DataFrame:
    """Labels of somebody who calls much gray that the model calls white."""
    rng = np.random.default_rng(0)
    texts = [f"{ADS[i % 6]} Place {i}." for i in range(240)]
    found = predict(small_model, texts)
    labels = [LABELS[k] for k in found.probabilities.argmax(axis=1)]
    labels = ["gray" if v == "white" and rng.random() < 0.7 else v for v in labels]
    return pd.DataFrame({"text": texts, "label": labels})


def test_temperature_and_bias_are_found_again() -> None:
    rng = np.random.default_rng(1)
    true = rng.dirichlet([1, 1, 1], 20_000)
    labels = np.array([rng.choice(3, p=p) for p in true])
    given = apply_calibration(true, 2.0, np.array([0.5, -0.5, 0.0]))
    slope, bias = fit_calibration(given, labels)
    assert slope == pytest.approx(0.5, abs=0.03)
    assert bias == pytest.approx(np.array([-0.25, 0.25, 0.0]), abs=0.05)


def test_few_labels_change_little() -> None:
    p = np.array([[0.6, 0.3, 0.1]])
    slope, bias = fit_calibration(p, np.array([2]))
    assert 0.5 < slope <= 1.0
    assert np.abs(bias).max() < 1.0


def test_only_probabilities_change(small_model: Model, labelled: pd.DataFrame) -> None:
    texts = labelled["text"].tolist()
    adapted = calibrate(small_model, texts, labelled["label"])
    before, after = predict(small_model, texts), predict(adapted, texts)
    assert np.array_equal(before.scores, after.scores)
    assert np.allclose(after.probabilities.sum(axis=1), 1)
    share = (labelled["label"] == "gray").mean()
    assert abs(after.probabilities[:, 2].mean() - share) < abs(before.probabilities[:, 2].mean() - share) / 2
    expected = apply_calibration(before.probabilities, *fit_calibration(before.probabilities, _codes(labelled)))
    assert np.allclose(after.probabilities, expected, atol=1e-5)


def _codes(labelled: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([LABELS.index(v) for v in labelled["label"]], dtype=np.int64)


def test_the_file_and_what_is_said(small_model: Model, labelled: pd.DataFrame, tmp_path: Path) -> None:
    labelled = labelled.replace({"label": {"gray": "Grey", "blue": "蓝领"}})
    extra = pd.DataFrame({"text": ["", "x" * 50], "label": ["blue", ""]})
    pd.concat([labelled, extra]).to_parquet(tmp_path / "mine.parquet")
    said = calibrate_file(tmp_path / "mine.parquet", tmp_path / "model", small_model, name="mine")
    model = load_model(tmp_path / "model")
    assert model.name == "mine"
    assert model.version != small_model.version
    assert said.startswith(f"{model.identity} written to ")
    assert f"from {small_model.identity} and 240 labelled ads (1 that the model cannot judge left out)" in said
    before, after = (float(v) for v in said.splitlines()[-2].split()[-2:])
    assert after < before
    assert model.facts["calibration"]["calibrated_on"] == 240


def test_too_few_or_wrong_labels_are_told(small_model: Model, labelled: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="5 labels are too few to calibrate by: give at least 30"):
        calibrate(small_model, labelled["text"][:5].tolist(), labelled["label"][:5])
    with pytest.raises(DataError, match="All labels are 'blue': give ads of at least two labels"):
        calibrate(small_model, labelled["text"].tolist(), ["blue"] * len(labelled))
    with pytest.raises(DataError, match="Labels to calibrate by are white, blue, gray"):
        calibrate(small_model, labelled["text"].tolist(), ["pink"] * len(labelled))
    labelled.assign(label="pink").to_csv(tmp_path / "mine.csv", index=False)
    with pytest.raises(DataError, match=r"mine\.csv, row 2, column 'label': 'pink'"):
        calibrate_file(tmp_path / "mine.csv", tmp_path / "model", small_model)
    with pytest.raises(DataError, match=r"No column 'true' in mine\.csv"):
        calibrate_file(tmp_path / "mine.csv", tmp_path / "model", small_model, label="true")
    assert not (tmp_path / "model").exists()
