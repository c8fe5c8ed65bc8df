"""Kinds of damage to a model folder: each is refused before use, in one sentence, by ModelFileError."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from collarclass import ModelFileError, load_lexicon, load_model
from collarclass.model.model import Model
from collarclass.model.persistence import save_model

Damage = Callable[[Path], None]
ARRAYS = "model.safetensors"


def sealed(folder: Path, content: dict[str, Any]) -> None:
    """Write model.json under a digest that fits."""
    if isinstance(content.get("sha256"), dict):
        content["sha256"].pop("model.json", None)
        text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        content["sha256"]["model.json"] = hashlib.sha256(text.encode()).hexdigest()
    (folder / "model.json").write_text(json.dumps(content), "utf-8")


def head(change: Callable[[dict[str, Any]], Any]) -> Damage:
    """A change of model.json, under a digest that fits."""

    def damage(folder: Path) -> None:
        content = json.loads((folder / "model.json").read_text("utf-8"))
        change(content)
        sealed(folder, content)

    return damage


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def head_bytes(content: bytes) -> Damage:
    return lambda folder: write(folder / "model.json", content)


def file(content: bytes) -> Damage:
    """Another content of the file of arrays, under digests that fit."""

    def damage(folder: Path) -> None:
        (folder / ARRAYS).write_bytes(content)
        head(lambda h: h["sha256"].update({ARRAYS: hashlib.sha256(content).hexdigest()}))(folder)

    return damage


def arrays(change: Callable[[dict[str, np.ndarray[Any, Any]]], Any]) -> Damage:
    """Other arrays, under digests that fit."""

    def damage(folder: Path) -> None:
        found = {name: np.array(values) for name, values in safetensors.numpy.load_file(folder / ARRAYS).items()}
        change(found)
        file(safetensors.numpy.save(found))(folder)

    return damage


def array(name: str, change: Callable[[np.ndarray[Any, Any]], Any]) -> Damage:
    """Another array, under digests that fit."""
    return arrays(lambda found: found.update({name: np.ascontiguousarray(change(found[name]))}))


def put(at: Any, value: Any) -> Callable[[np.ndarray[Any, Any]], Any]:
    def change(values: np.ndarray[Any, Any]) -> Any:
        values[at] = value
        return values

    return change


def header(kind: str = "F32", shape: Any = (3, 4), offsets: Any = (0, 48), data: bytes = bytes(48)) -> bytes:
    """A file of one array with a header of one's own."""
    text = json.dumps({"decision": {"dtype": kind, "shape": shape, "data_offsets": offsets}}).encode()
    return len(text).to_bytes(8, "little") + text + data


def link(folder: Path) -> None:
    target = folder.parent / "outside"
    (folder / ARRAYS).rename(target)
    (folder / ARRAYS).symlink_to(target)


def pipe(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return damage


def named(name: str) -> Damage:
    """A file of the digests by another name."""

    def damage(folder: Path) -> None:
        (folder.parent / "outside").write_text("a card")
        head(lambda h: h["sha256"].update({name: hashlib.sha256(b"a card").hexdigest()}))(folder)

    return damage


def sparse(name: str) -> Damage:
    def damage(folder: Path) -> None:
        with (folder / name).open("r+b") as f:
            f.truncate(1 << 40)

    return damage


def replaced(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return damage


def loop(folder: Path) -> None:
    (folder / ARRAYS).unlink()
    (folder / ARRAYS).symlink_to(ARRAYS)


def linked_to_one_big_file(folder: Path) -> None:
    with (folder / "big").open("wb") as f:
        f.truncate(64 << 20)
    digest = hashlib.sha256(bytes(64 << 20)).hexdigest()
    for i in range(4):
        (folder / f"{i}.md").symlink_to("big")
    head(lambda h: h["sha256"].update({f"{i}.md": digest for i in range(4)}))(folder)


def limit(name: str, value: Any) -> Damage:
    return head(lambda h: h["limits"].update({name: value}))


def facts(name: str, value: Any) -> Damage:
    return head(lambda h: h["facts"].update({name: value}))


DAMAGES: dict[str, Damage] = {
    # The head
    "no head": lambda folder: (folder / "model.json").unlink(),
    "head empty": head_bytes(b""),
    "head not UTF-8": head_bytes(b'{"name": "\xff\xfe"}'),
    "head cut": lambda folder: write(folder / "model.json", (folder / "model.json").read_bytes()[:200]),
    "head a list": head_bytes(b"[]"),
    "head a number": head_bytes(b"1"),
    "head null": head_bytes(b"null"),
    "head nested": head_bytes(b'{"a":' * 100_000),
    "head nested lists": head_bytes(b"[" * 1_000_000),
    "head of a long number": head_bytes(b'{"format_version": ' + b"9" * 10_000 + b"}"),
    "head a folder": replaced("model.json"),
    "head a pipe": pipe("model.json"),
    "head of a terabyte": sparse("model.json"),
    "version missing": head(lambda h: h.pop("format_version")),
    "version null": head(lambda h: h.update(format_version=None)),
    "version text": head(lambda h: h.update(format_version="3")),
    "version a list": head(lambda h: h.update(format_version=[3])),
    "version an object": head(lambda h: h.update(format_version={"3": 3})),
    "version true": head(lambda h: h.update(format_version=True)),
    "version a fraction": head(lambda h: h.update(format_version=3.0)),
    "version of the future": head(lambda h: h.update(format_version=4)),
    "version of the past": head(lambda h: h.update(format_version=2)),
    "name missing": head(lambda h: h.pop("name")),
    "name a number": head(lambda h: h.update(name=5)),
    "name with escapes": head(lambda h: h.update(name="\x1b[31mred")),
    "name of a megabyte": head(lambda h: h.update(name="x" * 1_000_000)),
    "features missing": head(lambda h: h.pop("features")),
    "features in another order": head(lambda h: h["features"].reverse()),
    "features a number": head(lambda h: h.update(features=3)),
    "facts missing": head(lambda h: h.pop("facts")),
    "facts a list": head(lambda h: h.update(facts=[])),
    # Limits
    "limits missing": head(lambda h: h.pop("limits")),
    "limits a list": head(lambda h: h.update(limits=[1, 2, 3])),
    "limit missing": head(lambda h: h["limits"].pop("max_tokens")),
    "limit unknown": limit("others", 1),
    "limit text": limit("max_tokens", "300"),
    "limit NaN": limit("min_known_share", float("nan")),
    "limit infinite": limit("max_tokens", float("inf")),
    "limit negative": limit("max_tokens", -1),
    "limit true": limit("min_terms", True),
    "limit beyond": limit("max_tokens", 10**12),
    "limit null": limit("min_terms", None),
    "limit a fraction of a token": limit("max_tokens", 10.5),
    "limit of 400 digits": limit("max_tokens", 10**400),
    # Facts by which results are measured
    "a source without its spread": facts("sources", {"en": {"n": 3, "shift": 0.1, "shift_error": 0.1}}),
    "a shift beyond any": facts("sources", {"en": {"n": 3, "shift": 1e9, "shift_error": 0.1, "spread": 0.1}}),
    "sources a list": facts("sources", [1, 2]),
    "confusions of two labels": facts("source_confusions", {"en": {"a": [[1, 2], [3, 4]]}}),
    "confusions below nothing": facts("source_confusions", {"en": {"a": [[1, 2, -3]] * 3}}),
    "shares of text": facts("real_ads", {"en": {"kept": [[0.5, "all", 0.9]]}}),
    "a fact NaN": facts("anything", float("nan")),
    # Digests and names of files
    "a name changed by hand": lambda folder: write(
        folder / "model.json", (folder / "model.json").read_bytes().replace(b'"small"', b'"other"')
    ),
    "a limit changed by hand": lambda folder: write(
        folder / "model.json", (folder / "model.json").read_bytes().replace(b'"max_tokens": 300', b'"max_tokens": 30')
    ),
    "digests missing": head(lambda h: h.pop("sha256")),
    "digests a list": head(lambda h: h.update(sha256=list(h["sha256"]))),
    "digest a number": head(lambda h: h["sha256"].update({ARRAYS: 5})),
    "digest of another file": head(lambda h: h["sha256"].update({ARRAYS: "0" * 64})),
    "digests without end": head(lambda h: h["sha256"].update({f"{i}.md": "0" * 64 for i in range(10_000)})),
    "no digests": head(lambda h: h.update(sha256={})),
    "names linked to one big file": linked_to_one_big_file,
    "file outside": named("../outside"),
    "file outside by backslash": named("..\\outside"),
    "file of an absolute name": named("/etc/hostname"),
    "file of an empty name": named(""),
    "file named dot": named("."),
    "file with a null": named("a\0b"),
    "file not there": named("other"),
    "arrays missing": lambda folder: (folder / ARRAYS).unlink(),
    "arrays not among the digests": head(lambda h: h["sha256"].pop(ARRAYS)),
    "reader in part": arrays(lambda found: found.pop("reader_weight")),
    "an array missing": arrays(lambda found: found.pop("text_hashes")),
    "an array too many": arrays(lambda found: found.update(other=found["decision"])),
    "a check of work in part": arrays(lambda found: found.update(work_start=np.zeros((2, 3), np.float32))),
    "link out": link,
    "link to itself": loop,
    "arrays a pipe": pipe(ARRAYS),
    "arrays a folder": replaced(ARRAYS),
    "arrays of a terabyte": sparse(ARRAYS),
    # Bytes of the arrays
    "a bit flipped": lambda folder: write(folder / ARRAYS, (folder / ARRAYS).read_bytes()[:-1] + b"\x55"),
    "arrays empty": file(b""),
    "arrays no arrays": file(b"PK\x03\x04" + bytes(100)),
    "header cut": file(header()[:30]),
    "header longer than the file": file(b"\xff" * 8 + b"{}"),
    "header nested": file((5_000).to_bytes(8, "little") + b"[" * 5_000),
    "header of objects": file(header("O")),
    "header of a type that numpy lacks": file(header("BF16", (3, 8))),
    "shape beyond memory": file(header(shape=(10**12, 4))),
    "shape beyond integers": file(header(shape=(10**26,))),
    "shape negative": file(header(shape=(-3, -4))),
    "shape beyond the data": file(header(shape=(3, 5))),
    "data beyond the shape": file(header(data=bytes(52))),
    "data that overlap": file(header(offsets=(4, 52), data=bytes(52))),
    # Types, shapes and values
    "float64": array("decision", lambda a: a.astype(np.float64)),
    "integers": array("intercept", lambda a: a.astype(np.int32)),
    "signed hashes": array("text_hashes", lambda a: a.astype(np.int64)),
    "transposed": array("decision", lambda a: a.T),
    "one dimension less": array("decision", lambda a: a[0]),
    "one dimension more": array("intercept", lambda a: a[None]),
    "a scalar": array("intercept", lambda a: np.float32(1)),
    "no rows": array("intercept", lambda a: a[:0]),
    "one term less": array("text_weight", lambda a: a[:-1]),
    "one scale less": array("title_scale", lambda a: a[:-1]),
    "one column more": array("reader_weight", lambda a: np.column_stack((a, a[:, 0]))),
    "NaN": array("text_weight", put((0, 0), np.nan)),
    "infinite": array("intercept", put((0, 0), np.inf)),
    "beyond any weight": array("text_scale", put(0, 1e38)),
    "a hash twice": array("text_hashes", lambda a: np.full_like(a, a[0])),
    "scales below nothing": array("text_scale", put(0, -1.0)),
    "a temperature below nothing": array("confidence_temperature", put(0, -1.0)),
    "a tiny temperature": array("confidence_temperature", put(1, 1e-30)),
    "an order of 9": array("text_order", put(0, 9)),
    "neither yes nor no": array("text_displayable", lambda a: a.view(np.uint8) + 7),
}


@pytest.mark.skipif(os.name == "nt", reason="needs pipes and links")
@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_folder_is_refused(kind: str, tmp_path: Path, small_model_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(small_model_path, folder)
    load_model(folder)
    DAMAGES[kind](folder)
    with pytest.raises(ModelFileError) as refused:
        load_model(folder)
    said = str(refused.value)
    assert str(folder) in said
    assert len(said) < 600
    assert said.endswith(".")
    assert "\n" not in said


def test_a_link_within_the_folder_is_followed(tmp_path: Path, small_model_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(small_model_path, folder)
    (folder / ARRAYS).rename(folder / "elsewhere")
    (folder / ARRAYS).symlink_to("elsewhere")
    digest = load_model(small_model_path).digest
    assert load_model(folder).digest == digest
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    assert load_model(tmp_path / "link").digest == digest


@pytest.mark.parametrize(("value", "fits"), [(1e4, True), (-1e4, True), (1.001e4, False), (-1.001e4, False)])
def test_weights_reach_their_limit_and_no_further(
    value: float, fits: bool, tmp_path: Path, small_model: Model
) -> None:
    model = replace(small_model, intercept=np.full_like(small_model.intercept, value))
    with nullcontext() if fits else pytest.raises(ModelFileError, match="intercept"):
        save_model(model, tmp_path / "model")
        assert load_model(tmp_path / "model").intercept[0, 0] == np.float32(value)


def test_the_documentation_counts_the_kinds_of_damage() -> None:
    page = Path(__file__).parents[1] / "docs" / "contributors" / "promises.md"
    assert f"| kinds of damage to a model folder | {len(DAMAGES)} | 0 |" in page.read_text("utf-8")


def test_the_version_covers_all_that_decides_a_label(small_model: Model, tmp_path: Path) -> None:
    own = tmp_path / "own.tsv"
    own.write_text("phrase\tclass\tvalue\tisced\tnature\tnote\nguild letter\tlevel\tbachelor\n", encoding="utf-8")
    reader = small_model.reader
    others = [
        replace(small_model, limits={**small_model.limits, "max_tokens": 3}),
        replace(small_model, decision=small_model.decision * np.float32(2)),
        replace(small_model, reader=replace(reader, temperature=reader.temperature + np.float32(1))),
        replace(small_model, lexicon=load_lexicon(own)),
    ]
    versions = {model.version for model in (small_model, *others)}
    assert len(versions) == 1 + len(others)
    assert replace(small_model, name="another", facts={"a": 1}).version == small_model.version
    for number, model in enumerate((small_model, *others[:3])):
        save_model(model, tmp_path / str(number))
        assert load_model(tmp_path / str(number)).identity == model.identity
