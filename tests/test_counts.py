"""Counted ads: what is stored of real ads, that no text is in it, and that fitting on counts is fitting on text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collarclass import CollarClassifier, DataError
from collarclass.api import default_model
from collarclass.corpus.read import read_ratings
from collarclass.model.model import arrays_of
from collarclass.requirement_reader.constants import LEVEL_FACTS
from collarclass.requirement_reader.lexicon import default_lexicon
from collarclass.requirement_reader.outcomes import FEATURES
from collarclass.requirement_reader.reading import RequirementReader
from collarclass.text.ad_tokens import AdTokens
from collarclass.training import real_ads
from collarclass.training.adapt import KnownAds
from collarclass.training.counts import CountedAds, concatenate, count_ads
from collarclass.training.mentions import find_mentions, judge, level_facts
from collarclass.training.real_ads import load_counts, read_mentions
from research.data.write_real_ads import (
    MIN_ADS,
    extended,
    fingerprint,
    no_terms,
    save_arrays,
    save_counts,
    save_mentions,
)

DATA = Path(__file__).parents[1] / "data"
TEXTS = ["Weld steel frames in our workshop, nights", "Audit accounts; bachelor's degree", "护理病人，大专学历"]
ASKING = [
    "High school diploma or GED required; bachelor's degree preferred, or 3 years of experience.",
    "Clean desks.",
    "学历要求：中专以上，本科优先，电工证，2年经验。",
    "Must hold a BSc/MSc or equivalent experience. CDL class A a plus.",
]
ADS = st.lists(st.text(st.sampled_from("welding frames 焊工证\n. "), max_size=60), min_size=1, max_size=6)
NO_TERMS = no_terms()


def same_counts(a: CountedAds, b: CountedAds) -> bool:
    return all(
        np.array_equal(x.hashes, y.hashes) and (x.counts - y.counts).count_nonzero() == 0
        for x, y in ((a.text, b.text), (a.title, b.title))
    )


@given(ADS, ADS)
def test_counts_of_parts_are_the_counts_of_the_whole(first: list[str], second: list[str]) -> None:
    whole = count_ads([*first, *second], [None] * (len(first) + len(second)))
    parts = concatenate([count_ads(first, [None] * len(first)), count_ads(second, [None] * len(second))])
    assert same_counts(whole, parts)
    assert np.allclose(whole.features, parts.features, atol=1e-6)


def test_what_is_stored_is_read_without_rare_n_grams(tmp_path: Path) -> None:
    texts = TEXTS * 3 + ["Zorgle the frobnicator once"]
    counted = count_ads(texts, ["Job"] * len(texts))
    terms = extended(NO_TERMS, counted)
    save_counts(tmp_path / "a.npz", [str(i) for i in range(len(texts))], counted, terms)
    ids, loaded = load_counts(tmp_path / "a.npz", terms)
    assert ids == [str(i) for i in range(len(texts))]
    for part, whole in ((loaded.text, counted.text), (loaded.title, counted.title)):
        assert (np.diff(part.hashes.astype(float)) > 0).all()
        shared = np.isin(whole.hashes, part.hashes)
        assert whole.counts.getnnz(axis=0)[~shared].max(initial=0) < MIN_ADS
        known = np.searchsorted(part.hashes, whole.hashes[shared])
        assert (part.counts[:, known] - whole.counts[:, np.flatnonzero(shared)]).count_nonzero() == 0
    rare = count_ads(["Zorgle frobnicator"], [None]).text.hashes
    assert not np.isin(rare, loaded.text.hashes).any()


def test_a_further_source_changes_no_file_of_another(tmp_path: Path) -> None:
    first, second = count_ads(TEXTS * 2, [None] * 6), count_ads(ASKING * 2, ["Fitter"] * 8)
    terms = extended(NO_TERMS, first)
    more = extended(terms, second)
    assert len(more["hashes"]) > len(terms["hashes"])
    assert np.array_equal(more["hashes"][: len(terms["hashes"])], terms["hashes"])
    ids = [str(i) for i in range(6)]
    save_counts(tmp_path / "before.npz", ids, first, terms)
    save_counts(tmp_path / "again.npz", ids, first, terms)
    assert (tmp_path / "before.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()
    before, after = load_counts(tmp_path / "before.npz", terms)[1], load_counts(tmp_path / "before.npz", more)[1]
    assert before.text.counts.sum() == after.text.counts.sum()
    assert same_counts(concatenate([before, after]), concatenate([after, before]))


def test_facts_about_levels_are_told_without_the_text() -> None:
    mentions, whole = find_mentions(ASKING)
    told = level_facts(mentions, len(ASKING))
    whole = whole[whole["kind"].isin(LEVEL_FACTS)]
    assert {*told["kind"]} == {*whole["kind"]}
    pairs = (sorted(zip(facts["mention"], facts["hash"], strict=True)) for facts in (told, whole))
    assert next(pairs) == next(pairs)


def test_what_ads_state_is_derived_from_their_stored_mentions(tmp_path: Path) -> None:
    reader, names = default_model().reader, [f"ad-{i}" for i in range(len(ASKING))]
    folder = tmp_path / "requirements" / "real_ads"
    (tmp_path / "real_ads").mkdir()
    ratings = read_ratings(DATA / "real_ads" / "ratings.csv").head(len(names))
    ratings.assign(id=names, source="here").to_csv(tmp_path / "real_ads" / "ratings.csv", index=False)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "readings.csv").write_text("id,level,status\n", "utf-8")
    hashes = np.sort(reader.hashes)
    save_arrays(folder / real_ads.FACTS, {"hashes": hashes, "kind": np.zeros(len(hashes), np.uint8)})
    nothing = pd.DataFrame(columns=["id", "start", "end", "outcome", "alternative"])
    save_mentions(folder / "here.npz", names, ASKING, nothing, hashes)
    stored = read_mentions(tmp_path)
    stated = judge(reader, stored)
    reading, tokens = RequirementReader(reader, default_lexicon()), AdTokens()
    features = np.array([list(reading.read_ad(tokens.read(text)).features) for text in ASKING])
    levels = [reading.read_ad(tokens.read(text)).level for text in ASKING]
    assert stated.level.tolist() == levels
    # Facts about levels that stand in few of these ads are not stored: probabilities differ a little.
    np.testing.assert_allclose(stated.features, features, atol=0.1)


def test_fitting_on_counts_is_fitting_on_text() -> None:
    texts, labels = TEXTS * 4, ["blue", "white", "gray"] * 4
    by_text = CollarClassifier(n_folds=2).fit(texts, labels).model_
    by_counts = CollarClassifier(n_folds=2).fit(count_ads(texts, [None] * len(texts)), labels).model_
    for name, array in arrays_of(by_text).items():
        assert np.array_equal(array, arrays_of(by_counts)[name]), name


def test_scores_of_counts_are_scores_of_texts() -> None:
    classifier = CollarClassifier(n_folds=2).fit(TEXTS * 4, ["blue", "white", "gray"] * 4)
    rating = KnownAds.of_counts(classifier.model_, count_ads(TEXTS, [None] * len(TEXTS))).rating
    np.testing.assert_allclose(np.clip(rating, 0, 4) / 4, classifier.scores(TEXTS), atol=1e-6)


def test_counts_of_another_length_and_damaged_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="counted to 5 tokens, max_tokens is 300"):
        CollarClassifier(n_folds=2).fit(count_ads(TEXTS * 2, [None] * 6, max_tokens=5), ["blue", "white", "gray"] * 2)
    (tmp_path / "here.npz").write_bytes(b"PK damaged")
    with pytest.raises(DataError, match=r"here\.npz cannot be read as counted ads"):
        load_counts(tmp_path / "here.npz", NO_TERMS)


def test_the_shipped_counts_belong_to_the_tokenizer() -> None:
    files = [path for path in (DATA / "real_ads").glob("*.npz") if path.name != real_ads.TERMS]
    stale = [path.name for path in files if str(real_ads.load_arrays(path)["fingerprint"]) != fingerprint()]
    assert not stale, "count the ads again with research/data/count_real_ads.py"


@pytest.mark.slow
def test_the_shipped_counts_belong_to_the_ratings() -> None:
    ratings = read_ratings(DATA / "real_ads" / "ratings.csv")
    ads, counted = real_ads.real_ads(DATA, read_mentions(DATA), default_model().reader)
    assert set(ads["id"]) <= set(ratings["id"])
    assert ads["id"].is_unique
    assert counted.features.shape == (len(ads), len(FEATURES))
    assert (ratings["language"] == "en").sum() >= 6000
    assert (ratings["language"] == "zh").sum() >= 2500


def test_the_shipped_files_hold_no_text() -> None:
    for folder in (DATA / "real_ads", DATA / "requirements" / "real_ads"):
        for path in folder.glob("*.npz"):
            for name, array in real_ads.load_arrays(path).items():
                assert array.dtype.kind in "uifb" or name in ("ids", "fingerprint"), (path.name, name)
    ratings = read_ratings(DATA / "real_ads" / "ratings.csv")
    assert ratings.map(lambda cell: len(str(cell))).max().max() < 1500  # ids and kinds of certificates, no ad
    assert not {"title", "text"} & set(ratings.columns)
