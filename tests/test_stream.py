"""What is said of a whole file: how many labels to expect right, and whether it is like any source measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from collarclass import label_file
from collarclass.api import default_model
from collarclass.model.predict import predict, stream_sums
from collarclass.model.stream import (
    MEASURES,
    MIN_ADS,
    STREAMS,
    StreamSums,
    drift_notes,
    expected_right,
    ranges,
)
from collarclass.training.reliability import source_facts

AD = "We are looking for an accountant to keep our books. Bachelor's degree in accounting required. Monthly reports."
WELDER = "焊工，中专学历，会用氩弧焊，夜班，包住宿。"


def sums_of(values: list[float], n: int, chinese: bool = False) -> StreamSums:
    sums = StreamSums()
    sums.add(np.full(n, chinese), np.tile(values, (n, 1)))
    return sums


def test_sums_of_parts_add_up() -> None:
    ads = [AD, WELDER, AD * 2, ""]
    whole = stream_sums(predict(default_model(), ads), np.array([True, False, True, True]))
    parts = StreamSums()
    for text in ads:
        parts.merge(stream_sums(predict(default_model(), [text]), np.array([text != WELDER])))
    assert whole.n.tolist() == parts.n.tolist() == [2, 1]
    assert whole.n_kept.tolist() == parts.n_kept.tolist() == [2, 0]
    for name in ("totals", "squares", "confidence_kept"):
        np.testing.assert_allclose(getattr(whole, name), getattr(parts, name))


@pytest.mark.parametrize(("n", "value", "notes"), [(MIN_ADS, 0.5, 0), (MIN_ADS, 0.9, 1), (MIN_ADS - 1, 0.9, 0)])
def test_a_note_needs_enough_ads_and_a_mean_outside(n: int, value: float, notes: int) -> None:
    facts = {"streams": {"zh": {key: [0.2, 0.6] for key in MEASURES}}}
    found = drift_notes(sums_of([value] * len(MEASURES), n, chinese=True), facts)
    assert len(found) == notes
    assert all("Chinese ads are unlike all" in str(note) and "collarclass sample" in str(note) for note in found)
    assert drift_notes(sums_of([value] * len(MEASURES), n, chinese=True), {}) == []


def test_ads_of_one_kind_are_unlike_all() -> None:
    facts = {"streams": {"en": {"spread": [0.2, 0.4]}}}
    [note] = drift_notes(sums_of([0.5] * len(MEASURES), MIN_ADS), facts)
    assert "one kind of job" in str(note)
    mixed = sums_of([0.2] * len(MEASURES), MIN_ADS)
    mixed.merge(sums_of([0.8] * len(MEASURES), MIN_ADS))
    assert drift_notes(mixed, facts) == []


def test_ranges_span_the_streams() -> None:
    means = np.array([[0.75] * len(MEASURES), [0.25] * len(MEASURES)])
    found = ranges(means, np.array([0.1, 0.3]))
    assert {name: found[name] for name in MEASURES} == {name: [0.25, 0.75] for name in MEASURES}
    assert found["spread"] == [0.15, 0.3]
    assert ranges(means[:0], np.zeros(0)) == {}


def test_the_shipped_model_knows_its_streams() -> None:
    streams = default_model().facts["streams"]
    for language in STREAMS:
        assert set(streams[language]) >= set(MEASURES)
        assert all(low < high for low, high in streams[language].values())


def simulated(
    spread: float, n_sources: int = 200
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Sources whose right share lies around what their confidence says, a little below."""
    random = np.random.default_rng(1)
    n, said = random.integers(50, 400, n_sources), random.normal(1.8, 0.4, n_sources)
    share = 1 / (1 + np.exp(-(said - 0.2 + random.normal(0, spread, n_sources))))
    return n, random.binomial(n, share) / n, 1 / (1 + np.exp(-said))


@pytest.mark.parametrize("spread", [0.0, 0.3, 0.6])
def test_the_spread_between_sources_is_found_beyond_chance(spread: float) -> None:
    found = source_facts(*simulated(spread))
    assert found["spread"] == pytest.approx(spread, abs=0.12)
    assert found["shift"] == pytest.approx(-0.2, abs=0.12)


def test_nine_new_sources_in_ten_lie_in_the_range() -> None:
    n, right, confidence = simulated(0.4, 400)
    facts = {"sources": {"en": source_facts(n[:200], right[:200], confidence[:200])}}
    inside = 0
    for size, share, said in zip(n[200:], right[200:], confidence[200:], strict=True):
        found = expected_right(np.array([size, 0]), np.array([size * said, 0.0]), facts)
        assert found is not None
        inside += found.low <= share <= found.high
    assert 0.84 <= inside / 200 <= 0.96


@given(st.integers(30, 5000), st.integers(0, 5000), st.floats(0.34, 1), st.floats(0.34, 1))
def test_a_range_holds_what_is_expected(n_en: int, n_zh: int, en: float, zh: float) -> None:
    source = {"n": 20, "shift": 0.0, "shift_error": 0.1, "spread": 0.3}
    n = np.array([n_en, n_zh])
    found = expected_right(n, n * np.array([en, zh]), {"sources": {"en": source, "zh": source}})
    assert found is not None
    assert 0 <= found.low <= found.share <= found.high <= 1
    assert found.share == pytest.approx((n_en * en + n_zh * zh) / (n_en + n_zh), abs=1e-3)


def test_nothing_is_said_of_few_labels_or_of_a_language_that_was_not_measured() -> None:
    facts = {"sources": {"en": {"n": 20, "shift": 0.0, "shift_error": 0.1, "spread": 0.3}}}
    assert expected_right(np.array([29, 0]), np.array([20.0, 0.0]), facts) is None
    assert expected_right(np.array([50, 50]), np.array([40.0, 40.0]), facts) is None
    assert expected_right(np.array([50, 0]), np.array([40.0, 0.0]), {}) is None


def test_label_file_says_so(tmp_path: Path) -> None:
    source = tmp_path / "ads.csv"
    source.write_text("text\n" + f'"{AD}"\n' * (MIN_ADS + 1))
    done = label_file(source, tmp_path / "out.csv")
    assert len(done.drift) == 1
    assert "unlike all that the model was measured on" in done.drift[0]
