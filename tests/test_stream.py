"""What is said of a whole file: how many labels to expect right, and a warning where these are few."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from collarclass import label_file
from collarclass.labelling.judge import judge, stream_sums
from collarclass.labelling.options import Options
from collarclass.model.stream import FEW_RIGHT, expected_right
from collarclass.training.facts import source_facts

AD = "We are looking for an accountant to keep our books. Bachelor's degree in accounting required. Monthly reports."
WELDER = "焊工，中专学历，会用氩弧焊，夜班，包住宿。"


def test_sums_of_parts_add_up() -> None:
    ads = [AD, WELDER, AD * 2, ""]
    options = Options.of(evidence=False)
    whole = stream_sums(judge(ads, options=options))
    parts = sum(stream_sums(judge([text], options=options)) for text in ads)
    assert whole[0].tolist() == [2, 1]
    np.testing.assert_allclose(whole, parts)


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
        found = expected_right(np.array([[size, 0], [size * said, 0.0]]), facts)
        assert found is not None
        inside += found.low <= share <= found.high
    assert 0.84 <= inside / 200 <= 0.96


@given(st.integers(30, 5000), st.integers(0, 5000), st.floats(0.34, 1), st.floats(0.34, 1))
def test_a_range_holds_what_is_expected(n_en: int, n_zh: int, en: float, zh: float) -> None:
    source = {"n": 20, "shift": 0.0, "shift_error": 0.1, "spread": 0.3}
    n = np.array([n_en, n_zh])
    found = expected_right(np.array([n, n * np.array([en, zh])]), {"sources": {"en": source, "zh": source}})
    assert found is not None
    assert 0 <= found.low <= found.share <= found.high <= 1
    assert found.share == pytest.approx((n_en * en + n_zh * zh) / (n_en + n_zh), abs=1e-3)


def test_nothing_is_said_of_few_labels_or_of_a_language_that_was_not_measured() -> None:
    facts = {"sources": {"en": {"n": 20, "shift": 0.0, "shift_error": 0.1, "spread": 0.3}}}
    few = expected_right(np.array([[29, 0], [20.0, 0.0]]), facts, 3)
    assert str(few) == (
        "With fewer than 30 labels of ads nothing can be said of how many are right. Beside these, 3 are unclear."
    )
    assert expected_right(np.array([[0, 0], [0.0, 0.0]]), facts) is None
    assert expected_right(np.array([[50, 50], [40.0, 40.0]]), facts) is None
    assert expected_right(np.array([[50, 0], [40.0, 0.0]]), {}) is None


@pytest.mark.parametrize(("said", "warned"), [(FEW_RIGHT + 0.01, False), (FEW_RIGHT - 0.01, True)])
def test_few_right_labels_are_warned_of(said: float, warned: bool) -> None:
    facts = {"sources": {"en": {"n": 20, "shift": 0.0, "shift_error": 0.1, "spread": 0.3}}}
    found = expected_right(np.array([[200, 0], [200 * said, 0.0]]), facts)
    assert ("less than on most sources: review a random sample" in str(found)) == warned


def test_label_file_says_so(tmp_path: Path) -> None:
    source = tmp_path / "ads.csv"
    source.write_text("text\n" + f'"{AD}"\n' * 40 + '""\n' * 3)
    done = label_file(source, tmp_path / "out.csv")
    assert str(done.expected).startswith("Expect about ")
    assert f" Beside these, {done.counts['unclear']} are unclear." in str(done.expected)
