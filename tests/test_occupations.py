"""The shipped occupations, and the numbers on their card."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from collarclass.corpus.read import read_occupations
from collarclass.definitions.labels import LABELS, allowed_labels, label_of
from research.data.data_card import OCCUPATIONS_END, OCCUPATIONS_START, occupation_numbers

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "data" / "occupations.csv"
CARD = ROOT / "data" / "README.md"


@pytest.fixture(scope="module")
def shipped() -> pd.DataFrame:
    return read_occupations(SHIPPED)


def test_shipped_rows_and_columns(shipped: pd.DataFrame) -> None:
    assert len(shipped) == 923
    assert shipped["onet_code"].is_unique
    assert shipped["onet_code"].is_monotonic_increasing
    assert shipped["job_zone"].isin(range(1, 6)).all()
    assert shipped["isco08"].str.fullmatch(r"\d{4}(; \d{4})*").all()
    for column in ("share_associate_plus", "share_bachelor_plus", "digital_creative_share"):
        assert shipped[column].dropna().between(0, 1).all()
    assert shipped["onet_code"].str.fullmatch(r"\d\d-\d{4}\.\d\d").all()
    assert shipped[["academic_rating", "hands_on_rating"]].apply(pd.Series.between, left=0, right=4).all(axis=None)
    assert shipped["schooling_source"].isin(("RL 29.0", "RL 18.1", "job zone")).all()
    assert shipped["external_label"].isin(("", *LABELS)).all()
    assert (shipped[["titles_en", "titles_zh", "why"]] != "").all(axis=None)
    measured = shipped["schooling_source"] == "RL 29.0"
    assert (shipped["share_bachelor_plus"].notna() == measured).all()
    assert (shipped["share_associate_plus"].notna() == measured).all()


def test_shipped_labels_follow_the_ratings(shipped: pd.DataFrame) -> None:
    academic, hands_on = shipped["academic_rating"], shipped["hands_on_rating"]
    assert (2 * academic % 1 == 0).all()
    assert (2 * hands_on % 1 == 0).all()
    for code, a, h, label in zip(shipped["onet_code"], academic, hands_on, shipped["label"], strict=True):
        assert label in allowed_labels(a, h), code
        # The table's own rows are held to the line itself: no borderline rating is left open here.
        assert label in {label_of(a, h, manual=manual) for manual in (False, True)}, code


def test_shipped_codes_and_external_labels(shipped: pd.DataFrame) -> None:
    assert shipped["csco22"].str.fullmatch(r"(\d-\d\d-\d\d-\d\d(; \d-\d\d-\d\d-\d\d)*)?").all()
    composite = pd.read_csv(ROOT / "data" / "external" / "composite.csv", index_col="onet_code")
    shares = composite[["academic_share", "handson_share"]]
    agreement = shares.where(shares >= 0.5, 1 - shares).min(axis=1).round(2)
    composite = pd.DataFrame({"external_label": composite["external_quadrant"], "external_agreement": agreement})
    outside = shipped.set_index("onet_code")[["external_label", "external_agreement"]]
    given = outside[outside["external_label"] != ""]
    pd.testing.assert_frame_equal(given, composite.loc[given.index], check_dtype=False)
    assert set(composite.index) == set(given.index)
    assert outside.loc[outside["external_label"] == "", "external_agreement"].isna().all()


def test_shipped_titles_are_several_and_in_their_script(shipped: pd.DataFrame) -> None:
    for column, script in (("titles_en", r"[A-Za-z]"), ("titles_zh", r"[\u4e00-\u9fff]")):
        titles = shipped[column].str.split("; ")
        assert titles.map(len).min() >= 2
        assert all(len(set(own)) == len(own) for own in titles)
        assert shipped[column].str.contains(script).all()  # some Chinese ads say DJ or DBA
        assert (titles.explode() == titles.explode().str.strip()).all()


def test_the_card_gives_the_numbers_of_the_file() -> None:
    numbers = occupation_numbers(ROOT / "data")
    assert f"{OCCUPATIONS_START}\n{numbers}\n{OCCUPATIONS_END}" in CARD.read_text("utf-8")


def test_the_card_names_every_column(shipped: pd.DataFrame) -> None:
    named = set(re.findall(r"`(\w+)`", CARD.read_text("utf-8")))
    assert set(shipped.columns) <= named
