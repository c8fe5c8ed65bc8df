"""The shipped benchmark: what it promises, that nothing learns from it, and the pages made from it."""

from __future__ import annotations

import json
import subprocess
import sys
from difflib import SequenceMatcher
from pathlib import Path

import pandas as pd
import pytest

from collarclass.corpus.read import read_ads, read_csv
from collarclass.definitions.labels import COLLARS, LABELS, LEVELS, STATUSES
from research.data.benchmark_annotations import annotator_agreement, overlap, read_annotations, read_pointing
from research.measure.benchmark_data import read_hard, read_items
from research.measure.benchmark_page import (
    COMPARISON,
    DATASHEET,
    PAGE,
    RESULTS,
    datasheet,
    leaderboard,
    side_by_side,
)

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data"
BENCHMARK = DATA / "benchmark"


@pytest.fixture(scope="module")
def items() -> pd.DataFrame:
    return read_items(BENCHMARK)


def count(items: pd.DataFrame, kind: str, language: str) -> int:
    return int(((items["kind"] == kind) & (items["language"] == language)).sum())


def test_it_is_as_large_as_it_says(items: pd.DataFrame) -> None:
    assert count(items, "ad", "en") >= 400
    assert count(items, "ad", "zh") >= 300
    assert count(items, "title", "en") >= 150
    assert count(items, "title", "zh") >= 150
    assert (items["kind"] == "passage").sum() >= 300
    for language in ("en", "zh"):
        ads = items[(items["kind"] == "ad") & (items["language"] == language)]
        assert (ads["label"].value_counts(normalize=True)[list(LABELS)] > 0.2).all()
        assert ads["family"].nunique() > 80
    intended = read_csv(BENCHMARK / "intended.csv")
    assert (intended.loc[intended["near_line"] != "", "near_line"] == "y").mean() > 0.3


def test_every_item_was_annotated_twice_and_the_annotators_agree(items: pd.DataFrame) -> None:
    annotations = read_annotations(BENCHMARK, items)
    assert (annotations.groupby("id")["annotator"].nunique().reindex(items["id"]) == 2).all()
    for row in annotator_agreement(annotations, items).reset_index().to_dict("records"):
        if row["kind"] != "title":  # a bare title states no schooling
            assert row["status"] > 0.6, row
        if row["kind"] != "passage":
            assert row["label"][0] > 0.6, row


def test_marked_words_stand_in_their_ads(items: pd.DataFrame) -> None:
    pointing = read_pointing(BENCHMARK, items)
    assert len(pointing) >= 150
    whole = (items["title"] + "\n" + items["text"]).str.casefold().set_axis(items["id"])
    pairs = pointing.explode("words")
    found = [word.casefold() in whole[name] for name, word in zip(pairs["id"], pairs["words"], strict=True)]
    assert sum(found) / len(found) > 0.97


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_text_of_it_stands_among_the_training_ads(items: pd.DataFrame, language: str) -> None:
    own = items[(items["language"] == language) & (items["kind"] != "title")]
    training = read_ads(DATA / "ads" / f"{language}.csv")["text"]
    ads = own[own["kind"] == "ad"]
    shares = pd.Series(overlap(ads["text"], training, language), ads["id"])
    assert shares.max() < 0.2, shares.nlargest(3)
    known = set(training.str.split().str.join(" ").str.casefold())
    assert not own["text"].str.split().str.join(" ").str.casefold().isin(known).any()


@pytest.mark.slow
def test_no_text_of_the_hard_part_stands_among_the_training_ads() -> None:
    hard = read_hard(BENCHMARK)
    for language in ("en", "zh"):
        own = hard[(hard["language"] == language) & (hard["kind"] == "ad")]
        shares = overlap(own["text"], read_ads(ROOT / "data" / "ads" / f"{language}.csv")["text"], language)
        assert max(shares) < 0.1


@pytest.mark.slow
def test_no_two_of_its_ads_share_much(items: pd.DataFrame) -> None:
    for language in ("en", "zh"):
        ads = items[(items["language"] == language) & (items["kind"] == "ad")]
        texts = ads["text"].tolist()
        for k in range(0, len(texts), 50):
            rest = texts[:k] + texts[k + 50 :]
            assert max(overlap(texts[k : k + 50], rest, language)) < 0.3


def test_training_reads_nothing_of_it() -> None:
    code = (
        "import sys; opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None)\n"
        "from collarclass.corpus.read import read_data\n"
        f"read_data({str(DATA)!r})\n"
        "tables = [path for path in opened if path.endswith('.csv')]\n"
        "print(sum('occupations.csv' in p for p in tables), sum('benchmark' in p for p in tables))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert out == ["1", "0"]


def test_training_code_never_names_it() -> None:
    for path in (ROOT / "src" / "collarclass" / "training").rglob("*.py"):
        assert "benchmark" not in path.read_text("utf-8"), path


@pytest.mark.slow
def test_the_datasheet_gives_the_numbers_of_the_files() -> None:
    assert f"<!-- numbers -->\n{datasheet()}\n<!-- end of numbers -->" in DATASHEET.read_text("utf-8")


def test_the_pages_show_the_results() -> None:
    results = json.loads(RESULTS.read_text("utf-8"))
    assert f"<!-- results -->\n{leaderboard(results)}\n<!-- end of results -->" in PAGE.read_text("utf-8")
    beside = side_by_side(results)
    assert f"<!-- measured -->\n{beside}\n<!-- end of measured -->" in COMPARISON.read_text("utf-8")
    assert results["seconds"] < 300
    names = {row[0] for row in results["labels"]}
    assert {"majority label", "title keywords", "TF-IDF + logistic regression"} < names


def test_the_hard_part_is_in_whole_pairs_that_differ_in_one_clause() -> None:
    hard = read_hard(BENCHMARK)
    assert not set(hard["id"]) & set(read_items(BENCHMARK)["id"])
    for _, pair in hard[hard["kind"] == "ad"].groupby("pair"):
        assert len(set(pair["language"])) == 1
        one, other = pair["text"]
        assert one != other
        same = SequenceMatcher(None, one, other, autojunk=False)
        assert same.find_longest_match().size > 15, pair["id"].tolist()
        known = [label for label in pair["label"] if label]
        assert len(known) in (0, 2), "a pair is sealed whole or not at all"
        assert len(set(known)) == len(known), pair["id"].tolist()


def test_the_labels_of_a_quarter_are_sealed() -> None:
    hard = read_hard(BENCHMARK)
    sealed = pd.read_csv(BENCHMARK / "hard" / "sealed.csv")
    assert sealed["digest"].str.fullmatch("[0-9a-f]{64}").all()
    assert set(hard.loc[hard["label"] == "", "id"]) == set(sealed["id"])
    assert 0.2 < len(sealed) / len(hard) < 0.3
    assert sealed["digest"].is_unique, "the id is part of what is digested, so that equal labels do not show"


def test_submissions_keep_to_their_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((BENCHMARK / "submission.schema.json").read_text("utf-8"))
    properties = schema["items"]["properties"]
    assert properties["label"]["enum"] == list(COLLARS)
    assert properties["level"]["enum"] == ["", *LEVELS]
    assert properties["status"]["enum"] == list(STATUSES)
    for path in (BENCHMARK / "submissions").glob("*.csv"):
        rows = pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")
        jsonschema.validate(rows, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{"id": "x", "label": "grey"}], schema)
