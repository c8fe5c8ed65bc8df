"""The registered formats: each is known by its endings, read, and written or refused in a sentence."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pandas as pd
import pytest
from command import run

from collarclass import DataError, Model, label_file
from collarclass.errors import MissingPartError, import_optional
from collarclass.files.formats import COMPRESSIONS, ENDINGS, FORMATS, is_table, name_format, name_target
from collarclass.files.table import read_table

ADS = pd.DataFrame({"title": ["Welder", "Accountant"], "text": ["MIG welding of frames, days.", "Audit; reports."]})


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_ending_is_read_and_written_or_refused(ending: str, tmp_path: Path, small_model: Model) -> None:
    if ending.startswith((".xl", ".ods")):
        pytest.importorskip("xlsxwriter", reason="pip install collarclass[excel]")
    ADS.to_csv(tmp_path / "ads.csv", index=False)
    target = tmp_path / f"labelled{ending}"
    if ending not in ENDINGS[ending].written:
        with pytest.raises(DataError, match=r"no such files are written; end the name in .*\.xlsx"):
            label_file(tmp_path / "ads.csv", target, model=small_model)
        return
    assert label_file(tmp_path / "ads.csv", target, model=small_model).rows == 2
    assert read_table(target)["title"].tolist() == ADS["title"].tolist()
    again = label_file(target, tmp_path / "again.csv", model=small_model, prefix="x_")
    assert again.rows == 2


@pytest.mark.parametrize("name", ["x.orc", "x.orc.gz", "x.csv.7z", "x.2024"])
def test_what_nobody_can_write_is_refused(name: str, tmp_path: Path, small_model_path: Path) -> None:
    ADS.to_csv(tmp_path / "ads.csv", index=False)
    for given in ([], ["--format", "csv"]):
        done = run("label", tmp_path / "ads.csv", "-o", tmp_path / name, "-m", small_model_path, *given, code=1)
        assert "no such files are written; end the name in .csv, .txt, .tsv" in done.stderr
    assert not (tmp_path / name).exists()


def test_a_name_without_an_ending_is_written_as_was_said(tmp_path: Path, small_model: Model) -> None:
    for name in ("ads", "ads.csv"):
        ADS.to_csv(tmp_path / name, index=False)
    label_file(tmp_path / "ads", tmp_path / "out", format="csv", model=small_model)
    assert (tmp_path / "out").read_bytes().startswith(b"title,text,collar,")
    with pytest.raises(DataError, match="no such files are written"):
        label_file(tmp_path / "ads.csv", tmp_path / "other", model=small_model)


def test_names_tell_format_and_compression() -> None:
    for name, found in FORMATS.items():
        assert found.name == name
        assert all(name_format(f"ads{ending.upper()}", None) == (found, "") for ending in found.endings)
        for ending, compression in COMPRESSIONS.items():
            if found.text and compression != "zip":
                assert name_target(f"ads{found.endings[0]}{ending}", None) == (found, compression)
    assert not is_table(".hidden.csv")
    assert not is_table("~$open.xlsx")
    with pytest.raises(DataError, match="parquet compresses by itself"):
        name_target("ads.parquet.gz", None)


def test_a_missing_part_is_named_with_what_installs_it() -> None:
    with pytest.raises(MissingPartError, match=r"It needs no_library: install it with pip install no_library"):
        import_optional("no_library.inside", "It")


def test_the_expressions_of_polars_name_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "collarclass.tables.polars", raising=False)
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingPartError, match=r"tables\.polars needs polars: .* pip install polars"):
        importlib.import_module("collarclass.tables.polars")
