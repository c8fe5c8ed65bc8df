"""Shares: estimators against known truth and by hand, samples, groups, dates, files and warnings."""

from __future__ import annotations

import csv
import json
import re
import time
from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command import run
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from collarclass.definitions.labels import LABELS
from collarclass.errors import DataError
from collarclass.files.label import label_file
from collarclass.model.model import Model
from collarclass.shares.dates import find_periods, is_dates
from collarclass.shares.differences import many_differences, share_differences
from collarclass.shares.estimate import (
    Ads,
    Annotated,
    Shares,
    adjusted_by_sample,
    composite,
    drawn_errors,
    range_by_sources,
    stratified_ppi,
    wilson,
)
from collarclass.shares.files import sample_file, shares_of_file
from collarclass.shares.methods import ENDINGS, format_shares, headline, write_shares
from collarclass.shares.sample import (
    allocate,
    answered_share,
    draw_sample,
    most_useful_first,
    planned_size,
    strata,
)
from collarclass.shares.shares import estimate_shares
from collarclass.shares.truth import annotator_errors, errors_by_expert

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples" / "job_ads.csv"
RNG = np.random.default_rng(0)


def stream(n: int, gray: float, seed: int = 0, optimism: float = 0.0) -> tuple[pd.DataFrame, NDArray[Any]]:
    """Labelled ads, and their true labels: calibrated but for a lean towards gray."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, n, p=[0.6 * (1 - gray), 0.4 * (1 - gray), gray])
    odds = rng.normal(0, 1.2, (n, 3)) + 2.4 * np.eye(3)[truth] + np.array([0, 0, optimism])
    p = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    table = pd.DataFrame(p.round(4), columns=["p_white", "p_blue", "p_gray"])
    table["collar"] = np.array(LABELS)[p.argmax(axis=1)]
    table["region"] = np.where(np.arange(n) % 3 == 0, "north", "south")
    return table, truth


def annotate(sample: pd.DataFrame, truth: NDArray[Any]) -> pd.DataFrame:
    return sample.assign(label=np.array(LABELS)[truth[sample["sample_row"] - 1]])


def figure(found: pd.DataFrame, label: str, column: str) -> float:
    return float(dict(zip(found["label"].tolist(), found[column].tolist(), strict=True))[label])


# -- estimators ----------------------------------------------------------------------------------


def test_wilson_against_values_by_hand() -> None:
    low, high = wilson(np.array([0.0, 1.0]), 10)
    assert low.tolist() == pytest.approx([0.0, 0.7225], abs=1e-4)
    assert high.tolist() == pytest.approx([0.2775, 1.0], abs=1e-4)


def one_stratum(n: int, n_all: int) -> tuple[Ads, Annotated]:
    table, truth = stream(n_all, 0.2, optimism=0.5)
    guess = np.column_stack([table[["p_white", "p_blue", "p_gray"]].to_numpy(), np.zeros(n_all)])
    rows = np.random.default_rng(0).choice(n_all, n, replace=False)
    ads = Ads(np.zeros(n_all, np.int64), guess, np.ones(n_all))
    return ads, Annotated(np.zeros(n, np.int64), guess[rows], np.ones(n), truth=np.eye(4)[truth[rows]])


def test_without_power_and_strata_it_is_the_plain_mean_of_annotations() -> None:
    ads, annotated = one_stratum(200, 5000)
    found = stratified_ppi(ads, annotated, power=0.0)
    mean = annotated.truth.mean(axis=0)
    assert found.share == pytest.approx(mean)
    # and its interval that of a simple random sample, but for the stream's own chance
    assert found.n_effective[:3] == pytest.approx([200] * 3, rel=0.12)


def test_difference_estimator_by_hand() -> None:
    ads, annotated = one_stratum(200, 5000)
    found = stratified_ppi(ads, annotated, power=1.0)
    by_hand = ads.guess.mean(axis=0) + (annotated.truth - annotated.guess).mean(axis=0)
    assert found.share == pytest.approx(by_hand / by_hand.sum())


def test_like_ppi_python() -> None:
    ppi = pytest.importorskip("ppi_py", reason="ppi-python is not installed")
    ads, annotated = one_stratum(400, 40_000)
    found = stratified_ppi(ads, annotated)
    table, _ = stream(40_000, 0.2, 0, optimism=0.5)
    low, high = ppi.ppi_mean_ci(annotated.truth[:, 2], annotated.guess[:, 2], table["p_gray"].to_numpy(), alpha=0.05)
    assert found.share[2] == pytest.approx(float((low + high)[0]) / 2, abs=0.004)
    assert found.high[2] - found.low[2] == pytest.approx(float((high - low)[0]), rel=0.08)


@pytest.mark.slow
@pytest.mark.parametrize(("gray", "n"), [(0.05, 150), (0.3, 300)])
def test_the_interval_holds_the_truth_as_often_as_it_says(gray: float, n: int) -> None:
    runs = 120
    truth = np.array([0.6 * (1 - gray), 0.4 * (1 - gray), gray])
    inside, error, plain, width, labels_width = [], [], [], [], []
    for seed in range(runs):
        table, label = stream(2000, gray, seed, optimism=0.6)
        found = estimate_shares(table, annotate(draw_sample(table, n, random_state=seed), label))
        share, low, high = (found[c].to_numpy()[:3] for c in ("share", "low", "high"))
        inside.append((low <= truth) & (truth <= high))
        error.append(share - truth)
        plain.append(figure(found, "gray", "plain") - gray)
        width.append(high[2] - low[2])
        low_, high_ = wilson(np.array([gray]), n)
        labels_width.append(high_[0] - low_[0])
    assert 0.92 <= np.mean(inside) <= 0.98  # 360 intervals
    assert np.abs(np.mean(error, axis=0)).max() < 0.006
    assert np.mean(plain) > 0.02  # what counting alone would be off by
    assert np.mean(width) < 0.9 * np.mean(labels_width)


@settings(max_examples=10)
@example(0, 10, 0.75)  # no annotated ad in one stratum
@given(st.integers(0, 10_000), st.integers(2, 60), st.floats(0.01, 0.9))
def test_shares_add_up_and_stay_inside(seed: int, n: int, gray: float) -> None:
    table, truth = stream(300, gray, seed, optimism=1.0)
    drawn = annotate(draw_sample(table, n, random_state=seed), truth)
    for sample in (drawn, None):
        found = estimate_shares(table, sample, by="region", margins=True)
        assert found.groupby("region")["share"].sum().to_numpy() == pytest.approx(1)
        assert found["share"].between(0, 1).all()
        held = found.dropna(subset=["low"])
        assert len(held) == len(found) or sample is None or n < 10
        assert (held["low"] <= held["share"] + 1e-9).all()
        assert (held["share"] <= held["high"] + 1e-9).all()
        assert held["low"].between(0, 1).all()
        assert held["high"].between(0, 1).all()


def test_everything_annotated_gives_the_true_counts() -> None:
    table, truth = stream(500, 0.2)
    found = estimate_shares(table, annotate(draw_sample(table, 500), truth)).iloc[:3]
    assert found["share"].to_numpy() == pytest.approx(np.bincount(truth) / 500)
    low, high = wilson(np.bincount(truth) / 500, 500)  # what is left is the stream's own chance
    assert found["high"].to_numpy() == pytest.approx(high, abs=0.005)
    assert found["low"].to_numpy() == pytest.approx(low, abs=0.005)


def sources_of(n: int, size: float, seed: int = 0) -> NDArray[np.float64]:
    """Confusions of sources that differ: the smaller `size`, the more."""
    rng = np.random.default_rng(seed)
    mean = np.array([[0.88, 0.04, 0.08], [0.03, 0.92, 0.05], [0.09, 0.04, 0.87]])
    rates = np.array([[rng.dirichlet(size * row) for row in mean] for _ in range(n)])
    return np.array([[rng.multinomial(100, row) for row in source] for source in rates], dtype=float)


def known_errors(confusions: NDArray[Any]) -> NDArray[Any]:
    return drawn_errors({"en": {str(i): counts for i, counts in enumerate(confusions)}})[0]


def test_a_range_holds_what_counting_misses() -> None:
    truth = np.array([0.6, 0.35, 0.05])
    alike = sources_of(30, 5000)
    counts = np.append(truth @ (alike.sum(axis=0) / alike.sum(axis=(0, 2))[:, None]), 0.0)
    found = range_by_sources(counts, 50_000, known_errors(alike))
    assert counts[2] > 0.1  # twice as many as there are
    assert found.low[2] < 0.05 < found.high[2]
    assert found.share == pytest.approx(counts)


def test_the_range_holds_for_a_source_that_nobody_has_seen() -> None:
    truth, inside, width = np.array([0.5, 0.35, 0.15]), [], []
    for seed in range(60):
        known = sources_of(20, 60, seed)
        new = sources_of(1, 60, 1000 + seed)[0]
        counts = np.append(truth @ (new / new.sum(axis=1, keepdims=True)), 0.0)
        found = range_by_sources(counts, 20_000, known_errors(known))
        inside.append((found.low[:3] <= truth) & (truth <= found.high[:3]))
        width.append(found.high[2] - found.low[2])
    assert np.mean(inside) > 0.95
    assert 0.05 < np.mean(width) < 0.5


@pytest.mark.parametrize(("n", "share"), [(25, [0, 0, 1, 0]), (54, [53 / 54, 0, 1 / 54, 0]), (5000, [1, 0, 0, 0])])
def test_no_range_is_without_width(n: int, share: list[float]) -> None:
    found = range_by_sources(np.array(share), n, known_errors(sources_of(20, 60)))
    assert (found.high - found.low > 0.001).all()
    assert (found.low <= share).all()
    assert (found.high >= share).all()
    assert found.high[2] > 0.003


def test_all_ads_there_are_and_all_annotated_leave_no_doubt() -> None:
    table, truth = stream(500, 0.2)
    whole = estimate_shares(table, annotate(draw_sample(table, 500), truth), finite_population=True).iloc[:3]
    assert whole["share"].to_numpy() == pytest.approx(np.bincount(truth) / 500)
    assert (whole["high"] - whole["low"]).max() < 0.005
    half = annotate(draw_sample(table, 250), truth)
    drawn, finite = (estimate_shares(table, half, finite_population=finite).iloc[:3] for finite in (False, True))
    assert ((finite["high"] - finite["low"]) < 0.75 * (drawn["high"] - drawn["low"])).all()


def erring(truth: NDArray[Any], error: float, rng: np.random.Generator) -> NDArray[Any]:
    """Labels by an annotator who is wrong now and then."""
    wrong = rng.random(len(truth)) < error
    return np.where(wrong, (truth + rng.integers(1, 3, len(truth))) % 3, truth)


def test_errors_of_annotators_are_found_and_corrected_for() -> None:
    truth, gray = np.array([0.57, 0.38, 0.05]), 0.05
    inside, single, doubled = [], [], []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        table, label = stream(3000, gray, seed)
        drawn = draw_sample(table, 300, random_state=seed)
        rows = drawn["sample_row"].to_numpy() - 1
        first = drawn.assign(label=np.array(LABELS)[erring(label[rows], 0.04, rng)], annotator="anna")
        second = drawn.iloc[:120].assign(label=np.array(LABELS)[erring(label[rows[:120]], 0.04, rng)], annotator="bo")
        single.append(figure(estimate_shares(table, first), "gray", "share") - gray)
        found = estimate_shares(table, pd.concat([first, second]))
        doubled.append(figure(found, "gray", "share") - gray)
        low, high = (found[c].to_numpy()[:3] for c in ("low", "high"))
        inside.append((low <= truth) & (truth <= high))
        assert found["warning"].str.contains("120 ads were annotated twice").all()
    assert np.mean(single) > 0.01
    assert abs(np.mean(doubled)) < 0.006
    assert np.mean(inside) > 0.9


def test_annotators_who_agree_change_nothing() -> None:
    label = np.arange(300) % 3
    found = annotator_errors(label, label, np.roll(label, 1))
    assert found.error == 0
    assert found.correction == pytest.approx(np.eye(4))


def test_annotators_who_never_agree_are_asked_to_agree_first() -> None:
    table, _ = stream(300, 0.2)
    truth = pd.DataFrame({"label": ["gray", "blue"] * 30, "annotator": ["a", "b"] * 30}, [i // 2 for i in range(60)])
    found = estimate_shares(table, truth)
    assert found["share"].sum() == pytest.approx(1)
    assert found["warning"].str.contains(r"wrong in \d+% of labels: agree on the definition first").all()


def test_without_a_second_annotator_it_says_what_error_shifts_a_share_by_half_its_interval() -> None:
    table, truth = stream(3000, 0.05)
    found = estimate_shares(table, annotate(draw_sample(table, 300), truth))
    said = r"not corrected for errors of annotators: if about \d\.\d% of labels were wrong, a share would be off"
    assert found["warning"].str.contains(said).all()


def one_way(truth: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Labels by an annotator who calls a fifth of gray ads white."""
    return np.where((truth == 2) & (rng.random(len(truth)) < 0.2), 0, truth)


def test_errors_in_one_direction_are_told_by_two_annotators_or_by_an_expert() -> None:
    single, doubled, expert, beside = [], [], [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        table, label = stream(3000, 0.3, seed)
        drawn = draw_sample(table, 300, random_state=seed)
        truth = label[drawn["sample_row"].to_numpy() - 1]
        first, second = (
            drawn.assign(label=np.array(LABELS)[one_way(truth, rng)], annotator=name) for name in ("anna", "bo")
        )
        right = drawn.assign(label=np.array(LABELS)[truth])[:100]
        single.append(figure(estimate_shares(table, first), "gray", "share") - 0.3)
        found = estimate_shares(table, pd.concat([first, second[:150]]))
        doubled.append(figure(found, "gray", "share") - 0.3)
        beside.append(found["warning"].str.contains("without this correction gray would be").all())
        checked = estimate_shares(table, first, expert=right)
        expert.append(figure(checked, "gray", "share") - 0.3)
        assert checked["warning"].str.contains("an expert checked 100 labels").all()
    assert np.mean(single) < -0.03
    assert abs(np.mean(doubled)) < 0.02
    assert abs(np.mean(expert)) < 0.015
    assert np.mean(beside) > 0.5
    assert errors_by_expert(np.array([0, 1, 2] * 10), np.array([0, 1, 2] * 10)).error == 0


def test_an_expert_who_read_too_little_is_told_so() -> None:
    table, truth = stream(1000, 0.3)
    sample = annotate(draw_sample(table, 100), truth)
    found = estimate_shares(table, sample, expert=sample[:5])
    assert found["warning"].str.contains("the expert read 5 of the annotated ads: have 20 or more").all()


def test_rows_pasted_twice_are_no_second_annotator() -> None:
    table, truth = stream(3000, 0.2)
    sample = annotate(draw_sample(table, 200), truth)
    once = estimate_shares(table, sample)
    for pasted in (pd.concat([sample, sample]), pd.concat([sample.assign(annotator="anna")] * 2)):
        found = estimate_shares(table, pasted)
        assert found["share"].tolist() == once["share"].tolist()
        assert found["warning"].str.contains("200 answers stand twice, by nobody else").all()
        assert found["warning"].str.contains("not corrected for errors of annotators").all()


def test_errors_beyond_a_quarter_of_the_labels_are_not_spoken_of() -> None:
    table, truth = stream(200, 0.33)
    found = estimate_shares(table, annotate(draw_sample(table, 12), truth))
    assert not found["warning"].str.contains("labels were wrong").any()


def test_missing_answers_are_counted_and_uneven_ones_are_spoken_of() -> None:
    table, truth = stream(3000, 0.3)
    sample = annotate(draw_sample(table, 300), truth)
    assert not estimate_shares(table, sample)["warning"].str.contains("drawn ads have an answer").any()
    stopped = sample.assign(label=sample["label"].where(np.arange(300) < 180, ""))
    said = estimate_shares(table, stopped)["warning"].iloc[0]
    assert "180 of 300 drawn ads have an answer" in said
    assert "missing more for some labels" not in said
    without_white = sample.assign(label=sample["label"].where(sample["label"] != "white", ""))
    assert "missing more for some labels" in estimate_shares(table, without_white)["warning"].iloc[0]
    deleted = sample[sample["label"] != "white"].assign(sample_source="0123456789abcdef")
    said = estimate_shares(table, deleted)["warning"].iloc[0]
    assert re.match(rf"{len(deleted)} of about (29\d|30\d) drawn ads", said)
    assert "missing more for some labels" in said


def test_repeated_ads_and_bundles_widen_the_interval() -> None:
    """Four hundred ads, ten times each: the share of the stream that they are from is held."""
    held: dict[str, list[bool]] = {"": [], "unique": [], "cluster": []}
    for seed in range(30):
        few, label = stream(400, 0.3, seed)
        table, truth = few.loc[np.repeat(np.arange(400), 10)].reset_index(drop=True), np.repeat(label, 10)
        table["of"] = np.repeat(np.arange(400), 10)
        table["academic_score"], table["hands_on_score"] = table["of"] / 400, 0.5
        sample = annotate(draw_sample(table, 300, random_state=seed), truth)
        for how, inside in held.items():
            found = estimate_shares(table, sample, **({how: "of"} if how else {}))  # type: ignore[arg-type]
            inside.append(figure(found, "gray", "low") <= 0.3 <= figure(found, "gray", "high"))
        assert estimate_shares(table, sample)["warning"].str.contains("3,600 ads seem to repeat others").all()
    assert np.mean(held[""]) < 0.8
    assert np.mean(held["unique"]) > 0.85
    assert np.mean(held["cluster"]) > 0.85


def test_a_sample_of_distinct_ads_stands_for_all() -> None:
    table, truth = stream(2000, 0.2)
    copies = np.where(truth == 2, 5, 1)  # gray ads are repeated
    every, label = table.loc[np.repeat(np.arange(2000), copies)].reset_index(drop=True), np.repeat(truth, copies)
    of = np.repeat(np.arange(2000), copies)
    sample = draw_sample(every, 400, unique=of.tolist())
    assert len(set(of[sample["sample_row"] - 1])) == 400
    annotated = annotate(sample, label)
    every["of"] = of
    for unique, share in ((None, (label == 2).mean()), ("of", (truth == 2).mean())):
        found = estimate_shares(every, annotated, unique=unique)
        assert figure(found, "gray", "low") < share < figure(found, "gray", "high")


def test_a_sample_is_planned_by_the_width_that_is_wanted() -> None:
    table, truth = stream(20_000, 0.2)
    for half_width in (0.03, 0.02):
        n = planned_size(table, half_width)
        found = estimate_shares(table, annotate(draw_sample(table, n), truth))
        assert half_width / 2 < (found["high"] - found["low"]).max() / 2 < 1.1 * half_width
    with pytest.raises(DataError, match=r"20,000 ads are too few for intervals of 0.1 points either way"):
        planned_size(table, 0.001)
    with pytest.raises(DataError, match="no probabilities to plan a sample by"):
        planned_size(table[["collar"]], 0.02)


def test_many_differences_are_corrected_for_their_number() -> None:
    table, truth = stream(6000, 0.2)
    table["year"] = np.array(["2021", "2022", "2023", "2024"])[np.arange(6000) % 4]
    shares = estimate_shares(table, annotate(draw_sample(table, 800), truth), by="year")
    found = many_differences(shares, [("2021", other) for other in ("2022", "2023", "2024")])
    assert len(found) == 12
    p, holm = found["p"].to_numpy(), found["p_holm"].to_numpy()
    order = np.argsort(p)
    assert holm[order[0]] == pytest.approx(min(1, 12 * p[order[0]]))
    assert (np.diff(holm[order]) >= 0).all()
    [alone] = [many_differences(shares, [("2021", "2022")])]
    assert alone["p_holm"].tolist() != alone["p"].tolist()  # four labels are four tests


def test_groups_add_up_to_the_whole_and_more_annotations_never_lose_to_fewer() -> None:
    table, truth = stream(8000, 0.2)
    table["region"] = np.arange(8000) % 8
    widths = []
    for n in (20, 27, 31, 37, 60):
        drawn = draw_sample(table, 8 * n, groups=table["region"].tolist())
        found = estimate_shares(table, annotate(drawn, truth), by="region", margins=True)
        gray = found[found["label"] == "gray"]
        assert gray["share"][1:].mean() == pytest.approx(gray["share"].iloc[0], abs=1e-6)
        widths.append(float((gray["high"] - gray["low"])[1:].mean()))
    assert widths == sorted(widths, reverse=True)


def test_a_group_unlike_the_others_stays_near_its_own_ads() -> None:
    def shares(gray: float, n: float) -> Any:
        share = np.array([0.9 - gray, 0.1, gray, 0.0])
        return Shares(share, *wilson(share, n), np.full(4, n))

    direct = [shares(0.1, 60) for _ in range(7)] + [shares(0.8, 60)]
    synthetic = [shares(0.1, 300) for _ in range(8)]
    found = composite(direct, synthetic, [60] * 8, np.ones(8), np.array([0.7125, 0.1, 0.1875, 0.0]))
    assert found[-1].share[2] > 0.7
    assert found[-1].low[2] < 0.8 < found[-1].high[2]


def test_a_group_with_few_annotations_is_not_pulled_towards_the_whole() -> None:
    rng = np.random.default_rng(1)
    parts = [stream(6000, gray, seed) for seed, gray in enumerate((0.05, 0.4))]
    table = pd.concat([p[0] for p in parts], ignore_index=True)
    truth = np.concatenate([p[1] for p in parts])
    p = np.column_stack([table[["p_white", "p_blue", "p_gray"]].to_numpy(), np.zeros(len(table))])
    stratum = strata(p.argmax(axis=1).astype(np.int8), p)
    rows = rng.choice(len(table), 600, replace=False)
    every = Annotated(stratum[rows], p[rows], np.ones(600), truth=np.eye(4)[truth[rows]])
    for g, gray in enumerate((0.05, 0.4)):
        here = slice(6000 * g, 6000 * (g + 1))
        found = adjusted_by_sample(Ads(stratum[here], p[here], np.ones(6000)), every)
        assert found.share[2] == pytest.approx(gray, abs=0.03)
        assert found.low[2] < gray < found.high[2]


def test_where_labels_cannot_be_told_apart_the_interval_says_so() -> None:
    truth = np.eye(4)[[0, 1, 2] * 20]
    ads = Ads(np.zeros(500, np.int64), np.tile([0.4, 0.3, 0.3, 0.0], (500, 1)), np.ones(500))
    found = adjusted_by_sample(ads, Annotated(ads.stratum[:60], ads.guess[:60], np.ones(60), truth=truth))
    assert (found.high[:3] - found.low[:3] > 0.5).all()


# -- samples -------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, 0.5)), min_size=1, max_size=14), st.integers(1, 400))
def test_allocation_fits(strata_: list[tuple[int, float]], n: int) -> None:
    size = np.array([s for s, _ in strata_])
    if size.sum() == 0:
        return
    found = allocate(size, np.array([d for _, d in strata_]), n)
    assert found.sum() == min(n, size.sum())
    assert ((found >= 0) & (found <= size)).all()


def test_a_sample_is_repeatable_and_its_probabilities_weigh_it_back() -> None:
    table, _ = stream(5000, 0.1)
    one, two = draw_sample(table, 300, random_state=4), draw_sample(table, 300, random_state=4)
    pd.testing.assert_frame_equal(one, two)
    assert set(one["sample_row"]) != set(draw_sample(table, 300, random_state=5)["sample_row"])
    assert one["sample_row"].is_unique
    assert (1 / one["sample_probability"]).sum() == pytest.approx(5000)
    gray = (table["collar"] == "gray").to_numpy()[one["sample_row"] - 1]
    assert (gray / one["sample_probability"]).sum() == pytest.approx((table["collar"] == "gray").sum())
    assert not one["sample_stratum"].is_monotonic_increasing


def test_small_groups_get_their_share_of_a_sample() -> None:
    table, _ = stream(10_000, 0.1)
    groups = np.where(np.arange(10_000) < 400, "small", "large")
    found = draw_sample(table, 300, groups=list(groups))
    small = (groups[found["sample_row"] - 1] == "small").sum()
    assert 30 <= small <= 70  # 12 if it went by size
    with pytest.raises(DataError, match="A sample of 0 ads cannot be drawn"):
        draw_sample(table, 0)


@pytest.mark.parametrize(("n", "n_groups"), [(200, 80), (60, 80), (80, 80), (200, 1000), (5, 1), (1, 3)])
def test_every_ad_of_many_groups_may_be_drawn(n: int, n_groups: int) -> None:
    table, truth = stream(1200, 0.2)
    groups = [int(g) for g in np.random.default_rng(1).zipf(1.5, 1200) % n_groups]
    drawn = draw_sample(table, n, groups=groups)
    assert len(drawn) == n
    assert (1 / drawn["sample_probability"]).sum() == pytest.approx(1200)
    pd.testing.assert_frame_equal(drawn, draw_sample(table, n, groups=groups))
    if n < 50:
        return
    whole = annotate(drawn, truth).assign(sample_source="0123456789abcdef")
    assert not estimate_shares(table, whole)["warning"].str.contains("drawn ads have an answer").any()
    said = estimate_shares(table, whole[3:])["warning"].iloc[0]
    assert "missing more for some labels" not in said


# -- groups, weights, warnings -------------------------------------------------------------------


def test_groups_are_composed_of_their_own_ads_and_the_whole_sample() -> None:
    table, truth = stream(6000, 0.2)
    table["place"] = np.where(np.arange(6000) < 300, "small", table["region"])
    found = estimate_shares(table, annotate(draw_sample(table, 300), truth), by=["place"], margins=True)
    method = found.groupby("place")["method"].first()
    assert method.to_dict() == {"(all)": "corrected"} | dict.fromkeys(("north", "south", "small"), "composite")
    assert found["place"].tolist()[:4] == ["(all)"] * 4
    small = found[found["place"] == "small"]
    assert small["n_ads"].eq(300).all()
    few = annotate(draw_sample(table, 40), truth)
    few = few[(few["sample_row"] > 300).to_numpy()]
    small = estimate_shares(table, few, by="place").query("place == 'small'")
    assert small["warning"].str.contains("annotated ads here: 0; estimated by the whole sample").all()


def test_names_that_look_like_one_group_are_named_and_merged_on_request() -> None:
    table, _ = stream(400, 0.2)
    table["region"] = np.array(["East", "east ", "ＥＡＳＴ", "East", "West"])[np.arange(400) % 5]
    found = estimate_shares(table, by="region")
    assert found["region"].nunique() == 4
    assert found["warning"].str.contains("'East' and 'east' look like one group").all()
    merged = estimate_shares(table, by="region", merge_names=True)
    assert merged.groupby("region")["n_ads"].first().to_dict() == {"East": 320, "West": 80}
    assert not merged["warning"].str.contains("look like").any()


def test_weights_count() -> None:
    table, truth = stream(3000, 0.2)
    table["w"] = np.where(truth == 2, 3.0, 1.0)
    expected = 3 * (truth == 2).sum() / table["w"].sum()
    drawn = annotate(draw_sample(table, 400), truth)
    found = estimate_shares(table, drawn, weight="w")
    assert figure(found, "gray", "low") < expected < figure(found, "gray", "high")
    table.loc[7, "w"] = -1
    with pytest.raises(DataError, match=r"Row 9, column 'w': '-1.0' is not a weight"):
        estimate_shares(table, drawn, weight="w")


def test_repeated_ads_count_once() -> None:
    table, _ = stream(900, 0.2)
    table["duplicate_group"] = np.where(np.arange(900) < 400, 1, np.arange(900))
    table.loc[:399, "collar"] = "gray"
    counts = estimate_shares(table, annotate(draw_sample(table, 900), np.full(900, 2)), unique="duplicate_group")
    rest = int((table["collar"][400:] == "gray").sum())
    assert figure(counts, "gray", "plain") == pytest.approx((rest + 1) / 501)


def knowing(model: Model) -> Model:
    """A model that knows how it errs on twenty sources."""
    confusions = {"en": {str(i): counts.tolist() for i, counts in enumerate(sources_of(20, 400))}}
    return replace(model, facts={**model.facts, "source_confusions": confusions})


def test_without_annotations_there_is_a_range_and_no_point(small_model: Model) -> None:
    table, _ = stream(3000, 0.2)
    found = estimate_shares(table, model=knowing(small_model))
    assert found["method"].eq("range").all()
    assert found["warning"].str.contains("errs as on 20 other sources").all()
    assert found["share"].tolist() == found["plain"].tolist()
    assert (found["low"] < found["share"]).any()
    shown = next(line for line in format_shares(found).splitlines() if "range [1]" in line)
    counted = [int(n.replace(",", "")) for n in re.findall(r"([\d,]+) \(\d+–\d+ %\)", shown)]
    assert counted == (3000 * found["plain"]).round().tolist()
    found = estimate_shares(table, model=replace(small_model, facts={}))
    assert found["method"].eq("counted").all()
    assert found[["low", "high"]].isna().all(axis=None)


def test_ranges_of_groups_are_about_counts_that_add_up(small_model: Model) -> None:
    table, _ = stream(3000, 0.2)
    table["region"] = np.where(np.arange(3000) < 1500, "east", "west")
    table.loc[:4, "region"] = "five ads"
    table.loc[5, ["collar", "region"]] = ["unclear", "nothing"]
    found = estimate_shares(table, by="region", margins=True, model=knowing(small_model))
    assert found["method"].eq("range").all()
    assert (found["low"] <= found["share"]).all()
    assert (found["high"] >= found["share"]).all()
    gray = found[found["label"] == "gray"]
    whole, groups = gray[gray["region"] == "(all)"], gray[gray["region"] != "(all)"]
    assert (groups["share"] * groups["n_ads"]).sum() == pytest.approx(3000 * whole["share"].sum())


def test_a_headline_says_no_more_than_is_known(small_model: Model) -> None:
    table, truth = stream(3000, 0.2)
    sample = annotate(draw_sample(table, 300), truth)
    said = headline(estimate_shares(table, sample))
    assert said is not None
    assert re.fullmatch(r"About (\d+) % of ads are gray collar, \d+ to \d+ %, from 300 annotated ads", str(said))
    assert re.fullmatch(r"灰领约占招聘广告的 \d+%（\d+% 至 \d+%，依据 300 条人工标注）", said.said("zh"))
    ranged = headline(estimate_shares(table, model=knowing(small_model)))
    assert ranged is not None
    assert re.fullmatch(r"\d+ to \d+ % of ads are gray .* no ad was annotated", str(ranged))
    wide = replace(small_model, facts={"source_confusions": {"en": {"a": [[9, 0, 8], [0, 9, 8], [8, 8, 9]]}}})
    assert headline(estimate_shares(table, model=wide)) is None
    assert headline(estimate_shares(table, model=replace(small_model, facts={}))) is None
    assert headline(estimate_shares(table.assign(region="a"), sample, by="region")) is None


def test_a_counted_share_is_compared_with_a_counted_one() -> None:
    table, truth = stream(2000, 0.3)
    corrected = estimate_shares(table, annotate(draw_sample(table, 200), truth)).assign(file="a")
    both = pd.concat([corrected, estimate_shares(table, annotate(draw_sample(table, 6), truth)).assign(file="b")])
    both = both[["file", *both.columns.drop("file")]]
    found = share_differences(both, "a", "b")
    assert found["difference"].eq(0).all()  # the same ads
    assert found[["low", "high", "p"]].isna().all(axis=None)


def test_too_few_annotations_correct_nothing() -> None:
    table, truth = stream(1000, 0.3)
    found = estimate_shares(table, annotate(draw_sample(table, 6), truth))
    assert found["method"].eq("range").all()
    assert found["warning"].str.contains("6 annotated ads are too few, have 30 or more").all()


def test_two_annotators_count_in_part() -> None:
    table, truth = stream(1000, 0.3)
    sample = annotate(draw_sample(table, 200), truth).assign(annotator="anna")
    other = sample.assign(label="blue", annotator="bo")
    found = estimate_shares(table, pd.concat([sample, other]))
    assert figure(found, "blue", "share") > 0.5
    assert found["n_annotated"].eq(200).all()
    assert found["warning"].str.contains("ads with two different labels").all()
    assert found["warning"].str.contains(r"wrong in \d+% of labels: agree on the definition first").all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": "green"}, "The annotated ads, row 2, column 'label': 'green' must be one of white, blue, gray"),
        ({"sample_probability": 0}, "'sample_probability' of the annotated ads should hold numbers from 0 to 1"),
    ],
)
def test_annotations_that_are_wrong_are_named(change: dict[str, Any], message: str) -> None:
    table, truth = stream(200, 0.3)
    with pytest.raises(DataError, match=message):
        estimate_shares(table, annotate(draw_sample(table, 50), truth).assign(**change))
    with pytest.raises(DataError, match="No column 'truth' in the table of annotated ads"):
        estimate_shares(table, annotate(draw_sample(table, 50), truth), truth_column="truth")
    with pytest.raises(DataError, match="No column 'shire' in the table of labelled ads"):
        estimate_shares(table, by="shire")


def test_labels_are_read_however_they_are_written() -> None:
    table, truth = stream(1000, 0.3)
    sample = annotate(draw_sample(table, 200), truth)
    words = {"white": "White Collar", "blue": " 蓝领", "gray": "GREY"}
    written = estimate_shares(table, sample.assign(label=sample["label"].replace(words)))
    pd.testing.assert_frame_equal(written, estimate_shares(table, sample))


# -- dates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        *("2026-03-07", "2026/3/7", "2026.3", "2026-03", "2026-03-07T10:00:00Z", "2026-03-07 10:00", "07.03.2026"),
        *("7.3.26", "202603", "20260307", "2026年3月", "2026年3月7日", "2026 年 3 月 7 日", 46088, "46088.5"),
        *("7 March 2026", "Mar 7, 2026", "Mar 2026", "Sat, 7 Mar 2026", "7-Mar-2026", "03/2026", "1772841600"),
        *(1772841600000, date(2026, 3, 7), pd.Timestamp("2026-03-07")),
    ],
)
def test_dates_as_people_have_them(value: object) -> None:
    assert find_periods([value]) == ["2026-03"]
    assert find_periods([value], "quarter") == ["2026-Q1"]
    assert find_periods([value], "year") == ["2026"]


@pytest.mark.parametrize(
    "value", ["", None, float("nan"), "soon", "2026-13-01", "202613", "32.01.2026", "12", "99/99/2026"]
)
def test_what_is_no_date_has_no_month(value: object) -> None:
    assert find_periods([value], order="dmy") == [""]


def test_day_or_month_first_is_told_or_asked_for() -> None:
    assert find_periods(["31/07/2026", "01/02/2026"]) == ["2026-07", "2026-02"]
    assert find_periods(["07/31/2026", "01/02/2026"]) == ["2026-07", "2026-01"]
    assert find_periods(["01/02/2026"], order="dmy") == ["2026-02"]
    with pytest.raises(DataError, match=r"'01/02/2026' can be read in two ways: say date_order='dmy' or 'mdy'"):
        find_periods(["01/02/2026", "03/04/2026"])
    with pytest.raises(DataError, match=r"Some dates like .* have the day first and some the month"):
        find_periods(["31/07/2026", "07/31/2026"])


@settings(max_examples=80)
@given(
    st.dates(date(1960, 1, 1), date(2090, 12, 31)), st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "%Y年%m月%d日"])
)
def test_every_date_comes_back(day: date, form: str) -> None:
    assert find_periods([day.strftime(form)]) == [f"{day:%Y-%m}"]


@given(st.text())
def test_any_text_has_a_period_or_none(text: str) -> None:
    assert re.fullmatch(r"(?:\d{4}-\d\d)?", find_periods([text], order="mdy")[0])


@pytest.mark.parametrize(
    "cell",
    ["2020-1-1" + " " * 100_000 + "x", "7 Mar" + " -" * 50_000, "9" * 400, "2026-03-07" + "1" * 5000, "9" * 400 + ".5"],
    ids=["spaces", "dashes", "digits", "long tail", "long number"],
)
def test_a_cell_longer_than_any_date_is_none_and_takes_no_time(cell: str) -> None:
    started = time.perf_counter()
    assert not is_dates([cell])
    assert find_periods([cell, "2026-03-07"]) == ["", "2026-03"]
    assert time.perf_counter() - started < 1


def test_spaces_do_not_keep_a_date_from_being_one() -> None:
    assert find_periods(["2026 - 03 - 07" + " " * 5000, " 7\u00a0 March \t2026"]) == ["2026-03", "2026-03"]


def test_a_column_of_numbers_is_not_a_column_of_dates() -> None:
    assert is_dates(["2026-03-01", "", "2026-04-01"])
    assert not is_dates([1, 2, 3, 45000])
    assert not is_dates(["45000", "46000"])  # salaries as likely as Excel's days
    assert not is_dates([])


# -- files ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def annotated(labelled: Path) -> Path:
    path = labelled.with_name("annotated.csv")
    sample_file(labelled, path, 36, random_state=3)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["label"] = ("gray", "blue", "white")[len(row["description"]) % 3]
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def test_a_sample_hides_the_labels_and_keeps_the_rows(labelled: Path, annotated: Path) -> None:
    sample = pd.read_csv(annotated)
    ads = pd.read_csv(EXAMPLES)
    assert not {"collar", "p_gray", "collar_evidence"} & set(sample)
    assert ads["id"].to_numpy()[sample["sample_row"] - 1].tolist() == sample["id"].tolist()
    assert len(sample) == 36
    assert len(set(sample["sample_source"])) == 1


def test_groups_of_dates_are_months_or_what_is_asked_for(labelled: Path, annotated: Path) -> None:
    for by, periods in (("posted", 3), ("month", 3), ("quarter", 1), ("year", 1)):
        found = shares_of_file(labelled, annotated, by=by)
        assert found[by].nunique() == periods + 1  # and all of them
    crossed = shares_of_file(labelled, annotated, by=["region", "month"])
    ads = crossed.drop_duplicates(["region", "month"])["n_ads"].tolist()
    assert ads[0] == sum(ads[1:]) == 40


@pytest.mark.parametrize("name", ["l.jsonl", "l.parquet", "l.tsv.gz"])
def test_shares_of_every_format_find_the_sample_by_its_text(
    labelled: Path, annotated: Path, tmp_path: Path, name: str
) -> None:
    label_file(EXAMPLES, tmp_path / name)
    one, two = shares_of_file(labelled, annotated), shares_of_file(tmp_path / name, annotated)
    assert two["share"].tolist() == pytest.approx(one["share"].tolist(), abs=1e-6)
    assert two["warning"].str.contains("not drawn from this very file: 36 of 36 ads were found by their text").all()
    assert not one["warning"].str.contains("not drawn").any()


def test_a_sample_of_other_ads_is_refused(labelled: Path, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("title,text,label\nWelder,Something else entirely,blue\n", "utf-8")
    with pytest.raises(DataError, match=r"None of the ads in other\.csv is in the labelled file"):
        shares_of_file(labelled, tmp_path / "other.csv")
    with pytest.raises(DataError, match=r"No column 'collar' in job_ads\.csv; .* Label the file first"):
        shares_of_file(EXAMPLES)


def test_formats(labelled: Path, annotated: Path) -> None:
    found = shares_of_file(labelled, annotated, by="month")
    rows = json.loads(format_shares(found, "json"))
    assert len(rows) == 16
    assert pd.read_csv(StringIO(format_shares(found, "csv")))["share"].tolist() == pytest.approx(
        [row["share"] for row in rows]
    )
    for kind in ("text", "md"):
        text = format_shares(found, kind)
        assert "2025-02" in text
        assert "–" in text
    found["month"] = found["month"].replace("2025-02", "<script>|")
    assert "&lt;script>\\|" in format_shares(found, "md")
    formulas = found.rename(columns={"month": "=a"}).replace({"=a": {"(all)": "=1+1"}})
    safe = pd.read_csv(StringIO(format_shares(formulas, "csv")))
    assert safe["'=a"][0] == "'=1+1"
    assert safe["share"].tolist() == pytest.approx(found["share"].round(6).tolist())
    with pytest.raises(DataError, match="No format 'pdf' for shares"):
        format_shares(found, "pdf")


def test_weights_may_be_missing_from_no_row(labelled: Path, small_model: Model) -> None:
    with pytest.raises(DataError, match="No column 'w' in labelled"):
        shares_of_file(labelled, weight="w", model=small_model)


def test_a_file_holds_what_its_ending_says(labelled: Path, tmp_path: Path, small_model: Model) -> None:
    found = shares_of_file(labelled, by="region", model=small_model)
    for ending in ENDINGS:
        write_shares(found, tmp_path / f"shares{ending}")
    assert pd.read_csv(tmp_path / "shares.csv")["share"].tolist() == pytest.approx(found["share"].tolist(), abs=1e-6)
    book = pd.read_excel(tmp_path / "shares.xlsx", engine="calamine")
    assert book["share"].tolist() == pytest.approx(found["share"].tolist())
    assert json.loads((tmp_path / "shares.json").read_text("utf-8"))[0]["label"] == "white"
    with pytest.raises(DataError, match=r"shares\.orc names no format that shares can be written in: end it in one of"):
        write_shares(found, tmp_path / "shares.orc")
    with pytest.raises(DataError, match=r"shares\.csv and its format json do not fit: leave one of them out"):
        write_shares(found, tmp_path / "shares.csv", "json")


def test_differences_and_methods_at_the_command(tmp_path: Path) -> None:
    table, truth = stream(4000, 0.2)
    north = np.arange(4000) % 2 == 0
    truth[north & (truth == 0) & (np.arange(4000) % 3 == 0)] = 2  # more gray in the north than the model sees
    table["region"], table["text"] = np.where(north, "north", "south"), [f"ad {i}" for i in range(4000)]
    table["collar_model"] = "standard 0123456789"
    table.to_csv(tmp_path / "labelled.csv", index=False)
    sample_file(tmp_path / "labelled.csv", tmp_path / "drawn.csv", 900)
    annotate(pd.read_csv(tmp_path / "drawn.csv"), truth).to_csv(tmp_path / "annotated.csv", index=False)
    options = ["--truth", str(tmp_path / "annotated.csv"), "--by", "region"]
    more = ["--difference", "south", "north", "--methods", "en"]
    shown = run("shares", tmp_path / "labelled.csv", *options, *more).stdout
    assert re.search(r"gray +\d+\.\d +\d+\.\d +\d+\.\d \(\d+\.\d–\d+\.\d\) +0\.000", shown), shown
    assert "4,000 job ads were labelled" in shown
    assert "standard 0123456789" in shown
    assert "900 of them" in shown
    chinese = run("shares", tmp_path / "labelled.csv", *options, "--methods", "zh").stdout
    assert "分层随机抽取" in chinese
    run("shares", tmp_path / "labelled.csv", *options, "--difference", "south", "west", code=1)


def test_a_sample_of_which_some_columns_were_sorted_is_refused(labelled: Path, annotated: Path, tmp_path: Path) -> None:
    sample = pd.read_csv(annotated, dtype=str, keep_default_na=False)
    sorted_in_part = sample.assign(sample_row=sample["sample_row"].sort_values(key=pd.to_numeric).to_numpy())
    sorted_in_part.to_csv(tmp_path / "torn.csv", index=False)
    with pytest.raises(DataError, match=r"Row \d+ of torn.csv has the text of another ad than its sample_row"):
        shares_of_file(labelled, tmp_path / "torn.csv")
    edited = sample.assign(description=[*(f"shortened {i}" for i in range(5)), *sample["description"][5:]])
    edited.sort_values("job_title").to_csv(tmp_path / "whole.csv", index=False)
    assert shares_of_file(labelled, tmp_path / "whole.csv")["n_annotated"].eq(36).all()


def test_margins_are_given_on_request(labelled: Path, small_model: Model) -> None:
    plain = shares_of_file(labelled, by=["region", "posted"], model=small_model)
    more = shares_of_file(labelled, by=["region", "posted"], margins=True, model=small_model)
    assert len(more) > len(plain)
    alone = more[(more["region"] != "(all)") & (more["posted"] == "(all)")]
    assert alone["n_ads"].sum() == 4 * more["n_ads"].iloc[0]


@settings(max_examples=40)
@given(st.integers(0, 1000), st.integers(14, 120), st.floats(0, 1))
def test_whoever_stops_among_the_most_useful_ads_has_a_stratified_sample(seed: int, n: int, stop: float) -> None:
    table, truth = stream(800, 0.3, seed % 7)
    drawn = annotate(draw_sample(table, n, random_state=seed), truth)
    stratum, probability = drawn["sample_stratum"].to_numpy(), drawn["sample_probability"].to_numpy()
    order = most_useful_first(stratum, probability)
    assert sorted(order) == list(range(n))
    strata_ = len(set(stratum))
    first = order[: max(strata_, round(stop * n))]
    assert len(set(stratum[order[:strata_]])) == strata_
    for name in set(stratum):  # whatever their labels, in the order drawn
        assert sorted(first[stratum[first] == name]) == first[stratum[first] == name].tolist()
    answered = np.isin(np.arange(n), first)
    weight = 1 / (probability * answered_share(drawn, answered.tolist()))[answered]
    assert weight.sum() == pytest.approx(800)
    half = drawn.assign(label=drawn["label"].where(answered, ""))
    weighed = drawn[answered].assign(sample_probability=1 / weight)
    figures = ["label", "share", "low", "high", "n_annotated"]
    pd.testing.assert_frame_equal(estimate_shares(table, half)[figures], estimate_shares(table, weighed)[figures])
