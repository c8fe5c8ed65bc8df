"""Counted ads: what is saved, that no text is in it, and that fitting on counts is fitting on text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collarclass import CollarClassifier, DataError
from collarclass.corpus.read import read_ratings
from collarclass.model.persistence import arrays_of
from collarclass.training import counts
from collarclass.training.counts import MIN_ADS, CountedAds, concatenate, count_ads, load_counts, save_counts

DATA = Path(__file__).parents[1] / "data" / "real_ads"
TEXTS = ["Weld steel frames in our workshop, nights", "Audit accounts; bachelor's degree", "护理病人，大专学历"]
ADS = st.lists(
    st.text(st.sampled_from("welding frames 焊工证\n. "), max_size=60), min_size=1, max_size=6
)


def same(a: CountedAds, b: CountedAds) -> bool:
    return all(
        np.array_equal(x.hashes, y.hashes) and (x.counts - y.counts).count_nonzero() == 0
        for x, y in ((a.text, b.text), (a.title, b.title))
    ) and np.allclose(a.features, b.features, atol=1e-6)


@given(ADS, ADS)
def test_counts_of_parts_are_the_counts_of_the_whole(first: list[str], second: list[str]) -> None:
    whole = count_ads([*first, *second], [None] * (len(first) + len(second)))
    parts = concatenate([count_ads(first, [None] * len(first)), count_ads(second, [None] * len(second))])
    assert same(whole, parts)


def test_what_is_saved_is_loaded_without_rare_n_grams(tmp_path: Path) -> None:
    texts = TEXTS * 3 + ["Zorgle the frobnicator once"]
    save_counts(tmp_path / "counts.npz", [str(i) for i in range(len(texts))], count_ads(texts, ["Job"] * len(texts)))
    ids, loaded = load_counts(tmp_path / "counts.npz")
    assert ids == [str(i) for i in range(len(texts))]
    assert loaded.text.counts.getnnz(axis=0).min() >= MIN_ADS
    assert same(loaded, count_ads(texts, ["Job"] * len(texts)).shared())
    rare = count_ads(["Zorgle frobnicator"], [None]).text.hashes
    assert not np.isin(rare, loaded.text.hashes).any()


def test_fitting_on_counts_is_fitting_on_text() -> None:
    texts, labels = TEXTS * 4, ["blue", "white", "gray"] * 4
    by_text = CollarClassifier(n_folds=2).fit(texts, labels).model_
    by_counts = CollarClassifier(n_folds=2).fit(count_ads(texts, [None] * len(texts)), labels).model_
    for name, array in arrays_of(by_text).items():
        assert np.array_equal(array, arrays_of(by_counts)[name]), name


def test_scores_of_counts_are_scores_of_texts() -> None:
    classifier = CollarClassifier(n_folds=2).fit(TEXTS * 4, ["blue", "white", "gray"] * 4)
    counted = count_ads(TEXTS, [None] * len(TEXTS))
    np.testing.assert_allclose(classifier.scores(counted), classifier.scores(TEXTS), atol=1e-6)


def test_counts_of_another_length_or_tokenizer_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="counted to 5 and 300 tokens"):
        concatenate([count_ads(TEXTS, [None] * 3), count_ads(TEXTS, [None] * 3, max_tokens=5)])
    with pytest.raises(DataError, match="counted to 5 tokens, max_tokens is 300"):
        CollarClassifier(n_folds=2).fit(count_ads(TEXTS * 2, [None] * 6, max_tokens=5), ["blue", "white", "gray"] * 2)
    save_counts(tmp_path / "counts.npz", ["a", "b", "c"], count_ads(TEXTS, [None] * 3))
    monkeypatch.setattr(counts, "fingerprint", lambda: "another")
    with pytest.raises(DataError, match="made by another tokenizer: count the ads again"):
        load_counts(tmp_path / "counts.npz")
    (tmp_path / "counts.npz").write_bytes(b"PK damaged")
    with pytest.raises(DataError, match="cannot be read as counted ads"):
        load_counts(tmp_path / "counts.npz")


def test_the_shipped_counts_belong_to_the_tokenizer_and_to_the_ratings() -> None:
    ids, counted = load_counts(DATA / "counts.npz")
    ratings = read_ratings(DATA / "ratings.csv")
    assert set(ids) <= set(ratings["id"])
    assert len(ids) == len(counted) == len(set(ids))
    assert (ratings["language"] == "en").sum() >= 6000
    assert (ratings["language"] == "zh").sum() >= 2500


def test_the_shipped_files_hold_no_text() -> None:
    with np.load(DATA / "counts.npz") as stored:
        for name in stored.files:
            assert stored[name].dtype.kind in "uifb" or name in ("ids", "fingerprint"), name
            if name.endswith("hashes"):
                assert stored[name].dtype == np.uint64
    ratings = read_ratings(DATA / "ratings.csv")
    assert ratings.map(lambda cell: len(str(cell))).max().max() < 1500  # ids and kinds of certificates, no ad
    assert not {"title", "text"} & set(ratings.columns)
