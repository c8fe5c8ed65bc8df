"""From the data folder to the shipped model: the same files again, and a user's own ads beside them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from collarclass import DataError, load_model
from collarclass.annotation.annotated import read_annotated
from collarclass.api import default_model
from collarclass.model.model import arrays_of
from collarclass.model.persistence import default_model_path
from collarclass.model.predict import predict
from collarclass.training.train import train_to
from research.measure.cards import measure, model_card

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"


@pytest.mark.slow
def test_training_gives_the_shipped_model_again(tmp_path: Path) -> None:
    train_to(tmp_path / "again", DATA)
    shipped = default_model_path()
    again, model = load_model(tmp_path / "again"), default_model()
    golden = pd.read_csv(ROOT / "tests" / "data" / "golden.csv", dtype=str, keep_default_na=False)
    found, known = (predict(one, golden["text"].tolist(), golden["title"].tolist()) for one in (again, model))
    assert np.array_equal(found.label, known.label)
    np.testing.assert_allclose(found.scores, known.scores, atol=0.01)
    if again.facts["environment"] == model.facts.get("environment"):
        for name, array in arrays_of(again).items():
            assert np.array_equal(array, arrays_of(model)[name]), name
        heads = [json.loads((folder / "model.json").read_bytes()) for folder in (tmp_path / "again", shipped)]
        for head in heads:  # the shipped model has a card beside it
            head["sha256"] = head["sha256"]["model.safetensors"]
        assert heads[0] == heads[1]


def test_the_cards_are_those_of_the_shipped_model() -> None:
    card = model_card(default_model())
    assert (default_model_path() / "README.md").read_text("utf-8") == card


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A data folder with a fiftieth of the ads and occupations, a tenth of the cases, and two sources of real ads."""

    def thinned(name: str, step: int, sep: str = ",") -> pd.DataFrame:
        table = pd.read_csv(DATA / name, dtype=str, keep_default_na=False, sep=sep)[::step]
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(tmp_path / "data" / name, index=False, sep=sep)
        return table

    for name in ("ads/en.csv", "ads/zh.csv", "occupations.csv", "csco_titles.csv", "rated_titles.csv"):
        thinned(name, 50)
    for name in ("no_content.csv", "titles_without_job.csv", "article_titles.csv"):
        thinned(name, 5)
    thinned("onet_titles.tsv.gz", 100, "\t")
    kept = set[str]()
    for name in ("cases.csv", "own_ads.csv", "wordings.csv"):
        kept |= {*thinned(f"requirements/{name}", 10)["id"]}
    ratings = pd.read_csv(DATA / "real_ads" / "ratings.csv", dtype=str, keep_default_na=False)
    files = ["requirements/readings.csv", "requirements/real_ads/facts.npz", "real_ads/terms.npz"]
    sources = ["en_microsoft", "zh_zhilian_bigdata"]
    files += [f"{folder}/{source}.npz" for folder in ("real_ads", "requirements/real_ads") for source in sources]
    for name in files:
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(DATA / name, tmp_path / "data" / name)
    ratings[ratings["source"].isin(sources)].to_csv(tmp_path / "data" / "real_ads" / "ratings.csv", index=False)
    mentions = pd.read_csv(DATA / "requirements" / "mentions.csv", dtype=str, keep_default_na=False)
    mentions[mentions["id"].isin(kept)].to_csv(tmp_path / "data" / "requirements" / "mentions.csv", index=False)
    return tmp_path / "data"


def test_own_ads_are_learnt_beside_the_shipped_ones(small: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    texts = [f"Zorgle frobnicator number {i}, grind and weld frobs all day" for i in range(30)]
    pd.DataFrame({"text": texts, "label": "blue"}).to_csv(own, index=False)
    seen: list[float] = []
    said = train_to(tmp_path / "mine", small, own=own, name="mine", progress=lambda step, share: seen.append(share))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    model = load_model(tmp_path / "mine")
    assert model.identity in said
    assert model.name == "mine"
    assert model.facts["own"]["ads"] == 30
    card = (tmp_path / "mine" / "README.md").read_text("utf-8")
    assert "It learnt from 30 ads of the user's own (0 white, 30 blue, 0 gray)" in card
    found = predict(model, ["Zorgle frobnicator wanted, to grind frobs"], [None])
    assert found.probabilities[0].argmax() == 1


def test_measure_counts_what_would_change() -> None:
    ads = pd.read_csv(ROOT / "tests" / "data" / "golden.csv", dtype=str, keep_default_na=False)
    result = measure(default_model(), ads, by="source", baselines={"always gray": ["gray"] * len(ads)})
    assert result["accuracy"][0] == 1.0
    assert result["baselines"]["always gray"]["accuracy"] == pytest.approx((ads["label"] == "gray").mean(), abs=1e-4)
    assert set(result["by"]) == {"article", "written"}
    assert all(0 <= share <= 1 for share in result["sensitivity"].values())
    json.dumps(result)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,label\n", "own.csv has no labelled rows"),
        ("text\nx\n", "No column 'label' in own.csv"),
        ("text,label\nx,blue\ny,pink\n", "own.csv, row 3, column 'label': 'pink' is not a label; write one of"),
        ("text,label,academic_rating,hands_on_rating\nx,blue,9,1\n", "row 2, column 'academic_rating': '9' is not"),
    ],
)
def test_bad_own_ads_are_told(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "own.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        read_annotated(tmp_path / "own.csv").usable()
