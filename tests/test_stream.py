"""Drift notes: silence on a stream like those of training, one sentence on a stream unlike all of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from collarclass import label_file
from collarclass.api import default_model
from collarclass.model.predict import predict, stream_sums
from collarclass.model.stream import MEASURES, MIN_ADS, STREAMS, StreamSums, drift_notes, ranges

AD = "We are looking for an accountant to keep our books. Bachelor's degree in accounting required. Monthly reports."


def sums_of(values: list[float], n: int, chinese: bool = False) -> StreamSums:
    sums = StreamSums()
    sums.add(np.full(n, chinese), np.tile(values, (n, 1)))
    return sums


def test_sums_of_parts_add_up() -> None:
    whole = stream_sums(predict(default_model(), [AD, "焊工，中专学历，会用氩弧焊，夜班，包住宿。", AD * 2, ""]))
    parts = StreamSums()
    for text in (AD, "焊工，中专学历，会用氩弧焊，夜班，包住宿。", AD * 2, ""):
        parts.merge(stream_sums(predict(default_model(), [text])))
    assert whole.n.tolist() == parts.n.tolist() == [2, 1]
    np.testing.assert_allclose(whole.totals, parts.totals)


@pytest.mark.parametrize(("n", "value", "notes"), [(MIN_ADS, 0.5, 0), (MIN_ADS, 0.9, 1), (MIN_ADS - 1, 0.9, 0)])
def test_a_note_needs_enough_ads_and_a_mean_outside(n: int, value: float, notes: int) -> None:
    facts = {"streams": {"zh": {key: [0.2, 0.6] for key in MEASURES}}}
    found = drift_notes(sums_of([value] * len(MEASURES), n, chinese=True), facts)
    assert len(found) == notes
    assert all("Chinese ads differ" in note and "collarclass sample" in note for note in found)
    assert drift_notes(sums_of([value] * len(MEASURES), n, chinese=True), {}) == []


def test_ranges_span_the_streams() -> None:
    means = np.array([[0.75] * len(MEASURES), [0.25] * len(MEASURES)])
    assert ranges(means) == {name: [0.25, 0.75] for name in MEASURES}
    assert ranges(means[:0]) == {}


def test_the_shipped_model_knows_its_streams() -> None:
    streams = default_model().facts["streams"]
    for language in STREAMS:
        assert set(streams[language]) == set(MEASURES)
        assert all(low < high for low, high in streams[language].values())


def test_label_file_says_so(tmp_path: Path) -> None:
    source = tmp_path / "ads.csv"
    source.write_text("text\n" + f'"{AD}"\n' * (MIN_ADS + 1))
    done = label_file(source, tmp_path / "out.csv")
    assert len(done.drift) == 1
    assert "tokens read per ad" in done.drift[0]
