"""The training ads hold what the data card says of them: no shared runs, variety, counts, ratings."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from collarclass.annotation.annotated import read_annotated
from collarclass.api import default_model
from collarclass.corpus.read import data_path, read_ads, read_occupations, read_ratings
from collarclass.definitions.labels import COLLARS, LABELS, RATINGS, STATUSES, label_of
from collarclass.errors import DataError
from collarclass.training.own import read_own
from research.data.data_card import AD_KINDS, END, REAL_END, REAL_START, START, numbers, real_numbers

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
LANGUAGES = ("en", "zh")
LEAST = {"en": 4000, "zh": 2500}


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def ads(language: str) -> pd.DataFrame:
    return read_ads(DATA / "ads" / f"{language}.csv")


def units(text: str, language: str) -> list[str]:
    """Words of an English text, letters and characters of a Chinese one."""
    if language == "zh":
        return re.findall(r"[\u4e00-\u9fffA-Za-z0-9]", text)
    return re.findall(r"[a-z0-9']+", text.lower())


def runs(text: str, language: str, n: int) -> set[tuple[str, ...]]:
    found = units(text, language)
    return {tuple(found[i : i + n]) for i in range(len(found) - n + 1)}


def test_every_ad_is_whole_and_checked(ads: pd.DataFrame, language: str) -> None:
    assert ads["id"].is_unique
    for column in ("title", "text"):
        assert (ads[column].str.strip() != "").all()
    assert ads["label"].isin(LABELS).all()
    assert ads[list(RATINGS)].apply(pd.Series.between, left=0, right=4).all(axis=None)
    assert ads["schooling"].isin(STATUSES).all()
    assert ads["kind"].isin(AD_KINDS).all()
    assert len(ads) >= LEAST[language]
    known = set(read_occupations(DATA / "occupations.csv")["onet_code"])
    assert set(ads["onet_code"]) <= known
    assert not ads["text"].duplicated().any()


@pytest.mark.slow
def test_no_two_ads_share_a_long_run(ads: pd.DataFrame, language: str) -> None:
    n = 24 if language == "zh" else 12
    seen: dict[tuple[str, ...], tuple[str, str]] = {}
    shared = []
    group = ads["onet_code"].where(ads["kind"] == "contrast", ads["id"])  # ads of a contrast group share sentences
    for ad, of, text in zip(ads["id"], group, ads["text"], strict=True):
        for run in runs(text, language, n):
            first, first_of = seen.setdefault(run, (ad, of))
            if first_of != of:
                shared.append((first, ad, run))
    assert not shared


@pytest.mark.slow
def test_wording_is_varied(ads: pd.DataFrame, language: str) -> None:
    """Nearly every run of five words (eight characters in Chinese) is said once only; contrast groups share more."""
    n = 8 if language == "zh" else 5
    for among, least in ((ads["kind"] != "contrast", 0.95), (ads["kind"] == "contrast", 0.8)):
        counts = Counter(run for text in ads.loc[among, "text"] for run in runs(text, language, n))
        assert len(counts) / counts.total() >= least


def test_lengths_go_from_a_line_to_a_page(ads: pd.DataFrame, language: str) -> None:
    length = ads["text"].map(lambda text: len(text) if language == "zh" else len(text.split()))
    low, middle, high = np.percentile(length, [5, 50, 95])
    if language == "zh":
        assert low < 80
        assert 80 <= middle <= 260
        assert high > 260
    else:
        assert low < 45
        assert 60 <= middle <= 220
        assert high > 220


def test_half_to_most_ads_state_schooling(ads: pd.DataFrame) -> None:
    stated = (ads["schooling"] != "unstated").mean()
    assert 0.5 <= stated <= 0.75


def test_labels_follow_from_the_ratings(ads: pd.DataFrame) -> None:
    """Outside the zone that the codebook leaves to judgement, its table decides."""
    a, h = ads["academic_rating"], ads["hands_on_rating"]
    assert (ads.loc[(a > 2.5) & (h > 2.5), "label"] == "gray").all()
    assert (ads.loc[(a < 1.5) & (h > 2.5), "label"] == "blue").all()
    assert (ads.loc[(a > 2.5) & (h < 1.5), "label"] == "white").all()
    assert ((a * 2) % 1 == 0).all()
    assert ((h * 2) % 1 == 0).all()


def test_every_label_and_family_is_there(ads: pd.DataFrame, language: str) -> None:
    shares = ads["label"].value_counts(normalize=True)
    assert (shares >= 0.2).all()
    families = ads["onet_code"].str[:2].value_counts()
    assert len(families) >= 22
    kinds = ads["kind"].value_counts(normalize=True)
    assert (kinds[["occupation", "mirror"]] >= 0.2).all()
    occupations = set(read_occupations(DATA / "occupations.csv")["onet_code"])
    written = ads.loc[ads["kind"] == "occupation", "onet_code"].value_counts()
    assert set(written.index) == occupations or (occupations - set(written.index)) <= set(ads["onet_code"])
    if language == "en":
        assert (written.reindex(sorted(occupations), fill_value=0) >= 2).mean() > 0.99


def test_ads_without_content_are_as_the_card_says() -> None:
    ads = pd.read_csv(DATA / "no_content.csv", dtype=str, keep_default_na=False)
    unclear = ads["label"] == "unclear"
    assert not ads["id"].duplicated().any()
    assert (ads["text"].str.strip() != "").all()
    assert set(ads["part"]) == {"train", "held"}
    assert unclear[ads["part"] == "held"].all()
    assert (ads.loc[unclear, list(RATINGS)] == "").all(axis=None)
    for academic, hands_on, label in ads.loc[~unclear, [*RATINGS, "label"]].itertuples(index=False):
        assert label == label_of(float(academic), float(hands_on), manual=label == "blue")
    for language in LANGUAGES:
        here = ads["language"] == language
        n = 24 if language == "zh" else 12
        seen = {run for text in ads.loc[here & (ads["part"] == "train"), "text"] for run in runs(text, language, n)}
        held = ads.loc[here & (ads["part"] == "held"), "text"]
        assert len(held) >= 40
        assert not any(runs(text, language, n) & seen for text in held)


def test_every_rating_of_a_real_ad_is_whole() -> None:
    ratings = read_ratings(DATA / "real_ads" / "ratings.csv")
    assert ratings["id"].is_unique
    assert ratings["label"].isin(COLLARS).all()
    assert ratings["schooling_status"].isin(STATUSES).all()
    rated = ratings["label"] != "unclear"
    assert ratings.loc[rated, list(RATINGS)].apply(pd.Series.between, left=0, right=4).all(axis=None)


def test_the_data_card_has_the_files_numbers() -> None:
    card = (DATA / "README.md").read_text("utf-8")
    assert card.split(START)[1].split(END)[0].strip() == numbers(DATA)
    assert card.split(REAL_START)[1].split(REAL_END)[0].strip() == real_numbers(DATA)


def test_the_data_are_found_in_a_checkout() -> None:
    assert data_path().samefile(Path(__file__).parents[1] / "data")


def test_an_empty_cell_of_own_ads_is_no_rating_and_a_word_is_refused(tmp_path: Path) -> None:
    rows = [("Welder", "Weld frames.", "blue", "0.5", "4"), ("Clerk", "File papers.", "white", "", " ")]
    columns = ["title", "text", "label", "academic_rating", "hands_on_rating"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "own.csv", index=False)
    rated = read_own(tmp_path / "own.csv", default_model()).training_rows(1.0)[columns[3:]]
    assert np.array_equal(rated, [[0.5, 4.0], [np.nan, np.nan]], equal_nan=True)
    pd.DataFrame([*rows, (*rows[0][:4], "high")], columns=columns).to_csv(tmp_path / "own.csv", index=False)
    with pytest.raises(DataError, match="row 4, column 'hands_on_rating': 'high' is not a rating"):
        read_annotated(tmp_path / "own.csv").usable()
