"""A model folder: what is written is read back, and damage is told, not used."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from collarclass import ModelFileError, load_model, save_model
from collarclass.api import default_model
from collarclass.model.model import arrays_of
from collarclass.training.own import adapt_file
from collarclass.training.train import train_to


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_model(default_model(), tmp_path / "model")
    return tmp_path / "model"


def test_what_is_saved_is_loaded(folder: Path) -> None:
    again = load_model(folder)
    assert again.identity == default_model().identity
    assert again.facts == default_model().facts
    for name, array in arrays_of(again).items():
        assert np.array_equal(array, arrays_of(default_model())[name])


def test_saving_twice_gives_the_same_bytes(folder: Path) -> None:
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    save_model(load_model(folder), folder, force=True)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert [p.name for p in folder.parent.iterdir()] == ["model"]


def test_a_target_with_anything_but_a_model_stays_as_it_is(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("text,label\nWelder wanted,blue\n")
    mixed = shutil.copytree(folder, tmp_path / "mixed")
    (mixed / "my_labels.csv").write_text("text,label\n")
    within = shutil.copytree(folder, tmp_path / "within")
    (within / "model.json").rename(tmp_path / "kept.json")
    (within / "model.json").mkdir()
    monkeypatch.chdir(tmp_path)
    before = sorted((p, p.read_bytes() if p.is_file() else b"") for p in tmp_path.rglob("*"))
    targets = [tmp_path, labels, labels / "model", mixed, within, Path(), Path("..")]
    for target in targets:
        with pytest.raises(ModelFileError, match=r"^[^\n]* (holds|is) [^\n]*new folder|^[^\n]*cannot be made"):
            save_model(default_model(), target, force=True)
    with pytest.raises(ModelFileError, match=r"holds a model already: .* --force"):
        save_model(default_model(), folder)
    for command in (lambda: train_to(folder), lambda: adapt_file(labels, folder, default_model())):
        with pytest.raises(ModelFileError, match="holds a model already"):
            command()  # type: ignore[no-untyped-call]
    for command in (
        lambda: train_to(tmp_path, own=labels, force=True),
        lambda: adapt_file(labels, labels, default_model(), force=True),
    ):
        with pytest.raises(ModelFileError, match=r"is, or holds, .*labels\.csv, which is read"):
            command()
    assert sorted((p, p.read_bytes() if p.is_file() else b"") for p in tmp_path.rglob("*")) == before


def test_damage_is_found_before_use(folder: Path) -> None:
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"model\.safetensors is damaged"):
        load_model(folder)


def test_every_other_file_stands_under_a_digest(tmp_path: Path) -> None:
    save_model(default_model(), tmp_path / "model", {"README.md": "a card"})
    (tmp_path / "model" / "README.md").write_text("another card")
    with pytest.raises(ModelFileError, match=r"README\.md is damaged"):
        load_model(tmp_path / "model")


def test_a_pickle_is_never_loaded(folder: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (pytest.fail, ("the pickle was run",))

    (folder / "model.safetensors").write_bytes(pickle.dumps(Bomb()))
    sign(folder)
    with pytest.raises(ModelFileError, match="not a whole model folder"):
        load_model(folder)


def sign(folder: Path, change: Callable[[dict[str, Any]], object] = lambda head: None) -> None:
    """Change model.json, and bring its digests up to date."""
    head = json.loads((folder / "model.json").read_text("utf-8"))
    change(head)
    del head["sha256"]["model.json"]
    head["sha256"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in head["sha256"]}
    text = json.dumps(head, ensure_ascii=False, indent=1) + "\n"
    head["sha256"]["model.json"] = hashlib.sha256(text.encode()).hexdigest()
    (folder / "model.json").write_text(json.dumps(head), "utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda head: head.update(format_version=99), "model format 99.*upgrade collarclass"),
        (lambda head: head.update(features=["other"]), "other stated-requirement features"),
        (lambda head: head.update(format_version=2), "model format 2.* make the model anew with 'collarclass train'"),
    ],
)
def test_an_unknown_folder_says_what_to_do(
    folder: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    sign(folder, change)
    with pytest.raises(ModelFileError, match=message):
        load_model(folder)


def test_a_missing_folder_or_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"has no model\.json"):
        load_model(tmp_path)
    (tmp_path / "model.json").write_text("not json")
    with pytest.raises(ModelFileError, match=r"model\.json is no JSON"):
        load_model(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelFileError, match="is a file"):
        save_model(default_model(), tmp_path / "file")


def test_a_model_whose_replacing_was_ended_between_two_renamings_is_there_again(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "place" / "mine"
    shutil.copytree(folder, target.with_name(".mine.collarclass-old"))
    with pytest.raises(ModelFileError, match="holds a model already"):
        save_model(load_model(folder), target)
    assert load_model(target).identity == load_model(folder).identity
    assert {path.name for path in target.parent.iterdir()} == {"mine"}
