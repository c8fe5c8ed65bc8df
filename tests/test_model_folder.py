"""Kinds of damage to a model folder: each is refused before use, in one sentence, by ModelFileError."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from collarclass import ModelFileError, load_lexicon, load_model
from collarclass.model.model import Model
from collarclass.model.persistence import save_model

Damage = Callable[[Path], None]


def head(change: Callable[[dict[str, Any]], Any]) -> Damage:
    """A change of model.json."""

    def damage(folder: Path) -> None:
        content = json.loads((folder / "model.json").read_text("utf-8"))
        change(content)
        (folder / "model.json").write_text(json.dumps(content), "utf-8")

    return damage


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def head_bytes(content: bytes) -> Damage:
    return lambda folder: write(folder / "model.json", content)


def file(name: str, content: bytes) -> Damage:
    """Another content of a file, under a digest that fits."""

    def damage(folder: Path) -> None:
        (folder / name).write_bytes(content)
        head(lambda h: h["sha256"].update({name: hashlib.sha256(content).hexdigest()}))(folder)

    return damage


def array(name: str, change: Callable[[np.ndarray[Any, Any]], Any]) -> Damage:
    """Another array, under a digest that fits."""

    def damage(folder: Path) -> None:
        buffer = io.BytesIO()
        np.save(buffer, np.asarray(change(np.load(folder / f"{name}.npy"))))
        file(f"{name}.npy", buffer.getvalue())(folder)

    return damage


def put(at: Any, value: Any) -> Callable[[np.ndarray[Any, Any]], Any]:
    def change(values: np.ndarray[Any, Any]) -> Any:
        values[at] = value
        return values

    return change


def header(shape: str, kind: str = "<f4", data: bytes = b"") -> bytes:
    """An array file with a header of one's own."""
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def outside(folder: Path) -> Path:
    target = folder.parent / "outside.npy"
    shutil.copy(folder / "intercept.npy", target)
    return target


def link(folder: Path) -> None:
    target = outside(folder)
    (folder / "intercept.npy").unlink()
    (folder / "intercept.npy").symlink_to(target)


def pipe(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return damage


def named(name: str) -> Damage:
    """A file of the digests by another name."""

    def damage(folder: Path) -> None:
        digest = hashlib.sha256(outside(folder).read_bytes()).hexdigest()
        head(lambda h: h["sha256"].update({name: digest}))(folder)

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
    (folder / "intercept.npy").unlink()
    (folder / "intercept.npy").symlink_to("intercept.npy")


def limit(name: str, value: Any) -> Damage:
    return head(lambda h: h["limits"].update({name: value}))


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
    "version text": head(lambda h: h.update(format_version="2")),
    "version a list": head(lambda h: h.update(format_version=[2])),
    "version an object": head(lambda h: h.update(format_version={"2": 2})),
    "version true": head(lambda h: h.update(format_version=True)),
    "version a fraction": head(lambda h: h.update(format_version=2.0)),
    "version of the future": head(lambda h: h.update(format_version=3)),
    "format 1 on a folder of format 2": head(lambda h: h.update(format_version=1)),
    "name missing": head(lambda h: h.pop("name")),
    "name a number": head(lambda h: h.update(name=5)),
    "name with escapes": head(lambda h: h.update(name="\x1b[31mred")),
    "name of a megabyte": head(lambda h: h.update(name="x" * 1_000_000)),
    "version of the model a list": head(lambda h: h.update(version=["1"])),
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
    # Digests and names of files
    "digests missing": head(lambda h: h.pop("sha256")),
    "digests a list": head(lambda h: h.update(sha256=list(h["sha256"]))),
    "digest a number": head(lambda h: h["sha256"].update({"intercept.npy": 5})),
    "digest of another file": head(lambda h: h["sha256"].update({"intercept.npy": h["sha256"]["decision.npy"]})),
    "digests without end": head(lambda h: h["sha256"].update({f"{i}.npy": "0" * 64 for i in range(10_000)})),
    "no digests": head(lambda h: h.update(sha256={})),
    "file outside": named("../outside.npy"),
    "file outside by backslash": named("..\\outside.npy"),
    "file of an absolute name": named("/etc/hostname"),
    "file of an empty name": named(""),
    "file named dot": named("."),
    "file with a null": named("a\0b.npy"),
    "file not there": named("other.npy"),
    "array missing": lambda folder: (folder / "text_hashes.npy").unlink(),
    "array not among the digests": head(lambda h: h["sha256"].pop("title_scale.npy")),
    "reader in part": head(lambda h: h["sha256"].pop("reader_weight.npy")),
    "link out": link,
    "link to itself": loop,
    "array a pipe": pipe("decision.npy"),
    "array a folder": replaced("decision.npy"),
    "array of a terabyte": sparse("decision.npy"),
    # Bytes of an array
    "a bit flipped": lambda folder: write(
        folder / "decision.npy", (folder / "decision.npy").read_bytes()[:-1] + b"\x55"
    ),
    "array empty": file("decision.npy", b""),
    "array no array": file("decision.npy", b"PK\x03\x04" + bytes(100)),
    "header cut": file("decision.npy", b"\x93NUMPY\x01\x00v\x00{'descr'"),
    "header of another version": file("decision.npy", b"\x93NUMPY\x09\x00v\x00" + bytes(200)),
    "header nested": file("decision.npy", header("(" * 5_000)),
    "header that is an expression": file("decision.npy", header("__import__('os').getcwd()")),
    "shape beyond memory": file("decision.npy", header("(1000000000000, 4)")),
    "shape beyond integers": file("decision.npy", header("(99999999999999999999999999,)")),
    "shape negative": file("decision.npy", header("(-3, -4)", data=bytes(48))),
    "shape beyond the data": file("decision.npy", header("(3, 4)", data=bytes(44))),
    "data beyond the shape": file("decision.npy", header("(3, 4)", data=bytes(52))),
    "objects": file("decision.npy", header("(3, 4)", "|O", bytes(96))),
    "bytes of no size": file("decision.npy", header("(3, 4)", "|V0")),
    # Types, shapes and values
    "float64": array("decision", lambda a: a.astype(np.float64)),
    "big-endian": array("decision", lambda a: a.astype(">f4")),
    "integers": array("intercept", lambda a: a.astype(np.int32)),
    "complex": array("text_weight", lambda a: a.astype(np.complex64)),
    "text": array("intercept", lambda a: a.astype("U5")),
    "dates": array("text_hashes", lambda a: a.astype("datetime64[s]")),
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
    "hashes that begin alike": array("reader_hashes", lambda a: np.arange(len(a), dtype=np.uint64)),
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
    (folder / "intercept.npy").rename(folder / "elsewhere.npy")
    (folder / "intercept.npy").symlink_to("elsewhere.npy")
    load_model(folder)
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    load_model(tmp_path / "link")


def test_the_documentation_counts_the_kinds_of_damage() -> None:
    page = Path(__file__).parents[1] / "docs" / "understanding" / "promises.md"
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


def test_limits_changed_by_hand_are_another_version(small_model: Model, tmp_path: Path) -> None:
    save_model(small_model, tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    head = json.loads(path.read_text("utf-8"))
    head["limits"]["max_tokens"] = 3
    path.write_text(json.dumps(head), "utf-8")
    assert load_model(tmp_path / "model").version != small_model.version
