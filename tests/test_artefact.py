"""A model folder: what is written is read back, and damage is told, not used."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from collarclass import ModelFileError, load_model, save_model
from collarclass.api import default_model
from collarclass.definitions.labels import BASES, LABELS, LEVELS
from collarclass.model.model import arrays_of
from collarclass.model.predict import predict


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
    save_model(load_model(folder), folder)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert [p.name for p in folder.parent.iterdir()] == ["model"]


def test_damage_is_found_before_use(folder: Path) -> None:
    path = folder / "text_weight.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"text_weight\.npy is damaged"):
        load_model(folder)


def test_every_other_file_stands_under_a_digest(tmp_path: Path) -> None:
    save_model(default_model(), tmp_path / "model", {"README.md": "a card"})
    (tmp_path / "model" / "README.md").write_text("another card")
    with pytest.raises(ModelFileError, match=r"README\.md is damaged"):
        load_model(tmp_path / "model")


def test_a_folder_of_format_1_still_loads() -> None:
    model = load_model(Path(__file__).parent / "data" / "model_format_1")
    texts = [
        "Welder for a shipyard, no schooling needed",
        "Sales manager: advise clients and plan budgets. Bachelor's degree required",
    ]
    found = predict(model, texts)
    assert [LABELS[k] for k in found.probabilities.argmax(axis=1)] == ["blue", "white"]


def test_a_folder_of_format_2_still_loads() -> None:
    folder = Path(__file__).parent / "data" / "model_format_2"
    assert json.loads((folder / "model.json").read_text("utf-8"))["format_version"] == 2
    texts = ["Welder for a shipyard. Weld pipes and frames, no schooling needed.", "Bachelor's degree required.", ""]
    found = predict(load_model(folder), texts, [None, "Sales manager", "Web designer"])
    assert [LABELS[k] for k in found.probabilities.argmax(axis=1)] == ["blue", "white", "gray"]
    assert [BASES[k] for k in found.basis] == ["ad", "ad", "title"]
    assert found.level.tolist() == [0, LEVELS.index("bachelor"), -1]


def test_a_pickle_is_never_loaded(folder: Path) -> None:
    import hashlib
    import pickle

    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (pytest.fail, ("the pickle was run",))

    content = (
        b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(127) + b"\n"
    )
    content += pickle.dumps(Bomb())
    (folder / "intercept.npy").write_bytes(content)
    head = json.loads((folder / "model.json").read_text())
    head["sha256"]["intercept.npy"] = hashlib.sha256(content).hexdigest()
    (folder / "model.json").write_text(json.dumps(head))
    with pytest.raises(ModelFileError, match="not a whole model folder"):
        load_model(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda head: head.update(format_version=99), "model format 99.*upgrade collarclass"),
        (lambda head: head.update(features=["other"]), "other stated-requirement features"),
        (lambda head: head["sha256"].pop("intercept.npy"), "not a whole model folder"),
    ],
)
def test_an_unknown_folder_says_what_to_do(folder: Path, change: object, message: str) -> None:
    head = json.loads((folder / "model.json").read_text())
    change(head)  # type: ignore[operator]
    (folder / "model.json").write_text(json.dumps(head))
    with pytest.raises(ModelFileError, match=message):
        load_model(folder)


def test_a_missing_folder_or_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"has no model\.json"):
        load_model(tmp_path)
    (tmp_path / "model.json").write_text("not json")
    with pytest.raises(ModelFileError, match="cannot be read"):
        load_model(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelFileError, match="is a file"):
        save_model(default_model(), tmp_path / "file")
