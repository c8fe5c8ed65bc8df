"""A model adapted to own labels: that it follows another definition, keeps what ads cannot tell, and says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command import run
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from collarclass import CollarClassifier, DataError, Model, load_model
from collarclass.api import default_model
from collarclass.definitions.labels import LABELS, RATINGS
from collarclass.model.model import arrays_of
from collarclass.model.predict import predict
from collarclass.training.adapt import KnownAds, fit_change
from collarclass.training.counts import count_ads
from collarclass.training.own import adapt_file, group_ads, near_duplicates, read_own

DATA = Path(__file__).parents[1] / "data"
TEXT = "Repair, calibrate and program {f} machines in a plant. Associate degree required. You report to the head of "
TEXT += "maintenance, keep the spare parts and teach apprentices how a fault is found."


def own_ads(wider: bool = True) -> pd.DataFrame:
    """Ads of 22 employers, labelled by somebody who calls gray whatever is skilled work with one's hands."""
    ads = pd.read_csv(DATA / "ads" / "en.csv", dtype=str, keep_default_na=False).sample(150, random_state=2)
    rated = ads[list(RATINGS)].astype(float)
    skilled = (rated["academic_rating"] >= 1) & (rated["hands_on_rating"] >= 2) & (ads["label"] != "white")
    ads["label"] = ads["label"].mask(skilled, "gray") if wider else ads["label"]
    return ads.assign(source="employer " + ads["onet_code"].str[:2])[["title", "text", "label", "source"]]


def lines_of(ads: pd.DataFrame) -> list[str]:
    """Each ad in one line: its title, and what of its first 60 letters are whole words."""
    starts = [" ".join(text.split())[:60].rpartition(" ")[0] for text in ads["text"]]
    return [f"{title}, {start}" for title, start in zip(ads["title"], starts, strict=True)]


@pytest.fixture(autouse=True)
def few_strengths(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which strength of many is best is not asked here."""
    monkeypatch.setattr("collarclass.training.adapt.STRENGTHS", (3.0, 30.0))


@pytest.fixture(scope="module")
def shipped() -> Model:
    return default_model()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("own") / "own.csv"
    own_ads().replace({"label": {"gray": "灰领", "white": "White Collar"}}).to_csv(path, index=False)
    return path


def test_it_follows_another_definition_and_keeps_its_words(shipped: Model, own: Path, tmp_path: Path) -> None:
    said = adapt_file(own, tmp_path / "model", shipped, name="mine")
    model = load_model(tmp_path / "model")
    assert said.startswith(f"{model.identity} written to ")
    assert f"150 ads of {own_ads()['source'].nunique()} sources" in said
    ads = own_ads()
    found = predict(model, ads["text"].tolist(), ads["title"].tolist())
    assert (np.array(LABELS)[found.probabilities.argmax(axis=1)] == ads["label"]).mean() > 0.9
    before, after = arrays_of(shipped), arrays_of(model)
    assert np.array_equal(before["text_weight"], after["text_weight"])
    counts = {label: int((ads["label"] == label).sum()) for label in LABELS}
    assert model.facts["own"]["labels"] == counts
    assert model.facts["own"]["ads"] == 150
    assert model.facts["held_out_own"]["accuracy"][1][0] > model.facts["held_out_own"]["accuracy"][0][0] + 0.05
    card = (tmp_path / "model" / "README.md").read_text("utf-8")
    assert f"150 ads of the user's own ({', '.join(f'{n} {label}' for label, n in counts.items())}), of " in card
    titles, names = ads["title"].tolist(), np.array([*LABELS, "unclear"])
    of_titles, of_lines = (
        [names[predict(one, texts, given).label] for one in (shipped, model)]
        for texts, given in (([""] * 150, titles), (lines_of(ads), None))
    )
    assert "150 ads of the file that it learnt from have a title" in card
    for row, said_of in (("title alone", of_titles), ("one line: the title and the first words of the ad", of_lines)):
        counts_of = [*((f != "unclear").sum() for f in said_of), *((f == ads["label"]).sum() for f in said_of)]
        assert f"{row} | {' | '.join(map(str, counts_of))} |" in card
    assert "None" not in card
    assert "language model" not in card.casefold()


def test_ads_lines_and_titles_start_from_what_the_model_says_of_them(shipped: Model) -> None:
    ads = own_ads()
    texts = [*ads["text"], "", "Nights, own car.", "急招焊工，包吃住", ""]
    titles = [*ads["title"], "Welder", "Warehouse operative", None, "会计"]
    counted = count_ads(texts, titles, int(shipped.limits["max_tokens"]), shipped.reader)
    known = KnownAds.of_counts(shipped, counted).with_texts(shipped, texts, titles)
    found = predict(shipped, texts, titles)
    rows = known.judged
    assert rows.sum() > 150
    assert np.allclose(known.unchanged()[rows], found.probabilities[rows], atol=1e-6)
    whole = rows & (np.arange(len(rows)) < 150)
    labels = np.array([LABELS.index(label) for label in ads["label"]])[whole[:150]]
    change = fit_change(known.rows(whole), labels, 3.0)
    after = predict(change.applied(shipped, "mine"), texts, titles)
    apart = np.abs(change.probabilities(known.rows(whole)) - after.probabilities[whole]).max(axis=1)
    long = np.array([len(text) > 400 for text in texts])[whole]
    assert long.sum() > 30
    assert apart[long].max() < 0.005
    assert np.mean(apart) < 0.01  # of a line the parts are not known


def test_the_same_ads_in_a_test_file_are_not_tested_on(shipped: Model, own: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No ad of the test file can be judged, or all nearly repeat"):
        adapt_file(own, tmp_path / "model", shipped, test=own)
    assert not (tmp_path / "model").exists()


def test_where_it_does_not_help_nothing_is_written(shipped: Model, tmp_path: Path) -> None:
    labels = own_ads()
    found = predict(shipped, labels["text"].tolist(), labels["title"].tolist())
    labels["label"] = [LABELS[k] for k in found.probabilities.argmax(axis=1)]
    noise = np.random.default_rng(0).permutation(150)[:40]
    labels.iloc[noise, 2] = labels.iloc[noise[::-1], 2].to_numpy()
    labels.to_csv(tmp_path / "own.csv", index=False)
    said = adapt_file(tmp_path / "own.csv", tmp_path / "model", shipped)
    assert f"Leave it: {shipped.identity} is as good" in said
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": "blue"}, "150 labelled ads that the model can judge, of 1 labels"),
        ({"label": "pink"}, r"row 2, column 'label': 'pink' is not a label \(and so in rows 2, 3, .*11, …\); write"),
        ({"academic_rating": "high"}, "row 2, column 'academic_rating': 'high' is not a rating"),
        ({"academic_rating": 0.3}, "as if they went from 0 to 1"),
        ({"text": ""}, "0 labelled ads that the model can judge"),
    ],
)
def test_bad_files_are_told_before_any_work(
    change: dict[str, Any], message: str, shipped: Model, tmp_path: Path
) -> None:
    own_ads().assign(**change).drop(columns="title").to_csv(tmp_path / "own.csv", index=False)
    with pytest.raises(DataError, match=message):
        adapt_file(tmp_path / "own.csv", tmp_path / "model", shipped)
    assert not (tmp_path / "model").exists()


def test_fifty_ads_are_the_fewest(shipped: Model, tmp_path: Path) -> None:
    own_ads().head(49).to_csv(tmp_path / "own.csv", index=False)
    with pytest.raises(DataError, match=r"49 labelled ads .* give at least 50"):
        adapt_file(tmp_path / "own.csv", tmp_path / "model", shipped)


def test_the_estimator_adapts_its_base(shipped: Model) -> None:
    ads = own_ads()
    X, y = ads[["title", "text"]], ads["label"]
    mine = CollarClassifier.from_pretrained(shipped, name="mine").fit(X, y, groups=ads["source"])
    assert mine.score(X, y) > CollarClassifier.from_pretrained().score(X, y) + 0.1
    assert mine.strength_ is not None
    assert np.array_equal(arrays_of(mine.model_)["text_weight"], arrays_of(shipped)["text_weight"])
    assert cross_val_score(clone(mine), X, y, cv=3).mean() > 0.8
    again = clone(mine).fit(X, y, groups=ads["source"])
    for name, array in arrays_of(again.model_).items():
        assert np.array_equal(array, arrays_of(mine.model_)[name])


def test_a_strength_without_end_leaves_the_model_as_it_is(shipped: Model) -> None:
    ads = own_ads()
    texts = ads["text"].tolist()
    held = CollarClassifier.from_pretrained(shipped, strength=1e6).fit(texts, own_ads(wider=False)["label"])
    assert np.allclose(held.predict_proba(texts), CollarClassifier.from_pretrained().predict_proba(texts), atol=0.01)


def test_ads_that_nearly_repeat_each_other_stand_together(shipped: Model, tmp_path: Path) -> None:
    text = TEXT.format(f="steel")
    others = ["Weld frames by day.", "Prepare reports for managers."]
    table = pd.DataFrame({"text": [text, others[0], text.replace("steel", "brass"), others[1]]})
    table.assign(label=["gray", "blue", "gray", "white"]).to_csv(tmp_path / "own.csv", index=False)
    ads = read_own(tmp_path / "own.csv", shipped)
    assert near_duplicates([ads.counted]).tolist() == [0, 1, 0, 3]
    assert ads.n_sources == 0
    groups = group_ads(ads.counted, ["a", "b", "c", "b"])
    assert groups[0] == groups[2]
    assert groups[1] == groups[3] != groups[0]


def test_the_command(own: Path, tmp_path: Path) -> None:
    said = run("adapt", own, "-o", tmp_path / "model", "--name", "mine").stdout
    assert said.startswith("mine ")
    refused = run("adapt", own, "-o", tmp_path / "model", code=1).stderr
    assert "holds a model already" in refused
    said = run("calibrate", own, "-o", tmp_path / "model", "--force").stdout
    assert said.startswith("calibrated ")
    model = load_model(tmp_path / "model")
    assert np.array_equal(model.stated_weight, default_model().stated_weight)
