"""One set of options: the same meaning, the same labels and the same error at every door."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from command import run

from collarclass import (
    DataError,
    Model,
    ModelFileError,
    classify,
    classify_many,
    label_file,
    label_table,
    load_lexicon,
    load_model,
    requirements,
    save_model,
    to_frame,
)
from collarclass.labelling.options import Options, find_model
from collarclass.model.persistence import default_model
from collarclass.tables.schema import COLUMNS, NUMBERS

ADS = pd.DataFrame(
    {
        "title": ["Welder", "Accountant", "Nurse", "Zorbler", "", "", ""],
        "text": [
            "MIG welding of steel frames in our workshop, no schooling needed.",
            "Bachelor's degree in accounting required. Prepare reports and advise managers.",
            "Associate degree in nursing required. Dress wounds, draw blood, operate monitors.",
            "",
            "熟练焊接钢结构，学历不限，包吃住，维修设备。",
            "We are a great company and offer benefits to you all",
            "",
        ],
        "code": ["", "", "", "51-4121.00", "", "", ""],
    }
)
LEXICON = "phrase\tclass\tvalue\tisced\tnature\tnote\nblue parchment\tlevel\t3\t6\t\t\n"


@pytest.fixture(scope="module")
def lexicon(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("words") / "own.tsv"
    path.write_text(LEXICON, "utf-8")
    return path


def by_classify(folder: Path, **options: Any) -> pd.DataFrame:
    codes = ADS["code"].tolist() if options.pop("code", None) else None
    return to_frame(classify_many(ADS["text"], ADS["title"], codes=codes, **options))


def by_table(folder: Path, **options: Any) -> pd.DataFrame:
    return label_table(ADS, **options)


def by_file(folder: Path, **options: Any) -> pd.DataFrame:
    ADS.to_csv(folder / "ads.csv", index=False)
    label_file(folder / "ads.csv", folder / "out.csv", force=True, **options)
    return pd.read_csv(folder / "out.csv", keep_default_na=False)


def by_workers(folder: Path, **options: Any) -> pd.DataFrame:
    ADS.to_csv(folder / "ads.csv", index=False)
    label_file(folder / "ads.csv", folder / "out.csv", force=True, n_jobs=2, **options)
    return pd.read_csv(folder / "out.csv", keep_default_na=False)


def by_polars(folder: Path, **options: Any) -> pd.DataFrame:
    pl = pytest.importorskip("polars")
    import collarclass.tables.polars  # noqa: F401

    found = pl.from_pandas(ADS).select(pl.col("text").collar.label("title", **options).alias("found"))
    return pd.DataFrame(found.unnest("found").to_pandas())


def by_duckdb(folder: Path, **options: Any) -> pd.DataFrame:
    duckdb = pytest.importorskip("duckdb")
    from collarclass.tables.duckdb import register_duckdb

    code = options.pop("code", "null")
    with duckdb.connect() as connection:
        for _ in range(2):  # registered again is no error
            register_duckdb(connection, **options)
        ads = ADS  # noqa: F841 (found by name)
        return pd.DataFrame(connection.sql(f"select unnest(collar(text, title, {code})) from ads").df())


def by_command(folder: Path, **options: Any) -> pd.DataFrame:
    ADS.to_csv(folder / "ads.csv", index=False)
    given = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    done = run("label", folder / "ads.csv", "-o", folder / "out.csv", "--force", *given, code=None)
    if done.returncode:
        raise DataError(done.stderr)
    return pd.read_csv(folder / "out.csv", keep_default_na=False)


DOORS: dict[str, Callable[..., pd.DataFrame]] = {
    "classify": by_classify,
    "table": by_table,
    "file": by_file,
    "workers": by_workers,
    "polars": by_polars,
    "duckdb": by_duckdb,
    "command": by_command,
}


def shown(found: pd.DataFrame, prefix: str = "") -> list[list[str]]:
    """What every door says alike: labels, schooling, basis, the words that decided, note and model."""
    columns = ["collar", "schooling_level", "schooling_status", "collar_basis", "collar_evidence", "collar_note"]
    columns += ["vocational_certificate", "academic_certificate", "collar_model"]
    return found[[prefix + name for name in columns]].fillna("").astype(str).to_numpy().tolist()


@pytest.mark.parametrize("door", DOORS)
def test_options_mean_the_same_at_every_door(door: str, tmp_path: Path, lexicon: Path, small_model_path: Path) -> None:
    given: list[dict[str, Any]] = [
        {"model": small_model_path},
        {"model": "standard", "definition": "dual-certificate", "lexicon": lexicon, "code": "code"},
        {"min_confidence": 0.8},
    ]
    for options in given:
        assert shown(DOORS[door](tmp_path, **dict(options))) == shown(by_table(tmp_path, **options))


def by_parquet(folder: Path, **options: Any) -> pd.DataFrame:
    ADS.to_parquet(folder / "ads.parquet", index=False)
    label_file(folder / "ads.parquet", folder / "out.parquet", force=True, **options)
    return pd.read_parquet(folder / "out.parquet")


def by_json(folder: Path, **options: Any) -> pd.DataFrame:
    ADS.to_json(folder / "ads.jsonl", orient="records", lines=True)
    label_file(folder / "ads.jsonl", folder / "out.jsonl", force=True, **options)
    return pd.DataFrame(map(json.loads, (folder / "out.jsonl").read_text("utf-8").splitlines()))


def by_arrow(folder: Path, **options: Any) -> pd.DataFrame:
    return pd.DataFrame(label_table(pa.Table.from_pandas(ADS), **options).to_pylist())


def by_dask(folder: Path, **options: Any) -> pd.DataFrame:
    dask = pytest.importorskip("dask.dataframe")
    from collarclass.tables.engines import label_dask

    return pd.DataFrame(label_dask(dask.from_pandas(ADS, npartitions=2), **options).compute())


def by_rest(folder: Path, **options: Any) -> pd.DataFrame:
    pytest.importorskip("fastapi")
    from app_server import running

    from collarclass.app.server import create_app

    with running(create_app()) as address:
        ads = [{"title": title, "text": text} for title, text in zip(ADS["title"], ADS["text"], strict=True)]
        rows = [reply for one in ads for reply in address.classify(**one)["results"]]
    found = [{**row, **{f"p_{label}": p for label, p in row["probabilities"].items()}} for row in rows]
    return pd.DataFrame(found).rename(columns={"label": "collar", "confidence": "collar_confidence"})


MORE_DOORS = {"parquet": by_parquet, "json": by_json, "arrow": by_arrow, "dask": by_dask, "rest": by_rest}


@pytest.mark.parametrize("door", [*DOORS, *MORE_DOORS])
def test_nulls_are_the_same_at_every_door(door: str, tmp_path: Path) -> None:
    found = {**DOORS, **MORE_DOORS}[door](tmp_path)
    if door != "rest":  # which has notes and evidence under other names
        assert {*COLUMNS} <= {*found.columns}
    assert {"vocational_certificate", "academic_certificate"} <= {*found.columns}
    numbers = found[[*NUMBERS]].apply(pd.to_numeric).to_numpy(np.float64)
    level = found["schooling_level"].fillna("").tolist()
    for i, (title, text) in enumerate(zip(ADS["title"], ADS["text"], strict=True)):
        one = classify(text, title)
        expected = (one.confidence, one.academic_score, one.hands_on_score, *one.probabilities.values())
        np.testing.assert_allclose(numbers[i], np.array(expected, np.float64), atol=1e-4)
        assert level[i] == (one.schooling_level or "")
    assert found["collar"].tolist()[-2:] == ["unclear", "unclear"]
    assert np.isnan(numbers[-2:]).tolist() == [[True] + [False] * 5, [True] * 6]
    if door not in ("file", "workers", "command"):  # CSV has no nulls
        assert [value for value in found["schooling_level"] if isinstance(value, str)] == [v for v in level if v]


@pytest.mark.parametrize("door", DOORS)
def test_bad_options_get_the_same_sentence_at_every_door(door: str, tmp_path: Path) -> None:
    missing = tmp_path / "nothing"
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"model": missing}, r"No model at .*nothing: it has no model.json"),
        ({"definition": "pink"}, r"No definition 'pink': choose one of"),
        ({"lexicon": missing}, r"lexicon .*nothing"),
        ({"definition": "middle", "min_confidence": 0.5}, r"have no confidence: leave min_confidence out"),
        ({"model_version": "9"}, r"The model is standard .*, not version 9: name the model that you pinned"),
    ]
    for options, sentence in wrong:
        with pytest.raises((DataError, ModelFileError), match=sentence):
            DOORS[door](tmp_path, **options)


def test_a_lexicon_is_read_and_shows_in_the_model_s_version(lexicon: Path) -> None:
    ad = "Clerk for our archive. A blue parchment is required. You keep files and answer letters of readers."
    assert classify(ad).schooling_level is None
    found = classify(ad, lexicon=lexicon)
    assert (found.schooling_level, found.schooling_status) == ("bachelor", "required")
    assert found.model.startswith(f"{default_model().name} ")
    assert found.model != default_model().identity
    assert classify(ad, lexicon=load_lexicon(lexicon)) == found
    assert [r.text for r in requirements(ad, lexicon=lexicon)] == ["blue parchment"]


def test_a_model_by_its_folder_is_read_anew_when_it_changes(
    small_model: Model, small_model_path: Path, tmp_path: Path
) -> None:
    assert find_model(small_model_path) is find_model(small_model_path)
    save_model(small_model, tmp_path / "model")
    first = find_model(tmp_path / "model")
    save_model(default_model(), tmp_path / "model", force=True)
    assert find_model(tmp_path / "model").identity != first.identity
    with pytest.raises(DataError, match=r"model is an int: give a Model, the name 'standard', or the folder"):
        classify("Welder", model=5)  # type: ignore[arg-type]


def test_a_model_is_pinned_by_version_or_digest(small_model: Model) -> None:
    digest = default_model().digest
    for version in (default_model().version, digest, digest[:8]):
        assert classify(title="Welder", model_version=version).label == "blue"
    for version in (digest[:7], small_model.digest, ""):
        with pytest.raises(ModelFileError, match="name the model that you pinned, or pin this one"):
            classify(title="Welder", model_version=version)


def test_another_process_reads_a_named_model_and_gets_an_object(
    small_model: Model, small_model_path: Path, lexicon: Path
) -> None:
    named = Options.of(small_model_path, lexicon=lexicon, prefix="x_", definition="middle")
    sent = pickle.loads(pickle.dumps(named))
    assert sent.identity == named.identity
    assert (sent.prefix, sent.definition) == ("x_", named.definition)
    assert len(pickle.dumps(Options.of(small_model_path))) < 2000 < len(pickle.dumps(Options.of(small_model)))
    assert copy.copy(named).identity == named.identity


def test_a_worker_with_another_model_refuses(small_model: Model, tmp_path: Path) -> None:
    save_model(small_model, tmp_path / "model")
    sent = pickle.dumps(Options.of(tmp_path / "model"))
    save_model(default_model(), tmp_path / "model", force=True)
    with pytest.raises(ModelFileError, match="give every machine the same model"):
        pickle.loads(sent)


def test_a_label_by_rules_has_no_confidence() -> None:
    found = classify(ADS["text"][1], ADS["title"][1], definition="dual-certificate")
    assert found.label == label_table(ADS, definition="dual-certificate")["collar"][1]
    assert found.confidence is None
    assert found.to_dict()["confidence"] is None
    assert found.second_label is None
    assert "onfidence" not in found.explain()
    assert "nan" not in repr(found)


def test_a_code_judges_where_ad_and_title_say_too_little() -> None:
    found = classify(title="Zorbler", code="51-4121.00")
    assert (found.label, found.basis, found.evidence) == ("blue", "occupation", ())
    assert classify(ADS["text"][0], "Welder", code="11-1011.00").basis == "ad"
    with pytest.raises(ValueError, match="2 texts but 1 codes"):
        classify_many(["", ""], codes=["51-4121.00"])
    with pytest.raises(TypeError, match="codes is a single string"):
        classify_many([""], codes="51-4121.00")
    with pytest.raises(TypeError, match="Code 0 is an int"):
        classify_many([""], codes=[5])  # type: ignore[list-item]


def test_the_small_model_is_loaded_as_it_was_saved(small_model: Model, small_model_path: Path) -> None:
    assert classify(title="Welder", model=small_model_path) == classify(title="Welder", model=small_model)
    assert load_model(small_model_path).identity == find_model(small_model_path).identity


@pytest.mark.parametrize("function", [classify, classify_many, label_file])
def test_an_option_that_is_none_is_refused_by_the_function_that_was_called(function: Any) -> None:
    with pytest.raises(TypeError, match=rf"^{function.__name__}\(\) got an unexpected keyword argument 'modl'$"):
        function([], "out.csv", modl="standard")
