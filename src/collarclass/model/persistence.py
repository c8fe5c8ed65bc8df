"""A model as a folder: `model.json`, one `.npy` per array, and the SHA-256 digest of every other file.

Format 2 puts every file of the folder under a digest. Folders of format 1 are still read.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collarclass.errors import ModelFileError
from collarclass.features.ngrams import Vocabulary
from collarclass.model.checks import check_arrays, check_head, check_limits, read_array, read_checked, read_head
from collarclass.model.model import (
    BLOCK_ARRAYS,
    TITLE_ARRAYS,
    WORK_ARRAYS,
    Block,
    Model,
    WorkCheck,
    arrays_of,
)
from collarclass.model.title_model import TitleModel
from collarclass.requirement_reader.decide import Reader
from collarclass.requirement_reader.stated import FEATURES

FORMAT_VERSION = 2
_HEAD = "model.json"


def save_model(model: Model, path: str | os.PathLike[str], extra: Mapping[str, str] | None = None) -> None:
    """Write a model folder; an older one of that name is replaced only when the new one is whole.

    Parameters
    ----------
    model : Model
    path : path-like
        The folder. What else was in it is not kept.
    extra : mapping of str to str, optional
        Further text files by name, such as the model card.

    Raises
    ------
    ModelFileError
        If `path` is a file.
    """
    target = Path(path)
    if target.is_file():
        raise ModelFileError(f"{target} is a file: give the name of a folder for the model.")
    contents = {name: text.encode("utf-8") for name, text in (extra or {}).items()}
    for name, array in arrays_of(model).items():
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        contents[f"{name}.npy"] = buffer.getvalue()
    head = {
        "format_version": FORMAT_VERSION,
        "name": model.name,
        "version": model.version,
        "features": list(FEATURES),
        "limits": model.limits,
        "facts": model.facts,
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())},
    }
    contents[_HEAD] = (json.dumps(head, ensure_ascii=False, indent=1) + "\n").encode("utf-8")
    _replace_folder(target, contents)


def _replace_folder(target: Path, contents: dict[str, bytes]) -> None:
    """Write a folder beside the target, then put it in the target's place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        for name, content in contents.items():
            (fresh / name).write_bytes(content)
        fresh.chmod(0o755)
        if target.is_dir():
            retired = fresh.with_name(fresh.name + "-old")
            target.rename(retired)
            fresh.rename(target)
            shutil.rmtree(retired)
        else:
            fresh.rename(target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model folder.

    Parameters
    ----------
    path : path-like
        A folder written by `save_model`.

    Returns
    -------
    Model

    Raises
    ------
    ModelFileError
        If the folder is missing, damaged, or of a format this version does not know. No code in the
        folder is ever run: it holds JSON and plain arrays.
    """
    folder = Path(path)
    try:
        head = read_head(folder, _HEAD)
    except FileNotFoundError:
        raise ModelFileError(
            f"No model at {folder}: it has no {_HEAD}. Give a folder made by 'collarclass train'."
        ) from None
    except (OSError, ValueError) as error:
        raise ModelFileError(f"{folder / _HEAD} cannot be read: {error}. Train the model again.") from None
    version = head.get("format_version")
    if type(version) is not int or version not in _READERS:
        raise ModelFileError(
            f"{folder} has model format {version!r:.40}, this version reads formats 1 to {FORMAT_VERSION}: "
            "upgrade collarclass or train the model again."
        )
    if head.get("features") != list(FEATURES):
        raise ModelFileError(
            f"{folder} was trained with other stated-requirement features than this version reads: "
            "train the model again."
        )
    try:
        check_head(head)
        return _READERS[version](folder, head)
    except (KeyError, OSError, ValueError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(
            f"{folder} is not a whole model folder ({error}): copy it again or train the model again."
        ) from None


def _assemble(head: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Model:
    check_arrays(arrays)

    def block(field: str) -> Block:
        hashes, order, scale, weight, displayable = (arrays[f"{field}_{name}"] for name in BLOCK_ARRAYS)
        return Block(Vocabulary(hashes, order), scale, weight, displayable)

    return Model(
        name=head["name"],
        text=block("text"),
        title=block("title"),
        limits=check_limits(head["limits"]),
        reader=Reader.from_arrays(arrays) if "reader_hashes" in arrays else shipped_reader(),
        facts=head["facts"],
        bare_title=_title_model(arrays),
        work=WorkCheck(**{name: arrays[f"work_{name}"] for name in WORK_ARRAYS}) if "work_start" in arrays else None,
        stated_weight=arrays["stated_weight"],
        word_scale=arrays["word_scale"],
        intercept=arrays["intercept"],
        decision=arrays["decision"],
    )


def _title_model(arrays: dict[str, NDArray[Any]]) -> TitleModel | None:
    """The model of bare titles; models made before there was one have none."""
    if "bare_title_hashes" not in arrays:
        return None
    hashes = arrays["bare_title_hashes"]
    vocabulary = Vocabulary(hashes, np.zeros(len(hashes), np.uint8))
    return TitleModel(vocabulary, **{name: arrays[f"bare_title_{name}"] for name in TITLE_ARRAYS})


def _arrays(contents: dict[str, bytes]) -> dict[str, NDArray[Any]]:
    return {
        name.removesuffix(".npy"): read_array(name, content)
        for name, content in contents.items()
        if name.endswith(".npy")
    }


def _read_format_1(folder: Path, head: dict[str, Any]) -> Model:
    """Format 1 digested arrays only, had other names for three arrays and one limit, and no learnt reader."""
    arrays = _arrays(read_checked(folder, {f"{name}.npy": value for name, value in head["sha256"].items()}))
    for old, new in (("gain", "word_scale"), ("text_shown", "text_displayable"), ("title_shown", "title_displayable")):
        arrays[new] = arrays.pop(old)
    limits = head["limits"]
    if isinstance(limits, dict):
        limits = {"max_tokens" if name == "reach" else name: value for name, value in limits.items()}
    return _assemble({**head, "limits": limits}, arrays)


def _read_format_2(folder: Path, head: dict[str, Any]) -> Model:
    return _assemble(head, _arrays(read_checked(folder, head["sha256"])))


_READERS: dict[Any, Callable[[Path, dict[str, Any]], Model]] = {1: _read_format_1, 2: _read_format_2}


@cache
def default_model() -> Model:
    """The shipped model, read once in a process."""
    return load_model(default_model_path())


def shipped_reader() -> Reader:
    """The reader of the shipped model, for folders and estimators that have none of their own."""
    return default_model().reader


def default_model_path() -> Path:
    """The folder of the shipped model: inside the installed package, or in a source checkout."""
    package = Path(__file__).parents[1]
    installed = package / "models" / "standard"
    return installed if installed.is_dir() else package.parents[1] / "models" / "standard"
